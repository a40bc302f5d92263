"""What `samouk doctor` looks at: every part that the settings name, asked in earnest, and nothing of it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from samouk.diagnosis import machine, neighbours, stores
from samouk.diagnosis.finding import Finding, Look, State
from samouk.loop.ports import CorruptBlob, NotFound, StoreUnavailable
from samouk.settings import BadSetting, Settings

__all__ = ["LOOKS", "Finding", "State", "examine"]

LOOKS: Mapping[str, Look] = {
    "settings": machine.settings,
    "home": machine.home,
    "database": stores.database,
    "blobs": stores.blobs,
    "redis": stores.redis,
    "keys": machine.keys,
    "trainer": neighbours.trainer,
    "oidc": neighbours.oidc,
    "telemetry": neighbours.telemetry,
    "tls": machine.tls,
}
"""Part → how it is looked at."""

_NAMED: Mapping[str, Callable[[Settings], str]] = {
    "trainer": lambda settings: settings.trainer,
    "oidc": lambda settings: settings.oidc_issuer,
    "telemetry": lambda settings: settings.otlp_url,
    "tls": lambda settings: settings.tls_cert or settings.tls_key,
}
"""Part → what names it, of those that most houses do without: nothing is said of them unless they are asked for."""


def examine(settings: Settings, only: Sequence[str] = ()) -> Iterator[Finding]:
    """Look at each part in turn, or at those of ``only``; what cannot be reached is a finding, never an error.

    Raises:
        BadSetting: ``only`` names no part.
    """
    unknown = [part for part in only if part not in LOOKS]
    if unknown:
        raise BadSetting(f"--only {unknown[0]!r:.40}: there are {', '.join(LOOKS)}")
    for part in only or LOOKS:
        if part not in _NAMED or _NAMED[part](settings):
            yield from _examined(part, LOOKS[part], settings)
        elif only:
            yield Finding(part, State.OK, "none is set")


def _examined(part: str, look: Look, settings: Settings) -> Iterator[Finding]:
    try:
        for state, words in look(settings):
            yield Finding(part, state, words)
    except (StoreUnavailable, CorruptBlob, NotFound, BadSetting, OSError) as error:
        yield Finding(part, State.FAIL, str(error))
    except ModuleNotFoundError as error:
        yield Finding(part, State.FAIL, f"needs {error.name}: pip install 'samouk[scale]'")
