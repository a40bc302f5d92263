"""The detector: what it raises, in which words, how little a flood teaches it or makes it work."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator

import numpy as np
import pytest

from samouk.domains.traffic.detect.budget import Budget
from samouk.domains.traffic.detect.detector import AnomalyDetector, unit_of
from samouk.domains.traffic.detect.rules import DEFAULT_RULES, hits
from samouk.domains.traffic.detect.severity import severity_of
from samouk.domains.traffic.detect.words import of_deviations, reasons
from samouk.domains.traffic.ears.baselines import Baselines
from samouk.domains.traffic.ears.extractor import FeatureExtractor
from samouk.domains.traffic.features import FEATURES, SERVER, Features
from samouk.domains.traffic.records import Alert, Evidence, Severity
from samouk.domains.traffic.world import FIRST, Abuse, TrafficWorld, attacks_of
from samouk.loop.ports import NotFound

START = 1_700_000_000.0
DAY = 86_400.0


class Site:
    """A detector, and people who send what they are told to."""

    def __init__(self, per_hour: float = 1_000, per_second: int = 500) -> None:
        self.now = START
        self.extractor = FeatureExtractor(clock=lambda: self.now)
        self.baselines = Baselines()
        self.detector = AnomalyDetector(
            self.extractor, self.baselines, budget=Budget(per_hour), per_second=per_second, clock=lambda: self.now
        )
        self.random = random.Random(5)

    def minute(self, users: dict[str, int], size: float = 300, errors: float = 0.0) -> Iterator[Alert]:
        """Everybody sends so many messages, spread over a minute; then each is looked at, as the timer would."""
        sent = [(self.now + self.random.random() * 60, user) for user, number in users.items() for _ in range(number)]
        for at, user in sorted(sent):
            failed = self.random.random() < errors
            if self.extractor.track_user_activity(user, self.random.gauss(size, size / 10), error=failed, at=at):
                yield from self.detector.analyze_due(user, at)
        self.now += 60
        for user in users:
            yield from self.detector.analyze_user_activity(user)

    def learn(self, minutes: int, users: dict[str, int]) -> list[Alert]:
        """Ordinary minutes: everybody a little more or less than usual."""
        return [
            alert
            for _ in range(minutes)
            for alert in self.minute({user: self.random.randint(n - n // 4, n + n // 4) for user, n in users.items()})
        ]


CALM = {f"user {number}": 12 for number in range(20)}


def test_a_flood_is_one_critical_alert_in_words(caplog: pytest.LogCaptureFixture) -> None:
    """Three times the limit: found, said in words, logged once as a warning, brought up to date while it lasts."""
    site = Site()
    assert site.learn(30, CALM) == []
    with caplog.at_level(logging.INFO, "samouk.traffic"):
        for _ in range(5):
            list(site.minute({**CALM, "user 3": 400}))
    (alert,) = site.detector.recent()
    assert (alert.user_id, alert.kind, alert.severity) == ("user 3", "message_flood", Severity.CRITICAL)
    assert any("times the limit of 100" in reason for reason in alert.reasons)
    assert any("above this user's normal of 1" in reason for reason in alert.reasons)
    assert alert.windows > 5
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [getattr(record, "alert_id", "") for record in warned] == [alert.alert_id]
    assert "user 3" not in caplog.text


def test_what_breaks_no_rule_is_seen_by_the_users_own_normal() -> None:
    """Eighty messages a minute are nobody's flood, but far from twelve; so are messages two hundred times larger."""
    site = Site()
    site.learn(120, {f"user {number}": 12 for number in range(8)})
    alerts = list(site.minute({"user 1": 80})) + list(site.minute({"user 2": 12}, size=60_000))
    kinds = {(alert.user_id, alert.kind) for alert in alerts}
    assert ("user 1", "unusual") in kinds
    assert ("user 2", "unusual") in kinds
    assert all(alert.severity.rank < Severity.CRITICAL.rank for alert in alerts)


def test_a_quiet_day_raises_nothing() -> None:
    """Eighty quiet minutes of twenty people bring not one alert."""
    site = Site()
    assert site.learn(80, CALM) == []
    assert site.detector.counts["analysed"] > 1_600


def test_a_flood_does_not_become_its_own_normal() -> None:
    """After an hour of flood the baseline still says twelve a minute."""
    site = Site()
    site.learn(60, CALM)
    before = site.baselines.normal("user 0").messages_per_minute
    for _ in range(60):
        list(site.minute({"user 0": 300}))
    after = site.baselines.normal("user 0").messages_per_minute
    assert after == pytest.approx(before, rel=0.1)


