"""What operators' verdicts teach the weighing of alerts, by how many there are: simulated, for no open data hold any.

Average precision over all windows of servers that were never learnt from, against what was true; and the measures of
the gate on their verdicts. ``poisoned`` are verdicts turned round: what the quarantine lets through is learnt from.
Run ``python -m benchmarks verdicts``, or this file; about a minute.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.anomaly.judge import LEARNER
from samouk.domains.traffic.anomaly.model import first
from samouk.domains.traffic.anomaly.weighing import first_scorer, scorer_of
from samouk.domains.traffic.anomaly.world import AnomalyWorld, columns_of
from samouk.domains.traffic.detect.rules import DEFAULT_RULES, hits
from samouk.domains.traffic.features import Features
from samouk.domains.traffic.records import Evidence, Scorer
from samouk.domains.traffic.world import DEEDS
from samouk.loop import snapshot
from samouk.loop.columns import Column
from samouk.loop.learner import Context, mean
from samouk.loop.records import Artifact, Batch, Examples

RESULTS = Path(__file__).resolve().parent / "results" / "verdicts.json"
SERVERS = (1, 2, 4, 8, 16, 32, 96)
"""Servers that are learnt from, about 38 verdicts each."""

SEEDS = 3
UNSEEN = 30
ALARMS = 0.03
"""Share of the windows that are alarms when what is caught of each deed is told."""

ASKED = 3_000


def joined(batches: Sequence[Batch]) -> Examples:
    return snapshot.join(LEARNER, [snapshot.label(LEARNER, batch.columns, n) for n, batch in enumerate(batches)])


class Unseen:
    """Servers that nothing is learnt from: all their windows with the truth, and the verdicts."""

    def __init__(self, seed: int) -> None:
        world = AnomalyWorld(seed)
        seen = [world.seen(0, server) for server in range(UNSEEN)]
        parts = [columns_of(found.reading) for found in seen]
        self.columns: dict[str, Column] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        self.harm = np.concatenate([found.abused for found in seen])
        self.deeds = np.concatenate([found.deeds for found in seen])
        self.told = snapshot.trusted(joined(list(world.batches(0, UNSEEN))))

    def figures(self, artifact: Artifact) -> dict[str, float]:
        """Of one model."""
        said = LEARNER.predict(artifact, self.columns).values.astype(np.float64)
        scores = LEARNER.score(artifact, self.told)
        return {
            "average_precision": average_precision(said, self.harm),
            **{name: mean(v) for name, v in scores.items()},
        }

    def caught(self, artifact: Artifact) -> dict[str, float]:
        """Deed → share of its windows among the loudest ``ALARMS`` of all."""
        said = LEARNER.predict(artifact, self.columns).values
        threshold = np.sort(said)[::-1][int(ALARMS * len(said))]
        return {deed.value: float((said[self.deeds == n] > threshold).mean()) for n, deed in enumerate(DEEDS)}


def average_precision(said: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Equal scores enter together."""
    order = np.argsort(-said, kind="stable")
    last = np.append(np.diff(said[order]) != 0, True)
    found, asked = np.cumsum(truth[order])[last], np.flatnonzero(last) + 1
    return float((np.diff(found, prepend=0) / truth.sum() * found / asked).sum())


def poisoned(seed: int) -> dict[str, Any]:
    """Half as many liars as honest servers: what is kept out, and what those who get through do."""
    world, unseen = AnomalyWorld(seed), Unseen(seed + 900)
    honest, liars = list(world.batches(0, 24)), list(world.poisoned(1, 12))
    through = [batch for batch in liars if LEARNER.suspects(batch.columns, None) is None]
    wronged = [batch for batch in honest if LEARNER.suspects(batch.columns, None) is not None]
    fits = {"honest alone": honest, "with what got through": [*honest, *through], "with all": [*honest, *liars]}
    precision = {
        name: unseen.figures(LEARNER.fit(joined(batches), None, Context(seed=seed)))["average_precision"]
        for name, batches in fits.items()
    }
    return {"kept_out": len(liars) - len(through), "of": len(liars), "wronged": len(wronged), "precision": precision}


def pace(scorer: Scorer) -> dict[str, float]:
    """Microseconds of CPU time to weigh one window, alone."""
    window = Features(240, 60, 0.1, 3, 900, 4, 20, 40, 0.5, 2)
    evidence = Evidence(window, np.linspace(-3, 9, 10), 80, hits(DEFAULT_RULES, window))
    spans = []
    for _ in range(ASKED):
        began = time.thread_time_ns()
        scorer(evidence)
        spans.append((time.thread_time_ns() - began) / 1e3)
    return {"p50_us": float(np.quantile(spans, 0.5)), "p99_us": float(np.quantile(spans, 0.99))}


def taught(unseen: Sequence[Unseen]) -> tuple[list[dict[str, Any]], Artifact]:
    """A row for v1.0 and one for each number of servers that were learnt from; and the last model."""
    print(f"{'learnt from':>14}{'verdicts':>10}{'AP':>8}{'log':>8}{'rank':>8}{'calib':>8}")
    model = first()
    table = [_row("v1.0", [0], [one.figures(model) for one in unseen])]
    for servers in SERVERS:
        runs, verdicts = [], []
        for seed, one in enumerate(unseen):
            batches = list(AnomalyWorld(seed).batches(0, servers))
            model = LEARNER.fit(joined(batches), None, Context(seed=seed))
            runs.append(one.figures(model))
            verdicts.append(model.metadata["verdicts"])
        table.append(_row(f"{servers} servers", verdicts, runs))
    return table, model


def _row(name: str, verdicts: Sequence[int], runs: Sequence[dict[str, float]]) -> dict[str, Any]:
    figures = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
    told = float(np.mean(verdicts))
    print(f"{name:>14}{told:>10.0f}" + "".join(f"{value:>8.3f}" for value in figures.values()), flush=True)
    return {"learnt_from": name, "verdicts": told, **figures}


def main() -> None:
    """Print the tables and keep the figures."""
    print(f"simulated, means of {SEEDS} seeds")
    unseen = [Unseen(500 + seed) for seed in range(SEEDS)]
    table, model = taught(unseen)
    caught = {"v1.0": unseen[-1].caught(first()), "learnt": unseen[-1].caught(model)}
    print(f"\ncaught when {ALARMS:.0%} of the windows are alarms; harmless ones should not be")
    for deed in caught["v1.0"]:
        print(f"{deed:>14}{caught['v1.0'][deed]:>8.2f}{caught['learnt'][deed]:>8.2f}")
    lies = poisoned(3)
    paces = {"v1.0": pace(first_scorer()), "learnt": pace(scorer_of(model))}
    print(f"\nliars: {lies}\none window: {paces}")
    kept = {"simulated": table, "caught": caught, "poisoned": lies, "pace": paces}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
