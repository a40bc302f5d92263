"""Messages a second through the ears, time of an analysis, and memory for crowds; ``--river PYTHON`` puts river beside.

Run ``python -m benchmarks.ears``. The stream is made up: 10,000 users, Poisson in time, rates and sizes log-normal.
Figures are CPU seconds of one thread, the best of three runs; memory is the resident size of a fresh process. PYTHON
is one that has river 0.26, whose HalfSpaceTrees score and learn size and gap of the same messages one by one: it knows
no users and no windows, so that only its speed is to be compared.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from samouk.domains.traffic.ears.access_log import read_log
from samouk.domains.traffic.ears.baselines import Baselines
from samouk.domains.traffic.ears.extractor import FeatureExtractor

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results" / "ears.json"
USERS, ROWS, BATCH, RUNS = 10_000, 400_000, 10_000, 3
PER_SECOND = 20_000
PEER_ROWS = 40_000
T0 = 1_700_000_000.0
LINE = '203.0.113.9 - - [10/Oct/2000:20:55:%02d +0000] "GET /api/items?page=2 HTTP/1.1" 200 5123 "-" "Mozilla/5.0"'
TARGETS = {"single": 100_000, "batch": 300_000, "memory_mb": 300.0, "analysis_p99_ms": 1.0}

PEER = """
import json, math, sys, time
from river.anomaly import HalfSpaceTrees
rows = json.load(sys.stdin)
trees, last = HalfSpaceTrees(seed=1), {}
began = time.process_time()
for user, at, size in rows:
    gap = at - last.get(user, at)
    last[user] = at
    row = {"size": min(math.log1p(size) / 14, 1.0), "gap": min(math.log1p(gap) / 5, 1.0)}
    trees.score_one(row)
    trees.learn_one(row)
print(json.dumps(len(rows) / (time.process_time() - began)))
"""


def stream(rows: int) -> tuple[list[str], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Users, times and sizes."""
    rng = np.random.default_rng(0)
    weight = rng.lognormal(0, 1, USERS)
    who = rng.choice(USERS, rows, p=weight / weight.sum())
    at = T0 + np.cumsum(rng.exponential(1 / PER_SECOND, rows))
    return [f"user-{number}" for number in who], at, rng.lognormal(6, 1, rows)


def best(run: Callable[[], int]) -> float:
    """Messages a CPU second of the fastest of ``RUNS``."""
    speeds = []
    for _ in range(RUNS):
        began = time.process_time()
        rows = run()
        speeds.append(rows / (time.process_time() - began))
    return max(speeds)