def test_nobody_is_analysed_more_than_once_a_second_and_all_are_bounded() -> None:
    """A flood against the detector is skipped and counted; others are still looked at."""
    site = Site(per_second=50)
    for step in range(5_000):
        if site.extractor.track_user_activity("flooder", 10, at=START + step / 10_000):
            site.detector.analyze_due("flooder", START + step / 10_000)
    assert site.detector.counts["analysed"] == 1
    assert site.detector.counts["skipped_too_soon"] == 499
    crowd = [f"bot {number}" for number in range(200)]
    for user in crowd:
        site.extractor.track_user_activity(user, 10, at=START + 1)
        site.detector.analyze_due(user, START + 1)
    assert site.detector.counts["skipped_too_many"] == 150
    assert site.detector.counts["analysed"] == 51
    assert site.detector.waiting == 151
    (alert,) = site.detector.analyze_waiting(START + 1)
    assert (alert.user_id, alert.features.messages_per_minute) == ("flooder", 5_000)
    while site.detector.waiting:
        site.detector.analyze_waiting(START + 1)
    assert site.detector.counts["analysed"] == 51 + 151


def test_seconds_are_counted_anew_when_the_clock_goes_back() -> None:
    """A clock that was set back by an hour stops no analysis."""
    site = Site()
    site.extractor.track_user_activity("anna", 10, at=START)
    site.detector.analyze_due("anna", START)
    site.detector.analyze_due("anna", START - 3_600)
    assert site.detector.counts["skipped_too_soon"] == 0


def test_an_unknown_user_has_no_alerts() -> None:
    """Nobody is known by that name, so nothing is analysed."""
    assert Site().detector.analyze_user_activity("nobody") == []


def test_the_operator_confirms_and_dismisses() -> None:
    """Counted once each; an unknown alert is an error that says so."""
    site = Site()
    list(site.minute({"a": 300, "b": 300}))
    one, two = site.detector.recent()
    site.detector.confirm(one.alert_id)
    site.detector.confirm(one.alert_id)
    site.detector.dismiss(two.alert_id)
    assert (site.detector.counts["confirmed"], site.detector.counts["dismissed"]) == (1, 1)
    with pytest.raises(NotFound):
        site.detector.confirm("f" * 32)


def test_many_attackers_stay_within_the_budget_and_share_a_cause() -> None:
    """Forty medium alarms at once: a handful come, the rest is counted, and all that come have one cause."""
    site = Site(per_hour=5)
    crowd = {f"bot {number}": 20 for number in range(40)}
    list(site.minute(crowd, errors=0.9))
    alerts = site.detector.recent()
    assert 1 <= len(alerts) <= 6
    assert len({alert.cause for alert in alerts}) == 1
    assert site.detector.budget.held_back == 40 - len(alerts)


def test_the_whole_server_is_a_series_of_minutes() -> None:
    """Once in each minute, whoever asks; what it remembers goes on after a restart."""
    site = Site()
    for step in range(15):
        list(site.minute(CALM))
        site.detector.analyze_server()
        site.detector.analyze_server()
        assert site.detector.counts["server_minutes"] == step + 1
    again = Site()
    again.detector.load(site.detector.save())
    assert again.detector.save() == site.detector.save()
    assert site.extractor.recent(1)[0].user_id == SERVER


def test_one_failure_or_one_violation_is_no_alarm() -> None:
    """Of somebody who never failed and was never limited: one is chance, a run of them is not."""
    site = Site()
    site.learn(60, {"anna": 4})
    judge = site.detector.judge
    calm = site.baselines.normal("anna")._replace(messages_per_minute=4.0)
    assert not judge("anna", calm._replace(messages_per_minute=1.0, error_rate=1.0), site.now).alarming
    assert not judge("anna", calm._replace(rate_limit_violations=1.0), site.now).alarming
    assert judge("anna", calm._replace(messages_per_minute=60.0, error_rate=0.45), site.now).alarming
    assert judge("anna", calm._replace(rate_limit_violations=60.0), site.now).alarming


