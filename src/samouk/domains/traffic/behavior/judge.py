"""What good groups of users are, and the learner that is held to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.behavior import clusters, model
from samouk.domains.traffic.behavior.model import NEW_KIND
from samouk.domains.traffic.behavior.schema import NAME, SCHEMA, sample
from samouk.loop.columns import MANY, Columns, rows_in, take
from samouk.loop.learner import Learner, Metric, OutcomeSpec, Policy
from samouk.loop.records import Artifact, Examples, FloatArray, IntArray, Labels

if TYPE_CHECKING:
    from samouk.loop.learner import World

Floats = NDArray[np.float64]

METRICS = (
    Metric(
        "explained",
        tolerance=0.01,
        binary=False,
        help="share of a window's squared distance from the mean user that its group explains; one group explains 0",
    ),
    Metric(
        "steady",
        tolerance=0.05,
        binary=False,
        help="share of refits on other draws of the rows that put a window into the same group",
    ),
    Metric("known", tolerance=0.02, help="1 when the window belongs to a group, 0 when it is of a new kind"),
)

OUTCOME = OutcomeSpec(
    "right",
    window=dt.timedelta(days=7),
    floor=0.5,
    help="1 when a person agrees with the group that a window was put in, 0 when not; no word means nothing",
)

CLONES = 0.1
"""Share of distinct rows below which a batch is one row many times over: it would make a group of itself."""

_ENOUGH = 30


def label(columns: Columns) -> Labels:
    """Every window that was seen is one that groups should explain: 1."""
    rows = rows_in(columns)
    return Labels(np.ones(rows, np.float32), np.ones(rows, np.float32), np.ones(rows, bool))


def score(artifact: Artifact, examples: Examples) -> Mapping[str, FloatArray]:
    """Per window, of the newest ``MANY``; see the metrics' help.

    The mean user is that of the judged windows, the same for every model.
    """
    found, newest = model.loaded(artifact.data), examples.newest(MANY)
    rows = model.levels_of(take(examples.columns, newest))
    number = clusters.nearest(rows / found.scale, found.centers / found.scale)
    measured = {
        "explained": explained(rows, found.centers[number]),
        "steady": model.steadiness(found, rows),
        "known": (model.assigned(found, rows) != NEW_KIND).astype(np.float64),
    }
    return _on_the_newest(measured, newest, examples)


def _on_the_newest(measured: Mapping[str, Floats], newest: IntArray, examples: Examples) -> dict[str, FloatArray]:
    """Figures of the newest rows among NaN for older ones: windows of months ago are other users."""
    found: dict[str, FloatArray] = {name: np.full(examples.rows, np.nan) for name in measured}
    for name, values in measured.items():
        found[name][newest] = values
    return found


def explained(rows: Floats, centers: Floats) -> Floats:
    """(n,) of levels, by the center that each row belongs to; 0 where the center is farther than the mean user."""
    if not len(rows):
        return np.empty(0)
    near = ((rows - centers) ** 2).sum(axis=1)
    far = ((rows - rows.mean(axis=0)) ** 2).sum(axis=1)
    shares = np.where(far > 0, np.clip(1 - near / np.maximum(far, 1e-12), 0, 1), 0.0)
    # Two models of one group each differ by rounding alone, which must not make one of them better.
    return np.asarray(np.round(shares, 9))


def constant(train: Examples, holdout: Examples) -> Mapping[str, FloatArray]:
    """Scores of who puts everybody into one group, about the mean of what was learnt from."""
    newest = holdout.newest(MANY)
    rows = model.levels_of(take(holdout.columns, newest))
    middle = model.levels_of(take(train.columns, train.newest(MANY))).mean(axis=0)
    everybody = np.ones(len(rows))
    near = explained(rows, np.tile(middle, (len(rows), 1)))
    return _on_the_newest({"explained": near, "steady": everybody, "known": everybody}, newest, holdout)


def suspects(columns: Columns, champion: Artifact | None) -> str | None:
    """Why the batch should be quarantined, in words for the operator, or None."""
    del champion
    rows = rows_in(columns)
    if rows < _ENOUGH:
        return None
    distinct = len(np.unique(model.levels_of(columns), axis=0))
    if distinct >= CLONES * rows:
        return None
    return f"its {rows} windows are {distinct} over and over: whoever sent them wants a group of their own"


def card(artifact: Artifact, train: Examples, figures: Mapping[str, float]) -> dict[str, Any]:
    """What the groups are, and what they must not be used for."""
    known = artifact.metadata
    return {
        "purpose": "says which users behave alike, and how typical a window is of its group",
        "not_for": "telling who somebody is; treating anybody worse for the company they are in",
        "rows": train.rows,
        "groups": list(known.get("groups", ())),
        "prediction_strength": dict(known.get("strengths", {})),
        "stability": known.get("stability"),
        "stability_by_chance": known.get("stability_by_chance"),
        "figures": dict(figures),
    }


def changes(old: Artifact | None, new: Artifact, holdout: Examples) -> list[str]:
    """Which groups there are, which came, went, or have another name now."""
    del holdout
    now = {group.id: group for group in model.groups(new)}
    if len(now) == 1 and old is None:
        return ["All users behave alike: one group"]
    sizes = [f"{group.name} ({group.size:.0%})" for group in now.values()]
    lines = [f"{len(now)} groups: {'; '.join(sizes)}"]
    before = {group.id: group for group in model.groups(old)} if old is not None else {}
    lines += [f"New group {key}: {now[key].name}" for key in now if before and key not in before]
    lines += [f"Group {key} is gone: {before[key].name}" for key in before if key not in now]
    renamed = [key for key in now if key in before and now[key].name != before[key].name]
    return lines + [f"Group {key} is now called {now[key].name}" for key in renamed]


def _world(seed: int, null: bool) -> World:
    """The seeded simulator, loaded when it is asked for."""
    from samouk.domains.traffic.behavior.world import BehaviorWorld

    return BehaviorWorld(seed, null)


LEARNER = Learner(
    name=NAME,
    schema=SCHEMA,
    classes=(),
    metrics=METRICS,
    policy=Policy(),
    label=label,
    fit=model.fit,
    predict=model.predict,
    score=score,
    world=_world,
    suspects=suspects,
    card=card,
    changes=changes,
    outcomes=(OUTCOME,),
    sample=sample,
    constant=constant,
)
