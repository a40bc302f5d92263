"""From settings to services: the only package that names a backend."""

from __future__ import annotations

from samouk.assembly.children import environment, rounds, upkeep
from samouk.assembly.clusters import bench, engine
from samouk.assembly.places import Places
from samouk.assembly.playing import DEMO_SEED, Demo, at_home, demo
from samouk.assembly.refusals import REFUSALS
from samouk.assembly.serving import application, looks, provider_of, turns
from samouk.assembly.signing import ensure_signing_keys, has_signing_keys, make_signing_keys, rotate_signing_keys
from samouk.assembly.stores import lies_in, migrate, opened
from samouk.assembly.working import celery_app, scheduler, send_again, work

__all__ = [
    "DEMO_SEED",
    "REFUSALS",
    "Demo",
    "Places",
    "application",
    "at_home",
    "bench",
    "celery_app",
    "demo",
    "engine",
    "ensure_signing_keys",
    "environment",
    "has_signing_keys",
    "lies_in",
    "looks",
    "make_signing_keys",
    "migrate",
    "opened",
    "provider_of",
    "rotate_signing_keys",
    "rounds",
    "scheduler",
    "send_again",
    "turns",
    "upkeep",
    "work",
]
