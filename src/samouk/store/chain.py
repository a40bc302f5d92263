"""The hash chain of the audit: each entry's digest covers its act and the digest before it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable

from samouk.loop.records import Act, AuditEntry, Head

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


def head_of(last: AuditEntry | None) -> Head:
    """The head of a chain that ends so."""
    return Head(last.sequence, last.digest) if last else Head(0, GENESIS)


def first_break(entries: Iterable[AuditEntry], since: Head | None = None) -> int | None:
    """Sequence of the first entry that does not follow from the one before it; None when all hold.

    Args:
        since: a head that must still be there; ``entries`` begin with its own.
    """
    chain, last = iter(entries), None
    if since is not None and since.sequence > 0:
        last = next(chain, None)
        if last is None or head_of(last) != since or digest_of(last.act, last.previous) != last.digest:
            return since.sequence
    for entry in chain:
        if entry != link(entry.act, last):
            return entry.sequence
        last = entry
    return None
