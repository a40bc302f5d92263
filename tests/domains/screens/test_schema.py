"""What is true of the closed schema."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samouk.domains.screens.schema import (
    AROUND,
    COUNTS,
    DEPTHS,
    LABEL_SOURCES,
    SCHEMA,
    TEXT_LENGTHS,
    count_bucket,
    depth_bucket,
    text_bucket,
)

TWELVE = [
    "sample_id",
    "class_name",
    "clickable",
    "focusable",
    "has_text",
    "text_length",
    "bounds_width",
    "bounds_height",
    "platform",
    "element_type",
    "confidence",
    "timestamp",
]
SEVEN = ["checkable", "checked", "scrollable", "password", "enabled", "selected", "long_clickable"]


def test_the_twelve_names_and_seven_flags_are_there() -> None:
    """What was promised to users is in the schema under the promised names."""
    assert set(TWELVE) | set(SEVEN) | {"label_source"} <= set(SCHEMA.by_name)
    assert all(SCHEMA.by_name[name].optional for name in SEVEN)


def test_nothing_in_it_is_free_text() -> None:
    """Every field is a flag, a bounded number, a closed vocabulary, a random identifier or a week."""
    for spec in SCHEMA.fields:
        assert spec.kind != "category" or spec.values, spec.name
        assert spec.kind not in ("integer", "number") or spec.high > spec.low, spec.name
        assert spec.help, spec.name


def test_no_field_tells_of_words_or_names() -> None:
    """No field is named after what must stay private."""
    for name in SCHEMA.by_name:
        assert not {"id", "desc", "package", "activity", "hint", "path"} & set(
            name.removeprefix("sample_id").split("_")
        )


@pytest.mark.parametrize(
    ("length", "bucket"), [(0, 0), (1, 2), (3, 2), (4, 7), (10, 7), (11, 20), (30, 20), (31, 40), (10**6, 40)]
)
def test_text_lengths_become_five_buckets(length: int, bucket: int) -> None:
    """A length leaves as the representative of its bucket."""
    assert text_bucket(length) == bucket


@given(st.integers(0, 10**9))
def test_buckets_are_closed_and_coarser_than_what_they_hold(count: int) -> None:
    """Whatever is counted, few values can leave, and none exceeds the count."""
    assert count_bucket(count) in COUNTS and count_bucket(count) <= count
    assert depth_bucket(count) in DEPTHS and depth_bucket(count) <= count
    assert text_bucket(count) in TEXT_LENGTHS


def test_label_sources_are_as_agreed() -> None:
    """Client and server name the reasons of a label alike."""
    assert LABEL_SOURCES == ("role", "class", "superclass", "name", "structure", "model", "correction", "none")


def test_context_is_small() -> None:
    """The surroundings of an element are told in few coarse values."""
    for name in AROUND:
        spec = SCHEMA.by_name[name]
        assert spec.kind != "integer" or spec.high <= 40, name
