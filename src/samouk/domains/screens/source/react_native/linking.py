"""Puts the modules of an app together: its words, its screens, and where each tap leads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from samouk.domains.screens.source.react_native.aliases import Alias
from samouk.domains.screens.source.react_native.calls import NAVIGATOR
from samouk.domains.screens.source.react_native.code import (
    Call,
    Class,
    Code,
    Const,
    Do,
    Function,
    Let,
    Module,
    Name,
    Statement,
    Table,
    Tag,
)
from samouk.domains.screens.source.react_native.dialogs import opened
from samouk.domains.screens.source.react_native.evaluation import Evaluation
from samouk.domains.screens.source.react_native.expo import route_files, route_folder, take
from samouk.domains.screens.source.react_native.hearing import calls_in, heard_in
from samouk.domains.screens.source.react_native.navigation import Draft, Navigation, Route, Screens, stem
from samouk.domains.screens.source.react_native.nodes import flattened, inside, swallowed
from samouk.domains.screens.source.react_native.values import (
    UNKNOWN,
    ClassOf,
    Closure,
    Factory,
    Styled,
    Thing,
    Value,
    plain,
)
from samouk.domains.screens.source.react_native.words import Strings, is_strings, namespace, of_tongues, thing
from samouk.domains.screens.source.widgets import BACK, Place, Sight, SourceScreen, Trouble

_APP = re.compile(
    r"^(?:src/|app/|lib/)?(?:App|index|main|Main|Root|app)(?:\.native|\.android|\.ios)?\.(?:tsx|jsx|ts|js)$"
)
_SCREEN_NAME = re.compile(r"(?:Screen|Page)(?:Container)?$")
_SCREEN_FILE = re.compile(r"(?:^|/)(?:screens?|pages|scenes)/|[.-]screen\.\w+$", re.I)


def linked(modules: Mapping[str, Module], data: Mapping[str, object], app: str, aliases: Iterable[Alias] = ()) -> Sight:
    """What the modules and the JSON of an app say together."""
    strings = Strings()
    evaluation = Evaluation(modules, strings, {path: thing(one) for path, one in data.items()}, aliases)
    for path, one in data.items():
        if is_strings(path):
            strings.add(thing(one), namespace(path))
    for path, module in modules.items():
        _take_strings(evaluation, strings, path, module)
    navigation = Navigation(evaluation)
    _screens(navigation, modules)
    screens, warned = _finished(navigation.screens)
    return Sight(
        framework="react_native",
        app=app,
        screens=tuple(screens),
        strings=dict(sorted(strings.words.items())),
        troubles=(*navigation.troubles, *warned),
    )


# Words


def _take_strings(evaluation: Evaluation, strings: Strings, path: str, module: Module) -> None:
    """Words that stand in code: a file of English, or an object with a field for each language."""
    if is_strings(path):
        value = evaluation.exported(path, "default", frozenset())
        strings.add(value if isinstance(value, Thing) else evaluation.exported(path, "*", frozenset()), namespace(path))
        return
    for one in module.body:
        for table in _tables(one):
            if any(key in ("en", "en-US", "en_US", "en-us", "en-GB") for key, _ in table.entries):
                english = of_tongues(evaluation.value(table, evaluation.scope(path)))
                if english is not None:
                    strings.add(english)


def _tables(one: Statement) -> Iterator[Table]:
    code: Code = one.value if isinstance(one, Let | Do) else Const(None)
    found: list[Code] = list(code.args) if isinstance(code, Call) else [code]
    for value in found:
        if isinstance(value, Table):
            yield value
            yield from (inner for _, inner in value.entries if isinstance(inner, Table))


# Screens


def _screens(navigation: Navigation, modules: Mapping[str, Module]) -> None:
    evaluation = navigation.evaluation
    folder = route_folder(modules)
    files = route_files(modules, folder)
    if folder and files:
        take(navigation, files)
        return
    for root in _roots(evaluation, modules):
        if navigation.root(root):
            break
    else:
        if any("expo-router" in {one.source for one in modules[path].imports.values()} for path in files.values()):
            take(navigation, files)
            return
        _loose(navigation, modules)
    _registered(navigation, modules)
    _unnamed(navigation, modules)
    _first_shown(navigation, list(_roots(evaluation, modules)))


def _first_shown(navigation: Navigation, roots: list[Value]) -> None:
    """What an app without navigators opens on: a screen, unless it shows those that are known by their names."""
    screens = navigation.screens
    if screens.targets:
        return
    known = {id(one.code.code) for one in screens.drafts if isinstance(one.code, Closure | ClassOf)}
    for root in roots:
        entered, nodes = navigation.looked(root)
        if not any(one.acts for one in inside(nodes)) if known else not nodes:
            continue
        if not known & entered:
            screens.first = navigation.screen(Route("", root, (), Place("", 0)))
        return


def _roots(evaluation: Evaluation, modules: Mapping[str, Module]) -> Iterator[Value]:
    """What the app shows first: what is registered, else what a file called App gives."""
    tops = sorted((path for path in modules if _APP.match(path)), key=lambda path: (path.count("/"), path))
    for path in tops:
        for heard in calls_in(modules[path].body):
            if heard.name in ("registerComponent", "registerRootComponent") and heard.args:
                value = evaluation.value(heard.args[-1], evaluation.scope(path))
                if isinstance(value, Closure) and heard.name == "registerComponent":
                    value = evaluation.apply(value, [])
                yield value
    for path in tops:
        yield evaluation.exported(path, "default", frozenset())


def _loose(navigation: Navigation, modules: Mapping[str, Module]) -> None:
    """Navigators that nothing shows as far as is known: those of the top, which hold the others, first."""
    found: list[Value] = []
    for path, module in modules.items():
        found += [
            evaluation_of(navigation, path, one.pattern)
            for one in module.body
            if isinstance(one, Let) and isinstance(one.pattern, str) and _makes_navigator(one.value)
        ]
    for value in reversed(found):
        if isinstance(plain(value), Factory | Closure | ClassOf):
            navigation.root(value)


def evaluation_of(navigation: Navigation, path: str, name: str) -> Value:
    """What a name of a module's top level stands for."""
    evaluation = navigation.evaluation
    return evaluation.lookup(name, evaluation.scope(path))


