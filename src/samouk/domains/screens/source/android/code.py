"""The shape of a Kotlin or Java file: its classes, functions and blocks, read by brackets and not by grammar.

One scan serves both languages and costs a tenth of walking a syntax tree; what it must tell apart are only comments,
words in quotes, brackets and the heads of classes and functions.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import NamedTuple

from samouk.domains.screens.source.reading import Unparsable

DEEPEST = 32
"""Classes in classes; what is read of each costs all that stands in it."""

_QUIET = re.compile(
    r'//[^\n]*|/\*.*?\*/|"""(?P<raw>.*?)"""|"(?P<words>(?:\\.|[^"\\\n])*)"|\'(?P<char>(?:\\.|[^\'\\\n])+)\'', re.DOTALL
)
_BRACKET = re.compile(r"[(){}]")
_ENDED = re.compile(r'"""[ \n]*"""|"[ \n]*"|\'[ \n]*\'|(?P<not>/\*|")')
"""In the text whose quoted words are blank."""
_CLASS = re.compile(r"(?<![.\w:])(?:class|object|interface)\s+(\w+)")
_HEAD_PART = re.compile(r"[({\n;=]")
_GENERIC = re.compile(r"<[^<>]*>")
_KOTLIN_FUN = re.compile(r"\bfun\s+(?:<[^>]*>\s*)?(?:[\w<>?, ]+\.)?(\w+)\s*(?=\()|\b(init)\s*(?=\{)")
_JAVA_FUN = re.compile(r"\b(\w+)\s*(?=\()")
_JAVA_BODY = re.compile(r"\s*(?:throws\s+[\w.,\s]+)?(\{)")
_NOT_FUN = frozenset({"if", "for", "while", "switch", "catch", "synchronized", "try", "when", "new", "super", "this"})
_AFTER_PARAMETERS = re.compile(r"\s*(?::\s*[\w.<>?,\s]+?)?\s*(?:throws\s+[\w.,\s]+)?([{=])")
_GOES_ON = re.compile(r"\s*(?:\?\.|\.|\?:|->|\+|\|\||&&|else\b)")


class Class(NamedTuple):
    """A class.

    Attributes:
        outer: index of the class around it, -1 for none.
        supers: what it extends and implements, by name as written.
        head: the text from its name to its body.
        start, end: of its body.
    """

    name: str
    outer: int
    line: int
    supers: tuple[str, ...]
    head: str
    start: int
    end: int


class Function(NamedTuple):
    """A function or an initialiser, and where its body stands; ``owner`` is the index of its class, -1 for none."""

    name: str
    owner: int
    start: int
    end: int


class Code:
    """A file with its comments and quoted words blanked, of the same length as before, and its brackets paired.

    Attributes:
        pair: position of the closing bracket by that of its opening one; ``opened`` the other way round.
        unpaired: positions of brackets that have no other; ``unended`` of comments and strings without an end.
    """

    def __init__(self, path: str, source: str) -> None:
        self.source = source
        self.java = path.endswith(".java")
        self.text = _QUIET.sub(_blank, source)
        self._lines = [match.start() for match in re.finditer("\n", source)]
        self.unended = [match.start() for match in _ENDED.finditer(self.text) if match["not"]]
        self.unpaired: list[int] = []
        self.pair: dict[int, int] = {}
        self._opens: list[int] = []
        self._around: list[int] = []
        self._match()
        self.opened = {close: start for start, close in self.pair.items()}
        self.classes = self._classes()
        self._class_starts = [one.start for one in self.classes]
        self.functions = self._functions()

    def line(self, at: int) -> int:
        """Line of a position, from 1."""
        return bisect_right(self._lines, at - 1) + 1

    def end_of(self, at: int) -> int:
        """Behind the bracket that closes the one at ``at``; the end of the file where none does."""
        return self.pair.get(at, len(self.text) - 1) + 1

    def owner(self, at: int) -> int:
        """Index of the innermost class around a position, -1 for none."""
        inside = range(bisect_right(self._class_starts, at) - 1, -1, -1)
        return next((index for index in inside if self.classes[index].end >= at), -1)

    def blocks_around(self, at: int, start: int = 0) -> list[int]:
        """Positions of the opening brackets around ``at`` that stand at or behind ``start``, innermost first."""
        index = bisect_left(self._opens, at) - 1
        found = []
        while index >= 0 and self._opens[index] >= start:
            if self.pair.get(self._opens[index], len(self.text)) >= at:
                found.append(self._opens[index])
            index = self._around[index]
        return found

    def _match(self) -> None:
        waiting: list[int] = []
        number: dict[int, int] = {}
        for match in _BRACKET.finditer(self.text):
            at, sign = match.start(), match[0]
            if sign in "({":
                number[at] = len(self._opens)
                self._opens.append(at)
                self._around.append(number[waiting[-1]] if waiting else -1)
                waiting.append(at)
                continue
            wanted = "(" if sign == ")" else "{"
            if waiting and self.text[waiting[-1]] == wanted:
                self.pair[waiting.pop()] = at
            elif any(self.text[one] == wanted for one in waiting[-4:]):
                # Something was left open: what lies above the bracket that this one closes ends here too.
                while self.text[waiting[-1]] != wanted:
                    self.unpaired.append(waiting[-1])
                    self.pair[waiting.pop()] = at
                self.pair[waiting.pop()] = at
            else:
                self.unpaired.append(at)
        self.unpaired += waiting

    def _classes(self) -> list[Class]:
        found: list[Class] = []
        depth: list[int] = []
        for match in _CLASS.finditer(self.text):
            start = self._body(match.end())
            head = self.text[match.end() : start]
            outer = next((i for i in range(len(found) - 1, -1, -1) if found[i].end >= match.start()), -1)
            depth.append(depth[outer] + 1 if outer >= 0 else 0)
            if depth[-1] > DEEPEST:
                raise Unparsable(f"classes stand more than {DEEPEST} deep in each other", self.line(match.start()))
            end = self.end_of(start) if self.text[start : start + 1] == "{" else start
            found.append(Class(match[1], outer, self.line(match.start()), _supers(head, self.java), head, start, end))
        return found

    def _body(self, at: int) -> int:
        """Where the body of a class begins, or where its head ends when it has none."""
        while True:
            part = _HEAD_PART.search(self.text, at)
            if part is None:
                return len(self.text)
            at = part.start()
            if part[0] == "(":
                at = self.end_of(at)
            elif part[0] == "\n" and self.java:
                at += 1  # in Java a class always has a body
            elif part[0] == "\n":
                before, after = self.text[:at].rstrip()[-1:], self.text[at : at + 200].lstrip()
                if before not in ":,)" and not after.startswith((":", "{", "(", ",", "extends", "implements", "where")):
                    return at
                if before == ")" and not after.startswith((":", "{", ",", "where")):
                    return at
                at += 1
            elif part[0] == "{":
                return at
            else:
                return at

    def _functions(self) -> list[Function]:
        found = []
        for match in (_JAVA_FUN if self.java else _KOTLIN_FUN).finditer(self.text):
            name = match[1] or "init"
            if name in _NOT_FUN:
                continue
            at = match.end()
            if self.text[at] == "(":
                at = self.end_of(at)
                body = (_JAVA_BODY if self.java else _AFTER_PARAMETERS).match(self.text, at)
                if body is None:
                    continue
                at = body.start(1)
            end = self.end_of(at) if self.text[at] == "{" else self.end_of_expression(at + 1)
            found.append(Function(name, self.owner(match.start()), at, end))
        return found

    def end_of_expression(self, at: int) -> int:
        """Where an expression ends: at the end of a line, outside brackets, that the next one does not go on."""
        text = self.text
        while at < len(text):
            sign = text[at]
            if sign in "({":
                at = self.end_of(at)
                continue
            if sign in ")};,":
                return at
            if sign == "\n" and not _GOES_ON.match(text, at + 1) and text[:at].rstrip()[-1:] not in "=.(+,>":
                return at
            at += 1
        return at


def _blank(match: re.Match[str]) -> str:
    kept = match[0]
    quote = kept[:3] if match["raw"] is not None else kept[:1]
    if quote[0] == "/":
        return re.sub(r"[^\n]", " ", kept)
    return quote + re.sub(r"[^\n]", " ", kept[len(quote) : -len(quote)]) + quote


def _supers(head: str, java: bool) -> tuple[str, ...]:
    flat = _unbracketed(head)
    while _GENERIC.search(flat):
        flat = _GENERIC.sub("", flat)
    if java:
        return tuple(re.findall(r"[\w.]+", re.sub(r"\b(extends|implements)\b", " ", flat)))
    _, colon, after = flat.partition(":")
    return tuple(found[1] for found in (re.match(r"\s*([\w.]+)", one) for one in after.split(",")) if found and colon)


def _unbracketed(text: str) -> str:
    kept, depth = [], 0
    for sign in text:
        depth += sign == "("
        if depth == 0:
            kept.append(sign)
        depth -= sign == ")"
    return "".join(kept)
