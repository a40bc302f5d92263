"""The platform as an operator runs it: `samouk serve` in a process of its own, and the commands beside it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SAMOUK = [sys.executable, "-m", "samouk.cli"]


@dataclass(frozen=True, slots=True)
class Platform:
    """One home, and how to act on it."""

    home: Path
    log: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        return {**os.environ, "SAMOUK_HOME": str(self.home), "OMP_WAIT_POLICY": "passive", **self.settings}

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one `samouk` command to its end."""
        return subprocess.run(
            [*SAMOUK, *words], env=self.environment(), capture_output=True, text=True, timeout=240, check=False
        )

    def json(self, *words: str) -> Any:
        done = self.command(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a `samouk` command and leave it running; its words go to the log."""
        with self.log.open("a") as out:
            return subprocess.Popen(
                [*SAMOUK, *words], env=self.environment(), stdout=subprocess.PIPE, stderr=out, text=True
            )

    @contextmanager
    def serving(self, schedule: bool = False) -> Iterator[str]:
        """A running server; gives its URL. It is ended as an operator would end it."""
        server = self.start("serve", "--port", "0", *(() if schedule else ("--no-schedule",)))
        assert server.stdout is not None
        try:
            yield self._url(server)
        finally:
            server.send_signal(signal.SIGTERM)
            rest, _ = server.communicate(timeout=240)
            with self.log.open("a") as out:
                out.write(rest)
        assert server.returncode in (0, -signal.SIGTERM)

    def _url(self, server: subprocess.Popen[str]) -> str:
        assert server.stdout is not None
        for line in server.stdout:
            with self.log.open("a") as out:
                out.write(line)
            found = re.search(r"listens on (http://\S+)", line)
            if found:
                return found[1]
        raise AssertionError(self.log.read_text())
