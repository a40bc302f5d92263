"""What is true of reading a Compose app as a whole."""

from __future__ import annotations

import pickle
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest
from tests.domains.screens.source.compose_app import acting, screen_of, seen

from samouk.domains.screens.source.compose.reader import READER
from samouk.domains.screens.source.files import walk
from samouk.domains.screens.source.reading import Unparsable, detect, read
from samouk.domains.screens.source.widgets import BACK, Entry, Sight
from samouk.domains.screens.taxonomy import PUBLIC_CLASSES

EXAMPLE = Path(__file__).parents[4] / "examples" / "apps" / "compose"

COUNTED = {
    "LoginScreen": [
        *(("LoginScreen.kt", line) for line in (36, 43, 52, 53)),
        ("Widgets.kt", 78),
    ],
    "ShelfScreen": [("ShelfScreen.kt", line) for line in (49, 57, 82, 82, 94, 111)],
    "SortMenu": [("ShelfScreen.kt", 115), ("ShelfScreen.kt", 116)],
    "BookScreen": [*(("BookScreen.kt", line) for line in (40, 49, 58, 60)), ("Widgets.kt", 104)],
    "DeleteDialog": [("BookScreen.kt", 78), ("BookScreen.kt", 81)],
    "AddBookScreen": [
        *(("AddBookScreen.kt", line) for line in (40, 41, 47, 60, 71)),
        *(("Widgets.kt", line) for line in (85, 85, 104)),
    ],
    "GenreField": [("AddBookScreen.kt", 80)] * 3,
    "SettingsScreen": [
        *(("SettingsScreen.kt", line) for line in (31, 32)),
        *(("Widgets.kt", line) for line in (78, 104)),
    ],
}
"""What a person can act on, counted by hand in the example app; menus and dialogs by themselves."""


@pytest.fixture(scope="module")
def example() -> Sight:
    return read("compose", EXAMPLE, workers=1)


def test_the_example_app_has_the_elements_that_were_counted_by_hand(example: Sight) -> None:
    """Each line where something can be acted on, in each screen, and no other."""
    found = {
        screen.name: sorted((one.place.file.rpartition("/")[2], one.place.line) for one in acting(screen))
        for screen in example.screens
    }
    assert found == {name: sorted(lines) for name, lines in COUNTED.items()}
    assert not example.troubles


def test_identifiers_of_the_example_app_are_those_of_the_running_one(example: Sight) -> None:
    """Tags of a screen's own are ids for a driver, since the activity says so at the root."""
    running = {node.get("resource-id") for node in parse(EXAMPLE / "running.android.xml").iter()} - {None}
    told = {one.identifier for screen in example.screens for one in screen.widgets} - {""}
    assert example.tags_visible
    assert told == running


def test_the_example_app_is_walked_as_its_source_says(example: Sight) -> None:
    """What each tap opens."""
    ways = {
        (screen.name, one.text.value or one.label.value): one.leads_to
        for screen in example.screens
        for one in acting(screen)
        if one.leads_to
    }
    assert ways == {
        ("LoginScreen", "Sign in"): "ShelfScreen",
        ("ShelfScreen", "Settings"): "SettingsScreen",
        ("ShelfScreen", "More options"): "SortMenu",
        ("ShelfScreen", ""): "BookScreen",
        ("ShelfScreen", "Add a book"): "AddBookScreen",
        ("SortMenu", "Sort by title"): BACK,
        ("SortMenu", "Sort by author"): BACK,
        ("BookScreen", "Back"): BACK,
        ("BookScreen", "Delete"): "DeleteDialog",
        ("DeleteDialog", "Keep it"): BACK,
        ("AddBookScreen", "Back"): BACK,
        ("AddBookScreen", "Novel"): "GenreField",
        ("AddBookScreen", "Save"): BACK,
        ("GenreField", "Novel"): BACK,
        ("GenreField", "Science"): BACK,
        ("GenreField", "Poetry"): BACK,
        ("SettingsScreen", "Back"): BACK,
        ("SettingsScreen", "Sign out"): "LoginScreen",
    }


def test_the_example_app_tells_what_its_inputs_take(example: Sight) -> None:
    """Kind, longest text, and what is filtered, through the app's own wrapper."""
    entries = {
        one.identifier: one.entry for screen in example.screens for one in acting(screen) if one.entry is not None
    }
    assert entries == {
        "email": Entry("email", 40),
        "password": Entry("password", 20),
        "title": Entry("text"),
        "": Entry("text"),  # the author, which has no tag
        "pages": Entry("number", 4, filtered=True),
    }


