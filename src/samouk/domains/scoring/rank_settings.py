"""How Rank is set: the words of Azure Personalizer's service configuration, checked."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from samouk.domains.scoring.policy import SHARE, Exploring
from samouk.edge.wire import WireError

LONGEST_WAIT = dt.timedelta(days=30)

UNUSED = (
    "autoOptimizationFrequency",
    "autoOptimizationStartDate",
    "logMirrorEnabled",
    "logMirrorSasUri",
    "lastConfigurationEditDate",
)
"""Fields of Personalizer's configuration that mean nothing here: taken, so that old scripts run, and not kept."""

CONSTANT: Mapping[str, Any] = {"modelExportFrequency": "PT1M", "logRetentionDays": -1}
"""Told to clients that require the fields, whatever they send: every reward is learnt within the minute, and -1 is
Personalizer's word for a log that is never deleted by age."""

_DURATION = re.compile(r"^P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,7})S)?)?$")


@dataclass(frozen=True, slots=True)
class RankSettings:
    """How Rank decides and learns.

    Attributes:
        wait: after so long without a reward an event is given the default one.
        default: that reward, in [-1, 1].
        apprentice: show the first action and learn from it; the policy is never shown.
    """

    wait: dt.timedelta = dt.timedelta(minutes=10)
    default: float = 0.0
    exploring: Exploring = field(default_factory=Exploring)
    apprentice: bool = False


def document_of(settings: RankSettings) -> dict[str, Any]:
    """The settings as they are told; the least ``explorationPercentage`` stands for weighting by expected loss."""
    exploring = settings.exploring
    return {
        "rewardWaitTime": _written(settings.wait),
        "defaultReward": settings.default,
        "rewardAggregation": "earliest",
        "explorationPercentage": exploring.share if exploring.kind == "epsilon" else SHARE,
        "learningMode": "Apprentice" if settings.apprentice else "Online",
        **CONSTANT,
    }


def settings_of(document: Mapping[str, Any]) -> RankSettings:
    """Settings as they were sent; what is left out has its default. Raises WireError with the field's name."""
    known = document_of(RankSettings())
    for name in document:
        if name not in known and name not in UNUSED:
            raise WireError(name, "is not a field of the configuration; remove it")
    told = {**known, **document}
    if told["rewardAggregation"] != "earliest":
        raise WireError("rewardAggregation", "must be earliest: the first reward of an event stands")
    if told["learningMode"] not in ("Online", "Apprentice"):
        raise WireError("learningMode", "must be Online or Apprentice")
    return RankSettings(
        _duration(told["rewardWaitTime"]),
        number("defaultReward", told["defaultReward"], -1, 1),
        _exploring(told["explorationPercentage"]),
        told["learningMode"] == "Apprentice",
    )


def number(name: str, value: object, low: float, high: float) -> float:
    """A number between both ends. Raises WireError."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        raise WireError(name, f"must be a number from {low:g} to {high:g}, not {value!r:.40}")
    return float(value)


def _exploring(percentage: object) -> Exploring:
    share = SHARE if percentage is None else number("explorationPercentage", percentage, SHARE, 1)
    return Exploring("epsilon", share) if share > SHARE else Exploring()


def _duration(text: object) -> dt.timedelta:
    found = _DURATION.match(text) if isinstance(text, str) else None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    span = dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not dt.timedelta() < span <= LONGEST_WAIT:
        raise WireError("rewardWaitTime", "must be an ISO 8601 duration of up to 30 days, for example PT10M or P1D")
    return span


def _written(span: dt.timedelta) -> str:
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    return "PT" + (f"{minutes}M" if minutes else "") + (f"{seconds}S" if seconds else "")
