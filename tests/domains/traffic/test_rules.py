"""The table of rules: what breaks one, and which documents are rules."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samouk.domains.traffic.detect.rules import DEFAULT_RULES, MAX_RULES, document_of, hits, rule_of, rules_of
from samouk.domains.traffic.features import FEATURES, LARGEST, Features
from samouk.domains.traffic.records import Rule, Severity
from samouk.edge.wire import WireError

GOOD = {"name": "flood", "feature": "messages_per_minute", "threshold": 100, "severity": "high"}


def names(features: Features, rules: tuple[Rule, ...] = DEFAULT_RULES) -> list[str]:
    return [hit.rule.name for hit in hits(rules, features)]


def test_a_limit_is_still_allowed_and_one_more_is_not() -> None:
    """The threshold itself breaks nothing; what lies above it does, and says how often it goes in."""
    assert names(Features(messages_per_minute=100)) == []
    (hit,) = hits(DEFAULT_RULES, Features(messages_per_minute=312))
    assert (hit.rule.name, hit.value) == ("message_flood", 312)
    assert hit.times == pytest.approx(3.12)


def test_a_share_of_a_few_messages_says_nothing() -> None:
    """An error rate counts from ten messages on."""
    assert names(Features(messages_per_minute=9, error_rate=1.0)) == []
    assert names(Features(messages_per_minute=10, error_rate=1.0)) == ["error_spike"]


def test_the_worst_broken_rule_comes_first() -> None:
    """Severity goes before how far, and how far before the name."""
    window = Features(messages_per_minute=101, error_rate=0.9, rate_limit_violations=50)
    assert names(window) == ["rate_limit_abuse", "message_flood", "error_spike"]


def test_a_rule_that_is_off_is_not_broken() -> None:
    """An operator may silence a rule without losing it."""
    off = rule_of({**GOOD, "enabled": False})
    assert hits((off,), Features(messages_per_minute=1_000)) == ()


def test_a_calm_user_breaks_no_default() -> None:
    """Twelve messages a minute by a person from two places are nobody's trouble."""
    calm = Features(12, 300, 0.05, 0, 3_600, 3, 200, 6, 0.5, 2)
    assert names(calm) == []


@given(
    st.builds(
        Rule,
        st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True),
        st.sampled_from(FEATURES),
        st.floats(0.001, 0.999),
        st.sampled_from(Severity),
        st.booleans(),
        st.floats(0, LARGEST),
        st.text(max_size=50),
    )
)
def test_a_rule_survives_its_document(rule: Rule) -> None:
    """What is written down reads back as the same rule."""
    assert rule_of(document_of(rule)) == rule


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"limit": 5}, "rule.limit"),
        ({"name": "Flood!"}, "rule.name"),
        ({"name": None}, "rule.name"),
        ({"feature": "karma"}, "rule.feature"),
        ({"feature": []}, "rule.feature"),
        ({"threshold": 0}, "rule.threshold"),
        ({"threshold": -1}, "rule.threshold"),
        ({"threshold": math.nan}, "rule.threshold"),
        ({"threshold": 1e300}, "rule.threshold"),
        ({"threshold": True}, "rule.threshold"),
        ({"threshold": "100"}, "rule.threshold"),
        ({"feature": "error_rate", "threshold": 1}, "rule.threshold"),
        ({"severity": "fatal"}, "rule.severity"),
        ({"severity": []}, "rule.severity"),
        ({"enabled": 1}, "rule.enabled"),
        ({"minimum": math.inf}, "rule.minimum"),
        ({"help": "x" * 301}, "rule.help"),
        ({"help": 3}, "rule.help"),
    ],
)
def test_what_is_no_rule_is_refused_by_the_name_of_its_field(change: dict[str, Any], field: str) -> None:
    """Unknown fields, wrong kinds and impossible numbers are named."""
    with pytest.raises(WireError) as refusal:
        rule_of({**GOOD, **change})
    assert refusal.value.field == field


@pytest.mark.parametrize("field", list(GOOD))
def test_what_a_rule_needs_must_be_there(field: str) -> None:
    """A missing field is named."""
    with pytest.raises(WireError, match=f"rule.{field}: is missing"):
        rule_of({name: value for name, value in GOOD.items() if name != field})


@pytest.mark.parametrize("table", [None, {}, [], [GOOD] * (MAX_RULES + 1), [GOOD, GOOD], [GOOD, 7]])
def test_a_table_is_an_array_of_rules_with_names_of_their_own(table: object) -> None:
    """No array, none, too many, a name twice, a number among them: refused."""
    with pytest.raises(WireError, match="rules"):
        rules_of(table)


def test_the_default_table_reads_back() -> None:
    """The table that ships is one that would be taken."""
    assert rules_of([document_of(rule) for rule in DEFAULT_RULES]) == DEFAULT_RULES
