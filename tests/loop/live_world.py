"""Exposures with outcomes to put into a journal, as if a version had been in service."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence

import numpy as np
from examples.will_it_rain import RAIN
from numpy.typing import NDArray

from samouk.edge.wire import Row
from samouk.loop.live import Exposure, Outcome, Variant
from samouk.loop.ports import Services

_NUMBERS = itertools.count(1)
ROW: Row = {"pressure": 1_000.0, "humidity": 0.5}


def show(
    services: Services,
    version: str,
    scores: NDArray[np.float64],
    told: Sequence[float | None],
    begin: dt.datetime,
    minutes: float | NDArray[np.float64] = 1.0,
    every: float = 30.0,
    until: dt.datetime | None = None,
) -> None:
    """A score ``every`` so many seconds from ``begin``, each with what was told of it so many ``minutes`` later.

    Args:
        told: value of "content", or None when nobody says anything.
        until: what is told later than that is not told yet.
    """
    exposures, outcomes = [], []
    waits = np.broadcast_to(minutes, len(scores)).tolist()
    for number, (score, value, wait) in enumerate(zip(scores, told, waits, strict=True)):
        at = begin + dt.timedelta(seconds=every * number)
        event = f"{next(_NUMBERS):032x}"
        exposures.append(
            Exposure(event, RAIN.name, version, Variant.CHAMPION, event[-16:], number % 16, at, float(score), 1.0, ROW)
        )
        later = at + dt.timedelta(minutes=wait)
        if value is not None and (until is None or later <= until):
            outcomes.append(Outcome(event, "content", value, later))
    services.journal.expose(exposures)
    services.journal.tell(RAIN.name, outcomes, {spec.name: spec.window for spec in RAIN.outcomes})
