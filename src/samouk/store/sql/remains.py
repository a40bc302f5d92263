"""What deleted things leave in a database, among blobs and in the home: cleared, and searched byte by byte."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from samouk.loop.marks import Marks
from samouk.loop.ports import Blobs, Looked
from samouk.store.searching import Search
from samouk.store.sql.database import Database
from samouk.store.sql.postgres_files import WRITE_AHEAD
from samouk.store.sql.tables import metadata
from samouk.store.sql.traces import cleaned, stained


@dataclass(frozen=True, slots=True)
class SqlRemains:
    """Over a database and all that lies beside it.

    Attributes:
        bury: deletes the packs that erasures replaced.
        places: blobs by what they are called; none where they lie in the folder.
        folder: the home; None for none.
    """

    database: Database
    bury: Callable[[], None]
    places: Mapping[str, Blobs]
    folder: Path | None

    def clear(self, largest: int | None = 0) -> list[str]:
        self.bury()
        with self.database.read() as connection:
            wanted = stained(connection)
        waiting = self.database.rewrite(list(wanted), largest)
        with self.database.write() as connection:
            for name, times in wanted.items():
                if name not in waiting:
                    cleaned(connection, name, times)
        return [f"deleted rows of {name} are still in the database's files: {why}" for name, why in waiting.items()]

    def search(self, marks: Marks, packs: Collection[str] = ()) -> Iterator[Looked]:
        search = Search(marks, frozenset(packs))
        for table in metadata.sorted_tables:
            search.stream(f"rows of {table.name}", self.database.rows(table.name), items=None)
        for place, parts in self.database.files():
            search.stream(place, parts)
        for place, blobs in self.places.items():
            search.blobs(place, blobs)
        if self.folder is not None and self.folder.is_dir():
            search.folder(self.folder)
        return search.looked(frozenset({WRITE_AHEAD}))

    def beyond(self) -> list[str]:
        return [
            *self.database.beyond(),
            "backups and exports that were made before, which end by their own retention",
            "copies that contributors keep themselves, and models that clients hold until they fetch the next one",
        ]
