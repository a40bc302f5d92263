"""App models out of what readers saw: types, keys, locators, transitions, and the document that stands beside tests."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from samouk.domains.screens.appmodel import document
from samouk.domains.screens.appmodel.building import ModelBuilder
from samouk.domains.screens.appmodel.locating import locators_of
from samouk.domains.screens.appmodel.model import STABLE, AppModel
from samouk.domains.screens.appmodel.naming import snake, unique
from samouk.domains.screens.element import Screen
from samouk.domains.screens.source.widgets import BACK, Entry, Place, Sight, SourceScreen, Widget, Words
from samouk.domains.screens.testgen.finding import way

EMAIL = Entry("email", max_length=40)


def widget(index: int, parent: int = 0, class_name: str = "android.widget.Button", **told: Any) -> Widget:
    place = Place("login.xml", 10 + index)
    return Widget(index=index, parent=parent, name=class_name, class_name=class_name, place=place, **told)


ROOT = widget(0, -1, "android.widget.LinearLayout")
LOGIN = SourceScreen(
    name="LoginActivity",
    place=Place("login.xml", 1),
    title=Words("Welcome", "welcome"),
    entry=True,
    widgets=(
        ROOT,
        widget(
            1,
            class_name="android.widget.EditText",
            identifier="email",
            hint=Words("E-mail"),
            interactive=True,
            entry=EMAIL,
        ),
        widget(2, class_name="android.widget.EditText", password=True, interactive=True, entry=Entry("password")),
        widget(3, text=Words("Sign in", "sign_in"), interactive=True, clickable=True, leads_to="NotesActivity"),
        widget(4, class_name="android.widget.TextView", text=Words("Hello, ", dynamic=True)),
        widget(5, class_name="android.widget.TextView", text=Words("Forgotten?")),
        widget(6, class_name="com.acme.PinPad", identifier="pin_pad", interactive=True),
    ),
)
NOTES = SourceScreen(
    name="NotesActivity",
    place=Place("notes.xml", 1),
    widgets=(
        ROOT,
        widget(1, class_name="androidx.recyclerview.widget.RecyclerView", identifier="notes"),
        widget(
            2, 1, "android.widget.TextView", text=Words(dynamic=True), interactive=True, repeated=True, clickable=True
        ),
        widget(3, label=Words("Delete"), class_name="android.widget.ImageButton", interactive=True),
        widget(4, label=Words("Delete"), class_name="android.widget.ImageButton", interactive=True, leads_to=BACK),
        widget(5, text=Words("Save"), interactive=True),
        widget(6, 5, "android.widget.TextView", text=Words("Save")),
    ),
)
SIGHT = Sight(framework="android", app="org.example.notes", screens=(LOGIN, NOTES))


@pytest.fixture(scope="module")
def model() -> AppModel:
    return ModelBuilder().build([SIGHT])


def test_screens_and_their_transitions_carry_over(model: AppModel) -> None:
    assert [screen.key for screen in model.screens] == ["login_activity", "notes_activity"]
    assert (model.app, model.platforms, model.classifier) == ("org.example.notes", ("android",), "rules")
    assert model.by_key["login_activity"].title == "Welcome"
    assert [one[:3] for one in model.transitions] == [("login_activity", "sign_in_button", "notes_activity")]
    assert model.transitions[0].place == Place("login.xml", 13)
    assert [element.leads_to for element in model.by_key["notes_activity"].elements].count(BACK) == 1


def test_elements_have_types_keys_and_the_line_they_come_from(model: AppModel) -> None:
    told = {one.key: (one.type, one.type_source, one.place.line) for one in model.by_key["login_activity"].elements}
    assert told["email"] == ("text_input", "class", 11)
    assert told["password_input"] == ("password_input", "class", 12)
    assert told["sign_in_button"] == ("button", "class", 13)
    assert told["pin_pad"][2] == 16
    assert "hello_text" in told


def test_locators_stand_in_the_order_of_their_stability(model: AppModel) -> None:
    email = model.element("login_activity", "email")
    assert [one.strategy for one in email.locators] == ["id", "hint", "kind"]
    assert email.stable
    button = model.element("login_activity", "sign_in_button")
    assert (button.locators[0].strategy, button.locators[0].value, button.locators[0].key) == (
        "text",
        "Sign in",
        "sign_in",
    )
    assert not button.stable
    start = model.element("login_activity", "hello_text")
    assert [one.strategy for one in start.locators] == ["text_start"]


def rows(*widgets: Widget, name: str = "FlatList", identifier: str = "") -> dict[str, tuple[object, ...]]:
    """Row locators by the place of their widgets, of a list (1) and what else its screen shows."""
    held = widget(1, class_name=name, identifier=identifier)
    found = locators_of((widget(0, -1, "View"), held, *widgets))
    told = ((at, next((one for one in ways if one.strategy == "row"), None)) for at, ways in enumerate(found))
    return {str(at): (one.value, one.nth, one.within) for at, one in told if one is not None}


def tapped(index: int, parent: int = 1, **told: Any) -> Widget:
    return widget(index, parent, "Pressable", **{"interactive": True, "repeated": True} | told)


def test_a_row_is_told_by_its_list() -> None:
    """The first of its kind alone; what is in it, and what stands in no list, has no such place."""
    assert rows(tapped(2), identifier="notes") == {"2": ("notes", 0, "FlatList")}
    assert rows(tapped(2)) == {"2": ("", 0, "FlatList")}
    assert rows(tapped(2, repeated=False)) == {}
    assert rows(tapped(2), tapped(3, 2), tapped(4)) == {"2": ("", 0, "FlatList")}
    assert rows(widget(2, 1, "View", repeated=True), tapped(3, 2), tapped(4, 2)) == {"3": ("", 0, "FlatList")}
    assert rows(tapped(2), name="View") == {}
    assert rows(tapped(2, 0)) == {}


def test_what_can_be_tapped_above_a_row_is_counted_if_it_is_always_there() -> None:
    """By the children of the list that hold some."""
    above = widget(2, 1, "View"), tapped(3, 2, repeated=False), tapped(4, 2, repeated=False)
    assert rows(*above, tapped(5)) == {"5": ("", 1, "FlatList")}
    assert rows(*above[:2], tapped(4, 2, repeated=False, conditional=True), tapped(5)) == {}
    assert rows(widget(2, 1, "Text"), tapped(3)) == {"3": ("", 0, "FlatList")}


def test_on_ios_rows_are_counted_among_the_cells_that_hold_a_button() -> None:
    """A switch is none, and a stepper holds two."""
    names = ("Switch", "Button", "Stepper", "TextField")
    above = [
        replace(tapped(at, repeated=False), class_name=f"XCUIElementType{name}") for at, name in enumerate(names, 2)
    ]
    row = replace(tapped(6), class_name="XCUIElementTypeButton")
    told = rows(*above, row, name="XCUIElementTypeCollectionView")
    assert told == {"6": ("", 2, "XCUIElementTypeCollectionView")}


@pytest.mark.parametrize("name", ["DatePicker", "ColorPicker", "Link", "Cell", "Other"])
def test_below_what_may_hold_buttons_no_row_has_a_place_on_ios(name: str) -> None:
    unknown = replace(tapped(2, repeated=False), class_name=f"XCUIElementType{name}")
    row = replace(tapped(3), class_name="XCUIElementTypeButton")
    assert rows(unknown, row, name="XCUIElementTypeCollectionView") == {}


def cell(index: int, parent: int = 1, **told: Any) -> Widget:
    return widget(index, parent, "XCUIElementTypeCell", **told)


def test_a_row_that_is_a_cell_is_counted_among_all_cells() -> None:
    """Those that nobody taps as well, and no button that stands in none."""
    row = cell(4, interactive=True, repeated=True)
    button = widget(3, 1, "XCUIElementTypeButton", interactive=True)
    told = rows(cell(2), button, row, name="XCUIElementTypeTable")
    assert told == {"4": ("", 1, "XCUIElementTypeTable")}
    inner = widget(3, 2, "XCUIElementTypeButton", interactive=True, conditional=True)
    assert rows(cell(2), inner, row, name="XCUIElementTypeTable") == told


@pytest.mark.parametrize("told", [{"repeated": True}, {"conditional": True}])
def test_below_cells_that_come_and_go_no_cell_has_a_place(told: dict[str, Any]) -> None:
    row = cell(3, interactive=True, repeated=True)
    assert rows(cell(2, **told), row, name="XCUIElementTypeTable") == {}


def test_of_two_lists_only_a_name_tells_one() -> None:
    """Which none but that list bears."""
    other = widget(2, 0, "ScrollView")
    assert rows(other, tapped(3)) == {}
    assert rows(other, tapped(3), identifier="notes") == {"3": ("notes", 0, "FlatList")}
    twin = replace(other, identifier="notes")
    assert rows(twin, tapped(3), identifier="notes") == {}
    shared = replace(twin, class_name="View")
    assert rows(shared, tapped(3), identifier="notes") == {"3": ("", 0, "FlatList")}


WORDS = Words("All notes")


@pytest.mark.parametrize(
    ("widgets", "first"),
    [
        pytest.param([tapped(2, text=Words(dynamic=True))], True, id="its_own"),
        pytest.param([tapped(2), widget(3, 2, "Text")], True, id="inside_it"),
        pytest.param([tapped(2)], False, id="none"),
        pytest.param([widget(2, 1, "Text", text=WORDS), tapped(3, text=WORDS)], False, id="header"),
        pytest.param([widget(2, 1, "Icon", label=WORDS), tapped(3, text=WORDS)], False, id="spoken_header"),
        pytest.param([tapped(2, text=WORDS), widget(3, 1, "Text", conditional=True)], False, id="empty_text"),
        pytest.param([tapped(2, text=WORDS), widget(3, 0, "Text")], True, id="outside_the_list"),
        pytest.param(
            [widget(2, 1, "View", repeated=True), widget(3, 2, "Text"), tapped(4, 2, text=WORDS)], False, id="beside_it"
        ),
    ],
)
def test_a_row_says_whether_the_first_words_in_its_list_are_its_own(widgets: list[Widget], first: bool) -> None:
    """Those behind the rows are the first where there is no row."""
    held = (widget(0, -1, "View"), widget(1, class_name="FlatList", identifier="notes"))
    told = [one.first_words for ways in locators_of((*held, *widgets)) for one in ways if one.strategy == "row"]
    assert told == [first]


def test_the_place_of_a_row_is_the_last_resort() -> None:
    """Behind all words, and never stable."""
    (*_, ways) = locators_of((widget(0, -1, "FlatList"), tapped(1, 0, text=Words("Note ", dynamic=True))))
    assert [one.strategy for one in ways] == ["text_start", "row", "kind"]
    assert not any(one.stability >= STABLE for one in ways)


def starts(*widgets: Widget) -> list[tuple[str, float, bool]]:
    """Beginnings of identifiers by which a screen's widgets are found, with stability and whether they are alone."""
    found = locators_of((widget(0, -1, "View"), *widgets))
    return [(one.value, one.stability, one.unique) for ways in found for one in ways if one.strategy == "id_start"]


