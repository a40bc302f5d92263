"""What is true of the types, and of what public class names say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samouk.domains.screens.taxonomy import (
    CUSTOM,
    PUBLIC_CLASSES,
    TYPES,
    Flags,
    class_type,
    generic_of,
    is_generic,
    public_class,
)


def test_there_are_thirty_six_types_and_unknown_is_the_last() -> None:
    """The enum is closed: its order is stored in every sample."""
    assert len(TYPES) == len(set(TYPES)) == 36
    assert TYPES[0] == "button" and TYPES[-1] == "unknown"


def test_every_public_class_means_a_type_or_nothing() -> None:
    """No entry of the allow-list names a type that does not exist."""
    assert {kind for kind in PUBLIC_CLASSES.values() if kind} <= set(TYPES)


@given(st.text(max_size=60))
def test_no_other_name_passes(name: str) -> None:
    """A class name that is not on the list leaves as custom."""
    assert public_class(name) in PUBLIC_CLASSES or public_class(name) == CUSTOM
    assert public_class(f"com.mybank.{name}") == CUSTOM


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("android.widget.Button", "button"),
        ("android.widget.EditText", "text_input"),
        ("androidx.recyclerview.widget.RecyclerView", "list"),
        ("XCUIElementTypeSwitch", "switch"),
        ("UIATableCell", "list_item"),
        ("FloatingActionButton", "icon_button"),
        ("RCTTextInput", "text_input"),
        ("android.view.ViewGroup", None),
        ("XCUIElementTypeOther", None),
        ("com.mybank.PinView", None),
    ],
)
def test_a_class_tells_its_type(name: str, kind: str | None) -> None:
    """Each framework's own names are known; what only holds says nothing."""
    assert class_type(name) == kind


def test_flags_part_the_types_that_share_a_class() -> None:
    """Passwords, small pictures and unmarked choice rows are told apart by their flags."""
    assert class_type("android.widget.EditText", Flags(password=True)) == "password_input"
    assert class_type("android.widget.ImageView", Flags(small=True, clickable=False)) == "icon"
    assert class_type("android.widget.ImageView", Flags(small=True, clickable=True)) == "icon_button"
    assert class_type("android.widget.ImageView", Flags(small=False, clickable=True)) == "image"
    assert class_type("android.widget.CheckedTextView", Flags(checkable=False)) == "text"
    assert class_type("android.widget.CheckedTextView") == "checkbox"


def test_stand_ins_say_nothing() -> None:
    """The class that replaces another in training is generic on its platform."""
    for seed in range(5):
        assert is_generic(generic_of("android", seed)) and is_generic(generic_of("ios", seed))
    assert is_generic("com.acme.Widget") and not is_generic("android.widget.Button")
