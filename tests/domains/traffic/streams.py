"""Streams of messages for the ears, and ways to feed them."""

from __future__ import annotations

from typing import Any

import numpy as np

from samouk.domains.traffic.ears.extractor import FeatureExtractor
from samouk.domains.traffic.features import Features

T0 = 1_700_000_000.0


def of(extractor: FeatureExtractor, user: str, at: float) -> Features:
    """Features of a user who is known."""
    features = extractor.features(user, at)
    assert features is not None
    return features


def heard(messages: int, step: float, **settings: Any) -> FeatureExtractor:
    """An extractor that heard one user ``ann`` every ``step`` seconds from ``T0`` on."""
    extractor = FeatureExtractor(max_users=10, **settings)
    for number in range(messages):
        extractor.track_user_activity("ann", 100.0, at=T0 + number * step)
    return extractor


def stream(seed: int, rows: int, users: int, seconds: float) -> tuple[list[str], dict[str, Any]]:
    """A stream of many users in the order of time."""
    rng = np.random.default_rng(seed)
    names = [f"user-{number}" for number in rng.integers(0, users, rows)]
    return names, {
        "at": T0 + np.sort(rng.random(rows)) * seconds,
        "message_size": rng.lognormal(6, 1, rows),
        "error": rng.random(rows) < 0.1,
        "rate_limited": rng.random(rows) < 0.05,
        "channels": rng.integers(0, 5, rows),
    }


def singly(extractor: FeatureExtractor, names: list[str], columns: dict[str, Any]) -> list[str]:
    """Feed a stream message by message; who was due."""
    rows = zip(names, *(columns[name].tolist() for name in columns), strict=True)
    return [
        name
        for name, at, size, error, limited, channels in rows
        if extractor.track_user_activity(name, size, channels, error=error, rate_limited=limited, at=at)
    ]
