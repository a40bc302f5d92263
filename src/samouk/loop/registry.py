"""From a verdict to a version: names, numbers and lineage; pure."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from samouk.loop.learner import Learner
from samouk.loop.records import Artifact, Snapshot, Stage, Version

LEARNS_FROM = "learns_from"
"""Member of a version's card."""


def next_name(versions: Sequence[Version]) -> str:
    """The name after the newest: v1.0, v1.1, v1.2 ..."""
    return f"v1.{next_number(versions) - 1}"


def next_number(versions: Sequence[Version]) -> int:
    """One more than the highest number ever given: numbers are never used twice, whatever became of a version."""
    return max((version.number for version in versions), default=0) + 1


def enter(
    learner: Learner,
    versions: Sequence[Version],
    artifact: Artifact,
    artifact_key: str,
    created: dt.datetime,
    *,
    champion: Version | None = None,
    snapshot: Snapshot | None = None,
    learns_from: int = 0,
    figures: Mapping[str, float] | None = None,
    card: Mapping[str, Any] | None = None,
    changelog: Sequence[str] = (),
) -> Version:
    """A new version in staging, with the lineage that leads to it.

    Args:
        learns_from: sequence of the last joined outcome that its fit may know: after it the version learns online.
            It stands on the card of a learner that hears outcomes, and stays with the bytes wherever they return.
    """
    mark = {LEARNS_FROM: learns_from} if learner.outcomes else {}
    return Version(
        learner=learner.name,
        name=next_name(versions),
        number=next_number(versions),
        stage=Stage.STAGING,
        artifact_key=artifact_key,
        artifact_digest=hashlib.sha256(artifact.data).hexdigest(),
        artifact_size=len(artifact.data),
        created=created,
        parent=champion.name if champion else None,
        snapshot=snapshot.digest if snapshot else None,
        metadata=dict(artifact.metadata),
        figures=dict(figures or {}),
        card={**(card or {}), **mark},
        changelog=tuple(changelog),
    )


def learns_from(version: Version) -> int:
    """Where the version begins to learn online; 0, at the first outcome, for one that was entered without a mark."""
    return int(version.card.get(LEARNS_FROM, 0))
