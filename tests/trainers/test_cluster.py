"""A cluster fits what one machine would, says why when it cannot, and outlives its workers."""

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from samouk import assembly, domains, settings
from samouk.loop import snapshot
from samouk.loop.learner import Context
from samouk.loop.ports import FitFailed, LeaseLost, Services
from samouk.loop.records import Artifact, Order, RunEnd, TriggerKind
from samouk.loop.turn import turn
from samouk.trainers import work
from samouk.trainers.cluster import ClusterTrainer
from samouk.trainers.engine import BadAddress, Item, Patience, Result, Unwanted, address_of, connected

LEARNER = domains.learner("traffic.behavior")
QUIET = {**os.environ, "OMP_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0"}


@contextmanager
def home(folder: Path, trainer: str = "") -> Iterator[Services]:
    with assembly.opened(settings.load({}, home=folder, trainer=trainer or None)) as services:
        if not services.log.entries(LEARNER.name):
            services.log.append(list(LEARNER.world(3, False).batches(0, 24)))
        yield services


def fitted(services: Services, context: Context | None = None) -> Artifact:
    entries = services.log.entries(LEARNER.name)
    examples = snapshot.load(LEARNER, services.log, entries)
    return services.trainer.fit(LEARNER, examples, None, context or Context(seed=5), entries)


class Here:
    """A hand that does all in this process, and may be told to give up."""

    def __init__(self, stop_after: int = 10**9) -> None:
        self.said: list[tuple[str, float]] = []
        self.left = stop_after

    def report(self, note: str, share: float) -> None:
        self.said.append((note, share))

    def check(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Unwanted

    def each(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        return map(function, items)


def job(services: Services, folder: Path) -> work.Job:
    import cloudpickle

    shards = services.log.shards(services.log.entries(LEARNER.name))
    bench = partial(assembly.bench, folder, "")
    return work.Job(work.versions(), cloudpickle.dumps(LEARNER), None, shards, bench, 5, 600.0, 1)


@pytest.mark.parametrize("together", [1, 300, 10**9])
def test_a_worker_fits_what_one_machine_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    """Whatever parts are read together."""
    monkeypatch.setattr(work, "TOGETHER", together)
    with home(tmp_path) as services:
        hand = Here()
        found = work.fit(job(services, tmp_path), hand)
        assert found.data == fitted(services).data
    assert [share for _, share in hand.said] == sorted(share for _, share in hand.said)


def test_an_unwanted_fit_ends_at_its_next_word(tmp_path: Path) -> None:
    """While it reads as while it learns."""
    with home(tmp_path) as services:
        for words in (0, 1):
            with pytest.raises(Unwanted):
                work.fit(job(services, tmp_path), Here(stop_after=words))


def test_other_versions_are_refused_before_anything_is_opened(tmp_path: Path) -> None:
    """The learner is not even unpickled."""
    with home(tmp_path) as services:
        other = dataclasses.replace(
            job(services, tmp_path), versions={**work.versions(), "samouk": "0.0.1"}, learner=b""
        )
    with pytest.raises(FitFailed, match=r"samouk .* instead of 0\.0\.1; install on workers"):
        work.fit(other, Here())


def test_a_worker_that_sees_no_packs_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the driver's home nor one of its own."""
    monkeypatch.setenv("SAMOUK_HOME", str(tmp_path / "own"))
    monkeypatch.delenv("SAMOUK_BLOBS_URL", raising=False)
    with pytest.raises(FitFailed, match="SAMOUK_BLOBS_URL"):
        assembly.bench(tmp_path / "elsewhere", "")


def test_shards_are_where_the_log_says(tmp_path: Path) -> None:
    """In the order that was asked for, without what was erased; after an erasure where it moved its neighbours."""
    with home(tmp_path) as services:
        entries = services.log.entries(LEARNER.name)[::-1]
        before = services.log.shards(entries)
        gone = next(LEARNER.world(3, False).batches(0, 1))
        services.log.erase(gone.batch_id, gone.receipt_hash)
        after = services.log.shards(entries)
        read = list(assembly.bench(tmp_path, "").read(after))
        assert [shard.batch_id for shard in before] == [entry.batch_id for entry in entries]
        assert [shard.batch_id for shard in after] == [one.batch_id for one in entries if one.batch_id != gone.batch_id]
        assert {shard.pack for shard in before}.isdisjoint(shard.pack for shard in after)
        for columns, (_, told) in zip(read, services.log.read(entries), strict=True):
            assert all(columns[name].tobytes() == told[name].tobytes() for name in told)


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("dask://local", ("dask", "", 2)),
        ("ray://local?workers=3", ("ray", "", 3)),
        ("dask+tls://node:8786", ("dask+tls", "node:8786", 0)),
        ("dask://node:8786?insecure=1", ("dask", "node:8786", 0)),
        ("dask://127.0.0.1:8786", ("dask", "127.0.0.1:8786", 0)),
        ("ray://[::1]:10001", ("ray", "[::1]:10001", 0)),
    ],
)
def test_an_address_names_a_cluster(url: str, meant: tuple[str, str, int]) -> None:
    assert address_of(url) == meant


