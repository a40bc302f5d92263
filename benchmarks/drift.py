"""Drift: delay, false alarms and speed of the detectors, cost of feature drift, and label-free estimates.

With RIVER_PYTHON set to an interpreter that has river, the same streams go through its detectors too.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from samouk.edge.wire import Field, Schema
from samouk.loop.columns import Column
from samouk.loop.detectors import Adwin, Detector, HddmA
from samouk.loop.drift import moved, recall, reference
from samouk.loop.estimate import calibrate, estimate

STREAMS, BEFORE, AFTER = 200, 10_000, 5_000
NULL_STREAMS = 1_000
SPEED = 1_000_000
DETECTORS: dict[str, Callable[[], Detector]] = {"ADWIN": Adwin, "HDDM-A": HddmA}
SHAPES = ((100_000, 20), (300_000, 100))
MORE = 1_000
EVIDENTLY = {(100_000, 20): 8.7, (300_000, 100): 139.0}
"""CPU seconds of evidently 0.7.23's DataDriftPreset as measured elsewhere; it takes other statistics."""

PEER = """
import json, time, sys
import numpy as np
from river.drift import ADWIN
from river.drift.binary import HDDMA
out = {}
for name, make in (("ADWIN", ADWIN), ("HDDM-A", HDDMA)):
    def first(d, values):
        for i, v in enumerate(values):
            d.update(v)
            if d.drift_detected:
                return i
        return None
    delays, wrong = [], 0
    for seed in range(%(streams)d):
        rng = np.random.default_rng(seed)
        x = np.concatenate([rng.random(%(before)d) < .2, rng.random(%(after)d) < .3]).astype(float).tolist()
        d = make()
        for value in x[:%(before)d]:
            d.update(value)
        found = first(d, x[%(before)d:])
        delays.append(%(after)d if found is None else found + 1)
    for seed in range(%(null)d):
        x = (np.random.default_rng(10_000 + seed).random(%(before)d) < .2).astype(float).tolist()
        wrong += first(make(), x) is not None
    x = (np.random.default_rng(0).random(%(speed)d) < .2).astype(float).tolist()
    began = time.process_time()
    first(make(), x)
    out[name] = {"median_delay": float(np.median(delays)), "mean_delay": float(np.mean(delays)),
                 "false_alarms": wrong, "updates_per_cpu_s": len(x) / (time.process_time() - began)}
print(json.dumps(out))
"""


def detectors() -> dict[str, Any]:
    """Delay at 20 % → 30 % after 10,000 values, false alarms in 10,000,000 values at 20 %, and speed."""
    table = {}
    for name, make in DETECTORS.items():
        delays = [_delay(make(), seed) for seed in range(STREAMS)]
        wrong = sum(make().update(_coins(10_000 + seed, BEFORE, 0.2)) is not None for seed in range(NULL_STREAMS))
        stream = _coins(0, SPEED, 0.2)
        began = time.process_time()
        make().update(stream)
        spent = time.process_time() - began
        table[name] = {
            "median_delay": float(np.median(delays)),
            "mean_delay": float(np.mean(delays)),
            "false_alarms": wrong,
            "updates_per_cpu_s": SPEED / spent,
        }
    return table


def peer() -> dict[str, Any] | None:
    """River's detectors on the same streams, in an environment of their own; None when there is none."""
    python = os.environ.get("RIVER_PYTHON")
    if not python:
        return None
    sizes = {"streams": STREAMS, "before": BEFORE, "after": AFTER, "null": NULL_STREAMS, "speed": SPEED}
    found = subprocess.run([python, "-c", PEER % sizes], check=True, capture_output=True, text=True).stdout
    answer: dict[str, Any] = json.loads(found)
    return answer


def _delay(detector: Detector, seed: int) -> int:
    rng = np.random.default_rng(seed)
    stream = np.concatenate([rng.random(BEFORE) < 0.2, rng.random(AFTER) < 0.3]).astype(float)
    detector.update(stream[:BEFORE])
    found = detector.update(stream[BEFORE:])
    return AFTER if found is None else found + 1


def _coins(seed: int, count: int, share: float) -> np.ndarray[Any, Any]:
    return (np.random.default_rng(seed).random(count) < share).astype(float)


def features(rows: int, fields: int) -> dict[str, float]:
    """CPU seconds: learn a reference of so many rows, count and compare as many others, then 1,000 more."""
    schema = Schema("t", 1, tuple(Field(f"f{number}", "number", -100, 100) for number in range(fields)))
    rng = np.random.default_rng(0)
    old, new = ({spec.name: _normal(rng, rows) for spec in schema.fields} for _ in range(2))
    few = {spec.name: _normal(rng, MORE) for spec in schema.fields}
    began = time.process_time()
    kept = reference(schema, old).to_json()
    learnt = time.process_time()
    base = recall(schema, kept)
    assert base is not None
    sketch = base.sketch.empty().update(new)
    assert moved(base, sketch) == []
    compared = time.process_time()
    assert moved(base, sketch.update(few)) == []
    done = time.process_time()
    return {"reference": learnt - began, "compare": compared - learnt, "more": done - compared}


