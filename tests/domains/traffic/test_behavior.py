"""What is true of groups of users: found where there are some, the same from week to week, open to strangers."""

from __future__ import annotations

import numpy as np
import pytest

from samouk.domains.traffic.behavior import clusters, model, naming
from samouk.domains.traffic.behavior.judge import LEARNER, explained
from samouk.domains.traffic.behavior.naming import Typical
from samouk.domains.traffic.behavior.world import BehaviorWorld
from samouk.domains.traffic.features import FEATURES, Features, scaled
from samouk.domains.traffic.world import KINDS
from samouk.loop import snapshot
from samouk.loop.learner import Context, mean
from samouk.loop.records import Artifact, Examples


def lived(seed: int, week: int = 0, null: bool = False, servers: int = 20) -> Examples:
    batches = BehaviorWorld(seed, null).batches(week, servers)
    return snapshot.join(LEARNER, [snapshot.label(LEARNER, batch.columns, n) for n, batch in enumerate(batches)])


def people(seed: int, servers: int = 8) -> tuple[np.ndarray, np.ndarray]:
    found = [BehaviorWorld(seed).people(0, server) for server in range(servers)]
    return np.concatenate([one.features for one in found]), np.concatenate([one.kinds for one in found])


def blobs(centers: np.ndarray, many: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    kinds = rng.integers(len(centers), size=many)
    return centers[kinds] + rng.normal(0, 1, (many, centers.shape[1])), kinds


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return LEARNER.fit(lived(1), None, Context(seed=1))


def test_the_kinds_of_the_simulated_world_are_found(artifact: Artifact) -> None:
    """On servers that were not learnt from, groups are the kinds that were dealt (simulated)."""
    features, kinds = people(2)
    said = model.assign(artifact, features)
    assert clusters.rand_index(said, kinds) > 0.9
    assert len(model.groups(artifact)) == len(KINDS)


@pytest.mark.slow
def test_users_who_are_alike_are_one_group() -> None:
    """Where all are of one kind nobody is told apart, though features vary and go together."""
    for seed in (1, 2):
        artifact = LEARNER.fit(lived(seed, null=True), None, Context(seed=seed))
        (everybody,) = model.groups(artifact)
        assert (everybody.name, everybody.size) == (naming.EVERYBODY, 1.0)


def test_groups_keep_their_numbers(artifact: Artifact) -> None:
    """A week later, of other users and another seed, group 3 is group 3, and has the name that it had."""
    later = LEARNER.fit(lived(9, week=3), artifact, Context(seed=77))
    features, _ = people(4)
    assert (model.assign(artifact, features) == model.assign(later, features)).mean() > 0.97
    now, before = ({group.id: group.name for group in model.groups(one)} for one in (later, artifact))
    assert now.keys() == before.keys()


def test_a_group_that_comes_gets_a_number_that_nobody_had(artifact: Artifact) -> None:
    """One user in eight turns into what nobody was: the others keep their numbers, and none is given twice."""
    examples = lived(1)
    turned = np.arange(examples.rows) % 8 == 0
    kind = np.array([90, 3_000, 0.3, 0, 300, 40, 900, 30, 0.3, 1])
    noise = np.exp(np.random.default_rng(0).normal(0, 0.3, (examples.rows, len(FEATURES))))
    columns = {
        name: np.where(turned, np.float32(value) * noise[:, place].astype(np.float32), examples.columns[name])
        for place, (name, value) in enumerate(zip(FEATURES, kind, strict=True))
    }
    found = LEARNER.fit(Examples(columns, examples.labels, examples.groups), artifact, Context(seed=5))
    old, new = ({group.id for group in model.groups(one)} for one in (artifact, found))
    assert old < new
    assert new - old == {artifact.metadata["next_id"]}
    assert found.metadata["next_id"] == artifact.metadata["next_id"] + 1
    lines = LEARNER.changes(artifact, found, examples)
    assert any(line.startswith(f"New group {artifact.metadata['next_id']}: ") for line in lines)


def test_what_is_far_from_all_is_a_new_kind(artifact: Artifact) -> None:
    """Honest users hardly ever are; a flood of huge failing messages is, and is not typical of anything."""
    features, _ = people(5)
    assert (model.assign(artifact, features) == model.NEW_KIND).mean() < 0.02
    strange = np.array([[4_000, 5e8, 0.9, 80, 10, 900, 5e8, 900, 0.99, 200]], np.float64)
    assert model.assign(artifact, strange).tolist() == [model.NEW_KIND]
    assert model.distances(artifact, strange).min() > 1
    columns = dict(zip(FEATURES, strange.T.astype(np.float32), strict=True))
    assert LEARNER.predict(artifact, columns).values.tolist() == [0.0]


def test_levels_are_what_features_are_compared_by() -> None:
    """One scale in the whole room."""
    window = Features(3, 500, 0.25, 2, 90, 4, 30, 2, 0.5, 1)
    assert model.levels(np.array([window]))[0] == pytest.approx(scaled(window))
    assert np.isfinite(model.levels(np.full((1, 10), np.nan))).all()


def test_metrics_reward_groups_and_not_their_number() -> None:
    """Groups explain most of what tells users apart; one group, and the answer that looks at nothing, explain none."""
    artifact, unseen = LEARNER.fit(lived(1), None, Context()), lived(3)
    scores, constant = LEARNER.score(artifact, unseen), LEARNER.constant
    assert constant is not None
    blind = constant(lived(1), unseen)
    assert mean(scores["explained"]) > mean(blind["explained"]) + 0.4
    assert mean(scores["steady"]) > 0.95 and mean(scores["known"]) > 0.95
    assert set(scores) == set(blind) == {metric.name for metric in LEARNER.metrics}


def test_explained_by_hand() -> None:
    """Two users at one distance from their mean, one of whom sits in the middle of a group."""
    rows = np.array([[0.0], [2.0]])
    assert explained(rows, np.array([[0.0], [1.0]])).tolist() == [1.0, 0.0]
    assert explained(rows, np.array([[0.5], [9.0]])).tolist() == [0.75, 0.0]
    assert explained(rows[:0], rows[:0]).shape == (0,)


def test_one_long_cloud_is_one_group() -> None:
    """It is cut in the middle again and again, and that proves nothing."""
    rows = np.random.default_rng(0).normal(0, 1, (800, 4)) * (20, 1, 1, 1)
    assert clusters.stability(rows, 2, np.random.default_rng(1)) > clusters.STABLE
    assert clusters.choose(rows, np.random.default_rng(1)).groups == 1


@pytest.mark.parametrize("many", [2, 4])
def test_planted_groups_are_counted_and_found(many: int) -> None:
    """So many, where so many were planted."""
    rows, kinds = blobs(8 * np.eye(4)[:many], 600)
    choice = clusters.choose(rows, np.random.default_rng(0))
    assert choice.groups == many and choice.stability > 0.95
    centers = clusters.k_means(rows, many, np.random.default_rng(0))
    assert clusters.rand_index(clusters.nearest(rows, centers), kinds) > 0.98


def test_too_few_rows_are_one_group() -> None:
    """Whatever they look like."""
    rows, _ = blobs(50 * np.eye(3), clusters.FEWEST - 1)
    assert clusters.choose(rows, np.random.default_rng(0)).groups == 1


def test_rand_index_by_known_values() -> None:
    """The same partition under other names is 1; others are what counting every pair gives (Steinley 2004)."""
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 4, 80), rng.integers(0, 3, 80)
    assert clusters.rand_index(one, (one + 1) % 4) == 1.0
    for two in (other, np.where(rng.random(80) < 0.7, one, other)):
        upper = np.triu_indices(80, 1)
        first, second = ((labels[:, None] == labels)[upper] for labels in (one, two))
        pairs = (first & second, first & ~second, ~first & second, ~first & ~second)
        a, b, c, d = (float(kind.sum()) for kind in pairs)
        wanted = 2 * (a * d - b * c) / ((a + b) * (b + d) + (a + c) * (c + d))
        assert clusters.rand_index(one, two) == pytest.approx(wanted)


