"""What every learner must pass, inside this tree or outside it; run by ``samouk check`` and by the tests.

Each check is a function of one learner that raises ``Failed`` with a sentence. A learner that passes
can be trained, judged, released and taken back by the loop without surprises.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from samouk.edge.wire import GROUPS, WireError
from samouk.loop import gate, snapshot
from samouk.loop.columns import concatenate, dtype_of, rows_in, take, to_columns, to_lists
from samouk.loop.learner import Context, Learner
from samouk.loop.records import ABSTAIN, Artifact, Batch, Decision, Examples, FloatArray

CONTRIBUTORS = 24
"""Contributors of the simulated week that the checks train on."""

SEED = 20_000


class Failed(AssertionError):
    """A learner broke its contract; the message says which promise and how."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check of one learner; ``problem`` is None when it passed."""

    learner: str
    check: str
    promise: str
    problem: str | None


def run(learner: Learner) -> Iterator[CheckResult]:
    """Every check in turn; one that fails does not stop the others."""
    for check in CHECKS:
        problem: str | None = None
        try:
            check(learner)
        except Failed as failure:
            problem = str(failure)
        except Exception as error:  # noqa: BLE001 - a border: foreign code runs here, and what it raises is the finding
            problem = f"raised {type(error).__name__}: {error}"
        name = check.__name__.removeprefix("check_")
        yield CheckResult(learner.name, name, (check.__doc__ or "").strip(), problem)


def check_name(learner: Learner) -> None:
    """The name is `domain.noun`, and the policy's holdout groups exist and leave groups to learn from."""
    _require(learner.name.count(".") == 1, f"{learner.name!r} is not domain.noun")
    held = learner.policy.holdout_groups
    _require(bool(held) and held < set(range(GROUPS)), f"holdout groups {sorted(held)} must be some of 0..{GROUPS - 1}")


def check_metrics(learner: Learner) -> None:
    """There is a primary metric, names are unique, tolerances are no negative numbers."""
    names = [metric.name for metric in learner.metrics]
    _require(bool(names) and len(set(names)) == len(names), f"metrics must be named once each: {names}")
    _require(all(metric.tolerance >= 0 for metric in learner.metrics), "a tolerance is negative")


def check_schema_is_closed(learner: Learner) -> None:
    """An unknown field, and a wrong value in any field, is refused by name."""
    _refused(learner, {"no_such_field": [1]}, "no_such_field")
    good = to_lists(learner.schema, take(_week(learner, SEED)[0].columns, slice(1)))
    for spec in learner.schema.fields:
        _refused(learner, {**good, spec.name: [object()]}, spec.name)


def check_world_is_seeded(learner: Learner) -> None:
    """The simulator gives the same batches for one seed and other batches for another."""
    first, again, other = _week(learner, SEED), tuple(_batches(learner, SEED)), _week(learner, SEED + 1)
    _require(bool(first), "the world sends nothing in a week")
    _require(_digest(first) == _digest(again), "two worlds of one seed differ")
    _require(_digest(first) != _digest(other), "worlds of different seeds are the same")


def check_world_obeys_schema(learner: Learner) -> None:
    """Every simulated batch has every column of the schema, in its dtype, and a group that exists."""
    for batch in _week(learner, SEED):
        for spec in learner.schema.fields:
            column = batch.columns.get(spec.name)
            _require(column is not None and column.dtype == dtype_of(spec), f"column {spec.name} is not {spec.kind}")
        _require(0 <= batch.group < GROUPS, f"group {batch.group} does not exist")


def check_labels(learner: Learner) -> None:
    """Labels are one a row, name a class or abstain, and are sure between 0 and 1."""
    for batch in _week(learner, SEED)[:3]:
        labels = learner.label(batch.columns)
        _require(len(labels.values) == len(labels.confidence) == len(labels.trusted) == batch.rows, "labels miss rows")
        known = (labels.values >= ABSTAIN) & (labels.values < len(learner.classes))
        _require(bool(known.all()), "a label is no class of the learner")
        _require(_unit(labels.confidence), "a confidence is not in [0, 1]")


def check_fit_is_deterministic(learner: Learner) -> None:
    """Two fits with one seed predict the same."""
    again = learner.fit(_examples(learner), None, Context(seed=1))
    sample = _examples(learner).columns
    one, two = learner.predict(_artifact(learner), sample), learner.predict(again, sample)
    _require(bool((one.values == two.values).all()), "two fits with one seed disagree")


