"""An app that is drawn in a file: what it shows on each screen, and which of its nodes a locator finds.

::

    <app platform="android" package="org.example.tea" width="1080" height="2400" start="login">
      <screen name="login" activity=".LoginActivity">
        <android.widget.Button resource-id="org.example.tea:id/sign_in" text="Sign in" clickable="true"
          enabled="true" bounds="[48,1000][1032,1140]" sim-goto="teas"/>

Nodes and attributes are those of the page source of UiAutomator2 (``platform="android"``) or of XCUITest (``ios``);
what is left out is as it mostly is: enabled, displayed, not checkable. A few attributes say how the app behaves:

=================  ==================================================================================================
on ``<screen>``    ``over="true"``: a dialog or a menu, which hides what lies below; ``url``: the deep link to it
``sim-goto``       a tap opens that screen, above the open one
``sim-back``       ``true``: a tap closes the screen
``sim-group``      of all nodes with one word only one is chosen; a RadioGroup or a segmented control needs none
``sim-max``        the longest text that the input lets in, in characters
``sim-accepts``    ``any``, ``digits``, ``decimal``, ``phone`` or ``letters``: others are dropped
``sim-offscreen``  ``true``: it must be scrolled to first; on iOS a scroll uncovers one of them
``sim-hint``       ``true``: words in an input that go when something is typed
=================  ==================================================================================================

The drivers beside this file read the same. What was typed and turned is kept when the app ends and starts again, until
its data are cleared or it is installed anew. A switch of iOS that is wider than 100 points holds its words, and turns
only near its trailing edge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from samouk.domains.screens.element import Platform
from samouk.domains.screens.testgen.finding import How, Way

LONGEST = 10 * 2**20
"""Bytes; a drawn app of six screens has some ten thousand."""

_ANDROID: Mapping[How, str] = {
    "tag": "resource-id",
    "tag_start": "resource-id",
    "label": "content-desc",
    "label_start": "content-desc",
    "text": "text",
    "text_start": "text",
}
_IOS: Mapping[How, tuple[str, ...]] = {
    "tag": ("name", "label"),
    "tag_start": ("name",),
    "label": ("name", "label"),
    "label_start": ("label",),
    "text": ("label",),
    "text_start": ("label",),
    "hint": ("placeholderValue", "label"),
}
_INPUT = "android.widget.EditText"
_WORDS = "android.widget.TextView"
_SWITCH = "XCUIElementTypeSwitch"
_STATIC = "XCUIElementTypeStaticText"
_IOS_INPUTS = ("TextField", "SecureTextField", "TextView", "SearchField")


class BadDrawing(ValueError):
    """The file does not draw an app; the message says why."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One app. ``screens`` are the nodes ``<screen>`` by name."""

    root: Element
    platform: Platform
    package: str
    screens: Mapping[str, Element]


def read(path: Path) -> str:
    """The file's text. Raises BadDrawing."""
    try:
        if path.stat().st_size > LONGEST:
            raise BadDrawing(f"{path} is longer than {LONGEST // 2**20} MB")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadDrawing(f"{path} cannot be read: {error}") from error


def parse(text: str) -> Drawn:
    """The app that a text draws. Raises BadDrawing."""
    try:
        root = fromstring(text)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise BadDrawing(f"no well-formed XML: {error}") from error
    if root.tag != "app":
        raise BadDrawing(f"a drawn app begins with <app>, not with <{root.tag}>")
    platform = root.get("platform", "")
    if platform not in ("android", "ios"):
        raise BadDrawing(f'<app platform="{platform}">: it is android or ios')
    screens = {screen.get("name", ""): screen for screen in root.iterfind("screen")}
    if not screens:
        raise BadDrawing("the app has no <screen>")
    return Drawn(root, "ios" if platform == "ios" else "android", root.get("package") or "org.example.app", screens)


def _hints(app: Drawn, node: Element, words: str) -> bool:
    """Compose tells an input's label and placeholder as words in it, Flutter on iOS as its label."""
    if app.platform == "ios":
        kinds = {f"XCUIElementType{name}" for name in _IOS_INPUTS}
        return node.tag in kinds and words in (node.get(name) for name in _IOS["hint"])
    inner = (one.get("text") for one in node.iter(_WORDS))
    return node.tag == _INPUT and (node.get("hint") == words or words in inner)


def matching(app: Drawn, screen: Element, way: Way) -> tuple[Element, ...]:
    """All nodes of a screen that a locator matches, whatever its place among them, in the order of the screen."""
    if way.within is not None:
        return tuple(_rows(app, screen, way, way.within)[way.nth :])
    found = [node for node in _shown(app, screen) if _fits(app, node, way)]
    # A switch of iOS that holds its words holds the part that turns as well.
    inner = {id(one) for node in screen.iter(_SWITCH) for one in node.iter(_SWITCH) if one is not node}
    return tuple(node for node in found if not (way.how == "kind" and id(node) in inner))


def _rows(app: Drawn, screen: Element, way: Way, within: Way) -> list[Element]:
    """All that can be tapped in the first list that fits, or, on iOS, each of its cells, or what is tapped in them."""
    holder = next(iter(matching(app, screen, within)), None)
    inside = [] if holder is None else list(_shown(app, holder))
    if app.platform == "android":
        return [node for node in inside if node.get("clickable") == "true"]
    cell, _, inner = way.of.partition("/")
    if inner:
        found = (next(node.iter(inner), None) for node in inside if node.tag == cell)
        return [node for node in found if node is not None]
    if cell:
        return [node for node in inside if node.tag == cell]
    return [node for node in inside if node.get("accessible") == "true" and node.tag != _STATIC]


def _shown(app: Drawn, screen: Element) -> Iterator[Element]:
    """UiAutomator2 sees nothing that is not displayed, and nothing inside it."""
    for node in screen:
        if app.platform == "ios" or node.get("displayed") != "false":
            yield node
            yield from _shown(app, node)


def _fits(app: Drawn, node: Element, way: Way) -> bool:
    if way.how == "kind":
        return node.tag == way.value
    if way.how == "hint":
        return _hints(app, node, way.value)
    if way.of and app.platform == "ios" and node.tag != way.of:
        return False
    if way.how == "resource":
        return node.get("resource-id") == (way.value if ":" in way.value else f"{app.package}:id/{way.value}")
    told: Sequence[str] = _IOS[way.how] if app.platform == "ios" else (_ANDROID[way.how],)
    values = (node.get(name) or "" for name in told)
    if way.how in ("label_start", "text_start"):
        # UiSelector compares beginnings without regard to case.
        return any(value.lower().startswith(way.value.lower()) for value in values)
    if way.how == "tag_start":
        return any(value.startswith(way.value) for value in values)
    return any(value == way.value for value in values)
