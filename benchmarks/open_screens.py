"""Reads the open file of real screens, stripped of their words, as screens with what is known of them."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samouk.domains.screens.element import Bounds, Element, Evidence, Platform, Screen

TYPE_OF_GOLD: Mapping[str, str] = {
    "toolbar": "app_bar",
    "tabbar": "tab_bar",
    "input": "text_input",
    "radio": "radio_button",
    "web": "web_view",
    "divider": "container",
}
"""Gold labels whose name differs from their type; a divider has none of its own and only draws."""

CONFIDENCE = {"high": 0.9, "low": 0.5}
_FLAGS = (
    "enabled",
    "clickable",
    "long_clickable",
    "checkable",
    "checked",
    "focusable",
    "scrollable",
    "selected",
    "password",
    "visible",
)


@dataclass(frozen=True, slots=True)
class OpenScreen:
    """One real screen. ``app`` is an opaque number, the split key; ``gold_by`` tells, per element, who labelled it."""

    app: int
    framework: str
    system: bool
    screen: Screen
    gold_by: tuple[str | None, ...]


def path() -> Path | None:
    """The open file, or None where it is not: ``SAMOUK_SHARED``, else ``shared`` beside the repository."""
    told = os.environ.get("SAMOUK_SHARED")
    shared = Path(told) if told else Path(__file__).resolve().parents[2] / "shared"
    file = shared / "data" / "screens" / "open.jsonl.gz"
    return file if file.is_file() else None


def load(file: Path) -> list[OpenScreen]:
    """Every screen of the file, in its order."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [_screen(json.loads(line)) for line in lines]


def _screen(record: Mapping[str, Any]) -> OpenScreen:
    platform: Platform = "ios" if record["platform"] == "ios" else "android"
    elements = tuple(_element(node) for node in record["nodes"])
    return OpenScreen(
        app=record["app"],
        framework=record["framework"],
        system=record["system"],
        screen=Screen(platform, elements, app=f"app{record['app']}"),
        gold_by=tuple(node.get("gold_source") for node in record["nodes"]),
    )


def _element(node: Mapping[str, Any]) -> Element:
    gold = node.get("gold")
    known = None
    if gold:
        password = gold == "input" and node.get("password")
        kind = "password_input" if password else TYPE_OF_GOLD.get(gold, gold)
        known = Evidence(kind, CONFIDENCE[node["gold_confidence"]], "name")
    flags: dict[str, Any] = {name: node.get(name) for name in _FLAGS}
    return Element(
        index=node["i"],
        parent=node["p"],
        class_name=node["class"] or "",
        bounds=Bounds(*node["bounds"]),
        text_length=node["text_length"],
        description_length=node["desc_length"],
        hint_length=node["hint_length"],
        known=known,
        **flags,
    )
