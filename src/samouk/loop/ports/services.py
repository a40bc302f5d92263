"""Every port in one hand, for whoever turns the wheel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random, SystemRandom

from samouk.loop.ports.audit import Audit
from samouk.loop.ports.bell import Bell
from samouk.loop.ports.blobs import Blobs
from samouk.loop.ports.cache import Cache
from samouk.loop.ports.clock import Clock
from samouk.loop.ports.documents import Documents
from samouk.loop.ports.journal import Journal
from samouk.loop.ports.keys import Keys
from samouk.loop.ports.leases import Leases
from samouk.loop.ports.log import Log
from samouk.loop.ports.publisher import Publisher
from samouk.loop.ports.registry import Registry
from samouk.loop.ports.remains import Remains
from samouk.loop.ports.rollouts import Rollouts
from samouk.loop.ports.runs import Runs
from samouk.loop.ports.scratch import Scratch
from samouk.loop.ports.tasks import Tasks
from samouk.loop.ports.trainer import Trainer
from samouk.loop.ports.upkeep import Upkeep
from samouk.loop.ports.webhooks import Webhooks
from samouk.loop.scratch import IN_MEMORY


@dataclass(frozen=True, slots=True)
class Services:
    """Every port in one hand, as `assembly` puts them together.

    Attributes:
        chance: deals the units of a rollout; the system's own unless a demo is to play the same every time.
    """

    clock: Clock
    blobs: Blobs
    log: Log
    registry: Registry
    runs: Runs
    leases: Leases
    audit: Audit
    keys: Keys
    journal: Journal
    rollouts: Rollouts
    webhooks: Webhooks
    tasks: Tasks
    documents: Documents
    remains: Remains
    upkeep: Upkeep
    publisher: Publisher
    trainer: Trainer
    cache: Cache
    bell: Bell
    close: Callable[[], None]
    chance: Random = field(default_factory=SystemRandom)
    scratch: Scratch = IN_MEMORY
