"""How Redis is reached: quickly or not at all, under names of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from samouk.loop.ports import StoreUnavailable

if TYPE_CHECKING:
    import redis

PREFIX = "samouk:"
"""Begins every key and channel, so that other programs in the same Redis are not in the way."""

ANSWER_S = 0.25
"""How long an answer may take: what is kept there can be done without."""


# The parser's own words may hold a part of the password.
_UNUSABLE = (
    "SAMOUK_REDIS_URL cannot be used: write redis://:password@host:port/number, with / ? # and @ of the password "
    "percent-encoded (%2F %3F %23 %40)"
)


def connect(url: str, answer: float = ANSWER_S) -> redis.Redis:
    """A pool of connections, none of which is opened before it is needed.

    Args:
        answer: seconds that one may take.

    Raises:
        StoreUnavailable: the URL is none of Redis.
    """
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    try:
        return redis.Redis.from_url(
            url,
            socket_connect_timeout=answer,
            socket_timeout=answer,
            socket_keepalive=True,
            health_check_interval=30,
            # Once: a connection that lay idle while the server was restarted is dead, and a fresh one is not.
            retry=Retry(NoBackoff(), 1),
        )
    except ValueError:
        raise StoreUnavailable(_UNUSABLE) from None


def place(url: str) -> str:
    """Where it lies, in words without its password. Raises StoreUnavailable."""
    try:
        parts = urlsplit(url)
        return f"Redis at {parts.hostname or 'localhost'}:{parts.port or 6379}{parts.path}"
    except ValueError:
        raise StoreUnavailable(_UNUSABLE) from None
