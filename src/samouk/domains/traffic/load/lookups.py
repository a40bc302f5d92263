"""Which means over which windows of the past a forecast looks at: fixed offsets for a step and a horizon."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from samouk.domains.traffic.load.history import DAY_S, History, Slots, Values

LAGS = 8
WINDOWS = (4, 15, 60, 240)
"""Steps of the trailing means."""

CLOCK_S = (300, 600, 900, 1_800, 3_600, 7_200)
"""Periods at which machines are set to work: jobs, flushes and scrapes leave their rhythm in the counts."""

CLOCK_REPEATS = 3
SEASONS = (("day", DAY_S, 7), ("week", 7 * DAY_S, 4))
"""Season, its seconds, and how many of the last ones are averaged."""

SMOOTH_S = 900
"""A season is also looked at through a window of so many seconds on either side: single minutes are mostly noise."""

_BASE = (1, 5, 60)


class Offsets(NamedTuple):
    """Windows (low, high] relative to an origin, for H horizons.

    Attributes:
        low, high: (H, W) slots.
        starts: (G,) where each group of windows that are averaged begins.
        names: of the G groups; the first three serve as the base alone.
    """

    low: Slots
    high: Slots
    starts: Slots
    names: tuple[str, ...]


@lru_cache(maxsize=256)
def offsets(step_s: int, horizons: tuple[int, ...]) -> Offsets:
    """The windows of forecasts so many steps ahead. None of them reaches past the origin."""
    tables = [_groups(step_s, horizon) for horizon in horizons]
    sizes = [len(several) for _, several in tables[0]]
    bounds = np.array([[window for _, several in groups for window in several] for groups in tables], dtype=np.int64)
    starts = np.cumsum([0, *sizes[:-1]])
    return Offsets(bounds[..., 0], bounds[..., 1], starts, tuple(name for name, _ in tables[0]))


def _groups(step_s: int, horizon: int) -> list[tuple[str, list[tuple[int, int]]]]:
    found = [(f"base {width}", [(-width, 0)]) for width in _BASE]
    found += [(f"lag {lag}", [(-lag - 1, -lag)]) for lag in range(1, LAGS + 1)]
    found += [(f"mean {width}", [(-width, 0)]) for width in WINDOWS]
    for seconds in CLOCK_S:
        period = seconds // step_s
        if seconds % step_s == 0 and period >= 2:
            found += _repeated(f"clock {seconds}", period, CLOCK_REPEATS, horizon, 0)
    wide = max(2, SMOOTH_S // step_s)
    for name, seconds, repeats in SEASONS:
        period = seconds // step_s
        found += _single(name, period, horizon)
        found += _repeated(f"{name} means", period, repeats, horizon, 0)
        found += _repeated(f"{name} smooth", period, repeats, horizon, wide)
    return found


def _single(name: str, period: int, horizon: int) -> list[tuple[str, list[tuple[int, int]]]]:
    """The target's and the origin's place in the last whole season, each with the step before."""
    back = -(-horizon // period) * period
    places = {
        "target": horizon - back,
        "before target": horizon - back - 1,
        "origin": -back,
        "before origin": -back - 1,
    }
    return [(f"{name} {place}", [(slot - 1, slot)]) for place, slot in places.items()]


def _repeated(name: str, period: int, repeats: int, horizon: int, wide: int) -> list[tuple[str, list[tuple[int, int]]]]:
    """The target's and the origin's place in the last whole seasons, averaged over them and over a window."""
    first = -(-horizon // period)
    backs = [(first + more) * period for more in range(repeats)]
    target = [(horizon - back - 1 - wide, min(horizon - back + wide, 0)) for back in backs]
    origin = [(-back - 1 - wide, min(wide - back, 0)) for back in backs]
    return [(f"{name} target", target), (f"{name} origin", origin)]


def look(history: History, origins: Slots, windows: Offsets) -> Values:
    """(channels, ..., H, G) means of every group at origins of any shape; NaN where nothing of a group is known."""
    at = origins[..., None, None]
    found = history.means(at + windows.low, at + windows.high)
    missing = np.isnan(found)
    found[missing] = 0.0
    count = np.add.reduceat(~missing, windows.starts, axis=-1, dtype=np.float64)
    count[count == 0.0] = np.nan
    means: Values = np.add.reduceat(found, windows.starts, axis=-1) / count
    return means
