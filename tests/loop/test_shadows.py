"""Shadows beside what was shown: how close each is to the outcome, by unit."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samouk.loop.rollout_policy import RolloutPolicy
from samouk.loop.shadows import paired

POLICY = RolloutPolicy()


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.sampled_from([0.0, 1.0])), min_size=2, max_size=40))
def test_pairs_are_compared_by_squared_distance(rows: list[tuple[float, float, float]]) -> None:
    """Mean and variance of (shown - outcome)² - (shadow - outcome)² over units, as numpy has them."""
    found = paired((str(unit), shown, {"a": other}, told) for unit, (shown, other, told) in enumerate(rows))["a"]
    expected = np.array([(shown - told) ** 2 - (other - told) ** 2 for shown, other, told in rows])
    assert found.n == len(rows)
    assert found.mean == pytest.approx(expected.mean(), abs=1e-12)
    assert found.variance == pytest.approx(expected.var(ddof=1), abs=1e-12)


def test_a_shadow_that_gives_no_answer_is_as_far_off_as_can_be() -> None:
    """It cannot win by silence; where nothing was shown nothing is compared."""
    nan = math.nan
    rows = [("x", 0.5, {"a": nan}, 1.0), ("y", nan, {"a": 1.0}, 1.0), ("z", 0.0, {"a": 1.0}, 1.0)]
    found = paired(rows)["a"]
    assert (found.n, found.missing) == (2, 1)
    assert found.mean == pytest.approx((-0.75 + 1.0) / 2)


def test_a_talkative_unit_does_not_decide() -> None:
    """Planted failure: one unit of 300 asks 3,000 times and the shadow suits it; by exposure that is a proof."""
    rows = [(f"{unit}", 0.5, {"a": 0.5 + 0.1 * (-1) ** unit}, 1.0) for unit in range(300)]
    rows += [("talkative", 0.5, {"a": 0.9}, 1.0)] * 3_000
    by_exposure = paired((f"{place}", *row[1:]) for place, row in enumerate(rows))["a"]
    found = paired(rows)["a"]
    assert by_exposure.bound(POLICY.alpha_gain, POLICY.planned) > 0.15
    assert found.n == 301
    assert found.bound(POLICY.alpha_gain, POLICY.planned) < 0
