"""Where each visible element stands among the others: counts, neighbours and places, still exact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from samouk.domains.screens.element import Bounds, Element, Platform, Screen
from samouk.domains.screens.schema import SCREEN_DP
from samouk.domains.screens.taxonomy import class_type

_NOWHERE = Bounds(0, 0, 0, 0)
_FARTHEST = 1e6
"""Places beyond this are no places: the element then has no size."""

_IOS_POINTS = 320
"""Fragments of iOS screens are narrower than any iPhone: what is narrower is taken for this wide."""

_PICTURE_DP = (8, 96)
"""A leaf without words of such sides, neither much wider than high nor the reverse, is drawn, not written."""

_ALIKE = 8.0
"""Sides (dp) that differ by less than about this are alike."""

REGIONS = ("list", "tab_bar", "app_bar", "dialog", "web_view", "compose")
"""Ancestors that are worth knowing: five types, and the window of a toolkit."""

_COMPOSE = ("androidx.compose.ui.platform.ComposeView", "androidx.compose.ui.platform.AndroidComposeView")


@dataclass(slots=True)
class Node:
    """One visible element among its visible relatives. ``parent`` is the nearest visible ancestor.

    ``width`` and ``height`` are in dp. ``words`` is in characters.
    """

    element: Element
    parent: Node | None
    bounds: Bounds
    width: float
    height: float
    words: int
    kind: str | None
    depth: int
    place: int
    inside: frozenset[str]
    under_clickable: bool
    under_scrollable: bool
    children: list[Node] = field(default_factory=list)
    levels_below: int = 0
    descendants: int = 0
    text_inside: int = 0
    picture_inside: int = 0
    clickable_inside: int = 0
    words_inside: int = 0
    twins: int = 0
    alike_children: int = 0
    scrollable_inside: int = 0
    checkable_inside: int = 0
    text_children: int = 0
    checkable_children: int = 0
    selected_children: int = 0
    child_cover: float = 0.0
    arrangement: str = "none"

    @property
    def picture(self) -> bool:
        if self.kind in ("image", "icon", "icon_button"):
            return True
        low, high = _PICTURE_DP
        drawn = low <= self.width <= high and low <= self.height <= high
        return drawn and not self.children and not self.words and 0.5 <= self.width / self.height <= 2


@dataclass(frozen=True, slots=True)
class Extent:
    """The screen in the dumper's unit, and how many dp one unit is."""

    width: float
    height: float
    dp: float


def extent_of(platform: Platform, roots: Sequence[Bounds]) -> Extent:
    """The screen behind the roots: a dialog's root does not begin at zero, but lies in the middle."""
    width = max((max(root.left, 0) + root.right for root in roots), default=0)
    height = max((root.bottom for root in roots), default=0)
    if platform == "ios":
        width = max(width, _IOS_POINTS)
        return Extent(width, max(height, width), 1.0)
    if width < 1 or height < 1:
        return Extent(SCREEN_DP, SCREEN_DP, 1.0)
    return Extent(width, height, SCREEN_DP / min(width, height))


def nodes_of(screen: Screen) -> tuple[list[Node], Extent]:
    """Every visible element in pre-order with its measures."""
    elements = list(screen.visible())
    present = {element.index for element in elements}
    above = [element.parent for element in screen.elements]
    parents = [_ancestor(element.parent, above, present) for element in elements]
    roots = [_place(element) for element, parent in zip(elements, parents, strict=True) if parent < 0]
    extent = extent_of(screen.platform, roots)
    spoken = _spoken(screen.platform, elements)
    found: dict[int, Node] = {}
    for element, parent in zip(elements, parents, strict=True):
        found[element.index] = _node(element, found.get(parent), extent, spoken)
    nodes = list(found.values())
    for node in reversed(nodes):
        _gather(node)
    return nodes, extent


def _place(element: Element) -> Bounds:
    bounds = element.bounds
    # Written so that NaN fails too.
    return bounds if bounds and all(abs(side) <= _FARTHEST for side in bounds) else _NOWHERE


def _ancestor(parent: int, above: Sequence[int], present: set[int]) -> int:
    while parent >= 0 and parent not in present:
        parent = above[parent]
    return parent


