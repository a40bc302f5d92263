"""Blobs on S3-compatible storage: one object a blob, named by its content, whole or not there."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from samouk.edge.wire import is_digest
from samouk.loop.ports import CorruptBlob, NotFound
from samouk.store.blobs.bucket import MULTIPART, Bucket, Item
from samouk.store.blobs.kept import orphans

YOUNG = dt.timedelta(minutes=10)
"""A blob that is there already and younger than this is left as it is; ``sweep`` takes only much older ones."""

MARKER = "owner"
"""Object that says whose the folder is."""

_AT_ONCE = 8
"""Orphans that are looked at and deleted at a time."""


class S3Blobs:
    """Objects under ``folder/<first two digits>/<key>``.

    ``put`` creates conditionally. What is there already stays when its checksum says that it is whole and when it is
    young; else it is written anew, which repairs it, and which keeps it from a sweep until its row is committed.
    """

    def __init__(self, bucket: Bucket, folder: str) -> None:
        self._bucket = bucket
        self._folder = folder
        self.place, self.marker = bucket.place, f"{folder}/{MARKER}"

    def put(self, data: bytes) -> str:
        key = hashlib.sha256(data).hexdigest()
        path = self._path(key)
        small = len(data) < MULTIPART  # parts cannot be put on a condition
        if not small or (not self._bucket.create(path, data) and not self._sound(path, data)):
            self._bucket.write(path, data)
        return key

    def get(self, key: str) -> bytes:
        path = self._path(key)
        for _ in range(2):  # what was damaged on the way is whole the second time
            data = self._bucket.read(path)
            if hashlib.sha256(data).hexdigest() == key:
                return data
        raise CorruptBlob(
            f"{path} in {self._bucket.place} does not hold the bytes that were put there; restore it from a backup"
        )

    def part(self, key: str, first: int, length: int) -> bytes:
        return self._bucket.read_part(self._path(key), first, length)

    def delete(self, key: str) -> None:
        if is_digest(key):
            self._bucket.remove([self._path(key)])

    def keys(self) -> Iterator[str]:
        return (name for item in self._bucket.items(self._folder) if is_digest(name := _name(item)))

    def sweep(self, named: Callable[[], set[str]], seconds: float) -> list[str]:
        """Delete what is, by the store's own clock, at least so old and not among the keys that ``named`` tells.

        Returns:
            The keys of the deleted blobs.
        """
        limit = self._bucket.now(afresh=True) - dt.timedelta(seconds=seconds)
        # Listed before ``named`` is asked: what is put and named meanwhile is young, or written anew, and then stays.
        items = self._bucket.items(self._folder)
        stale = [name for item in items if item.modified <= limit and is_digest(name := _name(item))]
        gone: list[str] = []
        with ThreadPoolExecutor(_AT_ONCE, "samouk-sweep") as pool:
            for keys in orphans(stale, named):
                taken = pool.map(lambda key: self._take(key, limit), keys)
                gone += (key for key, was in zip(keys, taken, strict=True) if was)
        return gone

    def owner(self) -> str:
        try:
            return self._bucket.read(self.marker).decode()
        except NotFound:
            return ""

    def claim(self, identity: str) -> str:
        self._bucket.create(self.marker, identity.encode())
        return self.owner()

    def _take(self, key: str, limit: dt.datetime) -> bool:
        """Delete the object if nobody wrote it anew: asked at the last moment, since S3 deletes on no condition."""
        item = self._bucket.item(self._path(key))
        if item is None or item.modified > limit:
            return False
        self.delete(key)
        return True

    def _sound(self, path: str, data: bytes) -> bool:
        """Whether the object is surely what it must be, and young. Some stores give other checksums than MD5."""
        item = self._bucket.item(path)
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        return (
            item is not None
            and (item.size, item.etag) == (len(data), md5)
            and self._bucket.now() - item.modified < YOUNG
        )

    def _path(self, key: str) -> str:
        if not is_digest(key):
            raise NotFound(f"{key!r} is not the key of a blob: it must be 64 hexadecimal digits")
        return f"{self._folder}/{key[:2]}/{key}"


def _name(item: Item) -> str:
    return item.path.rpartition("/")[2]
