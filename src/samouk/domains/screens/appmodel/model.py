"""The records of an app model. It is the user's own: it stands beside their tests, and nothing of it is ever sent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from samouk.domains.screens.element import Platform
from samouk.domains.screens.source.widgets import Entry, Framework, Place

Strategy = Literal["id", "id_start", "label", "text", "hint", "text_start", "row", "kind"]
"""How an element is found: by identifier; by how that begins, where data follow; by what a screen reader says; by its
words; by the words in an empty input; by how its words begin; as the first thing that can be tapped in its list; by its
class and place among its like (the last resort)."""


class Locator(NamedTuple):
    """One way to find an element.

    Attributes:
        value: bare identifier or its beginning, words, for ``kind`` the runtime class, for ``row`` the identifier of
            the list, or "".
        stability: in [0, 1]: how likely it still matches after the app's next releases.
        nth: which of several matches in the order of the screen, from 0; for ``row`` how many children of the list that
            hold something to tap stand before it, or, where it is a cell of iOS, how many cells.
        unique: nothing else on the screen matches.
        key: name of the string resource that the words come from, or "".
        within: for ``row`` the class of the list, as the source tells it.
        first_words: for ``row`` whether the first words in the list are those of the row, and no others are in it.
    """

    strategy: Strategy
    value: str
    stability: float
    nth: int = 0
    unique: bool = True
    key: str = ""
    within: str = ""
    first_words: bool = False


STABLE = 0.8
"""Locators from here up count as stable: identifiers, also with data in them, and descriptions out of a resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppElement:
    """One element of a screen.

    Attributes:
        key: unique in its screen, a Python identifier in lower case.
        type: of ``taxonomy.TYPES``; ``confidence`` in [0, 1]; ``type_source`` as of ``element.Evidence``, or ``model``.
        name: what a person would call it: its words, else its identifier; "" where it has neither.
        class_name: the nearest public class.
        locators: the most stable first; may be empty.
        hidden_identifier: one that only in-process tests see (a Compose tag that is not a resource id, a Flutter Key).
        swallowed: iOS shows it only as a part of what it stands in, which is one thing to a screen reader.
        leads_to: key of the screen that it opens, ``<back>``, or "".
        secret: what is typed into it must not be shown.
    """

    key: str
    type: str
    confidence: float
    type_source: str
    name: str
    class_name: str
    place: Place
    locators: tuple[Locator, ...]
    role: str = ""
    interactive: bool = False
    repeated: bool = False
    conditional: bool = False
    checkable: bool = False
    checked: bool | None = None
    enabled: bool | None = None
    secret: bool = False
    entry: Entry | None = None
    hidden_identifier: str = ""
    swallowed: bool = False
    leads_to: str = ""

    @property
    def stable(self) -> bool:
        """Whether a locator finds it for good; of something repeated, all of its kind."""
        return any(one.stability >= STABLE for one in self.locators)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppScreen:
    """One screen. ``key`` is unique, a Python identifier in lower case; ``name`` is the source's own word."""

    key: str
    name: str
    framework: Framework
    place: Place
    elements: tuple[AppElement, ...]
    title: str = ""
    route: str = ""
    activity: str = ""
    entry: bool = False
    dialog: bool = False

    @property
    def interactive(self) -> tuple[AppElement, ...]:
        """What a person can act on."""
        return tuple(one for one in self.elements if one.interactive)


class Transition(NamedTuple):
    """A tap on ``element`` of screen ``source`` opens screen ``target``, as the line at ``place`` says. Keys."""

    source: str
    element: str
    target: str
    place: Place


@dataclass(frozen=True, kw_only=True)
class AppModel:
    """A whole app.

    Attributes:
        app: package or bundle name; "" where the source does not tell it.
        platforms: where it runs.
        classifier: the model that said the types: its version, or ``rules``.
        tags_visible: Compose tags are resource ids.
    """

    app: str
    platforms: tuple[Platform, ...]
    frameworks: tuple[Framework, ...]
    classifier: str
    screens: tuple[AppScreen, ...]
    transitions: tuple[Transition, ...] = ()
    tags_visible: bool = False

    @cached_property
    def by_key(self) -> dict[str, AppScreen]:
        """Screens by key."""
        return {screen.key: screen for screen in self.screens}

    def element(self, screen: str, key: str) -> AppElement:
        """One element. Raises KeyError."""
        for one in self.by_key[screen].elements:
            if one.key == key:
                return one
        raise KeyError(key)
