"""The commands of an operator: what they refuse in one line, what they never delete or replace, what they note."""

from __future__ import annotations

import dataclasses
import json
import shutil
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from examples.will_it_rain import RAIN
from tests.e2e.platform import Platform
from tests.loop.serving_world import add

from samouk import assembly
from samouk.assembly.children import environment
from samouk.cli import main
from samouk.domains.screens import judge
from samouk.loop.learner import Context, Learner
from samouk.loop.outcome import Told, tell
from samouk.loop.ports import Services
from samouk.loop.records import Artifact, Examples
from samouk.loop.registry import enter
from samouk.loop.serving import Serving
from samouk.settings import load

LEARNER = "screens.element"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def samouk(home: Path, *words: str) -> Result:
    """One command in this process."""
    return CliRunner().invoke(main, [*words, "--home", str(home)])


def told(result: Result) -> str:
    """The one line on standard error of a command that failed in a way that an operator can mend."""
    assert isinstance(result.exception, SystemExit), result.exception
    (line,) = result.stderr.strip().splitlines()
    return line


def test_demo_deletes_nothing_that_no_demo_made(home: Path) -> None:
    """A folder called ``demo`` with things in it, but without the marker, is left as it is."""
    (home / "demo").mkdir(parents=True)
    (home / "demo" / "thesis.txt").write_text("years of work")
    result = samouk(home, "demo", "--once")
    assert (result.exit_code, "no demo made it" in told(result)) == (2, True)
    assert (home / "demo" / "thesis.txt").read_text() == "years of work"


def test_demo_begins_afresh_in_its_own_folder(home: Path) -> None:
    """What an earlier demo left goes, and what a link leads to stays."""
    kept = home.parent / "kept"
    kept.mkdir()
    (kept / "file").write_text("")
    chosen = load({}, home=home, port=0)
    for _ in range(2):
        with assembly.demo(chosen, {}, 1):
            (home / "clients").mkdir()
            (home / "link").symlink_to(kept)
    with assembly.demo(chosen, {}, 1):
        assert not (home / "clients").exists()
    assert (kept / "file").exists()


