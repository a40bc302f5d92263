"""What a client on trial counts, keeps, sends and forgets."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.canary import leaks
from tests.edge.conftest import Clock
from tests.edge.test_predictor import download, model_file
from tests.edge.thing import SCHEMA, ThingObserver, screen

from samouk.edge import FeedbackCollector, Predictor, config, consent, disk, places
from samouk.edge.bucket import side
from samouk.edge.installed import digest_of
from samouk.edge.tallies import DAY_S, FEWEST, Tallies, purge
from samouk.edge.testing import MemoryServer
from samouk.edge.trust import Check, Release, Trial

LEARNER = "test.thing"
DAY = dt.timedelta(days=1)


class Client:
    """A user with a model installed, and a trial that the last check for updates told of."""

    def __init__(self, home: Path, wanted: str = "challenger", rollout: str = "r1", share: float = 0.1) -> None:
        self.environ = {"HOME": str(home)}
        self.folder = places.models_dir(self.environ, LEARNER)
        self.old, self.new = model_file(home / "old.onnx"), model_file(home / "new.onnx", (0.1, 0, 0))
        download(self.environ, self.new if wanted == "challenger" else self.old)
        own = secrets.token_hex(16)
        while side(own, rollout, share) != wanted:
            own = secrets.token_hex(16)
        (self.folder / "bucket").write_text(own)
        self.told(rollout, share)

    def told(self, rollout: str | None, share: float = 0.1) -> None:
        """What the last check found; None for a rollout: no trial."""
        champion, challenger = self.release("v1.1", 1, self.old), self.release("v1.2", 2, self.new)
        trial = None if rollout is None else Trial(rollout, share, challenger)
        check = Check("", None, dt.datetime.now(dt.UTC) + DAY, champion, trial)
        disk.replace(self.folder / "check.json", check.encoded())

    @staticmethod
    def release(version: str, number: int, file: Path) -> Release:
        return Release(version, number, "", file.stat().st_size, digest_of(file))

    def predictor(self) -> Predictor:
        return Predictor(observer=ThingObserver(), environ=self.environ)

    def tallies(self, clock: Clock) -> Tallies:
        return Tallies(self.environ, LEARNER, None, clock)

    def counts(self) -> list[Any]:
        file = places.tallies_dir(self.environ) / f"{LEARNER}.json"
        return list(json.loads(file.read_bytes())["counts"]) if file.exists() else []


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path)


@pytest.fixture
def feedback(client: Client, server: MemoryServer, clock: Clock, tmp_path: Path) -> Iterator[FeedbackCollector]:
    knobs: dict[str, Any] = {"transport": server, "observer": ThingObserver(), "clock": clock}
    with FeedbackCollector(True, environ=client.environ, cache_dir=tmp_path / "cache", **knobs) as made:
        yield made


def correct(feedback: FeedbackCollector, number: int, actual: str = "odd") -> None:
    element = {"n": number, "size": 3, "word": "secret"}
    assert feedback.record_correction(element=element, predicted_type="small", actual_type=actual)


@pytest.mark.parametrize(("wanted", "version"), [("challenger", "v1.2"), ("control", "v1.1")])
def test_both_groups_count_what_they_show(tmp_path: Path, wanted: str, version: str) -> None:
    """Answers of the version in use are counted under its group; closing writes them."""
    client = Client(tmp_path, wanted)
    with client.predictor() as predictor:
        for first in (0, 100):
            sure = sum(one.source == "model" for one in predictor.predict(screen(30, first)))
            assert sure > 20
    assert client.counts() == [["r1", version, wanted, 60, 0]]


def test_who_stands_outside_counts_nothing(tmp_path: Path, clock: Clock) -> None:
    """No trial, neither group, another model in use, or a model of one's own: no file is made."""
    outside = Client(tmp_path / "a", "neither")
    none = Client(tmp_path / "b")
    none.told(None)
    other = Client(tmp_path / "c")
    download(other.environ, other.old)
    for one in (outside, none, other):
        with one.predictor() as predictor:
            predictor.predict(screen(30))
        assert one.tallies(clock).due() == []
    own = Client(tmp_path / "d")
    with Predictor(own.new, ThingObserver(), environ=own.environ) as predictor:
        predictor.predict(screen(30))
    assert not any(places.tallies_dir(one.environ).exists() for one in (outside, none, other, own))


def test_memory_and_class_rules_are_no_answers_of_the_model(client: Client, feedback: FeedbackCollector) -> None:
    """What the user corrected before is not counted as shown.

    One less than a tally takes is shown: with more, the collector's own thread may have sent them by now.
    """
    correct(feedback, 1)
    with client.predictor() as predictor:
        things = [{"n": n, "size": 3, "word": "secret"} for n in range(FEWEST)]
        predictor.predict({"things": things})
    feedback.close()
    assert client.counts() == [["r1", "v1.2", "challenger", FEWEST - 1, 1]]


