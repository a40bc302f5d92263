"""What a good weighing of windows is, which verdicts nobody should learn from, and the learner that is held to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.anomaly import learning, model
from samouk.domains.traffic.anomaly.elsewhere import adopt
from samouk.domains.traffic.anomaly.schema import NAME, SCHEMA, SEVERITIES, TOLD, sample
from samouk.domains.traffic.anomaly.weighing import heard, noisy_or, reading_of
from samouk.loop.columns import Columns, take
from samouk.loop.learner import GatePolicy, Learner, Metric, OutcomeSpec, Policy, TriggerPolicy
from samouk.loop.records import Artifact, BoolArray, Examples, FloatArray, Labels
from samouk.loop.rollout_policy import RolloutPolicy

if TYPE_CHECKING:
    from samouk.loop.learner import World

Floats = NDArray[np.float64]

SURPRISE = float(-np.log(0.001))
"""Log loss at which the log score is 0."""

QUIET = 0.2
"""Confidence of the label of a window of which no witness says anything: that it does no harm."""

BINS = 5
ALERT = 0.5
"""Score from which people are told how many alerts a model raises."""

ENOUGH = 20
"""Verdicts below which nothing is suspected."""

TURNED = 0.25
"""Area under the ROC curve of the fixed weights below which verdicts are turned round."""

_ERRORS = 2.5
"""Standard errors that the area must lie below one half."""

_SPARED = 0.05
"""Share of confirmed windows, of those over a critical rule, below which verdicts contradict the rules."""

_TELLING = 4

METRICS = (
    Metric(
        "log_score",
        tolerance=0.003,
        binary=False,
        help="1 less the log loss of the verdict, as a share of the loss of who said .001; 1 is perfect",
    ),
    Metric(
        "ranking",
        tolerance=0.02,
        binary=False,
        help="share of windows of the other verdict that stand on the right side; its mean is the area under ROC",
    ),
    Metric(
        "calibration",
        tolerance=0.03,
        binary=False,
        help="1 less the gap, beyond chance, of mean score and mean verdict among windows of like score",
    ),
)

OUTCOME = OutcomeSpec(
    "confirmed",
    window=dt.timedelta(days=7),
    floor=0.5,
    help="1 when the operator confirms the alert, 0 when they dismiss it; no word means nothing",
)

POLICY = Policy(
    triggers=TriggerPolicy(volume=200),
    gate=GatePolicy(minimum=100),
    rollout=RolloutPolicy(mode="shadow"),
)
"""Verdicts are rarer than clicks. A version that weighs alerts never meets users untried: it predicts in the shadow."""


def label(columns: Columns) -> Labels:
    """The verdict where one was told; a weak 0 where no witness says anything; else none.

    The weak ones teach what quiet looks like. No model is judged on them.
    """
    verdict = columns["verdict"].astype(np.float32)
    told = ~np.isnan(verdict)
    reading = reading_of(columns)
    silent = ~told & (noisy_or(heard(reading, np.zeros(len(verdict)))) == 0)
    values = np.where(silent, np.float32(0), verdict)
    confidence = np.where(told, 1.0, np.where(silent, QUIET, 0.0)).astype(np.float32)
    return Labels(values, confidence, told)


def measured(said: Floats, truth: Floats) -> dict[str, FloatArray]:
    """Metric → (n,) values in [0, 1]."""
    safe = np.clip(said, 0.001, 0.999)
    loss = -(truth * np.log(safe) + (1 - truth) * np.log1p(-safe)) / SURPRISE
    return {
        "log_score": np.clip(1 - loss, 0, 1),
        "ranking": _ranking(said, truth),
        "calibration": _calibration(said, truth),
    }


def _ranking(said: Floats, truth: Floats) -> Floats:
    """Share of the other verdict's windows that a window is ranked rightly against, ties by half; NaN without any."""
    harm = truth >= 0.5
    if harm.all() or not harm.any():
        return np.full(len(said), np.nan)
    found = np.empty(len(said))
    for side, sign in ((harm, 1.0), (~harm, -1.0)):
        others = np.sort(sign * said[~side])
        below = np.searchsorted(others, sign * said[side], "left")
        found[side] = (below + np.searchsorted(others, sign * said[side], "right")) / (2 * len(others))
    return found


def _calibration(said: Floats, truth: Floats) -> Floats:
    """One less what two standard errors leave of the gap of a row's bin (ECE, Naeini et al. 2015)."""
    bins = np.minimum((said * BINS).astype(np.intp), BINS - 1)
    counts = np.maximum(np.bincount(bins, minlength=BINS), 1)
    gaps = np.bincount(bins, weights=said - truth, minlength=BINS) / counts
    spread = np.bincount(bins, weights=(said - truth - gaps[bins]) ** 2, minlength=BINS) / np.maximum(counts - 1, 1)
    left = np.maximum(np.abs(gaps) - 2 * np.sqrt(spread / counts), 0)
    left[counts < 5] = 0
    return np.asarray(np.clip(1 - left[bins], 0, 1))


def score(artifact: Artifact, examples: Examples) -> Mapping[str, FloatArray]:
    """How right the model is on windows with a verdict; NaN on those that merely look quiet."""
    told = take(examples.columns, np.flatnonzero(examples.labels.trusted))
    return _of_told(model.predict(artifact, told).values.astype(np.float64), examples)


