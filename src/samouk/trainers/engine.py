"""What is asked of a cluster, whichever it is, and of its hand inside a task."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl, urlsplit

from samouk.loop.ports import FitFailed

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_WORKERS = 64
POLL_SECONDS = 0.5
"""How often the driver looks at what was said, and asks whether the result is still wanted."""


class Hand(Protocol):
    """The cluster as a task sees it from inside; it can be pickled."""

    def report(self, note: str, share: float) -> None:
        """Say to the driver how far the task is."""

    def check(self) -> None:
        """Raises Unwanted when the driver has given up."""

    def each(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Results in order, made by other workers; only a few are made before they are asked for."""


class Unwanted(Exception):
    """The driver has given up; nobody waits for the task."""


class Watch(Protocol):
    """What the driver does while it waits: called with what was reported since, it raises to give up."""

    def __call__(self, said: Iterable[tuple[str, float]]) -> None: ...


class Engine(Protocol):
    """A connection to a cluster."""

    def run(self, function: Callable[[Any, Hand], Result], given: Any, watch: Watch) -> Result:
        """``function(given, hand)`` on a worker, on another one when that is lost.

        Raises:
            FitFailed: workers were lost too often, or the cluster went away.
        """

    def side_by_side(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Results in order. Raises FitFailed as ``run`` does."""

    def close(self) -> None:
        """Let go of the cluster, and end it when it is our own."""


class BadAddress(ValueError):
    """An address that names no cluster; the message says what would."""


def connected(url: str) -> Engine:
    """A connection to ``dask+tls://host:port``, ``dask://host:port``, ``ray://host:port``, or to ``dask://`` or
    ``ray://local?workers=2`` begun here.

    Raises:
        BadAddress: the URL is none of these.
        FitFailed: no cluster answers there, or its library is not installed.
    """
    scheme, host, workers = address_of(url)
    try:
        if scheme != "ray":
            from samouk.trainers.dask import DaskEngine

            return DaskEngine(f"{'tcp' if scheme == 'dask' else 'tls'}://{host}", workers)
        from samouk.trainers.ray import RayEngine

        return RayEngine(host, workers)
    except ModuleNotFoundError as error:
        extra = "ray" if scheme == "ray" else "scale"
        raise FitFailed(f"{scheme}:// needs {error.name}: pip install 'samouk[{extra}]'") from None


def address_of(url: str) -> tuple[str, str, int]:
    """(dask, dask+tls or ray, host:port or empty for a cluster of our own, its workers). Raises BadAddress."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    wanted = "write dask+tls://host:port, ray://host:port, or dask:// or ray:// with local?workers=2"
    if (
        parts.scheme not in ("dask", "dask+tls", "ray")
        or not parts.netloc
        or parts.path
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise BadAddress(f"{url!r:.80} names no cluster: {wanted}")
    if parts.netloc != "local":
        insecure = options.pop("insecure", "") == "1" if parts.scheme == "dask" else False
        if options or not _has_port(parts.netloc):
            raise BadAddress(f"{url!r:.80} names no cluster: {wanted}")
        if parts.scheme == "dask" and not insecure and not _is_here(parts.hostname or ""):
            raise BadAddress(
                f"{url!r:.80} is plain TCP to another machine, where anybody in between may run code on the workers: "
                "write dask+tls:// (docs/guides/cluster.md), or add ?insecure=1 in a network that nobody else reaches"
            )
        return parts.scheme, parts.netloc, 0
    if parts.scheme == "dask+tls":
        raise BadAddress(f"{url!r:.80}: processes of our own are reached without TLS: write dask://local")
    count = options.pop("workers", "2")
    if options or not count.isascii() or not count.isdigit() or not 1 <= int(count) <= MOST_WORKERS:
        raise BadAddress(f"{url!r:.80}: workers must be a whole number from 1 to {MOST_WORKERS}, and nothing else")
    return parts.scheme, "", int(count)


def _is_here(host: str) -> bool:
    """Whether it is this machine, by a name or number that nobody can lead elsewhere."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _has_port(place: str) -> bool:
    try:
        return urlsplit(f"//{place}").port is not None
    except ValueError:
        return False


class Patience:
    """A watch that relays what is said, asks whether it is still wanted, and ends when the time is over."""

    def __init__(self, progress: Callable[[str, float], None], check: Callable[[], None], seconds: float) -> None:
        self._progress, self._check, self._seconds = progress, check, seconds
        self._end = time.monotonic() + seconds

    def __call__(self, said: Iterable[tuple[str, float]]) -> None:
        for note, share in said:
            self._progress(note, share)
        self._check()
        if time.monotonic() > self._end:
            raise FitFailed(f"the cluster was not done after {self._seconds:.0f} s; give it more workers or more time")
