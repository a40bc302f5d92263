"""A model is drawn so that each of its locators finds its element, on both platforms."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element

import pytest
from tests.domains.screens.testgen.shop import SHOP, by_id, element, found_by, model, screen

from samouk.domains.screens.appmodel.model import AppModel
from samouk.domains.screens.appmodel.types import platforms_of
from samouk.domains.screens.element import Platform
from samouk.domains.screens.source.widgets import Framework
from samouk.domains.screens.testgen.finding import way
from samouk.domains.screens.testgen.rehearsal.drawing import ROWS, draw
from samouk.domains.screens.testgen.rehearsal.drawn import Drawn, matching, parse
from samouk.domains.screens.testgen.rehearsal.mutation import nodes_of


def of(framework: Framework, *platforms: Platform) -> AppModel:
    """The shop in another framework."""
    screens = tuple(replace(one, framework=framework) for one in SHOP.screens)
    return replace(SHOP, screens=screens, platforms=platforms)


def node(app: Drawn, name: str, key: str, told: AppModel = SHOP) -> Element:
    found = nodes_of(app, name, told.by_key[name], told.element(name, key))
    assert found
    return found[0]


@pytest.mark.parametrize(
    ("framework", "platform"),
    [
        ("android", "android"),
        ("compose", "android"),
        ("flutter", "android"),
        ("flutter", "ios"),
        ("react_native", "android"),
        ("react_native", "ios"),
        ("ios", "ios"),
    ],
)
def test_every_locator_finds_its_element(framework: Framework, platform: Platform) -> None:
    """One node each, and of what is repeated each row; what has no locator is drawn and not found."""
    told = of(framework, platform)
    app = parse(draw(told, platform))
    for one in told.screens:
        for each in one.elements:
            found = way(one, each, platform)
            if found is not None:
                count = len(matching(app, app.screens[one.key], found))
                assert count == (ROWS if each.repeated else 1), (one.key, each.key, found)


@pytest.mark.parametrize(
    ("framework", "within", "name"),
    [
        ("android", "androidx.recyclerview.widget.RecyclerView", ""),
        ("compose", "ListView", "notes"),
        ("react_native", "FlatList", ""),
        ("react_native", "FlatList", "notes"),
        ("ios", "XCUIElementTypeCollectionView", ""),
        ("ios", "XCUIElementTypeTable", "notes"),
    ],
)
def test_rows_are_drawn_in_their_list(framework: Framework, within: str, name: str) -> None:
    """Where the model has the list as well, in that; and other cells above them where they are counted."""
    nth = 1 if framework == "ios" else 0
    row = element("row", "list_item", found_by("row", name, within=within, nth=nth), repeated=True)
    row = replace(row, class_name="XCUIElementTypeButton")
    held = [by_id("notes", "list", interactive=False)] if name else []
    for platform in platforms_of(framework):
        told = model(
            screen("home", by_id("add", "button"), *held, row, framework=framework), platforms=platforms_of(framework)
        )
        app = parse(draw(told, platform))
        found = way(told.screens[0], told.element("home", "row"), platform)
        assert found is not None
        assert len(matching(app, app.screens["home"], found)) == ROWS


@pytest.mark.parametrize(
    ("class_name", "kind", "platforms"),
    [
        ("Pressable", "list_item", ["android", "ios"]),
        ("Pressable", "button", ["android", "ios"]),
        ("ListTile", "list_item", ["android", "ios"]),
        ("Text", "list_item", ["android"]),
        ("Text", "text", ["android"]),
    ],
)
def test_rows_of_react_native_are_found_where_they_are_more_than_words(
    class_name: str, kind: str, platforms: list[Platform]
) -> None:
    """On iOS a text that takes a tap is a text like any other."""
    row = replace(
        element("row", kind, found_by("row", "notes", within="FlatList"), repeated=True), class_name=class_name
    )
    held = by_id("notes", "list", interactive=False)
    told = model(screen("home", held, row, framework="react_native"), platforms=("android", "ios"))
    found: dict[Platform, int] = {}
    for platform in told.platforms:
        place = way(told.screens[0], told.element("home", "row"), platform)
        app = parse(draw(told, platform))
        if place is not None:
            found[platform] = len(matching(app, app.screens["home"], place))
    assert found == dict.fromkeys(platforms, ROWS)


def test_the_words_in_an_empty_input_are_where_its_framework_tells_them() -> None:
    """Words inside it in Compose, its label in Flutter on iOS, a hint or a placeholder elsewhere."""
    compose, flutter = of("compose", "android"), of("flutter", "ios")
    link = node(parse(draw(compose, "android")), "item", "link", compose)
    assert link.get("hint") is None
    assert [(one.get("text"), one.get("sim-hint")) for one in link] == [("Link to a shop", "true")]
    link = node(parse(draw(flutter, "ios")), "item", "link", flutter)
    assert (link.get("label"), link.get("placeholderValue")) == ("Link to a shop", None)
    assert node(parse(draw(SHOP, "android")), "item", "link").get("hint") == "Link to a shop"


def test_taps_lead_where_the_model_says() -> None:
    """To a screen, back, or nowhere; dialogs lie above."""
    app = parse(draw(SHOP, "android"))
    assert app.root.get("start") == "login"
    assert node(app, "login", "sign_in").get("sim-goto") == "lists"
    assert node(app, "item", "cancel").get("sim-back") == "true"
    assert node(app, "login", "forgot").get("sim-goto") is None
    assert app.screens["menu"].get("over") == "true"


def test_inputs_and_toggles_are_as_the_model_says() -> None:
    """Bounds, filters, masks, first states, groups."""
    app = parse(draw(SHOP, "android"))
    assert node(app, "item", "amount").get("sim-max") == "3"
    assert node(app, "item", "amount").get("sim-accepts") == "digits"
    assert node(app, "login", "password").get("password") == "true"
    assert node(app, "settings", "dark").get("checked") == "true"
    assert node(app, "lists", "sync").get("enabled") == "false"
    assert node(app, "item", "kilos").get("sim-group") == node(app, "item", "pieces").get("sim-group") != ""
    ios = of("ios", "ios")
    drawn = parse(draw(ios, "ios"))
    assert node(drawn, "settings", "dark", ios).get("value") == "1"
    assert node(drawn, "login", "password", ios).tag == "XCUIElementTypeSecureTextField"


def test_words_that_are_filled_in_later_go_on() -> None:
    """The locator knows how they begin."""
    told = model(screen("home", element("greeting", "text", found_by("text_start", "Hello, "))))
    assert node(parse(draw(told, "android")), "home", "greeting", told).get("text") == "Hello, 1"


@pytest.mark.parametrize("platform", ["android", "ios"])
def test_an_identifier_with_data_is_drawn_with_some_in_each_row(platform: Platform) -> None:
    """And all of them are found by how it begins."""
    row = element("row", "list_item", found_by("id_start", "row-", unique=False), repeated=True)
    told = model(screen("home", row, framework="react_native"), platforms=(platform,))
    app = parse(draw(told, platform))
    name = "resource-id" if platform == "android" else "name"
    found = nodes_of(app, "home", told.screens[0], row)
    assert [one.get(name) for one in found] == ["row-1", "row-2", "row-3"]


def test_words_are_escaped_and_an_app_without_name_gets_one() -> None:
    """Any text of any source makes well-formed XML."""
    words = "\"Bread\" & <milk> 'tea' – чай"
    told = replace(
        model(screen("home", element("odd", "button", found_by("text", words)), by_id("ok", "button"))), app=""
    )
    app = parse(draw(told, "android"))
    assert node(app, "home", "odd", told).get("text") == words
    assert node(app, "home", "ok", told).get("resource-id") == "org.example.app:id/ok"
