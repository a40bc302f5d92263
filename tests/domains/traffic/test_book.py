"""The book of alerts: one attack is one alert, and an operator's first word stands."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from samouk.domains.traffic.detect.alerts import alert_of, document_of
from samouk.domains.traffic.detect.book import EPISODES, AlreadyTold, Book, Entered, Sighting
from samouk.domains.traffic.detect.budget import Budget
from samouk.domains.traffic.detect.severity import Judgement
from samouk.domains.traffic.features import FEATURES, Features
from samouk.domains.traffic.records import Evidence, Scored, Severity, Standing
from samouk.loop.ports import NotFound

LOW, MEDIUM, HIGH, CRITICAL = Severity


def seen(
    user: str = "anna", at: float = 0.0, score: float = 0.7, severity: Severity = HIGH, kinds: tuple[str, ...] = ("a",)
) -> Sighting:
    evidence = Evidence(Features(messages_per_minute=score * 100), np.zeros(len(FEATURES)), 5, ())
    judged = Judgement(evidence, Scored(score, "v1.0", {"rules": score}), severity, lambda: (f"{kinds[0]} at {score}",))
    return Sighting(user, at, judged, kinds)


def enter(book: Book, *sightings: Sighting, budget: Budget | None = None) -> list[Entered]:
    budget = budget or Budget(10_000)
    return [book.enter(one, budget) for one in sightings]


def test_an_attack_that_goes_on_is_one_alert() -> None:
    """A hundred windows of one user and kind are one alert, shown at its worst."""
    book = Book()
    found = enter(book, *(seen(at=6.0 * step, score=0.6 + 0.001 * step) for step in range(100)))
    assert len(book) == 1
    (alert,) = book.recent()
    assert (alert.windows, alert.at, alert.last_at) == (100, 0.0, 594.0)
    assert alert.score == pytest.approx(0.699)
    assert [entered.fresh for entered in found] == [True] + [False] * 99


def test_after_the_cooldown_it_is_another_one() -> None:
    """What comes back after five quiet minutes is news."""
    book = Book()
    enter(book, seen(at=0), seen(at=299), seen(at=600))
    assert [(alert.at, alert.windows) for alert in book.recent()] == [(600.0, 1), (0.0, 2)]


def test_becoming_more_severe_is_news_of_the_same_alert() -> None:
    """It keeps its name, and says the worse."""
    book = Book()
    first, second = enter(book, seen(score=0.5, severity=MEDIUM), seen(at=10, score=0.9, severity=CRITICAL))
    assert first.alert and second.alert
    assert first.alert.alert_id == second.alert.alert_id
    assert (second.fresh, second.news, second.alert.severity) == (False, True, CRITICAL)
    assert second.alert.reasons == ("a at 0.9",)


def test_two_kinds_of_one_user_are_two_alerts_unless_they_come_in_one_window() -> None:
    """Errors and a flood apart are two; a flood of errors is one."""
    book = Book()
    enter(book, seen(kinds=("errors",)), seen(at=10, kinds=("flood",)))
    assert len(book) == 2
    book = Book()
    enter(book, seen(kinds=("flood", "errors")), seen(at=10, kinds=("errors",)), seen(at=20, kinds=("flood",)))
    assert len(book) == 1


def test_what_falls_just_below_a_rule_is_still_the_same_attack() -> None:
    """A window that only looks unusual, of a user who has just broken a rule, opens nothing new; nor the other way."""
    book = Book()
    enter(book, seen(kinds=("flood",)), seen(at=10, kinds=("unusual",)), seen(at=20, kinds=("novel",)))
    assert [(alert.kind, alert.windows) for alert in book.recent()] == [("flood", 3)]
    book = Book()
    enter(book, seen(kinds=("unusual",)), seen(at=10, score=0.8, kinds=("flood",)))
    assert [(alert.kind, alert.windows) for alert in book.recent()] == [("flood", 2)]


def test_alerts_of_one_kind_in_the_same_minutes_share_a_cause() -> None:
    """Two floods from one cause can be shown as one; another kind, or an hour later, is another cause."""
    book = Book()
    enter(book, seen("anna"), seen("boris", 100), seen("clara", 200, kinds=("b",)), seen("dora", 4_000))
    causes = {alert.user_id: alert.cause for alert in book.recent()}
    assert causes["anna"] == causes["boris"]
    assert len(set(causes.values())) == 3


def test_what_the_budget_holds_back_is_counted_once_and_may_still_come() -> None:
    """One episode is one alarm held back, however long; once it is worse than the threshold it comes."""
    book, budget = Book(), Budget(1)
    enter(book, seen("anna", score=0.9), budget=budget)
    held = enter(book, *(seen("boris", 10.0 * step, 0.6) for step in range(20)), budget=budget)
    assert [entered.alert for entered in held] == [None] * 20
    assert (budget.held_back, [one.user_id for one in budget.recent]) == (1, ["boris"])
    (entered,) = enter(book, seen("boris", 200, 0.95, CRITICAL), budget=budget)
    assert entered.alert is not None and entered.fresh


def test_an_operators_word_stands_and_saying_it_again_changes_nothing() -> None:
    """Confirming twice is one confirmation; dismissing after it is refused."""
    book = Book()
    (entered,) = enter(book, seen())
    assert entered.alert is not None
    alert_id = entered.alert.alert_id
    assert [book.say(alert_id, Standing.CONFIRMED)[1] for _ in range(2)] == [True, False]
    with pytest.raises(AlreadyTold, match="first word"):
        book.say(alert_id, Standing.DISMISSED)
    with pytest.raises(NotFound, match="no alert"):
        book.say("nobody", Standing.CONFIRMED)


def test_it_is_bounded_and_newest_first() -> None:
    """The oldest alert goes when one more comes, and a limit and a severity choose among the rest."""
    book = Book(kept=10)
    enter(book, *(seen(f"user {number}", severity=HIGH if number % 2 else LOW) for number in range(30)))
    assert [alert.user_id for alert in book.recent(2)] == ["user 29", "user 28"]
    assert len(book) == 10
    assert {alert.severity for alert in book.recent(min_severity=HIGH)} == {HIGH}
    enter(book, *(seen(f"user {number}") for number in range(EPISODES)))
    assert len(book._episodes) <= EPISODES


def test_an_alert_survives_its_document() -> None:
    """Plain JSON and back gives the same alert; what is none says so."""
    book = Book()
    enter(book, seen(user='"; drop \x00'))
    (alert,) = book.recent()
    assert alert_of(json.loads(json.dumps(document_of(alert)))) == alert
    for broken in ({}, {**document_of(alert), "severity": "fatal"}, {**document_of(alert), "parts": 3}):
        with pytest.raises(ValueError, match="no alert"):
            alert_of(broken)


def test_a_restart_in_an_attack_goes_on_with_its_alert() -> None:
    """The book that was restored brings the same alert up to date, and has nothing to save before that."""
    book = Book()
    enter(book, seen())
    again = Book()
    again.restore(book.all())
    assert again.unsaved() == []
    enter(again, seen(at=60))
    assert [alert.windows for alert in again.unsaved()] == [2]
    assert again.unsaved() == []


def test_an_answer_holds_for_what_was_answered() -> None:
    """A dismissed alert stays one while it goes on alike; what becomes worse, or breaks another rule, is another."""
    book = Book()
    (first,) = enter(book, seen(score=0.65, kinds=("flood", "burst")))
    assert first.alert is not None
    book.say(first.alert.alert_id, Standing.DISMISSED)
    alike = enter(
        book,
        seen(at=10, score=0.75, kinds=("flood",)),
        seen(at=20, kinds=("unusual",)),
        seen(at=30, kinds=("burst",)),
    )
    assert {entered.alert.alert_id for entered in alike if entered.alert} == {first.alert.alert_id}
    (alert,) = book.recent()
    assert (alert.windows, alert.score, alert.features.messages_per_minute) == (4, 0.65, 65.0)
    worse, after = enter(book, seen(at=40, score=0.9, severity=CRITICAL, kinds=("flood",)), seen(at=50))
    assert worse.alert and worse.fresh and worse.alert.standing is Standing.OPEN
    assert after.alert and after.alert.kind == "a"
    (again,) = enter(book, seen(at=60, kinds=("flood",)))
    assert again.alert and again.alert.alert_id == worse.alert.alert_id
    assert book.say(worse.alert.alert_id, Standing.CONFIRMED)[1]


def test_another_rule_after_an_answer_is_another_alert() -> None:
    """Of the same severity, even where the rule that was answered is still broken beside it."""
    book = Book()
    (first,) = enter(book, seen(kinds=("flood",)))
    assert first.alert is not None
    book.say(first.alert.alert_id, Standing.DISMISSED)
    beside, leading = enter(book, seen(at=5, kinds=("flood", "errors")), seen(at=10, kinds=("errors", "flood")))
    assert beside.alert and beside.alert.alert_id == first.alert.alert_id
    assert leading.fresh
    again = Book()
    again.restore(book.all()[:1])
    assert [one.fresh for one in enter(again, seen(at=20, kinds=("flood",)), seen(at=30, kinds=("errors",)))] == [
        False,
        True,
    ]


def test_what_lasts_by_itself_is_no_news_after_a_pause() -> None:
    """As long as it may last; a user who breaks another rule beside it has an alert of its own."""
    book, hour = Book(), 3_600.0
    lasting = [replace(seen(at=at * hour, kinds=("addresses",)), lasting_s=24 * hour) for at in (0, 5, 20, 45)]
    assert [one.fresh for one in enter(book, *lasting)] == [True, False, False, True]
    (both,) = enter(book, seen(at=47 * hour, kinds=("flood", "addresses")))
    assert both.fresh


def test_critical_alerts_of_one_cause_leave_the_budget_to_others() -> None:
    """Nine floods at once cost as much as one; a weaker alarm of another kind still comes."""
    book, budget = Book(), Budget(10)
    floods = [seen(f"bot {number}", number, 0.9, CRITICAL, ("flood",)) for number in range(9)]
    assert all(entered.fresh for entered in enter(book, *floods, budget=budget))
    (other,) = enter(book, seen("carol", 10, 0.53, MEDIUM, ("large",)), budget=budget)
    assert other.fresh
