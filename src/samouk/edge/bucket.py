"""On which side of a trial this client stands: decided here, by a random number that never leaves the machine."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Literal

from samouk.edge import disk

Side = Literal["challenger", "control", "neither"]
LENGTH = 32


def bucket(folder: Path) -> str:
    """This client's random number, 32 hexadecimal digits; made at the first call, and anew when it is damaged.

    Raises:
        OSError: it cannot be kept.
    """
    file = folder / "bucket"
    try:
        kept = file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        kept = ""
    if len(kept) == LENGTH and not kept.strip("0123456789abcdef"):
        return kept
    made = secrets.token_hex(LENGTH // 2)
    disk.replace(file, made.encode())
    return made


def side(own: str, rollout: str, share: float) -> Side:
    """Where the client stands: the challenger's share from below, a control of equal size from above.

    A share that grows to at most one half moves nobody from one side to the other, and each rollout
    deals anew.
    """
    digest = hashlib.blake2b(rollout.encode(), digest_size=8, key=bytes.fromhex(own), person=b"samouk-bucket").digest()
    point = int.from_bytes(digest, "big") / 2.0**64
    if point < share:
        return "challenger"
    return "control" if point >= 1.0 - share else "neither"
