"""What tests do and check, free of any format; a writer only says it in its framework's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from samouk.domains.screens.source.widgets import Place

Verb = Literal[
    # What a person does.
    "tap",  # element
    "type",  # element, value: replaces what stands in it
    "back",  # leave the screen as the platform does it
    "scroll_to",  # element: until it can be seen
    # What is asked for first.
    "given",  # element is shown, though only under a condition; else the rest is left, and the person who runs it told
    # What a person checks.
    "at",  # screen: it is open
    "shown",  # element can be seen
    "usable",  # element can be seen and acted on
    "reads",  # element shows value, the whole of its words; without an element: the screen's title does
    "holds",  # input element shows value
    "holds_not",  # input element does not show value: the app cut or filtered it
    "masked",  # what was typed into element is not shown
    "checked",  # element is on
    "unchecked",  # element is off
    "flips",  # element: a tap turns it on or off, a second one turns it back; how it starts is not known
    "some",  # at least one of a repeated element is shown
]


class Step(NamedTuple):
    """One act or one check. ``screen`` and ``element`` are keys of the app model."""

    verb: Verb
    screen: str
    element: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test.

    Attributes:
        key: unique in its screen, a Python identifier: ``email_accepts_an_address``.
        title: a sentence for people: ``Email accepts an address``.
        screen: where it begins; ``way`` leads there from the screen on which the app opens:
            taps, what must be typed before them, and checks on the way, the last one that ``screen`` is open.
        steps: what is done and checked there; none where that ``screen`` is open is all there is to check.
        touches: elements whose absence, renaming or disabling must make it fail.
        place: the line of the source that it comes from.
    """

    key: str
    title: str
    screen: str
    way: tuple[Step, ...]
    steps: tuple[Step, ...]
    touches: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Unreached:
    """A screen to which no known way leads: its tests are written, and marked as waiting for one."""

    screen: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All cases of an app, screen by screen in the order of the model, and what cannot be reached.

    Attributes:
        asks: the format can look at run time whether a condition is met, and tell when it is not: then its cases ask
            for it (``given``), and need not wait for a person.
    """

    cases: tuple[Case, ...]
    unreached: tuple[Unreached, ...] = ()
    asks: bool = False


class Block(NamedTuple):
    """A part of a generated file that a person may edit or delete by itself: one test, one page object.

    ``key`` is unique in its file, without white space, and stays the same from run to run; ``text`` ends with a line
    end; ``source`` is the line of the app that it comes from (``app/Login.kt:42``), or "".
    """

    key: str
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Generated:
    """A file to write: a path relative to the output folder, what stands above its blocks, and the blocks.

    ``tests`` counts the tests in it, and ``waiting`` those of them that wait for a person.
    """

    path: str
    head: str
    blocks: tuple[Block, ...] = ()
    tests: int = 0
    waiting: int = 0
