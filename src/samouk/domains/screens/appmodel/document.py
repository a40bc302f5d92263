"""The app model as a JSON document that stands beside the tests, with its schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from samouk.domains.screens.appmodel.model import AppElement, AppModel, AppScreen, Locator, Strategy, Transition
from samouk.domains.screens.source.widgets import FRAMEWORKS, Entry, EntryKind, Place
from samouk.domains.screens.taxonomy import TYPES

FORMAT = 1
FILE = "app_model.json"
SCHEMA_FILE = "app_model.schema.json"

_PLACE = {
    "type": "object",
    "required": ["file", "line"],
    "additionalProperties": False,
    "properties": {"file": {"type": "string"}, "line": {"type": "integer", "minimum": 0}},
}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_WORD = {"type": "string"}
_FLAG = {"type": "boolean"}
_MAYBE = {"type": ["boolean", "null"]}
_LOCATOR = {
    "type": "object",
    "required": ["strategy", "value", "stability"],
    "additionalProperties": False,
    "properties": {
        "strategy": {"enum": list(get_args(Strategy))},
        "value": _WORD,
        "stability": _SHARE,
        "nth": {"type": "integer", "minimum": 0},
        "unique": _FLAG,
        "key": {"type": "string", "description": "the string resource that the words come from"},
        "within": {"type": "string", "description": "of a row: the class of its list, whose identifier is the value"},
        "first_words": {"type": "boolean", "description": "of a row: the first words in its list are the row's"},
    },
}
_ENTRY = {
    "type": "object",
    "required": ["kind"],
    "additionalProperties": False,
    "properties": {
        "kind": {"enum": list(get_args(EntryKind))},
        "max_length": {"type": ["integer", "null"], "minimum": 0},
        "filtered": _FLAG,
        "multiline": _FLAG,
    },
}
_ELEMENT = {
    "type": "object",
    "required": ["key", "type", "confidence", "type_source", "name", "class_name", "source", "locators"],
    "additionalProperties": False,
    "properties": {
        "key": {"type": "string", "pattern": "^[a-z_][a-z0-9_]*$"},
        "type": {"enum": list(TYPES)},
        "confidence": _SHARE,
        "type_source": _WORD,
        "name": _WORD,
        "class_name": _WORD,
        "source": _PLACE,
        "locators": {"type": "array", "items": _LOCATOR, "description": "the most stable first"},
        "role": _WORD,
        "interactive": _FLAG,
        "repeated": _FLAG,
        "conditional": _FLAG,
        "checkable": _FLAG,
        "checked": _MAYBE,
        "enabled": _MAYBE,
        "secret": _FLAG,
        "entry": {"oneOf": [_ENTRY, {"type": "null"}]},
        "hidden_identifier": _WORD,
        "swallowed": {"type": "boolean", "description": "iOS shows it only as a part of what it stands in"},
        "leads_to": {"type": "string", "description": "key of the screen that it opens; <back> leaves its own"},
    },
}
_SCREEN = {
    "type": "object",
    "required": ["key", "name", "framework", "source", "elements"],
    "additionalProperties": False,
    "properties": {
        "key": {"type": "string", "pattern": "^[a-z_][a-z0-9_]*$"},
        "name": _WORD,
        "framework": {"enum": list(FRAMEWORKS)},
        "source": _PLACE,
        "title": _WORD,
        "route": _WORD,
        "activity": _WORD,
        "entry": _FLAG,
        "dialog": _FLAG,
        "elements": {"type": "array", "items": _ELEMENT},
    },
}
SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "The model of an app, as observe project fullcycle writes it",
    "type": "object",
    "required": ["format", "app", "platforms", "frameworks", "classifier", "screens", "transitions"],
    "additionalProperties": False,
    "properties": {
        "format": {"const": FORMAT},
        "app": _WORD,
        "platforms": {"type": "array", "items": {"enum": ["android", "ios"]}},
        "frameworks": {"type": "array", "items": {"enum": list(FRAMEWORKS)}},
        "classifier": {"type": "string", "description": "the model that said the types, or rules"},
        "tags_visible": _FLAG,
        "screens": {"type": "array", "items": _SCREEN},
        "transitions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["from", "element", "to", "source"],
                "additionalProperties": False,
                "properties": {"from": _WORD, "element": _WORD, "to": _WORD, "source": _PLACE},
            },
        },
    },
}


class NotAModel(ValueError):
    """A document that is no app model; the message names the field and what it must be."""


def encode(model: AppModel) -> bytes:
    """UTF-8 with a line end; the same model gives the same bytes."""
    document = {
        "format": FORMAT,
        "app": model.app,
        "platforms": list(model.platforms),
        "frameworks": list(model.frameworks),
        "classifier": model.classifier,
        "tags_visible": model.tags_visible,
        "screens": [_screen(screen) for screen in model.screens],
        "transitions": [
            {"from": one.source, "element": one.element, "to": one.target, "source": one.place._asdict()}
            for one in model.transitions
        ],
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def schema() -> bytes:
    """The schema, UTF-8 with a line end."""
    return (json.dumps(SCHEMA, indent=2) + "\n").encode()


def decode(content: bytes) -> AppModel:
    """Raises NotAModel, naming the field."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise NotAModel("is not JSON; make it again with observe project fullcycle") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise NotAModel(f"format: must be {FORMAT}; make it again with observe project fullcycle")
    try:
        return AppModel(
            app=document["app"],
            platforms=tuple(document["platforms"]),
            frameworks=tuple(document["frameworks"]),
            classifier=document["classifier"],
            tags_visible=document.get("tags_visible", False),
            screens=tuple(map(_screen_of, document["screens"])),
            transitions=tuple(
                Transition(one["from"], one["element"], one["to"], Place(**one["source"]))
                for one in document["transitions"]
            ),
        )
    except KeyError as error:
        raise NotAModel(f"{error.args[0]}: is missing; make it again with observe project fullcycle") from None
    except (TypeError, AttributeError):
        raise NotAModel(f"does not follow {SCHEMA_FILE}; make it again with observe project fullcycle") from None


def _screen(screen: AppScreen) -> dict[str, Any]:
    return {
        "key": screen.key,
        "name": screen.name,
        "framework": screen.framework,
        "source": screen.place._asdict(),
        "title": screen.title,
        "route": screen.route,
        "activity": screen.activity,
        "entry": screen.entry,
        "dialog": screen.dialog,
        "elements": [_element(element) for element in screen.elements],
    }


def _element(element: AppElement) -> dict[str, Any]:
    told = {name: getattr(element, name) for name in _ELEMENT["properties"] if name not in _NESTED}  # type: ignore[attr-defined]
    return {
        **told,
        "source": element.place._asdict(),
        "locators": [one._asdict() for one in element.locators],
        "entry": None if element.entry is None else element.entry._asdict(),
    }


_NESTED = ("source", "locators", "entry")


def _screen_of(told: Mapping[str, Any]) -> AppScreen:
    rest = {name: value for name, value in told.items() if name not in ("source", "elements")}
    return AppScreen(place=Place(**told["source"]), elements=tuple(map(_element_of, told["elements"])), **rest)


def _element_of(told: Mapping[str, Any]) -> AppElement:
    rest = {name: value for name, value in told.items() if name not in _NESTED}
    entry = told.get("entry")
    return AppElement(
        place=Place(**told["source"]),
        locators=tuple(Locator(**one) for one in told["locators"]),
        entry=None if entry is None else Entry(**entry),
        **rest,
    )
