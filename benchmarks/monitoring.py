"""Service telemetry: the series detector on the open cloud-monitoring series of Microsoft, labelled point by point.

Run: ``python -m benchmarks.monitoring``. Files come from ``SAMOUK_SHARED``, else from ``shared`` beside the repository.
Average precision of each series that has anomalies after the first 15 %, then their plain mean; a random score beside.
"""

from __future__ import annotations

import csv
import json
import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.detect.series import ALARM_FROM, SeriesDetector

Scores = NDArray[np.float64]
SKIPPED = 0.15
PUBLISHED: Mapping[str, tuple[float, float, float]] = {
    "daily log difference": (0.731, 0.301, 0.399),
    "EWMA z-score": (0.760, 0.465, 0.523),
    "EWMA z-score, rewritten": (0.775, 0.498, 0.553),
}
"""Measured before on the same series: macro AUROC, AUPRC, best F1 (an oracle's threshold)."""


@dataclass(frozen=True, slots=True)
class Series:
    """One file: domain and name, rows in order, None for a missing value, and the rows that are anomalous."""

    name: str
    at: Sequence[float]
    values: Sequence[float | None]
    anomalous: NDArray[np.bool_]

    @property
    def domain(self) -> str:
        return self.name.split("/")[0]


def folder() -> Path | None:
    """Where the files are, or None: ``SAMOUK_SHARED``, else ``shared`` beside the repository."""
    told = os.environ.get("SAMOUK_SHARED")
    shared = Path(told) if told else Path(__file__).resolve().parents[2] / "shared"
    found = shared / "data" / "traffic" / "ms_cloud_monitoring"
    return found if found.is_dir() else None


def load(root: Path) -> list[Series]:
    """Every series of the folder."""
    return [_series(root, file) for file in sorted(root.glob("*/*.csv"))]


def _series(root: Path, file: Path) -> Series:
    with file.open(newline="", encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    return Series(
        file.relative_to(root).with_suffix("").as_posix(),
        [_seconds(row["TimeStamp"]) for row in rows],
        [_value(row["Value"]) for row in rows],
        np.array([row["Label"].strip() in {"1", "1.0"} for row in rows]),
    )


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC).timestamp()


def _value(text: str) -> float | None:
    return float(text) if text.strip() and not math.isnan(float(text)) else None


def average_precision(scores: Scores, anomalous: NDArray[np.bool_]) -> float:
    """Area under precision and recall as a step function; equal scores enter together."""
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(anomalous[order])
    last = np.append(ranked[1:] != ranked[:-1], True)
    found, seen = hits[last], np.flatnonzero(last) + 1
    return float(np.sum(np.diff(found, prepend=0) * found / seen) / hits[-1])


def area(scores: Scores, anomalous: NDArray[np.bool_]) -> float:
    """Chance that an anomalous row scores higher than a normal one; equal scores count half."""
    _, rank, counts = np.unique(scores, return_inverse=True, return_counts=True)
    middle = (np.cumsum(counts) - (counts - 1) / 2)[rank]
    yes = int(anomalous.sum())
    return float((middle[anomalous].sum() - yes * (yes + 1) / 2) / (yes * (len(scores) - yes)))


def best_f1(scores: Scores, anomalous: NDArray[np.bool_]) -> float:
    """Largest F1 of any threshold: what an oracle would set."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(anomalous[order])
    last = np.append(scores[order][1:] != scores[order][:-1], True)
    return float(np.max((2 * hits / (np.arange(1, len(scores) + 1) + hits[-1]))[last]))


def run(series: Series) -> tuple[Scores, Scores]:
    """The detector's score and alarm of every row, in order."""
    detector = SeriesDetector()
    rows = zip(series.at, series.values, strict=True)
    scores, alarms = zip(*((detector.update(at, value), detector.alarm) for at, value in rows), strict=True)
    return np.array(scores), np.array(alarms)


def counted(series: Series, scores: Scores) -> tuple[Scores, NDArray[np.bool_]]:
    """Scores and marks of the rows that count: after the skipped ones, with a value."""
    start = math.floor(SKIPPED * len(scores))
    there = np.array([value is not None for value in series.values])[start:]
    return scores[start:][there], series.anomalous[start:][there]


