"""Ports of a process that is killed after its k-th write; for tests of what a kill leaves behind."""

from __future__ import annotations

import dataclasses
from typing import Any

from samouk.loop.ports import Services


class Killed(BaseException):
    """The process is gone."""


WRITES = {"save", "append", "move", "add", "put", "checkpoint", "taint", "say", "expose", "tell"}
WRITES |= {"publish", "offer", "withdraw", "advance"}


class Mortal:
    """A port whose process is killed right after its k-th write, and writes nothing afterwards."""

    def __init__(self, port: Any, countdown: list[int]) -> None:
        self.port, self.countdown = port, countdown

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.port, name)
        if name not in WRITES:
            return method

        def write(*args: Any, **more: Any) -> Any:
            if self.countdown[0] == 0:
                raise Killed
            self.countdown[0] -= 1
            done = method(*args, **more)
            if self.countdown[0] == 0:
                raise Killed
            return done

        return write


class MortalLeases(Mortal):
    """A killed process gives no lease back."""

    def release(self, name: str, holder: str) -> None:
        if self.countdown[0]:
            self.port.release(name, holder)


def mortal(services: Services, writes: int) -> Services:
    countdown = [writes]
    ports = ("registry", "runs", "rollouts", "audit", "publisher", "journal", "log", "blobs")
    wrapped: dict[str, Any] = {name: Mortal(getattr(services, name), countdown) for name in ports}
    return dataclasses.replace(services, leases=MortalLeases(services.leases, countdown), **wrapped)