def test_a_tally_is_sent_once_a_day_and_not_below_twenty(
    client: Client, feedback: FeedbackCollector, server: MemoryServer, clock: Clock
) -> None:
    """Nineteen wait; with the twentieth they go, and the next ones a day later under another id."""
    with client.predictor() as predictor:
        predictor.predict(screen(FEWEST - 1))
        predictor.close()
        for number in range(3):
            correct(feedback, number)
        feedback.close()
        feedback.flush()
        assert server.tallies == {}
        for things in (11, 40):
            predictor.predict(screen(things, 1_010))
            predictor.close()
            feedback.flush()
            assert len(server.tallies) == 1
        clock.time += DAY_S
        feedback.flush()
    facts = {"rollout": "r1", "version": "v1.2", "side": "challenger"}
    told = [{name: value for name, value in one.items() if name != "tally_id"} for one in server.tallies.values()]
    assert told == [{**facts, "shown": 30, "good": 27}, {**facts, "shown": 40, "good": 40}]


def test_a_confirmation_is_no_correction(client: Client, feedback: FeedbackCollector) -> None:
    """Who says that the prediction was right takes nothing from it."""
    correct(feedback, 1, "small")
    feedback.close()
    assert client.counts() == []


def test_a_lost_answer_is_asked_for_again_with_the_same_bytes(
    client: Client, feedback: FeedbackCollector, server: MemoryServer
) -> None:
    """What the server has is not counted twice, and what could not be sent waits."""
    with client.predictor() as predictor:
        predictor.predict(screen(40))
    server.lose_answers = 1
    assert "lost" in feedback.flush().problem
    assert feedback.flush().tallies == 1
    bodies = [request.body for request in server.requests if request.url.endswith("/tallies")]
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]
    assert len(server.tallies) == 1
    assert feedback.flush().tallies == 0


def test_what_a_trial_that_is_over_refuses_is_dropped(
    client: Client, feedback: FeedbackCollector, server: MemoryServer
) -> None:
    """A count that nobody wants any more leaves the machine's disk, and stops no other."""
    with client.predictor() as predictor:
        predictor.predict(screen(40))
    server.over.add("r1")
    done = feedback.flush()
    assert (done.tallies, done.problem, server.tallies) == (0, "", {})
    server.over.clear()
    assert feedback.flush().tallies == 0


def test_a_new_trial_does_not_inherit_the_counts_of_the_old(client: Client, clock: Clock) -> None:
    """Counts of a trial in which this client stands no more are dropped, never sent."""
    tallies = client.tallies(clock)
    tallies.shown(40, client.folder / f"{digest_of(client.new)}.onnx")
    tallies.flush()
    assert client.counts()
    client.told(None)
    assert tallies.due() == []
    assert client.counts() == []


def test_without_consent_nothing_leaves_and_a_no_forgets(
    client: Client, server: MemoryServer, tmp_path: Path, clock: Clock
) -> None:
    """Counts stay here without consent; a user's no deletes them and counts no more; so does DO_NOT_TRACK."""
    with client.predictor() as predictor:
        predictor.predict(screen(40))
    knobs: dict[str, Any] = {"transport": server, "observer": ThingObserver(), "cache_dir": tmp_path / "cache"}
    with FeedbackCollector(None, environ=client.environ, **knobs) as asked:
        asked.flush()
    assert server.requests == []
    assert client.counts()
    consent.withdraw(client.environ)
    assert client.counts() == []
    with client.predictor() as predictor:
        predictor.predict(screen(40))
    assert client.counts() == []
    config.change("ml.contribute", "true", client.environ)
    client.environ["DO_NOT_TRACK"] = "1"
    with client.predictor() as predictor:
        predictor.predict(screen(40))
    assert client.counts() == []


def test_a_no_while_a_process_runs_reaches_its_memory(client: Client, clock: Clock) -> None:
    """What a running process counted and had not written is discarded as soon as the settings say no."""
    tallies = client.tallies(clock)
    file = client.folder / f"{digest_of(client.new)}.onnx"
    for _ in range(2):
        tallies.shown(30, file)
    consent.withdraw(client.environ)
    tallies.shown(30, file)
    tallies.flush()
    assert client.counts() == []
    purge(client.environ)


