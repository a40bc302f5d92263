"""The automatic labeller: what an element is and how we know, decided on the user's machine.

Order: a declared role, the public class, what was told with the dump, the name a developer or a screen
reader gave, and last the structure around it. The first that speaks decides; none may be the answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from samouk.domains.screens import anonymise, taxonomy
from samouk.domains.screens.element import Element, Evidence, Screen
from samouk.domains.screens.names import is_search, type_of_description, type_of_identifier
from samouk.domains.screens.roles import type_of_role
from samouk.domains.screens.schema import GROUND_TRUTH, SCREEN_DP
from samouk.domains.screens.structure import extent_of
from samouk.domains.screens.taxonomy import Flags

ROLE_SURE, CLASS_SURE, CLASS_IN_PLACE, NAME_SURE, SPOKEN_SURE, NAME_DOUBTED, STRUCTURE_SURE = (
    0.98,
    0.97,
    0.95,
    0.9,
    0.8,
    0.5,
    0.6,
)
"""Confidence by source: assumptions, ordered as the sources deserve trust."""

_WRITTEN = frozenset({"text_input", "password_input", "search_input"})
_TAPPED = frozenset({"button", "icon_button", "link", "tab", "chip", "menu_item", "list_item", "dropdown"})
_HOLDERS = frozenset(
    {"list", "scroll", "tab_bar", "app_bar", "drawer", "dialog", "card", "segmented", "page_indicator"}
)
_LEAVES = frozenset({"icon", "image", "text", "checkbox", "radio_button", "switch", "slider", "progress"})
_MARKS = frozenset({"checkbox", "radio_button", "switch", "chip"})


class _View:
    """A screen with what the rules ask of it: children, size in dp, types by class."""

    def __init__(self, screen: Screen) -> None:
        self.elements = screen.elements
        self.ios = screen.platform == "ios"
        self.children = screen.children()
        self.scale = scale_of(screen)
        self.by_class: list[str | None] = [
            taxonomy.class_type(element.class_name, self.flags(element)) for element in screen.elements
        ]
        # What is typed in secret must not show in the labels around it.
        self.words = [
            0 if element.text_length and _hides(element, kind) else element.text_length
            for element, kind in zip(screen.elements, self.by_class, strict=True)
        ]

    def size(self, element: Element) -> tuple[float, float]:
        """Width and height in dp; (0, 0) when unknown."""
        bounds = element.bounds
        return (0.0, 0.0) if bounds is None else (bounds.width * self.scale, bounds.height * self.scale)

    def flags(self, element: Element) -> Flags:
        return anonymise.flags_of(element, *self.size(element))

    def wordy(self, index: int) -> bool:
        """Whether the element or one of its children has words that show."""
        return self.words[index] > 0 or any(self.words[child] > 0 for child in self.children[index])


def evidence_of(screen: Screen) -> list[Evidence | None]:
    """For each element its type with confidence and source, or None when no rule can tell."""
    view = _View(screen)
    return [
        _truth(element)
        or _by_role(element)
        or _by_class(view, element)
        or element.known
        or _by_name(view, element)
        or _by_structure(view, element)
        for element in screen.elements
    ]


def secrets_of(screen: Screen, evidence: Sequence[Evidence | None]) -> frozenset[int]:
    """Indices of the elements that hide what is typed, by a flag or by what ``evidence`` has of class, role or name."""
    return frozenset(
        element.index
        for element, found in zip(screen.elements, evidence, strict=True)
        if element.password or (found is not None and found.element_type == "password_input")
    )


def told_by_class(screen: Screen) -> list[Evidence | None]:
    """For each element what its public class and its place tell, or None where they say nothing."""
    view = _View(screen)
    return [_by_class(view, element) for element in screen.elements]


def scale_of(screen: Screen) -> float:
    """Dp in one of the dump's units."""
    roots = [element.bounds for element in screen.visible() if element.parent < 0 and element.bounds]
    return extent_of(screen.platform, roots).dp


def _truth(element: Element) -> Evidence | None:
    """What the simulator knows of its own screens; no reader gives such evidence, whatever a dump claims."""
    return element.known if element.known is not None and element.known.source in GROUND_TRUTH else None


def _by_role(element: Element) -> Evidence | None:
    kind = type_of_role(element.role) if element.role else None
    if kind == "text_input" and (element.password or _named(element) == "password_input"):
        kind = "password_input"
    return Evidence(kind, ROLE_SURE, "role") if kind else None


def _by_class(view: _View, element: Element) -> Evidence | None:
    kind = view.by_class[element.index]
    if kind is None:
        return None
    if kind == "button":
        return _button(view, element)
    if kind == "text_input" and _named(element) == "password_input":
        return Evidence("password_input", NAME_SURE, "name")
    if kind == "text_input" and is_search(element.resource_id):
        return Evidence("search_input", NAME_SURE, "name")
    return Evidence(kind, CLASS_SURE, "class")


