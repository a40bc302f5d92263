"""Storyboards and xibs as flat lists of what Interface Builder wrote, with lines; entities are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from samouk.domains.screens.source import markup
from samouk.domains.screens.source.reading import Unparsable

MOST = 200_000
"""Objects of one file; the largest storyboard seen has 9,000."""

DEEPEST = 120
_DRAWN_WORDS = """
rect autoresizingMask constraints constraint color fontDescription inset size point edgeInsets resources
dependencies plugIn deployment capability namedColor systemColor viewLayoutGuide layoutGuides layoutGuide variation
mask include exclude device nil real integer font paragraphStyle offsetWrapper
"""
_DRAWN = frozenset(_DRAWN_WORDS.split())
"""Elements that only say how things look."""

Attributes = Mapping[str, str]


class Object(NamedTuple):
    """One element. ``parent`` is an index, -1 for the root."""

    parent: int
    tag: str
    attributes: Attributes
    line: int


class Layout(NamedTuple):
    """One storyboard or xib. ``name`` is that of the file; a launch screen holds nothing to act on."""

    name: str
    objects: tuple[Object, ...]
    initial: str
    launch: bool

    def children(self) -> dict[int, list[int]]:
        """Indices of what stands in each object."""
        below: dict[int, list[int]] = {}
        for index, one in enumerate(self.objects):
            below.setdefault(one.parent, []).append(index)
        return below


class _Target:
    """Keeps a flat list, so that no depth of nesting costs a stack."""

    def __init__(self) -> None:
        self.objects: list[Object] = []
        self.open: list[int] = []

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        if len(self.objects) >= MOST or len(self.open) >= DEEPEST:
            raise Unparsable("the layout is too large or nested too deep", line)
        parent = self.open[-1] if self.open else -1
        if name in _DRAWN or parent == -2:
            self.open.append(-2)
            return
        self.open.append(len(self.objects))
        self.objects.append(Object(parent, name, attributes, line))

    def data(self, words: str) -> None:
        """Words say nothing here."""

    def end(self, name: str) -> None:
        self.open.pop()


def read_layout(path: str, content: bytes) -> Layout:
    """The objects of a storyboard or xib. Raises Unparsable."""
    target = _Target()
    markup.feed(content, target, doctype=False)
    objects = target.objects
    root = objects[0].attributes if objects else {}
    if ".Cocoa." in root.get("type", ""):
        return Layout("", (), "", True)  # a Mac's
    name = path.rpartition("/")[2].rpartition(".")[0]
    return Layout(name, tuple(objects), root.get("initialViewController", ""), root.get("launchScreen") == "YES")


def below(layout: Layout, children: Mapping[int, list[int]], index: int, *tags: str) -> Iterator[int]:
    """Objects with one of these tags right below another, or in its list of that kind (`subviews`, `connections`)."""
    for child in children.get(index, ()):
        if layout.objects[child].tag in tags:
            yield child
