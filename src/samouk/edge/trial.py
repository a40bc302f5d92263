"""The trial of a model before it is taken into service: it loads, it is ours, and it answers sensibly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

METADATA_KEY = "samouk"
"""Under this key a model's own metadata holds JSON with at least ``learner`` and ``classes``."""


class UnfitModel(Exception):
    """The file is no model for this client; the message says why."""


def try_model(path: Path, learner: str, width: int | None = None) -> None:
    """Load the model and predict one row of zeros.

    Args:
        width: how many numbers this client makes of a sample; None when unknown.

    Raises:
        UnfitModel: it does not load, belongs to another learner, takes another width, or its
            probabilities are not finite numbers in [0, 1], one a class.
    """
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # a refused model is told once, by us
    try:
        session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime raises a class of its own for each status, with no common root
        raise UnfitModel(f"it does not load: {_brief(error)}") from error
    classes = _classes(session.get_modelmeta().custom_metadata_map, learner)
    feeds = {item.name: _zeros(item, width) for item in session.get_inputs()}
    try:
        outputs = session.run(None, feeds)
    except Exception as error:  # as above
        raise UnfitModel(f"it does not predict: {_brief(error)}") from error
    shaped = [value for value in outputs if isinstance(value, np.ndarray) and value.shape == (1, classes)]
    probabilities = [value for value in shaped if value.dtype.kind == "f"]
    if not probabilities:
        shapes = ", ".join(str(getattr(value, "shape", type(value).__name__)) for value in outputs)
        raise UnfitModel(f"it should give 1 × {classes} probabilities; its outputs are {shapes}")
    if not any(
        np.isfinite(value).all() and (value > -1e-6).all() and (value < 1 + 1e-6).all() for value in probabilities
    ):
        raise UnfitModel("its probabilities are not finite numbers between 0 and 1")


def _classes(metadata: dict[str, str], learner: str) -> int:
    try:
        document = json.loads(metadata.get(METADATA_KEY, ""))
        owner, classes = document["learner"], len(document["classes"])
    except (ValueError, KeyError, TypeError) as error:
        raise UnfitModel(f"its metadata {METADATA_KEY!r} names no learner and classes") from error
    if owner != learner:
        raise UnfitModel(f"it is a model of {owner!r:.80}, not of {learner}")
    return classes


def _zeros(item: Any, width: int | None) -> Any:
    """One row for an input of the session; free dimensions are 1, a free width is the client's."""
    import numpy as np

    if item.type != "tensor(float)":
        raise UnfitModel(f"its input {item.name} takes {item.type}, not tensor(float)")
    shape = [size if isinstance(size, int) else 1 for size in item.shape]
    if len(shape) == 2 and width is not None:
        if isinstance(item.shape[1], int) and item.shape[1] != width:
            raise UnfitModel(
                f"it takes {item.shape[1]} numbers a sample and this client makes {width}; "
                "install the newest samouk package"
            )
        shape[1] = width
    shape[0] = 1
    return np.zeros(shape, dtype=np.float32)


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
