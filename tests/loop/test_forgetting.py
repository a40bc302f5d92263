"""Who asks to be forgotten, and batches that are erased: nothing of them is left anywhere, and all else stays."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from examples.will_it_rain import RAIN
from tests.loop import killing
from tests.loop.killing import Killed, Mortal, mortal
from tests.loop.people import embedded
from tests.store.rescan import texts

from samouk.edge.wire import WireError, receipt_hash
from samouk.loop.exposure import group_of_unit, new_event_id, pseudonym
from samouk.loop.forgetting import SHELF, Removed, finish_forgetting, forget_unit
from samouk.loop.live import Exposure, Forgotten, Heard, Variant
from samouk.loop.outcome import Told, harvest, receipt_of, tell
from samouk.loop.ports import LeaseLost, Services
from samouk.loop.records import Batch, Stored
from samouk.server.erasure import erase, mend
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services

SECRET = "Alice of the hill"
CANARY = 1_017.75
"""A pressure that nobody else has."""


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture(params=["memory", "embedded"])
def services(request: pytest.FixtureRequest, tmp_path: Path, clock: SteppedClock) -> Iterator[Services]:
    made = memory_services(clock) if request.param == "memory" else embedded(tmp_path / "home", clock)
    yield made
    made.close()


def show(services: Services, unit: str, pressure: float = 990.0, n: int = 3, group: int | None = None) -> list[str]:
    """So many predictions for a unit, each with its outcome."""
    secret, now = services.journal.secret(), services.clock.now()
    who = pseudonym(secret, RAIN.name, unit)
    row = {"pressure": pressure, "humidity": 0.75}
    of = group_of_unit(who) if group is None else group
    shown = [
        Exposure(new_event_id(secret, now), RAIN.name, "v1.0", Variant.CHAMPION, who, of, now, 0.9, 1.0, row)
        for _ in range(n)
    ]
    services.journal.expose(shown)
    told = [Told(one.event_id, "content", 1.0) for one in shown]
    assert tell(RAIN, services, told) == [Heard.JOINED] * n
    return [one.event_id for one in shown]


def pressures(services: Services) -> list[float]:
    entries = services.log.entries(RAIN.name)
    return sorted(float(one) for _, columns in services.log.read(entries) for one in np.asarray(columns["pressure"]))


def test_a_forgotten_unit_leaves_nothing_and_takes_nobody_along(services: Services) -> None:
    """Its exposures, outcomes and rows go; those of the same batch stay, under a new id that can be erased too."""
    mine, others = show(services, SECRET, CANARY, group=5), show(services, "Bob", group=5)
    assert harvest(RAIN, services) == 6
    (before,) = services.log.entries(RAIN.name)
    assert forget_unit(RAIN, services, SECRET, "operator") == Removed(3, 3, 1, ())
    assert pressures(services) == [990.0] * 3
    (after,) = services.log.entries(RAIN.name)
    assert (after.group, after.batch_id != before.batch_id) == (5, True)
    assert [services.journal.exposure(one) for one in mine] == [None] * 3
    assert all(services.journal.exposure(one) for one in others)
    assert len(services.journal.of_batch(after.batch_id)) == 3
    assert harvest(RAIN, services) == 0
    assert [entry.act.action for entry in services.audit.entries()] == ["forget"]
    assert forget_unit(RAIN, services, SECRET, "operator") == Removed(0, 0, 0, ())
    erase(services, RAIN.name, after.batch_id, receipt_of(services, after.batch_id))
    assert services.journal.joined(RAIN.name) == []


def test_a_unit_is_forgotten_before_it_was_harvested_too(services: Services) -> None:
    """Nothing of it reaches the log later."""
    show(services, SECRET, CANARY)
    show(services, "Bob")
    assert forget_unit(RAIN, services, SECRET, "operator") == Removed(3, 3, 0, ())
    assert harvest(RAIN, services) == 3
    assert pressures(services) == [990.0] * 3


def test_what_stood_in_quarantine_stays_there(services: Services) -> None:
    """A batch that the gate put aside does not come back by being stored anew."""
    show(services, SECRET, CANARY, group=5)
    show(services, "Bob", group=5)
    harvest(RAIN, services)
    services.log.quarantine([services.log.entries(RAIN.name)[0].batch_id], "poison")
    forget_unit(RAIN, services, SECRET, "operator")
    assert [entry.state.value for entry in services.log.entries(RAIN.name)] == ["quarantined"]


class DyingLog:
    """A log whose process is killed before an erasure, after it or before what is stored next."""

    def __init__(self, services: Services, at: str) -> None:
        self.log, self.at = services.log, at
        self.of_receipts, self.erasures = self.log.of_receipts, self.log.erasures

    def erase(self, batch_id: str, receipt_hash: str) -> object:
        if self.at == "before":
            raise KeyboardInterrupt
        erasure = self.log.erase(batch_id, receipt_hash)
        if self.at == "after":
            raise KeyboardInterrupt
        return erasure

    def append(self, batches: Sequence[Batch]) -> list[Stored]:
        raise KeyboardInterrupt


@pytest.mark.parametrize("at", ["before", "after", "next"])
def test_asking_again_finishes_what_a_death_cut_short(services: Services, at: str) -> None:
    """Wherever it came: the unit's rows are gone and the others' are there, once."""
    show(services, SECRET, CANARY, group=5)
    show(services, "Bob", group=5)
    harvest(RAIN, services)
    dying = dataclasses.replace(services, log=DyingLog(services, at))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        forget_unit(RAIN, dying, SECRET, "operator")
    assert forget_unit(RAIN, services, SECRET, "operator").exposures == 3
    assert pressures(services) == [990.0] * 3
    assert harvest(RAIN, services) == 0


def test_an_erased_batch_leaves_the_journal_too(services: Services) -> None:
    """With its receipt go the features and outcomes that it was made of; the next start finishes what a death cut."""
    mine, others = show(services, SECRET, CANARY, group=5), show(services, "Bob", group=6)
    harvest(RAIN, services)
    first, second = (entry.batch_id for entry in services.log.entries(RAIN.name))
    erase(services, RAIN.name, first, receipt_of(services, first))
    assert [services.journal.exposure(one) for one in mine] == [None] * 3
    assert {one.outcome.event_id for one in services.journal.joined(RAIN.name)} == set(others)
    services.log.erase(second, receipt_hash(receipt_of(services, second)))
    assert mend(services, RAIN.name) == 1
    assert services.journal.joined(RAIN.name) == []
    assert harvest(RAIN, services) == 0


def test_a_harvest_that_died_stores_nothing_of_who_was_forgotten_meanwhile(services: Services) -> None:
    """The journal had noted a batch that never came; the next harvest makes it of the others."""
    show(services, SECRET, CANARY, group=5)
    show(services, "Bob", group=5)
    with pytest.raises(KeyboardInterrupt):
        harvest(RAIN, dataclasses.replace(services, log=DyingLog(services, "next")))  # type: ignore[arg-type]
    assert forget_unit(RAIN, services, SECRET, "operator") == Removed(3, 3, 1, ())
    harvest(RAIN, services)
    assert pressures(services) == [990.0] * 3


FORGETTING = {"mark", "erase", "forget", "refuse", "quarantine", "remove"}
LAPSE = dt.timedelta(minutes=5)
"""Longer than any lease."""


@pytest.mark.parametrize("writes", range(1, 20))
def test_killed_after_any_write_it_takes_nothing_from_others(
    services: Services, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """Nobody asks again, and yet what others told is in the log, once; what stood in quarantine stays there."""
    monkeypatch.setattr(killing, "WRITES", killing.WRITES | FORGETTING)
    show(services, SECRET, CANARY, group=5)
    show(services, "Bob", group=5)
    harvest(RAIN, services)
    services.log.quarantine([services.log.entries(RAIN.name)[0].batch_id], "poison")
    show(services, SECRET, CANARY, group=5)
    show(services, "Bob", group=5)
    try:
        dying = mortal(services, writes)
        countdown = dying.log.countdown  # type: ignore[attr-defined]
        dying = dataclasses.replace(dying, documents=Mortal(services.documents, countdown))
        harvest(RAIN, dying)
        forget_unit(RAIN, dying, SECRET, "operator")
    except Killed:
        clock.step(LAPSE)
    begun = bool(services.documents.shelf(SHELF))
    assert finish_forgetting(RAIN, services) == begun
    harvest(RAIN, services)
    assert [one for one in pressures(services) if one != CANARY] == [990.0] * 6
    assert not begun or CANARY not in pressures(services)
    forget_unit(RAIN, services, SECRET, "operator")
    assert pressures(services) == [990.0] * 6
    assert sorted(entry.state.value for entry in services.log.entries(RAIN.name)) == ["live", "quarantined"]
    assert services.documents.shelf(SHELF) == []


class SlowLog:
    """A log whose next storing takes so long that something happens meanwhile."""

    def __init__(self, services: Services, meanwhile: Callable[[], object]) -> None:
        self.log, self.meanwhile = services.log, [meanwhile]

    def append(self, batches: Sequence[Batch]) -> list[Stored]:
        self.meanwhile.pop()()
        return self.log.append(batches)


def test_a_slow_harvest_stores_nothing_of_who_was_forgotten_meanwhile(services: Services, clock: SteppedClock) -> None:
    """Its lease ran out between the note of a batch and its storing: what it still brings is refused."""
    show(services, SECRET, CANARY, group=5)
    show(services, "Bob", group=5)

    def forgotten() -> None:
        clock.step(LAPSE)
        assert forget_unit(RAIN, services, SECRET, "operator").exposures == 3

    slow = SlowLog(services, forgotten)
    assert harvest(RAIN, dataclasses.replace(services, log=slow)) == 0  # type: ignore[arg-type]
    assert pressures(services) == [990.0] * 3
    assert harvest(RAIN, services) == 0
    assert pressures(services) == [990.0] * 3


class SlowJournal:
    """A journal before whose next forgetting something happens."""

    def __init__(self, services: Services, meanwhile: Callable[[], object]) -> None:
        self.journal, self.meanwhile = services.journal, [meanwhile]

    def __getattr__(self, name: str) -> object:
        return getattr(self.journal, name)

    def forget(self, learner: str, unit: str, seen: Collection[str] | None = None) -> Forgotten:
        if self.meanwhile:
            self.meanwhile.pop()()
        return self.journal.forget(learner, unit, seen)


def test_a_slow_forgetting_takes_what_was_harvested_meanwhile(services: Services, clock: SteppedClock) -> None:
    """Its lease ran out, and another process made a batch of what the unit told since: it ends, and is ended later."""
    show(services, SECRET, CANARY, group=5)
    show(services, "Bob", group=5)
    harvest(RAIN, services)

    def harvested() -> None:
        clock.step(LAPSE)
        show(services, SECRET, CANARY, group=5)
        show(services, "Bob", group=5)
        assert harvest(RAIN, services) == 6

    slow = dataclasses.replace(services, journal=SlowJournal(services, harvested))  # type: ignore[arg-type]
    with pytest.raises(LeaseLost, match="try again"):
        forget_unit(RAIN, slow, SECRET, "operator")
    assert forget_unit(RAIN, services, SECRET, "operator") == Removed(6, 6, 2, ())
    assert pressures(services) == [990.0] * 6


@pytest.mark.parametrize("unit", ["", "x" * 201, "\ud800"])
def test_what_is_no_unit_is_refused(services: Services, unit: str) -> None:
    """The field is named."""
    with pytest.raises(WireError, match="unit"):
        forget_unit(RAIN, services, unit, "operator")


def test_no_byte_of_a_forgotten_unit_is_left_in_any_file(tmp_path: Path) -> None:
    """A re-scan of database, packs and logs finds the features before, and nothing after."""
    home = tmp_path / "home"
    services = embedded(home, SteppedClock())
    show(services, SECRET, CANARY, group=5)
    show(services, "Bob", group=5)
    harvest(RAIN, services)
    who = pseudonym(services.journal.secret(), RAIN.name, SECRET)
    needles = [who.encode(), repr(CANARY).encode(), np.float32(CANARY).tobytes()]
    assert {needle for needle in needles for path in files(home) if holds(path, needle)} == set(needles)
    forget_unit(RAIN, services, SECRET, "operator")
    left = [(path.name, needle) for needle in needles for path in files(home) if holds(path, needle)]
    assert left == []
    services.close()


def files(home: Path) -> list[Path]:
    return [path for path in sorted(home.rglob("*")) if path.is_file()]


def holds(path: Path, needle: bytes) -> bool:
    return any(needle in text for text in texts(path.read_bytes()))
