"""``samouk copy-store``, ``backup`` and ``restore`` as an operator types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.objects import fresh_url
from tests.store.filled import fill

from samouk.cli import main
from samouk.settings import SETTINGS
from samouk.store.clock import SteppedClock
from samouk.store.sql import open_store


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A filled store in the home that the environment names."""
    for setting in SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)
    made = tmp_path / "home"
    monkeypatch.setenv("SAMOUK_HOME", str(made))
    store = open_store(made, SteppedClock())
    fill(store)
    store.close()
    return made


def samouk(*words: object) -> Result:
    """One command in this process."""
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_store_moves_and_moves_back(
    home: Path, tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both digests are printed and equal; the commands go on over the new place."""
    url = fresh_url(monkeypatch)
    there = samouk("copy-store", home, postgres, "--to-blobs", url)
    assert there.exit_code == 0, there.output
    here, _, away = there.output.partition("there ")
    assert here.split("here")[-1].split()[0] == away.split()[0]
    monkeypatch.setenv("SAMOUK_DATABASE_URL", postgres)
    monkeypatch.setenv("SAMOUK_BLOBS_URL", url)
    assert samouk("audit", "verify").exit_code == 0
    back = samouk("copy-store", postgres, tmp_path / "back", "--from-blobs", url, "--json")
    told = json.loads(back.stdout)
    assert told["source_digest"] == told["target_digest"]
    assert told["blobs"] == 5


def test_a_backup_comes_back_and_says_so(home: Path, tmp_path: Path) -> None:
    """The same digest is printed by both; the second backup has nothing new."""
    first = samouk("backup", tmp_path / "backups")
    assert first.exit_code == 0, first.output
    assert "0 things new" in samouk("backup", tmp_path / "backups", "--keep", 1).output
    back = samouk("restore", tmp_path / "backups", "--home", tmp_path / "back", "--erased-in", home)
    assert back.exit_code == 0, back.output
    assert first.output.split("rows ")[-1].split()[0] in back.output
    assert "erased again: 0 batches, 0 units" in back.output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("copy-store", "nowhere", "else"), 3, "there is no store in nowhere"),
        (("copy-store", "HOME", "postgresql://root@127.0.0.1/none"), 2, "where the blobs lie"),
        (("copy-store", "HOME", "copy", "--to-blobs", "ftp://x"), 2, "s3://bucket/prefix"),
        (("backup", "s3://key:secret@bucket"), 2, "AWS_ACCESS_KEY_ID"),
        (("backup", "HOME/samouk.sqlite3"), 3, "a file is in its way"),
        (("copy-store", "HOME", "s3:/x"), 2, "leads to no place"),
        (("copy-store", "gs://x", "HOME"), 2, "leads to no place"),
        (("backup", "ftp://x"), 2, "leads to no place"),
        (("restore", "nowhere"), 3, "there are no backups"),
        (("restore", "HOME"), 3, "there are no backups"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    home: Path, words: tuple[str, ...], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the exit code of its kind, the remedy, and no secret."""
    monkeypatch.chdir(tmp_path)
    result = samouk(*(word.replace("HOME", str(home)) for word in words))
    assert result.exit_code == code, result.output
    assert said in result.stderr
    assert "secret" not in result.stderr.replace("AWS_SECRET_ACCESS_KEY", "")
    assert result.stderr.count("\n") == 1
