"""What a reader sees of a screen, with everything private still in it: never stored, never sent.

Only ``anonymise`` turns an element into a sample; nothing else may look at the words in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

Platform = Literal["android", "ios"]


class Bounds(NamedTuple):
    """Left, top, right, bottom in the dumper's unit (px on Android, pt on iOS)."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


class Evidence(NamedTuple):
    """Why an element is of a type.

    ``source`` is one of ``schema.LABEL_SOURCES``; ``confidence`` is in [0, 1].
    """

    element_type: str
    confidence: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One node of a hierarchy. A flag is None where the platform or the dumper does not tell.

    Attributes:
        index, parent: place in pre-order; the parent's index, -1 for a root. ``parent < index``.
        class_name: as the platform reports it, vendor names included. Private.
        text, description, hint, resource_id, role: words. Private.
        text_length, description_length, hint_length: in characters; kept apart from the words because
            some dumps come with their words stripped.
        known: a type that was told with the dump (gold rules over words that were stripped before we saw them).
    """

    index: int
    parent: int
    class_name: str
    bounds: Bounds | None = None
    enabled: bool | None = None
    clickable: bool | None = None
    long_clickable: bool | None = None
    checkable: bool | None = None
    checked: bool | None = None
    focusable: bool | None = None
    scrollable: bool | None = None
    selected: bool | None = None
    password: bool | None = None
    visible: bool | None = None
    text: str = ""
    description: str = ""
    hint: str = ""
    resource_id: str = ""
    role: str = ""
    text_length: int = 0
    description_length: int = 0
    hint_length: int = 0
    known: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Screen:
    """One hierarchy in pre-order. ``app`` is the package or bundle name where the dump tells it. Private."""

    platform: Platform
    elements: tuple[Element, ...]
    app: str = ""

    def children(self) -> list[list[int]]:
        """For each element, the indices of its children in order."""
        out: list[list[int]] = [[] for _ in self.elements]
        for element in self.elements:
            if element.parent >= 0:
                out[element.parent].append(element.index)
        return out

    def visible(self) -> Iterator[Element]:
        """Elements that a person could see: not marked invisible, and of positive area where bounds are told."""
        for element in self.elements:
            bounds = element.bounds
            if element.visible is not False and (bounds is None or (bounds.width > 0 and bounds.height > 0)):
                yield element
