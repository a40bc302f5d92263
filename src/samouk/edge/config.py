"""The client's settings: one table, kept as a readable JSON file of the user's own."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from samouk.edge import disk, places
from samouk.edge.errors import ConfigError

PLATFORMS = ("android", "ios")
API_KEY = "SAMOUK_API_KEY"


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting with its value. ``contribute`` is None until the user has answered."""

    contribute: bool | None = None
    local_cache_only: bool = False
    upload_endpoint: str = "http://localhost:8000"
    contribute_platforms: tuple[str, ...] = PLATFORMS
    auto_update: bool = True
    api_key: str = ""

    def get(self, name: str) -> Any:
        """Value of the setting ``name``, for example ``ml.contribute``. Raises ConfigError for an unknown name."""
        return getattr(self, setting(name).attribute)

    def changed(self, name: str, text: str) -> Config:
        """A copy in which ``name`` has the value written as ``text``. Raises ConfigError."""
        spec = setting(name)
        return dataclasses.replace(self, **{spec.attribute: spec.read(text)})


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table. ``secret`` values are shown masked."""

    name: str
    help: str
    parse: Callable[[str], Any]
    secret: bool = False

    @property
    def attribute(self) -> str:
        return self.name.removeprefix("ml.")

    @property
    def default(self) -> Any:
        return getattr(Config(), self.attribute)

    def read(self, text: str) -> Any:
        """Parse a value. Raises ConfigError, which names the setting and what would be right."""
        try:
            return self.parse(text.strip())
        except ValueError as problem:
            raise ConfigError(f"{self.name}: {problem}") from None

    def show(self, value: Any) -> str:
        """The value as a person would type it; a secret as its last four characters."""
        if self.secret and value:
            return f"…{value[-4:]}"
        if value is None:
            return "unanswered"
        if isinstance(value, bool):
            return "true" if value else "false"
        return ",".join(value) if isinstance(value, tuple) else str(value)


def _flag(text: str) -> bool:
    if text.lower() in ("true", "yes", "on", "1"):
        return True
    if text.lower() in ("false", "no", "off", "0"):
        return False
    raise ValueError(f"must be true or false, not {text!r:.40}")


def _endpoint(text: str) -> str:
    if any(sign.isspace() or not sign.isprintable() for sign in text):
        raise ValueError(f"must be an address without spaces, such as http://localhost:8000, not {text!r:.80}")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(f"must have a port from 1 to 65535 and a host that can be, not {text!r:.80}") from None
    if port == 0:
        raise ValueError(f"must have a port from 1 to 65535, not {text!r:.80}")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"must be the address of a server such as http://localhost:8000, not {text!r:.80}")
    if parts.username is not None:
        raise ValueError("must not hold a user name or password; put the key into ml.api_key")
    return text.rstrip("/")


def _platforms(text: str) -> tuple[str, ...]:
    wanted = [name.strip().lower() for name in text.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in PLATFORMS]
    if unknown or not wanted:
        raise ValueError(f"must be a list out of {', '.join(PLATFORMS)}, not {text!r:.40}")
    return tuple(name for name in PLATFORMS if name in wanted)


def _key(text: str) -> str:
    if text and (not text.isascii() or not text.isprintable() or " " in text):
        raise ValueError("must be the key as `samouk keys create` printed it, without spaces")
    return text


SETTINGS: Mapping[str, Setting] = {
    spec.name: spec
    for spec in (
        Setting("ml.contribute", "Share anonymised samples: true or false. Nothing is sent until you answer.", _flag),
        Setting("ml.local_cache_only", "Collect samples on this machine and never send them.", _flag),
        Setting("ml.upload_endpoint", "Address of the server that samples go to and models come from.", _endpoint),
        Setting("ml.contribute_platforms", "Platforms that may be shared, for example android,ios.", _platforms),
        Setting("ml.auto_update", "Take a better model by itself when there is one.", _flag),
        Setting(
            "ml.api_key",
            "Key for uploading, unless SAMOUK_API_KEY holds one; empty when the server asks for none.",
            _key,
            secret=True,
        ),
    )
}


def setting(name: str) -> Setting:
    """The row of the table under ``name``. Raises ConfigError, which lists the names there are."""
    if name not in SETTINGS:
        raise ConfigError(f"{name}: no such setting; there are {', '.join(SETTINGS)}")
    return SETTINGS[name]


def load(environ: Mapping[str, str] | None = None, path: Path | None = None) -> Config:
    """Read the settings; those that the file does not name have their defaults.

    Args:
        environ: variables to look at instead of the process's own.

    Raises:
        ConfigError: the file is not understood; the message names the file, the setting and the remedy.
    """
    path = path or places.config_file(places.environment(environ))
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return Config()
    except (OSError, ValueError) as problem:
        raise ConfigError(f"{path}: cannot be read as JSON ({problem}); mend it or delete it") from None
    if not isinstance(document, dict):
        raise ConfigError(f'{path}: must hold an object such as {{"ml.contribute": false}}; mend it or delete it')
    config = Config()
    for name, value in document.items():
        try:
            config = config.changed(name, _as_text(value))
        except ConfigError as problem:
            raise ConfigError(f"{path}: {problem}") from None
    return config


def change(name: str, text: str, environ: Mapping[str, str] | None = None, path: Path | None = None) -> Config:
    """Set one setting durably and return all of them. Raises ConfigError before anything is written."""
    path = path or places.config_file(places.environment(environ))
    with disk.locked(path.with_name("config.lock")):
        config = load(path=path).changed(name, text)
        disk.replace(path, _document(config))
    return config


def api_key(config: Config, environ: Mapping[str, str], given: str | None = None) -> str:
    """The key for uploading: the one given (also an empty one), else ``SAMOUK_API_KEY``, else ``ml.api_key``.

    Raises:
        ConfigError: the variable holds no key.
    """
    if given is not None:
        return given
    try:
        return _key(environ.get(API_KEY, "").strip()) or config.api_key
    except ValueError as problem:
        raise ConfigError(f"{API_KEY}: {problem}") from None


def _document(config: Config) -> bytes:
    values = {name: config.get(name) for name, spec in SETTINGS.items() if config.get(name) != spec.default}
    return json.dumps(values, indent=2).encode() + b"\n"


def _as_text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
