"""What is true of the model of elements: it learns structure, not classes, and says how sure it is."""

from __future__ import annotations

import json

import numpy as np
import pytest

from samouk.domains.screens import judge, lessons, model, universal
from samouk.domains.screens.features import NAMES, TOLD, UNTOLD, WIDTH, features, mask_class, told
from samouk.domains.screens.judge import LEARNER
from samouk.domains.screens.taxonomy import TYPES
from samouk.loop import snapshot
from samouk.loop.columns import rows_in, take
from samouk.loop.learner import Context, mean
from samouk.loop.records import ABSTAIN, Artifact, Examples, Labels

COMMON = [TYPES.index(name) for name in ("container", "text", "icon", "list_item", "button", "icon_button")]


@pytest.fixture(scope="module")
def taught() -> Examples:
    """Simulated applications to learn from."""
    return universal.simulated(11, apps=60)


@pytest.fixture(scope="module")
def unseen() -> Examples:
    """Other simulated applications to judge by."""
    return snapshot.trusted(universal.simulated(12, apps=20))


@pytest.fixture(scope="module")
def artifact(taught: Examples) -> Artifact:
    return model.fit(taught, None, Context(seed=4))


@pytest.mark.usefixtures("short_descent")
def test_one_seed_gives_one_model() -> None:
    """Two fits with equal data and seed give the same bytes."""
    few = universal.simulated(11, apps=8)
    one, again = (model.fit(few, None, Context(seed=4)).data for _ in range(2))
    assert one == again


def test_it_names_what_the_class_hides(artifact: Artifact, unseen: Examples) -> None:
    """On applications it never saw, with the class hidden, it is far better than the commonest type."""
    right = mean(model.score(artifact, unseen)["generic_accuracy"])
    counted = ~np.isnan(model.score(artifact, unseen)["generic_accuracy"])
    commonest = np.bincount(unseen.labels.values[counted]).max() / counted.sum()
    assert right > commonest + 0.3


def test_a_class_in_sight_is_believed(artifact: Artifact, unseen: Examples) -> None:
    """Where a public class tells the type, at least 99 of 100 elements are named so."""
    assert mean(model.score(artifact, unseen)["standard_accuracy"]) >= 0.99


def test_hidden_figures_cannot_read_the_class(artifact: Artifact, unseen: Examples) -> None:
    """Scores with the class hidden stay the same when every class is replaced: the label is not read off a feature."""
    shuffled = {**unseen.columns, "class_name": unseen.columns["class_name"][::-1].copy()}
    other = Examples(shuffled, unseen.labels, unseen.groups)
    one, two = (model.score(artifact, examples)["generic_accuracy"] for examples in (unseen, other))
    assert np.array_equal(one, two, equal_nan=True)


def test_confidence_is_honest(artifact: Artifact, unseen: Examples) -> None:
    """Mean confidence and share of right answers lie close together."""
    said = model.predict(artifact, mask_class(unseen.columns))
    right = (said.values == unseen.labels.values).mean()
    assert abs(float(said.confidence.mean()) - right) < 0.1


def test_predictions_do_not_depend_on_company(artifact: Artifact, unseen: Examples) -> None:
    """A row is predicted alike alone and among others, and no rows give none."""
    whole = model.predict(artifact, unseen.columns)
    alone = model.predict(artifact, take(unseen.columns, slice(7, 8)))
    assert alone.values[0] == whole.values[7]
    assert len(model.predict(artifact, take(unseen.columns, slice(0, 0))).values) == 0


def test_the_weak_guess_abstains(artifact: Artifact, unseen: Examples) -> None:
    """Below the artifact's threshold the answer is that it cannot tell."""
    strict = Artifact(artifact.data, {**artifact.metadata, "abstain": 0.9})
    said = model.predict(strict, mask_class(unseen.columns))
    assert ((said.values == ABSTAIN) == (said.confidence < 0.9)).all()
    assert (said.values == ABSTAIN).any()


