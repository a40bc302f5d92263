"""Places of blobs that know whose they are: a store with another database neither writes there nor sweeps there.

Blobs of which the database knows nothing look like what crashes left. So whoever forgot to say which database a place
belongs to would delete all of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from samouk.loop.ports import StoreUnavailable
from samouk.store.blobs.kept import KeptBlobs
from samouk.store.sql import tables
from samouk.store.sql.database import Database

IDENTITY = "store"
"""Name of the secret that tells one database from all others; no copy of a store has it too."""

_FOREIGN = (
    "{place} belongs to a store with another database: name that one in SAMOUK_DATABASE_URL (or SAMOUK_HOME), or "
    "another place in SAMOUK_BLOBS_URL; nothing was written or deleted. If that store is gone for good, delete "
    "{marker} there"
)
_FILLED = (
    "{place} holds blobs of which this database knows nothing: name the database that does in SAMOUK_DATABASE_URL (or "
    "SAMOUK_HOME), or an empty place in SAMOUK_BLOBS_URL; nothing was written or deleted"
)


class OwnedBlobs:
    """Blobs of a place that is the database's own, or becomes it when it is nobody's; looked at before it is changed.

    Args:
        known: whether the database names any blob.
    """

    def __init__(self, blobs: KeptBlobs, database: Database, known: Callable[[], bool]) -> None:
        self.place, self.marker = blobs.place, blobs.marker
        self._blobs = blobs
        self._database = database
        self._known = known
        self._ours = False

    def require(self) -> None:
        """Raises StoreUnavailable when the place is another's."""
        if self._ours:
            return
        ours, found = identity_of(self._database), self._blobs.owner()
        if not found:
            if next(self._blobs.keys(), None) is not None and not self._known():
                raise StoreUnavailable(_FILLED.format(place=self.place))
            found = self._blobs.claim(ours)
        if found != ours:
            raise StoreUnavailable(_FOREIGN.format(place=self.place, marker=self.marker))
        self._ours = True

    def put(self, data: bytes) -> str:
        self.require()
        return self._blobs.put(data)

    def get(self, key: str) -> bytes:
        return self._blobs.get(key)

    def part(self, key: str, first: int, length: int) -> bytes:
        return self._blobs.part(key, first, length)

    def delete(self, key: str) -> None:
        self.require()
        self._blobs.delete(key)

    def keys(self) -> Iterator[str]:
        return self._blobs.keys()

    def sweep(self, named: Callable[[], set[str]], seconds: float) -> list[str]:
        self.require()
        return self._blobs.sweep(named, seconds)

    def owner(self) -> str:
        return self._blobs.owner()

    def claim(self, identity: str) -> str:
        return self._blobs.claim(identity)


def refuse_foreign(database: Database | None, *places: KeptBlobs) -> None:
    """Raises StoreUnavailable when one of the places belongs to another store; any does while there is no database."""
    ours = identity_of(database) if database else ""
    for blobs in places:
        owner = blobs.owner()
        if owner and owner != ours:
            raise StoreUnavailable(_FOREIGN.format(place=blobs.place, marker=blobs.marker))


def take(database: Database, *places: KeptBlobs) -> None:
    """Make places that are nobody's the database's own, where its blobs were just brought."""
    make_identity(database)
    for blobs in places:
        blobs.claim(identity_of(database))
    refuse_foreign(database, *places)


def make_identity(database: Database) -> None:
    """Give the database what tells it from all others, unless it has it; outside of every transaction."""
    if identity_of(database):
        return
    row = {"name": IDENTITY, "value": secrets.token_bytes(16)}
    with database.write() as connection:
        connection.execute(insert(tables.secrets).values(row).on_conflict_do_nothing())


def identity_of(database: Database) -> str:
    """What tells the database from all others; empty before it was first opened."""
    wanted = sa.select(tables.secrets.c.value).where(tables.secrets.c.name == IDENTITY)
    with database.read() as connection:
        return bytes(connection.scalar(wanted) or b"").hex()
