"""Where a UIKit app begins: its tab bars and its first screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from samouk.domains.screens.source.ios.canvas import Canvas
from samouk.domains.screens.source.ios.expressions import Assignment, Call, Expression, Let, Listing, Name, Statement
from samouk.domains.screens.source.ios.marks import argument
from samouk.domains.screens.source.ios.scenes import Scene
from samouk.domains.screens.source.ios.scopes import Scope, TypeInfo
from samouk.domains.screens.source.ios.tabs import Tab
from samouk.domains.screens.source.ios.uikit import ancestry, statements_of
from samouk.domains.screens.source.widgets import NO_WORDS, Place, Words

if TYPE_CHECKING:
    from samouk.domains.screens.source.ios.controllers import Controllers

_STARTERS = frozenset({"UIWindowSceneDelegate", "UIApplicationDelegate"})


def tab_scenes(controllers: Controllers) -> None:
    """Tabs of storyboards."""
    for key, scene in controllers.scenes.items():
        if scene.kind != "tabBarController":
            continue
        tabs = [tab for target in scene.related() if (tab := _tab(controllers, scene, target)) is not None]
        if tabs:
            owner = scene.custom or f"{scene.layout.name} {scene.id}"
            controllers.atlas.canvases.setdefault(owner, Canvas(owner, Place(scene.path, scene.line)))
            controllers.atlas.groups.append((owner, tabs))
            controllers.named[key] = owner


def _tab(controllers: Controllers, owner: Scene, target: str) -> Tab | None:
    scene = controllers.scenes.get((owner.layout.name, target))
    if scene is None:
        return None
    item = scene.tab() or next(
        (
            inner.tab()
            for held in scene.related()
            if (inner := controllers.scenes.get((owner.layout.name, held))) is not None
        ),
        None,
    )
    text, identifier, line = item if item is not None else ("", "", scene.line)
    return Tab(Words(text), NO_WORDS, identifier, Place(scene.path, line), controllers.real(scene), False)


def tab_classes(controllers: Controllers, code: list[TypeInfo]) -> None:
    """Tabs that code makes: `viewControllers = [...]`."""
    for info in code:
        if "UITabBarController" not in ancestry(controllers.atlas.project, info.name, info.path):
            continue
        scope = Scope(info.name, info.path, info)
        statements = [one for _, one in statements_of(info)]
        for one in statements:
            if isinstance(one, Let):
                scope.values[one.name] = (one.value, scope)
        for one in statements:
            if isinstance(one, Assignment) and one.target == Name("viewControllers"):
                items = one.value.items if isinstance(one.value, Listing) else ()
                tabs = [_code_tab(controllers, item, statements, scope, one.line) for item in items]
                controllers.atlas.groups.append((info.name, [tab for tab in tabs if tab.screen]))


def tabs_of_their_own(controllers: Controllers, infos: Sequence[TypeInfo]) -> None:
    """Controllers that name their own items, which something puts into a bar when the app runs."""
    grouped = {tab.screen for _, tabs in controllers.atlas.groups for tab in tabs}
    tabs: dict[str, Tab] = {}
    for info in infos:
        looks = controllers.looks.get(id(info))
        item = looks.tab if looks is not None else None
        screen = controllers.hosts.get(info.name) or info.name
        if item is None or screen in grouped or screen not in controllers.atlas.canvases:
            continue
        if item.text != NO_WORDS or item.identifier:
            place = Place(item.path, item.line)
            key = item.identifier or item.text.value
            if key not in tabs or not controllers.atlas.canvases[tabs[key].screen].drafts:
                tabs[key] = Tab(item.text, NO_WORDS, item.identifier, place, screen, False)
    if len(tabs) > 1:
        owner = "tabs"
        controllers.atlas.canvases[owner] = Canvas(owner, next(iter(tabs.values())).place)
        controllers.atlas.groups.append((owner, list(tabs.values())))


def _code_tab(
    controllers: Controllers, item: Expression, statements: Sequence[Statement], scope: Scope, line: int
) -> Tab:
    screen = controllers.controller(item, scope)
    text = NO_WORDS
    for one in statements:
        if not isinstance(one, Assignment) or not isinstance(one.target, Name) or not isinstance(item, Name):
            continue
        title = argument(one.value, "title") if isinstance(one.value, Call) else one.value
        spots = (f"{item.path}.tabBarItem", f"{item.path}.tabBarItem.title", f"{item.path}.title")
        if one.target.path in spots and title is not None:
            text, line = controllers.atlas.speaker.words(title, scope, False), one.line
    return Tab(text, NO_WORDS, "", Place(scope.path, line), screen, False)


def enter(controllers: Controllers) -> None:
    """Mark the screen on which the app opens: of its main storyboard, or of the code that starts it."""
    board = controllers.storyboard or (
        "Main" if any(one.name == "Main" for one in controllers.layouts.values()) else ""
    )
    for (layout, key), scene in controllers.scenes.items():
        if layout == board and key == scene.layout.initial:
            controllers.atlas.mark_entry(controllers.named.get(scene.key) or controllers.real(scene))
    for infos in list(controllers.atlas.project.types.values()):
        for info in infos:
            if info.inherits & _STARTERS:
                _started_by(controllers, info)


def _is_root(target: Name) -> bool:
    return target.path.endswith("rootViewController")


def _started_by(controllers: Controllers, info: TypeInfo) -> None:
    scope = Scope(info.name, info.path, info)
    for _, one in statements_of(info):
        if isinstance(one, Let):
            scope.values[one.name] = (one.value, scope)
        elif isinstance(one, Assignment) and isinstance(one.target, Name) and _is_root(one.target):
            controllers.atlas.mark_entry(controllers.controller(one.value, scope))