def test_the_graph_carries_what_a_client_needs(artifact: Artifact) -> None:
    """Names of input and output, widths and metadata are those that the client checks."""
    session = model.session(artifact.data)
    [given], [gives] = session.get_inputs(), session.get_outputs()
    assert (given.name, given.shape[1], gives.name, gives.shape[1]) == ("features", WIDTH, "probabilities", TOLD)
    assert json.loads(session.get_modelmeta().custom_metadata_map["samouk"]) == artifact.metadata
    assert set(artifact.metadata["importances"]) <= set(NAMES[TOLD:])
    assert len(artifact.data) < 2_000_000


@pytest.mark.usefixtures("short_descent")
def test_the_graph_says_what_its_voters_say(taught: Examples) -> None:
    """The exported graph and the mean of the trees and the network that it is made of agree on every row."""
    from samouk.domains.screens import forest, net

    learnt = lessons.lessons_of(taught, 0)
    booster, network, present = model._learn(learnt, Context())
    children = NAMES.index("children")
    layout = forest.Layout(WIDTH, TOLD, children, present, (1.0, 2.0))
    data = forest.to_onnx(booster, network, layout, {})
    inputs = np.hstack([np.zeros((len(learnt.types), TOLD), np.float32), learnt.inputs])
    ours = model.session(data).run(["probabilities"], {"features": inputs})[0][:, list(present)]
    votes = np.asarray(booster.predict(learnt.inputs, raw_score=True)) + net.logits(network, learnt.inputs)
    theirs = forest.softmax(votes / 2 / np.where(inputs[:, [children]] > 0, 2.0, 1.0), 1.0)
    assert np.abs(ours - theirs).max() < 1e-3


def test_one_type_alone_can_be_learnt(taught: Examples) -> None:
    """A crowd that has only sent one type breaks nothing."""
    rows = np.flatnonzero(taught.labels.values == TYPES.index("text"))[:50]
    labels = Labels(taught.labels.values[rows], taught.labels.confidence[rows], taught.labels.trusted[rows])
    one = model.fit(Examples(take(taught.columns, rows), labels, taught.groups[rows]), None, Context())
    said = model.predict(one, mask_class(take(taught.columns, rows)))
    assert (said.values == TYPES.index("text")).all()


def test_nothing_to_learn_from_is_an_error(taught: Examples) -> None:
    """A fit without rows says so."""
    empty = Labels(np.empty(0, np.int16), np.empty(0, np.float32), np.empty(0, np.bool_))
    with pytest.raises(ValueError, match="collect some first"):
        model.fit(Examples(take(taught.columns, slice(0, 0)), empty, np.empty(0, np.int32)), None, Context())


def test_a_talkative_group_weighs_no_more(taught: Examples) -> None:
    """A hundred copies of one group weigh at most as much as the cap allows, and equal rows are learnt once."""
    group = np.flatnonzero(taught.groups == 0)
    rows = np.concatenate([np.arange(taught.rows), np.tile(group, 100)])
    labels = Labels(taught.labels.values[rows], taught.labels.confidence[rows], taught.labels.trusted[rows])
    many = lessons.lessons_of(Examples(take(taught.columns, rows), labels, taught.groups[rows]), 0)
    for code in COMMON:
        assert many.weights[(many.groups == 0) & (many.types == code)].sum() <= lessons.GROUP_CAP + 1e-6
    assert len(many.types) == len(lessons.lessons_of(taught, 0).types)


def test_the_shipped_model_fits_this_version() -> None:
    """The universal model loads, fits the features, is small, and its card says where it comes from."""
    shipped = judge.first()
    assert shipped is not None and len(shipped.data) < 2_000_000
    assert shipped.metadata["classes"] == list(TYPES)
    shares = model.probabilities(shipped, np.zeros((1, WIDTH), np.float32))
    assert shares.shape == (1, len(TYPES)) and abs(float(shares.sum()) - 1) < 1e-5
    card = json.loads((judge.UNIVERSAL.parent / "card.json").read_text("utf-8"))
    assert "simulator alone" in card["origin"] and "universal" in card["made_by"]


def test_features_and_told_agree(unseen: Examples) -> None:
    """The one-hot part of the features is what the class tells."""
    hot = features(unseen.columns)[:, :TOLD]
    says = told(unseen.columns)
    assert (hot.sum(axis=1) == (says != UNTOLD)).all() and rows_in(unseen.columns) == len(hot)
    assert LEARNER.classes == TYPES
