"""``observe ml correct``: a person says what an element really is."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from samouk.domains.screens import anonymise, rules
from samouk.domains.screens.commands.ends import BadInput
from samouk.domains.screens.commands.inputs import ElementType, file_type, platform_option, read_dump, read_element
from samouk.domains.screens.commands.printing import json_option, print_json
from samouk.domains.screens.commands.sharing import contribution, send_full_batches
from samouk.domains.screens.element import Evidence
from samouk.domains.screens.observer import OBSERVER
from samouk.domains.screens.readers import read
from samouk.edge import consent, places
from samouk.edge.observer import Observation, UnreadableSource
from samouk.edge.spool import CORRECTION

if TYPE_CHECKING:
    from samouk.edge.consent import Consent

DEFAULT_PLATFORM = "android"


@click.command()
@click.option("--screen", type=file_type, help="The hierarchy that the element is on, with --index.")
@click.option("--index", type=click.IntRange(0), help="Its number on the screen, as predict prints it.")
@click.option("--element", metavar="JSON|FILE", help="Its attributes alone, as JSON or a file of it.")
@click.option("--class-name", help="Its class alone; asked for on a terminal.")
@click.option("--predicted", type=ElementType(), help="What was predicted.")
@click.option("--actual", type=ElementType(), help="What it is; asked for on a terminal.")
@platform_option
@json_option
def correct(
    screen: Path | None,
    index: int | None,
    element: str | None,
    class_name: str | None,
    predicted: str | None,
    actual: str | None,
    platform: str | None,
    as_json: bool,
) -> None:
    """Say what an element really is.

    Your own predictions know it at once. With your consent the anonymised element is shared, so that
    the next model knows it for everybody.
    """
    if sum(given is not None for given in (screen, element, class_name)) > 1:
        raise click.UsageError("--screen, --element and --class-name contradict each other; give one of them")
    if (screen is None) != (index is None):
        raise click.UsageError("--screen and --index belong together; observe ml predict FILE prints the numbers")
    if screen is not None and index is not None:
        wanted = _asked("--actual", actual, ElementType())
        seen, system = _on_screen(screen, index, wanted, platform)
        decision = _keep(seen, wanted, system)
    else:
        attributes = _attributes(element) if element else {"class_name": _asked("--class-name", class_name, str)}
        wanted = _asked("--actual", actual, ElementType())
        system = platform or DEFAULT_PLATFORM
        decision = _keep(OBSERVER.correct(attributes, wanted, system), wanted, system)
    _say(predicted, wanted, system, decision, as_json)


def _on_screen(file: Path, index: int, actual: str, platform: str | None) -> tuple[Observation, str]:
    """The element as the only sample, with all that stands around it. Raises BadInput."""
    dump = read_dump(file, platform)
    try:
        screen = read(dump.content, dump.platform)
    except UnreadableSource as error:
        raise BadInput(f"{file}: {error}") from None
    seen = OBSERVER.observe(dump.content, dump.platform)
    place = {element.index: place for place, element in enumerate(screen.visible())}.get(index)
    if place is None:
        raise BadInput(f"{file}: no visible element {index}; observe ml predict {file} prints the numbers")
    evidence = rules.evidence_of(screen)
    evidence[index] = Evidence(actual, 1.0, "correction")
    rows = dict(anonymise.samples_of(screen, evidence, dt.datetime.now(dt.UTC)))
    return Observation((rows[index],), (seen.keys[place],), seen.app), dump.platform


def _keep(seen: Observation, actual: str, platform: str) -> Consent:
    """Into the personal memory, and into the queue when sharing is agreed to; the decision about that."""
    from samouk.edge.memory import PersonalMemory

    memory = PersonalMemory(places.memory_file(os.environ, OBSERVER.learner))
    for key in seen.keys:
        memory.remember(key, actual)
    consent.ask(sys.stdin, sys.stderr, os.environ)
    with closing(contribution()) as share:
        if share.allows(platform):
            share.put(seen.samples, seen.app, CORRECTION)
            share.close()
            send_full_batches(share)
        return share.consent()


def _say(predicted: str | None, actual: str, platform: str, decision: Consent, as_json: bool) -> None:
    shared = decision.granted and platform in decision.platforms
    reason = f"{platform} is not among ml.contribute_platforms" if decision.granted and not shared else decision.reason
    if as_json:
        print_json({"actual": actual, "predicted": predicted, "shared": shared, "reason": reason})
        return
    what = f"{predicted} → {actual}" if predicted else actual
    click.echo(f"✅ Remembered: {what}; your own predictions know it now")
    click.echo("📦 Kept to be shared, anonymised 🙏" if shared else f"💤 Not shared: {reason}")


def _attributes(element: str) -> Mapping[str, Any]:
    """The element as JSON, or out of a file of JSON. Raises BadInput."""
    document = read_element(element)
    if not isinstance(document, dict):
        raise BadInput('--element: must be an object such as {"class_name": "android.view.View", "clickable": true}')
    return document


def _asked(option: str, given: Any, kind: Any) -> Any:
    """The option's value, asked for when there is somebody to ask."""
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise click.UsageError(f"missing {option}; on a terminal it would be asked for")
    return click.prompt(option.strip("-").replace("-", " ").capitalize(), type=kind, err=True)
