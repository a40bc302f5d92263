"""Blobs in a local folder: one file a blob, whole or not there, durable when ``put`` returns."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from samouk.edge import disk
from samouk.edge.wire import is_digest
from samouk.loop.ports import CorruptBlob, NotFound, StoreUnavailable
from samouk.store.blobs.kept import orphans

UNFINISHED = ".unfinished"
MARKER = ".owner"
"""File that says whose the folder is."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class LocalBlobs:
    """Files under ``folder/<first two digits>/<key>``.

    A file is written under another name, synced and then renamed, so that a reader never sees a
    torn one. What a dead process left behind is found by ``stale`` and ``clean``.

    Raises:
        StoreUnavailable: the folder cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.place, self.marker = str(folder), MARKER
        make_folder(folder)
        if close_to_others(folder):
            # An older samouk left the folder open, and then also what is in it.
            for path in folder.rglob("*"):
                close_to_others(path)

    def put(self, data: bytes) -> str:
        key = hashlib.sha256(data).hexdigest()
        path = self._path(key)
        make_folder(path.parent)
        with explained(self._folder):
            # Written anew even when it is there: that repairs a damaged file and races with nobody.
            unfinished = path.with_name(f"{key}.{secrets.token_hex(4)}{UNFINISHED}")
            try:
                disk.create(unfinished, data)
                unfinished.replace(path)
            except OSError:
                unfinished.unlink(missing_ok=True)
                raise
            disk.sync_dir(path.parent)
        return key

    def get(self, key: str) -> bytes:
        with explained(self._folder):
            try:
                data = self._path(key).read_bytes()
            except FileNotFoundError:
                raise NotFound(f"no blob {key}") from None
        if hashlib.sha256(data).hexdigest() != key:
            raise CorruptBlob(
                f"{self._path(key)} does not hold the bytes that were put there; restore it from a backup"
            )
        return data

    def part(self, key: str, first: int, length: int) -> bytes:
        with explained(self._folder):
            try:
                with self._path(key).open("rb", buffering=0) as file:
                    file.seek(first)
                    return file.read(length)
            except FileNotFoundError:
                raise NotFound(f"no blob {key}") from None

    def delete(self, key: str) -> None:
        path = self._path(key)
        with explained(self._folder):
            if path.exists():
                path.unlink(missing_ok=True)
                disk.sync_dir(path.parent)

    def keys(self) -> Iterator[str]:
        return (path.name for path in self._folder.glob("??/*") if is_digest(path.name))

    def stale(self, seconds: float) -> list[str]:
        """Keys of blobs written at least so many seconds ago."""
        return [path.name for path, _ in self._aged(seconds) if is_digest(path.name)]

    def sweep(self, named: Callable[[], set[str]], seconds: float) -> list[str]:
        """Delete what is at least so old and not among the keys that ``named`` tells, and what dead writers left.

        What is put meanwhile stays.

        Returns:
            The keys of the deleted blobs.
        """
        self.clean(seconds)
        # Listed before ``named`` is asked: what is put and named meanwhile is written anew, and then stays.
        stale = {path.name: _marks(found) for path, found in self._aged(seconds) if is_digest(path.name)}
        return [key for keys in orphans(stale, named) for key in keys if self._take(key, stale[key])]

    def owner(self) -> str:
        with explained(self._folder):
            try:
                return (self._folder / MARKER).read_text()
            except FileNotFoundError:
                return ""

    def claim(self, identity: str) -> str:
        unfinished = self._folder / f"{MARKER}.{secrets.token_hex(4)}{UNFINISHED}"
        with explained(self._folder):
            try:
                disk.create(unfinished, identity.encode())
                _first(unfinished, self._folder / MARKER)
            finally:
                unfinished.unlink(missing_ok=True)
            disk.sync_dir(self._folder)
        return self.owner()

    def _take(self, key: str, marks: tuple[int, int]) -> bool:
        """Delete the file if it is still the one of these marks."""
        path = self._path(key)
        aside = path.with_name(f"{key}.{secrets.token_hex(4)}{UNFINISHED}")
        with explained(self._folder):
            try:
                if _marks(path.stat()) != marks:
                    return False
                path.rename(aside)
            except FileNotFoundError:
                return False
            # What was put between these two is taken too: it has to go back.
            if _marks(aside.stat()) != marks:
                aside.replace(path)
                return False
            aside.unlink()
            disk.sync_dir(path.parent)
        return True

    def clean(self, seconds: float) -> None:
        """Remove the unfinished files of writers that died at least so many seconds ago."""
        for path, _ in self._aged(seconds):
            if path.suffix == UNFINISHED:
                path.unlink(missing_ok=True)

    def _aged(self, seconds: float) -> Iterator[tuple[Path, os.stat_result]]:
        # The file system's own times are compared with the machine's clock, not with a stepped one.
        limit = time.time() - seconds
        for path in self._folder.glob("??/*"):
            try:
                found = path.stat()
            except FileNotFoundError:
                continue
            if found.st_mtime <= limit:
                yield path, found

    def _path(self, key: str) -> Path:
        if not is_digest(key):
            raise NotFound(f"{key!r} is not the key of a blob: it must be 64 hexadecimal digits")
        return self._folder / key[:2] / key


def _first(made: Path, place: Path) -> None:
    """Give a file its name unless another has it: whole from the first moment, and never in another's stead."""
    try:
        os.link(made, place)
    except FileExistsError:
        return
    except OSError:  # a file system without links
        if not place.exists():
            made.replace(place)


def _marks(found: os.stat_result) -> tuple[int, int]:
    """By which a file is known from one that took its place."""
    return found.st_mtime_ns, found.st_ino


def make_folder(folder: Path) -> None:
    """Make the folder, if need be, for its owner alone and so that it survives a power cut. Raises StoreUnavailable."""
    with explained(folder):
        if folder.is_dir():
            return
        if folder.parent != folder:
            make_folder(folder.parent)  # ``parents=True`` would leave those to everybody
        folder.mkdir(0o700, exist_ok=True)
        disk.sync_dir(folder.parent)


def close_to_others(path: Path) -> bool:
    """Take every right on the file or folder from other users; True when they had one. What is not ours stays."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            path.chmod(mode & ~0o077)
    except (FileNotFoundError, PermissionError):
        return False
    return bool(mode & 0o077)


@contextmanager
def explained(place: Path) -> Iterator[None]:
    """Turn the system's refusals into one error that names the remedy."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StoreUnavailable(f"no space left for {place}: free some space on its disk, then try again") from error
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise StoreUnavailable(
                f"{place} is not writable by this user: change its owner, or set SAMOUK_HOME to a folder that is"
            ) from error
        if isinstance(error, FileExistsError | NotADirectoryError):
            raise StoreUnavailable(
                f"{place} cannot be a folder because a file is in its way: move the file, or set SAMOUK_HOME elsewhere"
            ) from error
        raise StoreUnavailable(f"{place} failed with '{error.strerror}': check the disk") from error
