"""Habits: what a settled normal says against a rule, and what a dismissed alert teaches."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.attack import BUDGET, quiet

from samouk.domains.traffic.detect.budget import Budget
from samouk.domains.traffic.detect.detector import AnomalyDetector
from samouk.domains.traffic.detect.habits import SETTLED, Harmless, beyond_chance, covered, softened
from samouk.domains.traffic.detect.rules import DEFAULT_RULES, hits
from samouk.domains.traffic.detect.words import reasons
from samouk.domains.traffic.ears.baselines import Baselines
from samouk.domains.traffic.ears.extractor import FeatureExtractor
from samouk.domains.traffic.features import FEATURES, Features
from samouk.domains.traffic.limiter import DAY_S, Limits, RateLimiter
from samouk.domains.traffic.records import Alert, Evidence, Rule, Severity, Standing

START = 1_700_000_000.0
CALM = np.zeros(len(FEATURES))


class Site:
    """A detector whose users are heard as windows, a minute each."""

    def __init__(self) -> None:
        self.now = START
        self.random = random.Random(3)
        self.baselines = Baselines()
        extractor = FeatureExtractor(clock=lambda: self.now)
        self.extractor = extractor
        self.detector = AnomalyDetector(extractor, self.baselines, budget=Budget(1_000), clock=lambda: self.now)

    def minutes(self, number: int, rate: int, user: str = "anna", addresses: int = 1) -> list[Alert]:
        """The alerts that stand after minutes of about so many messages."""
        found: list[Alert] = []
        for _ in range(number):
            count = max(round(self.random.gauss(rate, rate / 20)), 1)
            for at in sorted(self.now + 60 * self.random.random() for _ in range(count)):
                address = f"10.0.0.{self.random.randrange(addresses)}"
                self.extractor.track_user_activity(user, 300, ("room",), address, at=at)
            self.now += 60
            found += self.detector.analyze_active(user, self.now)
        return found


def test_a_rule_that_a_settled_normal_meets_is_no_alarm() -> None:
    """Who has sent ninety a minute for an hour may send a hundred and ten; a stranger may not, nor four hundred."""
    site = Site()
    assert site.minutes(90, 88) == []
    window = site.extractor.features("anna", site.now)
    assert window is not None
    for rate, alarming in ((110.0, False), (400.0, True)):
        judged = site.detector.judge("anna", window._replace(messages_per_minute=rate), site.now)
        assert judged.alarming is alarming
        assert judged.evidence.hits[0].rule.name == "message_flood"
        assert judged.scored.score >= 0.3
        assert judged.harm == 1.0
        assert any("times the limit" in reason for reason in judged.reasons)
    assert site.detector.judge("a stranger", window._replace(messages_per_minute=110.0), site.now).alarming
    failing = window._replace(messages_per_minute=110.0, error_rate=0.9)
    assert site.detector.judge("anna", failing, site.now).alarming


def test_only_rates_of_settled_users_near_the_threshold_are_met() -> None:
    """Not of a stranger, not far off the own normal, not twice the threshold, not critical rules, not failures."""
    flood = hits(DEFAULT_RULES, Features(messages_per_minute=150))
    assert [hit.rule.severity for hit in softened(flood, CALM, SETTLED, None)] == [Severity.MEDIUM]
    far = CALM.copy()
    far[0] = 5.0
    assert softened(flood, CALM, SETTLED - 1, None) is flood
    assert softened(flood, far, 1_000, None) is flood
    twice = hits(DEFAULT_RULES, Features(messages_per_minute=250))
    assert softened(twice, CALM, 1_000, None) is twice
    assert softened(twice, CALM, 1_000, Features(messages_per_minute=260)) is not twice
    both = hits(DEFAULT_RULES, Features(messages_per_minute=150, error_rate=0.6))
    assert softened(both, CALM, 1_000, None) is both
    grave = hits((Rule("mine", "messages_per_minute", 100, Severity.CRITICAL),), Features(messages_per_minute=101))
    assert softened(grave, CALM, 1_000, None) is grave


@pytest.mark.slow
def test_a_dismissed_alert_teaches_and_the_limit_follows_within_a_day() -> None:
    """A newcomer's bulk import, called harmless, becomes the user's normal; without a word it would not."""
    site, silent = Site(), Site()
    for one in (site, silent):
        one.minutes(5, 150)
    gates = [RateLimiter(Limits(), one.baselines, lambda: START) for one in (site, silent)]
    (alert,) = site.detector.recent()
    assert alert.severity is Severity.HIGH
    site.detector.dismiss(alert.alert_id)
    for one, gate in zip((site, silent), gates, strict=True):
        gate.allow("anna", START)
        one.minutes(480, 145)
        gate.allow("anna", START + DAY_S)
    assert site.baselines.normal("anna").messages_per_minute > 120
    assert gates[0].limit("anna") == pytest.approx(240.0)
    assert silent.baselines.normal("anna").messages_per_minute < 10
    assert gates[1].limit("anna") == 120.0
    site.minutes(3, 400)
    assert site.baselines.normal("anna").messages_per_minute < 160
    assert [one.standing for one in site.detector.recent()] == [Standing.OPEN, Standing.DISMISSED]


@pytest.mark.parametrize(("rate", "standing"), [(1_500, Standing.DISMISSED), (150, Standing.CONFIRMED)])
def test_what_is_critical_or_confirmed_teaches_nothing(rate: int, standing: Standing) -> None:
    """Whatever an operator says of fifteen hundred a minute, it becomes nobody's normal; what is harm neither."""
    site = Site()
    site.minutes(3, rate)
    (alert,) = site.detector.recent()
    site.detector.say(alert.alert_id, standing)
    site.minutes(60, rate)
    assert site.baselines.normal("anna").messages_per_minute < 10