def test_an_identifier_with_data_is_found_by_how_it_begins() -> None:
    """It lasts nearly as long as a whole one, and stands before the place in the list."""
    assert starts(widget(1, identifier="row-*")) == [("row-", 0.9, True)]
    assert starts(widget(1, identifier="row-*", repeated=True)) == [("row-", 0.9, False)]
    (_, ways) = locators_of((widget(0, -1, "FlatList"), tapped(1, 0, identifier="row-*")))
    assert [one.strategy for one in ways] == ["id_start", "row", "kind"]
    assert STABLE <= ways[0].stability < 0.95


def test_of_identifiers_that_begin_alike_the_first_is_found() -> None:
    """A whole one counts too; what stands in a row does not make the row less sure."""
    assert starts(widget(1, identifier="row-1"), widget(2, identifier="row-*")) == []
    assert starts(widget(1, identifier="row-*"), widget(2, identifier="row-1")) == [("row-", 0.45, False)]
    assert starts(widget(1, identifier="row-*"), widget(2, 1, identifier="row-*")) == [("row-", 0.9, False)]
    assert starts(widget(1, identifier="row*"), widget(2, identifier="row-*")) == [("row", 0.45, False)]
    assert starts(widget(1, identifier="a-row-1"), widget(2, identifier="row-*")) == [("row-", 0.9, True)]


