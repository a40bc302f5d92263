"""Runs as rows: what is asked for in columns, the rest as one JSON body."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from samouk.loop.records import Decision, Figure, Order, Run, RunEnd, TriggerKind, Verdict
from samouk.store.sql.database import Database
from samouk.store.sql.jsons import number
from samouk.store.sql.tables import runs


@dataclass(frozen=True, slots=True)
class SqlRuns:
    """One row a run, replaced as the run goes on."""

    database: Database

    def save(self, run: Run) -> None:
        row = _row(run)
        saved = insert(runs).values(row).on_conflict_do_update(index_elements=[runs.c.run_id], set_=row)
        with self.database.write() as connection:
            connection.execute(saved)

    def runs(self, learner: str, limit: int = 100) -> list[Run]:
        with self.database.read() as connection:
            return [_run(row) for row in connection.execute(_newest(learner).limit(limit))]

    def last_finished(self, learner: str) -> Run | None:
        ended = _newest(learner).where(runs.c.end.is_not(None), runs.c.end != RunEnd.FAILED.value)
        with self.database.read() as connection:
            row = connection.execute(ended.limit(1)).first()
        return _run(row) if row else None

    def ends(self, learner: str) -> dict[RunEnd, int]:
        ended = sa.select(runs.c.end, sa.func.count()).where(runs.c.learner == learner, runs.c.end.is_not(None))
        with self.database.read() as connection:
            return {RunEnd(end): count for end, count in connection.execute(ended.group_by(runs.c.end))}


def _newest(learner: str) -> sa.Select[Any]:
    return sa.select(runs).where(runs.c.learner == learner).order_by(runs.c.sequence.desc())


def _row(run: Run) -> dict[str, Any]:
    body = {
        "order": dataclasses.asdict(run.order),
        "version": run.version,
        "snapshot": run.snapshot,
        "verdict": dataclasses.asdict(run.verdict) if run.verdict else None,
        "notes": run.notes,
        "error": run.error,
        "told": run.told,
    }
    return {
        "run_id": run.run_id,
        "learner": run.learner,
        "started": run.started,
        "ended": run.ended,
        "end": run.end.value if run.end else None,
        "body": body,
    }


def _run(row: Any) -> Run:
    body = row.body
    return Run(
        run_id=row.run_id,
        learner=row.learner,
        order=Order(**{**body["order"], "kind": TriggerKind(body["order"]["kind"])}),
        started=row.started,
        ended=row.ended,
        end=RunEnd(row.end) if row.end else None,
        version=body["version"],
        snapshot=body["snapshot"],
        verdict=_verdict(body["verdict"]) if body["verdict"] else None,
        notes=tuple(body["notes"]),
        error=body["error"],
        told=body.get("told", True),  # of a run that an older samouk kept nobody knows
    )


def _verdict(body: dict[str, Any]) -> Verdict:
    figures = tuple(_figure(figure) for figure in body["figures"])
    return Verdict(Decision(body["decision"]), tuple(body["reasons"]), figures)


def _figure(body: dict[str, Any]) -> Figure:
    """Where nothing was held out there is no mean."""
    return Figure(**{**body, "champion": number(body["champion"]), "challenger": number(body["challenger"])})
