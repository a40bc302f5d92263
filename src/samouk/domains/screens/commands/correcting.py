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
from samouk.domains.screens.commands.ends import BadInput, at
from samouk.domains.screens.commands.inputs import ElementType, file_type, platform_option, read_dump, read_element
from samouk.domains.screens.commands.printing import counted, json_option, print_json
from samouk.domains.screens.commands.sharing import contribution, send_full_batches
from samouk.domains.screens.element import Evidence
from samouk.domains.screens.observer import OBSERVER
from samouk.domains.screens.readers import read
from samouk.edge import consent, places
from samouk.edge.observer import Observation, UnreadableSource
from samouk.edge.spool import CORRECTION

if TYPE_CHECKING:
    from samouk.edge.consent import Consent
    from samouk.edge.memory import PersonalMemory

DEFAULT_PLATFORM = "android"
TOO_LITTLE = "too little is known of it; correct it with --screen FILE --index N"


@click.command()
@click.option("--screen", type=file_type, help="The hierarchy that the element is on, with --index.")
@click.option("--index", type=click.IntRange(0), help="Its number on the screen, as predict prints it.")
@click.option("--element", metavar="JSON|FILE", help="Its attributes alone, as JSON or a file of it.")
@click.option("--class-name", help="Its class alone; asked for on a terminal.")
@click.option("--predicted", type=ElementType(), help="What was predicted.")
@click.option("--actual", type=ElementType(), help="What it is; asked for on a terminal.")
@click.option("--undo", is_flag=True, help="Forget your last correction on this machine.")
@click.option("--clear", is_flag=True, help="Forget all of them on this machine.")
@platform_option
@json_option
def correct(
    screen: Path | None,
    index: int | None,
    element: str | None,
    class_name: str | None,
    predicted: str | None,
    actual: str | None,
    undo: bool,
    clear: bool,
    platform: str | None,
    as_json: bool,
) -> None:
    """Say what an element really is.

    Your own predictions know it at once. With your consent the anonymised element is shared, so that
    the next model knows it for everybody. An element that is given alone is remembered by its
    identifier and words; one without any only with the screen around it.
    """
    if undo or clear:
        if (undo and clear) or any(given is not None for given in (screen, index, element, class_name, actual)):
            raise click.UsageError("--undo and --clear stand alone; give one of them and no element")
        _take_back(clear, as_json)
        return
    if sum(given is not None for given in (screen, element, class_name)) > 1:
        raise click.UsageError("--screen, --element and --class-name contradict each other; give one of them")
    if (screen is None) != (index is None):
        raise click.UsageError("--screen and --index belong together; observe ml predict FILE prints the numbers")
    if screen is not None and index is not None:
        wanted = _asked("--actual", actual, ElementType())
        seen, system = _on_screen(screen, index, wanted, platform)
    else:
        attributes = _attributes(element) if element else {"class_name": _asked("--class-name", class_name, str)}
        wanted = _asked("--actual", actual, ElementType())
        system = platform or DEFAULT_PLATFORM
        seen = OBSERVER.correct(attributes, wanted, system)
    decision = _keep(seen, wanted, system, wrong=predicted != wanted)
    told = {"actual": wanted, "predicted": predicted, "remembered": any(seen.keys)}
    unshared = _unshared(decision, system)
    if as_json:
        print_json({**told, "shared": not unshared, "reason": unshared or decision.reason})
    else:
        _say(f"{predicted} → {wanted}" if predicted else wanted, any(seen.keys), unshared)


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


def _keep(seen: Observation, actual: str, platform: str, *, wrong: bool) -> Consent:
    """Into the personal memory, and into the queue when sharing is agreed to; the decision about that.

    Args:
        wrong: something else was predicted, which counts against the version in use while one is on trial.
    """
    memory = _memory()
    with at(places.memory_file(os.environ, OBSERVER.learner)):
        for key in seen.keys:
            memory.remember(key, actual)
    consent.ask(sys.stdin, sys.stderr, os.environ)
    with closing(contribution()) as share:
        if wrong:
            share.tallies().corrected()
        if share.allows(platform):
            with at(share.spool.samples):
                share.put(seen.samples, seen.app, CORRECTION)
            share.close()
            send_full_batches(share)
        return share.consent()


def _memory() -> PersonalMemory:
    from samouk.edge.memory import PersonalMemory as Memory

    return Memory(places.memory_file(os.environ, OBSERVER.learner))


def _take_back(everything: bool, as_json: bool) -> None:
    """Forget the last correction, or all."""
    memory = _memory()
    before, last = len(memory), None
    with at(places.memory_file(os.environ, OBSERVER.learner)):
        if everything:
            memory.clear()
        else:
            last = memory.undo()
    gone = before - len(memory)
    if as_json:
        print_json({"forgotten": gone, "actual": last, "remembered": len(memory)})
        return
    what = f" ({last})" if last else ""
    click.echo(
        f"🗑️  {counted(gone, 'correction')} forgotten{what}" if gone else "✅ Nothing to forget: no correction is kept."
    )
    if gone:
        click.echo("💡 What was shared of it: observe ml forget")


def _unshared(decision: Consent, platform: str) -> str:
    """Why the correction is not shared; "" when it is."""
    if not decision.granted:
        return decision.reason
    return "" if platform in decision.platforms else f"{platform} is not among ml.contribute_platforms"


def _say(what: str, remembered: bool, unshared: str) -> None:
    click.echo(
        f"✅ Remembered: {what}; your own predictions know it now"
        if remembered
        else f"💤 Not remembered as {what}: {TOO_LITTLE}"
    )
    click.echo(f"💤 Not shared: {unshared}" if unshared else "📦 Kept to be shared, anonymised 🙏")


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
