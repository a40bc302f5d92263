"""Webhooks as rows."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from samouk.loop.live import EventKind, Webhook
from samouk.loop.ports import NotFound
from samouk.store.sql.database import Database
from samouk.store.sql.tables import webhooks


@dataclass(frozen=True, slots=True)
class SqlWebhooks:
    """One row a hook."""

    database: Database

    def add(self, hook: Webhook) -> None:
        with self.database.write() as connection:
            connection.execute(sa.insert(webhooks).values(_row(hook)))

    def update(self, hook: Webhook) -> None:
        kept = sa.update(webhooks).where(webhooks.c.hook_id == hook.hook_id)
        with self.database.write() as connection:
            connection.execute(kept.values(_row(hook)))

    def hooks(self) -> list[Webhook]:
        with self.database.read() as connection:
            return [_hook(row) for row in connection.execute(sa.select(webhooks).order_by(webhooks.c.sequence))]

    def remove(self, hook_id: str) -> None:
        with self.database.write() as connection:
            if connection.execute(sa.delete(webhooks).where(webhooks.c.hook_id == hook_id)).rowcount == 0:
                raise NotFound(f"no webhook {hook_id}")


def _row(hook: Webhook) -> dict[str, Any]:
    row = {spec.name: getattr(hook, spec.name) for spec in dataclasses.fields(hook)}
    return {**row, "kinds": [kind.value for kind in hook.kinds]}


def _hook(row: Any) -> Webhook:
    values = dict(row._mapping)
    del values["sequence"]
    return Webhook(**{**values, "kinds": tuple(EventKind(kind) for kind in row.kinds)})