@pytest.mark.slow
def test_abuse_of_four_kinds_is_found_and_honest_users_are_left_alone() -> None:
    """In a simulated server of kinds that it was not set by: within four minutes each, and within the budget."""
    world = TrafficWorld(11, users=30)
    deeds = (Abuse.FLOOD, Abuse.DRIP, Abuse.PROBING, Abuse.HAMMERING)
    attacks = attacks_of(world, deeds, 140, 8, 12)
    site = Site(per_hour=10)
    for minute in world.minutes(200, attacks=attacks):
        for user, at, size, channels, failed, limited in zip(
            *(column.tolist() for column in (minute.user, minute.at, minute.size, minute.channels)),
            minute.error.tolist(),
            minute.limited.tolist(),
            strict=True,
        ):
            name = world.names[user]
            if site.extractor.track_user_activity(name, size, channels, error=failed, rate_limited=limited, at=at):
                site.detector.analyze_due(name, at)
        site.now = float(minute.at[0]) // 60 * 60 + 60
        for name in site.extractor.users():
            site.detector.analyze_active(name, site.now)
    harmful = {world.names[attack.user]: FIRST + 60 * attack.start for attack in attacks}
    alerts = site.detector.recent(1_000)
    delays = {name: [alert.at - begun for alert in alerts if alert.user_id == name] for name, begun in harmful.items()}
    assert all(any(0 <= delay <= 240 for delay in found) for found in delays.values()), delays
    assert len([alert for alert in alerts if alert.user_id not in harmful]) <= 6


def test_a_surge_of_the_whole_server_is_seen_though_nobody_floods() -> None:
    """A thousand users of four messages each break no rule; the server's minute is ten times the usual one."""
    site, rng = Site(), np.random.default_rng(3)

    def minute(users: int) -> list[Alert]:
        names = [f"user {number}" for number in rng.integers(0, users, users * 4)]
        at = site.now + np.sort(rng.random(len(names))) * 59
        site.extractor.track_batch(names, at, rng.normal(300, 30, len(names)))
        site.now += 60
        return site.detector.analyze_server()

    quiet = [alert for _ in range(180) for alert in minute(int(rng.integers(90, 110)))]
    assert quiet == []
    (alert,) = minute(1_000)
    assert (alert.user_id, alert.kind) == (SERVER, "server_level")
    assert alert.severity.rank >= Severity.HIGH.rank
    assert alert.reasons[0].startswith("messages of the whole server: ")
    assert any("above this server's normal of" in reason for reason in alert.reasons)


def test_a_score_alone_is_not_critical() -> None:
    """Critical needs a high score and a high rule, or two witnesses that agree."""
    flood = hits(DEFAULT_RULES, Features(messages_per_minute=1_000))
    errors = hits(DEFAULT_RULES, Features(messages_per_minute=20, error_rate=0.9))
    alone = {"rules": 0.0, "own_baseline": 0.95, "novelty": 0.0}
    agreed = {"rules": 0.0, "own_baseline": 0.5, "novelty": 0.45}
    assert severity_of(0.95, alone, ()) is Severity.HIGH
    assert severity_of(0.95, agreed, ()) is Severity.CRITICAL
    assert severity_of(0.95, alone, flood) is Severity.CRITICAL
    assert severity_of(0.95, alone, errors) is Severity.HIGH
    assert severity_of(0.3, alone, flood) is Severity.HIGH
    assert severity_of(0.3, alone, errors) is Severity.MEDIUM
    assert severity_of(0.3, alone, ()) is Severity.LOW


def test_reasons_name_the_feature_how_far_and_against_what() -> None:
    """As the page promises them."""
    window = Features(messages_per_minute=312, avg_message_size=3.5 * 1024**2, error_rate=0.8)
    deviation = np.zeros(len(FEATURES))
    deviation[0] = 6.4
    evidence = Evidence(window, deviation, 40, hits(DEFAULT_RULES, window))
    told = reasons(evidence, Features(messages_per_minute=12))
    assert "312 messages a minute: 3.1 times the limit of 100" in told
    assert "messages of 3.5 MiB on average: 3.5 times the limit of 1 MiB" in told
    assert "80% of the messages failed: 1.6 times the limit of 50%" in told
    assert told[-1] == "messages 6.4 spreads above this user's normal of 12 a minute"
    stranger = Evidence(window, deviation, 0, ())
    assert of_deviations(stranger, Features()) == ["messages 6.4 spreads above everybody's normal of 0 a minute"]
    assert reasons(Evidence(window, np.zeros(len(FEATURES)), 0, ()), Features())


def test_the_platform_is_told_a_name_that_it_takes() -> None:
    """The server has one, long and odd names become a hash of theirs."""
    assert unit_of(SERVER) == "(server)"
    assert unit_of("anna") == "anna"
    assert len(unit_of("x" * 250)) == len(unit_of("a\nb")) == len(unit_of("\udc00")) == 32
