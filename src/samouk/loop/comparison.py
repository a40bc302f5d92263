"""What the arms of a rollout say about each other, stratified by step; pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from samouk.loop.live import FIRST, ArmStats, Share, Variant
from samouk.loop.rollout_policy import RolloutPolicy
from samouk.loop.sequential import (
    Arm,
    Estimate,
    Stratum,
    cautious,
    half_width,
    half_width_one_sided,
    log_wealth,
    most_wealth,
    p_value,
    stratified,
    tuned,
)

EARLY = 0.05
"""Share of an alpha that is spent while an arm has fewer than ``FIRST`` units over all its steps, and bets decide."""

Pair = tuple[ArmStats, ArmStats]
"""Control and challenger of one step."""

_CONTROL = Variant.CONTROL
_Shared = Callable[[ArmStats], Share]
_HEALTH: tuple[tuple[str, _Shared], ...] = (
    ("answered", attrgetter("failed")),
    ("answered in time", attrgetter("slow")),
)


def pairs(arms: Sequence[ArmStats], version: str) -> list[Pair]:
    """The steps in which ``version`` stood beside a control, in order."""
    control: dict[int, ArmStats] = {}
    challenger: dict[int, ArmStats] = {}
    for arm in arms:
        if arm.variant is _CONTROL:
            control[arm.step] = arm
        elif arm.version == version:
            challenger[arm.step] = arm
    return [(control[step], challenger[step]) for step in sorted(challenger) if step in control]


def level(steps: Sequence[Pair]) -> tuple[float, float]:
    """Mean outcomes of control and challenger, over steps that weigh as in ``stratified``; each has both measured."""
    low = high = total = 0.0
    for control, challenger in steps:
        n, m = control.measured, challenger.measured
        weight = n * m / (n + m)
        low += weight * control.mean
        high += weight * challenger.mean
        total += weight
    return low / total, high / total


def outcome(arm: ArmStats) -> Arm:
    """The arm's outcomes; with a careful variance where they are few."""
    return _raw(arm) if arm.measured >= FIRST else cautious(_raw(arm))


def _raw(arm: ArmStats) -> Arm:
    return Arm(arm.measured, arm.mean, arm.variance)


class Comparison(NamedTuple):
    """Challenger less control on the primary outcome.

    Attributes:
        steps: those with outcomes in both arms, and ``strata`` the same as numbers.
        overall: over all of them; None without any.
        least: units of the smaller arm over all of them. With fewer than ``FIRST`` the normal sequence is not safe.
    """

    steps: Sequence[Pair]
    strata: Sequence[Stratum]
    overall: Estimate | None
    least: int

    def worse(self, alpha: float, planned: float) -> bool:
        """Whether the challenger is proven to be worse, at whatever look."""
        return self._proven(-1.0, 0.0, alpha, planned)

    def better(self, alpha: float, planned: float, than: float = 0.0) -> bool:
        """Whether the difference is proven to be above ``than``, in [-1, 0], at whatever look."""
        return self._proven(1.0, than, alpha, planned)

    def _proven(self, sign: float, limit: float, alpha: float, planned: float) -> bool:
        if self.overall is None:
            return False
        if self.least < FIRST:
            return self._bet(sign, limit, -math.log(alpha * EARLY))
        beyond = sign * self.overall.value - limit
        if beyond <= 0:
            return False
        spent = alpha * (1 - EARLY)
        return beyond > half_width_one_sided(self.overall, spent, tuned(planned, 2 * spent))

    def _bet(self, sign: float, limit: float, needed: float) -> bool:
        """Whether a gambler makes so much of the first units of all steps, paired in their order."""
        firsts = [_as_long(control.first, challenger.first) for control, challenger in self.steps]
        n = sum([len(control) for control, _ in firsts])
        gains = sign * sum([sum(challenger) - sum(control) for control, challenger in firsts])
        if most_wealth(gains - limit * n) < needed:
            return False
        found = [b - a for control, challenger in firsts for a, b in zip(control, challenger, strict=True) if a != b]
        return log_wealth(sign * np.array(found), limit, zeros=n - len(found)) >= needed


