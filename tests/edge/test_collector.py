"""The collector, before the server in memory."""

from __future__ import annotations

import base64
import errno
import gzip
import hashlib
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.edge.thing import SCHEMA, ThingObserver, screen

from samouk.edge import SelfLearningCollector, config, consent, wire
from samouk.edge.batchfile import BatchFile
from samouk.edge.errors import ConfigError, Unreachable
from samouk.edge.observer import MAX_SOURCE, Observation
from samouk.edge.spool import Limits
from samouk.edge.testing import MemoryServer
from samouk.edge.transport import Request, Response

Make = Callable[..., SelfLearningCollector]


class Silent:
    """A server that keeps every upload waiting until it is released.

    Attributes:
        asked, left: whether an upload came, and whether one ended.
    """

    def __init__(self) -> None:
        self.release, self.asked, self.left = threading.Event(), False, False

    def send(self, request: Request) -> Response:
        self.asked = True
        self.release.wait(200)
        self.left = True
        raise Unreachable("never mind")


def numbers(server: MemoryServer) -> list[int]:
    return sorted(int(str(row["n"])) for row in server.rows())


def wait_for(fact: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.005)


def test_what_is_seen_reaches_the_server_once(collector_of: Make, server: MemoryServer) -> None:
    """Every sample that was acknowledged is at the server after a flush, none twice, and nothing is left here."""
    collector = collector_of()
    assert collector.collect_from_hierarchy(screen(25)) == 25
    done = collector.flush()
    assert not done.problem
    assert numbers(server) == list(range(25))
    assert collector.flush().sent == 0
    assert collector.stats().pending == 0
    assert collector.stats().uploaded == 25


