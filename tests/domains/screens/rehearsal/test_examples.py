"""From the source of each example app to tests that pass on what the running app shows, and notice when it breaks.

What an app shows is written by hand, from what its framework does, and not by the readers: so a locator that a reader
got wrong finds nothing here.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.screens.rehearsal.examples import Example, examples, written

from samouk.domains.screens.source.reading import detect
from samouk.domains.screens.testgen.rehearsal.proving import prove
from samouk.domains.screens.testgen.rehearsal.server import Server

FRAMEWORKS = {"android", "compose", "flutter", "react_native", "ios"}


def test_there_is_an_example_of_each_framework() -> None:
    """An app that is missing would prove nothing, and quietly."""
    assert {framework for one in examples() for framework in _frameworks(one)} == FRAMEWORKS


def _frameworks(example: Example) -> set[str]:
    return {framework for framework, _ in detect(example.folder)}


@pytest.mark.slow
@pytest.mark.parametrize("example", examples(), ids=str)
def test_the_suite_of_an_example_passes_and_notices_what_is_broken(
    example: Example, server: Server, tmp_path: Path
) -> None:
    """No test fails, all but a few run, and nine of ten that touch a broken element fail."""
    suite = tmp_path / "suite"
    suite.mkdir()
    proof = prove(*written(example, suite), suite, example.running, server.url)
    done = proof.rehearsal
    assert done.of("failed") == ()
    # What is skipped shows on purpose what a test does without an element that the app shows under a condition.
    assert done.count("passed") >= 45
    assert done.count("skipped") <= 2
    assert all("shown only under a condition" in one.reason for one in done.of("skipped"))
    assert proof.unseen == ()
    assert proof.fates.tried >= 40
    assert proof.fates.kill_rate >= 0.9, [(*one.mutant[:3], one.survived) for one in proof.fates.unnoticed]
