"""Reads the features that a user declares in a JSON or TOML file, and says which line must be mended."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samouk.domains import UnusableDomain
from samouk.edge.wire import Field, Kind
from samouk.loop.learner import OutcomeSpec

MAX_FIELDS = 200
MAX_VALUES = 1_000
"""Values of one category: each has a weight of its own in every model."""

MAX_BYTES = 1_000_000
MAX_NUMBER = 1e30
"""Bound of every bound: what lies beyond is lost in single precision."""

MAX_INTEGER = 2**24
"""Largest whole number that single precision, in which models count, holds exactly."""

RESERVED = frozenset(
    {"outcome", "late", "propensity", "event_id", "unit", "row", "rows", "learner", "version", "variant"}
    | {"score", "value", "confidence", "features"}
)
IDENTITIES = frozenset(
    {"agent", "agent_id", "client_id", "device_id", "email", "person", "person_id", "phone", "session_id"}
    | {"unit_id", "user", "user_id", "username"}
)
"""Names that say who it is: an agent is the unit of a prediction, kept as a pseudonym, and never a feature."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_KINDS: Mapping[str, Kind] = {"number": "number", "integer": "integer", "category": "category", "flag": "flag"}
_KEYS: Mapping[str, frozenset[str]] = {
    "number": frozenset({"low", "high"}),
    "integer": frozenset({"low", "high"}),
    "category": frozenset({"values"}),
    "flag": frozenset(),
}
_ALWAYS = frozenset({"name", "kind", "optional", "help"})
_OUTCOME = frozenset({"low", "high", "window_hours", "silence", "floor"})
_HELP = "how it turned out, from worst to best"
_LONGEST_WINDOW = 24 * 366


