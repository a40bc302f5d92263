"""Commands that are run in processes of their own, and what they are told of the settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from samouk.loop.ports import Services
from samouk.settings import Settings, load

if TYPE_CHECKING:
    from samouk.server.errand import Errand
    from samouk.server.scheduler import Rounds


SAMOUK = (sys.executable, "-m", "samouk.cli")


_ELSEWHERE = ("database_url", "blobs_url", "redis_url", "keys_dir", "trainer", "otlp_url")
"""Settings that lead out of the home."""


def environment(settings: Settings) -> dict[str, str]:
    """Of a child, which is to find what these settings name, also where our own environment names something else."""
    from samouk.server.turns import REASON

    ours = load(os.environ)
    # What is the same stays as it is: a secret that a file holds stays in its file.
    told = {f"SAMOUK_{name.upper()}": getattr(settings, name) for name in _ELSEWHERE if _differ(name, ours, settings)}
    left = {*told, REASON}  # why we were begun is no reason of theirs; who has one for a child adds it
    kept = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in left}
    return {**kept, **told, "SAMOUK_HOME": str(settings.home), "OMP_WAIT_POLICY": "passive"}


def _differ(name: str, one: Settings, other: Settings) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def rounds(settings: Settings, services: Services, learners: Sequence[str]) -> Rounds:
    """What the scheduler does: sign anew, then ask each learner, in a process of its own, whether it is time."""
    from samouk.server.scheduler import Rounds

    commands = {name: [*SAMOUK, "turn", name, "--if-due"] for name in learners}
    return Rounds(services.publisher.refresh, commands, environment(settings))


def upkeep(settings: Settings, services: Services) -> Errand:
    """Maintains the store, in a process of its own, when the last time is a day ago."""
    from samouk.loop.maintain import due as wanted
    from samouk.server.errand import Errand

    command = [*SAMOUK, "maintain", "--if-due"]
    return Errand("the maintenance", command, environment(settings), partial(wanted, services))
