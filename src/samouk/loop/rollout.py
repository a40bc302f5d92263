"""What a rollout does next: a pure function of what is known.

``decide`` reads the facts and answers with a value, whose reason stands in words. The shell
around them (``samouk.loop.ramp``) gathers the facts and carries the judgement out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from samouk.loop import allocation
from samouk.loop.assignment import SHOWN
from samouk.loop.comparison import Pair, Reading, coverage, pairs, read
from samouk.loop.live import FIRST, ArmStats, Rollout, RolloutState, Variant
from samouk.loop.rollout_policy import LARGEST_COMPARED, RolloutPolicy
from samouk.loop.sequential import srm, srm_sequential
from samouk.loop.shadows import Paired

BEST = 0.95
"""Chance of being the best of all arms at which a bandit's challenger that beats the champion is promoted."""


class Action(StrEnum):
    """What a rollout does next."""

    ADVANCE = "advance"
    HOLD = "hold"
    PAUSE = "pause"
    ROLL_BACK = "roll_back"
    PROMOTE = "promote"
    WAIT = "wait"
    END = "end"
    REALLOCATE = "reallocate"


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a judgement rests on.

    Attributes:
        arms: of the primary outcome, by step, variant and version.
        guards: guarded outcome → its arms.
        crossed: units that saw more than one variant or version.
        shadows: version → its comparison, in mode ``shadow``.
    """

    rollout: Rollout
    policy: RolloutPolicy
    now: dt.datetime
    arms: Sequence[ArmStats]
    guards: Mapping[str, Sequence[ArmStats]] = field(default_factory=dict)
    crossed: int = 0
    shadows: Mapping[str, Paired] = field(default_factory=dict)
    approval: Literal["auto", "human"] = "auto"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What to do, and why.

    Attributes:
        figures: what it rests on, plain JSON.
        weights: challenger → its share of the traffic from now on.
        version: the one that is promoted or taken back, when it is one.
    """

    action: Action
    reason: str
    figures: Mapping[str, Any]
    weights: Mapping[str, float]
    version: str | None = None


def decide(facts: Facts) -> Judgement:
    """What happens next, on these facts.

    In this order: is the rollout running; are the data sound; is anybody harmed; is there traffic now; was there
    time enough; is it proven. Harm takes a challenger back at any look, also before a step's time is over, while a
    person's word is waited for, and when nobody comes any more: what is on record stays true.
    """
    if facts.rollout.state not in SHOWN:
        return _judged(facts, Action.HOLD, f"the rollout is {facts.rollout.state}", {})
    figures = _counts(facts)
    if facts.rollout.mode == "shadow":
        return _shadow(facts, figures)
    steps = {version: pairs(facts.arms, version) for version in facts.rollout.challengers}
    unsound = _mismatch(facts, figures) or _lost(facts, steps, figures)
    if unsound:
        return _judged(facts, Action.PAUSE, unsound, figures)
    return (_bandit if facts.rollout.mode == "bandit" else _ramp)(facts, steps, figures)


def _judged(
    facts: Facts,
    action: Action,
    reason: str,
    figures: dict[str, Any],
    *,
    version: str | None = None,
    weight: float = -1,
) -> Judgement:
    """The judgement; weights stay as they are, unless ``weight`` is given to ``version`` and 0 to the others."""
    weights = facts.rollout.challengers
    if weight >= 0:
        weights = {name: weight if name == version else 0.0 for name in weights}
    return Judgement(action, reason, figures, weights, version)


def _counts(facts: Facts) -> dict[str, Any]:
    """What may be shown before the split is known to be sound."""
    units: dict[str, int] = {}
    exposures: dict[str, int] = {}
    for arm in facts.arms:
        units[arm.version] = units.get(arm.version, 0) + arm.units
        exposures[arm.version] = exposures.get(arm.version, 0) + arm.exposures
    return {"units": units, "exposures": exposures, "crossed": facts.crossed}


def _blind(facts: Facts) -> str | None:
    """Why nothing new can be judged, or None."""
    newest = [arm.newest for arm in facts.arms if arm.newest is not None]
    if not newest:
        return "no exposures yet"
    last = max(newest)
    if facts.now - last > facts.policy.quiet:
        return f"no traffic: the newest exposure is of {last:%Y-%m-%d %H:%M} UTC"
    if last < facts.rollout.since:
        return "stale data: nothing is newer than the present step"
    return None


