"""Everything the loop may ask of the world outside: one small port a noun.

Every port has one contract test class, which runs over every backend. What a docstring here
promises, the contract tests hold.
"""

from __future__ import annotations

from samouk.loop.ports.audit import Audit
from samouk.loop.ports.bell import EVENTS, Bell
from samouk.loop.ports.blobs import Blobs
from samouk.loop.ports.cache import Cache
from samouk.loop.ports.clock import Clock
from samouk.loop.ports.documents import Document, Documents
from samouk.loop.ports.errors import (
    CommitUnknown,
    CorruptBlob,
    FitFailed,
    LeaseLost,
    NotFound,
    Outdated,
    StoreUnavailable,
    TooLarge,
    WrongReceipt,
)
from samouk.loop.ports.journal import Journal, forgotten_cursor
from samouk.loop.ports.keys import ApiKey, Keys, Role, covers
from samouk.loop.ports.leases import SLACK_SECONDS, Leases
from samouk.loop.ports.log import Log
from samouk.loop.ports.publisher import Publisher
from samouk.loop.ports.registry import ANYBODY, Registry
from samouk.loop.ports.remains import REWRITE_BYTES, Looked, Remains
from samouk.loop.ports.rollouts import Rollouts
from samouk.loop.ports.runs import Runs
from samouk.loop.ports.scratch import Room, Scratch
from samouk.loop.ports.services import Services
from samouk.loop.ports.tasks import Tasks
from samouk.loop.ports.trainer import Trainer
from samouk.loop.ports.upkeep import Upkeep
from samouk.loop.ports.webhooks import Webhooks

__all__ = [
    "ANYBODY",
    "EVENTS",
    "REWRITE_BYTES",
    "SLACK_SECONDS",
    "ApiKey",
    "Audit",
    "Bell",
    "Blobs",
    "Cache",
    "Clock",
    "CommitUnknown",
    "CorruptBlob",
    "Document",
    "Documents",
    "FitFailed",
    "Journal",
    "Keys",
    "LeaseLost",
    "Leases",
    "Log",
    "Looked",
    "NotFound",
    "Outdated",
    "Publisher",
    "Registry",
    "Remains",
    "Role",
    "Rollouts",
    "Room",
    "Runs",
    "Scratch",
    "Services",
    "StoreUnavailable",
    "Tasks",
    "TooLarge",
    "Trainer",
    "Upkeep",
    "Webhooks",
    "WrongReceipt",
    "covers",
    "forgotten_cursor",
]
