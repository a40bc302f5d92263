"""The turn: the whole wheel on every port in memory."""

import dataclasses
import datetime as dt
import importlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples.side_of_a_line import TOY, ToyWorld, artifact
from examples.will_it_rain import RAIN, Weather, model
from tests.canary import CANARIES, leaks
from tests.contracts.making import members
from tests.contracts.waiting import until
from tests.loop.killing import Killed, mortal

from samouk import OnlineLearningService
from samouk.loop import watch
from samouk.loop.learner import Context, Learner, Policy
from samouk.loop.live import EventKind
from samouk.loop.ports import LeaseLost, Services
from samouk.loop.ramp import RolloutRefused, approve, roll_back
from samouk.loop.records import (
    Artifact,
    BatchState,
    Decision,
    Examples,
    Order,
    Run,
    RunEnd,
    Stage,
    TriggerKind,
    Version,
)
from samouk.loop.release import reconcile, release
from samouk.loop.turn import begin, turn
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services

turning = importlib.import_module("samouk.loop.turn")

BY_HAND = Order(TriggerKind.MANUAL, "a person asked")


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def services(clock: SteppedClock) -> Services:
    return memory_services(clock)


def send(services: Services, week: int = 0, contributors: int = 32, lie: bool = False) -> list[str]:
    world = ToyWorld(7)
    batches = [world.batch(week, number, lie) for number in range(contributors)]
    services.log.append(batches)
    return [batch.batch_id for batch in batches]


def learner_with(**changes: object) -> Learner:
    return dataclasses.replace(TOY, **changes)  # type: ignore[arg-type]  # names checked by dataclasses


def test_a_first_model_is_made_judged_and_published(services: Services) -> None:
    """From samples to a version that clients find, with its lineage."""
    send(services)
    run = turn(TOY, services, BY_HAND)
    version = services.registry.production(TOY.name)
    assert run.end is RunEnd.RELEASED
    assert version is not None
    assert (version.name, version.stage) == ("v1.0", Stage.PRODUCTION)
    assert version.snapshot == run.snapshot
    assert services.publisher.published(TOY.name) == "v1.0"
    assert version.figures["accuracy"] > 0.8


def test_nothing_to_learn_from_ends_empty(services: Services) -> None:
    """A turn without samples changes nothing and says so."""
    assert turn(TOY, services, BY_HAND).end is RunEnd.EMPTY
    assert services.registry.versions(TOY.name) == []


def test_the_same_data_again_are_refused(services: Services) -> None:
    """A challenger fitted on what the champion knows is no better."""
    send(services)
    turn(TOY, services, BY_HAND)
    run = turn(TOY, services, BY_HAND)
    assert run.end is RunEnd.REFUSED
    assert services.registry.production(TOY.name) == services.registry.version(TOY.name, "v1.0")


def test_a_better_model_takes_over_and_the_old_one_is_archived(services: Services) -> None:
    """The shipped first model is poor; one week of samples makes a better one, which counts up."""
    poor = learner_with(first=lambda: artifact([1.0, -0.2, 0.0]))
    send(services)
    run = turn(poor, services, BY_HAND)
    assert run.end is RunEnd.RELEASED
    stages = {version.name: version.stage for version in services.registry.versions(TOY.name)}
    assert stages == {"v1.0": Stage.ARCHIVED, "v1.1": Stage.PRODUCTION}
    assert services.registry.version(TOY.name, "v1.1").parent == "v1.0"


def test_a_worse_challenger_leaves_the_champion_in_service(services: Services) -> None:
    """A trainer gone mad is stopped by the gate, and the run says why."""
    send(services)
    turn(TOY, services, BY_HAND)
    mad = learner_with(fit=lambda examples, champion, context: artifact([-1.0, -1.0, 0.0]))
    run = turn(mad, services, BY_HAND)
    assert run.end is RunEnd.REFUSED
    assert run.verdict is not None
    assert run.verdict.reasons[0].startswith("worse: accuracy")
    assert services.publisher.published(TOY.name) == "v1.0"


def test_holdout_and_training_share_no_group_and_the_holdout_only_grows(services: Services) -> None:
    """Applications are on one side of the split for good, also when the policy moves."""
    send(services)
    first = members(services, turn(TOY, services, BY_HAND).snapshot)
    send(services, week=1)
    moved = learner_with(policy=Policy(holdout_groups=frozenset({0})))
    second = members(services, turn(moved, services, BY_HAND).snapshot)
    assert set(first["holdout"]) < set(second["holdout"])
    assert not set(second["train"]) & set(second["holdout"])
    assert set(first["train"]) <= set(second["train"])