def test_variables_that_were_given_are_the_only_ones_looked_at(
    tmp_path: Path, server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty mapping is an answer: the process's own variables do not speak for it."""
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    knobs: dict[str, Any] = {"cache_dir": tmp_path / "c", "transport": server, "observer": ThingObserver()}
    with SelfLearningCollector(True, "http://server", environ={}, **knobs) as collector:
        assert collector.consent().granted
    with SelfLearningCollector(True, "http://server", **knobs) as collector:
        assert not collector.consent().granted


def test_a_full_batch_goes_by_itself(collector_of: Make, server: MemoryServer) -> None:
    """A batch that is full is sent in the background; a short one stays."""
    collector = collector_of()
    collector.collect_from_hierarchy(screen(14))
    wait_for(lambda: collector.stats().uploaded == 10)
    assert collector.stats().pending == 4
    assert numbers(server) == list(range(10))


def test_the_host_does_not_wait_for_the_network(collector_of: Make) -> None:
    """While a server keeps an upload hanging, collecting and closing go on."""
    silent = Silent()
    collector = collector_of(transport=silent, close_wait_s=0.05)
    assert sum(collector.collect_from_hierarchy(screen(10, first)) for first in range(0, 500, 10)) == 500
    collector.close()
    assert not silent.left
    silent.release.set()


def test_a_short_run_sends_its_full_batches(collector_of: Make, server: MemoryServer) -> None:
    """A host that collects and closes at once has its full batches sent; the short one stays for the next time."""
    for first in range(0, 200, 20):
        with collector_of() as collector:
            assert collector.collect_from_hierarchy(screen(20, first)) == 20
        assert numbers(server) == list(range(first + 20))
    with collector_of() as collector:
        collector.collect_from_hierarchy(screen(4, 200))
    assert len(server.batches) == 20


@pytest.mark.parametrize("status", [None, 503])
def test_closing_does_not_wait_for_a_server_that_fails(
    collector_of: Make, server: MemoryServer, status: int | None
) -> None:
    """Offline or refused for now, a short run closes long before its bound, and a later one sends what it left."""
    server.answer, server.offline = status, status is None
    with collector_of(close_wait_s=3_600.0) as collector:
        collector.collect_from_hierarchy(screen(10))
    assert server.batches == {}
    server.answer, server.offline = None, False
    with collector_of(close_wait_s=30.0) as collector:
        collector.collect_from_hierarchy(screen(1, 10))
    assert numbers(server) == list(range(10))


def test_closing_waits_no_longer_than_it_was_told(collector_of: Make) -> None:
    """A server that keeps silent holds a closing host up for ``close_wait_s`` and no longer."""
    silent = Silent()
    collector = collector_of(transport=silent, close_wait_s=0.2)
    collector.collect_from_hierarchy(screen(10))
    wait_for(lambda: silent.asked)
    collector.close()
    assert not silent.left
    silent.release.set()


@pytest.mark.parametrize("opt_in", [None, False])
def test_nothing_is_collected_without_consent(collector_of: Make, tmp_path: Path, opt_in: bool | None) -> None:
    """Without a yes nothing is written and nothing is sent."""
    collector = collector_of(opt_in)
    assert collector.collect_from_hierarchy(screen(25)) == 0
    assert collector.flush().sent == 0
    assert not (tmp_path / "cache").exists()
    assert collector.consent().reason


@pytest.mark.parametrize("variable", ["CI", "DO_NOT_TRACK"])
def test_the_environment_outweighs_a_yes(
    collector_of: Make, server: MemoryServer, environ: dict[str, str], variable: str
) -> None:
    """CI and DO_NOT_TRACK stop collecting and sending, also of what is queued."""
    collector = collector_of()
    collector.collect_from_hierarchy(screen(5))
    environ[variable] = "1"
    assert collector.collect_from_hierarchy(screen(5)) == 0
    collector.flush()
    assert server.requests == []


def test_switching_off_purges_the_queue(collector_of: Make, server: MemoryServer, environ: dict[str, str]) -> None:
    """After a withdrawal nothing that was queued is sent, by no process, and nothing lies on disk."""
    config.change("ml.contribute", "true", environ)
    collector = collector_of(None)
    assert collector.collect_from_hierarchy(screen(5)) == 5
    cache = collector._contribution.spool.samples.parent
    assert consent.withdraw(environ, cache=cache) == 5
    assert collector.collect_from_hierarchy(screen(5)) == 0
    collector.flush()
    assert server.requests == []
    assert collector.stats().pending == 0
    assert collector.stats().purged == 5


def test_a_no_written_by_hand_purges_too(collector_of: Make, server: MemoryServer, environ: dict[str, str]) -> None:
    """The next look at the settings empties the queue, however the no got there."""
    collector = collector_of()
    collector.collect_from_hierarchy(screen(5))
    config.change("ml.contribute", "false", environ)
    assert collector.flush().sent == 0
    assert list(collector.pending()) == []
    assert server.requests == []


def test_platforms_that_are_not_shared_are_left_out(collector_of: Make, environ: dict[str, str]) -> None:
    """Only platforms that both the settings and the application allow are collected."""
    config.change("ml.contribute_platforms", "ios", environ)
    assert collector_of().collect_from_hierarchy(screen(3), "android") == 0
    assert collector_of().collect_from_hierarchy(screen(3), "ios") == 3
    assert collector_of(platforms=["android"]).collect_from_hierarchy(screen(3), "ios") == 0


def test_a_platform_that_is_no_longer_shared_is_not_sent(
    collector_of: Make, server: MemoryServer, environ: dict[str, str]
) -> None:
    """What was queued of a platform before the user took it back is deleted, not sent; the rest goes."""
    collector = collector_of()
    collector.collect_from_hierarchy(screen(3), "android")
    collector.collect_from_hierarchy(screen(2, 3), "ios")
    collector.collect_from_hierarchy(screen(2, 5, app="org.other"), "ios")
    config.change("ml.contribute_platforms", "android", environ)
    assert len(list(collector.show_upload())) == 1
    assert collector.flush().rows == 3
    assert {row["platform"] for row in server.rows()} == {"android"}
    assert collector.stats().pending == 0


def test_what_is_no_longer_shared_is_counted(collector_of: Make, server: MemoryServer, environ: dict[str, str]) -> None:
    """Samples that are deleted because their platform is no longer shared are told and counted, whole batches too."""
    collector = collector_of()
    collector.collect_from_hierarchy(screen(3), "android")
    collector.collect_from_hierarchy(screen(2, 3), "ios")
    collector.collect_from_hierarchy(screen(4, 5, app="org.other"), "ios")
    config.change("ml.contribute_platforms", "android", environ)
    done = collector.flush()
    assert (done.rows, done.withheld) == (3, 6)
    stats = collector.stats()
    assert (stats.uploaded, stats.purged, stats.collected) == (3, 6, 9)
    assert stats.platforms == {"android": 3, "ios": 6}


@pytest.mark.parametrize("way", ["withdraw", "by hand", "forget"])
def test_refused_batches_go_with_the_rest(
    collector_of: Make, server: MemoryServer, environ: dict[str, str], tmp_path: Path, way: str
) -> None:
    """Who switches off or forgets leaves nothing on disk of what a server refused, and it is counted."""
    server.answer = 422
    collector = collector_of()
    collector.collect_from_hierarchy(screen(9))
    assert collector.flush().rejected == 1
    if way == "withdraw":
        assert consent.withdraw(environ, cache=tmp_path / "cache") == 9
    elif way == "by hand":
        config.change("ml.contribute", "false", environ)
        collector.consent()
    else:
        assert collector.forget_all() == 0
    assert list((tmp_path / "cache" / "rejected").iterdir()) == []
    assert (collector.stats().rejected, collector.stats().purged) == (0, 9)
    assert collector.forget_all() == 0


def test_the_local_cache_only_is_never_sent(collector_of: Make, server: MemoryServer, environ: dict[str, str]) -> None:
    """With ml.local_cache_only samples are kept and stay."""
    config.change("ml.local_cache_only", "true", environ)
    collector = collector_of()
    assert collector.collect_from_hierarchy(screen(25)) == 25
    collector.flush()
    assert server.requests == []
    assert collector.stats().pending == 25


@pytest.mark.parametrize(
    "source", [None, 7, b"\xff", "{", {"things": [{}]}, {"things": [{"n": -1, "size": 1}]}, object()]
)
def test_the_host_never_sees_an_error(collector_of: Make, source: object) -> None:
    """Whatever is handed over, the call returns 0 and counts."""
    collector = collector_of()
    assert collector.collect_from_hierarchy(source) == 0
    assert collector.stats().errors == 1
    assert collector.stats().last_error


def test_recursion_in_the_observer_stays_inside(collector_of: Make) -> None:
    """An observer that runs out of stack costs its own call alone."""

    class Deep(ThingObserver):
        def observe(self, source: object, platform: str) -> Observation:
            return self.observe(source, platform)

    assert collector_of(observer=Deep()).collect_from_hierarchy(screen(1)) == 0


def test_a_huge_source_is_not_read(collector_of: Make) -> None:
    """A hierarchy beyond the bound is refused before anybody reads it."""
    collector = collector_of()
    assert collector.collect_from_hierarchy(" " * (MAX_SOURCE + 1)) == 0
    assert "larger than 20 MB" in collector.stats().last_error
    assert collector.collect_from_hierarchy(json.dumps(screen(1)) + " " * (MAX_SOURCE - 2**20)) == 1


def test_a_full_disk_is_told_once(
    collector_of: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk means 0, a count, and one warning in the log."""

    def full(*_: object) -> BatchFile:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(BatchFile, "create", full)
    collector = collector_of()
    with caplog.at_level(logging.WARNING):
        assert [collector.collect_from_hierarchy(screen(3)) for _ in range(3)] == [0, 0, 0]
    assert collector.stats().errors == 3
    assert [record.message for record in caplog.records] == [
        "the disk is full: no samples are kept until there is room"
    ]


def test_spoilt_settings_mean_no(collector_of: Make, environ: dict[str, str]) -> None:
    """Settings that cannot be read mean no, and the reason names the file."""
    config.change("ml.contribute", "true", environ)
    path = Path(environ["HOME"]) / ".config/samouk/config.json"
    path.write_text("{")
    collector = collector_of()
    assert collector.collect_from_hierarchy(screen(3)) == 0
    assert "config.json" in collector.consent().reason


def test_malformed_arguments_are_refused() -> None:
    """What the programmer wrote wrongly is told to the programmer."""
    with pytest.raises(ConfigError, match="upload_endpoint"):
        SelfLearningCollector(upload_endpoint="models.example")


def test_what_is_shown_is_what_is_sent(collector_of: Make, server: MemoryServer) -> None:
    """show_upload gives the very bytes that a flush then sends."""
    server.offline = True
    collector = collector_of()
    collector.collect_from_hierarchy(screen(25))
    collector.collect_from_hierarchy(screen(3, 25, app="org.other"))
    shown = sorted(collector.show_upload())
    server.offline = False
    collector.flush()
    assert sorted(gzip.decompress(request.body or b"") for request in server.requests) == shown
    assert all(wire.compress(body) in {request.body for request in server.requests} for body in shown)


def test_uploads_are_shuffled_and_unlinked(collector_of: Make, server: MemoryServer) -> None:
    """Order and ids of the screen do not leave, and batches share no value but what the schema says."""
    collector = collector_of(limits=Limits(batch_size=100))
    collector.collect_from_hierarchy(screen(99))
    local = {row["sample_id"] for content in collector.pending() for row in content.rows}
    collector.flush()
    (upload,) = server.batches.values()
    assert list(upload.columns["n"]) != list(range(99))
    assert not local & set(upload.columns["sample_id"])
    assert len(set(upload.columns["sample_id"])) == 99
    for identifier in upload.columns["sample_id"]:
        assert SCHEMA.by_name["sample_id"].refusal(identifier) is None


def test_no_secret_leaves_or_lies_about(
    collector_of: Make, server: MemoryServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Words, the app's name and the user's home are in no request, no file of the cache, and no log line."""
    collector = collector_of(endpoint="http://localhost:8000", api_key="sk_key")
    with caplog.at_level(logging.DEBUG):
        collector.collect_from_hierarchy(screen(25))
        collector.collect_from_hierarchy(json.dumps(screen(2)) + "secret-9")
        collector.flush()
    sent = [
        request.url.encode() + repr(request.headers).encode() + gzip.decompress(request.body or b"")
        for request in server.requests
    ]
    kept = [path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    for secret in (b"secret-1", b"org.secret.bank", str(tmp_path).encode()):
        digests = [hashlib.sha256(secret).hexdigest().encode(), secret.hex().encode(), base64.b64encode(secret)]
        for text in [*sent, *kept, caplog.text.encode()]:
            assert not any(form in text for form in [secret, *digests])


def test_batches_fall_into_the_group_of_their_app(collector_of: Make, server: MemoryServer) -> None:
    """Samples of apps on different sides of the split never share a batch."""
    collector = collector_of()
    apps = [f"org.app{number}" for number in range(8)]
    for place, app in enumerate(apps):
        collector.collect_from_hierarchy(screen(2, place * 2, app))
    collector.flush()
    assert {upload.group for upload in server.batches.values()} == {wire.group_of(app) for app in apps}


def test_offline_is_kept_and_sent_later(collector_of: Make, server: MemoryServer) -> None:
    """Without a network everything stays; with one again, it all goes."""
    server.offline = True
    collector = collector_of()
    collector.collect_from_hierarchy(screen(25))
    assert "switched off" in collector.flush().problem
    collector.close()
    server.offline = False
    later = collector_of()
    assert later.flush().rows == 25
    assert numbers(server) == list(range(25))


def test_a_lost_answer_doubles_nothing(collector_of: Make, server: MemoryServer) -> None:
    """A batch that the server stored though its answer was lost is sent again byte for byte, and stored once."""
    server.lose_answers = 2
    collector = collector_of()
    collector.collect_from_hierarchy(screen(9))
    problems = [collector.flush().problem for _ in range(3)]
    assert problems[-1] == ""
    assert numbers(server) == list(range(9))
    assert len({request.body for request in server.requests}) == 1


@pytest.mark.parametrize("status", [301, 401, 403, 404, 405, 408, 425, 429, 500, 503])
def test_what_may_pass_is_kept(collector_of: Make, server: MemoryServer, status: int) -> None:
    """Answers that may pass, or that the user can mend, lose nothing and say what to do."""
    server.answer = status
    collector = collector_of()
    collector.collect_from_hierarchy(screen(9))
    assert str(status) in collector.flush().problem
    assert collector.stats().pending == 9
    server.answer = None
    assert collector.flush().rows == 9


@pytest.mark.parametrize("status", [400, 409, 413, 415, 422])
def test_what_is_refused_is_set_aside(collector_of: Make, server: MemoryServer, tmp_path: Path, status: int) -> None:
    """A batch that a server refuses is kept beside the reason and not sent again."""
    server.answer = status
    collector = collector_of()
    collector.collect_from_hierarchy(screen(9))
    assert collector.flush().rejected == 1
    assert collector.stats().rejected == 9
    (reason,) = (tmp_path / "cache" / "rejected").glob("*.reason.txt")
    assert "as it was told" in reason.read_text()
    server.answer = None
    assert collector.flush().sent == 0


def test_a_key_is_sent_and_a_wrong_one_named(collector_of: Make, environ: dict[str, str]) -> None:
    """The key comes from the settings; a wrong one keeps everything and names the setting."""
    server = MemoryServer(SCHEMA, api_key="sk_right")
    collector = collector_of(transport=server)
    collector.collect_from_hierarchy(screen(9))
    assert "ml.api_key" in collector.flush().problem
    config.change("ml.api_key", "sk_right", environ)
    assert collector.flush().rows == 9


def test_a_key_of_the_environment_is_sent(
    collector_of: Make, server: MemoryServer, environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """SAMOUK_API_KEY outweighs the setting and is outweighed by the argument; a spoilt one is named, not raised."""
    config.change("ml.api_key", "sk_set", environ)
    for key, given, used in (("sk_environ", None, "sk_environ"), ("sk_environ", "sk_given", "sk_given")):
        collector = collector_of(environ={**environ, "SAMOUK_API_KEY": key}, api_key=given)
        collector.collect_from_hierarchy(screen(9))
        assert collector.flush().rows == 9
        assert server.requests[-1].headers["Authorization"] == f"Bearer {used}"
    spoilt = collector_of(environ={**environ, "SAMOUK_API_KEY": "two words"})
    spoilt.collect_from_hierarchy(screen(9))
    assert "SAMOUK_API_KEY" in spoilt.flush().problem
    assert "two words" not in caplog.text
    assert spoilt.stats().pending == 9


def test_a_batch_of_an_older_schema_is_set_aside(collector_of: Make, server: MemoryServer) -> None:
    """What was collected under another version of the schema is not sent as if it were of this one."""
    collector = collector_of()
    collector.collect_from_hierarchy(screen(3))
    collector.close()

    class Newer(ThingObserver):
        schema = wire.Schema("test.thing", 2, SCHEMA.fields)

    assert collector_of(observer=Newer()).flush().rejected == 1
    assert server.requests == []


def test_a_full_batch_may_wait_a_random_time(collector_of: Make, server: MemoryServer, clock: Any) -> None:
    """With a delay, a sealed batch stays until its own moment has come, over restarts too."""
    collector = collector_of(max_delay_s=1000.0)
    collector.collect_from_hierarchy(screen(10))
    wait_for(lambda: any(entry.not_before for entry in collector._contribution.spool.receipts.entries().values()))
    (entry,) = collector._contribution.spool.receipts.entries().values()
    assert clock.time <= entry.not_before <= clock.time + 1000
    collector.close()
    assert server.requests == []
    clock.time += 1001
    collector_of().collect_from_hierarchy(screen(1, 10))
    wait_for(lambda: numbers(server) == list(range(10)))


def test_forgetting_reaches_the_server(collector_of: Make, server: MemoryServer) -> None:
    """What was sent is erased there, what was queued is gone here, and nothing of it comes back."""
    collector = collector_of()
    collector.collect_from_hierarchy(screen(25))
    collector.flush()
    collector.collect_from_hierarchy(screen(5, 25))
    assert collector.forget_all() == 3
    collector.flush()
    wait_for(lambda: len(server.erased) == 3)
    assert server.batches == {}
    assert list(collector.pending()) == []
    assert collector.stats().erased == 25
    assert collector.forget_all() == 0


def test_a_deletion_is_tried_until_delivered(collector_of: Make, server: MemoryServer, environ: dict[str, str]) -> None:
    """A deletion outlives restarts, a missing network and a withdrawn consent."""
    collector = collector_of()
    collector.collect_from_hierarchy(screen(10))
    collector.flush()
    server.offline = True
    collector.forget_all()
    assert collector.flush().problem
    collector.close()
    config.change("ml.contribute", "false", environ)
    server.offline = False
    collector_of(None)
    wait_for(lambda: not server.batches)


def test_one_batch_can_be_forgotten(collector_of: Make, server: MemoryServer) -> None:
    """A single batch is erased and the others stay."""
    collector = collector_of()
    collector.collect_from_hierarchy(screen(20))
    collector.flush()
    gone = next(iter(server.batches))
    assert collector.forget(gone) == 1
    assert collector.forget("unknown") == 0
    collector.flush()
    wait_for(lambda: gone in server.erased)
    assert len(server.batches) == 1


def test_a_forgotten_batch_that_was_never_sent_is_not_sent(collector_of: Make, server: MemoryServer) -> None:
    """A sealed batch that waits offline is withdrawn from the queue."""
    server.offline = True
    collector = collector_of()
    collector.collect_from_hierarchy(screen(10))
    collector.flush()
    collector.forget_all()
    server.offline = False
    collector.flush()
    assert [request.method for request in server.requests] == ["DELETE"]


def test_two_collectors_share_a_cache(collector_of: Make, server: MemoryServer) -> None:
    """Collectors over one cache send everything once between them."""
    one, two = collector_of(), collector_of()
    for first in range(0, 60, 6):
        one.collect_from_hierarchy(screen(3, first))
        two.collect_from_hierarchy(screen(3, first + 3))
    one.flush()
    two.flush()
    assert numbers(server) == list(range(60))


def test_stats_count_platforms_for_good(collector_of: Make) -> None:
    """The share of platforms is of everything ever collected, sent or not."""
    collector = collector_of()
    collector.collect_from_hierarchy(screen(6), "android")
    collector.collect_from_hierarchy(screen(2), "ios")
    collector.flush()
    collector.collect_from_hierarchy(screen(2), "ios")
    assert collector.stats().platforms == {"android": 6, "ios": 4}
    assert collector.stats().collected == 10


def test_a_ledger_that_cannot_be_written_holds_nothing_up(
    collector_of: Make, server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up in the midst of an upload loses nothing, doubles nothing and leaves no batch locked."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    collector = collector_of()
    collector.collect_from_hierarchy(screen(9))
    with monkeypatch.context() as patch:
        patch.setattr("samouk.edge.spool.Spool.settle", full)
        assert "No space" in collector.flush().problem
    assert collector.flush().rows == 9
    assert numbers(server) == list(range(9))


def test_the_batch_size_can_be_given_alone(collector_of: Make) -> None:
    """The batch size is a knob of its own, and an impossible one is told to the programmer."""
    collector = collector_of(limits=None, batch_size=4, local_only=True)
    collector.collect_from_hierarchy(screen(9))
    assert sorted(len(content.rows) for content in collector.pending()) == [1, 4, 4]
    with pytest.raises(ValueError, match="batch_size"):
        collector_of(batch_size=0)


HOST = """
import sys
from pathlib import Path
from samouk.edge.transport import HttpTransport
from samouk.edge import SelfLearningCollector
from tests.edge.thing import ThingObserver, screen

home, endpoint = sys.argv[1:]
collector = SelfLearningCollector(
    True, endpoint, cache_dir=home, environ={"HOME": home}, observer=ThingObserver(), batch_size=10,
    transport=HttpTransport(3_600.0),
)
print(collector.collect_from_hierarchy(screen(25)))
"""


def test_a_host_ends_when_it_likes(tmp_path: Path) -> None:
    """A host that never closes its collector ends at once, even while a server keeps the upload waiting."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-W", "error", "-c", HOST, str(tmp_path), endpoint]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "25\n", "")
