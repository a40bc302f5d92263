"""People who ask for an umbrella's worth of advice and say in the evening how it went; for tests of the loop."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from pathlib import Path
from random import Random

import numpy as np
from examples.will_it_rain import RAIN, Weather, model
from tests.contracts.making import alone

from samouk.edge.wire import Row
from samouk.loop.learner import Learner, Policy
from samouk.loop.outcome import Told, tell
from samouk.loop.ports import Services
from samouk.loop.records import Version
from samouk.loop.registry import enter
from samouk.loop.release import register_next, release
from samouk.loop.rollout_policy import RolloutPolicy
from samouk.loop.serving import Asked, Serving
from samouk.loop.staging import HELD
from samouk.loop.train import LocalTrainer
from samouk.store.bell.local import LocalBell
from samouk.store.cache.memory import MemoryCache
from samouk.store.clock import SteppedClock
from samouk.store.memory import MemoryPublisher
from samouk.store.sql import open_store

GOOD, POOR, BAD = (1.5, 1.5, 0.0), (1.5, 0.1, 0.0), (-1.5, -1.5, 0.0)
"""Weights of models that advise rightly nine times in ten, seven times in ten, and one time in ten."""

QUICK = RolloutPolicy(dwell=dt.timedelta(hours=12), minimum=100, planned=500)


def learner(**changes: object) -> Learner:
    """The example with a rollout that tests can wait for."""
    return dataclasses.replace(RAIN, **{"policy": Policy(rollout=QUICK), **changes})  # type: ignore[arg-type]


def embedded(home: Path, clock: SteppedClock) -> Services:
    """The embedded store with a publisher in memory."""
    chance = Random(0)
    store = open_store(home, clock, chance)
    return Services(
        clock=clock,
        blobs=store.blobs,
        log=store.log,
        registry=store.registry,
        runs=store.runs,
        leases=store.leases,
        audit=store.audit,
        keys=store.keys,
        journal=store.journal,
        rollouts=store.rollouts,
        webhooks=store.webhooks,
        tasks=store.tasks,
        documents=store.documents,
        upkeep=store.upkeep,
        remains=store.remains,
        publisher=MemoryPublisher(),
        trainer=LocalTrainer(),
        cache=MemoryCache(),
        bell=LocalBell(),
        close=store.close,
        chance=chance,
    )


def enter_model(
    services: Services,
    weights: tuple[float, ...],
    *,
    released: bool = False,
    batch: str | None = None,
    held: bool = False,
) -> Version:
    """A version with these weights, in staging or in service, fitted on one batch; ``held`` for a person's word."""
    artifact = model(weights)
    champion = services.registry.production(RAIN.name)
    snapshot = None
    if batch is not None:
        digest = hashlib.sha256(batch.encode()).hexdigest()
        snapshot = alone(services, RAIN.name, 1, batch, digest)
    key = services.blobs.put(artifact.data)
    card = {HELD: True} if held else {}
    version = enter(RAIN, [], artifact, key, services.clock.now(), champion=champion, snapshot=snapshot, card=card)
    version = register_next(services, version, "a test", "planted")
    return release(services, version, "a test", "planted") if released else version


class People:
    """A town of the example's world, each unit of which asks once, under whatever version serves it."""

    def __init__(self, learner: Learner, services: Services, seed: int = 0) -> None:
        self.learner, self.services = learner, services
        self.serving = Serving(learner, services)
        self.world, self.rng, self.asked = Weather(seed), np.random.default_rng(seed), 0

    def live(self, n: int) -> list[str]:
        """So many people ask now and say at once how it went; the ids of their events."""
        self.serving.refresh()
        days = self.world.days(self.rng, n)
        rows: list[Row] = [
            {"pressure": float(days["pressure"][place]), "humidity": float(days["humidity"][place])}
            for place in range(n)
        ]
        shown = self.serving.predict_all([Asked(f"unit {self.asked + place}", row) for place, row in enumerate(rows)])
        self.asked += n
        self.services.journal.expose([one.exposure for one in shown])
        told = [
            Told(one.answer.event_id, metric, value)
            for one, rained in zip(shown, days["rained"], strict=True)
            for metric, value in self.world.opinion(self.rng, one.answer.score or 0.0, bool(rained)).items()
        ]
        tell(self.learner, self.services, told)
        return [one.answer.event_id for one in shown]
