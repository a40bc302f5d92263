"""Flood-like connections, also of kinds never seen: what is rarely so large for a connection of its kind.

``FloodDetector.fit(rows, contexts)`` learns from ordinary connections alone; known floods may be given beside them.
``.surprise(rows, contexts)`` and ``.score(rows, contexts)`` judge, ``.views(rows, contexts)`` tells who spoke,
``.columns(rows, contexts)`` which numbers; ``.arrays()`` and ``FloodDetector.of_arrays(arrays)`` keep and restore it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.detect.tails import FEWEST, LEVELS, Floats, Tail, graded

BACKOFF = 2.0
"""Connections of a context that nobody has seen yet, beside those that were."""

SUSPECT = 0.02
"""Each number of a connection that nobody has seen yet is taken to be as rare as this, or rarer where everybody's tail
says so: a stranger among contexts is suspect until some tens of its connections were learnt from."""

KEPT = 512
"""Order statistics that are kept of a context, and how many contexts are kept at most."""

FEW = 3
"""Numbers that the view ``few`` looks at: a flood may show in one or two, or a little in all."""

FLOOR = 0.05
"""Smallest standard deviation that a column is taken to have; columns are logarithms, or shares times four."""

FOLDS = 5
"""Parts that are left out in turn, so that the tails are of rows that were not learnt from."""

FARTHEST = 600.0
"""Standard deviations above the median that are told apart: their exponential stays finite."""

CAP = 20.0
"""Nats of one column above which the view ``known`` sees no more: one constant that moved must not drown the rest."""

RIDGE, STEPS = 0.01, 300
"""Of the regression behind ``known``: its L2 penalty and its gradient steps."""

Contexts = NDArray[np.str_]
VIEWS = ("all", "few", "known")


class Kind(NamedTuple):
    """Floods of one kind: (n, d) rows and (n,) contexts."""

    rows: NDArray[Any]
    contexts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Conditional:
    """How rare a number is upwards, column by column, among connections of one context.

    A context's own order statistics are mixed with ``BACKOFF`` connections that are ``SUSPECT`` and lie in everybody's
    tail: a rare context is little trusted, a stranger has nothing else.

    Attributes:
        names: (c,) contexts in alphabetic order, of at most ``KEPT``, the most frequent ones.
        counts: (c,) connections that each was learnt from.
        starts: (c + 1,) where its order statistics begin in the table.
        table: (starts[-1], d) order statistics, rising within a context.
        typical, spread: (d,) median and floored standard deviation of all.
        tails: of the exponential of the distance above the median, in spreads, for each column.
    """

    names: Contexts
    counts: Floats
    starts: NDArray[np.int64]
    table: Floats
    typical: Floats
    spread: Floats
    tails: tuple[Tail, ...]

    @classmethod
    def fit(cls, rows: Floats, contexts: Contexts) -> Conditional:
        """Of (n, d) rows without gaps and their (n,) contexts."""
        names, inverse, counts = np.unique(contexts, return_inverse=True, return_counts=True)
        chosen = np.sort(np.argsort(-counts, kind="stable")[:KEPT])
        tables = [_thinned(np.sort(rows[inverse == place], axis=0)) for place in chosen]
        starts = np.concatenate([[0], np.cumsum([len(table) for table in tables])])
        typical, spread = np.median(rows, axis=0), np.maximum(rows.std(axis=0), FLOOR)
        above = _above(rows, typical, spread)
        tails = tuple(Tail.fit(column) for column in above.T)
        held = counts[chosen].astype(np.float64)
        return cls(names[chosen], held, starts.astype(np.int64), np.concatenate(tables), typical, spread, tails)

    def surprise(self, rows: Floats, contexts: Contexts) -> Floats:
        """(n, d) nats: -log of the share of connections of the context that are as large; 0 where missing."""
        known = ~np.isnan(rows)
        rows = np.where(known, rows, self.typical)
        above = _above(rows, self.typical, self.spread)
        nats = np.stack([tail.surprise(column) for tail, column in zip(self.tails, above.T, strict=True)], axis=1)
        pooled = np.minimum(np.exp(-nats), SUSPECT)
        shares = pooled.copy()
        for name in np.unique(contexts):
            place = int(np.searchsorted(self.names, name))
            if place < len(self.names) and self.names[place] == name:
                here = contexts == name
                own = self._share(place, rows[here])
                count = self.counts[place]
                shares[here] = (count * own + BACKOFF * pooled[here]) / (count + BACKOFF)
        return np.asarray(np.where(known, -np.log(np.clip(shares, 1e-300, 1.0)), 0.0), np.float64)

    def _share(self, place: int, rows: Floats) -> Floats:
        """(n, d) share of the context's order statistics that are as large, 0 above the largest."""
        table = self.table[self.starts[place] : self.starts[place + 1]]
        below = [np.searchsorted(kept, column, "left") for kept, column in zip(table.T, rows.T, strict=True)]
        return np.asarray(1.0 - np.stack(below, axis=1) / len(table), np.float64)


