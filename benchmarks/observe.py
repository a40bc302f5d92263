"""What observing costs a client: each step for 1,000 elements, beside the naive way, and what collecting costs a host.

Run ``python -m benchmarks.observe``; it prints a table and writes ``benchmarks/results/observe.json``. CPU
milliseconds are the figure to trust, on one thread; medians of rounds in which both ways take turns. An
element is one that gives a sample: hidden ones are read and labelled, too, at the cost of the others. The
naive way labels and anonymises alike, and then takes one element after the other: a dict of features by
name, and one call of the model each.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import json
import math
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle, islice, repeat
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime

from benchmarks import open_screens
from samouk.domains.screens import anonymise, dumps, features, rules
from samouk.domains.screens.element import Evidence, Screen
from samouk.domains.screens.observer import OBSERVER
from samouk.domains.screens.readers import read
from samouk.domains.screens.schema import DP_STEP, GENERIC, NONE, SCHEMA
from samouk.domains.screens.taxonomy import CUSTOM, ICON_DP, PUBLIC_CLASSES, Flags, class_type
from samouk.domains.screens.world import ScreenWorld
from samouk.edge import Predictor, SelfLearningCollector
from samouk.edge.predictor import METADATA, Prediction
from samouk.edge.wire import Row

ELEMENTS = 1_000
TYPICAL = range(50, 71)
"""Elements of a screen that is taken for a typical one of 60."""

RESULTS = Path(__file__).parent / "results" / "observe.json"
Figure = dict[str, Any]


def corpus() -> tuple[str, list[Screen]]:
    """Where the screens are from, and every eighth of them, so that few of an app follow each other."""
    file = open_screens.path()
    if file is not None:
        return "real", [taken.screen for taken in open_screens.load(file)[::8]]
    world = ScreenWorld(7)
    return "simulated", [screen for number in range(60) for screen in world.screens(world.app(number), 4)]


def portions(screens: Sequence[Screen]) -> Iterator[list[Screen]]:
    """Whole screens with at least 1,000 visible elements between them, again and again."""
    portion: list[Screen] = []
    count = 0
    for screen in cycle(screens):
        portion.append(screen)
        count += sum(1 for _ in screen.visible())
        if count >= ELEMENTS:
            yield portion
            portion, count = [], 0


def cpu_ms(work: Callable[[], object]) -> float:
    """CPU milliseconds of one call."""
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1e3


def samples(screen: Screen, told: Sequence[Evidence | None], now: dt.datetime) -> list[Row]:
    """What may leave the machine of a screen."""
    return [row for _, row in anonymise.samples_of(screen, told, now)]


def one_round(portion: Sequence[Screen], predictor: Predictor, naive: RowByRow) -> Figure:
    """CPU ms for 1,000 elements: every step over the portion, screen by screen as a client sees them."""
    markup = [(dumps.to_page_source(screen), screen.platform) for screen in portion]
    plain = [(dumps.to_dict(screen), screen.platform) for screen in portion]
    now = dt.datetime.now(dt.UTC)
    told: list[list[Evidence | None]] = []
    seen: list[list[Row]] = []
    found: list[Prediction] = []
    guesses: list[str] = []
    # What the benchmark keeps is none of the client's, and its garbage collector need not look at it.
    gc.collect()
    gc.freeze()
    spent = {
        "read XML": cpu_ms(lambda: [read(*source) for source in markup]),
        "read dicts": cpu_ms(lambda: [read(*source) for source in plain]),
        "label": cpu_ms(lambda: told.extend(map(rules.evidence_of, portion))),
        "anonymise": cpu_ms(lambda: seen.extend(map(samples, portion, told, repeat(now)))),
    }
    rows = [row for screen in seen for row in screen]
    spent |= {
        "features": cpu_ms(lambda: OBSERVER.features(rows)),
        "features and predict": cpu_ms(lambda: found.extend(predictor.predict_samples(rows))),
        "features and predict, by screen": cpu_ms(lambda: list(map(predictor.predict_samples, seen))),
        "features and predict, by row": cpu_ms(lambda: guesses.extend(map(naive.predict, rows))),
    }
    gc.unfreeze()
    require_equal(found, guesses)
    return {step: taken / len(rows) * ELEMENTS for step, taken in spent.items()}


def require_equal(found: Sequence[Prediction], guesses: Sequence[str]) -> None:
    """Both ways must say the same of an element; where the model abstains, ours takes the rules' word instead."""
    different = sum(
        ours.element_type != theirs
        for ours, theirs in zip(found, guesses, strict=True)
        if ours.source == "model" and not ours.abstained
    )
    if different > len(found) / 1000:  # rounding may decide between two types that are equally likely
        raise SystemExit(f"the naive way says otherwise of {different} of {len(found)} elements")


