"""What is told of predictions: what is refused, what silence means, and how it becomes something to learn from."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from examples.will_it_rain import RAIN
from tests.canary import CANARIES, leaks
from tests.loop.people import embedded

from samouk.edge.wire import receipt_hash
from samouk.loop import outcome
from samouk.loop.exposure import foreign_event_id, new_event_id
from samouk.loop.live import Exposure, Heard, Joined, Variant
from samouk.loop.outcome import BadOutcome, Told, assume_silence, explain, harvest, receipt_of, standing, tell
from samouk.loop.ports import Services
from samouk.loop.records import Batch, Stored
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services

DAY = dt.timedelta(days=1)
ROW = {"pressure": 990.0, "humidity": 0.75}


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture(params=["memory", "embedded"])
def services(request: pytest.FixtureRequest, tmp_path: Path, clock: SteppedClock) -> Iterator[Services]:
    made = memory_services(clock) if request.param == "memory" else embedded(tmp_path / "home", clock)
    yield made
    made.close()


def show(services: Services, n: int = 1, *, learner: str = RAIN.name, group: int | None = None) -> list[str]:
    """So many exposures now; their ids."""
    now = services.clock.now()
    shown = [
        Exposure(
            event_id=new_event_id(services.journal.secret(), now),
            learner=learner,
            version="v1.0",
            variant=Variant.CHAMPION,
            unit=f"{place:016x}",
            group=place % 16 if group is None else group,
            at=now,
            score=0.9,
            propensity=1.0,
            row=ROW,
        )
        for place in range(n)
    ]
    services.journal.expose(shown)
    return [one.event_id for one in shown]


def told_all(services: Services, n: int, value: float = 1.0) -> list[str]:
    event_ids = show(services, n)
    tell(RAIN, services, [Told(event_id, "content", value) for event_id in event_ids])
    return event_ids


def rows_of(services: Services) -> int:
    return services.log.stats(RAIN.name).total_samples


@pytest.mark.parametrize(
    ("field", "word", "change"),
    [
        ("metric", "it has content, complaints", {"metric": "applause"}),
        ("value", "between 0 and 1", {"value": 1.2}),
        ("value", "between 0 and 1", {"value": math.nan}),
        ("value", "must be a number", {"value": True}),
        ("event_id", "is unknown", {"event_id": "0" * 32}),
        ("event_id", "is unknown", {"event_id": "no such event"}),
        ("at", "in the future", {"at": dt.timedelta(minutes=2)}),
        ("at", "before the prediction", {"at": -dt.timedelta(minutes=2)}),
    ],
)
def test_what_cannot_be_true_is_refused_by_field(
    services: Services, field: str, word: str, change: dict[str, object]
) -> None:
    """The error names the item and the field and says what would be right, and nothing of the call is kept."""
    good, other = show(services, 2)
    if isinstance(offset := change.get("at"), dt.timedelta):
        change = {"at": services.clock.now() + offset}
    bad = dataclasses.replace(Told(other, "content", 1.0), **change)  # type: ignore[arg-type]
    with pytest.raises(BadOutcome, match=word) as refused:
        tell(RAIN, services, [Told(good, "content", 1.0), bad])
    assert refused.value.field == f"outcomes[1].{field}"
    assert services.journal.outcomes(RAIN.name, good) == []


def test_a_moment_without_a_time_zone_is_refused(services: Services) -> None:
    """Nobody guesses an offset."""
    (event_id,) = show(services)
    with pytest.raises(BadOutcome, match="no time zone"):
        tell(RAIN, services, [Told(event_id, "content", 1.0, dt.datetime(2026, 1, 5))])


def test_clocks_may_differ_by_a_minute(services: Services) -> None:
    """A little early is taken for the exposure's moment, a little late for now."""
    first, second = show(services, 2)
    now = services.clock.now()
    near = dt.timedelta(seconds=50)
    tell(RAIN, services, [Told(first, "content", 1.0, now - near), Told(second, "content", 1.0, now + near)])
    assert [services.journal.outcomes(RAIN.name, one)[0].at for one in (first, second)] == [now, now]


def test_a_clock_that_was_set_back_loses_no_outcome(services: Services, clock: SteppedClock) -> None:
    """What is told without a moment is never before its exposure."""
    (event_id,) = show(services)
    shown = clock.now()
    clock.step(-DAY)
    assert tell(RAIN, services, [Told(event_id, "content", 1.0)]) == [Heard.JOINED]
    assert services.journal.outcomes(RAIN.name, event_id)[0].at == shown


def test_less_is_better_is_turned_round(services: Services) -> None:
    """Three complaints of at most three are the worst that can be, in [0, 1]."""
    (event_id,) = show(services)
    tell(RAIN, services, [Told(event_id, "complaints", 3)])
    assert services.journal.outcomes(RAIN.name, event_id)[0].value == 0.0
    assert standing(RAIN, services, Told(event_id, "complaints", 0)) == 3.0


