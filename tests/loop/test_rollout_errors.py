"""How often a rollout errs among equals: units that fail always, outcomes that are lost, many guards, many challengers.

Each is beside a planted failure, which must show what the test can see.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from samouk.loop.live import FIRST, ArmStats, Rollout, RolloutState, Share, Variant
from samouk.loop.records import FloatArray
from samouk.loop.rollout import Action, Facts, decide
from samouk.loop.rollout_policy import RolloutPolicy

NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
SOON = NOW - dt.timedelta(hours=1)
POLICY = RolloutPolicy()
CONTROL, CHALLENGER = Variant.CONTROL, Variant.CHALLENGER
LOOKS, SELDOM = range(100, 3_001, 100), range(200, 3_001, 200)


def arm(version: str, values: FloatArray, **changes: Any) -> ArmStats:
    """One unit a value, all of which came once, were answered in time and heard."""
    n, variant = len(values), CONTROL if version == "v1.0" else CHALLENGER
    first = tuple(values[:FIRST].tolist())
    spread = Share(float(values.mean()), float(values.var(ddof=1)))
    standard = ArmStats(0, variant, version, n, n, Share(), Share(), n, *spread, first, NOW, due=n, heard=n)
    return dataclasses.replace(standard, **changes)


def judged(known: Sequence[ArmStats], **changes: Any) -> Action:
    """The action on these arms, within the first hour of a ramp at half of the traffic."""
    versions = dict.fromkeys((one.version for one in known if one.variant is CHALLENGER), 0.5)
    ramp = Rollout("r1", "toy", "v1.0", versions, "ab", (0.5, 1.0), 0, RolloutState.RUNNING, "seed", SOON, SOON)
    return decide(dataclasses.replace(Facts(ramp, POLICY, NOW, known), **changes)).action


def rate(runs: int, ended: Callable[[np.random.Generator], bool]) -> float:
    """Share of seeded runs that end."""
    return sum(ended(np.random.default_rng(seed)) for seed in range(runs)) / runs


def heavy(rng: np.random.Generator) -> Iterator[tuple[Share, Share, Share, Share]]:
    """Failures of both arms, look by look: 2 % of the units fail always, and use is heavy-tailed.

    By units, then as if each exposure were a unit.
    """
    n = LOOKS[-1]
    shown, fails = 1 + rng.pareto(1.1, (2, n)).clip(max=500).astype(int), rng.random((2, n)) < 0.02
    for look in LOOKS:
        by_unit = [Share(float(one[:look].mean()), float(one[:look].var(ddof=1))) for one in fails]
        mixed = [
            float((one * count)[:look].sum() / count[:look].sum()) for one, count in zip(fails, shown, strict=True)
        ]
        yield (*by_unit, *(Share(mean, mean * (1 - mean)) for mean in mixed))  # type: ignore[misc]


FLAT = np.tile([0.0, 1.0], LOOKS[-1] // 2)


def taken_back(failed: Share, other: Share, look: int) -> bool:
    known = (arm("v1.0", FLAT[:look], failed=failed), arm("v1.1", FLAT[:look], failed=other))
    return judged(known) is Action.ROLL_BACK


def test_units_that_fail_always_are_a_unit_each() -> None:
    """Equal versions are seldom taken back; counted by exposures, as planted, ten times as often as may be."""

    def ended(rng: np.random.Generator, by: int) -> bool:
        return any(taken_back(seen[by], seen[by + 1], look) for look, seen in zip(LOOKS, heavy(rng), strict=True))

    assert rate(100, lambda rng: ended(rng, 0)) <= POLICY.alpha_guard
    assert rate(60, lambda rng: ended(rng, 2)) >= 10 * POLICY.alpha_guard


def test_one_heavy_unit_takes_nothing_back() -> None:
    """Of a thousand units one fails, however often: nobody else suffers."""
    assert not taken_back(Share(), Share(0.001, 0.001), 1_000)
    assert taken_back(Share(), Share(0.05, 0.0475), 1_000)


@pytest.mark.parametrize("heard", [0.02, 0.5, 0.95])
def test_outcomes_that_are_lost_alike_pause_nothing(heard: float) -> None:
    """At any look and share; where a tenth more are lost in one arm it pauses."""

    def ended(rng: np.random.Generator, other: float) -> bool:
        told = rng.random((2, LOOKS[-1])) < [[heard], [other]]
        for look in LOOKS:
            count, lost = told[0, :look].sum(), told[1, :look].sum()
            known = (arm("v1.0", FLAT[:look], heard=int(count)), arm("v1.1", FLAT[:look], heard=int(lost)))
            if judged(known) is Action.PAUSE:
                return True
        return False

    assert rate(80, lambda rng: ended(rng, heard)) == 0
    assert rate(10, lambda rng: ended(rng, heard - 0.1 if heard > 0.1 else heard + 0.1)) == 1


GUARDED = dataclasses.replace(
    POLICY, alpha_guard=0.03, alpha_harm=0.001, alpha_gain=0.001, guard_tolerance=0.0, planned=300
)


def broken(rng: np.random.Generator, *, together: bool) -> bool:
    """Whether any of eight guards that hold ends a ramp: judged at once, or each for itself at all of the alpha."""
    values = (rng.random((8, 2, SELDOM[-1])) < 0.5).astype(float)
    alone = dataclasses.replace(GUARDED, alpha_guard=3 * GUARDED.alpha_guard)
    for look in SELDOM:
        known = (arm("v1.0", FLAT[:look]), arm("v1.1", FLAT[:look]))
        pairs = {
            f"{place}": (arm("v1.0", one[0, :look]), arm("v1.1", one[1, :look])) for place, one in enumerate(values)
        }
        asked = [(pairs, GUARDED)] if together else [({name: one}, alone) for name, one in pairs.items()]
        if any(judged(known, guards=guards, policy=policy) is Action.ROLL_BACK for guards, policy in asked):
            return True
    return False


@pytest.mark.slow
def test_guards_share_their_alpha() -> None:
    """Eight that hold end no more ramps than one would; each at the whole alpha, as planted, they do."""
    assert rate(100, lambda rng: broken(rng, together=True)) <= GUARDED.alpha_guard
    assert rate(60, lambda rng: broken(rng, together=False)) > 2 * GUARDED.alpha_guard


RACE = dataclasses.replace(POLICY, mode="bandit", alpha_harm=0.08, alpha_gain=0.005, alpha_guard=0.005, planned=300)


def beaten(rng: np.random.Generator, *, together: bool) -> bool:
    """Whether any of five equal challengers is taken out at any look: of one bandit, or of five ramps."""
    values = (rng.random((6, SELDOM[-1])) < 0.5).astype(float)
    names = [f"v1.{place}" for place in range(6)]
    weights = dict.fromkeys(names[1:], 1 / 6)
    bandit = Rollout("r1", "toy", "v1.0", weights, "bandit", (1.0,), 0, RolloutState.RUNNING, "seed", SOON, SOON)
    for look in SELDOM:
        known = [arm(name, one[:look]) for name, one in zip(names, values, strict=True)]
        if together:
            ended = decide(Facts(bandit, RACE, NOW, known)).action is not Action.HOLD
        else:
            ended = any(judged((known[0], one), policy=RACE) is Action.ROLL_BACK for one in known[1:])
        if ended:
            return True
    return False


@pytest.mark.slow
def test_challengers_share_every_alpha() -> None:
    """Five equals are taken out less than half as often as one may be; each at the whole alpha, as planted, more."""
    assert rate(100, lambda rng: beaten(rng, together=True)) <= RACE.alpha_harm / 2
    assert rate(100, lambda rng: beaten(rng, together=False)) > RACE.alpha_harm / 2
