"""What is true of the only way from an element to a sample."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samouk.domains.screens.anonymise import samples_of
from samouk.domains.screens.element import Bounds, Element, Evidence, Platform, Screen
from samouk.domains.screens.readers import read
from samouk.domains.screens.rules import evidence_of
from samouk.domains.screens.schema import DP_CAP, DP_STEP, SCHEMA, TEXT_LENGTHS
from samouk.domains.screens.taxonomy import PUBLIC_CLASSES
from samouk.edge.wire import Row

NOW = dt.datetime(2026, 11, 18, 15, 30, tzinfo=dt.UTC)
FROZEN = Path(__file__).parent / "frozen"
"""Hierarchies with their samples as the first, slow way made them, element by element."""

ROOT = Element(index=0, parent=-1, class_name="android.widget.FrameLayout", bounds=Bounds(0, 0, 1080, 1920))

flags = st.sampled_from([None, True, False])
# No field and no public class holds this sign, so that a word cannot occur by chance.
words = st.text(min_size=1, max_size=12).map(lambda told: f"§{told}")
sides = st.floats(-5000, 5000, allow_nan=False)


@st.composite
def screens(draw: st.DrawFn) -> Screen:
    """Any screen, with words in every private field."""
    elements = []
    for index in range(draw(st.integers(1, 12))):
        told = draw(words)
        elements.append(
            Element(
                index=index,
                parent=draw(st.integers(-1, index - 1)),
                class_name=draw(st.sampled_from([*sorted(PUBLIC_CLASSES)[::40], f"com.{told}"])),
                bounds=draw(st.none() | st.builds(Bounds, sides, sides, sides, sides)),
                clickable=draw(flags),
                checkable=draw(flags),
                password=draw(flags),
                visible=draw(flags),
                text=told,
                description=told,
                hint=told,
                resource_id=told,
                role=told,
                text_length=draw(st.integers(0, 500)),
                description_length=draw(st.integers(0, 500)),
            )
        )
    return Screen(draw(st.sampled_from(["android", "ios"])), tuple(elements), app=draw(words))


def rows(*elements: Element, platform: Platform = "android") -> list[Row]:
    """Samples of the elements, nothing being known of them."""
    return [row for _, row in samples_of(Screen(platform, elements), [None] * len(elements), NOW)]


def child(index: int = 1, parent: int = 0, name: str = "android.view.View", **told: object) -> Element:
    """An element inside the root."""
    told.setdefault("bounds", Bounds(0, 0, 540, 120))
    return replace(Element(index=index, parent=parent, class_name=name), **told)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(screens())
def test_no_private_word_gets_through(screen: Screen) -> None:
    """Whatever an element holds, its sample obeys the schema and carries none of its words."""
    samples = samples_of(screen, [None] * len(screen.elements), NOW)
    sent = json.dumps([row for _, row in samples], ensure_ascii=False)
    for _, row in samples:
        SCHEMA.check_row(row)
    assert screen.app not in sent
    for element in screen.elements:
        assert element.text not in sent
        assert element.class_name in PUBLIC_CLASSES or element.class_name not in sent


@settings(max_examples=40, deadline=None)
@given(screens())
def test_every_number_is_coarse(screen: Screen) -> None:
    """Lengths are buckets, sides are whole steps, times are Mondays."""
    for _, row in samples_of(screen, [None] * len(screen.elements), NOW):
        assert row["text_length"] in TEXT_LENGTHS and row["words_inside"] in TEXT_LENGTHS
        for side in (row["bounds_width"], row["bounds_height"]):
            assert isinstance(side, int) and side % DP_STEP == 0 and 0 <= side <= DP_CAP
        assert row["timestamp"] == "2026-11-16"


@pytest.mark.parametrize(
    "secret",
    [
        child(name="android.widget.EditText", password=True, text_length=9),
        child(name="XCUIElementTypeSecureTextField", text_length=9, description_length=9),
    ],
)
def test_nothing_is_told_of_a_password(secret: Element) -> None:
    """Neither the length of a password nor that one was typed leaves, not even in its parent's sums."""
    root, row = rows(ROOT, secret)
    assert row["has_text"] is False and row["text_length"] == 0
    assert root["words_inside"] == 0 and root["text_inside"] == 0


def test_a_label_of_password_hides_the_words_too() -> None:
    """Where only the label says that it is a password, its length stays untold as well."""
    screen = Screen("android", (child(0, -1, text_length=9),))
    [(_, row)] = samples_of(screen, [Evidence("password_input", 0.9, "name")], NOW)
    assert row["has_text"] is False and row["text_length"] == 0