def test_a_list_whose_identifier_holds_data_is_told_by_its_class() -> None:
    """A row's list is looked for by a whole identifier."""
    assert rows(tapped(2), identifier="notes-*") == {"2": ("", 0, "FlatList")}


def test_two_alike_are_told_apart_by_their_order_and_are_less_stable(model: AppModel) -> None:
    first, second = (model.element("notes_activity", key) for key in ("delete_icon_button", "delete_icon_button_2"))
    assert [(one.locators[0].value, one.locators[0].nth, one.locators[0].unique) for one in (first, second)] == [
        ("Delete", 0, False),
        ("Delete", 1, False),
    ]
    assert not first.stable


def test_words_on_a_button_are_the_buttons_and_no_second_match(model: AppModel) -> None:
    keys = [one.key for one in model.by_key["notes_activity"].elements]
    assert "save_button" in keys
    assert not any("text" in key for key in keys if key.startswith("save"))
    assert model.element("notes_activity", "save_button").locators[0].unique


def test_what_is_repeated_is_one_element_that_no_locator_finds_alone(model: AppModel) -> None:
    rows = [one for one in model.by_key["notes_activity"].elements if one.repeated]
    assert len(rows) == 1
    assert not any(one.unique for one in rows[0].locators)


def test_a_project_of_two_frameworks_keeps_screens_of_one_name_apart() -> None:
    twin = replace(SIGHT, framework="ios", app="", screens=(replace(LOGIN, widgets=LOGIN.widgets[:1]),))
    model = ModelBuilder().build([SIGHT, twin])
    assert [screen.key for screen in model.screens] == ["login_activity", "notes_activity", "login_activity_2"]
    assert model.platforms == ("android", "ios")


