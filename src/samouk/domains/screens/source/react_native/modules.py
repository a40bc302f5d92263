"""Files of JavaScript as modules, and which file an import means."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from tree_sitter import Node, Tree

from samouk.domains.screens.source.react_native.aliases import Alias
from samouk.domains.screens.source.react_native.code import (
    Assign,
    Call,
    Code,
    Const,
    Dot,
    Fields,
    Import,
    Let,
    Module,
    Name,
    Statement,
    Table,
)
from samouk.domains.screens.source.react_native.literals import string
from samouk.domains.screens.source.react_native.parsing import block, code, statement
from samouk.domains.screens.source.syntax import line, parse, text

SUFFIXES = (".tsx", ".ts", ".jsx", ".js")
_VARIANTS = (".native", ".android", ".ios", "")
"""Of a file per platform the first stands for all: they show the same screen, and are counted once."""


_TYPED = re.compile(rb"(?<!=)>[ \t]*`")
_CALLED = re.compile(rb"[\w$)]")
MAX_TYPES = 2_000
"""Bytes of types before a template; beyond it a ``>`` is another sign."""


def tree_of(path: str, content: bytes) -> Tree:
    """The tree of a file; the old casts ``<T>x`` of TypeScript are tags to the first grammar."""
    bare = without_types(content)
    tree = parse("tsx", bare)
    if bare != content and tree.root_node.has_error:
        whole = parse("tsx", content)
        tree = whole if len(left_out(whole)) < len(left_out(tree)) else tree
    if tree.root_node.has_error and path.endswith(".ts"):
        again = parse("typescript", content)
        if not again.root_node.has_error:
            return again
    return tree


def without_types(content: bytes) -> bytes:
    """Code without the types before templates (``styled.View<{ wide: boolean }>`...```).

    To the grammar they are an error or two comparisons. They are covered with blanks, so that each line keeps its
    number.
    """
    covered = bytearray(content)
    for found in _TYPED.finditer(content):
        start = _opening(content, found.start())
        if start >= 0:
            covered[start : found.end() - 1] = re.sub(rb"[^\n]", b" ", content[start : found.end() - 1])
    return bytes(covered)


def _opening(content: bytes, end: int) -> int:
    """Where the types open that close at ``end``; -1 where no name or call stands before them."""
    depth = 0
    for at in range(end, max(end - MAX_TYPES, 0), -1):
        if content[at : at + 1] == b">" and content[at - 1 : at] != b"=":
            depth += 1
        elif content[at : at + 1] == b"<":
            depth -= 1
            if depth < 1:
                return at if _CALLED.match(content[at - 1 : at]) else -1
    return -1


def left_out(tree: Tree) -> list[int]:
    """Lines of the declarations of the top level that hold a syntax error."""
    return [line(child) for child in tree.root_node.children if child.has_error] if tree.root_node.has_error else []


def module(tree: Tree) -> Module:
    """What a file takes from others, gives to others, and says itself."""
    imports: dict[str, Import] = {}
    exports: dict[str, Code | Import] = {}
    passed: list[str] = []
    body: list[Statement] = []
    for child in tree.root_node.named_children:
        if child.type == "import_statement":
            imports.update(_imports(child))
        elif child.type == "export_statement":
            body += _export(child, exports, passed)
        elif child.type != "ERROR":
            body += statement(child)
    kept = [one for one in body if not _required(one, imports)]
    _common(kept, exports, imports)
    return Module(imports, exports, tuple(passed), tuple(kept))


def _source(node: Node) -> str:
    found = node.child_by_field_name("source")
    return "" if found is None else string(found)


def _imports(node: Node) -> Iterator[tuple[str, Import]]:
    source = _source(node)
    clause = next((child for child in node.named_children if child.type == "import_clause"), None)
    for child in clause.named_children if clause else ():
        match child.type:
            case "identifier":
                yield text(child), Import(source, "default")
            case "namespace_import":
                yield text(child.named_children[0]), Import(source, "*")
            case "named_imports":
                for one in child.named_children:
                    name = text(one.child_by_field_name("name"))
                    yield text(one.child_by_field_name("alias")) or name, Import(source, name)


def _export(node: Node, exports: dict[str, Code | Import], passed: list[str]) -> Iterable[Statement]:
    source = _source(node)
    declared = node.child_by_field_name("declaration")
    is_default = any(child.type == "default" for child in node.children)
    if declared is not None:
        found = block(declared)
        for one in found:
            if isinstance(one, Let):
                name = one.pattern if isinstance(one.pattern, str) else ""
                exports["default" if is_default else name] = Name(name) if name else one.value
        return found
    value = node.child_by_field_name("value")
    if value is not None:
        exports["default"] = code(value)
        return ()
    clause = next((child for child in node.named_children if child.type == "export_clause"), None)
    if clause is not None:
        for child in clause.named_children:
            name = text(child.child_by_field_name("name"))
            given = text(child.child_by_field_name("alias")) or name
            exports[given] = Import(source, name) if source else Name(name)
    elif any(child.type == "namespace_export" for child in node.named_children):
        inner = next(child for child in node.named_children if child.type == "namespace_export")
        exports[text(inner.named_children[0])] = Import(source, "*")
    elif source:
        passed.append(source)
    return ()


def _required(one: Statement, imports: dict[str, Import]) -> bool:
    """Take ``const x = require('y')`` as an import."""
    if not isinstance(one, Let):
        return False
    member = one.value if isinstance(one.value, Dot) else None
    source, name = (required(one.value), "*") if member is None else (required(member.of), member.name)
    if not source:
        return False
    if isinstance(one.pattern, str):
        imports[one.pattern] = Import(source, name)
    elif isinstance(one.pattern, Fields):
        imports.update((alias, Import(source, key)) for key, alias, _ in one.pattern.items if isinstance(alias, str))
    return True


def required(value: Code) -> str:
    """The module that ``require('x')`` or ``import('x')`` means, or ""."""
    match value:
        case Call(Name("require" | "import"), (Const(str(source)), *_)):
            return source
    return ""


def _common(body: list[Statement], exports: dict[str, Code | Import], imports: Mapping[str, Import]) -> None:
    """``module.exports = ...`` and ``exports.x = ...``."""
    for one in body:
        if not isinstance(one, Assign) or not isinstance(one.target, Dot):
            continue
        target = one.target
        if target == Dot(Name("module"), "exports"):
            exports.setdefault("default", one.value)
            if isinstance(one.value, Table):
                for key, value in one.value.entries:
                    exports.setdefault(key, value)
        elif target.of in (Name("exports"), Dot(Name("module"), "exports")):
            exports[target.name] = one.value


class Imports:
    """Which file of a project an import means."""

    def __init__(self, paths: Iterable[str], aliases: Iterable[Alias] = ()) -> None:
        # The longest name, then the nearest folder, means what it says.
        self._aliases = sorted(aliases, key=lambda one: (-len(one.name), -len(one.within), one))
        self._resolved: dict[tuple[str, str], str] = {}
        self._by_stem: dict[str, str] = {}
        self._by_tail: dict[str, list[str]] = defaultdict(list)
        for path in sorted(paths):
            stem = _stem(path)
            current = self._by_stem.get(stem)
            if current is None or _rank(path) < _rank(current):
                self._by_stem[stem] = path
        for stem in self._by_stem:
            bare = stem.removesuffix("/index")
            self._by_tail[bare.rpartition("/")[2]].append(stem)

    def resolve(self, importer: str, source: str) -> str:
        """The path of a file, or "" for a library."""
        folder = posixpath.dirname(importer)
        known = self._resolved.get((folder, source))
        if known is None:
            known = self._resolved[folder, source] = self._resolve(folder, importer, source)
        return known

    def _resolve(self, folder: str, importer: str, source: str) -> str:
        if source.startswith("."):
            return self._file(posixpath.normpath(posixpath.join(folder, source)))
        for one in self._aliases:
            rest = _after(source, one.name) if importer.startswith(one.within) else None
            found = None if rest is None else self._file(posixpath.join(one.target, rest).rstrip("/"))
            if found:
                return found
        for prefix in ("@/", "~/", "@app/", "@src/", "src/", "app/", "/"):
            if source.startswith(prefix):
                source = source[len(prefix) :]
                break
        return self._absolute(importer, source.removeprefix("@"))

    def _file(self, path: str) -> str:
        stem = _stem(path) if path.endswith((*SUFFIXES, ".json")) else path
        return self._by_stem.get(stem) or self._by_stem.get(posixpath.join(stem, "index"), "")

    def _absolute(self, importer: str, source: str) -> str:
        """An alias or a root of the bundler: the file with that tail that is nearest to the project's top.

        A bare word must be a folder or file of the top or of ``src`` or ``app``: it may be a library just as well.
        """
        bare = _stem(source) if source.endswith(SUFFIXES) else source
        found = [
            stem
            for stem in self._by_tail.get(bare.rstrip("/").rpartition("/")[2], ())
            if (top := _before(stem.removesuffix("/index"), bare)) is not None and top.count("/") < 2
        ]
        if "/" not in bare:
            found = [stem for stem in found if posixpath.dirname(stem.removesuffix("/index")) in ("", "src", "app")]
        return self._by_stem[min(found, key=lambda stem: (stem.count("/"), stem))] if found else ""


def _after(source: str, name: str) -> str | None:
    """What follows a name in what is imported: "" where it is all; None where it is another name."""
    if not name or source == name:
        return "" if name else source
    return source[len(name) + 1 :] if source.startswith(name + "/") else None


def _before(stem: str, tail: str) -> str | None:
    if stem == tail:
        return ""
    return stem[: -len(tail)] if stem.endswith("/" + tail) else None


def _stem(path: str) -> str:
    stem = posixpath.splitext(path)[0]
    for variant in _VARIANTS:
        if variant and stem.endswith(variant):
            return stem[: -len(variant)]
    return stem


def _rank(path: str) -> tuple[int, int]:
    stem, suffix = posixpath.splitext(path)
    variant = next(at for at, one in enumerate(_VARIANTS) if stem.endswith(one))
    return (variant if variant < len(_VARIANTS) - 1 else -1), (SUFFIXES.index(suffix) if suffix in SUFFIXES else 9)