@dataclass(frozen=True, slots=True)
class Known:
    """A logistic regression that knows floods when it sees them, on how surprising each column is.

    No weight is below 0, so what is more surprising never looks less like a flood.
    """

    weights: Floats
    bias: float
    tail: Tail

    @classmethod
    def fit(cls, ordinary: Floats, floods: Sequence[Floats]) -> Known:
        """From (n, d) nats of ordinary connections and of floods, kind by kind; each kind weighs the same."""
        parts = [_damped(part) for part in (ordinary, *floods)]
        wanted = np.concatenate([[0.0] * len(parts[0]), [1.0] * sum(map(len, parts[1:]))])
        shares = [0.5, *[0.5 / len(floods)] * len(floods)]
        each = np.concatenate(
            [np.full(len(part), share / len(part)) for part, share in zip(parts, shares, strict=True)]
        )
        weights, bias = _regress(np.concatenate(parts), wanted, each)
        return cls(weights, bias, Tail.fit(_odds(parts[0], weights, bias)))

    def surprise(self, nats: Floats) -> Floats:
        """(n,) how rarely an ordinary connection looks so much like a known flood."""
        return self.tail.surprise(_odds(_damped(nats), self.weights, self.bias))


@dataclass(frozen=True, slots=True)
class FloodDetector:
    """Several views in parallel, the most surprised one speaks: ``all`` columns together, the ``few`` largest, and
    likeness to ``known`` floods where some were given. One classifier alone misses what it was not taught.

    Rows are (n, d) on a log scale or shares (see ``samouk.domains.traffic.features.scaled``); only large values
    count, so give a column also negated if small ones matter. Contexts are (n,) words for the kind of connection,
    such as ``tcp/http``: few words that come often, since one that was not learnt is a surprise in itself; give all
    the same where there are no kinds. NaN and infinite numbers are missing and say nothing.
    """

    conditional: Conditional
    all_tail: Tail
    few_tail: Tail
    known: Known | None

    @classmethod
    def fit(
        cls, rows: NDArray[Any], contexts: Sequence[str] | Contexts, floods: Mapping[str, Kind] | None = None
    ) -> FloodDetector:
        """Learn from at least 50 ordinary connections, and from known floods by kind when there are any.

        Raises ValueError for other shapes or too few rows.
        """
        table, words = _checked(rows, contexts)
        if len(table) < 2 * FOLDS * FEWEST:
            raise ValueError(f"{len(table)} ordinary connections are too few; give at least {2 * FOLDS * FEWEST}")
        table = _filled(table)
        conditional = Conditional.fit(table, words)
        nats = _left_out(table, words)
        known = None
        if floods:
            pairs = [_checked(kind.rows, kind.contexts, table.shape[1]) for kind in floods.values()]
            known = Known.fit(nats, [conditional.surprise(*pair) for pair in pairs if len(pair[1])])
        return cls(conditional, Tail.fit(_all(nats)), Tail.fit(_few(nats)), known)

    def columns(self, rows: NDArray[Any], contexts: Sequence[str] | Contexts) -> Floats:
        """(n, d) nats of each number by itself, given the context."""
        return self.conditional.surprise(*_checked(rows, contexts, len(self.conditional.typical)))

    def views(self, rows: NDArray[Any], contexts: Sequence[str] | Contexts) -> dict[str, Floats]:
        """(n,) nats of each view, by its name in ``VIEWS``."""
        nats = self.columns(rows, contexts)
        found = {"all": self.all_tail.surprise(_all(nats)), "few": self.few_tail.surprise(_few(nats))}
        if self.known is not None:
            found["known"] = self.known.surprise(nats)
        return found

    def surprise(self, rows: NDArray[Any], contexts: Sequence[str] | Contexts) -> Floats:
        """(n,) nats >= 0: the largest of the views, less what looking at several costs (Bonferroni)."""
        found = np.stack(list(self.views(rows, contexts).values()))
        return np.asarray(np.maximum(found.max(axis=0) - math.log(len(found)), 0.0), np.float64)

    def score(self, rows: NDArray[Any], contexts: Sequence[str] | Contexts) -> Floats:
        """(n,) in [0, 1): 0.5 for a connection such as at most one in a hundred ordinary ones."""
        return graded(self.surprise(rows, contexts))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that was learnt, as plain arrays."""
        base, known = self.conditional, self.known
        kept: dict[str, NDArray[Any]] = {name: getattr(base, name) for name in _PLAIN}
        kept["tails"] = np.stack([tail.array() for tail in (*base.tails, self.all_tail, self.few_tail)])
        if known is not None:
            kept["known"] = np.concatenate([known.weights, [known.bias], known.tail.array()])
        return kept

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> FloodDetector:
        """What ``arrays`` gave. Raises ValueError, naming the array, for anything else."""
        missing = [name for name in (*_PLAIN, "tails") if name not in arrays]
        if missing:
            raise ValueError(f"the arrays {missing} are missing; keep all that arrays() gives")
        width = len(arrays["typical"])
        _check_shapes(arrays, width)
        tails = [Tail.of_array(kept) for kept in arrays["tails"]]
        base = Conditional(**{name: arrays[name] for name in _PLAIN}, tails=tuple(tails[:width]))
        kept = arrays.get("known")
        known = None if kept is None else Known(kept[:width], float(kept[width]), Tail.of_array(kept[width + 1 :]))
        return cls(base, tails[width], tails[width + 1], known)


_PLAIN = ("names", "counts", "starts", "table", "typical", "spread")


def _check_shapes(arrays: Mapping[str, NDArray[Any]], width: int) -> None:
    contexts, tail = len(arrays["names"]), 2 * LEVELS + 1
    starts = arrays["starts"]
    shapes = {
        "counts": (contexts,),
        "starts": (contexts + 1,),
        "table": (int(starts[-1]) if len(starts) else 0, width),
        "typical": (width,),
        "spread": (width,),
        "tails": (width + 2, tail),
        "known": (width + 1 + tail,),
    }
    for name, shape in shapes.items():
        kept = arrays.get(name)
        if kept is not None and (kept.shape != shape or not np.isfinite(kept).all()):
            raise ValueError(f"{name} must hold finite numbers in the shape {shape}, not {kept.shape}")
    if (np.diff(starts) <= 0).any() or (arrays["counts"] <= 0).any() or (arrays["spread"] <= 0).any():
        raise ValueError("starts must rise, counts and spread must be above 0")


def _checked(
    rows: NDArray[Any], contexts: Sequence[str] | Contexts, width: int | None = None
) -> tuple[Floats, Contexts]:
    table, words = np.asarray(rows, np.float64), np.asarray(contexts, np.str_)
    if table.ndim != 2 or words.shape != table.shape[:1]:
        raise ValueError(f"rows are (n, d) and contexts (n,), not {table.shape} and {words.shape}")
    if width is not None and table.shape[1] != width:
        raise ValueError(f"a row has {table.shape[1]} columns; {width} were learnt")
    return np.where(np.isfinite(table), table, np.nan), words


def _filled(table: Floats) -> Floats:
    """Gaps filled with the column's mean, 0 for a column that is nothing but gaps."""
    known = ~np.isnan(table)
    mean = np.where(known, table, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, table, mean)


