"""Groups of users against kinds that are known: on open proxies beside plain k-means, and in the simulated world.

No open data hold users of a server with their kinds. The proxies are connections of NSL-KDD against the names of
their attacks, and keystrokes against who typed them. They lie in the folder that SAMOUK_SHARED names, or in
``../shared``, as ``data/traffic/nsl_kdd/train20.csv.gz`` and ``data/drift/keystroke/keystroke.csv``; without them the
simulated part runs alone. Run ``python -m benchmarks behavior``, or this file; about two minutes.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.behavior import clusters, model
from samouk.domains.traffic.behavior.judge import LEARNER
from samouk.domains.traffic.behavior.world import BehaviorWorld
from samouk.loop import snapshot
from samouk.loop.learner import Context
from samouk.loop.records import Artifact, Examples

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results" / "behavior.json"
NOT_SEEN = ("attack", "difficulty", "label", "is_dos_flood")
"""Columns of NSL-KDD that hold the answer."""

PLAIN = {"nsl_kdd": (2, 5, 10, 20), "keystroke": (2, 4, 8)}
"""Numbers of groups that plain k-means is given."""

SEEDS = 5
WORLDS = 20
WEEKS = 6

Floats = NDArray[np.float64]
Names = NDArray[Any]


def folder() -> Path:
    """Where the data are, or would be."""
    shared = Path(os.environ.get("SAMOUK_SHARED") or HERE.parents[2] / "shared")
    return shared / "data" if (shared / "data").is_dir() else shared


def nsl_kdd(place: Path) -> tuple[Floats, Names]:
    """Numbers of the connections on the scale of the room (counts as logarithms, shares times four), and attacks."""
    with gzip.open(place / "traffic/nsl_kdd/train20.csv.gz", "rt", newline="") as file:
        heading, *rows = csv.reader(file)
    columns = []
    for name, values in zip(heading, zip(*rows, strict=True), strict=True):
        if name not in (*NOT_SEEN, "protocol_type", "service", "flag"):
            column = np.array(values, np.float64)
            columns.append(4.0 * column if column.max() <= 1 else np.log1p(column))
    return np.stack(columns, axis=1), np.array([row[heading.index("attack")] for row in rows])


def keystroke(place: Path) -> tuple[Floats, Names]:
    """Times between keys, and who typed."""
    with (place / "drift/keystroke/keystroke.csv").open(newline="") as file:
        _, *rows = csv.reader(file)
    return 4.0 * np.array([row[:-1] for row in rows], np.float64), np.array([row[-1] for row in rows])


def agreement(said: NDArray[np.int64], truth: Names) -> dict[str, float]:
    """Adjusted Rand index and adjusted mutual information."""
    from sklearn.metrics import adjusted_mutual_info_score

    _, codes = np.unique(truth, return_inverse=True)
    return {"ari": clusters.rand_index(said, codes), "ami": float(adjusted_mutual_info_score(codes, said))}


def plain(rows: Floats, groups: int, seed: int) -> NDArray[np.int64]:
    """k-means of scikit-learn on standardised columns, the number of groups given."""
    from sklearn.cluster import KMeans

    units = (rows - rows.mean(axis=0)) / np.maximum(rows.std(axis=0), 1e-9)
    return np.asarray(KMeans(groups, n_init=5, random_state=seed).fit_predict(units), np.int64)


def ours(rows: Floats, seed: int, groups: int | None = None) -> tuple[int, NDArray[np.int64]]:
    """The room's scale, its choice of how many, and its groups."""
    rng = np.random.default_rng(seed)
    units = rows / model.scale_of(rows)
    chosen = clusters.choose(units, rng).groups if groups is None else groups
    return chosen, clusters.nearest(units, clusters.k_means(units, chosen, rng))


