"""What an identifier or a spoken description says of its element's type. Runs on the user's machine only.

Developers name elements by kind (``btn_login``, ``emailField``, ``settings-list``); the kind stands
first as a Hungarian prefix or last as the head noun. Screen readers say it too ("Tab 2 of 4").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_NOUNS: Mapping[str, str] = {
    "button": "button btn cta",
    "icon_button": "fab imagebutton iconbutton imgbtn",
    "link": "link hyperlink",
    "text_input": "input edit edittext textfield textinput field textbox editor",
    "password_input": "password passwd pwd passcode",
    "search_input": "searchview searchbar searchfield searchbox",
    "checkbox": "checkbox chk cb tickbox",
    "radio_button": "radio radiobutton rb",
    "switch": "switch toggle switchcompat",
    "slider": "slider seekbar seek ratingbar",
    "stepper": "stepper numberpicker",
    "dropdown": "spinner dropdown combobox select",
    "date_picker": "datepicker timepicker",
    "tab": "tab tabitem",
    "segmented": "segmented segmentedcontrol segments",
    "chip": "chip",
    "menu_item": "menuitem",
    "list_item": "item row cell listitem",
    "text": (
        "text label title subtitle tv textview description desc caption summary message msg name price "
        "hint subtext headline heading body count timestamp"
    ),
    "image": "image img picture photo avatar thumbnail thumb cover poster imageview iv illustration artwork",
    "icon": "icon ico arrow chevron glyph",
    "progress": "progress progressbar loader loading progressindicator",
    "page_indicator": "pageindicator pagecontrol dots",
    "map": "map mapview",
    "web_view": "webview web browser",
    "video": "video videoview playerview",
    "ad": "ad ads adview advert advertisement",
    "app_bar": "toolbar appbar actionbar topbar titlebar",
    "tab_bar": "tabs tabbar tablayout bottomnav bottomnavigation bottombar tabstrip navigationbar",
    "list": "list listview recycler recyclerview grid gridview lst rv table collection",
    "scroll": "scroll scrollview pager viewpager scroller carousel",
    "dialog": "dialog alert bottomsheet sheet popup modal",
    "drawer": "drawer navdrawer drawerlayout sidebar",
    "card": "card cardview",
    "container": (
        "container layout wrapper root content frame group panel section holder box parent background overlay "
        "divider separator line spacer host fragment area pane view header footer"
    ),
}
_TYPE_OF = {noun: kind for kind, nouns in _NOUNS.items() for noun in nouns.split()}
_PREFIXES: Mapping[str, str] = {
    "btn": "button",
    "et": "text_input",
    "edt": "text_input",
    "tv": "text",
    "txt": "text",
    "lbl": "text",
    "iv": "image",
    "img": "image",
    "ic": "icon",
    "cb": "checkbox",
    "chk": "checkbox",
    "rb": "radio_button",
    "sw": "switch",
    "fab": "icon_button",
    "rv": "list",
    "lv": "list",
    "sb": "slider",
    "pb": "progress",
    "wv": "web_view",
    "rl": "container",
    "ll": "container",
    "fl": "container",
    "cl": "container",
    "cv": "card",
    "vp": "scroll",
}
_PAIRS: Mapping[tuple[str, str], str] = {
    ("tab", "layout"): "tab_bar",
    ("tab", "bar"): "tab_bar",
    ("bottom", "navigation"): "tab_bar",
    ("bottom", "nav"): "tab_bar",
    ("navigation", "bar"): "tab_bar",
    ("bottom", "sheet"): "dialog",
    ("app", "bar"): "app_bar",
    ("action", "bar"): "app_bar",
    ("tool", "bar"): "app_bar",
    ("top", "bar"): "app_bar",
    ("title", "bar"): "app_bar",
    ("nav", "drawer"): "drawer",
    ("drawer", "layout"): "drawer",
    ("search", "bar"): "search_input",
    ("search", "view"): "search_input",
    ("search", "field"): "search_input",
    ("search", "input"): "search_input",
    ("search", "box"): "search_input",
    ("search", "text"): "search_input",
    ("password", "field"): "password_input",
    ("password", "input"): "password_input",
    ("text", "field"): "text_input",
    ("text", "input"): "text_input",
    ("check", "box"): "checkbox",
    ("radio", "button"): "radio_button",
    ("image", "button"): "icon_button",
    ("icon", "button"): "icon_button",
    ("menu", "button"): "icon_button",
    ("close", "button"): "icon_button",
    ("back", "button"): "icon_button",
    ("seek", "bar"): "slider",
    ("rating", "bar"): "slider",
    ("number", "picker"): "stepper",
    ("date", "picker"): "date_picker",
    ("time", "picker"): "date_picker",
    ("menu", "item"): "menu_item",
    ("list", "item"): "list_item",
    ("progress", "bar"): "progress",
    ("page", "indicator"): "page_indicator",
    ("page", "control"): "page_indicator",
    ("map", "view"): "map",
    ("web", "view"): "web_view",
    ("video", "view"): "video",
    ("player", "view"): "video",
    ("ad", "view"): "ad",
    ("ad", "banner"): "ad",
    ("banner", "ad"): "ad",
    ("text", "view"): "text",
    ("image", "view"): "image",
    ("list", "view"): "list",
    ("recycler", "view"): "list",
    ("grid", "view"): "list",
    ("scroll", "view"): "scroll",
    ("view", "pager"): "scroll",
    ("card", "view"): "card",
    ("segmented", "control"): "segmented",
}
"""The last two words of an identifier where the last alone would mislead."""

_TRAILING_TEXT = """
left right top bottom start end first last center 1 2 3 4 5 6 7 8 9 0 id new old main
"""
_TRAILING = frozenset(_TRAILING_TEXT.split())
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LONGEST = 200
_POSITION = re.compile(
    r"\b(?:tab|вкладка|pestaña|onglet)\b.{0,24}\d+\s*(?:of|из|de|sur|/)\s*\d+", re.IGNORECASE | re.DOTALL
)
_SPOKEN = re.compile(
    r"(?:,|\n)\s*(button|switch|check ?box|radio button|tab|link|slider|combo ?box|search field|"
    r"text field|image|heading)\s*$",
    re.IGNORECASE,
)
_SPOKEN_TYPES: Mapping[str, str] = {
    "button": "button",
    "switch": "switch",
    "checkbox": "checkbox",
    "radiobutton": "radio_button",
    "tab": "tab",
    "link": "link",
    "slider": "slider",
    "combobox": "dropdown",
    "searchfield": "search_input",
    "textfield": "text_input",
    "image": "image",
    "heading": "text",
}
_ICON_ACTIONS = frozenset(
    {"navigate up", "more options", "search", "close", "back", "menu", "share", "settings", "open navigation drawer",
     "open drawer", "favorite", "clear text", "clear query", "refresh", "play", "pause", "next", "previous"}
)  # fmt: skip


def _words(identifier: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(identifier[-_LONGEST:].rsplit("/", 1)[-1])]


def is_search(identifier: str) -> bool:
    """Whether an input's identifier says that it takes a query (``search_src_text``)."""
    return not {"search", "query"}.isdisjoint(_words(identifier))


@lru_cache(maxsize=8192)
def type_of_identifier(identifier: str) -> str | None:
    """The type that an identifier names (``org.x:id/btn_ok``, ``loginButton``, ``settings-list``), or None."""
    words = _words(identifier)
    while len(words) > 1 and words[-1] in _TRAILING:
        words.pop()
    if not words:
        return None
    if len(words) > 1 and words[0] in _PREFIXES:
        return _PREFIXES[words[0]]
    return _PAIRS.get((words[-2], words[-1]) if len(words) > 1 else ("", "")) or _TYPE_OF.get(words[-1])


@lru_cache(maxsize=8192)
def type_of_description(description: str, clickable: bool) -> str | None:
    """The type that a spoken description tells ("Tab 2 of 4", "Save, button", "Navigate up"), or None."""
    said = description[-_LONGEST:].strip()
    if _POSITION.search(said):
        return "tab"
    if match := _SPOKEN.search(said):
        return _SPOKEN_TYPES[match.group(1).lower().replace(" ", "")]
    return "icon_button" if clickable and said.lower() in _ICON_ACTIONS else None
