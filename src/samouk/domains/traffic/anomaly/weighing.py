"""Weighs the evidence of one window: rules, the user's own normal and novelty speak side by side, none alone.

A model that is taught on known floods finds no unlike flood (NSL-KDD, one type left out: 0 of 8,282), and a rule
finds no slow oddity. So three witnesses are heard in parallel and joined by a noisy-or (Pearl 1988, section 4.3.2);
what is learnt from verdicts moves the result, and can never silence a rule of high severity: see ``KEPT``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.anomaly.schema import (
    DEVIATIONS,
    LARGEST_DEVIATION,
    LARGEST_TIMES,
    MOST_SEEN,
    SCOPES,
    SEVERITIES,
    TIMES,
)
from samouk.domains.traffic.features import FEATURES, LARGEST, SHARES
from samouk.domains.traffic.records import Evidence, Scorer
from samouk.edge.wire import Row
from samouk.loop.columns import Columns, rows_in

if TYPE_CHECKING:
    from samouk.loop.records import Artifact

Floats = NDArray[np.float64]
N = TypeVar("N", float, NDArray[np.float64])

PARTS = ("rules", "own_baseline", "novelty")
FIRST = "v1.0"

AT_ONCE = np.array([0.20, 0.40, 0.60, 0.80])
"""Strength of a rule whose threshold is just reached, from low to critical."""

AT_MOST = np.array([0.40, 0.70, 0.90, 0.97])
"""Strength that it comes to when the threshold is passed many times over."""

KEPT = 0.5
"""Share of the strength of high and critical rules below which nothing that is learnt takes a score: a flood that
operators dismissed a thousand times still scores .3."""

UP = np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.8, 0.6, 0.7, 0.7, 1.0])
DOWN = np.array([0.0, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
"""How much a deviation above or below one's own normal counts, in the order of ``FEATURES``: nobody is harmed by
silence, and how long a connection lasts says little by itself."""

USUAL = 3.0
"""Weighted robust standard deviations that a window may lie off its normal and say nothing."""

STRIDE = 6.0
"""Standard deviations beyond ``USUAL`` at which the own normal has said 63 % of what it can."""

LOUDEST = 0.85
"""What a deviation alone can come to: it says "unlike before", which is no harm yet."""

_TRUST_AT_FIRST, _TRUST_AFTER = 8.0, 20.0
"""A stranger's deviation, which is from everybody's normal, counts 8/20; after n windows (n + 8) / (n + 20)."""

_FEW = 4.0
"""Messages in a window whose mean or share counts half: one failure of two messages is no error burst."""

AVERAGED = np.array(
    [name in ("avg_message_size", "error_rate", "size_spread", "regularity") for name in FEATURES], dtype=np.float64
)
"""Features that are means or shares of the messages."""

_HIGHEST = tuple(1.0 if name in SHARES else LARGEST for name in FEATURES)


class Bounded(NamedTuple):
    """One window as plain floats: a row of ``Reading``."""

    features: list[float]
    deviation: list[float]
    seen: float
    times: list[float]
    server: float


class Reading(NamedTuple):
    """Evidence of n windows as arrays.

    Attributes:
        features: (n, 10), in the order of ``FEATURES``.
        deviation: (n, 10), clipped to ``LARGEST_DEVIATION``.
        seen: (n,) windows that the own normal was learnt from.
        times: (n, 4) by severity from low to critical: of its strongest rule, 0 where none hits.
        server: (n,) 1 for a window of the whole server.
    """

    features: Floats
    deviation: Floats
    seen: Floats
    times: Floats
    server: Floats


def reading_of(columns: Columns) -> Reading:
    """Rows of the learner's schema as arrays."""
    rows = rows_in(columns)

    def stacked(names: tuple[str, ...]) -> Floats:
        return np.stack([columns[name] for name in names], axis=1).astype(np.float64).reshape(rows, len(names))

    return Reading(
        features=stacked(FEATURES),
        deviation=stacked(DEVIATIONS),
        seen=columns["seen"].astype(np.float64),
        times=stacked(TIMES),
        server=(columns["scope"] == SCOPES.index("server")).astype(np.float64),
    )


def bounded(evidence: Evidence, *, server: bool = False) -> Bounded:
    """One window's evidence within the bounds of the schema. Never raises for odd numbers."""
    times = [0.0] * len(SEVERITIES)
    for hit in evidence.hits:
        rank = hit.rule.severity.rank
        times[rank] = max(times[rank], min(max(hit.times, 1.0), LARGEST_TIMES))
    return Bounded(
        # What is no number is taken for the highest.
        [
            float(x) if 0.0 <= x <= most else (0.0 if x < 0.0 else most)
            for x, most in zip(evidence.features, _HIGHEST, strict=True)
        ],
        [_within(deviation) for deviation in evidence.deviation.tolist()],
        min(max(float(evidence.seen), 0.0), float(MOST_SEEN)),
        times,
        float(server),
    )


