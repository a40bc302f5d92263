"""What clients of the edge tell of a trial: so many shown, so many good → one exposure with one outcome.

A client that takes part counts for itself and sends the two numbers under a fresh random id, at most once a day.
Each such tally is a unit of its arm: nothing says which tallies are of one client. So all that is known of arms
(statistics, guards, checks, live figures) holds for them as for exposures of the platform's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from samouk.edge.wire import WireError
from samouk.loop.exposure import foreign_event_id, group_of_unit, pseudonym
from samouk.loop.learner import Learner
from samouk.loop.live import Exposure, Heard, Outcome, Rollout, RolloutState, Variant
from samouk.loop.ports import Services

MAX_SHOWN = 100_000
"""Predictions of one tally, at most: no client shows more within a day."""

OPEN = (RolloutState.RUNNING, RolloutState.WAITING)


class TrialOver(Exception):
    """Nothing is counted for this rollout now; the message says why."""


@dataclass(frozen=True, slots=True)
class Tally:
    """One client's count of one day or more.

    Attributes:
        tally_id: fresh and random; sent twice it counts once.
        version, side: what it had in use, and where its own random number put it.
        shown, good: predictions, and those of them that nobody corrected; 0 <= good <= shown.
    """

    tally_id: str
    rollout: str
    version: str
    side: Literal["challenger", "control"]
    shown: int
    good: int


def take(learner: Learner, services: Services, tally: Tally) -> Heard:
    """Keep a tally as a unit of its arm, in the rollout's present step, and say what became of it.

    Raises:
        WireError: a field cannot be; nothing was kept.
        TrialOver: the rollout is paused or over.
    """
    if not learner.outcomes:
        raise WireError("learner", f"{learner.name} has no outcomes: its versions are tried on nobody")
    if not 1 <= tally.shown <= MAX_SHOWN:
        raise WireError("shown", f"must lie between 1 and {MAX_SHOWN:,}, not {tally.shown}")
    if not 0 <= tally.good <= tally.shown:
        raise WireError("good", f"must lie between 0 and shown, {tally.shown}, not {tally.good}")
    rollout = _open(learner, services, tally.rollout)
    if tally.version != _version(rollout, tally.side):
        expected = _version(rollout, tally.side)
        raise WireError("version", f"the {tally.side} of this rollout is {expected}, not {tally.version:.60}")
    exposure = _exposure(learner, services, rollout, tally)
    exposure = services.journal.exposure(exposure.event_id) or exposure  # sent again: it stays where it was
    services.journal.expose([exposure])
    spec = learner.outcomes[0]
    outcome = Outcome(exposure.event_id, spec.name, tally.good / tally.shown, exposure.at)
    (heard,) = services.journal.tell(learner.name, [outcome], {spec.name: spec.window})
    return heard


def _open(learner: Learner, services: Services, rollout_id: str) -> Rollout:
    """The rollout, which must be one among clients that goes on."""
    rollout = services.rollouts.active(learner.name)
    if rollout is None or rollout.rollout_id != rollout_id:
        if any(one.rollout_id == rollout_id for one in services.rollouts.rollouts(learner.name)):
            raise TrialOver(f"this rollout of {learner.name} is over; drop the count")
        raise WireError("rollout", f"{rollout_id:.60} is no rollout of {learner.name}")
    if rollout.mode != "ab":
        raise WireError("rollout", f"it runs in mode {rollout.mode}, which no client takes part in")
    if rollout.state not in OPEN:
        raise TrialOver(f"this rollout of {learner.name} is {rollout.state}; drop the count")
    return rollout


def _version(rollout: Rollout, side: str) -> str:
    (challenger,) = rollout.challengers
    return challenger if side == "challenger" else rollout.champion


def _exposure(learner: Learner, services: Services, rollout: Rollout, tally: Tally) -> Exposure:
    secret = services.journal.secret()
    unit = pseudonym(secret, learner.name, f"tally\0{tally.tally_id}")
    (share,) = rollout.challengers.values()
    blank = Exposure(
        event_id=foreign_event_id(secret, learner.name, f"tally\0{tally.tally_id}"),
        learner=learner.name,
        version=tally.version,
        variant=Variant.CHALLENGER,
        unit=unit,
        group=group_of_unit(unit),
        at=services.clock.now(),
        score=math.nan,
        propensity=share,
        row={},
        rollout=rollout.rollout_id,
        step=rollout.step,
    )
    return blank if tally.side == "challenger" else replace(blank, variant=Variant.CONTROL, propensity=1 - share)
