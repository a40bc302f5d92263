"""Moments as whole microseconds since 1970, exact both ways."""

from __future__ import annotations

import datetime as dt

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
DAY = 86_400_000_000


def span(length: dt.timedelta) -> int:
    """A length of time in microseconds."""
    return (length.days * 86_400 + length.seconds) * 1_000_000 + length.microseconds


def micros(at: dt.datetime) -> int:
    """An aware moment in microseconds. Raises TypeError for one without a zone."""
    return span(at - EPOCH)


def moment(count: int) -> dt.datetime:
    """The moment, in UTC."""
    return EPOCH + dt.timedelta(microseconds=count)
