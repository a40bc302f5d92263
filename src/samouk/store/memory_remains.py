"""The search for marks in what is kept in memory: where nothing that was deleted is left by anybody."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from samouk.loop.marks import Marks
from samouk.loop.ports import Looked
from samouk.store.searching import Search


@dataclasses.dataclass(frozen=True, slots=True)
class MemoryRemains:
    """Over the objects that keep things, by what they are called."""

    places: Mapping[str, Any]

    def clear(self, largest: int | None = 0) -> list[str]:
        return []

    def search(self, marks: Marks, packs: Collection[str] = ()) -> Iterator[Looked]:
        search = Search(marks, frozenset(packs))
        for place, holder in self.places.items():
            search.stream(place, _bytes(holder), items=None)
        return search.looked()

    def beyond(self) -> list[str]:
        return []


def _bytes(value: Any) -> Iterator[bytes]:
    """Every text and every array that hangs below a value."""
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, str | int | float):
        yield str(value).encode()
    elif isinstance(value, np.ndarray):
        yield value.tobytes()
    elif isinstance(value, Mapping):
        for inner in (*value, *value.values()):
            yield from _bytes(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from _bytes(inner)
    elif dataclasses.is_dataclass(value):
        for spec in dataclasses.fields(value):
            yield from _bytes(getattr(value, spec.name))
    elif type(value).__module__.startswith("samouk.store."):
        yield from _bytes(vars(value))
