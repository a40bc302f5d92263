"""The checks of a learner: the toy passes, and each broken promise is caught by the check that is named for it."""

import dataclasses
import datetime as dt
import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from examples import will_it_rain as rain
from examples.side_of_a_line import TOY, ToyWorld, artifact, label, predict, score
from examples.will_it_rain import RAIN

from samouk.loop.checks import CHECKS, run
from samouk.loop.columns import Columns, rows_in
from samouk.loop.learner import Context, Learner, Metric, Online, OutcomeSpec, Policy, UnfitArtifact
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


def begin(model: Artifact) -> list[float]:
    """The state of the sound online part: how far outcomes lie above what is told, in the long run."""
    return [0.0]


def correct(state: list[float], columns: Columns, plain: Predictions) -> Predictions:
    values = np.clip(plain.values + state[0], 0, 1).astype(np.float32)
    return Predictions(values, np.maximum(values, 1 - values))


def learn(state: list[float], model: Artifact, columns: Columns) -> list[float]:
    shift = state[0]
    for told, said in zip(columns["rained"], rain.predict(model, columns).values, strict=True):
        shift += 0.01 * (float(told) - float(said) - shift)
    return [shift]


def learn_at_once(state: list[float], model: Artifact, columns: Columns) -> list[float]:
    """Wrong: one step a call, whatever came with it."""
    return [state[0] + 0.01 * float(columns["rained"].mean())] if rows_in(columns) else state


def correct_and_count(state: list[float], columns: Columns, plain: Predictions) -> Predictions:
    """Wrong: to be asked is no reason to learn."""
    state[0] += 0.001
    return correct(state, columns, plain)


def correct_too_far(state: list[float], columns: Columns, plain: Predictions) -> Predictions:
    return Predictions(plain.values + np.float32(1), plain.confidence)


def adopt(data: bytes, figures: Mapping[str, float]) -> Artifact:
    """A model made elsewhere: three weights as JSON."""
    try:
        weights = json.loads(data)
    except ValueError as error:
        raise UnfitArtifact(f"not JSON: {error}") from error
    if not isinstance(weights, list) or len(weights) != 3:
        raise UnfitArtifact("three weights are expected")
    return rain.model(weights)


def peeping(model: Artifact, columns: Columns) -> Predictions:
    """Wrong: reads what is known in the evening."""
    plain = rain.predict(model, columns)
    return plain if "rained" not in columns else Predictions(columns["rained"].astype(np.float32), plain.confidence)


def fit_with_a_tuple(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
    """Metadata that JSON does not keep as they are."""
    model = rain.fit(examples, champion, context)
    return dataclasses.replace(model, metadata={**model.metadata, "signs": (1,)})


def predict_with_a_tuple(model: Artifact, columns: Columns) -> Predictions:
    """Wrong: asks for what is gone once the artifact was kept."""
    plain = rain.predict(model, columns)
    return plain if isinstance(model.metadata.get("signs"), tuple) else Predictions(1 - plain.values, plain.confidence)


ONLINE = Online(
    begin, correct, learn, lambda state: struct.pack("<d", *state), lambda model, data: [*struct.unpack("<d", data)]
)
SOUND = dataclasses.replace(RAIN, online=ONLINE, adopt=adopt)
TWICE = OutcomeSpec("content")
LIVE_MUTANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "an unknown told field": ("told_is_not_seen", {"told": ("snowed",)}),
    "nothing to see": ("told_is_not_seen", {"told": ("pressure", "humidity", "rained")}),
    "a leak": ("told_is_not_seen", {"predict": peeping}),
    "a name twice": ("outcomes", {"outcomes": (TWICE, TWICE)}),
    "no range": ("outcomes", {"outcomes": (OutcomeSpec("content", low=1, high=1),)}),
    "no window": ("outcomes", {"outcomes": (OutcomeSpec("content", window=dt.timedelta(0)),)}),
    "a loud silence": ("outcomes", {"outcomes": (OutcomeSpec("content", silence=2.0),)}),
    "a stray field": ("sample", {"sample": lambda joined: {**joined.exposure.row, "unit": joined.exposure.unit}}),
    "steps by call": ("online", {"online": dataclasses.replace(ONLINE, learn=learn_at_once)}),
    "asking teaches": ("online", {"online": dataclasses.replace(ONLINE, correct=correct_and_count)}),
    "out of bounds": ("online", {"online": dataclasses.replace(ONLINE, correct=correct_too_far)}),
    "forgets on loading": ("online", {"online": dataclasses.replace(ONLINE, load=lambda model, data: [0.0])}),
    "adopts anything": ("adopt", {"adopt": lambda data, figures: rain.model([1.0, 1.0, 0.0])}),
    "adopts another": (
        "adopt",
        {"adopt": lambda data, figures: dataclasses.replace(adopt(data, {}), data=b"[0, 0, 9]")},
    ),
    "stumbles over garbage": ("adopt", {"adopt": lambda data, figures: rain.model(json.loads(data))}),
    "lost on the way": ("artifact_comes_back", {"fit": fit_with_a_tuple, "predict": predict_with_a_tuple}),
    "no constant": ("constant", {"constant": None}),
    "a constant of one metric": ("constant", {"constant": lambda train, held: {"accuracy": np.ones(held.rows)}}),
}


def test_a_learner_that_lives_keeps_every_promise() -> None:
    """A sound learner with outcomes, an online part and adoption has no problems."""
    assert problems(SOUND) == {}


@pytest.mark.parametrize("mutant", LIVE_MUTANTS)
def test_each_broken_promise_of_live_learners_is_caught(mutant: str) -> None:
    """A mutant that breaks one promise of learners in service fails the check of that promise."""
    check, change = LIVE_MUTANTS[mutant]
    assert check in problems(dataclasses.replace(SOUND, **change))


def test_a_score_out_of_range_is_caught() -> None:
    """Without classes, predictions and labels are numbers in [0, 1]."""

    def high(model: Artifact, columns: Columns) -> Predictions:
        return Predictions(rain.predict(model, columns).values + np.float32(0.5), np.ones(rows_in(columns)))

    assert "predictions" in problems(dataclasses.replace(SOUND, predict=high))
    wide = dataclasses.replace(
        SOUND, label=lambda columns: dataclasses.replace(rain.label(columns), values=columns["pressure"])
    )
    assert "labels" in problems(wide)


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