def speeds(rows: int) -> dict[str, float]:
    """Messages a CPU second of each way in."""
    users, at, size = stream(rows)
    singly = list(zip(users, size.tolist(), at.tolist(), strict=True))

    def plain() -> int:
        track = FeatureExtractor().track_user_activity
        for user, one, moment in singly:
            track(user, one, at=moment)
        return rows

    def full() -> int:
        track = FeatureExtractor().track_user_activity
        for user, one, moment in singly:
            track(user, one, ("news",), "203.0.113.9", error=True, at=moment)
        return rows

    def batches() -> int:
        extractor = FeatureExtractor()
        for start in range(0, rows, BATCH):
            part = slice(start, start + BATCH)
            extractor.track_batch(users[part], at[part], size[part])
        return rows

    def analysed() -> int:
        extractor, baselines = FeatureExtractor(), Baselines()
        for user, one, moment in singly:
            if extractor.track_user_activity(user, one, at=moment):
                features = extractor.features(user, moment)
                if features is not None:
                    baselines.deviation(user, features, moment)
                    baselines.learn(user, features, moment, harm=0.1)
        return rows

    def log() -> int:
        return sum(1 for _ in read_log(LINE % second for second in range(60) for _ in range(rows // 600)))

    ways = {
        "access_log_lines": log,
        "single": plain,
        "single_channel_address": full,
        "batch": batches,
        "single_analysed": analysed,
    }
    return {name: best(run) for name, run in ways.items()}


def analysis(rows: int) -> dict[str, float]:
    """CPU milliseconds of what is done when a user is due."""
    users, at, size = stream(rows)
    extractor, baselines = FeatureExtractor(), Baselines()
    extractor.track_batch(users, at, size)
    end = float(at[-1])
    spent: dict[str, list[float]] = {"features": [], "deviation": [], "learn": []}
    for place, user in enumerate(users[:5_000]):
        began = time.thread_time()
        features = extractor.features(user, end)
        after = time.thread_time()
        spent["features"].append(after - began)
        if features is not None:
            baselines.deviation(user, features, end)
            between = time.thread_time()
            baselines.learn(user, features, end + place, harm=0.1)
            spent["deviation"].append(between - after)
            spent["learn"].append(time.thread_time() - between)
    found = {}
    for name, times in spent.items():
        for share in (50, 99):
            found[f"{name}_p{share}_ms"] = 1_000 * float(np.percentile(times, share))
    return found


def crowd(users: int, each: int, learnt: bool) -> None:
    """Child: resident MB with so many users who were heard so often, a window learnt from each or not."""
    began, before = time.process_time(), resident()
    extractor, baselines = FeatureExtractor(), Baselines()
    for turn in range(each):
        for number in range(users):
            moment = T0 + (60.0 * turn + 60.0 * number / users) / each
            extractor.track_user_activity(f"user-{number:07d}", 100.0 + number % 900, at=moment)
    spent = time.process_time() - began
    for user in extractor.users() if learnt else ():
        features = extractor.features(user, T0 + 60.0)
        if features is not None:
            baselines.learn(user, features, T0 + 60.0, harm=0.1)
    held = resident()
    began = time.perf_counter()
    state = extractor.save()
    saved = {"save_s": time.perf_counter() - began, "state_mb": len(state) / 2**20}
    began = time.perf_counter()
    FeatureExtractor().load(state)
    saved["load_s"] = time.perf_counter() - began
    answer = saved | {"resident_mb": held, "of_it_before_mb": before, "messages_per_cpu_s": users * each / spent}
    sys.stdout.write(json.dumps(answer | {"known": len(extractor), "counts": dict(extractor.counts)}))


def resident() -> float:
    """MB of memory that this process occupies now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1_024 for line in lines if line.startswith("VmRSS"))


def fresh(users: int, each: int, learnt: bool) -> dict[str, Any]:
    """``crowd`` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.ears", "--child", json.dumps([users, each, learnt])]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parent.parent)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def peer(python: str) -> float:
    """Messages a CPU second of river's HalfSpaceTrees."""
    users, at, size = stream(PEER_ROWS)
    rows = json.dumps(list(zip(users, at.tolist(), size.tolist(), strict=True)))
    done = subprocess.run([python, "-c", PEER], check=True, capture_output=True, text=True, input=rows)
    return float(json.loads(done.stdout))


def main() -> None:
    """Print every table and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--river", help="a Python that has river 0.26")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        crowd(*json.loads(options.child))
        return
    fast, slow = speeds(ROWS), analysis(ROWS)
    if options.river:
        fast["river_half_space_trees"] = peer(options.river)
    print(f"{'messages a CPU second':40}{'':>12}{'target':>12}")
    for name, speed in fast.items():
        print(f"{name:40}{speed:>12,.0f}{TARGETS.get(name, ''):>12}")
    print(f"\n{'an analysis':40}{'CPU ms':>12}")
    for name, spent in slow.items():
        print(f"{name:40}{spent:>12.3f}")
    crowds = {
        "100,000 users, once": fresh(100_000, 1, learnt=False),
        "100,000 users, 10 times": fresh(100_000, 10, learnt=False),
        "100,000 users, 10 times, and baselines": fresh(100_000, 10, learnt=True),
        "1,000,000 users, once": fresh(1_000_000, 1, learnt=False),
    }
    print(
        f"\n{'crowds (target < 300 MB)':40}{'MB':>12}{'before, MB':>12}{'messages/s':>12}{'known':>10}{'evicted':>10}"
    )
    for name, row in crowds.items():
        evicted = row["counts"].get("evicted_users", 0)
        print(
            f"{name:40}{row['resident_mb']:>12.0f}{row['of_it_before_mb']:>12.0f}{row['messages_per_cpu_s']:>12,.0f}"
            f"{row['known']:>10,}{evicted:>10,}{row['save_s']:>9.2f}"
        )
    kept = {"users": USERS, "rows": ROWS, "speeds": fast, "analysis": slow, "crowds": crowds, "targets": TARGETS}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
