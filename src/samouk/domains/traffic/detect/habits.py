"""What of a window is chance or habit: rules that a settled normal meets anyway, and what operators called harmless."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from samouk.domains.traffic.anomaly.weighing import UP, USUAL
from samouk.domains.traffic.features import FEATURES, SERVER, Features
from samouk.domains.traffic.records import Alert, Deviation, Hit, Severity, Standing

RATES = {name: FEATURES.index(name) for name in ("messages_per_minute", "burst")}
"""Features of which honest users differ by far; failures, violations and sizes of anybody stay what a rule says."""

_ERRORS, _VIOLATIONS = FEATURES.index("error_rate"), FEATURES.index("rate_limit_violations")

SETTLED = 30
"""Minutes from which a user's own normal speaks against a rule."""

WITHIN = 4.0
"""Spreads above the own normal that its rate reaches now and then: of people's minutes, in the simulated server, one
of some thousands lies beyond."""

TIMES = 2.0
"""A threshold that is passed so many times is broken, whatever is normal."""

USERS = 10_000
"""Users of whom an operator's "harmless" is remembered; the least lately told goes when one more comes."""


class Harmless:
    """Levels up to which operators dismissed alerts, by user. Not safe for threads by itself."""

    def __init__(self) -> None:
        self._levels: OrderedDict[str, Features] = OrderedDict()

    def hear(self, alert: Alert) -> None:
        """Take an operator's word. What was critical is never called normal, and what was confirmed no longer."""
        if alert.standing is Standing.CONFIRMED:
            self._levels.pop(alert.user_id, None)
        elif alert.standing is Standing.DISMISSED and alert.severity is not Severity.CRITICAL:
            before = self._levels.pop(alert.user_id, Features())
            self._levels[alert.user_id] = Features(*map(max, before, alert.features))
            if len(self._levels) > USERS:
                self._levels.popitem(last=False)
        self._levels.pop(SERVER, None)

    def level(self, user_id: str) -> Features | None:
        """The highest of each feature that was dismissed; None for most users."""
        return self._levels.get(user_id)

    def forget(self, user_id: str) -> None:
        """Remove the user's level."""
        self._levels.pop(user_id, None)


def covered(level: Features | None, features: Features, deviation: Deviation, broken: Iterable[Hit]) -> bool:
    """Whether a window stays within a dismissed level in everything that speaks against it."""
    if level is None or any(hit.value > getattr(level, hit.rule.feature) for hit in broken):
        return False
    return bool(np.all((np.asarray(features) <= np.asarray(level)) | (UP * deviation <= USUAL)))


def softened(broken: tuple[Hit, ...], deviation: Deviation, seen: int, level: Features | None) -> tuple[Hit, ...]:
    """The same hits one severity lower, if a settled normal meets every rule; else as they are.

    A rule is met where the user's own rate comes near its threshold by itself: it is passed by less than ``TIMES``,
    or no farther than what was dismissed, and the window is ``WITHIN`` the own normal. Critical rules are never met.
    """
    if seen < SETTLED or not broken or not all(_met(hit, deviation, level) for hit in broken):
        return broken
    ranks = tuple(Severity)
    return tuple(
        hit._replace(rule=replace(hit.rule, severity=ranks[max(hit.rule.severity.rank - 1, 0)])) for hit in broken
    )


def _met(hit: Hit, deviation: Deviation, level: Features | None) -> bool:
    name = hit.rule.feature
    if name not in RATES or hit.rule.severity is Severity.CRITICAL or deviation[RATES[name]] > WITHIN:
        return False
    return hit.times < TIMES or (level is not None and hit.value <= getattr(level, name))


def sobered(deviation: Deviation, features: Features) -> Deviation:
    """What is rare is no farther above normal than chance allows: one failure of one message is no 100 %.

    Of an error rate that is its sampling error, as if two more messages had come of which one failed (Agresti & Coull
    1998); of violations the square root of their number, and one.
    """
    messages, rate, violations = features.messages_per_minute, features.error_rate, features.rate_limit_violations
    if deviation[_ERRORS] > 0:
        share = (rate * messages + 1) / (messages + 2)
        deviation[_ERRORS] = min(deviation[_ERRORS], rate / math.sqrt(share * (1 - share) / (messages + 2)))
    if deviation[_VIOLATIONS] > 0:
        deviation[_VIOLATIONS] = min(deviation[_VIOLATIONS], violations / math.sqrt(violations + 1))
    return deviation


def beyond_chance(name: str, features: Features, normal: Features) -> bool:
    """Whether what is rare, failures and violations, is more than as many would be by chance; true of all else.

    By ``WITHIN`` standard deviations of a count around the usual one, and one: fewer than usual harm nobody.
    """
    if name == "error_rate":
        counted, usual = (share * features.messages_per_minute for share in (features.error_rate, normal.error_rate))
    elif name == "rate_limit_violations":
        counted, usual = features.rate_limit_violations, normal.rate_limit_violations
    else:
        return True
    return counted - usual > WITHIN * math.sqrt(usual + 1)