def _button(view: _View, element: Element) -> Evidence:
    """A button is a tab in a tab bar and a choice in a segmented control; iOS knows no other class for them."""
    around = view.by_class[element.parent] if element.parent >= 0 else None
    if around in ("tab_bar", "segmented"):
        return Evidence("tab" if around == "tab_bar" else "radio_button", CLASS_IN_PLACE, "class")
    silent = element.description_length == 0 and not view.wordy(element.index)
    if view.ios and silent:
        return Evidence("icon_button", SPOKEN_SURE, "class")
    return Evidence("button", CLASS_SURE, "class")


def _named(element: Element) -> str | None:
    return type_of_identifier(element.resource_id) if element.resource_id else None


def _hides(element: Element, by_class: str | None) -> bool:
    """Whether it ends as a password, found out without the words of any element."""
    truth = _truth(element)
    kind = (truth and truth.element_type) or (type_of_role(element.role) if element.role else None) or by_class
    if element.password or kind not in (None, "text_input"):
        return bool(element.password) or kind == "password_input"
    if kind is None and element.known:
        return element.known.element_type == "password_input"
    return _named(element) == "password_input"


def _by_name(view: _View, element: Element) -> Evidence | None:
    kind = _named(element)
    if kind is not None:
        kind = _refined(view, element, kind)
        return Evidence(kind, NAME_SURE if _fits(view, element, kind) else NAME_DOUBTED, "name")
    if element.description:
        kind = type_of_description(element.description, element.clickable is True)
    return Evidence(kind, SPOKEN_SURE, "name") if kind else None


def _refined(view: _View, element: Element, kind: str) -> str:
    """What the name leaves open: a button without words shows a picture, a small picture is an icon."""
    if kind == "button" and not view.wordy(element.index) and 0 < max(view.size(element)) <= 1.5 * taxonomy.ICON_DP:
        return "icon_button"
    if kind in ("image", "icon") and element.clickable and not view.children[element.index]:
        return "icon_button" if view.flags(element).small else "image"
    if kind == "text_input" and element.password:
        return "password_input"
    return kind


def _fits(view: _View, element: Element, kind: str) -> bool:
    """Whether the structure does not contradict a name."""
    children = view.children[element.index]
    if kind in _TAPPED and not view.ios:
        return element.clickable is not False
    if kind in _MARKS and not view.ios:
        return element.checkable is not False
    if kind in _HOLDERS:
        return bool(children)
    if kind == "text":
        return element.text_length > 0 or (element.description_length > 0 and not children)
    if kind in _LEAVES:
        return not children and element.text_length == 0
    if kind == "container":
        return element.clickable is not True and element.text_length == 0
    return kind not in _WRITTEN or (element.focusable is not False and len(children) < 3)


def _by_structure(view: _View, element: Element) -> Evidence | None:
    kind = _shape(view, element)
    return Evidence(kind, STRUCTURE_SURE, "structure") if kind else None


def _shape(view: _View, element: Element) -> str | None:
    children = view.children[element.index]
    if element.password:
        return "password_input"
    if element.scrollable:
        return "list" if _repeats(view, children) else "scroll"
    around = view.by_class[element.parent] if element.parent >= 0 else None
    if around in ("list", "tab_bar") and children and (view.ios or element.clickable):
        return "list_item" if around == "list" else "tab"
    if element.checkable:
        return _mark(view, element)
    if element.clickable:
        return _tapped(view, element, children)
    if not children:
        return _leaf(element)
    return "container" if not view.ios or len(children) > 1 else None


def _repeats(view: _View, children: Sequence[int]) -> bool:
    """Whether at least three children are of one class and one width."""
    looks = Counter((view.elements[child].class_name, round(view.size(view.elements[child])[0])) for child in children)
    return bool(looks) and max(looks.values()) >= 3


def _mark(view: _View, element: Element) -> str | None:
    """A mark that lies flat is a switch; checkbox and radio button look alike, so nothing is said of them."""
    width, height = view.size(element)
    return "switch" if 0 < height <= 40 and 1.4 <= width / height <= 2.2 and not view.wordy(element.index) else None


def _tapped(view: _View, element: Element, children: Sequence[int]) -> str | None:
    width, height = view.size(element)
    if max(width, height) <= 0:
        return None
    if not view.wordy(element.index):
        square = 0.66 <= width / max(height, 1) <= 1.5
        return "icon_button" if square and width <= 64 and len(children) <= 1 else None
    siblings = view.children[element.parent] if element.parent >= 0 else ()
    if width >= 0.7 * SCREEN_DP and _repeats(view, siblings):
        return "list_item"
    single = len(children) <= 1 and 24 <= height <= 72
    return "button" if single and width <= 0.98 * SCREEN_DP else None


def _leaf(element: Element) -> str | None:
    if element.text_length > 0:
        return "text"
    return None
