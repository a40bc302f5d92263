"""Forgetting one user: nothing of the name or its habits is left, and nobody else loses anything."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from samouk.domains.traffic.ears.baselines import Baselines
from samouk.domains.traffic.features import Features
from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.keeping import ALERTS_SHELF, Keeping, StoreKeeping
from samouk.store.memory import memory_services

START = 1_700_000_000.0 // 60 * 60


def flooded(keeping: Keeping | None = None, folder: Path | None = None) -> tuple[Guard, list[float]]:
    """Mallory and Oscar flood, and Mallory is confirmed; Alice chats."""
    now = [START]
    guard = Guard(folder, keeping=keeping, clock=lambda: now[0])
    for number in range(600):
        now[0] = START + number / 20
        guard.track("mallory", 100)
        guard.track("oscar", 100)
        if number % 40 == 0:
            guard.track("alice", 50)
            guard.detector.analyze_user_activity("alice")
    (mine,) = (alert for alert in guard.detector.recent() if alert.user_id == "mallory")
    guard.confirm(mine.alert_id)
    return guard, now


def test_nothing_of_a_user_is_left_in_memory() -> None:
    """Window, what was noted, baseline, limit and alerts go; the others keep theirs."""
    guard, _ = flooded()
    guard.baselines.learn("mallory", Features(messages_per_minute=5), START, harm=0)
    found = guard.forget("mallory")
    assert (found["baselines"], found["limits"], found["alerts"], found["documents"]) == (1, 1, 1, 0)
    assert found["windows"] > 1
    assert guard.extractor.features("mallory") is None
    assert {one.user_id for one in guard.extractor.recent(1_000)} == {"alice", "oscar"}
    assert {alert.user_id for alert in guard.detector.recent()} == {"oscar"}
    assert guard.limiter.limit("mallory") == guard.limiter.limit("stranger")
    assert guard.baselines.deviation("mallory", Features(), START)[1] == 0
    assert guard.forget("mallory") == dict.fromkeys(found, 0)


def test_who_is_forgotten_and_comes_again_is_a_stranger() -> None:
    """A new session, a new window; a new flood is a new alert."""
    guard, now = flooded()
    guard.forget("mallory")
    for number in range(400):
        now[0] += 1 / 20
        guard.track("mallory", 100)
        if number == 0:
            features = guard.extractor.features("mallory")
            assert features is not None
            assert (features.messages_per_minute, features.connection_duration) == (1, 0)
    assert [alert.user_id for alert in guard.detector.recent()].count("mallory") == 1


def test_what_was_kept_is_forgotten_too(tmp_path: Path) -> None:
    """The folder's files, at once; a guard that starts there knows of nothing."""
    guard, now = flooded(folder=tmp_path)
    guard.tick(now[0])
    guard.tick(now[0] + 70)
    assert b"mallory" in (tmp_path / "alerts.json").read_bytes()
    assert guard.forget("mallory")["documents"] == 1
    assert b"mallory" not in (tmp_path / "alerts.json").read_bytes()
    later = Guard(tmp_path, clock=lambda: now[0] + 80)
    assert {alert.user_id for alert in later.detector.recent()} == {"oscar"}
    assert later.limiter.limit("mallory") == later.limiter.limit("stranger")
    assert later.forget("mallory") == {"windows": 0, "baselines": 0, "limits": 0, "alerts": 0, "documents": 0}


def test_documents_of_the_store_go() -> None:
    """Each alert is a document of its own there."""
    services = memory_services()
    guard, _ = flooded(StoreKeeping(services.documents, services.blobs))
    assert guard.forget("mallory")["documents"] == 1
    assert {one.body["user_id"] for one in services.documents.shelf(ALERTS_SHELF)} == {"oscar"}


def test_others_keep_their_normal_when_one_is_forgotten() -> None:
    """Rows stay without gaps whoever goes, and newcomers take nobody's."""
    baselines, rng = Baselines(max_users=50), np.random.default_rng(0)
    names = [f"user{number}" for number in range(20)]
    for minute in range(12):
        for number, name in enumerate(names):
            if number % 3 or minute < 2:
                baselines.learn(name, Features(messages_per_minute=number), START + 60 * minute, harm=0)
    before = {name: baselines.normal(name) for name in names}
    for name in rng.permutation(names)[:12].tolist():
        assert baselines.forget(name) == 1
        del before[name]
        assert {one: baselines.normal(one) for one in before} == before
    assert (len(baselines), baselines.forget("nobody")) == (8, 0)
    baselines.learn("newcomer", Features(messages_per_minute=900), START, harm=0)
    assert {one: baselines.normal(one) for one in before} == before
    seen = [baselines.deviation(one, Features(), START)[1] for one in before]
    assert min(seen) >= 2
