"""Rows of tables: one function makes many, and sets each up in its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from samouk.domains.screens.source.ios.scopes import Project
from samouk.domains.screens.source.ios.uikit import Look, public_kind
from samouk.domains.screens.source.widgets import NO_WORDS, Words

_TEXT_PARTS = frozenset({"textLabel", "titleLabel"})
_PLAIN_ROWS = frozenset({"UITableViewCell", "UICollectionViewCell"})


def row_words(look: Look) -> Words:
    """What a row or a button says through its own label: `cell.textLabel?.text = ...`."""
    return next((one.text for name, one in look.parts.items() if name in _TEXT_PARTS), NO_WORDS)


def said(look: Look) -> tuple[str, Words, Words]:
    """By what a person or a test would find it."""
    words = look.text if look.text != NO_WORDS else row_words(look)
    return look.identifier, words, look.label


def forked(look: Look) -> list[Look]:
    """A look for each way in which code sets it up in turn."""
    return [each for one in look.others for each in forked(one)] or [look]


def kind_in(looks: Mapping[str, Look], key: str, project: Project) -> str:
    """What XCUITest calls one of the controls; "" where there is none by this key."""
    look = looks.get(key)
    return public_kind(project, look.kind, look.path) if look is not None else ""


def rows_once(looks: Mapping[str, Look], kind_of: Callable[[Look], str]) -> list[Look]:
    """What a class draws: without rows of which it only knows that they are some rows, if it knows better."""
    drawn = [one for one in looks.values() if not one.declared]
    drawn = list({id(one): one for one in drawn}.values())
    rows = [one for one in drawn if kind_of(one) == "Cell"]
    handed = {one.kind for one in rows if one.handed and is_known(one)}
    told = [one for one in rows if is_known(one) or not (one.handed or one.kind in {*_PLAIN_ROWS, *handed})]
    return [one for one in drawn if one not in rows or one in told or (not told and one is rows[0])]


def is_known(look: Look) -> bool:
    """Whether code says by what a row would be found."""
    return any(identifier or words != NO_WORDS for identifier, words, _ in map(said, forked(look)))