def _as_long(control: tuple[float, ...], challenger: tuple[float, ...]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    n = min(len(control), len(challenger))
    return control[:n], challenger[:n]


def compare(steps: Sequence[Pair]) -> Comparison:
    """The comparison of one challenger with its control; independent from step to step, as no two share a unit."""
    steps = [pair for pair in steps if pair[0].measured and pair[1].measured]
    strata: list[Stratum] = [(outcome(control), outcome(challenger)) for control, challenger in steps]
    if not strata:
        return Comparison(steps, strata, None, 0)
    least = min(sum([control.measured for control, _ in steps]), sum([challenger.measured for _, challenger in steps]))
    return Comparison(steps, strata, stratified(strata), least)


class Coverage(NamedTuple):
    """Shares of the units of both arms that have an outcome, of those that should have one.

    Attributes:
        p: that they differ by chance, at whatever look it is read.
    """

    control: float
    challenger: float
    p: float


def coverage(steps: Sequence[Pair], alpha: float, planned: float) -> Coverage | None:
    """Whether outcomes come in alike from both arms; None while none are due. Tightest at level ``alpha``.

    Means over those alone who were heard say nothing of two arms of which one was heard less: who is missing there
    need not be like those who are missing here.
    """
    low = high = total = 0.0
    due = [pair for pair in steps if pair[0].due and pair[1].due]
    for control, challenger in due:
        n, m = control.due, challenger.due
        low += control.heard * m / (n + m)
        high += challenger.heard * n / (n + m)
        total += n * m / (n + m)
    if not due:
        return None
    p = p_value(stratified([(_heard(a), _heard(b)) for a, b in due]), tuned(planned, alpha)) if low != high else 1.0
    return Coverage(low / total, high / total, p)


def _heard(arm: ArmStats) -> Arm:
    """As ``cautious``: with the variance it would have with one unit more that was heard and one that was not."""
    n, heard = arm.due, arm.heard
    return Arm(n, heard / n, (heard + 1) * (n - heard + 1) / ((n + 1) * (n + 2)))


class Guard(NamedTuple):
    """One thing that must not become worse, as challenger less control; higher is better.

    Attributes:
        fall: the least fall that the data leave possible, 0 where none is shown.
        broken: proven to have fallen by more than is borne.
    """

    name: str
    control: float
    challenger: float
    fall: float
    broken: bool

    def shown(self) -> dict[str, Any]:
        return {"control": self.control, "challenger": self.challenger, "fall": self.fall, "broken": self.broken}

    def told(self) -> str:
        return f"{self.name} fell {self.control:.4f} → {self.challenger:.4f}, by {self.fall:.4f} at least"


class Reading(NamedTuple):
    """What one challenger's arms say.

    Attributes:
        figures: for people, plain JSON.
        told: the comparison in one line.
        harm: what is proven to be worse, or None.
        tests: challengers that share every alpha.
    """

    comparison: Comparison
    figures: Mapping[str, Any]
    told: str
    harm: str | None
    tests: int

    def proven(self, policy: RolloutPolicy) -> bool:
        """Whether the goal is reached: better than the control, or no worse than the tolerance."""
        than = 0.0 if policy.goal == "better" else -policy.tolerance
        return self.comparison.better(policy.alpha_gain / self.tests, 2 * policy.planned, than)


def read(
    steps: Sequence[Pair],
    guards: Mapping[str, Sequence[ArmStats]],
    version: str,
    policy: RolloutPolicy,
    tests: int = 1,
) -> Reading:
    """Compare one challenger of ``tests`` with its control, by its ``pairs``, each at its part of every alpha."""
    found = compare(steps)
    judged = _guards(steps, guards, version, policy, tests)
    figures, told = _figures(found, policy)
    figures["guards"] = {guard.name: guard.shown() for guard in judged}
    broken = [guard for guard in judged if guard.broken]
    harm = broken[0].told() if broken else None
    if harm is None and found.worse(policy.alpha_harm / tests, 2 * policy.planned):
        harm = f"proven worse: {told}"
    return Reading(found, figures, told, harm, tests)


def _guards(
    steps: Sequence[Pair], guards: Mapping[str, Sequence[ArmStats]], version: str, policy: RolloutPolicy, tests: int
) -> list[Guard]:
    """Answers, answers in time, and every guarded outcome, each at an equal part of the guards' alpha.

    Only where one fell are there strata to be judged.
    """
    alpha = policy.alpha_guard / (tests * (2 + len(guards)))
    judged = []
    if came := [pair for pair in steps if pair[0].units and pair[1].units]:
        judged = [_health(name, share, came, policy, alpha) for name, share in _HEALTH]
    for name, arms in guards.items():
        if found := [pair for pair in pairs(arms, version) if pair[0].measured and pair[1].measured]:
            low, high = level(found)
            strata = [(_raw(a), _raw(b)) for a, b in found] if _fell(low, high, policy) else []
            judged.append(_guard(name, low, high, strata, policy, alpha))
    return judged


def _health(name: str, share: _Shared, steps: Sequence[Pair], policy: RolloutPolicy, alpha: float) -> Guard:
    """The guard of the share of exposures that went well, a unit one witness; each step has units in both arms.

    A unit that comes back often is still one, and a witness of what begins to fail late.
    """
    low = high = total = 0.0
    for control, challenger in steps:
        weight = control.units * challenger.units / (control.units + challenger.units)
        low += weight * share(control).mean
        high += weight * share(challenger).mean
        total += weight
    low, high = 1.0 - low / total, 1.0 - high / total
    fell = _fell(low, high, policy)
    strata = [(_well(a.units, share(a)), _well(b.units, share(b))) for a, b in steps] if fell else []
    return _guard(name, low, high, strata, policy, alpha)


def _well(units: int, wrong: Share) -> Arm:
    return Arm(units, 1.0 - wrong.mean, wrong.variance)


def _fell(control: float, challenger: float, policy: RolloutPolicy) -> bool:
    return challenger - control < -policy.guard_tolerance


def _guard(
    name: str, control: float, challenger: float, strata: Sequence[Stratum], policy: RolloutPolicy, alpha: float
) -> Guard:
    if not strata:
        return Guard(name, control, challenger, 0.0, broken=False)
    found = stratified([(cautious(one), cautious(other)) for one, other in strata])
    bound = found.value + half_width_one_sided(found, alpha, tuned(2 * policy.planned, 2 * alpha))
    return Guard(name, control, challenger, max(0.0, -bound), bound < -policy.guard_tolerance)


def _figures(found: Comparison, policy: RolloutPolicy) -> tuple[dict[str, Any], str]:
    """What people want to see live, and the same in one line; intervals hold at all looks together."""
    if found.overall is None:
        return {}, "no outcomes in both arms yet"
    alpha = policy.alpha_harm + policy.alpha_gain + policy.alpha_guard
    rho2 = tuned(2 * policy.planned, alpha)
    value, half = found.overall.value, half_width(found.overall, alpha, rho2)
    low, high = max(-1.0, value - half), min(1.0, value + half)
    control, challenger = level(found.steps)
    figures: dict[str, Any] = {
        "mean": {"control": control, "challenger": challenger},
        "difference": value,
        "interval": [low, high],
        "confidence": 1 - alpha,
        "p_value": p_value(found.overall, rho2),
        "steps": [
            {"step": a.step, "control": a.mean, "challenger": b.mean, "measured": [a.measured, b.measured]}
            for a, b in found.steps
        ],
    }
    units = sum([a.measured + b.measured for a, b in found.steps])
    told = f"{control:.4f} → {challenger:.4f} ({value:+.4f}, {1 - alpha:.0%} in [{low:+.4f}, {high:+.4f}])"
    return figures, f"{told} on {units:,} units"
