"""What clients on trial tell the server: checked, counted once, and enough to end a rollout either way."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.edge.conftest import Clock
from tests.edge.test_predictor import model_file
from tests.edge.thing import SCHEMA, TYPES, ThingObserver
from tests.loop.killing import Killed, mortal
from tests.publish.world import World
from tests.server import toy
from tests.server.house import House, running

from samouk.edge import FeedbackCollector, ModelUpdater, Predictor, places
from samouk.edge.bucket import side
from samouk.loop import ramp
from samouk.loop.learner import Domain, Learner, OutcomeSpec, Policy
from samouk.loop.live import Heard, Rollout, RolloutState, Variant
from samouk.loop.outcome import harvest
from samouk.loop.ports import Services
from samouk.loop.records import Artifact, Version
from samouk.loop.registry import enter
from samouk.loop.release import register_next, release
from samouk.loop.rollout import Action, Judgement
from samouk.loop.rollout_policy import RolloutPolicy
from samouk.loop.tally import Tally, take
from samouk.server import Options, create_app
from samouk.server.problems import Problem
from samouk.server.routes.tallies import Quota
from samouk.store.cache.memory import MemoryCache
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services

DAY = dt.timedelta(days=1)
QUICK = RolloutPolicy(steps=(0.1, 0.5, 1.0), dwell=dt.timedelta(hours=12), minimum=2, planned=100)
THINGS = dataclasses.replace(
    toy.LEARNER,
    name=SCHEMA.name,
    schema=SCHEMA,
    classes=TYPES,
    policy=Policy(rollout=QUICK),
    outcomes=(OutcomeSpec("kept"),),
    served=False,
    sample=lambda joined: {"n": 1},
)
PATH = f"/v1/learners/{THINGS.name}/tallies"


@dataclasses.dataclass
class Site:
    """One operator: a server on loopback, signed files, a clock to step."""

    house: House
    services: Services
    clock: SteppedClock
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.house.port}"

    def enter(self, name: str, bias: float, learner: Learner = THINGS) -> Version:
        """A model in staging; a bias tips it towards "odd"."""
        data = model_file(self.folder / f"{name}.onnx", (0, 0, bias)).read_bytes()
        artifact = Artifact(data, {"learner": learner.name, "schema_version": 1, "classes": list(TYPES)})
        champion = self.services.registry.production(learner.name)
        key = self.services.blobs.put(data)
        made = enter(learner, [], artifact, key, self.services.clock.now(), champion=champion, snapshot=None)
        return register_next(self.services, made, "a test", "planted")

    def begin(self, learner: Learner = THINGS) -> Rollout:
        """A champion in service and a challenger on trial."""
        release(self.services, self.enter("old", 0.0), "a test", "the first")
        return ramp.stage(learner, self.services, self.enter("new", 0.1), "a test", "passed the gate")

    def count(self, **changes: Any) -> dict[str, Any]:
        """A good tally of the control, with changes; ``...`` leaves a field out."""
        rollout = self.services.rollouts.rollouts(THINGS.name)[0]
        good = {"tally_id": str(uuid.uuid4()), "rollout": rollout.rollout_id, "version": rollout.champion}
        whole = {**good, "side": "control", "shown": 40, "good": 30, **changes}
        return {name: value for name, value in whole.items() if value is not ...}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    world, clock = World(tmp_path / "operator"), SteppedClock()
    services = memory_services(clock, publisher=world.publisher())
    domain = Domain("test", "Things", (THINGS, toy.LEARNER), tmp_path)
    options = Options(world.folder, max_tallies=100)
    with running(create_app(services, {"test": domain}, options), services) as house:
        yield Site(house, services, clock, tmp_path)


def test_a_tally_is_one_unit_of_its_arm_and_counts_once(site: Site) -> None:
    """Its share of good ones is the outcome of a fresh pseudonym in the present step; sent again, nothing changes."""
    rollout = site.begin()
    (challenger,) = rollout.challengers
    first = site.count()
    assert [site.house.call("POST", PATH, first).json["status"] for _ in range(2)] == ["kept", "duplicate"]
    assert site.house.call("POST", PATH, site.count(version=challenger, side="challenger", good=10)).status == 200
    (control, other) = sorted(site.services.journal.joined(THINGS.name), key=lambda one: one.exposure.version)
    assert (control.outcome.value, other.outcome.value) == (0.75, 0.25)
    assert (control.exposure.variant, other.exposure.variant) == (Variant.CONTROL, Variant.CHALLENGER)
    assert (control.exposure.propensity, other.exposure.propensity) == (0.9, 0.1)
    assert {one.exposure.step for one in (control, other)} == {0}
    assert control.exposure.unit != other.exposure.unit
    assert first["tally_id"] not in repr(control)
    arms = {arm.variant: arm for arm in site.services.journal.arms(rollout.rollout_id, "kept", slow_ms=1e3)}
    assert {variant: (arm.units, arm.mean) for variant, arm in arms.items()} == {
        Variant.CONTROL: (1, 0.75),
        Variant.CHALLENGER: (1, 0.25),
    }


def test_a_kill_between_exposure_and_outcome_is_mended_by_the_next_try(site: Site) -> None:
    """The client sends again, days later: the count stands at its first moment, and is in time."""
    site.begin()
    tally = Tally(**site.count())
    with pytest.raises(Killed):
        take(THINGS, mortal(site.services, 1), tally)
    site.clock.step(3 * DAY)
    assert [take(THINGS, site.services, tally) for _ in range(2)] == [Heard.JOINED, Heard.DUPLICATE]
    (joined,) = site.services.journal.joined(THINGS.name)
    assert not joined.late
    assert joined.outcome.at == joined.exposure.at == site.clock.now() - 3 * DAY


def test_nothing_is_learnt_from_counts(site: Site) -> None:
    """A tally holds no row: a learner that makes samples of outcomes makes none of it."""
    site.begin()
    site.house.call("POST", PATH, site.count())
    assert harvest(THINGS, site.services) == 0
    assert site.services.log.stats(THINGS.name).total_batches == 0
    assert "skip" not in [entry.act.action for entry in site.services.audit.entries()]


@pytest.mark.parametrize(
    ("changes", "field", "remedy"),
    [
        ({"shown": 0}, "shown", "between 1 and 100,000"),
        ({"shown": 100_001}, "shown", "between 1 and 100,000"),
        ({"shown": 40.0}, "shown", "whole number"),
        ({"shown": True}, "shown", "whole number"),
        ({"good": -1}, "good", "between 0 and shown"),
        ({"good": 41}, "good", "between 0 and shown"),
        ({"good": ...}, "good", "missing"),
        ({"side": "champion"}, "side", "challenger or control"),
        ({"side": []}, "side", "challenger or control"),
        ({"side": "challenger"}, "version", "the challenger of this rollout is"),
        ({"version": "v9.9"}, "version", "the control of this rollout is"),
        ({"version": "x" * 65}, "version", "1 to 64"),
        ({"rollout": "nothing"}, "rollout", "is no rollout"),
        ({"rollout": 7}, "rollout", "a text"),
        ({"tally_id": "me"}, "tally_id", "random UUID"),
        ({"tally_id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}, "tally_id", "random UUID"),
        ({"user": "wilhelmina"}, "user", "is not a field"),
    ],
)
def test_what_cannot_be_is_refused_by_field(site: Site, changes: dict[str, Any], field: str, remedy: str) -> None:
    """Each refusal is a 422 with the field and what would be right, and nothing is kept."""
    site.begin()
    answer = site.house.call("POST", PATH, site.count(**changes))
    assert (answer.status, answer.json["field"]) == (422, field)
    assert remedy in answer.json["detail"]
    assert site.services.journal.joined(THINGS.name) == []


def test_other_refusals(site: Site) -> None:
    """No key 401, no such learner or one without outcomes 404, no object 422, another story 409."""
    site.begin()
    body = json.dumps(site.count()).encode()
    assert site.house.ask("POST", PATH, body, Content_Type="application/json").status == 401
    for name in ("no.body", toy.LEARNER.name):
        assert site.house.call("POST", f"/v1/learners/{name}/tallies", site.count()).status == 404
    assert site.house.call("POST", PATH, [1]).status == 422
    count = site.count()
    assert site.house.call("POST", PATH, count).status == 200
    assert site.house.call("POST", PATH, {**count, "good": 1}).status == 409
    assert site.house.call("POST", f"/v1/learners/{THINGS.name}/predict", {"unit": "a", "features": {}}).status == 404


def test_a_trial_that_is_paused_or_over_takes_nothing(site: Site) -> None:
    """Paused and over are 410, which a client drops; another mode has no clients."""
    site.begin()
    ramp.pause(THINGS, site.services, "a test", "wait")
    assert site.house.call("POST", PATH, site.count()).status == 410
    ramp.resume(THINGS, site.services, "a test", "go on")
    assert site.house.call("POST", PATH, site.count()).status == 200
    ramp.roll_back(THINGS, site.services, "a test", "enough")
    assert site.house.call("POST", PATH, site.count()).status == 410
    bandit = dataclasses.replace(THINGS, policy=Policy(rollout=dataclasses.replace(QUICK, mode="bandit")))
    ramp.stage(bandit, site.services, site.enter("third", 0.2), "a test", "passed the gate")
    assert site.house.call("POST", PATH, site.count()).json["field"] == "rollout"


def test_one_key_cannot_decide_alone(site: Site) -> None:
    """Above the day's quota a key is refused until tomorrow; another key and another day are free."""
    site.begin()
    answers = [site.house.call("POST", PATH, site.count()) for _ in range(101)]
    assert [answer.status for answer in answers] == [200] * 100 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    other = dataclasses.replace(site.house, key=site.services.keys.create("another")[1])
    assert other.call("POST", PATH, site.count()).status == 200
    site.clock.step(DAY)
    assert site.house.call("POST", PATH, site.count()).status == 200