def test_matching_takes_the_largest_overlap_and_no_scrap() -> None:
    """Of a group that splits, the larger part goes on; what shares less than a third is new."""
    before = np.repeat([10, 20], [60, 40])
    now = np.repeat([1, 2, 0], [45, 15, 40])
    assert clusters.matched(before, now, 3) == [20, 10, -1]


def test_names_say_what_is_typical_and_differ() -> None:
    """Two features where they tell groups apart, else a third, else a number; one group is everybody."""
    size, rate, gap = (FEATURES.index(name) for name in ("avg_message_size", "messages_per_minute", "regularity"))
    away = np.zeros((3, len(FEATURES)))
    away[0, [size, rate]] = 2.0, -1.0
    away[1, [rate, gap]] = 2.0, 1.0
    known = naming.typical(away)
    assert known[0] == [Typical("avg_message_size", 2.0), Typical("messages_per_minute", -1.0)]
    assert naming.names(known) == ["large messages, few messages", "many messages, like a clock", "like the mean user"]
    twins = [[Typical("burst", 1.0)], [Typical("burst", 1.0)]]
    assert naming.names(twins) == ["in bursts (1)", "in bursts (2)"]
    assert naming.names(known[:1]) == [naming.EVERYBODY]


def test_every_feature_has_words() -> None:
    """For above and for below the mean user."""
    assert set(naming.WORDS) == set(FEATURES)


def test_nothing_and_broken_bytes_are_refused(artifact: Artifact) -> None:
    """With words that say what would help."""
    with pytest.raises(ValueError, match="watch some traffic"):
        LEARNER.fit(snapshot.join(LEARNER, []), None, Context())
    for data in (b"", artifact.data[:100]):
        with pytest.raises(ValueError, match="start"):
            model.loaded(data)


def test_clones_are_suspected() -> None:
    """One row sent over and over would make a group of itself."""
    columns = lived(1, servers=1).columns
    clones = {name: np.repeat(column[:2], 20) for name, column in columns.items()}
    reason = LEARNER.suspects(clones, None)
    assert reason is not None and "over and over" in reason
    assert LEARNER.suspects(columns, None) is None


def test_cards_and_changes_name_the_groups(artifact: Artifact) -> None:
    """People read which groups there are and how large each is."""
    (line,) = LEARNER.changes(None, artifact, lived(2, servers=2))
    assert line.startswith("5 groups: ") and "%" in line
    card = LEARNER.card(artifact, lived(1, servers=2), {"explained": 0.6})
    assert [group["id"] for group in card["groups"]] == [group.id for group in model.groups(artifact)]
    assert card["stability"] > card["stability_by_chance"]
