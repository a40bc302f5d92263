"""What a learner must pass whose predictions are made here: outcomes, learning in between, models from elsewhere."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from samouk.edge.wire import Row, WireError
from samouk.loop.columns import Columns, from_rows, rows_in, take, to_lists
from samouk.loop.learner import Learner, Online, OutcomeSpec, UnfitArtifact
from samouk.loop.live import Exposure, Joined, Outcome, Variant
from samouk.loop.records import Artifact, Predictions
from samouk.loop.rehearsal import agree, artifact, examples, fits, require, unit

ROWS = 60
"""Rows that are learnt from one after the other."""

GARBAGE = (b"", b"no model at all", b"\x80\x04.", b"\x08\x08" + bytes(64), b"{}")
_NOON = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)


def check_told_is_not_seen(learner: Learner) -> None:
    """What is told only afterwards is in the schema, and no prediction needs it or changes with it."""
    missing = [name for name in learner.told if name not in learner.schema.by_name]
    require(not missing, f"told, and not in the schema: {', '.join(missing)}")
    require(bool(learner.seen.fields), "every field is told afterwards: there is nothing to predict from")
    if not learner.told:
        return
    columns = examples(learner).columns
    whole = learner.predict(artifact(learner), columns)
    seen = {name: column for name, column in columns.items() if name not in learner.told}
    require(agree(learner.predict(artifact(learner), seen), whole), "predictions change without what is told")
    turned = {name: columns[name][::-1].copy() for name in learner.told}
    again = learner.predict(artifact(learner), {**columns, **turned})
    require(agree(again, whole), "predictions look at what is told only afterwards")


def check_outcomes(learner: Learner) -> None:
    """Outcomes are named once, have a range and a window, and silence and floor are in [0, 1]."""
    names = [spec.name for spec in learner.outcomes]
    require(len(set(names)) == len(names) and all(names), f"outcomes must be named once each: {names}")
    for spec in learner.outcomes:
        require(spec.low != spec.high, f"{spec.name} has no range: low and high are both {spec.low:g}")
        require(bool(np.isfinite([spec.low, spec.high]).all()), f"{spec.name} reaches from {spec.low} to {spec.high}")
        require(spec.window > dt.timedelta(0), f"{spec.name}'s window is not positive")
        for word, value in (("silence", spec.silence), ("floor", spec.floor)):
            require(value is None or 0 <= value <= 1, f"{spec.name}'s {word} {value} is not in [0, 1]")


def check_sample(learner: Learner) -> None:
    """What is learnt from an exposure with an outcome obeys the schema and has a label that may be learnt."""
    columns = take(examples(learner).columns, slice(3))
    rows = _rows(learner, columns)
    for spec in learner.outcomes:
        for row, value in zip(rows, (1.0, 0.0, 0.5), strict=False):
            found = learner.sample(_joined(learner, spec, row, value))
            if found is not None:
                _require_row(learner, spec, found)


def check_online(learner: Learner) -> None:
    """What learns between turns is a function of its rows in their order: cut, saved or replayed, it is the same."""
    if learner.online is None:
        return
    online, model = learner.online, artifact(learner)
    columns = take(examples(learner).columns, slice(ROWS))
    asked = examples(learner).columns
    plain = learner.predict(model, asked)
    fresh = online.begin(model)
    before = online.save(fresh)
    first = online.correct(fresh, asked, plain)
    require(online.save(fresh) == before, "correcting changes the state")
    _require_scores(learner, plain, first)

    whole = online.learn(online.begin(model), model, columns)
    taught = online.correct(whole, asked, plain)
    _require_scores(learner, plain, taught)
    for cuts in ((1,), (7, 8, 31)):
        pieces = _learnt(online, model, columns, cuts, saved=False)
        require(online.save(pieces) == online.save(whole), f"learning in pieces cut at {cuts} gives another state")
    kept = _learnt(online, model, columns, (ROWS // 2,), saved=True)
    require(online.save(kept) == online.save(whole), "a state that was saved and loaded goes on in another way")
    told = online.correct(online.load(model, online.save(whole)), asked, plain)
    require(bool(np.array_equal(told.values, taught.values, equal_nan=True)), "a loaded state corrects differently")


def check_artifact_comes_back(learner: Learner) -> None:
    """An artifact that was kept as bytes and JSON predicts what it did."""
    model = artifact(learner)
    columns = examples(learner).columns
    kept = Artifact(bytes(bytearray(model.data)), json.loads(json.dumps(dict(model.metadata))))
    require(
        agree(learner.predict(kept, columns), learner.predict(model, columns)), "a kept artifact predicts otherwise"
    )


def check_adopt(learner: Learner) -> None:
    """Garbage is refused with UnfitArtifact, and a model of the learner's own comes in as one made elsewhere would."""
    if learner.adopt is None:
        return
    for data in GARBAGE:
        try:
            learner.adopt(data, {})
        except UnfitArtifact as error:
            require(len(str(error)) > 10, "a refusal without a reason")
        else:
            require(False, f"adopted {data[:20]!r}, which is no model")
    model = artifact(learner)
    adopted = learner.adopt(model.data, {learner.primary.name: 0.5})
    columns = examples(learner).columns
    require(
        agree(learner.predict(adopted, columns), learner.predict(model, columns)), "an adopted model answers otherwise"
    )
    for key, value in {"learner": learner.name, "schema_version": learner.schema.version}.items():
        require(adopted.metadata.get(key) == value, f"metadata[{key!r}] of an adopted model must be {value!r}")


LIVE_CHECKS: tuple[Callable[[Learner], None], ...] = (
    check_told_is_not_seen,
    check_outcomes,
    check_sample,
    check_online,
    check_artifact_comes_back,
    check_adopt,
)


def _rows(learner: Learner, columns: Columns) -> list[Row]:
    """What was seen, as plain rows."""
    lists = to_lists(learner.seen, columns)
    return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]


def _joined(learner: Learner, spec: OutcomeSpec, row: Row, value: float) -> Joined:
    exposure = Exposure(
        event_id="0" * 32,
        learner=learner.name,
        version="v1.0",
        variant=Variant.CHAMPION,
        unit="0" * 16,
        group=0,
        at=_NOON,
        score=0.5,
        propensity=1.0,
        row=row,
    )
    return Joined(1, exposure, Outcome(exposure.event_id, spec.name, value, _NOON), late=False)


def _require_row(learner: Learner, spec: OutcomeSpec, row: Row) -> None:
    try:
        columns = from_rows(learner.schema, [row])
    except WireError as error:
        require(False, f"the sample of {spec.name} does not obey the schema: {error}")
    else:
        require(fits(learner, learner.label(columns).values), f"the sample of {spec.name} has a label that cannot be")


def _require_scores(learner: Learner, plain: Predictions, corrected: Predictions) -> None:
    require(len(corrected.values) == len(plain.values), "corrected predictions miss rows")
    require(fits(learner, corrected.values), "a corrected prediction leaves what the learner may say")
    require(unit(corrected.confidence), "a corrected confidence is not in [0, 1]")


def _learnt(online: Online, model: Artifact, columns: Columns, cuts: tuple[int, ...], *, saved: bool) -> Any:
    """The state after all rows, given in pieces; ``saved`` and loaded between them."""
    state = online.begin(model)
    for low, high in pairwise((0, *cuts, rows_in(columns))):
        state = online.learn(state, model, take(columns, slice(low, high)))
        if saved:
            state = online.load(model, online.save(state))
    return state
