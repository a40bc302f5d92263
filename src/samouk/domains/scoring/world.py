"""A seeded simulator: choices that are offered to agents, how they turn out, and how that changes over the weeks."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from samouk.domains.scoring.additive import sigmoid
from samouk.domains.scoring.declaration import Declaration
from samouk.domains.scoring.features import Layout, Matrix, layout_of, matrix
from samouk.domains.scoring.schema import CALLING, EXAMPLE, OUTCOME, schema_of
from samouk.edge.wire import GROUPS, Row, receipt_hash
from samouk.loop.columns import Column, Columns, concatenate, dtype_of, to_lists
from samouk.loop.records import Batch

ROWS = 80
"""Outcomes in a batch."""

FIRST_DAY = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
MISSING = 0.06
"""Share of optional values that are not there."""

UNTOLD = 0.15
"""Share of outcomes that nobody ever tells."""

LATE = 0.05
TYPICAL_DELAY = dt.timedelta(hours=3)
STRENGTH = 1.6
"""Standard deviation of the log odds over the rows."""

BASE = -0.8
"""Log odds of an average row: about three in ten turn out well."""

_CONCENTRATION = 8.0
"""Of how strongly a choice calls around its expectation: a beta distribution."""

_PAIRS = 3
_LAW = 20_26

Rank = Callable[[Sequence[Row]], Sequence[float]]
"""Rows of choices → their scores."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How the relation of features and outcomes moves from its first law to its second.

    Attributes:
        kind: ``none``; ``abrupt`` at ``week``; ``gradual`` over ``length`` weeks from ``week`` on; ``recurring``,
            the second law in every other stretch of ``length`` weeks.
        depth: how far towards the second law, 0 to 1.
    """

    kind: Literal["none", "abrupt", "gradual", "recurring"] = "none"
    week: float = 4.0
    length: float = 4.0
    depth: float = 1.0

    def share(self, week: float) -> float:
        """Share of the second law at a moment in weeks."""
        if self.kind == "gradual":
            return self.depth * float(np.clip((week - self.week) / self.length, 0, 1))
        if self.kind == "recurring":
            return self.depth * float(math.floor(week / self.length) % 2)
        return self.depth if self.kind == "abrupt" and week >= self.week else 0.0


@dataclass(frozen=True, slots=True)
class Law:
    """How features decide: bends of numbers, weights of codes, and pairs that only count together."""

    slopes: NDArray[np.float64]
    bends: NDArray[np.float64]
    tables: tuple[NDArray[np.float64], ...]
    pairs: tuple[tuple[int, int, float], ...]

    def pull(self, layout: Layout, inputs: Matrix) -> NDArray[np.float64]:
        """(n,) what draws towards a good outcome; of mean 0 and standard deviation 1, about."""
        ranges = np.array([spec.high - spec.low or 1.0 for spec in layout.fields])
        lows = np.array([spec.low for spec in layout.fields])
        # From -1.7 to 1.7 over the declared range: values spread evenly have standard deviation 1. Gaps: the middle.
        places = np.nan_to_num(3.46 * ((inputs - lows) / ranges - 0.5))
        numbers = list(layout.numeric)
        found = places[:, numbers] @ self.slopes[numbers] + (places[:, numbers] ** 2 - 1) @ self.bends[numbers]
        for (place, values), weights in zip(layout.coded, self.tables, strict=True):
            known = ~np.isnan(inputs[:, place])
            codes = np.where(known, np.nan_to_num(inputs[:, place]), values).astype(np.intp)
            found += np.append(weights, 0.0)[codes]
        for one, other, weight in self.pairs:
            found += weight * np.sign(places[:, one]) * np.sign(places[:, other])
        effects = 1 + _PAIRS / 4 + len(layout.fields)
        pull: NDArray[np.float64] = found * STRENGTH / math.sqrt(effects * 0.5)
        return pull


def law_of(layout: Layout, number: int) -> Law:
    """The ``number``-th law over these features; the same for every seed of the world."""
    rng = np.random.default_rng([_LAW, number, int(layout.digest, 16)])
    width = layout.width
    coded = tuple(rng.normal(0, 0.9, values) for _, values in layout.coded)
    pairs = tuple(
        (int(one), int(other), float(rng.normal(0, 0.8)))
        for one, other in (rng.integers(0, width, 2) for _ in range(_PAIRS))
        if one != other
    )
    return Law(rng.normal(0, 0.6, width), rng.normal(0, 0.35, width), coded, pairs)


@dataclass(frozen=True, slots=True)
class Visit:
    """An agent who comes and is offered some choices.

    Attributes:
        unit: what the application calls the agent.
        rows: the choices, one row each.
        chances: (m,) how likely each turns out well, or how strongly it calls; what a model is to find out.
        draw: in [0, 1); with the chance it decides the outcome, so that two models can be compared on equal luck.
        delay: until the outcome is known; None when it is never told.
    """

    at: dt.datetime
    unit: str
    rows: tuple[Row, ...]
    chances: NDArray[np.float64]
    draw: float
    delay: dt.timedelta | None

    def outcome(self, chosen: int) -> float:
        """0 or 1: how the choice turns out; the better the choice, the more often well."""
        return float(self.draw < self.chances[chosen])


@dataclass(frozen=True, slots=True)
class Lived:
    """What a model's choice for one visit came to; ``outcome`` is None when nobody told."""

    visit: Visit
    chosen: int
    score: float
    outcome: float | None


