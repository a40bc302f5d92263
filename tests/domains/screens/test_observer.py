"""What is true of the client's side of the screens."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from samouk.domains.screens.observer import OBSERVER
from samouk.edge.observer import Observer, UnreadableSource, observer
from samouk.edge.wire import WireError

BUTTON = {"class": "android.widget.Button", "text": "Pay", "resource-id": "a:id/pay", "bounds": [0, 0, 300, 144]}
HIDDEN = {"class": "android.widget.Button", "text": "Gone", "bounds": [0, 0, 0, 0]}
SCREEN = {
    "class": "android.widget.FrameLayout",
    "bounds": [0, 0, 1080, 1920],
    "children": [BUTTON, HIDDEN],
    "package": "a",
}


def test_the_observer_is_found_by_its_learners_name() -> None:
    """The entry point leads to it, and it is what the client expects of an observer."""
    found: Observer = observer("screens.element")
    assert found.learner == "screens.element"
    assert found.schema.by_name[found.label_field].values == OBSERVER.schema.by_name["element_type"].values


def test_a_screen_becomes_labelled_samples() -> None:
    """Each visible element gives one sample that obeys the schema, and one key."""
    observation = OBSERVER.observe(SCREEN, "android")
    assert (len(observation.samples), len(observation.keys), observation.app) == (2, 2, "a")
    for row in observation.samples:
        OBSERVER.schema.check_row(row)
    button = observation.samples[1]
    assert (button["element_type"], button["label_source"], button["class_name"]) == (
        "button",
        "class",
        BUTTON["class"],
    )


def test_a_key_is_the_elements_own() -> None:
    """The same element has the same key whenever it is seen, also alone; unlike elements have unlike keys."""
    first, again = OBSERVER.observe(SCREEN, "android"), OBSERVER.observe(SCREEN, "android")
    assert first.keys == again.keys
    assert len(set(first.keys)) == 2
    assert OBSERVER.correct(BUTTON, "link", "android").keys == first.keys[1:]


def test_wordless_elements_are_told_apart_by_their_place() -> None:
    """Like elements without words have keys by their order under one parent."""
    icons = [{"class": "android.widget.ImageView", "bounds": [0, top, 90, top + 90]} for top in (0, 90, 180)]
    keys = OBSERVER.observe({**SCREEN, "children": icons}, "android").keys
    assert len(set(keys)) == 4


def test_a_wordless_elements_key_is_of_its_app_place_and_looks() -> None:
    """Another app, ancestor, size or flag is another element; a mark that is set is the same one."""
    view = {"class": "android.view.View", "bounds": [0, 0, 90, 90]}

    def key(package: str = "a", around: str = "android.view.View", **changes: Any) -> str:
        holder = {"class": around, "bounds": [0, 0, 900, 900], "children": [{**view, **changes}]}
        return OBSERVER.observe({**SCREEN, "package": package, "children": [holder]}, "android").keys[-1]

    others = [key("b"), key(around="android.widget.FrameLayout"), key(bounds=[0, 0, 90, 900]), key(clickable=True)]
    assert len({key(), *others}) == 5
    assert key(checked=True) == key(checked=False) and key(bounds=[4, 4, 96, 96]) == key()


def test_an_element_of_which_too_little_is_known_has_no_key() -> None:
    """Alone and without words an element could be any of its class, also where its screen tells nothing."""
    view = {"class": "android.view.View", "bounds": [0, 0, 90, 90], "package": "a", "clickable": True}
    assert OBSERVER.correct(view, "slider", "android").keys == ("",)
    assert OBSERVER.observe([{**view, "package": ""}], "android").keys == ("",)


def test_a_key_does_not_change_with_what_is_typed_in_secret() -> None:
    """A password is no part of a key: it could be guessed from it."""
    field = {"class": "android.widget.EditText", "id": "a:id/pin", "password": True}
    assert len({OBSERVER.correct({**field, "text": text}, "text_input", "android").keys for text in ("", "1234")}) == 1


def test_a_correction_is_a_sample_with_the_persons_label() -> None:
    """The label that a person gave is kept with full confidence, and its source says who gave it."""
    row = OBSERVER.correct({**BUTTON, "parent": 7, "visible": False}, "chip", "android").samples[0]
    OBSERVER.schema.check_row(row)
    assert (row["element_type"], row["label_source"], row["confidence"]) == ("chip", "correction", 1.0)


@pytest.mark.parametrize(
    ("actual", "says"), [("icon-buton", "icon_button"), ("Button", "button"), ("zzz", "password_input"), (None, "use")]
)
def test_a_correction_to_an_unknown_type_names_the_nearest(actual: Any, says: str) -> None:
    """A label outside the taxonomy is refused with the names that were probably meant."""
    with pytest.raises(WireError, match=says):
        OBSERVER.correct(BUTTON, actual, "android")


@pytest.mark.parametrize("element", [None, "x", [], 4])
def test_a_correction_of_no_element_is_refused(element: Any) -> None:
    """Only a mapping of attributes is an element."""
    with pytest.raises(UnreadableSource, match="mapping"):
        OBSERVER.correct(element, "button", "android")


def test_features_are_one_row_a_sample() -> None:
    """Samples become a matrix of finite numbers."""
    rows = OBSERVER.observe(SCREEN, "android").samples
    numbers = OBSERVER.features(rows)
    assert numbers.shape[0] == len(rows)
    assert numbers.dtype == np.float32
    assert bool(np.isfinite(numbers).all() or np.isnan(numbers).any())


def test_the_observer_loads_no_server_library() -> None:
    """Importing it brings in the standard library, numpy and defusedxml and nothing heavier."""
    code = (
        "import sys, samouk.domains.screens.observer; "
        "heavy = {'fastapi', 'sqlalchemy', 'onnx', 'lightgbm', 'sklearn', 'tuf', "
        "'msgspec', 'uvicorn', 'rich', 'onnxruntime', 'click'}; print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _plain(screen: Any) -> Any:
    from samouk.domains.screens.dumps import to_dict

    return to_dict(screen)
