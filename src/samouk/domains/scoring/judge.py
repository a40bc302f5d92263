"""What a good score is, on which parts no model may get worse, and the learners that are held to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.scoring import model
from samouk.domains.scoring.adopt import adopt
from samouk.domains.scoring.declaration import Declaration
from samouk.domains.scoring.features import Layout, layout_of
from samouk.domains.scoring.online import online_of
from samouk.domains.scoring.schema import CALLING, OUTCOME, TOLD, sample, schema_of
from samouk.domains.scoring.suspicion import suspects
from samouk.loop.columns import MANY, Columns, take
from samouk.loop.learner import Learner, Metric, Policy
from samouk.loop.records import Artifact, BoolArray, Examples, FloatArray, IntArray, Labels
from samouk.loop.rollout_policy import RolloutPolicy

if TYPE_CHECKING:
    from samouk.loop.learner import World

SURPRISE = float(-np.log(0.001))
"""Log loss at which the log score is 0: who said .001 of what happened, or less, gets nothing."""

JUDGED_ROWS = 5_000
"""Newest held-out rows on which models are compared: the relation drifts, and old answers say nothing of today."""

BINS = 10
_FEWEST_IN_A_BIN = 5
SLICES = 16
_SLICE_VALUES = 8
"""Values of a category above which it makes no slices: each would be too small to judge."""

_TELLING = 5
"""Features that people are told of, at most."""

_BRIER = Metric(
    "brier",
    tolerance=0.005,
    binary=False,
    help="1 less the squared distance of score and outcome; 1 is perfect",
)
_CALIBRATION = Metric(
    "calibration",
    tolerance=0.02,
    binary=False,
    help="1 less the gap, beyond chance, between mean score and mean outcome among rows of like score; 1 is honest",
)
_RANKING = Metric(
    "ranking",
    tolerance=0.02,
    binary=False,
    floor=0.55,
    help="share of rows of the other outcome that stand on the right side; its mean is the area under the ROC curve",
)
OUTCOME_METRICS = (
    Metric(
        "log_score",
        tolerance=0.003,
        binary=False,
        help="1 less the log loss, as a share of the loss of who said .001; 1 is perfect",
    ),
    _BRIER,
    _CALIBRATION,
    _RANKING,
)
CALLING_METRICS = (
    Metric(
        "closeness",
        tolerance=0.003,
        binary=False,
        help="1 less the squared distance of score and outcome; 1 is perfect",
    ),
    Metric("nearness", tolerance=0.01, binary=False, help="1 less the distance of score and outcome; 1 is perfect"),
    _CALIBRATION,
)

Values = NDArray[np.float64]


def label(columns: Columns) -> Labels:
    """What was told is the label; rows of which nothing was told have none."""
    values = columns["outcome"].astype(np.float32)
    told = ~np.isnan(values)
    return Labels(values, told.astype(np.float32), told)


def measured(metrics: tuple[Metric, ...], said: Values, truth: Values) -> dict[str, FloatArray]:
    """Metric → (n,) values in [0, 1] of scores; a score that is NaN gets 0."""
    answered = np.isfinite(said)
    guess = np.where(answered, said, 0.5)
    return {metric.name: np.where(answered, _MEASURES[metric.name](guess, truth), 0.0) for metric in metrics}


def _log_score(said: Values, truth: Values) -> Values:
    safe = np.clip(said, 0.001, 0.999)
    loss: Values = -(truth * np.log(safe) + (1 - truth) * np.log1p(-safe)) / SURPRISE
    return 1 - loss


def _closeness(said: Values, truth: Values) -> Values:
    return 1 - (said - truth) ** 2


def _nearness(said: Values, truth: Values) -> Values:
    return 1 - np.abs(said - truth)


def _calibration(said: Values, truth: Values) -> Values:
    """One less what chance leaves of the gap of a row's bin.

    The mean over rows is 1 - ECE (Naeini et al. 2015, bins of equal width) but for two standard errors a bin:
    without them every honest model of few rows looks dishonest, and who says one number to all looks best.
    """
    bins = np.minimum((said * BINS).astype(np.intp), BINS - 1)
    counts = np.maximum(np.bincount(bins, minlength=BINS), 1)
    gaps = np.bincount(bins, weights=said - truth, minlength=BINS) / counts
    spread = np.bincount(bins, weights=(said - truth - gaps[bins]) ** 2, minlength=BINS) / np.maximum(counts - 1, 1)
    left = np.maximum(np.abs(gaps) - 2 * np.sqrt(spread / counts), 0)
    left[counts < _FEWEST_IN_A_BIN] = 0
    honest: Values = 1 - left[bins]
    return honest


def _ranking(said: Values, truth: Values) -> Values:
    """Share of the rows of the other outcome that a row is ranked rightly against, ties by half; NaN without any."""
    good = truth >= 0.5
    if good.all() or not good.any():
        return np.full(len(said), np.nan)
    shares = np.empty(len(said))
    for side, sign in ((good, 1.0), (~good, -1.0)):
        others = np.sort(sign * said[~side])
        below = np.searchsorted(others, sign * said[side], "left")
        upto = np.searchsorted(others, sign * said[side], "right")
        shares[side] = (below + upto) / (2 * len(others))
    return shares


_MEASURES: Mapping[str, Callable[[Values, Values], Values]] = {
    "log_score": _log_score,
    "brier": _closeness,
    "closeness": _closeness,
    "nearness": _nearness,
    "calibration": _calibration,
    "ranking": _ranking,
}


def score(
    layout: Layout, metrics: tuple[Metric, ...], artifact: Artifact, examples: Examples
) -> Mapping[str, FloatArray]:
    """How right the model is on the newest ``JUDGED_ROWS`` rows; NaN on older ones. See the metrics' help."""
    newest = examples.newest(JUDGED_ROWS)
    said = model.predict(layout, artifact, take(examples.columns, newest)).values
    return _on_the_newest(metrics, said.astype(np.float64), newest, examples)