def _thinned(ordered: Floats) -> Floats:
    """At most ``KEPT`` rows of (n, d) order statistics, evenly spaced, both ends among them."""
    places = np.linspace(0, len(ordered) - 1, min(len(ordered), KEPT)).round().astype(np.int64)
    return ordered[places]


def _above(rows: Floats, typical: Floats, spread: Floats) -> Floats:
    return np.asarray(np.exp(np.clip((rows - typical) / spread, 0.0, FARTHEST)), np.float64)


def _all(nats: Floats) -> Floats:
    return np.asarray(nats.sum(axis=1), np.float64)


def _few(nats: Floats) -> Floats:
    return np.asarray(np.sort(nats, axis=1)[:, -FEW:].sum(axis=1), np.float64)


def _left_out(rows: Floats, contexts: Contexts) -> Floats:
    """(n, d) nats of all rows, each from what was learnt of the parts that it is not in."""
    nats = np.empty_like(rows)
    for part in np.array_split(np.arange(len(rows)), FOLDS):
        rest = np.delete(np.arange(len(rows)), part)
        nats[part] = Conditional.fit(rows[rest], contexts[rest]).surprise(rows[part], contexts[part])
    return nats


def _damped(nats: Floats) -> Floats:
    return np.asarray(np.sqrt(np.minimum(nats, CAP)), np.float64)


def _odds(damped: Floats, weights: Floats, bias: float) -> Floats:
    """(n,) above 0, rising with the odds of a flood."""
    return np.asarray(np.logaddexp(0.0, damped @ weights + bias), np.float64)


def _regress(rows: Floats, wanted: Floats, each: Floats) -> tuple[Floats, float]:
    """Weights >= 0 and a free bias, by accelerated projected gradients (Beck & Teboulle, 2009)."""
    columns = np.column_stack([rows, np.ones(len(rows))])
    ridge = np.append(np.full(rows.shape[1], RIDGE), 0.0)
    steep = 0.25 * float(each @ np.square(columns).sum(axis=1)) + RIDGE
    best = ahead = np.zeros(columns.shape[1])
    pace = 1.0
    for _ in range(STEPS):
        slope = columns.T @ (each * (_share(columns @ ahead) - wanted)) + ridge * ahead
        new = ahead - slope / steep
        new[:-1] = np.maximum(new[:-1], 0.0)
        faster = (1.0 + math.sqrt(1.0 + 4.0 * pace * pace)) / 2.0
        ahead = new + (pace - 1.0) / faster * (new - best)
        best, pace = new, faster
    return best[:-1], float(best[-1])


def _share(odds: Floats) -> Floats:
    return np.asarray(0.5 * (1.0 + np.tanh(odds / 2.0)), np.float64)
