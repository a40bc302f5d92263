"""What every Journal backend promises of the figures that are made of exposures and outcomes."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from statistics import fmean, variance

import pytest
from tests.contracts.live import METRIC, ROLLOUT, WINDOWS, after, compared, event_id, exposure, outcome
from tests.contracts.making import LEARNER

from samouk.loop.live import FIRST, ArmStats, DayFigures, Outcome, Share, Variant
from samouk.loop.ports import Journal, Services
from samouk.store.clock import MONDAY, SteppedClock

CONTROL, CHALLENGER = Variant.CONTROL, Variant.CHALLENGER
DAY = 86_400.0


@pytest.fixture
def journal(services: Services) -> Journal:
    """The journal of each backend in turn."""
    return services.journal


def tell(journal: Journal, *outcomes: Outcome) -> None:
    """Tell outcomes with the usual windows."""
    journal.tell(LEARNER, outcomes, WINDOWS)


def arms(journal: Journal, before: dt.datetime | None = None) -> list[ArmStats]:
    """The arms of the rollout, where more than 100 ms is slow."""
    return journal.arms(ROLLOUT, METRIC, slow_ms=100.0, exposed_before=before)


class TestArms:
    """What is known of each arm in each step."""

    def test_nothing_is_known_of_nothing(self, journal: Journal) -> None:
        """No exposures, no arms."""
        assert arms(journal) == []
        assert journal.crossed(ROLLOUT) == 0
        assert list(journal.shadows(ROLLOUT, METRIC)) == []

    def test_an_arm_without_outcomes(self, journal: Journal) -> None:
        """Exposures and units are counted; each unit fails or is slow by its share; exactly the budget is not slow."""
        journal.expose(
            [
                compared(1, CONTROL, failed=True, latency_ms=100.0),
                compared(2, CONTROL, latency_ms=100.1),
                compared(3, CONTROL, unit=f"{2:016x}"),
            ]
        )
        (arm,) = arms(journal)
        failed, slow = Share(0.5, 0.5), Share(0.25, 0.125)
        assert arm == ArmStats(0, CONTROL, "v1.1", 3, 2, failed, slow, 0, 0.0, 0.0, (), after(3), due=1, heard=0)

    def test_a_unit_that_fails_often_is_one_that_fails(self, journal: Journal) -> None:
        """Whatever it had in later steps of its arm counts for it too, and there for nobody."""
        often = [compared(n, CONTROL, unit="x", failed=n > 4, step=n % 2) for n in range(8)]
        journal.expose([*often, compared(8, CONTROL), compared(9, CONTROL, step=1, latency_ms=500.0)])
        first, second = arms(journal)
        assert (first.exposures, first.units) == (5, 2)
        assert first.failed == pytest.approx((3 / 16, 9 / 128))
        assert (second.exposures, second.units, second.failed, second.slow) == (5, 1, Share(), Share(1.0, 0.0))

    def test_what_a_unit_had_in_another_arm_is_not_its_own_arms(self, journal: Journal) -> None:
        """Who moves on to another version is a witness of what the first one did alone."""
        journal.expose([compared(1, CONTROL, unit="x"), compared(2, CHALLENGER, unit="x", step=1, failed=True)])
        assert [(arm.units, arm.failed) for arm in arms(journal)] == [(1, Share()), (0, Share())]

    def test_who_should_have_an_outcome(self, journal: Journal) -> None:
        """Units with an answer whose window has closed, and those of them with an outcome of such an answer."""
        shown = [compared(n, CONTROL) for n in (1, 2, 3)] + [compared(4, CONTROL, failed=True)]
        shown += [compared(n, CONTROL, unit="x") for n in (5, 20)] + [compared(21, CONTROL, unit="y")]
        journal.expose([*shown, compared(6, CONTROL, unit="y", step=1)])
        tell(journal, outcome(1), outcome(2, seconds=DAY), outcome(4), outcome(20), outcome(21), outcome(6))
        found = journal.arms(ROLLOUT, METRIC, slow_ms=100.0, closed_before=after(10))
        assert [(arm.step, arm.units, arm.measured, arm.due, arm.heard) for arm in found] == [
            (0, 6, 4, 4, 1),
            (1, 0, 0, 0, 0),
        ]
        assert [(arm.due, arm.heard) for arm in arms(journal)] == [(5, 3), (0, 0)]

    def test_a_unit_counts_once(self, journal: Journal) -> None:
        """By the mean of its outcomes, in the order of the units' first outcomes."""
        journal.expose([compared(n, CONTROL, unit="b" if n in (1, 2) else f"a{n}") for n in range(1, 6)])
        tell(journal, outcome(3, 0.1), outcome(1, 1.0), outcome(4, 0.7), outcome(2, 0.0))
        (arm,) = arms(journal)
        assert (arm.exposures, arm.units, arm.measured) == (5, 4, 3)
        assert arm.first == pytest.approx((0.1, 0.5, 0.7))
        assert arm.mean == pytest.approx(fmean((0.1, 0.5, 0.7)))
        assert arm.variance == pytest.approx(variance((0.1, 0.5, 0.7)))

    def test_arms_and_steps_are_kept_apart(self, journal: Journal) -> None:
        """By step, variant and version."""
        shown = [
            compared(1, CONTROL, step=1),
            compared(2, CHALLENGER, step=1, version="v1.3"),
            compared(3, CHALLENGER, step=1),
            compared(4, CONTROL),
        ]
        journal.expose(shown)
        tell(journal, *(outcome(n, n / 10) for n in (1, 2, 3, 4)))
        assert [(arm.step, arm.variant, arm.version, arm.mean) for arm in arms(journal)] == [
            (0, CONTROL, "v1.1", 0.4),
            (1, CHALLENGER, "v1.2", 0.3),
            (1, CHALLENGER, "v1.3", 0.2),
            (1, CONTROL, "v1.1", 0.1),
        ]
        assert all(arm.measured == 1 and arm.variance == 0 for arm in arms(journal))

    def test_a_unit_counts_in_its_first_step_alone(self, journal: Journal) -> None:
        """By its outcomes of that step; what it does later is shown as exposures, whenever it arrives or is told."""
        journal.expose([compared(4, CONTROL, unit="x", step=2), compared(3, CONTROL, unit="x", step=1, failed=True)])
        tell(journal, outcome(3, 0.3))
        assert [(arm.step, arm.units, arm.first) for arm in arms(journal)] == [(1, 1, (0.3,)), (2, 0, ())]
        journal.expose([compared(1, CONTROL, unit="x"), compared(2, CONTROL, unit="x"), compared(5, CONTROL, step=1)])
        tell(journal, outcome(4, 0.9), outcome(5, 0.5), outcome(2, 0.1), outcome(1, 0.7))
        found = [(arm.step, arm.exposures, arm.failed.mean, arm.units, arm.measured) for arm in arms(journal)]
        assert found == [(0, 2, 0.25, 1, 1), (1, 2, 0.0, 1, 1), (2, 1, 0.0, 0, 0)]
        assert [arm.mean for arm in arms(journal)] == pytest.approx([0.4, 0.5, 0.0])
        assert [arm.newest for arm in arms(journal)] == [after(2), after(5), after(4)]

    def test_a_first_step_without_an_outcome_is_the_first_step(self, journal: Journal) -> None:
        """Else those who spoke late would count by other days than those who spoke at once."""
        journal.expose([compared(1, CONTROL, unit="x"), compared(2, CONTROL, unit="x", step=1)])
        tell(journal, outcome(2))
        assert [(arm.units, arm.measured) for arm in arms(journal)] == [(1, 0), (0, 0)]

    def test_who_crosses_counts_where_it_was_first(self, journal: Journal) -> None:
        """What came later does not touch the outcomes of the first step; in two arms at once it counts in neither."""
        journal.expose(
            [
                *(compared(1, CONTROL, unit="x"), compared(2, CHALLENGER, unit="x", step=1)),
                *(compared(3, CHALLENGER, unit="y"), compared(4, CHALLENGER, unit="y", version="v1.3")),
                *(compared(5, CONTROL, unit="z"), compared(6, CONTROL, unit="z", step=1)),
            ]
        )
        tell(journal, *(outcome(n) for n in range(1, 7)))
        assert [(arm.step, arm.version, arm.exposures, arm.units, arm.measured) for arm in arms(journal)] == [
            (0, "v1.2", 1, 0, 0),
            (0, "v1.3", 1, 0, 0),
            (0, "v1.1", 2, 2, 2),
            (1, "v1.2", 1, 0, 0),
            (1, "v1.1", 1, 0, 0),
        ]
        assert journal.crossed(ROLLOUT) == 2

    def test_the_champion_is_no_arm(self, journal: Journal) -> None:
        """Who waits outside of the comparison and enters an arm later has not crossed."""
        journal.expose([compared(1, Variant.CHAMPION, unit="x"), compared(2, CHALLENGER, unit="x", step=1)])
        assert [arm.variant for arm in arms(journal)] == [CHALLENGER]
        assert journal.crossed(ROLLOUT) == 0

    def test_another_rollout_is_another_matter(self, journal: Journal) -> None:
        """Neither its exposures nor its crossing count here."""
        journal.expose([compared(1, CONTROL, unit="x"), compared(2, CHALLENGER, unit="x", rollout="ramp-2")])
        assert [arm.exposures for arm in arms(journal)] == [1]
        assert journal.crossed(ROLLOUT) == 0

    def test_what_was_told_late_counts_nowhere(self, journal: Journal) -> None:
        """What came after its window does not; an assumption does."""
        journal.expose([compared(n, CONTROL) for n in (1, 2, 4)])
        tell(journal, outcome(1, 0.5), outcome(2, seconds=DAY), outcome(4, 0.0, assumed=True))
        (arm,) = arms(journal)
        assert (arm.exposures, arm.measured, arm.first) == (3, 2, (0.5, 0.0))

    def test_a_late_word_takes_no_unit_out_of_a_comparison(self, journal: Journal) -> None:
        """The assumption goes on counting, else who complains would vanish; a word in time counts in its place."""
        shadowed = {"v1.3": 0.5}
        journal.expose([compared(n, CONTROL, score=0.5, shadows=shadowed) for n in (1, 2, 3)])
        tell(journal, *(outcome(n, 1.0, assumed=True) for n in (1, 2, 3)))
        before = arms(journal)
        tell(journal, outcome(1, 0.25, seconds=DAY))
        assert arms(journal) == before
        tell(journal, outcome(2, 0.5))
        (arm,) = arms(journal)
        assert (arm.measured, sorted(arm.first)) == (3, [0.5, 1.0, 1.0])
        assert sorted(value for *_, value in journal.shadows(ROLLOUT, METRIC)) == [0.5, 1.0, 1.0]
        (day,) = journal.days(LEARNER, METRIC, MONDAY.date(), WINDOWS[METRIC])
        assert (day.exposures, day.outcomes, day.late, day.assumed, day.mean_outcome) == (3, 3, 1, 1, 1.75 / 3)

    def test_another_metric_is_not_mixed_in(self, journal: Journal) -> None:
        """Each metric has its own outcomes."""
        journal.expose([compared(1, CONTROL), compared(2, CONTROL)])
        tell(journal, outcome(1, 0.5), outcome(1, 0.9, metric="kept"), outcome(2, 0.9, metric="kept"))
        assert arms(journal)[0].first == (0.5,)

    def test_young_exposures_are_shown_and_not_measured(self, journal: Journal) -> None:
        """Outcomes of those exposed from the moment on do not count; everything else of them does."""
        journal.expose([compared(1, CONTROL), compared(2, CONTROL, failed=True, latency_ms=500.0)])
        tell(journal, outcome(1, 0.2), outcome(2, 0.8))
        (arm,) = arms(journal, before=after(2))
        assert (arm.exposures, arm.units, arm.failed.mean, arm.slow.mean, arm.newest) == (2, 2, 0.5, 0.5, after(2))
        assert (arm.measured, arm.first) == (1, (0.2,))
        assert arms(journal, before=after(2.000001)) == arms(journal)

    def test_only_the_first_values_are_at_hand(self, journal: Journal) -> None:
        """Mean and variance are over all, to the last digit also where values differ by little."""
        count = FIRST + 50
        journal.expose([compared(n, CONTROL) for n in range(count)])
        values = [0.999999 + n * 1e-12 for n in range(count)]
        order = [*range(100, count), *range(100)]
        tell(journal, *(outcome(n, values[n]) for n in order))
        (arm,) = arms(journal)
        assert arm.measured == count
        assert arm.first == tuple(values[n] for n in order[:FIRST])
        assert arm.mean == pytest.approx(fmean(values), abs=1e-15)
        assert arm.variance == pytest.approx(variance(values), rel=1e-4)

    def test_shadows_come_beside_what_was_shown(self, journal: Journal) -> None:
        """With unit, score, shadows and an outcome that was not late, in the order of the outcomes."""
        journal.expose([compared(n, CONTROL, score=n / 10, shadows={"v1.3": n / 20}) for n in (1, 2, 3)])
        journal.expose([compared(4, CONTROL), compared(5, CONTROL, score=math.nan, shadows={"v1.3": 0.5})])
        journal.expose([compared(6, CONTROL, rollout="ramp-2", shadows={"v1.3": 0.5})])
        tell(journal, outcome(3, 0.3), outcome(1, 0.1), outcome(2, seconds=DAY), outcome(2, metric="kept"))
        tell(journal, *(outcome(n) for n in (4, 5, 6)))
        assert list(journal.shadows(ROLLOUT, METRIC)) == [
            (f"{3:016x}", 0.3, {"v1.3": 0.15}, 0.3),
            (f"{1:016x}", 0.1, {"v1.3": 0.05}, 0.1),
        ]


