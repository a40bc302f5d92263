"""What ``samouk doctor`` sees, says and leaves as it is."""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.objects import fresh_url, object_store, send, skewed, way

from samouk.cli import main
from samouk.settings import SETTINGS


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that is not there yet, and an environment that says nothing."""
    for setting in SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.setenv("SAMOUK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def samouk(*words: str) -> Result:
    """One command in this process."""
    return CliRunner().invoke(main, words)


def findings(*words: str) -> dict[str, list[tuple[str, str]]]:
    """(state, words) of each part."""
    told: dict[str, list[tuple[str, str]]] = {}
    for one in json.loads(samouk("doctor", "--json", *words).stdout):
        told.setdefault(one["part"], []).append((one["state"], one["words"]))
    return told


def states(told: list[tuple[str, str]]) -> set[str]:
    return {state for state, _ in told}


def nobody() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_a_fresh_machine_is_well_and_stays_fresh(home: Path) -> None:
    """Nothing is wrong with what is not there yet, and looking makes none of it."""
    result = samouk("doctor")
    assert result.exit_code == 0, result.output
    assert not home.exists()


@pytest.mark.parametrize(("rule", "worst"), [("", "fail"), ("&versions=expire", "warn")])
def test_a_bucket_that_keeps_versions_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, rule: str, worst: str
) -> None:
    """Also where the operator vouches for a rule that removes them; one that keeps none is well."""
    url = fresh_url(monkeypatch)
    monkeypatch.setenv("SAMOUK_BLOBS_URL", url)
    assert "versions" not in str(findings("--only", "blobs"))
    monkeypatch.setenv("SAMOUK_BLOBS_URL", f"{url}{rule}")
    status = b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>'
    send("PUT", object_store(), f"{url.split('/')[2]}?versioning", status)
    told = findings("--only", "blobs")["blobs"]
    assert any("old versions" in words for state, words in told if state == "warn")
    assert ("fail" in states(told)) == (worst == "fail")


def test_a_bucket_of_another_time_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signatures hold for some minutes only, and ages are judged by its clock."""
    with way() as made:
        made.always = skewed(timedelta(minutes=10))
        monkeypatch.setenv("SAMOUK_BLOBS_URL", fresh_url(monkeypatch, made.address))
        told = findings("--only", "blobs")["blobs"]
    assert any("let both follow NTP" in words for state, words in told if state == "fail")


def test_a_home_in_use_is_well(home: Path) -> None:
    """Keys, schema, blobs and room; the root keys should not lie there."""
    assert samouk("keys", "init").exit_code == 0
    assert samouk("keys", "create", "--label", "app").exit_code == 0
    before = sorted(home.rglob("*"))
    told = findings()
    assert states(told["database"]) == states(told["blobs"]) == {"ok"}
    assert any("root keys lie in" in words for _, words in told["keys"])
    assert samouk("doctor").exit_code == 0
    assert [path for path in sorted(home.rglob("*")) if path not in before and path.is_file()] == []


def test_a_database_that_does_not_answer_is_told_without_its_password(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line with the place, and exit 1; the other parts are looked at all the same."""
    monkeypatch.setenv("SAMOUK_DATABASE_URL", f"postgresql://me:s3cret@127.0.0.1:{nobody()}/samouk")
    result = samouk("doctor")
    assert result.exit_code == 1
    assert "❌ database: PostgreSQL at 127.0.0.1" in result.stdout
    assert "keys:" in result.stdout
    assert "s3cret" not in result.output


def test_a_database_that_answers(home: Path, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its schema, its clock and its room for connections are looked at."""
    monkeypatch.setenv("SAMOUK_DATABASE_URL", postgres)
    assert samouk("migrate").exit_code == 0
    told = findings("--only", "database,blobs")
    assert states(told["database"]) == {"ok"}
    assert any("connections are open" in words for _, words in told["database"])


def test_a_redis_that_does_not_answer(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a fault where one is named, and none where none is."""
    assert findings("--only", "redis") == {"redis": [("ok", "none; this process queues and schedules by itself")]}
    monkeypatch.setenv("SAMOUK_REDIS_URL", f"redis://127.0.0.1:{nobody()}/0")
    assert states(findings("--only", "redis")["redis"]) == {"fail"}


def test_a_misspelt_variable_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the default stays in force and nobody knows why."""
    monkeypatch.setenv("SAMOUK_DATABSE_URL", "postgresql://x")
    assert any("SAMOUK_DATABSE_URL is no setting" in words for _, words in findings()["settings"])


def test_a_secret_that_everybody_can_read_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's name, never what stands in it."""
    secret = home.parent / "url"
    secret.write_text("redis://:s3cret@127.0.0.1:1/0")
    secret.chmod(0o644)
    monkeypatch.setenv("SAMOUK_REDIS_URL_FILE", str(secret))
    result = samouk("doctor", "--only", "settings,redis")
    assert "everybody on this machine can read" in result.stdout
    assert "s3cret" not in result.output


def test_a_part_that_there_is_not(home: Path) -> None:
    """Refused with the names of those that there are."""
    result = samouk("doctor", "--only", "moon")
    assert result.exit_code == 2
    assert "database" in result.stderr
