"""A small network over structure: it errs elsewhere than trees do, so that both together err less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNITS = 256
STEPS = 1_400
"""Steps of descent; it bounds the time of a fit whatever the crowd sends."""

ROWS_A_STEP = 256
RATE = 3e-3
DECAY = 1e-3
DROPPED = 0.4
"""Share of the units that sit out each step, so that none relies on another."""

HIDDEN_INPUTS = 0.05
SMOOTHING = 0.05
"""Share of each label that is spread over all types: names that developers give are not always right."""

CUTS = 12
"""Quantiles at which a column with more than two values is cut: a step says what a straight line cannot."""

FARTHEST = 4.0
"""Deviations from the mean beyond which an input is as far as can be."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Network:
    """One hidden layer over standardised columns and the steps between their values.

    Attributes:
        columns: (m,) of each step, the column it looks at.
        cuts: (m,) value from which on the step is 1.
        mean, scale: (w + m,) what inputs are standardised by.
        hidden, hidden_bias, out, out_bias: the layers.
    """

    columns: NDArray[np.int64]
    cuts: Floats
    mean: Floats
    scale: Floats
    hidden: Floats
    hidden_bias: Floats
    out: Floats
    out_bias: Floats


def fit(inputs: Floats, targets: NDArray[Any], weights: NDArray[np.float64], classes: int, seed: int) -> Network:
    """Adam with dropout and a rate that falls as a cosine; the same for the same seed and threads.

    Args:
        inputs: (n, w).
        targets: (n,) from 0 to ``classes`` - 1.
        weights: (n,) above zero.
    """
    from threadpoolctl import threadpool_limits

    columns, cuts = _steps(inputs)
    raw = _stepped(inputs, columns, cuts)
    mean, spread = raw.mean(axis=0), raw.std(axis=0)
    scale = (1 / np.where(spread < 1e-3, 1, spread)).astype(np.float32)
    # One thread: the products are small, and a second thread that waits for a busy core costs thirty times more.
    with threadpool_limits(1, user_api="blas"):
        layers = _descend(_standard(raw, mean, scale), targets, weights, classes, np.random.default_rng(seed))
    return Network(columns, cuts, mean, scale, *layers)


def logits(network: Network, inputs: Floats) -> Floats:
    """(n, w) → (n, classes)."""
    scaled = _standard(_stepped(inputs, network.columns, network.cuts), network.mean, network.scale)
    scores: Floats = np.maximum(scaled @ network.hidden + network.hidden_bias, 0) @ network.out + network.out_bias
    return scores


def nodes(given: str, gives: str) -> list[Any]:
    """The network as nodes of a graph from ``given`` to ``gives``; see ``constants`` for what they need."""
    from onnx import TensorProto, helper

    return [
        helper.make_node("Gather", [given, "net_columns"], ["net_looked"], axis=1),
        helper.make_node("GreaterOrEqual", ["net_looked", "net_cuts"], ["net_reached"]),
        helper.make_node("Cast", ["net_reached"], ["net_steps"], to=TensorProto.FLOAT),
        helper.make_node("Concat", [given, "net_steps"], ["net_raw"], axis=1),
        helper.make_node("Sub", ["net_raw", "net_mean"], ["net_centred"]),
        helper.make_node("Mul", ["net_centred", "net_scale"], ["net_wide"]),
        helper.make_node("Clip", ["net_wide", "net_least", "net_most"], ["net_scaled"]),
        helper.make_node("Gemm", ["net_scaled", "net_hidden", "net_hidden_bias"], ["net_sums"]),
        helper.make_node("Relu", ["net_sums"], ["net_units"]),
        helper.make_node("Gemm", ["net_units", "net_out", "net_out_bias"], [gives]),
    ]


def constants(network: Network) -> dict[str, NDArray[Any]]:
    """What the nodes need, by name."""
    return {
        "net_columns": network.columns,
        "net_cuts": network.cuts,
        "net_mean": network.mean,
        "net_scale": network.scale,
        "net_least": np.array(-FARTHEST, np.float32),
        "net_most": np.array(FARTHEST, np.float32),
        "net_hidden": network.hidden,
        "net_hidden_bias": network.hidden_bias,
        "net_out": network.out,
        "net_out_bias": network.out_bias,
    }