def constant(metrics: tuple[Metric, ...], train: Examples, holdout: Examples) -> Mapping[str, FloatArray]:
    """Scores of who answers the mean outcome to every row."""
    newest = holdout.newest(JUDGED_ROWS)
    return _on_the_newest(metrics, np.full(len(newest), float(train.labels.values.mean())), newest, holdout)


def _on_the_newest(
    metrics: tuple[Metric, ...], said: Values, newest: IntArray, examples: Examples
) -> dict[str, FloatArray]:
    found: dict[str, FloatArray] = {}
    for name, values in measured(metrics, said, examples.labels.values[newest].astype(np.float64)).items():
        found[name] = np.full(examples.rows, np.nan)
        found[name][newest] = values
    return found


def slices(layout: Layout, examples: Examples) -> dict[str, BoolArray]:
    """The values of flags and of small categories, in the order of the declaration, ``SLICES`` at most."""
    found: dict[str, BoolArray] = {}
    for place, values in layout.coded:
        spec = layout.fields[place]
        names = spec.values or ("no", "yes")
        if values <= _SLICE_VALUES and len(found) + values <= SLICES:
            column = examples.columns[spec.name]
            found |= {f"{spec.name}={name}": column == code for code, name in enumerate(names)}
    return found


def card(
    layout: Layout, purpose: str, artifact: Artifact, train: Examples, figures: Mapping[str, float]
) -> dict[str, Any]:
    """What the model was made of and what it must not be used for."""
    known = artifact.metadata
    late = train.columns["late"] == 1
    return {
        "purpose": purpose,
        "not_for": "telling who an agent is; decisions about people that nobody can contest",
        "kind": known.get("kind"),
        "features": list(layout.names),
        "samples": train.rows,
        "samples_told_late": int(late.sum()),
        "mean_outcome": round(float(train.labels.values.mean()), 4),
        "half_life": known.get("half_life"),
        "weighs_most": dict(known.get("influence", {})),
        "out_of_fold": dict(known.get("out_of_fold", {})),
        "typical_error": known.get("typical_error"),
        "figures": dict(figures),
        "labels": "outcomes that applications told; a row without one is not learnt from and never counts as 0",
    }


def changes(layout: Layout, old: Artifact | None, new: Artifact, holdout: Examples) -> list[str]:
    """What people notice: how much was learnt, of which kind the model is, what weighs most, how far scores moved."""
    known = new.metadata
    lines = [f"Learnt from {int(known.get('rows', 0)):,} outcomes ({known.get('kind')})"]
    heavy = list(known.get("influence", {}))[:_TELLING]
    if heavy:
        lines.append(f"Weighs most: {', '.join(heavy)}")
    if old is not None and holdout.rows:
        rows = take(holdout.columns, holdout.newest(MANY))
        before, now = (model.predict(layout, artifact, rows).values for artifact in (old, new))
        moved = float(np.abs(now - before).mean())
        if np.isfinite(moved):
            lines.append(f"Scores move by {moved:.3f} on the mean")
    return lines


def simulator(declaration: Declaration, learner: str, seed: int, null: bool) -> World:
    """The seeded simulator over the declared features, loaded when it is asked for."""
    from samouk.domains.scoring.world import ScoringWorld

    return ScoringWorld(seed, null, learner=learner, declaration=declaration)


_PURPOSES = {
    CALLING: "says how strongly a choice calls to an agent",
    OUTCOME: "says how likely a choice turns out well",
}
_METRICS = {CALLING: CALLING_METRICS, OUTCOME: OUTCOME_METRICS}


def learner_of(name: str, declaration: Declaration) -> Learner:
    """``CALLING`` or ``OUTCOME`` over the declared features."""
    schema = schema_of(name, declaration)
    layout, metrics = layout_of(schema), _METRICS[name]
    return Learner(
        name=name,
        schema=schema,
        classes=(),
        metrics=metrics,
        policy=Policy(rollout=RolloutPolicy()),
        label=label,
        fit=partial(model.fit, layout),
        predict=partial(model.predict, layout),
        score=partial(score, layout, metrics),
        world=partial(simulator, declaration, name),
        slices=partial(slices, layout),
        suspects=partial(suspects, layout),
        card=partial(card, layout, _PURPOSES[name]),
        changes=partial(changes, layout),
        told=tuple(spec.name for spec in TOLD),
        outcomes=(declaration.outcome,),
        sample=sample,
        first=partial(model.first, layout),
        constant=partial(constant, metrics),
        online=online_of(layout),
        adopt=partial(adopt, layout),
    )
