"""How each version does, day by day: what the journal counted, what it must still be missing, and every deployment."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samouk.loop.estimate import Calibration, Estimate, calibrate, estimate, expected_calibration_error
from samouk.loop.learner import Learner, OutcomeSpec
from samouk.loop.live import DayFigures, Joined
from samouk.loop.ports import Services
from samouk.loop.records import Act
from samouk.loop.survival import Arrival, arrival

RECENT = 20_000
"""Joined outcomes that a look replays, the newest ones: its cost is bounded, and the same in every process."""

UNHEARD = 10_000
"""Exposures without an outcome that an estimate looks at, the newest ones."""

PAIRS = 100
"""Pairs of a version and day below which their calibration error is chance."""

Numbers = NDArray[np.float64]
_Pair = Sequence[float]
_Place = tuple[str, dt.date]

_PAGE = 5_000
_ALL = 1_000_000
_DEPLOYING = frozenset({"register", "release", "publish", "withhold", "archive"})
"""Acts on a version that are no moves of a rollout."""


@dataclass(frozen=True, slots=True)
class Performance:
    """One version on one day for one metric.

    Attributes:
        figures: what the journal counted.
        calibration_gap: mean score less mean outcome, over exposures with both; positive is too hopeful.
        ece: expected calibration error of the newest pairs; None below ``PAIRS`` of them.
        estimate: of the exposures that have no outcome yet, which needs none; None when there is none of
            either, exposures to estimate or pairs to calibrate by.
        arrived: share of the outcomes that ever come which have come by now, by the age of the day's
            exposures; None while nothing is known of the delay.
        expected: outcomes of the day in the end: those so far over ``arrived``, at most one an exposure.
    """

    figures: DayFigures
    calibration_gap: float | None
    ece: float | None
    estimate: Estimate | None
    arrived: float | None
    expected: float | None

    @property
    def positive_rate(self) -> float | None:
        """Share of the outcomes of at least one half."""
        return self.figures.positives / self.figures.outcomes if self.figures.outcomes else None


@dataclass(frozen=True, slots=True)
class Deployment:
    """Something that was done with a version: when, by whom, and why.

    Attributes:
        subject: the version by its name; of a rollout all its challengers, with commas between.
        rollout: the id of the rollout whose move it was; None outside of one.
    """

    at: dt.datetime
    actor: str
    action: str
    subject: str
    reason: str
    rollout: str | None = None


def performance(learner: Learner, services: Services, since: dt.date) -> list[Performance]:
    """Every version and day from ``since`` on, for each of the learner's outcomes, the primary one first."""
    return [row for spec in learner.outcomes for row in _of_metric(learner, services, spec, since)]


def recent(learner: Learner, services: Services) -> list[Joined]:
    """The newest ``RECENT`` joined outcomes, oldest first; a cursor remembers where they begin."""
    name = f"recent:{learner.name}"
    after = services.journal.cursor(name)
    window: deque[Joined] = deque(maxlen=RECENT)
    while page := services.journal.joined(learner.name, after, _PAGE):
        window.extend(page)
        after = page[-1].sequence
    if len(window) == RECENT:
        services.journal.advance(name, window[0].sequence - 1)
    return list(window)


def pairs(joined: Sequence[Joined]) -> tuple[Numbers, Numbers]:
    """(n,) scores and (n,) outcomes of what has both, in the order of joining."""
    return _columns([(one.exposure.score, one.outcome.value) for one in joined if not math.isnan(one.exposure.score)])


def _of_metric(learner: Learner, services: Services, spec: OutcomeSpec, since: dt.date) -> list[Performance]:
    midnight = dt.datetime.combine(since, dt.time(), dt.UTC)
    curve = arrival(services.journal.delays(learner.name, spec.name, midnight))
    waiting: defaultdict[_Place, list[float]] = defaultdict(list)
    for version, at, score in services.journal.unheard(learner.name, spec.name, midnight, UNHEARD):
        waiting[version, at.date()].append(score)
    known: defaultdict[str, list[_Pair]] = defaultdict(list)
    by_day: defaultdict[_Place, list[_Pair]] = defaultdict(list)
    for version, at, *pair in services.journal.scored(learner.name, spec.name, RECENT):
        known[version].append(pair)
        by_day[version, at.date()].append(pair)
    calibrations = {version: calibrate(*_columns(told)) for version, told in known.items()}
    now = services.clock.now()
    rows = []
    for figures in services.journal.days(learner.name, spec.name, since, spec.window):
        place = figures.version, figures.day
        known_that_day, unheard = _columns(by_day[place]), np.array(waiting[place])
        rows.append(_row(figures, known_that_day, unheard, calibrations.get(figures.version), curve, now))
    return rows


def _columns(told: Sequence[_Pair]) -> tuple[Numbers, Numbers]:
    table = np.array(told, np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _row(
    figures: DayFigures,
    known: tuple[Numbers, Numbers],
    unheard: Numbers,
    calibration: Calibration | None,
    curve: Arrival | None,
    now: dt.datetime,
) -> Performance:
    gap = None
    if figures.score_of_known is not None and figures.mean_outcome is not None:
        gap = figures.score_of_known - figures.mean_outcome
    arrived = curve.of_day(figures.day, now) if curve else None
    return Performance(
        figures=figures,
        calibration_gap=gap,
        ece=expected_calibration_error(*known) if len(known[0]) >= PAIRS else None,
        estimate=estimate(calibration, unheard) if calibration is not None and len(unheard) else None,
        arrived=arrived,
        expected=min(figures.outcomes / arrived, float(figures.exposures)) if arrived else None,
    )


def deployments(learner: Learner, services: Services) -> list[Deployment]:
    """Every version that entered, was released, taken back or archived and every move of a rollout, oldest first.

    The audit repeats the moves of the rollouts; what stands in both is told once.
    """
    told = {
        (move.at, move.actor, move.action, move.reason): Deployment(
            move.at, move.actor, move.action, ", ".join(rollout.challengers), move.reason, rollout.rollout_id
        )
        for rollout in services.rollouts.rollouts(learner.name, _ALL)
        for move in rollout.history
    }
    prefix = f"{learner.name}/"
    for act in _acts(services, prefix):
        version = act.subject.removeprefix(prefix)
        told.setdefault(
            (act.at, act.actor, act.action, act.reason),
            Deployment(act.at, act.actor, act.action, version, act.reason),
        )
    return sorted(told.values(), key=lambda one: one.at)


def _acts(services: Services, prefix: str) -> Iterator[Act]:
    after = 0
    while entries := services.audit.entries(after, prefix=prefix, actions=_DEPLOYING):
        yield from (entry.act for entry in entries)
        after = entries[-1].sequence