def _steps(inputs: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Columns and cuts of every step; a column of two values needs none."""
    columns, cuts = [], []
    for column in range(inputs.shape[1]):
        values = inputs[:, column]
        if len(np.unique(values)) > 3:
            chosen = np.unique(np.quantile(values, np.linspace(0, 1, CUTS + 2)[1:-1], method="nearest"))
            columns += [column] * len(chosen)
            cuts += list(chosen)
    return np.array(columns, np.int64), np.array(cuts, np.float32)


def _stepped(inputs: Floats, columns: NDArray[np.int64], cuts: Floats) -> Floats:
    return np.hstack([inputs, (inputs[:, columns] >= cuts).astype(np.float32)])


def _standard(raw: Floats, mean: Floats, scale: Floats) -> Floats:
    scaled: Floats = np.clip((raw - mean) * scale, -FARTHEST, FARTHEST)
    return scaled


def _descend(
    inputs: Floats, targets: NDArray[Any], weights: NDArray[np.float64], classes: int, rng: np.random.Generator
) -> Sequence[Floats]:
    """Weights and biases of both layers."""
    layers = _start(inputs.shape[1], classes, rng)
    first, second = ([np.zeros_like(layer) for layer in layers] for _ in range(2))
    wanted = np.full((len(targets), classes), SMOOTHING / classes, np.float32)
    wanted[np.arange(len(targets)), targets] += 1 - SMOOTHING
    # Rows are drawn by the root of their weight and count by the rest: neither few nor wild gradients.
    drawn = np.sqrt(weights / weights.sum())
    reach = np.cumsum(drawn) / drawn.sum()
    rest = (drawn * drawn.sum()).astype(np.float32)
    for step in range(STEPS):
        rows = np.minimum(np.searchsorted(reach, rng.random(ROWS_A_STEP)), len(targets) - 1)
        slopes = _slopes(layers, inputs[rows], wanted[rows], rest[rows], rng)
        rate = RATE * (1 + np.cos(np.pi * step / STEPS)) / 2
        for layer, slope, mean, square in zip(layers, slopes, first, second, strict=True):
            mean += 0.1 * (slope - mean)
            square += 0.01 * (slope * slope - square)
            move = mean / (1 - 0.9 ** (step + 1)) / (np.sqrt(square / (1 - 0.99 ** (step + 1))) + 1e-8)
            layer -= np.float32(rate) * (move + DECAY * layer * (layer.ndim == 2))
    return layers


def _start(width: int, classes: int, rng: np.random.Generator) -> list[Floats]:
    hidden = rng.standard_normal((width, UNITS), np.float32) * np.float32(np.sqrt(2 / width))
    out = rng.standard_normal((UNITS, classes), np.float32) * np.float32(0.1 * np.sqrt(2 / UNITS))
    return [hidden, np.zeros(UNITS, np.float32), out, np.zeros(classes, np.float32)]


def _slopes(
    layers: Sequence[Floats], inputs: Floats, wanted: Floats, weights: Floats, rng: np.random.Generator
) -> Sequence[Floats]:
    """Slope of the weighted cross-entropy by each layer."""
    hidden, hidden_bias, out, out_bias = layers
    seen = inputs * (rng.random(inputs.shape, np.float32) >= HIDDEN_INPUTS)
    sums = seen @ hidden + hidden_bias
    kept = (rng.random(sums.shape, np.float32) >= DROPPED) * (sums > 0) / np.float32(1 - DROPPED)
    units = sums * kept
    scores = units @ out + out_bias
    exp = np.exp(scores - scores.max(axis=1, keepdims=True))
    error = (exp / exp.sum(axis=1, keepdims=True) - wanted) * weights[:, None] / np.float32(len(inputs))
    back = (error @ out.T) * kept
    return seen.T @ back, back.sum(axis=0), units.T @ error, error.sum(axis=0)
