"""A store with something of everything, and the journeys that it makes in the tests."""

from __future__ import annotations

import dataclasses

from tests.contracts.live import WINDOWS, event, exposure, outcome, rollout, webhook
from tests.contracts.making import LEARNER, act, batch, batch_id, receipt, run, version

from samouk.loop.live import Checkpoint
from samouk.loop.ports import Document
from samouk.store.sql import Store


def fill(store: Store, batches: int = 12) -> None:
    """Batches of which some are erased or quarantined, models, a journal, documents that name blobs, an audit."""
    for number in range(0, batches, 3):
        store.log.append([batch(one, rows=20) for one in range(number, number + 3)])
    store.log.erase(batch_id(1), receipt(1))
    store.log.erase(batch_id(batches - 1), receipt(batches - 1))  # the highest number is gone, and must stay taken
    store.log.quarantine([batch_id(3)], "odd – «странно»")
    store.runs.save(run(1))
    for number in range(3):
        key = store.blobs.put(b"model %d" % number)
        store.registry.add(dataclasses.replace(version(number), artifact_key=key, artifact_digest=key))
        store.audit.append(act(number))
    store.keys.create("app")
    store.journal.secret()
    store.journal.expose([exposure(number) for number in range(8)])
    store.journal.tell(LEARNER, [outcome(number, number / 7) for number in range(5)], WINDOWS)
    store.journal.checkpoint(Checkpoint(LEARNER, "v1.1", 3, store.blobs.put(b"state")))
    store.rollouts.save(rollout(1), [event(1), event(2)])
    store.webhooks.add(webhook(1))
    named = store.blobs.put(b"kept by a document" * 1000)
    store.documents.save(Document("tests.things", "one", {"a": [1, 2.5, None, "ü"]}, blobs=(named,)))
    store.documents.save(Document("tests.things", "two", {}))
    store.blobs.put(b"named by nobody")


def next_number(store: Store) -> int:
    """The number that the next batch gets."""
    store.log.append([batch(900)])
    return store.log.entries(LEARNER)[-1].sequence
