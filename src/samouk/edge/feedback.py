"""Takes a user's corrections: at once into the personal memory, and, with consent, as samples to the server."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, Unpack

from samouk.edge import places
from samouk.edge.contribution import Contribution, Knobs, environment
from samouk.edge.memory import PersonalMemory
from samouk.edge.observer import UnreadableSource
from samouk.edge.spool import CORRECTION
from samouk.edge.tally import Stats
from samouk.edge.uploader import Pass


class FeedbackCollector:
    """Records that a prediction was wrong; like the collector, it never raises into its host. ::

        feedback = FeedbackCollector()
        feedback.record_correction(element=element, predicted_type="image", actual_type="icon", platform="ios")

    Args:
        opt_in, upload_endpoint, **knobs: as of `SelfLearningCollector`. Without consent the correction
            still reaches the user's own memory, and nothing else.
        memory: where corrections are remembered; by default the user's own.

    Attributes:
        last_error: why the last correction was not taken, in words for the user; "" when it was.
    """

    def __init__(
        self,
        opt_in: bool | None = None,
        upload_endpoint: str | None = None,
        *,
        memory: PersonalMemory | None = None,
        **knobs: Unpack[Knobs],
    ) -> None:
        self._contribution = Contribution(opt_in, upload_endpoint, knobs)
        self._environ = environment(knobs)
        self._memory = memory
        self.last_error = ""

    def record_correction(
        self, *, element: Mapping[str, Any], predicted_type: str | None, actual_type: str, platform: str = "android"
    ) -> bool:
        """Say what an element really is.

        Args:
            element: its attributes, as the installed observer reads them. One without identifier and
                words is not remembered, for nothing tells it from others.
            predicted_type: what was predicted. Neither kept nor sent: the correction is all that teaches.
            actual_type: what it is; a type of the learner's taxonomy.

        Returns:
            Whether the correction was taken. If not, ``last_error`` says why, and nothing was kept.
        """
        try:
            self._record(element, actual_type, platform)
            if predicted_type != actual_type:
                self._contribution.tallies().corrected()
        except Exception as problem:  # noqa: BLE001 - the border to the host
            self._contribution.mishaps.count(problem)
            self.last_error = self._contribution.mishaps.last_error.partition(": ")[2] or "the element cannot be read"
            return False
        self.last_error = ""
        return True

    def stats(self) -> Stats:
        """Counts over everything this cache ever held."""
        return self._contribution.stats()

    def flush(self) -> Pass:
        """Send everything now and wait for the answers; never raises."""
        return self._contribution.flush()

    def close(self) -> None:
        """Stop the background; what was not sent stays on disk for the next time."""
        self._contribution.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _record(self, element: Mapping[str, Any], actual: str, platform: str) -> None:
        observer = self._contribution.observer()
        seen = observer.correct(element, actual, platform)
        for row in seen.samples:
            observer.schema.check_row(row)
        if self._memory is None:
            self._memory = PersonalMemory(places.memory_file(self._environ, observer.learner))
        for key in seen.keys:
            self._memory.remember(key, actual)
        shared = self._contribution.allows(platform)
        if shared:
            self._contribution.put(seen.samples, seen.app, CORRECTION)
        if not (shared or any(seen.keys)):
            raise UnreadableSource("too little is known of the element to tell it from others; tell its identifier too")