class RowByRow:
    """What one writes first: for each element a dict of features by name, and one call of the model."""

    def __init__(self, model: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.classes = json.loads(self.session.get_modelmeta().custom_metadata_map[METADATA])["classes"]

    def predict(self, row: Row) -> str:
        given = self.features(row)
        numbers = np.array([[given.get(name, 0.0) for name in features.NAMES]], np.float32)
        answer = self.session.run(["probabilities"], {"features": numbers})[0]
        return str(self.classes[int(answer[0].argmax())])

    def features(self, row: Row) -> dict[str, float]:
        """Every field of a row: a category as one of its values, a flag or number as itself, untold flags as -1."""
        given: dict[str, float] = {}
        for spec in SCHEMA.fields:
            value: Any = row[spec.name]
            if spec.kind == "category":
                given[f"{spec.name}={value}"] = 1.0
            elif spec.kind in ("flag", "integer"):
                given[spec.name] = -1.0 if value is None else float(value)
        parent = str(row["parent_class"])
        silent = parent if parent in (CUSTOM, NONE) else GENERIC
        given[f"parent_kind={PUBLIC_CLASSES.get(parent) or silent}"] = 1.0
        wide, high = given["bounds_width"], given["bounds_height"]
        password, clickable, checkable = (cast(bool | None, row[name]) for name in Flags._fields[:3])
        told = class_type(str(row["class_name"]), Flags(password, clickable, checkable, 0 < max(wide, high) <= ICON_DP))
        across, down = math.log2(wide + DP_STEP / 2), math.log2(high + DP_STEP / 2)
        given |= {f"told={told}": 1.0, "ios": float(row["platform"] == "ios")}
        return given | {
            "aspect": across - down,
            "area": across + down,
            "longer_side": max(wide, high),
            "shorter_side": min(wide, high),
        }


def steps(screens: Sequence[Screen], rounds: int, home: Path) -> tuple[Figure, Figure]:
    """Medians over the rounds: by step, and of labelling and predicting together, our way and the naive one."""
    model = OBSERVER.bundled_model()
    if model is None:
        raise SystemExit("no bundled model to predict with; build it: python -m samouk.domains.screens.universal")
    predictor, naive = Predictor(model, environ={"HOME": str(home)}), RowByRow(model)
    taken = [one_round(portion, predictor, naive) for portion in islice(portions(screens), rounds + 1)][1:]
    medians = {step: statistics.median(figures[step] for figures in taken) for step in taken[0]}
    medians["predict"] = medians["features and predict"] - medians["features"]
    before = medians["label"] + medians["anonymise"]
    ways = {"ours": "", "ours, screen by screen": ", by screen", "naive, row by row": ", by row"}
    return medians, {way: before + medians[f"features and predict{end}"] for way, end in ways.items()}


def collecting(screens: Sequence[Screen], calls: int, home: Path) -> Figure:
    """What one screen of about 60 elements holds its host up, as XML, until its samples are on disk."""
    typical = [screen for screen in screens if len(screen.elements) in TYPICAL]
    sources = [(dumps.to_page_source(screen), screen.platform) for screen in typical]
    wall, cpu = [], []
    gc.collect()
    gc.freeze()
    with SelfLearningCollector(True, cache_dir=home, environ={"HOME": str(home)}, local_only=True) as collector:
        for source, system in islice(cycle(sources), calls):
            began = time.perf_counter()
            cpu.append(cpu_ms(partial(collector.collect_from_hierarchy, source, system)))
            wall.append((time.perf_counter() - began) * 1e3)
        kept = collector.stats()
    if kept.errors or not kept.collected:
        raise SystemExit(f"{kept.errors} screens were not collected; the figures would be of nothing")
    return {"screens": calls, "samples": kept.collected, "cpu": percentiles(cpu), "wall": percentiles(wall)}


def percentiles(taken: Sequence[float]) -> Figure:
    """Milliseconds."""
    return {"p50_ms": float(np.percentile(taken, 50)), "p99_ms": float(np.percentile(taken, 99))}


def show(figures: Figure) -> None:
    """The table."""
    host = figures["collect"]
    print(f"CPU ms for 1,000 elements of {figures['screens']} {figures['origin']} screens, one thread")
    for step in ("read XML", "read dicts", "label", "anonymise", "features", "predict"):
        print(f"  {step:<46}{figures['cpu_ms'][step]:8.1f}")
    for way, taken in figures["labelled_and_predicted_cpu_ms"].items():
        print(f"  {'labelled and predicted, ' + way:<46}{taken:8.1f}")
    print(
        f"one screen of 60 elements into the collector, ms: CPU {host['cpu']['p50_ms']:.1f} (p99 "
        f"{host['cpu']['p99_ms']:.1f}), wall {host['wall']['p50_ms']:.1f} (p99 {host['wall']['p99_ms']:.1f})"
    )


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="of 1,000 elements each, both ways in turn")
    parser.add_argument("--calls", type=int, default=500, help="screens to collect")
    chosen = parser.parse_args()
    origin, screens = corpus()
    with tempfile.TemporaryDirectory() as folder:
        by_step, predicted = steps(screens, chosen.rounds, Path(folder) / "user")
        collect = collecting(screens, chosen.calls, Path(folder) / "host")
    figures = {
        "origin": origin,
        "screens": len(screens),
        "python": platform.python_version(),
        "cpu_ms": by_step,
        "labelled_and_predicted_cpu_ms": predicted,
        "collect": collect,
    }
    show(figures)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