def test_a_suspect_batch_is_quarantined_and_learnt_from_by_nobody(services: Services) -> None:
    """What the learner suspects stays in the log, out of every snapshot, with an audit entry."""
    batch_ids = send(services)
    world = ToyWorld(7)
    poisoned = world.batch(9, 0, lie=True)
    services.log.append([poisoned])

    def suspects(columns: object, champion: Artifact | None) -> str | None:
        return "labels are mirrored" if columns is poisoned.columns or _mirrored(columns) else None

    run = turn(learner_with(suspects=suspects), services, BY_HAND)
    states = {entry.batch_id: entry.state for entry in services.log.entries(TOY.name)}
    assert states[poisoned.batch_id] is BatchState.QUARANTINED
    assert states[batch_ids[0]] is BatchState.LIVE
    assert poisoned.batch_id in members(services, run.snapshot)["quarantined"]
    assert any(entry.act.action == "quarantine" for entry in services.audit.entries())


def _mirrored(columns: object) -> bool:
    assert isinstance(columns, dict)
    return float(np.mean((columns["x"] + columns["y"] > 0) == columns["side"])) < 0.5


def test_erasure_taints_the_champion_and_its_replacement_knows_nothing_of_it(
    services: Services, clock: SteppedClock
) -> None:
    """Erased rows trigger a retrain at once; the new snapshot is without them and the new version untainted."""
    batch_ids = send(services)
    turn(TOY, services, BY_HAND)
    snapshot = services.registry.latest_snapshot(TOY.name)
    assert snapshot is not None
    gone = members(services, snapshot.digest)["train"][0]
    assert gone in batch_ids
    services.log.erase(gone, ToyWorld(7).batch(0, batch_ids.index(gone)).receipt_hash)
    services.registry.taint(TOY.name, gone)
    order = watch.due(TOY, services)
    assert order is not None
    assert order.kind is TriggerKind.ERASURE
    run = turn(TOY, services, order)
    champion = services.registry.production(TOY.name)
    assert run.end is RunEnd.RELEASED
    assert champion is not None
    assert not champion.tainted
    assert gone not in members(services, champion.snapshot)["train"]
    assert watch.due(TOY, services) is None


