"""Alerts as plain JSON, for files, the store and the API, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samouk.domains.traffic.features import FEATURES, Features
from samouk.domains.traffic.records import Alert, Severity, Standing


def document_of(alert: Alert) -> dict[str, Any]:
    """Plain JSON from which ``alert_of`` makes the same alert."""
    return {
        "alert_id": alert.alert_id,
        "user_id": alert.user_id.encode("utf-8", "replace").decode(),  # half a character can be kept nowhere
        "at": alert.at,
        "last_at": alert.last_at,
        "windows": alert.windows,
        "score": alert.score,
        "severity": str(alert.severity),
        "kind": alert.kind,
        "reasons": list(alert.reasons),
        "features": alert.features._asdict(),
        "version": alert.version,
        "event_id": alert.event_id,
        "standing": str(alert.standing),
        "cause": alert.cause,
        "parts": dict(alert.parts),
    }


def alert_of(document: Mapping[str, Any]) -> Alert:
    """The alert of a document. Raises ValueError when it is none."""
    try:
        return Alert(
            alert_id=str(document["alert_id"]),
            user_id=str(document["user_id"]),
            at=float(document["at"]),
            score=float(document["score"]),
            severity=Severity(document["severity"]),
            kind=str(document["kind"]),
            reasons=tuple(str(reason) for reason in document["reasons"]),
            features=Features(*(float(document["features"][name]) for name in FEATURES)),
            version=str(document["version"]),
            event_id=document["event_id"] and str(document["event_id"]),
            standing=Standing(document["standing"]),
            cause=str(document["cause"]),
            parts={str(name): float(part) for name, part in document["parts"].items()},
            last_at=float(document["last_at"]),
            windows=int(document["windows"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"no alert: {type(error).__name__} {error}") from None