def constant(train: Examples, holdout: Examples) -> Mapping[str, FloatArray]:
    """Scores of who answers the share of confirmed windows to every window."""
    told = train.labels.values[train.labels.trusted]
    mean = float(told.mean()) if len(told) else 0.0
    return _of_told(np.full(int(np.count_nonzero(holdout.labels.trusted)), mean), holdout)


def _of_told(said: Floats, examples: Examples) -> dict[str, FloatArray]:
    told = np.asarray(examples.labels.trusted)
    truth = examples.labels.values[told].astype(np.float64)
    found: dict[str, FloatArray] = {}
    for name, values in measured(said, truth).items():
        found[name] = np.full(examples.rows, np.nan)
        found[name][told] = values
    return found


def slices(examples: Examples) -> dict[str, BoolArray]:
    """Whole server or user, and by the worst rule that a window breaks."""
    reading = reading_of(examples.columns)
    worst = np.where((reading.times > 0).any(axis=1), 3 - np.argmax(reading.times[:, ::-1] > 0, axis=1), -1)
    found = {"scope=user": reading.server == 0, "scope=server": reading.server == 1, "rule=none": worst == -1}
    return found | {f"rule={severity.value}": worst == severity.rank for severity in SEVERITIES}


def suspects(columns: Columns, champion: Artifact | None) -> str | None:
    """Why the batch should be quarantined, in words for the operator, or None.

    Judged by the fixed weights and the rules that an operator wrote, never by what was learnt: who poisons slowly
    would teach the champion first.
    """
    del champion
    told = ~np.isnan(columns["verdict"])
    if told.sum() < ENOUGH:
        return None
    reading = reading_of(take(columns, told))
    harm = columns["verdict"][told] >= 0.5
    return _contradicts(reading.times[:, -1] > 0, harm) or _turned(noisy_or(heard(reading, np.zeros(len(harm)))), harm)


def _contradicts(critical: BoolArray, harm: BoolArray) -> str | None:
    count = int(critical.sum())
    if count < ENOUGH or harm[critical].mean() >= _SPARED:
        return None
    return f"it dismisses {int((~harm[critical]).sum())} of {count} windows over critical rules; mend the rules instead"


def _turned(said: Floats, harm: BoolArray) -> str | None:
    many, few = int(harm.sum()), int((~harm).sum())
    if not many or not few:
        return None
    area = float(_ranking(said, harm.astype(np.float64))[harm].mean())
    # Variance of the rank sum when scores say nothing (Mann & Whitney 1947).
    error = float(np.sqrt((many + few + 1) / (12 * many * few)))
    if area > TURNED or (0.5 - area) / error < _ERRORS:
        return None
    return f"its verdicts are turned round: the more speaks for harm, the more is dismissed (area {area:.2f})"


def card(artifact: Artifact, train: Examples, figures: Mapping[str, float]) -> dict[str, Any]:
    """What the model was made of and what it must not be used for."""
    known = artifact.metadata
    return {
        "purpose": "says how likely a minute of a user's, or of the server's, traffic does harm",
        "not_for": "blocking anybody by itself: limits act on rules, the model only proposes",
        "verdicts": known.get("verdicts", 0),
        "confirmed": known.get("confirmed", 0.0),
        "quiet_windows": known.get("quiet", 0),
        "rows": train.rows,
        "out_of_fold": dict(known.get("out_of_fold", {})),
        "moves_most": dict(list(known.get("moves", {}).items())[:10]),
        "figures": dict(figures),
        "floor": "a rule of high or critical severity never scores below half its fixed strength",
        "labels": "verdicts of operators; windows without one count as quiet only where no witness says anything",
    }


def changes(old: Artifact | None, new: Artifact, holdout: Examples) -> list[str]:
    """What operators notice: what is caught, how many alerts are right, and what weighs differently."""
    lines = [f"Learnt from {int(new.metadata.get('verdicts', 0)):,} verdicts"]
    told = np.asarray(holdout.labels.trusted)
    truth = holdout.labels.values[told] >= 0.5
    if truth.any():
        rows = take(holdout.columns, told)
        now = _caught(new, rows, truth)
        before = f" (before: {_caught(old, rows, truth)})" if old is not None else ""
        lines.append(f"Catches {now}{before}")
    heavy = [name.replace("_", " ") for name in new.metadata.get("moves", {})][:_TELLING]
    if heavy:
        lines.append(f"Weighs differently: {', '.join(heavy)}")
    return lines


def _caught(artifact: Artifact, rows: Columns, truth: BoolArray) -> str:
    raised = model.predict(artifact, rows).values >= ALERT
    caught, alerts = int((raised & truth).sum()), int(raised.sum())
    right = f"{caught / alerts:.0%}" if alerts else "none"
    return f"{caught / truth.sum():.0%} of the confirmed, {right} of its alerts are right"


def _world(seed: int, null: bool) -> World:
    """The seeded simulator, loaded when it is asked for."""
    from samouk.domains.traffic.anomaly.world import AnomalyWorld

    return AnomalyWorld(seed, null)


LEARNER = Learner(
    name=NAME,
    schema=SCHEMA,
    classes=(),
    metrics=METRICS,
    policy=POLICY,
    label=label,
    fit=learning.fit,
    predict=model.predict,
    score=score,
    world=_world,
    slices=slices,
    suspects=suspects,
    card=card,
    changes=changes,
    first=model.first,
    told=tuple(spec.name for spec in TOLD),
    outcomes=(OUTCOME,),
    sample=sample,
    constant=constant,
    adopt=adopt,
)
