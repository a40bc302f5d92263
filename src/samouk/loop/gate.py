"""Candidate against champion on the same held-out examples → a verdict with its reasons; pure.

The primary metric must be better, twice over: by the exact McNemar test over examples (McNemar 1947;
Dietterich 1998, Neural Computation 10:1895) where scores are 0 or 1 and by a paired bootstrap else,
and by a paired bootstrap and a t test over whole groups, because rows of one screen are no independent
witnesses. Batches are unlinkable, so that several batches of one contributor count as several witnesses.
No guarded metric and no slice may be worse beyond its tolerance. The gate tests itself before it judges:
a gate that cannot tell a planted better from a planted worse must not decide anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from samouk.loop.learner import GatePolicy, Metric
from samouk.loop.records import BoolArray, Decision, Figure, FloatArray, IntArray, Verdict

BOOTSTRAPS = 2_000
MINIMUM_GROUPS = 5
"""Groups (batches) below which nothing can be said about groups."""

GROUP_ROWS = 10
"""Rows that make a batch count towards ``MINIMUM_GROUPS``: five corrections are not five contributors."""


class GateBroken(RuntimeError):
    """The gate failed its own test: nothing may be promoted until it is mended."""


@dataclass(frozen=True, slots=True)
class Match:
    """Two models on the same examples.

    Attributes:
        champion, challenger: metric → (n,) values in [0, 1], NaN where the metric does not apply.
        groups: (n,) number of the batch that a row came with.
        slices: name → (n,) mask.
    """

    champion: Mapping[str, FloatArray]
    challenger: Mapping[str, FloatArray]
    groups: IntArray
    slices: Mapping[str, BoolArray]


@dataclass(frozen=True, slots=True)
class Difference:
    """Paired differences of one metric, challenger minus champion, signed so that more is better."""

    values: FloatArray
    groups: IntArray
    champion: float
    challenger: float
    tolerance: float
    binary: bool

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def mean(self) -> float:
        return float(self.values.mean()) if self.n else 0.0


def judge(
    match: Match,
    metrics: tuple[Metric, ...],
    policy: GatePolicy,
    *,
    uses: int = 0,
    seed: int = 0,
    replacement: bool = False,
) -> Verdict:
    """Pass, refuse or undecided.

    Args:
        replacement: the champion must go (its data were erased): a challenger that is no worse will do.
        uses: verdicts that the same holdout has served already.
        seed: of the bootstrap; the same inputs give the same verdict.
    """
    primary = difference(match, metrics[0])
    figures, harms = _guards(match, metrics, policy, seed)
    p_value = superiority(primary, policy.margin, seed)
    doubts = _doubts(primary, policy, uses)
    better = p_value <= policy.alpha and primary.mean > policy.margin
    first = Figure(
        metrics[0].name,
        primary.champion,
        primary.challenger,
        primary.n,
        p_value,
        "better" if better else _level(primary),
    )
    decision, reasons = _decide(first, primary, harms, doubts, policy, replacement=replacement)
    # Of no example at all there is no figure: its means would be no numbers, which JSON knows nothing of.
    return Verdict(decision, reasons, (first, *figures) if first.n else tuple(figures))


def _decide(
    first: Figure, primary: Difference, harms: list[str], doubts: list[str], policy: GatePolicy, *, replacement: bool
) -> tuple[Decision, tuple[str, ...]]:
    figure = f"{first.name} {first.champion:.4f} → {first.challenger:.4f} on {first.n} held-out examples"
    if harms:
        return Decision.REFUSE, tuple(harms)
    if doubts:
        return Decision.UNDECIDED, tuple(doubts)
    if replacement:
        return Decision.PASS, (f"no worse, and free of what was erased: {figure}",)
    if first.verdict == "better":
        return Decision.PASS, (f"better: {figure} (p = {first.p_value:.2g})",)
    if not primary.values.any():
        return Decision.REFUSE, (f"no example is judged differently: {figure}",)
    if primary.mean <= policy.margin:
        return Decision.REFUSE, (f"not better: {figure}",)
    return Decision.UNDECIDED, (f"better by chance perhaps: {figure} (p = {first.p_value:.2g})",)


def _doubts(primary: Difference, policy: GatePolicy, uses: int) -> list[str]:
    doubts = []
    if primary.n < policy.minimum:
        doubts.append(f"only {primary.n} held-out examples, {policy.minimum} are needed")
    groups = int((np.unique(primary.groups, return_counts=True)[1] >= GROUP_ROWS).sum())
    if groups < MINIMUM_GROUPS:
        doubts.append(f"held-out examples come from {groups} whole batches, {MINIMUM_GROUPS} are needed")
    if uses >= policy.reuse_budget:
        doubts.append(f"this holdout served {uses} verdicts; it must grow by a tenth before the next")
    return doubts


def _level(primary: Difference) -> str:
    return "worse" if primary.mean < -primary.tolerance else "level"


def _guards(match: Match, metrics: tuple[Metric, ...], policy: GatePolicy, seed: int) -> tuple[list[Figure], list[str]]:
    """Every guarded metric, and every metric on every slice; with a sentence for each harm."""
    figures: list[Figure] = []
    harms: list[str] = []
    everything = np.ones(len(match.groups), bool)
    places = [(metric, metric.name, everything) for metric in metrics]
    places += [(metric, f"{metric.name}[{name}]", mask) for metric in metrics for name, mask in match.slices.items()]
    for metric, name, mask in places:
        diff = difference(match, metric, mask)
        figure = _guard(diff, name, policy, whole=mask is everything, seed=seed)
        if figure.verdict == "worse":
            harms.append(f"worse: {name} {figure.champion:.4f} → {figure.challenger:.4f} on {figure.n} examples")
        if name != metrics[0].name and figure.n:
            figures.append(figure)
    return figures, harms


def _guard(diff: Difference, name: str, policy: GatePolicy, *, whole: bool, seed: int) -> Figure:
    small = diff.n < policy.slice_minimum or len(np.unique(diff.groups)) < MINIMUM_GROUPS
    if diff.n == 0 or (small and not whole):
        return Figure(name, diff.champion, diff.challenger, diff.n, None, "unknown")
    beyond = diff.mean < -diff.tolerance
    p_harm = inferiority(diff, seed) if beyond else None
    # A whole metric is refused on its mean alone: it has examples enough. A slice is small and there are
    # many of them, so it must also be unlikely to be an accident.
    harm = beyond and (whole or (p_harm is not None and p_harm <= policy.alpha))
    return Figure(name, diff.champion, diff.challenger, diff.n, p_harm, "worse" if harm else "level")


def difference(match: Match, metric: Metric, mask: BoolArray | None = None) -> Difference:
    """Paired differences of ``metric`` over the rows to which it applies for both models."""
    champion, challenger = match.champion[metric.name], match.challenger[metric.name]
    applies = ~(np.isnan(champion) | np.isnan(challenger))
    if mask is not None:
        applies &= mask
    old, new = champion[applies].astype(np.float64), challenger[applies].astype(np.float64)
    sign = 1.0 if metric.direction == "up" else -1.0
    return Difference(
        values=sign * (new - old),
        groups=match.groups[applies],
        champion=float(old.mean()) if len(old) else float("nan"),
        challenger=float(new.mean()) if len(new) else float("nan"),
        tolerance=metric.tolerance,
        binary=metric.binary,
    )


def superiority(diff: Difference, margin: float = 0.0, seed: int = 0) -> float:
    """p-value that the challenger is no better than ``margin``: the larger of the example-wise and the group-wise."""
    if diff.n == 0:
        return 1.0
    by_example = mcnemar(diff.values) if diff.binary else bootstrap(diff.values, np.arange(diff.n), margin, seed)
    by_group = max(bootstrap(diff.values, diff.groups, margin, seed), clustered(diff.values, diff.groups, margin))
    return max(by_example, by_group)


def inferiority(diff: Difference, seed: int = 0) -> float:
    """p-value that the challenger is not worse: superiority of the champion."""
    mirrored = Difference(-diff.values, diff.groups, diff.challenger, diff.champion, diff.tolerance, diff.binary)
    return superiority(mirrored, 0.0, seed)


def mcnemar(values: FloatArray) -> float:
    """One-sided exact McNemar test on paired differences of 0/1 scores: P(at least so many wins | a fair coin)."""
    from scipy.stats import binomtest

    wins, losses = int((values > 0).sum()), int((values < 0).sum())
    if wins + losses == 0:
        return 1.0
    return float(binomtest(wins, wins + losses, 0.5, alternative="greater").pvalue)


def bootstrap(values: FloatArray, groups: IntArray, margin: float = 0.0, seed: int = 0) -> float:
    """Share of paired resamples of whole groups whose mean is no more than ``margin``, never exactly 0.

    (B + 1)-corrected (Davison & Hinkley 1997, §4.2), so that B resamples never claim more than 1/(B + 1).
    """
    _, inverse = np.unique(groups, return_inverse=True)
    sums, sizes = np.bincount(inverse, weights=values), np.bincount(inverse)
    rng = np.random.default_rng(seed)
    count = len(sums)
    below = 0
    # In chunks, so that memory stays bounded when every example is its own group.
    chunk = max(1, min(BOOTSTRAPS, 4_000_000 // count))
    for start in range(0, BOOTSTRAPS, chunk):
        size = min(chunk, BOOTSTRAPS - start)
        weights = rng.multinomial(count, np.full(count, 1 / count), size=size)
        means = (weights @ sums) / np.maximum(weights @ sizes, 1)
        below += int((means <= margin).sum())
    return (below + 1) / (BOOTSTRAPS + 1)


def clustered(values: FloatArray, groups: IntArray, margin: float = 0.0) -> float:
    """One-sided t test of the mean with errors that are robust to correlation within groups.

    Student's t with one degree of freedom less than there are groups, which a bootstrap of a handful of
    groups is too sure without (Cameron & Miller 2015, Journal of Human Resources 50:317, section VI).
    """
    from scipy.stats import t

    _, inverse = np.unique(groups, return_inverse=True)
    sums, sizes = np.bincount(inverse, weights=values), np.bincount(inverse)
    count, total = len(sums), sizes.sum()
    if count < 2:
        return 1.0
    mean = sums.sum() / total
    residuals = sums - sizes * mean
    error = float(np.sqrt(count / (count - 1) * (residuals**2).sum()) / total)
    if error == 0:
        return 0.0 if mean > margin else 1.0
    return float(t.sf((mean - margin) / error, count - 1))


def self_test(metrics: tuple[Metric, ...], policy: GatePolicy, seed: int = 0) -> None:
    """Judge three planted challengers of a synthetic champion.

    Raises:
        GateBroken: the identical or the worse one passed, or the better one did not.
    """
    rng = np.random.default_rng(seed)
    n = max(2_000, 2 * policy.minimum)
    groups = np.repeat(np.arange(n // 50 + 1), 50)[:n].astype(np.int32)
    champion = {metric.name: _plausible(metric, rng, n) for metric in metrics}
    better = {metric.name: _planted(metric, champion[metric.name], rng, good=True) for metric in metrics}
    worse = {metric.name: _planted(metric, champion[metric.name], rng, good=False) for metric in metrics}
    expected = {"identical": (champion, False), "better": (better, True), "worse": (worse, False)}
    for name, (challenger, passes) in expected.items():
        verdict = judge(Match(champion, challenger, groups, {}), metrics, policy, seed=seed)
        if (verdict.decision is Decision.PASS) != passes:
            raise GateBroken(f"the gate's self-test failed: the {name} challenger was given {verdict.decision}")


def _plausible(metric: Metric, rng: np.random.Generator, n: int) -> FloatArray:
    values = rng.random(n)
    quality = (values < 0.7).astype(np.float64) if metric.binary else 0.6 * values + 0.2
    return quality if metric.direction == "up" else 1.0 - quality


def _planted(metric: Metric, champion: FloatArray, rng: np.random.Generator, *, good: bool) -> FloatArray:
    """Scores that are surely better or worse: a sixth of the examples set to the best or the worst value."""
    best = 1.0 if metric.direction == "up" else 0.0
    planted = champion.copy()
    planted[rng.random(len(champion)) < 1 / 6] = best if good else 1.0 - best
    return planted
