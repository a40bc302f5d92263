"""What may be set about the HTTP side: limits, and what is served beside the services."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """The page at ``/``: its HTML and the Content-Security-Policy that it lives under."""

    html: bytes
    policy: str


@dataclass(frozen=True, slots=True)
class Options:
    """Limits and folders.

    Attributes:
        publish_dir: the signed files (``metadata/``, ``targets/``); None serves none.
        page: the page at ``/``; None answers 404 there.
        max_body: bytes of one upload as it travels (compressed), at most.
        max_inflated: bytes of one upload after decompression, at most.
        max_uploads: uploads in flight; one more is asked to come again.
        group: batches in one commit, at most.
    """

    publish_dir: Path | None = None
    page: Page | None = None
    max_body: int = 8 * MEGABYTE
    max_inflated: int = 32 * MEGABYTE
    max_uploads: int = 128
    group: int = 64
