"""States that are learnt between turns, kept under keys of their own: what is replaced can go at once."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from samouk.loop.live import Checkpoint
from samouk.loop.ports import CorruptBlob, NotFound, Outdated, Services

_BEGIN = b"\0checkpoint\1"
_OWN = 16
"""Random bytes before each state. Two servers come to equal states, and equal bytes would have one key: the one who
replaces his would delete what the other names at that moment."""


class Saved(NamedTuple):
    """A state that was kept, and the sequence of the last outcome in it."""

    sequence: int
    data: bytes


def saved(services: Services, learner: str, version: str) -> Saved | None:
    """The state; None without one, or when its bytes are lost."""
    kept = services.journal.last_checkpoint(learner, version)
    if kept is None:
        return None
    try:
        data = services.blobs.get(kept.blob_key)
    except (NotFound, CorruptBlob):
        return None
    return Saved(kept.sequence, data[len(_BEGIN) + _OWN :] if data.startswith(_BEGIN) else data)


def save(
    services: Services, learner: str, version: str, sequence: int, data: bytes, *, forgotten: int | None = None
) -> bool:
    """Keep a state in place of the earlier one, whose bytes go last, so that one is always whole.

    Args:
        forgotten: how often outcomes had been forgotten when it was begun; after one more nothing of it is kept.

    Returns:
        Whether it was kept.
    """
    key = services.blobs.put(_BEGIN + secrets.token_bytes(_OWN) + data)
    try:
        unnamed = services.journal.checkpoint(Checkpoint(learner, version, sequence, key), forgotten=forgotten)
    except Outdated:
        services.blobs.delete(key)
        return False
    if unnamed is not None:
        services.blobs.delete(unnamed)
    return True
