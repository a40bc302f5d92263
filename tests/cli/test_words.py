"""What commands say where something cannot be: one line each, and before anything is done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.contracts.making import LEARNER, batch, batch_id

from samouk import assembly
from samouk.cli import main
from samouk.loop.records import Act
from samouk.settings import load
from samouk.store.clock import SystemClock
from samouk.store.sql import open_store


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def samouk(home: Path, *words: str, **variables: str) -> Result:
    return CliRunner(env=variables).invoke(main, [*words, "--home", str(home)])


def told(result: Result) -> str:
    """The one line on standard error of a command that was refused."""
    assert isinstance(result.exception, SystemExit), result.exception
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("❌ ")
    return line


def stored(home: Path) -> None:
    """A store with batch 1."""
    store = open_store(home, SystemClock())
    store.log.append([batch(1)])
    store.close()


def left(home: Path) -> int:
    """How many batches the store has."""
    store = open_store(home, SystemClock())
    try:
        return len(list(store.log.entries(LEARNER)))
    finally:
        store.close()


@pytest.mark.parametrize(
    "words", [("erase", "--receipt"), ("export-subject", "--learner", "screens.element", "--receipt")]
)
def test_a_receipt_of_another_batch_is_wrong_use(home: Path, words: tuple[str, ...]) -> None:
    stored(home)
    result = samouk(home, *words, f"{batch_id(1)}:wrong")
    assert (result.exit_code, "the receipt does not belong to batch" in told(result)) == (2, True)


@pytest.mark.parametrize("number", ["9" * 23, "9" * 19, "٣"])
def test_a_number_that_no_audit_has_is_wrong_use(home: Path, number: str) -> None:
    result = samouk(home, "audit", "verify", "--since", f"{number}:{'a' * 64}")
    assert (result.exit_code, "--since must be NUMBER:DIGEST" in result.stderr) == (2, True)


def test_a_place_for_the_proof_is_looked_at_before_anything_goes(home: Path, tmp_path: Path) -> None:
    """And what lies there already stays until the proof is written."""
    stored(home)
    erase = ("erase", "--receipt", f"{batch_id(1)}:secret 1", "--output")
    result = samouk(home, *erase, str(tmp_path / "nowhere" / "proof.json"))
    assert (result.exit_code, "nothing was done" in result.stderr, left(home)) == (2, True, 1)
    proof = tmp_path / "proof.json"
    assert samouk(home, *erase, str(proof)).exit_code == 0
    assert json.loads(proof.read_bytes())["complete"]
    assert left(home) == 0
    again = samouk(home, "erase", "--verify", str(proof))
    assert "the proof says that this was removed: 1 batches" in again.stdout


@pytest.mark.parametrize("text", ["{}", "[]", "no JSON", "\xff", "[" * 100_000])
def test_what_is_no_proof_is_told_in_plain_words(home: Path, tmp_path: Path, text: str) -> None:
    proof = tmp_path / "proof.json"
    proof.write_text(text)
    result = samouk(home, "erase", "--verify", str(proof))
    assert (result.exit_code, "proof.json is not the JSON of a proof" in told(result)) == (3, True)


@pytest.mark.parametrize(
    "change",
    [
        {"looked": [{"place": "x"}]},
        {"looked": [{"place": "x", "items": 1, "size": 1, "found": "many"}]},
        {"marks": {"salt": 7}},
        {"at": "yesterday"},
        {"learners": None},
        {"digest": "0" * 64},
    ],
)
def test_a_damaged_proof_is_told_in_plain_words(home: Path, tmp_path: Path, change: dict[str, object]) -> None:
    """Without Python's own: who reads them has a file to compare, and no code."""
    stored(home)
    proof = tmp_path / "proof.json"
    assert samouk(home, "erase", "--receipt", f"{batch_id(1)}:secret 1", "--output", str(proof)).exit_code == 0
    proof.write_text(json.dumps({**json.loads(proof.read_bytes()), **change}))
    result = samouk(home, "erase", "--verify", str(proof))
    line = told(result)
    assert result.exit_code == 3
    assert "the proof is damaged" in line or "the proof was changed" in line
    assert "Error" not in line


