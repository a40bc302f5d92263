"""Screens of UIKit: storyboard scenes joined with the code of their classes, and controllers made in code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from samouk.domains.screens.source.ios.alerts import alert
from samouk.domains.screens.source.ios.atlas import Atlas
from samouk.domains.screens.source.ios.canvas import Canvas, Draft, Target
from samouk.domains.screens.source.ios.coded import CodePainter
from samouk.domains.screens.source.ios.expressions import (
    Call,
    Expression,
    Let,
    Listing,
    Name,
)
from samouk.domains.screens.source.ios.looks import Looks
from samouk.domains.screens.source.ios.marks import argument
from samouk.domains.screens.source.ios.placed import ScenePainter
from samouk.domains.screens.source.ios.scenes import Scene, scenes_of
from samouk.domains.screens.source.ios.scopes import Scope, TypeInfo
from samouk.domains.screens.source.ios.starts import enter, tab_classes, tab_scenes, tabs_of_their_own
from samouk.domains.screens.source.ios.storyboards import Layout
from samouk.domains.screens.source.ios.uikit import (
    ancestry,
    is_controller,
    names_something,
    public_kind,
    statements_of,
)
from samouk.domains.screens.source.widgets import NO_WORDS, Place

_OPENS_WORDS = """
present pushViewController show showDetailViewController setViewControllers setRootViewController
"""
_OPENS = frozenset(_OPENS_WORDS.split())
HOSTING = "UIHostingController"
DEEPEST = 12


@dataclass(slots=True)
class Controllers:
    """All view controllers of an app.

    Attributes:
        scenes: by layout's name and object id.
        named: the screens of scenes, by the same; ``owned`` scenes by their class.
        hosts: the screens of controllers that show a SwiftUI view.
    """

    atlas: Atlas
    layouts: Mapping[str, Layout]
    storyboard: str = ""
    scenes: dict[tuple[str, str], Scene] = field(default_factory=dict)
    owned: dict[str, Scene] = field(default_factory=dict)
    named: dict[tuple[str, str], str] = field(default_factory=dict)
    looks: dict[int, Looks] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)
    coded: CodePainter = field(init=False)

    def __post_init__(self) -> None:
        self.coded = CodePainter(self)

    def collect(self) -> None:
        """Find all scenes and paint them, then controllers that are made in code."""
        self.atlas.opens_natively = self.opens
        self.atlas.native = self.wrapped
        for path, layout in self.layouts.items():
            if layout.launch:
                continue
            for scene in scenes_of(path, layout):
                self.scenes[layout.name, scene.id] = scene
                if scene.custom and scene.is_content:
                    self.owned.setdefault(scene.custom, scene)
        for key, scene in self.scenes.items():
            if scene.is_content:
                self.named[key] = self._name(scene)
                self.atlas.canvases[self.named[key]] = Canvas(self.named[key], Place(scene.path, scene.line))
        code = [info for info in self._classes() if info.name not in self.owned]
        for info in self._infos():
            if info.kind == "class" and HOSTING in ancestry(self.atlas.project, info.name, info.path):
                self._host(info)
        for info in code:
            self.atlas.canvases.setdefault(info.name, Canvas(info.name, Place(info.path, info.line)))
        for key, scene in self.scenes.items():
            if scene.is_content:
                self._paint(self.atlas.canvases[self.named[key]], scene)
        for info in code:
            self.coded.paint_code(self.atlas.canvases[info.name], self.look_at(info), -1)
        self._alerts()
        self._left()
        tab_scenes(self)
        tab_classes(self, code)
        tabs_of_their_own(self, self._infos())
        enter(self)

    def _infos(self) -> list[TypeInfo]:
        """All own types, in the order of their files."""
        infos = {id(info): info for infos in self.atlas.project.types.values() for info in infos}
        return sorted(infos.values(), key=lambda one: (one.path, one.line))

    def _alerts(self) -> None:
        """Alerts of which it is not certain what opens them."""
        for info in self._infos():
            for _, one in statements_of(info):
                value = one.value if isinstance(one, Let) else one
                if isinstance(value, Call) and value.name == "UIAlertController" and value.arguments:
                    alert(self, value, Scope(info.name, info.path, info))

    def _left(self) -> None:
        """Own views that no controller is seen to show: screens of their own, if anything in them can be found."""
        for info in self._infos():
            if info.kind == "extension" or info.name in self.coded.used or info.name in self.owned:
                continue
            if info.name in self.atlas.project.hidden or info.name in self.atlas.canvases:
                continue
            if public_kind(self.atlas.project, info.name, info.path) in ("Other", "Cell") or names_something(info):
                canvas = Canvas(info.name, Place(info.path, info.line))
                self.coded.paint_code(canvas, self.look_at(info), -1)
                if any(one.interactive or one.identifier for one in canvas.drafts):
                    self.atlas.canvases[info.name] = canvas

    def _host(self, info: TypeInfo) -> None:
        """A controller that shows a SwiftUI view adds its own bar to the screen of that view."""
        scope = Scope(info.name, info.path, info)
        for _, one in statements_of(info):
            inner = argument(one, "rootView") if isinstance(one, Call) else None
            name = self.atlas.screen(inner, scope, info.name, info.line) if inner is not None else ""
            if name:
                self.hosts[info.name] = name
                canvas = self.atlas.canvases.get(self.atlas.real(name))
                if canvas is not None:
                    self.coded.paint_code(canvas, self.look_at(info), -1)
                return

    def _classes(self) -> list[TypeInfo]:
        """Own controllers, in the order of their files."""
        project = self.atlas.project
        kinds = ("class", "extension")  # of a class in Objective-C its extensions alone are seen
        classes = [one for one in self._infos() if one.kind in kinds and one.name not in project.hidden]
        return [one for one in classes if is_controller(project, one)]

    def _name(self, scene: Scene) -> str:
        words = scene.custom or scene.storyboard_id or scene.title or f"{scene.layout.name} {scene.id}"
        if words in self.atlas.canvases:
            words = f"{words} {scene.storyboard_id or scene.id}"
        return words

    def look_at(self, info: TypeInfo) -> Looks:
        """What the code of a class says, read once."""
        if id(info) not in self.looks:
            self.looks[id(info)] = Looks(self.atlas.project, self.atlas.speaker, info)
        return self.looks[id(info)]

    # ---- painting

    def _paint(self, canvas: Canvas, scene: Scene) -> None:
        painter = ScenePainter(self, canvas, scene)
        painter.paint()
        info = self.atlas.project.find(scene.custom, scene.path) if scene.custom else None
        if info is not None:
            looks = self.look_at(info)
            canvas.title = looks.title if looks.title != NO_WORDS else canvas.title
            self.coded.paint_code(canvas, looks, -1)

    def is_screen(self, info: TypeInfo) -> bool:
        """Whether a class is a controller, of its own or of a hosted view."""
        project = self.atlas.project
        return is_controller(project, info) or HOSTING in ancestry(project, info.name, info.path)

    def bar(self, canvas: Canvas) -> int:
        """The top bar of a screen, made when it is first asked for."""
        if canvas.bar < 0:
            canvas.bar = canvas.add(
                Draft(name="navigationBar", class_name="XCUIElementTypeNavigationBar", place=canvas.place)
            )
        return canvas.bar

    # ---- what leads where

    def opens(self, call: Call, scope: Scope) -> Target | None:
        """What a UIKit call opens: `present`, `pushViewController`, `performSegue`."""
        if call.name == "performSegue":
            return self._segue(argument(call, "withIdentifier"), scope)
        if call.name not in _OPENS or not call.arguments:
            return None
        value = call.arguments[0].value
        if isinstance(value, Listing) and value.items:
            value = value.items[-1]
        name = self.controller(value, scope)
        return Target(name) if name else None

    def _segue(self, value: Expression | None, scope: Scope) -> Target | None:
        wanted = self.atlas.speaker.identifier(value, scope) if value is not None else ""
        scene = self.owned.get(scope.info.name) if scope.info is not None else None
        return scene.segue(wanted, self) if scene is not None else None

    def controller(self, value: Expression, scope: Scope, depth: int = 0) -> str:
        """The screen of an expression that makes or fetches a view controller; "" for none."""
        if depth > DEEPEST:
            return ""
        if isinstance(value, Name):
            given = scope.local(value.path)
            own = scope.info.properties.get(value.path) if scope.info is not None else None
            if given is not None:
                return self.controller(given[0], given[1] or scope, depth + 1) if given[0] != value else ""
            return self.controller(own.value, scope, depth + 1) if own is not None and own.value is not None else ""
        if not isinstance(value, Call):
            return ""
        if value.name in ("instantiateViewController", "instantiateInitialViewController"):
            return self._instantiated(value, scope)
        if value.name == "UIAlertController":
            return alert(self, value, scope)
        inner = argument(value, "rootViewController", "rootView")
        if value.name == "UIHostingController" and inner is not None:
            return self.atlas.screen(inner, scope, f"{scope.key}.hosted", value.line)
        if value.name in self.hosts:
            return self.hosts[value.name]
        info = self.atlas.project.find(value.name, scope.path)
        if info is not None and info.kind == "class" and is_controller(self.atlas.project, info):
            scene = self.owned.get(info.name)
            return self.named[scene.key] if scene is not None else info.name
        return self.controller(inner, scope, depth + 1) if inner is not None else ""

    def wrapped(self, call: Call, scope: Scope) -> str:
        """The screen of a controller that a view wraps for SwiftUI."""
        info = self.atlas.project.find(call.name, scope.path)
        if info is None or "UIViewControllerRepresentable" not in info.inherits:
            return ""
        inside = Scope(info.name, info.path, info)
        for function in info.functions.get("makeUIViewController", ()):
            for one in function.body:
                if isinstance(one, Let):
                    inside.values[one.name] = (one.value, inside)
                value = one.value if isinstance(one, Let) else one
                name = self.controller(value, inside) if isinstance(value, (Call, Name)) else ""
                if name:
                    return name
        return ""

    def _instantiated(self, call: Call, scope: Scope) -> str:
        board = ""
        base = call.receiver
        if isinstance(base, Name):
            given = scope.local(base.path)
            base = given[0] if given is not None else base
        if isinstance(base, Call) and base.name == "UIStoryboard":
            told = argument(base, "name")
            board = self.atlas.speaker.identifier(told, scope) if told is not None else ""
        value = argument(call, "withIdentifier", "identifier")
        if value is None:
            return self.initial(board or self.storyboard or "Main")
        return self.referenced(self.atlas.speaker.identifier(value, scope), board)

    def referenced(self, wanted: str, board: str = "") -> str:
        """The screen of a scene by its storyboard id."""
        for (layout, _), scene in self.scenes.items():
            if wanted and scene.storyboard_id == wanted and board in ("", layout):
                return self.real(scene)
        return ""

    def initial(self, board: str) -> str:
        """The screen on which a storyboard opens."""
        for (layout, key), scene in self.scenes.items():
            if layout == board and key == scene.layout.initial:
                return self.real(scene)
        return ""

    def real(self, scene: Scene, depth: int = 0) -> str:
        """The screen of a scene, through what only holds it."""
        if scene.is_content or depth > DEEPEST:
            return self.named.get(scene.key, "")
        if scene.kind == "viewControllerPlaceholder":
            board = scene.attributes.get("storyboardName", scene.layout.name)
            wanted = scene.attributes.get("referencedIdentifier", "")
            return self.referenced(wanted, board) if wanted else self.initial(board)
        for target in scene.related():
            held = self.scenes.get((scene.layout.name, target))
            if held is not None:
                return self.real(held, depth + 1)
        return ""
