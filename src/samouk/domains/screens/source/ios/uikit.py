"""UIKit's classes as a test driver names them, and what code may say of a control."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from samouk.domains.screens.source.ios.declarations import Function
from samouk.domains.screens.source.ios.expressions import (
    Assignment,
    Call,
    Choice,
    Closure,
    Expression,
    Guard,
    Loop,
    Name,
    Statement,
)
from samouk.domains.screens.source.ios.scopes import Project, TypeInfo
from samouk.domains.screens.source.widgets import NO_WORDS, Entry, Words

CLASSES: dict[str, str] = {
    "UIButton": "Button",
    "UIBarButtonItem": "Button",
    "UITextField": "TextField",
    "UISearchTextField": "SearchField",
    "UITextView": "TextView",
    "UISwitch": "Switch",
    "UISlider": "Slider",
    "UIStepper": "Stepper",
    "UISegmentedControl": "SegmentedControl",
    "UISearchBar": "SearchField",
    "UIDatePicker": "DatePicker",
    "UIPickerView": "Picker",
    "UILabel": "StaticText",
    "UIImageView": "Image",
    "UITableView": "Table",
    "UICollectionView": "CollectionView",
    "UIScrollView": "ScrollView",
    "UIActivityIndicatorView": "ActivityIndicator",
    "UIProgressView": "ProgressIndicator",
    "UIPageControl": "PageIndicator",
    "UIToolbar": "Toolbar",
    "WKWebView": "WebView",
    "MKMapView": "Map",
    "UIView": "Other",
    "UIStackView": "Other",
    "UIControl": "Other",
    "UITableViewCell": "Cell",
    "UICollectionViewCell": "Cell",
    "UITableViewHeaderFooterView": "Other",
    "UICollectionReusableView": "Other",
    "UIVisualEffectView": "Other",
    "UIAction": "Button",
    "UIContextualAction": "Button",
}
"""What XCUITest calls UIKit's classes."""

_ACTED_ON_WORDS = """
Button TextField SecureTextField SearchField TextView Switch Slider Stepper DatePicker Picker
"""
ACTED_ON = frozenset(_ACTED_ON_WORDS.split())
_ITEM_WORDS = "done cancel edit save add reply action organize compose search refresh stop undo redo close"
SYSTEM_ITEMS: dict[str, str] = {
    name: name.capitalize()
    for name in _ITEM_WORDS.split()
} | {
    "trash": "Delete", "action": "Share", "bookmarks": "Bookmarks", "camera": "Camera", "play": "Play",
    "pause": "Pause", "rewind": "Rewind", "fastForward": "Fast Forward",
    "favorites": "Favorites", "featured": "Featured", "topRated": "Top Rated", "recents": "Recents",
    "contacts": "Contacts", "history": "History", "downloads": "Downloads", "mostRecent": "Most Recent",
    "mostViewed": "Most Viewed", "more": "More",
}  # fmt: skip
"""Words that a screen reader says for the system's own bar items."""

_CONTROLLERS_WORDS = """
UIViewController UITableViewController UICollectionViewController UINavigationController UITabBarController
UISplitViewController UIPageViewController
"""
_CONTROLLERS = frozenset(_CONTROLLERS_WORDS.split())
_ENDINGS: dict[str, str] = {
    "Button": "Button",
    "TextField": "TextField",
    "TextView": "TextView",
    "SearchBar": "SearchField",
    "Switch": "Switch",
    "Slider": "Slider",
    "Label": "StaticText",
    "ImageView": "Image",
    "TableView": "Table",
    "CollectionView": "CollectionView",
    "ViewCell": "Cell",
}
DEEPEST = 12


