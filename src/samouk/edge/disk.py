"""Files that survive a kill: atomic replacement, durable appending, locks between processes, folders that go."""

from __future__ import annotations

import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from samouk.edge.errors import CacheError

LOCK_WAIT_S = 2.0
"""How long a lock is waited for, at most: a stopped neighbour must not block the host for longer."""

_RETRY_S = 0.002
DRAFT = ".tmp"
"""How the name of a file ends that is being written; that of a killed process stays until somebody sweeps."""

_OLD_DRAFT = ".unfinished"
"""How it ended before."""

# Only Linux can sync the data without the file's times.
_sync_data = getattr(os, "fdatasync", os.fsync)

_OWNER = "owner"
"""A temporary folder is in use as long as somebody has this file of it locked."""

_MAKING_S = 86_400.0
"""No temporary folder is being made for so long, whatever becomes of the clock meanwhile."""

_CHANCE = "[a-z0-9_]{8}"
"""What ``tempfile`` makes of each name behind the prefix."""

_WINDOWS_LOCK_AT = 1 << 30
"""Windows locks bytes and keeps others from reading them: so one far behind any content is locked."""

if sys.platform == "win32":
    import msvcrt

    def try_lock(descriptor: int) -> bool:
        """Lock an open file for this process without waiting; False while another holds it."""
        os.lseek(descriptor, _WINDOWS_LOCK_AT, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def wait_lock(descriptor: int) -> None:
        """Lock an open file for this process, after whoever has it."""
        while not try_lock(descriptor):
            time.sleep(_RETRY_S)

    def unlock(descriptor: int) -> None:
        """Give the lock back, also for copies of the descriptor that a forked child holds."""
        os.lseek(descriptor, _WINDOWS_LOCK_AT, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Lock an open file for this process without waiting; False while another holds it."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait_lock(descriptor: int) -> None:
        """Lock an open file for this process, after whoever has it."""
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def unlock(descriptor: int) -> None:
        """Give the lock back, also for copies of the descriptor that a forked child holds."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """A folder below the system's temporary one, its owner's alone, until the block ends.

    Those of the same prefix that killed processes of this user left are removed first. A process that was forked
    within the block keeps the folder for one that is in use; a program that was started within it does not, and loses
    the folder to the next sweep when its owner was killed.
    """
    import tempfile

    made = re.compile(re.escape(prefix) + _CHANCE)  # no longer prefix that begins as this one does
    for left in Path(tempfile.gettempdir()).iterdir():
        if made.fullmatch(left.name):
            _sweep(left)
    with tempfile.TemporaryDirectory(prefix=prefix) as name:
        folder = Path(name)
        draft = folder / f".{_OWNER}"
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try_lock(descriptor)  # before it has its name: nobody else can have it
            draft.replace(folder / _OWNER)
            yield folder
        finally:
            os.close(descriptor)


def _sweep(folder: Path) -> None:
    try:
        abandoned = _is_abandoned(folder)
    except OSError:
        return  # it is gone, just being made, or where nothing can be locked
    if abandoned:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    """Whether its owner died. Raises OSError where that cannot be told."""
    status = folder.lstat()
    if _is_strange(status):
        return False
    # One that is being made has no owner yet, and for a moment no lock; an old one had its owner killed meanwhile.
    young = abs(time.time() - status.st_mtime) < _MAKING_S
    owner = folder / _OWNER
    descriptor = os.open(owner if young or owner.exists() else folder / f".{_OWNER}", os.O_RDWR)
    try:
        return try_lock(descriptor)
    finally:
        os.close(descriptor)


def _is_strange(status: os.stat_result) -> bool:
    """Whether it is no folder, or another user's: anybody may put things into the temporary folder."""
    return not stat.S_ISDIR(status.st_mode) or (sys.platform != "win32" and status.st_uid != os.getuid())


def private_dir(path: Path) -> Path:
    """Make the folder, and those above it, if need be, for their owner alone; return it."""
    if not path.is_dir():
        if path.parent != path:
            private_dir(path.parent)  # ``parents=True`` would leave those to everybody
        path.mkdir(mode=0o700, exist_ok=True)
    return path


@contextmanager
def replacing(path: Path, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """A file to write: when the block ends it is the whole content of ``path``, also after a power cut.

    A reader sees the old content or the new, never a mixture; when the block raises, the old one stays.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}{DRAFT}")
    try:
        with _created(draft, mode) as file:
            yield file
        draft.replace(path)
    except OSError as error:
        if error.filename == str(draft):  # whose name is another each time, and says nothing to anybody
            error.filename = str(path)
        raise
    finally:
        draft.unlink(missing_ok=True)
    sync_dir(path.parent)


def sweep_drafts(folder: Path) -> None:
    """Remove what killed processes were writing right in the folder; the caller keeps out all who write there now."""
    for ending in (DRAFT, _OLD_DRAFT):
        for draft in folder.glob(f".*{ending}"):
            draft.unlink(missing_ok=True)


def replace(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write ``data`` as the whole content of ``path``, as ``replacing`` does; its folder is made if need be."""
    private_dir(path.parent)
    with replacing(path, mode) as file:
        file.write(data)


def create(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file that is not there, durably but for its name. Raises FileExistsError."""
    with _created(path, mode) as file:
        file.write(data)


@contextmanager
def _created(path: Path, mode: int) -> Iterator[IO[bytes]]:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        yield file
        file.flush()
        _sync_data(file.fileno())


def append_line(path: Path, line: bytes) -> None:
    """Append one line durably; a torn line that a crash left before it is closed first, so that it spoils no other.

    The caller holds the lock of the file.
    """
    private_dir(path.parent)
    fresh = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        if size:
            os.lseek(descriptor, size - 1, os.SEEK_SET)
            line = line if os.read(descriptor, 1) == b"\n" else b"\n" + line
        write_all(descriptor, line + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if fresh:
        sync_dir(path.parent)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte, normally in one call of the system; raises OSError when the disk is full."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_dir(path: Path) -> None:
    """Make names that were created or replaced in the folder durable; nothing to do where folders cannot be opened."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, wait_s: float = LOCK_WAIT_S) -> Iterator[None]:
    """Hold the lock file ``path`` among all processes and threads.

    Raises:
        CacheError: another process held it for longer than ``wait_s`` seconds.
    """
    private_dir(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        until = time.monotonic() + wait_s
        while not try_lock(descriptor):
            if time.monotonic() > until:
                raise CacheError(f"{path.name}: another process holds this lock for more than {wait_s:g} s")
            time.sleep(_RETRY_S)
        try:
            yield
        finally:
            unlock(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file ``path`` among all processes and threads, however long it is waited for.

    The system frees it when its holder dies.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        wait_lock(descriptor)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Whether nobody else holds the lock file ``path``; nobody waits, since a holder may be slow or stopped."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield try_lock(descriptor)
    finally:
        os.close(descriptor)
