"""What may leave the machine about one element: a closed schema in which every value is coarse."""

from __future__ import annotations

from bisect import bisect_right

from samouk.domains.screens.taxonomy import CUSTOM, PUBLIC_CLASSES, TYPES
from samouk.edge.wire import Field, Schema

LABEL_SOURCES = ("role", "class", "superclass", "name", "structure", "model", "correction", "none")
"""Why an element is labelled as it is; ``none``: it is not, and its type is ``unknown``."""

GROUND_TRUTH = frozenset({"role", "class"})
PLATFORMS = ("android", "ios")
CLASSES = (*PUBLIC_CLASSES, CUSTOM)
NONE = "none"
NEIGHBOURS = (*CLASSES, NONE)
"""Public class of a parent; ``none`` above a root."""

GENERIC = "generic"
KINDS = (*TYPES, GENERIC, CUSTOM, NONE)
"""What a neighbour's public class says it is: coarser than the class, and enough."""

ARRANGEMENTS = ("none", "single", "row", "column", "grid", "stack")
"""How children lie: none, one, side by side, below each other, both, or upon each other."""

TEXT_LENGTHS = (0, 2, 7, 20, 40)
"""Representatives of 0, 1-3, 4-10, 11-30 and 31 or more characters."""

COUNTS = (0, 1, 2, 3, 5, 10, 20)
"""Representatives of 0, 1, 2, 3-4, 5-9, 10-19 and 20 or more."""

DEPTHS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 13, 16, 20)
"""Representatives of levels below a root: finer than other counts, for every framework wraps its screens alike."""

SIXTEENTHS = 16
"""Places and shares are told in whole sixteenths, 0 to 16."""

DP_STEP = 8
DP_CAP = 1024
SCREEN_DP = 360
"""Width that every portrait root is taken to have: dumps tell no density."""

_TEXT_FLOORS = (0, 1, 4, 11, 31)


def text_bucket(length: int) -> int:
    """Representative of a text's length."""
    return TEXT_LENGTHS[bisect_right(_TEXT_FLOORS, length) - 1]


def count_bucket(count: int) -> int:
    """Representative of a count: the largest of ``COUNTS`` that it reaches."""
    return COUNTS[bisect_right(COUNTS, count) - 1]


def depth_bucket(depth: int) -> int:
    """Representative of a depth: the largest of ``DEPTHS`` that it reaches."""
    return DEPTHS[bisect_right(DEPTHS, depth) - 1]


def _flag(name: str, meaning: str, optional: bool = False) -> Field:
    return Field(name, "flag", optional=optional, help=meaning)


def _count(name: str, meaning: str) -> Field:
    return Field(name, "integer", 0, COUNTS[-1], help=meaning)


def _share(name: str, meaning: str) -> Field:
    return Field(name, "integer", 0, SIXTEENTHS, help=meaning)


def _kind(name: str, meaning: str) -> Field:
    return Field(name, "category", values=KINDS, help=meaning)


_OWN = (
    Field("sample_id", "identifier", help="random, made at upload; derived from nothing"),
    Field("class_name", "category", values=CLASSES, help="a public class, or custom"),
    _flag("clickable", "reacts to a tap; null on iOS", optional=True),
    _flag("focusable", "takes the focus; null on iOS", optional=True),
    _flag("has_text", "shows words; never told of passwords"),
    Field("text_length", "integer", 0, TEXT_LENGTHS[-1], help="bucket of the words' length; 0 for passwords"),
    Field("bounds_width", "integer", 0, DP_CAP, help="dp, rounded to 8"),
    Field("bounds_height", "integer", 0, DP_CAP, help="dp, rounded to 8"),
    Field("platform", "category", values=PLATFORMS, help="android or ios"),
    Field("element_type", "category", values=TYPES, help="the label, unknown where nothing tells"),
    Field("confidence", "number", 0, 1, help="of the label, one decimal"),
    Field("timestamp", "week", help="Monday of the ISO week"),
    _flag("checkable", "has a mark that can be set; null where not told", optional=True),
    _flag("checked", "the mark is set; null where not told", optional=True),
    _flag("scrollable", "its content moves; null where not told", optional=True),
    _flag("password", "hides what is typed; null where not told", optional=True),
    _flag("enabled", "can be used; null where not told", optional=True),
    _flag("selected", "is the chosen one; null where not told", optional=True),
    _flag("long_clickable", "reacts to a long press; null where not told", optional=True),
    Field("label_source", "category", values=LABEL_SOURCES, help="why it is labelled so"),
)

