"""Writes a screen as the tools would have dumped it, so that tests and the demo send files through real readers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from samouk.domains.screens.element import Bounds, Element, Screen

_FLAGS = {
    "checkable": "checkable",
    "checked": "checked",
    "clickable": "clickable",
    "enabled": "enabled",
    "focusable": "focusable",
    "scrollable": "scrollable",
    "long_clickable": "long-clickable",
    "password": "password",
    "selected": "selected",
}
_DROIDBOT = {name: "is_password" if name == "password" else name for name in (*_FLAGS, "visible")}
_WORDS = ("text", "description", "hint", "resource_id", "role")
_LENGTHS = ("text_length", "description_length", "hint_length")
_ESCAPES = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG = re.compile(r"[^\w.-]")


def to_uiautomator(screen: Screen) -> str:
    """The text of ``uiautomator dump``: words, flags and bounds; stripped lengths cannot be told in it."""
    body = _markup(screen, lambda element: ("node", _android(element, screen.app, {"visible": "visible-to-user"})))
    return f"<?xml version='1.0' encoding='UTF-8' standalone='yes' ?><hierarchy rotation=\"0\">{body}</hierarchy>"


def to_page_source(screen: Screen) -> str:
    """The page source that Appium gives of the screen's platform."""
    if screen.platform == "ios":
        body = _markup(screen, lambda element: (_tag(element.class_name), _ios(element, screen.app)))
        return f'<?xml version="1.0" encoding="UTF-8"?><AppiumAUT>{body}</AppiumAUT>'
    body = _markup(
        screen, lambda element: (_tag(element.class_name), _android(element, screen.app, {"visible": "displayed"}))
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><hierarchy index="0" class="hierarchy" rotation="0">{body}</hierarchy>'
    )


def to_droidbot(screen: Screen) -> dict[str, Any]:
    """A DroidBot state: a flat list of views that name their parent."""
    children = screen.children()
    return {
        "foreground_activity": f"{screen.app}/.MainActivity",
        "views": [_view(element, children[element.index], screen.app) for element in screen.elements],
    }


def to_dict(screen: Screen) -> list[dict[str, Any]]:
    """Plain dicts nested by ``children``, one a root, with everything that is known."""
    nodes: list[dict[str, Any]] = []
    roots: list[dict[str, Any]] = []
    for element in screen.elements:
        node = _plain(element, screen.app)
        nodes.append(node)
        (roots if element.parent < 0 else nodes[element.parent].setdefault("children", [])).append(node)
    return roots


def _plain(element: Element, app: str) -> dict[str, Any]:
    names = ("class_name", *_FLAGS, "visible", *_WORDS, *_LENGTHS)
    told = {name: getattr(element, name) for name in names}
    node = {name: value for name, value in told.items() if value is False or value not in (None, "", 0)}
    if element.bounds is not None:
        node["bounds"] = list(element.bounds)
    if element.known is not None:
        node["known"] = element.known._asdict()
    return {**node, "package": app} if app else node


def _view(element: Element, children: list[int], app: str) -> dict[str, Any]:
    bounds = element.bounds
    flags = {key: getattr(element, name) for name, key in _DROIDBOT.items() if getattr(element, name) is not None}
    return {
        "temp_id": element.index,
        "parent": element.parent,
        "children": children,
        "child_count": len(children),
        "class": element.class_name or None,
        "package": app,
        "text": element.text or None,
        "content_description": element.description or None,
        "resource_id": element.resource_id or None,
        "bounds": None if bounds is None else [[bounds.left, bounds.top], [bounds.right, bounds.bottom]],
        **flags,
    }


def _android(element: Element, app: str, more: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield "class", element.class_name
    yield "package", app
    yield "text", element.text
    yield "content-desc", element.description
    yield "resource-id", element.resource_id
    if element.hint:
        yield "hint", element.hint
    for name, key in {**_FLAGS, **more}.items():
        value = getattr(element, name)
        if value is not None:
            yield key, str(value).lower()
    if element.bounds is not None:
        left, top, right, bottom = map(_number, element.bounds)
        yield "bounds", f"[{left},{top}][{right},{bottom}]"


def _ios(element: Element, app: str) -> Iterator[tuple[str, str]]:
    yield "type", element.class_name
    if element.parent < 0 and app:
        yield "bundleId", app
    words = {
        "name": element.resource_id,
        "label": element.description,
        "value": element.text,
        "placeholderValue": element.hint,
    }
    yield from ((key, value) for key, value in words.items() if value)
    for name in ("enabled", "visible", "selected"):
        value = getattr(element, name)
        if value is not None:
            yield name, str(value).lower()
    if element.bounds is not None:
        yield from _frame(element.bounds)


def _frame(bounds: Bounds) -> Iterator[tuple[str, str]]:
    yield "x", _number(bounds.left)
    yield "y", _number(bounds.top)
    yield "width", _number(bounds.width)
    yield "height", _number(bounds.height)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _tag(class_name: str) -> str:
    name = _TAG.sub(".", class_name)
    return name if name[:1].isalpha() else f"_{name}"


def _markup(screen: Screen, look: Callable[[Element], tuple[str, Iterator[tuple[str, str]]]]) -> str:
    """Nested tags out of the flat pre-order, without recursion."""
    parts: list[str] = []
    waiting: list[tuple[int, str]] = []
    for element in screen.elements:
        while waiting and waiting[-1][0] != element.parent:
            parts.append(f"</{waiting.pop()[1]}>")
        tag, attributes = look(element)
        written = "".join(f" {key}={quoteattr(_FORBIDDEN.sub('', value), _ESCAPES)}" for key, value in attributes)
        parts.append(f"<{tag}{written}>")
        waiting.append((element.index, tag))
    parts.extend(f"</{tag}>" for _, tag in reversed(waiting))
    return "".join(parts)
