"""Sliding windows: against counting every message by hand, one by one, in groups, and around the ring."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samouk.domains.traffic.ears.windows import SLOTS, Groups, Windows

Message = tuple[int, float, bool, bool]

messages_strategy = st.lists(
    st.tuples(st.integers(0, 200), st.floats(0, 1e6), st.booleans(), st.booleans()), min_size=1, max_size=80
)


def told(messages: list[Message], newest: int, oldest: int) -> tuple[float, ...]:
    """The window by hand, from the messages themselves."""
    inside = [message for message in messages if oldest <= message[0] <= newest]
    if not inside:
        return (0.0,) * 6
    sizes = np.array([size for _, size, _, _ in inside])
    slots = np.array([slot for slot, *_ in inside])
    fullest = max(int(((slots > end - 5) & (slots <= end)).sum()) for end in range(oldest, newest + 1))
    errors, limited = (sum(message[place] for message in inside) for place in (2, 3))
    return (len(inside), float(sizes.mean()), float(sizes.std()), errors, limited, fullest)


@settings(max_examples=60)
@given(messages_strategy)
def test_a_window_holds_what_counting_by_hand_finds(messages: list[Message]) -> None:
    """Also where the ring has gone round several times."""
    windows = Windows(2)
    messages.sort()
    for slot, size, error, limited in messages:
        windows.add(1, slot, size, error, limited)
    newest = messages[-1][0]
    oldest = max(newest - SLOTS, 0)
    assert windows.window(1, newest, oldest) == pytest.approx(told(messages, newest, oldest), rel=1e-4, abs=0.5)
    assert windows.window(0, newest, oldest).messages == 0.0


@settings(max_examples=60)
@given(messages_strategy, messages_strategy)
def test_groups_add_up_to_the_same_as_single_messages(before: list[Message], later: list[Message]) -> None:
    """A group that meets a slot which already holds something is joined with it."""
    singly, together = Windows(1), Windows(1)
    recent = [message for message in sorted(before + later) if message[0] > 200 - SLOTS]
    for slot, size, error, limited in recent:
        singly.add(0, slot, size, error, limited)
    for half in (recent[::2], recent[1::2]):
        slots = sorted({message[0] for message in half})
        by_slot = [[message for message in half if message[0] == slot] for slot in slots]
        sizes = [np.array([message[1] for message in group]) for group in by_slot]
        if slots:
            together.add_groups(
                Groups(
                    np.zeros(len(slots), np.int64),
                    np.array(slots),
                    np.array([len(group) for group in by_slot], float),
                    np.array([size.sum() for size in sizes]),
                    np.array([((size - size.mean()) ** 2).sum() for size in sizes]),
                    np.array([sum(message[2] for message in group) for group in by_slot], float),
                    np.array([sum(message[3] for message in group) for group in by_slot], float),
                )
            )
    assert together.window(0, 200, 140) == pytest.approx(singly.window(0, 200, 140), rel=1e-4, abs=0.5)


def test_equal_sizes_have_no_spread() -> None:
    """Squares are taken from the mean, so that single precision leaves no spread where there is none."""
    windows = Windows(1)
    for second in range(60):
        for _ in range(50):
            windows.add(0, second, 123_456.0, False, False)
    assert windows.window(0, 59, 0).spread < 0.1


def test_what_a_jumped_clock_left_is_in_no_window() -> None:
    """A slot of the future does not count, and gives its place to the one that needs it."""
    windows = Windows(1)
    windows.add(0, 1_000 + 61, 5.0, False, False)
    assert windows.window(0, 1_000, 940).messages == 0.0
    windows.add(0, 1_000, 7.0, False, False)
    assert windows.window(0, 1_000, 940) == (1.0, 7.0, 0.0, 0.0, 0.0, 1.0)


def test_counts_stay_where_single_precision_ends() -> None:
    """More than 16.7 million messages in one second of one user neither overflow nor fall back."""
    windows = Windows(1)
    one = np.ones(1)
    windows.add_groups(Groups(np.zeros(1, np.int64), np.zeros(1, np.int64), one * 2.0**24, one, one, one, one))
    windows.add(0, 0, 1e12, False, False)
    window = windows.window(0, 0, 0)
    assert window.messages == 2.0**24
    assert np.isfinite(window).all()


def test_a_cleared_row_is_as_new() -> None:
    """Nothing of the one who had the place before is left for the next."""
    windows = Windows(3)
    for row in range(3):
        windows.add(row, 5, 10.0, True, True)
    windows.clear(1)
    assert [windows.window(row, 5, 0).messages for row in range(3)] == [1.0, 0.0, 1.0]
