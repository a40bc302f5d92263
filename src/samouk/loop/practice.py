"""What one version learns between two turns: outcomes in the order in which they were joined, replayable.

The state is a function of the artifact and of the outcomes alone: those that were joined after the place that
stands on the version's card, since what came before may have been learnt by its fit. So two servers come to
the same state, one that restarts goes on from a checkpoint, and a version that comes back knows what it knew.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from threading import Lock
from typing import Any

from samouk.edge.wire import WireError
from samouk.loop.checkpoints import Saved, save
from samouk.loop.columns import Columns
from samouk.loop.learner import Learner, Online
from samouk.loop.live import Joined
from samouk.loop.ports import Services, forgotten_cursor
from samouk.loop.records import Artifact, Predictions, Version
from samouk.loop.registry import learns_from
from samouk.loop.rows import Code, RowReader

CHUNK = 64
"""Outcomes that are learnt while predictions wait: a millisecond at most."""

KEPT_EVERY = 1_000
"""Outcomes between two checkpoints; a restart learns as many again."""


class Practice:
    """The online part of one version.

    Args:
        saved: its checkpoint; without it everything is learnt from the version's mark on.

    Attributes:
        sequence: of the last outcome that was looked at.
        learnt: outcomes that were learnt by this object.
    """

    def __init__(
        self,
        learner: Learner,
        online: Online,
        services: Services,
        version: Version,
        artifact: Artifact,
        saved: Saved | None = None,
    ) -> None:
        self.learnt = 0
        self._learner, self._online, self._services = learner, online, services
        self._version, self._artifact = version, artifact
        self._reader = RowReader(learner.schema)
        self._lock = Lock()
        self._unkept = 0
        self._forgotten = self._times_forgotten()
        self.sequence, self._state = self._begun(saved)

    def _begun(self, saved: Saved | None) -> tuple[int, Any]:
        if saved is not None:
            with suppress(ValueError):  # of another release, or over features that are declared otherwise now
                return saved.sequence, self._online.load(self._artifact, saved.data)
        return learns_from(self._version), self._online.begin(self._artifact)

    def correct(self, columns: Columns, predictions: Predictions) -> Predictions:
        """The version's predictions, corrected by what was learnt so far."""
        with self._lock:
            return self._online.correct(self._state, columns, predictions)

    def renew(self) -> None:
        """Begin again when outcomes were forgotten since: what was learnt from them goes with them."""
        if (forgotten := self._times_forgotten()) == self._forgotten:
            return
        with self._lock:
            self._state = self._online.begin(self._artifact)
        self.sequence, self._unkept, self._forgotten = learns_from(self._version), 0, forgotten

    def learn(self, joined: Sequence[Joined]) -> None:
        """Learn from the next outcomes, in their order; those that make no row of the schema teach nothing."""
        if not joined:
            return
        coded = [code for one in joined if (code := self._row(one)) is not None]
        for first in range(0, len(coded), CHUNK):
            columns = self._reader.columns(coded[first : first + CHUNK])
            with self._lock:
                self._state = self._online.learn(self._state, self._artifact, columns)
        self.sequence = joined[-1].sequence
        self.learnt += len(coded)
        self._unkept += len(coded)
        if self._unkept >= KEPT_EVERY:
            self.keep()

    def keep(self) -> None:
        """Make a checkpoint, when there is anything new, unless outcomes were forgotten since."""
        if not self._unkept or self._times_forgotten() != self._forgotten:
            return
        with self._lock:
            data = self._online.save(self._state)
        learner, version = self._learner.name, self._version.name
        if save(self._services, learner, version, self.sequence, data, forgotten=self._forgotten):
            self._unkept = 0

    def _times_forgotten(self) -> int:
        return self._services.journal.cursor(forgotten_cursor(self._learner.name))

    def _row(self, joined: Joined) -> tuple[Code, ...] | None:
        row = self._learner.lesson(joined)
        if row is None:
            return None
        try:
            return self._reader.codes(row, "sample")
        except WireError:  # seen under an older schema; the harvest says so in the audit
            return None
