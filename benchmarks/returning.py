"""Rollouts whose units come back, step after step: how often equals are judged, counted as the journal does and not.

All simulated, judged by the real ``decide``. What a visit brings is nine times in ten what that unit always brings: a
unit that counted in each step would be taken for as many witnesses as there are steps. ``first`` counts a unit in its
first step alone, as ``Journal.arms`` promises; ``each``, the planted failure, in every step in which it came.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Literal

import numpy as np

from samouk.loop import allocation
from samouk.loop.live import FIRST, ArmStats, Rollout, RolloutState, Share, Variant
from samouk.loop.records import BoolArray, FloatArray, IntArray
from samouk.loop.rollout import Action, Facts, decide
from samouk.loop.rollout_policy import RolloutPolicy

Counted = Literal["first", "each"]

RATE = 0.10
LOYAL, COMES = 0.9, 0.9
"""Chance that a visit brings what the unit always brings, and that a unit comes in a period of a bandit."""

UNITS, DAILY, CHUNK = 20_000, 10_000, 500
"""Of a ramp: people, visits a day, visits between two looks."""

CROWD, PERIODS = 1_500, 20
"""Of a bandit: people, and periods of a day."""

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
RAMP = RolloutPolicy(patience=dt.timedelta(days=5))
BANDIT = RolloutPolicy(mode="bandit", patience=dt.timedelta(days=PERIODS + 1))
VERSIONS = ("v1.0", "v1.1", "v1.2")


def began(mode: Literal["ab", "bandit"], challengers: dict[str, float], seed: int) -> Rollout:
    steps = RAMP.steps if mode == "ab" else (1.0,)
    return Rollout(
        f"r{seed}", "toy", "v1.0", challengers, mode, steps, 0, RolloutState.RUNNING, str(seed), START, START
    )


def turned_out(rng: np.random.Generator, taste: FloatArray, rates: FloatArray) -> FloatArray:
    """One visit of each unit, whose ``taste`` is uniform."""
    fresh = rng.random(len(taste))
    return (np.where(rng.random(len(taste)) < LOYAL, taste, fresh) < rates).astype(float)


def arm(step: int, version: str, shown: int, values: FloatArray, now: dt.datetime) -> ArmStats:
    """An arm of so many exposures, with the values of the units that count; the first are needed of small arms only."""
    variant = Variant.CONTROL if version == VERSIONS[0] else Variant.CHALLENGER
    n = len(values)
    mean, spread = (float(values.mean()) if n else 0.0), (float(values.var(ddof=1)) if n > 1 else 0.0)
    first = tuple(values[:FIRST].tolist()) if n < 2 * FIRST else ()
    return ArmStats(step, variant, version, shown, n, Share(), Share(), n, mean, spread, first, now)


def ramp(seed: int, factor: float, counted: Counted = "first") -> Action:
    """How a ramp to ``RATE`` times ``factor`` ends; all of its people come back about every other day."""
    rng = np.random.default_rng(seed)
    place, taste = rng.random(UNITS), rng.random(UNITS)
    rollout, now = began("ab", {"v1.1": RAMP.steps[0]}, seed), START
    visits, sums = np.zeros((2, UNITS), int), np.zeros((2, UNITS))
    while True:
        share = rollout.steps[rollout.step]
        came = rng.integers(0, UNITS, CHUNK)
        rates = RATE * np.where(place[came] < share, factor, 1.0)
        sums[rollout.step] += np.bincount(came, turned_out(rng, taste[came], rates), UNITS)
        visits[rollout.step] += np.bincount(came, minlength=UNITS)
        now += dt.timedelta(days=CHUNK / DAILY)
        judged = decide(Facts(rollout, RAMP, now, ramp_arms(rollout, place, visits, sums, counted, now)))
        if judged.action is Action.ADVANCE:
            rollout = dataclasses.replace(rollout, challengers=judged.weights, step=rollout.step + 1, since=now)
        elif judged.action is not Action.HOLD:
            return judged.action


def ramp_arms(
    rollout: Rollout, place: FloatArray, visits: IntArray, sums: FloatArray, counted: Counted, now: dt.datetime
) -> list[ArmStats]:
    found, before = [], np.zeros(UNITS, bool)
    for step in range(rollout.step + 1):
        share = rollout.steps[step]
        for version, inside in (("v1.0", place >= 1 - share), ("v1.1", place < share)):
            here = inside & (visits[step] > 0)
            new = here & ~before if counted == "first" else here
            shown = int(visits[step][inside].sum())
            found.append(arm(step, version, shown, sums[step][new] / visits[step][new], now))
        before |= (visits[step] > 0) & ((place < share) | (place >= 1 - share))
    return found


def bandit(seed: int, counted: Counted = "first") -> Action:
    """How a bandit among three equal versions ends; its people are always the same."""
    rng = np.random.default_rng(seed)
    draws, taste = rng.exponential(size=(len(VERSIONS), CROWD)), rng.random(CROWD)
    rollout = began("bandit", dict.fromkeys(VERSIONS[1:], 1 / 3), seed)
    saw, values = np.full((PERIODS, CROWD), -1), np.zeros((PERIODS, CROWD))
    for step in range(PERIODS):
        now = START + dt.timedelta(days=step + 1)
        weights = np.array(list(allocation.shares(rollout).values()))
        with np.errstate(divide="ignore"):
            chosen = (draws / weights[:, None]).argmin(axis=0)
        saw[step] = np.where(rng.random(CROWD) < COMES, chosen, -1)
        values[step] = turned_out(rng, taste, np.full(CROWD, RATE))
        judged = decide(Facts(rollout, BANDIT, now, bandit_arms(saw[: step + 1], values, counted, now)))
        if judged.action is not Action.REALLOCATE:
            return judged.action
        rollout = dataclasses.replace(rollout, challengers=judged.weights, step=step + 1, since=now)
    return Action.HOLD


def bandit_arms(saw: IntArray, values: FloatArray, counted: Counted, now: dt.datetime) -> list[ArmStats]:
    """Counted ``each``, units that crossed count nowhere, as nothing else would tell their versions apart."""
    highest, lowest = saw.max(axis=0), np.where(saw < 0, len(VERSIONS), saw).min(axis=0)
    crossed: BoolArray = highest > lowest
    found, before = [], np.zeros(CROWD, bool)
    for step, seen in enumerate(saw):
        for place, version in enumerate(VERSIONS):
            here = seen == place
            counts = here & ~before if counted == "first" else here & ~crossed
            if here.any():
                found.append(arm(step, version, int(here.sum()), values[step][counts], now))
        before |= seen >= 0
    return found
