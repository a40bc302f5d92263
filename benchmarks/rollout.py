"""1,000 seeded rollouts a row, watched continuously: what they take back and promote, beside peeking and pooling.

All simulated. The real ``decide`` judges every look of a real ramp (0.1, then 0.5, with a control as large as the
challenger's arm); only the people are drawn. Beside it, on the same people and looks: a z test of the same two arms
that is read at every look, and one that pools each version's traffic over the whole ramp.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import returning
from samouk.loop.assignment import assign
from samouk.loop.live import FIRST, ArmStats, Rollout, RolloutState, Share, Variant
from samouk.loop.records import FloatArray, IntArray
from samouk.loop.rollout import Action, Facts, decide
from samouk.loop.rollout_policy import RolloutPolicy

RUNS, RETURNING_RUNS = 1_000, 200
TRAFFIC = 10_000
"""Units a day."""

LOOK, CLOSE_LOOK = 200, 50
"""Units an arm between two looks; the second among the first ``FIRST`` of a step."""

POLICY = RolloutPolicy(patience=dt.timedelta(days=5))
"""The defaults, but for the patience: at most 21,000 units an arm."""

FAILED, SLOW, GUARDED = 0.002, 0.01, 0.3
"""Shares of failed and slow answers, and rate of a guarded outcome, in both arms."""

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
Z = 1.96


@dataclass(frozen=True, slots=True)
class Plant:
    """A challenger: by what factor its outcomes differ, what drifts meanwhile, how often it fails."""

    factor: float = 1.0
    drift: bool = False
    failed: float = FAILED

    def rates(self, day: float) -> tuple[float, float]:
        """Outcome rates of control and challenger: 0.10, or 0.10 to 0.14 in the course of a day during the ramp."""
        base = 0.10 + (0.04 * min(1.0, max(0.0, day - 0.5)) if self.drift else 0.0)
        return base, base * self.factor


PLANTS = {
    "equal": Plant(),
    "equal, base drifts 10 to 14 %": Plant(drift=True),
    "0.10 to 0.08": Plant(0.8),
    "0.10 to 0.08, base drifts": Plant(0.8, drift=True),
    "0.10 to 0.05": Plant(0.5),
    "0.10 to 0.05, base drifts": Plant(0.5, drift=True),
    "equal, answers fail 5 %": Plant(failed=0.05),
    "0.10 to 0.12": Plant(1.2),
    "0.10 to 0.125": Plant(1.25),
    "0.10 to 0.125, base drifts": Plant(1.25, drift=True),
}


@dataclass(slots=True)
class Tally:
    """Counts of one arm in one step."""

    units: int = 0
    failed: int = 0
    slow: int = 0
    good: int = 0
    guarded: int = 0
    first: tuple[float, ...] = ()

    def add(self, rng: np.random.Generator, units: int, rate: float, failed: float) -> None:
        outcomes = rng.random(units) < rate
        if len(self.first) < FIRST:
            self.first += tuple(outcomes[: FIRST - len(self.first)].astype(float).tolist())
        self.good += int(outcomes.sum())
        self.failed += int(rng.binomial(units, failed))
        self.slow += int(rng.binomial(units, SLOW))
        self.guarded += int(rng.binomial(units, GUARDED))
        self.units += units

    def stats(self, step: int, variant: Variant, now: dt.datetime, good: int) -> ArmStats:
        version = "v1.0" if variant is Variant.CONTROL else "v1.1"
        n, first = self.units, self.first if good == self.good else ()
        failed, slow, told = share(self.failed, n), share(self.slow, n), share(good, n)
        return ArmStats(step, variant, version, n, n, failed, slow, n, *told, first, now, due=n, heard=n)


def share(count: int, units: int) -> Share:
    """Mean and variance of so many ones among units that came once."""
    mean = count / units if units else 0.0
    return Share(mean, mean * (1 - mean) * units / (units - 1) if units > 1 else 0.0)


@dataclass(frozen=True, slots=True)
class Ran:
    """How one rollout ended, units of the challenger until then, looks, and CPU seconds spent in ``decide``."""

    action: Action
    units: int
    looks: int
    seconds: float


def begun(seed: int) -> Rollout:
    steps, running = POLICY.steps, RolloutState.RUNNING
    return Rollout(f"r{seed}", "toy", "v1.0", {"v1.1": steps[0]}, "ab", steps, 0, running, str(seed), START, START)


def run(seed: int, plant: Plant, kept: list[Facts] | None = None) -> Ran:
    """One rollout, from the first unit to its end; the facts of its looks go to ``kept``."""
    rng = np.random.default_rng(seed)
    rollout, now, steps = begun(seed), START, [(Tally(), Tally())]
    spent, looks = 0.0, 0
    while True:
        share = rollout.steps[rollout.step]
        each = LOOK if steps[-1][0].units >= FIRST else CLOSE_LOOK
        arrive(rng, steps[-1], each, plant, now)
        now += dt.timedelta(days=each / share / TRAFFIC)
        facts = seen(rollout, now, steps)
        if kept is not None:
            kept.append(facts)
        started = time.process_time()
        judged = decide(facts)
        spent, looks = spent + time.process_time() - started, looks + 1
        if judged.action is Action.ADVANCE:
            rollout = dataclasses.replace(rollout, challengers=judged.weights, step=rollout.step + 1, since=now)
            steps.append((Tally(), Tally()))
        elif judged.action is not Action.HOLD:
            return Ran(judged.action, sum(challenger.units for _, challenger in steps), looks, spent)


def arrive(rng: np.random.Generator, arms: tuple[Tally, Tally], each: int, plant: Plant, now: dt.datetime) -> None:
    """So many new units an arm, told apart by a fair coin each."""
    control, challenger = plant.rates((now - START) / dt.timedelta(days=1))
    units = int(rng.binomial(2 * each, 0.5))
    arms[0].add(rng, units, control, FAILED)
    arms[1].add(rng, 2 * each - units, challenger, plant.failed)


def seen(rollout: Rollout, now: dt.datetime, steps: list[tuple[Tally, Tally]]) -> Facts:
    sides = (Variant.CONTROL, Variant.CHALLENGER)
    arms, guard = [], []
    for step, tallies in enumerate(steps):
        for variant, tally in zip(sides, tallies, strict=True):
            arms.append(tally.stats(step, variant, now, tally.good))
            guard.append(tally.stats(step, variant, now, tally.guarded))
    return Facts(rollout, POLICY, now, arms, {"guarded": guard})


def others(plant: Plant, runs: int = RUNS) -> dict[str, float]:
    """Shares of runs in which two common analyses first call the challenger worse, or better, at any look of a ramp."""
    rng = np.random.default_rng(0)
    first, second = TRAFFIC // (10 * LOOK), (POLICY.patience.days - 1) * TRAFFIC // (2 * LOOK)
    shares = np.repeat([0.1, 0.5], [first, second])
    days = np.cumsum(LOOK / shares / TRAFFIC) - LOOK / shares / TRAFFIC
    rates = np.array([plant.rates(day) for day in days])
    rest = np.round(LOOK * (1 - 2 * shares) / shares).astype(int)
    control, challenger = (rng.binomial(LOOK, rates[:, side], (runs, len(days))).cumsum(axis=1) for side in (0, 1))
    outside = rng.binomial(rest, rates[:, 0], (runs, len(days))).cumsum(axis=1)
    units = LOOK * np.arange(1, len(days) + 1)
    arms = z_score(control, units, challenger, units)
    pooled = z_score(control + outside, units + rest.cumsum(), challenger, units)
    return {
        f"{name} {word}": float((first_call(scores) == sign).mean())
        for name, scores in (("peeking z", arms), ("pooled z", pooled))
        for word, sign in (("worse", -1), ("better", 1))
    }


def z_score(good: IntArray, units: IntArray, other_good: IntArray, other_units: IntArray) -> FloatArray:
    """(runs, looks) of the z statistic of two proportions, the second less the first."""
    low, high = good / units, other_good / other_units
    error = np.sqrt(low * (1 - low) / units + high * (1 - high) / other_units)
    return np.asarray((high - low) / error)


def first_call(scores: FloatArray) -> FloatArray:
    """(runs,) sign of the first |z| above 1.96, 0 without any."""
    calls = np.where(np.abs(scores) > Z, np.sign(scores), 0)
    return np.asarray(calls[np.arange(len(calls)), (calls != 0).argmax(axis=1)])


def row(plant: Plant, runs: int = RUNS) -> dict[str, Any]:
    """One line of the table."""
    ran = [run(seed, plant) for seed in range(runs)]
    ended = {action: [one for one in ran if one.action is action] for action in Action}
    taken_back = [one.units for one in ended[Action.ROLL_BACK]]
    return {
        "rolled back": len(taken_back) / runs,
        "promoted": len(ended[Action.PROMOTE]) / runs,
        "champion stayed": len(ended[Action.END]) / runs,
        "paused": len(ended[Action.PAUSE]) / runs,
        "median units until taken back": statistics.median(taken_back) if taken_back else None,
        "median units until promoted": statistics.median([one.units for one in ended[Action.PROMOTE]] or [0]) or None,
        "looks": sum(one.looks for one in ran),
        "us a look, cold": 1e6 * sum(one.seconds for one in ran) / sum(one.looks for one in ran),
        **others(plant, runs),
    }


RETURNING = {
    "ramp, equal": lambda seed: returning.ramp(seed, 1.0),
    "ramp, 0.10 to 0.08": lambda seed: returning.ramp(seed, 0.8),
    "bandit, equal": returning.bandit,
    "bandit, equal, counted each period": lambda seed: returning.bandit(seed, "each"),
}
"""Rollouts whose people come back; the last one is the planted failure."""


def returned(play: Callable[[int], Action], runs: int = RETURNING_RUNS) -> dict[str, float]:
    """Shares of actions by which rollouts ended; those that hold had their time."""
    ends = Counter(play(seed) for seed in range(runs))
    return {action: count / runs for action, count in sorted(ends.items())}


def deciding(rounds: int = 50) -> float:
    """CPU microseconds of one decision: all looks of one rollout in a row, the fastest of so many rounds."""
    looks: list[Facts] = []
    run(0, PLANTS["equal"], looks)
    spent = []
    for _ in range(rounds):
        started = time.process_time()
        for facts in looks:
            decide(facts)
        spent.append(time.process_time() - started)
    return 1e6 * min(spent) / len(looks)


def hashing(units: int = 200_000) -> float:
    """CPU microseconds of one assignment."""
    rollout, names = begun(0), [f"{unit:016x}" for unit in range(units)]
    started = time.process_time()
    for name in names:
        assign(rollout, name)
    return 1e6 * (time.process_time() - started) / units


def main() -> None:
    """Print the table and keep it."""
    table = {}
    print(
        f"{RUNS} simulated rollouts a row; a look every {LOOK} units an arm, {CLOSE_LOOK} among a step's first {FIRST}"
    )
    columns = ("rolled back", "promoted", "champion stayed", "paused")
    z = ("peeking z worse", "peeking z better", "pooled z worse", "pooled z better")
    print(f"{'challenger':32}" + "".join(f"{name:>17}" for name in (*columns, "units", *z)))
    for name, plant in PLANTS.items():
        table[name] = found = row(plant)
        units = found["median units until taken back"] or found["median units until promoted"] or 0
        cells = [f"{found[column]:.1%}" for column in columns] + [f"{units:,.0f}"] + [f"{found[one]:.1%}" for one in z]
        print(f"{name:32}" + "".join(f"{cell:>17}" for cell in cells), flush=True)
    back = {name: returned(play) for name, play in RETURNING.items()}
    print(f"people who come back, {RETURNING_RUNS} rollouts a row")
    for name, shares in back.items():
        print(f"{name:40}" + ", ".join(f"{action} {share:.1%}" for action, share in shares.items()), flush=True)
    speed = {"us a decision": deciding(), "us an assignment": hashing()}
    print(f"units: median of the challenger's arm until taken back, or promoted; {speed}")
    results = Path(__file__).parent / "results" / "rollout.json"
    kept = {"simulated": True, "runs": RUNS, **speed, "rollouts": table}
    kept |= {"returning runs": RETURNING_RUNS, "returning": back}
    results.write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
