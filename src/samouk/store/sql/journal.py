"""Exposures and outcomes as rows; written in batches, by statements that SQLite repeats by itself."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from random import Random, SystemRandom
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from samouk.loop.live import ArmStats, Checkpoint, DayFigures, Exposure, Forgotten, Heard, Joined, Outcome, Variant
from samouk.loop.ports import Clock, Outdated, forgotten_cursor
from samouk.store.hearing import compared, is_late, who_hash
from samouk.store.sql import figures, retiring
from samouk.store.sql.database import Database, Question, Writer
from samouk.store.sql.micros import micros, moment, span
from samouk.store.sql.retiring import ORIGINS, unlink_unit
from samouk.store.sql.tables import checkpoints, cursors, parked, secrets
from samouk.store.sql.traces import NOTE

_SHOWN = (
    "e.event_id, e.learner, e.version, e.variant, e.unit, e.split_group, e.at, e.score, e.propensity, e.seen, "
    "e.latency_ms, e.rollout, e.step, e.shadows, e.failed"
)
_COLUMNS = _SHOWN.replace("e.", "").split(", ")
_ONE = f"SELECT {_SHOWN} FROM exposures e WHERE e.event_id = ?"  # noqa: S608 - made of constants
_JOIN = """
INSERT INTO outcomes (exposure, learner, metric, value, at, late, assumed, superseded)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
# Without the place in comparisons it counts nowhere, as what came late.
_SUPERSEDE = "UPDATE outcomes SET superseded = TRUE, late = ? WHERE exposure = ? AND metric = ? AND NOT superseded"
_PARK = """
INSERT INTO parked (event_id, metric, learner, value, at, assumed, told, "window")
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id, metric, learner) DO UPDATE SET value = excluded.value,
    at = excluded.at, assumed = excluded.assumed, told = excluded.told, "window" = excluded."window"
"""
_UNPARK = "DELETE FROM parked WHERE event_id = ? AND metric = ? AND learner = ?"

# One parameter, a JSON list of ids, for as many as there are.
_FIND = "SELECT e.event_id, e.number, e.learner, e.at FROM json_each(?) j JOIN exposures e ON e.event_id = j.value"
# By the ids, and not by the learner's index, which would go through its whole history.
_FIND_MINE = f"{_FIND} WHERE e.learner || '' = ?"
_HEARD = """
SELECT e.event_id, o.metric, o.value, o.at, o.assumed
FROM json_each(?) j JOIN exposures e ON e.event_id = j.value JOIN outcomes o ON o.exposure = e.number
WHERE NOT o.superseded AND e.learner || '' = ? ORDER BY o.sequence"""
_WAIT = """
SELECT p.event_id, p.metric, p.value, p.at, p.assumed, p.learner, p."window"
FROM json_each(?) j JOIN parked p ON p.event_id = j.value"""
_WAITING = f"{_WAIT} ORDER BY j.key, p.told"
_WAITING_MINE = f"{_WAIT} WHERE p.learner = ? ORDER BY j.key, p.told"
# In the order of arrival and not by the learner's index either.
_SILENT = """
SELECT e.event_id FROM exposures e
WHERE e.number > ? AND e.learner || '' = ? AND e.at < ? AND NOT e.failed
    AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.exposure = e.number AND o.metric = ?)
ORDER BY e.at, e.number LIMIT ?"""

# Numbers are given under the write lock: what is not seen here gets a higher one.
_SETTLED = """
SELECT COALESCE(
    (SELECT e.number - 1 FROM exposures e
    WHERE e.number > :after AND e.learner || '' = :learner AND NOT e.failed
        AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.exposure = e.number AND o.metric = :metric)
    ORDER BY e.number LIMIT 1),
    (SELECT MAX(number) FROM exposures), 0)"""
