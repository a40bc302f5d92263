"""Names that a project gives to its folders: in tsconfig.json, for Babel's module resolver, and its own packages."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

FILES = frozenset({"tsconfig.json", "jsconfig.json", "babel.config.js", "babel.config.cjs"})
_NOISE = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.S)
"""Comments, and commas before a closing bracket: tsconfig.json may have both."""

_RESOLVER = re.compile(r"\balias\s*:\s*\{(.*?)\}", re.S)
_ROOTS = re.compile(r"\broot\s*:\s*\[(.*?)\]", re.S)
_PAIR = re.compile(r"""(?:["']([^"'\n]+)["']|\b([\w$]+))\s*:\s*["'](\.{1,2}/[^"'\n]*)["']""")
_STRING = re.compile(r"""["'](\.{1,2}/[^"'\n]*)["']""")


class Alias(NamedTuple):
    """What imports may say in place of a path.

    Attributes:
        within: the folder whose files may say it, with a slash at its end; "" for all.
        name: what they say, itself or before a slash; "" before any path.
        target: the folder or file that it stands for.
    """

    within: str
    name: str
    target: str


def of_file(path: str, content: bytes) -> tuple[Alias, ...]:
    """The names that a file of ``FILES`` gives."""
    folder = posixpath.dirname(path)
    said = content.decode("utf-8", "replace")
    found = _of_resolver(said) if posixpath.basename(path).startswith("babel") else _of_compiler(said)
    within = folder + "/" if folder else ""
    return tuple(Alias(within, name, _joined(folder, target)) for name, target in found)


def of_package(path: str, said: object) -> tuple[Alias, ...]:
    """The name of a package that stands in the project, for all who import it."""
    folder, name = posixpath.dirname(path), said.get("name") if isinstance(said, dict) else None
    return (Alias("", name, folder),) if folder and isinstance(name, str) and name else ()


def _joined(folder: str, target: str) -> str:
    joined = posixpath.normpath(posixpath.join(folder, target))
    return "" if joined == "." else joined


def _of_compiler(said: str) -> Iterator[tuple[str, str]]:
    try:
        options = json.loads(_NOISE.sub(lambda found: found[1] or "", said)).get("compilerOptions")
    except (ValueError, AttributeError, RecursionError):
        return
    if not isinstance(options, dict):
        return
    base = options.get("baseUrl")
    given = options.get("paths")
    for name, targets in given.items() if isinstance(given, dict) else ():
        for target in targets if isinstance(targets, list) else ():
            if isinstance(target, str):
                path = posixpath.join(base if isinstance(base, str) else "", target.removesuffix("*"))
                yield name.removesuffix("*").rstrip("/"), path
    if isinstance(base, str):
        yield "", base


def _of_resolver(said: str) -> Iterator[tuple[str, str]]:
    for found in _RESOLVER.finditer(said):
        for quoted, bare, target in _PAIR.findall(found[1]):
            yield (quoted or bare).rstrip("/"), target
    for found in _ROOTS.finditer(said):
        for target in _STRING.findall(found[1]):
            yield "", target
