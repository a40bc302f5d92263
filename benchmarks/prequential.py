"""Accuracy, kappa-temporal and rows per CPU-second on open streams that drift: each row is answered, then learnt.

Needs ``drift`` in the folder that SAMOUK_SHARED names, or in ``../shared/data``: files ``NAME/NAME.csv`` whose last
column is the class; every stream that is there is taken. ``--river PYTHON`` names a Python
that has river 0.26, to measure its Hoeffding tree and adaptive random forest on the same rows in the same run;
without it the figures published for MOA 24.07 stand in their place, and are called so.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results" / "prequential.json"
STREAMS = ("elec2", "phishing", "luxembourg", "chess", "keystroke")
DELAYED = ("elec2", 48)
"""A day of half-hours between a row and its label."""

OURS, PLAIN = "samouk", "samouk, rows as they are"
PEERS = {"hoeffding": "Hoeffding tree (river)", "forest": "ARF10 (river)"}
FOREST = PEERS["forest"]
PUBLISHED = {
    "Hoeffding tree (MOA, published)": (79.10, 90.28, 97.69, 67.20, 73.12),
    "ARF10 (MOA, published)": (89.44, 93.99, 99.63, 74.35, 91.69),
    "ARF100 (MOA, published)": (90.17, 94.63, 99.68, 76.14, 92.19),
}
"""Accuracy in percent, in the order of ``STREAMS``."""

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def folder() -> Path | None:
    """Where the streams are, or None."""
    shared = Path(os.environ.get("SAMOUK_SHARED") or HERE.parents[2] / "shared")
    return next((path for path in (shared / "data/drift", shared / "drift") if path.is_dir()), None)


def streams(place: Path) -> list[str]:
    """Every stream in the folder: those with published figures first, then any others by name."""
    found = {path.parent.name for path in place.glob("*/*.csv") if path.stem == path.parent.name}
    return [name for name in STREAMS if name in found] + sorted(found - set(STREAMS))


def read(name: str, place: Path) -> tuple[NDArray[np.float32], Codes]:
    """Rows and class codes of a stream in the order of its file; the last column is the class."""
    with (place / name / f"{name}.csv").open(newline="") as file:
        _, *rows = csv.reader(file)
    classes = sorted({row[-1] for row in rows})
    inputs = np.column_stack([_numbers(column) for column in list(zip(*rows, strict=True))[:-1]])
    return inputs, np.array([classes.index(row[-1]) for row in rows])


def _numbers(column: Sequence[str]) -> NDArray[np.float32]:
    """A column as numbers; words by the order in which they first came."""
    try:
        return np.array([float(value) for value in column], np.float32)
    except ValueError:
        places = {word: place for place, word in enumerate(dict.fromkeys(column))}
        return np.array([places[word] for word in column], np.float32)


def no_change(truth: Codes, delay: int = 0) -> Codes:
    """The newest label that is known when a row comes; class 0 before there is one."""
    return np.concatenate([np.zeros(1 + delay, np.int64), truth])[: len(truth)]


def majority(truth: Codes, delay: int = 0) -> Codes:
    """The commonest class among the labels that are known when a row comes."""
    counts = np.cumsum(np.eye(truth.max() + 1)[truth], axis=0)
    early = np.zeros((1 + delay, counts.shape[1]))
    answers: Codes = np.concatenate([early, counts])[: len(truth)].argmax(1)
    return answers


def agreement(said: Codes, truth: Codes, delay: int) -> dict[str, float]:
    """Accuracy; kappa (Cohen 1960); kappa-temporal against no-change and kappa-M against the majority (Bifet 2015)."""
    right, classes = float((said == truth).mean()), int(max(said.max(), truth.max())) + 1
    shares = [np.bincount(codes, minlength=classes) / len(truth) for codes in (said, truth)]
    references = {
        "kappa": float(shares[0] @ shares[1]),
        "kappa_temporal": float((no_change(truth, delay) == truth).mean()),
        "kappa_majority": float((majority(truth, delay) == truth).mean()),
    }
    found = {name: 100 * (right - chance) / (1 - chance) for name, chance in references.items() if chance < 1}
    return {"accuracy": 100 * right, **found}


def honesty(chances: Floats, truth: Codes) -> dict[str, float]:
    """Log loss, Brier score (sum over classes, halved), expected calibration error in 10 bins; AUC of two classes."""
    rows = np.arange(len(truth))
    squares = ((chances - np.eye(chances.shape[1])[truth]) ** 2).sum(1) / 2
    found = {"log_loss": float(-np.log(np.clip(chances[rows, truth], 1e-6, 1)).mean()), "brier": float(squares.mean())}
    two = chances.shape[1] == 2
    sure = chances[:, 1] if two else chances.max(1)
    happened = (truth == 1) if two else chances.argmax(1) == truth
    bins = np.minimum((sure * 10).astype(int), 9)
    found["ece"] = float(np.abs(np.bincount(bins, weights=sure - happened, minlength=10)).sum() / len(truth))
    if two:
        found["auc"] = area(chances[:, 1], truth == 1)
    return found


def area(scores: Floats, good: NDArray[np.bool_]) -> float:
    """Area under the ROC curve, ties by half."""
    others = np.sort(scores[~good])
    below = np.searchsorted(others, scores[good], "left") + np.searchsorted(others, scores[good], "right")
    return float(below.mean() / 2 / len(others))


def curve(said: Codes, truth: Codes) -> list[float]:
    """Accuracy in windows of 1,000 rows that follow each other; of 200 where the stream has less than 5,000."""
    size = 1_000 if len(truth) >= 5_000 else 200
    return [
        round(100 * float((said[at : at + size] == truth[at : at + size]).mean()), 2)
        for at in range(0, len(truth), size)
    ]


def first_occurrences(inputs: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Rows that were not seen before in the same stream."""
    fresh = np.zeros(len(inputs), bool)
    fresh[np.unique(inputs, axis=0, return_index=True)[1]] = True
    return fresh


