"""What the traffic room keeps of a user in the platform's store, beside the memory of a running guard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from samouk.domains.traffic import elsewhere
from samouk.domains.traffic.features import Features
from samouk.domains.traffic.forms import MAX_USER
from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.keeping import ALERTS_SHELF, STATE_KEY, STATE_SHELF, StoreKeeping

if TYPE_CHECKING:
    from samouk.loop.ports import Services


def held(services: Services, user_id: str) -> Iterator[Mapping[str, Any]]:
    """Alerts that name the user, and what is normal for it."""
    for document in services.documents.shelf(ALERTS_SHELF):
        if document.body.get("user_id") == user_id:
            yield {"shelf": ALERTS_SHELF, "key": document.key, "body": dict(document.body)}
    guard = _guard(services)
    if guard is not None and guard.baselines.deviation(user_id, Features(), services.clock.now().timestamp())[1]:
        yield {"shelf": STATE_SHELF, "key": STATE_KEY, "body": {"normal": guard.baselines.normal(user_id)._asdict()}}


def forget(services: Services, user_id: str) -> int:
    """Remove alerts, what is normal and the limit, and tell the guards that run."""
    if not 1 <= len(user_id) <= MAX_USER:
        return 0
    elsewhere.tell(services, user_id)
    guard = _guard(services)
    if guard is None:
        return 0
    found = guard.forget(user_id)
    return found["documents"] + found["baselines"] + found["limits"]


def again(services: Services, gone: Callable[[str], bool]) -> list[str]:
    """Remove alerts that name one who is gone, and the whole state: it knows users by hashes of its own alone.

    What is normal is learnt anew. No guard runs on a store that is just coming back: notices to them, which name
    users, go too.
    """
    elsewhere.drop(services)
    alerts = [(str(one.body.get("user_id")), one.key) for one in services.documents.shelf(ALERTS_SHELF)]
    names = {name for name in {name for name, _ in alerts} if gone(name)}
    for name, key in alerts:
        if name in names:
            services.documents.remove(ALERTS_SHELF, key)
    state = services.documents.get(STATE_SHELF, STATE_KEY)
    if state is not None:
        services.documents.remove(STATE_SHELF, STATE_KEY)
        for key in state.blobs:
            services.blobs.delete(key)
    return sorted(names)


def _guard(services: Services) -> Guard | None:
    """What was saved, brought to life to look into; None when nothing was."""
    if services.documents.get(STATE_SHELF, STATE_KEY) is None and not services.documents.shelf(ALERTS_SHELF, 1):
        return None
    keeping = StoreKeeping(services.documents, services.blobs)
    return Guard(keeping=keeping, clock=lambda: services.clock.now().timestamp())
