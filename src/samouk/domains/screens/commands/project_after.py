"""Commands for a project that has its app model: the report again, lost locators, and a run without a phone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from samouk.domains.screens.commands.ends import BadInput
from samouk.domains.screens.commands.inputs import file_type, platform_option, read_dump
from samouk.domains.screens.commands.outputs import require_place, write
from samouk.domains.screens.commands.printing import bar, counted, json_option, percent, print_json
from samouk.edge.observer import UnreadableSource

if TYPE_CHECKING:
    from samouk.domains.screens.appmodel.model import AppModel, AppScreen
    from samouk.domains.screens.element import Screen
    from samouk.domains.screens.testgen.healing import Candidate, Proposal, Recognised

_CANDIDATES = 3
"""Screens that are named where it is not sure which one a hierarchy shows."""

_project = click.argument("project", type=click.Path(path_type=Path))


@click.command()
@_project
@click.option("--html", type=click.Path(path_type=Path), help="Write the report with bars to this file.")
@json_option
def report(project: Path, html: Path | None, as_json: bool) -> None:
    """Tell which elements lack a stable locator.

    PROJECT is the folder that fullcycle wrote, or its app_model.json.
    """
    from samouk.domains.screens.testgen.testability import judge, lines
    from samouk.domains.screens.testgen.testability_page import page

    told = judge(read_model(project))
    if html is not None:
        require_place(html)
        write(html, page(told).encode())
    if as_json:
        lacking = [{"file": one.place.file, "line": one.place.line, "add": one.remedy.line} for one in told.lacking]
        scores = [{"screen": one.screen, "interactive": one.interactive, "stable": one.stable} for one in told.screens]
        print_json({"score": round(told.score, 4), "screens": scores, "lacking": lacking})
        return
    click.echo(f"📋 Testability {percent(told.score)}: {told.stable:,} of {told.interactive:,} interactive elements")
    width = max((len(one.name) for one in told.screens), default=0)
    for one in told.screens:
        click.echo(f"   {one.name:{width}}  {percent(one.score):>5}  {bar(one.score)}".rstrip())
    for line in lines(told, len(told.lacking)):
        click.echo(line)
    if html is not None:
        click.echo(f"✅ {html}")


@click.command()
@_project
@click.argument("dump", type=file_type)
@click.option("--screen", help="Key of the screen that DUMP shows; found out unless told.")
@platform_option
@json_option
def heal(project: Path, dump: Path, screen: str | None, platform: str | None, as_json: bool) -> None:
    """Propose new locators for those that no longer match.

    PROJECT is the folder that fullcycle wrote, or its app_model.json; DUMP a hierarchy of the app as it is now. For
    each lost element the best candidate is told with its reasons, its score and the distance to the second; where two
    are close, none is proposed. Nothing is changed: you decide.
    """
    model = read_model(project)
    shown = _read(dump, platform)
    known = _screen(model, shown, screen, dump)
    places = _places(project, model, known.screen)
    found = _proposals(known.screen, shown)
    if as_json:
        counts = {"recognised": known.found, "expected": known.expected}
        lost = [{**_plain(one, shown), "change": places.get(one.element.key)} for one in found]
        print_json({"screen": known.screen.key, **counts, "lost": lost})
        return
    click.echo(f"🔎 {known.screen.name}: {_counted(known)}, {len(found)} no longer found as tests look for them")
    for one in found:
        _say(one, shown, places.get(one.element.key, ""))


def read_model(project: Path) -> AppModel:
    """The app model of a folder, or of the file itself. Raises BadInput."""
    from samouk.domains.screens.appmodel import document

    file = project / document.FILE if project.is_dir() else project
    try:
        return document.decode(file.read_bytes())
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}; make it with observe project fullcycle") from None
    except document.NotAModel as error:
        raise BadInput(f"{file}: {error}") from None


def _read(dump: Path, platform: str | None) -> Screen:
    from samouk.domains.screens.readers import read

    content = read_dump(dump, platform)
    try:
        return read(content.content, content.platform)
    except UnreadableSource as error:
        raise BadInput(f"{dump}: {error}") from None


def _screen(model: AppModel, shown: Screen, asked: str | None, dump: Path) -> Recognised:
    from samouk.domains.screens.testgen.healing import ranked, recognise, sure

    if asked is not None:
        if asked not in model.by_key:
            raise BadInput(f"--screen {asked}: there is no such screen; there are {', '.join(model.by_key)}")
        return recognise(model.by_key[asked], shown)
    order = ranked(model.screens, shown)
    found = sure(order)
    if found is not None:
        return found
    if not order:
        raise BadInput(f"{dump}: shows none of the app's screens; name the one you mean with --screen")
    candidates = ", ".join(f"{one.screen.key} ({_counted(one)})" for one in order[:_CANDIDATES])
    raise BadInput(f"{dump}: which screen it shows is not sure: {candidates}; name it with --screen")


def _counted(known: Recognised) -> str:
    return f"{known.found} of {counted(known.expected, 'element')} recognised"


def _places(project: Path, model: AppModel, screen: AppScreen) -> dict[str, str]:
    """For each element, by key, where its locator stands in the tests; nothing where they are of another format."""
    from samouk.domains.screens.testgen.pytest_names import names

    told = names(model)
    page = f"pages/{told.modules[screen.key]}.py"
    folder = project if project.is_dir() else project.parent
    if not (folder / page).is_file():
        return {}
    return {one.key: f"{page}, property {told.attributes[screen.key, one.key]}" for one in screen.elements}


def _proposals(where: AppScreen, shown: Screen) -> list[Proposal]:
    from samouk.domains.screens import rules
    from samouk.domains.screens.testgen import healing

    lost = list(healing.lost_in(where, shown))
    gone = {element.key for element in lost}
    firsts = [element.locators[0] for element in where.elements if element.locators and element.key not in gone]
    taken = [index for locator in firsts for index in healing.matches(locator, shown)]
    evidence = rules.evidence_of(shown)
    return [healing.propose(element, shown, evidence, taken) for element in lost]


def _say(one: Proposal, shown: Screen, place: str) -> None:
    was = one.element.locators[0]
    click.echo(f"❓ {one.element.key} ({one.element.type}): {was.strategy} {was.value!r} is gone")
    if place:
        click.echo(f"   📝 to change: {place}")
    if one.best is None:
        click.echo("   nothing on this screen is left to compare it with")
        return
    locator = one.best.locator
    if one.accepted and locator is not None:
        click.echo(f"   💡 use {locator.strategy} {locator.value!r}: {percent(one.best.score)} alike")
    else:
        click.echo(f"   no proposal: the best is {percent(one.best.score)} alike, the second {_second(one)}")
    click.echo(f"   why: {'; '.join(one.best.reasons)}")
    if one.accepted and one.second is not None:
        click.echo(f"   runner-up: {_named(one.second, shown)}, {percent(one.second.score)} alike")


def _second(one: Proposal) -> str:
    return "does not exist" if one.second is None else percent(one.second.score)


def _named(candidate: Candidate, shown: Screen) -> str:
    element = shown.elements[candidate.index]
    words = element.resource_id.rpartition("/")[2] or element.description or element.text
    return f"{element.class_name.rpartition('.')[2]} {words!r}" if words else element.class_name.rpartition(".")[2]


def _plain(one: Proposal, shown: Screen) -> dict[str, Any]:
    def told(candidate: Candidate | None) -> dict[str, Any] | None:
        if candidate is None:
            return None
        locator = None if candidate.locator is None else candidate.locator._asdict()
        return {
            "index": candidate.index,
            "class_name": shown.elements[candidate.index].class_name,
            "score": candidate.score,
            "locator": locator,
            "reasons": list(candidate.reasons),
        }

    lost: Sequence[dict[str, Any]] = [locator._asdict() for locator in one.lost]
    return {
        "element": one.element.key,
        "type": one.element.type,
        "lost": lost,
        "proposed": one.accepted,
        "margin": round(one.margin, 3),
        "best": told(one.best),
        "second": told(one.second),
    }
