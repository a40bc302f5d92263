"""Runs a generated pytest suite in a process of its own, against a server and an app that is drawn in a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from samouk.domains.screens.testgen.rehearsal import recorder
from samouk.domains.screens.testgen.rehearsal.drawn import parse, read

PATIENCE_S = 0.0
"""How long a check waits for the simulated app: it has answered before the next look, so one look is enough."""

SUITE_S = 1800.0
_TOLD_LINES = 15
_RAN = (0, 1)
"""Codes of pytest when tests ran, whether or not they passed."""

_LACKS = "No module named"

State = Literal["passed", "failed", "skipped"]


class SuiteFailed(Exception):
    """pytest could not run the suite: wrong options, a file that does not import, no session."""


class Outcome(NamedTuple):
    """What became of one test.

    Attributes:
        test: its id in pytest.
        reason: why it failed or was skipped.
        phase: ``call`` for the test itself; ``setup`` or ``teardown`` for what comes before and after it.
    """

    test: str
    state: State
    seconds: float
    reason: str = ""
    phase: str = "call"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What became of all tests of a suite, each once, in the order in which they ran."""

    outcomes: tuple[Outcome, ...]

    def count(self, state: State) -> int:
        """How many tests ended so."""
        return sum(one.state == state for one in self.outcomes)

    def of(self, state: State) -> tuple[Outcome, ...]:
        """Those that ended so."""
        return tuple(one for one in self.outcomes if one.state == state)

    @property
    def seconds(self) -> float:
        """What the tests took together, without the start of server and pytest."""
        return sum(one.seconds for one in self.outcomes)


class Build(NamedTuple):
    """A version of the app, and the tests to run with it, by their ids in pytest."""

    text: str
    tests: tuple[str, ...]


def rehearse(suite: Path, app: Path, url: str, *, limit_s: float = SUITE_S) -> Rehearsal:
    """Run a whole suite.

    Args:
        suite: the folder that holds ``tests`` and ``pages``.
        app: the app, drawn in XML.
        url: of a server from ``serving``.

    Raises:
        SuiteFailed: the suite did not run, or not within ``limit_s`` seconds.
        BadDrawing: the file does not draw an app.
    """
    return Rehearsal(_run(suite, read(app), url, (), limit_s).get(0, ()))


def rehearse_builds(
    suite: Path, app: Path, url: str, builds: Sequence[Build], *, limit_s: float = SUITE_S
) -> tuple[Rehearsal, ...]:
    """Run a few tests with each of many builds, in one process and one session; one rehearsal a build.

    Raises:
        SuiteFailed, BadDrawing: as for ``rehearse``.
    """
    if not builds:
        return ()
    found = _run(suite, read(app), url, builds, limit_s)
    return tuple(Rehearsal(found.get(number, ())) for number in range(len(builds)))


def _run(suite: Path, app: str, url: str, builds: Sequence[Build], limit_s: float) -> dict[int, tuple[Outcome, ...]]:
    """Outcomes by number of the build."""
    with tempfile.TemporaryDirectory(prefix="samouk-rehearsal-") as folder:
        record, running = Path(folder) / "record.jsonl", Path(folder) / "running.xml"
        running.write_text(app, "utf-8")
        rounds = [{"build": str(_laid(Path(folder), at, one)), "tests": one.tests} for at, one in enumerate(builds)]
        orders = Path(folder) / "orders.json"
        orders.write_text(json.dumps({"record": str(record), "app": str(running), "rounds": rounds}), "utf-8")
        drawn = parse(app)
        more = Path(folder) / "capabilities.json"
        # What a user's own file tells: the id of the build that is tested, which its source need not know.
        more.write_text(json.dumps({"appium:bundleId": drawn.package} if drawn.platform == "ios" else {}), "utf-8")
        told = {"appium-url": url, "app": running, "platform": drawn.platform, "capabilities": more}
        options = [f"--{name}={value}" for name, value in {**told, "failures": Path(folder) / "failures"}.items()]
        _wait(options, suite, orders, record, limit_s)
        return _outcomes(record)


def _laid(folder: Path, number: int, build: Build) -> Path:
    path = folder / f"build{number}.xml"
    path.write_text(build.text, "utf-8")
    return path


def _wait(options: Sequence[str], suite: Path, orders: Path, record: Path, limit_s: float) -> None:
    command = [sys.executable, "-m", "pytest", "-p", recorder.__name__, "-p", "no:cacheprovider", "-q", *options]
    try:
        done = subprocess.run(
            command,
            cwd=suite,
            env=_environ(orders),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SuiteFailed(f"the suite in {suite} did not end within {limit_s:g} s") from error
    except OSError as error:
        raise SuiteFailed(f"the suite in {suite} cannot be run: {error}") from error
    if done.returncode not in _RAN or not record.exists():
        last = "\n".join((done.stdout + done.stderr).splitlines()[-_TOLD_LINES:])
        remedy = f"\ninstall what it needs: pip install -r {suite / 'requirements.txt'}" if _LACKS in last else ""
        raise SuiteFailed(f"pytest ended with code {done.returncode} in {suite}:\n{last}{remedy}")


def _environ(orders: Path) -> dict[str, str]:
    """Ours, but for what would change how the suite's pytest runs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_", "COVERAGE_"))}
    ours = {recorder.ORDERS: str(orders), "APPIUM_TIMEOUT": str(PATIENCE_S), "PYTHONDONTWRITEBYTECODE": "1"}
    return {**kept, **ours}


def _outcomes(record: Path) -> dict[int, tuple[Outcome, ...]]:
    """By number of the build. A test whose set-up failed has no call, and one whose clean-up failed has two lines."""
    found: dict[int, dict[str, Outcome]] = {}
    lines = record.read_text("utf-8").splitlines() if record.exists() else []
    for line in lines:
        told = json.loads(line)
        one = Outcome(told["test"], told["outcome"], told["seconds"], told["reason"], told["phase"])
        tests = found.setdefault(told["round"], {})
        if one.test not in tests or one.state == "failed":
            tests[one.test] = one
    return {number: tuple(tests.values()) for number, tests in found.items()}
