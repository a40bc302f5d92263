"""The measure on real apps: what it counts as found, and which names it takes out of an app's own UI tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.real_apps import compared, counted, named_in, read, shares

EXAMPLE = Path(__file__).parents[3] / "examples" / "apps" / "compose"


def test_a_count_by_hand_may_name_several_lines_for_one_element() -> None:
    by_hand = counted("# by hand\nlib/a.dart:3|lib/a.dart:4\n\nlib/my list/b.dart:7\nlib/my list/b.dart:7\n")
    found = ["lib/a.dart:4", "lib/a.dart:9", "lib/other.dart:1"]
    assert compared(by_hand, found) == {"counted": 2, "found": 1, "missing": 1, "extra": 1}


@pytest.mark.parametrize(
    ("suffix", "content", "ids", "words"),
    [
        (".kt", 'onNodeWithText(getString(R.string.save)); onNodeWithContentDescription("Back")', {"save"}, {"Back"}),
        (".kt", 'device.findObject(By.text("Send")); hasTestTag("list")', set(), {"Send", "list"}),
        (".dart", "find.byKey(const ValueKey('add')); find.text('Home')", set(), {"add", "Home"}),
        (".js", "element(by.id('sign_in')); getByText(\"Sign in\")", set(), {"sign_in", "Sign in"}),
        (".swift", 'app.buttons["Save"].tap()', set(), {"Save"}),
        (".yaml", '- tapOn: "Sign in"\n- assertVisible:\n    id: "email"\n', set(), {"Sign in", "email"}),
    ],
)
def test_tests_of_each_kind_name_ids_and_words(suffix: str, content: str, ids: set[str], words: set[str]) -> None:
    assert named_in(content, suffix) == (ids, words)


def test_shares_are_of_distinct_names(tmp_path: Path) -> None:
    (tmp_path / "A.kt").write_text('R.string.save R.string.save R.string.gone onNodeWithText("Save all")')
    told = shares(tmp_path, {"save"}, {"Save all of it"})
    assert told == {"ids": 2, "ids_in_model": 1, "words": 1, "words_in_model": 1}


def test_an_app_is_read_in_a_process_of_its_own() -> None:
    figures = read("compose", EXAMPLE)["figures"]
    assert figures["left_out"] == 0
    assert figures["distinct_lines"] <= figures["lines_by_screen"] <= figures["elements_by_screen"]
