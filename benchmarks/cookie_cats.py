"""A published A/B test of a mobile game, sent through the platform and judged by it; replays in random order, A/A.

Cookie Cats, 90,189 players, a gate at level 30 or 40, and whether they came back after one and seven days. The
champion is gate_40 and the challenger gate_30, so that the known verdict (gate_30 keeps more players for seven days)
is a promotion. By the default policy it is none: that one spends .01 on wrong promotions and is tightest at 2,500
units an arm, so a difference of .8 points among 90,189 units, looked at any time, stays undecided. ``POLICY`` is what
an operator would choose before a test of this size begins: tightest at 20,000 units an arm, 40,000 in all, and .025
for a wrong promotion, which is one side of the usual test.

The data set lies outside of the repository; without it the benchmark says so and ends.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import json
import os
import statistics
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from examples.will_it_rain import RAIN

from samouk.loop.exposure import group_of_unit, new_event_id, pseudonym
from samouk.loop.learner import Learner, OutcomeSpec
from samouk.loop.live import FIRST, ArmStats, Exposure, Heard, Rollout, RolloutState, Share, Variant
from samouk.loop.outcome import Told, tell
from samouk.loop.ports import Services
from samouk.loop.ramp import facts_of
from samouk.loop.records import BoolArray, FloatArray
from samouk.loop.rollout import Action, Facts, Judgement, decide
from samouk.loop.rollout_policy import RolloutPolicy
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services

ORDERS, SPLITS = 400, 2_000
EVERY = 1_000
"""Players between two looks."""

CAP = 500
"""Rounds above it count as so many: fixed before the data are seen, because one player has 49,854."""

POLICY = RolloutPolicy(
    dwell=dt.timedelta(0), minimum=FIRST, planned=20_000, alpha_harm=0.02, alpha_gain=0.025, alpha_guard=0.005
)
NOW = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
Z = 1.96


@dataclass(frozen=True, slots=True)
class Players:
    """(n,) whether the gate was at level 30, and each outcome in [0, 1]."""

    gate_30: BoolArray
    outcomes: dict[str, FloatArray]


def path() -> Path | None:
    """The data set, or None where it is not: ``SAMOUK_SHARED``, else ``shared`` beside the repository."""
    told = os.environ.get("SAMOUK_SHARED")
    shared = Path(told) if told else Path(__file__).resolve().parents[2] / "shared"
    file = shared / "data" / "bandit" / "cookie_cats" / "cookie_cats.csv"
    return file if file.is_file() else None


def load(file: Path) -> Players:
    with file.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    outcomes = {name: np.array([float(row[name] == "TRUE") for row in rows]) for name in ("retention_7", "retention_1")}
    rounds = np.array([float(row["sum_gamerounds"]) for row in rows])
    outcomes["rounds"] = np.minimum(rounds, CAP) / CAP
    return Players(np.array([row["version"] == "gate_30" for row in rows]), outcomes)


ROLLOUT = Rollout(
    "cookie-cats",
    "game.retention",
    "gate_40",
    {"gate_30": 0.5},
    "ab",
    (0.5, 1.0),
    0,
    RolloutState.RUNNING,
    "seed",
    NOW - dt.timedelta(days=2),
    NOW - dt.timedelta(days=2),
)


def arm(variant: Variant, n: int, total: float, squares: float, first: tuple[float, ...]) -> ArmStats:
    version = "gate_40" if variant is Variant.CONTROL else "gate_30"
    variance = (squares - total * total / n) / (n - 1) if n > 1 else 0.0
    return ArmStats(
        0, variant, version, n, n, Share(), Share(), n, total / n if n else 0.0, max(0.0, variance), first, NOW
    )


def looks(challenger: BoolArray, values: FloatArray, at: list[int]) -> list[Facts]:
    """What is known after so many players, in the given order."""
    sides = []
    for variant, member in ((Variant.CONTROL, ~challenger), (Variant.CHALLENGER, challenger)):
        n, total = member.cumsum(), (values * member).cumsum()
        squares = (values * values * member).cumsum()
        first = tuple(values[member][:FIRST].tolist())
        sides.append([arm(variant, int(n[i - 1]), float(total[i - 1]), float(squares[i - 1]), first) for i in at])
    return [Facts(ROLLOUT, POLICY, NOW, pair) for pair in zip(*sides, strict=True)]


def read(players: Players) -> dict[str, Any]:
    """The whole test sent through the platform, then looked at once by each policy: policy → outcome → verdict.

    The arms are the file's own. It has no times: all players came half a day ago and have been heard of since.
    """
    specs = tuple(OutcomeSpec(name) for name in players.outcomes)
    game = dataclasses.replace(RAIN, name=ROLLOUT.learner, outcomes=specs)
    services = memory_services(SteppedClock(NOW))
    default = RolloutPolicy(steps=ROLLOUT.steps)
    rollouts = {"default": dataclasses.replace(ROLLOUT, policy=default)}
    rollouts["planned for its size"] = dataclasses.replace(ROLLOUT, policy=POLICY)
    send(game, services, players)
    found: dict[str, Any] = {policy: {} for policy in rollouts}
    for spec in specs:
        primary = dataclasses.replace(game, outcomes=(spec, *(one for one in specs if one is not spec)))
        for policy, rollout in rollouts.items():
            judged = decide(facts_of(primary, services, rollout))
            found[policy][spec.name] = {"action": judged.action, "reason": judged.reason, **judged.figures}
    return found


def send(game: Learner, services: Services, players: Players) -> None:
    """Show every player the version of the file's arm, and tell all that came of it."""
    secret, shown = services.journal.secret(), NOW - dt.timedelta(hours=12)
    events = [new_event_id(secret, shown) for _ in players.gate_30]
    exposures = []
    for number, (event, challenger) in enumerate(zip(events, players.gate_30.tolist(), strict=True)):
        variant = Variant.CHALLENGER if challenger else Variant.CONTROL
        version = "gate_30" if challenger else "gate_40"
        unit = pseudonym(secret, game.name, f"player {number}")
        group = group_of_unit(unit)
        exposures.append(
            Exposure(event, game.name, version, variant, unit, group, shown, 0.5, 0.5, {}, 1.0, ROLLOUT.rollout_id, 0)
        )
    services.journal.expose(exposures)
    for name, values in players.outcomes.items():
        told = [Told(event, name, value, NOW) for event, value in zip(events, values.tolist(), strict=True)]
        heard = Counter(tell(game, services, told))
        if heard != {Heard.JOINED: len(events)}:
            raise AssertionError(f"{name} was not taken in whole: {heard}")


