"""NAB: the series detector on the open files of the Numenta Anomaly Benchmark, in three profiles, beside the board.

Run: ``python -m benchmarks.nab``. The files come from ``SAMOUK_SHARED``, else from ``shared`` beside the repository.
The scorer follows the benchmark's rules: one threshold a profile for all series, chosen to maximise their summed score.
Beside it stands the figure of a threshold that was chosen on the other groups: what a user of a new series gets.
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
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.detect.series import ALARM_FROM, SeriesDetector

Scores = NDArray[np.float64]


class Profile(NamedTuple):
    """What a found window earns, a missed one costs and a false alarm costs."""

    found: float
    missed: float
    false: float


PROFILES: Mapping[str, Profile] = {
    "standard": Profile(1.0, 1.0, 0.11),
    "reward_low_FP": Profile(1.0, 1.0, 0.22),
    "reward_low_FN": Profile(1.0, 2.0, 0.11),
}

BOARD: Mapping[str, tuple[float, float, float]] = {
    "ARTime": (76.5, 69.2, 81.2),
    "CAD OSE": (74.1, 71.4, 75.8),
    "Numenta HTM": (72.6, 66.1, 76.8),
    "HTM Java": (69.4, 53.6, 73.7),
    "KNN CAD": (60.9, 47.7, 67.2),
    "Relative Entropy": (56.1, 49.3, 60.4),
    "Random Cut Forest": (52.3, 38.3, 60.4),
    "Twitter ADVec": (47.6, 35.8, 53.3),
    "Windowed Gaussian": (40.9, 27.7, 46.6),
    "Bayesian changepoint": (23.2, 11.3, 34.8),
}
"""Published per-file scores, summed over the open files at each detector's published corpus-wide threshold."""

PROBATION_SHARE, PROBATION_ROWS = 0.15, 750
EDGE = 2 / (1 + math.exp(-5)) - 1


@dataclass(frozen=True, slots=True)
class Series:
    """One file: its group, rows, and the windows as (first row, last row)."""

    name: str
    at: Sequence[float]
    values: Sequence[float]
    windows: tuple[tuple[int, int], ...]

    @property
    def group(self) -> str:
        return self.name.split("/")[0]


class Steps(NamedTuple):
    """How the raw score of a file changes when the threshold falls to each of ``at``.

    Shapes (n,): ``found`` windows from here on, ``earned`` share of a window's reward, ``false`` alarms' weight.
    """

    at: Scores
    found: Scores
    earned: Scores
    false: Scores

    def worth(self, profile: Profile) -> Scores:
        return profile.missed * self.found + profile.found * self.earned + profile.false * self.false


def folder() -> Path | None:
    """Where the benchmark's files are, or None: ``SAMOUK_SHARED``, else ``shared`` beside the repository."""
    told = os.environ.get("SAMOUK_SHARED")
    shared = Path(told) if told else Path(__file__).resolve().parents[2] / "shared"
    found = shared / "data" / "traffic" / "nab"
    return found if found.is_dir() else None


def load(root: Path) -> list[Series]:
    """Every series of the folder with its windows."""
    labels = json.loads((root / "labels" / "combined_windows.json").read_text())
    return [_series(root, file, labels) for file in sorted((root / "data").glob("*/*.csv"))]


def _series(root: Path, file: Path, labels: Mapping[str, list[list[str]]]) -> Series:
    name = file.relative_to(root / "data").as_posix()
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    at = [_seconds(row["timestamp"]) for row in rows]
    windows = []
    for first, last in labels.get(name, []):
        inside = [place for place, when in enumerate(at) if _seconds(first) <= when <= _seconds(last)]
        windows.append((inside[0], inside[-1]))
    return Series(name, at, [float(row["value"]) for row in rows], tuple(windows))


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def probation(rows: int) -> int:
    """Rows at the beginning that earn and cost nothing."""
    return min(math.floor(PROBATION_SHARE * rows), PROBATION_ROWS)


def sigmoid(position: float) -> float:
    """Worth of a detection: near 1 at the first row of a window, 0 at its end, -1 long after it."""
    return -1.0 if position > 3 else 2 / (1 + math.exp(5 * position)) - 1


def steps(scores: Scores, windows: Sequence[tuple[int, int]]) -> Steps:
    """What each row, or the first rows of each window, change when the threshold falls to their score."""
    start = probation(len(scores))
    inside = np.zeros(len(scores), bool)
    found: list[tuple[float, float, float, float]] = []
    for left, right in windows:
        inside[left : right + 1] = True
        found += _window(scores, max(left, start), left, right)
    last = -1
    ends = {right: place for place, (_, right) in enumerate(windows)}
    for row, score in enumerate(scores):
        if row >= start and not inside[row]:
            found.append((float(score), 0.0, 0.0, _outside(row, windows, last)))
        last = ends.get(row, last)
    return Steps(*np.array(found).reshape(-1, 4).T)


def _window(scores: Scores, first: int, left: int, right: int) -> list[tuple[float, float, float, float]]:
    """The earliest row at or above the threshold counts: each record of the window replaces the one before it."""
    records: list[tuple[float, float]] = []
    for row in range(first, right + 1):
        if not records or scores[row] > records[-1][0]:
            records.append((float(scores[row]), sigmoid(-(right - row + 1) / (right - left + 1)) / EDGE))
    out = []
    for place, (score, worth) in enumerate(records):
        top = place == len(records) - 1
        later = 0.0 if top else records[place + 1][1]
        out.append((score, float(top), worth - later, 0.0))
    return out


