"""Feature drift: distances that do not grow with the rows, limits learnt on the reference, sketches that add up."""

import json

import numpy as np
import pytest

from samouk.edge.wire import Field, Schema
from samouk.loop.columns import Column, from_rows
from samouk.loop.drift import Bins, histogram, js_distance, ks_distance, moved, recall, reference

SCHEMA = Schema(
    "t",
    1,
    (
        Field("size", "number", -100, 100, optional=True),
        Field("count", "integer", 0, 1_000, optional=True),
        Field("flag", "flag", optional=True),
        Field("colour", "category", values=tuple("abcdefgh"), optional=True),
    ),
)


def world(rng: np.random.Generator, rows: int, by: float = 0.0) -> dict[str, Column]:
    """Rows of one world; ``by`` moves it, about so many standard deviations."""
    size = rng.normal(by, 1, rows).astype(np.float32)
    size[rng.random(rows) < 0.1] = np.nan
    count = rng.poisson(20 + 4.5 * by, rows)
    count[rng.random(rows) < 0.05] = -1
    flag = np.where(rng.random(rows) < 0.2 + 0.3 * by, 1, 0)
    colour = np.minimum(rng.geometric(0.4 / (1 + by), rows) - 1, 7)
    return {
        "size": size,
        "count": count.astype(np.int16),
        "flag": flag.astype(np.int8),
        "colour": colour.astype(np.int16),
    }


@pytest.mark.parametrize("rows", [1_000, 10_000, 100_000, 1_000_000])
def test_the_false_alarm_rate_is_flat(rows: int) -> None:
    """Two samples of one world move no field at any size, and a planted shift moves every field at every size."""
    rng = np.random.default_rng(rows)
    base = reference(SCHEMA, world(rng, min(rows, 100_000)))
    for _ in range(20 if rows <= 10_000 else 2):
        assert moved(base, base.sketch.empty().update(world(rng, rows))) == []
    found = moved(base, base.sketch.empty().update(world(rng, rows, by=0.6)))
    assert {field.name for field in found} == {"size", "count", "flag", "colour"}


def test_a_distance_estimates_the_effect_and_not_the_number_of_rows() -> None:
    """One shift has one distance from 10³ to 10⁶ rows, where a p-value would fall to nought."""
    rng = np.random.default_rng(0)
    base = reference(SCHEMA, world(rng, 200_000))
    distances = []
    for rows in (1_000, 10_000, 100_000, 1_000_000):
        recent = base.sketch.empty().update(world(rng, rows, by=0.5))
        distances.append(float(js_distance(base.sketch.counts["size"], recent.counts["size"])))
    assert max(distances) - min(distances) < 0.03
    assert np.mean(distances) == pytest.approx(0.2, abs=0.03)


def test_limits_are_learnt_where_the_reference_varies_by_itself() -> None:
    """A field whose days differ alarms only beyond what its days differ by; one that stands still alarms sooner."""
    rng = np.random.default_rng(3)
    schema = Schema("t", 1, (Field("wild", "number", -9, 9), Field("tame", "number", -9, 9)))

    def days(shift: float = 0.0) -> dict[str, Column]:
        wild = [rng.normal(rng.normal(0, 0.6) + shift, 1, 1_000) for _ in range(20)]
        tame = [rng.normal(shift, 1, 1_000) for _ in range(20)]
        return {"wild": np.concatenate(wild).astype(np.float32), "tame": np.concatenate(tame).astype(np.float32)}

    base = reference(schema, days())
    one_day = {name: column[:1_000] for name, column in days(0.45).items()}
    assert base.spread["wild"][0] > 0.2 > 0.1 > base.spread["tame"][0]
    assert [field.name for field in moved(base, base.sketch.empty().update(one_day))] == ["tame"]
    assert moved(base, base.sketch.empty().update(one_day), factor=4.0) == []


def test_updates_and_merges_add_up() -> None:
    """Counted at once, piece by piece, or on two machines: the same counts."""
    columns = world(np.random.default_rng(1), 5_000)
    base = reference(SCHEMA, columns)
    first, second = (
        {name: part[half] for name, part in columns.items()} for half in (slice(1_000), slice(1_000, None))
    )
    empty = base.sketch.empty()
    for sketch in (empty.update(first).update(second), empty.update(first).merge(empty.update(second))):
        assert sketch.rows == 5_000
        for name, counts in base.sketch.counts.items():
            np.testing.assert_array_equal(sketch.counts[name], counts)


def test_a_reference_comes_back_from_json() -> None:
    """What is kept with a version counts exactly as what was learnt."""
    rng = np.random.default_rng(2)
    columns, later = world(rng, 4_000), world(rng, 4_000, by=0.8)
    base = reference(SCHEMA, columns)
    kept = recall(SCHEMA, json.loads(json.dumps(histogram(SCHEMA, columns))))
    assert kept is not None
    assert moved(kept, kept.sketch.empty().update(later)) == moved(base, base.sketch.empty().update(later))


def test_a_reference_of_another_schema_is_none() -> None:
    """Fields that are gone or have other values are left out; no field left is no reference."""
    assert recall(SCHEMA, {}) is None
    assert recall(SCHEMA, {"size": [0.5, 0.5]}) is None
    kept = histogram(SCHEMA, world(np.random.default_rng(0), 600))
    fewer = Schema("t", 2, (Field("size", "number", -100, 100), Field("colour", "category", values=("a", "b"))))
    found = recall(fewer, kept)
    assert found is not None
    assert list(found.sketch.bins) == ["size"]
    assert histogram(SCHEMA, from_rows(SCHEMA, [])) == {}


@pytest.mark.parametrize(
    ("spec", "before", "after"),
    [
        (Field("x", "number", 0, 9), np.zeros(1_000, np.float32), np.ones(1_000, np.float32)),
        (Field("x", "number", 0, 9, optional=True), np.zeros(1_000, np.float32), np.full(1_000, np.nan, np.float32)),
        (Field("x", "number", 0, 9, optional=True), np.full(1_000, np.nan, np.float32), np.zeros(1_000, np.float32)),
        (Field("x", "integer", 0, 32_767), np.full(1_000, 32_767, np.int16), np.full(1_000, 32_766, np.int16)),
        (Field("x", "integer", 0, 9, optional=True), np.full(1_000, 3, np.int16), np.full(1_000, -1, np.int16)),
    ],
)
def test_what_was_never_seen_is_seen_to_be_new(spec: Field, before: Column, after: Column) -> None:
    """A constant that becomes another, or goes missing, has moved as far as can be."""
    schema = Schema("t", 1, (spec,))
    base = reference(schema, {"x": before})
    (found,) = moved(base, base.sketch.empty().update({"x": after}))
    assert found.js == pytest.approx(1, abs=0.01)
    assert found.ks == 1
    assert moved(base, base.sketch.empty().update({"x": before})) == []


def test_distances_are_nought_for_equals_and_one_for_strangers() -> None:
    """Both distances, with and without an order of the values."""
    p, q = np.array([0, 500, 500, 0, 0]), np.array([0, 0, 0, 600, 400])
    ordered = Bins(Field("x", "number", 0, 9), np.arange(3.0))
    loose = Bins(Field("x", "category", values=tuple("abcd")), None)
    assert js_distance(p, p) == ks_distance(ordered, p, p) == ks_distance(loose, p, p) == 0
    assert js_distance(p, q) == pytest.approx(1, abs=0.01)
    assert ks_distance(ordered, p, q) == pytest.approx(1)
    assert ks_distance(loose, p, q) == pytest.approx(0.6)
