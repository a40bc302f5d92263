"""Floods: recall at 1 % false alarms of flood kinds left out of learning (NSL-KDD), and rare connections in a stream.

Run: ``python -m benchmarks.floods``. The files come from ``SAMOUK_SHARED``, else from ``shared`` beside this one. Each
flood kind is judged by a detector that was given the other kinds alone. A third of the normal rows is learnt from, the
threshold is the 99 % quantile of another third, and false alarms are counted on the last; the thirds take turns. Other
attacks are left out on both sides. KDD-SMTP goes by in its file's order, each stretch scored by what came before it.
"""

from __future__ import annotations

import csv
import gzip
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.machines import average_precision, folder
from samouk.domains.traffic.detect.floods import VIEWS, FloodDetector, Kind
from samouk.domains.traffic.detect.machines import MachineDetector

Floats = NDArray[np.float64]
Strings = NDArray[np.str_]
KINDS = ("neptune", "smurf", "back", "teardrop", "pod")
RATE = 0.01
TURNS = 3
WORDS = ("protocol_type", "service", "flag")
LABELS = ("attack", "difficulty", "label", "is_dos_flood")
PUBLISHED: Mapping[str, tuple[float, ...]] = {
    "IForest (reference)": (1.0, 0.0, 0.0, 0.10, 0.0),
    "PCA 90 % (reference)": (0.78, 0.002, 0.12, 0.08, 0.0),
    "HGB, others known (reference)": (0.0, 1.0, 0.0, 0.0, 0.95),
}
"""Recall of the same kinds at the same rate as measured elsewhere, on another split of the normal rows."""

FIRST, GROWTH = 1_000, 1.25
"""Rows of the stream that the first detector learns from, and how much more every next one."""
STREAMED = {"river HalfSpaceTrees (reference)": (0.860, 0.431), "IForest (reference)": (0.900, 0.004)}
"""AUROC and average precision of the unshuffled stream as measured elsewhere."""


class Connections(NamedTuple):
    """(n, d) columns on the scale of the detector, (n,) protocol and service, (n,) names of attacks or ``normal``."""

    rows: Floats
    contexts: Strings
    attacks: Strings

    def of(self, chosen: NDArray[Any]) -> Kind:
        return Kind(self.rows[chosen], self.contexts[chosen].tolist())


class Turn(NamedTuple):
    """Normal rows to learn from, to set the threshold by, and to count false alarms on."""

    learnt: NDArray[np.int64]
    held: NDArray[np.int64]
    judged: NDArray[np.int64]


Scoring = Callable[[Kind], Floats]
Learning = Callable[[Kind, Mapping[str, Kind]], Scoring]


def load(file: Path) -> Connections:
    """NSL-KDD: counts, bytes and seconds as logarithms, shares times four; what tells the label is not among them."""
    with gzip.open(file, "rt") as lines:
        table = list(csv.DictReader(lines))
    names = [name for name in table[0] if name not in WORDS + LABELS]
    raw = np.array([[float(row[name]) for name in names] for row in table])
    rows = np.where([name.endswith("_rate") for name in names], 4.0 * raw, np.log1p(raw))
    contexts = np.array([f"{row['protocol_type']}/{row['service']}" for row in table])
    return Connections(rows, contexts, np.array([row["attack"] for row in table]))


def turns(connections: Connections) -> Iterator[Turn]:
    """The thirds of the normal rows in every part."""
    normal = np.flatnonzero(connections.attacks == "normal")
    thirds = [normal[start::TURNS] for start in range(TURNS)]
    for first in range(TURNS):
        yield Turn(*(thirds[(first + step) % TURNS] for step in range(TURNS)))


def with_known(learnt: Kind, known: Mapping[str, Kind]) -> Scoring:
    """The whole detector."""
    detector = FloodDetector.fit(learnt.rows, learnt.contexts, known)
    return lambda asked: detector.surprise(asked.rows, asked.contexts)


def normal_only(learnt: Kind, known: Mapping[str, Kind]) -> Scoring:
    """The detector without known floods."""
    detector = FloodDetector.fit(learnt.rows, learnt.contexts)
    return lambda asked: detector.surprise(asked.rows, asked.contexts)


def one_view(view: str) -> Learning:
    """One view of the detector alone."""

    def learning(learnt: Kind, known: Mapping[str, Kind]) -> Scoring:
        detector = FloodDetector.fit(learnt.rows, learnt.contexts, known)
        return lambda asked: detector.views(asked.rows, asked.contexts)[view]

    return learning


def gaussian(learnt: Kind, known: Mapping[str, Kind]) -> Scoring:
    """The detector of machines, row by row: no contexts, no known floods."""
    detector = MachineDetector.fit(learnt.rows, halflives=(), floor=0.05)
    return lambda asked: detector.surprise(asked.rows)


def forest(learnt: Kind, known: Mapping[str, Kind]) -> Scoring:
    """scikit-learn's isolation forest on the same columns, on this split."""
    from sklearn.ensemble import IsolationForest

    model = IsolationForest(random_state=0).fit(learnt.rows)
    return lambda asked: np.asarray(-model.score_samples(asked.rows), np.float64)


METHODS: Mapping[str, Learning] = {
    "samouk": with_known,
    "samouk, normal rows alone": normal_only,
    **{f"  view {view}": one_view(view) for view in VIEWS},
    "Gaussian of machines": gaussian,
    "IForest": forest,
}


