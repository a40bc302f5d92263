"""Which type each widget of a source screen is: the rules' word where it is sure, else the shipped model's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from samouk.domains.screens import rules
from samouk.domains.screens.element import Element, Evidence, Platform, Screen
from samouk.domains.screens.observer import OBSERVER
from samouk.domains.screens.source.widgets import Framework, Widget

if TYPE_CHECKING:
    from samouk.edge.predictor import Predictor

SURE = 0.9
"""From here up a rule is not asked again: roles, classes, and names that the structure does not contradict."""

_TAPPED = frozenset({"icon_button", "link", "tab", "chip", "menu_item", "list_item", "dropdown", "switch", "checkbox"})

UNKNOWN = Evidence("unknown", 0.0, "none")


def platforms_of(framework: Framework) -> tuple[Platform, ...]:
    """Where apps of a framework run."""
    if framework == "ios":
        return ("ios",)
    return ("android",) if framework in ("android", "compose") else ("android", "ios")


def screen_of(widgets: Sequence[Widget], framework: Framework, app: str) -> Screen:
    """Widgets as the elements of a hierarchy; bounds and visibility are unknown before the app runs."""
    return Screen(platforms_of(framework)[0], tuple(map(_element, widgets)), app)


def types_of(screen: Screen, predictor: Predictor | None) -> list[Evidence]:
    """For each element its type with confidence and source (``model`` where the model said it).

    A guess that is too weak to act on is ``unknown``.
    """
    told = list(map(_sharper, rules.evidence_of(screen), rules.told_by_class(screen)))
    open_ = [place for place, found in enumerate(told) if found is None or found.confidence < SURE]
    if predictor is None or not open_:
        return [found or UNKNOWN for found in told]
    seen = OBSERVER.observe_screen(screen)
    place_of = {element.index: place for place, element in enumerate(screen.visible())}
    asked = [index for index in open_ if index in place_of]
    rows = [seen.samples[place_of[index]] for index in asked]
    keys = [seen.keys[place_of[index]] for index in asked]
    for index, guess in zip(asked, predictor.predict_samples(rows, keys), strict=True):
        if guess.source != "class" and not guess.abstained:
            # ``label_source`` of a person's own correction is that of all corrections.
            source = "correction" if guess.source == "memory" else "model"
            told[index] = Evidence(guess.element_type, guess.confidence, source)
    return [found or UNKNOWN for found in told]


def _sharper(found: Evidence | None, by_class: Evidence | None) -> Evidence | None:
    """Frameworks call most of what is tapped a button; in source the class says which kind."""
    vague = found is not None and found.source == "role" and found.element_type == "button"
    return by_class if vague and by_class is not None and by_class.element_type in _TAPPED else found


def _element(widget: Widget) -> Element:
    texts = (widget.text.value, widget.label.value, widget.hint.value)
    text, description, hint = texts
    return Element(
        index=widget.index,
        parent=widget.parent,
        class_name=widget.class_name,
        enabled=widget.enabled,
        clickable=widget.clickable,
        long_clickable=widget.long_clickable,
        checkable=widget.checkable,
        checked=widget.checked,
        scrollable=widget.scrollable,
        password=widget.password,
        text=text,
        description=description,
        hint=hint,
        resource_id=widget.identifier or widget.hidden_identifier,
        role=widget.role,
        # Words that are made while the app runs are words too.
        text_length=len(text) or int(widget.text.dynamic),
        description_length=len(description) or int(widget.label.dynamic),
        hint_length=len(hint) or int(widget.hint.dynamic),
    )
