"""What a forecast is asked with: the rate of the last hour, counts at telling times as shares of it, and the time.

A count x beside the level m is told as the share (x + 1) / (x + 1 + m + 1): one half is "as in the last hour".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from samouk.domains.traffic.load.history import DAY_S, History, Slots, Values
from samouk.domains.traffic.load.lookups import look, offsets
from samouk.edge.wire import Field, Row, Schema
from samouk.loop.live import Joined

NAME = "traffic.load"
LARGEST = 1e12
FURTHEST = 2_880
"""Minutes ahead, at most: two days."""

HORIZONS = (1, 5, 10, 30, 60, 180, 360, 720, 1_440, 2_880)
"""Minutes ahead that a server is asked for when nobody says otherwise."""

SHARES = {
    "last": ("base 1", "the last minute"),
    "mean_4": ("mean 4", "mean of the last 4 minutes"),
    "mean_15": ("mean 15", "mean of the last 15 minutes"),
    "mean_240": ("mean 240", "mean of the last 4 hours"),
    "clock_15": ("clock 900 target", "as many whole quarters of an hour before the target, last three"),
    "clock_15_now": ("clock 900 origin", "as many before now"),
    "clock_60": ("clock 3600 target", "as many whole hours before the target, last three"),
    "clock_60_now": ("clock 3600 origin", "as many before now"),
    "day": ("day target", "the target's minute one or more whole days before"),
    "day_now": ("day origin", "this minute as many days before"),
    "days": ("day smooth target", "half an hour around the target, mean of up to seven days"),
    "days_now": ("day smooth origin", "half an hour around now, mean of up to seven days"),
    "week": ("week target", "the target's minute one or more whole weeks before"),
    "week_now": ("week origin", "this minute as many weeks before"),
    "weeks": ("week smooth target", "half an hour around the target, mean of up to four weeks"),
    "weeks_now": ("week smooth origin", "half an hour around now, mean of up to four weeks"),
}
"""Field → the group of windows that it is the mean of, and its help."""

WAVES = ("hour_sin", "hour_cos", "weekday_sin", "weekday_cos")
LATE = Field("late", "flag", optional=True, help="whether the count came after its window had closed")
CAME = Field("came", "number", 0, 1, optional=True, help="share of what came; missing is not known, never 0")

SCHEMA = Schema(
    NAME,
    1,
    (
        Field("minutes", "number", 1, FURTHEST, help="how far ahead"),
        Field("level", "number", 0, LARGEST, help="requests a minute, mean of the last hour"),
        *(Field(name, "number", 0, 1, optional=True, help=f"share of {text}") for name, (_, text) in SHARES.items()),
        *(Field(name, "number", -1, 1, help="of the target's time, UTC") for name in WAVES),
        CAME,
        LATE,
    ),
)
TOLD = (CAME.name, LATE.name)
"""Known only afterwards; a prediction is asked for without them."""


def columns_at(history: History, origins: Slots, minutes: int) -> dict[str, Values]:
    """What is seen at origins (n,) of a history of minutes, for one horizon: (n,) a field; NaN for what is missing.

    Rows whose level is unknown, an hour without any count, have a NaN ``level`` and must be left out.
    """
    windows = offsets(60, (minutes,))
    groups = look(history, origins, windows)[0][:, 0]
    level = np.minimum(history.means(origins - 60, origins)[0], LARGEST)
    seen = {"minutes": np.full(len(origins), float(minutes)), "level": level}
    for name, (group, _) in SHARES.items():
        seen[name] = share_of(groups[:, windows.names.index(group)], level)
    at = (origins + minutes) * 60.0
    for name, period in (("hour", DAY_S), ("weekday", 7 * DAY_S)):
        phase = 2 * np.pi * at / period
        seen |= {f"{name}_sin": np.sin(phase), f"{name}_cos": np.cos(phase)}
    return seen


def rows_at(history: History, at: float, horizons: tuple[int, ...] = HORIZONS) -> list[Row]:
    """One row a horizon (minutes), from the minute of ``at``, seconds since 1970; none when the last hour is unknown.

    ``history`` holds counts a minute, as ``LoadForecaster.past`` of a step of 60 seconds does.
    """
    origin = np.array([int(at // 60)])
    found = [columns_at(history, origin, minutes) for minutes in horizons]
    return [_plain(one) for one in found if np.isfinite(one["level"][0])]


def share_of(counts: Values, level: Values) -> Values:
    """Counts a minute beside a level, as shares in [0, 1)."""
    share: Values = (counts + 1.0) / (counts + level + 2.0)
    return share


def rate_of(row: Mapping[str, Any], score: float) -> float:
    """Requests a minute that a score of the row stands for; NaN for a score that is none."""
    if not 0.0 <= score <= 1.0:
        return float("nan")
    return min(max((float(row["level"]) + 1.0) * score / max(1.0 - score, 1e-9) - 1.0, 0.0), LARGEST)


def came_of(row: Mapping[str, Any], count: float) -> float:
    """The outcome to tell of a row when the target's minute has come with this count."""
    return float(share_of(np.array(count), np.array(float(row["level"]))))


def sample(joined: Joined) -> Row:
    """What was seen and the share that came, as the row that is learnt from."""
    return {**joined.exposure.row, "came": joined.outcome.value, "late": joined.late}


def _plain(columns: Mapping[str, Values]) -> Row:
    return {name: None if np.isnan(values[0]) else float(values[0]) for name, values in columns.items()}
