"""Android's named values: strings, plurals, arrays, styles, booleans and numbers, and what a reference to one means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from samouk.domains.screens.source.android.xml import Tag, children_of
from samouk.domains.screens.source.widgets import NO_WORDS, Words

_SYSTEM = {"ok": "OK", "yes": "OK", "cancel": "Cancel", "no": "Cancel", "copy": "Copy", "paste": "Paste", "cut": "Cut"}
"""Of the platform's own strings, those that apps borrow; ``yes`` and ``no`` really say OK and Cancel."""

_REFERENCE = re.compile(r"[@?](?:\+)?(?:([\w.]+):)?(?:(\w+)/)?([\w.]+)$")
_BOUND = re.compile(r"@=?\{(.*)\}$", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_FORMAT = re.compile(r"%(?!%)[-#+ 0,(]*(?:\d+\$)?[-#+ 0,(]*\d*(?:\.\d+)?[a-zA-Z]")
_DEEPEST = 16
_BARRED = (
    "Theme.AppCompat",
    "Theme.Material",
    "ThemeOverlay.AppCompat.Dark.ActionBar",
    "Theme.Holo",
    "Theme.DeviceDefault",
)


class Style(NamedTuple):
    """A style: the name of the one that it builds on, and its items by attribute."""

    parent: str
    items: dict[str, str]


@dataclass(frozen=True, slots=True)
class Values:
    """What one file of values, or all of them, declare."""

    strings: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, tuple[str, ...]] = field(default_factory=dict)
    styles: dict[str, Style] = field(default_factory=dict)
    scalars: dict[str, str] = field(default_factory=dict)


def values_of(tags: tuple[Tag, ...]) -> Values:
    """What a file of ``res/values`` declares; a plural stands for its form ``other``."""
    found = Values()
    below = children_of(tags)
    for index, tag in enumerate(tags):
        if tag.parent != 0:
            continue
        name = tag.get("name")
        kind = tag.get("type") if tag.name == "item" else tag.name
        items = [tags[child] for child in below[index] if tags[child].name == "item"]
        if kind == "string":
            found.strings[name] = plain(tag.text)
        elif kind == "plurals":
            forms = {item.get("quantity"): plain(item.text) for item in items}
            found.strings[name] = forms.get("other") or next(iter(forms.values()), "")
        elif kind in ("string-array", "integer-array", "array"):
            found.arrays[name] = tuple(plain(item.text) for item in items)
        elif kind == "style":
            found.styles[name] = Style(_parent(tag), {item.get("name"): item.text.strip() for item in items})
        elif kind in ("bool", "integer", "dimen"):
            found.scalars[f"{kind}/{name}"] = tag.text.strip()
    return found


def _parent(tag: Tag) -> str:
    """An empty parent says that there is none; without one, the name before the last dot is it."""
    if "parent" in tag.attributes:
        return tag.get("parent").rpartition("/")[2]
    return tag.get("name").rpartition(".")[0]


def plain(words: str) -> str:
    """The words as they show: white space joined unless quoted, escapes resolved."""
    words = words.strip()
    quoted = len(words) > 1 and words[0] == words[-1] == '"'
    words = words[1:-1] if quoted else re.sub(r"\s+", " ", words)
    return _ESCAPE.sub(_unescaped, words)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) == 5:
        return chr(int(code[1:], 16))
    return {"n": "\n", "t": "\t"}.get(code, code)


