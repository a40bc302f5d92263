"""What a reader refuses to swallow: far above any real screen, far below what would hurt the host."""

from __future__ import annotations

from samouk.edge.observer import MAX_SOURCE, UnreadableSource

MAX_BYTES = MAX_SOURCE
"""Size of a dump. The largest real screen we know is under 1 MB."""

MAX_ELEMENTS = 50_000
"""Elements of one screen. The largest real screen we know has under 3,000."""

MAX_DEPTH = 500
"""Elements above an element. The deepest real screen we know has under 100."""


def check_size(size: int) -> None:
    """Refuse a dump of more than ``MAX_BYTES``."""
    if size > MAX_BYTES:
        raise UnreadableSource(
            f"the dump is larger than {MAX_BYTES // 1_000_000} MB; dump one screen at a time, without screenshots in it"
        )


def check_place(index: int, depth: int) -> None:
    """Refuse the ``index``-th element, ``depth`` below its root, when a screen cannot have it."""
    if index >= MAX_ELEMENTS:
        raise UnreadableSource(f"the screen has more than {MAX_ELEMENTS:,} elements; dump one screen at a time")
    if depth > MAX_DEPTH:
        raise UnreadableSource(
            f"elements are nested deeper than {MAX_DEPTH}; check that no element contains itself or its parent"
        )