def _spoken(platform: Platform, elements: Sequence[Element]) -> bool:
    """Whether the screen tells its words as descriptions, as iOS and Flutter do."""
    written = sum(element.text_length > 0 for element in elements)
    described = sum(element.description_length > 0 and not element.text_length for element in elements)
    return platform == "ios" or described > 2 * written


def is_secret(element: Element) -> bool:
    """Whether what is typed there is hidden: then nothing is told of its words, not even their length."""
    return element.password is True or class_type(element.class_name) == "password_input"


def _node(element: Element, parent: Node | None, extent: Extent, spoken: bool) -> Node:
    bounds = _place(element)
    words = element.text_length or (element.description_length if spoken else 0)
    node = Node(
        element=element,
        parent=parent,
        bounds=bounds,
        width=bounds.width * extent.dp,
        height=bounds.height * extent.dp,
        words=0 if is_secret(element) else words,
        kind=class_type(element.class_name),
        depth=parent.depth + 1 if parent else 0,
        place=len(parent.children) if parent else 0,
        inside=_inside(parent),
        under_clickable=parent is not None and (parent.under_clickable or parent.element.clickable is True),
        under_scrollable=parent is not None and (parent.under_scrollable or parent.element.scrollable is True),
    )
    if parent:
        parent.children.append(node)
    return node


def _inside(parent: Node | None) -> frozenset[str]:
    if parent is None:
        return frozenset()
    region = "compose" if parent.element.class_name in _COMPOSE else parent.kind
    if region in REGIONS and region not in parent.inside:
        return parent.inside | {region}
    return parent.inside


def _gather(node: Node) -> None:
    """Sum up what is below; the children come first."""
    for child in node.children:
        node.levels_below = max(node.levels_below, child.levels_below + 1)
        node.descendants += child.descendants + 1
        node.text_inside += child.text_inside + (child.words > 0)
        node.picture_inside += child.picture_inside + child.picture
        node.clickable_inside += child.clickable_inside + (child.element.clickable is True)
        node.words_inside += child.words_inside + child.words
        node.scrollable_inside += child.scrollable_inside + (child.element.scrollable is True)
        node.checkable_inside += child.checkable_inside + (child.element.checkable is True)
        node.text_children += child.words > 0
        node.checkable_children += child.element.checkable is True
        node.selected_children += child.element.selected is True
    if node.children:
        node.arrangement = _arrangement(node.children)
        node.child_cover = _cover(node)
        _match(node)


def _cover(parent: Node) -> float:
    """Share of the parent's area that its largest child takes."""
    area = parent.width * parent.height
    return max(child.width * child.height for child in parent.children) / area if area >= 1 else 0.0


def _match(parent: Node) -> None:
    """Count, for each child, the siblings that look like it: a row's or a column's repetition."""
    counts: dict[tuple[object, ...], int] = {}
    looks = [tuple(_looks(child)) for child in parent.children]
    for look in looks:
        for key in look:
            counts[key] = counts.get(key, 0) + 1
    for child, look in zip(parent.children, looks, strict=True):
        child.twins = max(counts[key] for key in look) - 1
    parent.alike_children = max(counts.values())


def _looks(node: Node) -> Iterator[tuple[object, ...]]:
    element = node.element
    flags = (element.clickable, element.checkable, element.scrollable, bool(node.children))
    yield ("wide", round(node.width / _ALIKE), *flags)
    yield ("high", round(node.height / _ALIKE), *flags)


def _arrangement(children: Sequence[Node]) -> str:
    if len(children) == 1:
        return "single"
    beside = below = upon = 0
    for first, second in pairwise(children):
        a, b = first.bounds, second.bounds
        apart_x = b.left >= a.right or a.left >= b.right
        apart_y = b.top >= a.bottom or a.top >= b.bottom
        upon += not apart_x and not apart_y
        beside += apart_x and not apart_y
        below += apart_y
    if upon * 2 > len(children) - 1:
        return "stack"
    if beside and below and len(children) > 3:
        return "grid"
    return "row" if beside >= below else "column"
