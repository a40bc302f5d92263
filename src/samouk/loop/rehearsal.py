"""What a learner does in its own simulated world: weeks, examples and models that its checks look at."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from samouk.loop import gate, snapshot
from samouk.loop.learner import Context, Learner
from samouk.loop.records import Artifact, Batch, Decision, Examples, FloatArray, Predictions, Values

CONTRIBUTORS = 24
"""Contributors of the simulated week that the checks train on."""

SEED = 20_000


class Failed(AssertionError):
    """A learner broke its contract; the message says which promise and how."""


def require(holds: bool, problem: str) -> None:
    """Raise Failed with the problem unless it holds."""
    if not holds:
        raise Failed(problem)


def batches(learner: Learner, seed: int, null: bool = False) -> Iterator[Batch]:
    """A week of the learner's world, made anew."""
    return learner.world(seed, null).batches(0, CONTRIBUTORS)


def week(learner: Learner, seed: int = SEED, null: bool = False) -> tuple[Batch, ...]:
    """The same, kept for the next check."""
    return _week(learner, seed, null)


def examples(learner: Learner, seed: int = SEED, null: bool = False) -> Examples:
    """The week's rows that have a label."""
    return _examples(learner, seed, null)


def artifact(learner: Learner, null: bool = False) -> Artifact:
    """A model fitted on the week."""
    return _artifact(learner, null)


# A cache takes f(x) and f(x, default) for two calls, so the public names say every argument.
@lru_cache(maxsize=8)
def _week(learner: Learner, seed: int, null: bool) -> tuple[Batch, ...]:
    return tuple(batches(learner, seed, null))


@lru_cache(maxsize=8)
def _examples(learner: Learner, seed: int, null: bool) -> Examples:
    parts = [snapshot.label(learner, batch.columns, n) for n, batch in enumerate(week(learner, seed, null))]
    return snapshot.join(learner, parts)


@lru_cache(maxsize=8)
def _artifact(learner: Learner, null: bool) -> Artifact:
    return learner.fit(examples(learner, SEED, null), None, Context(seed=1))


def beats_constant(learner: Learner, null: bool) -> bool:
    """Whether the gate would promote the model over the best answer that looks at nothing, in another world."""
    judged = snapshot.trusted(examples(learner, SEED + 1, null))
    scores = learner.score(artifact(learner, null), judged)
    name = learner.primary.name
    baseline = {name: np.where(np.isnan(scores[name]), np.nan, _constant(learner, null, judged)[name])}
    match = gate.Match(baseline, scores, judged.groups, {})
    return gate.judge(match, (learner.primary,), learner.policy.gate).decision is Decision.PASS


def _constant(learner: Learner, null: bool, judged: Examples) -> dict[str, FloatArray]:
    train = examples(learner, SEED, null)
    if learner.constant is not None:
        return dict(learner.constant(train, judged))
    commonest = np.bincount(train.labels.values).argmax()
    return {learner.primary.name: (judged.labels.values == commonest).astype(np.float64)}


def fits(learner: Learner, values: Values) -> bool:
    """Whether every label or prediction is a class or an abstention; without classes, a number in [0, 1] or NaN."""
    if learner.classes:
        return bool(((values >= -1) & (values < len(learner.classes))).all())
    return values.dtype.kind == "f" and unit(values[~np.isnan(values)])


def unit(values: FloatArray | Values) -> bool:
    """Whether every value is in [0, 1]."""
    return bool(((values >= 0) & (values <= 1)).all())


def agree(one: Predictions, two: Predictions) -> bool:
    """Whether two predictions say the same, scores but for the rounding of single precision."""
    if one.values.dtype.kind != "f":
        return bool(np.array_equal(one.values, two.values))
    return bool(np.allclose(one.values, two.values, rtol=0, atol=ROUNDING, equal_nan=True))


ROUNDING = 1e-5
"""How far two scores may lie apart that are the same sum, taken in another order."""
