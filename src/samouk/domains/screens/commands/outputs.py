"""Files that a command writes for its user: whole or not at all, with the rights that new files have."""

from __future__ import annotations

import os
from pathlib import Path

from samouk.domains.screens.commands.ends import BadInput
from samouk.edge import disk


def require_place(file: Path) -> None:
    """Refuse a path that cannot be a file, before any work is done for it. Raises BadInput."""
    if not file.parent.is_dir():
        raise BadInput(f"{file}: there is no folder {file.parent}; make it first")
    if file.is_dir():
        raise BadInput(f"{file}: is a folder; name a file in it")


def write(file: Path, body: bytes) -> None:
    """Write ``body`` to ``file``, in place of what it held. Raises OSError, naming the file."""
    try:
        if file.exists() and not file.is_file():
            file.write_bytes(body)  # a pipe or a device: what stands there must stay
            return
        disk.replace(file, body)
        file.chmod(0o666 & ~_umask())
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error


def _umask() -> int:
    """The process's mask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
