"""Batches read straight from the blobs, by where they lie: for workers that know no database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from samouk.loop.columns import Columns
from samouk.loop.ports import Blobs
from samouk.loop.records import Shard
from samouk.store.blobs.codec import decode


def read(packs: Blobs, shards: Sequence[Shard]) -> Iterator[Columns]:
    """The columns of each, in order; each pack is fetched once for shards that follow each other.

    Raises:
        NotFound: a pack was written anew since: ask the log again where its batches lie.
        CorruptBlob: the bytes are not those that were put there.
    """
    key, data = "", memoryview(b"")
    for shard in shards:
        if shard.pack != key:
            key, data = shard.pack, memoryview(packs.get(shard.pack))
        yield decode(data[shard.offset : shard.offset + shard.length])
