"""String resources of an iOS app: `.strings`, `.stringsdict` and `.xcstrings`, in its default language."""

from __future__ import annotations

import json
import plistlib
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from xml.parsers.expat import ExpatError

from samouk.domains.screens.source.reading import Unparsable

_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=\s*"((?:[^"\\]|\\.)*)"\s*;|([\w.]+)\s*=\s*"((?:[^"\\]|\\.)*)"\s*;')
_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|/\*.*?\*/|//[^\n]*', re.S)
_ESCAPE = re.compile(r"\\(U[0-9a-fA-F]{4}|.)", re.S)
_FILLED = re.compile(r"%(?:\d+\$)?(?:[@dDuUxXoOfeEgGcCsSpaAFi]|l{1,2}[dux]|#@\w+@|\.\d+f)")
PREFERRED = ("en", "Base", "en-US", "en-GB")


class Table(NamedTuple):
    """Words by language and key; the language is "" where the path tells none."""

    words: Mapping[str, Mapping[str, str]]
    source: str = ""


def read_strings(path: str, content: bytes) -> Table:
    """The words of one file. Raises Unparsable."""
    if path.endswith(".xcstrings"):
        return _catalogue(content)
    if path.endswith(".stringsdict"):
        return Table({language(path): _plurals(content)})
    found: dict[str, str] = {}
    for one in _PAIR.finditer(_COMMENT.sub(lambda match: match[1] or " ", _decoded(content))):
        key, value = (one[1], one[2]) if one[1] is not None else (one[3], one[4])
        found[_unescaped(key)] = _unescaped(value)
    return Table({language(path): found})


def language(path: str) -> str:
    """``en`` of ``App/en.lproj/Localizable.strings``."""
    return next((part[: -len(".lproj")] for part in path.split("/") if part.endswith(".lproj")), "")


def default_words(tables: Iterable[Table], told: str = "") -> dict[str, str]:
    """Words by key in the app's default language: English where there is one, else what the project tells."""
    tables = list(tables)
    seen = {name for table in tables for name in table.words}
    order = [name for name in (*PREFERRED, told, "") if name in seen] or sorted(seen)[:1]
    merged: dict[str, str] = {}
    for name in reversed(order):
        for table in tables:
            merged.update(table.words.get(name, {}))
    return merged


def until_filled(value: str) -> tuple[str, bool]:
    """The part of a format before the first thing that is filled in, and whether there is one."""
    found = _FILLED.search(value)
    return (value[: found.start()].rstrip(), True) if found else (value, False)


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    return content.decode("utf-8-sig", "replace")


def _unescaped(value: str) -> str:
    def plain(found: re.Match[str]) -> str:
        mark = found[1]
        if mark[0] == "U" and len(mark) == 5:
            return chr(int(mark[1:], 16))
        return {"n": "\n", "t": "\t", "r": "\r"}.get(mark, mark)

    return _ESCAPE.sub(plain, value)


def _plurals(content: bytes) -> dict[str, str]:
    try:
        told = plistlib.loads(content)
    except (ExpatError, ValueError, plistlib.InvalidFileException):
        raise Unparsable("the plurals are not a property list") from None
    found: dict[str, str] = {}
    for key, entry in told.items() if isinstance(told, dict) else ():
        inner = [one for one in entry.values() if isinstance(one, dict)] if isinstance(entry, dict) else []
        if inner and isinstance(inner[0].get("other"), str):
            found[str(key)] = inner[0]["other"]
    return found


def _catalogue(content: bytes) -> Table:
    try:
        told = json.loads(content)
    except ValueError as error:
        raise Unparsable("the string catalogue is not JSON", getattr(error, "lineno", 0)) from None
    entries = told.get("strings") if isinstance(told, dict) else None
    if not isinstance(entries, dict):
        raise Unparsable("the string catalogue has no strings")
    source = str(told.get("sourceLanguage") or "en")
    words: dict[str, dict[str, str]] = {source: {}}
    for key, entry in entries.items():
        words[source].setdefault(key, key)
        told_in = entry.get("localizations") if isinstance(entry, dict) else None
        for name, unit in told_in.items() if isinstance(told_in, dict) else ():
            value = _unit(unit)
            if value is not None:
                words.setdefault(name, {})[key] = value
    return Table(words, source)


def _unit(unit: object) -> str | None:
    """The words of one language: its own, or those of its plural for many."""
    while isinstance(unit, dict):
        if isinstance(unit.get("stringUnit"), dict):
            value = unit["stringUnit"].get("value")
            return value if isinstance(value, str) else None
        unit = unit.get("variations") or unit.get("plural") or unit.get("device") or unit.get("other")
    return None