@pytest.mark.parametrize(
    "url",
    ["dask", "spark://node:1", "dask://node", "dask://node:port", "dask://local?workers=0", "dask://local?workers=x",
     "dask://local?worker=2", "dask://node:1?workers=2", "ray://user:secret@node:1", "dask://node:1/path", "ray://",
     "dask://node:8786", "dask://node:8786?insecure=0", "dask+tls://local", "ray://node:1?insecure=1"],
)  # fmt: skip
def test_a_bad_address_is_told_with_a_right_one(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadAddress):
        address_of(url)
    with pytest.raises(settings.BadSetting, match="SAMOUK_TRAINER"), home(tmp_path, url):
        pass


def test_patience_ends() -> None:
    """Relayed first, then asked, then counted."""
    said: list[tuple[str, float]] = []
    watch = Patience(lambda note, share: said.append((note, share)), lambda: None, 0.0)
    with pytest.raises(FitFailed, match="more workers or more time"):
        watch([("half", 0.5)])
    assert said == [("half", 0.5)]


def test_nobody_answers(tmp_path: Path) -> None:
    """The run fails with a word for the operator."""
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        url = f"dask://127.0.0.1:{held.getsockname()[1]}"
        with home(tmp_path, url) as services, pytest.raises(FitFailed, match="no Dask scheduler answers"):
            fitted(services)


@contextmanager
def dask_cluster(workers: int, **environment: str) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and workers without nannies as processes, as an operator would begin them."""
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    address = f"127.0.0.1:{port}"
    options = ["--no-dashboard", "--host", "127.0.0.1"]
    commands = [["scheduler", "--port", str(port), *options]]
    commands += [["worker", address, "--no-nanny", "--nthreads", "1", *options]] * workers
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "dask", *command],
            env={**QUIET, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        yield address, running
    finally:
        for process in running:
            process.kill()
            process.wait()


@pytest.mark.slow
def test_dask_loses_a_worker_and_ends_the_fit(tmp_path: Path) -> None:
    """kill -9 of whichever worker has begun; the same bytes come from the other, and what was said was relayed."""
    with dask_cluster(2) as (address, running), home(tmp_path, f"dask://{address}") as services:
        with home(tmp_path) as alone:
            expected = fitted(alone).data
        said: list[str] = []

        def progress(note: str, _share: float) -> None:
            if any("parts read" in line for line in said) and running[1].poll() is None:
                # Which of the two fits is not known: the first goes whether it reads, fits or waits.
                os.kill(running[1].pid, signal.SIGKILL)
                running[1].wait()
            said.append(note)

        assert fitted(services, Context(seed=5, progress=progress)).data == expected
        assert running[1].poll() is not None
        assert any("groups hold" in note for note in said)


@pytest.mark.slow
def test_dask_gives_up_when_every_worker_is_lost_and_the_champion_stays(tmp_path: Path) -> None:
    """Workers that die of every fit: here because the learner kills them. The next turn, here, succeeds."""
    deadly = dataclasses.replace(LEARNER, fit=_dies)
    assembly.make_signing_keys(settings.load({}, home=tmp_path))
    with home(tmp_path) as services:
        assert turn(LEARNER, services, Order(TriggerKind.MANUAL, "first")).end is RunEnd.RELEASED
        champion = services.registry.production(LEARNER.name)
    with home(tmp_path, "dask://local?workers=1") as services:
        with pytest.raises(FitFailed, match="lost 4 workers"):
            turn(deadly, services, Order(TriggerKind.MANUAL, "second"))
        run = services.runs.runs(LEARNER.name)[0]
        assert run.end is RunEnd.FAILED
        assert services.registry.production(LEARNER.name) == champion


def _dies(*_: object) -> Artifact:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


@pytest.mark.slow
def test_a_lost_lease_ends_the_fit_on_the_cluster(tmp_path: Path) -> None:
    """The worker hears of it at its next word, and is free for who comes after."""
    endless = dataclasses.replace(LEARNER, fit=_never_ends)
    begun: list[str] = []

    def check() -> None:
        if "begun" in begun:
            raise LeaseLost("the lease went to another process")

    with dask_cluster(1) as (address, _), home(tmp_path, f"dask://{address}") as services:
        entries = services.log.entries(LEARNER.name)
        context = Context(seed=5, progress=lambda note, share: begun.append(note), check=check)
        with pytest.raises(LeaseLost):
            services.trainer.fit(endless, snapshot.load(LEARNER, services.log, entries), None, context, entries)
        assert fitted(services).metadata["rows"] > 0


def _never_ends(examples: object, champion: object, context: Context) -> Artifact:
    """Reports until the report raises."""
    while True:
        context.progress("begun", 0.1)
        time.sleep(0.05)


ON_RAY = """
import hashlib, sys
from pathlib import Path
from samouk import assembly, domains, settings
from samouk.loop import snapshot
from samouk.loop.learner import Context

