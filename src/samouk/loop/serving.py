"""Predictions in service: which version answers whom, its answer, and the exposure that records it."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from samouk.edge.wire import Row, WireError
from samouk.loop.assignment import Assignment, assign
from samouk.loop.columns import Columns, rows_in
from samouk.loop.exposure import group_of_unit, new_event_id, pseudonym
from samouk.loop.latency import Latencies
from samouk.loop.learner import Learner
from samouk.loop.lineup import Bench, LineUp, Loaded
from samouk.loop.live import Exposure, Variant
from samouk.loop.ports import Services
from samouk.loop.records import ABSTAIN
from samouk.loop.rows import Code, RowReader

MAX_UNIT = 200
"""Characters of a unit's name."""


class NoVersion(Exception):
    """The learner has no version in service yet."""


class Unservable(Exception):
    """A version was loaded and cannot answer; those that can stay in service."""


class PredictionFailed(Exception):
    """The champion gave no answer. ``exposures`` are the failures that are to be recorded."""

    def __init__(self, exposures: Sequence[Exposure]) -> None:
        super().__init__("the model in service failed on this row")
        self.exposures = tuple(exposures)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a unit is told.

    Attributes:
        version: who answered. Where a challenger failed, that is the champion.
        variant: the arm in which the unit stands.
        score: the calling score in [0, 1]: the value itself of a learner without classes, else the
            confidence; None when the version abstains.
        value: the class by name, or the score; None when the version abstains.
        confidence: in [0, 1].
    """

    event_id: str
    version: str
    variant: Variant
    score: float | None
    value: str | float | None
    confidence: float


class Shown(NamedTuple):
    """An answer, and what is to be recorded before it goes out."""

    answer: Answer
    exposure: Exposure


class Asked(NamedTuple):
    """One question.

    Attributes:
        unit: what the application calls whoever sees the answer, 1 to ``MAX_UNIT`` characters; only its pseudonym
            is kept.
        row: plain values of the fields that are known beforehand.
        event_id: of an event that has an id already; None for a fresh one.
        where: how errors name the row.
    """

    unit: str
    row: Row
    event_id: str | None = None
    where: str = "features"


class _Said(NamedTuple):
    """What a version says of one row; a score of NaN and no value when it abstains."""

    score: float
    value: str | float | None
    confidence: float


@dataclass(slots=True)
class _Case:
    """One question on its way to its answer; ``by`` is None as long as nobody answered."""

    unit: str
    coded: tuple[Code, ...]
    assigned: Assignment
    by: str | None = None
    score: float = math.nan
    value: str | float | None = None
    confidence: float = 0.0
    failed: bool = False
    latency_ms: float = 0.0
    shadows: dict[str, float] | None = None


class Serving:
    """One learner in service. ``predict`` may be called from any thread while another one refreshes.

    Attributes:
        faults: answers that a version owed and did not give in time, those of shadows too.
        latencies: of what was asked, until the answer stood, whoever gave it; shadows apart.
    """

    def __init__(self, learner: Learner, services: Services) -> None:
        self.faults = 0
        self.latencies = Latencies()
        self._learner = learner
        self._services = services
        self._secret = services.journal.secret()
        self._reader = RowReader(learner.schema, learner.told)
        self._bench = Bench(learner, services, lambda loaded: self._say(loaded, self._reader.example()))

    @property
    def versions(self) -> tuple[str, ...]:
        """Names of the versions that can answer now, the champion first; none before the first one."""
        service = self._bench.playing
        return tuple(service.versions) if service else ()

    @property
    def silent(self) -> bool:
        """Whether the last look found a version in service, and nothing answers for it."""
        return self._bench.playing is None and self._bench.wanted is not None

    def predict(self, unit: str, row: Row, *, event_id: str | None = None) -> Shown:
        """Answer one question.

        Raises:
            NoVersion: nothing is in service yet.
            WireError: the unit is no name, or a field is unknown, missing or out of range; names it.
            PredictionFailed: the champion gave no answer.
        """
        return self.predict_all((Asked(unit, row, event_id),))[0]

    def predict_all(self, asked: Sequence[Asked]) -> list[Shown]:
        """Answer many questions, each version all of its own at once. Raises what ``predict`` raises."""
        service = self._bench.playing
        if service is None:
            raise NoVersion(f"no version of {self._learner.name} is in service yet; try again once one is released")
        cases = [self._case(service, one) for one in asked]
        for (version, _), mine in _by_arm(cases).items():
            self._answer(service, version, mine)
        for version, mine in _by_shadow(cases).items():
            self._overshadow(service, version, mine)
        now = self._services.clock.now()
        rollout = service.rollout.rollout_id if service.rollout else None
        exposures = [self._exposure(one, case, now, rollout) for one, case in zip(asked, cases, strict=True)]
        if any(case.by is None for case in cases):
            raise PredictionFailed([exposure for exposure in exposures if exposure.failed])
        return [Shown(_answer(case, exposure), exposure) for case, exposure in zip(cases, exposures, strict=True)]

    def _case(self, service: LineUp, one: Asked) -> _Case:
        if not isinstance(one.unit, str) or not 1 <= len(one.unit) <= MAX_UNIT:
            raise WireError(_unit(one), f"must be a text of 1 to {MAX_UNIT} characters: who sees the answer")
        if not isinstance(one.row, Mapping):
            raise WireError(one.where, "must be an object, one member a field of the learner's schema")
        coded = self._reader.codes(one.row, one.where)
        try:
            unit = pseudonym(self._secret, self._learner.name, one.unit)
        except UnicodeEncodeError:
            raise WireError(_unit(one), "holds half of a surrogate pair; send whole characters") from None
        return _Case(unit, coded, assign(service.rollout, unit) if service.rollout else service.everybody)

    def _answer(self, service: LineUp, version: str, cases: Sequence[_Case], waited_ms: float = 0.0) -> None:
        """Let a version answer; where it fails, the champion does in its place.

        The latency of a row is its share of the time that all took: how many were asked together is the caller's
        choice. Arms are asked apart, so that a challenger and its control share what a call costs among as many.
        It is the arm's own; ``latencies`` count until the answer stands, attempts in vain among them.

        Args:
            waited_ms: a row's share of an attempt in vain before this one.
        """
        began = time.perf_counter()
        found = self._ask(service, version, cases)
        if found is None and len(cases) > 1:  # one bad row is no reason to fail the others
            waited_ms += _share_ms(began, cases)
            for case in cases:
                self._answer(service, version, [case], waited_ms)
            return
        latency_ms = _share_ms(began, cases)
        by: str | None = version
        if found is None:
            by = service.everybody.version
            found = self._ask(service, by, cases) if by != version else None
        self.latencies.add((waited_ms + _share_ms(began, cases)) / 1000, len(cases))
        for place, case in enumerate(cases):
            case.latency_ms = latency_ms
            case.failed = by != version or found is None
            if found is not None:
                case.by, (case.score, case.value, case.confidence) = by, found[place]

    def _overshadow(self, service: LineUp, version: str, cases: Sequence[_Case]) -> None:
        """What a version that is not shown would have said; NaN when it failed or abstained.

        NaN too where it was slow and what was shown was not: an answer for which nobody would have waited. So a
        shadow that is too slow counts as one that gives no answers, before anybody has to wait for it.
        """
        began = time.perf_counter()
        found = self._ask(service, version, cases)
        if found is None and len(cases) > 1:
            for case in cases:
                self._overshadow(service, version, [case])
            return
        latency_ms = _share_ms(began, cases)
        slow_ms = service.rollout.policy.slow_ms if service.rollout else math.inf
        for place, case in enumerate(cases):
            late = latency_ms > slow_ms >= case.latency_ms
            self.faults += late
            score = math.nan if found is None or late else found[place].score
            case.shadows = {**(case.shadows or {}), version: score}

    def _ask(self, service: LineUp, version: str, cases: Sequence[_Case]) -> list[_Said] | None:
        """What a version says of each row; None when it failed."""
        try:
            # A KeyError is that of a version that could not be loaded.
            return self._say(service.versions[version], self._reader.columns([case.coded for case in cases]))
        except Exception:  # noqa: BLE001 - the border of models, which may be anybody's; counted
            self.faults += len(cases)
            return None

    def _say(self, loaded: Loaded, columns: Columns) -> list[_Said]:
        """Raises whatever a model raises, and Unservable for what is no prediction."""
        predictions = self._learner.predict(loaded.artifact, columns)
        if loaded.practice is not None:
            predictions = loaded.practice.correct(columns, predictions)
        confidence = predictions.confidence.tolist()
        values = predictions.values.tolist()
        classes = self._learner.classes
        if classes:
            said = [
                _Said(math.nan, None, sure) if code == ABSTAIN else _Said(sure, classes[code], sure)
                for code, sure in zip(values, confidence, strict=True)
            ]
        else:
            said = [
                _Said(score, None if math.isnan(score) else score, sure)
                for score, sure in zip(values, confidence, strict=True)
            ]
        if len(said) != rows_in(columns) or not all(_sound(one) for one in said):
            raise Unservable(f"{loaded.version.name} gave no scores in [0, 1]")
        return said

    def _exposure(self, one: Asked, case: _Case, now: dt.datetime, rollout: str | None) -> Exposure:
        assigned = case.assigned
        return Exposure(
            one.event_id or new_event_id(self._secret, now),
            self._learner.name,
            assigned.version,
            assigned.variant,
            case.unit,
            group_of_unit(case.unit),
            now,
            math.nan if case.failed else case.score,
            assigned.propensity,
            dict(one.row),
            case.latency_ms,
            rollout if assigned.step >= 0 else None,
            assigned.step,
            case.shadows or {},
            case.failed,
        )

    def refresh(self) -> None:
        """Look whether the registry or the rollout has changed, load what serves now, learn what was told since.

        Cheap when nothing has changed: two questions to the store, and one more of a learner that learns online.

        Raises:
            Unservable: a version cannot answer, said once of each; everything else was done.
        """
        trouble = self._bench.look()
        self._bench.learn()
        if trouble:
            raise Unservable("; ".join(trouble))

    def close(self) -> None:
        """Keep what was learnt between two turns, so that a restart goes on from it."""
        self._bench.keep()


def _by_arm(cases: Sequence[_Case]) -> dict[tuple[str, Variant], list[_Case]]:
    found: dict[tuple[str, Variant], list[_Case]] = {}
    for case in cases:
        found.setdefault((case.assigned.version, case.assigned.variant), []).append(case)
    return found


def _by_shadow(cases: Sequence[_Case]) -> dict[str, list[_Case]]:
    found: dict[str, list[_Case]] = {}
    for case in cases:
        for version in case.assigned.shadows:
            found.setdefault(version, []).append(case)
    return found


def _share_ms(began: float, cases: Sequence[_Case]) -> float:
    """Milliseconds a row since ``began``."""
    return (time.perf_counter() - began) * 1000 / len(cases)


def _unit(one: Asked) -> str:
    """How errors name the unit of a question."""
    return one.where.removesuffix("features") + "unit"


def _sound(said: _Said) -> bool:
    return (0 <= said.score <= 1 or math.isnan(said.score)) and 0 <= said.confidence <= 1


def _answer(case: _Case, exposure: Exposure) -> Answer:
    score = None if math.isnan(case.score) else case.score
    return Answer(exposure.event_id, case.by or "", exposure.variant, score, case.value, case.confidence)