def alarms(rows: int, shift: float, worlds: int, fields: int = 20) -> float:
    """Share of the fields that alarm when every one of them moved by so many standard deviations."""
    schema = Schema("t", 1, tuple(Field(f"f{number}", "number", -100, 100) for number in range(fields)))
    rng = np.random.default_rng(rows)
    base = reference(schema, {spec.name: _normal(rng, min(rows, 20_000)) for spec in schema.fields})
    found = 0
    for _ in range(worlds):
        columns = {spec.name: _normal(rng, rows) + np.float32(shift) for spec in schema.fields}
        found += len(moved(base, base.sketch.empty().update(columns)))
    return found / (worlds * fields)


def _normal(rng: np.random.Generator, rows: int) -> Column:
    return rng.standard_normal(rows, dtype=np.float32)


def estimates(sharp: float, seeds: int = 20, rows: int = 50_000) -> dict[str, float]:
    """Accuracy after the inputs moved by one standard deviation: real, raw CBPE and on calibrated scores; CPU s."""
    raw, ours, spent = [], [], 0.0
    for seed in range(seeds):
        pairs, (scores, outcomes) = _world(seed, rows, 0.0, sharp), _world(1_000 + seed, rows, 1.0, sharp)
        real = float(np.mean((scores >= 0.5) == (outcomes >= 0.5)))
        began = time.process_time()
        calibration = calibrate(*pairs)
        assert calibration is not None
        found = estimate(calibration, scores).accuracy
        spent += time.process_time() - began
        assert found is not None
        raw.append(abs(float(np.maximum(scores, 1 - scores).mean()) - real))
        ours.append(abs(found - real))
    return {"raw_error": float(np.mean(raw)), "error": float(np.mean(ours)), "cpu_s": spent / seeds}


def _world(seed: int, rows: int, shift: float, sharp: float) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(seed)
    odds = rng.normal([shift, 0, 0], 1, (rows, 3)) @ [1.0, -0.8, 0.5]
    return 1 / (1 + np.exp(-sharp * odds)), (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(float)


def main() -> None:
    """Print the tables and keep them."""
    found = {"samouk": detectors(), "river": peer()}
    print(f"change 20 % → 30 % after {BEFORE} values, {STREAMS} streams; null: {NULL_STREAMS} × {BEFORE} at 20 %")
    print(f"{'':18}{'median delay':>14}{'mean':>8}{'false alarms':>14}{'updates/CPU-s':>16}")
    for who, table in found.items():
        for name, row in (table or {}).items():
            print(
                f"{who + ' ' + name:18}{row['median_delay']:14.0f}{row['mean_delay']:8.0f}"
                f"{row['false_alarms']:14}{row['updates_per_cpu_s']:16,.0f}"
            )
    costs = {}
    print("\nfeature drift, JS + KS, CPU s (both sides of so many rows; evidently's statistics are others)")
    for rows, fields in SHAPES:
        spent = costs[f"{rows} x {fields}"] = features(rows, fields)
        print(
            f"{rows:>8} × {fields:<4} reference {spent['reference']:.2f}  compare {spent['compare']:.2f}"
            f"  {MORE} rows more {spent['more']:.3f}  (evidently {EVIDENTLY[rows, fields]:.1f})"
        )
    rates = {}
    print("\nshare of 20 normal fields that alarm: nothing moved, all moved by 0.5 standard deviations")
    for rows, worlds in ((1_000, 100), (10_000, 50), (100_000, 10), (1_000_000, 2)):
        rates[rows] = {"null": alarms(rows, 0.0, worlds), "moved": alarms(rows, 0.5, worlds)}
        print(f"{rows:>9} rows {rates[rows]['null']:8.2%} {rates[rows]['moved']:8.1%}")
    label_free = {"true probabilities": estimates(1.0), "three times too sure": estimates(3.0)}
    print("\nlabel-free accuracy of 50,000 scores after a shift of 1 sd (simulated): mean absolute error")
    for name, row in label_free.items():
        print(f"{name:22} raw {row['raw_error']:.4f}  calibrated {row['error']:.4f}  {row['cpu_s']:.3f} CPU s")
    results = Path(__file__).parent / "results" / "drift.json"
    kept = {"detectors": found, "features_cpu_s": costs, "alarm_rates": rates, "label_free": label_free}
    results.write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
