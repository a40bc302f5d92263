"""What lies on this machine: settings, the home, the keys that sign, and the certificate that the server shows."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import ssl
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from samouk.diagnosis.finding import State
from samouk.settings import PREFIX, SETTINGS, Settings

LITTLE_SPACE, NO_SPACE = 2_000_000_000, 200_000_000
"""Bytes free on the home's disk below which a person is warned, and below which it is a fault."""

SOON_DAYS = 14
"""A certificate that ends earlier is worth a word: those that are renewed by themselves are so a month before."""


def settings(settings: Settings) -> Iterator[tuple[State, str]]:
    """The variables that hold, and those that look like some."""
    yield State.OK, f"Python {sys.version.split()[0]}, home {settings.home}"
    yield from _unknown(os.environ)
    yield from _open_files(os.environ)


def _unknown(environment: Mapping[str, str]) -> Iterator[tuple[State, str]]:
    """Variables that look like ours and are not: a typing error leaves a default in force, silently."""
    known = {setting.variable for setting in SETTINGS} | _CLIENT
    for name in sorted(environment):
        if name.startswith(PREFIX) and name.removesuffix("_FILE") not in known:
            yield State.WARN, f"{name} is no setting; docs/reference/settings.md lists those that there are"


# Read by the client, by commands, by domains and by tests, not by ``settings.py``.
_ELSEWHERE = (
    *("API_KEY", "ROOT", "POLICY", "CACHE", "SHARED", "DATA_HOME", "CONFIG_HOME", "SCORING_SCHEMA"),
    *("TRAFFIC_CONFIG", "REASON", "TEST_POSTGRES", "TEST_REDIS", "TESTS_NEED"),
)
_CLIENT = frozenset(f"{PREFIX}{name}" for name in _ELSEWHERE)


def _open_files(environment: Mapping[str, str]) -> Iterator[tuple[State, str]]:
    for name, value in sorted(environment.items()):
        path = Path(value)
        if name.startswith(PREFIX) and name.endswith("_FILE") and path.is_file() and path.stat().st_mode & stat.S_IROTH:
            yield State.WARN, f"{name}: everybody on this machine can read {value}; chmod o-r it"


def home(settings: Settings) -> Iterator[tuple[State, str]]:
    """The folder of the embedded store: who may look into it, and how much room there is."""
    home = settings.home
    if not home.exists():
        yield State.OK, f"{home} is not there yet; the first command makes it"
        return
    if not os.access(home, os.W_OK | os.X_OK):
        yield State.FAIL, f"{home} is not writable by this user: change its owner, or set SAMOUK_HOME elsewhere"
    if home.stat().st_mode & 0o077:
        yield State.WARN, f"other users can look into {home}: chmod 700 it"
    free = shutil.disk_usage(home).free
    words = f"{free / 1e9:.1f} GB free below {home}"
    if free < NO_SPACE:
        yield State.FAIL, f"{words}: free some space"
    elif free < LITTLE_SPACE:
        yield State.WARN, f"{words}: predictions and models need room"
    else:
        yield State.OK, words


def keys(settings: Settings) -> Iterator[tuple[State, str]]:
    """The keys that sign releases."""
    from samouk.assembly import Places
    from samouk.publish.keys import KeysError, newest_root

    folder = Places.of(settings).keys
    if not folder.is_dir() or not any(folder.iterdir()):
        yield State.WARN, f"no signing keys in {folder} yet: the first `samouk serve` or `samouk keys init` makes them"
        return
    try:
        root = newest_root(folder).signed
    except KeysError as error:
        yield State.FAIL, str(error)
        return
    yield State.OK, f"root {root.version} holds until {root.expires:%Y-%m-%d}"
    if any((folder / "root").glob("*")):
        yield State.WARN, f"root keys lie in {folder / 'root'}: move them off this machine"


def tls(settings: Settings) -> Iterator[tuple[State, str]]:
    """The certificate chain and its key, as the server will read them at its next start."""
    if not settings.tls_cert or not settings.tls_key:
        yield State.FAIL, "SAMOUK_TLS_CERT and SAMOUK_TLS_KEY belong together: give both, or neither"
        return
    from cryptography import x509

    certificate, key = Path(settings.tls_cert), Path(settings.tls_key)
    chain = certificate.read_bytes()
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        yield State.FAIL, f"{certificate} and {key} are no certificate and its key ({_plain(error)}): give both anew"
        return
    ends = min(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(chain))
    left = ends - dt.datetime.now(dt.UTC)
    words = f"{certificate} holds until {ends:%Y-%m-%d}"
    if left <= dt.timedelta():
        yield State.FAIL, f"{words}, which is over: clients refuse it; renew it, and restart the server"
    else:
        state = State.WARN if left < dt.timedelta(days=SOON_DAYS) else State.OK
        yield state, f"{words}, for {left.days} days" + (": renew it" if state is State.WARN else "")
    if key.stat().st_mode & stat.S_IROTH:
        yield State.WARN, f"everybody on this machine can read {key}; chmod o-r it"


def _no_password() -> str:
    """Nobody is there to be asked for one when a server starts."""
    raise ValueError("the key is locked by a password, which no server can give")


def _plain(error: OSError | ValueError) -> str:
    return getattr(error, "reason", None) or str(error)
