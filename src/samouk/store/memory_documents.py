"""Documents in memory; gone when the process ends."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from threading import RLock

from samouk.loop.ports import Document, Outdated
from samouk.store.document import checked


@dataclass(slots=True)
class MemoryDocuments:
    """Documents by shelf and key, in the order in which they were saved."""

    _held: dict[tuple[str, str], Document] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def save(self, document: Document) -> Document:
        saved = replace(checked(document), revision=document.revision + 1)
        place = (document.shelf, document.key)
        with self._lock:
            kept = self._held.get(place)
            if document.revision != (kept.revision if kept else 0):
                raise Outdated(f"{document.shelf} {document.key} was changed by somebody else: read it again")
            self._held.pop(place, None)  # so that the dictionary keeps the order of the saves
            self._held[place] = saved
        return _copy(saved)

    def get(self, shelf: str, key: str) -> Document | None:
        kept = self._held.get((shelf, key))
        return _copy(kept) if kept else None

    def shelf(self, name: str, limit: int = 10_000, *, newest: bool = False) -> list[Document]:
        with self._lock:
            mine = [one for (shelf, _), one in self._held.items() if shelf == name]
        ordered = mine[::-1] if newest else sorted(mine, key=lambda one: one.key)
        return [_copy(one) for one in ordered[: max(limit, 0)]]

    def remove(self, shelf: str, key: str) -> bool:
        with self._lock:
            return self._held.pop((shelf, key), None) is not None

    def trim(self, shelf: str, keep: int) -> int:
        with self._lock:
            mine = [place for place in self._held if place[0] == shelf]
            old = mine[: max(len(mine) - max(keep, 0), 0)]
            for place in old:
                del self._held[place]
        return len(old)


def _copy(document: Document) -> Document:
    """What a caller may change without changing what is kept."""
    return replace(document, body=copy.deepcopy(document.body))
