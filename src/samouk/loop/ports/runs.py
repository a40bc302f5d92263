"""The history of turns."""

from __future__ import annotations

from typing import Protocol

from samouk.loop.records import Run, RunEnd


class Runs(Protocol):
    """The history of turns."""

    def save(self, run: Run) -> None:
        """Insert the run, or replace the one with its ``run_id``."""

    def runs(self, learner: str, limit: int = 100) -> list[Run]:
        """Newest first: by when each was first saved, because a clock may be set back between two runs."""

    def last_finished(self, learner: str) -> Run | None:
        """The newest run that ended other than ``failed``."""

    def ends(self, learner: str) -> dict[RunEnd, int]:
        """How many runs came to each end, ends that none came to left out; cheap."""
