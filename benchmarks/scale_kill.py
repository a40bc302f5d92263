"""Kills server, worker and client with -9 at random moments under load, and counts what was lost, doubled or torn.

Three servers share a port, one worker takes turn after turn and puts versions in service, four of the edge's real
collectors gather numbered samples and upload them. All are forked from this process, so that each begins again at
once; a lease of a dead worker runs out after one second here in place of thirty. Up to three die at the same moment;
the worker lives for some turns, or there would be nothing to tear. At the end every sample that a
collector acknowledged is in the log once, every version opens and has the bytes of its digest, one version serves
and a real TUF client finds it, and the audit's chain holds.

Run: ``python -m benchmarks.scale_kill --store embedded|postgres --kills 1000``
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import os
import random
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.client_kill import ROWS, SCHEMA, NumberObserver
from benchmarks.kills import Victim, told
from samouk import assembly
from samouk.edge import SelfLearningCollector
from samouk.edge.observer import Observation
from samouk.edge.spool import Limits
from samouk.loop import ending, gate, settle, staging
from samouk.loop import turn as turns
from samouk.loop.columns import Columns
from samouk.loop.learner import Context, Domain, GatePolicy, Learner, Metric, Policy
from samouk.loop.ports import LeaseLost, Services
from samouk.loop.records import Artifact, Examples, FloatArray, Labels, Order, Predictions, RunEnd, TriggerKind
from samouk.loop.release import take_back
from samouk.publish import shared
from samouk.server.serve import Server, config, listen
from samouk.server.serve import run as serve_until
from samouk.settings import Settings, load

RESULTS = Path(__file__).parent / "results"
POSTGRES = os.environ.get("SAMOUK_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/postgres")
SERVERS, CLIENTS = 3, 4
AT_ONCE = 3
"""Servers and clients that die at the same moment, at most."""

QUIET_S = (0.1, 1.5)
"""Least and most between two such moments."""

WORKER_S = (0.5, 10.0)
"""Least and most that the worker lives; a turn takes one second, or several on a busy machine."""

LEASE_S = 1.0
PAUSE_S = 0.05
"""Between two calls of a collector: some 400 samples a second each."""

LIMITS = Limits(batch_size=90)
"""No multiple of ROWS, so that calls straddle batches."""

STEP, BEST = 0.05, 0.95


class ManyApps(NumberObserver):
    """Numbers of eight applications, so that some are held out."""

    def observe(self, source: object, platform: str) -> Observation:
        assert isinstance(source, range)
        return replace(super().observe(source, platform), app=f"org.app{source.start // ROWS % 8}")


def _labels(columns: Columns) -> Labels:
    count = len(columns["platform"])
    return Labels(columns["platform"], np.ones(count, np.float32), np.ones(count, np.bool_))


def _fit(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
    """A little better than the champion, so that most turns put a version in service."""
    skill = 0.5 if champion is None else min(json.loads(champion.data)["skill"] + STEP, BEST)
    about = {"learner": SCHEMA.name, "schema_version": SCHEMA.version, "classes": ["android", "ios"]}
    return Artifact(json.dumps({"skill": skill, "of": examples.rows, "at": time.time()}).encode(), about)


def _score(artifact: Artifact, examples: Examples) -> Mapping[str, FloatArray]:
    # The same rows are right under a larger skill: paired, so that a step is seen at once.
    luck = (examples.columns["number"].astype(np.int64) * 2_654_435_761 % 1_000) / 1_000
    return {"accuracy": (luck < json.loads(artifact.data)["skill"]).astype(np.float64)}


def _blind(train: Examples, holdout: Examples) -> Mapping[str, FloatArray]:
    """Worse than the first version, which else would have to beat always saying one platform."""
    return {"accuracy": np.zeros(holdout.rows)}


def _not_asked(*_: Any) -> Any:
    raise NotImplementedError("nobody predicts numbers here")


LEARNER = Learner(
    SCHEMA.name,
    SCHEMA,
    ("android", "ios"),
    (Metric("accuracy"),),
    Policy(gate=GatePolicy(reuse_budget=1_000_000), holdout_groups=frozenset(range(8))),
    _labels,
    _fit,
    lambda artifact, columns: Predictions(columns["platform"], np.ones(len(columns["platform"]))),
    _score,
    _not_asked,
    constant=_blind,
)
DOMAINS = {"bench": Domain("bench", "Benchmark", (LEARNER,), Path(__file__).parent)}


@dataclass(frozen=True, slots=True)
class Report:
    """What was found after all kills.

    Attributes:
        acknowledged: samples whose call had returned before the client died.
        torn_versions: without their bytes, or with others; and versions in service other than one.
        torn_published: 1 when a TUF client does not find the version in service.
        broken_audit: 1 when the chain of the audit does not hold.
        dropped: samples that a collector threw away.
        faults: processes that ended by themselves, with an error.
        untried: 1 when no version was made, so that none could be torn.
    """

    store: str
    kills: int
    servers_killed: int
    workers_killed: int
    clients_killed: int
    seconds: float
    acknowledged: int
    stored: int
    lost: int
    doubled: int
    dropped: int
    versions: int
    turns: int
    torn_versions: int
    torn_published: int
    broken_audit: int
    wrong_counts: int
    faults: int
    untried: int


WRONG = ("lost", "doubled", "dropped", "torn_versions", "torn_published", "broken_audit", "wrong_counts", "faults")
BAD = (*WRONG, "untried")


@dataclass(frozen=True, slots=True)
class Scene:
    """Where everything happens."""

    settings: Settings
    folder: Path
    port: int
    listener: socket.socket
    key: str

    def cache(self, lane: int) -> Path:
        return self.folder / f"cache-{lane}"

    def ledger(self, lane: int) -> Path:
        return self.folder / f"ledger-{lane}"

    def collector(self, lane: int) -> SelfLearningCollector:
        cache = self.cache(lane)
        return SelfLearningCollector(
            True,
            f"http://127.0.0.1:{self.port}",
            cache_dir=cache,
            environ={"HOME": str(cache)},
            observer=ManyApps(),
            limits=LIMITS,
            api_key=self.key,
        )


def serve(scene: Scene) -> None:
    """The product, on the listening socket that this process was forked with."""
    with assembly.opened(scene.settings) as services:
        turns.begin(LEARNER, services)
        app = assembly.application(scene.settings, services, DOMAINS)
        serve_until(Server(config(app)), [scene.listener])


def learn(scene: Scene) -> None:
    """Turn after turn; once nothing better can be made, the first version comes back as a new one."""
    with assembly.opened(scene.settings) as services:
        while True:
            try:
                run = turns.turn(LEARNER, services, Order(TriggerKind.MANUAL, "benchmark"))
                versions = services.registry.versions(SCHEMA.name)
                if versions and run.end in (RunEnd.REFUSED, RunEnd.UNDECIDED):
                    take_back(services, versions[-1], "benchmark", "begin again")
            except LeaseLost:
                time.sleep(0.2)
            time.sleep(0.05)


def collect(scene: Scene, lane: int, lives: int) -> None:
    """Collect for ever, writing down each acknowledged range in one write."""
    ledger = os.open(scene.ledger(lane), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    mine = scene.collector(lane)
    first = (lane * 10_000 + lives) * 20_000
    for start in range(first, first + 20_000, ROWS):
        if mine.collect_from_hierarchy(range(start, start + ROWS)) == ROWS:
            os.write(ledger, b"%d\n" % start)
        mine._contribution._wake()
        time.sleep(PAUSE_S)


def run(store: str, kills: int, seed: int, folder: Path, settings: Settings) -> Report:
    """Kill so many times, then look what is there."""
    for module in (turns, ending, settle, staging, shared):
        vars(module)["LEASE_SECONDS"] = LEASE_S
    began, chance = time.monotonic(), random.Random(seed)
    with listen("127.0.0.1", 0) as listener:
        scene = Scene(settings, folder, listener.getsockname()[1], listener, _prepared(settings))
        errors = folder / "errors"
        servers = [Victim(f"server {n}", lambda _: serve(scene), errors) for n in range(SERVERS)]
        workers = [Victim("worker", lambda _: learn(scene), errors)]
        clients = [_client(scene, lane, errors) for lane in range(CLIENTS)]
        everybody = [*servers, *workers, *clients]
        for victim in everybody:
            victim.begin()
        doomed = time.monotonic() + chance.uniform(*WORKER_S)
        while sum(victim.kills for victim in everybody) < kills:
            time.sleep(chance.uniform(*QUIET_S))
            victims = chance.sample([*servers, *clients], chance.randint(1, AT_ONCE))
            if time.monotonic() > doomed:
                victims += workers
                doomed = time.monotonic() + chance.uniform(*WORKER_S)
            for victim in victims:
                victim.kill()
            for one in everybody:
                one.begin()
        for victim in (*workers, *clients):
            victim.stop()
        dropped = sum(_emptied(scene, lane) for lane in range(CLIENTS))
        for victim in servers:
            victim.stop()
        faults = errors.read_text() if errors.exists() else ""
        if faults:
            print(faults[:5_000])
        counts = {
            "kills": sum(victim.kills for victim in everybody),
            "servers_killed": sum(victim.kills for victim in servers),
            "workers_killed": sum(victim.kills for victim in workers),
            "clients_killed": sum(victim.kills for victim in clients),
            "faults": faults.count("Traceback"),
        }
        return _look(scene, store, {**counts, "dropped": dropped, "seconds": round(time.monotonic() - began, 1)})


def _client(scene: Scene, lane: int, errors: Path) -> Victim:
    return Victim(f"client {lane}", lambda lives: collect(scene, lane, lives), errors)


def _prepared(settings: Settings) -> str:
    """Keys of both kinds; what is imported here no fork imports again, and everything is closed before the first."""
    import samouk.dashboard
    import samouk.server.app
    import samouk.server.metrics  # noqa: F401

    gate.self_test(LEARNER.metrics, LEARNER.policy.gate)
    assembly.ensure_signing_keys(settings)
    with assembly.opened(settings) as services:
        return services.keys.create("benchmark")[1]


def _emptied(scene: Scene, lane: int) -> int:
    """Send what the lane still has; how much it threw away or was refused."""
    with scene.collector(lane) as last:
        until = time.monotonic() + 60
        while time.monotonic() < until and last.stats().pending:
            last.flush()
        stats = last.stats()
    return int(stats.dropped + stats.rejected + stats.pending)


def _look(scene: Scene, store: str, counts: dict[str, Any]) -> Report:
    with assembly.opened(scene.settings) as services:
        turns.begin(LEARNER, services)  # as the next start does
        entries = services.log.entries(SCHEMA.name)
        numbers = Counter[int]()
        for _, columns in services.log.read(entries):
            numbers.update(columns["number"].tolist())
        stats = services.log.stats(SCHEMA.name)
        versions = services.registry.versions(SCHEMA.name)
        kept = [
            start
            for lane in range(CLIENTS)
            if scene.ledger(lane).exists()
            for start in map(int, scene.ledger(lane).read_text().split())
        ]
        acknowledged = [number for start in kept for number in range(start, start + ROWS)]
        return Report(
            store=store,
            acknowledged=len(acknowledged),
            stored=numbers.total(),
            lost=sum(number not in numbers for number in acknowledged),
            doubled=sum(count > 1 for count in numbers.values()),
            versions=len(versions),
            untried=int(not versions),
            turns=sum(services.runs.ends(SCHEMA.name).values()),
            torn_versions=sum(not _is_whole(services, version) for version in versions)
            + (0 if not versions else abs(sum(version.stage == "production" for version in versions) - 1)),
            torn_published=int(not _is_published(scene, services)),
            broken_audit=int(services.audit.verify() is not None),
            wrong_counts=int((stats.total_batches, stats.total_samples) != (len(entries), numbers.total())),
            **counts,
        )


def _is_whole(services: Services, version: Any) -> bool:
    data = services.blobs.get(version.artifact_key)
    return hashlib.sha256(data).hexdigest() == version.artifact_digest and "skill" in json.loads(data)


def _is_published(scene: Scene, services: Services) -> bool:
    """Whether a real TUF client, who knows only the first root, finds the version in service whole."""
    from tuf.api.exceptions import DownloadHTTPError
    from tuf.ngclient import FetcherInterface, Updater

    champion = services.registry.production(SCHEMA.name)
    if champion is None:
        return services.publisher.published(SCHEMA.name) is None
    assembly.application(scene.settings, services, DOMAINS)  # brings what is shared to this machine
    published = assembly.Places.of(scene.settings).published

    class Files(FetcherInterface):
        def _fetch(self, url: str) -> Iterator[bytes]:
            path = published / url
            if not path.is_file():
                raise DownloadHTTPError("absent", 404)
            return iter([path.read_bytes()])

    cache = scene.folder / "tuf"
    cache.mkdir()
    root = (published / "metadata" / "1.root.json").read_bytes()
    client = Updater(str(cache), "metadata/", str(cache), "targets/", Files(), bootstrap=root)
    client.refresh()
    found = client.get_targetinfo(f"{SCHEMA.name}/{champion.name}.onnx")
    if found is None:
        return False
    data = Path(client.download_target(found)).read_bytes()
    current = client.get_targetinfo(f"{SCHEMA.name}/current.json")
    named = current is not None and current.unrecognized_fields["custom"]["version"] == champion.name
    return named and hashlib.sha256(data).hexdigest() == champion.artifact_digest


@contextmanager
def database(store: str) -> Iterator[str]:
    """URL of a PostgreSQL database of this benchmark's own, gone at the end; empty for the embedded store."""
    if store == "embedded":
        yield ""
        return
    import psycopg

    name = f"samouk_h_{os.getpid()}_{dt.datetime.now(dt.UTC):%H%M%S}"
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    try:
        yield POSTGRES.rpartition("/")[0] + f"/{name}"
    finally:
        with psycopg.connect(POSTGRES, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def main() -> None:
    """Print the report and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", choices=("embedded", "postgres"), default="embedded")
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="scale-kill-") as name, database(given.store) as url:
        settings = load({}, home=Path(name) / "home", database_url=url, rate_key="0")
        report = run(given.store, given.kills, given.seed, Path(name), settings)
    told(report, RESULTS / f"scale_kill_{given.store}.json", BAD)


if __name__ == "__main__":
    main()