def _within(deviation: float) -> float:
    if -LARGEST_DEVIATION <= deviation <= LARGEST_DEVIATION:
        return deviation
    return 0.0 if math.isnan(deviation) else math.copysign(LARGEST_DEVIATION, deviation)


def read(evidence: Evidence, *, server: bool = False) -> Reading:
    """One window's evidence as arrays of one row, within the bounds of the schema. Never raises for odd numbers."""
    window = bounded(evidence, server=server)
    return Reading(
        np.array([window.features]),
        np.array([window.deviation]),
        np.array([window.seen]),
        np.array([window.times]),
        np.array([window.server]),
    )


def row_of(evidence: Evidence, *, server: bool = False) -> Row:
    """Evidence as a row of the learner's schema, without what is told later; numbers are brought within its bounds."""
    window = bounded(evidence, server=server)
    row: dict[str, bool | int | float | str | None] = {}
    for names, values in ((FEATURES, window.features), (DEVIATIONS, window.deviation), (TIMES, window.times)):
        row.update(zip(names, values, strict=True))
    row["seen"] = int(window.seen)
    row["scope"] = SCOPES[int(server)]
    return row


def rule_strength(times: Floats, severities: slice = slice(None)) -> Floats:
    """(n,) noisy-or over the severities of the strongest rule of each; 0 where none hits."""
    least, most, over = AT_ONCE[severities], AT_MOST[severities], times[:, severities]
    strength = np.where(over > 0, most - (most - least) / np.maximum(over, 1.0), 0.0)
    return np.asarray(1 - np.multiply.reduce(1 - strength, axis=1))


def trust(seen: N) -> N:
    """Share that a deviation counts for after so many windows."""
    return (seen + _TRUST_AT_FIRST) / (seen + _TRUST_AFTER)


def few(sent: N) -> N:
    """Share that a mean of so many messages loses."""
    return _FEW / (sent + _FEW)


def excess(reading: Reading) -> Floats:
    """(n, 10) weighted deviation of each feature beyond ``USUAL``.

    It is trusted the less the fewer windows were seen before, and what is a mean the fewer messages it is of.
    """
    weighted = np.where(reading.deviation > 0, UP * reading.deviation, -DOWN * reading.deviation)
    sent = reading.features[:, :1]
    return np.maximum(weighted * trust(reading.seen)[:, None] * (1 - AVERAGED * few(sent)) - USUAL, 0.0)


def own_baseline(reading: Reading) -> Floats:
    """(n,) what the user's own normal says: several features that are off say more than one."""
    length = np.sqrt(np.add.reduce(excess(reading) ** 2, axis=1))
    return np.asarray(LOUDEST * -np.expm1(-length / STRIDE))


def noisy_or(parts: Floats) -> Floats:
    """(n, k) independent witnesses → (n,) chance that one of them is right."""
    return np.asarray(1 - np.multiply.reduce(1 - parts, axis=1))


def shares(parts: Floats, score: float) -> Mapping[str, float]:
    """What of one score is whose: by the logarithms that a noisy-or adds up; together they make the score."""
    weights = -np.log1p(-np.minimum(parts, 1 - 1e-9))
    whole = float(weights.sum())
    told = weights * (score / whole) if whole > 0 else np.zeros(len(parts))
    return dict(zip(PARTS, told.tolist(), strict=True))


def heard(reading: Reading, novelty: Floats) -> Floats:
    """(n, 3) what each witness of ``PARTS`` says."""
    parts = np.empty((len(novelty), len(PARTS)))
    parts[:, 0] = rule_strength(reading.times)
    parts[:, 1] = own_baseline(reading)
    parts[:, 2] = novelty
    return parts


def floor(reading: Reading) -> Floats:
    """(n,) below which no score falls, whatever was learnt: see ``KEPT``."""
    return KEPT * rule_strength(reading.times, slice(2, None))


def first_scorer() -> Scorer:
    """What weighs before anything was learnt: v1.0."""
    from samouk.domains.traffic.anomaly.single import FirstScorer

    return FirstScorer()


def scorer_of(artifact: Artifact, version: str = "") -> Scorer:
    """A learnt model as a scorer; ``version`` is the name that its scores carry.

    One of our own needs numpy alone, one that was made elsewhere the ONNX runtime.

    Raises:
        ValueError: the bytes are no model of this learner.
    """
    name = version or str(artifact.metadata.get("version", "learnt"))
    from samouk.domains.traffic.anomaly.elsewhere import ElsewhereScorer, foreign_to

    if foreign_to(artifact):
        return ElsewhereScorer(artifact.data, name)
    from samouk.domains.traffic.anomaly.model import loaded
    from samouk.domains.traffic.anomaly.single import LearntScorer

    return LearntScorer(loaded(artifact.data), name)
