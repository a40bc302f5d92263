"""What the model of elements learns: on real screens of applications it never saw, beside looking the class up.

Without the open file the same figures come from the simulator, and are called simulated.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from benchmarks.elements import CODE, Corpus, Ints, corpus
from samouk.domains.screens import features as numbers
from samouk.domains.screens import judge, model, schema
from samouk.domains.screens.taxonomy import CUSTOM, TYPES
from samouk.loop.columns import take
from samouk.loop.learner import Context
from samouk.loop.records import Artifact

FOLDS = 5
FEWEST = 30
"""Items of a type below which its F1 is not counted."""

BOOTSTRAPS = 200
WEEKS = (1, 2, 4)
HERE = Path(__file__).parent
BY_CONSTRUCTION = "agreement with the class map (by construction)"
"""The class gives both the truth and the answer there: it shows that nothing is broken, and measures no learning."""

NOTES = {
    BY_CONSTRUCTION: "truth and answer both come from the class: it shows that nothing is broken, not what was learnt",
    "class says nothing (masked + hard)": "the figure to judge by; no label was read off a feature",
    "  class masked": "the class gave the truth and is hidden from the model, as badly annotated apps would",
    "  hard: generic or custom class": "a developer's name gave the truth; few items, and names are not always right",
    "  hard: custom class": "of these, those whose class is not public",
    "  with plain containers": "and what only holds or draws, which most elements of a screen are",
    "  all classes of the tree masked": "the classes of all relatives are hidden too: the harshest test",
}


@dataclass(frozen=True, slots=True)
class Answers:
    """(n, 36) shares for each element, always by a model that never saw its application."""

    shown: NDArray[np.float32]
    hidden: NDArray[np.float32]
    alone: NDArray[np.float32]


def cross_validate(data: Corpus) -> Answers:
    """Fit once a fold and ask it about the folds' applications: class in sight, hidden, and all classes hidden."""
    apps = np.random.default_rng(0).permutation(np.unique(data.app))
    fold_of = {app: place % FOLDS for place, app in enumerate(apps)}
    folds = np.array([fold_of[app] for app in data.app])
    answers = Answers(*(np.zeros((len(folds), len(TYPES)), np.float32) for _ in range(3)))
    for fold in range(FOLDS):
        artifact = model.fit(data.examples(folds != fold), None, Context(seed=fold))
        asked = np.flatnonzero(folds == fold)
        for out, shares in zip((answers.shown, answers.hidden, answers.alone), ask(artifact, data, asked), strict=True):
            out[asked] = shares
    return answers


def ask(artifact: Artifact, data: Corpus, rows: Ints) -> list[NDArray[np.float32]]:
    """Shares with the class in sight, with it hidden, and with the classes of all relatives hidden too."""
    shown = take(data.columns, rows)
    views = (shown, numbers.mask_class(shown), numbers.mask_class(shown, whole_tree=True))
    return [model.probabilities(artifact, numbers.features(view)) for view in views]


def f1_by_type(truth: Ints, said: Ints) -> dict[str, tuple[float, int]]:
    """F1 and number of items of each type with at least ``FEWEST`` items."""
    hits = np.bincount(truth[truth == said], minlength=len(TYPES))
    there, claimed = np.bincount(truth, minlength=len(TYPES)), np.bincount(said, minlength=len(TYPES))
    return {
        TYPES[code]: (float(2 * hits[code] / (there[code] + claimed[code])), int(there[code]))
        for code in np.flatnonzero(there >= FEWEST)
    }


def macro_f1(truth: Ints, said: Ints) -> float:
    """Mean F1 over the types with enough items; NaN when there is none of them."""
    scores = [score for score, _ in f1_by_type(truth, said).values()]
    return float(np.mean(scores)) if scores else float("nan")


def accuracy(truth: Ints, said: Ints) -> float:
    return float((truth == said).mean()) if len(truth) else float("nan")


def interval(figure: Any, truth: Ints, said: Ints, apps: Ints) -> tuple[float, float] | None:
    """2.5 and 97.5 % of the figure when whole applications are drawn anew; None where it is not defined."""
    if np.isnan(figure(truth, said)):
        return None
    rng = np.random.default_rng(0)
    names, place = np.unique(apps, return_inverse=True)
    rows_of = [np.flatnonzero(place == number) for number in range(len(names))]
    draws = []
    for _ in range(BOOTSTRAPS):
        rows = np.concatenate([rows_of[number] for number in rng.integers(0, len(names), len(names))])
        draws.append(figure(truth[rows], said[rows]))
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    return round(float(low), 4), round(float(high), 4)