def test_servers_count_a_key_together() -> None:
    """Each learns from the cache that they share what the others took."""
    cache, today = MemoryCache(), SteppedClock().now().date()
    one, other = Quota(10, cache), Quota(10, cache)
    for quota in (one,) * 10 + (other,):
        quota.require("key", "rollout", today)
        quota.count("key", "rollout")
    for quota in (one, other):
        with pytest.raises(Problem, match="has sent 10 tallies"):
            quota.require("key", "rollout", today)
        quota.require("another", "rollout", today)


class Person:
    """Somebody with the whole client: updates, predicts, corrects and shares."""

    def __init__(self, site: Site, number: int, own: str, clock: Clock) -> None:
        self.home = site.folder / f"person-{number}"
        self.environ = {"HOME": str(self.home)}
        models = places.models_dir(self.environ, THINGS.name)
        models.mkdir(parents=True)
        (models / "bucket").write_text(own)
        self.updater = ModelUpdater(site.url, THINGS.name, environ=self.environ)
        self.clock, self.seen = clock, 0
        self._site = site

    def update(self) -> str:
        """Take up what is offered; the version that is now in use."""
        self.updater.auto_update(force=True)
        assert self.updater.last_error is None
        current = self.updater.current()
        assert current is not None
        return current.version

    def live(self, wrong: int) -> None:
        """A day: twenty things are shown, so many of them are corrected, and what was counted is sent."""
        things = [{"n": self.seen + n, "size": n, "word": f"{self.seen + n}"} for n in range(20)]
        self.seen += 20
        observer = ThingObserver()
        with Predictor(observer=observer, environ=self.environ) as predictor:
            predictor.predict({"things": things})
        knobs: dict[str, Any] = {"observer": observer, "environ": self.environ, "clock": self.clock}
        knobs |= {"api_key": self._site.house.key, "close_wait_s": 0.0}
        with FeedbackCollector(True, self._site.url, **knobs) as feedback:
            for thing in things[:wrong]:
                assert feedback.record_correction(element=thing, predicted_type="small", actual_type="odd")
            assert feedback.flush().problem == ""


