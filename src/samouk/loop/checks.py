"""What every learner must pass, inside this tree or outside it; run by ``samouk check`` and by the tests.

Each check is a function of one learner that raises ``Failed`` with a sentence. A learner that passes
can be trained, judged, released and taken back by the loop without surprises.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from samouk.edge.wire import GROUPS, WireError
from samouk.loop.columns import concatenate, dtype_of, rows_in, take, to_columns, to_lists
from samouk.loop.learner import Context, Learner
from samouk.loop.live_checks import LIVE_CHECKS
from samouk.loop.records import Batch, Predictions
from samouk.loop.rehearsal import (
    SEED,
    Failed,
    agree,
    artifact,
    batches,
    beats_constant,
    examples,
    fits,
    require,
    unit,
    week,
)


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
    require(learner.name.count(".") == 1, f"{learner.name!r} is not domain.noun")
    held = learner.policy.holdout_groups
    require(bool(held) and held < set(range(GROUPS)), f"holdout groups {sorted(held)} must be some of 0..{GROUPS - 1}")


def check_metrics(learner: Learner) -> None:
    """There is a primary metric, names are unique, tolerances are no negative numbers."""
    names = [metric.name for metric in learner.metrics]
    require(bool(names) and len(set(names)) == len(names), f"metrics must be named once each: {names}")
    require(all(metric.tolerance >= 0 for metric in learner.metrics), "a tolerance is negative")


def check_schema_is_closed(learner: Learner) -> None:
    """An unknown field, and a wrong value in any field, is refused by name."""
    _refused(learner, {"no_such_field": [1]}, "no_such_field")
    good = to_lists(learner.schema, take(week(learner)[0].columns, slice(1)))
    for spec in learner.schema.fields:
        _refused(learner, {**good, spec.name: [object()]}, spec.name)


def check_world_is_seeded(learner: Learner) -> None:
    """The simulator gives the same batches for one seed and other batches for another."""
    first, again, other = week(learner), tuple(batches(learner, SEED)), week(learner, SEED + 1)
    require(bool(first), "the world sends nothing in a week")
    require(_digest(first) == _digest(again), "two worlds of one seed differ")
    require(_digest(first) != _digest(other), "worlds of different seeds are the same")


def check_world_obeys_schema(learner: Learner) -> None:
    """Every simulated batch has every column of the schema, in its dtype, and a group that exists."""
    for batch in week(learner):
        for spec in learner.schema.fields:
            column = batch.columns.get(spec.name)
            require(column is not None and column.dtype == dtype_of(spec), f"column {spec.name} is not {spec.kind}")
        require(0 <= batch.group < GROUPS, f"group {batch.group} does not exist")


def check_labels(learner: Learner) -> None:
    """Labels are one a row, name a class (or are a number in [0, 1]) or abstain, and are sure between 0 and 1."""
    for batch in week(learner)[:3]:
        labels = learner.label(batch.columns)
        require(len(labels.values) == len(labels.confidence) == len(labels.trusted) == batch.rows, "labels miss rows")
        require(fits(learner, labels.values), f"a label is no {_said(learner)} of the learner")
        require(unit(labels.confidence), "a confidence is not in [0, 1]")


def check_fit_is_deterministic(learner: Learner) -> None:
    """Two fits with one seed predict the same."""
    again = learner.fit(examples(learner), None, Context(seed=1))
    sample = examples(learner).columns
    one, two = learner.predict(artifact(learner), sample), learner.predict(again, sample)
    require(agree(one, two), "two fits with one seed disagree")


def check_artifact_is_safe(learner: Learner) -> None:
    """The artifact is no pickle, names its learner, schema and classes, and its metadata are plain JSON."""
    model = artifact(learner)
    require(not model.data.startswith((b"\x80", b"(")), "the artifact looks like a pickle")
    for key, value in {"learner": learner.name, "schema_version": learner.schema.version}.items():
        require(model.metadata.get(key) == value, f"metadata[{key!r}] must be {value!r}")
    require(list(model.metadata.get("classes", ())) == list(learner.classes), "metadata['classes'] differ")
    try:
        json.dumps(dict(model.metadata), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Failed(f"metadata are not plain JSON: {error}") from error


def check_predictions(learner: Learner) -> None:
    """Predictions are one a row in order, a class or a number in [0, 1] or an abstention; no rows give none."""
    columns = examples(learner).columns
    model = artifact(learner)
    whole = learner.predict(model, columns)
    require(len(whole.values) == rows_in(columns), "predictions miss rows")
    require(fits(learner, whole.values), f"a prediction is no {_said(learner)} of the learner")
    require(unit(whole.confidence), "a confidence is not in [0, 1]")
    for rows in (slice(-5, None), slice(1)):
        part = Predictions(whole.values[rows], whole.confidence[rows])
        found = learner.predict(model, take(columns, rows))
        require(agree(found, part), "a row is predicted differently in other company")
    nothing = learner.predict(model, concatenate(learner.schema, []))
    require(len(nothing.values) == 0, "no rows give predictions")


def check_scores(learner: Learner) -> None:
    """Scores are one array a metric, one value a row in [0, 1], 0 or 1 for binary ones."""
    judged = examples(learner)
    scores = learner.score(artifact(learner), judged)
    require(set(scores) == {metric.name for metric in learner.metrics}, f"scores are {sorted(scores)}")
    for metric in learner.metrics:
        values = scores[metric.name]
        known = values[~np.isnan(values)]
        require(len(values) == judged.rows, f"{metric.name} misses rows")
        require(unit(known), f"{metric.name} leaves [0, 1]")
        require(not metric.binary or bool(np.isin(known, (0, 1)).all()), f"{metric.name} is called binary and is not")


def check_slices(learner: Learner) -> None:
    """Slices are named masks over the rows."""
    judged = examples(learner)
    for name, mask in learner.slices(judged).items():
        require(mask.dtype == np.bool_ and mask.shape == (judged.rows,), f"slice {name} is no mask of the rows")


def check_constant(learner: Learner) -> None:
    """The best answer that looks at nothing is known, and is scored as a model is."""
    if learner.constant is None:
        require(bool(learner.classes), "a learner without classes has no commonest one: it must offer a constant")
        return
    judged = examples(learner)
    scores = learner.constant(judged, judged)
    require(set(scores) == {metric.name for metric in learner.metrics}, f"scores of the constant are {sorted(scores)}")
    for name, values in scores.items():
        require(len(values) == judged.rows, f"{name} of the constant misses rows")
        require(unit(values[~np.isnan(values)]), f"{name} of the constant leaves [0, 1]")


def check_learns(learner: Learner) -> None:
    """A model fitted on one simulated week beats the answer that looks at nothing, on another seed."""
    require(beats_constant(learner, null=False), "the model learnt nothing where there is something to learn")


def check_null_world(learner: Learner) -> None:
    """In a world with nothing to learn, the gate lets no model past the answer that looks at nothing."""
    require(not beats_constant(learner, null=True), "the gate passed a model of a null world: its labels leak")


def check_honest_batches_pass(learner: Learner) -> None:
    """No batch of the honest world is taken for a suspect, with or without a champion."""
    for champion in (None, artifact(learner)):
        for batch in week(learner, SEED + 1):
            reason = learner.suspects(batch.columns, champion)
            require(reason is None, f"an honest batch is quarantined: {reason}")


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
    check_constant,
    check_learns,
    check_null_world,
    check_honest_batches_pass,
    *LIVE_CHECKS,
)


def _said(learner: Learner) -> str:
    return "class" if learner.classes else "number in [0, 1]"


def _refused(learner: Learner, lists: dict[str, list[object]], name: str) -> None:
    try:
        to_columns(learner.schema, lists)
    except WireError as error:
        require(name in error.field, f"the refusal of {name} names {error.field}")
    else:
        raise Failed(f"{name} was not refused")


def _digest(batches: tuple[Batch, ...]) -> list[bytes]:
    return [b"".join(column.tobytes() for column in batch.columns.values()) for batch in batches]
