"""A balancer of the tests' own: deals each TCP connection to the next server that says it is ready."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

LOOK_S = 0.05


class Balancer:
    """Asks every server for its readiness, and deals connections to those that are, in turn."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.ports = list(ports)
        self.port = 0
        self.ready: set[int] = set()
        self._turn = 0
        self._up = threading.Event()

    async def _main(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._deal, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        looking = asyncio.create_task(self._look())
        self._up.set()
        await self._over.wait()
        looking.cancel()
        server.close()

    @contextmanager
    def running(self) -> Iterator[Balancer]:
        thread = threading.Thread(target=lambda: asyncio.run(self._main()))
        thread.start()
        self._up.wait(10)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._over.set)
            thread.join()

    async def _look(self) -> None:
        while True:
            await asyncio.gather(*map(self._ask, self.ports))
            await asyncio.sleep(LOOK_S)

    async def _ask(self, port: int) -> None:
        (self.ready.add if await self._is_ready(port) else self.ready.discard)(port)

    async def _is_ready(self, port: int) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        try:
            writer.write(b"GET /health/ready HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            return b" 200 " in await asyncio.wait_for(reader.readline(), 5)
        except (OSError, TimeoutError):
            return False
        finally:
            writer.close()

    async def _deal(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        able = sorted(self.ready)
        if not able:
            writer.close()
            return
        self._turn += 1
        there, out = await asyncio.open_connection("127.0.0.1", able[self._turn % len(able)])
        await asyncio.gather(_copy(reader, out), _copy(there, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.CancelledError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()
