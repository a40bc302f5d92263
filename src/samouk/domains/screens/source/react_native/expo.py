"""Screens that are files: the routes of expo-router."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from samouk.domains.screens.source.react_native.code import Const, Module
from samouk.domains.screens.source.react_native.hearing import heard_in
from samouk.domains.screens.source.react_native.navigation import Draft, Navigation, Route, bar, stem, tab
from samouk.domains.screens.source.react_native.rendering import Rendering
from samouk.domains.screens.source.react_native.values import Thing, Value, known
from samouk.domains.screens.source.widgets import Place

_ROOT = re.compile(r"^(?:.*?/)?(?:src/)?app/")
_FILE = re.compile(r"\.(?:tsx|jsx|ts|js)$")


def route_folder(modules: Mapping[str, Module]) -> str:
    """The folder that code hands to ``<ExpoRoot context={require.context('./routes')}/>``, or ""."""
    for path, module in modules.items():
        if any(one.source == "expo-router" and one.name == "ExpoRoot" for one in module.imports.values()):
            for heard in heard_in(module):
                said = heard.args[0] if heard.args else None
                if heard.dotted == "require.context" and isinstance(said, Const) and isinstance(said.value, str):
                    return posixpath.normpath(posixpath.join(posixpath.dirname(path), said.value)) + "/"
    return ""


def route_files(paths: Iterable[str], folder: str = "") -> dict[str, str]:
    """Files of a folder, or of the top's ``app`` folder, by their path within it without the suffix."""
    roots = (folder,) if folder else ("app/", "src/app/")
    found = [path for path in paths if _FILE.search(path)]
    root = next((one for one in roots if any(path.startswith(one + "_layout.") for path in found)), "")
    if not root:
        root = next((one for one in roots if any(path.startswith(one) for path in found)), "")
    return {_FILE.sub("", path[len(root) :]): path for path in found if root and path.startswith(root)}


def address(route: str) -> str:
    """What a link to a file says: ``(tabs)/notes/[id]`` is ``/notes/[id]``, ``index`` is ``/``."""
    parts = [part for part in route.split("/") if not (part.startswith("(") and part.endswith(")"))]
    if parts and parts[-1] == "index":
        parts.pop()
    return "/" + "/".join(parts)


def is_screen(route: str) -> bool:
    """Whether a file is shown as a screen."""
    name = route.rpartition("/")[2]
    return not name.startswith(("_", "+")) and not name.endswith(("+api", ".web"))


def take(navigation: Navigation, files: dict[str, str]) -> None:
    """Take in the screens of all files, their options of the layouts, and the tabs of tab layouts."""
    layouts = {
        route.removesuffix("_layout").rstrip("/"): _layout(navigation, path)
        for route, path in files.items()
        if route.rpartition("/")[2] == "_layout"
    }
    drafts: dict[str, Draft] = {}
    for route, path in files.items():
        if not is_screen(route):
            continue
        folder = _nearest(route, layouts)
        _, shared, declared = layouts.get(folder, ("", (), {}))
        inner = route[len(folder) :].strip("/")
        component = navigation.evaluation.exported(path, "default", frozenset())
        given = Route(address(route), component, tuple(declared.get(inner, ())), Place(path, 1))
        draft = navigation.screen(given, shared, titled=False)
        if draft is not None:
            drafts[route] = draft
            navigation.screens.targets.setdefault(address(route), draft)
            draft.name = draft.name if not draft.name.startswith("/") else stem(path)
    for folder, (kind, _, declared) in layouts.items():
        if kind in ("tab", "drawer"):
            _bar(folder, kind, declared, drafts, files)
    first = next((one for route, one in drafts.items() if address(route) == "/"), None)
    navigation.screens.first = first or next(iter(drafts.values()), None)


def _nearest(route: str, layouts: dict[str, tuple[str, tuple[Value, ...], dict[str, list[Value]]]]) -> str:
    folder = route.rpartition("/")[0]
    while folder and folder not in layouts:
        folder = folder.rpartition("/")[0]
    return folder


def _layout(navigation: Navigation, path: str) -> tuple[str, tuple[Value, ...], dict[str, list[Value]]]:
    """Its kind, the options that it gives to all, and those that it gives to each by name."""
    rendering = Rendering(navigation.evaluation)
    rendering.screen(navigation.evaluation.exported(path, "default", frozenset()), Thing({}, True))
    navigation.entered |= rendering.seen.entered
    names = rendering.seen.layouts
    kind = "tab" if any("Tabs" in one for one in names) else "drawer" if "Drawer" in names else "stack"
    declared: dict[str, list[Value]] = {}
    shared: list[Value] = []
    for one in rendering.seen.options:
        name = known(one.get("name"))
        if name:
            declared.setdefault(name, []).append(one.get("options"))
        else:
            shared.append(one.get("options"))
    return kind, tuple(shared), declared


def _bar(
    folder: str, kind: str, declared: dict[str, list[Value]], drafts: dict[str, Draft], files: dict[str, str]
) -> None:
    """The tabs of one layout, on each screen that they open."""
    inside = {
        route[len(folder) :].strip("/"): route for route in drafts if route.startswith(folder + "/") or not folder
    }
    entries: list[tuple[str, str]] = []
    for name in [*declared, *(one for one in inside if "/" not in one and one not in declared)]:
        route = inside.get(name) or inside.get(f"{name}/index")
        options = [one for one in declared.get(name, []) if isinstance(one, Thing)]
        hidden = any("href" in one.fields and one.fields["href"] is None for one in options)
        if route is not None and not hidden:
            entries.append((name, route))
    layout = files.get(f"{folder}/_layout".lstrip("/"), "")
    for _, route in entries:
        children = []
        for name, target in entries:
            together = Thing({})
            for one in declared.get(name, []):
                together = together.with_all(one)
            children.append(tab(name, together, Place(layout, 1), kind == "tab"))
            children[-1].goes = address(target)
        drafts[route].bars.append(bar(kind == "tab", Place(layout, 1), children))
