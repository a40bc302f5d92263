"""What to type: values that an input takes, and values of which the app itself lets in only a part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from samouk.domains.screens.appmodel.model import AppElement
from samouk.domains.screens.source.widgets import Entry, EntryKind

LONGEST = 500
"""Characters; a longer text takes a device longer to type than the check is worth."""

SECRET = "Correct-Horse-7"  # noqa: S105 - what tests type into password inputs, no one's password
_DIGITS = ("number", "phone")
_VALUES: dict[EntryKind, str] = {
    "text": "A short note",
    "email": "person.name+tag@example.org",
    "number": "42",
    "phone": "5550123",
    "url": "https://example.org/path?q=1",
    "password": SECRET,
    "date": "2024-02-29",
    "search": "coffee",
}
_NAMES: dict[EntryKind, tuple[str, str]] = {
    "text": ("takes_words", "takes words"),
    "email": ("takes_an_address", "takes an email address"),
    "number": ("takes_a_number", "takes a number"),
    "phone": ("takes_a_phone_number", "takes a phone number"),
    "url": ("takes_a_link", "takes a link"),
    "password": ("hides_what_is_typed", "hides what is typed"),
    "date": ("takes_a_date", "takes a leap day"),
    "search": ("takes_words", "takes words"),
}
_FOREIGN = "Привет, 世界"


class Typed(NamedTuple):
    """What one case types: each ``whole`` must stand there as typed, ``cut`` must not."""

    slug: str
    title: str
    whole: tuple[str, ...]
    cut: str = ""


def worth(element: AppElement) -> str:
    """The value that a form is filled with."""
    if element.secret:
        return _cut(SECRET, _entry(element))
    entry = _entry(element)
    if entry.kind == "email" and entry.max_length is not None and entry.max_length < len(_VALUES["email"]):
        return _cut("jo@a.io", entry)
    return _cut(_VALUES[entry.kind], entry)


def typings(element: AppElement) -> Iterator[Typed]:
    """The cases of an input whose content can be read."""
    entry = _entry(element)
    yield Typed(*_NAMES[entry.kind], (worth(element),))
    if entry.kind in ("text", "search") and not entry.filtered:
        yield Typed("takes_other_alphabets", "takes letters of other alphabets", (_cut(_FOREIGN, entry),))
    if entry.filtered and entry.kind in _DIGITS:
        mixed = _cut("a7b8", entry)
        yield Typed("takes_digits_only", "lets in digits only", (worth(element),), mixed)
    if entry.max_length is not None and 0 < entry.max_length <= LONGEST:
        yield _bounded(entry, entry.max_length)


def _bounded(entry: Entry, most: int) -> Typed:
    sign = "7" if entry.kind in _DIGITS else "a"
    characters = "character" if most == 1 else "characters"
    return Typed(
        f"takes_{most}_characters", f"takes {most} {characters} and no more", (sign * most,), sign * (most + 1)
    )


def _entry(element: AppElement) -> Entry:
    if element.entry is not None:
        return element.entry
    kind: EntryKind = "search" if element.type == "search_input" else "text"
    return Entry("password" if element.type == "password_input" else kind)


def _cut(value: str, entry: Entry) -> str:
    """No longer than the app lets in, and without a blank at the end, which some apps drop."""
    return value if entry.max_length is None else value[: max(entry.max_length, 1)].rstrip()
