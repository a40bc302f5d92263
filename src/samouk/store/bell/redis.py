"""A bell by Redis' channels: nothing is kept there, so that a flush loses nothing."""

from __future__ import annotations

from collections.abc import Iterator

from samouk.store.bell.distant import HEARTBEAT_S, DistantBell
from samouk.store.redis import ANSWER_S, PREFIX, connect, place


class RedisBell(DistantBell):
    """Published to one channel a database number: channels themselves know no numbers.

    Args:
        url: ``redis://host:port/number``.
    """

    def __init__(self, url: str) -> None:
        from redis.exceptions import RedisError

        super().__init__(place(url), (RedisError, OSError))
        self._sender, self._listener = connect(url), connect(url, HEARTBEAT_S + ANSWER_S)
        self._channel = f"{PREFIX}{self._sender.connection_pool.connection_kwargs.get('db', 0)}:bell"

    def _send(self, message: str) -> None:
        self._sender.publish(self._channel, message)

    def _messages(self) -> Iterator[str | None]:
        with self._listener.pubsub() as channel:  # type: ignore[no-untyped-call]
            channel.subscribe(self._channel)
            while True:
                # The first one tells that the channel is open.
                heard = channel.get_message(timeout=HEARTBEAT_S)
                yield heard["data"].decode() if heard and heard["type"] == "message" else None

    def _disconnect(self) -> None:
        self._sender.close()
        self._listener.close()
