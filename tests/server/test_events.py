"""Events, as a stream to those who listen and as signed deliveries to those who asked."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import datetime as dt
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.server import toy
from tests.server.house import House, running

from samouk.edge.wire import WireError
from samouk.loop.live import Event, EventKind
from samouk.loop.ports import Services
from samouk.server import Options, create_app
from samouk.server.webhooks import ATTEMPTS, Courier, new_hook
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services


@pytest.fixture
def services() -> Services:
    return memory_services(SteppedClock())


@pytest.fixture
def house(services: Services) -> Iterator[House]:
    options = Options(webhooks_private=True)
    with running(create_app(services, {"toy": toy.DOMAIN}, options), services) as running_house:
        yield running_house


def say(services: Services, kind: EventKind = EventKind.PROMOTED, learner: str = "toy.half", **body: Any) -> None:
    services.rollouts.say([Event(kind, learner, services.clock.now(), body)])


class Receiver(ThreadingHTTPServer):
    """A real receiver of webhooks, which answers with the status that it is told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receive)
        self.status = 204
        self.got: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/in?from=samouk"


class _Receive(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(({key.lower(): value for key, value in self.headers.items()}, body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()


def hook(house: House, receiver: Receiver, **wanted: Any) -> dict[str, Any]:
    answer = house.call("POST", "/v1/webhooks", {"url": receiver.url, **wanted})
    assert answer.status == 201, answer.body
    return dict(answer.json)


def test_an_event_is_delivered_signed_and_once(house: House, services: Services, receiver: Receiver) -> None:
    """The receiver can verify who sent it, by the standard's own recipe."""
    made = hook(house, receiver)
    say(services, version="v1.2")
    courier = Courier(services, private=True)
    courier()
    courier()
    ((headers, body),) = receiver.got
    document = json.loads(body)
    assert (document["type"], document["data"]) == ("version.promoted", {"learner": "toy.half", "version": "v1.2"})
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(made["secret"].removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_only_what_was_asked_for_and_only_from_now_on(house: House, services: Services, receiver: Receiver) -> None:
    """Earlier events, other learners' and other kinds are not delivered."""
    say(services, version="before")
    hook(house, receiver, learner="toy.half", kinds=["version.promoted"])
    say(services, learner="toy.other", version="elsewhere")
    say(services, EventKind.PAUSED, version="another kind")
    say(services, version="wanted")
    Courier(services, private=True)()
    assert [json.loads(body)["data"]["version"] for _, body in receiver.got] == ["wanted"]


def test_a_receiver_that_fails_gets_it_again_later_in_order(services: Services, receiver: Receiver) -> None:
    """Nothing is lost or overtaken; pauses grow, and a success ends them."""
    clock = services.clock
    assert isinstance(clock, SteppedClock)
    services.webhooks.add(new_hook(receiver.url, None, (), clock.now(), private=True))
    say(services, version="one")
    say(services, version="two")
    courier = Courier(services, private=True)
    receiver.status = 500
    pauses = []
    for _ in range(3):
        courier()
        (kept,) = services.webhooks.hooks()
        assert kept.retry_at is not None
        courier()  # too early: not sent
        pauses.append((kept.retry_at - clock.now()).total_seconds())
        clock.step(kept.retry_at - clock.now())
    assert pauses == sorted(pauses) and pauses[-1] > 2 * pauses[0] and len(receiver.got) == 3
    receiver.status = 200
    courier()
    versions = [json.loads(body)["data"]["version"] for _, body in receiver.got]
    assert versions == ["one", "one", "one", "one", "two"]
    assert services.webhooks.hooks()[0].failures == 0
    assert len({headers["webhook-id"] for headers, body in receiver.got if b"one" in body}) == 1


def test_an_event_that_is_never_taken_is_given_up_and_counted(services: Services, receiver: Receiver) -> None:
    """One bad event does not block its receiver for ever."""
    clock = services.clock
    assert isinstance(clock, SteppedClock)
    services.webhooks.add(new_hook(receiver.url, None, (), clock.now(), private=True))
    say(services, version="bad")
    receiver.status = 410
    courier = Courier(services, private=True)
    for _ in range(ATTEMPTS):
        courier()
        clock.step(dt.timedelta(hours=7))
    receiver.status = 200
    say(services, version="good")
    courier()
    assert services.webhooks.hooks()[0].given_up == 1
    assert json.loads(receiver.got[-1][1])["data"]["version"] == "good"


def test_two_servers_deliver_once(services: Services, receiver: Receiver) -> None:
    """While one is at a receiver the other leaves it alone; afterwards both find nothing to do."""
    services.webhooks.add(new_hook(receiver.url, None, (), services.clock.now(), private=True))
    one, other = Courier(services, private=True), Courier(services, private=True)
    for number in range(20):
        say(services, version=f"v1.{number}")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda courier: courier(), (one, other)))
    one()
    other()
    assert [json.loads(body)["data"]["version"] for _, body in receiver.got] == [f"v1.{n}" for n in range(20)]


def test_a_closed_port_is_a_failed_delivery(services: Services, receiver: Receiver) -> None:
    """Nobody listening is retried like any other failure."""
    gone = new_hook("http://127.0.0.1:9/", None, (), services.clock.now(), private=True)
    services.webhooks.add(gone)
    say(services)
    Courier(services, private=True)()
    assert services.webhooks.hooks()[0].failures == 1


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "http://",
        "nonsense",
        "http://user:secret@example.org/",
        "http://127.0.0.1:8000/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://224.0.0.1/",
        "http://[ff0e::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[64:ff9b:1::808:808]/",
        "http://[2002:7f00:1::]/",
        "http://[2002:a00:1::]/",
        "http://example.org/with blank",
        "http://example.org:99999/",
        "https://example.org/" + "x" * 2_000,
    ],
)
def test_addresses_that_nobody_should_knock_at_are_refused(url: str) -> None:
    """The refusal names the field."""
    with pytest.raises(WireError) as refusal:
        new_hook(url, None, (), dt.datetime.now(dt.UTC), private=False)
    assert refusal.value.field == "url"


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700::1111]", "[64:ff9b::808:808]", "[::ffff:8.8.8.8]"])
def test_addresses_that_everybody_can_reach_are_taken(host: str) -> None:
    """Also by way of a gateway to IPv4."""
    assert new_hook(f"http://{host}/", None, (), dt.datetime.now(dt.UTC), private=False).url == f"http://{host}/"


