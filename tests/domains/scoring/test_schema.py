"""What is true of declared features: they are read as written, or refused by the name of what must be mended."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from samouk.domains.scoring import schema
from samouk.domains.scoring.declaration import MAX_VALUES, BadDeclaration, parse, read
from samouk.domains.scoring.judge import learner_of
from samouk.edge.wire import Value, WireError
from samouk.loop.columns import from_rows
from samouk.loop.live import Exposure, Joined, Outcome, Variant

NUMBER = {"name": "price", "kind": "number", "low": 0, "high": 9.5, "optional": True}
CATEGORY = {"name": "colour", "kind": "category", "values": ["red", "blue"], "help": "of the door"}
GOOD: dict[str, Any] = {
    "version": 3,
    "fields": [
        NUMBER,
        CATEGORY,
        {"name": "new", "kind": "flag"},
        {"name": "age", "kind": "integer", "low": 1, "high": 9},
    ],
    "outcome": {"low": 5, "high": 1, "window_hours": 36, "floor": 0.2},
}
TOML = """
version = 3
[outcome]
low = 5
high = 1
window_hours = 36
floor = 0.2
[[fields]]
name = "price"
kind = "number"
low = 0
high = 9.5
optional = true
[[fields]]
name = "colour"
kind = "category"
values = ["red", "blue"]
help = "of the door"
[[fields]]
name = "new"
kind = "flag"
[[fields]]
name = "age"
kind = "integer"
low = 1
high = 9
"""


def changed(place: str, value: Any) -> dict[str, Any]:
    """The good declaration with one field's entry changed."""
    return {"version": 1, "fields": [{**NUMBER}, {**CATEGORY, place: value}]}


BAD: list[tuple[Any, str, str]] = [
    ([], "file", "table"),
    ({**GOOD, "colour": 1}, "colour", "not known"),
    ({"fields": [NUMBER]}, "version", "whole number"),
    ({**GOOD, "version": True}, "version", "whole number"),
    ({**GOOD, "fields": []}, "fields", "1 to"),
    ({**GOOD, "fields": [NUMBER] * 201}, "fields", "1 to"),
    ({**GOOD, "fields": ["price"]}, "fields[0]", "table"),
    ({**GOOD, "fields": [NUMBER, NUMBER]}, "fields[1].name", "twice"),
    (changed("kind", "text"), "fields[1].kind", "one of number, integer, category, flag"),
    (changed("kind", ["category"]), "fields[1].kind", "one of"),
    (changed("name", "Colour"), "fields[1].name", "lower-case"),
    (changed("name", "a" * 65), "fields[1].name", "at most 64"),
    (changed("name", "outcome"), "fields[1].name", "reserved"),
    (changed("name", "agent_id"), "fields[1].name", "unit of a prediction"),
    (changed("values", []), "fields[1].values", "1 to"),
    (changed("values", [str(number) for number in range(MAX_VALUES + 1)]), "fields[1].values", "group the rare"),
    (changed("values", ["red", "red"]), "fields[1].values", "twice"),
    (changed("values", ["red", 2]), "fields[1].values[1]", "letters"),
    (changed("optional", 1), "fields[1].optional", "true"),
    (changed("help", 1), "fields[1].help", "sentence"),
    (changed("low", 0), "fields[1].low", "remove it"),
    ({**GOOD, "fields": [{**NUMBER, "low": 9.5}]}, "fields[0].high", "above low"),
    ({**GOOD, "fields": [{**NUMBER, "low": float("nan")}]}, "fields[0].low", "number between"),
    ({**GOOD, "fields": [{**NUMBER, "kind": "integer"}]}, "fields[0].high", "whole number"),
    ({**GOOD, "fields": [{**NUMBER, "kind": "integer", "high": 2**25}]}, "fields[0].high", "whole number"),
    ({**GOOD, "outcome": {"window": 3}}, "outcome.window", "known are"),
    ({**GOOD, "outcome": {"low": 1}}, "outcome.high", "differ"),
    ({**GOOD, "outcome": {"silence": 2}}, "outcome.silence", "between 0 and 1"),
    ({**GOOD, "outcome": {"window_hours": 0}}, "outcome.window_hours", "between"),
    ({**GOOD, "outcome": 1}, "outcome", "table"),
]


