"""Reads a screen out of whatever a tool dumped: the format is found out, what is missing stays unknown."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from samouk.domains.screens.element import Platform, Screen
from samouk.domains.screens.readers.attributes import element_of, fields_of
from samouk.domains.screens.readers.documents import nodes_of_document, unwrap
from samouk.domains.screens.readers.limits import check_size
from samouk.domains.screens.readers.markup import Node, nodes_of_xml
from samouk.edge.observer import UnreadableSource

__all__ = ["platform_of", "read"]

_LONGEST_PATH = 4096
_BLANK = "\ufeff \t\r\n"
_BLANK_BYTES = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"
_SYSTEM_UI = "com.android.systemui"


def read(source: object, platform: str) -> Screen:
    """Read one screen.

    Reads uiautomator dumps, Appium page sources of Android and iOS, DroidBot states, WebDriverAgent
    JSON, and plain dicts or lists, nested by ``children`` or flat with ``parent``.

    Args:
        source: text, bytes, a path (also as text), or a decoded JSON document.
        platform: ``android`` or ``ios``.

    Raises:
        UnreadableSource: says what is wrong and what would be right, and never repeats what the dump holds.
    """
    system = platform_of(platform)
    document = _document(source)
    nodes = nodes_of_xml(document) if isinstance(document, str | bytes) else nodes_of_document(document)
    if not nodes:
        raise UnreadableSource("the hierarchy holds no element; dump the screen while the app is in front")
    return _screen(nodes, system, _app_of(document))


def platform_of(platform: object) -> Platform:
    """``platform`` as one that we know, whatever its case. Raises UnreadableSource."""
    for known in get_args(Platform):
        if isinstance(platform, str) and platform.strip().lower() == known:
            return known  # type: ignore[no-any-return]
    raise UnreadableSource("platform is unknown; it must be android or ios")


def _document(source: object) -> object:
    """XML as text or bytes, anything else decoded and out of its envelopes."""
    if isinstance(source, os.PathLike) or (isinstance(source, str) and _is_path(source)):
        source = _content(Path(os.fsdecode(source)))
    if isinstance(source, bytearray | memoryview):
        source = bytes(source)
    if isinstance(source, str | bytes):
        check_size(len(source))
        source = _json(source) if _head(source) in ("{", "[", '"') else source
    document = unwrap(source)
    # A WebDriver answer carries the XML as text within JSON.
    return _trimmed(document) if isinstance(document, str | bytes) else document


def _is_path(text: str) -> bool:
    return len(text) < _LONGEST_PATH and "\n" not in text and _head(text) not in ("", "<", "{", "[", '"')


def _head(content: str | bytes) -> str:
    """The first sign that is neither blank nor byte order mark."""
    if isinstance(content, bytes):
        return content.lstrip(_BLANK_BYTES)[:1].decode("latin-1")
    return content.lstrip(_BLANK)[:1]


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        check_size(size)
        return path.read_bytes()
    except UnreadableSource:
        raise
    except (OSError, ValueError):
        raise UnreadableSource(
            "the source is neither XML nor JSON nor a file that can be read; pass the dump itself or its path"
        ) from None


def _trimmed(content: str | bytes) -> str | bytes:
    """Without a byte order mark before, or what ``adb`` writes after, the XML."""
    check_size(len(content))
    if not _head(content):
        raise UnreadableSource("the dump is empty; dump the screen again")
    if isinstance(content, str):
        content = content.lstrip(_BLANK)
        return content[: content.rfind(">") + 1] or content
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content
    content = content.lstrip(_BLANK_BYTES)
    return content[: content.rfind(b">") + 1] or content


def _json(content: str | bytes) -> object:
    try:
        return json.loads(content if isinstance(content, bytes) else content.lstrip(_BLANK))
    except RecursionError:
        raise UnreadableSource("the JSON is nested too deep; check that no element contains its parent") from None
    except UnicodeDecodeError:
        raise UnreadableSource("the JSON is not UTF-8; save it as UTF-8") from None
    except ValueError as error:
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise UnreadableSource(f"the JSON is broken{where}; dump the screen again and pass the whole file") from None


def _app_of(document: object) -> str:
    if not isinstance(document, Mapping):
        return ""
    named = next((document[name] for name in ("package", "bundleId", "app") if document.get(name)), "")
    activity = document.get("foreground_activity")
    if not named and isinstance(activity, str):
        named = activity.split("/")[0]
    return str(named) if isinstance(named, str | int) else ""


def _screen(nodes: list[Node], platform: Platform, app: str) -> Screen:
    told = [fields_of(attributes, platform) for _, attributes in nodes]
    if not any(told):
        raise UnreadableSource(
            "no element tells a class, bounds or words; pass the hierarchy itself, not an answer about it"
        )
    elements = tuple(
        element_of(index, parent, platform, fields)
        for index, ((parent, _), fields) in enumerate(zip(nodes, told, strict=True))
    )
    _check_platform(elements[0].class_name, platform)
    return Screen(platform, elements, app or _most_common(Counter(fields.get("package", "") for fields in told)))


def _check_platform(root: str, platform: Platform) -> None:
    """Refuse a hierarchy whose root is of the other platform: its samples would teach wrong things."""
    is_ios, is_android = root.startswith(("XCUIElementType", "UIA")), root.startswith(("android.", "androidx."))
    if (is_ios and platform == "android") or (is_android and platform == "ios"):
        other = "ios" if is_ios else "android"
        raise UnreadableSource(f"the hierarchy is of {other}, but the platform says {platform}; pass platform {other}")


def _most_common(packages: Counter[Any]) -> str:
    """The package of most elements; the system's own bars say nothing about the app."""
    named = [(count, name) for name, count in packages.items() if name and name != _SYSTEM_UI]
    return str(max(named)[1]) if named else ""
