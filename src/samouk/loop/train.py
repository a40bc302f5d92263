"""Fit a challenger in this process; other trainers (a cluster, devices) stand behind the same port."""

from __future__ import annotations

from samouk.loop.learner import Context, Learner
from samouk.loop.records import Artifact, Examples


class LocalTrainer:
    """The Trainer port in this very process."""

    def fit(self, learner: Learner, examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
        return learner.fit(examples, champion, context)
