"""Screens of UIKit: storyboard scenes joined with the code of their classes, and controllers made in code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from samouk.domains.screens.source.ios.alerts import alert
from samouk.domains.screens.source.ios.atlas import Atlas
from samouk.domains.screens.source.ios.canvas import Canvas, Draft, Target
from samouk.domains.screens.source.ios.expressions import (
    Call,
    Expression,
    Let,
    Listing,
    Name,
)
from samouk.domains.screens.source.ios.marks import argument
from samouk.domains.screens.source.ios.placed import ScenePainter
from samouk.domains.screens.source.ios.scenes import Scene, scenes_of
from samouk.domains.screens.source.ios.scopes import Scope, TypeInfo
from samouk.domains.screens.source.ios.starts import enter, tab_classes, tab_scenes
from samouk.domains.screens.source.ios.storyboards import Layout
from samouk.domains.screens.source.ios.uikit import (
    ACTED_ON,
    Look,
    Looks,
    is_controller,
    public_kind,
    selector,
)
from samouk.domains.screens.source.widgets import NO_WORDS, Entry, Place, Words

_OPENS_WORDS = """
present pushViewController show showDetailViewController setViewControllers setRootViewController
"""
_OPENS = frozenset(_OPENS_WORDS.split())
DEEPEST = 12


@dataclass(slots=True)
class Controllers:
    """All view controllers of an app.

    Attributes:
        scenes: by layout's name and object id.
        named: the screens of scenes, by the same; ``owned`` scenes by their class.
    """

    atlas: Atlas
    layouts: Mapping[str, Layout]
    storyboard: str = ""
    scenes: dict[tuple[str, str], Scene] = field(default_factory=dict)
    owned: dict[str, Scene] = field(default_factory=dict)
    named: dict[tuple[str, str], str] = field(default_factory=dict)
    looks: dict[str, Looks] = field(default_factory=dict)

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
        for info in code:
            self.atlas.canvases.setdefault(info.name, Canvas(info.name, Place(info.path, info.line)))
        for key, scene in self.scenes.items():
            if scene.is_content:
                self._paint(self.atlas.canvases[self.named[key]], scene)
        for info in code:
            self.paint_code(self.atlas.canvases[info.name], self.look_at(info), -1)
        tab_scenes(self)
        tab_classes(self, code)
        enter(self)

    def _classes(self) -> list[TypeInfo]:
        """Own controllers, in the order of their files."""
        infos = {id(info): info for infos in self.atlas.project.types.values() for info in infos}
        found = [
            one
            for one in infos.values()
            if one.kind == "class"
            and is_controller(self.atlas.project, one)
            and one.name not in self.atlas.project.hidden
        ]
        return sorted(found, key=lambda one: (one.path, one.line))

    def _name(self, scene: Scene) -> str:
        words = scene.custom or scene.storyboard_id or scene.title or f"{scene.layout.name} {scene.id}"
        if words in self.atlas.canvases:
            words = f"{words} {scene.storyboard_id or scene.id}"
        return words

    def look_at(self, info: TypeInfo) -> Looks:
        """What the code of a class says, read once."""
        if info.name not in self.looks:
            self.looks[info.name] = Looks(self.atlas.project, self.atlas.speaker, info)
        return self.looks[info.name]

    # ---- painting

    def _paint(self, canvas: Canvas, scene: Scene) -> None:
        painter = ScenePainter(self, canvas, scene)
        painter.paint()
        info = self.atlas.project.find(scene.custom, scene.path) if scene.custom else None
        if info is not None:
            looks = self.look_at(info)
            canvas.title = looks.title if looks.title != NO_WORDS else canvas.title
            self.paint_code(canvas, looks, -1)

    def paint_code(self, canvas: Canvas, looks: Looks, parent: int, depth: int = 0) -> None:
        """Controls that code makes; those of outlets are painted where the storyboard has them."""
        if canvas.title == NO_WORDS:
            canvas.title = looks.title
        for look in looks.by_name.values():
            if not look.declared:
                self._draw(canvas, look, looks, parent, depth)
        if not any(one.class_name == "XCUIElementTypeCell" for one in canvas.drafts):
            self._cells(canvas, looks)

    def _draw(self, canvas: Canvas, look: Look, looks: Looks, parent: int, depth: int) -> None:
        kind = public_kind(self.atlas.project, look.kind, look.path)
        own = self.atlas.project.find(look.kind, look.path)
        if kind == "Other" and not look.tapped and not look.identifier:
            if own is not None and own.kind == "class" and own is not looks.info and depth < DEEPEST:
                self.paint_code(canvas, self.look_at(own), parent, depth + 1)
            return
        draft = Draft(
            name=look.kind,
            class_name=f"XCUIElementType{kind}",
            place=Place(look.path, look.line),
            parent=self.bar(canvas) if look.bar else parent,
        )
        self.dress(draft, look, looks)
        index = canvas.add(draft)
        if kind == "SegmentedControl":
            self.segments(canvas, index, look.segments)

    def dress(self, draft: Draft, look: Look, looks: Looks) -> None:
        """Put on a draft what code says of it."""
        kind = draft.class_name.removeprefix("XCUIElementType")
        if look.secure and kind == "TextField":
            kind = "SecureTextField"
        if kind == "SecureTextField":
            draft.password = True
        draft.class_name = f"XCUIElementType{kind}"
        draft.identifier = look.identifier or draft.identifier
        draft.text = look.text if look.text != NO_WORDS else draft.text
        draft.label = look.label if look.label != NO_WORDS else draft.label
        draft.hint = look.hint if look.hint != NO_WORDS else draft.hint
        draft.checked = look.checked if look.checked is not None else draft.checked
        draft.enabled = look.enabled if look.enabled is not None else draft.enabled
        draft.conditional |= look.hidden
        draft.loops = max(draft.loops, int(look.repeated))
        entry = look.entry if look.entry.kind != "text" or draft.entry is None else draft.entry
        self.settle(draft, entry._replace(kind="password") if draft.password else entry)
        if look.tapped:
            draft.interactive = draft.clickable = True
        if look.action is not None and draft.lead is None:
            action = selector(look.action)
            draft.lead = self.atlas.actor.target(action, looks.scope)

    def settle(self, draft: Draft, entry: Entry) -> None:
        """What follows from the class of a draft."""
        kind = draft.class_name.removeprefix("XCUIElementType")
        draft.interactive |= kind in ACTED_ON
        if kind == "Button":
            draft.clickable = True
        if kind == "Switch":
            draft.checkable = True
        if kind in ("TextField", "SecureTextField", "TextView", "SearchField"):
            draft.entry = entry._replace(kind="search") if kind == "SearchField" else entry
            draft.entry = draft.entry._replace(multiline=kind == "TextView")

    def segments(self, canvas: Canvas, parent: int, words: tuple[Words, ...]) -> None:
        """The buttons of a segmented control."""
        holder = canvas.drafts[parent]
        for one in words:
            canvas.add(
                Draft(
                    name="segment",
                    class_name="XCUIElementTypeButton",
                    place=holder.place,
                    parent=parent,
                    text=one,
                    role="radio",
                    interactive=True,
                    clickable=True,
                    loops=holder.loops,
                    conditional=holder.conditional,
                )
            )

    def bar(self, canvas: Canvas) -> int:
        """The top bar of a screen, made when it is first asked for."""
        if canvas.bar < 0:
            canvas.bar = canvas.add(
                Draft(name="navigationBar", class_name="XCUIElementTypeNavigationBar", place=canvas.place)
            )
        return canvas.bar

    def _cells(self, canvas: Canvas, looks: Looks) -> None:
        """Rows that code fills a table with."""
        functions = looks.info.functions
        rows = next((one for one in functions.get("tableView", []) if _labelled(one.parameters, "cellForRowAt")), None)
        items = functions.get("collectionView", [])
        rows = rows or next((one for one in items if _labelled(one.parameters, "cellForItemAt")), None)
        if rows is None:
            return
        place = Place(
            looks.info.homes.get("tableView" if rows.name == "tableView" else "collectionView", ""), rows.line
        )
        holders = ("XCUIElementTypeTable", "XCUIElementTypeCollectionView")
        parent = next((index for index, one in enumerate(canvas.drafts) if one.class_name in holders), -1)
        draft = Draft(name="cell", class_name="XCUIElementTypeCell", place=place, parent=parent, loops=1)
        draft.lead = self.chosen(looks)
        draft.interactive = self.chooses(looks)
        draft.clickable = True if draft.interactive else None
        canvas.add(draft)

    def chooses(self, looks: Looks) -> bool:
        """Whether code reacts to a tap on a row."""
        functions = (*looks.info.functions.get("tableView", ()), *looks.info.functions.get("collectionView", ()))
        return any(_labelled(one.parameters, "didSelectRowAt", "didSelectItemAt") for one in functions)

    def chosen(self, looks: Looks) -> Target | None:
        """Where a tap on a row leads."""
        for name in ("tableView", "collectionView"):
            for one in looks.info.functions.get(name, ()):
                if _labelled(one.parameters, "didSelectRowAt", "didSelectItemAt"):
                    return self.atlas.actor.run_body(one.body, looks.scope.inner())
        return None

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

    # ---- alerts

    # ---- tabs and the first screen


def _labelled(parameters: tuple[object, ...], *labels: str) -> bool:
    return any(getattr(one, "label", "") in labels for one in parameters)
