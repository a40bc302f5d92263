"""The ranking policy learns what context is worth, journals what it did, and comes back as it was."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from samouk.domains.scoring.policy import SHARE, Exploring, Policy
from samouk.domains.scoring.rank import DEFERRED, RANK, REWARD, SAVED_EACH, Ranker
from samouk.domains.scoring.rank_evaluation import Candidate, evaluate_ranking
from samouk.domains.scoring.rank_features import Space, of_row, squashed, to_row
from samouk.domains.scoring.rank_settings import RankSettings, document_of, settings_of
from samouk.edge.wire import WireError
from samouk.loop.live import Checkpoint, Heard, Outcome
from samouk.loop.ports import Journal, NotFound, Services
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services
from samouk.store.memory_live import MemoryJournal

START = dt.datetime(2026, 11, 16, tzinfo=dt.UTC)
READERS = ("north", "east", "south", "west")
ACTIONS = 5


class World:
    """Readers of four kinds and five articles; a reader's own article is clicked most, the first one by all a little.

    In the null world the kind of reader says nothing, and the first article is the best for everybody.
    """

    def __init__(self, seed: int, null: bool = False) -> None:
        self.rng = np.random.default_rng(seed)
        self.rates = np.full((len(READERS), ACTIONS), 0.15)
        self.rates[:, 0] = 0.25
        if not null:
            self.rates[np.arange(len(READERS)), np.arange(len(READERS)) + 1] = 0.6

    def ask(self) -> tuple[int, dict[str, Any]]:
        """A reader, and the request to rank for him."""
        kind = int(self.rng.integers(len(READERS)))
        context = {"reader": {"side": READERS[kind], "age": float(self.rng.random())}, "day": {"rain": bool(kind % 2)}}
        actions = [{"id": f"article {n}", "features": [{"topic": f"t{n % 3}"}]} for n in range(ACTIONS)]
        return kind, {"contextFeatures": [context], "actions": actions}

    def reward(self, kind: int, action: str) -> float:
        return float(self.rng.random() < self.rates[kind, int(action[-1])])


def none() -> None:
    """Nothing is under way: these tests keep each exposure at once."""


def rank(ranker: Ranker, services: Services, document: dict[str, Any]) -> dict[str, Any]:
    """Decide and keep, as the server does."""
    decision = ranker.decide(ranker.ask(document))
    services.journal.expose([decision.exposure])
    return dict(decision.answer)


def played(world: World, rounds: int, services: Services, ranker: Ranker) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(rounds,) chance of a click of what was chosen."""
    chances = np.empty(rounds)
    for turn in range(rounds):
        kind, document = world.ask()
        answer = rank(ranker, services, {**document, "eventId": f"turn {ranker.learnt}"})
        chances[turn] = world.rates[kind, int(answer["rewardActionId"][-1])]
        ranker.reward(answer["eventId"], world.reward(kind, answer["rewardActionId"]))
    return chances


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(START)


@pytest.fixture
def services(clock: SteppedClock) -> Services:
    """In memory, with a secret of its own, so that every draw comes again."""
    return replace(memory_services(clock), journal=MemoryJournal(clock, _secret=b"drawn alike" * 3))


@pytest.fixture
def ranker(services: Services) -> Ranker:
    return Ranker(services, none)


ONE = {"contextFeatures": [{"a": 1}], "actions": [{"id": "x", "features": []}, {"id": "y", "features": [{"b": "c"}]}]}


def test_beats_the_best_fixed_action(services: Services, ranker: Ranker) -> None:
    """Where context matters the policy earns more than uniform and than the best fixed action."""
    world = World(1)
    chances = played(world, 1_500, services, ranker)
    fixed, uniform, best = world.rates.mean(axis=0).max(), world.rates.mean(), world.rates.max(axis=1).mean()
    assert uniform < fixed < best
    assert chances.mean() > fixed + 0.1
    assert chances[-500:].mean() > 0.85 * best


def test_null_world(services: Services, ranker: Ranker) -> None:
    """Where context says nothing it is no better than the best fixed action, and the evaluation claims nothing."""
    world = World(2, null=True)
    chances = played(world, 1_000, services, ranker)
    assert world.rates.mean() - 0.01 < chances.mean() <= world.rates.mean(axis=0).max()
    report = evaluate_ranking(services.journal, [Candidate("gap")], 1_000)[0]
    assert report.verdict == "nothing shown"
    assert report.gain[0] < 0 < report.gain[1]