_NEWEST = "SELECT MAX(at) FROM exposures WHERE learner = ?"
_UNHEARD = """
SELECT e.version, e.at, e.score FROM exposures e
WHERE e.learner = ? AND e.at >= ? AND e.score IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.exposure = e.number AND o.metric = ?)
ORDER BY e.at DESC, e.number DESC LIMIT ?"""
_SCORED = """
SELECT e.version, e.at, e.score, o.value FROM outcomes o JOIN exposures e ON e.number = o.exposure
WHERE o.learner = ? AND o.metric = ? AND NOT o.superseded AND e.score IS NOT NULL
ORDER BY o.sequence DESC LIMIT ?"""
_BESIDE = f"""
SELECT o.sequence, o.metric, o.value, o.at, o.assumed, o.late, {_SHOWN}
FROM outcomes o JOIN exposures e ON e.number = o.exposure"""  # noqa: S608 - made of constants
_JOINED = f"{_BESIDE} WHERE o.learner = ? AND o.sequence > ? AND NOT o.superseded ORDER BY o.sequence LIMIT ?"
_OF_BATCH = f"{_BESIDE} WHERE o.batch_id = ? AND NOT o.superseded ORDER BY o.sequence"

_THESE = "(SELECT CAST(j.value AS BIGINT) FROM json_each(?) j)"
_MARK = f"""
UPDATE outcomes SET batch_id = ?
WHERE sequence IN {_THESE} AND COALESCE(batch_id, '') = COALESCE(CAST(? AS TEXT), '')"""  # noqa: S608
_BATCHES_OF_UNIT = """
SELECT DISTINCT o.batch_id FROM exposures e JOIN outcomes o ON o.exposure = e.number
WHERE e.learner = ? AND e.unit = ? AND o.batch_id IS NOT NULL ORDER BY o.batch_id"""
_SHOWN_TO_UNIT = "SELECT number FROM exposures WHERE learner = ? AND unit = ?"
_SHOWN_IN_BATCH = """
SELECT DISTINCT o.exposure FROM json_each(?) j JOIN outcomes o ON o.batch_id = j.value WHERE o.learner || '' = ?"""
_KEPT_OF_UNIT = f"SELECT {_SHOWN} FROM exposures e WHERE e.learner = ? AND e.unit = ? ORDER BY e.number"  # noqa: S608
_REFUSALS = """
SELECT r.who, r.learner, r.until FROM json_each(?) j JOIN refused_units r ON r.who = j.value"""
_REFUSE = """
INSERT INTO refused_units (who, learner, until) VALUES (?, ?, ?)
ON CONFLICT (who, learner) DO UPDATE SET until = excluded.until"""
_UNPARKED = """
DELETE FROM parked WHERE event_id IN (SELECT e.event_id FROM json_each(?) j
    JOIN exposures e ON e.number = CAST(j.value AS BIGINT))"""
_TOLD_OF = f"FROM outcomes WHERE exposure IN {_THESE}"
_REMOVE = f"DELETE FROM exposures WHERE number IN {_THESE}"  # noqa: S608
_STATES_SINCE = "FROM checkpoints WHERE learner = ? AND sequence >= ?"
_ONCE_MORE = """
INSERT INTO cursors (name, sequence) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET sequence = cursors.sequence + 1"""

_KNOWN = (_HEARD, _WAITING_MINE)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_Key = tuple[str, str]