def _outside(row: int, windows: Sequence[tuple[int, int]], last: int) -> float:
    if last < 0:
        return -1.0
    left, right = windows[last]
    return sigmoid((row - right) / max(right - left, 1))


def best(parts: Sequence[Steps], profile: Profile) -> tuple[float, float]:
    """(threshold, summed raw score above silence): the best of all distinct scores, 1.1 for no detection at all."""
    at = np.concatenate([part.at for part in parts])
    worth = np.concatenate([part.worth(profile) for part in parts])
    order = np.argsort(-at, kind="stable")
    at, total = at[order], np.cumsum(worth[order])
    distinct = np.append(at[1:] != at[:-1], True)
    place = int(np.argmax(np.where(distinct, total, -np.inf)))
    return (float(at[place]), float(total[place])) if total[place] > 0 else (1.1, 0.0)


def gain(parts: Sequence[Steps], profile: Profile, threshold: float) -> float:
    """Summed raw score above silence at a threshold."""
    return float(sum(part.worth(profile)[part.at >= threshold].sum() for part in parts))


def silence(windows: int, profile: Profile) -> float:
    """Raw score of a detector that never says a word."""
    return -profile.missed * windows


def normalised(above_silence: float, windows: int, profile: Profile) -> float:
    """100 for a perfect detector, 0 for silence."""
    return 100 * above_silence / (profile.found * windows - silence(windows, profile))


def evaluate(series: Sequence[Series], scores: Sequence[Scores]) -> dict[str, Any]:
    """Per profile: the score with the threshold chosen on all, on the other groups, and the score of each group."""
    parts = [steps(found, one.windows) for one, found in zip(series, scores, strict=True)]
    return {name: _profile(series, parts, profile) for name, profile in PROFILES.items()}


def _profile(series: Sequence[Series], parts: Sequence[Steps], profile: Profile) -> dict[str, Any]:
    windows = sum(len(one.windows) for one in series)
    threshold, total = best(parts, profile)
    other, groups = 0.0, {}
    for group in sorted({one.group for one in series}):
        mine = [part for one, part in zip(series, parts, strict=True) if one.group == group]
        rest = [part for one, part in zip(series, parts, strict=True) if one.group != group]
        count = sum(len(one.windows) for one in series if one.group == group)
        other += gain(mine, profile, best(rest, profile)[0])
        groups[group] = normalised(gain(mine, profile, threshold), count, profile) if count else None
    return {
        "threshold": threshold,
        "score": normalised(total, windows, profile),
        "threshold_from_other_groups": normalised(other, windows, profile),
        "groups": groups,
    }


def alarms(series: Sequence[Series], scores: Sequence[Scores], threshold: float) -> dict[str, float]:
    """Windows found, false alarms, and these a day of the rows that count, at one threshold."""
    found, false, days = 0, 0, 0.0
    for one, told in zip(series, scores, strict=True):
        start = probation(len(told))
        loud = np.flatnonzero(told >= threshold)
        loud = loud[loud >= start]
        inside = [np.any((loud >= left) & (loud <= right)) for left, right in one.windows]
        found += int(np.sum(inside))
        false += sum(not any(left <= row <= right for left, right in one.windows) for row in loud)
        days += (one.at[-1] - one.at[start]) / 86_400
    return {"windows_found": found, "false_alarms": false, "false_alarms_a_day": false / days}


def run(series: Series) -> Scores:
    """The detector's alarm of every row, in order."""
    detector = SeriesDetector()
    out = []
    for at, value in zip(series.at, series.values, strict=True):
        detector.update(at, value)
        out.append(detector.alarm)
    return np.array(out)


def main() -> None:
    """Print the board and keep the figures."""
    root = folder()
    if root is None:
        print("the files of NAB are not here; set SAMOUK_SHARED")
        return
    series = load(root)
    began = time.process_time()
    scores = [run(one) for one in series]
    rows = sum(len(one.values) for one in series)
    spent = 1e6 * (time.process_time() - began) / rows
    found = evaluate(series, scores)
    print(
        f"{len(series)} series, {sum(len(one.windows) for one in series)} windows, {rows:,} rows, {spent:.0f} us a row"
    )
    print(f"{'':34}{'standard':>10}{'low FP':>10}{'low FN':>10}")
    for name, board in BOARD.items():
        print(f"{name + ' (published)':34}" + "".join(f"{value:10.1f}" for value in board))
    for key, title in (("score", "samouk"), ("threshold_from_other_groups", "samouk, others' threshold")):
        print(f"{title:34}" + "".join(f"{found[profile][key]:10.1f}" for profile in PROFILES))
    for group, value in found["standard"]["groups"].items():
        print(f"  {group:32}" + (f"{value:10.1f}" if value is not None else f"{'-':>10}"))
    told = alarms(series, scores, ALARM_FROM)
    print(f"at the built-in threshold {ALARM_FROM}: {told['windows_found']} windows found,", end=" ")
    print(f"{told['false_alarms']} false alarms, {told['false_alarms_a_day']:.2f} a day and series")
    kept = {"samouk": found, "at_built_in_threshold": told, "published": BOARD, "us_a_row": spent}
    (Path(__file__).parent / "results" / "nab.json").write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