def test_told_twice_early_late_and_otherwise(services: Services, clock: SteppedClock) -> None:
    """Once is kept, the same again changes nothing, another value is told apart with both, late ones are marked."""
    first, second = show(services, 2)
    early = new_event_id(services.journal.secret(), clock.now())
    assert tell(RAIN, services, [Told(first, "content", 1.0)]) == [Heard.JOINED]
    assert tell(RAIN, services, [Told(first, "content", 1.0)]) == [Heard.DUPLICATE]
    other = Told(first, "content", 0.0)
    assert tell(RAIN, services, [other]) == [Heard.CONTRADICTION]
    assert explain(RAIN, services, other, Heard.CONTRADICTION) == (
        "content was told before as 1, now as 0; the first one stands"
    )
    assert tell(RAIN, services, [Told(early, "content", 1.0)]) == [Heard.PARKED]
    clock.step(2 * DAY)
    assert tell(RAIN, services, [Told(second, "content", 1.0)]) == [Heard.LATE]


def test_an_event_of_another_learner_is_told_where_it_belongs(services: Services) -> None:
    """An id of this store does not fit every learner."""
    (event_id,) = show(services, learner="toy.side")
    with pytest.raises(BadOutcome, match=r"belongs to toy\.side"):
        tell(RAIN, services, [Told(event_id, "content", 1.0)])


def test_an_event_is_found_by_the_applications_own_name(services: Services, clock: SteppedClock) -> None:
    """Who named the event itself tells of it by that name."""
    (shown,) = (services.journal.exposure(one) for one in show(services))
    assert shown is not None
    named = foreign_event_id(services.journal.secret(), RAIN.name, "order 17")
    services.journal.expose([dataclasses.replace(shown, event_id=named)])
    assert tell(RAIN, services, [Told("order 17", "content", 1.0)]) == [Heard.JOINED]
    assert services.journal.outcomes(RAIN.name, named)[0].value == 1.0


def test_silence_counts_once_its_window_has_closed(services: Services, clock: SteppedClock) -> None:
    """No complaint is a good word after a day, not before; the second look finds nothing, and a late word counts."""
    spoke, silent = show(services, 2)
    tell(RAIN, services, [Told(spoke, "complaints", 3)])
    assert assume_silence(RAIN, services) == 0
    clock.step(DAY + dt.timedelta(seconds=1))
    show(services)
    assert assume_silence(RAIN, services) == 1
    assert assume_silence(RAIN, services) == 0
    (assumed,) = services.journal.outcomes(RAIN.name, silent)
    assert (assumed.value, assumed.assumed, assumed.at) == (1.0, True, clock.now() - dt.timedelta(seconds=1))
    assert tell(RAIN, services, [Told(silent, "complaints", 1)]) == [Heard.LATE]


def test_who_arrives_late_is_not_missed(services: Services, clock: SteppedClock) -> None:
    """Old exposures that come behind newer ones, as from a spool, are given what silence means at the next look."""
    (first,) = show(services)
    began = clock.now()
    clock.step(2 * DAY)
    (open_one,) = show(services)
    assert assume_silence(RAIN, services) == 1
    late = services.journal.exposure(first)
    assert late is not None
    services.journal.expose([dataclasses.replace(late, event_id=new_event_id(services.journal.secret(), began))])
    assert assume_silence(RAIN, services) == 1
    assert services.journal.outcomes(RAIN.name, open_one) == []
    clock.step(2 * DAY)
    told = tell(RAIN, services, [Told(one, "complaints", 0) for one in show(services)])
    assert told == [Heard.JOINED]
    assert assume_silence(RAIN, services) == 1
    cursor = f"silent:{RAIN.name}:complaints"
    assert services.journal.cursor(cursor) == services.journal.settled(RAIN.name, "complaints") == 4


def test_a_clock_that_is_ahead_for_one_look_closes_nothing(services: Services, clock: SteppedClock) -> None:
    """Without traffic nothing is assumed; and where it was assumed after all, a word within the window still counts."""
    first, second = show(services, 2)
    clock.step(3 * DAY)
    assert assume_silence(RAIN, services) == 0
    show(services)
    assert assume_silence(RAIN, services) == 2
    clock.step(-3 * DAY)
    assert tell(RAIN, services, [Told(first, "complaints", 3)]) == [Heard.JOINED]
    assert [one.assumed for event in (first, second) for one in services.journal.outcomes(RAIN.name, event)] == [
        False,
        True,
    ]


def test_outcomes_that_never_find_a_prediction_go(services: Services, clock: SteppedClock) -> None:
    """After a week, and the audit says how many."""
    tell(RAIN, services, [Told(new_event_id(services.journal.secret(), clock.now()), "content", 1.0) for _ in "abc"])
    clock.step(outcome.PARKED)
    assume_silence(RAIN, services)
    assert services.audit.entries() == []
    clock.step(dt.timedelta(seconds=1))
    assume_silence(RAIN, services)
    assume_silence(RAIN, services)
    assert [(one.act.action, one.act.reason.split()[0]) for one in services.audit.entries()] == [("drop", "3")]


