"""The durable queue between seeing and sending: a bounded folder of batch files, shared by every process of the user.

::

    ml_cache/
      training_samples/batch_<id>.json   what was collected and not yet sent; one file a batch
      rejected/batch_<id>.json           what a server refused, with its reason beside it
      receipts.jsonl, deletions/         what was sent, and what is to be erased (see `receipts`)
      client.json                        the split group of samples whose application is unknown

Each process fills batches of its own, kept apart by a lock on the file that ends with the process;
what a dead process left is taken over. When the queue is full the oldest batches are dropped and
counted; deletion requests never are.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from samouk.edge import batchfile, disk, wire
from samouk.edge.batchfile import BatchFile, Content, Header
from samouk.edge.errors import CacheError
from samouk.edge.receipts import SETTLED, Receipts
from samouk.edge.wire import Row

AUTO, CORRECTION = "auto", "correction"
MAX_REJECTED = 20
"""Refused batches that are kept for their owner to look at."""

MAX_LEFTOVERS = 50
"""How many of the newest batches are looked through for one to fill on; the host waits for it once a batch."""

DRAFT_LIFE_S = 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the queue.

    Attributes:
        batch_size: samples after which a batch is final, 1 to ``wire.MAX_BATCH_ROWS``.
        correction_batch_size: the same for corrections, which are rare.
        max_bytes, max_batches: of all batches on disk; the oldest go first. The bound may be passed
            by the one write that makes it felt.
    """

    batch_size: int = 1_000
    correction_batch_size: int = 20
    max_bytes: int = 64 * 2**20
    max_batches: int = 500

    def __post_init__(self) -> None:
        for name in ("batch_size", "correction_batch_size"):
            if not 1 <= getattr(self, name) <= wire.MAX_BATCH_ROWS:
                raise ValueError(f"{name} must lie between 1 and {wire.MAX_BATCH_ROWS}, not {getattr(self, name)}")
        if self.max_bytes < 1 or self.max_batches < 1:
            raise ValueError("max_bytes and max_batches must be at least 1")

    def rows_of(self, kind: str) -> int:
        """Samples in a full batch of this kind."""
        return self.correction_batch_size if kind == CORRECTION else self.batch_size


class Shelf(NamedTuple):
    """What must be equal for samples to lie in one batch."""

    learner: str
    schema: int
    group: int
    kind: str = AUTO


class Appended(NamedTuple):
    """How many samples are on disk now that were not before, and whether a batch became full."""

    rows: int
    filled: bool


