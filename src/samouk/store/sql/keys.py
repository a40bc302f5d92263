"""API keys as rows that hold the hash of a secret, never the secret."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from samouk.loop.ports import ApiKey, Clock, NotFound, Role, StoreUnavailable
from samouk.store import api_key
from samouk.store.sql.database import Database
from samouk.store.sql.tables import api_keys


@dataclass(frozen=True, slots=True)
class SqlKeys:
    """One row a key, found by its public id."""

    database: Database
    clock: Clock

    def create(
        self,
        label: str,
        role: Role = Role.CONTRIBUTOR,
        learners: Sequence[str] = (),
        expires: dt.datetime | None = None,
    ) -> tuple[ApiKey, str]:
        with self.database.write() as connection:
            return self._create(connection, label, role, learners, expires)

    def _create(
        self, connection: sa.Connection, label: str, role: Role, learners: Sequence[str], expires: dt.datetime | None
    ) -> tuple[ApiKey, str]:
        key_id, secret = api_key.new_secret()
        key = ApiKey(key_id, label, self.clock.now().date(), False, role, tuple(learners), expires)
        row = {
            "key_id": key_id,
            "label": label,
            "created": key.created,
            "revoked": False,
            "role": role.value,
            "learners": list(learners) or None,
            "expires": expires,
            "secret_hash": api_key.hash_of(secret),
        }
        connection.execute(sa.insert(api_keys).values(**row))
        return key, secret

    def verify(self, secret: str) -> ApiKey | None:
        wanted = sa.select(api_keys).where(api_keys.c.key_id == api_key.key_id_of(secret))
        with self.database.read() as connection:
            row = connection.execute(wanted).first()
        known = api_key.opens(secret, row.secret_hash if row else "")
        key = _key(row) if row and known else None
        if key is None or not api_key.in_force(key, self.clock.now()):
            return None
        return self._used(key)

    def _used(self, key: ApiKey) -> ApiKey:
        """The key with today as its last day; written once a day."""
        today = self.clock.now().date()
        if key.last_used == today:
            return key
        change = sa.update(api_keys).where(api_keys.c.key_id == key.key_id).values(last_used=today)
        try:
            with self.database.write() as connection:
                connection.execute(change)
        except StoreUnavailable:
            return key  # who may read must not be kept out because nothing can be written
        return self._of(key.key_id)

    def _of(self, key_id: str) -> ApiKey:
        with self.database.read() as connection:
            return _key(connection.execute(sa.select(api_keys).where(api_keys.c.key_id == key_id)).one())

    def rotate(self, key_id: str, overlap: dt.timedelta) -> tuple[ApiKey, str]:
        with self.database.write() as connection:
            row = connection.execute(sa.select(api_keys).where(api_keys.c.key_id == key_id)).first()
            change = api_key.succession(_key(row) if row else None, key_id, overlap, self.clock.now())
            old = change.old
            connection.execute(sa.update(api_keys).where(api_keys.c.key_id == key_id).values(expires=change.ends))
            return self._create(connection, old.label, old.role, old.learners, change.expires)

    def revoke(self, key_id: str) -> None:
        change = sa.update(api_keys).where(api_keys.c.key_id == key_id).values(revoked=True)
        with self.database.write() as connection:
            if connection.execute(change).rowcount == 0:
                raise NotFound(f"no key {key_id}")

    def keys(self) -> list[ApiKey]:
        with self.database.read() as connection:
            return [_key(row) for row in connection.execute(sa.select(api_keys).order_by(api_keys.c.sequence))]


def _key(row: Any) -> ApiKey:
    return ApiKey(
        row.key_id,
        row.label,
        row.created,
        row.revoked,
        Role(row.role),
        tuple(row.learners or ()),
        row.expires,
        row.last_used,
    )
