"""Which widgets of a Flutter app are whole screens, and which only frame one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from samouk.domains.screens.source.flutter.code import Call, Get, Name
from samouk.domains.screens.source.flutter.project import Project
from samouk.domains.screens.source.flutter.values import Owned

_SCAFFOLDS = frozenset({"Scaffold", "CupertinoPageScaffold", "CupertinoTabScaffold"})
_FRAMED = frozenset({"body", "child", "children", "content", "builder", "slivers", "view", "page"})
"""What a widget that frames others calls the parameter that it takes them by."""

_MAX_FRAMES = 4
"""Frames inside frames."""

_SUFFIX = re.compile(r"(Page|Screen|View|Tab)$")


class Pages:
    """Widget classes of an app that are screens: they build a scaffold, by themselves, by a base or by a frame."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._called: dict[int, frozenset[str]] = {}
        self._widgets = [owned for owned in project.types() if project.is_widget(owned)]
        self._frames = set(_SCAFFOLDS)
        for _ in range(_MAX_FRAMES):
            more = {one.code.name for one in self._widgets if self._builds(one) and _frames(one)}
            if more <= self._frames:
                break
            self._frames |= more

    def whole(self) -> list[Owned]:
        """Screens, in the order of their files."""
        return [owned for owned in self._widgets if owned.code.name not in self._frames and self._builds(owned)]

    def parts(self, shown: set[str]) -> list[Owned]:
        """Widgets that stand in none of ``shown``; those that hold others of them first."""
        left = [one for one in self._widgets if one.code.name not in shown | self._frames and not _is_hidden(one)]
        held = set().union(*(self._calls(one) - {one.code.name} for one in left))
        return sorted(left, key=lambda one: one.code.name in held)

    def _builds(self, owned: Owned) -> bool:
        return not self._frames.isdisjoint(self._calls(owned))

    def _calls(self, owned: Owned) -> frozenset[str]:
        """Names that its code and that of its bases and its State call."""
        found: set[str] = set()
        for one in (*self._project.chain(owned), self._project.state(owned)):
            if one is not None:
                if id(one) not in self._called:
                    self._called[id(one)] = frozenset(
                        name for member in one.code.members.values() for name in _named((member.value, member.body))
                    )
                found |= self._called[id(one)]
        return frozenset(found)


def route_names(name: str) -> tuple[str, ...]:
    """What generated routers call the route to a page."""
    return f"{name}Route", _SUFFIX.sub("", name) + "Route"


def _is_hidden(owned: Owned) -> bool:
    """A base that others extend, or what only its own file knows."""
    return owned.code.name.startswith("_")


def _frames(owned: Owned) -> bool:
    built = owned.code.members.get(owned.code.name)
    return built is not None and any(param.name in _FRAMED for param in built.params)


def _named(of: Any) -> Iterator[str]:
    waiting = [of]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Call):
            head = one.of.of if isinstance(one.of, Get) else one.of
            if isinstance(head, Name):
                yield head.id
        if isinstance(one, tuple):
            waiting.extend(one)
