"""What is true of samples turned into numbers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from samouk.domains.screens import schema
from samouk.domains.screens.features import NAMES, TOLD, UNTOLD, WIDTH, features, mask_class, told
from samouk.domains.screens.taxonomy import TYPES
from samouk.domains.screens.world import ScreenWorld
from samouk.loop.columns import Columns, concatenate, rows_in, take


@pytest.fixture(scope="module")
def columns() -> Columns:
    """Two simulated weeks' worth of batches."""
    return concatenate(schema.SCHEMA, [batch.columns for batch in ScreenWorld(5).batches(0, 6)])


def test_every_column_has_a_name_and_a_number(columns: Columns) -> None:
    """(n, WIDTH) of finite float32, each column named once."""
    made = features(columns)
    assert made.shape == (rows_in(columns), WIDTH) and made.dtype == np.float32
    assert np.isfinite(made).all() and len(set(NAMES)) == WIDTH


@pytest.mark.parametrize("name", ["sample_id", "element_type", "confidence", "timestamp", "label_source"])
def test_labels_are_never_features(columns: Columns, name: str) -> None:
    """Whatever stands in a label's field, the numbers stay the same."""
    changed = {**columns, name: columns[name][::-1].copy()}
    assert (features(changed) == features(columns)).all()


def test_a_masked_class_leaves_no_trace(columns: Columns) -> None:
    """Once hidden, the class of an element changes no number: any class would give the same."""
    hidden = features(mask_class(columns))
    assert not hidden[:, :TOLD].any()
    others = {**columns, "class_name": columns["class_name"][::-1].copy()}
    assert (features(mask_class(others)) == hidden).all()


def test_a_masked_tree_leaves_no_class_at_all(columns: Columns) -> None:
    """With the whole tree hidden, the classes of relatives change no number either."""
    names = [NAMES[place] for place in np.flatnonzero(features(mask_class(columns, whole_tree=True)).any(axis=0))]
    told_kinds = {name.split("=")[1] for name in names if "_kind=" in name}
    assert told_kinds <= {schema.GENERIC, schema.NONE}
    assert not {name for name in names if name.startswith("inside_")} - {"inside_clickable", "inside_scrollable"}


def test_what_the_class_tells_is_what_the_client_labels(columns: Columns) -> None:
    """On ground truth by class, server and client read the same type from the class, but for edges of rounding."""
    says = told(columns)
    rows = (columns["label_source"] == schema.LABEL_SOURCES.index("class")) & (says != UNTOLD)
    assert (says[rows] == columns["element_type"][rows]).mean() > 0.99


def test_no_rows_give_no_numbers(columns: Columns) -> None:
    """An empty batch is (0, WIDTH)."""
    assert features(take(columns, slice(0, 0))).shape == (0, WIDTH)


def test_importing_the_room_stays_light() -> None:
    """The domain imports no trainer, no runtime and no web framework until they are used."""
    heavy = "{'lightgbm', 'onnx', 'onnxruntime', 'sklearn', 'scipy', 'fastapi', 'sqlalchemy', 'msgspec'}"
    code = f"import sys, samouk.domains.screens; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_types_told_come_first() -> None:
    """The graph lifts the first columns onto the classes, so they stand in the classes' order."""
    assert [name.removeprefix("told=") for name in NAMES[:TOLD]] == list(TYPES)
