"""OnlineLearningService as an application uses it: one process, a folder, and the whole loop behind it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
from examples import will_it_rain as rain

from samouk import OnlineLearningService, online
from samouk.edge.wire import WireError
from samouk.loop import ramp
from samouk.loop.columns import Columns
from samouk.loop.learner import GatePolicy, Learner, Policy, TriggerPolicy, UnfitArtifact
from samouk.loop.live import Heard
from samouk.loop.outcome import BadOutcome, harvest
from samouk.loop.ports import LeaseLost, NotFound
from samouk.loop.records import Artifact, Predictions, RunEnd, Stage
from samouk.loop.registry import learns_from
from samouk.loop.rollout_policy import RolloutPolicy
from samouk.loop.serving import PredictionFailed
from samouk.online import NotReady

POOR, GOOD = [1.0, -0.5, 0.0], [3.0, 3.0, 0.0]
NAME = rain.RAIN.name


def adopted(data: bytes, metrics: object) -> Artifact:
    """Weights that somebody else found, as JSON."""
    try:
        weights = [float(weight) for weight in json.loads(data)]
    except (ValueError, TypeError) as error:
        raise UnfitArtifact("three numbers as JSON are expected") from error
    return rain.model(weights)


def weather(**changes: object) -> Learner:
    policy = Policy(
        rollout=RolloutPolicy(),
        gate=GatePolicy(minimum=100),
        triggers=TriggerPolicy(volume=500, adaptive=False),
        holdout_groups=frozenset(range(0, 16, 2)),
    )
    return dataclasses.replace(
        rain.RAIN,
        first=lambda: rain.model(POOR),
        adopt=adopted,
        policy=policy,
        **changes,  # type: ignore[arg-type]
    )


@pytest.fixture(autouse=True)
def dealt_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same people meet a challenger in every run: no test hangs on a bad deal."""
    chance = Random(5)
    monkeypatch.setattr("samouk.assembly.stores.SystemRandom", lambda: chance)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[OnlineLearningService]:
    with OnlineLearningService(tmp_path / "home", learners=[weather()]) as opened:
        yield opened


def live(service: OnlineLearningService, days: int, seed: int = 3) -> None:
    """People ask, and tell in the evening whether the advice was right."""
    world, rng = rain.Weather(seed), np.random.default_rng(seed)
    columns = world.days(rng, days)
    for day in range(days):
        row = {"pressure": float(columns["pressure"][day]), "humidity": float(columns["humidity"][day])}
        answer = service.predict(f"person {day}", row, model_type=NAME)
        assert answer.score is not None
        right = (answer.score >= 0.5) == bool(columns["rained"][day])
        service.record_outcome(answer.event_id, float(right), model_type=NAME)


