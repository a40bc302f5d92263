"""A small learner in service for tests of predictions: registry, rollouts and an online part that can be read."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from examples.will_it_rain import RAIN, model

from samouk.loop.columns import Columns
from samouk.loop.learner import Learner, Online
from samouk.loop.live import Exposure, Outcome, Rollout, RolloutState
from samouk.loop.ports import Services
from samouk.loop.records import Artifact, Predictions, Stage, Version
from samouk.loop.registry import LEARNS_FROM, next_name, next_number

ROW = {"pressure": 990.0, "humidity": 0.9}
WINDOWS = {spec.name: spec.window for spec in RAIN.outcomes}


def add(
    services: Services,
    weights: list[float],
    *,
    learner: Learner = RAIN,
    stage: Stage | None = None,
    learns_from: int = 0,
) -> Version:
    """A new version by its weights, in production unless another stage is named."""
    return add_artifact(services, model(weights), learner=learner, stage=stage, learns_from=learns_from)


def add_artifact(
    services: Services,
    artifact: Artifact,
    *,
    learner: Learner = RAIN,
    stage: Stage | None = None,
    learns_from: int = 0,
) -> Version:
    """A new version by its bytes."""
    versions = services.registry.versions(learner.name)
    version = Version(
        learner.name,
        next_name(versions),
        next_number(versions),
        Stage.STAGING,
        services.blobs.put(artifact.data),
        hashlib.sha256(artifact.data).hexdigest(),
        len(artifact.data),
        services.clock.now(),
        metadata=artifact.metadata,
        card={LEARNS_FROM: learns_from},
    )
    services.registry.add(version)
    return services.registry.move(learner.name, version.name, stage or Stage.PRODUCTION)


def ramp(services: Services, champion: str, challengers: Mapping[str, float], mode: Any = "ab") -> Rollout:
    """A rollout that runs."""
    now = services.clock.now()
    rollout = Rollout(
        "r1", RAIN.name, champion, challengers, mode, (0.1, 0.5, 1.0), 0, RolloutState.RUNNING, "seed", now, now
    )
    return services.rollouts.save(rollout)


def happened(services: Services, exposure: Exposure, value: float = 1.0, metric: str = "content") -> None:
    """Say how it turned out."""
    services.journal.tell(RAIN.name, [Outcome(exposure.event_id, metric, value, services.clock.now())], WINDOWS)


def _begin(artifact: Artifact) -> dict[str, float]:
    return {"n": 0.0, "sum": 0.0}


def _correct(state: dict[str, float], columns: Columns, predictions: Predictions) -> Predictions:
    """The mean of what was told, weighing as many rows as were told and the model four."""
    values = (predictions.values * 4 + state["sum"]) / (4 + state["n"])
    return Predictions(values.astype(np.float32), predictions.confidence)


def _learn(state: dict[str, float], artifact: Artifact, columns: Columns) -> dict[str, float]:
    told = columns["rained"]
    return {"n": state["n"] + len(told), "sum": state["sum"] + float(told.sum())}


ONLINE = Online(
    begin=_begin,
    correct=_correct,
    learn=_learn,
    save=lambda state: json.dumps(state).encode(),
    load=lambda artifact, data: json.loads(data),
)
PRACTISING = replace(RAIN, online=ONLINE)
"""The learner with an online part."""

DAY = dt.timedelta(days=1)
