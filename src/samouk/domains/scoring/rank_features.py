"""What Rank is told, as hashed features: JSON of any shape in, numbers out that name nobody.

Features are objects of any depth; a path of names and a text or truth value is one feature of value 1,
a path that ends in a number is one feature of that number. Namespaces are the outer names of a path. A
keyed hash stands for each, so that what is journaled cannot be read back without the store's secret.
"""

from __future__ import annotations

import base64
import hashlib
import json
import marshal
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.edge.wire import Row, Value, WireError
from samouk.loop.records import FloatArray

Hashes = NDArray[np.uint32]

MAX_ACTIONS = 50
MAX_FEATURES = 200
"""Features of the context, and of each action, at most."""

MAX_DEPTH = 8
MAX_TEXT = 1_000
MAX_ID = 256

_REMEMBERED, _REMEMBERED_WHOLE, _REMEMBERED_BYTES = 100_000, 20_000, 2_000
"""Single features, and whole actions and contexts of so many bytes, that are kept at hand: 60 MB at most."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision to make: a context and the actions to choose from.

    Attributes:
        ids: of the actions, in the order of the request.
        context_hashes, context_values: (c,) features of the context.
        hashes, values: (f,) features of all actions, one action after the other.
        starts, sizes: (k,) where the features of each action begin, and how many they are, 1 at least.
        allowed: indices of the actions that are not excluded.
    """

    ids: tuple[str, ...]
    context_hashes: Hashes
    context_values: FloatArray
    hashes: Hashes
    values: FloatArray
    starts: NDArray[np.intp]
    sizes: NDArray[np.intp]
    allowed: NDArray[np.intp]


class Space:
    """Hashes features with a secret, and remembers them: applications tell the same actions again and again."""

    def __init__(self, secret: bytes) -> None:
        self._key = hashlib.blake2b(secret, digest_size=32, person=b"samouk-rank").digest()
        self._known: dict[tuple[str, str | bool | None], int] = {}
        self._whole: dict[tuple[str | None, bytes], tuple[Hashes, FloatArray]] = {}

    def choice(self, context: Sequence[Any], actions: Sequence[tuple[str, Any]], excluded: Sequence[str]) -> Choice:
        """The decision that a request asks for. Raises WireError with the field that does not fit."""
        context_hashes, context_values = self._features("contextFeatures", None, context)
        found = [
            self._features(f"actions[{place}].features", name, features)
            for place, (name, features) in enumerate(actions)
        ]
        sizes = np.array([len(hashes) for hashes, _ in found], np.intp)
        out = frozenset(excluded)
        return Choice(
            tuple(name for name, _ in actions),
            context_hashes,
            context_values,
            np.concatenate([hashes for hashes, _ in found]),
            np.concatenate([values for _, values in found]),
            sizes.cumsum() - sizes,
            sizes,
            np.array([place for place, (name, _) in enumerate(actions) if name not in out], np.intp),
        )

    def _features(self, where: str, action: str | None, told: object) -> tuple[Hashes, FloatArray]:
        """Hashes and values of the context (None) or of an action."""
        if not isinstance(told, list):
            raise WireError(where, "must be a list of objects")
        try:
            # The quickest way to a key of plain values; never read back.
            key = action, marshal.dumps(told)
        except ValueError:
            raise WireError(where, f"features lie at most {MAX_DEPTH} objects deep; make them flatter") from None
        found = self._whole.get(key)
        if found is None:
            found = self._hashed(where, action, told)
            if len(self._whole) >= _REMEMBERED_WHOLE:
                self._whole.clear()
            if len(key[1]) <= _REMEMBERED_BYTES:
                self._whole[key] = found
        return found

    def _hashed(self, where: str, action: str | None, told: Sequence[Any]) -> tuple[Hashes, FloatArray]:
        # The action itself is a feature: actions that are told apart by nothing else can be learnt too.
        hashes = [] if action is None else [self._hash("#action", action)]
        values = [1.0] * len(hashes)
        for number, one in enumerate(told):
            if not isinstance(one, dict):
                raise WireError(f"{where}[{number}]", "must be an object of features")
            self._walk(where, "", one, hashes, values, MAX_DEPTH)
        if len(hashes) > MAX_FEATURES:
            raise WireError(where, f"holds {len(hashes)} features; {MAX_FEATURES} are the most")
        # As the journal keeps them, so that what is learnt is the same before and after a restart.
        return np.array(hashes, np.uint32), np.array(values, np.float32).astype(np.float64)

    def _walk(
        self, where: str, path: str, told: Mapping[str, Any], hashes: list[int], values: list[float], depth: int
    ) -> None:
        """Add the features of one object."""
        known = self._known
        for name, value in told.items():
            inner = f"{path}.{name}" if path else name
            kind = type(value)
            if kind is str or kind is bool:
                hashed = known.get((inner, value))
                hashes.append(self._hash(inner, value) if hashed is None else hashed)
                values.append(1.0)
            elif kind is float or kind is int:
                hashed = known.get((inner, None))
                hashes.append(self._hash(inner, None) if hashed is None else hashed)
                values.append(squashed(where, value))
            elif kind is dict or kind is list:
                if depth == 0:
                    raise WireError(where, f"features lie at most {MAX_DEPTH} objects deep; make {name:.40} flatter")
                inside = value if kind is dict else _listed(value)
                self._walk(where, inner, inside, hashes, values, depth - 1)

    def _hash(self, path: str, value: str | bool | None) -> int:
        if len(path) > MAX_TEXT or (isinstance(value, str) and len(value) > MAX_TEXT):
            raise WireError(f"{path:.40}", f"names and values of features have {MAX_TEXT:,} characters at most")
        body = json.dumps([path, value]).encode()
        found = int.from_bytes(hashlib.blake2b(body, digest_size=4, key=self._key).digest(), "little")
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[path, value] = found
        return found