def test_the_first_screen_of_the_example_app_is_its_start_destination(example: Sight) -> None:
    """And the app is named as its build file names it."""
    assert [screen.name for screen in example.screens if screen.entry] == ["LoginScreen"]
    assert example.app == "org.example.bookshelf"
    assert {screen.activity for screen in example.screens} == {"MainActivity"}
    assert example.strings["sign_in"] == "Sign in"


def test_classes_are_public_ones(example: Sight) -> None:
    """Every widget bears a class that the taxonomy knows."""
    assert {one.class_name for screen in example.screens for one in screen.widgets} <= set(PUBLIC_CLASSES)


def test_widgets_stand_in_preorder(example: Sight) -> None:
    """Indices count from 0, and a parent stands before its children."""
    for screen in example.screens:
        assert [one.index for one in screen.widgets] == list(range(len(screen.widgets)))
        assert all(-1 <= one.parent < one.index for one in screen.widgets)


def test_the_example_app_is_detected_as_compose() -> None:
    """By what its Kotlin uses."""
    assert ("compose", EXAMPLE.resolve()) in detect(EXAMPLE)


def test_an_app_without_composables_is_not_detected(tmp_path: Path) -> None:
    """Kotlin alone is not enough, nor a composable in a test."""
    (tmp_path / "test").mkdir()
    (tmp_path / "Main.kt").write_text("class Main")
    (tmp_path / "test" / "MainTest.kt").write_text("import androidx.compose.runtime.*\n@Composable fun A() {}")
    assert not READER.detect(walk(tmp_path))


def test_facts_go_from_process_to_process() -> None:
    """They are picklable, and stay the same."""
    facts = READER.extract("a/Screens.kt", b'@Composable\nfun A(x: Int = 1) { Text("a$x") }')
    assert pickle.loads(pickle.dumps(facts)) == facts


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("app/src/main/java/A.kt", True),
        ("app/src/main/res/values/strings.xml", True),
        ("app/src/main/res/values-ru/strings.xml", True),
        ("app/src/main/AndroidManifest.xml", True),
        ("app/build.gradle.kts", True),
        ("app/src/main/res/layout/main.xml", False),
        ("settings.gradle.kts", False),
        ("A.java", False),
    ],
)
def test_only_files_that_tell_something_are_opened(path: str, wanted: bool) -> None:
    """By the path alone."""
    assert READER.wants(path) is wanted


def test_a_broken_function_is_left_out_and_named_and_the_rest_is_kept() -> None:
    """A syntax error costs one declaration."""
    facts = READER.extract(
        "Screens.kt", b'@Composable\nfun Whole() { Text("a") }\n\n@Composable\nfun Broken() { Text( ( }\n'
    )
    assert [function.name for function in facts.content.functions] == ["Whole"]
    assert [trouble.file for trouble in facts.troubles] == ["Screens.kt"]
    assert facts.troubles[0].line >= 4


def test_string_resources_that_are_not_xml_are_refused_with_their_line() -> None:
    """The message names what is wrong."""
    with pytest.raises(Unparsable) as caught:
        READER.extract("res/values/strings.xml", b"<resources>\n<string>\n</resources>")
    assert caught.value.line == 3


def test_an_app_of_nothing_has_no_screens() -> None:
    """No file, no error."""
    sight = READER.link({})
    assert sight.screens == ()
    assert not sight.tags_visible


def test_words_of_another_language_do_not_take_the_place_of_the_default_ones() -> None:
    """The default folder wins, whatever the order of the files."""
    more = {
        "app/src/main/res/values-de/strings.xml": '<resources><string name="save">Sichern</string></resources>',
        "app/src/debug/res/values/more.xml": '<resources><string name="extra">Extra</string></resources>',
    }
    sight = seen("@Composable fun MainScreen() { Button(onClick = {}) { Text(stringResource(R.string.save)) } }", more)
    assert acting(screen_of(sight, "MainScreen"))[0].text.value == "Save"
    assert sight.strings["extra"] == "Extra"
    assert sight.strings["again"] == "Save"
    assert sight.strings["quoted"] == "Don't stop"


ENDLESS = """    var page = ist<Pa$ge>()
    val pages = List<Pa$ge>()
    fun first(): Page? {
        if (page == 0) {
        }
        page--
]
    fun next(): Page? {
        if (page >= pages.size) {
  @          return null
        }

        val one = pages[page]
        page++
        return one
    }

    fun add(one: Pag (pages.size > pageOne) {  while (pages.size > page) {
            pages.removeAt(pages.last)
        }

        pages.add(one)
        page++
    }
}
"""


def test_a_file_with_which_the_grammar_comes_to_no_end_is_left_out() -> None:
    """The parser is stopped, and parses the next file as ever."""
    with pytest.raises(Unparsable, match="no parser comes to an end"):
        READER.extract("Broken.kt", ENDLESS.encode())
    assert READER.extract("Whole.kt", b"fun whole() { }").content.functions
