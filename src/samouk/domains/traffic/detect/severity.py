"""How bad a scored window is: what the score says, what the worst broken rule says, and when both are needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from samouk.domains.traffic.records import Evidence, Hit, Scored, Severity

LEVELS = ((0.8, Severity.CRITICAL), (0.6, Severity.HIGH), (0.4, Severity.MEDIUM))
"""Scores from which a window is so severe: what a rule of that severity weighs when it is just broken."""

CALL = 0.3
"""Score from which a window that breaks no rule may become an alert: quiet users stay below it all day in the
simulated server, slow abuse does not. The budget decides what the operator sees."""

AGREE = 0.25
"""Share of the score that a second witness must have to count as one that agrees."""


class Judgement(NamedTuple):
    """A weighed window, before anybody is told.

    Attributes:
        usual: every rule that it breaks is met by the user's settled normal, and nothing else speaks against it.
        harmless: an operator dismissed as much of this user.
    """

    evidence: Evidence
    scored: Scored
    severity: Severity
    told: Callable[[], tuple[str, ...]]
    usual: bool = False
    harmless: bool = False

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, in sentences; made when they are asked for."""
        return self.told()

    @property
    def alarming(self) -> bool:
        """Whether it is worth an alert, if the budget allows."""
        return not self.usual and (bool(self.evidence.hits) or self.scored.score >= CALL)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What to call it: the rules that it breaks, the worst first, else what else spoke loudest."""
        if self.evidence.hits:
            return tuple(hit.rule.name for hit in self.evidence.hits)
        parts = self.scored.parts
        return ("novel",) if parts.get("novelty", 0.0) > parts.get("own_baseline", 0.0) else ("unusual",)

    @property
    def harm(self) -> float:
        """How little it may teach the baseline: a rule of high severity keeps it from teaching whatever the score.

        So does one that is met as usual: by oneself nobody raises one's normal over it. An operator's word does.
        """
        if self.harmless:
            return 0.0
        grave = any(hit.rule.severity.rank >= Severity.HIGH.rank for hit in self.evidence.hits)
        return 1.0 if grave or self.usual else self.scored.score


def severity_of(score: float, parts: Mapping[str, float], hits: Sequence[Hit]) -> Severity:
    """The higher of what the score and the worst broken rule say.

    Critical only from a score of ``LEVELS[0]`` on, and only when a rule of high severity is broken or two independent
    witnesses (rules, own baseline, novelty) agree: one alone, however loud, wakes nobody up at night.
    """
    by_rule = max((hit.rule.severity for hit in hits), key=lambda one: one.rank, default=Severity.LOW)
    by_score = next((severity for least, severity in LEVELS if score >= least), Severity.LOW)
    if by_score is Severity.CRITICAL and (by_rule.rank >= Severity.HIGH.rank or two_agree(score, parts)):
        return Severity.CRITICAL
    return min(max(by_score, by_rule, key=lambda one: one.rank), Severity.HIGH, key=lambda one: one.rank)


def two_agree(score: float, parts: Mapping[str, float]) -> bool:
    """Whether a second witness speaks for at least ``AGREE`` of the score."""
    told = sorted(parts.values(), reverse=True)
    return len(told) > 1 and told[1] >= AGREE * score > 0