def test_a_name_that_leads_inside_is_found_out_when_it_is_used(services: Services, receiver: Receiver) -> None:
    """A harmless name that resolves to this machine gets nothing."""
    port = urlsplit(receiver.url).port
    sly = new_hook("http://example.org/", None, (), services.clock.now(), private=False)
    services.webhooks.add(dataclasses.replace(sly, url=f"http://localhost:{port}/"))
    say(services)
    Courier(services, private=False)()
    assert receiver.got == []
    assert services.webhooks.hooks()[0].failures == 1


def test_a_receiver_that_drips_is_cut_and_keeps_nobody_waiting(
    services: Services, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte after byte, each in time: the whole has a deadline, and others are served meanwhile."""
    monkeypatch.setattr("samouk.server.webhooks.TIMEOUT_S", 1.0)
    served = threading.Event()

    def drip(listener: socket.socket) -> None:
        line, _ = listener.accept()
        with line, contextlib.suppress(OSError):
            line.sendall(b"HTTP/1.1 200 ")
            while not served.wait(0.05):
                line.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        for one in (url, receiver.url):
            services.webhooks.add(new_hook(one, None, (), services.clock.now(), private=True))
        say(services)
        Courier(services, private=True)()
        served.set()
        thread.join()
    failures = {hook.url: hook.failures for hook in services.webhooks.hooks()}
    assert failures == {url: 1, receiver.url: 0}
    assert len(receiver.got) == 1


def test_hooks_are_listed_without_their_secret_and_removed(house: House, receiver: Receiver) -> None:
    """The secret is shown once; removing twice is a 404; a stranger sees nothing."""
    made = hook(house, receiver)
    listed = house.call("GET", "/v1/webhooks")
    assert [item["hook_id"] for item in listed.json["webhooks"]] == [made["hook_id"]]
    assert made["secret"].encode() not in listed.body
    assert house.get("/v1/webhooks").status == 401
    assert house.call("DELETE", f"/v1/webhooks/{made['hook_id']}").status == 204
    assert house.call("DELETE", f"/v1/webhooks/{made['hook_id']}").status == 404
    wrong = house.call("POST", "/v1/webhooks", {"url": receiver.url, "kinds": ["version.eaten"]})
    assert (wrong.status, wrong.json["field"]) == (422, "kinds")


def lines_of(house: House, path: str, **headers: str) -> list[dict[str, str]]:
    """The events of a stream that ends by itself."""
    text = house.get(path, **headers).body.decode()
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]


def test_the_stream_goes_on_where_it_broke_off(house: House, services: Services) -> None:
    """Each event carries its id; Last-Event-ID and after skip what was seen; a learner can be chosen."""
    for name in ("one", "two", "three"):
        say(services, version=name)
    say(services, learner="toy.other", version="elsewhere")
    everything = lines_of(house, "/v1/events?follow=false&after=0")
    assert [json.loads(event["data"])["data"]["version"] for event in everything] == [
        "one",
        "two",
        "three",
        "elsewhere",
    ]
    assert everything[0]["event"] == "version.promoted"
    rest = lines_of(house, "/v1/events?follow=false", Last_Event_ID=everything[1]["id"])
    assert [event["id"] for event in rest] == [event["id"] for event in everything[2:]]
    mine = lines_of(house, "/v1/events?follow=false&after=0&learner=toy.half")
    assert len(mine) == 3
    assert house.get("/v1/events?follow=false", Last_Event_ID="soon").status == 422
    assert house.get("/v1/events?learner=nobody").status == 404


def test_a_listener_hears_it_as_it_happens_and_the_server_can_stop(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event reaches a stream that is open, and an open stream does not hold the server up."""
    monkeypatch.setattr("samouk.server.serve.GRACE_S", 3_600)
    with running(create_app(services, {"toy": toy.DOMAIN}, Options()), services) as house:
        connection = HTTPConnection("127.0.0.1", house.port, timeout=60)
        connection.request("GET", "/v1/events")
        stream = connection.getresponse()
        assert stream.readline() == b": listening\n"
        say(services, version="now")
        seen = b""
        while b'"version":"now"' not in seen:
            seen += stream.readline()
    connection.close()
