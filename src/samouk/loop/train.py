"""Fit a challenger in this process; other trainers (a cluster, devices) stand behind the same port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samouk.loop.learner import Context, Learner
from samouk.loop.records import Artifact, BatchEntry, Examples


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The Trainer port for a model that was made elsewhere: nothing is fitted, all else of a turn stays."""

    artifact: Artifact

    def fit(
        self,
        learner: Learner,
        examples: Examples,
        champion: Artifact | None,
        context: Context,
        entries: Sequence[BatchEntry],
    ) -> Artifact:
        return self.artifact


class LocalTrainer:
    """The Trainer port in this very process."""

    def fit(
        self,
        learner: Learner,
        examples: Examples,
        champion: Artifact | None,
        context: Context,
        entries: Sequence[BatchEntry],
    ) -> Artifact:
        return learner.fit(examples, champion, context)
