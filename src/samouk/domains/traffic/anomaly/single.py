"""One window weighed in plain floats: what ``weighing`` and ``model`` say of many rows at once, in a tenth of the time.

An array of one row costs as much for each step as one of a hundred, and a window takes more than a hundred steps.
Tests hold both ways to the same scores.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from samouk.domains.traffic.anomaly import forest, novelty, weighing
from samouk.domains.traffic.anomaly.model import EDGE, LEVEL, Learnt
from samouk.domains.traffic.anomaly.schema import LARGEST_DEVIATION, LARGEST_TIMES, SEVERITIES
from samouk.domains.traffic.anomaly.weighing import FIRST, KEPT, PARTS, USUAL, Bounded, bounded
from samouk.domains.traffic.features import level
from samouk.domains.traffic.records import Evidence, Scored

_RULES = tuple(zip(weighing.AT_ONCE.tolist(), weighing.AT_MOST.tolist(), strict=True))
_GRAVE = 2
"""Severities from this one on are kept by ``weighing.floor``."""

_COUNTS = tuple(zip(weighing.UP.tolist(), weighing.DOWN.tolist(), weighing.AVERAGED.tolist(), strict=True))
_WHOLE_TIMES, _WHOLE_DEVIATION = math.log(LARGEST_TIMES), math.log1p(LARGEST_DEVIATION)


class Heard(NamedTuple):
    """What each witness says, as ``weighing.heard``, and their noisy-or."""

    rules: float
    own_baseline: float
    novelty: float
    score: float


def hear(window: Bounded, unlike: float) -> Heard:
    """``unlike``: what novelty says."""
    rules, own = _strength(window.times), _own_baseline(window)
    return Heard(rules, own, unlike, 1.0 - (1.0 - rules) * (1.0 - own) * (1.0 - unlike))


def shares(heard: Heard, score: float) -> Mapping[str, float]:
    """As ``weighing.shares``."""
    weights = [-math.log1p(-min(said, 1 - 1e-9)) for said in heard[: len(PARTS)]]
    whole = sum(weights)
    return dict(zip(PARTS, [weight * (score / whole) if whole > 0 else 0.0 for weight in weights], strict=True))


class FirstScorer:
    """v1.0: fixed weights, and nothing yet of novelty; a user's window and the server's weigh the same."""

    def __call__(self, evidence: Evidence, *, server: bool = False) -> Scored:
        heard = hear(bounded(evidence, server=server), 0.0)
        return Scored(heard.score, FIRST, shares(heard, heard.score))


class LearntScorer:
    """Weighs one window by a learnt model; holds no state, so any thread may call it."""

    def __init__(self, model: Learnt, version: str) -> None:
        self._model = model
        self._version = version
        self._trees = forest.asked(model.trees)
        self._crowd = tuple(zip(model.crowd.center.tolist(), model.crowd.scale.tolist(), strict=True))

    def __call__(self, evidence: Evidence, *, server: bool = False) -> Scored:
        model, window = self._model, bounded(evidence, server=server)
        units = self._units(window)
        unlike = 0.0 if server else novelty.say_one(model.crowd, units)
        heard = hear(window, unlike)
        held = min(max(heard.score, EDGE), 1 - EDGE)
        fixed = math.log(held / (1 - held))
        slope, shift = model.base
        odds = slope * fixed + shift
        if model.trees.trees:
            odds += forest.add_one(self._trees, np.array(_inputs(window, units, fixed, unlike)))
        slope, shift = model.calibration
        chance = 1 / (1 + math.exp(min(-(slope * odds + shift), 30.0)))
        score = max(chance, KEPT * _strength(window.times, _GRAVE))
        return Scored(score, self._version, shares(heard, score))

    def _units(self, window: Bounded) -> list[float]:
        """(20,) as ``novelty.units_of``."""
        reach = novelty.REACH
        return [
            min(max((value - center) / scale, -reach), reach)
            for value, (center, scale) in zip(level(window.features) + window.deviation, self._crowd, strict=True)
        ]


def _strength(times: list[float], first: int = 0) -> float:
    """As ``weighing.rule_strength``; ``first``: the mildest severity that counts."""
    silent = 1.0
    for rank in range(first, len(SEVERITIES)):
        over = times[rank]
        if over > 0.0:
            least, most = _RULES[rank]
            silent *= 1.0 - (most - (most - least) / max(over, 1.0))
    return 1.0 - silent


def _own_baseline(window: Bounded) -> float:
    trust, few = weighing.trust(window.seen), weighing.few(window.features[0])
    squares = 0.0
    for deviation, (up, down, averaged) in zip(window.deviation, _COUNTS, strict=True):
        weighed = (up * deviation if deviation > 0.0 else -down * deviation) * trust
        over = weighed * (1.0 - averaged * few) - USUAL
        if over > 0.0:
            squares += over * over
    return weighing.LOUDEST * -math.expm1(-math.sqrt(squares) / weighing.STRIDE)


def _inputs(window: Bounded, units: list[float], fixed: float, unlike: float) -> list[float]:
    """(len(INPUTS),) as ``model.weigh`` lays them out."""
    length = [math.log1p(abs(deviation)) / _WHOLE_DEVIATION for deviation in window.deviation]
    return [
        fixed / 4,
        *[1.0 if over > 0 else 0.0 for over in window.times],
        *[math.log(max(over, 1.0)) / _WHOLE_TIMES for over in window.times],
        *[far if deviation > 0.0 else 0.0 for far, deviation in zip(length, window.deviation, strict=True)],
        *[far if deviation < 0.0 else 0.0 for far, deviation in zip(length, window.deviation, strict=True)],
        *[min(max(unit / LEVEL, -1.0), 1.0) for unit in units[: len(window.features)]],
        unlike,
        1 / (1 + window.seen / 10),
        window.server,
    ]