@dataclass(slots=True)
class SqlJournal:
    """A row an exposure and a row a joined outcome; outcomes whose exposure is under way wait in ``parked``.

    Whoever writes holds the write lock from its first look on: between the looking for an exposure
    and the parking of its outcome no other process can bring the exposure.
    """

    database: Database
    clock: Clock
    chance: Random = field(default_factory=SystemRandom)
    _secret: bytes = b""

    def secret(self) -> bytes:
        # Asked for with every prediction and outcome; it never changes.
        self._secret = self._secret or self._kept_secret()
        return self._secret

    @contextmanager
    def _asking(self) -> Iterator[Question]:
        with self.database.read() as connection:
            yield self.database.question(connection)

    def _kept_secret(self) -> bytes:
        kept = sa.select(secrets.c.value).where(secrets.c.name == "journal")
        with self.database.read() as connection:
            found = connection.scalar(kept)
        if found is not None:
            return bytes(found)
        made = insert(secrets).values(name="journal", value=self.chance.randbytes(32)).on_conflict_do_nothing()
        with self.database.write() as connection:
            connection.execute(made)
            return bytes(connection.execute(kept).scalar_one())

    def expose(self, exposures: Sequence[Exposure]) -> int:
        if not exposures:
            return 0
        with self.database.transact() as writer:
            welcome = _welcome(writer, exposures)
            new = writer.insert("exposures", _COLUMNS, [_row(exposure) for exposure in welcome], key="event_id")
            if writer.fetch("SELECT 1 FROM parked LIMIT 1"):
                _unpark(writer, [exposure.event_id for exposure in welcome])
        return new

    def tell(self, learner: str, outcomes: Sequence[Outcome], windows: Mapping[str, dt.timedelta]) -> list[Heard]:
        spans = [windows[outcome.metric] for outcome in outcomes]
        if not spans:
            return []
        with self.database.transact() as writer:
            hearing = _Hearing.over(writer, learner, outcomes, micros(self.clock.now()))
            heard = [hearing.hear(outcome, window) for outcome, window in zip(outcomes, spans, strict=True)]
            hearing.write(writer)
        return heard

    def exposure(self, event_id: str) -> Exposure | None:
        with self.database.follow() as ask:
            row = ask(_ONE, event_id)
        return _exposure(row) if row else None

    def outcomes(self, learner: str, event_id: str) -> list[Outcome]:
        names = (json.dumps([event_id]), learner)
        with self._asking() as ask:
            rows = [row[:5] for wanted in _KNOWN for row in ask(wanted, names)]
        return [_outcome(*row) for row in rows]

    def expire(self, learner: str, before: dt.datetime) -> int:
        early = sa.delete(parked).where(parked.c.learner == learner, parked.c.told < micros(before))
        with self.database.write() as connection:
            return connection.execute(early).rowcount

    def newest(self, learner: str) -> dt.datetime | None:
        with self._asking() as ask:
            at = ask(_NEWEST, (learner,)).scalar_one()
        return None if at is None else moment(at)

    def silent(
        self, learner: str, metric: str, before: dt.datetime, limit: int = 10_000, *, after: int = 0
    ) -> list[str]:
        with self._asking() as ask:
            rows = ask(_SILENT, (after, learner, micros(before), metric, limit))
            return [event_id for (event_id,) in rows]

    def settled(self, learner: str, metric: str, after: int = 0) -> int:
        names = {"learner": learner, "metric": metric, "after": after}
        with self._asking() as ask:
            return int(ask(_SETTLED, names).scalar_one())

    def unheard(
        self, learner: str, metric: str, since: dt.datetime, limit: int = 10_000
    ) -> list[tuple[str, dt.datetime, float]]:
        with self._asking() as ask:
            rows = ask(_UNHEARD, (learner, micros(since), metric, limit))
            return [(version, moment(at), score) for version, at, score in rows]

    def scored(self, learner: str, metric: str, limit: int = 10_000) -> list[tuple[str, dt.datetime, float, float]]:
        with self._asking() as ask:
            rows = ask(_SCORED, (learner, metric, limit)).all()
        return [(version, moment(at), score, value) for version, at, score, value in reversed(rows)]

    def joined(self, learner: str, after: int = 0, limit: int = 10_000) -> list[Joined]:
        with self._asking() as ask:
            rows = ask(_JOINED, (learner, after, limit)).all()
        return [_joined(row) for row in rows]

    def mark(self, batch_id: str, sequences: Sequence[int], *, instead_of: str | None = None) -> None:
        with self.database.transact() as writer:
            writer.run(_MARK, (batch_id, json.dumps(list(sequences)), instead_of))

    def of_batch(self, batch_id: str) -> list[Joined]:
        with self._asking() as ask:
            rows = ask(_OF_BATCH, (batch_id,)).all()
        return [_joined(row) for row in rows]

    def batches_of(self, learner: str, unit: str) -> list[str]:
        with self._asking() as ask:
            told = [batch_id for (batch_id,) in ask(_BATCHES_OF_UNIT, (learner, unit))]
            return sorted({*told, *(batch_id for (batch_id,) in ask(ORIGINS, (learner, unit)))})

    def shown_to(self, learner: str, unit: str) -> Iterator[tuple[Exposure, list[Outcome]]]:
        with self._asking() as ask:
            for row in ask(_KEPT_OF_UNIT, (learner, unit)):
                shown = _exposure(row)
                names = (json.dumps([shown.event_id]), learner)
                yield shown, [_outcome(*told[:5]) for told in ask(_HEARD, names)]

    def refuse(self, learner: str, unit: str, until: dt.datetime) -> None:
        with self.database.transact() as writer:
            writer.run(_REFUSE, (who_hash(unit), learner, micros(until)))

    def forget(self, learner: str, unit: str, seen: Collection[str] | None = None) -> Forgotten:
        return self._forget(learner, _SHOWN_TO_UNIT, (learner, unit), seen)

    def forget_batch(self, learner: str, *batch_ids: str) -> Forgotten:
        return self._forget(learner, _SHOWN_IN_BATCH, (json.dumps(batch_ids), learner))

    def _forget(
        self, learner: str, shown: str, whose: tuple[str, str], seen: Collection[str] | None = None
    ) -> Forgotten:
        with self.database.transact() as writer:
            if seen is not None and any(row[0] not in seen for row in writer.fetch(_BATCHES_OF_UNIT, whose)):
                raise Outdated("outcomes of the unit were made into another batch meanwhile: take it along")
            numbers = [number for (number,) in writer.fetch(shown, whose)]
            gone = _remove(writer, learner, numbers)
            if shown == _SHOWN_TO_UNIT:
                unlink_unit(writer, *whose)
        if numbers or self.database.traces:
            self.database.scrub()
        return gone

    def retire(self, learner: str, before: dt.datetime, read: int, rollout: str | None, limit: int) -> Forgotten:
        with self.database.transact() as writer:
            return retiring.retire(writer, learner, micros(before), read, rollout, limit)

    def unlink(self, batch_ids: Sequence[str]) -> None:
        with self.database.transact() as writer:
            retiring.unlink(writer, batch_ids)

    def arms(
        self,
        rollout: str,
        metric: str,
        *,
        slow_ms: float,
        exposed_before: dt.datetime | None = None,
        closed_before: dt.datetime | None = None,
    ) -> list[ArmStats]:
        with self._asking() as ask:
            return figures.arms(ask, rollout, metric, slow_ms, exposed_before, closed_before)

    def crossed(self, rollout: str) -> int:
        with self._asking() as ask:
            return figures.crossed(ask, rollout)

    def shadows(self, rollout: str, metric: str) -> Iterator[tuple[str, float, Mapping[str, float], float]]:
        with self._asking() as ask:
            for unit, score, shadows, value in figures.shadows(ask, rollout, metric):
                yield unit, score, _scores(shadows), value

    def days(self, learner: str, metric: str, since: dt.date, window: dt.timedelta) -> list[DayFigures]:
        opened = micros(self.clock.now()) - span(window)
        with self._asking() as ask:
            return figures.days(ask, learner, metric, since, opened)

    def delays(self, learner: str, metric: str, since: dt.datetime) -> list[tuple[float, bool]]:
        with self._asking() as ask:
            return figures.delays(ask, learner, metric, micros(since), micros(self.clock.now()))

    def checkpoint(self, state: Checkpoint, *, forgotten: int | None = None) -> str | None:
        row = {"sequence": state.sequence, "blob_key": state.blob_key}
        new = insert(checkpoints).values(learner=state.learner, version=state.version, **row)
        mine = (checkpoints.c.learner == state.learner, checkpoints.c.version == state.version)
        counted = sa.select(cursors.c.sequence).where(cursors.c.name == forgotten_cursor(state.learner))
        with self.database.write() as connection:
            if forgotten is not None and (connection.scalar(counted) or 0) != forgotten:
                raise Outdated(f"outcomes of {state.learner} were forgotten since: learn again without")
            before = connection.scalar(sa.select(checkpoints.c.blob_key).where(*mine))
            connection.execute(new.on_conflict_do_update(index_elements=["learner", "version"], set_=row))
            named = connection.scalar(sa.select(sa.exists().where(checkpoints.c.blob_key == before)))
        return None if named else before

    def last_checkpoint(self, learner: str, version: str) -> Checkpoint | None:
        wanted = sa.select(checkpoints).where(checkpoints.c.learner == learner, checkpoints.c.version == version)
        with self.database.read() as connection:
            row = connection.execute(wanted).first()
        return Checkpoint(*row) if row else None

    def cursor(self, name: str) -> int:
        with self.database.read() as connection:
            return connection.scalar(sa.select(cursors.c.sequence).where(cursors.c.name == name)) or 0

    def advance(self, name: str, sequence: int) -> None:
        new = insert(cursors).values(name=name, sequence=sequence)
        further = new.on_conflict_do_update(
            index_elements=["name"], set_={"sequence": sequence}, where=cursors.c.sequence < sequence
        )
        with self.database.write() as connection:
            connection.execute(further)


