"""Components that hold one another in turn, as what draws a tree of data does: how far they are followed."""

from __future__ import annotations

MOST = 12
"""Times that a screen shows a component below others of its family: real menus in menus stay below it."""

MOST_IN_ROWS = 40
"""Times that a screen shows a component in rows of data; beyond it rows hold rows that hold the same again."""


class Families:
    """Which components may hold one another, as far as was seen, and which of them an outermost one has shown.

    One that stands in its own code is not entered again. Among ``n`` that hold one another in turn this alone leaves
    as many ways as there are orders of ``n``. So each is shown once below the outermost of its family, and what the
    outermost one writes itself always is.
    """

    def __init__(self) -> None:
        self._of: dict[int, set[int]] = {}
        self._shown: dict[tuple[int, ...], set[int]] = {}
        self._times: dict[int, int] = {}
        self._in_rows: dict[int, int] = {}

    def related(self, marks: tuple[int, ...]) -> None:
        """Components each of which stands in the code of the one before, and the first in that of the last."""
        family = set(marks)
        for mark in marks:
            family |= self._of.get(mark, set())
        for mark in family:
            self._of[mark] = family

    def is_told(self, mark: int, within: tuple[int, ...]) -> bool:
        """Whether a component was shown below the outermost of its family; from now on it was."""
        family = self._of.get(mark)
        at = next((at for at, one in enumerate(within) if one in family), -1) if family else -1
        if at < 0:
            return False
        self._times[mark] = self._times.get(mark, 0) + 1
        if at == len(within) - 1 or self._times[mark] > MOST:
            return self._times[mark] > MOST
        shown = self._shown.setdefault(within[: at + 1], set())
        told = mark in shown
        shown.add(mark)
        return told

    def is_worn(self, mark: int) -> bool:
        """Whether a component was shown in rows often enough; once more it now was."""
        self._in_rows[mark] = self._in_rows.get(mark, 0) + 1
        return self._in_rows[mark] > MOST_IN_ROWS

    def entered(self, within: tuple[int, ...]) -> None:
        """A component is entered, the last of those that are given: below it nothing was shown."""
        self._shown.pop(within, None)