def test_threads_and_processes_lose_no_count(client: Client, clock: Clock) -> None:
    """Eight counters over one file add up, whoever writes when."""
    file = client.folder / f"{digest_of(client.new)}.onnx"
    counters = [client.tallies(clock) for _ in range(4)] * 2

    def count(one: Tallies) -> None:
        for _ in range(50):
            one.shown(1, file)
            one.flush()

    threads = [threading.Thread(target=count, args=(one,)) for one in counters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in counters:
        one.flush()
    assert client.counts() == [["r1", "v1.2", "challenger", 400, 0]]


FORKING = """
import os, sys
from pathlib import Path
from samouk.edge.tallies import Tallies
tallies, file = Tallies({"HOME": sys.argv[1]}, "test.thing", None), Path(sys.argv[2])
tallies.shown(30, file)
tallies.shown(5, file)
child = os.fork()
if child == 0:
    tallies.shown(7, file)
tallies.flush()
if child:
    os.waitpid(child, 0)
"""


def test_one_count_too_many_holds_nothing_up(client: Client, feedback: FeedbackCollector, server: MemoryServer) -> None:
    """Where the server has enough of a key for today, the count is dropped, so that samples go on being sent."""
    with client.predictor() as predictor:
        predictor.predict(screen(40))
    server.answer, server.retry_after = 429, "86400"
    done = feedback.flush()
    assert (done.tallies, done.kept, done.problem, done.retry_after_s) == (0, 0, "", None)
    server.answer = None
    assert feedback.flush().tallies == 0
    assert len(server.requests) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
def test_a_forked_child_leaves_the_parents_counts_to_the_parent(client: Client) -> None:
    """What was in memory when a process forked is written once."""
    file = client.folder / f"{digest_of(client.new)}.onnx"
    subprocess.run([sys.executable, "-c", FORKING, client.environ["HOME"], str(file)], check=True)
    assert client.counts() == [["r1", "v1.2", "challenger", 42, 0]]


def test_a_damaged_file_or_a_full_disk_stops_nobody(client: Client, clock: Clock) -> None:
    """A torn file begins anew; a folder that cannot be written keeps the counts in memory."""
    file = client.folder / f"{digest_of(client.new)}.onnx"
    folder = places.tallies_dir(client.environ)
    folder.mkdir(parents=True)
    (folder / f"{LEARNER}.json").write_bytes(b'{"counts": [[1')
    tallies = client.tallies(clock)
    tallies.shown(30, file)
    assert client.counts() == [["r1", "v1.2", "challenger", 30, 0]]
    lock = folder / f"{LEARNER}.lock"
    lock.unlink()
    lock.mkdir()
    tallies.shown(5, file)
    tallies.flush()
    lock.rmdir()
    tallies.flush()
    assert client.counts() == [["r1", "v1.2", "challenger", 35, 0]]


def test_a_tally_tells_nothing_of_screens_or_clients(
    client: Client, feedback: FeedbackCollector, server: MemoryServer
) -> None:
    """Its six fields are a random id, names of the release and two numbers; what was shown is nowhere on disk."""
    words = [{"n": n, "size": 3, "word": "Transfer 4711 doubloons"} for n in range(30)]
    with client.predictor() as predictor:
        predictor.predict({"things": words, "app": "com.mybank.secretapp"})
    feedback.flush()
    (request,) = [request for request in server.requests if request.url.endswith("/tallies")]
    assert set(json.loads(request.body or b"")) == {"tally_id", "rollout", "version", "side", "shown", "good"}
    assert set(request.headers) <= {"Content-Type", "Authorization"}
    own = (client.folder / "bucket").read_text()
    assert own not in (request.body or b"").decode() + request.url
    kept = b"".join(path.read_bytes() for path in places.tallies_dir(client.environ).iterdir())
    assert leaks(kept + (request.body or b"")) == []


def test_what_would_be_sent_is_shown_first(client: Client, server: MemoryServer, tmp_path: Path) -> None:
    """The bytes of a tally are among what is shown before an upload, and are those that leave."""
    from samouk.edge import SelfLearningCollector

    with client.predictor() as predictor:
        predictor.predict(screen(40))
    knobs: dict[str, Any] = {"transport": server, "observer": ThingObserver(), "cache_dir": tmp_path / "cache"}
    with SelfLearningCollector(True, environ=client.environ, **knobs) as collector:
        (shown,) = collector.show_upload()
        assert collector.flush().tallies == 1
    assert [request.body for request in server.requests] == [shown]


def test_the_server_in_memory_refuses_what_the_real_one_refuses() -> None:
    """A count of another shape, or of more good than shown, is no tally."""
    from samouk.edge.routes import tally_request

    server = MemoryServer(SCHEMA)
    good = {"tally_id": "x", "rollout": "r", "version": "v", "side": "control", "shown": 3, "good": 3}
    for changed in ({"good": 4}, {"shown": 0, "good": 0}, {"user": "me"}, {"good": None}):
        body = json.dumps({**good, **changed}).encode()
        assert server.send(tally_request("http://memory", LEARNER, body, "")).status == 422
    assert server.send(tally_request("http://memory", LEARNER, json.dumps(good).encode(), "")).status == 200
    changed_body = json.dumps({**good, "good": 1}).encode()
    assert server.send(tally_request("http://memory", LEARNER, changed_body, "")).status == 409


def test_a_check_of_an_older_client_is_read(client: Client) -> None:
    """Whether a release was on trial came later: a file without that word still holds."""
    document = json.loads((client.folder / "check.json").read_bytes())
    del document["release"]["trial"]
    check = Check.decoded(json.dumps(document).encode())
    assert check.release is not None
    assert replace(check.release, trial="x").trial == "x"
    assert check.release.trial == ""
