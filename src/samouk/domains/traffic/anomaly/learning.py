"""Learns from verdicts how far the fixed weights should move: no further than verdicts it has not seen bear out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.anomaly import forest, novelty
from samouk.domains.traffic.anomaly.model import INPUTS, RISING, Learnt, Weighed, kept, moved, weigh
from samouk.domains.traffic.anomaly.weighing import reading_of
from samouk.loop.learner import Context
from samouk.loop.records import Artifact, Examples, IntArray

Floats = NDArray[np.float64]

ROUNDS = (25, 100, 200)
"""Trees that are tried; none is tried too."""

VERDICTS_A_TREE = 2
"""Verdicts below which a tree more is not tried."""

FEWEST = 20
"""Verdicts, and five of each kind, below which the fixed weights stay."""

MOST = 50_000
"""Newest rows that are learnt from."""

WEAK = 0.2
"""Weight of all windows that merely look quiet, as a share of the weight of all verdicts: they are the fixed weights'
own opinion, and must not confirm it."""

FOLDS = 5
INFLUENCE_ROWS = 2_000
_STEPS = 25
_STEADY = 5.0
"""Precision of the prior of the calibration, whose mean changes nothing."""

_SAFE = 1e-3


class Verdicts(NamedTuple):
    """Rows to learn from: (n,) target in [0, 1], weight, group of rows that came together, and whether it was told."""

    target: Floats
    weight: Floats
    group: IntArray
    told: NDArray[np.bool_]


class Chosen(NamedTuple):
    """How many trees; log loss on unseen verdicts by their number; (n told,) odds on unseen rows."""

    rounds: int
    losses: dict[str, float]
    odds: Floats


def fit(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
    """A model of quiet windows from what was not alerted, and weights from verdicts.

    Every turn begins at v1.0 again, since all verdicts are in the examples: a champion that was poisoned hands nothing
    on. Few verdicts bear out few moves, so that 30 of them leave the ranking as it was.

    Raises:
        ValueError: there is nothing to learn from.
    """
    del champion
    if examples.rows == 0:
        raise ValueError("no windows to learn from; let the guard run, and confirm or dismiss some of its alerts")
    newest = examples.newest(MOST)
    reading = reading_of({name: column[newest] for name, column in examples.columns.items()})
    verdicts = _verdicts(examples, newest)
    quiet = novelty.vectors(reading)[~verdicts.told & (reading.server == 0)]
    crowd = novelty.fit(quiet)
    context.progress(f"{len(quiet)} quiet windows, {int(verdicts.told.sum())} verdicts", 0.2)
    weighed = weigh(crowd, reading)
    model, losses = _learnt(crowd, weighed, verdicts, context)
    context.progress("weighed and calibrated", 0.9)
    told = verdicts.told
    return kept(
        model,
        {
            "rows": examples.rows,
            "verdicts": int(told.sum()),
            "confirmed": round(float(verdicts.target[told].mean()), 4) if told.any() else 0.0,
            "quiet": len(quiet),
            "out_of_fold": losses,
            "trees": model.trees.trees,
            "base": [round(value, 4) for value in model.base],
            "calibration": [round(value, 4) for value in model.calibration],
            "moves": moves(model, weighed),
        },
    )


def moves(model: Learnt, weighed: Weighed) -> dict[str, float]:
    """Input → by how much, on the mean, the odds change when it is dealt to other windows; the largest first."""
    rng = np.random.default_rng(0)
    rows = weighed.inputs[rng.permutation(len(weighed.inputs))[:INFLUENCE_ROWS]]
    before = forest.add(model.trees, rows)
    found = {}
    for place in sorted(set(model.trees.feature.tolist())):
        dealt = rows.copy()
        dealt[:, place] = rng.permutation(dealt[:, place])
        found[INPUTS[place]] = round(float(np.abs(forest.add(model.trees, dealt) - before).mean()), 4)
    return dict(sorted(((name, move) for name, move in found.items() if move), key=lambda move: -move[1]))


def _verdicts(examples: Examples, rows: IntArray) -> Verdicts:
    told = np.asarray(examples.labels.trusted[rows])
    weight = examples.labels.confidence[rows].astype(np.float64)
    weak = float(weight[~told].sum())
    if weak > 0:
        weight[~told] *= min(1.0, WEAK * float(told.sum()) / weak)
    return Verdicts(examples.labels.values[rows].astype(np.float64), weight, examples.groups[rows], told)


def _learnt(
    crowd: novelty.Novelty, weighed: Weighed, verdicts: Verdicts, context: Context
) -> tuple[Learnt, dict[str, float]]:
    told = verdicts.target[verdicts.told]
    if len(told) < FEWEST or min((told >= 0.5).sum(), (told < 0.5).sum()) < 5:
        return Learnt(crowd), {}
    chosen = choose(weighed, verdicts, context)
    base, trees = _grown(weighed, verdicts, chosen.rounds, context)
    return Learnt(crowd, base, trees, platt(chosen.odds, told)), chosen.losses


def choose(weighed: Weighed, verdicts: Verdicts, context: Context) -> Chosen:
    """As many trees as lower the log loss on verdicts of groups that they had not seen.

    More trees must be better than fewer by more than one standard error of the difference over groups.
    """
    told = np.flatnonzero(verdicts.told)
    target, group = verdicts.target[told], unit_of(verdicts.group)[told]
    odds = {rounds: found[told] for rounds, found in _unseen(weighed, verdicts, context).items()}
    losses = {rounds: log_loss(moved(platt(found, target), found), target) for rounds, found in odds.items()}
    best = 0
    for rounds, loss in losses.items():
        gain = np.bincount(group, weights=losses[best] - loss)
        if gain.sum() > float(np.sqrt((gain**2).sum())):
            best = rounds
    told_losses = {
        "fixed": log_loss(weighed.odds[told], target),
        **{f"{key} trees": loss for key, loss in losses.items()},
    }
    return Chosen(best, {name: round(float(loss.mean()), 5) for name, loss in told_losses.items()}, odds[best])


def _grown(
    weighed: Weighed, verdicts: Verdicts, rounds: int, context: Context
) -> tuple[tuple[float, float], forest.Forest]:
    """The line that fits the fixed weights' odds to the verdicts, and so many trees from there on."""
    base = platt(weighed.odds[verdicts.told], verdicts.target[verdicts.told])
    if not rounds:
        return base, forest.empty()
    trees = forest.grow(
        weighed.inputs,
        verdicts.target,
        verdicts.weight,
        moved(base, weighed.odds),
        rounds=rounds,
        rising=RISING,
        seed=context.seed,
        threads=context.threads,
    )
    return base, trees


