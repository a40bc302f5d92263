"""What an operator wants otherwise than a learner's author: plain JSON → policies, and back; pure.

Each policy is an object of its fields; spans of time carry their unit in the name, ``dwell_hours`` for example::

    {"screens.element": {"rollout": {"mode": "ab", "dwell_hours": 24}, "approval": "human"}}
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from samouk.loop.learner import GatePolicy, Learner, Policy, TriggerPolicy
from samouk.loop.rollout_policy import LARGEST_ALPHA, RolloutPolicy, UnsoundPolicy

P = TypeVar("P", RolloutPolicy, TriggerPolicy, GatePolicy)

HOURS, DAYS = dt.timedelta(hours=1), dt.timedelta(days=1)
COUNT = 10_000_000
"""Units, samples or outcomes that a policy may wait for, at most."""

TINY = 1e-6


class BadPolicy(ValueError):
    """Something that an operator wants cannot be.

    Attributes:
        field: dotted, the learner's name first.
        reason: what is wrong, and what would be right.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Entry:
    """One field: its name in the file and in the policy, and what it may be."""

    name: str
    attribute: str
    low: float = 0.0
    high: float = 0.0
    unit: dt.timedelta | None = None
    whole: bool = False
    choices: tuple[Any, ...] = ()

    def read(self, value: Any, where: str) -> Any:
        """The value for the policy. Raises BadPolicy."""
        if self.attribute == "steps":
            return _steps(value, where)
        if self.choices:
            if isinstance(value, bool) != isinstance(self.choices[0], bool) or value not in self.choices:
                raise BadPolicy(where, f"must be one of {', '.join(map(_word, self.choices))}, not {value!r:.60}")
            return value
        number = _number(value)
        if number is None or not self.low <= number <= self.high or (self.whole and number != int(number)):
            kind = "a whole number" if self.whole else "a number"
            raise BadPolicy(where, f"must be {kind} from {self.low:g} to {self.high:g}, not {value!r:.60}")
        if self.unit is not None:
            return number * self.unit
        return int(number) if self.whole else number

    def show(self, policy: object) -> Any:
        """The value as the file would say it."""
        value = getattr(policy, self.attribute)
        if self.unit is not None:
            return value / self.unit
        return list(value) if isinstance(value, tuple) else value


_ROLLOUT = (
    _Entry("mode", "mode", choices=("ab", "shadow", "bandit")),
    _Entry("steps", "steps"),
    _Entry("dwell_hours", "dwell", 0, 8_760, HOURS),
    _Entry("minimum", "minimum", 1, COUNT, whole=True),
    _Entry("patience_days", "patience", 0.01, 3_650, DAYS),
    _Entry("planned", "planned", 1, COUNT, whole=True),
    _Entry("alpha_harm", "alpha_harm", TINY, LARGEST_ALPHA),
    _Entry("alpha_gain", "alpha_gain", TINY, LARGEST_ALPHA),
    _Entry("alpha_guard", "alpha_guard", TINY, LARGEST_ALPHA),
    _Entry("goal", "goal", choices=("better", "no_worse")),
    _Entry("tolerance", "tolerance", 0, 1),
    _Entry("srm_alpha", "srm_alpha", TINY, LARGEST_ALPHA),
    _Entry("quiet_hours", "quiet", 0.01, 8_760, HOURS),
    _Entry("slow_ms", "slow_ms", 0.001, 3_600_000),
    _Entry("guard_tolerance", "guard_tolerance", 0, 1),
)
_TRIGGERS = (
    _Entry("period_days", "period", 0.01, 3_650, DAYS),
    _Entry("volume", "volume", 1, COUNT, whole=True),
    _Entry("cooldown_hours", "cooldown", 0, 8_760, HOURS),
    _Entry("distance", "distance", 0.001, 1),
    _Entry("delta", "delta", TINY, 0.5),
    _Entry("drop", "drop", 0.001, 1),
    _Entry("adaptive", "adaptive", choices=(True, False)),
)
_GATE = (
    _Entry("alpha", "alpha", TINY, 0.5),
    _Entry("margin", "margin", 0, 1),
    _Entry("minimum", "minimum", 1, COUNT, whole=True),
    _Entry("slice_minimum", "slice_minimum", 1, COUNT, whole=True),
    _Entry("reuse_budget", "reuse_budget", 1, COUNT, whole=True),
)
_APPROVAL = _Entry("approval", "approval", choices=("auto", "human"))
_PARTS = ("rollout", "triggers", "gate", "approval")


