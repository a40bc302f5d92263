"""Draws an app from its model, so that anybody's generated suite can be rehearsed without the app.

The drawing shows what the model says, no more: tests that pass on it run, they need not be right. A locator that the
reader of the source got wrong is drawn wrong as well, and found. For the truth there is only the app.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from samouk.domains.screens.appmodel.model import AppElement, AppModel, AppScreen
from samouk.domains.screens.element import Platform
from samouk.domains.screens.source.widgets import BACK
from samouk.domains.screens.testgen.finding import Way, title_way, way
from samouk.domains.screens.testgen.routes import transitions

ROWS = 3
"""How often what is repeated is drawn."""

_LINE = 120
"""Height of an element in pixels; a third of it on iOS, in points."""

_ANDROID: Mapping[str, str] = {
    "button": "android.widget.Button",
    "icon_button": "android.widget.ImageButton",
    "text_input": "android.widget.EditText",
    "password_input": "android.widget.EditText",
    "search_input": "android.widget.EditText",
    "checkbox": "android.widget.CheckBox",
    "radio_button": "android.widget.RadioButton",
    "switch": "android.widget.Switch",
    "slider": "android.widget.SeekBar",
    "dropdown": "android.widget.Spinner",
    "text": "android.widget.TextView",
    "image": "android.widget.ImageView",
    "icon": "android.widget.ImageView",
}
_IOS: Mapping[str, str] = {
    "button": "XCUIElementTypeButton",
    "icon_button": "XCUIElementTypeButton",
    "link": "XCUIElementTypeLink",
    "text_input": "XCUIElementTypeTextField",
    "password_input": "XCUIElementTypeSecureTextField",
    "search_input": "XCUIElementTypeSearchField",
    "checkbox": "XCUIElementTypeSwitch",
    "radio_button": "XCUIElementTypeButton",
    "switch": "XCUIElementTypeSwitch",
    "slider": "XCUIElementTypeSlider",
    "dropdown": "XCUIElementTypeButton",
    "tab": "XCUIElementTypeButton",
    "menu_item": "XCUIElementTypeButton",
    "list_item": "XCUIElementTypeCell",
    "text": "XCUIElementTypeStaticText",
    "image": "XCUIElementTypeImage",
}
_LIST = "XCUIElementTypeCollectionView"
_TOGGLES = ("checkbox", "switch", "radio_button")
_CLOSES = ("button", "icon_button", "menu_item", "list_item")
"""What closes a dialog when nothing else is said of it."""


class _Canvas(NamedTuple):
    """What all screens are drawn with. ``leads`` gives the target by keys of screen and element."""

    model: AppModel
    platform: Platform
    package: str
    leads: Mapping[tuple[str, str], str]


def draw(model: AppModel, platform: Platform) -> str:
    """The app of a model as one platform shows it, in XML that ends with a line end."""
    ios = platform == "ios"
    size = {"width": "390", "height": "844"} if ios else {"width": "1080", "height": "2400"}
    first = next((one for one in model.screens if one.entry), model.screens[0] if model.screens else None)
    package = model.app or "org.example.app"
    app = Element("app", {**size, "platform": platform, "package": package, "start": first.key if first else ""})
    leads = {(one.source, one.element): one.target for found in transitions(model).values() for one in reversed(found)}
    for screen in model.screens:
        _screen(app, screen, _Canvas(model, platform, package, leads))
    indent(app)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(app, encoding="unicode")}\n'


def _screen(app: Element, screen: AppScreen, canvas: _Canvas) -> None:
    told = {"name": screen.key, "activity": screen.activity or f".{screen.name}"}
    drawn = SubElement(app, "screen", {**told, **({"over": "true"} if screen.dialog else {})})
    if canvas.platform == "ios":
        _bar(drawn, screen)
        holder = drawn
    else:
        bounds = {"bounds": "[0,0][1080,2400]"}
        # A list of React Native that bears no name is told by its class: it is the only one.
        tag = "android.widget.FrameLayout" if screen.framework == "react_native" else "android.widget.ScrollView"
        holder = SubElement(drawn, tag, {"scrollable": "true", **bounds})
    if screen.title:
        SubElement(holder, _text(canvas.platform), _words(title_way(screen, canvas.platform).how, screen.title, canvas))
    lists: dict[Way, Element] = {}
    for at, (element, row) in enumerate(_rows(screen)):
        found = way(screen, element, canvas.platform)
        around = _around(holder, lists, found, canvas)
        tag = found.of.rpartition("/")[2] if found is not None and found.within is not None else ""
        tag = tag or _tag(element, canvas.platform)
        node = SubElement(around, tag, _attributes(screen, element, row, canvas))
        if found is not None and not element.repeated:
            lists.setdefault(found, node)
        node.attrib.update(_place(at + 1, canvas.platform))
        _hint(node, screen, canvas)


def _around(holder: Element, lists: dict[Way, Element], found: Way | None, canvas: _Canvas) -> Element:
    """What an element stands in: a row in its list, and on iOS in a cell of that, behind those that are counted."""
    within = None if found is None else found.within
    if found is None or within is None:
        return holder
    if within not in lists:
        by_class = within.how == "kind"
        tag = within.value if by_class else _LIST if found.of else "android.view.View"
        lists[within] = SubElement(holder, tag, {} if by_class else _words(within.how, within.value, canvas))
    cell, _, inner = found.of.partition("/")
    while cell and len(lists[within]) < found.nth:
        SubElement(SubElement(lists[within], cell, {}), inner or cell, {})
    return SubElement(lists[within], cell, {}) if inner else lists[within]


def _hint(node: Element, screen: AppScreen, canvas: _Canvas) -> None:
    """Compose tells no hints: they are words in the input."""
    if screen.framework == "compose" and canvas.platform == "android" and "hint" in node.attrib:
        words = {"text": node.attrib.pop("hint"), "sim-hint": "true", "bounds": node.attrib["bounds"]}
        SubElement(node, _text("android"), words)


def _rows(screen: AppScreen) -> Iterator[tuple[AppElement, int]]:
    for element in screen.elements:
        for row in range(ROWS if element.repeated else 1):
            yield element, row


def _bar(drawn: Element, screen: AppScreen) -> None:
    """What iOS draws above a screen that was pushed: a button that leads back."""
    if not screen.entry and not screen.dialog:
        bar = SubElement(drawn, "XCUIElementTypeNavigationBar", {"name": screen.title or screen.name})
        SubElement(bar, "XCUIElementTypeButton", {"name": "BackButton", "label": "Back", "sim-back": "true"})


def _text(platform: Platform) -> str:
    return "XCUIElementTypeStaticText" if platform == "ios" else "android.widget.TextView"


def _tag(element: AppElement, platform: Platform) -> str:
    if platform == "ios":
        multiline = element.type == "text_input" and element.entry is not None and element.entry.multiline
        return "XCUIElementTypeTextView" if multiline else _IOS.get(element.type, "XCUIElementTypeOther")
    return _ANDROID.get(element.type, "android.view.View")


def _attributes(screen: AppScreen, element: AppElement, row: int, canvas: _Canvas) -> dict[str, str]:
    told = {"enabled": "false" if element.enabled is False else "true"}
    for locator in element.locators:
        found = way(screen, _only(element, locator.strategy), canvas.platform)
        if found is not None and found.how not in ("row", "kind"):
            more = str(row + 1) if found.how.endswith("_start") else ""
            how = "label" if found.how == "hint" and _labels_hints(screen, canvas) else found.how
            told = {**_words(how, f"{found.value}{more}", canvas), **told}
    told |= _behaviour(screen, element, canvas)
    return told | (_ios_state(element) if canvas.platform == "ios" else _android_state(element))


def _labels_hints(screen: AppScreen, canvas: _Canvas) -> bool:
    """Flutter's inputs on iOS have a label, and no placeholder."""
    return canvas.platform == "ios" and screen.framework == "flutter"


