"""What a reader finds in source: screens, their widgets, and what leads where. It never leaves the machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Framework = Literal["android", "compose", "flutter", "react_native", "ios"]
"""``android`` stands for XML layouts; ``ios`` for storyboards, xibs, UIKit and SwiftUI."""

FRAMEWORKS: tuple[Framework, ...] = ("android", "compose", "flutter", "react_native", "ios")

EntryKind = Literal["text", "email", "number", "phone", "url", "password", "date", "search"]


class Place(NamedTuple):
    """Where something stands: a path relative to the source folder, with slashes, and a line from 1."""

    file: str
    line: int


class Words(NamedTuple):
    """What a person reads or hears.

    Attributes:
        value: the words in the app's default language, resolved through its string resources; "" where they
            are not known before the app runs.
        key: name of the string resource they come from; "" for a literal.
        dynamic: they are made while the app runs, in whole or in part; ``value`` then holds the part before the
            first thing that is filled in, "" when there is none.
    """

    value: str = ""
    key: str = ""
    dynamic: bool = False


NO_WORDS = Words()

FILLED = "*"
"""Stands in an identifier for what is filled in while the app runs. Should a source write one itself, its identifier is
looked for by what stands before it, and found as well."""

SHORTEST_START = 3
"""Characters before the first filled-in part that tell anything."""


def identifier_of(words: Words) -> str:
    """An identifier as a reader evaluated it; "" where too little of it is the same in every run."""
    if not words.dynamic:
        return words.value
    return f"{words.value}{FILLED}" if len(words.value.strip()) >= SHORTEST_START else ""


def start_of(identifier: str) -> str:
    """How an identifier with data in it begins; "" for one without."""
    start, filled, _ = identifier.partition(FILLED)
    return start if filled else ""


class Entry(NamedTuple):
    """What an input takes.

    Attributes:
        max_length: longest that the app itself lets in, in characters; None for no bound.
        filtered: the app lets in characters of ``kind`` only (digits for number and phone), so that others never show.
        multiline: several lines.
    """

    kind: EntryKind = "text"
    max_length: int | None = None
    filtered: bool = False
    multiline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    """One widget of a screen, as the running app will show it.

    Attributes:
        index, parent: place in pre-order; the parent's index, -1 for a root. ``parent < index``.
        name: as the source calls it, the app's own wrapper included (``AppButton``).
        class_name: the nearest public class (a key of ``taxonomy.PUBLIC_CLASSES``), or ``name`` where there is none.
        place: where the line to change stands: the call or the tag.
        identifier: what a driver finds it by without words: ``android:id`` (bare), a test tag that is visible as
            resource id, ``Semantics(identifier:)``, ``testID``, ``accessibilityIdentifier``. One with data in it is
            its beginning and ``FILLED``: ``row-*``.
        hidden_identifier: one that only in-process tests see: a Compose tag without ``testTagsAsResourceId``,
            a Flutter ``Key``. ``FILLED`` stands for each part that is filled in.
        text, label, hint: words on it; words for a screen reader; words in an empty input. A button's ``text`` is that
            of the texts in it, and an icon button's ``label`` that of its icon, where the framework merges them.
        role: the accessibility role that the source declares, in its own words (``button``, ``Role.Switch``).
        interactive: a person can act on it: tap, type, toggle, slide. What only holds interactive things is not.
        repeated: it stands in a list or a loop and is shown a number of times that is not known.
        conditional: it may be absent when the screen opens: inside an ``if``, gone, invisible, a menu, a dialog.
        checked: the state in which it starts, where the source says so.
        swallowed: iOS shows it only as a part of what it stands in, which is one thing to a screen reader.
        leads_to: name of the screen that it opens, as ``SourceScreen.name``; "" where it opens none or it is not known.
            ``BACK`` leaves the screen.
    """

    index: int
    parent: int
    name: str
    class_name: str
    place: Place
    identifier: str = ""
    hidden_identifier: str = ""
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
    repeated: bool = False
    conditional: bool = False
    swallowed: bool = False
    entry: Entry | None = None
    leads_to: str = ""


BACK = "<back>"
"""``Widget.leads_to`` of what leaves its screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceScreen:
    """One screen in pre-order of its widgets.

    Attributes:
        name: unique in its project; in the source's own words: ``LoginScreen``, ``activity_main``.
        place: where it is declared.
        route: its address in the app's navigation, or ""; ``activity`` the Android activity that shows it, or "".
        entry: the app opens on it.
        title: words of its top bar.
        dialog: it lies above another screen: a dialog, a sheet, a menu.
    """

    name: str
    place: Place
    widgets: tuple[Widget, ...]
    route: str = ""
    activity: str = ""
    title: Words = NO_WORDS
    entry: bool = False
    dialog: bool = False


class Trouble(NamedTuple):
    """A file, or a part of one, that was left out. ``line`` is 0 where no line can be named."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one framework's reader saw of a project.

    Attributes:
        app: package or bundle name where the source tells it.
        tags_visible: Compose: ``testTagsAsResourceId`` is set, so that tags are ids for a driver.
        strings: string resources of the default language, by key: what the app's own tests name too.
        files, lines: how much was read.
    """

    framework: Framework
    app: str = ""
    screens: tuple[SourceScreen, ...] = ()
    tags_visible: bool = False
    strings: dict[str, str] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()
    files: int = 0
    lines: int = 0
