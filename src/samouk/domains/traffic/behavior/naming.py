"""Names groups of users by what is typical of them, in words that a person can check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.features import FEATURES

Floats = NDArray[np.float64]

WORDS: dict[str, tuple[str, str]] = {
    "messages_per_minute": ("many messages", "few messages"),
    "avg_message_size": ("large messages", "small messages"),
    "error_rate": ("many errors", "few errors"),
    "rate_limit_violations": ("often over limits", "seldom over limits"),
    "connection_duration": ("long sessions", "short sessions"),
    "channels_count": ("many channels", "few channels"),
    "size_spread": ("sizes that vary", "sizes alike"),
    "burst": ("in bursts", "evenly spread"),
    "regularity": ("like a clock", "irregular"),
    "addresses": ("many addresses", "few addresses"),
}
"""What a group is called that lies above, or below, the mean user."""

EVERYBODY = "everybody"
TYPICAL = 3
"""Features of a name, at most; two where they tell the groups apart."""

_TELLING = 0.4
"""Standard deviations among users off the mean user from which a feature tells anything."""


class Typical(NamedTuple):
    """A feature that a group is known by: signed standard deviations among users from the mean user."""

    feature: str
    away: float


def typical(away: Floats) -> list[list[Typical]]:
    """(k, d) centers' distance from the mean user in standard deviations → each group's features, the first first.

    What a group alone has counts more than what it shares with others: its distance, and half of that to the
    nearest other group in this feature.
    """
    found = []
    for number, own in enumerate(away):
        others = np.delete(away, number, axis=0)
        gap = np.abs(others - own).min(axis=0) if len(others) else np.zeros(len(own))
        order = np.argsort(-(np.abs(own) + gap / 2), kind="stable")
        kept = [Typical(FEATURES[place], round(float(own[place]), 2)) for place in order if abs(own[place]) > _TELLING]
        found.append(kept[:TYPICAL])
    return found


def names(groups: Sequence[Sequence[Typical]]) -> list[str]:
    """A name each: two features where that tells all groups apart, three for those that it does not.

    Groups that share even three are numbered.
    """
    if len(groups) == 1:
        return [EVERYBODY]
    short = [_words(group[:2]) for group in groups]
    long = [_words(group) if short.count(name) > 1 else name for name, group in zip(short, groups, strict=True)]
    return [
        f"{name} ({long[: place + 1].count(name)})" if long.count(name) > 1 else name for place, name in enumerate(long)
    ]


def _words(group: Sequence[Typical]) -> str:
    return ", ".join(WORDS[feature][away < 0] for feature, away in group) or "like the mean user"