def unit_of(groups: IntArray) -> IntArray:
    """(n,) what is left out together: whole groups where there are enough of them, else row by row."""
    _, number = np.unique(groups, return_inverse=True)
    return np.asarray(number if number.max() + 1 >= FOLDS else np.arange(len(groups)))


def _unseen(weighed: Weighed, verdicts: Verdicts, context: Context) -> dict[int, Floats]:
    """Number of trees → (n,) odds of each row by trees that were grown without its fold."""
    fold = unit_of(verdicts.group) % FOLDS
    most = int(verdicts.told.sum()) // VERDICTS_A_TREE
    tried = (0, *(rounds for rounds in ROUNDS if rounds <= most))
    odds = {rounds: weighed.odds.copy() for rounds in tried}
    for number in range(FOLDS):
        out = fold == number
        if not out.any() or not verdicts.told[~out].any():
            continue
        rest = Verdicts(*(column[~out] for column in verdicts))
        base, trees = _grown(Weighed(*(part[~out] for part in weighed)), rest, tried[-1], context)
        for rounds, found in odds.items():
            found[out] = moved(base, weighed.odds[out]) + forest.add(trees.head(rounds), weighed.inputs[out])
    return odds


def platt(odds: Floats, target: Floats) -> tuple[float, float]:
    """Slope and shift of the odds that fit unseen verdicts best (Platt 1999), drawn towards 1 and 0."""
    found = np.array([1.0, 0.0])
    inputs = np.stack([odds, np.ones(len(odds))], axis=1)
    for _ in range(_STEPS):
        chance = _sigmoid(inputs @ found)
        gradient = inputs.T @ (chance - target) + _STEADY * (found - (1, 0))
        curvature = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + _STEADY * np.eye(2)
        found = found - np.clip(np.linalg.solve(curvature, gradient), -1, 1)
    # A slope below 0 would turn the witnesses round.
    return max(float(found[0]), 0.05), float(found[1])


def log_loss(odds: Floats, target: Floats) -> Floats:
    """(n,) of a chance held ``_SAFE`` from 0 and 1."""
    chance = np.clip(_sigmoid(odds), _SAFE, 1 - _SAFE)
    return np.asarray(-(target * np.log(chance) + (1 - target) * np.log1p(-chance)))


def _sigmoid(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))
