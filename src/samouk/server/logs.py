"""What the server says while it runs: a line a record, for people or as JSON, with the fields that it was given.

A critical finding is a WARNING, what went wrong an ERROR: ``log.warning("flood", extra={"severity": "critical"})``
is told with its field.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import math
import sys
import traceback
from collections.abc import Mapping
from typing import Any, TextIO

from samouk.loop.ports import StoreUnavailable
from samouk.loop.serving import Unservable

JSON, TEXT = "json", "text"

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; anything else was given by who logged it."""


_PLAIN_SPOKEN = (StoreUnavailable, Unservable, OSError)
"""Errors whose words name files, versions and remedies alone."""


def set_up(form: str, stream: TextIO | None = None) -> None:
    """Send every record of this process to the stream, standard error unless told, in place of what was set up before.

    Args:
        form: ``text`` or ``json``.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == JSON else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("samouk").setLevel(logging.INFO)


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message; ``fields`` and ``error`` where there are some."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields = {name: _plain(value) for name, value in _fields(record).items()}
        if fields:
            line["fields"] = fields
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line)


class TextLines(logging.Formatter):
    """Time, level, logger, message and the fields as ``name=value``; what would break the line is escaped."""

    def format(self, record: logging.LogRecord) -> str:
        words = [_time(record), record.levelname, record.name, _printable(record.getMessage())]
        words += [f"{name}={_value(value)}" for name, value in _fields(record).items()]
        trace = self.formatException(record.exc_info).splitlines() if record.exc_info else []
        # Indented, so that no line of an error's own words begins like a record.
        return "\n".join([" ".join(words), *(f"    {_printable(line)}" for line in trace)])


def told(error: Exception) -> str:
    """What may be logged of an error: its words where they are the platform's own, else its kind and place.

    Words of any other error may hold what was sent: a row, a name, an address.
    """
    if isinstance(error, _PLAIN_SPOKEN):
        return f"{type(error).__name__}: {error}"
    return place_of(error)


def place_of(error: Exception) -> str:
    """Kind and place of an error, without a word of it."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    place = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    return f"{type(error).__name__} at {place}"


def _time(record: logging.LogRecord) -> str:
    moment = dt.datetime.fromtimestamp(record.created, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _PLAIN}


def _plain(value: Any) -> Any:
    """The value as JSON has it; in words what JSON lacks."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    return str(value)


def _value(value: Any) -> str:
    """As it stands in a line of text: quoted where it is not one word."""
    text = value if isinstance(value, str) else json.dumps(_plain(value))
    word = text.isprintable() and text and not set(text) & set(' ="')
    return text if word or not isinstance(value, str) else json.dumps(text)


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
