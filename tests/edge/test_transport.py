"""HTTP over the standard library, against a real server on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from samouk.edge.errors import Unreachable
from samouk.edge.transport import MAX_ANSWER, HttpTransport, Request


class Echo(BaseHTTPRequestHandler):
    """Remembers what came; answers by the path."""

    seen: list[tuple[str, str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.command, self.path, dict(self.headers), body))
        if self.path == "/cut":
            self.close_connection = True
            return
        answers = {"/moved": 302, "/busy": 503}
        answer = b"x" * (MAX_ANSWER + 10) if self.path == "/long" else b"fine"
        self.send_response(answers.get(self.path, 200))
        self.send_header("Location", "/elsewhere")
        self.send_header("Retry-After", "7")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_DELETE = do_POST

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def address() -> Iterator[str]:
    Echo.seen = []
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_request_arrives_as_it_was_given(address: str) -> None:
    """Method, path, body and headers arrive; the answer comes back with lower-case headers."""
    answer = HttpTransport().send(Request("POST", f"{address}/x", {"Content-Encoding": "gzip"}, b"\x1f\x8b"))
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (200, b"fine", "7")
    ((method, path, headers, body),) = Echo.seen
    assert (method, path, headers["Content-Encoding"], body) == ("POST", "/x", "gzip", b"\x1f\x8b")


def test_every_client_looks_alike(address: str) -> None:
    """No header tells which Python, system or host the client is."""
    HttpTransport().send(Request("DELETE", f"{address}/x"))
    headers = Echo.seen[0][2]
    assert headers["User-Agent"] == "samouk"
    assert set(headers) <= {"User-Agent", "Host", "Connection", "Accept-Encoding"}


def test_a_redirect_is_not_followed(address: str) -> None:
    """Samples go where the user said and nowhere else."""
    assert HttpTransport().send(Request("POST", f"{address}/moved", body=b"x")).status == 302
    assert len(Echo.seen) == 1


def test_an_error_status_is_an_answer(address: str) -> None:
    """A 503 is an answer with its headers, not an exception."""
    answer = HttpTransport().send(Request("POST", f"{address}/busy", body=b"x"))
    assert (answer.status, answer.headers["retry-after"]) == (503, "7")


def test_a_long_answer_is_not_read_to_its_end(address: str) -> None:
    """No server can fill the client's memory."""
    assert len(HttpTransport().send(Request("POST", f"{address}/long", body=b"x")).body) == MAX_ANSWER


@pytest.mark.parametrize("path", ["/cut"])
def test_a_broken_connection_is_unreachable(address: str, path: str) -> None:
    """A connection that breaks before the answer is Unreachable, whatever the library calls it."""
    with pytest.raises(Unreachable):
        HttpTransport().send(Request("POST", address + path, body=b"x"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:1/x", "nothing answers there"),
        ("http://no.such.host.invalid/", "no machine of that name"),
        ("ftp://x/", "must begin with http"),
        ("file:///etc/passwd", "must begin with http"),
    ],
)
def test_nobody_there_is_unreachable(url: str, words: str) -> None:
    """Nobody listening, an unknown name and a foreign scheme are Unreachable, in words for the user."""
    with pytest.raises(Unreachable, match=words):
        HttpTransport(timeout_s=5).send(Request("POST", url, body=b"x"))
