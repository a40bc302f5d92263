"""The hash chain of the audit: each entry's digest covers its act and the digest before it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable

from samouk.loop.records import Act, AuditEntry

GENESIS = "0" * 64
"""What the first entry of a chain names as its previous digest."""


def digest_of(act: Act, previous: str) -> str:
    """sha256 (hex) over canonical JSON of the act and the previous digest."""
    body = [previous, act.actor, act.action, act.subject, act.reason, act.at.astimezone(dt.UTC).isoformat()]
    return hashlib.sha256(json.dumps(body, separators=(",", ":")).encode()).hexdigest()


def link(act: Act, last: AuditEntry | None) -> AuditEntry:
    """The entry that puts ``act`` behind ``last``, or at the head of the chain."""
    previous = last.digest if last else GENESIS
    return AuditEntry((last.sequence if last else 0) + 1, act, previous, digest_of(act, previous))


def first_break(entries: Iterable[AuditEntry]) -> int | None:
    """Sequence of the first entry that does not follow from the one before it; None when all hold."""
    last: AuditEntry | None = None
    for entry in entries:
        if entry != link(entry.act, last):
            return entry.sequence
        last = entry
    return None