def _listed(values: Sequence[Any]) -> dict[str, Any]:
    """A list as an object: texts are a set, numbers have their places."""
    return {f"[{value}]" if isinstance(value, str) else f"[{place}]": value for place, value in enumerate(values)}


def squashed(where: str, value: float) -> float:
    """A number as it is up to 1, and growing as its logarithm above: one that nobody scaled drowns no other."""
    try:
        size = abs(float(value))
    except OverflowError:
        size = math.inf
    if not size < math.inf:
        raise WireError(where, "holds a number that is not finite")
    return float(value) if size <= 1 else math.copysign(1 + math.log(size), value)


def to_row(choice: Choice, chances: FloatArray, chosen: int, mode: str) -> dict[str, Value]:
    """What the journal keeps of a decision: enough to learn from it, and to value any other policy on it."""
    return {
        "actions": json.dumps(choice.ids, separators=(",", ":"), ensure_ascii=False),
        "sizes": choice.sizes.astype(np.uint8).tobytes().hex(),
        "context": _packed(choice.context_hashes, choice.context_values),
        "features": _packed(choice.hashes, choice.values),
        "allowed": choice.allowed.astype(np.uint8).tobytes().hex(),
        "chances": base64.b64encode(chances.astype("<f8").tobytes()).decode(),
        "chosen": chosen,
        "mode": mode,
    }


def of_row(row: Row) -> tuple[Choice, FloatArray, int]:
    """A decision as it was journaled, the probability of each action, and the one that was taken."""
    chances = np.frombuffer(base64.b64decode(str(row["chances"])), "<f8").astype(np.float64)
    context_hashes, context_values = _unpacked(str(row["context"]))
    hashes, values = _unpacked(str(row["features"]))
    sizes = _small(row["sizes"])
    choice = Choice(
        tuple(json.loads(str(row["actions"]))),
        context_hashes,
        context_values,
        hashes,
        values,
        sizes.cumsum() - sizes,
        sizes,
        _small(row["allowed"]),
    )
    return choice, chances, int(row["chosen"] or 0)


def _small(told: Value) -> NDArray[np.intp]:
    """Counts below 256, two digits each."""
    return np.frombuffer(bytes.fromhex(str(told)), np.uint8).astype(np.intp)


def _packed(hashes: Hashes, values: FloatArray) -> str:
    return base64.b64encode(hashes.astype("<u4").tobytes() + values.astype("<f4").tobytes()).decode()


def _unpacked(text: str) -> tuple[Hashes, FloatArray]:
    data = base64.b64decode(text)
    half = len(data) // 2
    return (
        np.frombuffer(data[:half], "<u4").astype(np.uint32),
        np.frombuffer(data[half:], "<f4").astype(np.float64),
    )
