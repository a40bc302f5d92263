"""Reads access logs as the messages they were: Apache and nginx, common and combined, and JSON lines, also mixed."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from samouk.domains.traffic.ears.addresses import new_key, pseudonym

LONGEST_LINE = 65_536
"""Characters of a line; a longer one is broken, and is never held whole."""

FIRST_BROKEN = 10
"""Broken lines whose number and reason are kept; the others are counted."""

TIMES = ("time", "timestamp", "@timestamp", "time_iso8601", "ts", "time_local", "msec")
ADDRESSES = ("remote_addr", "ip", "client", "client_ip", "remote_ip")
USERS = ("remote_user", "user", "user_id")
SIZES = ("bytes", "body_bytes_sent", "bytes_sent", "size")
PATHS = ("path", "request_uri", "uri", "url", "request")
"""Names of JSON fields, the first that is there counts. An object below ``request`` is read as if it stood outside."""

HARMLESS = frozenset({404, 429})
"""Of 400 to 599 these are no errors: 404 is a stale link as a rule, 429 is told as ``rate_limited``."""

_LINE = re.compile(
    r"(?P<address>\S{1,256}) \S{1,256} (?P<user>.{1,256}?) \[(?P<time>[^\]]{1,64})\] "
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}|-) (?P<size>\d{1,18}|-)(?: .*)?'
)
_CLOCK = re.compile(r"(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})")
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_LATEST_S = 1e11


class LogEvent(NamedTuple):
    """One request.

    Attributes:
        user_id: the name that the server logged, else ``ip-`` and 16 digits that stand for the address.
        at: seconds since 1970.
        size: bytes of the answer; 0 when the log does not tell.
        error: status 400 to 599 but for ``HARMLESS``.
        rate_limited: status 429.
        channel: first segment of the path, without slashes; empty for the root and for what is no path.
        ip_address: as logged, for ``track_user_activity``, which forgets it; None when the log has none.
    """

    user_id: str
    at: float
    size: float
    error: bool
    rate_limited: bool
    channel: str
    ip_address: str | None


class Log:
    """An iterator over the events of a log, in its order, which counts what it could not read.

    Attributes:
        counts: ``lines``, ``events`` and ``broken``.
        broken: line number from 1 and reason of the first ``FIRST_BROKEN``.
    """

    def __init__(self, lines: Iterable[str], user: str, key: bytes) -> None:
        self._lines = iter(lines)
        self._users = (user, *USERS) if user else USERS
        self._key = key
        self._clock = ("", 0.0)
        self.counts: Counter[str] = Counter(lines=0, events=0, broken=0)
        self.broken: list[tuple[int, str]] = []

    def __iter__(self) -> Iterator[LogEvent]:
        return self

    def __next__(self) -> LogEvent:
        for line in self._lines:
            self.counts["lines"] += 1
            text = line.strip()
            if not text:
                continue
            try:
                event = self._event(text)
            except _BrokenError as error:
                self._note(str(error))
                continue
            self.counts["events"] += 1
            return event
        raise StopIteration

    def _note(self, reason: str) -> None:
        self.counts["broken"] += 1
        if len(self.broken) < FIRST_BROKEN:
            self.broken.append((self.counts["lines"], reason))

    def _event(self, text: str) -> LogEvent:
        if len(text) > LONGEST_LINE:
            raise _BrokenError(f"longer than {LONGEST_LINE} characters")
        found = _object(text) if text.startswith("{") else _match(text)
        at = self._time(_first(found, TIMES))
        address, user = _text(_first(found, ADDRESSES)), _text(_first(found, self._users))
        if not (address or user):
            raise _BrokenError("has neither a user nor an address")
        status = _whole(found.get("status"))
        return LogEvent(
            user_id=user or f"ip-{pseudonym(self._key, address).hex()[:16]}",
            at=at,
            size=_size(_first(found, SIZES)),
            error=400 <= status < 600 and status not in HARMLESS,
            rate_limited=status == 429,
            channel=_channel(_text(_first(found, PATHS))),
            ip_address=address or None,
        )

    def _time(self, told: Any) -> float:
        if isinstance(told, str):
            # Neighbouring lines mostly tell the same second.
            if told != self._clock[0]:
                self._clock = (told, _seconds(told))
            return self._clock[1]
        if isinstance(told, int | float) and not isinstance(told, bool):
            return _epoch(told)
        raise _BrokenError("has no time")


def read_log(lines: Iterable[str], *, user: str = "", key: bytes | None = None) -> Log:
    """The events of a log; each line's format is found by itself, and broken lines are passed over and counted.

    Args:
        lines: of any source, ``lines_of`` among them.
        user: JSON field that holds the user id, before the usual ones.
        key: of the pseudonyms of addresses; a random one by default, so that no two readings give the same names.
    """
    return Log(lines, user, new_key() if key is None else key)


def lines_of(path: Path) -> Iterator[str]:
    """Lines of a file, unpacked when it is gzip, in bounded memory; where the archive breaks off they end.

    A line beyond ``LONGEST_LINE`` comes cut to one character more, so that it is told as broken.
    """
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        try:
            yield from _cut(gzip.GzipFile(fileobj=raw) if packed else raw)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            yield f"the archive breaks off here: {error}"


def _cut(source: io.BufferedIOBase) -> Iterator[str]:
    whole = True
    while part := source.readline(LONGEST_LINE + 1):
        if whole:
            yield part.decode("utf-8", "replace")
        whole = part.endswith(b"\n")


class _BrokenError(ValueError):
    """Why a line is no event."""


def _match(text: str) -> Mapping[str, Any]:
    match = _LINE.fullmatch(text)
    if match is None:
        raise _BrokenError("is neither common nor combined log format, nor a JSON object")
    found = match.groupdict()
    return {"remote_addr": found["address"], "remote_user": found["user"], "bytes": found["size"], **found}


def _object(text: str) -> Mapping[str, Any]:
    try:
        found: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError):
        raise _BrokenError("is no JSON object") from None
    inner = found.get("request")
    return {**found, "request": None, **inner} if isinstance(inner, dict) else found


def _first(found: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((found[name] for name in names if found.get(name) is not None), None)


def _text(told: Any) -> str:
    text = str(told) if isinstance(told, str | int) else ""
    return "" if text == "-" else text


def _whole(told: Any) -> int:
    text = _text(told)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _size(told: Any) -> float:
    try:
        size = float(told)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return size if 0.0 <= size < math.inf else 0.0


def _channel(path: str) -> str:
    parts = path.split(" ")
    if len(parts) > 1:
        path = parts[1]
    if "://" in path:
        path = path.partition("://")[2].partition("/")[2]
        return path.partition("?")[0].partition("/")[0]
    return path.partition("?")[0].removeprefix("/").partition("/")[0] if path.startswith("/") else ""


def _epoch(told: float) -> float:
    """Seconds; milli-, micro- and nanoseconds are told by their size."""
    at = float(told) if abs(told) < 1e20 else math.nan
    while at >= _LATEST_S:
        at /= 1_000.0
    if not at >= 0.0:
        raise _BrokenError(f"has the time {told}, which is none")
    return at


def _seconds(told: str) -> float:
    """Of ``10/Oct/2000:13:55:36 -0700``, of ISO 8601 (without an offset: UTC), or of a number in words."""
    try:
        return _epoch(_common_time(told) if "/" in told else _iso_time(told))
    except (ValueError, KeyError, OverflowError) as error:
        raise _BrokenError(f"has the time {told[:40]!r}, which is none") from error


def _common_time(told: str) -> float:
    match = _CLOCK.fullmatch(told)
    if match is None:
        raise _BrokenError(f"has the time {told!r}, which is none")
    day, month, year, hour, minute, second, sign, hours, minutes = match.groups()
    away = dt.timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    # A leap second is told as :60; it is the last one of its minute here.
    clock = (int(hour), int(minute), min(int(second), 59))
    return dt.datetime(int(year), _MONTHS[month], int(day), *clock, tzinfo=dt.timezone(away)).timestamp()


def _iso_time(told: str) -> float:
    if told.replace(".", "", 1).isdecimal():
        return float(told)
    moment = dt.datetime.fromisoformat(told)
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