def _mismatch(facts: Facts, figures: dict[str, Any]) -> str | None:
    """Why the sample ratio cannot be chance, or None; the p values go into the figures.

    Arms of a ramp are equal at every step. A bandit's are told by its shares until the first reallocation: in each
    later period new units come by other shares.
    """
    rollout = facts.rollout
    if rollout.mode == "bandit":
        due = allocation.shares(rollout) if rollout.step == 0 else {}
        counts = tuple(figures["units"].get(version, 0) for version in due)
        expected = tuple(due.values())
    else:
        counts, expected = _sides(facts), (1.0, 1.0)
    if not sum(counts):
        return None
    p = srm_sequential(counts, expected, 2 * facts.policy.planned)
    figures["srm_p"], figures["srm_p_sequential"] = srm(counts, expected), p
    if p >= facts.policy.srm_alpha:
        return None
    told = " and ".join(f"{count:,}" for count in counts)
    return f"sample-ratio mismatch: {told} units cannot be chance (p = {p:.2g}); look for lost or doubled exposures"


def _sides(facts: Facts) -> tuple[int, int]:
    """Units of the control and of the challenger, over the steps in which both have the same share."""
    control = challenger = 0
    shares = facts.rollout.steps
    for arm in facts.arms:
        if shares[arm.step] <= LARGEST_COMPARED:
            if arm.variant is _CONTROL:
                control += arm.units
            else:
                challenger += arm.units
    return control, challenger


def _lost(facts: Facts, steps: Mapping[str, Sequence[Pair]], figures: dict[str, Any]) -> str | None:
    """Why outcomes cannot be missing by chance alone in one arm more than in the other, or None."""
    alpha = facts.policy.srm_alpha / len(steps)
    for version, pair in steps.items():
        found = coverage(pair, alpha, 2 * facts.policy.planned)
        if found is not None:
            figures["coverage_p"] = min(figures.get("coverage_p", 1.0), found.p)
            if found.p < alpha:
                told = f"{found.control:.1%} of the control's units have one, {found.challenger:.1%} of {version}'s"
                remedy = "look for lost outcomes, or say what silence means"
                return f"outcomes are missing unequally: {told} (p = {found.p:.2g}); {remedy}"
    return None


def _ramp(facts: Facts, steps: Mapping[str, Sequence[Pair]], figures: dict[str, Any]) -> Judgement:
    """One challenger that goes up the steps."""
    rollout, policy = facts.rollout, facts.policy
    ((version, pair),) = steps.items()
    seen = read(pair, facts.guards, version, policy)
    figures.update(seen.figures)
    if seen.harm:
        return _judged(facts, Action.ROLL_BACK, seen.harm, figures, version=version, weight=0.0)
    if rollout.state is RolloutState.WAITING:
        return _judged(facts, Action.HOLD, _WAITS, figures)
    if blind := _blind(facts):
        return _undecided(facts, blind, figures)
    share = rollout.steps[rollout.step]
    if share > LARGEST_COMPARED:
        return _crowned(facts, version, "the last step is reached, and nothing is left to compare with", figures)
    early = _too_short(facts) or _too_few(facts, seen)
    if early:
        return _undecided(facts, early, figures)
    following = rollout.steps[rollout.step + 1] if rollout.step + 1 < len(rollout.steps) else 1.0
    if following <= LARGEST_COMPARED:
        reason = f"no harm is shown at {share:.0%}: {seen.told}"
        return _judged(facts, Action.ADVANCE, reason, figures, version=version, weight=following)
    if seen.proven(policy):
        word = "better" if policy.goal == "better" else f"no worse than by {policy.tolerance:g}"
        return _crowned(facts, version, f"proven {word}: {seen.told}", figures)
    return _undecided(facts, f"undecided: {seen.told}", figures)


def _crowned(facts: Facts, version: str, reason: str, figures: dict[str, Any]) -> Judgement:
    if facts.approval == "human":
        return _judged(facts, Action.WAIT, f"{reason}; a person must approve", figures, version=version)
    return _judged(facts, Action.PROMOTE, reason, figures, version=version, weight=1.0)


def _undecided(facts: Facts, reason: str, figures: dict[str, Any]) -> Judgement:
    """Wait on, as long as the patience lasts."""
    if not _over(facts):
        return _judged(facts, Action.HOLD, reason, figures)
    days = facts.policy.patience / dt.timedelta(days=1)
    reason = f"nothing was proven in {days:g} days, the champion stays: {reason}"
    return _judged(facts, Action.END, reason, figures, weight=0.0)


def _over(facts: Facts) -> bool:
    return facts.now - facts.rollout.started >= facts.policy.patience


def _too_short(facts: Facts) -> str | None:
    """Why the step must last longer, or None."""
    end = facts.rollout.since + facts.policy.dwell
    return f"the step lasts until {end:%Y-%m-%d %H:%M} UTC at least" if facts.now < end else None