@pytest.mark.parametrize("platform", ["android", "ios"])
@pytest.mark.parametrize(
    "field",
    [
        {"class": "android.view.View", "resource-id": "a:id/password_field", "name": "password_field"},
        {"class": "android.view.View", "role": "SecureTextField"},
        {"class": "android.widget.EditText", "resource-id": "a:id/password_field", "name": "password_field"},
        {"class": "acme.Field", "role": "textbox", "resource-id": "a:id/password_field", "name": "password_field"},
        {"class": "acme.Field", "known": {"element_type": "password_input", "confidence": 0.9, "source": "name"}},
    ],
)
def test_a_password_does_not_show_around_it(field: dict[str, Any], platform: Platform) -> None:
    """What is typed into a field that only name, role or dump call a password changes no row of the screen."""
    around = {"clickable": True, "resource-id": "a:id/some_button", "class": "acme.Holder", "bounds": [0, 0, 60, 60]}
    spoken = {"class": "acme.Label", "description": "Say it", "bounds": [0, 60, 60, 90]}
    seen = []
    for text in ("", "sixteen letters!"):
        secret = {**field, "text": text, "bounds": [0, 0, 50, 50], "clickable": True}
        root = {
            "class": "acme.Root",
            "bounds": [0, 0, 360, 640],
            "children": [{**around, "children": [secret, spoken]}],
        }
        screen = read(root, platform)
        placed = samples_of(screen, evidence_of(screen), NOW)
        seen.append([{**row, "sample_id": ""} for _, row in placed])
    assert seen[0] == seen[1] and len(seen[0]) == 4
    assert "password_input" in {row["element_type"] for row in seen[0]}


def test_identifiers_are_made_anew_each_time() -> None:
    """The same screen seen twice gives samples that cannot be linked."""
    assert {row["sample_id"] for row in rows(ROOT)} & {row["sample_id"] for row in rows(ROOT)} == set()


def test_only_what_is_visible_gives_samples() -> None:
    """Hidden and empty elements give none, and the index tells which element a sample is of."""
    hidden, empty = child(1, visible=False), child(2, bounds=Bounds(5, 5, 5, 9))
    screen = Screen("android", (ROOT, hidden, empty, child(3, 1)))
    samples = samples_of(screen, [None] * 4, NOW)
    assert [index for index, _ in samples] == [0, 3]
    assert samples[1][1]["depth"] == 1


def test_sizes_are_in_dp_of_a_screen_360_wide() -> None:
    """Pixels are scaled by the root, which is taken for 360 dp on its shorter side; points stay."""
    row = rows(ROOT, child(bounds=Bounds(0, 0, 560, 144)))[1]
    assert (row["bounds_width"], row["bounds_height"]) == (184, 48)
    phone = child(0, -1, name="XCUIElementTypeWindow", bounds=Bounds(0, 0, 390, 844))
    row = rows(phone, child(bounds=Bounds(0, 0, 42, 42)), platform="ios")[1]
    assert (row["bounds_width"], row["bounds_height"]) == (40, 40)


def test_the_context_tells_repetition_and_place() -> None:
    """Rows of a list know that they are alike, where they stand, and what is around them."""
    listed = child(1, name="android.widget.ListView", bounds=Bounds(0, 0, 1080, 900), scrollable=True)
    items = [child(n, 1, clickable=True, bounds=Bounds(0, 200 * n, 1080, 200 * n + 190)) for n in (2, 3, 4)]
    label = child(5, 4, name="android.widget.TextView", text_length=12, bounds=Bounds(20, 810, 500, 850))
    _, holder, first, _, last, text = rows(ROOT, listed, *items, label)
    assert (holder["arrangement"], holder["alike_children"], holder["clickable_inside"]) == ("column", 2, 3)
    assert (first["twins"], first["siblings"], first["inside_list"], first["parent_scrollable"]) == (1, 2, True, True)
    assert (last["text_inside"], last["words_inside"], last["child_kind"]) == (1, 20, "text")
    assert (text["inside_clickable"], text["parent_clickable"], text["levels_below"]) == (True, True, 0)


def test_evidence_must_be_complete() -> None:
    """One entry of evidence for each element, or a clear error."""
    with pytest.raises(ValueError, match="0 entries for 1 elements"):
        samples_of(Screen("android", (ROOT,)), [], NOW)


@pytest.mark.parametrize("name", ["android", "ios"])
def test_samples_stay_as_they_were_first_told(name: str) -> None:
    """Whatever is done for speed, a known screen gives the very samples that models were trained on, field by field."""
    frozen = json.loads((FROZEN / f"{name}.json").read_text(encoding="utf-8"))
    screen = read(frozen["hierarchy"], frozen["platform"])
    samples = samples_of(screen, [element.known for element in screen.elements], NOW)
    assert [index for index, _ in samples] == frozen["indices"]
    for field, values in frozen["columns"].items():
        now = [row[field] for _, row in samples]
        assert list(map(repr, now)) == list(map(repr, values)), field


def test_a_sample_tells_the_fields_of_the_schema_in_their_order() -> None:
    """A sample holds what the closed schema names and nothing else, under identifiers of version 4."""
    (row,) = rows(ROOT)
    assert tuple(row) == tuple(spec.name for spec in SCHEMA.fields)
    identifier = uuid.UUID(str(row["sample_id"]))
    assert identifier.version == 4 and str(identifier) == row["sample_id"]


def test_a_screen_on_which_nothing_shows_gives_no_sample() -> None:
    """A screen without elements, or with hidden ones only, is no error."""
    assert rows() == rows(replace(ROOT, visible=False)) == []
