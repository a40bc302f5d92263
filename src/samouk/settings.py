"""Every setting in one table: its name, default, help and environment variable; nothing is read at import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "SAMOUK_"


class BadSetting(ValueError):
    """A setting that cannot be; the message names it and says what would be right."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table.

    ``low`` and ``high`` bound numbers, both ends included; ``words`` are those that a text may be, any if none;
    ``begins`` is how one may begin that is not empty.
    """

    name: str
    default: str | int | float | Path
    help: str
    low: float = 0
    high: float = 0
    words: tuple[str, ...] = ()
    begins: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return PREFIX + self.name.upper()

    def read(self, text: str) -> str | int | float | Path:
        """The value that ``text`` stands for. Raises BadSetting."""
        if isinstance(self.default, Path):
            return Path(text).expanduser()
        if isinstance(self.default, str):
            return self._text(text)
        return self._number(text)

    def _text(self, text: str) -> str:
        if self.words and text not in self.words:
            raise BadSetting(f"{self.variable} must be {' or '.join(self.words)}, not {text!r:.40}")
        if text and self.begins and not text.startswith(self.begins):
            # The rest may hold a password.
            given = f"{text.partition('://')[0]:.20}://" if "://" in text else "what was given"
            raise BadSetting(f"{self.variable} must begin with {' or '.join(self.begins)}, not {given}")
        return text

    def _number(self, text: str) -> int | float:
        kind = type(self.default)
        try:
            number: int | float = kind(text)  # type: ignore[assignment]
        except ValueError:
            number = self.low - 1
        # Written so that NaN fails too.
        if not self.low <= number <= self.high:
            words = "a whole number" if kind is int else "a number"
            raise BadSetting(f"{self.variable} must be {words} from {self.low:g} to {self.high:g}, not {text!r:.40}")
        return number


ROLES = ("public", "contributor", "operator", "admin")

SETTINGS: tuple[Setting, ...] = (
    Setting("home", Path("~/.samouk"), "folder of the embedded store, the keys and the published files"),
    Setting(
        "database_url",
        "",
        "postgresql://user:password@host:port/name; empty keeps one SQLite file in the home",
        begins=("postgresql://", "postgres://"),
    ),
    Setting("blobs_url", "", "s3://bucket/prefix, where models and samples lie; empty keeps them in the home"),
    Setting("redis_url", "", "redis://host:port/number, for the queue, the cache and the bell; empty does without"),
    Setting("keys_dir", "", "folder of the keys that sign releases, such as a secret's mount; empty is home/keys"),
    Setting("host", "127.0.0.1", "address to listen on; 0.0.0.0 listens to the whole network"),
    Setting("port", 8000, "port to listen on; 0 takes any free one", 0, 65_535),
    Setting("check_minutes", 60.0, "minutes between two looks at whether it is time to learn", 0.01, 100_000),
    Setting("look_minutes", 1.0, "minutes between two looks at rollouts and outcomes", 0.01, 1_440),
    Setting("max_body_mb", 8.0, "megabytes of one upload as it travels, at most", 0.01, 1_000),
    Setting("max_inflated_mb", 32.0, "megabytes of one upload when unpacked, at most", 0.01, 1_000),
    Setting("max_model_mb", 256, "megabytes of a model that was made elsewhere, at most; clients take 10", 1, 2_000),
    Setting("max_uploads", 128, "uploads in flight; one more is asked to come again", 1, 100_000),
    Setting("max_tallies", 1_000, "counts of one trial that clients of one API key may send a day", 1, 1_000_000),
    Setting("webhooks_private", 0, "1 lets webhooks lead to this machine and into private networks", 0, 1),
    Setting("log", "text", "what the server logs: lines of text, or of json", words=("text", "json")),
    Setting("otlp_url", "", "http://host:4318 of an OpenTelemetry collector that takes traces; empty sends none"),
    Setting("drain_seconds", 0.0, "seconds to say not ready and still answer, before a stop", 0, 600),
    Setting(
        "train_memory_mb", 500, "megabytes of samples that training keeps in memory; more lie in files", 1, 1_000_000
    ),
    Setting(
        "trainer", "", "dask+tls://host:port, ray://host:port or dask://local?workers=2, which fits; empty fits here"
    ),
    Setting("group", 64, "batches in one commit, at most", 1, 10_000),
    Setting("figures_role", "public", "who may read figures, versions, runs, events and metrics", words=ROLES),
    Setting("retention_days", 0, "days that samples are kept, whole weeks at a time; 0 keeps them for ever", 0, 36_500),
    Setting("exposure_days", 0, "days that predictions and their outcomes are kept; 0 keeps them for ever", 0, 36_500),
    Setting("rate_key", 60_000, "requests a minute with one key, at most; 0 bounds nothing", 0, 100_000_000),
    Setting(
        "rate_anonymous", 1_200, "requests a minute of one address without a key; 0 bounds nothing", 0, 100_000_000
    ),
    Setting("rate_failures", 30, "wrong keys a minute from one address; 0 bounds nothing", 0, 1_000_000),
    Setting("trusted_proxies", 0, "proxies in front, each of which adds an address to X-Forwarded-For", 0, 10),
    Setting("cors_origins", "", "origins of pages that may use the API, with commas: https://app.example.org"),
    Setting("tls", 0, "1 when clients reach the server by https alone, through a proxy", 0, 1),
    Setting("tls_cert", "", "file of the certificate chain, for a server that speaks https itself"),
    Setting("tls_key", "", "file of the certificate's private key"),
    Setting("oidc_issuer", "", "https://… of the identity provider whose tokens open this server; empty knows none"),
    Setting("oidc_audience", "", "what the provider's tokens call this server in aud"),
    Setting("oidc_roles_claim", "roles", "where a token holds groups; dots lead into objects: realm_access.roles"),
    Setting("oidc_roles", "", "group=role, with commas: samouk-admins=admin,ml-ops=operator"),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The values that hold; one attribute a row of ``SETTINGS``."""

    home: Path
    database_url: str = field(repr=False)  # these may hold passwords
    blobs_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    keys_dir: str
    host: str
    port: int
    check_minutes: float
    look_minutes: float
    max_body_mb: float
    max_inflated_mb: float
    max_model_mb: int
    max_uploads: int
    max_tallies: int
    webhooks_private: int
    log: str
    otlp_url: str
    drain_seconds: float
    train_memory_mb: int
    trainer: str = field(repr=False)
    group: int
    figures_role: str
    retention_days: int
    exposure_days: int
    rate_key: int
    rate_anonymous: int
    rate_failures: int
    trusted_proxies: int
    cors_origins: str
    tls: int
    tls_cert: str
    tls_key: str
    oidc_issuer: str
    oidc_audience: str
    oidc_roles_claim: str
    oidc_roles: str


