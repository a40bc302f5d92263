"""Controls of a scene: as Interface Builder places them, finished by the code of their class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from samouk.domains.screens.source.ios.canvas import Canvas, Draft
from samouk.domains.screens.source.ios.expressions import Name
from samouk.domains.screens.source.ios.looks import Looks
from samouk.domains.screens.source.ios.marks import KEYBOARDS
from samouk.domains.screens.source.ios.scenes import Scene, accessibility
from samouk.domains.screens.source.ios.storyboards import Object
from samouk.domains.screens.source.ios.uikit import ACTED_ON, SYSTEM_ITEMS, Look, public_kind
from samouk.domains.screens.source.widgets import NO_WORDS, Entry, Place, Words

if TYPE_CHECKING:
    from samouk.domains.screens.source.ios.controllers import Controllers

TAGS: dict[str, str] = {
    "button": "Button",
    "textField": "TextField",
    "textView": "TextView",
    "switch": "Switch",
    "slider": "Slider",
    "stepper": "Stepper",
    "segmentedControl": "SegmentedControl",
    "searchBar": "SearchField",
    "datePicker": "DatePicker",
    "pickerView": "Picker",
    "label": "StaticText",
    "imageView": "Image",
    "tableView": "Table",
    "collectionView": "CollectionView",
    "tableViewCell": "Cell",
    "collectionViewCell": "Cell",
    "scrollView": "ScrollView",
    "activityIndicatorView": "ActivityIndicator",
    "progressView": "ProgressIndicator",
    "pageControl": "PageIndicator",
    "toolbar": "Toolbar",
    "navigationBar": "NavigationBar",
    "mapView": "Map",
    "webView": "WebView",
    "wkWebView": "WebView",
    "barButtonItem": "Button",
}
"""What XCUITest calls what Interface Builder places."""

_LISTS_WORDS = """
view stackView visualEffectView containerView subviews sections tableViewSection cells prototypes objects items
tableViewCellContentView collectionViewCellContentView cell rightBarButtonItems leftBarButtonItems toolbarItems
navigationItem
"""
_LISTS = frozenset(_LISTS_WORDS.split())
_SPACES = frozenset({"flexibleSpace", "fixedSpace"})
_BARS_WORDS = """
leftBarButtonItem rightBarButtonItem backBarButtonItem
"""
_BARS = frozenset(_BARS_WORDS.split())


@dataclass(frozen=True, slots=True)
class _At:
    parent: int = -1
    loops: int = 0
    conditional: bool = False


@dataclass(slots=True)
class ScenePainter:
    """Paints one scene."""

    controllers: Controllers
    canvas: Canvas
    scene: Scene
    looks: Looks | None = None
    outlets: dict[str, str] = field(default_factory=dict)
    embedded: set[tuple[str, str]] = field(default_factory=set)

    def paint(self) -> None:
        """Everything below the controller."""
        info = self.controllers.atlas.project.find(self.scene.custom, self.scene.path) if self.scene.custom else None
        self.looks = self.controllers.look_at(info) if info is not None else None
        self.outlets = self.scene.outlets(self.scene.index)
        if self.scene.kind in ("objects", "placeholder"):  # in a xib views have outlets too
            holder = self.scene.index if self.scene.kind == "objects" else self.scene.object.parent
            for child in self.scene.below.get(holder, ()):
                self.outlets = self.scene.outlets(child) | self.outlets
        start = self.scene.index
        if self.scene.kind == "placeholder":
            start = self.scene.object.parent
        self._children(start, _At())

    def _children(self, index: int, at: _At) -> None:
        for child in self.scene.below.get(index, ()):
            self._object(child, at)

    def _object(self, index: int, at: _At) -> None:
        one = self.scene.layout.objects[index]
        at = replace(at, conditional=at.conditional or one.attributes.get("hidden") == "YES")
        if one.tag == "prototypes" or (one.tag == "cells" and _is_collection(self.scene, index)):
            self._children(index, replace(at, loops=at.loops + 1))
        elif one.tag in _LISTS and not self._is_element(index):
            self._list(index, one, at)
        elif one.tag in TAGS or one.tag in _LISTS:
            if one.attributes.get("systemItem") not in _SPACES:
                self._control(index, one, at)
        elif one.tag not in ("connections", "placeholder") and one.attributes.get("customClass"):
            self._children(index, at)

    def _list(self, index: int, one: Object, at: _At) -> None:
        if one.tag == "navigationItem":
            title = one.attributes.get("title", "")
            if title:
                self.canvas.title = self._words(one, "title", title)
            if any(self.scene.layout.objects[each].tag.startswith("barButton") for each in self._all(index)):
                at = replace(at, parent=self.controllers.bar(self.canvas))
        elif one.tag == "toolbarItems":
            toolbar = Draft(name="toolbar", class_name="XCUIElementTypeToolbar", place=self._place(one))
            at = replace(at, parent=self.canvas.add(toolbar))
        if one.attributes.get("headerTitle"):
            words = self._words(one, "headerTitle", one.attributes["headerTitle"])
            self.canvas.add(
                Draft(
                    name="headerTitle",
                    class_name="XCUIElementTypeStaticText",
                    place=self._place(one),
                    parent=at.parent,
                    text=words,
                )
            )
        self._children(index, at)
        self._custom(one, at)
        self._embedded(index, at)

    def _all(self, index: int) -> Iterator[int]:
        for child in self.scene.below.get(index, ()):
            yield child
            yield from self.scene.below.get(child, ())

    def _place(self, one: Object) -> Place:
        return Place(self.scene.path, one.line)

    def _is_element(self, index: int) -> bool:
        """Whether a plain view is more than a holder: it is tapped, or named."""
        one = self.scene.layout.objects[index]
        if one.tag not in ("view", "stackView", "visualEffectView", "containerView"):
            return False
        return bool(accessibility(self.scene, index)) or self._gesture(index) is not None

    def _gesture(self, index: int) -> int | None:
        """A tap recogniser on a view."""
        for one in self.scene.connections(index):
            if one.attributes.get("property") == "gestureRecognizers":
                found = self.scene.ids.get(one.attributes.get("destination", ""))
                if found is not None and self.scene.layout.objects[found].tag == "tapGestureRecognizer":
                    return found
        return None

    def _custom(self, one: Object, at: _At) -> None:
        """Controls that an own view makes in code."""
        name = one.attributes.get("customClass", "")
        info = self.controllers.atlas.project.find(name, self.scene.path) if name else None
        if info is not None and one.tag not in ("navigationItem",):
            look = self._look(one)
            outer = (look, self.looks) if look is not None and self.looks is not None else None
            start = len(self.canvas.drafts)
            self.controllers.coded.paint_code(self.canvas, self.controllers.look_at(info), at.parent, 1, outer)
            if outer is not None:
                self.controllers.coded.hand_in(self.canvas, start, *outer)

    def _embedded(self, index: int, at: _At) -> None:
        """What a container shows is part of this screen."""
        for one in self.scene.connections(index):
            if one.tag == "segue" and one.attributes.get("kind") == "embed":
                key = (self.scene.layout.name, one.attributes.get("destination", ""))
                inner = self.controllers.scenes.get(key)
                if inner is None or not inner.is_content or key in self.embedded:
                    continue
                self.embedded.add(key)
                painter = ScenePainter(self.controllers, self.canvas, inner, embedded=self.embedded)
                painter.paint()
                if self.controllers.named.get(key, self.canvas.name) != self.canvas.name:
                    self.controllers.atlas.aliases[self.controllers.named[key]] = self.canvas.name

    # ---- one control

    def _control(self, index: int, one: Object, at: _At) -> None:
        look = self._look(one)
        kind = self._kind(one)
        draft = Draft(
            name=one.attributes.get("userLabel") or one.attributes.get("customClass") or one.tag,
            class_name=f"XCUIElementType{kind}",
            place=self._place(one),
            parent=at.parent,
            loops=at.loops,
            conditional=at.conditional,
        )
        if one.attributes.get("key") in _BARS and at.parent < 0:
            draft.parent = self.controllers.bar(self.canvas)
        told = accessibility(self.scene, index)
        draft.identifier = told.get("identifier", "")
        draft.label = Words(told["label"]) if "label" in told else NO_WORDS
        self._say(index, one, draft)
        self._type(index, one, draft)
        self._lead(index, one, draft)
        if look is not None and self.looks is not None:
            self.controllers.coded.dress(draft, look, self.looks)
        own = self.canvas.add(draft)
        if own < 0:
            return
        for other in look.others if look is not None else ():
            if not draft.identifier:
                draft.identifier = other.identifier
            else:
                self.canvas.add(replace(draft, identifier=other.identifier, conditional=True))
        if one.tag == "segmentedControl":
            self.controllers.coded.segments(
                self.canvas, own, look.segments if look and look.segments else self._segments(index)
            )
        elif one.tag not in ("button", "textField", "barButtonItem"):
            inside = self._cell_looks(index, one) if kind == "Cell" else self
            inside._children(index, replace(at, parent=own))

    def _cell_looks(self, index: int, one: Object) -> ScenePainter:
        """A row with a class of its own has outlets of its own."""
        info = self.controllers.atlas.project.find(one.attributes.get("customClass", ""), self.scene.path)
        if info is None:
            return self
        looks = self.controllers.look_at(info)
        return ScenePainter(self.controllers, self.canvas, self.scene, looks, self.scene.outlets(index), self.embedded)

    def _look(self, one: Object) -> Look | None:
        name = self.outlets.get(one.attributes.get("id", ""), "")
        return self.looks.by_name.get(name) if self.looks is not None and name else None

    def _kind(self, one: Object) -> str:
        own = one.attributes.get("customClass", "")
        found = public_kind(self.controllers.atlas.project, own, self.scene.path) if own else ""
        return TAGS.get(one.tag) or found or "Other"

    def _words(self, one: Object, what: str, value: str) -> Words:
        """Words of an object; a strings file of the storyboard may have others."""
        key = f"{one.attributes.get('id', '')}.{what}"
        known = self.controllers.atlas.speaker.strings.get(key)
        return Words(known, key) if known is not None else Words(value)

    def _say(self, index: int, one: Object, draft: Draft) -> None:
        told = one.attributes
        for child in self.scene.below.get(index, ()):
            inner = self.scene.layout.objects[child]
            if inner.tag == "state" and inner.attributes.get("key") == "normal":
                if "title" in inner.attributes:
                    draft.text = self._words(one, "normalTitle", inner.attributes["title"])
                elif "image" in inner.attributes and draft.label == NO_WORDS:
                    draft.label = Words(inner.attributes["image"])
            elif inner.tag == "buttonConfiguration" and "title" in inner.attributes:
                draft.text = self._words(one, "configuration.title", inner.attributes["title"])
        if one.tag == "barButtonItem":
            words = told.get("title") or SYSTEM_ITEMS.get(told.get("systemItem", ""), "")
            draft.text = self._words(one, "title", words) if words else NO_WORDS
            if not words and "image" in told and draft.label == NO_WORDS:
                draft.label = Words(told["image"])
        elif "text" in told:
            draft.text = self._words(one, "text", told["text"])
        if "placeholder" in told:
            draft.hint = self._words(one, "placeholder", told["placeholder"])
        if one.tag == "imageView" and draft.label == NO_WORDS and "image" in told:
            draft.label = Words(told["image"])

    def _type(self, index: int, one: Object, draft: Draft) -> None:
        told = one.attributes
        kind = draft.class_name.removeprefix("XCUIElementType")
        if kind in ("TextField", "TextView", "SearchField"):
            self._entry(index, one, draft)
        elif kind == "Switch":
            draft.checkable, draft.checked = True, told.get("on", "YES") == "YES"
        elif kind in ("Table", "CollectionView", "ScrollView"):
            draft.scrollable = True
        draft.enabled = False if told.get("enabled") == "NO" else None
        draft.interactive = draft.class_name.removeprefix("XCUIElementType") in ACTED_ON
        if one.tag == "textView" and told.get("editable") == "NO":
            draft.interactive, draft.entry = False, None
        if kind == "Button":
            draft.clickable = True
        if kind == "Cell":
            self._cell(one, draft)

    def _cell(self, one: Object, draft: Draft) -> None:
        if one.attributes.get("selectionStyle") == "none":
            return
        if self.looks is not None and self.controllers.coded.chooses(self.looks):
            draft.interactive = draft.clickable = True
            draft.lead = self.controllers.coded.chosen(self.looks)

    def _entry(self, index: int, one: Object, draft: Draft) -> None:
        entry = Entry("search") if draft.class_name.endswith("SearchField") else Entry()
        for child in self.scene.below.get(index, ()):
            inner = self.scene.layout.objects[child]
            if inner.tag == "textInputTraits":
                for name in ("textContentType", "keyboardType"):
                    kind = KEYBOARDS.get(_camel(inner.attributes.get(name, "")))
                    entry = entry._replace(kind=kind) if kind is not None and entry.kind == "text" else entry
                if inner.attributes.get("secureTextEntry") == "YES":
                    draft.class_name, draft.password = "XCUIElementTypeSecureTextField", True
                    entry = entry._replace(kind="password")
        draft.entry = entry._replace(multiline=one.tag == "textView")

    def _lead(self, index: int, one: Object, draft: Draft) -> None:
        gesture = self._gesture(index)
        if gesture is not None:
            draft.interactive = draft.clickable = True
        for each in (*self.scene.connections(index), *(self.scene.connections(gesture) if gesture is not None else ())):
            if each.tag == "segue" and each.attributes.get("trigger") != "accessoryAction":
                target = self.scene.target(each, self.controllers)
                draft.lead = target if target is not None else draft.lead
                if each.attributes.get("kind") not in ("embed", "relationship"):
                    draft.interactive = draft.clickable = True
            elif each.tag == "action" and draft.lead is None and self.looks is not None:
                name = each.attributes.get("selector", "").partition(":")[0].removesuffix("WithSender")
                draft.lead = self.controllers.atlas.actor.target(Name(name), self.looks.scope)

    def _segments(self, index: int) -> tuple[Words, ...]:
        found: list[Words] = []
        for holder in self.scene.below.get(index, ()):
            for child in self.scene.below.get(holder, ()):
                one = self.scene.layout.objects[child]
                if one.tag == "segment":
                    found.append(Words(one.attributes.get("title", "")))
        return tuple(found)


def _is_collection(scene: Scene, index: int) -> bool:
    parent = scene.layout.objects[index].parent
    return parent >= 0 and scene.layout.objects[parent].tag == "collectionView"


def _camel(name: str) -> str:
    """``emailAddress`` of `emailAddress` and of `email`; ``password`` of `new-password`."""
    return {"email": "emailAddress", "new-password": "newPassword", "tel": "telephoneNumber", "url": "URL"}.get(
        name, name
    )
