"""What an operator can mend: errors whose words name the remedy."""

from __future__ import annotations

from samouk.loop.gate import GateBroken
from samouk.loop.ports import CorruptBlob, FitFailed, StoreUnavailable
from samouk.publish.keys import KeysError
from samouk.publish.publisher import BrokenRepository
from samouk.publish.release import RefusedRelease

REFUSALS = (StoreUnavailable, CorruptBlob, GateBroken, KeysError, BrokenRepository, RefusedRelease, FitFailed)
"""What an operator can mend; each names the remedy."""
