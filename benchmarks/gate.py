"""1,000 seeded gates a row: how often equal, worse and better challengers are promoted, beside two common rules."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from samouk.loop.gate import Match, judge
from samouk.loop.learner import GatePolicy, Metric
from samouk.loop.records import Decision

SEEDS = 1_000
EXAMPLES = 2_000
METRICS = (Metric("accuracy", tolerance=0.02),)
POLICY = GatePolicy()
# Share of all examples that the challenger mends and breaks; the champion is right on 85 %.
PLANTS = {
    "identical": (0.0, 0.0),
    "equal": (0.0225, 0.0225),
    "worse by 0.5 points": (0.020, 0.025),
    "worse by 3 points": (0.0, 0.03),
    "better by 1.5 points": (0.030, 0.015),
    "better by 3 points": (0.03, 0.0),
}
# Batches and how alike their rows are: each batch mends or breaks a share of its own, drawn around the plant.
CLUSTERS = {
    "equal, 40 batches, rows alike": (40, 40),
    "equal, 12 batches, rows alike": (12, 12),
    "equal, 100 batches of 10 apps": (100, 10),
}
ALIKE = 0.5
"""Spread of a cluster's own tendency to be mended rather than broken, as a share of the disagreement."""
Rule = Callable[[Match], bool]


def planted(seed: int, mends: float, breaks: float) -> Match:
    """Two models on the same examples, 50 a batch."""
    rng = np.random.default_rng(seed)
    champion = (rng.random(EXAMPLES) < 0.85).astype(float)
    draw = rng.random(EXAMPLES)
    challenger = champion.copy()
    challenger[(champion == 0) & (draw < mends / 0.15)] = 1
    challenger[(champion == 1) & (draw < breaks / 0.85)] = 0
    return Match({"accuracy": champion}, {"accuracy": challenger}, np.arange(EXAMPLES) // 50, {})


def correlated(seed: int, batches: int, clusters: int) -> Match:
    """Two models that are equal on the whole, while each cluster leans one way; batches of one cluster lean together.

    The gate sees batches, not clusters: uploads are unlinkable, so that it cannot know which share an application.
    """
    rng = np.random.default_rng(seed)
    groups = np.arange(EXAMPLES) * batches // EXAMPLES
    lean = rng.normal(0, ALIKE, clusters)[groups % clusters]
    disagree, champion = rng.random(EXAMPLES) < 0.045, (rng.random(EXAMPLES) < 0.85).astype(float)
    better = rng.random(EXAMPLES) < 0.5 * (1 + np.clip(lean, -1, 1))
    champion[disagree] = np.where(better[disagree], 0.0, 1.0)
    challenger = np.where(disagree, 1.0 - champion, champion)
    return Match({"accuracy": champion}, {"accuracy": challenger}, groups, {})


def ours(match: Match) -> bool:
    return judge(match, METRICS, POLICY).decision is Decision.PASS


def point_estimate(match: Match) -> bool:
    """Promote whatever has the higher mean: the rule of most tutorials."""
    return bool(match.challenger["accuracy"].mean() > match.champion["accuracy"].mean())


def unpaired(match: Match) -> bool:
    """Two-proportion z test that forgets that the examples are the same."""
    old, new = match.champion["accuracy"].mean(), match.challenger["accuracy"].mean()
    pooled = (old + new) / 2
    error = math.sqrt(2 * pooled * (1 - pooled) / EXAMPLES)
    return bool(error > 0 and (new - old) / error > 1.645)


RULES: dict[str, Rule] = {"samouk": ours, "higher mean": point_estimate, "unpaired z": unpaired}


def promoted(decide: Rule, matches: Callable[[int], Match]) -> float:
    """Share of the seeded gates in which the rule promotes the challenger."""
    return sum(decide(matches(seed)) for seed in range(SEEDS)) / SEEDS


def _rows() -> dict[str, Callable[[int], Match]]:
    rows: dict[str, Callable[[int], Match]] = {name: _bound(planted, *plant) for name, plant in PLANTS.items()}
    return rows | {name: _bound(correlated, *shape) for name, shape in CLUSTERS.items()}


def _bound(make: Callable[..., Match], *shape: float) -> Callable[[int], Match]:
    return lambda seed: make(seed, *shape)


def main() -> None:
    """Print the table and keep it."""
    table = {
        name: {rule: promoted(decide, matches) for rule, decide in RULES.items()} for name, matches in _rows().items()
    }
    print(f"promoted, of {SEEDS} seeded gates on {EXAMPLES} held-out examples (simulated)")
    print(f"{'challenger':32}" + "".join(f"{rule:>14}" for rule in RULES))
    for name, row in table.items():
        print(f"{name:32}" + "".join(f"{share:14.1%}" for share in row.values()))
    results = Path(__file__).parent / "results" / "gate.json"
    results.parent.mkdir(exist_ok=True)
    results.write_text(json.dumps({"seeds": SEEDS, "examples": EXAMPLES, "promoted": table}, indent=2) + "\n")


if __name__ == "__main__":
    main()