def applied(learner: Learner, wanted: Any) -> Learner:
    """The learner under the policy that an operator wants; what is not named stays. Raises BadPolicy."""
    document = _object(wanted, learner.name, _PARTS)
    policy = learner.policy
    if "approval" in document:
        policy = replace(policy, approval=_APPROVAL.read(document["approval"], f"{learner.name}.approval"))
    if "triggers" in document:
        policy = replace(policy, triggers=_changed(policy.triggers, _TRIGGERS, document, "triggers", learner))
    if "gate" in document:
        policy = replace(policy, gate=_changed(policy.gate, _GATE, document, "gate", learner))
    if "rollout" in document:
        policy = replace(policy, rollout=_rollout(learner, document))
    return replace(learner, policy=policy)


def in_words(policy: Policy) -> dict[str, Any]:
    """The policy as the file would say it, every field of it."""
    rollout = policy.rollout
    return {
        "rollout": None if rollout is None else {entry.name: entry.show(rollout) for entry in _ROLLOUT},
        "approval": policy.approval,
        "triggers": {entry.name: entry.show(policy.triggers) for entry in _TRIGGERS},
        "gate": {entry.name: entry.show(policy.gate) for entry in _GATE},
    }


def _rollout(learner: Learner, document: Mapping[str, Any]) -> RolloutPolicy | None:
    if document["rollout"] is None:
        return None
    if not learner.outcomes:
        reason = "it has no outcomes, so that nothing tells how its versions do on people; leave this out"
        raise BadPolicy(f"{learner.name}.rollout", reason)
    changed = _changed(learner.policy.rollout or RolloutPolicy(), _ROLLOUT, document, "rollout", learner)
    if not learner.served and changed.mode != "ab":
        raise BadPolicy(f"{learner.name}.rollout.mode", "its clients predict themselves, and take part in ab alone")
    return changed


def _changed(policy: P, entries: tuple[_Entry, ...], document: Mapping[str, Any], part: str, learner: Learner) -> P:
    where, by_name = f"{learner.name}.{part}", {entry.name: entry for entry in entries}
    wanted = _object(document[part], where, tuple(by_name))
    read = {by_name[name].attribute: by_name[name].read(value, f"{where}.{name}") for name, value in wanted.items()}
    try:
        return replace(policy, **read)
    except UnsoundPolicy as error:
        name = next(entry.name for entry in entries if entry.attribute == error.field)
        raise BadPolicy(f"{where}.{name}", error.reason) from None


def _object(value: Any, where: str, names: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadPolicy(where, f"must be an object with {', '.join(names)}, each of them optional")
    for name in value:
        if name not in names:
            raise BadPolicy(f"{where}.{name}", f"is unknown; there are {', '.join(names)}")
    return value


def _number(value: Any) -> float | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if fits else None


def _steps(value: Any, where: str) -> tuple[float, ...]:
    """Shares as numbers; whether they make a ramp is for the policy to say."""
    steps = [_number(one) for one in value] if isinstance(value, list) else [None]
    known = [one for one in steps if one is not None]
    if len(known) != len(steps):
        raise BadPolicy(
            where, f"must be a list of shares of the traffic, for example [0.1, 0.5, 1.0]; not {value!r:.60}"
        )
    return tuple(known)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