def verdict(facts: list[Facts]) -> tuple[str, int]:
    """The first look that decides: "promote", "roll_back" or "hold", and its number counted from 1."""
    for number, one in enumerate(facts, 1):
        judged = decide(one)
        if judged.action is not Action.HOLD:
            return judged.action, number
    return Action.HOLD, len(facts)


def shown(judged: Judgement) -> int:
    """Sign of the difference when the interval that people see excludes 0, else 0; none is shown in a pause."""
    low, high = judged.figures.get("interval", (0.0, 0.0))
    return int(low > 0) - int(high < 0)


def peeked(facts: list[Facts]) -> int:
    """Sign of the first difference with |z| > 1.96, 0 without any: the planted failure."""
    for one in facts:
        control, challenger = one.arms
        error = (control.variance / control.measured + challenger.variance / challenger.measured) ** 0.5
        z = (challenger.mean - control.mean) / error
        if abs(z) > Z:
            return 1 if z > 0 else -1
    return 0


def replay(players: Players) -> dict[str, Any]:
    """Seven-day retention as it would have come in random orders."""
    values, n = players.outcomes["retention_7"], len(players.gate_30)
    at = [*range(EVERY, n, EVERY), n]
    ends, peeks, seen = [], [], []
    for seed in range(ORDERS):
        order = np.random.default_rng(seed).permutation(n)
        facts = looks(players.gate_30[order], values[order], at)
        ends.append(verdict(facts))
        peeks.append(peeked(facts))
        signs = [shown(decide(one)) for one in facts]
        seen.append(next(((sign, at[i]) for i, sign in enumerate(signs) if sign), (0, n)))
    promoted = [at[number - 1] for action, number in ends if action == Action.PROMOTE]
    return {
        "orders": ORDERS,
        "promoted": len(promoted) / ORDERS,
        "rolled back": sum(action == Action.ROLL_BACK for action, _ in ends) / ORDERS,
        "paused": sum(action == Action.PAUSE for action, _ in ends) / ORDERS,
        "median players until the end": statistics.median(at[number - 1] for _, number in ends),
        "interval for gate_30": sum(sign > 0 for sign, _ in seen) / ORDERS,
        "interval for gate_40": sum(sign < 0 for sign, _ in seen) / ORDERS,
        "median players until the interval": statistics.median(players for _, players in seen),
        "peeking z wrong way": sum(sign < 0 for sign in peeks) / ORDERS,
    }


def null(players: Players) -> dict[str, Any]:
    """Players of one gate, split at random: every decision is a false alarm."""
    values = players.outcomes["retention_7"][players.gate_30]
    at = [*range(EVERY, len(values), EVERY), len(values)]
    alarms = peeks = 0
    for seed in range(SPLITS):
        rng = np.random.default_rng(seed)
        facts = looks(rng.random(len(values)) < 0.5, rng.permutation(values), at)
        alarms += verdict(facts)[0] != Action.HOLD
        peeks += peeked(facts) != 0
    return {"splits": SPLITS, "looks": len(at), "false alarms": alarms / SPLITS, "peeking z": peeks / SPLITS}


def main() -> None:
    """Print what is found and keep it."""
    file = path()
    if file is None:
        print("Cookie Cats is not here: put it into shared/data/bandit/cookie_cats, or set SAMOUK_SHARED")
        return
    players = load(file)
    table = {"read": read(players), "replay": replay(players), "null": null(players)}
    for policy, verdicts in table["read"].items():
        for name, found in verdicts.items():
            print(f"{policy:21} {name:12} {found['action']:10} {found['reason']}")
    srm = table["read"]["default"]["retention_7"]
    print(f"sample ratio: p = {srm['srm_p']:.4f} at one look, {srm['srm_p_sequential']:.2f} at any look")
    print(f"replay: {table['replay']}")
    print(f"A/A: {table['null']}")
    results = Path(__file__).parent / "results" / "cookie_cats.json"
    results.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