def test_journal_holds_what_happened(services: Services, ranker: Ranker) -> None:
    """A decision is an exposure with the propensity that was answered, and nothing of what was told in words."""
    answer = rank(ranker, services, {**ONE, "contextFeatures": [{"name": "Ada", "city": "Zagreb"}], "eventId": "e 1"})
    assert ranker.reward("e 1", 0.5) is Heard.JOINED
    ((joined),) = services.journal.joined(RANK)
    told = {row["id"]: row["probability"] for row in answer["ranking"]}
    assert joined.exposure.propensity == told[answer["rewardActionId"]]
    assert (joined.outcome.metric, joined.outcome.value, joined.late) == (REWARD, 0.75, False)
    assert sum(told.values()) == pytest.approx(1)
    text = repr(joined)
    assert not [word for word in ("Ada", "Zagreb", "name", "e 1") if word in text]
    choice, chances, chosen = of_row(joined.exposure.row)
    assert choice.ids[chosen] == answer["rewardActionId"]
    assert chances.tolist() == [told["x"], told["y"]]


@pytest.mark.parametrize("exploring", [Exploring(), Exploring("epsilon", 0.1), Exploring("epsilon", 0.0)])
def test_propensities_have_a_floor(exploring: Exploring) -> None:
    """However sure the policy is, every allowed action keeps its share of exploration, and excluded ones have none."""
    expected = np.array([1.0, -1.0, 0.5, 0.9])
    chances = exploring.chances(expected, np.array([0, 1, 3]), 10**9)
    assert chances.sum() == pytest.approx(1)
    assert chances[[0, 1, 3]].min() >= SHARE / 3
    assert int(chances.argmax()) == 0
    assert chances[2] == 0


def test_drawn_as_often_as_answered(services: Services, ranker: Ranker) -> None:
    """Over many events the share of each action is the probability that was told."""
    answers = [rank(ranker, services, {**ONE, "eventId": f"e{n}"}) for n in range(2_000)]
    told = next(row["probability"] for row in answers[0]["ranking"] if row["id"] == "x")
    share = np.mean([answer["rewardActionId"] == "x" for answer in answers])
    assert abs(share - told) < 4 * (told * (1 - told) / 2_000) ** 0.5


def test_excluded_actions(services: Services, ranker: Ranker) -> None:
    """An excluded action is never chosen, has probability 0 and keeps its place."""
    for _ in range(30):
        answer = rank(ranker, services, {**ONE, "excludedActions": ["x"]})
        assert answer["rewardActionId"] == "y"
        assert answer["ranking"] == [{"id": "x", "probability": 0}, {"id": "y", "probability": 1}]


def test_restart_is_the_same_state(services: Services, ranker: Ranker, clock: SteppedClock) -> None:
    """A ranker made anew comes to the same state to the last bit: from the journal alone, and from a checkpoint."""
    played(World(3), 120, services, ranker)
    assert services.journal.last_checkpoint(RANK, "policy") is None
    again = Ranker(services, none)
    assert (again.learnt, again.state()) == (120, ranker.state())
    played(World(4), SAVED_EACH, services, again)
    kept = services.journal.last_checkpoint(RANK, "policy")
    assert kept is not None
    assert 0 < kept.sequence < services.journal.joined(RANK, 0, 10_000)[-1].sequence
    # Some without a word, so that what is assumed is part of the state.
    for _ in range(5):
        rank(again, services, ONE)
    clock.step(dt.timedelta(minutes=11))
    assert again.tend() == 5
    third = Ranker(services, none)
    assert (third.learnt, third.state()) == (1_125, again.state())
    ranker.catch_up()
    assert ranker.state() == third.state()
    document = {**World(5).ask()[1], "eventId": "the same"}
    assert third.decide(third.ask(document)).answer == again.decide(again.ask(document)).answer


def test_old_checkpoints_go(services: Services, ranker: Ranker) -> None:
    """The bytes of a checkpoint go when the next one stands."""
    ranker.configure(RankSettings(default=0.5))
    ranker.configure(RankSettings(default=0.25))
    assert len(list(services.blobs.keys())) == 1
    assert Ranker(services, none).settings.default == 0.25


def test_what_was_learnt_from_a_forgotten_decision_goes(services: Services, ranker: Ranker) -> None:
    """Each server begins again without it, its checkpoint too, and the settings, which learnt nothing, stand."""
    ranker.configure(RankSettings(default=0.25))
    played(World(6), SAVED_EACH + 20, services, ranker)
    other = Ranker(services, none)
    assert services.journal.last_checkpoint(RANK, "policy") is not None
    first = services.journal.joined(RANK, 0, 1)[0].exposure
    assert services.journal.forget(RANK, first.unit).exposures == 1
    for one in (ranker, other):
        one.catch_up()
        assert one.learnt == SAVED_EACH + 19
        assert one.state() == Ranker(services, none).state()
        assert one.settings.default == 0.25
    with pytest.raises(NotFound):
        ranker.reward(first.event_id, 1.0)


