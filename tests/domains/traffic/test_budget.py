"""The alarm budget: the highest scores pass, about as many an hour as the operator asked for."""

from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samouk.domains.traffic.detect.budget import HOUR_S, REST, Budget, Held
from samouk.domains.traffic.records import Severity

HIGH, CRITICAL = Severity.HIGH, Severity.CRITICAL


@given(
    st.floats(0, 50),
    st.lists(st.tuples(st.floats(0, 600), st.floats(0, 1)), max_size=300),
)
@settings(max_examples=150, deadline=None)
def test_no_stream_of_scores_brings_more_than_the_budget(per_hour: float, stream: list[tuple[float, float]]) -> None:
    """T hours bring at most B (T + 1) + 1 alarms, whatever the scores and whenever they come."""
    budget, at = Budget(per_hour), 0.0
    for pause, score in stream:
        at += pause
        budget.passes(score, HIGH, at)
    assert budget.passed <= per_hour * (at / HOUR_S + 1) + 1
    assert per_hour > 0 or budget.passed == 0


def test_about_the_budget_comes_through_of_a_busy_stream_and_it_is_the_top() -> None:
    """Of 1,200 candidates an hour some ten pass once it has settled, and nearly all of them from the best percent."""
    rng, budget, passed = random.Random(7), Budget(10), []
    for step in range(1_200 * 24):
        score = rng.random()
        if budget.passes(score, HIGH, step * 3.0):
            passed.append(score)
    assert 9 <= len(passed) / 24 <= 11
    assert sorted(passed)[len(passed) // 2] > 0.98


def test_critical_ones_always_pass_and_count() -> None:
    """A hundred critical alarms in one second all come through; then nothing else does for a while."""
    budget = Budget(5)
    assert all(budget.passes(0.9, CRITICAL, 0.0) for _ in range(100))
    assert not budget.passes(0.99, HIGH, 1.0)
    assert budget.passes(0.99, HIGH, HOUR_S)


def test_a_budget_of_nothing_lets_only_critical_ones_through() -> None:
    """Zero means zero, except for what is critical."""
    budget = Budget(0)
    assert not budget.passes(1.0, HIGH, 0.0)
    assert budget.passes(0.81, CRITICAL, 0.0)
    assert budget.threshold(1e9) == math.inf


def test_after_a_quiet_hour_even_low_ones_pass() -> None:
    """The threshold comes back to its rest within an hour."""
    budget = Budget(3)
    while budget.passes(1.0, HIGH, 0.0):
        pass
    assert budget.threshold(0.0) > 1
    assert budget.threshold(2 * HOUR_S) == REST
    assert budget.passes(REST, Severity.LOW, 2 * HOUR_S)


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    """Time that runs backwards lowers no threshold."""
    budget = Budget(1)
    assert budget.passes(0.9, HIGH, 1_000.0)
    assert budget.threshold(0.0) == budget.threshold(1_000.0)


def test_a_clock_that_was_put_back_is_followed() -> None:
    """After a jump ahead and back the threshold falls as always, not only once the clock is there again."""
    budget = Budget(1)
    assert budget.passes(0.9, HIGH, 365 * 24 * HOUR_S)
    assert not budget.passes(0.9, HIGH, 0.0)
    assert budget.clock_jumps == 1
    again = Budget(1)
    again.restore(json.loads(json.dumps(budget.state())))
    for one in (budget, again):
        assert one.passes(0.9, HIGH, 1.1 * HOUR_S)
        assert not one.passes(0.9, HIGH, 1.1 * HOUR_S - 3)
        assert one.clock_jumps == (one is budget)


def test_what_was_held_back_is_counted_and_shown() -> None:
    """The last hundred can be looked at, all are counted."""
    budget = Budget(1)
    for place in range(150):
        budget.hold(Held(float(place), "u", "unusual", 0.5, HIGH))
    assert budget.held_back == 150
    assert [held.at for held in budget.recent][:1] == [50.0]


def test_it_goes_on_after_a_restart() -> None:
    """The threshold survives through plain JSON; counts begin anew, and the operator's number is the one set now."""
    budget = Budget(4)
    for _ in range(3):
        budget.passes(1.0, HIGH, 100.0)
    again = Budget(8)
    again.restore(json.loads(json.dumps(budget.state())))
    assert (again.per_hour, again.passed, again.held_back) == (8, 0, 0)
    assert again.threshold(500.0) == budget.threshold(500.0)
    fresh = Budget()
    fresh.restore(json.loads(json.dumps(Budget().state())))
    assert fresh.threshold(0.0) == REST


@pytest.mark.parametrize("state", [{}, {"threshold": "x"}, {**Budget().state(), "threshold": math.nan}])
def test_what_is_no_state_is_refused(state: dict[str, object]) -> None:
    """A clear error instead of a budget that lets everything through."""
    with pytest.raises(ValueError, match="alarm budget"):
        Budget().restore(state)


@pytest.mark.parametrize("per_hour", [-1, math.nan, math.inf, 10_001])
def test_a_budget_is_a_number_of_alarms(per_hour: float) -> None:
    """The name of the setting is in the error."""
    with pytest.raises(ValueError, match="budget_per_hour"):
        Budget(per_hour)
