"""Models that were made elsewhere: ONNX from declared features to one score, tried before it is believed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.edge import runtime
from samouk.edge.wire import Field
from samouk.loop.learner import UnfitArtifact

Matrix = NDArray[np.float32]

PROBES = 64
COMPANY = 1e-4
"""How far a row's score may move when other rows are asked with it: what single precision may round differently."""

_EXPECTED = (
    "one float32 input of shape [n, {width}] with the columns {names}, missing values as NaN, categories as the \
places of their values from 0, flags as 0 and 1"
)
# Made once: for one row each costs as much as the sum that it is part of.
_ZERO, _ONE = np.float32(0), np.float32(1)


class Ready(NamedTuple):
    """A model in the runtime, and the names of what goes in and of the scores that come out."""

    session: Any
    features: str
    scores: list[str]


@lru_cache(maxsize=8)
def ready(data: bytes) -> Ready:
    """The model in the runtime, kept for the next call. Raises what the runtime raises for bytes that are no model."""
    session = runtime.session(data)
    return Ready(session, session.get_inputs()[0].name, _floats(session)[:1])


def run(model: Ready, inputs: Matrix) -> NDArray[np.float32]:
    """(n,) scores; of two columns the last, the chance of a good outcome, counts."""
    found: NDArray[np.float32] = model.session.run(model.scores, {model.features: inputs})[0]
    column = found if found.ndim == 1 else found[:, -1]
    # Rounding may lift a score a hair above 1.
    return np.minimum(np.maximum(column, _ZERO), _ONE)


def refuse(fields: Sequence[Field], data: bytes) -> None:
    """Try a foreign model on probe rows within the declared ranges.

    Args:
        fields: what it is asked with, one column each, in this order.
        data: ONNX, of a size that the caller allows: whoever serves keeps it in memory.

    Raises:
        UnfitArtifact: it is no ONNX model, asks for or answers something else, or answers what is no score.
    """
    if not data:
        raise UnfitArtifact("the model is empty; give the bytes of an ONNX file")
    session = _session(data)
    _refuse_input(fields, session)
    _refuse_output(session)
    _refuse_answers(Ready(session, session.get_inputs()[0].name, _floats(session)[:1]), probes_of(fields))


def probes_of(fields: Sequence[Field]) -> Matrix:
    """(PROBES, k) rows that spread over the declared ranges; the last ones with gaps where a field is optional."""
    rng = np.random.default_rng(0)
    rows = np.empty((PROBES, len(fields)), np.float32)
    for place, spec in enumerate(fields):
        coded = {"category": len(spec.values), "flag": 2}.get(spec.kind)
        spread = rng.uniform(spec.low, spec.high, PROBES) if coded is None else None
        rows[:, place] = rng.integers(0, coded, PROBES) if spread is None else spread
        if spec.kind == "integer":
            rows[:, place] = np.floor(rows[:, place])
        if spec.optional:
            rows[-PROBES // 4 :, place] = np.nan
    return rows


def _session(data: bytes) -> Any:
    _refuse_pointers(data)
    try:
        return runtime.session(data)
    except Exception as error:  # a border: the runtime's errors share no class
        raise UnfitArtifact(f"this is no ONNX model that onnxruntime loads: {str(error)[:300]}") from error


def _refuse_pointers(data: bytes) -> None:
    """Weights in other files would be read from this machine's disk, wherever the model points."""
    from onnx import TensorProto, load_model_from_string

    try:
        graph = load_model_from_string(data).graph
    except Exception as error:  # a border: protobuf and onnx have their own classes
        raise UnfitArtifact(f"this is no ONNX model: {str(error)[:300]}") from error
    if any(tensor.data_location == TensorProto.EXTERNAL for tensor in graph.initializer):
        raise UnfitArtifact("the model keeps weights in other files; save it as one file")


def _refuse_input(fields: Sequence[Field], session: Any) -> None:
    width = len(fields)
    expected = _EXPECTED.format(width=width, names=", ".join(spec.name for spec in fields))
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise UnfitArtifact(f"the model has {len(inputs)} inputs; expected: {expected}")
    found = inputs[0]
    if found.type != "tensor(float)":
        raise UnfitArtifact(f"input {found.name!r} is {found.type}, not tensor(float); expected: {expected}")
    rows, columns = found.shape if len(found.shape) == 2 else (0, 0)
    if isinstance(columns, int) and columns != width:
        raise UnfitArtifact(f"input {found.name!r} has shape {found.shape}; expected: {expected}")
    if isinstance(rows, int):
        raise UnfitArtifact(f"input {found.name!r} takes exactly {rows} rows; export it with a free number of rows")


def _refuse_output(session: Any) -> None:
    if not _floats(session):
        kinds = ", ".join(f"{output.name}: {output.type}" for output in session.get_outputs())
        raise UnfitArtifact(
            f"the model gives {kinds}; expected a tensor(float) of scores, [n], [n, 1] or [n, 2] with the chance of a "
            "good outcome last (sklearn-onnx: zipmap=False)"
        )


def _floats(session: Any) -> list[str]:
    return [output.name for output in session.get_outputs() if output.type == "tensor(float)"]


def _refuse_answers(model: Ready, probes: Matrix) -> None:
    found = _answers(model, probes)
    if found.shape not in ((PROBES,), (PROBES, 1), (PROBES, 2)):
        raise UnfitArtifact(
            f"output {model.scores[0]!r} is {list(found.shape)} for {PROBES} rows; expected [n], [n, 1] or [n, 2]"
        )
    bad = np.flatnonzero(~np.isfinite(found.reshape(PROBES, -1)).all(axis=1))
    if len(bad):
        gap = "; it must take NaN for missing values" if np.isnan(probes[bad]).any() else ""
        raise UnfitArtifact(f"it answers {len(bad)} of {PROBES} probe rows with NaN or infinity{gap}")
    if found.min() < -1e-6 or found.max() > 1 + 1e-6:
        span = f"{found.min():.3g} to {found.max():.3g}"
        raise UnfitArtifact(f"its scores reach from {span}; they must lie in [0, 1]: end the graph with a sigmoid")
    if found.size == 2 * PROBES and np.abs(found.sum(axis=-1) - 1).max() > 1e-3:
        raise UnfitArtifact(
            "its two columns do not add up to 1; they must be the chances of a bad and of a good outcome"
        )
    alone = np.concatenate([run(model, probes[row : row + 1]) for row in range(0, PROBES, 7)])
    if np.abs(alone - run(model, probes)[::7]).max() > COMPANY:
        raise UnfitArtifact("a row alone gets another score than in company; each row must be scored by itself")


def _answers(model: Ready, probes: Matrix) -> NDArray[np.float32]:
    try:
        found: NDArray[np.float32] = model.session.run(model.scores, {model.features: probes})[0]
    except Exception as error:  # a border: the runtime's errors share no class
        raise UnfitArtifact(f"it fails on probe rows within the declared ranges: {str(error)[:300]}") from error
    return found
