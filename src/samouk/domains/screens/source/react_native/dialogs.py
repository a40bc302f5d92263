"""What taps bring up above a screen: alerts and sheets; and where each tap leads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from samouk.domains.screens.source.react_native.handlers import Outcome
from samouk.domains.screens.source.react_native.hosts import HOSTS, Host
from samouk.domains.screens.source.react_native.nodes import Node, flattened
from samouk.domains.screens.source.react_native.values import Thing, plain, tidy, words_of
from samouk.domains.screens.source.widgets import BACK, NO_WORDS, Place, SourceScreen, Words

_ALERT = Host("AlertDialog", "dialog")
_ABOVE = ("alert", "sheet")


class Dialog(NamedTuple):
    """One alert or sheet; its nodes may lead on."""

    name: str
    place: Place
    title: Words
    roots: list[Node]

    def screen(self) -> SourceScreen:
        """The record of it, once all its nodes know where they lead."""
        return SourceScreen(
            name=self.name, place=self.place, widgets=flattened(self.roots), title=self.title, dialog=True
        )


def opened(
    outcomes: Iterable[tuple[Node, Outcome]], name: str, file: str, target: Callable[[str], str]
) -> list[Dialog]:
    """Give each node its way, where only one is possible; and the dialogs that taps on a screen bring up.

    ``target`` is the screen that a route opens, or "".
    """
    by_node: dict[int, tuple[Node, list[Outcome]]] = {}
    dialogs: dict[Place, Dialog] = {}
    for node, one in outcomes:
        by_node.setdefault(id(node), (node, []))[1].append(one)
        place = Place(one.file or file, one.line)
        if one.kind in _ABOVE and place not in dialogs and (one.args or one.kind == "alert"):
            kind = "Alert" if one.kind == "alert" else "Sheet"
            at = sum(1 for other in dialogs.values() if other.name.startswith(name + kind))
            called = f"{name}{kind}{at + 1 if at else ''}"
            dialogs[place] = _alert(called, place, one) if one.kind == "alert" else _sheet(called, place, one)
    for node, found in by_node.values():
        ways = {way for one in found if one.kind not in _ABOVE and (way := _way(one, target))}
        above = [dialogs.get(Place(one.file or file, one.line)) for one in found if one.kind in _ABOVE]
        if len(ways) == 1:
            node.goes = next(iter(ways))
        elif not ways and len(above) == 1 and above[0] is not None and not any(one.under for one in found):
            node.goes = above[0].name
    return list(dialogs.values())


def _way(one: Outcome, target: Callable[[str], str]) -> str:
    return BACK if one.kind == "back" else one.target if target(one.target) else ""


def _sheet(name: str, place: Place, one: Outcome) -> Dialog:
    root = Node("Sheet", HOSTS["BottomSheet"], place, Thing({}))
    root.children += [node for node in one.args if isinstance(node, Node)]
    return Dialog(name, place, NO_WORDS, [root])


def _alert(name: str, place: Place, one: Outcome) -> Dialog:
    """The dialog of ``Alert.alert(title, message, buttons)``; without buttons the system shows OK."""
    title, message, given = (*one.args[:3], None, None, None)[:3]
    texts = [
        Node("Text", HOSTS["Text"], place, Thing({}), [words]) for part in (title, message) if (words := words_of(part))
    ]
    buttons = plain(given)
    labels = [part.get("text") for part in buttons if isinstance(part, Thing)] if isinstance(buttons, list) else ["OK"]
    root = Node("Alert", _ALERT, place, Thing({}))
    root.children += texts
    root.children += [
        Node("AlertButton", HOSTS["Button"], place, Thing({"title": label}), acts=True, goes=BACK) for label in labels
    ]
    shown = words_of(title)
    return Dialog(name, place, tidy(shown) if shown else Words(), [root])
