"""Corrections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.edge.thing import ThingObserver

from samouk.edge import FeedbackCollector, places
from samouk.edge.memory import PersonalMemory
from samouk.edge.observer import Observation
from samouk.edge.testing import MemoryServer

ELEMENT = {"n": 7, "size": 30, "word": "secret"}


@pytest.fixture
def knobs(tmp_path: Path, server: MemoryServer, environ: dict[str, str]) -> dict[str, Any]:
    return {"transport": server, "observer": ThingObserver(), "environ": environ, "cache_dir": tmp_path / "cache"}


@pytest.fixture
def feedback(knobs: dict[str, Any]) -> Iterator[FeedbackCollector]:
    with FeedbackCollector(opt_in=True, **knobs) as collector:
        yield collector


def correct(feedback: FeedbackCollector, actual: str = "odd", element: Any = ELEMENT) -> bool:
    return feedback.record_correction(element=element, predicted_type="small", actual_type=actual, platform="ios")


def recalled(environ: dict[str, str]) -> list[str | None]:
    key = ThingObserver().correct(ELEMENT, "odd", "ios").keys
    return PersonalMemory(places.memory_file(environ, "test.thing")).recall(key)


def test_a_correction_is_remembered_and_sent(
    feedback: FeedbackCollector, server: MemoryServer, environ: dict[str, str]
) -> None:
    """A correction is in the memory at once and reaches the server in a batch of its own kind."""
    assert correct(feedback)
    assert recalled(environ) == ["odd"]
    assert feedback.stats().pending == 1
    assert feedback.flush().rows == 1
    (row,) = server.rows()
    assert (row["element_type"], row["label_source"], row["n"]) == ("odd", "correction", 7)


@pytest.mark.parametrize(("actual", "element"), [("nothing", ELEMENT), ("odd", {"n": -1, "size": 3}), ("odd", None)])
def test_a_wrong_correction_is_said_and_not_kept(
    feedback: FeedbackCollector, environ: dict[str, str], actual: str, element: Any
) -> None:
    """A type that does not exist, or an element that cannot be read, is False with the reason; nothing is kept."""
    assert not correct(feedback, actual, element)
    assert feedback.last_error
    assert recalled(environ) == [None]
    assert feedback.stats().pending == 0
    assert correct(feedback)
    assert feedback.last_error == ""


class Unsure(ThingObserver):
    """Cannot tell a single thing from others."""

    def correct(self, element: Any, actual: str, platform: str) -> Observation:
        return replace(super().correct(element, actual, platform), keys=("",))


def test_what_is_neither_remembered_nor_shared_is_not_taken(knobs: dict[str, Any], environ: dict[str, str]) -> None:
    """Where too little is known to remember an element, a correction that is not shared either is refused aloud."""
    with FeedbackCollector(**{**knobs, "observer": Unsure()}) as feedback:
        assert not correct(feedback)
        assert "too little is known" in feedback.last_error
    with FeedbackCollector(opt_in=True, **{**knobs, "observer": Unsure()}) as feedback:
        assert correct(feedback) and feedback.stats().pending == 1
    assert len(PersonalMemory(places.memory_file(environ, "test.thing"))) == 0


def test_without_consent_the_memory_still_learns(
    knobs: dict[str, Any], server: MemoryServer, environ: dict[str, str], tmp_path: Path
) -> None:
    """A correction serves its own user even when nothing may be shared."""
    with FeedbackCollector(**knobs) as feedback:
        assert correct(feedback)
        feedback.flush()
    assert recalled(environ) == ["odd"]
    assert server.requests == []
    assert not (tmp_path / "cache").exists()
