"""Why a window looks bad, in sentences for whoever looks at the alert."""

from __future__ import annotations

import numpy as np

from samouk.domains.traffic.anomaly.weighing import DOWN, UP, USUAL
from samouk.domains.traffic.features import FEATURES, SHARES, Features
from samouk.domains.traffic.records import Evidence, Hit

OWN = 8
"""Windows from which a baseline is mostly the user's own; before, it is everybody's."""

DEVIATIONS_TOLD = 3
NOVEL = "unlike any window that was seen before, though no single number stands out"

_SIZES = frozenset({"avg_message_size", "size_spread"})
_VALUES = {
    "messages_per_minute": "{} messages a minute",
    "avg_message_size": "messages of {} on average",
    "error_rate": "{} of the messages failed",
    "rate_limit_violations": "{} times over a rate limit within a minute",
    "connection_duration": "connected for {} seconds",
    "channels_count": "{} channels",
    "size_spread": "message sizes that spread by {}",
    "burst": "{} messages within five seconds",
    "regularity": "gaps between messages that are {} regular",
    "addresses": "{} addresses",
}
_NORMALS = {
    "messages_per_minute": ("messages", "{} a minute"),
    "avg_message_size": ("message size", "{}"),
    "error_rate": ("errors", "{}"),
    "rate_limit_violations": ("rate-limit violations", "{} a minute"),
    "connection_duration": ("connection", "{} seconds"),
    "channels_count": ("channels", "{}"),
    "size_spread": ("spread of sizes", "{}"),
    "burst": ("burst", "{} within five seconds"),
    "regularity": ("regularity", "{}"),
    "addresses": ("addresses", "{}"),
}


NOUNS = {name: noun for name, (noun, _) in _NORMALS.items()}
"""Feature → what it is called in a sentence."""


def of_hit(hit: Hit) -> str:
    """``312 messages a minute: 3.1 times the limit of 100``."""
    name = hit.rule.feature
    value = _VALUES[name].format(quantity(name, hit.value))
    return f"{value}: {hit.times:.1f} times the limit of {quantity(name, hit.rule.threshold)}"


def of_deviations(evidence: Evidence, normal: Features, whose: str | None = None) -> list[str]:
    """``messages 6.4 spreads above this user's normal of 12 a minute``: the worst few, the worst first."""
    whose = whose or ("this user's" if evidence.seen >= OWN else "everybody's")
    deviation = evidence.deviation
    weighed = np.where(deviation > 0, UP * deviation, -DOWN * deviation)
    told = []
    for place in np.argsort(-weighed)[:DEVIATIONS_TOLD]:
        if weighed[place] <= USUAL:
            break
        name, spreads = FEATURES[place], float(deviation[place])
        noun, unit = _NORMALS[name]
        usual = unit.format(quantity(name, normal[place]))
        told.append(
            f"{noun} {abs(spreads):.1f} spreads {'above' if spreads > 0 else 'below'} {whose} normal of {usual}"
        )
    return told


def reasons(evidence: Evidence, normal: Features, *, novel: bool = True) -> tuple[str, ...]:
    """All that speaks against a window; nothing where nothing does. ``novel``: whether novelty spoke."""
    told = [of_hit(hit) for hit in evidence.hits] + of_deviations(evidence, normal)
    return tuple(told) or ((NOVEL,) if novel else ())


def quantity(feature: str, value: float) -> str:
    """A value in the feature's unit, as short as it can be read."""
    if feature in SHARES:
        return f"{value:.0%}"
    if feature in _SIZES:
        return _bytes(value)
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"


def _bytes(value: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{value:,.0f} {unit}" if unit == "bytes" or value == int(value) else f"{value:,.1f} {unit}"
        value /= 1024
    raise AssertionError("the last unit takes every value")
