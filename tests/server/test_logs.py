"""What the server logs: a line a record, with its fields, that no text can break."""

from __future__ import annotations

import io
import json
import logging
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.e2e.platform import Platform

from samouk.loop.ports import StoreUnavailable
from samouk.server import logs
from samouk.store.sql.sqlite import SqliteDatabase

log = logging.getLogger("samouk.test")


@pytest.fixture
def untouched() -> Iterator[None]:
    """What stands in the process's own logging comes back after the test."""
    root, ours = logging.getLogger(), logging.getLogger("samouk")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], level, own = before
    root.setLevel(level)
    ours.setLevel(own)


def said(form: str, *words: Any, level: int = logging.WARNING, **fields: Any) -> str:
    """What one record becomes."""
    stream = io.StringIO()
    logs.set_up(form, stream)
    log.log(level, *words, extra=fields)
    return stream.getvalue()


@pytest.mark.usefixtures("untouched")
class TestJson:
    """For programs."""

    def test_a_record_is_one_object_in_one_line(self) -> None:
        """Time in UTC, level, logger, message with its parameters, and the fields."""
        text = said("json", "%s saw\na %s", "guard", "flood", severity="critical", score=0.97, windows=(1, 2))
        line = json.loads(text)
        assert text.count("\n") == 1
        assert line.pop("time").endswith("Z")
        assert line == {
            "level": "WARNING",
            "logger": "samouk.test",
            "message": "guard saw\na flood",
            "fields": {"severity": "critical", "score": 0.97, "windows": [1, 2]},
        }

    def test_without_fields_there_are_none(self) -> None:
        """What every record has is no field."""
        assert set(json.loads(said("json", "hello"))) == {"time", "level", "logger", "message"}

    def test_what_json_lacks_is_in_words(self) -> None:
        """NaN and objects are told as text, so that every line can be read."""
        fields = json.loads(said("json", "x", score=float("nan"), place=Path("a"), deep={1: {2.5, None}}))["fields"]
        assert (fields["score"], fields["place"], set(fields["deep"]["1"])) == ("nan", "a", {2.5, None})

    def test_an_error_comes_with_its_trace(self) -> None:
        """In the same line."""
        stream = io.StringIO()
        logs.set_up("json", stream)
        try:
            raise RuntimeError("planted")
        except RuntimeError:
            log.exception("it failed")
        line = json.loads(stream.getvalue())
        assert (line["level"], line["error"].endswith("RuntimeError: planted")) == ("ERROR", True)


@pytest.mark.usefixtures("untouched")
class TestText:
    """For people."""

    def test_a_record_is_one_line(self) -> None:
        """Fields stand behind the message; what is not one word is quoted, what would break the line escaped."""
        text = said("text", "a\nb", user="x y", count=3, quote='"', empty="", word="flood")
        time, rest = text.split(" ", 1)
        assert time.endswith("Z")
        assert rest == 'WARNING samouk.test a\\nb user="x y" count=3 quote="\\"" empty="" word=flood\n'

    def test_small_talk_of_libraries_is_left_out(self) -> None:
        """Of others' records those from WARNING on, of ours from INFO on."""
        assert said("text", "x", level=logging.DEBUG) == ""
        assert "INFO samouk.test x" in said("text", "x", level=logging.INFO)
        stream = io.StringIO()
        logs.set_up("text", stream)
        logging.getLogger("uvicorn.error").info("hello")
        assert stream.getvalue() == ""

    def test_no_word_of_a_trace_looks_like_a_record(self) -> None:
        """Its lines are indented and what no terminal should get is escaped."""
        stream = io.StringIO()
        logs.set_up("text", stream)
        try:
            raise RuntimeError("x\n2026-01-01 ERROR samouk forged \x1b[2J")
        except RuntimeError:
            log.exception("it failed")
        first, *trace = stream.getvalue().splitlines()
        assert first.endswith("ERROR samouk.test it failed")
        assert all(line.startswith("    ") and line.isprintable() for line in trace)
        assert "\\x1b[2J" in trace[-1]

    def test_setting_up_again_replaces(self) -> None:
        """Nothing is said twice."""
        logs.set_up("text", io.StringIO())
        assert said("text", "once").count("once") == 1
        assert len(logging.getLogger().handlers) == 1


def test_an_error_is_told_without_what_was_sent(tmp_path: Path) -> None:
    """Kind and place, where its words could quote a person; remedies of our own in full; parameters never."""
    try:
        raise ValueError("somebody@example.org")
    except ValueError as error:
        words = logs.told(error)
    assert words.startswith("ValueError at ")
    assert "test_an_error_is_told" in words
    assert "somebody" not in words
    assert logs.told(StoreUnavailable("the disk is gone")) == "StoreUnavailable: the disk is gone"
    database = SqliteDatabase(tmp_path / "a.db")
    with pytest.raises(sa.exc.OperationalError) as caught, database.read() as connection:
        connection.execute(sa.text("SELECT * FROM nowhere WHERE who = :who"), {"who": "somebody"})
    database.close()
    assert "somebody" not in str(caught.value)


@pytest.mark.slow
def test_serve_logs_as_it_is_told(tmp_path: Path) -> None:
    """With SAMOUK_LOG=json every line on standard error is an object: here of uvicorn, which met what is no HTTP."""
    import socket
    from urllib.parse import urlsplit

    platform = Platform(tmp_path / "home", tmp_path / "log", {"SAMOUK_LOG": "json"})
    server = platform.start("serve", "--port", "0", "--no-schedule")
    try:
        address = urlsplit(platform._url(server))
        with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
            connection.sendall(b"no HTTP at all\r\n\r\n")
            connection.recv(1000)
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)
    lines = [json.loads(line) for line in platform.log.read_text().splitlines() if line.startswith("{")]
    # What domains say of their start stands beside it.
    told = [(line["level"], line["logger"]) for line in lines if line["level"] != "INFO"]
    assert told == [("WARNING", "uvicorn.error")]
