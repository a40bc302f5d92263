"""The receipts of what was sent, in a file that only grows, and the requests to have it erased.

``receipts.jsonl`` holds one event a line. Its last event tells where a batch stands:

``issued`` a receipt was made; the batch may still grow · ``sealed`` its content is final, it may be
sent · ``sent`` the server has it · ``rejected`` the server refused it · ``dropped`` the queue was full ·
``purged`` it was withdrawn before it was sent · ``erased`` the server erased it.

A receipt lies on disk before its batch is first sent, so that whatever a kill interrupts, what
reached a server can be erased there. Deletion requests are files of their own and are never dropped.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from samouk.edge import disk
from samouk.edge.batchfile import Header

SETTLED = frozenset({"sent", "rejected", "dropped", "purged", "erased"})
"""Events after which a batch has nothing more to do in the queue."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one batch stands.

    Attributes:
        event: the last thing that happened to it.
        receipt: 64 hex digits, the secret with which it can be erased; "" when it never had one.
        not_before: unix time before which it is not sent.
        endpoint: server that it was, or will first be, sent to.
        rows, platforms: how many samples it held, and how many of each platform; known once it is settled.
        withheld: samples beside ``rows`` that were deleted unsent, for their platform is no longer shared.
        torn: lines that could not be read when it was taken over.
    """

    batch_id: str
    learner: str
    event: str = ""
    receipt: str = ""
    not_before: float = 0.0
    endpoint: str = ""
    rows: int = 0
    withheld: int = 0
    platforms: Mapping[str, int] = field(default_factory=dict)
    torn: int = 0


@dataclass(frozen=True, slots=True)
class Deletion:
    """A request that a server erase a batch."""

    batch_id: str
    learner: str
    receipt: str
    endpoint: str
    path: Path


class Receipts:
    """The ledger of a cache, shared by every process that uses it."""

    def __init__(self, cache: Path) -> None:
        self._path = cache / "receipts.jsonl"
        self._lock = cache / "receipts.lock"
        self._deletions = cache / "deletions"
        self._entries: dict[str, Entry] = {}
        self._read_to = 0
        self._reading = threading.Lock()

    def entries(self) -> dict[str, Entry]:
        """Every batch that the ledger knows, oldest first; reads only what came since the last call."""
        with self._reading:
            self._refresh()
            return dict(self._entries)

    def entry(self, header: Header) -> Entry:
        """Where the batch stands; an entry without event when nothing is known of it."""
        with self._reading:
            self._refresh()
            return self._entries.get(header.batch_id) or Entry(header.batch_id, header.learner)

    def receipt_for(self, header: Header) -> str:
        """The receipt of a batch; made, and kept durably, when it has none."""
        with disk.locked(self._lock):
            known = self.entry(header).receipt
            if known:
                return known
            receipt = secrets.token_hex(32)
            self._append(header, event="issued", receipt=receipt)
        return receipt

    def seal(self, header: Header, not_before: float, endpoint: str) -> None:
        """Keep durably that the batch is final, with the receipt that it will be sent under."""
        with disk.locked(self._lock):
            receipt = self.entry(header).receipt or secrets.token_hex(32)
            self._append(header, event="sealed", receipt=receipt, not_before=not_before, endpoint=endpoint)

    def record(self, header: Header, **facts: Any) -> None:
        """Append facts about a batch durably; names are those of `Entry`."""
        with disk.locked(self._lock):
            self._append(header, **facts)

    def request_deletion(self, entry: Entry) -> Deletion:
        """Write the request durably; it stays until a server has answered it."""
        path = self._deletions / f"{entry.batch_id}.json"
        facts = {name: getattr(entry, name) for name in ("batch_id", "learner", "receipt", "endpoint")}
        disk.replace(path, json.dumps(facts).encode() + b"\n")
        return Deletion(**facts, path=path)

    def deletions(self) -> Iterator[Deletion]:
        """The requests that no server has answered yet."""
        for path in sorted(self._deletions.glob("*.json")):
            try:
                yield Deletion(**json.loads(path.read_bytes()), path=path)
            except FileNotFoundError:
                continue  # another process has just delivered it
            except (ValueError, TypeError):
                path.replace(path.with_suffix(".unreadable"))

    def erased(self, deletion: Deletion) -> None:
        """A server answered the request: keep that, and let go of the request."""
        with disk.locked(self._lock):
            self._append(deletion, event="erased")
        deletion.path.unlink(missing_ok=True)

    def has_deletions(self) -> bool:
        """Whether any request waits."""
        return any(self._deletions.glob("*.json"))

    def deletion_of(self, batch_id: str) -> bool:
        """Whether the batch is to be erased."""
        return (self._deletions / f"{batch_id}.json").exists()

    def _refresh(self) -> None:
        try:
            with self._path.open("rb") as file:
                file.seek(self._read_to)
                fresh = file.read()
        except FileNotFoundError:
            return
        # A line without its end may still be on its way.
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._read_to += len(whole)
        for line in whole.splitlines():
            self._apply(line)

    def _append(self, header: Header | Deletion, **facts: Any) -> None:
        line = {"batch_id": header.batch_id, "learner": header.learner, **facts}
        disk.append_line(self._path, json.dumps(line, separators=(",", ":")).encode())

    def _apply(self, line: bytes) -> None:
        try:
            facts = json.loads(line)
            known = self._entries.get(facts["batch_id"]) or Entry(facts["batch_id"], facts["learner"])
            self._entries[known.batch_id] = replace(known, **facts)
        except (ValueError, KeyError, TypeError):
            return  # a line that a crash tore; the events around it stand
