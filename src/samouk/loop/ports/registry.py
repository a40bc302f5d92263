"""Versions and what they were fitted on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from samouk.loop.records import BatchEntry, Growth, Side, Snapshot, Stage, Version

ANYBODY = ""
"""Whichever version is in production, if any; the name of none."""


class Registry(Protocol):
    """Versions, their stages and the snapshots they were fitted on."""

    def add_snapshot(self, growth: Growth) -> Snapshot:
        """Keep the learner's next snapshot, at the cost of what is new in it; gives it back.

        One with the digest of the last is that snapshot: only the places up to which was looked move on.

        Raises:
            Outdated: the learner's last snapshot is not the one that this grew from.
        """

    def snapshot(self, digest: str) -> Snapshot:
        """Raises NotFound. The numbers are those of when it was kept."""

    def members(self, digest: str, side: Side, newest: int | None = None) -> Iterator[BatchEntry]:
        """Entries of that side of a snapshot that are still in the log, in order of arrival, streamed.

        Args:
            newest: only so many that came last.

        Raises:
            NotFound: no such snapshot.
        """

    def sides(self, learner: str, batch_ids: Sequence[str]) -> dict[str, Side]:
        """Which of these batches are members of the learner's last snapshot, erased or not, and on which side."""

    def latest_snapshot(self, learner: str) -> Snapshot | None:
        """The snapshot added last."""

    def add(self, version: Version) -> None:
        """Keep a new version. Raises ValueError when its name or number is taken within the learner."""

    def version(self, learner: str, name: str) -> Version:
        """Raises NotFound."""

    def versions(self, learner: str) -> list[Version]:
        """All, newest first."""

    def production(self, learner: str) -> Version | None:
        """The champion."""

    def move(self, learner: str, name: str, stage: Stage, *, instead_of: str | None = ANYBODY) -> Version:
        """Set the stage in one commit. Moving to production archives the version that stood there.

        Args:
            instead_of: the champion against which this was decided; None when there was none.

        Raises:
            NotFound: there is no such version.
            Outdated: neither ``instead_of`` nor the version itself is in production, or a higher number is and this
                was to take its place; nothing was moved.
        """

    def taint(self, learner: str, *batch_ids: str) -> list[str]:
        """Forget batches in every snapshot record's membership index and mark versions fitted on one as tainted.

        Returns:
            The names of the versions that are tainted by one of these batches, newest first.
        """
