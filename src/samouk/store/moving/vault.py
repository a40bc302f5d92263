"""Where backups lie: things by their content, shared by all backups, and one manifest a backup."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from samouk.edge import disk
from samouk.loop.ports import NotFound, StoreUnavailable
from samouk.store.blobs.bucket import Bucket
from samouk.store.blobs.kept import KeptBlobs
from samouk.store.blobs.local import LocalBlobs, explained, make_folder
from samouk.store.blobs.places import bucket_of, folder_of, plain_folder
from samouk.store.blobs.s3 import S3Blobs

STALE_SECONDS, RENEW_SECONDS = 900.0, 60.0
"""From which age on a lock in a bucket is a dead one's, and how often a living one writes it anew."""

_LOCK = "lock"
_NAME = re.compile(r"\d{8}T\d{12}Z")


class Vault(Protocol):
    """A place for backups.

    Attributes:
        place: what a person may be told about where it lies; no secrets.
        things: everything that backups hold, by its content.
        rest: seconds that a thing is old at least before it may be swept.
    """

    @property
    def place(self) -> str: ...

    @property
    def things(self) -> KeptBlobs: ...

    @property
    def rest(self) -> float: ...

    def names(self) -> list[str]:
        """Of the backups that are there, oldest first."""

    def read(self, name: str) -> bytes:
        """The manifest. Raises NotFound."""

    def add(self, name: str, manifest: bytes) -> None:
        """Add a manifest. Raises StoreUnavailable when one of that name is there."""

    def drop(self, name: str) -> None:
        """Remove the manifest; its things go by a sweep."""

    def alone(self) -> AbstractContextManager[Callable[[], None]]:
        """Keep others from making or dropping backups meanwhile.

        Yields:
            What raises StoreUnavailable once that cannot be said any more.
        """


@dataclass(frozen=True, slots=True)
class FolderVault:
    """``objects/`` and ``manifests/`` in a folder, their owner's alone."""

    folder: Path
    things: LocalBlobs
    rest = 0.0

    @property
    def place(self) -> str:
        return str(self.folder)

    def names(self) -> list[str]:
        return sorted(path.stem for path in (self.folder / "manifests").glob("*.json") if _NAME.fullmatch(path.stem))

    def read(self, name: str) -> bytes:
        with explained(self.folder):
            try:
                return self._path(name).read_bytes()
            except FileNotFoundError:
                raise _missing(name, self) from None

    def add(self, name: str, manifest: bytes) -> None:
        path = self._path(name)
        unfinished = path.with_name(f".{name}.unfinished")
        with explained(self.folder):
            unfinished.unlink(missing_ok=True)  # of one who died here; the lock is ours
            disk.create(unfinished, manifest)
            try:
                path.hardlink_to(unfinished)
            except FileExistsError:
                raise _taken(name, self) from None
            finally:
                unfinished.unlink()
            disk.sync_dir(path.parent)

    def drop(self, name: str) -> None:
        with explained(self.folder):
            self._path(name).unlink(missing_ok=True)
            disk.sync_dir(self._path(name).parent)

    @contextmanager
    def alone(self) -> Iterator[Callable[[], None]]:
        with ExitStack() as held:
            with explained(self.folder):
                mine = held.enter_context(disk.alone(self.folder / "lock"))
            if not mine:
                raise _under_way(self)
            yield lambda: None

    def _path(self, name: str) -> Path:
        return self.folder / "manifests" / f"{name}.json"


@dataclass(frozen=True, slots=True)
class BucketVault:
    """The same below a prefix of a bucket.

    An object that one alone can create is the lock. Who holds it writes it anew every minute; one that is older than
    ``STALE_SECONDS`` is a dead one's. Some stores create what is there: things therefore rest a day before a sweep.
    """

    bucket: Bucket
    things: S3Blobs
    rest = 86_400.0

    @property
    def place(self) -> str:
        return self.bucket.place

    def names(self) -> list[str]:
        found = (item.path.rpartition("/")[2].removesuffix(".json") for item in self.bucket.items("manifests"))
        return sorted(name for name in found if _NAME.fullmatch(name))

    def read(self, name: str) -> bytes:
        try:
            return self.bucket.read(_manifest(name))
        except NotFound:
            raise _missing(name, self) from None

    def add(self, name: str, manifest: bytes) -> None:
        if not self.bucket.create(_manifest(name), manifest):
            raise _taken(name, self)

    def drop(self, name: str) -> None:
        self.bucket.remove([_manifest(name)])

    @contextmanager
    def alone(self) -> Iterator[Callable[[], None]]:
        mine, ended = secrets.token_hex(16).encode(), threading.Event()

        def is_mine() -> bool:
            try:
                return self.bucket.read(_LOCK) == mine
            except NotFound:
                return False

        def renew() -> None:
            while not ended.wait(RENEW_SECONDS):
                # A bucket that is away for long makes the lock stale, which is seen before the backup is added.
                with suppress(StoreUnavailable):
                    if is_mine():
                        self.bucket.write(_LOCK, mine)

        def require() -> None:
            if not is_mine():
                raise _under_way(self)

        self._take(mine)
        renewing = threading.Thread(target=renew, name="samouk-backup-lock")
        renewing.start()
        try:
            require()
            yield require
        finally:
            ended.set()
            renewing.join()
            with suppress(StoreUnavailable):  # it gets stale by itself
                if is_mine():
                    self.bucket.remove([_LOCK])

    def _take(self, mine: bytes) -> None:
        if self.bucket.create(_LOCK, mine):
            return
        held = self.bucket.item(_LOCK)
        if held is not None:
            if (self.bucket.now(afresh=True) - held.modified).total_seconds() < STALE_SECONDS:
                raise _under_way(self)
            self.bucket.remove([_LOCK])
        if not self.bucket.create(_LOCK, mine):
            raise _under_way(self)


def vault_of(where: str, *, make: bool) -> Vault:
    """The place that a folder's path, ``file:///folder`` or ``s3://bucket/prefix`` names.

    Raises:
        BadPlace: it is none of these.
        StoreUnavailable: no backups are there, and none are to be made.
    """
    if where.startswith("s3:"):
        bucket = bucket_of(where)
        vault: Vault = BucketVault(bucket, S3Blobs(bucket, "objects"))
    else:
        folder = folder_of(where) if where.startswith("file:") else plain_folder(where)
        if not make and not (folder / "manifests").is_dir():
            raise StoreUnavailable(f"there are no backups in {folder}: name the place that `samouk backup` was given")
        make_folder(folder / "manifests")
        vault = FolderVault(folder, LocalBlobs(folder / "objects"))
    if not make and not vault.names():
        raise StoreUnavailable(f"there are no backups in {vault.place}: name the place that `samouk backup` was given")
    return vault


def _manifest(name: str) -> str:
    return f"manifests/{name}.json"


def _under_way(vault: Vault) -> StoreUnavailable:
    return StoreUnavailable(f"another backup to {vault.place} is under way: let it end, then try again")


def _missing(name: str, vault: Vault) -> StoreUnavailable:
    return StoreUnavailable(f"{vault.place} has no backup {name!r:.40}; there are {', '.join(vault.names())}")


def _taken(name: str, vault: Vault) -> StoreUnavailable:
    return StoreUnavailable(f"{vault.place} has a backup {name} already: try again")
