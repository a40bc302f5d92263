"""Which type a declared role means: Compose, React Native and Flutter roles, ARIA, and traits of iOS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_ROLES: Mapping[str, str] = {
    "button": "button",
    "imagebutton": "icon_button",
    "togglebutton": "switch",
    "link": "link",
    "textbox": "text_input",
    "textfield": "text_input",
    "textinput": "text_input",
    "securetextfield": "password_input",
    "search": "search_input",
    "searchbox": "search_input",
    "searchfield": "search_input",
    "checkbox": "checkbox",
    "radio": "radio_button",
    "radiobutton": "radio_button",
    "radiogroup": "container",
    "switch": "switch",
    "adjustable": "slider",
    "slider": "slider",
    "seekbar": "slider",
    "spinbutton": "stepper",
    "valuepicker": "stepper",
    "stepper": "stepper",
    "combobox": "dropdown",
    "dropdownlist": "dropdown",
    "dropdown": "dropdown",
    "popupbutton": "dropdown",
    "tab": "tab",
    "tablist": "tab_bar",
    "tabbar": "tab_bar",
    "menuitem": "menu_item",
    "menuitemcheckbox": "menu_item",
    "menuitemradio": "menu_item",
    "option": "menu_item",
    "listitem": "list_item",
    "text": "text",
    "statictext": "text",
    "label": "text",
    "header": "text",
    "heading": "text",
    "summary": "text",
    "image": "image",
    "img": "image",
    "icon": "icon",
    "progressbar": "progress",
    "progress": "progress",
    "pager": "scroll",
    "carousel": "scroll",
    "scrollview": "scroll",
    "horizontalscrollview": "scroll",
    "list": "list",
    "grid": "list",
    "listbox": "list",
    "table": "list",
    "feed": "list",
    "toolbar": "app_bar",
    "banner": "app_bar",
    "alert": "dialog",
    "dialog": "dialog",
    "alertdialog": "dialog",
    "drawerlayout": "drawer",
    "navigation": "drawer",
    "article": "card",
    "webview": "web_view",
    "document": "web_view",
    "generic": "container",
    "presentation": "container",
    "group": "container",
    "separator": "container",
}
_SPLIT = re.compile(r"[,|;]+")
_PLAIN = re.compile(r"[^a-z]+")


@lru_cache(maxsize=1024)
def type_of_role(role: str) -> str | None:
    """The type that a declared role means, the first known one of several ("Button, Selected"); None for none."""
    for part in _SPLIT.split(role[:200].lower()):
        found = _ROLES.get(_PLAIN.sub("", part.removeprefix("android.widget.").rsplit(".", 1)[-1]))
        if found:
            return found
    return None
