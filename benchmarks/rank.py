"""What a ranked decision costs, and what it earns beside uniform and the best fixed action; worlds are simulated."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from samouk.domains.scoring.policy import Exploring, Policy
from samouk.domains.scoring.rank import Ranker
from samouk.domains.scoring.rank_features import Space, to_row
from samouk.loop.records import FloatArray
from samouk.store.memory import memory_services

ROUNDS = 5_000
SEEDS = 5
KINDS, ACTIONS = 4, 6
RULES = {
    "gap weighting": Exploring(),
    "epsilon .1": Exploring("epsilon", 0.1),
    "epsilon .2 (Personalizer's default)": Exploring("epsilon", 0.2),
}


def request(rng: np.random.Generator) -> dict[str, Any]:
    """Ten actions of ten features for a context of ten."""
    user = {f"f{n}": f"v{rng.integers(10)}" for n in range(7)}
    context = [{"user": user, "now": {f"x{n}": float(rng.random()) for n in range(3)}}]
    actions = [{"id": f"a{k}", "features": [_features(rng)]} for k in range(10)]
    return {"contextFeatures": context, "actions": actions}


def _features(rng: np.random.Generator) -> dict[str, Any]:
    told: dict[str, Any] = {f"g{n}": f"v{rng.integers(10)}" for n in range(8)}
    return {**told, "price": float(rng.random()), "length": int(rng.integers(2_000))}


def costs() -> dict[str, float]:
    """CPU-µs a decision, of the quickest hundred (what else the machine does makes others slower)."""
    rng = np.random.default_rng(0)
    fresh = [request(rng) for _ in range(2_000)]
    known = [{**one, "actions": fresh[0]["actions"]} for one in fresh]
    ranker = Ranker(memory_services(), lambda: None)
    figures = {}
    for name, asked in (("actions never seen", fresh[1_000:]), ("actions known", known[:1_000]), ("all known", known)):
        parts = [asked[first : first + 100] for first in range(0, len(asked), 100)]
        figures[name] = min(_cost(ranker, part) for part in parts)
    exposure = ranker.decide(ranker.ask(fresh[0])).exposure
    figures["journaled bytes"] = float(len(json.dumps(dict(exposure.row))))
    return figures


def _cost(ranker: Ranker, asked: list[dict[str, Any]]) -> float:
    began = time.process_time()
    for document in asked:
        ranker.decide(ranker.ask(document))
    return (time.process_time() - began) / len(asked) * 1e6


def earned(seed: int, exploring: Exploring, null: bool) -> tuple[float, float]:
    """Mean chance of a reward of what was chosen: of all rounds, and of the last fifth."""
    rng, space, policy = np.random.default_rng(seed), Space(b"benchmark" * 4), Policy()
    rates, actions = world(null), [(f"a{k}", [{"group": f"g{k % 3}", "length": k / ACTIONS}]) for k in range(ACTIONS)]
    found = np.empty(ROUNDS)
    for turn in range(ROUNDS):
        kind = int(rng.integers(KINDS))
        context = [{"user": {"kind": f"k{kind}", "age": float(rng.random()), "day": f"d{rng.integers(7)}"}}]
        choice = space.choice(context, actions, [])
        chances = exploring.chances(policy.expected(choice), choice.allowed, policy.learnt)
        chosen = int(rng.choice(ACTIONS, p=chances / chances.sum()))
        found[turn] = rates[kind, chosen]
        to_row(choice, chances, chosen, "online")
        policy.learn(choice, chosen, float(rng.random() < rates[kind, chosen]))
    return float(found.mean()), float(found[-ROUNDS // 5 :].mean())


def world(null: bool) -> FloatArray:
    """(kinds, actions) chance of a reward; in the null world the same action is the best for all."""
    rates = np.full((KINDS, ACTIONS), 0.05)
    rates[:, 0] = 0.10
    if not null:
        rates[np.arange(KINDS), np.arange(KINDS) + 1] = 0.20
    return rates


def main() -> None:
    """Print and keep the figures."""
    figures: dict[str, Any] = {"costs": costs()}
    print("CPU-µs a decision, 10 actions x 10 features, context of 10 (checked, hashed, drawn, made an exposure):")
    for name, value in figures["costs"].items():
        print(f"  {name:20} {value:8.0f}")
    for null in (False, True):
        rates = world(null)
        title = "null world (simulated)" if null else "world where context matters (simulated)"
        fixed, best = float(rates.mean(axis=0).max()), float(rates.max(axis=1).mean())
        print(f"\n{title}: uniform {rates.mean():.3f}, best fixed action {fixed:.3f}, best in each context {best:.3f}")
        rows: dict[str, Any] = {"uniform": float(rates.mean()), "best fixed": fixed, "best": best}
        for name, exploring in RULES.items():
            whole, end = np.mean([earned(seed, exploring, null) for seed in range(SEEDS)], axis=0)
            rows[name] = {"all": float(whole), "end": float(end)}
            print(f"  {name:36} all {ROUNDS:,} rounds {whole:.3f}, last fifth {end:.3f} (mean of {SEEDS} seeds)")
        figures[title] = rows
    (Path(__file__).parent / "results" / "rank.json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