@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2020-01-01T00:00:00+00:00"])
def test_moments_that_cannot_be_are_refused(services: Services, at: str, shown: bool) -> None:
    """Outside of the calendar, in the future or before the prediction, be it here already or only named by its id."""
    secret, now = services.journal.secret(), services.clock.now()
    event_id = show(services)[0] if shown else new_event_id(secret, now)
    with pytest.raises(BadOutcome, match=r"outcomes\[0\]\.at"):
        tell(RAIN, services, [Told(event_id, "content", 1.0, dt.datetime.fromisoformat(at))])
    assert services.journal.outcomes(RAIN.name, event_id) == []


def test_outcomes_become_batches_of_their_units_groups(services: Services) -> None:
    """Each row has what was seen and what followed, stands in its unit's group, and is harvested once."""
    told_all(services, 40)
    assert harvest(RAIN, services) == 40
    assert harvest(RAIN, services) == 0
    entries = services.log.entries(RAIN.name)
    assert [entry.group for entry in entries] == list(range(16))
    assert all(uuid.UUID(entry.batch_id).version == 4 for entry in entries)
    _, columns = next(iter(services.log.read(entries)))
    assert columns["pressure"].tolist() == [np.float32(990)] * 3
    assert columns["rained"].tolist() == [1, 1, 1]


def test_a_patient_harvest_waits_for_a_full_window_or_a_day(services: Services, clock: SteppedClock) -> None:
    """Every minute's look makes no batch of a row or two."""
    told_all(services, outcome.WINDOW + 20)
    assert harvest(RAIN, services, patiently=True) == outcome.WINDOW
    assert harvest(RAIN, services, patiently=True) == 0
    clock.step(DAY)
    assert harvest(RAIN, services, patiently=True) == 20


def test_many_waiting_outcomes_make_few_batches_of_a_thousand_rows_at_most(clock: SteppedClock) -> None:
    """A unit that brings everything still makes no larger batch than others."""
    services = memory_services(clock)
    event_ids = show(services, outcome.WIDE_WINDOW, group=3)
    tell(RAIN, services, [Told(one, "content", 1.0) for one in event_ids])
    assert harvest(RAIN, services) == outcome.WIDE_WINDOW
    entries = services.log.entries(RAIN.name)
    assert [entry.rows for entry in entries] == [outcome.BATCH_ROWS] * 8


class DyingLog:
    """A log whose process is killed before or after it stores."""

    def __init__(self, services: Services, before: bool) -> None:
        self.log, self.before = services.log, before

    def append(self, batches: list[Batch]) -> list[Stored]:
        if not self.before:
            self.log.append(batches)
        raise KeyboardInterrupt


@pytest.mark.parametrize("before", [True, False])
def test_a_killed_harvest_is_finished_without_a_row_twice(services: Services, before: bool) -> None:
    """The window was agreed upon, so that outcomes which come in between stay out of it."""
    told_all(services, 30)
    dying = dataclasses.replace(services, log=DyingLog(services, before))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        harvest(RAIN, dying)
    told_all(services, 25)
    harvest(RAIN, services)
    assert rows_of(services) == 55
    assert harvest(RAIN, services) == 0


def test_two_harvests_at_once_are_one(services: Services) -> None:
    """While one process harvests, another leaves it to it."""
    told_all(services, 10)
    assert services.leases.acquire(f"harvest:{RAIN.name}", "somebody else", 60)
    assert harvest(RAIN, services) == 0
    services.leases.release(f"harvest:{RAIN.name}", "somebody else")
    assert harvest(RAIN, services) == 10


def test_outcomes_that_make_no_sample_are_passed_over_and_said(services: Services) -> None:
    """What was seen under an older schema is on record, and what comes after it is learnt from."""
    told_all(services, 5)

    def odd(joined: Joined) -> dict[str, object]:
        return {**joined.exposure.row, "rained": True, **({"wind": 3} if joined.exposure.group == 0 else {})}

    strange = dataclasses.replace(RAIN, sample=odd)  # type: ignore[arg-type]
    assert harvest(strange, services) == 4
    acts = [entry.act for entry in services.audit.entries() if entry.act.action == "skip"]
    assert acts[0].reason == "1 outcomes make no sample of the schema; the first: wind: is not a field of this schema"


def test_what_makes_no_sample_is_not_quoted(services: Services) -> None:
    """The audit names the field that does not fit and keeps no value of it: nothing can be erased there."""
    told_all(services, 5)
    secret = CANARIES["email"]
    assert harvest(dataclasses.replace(RAIN, sample=lambda one: {**one.exposure.row, "rained": secret}), services) == 0
    acts = services.audit.entries()
    assert acts[-1].act.reason == "5 outcomes make no sample of the schema; the first: rained: does not fit the schema"
    assert leaks(str(acts)) == []


def test_a_harvested_batch_is_erased_with_the_receipt_of_the_platform(services: Services) -> None:
    """The operator can have every batch of the harvest erased, and it does not come back."""
    told_all(services, 16)
    harvest(RAIN, services)
    gone = services.log.entries(RAIN.name)[0].batch_id
    erasure = services.log.erase(gone, receipt_hash(receipt_of(services, gone)))
    assert erasure.rows == 1
    assert harvest(RAIN, services) == 0
    assert rows_of(services) == 15
