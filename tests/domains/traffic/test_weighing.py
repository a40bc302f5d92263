"""What is true of the weighing: three witnesses in parallel, fixed weights first, and nothing that silences a rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samouk.domains.traffic.anomaly import weighing
from samouk.domains.traffic.anomaly.judge import LEARNER
from samouk.domains.traffic.anomaly.model import first
from samouk.domains.traffic.anomaly.weighing import first_scorer, noisy_or, read, reading_of, row_of, scorer_of
from samouk.domains.traffic.detect.rules import DEFAULT_RULES, hits
from samouk.domains.traffic.ears.baselines import Baselines
from samouk.domains.traffic.features import FEATURES, Features
from samouk.domains.traffic.records import Evidence, Hit, Rule, Severity
from samouk.domains.traffic.world import DAY, FIRST, Abuse, TrafficWorld, done, messages, windows
from samouk.loop.columns import from_rows

FLOOD = Rule("message_flood", "messages_per_minute", 100, Severity.HIGH)
SPIKE = Rule("error_spike", "error_rate", 0.5, Severity.MEDIUM)
BUSY = Features(30, 80, 0, 0, 60, 2, 10, 5, 0.4, 1)
NORMAL = np.zeros(len(FEATURES))


def off(**sds: float) -> np.ndarray:
    """Deviation of the named features by so many robust standard deviations, and of no other."""
    return np.array([sds.get(name, 0.0) for name in FEATURES])


def hit(rule: Rule, times: float) -> Hit:
    return Hit(rule, rule.threshold * times, times)


def evidence(deviation: np.ndarray = NORMAL, *hits: Hit, seen: int = 500, features: Features = BUSY) -> Evidence:
    return Evidence(features, deviation, seen, hits)


def test_a_window_like_always_scores_nothing() -> None:
    """No rule, no deviation: 0, and no part of it anybody's."""
    scored = first_scorer()(evidence())
    assert (scored.score, scored.version) == (0.0, "v1.0")
    assert dict(scored.parts) == dict.fromkeys(weighing.PARTS, 0.0)


def test_severity_and_how_often_the_threshold_is_passed_both_count() -> None:
    """A rule that is just reached says least; a graver one, or one that is passed many times, says more."""
    score = first_scorer()
    just, far = score(evidence(NORMAL, hit(FLOOD, 1.0))).score, score(evidence(NORMAL, hit(FLOOD, 10.0))).score
    assert just == pytest.approx(0.6) and 0.85 < far < 0.9
    assert score(evidence(NORMAL, hit(SPIKE, 1.0))).score < just


def test_several_features_say_more_than_one() -> None:
    """Deviations add up, and a stranger's count less."""
    score = first_scorer()
    one = score(evidence(off(messages_per_minute=8))).score
    two = score(evidence(off(messages_per_minute=8, avg_message_size=8))).score
    assert 0 < score(evidence(off(messages_per_minute=8), seen=0)).score < one < two


def test_silence_and_a_failure_of_two_messages_prove_nothing() -> None:
    """Who sends less than ever does no harm; a share of few messages is no share."""
    score = first_scorer()
    assert score(evidence(off(messages_per_minute=-20, burst=-20))).score == 0.0
    few, many = BUSY._replace(messages_per_minute=2.0), BUSY._replace(messages_per_minute=60.0)
    errors = off(error_rate=10)
    assert score(evidence(errors, features=few)).score < 0.1 < 0.5 < score(evidence(errors, features=many)).score


def test_parts_make_the_score() -> None:
    """What is told of who spoke adds up to what was said."""
    scored = first_scorer()(evidence(off(burst=9), hit(FLOOD, 2.0)))
    assert sum(scored.parts.values()) == pytest.approx(scored.score)
    assert scored.parts["rules"] > scored.parts["own_baseline"] > scored.parts["novelty"] == 0.0


