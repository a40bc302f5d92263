"""The trial of a model before it is taken into service: it loads, it is ours, and it answers sensibly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samouk.edge import runtime

METADATA_KEY = "samouk"
"""Under this key a model's own metadata holds JSON with at least ``learner`` and ``classes``."""

INPUT, OUTPUT = "features", "probabilities"
"""A model takes float32 (n, width) under the first name and gives (n, classes) under the second."""


class UnfitModel(Exception):
    """The file is no model for this client; the message says why."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What this client's observer asks of a model; None where it is not known."""

    learner: str
    schema_version: int | None = None
    feature_version: int | None = None
    width: int | None = None


def try_model(path: Path, fit: Fit) -> None:
    """Load the model and predict one row of zeros.

    Raises:
        UnfitModel: it does not load, belongs to another learner or schema, takes another width, or its
            probabilities are not finite numbers in [0, 1], one a class.
    """
    try:
        session = runtime.session(path.read_bytes())
    except Exception as error:  # the runtime raises a class of its own for each status, with no common root
        raise UnfitModel(f"it does not load: {_brief(error)}") from error
    classes = _classes(session.get_modelmeta().custom_metadata_map, fit)
    width = _width(session, fit)
    _check_probabilities(_predict(session, width), classes)


def _classes(properties: dict[str, str], fit: Fit) -> int:
    """How many classes it tells apart, once its metadata agrees with this client."""
    try:
        metadata = json.loads(properties.get(METADATA_KEY, ""))
        owner, classes = metadata["learner"], len(metadata["classes"])
        told = {name: metadata.get(name) for name in ("schema_version", "feature_version")}
    except (ValueError, KeyError, TypeError) as error:
        raise UnfitModel(f"its metadata {METADATA_KEY!r} names no learner and classes") from error
    if owner != fit.learner:
        raise UnfitModel(f"it is a model of {owner!r:.80}, not of {fit.learner}")
    for name, ours in (("schema_version", fit.schema_version), ("feature_version", fit.feature_version)):
        if None not in (told[name], ours) and told[name] != ours:
            what = name.removesuffix("_version")
            raise UnfitModel(f"it reads {what} {told[name]!r:.20}, this client {ours}; install the newest samouk")
    return classes


def _width(session: Any, fit: Fit) -> int:
    """How many numbers a row has: the model's own width, or the client's where the model leaves it free."""
    inputs = {item.name: item for item in session.get_inputs()}
    outputs = {item.name for item in session.get_outputs()}
    if set(inputs) != {INPUT} or OUTPUT not in outputs or len(inputs[INPUT].shape) != 2:
        raise UnfitModel(f"it must take rows of {INPUT} and give {OUTPUT}")
    takes = inputs[INPUT].shape[1]
    if not isinstance(takes, int):
        return fit.width or 1
    if fit.width not in (None, takes):
        raise UnfitModel(
            f"it takes {takes} numbers a sample and this client makes {fit.width}; install the newest samouk"
        )
    return takes


def _predict(session: Any, width: int) -> Any:
    import numpy as np

    try:
        return session.run([OUTPUT], {INPUT: np.zeros((1, width), np.float32)})[0]
    except Exception as error:  # as above
        raise UnfitModel(f"it does not predict: {_brief(error)}") from error


def _check_probabilities(given: Any, classes: int) -> None:
    import numpy as np

    if getattr(given, "shape", None) != (1, classes) or given.dtype.kind != "f":
        raise UnfitModel(f"it should give 1 × {classes} {OUTPUT}, not {getattr(given, 'shape', type(given).__name__)}")
    if not np.isfinite(given).all() or (given < -1e-6).any() or (given > 1 + 1e-6).any():
        raise UnfitModel(f"its {OUTPUT} are not finite numbers between 0 and 1")


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
