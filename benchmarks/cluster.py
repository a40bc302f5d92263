"""Fits on a cluster beside one machine, and a turn over more samples than memory holds.

``python -m benchmarks.cluster`` fits the same snapshot here, on two workers of Dask and on two of Ray, looks whether
the models are equal by their bytes, and searches three families one after the other and side by side. The
learner is the one of elements, so that most of the time is the fit itself. CPU time is of this
process and its children; Ray's workers are none of these, so that its figure is too low.

``python -m benchmarks.cluster --big 10000000`` writes so many samples of simulated screens into a log (batches that
were made once, over and over under new identifiers), of which one in a hundred is new to the loop. Then it takes a
whole turn over them, and prints its times and its peak memory: all of it, and the private part, since pages of
mapped files go when others need the room. ``--memory`` bounds what a side of the snapshot may take in memory.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from samouk import assembly, domains, settings
from samouk.loop import snapshot
from samouk.loop.columns import Columns, rows_in
from samouk.loop.learner import Context, Learner
from samouk.loop.ports import Services
from samouk.loop.records import Batch, Order, Run, RunEnd, TriggerKind
from samouk.loop.turn import turn

LEARNER = "screens.element"
RESULTS = Path(__file__).parent / "results"
SEED = 5
CONTRIBUTORS = 120
MADE = 40
"""Batches that are simulated; all others are copies of these under new identifiers."""

BATCH_ROWS = 2_000
COMMIT = 16
NEW = 100
"""One in so many samples is new to the turn; the others an earlier one has looked at."""

TRIALS = 8
Figure = dict[str, Any]


def cpu() -> float:
    """CPU seconds of this process and of children that ended."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


@contextmanager
def timed(figure: Figure) -> Iterator[None]:
    """Wall and CPU seconds into the figure."""
    wall, used = time.perf_counter(), cpu()
    yield
    figure |= {"wall_s": round(time.perf_counter() - wall, 2), "cpu_s": round(cpu() - used, 2)}


def fits(home: Path, learner: Learner) -> Figure:
    """The same fit in three places."""
    figures: Figure = {}
    for name, url in (("here", ""), ("dask", "dask://local?workers=2"), ("ray", "ray://local?workers=2")):
        with assembly.opened(settings.load({}, home=home, trainer=url or None)) as services:
            entries = services.log.entries(learner.name)
            figure: Figure = {}
            with timed(figure):
                # What a turn reads here for the card and the gate is not what is compared.
                examples = snapshot.load(learner, services.log, entries if not url else entries[:1])
                artifact = services.trainer.fit(learner, examples, None, Context(seed=SEED), entries)
            figures[name] = {**figure, "digest": hashlib.sha256(artifact.data).hexdigest()[:16]}
            figures["rows"] = sum(entry.rows for entry in entries)
            print(
                f"{name:8}{figure['wall_s']:8.1f} s{figure['cpu_s']:9.1f} CPU s  {figures[name]['digest']}", flush=True
            )
    figures["equal"] = len({figures[name]["digest"] for name in ("here", "dask", "ray")}) == 1
    return figures


def searches(learner_name: str = "scoring.outcome") -> Figure:
    """Three families with as many trials, in turn and side by side."""
    from samouk.automl.search import search
    from samouk.automl.table import table_of
    from samouk.loop.rehearsal import examples

    learner = domains.learner(learner_name)
    table = table_of(learner, examples(learner, SEED, False))
    figures: Figure = {"rows": len(table.y), "trials": TRIALS}
    for name, url in (("in turn", ""), ("ray", "ray://local?workers=2"), ("dask", "dask://local?workers=2")):
        figure: Figure = {}
        with timed(figure):
            engine = assembly.engine(url) if url else None
            found = search(table, 60, seed=SEED, trials=TRIALS, spread=engine.side_by_side if engine else None)
            if engine:
                engine.close()
        best = found.candidates[0]
        figures[name] = {**figure, "winner": [best.family, round(best.loss, 9)]}
        print(
            f"{name:8}{figure['wall_s']:8.1f} s{figure['cpu_s']:9.1f} CPU s  {best.family} {best.loss:.6f}", flush=True
        )
    figures["equal"] = len({str(figures[name]["winner"]) for name in ("in turn", "ray", "dask")}) == 1
    return figures


class Peak:
    """The most memory that this process held, all of it and the private part, looked at ten times a second."""

    def __init__(self) -> None:
        self.whole = self.private = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.1):
            self.look()

    def look(self) -> None:
        """One look."""
        lines = (line.split() for line in Path("/proc/self/status").read_text().splitlines())
        found = {words[0]: int(words[1]) / 1e3 for words in lines if words[0] in ("VmRSS:", "RssAnon:")}
        self.whole, self.private = max(self.whole, found["VmRSS:"]), max(self.private, found["RssAnon:"])

    def figure(self) -> Figure:
        """Megabytes; begun anew for the next step."""
        self.look()
        found = {"peak_mb": round(self.whole), "private_mb": round(self.private)}
        self.whole = self.private = 0.0
        return found


