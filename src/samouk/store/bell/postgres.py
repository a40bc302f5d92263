"""A bell by PostgreSQL's LISTEN and NOTIFY, for a house without Redis."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import TYPE_CHECKING, Any

from samouk.store.bell.distant import HEARTBEAT_S, DistantBell

if TYPE_CHECKING:
    import psycopg

_CHANNEL = "samouk_bell"
_CONNECT_S = 3
_OPTIONS = "-c statement_timeout=3s -c timezone=UTC"


class PostgresBell(DistantBell):
    """A connection that listens, and one that sends; channels belong to one database.

    Args:
        url: ``postgresql://user:password@host:port/name``.
    """

    def __init__(self, url: str) -> None:
        import psycopg

        super().__init__("the bell by PostgreSQL", (psycopg.Error, OSError))
        self._url = url
        self._sender: psycopg.Connection[Any] | None = None
        self._mutex = Lock()

    def _send(self, message: str) -> None:
        with self._mutex:
            if self._sender is None or self._sender.closed:
                self._sender = self._connect()
            self._sender.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, message))

    def _messages(self) -> Iterator[str | None]:
        with self._connect() as connection:
            connection.execute(f"LISTEN {_CHANNEL}".encode())
            yield None
            while True:
                for heard in connection.notifies(timeout=HEARTBEAT_S, stop_after=1):
                    yield heard.payload
                yield None

    def _connect(self) -> psycopg.Connection[Any]:
        import psycopg

        return psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=_CONNECT_S,
            application_name="samouk bell",
            options=_OPTIONS,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
        )

    def _disconnect(self) -> None:
        with self._mutex:
            if self._sender is not None:
                self._sender.close()
