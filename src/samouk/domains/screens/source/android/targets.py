"""Which element of a layout a line of Kotlin or Java speaks to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from samouk.domains.screens.source.android.code import Code
from samouk.domains.screens.source.android.facts import ALERT_BUTTON, PREFERENCE, ROOT

_SCOPE = re.compile(r"\.\s*(apply|run|also|let)\s*$")
_BY_ID = re.compile(r"R\.id\.(\w+)\s*\)*\s*$")
_BUTTON = re.compile(r"BUTTON_(POSITIVE|NEGATIVE|NEUTRAL)\s*$")
_BINDING = re.compile(r"(?:[bB]inding|\bviews?|\bui)$")
_MAKES = frozenset({"inflate", "bind"})
_REACH = 40
"""Characters before a brace in which the name of a scope function is looked for."""


class Link(NamedTuple):
    """One part of a chain of calls: a name, and where its brackets stand; -1 where it has none."""

    name: str
    start: int
    end: int


class Targets:
    """Finds the receiver of calls in one file."""

    def __init__(self, code: Code, aliases: Mapping[str, str]) -> None:
        self._code = code
        self._aliases = aliases

    def of(self, at: int) -> str:
        """Name or id of the element whose member is named at ``at``; ``ROOT``, or "" where none is found."""
        chain = self._chain(at)
        return self._meant(chain, at) if chain else self._scope(at, implicit=True)

    def _chain(self, at: int) -> list[Link]:
        """What stands before the dot in front of a name, read backwards: ``binding.list.``, ``find(R.id.x)!!.``."""
        text = self._code.text
        found: list[Link] = []
        while True:
            at = _behind(text, at)
            if text[at - 1 : at] != ".":
                return found[::-1]
            at = _behind(text, at - 1, "?!")
            start = end = -1
            if text[at - 1 : at] == ")":
                start, end = self._code.opened.get(at - 1, -1), at
                if start < 0:
                    return found[::-1]
                at = start
            if text[at - 1 : at] == ">":
                at = max(text.rfind("<", max(0, at - 200), at), 0)
            name = _word(text, at)
            found.append(Link(name, start, end))
            at -= len(name)
            if not name or text[at - 1 : at] == "@":
                return found[::-1]

    def _meant(self, chain: list[Link], at: int) -> str:
        last = chain[-1]
        if last.start >= 0:
            told = self._told(last)
            if told:
                return told
        if last.name == "it":
            return self._scope(at, implicit=False)
        if last.name in ("this", ""):
            return self._scope(at, implicit=True)
        if last.name in ("root", "itemView"):
            around = [one.name for one in chain[:-1] if not _BINDING.search(one.name)]
            around = [name for name in around if name not in ("holder", "this")]
            return around[-1] if around else ROOT
        return self._aliases.get(last.name, last.name)

    def _told(self, link: Link) -> str:
        """What is in brackets says which: an id, the button of an alert, the key of a preference."""
        told = self._code.text[link.start + 1 : link.end - 1]
        by_id = _BY_ID.search(told)
        if by_id:
            return by_id[1]
        button = _BUTTON.search(told) if link.name == "getButton" else None
        if button:
            return f"{ALERT_BUTTON}{button[1]}"
        if link.name == "findPreference":
            return PREFERENCE + self._code.source[link.start + 1 : link.end - 1].strip().strip('"')
        return ""

    def _scope(self, at: int, *, implicit: bool) -> str:
        wanted = ("apply", "run") if implicit else ("also", "let")
        text = self._code.text
        for block in self._code.blocks_around(at):
            if text[block] != "{":
                continue
            low = max(0, block - _REACH)
            scope = _SCOPE.search(text[low:block])
            named = ""
            if scope and scope[1] in wanted:
                named = self._holder(self._chain(low + scope.start(1)))
            elif implicit:
                named = self._holder(self._with(block))
            if named:
                return named
        return ""

    def _with(self, block: int) -> list[Link]:
        """What stands in the brackets of ``with (x) {``."""
        text = self._code.text
        close = _behind(text, block) - 1
        start = self._code.opened.get(close, -1)
        if start < 0 or _word(text, _behind(text, start)) != "with":
            return []
        last = _word(text, close)
        return [*self._chain(close - len(last)), Link(last, -1, -1)]

    def _holder(self, chain: list[Link]) -> str:
        """What a scope function is called on; "" for a binding, which holds elements and is none."""
        if not chain or chain[-1].name in _MAKES or _BINDING.search(chain[-1].name):
            return ""
        last = chain[-1]
        if last.name in ("root", "itemView"):
            return ROOT
        return (self._told(last) if last.start >= 0 else "") or self._aliases.get(last.name, last.name)


def _behind(text: str, at: int, also: str = "") -> int:
    """The position behind the last sign before ``at`` that is not white space."""
    while at > 0 and (text[at - 1].isspace() or text[at - 1] in also):
        at -= 1
    return at


def _word(text: str, at: int) -> str:
    start = at
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return text[start:at]
