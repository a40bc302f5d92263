"""Controls that UIKit code makes, put on the canvas of the screen that shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from samouk.domains.screens.source.ios.canvas import Canvas, Draft, Target
from samouk.domains.screens.source.ios.expressions import Call
from samouk.domains.screens.source.ios.looks import Looks
from samouk.domains.screens.source.ios.rows import forked, row_words, rows_once
from samouk.domains.screens.source.ios.scopes import TypeInfo
from samouk.domains.screens.source.ios.uikit import ACTED_ON, Look, ancestry, public_kind, selector
from samouk.domains.screens.source.widgets import NO_WORDS, Entry, Place, Words, start_of

if TYPE_CHECKING:
    from samouk.domains.screens.source.ios.controllers import Controllers

DEEPEST = 12


@dataclass(slots=True)
class CodePainter:
    """Paints what classes make.

    Attributes:
        open: classes that are being painted; ``used`` names of those that are part of some screen.
    """

    controllers: Controllers
    open: list[Looks] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def paint_code(
        self,
        canvas: Canvas,
        looks: Looks,
        parent: int,
        depth: int = 0,
        outer: tuple[Look, Looks] | None = None,
    ) -> None:
        """Controls that code makes; those of outlets are painted where the storyboard has them.

        Args:
            outer: what the class around an own view says of it.
        """
        if looks in self.open or depth > DEEPEST:
            return
        self.open.append(looks)
        self.used.add(looks.info.name)
        if canvas.title == NO_WORDS and not depth:
            canvas.title = looks.title
        for look in rows_once(looks.by_name, self.kind_of):
            for one in forked(look):
                self._draw(canvas, one, looks, parent, depth, outer)
        for info in self._parts(looks):
            self.paint_code(canvas, self.controllers.look_at(info), parent, depth + 1, outer)
        if not any(one.class_name == "XCUIElementTypeCell" for one in canvas.drafts):
            self._cells(canvas, looks)
        self.open.pop()

    def kind_of(self, look: Look) -> str:
        """What XCUITest calls a control."""
        return public_kind(self.controllers.atlas.project, look.kind, look.path)

    def _parts(self, looks: Looks) -> list[TypeInfo]:
        """Own classes whose controls are on the same screen: what it extends, views, sources of rows, holders."""
        info, project = looks.info, self.controllers.atlas.project
        bases = [project.find(one, info.path) for one in ancestry(project, info.name, info.path)[1:]]
        found = [one for one in bases if one is not None and one.kind == "class"]
        known = {look.kind for look in looks.by_name.values()}
        for name, is_made in project.made_by.get(info.name, {}).items():
            one = project.find(name, info.path)
            if one is None or one is info or name in known or one.kind not in ("class", "struct") or one.is_view:
                continue
            if self.controllers.is_screen(one):
                continue
            kind = public_kind(project, name, info.path)
            if (kind == "Other" and is_made) or kind == "Cell" or (not kind and self._holds_controls(one, is_made)):
                found.append(one)
        return list({id(one): one for one in found}.values())

    def _holds_controls(self, info: TypeInfo, is_made: bool) -> bool:
        """Whether a class that is no view fills a table, or has controls among its properties."""
        if "tableView" in info.functions or "collectionView" in info.functions:
            return True
        kinds = (
            public_kind(self.controllers.atlas.project, one.value.name, info.path)
            for one in info.properties.values()
            if isinstance(one.value, Call) and one.value.receiver is None
        )
        return is_made and any(kind in ACTED_ON for kind in kinds)

    def _draw(
        self, canvas: Canvas, look: Look, looks: Looks, parent: int, depth: int, outer: tuple[Look, Looks] | None
    ) -> None:
        kind = self.kind_of(look)
        own = self.controllers.atlas.project.find(look.kind, look.path)
        inner = (
            self.controllers.look_at(own) if own is not None and own.kind == "class" and own is not looks.info else None
        )
        identifier = look.identifier or (inner.itself.identifier if inner is not None else "")
        if kind != "Other" or look.tapped or identifier:
            draft = Draft(
                name=look.kind,
                class_name=f"XCUIElementType{kind}",
                place=Place(look.path, look.line),
                parent=self.controllers.bar(canvas) if look.bar or look.kind == "UIBarButtonItem" else parent,
                identifier=identifier,
            )
            self.dress(draft, look, looks)
            if look.menu:
                draft.conditional, draft.role = True, "menuitem"
            if outer is not None and look.name in outer[0].parts:
                self.dress(draft, outer[0].parts[look.name], outer[1])
            if kind == "Cell":
                self._row(canvas, draft, look, looks)
            index = canvas.add(draft)
            if kind == "SegmentedControl":
                self.segments(canvas, index, look.segments)
            parent = index if kind in ("Other", "Cell") else parent
        if inner is not None and kind in ("Other", "Cell") and (parent >= 0 or kind == "Other"):
            start = len(canvas.drafts)
            self.paint_code(canvas, inner, parent, depth + 1, (look, looks))
            self.hand_in(canvas, start, look, looks)

    def hand_in(self, canvas: Canvas, start: int, look: Look, looks: Looks) -> None:
        """What is said of an own view around one control means that control."""
        acted = [one for one in canvas.drafts[start:] if one.interactive]
        if len(acted) == 1:
            meant = Look(text=look.text, hint=look.hint, entry=look.entry, secure=look.secure, action=look.action)
            self.dress(acted[0], meant, looks)

    def _row(self, canvas: Canvas, draft: Draft, look: Look, looks: Looks) -> None:
        holders = ("XCUIElementTypeTable", "XCUIElementTypeCollectionView")
        tables = [index for index, one in enumerate(canvas.drafts) if one.class_name in holders]
        draft.parent = tables[-1] if tables else draft.parent
        draft.text = draft.text if draft.text != NO_WORDS else row_words(look)
        named = draft.identifier and not start_of(draft.identifier)
        draft.loops = 0 if named or (draft.text.value and not draft.text.dynamic) else 1
        if self.chooses(looks):
            draft.interactive = draft.clickable = True
            draft.lead = draft.lead or self.chosen(looks)

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
            draft.lead = self.controllers.atlas.actor.target(action, looks.scope)

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
                    return self.controllers.atlas.actor.run_body(one.body, looks.scope.inner())
        return None


def _labelled(parameters: tuple[object, ...], *labels: str) -> bool:
    return any(getattr(one, "label", "") in labels for one in parameters)