@dataclass(slots=True)
class _Hearing:
    """One telling: what was known of its events when it began, and the rows that it will write."""

    learner: str
    exposed: dict[str, tuple[int, int]]
    known: dict[_Key, Outcome]
    now: int
    joining: list[tuple[str, tuple[Any, ...]]]
    parking: dict[_Key, tuple[Any, ...]]

    @classmethod
    def over(cls, writer: Writer, learner: str, outcomes: Sequence[Outcome], now: int) -> _Hearing:
        names = (json.dumps(list({outcome.event_id for outcome in outcomes})), learner)
        found = {event_id: (number, at) for event_id, number, _, at in writer.fetch(_FIND_MINE, names)}
        rows = [row[:5] for wanted in _KNOWN for row in writer.fetch(wanted, names)]
        return cls(learner, found, {(row[0], row[1]): _outcome(*row) for row in rows}, now, [], {})

    def hear(self, outcome: Outcome, window: dt.timedelta) -> Heard:
        key = (outcome.event_id, outcome.metric)
        before = self.known.get(key)
        heard = compared(before, outcome) if before else None
        if heard is not None:
            return heard
        self.known[key] = outcome
        if outcome.event_id not in self.exposed:
            at = micros(outcome.at)
            self.parking[key] = (*key, self.learner, outcome.value, at, outcome.assumed, self.now, span(window))
            return Heard.PARKED
        number, exposed_at = self.exposed[outcome.event_id]
        late = is_late(outcome, moment(exposed_at), window)
        if before is not None:
            self.joining.append((_SUPERSEDE, (not late, number, outcome.metric)))
        self.joining.append((_JOIN, _joining(number, self.learner, outcome, late)))
        return Heard.LATE if late else Heard.JOINED

    def write(self, writer: Writer) -> None:
        for statement, rows in groupby(self.joining, key=itemgetter(0)):
            writer.repeat(statement, [row for _, row in rows])
        if self.parking:
            writer.repeat(_PARK, list(self.parking.values()))