@dataclass(slots=True)
class Look:
    """What code says of one control, and in which line it makes it.

    Attributes:
        declared: it is made elsewhere; ``handed``: this code got it as a parameter.
        menu: it shows when something else is tapped, pressed or swiped.
        others: what it may be instead: one for each way in which code sets it up.
        parts: what is said of controls within it, if it is an own view.
    """

    kind: str = ""
    line: int = 0
    path: str = ""
    name: str = ""
    identifier: str = ""
    text: Words = NO_WORDS
    label: Words = NO_WORDS
    hint: Words = NO_WORDS
    entry: Entry = field(default_factory=Entry)
    secure: bool | None = None
    checked: bool | None = None
    enabled: bool | None = None
    hidden: bool = False
    action: Expression | None = None
    segments: tuple[Words, ...] = ()
    repeated: bool = False
    tapped: bool = False
    bar: bool = False
    declared: bool = False
    handed: bool = False
    menu: bool = False
    others: list[Look] = field(default_factory=list)
    parts: dict[str, Look] = field(default_factory=dict)

    def cloned(self) -> Look:
        """One that can be told apart from now on."""
        parts = {name: one.cloned() for name, one in self.parts.items()}
        return replace(self, others=list(self.others), parts=parts)

    def part(self, name: str) -> Look:
        """What is said of a control within an own view, from outside of it."""
        return self.parts.setdefault(name, Look(name=name, declared=True))


def ancestry(project: Project, name: str, near: str = "") -> list[str]:
    """A class and those that it inherits from, as far as the source tells."""
    seen: list[str] = []
    waiting = [name]
    while waiting and len(seen) < 2 * DEEPEST:
        one = waiting.pop()
        if one in seen:
            continue
        seen.append(one)
        info = project.find(one, near)
        if info is not None:
            waiting.extend(sorted(info.inherits))
    return seen


def public_kind(project: Project, name: str, near: str = "") -> str:
    """What XCUITest calls a class or its nearest public ancestor; "" for what is no view."""
    line = ancestry(project, name, near)
    known = next((CLASSES[one] for one in line if one in CLASSES), "")
    return known or next((kind for one in line if _is_elsewhere(project, one, near) and (kind := _by_ending(one))), "")


def is_controller(project: Project, info: TypeInfo) -> bool:
    """Whether a class is a view controller."""
    line = ancestry(project, info.name, info.path)
    if info.kind == "extension" and info.name in (*_CONTROLLERS, *CLASSES):
        return False
    return any(
        one in _CONTROLLERS or (one.endswith("ViewController") and _is_elsewhere(project, one, info.path))
        for one in line
    )


def _is_elsewhere(project: Project, name: str, near: str) -> bool:
    """Whether a class is declared in a library, or in a language that is not read; it may have extensions here."""
    found = project.find(name, near)
    return found is None or found.kind == "extension"


def _by_ending(name: str) -> str:
    """Libraries name a view for what it extends: ``RoundedTextField``."""
    if not name[:1].isupper():
        return ""
    return next((kind for ending, kind in _ENDINGS.items() if name.endswith(ending) and name != ending), "")


def selector(value: Expression | None) -> Expression | None:
    """The function that `#selector(signIn(_:))` names; code stays code."""
    if isinstance(value, Call) and value.name == "#selector" and value.arguments:
        value = value.arguments[0].value
        if isinstance(value, Call):
            value = Name(value.name)
        if isinstance(value, Name):
            return Name(value.path.rpartition(".")[2])
    return value


def statements_of(info: TypeInfo) -> Iterator[tuple[Function, Statement]]:
    """All statements of a class, those in branches and in code that is handed over too."""
    for functions in info.functions.values():
        for function in functions:
            waiting = list(reversed(function.body))
            while waiting:
                one = waiting.pop()
                yield function, one
                if isinstance(one, Choice):
                    waiting.extend(each for branch in reversed(one.branches) for each in reversed(branch.body))
                elif isinstance(one, (Loop, Guard)):
                    waiting.extend(reversed(one.body))
                elif isinstance(one, Call):
                    given = [each.value.body for each in one.arguments if isinstance(each.value, Closure)]
                    waiting.extend(each for body in reversed(given) for each in reversed(body))


def names_something(info: TypeInfo) -> bool:
    """Whether code gives anything an identifier."""
    return any(
        isinstance(one, Assignment)
        and isinstance(one.target, Name)
        and one.target.path.endswith(".accessibilityIdentifier")
        for _, one in statements_of(info)
    )
