"""Messages a second through the ears, time of an analysis, and memory for crowds; ``--river PYTHON`` puts river beside.

Run ``python -m benchmarks.ears [--only speeds|analysis|crowds]``. The stream is made up: 10,000 users, Poisson in time,
rates and sizes log-normal. Figures are CPU seconds of one thread, the best of three runs; memory is the resident size
of a fresh process. An analysis is a whole ``analyze_user_activity``, with rules, baselines that learn, weighing and the
book of alerts, once with the fixed weights and once with a model that was learnt from simulated verdicts. A guard is
saved while another thread hears messages: the longest that one of them waited stands beside. PYTHON is one that has
river 0.26, whose HalfSpaceTrees score and learn size and gap of the same messages one by one: it knows no users and no
windows, so that only its speed is to be compared.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from samouk.domains.traffic.anomaly.judge import LEARNER
from samouk.domains.traffic.anomaly.weighing import scorer_of
from samouk.domains.traffic.anomaly.world import AnomalyWorld
from samouk.domains.traffic.detect.detector import AnomalyDetector
from samouk.domains.traffic.ears.access_log import read_log
from samouk.domains.traffic.ears.baselines import Baselines
from samouk.domains.traffic.ears.extractor import FeatureExtractor
from samouk.domains.traffic.features import Features
from samouk.domains.traffic.guard import Guard
from samouk.loop import snapshot
from samouk.loop.learner import Context
from samouk.loop.records import Artifact

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results" / "ears.json"
USERS, ROWS, BATCH, RUNS = 10_000, 400_000, 10_000, 3
PER_SECOND = 20_000
QUIET_PER_SECOND, MINUTES, ANALYSED = 2_000, 3, 3_000
"""Of the analysis: messages a second, twelve a minute of each user; minutes of them; users who are analysed in each."""

PEER_ROWS = 40_000
T0 = 1_700_000_000.0
LINE = '203.0.113.9 - - [10/Oct/2000:20:55:%02d +0000] "GET /api/items?page=2 HTTP/1.1" 200 5123 "-" "Mozilla/5.0"'
TARGETS = {
    "single": 100_000,
    "single_channel_address": 100_000,
    "batch": 300_000,
    "memory_mb": 300.0,
    "analysis_p99_ms": 1.0,
}

Singly = list[tuple[str, float, float]]

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


def stream(rows: int, per_second: float = PER_SECOND) -> tuple[list[str], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Users, times and sizes."""
    rng = np.random.default_rng(0)
    weight = rng.lognormal(0, 1, USERS)
    who = rng.choice(USERS, rows, p=weight / weight.sum())
    at = T0 + np.cumsum(rng.exponential(1 / per_second, rows))
    return [f"user-{number}" for number in who], at, rng.lognormal(6, 1, rows)


def best(run: Callable[[], int]) -> float:
    """Messages a CPU second of the fastest of ``RUNS``."""
    speeds = []
    for _ in range(RUNS):
        began = time.process_time()
        rows = run()
        speeds.append(rows / (time.process_time() - began))
    return max(speeds)


def plain(singly: Singly) -> int:
    track = FeatureExtractor().track_user_activity
    for user, one, moment in singly:
        track(user, one, at=moment)
    return len(singly)


def full(singly: Singly) -> int:
    track = FeatureExtractor().track_user_activity
    for user, one, moment in singly:
        track(user, one, ("news",), "203.0.113.9", error=True, at=moment)
    return len(singly)


def analysed(singly: Singly) -> int:
    extractor, baselines = FeatureExtractor(), Baselines()
    detector = AnomalyDetector(extractor, baselines, clock=lambda: T0)
    for user, one, moment in singly:
        if extractor.track_user_activity(user, one, at=moment):
            detector.analyze_due(user, moment)
    return len(singly)


def batches(users: list[str], at: np.ndarray[Any, Any], size: np.ndarray[Any, Any]) -> int:
    extractor = FeatureExtractor()
    for start in range(0, len(users), BATCH):
        part = slice(start, start + BATCH)
        extractor.track_batch(users[part], at[part], size[part])
    return len(users)