def test_two_turns_at_once_are_one_turn(services: Services) -> None:
    """While one run holds the lease, another is turned away with a clear word."""
    send(services)

    def fit(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
        with pytest.raises(LeaseLost, match="another process"):
            turn(TOY, services, BY_HAND)
        return TOY.fit(examples, champion, context)

    assert turn(learner_with(fit=fit), services, BY_HAND).end is RunEnd.RELEASED


def test_a_run_that_raises_is_on_record_and_can_be_taken_again(services: Services) -> None:
    """The error is written into the run and raised; the next turn works."""
    send(services)

    def broken(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
        raise MemoryError("no room")

    with pytest.raises(MemoryError):
        turn(learner_with(fit=broken), services, BY_HAND)
    assert services.runs.runs(TOY.name)[0].error == "MemoryError: no room"
    assert turn(TOY, services, BY_HAND).end is RunEnd.RELEASED


def test_a_run_whose_process_died_is_closed_by_the_next(services: Services) -> None:
    """A run left open by a kill is on record as failed, not as running for ever."""
    send(services)
    services.runs.save(Run("dead", TOY.name, BY_HAND, services.clock.now()))
    turn(TOY, services, BY_HAND)
    ends = {run.run_id: run.end for run in services.runs.runs(TOY.name)}
    assert ends["dead"] is RunEnd.FAILED


def test_a_version_in_production_that_was_never_published_is_published(services: Services) -> None:
    """A kill between the registry's commit and the publishing is mended."""
    key = services.blobs.put(b"[1, 1, 0]")
    version = Version(TOY.name, "v1.0", 1, Stage.STAGING, key, "0" * 64, 9, services.clock.now())
    services.registry.add(version)
    services.registry.move(TOY.name, "v1.0", Stage.PRODUCTION)
    assert reconcile(services, TOY.name)
    assert services.publisher.published(TOY.name) == "v1.0"
    assert not reconcile(services, TOY.name)


def test_a_shipped_model_is_released_once(services: Services) -> None:
    """Starting twice publishes the first model once."""
    shipped = learner_with(first=lambda: artifact([1.0, 1.0, 0.0]))
    begin(shipped, services)
    begin(shipped, services)
    assert [version.name for version in services.registry.versions(TOY.name)] == ["v1.0"]


def test_a_first_start_that_is_killed_anywhere_is_finished_by_the_next() -> None:
    """After each write the process may die: the next one puts the one shipped version in service, and no other."""
    shipped = learner_with(first=lambda: artifact([1.0, 1.0, 0.0]))
    for writes in range(20):
        clock = SteppedClock()
        services = memory_services(clock)
        died = False
        try:
            begin(shipped, mortal(services, writes))
        except Killed:
            died = True
        clock.step(dt.timedelta(minutes=1))
        begin(shipped, services)
        assert [(one.name, one.stage) for one in services.registry.versions(TOY.name)] == [("v1.0", Stage.PRODUCTION)]
        assert services.publisher.published(TOY.name) == "v1.0"
        if not died:
            break
    assert writes == 8, "blob, version, act, move, act, its mark and publishing: seven places to die after"


def test_versions_that_wait_for_a_person_are_not_overtaken_by_a_shipped_one(services: Services) -> None:
    """A package that ships a model only now leaves those that were learnt before it alone."""
    send(services)
    turn(learner_with(policy=Policy(approval="human")), services, BY_HAND)
    begin(learner_with(first=lambda: artifact([1.0, 1.0, 0.0])), services)
    assert [(one.name, one.stage) for one in services.registry.versions(TOY.name)] == [("v1.0", Stage.STAGING)]


def test_who_holds_the_beginning_for_ever_is_told_of(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start waits for another one, and then says why it gave up."""
    monkeypatch.setattr(turning, "BEGIN_SECONDS", 0.05)
    services.leases.acquire(f"begin:{TOY.name}", "another", 60)
    with pytest.raises(LeaseLost, match="another process"):
        begin(learner_with(first=lambda: artifact([1.0, 1.0, 0.0])), services)


_START = """
import sys
import threading
from samouk import OnlineLearningService, domains
domains.learners()
print("ready", flush=True)
sys.stdin.readline()
OnlineLearningService(sys.argv[1]).initialize().close()
"""


def test_processes_that_start_at_once_on_a_fresh_home_all_start(tmp_path: Path) -> None:
    """Three real processes make the keys and the first versions between them, once."""
    home = tmp_path / "home"
    command = [sys.executable, "-c", _START, str(home)]
    pipe = subprocess.PIPE
    starting = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(3)]
    for process in starting:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in starting:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    problems = [process.communicate()[1] for process in starting]
    assert [process.returncode for process in starting] == [0, 0, 0], problems
    with OnlineLearningService(home) as service:
        assert service.get_performance_metrics(model_type="calling").version == "v1.0"


def test_volume_and_time_triggers_fire_on_new_samples_only(services: Services, clock: SteppedClock) -> None:
    """Enough new samples are a reason at once, few after a week, none never."""
    assert watch.due(TOY, services) is None
    send(services)
    order = watch.due(TOY, services)
    assert order is not None
    assert order.kind is TriggerKind.VOLUME
    turn(TOY, services, order)
    clock.step(dt.timedelta(days=8))
    assert watch.due(TOY, services) is None
    send(services, week=1, contributors=2)
    order = watch.due(TOY, services)
    assert order is not None
    assert order.kind is TriggerKind.TIME


def test_falling_quality_is_a_reason(services: Services, clock: SteppedClock) -> None:
    """Fresh labels that contradict the champion push its live accuracy under the floor."""
    send(services)
    turn(TOY, services, BY_HAND)
    clock.step(dt.timedelta(hours=2))
    send(services, week=1, contributors=8, lie=True)
    order = watch.due(TOY, services)
    assert order is not None
    assert order.kind is TriggerKind.QUALITY
    assert "floor" in order.reason


def test_a_version_may_wait_for_a_persons_word(services: Services) -> None:
    """A policy may ask for approval: until then nothing is released, and no version is approved twice."""
    send(services)
    careful = learner_with(policy=Policy(approval="human"))
    run = turn(careful, services, BY_HAND)
    assert run.end is RunEnd.STAGED
    assert run.verdict is not None
    assert run.verdict.decision is Decision.PASS
    assert services.registry.production(TOY.name) is None
    approve(careful, services, "a person", "looked at")
    assert services.publisher.published(TOY.name) == "v1.0"
    with pytest.raises(RolloutRefused, match="waits in staging"):
        approve(careful, services, "a person", "looked at")


def test_what_a_person_puts_in_service_during_a_turn_stays(services: Services) -> None:
    """The challenger was judged against another champion: it waits, and a person may release it still."""
    poor = learner_with(first=lambda: artifact([1.0, -0.2, 0.0]))
    begin(poor, services)
    first, other = services.registry.version(TOY.name, "v1.0"), artifact([1.0, -0.1, 0.0])
    key = services.blobs.put(other.data)
    kept = dataclasses.replace(first, name="v1.1", number=2, stage=Stage.STAGING, artifact_key=key, artifact_digest=key)
    services.registry.add(kept)
    send(services)

    def slow(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
        release(services, kept, "a person", "the one before was hurting")
        return TOY.fit(examples, champion, context)

    run = turn(dataclasses.replace(poor, fit=slow), services, BY_HAND)
    assert (run.end, run.version) == (RunEnd.STAGED, "v1.2")
    assert services.publisher.published(TOY.name) == kept.name == "v1.1"
    assert "v1.2 was judged for the place of v1.0" in run.notes[-1]
    assert "v1.1 is in production by now" in run.notes[-1]
    approve(poor, services, "a person", "looked at")
    assert services.publisher.published(TOY.name) == "v1.2"


def test_a_rollback_while_a_turn_makes_up_for_an_erasure_stays(services: Services) -> None:
    """Nothing is left to learn from, and a person was quicker than the turn to bring the untainted version back."""
    shipped = learner_with(first=lambda: artifact([1.0, -0.2, 0.0]))
    batch_ids = send(services)
    turn(shipped, services, BY_HAND)
    for number, batch_id in enumerate(batch_ids):
        services.log.erase(batch_id, ToyWorld(7).batch(0, number).receipt_hash)
    order = watch.due(shipped, services)
    assert order is not None

    def quicker(note: str, share: float) -> None:
        if note == "nothing to learn from yet":
            roll_back(shipped, services, "a person", "samples behind it were erased")

    run = turn(shipped, services, order, Context(progress=quicker))
    champion = services.registry.production(TOY.name)
    assert champion is not None
    assert (champion.name, champion.tainted) == ("v1.2", False)
    assert [one.name for one in services.registry.versions(TOY.name)] == ["v1.2", "v1.1", "v1.0"]
    assert run.end is RunEnd.EMPTY


def test_one_turn_may_be_held_for_a_persons_word(services: Services) -> None:
    """Whoever orders a turn may keep its version back, where the policy would release it."""
    send(services)
    run = turn(learner_with(), services, Order(TriggerKind.MANUAL, "to look at it first", hold=True))
    assert run.end is RunEnd.STAGED
    assert any("waits for a person's word" in note for note in run.notes)
    assert services.publisher.published(TOY.name) is None
    approve(learner_with(), services, "a person", "looked at")
    assert services.publisher.published(TOY.name) == "v1.0"


def test_a_failed_run_does_not_use_up_its_trigger(services: Services) -> None:
    """What a run that failed had read is still new to the next one."""
    send(services)

    def broken(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
        raise MemoryError("no room")

    with pytest.raises(MemoryError):
        turn(learner_with(fit=broken), services, BY_HAND)
    order = watch.due(TOY, services)
    assert order is not None
    assert order.kind is TriggerKind.VOLUME


def test_an_erasure_whose_mark_was_lost_is_marked_by_the_next_look(services: Services) -> None:
    """A process that died between the erasure and the mark leaves no champion that nobody knows to be tainted."""
    batch_ids = send(services)
    turn(TOY, services, BY_HAND)
    snapshot = services.registry.latest_snapshot(TOY.name)
    assert snapshot is not None
    gone = members(services, snapshot.digest)["train"][0]
    services.log.erase(gone, ToyWorld(7).batch(0, batch_ids.index(gone)).receipt_hash)
    order = watch.due(TOY, services)
    assert order is not None
    assert order.kind is TriggerKind.ERASURE


def test_when_nothing_is_left_to_learn_from_the_untainted_version_returns(services: Services) -> None:
    """Everything behind the champion is erased: the shipped model comes back as a new, higher version."""
    shipped = learner_with(first=lambda: artifact([1.0, -0.2, 0.0]))
    batch_ids = send(services)
    turn(shipped, services, BY_HAND)
    for number, batch_id in enumerate(batch_ids):
        services.log.erase(batch_id, ToyWorld(7).batch(0, number).receipt_hash)
    order = watch.due(shipped, services)
    assert order is not None
    run = turn(shipped, services, order)
    champion = services.registry.production(TOY.name)
    assert run.end is RunEnd.RELEASED
    assert champion is not None
    assert (champion.name, champion.tainted) == ("v1.2", False)
    assert champion.artifact_digest == services.registry.version(TOY.name, "v1.0").artifact_digest
    assert champion.changelog[0].startswith("Back to v1.0")
    assert watch.due(shipped, services) is None


def test_batches_of_an_older_schema_are_not_new(services: Services) -> None:
    """They stay in the log, and are no reason to learn and nothing to learn from."""
    services.log.append([dataclasses.replace(ToyWorld(7).batch(0, number), schema_version=0) for number in range(32)])
    assert watch.observe(TOY, services).new_samples == 0
    assert turn(TOY, services, BY_HAND).end is RunEnd.EMPTY


class DyingLeases:
    """A store that fails after the first time."""

    def __init__(self) -> None:
        self.calls = 0

    def acquire(self, name: str, holder: str, seconds: float) -> bool:
        self.calls += 1
        if self.calls > 1:
            raise OSError("the disk is gone")
        return True

    def renew(self, name: str, holder: str, seconds: float) -> bool:
        return self.acquire(name, holder, seconds)

    def release(self, name: str, holder: str) -> None:
        pass

    def held(self, name: str) -> bool:
        return self.calls == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_lease_that_nobody_renews_any_more_is_lost(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the store fails under the renewing thread, the run stops before anything is released."""
    send(services)
    monkeypatch.setattr(turning, "LEASE_SECONDS", 0.03)
    leases = DyingLeases()
    dying = dataclasses.replace(services, leases=leases)

    def slow(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
        while leases.calls < 2:
            time.sleep(0.005)
        time.sleep(0.05)
        return TOY.fit(examples, champion, context)

    with pytest.raises(LeaseLost):
        turn(learner_with(fit=slow), dying, BY_HAND)
    assert services.registry.production(TOY.name) is None


def test_progress_never_runs_backwards(services: Services) -> None:
    """What the fit tells of itself is a stretch of the whole."""
    send(services)
    shares: list[float] = []

    def talkative(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
        for step in range(5):
            context.progress(f"step {step}", step / 4)
        return TOY.fit(examples, champion, context)

    turn(learner_with(fit=talkative), services, BY_HAND, Context(progress=lambda _, share: shares.append(share)))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def rainy(services: Services, week: int = 0, contributors: int = 32) -> None:
    services.log.append(list(Weather(3).batches(week, contributors)))


def test_a_first_version_is_released_although_the_learner_ramps(services: Services) -> None:
    """Nobody is in service to compare it with; without classes it must beat the learner's own constant answer."""
    rainy(services)
    run = turn(RAIN, services, BY_HAND)
    assert run.end is RunEnd.RELEASED
    assert run.verdict is not None
    assert run.verdict.figures[0].champion < 0.6 < run.verdict.figures[0].challenger
    assert services.publisher.published(RAIN.name) == "v1.0"


def test_a_model_no_better_than_the_constant_answer_is_refused(services: Services) -> None:
    """In a world with nothing to learn no first version is made."""
    services.log.append(list(Weather(3, null=True).batches(0, 32)))
    assert turn(RAIN, services, BY_HAND).end is not RunEnd.RELEASED
    assert services.registry.versions(RAIN.name) == []


def test_a_better_version_goes_on_trial_and_the_next_waits(services: Services) -> None:
    """The first one is staged at its first share; one made meanwhile stays in staging until the rollout ends."""
    poor = dataclasses.replace(RAIN, first=lambda: model([1.5, 0.1, 0.0]))
    rainy(services)
    run = turn(poor, services, BY_HAND)
    assert (run.end, run.version, run.notes[-1]) == (RunEnd.STAGED, "v1.1", "v1.1 is shown to some people")
    rollout = services.rollouts.active(RAIN.name)
    assert rollout is not None
    assert rollout.challengers == {"v1.1": 0.1}
    assert rollout.reason.startswith("better: accuracy")
    rainy(services, week=1)
    run = turn(poor, services, BY_HAND)
    assert run.notes[-1] == "v1.2 waits until the running rollout ends"
    assert services.registry.version(RAIN.name, "v1.2").stage is Stage.STAGING
    assert services.publisher.published(RAIN.name) == "v1.0"


def test_each_end_of_a_run_is_told(services: Services) -> None:
    """Released, refused and failed runs are events; of an error its kind alone."""
    send(services)

    def broken(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
        raise MemoryError("no room for secrets")

    with pytest.raises(MemoryError):
        turn(learner_with(fit=broken), services, BY_HAND)
    turn(TOY, services, BY_HAND)
    turn(TOY, services, BY_HAND)
    told = [(event.kind, event.body.get("end"), event.body.get("error")) for event in services.rollouts.events()]
    assert told == [
        (EventKind.RUN_FINISHED, "failed", "MemoryError"),
        (EventKind.RUN_FINISHED, "released", None),
        (EventKind.PROMOTED, None, None),
        (EventKind.RUN_FINISHED, "refused", None),
    ]


def test_what_an_error_quotes_is_told_to_the_operator_alone_and_goes_with_the_erasure(services: Services) -> None:
    """No canary in the audit and the events, from which nothing goes; in the run until something is erased."""
    batch_ids = send(services)
    secrets = " ".join(CANARIES.values())

    def quoting(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
        raise ValueError(f"cannot parse: {secrets}")

    with pytest.raises(ValueError, match="cannot parse"):
        turn(learner_with(fit=quoting), services, BY_HAND)
    assert leaks(str(services.runs.runs(TOY.name))) == list(CANARIES)
    assert leaks(str(services.audit.entries())) == []
    assert leaks(str(services.rollouts.events())) == []
    assert "failed (ValueError)" in services.audit.entries()[-1].act.reason
    services.log.erase(batch_ids[0], ToyWorld(7).batch(0, 0).receipt_hash)
    watch.due(TOY, services)
    assert services.runs.runs(TOY.name)[0].error == "ValueError"


class Meanwhile:
    """Rollouts whose process is interrupted when it looks for the one that runs, once it was told to."""

    def __init__(self, rollouts: Any, what: Callable[[], object]) -> None:
        self.port, self.what, self.told = rollouts, what, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.port, name)

    def tell(self, note: str, share: float) -> None:
        self.told = self.told or note == "nothing to learn from yet"

    def active(self, learner: str) -> Any:
        if self.told:
            self.told = False
            self.what()
        return self.port.active(learner)


class Taken:
    """Leases of which, once ``lost``, none is renewed."""

    def __init__(self, leases: Any) -> None:
        self.leases, self.lost = leases, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.leases, name)

    def renew(self, name: str, holder: str, seconds: float) -> bool:
        return not self.lost and bool(self.leases.renew(name, holder, seconds))

    def lose(self) -> None:
        self.lost = True
        until(lambda: all(thread.name != f"turn:{TOY.name}" for thread in threading.enumerate()))


def all_erased(services: Services) -> tuple[Learner, Order]:
    """A learner with a shipped version, and the order that follows when all is erased that it learnt since."""
    shipped = learner_with(first=lambda: artifact([1.0, -0.2, 0.0]))
    batch_ids = send(services)
    turn(shipped, services, BY_HAND)
    for number, batch_id in enumerate(batch_ids):
        services.log.erase(batch_id, ToyWorld(7).batch(0, number).receipt_hash)
    order = watch.due(shipped, services)
    assert order is not None
    return shipped, order


def test_a_rollback_while_the_untainted_version_is_about_to_return_stays(services: Services) -> None:
    """A person is heard until the very moment of the release."""
    shipped, order = all_erased(services)
    rollouts = Meanwhile(services.rollouts, lambda: roll_back(shipped, services, "a person", "it hurts"))
    run = turn(shipped, dataclasses.replace(services, rollouts=rollouts), order, Context(progress=rollouts.tell))
    assert run.end is RunEnd.EMPTY
    assert run.notes[-1] == "v1.2, in service by now, knows nothing of what was erased"
    assert [one.name for one in services.registry.versions(TOY.name)] == ["v1.2", "v1.1", "v1.0"]


def test_who_lost_the_lease_brings_nothing_back(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process learns this learner by now, and decides."""
    shipped, order = all_erased(services)
    monkeypatch.setattr(turning, "LEASE_SECONDS", 0.3)
    leases = Taken(services.leases)
    rollouts = Meanwhile(services.rollouts, leases.lose)
    late = dataclasses.replace(services, leases=leases, rollouts=rollouts)
    with pytest.raises(LeaseLost):
        turn(shipped, late, order, Context(progress=rollouts.tell))
    assert [one.name for one in services.registry.versions(TOY.name)] == ["v1.1", "v1.0"]
