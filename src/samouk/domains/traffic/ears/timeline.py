"""The time of the messages: which slot is now, what comes too late, and when a clock has jumped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]

PATIENCE = 5
"""Messages in a row from before the window after which the clock is taken to have been put back."""

JUMP_S = 3_600.0
"""A step forward by more is counted as a jump of the clock; a silent night is one as well, and does no harm."""

OUT_OF_ORDER, LATE, JUMP = "out_of_order", "dropped_late", "clock_jumps"


class Timeline:
    """Follows the times that messages tell, and carries them on between messages by the clock.

    Attributes:
        slot: number of the newest slot; -1 before the first message.
        ahead: seconds that the clock is ahead of the messages: 0 live, years when a log is read.
    """

    def __init__(self, slots: int, slot_s: float) -> None:
        self.slot = -1
        self.ahead = 0.0
        self._slots = slots
        self._jump = int(JUMP_S / slot_s)
        self._late = 0
        self._late_at = -1

    def turn(self, slot: int, heard: int, *, own_clock: bool) -> tuple[bool, str]:
        """Whether a message in another slot than the newest is to be heard, and what is to be counted.

        ``heard``: messages heard so far, by which messages in a row are told. ``own_clock``: the time is the clock's.
        """
        step = slot - self.slot
        if self.slot < 0 or 0 < step <= self._jump:
            self.slot = slot
            return True, ""
        if step > 0:
            self.slot = slot
            return True, JUMP
        if step > -self._slots:
            return True, OUT_OF_ORDER
        self._late = self._late + 1 if self._late_at == heard else 1
        self._late_at = heard
        if own_clock or self._late >= PATIENCE:
            self.slot = slot
            return True, JUMP
        return False, LATE

    def fits(self, slots: IntArray) -> bool:
        """Whether none of many messages, in the order in which they came, is too late."""
        newest = np.maximum.accumulate(np.concatenate([[self.slot], slots]))[:-1]
        return bool((slots > newest - self._slots).all())

    def turn_many(self, slots: IntArray) -> tuple[int, int]:
        """The same for messages none of which comes too late: how many were out of order, how many jumps there were."""
        newest = np.maximum.accumulate(np.concatenate([[self.slot if self.slot >= 0 else slots[0]], slots]))
        self.slot = int(newest[-1])
        return int((slots < newest[:-1]).sum()), int((np.diff(newest) > self._jump).sum())

    def facts(self) -> list[float]:
        return [self.slot, self.ahead, self._late, self._late_at]

    def restore(self, facts: list[float]) -> None:
        self.slot, self.ahead, self._late, self._late_at = int(facts[0]), facts[1], int(facts[2]), int(facts[3])
