"""One batch on disk: a JSON file with one sample a line, readable between any two calls and after any kill.

::

    {"batch_id":"…","learner":"screens.element","schema":1,"group":3,"kind":"auto","samples":[
    {…},
    {…}
    ]}

Appending is one write that overlays only the closing ``]}``, so that no acknowledged line is ever
touched again. A process that is killed inside that write, or a disk that is full, leaves at worst a
torn tail, which reading passes over line by line.

What was appended survives the end of the process. It is forced to the disk itself when the batch is
sealed: a power cut may cost the last seconds, never the batch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from samouk.edge import disk
from samouk.edge.wire import Row

TAIL = b"\n]}\n"
PATTERN = "batch_*.json"


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a batch beside its samples. ``kind`` is ``auto`` or ``correction``."""

    batch_id: str
    learner: str
    schema: int
    group: int
    kind: str

    @property
    def file_name(self) -> str:
        return f"batch_{self.batch_id}.json"


@dataclass(frozen=True, slots=True)
class Content:
    """What a batch file holds.

    Attributes:
        rows: the samples that can be read, in the order in which they came.
        torn: lines that cannot be read.
        end: length in bytes up to the last sample, where the next one goes; None when a line before it
            is spoilt, so that the file may still be sent but not be filled further.
    """

    header: Header
    rows: tuple[Row, ...]
    torn: int
    end: int | None


def parse(data: bytes) -> Content | None:
    """Read a batch file, torn or whole; None when not even its first line can be read."""
    first, *lines = data.split(b"\n")
    header = _header(first)
    if header is None:
        return None
    rows, torn, spoilt = [], 0, False
    end, at = len(first), len(first) + 1
    for line in lines:
        row, length = _row(line)
        if row is not None:
            rows.append(row)
            spoilt, end = torn > 0, at + length
        elif line not in (b"", b"]}"):
            torn += 1
        at += len(line) + 1
    return Content(header, tuple(rows), torn, None if spoilt else end)


def read(path: Path) -> Content | None:
    """Read a batch file that others may be writing; None when it is gone or not a batch."""
    try:
        return parse(path.read_bytes())
    except OSError:
        return None


def read_header(path: Path) -> Header | None:
    """Only the first line: cheap, however many samples follow."""
    try:
        with path.open("rb") as file:
            return _header(file.readline(4096).rstrip(b"\n"))
    except OSError:
        return None


def count_rows(path: Path) -> int:
    """About how many samples the file holds: quick, right for every file that is not torn; 0 when it is gone."""
    try:
        return max(path.read_bytes().count(b"\n") - 2, 0)
    except OSError:
        return 0


class BatchFile:
    """A batch that this process holds the lock of, so that no other process fills or sends it."""

    def __init__(self, path: Path, descriptor: int, header: Header, rows: int, end: int | None) -> None:
        self.path = path
        self.header = header
        self.rows = rows
        self._descriptor = descriptor
        self._end = end

    @classmethod
    def create(cls, folder: Path, header: Header, rows: Sequence[Row]) -> BatchFile:
        """Make the file with its first samples, under its own name only once it is whole and locked."""
        path = folder / header.file_name
        draft = folder / f".{header.batch_id}.tmp"
        body = _opening(header) + (b"\n" + _lines(rows) if rows else b"")
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            disk.try_lock(descriptor)
            disk.write_all(descriptor, body + TAIL)
            draft.replace(path)
        except BaseException:
            os.close(descriptor)
            draft.unlink(missing_ok=True)
            raise
        return cls(path, descriptor, header, len(rows), len(body))

    @classmethod
    def adopt(cls, path: Path) -> tuple[BatchFile, Content] | None:
        """Take over a batch that nobody holds, closing a torn tail.

        Returns:
            The batch and what it holds, or None when another holds it, it is gone, or it is no batch.
        """
        try:
            descriptor = os.open(path, os.O_RDWR)
        except OSError:
            return None
        content = _owned(path, descriptor)
        if content is None:
            os.close(descriptor)
            return None
        batch = cls(path, descriptor, content.header, len(content.rows), content.end)
        if content.torn and content.end is not None:
            batch._close_tail(content.end)
        return batch, content

    @property
    def fillable(self) -> bool:
        """Whether samples may still be added."""
        return self._end is not None and os.fstat(self._descriptor).st_nlink > 0

    def append(self, rows: Sequence[Row]) -> int:
        """Add samples with one write and return how many bytes the file grew by.

        Raises:
            OSError: the disk is full, for example; the file is as it was.
        """
        if self._end is None:
            raise ValueError("a spoilt batch is not filled further")
        lines = (b",\n" if self.rows else b"\n") + _lines(rows)
        try:
            os.lseek(self._descriptor, self._end, os.SEEK_SET)
            disk.write_all(self._descriptor, lines + TAIL)
        except OSError:
            # These few bytes lay there before, so a full disk still takes them.
            self._close_tail(self._end)
            raise
        self._end += len(lines)
        self.rows += len(rows)
        return len(lines)

    def sync(self) -> None:
        """Force everything to the disk itself."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Let go of the lock; the file stays. Closing twice is no error."""
        if self._descriptor >= 0:
            disk.unlock(self._descriptor)
            self.abandon()

    def abandon(self) -> None:
        """Forget the file without giving the lock back: for a forked child, whose parent holds it."""
        os.close(self._descriptor)
        self._descriptor = -1

    def discard(self) -> None:
        """Delete the file and let go of it."""
        self.path.unlink(missing_ok=True)
        self.close()

    def _close_tail(self, end: int) -> None:
        os.ftruncate(self._descriptor, end)
        os.lseek(self._descriptor, end, os.SEEK_SET)
        disk.write_all(self._descriptor, TAIL)


def _owned(path: Path, descriptor: int) -> Content | None:
    """Lock the open file and read it; None when it is held, or no longer what lies under its name."""
    if not disk.try_lock(descriptor):
        return None
    try:
        if not os.path.samestat(os.fstat(descriptor), path.stat()):
            return None
    except FileNotFoundError:
        return None
    return parse(path.read_bytes())


def _opening(header: Header) -> bytes:
    return json.dumps(asdict(header), separators=(",", ":")).encode()[:-1] + b',"samples":['


def _lines(rows: Sequence[Row]) -> bytes:
    return b",\n".join(json.dumps(row, separators=(",", ":"), allow_nan=False).encode() for row in rows)


def _header(line: bytes) -> Header | None:
    try:
        document: dict[str, Any] = json.loads(line + b"]}")
        if document.pop("samples") != []:
            return None
        return Header(**document)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _row(line: bytes) -> tuple[Row | None, int]:
    """The sample on a line and the length of its own text, without what closes the line.

    A write that was torn after its first byte leaves ``,`` before the old ``]}``: still a good line.
    """
    for text in (line.removesuffix(b","), line.removesuffix(b"]}").removesuffix(b",")):
        try:
            row = json.loads(text)
        except ValueError:
            continue
        if isinstance(row, dict):
            return row, len(text)
    return None, 0
