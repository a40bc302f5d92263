"""What another way of ranking would have earned, from the decisions that were journaled.

Every policy is replayed as it would have learnt: it chooses for a decision from what the rewards before
it taught, then learns the next one. So no estimate has seen the row that it is used on, and the value
includes what the learning cost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from samouk.domains.scoring.offpolicy import Estimate, Logged, Report, evaluate
from samouk.domains.scoring.policy import SHARE, SHARPNESS, Exploring, Policy
from samouk.domains.scoring.rank import PAGE, RANK, REWARD
from samouk.domains.scoring.rank_features import Choice, of_row
from samouk.domains.scoring.rank_settings import number
from samouk.edge.wire import WireError
from samouk.loop.live import Joined
from samouk.loop.ports import Journal
from samouk.loop.records import BoolArray, FloatArray

MAX_DECISIONS = 50_000
MAX_POLICIES = 10
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "gap": ("share", "sharpness"),
    "epsilon": ("share",),
    "first": (),
    "fixed": (),
    "uniform": (),
}
KINDS = tuple(PARAMETERS)
FIELDS = ("kind", "share", "sharpness")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way of ranking to value.

    Attributes:
        kind: ``gap`` and ``epsilon`` as in ``Exploring``; ``first`` the first action that is not excluded,
            what the application would show without any ranking; ``fixed`` whichever action earned most so
            far, whatever the context; ``uniform`` any.
    """

    kind: str
    share: float = SHARE
    sharpness: float = SHARPNESS


def candidates_of(told: object) -> tuple[Candidate, ...]:
    """The policies of a request. Raises WireError."""
    if not isinstance(told, list) or not 1 <= len(told) <= MAX_POLICIES:
        raise WireError("policies", f"must be a list of 1 to {MAX_POLICIES} policies")
    return tuple(_candidate(f"policies[{place}]", one) for place, one in enumerate(told))


def _candidate(where: str, told: object) -> Candidate:
    if not isinstance(told, dict) or told.keys() - set(FIELDS):
        raise WireError(where, f"must be an object of {', '.join(FIELDS)}")
    if told.get("kind") not in KINDS:
        raise WireError(f"{where}.kind", f"must be one of {', '.join(KINDS)}")
    return Candidate(
        told["kind"],
        number(f"{where}.share", told.get("share", SHARE), SHARE, 1),
        number(f"{where}.sharpness", told.get("sharpness", SHARPNESS), 0, 10_000),
    )


def evaluate_ranking(
    journal: Journal, candidates: Sequence[Candidate], latest: int, tolerance: float = 0.0
) -> list[Report]:
    """A report a candidate, on the ``latest`` decisions with a reward; rewards in [-1, 1].

    Raises:
        ValueError: the journal holds no decision with a reward.
    """
    replayed = _Replay(candidates)
    for joined in _latest(journal, latest):
        replayed.take(joined)
    return replayed.reports(tolerance)


def _latest(journal: Journal, latest: int) -> Iterator[Joined]:
    found: deque[Joined] = deque(maxlen=latest)
    after = 0
    while page := journal.joined(RANK, after, PAGE):
        found.extend(one for one in page if one.outcome.metric == REWARD)
        after = page[-1].sequence
    return iter(found)


class _Replay:
    """Decisions one after the other, and what each candidate would have done."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._candidates = candidates
        self._policy = Policy()
        self._earned: dict[str, tuple[float, float]] = {}
        self._decisions: list[tuple[int, float, float]] = []
        self._possible: list[BoolArray] = []
        self._expected: list[FloatArray] = []
        self._targets: list[list[FloatArray]] = [[] for _ in candidates]

    def take(self, joined: Joined) -> None:
        """Choose, then learn."""
        choice, chances, chosen = of_row(joined.exposure.row)
        reward = 2 * joined.outcome.value - 1
        expected = self._policy.expected(choice).clip(-1, 1)
        self._decisions.append((chosen, reward, joined.exposure.propensity))
        self._possible.append(chances > 0)
        self._expected.append(expected)
        for candidate, targets in zip(self._candidates, self._targets, strict=True):
            targets.append(self._target(candidate, choice, expected))
        self._policy.learn(choice, chosen, reward)
        weight, total = self._earned.get(choice.ids[chosen], (0.0, 0.0))
        inverse = 1 / joined.exposure.propensity
        self._earned[choice.ids[chosen]] = weight + inverse, total + inverse * reward

    def reports(self, tolerance: float) -> list[Report]:
        """A report a candidate."""
        if not self._decisions:
            raise ValueError("no ranked decision has a reward yet; rank, send rewards, and ask again")
        chosen, rewards, propensities = (np.array(column) for column in zip(*self._decisions, strict=True))
        most = max(map(len, self._expected))
        logged = Logged(chosen, rewards, propensities, _padded(self._possible, most).astype(np.bool_))
        expected = _padded(self._expected, most)
        return [evaluate(logged, _padded(targets, most), expected, tolerance) for targets in self._targets]

    def _target(self, candidate: Candidate, choice: Choice, expected: FloatArray) -> FloatArray:
        allowed = choice.allowed
        if candidate.kind == "gap":
            return Exploring("gap", candidate.share, candidate.sharpness).chances(
                expected, allowed, self._policy.learnt
            )
        if candidate.kind == "epsilon":
            return Exploring("epsilon", candidate.share).chances(expected, allowed, self._policy.learnt)
        target = np.zeros(len(expected))
        if candidate.kind == "uniform":
            target[allowed] = 1 / len(allowed)
        elif candidate.kind == "first":
            target[allowed[0]] = 1
        else:
            target[allowed[int(np.argmax([self._mean(choice.ids[place]) for place in allowed]))]] = 1
        return target

    def _mean(self, action: str) -> float:
        """What an action earned so far, on the mean over the decisions it could be shown in; 0 without any."""
        weight, total = self._earned.get(action, (0.0, 0.0))
        return total / weight if weight else 0.0


def _padded(rows: Sequence[Any], width: int) -> FloatArray:
    found = np.zeros((len(rows), width))
    for place, row in enumerate(rows):
        found[place, : len(row)] = row
    return found


def shown(candidate: Candidate, report: Report) -> dict[str, Any]:
    """A report as plain JSON."""
    low, high = (min(max(end, -2.0), 2.0) for end in report.gain)
    return {
        "kind": candidate.kind,
        **{name: getattr(candidate, name) for name in PARAMETERS[candidate.kind]},
        "verdict": report.verdict,
        "reasons": list(report.reasons),
        "gain": {"low": low, "high": high},
        "estimates": {name: _estimate(one) for name, one in report.estimates.items()},
        "ess": report.ess,
        "largest_weight": report.largest_weight,
        "mean_weight": report.mean_weight,
        "unsupported": report.unsupported,
    }


def logging_shown(report: Report) -> Mapping[str, Any]:
    """What the policy in service earned, as plain JSON."""
    return {"decisions": report.decisions, "rewarded": report.rewarded, "in_service": _estimate(report.logging)}


def _estimate(one: Estimate) -> dict[str, Any]:
    """Within [-1, 1], where every mean reward lies; no limits where none are known."""
    value, low, high = (min(max(end, -1.0), 1.0) for end in (one.value, one.low, one.high))
    known = one.interval != "none"
    return {
        "value": value,
        "low": low if known else None,
        "high": high if known else None,
        "interval": one.interval,
        "ess": one.ess,
    }