def test_a_confirmed_alert_takes_back_what_was_dismissed() -> None:
    """And what was dismissed covers no more than what was seen then."""
    site = Site()
    site.minutes(3, 150)
    (alert,) = site.detector.recent()
    dismissed = site.detector.dismiss(alert.alert_id)
    harmless = Harmless()
    harmless.hear(dismissed)
    level = harmless.level("anna")
    assert level is not None
    window = level._replace(messages_per_minute=level.messages_per_minute - 1)
    louder = level._replace(messages_per_minute=level.messages_per_minute + 1)
    assert covered(level, window, CALM, hits(DEFAULT_RULES, window))
    assert not covered(level, louder, CALM, hits(DEFAULT_RULES, louder))
    odd = CALM.copy()
    odd[1] = 9.0
    assert not covered(level, window._replace(avg_message_size=1e6), odd, ())
    assert not covered(None, window, CALM, ())
    harmless.hear(replace(dismissed, standing=Standing.CONFIRMED))
    assert harmless.level("anna") is None


def test_many_addresses_are_one_alert_until_the_salt_is_changed() -> None:
    """Sessions with pauses between them, of one account that came from a dozen addresses."""
    site = Site()
    for _ in range(6):
        site.minutes(4, 30, addresses=40)
        site.now += 3_000
    assert [alert.kind for alert in site.detector.recent() if "addresses" in alert.kind] == ["many_addresses"]


def test_a_few_violations_of_a_whole_server_are_chance() -> None:
    """Five where one is usual, or a third more failures of some thousands; and fewer are never an alarm."""
    usual = Features(messages_per_minute=3_000, error_rate=0.01, rate_limit_violations=1)
    for name, chance, more, fewer in (("rate_limit_violations", 5, 12, 0), ("error_rate", 0.015, 0.03, 0.002)):
        assert not beyond_chance(name, usual._replace(**{name: chance}), usual)
        assert beyond_chance(name, usual._replace(**{name: more}), usual)
        assert not beyond_chance(name, usual._replace(**{name: fewer}), usual)
    assert beyond_chance("messages_per_minute", usual._replace(messages_per_minute=10), usual)


def test_nothing_is_said_where_nothing_stands_out() -> None:
    """An ordinary window is not called unlike any other."""
    window = Evidence(Features(messages_per_minute=12), CALM, 100, ())
    assert reasons(window, Features(messages_per_minute=12), novel=False) == ()
    assert Site().detector.judge("anna", Features(messages_per_minute=12), START).reasons == ()


@pytest.mark.slow
def test_a_quiet_server_is_quiet() -> None:
    """A simulated hour of two hundred users who do no harm: hardly an alarm, and the budget is left."""
    found = quiet(1, 100)
    assert found["false_alarms_per_hour"] <= 0.2 * BUDGET
    assert found["held_back_per_hour"] <= 0.2 * BUDGET