def lines(rows: int) -> int:
    return sum(1 for _ in read_log(LINE % second for second in range(60) for _ in range(rows // 600)))


def speeds(rows: int) -> dict[str, float]:
    """Messages a CPU second of each way in."""
    users, at, size = stream(rows)
    singly = list(zip(users, size.tolist(), at.tolist(), strict=True))
    return {
        "access_log_lines": best(lambda: lines(rows)),
        "single": best(lambda: plain(singly)),
        "single_channel_address": best(lambda: full(singly)),
        "batch": best(lambda: batches(users, at, size)),
        "single_analysed": best(lambda: analysed(singly)),
    }


def learnt() -> Artifact:
    """A model of two dozen simulated servers' verdicts."""
    found = AnomalyWorld(1).batches(0, 24)
    examples = [snapshot.label(LEARNER, batch.columns, number) for number, batch in enumerate(found)]
    return LEARNER.fit(snapshot.join(LEARNER, examples), None, Context())


def analysis(rows: int) -> dict[str, float]:
    """CPU milliseconds of a whole analysis, and of its parts that learn nothing from verdicts."""
    users, at, size = stream(rows, QUIET_PER_SECOND)
    artifact = learnt()
    scorers = {"fixed weights": None, f"learnt, {artifact.metadata['trees']} trees": scorer_of(artifact)}
    found = {}
    for name, scorer in scorers.items():
        extractor, baselines = FeatureExtractor(), Baselines()
        detector = AnomalyDetector(extractor, baselines, clock=lambda: T0)
        detector.scorer = scorer or detector.scorer
        spent: list[float] = []
        for minute in range(MINUTES):  # what is timed is the last one, when most are known
            part = slice(minute * rows // MINUTES, (minute + 1) * rows // MINUTES)
            extractor.track_batch(users[part], at[part], size[part])
            spent = timed(detector, list(dict.fromkeys(users[part]))[:ANALYSED], float(at[part][-1]))
        for share in (50, 99, 99.9):
            found[f"{name}, p{share:g}_ms"] = 1_000 * float(np.percentile(spent, share))
        found[f"{name}, alarming"] = sum(
            count for key, count in detector.counts.items() if key.startswith(("alerts", "held"))
        )
    return found


def timed(detector: AnomalyDetector, users: list[str], at: float) -> list[float]:
    """CPU seconds of an analysis of each user."""
    spent = []
    for user in users:
        began = time.thread_time()
        detector.analyze_user_activity(user, at)
        spent.append(time.thread_time() - began)
    return spent


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


def guard_saved(users: int) -> None:
    """Child: what a whole guard of so many users holds, what saving it takes, and how long others waited for that."""
    with TemporaryDirectory() as folder:
        guard = Guard(Path(folder), max_users=users)
        for number in range(users):
            guard.track(f"user-{number:07d}", 100.0 + number % 900, ("news",), "203.0.113.9")
            guard.limiter.allow(f"user-{number:07d}")
        for name in guard.extractor.users():
            guard.baselines.learn(name, Features(1.0, 100.0), time.time(), harm=0.1)
        held, waits, done = resident(), [0.0], threading.Event()

        def speak() -> None:
            while not done.is_set():
                began = time.perf_counter()
                guard.limiter.allow("user-0000001")
                guard.track("user-0000001", 100.0)
                waits.append(time.perf_counter() - began)
                time.sleep(0.001)

        speaking = threading.Thread(target=speak)
        speaking.start()
        began, cpu = time.perf_counter(), time.process_time()
        guard.save()
        saved = {"save_s": time.perf_counter() - began, "save_cpu_s": time.process_time() - cpu}
        done.set()
        speaking.join()
    more = {"resident_mb": held, "peak_mb": resident("VmHWM"), "longest_wait_ms": 1_000 * max(waits)}
    sys.stdout.write(json.dumps({"users": users} | saved | more))


def resident(what: str = "VmRSS") -> float:
    """MB of memory that this process occupies now, or did at most."""
    told = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1_024 for line in told if line.startswith(what))


def fresh(*asked: Any) -> dict[str, Any]:
    """``crowd``, or ``guard_saved`` of so many, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.ears", "--child", json.dumps(asked)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parent.parent)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def peer(python: str) -> float:
    """Messages a CPU second of river's HalfSpaceTrees."""
    users, at, size = stream(PEER_ROWS)
    rows = json.dumps(list(zip(users, at.tolist(), size.tolist(), strict=True)))
    done = subprocess.run([python, "-c", PEER], check=True, capture_output=True, text=True, input=rows)
    return float(json.loads(done.stdout))


def show_speeds(fast: dict[str, float]) -> None:
    print(f"{'messages a CPU second':40}{'':>12}{'target':>12}")
    for name, speed in fast.items():
        print(f"{name:40}{speed:>12,.0f}{TARGETS.get(name, ''):>12}")


def show_analysis(slow: dict[str, float]) -> None:
    print(f"\n{'an analysis (target: p99 < 1 ms)':40}{'CPU ms':>12}")
    for name, spent in slow.items():
        print(f"{name:40}{spent:>12.3f}" if name.endswith("_ms") else f"{name:40}{spent:>12.0f}")


def crowds() -> dict[str, dict[str, Any]]:
    return {
        "100,000 users, once": fresh(100_000, 1, False),
        "100,000 users, 10 times": fresh(100_000, 10, False),
        "100,000 users, 10 times, and baselines": fresh(100_000, 10, True),
        "1,000,000 users, once": fresh(1_000_000, 1, False),
        "a guard of 100,000 users through a save": fresh(100_000),
    }


def show_crowds(found: dict[str, dict[str, Any]]) -> None:
    heads = f"{'MB':>8}{'before':>8}{'messages/s':>12}{'known':>10}{'evicted':>10}{'save s':>8}"
    print(f"\n{'crowds (target < 300 MB)':40}{heads}")
    for name, row in found.items():
        if "known" not in row:
            print(f"{name}: " + ", ".join(f"{key} {value:,.2f}" for key, value in row.items()))
            continue
        evicted = row["counts"].get("evicted_users", 0)
        print(
            f"{name:40}{row['resident_mb']:>8.0f}{row['of_it_before_mb']:>8.0f}{row['messages_per_cpu_s']:>12,.0f}"
            f"{row['known']:>10,}{evicted:>10,}{row['save_s']:>8.2f}"
        )


def main() -> None:
    """Print every table and keep the figures; with ``--only`` the others stay as they were kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--river", help="a Python that has river 0.26")
    parser.add_argument("--only", choices=("speeds", "analysis", "crowds"))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    logging.getLogger("samouk.traffic").addHandler(logging.NullHandler())
    if options.child:
        asked = json.loads(options.child)
        guard_saved(*asked) if len(asked) == 1 else crowd(*asked)
        return
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    kept |= {"users": USERS, "rows": ROWS, "targets": TARGETS}
    if options.only in (None, "speeds"):
        kept["speeds"] = speeds(ROWS) | ({"river_half_space_trees": peer(options.river)} if options.river else {})
        show_speeds(kept["speeds"])
    if options.only in (None, "analysis"):
        kept["analysis"] = analysis(ROWS)
        show_analysis(kept["analysis"])
    if options.only in (None, "crowds"):
        kept["crowds"] = crowds()
        show_crowds(kept["crowds"])
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