def test_lost_checkpoint(services: Services, ranker: Ranker) -> None:
    """A checkpoint whose bytes are gone, or of another format, costs time alone: the journal teaches it all again."""
    played(World(8), 30, services, ranker)
    for key in ("0" * 64, services.blobs.put(b"something else")):
        services.journal.checkpoint(Checkpoint(RANK, "policy", 20, key))
        assert Ranker(services, none).state() == ranker.state()


def test_lost_settings(services: Services, ranker: Ranker) -> None:
    """Without their bytes the defaults stand, and the audit says so: nothing else stops working."""
    ranker.configure(RankSettings(default=0.5))
    for key in list(services.blobs.keys()):
        services.blobs.delete(key)
    assert Ranker(services, none).settings == RankSettings()
    assert [entry.act.action for entry in services.audit.entries()] == ["reset"]


def test_equal_settings_of_two_servers(services: Services, ranker: Ranker) -> None:
    """Each names bytes of his own: the one who replaces his takes nothing from the other."""
    other = Ranker(services, none)
    ranker.configure(RankSettings(default=0.5))
    late = Late(services.journal, lambda: other.configure(RankSettings(default=0.25)))
    slow = Ranker(replace(services, journal=late), none)
    slow.configure(RankSettings(default=0.5))
    assert Ranker(services, none).settings.default == 0.5


@dataclass
class Late:
    """A journal before each of whose checkpoints something happens."""

    journal: Journal
    meanwhile: Callable[[], None]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.journal, name)

    def checkpoint(self, state: Checkpoint, *, forgotten: int | None = None) -> str | None:
        self.meanwhile()
        return self.journal.checkpoint(state, forgotten=forgotten)


def test_default_reward(services: Services, ranker: Ranker, clock: SteppedClock) -> None:
    """After the wait time an event without a reward is given the default one, once, and that is learnt."""
    ranker.configure(RankSettings(wait=dt.timedelta(minutes=5), default=-0.5))
    rank(ranker, services, ONE)
    clock.step(dt.timedelta(minutes=4))
    assert ranker.tend() == 0
    clock.step(dt.timedelta(minutes=2))
    assert (ranker.tend(), ranker.tend(), ranker.learnt) == (1, 0, 1)
    ((joined),) = services.journal.joined(RANK)
    assert (joined.outcome.assumed, joined.outcome.value, joined.late) == (True, 0.25, False)


def test_late_reward_is_learnt(services: Services, ranker: Ranker, clock: SteppedClock) -> None:
    """A reward after the wait time is marked late, and moves the policy from the default towards what came."""
    document = {"actions": [{"id": "only", "features": [{"b": 1}]}]}
    choice = ranker.ask(document).choice
    names = [rank(ranker, services, document)["eventId"] for _ in range(40)]
    clock.step(dt.timedelta(hours=1))
    assert ranker.tend() == 40
    assumed = float(Policy.load(ranker.state()).expected(choice)[0])
    assert [ranker.reward(name, 1.0) for name in names] == [Heard.LATE] * 40
    late = float(Policy.load(ranker.state()).expected(choice)[0])
    assert abs(assumed) < 0.01
    assert 0.8 < late < 1.05
    assert all(joined.late for joined in services.journal.joined(RANK))


def test_late_without_default(services: Services, ranker: Ranker, clock: SteppedClock) -> None:
    """A late reward that came before any default is learnt as it is."""
    name = rank(ranker, services, ONE)["eventId"]
    clock.step(dt.timedelta(hours=1))
    assert ranker.reward(name, 1.0) is Heard.LATE
    assert (ranker.learnt, ranker.tend()) == (1, 0)


def test_deferred_activation(services: Services, ranker: Ranker, clock: SteppedClock) -> None:
    """Deferred: nothing is learnt or assumed until the activation; then rewards that came before it count."""
    for name in ("shown", "never"):
        rank(ranker, services, {**ONE, "eventId": name, "deferActivation": True})
        assert ranker.reward(name, 1.0) is Heard.PARKED
    clock.step(dt.timedelta(hours=1))
    assert (ranker.tend(), ranker.learnt) == (0, 0)
    ranker.activate("shown")
    ranker.activate("shown")
    assert (ranker.learnt, len(services.journal.joined(RANK)), len(services.journal.joined(DEFERRED))) == (1, 1, 0)
    rank(ranker, services, {**ONE, "eventId": "quiet", "deferActivation": True})
    ranker.activate("quiet")
    clock.step(dt.timedelta(hours=1))
    assert ranker.tend() == 1
    ranker.activate("quiet")
    with pytest.raises(NotFound):
        ranker.activate("unheard of")


