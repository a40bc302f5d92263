"""Rollouts as rows with their history as JSON; events and thresholds as rows that only ever come to."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from samouk.loop.live import Event, EventKind, Move, Rollout, RolloutState, Threshold
from samouk.loop.ports import Outdated
from samouk.loop.records import TriggerKind
from samouk.loop.rollout_policy import RolloutPolicy
from samouk.store.sql.database import Database
from samouk.store.sql.tables import events as event_table
from samouk.store.sql.tables import rollouts
from samouk.store.sql.tables import thresholds as threshold_table

_SPANS = ("dwell", "patience", "quiet")
_OPEN = rollouts.c.state.in_([state.value for state in RolloutState if not state.over])


@dataclass(frozen=True, slots=True)
class SqlRollouts:
    """One row a rollout, replaced only by who read its present revision."""

    database: Database

    def save(self, rollout: Rollout, events: Sequence[Event] = ()) -> Rollout:
        saved = replace(rollout, revision=rollout.revision + 1)
        row = _row(saved)
        kept = insert(rollouts).values(row).on_conflict_do_update(index_elements=["rollout_id"], set_=row)
        with self.database.write() as connection:
            _refuse_outdated(connection, rollout)
            _refuse_second(connection, rollout)
            connection.execute(kept)
            _say(connection, events)
        return saved

    def active(self, learner: str) -> Rollout | None:
        wanted = sa.select(rollouts).where(rollouts.c.learner == learner, _OPEN)
        with self.database.read() as connection:
            row = connection.execute(wanted).first()
        return _rollout(row) if row else None

    def rollouts(self, learner: str, limit: int = 100) -> list[Rollout]:
        newest = (rollouts.c.started.desc(), rollouts.c.sequence.desc())
        wanted = sa.select(rollouts).where(rollouts.c.learner == learner).order_by(*newest).limit(limit)
        with self.database.read() as connection:
            return [_rollout(row) for row in connection.execute(wanted)]

    def say(self, events: Sequence[Event]) -> None:
        with self.database.write() as connection:
            _say(connection, events)

    def events(self, after: int = 0, limit: int = 1000) -> list[Event]:
        newer = sa.select(event_table).where(event_table.c.sequence > after)
        with self.database.read() as connection:
            return [_event(row) for row in connection.execute(newer.order_by(event_table.c.sequence).limit(limit))]

    def last_event(self) -> int:
        with self.database.read() as connection:
            return connection.scalar(sa.select(sa.func.max(event_table.c.sequence))) or 0

    def note(self, thresholds: Sequence[Threshold]) -> None:
        rows = [{**_fields(threshold), "kind": threshold.kind.value} for threshold in thresholds]
        if rows:
            with self.database.write() as connection:
                connection.execute(sa.insert(threshold_table), rows)

    def thresholds(self, learner: str) -> list[Threshold]:
        mine = sa.select(threshold_table).where(threshold_table.c.learner == learner)
        with self.database.read() as connection:
            return [_threshold(row) for row in connection.execute(mine.order_by(threshold_table.c.sequence))]


def _refuse_outdated(connection: sa.Connection, rollout: Rollout) -> None:
    wanted = sa.select(rollouts.c.revision).where(rollouts.c.rollout_id == rollout.rollout_id)
    if rollout.revision != (connection.scalar(wanted) or 0):
        raise Outdated(f"rollout {rollout.rollout_id} was changed by somebody else: read it again")


def _refuse_second(connection: sa.Connection, rollout: Rollout) -> None:
    """The index ``one_rollout`` would refuse it too; this says which one is in the way."""
    others = sa.select(rollouts.c.rollout_id).where(rollouts.c.learner == rollout.learner, _OPEN)
    other = connection.scalar(others.where(rollouts.c.rollout_id != rollout.rollout_id))
    if other is not None and not rollout.state.over:
        raise Outdated(f"{rollout.learner} has a rollout already, {other}: end it first")


def _say(connection: sa.Connection, events: Sequence[Event]) -> None:
    rows = [
        {"kind": event.kind.value, "learner": event.learner, "at": event.at, "body": dict(event.body)}
        for event in events
    ]
    if rows:
        connection.execute(sa.insert(event_table), rows)


def _fields(record: Any) -> dict[str, Any]:
    return {spec.name: getattr(record, spec.name) for spec in dataclasses.fields(record)}


def _row(rollout: Rollout) -> dict[str, Any]:
    values = _fields(rollout)
    columns = {name: values.pop(name) for name in ("rollout_id", "learner", "state", "started", "revision")}
    history = [{**_fields(move), "at": move.at.isoformat(), "figures": dict(move.figures)} for move in rollout.history]
    plain = {"challengers": dict(rollout.challengers), "since": rollout.since.isoformat(), "history": history}
    policy = _policy_row(rollout.policy)
    return {**columns, "state": rollout.state.value, "body": {**values, **plain, "policy": policy}}


def _policy_row(policy: RolloutPolicy) -> dict[str, Any]:
    """As JSON has no spans of time, they are numbers of seconds."""
    fields = _fields(policy)
    return {**fields, **{name: fields[name].total_seconds() for name in _SPANS}}


def _policy(row: dict[str, Any]) -> RolloutPolicy:
    spans = {name: dt.timedelta(seconds=row[name]) for name in _SPANS}
    return RolloutPolicy(**{**row, **spans, "steps": tuple(row["steps"])})


def _rollout(row: Any) -> Rollout:
    body = {
        **row.body,
        "steps": tuple(row.body["steps"]),
        "since": dt.datetime.fromisoformat(row.body["since"]),
        "policy": _policy(row.body["policy"]),
        "history": tuple(Move(**{**move, "at": dt.datetime.fromisoformat(move["at"])}) for move in row.body["history"]),
    }
    return Rollout(
        row.rollout_id, row.learner, state=RolloutState(row.state), started=row.started, revision=row.revision, **body
    )


def _event(row: Any) -> Event:
    return Event(EventKind(row.kind), row.learner, row.at, row.body, row.sequence)


def _threshold(row: Any) -> Threshold:
    return Threshold(row.learner, TriggerKind(row.kind), row.name, row.before, row.after, row.reason, row.at)
