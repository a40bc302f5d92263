"""The search for marks: through files, blobs and streams, with a bound on memory."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from samouk.loop.marks import Marks
from samouk.loop.ports import Blobs, Looked, NotFound
from samouk.store.unpacking import readings

WHOLE = 256 * 1024 * 1024
"""A file is read at once, and through its compression, up to this size; no pack and no model is larger."""

CHUNK = 4 * 1024 * 1024


@dataclass(slots=True)
class Search:
    """What was looked at so far, by place.

    Attributes:
        names: of files and blobs that may not be there any more, whatever they hold.
    """

    marks: Marks
    names: frozenset[str] = frozenset()
    _counts: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))

    def look(self, place: str, data: bytes) -> None:
        """At a file or a blob, through its compression."""
        self._counts[place][0] += 1
        for text in readings(data):
            self._count(place, text, len(text))

    def stream(self, place: str, parts: Iterable[bytes], *, items: int | None = 1) -> None:
        """At what is too long to hold; what stands across two parts is found too.

        Args:
            items: what it counts as; None counts every part.
        """
        overlap, held, fresh = self.marks.longest - 1, b"", 0
        self._counts[place][0] += items or 0
        gathered: list[bytes] = []
        for part in parts:
            gathered.append(part)
            fresh += len(part)
            self._counts[place][0] += items is None
            if fresh >= CHUNK:
                held = self._through(place, held, gathered, overlap)
                gathered, fresh = [], 0
        self._through(place, held, gathered, overlap)

    def _through(self, place: str, held: bytes, parts: list[bytes], overlap: int) -> bytes:
        data = held + b"".join(parts)
        # What was held before is counted before: a needle that ends in it stands in the earlier piece.
        self._count(place, data, len(data) - len(held))
        self._counts[place][2] -= self.marks.count(held)
        return data[len(data) - min(overlap, len(data)) :] if overlap > 0 else b""

    def _count(self, place: str, data: bytes, size: int) -> None:
        counts = self._counts[place]
        counts[1] += size
        counts[2] += self.marks.count(data)

    def folder(self, folder: Path) -> None:
        """At every file of a folder; a place is the file or folder directly in it."""
        for where, _, names in os.walk(folder):
            for name in sorted(names):
                path = Path(where) / name
                with suppress(FileNotFoundError):  # gone meanwhile
                    self._file(path.relative_to(folder).parts[0], path)

    def _file(self, place: str, path: Path) -> None:
        if not path.is_file():
            return
        self._counts[place][2] += path.name in self.names
        if path.stat().st_size <= WHOLE and "sqlite" not in place:
            self.look(place, path.read_bytes())
        else:
            with path.open("rb") as file:
                self.stream(place, iter(lambda: file.read(CHUNK), b""))

    def blobs(self, place: str, blobs: Blobs) -> None:
        """At every blob."""
        self._counts[place][0] += 0
        for key in blobs.keys():  # noqa: SIM118 - no dictionary
            with suppress(NotFound):
                self.look(place, blobs.get(key))
                self._counts[place][2] += key in self.names

    def looked(self, passing: frozenset[str] = frozenset()) -> Iterator[Looked]:
        """One record a place."""
        for place, (items, size, found) in self._counts.items():
            yield Looked(place, items, size, found, place in passing)
