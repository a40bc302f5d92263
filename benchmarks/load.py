"""Forecasts of load on open series, one pass: WAPE, RMSE, MASE, coverage and pinball beside repeating what was.

Needs ``load`` and ``traffic`` in the folder that SAMOUK_SHARED names, or in ``../shared/data``. The last fifth of each
series is scored; nothing is fitted on a count before it has come. Run: ``python -m benchmarks.load [NAME ...]``, with
parts of series' names to take only those.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.load.forecaster import LoadForecaster

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results" / "load.json"
TEST = 0.2
COVERAGE = 0.9
DAY_S = 86_400
BEST = {
    "nasa 1 min": (26.1, 28.9),
    "nasa 10 min": (15.1, 20.3),
    "nasa 1 h": (12.8, 21.4),
    "twitter 1 min": (6.82, 25.1),
    "twitter 10 min": (23.2, 24.6),
    "mongo-01": (0.71, 2.26),
    "mongo-03": (3.15, 5.48),
    "ingress-01": (1.00, 1.72),
    "ingress-02": (5.59, 6.64),
    "ingress-03": (2.36, 3.22),
    "elb requests": (62.4, 63.0),
    "nyc taxi": (3.86, 11.0),
}
"""WAPE of the best of naive, seasonal naive, EWMA, ridge and LightGBM fitted on the first four fifths, each measured
once by hand; at one step and at the longer horizon."""

NASA_CUT, NASA_GAP = 39_690, 4_950
"""Minutes before the cut, and minutes that were cut out."""

PUBLISHED = {"Prophet": 139.19, "SARIMA": 150.37, "LightGBM": 262.65}
"""RMSE of dathihi1/datafollow, in its own words of the same nine days."""

Floats = NDArray[np.float64]


class Series(NamedTuple):
    """Counts of steps that begin at ``at`` (seconds); ``longer`` is the second horizon in steps."""

    name: str
    step_s: int
    longer: int
    at: Floats
    counts: Floats


def folder() -> Path | None:
    """Where the data are, or None."""
    shared = Path(os.environ.get("SAMOUK_SHARED") or HERE.parents[2] / "shared")
    return next((path for path in (shared / "data", shared) if (path / "load").is_dir()), None)


def series(place: Path) -> Iterator[Series]:
    """Every open series, in the order of ``BEST``."""
    nasa = _numbered(place / "load/nasa/nasa_per_minute.csv")
    yield Series("nasa 1 min", 60, 10, *nasa)
    yield Series("nasa 10 min", 600, 6, *summed(*nasa, 10))
    yield Series("nasa 1 h", 3_600, 6, *summed(*nasa, 60))
    twitter = _numbered(place / "load/twitter_stream/twitter_per_minute.csv")
    yield Series("twitter 1 min", 60, 10, *twitter)
    yield Series("twitter 10 min", 600, 6, *summed(*twitter, 10))
    cloud = place / "traffic/ms_cloud_monitoring"
    for name in ("mongo-01", "mongo-03", "ingress-01", "ingress-02", "ingress-03"):
        yield Series(name, 60, 10, *_dated(next(cloud.glob(f"*/{name}.csv"))))
    nab = place / "traffic/nab/data"
    yield Series("elb requests", 300, 6, *_dated(nab / "realAWSCloudwatch/elb_request_count_8c0756.csv"))
    yield Series("nyc taxi", 1_800, 6, *_dated(nab / "realKnownCause/nyc_taxi.csv"))


def _rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as lines:
        return list(csv.reader(lines))[1:]


def _numbered(path: Path) -> tuple[Floats, Floats]:
    counts = np.array([float(row[1]) for row in _rows(path)])
    return np.arange(float(len(counts))) * 60.0, counts


def _dated(path: Path) -> tuple[Floats, Floats]:
    rows = _rows(path)
    at = [dt.datetime.fromisoformat(row[0].removesuffix("Z")).replace(tzinfo=dt.UTC).timestamp() for row in rows]
    return np.array(at), np.array([float(row[1]) if row[1] else np.nan for row in rows])


def summed(at: Floats, counts: Floats, width: int) -> tuple[Floats, Floats]:
    """Sums of so many neighbours; an incomplete last one is left out."""
    whole = len(counts) // width
    return at[: whole * width : width], counts[: whole * width].reshape(whole, width).sum(axis=1)


class Told(NamedTuple):
    """Forecasts of the scored counts at one horizon, each (n,): medians, bounds and the methods that said so."""

    said: Floats
    low: Floats
    high: Floats
    methods: dict[str, int]


def told(one: Series) -> tuple[dict[int, Told], float]:
    """One pass over the series; forecasts at both horizons of every scored count, and microseconds an update."""
    forecaster = LoadForecaster(step_s=one.step_s)
    begin, unit = int(len(one.at) * (1 - TEST)), one.step_s / 60
    slots = (one.at // one.step_s).astype(np.int64)
    place = {int(slot): number for number, slot in enumerate(slots)}
    horizons = (1, one.longer)
    kept: dict[int, tuple[Floats, Counter[str]]] = {h: (np.full((3, len(slots)), np.nan), Counter()) for h in horizons}
    spent = 0.0
    for number, (at, count) in enumerate(zip(one.at.tolist(), one.counts.tolist(), strict=True)):
        began = time.process_time()
        forecaster.update(at, None if count != count else count)
        spent += time.process_time() - began
        if number + one.longer < begin:
            continue
        answers = forecaster.forecast([round(h * unit) for h in horizons], COVERAGE)
        for h, answer in zip(horizons, answers, strict=True):
            target = place.get(int(slots[number]) + h)
            if target is not None and target >= begin:
                kept[h][0][:, target] = np.array((answer.rate, answer.low, answer.high)) * unit
                kept[h][1][answer.method] += 1
    found = {}
    for h, (values, methods) in kept.items():
        said, low, high = values[:, begin:]
        found[h] = Told(said, low, high, dict(methods))
    return found, spent / len(slots) * 1e6


def repeated(one: Series, steps: int) -> Floats:
    """(n,) what was counted so many steps before every scored count, by time; NaN where nothing was."""
    slots = (one.at // one.step_s).astype(np.int64)
    place = {int(slot): value for slot, value in zip(slots, one.counts, strict=True)}
    begin = int(len(slots) * (1 - TEST))
    return np.array([place.get(int(slot) - steps, np.nan) for slot in slots[begin:]])


def wape(came: Floats, said: Floats) -> float:
    """Sum of absolute errors as a percentage of the sum of what came, where both are known."""
    both = np.isfinite(came) & np.isfinite(said)
    if not both.any():
        return float("nan")
    return float(100 * np.abs(came[both] - said[both]).sum() / np.abs(came[both]).sum())


def scores(one: Series, horizon: int, found: Told) -> dict[str, Any]:
    """All figures of one horizon. MASE is against the day-seasonal naive error of the part that is not scored."""
    begin, day = int(len(one.at) * (1 - TEST)), DAY_S // one.step_s
    came = one.counts[begin:]
    known = np.isfinite(came) & np.isfinite(found.said)
    off = found.said[known] - came[known]
    seasonal = np.nanmean(np.abs(one.counts[day:begin] - one.counts[: begin - day]))
    low, high, tail = found.low[known], found.high[known], (1 - COVERAGE) / 2
    return {
        "horizon": horizon,
        "wape": wape(came, found.said),
        "naive": wape(came, repeated(one, horizon)),
        "last_day": wape(came, repeated(one, -(-horizon // day) * day)),
        "last_week": wape(came, repeated(one, 7 * day)),
        "rmse": float(np.sqrt(np.mean(off**2))),
        "mase": float(np.abs(off).mean() / seasonal),
        "coverage": float(100 * np.mean((came[known] >= low) & (came[known] <= high))),
        "pinball": float(np.mean([_pinball(came[known], low, tail), _pinball(came[known], high, 1 - tail)])),
        "scored": int(known.sum()),
        "methods": found.methods,
    }


def _pinball(came: Floats, bound: Floats, share: float) -> float:
    return float(np.mean(np.maximum(share * (came - bound), (share - 1) * (came - bound))))


def nine_days(place: Path) -> dict[str, float]:
    """RMSE of NASA's 5-minute counts of the last nine days, forecast at once from what was before them.

    The file leaves out 28 to 31 July; here these days stand as missing, so that seasons go by time.
    """
    _, minutes = _numbered(place / "load/nasa/nasa_per_minute.csv")
    whole = np.concatenate([minutes[:NASA_CUT], np.full(NASA_GAP, np.nan), minutes[NASA_CUT:]])
    counts = whole[: len(whole) // 5 * 5].reshape(-1, 5).sum(axis=1)
    begin, week = len(counts) - 9 * 288, 7 * 288
    forecaster = LoadForecaster(step_s=300)
    for number, count in enumerate(counts[:begin].tolist()):
        forecaster.update(number * 300.0, None if count != count else count)
    ahead = np.arange(1, 9 * 288 + 1)
    said = np.array(forecaster.outlook((ahead * 5).tolist())) * 5
    back = begin - 1 + ahead - -(-ahead // week) * week
    peers = {"last week": counts[back], "mean of the last two weeks": (counts[back] + counts[back - week]) / 2}
    return {
        name: float(np.sqrt(np.mean((told - counts[begin:]) ** 2))) for name, told in {"outlook": said, **peers}.items()
    }


def main() -> None:
    """Print the table and keep it beside the other results."""
    place = folder()
    if place is None:
        print("no data: set SAMOUK_SHARED to the folder that holds load/ and traffic/")
        return
    wanted = sys.argv[1:]
    rows: list[dict[str, Any]] = []
    print(f"{'series':15} {'h':>3} {'WAPE':>7} {'naive':>7} {'day':>7} {'week':>7} {'best':>7} {'RMSE':>9} "
          f"{'MASE':>6} {'cover':>6} {'pinball':>9}  us an update")  # fmt: skip
    for one in series(place):
        if wanted and not any(part in one.name for part in wanted):
            continue
        found, spent = told(one)
        for number, (horizon, answers) in enumerate(found.items()):
            row = {"series": one.name, "best": BEST[one.name][number], "us_an_update": spent}
            row |= scores(one, horizon, answers)
            rows.append(row)
            print(f"{one.name:15} {horizon:3} {row['wape']:7.2f} {row['naive']:7.2f} {row['last_day']:7.2f} "
                  f"{row['last_week']:7.2f} {row['best']:7.2f} {row['rmse']:9.1f} {row['mase']:6.2f} "
                  f"{row['coverage']:6.1f} {row['pinball']:9.2f}  {spent:.0f}", flush=True)  # fmt: skip
    if not wanted or "nine" in wanted:
        nine = nine_days(place)
        ours = ", ".join(f"{name} {rmse:.2f}" for name, rmse in nine.items())
        print(f"NASA, nine days at once, RMSE of 5-minute counts: {ours}; published: {PUBLISHED}")
    if not wanted:
        kept = {"coverage": COVERAGE, "series": rows, "nasa_nine_days_rmse": nine}
        RESULTS.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
