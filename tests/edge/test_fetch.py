"""Bounded HTTP: what is no proper answer becomes one of four plain errors, whatever the server does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from samouk.edge import fetch


@contextmanager
def saying(*parts: bytes) -> Iterator[str]:
    """A server that sends these bytes to its one visitor and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        visitor, _ = listener.accept()
        with visitor:
            visitor.recv(65_536)
            for part in parts:
                visitor.sendall(part)
            visitor.shutdown(socket.SHUT_WR)
            while visitor.recv(65_536):
                pass

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    finally:
        thread.join()
        listener.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 " + b"x" * 70_000,
    ],
)
def test_broken_answers(answer: bytes) -> None:
    """No answer, noise, a cut body, bad chunks, endless headers: NetworkFault."""
    with saying(answer) as url, pytest.raises(fetch.NetworkFault):
        fetch.get(url, limit=1000, timeout_s=2)


def test_too_long() -> None:
    """A body over the limit is WrongLength, whatever length it announces."""
    with saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde") as url, pytest.raises(fetch.WrongLength):
        fetch.get(url, limit=4, timeout_s=2)


def test_good_answer() -> None:
    """Body, status and tag of a proper answer."""
    with saying(b'HTTP/1.1 200 OK\r\nETag: "t"\r\nContent-Length: 2\r\n\r\nok') as url:
        assert fetch.get(url, limit=4, timeout_s=2) == fetch.Answer(200, b"ok", '"t"')


@pytest.mark.parametrize("status", [301, 404, 503])
def test_other_statuses(status: int) -> None:
    """Redirects are not followed; errors carry their status."""
    head = f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n".encode()
    with saying(head) as url, pytest.raises(fetch.HttpStatus) as caught:
        fetch.get(url, limit=4, timeout_s=2)
    assert caught.value.status == status


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_only_http(url: str) -> None:
    """Other schemes are not opened."""
    with pytest.raises(fetch.NetworkFault):
        fetch.get(url, limit=4)


def test_silent_headers_are_given_up() -> None:
    """A server that drips its headers is given up at the deadline."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        visitor, _ = listener.accept()
        with visitor:
            visitor.sendall(b"HTTP/1.1 200 OK\r\n")
            while not stop.wait(0.02):
                try:
                    visitor.sendall(b"X")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        with pytest.raises(fetch.TooSlow):
            fetch.get(f"http://127.0.0.1:{listener.getsockname()[1]}/", limit=4, timeout_s=0.1)
    finally:
        stop.set()
        thread.join()
        listener.close()