def test_a_retired_command_tells_its_new_name(home: Path) -> None:
    for words, now in (
        (("forget",), "samouk erase --receipt"),
        (("audit", "--verify"), "samouk audit verify"),
        (("keys", "create", "--label", "app", "--may", "operate"), "--role"),
    ):
        result = samouk(home, *words)
        assert (result.exit_code, now in told(result)) == (2, True)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--nonsense",), "❌ No such option '--nonsense'"),
        (("trun",), "❌ no such command 'trun'; did you mean turn"),
        (("turn",), "❌ Missing argument 'LEARNER' (see samouk turn --help)"),
        (("runs", "screens.element", "--limit", "0"), "❌ Invalid value for '--limit': 0 is not in the range"),
        (("keys", "make"), "❌ no such command 'make'; there are init, create"),
        (("export-subject",), "❌ name a SUBJECT, or a batch with --receipt (see samouk export-subject --help)"),
    ],
)
def test_wrong_use_is_one_line_with_where_help_is(words: tuple[str, ...], line: str) -> None:
    result = CliRunner().invoke(main, words, prog_name="samouk")
    assert (result.exit_code, told(result).startswith(line)) == (2, True), result.stderr
    assert "--help)" in told(result)


def test_help_lists_commands_in_the_order_of_the_journey() -> None:
    """And cuts none of their sentences, however narrow the terminal."""
    shown = CliRunner().invoke(main, ["--help"]).stdout.partition("Commands:")[2]
    journey = ("demo", "serve", "turn", "rollout", "erase", "backup", "traffic")
    places = [shown.index(f"\n  {name} ") for name in journey]
    assert places == sorted(places)
    assert "..." not in shown
    assert "learn, judge, and stage or" in shown


def test_what_nobody_foresaw_ends_in_one_line_below_its_trace(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def surprise(_: str) -> None:
        raise AssertionError("two and two are five")

    monkeypatch.setattr("samouk.domains.learner", surprise)
    result = samouk(home, "turn", "screens.element", "--reason", "test")
    *trace, last = result.stderr.strip().splitlines()
    assert (result.exit_code, trace[0]) == (1, "Traceback (most recent call last):")
    assert last.startswith("❌ AssertionError: two and two are five: nobody foresaw this; please report")


def test_nothing_to_list_is_a_sentence(home: Path) -> None:
    """And programs get an empty list."""
    assert "no dead letters" in samouk(home, "tasks").stdout
    assert json.loads(samouk(home, "tasks", "--json").stdout) == []
    assert "revision" in samouk(home, "migrate", "--check").stdout


def test_a_learner_is_looked_up_first(home: Path) -> None:
    result = samouk(home, "turn", "nope")
    assert (result.exit_code, "nope" in told(result)) == (2, True)


def test_one_setting_has_one_source(home: Path, tmp_path: Path) -> None:
    """The one that was forgotten would be in force."""
    result = samouk(home, "versions", "screens.element", SAMOUK_PORT="1", SAMOUK_PORT_FILE="x")
    assert (result.exit_code, "SAMOUK_PORT and SAMOUK_PORT_FILE are both set" in told(result)) == (2, True)


def test_a_proof_for_all_learners_names_none_of_them(home: Path) -> None:
    assert samouk(home, "erase", "--subject", "somebody by name").exit_code == 0
    (proof,) = [one for one in json.loads(samouk(home, "audit", "--json").stdout) if "prove" in one["act"]["action"]]
    assert proof["act"]["subject"].removeprefix("proof/") in proof["act"]["reason"]


def test_a_long_reason_is_shortened_for_people_alone(home: Path) -> None:
    """Rules of a learner would fill screens."""
    with assembly.opened(load({}, home=home)) as services:
        services.audit.append(Act("operator", "go by rules", "screens.element", "x" * 5_000, services.clock.now()))
    assert max(map(len, samouk(home, "audit").stdout.splitlines())) < 500
    (entry,) = json.loads(samouk(home, "audit", "--json").stdout)
    assert len(entry["act"]["reason"]) == 5_000
