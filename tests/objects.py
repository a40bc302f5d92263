"""An object store for tests: moto's S3 over real HTTP, and a way to it on which things go wrong."""

from __future__ import annotations

import http.client
import re
import threading
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "tests", "AWS_REGION": "us-east-1"}


@lru_cache(maxsize=1)
def object_store() -> str:
    """Address of an S3 server in this process, started once; skips where moto is not installed."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


def send(method: str, address: str, path: str, body: bytes = b"") -> bytes:
    """One signed-looking request to the server; moto believes any signature."""
    claim = "AWS4-HMAC-SHA256 Credential=tests/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    request = urllib.request.Request(
        f"{address}/{path}", body, {"Authorization": claim, "Content-Type": "text/plain"}, method=method
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        data: bytes = answer.read()
    return data


def fresh_bucket(monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of an empty bucket of the test's own, with credentials for it in the environment."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    name = f"bucket-{uuid.uuid4().hex}"
    send("PUT", object_store(), name)
    return name


def fresh_url(monkeypatch: pytest.MonkeyPatch, endpoint: str = "") -> str:
    """URL of an empty place in a bucket of the test's own."""
    return f"s3://{fresh_bucket(monkeypatch)}/some/place?endpoint={endpoint or object_store()}"


def objects(bucket: str) -> list[str]:
    """Paths of all objects in the bucket."""
    return re.findall(r"<Key>([^<]+)</Key>", send("GET", object_store(), f"{bucket}?list-type=2").decode())


def age(bucket: str, path: str, seconds: float) -> None:
    """Let the server say that the object was written so much longer ago."""
    from moto.s3.models import s3_backends

    held = next(
        found.buckets[bucket]
        for account in s3_backends.values()
        for found in account.values()
        if bucket in found.buckets
    )
    held.keys[path].last_modified -= timedelta(seconds=seconds)


@dataclass
class Answer:
    """What the object store says, to be spoilt on its way."""

    status: int
    headers: dict[str, str]
    body: bytes


Fault = Callable[[str, str, Answer], "Answer | None"]
"""Method, path and answer → what arrives; None for a connection that falls silent."""


@dataclass
class Way:
    """A proxy before the object store; ``faults`` spoil the next answers, one each, and ``always`` every one."""

    address: str = ""
    faults: list[Fault] = field(default_factory=list)
    always: Fault | None = None
    asked: list[str] = field(default_factory=list)
    silent: threading.Event = field(default_factory=threading.Event)


def status(code: int, word: str) -> Fault:
    """The server answers with this error."""
    text = f"<Error><Code>{word}</Code><Message>as the test wished</Message></Error>".encode()
    return lambda *_: Answer(code, {"Content-Type": "application/xml"}, text)


def silence(*_: object) -> None:
    """Nothing ever comes."""


def cut(_method: str, _path: str, answer: Answer) -> Answer:
    """The body ends in the middle."""
    return Answer(
        answer.status, {**answer.headers, "Content-Length": str(len(answer.body))}, answer.body[: len(answer.body) // 2]
    )


def spoil(_method: str, _path: str, answer: Answer) -> Answer:
    """One byte is another."""
    return Answer(answer.status, answer.headers, bytes([answer.body[0] ^ 1]) + answer.body[1:])


def skewed(by: timedelta) -> Fault:
    """The store's clock is ahead by so much."""

    def fault(_method: str, _path: str, answer: Answer) -> Answer:
        headers = dict(answer.headers)
        if "last-modified" in headers:
            moment = parsedate_to_datetime(headers["last-modified"]) + by
            headers["last-modified"] = format_datetime(moment, usegmt=True)
        body = re.sub(rb"<LastModified>([^<]+)<", lambda m: _moved(m[1], by), answer.body)
        return Answer(answer.status, headers, body)

    return fault


def _moved(text: bytes, by: timedelta) -> bytes:
    moment = datetime.fromisoformat(text.decode()) + by
    return b"<LastModified>" + moment.strftime("%Y-%m-%dT%H:%M:%S.000Z").encode() + b"<"


@contextmanager
def way() -> Iterator[Way]:
    """A proxy on a free port, gone at the end."""
    made = Way()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    made.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield made
    finally:
        made.silent.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(made: Way) -> type[BaseHTTPRequestHandler]:
    host = object_store().partition("//")[2]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            made.asked.append(self.command)
            fault = made.faults.pop(0) if made.faults else made.always
            answer = _ask(host, self.command, self.path, body, dict(self.headers))
            spoilt = answer if fault is None else fault(self.command, self.path, answer)
            if spoilt is None:
                made.silent.wait(60)
                self.close_connection = True
                return
            self.send_response(spoilt.status)
            length = spoilt.headers.get("Content-Length", str(len(spoilt.body)))
            for name, value in {**spoilt.headers, "Content-Length": length}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(spoilt.body)
                if int(length) > len(spoilt.body):
                    self.close_connection = True

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _pass

        def handle(self) -> None:
            with suppress(ConnectionError):  # clients give up on silent servers
                super().handle()

        def log_message(self, *_: object) -> None:
            """Nothing is told."""

    return Handler


def _ask(host: str, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
    connection = http.client.HTTPConnection(host, timeout=60)
    try:
        connection.request(method, path, body, {**headers, "Connection": "close"})
        got = connection.getresponse()
        kept = {name.lower(): value for name, value in got.getheaders()}
        for name in ("connection", "transfer-encoding", "server", "date"):
            kept.pop(name, None)
        if method != "HEAD":
            kept.pop("content-length", None)
        elif "content-length" in kept:
            kept["Content-Length"] = kept.pop("content-length")
        return Answer(got.status, kept, got.read())
    finally:
        connection.close()