def test_a_word_of_another_learner_teaches_nothing(services: Services, ranker: Ranker) -> None:
    """What was told of a deferred event elsewhere is no reward, and the rewards after it are still learnt."""
    answer = rank(ranker, services, {**ONE, "deferActivation": True})
    elsewhere = Outcome(answer["eventId"], "outcome", 1.0, services.clock.now())
    services.journal.tell("scoring.outcome", [elsewhere], {"outcome": dt.timedelta(days=1)})
    ranker.activate(answer["eventId"])
    assert ranker.learnt == 0
    ranker.reward(answer["eventId"], -1.0)
    assert ranker.learnt == 1
    alone = Ranker(services, none)
    assert alone.state() == ranker.state()


def test_apprentice(services: Services, ranker: Ranker) -> None:
    """An apprentice shows the first allowed action and learns from it; such a log cannot value another policy."""
    ranker.configure(RankSettings(apprentice=True))
    for turn in range(20):
        answer = rank(ranker, services, ONE)
        assert answer["rewardActionId"] == "x"
        ranker.reward(answer["eventId"], float(turn % 2))
    assert ranker.learnt == 20
    report = evaluate_ranking(services.journal, [Candidate("uniform")], 100)[0]
    assert (report.verdict, report.unsupported) == ("nothing shown", 0.5)


def test_asked_twice(services: Services, ranker: Ranker) -> None:
    """An event that is ranked again is answered alike, also by a ranker that was made since."""
    first = rank(ranker, services, {**ONE, "eventId": "again"})
    played(World(6), 50, services, ranker)
    assert ranker.decided("again") == first
    assert Ranker(services, none).decided("again") == first
    assert ranker.decided("another") is None


def test_second_reward(services: Services, ranker: Ranker) -> None:
    """The first reward stands: the same again, or another one, changes nothing."""
    name = rank(ranker, services, ONE)["eventId"]
    heard = [ranker.reward(name, value) for value in (1.0, 1.0, 0.0)]
    assert heard == [Heard.JOINED, Heard.DUPLICATE, Heard.CONTRADICTION]
    assert ranker.learnt == 1
    with pytest.raises(NotFound, match="no event of this id"):
        ranker.reward("never ranked", 1.0)


def test_reward_before_the_exposure_is_kept(services: Services) -> None:
    """A reward that finds its exposure still under way waits for it, and is learnt when it has come."""
    waiting: list[Callable[[], object]] = []

    def settle() -> None:
        for go in waiting:
            go()

    ranker = Ranker(services, settle)
    decision = ranker.decide(ranker.ask(ONE))
    waiting.append(lambda: services.journal.expose([decision.exposure]))
    assert ranker.reward(decision.answer["eventId"], 1.0) is Heard.PARKED
    waiting.pop()()
    ranker.catch_up()
    assert ranker.learnt == 1


def test_evaluation(services: Services, ranker: Ranker) -> None:
    """A policy that shows the wrong article is refused, uniform is valued as the world knows, none is crowned."""
    ranker.configure(RankSettings(exploring=Exploring("epsilon", 0.5)))
    world = World(7)
    played(world, 1_200, services, ranker)
    kinds = ("epsilon", "uniform", "first", "fixed", "gap")
    reports = dict(zip(kinds, evaluate_ranking(services.journal, [Candidate(k) for k in kinds], 1_200), strict=True))
    for kind, truth in (("uniform", world.rates.mean()), ("first", 0.25)):
        for name in ("ips", "snips", "dr", "sndr", "robust"):
            estimate = reports[kind].estimates[name]
            assert estimate.low <= truth <= estimate.high, (kind, name)
    assert (reports["uniform"].verdict, reports["first"].verdict) == ("refuse", "refuse")
    assert reports["gap"].robust.value > reports["fixed"].robust.value
    assert {reports[kind].verdict for kind in ("gap", "epsilon")} == {"nothing shown"}
    with pytest.raises(ValueError, match="no ranked decision"):
        evaluate_ranking(memory_services().journal, [Candidate("gap")], 10)


def test_row_goes_and_comes() -> None:
    """What the journal keeps gives the decision back as it was, exactly."""
    space = Space(b"k" * 32)
    choice = space.choice([{"a": 0.1, "b": {"c": [1, "x"]}}], [("one", [{"d": True}]), ("two", [])], ["two"])
    chances = np.array([1.0, 0.0])
    again, told, chosen = of_row(to_row(choice, chances, 0, "online"))
    for name in ("context_hashes", "context_values", "hashes", "values", "starts", "sizes", "allowed"):
        assert np.array_equal(getattr(again, name), getattr(choice, name)), name
    assert (again.ids, told.tolist(), chosen) == (("one", "two"), [1, 0], 0)


