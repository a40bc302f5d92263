"""Passwords that stand in settings are told to the servers that they are for, and to nobody else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import pytest

from samouk import settings
from samouk.loop.ports import StoreUnavailable
from samouk.store.blobs.places import BadPlace, places
from samouk.store.redis import connect, place
from samouk.store.sql.postgres import PostgresDatabase

SECRET = "hunter2-canary"
URLS = {
    "SAMOUK_DATABASE_URL": f"postgresql://samouk:{SECRET}@127.0.0.1:9/none",
    "SAMOUK_REDIS_URL": f"redis://:{SECRET}@127.0.0.1:9/0",
}
COMMANDS: Sequence[Sequence[str]] = (
    ("versions", "screens.element"),
    ("keys", "list"),
    ("serve", "--port", "0"),
    ("turn", "screens.element"),
    ("doctor",),
    ("audit", "verify"),
)


def run(arguments: Sequence[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own."""
    command = [sys.executable, "-m", "samouk.cli", *arguments]
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, env={**kept, **environment}, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_no_command_tells_a_password(arguments: Sequence[str], tmp_path: Path) -> None:
    """The database is away: the message says where it should be, and neither it nor a log holds the password."""
    done = run(arguments, {**URLS, "SAMOUK_HOME": str(tmp_path), "HOME": str(tmp_path)})
    assert done.returncode != 0
    told = done.stdout + done.stderr
    assert told and SECRET not in told
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert SECRET.encode() not in written


@pytest.mark.slow
def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    """So that no environment shows it; a file that is not there is named."""
    file = tmp_path / "url"
    file.write_text(URLS["SAMOUK_DATABASE_URL"] + "\n")
    done = run(("keys", "list"), {"SAMOUK_DATABASE_URL_FILE": str(file), "SAMOUK_HOME": str(tmp_path)})
    assert "127.0.0.1:9" in done.stderr and SECRET not in done.stderr
    file.unlink()
    gone = run(("keys", "list"), {"SAMOUK_DATABASE_URL_FILE": str(file), "SAMOUK_HOME": str(tmp_path)})
    assert "SAMOUK_DATABASE_URL_FILE" in gone.stderr


def test_settings_do_not_show_what_they_hold() -> None:
    """Nor does the traceback of an error that has them at hand."""
    chosen = settings.load({**URLS, "SAMOUK_BLOBS_URL": f"s3://key:{SECRET}@bucket"})
    assert SECRET in chosen.database_url and SECRET not in repr(chosen)
    try:
        raise RuntimeError(chosen)
    except RuntimeError as error:
        assert SECRET not in "".join(traceback.format_exception(error))


def test_the_place_of_a_database_is_no_secret() -> None:
    """It names host, port and database."""
    database = PostgresDatabase(URLS["SAMOUK_DATABASE_URL"])
    try:
        assert database.place == "PostgreSQL at 127.0.0.1:9/none"
        assert SECRET not in repr(database)
    finally:
        database.close()


@pytest.mark.parametrize("sign", "/?#@[%:")
@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_a_redis_whose_password_breaks_its_address_is_not_told(scheme: str, sign: str) -> None:
    """The parser's own words would hold a piece of it."""
    url = f"{scheme}://:hunter2{sign}canary@127.0.0.1:9/0"
    for reach in (place, lambda url: connect(url).close()):
        try:
            told = str(reach(url))
        except StoreUnavailable as error:
            told = str(error)
            assert "SAMOUK_REDIS_URL" in told
        assert "hunter2" not in told and "canary" not in told


@pytest.mark.parametrize("sign", "/?#@[%:")
@pytest.mark.parametrize("rest", ["", "/x?endpoint=nonsense", "?what=1"])
@pytest.mark.parametrize("scheme", ["s3", "file", "ftp"])
def test_a_place_of_blobs_that_holds_a_password_does_not_tell_it(scheme: str, sign: str, rest: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(BadPlace) as refusal:
        places(f"{scheme}://key:hunter2{sign}canary@bucket{rest}", Path("/nowhere"))
    assert "hunter2" not in str(refusal.value) and "canary" not in str(refusal.value)


@pytest.mark.parametrize("sign", "/?#@[%:")
def test_a_database_whose_password_breaks_its_address_is_not_told(sign: str) -> None:
    """Nor where it leads, which the password is part of then."""
    try:
        database = PostgresDatabase(f"postgresql://samouk:hunter2{sign}canary@127.0.0.1:9/none")
    except StoreUnavailable as error:
        assert "hunter2" not in str(error) and "canary" not in str(error)
    else:
        assert "hunter2" not in database.place and "canary" not in database.place
        database.close()


@pytest.mark.slow
def test_each_start_warns_of_root_keys_beside_the_online_ones(tmp_path: Path) -> None:
    """Before anything else; here the address is taken, so that nothing comes after it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        start = ("serve", "--port", str(taken.getsockname()[1]))
        quiet = run(start, {"SAMOUK_HOME": str(tmp_path)})
        (tmp_path / "keys" / "root").mkdir(parents=True)
        (tmp_path / "keys" / "root" / "root-1.pem").touch()
        warned = run(start, {"SAMOUK_HOME": str(tmp_path)})
    assert "Root keys lie in" not in quiet.stderr
    assert f"Root keys lie in {tmp_path / 'keys' / 'root'}" in warned.stderr
