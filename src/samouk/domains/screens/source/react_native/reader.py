"""Reads apps of React Native: their JavaScript or TypeScript, words and navigation."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from samouk.domains.screens.source.files import SourceTree
from samouk.domains.screens.source.react_native import aliases
from samouk.domains.screens.source.react_native.aliases import Alias
from samouk.domains.screens.source.react_native.code import Module
from samouk.domains.screens.source.react_native.linking import linked
from samouk.domains.screens.source.react_native.modules import SUFFIXES, left_out, module, tree_of
from samouk.domains.screens.source.react_native.words import is_foreign, is_strings, may_be_strings
from samouk.domains.screens.source.reading import Facts, Reader, Unparsable
from samouk.domains.screens.source.widgets import Sight, Trouble

_UNWANTED = re.compile(
    r"\.d\.ts$|\.min\.js$|\.bundle\.js$|\.stor(?:y|ies)\.|\.flow\.js$|\.setup\.|(?:^|/)(?:android|ios|scripts|storybook|"
    r"flow-typed|\.\w+|website|docs|server|functions)/|(?:^|/)[\w.-]*(?:\.config|rc)\.(?:js|ts)$|(?:^|/)(?:jest|setupTests|gulpfile)[\w.-]*$"
)
_MANIFESTS = frozenset({"package.json", "app.json"})
_GRADLE = ("android/app/build.gradle", "android/app/build.gradle.kts")
_BUNDLE = re.compile(rb"""applicationId\s*=?\s*["']([\w.]+)["']""")
BUNDLED = 1_000
"""Bytes in a line on average: from there on a bundler wrote the file; one long line may be a picture."""


class Manifest(NamedTuple):
    """What ``package.json``, ``app.json`` or the shell's Gradle file says of the app."""

    name: str
    bundle: str


class Named(NamedTuple):
    """The names that a file gives to folders and packages of the project."""

    aliases: tuple[Alias, ...]


def detect(tree: SourceTree) -> Sequence[str]:
    """Folders whose ``package.json`` asks for React Native; one below another belongs to it."""
    found: list[str] = []
    for path in tree.paths:
        if posixpath.basename(path) != "package.json":
            continue
        folder = posixpath.dirname(path) or "."
        if _asks(tree, path) and not any(one == "." or folder.startswith(one + "/") for one in found):
            found.append(folder)
    return found


def _asks(tree: SourceTree, path: str) -> bool:
    try:
        said = json.loads(tree.read(path))
    except (OSError, ValueError):
        return False
    wanted = [said.get(name) for name in ("dependencies", "peerDependencies")] if isinstance(said, dict) else []
    return any(isinstance(one, dict) and ("react-native" in one or "expo" in one) for one in wanted)


def wants(path: str) -> bool:
    """Whether a file is code, holds English words, names the app, or gives names to its folders."""
    name = posixpath.basename(path)
    if name in aliases.FILES or name == "package.json":
        return True
    if name in _MANIFESTS or path in _GRADLE:
        return path.count("/") == 0 or path in _GRADLE
    if name.endswith(".json"):
        return is_strings(path)
    return name.endswith(SUFFIXES) and not _UNWANTED.search(path) and not is_foreign(path)


def extract(path: str, content: bytes) -> Facts:
    """A Module for code, a Manifest, a Named or a plain object for JSON. Raises Unparsable."""
    lines = content.count(b"\n") + 1
    if posixpath.basename(path) in aliases.FILES:
        return Facts(Named(aliases.of_file(path, content)), lines)
    if path in _GRADLE:
        told = _BUNDLE.search(content)
        return Facts(Manifest("", told[1].decode() if told else ""), lines)
    if path.endswith(".json"):
        try:
            said: object = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise Unparsable(f"is no JSON: {error}", getattr(error, "lineno", 0)) from error
        if "/" in path and posixpath.basename(path) == "package.json":
            return Facts(Named(aliases.of_package(path, said)), lines)
        return Facts(_manifest(said) if path in _MANIFESTS else said, lines)
    if len(content) > BUNDLED * max(lines, 10) and not may_be_strings(path):
        raise Unparsable("was written by a bundler")
    tree = tree_of(path, content)
    found: Module = module(tree)
    broken = left_out(tree)
    troubles = tuple(Trouble(path, line, "the declaration here has a syntax error and is left out") for line in broken)
    if broken and not found.body and not found.exports:
        raise Unparsable("has syntax errors", broken[0])
    return Facts(found, lines, troubles)


def _manifest(said: object) -> Manifest:
    if not isinstance(said, dict):
        return Manifest("", "")
    inner = said.get("expo")
    expo: dict[str, object] = inner if isinstance(inner, dict) else said
    bundles = list(_bundles(expo))
    name = next((one for one in (expo.get("name"), said.get("name")) if isinstance(one, str)), "")
    return Manifest(name, bundles[0] if bundles else "")


def _bundles(expo: Mapping[str, object]) -> Iterator[str]:
    for system, key in (("android", "package"), ("ios", "bundleIdentifier")):
        inner = expo.get(system)
        value = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(value, str):
            yield value


def link(facts: Mapping[str, Facts]) -> Sight:
    """Screens of all files together."""
    modules = {path: one.content for path, one in facts.items() if isinstance(one.content, Module)}
    manifests = [one.content for one in facts.values() if isinstance(one.content, Manifest)]
    named = [alias for one in facts.values() if isinstance(one.content, Named) for alias in one.content.aliases]
    data = {
        path: one.content
        for path, one in facts.items()
        if path.endswith(".json") and not isinstance(one.content, Manifest | Named)
    }
    names = [one.bundle for one in manifests if one.bundle] + [one.name for one in manifests if one.name]
    return linked(modules, data, names[0] if names else "", named)


READER = Reader("react_native", detect, wants, extract, link)
