"""Elements of many applications with their truth: real ones where the open file is, else simulated ones."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import open_screens
from samouk.domains.screens import features as numbers
from samouk.domains.screens import schema
from samouk.domains.screens.anonymise import samples_of
from samouk.domains.screens.element import Evidence, Screen
from samouk.domains.screens.labels import label
from samouk.domains.screens.taxonomy import TYPES, Flags, class_type
from samouk.loop.columns import Columns, from_rows, take
from samouk.loop.records import Examples, Labels

SCREENS_AN_APP = 25
CODE = {name: code for code, name in enumerate(TYPES)}
Ints = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Elements of many applications: (n,) truth, application, framework and what the class says.

    ``masked`` are elements whose class tells the type and is hidden from the model; ``hard`` are those on
    generic or custom classes whose type a developer's name gave (high confidence, no plain containers).
    """

    origin: str
    columns: Columns
    truth: Ints
    app: Ints
    framework: NDArray[np.str_]
    masked: NDArray[np.bool_]
    hard: NDArray[np.bool_]
    containers: NDArray[np.bool_]
    usable: Labels

    def examples(self, rows: NDArray[np.bool_]) -> Examples:
        kept = np.flatnonzero(rows & (self.usable.values >= 0))
        labels = Labels(self.usable.values[kept], self.usable.confidence[kept], self.usable.trusted[kept])
        return Examples(take(self.columns, kept), labels, self.app[kept].astype(np.int32))


def corpus() -> Corpus:
    """The open file where it is, else simulated screens."""
    file = open_screens.path()
    return _corpus("simulated", _simulated()) if file is None else _corpus("open screens", _opened(file))


def _opened(file: Path) -> list[tuple[int, str, Screen]]:
    seen: Counter[int] = Counter()
    out = []
    for item in open_screens.load(file):
        seen[item.app] += not item.system
        if not item.system and seen[item.app] <= SCREENS_AN_APP:
            out.append((item.app, item.framework, item.screen))
    return out


def _simulated() -> list[tuple[int, str, Screen]]:
    from samouk.domains.screens.world import ScreenWorld

    world = ScreenWorld(99)
    apps = [world.app(number) for number in range(80)]
    return [(number, app.framework, screen) for number, app in enumerate(apps) for screen in world.screens(app, 6)]


def _corpus(origin: str, screens: Sequence[tuple[int, str, Screen]]) -> Corpus:
    now = dt.datetime.now(dt.UTC)
    rows: list[Any] = []
    places: list[tuple[int, str, float]] = []
    for app, framework, screen in screens:
        evidence = [_evidence(screen, index) for index in range(len(screen.elements))]
        for index, row in samples_of(screen, evidence, now):
            told = screen.elements[index].known
            rows.append(row)
            places.append((app, framework, told.confidence if told else 0.0))
    columns = from_rows(schema.SCHEMA, rows)
    return _partition(origin, columns, places)


def _evidence(screen: Screen, index: int) -> Evidence | None:
    """What a client would send: the class where it tells, else the developer's name."""
    element = screen.elements[index]
    kind = class_type(element.class_name, Flags(element.password, element.clickable, element.checkable))
    return Evidence(kind, 0.97, "class") if kind else element.known


def _partition(origin: str, columns: dict[str, Any], places: Sequence[tuple[int, str, float]]) -> Corpus:
    says = numbers.told(columns)
    told = says != numbers.UNTOLD
    named = columns["element_type"]
    # Size and place decide among pictures and buttons; rounding in dp must not make truth and label differ.
    columns["element_type"] = np.where(told, says, named).astype(np.int16)
    sure = np.array([confidence for _, _, confidence in places]) >= 0.8
    silent = ~told & sure & (named != CODE["unknown"])
    return Corpus(
        origin=origin,
        columns=columns,
        truth=columns["element_type"],
        app=np.array([app for app, _, _ in places]),
        framework=np.array([framework for _, framework, _ in places]),
        # A window or a radio group is a container by class, and as little telling as any other container.
        masked=told & (columns["element_type"] != CODE["container"]),
        hard=silent & (columns["element_type"] != CODE["container"]),
        containers=(silent | told) & (columns["element_type"] == CODE["container"]),
        usable=label(columns),
    )
