"""The model that ships with the package, made from the simulator alone, so that anyone can make it anew."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np

from samouk.domains.screens.anonymise import samples_of
from samouk.domains.screens.judge import LEARNER, UNIVERSAL, card
from samouk.domains.screens.lessons import rank
from samouk.domains.screens.model import MEMORY, simulated_lessons
from samouk.domains.screens.world import FIRST_MONDAY, ScreenWorld
from samouk.loop import snapshot
from samouk.loop.columns import from_rows, take
from samouk.loop.learner import Context, mean
from samouk.loop.records import Artifact, Examples

APPS = 400
SCREENS_AN_APP = 6
MEMORIES = 150
"""Simulated rows of each type that are kept to remind later models of what is rare."""

TAUGHT, JUDGED = 2026, 2027
"""Seeds of the worlds that it learns from and is judged on."""


def simulated(seed: int, apps: int = APPS) -> Examples:
    """Examples with the simulator's own truth as labels, one group an application."""
    world = ScreenWorld(seed)
    now = dt.datetime.combine(FIRST_MONDAY, dt.time(12), dt.UTC)
    parts = []
    for number in range(apps):
        rows = []
        for screen in world.screens(world.app(number), SCREENS_AN_APP):
            rows += [row for _, row in samples_of(screen, [element.known for element in screen.elements], now)]
        parts.append(snapshot.label(LEARNER, from_rows(LEARNER.schema, rows), number))
    return snapshot.join(LEARNER, parts)


def make(apps: int = APPS) -> tuple[Artifact, dict[str, object]]:
    """The model and its card."""
    taught = simulated(TAUGHT, apps)
    artifact = LEARNER.fit(taught, None, Context(seed=1))
    judged = snapshot.trusted(simulated(JUDGED, max(apps // 4, 1)))
    figures = {name: round(mean(np.asarray(values)), 4) for name, values in LEARNER.score(artifact, judged).items()}
    origin = {
        "version": "v1.0",
        "origin": f"simulator alone: {apps} simulated applications, {SCREENS_AN_APP} screens each, seed {TAUGHT}",
        "figures_on": f"simulated applications of seed {JUDGED}; figures on real ones stand in the benchmarks",
        "made_by": "python -m samouk.domains.screens.universal",
    }
    return artifact, {**origin, **card(artifact, taught, figures)}


def remember(examples: Examples, file: Path) -> None:
    """Keep some rows of each type, each from another application as far as they reach."""
    order = np.argsort(rank(examples.labels.values.astype(np.int64) + 64 * examples.groups), kind="stable")
    kept = order[rank(examples.labels.values[order].astype(np.int64)) < MEMORIES]
    columns = take(examples.columns, np.sort(kept))
    columns["sample_id"] = np.zeros(len(kept), columns["sample_id"].dtype)
    np.savez_compressed(file, allow_pickle=False, **columns)


def write(folder: Path = UNIVERSAL.parent) -> Path:
    """Make memory and model anew and put them, with the card, where the package looks for them."""
    remember(simulated(TAUGHT), folder / MEMORY.name)
    simulated_lessons.cache_clear()
    artifact, told = make()
    file = folder / UNIVERSAL.name
    file.write_bytes(artifact.data)
    (folder / "card.json").write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return file
