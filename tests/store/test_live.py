"""What the SQL backends of exposures, outcomes and rollouts keep beyond what their ports promise."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from tests.contracts.live import (
    METRIC,
    ROLLOUT,
    WINDOWS,
    after,
    compared,
    event,
    event_id,
    exposure,
    rollout,
)
from tests.contracts.making import LEARNER
from tests.store import live_processes, processes

from samouk.loop.live import ArmStats, Checkpoint, Exposure, Heard, Outcome, Share, Variant
from samouk.loop.ports import Journal, Role
from samouk.store.clock import MONDAY, SteppedClock, SystemClock
from samouk.store.memory_live import MemoryJournal
from samouk.store.sql import DATABASE, Store, journal, migrations, open_store
from samouk.store.sql.sqlite import SqliteDatabase


def test_telling_and_exposing_race_without_loss(home: Path) -> None:
    """Two processes expose the same events while two tell of them: each is kept once and joined once."""
    events = list(range(400))
    orders = [random.Random(seed).sample(events, len(events)) for seed in range(4)]
    works = (live_processes.expose, live_processes.expose, live_processes.tell, live_processes.tell)
    children = [processes.start(work, home, order) for work, order in zip(works, orders, strict=True)]
    for _, pipe in children:
        assert pipe.recv() == "ready"
    for _, pipe in children:
        pipe.send("go")
    told = [pipe.recv() for _, pipe in children]
    for process, _ in children:
        process.join()
    assert len({secret for secret, _ in told}) == 1
    assert told[0][1] + told[1][1] == len(events)
    heard: list[Heard] = told[2][1] + told[3][1]
    assert heard.count(Heard.DUPLICATE) == len(events)
    assert heard.count(Heard.PARKED) + heard.count(Heard.JOINED) == len(events)
    store = open_store(home, SystemClock())
    joined = store.journal.joined(LEARNER)
    assert sorted(one.exposure.event_id for one in joined) == [event_id(n) for n in events]
    assert store.journal.expire(LEARNER, after(1e9)) == 0
    store.close()


def test_two_processes_decide_at_once(home: Path) -> None:
    """No move of either is lost, and each is told of once."""
    store = open_store(home, SystemClock())
    first = store.rollouts.save(rollout())
    children = [processes.start(live_processes.decide, home, actor, 20) for actor in ("a", "b")]
    for _, pipe in children:
        assert pipe.recv() == "ready"
    for _, pipe in children:
        pipe.send("go")
    for process, pipe in children:
        pipe.recv()
        process.join()
    last = store.rollouts.active(LEARNER)
    assert last is not None
    assert last.revision == first.revision + 40
    assert sorted(move.actor for move in last.history[1:]) == ["a"] * 20 + ["b"] * 20
    assert len(store.rollouts.events()) == 40
    store.close()


def test_the_secret_outlives_a_restart(home: Path) -> None:
    """Pseudonyms and event ids stay what they are."""
    secrets = []
    for _ in range(2):
        store = open_store(home, SteppedClock())
        secrets.append(store.journal.secret())
        store.close()
    assert secrets[0] == secrets[1]


def test_the_database_itself_refuses_two_rollouts(store: Store, home: Path) -> None:
    """Not even a hand-written statement gives a learner two ramps at once."""
    store.rollouts.save(rollout(1))
    store.rollouts.save(dataclasses.replace(rollout(2), learner="toy.other"))
    with (
        closing(sqlite3.connect(home / DATABASE)) as connection,
        pytest.raises(sqlite3.IntegrityError),
        connection,
    ):
        connection.execute("UPDATE rollouts SET learner = 'toy.other'")


def test_an_event_that_cannot_be_kept_keeps_its_rollout_back(store: Store) -> None:
    """Both or none."""
    saved = store.rollouts.save(rollout())
    broken = dataclasses.replace(event(1), body={"version": object()})
    with pytest.raises(Exception, match="JSON"):
        store.rollouts.save(dataclasses.replace(saved, reason="changed"), [event(1), broken])
    assert (store.rollouts.active(LEARNER), store.rollouts.last_event()) == (saved, 0)


def test_an_exposure_that_cannot_be_kept_keeps_its_batch_back(store: Store) -> None:
    """All or none, and the store goes on."""
    broken = dataclasses.replace(exposure(2), learner=None)  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        store.journal.expose([exposure(1), broken])
    assert store.journal.exposure(event_id(1)) is None
    assert store.journal.expose([exposure(1)]) == 1


def test_what_a_checkpoint_names_is_not_swept(home: Path) -> None:
    """The state of an online learner survives a restart; one that was replaced goes."""
    store = open_store(home, SteppedClock())
    old, new = store.blobs.put(b"old"), store.blobs.put(b"new")
    for key in (old, new):
        store.journal.checkpoint(Checkpoint(LEARNER, "v1.1", 1, key))
    store.close()
    store = open_store(home, SteppedClock())
    assert list(store.blobs.keys()) == [new]
    store.close()


def test_a_home_of_the_first_schema_is_migrated(home: Path) -> None:
    """What an older samouk kept stays, and exposures can be kept beside it."""
    home.mkdir()
    database = SqliteDatabase(home / DATABASE)
    with database.write() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO api_keys (key_id, label, created, revoked, scope, secret_hash) "
            "VALUES ('k1', 'operations', '2026-01-05', 0, 'operate', 'x')"
        )
    database.close()
    store = open_store(home, SteppedClock())
    (key,) = store.keys.keys()
    assert (key.key_id, key.role) == ("k1", Role.OPERATOR)
    assert store.journal.expose([exposure(1)]) == 1
    store.close()


def history(seed: int) -> tuple[list[Exposure], list[Outcome]]:
    """A few days of two arms with everything in them that can go wrong."""
    rng = random.Random(seed)
    shown, told = [], []
    for number in range(600):
        unit = rng.randrange(150)
        crosses = unit % 40 == 0 and rng.random() < 0.5
        variant = Variant.CHALLENGER if (unit % 2 == 0) != crosses else Variant.CONTROL
        shown.append(
            compared(
                number,
                Variant.CHAMPION if unit % 7 == 0 else variant,
                unit=f"{unit:016x}",
                at=after(rng.randrange(4 * 86_400)),
                step=number // 200,
                score=float("nan") if rng.random() < 0.1 else rng.random(),
                latency_ms=rng.random() * 200,
                failed=rng.random() < 0.05,
                shadows={"v1.3": rng.random()} if rng.random() < 0.5 else {},
            )
        )
        for _ in range(rng.randrange(3)):
            at = shown[-1].at + dt.timedelta(seconds=rng.randrange(7_000))
            told.append(Outcome(event_id(number), METRIC, rng.choice((0.0, 0.25, 1.0)), at, rng.random() < 0.3))
    rng.shuffle(told)
    return shown, told


def live(journal: Journal, seed: int) -> list[Heard]:
    """Let the history happen: exposures and outcomes in pieces, in turns, in no good order."""
    rng = random.Random(seed + 1)
    shown, told = history(seed)
    heard = []
    while shown or told:
        size = rng.randrange(1, 40)
        journal.expose(shown[:size])
        heard += journal.tell(LEARNER, told[:size], WINDOWS)
        shown, told = shown[size:], told[size:]
    return heard


def _counts(arm: ArmStats) -> ArmStats:
    return dataclasses.replace(arm, mean=0.0, variance=0.0, first=(), failed=Share(), slow=Share())


@pytest.mark.parametrize("seed", range(5))
def test_both_backends_tell_one_story(home: Path, seed: int) -> None:
    """The sums that SQLite makes are those that are made record by record in memory."""
    clock = SteppedClock(MONDAY + dt.timedelta(days=3))
    store = open_store(home, clock)
    rows, records = store.journal, MemoryJournal(clock)
    assert live(rows, seed) == live(records, seed)
    for before, closed in ((None, None), (None, after(86_400)), (after(2 * 86_400), after(2 * 86_400))):
        pairs = zip(
            rows.arms(ROLLOUT, METRIC, slow_ms=150, exposed_before=before, closed_before=closed),
            records.arms(ROLLOUT, METRIC, slow_ms=150, exposed_before=before, closed_before=closed),
            strict=True,
        )
        for ours, theirs in pairs:
            assert ours.first == pytest.approx(theirs.first)
            assert (ours.mean, ours.variance) == pytest.approx((theirs.mean, theirs.variance))
            assert (*ours.failed, *ours.slow) == pytest.approx((*theirs.failed, *theirs.slow))
            assert _counts(ours) == _counts(theirs)
    assert rows.crossed(ROLLOUT) == records.crossed(ROLLOUT) > 0
    window = dt.timedelta(hours=1)
    for ours_day, theirs_day in zip(
        rows.days(LEARNER, METRIC, MONDAY.date(), window),
        records.days(LEARNER, METRIC, MONDAY.date(), window),
        strict=True,
    ):
        assert dataclasses.asdict(ours_day) == pytest.approx(dataclasses.asdict(theirs_day))
    assert rows.delays(LEARNER, METRIC, after(0)) == records.delays(LEARNER, METRIC, after(0))
    for place in (0, 300):
        ours_silent = rows.silent(LEARNER, METRIC, after(1e9), after=place)
        assert ours_silent == records.silent(LEARNER, METRIC, after(1e9), after=place)
        assert rows.settled(LEARNER, METRIC, place) == records.settled(LEARNER, METRIC, place)
    assert sorted(rows.shadows(ROLLOUT, METRIC), key=str) == sorted(records.shadows(ROLLOUT, METRIC), key=str)
    assert rows.unheard(LEARNER, METRIC, after(0)) == records.unheard(LEARNER, METRIC, after(0))
    outcomes = [
        [(one.exposure.event_id, one.outcome, one.late) for one in of.joined(LEARNER)] for of in (rows, records)
    ]
    assert sorted(outcomes[0], key=str) == sorted(outcomes[1], key=str)
    store.close()


@pytest.mark.slow
def test_an_exposure_is_cheap_to_keep(store: Store) -> None:
    """In batches of a few hundred at most 50 µs of CPU each, several times what it takes on a quiet machine."""
    shown = [compared(n, Variant.CONTROL) for n in range(10_000)]
    before = os.times()
    for first in range(0, len(shown), 250):
        store.journal.expose(shown[first : first + 250])
    spent = os.times()
    assert (spent.user + spent.system) - (before.user + before.system) < 50e-6 * len(shown)


@pytest.mark.parametrize("statement", [journal._FIND_MINE, journal._HEARD])
def test_telling_looks_up_its_events_alone(home: Path, statement: str) -> None:
    """The index of a learner goes through its whole history: with it each outcome would cost more than the last."""
    open_store(home, SteppedClock()).close()
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", ("[]", LEARNER)).fetchall()
    assert "(event_id=?)" in str(plan)
    assert "exposures_of_learner" not in str(plan)
