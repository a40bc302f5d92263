"""What serves: the right version for each unit, an exposure for each answer, and no gap when versions change."""

from __future__ import annotations

import json
import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from examples.will_it_rain import RAIN
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.loop.serving_world import DAY, PRACTISING, ROW, add, happened, ramp

from samouk.edge.wire import Field, Schema, WireError
from samouk.loop import practice
from samouk.loop.assignment import assign
from samouk.loop.columns import from_rows
from samouk.loop.exposure import is_ours, pseudonym
from samouk.loop.latency import BOUNDS_S
from samouk.loop.live import Checkpoint, Exposure, RolloutState, Variant
from samouk.loop.ports import Blobs, CorruptBlob, NotFound, Services, StoreUnavailable
from samouk.loop.records import Artifact, Predictions, Stage
from samouk.loop.release import take_back
from samouk.loop.rows import RowReader
from samouk.loop.serving import Asked, NoVersion, PredictionFailed, Serving, Unservable
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services


@pytest.fixture
def services() -> Services:
    return memory_services()


def started(services: Services, learner: Any = RAIN) -> Serving:
    serving = Serving(learner, services)
    serving.refresh()
    return serving


def test_an_answer_and_its_exposure(services: Services) -> None:
    """The answer says who gave it; the exposure holds a pseudonym, the row and the score, and nothing of the name."""
    add(services, [1.0, 0.5, 0.0])
    answer, exposure = started(services).predict("anna@example.org", ROW)
    expected = 1 / (1 + math.exp(-(1.0 * 1 + 0.5 * 4)))
    assert answer.score == answer.value == pytest.approx(expected, abs=1e-6)
    assert (answer.version, answer.variant) == ("v1.0", Variant.CHAMPION)
    assert (exposure.event_id, exposure.score) == (answer.event_id, answer.score)
    assert is_ours(services.journal.secret(), answer.event_id)
    assert exposure.unit == pseudonym(services.journal.secret(), RAIN.name, "anna@example.org")
    assert (exposure.rollout, exposure.step, exposure.propensity, exposure.failed) == (None, -1, 1.0, False)
    assert exposure.row == ROW
    assert 0 < exposure.latency_ms < 1_000
    assert "anna" not in repr(exposure)


def test_nothing_in_service(services: Services) -> None:
    """Before the first release a question is refused in words, and answered after it."""
    serving = started(services)
    with pytest.raises(NoVersion, match=r"no version of weather\.rain is in service yet"):
        serving.predict("u", ROW)
    add(services, [1.0, 0.0, 0.0])
    serving.refresh()
    assert serving.predict("u", ROW).answer.version == "v1.0"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"pressure": 2_000.0}, "features.pressure"),
        ({"pressure": "high"}, "features.pressure"),
        ({"pressure": True}, "features.pressure"),
        ({"humidity": math.nan}, "features.humidity"),
        ({"humidity": None}, "features.humidity"),
        ({"rained": True}, "features.rained"),
        ({"wind": 3}, "features.wind"),
    ],
)
def test_a_row_that_does_not_fit(services: Services, change: dict[str, Any], field: str) -> None:
    """A field that is unknown, missing, out of range or told only afterwards is named."""
    add(services, [1.0, 0.0, 0.0])
    with pytest.raises(WireError) as caught:
        started(services).predict("u", {**ROW, **change})
    assert caught.value.field == field


def test_arms(services: Services) -> None:
    """Each unit gets the version that its hash says, again and again, with the propensity of it."""
    add(services, [1.0, 0.0, 0.0])
    add(services, [-1.0, 0.0, 0.0], stage=Stage.STAGING)
    rollout = ramp(services, "v1.0", {"v1.1": 0.3})
    serving = started(services)
    shown = serving.predict_all([Asked(f"u{n}", ROW) for n in range(1_000)])
    again = serving.predict_all([Asked(f"u{n}", ROW) for n in range(1_000)])
    for one, other in zip(shown, again, strict=True):
        expected = assign(rollout, one.exposure.unit)
        assert (one.answer.version, one.answer.variant) == (expected.version, expected.variant)
        assert (one.exposure.propensity, one.exposure.step) == (expected.propensity, expected.step)
        assert one.exposure.rollout == ("r1" if expected.step == 0 else None)
        assert other.answer.version == one.answer.version
        assert (one.answer.score or 0) == pytest.approx(0.731 if one.answer.version == "v1.0" else 0.269, abs=1e-3)
    counts = Counter(one.answer.variant for one in shown)
    assert abs(counts[Variant.CHALLENGER] - 300) < 60
    assert abs(counts[Variant.CONTROL] - 300) < 60


