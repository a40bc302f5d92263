"""What developers of a simulated app call an element: in the app's spelling, often saying its type, often absent."""

from __future__ import annotations

import random

from samouk.domains.screens.simulator.apps import App
from samouk.domains.screens.simulator.layout import Box

_SUFFIX = {
    "button": "button",
    "icon_button": "button",
    "text_input": "input",
    "password_input": "input",
    "search_input": "search_field",
    "checkbox": "checkbox",
    "radio_button": "radio",
    "switch": "switch",
    "slider": "slider",
    "stepper": "stepper",
    "dropdown": "dropdown",
    "date_picker": "date_picker",
    "tab": "tab",
    "tab_bar": "tabs",
    "chip": "chip",
    "menu_item": "item",
    "list_item": "item",
    "text": "text",
    "image": "image",
    "icon": "icon",
    "progress": "progress",
    "page_indicator": "page_indicator",
    "map": "map",
    "web_view": "webview",
    "video": "player_view",
    "ad": "ad_view",
    "app_bar": "toolbar",
    "list": "list",
    "scroll": "scroll",
    "dialog": "dialog",
    "drawer": "drawer",
    "card": "card",
    "segmented": "segmented",
    "link": "link",
    "container": "container",
}
_HUNGARIAN = {
    "button": "btn",
    "icon_button": "btn",
    "text_input": "et",
    "text": "tv",
    "image": "iv",
    "icon": "iv",
    "checkbox": "cb",
    "radio_button": "rb",
    "switch": "sw",
    "list": "rv",
}


def identifier_of(app: App, box: Box, rng: random.Random) -> str:
    """An identifier as the app's runtime shows it, or "" for none; one in four says nothing of the type."""
    if not box.purpose or rng.random() >= app.ids:
        return ""
    suffix = _SUFFIX.get(box.kind, "")
    words = [*box.purpose.split("_"), *([suffix] if suffix and rng.random() < 0.75 else [])]
    words = [word for place, word in enumerate("_".join(words).split("_")) if place == 0 or word != words[0]]
    if app.naming == "hungarian" and box.kind in _HUNGARIAN:
        words = [_HUNGARIAN[box.kind], *box.purpose.split("_")]
    return (f"{app.name}:id/" if app.framework == "native" else "") + _spelled(words, app)


def _spelled(words: list[str], app: App) -> str:
    if app.naming == "camel":
        return words[0] + "".join(word.title() for word in words[1:])
    return ("-" if app.naming == "kebab" else "_").join(words)
