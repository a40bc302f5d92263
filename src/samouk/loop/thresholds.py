"""Thresholds that learn: noisy labels ask for more samples, false alarms for more distance; pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from samouk.loop.columns import Columns
from samouk.loop.learner import TriggerPolicy
from samouk.loop.live import Threshold
from samouk.loop.records import Decision, Examples, Run, TriggerKind

LEAST, MOST = 0.5, 4.0
"""Share of the policy's own value within which a threshold stays."""

STEP = 1.25
"""One verdict on a drift alarm changes the distance by so much."""

WORTH_NOTING = 0.1
"""Change of the volume, as a share of it, below which nothing is noted."""

ROWS = 200
"""Labelled rows below which nothing is said of their noise."""

NOISIEST = 0.45
"""Labels that are wrong more often teach nothing, and no number of them would do."""

_VOLUME, _DISTANCE = "volume", "distance"


@dataclass(frozen=True, slots=True)
class Noise:
    """Estimated share of wrong labels among rows, 0 to ``NOISIEST``.

    Attributes:
        unsure: what the labels say of themselves: one less their mean confidence.
        contrary: from rows that look the same and are labelled differently.
    """

    unsure: float
    contrary: float

    @property
    def share(self) -> float:
        return min(max(self.unsure, self.contrary), NOISIEST)


def current(policy: TriggerPolicy, history: Sequence[Threshold]) -> TriggerPolicy:
    """The policy with its thresholds as they are now."""
    if not policy.adaptive:
        return policy
    latest = {change.name: change.after for change in history}
    volume = _bounded(latest.get(_VOLUME, policy.volume), policy.volume)
    distance = _bounded(latest.get(_DISTANCE, policy.distance), policy.distance)
    return replace(policy, volume=round(volume), distance=distance)


def adapt(
    learner: str,
    policy: TriggerPolicy,
    history: Sequence[Threshold],
    runs: Sequence[Run],
    noise: tuple[Noise, Noise] | None,
    now: dt.datetime,
) -> list[Threshold]:
    """What changes, given every change so far, the runs in any order, and the noise of old and of new labels."""
    if not policy.adaptive:
        return []
    changes = _by_verdicts(learner, policy, history, runs)
    return changes + (_by_noise(learner, policy, history, *noise, now) if noise else [])


def _by_verdicts(
    learner: str, policy: TriggerPolicy, history: Sequence[Threshold], runs: Sequence[Run]
) -> list[Threshold]:
    """A drift whose challenger passed the gate was real; one whose challenger was refused was none."""
    before = current(policy, history).distance
    noted = max((change.at for change in history if change.name == _DISTANCE), default=None)
    changes = []
    for run in sorted((run for run in runs if run.ended), key=_end):
        judged = run.verdict is not None and run.verdict.decision is not Decision.UNDECIDED
        if run.order.kind is not TriggerKind.DRIFT or not judged or (noted is not None and _end(run) <= noted):
            continue
        real = run.verdict is not None and run.verdict.decision is Decision.PASS
        after = _bounded(before / STEP if real else before * STEP, policy.distance)
        if after != before:
            why = "was confirmed: its challenger passed the gate" if real else "was not: its challenger was refused"
            reason = f"the drift behind run {run.run_id[:8]} {why}"
            changes.append(Threshold(learner, TriggerKind.DRIFT, _DISTANCE, before, after, reason, _end(run)))
        before = after
    return changes


def _end(run: Run) -> dt.datetime:
    return run.ended or run.started


def _by_noise(
    learner: str, policy: TriggerPolicy, history: Sequence[Threshold], old: Noise, new: Noise, now: dt.datetime
) -> list[Threshold]:
    """n labels of which a share is wrong teach as much as n · (1 - 2 · share)² right ones (Angluin & Laird 1988)."""
    before = current(policy, history).volume
    needed = ((1 - 2 * old.share) / (1 - 2 * new.share)) ** 2
    after = round(_bounded(policy.volume * max(needed, 1.0), policy.volume))
    if abs(after - before) <= WORTH_NOTING * before:
        return []
    reason = (
        f"about {new.share:.0%} of the new labels are wrong, {old.share:.0%} of those that the champion learnt from"
    )
    return [Threshold(learner, TriggerKind.VOLUME, _VOLUME, before, after, reason, now)]


def _bounded(value: float, own: float) -> float:
    return min(max(value, LEAST * own), MOST * own)


def noise(examples: Examples, fields: Sequence[str]) -> Noise | None:
    """How noisy the labels of these rows are; None for too few.

    Args:
        fields: what a prediction is asked with: rows that agree in them look the same.
    """
    if examples.rows < ROWS:
        return None
    apart = _disagreement(_looks(examples.columns, fields), np.round(examples.labels.values).astype(np.int64))
    # Two labels of one truth, each wrong with chance e, differ with chance 2e(1 - e).
    contrary = (1 - math.sqrt(max(1 - 2 * apart, 0.0))) / 2
    return Noise(1 - float(examples.labels.confidence.mean()), contrary)


def _looks(columns: Columns, fields: Sequence[str]) -> NDArray[np.uint64]:
    """(n,) a hash of what each row looks like; 64 bits, so that a million rows share one by chance once in 4e7."""
    rows = len(next(iter(columns.values())))
    looks = np.full(rows, 0xCBF29CE484222325, np.uint64)
    for name in fields:
        column = columns[name]
        if column.dtype.kind == "V":
            continue
        bits = column.view(np.uint32) if column.dtype.kind == "f" else column.astype(np.int64).view(np.uint64)
        looks = (looks ^ bits.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        looks ^= looks >> np.uint64(32)
    return looks


def _disagreement(looks: NDArray[np.uint64], labels: NDArray[np.int64]) -> float:
    """Share of the pairs of rows with one look whose labels differ, each look weighted by its rows; 0 without pairs."""
    _, look = np.unique(looks, return_inverse=True)
    sizes = np.bincount(look)
    kinds = labels.max() + 1
    both, counts = np.unique(look * kinds + labels, return_counts=True)
    alike = np.bincount(both // kinds, counts * (counts - 1), minlength=len(sizes))
    several = sizes > 1
    if not several.any():
        return 0.0
    apart = 1 - alike[several] / (sizes[several] * (sizes[several] - 1))
    return float(np.average(apart, weights=sizes[several]))