def test_a_challenger_that_fails(services: Services) -> None:
    """Its units are answered by the champion, and the failure is its own in the journal, not the champion's."""
    add(services, [1.0, 0.0, 0.0])
    add(services, [1.0, 0.0, 0.0, 0.0], stage=Stage.STAGING)  # one weight too many: every prediction raises
    ramp(services, "v1.0", {"v1.1": 0.5})
    serving = Serving(RAIN, services)
    with pytest.raises(Unservable, match=r"weather\.rain v1\.1 cannot answer: ValueError"):
        serving.refresh()
    serving.refresh()  # said once
    shown = serving.predict_all([Asked(f"u{n}", ROW) for n in range(100)])
    assert {one.answer.version for one in shown} == {"v1.0"}
    failed = [one.exposure for one in shown if one.exposure.failed]
    assert {(one.version, one.variant) for one in failed} == {("v1.1", Variant.CHALLENGER)}
    assert 25 < len(failed) < 75
    assert all(math.isnan(one.score) for one in failed)
    assert serving.faults >= len(failed)


def test_a_rollout_of_a_newer_release(services: Services) -> None:
    """In a rolling upgrade the older server answers by the champion, compares nobody, and says so once."""
    champion, challenger = add(services, [1.5, 0.0, 0.0]), add(services, [0.0, 0.0, 0.0], stage=Stage.STAGING)
    begun = ramp(services, champion.name, {challenger.name: 0.5})
    services.rollouts.save(replace(begun, hash_version=2))
    serving = Serving(RAIN, services)
    with pytest.raises(Unservable, match="a newer release deals the units of rollout r1: upgrade"):
        serving.refresh()
    serving.refresh()  # said once
    for unit in range(50):
        shown = serving.predict(f"u{unit}", ROW).exposure
        assert (shown.version, shown.variant, shown.rollout) == (champion.name, Variant.CHAMPION, None)


def test_a_row_on_which_a_challenger_fails(services: Services) -> None:
    """One bad row in many fails alone; a score outside of [0, 1] is a failure too."""

    def predict(artifact: Artifact, columns: Any) -> Predictions:
        found = RAIN.predict(artifact, columns)
        if json.loads(artifact.data)[0] < 0:
            found.values[columns["humidity"] > 0.95] = 1.5
        return found

    learner = replace(RAIN, predict=predict)
    add(services, [1.0, 0.0, 0.0])
    add(services, [-1.0, 0.0, 0.0], stage=Stage.STAGING)
    ramp(services, "v1.0", {"v1.1": 0.5})
    serving = started(services, learner)
    rows = [{**ROW, "humidity": 0.99 if n % 10 == 0 else 0.5} for n in range(200)]
    shown = serving.predict_all([Asked(f"u{n}", row) for n, row in enumerate(rows)])
    failed = {n for n, one in enumerate(shown) if one.exposure.failed}
    assert failed
    assert failed == {n for n, one in enumerate(shown) if one.exposure.version == "v1.1" and n % 10 == 0}


def test_a_champion_that_fails(services: Services) -> None:
    """Nobody stands in for the champion: the failure is handed on with what is to be recorded."""

    def predict(artifact: Artifact, columns: Any) -> Predictions:
        if (columns["humidity"] > 0.95).any():
            raise RuntimeError("planted")
        return RAIN.predict(artifact, columns)

    add(services, [1.0, 0.0, 0.0])
    serving = started(services, replace(RAIN, predict=predict))
    with pytest.raises(PredictionFailed) as caught:
        serving.predict_all([Asked("a", ROW), Asked("b", {**ROW, "humidity": 0.99})])
    (exposure,) = caught.value.exposures
    assert (exposure.version, exposure.failed, exposure.row["humidity"]) == ("v1.0", True, 0.99)


def test_a_champion_that_cannot_be_loaded(services: Services) -> None:
    """The one before stays in service."""
    add(services, [1.0, 0.0, 0.0])
    serving = started(services)
    add(services, [1.0])
    with pytest.raises(Unservable):
        serving.refresh()
    assert serving.predict("u", ROW).answer.version == "v1.0"


