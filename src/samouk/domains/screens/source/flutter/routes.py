"""Where a Flutter app's screens have their addresses: GoRouter, MaterialApp, Navigator, dialogs."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from samouk.domains.screens.source.flutter import code
from samouk.domains.screens.source.flutter.code import Call, Expr, FileCode, Member
from samouk.domains.screens.source.flutter.evaluation import Evaluator
from samouk.domains.screens.source.flutter.values import (
    NULL,
    OPAQUE,
    Closure,
    Either,
    Made,
    Owned,
    Pairs,
    Repeated,
    Scope,
    Seq,
    Txt,
    Value,
    is_null,
)

APPS = frozenset({"MaterialApp", "CupertinoApp", "WidgetsApp", "GetMaterialApp", "GoRouter"})
_DIALOGS = re.compile(r"^show\w*(Dialog|Sheet|Popup|PopUp|Modal|Menu)$")
_HELD = frozenset({"dialog", "bottomSheet"})
"""Calls on ``Get`` that show what they are given."""

_MESSAGES = frozenset({"showSnackBar", "showMaterialBanner"})
_PUSHED = frozenset(
    {
        "push",
        "pushReplacement",
        "pushAndRemoveUntil",
        "replace",
        "to",
        "off",
        "offAll",
        "restorablePush",
        "pushRoute",
        "navigateTo",
        "navigate",
    }
)
_BACK = frozenset({"pop", "maybePop", "popUntil", "back"})
_ADDRESSED = frozenset(
    {"go", "goNamed", "toNamed", "offNamed", "offAllNamed", "push", "replace", "pushReplacement"}
) | {
    "pushNamed",
    "pushReplacementNamed",
    "popAndPushNamed",
    "pushNamedAndRemoveUntil",
    "restorablePushNamed",
    "replaceNamed",
}
_NAVIGATORS = re.compile(
    r"(?i)^(navigator|context|ctx|get|gorouter|.*router|.*navigator.*|nav|navigatorstate|currentstate)$"
)
_MAX_NESTED = 12


def effect(
    evaluator: Evaluator, of: str, name: str, args: Sequence[Value], named: dict[str, Value]
) -> tuple[str, Value] | None:
    """What a call of a handler does to the screens, if it does."""
    if name in _MESSAGES and args:
        return "message", args[0]
    if not of:
        if _DIALOGS.match(name):
            return "over", _above(evaluator, args, named)
        return None
    if of == "Get" and name in _HELD and args:
        return "over", args[0]
    if name == "goBranch" and args:
        return "branch", args[0]
    if not _NAVIGATORS.match(of):
        return None
    if name in _BACK:
        return "back", NULL
    texts = [arg for arg in args if isinstance(arg, Txt)]
    if name in _ADDRESSED and texts:
        return "go", texts[0]
    if name in _PUSHED:
        for arg in reversed(args):
            page = page_of(evaluator, arg)
            if page is not None:
                return "open", page
    return None


def _above(evaluator: Evaluator, args: Sequence[Value], named: dict[str, Value]) -> Value:
    for name in ("builder", "pageBuilder"):
        if isinstance(named.get(name), Closure):
            return evaluator.invoke(named[name], [])
    return named.get("children", named.get("items", named.get("child", OPAQUE)))


def page_of(evaluator: Evaluator, value: Value, depth: int = 0) -> Value | None:
    """The widget that a route or a page shows; None where the value is neither."""
    if isinstance(value, Either):
        pages = [page_of(evaluator, option, depth) for option in value.options]
        return next((page for page in pages if page is not None), None)
    if isinstance(value, Closure):
        return page_of(evaluator, evaluator.invoke(value, []), depth + 1) if depth < _MAX_NESTED else None
    if not isinstance(value, Made):
        return None
    if value.owner is not None and evaluator.project.is_widget(value.owner):
        return value
    for name in ("builder", "pageBuilder", "child", "page", "body"):
        inner = value.named.get(name, value.fields.get(name))
        if isinstance(inner, Closure):
            return evaluator.invoke(inner, []) if depth < _MAX_NESTED else None
        if isinstance(inner, Made | Either):
            return inner if name in ("child", "page") else value
    return value if value.owner is None and value.type == "Scaffold" else None


def root_of(evaluator: Evaluator, value: Value, depth: int = 0) -> Made | None:
    """The own widget that a page is: below providers, pages and scaffolds that only hold it."""
    if isinstance(value, Either):
        return next((found for one in value.options if (found := root_of(evaluator, one, depth))), None)
    if isinstance(value, Closure) and depth < _MAX_NESTED:
        return root_of(evaluator, evaluator.invoke(value, []), depth + 1)
    if not isinstance(value, Made) or depth > _MAX_NESTED:
        return None
    if value.owner is not None and evaluator.project.is_widget(value.owner):
        # What is handed to a gate or a theme is the screen.
        inner = root_of(evaluator, value.given.get("child"), depth + 1)
        return inner or value
    for name in ("child", "body", "home", "builder", "page"):
        if name in value.named:
            found = root_of(evaluator, value.named[name], depth + 1)
            if found is not None:
                return found
    return None


class Shell(NamedTuple):
    """What stays around several screens: its builder, and the first address of each of its branches."""

    builder: Closure
    branches: list[str]


class Address(NamedTuple):
    """A place in the app's navigation. ``path`` is whole, with ``:name`` for what is filled in."""

    path: str
    name: str
    page: Value
    shell: Shell | None = None


