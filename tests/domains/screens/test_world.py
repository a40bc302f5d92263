"""What is true of the simulated world and of the dumps written from it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from samouk.domains.screens import world as worlds
from samouk.domains.screens.dumps import to_dict, to_droidbot, to_page_source, to_uiautomator
from samouk.domains.screens.element import Element, Evidence, Screen
from samouk.domains.screens.readers import read
from samouk.domains.screens.schema import LABEL_SOURCES, SCHEMA
from samouk.domains.screens.simulator.apps import FRAMEWORKS, Framework
from samouk.domains.screens.simulator.scenes import SCENES
from samouk.domains.screens.taxonomy import TYPES
from samouk.domains.screens.world import ScreenWorld
from samouk.loop.columns import dtype_of
from samouk.loop.records import Batch

WORLD = ScreenWorld(11)


def screens(framework: Framework, count: int = 12) -> list[Screen]:
    """Screens of three apps of a framework."""
    return [screen for number in range(3) for screen in WORLD.screens(WORLD.app(number, framework), count // 3)]


def bytes_of(batches: list[Batch]) -> list[tuple[Any, ...]]:
    return [
        (batch.batch_id, batch.group, batch.receipt_hash, [column.tobytes() for column in batch.columns.values()])
        for batch in batches
    ]


def test_the_same_seed_gives_the_same_batches() -> None:
    """Batches are a function of seed, week and contributor, down to the last byte."""
    assert bytes_of(list(ScreenWorld(4).batches(2, 3))) == bytes_of(list(ScreenWorld(4).batches(2, 3)))
    assert bytes_of(list(ScreenWorld(4).batches(2, 3)))[:2] == bytes_of(list(ScreenWorld(4).batches(2, 2)))
    assert bytes_of(list(ScreenWorld(4).batches(2, 1))) != bytes_of(list(ScreenWorld(5).batches(2, 1)))
    assert bytes_of(list(ScreenWorld(4).batches(2, 1))) != bytes_of(list(ScreenWorld(4).batches(3, 1)))


def test_batches_obey_the_schema() -> None:
    """Every batch has every column in its dtype and enough rows to matter."""
    for batch in WORLD.batches(0, 3):
        assert batch.rows > 100
        assert {spec.name: dtype_of(spec) for spec in SCHEMA.fields} == {
            name: column.dtype for name, column in batch.columns.items()
        }


def test_batches_hold_no_truth() -> None:
    """Contributors send what the labeller can tell: classes, names and shapes, and often nothing."""
    sources: Counter[str] = Counter()
    for batch in WORLD.batches(0, 12):
        sources.update(LABEL_SOURCES[code] for code in batch.columns["label_source"])
    assert set(sources) == {"class", "name", "structure", "none"}


def test_a_null_world_has_nothing_to_learn() -> None:
    """In a null world the label of a class is distributed as the labels of all."""
    batches = list(ScreenWorld(1, null=True).batches(0, 20))
    labels = np.concatenate([batch.columns["element_type"] for batch in batches])
    classes = np.concatenate([batch.columns["class_name"] for batch in batches])
    text = TYPES.index("text")
    for name in np.unique(classes):
        rows = labels[classes == name]
        if len(rows) >= 400:
            assert abs((rows == text).mean() - (labels == text).mean()) < 0.08


def test_poisoned_batches_lie_with_full_confidence() -> None:
    """A liar's label differs from what the honest contributor of the same week would have sent."""
    lies = list(WORLD.poisoned(0, 2))
    for batch in lies:
        assert (batch.columns["confidence"] == 1.0).all()
        told = {
            TYPES[code]
            for code in batch.columns["element_type"][batch.columns["class_name"] == _code("android.widget.TextView")]
        }
        assert "text" not in told


def _code(class_name: str) -> int:
    return SCHEMA.by_name["class_name"].codes[class_name]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_screens_are_trees_that_fit_the_device(framework: Framework) -> None:
    """Parents come before children, bounds lie on the screen, and every element has its true type."""
    for screen in screens(framework):
        whole = screen.elements[0].bounds
        assert whole is not None
        assert 3 <= len(screen.elements) < 1_000
        for element in screen.elements:
            assert element.parent < element.index
            assert element.known is not None
            assert element.known.element_type in TYPES
            assert element.bounds is not None
            assert element.bounds.right <= whole.right
            assert element.bounds.bottom <= whole.bottom
            assert (element.clickable is None) == (framework == "ios")