def answered(learner: str, inputs: NDArray[np.float32], truth: Codes, delay: int, seed: int) -> tuple[Floats, float]:
    """What a learner says of each row before it may learn its label, and the CPU seconds of it all."""
    run = _ours if learner in (OURS, PLAIN) else _river
    return run(learner, inputs, truth, delay, seed)


def _ours(learner: str, inputs: NDArray[np.float32], truth: Codes, delay: int, seed: int) -> tuple[Floats, float]:
    import lightgbm  # noqa: F401  # so that its import is not counted as learning

    from samouk.domains.scoring.stream import StreamLearner, StreamSpec

    spec = StreamSpec(inputs.shape[1], int(truth.max()) + 1, delay, seed, remember_inputs=learner == OURS)
    began = time.process_time()
    chances = StreamLearner(spec).test_then_train(inputs, truth[: len(truth) - delay])
    return chances, time.process_time() - began


def _river(learner: str, inputs: NDArray[np.float32], truth: Codes, delay: int, seed: int) -> tuple[Floats, float]:
    from river import forest, tree  # type: ignore[import-not-found]

    model = forest.ARFClassifier(n_models=10, seed=seed) if learner == FOREST else tree.HoeffdingTreeClassifier()
    rows = [dict(enumerate(row)) for row in inputs.tolist()]
    labels, classes = truth.tolist(), int(truth.max()) + 1
    chances = np.full((len(rows), classes), 1 / classes)
    began = time.process_time()
    for number, row in enumerate(rows):
        for code, chance in model.predict_proba_one(row).items():
            chances[number, code] = chance
        if number >= delay:
            model.learn_one(rows[number - delay], labels[number - delay])
    return chances, time.process_time() - began


