"""Users that are forgotten: told to the guards of all processes and servers, which say when they have done it.

A notice in the store names the user, hidden by the key of the store. Guards look at the shelf each second; a guard
that was silent for long still finds the notice when it comes back, within a day.
"""

from __future__ import annotations

import base64
import hashlib
import platform
import secrets
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from samouk.loop.ports import Document, Documents, Outdated

if TYPE_CHECKING:
    from samouk.loop.ports import Services

NOTICES = "traffic.forgotten"
GUARDS = "traffic.guards"
BEAT_S = 30.0
ALIVE_S = 120.0
"""A guard that was silent for longer is not waited for."""

KEPT_S = 86_400.0
PATIENCE_S = 10.0
_LOOK_S = 0.1


class Following:
    """What one guard has forgotten of what all must; for one thread.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, documents: Documents, key: Callable[[], bytes], clock: Callable[[], float]) -> None:
        self._documents = documents
        self._key = key
        self._clock = clock
        self._name = secrets.token_hex(8)
        self._done: set[str] = set()
        self._beat: float | None = None

    def follow(self, forget: Callable[[str], object]) -> None:
        """Forget whoever a new notice names, then say so. Raises StoreUnavailable, and what forgetting raises."""
        now = self._clock()
        notices = self._documents.shelf(NOTICES)
        turns = {str(one.body["turn"]) for one in notices}
        fresh = [one for one in notices if one.body["turn"] not in self._done]
        for notice in fresh:
            if now - notice.body["at"] < KEPT_S:
                forget(_shown(self._key(), notice))
            else:
                self._documents.remove(NOTICES, notice.key)
            self._done.add(str(notice.body["turn"]))
        if fresh or self._beat is None or abs(now - self._beat) >= BEAT_S:
            self._done &= turns
            self.announce()

    def announce(self) -> None:
        """Say that this guard is there, and what it has done; before it knows anybody. Raises StoreUnavailable."""
        self._beat = self._clock()
        said = {"at": self._beat, "host": platform.node(), "done": sorted(self._done)}
        _save(self._documents, GUARDS, self._name, said)

    def leave(self) -> None:
        """This guard is gone, and knows nobody any more."""
        self._documents.remove(GUARDS, self._name)


def tell(services: Services, user_id: str) -> None:
    """Let every guard that runs forget a user."""
    now = services.clock.now().timestamp()
    if any(now - one.body["at"] < KEPT_S for one in services.documents.shelf(GUARDS)):
        key = services.journal.secret()
        name, turn = _name_of(key, user_id), secrets.token_hex(8)
        hidden = base64.b64encode(_crossed(key, turn, user_id.encode())).decode()
        _save(services.documents, NOTICES, name, {"at": now, "turn": turn, "user": hidden})


def pending(services: Services, user_id: str, patience: float = PATIENCE_S) -> tuple[str, ...]:
    """Who was told to forget a user and has not said that it did; waits a moment for them.

    Once all have, the notice goes.
    """
    documents, name = services.documents, _name_of(services.journal.secret(), user_id)
    until = time.monotonic() + patience
    while True:
        notice = documents.get(NOTICES, name)
        if notice is None:
            return ()
        now = services.clock.now().timestamp()
        silent = [one for one in documents.shelf(GUARDS) if notice.body["turn"] not in one.body["done"]]
        for one in silent:
            if now - one.body["at"] >= KEPT_S:
                documents.remove(GUARDS, one.key)
        silent = [one for one in silent if now - one.body["at"] < KEPT_S]
        if not silent:
            documents.remove(NOTICES, name)
            return ()
        alive = [one for one in silent if now - one.body["at"] < ALIVE_S]
        if not alive or time.monotonic() >= until:
            return tuple(_asked(one.body) for one in alive)
        time.sleep(_LOOK_S)


def drop(services: Services) -> None:
    """Let go of every notice and every guard: none of theirs runs on a store that is just coming back."""
    for shelf in (NOTICES, GUARDS):
        services.documents.trim(shelf, 0)


def _asked(body: Mapping[str, Any]) -> str:
    return f"a guard on {body['host']} has not said yet that it forgot: ask again, also when that server has ended"


def _save(documents: Documents, shelf: str, key: str, body: Mapping[str, Any]) -> None:
    """The last word stands."""
    while True:
        kept = documents.get(shelf, key)
        try:
            documents.save(Document(shelf, key, body, kept.revision if kept else 0))
        except Outdated:
            continue
        return


def _name_of(key: bytes, user_id: str) -> str:
    return hashlib.blake2b(user_id.encode(), digest_size=16, key=key, person=b"forgotten").hexdigest()


def _shown(key: bytes, notice: Document) -> str:
    return _crossed(key, str(notice.body["turn"]), base64.b64decode(notice.body["user"])).decode()


def _crossed(key: bytes, turn: str, data: bytes) -> bytes:
    """Hides and shows: each notice has a pad of its own."""
    blocks = [
        hashlib.blake2b(b"%d" % number, digest_size=64, key=key, salt=bytes.fromhex(turn), person=b"pad").digest()
        for number in range(-(-len(data) // 64))
    ]
    return bytes(one ^ other for one, other in zip(data, b"".join(blocks), strict=False))