class Town:
    """Sixty people, whose random numbers spread evenly over the sides of a rollout: no test hangs on a bad deal."""

    def __init__(self, site: Site, rollout: Rollout, people: int = 60) -> None:
        self.site, self.clock, self.chance = site, Clock(), random.Random(5)
        spots = [(n + 0.5) / people for n in range(people)]
        self.people = [
            Person(site, n, self._number(rollout.rollout_id, place), self.clock) for n, place in enumerate(spots)
        ]
        self.news, self.in_use = True, [""]

    def _number(self, rollout: str, place: float) -> str:
        """A random number that stands, at a tenth and at one half, on the side of this place in [0, 1)."""
        wanted = [
            "challenger" if place < share else "control" if place >= 1 - share else "neither" for share in (0.1, 0.5)
        ]
        while True:
            own = f"{self.chance.getrandbits(128):032x}"
            if [side(own, rollout, share) for share in (0.1, 0.5)] == wanted:
                return own

    def day(self, wrong: dict[str, int]) -> Judgement | None:
        """All live for a day, by version so many wrong, after an update where there is any; then the platform looks."""
        if self.news:
            self.in_use = self.versions()
        for person, version in zip(self.people, self.in_use, strict=True):
            person.live(wrong[version])
        self.clock.time += DAY.total_seconds()
        self.site.clock.step(dt.timedelta(hours=13))
        judgement = ramp.look(THINGS, self.site.services)
        self.site.clock.step(dt.timedelta(hours=11))
        self.news = judgement is None or judgement.action is not Action.HOLD
        return judgement

    def versions(self) -> list[str]:
        return [person.update() for person in self.people]


