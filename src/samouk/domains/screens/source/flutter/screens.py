"""The screens of a Flutter app: from its addresses, then from what their handlers open, until nothing new is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from samouk.domains.screens.source.flutter.arguments import keys_of
from samouk.domains.screens.source.flutter.code import FileCode
from samouk.domains.screens.source.flutter.evaluation import MAX_STEPS, Evaluator
from samouk.domains.screens.source.flutter.nodes import Node, every, spoken
from samouk.domains.screens.source.flutter.pages import Pages, route_names
from samouk.domains.screens.source.flutter.project import Project
from samouk.domains.screens.source.flutter.routes import (
    Address,
    Routes,
    Shell,
    effect,
    find_routes,
    names_called,
    openings,
    root_of,
    scopes,
)
from samouk.domains.screens.source.flutter.strings import Strings
from samouk.domains.screens.source.flutter.tree import MAX_RENDERED, Tree
from samouk.domains.screens.source.flutter.values import (
    NULL,
    OPAQUE,
    Closure,
    Effect,
    Either,
    Known,
    Made,
    Opaque,
    Owned,
    Repeated,
    Seq,
    Txt,
    Value,
    differs,
    either,
    is_null,
)
from samouk.domains.screens.source.widgets import BACK, NO_WORDS, Place, SourceScreen, Trouble, Widget, Words

MAX_SCREENS = 500
"""Dialogs and menus included; the largest studied app has a tenth."""

_MAX_CHANGES = 3
"""How often a screen is read again because another way to it gives it other values."""

_MAX_OPENERS = 3
"""Functions of the app that call one another to open a dialog."""

_BARS = ("AppBar", "SliverAppBar", "CupertinoNavigationBar")
_FIRST = ("Welcome", "Onboard", "Intro", "Login", "SignIn", "Auth", "Home", "Main")
"""Of several screens on which an app may open, which a new user meets, judged by their names."""


@dataclass(eq=False)
class _Draft:
    name: str
    value: Value
    place: Place
    route: str = ""
    entry: bool = False
    dialog: bool = False
    shell: Shell | None = None
    nodes: list[Node] = field(default_factory=list)
    rendered: bool = False
    root: Made | None = None
    fields: dict[str, Value] = field(default_factory=dict)
    changes: int = 0


class Screens:
    """Finds the screens of one app."""

    def __init__(self, files: Mapping[str, FileCode], calls: Mapping[str, Mapping[str, int]], strings: Strings) -> None:
        self._files = dict(files)
        self._calls = calls
        total: Counter[str] = Counter()
        for one in calls.values():
            total.update(one)
        project = Project(files, total)
        self._evaluator = Evaluator(project, strings, effect)
        self._pages = Pages(project)
        self._drafts: dict[str, _Draft] = {}
        self._by_place: dict[tuple[str, Place], str] = {}
        self._shown: set[str] = set()
        self._routes = Routes()
        self._is_over = False
        self.troubles: list[Trouble] = []

    def find(self) -> tuple[SourceScreen, ...]:
        """All screens, rendered, with what leads where."""
        try:
            self._routes = find_routes(self._evaluator, self._files)
        except RecursionError:
            self.troubles.append(Trouble(".", 0, "its routes are nested too deep"))
        for address in self._routes.addresses:
            self._address(address)
        for home in self._routes.homes:
            self._open(home)
        self._enter()
        self._explore()
        for owned in self._forgotten():
            self._open(Made(owned.code.name, "", owned.file, owned.code.line, owned))
            self._explore()
        self._rest()
        self._parts()
        return tuple(_screen(draft) for draft in self._drafts.values() if draft.nodes or not draft.dialog)

    def _parts(self) -> None:
        """What a person can act on in widgets that other files make and that no known screen shows."""
        for owned in self._pages.parts(self._shown) if self._drafts else ():
            if owned.code.name in self._shown or _is_app(owned) or not self._is_used(owned):
                continue
            name = self._open(Made(owned.code.name, "", owned.file, owned.code.line, owned))
            self._explore()
            if name and not any(node.interactive for node in every(self._drafts[name].nodes)):
                del self._drafts[name]
                self._by_place = {key: known for key, known in self._by_place.items() if known != name}

    def _rest(self) -> None:
        """Dialogs, sheets and messages that no handler of a known screen opens."""
        nowhere = _Draft("", NULL, Place("", 0))
        every_one = [
            (member, scope, names_called((member.value, member.body)))
            for path, content in self._files.items()
            for member, scope in scopes(self._evaluator, path, content)
        ]
        known: set[str] = set()
        for _ in range(_MAX_OPENERS):
            known |= {
                member.name
                for member, scope, called in every_one
                if (member.static or scope.this is None) and openings(called, known)
            }
        for member, scope, called in every_one:
            if openings(called, known):
                self._evaluator.fresh()
                for one in self._evaluator.effects_of(Closure(member, scope, member.name), []):
                    if one.kind in ("over", "message"):
                        self._named(nowhere, one)
                self._explore()

    def _address(self, address: Address) -> None:
        name = self._open(address.page, address)
        draft = self._drafts.get(name)
        if draft is not None and not draft.route:
            draft.route, draft.shell = address.path, address.shell

    def _open(self, page: Value, address: Address | None = None, *, over: Effect | None = None) -> str:
        """The screen that a page is; "" for none."""
        root = root_of(self._evaluator, page)
        asked = None if over is None else _asked(over, root if root is not None else page)
        if asked is not None and asked in self._by_place:
            return self._by_place[asked]
        owned = None if root is None else root.owner
        if owned is not None:
            name, place = owned.code.name, Place(owned.file, owned.code.line)
        elif over is not None:
            name, place = over.within.lstrip("_") or "dialog", Place(over.file, over.line)
        elif address is not None and isinstance(page, Made) and page.type == "Scaffold":
            name, place = address.name or address.path, Place(page.file, page.line)
        else:
            return ""
        if root is not None:
            _freed(root)
        key = (name, place) if asked is None or (root is not None and not _says(root)) else (name, asked[1])
        if key not in self._by_place:
            if len(self._drafts) >= MAX_SCREENS:
                self._left_out(place)
                return ""
            fresh = self._fresh(name)
            self._by_place[key] = fresh
            fields = {} if root is None else dict(root.fields)
            self._drafts[fresh] = _Draft(fresh, page, place, dialog=over is not None, root=root, fields=fields)
        elif root is not None and self._by_place[key] in self._drafts:
            _open_to(self._drafts[self._by_place[key]], root)
        if asked is not None:
            self._by_place[asked] = self._by_place[key]
        return self._by_place[key]

    def _left_out(self, place: Place) -> None:
        """Say once that there are more screens than are looked at, and which is the first of them."""
        if not self._is_over:
            self._is_over = True
            reason = f"more than {MAX_SCREENS:,} screens; this one and all after it are left out"
            self.troubles.append(Trouble(place.file, place.line, reason))

    def _fresh(self, name: str) -> str:
        number, tried = 1, name
        while tried in self._drafts:
            number += 1
            tried = f"{name}{number}"
        return tried

    def _enter(self) -> None:
        """Mark the screen on which the app opens."""
        initial = self._routes.find(Txt((self._routes.initial,))) if self._routes.initial else None
        names = [self._open(home) for home in self._routes.homes]
        if initial is not None:
            names.insert(0, self._open(initial.page, initial))
        names = [name for name in names if name] or list(self._drafts)
        if not names:
            names = [self._open(Made(one.code.name, "", one.file, one.code.line, one)) for one in self._pages.whole()]
        if names:
            ranked = names if initial is not None or len(names) == 1 else sorted(names, key=_rank)
            self._drafts[ranked[0]].entry = True

    def _explore(self) -> None:
        while waiting := [draft for draft in self._drafts.values() if not draft.rendered]:
            for draft in waiting:
                draft.rendered = True
                self._render(draft)

    def _render(self, draft: _Draft) -> None:
        self._evaluator.fresh()
        tree = Tree(self._evaluator)
        value = draft.value
        if draft.shell is not None:
            value = self._evaluator.invoke(draft.shell.builder, [OPAQUE, OPAQUE, value])
        try:
            draft.nodes = tree.render(value)
            if draft.shell is not None and not draft.nodes:
                draft.nodes = tree.render(draft.value)
            _folded(draft.nodes)
            self._lead(draft, tree, draft.nodes)
        except RecursionError:
            self.troubles.append(Trouble(draft.place.file, draft.place.line, f"{draft.name} is nested too deep"))
        if self._evaluator.is_spent:
            reason = f"{draft.name} takes more than {MAX_STEPS:,} steps to read; what comes later is left out"
            self.troubles.append(Trouble(draft.place.file, draft.place.line, reason))
        if tree.is_spent:
            reason = f"{draft.name} holds more than {MAX_RENDERED:,} widgets; what comes later is left out"
            self.troubles.append(Trouble(draft.place.file, draft.place.line, reason))
        self._shown |= tree.shown

    def _lead(self, draft: _Draft, tree: Tree, nodes: list[Node]) -> None:
        for node in every(nodes):
            if node.menu is not None and is_null(node.menu) is not True:
                self._menu(draft, tree, node)
            elif node.action is not None and node.interactive and not node.leads_to:
                node.leads_to = self._target(draft, node)

    def _menu(self, draft: _Draft, tree: Tree, node: Node) -> None:
        """What a menu button opens: a screen above this one."""
        key = (f"menu {node.name}", node.place)
        if key in self._by_place:
            node.leads_to = self._by_place[key]
            return
        items = [one for one in tree.render(node.menu) if one.interactive]
        if not items:
            return
        name = self._fresh(f"{draft.name}Menu")
        menu = self._drafts[name] = _Draft(name, NULL, node.place, dialog=True, nodes=items, rendered=True)
        self._by_place[key] = node.leads_to = name
        for item in items:
            if item.action is None and node.action is not None:
                item.action = node.action[0], [item.made.named.get("value", OPAQUE)]
            # A menu closes when one of its items is chosen, whatever else that does.
            item.leads_to = (self._target(menu, item) if item.action is not None else "") or BACK

    def _target(self, draft: _Draft, node: Node) -> str:
        """Name of the screen that a tap opens."""
        if node.action is None:
            return ""
        effects = self._evaluator.effects_of(*node.action)
        for one in effects:
            if one.kind == "back":
                surely = [other for other in effects if other.kind not in ("back", "message") and not other.doubt]
                if one.doubt or not surely:
                    return BACK
                continue
            found = self._named(draft, one)
            if found and found != draft.name:
                return found
        return ""

    def _named(self, draft: _Draft, one: Effect) -> str:
        if one.kind == "go" and isinstance(one.value, Txt):
            address = self._routes.find(one.value)
            return "" if address is None else self._open(address.page, address)
        if one.kind == "open":
            return self._open(one.value)
        if one.kind == "over" and not isinstance(one.value, Opaque):
            return self._open(one.value, over=one)
        if one.kind == "message" and not isinstance(one.value, Opaque):
            self._open(one.value, over=one)  # it comes when it likes, and goes by itself: nothing leads there
        if one.kind == "branch" and draft.shell is not None and isinstance(one.value, Known):
            place = int(one.value.value or 0)
            if place < len(draft.shell.branches):
                address = self._routes.find(Txt((draft.shell.branches[place],)))
                return "" if address is None else self._open(address.page, address)
        return ""

    def _forgotten(self) -> list[Owned]:
        """Screens that other files make, to which no way was found."""
        if not self._drafts:
            return []
        return [
            owned
            for owned in self._pages.whole()
            if owned.code.name not in self._shown and not _is_app(owned) and self._is_used(owned)
        ]

    def _is_used(self, owned: Owned) -> bool:
        """Whether another file makes it, or any file the route to it."""
        name, routes = owned.code.name, route_names(owned.code.name)
        return any(
            (name in calls and path != owned.file) or any(route in calls for route in routes)
            for path, calls in self._calls.items()
        )


def _asked(over: Effect, page: Value) -> tuple[str, Place]:
    """What tells two dialogs apart that one function opens: what it shows."""
    within = f"over {over.within} {over.file}:{over.line}"
    shown = page.options[0] if isinstance(page, Either) else page
    return within, Place(shown.file, shown.line) if isinstance(shown, Made) else Place(over.file, over.line)


def _open_to(draft: _Draft, root: Made) -> None:
    """Another way to a screen: where it gives other values than the ways before it, either may be."""
    known = draft.root
    if known is None or known.owner is None or known is root or draft.changes >= _MAX_CHANGES:
        return
    built = known.owner.code.members.get(known.owner.code.name)
    taken = [param.name for param in built.params if param.binds == "this"] if built is not None else []
    new = {
        name: root.fields.get(name, NULL) for name in taken if differs(draft.fields.get(name), root.fields.get(name))
    }
    key, other = (one.given.get("key", one.named.get("key")) for one in (known, root))
    if not set(keys_of({"key": other})) <= set(keys_of({"key": key})):
        known.given["key"] = other if key is None else either(key, other)
    elif not new:
        return
    draft.fields.update((name, either(draft.fields.get(name, NULL), value)) for name, value in new.items())
    known.fields = dict(draft.fields)
    draft.changes += 1
    draft.rendered = False


def _says(root: Made) -> bool:
    """Whether a dialog is given words or keys: each place that makes it makes another."""
    return any(isinstance(one, Txt) or bool(keys_of({"key": one})) for one in root.given.values())


def _freed(page: Made) -> None:
    """Forget the lists of data that one way to a page hands to it: the page must do for all ways."""
    for name, value in page.fields.items():
        if isinstance(value, Seq) and not any(isinstance(item, Made | Either | Repeated) for item in value.items):
            page.fields[name] = OPAQUE


def _folded(nodes: list[Node]) -> None:
    """Of what stands in a loop over known data, keep one: the data of a person's app will be other."""
    seen: dict[tuple[Place, str], Node] = {}
    waiting = [nodes]
    while waiting:
        level = waiting.pop()
        kept: list[Node] = []
        for node in level:
            first = seen.setdefault((node.place, node.name), node) if node.repeated else node
            if first is node or first.made is node.made:
                kept.append(node)
                continue
            for name in ("text", "label", "hint"):
                if getattr(first, name) != getattr(node, name):
                    setattr(first, name, Words("", "", True))
        level[:] = kept
        waiting.extend(node.kids for node in kept)


