"""What Kotlin and Java say of screens: which layout a class shows, what a tap does, what is said and hidden later."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from samouk.domains.screens.source.widgets import Trouble, Words

ROOT = "#root"
"""Target of what is done to the whole of a layout: ``itemView``, ``binding.root``."""

ALERT_BUTTON = "#button:"
"""Before ``POSITIVE``, ``NEGATIVE`` or ``NEUTRAL``: target of what is done to a button of the class's alert."""

PREFERENCE = "#preference:"
"""Before the key of a preference."""


class Act(NamedTuple):
    """One thing that running some code does, in order.

    Attributes:
        kind: ``class`` makes or names a class; ``navigate`` follows an id of a navigation graph or, with a leading
            ``#``, a generated direction; ``back`` leaves the screen, by a function of this name; ``call`` runs a
            function of the same class; ``menu`` and ``layout`` show a resource; ``alert`` shows the alert of this
            number; ``toggle`` switches an element of this name.
        guarded: it happens under a condition, or behind a possible return.
    """

    kind: Literal["class", "navigate", "back", "call", "menu", "layout", "alert", "toggle"]
    value: str
    guarded: bool = False


Acts = tuple[Act, ...]

HandlerKind = Literal["click", "long", "touch", "item", "branch", "navigation", "end_icon", "start_icon"]


class Handler(NamedTuple):
    """What happens to an element; ``target`` is its id, or a name in the code that stands for it, or ``ROOT``."""

    target: str
    kind: HandlerKind
    acts: Acts
    line: int


class LayoutUse(NamedTuple):
    """A class makes a layout.

    Attributes:
        layout: name of the resource; of a binding class ``:ActivityMain``.
        how: ``content`` of the class, an ``item`` of a list, ``remote`` for another process, or not said.
        into: the element that it is put into, or "".
    """

    layout: str
    line: int
    function: str
    how: Literal["content", "item", "remote", ""] = ""
    into: str = ""


class Button(NamedTuple):
    """A button of an alert: ``which`` is its number at run time, 1 to 3."""

    which: int
    words: Words
    line: int
    acts: Acts


class Alert(NamedTuple):
    """A dialog built in code; ``number`` in its file. ``choices`` names an array, ``mark`` is how they are chosen."""

    number: int
    function: str
    line: int
    title: Words
    buttons: tuple[Button, ...]
    choices: str = ""
    mark: Literal["", "single", "multiple"] = ""
    layout: str = ""


class Change(NamedTuple):
    """An element is changed while the app runs; words name their string by ``key`` and are not resolved yet."""

    target: str
    what: Literal["text", "hint", "label", "title", "visible", "enabled", "checked", "length"]
    words: Words


class Filled(NamedTuple):
    """A list is given an adapter, by class or by the name of a variable."""

    target: str
    adapter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFacts:
    """One class.

    Attributes:
        functions: what each of its functions does.
        made: names of classes that it makes or calls, with what happens inside the brackets and braces of the call.
        aliases: ids by the name of the variable that holds the element.
        variables: classes by the name of the variable that holds an instance.
        menus: menus that it inflates for its own bar; ``other_menus`` those that come later: of a selection, a pop-up.
        pops: it shows menus as pop-ups.
        preferences: files of ``res/xml`` that it names.
        up: its bar has an arrow that leads up.
        hands_on: it gives a callback for clicks to the class that it extends.
        entries: of an enumeration: the id and the string that each entry names.
        spreads: enumerations of which it makes an element for each entry.
    """

    name: str
    outer: str
    line: int
    supers: tuple[str, ...]
    layouts: tuple[LayoutUse, ...] = ()
    handlers: tuple[Handler, ...] = ()
    functions: dict[str, Acts] = field(default_factory=dict)
    made: dict[str, Acts] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    filled: tuple[Filled, ...] = ()
    alerts: tuple[Alert, ...] = ()
    menus: tuple[str, ...] = ()
    other_menus: tuple[str, ...] = ()
    pops: bool = False
    preferences: tuple[str, ...] = ()
    title: Words | None = None
    up: bool = False
    hands_on: bool = False
    entries: tuple[tuple[str, str], ...] = ()
    spreads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """One file: its package, its classes, the package whose resources it names, and what in it does not parse."""

    package: str
    classes: tuple[ClassFacts, ...]
    resources_of: str = ""
    troubles: tuple[Trouble, ...] = ()