@pytest.mark.slow
@pytest.mark.parametrize("harmful", [True, False])
def test_sixty_clients_end_a_trial(site: Site, harmful: bool) -> None:
    """A tenth try it, then one half, until it is taken back or released; all end on one new, higher version."""
    rollout = site.begin()
    (challenger,) = rollout.challengers
    town = Town(site, rollout)
    wrong = {rollout.champion: 0 if harmful else 8, challenger: 8 if harmful else 0}
    seen: list[Action] = []
    for _ in range(6):
        judgement = town.day(wrong)
        assert judgement is not None
        seen.append(judgement.action)
        if site.services.rollouts.active(THINGS.name) is None:
            break
    assert seen[-1] is (Action.ROLL_BACK if harmful else Action.PROMOTE), seen
    assert Action.ADVANCE in seen or harmful
    ended = site.services.rollouts.rollouts(THINGS.name)[0]
    assert ended.state is (RolloutState.ROLLED_BACK if harmful else RolloutState.PROMOTED)
    expected = "v1.2" if harmful else challenger
    in_service = site.services.registry.production(THINGS.name)
    assert in_service is not None
    assert in_service.name == expected
    assert set(town.versions()) == {expected}


def test_who_tries_a_paused_version_stays_and_nobody_else_begins(site: Site) -> None:
    """Withdrawn, the version stays where it is without an error; resumed, it is found again."""
    rollout = site.begin(dataclasses.replace(THINGS, policy=Policy(rollout=dataclasses.replace(QUICK, steps=(0.5, 1)))))
    (challenger,) = rollout.challengers
    town = Town(site, rollout, 8)
    early, late = town.people[::2], town.people[1::2]
    first = [person.update() for person in early]
    assert set(first) == {rollout.champion, challenger}
    ramp.pause(THINGS, site.services, "a test", "wait")
    assert [person.update() for person in early] == first
    assert {person.update() for person in late} == {rollout.champion}
    ramp.resume(THINGS, site.services, "a test", "go on")
    assert challenger in {person.update() for person in late}
    ramp.roll_back(THINGS, site.services, "a test", "enough")
    assert set(town.versions()) == {"v1.2"}
