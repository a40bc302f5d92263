"""Adaptive thresholds: a pure function of what happened, bounded, with a reason for each change."""

import dataclasses
import datetime as dt

import numpy as np
import pytest

from samouk.loop.columns import Columns
from samouk.loop.learner import TriggerPolicy
from samouk.loop.live import Threshold
from samouk.loop.records import Decision, Examples, Labels, Order, Run, TriggerKind, Verdict
from samouk.loop.thresholds import Noise, adapt, current, noise
from samouk.store.clock import MONDAY

POLICY = TriggerPolicy()
QUIET, LOUD = Noise(0.05, 0.05), Noise(0.05, 0.2)
LATER = MONDAY + dt.timedelta(days=100)


def run(number: int, decision: Decision | None, kind: TriggerKind = TriggerKind.DRIFT) -> Run:
    began = MONDAY + dt.timedelta(days=number)
    verdict = Verdict(decision, ("because",), ()) if decision else None
    return Run(f"run-{number:04}", "l", Order(kind, "seen"), began, began + dt.timedelta(hours=1), verdict=verdict)


def after(runs: list[Run], policy: TriggerPolicy = POLICY) -> list[Threshold]:
    return adapt("l", policy, [], runs, None, LATER)


def test_a_false_alarm_raises_the_distance_and_a_true_one_lowers_it() -> None:
    """By the verdict that followed; undecided runs, runs without a verdict and other triggers teach nothing."""
    refused, passed = after([run(1, Decision.REFUSE)]), after([run(1, Decision.PASS)])
    assert current(POLICY, refused).distance == pytest.approx(0.125)
    assert current(POLICY, passed).distance == pytest.approx(0.08)
    assert refused[0].reason == "the drift behind run run-0001 was not: its challenger was refused"
    assert (refused[0].kind, refused[0].before, refused[0].at) == (TriggerKind.DRIFT, 0.1, run(1, None).ended)
    assert after([run(1, Decision.UNDECIDED), run(2, None), run(3, Decision.REFUSE, TriggerKind.TIME)]) == []


def test_each_run_counts_once_in_whatever_portions_it_is_seen() -> None:
    """Looking after every run ends where one look at all of them ends, and a second look changes nothing."""
    verdicts = [Decision.REFUSE, Decision.REFUSE, Decision.PASS, Decision.REFUSE, Decision.PASS, Decision.PASS]
    runs = [run(number, verdict) for number, verdict in enumerate(verdicts)]
    history: list[Threshold] = []
    for end in range(1, len(runs) + 1):
        history += adapt("l", POLICY, history, runs[:end][::-1], None, LATER)
        assert adapt("l", POLICY, history, runs[:end], None, LATER) == []
    assert history == after(runs)
    assert len(history) == len(runs)


@pytest.mark.parametrize(("decision", "end"), [(Decision.REFUSE, 0.4), (Decision.PASS, 0.05)])
def test_thresholds_stay_between_half_and_four_times_the_policys(decision: Decision, end: float) -> None:
    """However many alarms were false or true; at the bound nothing more is noted."""
    changes = after([run(number, decision) for number in range(40)])
    assert current(POLICY, changes).distance == pytest.approx(end)
    assert len(changes) < 10


def test_noisy_labels_ask_for_more_samples_until_they_are_quiet_again() -> None:
    """As many as it takes to learn as much; never fewer than the policy says; small changes are not noted."""
    (raised,) = adapt("l", POLICY, [], [], (QUIET, LOUD), LATER)
    assert raised.after == round(1_000 * (0.9 / 0.6) ** 2)
    assert raised.reason == "about 20% of the new labels are wrong, 5% of those that the champion learnt from"
    assert current(POLICY, [raised]).volume == 2_250
    assert adapt("l", POLICY, [raised], [], (QUIET, LOUD), LATER) == []
    assert adapt("l", POLICY, [raised], [], (QUIET, Noise(0.05, 0.205)), LATER) == []
    (lowered,) = adapt("l", POLICY, [raised], [], (QUIET, QUIET), LATER)
    assert lowered.after == 1_000
    assert adapt("l", POLICY, [], [], (LOUD, QUIET), LATER) == []
    (hopeless,) = adapt("l", POLICY, [], [], (QUIET, Noise(0.9, 0.5)), LATER)
    assert hopeless.after == 4_000


def test_a_policy_may_keep_its_thresholds() -> None:
    """Nothing is noted, and what was noted before does not count."""
    still = dataclasses.replace(POLICY, adaptive=False)
    changes = after([run(1, Decision.REFUSE)])
    assert after([run(1, Decision.REFUSE)], still) == []
    assert current(still, changes) == still


def examples(rng: np.random.Generator, wrong: float, rows: int = 4_000, sure: float = 1.0) -> Examples:
    """Rows of fifty looks, each with one true label that is told wrongly at that rate."""
    look = rng.integers(0, 50, rows)
    truth = (look % 2) ^ (rng.random(rows) < wrong)
    columns: Columns = {"a": look.astype(np.int16), "b": (look / 7).astype(np.float32), "told": truth.astype(np.int8)}
    labels = Labels(truth.astype(np.int16), np.full(rows, sure, np.float32), np.ones(rows, bool))
    return Examples(columns, labels, np.zeros(rows, np.int32))


@pytest.mark.parametrize("wrong", [0.0, 0.1, 0.25])
def test_contradicting_labels_of_equal_rows_tell_the_noise(wrong: float) -> None:
    """The planted rate is found from disagreement alone; a column that tells the label hides it."""
    rng = np.random.default_rng(0)
    found = noise(examples(rng, wrong), ["a", "b"])
    assert found is not None
    assert found.contrary == pytest.approx(wrong, abs=0.02)
    hidden = noise(examples(rng, wrong), ["a", "b", "told"])
    assert hidden is not None
    assert hidden.contrary == 0


def test_unsure_labels_are_noise_and_few_say_nothing() -> None:
    """The mean confidence counts where no two rows are alike."""
    rng = np.random.default_rng(0)
    found = noise(examples(rng, 0.0, sure=0.7), ["a"])
    assert found is not None
    assert found.share == pytest.approx(0.3, abs=0.01)
    assert noise(examples(rng, 0.0, rows=199), ["a"]) is None