def test_importing_the_name_is_all_it_takes_and_costs_nothing_before() -> None:
    """`import samouk` loads no part of the platform; the class comes when it is asked for."""
    code = (
        "import sys, samouk; assert not any(m.startswith('samouk.') for m in sys.modules), sys.modules;"
        "from samouk import OnlineLearningService; print(OnlineLearningService.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "OnlineLearningService\n"


def test_nothing_works_before_it_is_initialized(tmp_path: Path) -> None:
    """The error says what to call; closing twice and what was never opened is fine."""
    service = OnlineLearningService(tmp_path)
    with pytest.raises(NotReady, match="call initialize"):
        service.predict("somebody", {}, model_type=NAME)
    service.close()
    service.close()


def test_outcomes_teach_a_version_that_is_staged_for_a_tenth(service: OnlineLearningService) -> None:
    """Enough outcomes fire the trigger by themselves; what is learnt is tried on a tenth of the people."""
    assert service.last_retraining_date is None
    live(service, 500)
    run = service.tend(NAME)
    assert run is not None
    assert (run.end, run.version) == (RunEnd.STAGED, "v1.1")
    assert service.last_retraining_date == run.ended
    services = service._ready()
    known = learns_from(services.registry.version(NAME, "v1.1"))
    assert known == services.journal.joined(NAME)[-1].sequence, "online it learns what its fit could not know"
    assert learns_from(services.registry.version(NAME, "v1.0")) == 0
    assert not service.is_retraining
    versions = {
        service.predict(f"other {n}", {"pressure": 990.0, "humidity": 0.4}, model_type=NAME).version for n in range(200)
    }
    assert versions == {"v1.0", "v1.1"}


def test_a_person_may_ask_for_it_and_not_wait(service: OnlineLearningService) -> None:
    """The thread really trains; asking again meanwhile is refused; a failure is told."""
    live(service, 60)
    assert service.trigger_retraining(NAME, "spring has come", wait=False) is None
    while service.is_retraining:
        pass
    assert service.last_problem is None
    assert service.last_retraining_date is not None
    run = service.trigger_retraining(NAME, "once more")
    assert run is not None
    assert run.order.reason == "once more"


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    """While one turn runs, also by another object on the same home, a second is refused and said to be running."""
    home = tmp_path / "home"
    seen: list[bool] = []

    def slow(examples: object, champion: object, context: object) -> Artifact:
        seen.append(other.is_retraining)
        with pytest.raises(LeaseLost):
            other.trigger_retraining(NAME, "at the same time")
        return rain.model(GOOD)

    with (
        OnlineLearningService(home, learners=[weather()]) as other,
        OnlineLearningService(home, learners=[weather(fit=slow)]) as one,
    ):
        live(one, 60)
        one.trigger_retraining(NAME, "first")
    assert seen == [True]


def test_one_model_type_waits_for_no_other(tmp_path: Path) -> None:
    """While one is being learnt another may be; the same one may not, and only a verdict dates a retraining."""
    begun, go = threading.Event(), threading.Event()

    def slow(examples: object, champion: object, context: object) -> Artifact:
        begun.set()
        assert go.wait(30)
        return rain.model(GOOD)

    snow = dataclasses.replace(weather(), name="weather.snow")
    with OnlineLearningService(tmp_path / "home", learners=[weather(fit=slow), snow]) as service:
        live(service, 60)
        service.trigger_retraining(NAME, "takes its time", wait=False)
        assert begun.wait(30)
        with pytest.raises(LeaseLost, match=r"weather\.rain is being learnt already"):
            service.trigger_retraining(NAME, "at the same time")
        run = service.trigger_retraining("weather.snow", "nothing to learn from")
        assert run is not None
        assert run.end is RunEnd.EMPTY
        assert service.is_retraining
        assert service.last_retraining_date is None
        go.set()
    with OnlineLearningService(tmp_path / "home", learners=[weather(), snow]) as service:
        assert service.last_retraining_date is not None
        assert service.last_problem is None


def test_tending_leaves_a_turn_to_whoever_takes_it(tmp_path: Path) -> None:
    """When another process learns just then, tending is done without a run."""
    home, found = tmp_path / "home", list[object]()

    def slow(examples: object, champion: object, context: object) -> Artifact:
        found.append(other.tend(NAME))
        return rain.model(GOOD)

    eager = dataclasses.replace(weather().policy, triggers=TriggerPolicy(volume=60, adaptive=False))
    with (
        OnlineLearningService(home, learners=[dataclasses.replace(weather(), policy=eager)]) as other,
        OnlineLearningService(home, learners=[dataclasses.replace(weather(fit=slow), policy=eager)]) as one,
    ):
        live(one, 60)
        harvest(one._learner(NAME), one._ready())  # tending waits for more, so that batches are larger
        assert one.tend(NAME) is not None
    assert found == [None]


def test_what_another_process_took_back_is_shown_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A promotion and its rollback are seen by a process that only predicts, without a call that looks for them."""
    home = tmp_path / "home"
    row = {"pressure": 990.0, "humidity": 0.4}
    with (
        OnlineLearningService(home, learners=[weather()]) as one,
        OnlineLearningService(home, learners=[weather()]) as other,
    ):

        def shown() -> set[str]:
            return {one.predict(f"u{n}", row, model_type=NAME).version for n in range(40)}

        assert shown() == {"v1.0"}
        live(other, 300)
        monkeypatch.setattr(online, "LOOK_S", 3_600.0)
        run = other.trigger_retraining(NAME, "a test said so")
        assert run is not None
        assert run.end is RunEnd.STAGED
        assert shown() == {"v1.0"}, "a look at each prediction would cost as much as the prediction"
        monkeypatch.setattr(online, "LOOK_S", 0.0)
        assert shown() == {"v1.0", "v1.1"}
        services, learner = other._ready(), other._learner(NAME)
        ramp.roll_back(learner, services, "a test", "harm was seen")
        assert shown() == {"v1.2"}  # the bytes of v1.0 again


def test_a_failure_of_the_model_in_service_is_recorded(tmp_path: Path) -> None:
    """It is raised, and stands in the figures as an exposure that failed."""

    def predict(artifact: Artifact, columns: Columns) -> Predictions:
        if (columns["humidity"] > 0.95).any():
            raise RuntimeError("planted")
        return rain.RAIN.predict(artifact, columns)

    with OnlineLearningService(tmp_path / "home", learners=[weather(predict=predict)]) as service:
        service.predict("somebody", {"pressure": 990.0, "humidity": 0.4}, model_type=NAME)
        with pytest.raises(PredictionFailed):
            service.predict("somebody", {"pressure": 990.0, "humidity": 0.99}, model_type=NAME)
        (day,) = service._ready().journal.days(NAME, "content", dt.date(2000, 1, 1), dt.timedelta(days=1))
        assert (day.version, day.exposures, day.failures) == ("v1.0", 2, 1)


def test_a_model_that_cannot_answer_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A challenger that cannot be loaded is told to the log, once; predictions and tending go on."""
    row = {"pressure": 990.0, "humidity": 0.4}
    with OnlineLearningService(tmp_path / "home", learners=[weather()]) as service:
        live(service, 300)
        run = service.trigger_retraining(NAME, "a test said so")
        assert run is not None
        assert run.version == "v1.1"
        key = service._ready().registry.version(NAME, "v1.1").artifact_key
        data = service._ready().blobs.get(key)
    with OnlineLearningService(tmp_path / "home", learners=[weather()]) as service:
        service._ready().blobs.delete(key)
        assert {service.predict(f"u{n}", row, model_type=NAME).version for n in range(40)} == {"v1.0"}
        assert service.tend(NAME) is None
        assert [record.message.split(":")[0] for record in caplog.records if record.name == "samouk.online"] == [
            "weather.rain v1.1 cannot be loaded"
        ]
        service._ready().blobs.put(data)
        service.tend(NAME)
        assert "v1.1" in {service.predict(f"u{n}", row, model_type=NAME).version for n in range(40)}


def test_performance_is_that_of_the_version(service: OnlineLearningService) -> None:
    """Rates and means are those of what was predicted and told; a version that never was is an error."""
    live(service, 60)
    found = service.get_performance_metrics(model_type=NAME)
    assert (found.version, found.sample_count, found.exposures) == ("v1.0", 60, 60)
    assert found.positive_outcome_rate == found.average_outcome_score
    assert found.average_calling_score is not None and 0 < found.average_calling_score < 1
    assert found.tracking_start == found.tracking_end == dt.datetime.now(dt.UTC).date()
    with pytest.raises(NotFound):
        service.get_performance_metrics("v9.9", model_type=NAME)


def test_a_model_from_elsewhere_is_judged_and_staged(service: OnlineLearningService, tmp_path: Path) -> None:
    """A good one goes on trial under the next name; a bad one, garbage and a wrong name are refused in words."""
    live(service, 500)
    file = tmp_path / "theirs.json"
    for content, words in ((b"\x80\x04garbage", "three numbers"), (json.dumps([-3, -3, 0]).encode(), "not entered")):
        file.write_bytes(content)
        with pytest.raises(UnfitArtifact, match=words):
            service.register_new_model_version(file, model_type=NAME)
    with pytest.raises(ValueError, match=r"version: the next one of weather\.rain is v1\.1"):
        service.register_new_model_version(file, version="v7.0", model_type=NAME)
    with pytest.raises(FileNotFoundError):
        service.register_new_model_version(tmp_path / "nothing", model_type=NAME)
    file.write_text(json.dumps(GOOD))
    entered = service.register_new_model_version(
        file, version="v1.1", model_type=NAME, training_metrics={"accuracy": 0.99}
    )
    assert (entered.name, entered.stage) == ("v1.1", Stage.CANARY)


def test_a_model_with_nothing_to_judge_it_by(service: OnlineLearningService, tmp_path: Path) -> None:
    """The refusal says what to do first, and no run is taken that would put off the next one."""
    file = tmp_path / "theirs.json"
    file.write_text(json.dumps(GOOD))
    with pytest.raises(UnfitArtifact, match="gather outcomes first"):
        service.register_new_model_version(file, model_type=NAME)
    assert service._ready().runs.runs(NAME) == []


def test_training_data_leave_with_their_outcomes(service: OnlineLearningService, tmp_path: Path) -> None:
    """What was learnt from can be read elsewhere; an unknown format leaves no file."""
    live(service, 60)
    service.trigger_retraining(NAME, "harvest")
    target = tmp_path / "rows.JSONL"
    assert service.export_training_data(target, model_type=NAME) == target.stat().st_size
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert len(rows) == 60
    assert {row["rained"] for row in rows} == {True, False}
    with pytest.raises(ValueError, match="format"):
        service.export_training_data(tmp_path / "rows.csv", model_type=NAME)
    assert not (tmp_path / "rows.csv").exists()


def test_bad_input_is_named(service: OnlineLearningService) -> None:
    """Unknown types, features, events and values out of range are refused by name, and a repeat is no error."""
    with pytest.raises(ValueError, match=r"model_type: there is no scoring\.nonsense"):
        service.predict("somebody", {}, model_type="nonsense")
    with pytest.raises(WireError, match="colour"):
        service.predict("somebody", {"pressure": 990.0, "humidity": 0.4, "colour": "red"}, model_type=NAME)
    for unit in ("", "u" * 201, None, 5, "\ud800"):
        with pytest.raises(WireError, match=r"^unit: "):
            service.predict(unit, {"pressure": 990.0, "humidity": 0.4}, model_type=NAME)  # type: ignore[arg-type]
    for reason in ("", " ", "r" * 501, None, 5, "two\nlines", "\ud800"):
        with pytest.raises(WireError, match=r"^reason: "):
            service.trigger_retraining(NAME, reason)  # type: ignore[arg-type]
    assert service._ready().runs.runs(NAME) == []
    answer = service.predict("somebody", {"pressure": 990.0, "humidity": 0.4}, model_type=NAME)
    with pytest.raises(BadOutcome, match="value"):
        service.record_outcome(answer.event_id, 7.0, model_type=NAME)
    with pytest.raises(BadOutcome, match="event_id"):
        service.record_outcome("0" * 32, 1.0, model_type=NAME)
    assert service.record_outcome(answer.event_id, 1.0, model_type=NAME) is Heard.JOINED
    assert service.record_outcome(answer.event_id, 1.0, model_type=NAME) is Heard.DUPLICATE
    assert service.record_outcome(answer.event_id, 0.0, model_type=NAME) is Heard.CONTRADICTION


def test_scoring_is_there_by_its_short_name(service: OnlineLearningService) -> None:
    """The scoring domain's learners answer to `calling` and `outcome`."""
    with pytest.raises(NotFound, match=r"scoring\.calling has no version|v9"):
        service.get_performance_metrics("v9.9", model_type="calling")