def _remove(writer: Writer, learner: str, numbers: list[int]) -> Forgotten:
    """Delete exposures by their numbers, their outcomes, and the checkpoints of what was learnt from them."""
    if not numbers:
        return Forgotten(0, 0)
    of = (json.dumps(numbers),)
    for table in ("checkpoints", "exposures", "outcomes", "parked"):
        writer.run(NOTE, (table,))
    writer.run(_UNPARKED, of)
    ((outcomes, first),) = writer.fetch(f"SELECT COUNT(*), MIN(sequence) {_TOLD_OF}", of)
    states: list[str] = []
    if outcomes:
        learnt = (learner, first)
        states = [key for (key,) in writer.fetch(f"SELECT DISTINCT blob_key {_STATES_SINCE}", learnt)]
        writer.run(f"DELETE {_STATES_SINCE}", learnt)
        kept = {key for (key,) in writer.fetch("SELECT blob_key FROM checkpoints")}
        states = [key for key in states if key not in kept]
        writer.run(_ONCE_MORE, (forgotten_cursor(learner),))
        writer.run(f"DELETE {_TOLD_OF}", of)
    writer.run(_REMOVE, of)
    return Forgotten(len(numbers), outcomes, tuple(states))


def _welcome(writer: Writer, exposures: Sequence[Exposure]) -> Sequence[Exposure]:
    """Those that were not shown to a unit before it was forgotten."""
    if not writer.fetch("SELECT 1 FROM refused_units LIMIT 1"):
        return exposures
    whose = json.dumps(sorted({who_hash(exposure.unit) for exposure in exposures}))
    until = {(who, learner): until for who, learner, until in writer.fetch(_REFUSALS, (whose,))}
    ends = [until.get((who_hash(exposure.unit), exposure.learner)) for exposure in exposures]
    return [one for one, end in zip(exposures, ends, strict=True) if end is None or micros(one.at) >= end]


