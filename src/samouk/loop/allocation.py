"""How a bandit shares the traffic among versions: Thompson sampling over means that are fair to every period; pure.

Means are compared within each period (a step of the rollout) and periods weigh the same for every arm: else an
arm that got most of its traffic on good days would look good (GrowthBook weights its bandit by period too).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from samouk.loop.comparison import outcome
from samouk.loop.live import ArmStats, Rollout
from samouk.loop.records import FloatArray
from samouk.loop.sequential import Arm

FLOOR = 0.05
"""Least share of a version that is not proven worse, so that it can still be measured; less among many."""

DRAWS = 4_000
"""From the posterior: the standard error of a share is at most .008."""


def shares(rollout: Rollout) -> dict[str, float]:
    """Version → its share now; the champion has what the challengers leave."""
    found = dict(rollout.challengers)
    return {rollout.champion: max(0.0, 1.0 - sum(found.values())), **found}


def fair(arms: Sequence[ArmStats], versions: Sequence[str]) -> dict[str, Arm]:
    """Version → mean of its outcomes over the periods in which all ``versions`` were measured.

    Returns:
        n is 1 and the variance that of the mean; without a common period, means of 1/2 that know nothing.
    """
    periods: dict[int, dict[str, Arm]] = {}
    for arm in arms:
        if arm.version in versions and arm.measured:
            periods.setdefault(arm.step, {})[arm.version] = outcome(arm)
    common = [period for period in periods.values() if len(period) == len(versions)]
    sizes = [sum(arm.n for arm in period.values()) for period in common]
    total = sum(sizes)
    if not total:
        return dict.fromkeys(versions, Arm(1, 0.5, 1.0))
    return {
        version: Arm(
            1,
            sum(size / total * period[version].mean for size, period in zip(sizes, common, strict=True)),
            sum(
                (size / total) ** 2 * period[version].variance / period[version].n
                for size, period in zip(sizes, common, strict=True)
            ),
        )
        for version in versions
    }


def best(means: Mapping[str, Arm], seed: str, step: int) -> dict[str, float]:
    """Version → chance that it is the best; the same for the same seed and step."""
    digest = hashlib.blake2b(f"{seed}\0{step}".encode(), digest_size=8, person=b"samouk-thompson").digest()
    rng = np.random.default_rng(int.from_bytes(digest, "big"))
    centre = np.array([arm.mean for arm in means.values()])
    spread = np.sqrt([arm.variance for arm in means.values()])
    draws: FloatArray = rng.normal(centre, spread, (DRAWS, len(means)))
    wins = np.bincount(draws.argmax(axis=1), minlength=len(means)) / DRAWS
    return dict(zip(means, wins.tolist(), strict=True))


def reallocate(arms: Sequence[ArmStats], rollout: Rollout, worse: Sequence[str]) -> dict[str, float]:
    """Challenger → its next share: as likely as it is the best, at least the floor, 0 when proven worse."""
    live = [version for version in shares(rollout) if version not in worse]
    chances = best(fair(arms, live), rollout.seed, rollout.step)
    floor = min(FLOOR, 0.5 / len(live))
    spare = 1.0 - floor * len(live)
    return {version: floor + spare * chances[version] if version in live else 0.0 for version in rollout.challengers}
