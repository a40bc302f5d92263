"""A plug-in of pytest, in the process that runs a suite: writes down what became of each test, and swaps builds."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

ORDERS = "SAMOUK_REHEARSAL_ORDERS"
"""Names a JSON file: ``record`` the file to write, a JSON object a line; ``app`` the file that the driver reads; and
``rounds``, each with the ``build`` to put in its place and the ``tests`` to run with it; none to run all tests once."""

_LONGEST_REASON = 600


class Recorder:
    """Hooks of one run."""

    def __init__(self, orders: Mapping[str, Any]) -> None:
        self._record = Path(orders["record"]).open("a", encoding="utf-8", buffering=1)  # noqa: SIM115 - for the whole run
        self._app = Path(orders["app"])
        self._rounds: Sequence[Mapping[str, Any]] = orders["rounds"]
        self._round = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One line for the call of each test, and one for what failed or was skipped around it."""
        if report.when == "call" or report.outcome != "passed":
            told = {
                "round": self._round,
                "test": report.nodeid,
                "outcome": report.outcome,
                "phase": report.when,
                "seconds": round(report.duration, 3),
                "reason": _reason(report),
            }
            self._record.write(f"{json.dumps(told)}\n")

    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Each build with its tests. The driver reads its file when an app starts, and each test starts the app."""
        if not self._rounds or session.testsfailed:
            return None
        found = {item.nodeid: item for item in session.items}
        steps = [
            (number, one["build"], found[test])
            for number, one in enumerate(self._rounds)
            for test in one["tests"]
            if test in found
        ]
        for at, (number, build, item) in enumerate(steps):
            if number != self._round or at == 0:
                self._round = number
                Path(build).replace(self._app)
            following = steps[at + 1][2] if at + 1 < len(steps) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return True

    def pytest_unconfigure(self) -> None:
        """The record is whole."""
        self._record.close()


def _reason(report: pytest.TestReport) -> str:
    if report.skipped and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")[:_LONGEST_REASON]
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash else report.longrepr or "")[:_LONGEST_REASON] if report.failed else ""


def pytest_configure(config: pytest.Config) -> None:
    """Nothing is recorded in a process that nobody gave orders."""
    named = os.environ.get(ORDERS)
    if named:
        config.pluginmanager.register(Recorder(json.loads(Path(named).read_text("utf-8"))))
