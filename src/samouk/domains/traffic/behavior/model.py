"""Fits groups of users that stay comparable from version to version, and says to which of them a window belongs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.behavior import clusters, naming
from samouk.domains.traffic.behavior.naming import Typical
from samouk.domains.traffic.behavior.schema import NAME, SCHEMA
from samouk.domains.traffic.features import FEATURES
from samouk.domains.traffic.features import levels as compared
from samouk.families.packing import pack, unpack
from samouk.loop.columns import Columns, rows_in, take
from samouk.loop.learner import Context
from samouk.loop.records import Artifact, Examples, Predictions

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEW_KIND = -1
"""Of a window that is far from every group."""

MOST_ROWS = 20_000
"""Newest rows that are learnt from."""

REFITS = 4
"""Bootstrap refits that are kept, to tell how steadily a window falls into its group."""

_REACH = 0.995
"""Quantile of its members' distances that a group reaches; half as far again is still its own."""

_SLACK = 1.5
_LEAST_SPREAD = 1e-3


class Group(NamedTuple):
    """A group of users.

    Attributes:
        id: the same from version to version as long as it goes on; never given to another one.
        size: share of the learnt windows.
        typical: features that it is known by.
    """

    id: int
    name: str
    size: float
    typical: tuple[Typical, ...]


class Grouping(NamedTuple):
    """A model.

    Attributes:
        scale: (d,) what levels are divided by before distances are taken.
        centers: (k, d) levels of the groups' middles.
        radius: (k,) distance up to which a window belongs.
        ids: (k,) of the groups.
        refits: (r, k, d) the same groups' centers, learnt from other draws of the rows.
    """

    scale: Floats
    centers: Floats
    radius: Floats
    ids: Ints
    refits: Floats


def levels(features: Floats) -> Floats:
    """(n, d) features → the scale on which they are compared, as ``features.scaled``. NaN counts as 0."""
    return compared(np.fmax(features, 0.0))


def levels_of(columns: Columns) -> Floats:
    """Rows of the learner's schema as levels."""
    stacked = np.stack([columns[name] for name in FEATURES], axis=1).astype(np.float64)
    return levels(stacked.reshape(rows_in(columns), len(FEATURES)))


def scale_of(rows: Floats) -> Floats:
    """Square roots of the standard deviations: halfway from letting each feature say as much as any other, to letting
    one that hardly varies among users say hardly anything."""
    return np.asarray(np.sqrt(np.maximum(rows.std(axis=0), _LEAST_SPREAD)))


