"""What the last look at a learner saw of drift: kept, so that whoever watches need not compute it again."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from samouk.loop.drift import Apart
from samouk.loop.learner import Learner
from samouk.loop.ports import Document, Outdated, Services
from samouk.loop.trigger import Detector, State

SHELF = "loop.looks"


@dataclass(frozen=True, slots=True)
class Look:
    """One look.

    Attributes:
        fields: how far each field of the fresh samples is from the champion's reference; empty when there were
            too few, or no champion.
        alarms: detectors that see a change.
        labelled: new samples with a label, which the volume trigger counts.
    """

    at: dt.datetime
    fields: tuple[Apart, ...]
    alarms: frozenset[Detector]
    labelled: int


def keep(learner: Learner, services: Services, state: State, fields: Sequence[Apart]) -> None:
    """Keep a look in place of the last one; another process that looked at the same time may be before us."""
    kept = services.documents.get(SHELF, learner.name)
    body = {
        "at": state.now.isoformat(),
        "fields": {one.name: [one.js, one.ks, one.js_limit, one.ks_limit] for one in fields if _finite(one)},
        "alarms": sorted(alarm.detector.value for alarm in state.alarms),
        "labelled": state.labelled,
    }
    with suppress(Outdated):
        services.documents.save(Document(SHELF, learner.name, body, kept.revision if kept else 0))


def last(learner: Learner, services: Services) -> Look | None:
    """The last look that any process took; None before the first one."""
    kept = services.documents.get(SHELF, learner.name)
    if kept is None:
        return None
    fields: Mapping[str, Sequence[float]] = kept.body["fields"]
    return Look(
        dt.datetime.fromisoformat(kept.body["at"]),
        tuple(Apart(name, *distances) for name, distances in fields.items()),
        frozenset(one for one in Detector if one.value in kept.body["alarms"]),
        kept.body["labelled"],
    )


def drop(learner: str, services: Services) -> None:
    """Let go of the last look: it saw what was erased since."""
    services.documents.remove(SHELF, learner)


def _finite(one: Apart) -> bool:
    return all(math.isfinite(value) for value in (one.js, one.ks, one.js_limit, one.ks_limit))
