"""The client's settings."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from samouk.edge import config, places
from samouk.edge.config import SETTINGS, Config
from samouk.edge.errors import ConfigError


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"SAMOUK_CONFIG_HOME": str(tmp_path / "config")}


def test_a_missing_file_means_defaults(environ: dict[str, str]) -> None:
    """Without a file every setting has its default and consent is unanswered."""
    assert config.load(environ) == Config()
    assert config.load(environ).contribute is None


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("ml.contribute", "true", True),
        ("ml.contribute", "No", False),
        ("ml.local_cache_only", "on", True),
        ("ml.upload_endpoint", "https://models.example/base/", "https://models.example/base"),
        ("ml.contribute_platforms", "ios", ("ios",)),
        ("ml.contribute_platforms", "iOS, android", ("android", "ios")),
        ("ml.auto_update", "false", False),
        ("ml.api_key", "sk_abc123", "sk_abc123"),
    ],
)
def test_what_is_set_is_read_back(environ: dict[str, str], name: str, text: str, value: object) -> None:
    """A setting that was set has its value after the file is read again."""
    config.change(name, text, environ)
    assert config.load(environ).get(name) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ml.contribute", "perhaps"),
        ("ml.upload_endpoint", "models.example"),
        ("ml.upload_endpoint", "file:///etc/passwd"),
        ("ml.upload_endpoint", "https://me:secret@models.example"),
        ("ml.upload_endpoint", "http://a b"),
        ("ml.upload_endpoint", "http://a\tb"),
        ("ml.upload_endpoint", "http://a\u200bb"),
        ("ml.contribute_platforms", "windows"),
        ("ml.contribute_platforms", ""),
        ("ml.api_key", "two words"),
        ("ml.api_key", "key\nX-Other: 1"),
        ("ml.nothing", "1"),
    ],
)
def test_a_bad_value_is_refused_by_name(environ: dict[str, str], name: str, text: str) -> None:
    """A bad value is an error that names the setting, and nothing is written."""
    with pytest.raises(ConfigError, match=name):
        config.change(name, text, environ)
    assert not places.config_file(environ).exists()


def test_the_file_is_readable_json_for_its_owner_alone(environ: dict[str, str]) -> None:
    """The file holds the settings under their own names, with mode 0600."""
    config.change("ml.contribute", "true", environ)
    path = places.config_file(environ)
    assert json.loads(path.read_text()) == {"ml.contribute": True}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("text", ["{", "[]", '{"ml.contribute": 7}', '{"ml.other": true}', "\x00"])
def test_a_spoiled_file_is_named(environ: dict[str, str], text: str) -> None:
    """A file that is not understood is an error that names the file."""
    path = places.config_file(environ)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"config\.json"):
        config.load(environ)


def test_the_table_names_every_setting_once() -> None:
    """The table and the record agree, every row has help, and every default is accepted."""
    assert {spec.attribute for spec in SETTINGS.values()} == set(Config.__dataclass_fields__)
    for spec in SETTINGS.values():
        assert spec.help.endswith(".")
        if spec.default is not None:
            assert spec.read(spec.show(spec.default)) == spec.default


@pytest.mark.parametrize("text", ["http://x:99999", "http://x:0", "http://x:y", "http://[::1", "http://x:-1"])
def test_an_impossible_port_or_host_is_told(environ: dict[str, str], text: str) -> None:
    """An address whose port or host cannot be is refused in words that say which ports there are."""
    with pytest.raises(ConfigError, match=r"ml\.upload_endpoint: must have a port from 1 to 65535"):
        config.change("ml.upload_endpoint", text, environ)


def test_a_key_is_given_or_in_the_environment_or_set() -> None:
    """A key that is given wins over SAMOUK_API_KEY, which wins over ml.api_key."""
    kept, environ = Config(api_key="sk_set"), {"SAMOUK_API_KEY": " sk_environ\n"}
    assert config.api_key(kept, {}) == config.api_key(kept, {"SAMOUK_API_KEY": ""}) == "sk_set"
    assert config.api_key(kept, environ) == "sk_environ"
    assert config.api_key(kept, environ, "sk_given") == "sk_given"
    assert config.api_key(kept, environ, "") == ""
    with pytest.raises(ConfigError, match="SAMOUK_API_KEY: must be the key"):
        config.api_key(kept, {"SAMOUK_API_KEY": "two words"})


def test_the_environment_is_looked_at_when_it_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without variables of its own, a call goes by the process's as they are at that moment."""
    monkeypatch.setenv("SAMOUK_CONFIG_HOME", str(tmp_path))
    config.change("ml.contribute", "true")
    assert config.load().contribute is True
    assert (tmp_path / "config.json").exists()


def test_a_key_is_shown_masked() -> None:
    """The key is never shown whole."""
    assert SETTINGS["ml.api_key"].show("sk_verysecret") == "…cret"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"SAMOUK_CACHE": "/c"}, "/c"),
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/samouk/ml_cache"),
        ({"HOME": "/h"}, "/h/.cache/samouk/ml_cache"),
    ],
)
def test_the_cache_lies_outside_any_project(environ: dict[str, str], expected: str) -> None:
    """The cache is where the user's caches are, unless it is told otherwise."""
    assert places.cache_dir(environ) == Path(expected)


def test_models_and_memory_lie_with_the_users_data() -> None:
    """Models and the personal memory are kept by learner in the data folder."""
    environ = {"XDG_DATA_HOME": "/d"}
    assert places.models_dir(environ, "a.b") == Path("/d/samouk/models/a.b")
    assert places.memory_file({"SAMOUK_DATA_HOME": "/s"}, "a.b") == Path("/s/memory/a.b.json")
