"""What the tests of ``observe`` share: a user with a home of their own, screens in files, servers on loopback."""

from __future__ import annotations

import dataclasses
import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from tests.server import toy
from tests.server.house import House, running

from samouk.domains.screens.cli import main
from samouk.domains.screens.schema import SCHEMA
from samouk.domains.screens.taxonomy import TYPES
from samouk.edge.wire import Schema
from samouk.loop.learner import Domain
from samouk.server import create_app
from samouk.store.memory import memory_services

OBSERVE = (sys.executable, "-m", "samouk.domains.screens.cli")
NOBODY = "http://127.0.0.1:9"
"""An address where nobody listens."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who types commands, with settings, cache and models below ``home``."""

    home: Path

    @property
    def environ(self) -> dict[str, str]:
        return {
            "SAMOUK_CONFIG_HOME": str(self.home / "config"),
            "SAMOUK_CACHE": str(self.home / "cache"),
            "SAMOUK_DATA_HOME": str(self.home / "data"),
        }

    def __call__(self, *words: object, standard_input: str | None = None) -> Result:
        """One command without a terminal."""
        return CliRunner().invoke(main, [str(word) for word in words], input=standard_input, env=self.environ)

    def done(self, *words: object) -> str:
        """What a command that must succeed prints on standard output."""
        result = self(*words)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.stdout

    def json(self, *words: object) -> Any:
        """The same with ``--json``."""
        return json.loads(self.done(*words, "--json"))

    def agree(self, endpoint: str = NOBODY, key: str = "") -> User:
        """Say yes to sharing, with this server."""
        self.done("config", "set", "ml.upload_endpoint", endpoint)
        self.done("config", "set", "ml.contribute", "true")
        if key:
            self.done("config", "set", "ml.api_key", key)
        return self

    def on_terminal(self, words: Sequence[object], answers: Sequence[tuple[str, str]] = ()) -> tuple[int, str]:
        """One command on a pseudo terminal; each answer is typed once its question shows. Exit code and screen."""
        mine, theirs = pty.openpty()
        environ = {name: value for name, value in os.environ.items() if name not in ("CI", "DO_NOT_TRACK")}
        with subprocess.Popen(
            [*OBSERVE, *map(str, words)], stdin=theirs, stdout=theirs, stderr=theirs, env=environ | self.environ
        ) as process:
            os.close(theirs)
            shown = _played(mine, list(answers))
        return process.returncode, shown


SILENCE_S = 240.0
"""How long a command may say nothing: training does on a machine that does much else."""


def _played(descriptor: int, answers: list[tuple[str, str]]) -> str:
    shown = ""
    while select.select([descriptor], [], [], SILENCE_S)[0]:
        try:
            data = os.read(descriptor, 65_536)
        except OSError:
            break
        if not data:
            break
        shown += data.decode(errors="replace")
        if answers and answers[0][0] in shown:
            os.write(descriptor, answers.pop(0)[1].encode() + b"\n")
    os.close(descriptor)
    return shown


@contextmanager
def platform(schema: Schema = SCHEMA) -> Iterator[House]:
    """The real server over memory, taking this domain's samples; it never trains."""
    learner = dataclasses.replace(toy.LEARNER, name=SCHEMA.name, schema=schema, classes=TYPES)
    services = memory_services()
    domain = Domain("screens", "Screens", (learner,), Path(__file__).parent)
    with running(create_app(services, {"screens": domain}), services) as house:
        yield house
