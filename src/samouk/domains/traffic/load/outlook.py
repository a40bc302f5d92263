"""What to plan with up to two weeks ahead: the same time of past weeks, smoothed, the last ones counting most."""

from __future__ import annotations

import numpy as np

from samouk.domains.traffic.load.history import DAY_S, History, Slots, Values

SMOOTH_S = 2_700
"""Seconds on either side of the same time: single minutes are mostly noise."""

FADING = 0.5
"""What a season weighs beside the one after it."""

WEEKS, DAYS = 4, 7


def outlook(past: History, step_s: int, ahead: Slots) -> Values:
    """(n,) counts so many steps after the newest: from weeks where one is known, else from days, else the last."""
    level = past.means(np.array([past.now - DAY_S // step_s]), np.array([past.now]))[0, 0]
    found = np.full(len(ahead), np.nan_to_num(level))
    for period, repeats in ((DAY_S // step_s, DAYS), (7 * DAY_S // step_s, WEEKS)):
        season = _season(past, step_s, ahead, period, repeats)
        found = np.where(np.isfinite(season), season, found)
    return found


def _season(past: History, step_s: int, ahead: Slots, period: int, repeats: int) -> Values:
    wide = SMOOTH_S // step_s
    back = (-(-ahead // period) + np.arange(repeats)[:, None]) * period
    places = past.now + ahead - back
    means = past.means(places - wide - 1, np.minimum(places + wide, past.now))[0]
    weights = np.where(np.isfinite(means), FADING ** np.arange(repeats)[:, None], 0.0)
    total = weights.sum(axis=0)
    mean: Values = np.where(total > 0, (np.nan_to_num(means) * weights).sum(axis=0) / np.maximum(total, 1e-9), np.nan)
    return mean
