"""What a changed head has to import for the tests that are written below it: lines of a person's own stay."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from samouk.domains.screens.testgen.pytest_code import imported

_KOTLIN = re.compile(
    r"[ \t]*import[ \t]+(?P<path>[\w.`]+?)(?P<all>\.\*)?(?:[ \t]+as[ \t]+(?P<name>\w+))?[ \t]*;?[ \t]*"
)
_PACKAGE = re.compile(r"[ \t]*package[ \t]+[\w.`]+[ \t]*;?[ \t]*")


class _Import(NamedTuple):
    """One name that a head brings in. ``bound`` is what the code below calls it."""

    module: str
    name: str
    bound: str


def with_imports(path: str, head: str, fresh: str, below: str) -> str:
    """The head with what ``fresh`` imports, ``below`` uses and ``head`` does not have; as it is where that is unclear.

    Args:
        head: as it stands in the file, changed by a person.
        fresh: as it is now generated.
        below: everything else of the file.
    """
    suffix = PurePosixPath(path).suffix.lower()
    if suffix == ".py":
        return _python(head, fresh, below)
    return _kotlin(head, fresh, below) if suffix in (".kt", ".kts") else head


def _python(head: str, fresh: str, below: str) -> str:
    theirs, ours = _parsed(head), _parsed(fresh)
    if theirs is None or ours is None:
        return head
    bound = set(_bound(theirs))
    missing: dict[str, list[_Import]] = {}
    for one in _imports(ours):
        if one.bound not in bound and _uses(below, one.bound):
            missing.setdefault(one.module, []).append(one)
    if not missing:
        return head
    lines = [line for module, names in missing.items() for line in _lines(module, names)]
    return _inserted(head, _end_of_imports(theirs), lines)


def _parsed(head: str) -> ast.Module | None:
    """A head may end in the open line of a class."""
    for text in (head, f"{head}\n    pass\n"):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            continue
    return None


def _imports(tree: ast.Module) -> Iterator[_Import]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            module = "." * node.level + (node.module or "")
            yield from (_Import(module, one.name, one.asname or one.name) for one in node.names)
        elif isinstance(node, ast.Import):
            yield from (_Import("", one.name, one.asname or one.name.partition(".")[0]) for one in node.names)


def _bound(tree: ast.Module) -> Iterator[str]:
    """Every name that a head gives a meaning, also below an ``if``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (one.asname or one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _lines(module: str, names: list[_Import]) -> list[str]:
    told = [
        one.name if one.bound in (one.name, one.name.partition(".")[0]) else f"{one.name} as {one.bound}"
        for one in names
    ]
    return imported(module, told).split("\n") if module else [f"import {one}" for one in told]


def _end_of_imports(tree: ast.Module) -> int:
    """Lines up to the end of the last import; without any, to that of what documents the file."""
    ends = [node.end_lineno or 0 for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    if not ends and ast.get_docstring(tree, clean=False) is not None:
        ends = [tree.body[0].end_lineno or 0]
    return max(ends, default=0)


def _kotlin(head: str, fresh: str, below: str) -> str:
    theirs = [found for line in head.split("\n") if (found := _KOTLIN.fullmatch(line))]
    bound = {found["name"] or found["path"].rpartition(".")[2] for found in theirs if not found["all"]}
    whole = {found["path"] for found in theirs if found["all"]}
    lines = []
    for line in fresh.split("\n"):
        found = _KOTLIN.fullmatch(line)
        if found is None:
            continue
        package, _, name = found["path"].rpartition(".")
        if found["all"]:
            needed = found["path"] not in whole
        else:
            called = found["name"] or name
            needed = called not in bound and package not in whole and _uses(below, called)
        lines += [line] if needed else []
    ends = [at for at, line in enumerate(head.split("\n"), 1) if _KOTLIN.fullmatch(line) or _PACKAGE.fullmatch(line)]
    return _inserted(head, max(ends, default=0), lines)


def _uses(code: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", code) is not None


def _inserted(head: str, at: int, new: list[str]) -> str:
    if not new:
        return head
    lines = head.split("\n")
    return "\n".join([*lines[:at], *new, *lines[at:]])
