"""FLAML looks for the family and the settings that err least on groups it has not learnt from.

Source: Wang, Wu, Weimer and Zhu, "FLAML: A Fast and Lightweight AutoML Library", MLSys 2021.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.automl.table import Table

FAMILIES: tuple[str, ...] = ("lgbm", "rf", "extra_tree")
"""What converts to ONNX without a change of its answers; see docs/adr/0016."""

FOLDS = 4
_LEAST_SHARE = 1e-6


class BadSearch(ValueError):
    """What was asked of a search cannot be; the message begins with the name of what is wrong."""


class SearchMissing(RuntimeError):
    """FLAML is not installed; the message says how to install it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """The best settings of one family.

    Attributes:
        loss: over rows in folds that it had not learnt from: log loss for classes, mean squared error for numbers.
        estimator: fitted on all rows; of scikit-learn or LightGBM.
    """

    family: str
    settings: dict[str, Any]
    loss: float
    estimator: Any


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        candidates: one a family that was tried, the one of the least loss first.
        trials: settings that were tried.
        constant: loss of who answers the mean, or the shares of the classes, to every row.
    """

    candidates: tuple[Candidate, ...]
    trials: int
    constant: float


@dataclass(frozen=True, slots=True)
class Hunt:
    """One search: families, and the seconds or the settings that they may take; it travels to other processes.

    Attributes:
        trials: settings to try; None lets the time decide.
    """

    table: Table
    families: Sequence[str]
    budget_s: float
    trials: int | None
    seed: int


Catch = tuple[tuple[Candidate, ...], int]
"""One candidate a family, and how many settings were tried."""

Spread = Callable[[Callable[[Hunt], Catch], Sequence[Hunt]], list[Catch]]
"""Does each of several hunts, here or elsewhere; results in order."""


def search(
    table: Table,
    budget_s: float,
    *,
    families: Sequence[str] = FAMILIES,
    seed: int = 0,
    trials: int | None = None,
    spread: Spread | None = None,
) -> Found:
    """Try families and settings for so long, on one thread, or each family on a thread of its own.

    Where time decides how far it gets, two searches may find different models; the seed only fixes their order.

    Args:
        trials: settings to try of each family, however long it takes; then one seed gives one model, wherever.
        spread: does the families side by side, each for the whole of the budget; without it they share it here.

    Raises:
        SearchMissing: FLAML is not installed.
        BadSearch: see ``check``.
    """
    check(budget_s, families, trials)
    apart = [(name,) for name in families] if trials or spread else [tuple(families)]
    hunts = [Hunt(table, names, budget_s, trials, seed) for names in apart]
    caught = spread(hunt, hunts) if spread else [hunt(one) for one in hunts]
    found = [candidate for candidates, _ in caught for candidate in candidates]
    ranked = tuple(sorted(found, key=lambda one: (one.loss, families.index(one.family))))
    return Found(ranked, sum(tried for _, tried in caught), _constant_loss(table))


def hunt(one: Hunt) -> Catch:
    """One search, in this process. Raises SearchMissing."""
    with _silently():
        searcher = _run(one)
        tried = [name for name in one.families if searcher.best_model_for_estimator(name) is not None]
        return tuple(_refitted(one.table, name, searcher) for name in tried), len(searcher.config_history)


def check(budget_s: float, families: Sequence[str], trials: int | None = None) -> None:
    """Raises BadSearch for an unknown family, none at all, a budget that is not positive, or less than two trials."""
    strange = [name for name in families if name not in FAMILIES]
    if strange or not families:
        raise BadSearch(f"families: must be some of {', '.join(FAMILIES)}, not {', '.join(strange) or 'none'}")
    if not 0 < budget_s < np.inf:
        raise BadSearch(f"budget: must be a positive number of seconds, not {budget_s:g}")
    if trials is not None and trials < 2:
        raise BadSearch(f"trials: must be two or more, not {trials}")


def _run(one: Hunt) -> Any:
    try:
        from flaml.automl.automl import AutoML
    except ImportError:
        raise SearchMissing("the search needs FLAML: pip install 'samouk[automl]'") from None
    searcher: Any = AutoML()  # type: ignore[no-untyped-call]
    table = one.table
    groups = np.unique(table.groups, return_inverse=True)[1]
    # A share of the rows would be grown by the clock, too.
    bound = {"time_budget": one.budget_s} if one.trials is None else {"max_iter": one.trials, "sample": False}
    searcher.fit(
        X_train=table.x,
        y_train=_target(table),
        task=table.task,
        metric=partial(_judged, table),
        **bound,
        estimator_list=list(one.families),
        eval_method="cv",
        split_type="group",
        groups=groups,
        n_splits=min(FOLDS, int(groups.max()) + 1),
        seed=one.seed,
        n_jobs=1,
        verbose=0,
        log_file_name="",
        retrain_full=False,
    )
    return searcher


def _judged(table: Table, x: Any, y: Any, model: Any, *_: Any) -> tuple[float, dict[str, float]]:
    """FLAML's form of a metric; its own log loss gives up where a fold's training part lacks a class."""
    loss = float(_losses(table, model, np.asarray(x), np.asarray(y)).mean())
    return loss, {"loss": loss}


def _target(table: Table) -> NDArray[Any]:
    return table.y.astype(np.int64) if table.classes else table.y


def _refitted(table: Table, family: str, searcher: Any) -> Candidate:
    """The family's best settings, judged on folds of our own and fitted anew on every row."""
    best = searcher.best_model_for_estimator(family)
    settings = {name: _plain(value) for name, value in best.params.items()}
    made = partial(_made, family, best.estimator_class, settings)
    return Candidate(family, settings, _loss(table, made), made().fit(table.x, _target(table)))


def _made(family: str, kind: Any, settings: Mapping[str, Any]) -> Any:
    """Forests are given medians for what is missing: their own way with it does not survive the export."""
    if family == "lgbm":
        return kind(**settings)
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    return make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), kind(**settings))


def _loss(table: Table, made: Callable[[], Any]) -> float:
    """Mean over all rows, each scored by a model that saw nothing of its group."""
    from sklearn.model_selection import GroupKFold

    target = _target(table)
    losses = np.empty(len(target))
    folds = GroupKFold(min(FOLDS, len(np.unique(table.groups))))
    for learnt, kept in folds.split(table.x, target, table.groups):
        model = made().fit(table.x[learnt], target[learnt])
        losses[kept] = _losses(table, model, table.x[kept], target[kept])
    return float(losses.mean())


def _losses(table: Table, model: Any, x: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
    if not table.classes:
        squared: NDArray[np.float64] = (np.asarray(model.predict(x)) - target) ** 2
        return squared
    shares = np.asarray(model.predict_proba(x))
    # A class that a fold had none of has no column: its rows get the least share.
    columns = {int(known): place for place, known in enumerate(model.classes_)}
    said = np.array([row[columns[told]] if told in columns else 0.0 for row, told in zip(shares, target, strict=True)])
    lost: NDArray[np.float64] = -np.log(np.clip(said, _LEAST_SHARE, 1))
    return lost


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _constant_loss(table: Table) -> float:
    if not table.classes:
        return float(table.y.var())
    shares = np.bincount(table.y.astype(np.intp)) / len(table.y)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())


@contextmanager
def _silently() -> Iterator[None]:
    """FLAML and what it calls warn of their own defaults and log every trial."""
    log = logging.getLogger("flaml")
    level = log.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            log.setLevel(logging.ERROR)
            yield
        finally:
            log.setLevel(level)
