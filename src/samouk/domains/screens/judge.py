"""What counts as right, on which parts no model may get worse, and what people are told of a new one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from samouk.domains.screens import model
from samouk.domains.screens.features import UNTOLD, told
from samouk.domains.screens.labels import label
from samouk.domains.screens.schema import CLASSES, PLATFORMS, SCHEMA
from samouk.domains.screens.suspicion import suspects
from samouk.domains.screens.taxonomy import CUSTOM, TYPES
from samouk.loop.columns import counts_of
from samouk.loop.learner import Learner, Metric, OutcomeSpec, Policy
from samouk.loop.records import Artifact, BoolArray, Examples

if TYPE_CHECKING:
    from samouk.loop.learner import World

METRICS = (
    Metric(
        "generic_accuracy",
        floor=0.5,
        help="share of elements named rightly where the class says nothing, or is hidden from the model",
    ),
    Metric(
        "standard_accuracy",
        tolerance=0.002,
        help="share of elements of public classes named rightly with the class in sight",
    ),
    Metric(
        "calibration",
        tolerance=0.02,
        binary=False,
        help="1 less the squared distance of confidence from being right; 1 is perfect",
    ),
)

OUTCOMES = (OutcomeSpec("kept", help="share of the types shown on a client that nobody there corrected"),)

UNIVERSAL = Path(__file__).parent / "universal" / "model.onnx"
_GAIN_WORTH_TELLING = 0.02
_FEWEST = 20
"""Held-out elements of a type below which nothing is said of it."""


def slices(examples: Examples) -> dict[str, BoolArray]:
    """Platforms, and how much the class says: nothing (generic), not public (custom), or all (standard)."""
    columns = examples.columns
    custom = columns["class_name"] == CLASSES.index(CUSTOM)
    standard = told(columns) != UNTOLD
    platforms = {name: columns["platform"] == code for code, name in enumerate(PLATFORMS)}
    return {**platforms, "standard": standard, "custom": custom, "generic": ~standard & ~custom}


def card(artifact: Artifact, train: Examples, figures: Mapping[str, float]) -> dict[str, Any]:
    """What the model was made of and what it must not be used for."""
    counts = counts_of(train.columns["platform"], len(PLATFORMS))
    by_platform = {name: int(count) for name, count in zip(PLATFORMS, counts, strict=True)}
    return {
        "purpose": "names the type of an element of a mobile screen, also where its class says nothing",
        "not_for": "telling who made or uses an application; acting on an element without a person's eye on it",
        "samples": train.rows,
        "platforms": [name for name, count in by_platform.items() if count],
        "samples_by_platform": by_platform,
        "types": dict(artifact.metadata.get("samples", {})),
        "weighs_most": dict(artifact.metadata.get("importances", {})),
        "figures": dict(figures),
        "labels": "roles, public classes, developers' names and users' corrections; the class is hidden in training",
        "abstains_below": artifact.metadata.get("abstain"),
    }


def changes(old: Artifact | None, new: Artifact, holdout: Examples) -> list[str]:
    """What people notice: samples, platforms and types that are new or named clearly better or worse."""
    before: Mapping[str, int] = old.metadata.get("samples", {}) if old else {}
    now: Mapping[str, int] = new.metadata.get("samples", {})
    lines = [f"Learnt from {sum(now.values()):,} labelled elements"]
    fresh = [name for name in now if name not in before]
    if old and fresh:
        lines.append(f"New types: {', '.join(fresh)}")
    seen = np.unique(holdout.columns["platform"])
    lines.append(f"Judged on {', '.join(PLATFORMS[int(code)] for code in seen) or 'no platform yet'}")
    return lines + (_gains(old, new, holdout) if old and holdout.rows else [])


def _gains(old: Artifact, new: Artifact, holdout: Examples) -> list[str]:
    """Types whose share of right answers moved, the largest move first."""
    scores = [model.score(artifact, holdout)["generic_accuracy"] for artifact in (old, new)]
    moves: list[tuple[float, str]] = []
    for code in np.unique(holdout.labels.values):
        rows = (holdout.labels.values == code) & ~np.isnan(scores[0])
        if rows.sum() < _FEWEST:
            continue
        was, became = (float(values[rows].mean()) for values in scores)
        if abs(became - was) >= _GAIN_WORTH_TELLING:
            moves.append(
                (became - was, f"{TYPES[int(code)]}: {was:.0%} → {became:.0%} right where the class is hidden")
            )
    return [line for _, line in sorted(moves, key=lambda move: -abs(move[0]))]


def first() -> Artifact | None:
    """The universal model that ships with the package."""
    if not UNIVERSAL.is_file():
        return None
    return model.artifact_of(UNIVERSAL.read_bytes())


def simulator(seed: int, null: bool) -> World:
    """The seeded simulator, loaded when it is asked for."""
    from samouk.domains.screens.world import world

    return world(seed, null)


LEARNER = Learner(
    name=SCHEMA.name,
    schema=SCHEMA,
    classes=TYPES,
    metrics=METRICS,
    policy=Policy(),
    label=label,
    fit=model.fit,
    predict=model.predict,
    score=model.score,
    world=simulator,
    slices=slices,
    suspects=suspects,
    card=card,
    changes=changes,
    first=first,
    outcomes=OUTCOMES,
    served=False,
)
