"""Settings come from one table, and a bad one says what would be right."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from samouk.settings import SETTINGS, BadSetting, Settings, load, table


def test_a_word_that_is_none_is_refused() -> None:
    """The error names the words that there are."""
    assert load({"SAMOUK_LOG": "json"}).log == "json"
    with pytest.raises(BadSetting, match="SAMOUK_LOG must be text or json, not 'xml'"):
        load({"SAMOUK_LOG": "xml"})


def test_defaults() -> None:
    """Without anything said, the server is for this machine only."""
    settings = load({})
    assert (settings.host, settings.port, settings.home) == ("127.0.0.1", 8000, Path.home() / ".samouk")


def test_order() -> None:
    """An argument beats the environment, which beats the default; an empty variable says nothing."""
    environment = {"SAMOUK_PORT": "9000", "SAMOUK_HOST": "", "SAMOUK_HOME": "/data"}
    settings = load(environment, port=9001, home=None)
    assert (settings.port, settings.host, settings.home) == (9001, "127.0.0.1", Path("/data"))


@pytest.mark.parametrize("text", ["65536", "-1", "http", "8.5", "nan", ""])
def test_bad(text: str) -> None:
    """What cannot be is refused with the variable's name and the range."""
    with pytest.raises(BadSetting, match="SAMOUK_PORT must be a whole number from 0 to 65535"):
        load({}, port=text)


def test_no_nan() -> None:
    """NaN is within no range."""
    with pytest.raises(BadSetting, match="SAMOUK_CHECK_MINUTES"):
        load({"SAMOUK_CHECK_MINUTES": "nan"})


def test_one_table() -> None:
    """The table and the record have the same names, and every row has a help."""
    assert [field.name for field in fields(Settings)] == [row.name for row in SETTINGS]
    assert all(help_text for _, _, help_text in table())
