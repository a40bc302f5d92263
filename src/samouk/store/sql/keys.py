"""API keys as rows that hold the hash of a secret, never the secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from samouk.loop.ports import ApiKey, Clock, NotFound, Scope
from samouk.store import api_key
from samouk.store.sql.database import Database
from samouk.store.sql.tables import api_keys


@dataclass(frozen=True, slots=True)
class SqlKeys:
    """One row a key, found by its public id."""

    database: Database
    clock: Clock

    def create(self, label: str, scope: Scope = Scope.UPLOAD) -> tuple[ApiKey, str]:
        key_id, secret = api_key.new_secret()
        key = ApiKey(key_id, label, self.clock.now().date(), scope=scope)
        row = {"key_id": key_id, "label": label, "created": key.created, "revoked": False, "scope": scope.value}
        with self.database.write() as connection:
            connection.execute(sa.insert(api_keys).values(**row, secret_hash=api_key.hash_of(secret)))
        return key, secret

    def verify(self, secret: str) -> ApiKey | None:
        wanted = sa.select(api_keys).where(api_keys.c.key_id == api_key.key_id_of(secret))
        with self.database.read() as connection:
            row = connection.execute(wanted).first()
        known = api_key.opens(secret, row.secret_hash if row else "")
        return _key(row) if row and known and not row.revoked else None

    def revoke(self, key_id: str) -> None:
        change = sa.update(api_keys).where(api_keys.c.key_id == key_id).values(revoked=True)
        with self.database.write() as connection:
            if connection.execute(change).rowcount == 0:
                raise NotFound(f"no key {key_id}")

    def keys(self) -> list[ApiKey]:
        with self.database.read() as connection:
            return [_key(row) for row in connection.execute(sa.select(api_keys).order_by(api_keys.c.sequence))]


def _key(row: Any) -> ApiKey:
    return ApiKey(row.key_id, row.label, row.created, row.revoked, Scope(row.scope))