def test_demo_touches_nothing_that_is_configured(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Database, blobs, Redis, keys and cluster that are set stay as they are: a play lies below its own folder."""
    (tmp_path / "blobs").mkdir()
    environment = {
        "SAMOUK_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "SAMOUK_BLOBS_URL": f"file://{tmp_path}/blobs",
        "SAMOUK_REDIS_URL": "redis://127.0.0.1:1/0",
        "SAMOUK_KEYS_DIR": str(tmp_path / "keys"),
        "SAMOUK_TRAINER": "dask:tcp://127.0.0.1:1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    chosen = load(environment, home=home, port=0)
    with assembly.demo(chosen, {}, 1):
        assert sorted(path.name for path in tmp_path.iterdir() if path != home) == ["blobs"]
        assert list((tmp_path / "blobs").iterdir()) == []
        assert (home / "keys").is_dir()


def test_a_server_says_where_everything_lies(home: Path) -> None:
    """Not the home, where little lies beside a database; and no password."""
    assert assembly.lies_in(load({}, home=home)) == f"{home} (SAMOUK_HOME)"
    url, blobs = "postgresql://me:secret@127.0.0.1:5/name", "s3://bucket/prefix?region=x"
    told = assembly.lies_in(load({"SAMOUK_DATABASE_URL": url, "SAMOUK_BLOBS_URL": blobs}, home=home))
    words = "PostgreSQL at 127.0.0.1:5/name (SAMOUK_DATABASE_URL), its blobs in s3://bucket/prefix (SAMOUK_BLOBS_URL)"
    assert told == words


def test_children_keep_things_where_the_settings_say(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a server of settings of its own starts goes nowhere else, whatever the environment says."""
    monkeypatch.setenv("SAMOUK_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    home.mkdir()
    (home / "redis").write_text("redis://127.0.0.1:1/0")
    monkeypatch.setenv("SAMOUK_REDIS_URL_FILE", str(home / "redis"))
    monkeypatch.setenv("SAMOUK_GROUP", "7")
    for settings in (load({}, home=home), load({"SAMOUK_BLOBS_URL": f"file://{home}/b"}, home=home)):
        given = load(assembly.environment(settings))
        assert (given.home, given.database_url, given.redis_url) == (home, "", "")
        assert given.blobs_url == settings.blobs_url
        assert given.group == 7


@pytest.mark.parametrize("words", [("turn", LEARNER, "--reason", "test"), ("serve", "--port", "0"), ("keys", "init")])
def test_lost_keys_are_never_replaced(home: Path, words: tuple[str, ...]) -> None:
    """Once something is published, every command asks for the backup of the keys and makes none."""
    assert samouk(home, "turn", LEARNER, "--reason", "first").exit_code == 0
    shutil.rmtree(home / "keys")
    result = samouk(home, *words)
    assert (result.exit_code, "restore the keys folder from your backup" in told(result)) == (3, True)
    assert not (home / "keys").exists()


def test_serving_needs_its_address_before_anything_else(home: Path) -> None:
    """A taken port is told before keys are made or learning begins."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        result = samouk(home, "serve", "--port", str(holder.getsockname()[1]))
    assert (result.exit_code, "is taken" in told(result)) == (3, True)
    assert not home.exists()


@pytest.mark.parametrize("words", [("keys", "init"), ("serve", "--port", "0"), ("keys", "list")])
@pytest.mark.parametrize("place", ["file", "/proc/samouk"])
def test_a_home_that_cannot_be_is_one_line(tmp_path: Path, words: tuple[str, ...], place: str) -> None:
    """No command answers with a traceback."""
    (tmp_path / "file").write_text("")
    result = samouk(tmp_path / place, *words)
    assert (result.exit_code, place.rpartition("/")[2] in told(result)) == (3, True)


def test_an_export_that_cannot_be_written_is_one_line(home: Path) -> None:
    """The file that was asked for is named, and the option that chooses another."""
    target = home.parent / "nowhere" / "e.json"
    line = told(samouk(home, "export", LEARNER, "--output", str(target)))
    assert line == f"❌ {target} cannot be written (No such file or directory); choose another file with --output"


def test_what_was_told_is_exported_and_learnt_from_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outcomes that fill no batch yet are in an export, and in what a turn that was asked for reads."""
    monkeypatch.setattr("samouk.domains.learner", lambda _: RAIN)
    with assembly.opened(load({}, home=home)) as services:
        add(services, [1.0, 0.0, 0.0])
        for unit in range(3):
            _tell(services, f"u{unit}")
    output = home.parent / "rows.jsonl"
    assert samouk(home, "export", RAIN.name, "--output", str(output)).exit_code == 0
    assert len(output.read_text().splitlines()) == 3
    with assembly.opened(load({}, home=home)) as services:
        _tell(services, "late")
    samouk(home, "turn", RAIN.name, "--reason", "now")
    with assembly.opened(load({}, home=home)) as services:
        assert services.log.stats(RAIN.name).total_samples == 4


def _tell(services: Services, unit: str) -> None:
    """One prediction for a unit, and how it turned out."""
    serving = Serving(RAIN, services)
    serving.refresh()
    shown = serving.predict(unit, {"pressure": 990.0, "humidity": 0.9})
    services.journal.expose([shown.exposure])
    tell(RAIN, services, [Told(shown.answer.event_id, RAIN.outcomes[0].name, 1.0)])


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        ((), 1, "the model was not entered: this is no ONNX model"),
        (("--metrics", "[1]"), 2, "--metrics must be a JSON object"),
        (("--reason", "two\nlines"), 2, "--reason must be printable"),
    ],
)
def test_a_model_that_cannot_be_taken_is_one_line(tmp_path: Path, words: tuple[str, ...], code: int, line: str) -> None:
    """What is no model, or no word about one, is told as such, and nothing is entered."""
    (tmp_path / "model.onnx").write_bytes(b"no model")
    platform = Platform(tmp_path / "home", tmp_path / "log")
    done = platform.command("adopt", "scoring.outcome", str(tmp_path / "model.onnx"), *words)
    assert (done.returncode, line in done.stderr, done.stdout) == (code, True, ""), done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_repository_is_one_line(home: Path) -> None:
    """Published files that cannot be read are named, with the remedy."""
    samouk(home, "turn", LEARNER, "--reason", "first")
    (home / "published" / "metadata" / "timestamp.json").write_text("{")
    result = samouk(home, "turn", LEARNER, "--reason", "second")
    assert (result.exit_code, "restore" in told(result)) == (3, True)


