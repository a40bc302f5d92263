"""Which public class a tag of a layout stands for, and what that class lets a person do."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from samouk.domains.screens.taxonomy import PUBLIC_CLASSES, class_type

_PACKAGES = ("android.widget.", "android.view.", "android.webkit.", "com.google.", "androidx.", "android.")
"""Where a simple name is looked for first: what the platform's inflater does, then the newer libraries."""

_ACTED_ON = frozenset(
    [
        "button",
        "icon_button",
        "link",
        "text_input",
        "password_input",
        "search_input",
        "checkbox",
        "radio_button",
        "switch",
        "slider",
        "stepper",
        "dropdown",
        "date_picker",
        "tab",
        "chip",
    ]
)
_CHECKABLE = frozenset({"checkbox", "radio_button", "switch"})
_SCROLLING = frozenset({"list", "scroll"})
_TYPED_INTO = frozenset({"text_input", "password_input", "search_input"})
_TEXTS_LIKE = ("CheckedTextView",)
_FOLLOWED = 16


@cache
def _simple_names() -> dict[str, str]:
    found: dict[str, str] = {}
    for package in _PACKAGES:
        for name in PUBLIC_CLASSES:
            if name.startswith(package):
                found.setdefault(name.rpartition(".")[2].lower(), name)
    return found


def public_class_of(name: str, supers: Mapping[str, str]) -> str:
    """The nearest public class of a tag or a Kotlin or Java class, or ``name`` where there is none.

    Args:
        supers: of the app's own classes, by simple name, the class that each extends.
    """
    at = name
    for _ in range(_FOLLOWED):
        if "." in at and at in PUBLIC_CLASSES:  # without a package they are names of other frameworks
            return at
        simple = at.rpartition(".")[2]
        if simple not in supers:
            return _simple_names().get(simple.lower()) or _by_ending(simple) or name
        at = supers[simple]
    return name


@cache
def _by_ending(simple: str) -> str:
    """Libraries name a view for what it extends: ``FancyMaterialSwitch``; a hump of the name must begin there."""
    names = _simple_names()
    for start in range(1, len(simple)):
        if simple[start].isupper():
            found = names.get(simple[start:].lower())
            if found:
                return found
    return ""


def kind_of(class_name: str) -> str:
    """The type that a class means, or "" where it says nothing."""
    return class_type(class_name) or ""


def acted_on(class_name: str) -> bool:
    """Whether a person acts on it without any listener being set."""
    return kind_of(class_name) in _ACTED_ON and not class_name.endswith(_TEXTS_LIKE)


def checkable(class_name: str) -> bool:
    """Whether it has a state of its own."""
    return kind_of(class_name) in _CHECKABLE


def scrolls(class_name: str) -> bool:
    """Whether it moves what is in it."""
    return kind_of(class_name) in _SCROLLING


def is_list(class_name: str) -> bool:
    """Whether an adapter fills it."""
    return kind_of(class_name) == "list" or class_name.endswith(("ViewPager", "ViewPager2"))


def typed_into(class_name: str) -> bool:
    """Whether it takes words."""
    return kind_of(class_name) in _TYPED_INTO