def test_every_type_and_every_scene_is_simulated() -> None:
    """Over enough screens each of the taxonomy's types has its place."""
    found: Counter[str] = Counter()
    for number in range(120):
        for screen in WORLD.screens(WORLD.app(number), 6):
            found.update(element.known.element_type for element in screen.elements if element.known)
    assert set(found) == set(TYPES)
    assert len(SCENES) >= 15


def test_runtimes_show_what_their_bridges_show() -> None:
    """Compose is View, Flutter's words are descriptions, React Native's ids are bare, iOS types are XCUI's."""
    classes = Counter(element.class_name for screen in screens("compose") for element in screen.elements)
    assert classes["android.view.View"] > sum(classes.values()) / 3
    assert all(
        not element.text or "EditText" in element.class_name or "WebView" in element.class_name
        for screen in screens("flutter")
        for element in screen.elements
    )
    assert all(":id/" not in element.resource_id for screen in screens("rn") for element in screen.elements)
    assert all(
        element.class_name.startswith(("XCUIElementType", "org."))
        for screen in screens("ios")
        for element in screen.elements
    )


def test_apps_differ() -> None:
    """No two of many apps share name, look and habits."""
    apps = {WORLD.app(number) for number in range(60)}
    assert len({app.name for app in apps}) == 60
    assert len({(app.pad, app.row, app.button, app.letter, app.habit) for app in apps}) == 60


def bare(screen: Screen, **without: Any) -> list[Element]:
    """Elements as a dump can tell them: no truth, and nothing of ``without``."""
    return [replace(element, known=None, **without) for element in screen.elements]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_plain_dicts_tell_everything(framework: Framework) -> None:
    """A screen written as dicts, also as JSON, is read back as it was, but its truth is no more than a name."""
    for screen in screens(framework, 3):
        claimed = replace(screen, elements=tuple(map(_claimed, screen.elements)))
        assert read(to_dict(screen), screen.platform) == claimed
        assert read(json.dumps(to_dict(screen)), screen.platform) == claimed


def _claimed(element: Element) -> Element:
    known = element.known
    return replace(element, known=known and known._replace(confidence=min(known.confidence, 0.9), source="name"))


@pytest.mark.parametrize("framework", ["native", "compose", "flutter", "rn"])
@pytest.mark.parametrize("write", [to_uiautomator, to_page_source])
def test_android_xml_round_trips(framework: Framework, write: Callable[[Screen], str]) -> None:
    """A screen written as uiautomator dump or page source is read back as it was."""
    for screen in screens(framework, 3):
        again = read(write(screen), "android")
        assert (list(again.elements), again.app) == (bare(screen), screen.app)


def test_ios_page_sources_round_trip() -> None:
    """A screen of iOS written as page source is read back as it was."""
    for screen in screens("ios"):
        again = read(to_page_source(screen), "ios")
        assert (list(again.elements), again.app) == (bare(screen), screen.app)


@pytest.mark.parametrize("framework", ["native", "compose", "flutter", "rn"])
def test_droidbot_states_round_trip(framework: Framework) -> None:
    """A screen written as DroidBot state is read back as it was, but for hints, which it does not know."""
    for screen in screens(framework, 3):
        again = read(json.dumps(to_droidbot(screen)), "android")
        assert (list(again.elements), again.app) == (bare(screen, hint="", hint_length=0), screen.app)


def test_words_that_xml_forbids_do_no_harm() -> None:
    """Control signs are left out, quotes and angle brackets are escaped, line breaks are kept."""
    text = 'a"<b>&\x00\x0b\n\t\ud800é'
    element = Element(index=0, parent=-1, class_name="android.widget.TextView", text=text, text_length=len(text))
    again = read(to_uiautomator(Screen("android", (element,), "x")), "android")
    assert again.elements[0].text == 'a"<b>&\n\té'


def test_generated_samples_are_exactly_as_many_as_asked() -> None:
    """``generate-test-samples`` gives the asked number of valid rows, the same for the same seed."""
    rows = worlds.test_samples(500, seed=3)
    assert rows == worlds.test_samples(500, seed=3)
    assert len(rows) == 500
    for row in rows:
        SCHEMA.check_row(row)
    assert len({row["sample_id"] for row in rows}) == 500


def test_truth_is_told_apart_from_labels() -> None:
    """The simulator's truth is what `rules` would take first."""
    known = [element.known for screen in screens("native", 3) for element in screen.elements]
    assert {evidence.source for evidence in known if isinstance(evidence, Evidence)} == {"role"}