def left_out(connections: Connections, learning: Learning, kind: str) -> dict[str, float]:
    """Means over the turns of one kind that was not taught: recall, its least, false alarms, average precision."""
    others = {name: connections.of(connections.attacks == name) for name in KINDS if name != kind}
    asked = connections.of(connections.attacks == kind)
    recalls, alarms, areas = [], [], []
    for turn in turns(connections):
        scoring = learning(connections.of(turn.learnt), others)
        threshold = np.quantile(scoring(connections.of(turn.held)), 1 - RATE)
        normal, flood = scoring(connections.of(turn.judged)), scoring(asked)
        recalls.append(float((flood > threshold).mean()))
        alarms.append(float((normal > threshold).mean()))
        labels = np.repeat([0, 1], [len(normal), len(flood)])
        areas.append(average_precision(np.concatenate([normal, flood]), labels))
    return {
        "recall": float(np.mean(recalls)),
        "least": min(recalls),
        "false_alarms": float(np.mean(alarms)),
        "ap": float(np.mean(areas)),
        "prevalence": float(np.mean(labels)),
    }


def stream(rows: Floats) -> Floats:
    """Scores in the file's order: a detector of all rows so far scores the next quarter as many, then learns anew.

    Both ends of every column count, so each is given also negated. The first ``FIRST`` rows are learnt from unscored.
    """
    both = np.column_stack([rows, -rows])
    words = np.full(len(rows), "smtp")
    scores = np.zeros(len(rows))
    seen = FIRST
    while seen < len(rows):
        end = min(int(seen * GROWTH), len(rows))
        detector = FloodDetector.fit(both[:seen], words[:seen])
        scores[seen:end] = detector.views(both[seen:end], words[seen:end])["all"]
        seen = end
    return scores


def auroc(scores: Floats, labels: NDArray[Any]) -> float:
    """Chance that a labelled row scores above another; equal scores count half."""
    values, inverse = np.unique(scores, return_inverse=True)
    ours = np.bincount(inverse[labels == 1], minlength=len(values))
    others = np.bincount(inverse[labels == 0], minlength=len(values))
    below = np.cumsum(others) - others
    return float((ours * (below + others / 2)).sum() / (ours.sum() * others.sum()))


def speed(connections: Connections) -> dict[str, float]:
    """CPU seconds to learn, and connections a CPU second in one call and one by one."""
    turn = next(turns(connections))
    known = {name: connections.of(connections.attacks == name) for name in KINDS}
    began = time.process_time()
    detector = FloodDetector.fit(*connections.of(turn.learnt), known)
    learnt = time.process_time()
    detector.score(*connections.of(turn.judged))
    scored = time.process_time()
    for place in turn.judged[:300]:
        detector.score(*connections.of(np.array([place])))
    done = time.process_time()
    return {
        "fit_cpu_s": learnt - began,
        "rows_per_cpu_s": len(turn.judged) / (scored - learnt),
        "ms_one_by_one": (done - scored) / 300 * 1e3,
        "kept_bytes": float(sum(kept.nbytes for kept in detector.arrays().values())),
    }


def main() -> None:
    """Print the tables and keep them."""
    data = folder()
    if data is None:
        print("the open traffic data is not here; set SAMOUK_SHARED")
        return
    connections = load(data / "nsl_kdd" / "train20.csv.gz")
    print(
        "NSL-KDD, recall of a kind that was left out, at 1 % false alarms on normal rows held apart (least of 3 turns)"
    )
    print(f"{'':30}" + "".join(f"{kind:>15}" for kind in KINDS) + f"{'alarms':>9}")
    found = {}
    for method, learning in METHODS.items():
        row = found[method] = {kind: left_out(connections, learning, kind) for kind in KINDS}
        cells = "".join(f"{cell['recall']:8.3f} ({cell['least']:.2f})"[:15].rjust(15) for cell in row.values())
        alarms = np.mean([cell["false_alarms"] for cell in row.values()])
        print(f"{method:30}{cells}{alarms:9.2%}")
        print(f"{'    average precision':30}" + "".join(f"{cell['ap']:15.3f}" for cell in row.values()))
    print(f"{'    prevalence':30}" + "".join(f"{cell['prevalence']:15.3f}" for cell in row.values()))
    for method, recalls in PUBLISHED.items():
        print(f"{method:30}" + "".join(f"{value:15.3f}" for value in recalls))
    with gzip.open(data / "kdd_smtp" / "smtp.csv.gz", "rt") as lines:
        table = np.loadtxt(lines, delimiter=",", skiprows=1)
    scores, labels = stream(table[:, :3]), table[:, 3].astype(np.int64)
    streamed = {"auroc": auroc(scores, labels), "ap": average_precision(scores, labels)}
    print(f"\nKDD-SMTP in its order, {labels.mean():.2%} anomalies: AUROC / AP")
    print(f"{'samouk':34}{streamed['auroc']:.3f} / {streamed['ap']:.3f}")
    for method, (roc, area) in STREAMED.items():
        print(f"{method:34}{roc:.3f} / {area:.3f}")
    fast = speed(connections)
    print(
        f"\nfit {fast['fit_cpu_s']:.2f} CPU s; {fast['rows_per_cpu_s']:,.0f} connections/CPU-s in one call, "
        f"{fast['ms_one_by_one']:.2f} ms one by one; {fast['kept_bytes'] / 1e6:.1f} MB kept"
    )
    kept = {"left_out": found, "reference": PUBLISHED, "kdd_smtp": streamed, "speed": fast}
    (Path(__file__).parent / "results" / "floods.json").write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