class BadDeclaration(UnusableDomain):
    """A declared schema that cannot be; the message names the field, what is wrong and what would be right.

    Attributes:
        field: dotted place in the file, for example ``fields[2].values``.
    """

    def __init__(self, field: str, reason: str, source: str = "") -> None:
        super().__init__(f"{source}{': ' if source else ''}{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Declaration:
    """The features that every row of a prediction carries, under a version that counts up with each change.

    ``outcome`` says what may be told of a score, and until when.
    """

    version: int
    fields: tuple[Field, ...]
    outcome: OutcomeSpec = field(default_factory=lambda: OutcomeSpec("outcome", help=_HELP))


def read(path: Path, source: str) -> Declaration:
    """The declaration in a file that ends in ``.json`` or ``.toml``.

    Args:
        source: what errors begin with, so that who reads one knows where the path came from.

    Raises:
        BadDeclaration: the file is not there, is no JSON or TOML, or declares what cannot be.
    """
    where = f"{source} ({path})"
    try:
        size = path.stat().st_size
        text = path.read_text("utf-8") if size <= MAX_BYTES else ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadDeclaration("file", f"cannot be read: {error}", where) from None
    if size > MAX_BYTES:
        raise BadDeclaration("file", f"has {size:,} bytes; a declaration has at most {MAX_BYTES:,}", where)
    try:
        return parse(_decoded(path.suffix.lower(), text))
    except BadDeclaration as error:
        raise BadDeclaration(error.field, error.reason, where) from None


def _decoded(suffix: str, text: str) -> Any:
    decoders = {".json": json.loads, ".toml": tomllib.loads}
    if suffix not in decoders:
        raise BadDeclaration("file", f"must end in .json or .toml, not {suffix!r}")
    try:
        return decoders[suffix](text)
    except (ValueError, RecursionError) as error:
        raise BadDeclaration("file", f"is no valid {suffix[1:].upper()}: {error}") from None


def parse(document: Any) -> Declaration:
    """A decoded document as a declaration. Raises BadDeclaration."""
    if not isinstance(document, dict):
        raise BadDeclaration("file", "must hold a table with version and fields")
    for name in sorted(document.keys() - {"version", "fields", "outcome"}):
        raise BadDeclaration(str(name), "is not known here; a declaration has version, fields and outcome")
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= 1_000_000:
        raise BadDeclaration(
            "version", f"must be a whole number from 1 up, counted up with each change, not {version!r}"
        )
    found = document.get("fields")
    if not isinstance(found, list) or not 1 <= len(found) <= MAX_FIELDS:
        raise BadDeclaration("fields", f"must be a list of 1 to {MAX_FIELDS} fields")
    fields = tuple(_field(f"fields[{number}]", item) for number, item in enumerate(found))
    names: set[str] = set()
    for number, spec in enumerate(fields):
        if spec.name in names:
            raise BadDeclaration(f"fields[{number}].name", f"{spec.name!r} stands twice; name each field once")
        names.add(spec.name)
    return Declaration(version, fields, _outcome(document.get("outcome", {})))


def _outcome(item: Any) -> OutcomeSpec:
    if not isinstance(item, dict):
        raise BadDeclaration("outcome", f"must be a table of {', '.join(sorted(_OUTCOME))}")
    for key in sorted(item.keys() - _OUTCOME):
        raise BadDeclaration(f"outcome.{key}", f"is not known here; known are {', '.join(sorted(_OUTCOME))}")
    low = _within("outcome.low", item.get("low", 0), -MAX_NUMBER, MAX_NUMBER)
    high = _within("outcome.high", item.get("high", 1), -MAX_NUMBER, MAX_NUMBER)
    if low == high:
        raise BadDeclaration("outcome.high", f"must differ from low {low:g}; below it, less is better")
    hours = _within("outcome.window_hours", item.get("window_hours", 24), 0.001, _LONGEST_WINDOW)
    silence, floor = (
        _within(f"outcome.{key}", item[key], 0, 1) if key in item else None for key in ("silence", "floor")
    )
    return OutcomeSpec("outcome", low, high, dt.timedelta(hours=hours), silence, floor=floor, help=_HELP)


def _within(place: str, value: Any, low: float, high: float) -> float:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    if not fits:
        raise BadDeclaration(place, f"must be a number between {low:g} and {high:g}, not {value!r:.40}")
    return float(value)


def _field(where: str, item: Any) -> Field:
    if not isinstance(item, dict):
        raise BadDeclaration(where, "must be a table with name and kind")
    name, kind = _name(where, item.get("name")), item.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise BadDeclaration(f"{where}.kind", f"of {name!r} must be one of {', '.join(_KINDS)}, not {kind!r:.40}")
    for key in sorted(item.keys() - _ALWAYS - _KEYS[kind]):
        raise BadDeclaration(f"{where}.{key}", f"means nothing for the {kind} {name!r}; remove it")
    low, high = _bounds(where, name, kind, item) if "low" in _KEYS[kind] else (0, 0)
    values = _values(where, name, item.get("values")) if kind == "category" else ()
    optional, text = item.get("optional", False), item.get("help", "")
    if not isinstance(optional, bool):
        raise BadDeclaration(
            f"{where}.optional", f"of {name!r} must be true (may be missing) or false, not {optional!r:.40}"
        )
    if not isinstance(text, str):
        raise BadDeclaration(f"{where}.help", f"of {name!r} must be a sentence, not {text!r:.40}")
    return Field(name, _KINDS[kind], low, high, values, optional, text)


def _name(where: str, name: Any) -> str:
    place = f"{where}.name"
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        reason = f"must be lower-case letters, digits and _, at most 64 and a letter first, not {name!r:.80}"
        raise BadDeclaration(place, reason)
    if name in RESERVED:
        raise BadDeclaration(place, f"{name!r} is reserved for the platform; choose another name")
    if name in IDENTITIES:
        reason = f"{name!r} says who it is: send it as the unit of a prediction, of which only a pseudonym is kept"
        raise BadDeclaration(place, reason)
    return name


def _bounds(where: str, name: str, kind: str, item: Mapping[str, Any]) -> tuple[float, float]:
    low, high = (_bound(f"{where}.{key}", name, kind, item.get(key)) for key in ("low", "high"))
    if not low < high:
        raise BadDeclaration(f"{where}.high", f"of {name!r} must lie above low {low:g}, not at {high:g}")
    return low, high


def _bound(place: str, name: str, kind: str, value: Any) -> float:
    most = MAX_INTEGER if kind == "integer" else MAX_NUMBER
    fits = _whole(value) or (kind == "number" and isinstance(value, float) and math.isfinite(value))
    if not fits or abs(value) > most:
        word = "whole " if kind == "integer" else ""
        reason = f"of the {kind} {name!r} must be a {word}number between {-most:g} and {most:g}, not {value!r:.40}"
        raise BadDeclaration(place, reason)
    bound: float = value
    return bound


def _values(where: str, name: str, values: Any) -> tuple[str, ...]:
    place = f"{where}.values"
    if not isinstance(values, list) or not 1 <= len(values) <= MAX_VALUES:
        count = f"{len(values)}" if isinstance(values, list) else "none"
        reason = f"of the category {name!r} must list 1 to {MAX_VALUES:,} values, not {count}; group the rare ones"
        raise BadDeclaration(place, reason)
    for number, value in enumerate(values):
        if not isinstance(value, str) or not 1 <= len(value) <= 200:
            raise BadDeclaration(f"{place}[{number}]", f"of {name!r} must be 1 to 200 letters, not {value!r:.40}")
    if len(set(values)) != len(values):
        raise BadDeclaration(place, f"of {name!r} hold a value twice; list each once")
    return tuple(values)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
