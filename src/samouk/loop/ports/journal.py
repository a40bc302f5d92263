"""What was shown in service, and how it turned out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from samouk.loop.live import ArmStats, Checkpoint, DayFigures, Exposure, Forgotten, Heard, Joined, Outcome


def forgotten_cursor(learner: str) -> str:
    """Name of the cursor that counts how often joined outcomes of a learner were forgotten."""
    return f"forgotten:{learner}"


class Journal(Protocol):
    """What was shown in service, and how it turned out."""

    def secret(self) -> bytes:
        """32 random bytes, made with the store, the same for all who share it: the key of pseudonyms and event ids."""

    def expose(self, exposures: Sequence[Exposure]) -> int:
        """Keep exposures in one commit, and join what was parked for them.

        Returns:
            How many were new; one whose ``event_id`` is known changes nothing.
        """

    def tell(self, learner: str, outcomes: Sequence[Outcome], windows: Mapping[str, dt.timedelta]) -> list[Heard]:
        """Keep outcomes of a learner's events in one commit, all or none; durable when it returns.

        Args:
            windows: metric → how long after its exposure an outcome counts as being in time. Measured
                from the exposure to ``Outcome.at``.

        An outcome whose exposure is not there is PARKED and joined when that comes, if it is the same
        learner's. A second outcome of one event and metric is a DUPLICATE when its value is the same (to 1e-9),
        else a CONTRADICTION, and changes nothing; except that one that was told replaces one that was
        ``assumed``, under a new sequence. In time it replaces it in comparisons too; when it is LATE the
        assumption stands there, else the unit would leave a comparison by what it said, and the two arms
        would lose different ones. Parked outcomes are compared in the same way, but stay PARKED. What is
        ``assumed`` is never late. Raises KeyError for a metric without a window.
        """

    def exposure(self, event_id: str) -> Exposure | None:
        """The exposure, or None."""

    def outcomes(self, learner: str, event_id: str) -> list[Outcome]:
        """What was told of a learner's event so far, joined or parked; of an assumption what replaced it."""

    def expire(self, learner: str, before: dt.datetime) -> int:
        """Drop outcomes told before that moment that found no exposure; how many."""

    def newest(self, learner: str) -> dt.datetime | None:
        """When the learner's newest exposure was."""

    def silent(
        self, learner: str, metric: str, before: dt.datetime, limit: int = 10_000, *, after: int = 0
    ) -> list[str]:
        """Ids of unfailed events exposed before that moment that have no outcome of ``metric``; oldest first.

        Args:
            after: only those that arrived after this place, for which ``settled`` was asked before.
        """

    def settled(self, learner: str, metric: str, after: int = 0) -> int:
        """Place in the order of arrival up to which every exposure failed or has an outcome of ``metric``.

        It never moves back, whatever arrives or is told late: what arrives later has a later place, and an outcome
        that is there may be replaced and does not go. So a reader who keeps it as a cursor misses nothing.

        Args:
            after: an earlier answer, up to which nothing is looked at again.
        """

    def unheard(
        self, learner: str, metric: str, since: dt.datetime, limit: int = 10_000
    ) -> list[tuple[str, dt.datetime, float]]:
        """(version, when shown, score) of each exposure since then without an outcome of ``metric``, newest first.

        For estimates that need no outcome. What failed or abstained has no score and is left out.
        """

    def scored(self, learner: str, metric: str, limit: int = 10_000) -> list[tuple[str, dt.datetime, float, float]]:
        """(version, when shown, score, outcome) of the newest joined outcomes of ``metric``, in order of joining.

        What failed or abstained has no score and is left out.
        """

    def joined(self, learner: str, after: int = 0, limit: int = 10_000) -> list[Joined]:
        """Joined outcomes with ``sequence > after``, in order. Sequences count up over all learners, with gaps."""

    def mark(self, batch_id: str, sequences: Sequence[int], *, instead_of: str | None = None) -> None:
        """Note that a batch of the log is made of these joined outcomes, where ``instead_of`` is noted so far."""

    def of_batch(self, batch_id: str) -> list[Joined]:
        """The joined outcomes that a batch is made of, in order."""

    def batches_of(self, learner: str, unit: str) -> list[str]:
        """Ids of the batches that any outcome of a unit, by its pseudonym, was made into; sorted."""

    def forget(self, learner: str, unit: str, seen: Collection[str] | None = None) -> Forgotten:
        """Remove every byte of what was shown to a unit, by its pseudonym, and of how it turned out.

        Gone too are the learner's checkpoints that had read that far, and ``forgotten_cursor`` moves on by one, so
        that whoever learnt from it begins again without. Doing it again changes nothing. Counts of running
        comparisons shrink. Durable when it returns.

        Args:
            seen: the only batches that ``batches_of`` may tell; None for any.

        Raises:
            Outdated: outcomes of the unit were made into another batch meanwhile; nothing was removed.
        """

    def forget_batch(self, learner: str, *batch_ids: str) -> Forgotten:
        """``forget`` what was shown where an outcome was made into one of these batches, whoever saw it."""

    def shown_to(self, learner: str, unit: str) -> Iterator[tuple[Exposure, list[Outcome]]]:
        """What is kept of a unit, by its pseudonym: each exposure with what was told of it, oldest first, streamed."""

    def refuse(self, learner: str, unit: str, until: dt.datetime) -> None:
        """Refuse, from now on, exposures of a unit by its pseudonym that were shown before that moment.

        Another server may still have them on their way when the unit is forgotten. Kept is a hash of the pseudonym,
        for good: a restore of an older state finds there whom it has to forget again.
        """

    def retire(self, learner: str, before: dt.datetime, read: int, rollout: str | None, limit: int) -> Forgotten:
        """Remove every byte of exposures of before that moment, and of how they turned out, the oldest first.

        Nobody asked to be forgotten: what was learnt stays, and ``batches_of`` still tells which batches of the log
        hold rows of a unit, until these are ``unlink``ed.

        Args:
            read: an exposure stays that has an outcome of a later sequence.
            rollout: exposures of this one stay.
            limit: how many exposures, at most; none in the answer says that none is left.
        """

    def unlink(self, batch_ids: Sequence[str]) -> None:
        """Forget of whose outcomes batches were made that left the log, where the exposures did."""

    def arms(
        self,
        rollout: str,
        metric: str,
        *,
        slow_ms: float,
        exposed_before: dt.datetime | None = None,
        closed_before: dt.datetime | None = None,
    ) -> list[ArmStats]:
        """What is known of each arm in each step, by step, variant and version.

        ``champion`` is no arm. ``exposures`` and ``newest`` are of all exposures of the arm in that step. A unit
        counts for all else in one arm: that of the first step in which any arm had it, by the mean of its outcomes
        of that step. What it does in later steps would make the steps dependent, and mix their days; only for
        ``failed`` and ``slow`` it is a witness of later steps too, as long as it stays in its arm. A unit that was
        in two arms in its first step counts in neither. Outcomes that were told late count nowhere. With
        ``exposed_before``, outcomes of later exposures do not count. ``closed_before``: windows of earlier
        exposures have closed; None for all.
        """

    def crossed(self, rollout: str) -> int:
        """Number of units that were in more than one arm, by variant or version, within the rollout."""

    def shadows(self, rollout: str, metric: str) -> Iterator[tuple[str, float, Mapping[str, float], float]]:
        """(unit, score shown, version → score not shown, outcome) of each exposure of the rollout that has all four.

        In the order in which the outcomes were joined; late ones are left out.
        """

    def days(self, learner: str, metric: str, since: dt.date, window: dt.timedelta) -> list[DayFigures]:
        """Figures a version and UTC day, from that day on, in order of day and version's first exposure since."""

    def delays(self, learner: str, metric: str, since: dt.datetime) -> list[tuple[float, bool]]:
        """(seconds, whether an outcome was told) of each exposure since then, oldest first.

        The seconds are the outcome's delay, else the age now; what was assumed was not told.
        """

    def checkpoint(self, state: Checkpoint, *, forgotten: int | None = None) -> str | None:
        """Keep the checkpoint in place of the version's earlier one.

        Args:
            forgotten: where ``forgotten_cursor`` of the learner stood when the state was begun.

        Returns:
            Key of the earlier one's bytes when no checkpoint names them any more: they may be deleted.

        Raises:
            Outdated: outcomes were forgotten since ``forgotten``; nothing was kept.
        """

    def last_checkpoint(self, learner: str, version: str) -> Checkpoint | None:
        """The version's checkpoint."""

    def cursor(self, name: str) -> int:
        """How far a named reader has come; 0 at the beginning."""

    def advance(self, name: str, sequence: int) -> None:
        """Remember how far a named reader has come; never moves back."""