@dataclass
class Routes:
    """All addresses of an app, and those on which it may open."""

    addresses: list[Address] = field(default_factory=list)
    initial: str = ""
    homes: list[Value] = field(default_factory=list)

    def find(self, target: Txt) -> Address | None:
        """The address that a string means: a name, or a path whose unknown pieces fit anything."""
        whole = target.whole
        for one in self.addresses:
            if whole and (one.name == whole or one.path == whole):
                return one
        pieces, tail = _pieces(target)
        fitting = [one for one in self.addresses if _fits(_split(one.path), pieces, tail)]
        return max(fitting, key=lambda one: _exact(_split(one.path), pieces), default=None)


def _pieces(target: Txt) -> tuple[list[str | None], bool]:
    """Segments of a path; None for one that is not known. Whether only its end is known."""
    text = "".join("\0" if part is None else part for part in target.parts)
    tail = text.startswith("\0/")
    text = text.removeprefix("\0").partition("?")[0]
    return [None if "\0" in piece else piece for piece in text.split("/") if piece], tail


def _split(path: str) -> list[str]:
    return [piece for piece in path.split("/") if piece]


def _fits(path: Sequence[str], pieces: Sequence[str | None], tail: bool) -> bool:
    if tail:
        path = path[-len(pieces) :] if pieces else []
    return (
        bool(pieces)
        and len(path) == len(pieces)
        and any(piece is not None and piece == step for step, piece in zip(path, pieces, strict=True))
        and all(
            piece is None or step.startswith(":") or piece == step for step, piece in zip(path, pieces, strict=True)
        )
    )


def _exact(path: Sequence[str], pieces: Sequence[str | None]) -> tuple[int, int]:
    near = path[-len(pieces) :]
    same = sum(
        step.startswith(":") if piece is None else step == piece for step, piece in zip(near, pieces, strict=True)
    )
    return same, -len(path)


def find_routes(evaluator: Evaluator, files: dict[str, FileCode]) -> Routes:
    """Evaluate each call that makes a router or an app."""
    routes = Routes()
    for path, content in files.items():
        for made in _apps(evaluator, path, content):
            if made.type == "GoRouter":
                _router(evaluator, made, routes)
            else:
                _application(evaluator, made, routes)
    return routes


def _apps(evaluator: Evaluator, path: str, content: FileCode) -> Iterator[Made]:
    for member, scope in scopes(evaluator, path, content):
        yield from _made_in(evaluator, member, scope)


def scopes(evaluator: Evaluator, path: str, content: FileCode) -> Iterator[tuple[Member, Scope]]:
    """Each member of a file, with what its code sees."""
    for member in content.members.values():
        yield member, Scope(path)
    for one in content.classes:
        owner = Owned(one, path)
        this = Made(one.name, "", path, one.line, owner)
        if one.argument and one.base.endswith("State"):
            above = evaluator.project.type(one.argument, path)
            if above is not None:
                this.widget = Made(one.argument, "", path, one.line, above)
        for member in one.members.values():
            yield member, Scope(path, this=None if member.static else this, owner=owner)


def openings(called: Collection[str], known: Container[str]) -> bool:
    """Whether one of these calls opens something above a screen; ``known`` are functions of the app that do."""
    return any(_DIALOGS.match(name) or name in _MESSAGES or name in known for name in called)


def names_called(of: Any) -> frozenset[str]:
    """Names of functions and methods that are called below a record."""
    found: set[str] = set()
    waiting = [of]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Call):
            found.add(one.of.id if isinstance(one.of, code.Name) else one.of.name if type(one.of) is code.Get else "")
        if isinstance(one, tuple):
            waiting.extend(one)
    return frozenset(found)


def _made_in(evaluator: Evaluator, member: Member, scope: Scope) -> Iterator[Made]:
    for call in _calls((member.value, member.body)):
        evaluator.fresh()
        inner = scope.inner()
        inner.names.update((param.name, OPAQUE) for param in member.params)
        for one in member.body:
            if isinstance(one, code.Let):
                inner.names[one.name] = evaluator.value(one.value, inner)
        made = evaluator.value(call, inner)
        if isinstance(made, Made):
            yield made


