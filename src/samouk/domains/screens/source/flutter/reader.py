"""Reads Flutter apps: Dart, arb strings, GoRouter and Navigator."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from samouk.domains.screens.source.files import SourceTree, is_test
from samouk.domains.screens.source.flutter.code import FileCode
from samouk.domains.screens.source.flutter.declarations import declared
from samouk.domains.screens.source.flutter.screens import Screens
from samouk.domains.screens.source.flutter.strings import Arb, Strings, arb, is_translation, translation
from samouk.domains.screens.source.reading import Facts, Reader, Unparsable
from samouk.domains.screens.source.syntax import parse
from samouk.domains.screens.source.widgets import Sight

_FLUTTER = re.compile(rb"^\s+sdk:\s*[\"']?flutter[\"']?\s*$", re.MULTILINE)
_PACKAGE = re.compile(rb"""(?:applicationId|namespace)\s*=?\s*["']([\w.]+)["']""")
_TEMPLATE = re.compile(rb"^template-arb-file:\s*[\"']?([\w.-]+)", re.MULTILINE)
_TELLING = re.compile(rb"Widget|BuildContext|Route|Navigator|context\b|static\s|const\s+\w*\s*=|extension\s")
_GENERATED = re.compile(rb"\bclass \w+ extends \w*Localizations \{|\blookup\w*Localizations\(")
"""What gen-l10n writes from arb files: one class for all, one for each language, and a function that chooses."""

_CALLED = re.compile(rb"\b(_?[A-Z]\w*)(?:\.\w+)?\(")
_NESTED = 6000
"""Python's calls inside calls while screens are built; a screen that needs more is left out and told."""

_MADE = (".g.dart", ".freezed.dart", ".gr.dart", ".mocks.dart", ".config.dart", ".pb.dart")


class Content(NamedTuple):
    """What one file of a Flutter app says; empty but for what its kind of file tells."""

    code: FileCode | None = None
    calls: dict[str, int] = {}  # noqa: RUF012 - never written to
    arb: Arb | None = None
    package: str = ""
    template: str = ""


def _detect(tree: SourceTree) -> Sequence[str]:
    """Folders with a pubspec.yaml that asks for Flutter and a ``lib``."""
    found = []
    for path in tree.paths:
        if path.rpartition("/")[2] != "pubspec.yaml" or is_test(path):
            continue
        folder = path.rpartition("/")[0]
        inside = f"{folder}/lib/" if folder else "lib/"
        if any(one.startswith(inside) and one.endswith(".dart") for one in tree.paths):
            try:
                content = tree.read(path)
            except OSError:
                continue
            if _FLUTTER.search(content):
                found.append(folder or ".")
    return found


def _wants(path: str) -> bool:
    name = path.rpartition("/")[2]
    if name.endswith(".dart"):
        return not name.endswith(_MADE)
    return name.endswith(".arb") or is_translation(path) or name in ("l10n.yaml", "build.gradle", "build.gradle.kts")


def _extract(path: str, content: bytes) -> Facts:
    lines = content.count(b"\n") + (not content.endswith(b"\n"))
    name = path.rpartition("/")[2]
    if name.endswith((".arb", ".json")):
        return Facts(Content(arb=_texts(path, content)), 0)
    if name == "l10n.yaml":
        told = _TEMPLATE.search(content)
        return Facts(Content(template=told[1].decode() if told else ""), 0)
    if name.startswith("build.gradle"):
        told = _PACKAGE.search(content)
        return Facts(Content(package=told[1].decode() if told and "/app/" in f"/{path}" else ""), 0)
    # Data and generated strings are most of some apps, and say nothing that is not said elsewhere.
    if _GENERATED.search(content):
        return Facts(Content(), lines)
    calls = dict(Counter(one.decode() for one in _CALLED.findall(content)))
    if not _TELLING.search(content):
        return Facts(Content(calls=calls), lines)
    code, troubles = declared(path, parse("dart", content).root_node)
    return Facts(Content(code, calls), lines, troubles)


def _texts(path: str, content: bytes) -> Arb:
    is_arb = path.endswith(".arb")
    try:
        return arb(path, content) if is_arb else translation(path, content)
    except ValueError as error:
        raise Unparsable(f"is no {'arb' if is_arb else 'JSON'} file: {error}", getattr(error, "lineno", 0)) from error


@contextmanager
def _deep() -> Iterator[None]:
    """Let calls nest deeper: widgets nest a hundred deep, and each takes some calls to follow."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _NESTED))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _link(facts: Mapping[str, Facts]) -> Sight:
    contents: dict[str, Content] = {path: one.content for path, one in facts.items()}
    template = next((one.template for one in contents.values() if one.template), "")
    strings = Strings({path: one.arb for path, one in contents.items() if one.arb is not None}, template)
    files = {path: one.code for path, one in contents.items() if one.code is not None}
    calls = {path: one.calls for path, one in contents.items()}
    screens = Screens(files, calls, strings)
    with _deep():
        found = screens.find()
    return Sight(
        framework="flutter",
        app=next((one.package for one in contents.values() if one.package), ""),
        screens=found,
        strings=strings.texts,
        troubles=tuple(screens.troubles),
    )


READER = Reader("flutter", _detect, _wants, _extract, _link)
