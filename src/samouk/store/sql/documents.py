"""Documents as rows with their body as JSON."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from samouk.loop.ports import Document, Outdated
from samouk.store.document import checked, is_key, is_shelf
from samouk.store.sql.database import Database
from samouk.store.sql.tables import documents
from samouk.store.sql.traces import stain


@dataclass(frozen=True, slots=True)
class SqlDocuments:
    """One row a document, made anew with each save, so that its sequence tells which was saved last."""

    database: Database

    def save(self, document: Document) -> Document:
        saved = replace(checked(document), revision=document.revision + 1)
        row = {"shelf": saved.shelf, "key": saved.key, "revision": saved.revision, "body": saved.body}
        row["blobs"] = list(saved.blobs) or None
        mine = _at(document.shelf, document.key)
        with self.database.write() as connection:
            kept = connection.scalar(sa.select(documents.c.revision).where(mine)) or 0
            if document.revision != kept:
                raise Outdated(f"{document.shelf} {document.key} was changed by somebody else: read it again")
            connection.execute(sa.delete(documents).where(mine))
            connection.execute(sa.insert(documents).values(row))
        return saved

    def get(self, shelf: str, key: str) -> Document | None:
        if not (is_shelf(shelf) and is_key(key)):
            return None
        with self.database.read() as connection:
            row = connection.execute(sa.select(documents).where(_at(shelf, key))).first()
        return _document(row) if row else None

    def shelf(self, name: str, limit: int = 10_000, *, newest: bool = False) -> list[Document]:
        if not is_shelf(name):
            return []
        order = documents.c.sequence.desc() if newest else documents.c.key
        wanted = sa.select(documents).where(documents.c.shelf == name).order_by(order).limit(max(limit, 0))
        with self.database.read() as connection:
            return [_document(row) for row in connection.execute(wanted)]

    def remove(self, shelf: str, key: str) -> bool:
        if not (is_shelf(shelf) and is_key(key)):
            return False
        with self.database.write() as connection:
            gone = connection.execute(sa.delete(documents).where(_at(shelf, key))).rowcount > 0
            if gone:
                stain(connection, "documents")
        if gone or self.database.traces:
            self.database.scrub()
        return gone

    def trim(self, shelf: str, keep: int) -> int:
        """The port's; bytes of what went leave the disk with the next removal or erasure, or when the store closes.

        Trimming goes with every alert: emptying the write-ahead log each time would wait for every reader.
        """
        if not is_shelf(shelf):
            return 0
        mine = documents.c.shelf == shelf
        kept = sa.select(documents.c.sequence).where(mine).order_by(documents.c.sequence.desc()).limit(max(keep, 0))
        with self.database.write() as connection:
            gone = connection.execute(sa.delete(documents).where(mine, documents.c.sequence.not_in(kept))).rowcount
        if gone:
            self.database.traces = True  # the next removal, or the closing, empties the log
        return gone


def _at(shelf: str, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(documents.c.shelf == shelf, documents.c.key == key)


def _document(row: Any) -> Document:
    return Document(row.shelf, row.key, row.body, row.revision, tuple(row.blobs or ()))