def _only(element: AppElement, strategy: str) -> AppElement:
    return replace(element, locators=tuple(one for one in element.locators if one.strategy == strategy))


def _words(how: str, value: str, canvas: _Canvas) -> dict[str, str]:
    """The attributes by which a locator finds its words."""
    if canvas.platform == "ios":
        if how == "hint":
            return {"placeholderValue": value}
        return {"name": value} if how in ("tag", "tag_start", "resource") else {"label": value}
    if how == "resource":
        return {"resource-id": value if ":" in value else f"{canvas.package}:id/{value}"}
    ids = {"tag": "resource-id", "tag_start": "resource-id"}
    names = {**ids, "hint": "hint", "label": "content-desc", "label_start": "content-desc"}
    return {names.get(how, "text"): value}


def _behaviour(screen: AppScreen, element: AppElement, canvas: _Canvas) -> dict[str, str]:
    told: dict[str, str] = {}
    target = canvas.leads.get((screen.key, element.key), "")
    if target:
        told["sim-goto"] = target
    elif element.leads_to == BACK or (screen.dialog and element.type in _CLOSES):
        told["sim-back"] = "true"
    if element.type == "radio_button":
        told["sim-group"] = f"{screen.key}_choice"
    if element.entry is not None and element.entry.max_length is not None:
        told["sim-max"] = str(element.entry.max_length)
    if element.entry is not None and element.entry.filtered and element.entry.kind in ("number", "phone"):
        told["sim-accepts"] = "digits"
    return told


def _android_state(element: AppElement) -> dict[str, str]:
    told = {"clickable": "true" if element.interactive else "false"}
    if element.checkable or element.type in _TOGGLES:
        told |= {"checkable": "true", "checked": "true" if element.checked else "false"}
    if element.secret or element.type == "password_input":
        told |= {"password": "true"}
    return told


def _ios_state(element: AppElement) -> dict[str, str]:
    toggles = element.checkable or element.type in _TOGGLES
    told = {"accessible": "true"} if element.interactive else {}
    return told | ({"value": "1" if element.checked else "0"} if toggles else {})


def _place(line: int, platform: Platform) -> dict[str, str]:
    if platform == "ios":
        return {"x": "20", "y": str(line * _LINE // 3), "width": "350", "height": str(_LINE // 3)}
    return {"bounds": f"[40,{line * _LINE}][1040,{(line + 1) * _LINE}]"}