def child(asked: Mapping[str, Any]) -> None:
    """One learner on one stream in a process of its own; the answers go to a file, the costs to the output."""
    inputs, truth = read(asked["stream"], Path(asked["place"]))
    chances, seconds = answered(asked["learner"], inputs, truth, asked["delay"], asked["seed"])
    np.save(asked["answers"], chances)
    print(json.dumps({"cpu_s": seconds, "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def measured(python: str, learner: str, stream: str, delay: int = 0, seed: int = 0) -> dict[str, Any]:
    """All figures of a learner on a stream."""
    place = folder()
    if place is None:
        raise SystemExit("drift is not in ../shared/data: set SAMOUK_SHARED to the folder that holds it")
    inputs, truth = read(stream, place)
    with tempfile.TemporaryDirectory() as box:
        answers = Path(box) / "answers.npy"
        asked = {"stream": stream, "place": str(place), "learner": learner, "delay": delay, "seed": seed}
        command = [python, str(HERE), "--child", json.dumps({**asked, "answers": str(answers)})]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env={**os.environ, **ONE_THREAD}, cwd=HERE.parents[1]
        )
        chances = np.load(answers)
    costs = json.loads(done.stdout.splitlines()[-1])
    found = {**of_codes(chances.argmax(1), inputs, truth, delay), **honesty(chances, truth), **costs}
    return {**found, "rows_per_cpu_s": len(truth) / costs["cpu_s"]}


def of_codes(said: Codes, inputs: NDArray[np.float32], truth: Codes, delay: int) -> dict[str, Any]:
    """The figures that need no probabilities."""
    fresh = first_occurrences(inputs)
    found: dict[str, Any] = {"rows": len(truth), **agreement(said, truth, delay), "curve": curve(said, truth)}
    if fresh.mean() < 0.95:
        found |= {
            "first_occurrences": float(fresh.mean()),
            "accuracy_first": 100 * float((said == truth)[fresh].mean()),
        }
    return found


def table(stream: str, delay: int, river: str | None, seeds: int) -> dict[str, dict[str, Any]]:
    """Learner → figures on one stream; learners take turns, so that the load of the machine falls on all."""
    place = folder()
    if place is None:
        raise SystemExit("drift is not in ../shared/data: set SAMOUK_SHARED to the folder that holds it")
    inputs, truth = read(stream, place)
    found = {
        "no change": of_codes(no_change(truth, delay), inputs, truth, delay),
        "majority": of_codes(majority(truth, delay), inputs, truth, delay),
    }
    for learner in PEERS.values() if river else ():
        found[learner] = measured(str(river), learner, stream, delay, seed=1)
    for learner in (PLAIN, OURS):
        runs = [measured(sys.executable, learner, stream, delay, seed) for seed in range(seeds)]
        accuracies = [run["accuracy"] for run in runs]
        found[learner] = {**runs[0], "accuracy": float(np.mean(accuracies)), "accuracy_sd": float(np.std(accuracies))}
    return found


SHOWN = {
    "accuracy": ("acc %", 8, 2),
    "kappa_temporal": ("kappa-t", 9, 1),
    "kappa": ("kappa", 7, 1),
    "auc": ("AUC", 7, 3),
    "log_loss": ("loss", 7, 3),
    "brier": ("Brier", 7, 3),
    "ece": ("ECE", 7, 3),
    "rows_per_cpu_s": ("rows/CPU-s", 12, 0),
    "memory_mb": ("MB", 6, 0),
}
"""Figure → its heading, the width of its column, and how many digits after the point."""


def show(title: str, found: Mapping[str, Mapping[str, Any]]) -> None:
    """One stream as a table."""
    print(f"\n{title}\n{'':32}" + "".join(f"{heading:>{width}}" for heading, width, _ in SHOWN.values()))
    for learner, figures in found.items():
        cells = (
            f"{figures[name]:>{width},.{digits}f}" if name in figures else " " * width
            for name, (_, width, digits) in SHOWN.items()
        )
        note = f"   first occurrences {figures['accuracy_first']:.2f}" if "accuracy_first" in figures else ""
        print(f"{learner:32}{''.join(cells)}{note}", flush=True)


def summary(tables: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Mean accuracy over the streams and speed over all rows together, for each learner; ours against the forest."""
    found: dict[str, Any] = {}
    for learner in next(iter(tables.values())):
        runs = [streams[learner] for streams in tables.values()]
        found[learner] = {"mean_accuracy": float(np.mean([run["accuracy"] for run in runs]))}
        if "cpu_s" in runs[0]:
            seconds = sum(run["cpu_s"] for run in runs)
            found[learner] |= {"cpu_s": seconds, "rows_per_cpu_s": sum(run["rows"] for run in runs) / seconds}
    for learner, figures in PUBLISHED.items():
        if tables.keys() == set(STREAMS):
            found[learner] = {"mean_accuracy": float(np.mean(figures)), "published": True}
    if FOREST in found:
        for learner in (OURS, PLAIN):
            found[learner]["times_forest"] = found[learner]["rows_per_cpu_s"] / found[FOREST]["rows_per_cpu_s"]
    return found


def main() -> None:
    """Print every table and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--river", help="a Python that has river 0.26")
    parser.add_argument("--seeds", type=int, default=1, help="runs of our learner, whose trees are seeded")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(json.loads(options.child))
        return
    place = folder()
    if place is None:
        raise SystemExit("drift is not in ../shared/data: set SAMOUK_SHARED to the folder that holds it")
    tables = {}
    for stream in streams(place):
        tables[stream] = table(stream, 0, options.river, options.seeds)
        show(f"{stream}, each label known before the next row", tables[stream])
        for learner, accuracies in PUBLISHED.items() if stream in STREAMS else ():
            print(f"{learner:32}{accuracies[STREAMS.index(stream)]:>8.2f}")
    stream, delay = DELAYED
    late = table(stream, delay, options.river, options.seeds) if stream in tables else {}
    show(f"{stream}, labels {delay} rows late", late)
    overall = summary(tables)
    print(f"\n{'all streams':32}{'mean acc':>10}{'rows/CPU-s':>12}{'x ARF10':>9}")
    for learner, row in overall.items():
        speed = f"{row['rows_per_cpu_s']:>12,.0f}" if "rows_per_cpu_s" in row else " " * 12
        times = f"{row['times_forest']:>9.1f}" if "times_forest" in row else ""
        print(f"{learner:32}{row['mean_accuracy']:>10.2f}{speed}{times}")
    kept = {
        "streams": tables,
        f"{stream}, labels {delay} rows late": late,
        "overall": overall,
        "river": bool(options.river),
    }
    RESULTS.write_text(json.dumps(kept, indent=1, default=float) + "\n")


if __name__ == "__main__":
    main()