def _calls(of: Any) -> Iterator[Call]:
    """Calls below a record that make an app or a router."""
    if isinstance(of, Call):
        head = of.of.of if isinstance(of.of, code.Get) else of.of
        if isinstance(head, code.Name) and head.id in APPS:
            yield of
            return
    if isinstance(of, tuple):
        for one in of:
            yield from _calls(one)


def _router(evaluator: Evaluator, made: Made, routes: Routes) -> None:
    initial = made.named.get("initialLocation")
    if isinstance(initial, Txt) and initial.whole and not routes.initial:
        routes.initial = initial.whole
    routes.initial = routes.initial or "/"
    _collect(evaluator, made.named.get("routes", NULL), "", None, routes, 0)


def _collect(evaluator: Evaluator, value: Value, parent: str, shell: Shell | None, routes: Routes, depth: int) -> None:
    if depth > _MAX_NESTED:
        return
    if isinstance(value, Seq | Either):
        for one in value.items if isinstance(value, Seq) else value.options:
            _collect(evaluator, one, parent, shell, routes, depth)
    elif isinstance(value, Repeated):
        _collect(evaluator, value.value, parent, shell, routes, depth)
    elif isinstance(value, Made):
        _route(evaluator, value, parent, shell, routes, depth)


def _route(evaluator: Evaluator, made: Made, parent: str, shell: Shell | None, routes: Routes, depth: int) -> None:
    named = made.named
    path = named.get("path")
    if "branches" in named or (path is None and isinstance(named.get("builder"), Closure)):
        builder = named.get("builder", named.get("pageBuilder"))
        inner = Shell(builder, []) if isinstance(builder, Closure) else shell
        if "branches" in named and isinstance(named["branches"], Seq):
            for branch in named["branches"].items:
                before = len(routes.addresses)
                _collect(evaluator, branch, parent, inner, routes, depth + 1)
                if inner is not None and len(routes.addresses) > before:
                    inner.branches.append(routes.addresses[before].path)
        _collect(evaluator, named.get("routes", NULL), parent, inner, routes, depth + 1)
        return
    here = parent
    if isinstance(path, Txt):
        own = path.whole if path.whole is not None else "".join(part or ":x" for part in path.parts)
        here = own if own.startswith("/") else f"{parent.rstrip('/')}/{own}"
        name = named.get("name")
        builder = named.get("builder", named.get("pageBuilder"))
        if isinstance(builder, Closure):
            page = evaluator.invoke(builder, [])
            routes.addresses.append(Address(here, (name.whole or "") if isinstance(name, Txt) else "", page, shell))
    _collect(evaluator, named.get("routes", NULL), here, shell, routes, depth + 1)


def _application(evaluator: Evaluator, made: Made, routes: Routes) -> None:
    named = made.named
    if "home" in named and is_null(named["home"]) is not True:
        routes.homes.append(named["home"])
    initial = named.get("initialRoute")
    if isinstance(initial, Txt) and initial.whole:
        routes.initial = initial.whole
    table = named.get("routes")
    if isinstance(table, Pairs):
        for key, value in table.pairs:
            if isinstance(key, Txt) and key.whole and isinstance(value, Closure):
                routes.addresses.append(Address(key.whole, key.whole, evaluator.invoke(value, [])))
    generate = named.get("onGenerateRoute")
    if isinstance(generate, Closure):
        _generated(evaluator, generate, routes)
    router = named.get("routerConfig")
    if isinstance(router, Made) and router.type == "GoRouter" and not routes.addresses:
        _router(evaluator, router, routes)


def _generated(evaluator: Evaluator, generate: Closure, routes: Routes) -> None:
    """Cases of a function that makes a route for a name."""
    scope = generate.scope.inner()
    scope.names.update((param.name, OPAQUE) for param in generate.code.params)
    for statement in generate.code.body:
        if isinstance(statement, code.Switch):
            for patterns, body in statement.cases:
                _case(evaluator, patterns, body, scope, routes)
        elif isinstance(statement, code.Branch) and isinstance(statement.test, code.Op):
            _case(evaluator, statement.test.operands, statement.yes, scope, routes)
        elif isinstance(statement, code.Return) and isinstance(statement.value, code.Cases):
            for pattern, result in statement.value.cases:
                _case(evaluator, (pattern,), (code.Return(result),), scope, routes)


def _case(evaluator: Evaluator, patterns: Sequence[Expr], body: Sequence[Any], scope: Scope, routes: Routes) -> None:
    for pattern in patterns:
        name = evaluator.value(pattern, scope) if pattern is not None else OPAQUE
        if isinstance(name, Txt) and name.whole:
            page = page_of(evaluator, evaluator.run(body, scope.inner()))
            if page is not None:
                routes.addresses.append(Address(name.whole, name.whole, page))