class Resources:
    """All values of an app in its default language."""

    def __init__(self, files: Iterable[tuple[str, Values]]) -> None:
        """Files by path: those of ``main`` and without a qualifier win over flavours and over ``values-en``."""
        self.strings: dict[str, str] = {}
        self.arrays: dict[str, tuple[str, ...]] = {}
        self._styles: dict[str, Style] = {}
        self._scalars: dict[str, str] = {}
        for _, values in sorted(files, key=lambda one: _rank(one[0]), reverse=True):  # winners come last
            self.strings.update(values.strings)
            self.arrays.update(values.arrays)
            self._styles.update(values.styles)
            self._scalars.update(values.scalars)
        self._merged: dict[str, Mapping[str, str]] = {}

    def string(self, name: str, system: bool = False) -> Words:
        """The words of a string resource; of one that the app does not declare only the key is known."""
        if system:
            return Words(_SYSTEM[name], f"android:{name}") if name in _SYSTEM else NO_WORDS
        value = self.strings.get(name)
        for _ in range(_DEEPEST):
            other = _REFERENCE.match(value or "")
            if other is None or other[2] != "string":
                break
            value = _SYSTEM.get(other[3], "") if other[1] == "android" else self.strings.get(other[3])
        return Words("", name, dynamic=True) if value is None else filled(value, name)

    def words(self, value: str) -> Words:
        """What an attribute shows: a literal, a reference to a string, or an expression of data binding."""
        bound = _BOUND.match(value)
        if bound:
            named = re.fullmatch(r"\s*@string/(\w+)\s*(\(.*\))?\s*", bound[1], re.DOTALL)
            if named is None:
                return Words(dynamic=True)
            told = self.string(named[1])
            return told if named[2] is None else told._replace(dynamic=True)
        reference = _REFERENCE.match(value) if value[:1] in "@?" else None
        if reference is None:
            return Words(plain(value)) if value else NO_WORDS
        if reference[2] in ("string", "plurals"):
            return self.string(reference[3], system=reference[1] == "android")
        return NO_WORDS if value in ("@null", "@empty") else Words(dynamic=True)

    def scalar(self, value: str) -> str:
        """A boolean or a number, through its resource where it is one."""
        for _ in range(_DEEPEST):
            reference = _REFERENCE.match(value) if value.startswith("@") else None
            if reference is None:
                break
            value = self._scalars.get(f"{reference[2]}/{reference[3]}", "")
        return value

    def array(self, value: str) -> tuple[str, ...]:
        """The words of an array, references in it resolved."""
        name = value.rpartition("/")[2]
        return tuple(self.words(one).value for one in self.arrays.get(name, ()))

    def has_bar(self, theme: str) -> bool:
        """Whether a theme draws a bar with a title: as far as names of the platform's and libraries' themes tell."""
        name = theme.rpartition("/")[2]
        if self.style(theme).get("windowActionBar", self.style(theme).get("android:windowActionBar")) == "false":
            return False
        for _ in range(_DEEPEST):
            if "NoActionBar" in name or "NoTitleBar" in name:
                return False
            if name not in self._styles:
                break
            name = self._styles[name].parent
        return name.startswith(_BARRED)

    def origin(self, reference: str) -> str:
        """The first style that a style comes from and that the app does not declare: a library's or the platform's."""
        name = reference.rpartition("/")[2]
        for _ in range(_DEEPEST):
            if name not in self._styles:
                break
            name = self._styles[name].parent
        return name

    def style(self, reference: str) -> Mapping[str, str]:
        """The items of a style, its parents' included; empty for one that the app does not declare."""
        name = reference.rpartition("/")[2]
        if name not in self._merged:
            items: dict[str, str] = {}
            seen: set[str] = set()
            at = name
            while at in self._styles and at not in seen:
                seen.add(at)
                items = {**self._styles[at].items, **items}
                at = self._styles[at].parent
            self._merged[name] = items
        return self._merged[name]


def filled(value: str, key: str = "") -> Words:
    """Words of a format: those before the first thing that is filled in."""
    hole = _FORMAT.search(value)
    if hole is None:
        return Words(value.replace("%%", "%") if "%%" in value else value, key)
    return Words(value[: hole.start()].replace("%%", "%"), key, dynamic=True)


def _rank(path: str) -> tuple[bool, bool, str]:
    return "/values/" not in f"/{path}", "src/" in path and "src/main/" not in path, path
