"""Is it time to learn? What is known of a learner's state → an order with its evidence in words, or None."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from samouk.loop import drift
from samouk.loop.learner import Metric, OutcomeSpec, TriggerPolicy
from samouk.loop.records import Order, TriggerKind

DRIFT_MINIMUM = 500
"""New rows below which distances are not looked at: an effect size needs enough rows, not a p-value."""

QUALITY_MINIMUM = 200
"""Fresh labelled rows, or live outcomes, below which live quality is not judged."""

histogram = drift.histogram
"""What a version keeps of the rows that it was fitted on, so that drift is seen against it."""

FIELDS = 2
"""One moved field is weather; two are a change of climate."""


class Detector(StrEnum):
    """What may see drift.

    ``estimate`` never counts alone: the label-free estimate sees a change of the inputs only, and is
    what tells whether such a change matters.
    """

    ADWIN = "ADWIN on outcomes"
    HDDM = "HDDM-A on outcomes"
    FEATURES = "JS and KS on fields"
    ESTIMATE = "label-free estimate"


@dataclass(frozen=True, slots=True)
class Alarm:
    """What one detector saw, in words."""

    detector: Detector
    evidence: str


@dataclass(frozen=True, slots=True)
class Live:
    """The champion's outcomes of one metric since the last turn."""

    count: int
    mean: float


@dataclass(frozen=True, slots=True)
class State:
    """What the triggers look at.

    Attributes:
        now: the present moment.
        last_turn: when the last finished run began; None before the first.
        last_kind: why it was taken.
        new_samples: rows in live batches that the last snapshot had not seen.
        labelled: how many of them have a label.
        erased: whether something that the champion was fitted on was erased since.
        quality: metric → mean of the champion on fresh labelled rows; empty when too few.
        live: metric of an outcome → what came of the champion's predictions.
        alarms: of the detectors of drift.
        blind: no outcomes come of predictions all the time, so that only the fields can tell of drift.
    """

    now: dt.datetime
    last_turn: dt.datetime | None = None
    last_kind: TriggerKind | None = None
    new_samples: int = 0
    labelled: int = 0
    erased: bool = False
    quality: Mapping[str, float] = field(default_factory=dict)
    live: Mapping[str, Live] = field(default_factory=dict)
    alarms: tuple[Alarm, ...] = ()
    blind: bool = True


def decide(
    policy: TriggerPolicy, metrics: Sequence[Metric], state: State, outcomes: Sequence[OutcomeSpec] = ()
) -> Order | None:
    """The most pressing reason to learn now, or None. ``policy`` has the thresholds as they are now."""
    tried = state.last_kind is TriggerKind.ERASURE and _cooling(policy, state)
    if state.erased and not tried:
        # A person asked for it, so it waits for nothing but its own last try.
        return Order(TriggerKind.ERASURE, "samples that the champion was fitted on were erased")
    if state.new_samples == 0 or _cooling(policy, state):
        return None
    quality = _quality(metrics, state) or _live_quality(outcomes, state)
    return quality or _drift(state) or _volume(policy, state) or _time(policy, state)


def agreed(state: State) -> tuple[Alarm, ...]:
    """The alarms that together are drift; none when one stands alone.

    Two detectors agree, or one and a fall of the label-free estimate. Without outcomes there are two
    detectors all the same: JS and KS, both beyond their limits on each of ``FIELDS`` fields.
    """
    votes = [alarm for alarm in state.alarms if alarm.detector is not Detector.ESTIMATE]
    seen_by_fields = any(alarm.detector is Detector.FEATURES for alarm in votes)
    together = len(votes) >= 2 or (len(votes) == 1 and len(state.alarms) > 1) or (state.blind and seen_by_fields)
    return state.alarms if together else ()


def _cooling(policy: TriggerPolicy, state: State) -> bool:
    return _turned_within(policy.cooldown, state)


def _turned_within(span: dt.timedelta, state: State) -> bool:
    """Whether the last turn began so short a while ago.

    One that is dated ahead of a clock which was set back since did not: else nothing would be learnt until the
    clock is there again.
    """
    return state.last_turn is not None and dt.timedelta(0) <= state.now - state.last_turn < span


def _quality(metrics: Sequence[Metric], state: State) -> Order | None:
    for metric in metrics:
        value = state.quality.get(metric.name)
        if metric.floor is None or value is None:
            continue
        if value < metric.floor if metric.direction == "up" else value > metric.floor:
            reason = f"{metric.name} is {value:.3f} on fresh samples, its floor is {metric.floor:.3f}"
            return Order(TriggerKind.QUALITY, reason)
    return None


def _live_quality(outcomes: Sequence[OutcomeSpec], state: State) -> Order | None:
    for spec in outcomes:
        live = state.live.get(spec.name)
        if spec.floor is None or live is None or live.count < QUALITY_MINIMUM or live.mean >= spec.floor:
            continue
        reason = f"{spec.name} is {live.mean:.3f} over {live.count} live outcomes, its floor is {spec.floor:.3f}"
        return Order(TriggerKind.QUALITY, reason)
    return None


def _drift(state: State) -> Order | None:
    # Falling quality is looked at before and needs no drift to be a reason.
    alarms = agreed(state)
    return Order(TriggerKind.DRIFT, in_words(alarms)) if alarms else None


def in_words(alarms: Sequence[Alarm]) -> str:
    """What each detector saw."""
    return "; ".join(f"{alarm.detector}: {alarm.evidence}" for alarm in alarms)


def _volume(policy: TriggerPolicy, state: State) -> Order | None:
    if state.labelled < policy.volume:
        return None
    return Order(TriggerKind.VOLUME, f"{state.labelled} new samples with a label, {policy.volume} are enough")


def _time(policy: TriggerPolicy, state: State) -> Order | None:
    if state.last_turn is None or _turned_within(policy.period, state):
        return None
    days = (state.now - state.last_turn).days
    ago = f"{days} days since the last turn" if days >= 0 else "the last turn is dated ahead of the clock"
    return Order(TriggerKind.TIME, f"{ago}, {state.new_samples} new samples")
