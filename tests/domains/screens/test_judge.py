"""What is true of labels, slices and suspicion: honest batches pass, liars do not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samouk.domains.screens import model, schema, universal
from samouk.domains.screens.features import UNTOLD, told
from samouk.domains.screens.judge import LEARNER, METRICS, card, changes, first, slices
from samouk.domains.screens.labels import contradicts, label, sourced
from samouk.domains.screens.suspicion import suspects
from samouk.domains.screens.taxonomy import TYPES
from samouk.domains.screens.world import ScreenWorld
from samouk.loop.columns import Columns, concatenate, rows_in
from samouk.loop.learner import Context
from samouk.loop.records import ABSTAIN, Artifact, Examples

SOURCE = {name: code for code, name in enumerate(schema.LABEL_SOURCES)}
CODE = {name: code for code, name in enumerate(TYPES)}


@pytest.fixture(scope="module")
def examples() -> Examples:
    return universal.simulated(21, apps=30)


@pytest.fixture(scope="module")
def champion(examples: Examples) -> Artifact:
    return model.fit(examples, None, Context())


@pytest.fixture
def columns() -> Columns:
    """One honest contributor's week, many times over, so that every share is of enough rows."""
    return concatenate(schema.SCHEMA, [batch.columns for batch in ScreenWorld(8).batches(0, 4)])


def told_by(columns: Columns, source: str, kind: str, confidence: float = 1.0) -> dict[str, Any]:
    """The same samples, all labelled alike."""
    n = rows_in(columns)
    return {
        **columns,
        "label_source": np.full(n, SOURCE[source], np.int16),
        "element_type": np.full(n, CODE[kind], np.int16),
        "confidence": np.full(n, confidence, np.float32),
    }


@pytest.mark.parametrize("source", ["structure", "model", "none"])
def test_guesses_abstain(columns: Columns, source: str) -> None:
    """A label that comes from structure or from a model never teaches."""
    assert (label(told_by(columns, source, "text")).values == ABSTAIN).all()


def test_a_label_against_a_public_class_abstains(columns: Columns) -> None:
    """Whoever calls a slider what is plainly something else is not believed, whatever the source."""
    labels = label(told_by(columns, "correction", "map"))
    says = told(columns)
    wrong = (says != UNTOLD) & (says != CODE["map"])
    assert (labels.values[wrong] == ABSTAIN).all()
    assert (labels.values[says == UNTOLD] == CODE["map"]).all()


@pytest.mark.parametrize(
    ("source", "confidence", "trusted"),
    [
        ("role", 0.5, True),
        ("name", 0.9, True),
        ("name", 0.5, False),
        ("correction", 0.8, True),
        ("superclass", 1, False),
    ],
)
def test_trust_follows_the_source(columns: Columns, source: str, confidence: float, trusted: bool) -> None:
    """Roles are ground truth; names and corrections from 0.8 up; a superclass teaches and does not judge."""
    labels = label(told_by(columns, source, "container", confidence))
    silent = told(columns) == UNTOLD
    assert (labels.trusted[silent] == trusted).all() and (labels.values[silent] == CODE["container"]).all()


def test_honest_labels_contradict_nothing(columns: Columns) -> None:
    """What an honest client calls ground truth never contradicts a public class."""
    assert not contradicts(columns)[sourced(columns, *schema.GROUND_TRUTH)].any()


def test_honest_batches_pass(champion: Artifact) -> None:
    """No honest batch of an unseen world is a suspect, with or without a champion."""
    for batch in ScreenWorld(33).batches(0, 30):
        assert suspects(batch.columns, None) is None
        assert suspects(batch.columns, champion) is None
        assert suspects(batch.columns, first()) is None


def test_liars_are_kept_out() -> None:
    """Batches that rename every type are suspects, and the reason says why."""
    for batch in ScreenWorld(33).poisoned(0, 20):
        reason = suspects(batch.columns, None)
        assert reason is not None and "contradict public classes" in reason


