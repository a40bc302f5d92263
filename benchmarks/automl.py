"""A search over families beside each learner's own fit, on simulated weeks, and what medians do for forests' exports.

Learnt from one simulated week, judged on another that neither saw; losses are log losses. The clock decides how far
a search gets, so figures repeat roughly. Run: ``python -m benchmarks.automl [SECONDS]``, of search for each learner.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from samouk.automl.graph import to_onnx
from samouk.automl.parity import parity, source_scores
from samouk.automl.search import Candidate, search
from samouk.automl.table import Matrix, Table, table_of
from samouk.domains import learner
from samouk.loop import snapshot
from samouk.loop.records import FloatArray
from samouk.loop.rehearsal import SEED, artifact, examples

RESULTS = Path(__file__).parent / "results" / "automl.json"
LEARNERS = ("scoring.outcome", "traffic.anomaly")
BUDGET_S = 20.0
LEAST_SHARE = 1e-6


def log_loss(told: FloatArray, share: FloatArray) -> float:
    """Mean over rows of which ``told`` is 0 or 1 and ``share`` that of 1."""
    share = np.clip(share, LEAST_SHARE, 1 - LEAST_SHARE)
    return float(-np.where(told == 1, np.log(share), np.log(1 - share)).mean())


def without_medians(candidate: Candidate, table: Table) -> Candidate:
    """The same forest, left to its own way with what is missing."""
    from sklearn.base import clone
    from sklearn.pipeline import make_pipeline

    forest = clone(candidate.estimator[-1])
    return replace(candidate, estimator=make_pipeline(forest).fit(table.x, table.y.astype(np.int64)))


def likeness(candidate: Candidate, table: Table, probes: Matrix) -> dict[str, Any]:
    """How far the export lies from its source."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the converters, about their own defaults
        data = to_onnx(candidate, table)
        found = parity(candidate.estimator, data, probes, table.classes)
    return {
        "bytes": len(data),
        "largest": found.largest,
        "mean": found.mean,
        "off": found.off,
        "decides_alike": found.decisions,
        "faithful": found.faithful,
    }


def searched(name: str, budget_s: float) -> dict[str, Any]:
    """One learner: its own fit, the best of each family, and one answer to every row."""
    known = learner(name)
    held_out = snapshot.trusted(examples(known, SEED + 1))
    table, judged = table_of(known, examples(known)), table_of(known, held_out, judged=True)
    own = np.asarray(known.predict(artifact(known), held_out.columns).values, np.float64)
    answered = np.isfinite(own)
    begun = time.perf_counter()
    found = search(table, budget_s)
    took = time.perf_counter() - begun
    families = []
    for one in found.candidates:
        share = source_scores(one.estimator, judged.x, table.classes)[:, 1]
        row = {"family": one.family, "loss_on_folds": one.loss, "loss": log_loss(judged.y, share)}
        row["loss_where_own_answers"] = log_loss(judged.y[answered], share[answered])
        row["export"] = likeness(one, table, judged.x)
        if one.family != "lgbm":
            row["export_without_medians"] = likeness(without_medians(one, table), table, judged.x)
        families.append(row)
    constant = np.full(len(judged.y), table.y.mean())
    return {
        "rows": len(table.y),
        "judged": len(judged.y),
        "rows_with_a_missing_value": float((~np.isfinite(judged.x).all(axis=1)).mean()),
        "seconds": took,
        "trials": found.trials,
        "constant": log_loss(judged.y, constant),
        "own_fit": log_loss(judged.y[answered], own[answered]),
        "own_answers": float(answered.mean()),
        "families": families,
    }


def show(name: str, told: dict[str, Any]) -> None:
    print(f"\n{name}, simulated: {told['trials']} settings in {told['seconds']:.0f} s, {told['judged']:,} rows judged")
    print(f"{'':24}{'loss':>8}{'apart':>10}{'off':>8}{'apart, no medians':>20}{'off':>8}")
    print(f"{'one answer to every row':24}{told['constant']:8.4f}")
    print(f"{'own fit':24}{told['own_fit']:8.4f}   (answers {told['own_answers']:.1%} of the rows)")
    for one in told["families"]:
        line = f"{one['family']:24}{one['loss']:8.4f}{one['export']['largest']:10.1e}{one['export']['off']:8.2%}"
        if plain := one.get("export_without_medians"):
            line += f"{plain['largest']:20.1e}{plain['off']:8.2%}"
        print(line)


def main() -> None:
    """Search for each learner, print a table, write the results."""
    budget_s = float(sys.argv[1]) if len(sys.argv) > 1 else BUDGET_S
    results = {}
    for name in LEARNERS:
        results[name] = searched(name, budget_s)
        show(name, results[name])
    document = {"simulated": True, "budget_s": budget_s, "learners": results}
    RESULTS.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