def test_every_screen_is_shown_to_whoever_collects() -> None:
    seen: list[Screen] = []
    ModelBuilder(seen=seen.append).build([SIGHT])
    assert [len(screen.elements) for screen in seen] == [7, 7]


def test_the_shipped_model_answers_where_the_rules_are_silent(tmp_path: Path) -> None:
    from samouk.domains.screens.observer import OBSERVER
    from samouk.edge.memory import PersonalMemory
    from samouk.edge.predictor import Predictor

    path = OBSERVER.bundled_model()
    assert path is not None
    with Predictor(path, OBSERVER, PersonalMemory(tmp_path / "memory.json")) as predictor:
        model = ModelBuilder(predictor).build([SIGHT])
    pad = model.element("login_activity", "pin_pad")
    assert pad.type_source in ("model", "structure", "none")
    assert model.element("login_activity", "email").type_source == "class"


def test_the_document_follows_its_schema_and_reads_back_the_same(model: AppModel) -> None:
    content = document.encode(model)
    jsonschema.validate(json.loads(content), json.loads(document.schema()))
    assert document.decode(content) == model
    assert document.encode(document.decode(content)) == content


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"{", "JSON"),
        (b"[]", "format"),
        (b'{"format": 9}', "format"),
        (b'{"format": 1}', "app"),
        (b'{"format": 1, "app": "x", "platforms": 3}', "schema"),
        (b'\xff\xfe{"format": 1}', "JSON"),
    ],
)
def test_a_document_that_is_no_model_is_refused_by_field(content: bytes, named: str) -> None:
    with pytest.raises(document.NotAModel, match=named):
        document.decode(content)


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("LoginActivity", "login_activity"),
        ("HTTPServer2Screen", "http_server2_screen"),
        ("Сохранить заметку", "sokhranit_zametku"),
        ("Über uns!", "uber_uns"),
        ("3 days", "n3_days"),
        ("class", "class_"),
        ("日本", ""),
        ("a" * 80, "a" * 40),
    ],
)
def test_keys_are_python_names(words: str, key: str) -> None:
    assert snake(words) == key


def test_a_key_that_is_taken_gets_a_number() -> None:
    assert list(unique(["a", "a", "a_2", "a"])) == ["a", "a_2", "a_2_2", "a_3"]


def plain(index: int, parent: int = 0, **told: Any) -> Widget:
    """A button without a name of its own."""
    return widget(index, parent, interactive=True, **told)


def keys(*widgets: Widget) -> list[str]:
    """Keys of a screen with these widgets below its root."""
    asked = replace(NOTES, name="Asked", widgets=(ROOT, *widgets))
    model = ModelBuilder().build([replace(SIGHT, screens=(LOGIN, asked))])
    return [one.key for one in model.by_key["asked"].elements]


def test_what_has_no_name_is_named_after_where_it_leads() -> None:
    found = keys(plain(1, leads_to="LoginActivity"), plain(2, leads_to=BACK), plain(3, leads_to="Elsewhere"), plain(4))
    assert found == ["opens_login_activity", "back_button", "button", "button_2"]


def test_what_has_no_name_is_named_after_what_holds_it() -> None:
    layout, recycler = "android.widget.LinearLayout", "androidx.recyclerview.widget.RecyclerView"
    found = keys(
        widget(1, 0, layout, identifier="header"),
        widget(2, 1, layout),
        plain(3, 2),
        widget(4, 0, recycler),
        plain(5, 4, repeated=True),
    )
    assert found == ["header_button", "list_button"]


def test_one_that_is_put_before_others_leaves_their_keys_alone() -> None:
    layout = "android.widget.LinearLayout"

    def screen(first: int) -> list[Widget]:
        return [
            plain(first, leads_to="LoginActivity"),
            widget(first + 1, 0, layout, identifier="bar"),
            plain(first + 2, first + 1),
        ]

    before = keys(*screen(1))
    assert keys(plain(1), *screen(2)) == ["button", *before]


def test_what_its_reader_says_is_swallowed_is_found_on_android_alone() -> None:
    """React Native shows what is accessible as one thing to iOS."""
    row = widget(1, class_name="Pressable", interactive=True)
    inner = widget(2, 1, "Button", identifier="share", interactive=True, swallowed=True)
    beside = widget(3, 1, "Button", identifier="add", interactive=True)
    seen = SourceScreen(name="Only", place=Place("a.tsx", 1), widgets=(widget(0, -1, "View"), row, inner, beside))
    only = ModelBuilder().build([Sight(framework="react_native", screens=(seen,))]).screens[0]
    told = {one.key: one for one in only.elements}
    assert (told["share"].swallowed, told["add"].swallowed) == (True, False)
    assert way(only, told["share"], "ios") is None
    assert way(only, told["share"], "android") is not None
    assert way(only, told["add"], "ios") is not None
