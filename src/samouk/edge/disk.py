"""Files that survive a kill: atomic replacement, durable appending, and locks between processes."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from samouk.edge.errors import CacheError

LOCK_WAIT_S = 2.0
"""How long a lock is waited for, at most: a stopped neighbour must not block the host for longer."""

_RETRY_S = 0.002
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

    def unlock(descriptor: int) -> None:
        """Give the lock back, also for copies of the descriptor that a forked child holds."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def private_dir(path: Path) -> Path:
    """Make the folder if it is missing, readable by its owner alone, and return it."""
    if not path.is_dir():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def replace(path: Path, data: bytes) -> None:
    """Write ``data`` as the whole content of ``path``: a reader sees the old content or the new, never a mixture."""
    private_dir(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_dir(path.parent)


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
