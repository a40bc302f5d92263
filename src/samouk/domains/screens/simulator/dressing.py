"""Dresses the boxes of a layout in a framework: out come the elements that its runtime would have dumped."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

from samouk.domains.screens.element import Bounds, Element, Evidence, Screen
from samouk.domains.screens.rules import told_by_class
from samouk.domains.screens.simulator.apps import App
from samouk.domains.screens.simulator.forms import FORMS, Form
from samouk.domains.screens.simulator.identifiers import identifier_of
from samouk.domains.screens.simulator.layout import Box, place, shown

TRUTH = "role"
"""Source of the types that the simulator knows because it made them: as good as a declared role."""

_GLYPH = "\ue5cd"
_CUSTOM = {
    "button": "Button",
    "icon_button": "IconView",
    "card": "CardView",
    "list_item": "RowView",
    "text": "TextView",
    "image": "PhotoView",
    "switch": "ToggleView",
    "password_input": "PinView",
    "tab": "TabItem",
    "chip": "TagView",
    "progress": "SpinView",
    "slider": "RangeView",
    "container": "Box",
    "unknown": "Canvas",
    "app_bar": "HeaderView",
}
_LAYOUTS = {
    "compose": "android.view.View",
    "flutter": "android.view.View",
    "rn": "android.view.ViewGroup",
    "ios": "XCUIElementTypeOther",
    "native": "android.widget.FrameLayout",
}
_WINDOWS = {
    "native": ("android.widget.FrameLayout", "android.widget.LinearLayout", "android.widget.FrameLayout"),
    "compose": (
        "android.widget.FrameLayout",
        "android.widget.LinearLayout",
        "android.widget.FrameLayout",
        "androidx.compose.ui.platform.ComposeView",
    ),
    "flutter": ("android.widget.FrameLayout", "android.widget.LinearLayout", "android.widget.FrameLayout"),
    "rn": ("android.widget.FrameLayout", "android.widget.LinearLayout", "android.widget.FrameLayout"),
    "ios": ("XCUIElementTypeApplication", "XCUIElementTypeWindow"),
}
_HELD = {"list_item": 0.2, "text": 0.4, "icon_button": 0.25, "tab": 0.4}
"""How often a tappable type also reacts to a long press: rows, selectable text, buttons with a tooltip."""

_TWINS = {"checkbox": "CheckBox", "radio_button": "RadioButton", "dropdown": "Spinner"}
_FRAGMENTS = {"android": 0.04, "ios": 0.3}
"""Share of dumps that show one element and what is in it: iOS is slow to tell all, so parts are asked for."""

_WRITTEN = frozenset({"text_input", "password_input", "search_input"})
_LOOSE = frozenset({"container", "card", "app_bar", "tab_bar", "stepper", "segmented", "page_indicator"})
"""What Flutter's semantics tree leaves out: it keeps only what says or does something."""


@dataclass(slots=True)
class _Open:
    """An ancestor while its children are dressed. Its twin comes after them."""

    depth: int
    index: int
    twin: bool = False
    swallows: bool = False
    bounds: Bounds = field(default_factory=lambda: Bounds(0, 0, 0, 0))