def test_shadows(services: Services) -> None:
    """A shadow's score is recorded and never shown; one that cannot answer is recorded as NaN."""
    add(services, [1.0, 0.0, 0.0])
    add(services, [-1.0, 0.0, 0.0], stage=Stage.STAGING)
    add(services, [1.0], stage=Stage.STAGING)
    ramp(services, "v1.0", {"v1.1": 0.0, "v1.2": 0.0}, "shadow")
    serving = Serving(RAIN, services)
    with pytest.raises(Unservable):
        serving.refresh()
    answer, exposure = serving.predict("u", ROW)
    assert answer.version == "v1.0"
    assert exposure.shadows["v1.1"] == pytest.approx(1 - (answer.score or 0), abs=1e-6)
    assert math.isnan(exposure.shadows["v1.2"])
    assert (exposure.rollout, exposure.variant) == ("r1", Variant.CONTROL)


class _Slow:
    """A learner's predict that counts the rows of each call, and takes a while over those of some weights.

    A call of the first weight 2 takes 40 ms however many the rows; one of 3 takes 10 ms a row; one of 4 fails for
    damp rows.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[float, int]] = []

    def __call__(self, artifact: Artifact, columns: Any) -> Predictions:
        first, rows = json.loads(artifact.data)[0], len(columns["humidity"])
        self.calls.append((first, rows))
        time.sleep({2.0: 0.04, 3.0: 0.01 * rows}.get(first, 0.0))
        if first == 4.0 and (columns["humidity"] > 0.95).any():
            raise RuntimeError("planted")
        return RAIN.predict(artifact, columns)


def test_a_row_takes_its_share_of_the_call_and_arms_are_asked_apart(services: Services) -> None:
    """Champions outside of the comparison lend the control none of their company: both arms share what a call costs."""
    slow = _Slow()
    add(services, [2.0, 0.0, 0.0])
    add(services, [2.0, 0.0, 0.1], stage=Stage.STAGING)
    ramp(services, "v1.0", {"v1.1": 0.1})
    serving = started(services, replace(RAIN, predict=slow))
    slow.calls.clear()
    shown = serving.predict_all([Asked(f"u{n}", ROW) for n in range(500)])
    arms = {
        variant: [one.exposure.latency_ms for one in shown if one.exposure.variant is variant] for variant in Variant
    }
    assert sorted(rows for _, rows in slow.calls) == sorted(len(latencies) for latencies in arms.values())
    for latencies in arms.values():
        assert 40 / len(latencies) <= latencies[0] < 400 / len(latencies)


def test_shadows_are_asked_together_and_those_that_are_slow_or_fail_have_said_nothing(services: Services) -> None:
    """One call a shadow; a bad row is its own loss; who would have kept people waiting is as one without an answer."""
    slow = _Slow()
    add(services, [1.0, 0.0, 0.0])
    for first in (1.5, 3.0, 4.0):
        add(services, [first, 0.0, 0.0], stage=Stage.STAGING)
    rollout = ramp(services, "v1.0", {"v1.1": 0.0, "v1.2": 0.0, "v1.3": 0.0}, "shadow")
    services.rollouts.save(replace(rollout, policy=replace(rollout.policy, slow_ms=8.0)))
    serving = started(services, replace(RAIN, predict=slow))
    slow.calls.clear()
    damp = [n % 10 == 0 for n in range(20)]
    rows = [{**ROW, "humidity": 0.99 if wet else 0.5} for wet in damp]
    shown = serving.predict_all([Asked(f"u{n}", row) for n, row in enumerate(rows)])
    assert [rows for first, rows in slow.calls if first < 4] == [20, 20, 20]
    assert not any(math.isnan(one.exposure.shadows["v1.1"]) for one in shown)
    assert all(math.isnan(one.exposure.shadows["v1.2"]) for one in shown)
    assert [math.isnan(one.exposure.shadows["v1.3"]) for one in shown] == damp
    assert all(one.exposure.latency_ms < 8 and not one.exposure.failed for one in shown)


def test_what_is_measured_is_the_wait_for_the_answer(services: Services) -> None:
    """Where a challenger fails, the champion's time counts with it; the arm's own latency is its own."""
    slow = _Slow()
    add(services, [2.0, 0.0, 0.0])
    add(services, [4.0, 0.0, 0.0], stage=Stage.STAGING)
    ramp(services, "v1.0", {"v1.1": 0.5})
    serving = started(services, replace(RAIN, predict=slow))
    shown = [serving.predict(f"u{n}", {**ROW, "humidity": 0.99}) for n in range(6)]
    failed = [one for one in shown if one.exposure.failed]
    assert failed
    assert all(one.answer.version == "v1.0" for one in shown)
    assert all(one.exposure.latency_ms < 40 for one in failed)
    counts, total = serving.latencies.read()
    assert sum(counts[: BOUNDS_S.index(2.5e-2) + 1]) == 0
    assert (sum(counts), total >= 6 * 0.04) == (6, True)


def test_an_attempt_in_vain_is_waited_for_too(services: Services) -> None:
    """One bad row makes all be asked again: each row carries its share of the first attempt."""

    def predict(artifact: Artifact, columns: Any) -> Predictions:
        if len(columns["humidity"]) > 1:
            time.sleep(0.2)
            raise RuntimeError("planted")
        return RAIN.predict(artifact, columns)

    add(services, [1.0, 0.0, 0.0])
    serving = started(services, replace(RAIN, predict=predict))
    shown = serving.predict_all([Asked(f"u{n}", ROW) for n in range(4)])
    counts, total = serving.latencies.read()
    assert sum(counts[: BOUNDS_S.index(2.5e-2) + 1]) == 0
    assert (sum(counts), total >= 0.2) == (4, True)
    assert sum(one.exposure.latency_ms for one in shown) < 200


@pytest.mark.parametrize("unit", ["", "u" * 201, None, 5, b"u", "\ud800"])
def test_a_unit_is_a_text(services: Services, unit: Any) -> None:
    """What is no name of a unit is refused by name, alone and among many."""
    add(services, [1.0, 0.0, 0.0])
    serving = started(services)
    with pytest.raises(WireError) as caught:
        serving.predict(unit, ROW)
    assert caught.value.field == "unit"
    with pytest.raises(WireError) as caught:
        serving.predict_all([Asked("u", ROW, None, "items[0].features"), Asked(unit, ROW, None, "items[1].features")])
    assert caught.value.field == "items[1].unit"
    nothing: Any
    for nothing in (None, [], "pressure"):
        with pytest.raises(WireError, match=r"^features: must be an object"):
            serving.predict("u", nothing)


class _Counting:
    """A learner's predict that counts how often each artifact was asked."""

    def __init__(self) -> None:
        self.asked: Counter[bytes] = Counter()
        self.objects: set[int] = set()

    def __call__(self, artifact: Artifact, columns: Any) -> Predictions:
        self.asked[artifact.data] += 1
        self.objects.add(id(artifact.data))
        return RAIN.predict(artifact, columns)


