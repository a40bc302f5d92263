"""Swift source as an iPhone's debug build sees it: what `#if` leaves out is blanked, and no line moves."""

from __future__ import annotations

import re

_DIRECTIVE = re.compile(rb"^[ \t]*#(if|elseif|else|endif)\b(.*)$")
_MACRO = re.compile(rb"#(?=(?:Predicate|Expression|Preview|unit)\b)")
"""Macros that make values: without their mark they read as calls, which the grammar knows."""

_NOTHING = re.compile(rb"(?:(?<=[(,])|(?<=[,:] ))\(\)(?=\s*[,)])(?!\s*\)\s*(?:->|throws|async))")
"""The empty tuple as a value, `send(())`, which the grammar does not know."""

_PREVIEWED = re.compile(rb"@available\([^()]*\)(?=\s*#Preview\b)")
"""An attribute stands before a declaration, and a preview is none once its mark is gone."""

_WORD = re.compile(r"&&|\|\||!|\(|\)|[A-Za-z_]\w*\s*\([^()]*\)|[A-Za-z_]\w*|\S")
_SET = frozenset({"DEBUG", "true"})
"""Flags that are on. The app's own are off: a build that sets none is the one that people test."""

_ABSENT = frozenset({"AppKit", "Cocoa", "WatchKit", "TVUIKit", "TVServices"})
"""Modules that `canImport` does not find on an iPhone."""


def visible(content: bytes) -> bytes:
    """The same number of lines, with inactive branches and the directives themselves emptied."""
    content = _PREVIEWED.sub(lambda found: b" " * len(found[0]), content)
    content = _NOTHING.sub(b"0 ", _MACRO.sub(b" ", content))
    if b"#if" not in content:
        return content
    kept: list[bytes] = []
    branches: list[_Branch] = []
    for line in content.split(b"\n"):
        found = _DIRECTIVE.match(line)
        if found is not None:
            _step(branches, found[1].decode(), found[2].partition(b"//")[0].decode("utf-8", "replace"))
            kept.append(b"")
        else:
            kept.append(line if all(branch.active for branch in branches) else b"")
    return b"\n".join(kept)


class _Branch:
    """One `#if` that is open: whether the branch at hand is taken, and whether one was."""

    def __init__(self, active: bool) -> None:
        self.active = active
        self.taken = active

    def turn(self, holds: bool) -> None:
        """Come to the next branch."""
        self.active = holds and not self.taken
        self.taken |= self.active


def _step(branches: list[_Branch], word: str, condition: str) -> None:
    if word == "if":
        branches.append(_Branch(holds(condition)))
    elif branches and word == "endif":
        branches.pop()
    elif branches:
        branches[-1].turn(word == "else" or holds(condition))


def holds(condition: str) -> bool:
    """Whether a compilation condition is true on an iPhone: `os(iOS) && !targetEnvironment(macCatalyst)`."""
    words: list[str] = _WORD.findall(condition)
    words.reverse()
    return _any(words)


def _any(words: list[str]) -> bool:
    value = _all(words)
    while words and words[-1] == "||":
        words.pop()
        value = _all(words) or value
    return value


def _all(words: list[str]) -> bool:
    value = _one(words)
    while words and words[-1] == "&&":
        words.pop()
        value = _one(words) and value
    return value


def _one(words: list[str]) -> bool:
    word = words.pop() if words else ""
    if word == "!":
        return not _one(words)
    if word == "(":
        value = _any(words)
        if words and words[-1] == ")":
            words.pop()
        return value
    name, _, inside = word.partition("(")
    told = inside.rstrip(") ").strip()
    match name.strip():
        case "os":
            return told == "iOS"
        case "targetEnvironment":
            return told == "simulator"
        case "canImport":
            return told not in _ABSENT
        case "swift" | "compiler":
            return not told.startswith("<")
        case "arch":
            return told == "arm64"
    return word in _SET
