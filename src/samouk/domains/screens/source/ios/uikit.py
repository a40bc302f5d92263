"""UIKit code: the controls that a class makes or gets through outlets, and what it says about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from samouk.domains.screens.source.ios.declarations import Function, Property
from samouk.domains.screens.source.ios.expressions import (
    Assignment,
    Call,
    Choice,
    Closure,
    Expression,
    Guard,
    Let,
    Listing,
    Literal,
    Loop,
    Name,
    Statement,
)
from samouk.domains.screens.source.ios.marks import KEYBOARDS, argument
from samouk.domains.screens.source.ios.scopes import Project, Scope, TypeInfo
from samouk.domains.screens.source.ios.words import Speaker
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
DEEPEST = 12


@dataclass(slots=True)
class Look:
    """What code says of one control; ``made`` is the call that makes it, ``line`` where."""

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
    return next((CLASSES[one] for one in ancestry(project, name, near) if one in CLASSES), "")


def is_controller(project: Project, info: TypeInfo) -> bool:
    """Whether a class is a view controller."""
    return any(one in _CONTROLLERS for one in ancestry(project, info.name, info.path))


class Looks:
    """Looks of one class by the names of its controls."""

    def __init__(self, project: Project, speaker: Speaker, info: TypeInfo) -> None:
        self.project, self.speaker, self.info = project, speaker, info
        self.scope = Scope(info.name, info.path, info)
        self.by_name: dict[str, Look] = {}
        self.title: Words = NO_WORDS
        self._bars: list[str] = []
        for own in info.properties.values():
            self._property(own)
        for functions in info.functions.values():
            for function in functions:
                self._function(function)

    def _property(self, own: Property) -> None:
        home = self.info.homes.get(own.name, self.info.path)
        kind = own.type.rstrip("?!")
        if "IBOutlet" in own.attributes:
            self.by_name[own.name] = Look(kind=kind, line=own.line, path=home, name=own.name, declared=True)
        elif isinstance(own.value, Call):
            self._made(own.name, own.value, kind, own.line, home)
        if own.body is not None and public_kind(self.project, kind, home):
            self._closure(own.name, own.body, kind, own.line, home)

    def _made(self, name: str, value: Call, kind: str, line: int, home: str, loops: bool = False) -> bool:
        if value.name == "()" and isinstance(value.receiver, Closure):
            return self._closure(name, value.receiver.body, kind, line, home)
        made = value.name if value.receiver is None else kind
        if not public_kind(self.project, made, home):
            return False
        look = Look(kind=made, line=line, path=home, name=name, repeated=loops)
        self.by_name[name] = look
        self._construction(look, value)
        return True

    def _closure(self, name: str, body: tuple[Statement, ...], kind: str, line: int, home: str) -> bool:
        """A control that code between braces makes and sets up under a local name."""
        made = next((one for one in body if isinstance(one, Let) and isinstance(one.value, Call)), None)
        if made is None or not isinstance(made.value, Call):
            return False
        if not self._made(name, made.value, kind, line, home):
            return False
        for one in body:
            self._statement(one, home, {made.name: name})
        return True

    def _function(self, function: Function) -> None:
        home = self.info.homes.get(function.name, self.info.path)
        self._body(function.body, home, False)

    def _body(self, body: tuple[Statement, ...], home: str, loops: bool) -> None:
        for one in body:
            if isinstance(one, Let) and isinstance(one.value, Call):
                self._made(one.name, one.value, one.type, one.line, home, loops)
            elif isinstance(one, Loop):
                self._body(one.body, home, True)
            elif isinstance(one, Choice):
                for branch in one.branches:
                    self._body(branch.body, home, loops)
            elif isinstance(one, Guard):
                continue
            self._statement(one, home, {})

    def _statement(self, one: Statement, home: str, names: dict[str, str]) -> None:
        if isinstance(one, Assignment) and isinstance(one.target, Name):
            base, _, name = one.target.path.rpartition(".")
            if not base and name == "title":
                self.title = self.speaker.words(one.value, self.scope, False)
            elif base in ("navigationItem", ""):
                self._bar(name, one.value, one.line, home)
            else:
                look = self.by_name.get(names.get(base, base))
                if look is not None:
                    self._assigned(look, name, one.value)
        elif isinstance(one, Call) and isinstance(one.receiver, Name):
            look = self.by_name.get(names.get(one.receiver.path, one.receiver.path))
            if look is not None:
                self._told(look, one)

    def _bar(self, name: str, value: Expression, line: int, home: str) -> None:
        """Items of the top bar."""
        if name == "title":
            self.title = self.speaker.words(value, self.scope, False)
        if not name.endswith(("BarButtonItem", "BarButtonItems")):
            return
        for index, item in enumerate(value.items if isinstance(value, Listing) else (value,)):
            if isinstance(item, Name) and item.path in self.by_name:
                self.by_name[item.path].bar = True
            elif isinstance(item, Call):
                own = f"{name}{index or ''}"
                if self._made(own, item, "UIBarButtonItem", item.line or line, home):
                    self.by_name[own].bar = True

    def _assigned(self, look: Look, name: str, value: Expression) -> None:
        say = self.speaker.words
        match name:
            case "accessibilityIdentifier":
                look.identifier = self.speaker.identifier(value, self.scope)
            case "accessibilityLabel":
                look.label = say(value, self.scope, False)
            case "text" | "title":
                look.text = say(value, self.scope, False)
            case "placeholder":
                look.hint = say(value, self.scope, False)
            case "isSecureTextEntry":
                look.secure = value == Name("true")
            case "keyboardType" | "textContentType":
                kind = KEYBOARDS.get(value.path.rpartition(".")[2]) if isinstance(value, Name) else None
                look.entry = look.entry._replace(kind=kind) if kind is not None else look.entry
            case "isOn":
                look.checked = (
                    {Name("true"): True, Name("false"): False}.get(value) if isinstance(value, Name) else None
                )
            case "isEnabled":
                look.enabled = (
                    {Name("true"): True, Name("false"): False}.get(value) if isinstance(value, Name) else None
                )
            case "isHidden":
                look.hidden = value != Name("false")
            case "action":
                look.action = value
            case "isEditable" if value == Name("false"):
                look.kind = "UILabel"

    def _told(self, look: Look, call: Call) -> None:
        first = argument(call, "")
        match call.name:
            case "setTitle":
                if first is not None and _is_normal(call):
                    look.text = self.speaker.words(first, self.scope, False)
            case "addTarget":
                look.action = argument(call, "action")
            case "addAction":
                self._primary(look, first)
            case "setOn":
                look.checked = first == Name("true")
            case "addGestureRecognizer":
                self._gesture(look, first)

    def _gesture(self, look: Look, value: Expression | None) -> None:
        made = value
        if isinstance(value, Name):
            lets = (one for functions in self.info.functions.values() for each in functions for one in each.body)
            made = next((one.value for one in lets if isinstance(one, Let) and one.name == value.path), None)
        if isinstance(made, Call) and made.name == "UITapGestureRecognizer":
            look.tapped, look.action = True, argument(made, "action")

    def _construction(self, look: Look, call: Call) -> None:
        told = {one.label: one.value for one in call.arguments}
        if "title" in told:
            look.text = self.speaker.words(told["title"], self.scope, False)
        item = told.get("barButtonSystemItem", told.get("systemItem"))
        if isinstance(item, Name):
            look.text = Words(SYSTEM_ITEMS.get(item.path.rpartition(".")[2], ""))
        if "action" in told:
            look.action = told["action"]
        items = told.get("items")
        if isinstance(items, Listing):
            look.segments = tuple(self.speaker.words(one, self.scope, False) for one in items.items)
        image = told.get("image")
        if isinstance(image, Call) and not look.text.value:
            named = argument(image, "systemName", "named")
            look.label = self.speaker.words(named, self.scope, False) if named is not None else NO_WORDS
        self._primary(look, told.get("primaryAction"))

    def _primary(self, look: Look, value: Expression | None) -> None:
        """`UIAction(title:) { ... }`."""
        if isinstance(value, Call) and value.name == "UIAction":
            title = argument(value, "title")
            if isinstance(title, (Literal, Call)):
                look.text = self.speaker.words(title, self.scope, False)
            look.action = argument(value, "handler", "{}")


def _is_normal(call: Call) -> bool:
    state = argument(call, "for")
    return not isinstance(state, Name) or state.path.rpartition(".")[2] in ("normal", "")


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
    """All statements of a class, those in branches too."""
    for functions in info.functions.values():
        for function in functions:
            waiting = list(reversed(function.body))
            while waiting:
                one = waiting.pop()
                yield function, one
                if isinstance(one, Choice):
                    waiting.extend(each for branch in reversed(one.branches) for each in reversed(branch.body))
                elif isinstance(one, Loop):
                    waiting.extend(reversed(one.body))