def _unpark(writer: Writer, event_ids: list[str]) -> None:
    """Join what waited for these exposures."""
    ids = json.dumps(event_ids)
    waiting = writer.fetch(_WAITING, (ids,))
    if not waiting:
        return
    exposed = {row[0]: row[1:] for row in writer.fetch(_FIND, (ids,))}
    joining = []
    for *told, teller, window in waiting:
        outcome = _outcome(*told)
        number, learner, at = exposed[outcome.event_id]
        if teller == learner:  # who told it of another learner meant another event
            late = is_late(outcome, moment(at), dt.timedelta(microseconds=window))
            joining.append(_joining(number, learner, outcome, late))
    writer.repeat(_JOIN, joining)
    writer.repeat(_UNPARK, [(row[0], row[1], row[5]) for row in waiting])


def _joining(number: int, learner: str, outcome: Outcome, late: bool) -> tuple[Any, ...]:
    return (number, learner, outcome.metric, outcome.value, micros(outcome.at), late, outcome.assumed, False)


def _row(exposure: Exposure) -> tuple[Any, ...]:
    shadows = exposure.shadows
    return (
        exposure.event_id,
        exposure.learner,
        exposure.version,
        exposure.variant.value,
        exposure.unit,
        exposure.group,
        micros(exposure.at),
        None if math.isnan(exposure.score) else exposure.score,
        exposure.propensity,
        _encode(exposure.row).decode(),
        exposure.latency_ms,
        exposure.rollout,
        exposure.step,
        _encode(shadows).decode() if shadows else None,
        exposure.failed,
    )


def _exposure(row: Any) -> Exposure:
    event_id, learner, version, variant, unit, group, at, score, propensity, seen, *more = row
    took, rollout, step, shadows, failed = more
    return Exposure(
        event_id=event_id,
        learner=learner,
        version=version,
        variant=Variant(variant),
        unit=unit,
        group=group,
        at=moment(at),
        score=_number(score),
        propensity=propensity,
        row=_decode(seen),
        latency_ms=took,
        rollout=rollout,
        step=step,
        shadows=_scores(shadows) if shadows else {},
        failed=bool(failed),
    )


def _joined(row: Any) -> Joined:
    sequence, metric, value, at, assumed, late, *shown = row
    exposure = _exposure(shown)
    return Joined(sequence, exposure, _outcome(exposure.event_id, metric, value, at, assumed), bool(late))


def _outcome(event_id: str, metric: str, value: float, at: int, assumed: int) -> Outcome:
    return Outcome(event_id, metric, value, moment(at), bool(assumed))


def _scores(text: str) -> dict[str, float]:
    return {version: _number(score) for version, score in _decode(text).items()}


def _number(score: float | None) -> float:
    """NaN is NULL in the database and null in JSON."""
    return float("nan") if score is None else score