def test_a_damaged_model_is_one_line(home: Path) -> None:
    """A model whose bytes changed is named, with the remedy."""
    samouk(home, "turn", LEARNER, "--reason", "first")
    (blob,) = (home / "blobs").glob("??/*")
    blob.write_bytes(b"damaged")
    result = samouk(home, "turn", LEARNER, "--reason", "second")
    assert (result.exit_code, "restore it from a backup" in told(result)) == (3, True)


def _fails(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
    raise ArithmeticError("the matrix is singular")


def test_a_failing_fit_is_one_line_and_on_record(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A learner's own error is told in one line with exit code 1; the run's end says the same."""
    failing = dataclasses.replace(judge.LEARNER, fit=_fails)
    monkeypatch.setattr("samouk.domains.learner", lambda _: failing)
    with assembly.opened(load({}, home=home)) as services:
        _store(services, failing)
    result = samouk(home, "turn", LEARNER, "--reason", "test")
    line = told(result)
    assert (result.exit_code, "the run failed: ArithmeticError: the matrix is singular; it is on record" in line) == (
        1,
        True,
    )
    (run,) = json.loads(samouk(home, "runs", LEARNER, "--json").stdout)
    assert (run["end"], run["error"]) == ("failed", "ArithmeticError: the matrix is singular")


def _store(services: Services, learner: Learner) -> None:
    """A week of the learner's own world."""
    services.log.append(list(learner.world(3, False).batches(0, 8)))


@pytest.mark.slow
def test_two_turns_at_once_on_a_fresh_home(tmp_path: Path) -> None:
    """Both end well, or one says that the other is at work; there is one set of keys and one first model."""
    platform = Platform(tmp_path / "home", tmp_path / "log")
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: platform.command("turn", LEARNER, "--reason", "both"), range(2)))
    assert {result.returncode for result in done} <= {0, 4}, [result.stderr for result in done]
    assert 0 in {result.returncode for result in done}
    assert len(list((tmp_path / "home" / "keys").rglob("*.pem"))) == 6
    assert [version["name"] for version in platform.json("versions", LEARNER)] == ["v1.0"]


def test_a_key_for_a_role_some_learners_and_a_time(home: Path) -> None:
    """It is listed with all of it; what cannot be is told before there is a key; its successor takes its place."""
    wished = ("--role", "operator", "--learner", LEARNER, "--learner", "traffic.*", "--expires", "90d")
    made = json.loads(samouk(home, "keys", "create", "--label", "desk", *wished, "--json").stdout)
    assert (made["role"], made["learners"]) == ("operator", [LEARNER, "traffic.*"])
    for wrong in (("--role", "king"), ("--learner", "nobody.here"), ("--expires", "soon"), ("--expires", "2001-01-01")):
        assert samouk(home, "keys", "create", "--label", "wrong", *wrong).exit_code == 2
    made_next = json.loads(samouk(home, "keys", "rotate", made["key_id"], "--overlap", "0", "--json").stdout)
    listed = json.loads(samouk(home, "keys", "list", "--json").stdout)
    assert [(key["key_id"], key["role"]) for key in listed] == [
        (made["key_id"], "operator"),
        (made_next["key_id"], "operator"),
    ]
    assert made["secret"] not in repr(listed) and made_next["secret"] not in repr(listed)
    shown = samouk(home, "keys", "list").stdout
    assert "expired" in shown and "traffic.*" in shown
    assert samouk(home, "keys", "rotate", "00000000").exit_code == 2


def test_keys_are_noted_in_the_audit(home: Path) -> None:
    """Making, revoking and rotating keys, and entering a version, leave a row each."""
    samouk(home, "turn", LEARNER, "--reason", "first")
    key = json.loads(samouk(home, "keys", "create", "--label", "my apps", "--json").stdout)
    samouk(home, "keys", "revoke", key["key_id"])
    samouk(home, "keys", "rotate")
    acts = [entry["act"] for entry in json.loads(samouk(home, "audit", "--json").stdout)]
    noted = [(act["action"], act["subject"]) for act in acts]
    assert [("create key", key["key_id"]), ("revoke key", key["key_id"]), ("rotate keys", "signing keys")] == noted[-3:]
    assert ("register", f"{LEARNER}/v1.0") in noted
    assert key["secret"] not in repr(acts)


