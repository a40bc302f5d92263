"""The ways to forecast a rate that compete: repeat, average, repeat a season, and regressions on all of these."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from samouk.domains.traffic.load.history import DAY_S, History, Slots, Values
from samouk.domains.traffic.load.lookups import Offsets, look, offsets
from samouk.domains.traffic.load.regression import Kind, Ridge

LAST, DAY, WEEK = "last value", "last day", "last week"
SIMPLE = (LAST, "mean of 4", "mean of 15", "mean of 60", DAY, WEEK, "level and day", "level and week")
KINDS = (
    Kind("regression", False, 14.0),
    Kind("log regression", True, 14.0),
    Kind("fresh regression", False, 3.0),
    Kind("fresh log regression", True, 3.0),
    Kind("turning regression", False, 30.0, turning=True),
    Kind("turning log regression", True, 30.0, turning=True),
)
NAMES = (*SIMPLE, *(kind.name for kind in KINDS))
_HARMONICS = 5
_BASES = 3


class View(NamedTuple):
    """What the past looks like from an origin. Shapes (..., H) and (..., H, G)."""

    base: Values
    groups: Values
    inputs: Values


class Candidates:
    """All candidates of one series at one step, for H horizons; none looks past its origin."""

    def __init__(self, step_s: int, horizons: tuple[int, ...]) -> None:
        self.step_s, self.horizons = step_s, horizons
        self.plain, self.logs = History(step_s), History(step_s)
        names = offsets(step_s, horizons).names
        self._place = {name: place for place, name in enumerate(names)}
        features = len(names) - _BASES + _HARMONICS
        self._ridges = [Ridge(len(horizons), features * (3 if kind.turning else 1)) for kind in KINDS]
        self._learnt = [-1] * len(horizons)
        self._peak = 0.0

    def push(self, slot: int, value: float) -> None:
        """The count of a slot; NaN when it is missing."""
        if value == value:
            fade = 0.5 ** (self.step_s / (14 * DAY_S))
            self._peak = max(self._peak * fade, value)
        self.plain.push(slot, value)
        self.logs.push(slot, float(np.log1p(value)))

    def forecast(self, horizons: tuple[int, ...] | None = None) -> Values:
        """(H, K) from the newest slot, for the grid's horizons or others: between two of the grid weights are mixed."""
        origin, asked = np.array(self.plain.now), self.horizons if horizons is None else horizons
        windows, ahead = offsets(self.step_s, asked), np.array(asked)
        mix = None if horizons is None else mixing(self.horizons, horizons)
        plain, logs = (self._view(history, origin, windows, ahead) for history in (self.plain, self.logs))
        scale = self._scale(origin)
        said = [*self._simple(plain)]
        for kind, ridge in zip(KINDS, self._ridges, strict=True):
            view = logs if kind.logarithmic else plain
            inputs = view.inputs if kind.logarithmic else self._scaled(view.inputs, scale)
            if kind.turning:
                inputs = _turned(inputs)
            rise = (inputs * (ridge.weights if mix is None else mix @ ridge.weights)).sum(-1)
            said.append(np.expm1(np.minimum(view.base + rise, 50.0)) if kind.logarithmic else view.base + rise * scale)
        return np.clip(np.stack(said, axis=-1), 0.0, 1.5 * self._peak)

    def _simple(self, view: View) -> list[Values]:
        def group(name: str) -> Values:
            found = view.groups[..., self._place[name]]
            return np.where(np.isfinite(found), found, view.base)

        level = group("mean 15")
        moved = [level + group(f"{s} smooth target") - group(f"{s} smooth origin") for s in ("day", "week")]
        return [view.base, group("mean 4"), level, group("mean 60"), group("day target"), group("week target"), *moved]

    def _view(self, history: History, origins: Slots, windows: Offsets, horizons: Slots) -> View:
        groups = look(history, origins, windows)
        base = groups[..., 0]
        for place in range(1, _BASES):
            base = np.where(np.isfinite(base), base, groups[..., place])
        base = np.nan_to_num(base)
        rises = np.nan_to_num(groups[..., _BASES:] - base[..., None])
        phase = 2 * np.pi * (origins[..., None] + horizons) * self.step_s / DAY_S
        waves = np.stack([np.sin(phase), np.cos(phase), np.sin(2 * phase), np.cos(2 * phase), np.ones_like(phase)], -1)
        return View(base, groups, np.concatenate([rises, waves], -1))

    def _scale(self, origins: Slots) -> Values:
        week = 7 * DAY_S // self.step_s
        return np.maximum(np.nan_to_num(self.plain.mean(origins - week, origins)), 0.1 * self._peak + 1e-9)[..., None]

    def _scaled(self, inputs: Values, scale: Values) -> Values:
        return np.concatenate([inputs[..., :-_HARMONICS] / scale[..., None], inputs[..., -_HARMONICS:]], -1)

    def learn(self) -> None:
        """Take what has come true since the last call into the regressions."""
        now = self.plain.now
        for place, horizon in enumerate(self.horizons):
            origins = np.arange(max(self._learnt[place] + 1, self.plain.first), now - horizon + 1)
            if len(origins):
                self._learn(place, horizon, origins)
                self._learnt[place] = now - horizon
        for ridge in self._ridges:
            ridge.solve()

    def _learn(self, place: int, horizon: int, origins: Slots) -> None:
        windows, ahead = offsets(self.step_s, (horizon,)), np.array([horizon])
        plain, logs = (self._view(history, origins, windows, ahead) for history in (self.plain, self.logs))
        scale = self._scale(origins)
        known = np.isfinite(self.plain.at(origins))
        for kind, ridge in zip(KINDS, self._ridges, strict=True):
            view, history = (logs, self.logs) if kind.logarithmic else (plain, self.plain)
            inputs = view.inputs if kind.logarithmic else self._scaled(view.inputs, scale)
            inputs = (_turned(inputs) if kind.turning else inputs)[:, 0]
            rise = history.at(origins + horizon) - view.base[:, 0]
            if not kind.logarithmic:
                rise = rise / scale[:, 0]
            keep = 0.5 ** (self.step_s / (kind.half_life_days * DAY_S))
            ridge.add(place, inputs, np.where(known, rise, np.nan), keep)


def mixing(grid: tuple[int, ...], horizons: tuple[int, ...]) -> Values:
    """(n, H) shares of the grid's horizons that stand for others: linear between two, the last one's beyond it."""
    place = np.interp(horizons, grid, np.arange(len(grid)))
    return np.maximum(1.0 - np.abs(place[:, None] - np.arange(len(grid))), 0.0)


def _turned(inputs: Values) -> Values:
    """The inputs, and the inputs times the sine and the cosine of the target's time of day."""
    sine, cosine = inputs[..., -5:-4], inputs[..., -4:-3]
    return np.concatenate([inputs, inputs * sine, inputs * cosine], -1)
