"""What the parts of the room hand each other: severities, rules, evidence, judgements and alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.features import Features

Deviation = NDArray[np.float64]
"""(len(FEATURES),) signed robust z-scores against the user's own normal; 0 where nothing is known."""


class Severity(StrEnum):
    """How bad; ``rank`` orders them."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    rank: int

    def __new__(cls, word: str) -> Severity:
        """Ranks by the order above; kept, as every window asks for several."""
        made = str.__new__(cls, word)
        made._value_ = word
        made.rank = len(cls.__members__)
        return made


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table ``detection_rules``.

    Attributes:
        name: for example ``message_flood``.
        feature: one of ``FEATURES``.
        threshold: above it (from it, for ``at_least``) the rule hits, in the feature's unit.
        severity: of an alert whose strongest reason it is.
        minimum: messages in the window below which a share says nothing.
    """

    name: str
    feature: str
    threshold: float
    severity: Severity
    enabled: bool = True
    minimum: float = 0.0
    help: str = ""


class Hit(NamedTuple):
    """A rule that a window breaks, and how often its threshold goes into the value: 1.0 and more."""

    rule: Rule
    value: float
    times: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that speaks of one window, before it is weighed.

    Attributes:
        deviation: from the user's own baseline.
        seen: windows that the baseline has learnt from: 0 for a stranger, who is compared with everybody.
        hits: rules that are broken, the worst first.
    """

    features: Features
    deviation: Deviation
    seen: int
    hits: tuple[Hit, ...]


class Scored(NamedTuple):
    """A weighed window: probability of harm in [0, 1], the version that says so, and the parts that it was made of.

    ``parts`` name what spoke and how much of the score is its: ``rules``, ``own_baseline``, ``novelty``.
    """

    score: float
    version: str
    parts: Mapping[str, float]


class Scorer(Protocol):
    """Weighs evidence; what the learner ``traffic.anomaly`` teaches. Safe to call from any thread."""

    def __call__(self, evidence: Evidence, *, server: bool = False) -> Scored: ...


class Standing(StrEnum):
    """What an operator said of an alert."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that an operator should look at.

    Attributes:
        alert_id: 32 hexadecimal digits.
        user_id: as the application calls the user; ``SERVER`` for the whole server.
        at: seconds since 1970.
        score: probability of harm, 0 to 1.
        kind: the rule that weighs most, or ``unusual`` (own baseline), ``novel``, ``server_level``.
        reasons: sentences: which feature, how far, against which baseline.
        version: of the model that weighed it.
        event_id: of the exposure that the platform keeps of it; None while it stands alone.
        cause: alerts of one kind that come together carry one cause, so that they can be shown as one.
        last_at: when it was seen last: an attack that goes on is one alert that is brought up to date.
        windows: analysed windows in which it was seen.
    """

    alert_id: str
    user_id: str
    at: float
    score: float
    severity: Severity
    kind: str
    reasons: tuple[str, ...]
    features: Features
    version: str
    event_id: str | None = None
    standing: Standing = Standing.OPEN
    cause: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)
    last_at: float = 0.0
    windows: int = 1
