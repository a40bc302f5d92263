"""``observe ml predict``: what every element of a screen is."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from samouk.domains.screens import rules
from samouk.domains.screens.commands.ends import BadInput, hint
from samouk.domains.screens.commands.inputs import (
    STANDARD_INPUT,
    file_type,
    platform_option,
    read_dump,
)
from samouk.domains.screens.commands.models import describe, facts_of, update_by_itself, updater
from samouk.domains.screens.commands.pickled import opened
from samouk.domains.screens.commands.printing import json_option, print_json
from samouk.domains.screens.element import Element
from samouk.domains.screens.observer import OBSERVER
from samouk.domains.screens.readers import read
from samouk.edge.observer import UnreadableSource

if TYPE_CHECKING:
    from samouk.edge.predictor import Prediction, Predictor

HIDDEN = "•••"
"""Shown in place of a password's words, however many there are."""

LONGEST = 40
"""Signs of an element's words that are shown."""


@click.command()
@click.argument("file", type=file_type)
@platform_option
@click.option(
    "--model", type=click.Path(path_type=Path), help="A model of your own: .onnx, or .pkl with --trust-pickle."
)
@click.option("--trust-pickle", is_flag=True, help="Open the .pkl; do it only with a file that you made yourself.")
@json_option
def predict(file: Path, platform: str | None, model: Path | None, trust_pickle: bool, as_json: bool) -> None:
    """Predict the type of every element in FILE.

    No sample is collected, and nothing of the screen leaves. Once you have run update-model, the server
    is asked once a day for a better model; DO_NOT_TRACK, CI or ml.auto_update false switch that off.

    FILE is a hierarchy: uiautomator or Appium XML, DroidBot or plain JSON; - is standard input.
    """
    from samouk.edge.predictor import Predictor

    dump = read_dump(file, platform)
    with opened(model, trust_pickle) as path:
        predictor = Predictor(path, OBSERVER, environ=os.environ)
        try:
            screen = read(dump.content, dump.platform)
            found = predictor.predict(dump.content, dump.platform)
        except UnreadableSource as error:
            raise BadInput(f"{file}: {error}") from None
    rows = list(zip(screen.visible(), found, strict=True))
    if as_json:
        facts = None if model or predictor.model is None else facts_of(updater())
        found_on = {"model": None if facts is None else facts["version"], "platform": dump.platform}
        print_json({**found_on, "elements": [_plain(*row) for row in rows]})
    else:
        _say_model(predictor, model)
        _say_elements(file, rows, rules.secrets_of(screen, rules.evidence_of(screen)))
    if model is None:
        update_by_itself()


def _say_model(predictor: Predictor, model: Path | None) -> None:
    for note in predictor.notes:
        hint(f"⚠️  {note}")
    if predictor.model is None:
        hint("💤 No model is installed, so the rules alone speak; to get one: observe ml update-model")
    elif model is not None:
        hint(f"✅ Model {model} {predictor.model.version}".rstrip())
    else:
        for line in describe(updater()):
            hint(line)


def _say_elements(file: Path, rows: list[tuple[Element, Prediction]], secrets: frozenset[int]) -> None:
    width = max((len(found.element_type) for _, found in rows), default=0)
    for element, found in rows:
        sure = "?" if found.abstained else " "
        secret = element.index in secrets or found.element_type == "password_input"
        shown = HIDDEN if secret else _words(element)
        line = f"{element.index:4}  {found.element_type:{width}} {sure} {found.confidence:4.0%}  {found.source:6}"
        click.echo(f"{line}  {element.class_name.rpartition('.')[2]}  {shown}".rstrip())
    if any(found.abstained for _, found in rows):
        hint("?  a guess too weak to act on")
    if not rows:
        hint("💤 Nothing on this screen can be seen: every element is invisible or without area")
        return
    kept = "FILE" if file == STANDARD_INPUT else file
    saved = "save the screen to a FILE, then " if file == STANDARD_INPUT else ""
    hint(f"💡 Something wrong? {saved}observe ml correct --screen {kept} --index N --actual TYPE")


def _words(element: Element) -> str:
    """What a person may know the element by; these words stay on the terminal."""
    words = " ".join((element.text or element.description).split())
    if not words and element.resource_id:
        return f"#{element.resource_id.rpartition('/')[2]}"[:LONGEST]
    return (
        json.dumps(words if len(words) <= LONGEST else words[: LONGEST - 1] + "…", ensure_ascii=False) if words else ""
    )


def _plain(element: Element, found: Prediction) -> dict[str, Any]:
    return {
        "index": element.index,
        "element_type": found.element_type,
        "confidence": round(found.confidence, 4),
        "source": found.source,
        "abstained": found.abstained,
        "class_name": element.class_name,
        "bounds": None if element.bounds is None else list(element.bounds),
    }
