"""Blobs from one place to another, each checked by its sha256 where it arrived."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from samouk.loop.ports import Blobs, CorruptBlob, NotFound
from samouk.store.moving.rows import Told

AT_ONCE = 4
"""Blobs on their way at a time; each is in memory whole."""

_WORDS_EVERY = 100


class Gone(CorruptBlob):
    """A blob that the rows name is not there."""


def copy_blobs(keys: Iterable[str], source: Blobs, target: Blobs, what: str, told: Told, *, check: bool = True) -> int:
    """Copy what the target lacks; how many were new.

    Args:
        check: read what the target has, and mend what is damaged.

    Raises:
        Gone: the source has none under a key.
        CorruptBlob: the source's bytes are not what they were, or what arrived is not what was sent.
    """
    there = frozenset(target.keys())
    wanted = sorted(keys if check else frozenset(keys) - there)
    new = 0
    with ThreadPoolExecutor(AT_ONCE, "samouk-copy") as pool:
        works = (pool.submit(_copy, key, source, target, key in there) for key in wanted)
        for number, fresh in enumerate(_ordered(works), 1):
            new += fresh
            if number % _WORDS_EVERY == 0 or number == len(wanted):
                told(f"{what}: {number} of {len(wanted)}")
    return new


def _copy(key: str, source: Blobs, target: Blobs, there: bool) -> bool:
    if there:
        try:
            target.get(key)
        except (CorruptBlob, NotFound):
            there = False
        else:
            return False
    try:
        data = source.get(key)
    except NotFound as error:
        raise Gone(f"{error}, though the store names it; restore it from a backup") from None
    target.put(data)
    target.get(key)
    return True


def _ordered(works: Iterator[Future[bool]]) -> Iterator[bool]:
    """Results in the order of the keys, with few under way; after a failure nothing more is begun."""
    under_way: deque[Future[bool]] = deque()
    for work in works:
        under_way.append(work)
        if len(under_way) >= 2 * AT_ONCE:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()