def test_tried_before_the_swap_and_back_at_once(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new champion has answered once before it serves; a version that returns with its bytes is not fetched again."""
    counting = _Counting()
    old = add(services, [1.0, 0.0, 0.0])
    serving = started(services, replace(RAIN, predict=counting))
    new = add(services, [2.0, 0.0, 0.0])
    serving.refresh()
    assert sorted(counting.asked.values()) == [1, 1]
    assert serving.versions == (new.name, old.name)

    def fetch(key: str) -> bytes:
        raise AssertionError(f"{key} was fetched again")

    monkeypatch.setattr(services.blobs, "get", fetch)
    back = add(services, [1.0, 0.0, 0.0])
    serving.refresh()
    assert serving.predict("u", ROW).answer.version == back.name
    assert len(counting.objects) == 2


def test_swaps_under_load(services: Services) -> None:
    """While versions change every moment each answer is whole: the score is that of the version it names."""
    add(services, [1.0, 0.0, 0.0])
    serving = started(services)
    scores = {f"v1.{n}": 1 / (1 + math.exp(-(1.0 + n / 10))) for n in range(31)}
    wrong: list[Any] = []
    seen: set[str] = set()
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            answer = serving.predict("u", ROW).answer
            seen.add(answer.version)
            if abs((answer.score or 0) - scores[answer.version]) > 1e-5:
                wrong.append(answer)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(1, 31):
        add(services, [1.0 + n / 10, 0.0, 0.0])
        serving.refresh()
        stop.wait(0.003)  # the interpreter changes threads
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(seen) > 2


def test_a_paused_rollout_shows_the_champion(services: Services) -> None:
    """As soon as the pause is seen nobody meets the challenger."""
    add(services, [1.0, 0.0, 0.0])
    add(services, [-1.0, 0.0, 0.0], stage=Stage.STAGING)
    rollout = ramp(services, "v1.0", {"v1.1": 0.5})
    serving = started(services)
    assert {one.answer.version for one in serving.predict_all([Asked(f"u{n}", ROW) for n in range(50)])} == {
        "v1.0",
        "v1.1",
    }
    services.rollouts.save(replace(rollout, state=RolloutState.PAUSED))
    serving.refresh()
    shown = serving.predict_all([Asked(f"u{n}", ROW) for n in range(50)])
    assert {(one.answer.version, one.exposure.rollout) for one in shown} == {("v1.0", None)}


def _told(serving: Serving, services: Services, many: int, value: float = 1.0) -> list[Exposure]:
    exposures = [serving.predict(f"u{n}", ROW).exposure for n in range(many)]
    services.journal.expose(exposures)
    for exposure in exposures:
        happened(services, exposure, value)
    return exposures


def test_learns_online_and_goes_on_after_a_restart(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outcomes correct the next answers; a restart from a checkpoint, and one from nothing, answer the very same."""
    monkeypatch.setattr(practice, "KEPT_EVERY", 30)
    add(services, [1.0, 0.0, 0.0])
    serving = started(services, PRACTISING)
    before = serving.predict("u", ROW).answer.score or 0
    for _ in range(5):
        _told(serving, services, 10)
        serving.refresh()
    taught = serving.predict("u", ROW).answer.score or 0
    assert taught > before + 0.2
    kept = services.journal.last_checkpoint(RAIN.name, "v1.0")
    assert kept is not None
    assert kept.sequence == 30
    assert started(services, PRACTISING).predict("u", ROW).answer.score == taught
    services.blobs.delete(kept.blob_key)
    assert started(services, PRACTISING).predict("u", ROW).answer.score == taught
    serving.close()
    latest = services.journal.last_checkpoint(RAIN.name, "v1.0")
    assert latest is not None
    assert latest.sequence == 50
    assert latest.blob_key in set(services.blobs.keys())


@pytest.mark.parametrize("every", [7, 1_000], ids=["kept", "unkept"])
def test_what_was_forgotten_is_unlearnt(services: Services, monkeypatch: pytest.MonkeyPatch, every: int) -> None:
    """A state that learnt it begins again without, in this process and in the next; its bytes go."""
    monkeypatch.setattr(practice, "KEPT_EVERY", every)
    add(services, [1.0, 0.0, 0.0])
    serving = started(services, PRACTISING)
    _told(serving, services, 10)
    serving.refresh()
    alone = serving.predict("u", ROW).answer.score
    exposure = replace(serving.predict("u", ROW).exposure, unit="f" * 16)
    services.journal.expose([exposure])
    happened(services, exposure, 0.0)
    serving.refresh()
    assert serving.predict("u", ROW).answer.score != alone
    keys = set(services.blobs.keys())
    gone = services.journal.forget(RAIN.name, "f" * 16)
    assert (gone.outcomes, set(gone.states) <= keys) == (1, True)
    serving.refresh()
    assert serving.predict("u", ROW).answer.score == alone
    assert started(services, PRACTISING).predict("u", ROW).answer.score == alone
    serving.close()
    assert started(services, PRACTISING).predict("u", ROW).answer.score == alone


def test_no_state_is_kept_that_learnt_from_whom_was_forgotten_meanwhile() -> None:
    """Though it was asked before its bytes were put whether anybody had been."""
    services = memory_services(SteppedClock())
    add(services, [1.0, 0.0, 0.0])
    slow = SlowBlobs(services.blobs)
    serving = started(replace(services, blobs=slow), PRACTISING)  # type: ignore[arg-type]
    _told(serving, services, 3)
    exposure = replace(serving.predict("u", ROW).exposure, unit="f" * 16)
    services.journal.expose([exposure])
    happened(services, exposure, 0.0)
    serving.refresh()
    keys = set(services.blobs.keys())
    slow.meanwhile = lambda: services.journal.forget(RAIN.name, "f" * 16)
    serving.close()
    assert services.journal.last_checkpoint(RAIN.name, "v1.0") is None
    assert set(services.blobs.keys()) == keys


class SlowBlobs:
    """Blobs whose putting takes so long that something happens meanwhile."""

    def __init__(self, blobs: Blobs) -> None:
        self.meanwhile: Callable[[], object] = lambda: None
        self.blobs, self.get, self.delete = blobs, blobs.get, blobs.delete

    def put(self, data: bytes) -> str:
        self.meanwhile()
        return self.blobs.put(data)


def test_a_new_version_practises_on_what_its_fit_cannot_know() -> None:
    """What was joined up to its mark teaches a version nothing; what comes later does, of whatever was shown when."""
    clock = SteppedClock()
    services = memory_services(clock)
    add(services, [1.0, 0.0, 0.0])
    serving = started(services, PRACTISING)
    early = [serving.predict(f"u{n}", ROW).exposure for n in range(5)]
    services.journal.expose(early)
    _told(serving, services, 20)
    serving.refresh()
    clock.step(30 * DAY)  # a clock that was wrong while the version was made hides nothing from it
    add(services, [0.0, 0.0, 0.0], learns_from=services.journal.joined(RAIN.name)[-1].sequence)
    clock.step(-30 * DAY)
    serving.refresh()
    assert serving.predict("u", ROW).answer.score == 0.5
    for exposure in early:  # told after the version was made, of what was shown before
        happened(services, exposure)
    _told(serving, services, 4, 0.0)
    serving.refresh()
    taught = serving.predict("u", ROW).answer.score
    assert taught == pytest.approx((4 * 0.5 + 5) / (4 + 9))
    assert started(services, PRACTISING).predict("u", ROW).answer.score == taught


@pytest.mark.parametrize("lost", [False, True], ids=["kept", "lost"])
def test_a_version_that_comes_back_knows_what_it_knew(
    services: Services, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    """In a fresh process it answers as before it went, though the old version made newer checkpoints meanwhile."""
    monkeypatch.setattr(practice, "KEPT_EVERY", 10)
    old = add(services, [1.0, 0.0, 0.0])
    serving = started(services, PRACTISING)
    _told(serving, services, 25)
    serving.refresh()
    known = serving.predict("u", ROW).answer.score
    middle = add(services, [0.0, 0.0, 0.0], learns_from=services.journal.joined(RAIN.name)[-1].sequence)
    back = take_back(services, old, "samouk", "harm was shown")
    serving.close()  # the old version's newest checkpoint takes the place of the one that the new version carries
    _told(serving, services, 1)
    started(services, PRACTISING).close()
    kept = services.journal.last_checkpoint(RAIN.name, back.name)
    assert kept is not None
    assert kept.blob_key in set(services.blobs.keys())
    if lost:
        services.blobs.delete(kept.blob_key)
    fresh = started(services, PRACTISING)
    assert fresh.predict("u", ROW).answer.version == back.name != middle.name
    taught = fresh.predict("u", ROW).answer.score or 0
    assert taught == pytest.approx((4 * 0.7310586 + 26) / (4 + 26), abs=1e-6)
    assert taught > (known or 0) > 0.9


def test_a_state_that_cannot_be_gone_on_from_is_learnt_anew(services: Services) -> None:
    """Bytes of another release make no version unfit: the journal holds what they were made of."""
    add(services, [1.0, 0.0, 0.0])
    serving = started(services, PRACTISING)
    _told(serving, services, 10)
    serving.refresh()
    taught = serving.predict("u", ROW).answer.score
    strange = services.blobs.put(b"\x00 another form")
    services.journal.checkpoint(Checkpoint(RAIN.name, "v1.0", services.journal.joined(RAIN.name)[-1].sequence, strange))
    assert started(services, PRACTISING).predict("u", ROW).answer.score == taught


def test_a_store_that_fails_makes_no_version_unfit(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was in service answers on; once the store answers again the new version serves, without a restart."""
    old = add(services, [1.0, 0.0, 0.0])
    serving = started(services, PRACTISING)
    new = add(services, [2.0, 0.0, 0.0])
    for error, raised in (
        (StoreUnavailable("the disk is full"), StoreUnavailable),
        (NotFound("no such bytes"), Unservable),
        (CorruptBlob("not those bytes"), Unservable),
    ):
        with monkeypatch.context() as broken:
            broken.setattr(services.blobs, "get", _raising(error))
            with pytest.raises(raised, match=str(error)):
                serving.refresh()
        with monkeypatch.context() as broken:
            broken.setattr(type(services.journal), "last_checkpoint", _raising(StoreUnavailable("locked")))
            with pytest.raises(StoreUnavailable):
                serving.refresh()
        assert serving.predict("u", ROW).answer.version == old.name
    serving.refresh()
    assert serving.predict("u", ROW).answer.version == new.name


def test_a_challenger_whose_bytes_are_lost_keeps_nobody_from_an_answer(services: Services) -> None:
    """A server that starts without them lets the champion answer, says so, and takes them up when they are back."""
    add(services, [1.0, 0.0, 0.0])
    challenger = add(services, [-1.0, 0.0, 0.0], stage=Stage.STAGING)
    data = services.blobs.get(challenger.artifact_key)
    services.blobs.delete(challenger.artifact_key)
    ramp(services, "v1.0", {"v1.1": 0.5})
    serving = Serving(RAIN, services)
    for _ in range(2):
        with pytest.raises(Unservable, match=r"v1\.1 cannot be loaded"):
            serving.refresh()
    asked = [Asked(f"u{n}", ROW) for n in range(30)]
    assert {one.answer.version for one in serving.predict_all(asked)} == {"v1.0"}
    services.blobs.put(data)
    serving.refresh()
    assert {one.answer.version for one in serving.predict_all(asked)} == {"v1.0", "v1.1"}


def _raising(error: Exception) -> Any:
    def call(*_: object) -> None:
        raise error

    return call


def test_assumes_nothing_of_rows_of_an_older_schema(services: Services) -> None:
    """An outcome that makes no row of the schema is passed over, and those after it are learnt."""
    add(services, [1.0, 0.0, 0.0])
    serving = started(services, PRACTISING)
    strange = replace(serving.predict("u", ROW).exposure, row={"wind": 3.0})
    services.journal.expose([strange])
    happened(services, strange)
    before = serving.predict("u", ROW).answer.score
    serving.refresh()
    assert serving.predict("u", ROW).answer.score == before
    _told(serving, services, 5)
    serving.refresh()
    assert (serving.predict("u", ROW).answer.score or 0) > (before or 0)


_FIELDS = (
    Field("flag", "flag"),
    Field("maybe", "flag", optional=True),
    Field("count", "integer", 0, 500),
    Field("large", "integer", -(2**20), 2**20, optional=True),
    Field("share", "number", -1, 1, optional=True),
    Field("colour", "category", values=("red", "green", "blue"), optional=True),
    Field("who", "identifier"),
    Field("week", "week"),
)
_SCHEMA = Schema("test.rows", 1, _FIELDS)
_ANYTHING = (
    st.none()
    | st.booleans()
    | st.integers(-600, 600)
    | st.floats(-2, 2)
    | st.sampled_from(["red", "nothing", "", "2026-11-16", "2026-11-17", "7d0bd1b4-8c1e-4cf5-a1f4-1cb6ae9c2b5a"])
    | st.sampled_from([math.nan, math.inf, 2**70, "RED"])
)
_FITTING = {
    "flag": st.booleans(),
    "maybe": st.none() | st.booleans(),
    "count": st.integers(0, 500),
    "large": st.none() | st.integers(-(2**20), 2**20),
    "share": st.none() | st.floats(-1, 1) | st.integers(-1, 1),
    "colour": st.none() | st.sampled_from(["red", "green", "blue"]),
    "who": st.just("7d0bd1b4-8c1e-4cf5-a1f4-1cb6ae9c2b5a"),
    "week": st.sampled_from(["2026-11-16", "1969-12-29"]),
}


@settings(max_examples=300, deadline=None)
@given(st.fixed_dictionaries(_FITTING), st.dictionaries(st.sampled_from([*_FITTING, "unknown"]), _ANYTHING, max_size=2))
def test_one_row_is_read_as_many_are(row: dict[str, Any], change: dict[str, Any]) -> None:
    """The quick way of one row gives the columns, and the refusals, of the thorough way of many."""
    row = {**row, **change}
    reader = RowReader(_SCHEMA)
    try:
        expected = from_rows(_SCHEMA, [row])
    except WireError as refusal:
        with pytest.raises(WireError) as caught:
            reader.columns([reader.codes(row, "samples[0]")])
        assert caught.value.field == refusal.field
        return
    found = reader.columns([reader.codes(row, "samples[0]")])
    assert list(found) == list(expected)
    for name, column in expected.items():
        assert found[name].dtype == column.dtype
        assert found[name].tobytes() == column.tobytes()
