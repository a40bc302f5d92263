"""Limits that an operator sets and anybody can read: what each is, which a window breaks, and their documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from samouk.domains.traffic.features import FEATURES, LARGEST, SHARES, WINDOW_S, Features
from samouk.domains.traffic.records import Hit, Rule, Severity
from samouk.edge.wire import WireError

MAX_RULES = 100
MAX_HELP = 300
"""Characters."""

DEFAULT_RULES: tuple[Rule, ...] = (
    Rule(
        "message_flood",
        "messages_per_minute",
        100,
        Severity.HIGH,
        help="a person who types, clicks and scrolls stays below 60 messages a minute; a bulk import is told its limit",
    ),
    Rule(
        "error_spike",
        "error_rate",
        0.5,
        Severity.MEDIUM,
        minimum=10,
        help="more than half failed: a broken client, or one that guesses; fewer than 10 messages prove nothing",
    ),
    Rule(
        "rate_limit_abuse",
        "rate_limit_violations",
        10,
        Severity.HIGH,
        help="an honest client that is limited waits as it is told; one that goes on ten times a minute does not",
    ),
    Rule(
        "large_messages",
        "avg_message_size",
        1 << 20,
        Severity.MEDIUM,
        minimum=3,
        help="a mean above 1 MiB fills buffers; one or two uploads are no habit",
    ),
    Rule(
        "channel_hopping",
        "channels_count",
        50,
        Severity.MEDIUM,
        help="a full dashboard follows two dozen channels; a scraper subscribes to all that there are",
    ),
    Rule(
        "burst",
        "burst",
        50,
        Severity.MEDIUM,
        help="half of a minute's limit within five seconds; a page that loads asks for fewer at once",
    ),
    Rule(
        "many_addresses",
        "addresses",
        10,
        Severity.MEDIUM,
        help="home, work and mobile networks make a handful a day; more is a shared or stolen account",
    ),
    Rule(
        "clockwork",
        "regularity",
        0.95,
        Severity.LOW,
        minimum=30,
        help="gaps that vary by less than a twentieth are a machine's; slow heartbeats stay below the minimum",
    ),
)
"""What holds until an operator says otherwise. A value above ``threshold`` breaks a rule; one at it does not."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NEEDED = ("name", "feature", "threshold", "severity")
_KEYS = (*_NEEDED, "enabled", "minimum", "help")


def hits(rules: Iterable[Rule], features: Features) -> tuple[Hit, ...]:
    """The enabled rules that a window breaks, the most severe and then the most exceeded first."""
    messages = features.messages_per_minute * WINDOW_S / 60
    found = [
        Hit(rule, value, value / rule.threshold)
        for rule in rules
        if rule.enabled and (value := getattr(features, rule.feature)) > rule.threshold and messages >= rule.minimum
    ]
    return tuple(sorted(found, key=lambda hit: (-hit.rule.severity.rank, -hit.times, hit.rule.name)))


def rule_of(document: object, where: str = "rule") -> Rule:
    """The rule of a document, strictly: raises WireError that names the field and what would be right."""
    if not isinstance(document, Mapping):
        raise WireError(where, "must be a JSON object with name, feature, threshold and severity")
    for name in document:
        if name not in _KEYS:
            raise WireError(f"{where}.{name}", f"is not a field of a rule; there are {', '.join(_KEYS)}")
    for name in _NEEDED:
        if name not in document:
            raise WireError(f"{where}.{name}", "is missing")
    feature = _feature(document["feature"], f"{where}.feature")
    return Rule(
        _name(document["name"], f"{where}.name"),
        feature,
        _threshold(document["threshold"], feature, f"{where}.threshold"),
        _severity(document["severity"], f"{where}.severity"),
        _flag(document.get("enabled", True), f"{where}.enabled"),
        _number(document.get("minimum", 0), f"{where}.minimum"),
        _help(document.get("help", ""), f"{where}.help"),
    )


def document_of(rule: Rule) -> dict[str, Any]:
    """Plain JSON from which ``rule_of`` makes the same rule."""
    return {name: str(value) if name == "severity" else value for name in _KEYS for value in [getattr(rule, name)]}


def rules_of(documents: object, where: str = "rules") -> tuple[Rule, ...]:
    """A whole table: 1 to ``MAX_RULES``, each name once. Raises WireError."""
    if not isinstance(documents, list) or not 1 <= len(documents) <= MAX_RULES:
        raise WireError(where, f"must be an array of 1 to {MAX_RULES} rules; one that is not wanted is disabled")
    found: dict[str, Rule] = {}
    for place, document in enumerate(documents):
        rule = rule_of(document, f"{where}[{place}]")
        if rule.name in found:
            raise WireError(f"{where}[{place}].name", f"{rule.name} stands there twice; name each rule once")
        found[rule.name] = rule
    return tuple(found.values())


def _name(value: object, where: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise WireError(where, "must be 1 to 64 small letters, digits and underscores, a letter first")
    return value


def _feature(value: object, where: str) -> str:
    if not isinstance(value, str) or value not in FEATURES:
        raise WireError(where, f"must be one of {', '.join(FEATURES)}, not {value!r:.40}")
    return value


def _threshold(value: object, feature: str, where: str) -> float:
    threshold = _number(value, where)
    if threshold == 0:
        raise WireError(where, "must be above 0: every window that has anything would break it")
    if feature in SHARES and threshold >= 1:
        raise WireError(where, f"must be below 1: {feature} is a share and never exceeds 1")
    return threshold


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WireError(where, f"must be a finite number, not {value!r:.40}")
    if not 0 <= value <= LARGEST:  # written so that NaN fails too, and no integer is too long for it
        raise WireError(where, f"must lie between 0 and {LARGEST:g}, not {value!s:.40}")
    return float(value)


def _severity(value: object, where: str) -> Severity:
    try:
        return Severity(value)  # type: ignore[arg-type]  # what is none is refused here
    except ValueError:
        raise WireError(where, f"must be one of {', '.join(Severity)}, not {value!r:.40}") from None


def _flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise WireError(where, f"must be true or false, not {value!r:.40}")
    return value


def _help(value: object, where: str) -> str:
    if not isinstance(value, str) or len(value) > MAX_HELP:
        raise WireError(where, f"must be a text of at most {MAX_HELP} characters")
    return value
