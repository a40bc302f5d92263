"""What arrived, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from samouk.loop.columns import Columns
from samouk.loop.records import Arrived, Batch, BatchEntry, Change, Compaction, Erasure, LogStats, Shard, Stored


class Log(Protocol):
    """What arrived: batches in order of arrival, and their erasure."""

    def append(self, batches: Sequence[Batch]) -> list[Stored]:
        """Store all batches in one commit; durable when it returns, all or none.

        A ``batch_id`` that is stored already (or twice in ``batches``) is a DUPLICATE and changes
        nothing; one that was erased is ERASED and stays away.
        """

    def entries(self, learner: str, after: int = 0) -> list[BatchEntry]:
        """Entries of stored batches with ``sequence > after``, in order of arrival, quarantined ones included."""

    def arrived(self, learner: str, schema_version: int, after: int, newest: int) -> Arrived:
        """What came of that schema with ``sequence > after`` and is live, and so many of the newest."""

    def changes(self, learner: str, after: int = 0) -> list[Change]:
        """What happened to stored batches since the change of that sequence, in order."""

    def read(self, entries: Sequence[BatchEntry]) -> Iterator[tuple[BatchEntry, Columns]]:
        """The columns of each entry, in the given order, streamed; an entry erased meanwhile is left out."""

    def shards(self, entries: Sequence[BatchEntry]) -> list[Shard]:
        """Where the columns of each entry lie now, in the given order, for who reads the blobs without the log.

        An entry that was erased is left out, and all are where there are no blobs.
        """

    def quarantine(self, batch_ids: Sequence[str], reason: str) -> None:
        """Keep these batches out of every later snapshot; unknown ids are no error."""

    def erase(self, batch_id: str, receipt_hash: str) -> Erasure:
        """Remove every byte of the batch; durable when it returns; a second call returns the same erasure.

        Raises:
            NotFound: no such batch was ever stored.
            WrongReceipt: the hash is not the one that came with the batch.
        """

    def erase_many(self, wanted: Sequence[tuple[str, str]]) -> list[Erasure]:
        """``erase`` each (batch_id, receipt_hash), at the price of few: what lies together is written anew once.

        Nothing is erased when any of them raises NotFound or WrongReceipt. A death, or a StoreUnavailable, in the
        middle leaves some erased and the others whole; asking again ends it.
        """

    def of_receipts(self, receipt_hashes: Sequence[str]) -> list[tuple[BatchEntry | Erasure, str]]:
        """What came with one of these hashes, each with its hash: stored batches in order of arrival, then erased."""

    def erasures(self, learner: str) -> list[Erasure]:
        """What was erased, in order."""

    def last_erasure(self, learner: str) -> dt.date | None:
        """The day of the newest erasure."""

    def expire(self, before: dt.date, limit: int) -> list[Erasure]:
        """Remove every byte of batches that arrived before that day, oldest first; durable when it returns.

        Nobody asked for it, so that it is no erasure: versions that learnt from them stay as they are. A late copy is
        refused like one of an erased batch. Whoever has the receipt may still ``erase``, and then it is one.

        Args:
            limit: how many, about; the packs that it begins leave whole. An empty answer says that none is left.
        """

    def compact(self, check: Callable[[], None]) -> Compaction:
        """Put many small packs into few; what was appended, in whatever pieces, is read as before.

        Args:
            check: asked between two steps; what it raises ends the work, which goes on at the next call.
        """

    def stats(self, learner: str) -> LogStats:
        """Counts, kept as the batches come: O(1) in their number."""