class Dresser:
    """Turns one laid-out screen of one app into elements; all chance comes from ``rng``."""

    def __init__(self, app: App, rng: random.Random) -> None:
        self.app, self.rng = app, rng
        self.forms = FORMS[app.framework]
        self.rows: list[dict[str, Any]] = []
        self.open: list[_Open] = []

    def screen(self, root: Box) -> Screen:
        """The screen that ``root`` becomes; every element carries its true type in ``known``."""
        place(root, 0, 0, self.app.width / self.app.density)
        self._frame()
        outside = len(self.open)
        for box, depth, bounds in shown(root, self.app.width / self.app.density, self.app.height / self.app.density):
            self._close(outside + depth)
            if not any(ancestor.swallows for ancestor in self.open):
                self._dress(box, outside + depth, self._scaled(bounds))
            elif box.text or box.description:
                self._swallow(box)
        self._close(outside)
        elements = tuple(Element(index=index, **row) for index, row in enumerate(self.rows))
        whole = _settled(Screen(self.app.platform, elements, self.app.name))
        return self._fragment(whole) if self.rng.random() < _FRAGMENTS[self.app.platform] else whole

    def _fragment(self, whole: Screen) -> Screen:
        """A part of the screen without what is around it, as some tools dump one element."""
        children = whole.children()
        held = [index for index, inside in enumerate(children) if len(inside) > 1]
        if not held:
            return whole
        first = self.rng.choice(held)
        last = first
        while children[last]:
            last = children[last][-1]
        part = [
            replace(element, index=element.index - first, parent=max(element.parent - first, -1))
            for element in whole.elements[first : last + 1]
        ]
        return replace(whole, elements=tuple(part))

    def _frame(self) -> None:
        """What the system and the app's navigation put around every screen."""
        whole = Bounds(0, 0, self.app.width, self.app.height)
        habit = random.Random(self.app.habit)  # noqa: S311 - a simulation
        around = [*_WINDOWS[self.app.framework], *[_LAYOUTS[self.app.framework]] * self.app.nesting]
        if self.app.framework == "native" and habit.random() < 0.2:
            around.insert(-1, "androidx.drawerlayout.widget.DrawerLayout")
        for name in around:
            self._open(self._row("container", name, whole), len(self.open))

    def _open(self, index: int, depth: int, *, twin: bool = False, swallows: bool = False) -> None:
        self.open.append(_Open(depth, index, twin, swallows, self.rows[index]["bounds"]))

    def _close(self, depth: int) -> None:
        while self.open and self.open[-1].depth >= depth:
            done = self.open.pop()
            if done.twin:
                kind = self.rows[done.index]["known"].element_type
                twin = f"android.widget.{_TWINS.get(kind, 'Button')}"
                row = self._row(kind, twin, done.bounds, parent=done.index)
                self.rows[row]["focusable"] = False

    def _row(self, kind: str, class_name: str, bounds: Bounds, parent: int | None = None) -> int:
        android = self.app.platform == "android"
        flags = dict.fromkeys(
            ("clickable", "long_clickable", "checkable", "checked", "focusable", "scrollable", "password", "selected"),
            False,
        )
        row: dict[str, Any] = {
            "parent": parent if parent is not None else (self.open[-1].index if self.open else -1),
            "class_name": class_name,
            "bounds": bounds,
            "enabled": True,
            "known": Evidence(kind, 1.0, TRUTH),
        }
        row.update(flags if android else {})
        if not android or self.app.keeps_hidden:
            row["visible"] = True
        self.rows.append(row)
        return len(self.rows) - 1

    def _dress(self, box: Box, depth: int, bounds: Bounds) -> None:
        if self.app.framework == "flutter" and box.kind in _LOOSE and not box.tappable and self.rng.random() < 0.75:
            return
        layouts = 3 if box.children else 1
        while layouts and self.rng.random() < self.app.wrappers:
            self._open(self._row("container", self._form("container").class_name, bounds), depth)
            layouts -= 1
        form = self._form(box.kind)
        index = self._row(box.kind, self._class(box, form), bounds)
        self._flags(self.rows[index], box, form)
        name = identifier_of(self.app, box, self.rng)
        if name:
            self.rows[index]["resource_id"] = name
        self._open(index, depth, twin="t" in form.flags, swallows=form.words == "merged")
        self._words(index, box, form)
        if box.kind == "icon_button" and "i" in form.flags:
            self._inside("icon", box, bounds)

    def _form(self, kind: str) -> Form:
        """Mostly the app's own way to build this type, now and then another."""
        ways = self.forms.get(kind) or self.forms["container"]
        habit = random.Random(f"{self.app.habit} {kind}")  # noqa: S311 - a simulation
        chosen = self.rng if kind == "container" or self.rng.random() < 0.25 else habit
        return chosen.choices(ways, [way.weight for way in ways])[0]

    def _class(self, box: Box, form: Form) -> str:
        if box.kind in _CUSTOM and self.rng.random() < self.app.custom:
            return self.app.vendor + _CUSTOM[box.kind]
        if box.kind == "scroll" and box.flow == "row" and self.app.platform == "android":
            return "android.widget.HorizontalScrollView"
        return form.class_name

    def _flags(self, row: dict[str, Any], box: Box, form: Form) -> None:
        if self.app.platform == "ios":
            row["selected"] = None
            return
        tappable = ("c" in form.flags or box.tappable) and not box.inert
        row["clickable"] = tappable and not (box.kind in ("card", "list_item") and not box.tappable)
        row["focusable"] = ("f" in form.flags and not box.inert) or (tappable and self.rng.random() < 0.9)
        row["long_clickable"] = self.rng.random() < (0.7 if "l" in form.flags else _HELD.get(box.kind, 0.0) * tappable)
        row["checkable"] = "k" in form.flags
        row["checked"] = row["checkable"] and bool(box.on)
        row["selected"] = box.kind == "tab" and bool(box.on)
        row["scrollable"] = "s" in form.flags and self.rng.random() < 0.6
        row["password"] = box.kind == "password_input"
        row["enabled"] = not (box.kind in ("button", "icon_button") and self.rng.random() < 0.07)

    def _words(self, index: int, box: Box, form: Form) -> None:
        row = self.rows[index]
        if box.kind == "switch" and self.app.framework == "native" and not box.text:
            self._say(row, "text", "ON" if box.on else "OFF")
        elif box.kind in ("switch", "slider") and self.app.platform == "ios":
            self._say(row, "description", box.text or "Option")
            self._say(row, "text", "1" if box.on else "0")
        elif box.kind == "list_item" and self.app.platform == "ios" and self.rng.random() < 0.4:
            self._say(row, "description", next((child.text for child in box.children if child.text), "Entry"))
        elif self.app.platform == "ios" and box.kind in _WRITTEN:
            self._say(row, "text", box.text or box.description)
        elif form.words == "label":
            self._written(row, box)
        elif box.kind in _WRITTEN:
            self._say(row, "text", box.text or (box.description if self.rng.random() < 0.6 else ""))
            if not box.text and self.rng.random() < 0.3:
                self._say(row, "hint", box.description)
        elif form.words == "child":
            if box.text:
                self._inside("text", box, row["bounds"])
        elif form.words == "text":
            self._say(row, "text", box.text or (_GLYPH if box.kind == "icon" else ""))
        elif form.words in ("description", "merged"):
            self._say(row, "description", box.text)
        self._describe(row, box, form)

    def _written(self, row: dict[str, Any], box: Box) -> None:
        """A field of Compose shows its label as a text inside it."""
        self._say(row, "text", box.text)
        if not box.text or self.rng.random() < 0.5:
            self._inside("text", replace(box, text=box.description), row["bounds"])

    def _describe(self, row: dict[str, Any], box: Box, form: Form) -> None:
        spoken = form.words == "description" and not box.text
        if (
            spoken
            and box.description
            and self.rng.random() < max(self.app.descriptions, 0.9 if self.app.platform == "ios" else 0)
        ):
            self._say(row, "description", box.description)

    def _inside(self, kind: str, box: Box, around: Bounds) -> None:
        """A text or a picture of its own in the middle of what it labels."""
        share = (0.55, 0.55) if kind == "icon" else (0.8, 0.5)
        wide, high = around.width * share[0], around.height * share[1]
        left, top = around.left + (around.width - wide) / 2, around.top + (around.height - high) / 2
        inner = Bounds(round(left), round(top), round(left + wide), round(top + high))
        form = self._form(kind)
        row = self.rows[self._row(kind, form.class_name, inner)]
        if kind == "text":
            self._say(row, "description" if form.words == "description" else "text", box.text)
        elif form.words == "text":
            self._say(row, "text", _GLYPH)
        elif self.rng.random() < self.app.descriptions:
            self._say(row, "description", box.description)

    def _swallow(self, box: Box) -> None:
        """Flutter and iOS speak the words inside an element as the element's own."""
        index = next(ancestor.index for ancestor in self.open if ancestor.swallows)
        row = self.rows[index]
        said = box.text or (box.description if box.kind != "icon" else "")
        self._say(row, "description", "\n".join(filter(None, (row.get("description", ""), said))))

    @staticmethod
    def _say(row: dict[str, Any], name: str, words: str) -> None:
        row[name] = words
        row[f"{name}_length"] = len(words)

    def _scaled(self, bounds: tuple[float, float, float, float]) -> Bounds:
        return Bounds(*(float(round(edge * self.app.density)) for edge in bounds))


def _settled(screen: Screen) -> Screen:
    """With what a public class tells in place of what was meant, as the taxonomy's order of decision wants it.

    A search field stays one, although its class only says that it takes text.
    """
    elements = []
    for element, told in zip(screen.elements, told_by_class(screen), strict=True):
        meant = element.known.element_type if element.known else "unknown"
        agrees = told is None or told.element_type == meant
        stays = agrees or (meant == "search_input" and told is not None and told.element_type == "text_input")
        kind = meant if stays or told is None else told.element_type
        elements.append(replace(element, known=Evidence(kind, 1.0, TRUTH)))
    return replace(screen, elements=tuple(elements))
