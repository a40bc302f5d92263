"""Who fits a challenger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from samouk.loop.records import Artifact, BatchEntry, Examples

if TYPE_CHECKING:
    from samouk.loop.learner import Context, Learner


class Trainer(Protocol):
    """Who fits: this process, a cluster, or devices that keep their data."""

    def fit(
        self,
        learner: Learner,
        examples: Examples,
        champion: Artifact | None,
        context: Context,
        entries: Sequence[BatchEntry],
    ) -> Artifact:
        """Fit a challenger; deterministic for one seed.

        Args:
            entries: the batches that the examples are the labelled rows of, in their order: who fits elsewhere
                reads them there.

        Raises:
            FitFailed: whoever fits elsewhere could not; the message says why and what to do.
        """
