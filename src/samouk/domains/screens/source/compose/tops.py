"""Composables that nobody in the app's own code calls, though they are shown: by whom is not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from samouk.domains.screens.source.compose import code
from samouk.domains.screens.source.compose.code import Class, Function
from samouk.domains.screens.source.compose.drafts import called, everything
from samouk.domains.screens.source.compose.project import Project

OVER = ("Dialog", "BottomSheet", "Sheet", "Popup")
"""How the names of composables end that lie above a screen."""

_WHOLE = ("Screen", "Page", "Route", "Pane", "View", "Destination", "Content", *OVER)
"""How the names end of what is shown by itself."""


class Composable(NamedTuple):
    """One of the app's, with the class that it belongs to."""

    function: Function
    file: str
    owner: Class | None = None

    @property
    def name(self) -> str:
        """Its own, or that of its class: ``Content`` and ``View`` are many."""
        return self.function.name if self.owner is None else self.owner.name


def composables(project: Project) -> Iterator[Composable]:
    """All that show something: their names begin with a capital, as those of what gives a value do not."""
    for found in project.functions:
        if _shows(found.function):
            yield Composable(found.function, found.file)
    for declared in project.classes:
        for function in declared.kind.functions:
            if _shows(function):
                yield Composable(function, declared.file, declared.kind)


def _shows(function: Function) -> bool:
    named = function.name[:1].isupper() and "Preview" not in function.name
    return function.composable and not function.preview and bool(function.body) and named


def mentioned(project: Project) -> set[str]:
    """Names that functions call which are no composables themselves: graphs, factories, fragments."""
    names: set[str] = set()
    for found in project.functions:
        names |= found.function.mentions
    for declared in project.classes:
        for function in declared.kind.functions:
            names |= function.mentions
    return names


def tops(left: Sequence[Composable], mentions: set[str]) -> list[Composable]:
    """Those of ``left`` that no other of them calls, and that are shown by themselves; the most certain first."""
    callers: dict[str, set[tuple[str, int]]] = {}
    for one in left:
        bodies = (*one.function.body, *(each.default for each in one.function.parameters if each.default is not None))
        for name in {*called(bodies), *_referred(bodies)}:
            callers.setdefault(name, set()).add((one.file, one.function.line))
    found = []
    for one in left:
        others = callers.get(one.function.name, set()) - {(one.file, one.function.line)}
        named = one.function.name.endswith(_WHOLE) or one.function.name in mentions
        if one.owner is not None:
            found += [one] if named or one.function.name in ("Content", "View", "Render") else []
        elif not others and named and not one.function.receiver:
            found.append(one)
    return sorted(found, key=lambda one: one.owner is None and not one.function.name.endswith(_WHOLE))


def _referred(body: Sequence[code.Node]) -> Iterator[str]:
    """Names in ``::name``."""
    for node in everything(body):
        if isinstance(node, code.Reference):
            yield node.name
