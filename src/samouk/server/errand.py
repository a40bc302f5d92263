"""A command that is run beside the server now and then, in a process of its own that ends with the server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from samouk.server import children

log = logging.getLogger("samouk.errand")


class Errand:
    """Runs a command to its end; stopping it at any point must do no harm.

    Args:
        name: what the log calls it.
        wanted: whether to run it at all this time.
        seconds: it may take; then it is stopped.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        wanted: Callable[[], bool],
        seconds: float = children.TURN_S,
    ) -> None:
        self._name = name
        self._command = command
        self._wanted = wanted
        self._runner = children.Runner(environment, seconds)
        self.failures = 0

    def __call__(self) -> None:
        """Run it once, if it is wanted. Raises OSError, and TimeoutExpired when it took too long."""
        if not self._wanted():
            return
        code = self._runner.run(self._command)
        if code not in (None, 0, children.BUSY):
            self.failures += 1
            log.error("%s ended with exit code %d; what it wrote above says why", self._name, code)

    def close(self) -> None:
        """Stop the command if it runs, and begin it no more."""
        self._runner.close()
