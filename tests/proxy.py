"""A TCP proxy between a program and its server, which breaks the connection where a test wants it broken."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum


class Cut(Enum):
    """Where a connection breaks that carries a certain word to the server."""

    BEFORE = "the server never gets it"
    AFTER = "the server does it, and its answer never comes back"


class Proxy:
    """Passes bytes on, until it is told to cut."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._word, self._cut = b"", Cut.BEFORE
        self._away = False
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, word: bytes, where: Cut) -> None:
        """Break the next connection that carries this word to the server, once."""
        self._word, self._cut = word, where

    def go_away(self) -> None:
        """Break every connection, and refuse new ones by closing them at once."""
        self._away = True
        for pair in list(self._pairs):
            _shut(pair)

    def come_back(self) -> None:
        """Take connections again."""
        self._away = False

    def close(self) -> None:
        """End for good."""
        self._listener.close()
        self.go_away()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                theirs, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(theirs,), daemon=True).start()

    def _carry(self, theirs: socket.socket) -> None:
        if self._away:
            theirs.close()
            return
        try:
            ours = socket.create_connection(self._server)
        except OSError:
            theirs.close()
            return
        pair = (theirs, ours)
        self._pairs.add(pair)
        with suppress(OSError):
            self._pass_on(theirs, ours)
        self._pairs.discard(pair)
        _shut(pair)
        for one in pair:
            one.close()

    def _pass_on(self, theirs: socket.socket, ours: socket.socket) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(theirs, selectors.EVENT_READ, ours)
            ready.register(ours, selectors.EVENT_READ, theirs)
            while True:
                for key, _ in ready.select():
                    source, target = key.fileobj, key.data
                    assert isinstance(source, socket.socket)
                    data = source.recv(65_536)
                    if not data:
                        return
                    cut = source is theirs and self._word and self._word in data
                    if cut:
                        self._word = b""
                        self.cuts += 1
                    if not cut or self._cut is Cut.AFTER:
                        target.sendall(data)
                    if cut:
                        # What the server answers is awaited, so that it has done it, and thrown away.
                        if self._cut is Cut.AFTER:
                            ours.recv(65_536)
                        return


def _shut(pair: tuple[socket.socket, socket.socket]) -> None:
    for one in pair:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@contextmanager
def between(url: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy before the server of a URL like ``postgresql://user@host:port/name``, and the URL through it."""
    scheme, _, rest = url.partition("://")
    place, slash, name = rest.partition("/")
    user, at, address = place.rpartition("@")
    host, _, port = address.partition(":")
    proxy = Proxy(host, int(port))
    try:
        yield proxy, f"{scheme}://{user}{at}127.0.0.1:{proxy.port}{slash}{name}"
    finally:
        proxy.close()
