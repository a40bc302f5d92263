"""Words of a Flutter app that stand in JSON files, as packages that translate keep them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.domains.screens.source.test_flutter import body

from samouk.domains.screens.source.flutter.strings import is_translation
from samouk.domains.screens.source.widgets import SourceScreen, Words

ENGLISH = {
    "title": "Hello",
    "tab": {"open": "Open", "deep": {"own": "Own"}},
    "warn": "Not {port}",
    "left": {"one": "One left", "other": "{} left"},
}


def translated(root: Path, widgets: str, path: str = "assets/translations/en-US.json") -> SourceScreen:
    """The screen of an app with English words in a JSON file."""
    for name, content in ((path, ENGLISH), (path.replace("en-US", "de-DE"), {"title": "Hallo"})):
        if not (root / name).exists():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(json.dumps(content))
    return body(root, widgets)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param("t.tab.open", Words("Open", "tab.open"), id="groups"),
        pytest.param("context.t.tab.deep.own", Words("Own", "tab.deep.own"), id="deeper, by context"),
        pytest.param("Translations.of(context).title", Words("Hello", "title"), id="by class"),
        pytest.param("t.warn(port: '80')", Words("Not 80", "warn"), id="filled in by name"),
        pytest.param("t.warn(port: port)", Words("Not ", "warn", True), id="filled in while it runs"),
        pytest.param("'tab.open'.tr()", Words("Open", "tab.open"), id="call on a key"),
        pytest.param("'tab.open'.tr", Words("Open", "tab.open"), id="getter of a key"),
        pytest.param("tr('title')", Words("Hello", "title"), id="function"),
        pytest.param("context.tr('title')", Words("Hello", "title"), id="by context"),
        pytest.param("Keys.tab_deep_own.tr()", Words("Own", "tab.deep.own"), id="generated constant"),
        pytest.param("'left'.plural(count)", Words("", "left", True), id="counted"),
        pytest.param("'nowhere'.tr()", Words("nowhere"), id="no such key"),
    ],
)
def test_words_are_looked_up(tmp_path: Path, value: str, words: Words) -> None:
    (text,) = translated(tmp_path, f"Text({value})").widgets
    assert text.text == words


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("assets/translations/en.json", True),
        ("lib/i18n/en_US.json", True),
        ("lib/i18n/strings.i18n.json", True),
        ("assets/i18n/zh-Hans-CN.json", True),
        ("assets/data/en.json", False),
        ("assets/i18n/config.json", False),
    ],
)
def test_which_files_hold_words(path: str, told: bool) -> None:
    assert is_translation(path) is told


def test_a_named_file_without_a_language_is_the_default(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "strings_de.i18n.json").write_text('{"greet": "Hallo $name"}')
    (tmp_path / "lib" / "strings.i18n.json").write_text('{"greet(rich)": "Hi $name", "none": {"a": 1}}')
    (text,) = body(tmp_path, "Text(t.greet(name: 'Ann'))").widgets
    assert text.text == Words("Hi Ann", "greet")