_AROUND = (
    _count("depth", "levels below the root"),
    _count("levels_below", "levels of elements inside"),
    _count("children", "elements directly inside"),
    _count("descendants", "elements inside at any level"),
    _count("siblings", "elements beside it"),
    _count("sibling_index", "elements before it under the same parent"),
    _count("twins", "siblings of equal flags and nearly equal size"),
    _count("alike_children", "largest number of children that are twins"),
    _count("text_inside", "elements with words inside"),
    _count("picture_inside", "pictures inside, by class or by shape"),
    _count("clickable_inside", "elements inside that react to a tap"),
    _count("scrollable_inside", "elements inside whose content moves"),
    _count("checkable_inside", "elements inside that have a mark to set"),
    _count("text_beside", "siblings with words"),
    _count("checkable_beside", "siblings that have a mark to set"),
    _count("selected_beside", "siblings that are the chosen one"),
    _share("child_cover", "of its area that its largest child takes, in sixteenths"),
    Field("words_inside", "integer", 0, TEXT_LENGTHS[-1], help="bucket of the length of all words inside"),
    Field("parent_class", "category", values=NEIGHBOURS, help="public class of the parent"),
    _kind("grandparent_kind", "what the grandparent's public class says"),
    _kind("child_kind", "what the first child's public class says"),
    _kind("previous_kind", "what the public class of the sibling before says"),
    _kind("next_kind", "what the public class of the sibling after says"),
    Field("arrangement", "category", values=ARRANGEMENTS, help="how its children lie"),
    Field("parent_arrangement", "category", values=ARRANGEMENTS, help="how it and its siblings lie"),
    _share("x", "centre from the left, in sixteenths of the screen"),
    _share("y", "centre from the top, in sixteenths of the screen"),
    _share("width_share", "of the screen, in sixteenths"),
    _share("height_share", "of the screen, in sixteenths"),
    _share("parent_width_share", "of the parent's width, in sixteenths"),
    _share("parent_height_share", "of the parent's height, in sixteenths"),
    _share("parent_x", "centre from the parent's left, in sixteenths of it"),
    _share("parent_y", "centre from the parent's top, in sixteenths of it"),
    _flag("parent_clickable", "the parent reacts to a tap; null where not told", optional=True),
    _flag("parent_scrollable", "the parent's content moves; null where not told", optional=True),
    _flag("inside_clickable", "any ancestor reacts to a tap"),
    _flag("inside_scrollable", "any ancestor's content moves"),
    _flag("inside_list", "an ancestor's class is a list"),
    _flag("inside_tab_bar", "an ancestor's class is a tab bar"),
    _flag("inside_app_bar", "an ancestor's class is an app bar"),
    _flag("inside_dialog", "an ancestor's class is a dialog"),
    _flag("inside_web_view", "an ancestor's class is a web view"),
    _flag("inside_compose", "an ancestor's class is the window of Jetpack Compose"),
)

SCHEMA = Schema("screens.element", 1, _OWN + _AROUND)
OWN = tuple(spec.name for spec in _OWN)
AROUND = tuple(spec.name for spec in _AROUND)
"""Names of the structural context."""

COUNTED = tuple(
    spec.name for spec in _AROUND if spec.kind == "integer" and spec.high == COUNTS[-1] and spec.name != "depth"
)
"""Names of the fields whose values are among ``COUNTS``."""

FLAGS = (
    "clickable",
    "focusable",
    "checkable",
    "checked",
    "scrollable",
    "password",
    "enabled",
    "selected",
    "long_clickable",
)
"""Flags of the element itself that a platform may leave untold."""
