"""Which words Android shows in upper case: those of buttons under older themes, and where ``textAllCaps`` says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from samouk.domains.screens.source.android.classes import kind_of
from samouk.domains.screens.source.android.drafts import Draft, everything
from samouk.domains.screens.source.android.resources import Resources
from samouk.domains.screens.source.android.xml import Tag

_NAMES = ("android:textAllCaps", "app:textAllCaps", "textAllCaps")
_APPEARANCES = ("android:textAppearance", "textAppearance")
_STYLED = ("materialButtonStyle", "buttonStyle", "android:buttonStyle")
_SHOUTING = ("Theme.AppCompat", "Theme.MaterialComponents")
_QUIET = ("Widget.Material3", "Widget.Material3Expressive")
_WORDED = ("ExtendedFloatingActionButton",)


def told_caps(tag: Tag, style: str, resources: Resources) -> bool | None:
    """What a tag, its style or its text appearance say; None where they are silent."""
    told = _flag({**resources.style(style), **tag.attributes}, resources)
    if told is None and resources.origin(style).startswith(_QUIET):
        return False
    return told


def shouts(theme: str, resources: Resources) -> bool:
    """Whether a theme shows a button's words in upper case; a theme that is not known does not."""
    items = resources.style(theme)
    for name in _STYLED:
        told = _flag(resources.style(items.get(name, "")), resources)
        if told is not None:
            return told
    told = _flag(items, resources)
    if told is None:
        told = _flag(resources.style(items.get("textAppearanceButton", "")), resources)
    return resources.origin(theme).startswith(_SHOUTING) if told is None else told


def _flag(items: Mapping[str, str], resources: Resources) -> bool | None:
    for name in _NAMES:
        if name in items:
            return resources.scalar(items[name]) == "true"
    for name in _APPEARANCES:
        if name in items:
            told = resources.style(items[name])
            return next((resources.scalar(told[one]) == "true" for one in _NAMES if one in told), None)
    return None


def cased(roots: Iterable[Draft], *, shouting: bool) -> None:
    """Set the words of a screen as they show, where the theme's buttons are ``shouting`` or not; keys stay."""
    for one in everything(roots):
        button = kind_of(one.class_name) == "button" or one.class_name.endswith(_WORDED)
        if one.caps or (one.caps is None and shouting and button):
            one.text = one.text._replace(value=one.text.value.upper())
