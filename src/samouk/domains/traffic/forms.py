"""What may be sent to the addresses under /ml, strictly: every refusal names its field and says what would be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from samouk.domains.traffic.features import FEATURES, LARGEST, SHARES, Features
from samouk.edge.wire import WireError

MAX_EVENTS = 1_000
MAX_USER = 256
MAX_CHANNELS = 1_000
MAX_ADDRESS = 64

EARLIER_S, LATER_S = 3_600.0, 60.0
"""Clocks of other processes may be so far behind, and so far ahead; farther off they are mistaken."""

FURTHEST_MINUTES = 2_880
MAX_HORIZONS = 50

_EVENT = ("user_id", "message_size", "channels", "ip_address", "error", "rate_limited", "at")


class Activity(NamedTuple):
    """One message, as another process tells of it."""

    user_id: str
    message_size: float
    channels: tuple[str, ...] | int
    ip_address: str | None
    error: bool
    rate_limited: bool
    at: float | None


WINDOW_S = 60.0
"""What happened longer ago has left the window that is looked at, and is not heard."""

LOG, RECENT = SOURCES = ("log", "recent")
"""What is learnt from: what is stored; or that, once the windows analysed lately are stored as well."""


class Training(NamedTuple):
    """A wish to learn now; without ``auto_deploy`` what passes waits for a person's word."""

    model_name: str
    data_source: str
    auto_deploy: bool


def only(document: Mapping[str, Any], known: Sequence[str], what: str, prefix: str = "") -> None:
    """Raises WireError for a field that is none."""
    for name in document:
        if name not in known:
            raise WireError(f"{prefix}{name!s:.64}", f"is not a field of {what}; there are {', '.join(known)}")


def activity_of(document: Mapping[str, Any], now: float) -> list[Activity]:
    """A batch of events; none is later than ``now``, so that nobody's clock hurries everybody's. Raises WireError."""
    only(document, ("events",), "a batch of activity")
    events = document.get("events")
    if not isinstance(events, list) or not 1 <= len(events) <= MAX_EVENTS:
        raise WireError("events", f"must be an array of 1 to {MAX_EVENTS:,} events; split it")
    return [_event(event, f"events[{place}]", now) for place, event in enumerate(events)]


def features_of(document: object, where: str = "features") -> Features:
    """A window: features that are left out are 0. Raises WireError."""
    if not isinstance(document, Mapping):
        raise WireError(where, f"must be a JSON object of numbers: {', '.join(FEATURES)}")
    only(document, FEATURES, "a window", f"{where}.")
    highest = {name: 1.0 if name in SHARES else LARGEST for name in FEATURES}
    return Features(*(number(document.get(name, 0), f"{where}.{name}", 0, highest[name]) for name in FEATURES))


def user_of(value: object, where: str = "user_id") -> str:
    """What an application calls a user. Raises WireError."""
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_USER:
        raise WireError(where, f"must be a text of 1 to {MAX_USER} characters")
    return value


def number(value: object, where: str, low: float, high: float) -> float:
    """A finite number within bounds. Raises WireError."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WireError(where, f"must be a finite number, not {value!r:.40}")
    if not low <= value <= high:  # written so that NaN fails too, and no integer is too long for it
        raise WireError(where, f"must lie between {low:.10g} and {high:.10g}, not {value!s:.40}")
    return float(value)


def flag(value: object, where: str) -> bool:
    """Raises WireError."""
    if not isinstance(value, bool):
        raise WireError(where, f"must be true or false, not {value!r:.40}")
    return value


def training_of(document: Mapping[str, Any]) -> Training:
    """A wish to learn now. Raises WireError."""
    only(document, ("model_name", "data_source", "auto_deploy"), "a training")
    source = document.get("data_source", LOG)
    if not isinstance(source, str) or source not in SOURCES:
        raise WireError("data_source", f"must be one of {', '.join(SOURCES)}, not {source!r:.40}")
    deploy = flag(document.get("auto_deploy", False), "auto_deploy")
    return Training(text(document.get("model_name"), "model_name"), source, deploy)


def text(value: object, where: str) -> str:
    """A short text. Raises WireError."""
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_USER:
        raise WireError(where, f"must be a text of 1 to {MAX_USER} characters")
    return value


def minutes_of(told: str) -> list[int]:
    """``1,10,60`` as numbers of minutes ahead. Raises WireError."""
    pieces = told.split(",")
    if len(pieces) > MAX_HORIZONS:
        raise WireError("minutes", f"must be at most {MAX_HORIZONS} numbers")
    return [_minutes(piece.strip()) for piece in pieces]


def _minutes(piece: str) -> int:
    digits = len(piece) <= len(str(FURTHEST_MINUTES)) and piece.isascii() and piece.isdigit()
    if not digits or not 1 <= int(piece) <= FURTHEST_MINUTES:
        raise WireError("minutes", f"must be numbers from 1 to {FURTHEST_MINUTES} with commas, not {piece!r:.40}")
    return int(piece)


def _event(document: object, where: str, now: float) -> Activity:
    if not isinstance(document, Mapping):
        raise WireError(where, "must be a JSON object with user_id")
    only(document, _EVENT, "an event", f"{where}.")
    told = document.get("at")
    return Activity(
        user_of(document.get("user_id"), f"{where}.user_id"),
        number(document.get("message_size", 0), f"{where}.message_size", 0, LARGEST),
        _channels(document.get("channels", 0), f"{where}.channels"),
        _address(document.get("ip_address"), f"{where}.ip_address"),
        flag(document.get("error", False), f"{where}.error"),
        flag(document.get("rate_limited", False), f"{where}.rate_limited"),
        None if told is None else min(number(told, f"{where}.at", now - EARLIER_S, now + LATER_S), now),
    )


def _channels(value: object, where: str) -> tuple[str, ...] | int:
    if isinstance(value, list):
        if len(value) > MAX_CHANNELS or not all(isinstance(one, str) for one in value):
            raise WireError(where, f"must be at most {MAX_CHANNELS:,} names, or how many there are")
        return tuple(value)
    count = number(value, where, 0, MAX_CHANNELS)
    if count != int(count):
        raise WireError(where, f"must be a whole number of channels, not {count:g}")
    return int(count)


def _address(value: object, where: str) -> str | None:
    if value is not None and (not isinstance(value, str) or not 1 <= len(value) <= MAX_ADDRESS):
        raise WireError(where, f"must be a text of 1 to {MAX_ADDRESS} characters; it is hashed and forgotten")
    return value
