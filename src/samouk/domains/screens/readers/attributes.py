"""One element out of a node's attributes, whatever its dumper calls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from samouk.domains.screens import taxonomy
from samouk.domains.screens.element import Element, Evidence, Platform
from samouk.domains.screens.readers.bounds import bounds_of
from samouk.domains.screens.schema import LABEL_SOURCES

ALIASES: Mapping[str, tuple[str, ...]] = {
    "class_name": ("class", "classname", "type", "elementtype", "widget"),
    "text": ("text", "value"),
    "description": ("contentdesc", "contentdescription", "description", "desc", "label", "accessibilitylabel"),
    "hint": ("hint", "hinttext", "placeholder", "placeholdervalue"),
    "resource_id": (
        "resourceid",
        "resourcename",
        "viewidresourcename",
        "id",
        "testid",
        "testtag",
        "identifier",
        "accessibilityid",
        "accessibilityidentifier",
        "rawidentifier",
    ),
    "role": ("role", "accessibilityrole", "roledescription", "traits"),
    "text_length": ("textlength",),
    "description_length": ("desclength", "descriptionlength", "contentdesclength"),
    "hint_length": ("hintlength",),
    "enabled": ("enabled", "isenabled"),
    "clickable": ("clickable", "isclickable"),
    "long_clickable": ("longclickable", "islongclickable"),
    "checkable": ("checkable", "ischeckable"),
    "checked": ("checked", "ischecked"),
    "focusable": ("focusable", "isfocusable"),
    "scrollable": ("scrollable", "isscrollable"),
    "selected": ("selected", "isselected"),
    "password": ("password", "ispassword", "secure", "securetextentry"),
    "visible": ("visible", "isvisible", "visibletouser", "displayed"),
    "package": ("package", "packagename", "bundleid", "app"),
    "bounds": ("bounds", "rect", "frame", "boundsinscreen"),
    "known": ("known",),
    "gold": ("gold",),
    "gold_confidence": ("goldconfidence",),
}
"""Field of an element → keys that tell it, in lower case without ``-``, ``_``, ``:`` and blanks."""

_GOLD: Mapping[str, str] = {
    "toolbar": "app_bar",
    "input": "text_input",
    "tabbar": "tab_bar",
    "radio": "radio_button",
    "web": "web_view",
    "divider": "container",
}
"""Gold names of the open dumps that the taxonomy calls otherwise."""

_NAME_SURE = 0.9
_GUESSED = frozenset({"structure", "model"})
"""Sources that count less than a name, so that a dump may claim them."""

_GOLD_SURE: Mapping[str, float] = {"high": _NAME_SURE, "low": 0.5}
_GOLD_DOUBTED = 0.5
_BESIDE = ("package", "gold", "gold_confidence")
"""Fields that are told with an element and belong to none."""

_FLAGS: Mapping[str | int, bool] = {
    **dict.fromkeys(("true", "True", "1", True), True),
    **dict.fromkeys(("false", "False", "0", False), False),
}
_NOTHING = (None, "")
_LONGEST_TEXT = 1_000_000


def flag(value: object) -> bool | None:
    """True or false as dumps spell it (``true``, ``"1"``, 0 ...); None for anything else."""
    return _FLAGS.get(value) if isinstance(value, (str, int)) else None


def words(value: object) -> str:
    """Text as it stands, a number as text, "" for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def length(value: object) -> int:
    """A count of characters, 0 for anything else."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return min(max(value, 0), _LONGEST_TEXT) if whole and isinstance(value, int) else 0


def known_of(value: object) -> Evidence | None:
    """A type that was told with the dump: ``{"element_type", "confidence", "source"}``; None when it does not fit.

    Whoever writes a dump may claim anything: it counts as a name at most, never as a role, class or correction.
    """
    if not isinstance(value, Mapping):
        return None
    kind, confidence, source = (value.get(name) for name in ("element_type", "confidence", "source"))
    if not isinstance(kind, str) or kind not in taxonomy.TYPES or source not in LABEL_SOURCES or source == "none":
        return None
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
        return None
    return Evidence(kind, min(float(confidence), _NAME_SURE), str(source) if source in _GUESSED else "name")


_CONVERTERS: Mapping[str, Callable[[object], Any]] = {
    **dict.fromkeys(
        ("class_name", "text", "description", "hint", "resource_id", "role", "package", "gold", "gold_confidence"),
        words,
    ),
    **dict.fromkeys(("text_length", "description_length", "hint_length"), length),
    "bounds": bounds_of,
    "known": known_of,
}
_FIELD_OF = {alias: field for field, aliases in ALIASES.items() for alias in aliases}
_STRIPPED = str.maketrans("", "", "-_: ")


@lru_cache(maxsize=4096)
def _rule(key: str, platform: Platform) -> tuple[str, Callable[[object], Any]] | None:
    plain = key.lower().translate(_STRIPPED)
    # XCUITest calls the identifier "name"; on Android the word means nothing certain.
    field = "resource_id" if plain == "name" and platform == "ios" else _FIELD_OF.get(plain)
    return None if field is None else (field, _CONVERTERS.get(field, flag))


@lru_cache(maxsize=64)
def _rules(keys: tuple[object, ...], platform: Platform) -> tuple[tuple[object, str, Callable[[object], Any]], ...]:
    """What is known among a node's keys. The nodes of a dump share few sets of keys, so that this is seldom done."""
    rules = ((key, _rule(key, platform)) for key in keys if isinstance(key, str))
    return tuple((key, *rule) for key, rule in rules if rule is not None)


def fields_of(attributes: Mapping[Any, Any], platform: Platform) -> dict[str, Any]:
    """Known fields among a node's attributes; the first key that tells something wins."""
    found: dict[str, Any] = {}
    for key, field, convert in _rules(tuple(attributes), platform):
        value = attributes[key]
        if value is not None and (field not in found or found[field] in _NOTHING):
            found[field] = convert(value)
    if found.get("bounds") is None and "width" in attributes:
        found["bounds"] = bounds_of(attributes)
    return found


def gold_of(fields: Mapping[str, Any]) -> Evidence | None:
    """The type that a stripped dump tells by its ``gold``: rules over names that were stripped before we saw them."""
    kind = _GOLD.get(fields.get("gold", ""), fields.get("gold", ""))
    if kind == "text_input" and fields.get("password"):
        kind = "password_input"
    if kind not in taxonomy.TYPES:
        return None
    return Evidence(kind, _GOLD_SURE.get(fields.get("gold_confidence", ""), _GOLD_DOUBTED), "name")


def element_of(index: int, parent: int, platform: Platform, fields: Mapping[str, Any]) -> Element:
    """An element out of ``fields_of``; lengths are those of the words where the words are there."""
    told = dict(fields)
    for name in _BESIDE:
        told.pop(name, None)
    told["class_name"] = _class_of(told.get("class_name", ""), platform)
    if told.get("known") is None and fields.get("gold"):
        told["known"] = gold_of(fields)
    for name in ("text", "description", "hint"):
        if told.get(name):
            told[f"{name}_length"] = len(told[name])
    return Element(index=index, parent=parent, **told)


def _class_of(name: str, platform: Platform) -> str:
    """WebDriverAgent's JSON leaves out the prefix that its XML writes."""
    if platform != "ios":
        return name
    long_name = f"XCUIElementType{name}"
    return long_name if long_name in taxonomy.PUBLIC_CLASSES else name
