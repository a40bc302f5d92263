"""The ways to forecast a rate that compete: repeat, average, repeat a season, and regressions on all of these."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from samouk.domains.traffic.load.history import DAY_S, History, Slots, Values
from samouk.domains.traffic.load.lookups import look, offsets
from samouk.domains.traffic.load.regression import Kind, Ridge

LAST, DAY, WEEK = "last value", "last day", "last week"
_GROUPS = {
    LAST: "base 1",
    "mean of 4": "mean 4",
    "mean of 15": "mean 15",
    DAY: "day target",
    WEEK: "week target",
    "mean of days": "day smooth target",
    "mean of weeks": "week smooth target",
}
KINDS = (
    Kind("fresh regression", False, 3.0),
    Kind("fresh log regression", True, 3.0),
    Kind("daily regression", False, 30.0, turning=True),
    Kind("daily log regression", True, 30.0, turning=True),
)
NAMES = (*_GROUPS, *(kind.name for kind in KINDS))
_WAVES = 5
_BASES = 3
_PEAK_HALF_LIFE_DAYS = 14
_ROOM = 1.5
"""No forecast exceeds the largest count of the last weeks so many times."""

_FLOOR = 0.1
"""Share of that largest count below which the scale of counts does not fall."""


class View(NamedTuple):
    """The past as seen from an origin, plain and in logs: (2, ..., H), G means (2, ..., H, G), (2, ..., H, F)."""

    base: Values
    groups: Values
    inputs: Values


class Candidates:
    """All candidates of one series at one step, for H horizons; none looks past its origin."""

    def __init__(self, step_s: int, horizons: tuple[int, ...]) -> None:
        self.step_s, self.horizons = step_s, horizons
        self.past = History(step_s, channels=2)
        names = offsets(step_s, horizons).names
        self._places = [names.index(group) for group in _GROUPS.values()]
        features = len(names) - _BASES + _WAVES
        self._ridges = [Ridge(len(horizons), features * (3 if kind.turning else 1)) for kind in KINDS]
        self._learnt: Slots = np.full(len(horizons), -1)
        self._peak = 0.0
        self._fading = 0.5 ** (step_s / (_PEAK_HALF_LIFE_DAYS * DAY_S))

    def push(self, slot: int, value: float) -> None:
        """The count of a slot; NaN when it is missing."""
        if value == value:
            self._peak = max(self._peak * self._fading, value)
        self.past.push(slot, value, math.log1p(value))

    def forecast(self, horizons: tuple[int, ...] | None = None) -> Values:
        """(H, K) from the newest slot, for the grid's horizons or others: between two of the grid weights are mixed."""
        mix = None if horizons is None else mixing(self.horizons, horizons)
        origin = np.array(self.past.now)
        view, scale = self._view(origin, horizons or self.horizons), self._scale(origin)
        said = np.empty((*view.base.shape[1:], len(NAMES)))
        simple = view.groups[0][..., self._places]
        said[..., : len(_GROUPS)] = np.where(np.isnan(simple), view.base[0][..., None], simple)
        for place, (kind, ridge) in enumerate(zip(KINDS, self._ridges, strict=True), len(_GROUPS)):
            weights = ridge.weights if mix is None else mix @ ridge.weights
            rise = (_inputs(kind, view, scale) * weights).sum(-1)
            base = view.base[int(kind.logarithmic)]
            said[..., place] = np.expm1(np.minimum(base + rise, 50.0)) if kind.logarithmic else base + rise * scale
        held: Values = np.minimum(np.maximum(said, 0.0), _ROOM * self._peak)
        return held

    def learn(self) -> None:
        """Take what has come true since the last call into the regressions."""
        for place, horizon in enumerate(self.horizons):
            newest = self.past.now - horizon
            origins = np.arange(max(self._learnt[place], self.past.first) + 1, newest + 1)
            origins = origins[np.isfinite(self.past.at(origins))]
            if len(origins):
                self._learn(place, horizon, origins)
                self._learnt[place] = newest
        for ridge in self._ridges:
            ridge.solve()

    def _learn(self, place: int, horizon: int, origins: Slots) -> None:
        view, scale = self._view(origins, (horizon,)), self._scale(origins)
        for kind, ridge in zip(KINDS, self._ridges, strict=True):
            channel = int(kind.logarithmic)
            rise = self.past.at(origins + horizon, channel) - view.base[channel][:, 0]
            targets = rise if kind.logarithmic else rise / scale[:, 0]
            keep = 0.5 ** (self.step_s / (kind.half_life_days * DAY_S))
            ridge.add(place, _inputs(kind, view, scale)[:, 0], targets, keep)

    def _view(self, origins: Slots, horizons: tuple[int, ...]) -> View:
        groups = look(self.past, origins, offsets(self.step_s, horizons))
        base = groups[..., 0]
        for place in range(1, _BASES):
            base = np.where(np.isnan(base), groups[..., place], base)
        base = np.where(np.isnan(base), 0.0, base)
        rises = groups[..., _BASES:] - base[..., None]
        inputs = np.empty((*base.shape, rises.shape[-1] + _WAVES))
        inputs[..., :-_WAVES] = np.where(np.isnan(rises), 0.0, rises)
        phase = 2 * np.pi / DAY_S * self.step_s * (origins[..., None] + np.array(horizons))
        waves = (np.sin(phase), np.cos(phase), np.sin(2 * phase), np.cos(2 * phase), 1.0)
        for place, wave in enumerate(waves, -_WAVES):
            inputs[..., place] = wave
        return View(base, groups, inputs)

    def _scale(self, origins: Slots) -> Values:
        """(..., 1) the size of counts, by which plain regressions divide so that all weeks weigh alike."""
        at = np.atleast_1d(origins)
        week = self.past.means(at - 7 * DAY_S // self.step_s, at)[0].reshape(origins.shape)
        size: Values = np.fmax(week, _FLOOR * self._peak + 1e-9)[..., None]
        return size


def mixing(grid: tuple[int, ...], horizons: tuple[int, ...]) -> Values:
    """(n, H) shares of the grid's horizons that stand for others: linear between two, the last one's beyond it."""
    place = np.interp(horizons, grid, np.arange(len(grid)))
    shares: Values = np.maximum(1.0 - np.abs(place[:, None] - np.arange(len(grid))), 0.0)
    return shares


def _inputs(kind: Kind, view: View, scale: Values) -> Values:
    """(..., H, F) what a regression is given; weights that turn meet sine and cosine of the target's time of day."""
    inputs: Values = view.inputs[int(kind.logarithmic)]
    if not kind.logarithmic:
        inputs = inputs.copy()
        inputs[..., :-_WAVES] /= scale[..., None]
    if kind.turning:
        sine, cosine = inputs[..., -_WAVES, None], inputs[..., 1 - _WAVES, None]
        inputs = np.concatenate([inputs, inputs * sine, inputs * cosine], -1)
    return inputs