def test_features() -> None:
    """Equal features have equal hashes; other names, texts or secrets have others; numbers keep their size."""

    def hashes(features: object, secret: bytes = b"k" * 32) -> list[int]:
        return [int(one) for one in Space(secret).choice([features], [("x", [])], []).context_hashes]

    assert hashes({"a": "1"}) == hashes({"a": "1"}) != hashes({"a": "2"})
    assert hashes({"a": "1"}) != hashes({"b": "1"})
    assert hashes({"a": "1"}) != hashes({"a": "1"}, b"j" * 32)
    assert hashes({"a": 1}) == hashes({"a": 2.5}) != hashes({"a": "1"})
    assert hashes({"a": True}) != hashes({"a": 1})
    assert hashes({"a": {"b": 1}}) == hashes({"a.b": 1})
    assert hashes({"a": None, "b": [], "c": {}}) == []
    assert len(hashes({"a": ["x", "y", "x"], "b": [1, 2]})) == 4
    assert [squashed("f", value) for value in (0, -1, 1)] == [0, -1, 1]
    assert -12 < squashed("f", -(10**4)) < -10 < 2 < squashed("f", 3) < squashed("f", 4)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"actions": []}, "actions"),
        ({"actions": [{"id": f"{n}"} for n in range(51)]}, "actions"),
        ({"actions": [{"id": "x"}, {"id": "x"}]}, "actions[1].id"),
        ({"actions": [{"id": 5}]}, "actions[0].id"),
        ({"actions": [{"id": "x", "colour": 1}]}, "actions[0]"),
        ({"actions": [{"id": "x", "features": "y"}]}, "actions[0].features"),
        ({"actions": [{"id": "x", "features": [1]}]}, "actions[0].features[0]"),
        ({"contextFeatures": [{"a": 10**400}]}, "contextFeatures"),
        ({"contextFeatures": [{f"f{n}": 1 for n in range(201)}]}, "contextFeatures"),
        ({"contextFeatures": {"a": 1}}, "contextFeatures"),
        ({"contextFeatures": [{"a": "b" * 1_001}]}, "a"),
        ({"excludedActions": ["x", "y"]}, "excludedActions"),
        ({"excludedActions": "x"}, "excludedActions"),
        ({"eventId": "e" * 257}, "eventId"),
        ({"deferActivation": "yes"}, "deferActivation"),
        ({"slots": []}, "slots"),
    ],
)
def test_wrong_requests(ranker: Ranker, changes: dict[str, Any], field: str) -> None:
    """What does not fit is refused with the field's name."""
    with pytest.raises(WireError) as refused:
        ranker.ask({**ONE, **changes})
    assert refused.value.field == field


def test_deep_features(ranker: Ranker) -> None:
    """Features without end in depth are refused, not followed."""
    deep: dict[str, Any] = {"a": 1}
    for _ in range(5_000):
        deep = {"a": deep}
    with pytest.raises(WireError, match="objects deep"):
        ranker.ask({**ONE, "contextFeatures": [deep]})


def test_settings() -> None:
    """Settings go and come by Personalizer's names; what is out of range is refused with its name."""
    told = {"rewardWaitTime": "P1DT2H3M4S", "defaultReward": -1, "explorationPercentage": 0.2, "logRetentionDays": 7}
    settings = settings_of(told)
    assert settings.wait == dt.timedelta(days=1, hours=2, minutes=3, seconds=4)
    assert settings.exploring == Exploring("epsilon", 0.2)
    for kept in (settings, RankSettings()):
        assert settings_of(document_of(kept)) == kept
    assert document_of(RankSettings())["explorationPercentage"] == SHARE
    assert settings_of({"explorationPercentage": None}) == RankSettings()
    for name, value in (
        ("rewardWaitTime", "PT0S"),
        ("rewardWaitTime", "P31D"),
        ("defaultReward", 2),
        ("explorationPercentage", 0),
        ("rewardAggregation", "sum"),
        ("learningMode", "LoggingOnly"),
        ("speed", 1),
    ):
        with pytest.raises(WireError) as refused:
            settings_of({name: value})
        assert refused.value.field == name


def test_policy_state_of_another_format() -> None:
    """Bytes that are no state are refused with words."""
    with pytest.raises(ValueError, match="no state of a ranking policy"):
        Policy.load(b"something else")