def made(learner: Learner) -> list[Columns]:
    """The columns of a few batches of ``BATCH_ROWS`` rows, each of one simulated application."""
    out: list[Columns] = []
    for batch in learner.world(SEED, False).batches(0, MADE):
        rows = np.resize(np.arange(batch.rows), BATCH_ROWS)
        out.append({name: column[rows] for name, column in batch.columns.items()})
    return out


def fill(services: Services, learner: Learner, templates: list[Columns], samples: int, first: int = 0) -> Figure:
    """Write so many samples straight into the log, each with an identifier of its own."""
    figure: Figure = {}
    rng = np.random.default_rng((SEED, first))
    with timed(figure):
        number = first
        while (number - first) * BATCH_ROWS < samples:
            batches = []
            for _ in range(COMMIT):
                columns = templates[number % MADE]
                fresh = {**columns, "sample_id": np.frombuffer(rng.bytes(16 * rows_in(columns)), "V16")}
                batch_id = str(uuid.UUID(bytes=rng.bytes(16), version=4))
                batches.append(Batch(batch_id, learner.name, learner.schema.version, number % 16, "0" * 64, fresh))
                number += 1
            services.log.append(batches)
    return {**figure, "samples": (number - first) * BATCH_ROWS, "batches": number - first}


def look_through(services: Services, learner: Learner) -> Figure:
    """Freeze a snapshot of all that is there, and say that a run learnt from it: a loop has seen most of its log."""
    figure: Figure = {}
    with timed(figure):
        frozen = snapshot.freeze(learner, services.log, services.registry)
    now = services.clock.now()
    order = Order(TriggerKind.MANUAL, "what came before")
    services.runs.save(
        Run(uuid.uuid4().hex, learner.name, order, now, ended=now, end=RunEnd.REFUSED, snapshot=frozen.digest)
    )
    return figure


def big(home: Path, samples: int, memory: int) -> Figure:
    """A log of so many samples, its snapshot, and a turn over it."""
    learner = domains.learner(LEARNER)
    templates = made(learner)
    chosen = settings.load({}, home=home, train_memory_mb=memory)
    assembly.make_signing_keys(chosen)
    figures: Figure = {}
    with Peak() as peak, assembly.opened(chosen) as services:
        figures["fill"] = fill(services, learner, templates, samples - samples // NEW)
        figures["freeze"] = look_through(services, learner)
        figures["fill_new"] = fill(services, learner, templates, samples // NEW, figures["fill"]["batches"])
        fresh: Figure = {}
        with timed(fresh):
            snapshot.freeze(learner, services.log, services.registry)
        figures["freeze_new"] = fresh
        for step in ("fill", "freeze", "fill_new", "freeze_new"):
            print(f"{step:12}{figures[step]}", flush=True)
        marks: list[tuple[float, str]] = []
        began = time.perf_counter()

        def progress(note: str, _share: float) -> None:
            marks.append((round(time.perf_counter() - began, 1), note))
            print(f"{marks[-1][0]:8.1f} s  {peak.whole:7.0f} MB, {peak.private:6.0f} private  {note}", flush=True)

        figures["begin"] = peak.figure()
        figure: Figure = {}
        with timed(figure):
            run = turn(
                learner,
                services,
                Order(TriggerKind.MANUAL, "a benchmark"),
                Context(seed=SEED, time_budget_s=1e6, progress=progress),
            )
        figures["turn"] = {**figure, **peak.figure(), "end": str(run.end), "steps": marks}
        figures["memory_mb"] = memory
    print(f"turn    {figure['wall_s']} s, {figures['turn']['peak_mb']} MB, {figures['turn']['private_mb']} private")
    return figures


def main() -> None:
    """Measure, print and write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--big", type=int, metavar="N", help="a turn over so many samples instead")
    parser.add_argument("--memory", type=int, default=100, metavar="MB", help="SAMOUK_TRAIN_MEMORY_MB of that turn")
    parser.add_argument("--output", type=Path, help="where the JSON goes")
    chosen = parser.parse_args()
    machine = {"python": platform.python_version(), "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        if chosen.big:
            output = chosen.output or RESULTS / "cluster_big.json"
            figures: Figure = big(home, chosen.big, chosen.memory)
        else:
            output = chosen.output or RESULTS / "cluster.json"
            learner = domains.learner(LEARNER)
            with assembly.opened(settings.load({}, home=home)) as services:
                services.log.append(list(learner.world(SEED, False).batches(0, CONTRIBUTORS)))
            figures = {"fit": fits(home, learner), "search": searches()}
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps({"machine": machine, **figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
