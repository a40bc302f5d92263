"""A contextual bandit: what reward each action is expected to bring in a context, and how often to try which.

The reward is linear in the features of the context, of the action, and of every pair of both, hashed
into one table. Each weight is normal with a mean and a variance of its own (a Kalman filter that keeps
the diagonal alone): no learning rate to set, and a feature that is seen for the first time moves much.

Exploration is either inverse gap weighting (SquareCB, Foster and Rakhlin 2020): the further an action's
expected reward lies behind the best one's, the more seldom it is tried, the more so the more was learnt;
or epsilon-greedy. Either way every allowed action keeps a share of uniform exploration.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from samouk.domains.scoring.rank_features import Choice
from samouk.loop.records import FloatArray

BITS = 18
SIZE = 1 << BITS
_MASK = np.uint32(SIZE - 1)
_SPREAD, _SHIFT = np.uint32(2_654_435_761), np.uint32(32 - BITS)
"""Knuth's multiplier, whose high bits are the good ones: pairs of features fall all over the table."""

BIAS = SIZE
"""Place of the constant, after the table."""

NOISE = 0.25
"""Variance of a reward around its expectation: the largest that a reward of 0 or 1 can have."""

PRIOR = 0.3
"""Variance of a weight that nothing was learnt of."""

PAIRS = 0.5
"""Size of pairs beside single features: what holds in every context is learnt first."""

FLOOR = 1e-4
"""Variance that a weight keeps: what was learnt from ten thousand rewards can still be unlearnt."""

SHARE = 0.02
"""Share of uniform exploration that every policy keeps: no propensity is below it over the number of actions."""

SHARPNESS = 10.0

_FORMAT = b"SRP1"


@dataclass(frozen=True, slots=True)
class Exploring:
    """How a policy explores.

    Attributes:
        kind: ``gap`` weights by expected loss; ``epsilon`` tries every action alike in a share of decisions.
        share: of uniform exploration; all of it for ``epsilon``, a floor below ``gap``.
        sharpness: of ``gap``: over the root of what was learnt, how much a gap counts.
    """

    kind: Literal["gap", "epsilon"] = "gap"
    share: float = SHARE
    sharpness: float = SHARPNESS

    def chances(self, expected: FloatArray, allowed: NDArray[np.intp], learnt: int) -> FloatArray:
        """(k,) probability of each action; 0 for excluded ones, no less than ``share / allowed`` for the others."""
        found = np.zeros(len(expected))
        values = expected[allowed]
        best, size = int(values.argmax()), len(allowed)
        if self.kind == "gap":
            weighted = 1.0 / (size + self.sharpness * (1.0 + learnt) ** 0.5 * (values[best] - values))
            weighted[best] = 0.0
            weighted[best] = 1.0 - weighted.sum()
        else:
            weighted = np.zeros(size)
            weighted[best] = 1.0
        share = max(self.share, SHARE)
        found[allowed] = (1.0 - share) * weighted + share / size
        return found


class Policy:
    """Expected rewards, learnt one decision after the other.

    Its state is a function of what it was told, in that order, alone.

    Attributes:
        learnt: rewards that it learnt from.
    """

    def __init__(self) -> None:
        self.learnt = 0
        self._means = np.zeros(SIZE + 1)
        self._variances = np.full(SIZE + 1, PRIOR)

    def expected(self, choice: Choice) -> FloatArray:
        """(k,) reward that each action is expected to bring; some 20 µs for ten actions of ten features."""
        means, context = self._means, choice.context_values
        own = choice.hashes & _MASK
        known = means.take(own)
        if len(context):
            pairs = means.take(_pairs(choice.context_hashes, own))
            known += (context @ pairs) * (PAIRS / len(context) ** 0.5)
        known *= choice.values
        constant = float(means[BIAS])
        if len(context):
            constant += float(means.take(choice.context_hashes & _MASK) @ context) / len(context) ** 0.5
        whole: FloatArray = np.add.reduceat(known, choice.starts) / np.sqrt(choice.sizes) + constant
        return whole

    def learn(self, choice: Choice, chosen: int, reward: float) -> None:
        """Learn that the action brought the reward."""
        places, values = _row(choice, chosen)
        variances = self._variances[places]
        spread = variances * values
        total = NOISE + float(values @ spread)
        error = reward - float(self._means[places] @ values)
        # Two features in one place: the last one stands, in memory as in every replay.
        self._means[places] += spread * (error / total)
        self._variances[places] = np.maximum(variances - spread**2 / total, FLOOR)
        self.learnt += 1

    def save(self) -> bytes:
        """The state, some bytes for each weight that was ever moved."""
        moved = np.flatnonzero(self._variances != PRIOR).astype("<u4")
        body = b"".join(
            (
                moved.tobytes(),
                self._means[moved].astype("<f8").tobytes(),
                self._variances[moved].astype("<f8").tobytes(),
            )
        )
        header = json.dumps({"learnt": self.learnt, "moved": len(moved)}).encode()
        return _FORMAT + struct.pack("<I", len(header)) + header + zlib.compress(body, 1)

    @classmethod
    def load(cls, data: bytes) -> Policy:
        """A policy that goes on exactly as the saved one would. Raises ValueError for bytes of another format."""
        if data[:4] != _FORMAT:
            raise ValueError("this is no state of a ranking policy, or one of another version")
        (size,) = struct.unpack_from("<I", data, 4)
        header = json.loads(data[8 : 8 + size])
        body, count = zlib.decompress(data[8 + size :]), int(header["moved"])
        policy = cls()
        policy.learnt = int(header["learnt"])
        moved = np.frombuffer(body, "<u4", count)
        policy._means[moved] = np.frombuffer(body, "<f8", count, 4 * count)
        policy._variances[moved] = np.frombuffer(body, "<f8", count, 12 * count)
        return policy


def _pairs(context: NDArray[np.uint32], own: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """(c, f) places of every pair."""
    found: NDArray[np.uint32] = np.bitwise_xor.outer(context * _SPREAD >> _SHIFT, own)
    return found


def _row(choice: Choice, chosen: int) -> tuple[NDArray[np.intp], FloatArray]:
    """Places and values of one action's features: each kind of them has a length of about 1 together."""
    start, size = int(choice.starts[chosen]), int(choice.sizes[chosen])
    own, values = choice.hashes[start : start + size] & _MASK, choice.values[start : start + size]
    context, many = choice.context_values, len(choice.context_values)
    places = [np.array([BIAS]), own]
    weights = [np.ones(1), values / size**0.5]
    if many:
        places += [choice.context_hashes & _MASK, _pairs(choice.context_hashes, own).ravel()]
        weights += [context / many**0.5, np.outer(context, values).ravel() * (PAIRS / (many * size) ** 0.5)]
    return np.concatenate(places).astype(np.intp), np.concatenate(weights)
