"""What is said of a part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from samouk.settings import Settings

SLOW_S = 0.5
"""An answer that takes longer is worth a word."""


class State(StrEnum):
    """How a part is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen of one part.

    Attributes:
        part: ``database``, ``blobs`` and so on.
        words: what was seen; where it is not well, what to do.
    """

    part: str
    state: State
    words: str


Look = Callable[[Settings], Iterator[tuple[State, str]]]
"""Looks at one part, and says how it is and in what words; what it raises is a fault."""


def answered(place: str, seconds: float) -> tuple[State, str]:
    """What is said of a place that answered after so long."""
    state = State.WARN if seconds > SLOW_S else State.OK
    return state, f"{place} answers in {seconds * 1000:.0f} ms"