def fit(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
    """Groups of the newest rows; as many as before where they still hold, found from where they were before.

    Raises:
        ValueError: there is nothing to learn from.
    """
    if examples.rows == 0:
        raise ValueError("no windows to learn from; let the guard watch some traffic first")
    rows = levels_of(take(examples.columns, examples.newest(MOST_ROWS)))
    rng = np.random.default_rng(context.seed)
    before = loaded(champion.data) if champion is not None else None
    scale = scale_of(rows)
    units = rows / scale
    choice = clusters.choose(units, rng, len(before.ids) if before is not None else 0)
    context.progress(f"{choice.groups} groups hold", 0.6)
    start = before.centers / scale if before is not None else None
    centers = clusters.k_means(units, choice.groups, rng, start)
    ids, following = _ids(before, champion, rows, clusters.nearest(units, centers))
    model = Grouping(scale, centers * scale, _radius(units, centers), ids, _refits(units, centers, rng) * scale)
    context.progress("grouped, named and drawn again", 0.9)
    return _kept(model, rows, choice, following)


def _ids(before: Grouping | None, champion: Artifact | None, rows: Floats, now: Ints) -> tuple[Ints, int]:
    """Of each present group, and the next one that was never given."""
    groups = int(now.max(initial=0)) + 1
    if before is None or champion is None:
        return np.arange(groups), groups
    old = before.ids[clusters.nearest(rows / before.scale, before.centers / before.scale)]
    following = int(champion.metadata["next_id"])
    ids = []
    for goes_on in clusters.matched(old, now, groups):
        ids.append(goes_on if goes_on >= 0 else following)
        following += goes_on < 0
    return np.array(ids, np.int64), following


def _radius(units: Floats, centers: Floats) -> Floats:
    far = np.sqrt(clusters.squared_distances(units, centers))
    number = far.argmin(axis=1)
    own = [far[number == group, group] for group in range(len(centers))]
    reach = [float(np.quantile(members, _REACH)) if len(members) else 0.0 for members in own]
    return np.maximum(_SLACK * np.array(reach), _LEAST_SPREAD)


def _refits(units: Floats, centers: Floats, rng: np.random.Generator) -> Floats:
    """(r, k, d) centers from bootstrap samples, each in the place of the group that it shares most rows with.

    Runs from anywhere, not from ``centers``: what comes out again by itself is steady.
    """
    own = clusters.nearest(units, centers)
    found = []
    for _ in range(REFITS):
        drawn = clusters.k_means(units[rng.integers(len(units), size=len(units))], len(centers), rng)
        places = clusters.matched(own, clusters.nearest(units, drawn), len(centers))
        free = [place for place in range(len(centers)) if place not in places]
        placed = np.empty_like(drawn)
        for number, place in enumerate(places):
            placed[place if place >= 0 else free.pop()] = drawn[number]
        found.append(placed)
    return np.array(found)


def _kept(model: Grouping, rows: Floats, choice: clusters.Choice, following: int) -> Artifact:
    away = (model.centers - rows.mean(axis=0)) / np.maximum(rows.std(axis=0), _LEAST_SPREAD)
    known = naming.typical(away)
    sizes = np.bincount(clusters.nearest(rows / model.scale, model.centers / model.scale), minlength=len(model.ids))
    groups = [
        {
            "id": int(number),
            "name": name,
            "size": round(float(size / len(rows)), 4),
            "typical": [list(one) for one in by],
        }
        for number, name, size, by in zip(model.ids, naming.names(known), sizes, known, strict=True)
    ]
    metadata = {
        "learner": NAME,
        "schema_version": SCHEMA.version,
        "classes": [],
        "rows": len(rows),
        "groups": groups,
        "next_id": following,
        "strengths": {str(number): round(value, 3) for number, value in choice.strengths.items()},
        "stability": round(choice.stability, 3),
        "stability_by_chance": round(choice.by_chance, 3),
    }
    return Artifact(pack({"kind": NAME}, model._asdict()), metadata)


@lru_cache(maxsize=8)
def loaded(data: bytes) -> Grouping:
    """The model behind the bytes, kept for the next call. Raises ValueError for bytes that are none."""
    _, arrays = unpack(data, NAME)
    missing = [name for name in Grouping._fields if name not in arrays]
    if missing:
        raise ValueError(f"the model lacks {', '.join(missing)}; restore the version's bytes")
    return Grouping(**arrays)


def distances(artifact: Artifact, features: Floats) -> Floats:
    """(n, d) features on their natural scale → (n, k) distance to each group, 1 at its edge."""
    return _distances(loaded(artifact.data), levels(np.atleast_2d(features)))


def _distances(model: Grouping, rows: Floats) -> Floats:
    far = clusters.squared_distances(rows / model.scale, model.centers / model.scale)
    return np.asarray(np.sqrt(far) / model.radius)


def assign(artifact: Artifact, features: Floats) -> Ints:
    """(n, d) features on their natural scale → (n,) ids of groups; ``NEW_KIND`` for what is far from all."""
    return assigned(loaded(artifact.data), levels(np.atleast_2d(features)))


def assigned(model: Grouping, rows: Floats) -> Ints:
    """(n, d) levels → (n,) ids of groups or ``NEW_KIND``."""
    number = clusters.nearest(rows / model.scale, model.centers / model.scale)
    near = _distances(model, rows)[np.arange(len(rows)), number] <= 1
    return np.where(near, model.ids[number], NEW_KIND)


def groups(artifact: Artifact) -> Sequence[Group]:
    """The groups by their ids."""
    found = [
        Group(one["id"], one["name"], one["size"], tuple(Typical(*pair) for pair in one["typical"]))
        for one in artifact.metadata["groups"]
    ]
    return sorted(found)


def predict(artifact: Artifact, columns: Columns) -> Predictions:
    """How typical each window is of its group, from 1 in the middle to 0 at the edge and beyond.

    Confidence is the share of refits that put it into the same group.
    """
    model, rows = loaded(artifact.data), levels_of(columns)
    if not len(rows):
        return Predictions(np.empty(0, np.float32), np.empty(0, np.float32))
    near = _distances(model, rows)[
        np.arange(len(rows)), clusters.nearest(rows / model.scale, model.centers / model.scale)
    ]
    return Predictions(np.maximum(1 - near**2, 0).astype(np.float32), steadiness(model, rows).astype(np.float32))


def steadiness(model: Grouping, rows: Floats) -> Floats:
    """(n,) share of the refits in which a window falls into the same group."""
    number = clusters.nearest(rows / model.scale, model.centers / model.scale)
    again = [clusters.nearest(rows / model.scale, centers / model.scale) == number for centers in model.refits]
    return np.asarray(np.mean(again, axis=0))