def test_audit(home: Path) -> None:
    """The newest entries are shown; a whole chain is told, a changed one is exit code 1 with the number."""
    for number in range(3):
        samouk(home, "keys", "create", "--label", f"app {number}")
    assert [e["sequence"] for e in json.loads(samouk(home, "audit", "--limit", "2", "--json").stdout)] == [2, 3]
    assert "app 2" in samouk(home, "audit").stdout
    head = samouk(home, "audit", "head").stdout.strip()
    assert samouk(home, "audit", "verify").stdout.strip() == f"✅ the audit is whole: 3 entries, {head}"
    with sqlite3.connect(home / "samouk.sqlite3") as connection:
        connection.execute("UPDATE audit SET reason = 'nothing' WHERE sequence = 2")
    connection.close()
    result = samouk(home, "audit", "verify")
    assert (result.exit_code, "broken at entry 2" in told(result)) == (1, True)
    answer = json.loads(samouk(home, "audit", "verify", "--json").stdout)
    assert (answer["broken_at"], answer["checked"], answer["head"]["sequence"]) == (2, None, 3)


def test_an_audit_whose_end_was_cut_off_is_told_by_a_kept_head(home: Path) -> None:
    """Alone the rest is whole; with the head that somebody kept it is not. What came since is looked at alone."""
    for number in range(3):
        samouk(home, "keys", "create", "--label", f"app {number}")
    head = samouk(home, "audit", "head").stdout.strip()
    samouk(home, "keys", "create", "--label", "one more")
    assert "1 entries since the kept one" in samouk(home, "audit", "verify", "--since", head).stdout
    with sqlite3.connect(home / "samouk.sqlite3") as connection:
        connection.execute("DELETE FROM audit WHERE sequence > 2")
    connection.close()
    assert samouk(home, "audit", "verify").exit_code == 0
    result = samouk(home, "audit", "verify", "--since", head)
    assert (result.exit_code, "entry 3 is not the one that was kept" in told(result)) == (1, True)
    assert samouk(home, "audit", "verify", "--since", "three").exit_code == 2


@pytest.mark.parametrize("label", ["", "  ", "two\nlines", "\x1b[31mred", "x" * 81])
def test_labels_are_plain(home: Path, label: str) -> None:
    """A label that would spoil a terminal or a table is refused."""
    assert samouk(home, "keys", "create", "--label", label).exit_code == 2
    assert not home.exists()


def test_a_waiting_version_is_approved_once(home: Path) -> None:
    """A person's word puts a staged version in service; said again, it is refused in one line."""
    chosen = load({}, home=home, port=0)
    assembly.make_signing_keys(chosen)
    artifact = judge.first()
    assert artifact is not None
    with assembly.opened(chosen) as services:
        key = services.blobs.put(artifact.data)
        services.registry.add(enter(judge.LEARNER, [], artifact, key, services.clock.now()))
    assert "promoted, v1.0" in samouk(home, "rollout", "approve", LEARNER, "--reason", "looked at").output
    again = samouk(home, "rollout", "approve", LEARNER, "--reason", "once more")
    assert (again.exit_code, "waits in staging" in told(again)) == (2, True)


def test_a_reason_of_the_environment_is_no_persons_word_at_a_look(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server begun with one would learn at every look; its children do not even see it."""
    monkeypatch.setenv("SAMOUK_REASON", "what the server was begun for")
    assert "not due yet" in samouk(home, "turn", LEARNER, "--if-due").output
    assert json.loads(samouk(home, "runs", LEARNER, "--json").stdout) == []
    assert "SAMOUK_REASON" not in environment(load({"SAMOUK_HOME": str(home)}))
    doctor = samouk(home, "doctor", "--only", "settings")
    assert (doctor.exit_code, "SAMOUK_REASON" in doctor.output) == (0, False)
