"""Every learner that answers on this server, kept up to date by a thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping

from samouk.loop.learner import Learner
from samouk.loop.ports import NotFound, Services
from samouk.loop.serving import Serving
from samouk.server.logs import told

log = logging.getLogger("samouk.service")

LOOK_S = 0.5
"""Seconds between two looks at the registry and the rollouts: how long another process's decision takes to arrive."""


class InService:
    """Learners whose predictions are made here, and have outcomes, by name.

    Attributes:
        failures: looks that failed.
    """

    def __init__(self, learners: Mapping[str, Learner], services: Services) -> None:
        self.failures = 0
        self._learners = learners
        self._servings = {name: Serving(one, services) for name, one in learners.items() if one.outcomes and one.served}
        self._said: dict[str, str] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._look, name="service", daemon=True)

    def of(self, name: str) -> Serving:
        """Raises NotFound."""
        if name in self._servings:
            return self._servings[name]
        if name in self._learners:
            raise NotFound(
                f"{name} makes no predictions here: its clients do, or nobody could tell how they turned out"
            )
        raise NotFound(f"no learner is called {name:.64}; /v1/learners lists those that exist")

    def loaded(self, name: str, version: str) -> bool | None:
        """Whether the version can answer now; None for a learner that makes no predictions here."""
        return version in self._servings[name].versions if name in self._servings else None

    def silent(self, name: str) -> bool:
        """Whether a version is in service here, and nothing answers, not even the version before it."""
        return name in self._servings and self._servings[name].silent

    @property
    def servings(self) -> Mapping[str, Serving]:
        """Those that make predictions here, by name."""
        return self._servings

    def start(self) -> None:
        """Load what is in service, then look for changes."""
        self._refresh_all()
        if self._servings:
            self._thread.start()

    def refresh(self, name: str) -> None:
        """Look at once, because this process changed something; a learner that makes no predictions is no error."""
        if name not in self._servings:
            return
        try:
            self._servings[name].refresh()
            self._said.pop(name, None)
        except Exception as error:  # noqa: BLE001 - the border of this thread: what served goes on; counted
            self.failures += 1
            words = told(error)
            if self._said.get(name) != words:  # said once, not twice a second
                log.error("a look at what serves %s failed: %s", name, words)  # noqa: TRY400 - one line
            self._said[name] = words

    def close(self) -> None:
        """Stop looking, and keep what was learnt between two turns."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()
        for serving in self._servings.values():
            serving.close()

    def _look(self) -> None:
        while not self._closing.wait(LOOK_S):
            self._refresh_all()

    def _refresh_all(self) -> None:
        for name in self._servings:
            self.refresh(name)