def proxy(name: str, rows: Floats, truth: Names) -> dict[str, Any]:
    """Mean figures over seeds: plain k-means with the number given, ours with it given, ours by itself."""
    rows = rows[:, rows.std(axis=0) > 0]
    found: dict[str, Any] = {}
    for groups in PLAIN[name]:
        found[f"plain k-means, k = {groups} given"] = _mean(
            [agreement(plain(rows, groups, seed), truth) for seed in range(SEEDS)]
        )
    for groups in PLAIN[name]:
        found[f"samouk, k = {groups} given"] = _mean(
            [agreement(ours(rows, seed, groups)[1], truth) for seed in range(SEEDS)]
        )
    runs = [ours(rows, seed) for seed in range(SEEDS)]
    again = [clusters.rand_index(one, two) for place, (_, one) in enumerate(runs) for _, two in runs[:place]]
    found["samouk, k by itself"] = {
        **_mean([agreement(said, truth) for _, said in runs]),
        "groups": [chosen for chosen, _ in runs],
        "between_seeds": float(np.mean(again)),
    }
    return found


def _mean(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([run[name] for run in runs])) for name in runs[0]}


def lived(seed: int, week: int = 0, servers: int = 24, null: bool = False) -> Examples:
    """What so many servers send in a week."""
    batches = list(BehaviorWorld(seed, null).batches(week, week * 4 + servers))
    return snapshot.join(LEARNER, [snapshot.label(LEARNER, batch.columns, n) for n, batch in enumerate(batches)])


def simulated() -> dict[str, Any]:
    """Against the kinds that the simulator dealt, on servers that were not learnt from; and the null world."""
    agreements, steady, right = [], [], []
    for seed in range(WORLDS):
        artifact = LEARNER.fit(lived(seed), None, Context(seed=seed))
        people = [BehaviorWorld(1_000 + seed).people(0, server) for server in range(10)]
        features, kinds = (np.concatenate(parts) for parts in zip(*people, strict=True))
        agreements.append(agreement(model.assign(artifact, features), kinds))
        steady.append(float(artifact.metadata["stability"]))
        right.append(len(artifact.metadata["groups"]))
    null = [len(_null(seed).metadata["groups"]) for seed in range(WORLDS)]
    return {
        **_mean(agreements),
        "bootstrap_ari": float(np.mean(steady)),
        "groups": {str(number): right.count(number) for number in sorted(set(right))},
        "null_groups": {str(number): null.count(number) for number in sorted(set(null))},
        "stays_in_group": [_weeks(seed) for seed in range(3)],
    }


def _null(seed: int) -> Artifact:
    return LEARNER.fit(lived(seed, null=True), None, Context(seed=seed))


def _weeks(seed: int) -> float:
    """Least share of users of one group who carry its number on, from each week's version to the next."""
    features = np.concatenate([BehaviorWorld(seed + 500).people(0, server).features for server in range(10)])
    before, least = None, 1.0
    for week in range(WEEKS):
        now = LEARNER.fit(lived(seed, week), before, Context(seed=week))
        if before is not None:
            least = min(least, float((model.assign(before, features) == model.assign(now, features)).mean()))
        before = now
    return least


def show(name: str, found: Mapping[str, Any]) -> None:
    """One proxy as a table."""
    print(f"\n{name:34}{'ARI':>8}{'AMI':>8}")
    for row, figures in found.items():
        chosen = (
            f"   k = {figures['groups']}, ARI between seeds {figures['between_seeds']:.3f}"
            if "groups" in figures
            else ""
        )
        print(f"{row:34}{figures['ari']:>8.3f}{figures['ami']:>8.3f}{chosen}", flush=True)


def main() -> None:
    """Print every table and keep the figures."""
    place, kept = folder(), {}
    for name, read in (("nsl_kdd", nsl_kdd), ("keystroke", keystroke)):
        try:
            rows, truth = read(place)
        except FileNotFoundError as missing:
            print(f"{name} is left out: {missing.filename} is not there; set SAMOUK_SHARED to the folder of the data")
            continue
        kept[name] = proxy(name, rows, truth)
        show(name, kept[name])
    kept["simulated"] = simulated()
    print(f"\nsimulated, {WORLDS} worlds")
    for name, value in kept["simulated"].items():
        print(f"{name:34}{value if isinstance(value, dict | list) else round(value, 3)}")
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
