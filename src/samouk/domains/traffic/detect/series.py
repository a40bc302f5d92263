"""Tells, value by value, how unusual the newest value of one series is against the series' own past."""

from __future__ import annotations

import json
import math
from typing import Any

from samouk.domains.traffic.detect.series_views import Level, View

HALF = 12.0
"""Surprise, in nats, at which the score is one half; it never reaches 1, so that no two surprises become equal."""

QUIET = 300
"""Rows for which an alarm must be the largest surprise."""

_KIND = "samouk.traffic.series/1"


class SeriesDetector:
    """A streaming detector of one series, strictly causal, in constant memory.

    Attributes:
        score: of the last row, in [0, 1): how unusual its value is.
        alarm: the score where it exceeds everything of the last ``quiet`` rows, else a tenth of it: what to alarm by.
        reason: the last row's surprise in words; empty before anything is known.
    """

    def __init__(self, *, quiet: int = QUIET) -> None:
        if quiet < 1:
            raise ValueError("quiet: rows must be at least 1")
        self.score = self.alarm = 0.0
        self.reason = ""
        self._quiet = quiet
        self._rows = 0
        self._peaks: list[tuple[int, float]] = []  # rows that nothing since exceeded, the highest first
        self._views: tuple[View, ...] = (Level("level", 0.01, False), Level("step", 0.01, True))

    def update(self, at: float | None, value: float | None) -> float:
        """The score of one more row: ``at`` in seconds (any order; None: not known), ``value`` None or NaN: missing.

        A missing value scores 0 and teaches nothing.
        """
        self._rows += 1
        if value is None or not math.isfinite(value):
            self.score, self.alarm, self.reason = 0.0, 0.0, "no value"
            return 0.0
        surprises = [view.update(float(value)) for view in self._views]
        best = max(range(len(surprises)), key=surprises.__getitem__)
        surprise = surprises[best]
        self.score = surprise / (surprise + HALF)
        self.alarm = self.score if self._record(surprise) else 0.1 * self.score
        self.reason = self._views[best].words()
        return self.score

    def _record(self, surprise: float) -> bool:
        peaks = self._peaks
        while peaks and peaks[0][0] <= self._rows - self._quiet:
            del peaks[0]
        record = not peaks or surprise > peaks[0][1]
        while peaks and peaks[-1][1] <= surprise:
            del peaks[-1]
        peaks.append((self._rows, surprise))
        return record

    def save(self) -> bytes:
        """The whole state; ``load`` goes on bit for bit where it was taken."""
        state = {
            "kind": _KIND,
            "quiet": self._quiet,
            "rows": self._rows,
            "peaks": self._peaks,
            "last": [self.score, self.alarm, self.reason],
            "views": [view.state() for view in self._views],
        }
        return json.dumps(state).encode()

    def load(self, data: bytes) -> None:
        """Take the place of the detector that was saved. Raises ValueError for bytes that are no saved state."""
        try:
            state: dict[str, Any] = {"kind": None, **json.loads(data)}
        except (ValueError, TypeError) as error:
            raise ValueError(f"no saved state of a series ({error}); start from a fresh detector") from None
        if state["kind"] != _KIND:
            raise ValueError(f"the state is of kind {state['kind']!r}, not {_KIND!r}; start from a fresh detector")
        try:
            self._quiet, self._rows = int(state["quiet"]), int(state["rows"])
            self._peaks = [(int(row), float(peak)) for row, peak in state["peaks"]]
            self.score, self.alarm, self.reason = state["last"]
            for view, kept in zip(self._views, state["views"], strict=True):
                view.restore(kept)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"no saved state of a series ({error}); start from a fresh detector") from None