def test_both_formats_say_the_same(tmp_path: Path) -> None:
    """TOML and JSON of one declaration give one schema, with its version, window and range."""
    (tmp_path / "a.toml").write_text(TOML)
    (tmp_path / "a.json").write_text(json.dumps(GOOD))
    one, two = (read(tmp_path / name, "here") for name in ("a.toml", "a.json"))
    assert one == two and one.version == 3
    assert [spec.name for spec in one.fields] == ["price", "colour", "new", "age"]
    assert one.outcome.window == dt.timedelta(hours=36) and one.outcome.to_unit(1) == 1.0
    assert one.outcome.silence is None


@pytest.mark.parametrize(("document", "field", "words"), BAD)
def test_what_cannot_be_is_refused_by_name(document: Any, field: str, words: str) -> None:
    """Each refusal names the place in the file and says what would be right."""
    with pytest.raises(BadDeclaration) as refusal:
        parse(document)
    assert refusal.value.field == field
    assert words in refusal.value.reason


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [("a.json", "{", "no valid JSON"), ("a.toml", "version = ", "no valid TOML"), ("a.yaml", "", ".json or .toml")],
)
def test_a_file_that_is_no_declaration_is_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    """The refusal begins with where the path came from."""
    (tmp_path / name).write_text(text)
    with pytest.raises(BadDeclaration, match=r"SAMOUK_SCORING_SCHEMA \(") as refusal:
        read(tmp_path / name, schema.VARIABLE)
    assert words in refusal.value.reason


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    """So is one that nobody would write by hand."""
    with pytest.raises(BadDeclaration, match="cannot be read"):
        read(tmp_path / "none.json", "here")
    (tmp_path / "large.json").write_bytes(b" " * 1_000_001)
    with pytest.raises(BadDeclaration, match="at most"):
        read(tmp_path / "large.json", "here")


def test_without_a_declaration_the_example_holds(tmp_path: Path) -> None:
    """The variable decides; empty means none."""
    assert schema.declared({}) is schema.EXAMPLE and schema.declared({schema.VARIABLE: " "}) is schema.EXAMPLE
    (tmp_path / "a.json").write_text(json.dumps(GOOD))
    assert schema.declared({schema.VARIABLE: str(tmp_path / "a.json")}).version == 3


def test_the_declaration_is_read_when_the_domain_is_discovered(tmp_path: Path) -> None:
    """A process with the variable has learners over the declared features; a broken file stops it in plain words."""
    file = tmp_path / "a.json"
    file.write_text(json.dumps(GOOD))
    code = (
        "from samouk.domains import discover; "
        "print([(l.name, l.schema.version, len(l.seen.fields)) for l in discover()['scoring'].learners])"
    )
    environment = {schema.VARIABLE: str(file), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "[('scoring.calling', 3, 4), ('scoring.outcome', 3, 4)]"
    file.write_text(json.dumps({**GOOD, "version": 0}))
    broken = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert f"{schema.VARIABLE} ({file}): version: must be a whole number" in broken.stderr


def exposed(row: dict[str, Any]) -> Exposure:
    return Exposure(
        event_id="0" * 32,
        learner=schema.OUTCOME,
        version="v1.0",
        variant=Variant.CHAMPION,
        unit="feedbeef00000000",
        group=0,
        at=dt.datetime(2026, 1, 5, tzinfo=dt.UTC),
        score=0.4,
        propensity=0.25,
        row=row,
    )


def test_an_outcome_becomes_a_row_without_the_unit() -> None:
    """What is learnt from obeys the schema, keeps outcome, lateness and propensity, and nothing of who it was."""
    learner = learner_of(schema.OUTCOME, parse(GOOD))
    exposure = exposed({"price": None, "colour": "red", "new": True, "age": 4})
    joined = Joined(7, exposure, Outcome("0" * 32, "outcome", 0.75, exposure.at), late=True)
    row = learner.sample(joined)
    assert row is not None and exposure.unit not in row.values() and "unit" not in row
    columns = from_rows(learner.schema, [row])
    assert columns["outcome"][0] == 0.75 and columns["late"][0] == 1 and columns["propensity"][0] == 0.25
    assert learner.label(columns).values[0] == 0.75


def test_a_prediction_is_asked_without_what_is_told() -> None:
    """The outcome in a question is refused, and a unit among the features too."""
    learner = learner_of(schema.OUTCOME, parse(GOOD))
    good: dict[str, Value] = {"colour": "blue", "new": False, "age": 4}
    learner.seen.check_row(good)
    for name in ("outcome", "unit", "propensity"):
        with pytest.raises(WireError, match=name):
            learner.seen.check_row({**good, name: 1.0})
