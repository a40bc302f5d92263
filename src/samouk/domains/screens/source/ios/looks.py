"""UIKit code read: what one class says of the controls that it makes or gets through outlets."""

from __future__ import annotations

from samouk.domains.screens.source.ios.declarations import Function, Property
from samouk.domains.screens.source.ios.expressions import (
    Assignment,
    Call,
    Choice,
    Closure,
    Expression,
    Let,
    Listing,
    Literal,
    Loop,
    Name,
    Statement,
)
from samouk.domains.screens.source.ios.marks import KEYBOARDS, argument, calls_in
from samouk.domains.screens.source.ios.rows import kind_in, said
from samouk.domains.screens.source.ios.scopes import Project, Scope, TypeInfo, bind
from samouk.domains.screens.source.ios.uikit import SYSTEM_ITEMS, Look, public_kind
from samouk.domains.screens.source.ios.words import Speaker
from samouk.domains.screens.source.widgets import NO_WORDS, Words

Names = dict[str, str]
"""Keys of looks by the local names that stand for them."""

_MAKERS = ("init", "instantiate", "load", "make", "from", "create")
_CONFIGURATION = "UIButton.Configuration"
_ADDS = frozenset({"addSubview", "addArrangedSubview", "insertSubview", "insertArrangedSubview"})
_SETS_BARS: dict[str, str] = {
    "setRightBarButton": "rightBarButtonItem",
    "setLeftBarButton": "leftBarButtonItem",
    "setRightBarButtonItems": "rightBarButtonItems",
    "setLeftBarButtonItems": "leftBarButtonItems",
    "setToolbarItems": "toolbarItems",
}
_ACTIONS = frozenset({"UIAction", "UIContextualAction"})
_BARS = frozenset(_SETS_BARS.values())
_GIVEN: dict[str, str] = {"view": "UIView", "tableView": "UITableView", "collectionView": "UICollectionView"}
"""What every controller of a kind has, and names like a property of its own."""

_SETTERS = ("configure", "update", "set", "render", "apply")
_TOLD = frozenset({"accessibilityIdentifier", "accessibilityLabel", "title", "text", "placeholder"})
"""Arguments of an app's own calls that can mean but one thing."""

_TRUTH: dict[str, bool] = {"true": True, "false": False}


