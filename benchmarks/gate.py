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


def promoted(decide: Rule, plant: tuple[float, float]) -> float:
    """Share of the seeded gates in which the rule promotes the challenger."""
    return sum(decide(planted(seed, *plant)) for seed in range(SEEDS)) / SEEDS


def main() -> None:
    """Print the table and keep it."""
    table = {
        name: {
            rule: sum(decide(planted(seed, *plant)) for seed in range(SEEDS)) / SEEDS for rule, decide in RULES.items()
        }
        for name, plant in PLANTS.items()
    }
    print(f"promoted, of {SEEDS} seeded gates on {EXAMPLES} held-out examples (simulated)")
    print(f"{'challenger':24}" + "".join(f"{rule:>14}" for rule in RULES))
    for name, row in table.items():
        print(f"{name:24}" + "".join(f"{share:14.1%}" for share in row.values()))
    results = Path(__file__).parent / "results" / "gate.json"
    results.parent.mkdir(exist_ok=True)
    results.write_text(json.dumps({"seeds": SEEDS, "examples": EXAMPLES, "promoted": table}, indent=2) + "\n")


if __name__ == "__main__":
    main()