def calibration_error(shares: NDArray[np.float32], truth: Ints) -> float:
    """Expected calibration error over ten equal bins of confidence."""
    sure = shares.max(axis=1)
    right = shares.argmax(axis=1) == truth
    bins = np.minimum((sure * 10).astype(int), 9)
    gaps = [abs(sure[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)]
    return float(np.sum(gaps))


def table(data: Corpus, answers: Answers) -> dict[str, Any]:
    """Every figure, by what the class says and by framework, with counts, intervals and the baseline."""
    custom = data.columns["class_name"] == schema.CLASSES.index(CUSTOM)
    silent = data.masked | data.hard
    hidden, alone = answers.hidden, answers.alone
    parts = {
        BY_CONSTRUCTION: (data.masked, answers.shown),
        "class says nothing (masked + hard)": (silent, hidden),
        "  class masked": (data.masked, hidden),
        "  hard: generic or custom class": (data.hard, hidden),
        "  hard: custom class": (data.hard & custom, hidden),
        "  with plain containers": (silent | data.containers, hidden),
        "  all classes of the tree masked": (silent, alone),
    }
    out: dict[str, Any] = {}
    for name, (rows, shares) in parts.items():
        named = name == BY_CONSTRUCTION
        out[name] = {"all": figures(data, rows, shares, named)}
        for framework in np.unique(data.framework):
            out[name][str(framework)] = figures(data, rows & (data.framework == framework), shares, named)
    return out


def figures(data: Corpus, rows: NDArray[np.bool_], shares: NDArray[np.float32], in_sight: bool) -> dict[str, Any]:
    """Counts, accuracy and macro-F1 with intervals by application, calibration, and the class lookup's accuracy."""
    kept = np.flatnonzero(rows)
    truth, said, apps = data.truth[kept].astype(int), shares[kept].argmax(axis=1), data.app[kept]
    told = numbers.told(data.columns)[kept] if in_sight else np.full(len(kept), numbers.UNTOLD)
    lookup = np.where(told == numbers.UNTOLD, CODE["container"], told)
    out: dict[str, Any] = {"n": len(kept), "apps": len(np.unique(apps))}
    if len(kept):
        out |= {
            "accuracy": round(accuracy(truth, said), 4),
            "accuracy_interval": interval(accuracy, truth, said, apps),
            "macro_f1": _figure(macro_f1(truth, said)),
            "macro_f1_interval": interval(macro_f1, truth, said, apps),
            "lookup_accuracy": round(accuracy(truth, lookup), 4),
            "calibration_error": round(calibration_error(shares[kept], truth), 4),
        }
    return out


def _figure(value: float) -> float | None:
    """Rounded; None where it is not defined, since JSON knows no NaN."""
    return None if np.isnan(value) else round(value, 4)


def lifecycle(data: Corpus) -> list[dict[str, Any]]:
    """The shipped model, then models of a crowd whose applications come week by week; judged on fixed others."""
    apps = np.random.default_rng(1).permutation(np.unique(data.app))
    held, crowd = apps[: len(apps) // 4], apps[len(apps) // 4 :]
    asked = np.flatnonzero(np.isin(data.app, held) & (data.masked | data.hard))
    shipped = judge.first()
    points = [] if shipped is None else [_point("v1.0, simulator only", 0, 0, shipped, data, asked)]
    for week in WEEKS:
        seen = crowd[: len(crowd) * week // max(WEEKS)]
        examples = data.examples(np.isin(data.app, seen))
        artifact = model.fit(examples, shipped, Context(seed=week))
        points.append(_point(f"week {week}", week, examples.rows, artifact, data, asked))
    return points


def _point(name: str, week: int, samples: int, artifact: Artifact, data: Corpus, asked: Ints) -> dict[str, Any]:
    hidden = numbers.mask_class(take(data.columns, asked))
    said = model.probabilities(artifact, numbers.features(hidden)).argmax(axis=1)
    truth, apps = data.truth[asked].astype(int), data.app[asked]
    return {
        "model": name,
        "week": week,
        "samples": samples,
        "n": len(asked),
        "macro_f1": round(macro_f1(truth, said), 4),
        "macro_f1_interval": interval(macro_f1, truth, said, apps),
        "accuracy": round(accuracy(truth, said), 4),
    }


def speed(data: Corpus) -> dict[str, float]:
    """Milliseconds to turn 1,000 elements into numbers and to name them, on one thread; model size; time of a fit."""
    started = time.perf_counter()
    artifact = model.fit(data.examples(np.ones(len(data.app), bool)), None, Context())
    fitted = time.perf_counter() - started
    rows = take(data.columns, slice(0, 1000))
    model.predict(artifact, rows)
    times = []
    for _ in range(20):
        started = time.perf_counter()
        model.predict(artifact, rows)
        times.append(1000 * (time.perf_counter() - started))
    return {
        "predict_1000_ms_median": round(float(np.median(times)), 2),
        "predict_1000_ms_best": round(min(times), 2),
        "model_mb": round(len(artifact.data) / 1e6, 3),
        "fit_s": round(fitted, 1),
    }


def draw(points: Sequence[Mapping[str, Any]], origin: str, file: Path) -> None:
    """The learning curve as a picture."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 3.6), dpi=140)
    weeks, scores = [point["week"] for point in points], [point["macro_f1"] for point in points]
    low, high = zip(*(point["macro_f1_interval"] for point in points), strict=True)
    axes.fill_between(weeks, low, high, alpha=0.15, color="#2a6f97", label="95 % interval over applications")
    axes.plot(weeks, scores, marker="o", color="#2a6f97", label="macro-F1, class hidden")
    for week, score in zip(weeks, scores, strict=True):
        axes.annotate(f"{score:.2f}", (week, score), textcoords="offset points", xytext=(0, 8), ha="center")
    axes.set(xlabel="weeks of crowd", ylabel="macro-F1", ylim=(0, 1), xticks=weeks)
    axes.set_title(f"Naming elements whose class says nothing ({origin}, applications never seen)", fontsize=9)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Software": None})


def show(results: Mapping[str, Any]) -> None:
    """Print every table."""
    print(f"{results['origin']}: {results['elements']:,} elements of {results['apps']} applications, {FOLDS} folds")
    heads = f"{'n':>7}{'apps':>6}{'accuracy':>10}{'lookup':>8}{'macro-F1':>10}{'interval':>13}{'ECE':>7}"
    for name, rows in results["table"].items():
        print(f"\n{name.strip()}: {NOTES[name]}\n{'':12}{heads}")
        for framework, row in rows.items():
            if row["n"]:
                print(f"{framework:12}{_line(row)}")
    print("\nF1 and items by type where the class says nothing:")
    for name, (score, n) in sorted(results["types"].items(), key=lambda pair: -pair[1][0]):
        print(f"{name:16}{score:6.2f}{n:7,}")
    for point in results["lifecycle"]:
        low, high = point["macro_f1_interval"]
        print(
            f"{point['model']:24}{point['samples']:8,} samples  macro-F1 {point['macro_f1']:.3f} ({low:.2f}-{high:.2f})"
        )
    print(results["speed"])


def _line(row: Mapping[str, Any]) -> str:
    between = "-".join(f"{end:.2f}" for end in row["macro_f1_interval"] or ()) or "too few"
    f1 = "-" if row["macro_f1"] is None else f"{row['macro_f1']:.3f}"
    shares = f"{row['accuracy']:10.3f}{row['lookup_accuracy']:8.3f}{f1:>10}{between:>13}"
    return f"{row['n']:7}{row['apps']:6}{shares}{row['calibration_error']:7.3f}"


def main() -> None:
    """Measure, print, draw and keep."""
    data = corpus()
    answers = cross_validate(data)
    rows = np.flatnonzero(data.masked | data.hard)
    results: dict[str, Any] = {
        "origin": data.origin,
        "elements": len(data.app),
        "apps": len(np.unique(data.app)),
        "notes": {name.strip(): note for name, note in NOTES.items()},
        "table": table(data, answers),
        "types": f1_by_type(data.truth[rows].astype(int), answers.hidden[rows].argmax(axis=1)),
        "lifecycle": lifecycle(data),
        "speed": speed(data),
    }
    show(results)
    draw(results["lifecycle"], data.origin, HERE.parent / "docs" / "images" / "learning.png")
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "learning.json").write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