def test_witnesses_are_heard_in_parallel() -> None:
    """What one says is never less for what the others say."""
    both = first_scorer()(evidence(off(burst=9), hit(FLOOD, 2.0))).score
    alone = [first_scorer()(item).score for item in (evidence(off(burst=9)), evidence(NORMAL, hit(FLOOD, 2.0)))]
    assert both == pytest.approx(1 - (1 - alone[0]) * (1 - alone[1]))
    assert noisy_or(np.array([[0.5, 0.5, 0.0]]))[0] == 0.75


numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(
    features=st.lists(numbers, min_size=10, max_size=10),
    deviation=st.lists(numbers, min_size=10, max_size=10),
    seen=st.integers(-5, 10**9),
    times=numbers,
)
def test_odd_numbers_are_brought_within_bounds(
    features: list[float], deviation: list[float], seen: int, times: float
) -> None:
    """Whatever is handed over gives a row that the schema takes, and a score in [0, 1]."""
    odd = Evidence(Features(*features), np.array(deviation), seen, (Hit(FLOOD, 1.0, times),))
    LEARNER.seen.check_row(row_of(odd))
    for scorer in (first_scorer(), scorer_of(first())):
        assert 0.0 <= scorer(odd).score <= 1.0


def test_a_row_says_what_the_evidence_said() -> None:
    """From evidence to a row, to columns, and back to the same arrays, but for single precision."""
    one = evidence(off(burst=9.25), hit(FLOOD, 2.0), hit(SPIKE, 1.5))
    columns = from_rows(LEARNER.seen, [row_of(one, server=True)])
    back, straight = reading_of(columns), read(one, server=True)
    for found, wanted in zip(back, straight, strict=True):
        assert found == pytest.approx(wanted, rel=1e-6)


def test_the_first_model_is_the_first_scorer() -> None:
    """v1.0 says the same as an artifact, but that it never says quite 0 or 1."""
    learnt, fixed = scorer_of(first()), first_scorer()
    for item in (evidence(off(burst=9)), evidence(NORMAL, hit(FLOOD, 2.0)), evidence(off(addresses=30), hit(SPIKE, 1))):
        assert learnt(item).score == pytest.approx(fixed(item).score)
        assert learnt(item).version == "v1.0"
    assert learnt(evidence()).score == pytest.approx(0.01)


def test_bytes_that_are_no_model_are_refused() -> None:
    """With ValueError, which says what to do."""
    for data in (b"", b"no model", first().data[:200]):
        with pytest.raises(ValueError, match=r"restore|start|turn"):
            scorer_of(type(first())(data, {}))


def test_fixed_weights_fit_the_baselines_that_they_are_used_with() -> None:
    """Over two simulated hours of learning: quiet users stay quiet, and what is loud is heard (simulated)."""
    world, baselines = TrafficWorld(1, users=20), Baselines(max_users=30)
    rng, everybody, start = np.random.default_rng(1), np.arange(20), 2 * DAY + 600
    shown: dict[int, list[bool]] = {}
    for minute in range(start, start + 150):
        deeds = np.full(20, -1)
        if minute >= start + 120:
            deeds[:6] = rng.permutation(len(Abuse))
        cells = done(world.cells(everybody, np.full(20, minute), rng), deeds, rng)
        found = windows(messages(cells, rng), 20, cells.channels, cells.addresses, cells.connected)
        at = FIRST + 60 * minute + 60
        for user, name in enumerate(world.names):
            window = Features(*found[user].tolist())
            if minute >= start + 120:
                deviation, seen = baselines.deviation(name, window, at)
                scored = first_scorer()(Evidence(window, deviation, seen, hits(DEFAULT_RULES, window)))
                shown.setdefault(int(deeds[user]), []).append(scored.score >= 0.25)
            else:
                baselines.learn(name, window, at, harm=0.0)
    told = {deed: float(np.mean(flags)) for deed, flags in shown.items()}
    assert told[-1] < 0.03
    for deed in (Abuse.FLOOD, Abuse.PROBING, Abuse.HAMMERING, Abuse.ADDRESSES):
        assert told[list(Abuse).index(deed)] > 0.8
    assert told[list(Abuse).index(Abuse.EXFILTRATION)] > 0.5
