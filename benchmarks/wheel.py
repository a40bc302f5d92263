"""How long the wheel takes to turn: from samples to a signed version on a client, and a retrain from half a million."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import resource
import secrets
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from samouk import assembly, domains
from samouk.edge import wire
from samouk.edge.routes import upload_request
from samouk.edge.transport import HttpTransport
from samouk.edge.updater import ModelUpdater
from samouk.loop import snapshot
from samouk.loop.columns import take, to_lists
from samouk.loop.learner import Context, Learner
from samouk.loop.ports import Services
from samouk.loop.records import Batch, Order, Run, TriggerKind
from samouk.loop.turn import begin, turn
from samouk.loop.watch import due
from samouk.server.serve import background
from samouk.settings import load

LEARNER = "screens.element"
QUICK, LARGE = 10_000, 500_000
PIECE = 250
SEED = 3


def batches(learner: Learner, rows: int) -> Iterator[Batch]:
    """Simulated batches until there are so many rows."""
    world = learner.world(SEED, False)
    sent = 0
    for week in itertools.count():
        for batch in world.batches(week, 64):
            yield batch
            sent += batch.rows
            if sent >= rows:
                return


def pieces(batch: Batch) -> Iterator[Batch]:
    """A batch as several smaller ones: ten thousand samples then come from some forty contributors, not from ten."""
    for start in range(0, batch.rows, PIECE):
        part = take(batch.columns, slice(start, start + PIECE))
        yield dataclasses.replace(batch, batch_id=str(uuid.uuid4()), columns=part)


def body_of(learner: Learner, batch: Batch) -> bytes:
    """A stored batch as a client would have sent it."""
    upload = wire.Upload(
        batch.batch_id,
        batch.learner,
        batch.schema_version,
        batch.group,
        wire.receipt_hash(secrets.token_hex(32)),
        to_lists(learner.schema, batch.columns),
    )
    return wire.encode(upload)


def quick(folder: Path) -> dict[str, float | str]:
    """10,000 samples over HTTP → trigger → train → gate → registry → TUF → a client has it and has tried it."""
    learner = _with_poor_champion(domains.learner(LEARNER))
    bodies = [body_of(learner, piece) for batch in batches(learner, QUICK) for piece in pieces(batch)]
    settings = load(os.environ, home=folder / "quick", port=0, rate_key=0)
    assembly.make_signing_keys(settings)
    with assembly.opened(settings) as services:
        begin(learner, services)
        _, secret = services.keys.create("benchmark")
        app = assembly.application(settings, services, domains.discover())
        with background(app, settings.host, settings.port) as url:
            updater = ModelUpdater(url, LEARNER, data_dir=folder / "client", environ={})
            updater.auto_update(force=True)
            start = time.perf_counter()
            for body in bodies:
                answer = HttpTransport().send(upload_request(url, LEARNER, body, secret))
                assert answer.status == 201, answer
            sent = time.perf_counter()
            run = _due_turn(learner, services)
            turned = time.perf_counter()
            updater.auto_update(force=True)
            done = time.perf_counter()
            current = updater.current()
    assert current is not None
    assert run.version == current.version, "nothing was released, so nothing was timed"
    return {
        "upload_s": round(sent - start, 2),
        "turn_s": round(turned - sent, 2),
        "update_s": round(done - turned, 2),
        "whole_s": round(done - start, 2),
        "end": str(run.end),
        "on_the_client": current.version,
    }


def _with_poor_champion(learner: Learner) -> Learner:
    """The learner with a first model that was taught wrong, so that there surely is something to release."""
    few = snapshot.join(
        learner,
        [snapshot.label(learner, batch.columns, number) for number, batch in enumerate(batches(learner, 3_000))],
    )
    wrong = few.labels.values.copy()
    wrong[::2] = (wrong[::2] + 1) % len(learner.classes)
    labels = dataclasses.replace(few.labels, values=wrong)
    poor = learner.fit(dataclasses.replace(few, labels=labels), None, Context())
    return dataclasses.replace(learner, first=lambda: poor)


def _due_turn(learner: Learner, services: Services) -> Run:
    order = due(learner, services)
    assert order is not None, "the volume trigger did not fire"
    return turn(learner, services, order, Context(threads=os.cpu_count() or 1))


def large(folder: Path) -> dict[str, float | str]:
    """A whole turn over half a million stored samples."""
    learner = domains.learner(LEARNER)
    settings = load(os.environ, home=folder / "large", port=0, rate_key=0)
    assembly.make_signing_keys(settings)
    with assembly.opened(settings) as services:
        begin(learner, services)
        stored = batches(learner, LARGE)
        rows = 0
        while group := list(itertools.islice(stored, 32)):
            services.log.append(group)
            rows += sum(batch.rows for batch in group)
        start, cpu = time.perf_counter(), time.process_time()
        order = Order(TriggerKind.MANUAL, "benchmark")
        run = turn(learner, services, order, Context(threads=os.cpu_count() or 1))
        wall, used = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {
        "rows": rows,
        "wall_s": round(wall, 1),
        "cpu_s": round(used, 1),
        "peak_MB": round(peak),
        "end": str(run.end),
    }


def main() -> None:
    """Print both and keep them."""
    with tempfile.TemporaryDirectory() as name:
        figures = {"simulated": True, "quick": quick(Path(name)), "large": large(Path(name))}
    print(json.dumps(figures, indent=2))
    (Path(__file__).parent / "results" / "wheel.json").write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