def load(environment: Mapping[str, str], **given: Any) -> Settings:
    """Settings from arguments that are not None, else the environment, else the defaults.

    Raises:
        BadSetting: a value is out of range or no number.
    """
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        text = given.get(setting.name)
        if text is None:
            _require_one(environment, setting)
            text = environment.get(setting.variable) or _of_file(environment, setting) or str(setting.default)
        values[setting.name] = setting.read(str(text))
    return Settings(**values)


def _require_one(environment: Mapping[str, str], setting: Setting) -> None:
    """Refuse two sources of one setting: whoever changes one of them would wonder for long."""
    if environment.get(setting.variable) and environment.get(f"{setting.variable}_FILE"):
        raise BadSetting(f"{setting.variable} and {setting.variable}_FILE are both set: unset one of them")


def _of_file(environment: Mapping[str, str], setting: Setting) -> str:
    """What stands in the file that ``SAMOUK_..._FILE`` names, so that a secret need not stand in the environment."""
    variable = f"{setting.variable}_FILE"
    name = environment.get(variable)
    if not name:
        return ""
    try:
        return Path(name).expanduser().read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{variable} names {name}, which cannot be read ({error}); name a text file") from None


def origins_of(settings: Settings) -> tuple[str, ...]:
    """The origins in ``cors_origins``. Raises BadSetting."""
    found = tuple(one.strip() for one in settings.cors_origins.split(",") if one.strip())
    for one in found:
        parts = urlsplit(one)
        if parts.scheme not in ("http", "https") or one != f"{parts.scheme}://{parts.netloc}" or "*" in one:
            raise BadSetting(
                f"SAMOUK_CORS_ORIGINS must be exact origins such as https://app.example.org, not {one!r:.60}"
            )
    return found


def roles_of(settings: Settings) -> dict[str, str]:
    """Group → role from ``oidc_roles``. Raises BadSetting."""
    found = {}
    for one in settings.oidc_roles.split(","):
        group, _, role = one.strip().rpartition("=")
        if not group or role not in ROLES[1:]:
            words = f"group=role with roles {', '.join(ROLES[1:])}"
            raise BadSetting(f"SAMOUK_OIDC_ROLES must be {words}, with commas between, not {one!r:.60}")
        found[group] = role
    return found


def table() -> list[tuple[str, str, str]]:
    """Variable, default and help of every setting, for docs and ``--help``."""
    return [(setting.variable, str(setting.default), setting.help) for setting in SETTINGS]