def _is_app(owned: Owned) -> bool:
    return any("MaterialApp" in repr(member.body) for member in owned.code.members.values())


def _rank(name: str) -> int:
    return next((place for place, word in enumerate(_FIRST) if word.lower() in name.lower()), len(_FIRST))


def _screen(draft: _Draft) -> SourceScreen:
    widgets: list[Widget] = []
    waiting = [(node, -1) for node in reversed(draft.nodes)]
    while waiting:
        node, parent = waiting.pop()
        here = parent
        if _tells(node):
            here = len(widgets)
            widgets.append(_widget(node, here, parent))
        waiting.extend((kid, here) for kid in reversed(node.kids))
    return SourceScreen(
        name=draft.name,
        place=draft.place,
        widgets=tuple(widgets),
        route=draft.route,
        title=_title(draft.nodes),
        entry=draft.entry,
        dialog=draft.dialog,
    )


def _tells(node: Node) -> bool:
    """Whether a node is worth a widget: a text without words is not."""
    return node.interactive or node.kind != "text" or spoken(node.text) or spoken(node.label)


def _title(nodes: list[Node]) -> Words:
    for node in every(nodes):
        if node.public in _BARS:
            return next((one.text for one in node.walk() if one.kind == "text"), NO_WORDS)
    return NO_WORDS


def _widget(node: Node, index: int, parent: int) -> Widget:
    return Widget(
        index=index,
        parent=parent,
        name=node.name,
        class_name=node.public,
        place=node.place,
        identifier=node.identifier,
        hidden_identifier=node.hidden,
        text=node.text,
        label=node.label,
        hint=node.hint,
        role=node.role,
        interactive=node.interactive,
        clickable=node.clickable,
        long_clickable=node.long_clickable,
        checkable=node.checkable,
        checked=node.checked,
        scrollable=node.scrollable,
        password=node.password,
        enabled=node.enabled,
        repeated=node.repeated,
        conditional=node.conditional,
        entry=node.entry,
        leads_to=node.leads_to,
    )