def _too_few(facts: Facts, seen: Reading) -> str | None:
    """Why the arms must have more units, or None.

    Over all steps: a later one counts new units alone, and those of a small application may all be in already.
    """
    fewest = seen.comparison.least
    if fewest >= facts.policy.minimum:
        return None
    return f"only {fewest} units with an outcome in an arm, {facts.policy.minimum} are needed"


def _shadow(facts: Facts, figures: dict[str, Any]) -> Judgement:
    """Challengers that nobody sees: which is closer to the outcome than what was shown?"""
    rollout, policy = facts.rollout, facts.policy
    if rollout.state is RolloutState.WAITING:
        return _judged(facts, Action.HOLD, _WAITS, figures)
    if blind := _blind(facts):
        return _undecided(facts, blind, figures)
    tests = len(rollout.challengers)
    found = {version: facts.shadows[version] for version in rollout.challengers if version in facts.shadows}
    figures["shadows"] = {
        version: {"n": one.n, "difference": one.mean, "missing": one.missing} for version, one in found.items()
    }
    needed = max(policy.minimum, FIRST)
    fewest = min((one.n for one in found.values()), default=0) if len(found) == tests else 0
    early = _too_short(facts) or (
        f"only {fewest} units with an outcome beside a shadow, {needed} are needed" if fewest < needed else None
    )
    if early:
        return _undecided(facts, early, figures)
    than = 0.0 if policy.goal == "better" else -policy.tolerance
    closer = [version for version, one in found.items() if one.bound(policy.alpha_gain / tests, policy.planned) > than]
    best = max(closer or found, key=lambda version: found[version].mean)
    told = f"{best} is closer to the outcome by {found[best].mean:+.4f} on {found[best].n:,} units"
    if closer:
        return _crowned(facts, best, f"proven: {told}", figures)
    if all(one.turned.bound(policy.alpha_harm / tests, policy.planned) > 0 for one in found.values()):
        return _judged(facts, Action.END, f"every shadow is proven further off: {told}", figures, weight=0.0)
    return _undecided(facts, f"undecided: {told}", figures)


def _bandit(facts: Facts, steps: Mapping[str, Sequence[Pair]], figures: dict[str, Any]) -> Judgement:
    """Several challengers: traffic goes to what is likely the best, until one is proven."""
    rollout, policy = facts.rollout, facts.policy
    tests = len(rollout.challengers)
    readings = {version: read(pair, facts.guards, version, policy, tests) for version, pair in steps.items()}
    figures["versions"] = {version: reading.figures for version, reading in readings.items()}
    harms = {version: reading.harm for version, reading in readings.items() if reading.harm}
    if len(harms) == tests:
        return _judged(facts, Action.ROLL_BACK, _listed(harms), figures, weight=0.0)
    if any(rollout.challengers[version] > 0 for version in harms):
        return _shared(facts, f"taken out: {_listed(harms)}", figures, harms)
    if rollout.state is RolloutState.WAITING:
        return _judged(facts, Action.HOLD, _WAITS, figures)
    if blind := _blind(facts):
        return _undecided(facts, blind, figures)
    early = _too_short(facts)
    if early:
        return _judged(facts, Action.HOLD, early, figures)
    live = [version for version in allocation.shares(rollout) if version not in harms]
    chances = allocation.best(allocation.fair(facts.arms, live), rollout.seed, rollout.step)
    figures["chance_of_best"] = chances
    ready = [
        version for version in live if version in readings and readings[version].comparison.least >= policy.minimum
    ]
    proven = [version for version in ready if readings[version].proven(policy)]
    if proven:
        best = max(proven, key=chances.__getitem__)
        if chances[best] >= BEST or _over(facts):
            return _crowned(facts, best, f"proven better: {readings[best].told}", figures)
    if _over(facts):
        return _undecided(facts, _listed({version: readings[version].told for version in readings}), figures)
    return _shared(facts, "the next period begins", figures, harms)


def _listed(told: Mapping[str, str]) -> str:
    return "; ".join(f"{version}: {text}" for version, text in told.items())


def _shared(facts: Facts, reason: str, figures: dict[str, Any], harms: Mapping[str, str]) -> Judgement:
    weights = allocation.reallocate(facts.arms, facts.rollout, tuple(harms))
    shares = ", ".join(f"{version} {weight:.0%}" for version, weight in weights.items())
    return Judgement(Action.REALLOCATE, f"{reason}; shares are now {shares}", figures, weights)


_CONTROL = Variant.CONTROL
_WAITS = "waits for a person's approval"
