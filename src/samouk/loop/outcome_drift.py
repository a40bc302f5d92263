"""Has what comes of the champion's predictions changed? Detectors over its live outcomes, and the estimate without."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from samouk.loop.detectors import Adwin, Detector, HddmA
from samouk.loop.estimate import calibrate, estimate, fall
from samouk.loop.learner import Learner, TriggerPolicy
from samouk.loop.live import Joined
from samouk.loop.performance import UNHEARD, pairs
from samouk.loop.ports import Services
from samouk.loop.trigger import QUALITY_MINIMUM, Alarm, Live
from samouk.loop.trigger import Detector as Name

SHOWN = 200
"""Newest outcomes whose mean stands in the evidence."""

SURE = 3.0
"""Standard errors by which the fall of the estimate must exceed what the policy bears."""


def live(joined: Sequence[Joined], since: dt.datetime | None) -> dict[str, Live]:
    """Metric → count and mean of what happened since."""
    values: defaultdict[str, list[float]] = defaultdict(list)
    for one in joined:
        if since is None or one.outcome.at > since:
            values[one.outcome.metric].append(one.outcome.value)
    return {metric: Live(len(found), float(np.mean(found))) for metric, found in values.items()}


def alarms(
    learner: Learner, services: Services, policy: TriggerPolicy, joined: Sequence[Joined], since: dt.datetime | None
) -> list[Alarm]:
    """What the detectors saw since the last turn in the champion's primary outcome.

    Args:
        policy: with its thresholds as they are now: a raised distance stands for false alarms, so it makes
            the detectors as many times more careful.
        joined: of the champion, in order. All of them are replayed on each look: nothing has to be kept,
            and every process sees the same.
        since: changes that were seen before have had their turn.
    """
    if not learner.outcomes:
        return []
    metric = learner.outcomes[0].name
    stream = [one for one in joined if one.outcome.metric == metric]
    delta = policy.delta * learner.policy.triggers.distance / policy.distance
    detectors: list[tuple[Name, Detector]] = [(Name.ADWIN, Adwin(delta)), (Name.HDDM, HddmA(delta / 2))]
    found = [_change(name, detector, stream, since) for name, detector in detectors]
    found.append(_estimate_fell(learner, services, policy, stream, since))
    return [alarm for alarm in found if alarm is not None]


def _split(stream: Sequence[Joined], since: dt.datetime | None) -> int:
    """Place of the first outcome that happened after the moment."""
    if since is None:
        return 0
    return next((place for place, one in enumerate(stream) if one.outcome.at > since), len(stream))


def _change(name: Name, detector: Detector, stream: Sequence[Joined], since: dt.datetime | None) -> Alarm | None:
    values = np.array([one.outcome.value for one in stream])
    known = _split(stream, since)
    detector.update(values[:known])
    place = detector.update(values[known:])
    if place is None:
        return None
    seen, newest = known + place + 1, values[-SHOWN:]
    before = values[: max(seen - SHOWN, 1)].mean()
    return Alarm(
        name, f"mean {before:.3f} long before outcome {seen}, {newest.mean():.3f} over the newest {len(newest)}"
    )


def _estimate_fell(
    learner: Learner, services: Services, policy: TriggerPolicy, stream: Sequence[Joined], since: dt.datetime | None
) -> Alarm | None:
    """Whether the scores shown since promise worse outcomes than those before, by what scores have meant so far."""
    scores, outcomes = pairs(stream)
    if since is None or not len(scores):
        return None
    known = _split(stream, since)
    before, later = pairs(stream[:known])[0], pairs(stream[known:])[0]
    version, metric = stream[-1].exposure.version, learner.outcomes[0].name
    waiting = services.journal.unheard(learner.name, metric, since, UNHEARD)
    now = np.concatenate([later, [score for name, _, score in waiting if name == version]])
    calibration = calibrate(scores, outcomes)
    if calibration is None or min(len(before), len(now)) < QUALITY_MINIMUM:
        return None
    lost, error = fall(calibration, before, now)
    if lost <= policy.drop + SURE * error or not estimate(calibration, now).calibrated:
        return None
    return Alarm(Name.ESTIMATE, f"{lost:.3f} lower over {len(now)} scores since the last turn than before")
