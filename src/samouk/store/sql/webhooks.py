"""Webhooks as rows, each delivered to by one server at a time."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from samouk.loop.live import EventKind, Webhook
from samouk.loop.ports import SLACK_SECONDS, Clock, NotFound
from samouk.store.sql.database import Database
from samouk.store.sql.tables import webhooks

LONGEST_CLAIM = dt.timedelta(hours=1)
"""No claim is taken for longer: one that ends later was taken while a clock was ahead."""


@dataclass(frozen=True, slots=True)
class SqlWebhooks:
    """One row a hook. Writers lock single rows, and who claims passes over what others have locked.

    Args:
        database: whose writers wait for nobody.
    """

    database: Database
    clock: Clock

    def add(self, hook: Webhook) -> None:
        with self.database.write() as connection:
            connection.execute(sa.insert(webhooks).values(_row(hook)))

    def claim(self, hook_id: str, holder: str, seconds: float) -> Webhook | None:
        named = sa.select(webhooks.c.sequence).where(webhooks.c.hook_id == hook_id)
        with self.database.write() as connection:
            sequence = connection.scalar(named.with_for_update(skip_locked=True))
            now = self.clock.now()  # once the row is ours: who slept before would take what another has by now
            free = sa.update(webhooks).where(webhooks.c.sequence == sequence, _free(holder, now))
            taken = free.values(holder=holder, until=now + dt.timedelta(seconds=seconds))
            row = connection.execute(taken.returning(webhooks)).first() if sequence is not None else None
        return _hook(row) if row else None

    def update(self, hook: Webhook, holder: str, seconds: float) -> bool:
        mine = (webhooks.c.hook_id == hook.hook_id) & (webhooks.c.holder == holder)
        with self.database.write() as connection:
            connection.execute(sa.select(webhooks.c.sequence).where(mine).with_for_update())
            until = self.clock.now() + dt.timedelta(seconds=seconds)
            kept = sa.update(webhooks).where(mine).values({**_row(hook), "until": until})
            return connection.execute(kept).rowcount > 0

    def free(self, hook_id: str, holder: str) -> None:
        mine = sa.update(webhooks).where(webhooks.c.hook_id == hook_id, webhooks.c.holder == holder)
        with self.database.write() as connection:
            connection.execute(mine.values(holder=None, until=None))

    def hooks(self) -> list[Webhook]:
        with self.database.read() as connection:
            return [_hook(row) for row in connection.execute(sa.select(webhooks).order_by(webhooks.c.sequence))]

    def remove(self, hook_id: str) -> None:
        with self.database.write() as connection:
            if connection.execute(sa.delete(webhooks).where(webhooks.c.hook_id == hook_id)).rowcount == 0:
                raise NotFound(f"no webhook {hook_id}")


def _free(holder: str, now: dt.datetime) -> sa.ColumnElement[bool]:
    ahead = now + dt.timedelta(seconds=SLACK_SECONDS) + LONGEST_CLAIM
    lost = webhooks.c.until.is_(None) | (webhooks.c.until <= now) | (webhooks.c.until > ahead)
    return (webhooks.c.holder == holder) | lost


def _row(hook: Webhook) -> dict[str, Any]:
    row = {spec.name: getattr(hook, spec.name) for spec in dataclasses.fields(hook)}
    return {**row, "kinds": [kind.value for kind in hook.kinds]}


def _hook(row: Any) -> Webhook:
    values = {spec.name: getattr(row, spec.name) for spec in dataclasses.fields(Webhook)}
    return Webhook(**{**values, "kinds": tuple(EventKind(kind) for kind in row.kinds)})