class ScoringWorld:
    """Simulated choices over the declared features, their outcomes, and agents who live with a model's scores.

    Assumptions:
        * Numbers are spread evenly over their declared range, values of categories unevenly; fields are
          independent of each other. A small share of optional values is missing, at random.
        * The log odds of a good outcome are a sum over the fields (numbers may bend) and three pairs of fields
          that only count together.
        * The relation is the same for every seed. It moves from a first law to a second as ``drift`` says; who
          comes and what is offered does not move.
        * Outcomes are 0 or 1; of ``scoring.calling`` they are shares, spread around what is expected.
        * One in seven outcomes is never told, whatever it was; the others come after some hours, a few of them
          after their window. In ``batches`` only what was told appears.
        * In ``people`` an agent takes the choice with the highest score, and only that one has an outcome. Agents
          come back, and each has a mood of its own that no feature tells.

    In a ``null`` world outcomes are drawn independently of every feature.
    """

    def __init__(
        self,
        seed: int,
        null: bool = False,
        *,
        learner: str = OUTCOME,
        declaration: Declaration = EXAMPLE,
        drift: Drift = Drift(),
    ) -> None:
        self.seed, self.null, self.learner, self.drift = seed, null, learner, drift
        self.schema = schema_of(learner, declaration)
        self.layout = layout_of(self.schema)
        self._laws = (law_of(self.layout, 0), law_of(self.layout, 1))

    def chances(self, columns: Columns, week: float) -> NDArray[np.float64]:
        """(n,) true expectation of the outcome in [0, 1], without the agents' moods."""
        return sigmoid(self._odds(matrix(self.layout, columns), week))

    def _odds(self, inputs: Matrix, week: float) -> NDArray[np.float64]:
        if self.null:
            return np.full(len(inputs), BASE)
        share = self.drift.share(week)
        first, second = (law.pull(self.layout, inputs) for law in self._laws)
        # On the circle from one law to the other, so that the spread of the odds stays what it was.
        angle = share * math.pi / 2
        found: NDArray[np.float64] = BASE + math.cos(angle) * first + math.sin(angle) * second
        return found

    def rows(self, count: int, rng: np.random.Generator) -> dict[str, Column]:
        """Columns of choices, without what is told."""
        columns: dict[str, Column] = {}
        for spec in self.layout.fields:
            drawn: Column
            if spec.kind == "category":
                shares = 1 / np.arange(1.5, len(spec.values) + 1.5)
                drawn = rng.choice(len(spec.values), count, p=shares / shares.sum())
            elif spec.kind == "flag":
                drawn = rng.random(count) < 0.4
            else:
                drawn = rng.uniform(spec.low, spec.high, count)
            column = np.asarray(np.floor(drawn) if spec.kind == "integer" else drawn).astype(dtype_of(spec))
            if spec.optional:
                column[rng.random(count) < MISSING] = np.nan if spec.kind == "number" else _gap(spec.kind, spec.low)
            columns[spec.name] = column
        return columns

    def batches(self, week: int, contributors: int) -> Iterator[Batch]:
        """One batch of told outcomes a contributor; the same for the same seed."""
        for contributor in range(contributors):
            yield self._batch(week, contributor, turned=False)

    def poisoned(self, week: int, contributors: int) -> Iterator[Batch]:
        """Batches of liars: every outcome is turned round."""
        for contributor in range(contributors):
            yield self._batch(week, contributor, turned=True)

    def _batch(self, week: int, contributor: int, *, turned: bool) -> Batch:
        rng = np.random.default_rng([self.seed, week, contributor, int(turned)])
        columns = self.rows(ROWS, rng)
        chances = self.chances(columns, week + contributor / 1_000)
        outcome = self._outcomes(chances, rng)
        if turned:
            outcome = 1 - np.where(chances < np.median(chances), 0.0, 1.0)
        told = rng.random(ROWS) >= UNTOLD
        columns["outcome"] = np.where(told, outcome, np.nan).astype(np.float32)
        columns["late"] = (told & (rng.random(ROWS) < LATE)).astype(np.int8)
        columns["propensity"] = np.ones(ROWS, np.float32)
        identifier = str(uuid.UUID(bytes=rng.bytes(16), version=4))
        return Batch(
            batch_id=identifier,
            learner=self.learner,
            schema_version=self.schema.version,
            group=int(rng.integers(GROUPS)),
            receipt_hash=receipt_hash(identifier),
            columns={spec.name: columns[spec.name] for spec in self.schema.fields},
        )

    def _outcomes(self, chances: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
        if self.learner == CALLING:
            drawn = rng.beta(_CONCENTRATION * chances + 1e-3, _CONCENTRATION * (1 - chances) + 1e-3)
            return np.asarray(np.round(drawn, 3))
        return (rng.random(len(chances)) < chances).astype(np.float64)

    def people(self, day: int, visits: int, choices: int = 3, agents: int = 5_000) -> Iterator[Visit]:
        """Visits of one day in the order of the clock, spread over the day; the same for the same seed."""
        rng = np.random.default_rng([self.seed, 1_000_003, day])
        columns = self.rows(visits * choices, rng)
        odds = self._odds(matrix(self.layout, columns), day / 7)
        who = rng.integers(agents, size=visits)
        moods = np.random.default_rng([self.seed, 77]).normal(0, 0.3 * STRENGTH, agents)
        chances = sigmoid(odds + np.repeat(moods[who], choices))
        rows = _plain(self.layout, columns)
        moments = np.sort(rng.random(visits))
        delays = rng.exponential(TYPICAL_DELAY.total_seconds(), visits)
        never, draws = rng.random(visits) < UNTOLD, rng.random(visits)
        for number in range(visits):
            mine = slice(number * choices, (number + 1) * choices)
            yield Visit(
                at=FIRST_DAY + dt.timedelta(days=day + float(moments[number])),
                unit=f"agent-{who[number]}",
                rows=tuple(rows[mine]),
                chances=chances[mine],
                draw=float(draws[number]),
                delay=None if never[number] else dt.timedelta(seconds=float(delays[number])),
            )

    def live(self, rank: Rank, day: int, visits: int, choices: int = 3) -> Iterator[Lived]:
        """A day with a model: each agent takes the choice that ``rank`` scores highest."""
        for visit in self.people(day, visits, choices):
            scores = rank(visit.rows)
            chosen = int(np.argmax(scores))
            outcome = visit.outcome(chosen) if visit.delay is not None else None
            yield Lived(visit, chosen, float(scores[chosen]), outcome)

    def examples(self, rows: int, week: int = 0) -> dict[str, Column]:
        """Columns of many batches in one: for tests and benchmarks that need a number of rows."""
        count = -(-rows // ROWS)
        whole = concatenate(self.schema, [batch.columns for batch in self.batches(week, count)])
        return {name: column[:rows] for name, column in whole.items()}


def _gap(kind: str, low: float) -> int:
    return int(low) - 1 if kind == "integer" else -1


def _plain(layout: Layout, columns: Mapping[str, Any]) -> list[Row]:
    """Columns as rows of plain values, as an application would send them."""
    seen = type(layout.schema)(layout.schema.name, layout.schema.version, layout.fields)
    lists = to_lists(seen, columns)
    return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
