"""Kotlin that is newer than the grammar is read all the same."""

from __future__ import annotations

import pytest
from tests.domains.screens.source.compose_app import acting, shown

from samouk.domains.screens.source.compose.reader import READER

NAMED = '<resources><string name="{}">{}</string></resources>'

NEWER = {
    "a slot in brackets": "fun whole(content: @Composable (() -> Unit)) { content() }",
    "a default for one": "fun whole(content: @Composable (Scope.() -> Unit) = {}, more: Int = 1) { content() }",
    "a suspending action in brackets": "fun whole(action: suspend (Scope.() -> Unit)) { action() }",
    "a suspending lambda": "fun whole() {\n    val all = list()\n    suspend { all.add(1) }.catching()\n}",
    "a guard": "fun whole(a: Any) = when (a) {\n    is Ready if a.open -> 1\n    is Ready -> 2\n    else -> 3\n}",
    "several signs": 'val words = $$"costs $5"\nfun whole() = words',
    "an annotated getter": "val colour: Colour\n    @Composable\n    get() = Theme.colour\nfun whole() = colour",
    "a field of its own": "class Model {\n    val state: Flow<Int>\n        field = MutableFlow(1)\n}\nfun whole() = 1",
    "a visible constant": '@VisibleForTesting\nconst val TAG = "a"\nfun whole() = TAG',
    "an annotated expression": "@Shown\n@Composable\ninternal fun whole() = Frame {\n    Text(words = 1)\n}",
}


LOST = {
    "a private function": "@Marked(A::class)\n@Composable\nprivate fun whole() {\n    Row { val a = B.c }\n}",
    "a private one for a type": "@Marked\n@Composable\nprivate fun <T> Scope.whole(a: T) {\n    Row { }\n}",
    "a public one": "@Marked\n@Composable\npublic fun whole() {\n    Row { }\n}",
}


@pytest.mark.parametrize("source", LOST.values(), ids=LOST)
def test_a_function_behind_annotations_is_no_expression(source: str) -> None:
    """With the line of its name; what is private stays so."""
    (function,) = READER.extract("A.kt", source.encode()).content.functions
    assert (function.name, function.composable, function.line) == ("whole", True, 3)
    assert function.private is ("private" in source)


def test_a_class_behind_annotations_is_no_expression() -> None:
    """Nothing is read off them."""
    source = (
        "@Into(Scope::class)\n@Module\ninterface First {\n    val a: Int\n}\n@Kept @Shown data class Second(val b: Int)"
    )
    facts = READER.extract("A.kt", source.encode())
    assert [(one.name, one.line) for one in facts.content.classes] == [("First", 3), ("Second", 6)]


@pytest.mark.parametrize("source", NEWER.values(), ids=NEWER)
def test_newer_kotlin_is_read(source: str) -> None:
    """Nothing is left out, and the function is there."""
    facts = READER.extract("A.kt", source.encode())
    assert [one.name for one in facts.content.functions] == ["whole"]
    assert not facts.troubles


def test_a_property_with_a_field_of_its_own_has_its_value() -> None:
    """And a constant behind an annotation has its words."""
    screen = shown(
        "Text(TAG)\nText(Model().words)",
        """@VisibleForTesting
        internal const val TAG = "Kept"
        class Model {
            val words: String
                field = "Shown"
        }""",
    )
    assert [one.text.value for one in screen.widgets] == ["Kept", "Shown"]


def test_a_name_for_a_type_or_for_its_resources_stands_for_it() -> None:
    """``typealias``, and imports of ``R.string``."""
    files = {
        "ui/Names.kt": "package org.example.ui\ntypealias Strings = org.example.ui.R.string\ntypealias Rows = RowData",
        "ui/RowData.kt": "package org.example.ui\ndata class RowData(val words: Int)",
    }
    screen = shown(
        """val row = Rows(Strings.save)
        Button({}) { Text(stringResource(row.words)) }
        Button({}) { Text(stringResource(string.back)) }
        Button({}) { Text(stringResource(MyR.string.app_name)) }""",
        """import org.example.ui.Rows
        import org.example.ui.Strings
        import org.example.ui.R.string
        import org.example.ui.R as MyR""",
        files,
    )
    assert [one.text.key for one in acting(screen)] == ["save", "back", "app_name"]


def test_a_subject_that_is_named_is_known_by_its_name() -> None:
    """``when (val shown = state)``; a type that is tested is known in its branch."""
    screen = shown(
        """when (val shown = state()) {
            is Page.Full -> Text(stringResource(shown.kind.words))
            else -> Text("Empty")
        }""",
        """enum class Kind(val words: Int) { ONLY(R.string.save) }
        sealed interface Page {
            data class Full(val kind: Kind) : Page
            data object Empty : Page
        }
        fun state(): Page = load()""",
    )
    assert {one.text.key for one in screen.widgets} == {"save", ""}


@pytest.mark.parametrize(
    "path",
    [
        "core/src/commonMain/composeResources/values/strings.xml",
        "i18n/src/commonMain/moko-resources/base/strings.xml",
    ],
)
def test_shared_resources_are_read(path: str) -> None:
    assert READER.wants(path)


def test_resources_that_platforms_share_are_words() -> None:
    """``Res.string`` and ``MR.strings``; those of a language do not take the place of the default ones."""
    files = {
        "ui/src/commonMain/composeResources/values/strings.xml": NAMED.format("go", "Go"),
        "i18n/src/commonMain/moko-resources/base/strings.xml": NAMED.format("stop", "Stop"),
        "i18n/src/commonMain/moko-resources/af/strings.xml": NAMED.format("stop", "Staak"),
        "ui/Res.kt": "package org.example.ui\nobject UiRes { val string = Res.string }",
    }
    screen = shown(
        """Button({}) { Text(stringResource(Res.string.go)) }
        Button({}) { Text(stringResource(MR.strings.stop)) }
        Button({}) { Text(stringResource(UiRes.string.go)) }""",
        "import org.example.ui.UiRes",
        files,
    )
    assert [one.text.value for one in acting(screen)] == ["Go", "Stop", "Go"]
