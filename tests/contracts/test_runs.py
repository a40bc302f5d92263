"""What every Runs backend promises."""

from __future__ import annotations

import dataclasses
import math

import pytest
from examples.side_of_a_line import TOY, ToyWorld
from tests.contracts.making import LEARNER, MOMENT, run

from samouk.loop.ports import Services
from samouk.loop.records import Decision, Figure, Order, RunEnd, TriggerKind, Verdict
from samouk.loop.turn import turn


class TestRuns:
    """The history of turns."""

    def test_a_run_comes_back_as_it_was(self, services: Services) -> None:
        """Every field of a run is kept, its verdict too."""
        figures = (
            Figure("accuracy", 0.9, 0.95, 1000, 0.001, "better"),
            Figure("f1[ios]", 0.5, 0.5, 9, None, "unknown"),
        )
        verdict = Verdict(Decision.PASS, ("better by 5 points",), figures)
        full = run(
            1,
            ended=MOMENT,
            end=RunEnd.RELEASED,
            version="v1.1",
            snapshot="a" * 64,
            verdict=verdict,
            notes=("one", "two"),
            error="none",
        )
        services.runs.save(full)
        assert services.runs.runs(LEARNER) == [full]

    @pytest.mark.parametrize("none", [math.nan, math.inf, -math.inf])
    def test_means_of_nothing_are_kept(self, services: Services, none: float) -> None:
        """A turn without held-out examples has figures that are no numbers, and they come back as none."""
        verdict = Verdict(
            Decision.UNDECIDED, ("only 0 held-out examples",), (Figure("f", none, none, 0, 1.0, "level"),)
        )
        services.runs.save(run(1, end=RunEnd.UNDECIDED, verdict=verdict))
        (found,) = services.runs.runs(LEARNER)
        assert found.verdict is not None
        (figure,) = found.verdict.figures
        assert not math.isfinite(figure.champion)
        assert not math.isfinite(figure.challenger)
        assert (figure.n, figure.p_value, figure.verdict) == (0, 1.0, "level")

    def test_a_wish_to_hold_is_kept(self, services: Services) -> None:
        """Who takes the run up again, after its process died, must know that a person wants to look first."""
        order = Order(TriggerKind.MANUAL, "to look at it first", hold=True)
        held = dataclasses.replace(run(1), order=order)
        services.runs.save(held)
        (found,) = services.runs.runs(LEARNER)
        assert found == held != run(1)
        assert found.order.hold

    def test_a_turn_with_nothing_to_judge_by_is_kept(self, services: Services) -> None:
        """All batches are of one group, so none is held out: no figure of it, which were no number, is written."""
        services.log.append([dataclasses.replace(ToyWorld(7).batch(0, number), group=1) for number in range(3)])
        ended = turn(TOY, services, Order(TriggerKind.MANUAL, "all of one group"))
        assert ended.end is RunEnd.UNDECIDED
        assert ended.verdict is not None and "0 held-out examples" in ended.verdict.reasons[0]
        assert services.runs.runs(TOY.name) == [ended]

    def test_what_was_told_is_kept(self, services: Services) -> None:
        """Who comes after a process that died finds what it left unsaid."""
        services.runs.save(run(1, end=RunEnd.REFUSED, told=False))
        assert [found.told for found in services.runs.runs(LEARNER)] == [False]
        services.runs.save(run(1, end=RunEnd.REFUSED))
        assert [found.told for found in services.runs.runs(LEARNER)] == [True]

    def test_saving_again_replaces(self, services: Services) -> None:
        """A run that goes on stays one run, in its place."""
        services.runs.save(run(1))
        services.runs.save(run(2))
        ended = run(1, end=RunEnd.REFUSED, ended=MOMENT)
        services.runs.save(ended)
        assert services.runs.runs(LEARNER) == [run(2), ended]

    def test_ends_are_counted(self, services: Services) -> None:
        """Of one learner; a run that was saved again counts once, one that runs not at all."""
        for number, end in enumerate([RunEnd.REFUSED, RunEnd.FAILED, RunEnd.REFUSED, None]):
            services.runs.save(run(number, end=end))
        services.runs.save(run(1, end=RunEnd.EMPTY))
        services.runs.save(dataclasses.replace(run(9, end=RunEnd.STAGED), learner="toy.other"))
        assert services.runs.ends(LEARNER) == {RunEnd.REFUSED: 2, RunEnd.EMPTY: 1}
        assert services.runs.ends("toy.none") == {}

    def test_newest_first_and_no_more_than_asked(self, services: Services) -> None:
        """Runs of one learner come newest first, up to the limit."""
        for number in (1, 2, 3):
            services.runs.save(run(number))
        services.runs.save(dataclasses.replace(run(9), learner="toy.other"))
        assert services.runs.runs(LEARNER, limit=2) == [run(3), run(2)]

    def test_the_later_saved_is_newer_whatever_the_clock_said(self, services: Services) -> None:
        """A clock that was a while ahead, and was set back, leaves no run the last one until it is there again."""
        for number in (1, 9, 2):
            services.runs.save(run(number, end=RunEnd.REFUSED))
        services.runs.save(dataclasses.replace(run(2, end=RunEnd.REFUSED), run_id="at once"))
        assert [found.run_id for found in services.runs.runs(LEARNER)] == ["at once", "run-2", "run-9", "run-1"]
        last = services.runs.last_finished(LEARNER)
        assert last is not None
        assert last.run_id == "at once"

    def test_the_last_finished_run_neither_failed_nor_goes_on(self, services: Services) -> None:
        """A failed run and one under way do not count as finished."""
        assert services.runs.last_finished(LEARNER) is None
        for number, end in enumerate([RunEnd.RELEASED, RunEnd.REFUSED, RunEnd.FAILED, None]):
            services.runs.save(run(number, end=end))
        assert services.runs.last_finished(LEARNER) == run(1, end=RunEnd.REFUSED)
        services.runs.save(run(9, end=RunEnd.EMPTY))
        assert services.runs.last_finished(LEARNER) == run(9, end=RunEnd.EMPTY)