def test_one_label_for_all_is_suspect(columns: Columns) -> None:
    """A batch whose corrections all say the same unlikely type is kept out; plain containers are not."""
    silent = told(columns) == UNTOLD
    only = {name: column[silent] for name, column in columns.items()}
    assert suspects(told_by(only, "correction", "slider"), None) is not None
    assert suspects(told_by(only, "name", "container"), None) is None


def test_a_sure_champion_doubts_only_what_it_knows(examples: Examples, champion: Artifact) -> None:
    """Names that are turned round on an application the champion recognises are suspects; the true ones are not."""
    silent = told(examples.columns) == UNTOLD
    sources = np.where(silent, SOURCE["name"], SOURCE["class"]).astype(np.int16)
    taught = {**examples.columns, "label_source": sources}
    assert suspects(taught, champion) is None
    turned = np.where(taught["element_type"] == CODE["container"], CODE["icon"], CODE["container"]).astype(np.int16)
    lying = {**taught, "element_type": np.where(silent, turned, taught["element_type"]).astype(np.int16)}
    reason = suspects(lying, champion)
    assert reason is not None and "agrees with" in reason


@pytest.mark.parametrize(
    ("field", "value"), [("text_length", 13), ("bounds_width", 361), ("children", 4), ("depth", 9)]
)
def test_what_was_not_anonymised_is_kept_out(columns: Columns, field: str, value: int) -> None:
    """One value finer than clients send gives the batch away."""
    changed = {**columns, field: columns[field].copy()}
    changed[field][0] = value
    reason = suspects(changed, None)
    assert reason is not None and reason.startswith(field)


def test_slices_part_by_platform_and_class(examples: Examples) -> None:
    """Every row is on one platform and of one kind of class."""
    parts = slices(examples)
    assert (parts["android"] ^ parts["ios"]).all()
    assert (parts["standard"].astype(int) + parts["custom"] + parts["generic"] == 1).all()


def test_scores_cover_the_metrics(examples: Examples, champion: Artifact) -> None:
    """One array a metric, in [0, 1], with gaps where a metric does not apply."""
    scores = model.score(champion, examples)
    assert list(scores) == [metric.name for metric in METRICS]
    for values in scores.values():
        known = values[~np.isnan(values)]
        assert len(values) == examples.rows and ((known >= 0) & (known <= 1)).all()


@pytest.mark.usefixtures("short_descent")
def test_people_are_told_what_changed(examples: Examples, champion: Artifact) -> None:
    """Card and changelog name samples, platforms and the types that moved, in plain JSON and words."""
    told_card = card(champion, examples, {"generic_accuracy": 0.8})
    assert told_card["samples"] == examples.rows and set(told_card["platforms"]) == {"android", "ios"}
    weak = model.fit(universal.simulated(22, apps=3), None, Context())
    lines = changes(weak, champion, examples)
    assert lines[0].startswith("Learnt from") and any("→" in line for line in lines)
    assert changes(None, champion, examples)


def opened() -> Iterator[tuple[int, Columns]]:
    """The open screens, one batch of all its samples for each application."""
    from benchmarks import elements, open_screens

    file = open_screens.path()
    if file is None or os.environ.get("SAMOUK_SHARED") == "":
        return
    data = elements.corpus()
    for app in np.unique(data.app):
        rows = np.flatnonzero(data.app == app)
        yield int(app), {name: column[rows] for name, column in data.columns.items()}


@pytest.mark.slow
def test_no_real_application_is_suspected() -> None:
    """The shipped model, which never saw a real screen, quarantines none of the real applications."""
    from benchmarks import open_screens

    if open_screens.path() is None:
        pytest.skip("the open screens are not here")
    suspected = {app: reason for app, columns in opened() if (reason := suspects(columns, LEARNER.first()))}
    assert suspected == {}
    assert Path(open_screens.__file__).is_file()
