"""The checks of a learner: the toy passes, and each broken promise is caught by the check that is named for it."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from examples.side_of_a_line import TOY, ToyWorld, artifact, label, predict, score

from samouk.loop.checks import CHECKS, run
from samouk.loop.columns import Columns
from samouk.loop.learner import Context, Learner, Metric, Policy
from samouk.loop.records import Artifact, Batch, Examples, FloatArray, Labels, Predictions


def problems(learner: Learner) -> dict[str, str]:
    return {result.check: result.problem for result in run(learner) if result.problem is not None}


class Moody(ToyWorld):
    """Never the same twice."""

    def batches(self, week: int, contributors: int) -> Iterator[Batch]:
        self.seed = int(np.random.default_rng().integers(1 << 30))
        return super().batches(week, contributors)


class Leaky(ToyWorld):
    """A null world in which there is plenty to learn."""

    def __init__(self, seed: int, null: bool = False) -> None:
        super().__init__(seed, null=False)


def overconfident(columns: Columns) -> Labels:
    labels = label(columns)
    return dataclasses.replace(labels, confidence=labels.confidence * 2)


def moody_fit(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
    return artifact(np.random.default_rng().normal(size=3).tolist())


def forgetful(model: Artifact, columns: Columns) -> Predictions:
    predictions = predict(model, columns)
    return Predictions(predictions.values[1:], predictions.confidence[1:])


def graded(model: Artifact, examples: Examples) -> Mapping[str, FloatArray]:
    return {"accuracy": score(model, examples)["accuracy"] * 0.5}


def pickled(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
    return dataclasses.replace(artifact([1.0, 1.0, 0.0]), data=b"\x80\x04.")


MUTANTS: dict[str, dict[str, Any]] = {
    "name": {"name": "toy"},
    "metrics": {"metrics": (Metric("accuracy", tolerance=-1),)},
    "world_is_seeded": {"world": Moody},
    "labels": {"label": overconfident},
    "fit_is_deterministic": {"fit": moody_fit},
    "artifact_is_safe": {"fit": pickled},
    "predictions": {"predict": forgetful},
    "scores": {"score": graded},
    "slices": {"slices": lambda examples: {"all": np.ones(3, bool)}},
    "learns": {"fit": lambda examples, champion, context: artifact([1.0, -1.0, 0.0])},
    "null_world": {"world": Leaky},
    "honest_batches_pass": {"suspects": lambda columns, champion: "looks odd"},
}


def test_the_toy_keeps_every_promise() -> None:
    """A sound learner has no problems, and every check ran."""
    results = list(run(TOY))
    assert [result.problem for result in results] == [None] * len(CHECKS)
    assert all(result.promise for result in results)


@pytest.mark.parametrize("check", MUTANTS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_each_broken_promise_is_caught(check: str) -> None:
    """A mutant that breaks one promise fails the check of that promise."""
    assert check in problems(dataclasses.replace(TOY, **MUTANTS[check]))


def test_a_policy_that_holds_out_everything_is_refused() -> None:
    """Some groups must be left to learn from."""
    greedy = dataclasses.replace(TOY, policy=Policy(holdout_groups=frozenset(range(16))))
    assert "name" in problems(greedy)