def check_artifact_is_safe(learner: Learner) -> None:
    """The artifact is no pickle, names its learner, schema and classes, and its metadata are plain JSON."""
    artifact = _artifact(learner)
    _require(not artifact.data.startswith((b"\x80", b"(")), "the artifact looks like a pickle")
    for key, value in {"learner": learner.name, "schema_version": learner.schema.version}.items():
        _require(artifact.metadata.get(key) == value, f"metadata[{key!r}] must be {value!r}")
    _require(list(artifact.metadata.get("classes", ())) == list(learner.classes), "metadata['classes'] differ")
    try:
        json.dumps(dict(artifact.metadata), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Failed(f"metadata are not plain JSON: {error}") from error


def check_predictions(learner: Learner) -> None:
    """Predictions are one a row in order, name a class or abstain, and are sure between 0 and 1; no rows give none."""
    columns = _examples(learner).columns
    whole = learner.predict(_artifact(learner), columns)
    _require(len(whole.values) == rows_in(columns), "predictions miss rows")
    _require(bool(((whole.values >= ABSTAIN) & (whole.values < len(learner.classes))).all()), "an unknown class")
    _require(_unit(whole.confidence), "a confidence is not in [0, 1]")
    tail = learner.predict(_artifact(learner), take(columns, slice(-5, None)))
    _require(bool((tail.values == whole.values[-5:]).all()), "a row is predicted differently in other company")
    nothing = learner.predict(_artifact(learner), concatenate(learner.schema, []))
    _require(len(nothing.values) == 0, "no rows give predictions")


def check_scores(learner: Learner) -> None:
    """Scores are one array a metric, one value a row in [0, 1], 0 or 1 for binary ones."""
    examples = _examples(learner)
    scores = learner.score(_artifact(learner), examples)
    _require(set(scores) == {metric.name for metric in learner.metrics}, f"scores are {sorted(scores)}")
    for metric in learner.metrics:
        values = scores[metric.name]
        known = values[~np.isnan(values)]
        _require(len(values) == examples.rows, f"{metric.name} misses rows")
        _require(_unit(known), f"{metric.name} leaves [0, 1]")
        _require(not metric.binary or bool(np.isin(known, (0, 1)).all()), f"{metric.name} is called binary and is not")


def check_slices(learner: Learner) -> None:
    """Slices are named masks over the rows."""
    examples = _examples(learner)
    for name, mask in learner.slices(examples).items():
        _require(mask.dtype == np.bool_ and mask.shape == (examples.rows,), f"slice {name} is no mask of the rows")


def check_learns(learner: Learner) -> None:
    """A model fitted on one simulated week beats the commonest label on the holdout of another seed."""
    _require(
        _beats_commonest(learner, null=False),
        "the model learnt nothing where there is something to learn",
    )


def check_null_world(learner: Learner) -> None:
    """In a world with nothing to learn, the gate lets no model past the commonest label."""
    _require(not _beats_commonest(learner, null=True), "the gate passed a model of a null world: its labels leak")


def check_honest_batches_pass(learner: Learner) -> None:
    """No batch of the honest world is taken for a suspect, with or without a champion."""
    for champion in (None, _artifact(learner)):
        for batch in _week(learner, SEED + 1):
            reason = learner.suspects(batch.columns, champion)
            _require(reason is None, f"an honest batch is quarantined: {reason}")


CHECKS: tuple[Callable[[Learner], None], ...] = (
    check_name,
    check_metrics,
    check_schema_is_closed,
    check_world_is_seeded,
    check_world_obeys_schema,
    check_labels,
    check_fit_is_deterministic,
    check_artifact_is_safe,
    check_predictions,
    check_scores,
    check_slices,
    check_learns,
    check_null_world,
    check_honest_batches_pass,
)


def _require(holds: bool, problem: str) -> None:
    if not holds:
        raise Failed(problem)


def _unit(values: FloatArray) -> bool:
    return bool(((values >= 0) & (values <= 1)).all())


def _refused(learner: Learner, lists: dict[str, list[object]], name: str) -> None:
    try:
        to_columns(learner.schema, lists)
    except WireError as error:
        _require(name in error.field, f"the refusal of {name} names {error.field}")
    else:
        raise Failed(f"{name} was not refused")


def _batches(learner: Learner, seed: int, null: bool = False) -> Iterator[Batch]:
    return learner.world(seed, null).batches(0, CONTRIBUTORS)


@lru_cache(maxsize=8)
def _week(learner: Learner, seed: int, null: bool = False) -> tuple[Batch, ...]:
    return tuple(_batches(learner, seed, null))


@lru_cache(maxsize=8)
def _examples(learner: Learner, seed: int = SEED, null: bool = False) -> Examples:
    week = _week(learner, seed, null)
    return snapshot.join(learner, [snapshot.label(learner, batch.columns, n) for n, batch in enumerate(week)])


@lru_cache(maxsize=8)
def _artifact(learner: Learner, null: bool = False) -> Artifact:
    return learner.fit(_examples(learner, SEED, null), None, Context(seed=1))


def _digest(batches: tuple[Batch, ...]) -> list[bytes]:
    return [b"".join(column.tobytes() for column in batch.columns.values()) for batch in batches]


def _beats_commonest(learner: Learner, null: bool) -> bool:
    train = _examples(learner, SEED, null)
    judged = snapshot.trusted(_examples(learner, SEED + 1, null))
    scores = learner.score(_artifact(learner, null), judged)
    hits = (judged.labels.values == np.bincount(train.labels.values).argmax()).astype(np.float64)
    name = learner.primary.name
    baseline = {name: np.where(np.isnan(scores[name]), np.nan, hits)}
    match = gate.Match(baseline, scores, judged.groups, {})
    return gate.judge(match, (learner.primary,), learner.policy.gate).decision is Decision.PASS
