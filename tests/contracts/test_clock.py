"""What every clock promises."""

from __future__ import annotations

import datetime as dt

import pytest

from samouk.loop.ports import Clock
from samouk.store.clock import SteppedClock, SystemClock


@pytest.mark.parametrize("clock", [SystemClock(), SteppedClock()], ids=["system", "stepped"])
def test_now_is_aware_and_in_utc(clock: Clock) -> None:
    """Every clock tells an aware moment in UTC that never goes back."""
    first, second = clock.now(), clock.now()
    assert first.utcoffset() == dt.timedelta(0)
    assert second >= first


def test_a_stepped_clock_stands_still_until_it_is_stepped() -> None:
    """Only ``step`` moves a stepped clock."""
    clock = SteppedClock()
    before = clock.now()
    assert clock.now() == before
    assert clock.step(dt.timedelta(days=7)) == clock.now() == before + dt.timedelta(days=7)
