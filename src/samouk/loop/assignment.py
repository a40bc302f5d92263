"""Who sees which version: a pure function of the rollout and the unit, which asks no store and sets no cookie."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from samouk.loop import allocation
from samouk.loop.live import Rollout, RolloutState, Variant
from samouk.loop.rollout_policy import LARGEST_COMPARED

HASH_VERSION = 1
"""Of ``point``: a rollout keeps the way of hashing that it began with."""

SHOWN = (RolloutState.RUNNING, RolloutState.WAITING)
"""States of a rollout in which its challengers answer."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a unit is shown.

    Attributes:
        propensity: probability with which ``version`` is chosen for a unit now, in (0, 1].
        step: of the rollout; -1 where the exposure is outside of the comparison (variant champion).
        shadows: versions that predict beside it and are never shown.
    """

    version: str
    variant: Variant
    propensity: float
    step: int
    shadows: tuple[str, ...] = ()


def point(seed: str, learner: str, rollout_id: str, unit: str) -> float:
    """Where a unit stands in [0, 1): the same for ever, and independent between any two rollouts."""
    body = f"{learner}\0{rollout_id}\0{unit}".encode()
    found = hashlib.blake2b(body, digest_size=8, key=seed.encode()[:64], person=b"samouk-ramp").digest()
    return (int.from_bytes(found, "big") >> 11) * 2.0**-53


def dealt(rollout: Rollout) -> bool:
    """Whether the rollout's way of hashing is known here."""
    return rollout.hash_version == HASH_VERSION


def assign(rollout: Rollout, unit: str) -> Assignment:
    """What ``unit`` is shown by the rollout as it stands; sticky: no store, no cookie.

    In mode ``ab`` the challenger's arm grows from 0 upwards and the control's from 1 downwards, so that no unit
    changes arms while they grow. In mode ``bandit`` each version draws for the unit and the best draw, by weight,
    wins (weighted rendezvous hashing): a unit moves only from a version that lost weight or to one that gained.
    A rollout that is paused or over shows the champion to all: what nobody watches nobody sees. So does one that
    a newer release began: who cannot deal its units has none of them compared.
    """
    if rollout.state not in SHOWN or not dealt(rollout):
        return Assignment(rollout.champion, Variant.CHAMPION, 1.0, -1)
    if rollout.mode == "shadow":
        return Assignment(rollout.champion, Variant.CONTROL, 1.0, rollout.step, tuple(rollout.challengers))
    if rollout.mode == "bandit":
        return _drawn(rollout, unit)
    ((challenger, weight),) = rollout.challengers.items()
    place = point(rollout.seed, rollout.learner, rollout.rollout_id, unit)
    if place < weight:
        return Assignment(challenger, Variant.CHALLENGER, weight, rollout.step)
    if weight <= LARGEST_COMPARED and place >= 1 - weight:
        return Assignment(rollout.champion, Variant.CONTROL, 1 - weight, rollout.step)
    return Assignment(rollout.champion, Variant.CHAMPION, 1 - weight, -1)


def _drawn(rollout: Rollout, unit: str) -> Assignment:
    shares = allocation.shares(rollout)
    best, chosen = math.inf, rollout.champion
    for version, share in shares.items():
        if share > 0:
            place = point(rollout.seed, rollout.learner, rollout.rollout_id, f"{version}\0{unit}")
            draw = -math.log1p(-place) / share
            if draw < best:
                best, chosen = draw, version
    variant = Variant.CONTROL if chosen == rollout.champion else Variant.CHALLENGER
    return Assignment(chosen, variant, shares[chosen], rollout.step)
