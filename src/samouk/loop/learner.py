"""What a learner and its domain must offer: values, not base classes.

A learner is judged by ``samouk.loop.checks`` and nothing else; the checks run for learners inside
this tree and for those that other distributions offer by the entry point ``samouk.domains``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from samouk.edge.wire import Schema
from samouk.loop.columns import Columns
from samouk.loop.records import Artifact, Batch, BoolArray, Examples, FloatArray, Labels, Order, Predictions, Run

Progress = Callable[[str, float], None]
"""Called with a sentence and the share done, 0 to 1."""


def silent(_text: str, _share: float) -> None:
    """A progress that tells nobody."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a fit is given beside the data: one seed, one budget, one place to report to."""

    seed: int = 0
    time_budget_s: float = 600.0
    threads: int = 1
    progress: Progress = silent


@dataclass(frozen=True, slots=True)
class Metric:
    """One measure of a learner.

    Attributes:
        name: as it stands in figures, cards and the API.
        direction: which way is better. Per-example values are in [0, 1] either way.
        tolerance: how much worse a challenger's mean may be before it counts as harm.
        binary: True when per-example values are 0 or 1, so that the exact McNemar test applies.
        floor: below this mean on live outcomes the quality trigger fires; None for no floor.
    """

    name: str
    direction: Literal["up", "down"] = "up"
    tolerance: float = 0.0
    binary: bool = True
    floor: float | None = None
    help: str = ""


@dataclass(frozen=True, slots=True)
class TriggerPolicy:
    """When to learn: after so many days, or so many new samples."""

    period: dt.timedelta = dt.timedelta(days=7)
    volume: int = 1_000
    cooldown: dt.timedelta = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """How sure the gate must be.

    Attributes:
        alpha: chance of promoting a challenger that is no better, at most.
        margin: how much better the primary metric's mean must be, in its own unit.
        minimum: held-out examples below which the gate stays undecided.
        slice_minimum: held-out examples below which a slice is not judged.
        reuse_budget: gates that one holdout may serve before it must have grown by a tenth.
    """

    alpha: float = 0.05
    margin: float = 0.0
    minimum: int = 200
    slice_minimum: int = 50
    reuse_budget: int = 50


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything about a learner that an operator may want to change."""

    triggers: TriggerPolicy = field(default_factory=TriggerPolicy)
    gate: GatePolicy = field(default_factory=GatePolicy)
    approval: Literal["auto", "human"] = "auto"
    holdout_groups: frozenset[int] = frozenset({3, 7, 11, 15})


class World(Protocol):
    """A seeded simulator. Its assumptions stand in its docstring; ``null`` worlds hold nothing to learn."""

    def batches(self, week: int, contributors: int) -> Iterator[Batch]:
        """What so many contributors send in one week; the same for the same seed."""


@dataclass(frozen=True, slots=True)
class Learner:
    """One thing that learns.

    Attributes:
        name: ``domain.noun``.
        schema: closed; an unknown field or a value out of range is refused with the field's name.
        classes: names of the label values, in the order of their codes.
        metrics: the first is the primary one, the others are guards.
        label: columns → labels, with abstention.
        fit: examples, champion or None, context → artifact. Deterministic for one seed.
        predict: artifact, columns → predictions, in the order of the rows.
        score: artifact, examples → per-example values in [0, 1], one (n,) array a metric; NaN where a
            metric does not apply to a row.
        slices: examples → named masks; no guarded metric may fall on any of them.
        suspects: (batch columns, champion) → why the batch should be quarantined, or None.
        card: artifact, training examples, holdout figures → the model card's learner-specific part (plain JSON).
        changes: (old champion or None, challenger, holdout examples) → changelog lines for people.
        world: (seed, null) → simulator.
        first: a model that ships with the domain, published as v1.0; None when the first turn makes it.
    """

    name: str
    schema: Schema
    classes: tuple[str, ...]
    metrics: tuple[Metric, ...]
    policy: Policy
    label: Callable[[Columns], Labels]
    fit: Callable[[Examples, Artifact | None, Context], Artifact]
    predict: Callable[[Artifact, Columns], Predictions]
    score: Callable[[Artifact, Examples], Mapping[str, FloatArray]]
    world: Callable[[int, bool], World]
    slices: Callable[[Examples], Mapping[str, BoolArray]] = lambda examples: {}
    suspects: Callable[[Columns, Artifact | None], str | None] = lambda columns, champion: None
    card: Callable[[Artifact, Examples, Mapping[str, float]], Mapping[str, Any]] = lambda artifact, train, figures: {}
    changes: Callable[[Artifact | None, Artifact, Examples], Sequence[str]] = lambda old, new, holdout: ()
    first: Callable[[], Artifact | None] = lambda: None

    @property
    def primary(self) -> Metric:
        return self.metrics[0]


class DemoHost(Protocol):
    """A running server with a clock that can be stepped, on which a domain plays its main job."""

    url: str
    api_key: str
    folder: Path
    """A fresh folder for what the demo's clients keep."""

    def now(self) -> dt.datetime:
        """The server's present moment."""

    def next_week(self) -> None:
        """Step the server's clock by seven days."""

    def begin(self, learner: Learner) -> None:
        """Release the learner's first model."""

    def due(self, learner: Learner) -> Order | None:
        """Whether a trigger of the learner fires."""

    def turn(self, learner: Learner, order: Order) -> Run:
        """Take one turn."""

    def say(self, text: str = "") -> None:
        """One line to the person who watches."""


@dataclass(frozen=True, slots=True)
class Domain:
    """A room: learners that share a schema, their routes and their commands.

    ``routes`` is called with the server's services and gives an object that FastAPI can include;
    ``demo`` plays the main job against a running server.
    """

    name: str
    title: str
    learners: tuple[Learner, ...]
    home: Path
    routes: Callable[[Any], Any] | None = None
    demo: Callable[[DemoHost], None] | None = None


def mean(values: FloatArray) -> float:
    """Mean over the rows to which the metric applies; NaN when there is none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