def main():
    learner, said = domains.learner("traffic.behavior"), []
    with assembly.opened(settings.load({}, home=sys.argv[1], trainer="ray://local?workers=2")) as services:
        entries = services.log.entries(learner.name)
        examples = snapshot.load(learner, services.log, entries)
        context = Context(seed=5, progress=lambda note, share: said.append(note))
        print(hashlib.sha256(services.trainer.fit(learner, examples, None, context, entries).data).hexdigest())
        assert any("groups hold" in note for note in said), said

if __name__ == "__main__":
    main()
"""


@pytest.mark.slow
def test_ray_fits_what_one_machine_fits(tmp_path: Path) -> None:
    """In a process of its own: Ray is one a process, and its threads stay."""
    import hashlib

    with home(tmp_path) as services:
        expected = hashlib.sha256(fitted(services).data).hexdigest()
    script = tmp_path / "on_ray.py"
    script.write_text(ON_RAY)
    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, check=False, env=QUIET)
    if "no Ray cluster begins here" in done.stderr:
        pytest.skip("this machine is too busy for Ray, which gives itself half a minute to begin")
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout


def test_the_trainer_of_a_home_is_what_the_settings_name(tmp_path: Path) -> None:
    with home(tmp_path, "dask+tls://node:8786") as services:
        assert isinstance(services.trainer, ClusterTrainer)


def spills(_: int) -> list[object]:
    """How the worker that runs this was told to use its disk."""
    import dask

    return [dask.config.get(f"distributed.worker.memory.{what}") for what in ("target", "spill")]


@pytest.mark.slow
def test_workers_of_our_own_put_no_rows_on_the_disk() -> None:
    """No erasure would look there."""
    with closing(connected("dask://local?workers=1")) as engine:
        assert engine.side_by_side(spills, [1]) == [[False, False]]


@pytest.mark.slow
def test_dask_is_reached_by_tls_with_certificates_of_its_configuration() -> None:
    """Who holds none of that authority is told what to set."""
    import dask
    import distributed

    library: Any = distributed  # whose functions have no types
    own = library.Security.temporary()
    names = {"ca-file": own.tls_ca_file, "client.cert": own.tls_client_cert, "client.key": own.tls_client_key}
    known = {f"distributed.comm.tls.{name}": value for name, value in names.items()}
    with library.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, security=own, protocol="tls"
    ) as cluster:
        url = cluster.scheduler_address.replace("tls://", "dask+tls://")
        with dask.config.set(known), closing(connected(url)) as engine:
            assert engine.side_by_side(abs, [-1, 2]) == [1, 2]
        with pytest.raises(FitFailed, match="CA_FILE"):
            connected(url)