class Spool:
    """The queue in one cache folder. Every method may be called from any thread."""

    def __init__(self, cache: Path, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.receipts = Receipts(cache)
        self.samples = cache / "training_samples"
        self._cache = cache
        self._rejected = cache / "rejected"
        self._open: dict[Shelf, BatchFile] = {}
        self._mutex = threading.Lock()
        self._pid = os.getpid()
        self._bytes = 0

    def append(self, shelf: Shelf, rows: Sequence[Row]) -> Appended:
        """Put samples on disk; they survive the end of this process when it returns.

        Raises:
            OSError: nothing was stored, because the disk is full for example.
            CacheError: nothing was stored, because another process holds the ledger.
        """
        self._leave_the_parents_files()
        stored, filled = 0, False
        with self._mutex:
            while stored < len(rows):
                try:
                    part = self._append_some(shelf, rows[stored:])
                except (OSError, CacheError):
                    if stored:
                        break
                    raise
                stored, filled = stored + part.rows, filled or part.filled
            # What is stored is stored, even if the ledger of drops cannot be written just now.
            with suppress(OSError, CacheError):
                self._keep_bounds()
        return Appended(stored, filled)

    def own_group(self) -> int:
        """Split group of samples whose application is unknown: drawn once a cache."""
        path = self._cache / "client.json"
        try:
            group = json.loads(path.read_bytes())["group"]
            if group in range(wire.GROUPS):
                return int(group)
        except (OSError, ValueError, KeyError, TypeError):
            self._prepare()
        group = secrets.randbelow(wire.GROUPS)
        disk.replace(path, json.dumps({"group": group}).encode() + b"\n")
        return group

    def paths(self) -> list[Path]:
        """Files of all batches, the one that was touched longest ago first."""
        found = []
        for path in self.samples.glob(batchfile.PATTERN):
            try:
                found.append((path.stat().st_mtime_ns, path))
            except FileNotFoundError:
                continue
        return [path for _, path in sorted(found)]

    def rejected(self) -> list[Path]:
        """Files of the batches that a server refused, each beside its reason."""
        return list(self._rejected.glob(batchfile.PATTERN))

    def contents(self) -> Iterator[Content]:
        """Every batch that is on disk and not yet sent, the open ones included."""
        for path in self.paths():
            content = batchfile.read(path)
            if content is not None and self.receipts.entry(content.header).event not in SETTLED:
                yield content

    def claim(self, path: Path) -> tuple[BatchFile, Content] | None:
        """Take a batch that no process is filling or sending; None when it is held, gone or settled."""
        claimed = BatchFile.adopt(path)
        if claimed is None:
            return None
        batch, content = claimed
        try:
            entry = self.receipts.entry(batch.header)
            if entry.event in SETTLED:
                batch.discard()  # a kill came between the ledger and the file
                return None
            if content.torn > entry.torn:
                self.receipts.record(batch.header, torn=content.torn)
        except BaseException:
            batch.close()
            raise
        return claimed

    def is_full(self, batch: BatchFile) -> bool:
        """Whether nothing more goes into the batch, so that it may be sealed."""
        return batch.rows >= self.limits.rows_of(batch.header.kind) or not batch.fillable

    def seal(self, batch: BatchFile, not_before: float, endpoint: str) -> None:
        """Make the batch final and durable, with a receipt."""
        batch.sync()
        self.receipts.seal(batch.header, not_before, endpoint)

    def seal_open(self, not_before: float, endpoint: str) -> None:
        """Seal what this process is filling, however short."""
        self._leave_the_parents_files()
        with self._mutex:
            for shelf, batch in list(self._open.items()):
                if batch.fillable:
                    self.seal(batch, not_before, endpoint)
                del self._open[shelf]
                batch.close()

    def settle(
        self, batch: BatchFile, content: Content, event: str, reason: str = "", endpoint: str = "", withheld: int = 0
    ) -> None:
        """Record what became of a claimed batch, take its file out of the queue and let go of it in any case.

        ``withheld`` of its samples had another end: they were left out of what was sent.
        """
        facts: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
        try:
            self._conclude(content, event, rows=len(content.rows) - withheld, withheld=withheld, **facts)
            if event == "rejected":
                self._set_aside(batch.path, reason)
            batch.discard()
        finally:
            batch.close()

    def _conclude(self, content: Content, event: str, **facts: Any) -> None:
        platforms = Counter(str(row["platform"]) for row in content.rows if "platform" in row)
        whole = {"rows": len(content.rows), "platforms": platforms}
        self.receipts.record(content.header, event=event, **{**whole, **facts})

    def _set_aside(self, path: Path, reason: str) -> None:
        """Keep a refused batch beside the reason; only so many, for a server may refuse everything."""
        kept = disk.private_dir(self._rejected) / path.name
        disk.replace(kept.with_suffix(".reason.txt"), reason.encode() + b"\n")
        path.replace(kept)
        batches = sorted(self.rejected(), key=lambda old: old.stat().st_mtime_ns)
        for old in batches[:-MAX_REJECTED]:
            old.unlink(missing_ok=True)
            old.with_suffix(".reason.txt").unlink(missing_ok=True)

    def purge(self) -> int:
        """Delete everything that was not sent, also what other processes are filling; the number of samples.

        What a server refused goes too. Only a batch that another process is sending at this moment stays,
        until that process lets go of it.
        """
        self._leave_the_parents_files()
        with self._mutex:
            self._close_open()
            self._sweep(0.0)
            return sum(map(self._purge, self.paths())) + sum(map(self._purge_rejected, self.rejected()))

    def _purge(self, path: Path) -> int:
        content = batchfile.read(path)
        if content is not None and self.receipts.entry(content.header).event == "sealed":
            claimed = self.claim(path)
            if claimed is None:
                return 0
            self.settle(*claimed, "purged")
            return len(content.rows)
        path.unlink(missing_ok=True)
        if content is None:
            return 0
        self._conclude(content, "purged")
        return len(content.rows)

    def _purge_rejected(self, path: Path) -> int:
        content = batchfile.read(path)
        path.unlink(missing_ok=True)
        path.with_suffix(".reason.txt").unlink(missing_ok=True)
        if content is None:
            return 0
        self._conclude(content, "purged", endpoint="")  # it is on no server, so none is to be asked for it
        return len(content.rows)

    def close(self) -> None:
        """Let go of the open batches; they stay on disk and are filled further by whoever comes next."""
        self._leave_the_parents_files()
        with self._mutex:
            self._close_open()

    def _close_open(self) -> None:
        for batch in self._open.values():
            batch.close()
        self._open.clear()

    def _append_some(self, shelf: Shelf, rows: Sequence[Row]) -> Appended:
        """Append as much as fits into the open batch of the shelf."""
        batch = self._batch(shelf)
        if batch is None:
            part = rows[: self.limits.rows_of(shelf.kind)]
            self._open[shelf] = batch = self._create(shelf, part)
        else:
            part = rows[: self.limits.rows_of(shelf.kind) - batch.rows]
            self._bytes += batch.append(part)
        if not self.is_full(batch):
            return Appended(len(part), False)
        del self._open[shelf]
        batch.close()
        return Appended(len(part), True)

    def _batch(self, shelf: Shelf) -> BatchFile | None:
        """The batch that is being filled, or one that a dead process left short."""
        batch = self._open.get(shelf)
        if batch is not None and not batch.fillable:
            self._open.pop(shelf).close()
            batch = None
        if batch is None:
            batch = self._leftover(shelf)
            if batch is not None:
                self._open[shelf] = batch
        return batch

    def _leftover(self, shelf: Shelf) -> BatchFile | None:
        for path in self.paths()[-MAX_LEFTOVERS:]:
            header = batchfile.read_header(path)
            if header is None or Shelf(header.learner, header.schema, header.group, header.kind) != shelf:
                continue
            if not self._may_grow(header) or batchfile.count_rows(path) >= self.limits.rows_of(shelf.kind):
                continue
            claimed = self.claim(path)
            if claimed is None:
                continue
            # Looked at again under the lock: another process may have filled or sealed it meanwhile.
            if self._may_grow(header) and not self.is_full(claimed[0]):
                return claimed[0]
            claimed[0].close()
        return None

    def _may_grow(self, header: Header) -> bool:
        return self.receipts.entry(header).event in ("", "issued")

    def _create(self, shelf: Shelf, rows: Sequence[Row]) -> BatchFile:
        self._prepare()
        header = Header(str(uuid.uuid4()), shelf.learner, shelf.schema, shelf.group, shelf.kind)
        self._sweep(DRAFT_LIFE_S)
        self._bytes = self.limits.max_bytes + 1  # a new file: count what there is
        return BatchFile.create(self.samples, header, rows)

    def _sweep(self, age_s: float) -> None:
        """Remove drafts that a kill left; a younger one may be at work."""
        for draft in self.samples.glob(".*.tmp"):
            with suppress(FileNotFoundError):
                if time.time() - draft.stat().st_mtime >= age_s:
                    draft.unlink()

    def _prepare(self) -> None:
        disk.private_dir(self._cache)
        disk.private_dir(self.samples)
        for folder in (self._cache, self.samples):
            if not (folder / ".gitignore").exists():
                (folder / ".gitignore").write_text("*\n")

    def _keep_bounds(self) -> None:
        """Drop the oldest batches that nobody is filling or sending until the queue fits its bounds."""
        if self._bytes <= self.limits.max_bytes:
            return
        sizes = {path: size for path in self.paths() if (size := _size(path)) is not None}
        total, count = sum(sizes.values()), len(sizes)
        for path, size in sizes.items():
            if total <= self.limits.max_bytes and count <= self.limits.max_batches:
                break
            if self._drop(path):
                total, count = total - size, count - 1
        self._bytes = total

    def _drop(self, path: Path) -> bool:
        for shelf, batch in list(self._open.items()):
            if batch.path == path:
                self._open.pop(shelf).close()
        if batchfile.read_header(path) is None:
            path.unlink(missing_ok=True)
            return True
        claimed = self.claim(path)
        if claimed is None:
            return not path.exists()
        self.settle(*claimed, "dropped")
        return True

    def _leave_the_parents_files(self) -> None:
        """In a forked child, start afresh: locks and offsets of the parent are not ours."""
        if self._pid == os.getpid():
            return
        self._pid, self._mutex, self.receipts = os.getpid(), threading.Lock(), Receipts(self._cache)
        for batch in self._open.values():
            batch.abandon()
        self._open.clear()


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
