"""Versions that predict beside what is shown: how much closer to the outcome they are; pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from samouk.loop.sequential import Estimate, half_width_one_sided, tuned


@dataclass(frozen=True, slots=True)
class Paired:
    """A shadow beside what was shown, on the same exposures.

    Attributes:
        n, mean, variance: over units, each by the mean of its differences of closeness to the outcome, (shown -
            outcome)² - (shadow - outcome)², in [-1, 1]; above 0 the shadow was closer. Variance with n - 1 below.
        missing: exposures to which the shadow gave no answer, or none in time; each counts as far off as can be.
    """

    n: int
    mean: float
    variance: float
    missing: int = 0

    @property
    def turned(self) -> Paired:
        """The same, with what was shown as the challenger."""
        return Paired(self.n, -self.mean, self.variance, self.missing)

    def bound(self, alpha: float, planned: float) -> float:
        """Lower bound of the mean that holds at all looks together with 1 - alpha; needs ``FIRST`` units."""
        found = Estimate(self.mean, self.variance / self.n, self.n)
        return self.mean - half_width_one_sided(found, alpha, tuned(planned, 2 * alpha))


def paired(rows: Iterable[tuple[str, float, Mapping[str, float], float]]) -> dict[str, Paired]:
    """Shadows beside what was shown, from (unit, score shown, version → score not shown, outcome); one pass.

    Exposures of one unit are alike and are one witness, however many. Those to which the shown version gave no
    answer compare nothing and are left out.
    """
    sums: dict[str, dict[str, list[float]]] = {}
    missing: Counter[str] = Counter()
    for unit, shown, scores, told in rows:
        if math.isnan(shown):
            continue
        for version, score in scores.items():
            silent = math.isnan(score)
            far = 1.0 if silent else (score - told) ** 2
            known = sums.setdefault(version, {}).setdefault(unit, [0, 0.0])
            known[0] += 1
            known[1] += (shown - told) ** 2 - far
            missing[version] += silent
    return {version: _over(units.values(), missing[version]) for version, units in sums.items()}


def _over(units: Iterable[Sequence[float]], missing: int) -> Paired:
    means = np.array([total / n for n, total in units])
    return Paired(len(means), float(means.mean()), float(means.var(ddof=1)) if len(means) > 1 else 0.0, missing)