class Looks:
    """Looks of one class by the names of its controls; ``itself`` is what it says of the view that it is."""

    def __init__(self, project: Project, speaker: Speaker, info: TypeInfo) -> None:
        self.project, self.speaker, self.info = project, speaker, info
        self.scope = Scope(info.name, info.path, info)
        self.by_name: dict[str, Look] = {}
        self.title: Words = NO_WORDS
        self.itself = Look(kind=info.name, line=info.line, path=info.path, declared=True)
        self.tab: Look | None = None
        self._taps: dict[str, Call] = {}
        self._within: list[str] = []
        self._built_here: set[str] = set()
        functions = [one for each in info.functions.values() for one in each]
        self._called = {
            one.name
            for one in calls_in(tuple(one.body for one in functions))
            if one.receiver is None and one.name in info.functions
        }
        for own in info.properties.values():
            self._property(own)
        for own in info.properties.values():
            self._body(own.observed, info.homes.get(own.name, info.path), {}, False)
        for function in functions:
            if not self._is_factory(function):
                self._function(function)
        self._actions(functions)
        for function in functions:
            if self._is_factory(function) and function.name not in self._built_here:
                self._function(function)

    def _actions(self, functions: list[Function]) -> None:
        """Entries of menus and of swiped rows."""
        taken = {look.line for look in self.by_name.values()}
        for function in functions:
            home = self.info.homes.get(function.name, self.info.path)
            for call in calls_in(function.body):
                title = argument(call, "title")
                if call.name in _ACTIONS and title is not None and call.line not in taken:
                    look = Look(kind=call.name, line=call.line, path=home, action=argument(call, "handler", "{}"))
                    look.text, look.menu = self.speaker.words(title, self.scope, False), True
                    if look.text != NO_WORDS:
                        self.by_name.setdefault(f"{call.name} {call.line}", look)

    def _is_factory(self, function: Function) -> bool:
        """Whether a function makes a control for another one, where it is read with what it is given."""
        result = function.result.rstrip("?!")
        home = self.info.homes.get(function.name, self.info.path)
        return function.name in self._called and public_kind(self.project, result, home) != ""

    # ---- what is made

    def _property(self, own: Property) -> None:
        home = self.info.homes.get(own.name, self.info.path)
        kind = own.type.rstrip("?!")
        if "IBOutlet" in own.attributes:
            self.by_name[own.name] = Look(kind=kind, line=own.line, path=home, name=own.name, declared=True)
        elif isinstance(own.value, Call):
            self._made(own.name, own.value, kind, own.line, home)
        if own.body is not None and public_kind(self.project, kind, home):
            self._closure(own.name, own.body, kind, own.line, home)

    def _made(self, name: str, value: Call, kind: str, line: int, home: str, loops: bool = False) -> str:
        """Key of the look that a call makes; "" for what is no control."""
        if value.name == "()" and isinstance(value.receiver, Closure):
            return self._closure(name, value.receiver.body, kind, line, home)
        if value.name == "??" and isinstance(other := value.arguments[-1].value, Call):
            value = other
        built = self._built(name, value, line, home)
        if built:
            return built
        made = self._class_of(value, kind, home)
        if not made:
            return ""
        key = self._key(name, line)
        look = Look(kind=made, line=line, path=home, name=name, repeated=loops, declared=made == _CONFIGURATION)
        self.by_name[key] = look
        self._construction(look, value)
        return key

    def _class_of(self, value: Call, kind: str, home: str) -> str:
        """The class that a call makes an instance of, if it is that of a control."""
        receiver = value.receiver.path if isinstance(value.receiver, Name) else ""
        if value.name.startswith("dequeue"):
            return _dequeued(self.project, value, kind)
        if _CONFIGURATION in (receiver, kind):
            return _CONFIGURATION
        made = value.name if value.receiver is None else kind
        if value.receiver is not None and not made and value.name.startswith(_MAKERS):
            made = receiver
        return made if public_kind(self.project, made, home) else ""

    def _key(self, name: str, line: int) -> str:
        return name if name not in self.by_name else f"{name} {line}"

    def _built(self, name: str, value: Call, line: int, home: str) -> str:
        """A control that a function of the class makes, with what the call hands to it."""
        found = self.info.functions.get(value.name) if value.receiver is None else None
        if not found or value.name in self._within or not public_kind(self.project, found[0].result.rstrip("?!"), home):
            return ""
        function = found[0]
        outer = self.scope
        self.scope = outer.inner(bind(function.parameters, value.arguments, outer))
        self._within.append(value.name)
        key = self._closure(name, function.body, function.result.rstrip("?!"), line, home)
        self._within.pop()
        self.scope = outer
        if key:
            self.by_name[key].line = value.line or line
            self._built_here.add(value.name)
        return key

    def _closure(self, name: str, body: tuple[Statement, ...], kind: str, line: int, home: str) -> str:
        """A control that code between braces makes and sets up under a local name."""
        for index, made in enumerate(body):
            if isinstance(made, Let) and isinstance(made.value, Call):
                hint = kind if body[-1] == Name(made.name) else ""
                key = self._made(name, made.value, made.type or hint, line, home)
                if key and self.by_name[key].kind != _CONFIGURATION:
                    self._body(body[index + 1 :], home, {made.name: key}, False)
                    return key
            elif isinstance(made, Call) and made is body[-1]:
                return self._made(name, made, kind, line, home)
        return ""

    def _function(self, function: Function) -> None:
        home = self.info.homes.get(function.name, self.info.path)
        names: Names = {}
        for one in function.parameters:
            kind = one.type.rstrip("?!")
            if self.project.find(kind, home) is not None and public_kind(self.project, kind, home) == "Cell":
                names[one.name] = self._key(f"{one.name} of {function.name}", function.line)
                self.by_name[names[one.name]] = Look(kind=kind, line=function.line, path=home, handed=True)
        self._body(function.body, home, names, False)

    def _body(self, body: tuple[Statement, ...], home: str, names: Names, loops: bool) -> None:
        for one in body:
            if isinstance(one, Let):
                self._let(one, home, names, loops)
            elif isinstance(one, Assignment) and isinstance(one.target, Name):
                self._assignment(one, one.target.path, home, names)
            elif isinstance(one, Loop):
                self._body(one.body, home, dict(names), True)
            elif isinstance(one, Choice):
                self._branches(one, home, names, loops)
            elif isinstance(one, Call):
                self._call(one, home, names, loops)

    def _branches(self, choice: Choice, home: str, names: Names, loops: bool) -> None:
        """A row that is set up in one way or another stands for as many rows."""
        rows = {key: self.by_name[key] for key in names.values() if kind_in(self.by_name, key, self.project) == "Cell"}
        found: dict[str, list[Look]] = {key: [] for key in rows}
        for branch in choice.branches:
            for key, row in rows.items():
                self.by_name[key] = row.cloned()
            self._body(branch.body, home, dict(names), loops)
            for key, row in rows.items():
                if said(self.by_name[key]) != said(row):
                    found[key].append(self.by_name[key])
        for key, row in rows.items():
            if len(found[key]) == 1 and not row.others:
                self.by_name[key] = found[key][0]
            else:
                row.others += found[key]
                self.by_name[key] = row

    def _let(self, one: Let, home: str, names: Names, loops: bool) -> None:
        if isinstance(one.value, Call):
            if one.value.name == "UITapGestureRecognizer":
                self._taps[one.name] = one.value
            # Another function may have a local name like this one; what sets up buttons is asked for by it.
            styled = self._class_of(one.value, one.type, home) == _CONFIGURATION
            name = one.name if styled else f"{one.name} {one.line}"
            key = self._made(name, one.value, one.type, one.line, home, loops)
            if key:
                names[one.name] = key
        elif isinstance(one.value, Name):
            known = names.get(one.value.path, one.value.path)
            if known in self.by_name:
                names[one.name] = known
            elif one.type and public_kind(self.project, one.type, home) == "Cell":  # a row that was handed in
                names[one.name] = self._key(one.name, one.line)
                self.by_name[names[one.name]] = Look(kind=one.type, line=one.line, path=home, handed=True)

    # ---- what is said

    def _look(self, base: str, names: Names) -> Look | None:
        """The look that a path means: of a control, or of a part of an own view."""
        path = base.removeprefix("navigationItem.")
        look = self.by_name.get(names.get(path, path))
        if look is not None or "." not in path:
            return look
        head, _, rest = path.partition(".")
        outer = self.by_name.get(names.get(head, head))
        return outer.part(rest) if outer is not None and "." not in rest else None

    def _assignment(self, one: Assignment, path: str, home: str, names: Names) -> None:
        base, _, name = path.rpartition(".")
        if base in ("navigationItem", "") and (name == "title" or name in _BARS):
            self._bar(name, one.value, one.line, home, names)
        elif name == "backBarButtonItem":
            return  # it is seen on the next screen
        elif base in ("", "tabBarItem") and name in ("tabBarItem", "title", "accessibilityIdentifier"):
            self._of_itself(base, name, one)
        elif not base:
            self._kept(name, one, home, names)
        else:
            look = self._look(base, names) or self._given(base, name)
            if look is not None:
                self._assigned(look, name, one.value, names)

    def _of_itself(self, base: str, name: str, one: Assignment) -> None:
        """Names of the view that the class is, and of its tab."""
        if not base and name == "accessibilityIdentifier":
            self._assigned(self.itself, name, one.value, {})
            return
        if self.tab is None:
            self.tab = Look(kind="UITabBarItem", line=one.line, path=self.info.path)
        if base:
            self._assigned(self.tab, name, one.value, {})
        elif isinstance(one.value, Call):
            self._construction(self.tab, one.value)

    def _kept(self, name: str, one: Assignment, home: str, names: Names) -> None:
        """`saveButton = UIBarButtonItem(...)`, `cell = themeCell`."""
        if name == "toolbarItems":
            self._bar(name, one.value, one.line, home, names)
        elif isinstance(one.value, Name):
            known = names.get(one.value.path, one.value.path)
            if known in self.by_name and name not in self.info.properties:
                names[name] = known
        elif isinstance(one.value, Call) and (name not in self.by_name or name not in self.info.properties):
            own = self.info.properties.get(name)
            key = self._made(name, one.value, own.type.rstrip("?!") if own is not None else "", one.line, home)
            if key:
                names[name] = key

    def _given(self, base: str, name: str) -> Look | None:
        kind = _GIVEN.get(base)
        if kind is None or name != "accessibilityIdentifier" or base in self.info.properties:
            return None
        return self.by_name.setdefault(base, Look(kind=kind, line=self.info.line, path=self.info.path, name=base))

    def _call(self, one: Call, home: str, names: Names, loops: bool) -> None:
        if one.name in _ADDS or one.receiver is None:
            for value in [one] if one.receiver is None else [each.value for each in one.arguments]:
                if isinstance(value, Call) and value.receiver is None:
                    self._unnamed(value, home, loops)
        for within in (one.receiver, *(each.value for each in one.arguments)):
            if isinstance(within, Closure):
                self._body(within.body, home, dict(names), loops)
            elif isinstance(within, Call) and within.receiver is not None and within.name != "()":
                self._call(within, home, names, loops)
        if isinstance(one.receiver, Name):
            if one.name in _SETS_BARS and one.arguments:
                self._bar(_SETS_BARS[one.name], one.arguments[0].value, one.line, home, names)
                return
            look = self._look(one.receiver.path, names)
            if look is not None:
                self._told(look, one)

    def _unnamed(self, value: Call, home: str, loops: bool) -> None:
        """A control that is handed on at once; of a row that has no name nothing is known."""
        if value.name in self.info.functions or public_kind(self.project, value.name, home) not in ("", "Cell"):
            self._made(f"{value.name} {value.line}", value, "", value.line, home, loops)

    def _bar(self, name: str, value: Expression, line: int, home: str, names: Names) -> None:
        """Items of the top bar."""
        if name == "title":
            self.title = self.speaker.words(value, self.scope, False)
            return
        if isinstance(value, Call) and value.name == "()" and isinstance(value.receiver, Listing):
            value = value.receiver  # of `[first] + others()`
        for index, item in enumerate(value.items if isinstance(value, Listing) else (value,)):
            key = names.get(item.path, item.path) if isinstance(item, Name) else ""
            held = argument(item, "customView") if isinstance(item, Call) else None
            if isinstance(held, Name):
                key = names.get(held.path, held.path)
            elif isinstance(item, Call):
                key = self._made(f"{name}{index or ''}", item, "UIBarButtonItem", item.line or line, home)
            if key in self.by_name:
                self.by_name[key].bar = True
                names[name] = key
                self.by_name.setdefault(name, self.by_name[key]) if name in self.info.properties else None

    def _assigned(self, look: Look, name: str, value: Expression, names: Names) -> None:
        say = self.speaker.words
        path = value.path if isinstance(value, Name) else ""
        match name:
            case "accessibilityIdentifier":
                look.identifier = self.speaker.mark(value, self.scope) or look.identifier
                for identifier, words in self.speaker.alternatives(value, self.scope):
                    look.others.append(look.cloned())
                    look.others[-1].others = []
                    look.others[-1].identifier = identifier
                    look.others[-1].text = words if words != NO_WORDS else look.text
            case "accessibilityLabel":
                look.label = say(value, self.scope, False)
            case "text" | "title" | "attributedText" | "attributedTitle" | "labelText":
                look.text = say(value, self.scope, False)
            case "placeholder" | "attributedPlaceholder":
                look.hint = say(value, self.scope, False)
            case "configuration":
                told = self.by_name.get(names.get(path, path))
                look.text = told.text if told is not None and told.text != NO_WORDS else look.text
            case "isSecureTextEntry":
                look.secure = path == "true"
            case "keyboardType" | "textContentType":
                kind = KEYBOARDS.get(path.rpartition(".")[2])
                look.entry = look.entry._replace(kind=kind) if kind is not None else look.entry
            case "isOn":
                look.checked = _TRUTH.get(path)
            case "isEnabled":
                look.enabled = _TRUTH.get(path)
            case "isHidden":
                look.hidden = path != "false"
            case "action":
                look.action = value
            case "isEditable" if path == "false":
                look.kind = "UILabel"

    def _told(self, look: Look, call: Call) -> None:
        first = argument(call, "")
        match call.name:
            case "setTitle" | "setAttributedTitle":
                if first is not None and _is_normal(call):
                    look.text = self.speaker.words(first, self.scope, False)
            case "setImage":
                if look.label == NO_WORDS and isinstance(first, Call) and _is_normal(call):
                    look.label = self._picture(first)
            case "addTarget":
                look.action = argument(call, "action")
            case "addAction":
                self._primary(look, first)
            case "setOn":
                look.checked = first == Name("true")
            case "addGestureRecognizer":
                made = self._taps.get(first.path) if isinstance(first, Name) else first
                if isinstance(made, Call) and made.name == "UITapGestureRecognizer":
                    look.tapped, look.action = True, argument(made, "action")
            case name if name.startswith(_SETTERS):
                for one in call.arguments:
                    if one.label in _TOLD:
                        self._assigned(look, one.label, one.value, {})

    def _picture(self, image: Call) -> Words:
        named = argument(image, "systemName", "named")
        return self.speaker.words(named, self.scope, False) if named is not None else NO_WORDS

    def _construction(self, look: Look, call: Call) -> None:
        told = {one.label: one.value for one in call.arguments}
        if "title" in told:
            look.text = self.speaker.words(told["title"], self.scope, False)
        item = told.get("barButtonSystemItem", told.get("systemItem"))
        if isinstance(item, Name):
            look.text = Words(SYSTEM_ITEMS.get(item.path.rpartition(".")[2], ""))
        if "action" in told:
            look.action = told["action"]
        if isinstance(given := told.get("configuration"), Name) and given.path in self.by_name:
            look.text = self.by_name[given.path].text
        items = told.get("items")
        if isinstance(items, Listing):
            look.segments = tuple(self.speaker.words(one, self.scope, False) for one in items.items)
        image = told.get("image")
        if isinstance(image, Call) and not look.text.value:
            look.label = self._picture(image)
        for name in _TOLD - {"title"} & told.keys():
            self._assigned(look, name, told[name], {})
        self._primary(look, told.get("primaryAction"))

    def _primary(self, look: Look, value: Expression | None) -> None:
        """`UIAction(title:) { ... }`."""
        if isinstance(value, Call) and value.name == "UIAction":
            title = argument(value, "title")
            if isinstance(title, (Literal, Call)):
                look.text = self.speaker.words(title, self.scope, False)
            look.action = argument(value, "handler", "{}")


def _dequeued(project: Project, value: Call, kind: str) -> str:
    """The class of a row that is taken from those that went out of sight."""
    if kind:
        return kind if public_kind(project, kind) else ""
    for one in value.arguments:
        if isinstance(one.value, Name):
            head = one.value.path.partition(".")[0]
            if public_kind(project, head):
                return head
    if "Supplementary" in value.name or "HeaderFooter" in value.name:
        return ""
    receiver = value.receiver.path if isinstance(value.receiver, Name) else ""
    return "UICollectionViewCell" if "ollection" in receiver else "UITableViewCell"


def _is_normal(call: Call) -> bool:
    state = argument(call, "for")
    return not isinstance(state, Name) or state.path.rpartition(".")[2] in ("normal", "")