class TestDays:
    """How each version did, day by day."""

    def test_a_day_in_full(self, services: Services) -> None:
        """Every figure of a version and day."""
        journal = services.journal
        assert isinstance(services.clock, SteppedClock)
        services.clock.step(dt.timedelta(hours=1, seconds=5))
        scores = {1: 0.2, 2: 0.9, 3: math.nan, 4: 0.6, 5: 0.4}
        journal.expose([exposure(n, score=scores[n], failed=n == 3, latency_ms=n * 10.0) for n in scores])
        tell(journal, outcome(1, 0.5), outcome(2, 0.25, seconds=DAY), outcome(4, 0.0, assumed=True))
        tell(journal, outcome(5, metric="kept"))
        (day,) = journal.days(LEARNER, METRIC, MONDAY.date(), WINDOWS[METRIC])
        assert dataclasses.asdict(day) == pytest.approx(
            dataclasses.asdict(
                DayFigures(
                    version="v1.1",
                    day=MONDAY.date(),
                    metric=METRIC,
                    exposures=5,
                    failures=1,
                    outcomes=3,
                    late=1,
                    assumed=1,
                    open=1,
                    positives=1,
                    mean_score=(0.2 + 0.9 + 0.6 + 0.4) / 4,
                    mean_outcome=0.25,
                    score_of_known=(0.2 + 0.9 + 0.6) / 3,
                    brier=(0.3**2 + 0.65**2 + 0.6**2) / 3,
                    sureness=(0.8 + 0.9 + 0.6 + 0.6) / 4,
                    latency_ms=30.0,
                    latency_p95_ms=50.0,
                )
            )
        )
        assert day.coverage == 3 / 4

    def test_a_day_of_failures(self, journal: Journal) -> None:
        """What has no value is None, and counts are 0."""
        journal.expose([exposure(1, score=math.nan, failed=True)])
        (day,) = journal.days(LEARNER, METRIC, MONDAY.date(), WINDOWS[METRIC])
        assert (day.exposures, day.failures, day.outcomes, day.late, day.assumed, day.positives) == (1, 1, 0, 0, 0, 0)
        assert [day.mean_score, day.mean_outcome, day.score_of_known, day.brier, day.sureness] == [None] * 5

    @pytest.mark.parametrize(("count", "expected"), [(1, 1), (19, 19), (20, 19), (22, 21), (100, 95), (101, 96)])
    def test_the_95th_percentile_is_a_latency_that_was_measured(
        self, journal: Journal, count: int, expected: int
    ) -> None:
        """The smallest that at least 95 % of the exposures do not exceed."""
        journal.expose([exposure(n, latency_ms=float(1 + n * 7 % count)) for n in range(count)])
        (day,) = journal.days(LEARNER, METRIC, MONDAY.date(), WINDOWS[METRIC])
        assert day.latency_p95_ms == expected

    def test_days_begin_at_midnight_in_utc(self, journal: Journal) -> None:
        """From the day on, by day and then by the version's first exposure since that day."""
        shown = [
            exposure(1, at=after(-0.000001), version="v1.0"),
            exposure(2, at=after(10), version="v1.2"),
            exposure(3, at=after(20), version="v1.1"),
            exposure(4, at=after(DAY - 0.000001), version="v1.1"),
            exposure(5, at=after(DAY), version="v1.1"),
            exposure(6, at=after(DAY + 1), version="v1.2"),
            exposure(7, learner="toy.other"),
        ]
        journal.expose(shown)
        days = journal.days(LEARNER, METRIC, MONDAY.date(), WINDOWS[METRIC])
        tuesday = MONDAY.date() + dt.timedelta(days=1)
        assert [(day.day, day.version, day.exposures) for day in days] == [
            (MONDAY.date(), "v1.2", 1),
            (MONDAY.date(), "v1.1", 2),
            (tuesday, "v1.2", 1),
            (tuesday, "v1.1", 1),
        ]
        assert journal.days(LEARNER, METRIC, tuesday, WINDOWS[METRIC]) == [days[3], days[2]]

    def test_delays_tell_who_still_waits(self, services: Services) -> None:
        """The delay of what was told; for the silent, assumed or not, the age now; never below zero."""
        journal = services.journal
        assert isinstance(services.clock, SteppedClock)
        services.clock.step(dt.timedelta(seconds=100))
        journal.expose([exposure(n) for n in (3, 1, 2, 4, 5)] + [exposure(9, learner="toy.other")])
        journal.expose([exposure(200)])
        tell(
            journal,
            outcome(2, seconds=30.5),
            outcome(3, assumed=True),
            outcome(4, seconds=-1),
            outcome(5, metric="kept"),
        )
        assert journal.delays(LEARNER, METRIC, after(2)) == [
            (30.5, True),
            (97.0, False),
            (0.0, True),
            (95.0, False),
            (0.0, False),
        ]

    def test_scores_beside_their_outcomes(self, journal: Journal) -> None:
        """The newest pairs of a metric in order of joining; what has no score, or is another's, is left out."""
        journal.expose([exposure(n, score=n / 10) for n in (1, 2, 3, 4)])
        journal.expose([exposure(5, score=math.nan, failed=True), exposure(9, learner="toy.other")])
        tell(journal, outcome(3), outcome(1, 0.25), outcome(5), outcome(2, metric="kept"), outcome(4, assumed=True))
        journal.tell("toy.other", [outcome(9)], WINDOWS)
        tell(journal, outcome(4, 0.75))
        pairs = [("v1.1", after(3), 0.3, 1.0), ("v1.1", after(1), 0.1, 0.25), ("v1.1", after(4), 0.4, 0.75)]
        assert journal.scored(LEARNER, METRIC) == pairs
        assert journal.scored(LEARNER, METRIC, 2) == pairs[1:]

    def test_event_ids_do_not_decide_the_order(self, journal: Journal) -> None:
        """Applications name their events as they like: what counts is when they were shown."""
        journal.expose([exposure(9, at=after(1)), exposure(1, at=after(9))])
        assert journal.silent(LEARNER, METRIC, after(10)) == [event_id(9), event_id(1)]
