"""String resources, the manifest and the build file of an Android app: what its Compose code names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from samouk.domains.screens.source.reading import Unparsable

_VALUES = re.compile(r"(?:^|/)(?:res|composeResources)/values(-[^/]+)?/[^/]+\.xml$")
"""Of Android, and of Compose itself, which shares them among platforms."""

_SHARED = re.compile(r"(?:^|/)(?:MR|moko-resources)/([^/]+)/[^/]+\.xml$")
"""Of a library that shares them: a folder a language, ``base`` for the default one."""

_MANIFEST = re.compile(r"(^|/)AndroidManifest\.xml$")
_BUILD = re.compile(r"(^|/)build\.gradle(\.kts)?$")
_APP = re.compile(r"""\b(?:applicationId|namespace)\s*(?:=\s*)?["']([\w.]+)["']""")
_ANDROID = "{http://schemas.android.com/apk/res/android}"
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_BLANK = re.compile(r"\s+")
_REFERENCE = re.compile(r"@string/([\w.]+)")


@dataclass(frozen=True, slots=True)
class Resources:
    """What the XML and build files of an app say.

    Attributes:
        strings, plurals, arrays: by name; of plurals the form for ``other``.
        app: the package that the app has on a device.
        launcher: simple name of the activity that opens first.
        qualified: they are those of another language or screen size.
    """

    strings: dict[str, str] = field(default_factory=dict)
    plurals: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, tuple[str, ...]] = field(default_factory=dict)
    app: str = ""
    launcher: str = ""
    qualified: bool = False


def is_resource(path: str) -> bool:
    """Whether a file is one that ``read_resources`` takes."""
    return any(pattern.search(path) for pattern in (_VALUES, _SHARED, _MANIFEST, _BUILD))


def read_resources(path: str, content: bytes) -> Resources:
    """What one file says. Raises Unparsable."""
    if _BUILD.search(path):
        return Resources(app=next(iter(_APP.findall(content.decode("utf-8", "replace"))), ""))
    try:
        root = fromstring(content)
    except ParseError as error:
        raise Unparsable("is not well-formed XML", error.position[0]) from None
    except (DefusedXmlException, LookupError, ValueError):
        raise Unparsable("is not XML that an app's build takes") from None
    if _MANIFEST.search(path):
        return Resources(app=root.get("package", ""), launcher=_launcher(root))
    matched, shared = _VALUES.search(path), _SHARED.search(path)
    qualified = matched.group(1) if matched else shared is not None and shared.group(1) != "base"
    return _values(root, bool(qualified))


def joined(found: list[Resources]) -> Resources:
    """All of an app's, the first to name a thing wins; references among strings are followed."""
    strings: dict[str, str] = {}
    plurals: dict[str, str] = {}
    arrays: dict[str, tuple[str, ...]] = {}
    for one in found:
        if not one.qualified:
            strings = {**one.strings, **strings}
            plurals = {**one.plurals, **plurals}
            arrays = {**one.arrays, **arrays}
    return Resources(
        {key: _followed(value, strings) for key, value in strings.items()},
        {key: _followed(value, strings) for key, value in plurals.items()},
        {key: tuple(_followed(value, strings) for value in values) for key, values in arrays.items()},
        next((one.app for one in found if one.app), ""),
        next((one.launcher for one in found if one.launcher), ""),
    )


def _followed(value: str, strings: dict[str, str]) -> str:
    for _ in range(4):  # a reference to a reference is rare, a circle is a mistake
        named = _REFERENCE.fullmatch(value)
        if named is None:
            break
        value = strings.get(named.group(1), "")
    return value


def _values(root: Element, qualified: bool) -> Resources:
    found = Resources(qualified=qualified)
    for node in root:
        name = node.get("name", "")
        kind = node.get("type", "") if node.tag == "item" else node.tag
        if kind == "string":
            found.strings[name] = _words(node)
        elif kind == "plurals":
            forms = {item.get("quantity", ""): _words(item) for item in node}
            found.plurals[name] = forms.get("other") or next(iter(forms.values()), "")
        elif kind in ("string-array", "array"):
            found.arrays[name] = tuple(_words(item) for item in node)
    return found


def _words(node: Element) -> str:
    """As a person reads it: white space of the file folded, escapes undone, markup dropped."""
    written = "".join(node.itertext())
    plain = written.strip()
    quoted = len(plain) > 1 and plain[0] == plain[-1] == '"'
    folded = plain[1:-1] if quoted else _BLANK.sub(" ", plain)
    return _ESCAPE.sub(_unescaped, folded).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unescaped(found: re.Match[str]) -> str:
    mark = found.group(1)
    return chr(int(mark[1:], 16)) if len(mark) > 1 else {"n": "\n", "t": "\t"}.get(mark, mark)


def _launcher(root: Element) -> str:
    for activity in (*root.iter("activity"), *root.iter("activity-alias")):
        if any(one.get(f"{_ANDROID}name") == "android.intent.category.LAUNCHER" for one in activity.iter("category")):
            name = activity.get(f"{_ANDROID}targetActivity") or activity.get(f"{_ANDROID}name") or ""
            return name.rpartition(".")[2]
    return ""
