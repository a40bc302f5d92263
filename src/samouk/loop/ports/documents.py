"""What domains remember beside the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Document:
    """Plain JSON that a domain keeps under a name of its own.

    Attributes:
        shelf: what kind of thing it is, begun by the domain's name: ``traffic.detection_rules``.
        key: its name on the shelf.
        revision: counts up from 1 with each save.
        blobs: keys of blobs that stay as long as the document names them; others go when the store is opened.
    """

    shelf: str
    key: str
    body: Mapping[str, Any]
    revision: int = 0
    blobs: tuple[str, ...] = ()


class Documents(Protocol):
    """Small things that a domain must remember and that people may look at: rules, alerts, sets of limits."""

    def save(self, document: Document) -> Document:
        """Keep it; durable when it returns. Gives it with its new revision.

        ``revision`` is the one that was read, 0 for a new document.

        Raises:
            Outdated: the kept revision is another one.
            WireError: the shelf is no name like ``domain.things`` (64 characters), the key is not 1 to 256
                characters of text without NUL, the body is no JSON (NaN is none) nested up to 100 deep, or
                ``blobs`` names what is no key of a blob.
        """

    def get(self, shelf: str, key: str) -> Document | None:
        """The document, or None."""

    def shelf(self, name: str, limit: int = 10_000, *, newest: bool = False) -> list[Document]:
        """Documents of a shelf by their key; ``newest`` those saved last, the last one first."""

    def remove(self, shelf: str, key: str) -> bool:
        """Remove every byte of it; False when there was none."""

    def trim(self, shelf: str, keep: int) -> int:
        """Remove all but the ``keep`` that were saved last; how many went."""
