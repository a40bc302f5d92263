"""An app of six screens, its model written by hand: what the tests of all writers may draw on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from samouk.domains.screens.appmodel.model import AppElement, AppModel, AppScreen, Locator, Strategy, Transition
from samouk.domains.screens.source.widgets import BACK, Entry, Place

STABILITY: dict[Strategy, float] = {
    "id": 0.95,
    "id_start": 0.9,
    "label": 0.85,
    "text": 0.65,
    "hint": 0.6,
    "text_start": 0.4,
    "row": 0.35,
    "kind": 0.15,
}


def found_by(strategy: Strategy, value: str, **more: Any) -> Locator:
    """A locator with the usual stability of its strategy."""
    return Locator(strategy, value, STABILITY[strategy], **more)


def element(key: str, kind: str, *locators: Locator, line: int = 1, **more: Any) -> AppElement:
    """An element that a person can act on, unless told otherwise."""
    told: dict[str, Any] = {"name": key.replace("_", " ").capitalize(), "interactive": True} | more
    return AppElement(
        key=key,
        type=kind,
        confidence=1.0,
        type_source="class",
        class_name="android.view.View",
        place=Place("app/Screens.xml", line),
        locators=locators,
        **told,
    )


def by_id(key: str, kind: str, **more: Any) -> AppElement:
    """An element whose identifier is its key."""
    return element(key, kind, found_by("id", key), **more)


def screen(key: str, *elements: AppElement, **more: Any) -> AppScreen:
    """A screen in Android XML, unless told otherwise; its elements stand on lines of their own."""
    told: dict[str, Any] = {"framework": "android", "name": key.capitalize()} | more
    placed = tuple(replace(one, place=Place(f"app/{key}.xml", at)) for at, one in enumerate(elements, 2))
    return AppScreen(key=key, place=Place(f"app/{key}.xml", 1), elements=placed, **told)


def model(*screens: AppScreen, **more: Any) -> AppModel:
    """An app with the transitions that its elements tell."""
    told: dict[str, Any] = {"platforms": ("android",), "app": "org.example.shop"} | more
    return AppModel(
        frameworks=tuple(dict.fromkeys(one.framework for one in screens)),
        classifier="rules",
        screens=screens,
        transitions=tuple(
            Transition(one.key, each.key, each.leads_to, each.place)
            for one in screens
            for each in one.elements
            if each.leads_to and each.leads_to != BACK
        ),
        **told,
    )


BAR = by_id("bar", "app_bar", interactive=False)
"""What shows a title, and stands on every screen that has one."""

LOGIN = screen(
    "login",
    by_id("email", "text_input", entry=Entry("email", max_length=40)),
    by_id("password", "password_input", entry=Entry("password"), secret=True),
    by_id("remember", "checkbox", checkable=True, checked=False),
    by_id("sign_in", "button", leads_to="lists"),
    by_id("forgot", "link"),
    entry=True,
)
LISTS = screen(
    "lists",
    by_id("search", "search_input", entry=Entry("search")),
    by_id("row", "list_item", repeated=True, leads_to="item"),
    element("add", "icon_button", found_by("label", 'Add "new"'), leads_to="item"),
    element("more", "icon_button", found_by("label", "More options"), leads_to="menu"),
    element("share", "icon_button", name="Share"),
    by_id("sync", "button", enabled=False),
    by_id("undo", "button", conditional=True),
    BAR,
    title="Lists",
)
ITEM = screen(
    "item",
    by_id("name", "text_input", entry=Entry("text", max_length=20)),
    by_id("amount", "text_input", entry=Entry("number", max_length=3, filtered=True)),
    element("link", "text_input", found_by("hint", "Link to a shop"), entry=Entry("url")),
    by_id("kilos", "radio_button", checkable=True, checked=True),
    by_id("pieces", "radio_button", checkable=True, checked=False),
    by_id("urgency", "slider"),
    by_id("unit", "dropdown"),
    element("bought", "switch", found_by("text", "Bought"), checkable=True),
    element("save", "button", found_by("text", "Save"), leads_to="lists"),
    element("cancel", "button", found_by("text", "Cancel"), leads_to=BACK),
    BAR,
    title="Item",
)
MENU = screen(
    "menu",
    element("settings", "menu_item", found_by("text", "Settings"), conditional=True, leads_to="settings"),
    element("sort", "menu_item", found_by("text", "Sort by name"), conditional=True),
    dialog=True,
)
SETTINGS = screen(
    "settings",
    by_id("dark", "switch", checkable=True, checked=True),
    element("class", "button", found_by("text", "Sign out")),
    BAR,
    title="Settings",
)
ABOUT = screen("about", by_id("licences", "button"), BAR, title="About")

SHOP = model(LOGIN, LISTS, ITEM, MENU, SETTINGS, ABOUT)
