"""A whole store to another place: blobs first, then every row in one transaction, then a look at what arrived."""

from __future__ import annotations

from dataclasses import dataclass

from samouk.loop.ports import StoreUnavailable
from samouk.store.moving.ends import Where, at_rest, opened
from samouk.store.moving.rows import TableDigest, Told, copy_rows, digests, is_empty, steady, whole_digest
from samouk.store.moving.things import copy_blobs
from samouk.store.sql.owned import refuse_foreign, take


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied, and that it is equal.

    Attributes:
        new: packs and blobs that the target did not have.
    """

    tables: tuple[TableDigest, ...]
    packs: int
    blobs: int
    new: int
    source_digest: str
    target_digest: str


def copy_store(source: Where, target: Where, told: Told) -> Copied:
    """Copy all that the store's rows name, and the rows; killed at any point, the next call goes on.

    The rows come last and in one transaction, so that a target that is not finished is an empty store.

    Raises:
        BadPlace: a place is none.
        StoreUnavailable: a store is in use, cannot be opened, or the target holds something else.
        CorruptBlob: something of the source is damaged, or the target does not tell what it was told.
    """
    if source == target:
        raise StoreUnavailable("a store cannot be copied onto itself: name another place")
    source.require()
    for where in (source, target):
        where.complete()
    with (
        at_rest(source, target),
        opened(source) as here,
        opened(target, make=True) as there,
        steady(here.database, held=True) as reading,
    ):
        refuse_foreign(there.database, there.packs, there.blobs)
        if not is_empty(there.database):
            copy_rows(reading, there.database, told)  # refuses what is not this store's, before a blob is moved
        named = here.named()  # by another transaction, and the same: nobody writes
        new = copy_blobs(named.packs, here.packs, there.packs, "packs", told)
        new += copy_blobs(named.blobs, here.blobs, there.blobs, "blobs", told)
        tables = copy_rows(reading, there.database, told)
        take(there.database, there.packs, there.blobs)
        # Asked anew, after the commit: what a later process will see.
        with steady(there.database) as connection:
            arrived = digests(connection)
    return Copied(tuple(tables), len(named.packs), len(named.blobs), new, whole_digest(tables), whole_digest(arrived))