def f1(scores: Scores, anomalous: NDArray[np.bool_], threshold: float) -> float:
    """F1 at a threshold."""
    told = scores >= threshold
    return 2 * int(np.sum(told & anomalous)) / max(int(np.sum(told)) + int(np.sum(anomalous)), 1)


def honest_f1(series: Sequence[Series], scores: Sequence[Scores]) -> float:
    """Macro F1 where each domain's threshold is the one that serves the series of the other domains best."""
    rows = [(one.domain, *counted(one, found)) for one, found in zip(series, scores, strict=True)]
    rows = [row for row in rows if row[2].any()]
    tries = np.linspace(0.0, 1.0, 200, endpoint=False)
    table = np.array([[f1(found, marked, threshold) for threshold in tries] for _, found, marked in rows])
    domains = np.array([domain for domain, _, _ in rows])
    chosen = [int(np.argmax(table[domains != domain].mean(axis=0))) for domain in domains]
    return float(np.mean(table[np.arange(len(rows)), chosen]))


def quiet_alarms(series: Sequence[Series], alarms: Sequence[Scores]) -> float:
    """Alarms a day at the built-in threshold in the series without a single anomaly."""
    told, days = 0, 0.0
    for one, found in zip(series, alarms, strict=True):
        if not one.anomalous.any():
            start = math.floor(SKIPPED * len(found))
            told += int(np.sum(found[start:] >= ALARM_FROM))
            days += (one.at[-1] - one.at[start]) / 86_400
    return told / days


def judge(series: Series, scores: Scores) -> dict[str, float] | None:
    """AUROC, AUPRC, best F1 and prevalence after the skipped rows; None for a series without anomalies there."""
    late, marked = counted(series, scores)
    if not marked.any():
        return None
    return {
        "auroc": area(late, marked),
        "auprc": average_precision(late, marked),
        "best_f1": best_f1(late, marked),
        "random": float(marked.mean()),
    }


def macro(table: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Plain mean over series."""
    return {key: float(np.mean([row[key] for row in table])) for key in table[0]}


def summary(series: Sequence[Series], scores: Sequence[Scores]) -> dict[str, Any]:
    """Macro means over all series and over each domain, with the number of series behind them."""
    rows = {one.name: judge(one, found) for one, found in zip(series, scores, strict=True)}
    judged = {name: row for name, row in rows.items() if row is not None}
    domains = sorted({name.split("/")[0] for name in judged})
    return {
        "series": len(judged),
        "all": macro(list(judged.values())),
        "domains": {key: macro([row for name, row in judged.items() if name.startswith(key)]) for key in domains},
        "each": judged,
    }


def main() -> None:
    """Print the table and keep it."""
    root = folder()
    if root is None:
        print("the series are not here; set SAMOUK_SHARED")
        return
    series = load(root)
    began = time.process_time()
    scores, alarms = zip(*(run(one) for one in series), strict=True)
    spent = 1e6 * (time.process_time() - began) / sum(len(one.values) for one in series)
    found = summary(series, scores)
    print(f"{found['series']} of {len(series)} series have anomalies after {SKIPPED:.0%}; {spent:.0f} us a row")
    print(f"{'':42}{'AUROC':>8}{'AUPRC':>8}{'best F1':>9}{'random':>8}")
    for name, row in PUBLISHED.items():
        print(f"{name:42}{row[0]:8.3f}{row[1]:8.3f}{row[2]:9.3f}")
    for name, figures in {"samouk": found["all"], **found["domains"]}.items():
        print(f"{name:42}" + "".join(f"{figures[key]:{9 if key == 'best_f1' else 8}.3f}" for key in figures))
    honest, quiet = honest_f1(series, scores), quiet_alarms(series, alarms)
    print(f"F1 with the threshold from the other domains {honest:.3f};", end=" ")
    print(f"alarms a day in series without anomalies {quiet:.2f}")
    kept = {
        "samouk": found,
        "f1_threshold_from_other_domains": honest,
        "alarms_a_day_without_anomalies": quiet,
        "measured_before": PUBLISHED,
        "us_a_row": spent,
    }
    (Path(__file__).parent / "results" / "monitoring.json").write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
