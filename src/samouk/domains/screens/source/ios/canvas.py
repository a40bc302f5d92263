"""The widgets of one screen while they are found: they may still be changed, moved and dropped."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import NamedTuple

from samouk.domains.screens.source.ios.expressions import Expression
from samouk.domains.screens.source.ios.scopes import Scope
from samouk.domains.screens.source.widgets import NO_WORDS, Entry, Place, SourceScreen, Widget, Words

MOST = 2_000
"""Widgets of a screen; the largest of a real app has 140, conditional ones and menus included."""


class Target(NamedTuple):
    """Where a widget leads: a screen's name or BACK; a piece of state that shows one; or a value that is pushed."""

    screen: str = ""
    state: tuple[str, str] | None = None
    value: tuple[Expression, Scope] | None = None


@dataclass(slots=True, kw_only=True)
class Draft:
    """A widget to be; as ``Widget``, and ``lead`` instead of ``leads_to``."""

    name: str
    class_name: str
    place: Place
    parent: int = -1
    identifier: str = ""
    text: Words = NO_WORDS
    label: Words = NO_WORDS
    hint: Words = NO_WORDS
    role: str = ""
    interactive: bool = False
    clickable: bool | None = None
    long_clickable: bool | None = None
    checkable: bool | None = None
    checked: bool | None = None
    scrollable: bool | None = None
    password: bool | None = None
    enabled: bool | None = None
    loops: int = 0
    conditional: bool = False
    entry: Entry | None = None
    lead: Target | None = None
    gone: bool = False

    @property
    def repeated(self) -> bool:
        """Whether it stands in a loop."""
        return self.loops > 0


_SAME = tuple(one.name for one in fields(Draft) if one.name not in ("parent", "lead", "gone", "loops"))


@dataclass(slots=True)
class Canvas:
    """Drafts of one screen; parents stand before their children. ``full``: some were left out."""

    name: str
    place: Place
    drafts: list[Draft] = field(default_factory=list)
    title: Words = NO_WORDS
    entry: bool = False
    dialog: bool = False
    bar: int = -1
    route: str = ""
    full: bool = False

    def add(self, draft: Draft) -> int:
        """Index of the new draft; -1 where the screen is full."""
        if len(self.drafts) >= MOST:
            self.full = True
            return -1
        self.drafts.append(draft)
        return len(self.drafts) - 1

    def roots(self, start: int, parent: int) -> list[int]:
        """Drafts right below ``parent`` from ``start`` on."""
        return [
            index
            for index in range(start, len(self.drafts))
            if self.drafts[index].parent == parent and not self.drafts[index].gone
        ]

    def drop(self, index: int) -> None:
        """Take a draft out; those below it go to its parent."""
        gone = self.drafts[index]
        gone.gone = True
        for other in self.drafts[index + 1 :]:
            if other.parent == index:
                other.parent = gone.parent

    def is_below_acted_on(self, index: int, holder: int) -> bool:
        """Whether a draft is part of something in ``holder`` that a person can act on."""
        parent = self.drafts[index].parent
        while parent > holder:
            if self.drafts[parent].interactive and not self.drafts[parent].gone:
                return True
            parent = self.drafts[parent].parent
        return False

    def screen(self, leads: dict[int, str]) -> SourceScreen:
        """The finished screen; ``leads`` names what drafts open, by their index."""
        return SourceScreen(
            name=self.name,
            place=self.place,
            widgets=tuple(self._widgets(leads)),
            route=self.route,
            title=self.title,
            entry=self.entry,
            dialog=self.dialog,
        )

    def _widgets(self, leads: dict[int, str]) -> list[Widget]:
        below: dict[int, list[int]] = {}
        for index, draft in enumerate(self.drafts):
            if not draft.gone:
                below.setdefault(draft.parent, []).append(index)
        made: list[Widget] = []
        # The running app tells its top bar first, wherever the source fills it.
        roots = sorted(below.get(-1, []), key=lambda index: index != self.bar)
        waiting = [(index, -1) for index in reversed(roots)]
        while waiting:
            index, parent = waiting.pop()
            draft = self.drafts[index]
            own = len(made)
            told = {name: getattr(draft, name) for name in _SAME}
            lead = leads.get(index, "")
            made.append(Widget(index=own, parent=parent, leads_to=lead, repeated=draft.repeated, **told))
            waiting.extend((child, own) for child in reversed(below.get(index, [])))
        return made


def merged(words: list[Words]) -> Words:
    """One label of several, as the system joins them: with a comma, up to the first that is not known."""
    said = [one for one in words if one.value or one.dynamic]
    if len(said) < 2:
        return said[0] if said else NO_WORDS
    known: list[str] = []
    for one in said:
        if one.value:
            known.append(one.value)
        if one.dynamic:
            return Words(", ".join(known), "", True)
    return Words(", ".join(known))


@dataclass(frozen=True, slots=True)
class At:
    """Where on the canvas something is painted, and under what conditions."""

    parent: int = -1
    loops: int = 0
    conditional: bool = False
    place: Place | None = None
    menu: bool = False
    enabled: bool | None = None