def _makes_navigator(code: Code) -> bool:
    match code:
        case Call(Name(name), args, _):
            return bool(NAVIGATOR.match(name)) and bool(args)
        case Function():
            return any(isinstance(tag, Tag) and _is_navigator(tag) for tag in _returned(code))
        case Class(_, _, members, _, _):
            return any(_makes_navigator(one) for name, one in members if name == "render")
    return False


def _returned(function: Function) -> Iterator[Code]:
    for one in function.body:
        if hasattr(one, "value"):
            waiting: list[Code] = [one.value]
            while waiting:
                code = waiting.pop()
                yield code
                if isinstance(code, Tag):
                    waiting += code.children


def _is_navigator(tag: Tag) -> bool:
    return getattr(tag.name, "name", "") == "Navigator"


def _registered(navigation: Navigation, modules: Mapping[str, Module]) -> None:
    """Screens that are registered by name: ``Navigation.registerComponent('app.Login', () => Login)``."""
    for path, module in modules.items():
        for heard in heard_in(module):
            if heard.dotted == "Navigation.registerComponent" and len(heard.args) > 1:
                scope = navigation.evaluation.scope(path)
                name, getter = (navigation.evaluation.value(one, scope) for one in heard.args[:2])
                component = navigation.evaluation.apply(getter, []) if isinstance(getter, Closure) else UNKNOWN
                if isinstance(name, str):
                    draft = navigation.screen(Route(name, component, (), Place(path, heard.line)))
                    if draft is not None:
                        navigation.screens.targets.setdefault(name, draft)
                        navigation.screens.first = navigation.screens.first or draft


def _unnamed(navigation: Navigation, modules: Mapping[str, Module]) -> None:
    """Components called screens that no navigator names and no other component shows."""
    alone = not navigation.screens.drafts
    for path, module in modules.items():
        for name in module.exports:
            value = navigation.evaluation.exported(path, name, frozenset())
            while isinstance(value, Styled):
                value = value.base
            if not isinstance(value, Closure | ClassOf) or id(value.code) in navigation.entered:
                continue
            own = value.code.name or stem(path)
            in_folder = alone and name == "default" and bool(_SCREEN_FILE.search(path))
            if value.scope.path == path and (_SCREEN_NAME.search(own) or in_folder) and own[:1].isupper():
                draft = navigation.screen(Route("", value, (), Place(path, value.code.line)))
                navigation.screens.first = navigation.screens.first or draft


# Where taps lead, and the records


def _finished(screens: Screens) -> tuple[list[SourceScreen], list[Trouble]]:
    names = _names(screens.drafts)
    targets = {route: names[id(draft)] for route, draft in screens.targets.items()}
    made: list[SourceScreen] = []
    troubles: dict[tuple[str, int], Trouble] = {}
    for draft in screens.drafts:
        name = names[id(draft)]
        dialogs = opened(draft.seen.outcomes, name, draft.place.file, lambda route: target(route, targets))
        roots = [*draft.nodes, *draft.bars]
        for node in inside([*roots, *(root for one in dialogs for root in one.roots)]):
            if node.goes and node.goes != BACK and node.goes not in (one.name for one in dialogs):
                node.goes = target(node.goes, targets)
        for one in swallowed(roots):
            troubles.setdefault((one.file, one.line), one)
        made.append(
            SourceScreen(
                name=name,
                place=draft.place,
                widgets=flattened(roots),
                route=draft.routes[0] if draft.routes else "",
                title=draft.title,
                entry=draft is screens.first,
                dialog=draft.dialog,
            )
        )
        made += [one.screen() for one in dialogs]
    return made, list(troubles.values())


def _names(drafts: Iterable[Draft]) -> dict[int, str]:
    names: dict[int, str] = {}
    taken: set[str] = set()
    for draft in drafts:
        name, at = draft.name or "Screen", 2
        if name in taken and draft.routes:
            name = f"{name} {draft.routes[0]}"
        while name in taken:
            name, at = f"{draft.name} {at}", at + 1
        taken.add(name)
        names[id(draft)] = name
    return names


def target(route: str, targets: Mapping[str, str]) -> str:
    """The screen that a route opens; an address may have parts that are filled in."""
    if route in targets:
        return targets[route]
    bare = re.sub(r"/\([^/]*\)(?=/|$)", "", route.split("?", maxsplit=1)[0].replace("\0", "*"))
    bare = (bare.rstrip("/") or "/") if bare.startswith("/") else bare
    if bare in targets:
        return targets[bare]
    if not bare.startswith("/"):
        return ""
    given = bare.split("/")
    for pattern, name in targets.items():
        parts = pattern.split("/")
        if len(parts) == len(given) and all(
            one == two or one.startswith("[") for one, two in zip(parts, given, strict=True)
        ):
            return name
    return ""
