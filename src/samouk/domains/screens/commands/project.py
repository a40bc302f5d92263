"""``observe project fullcycle``: from an app's source, or a recording of it, to tests that run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from samouk.domains.screens.commands.ends import BadInput, MissingExtra, at, hint
from samouk.domains.screens.commands.inputs import file_type, read_document
from samouk.domains.screens.commands.models import describe, update_by_itself, updater
from samouk.domains.screens.commands.printing import bar, counted, is_watched, json_option, meter, percent, print_json
from samouk.domains.screens.commands.sharing import contribution, tip
from samouk.domains.screens.observer import OBSERVER
from samouk.domains.screens.testgen.formats import FORMATS, writer

if TYPE_CHECKING:
    from samouk.domains.screens.appmodel.model import AppModel
    from samouk.domains.screens.element import Screen
    from samouk.domains.screens.source.widgets import Framework, Sight, Trouble
    from samouk.domains.screens.testgen.cases import Generated, Plan
    from samouk.domains.screens.testgen.keeping import Kept
    from samouk.domains.screens.testgen.testability import Testability
    from samouk.domains.screens.testgen.waiting import Asking, Held
    from samouk.edge.predictor import Predictor

SHOWN = 5
"""Lines of a kind on the terminal; the rest is counted, and stands in the report."""

BESIDE = "model"
"""What stands beside the tests of any format, as a kind of files."""

_OPTIONS = {
    "android": "android_source",
    "compose": "android_source",
    "ios": "ios_source",
    "flutter": "flutter_source",
    "react_native": "react_native_source",
}
"""Options by framework."""

_folder = click.Path(path_type=Path)


class Written(NamedTuple):
    """Tests that were written in one format, and how many of them wait for a person."""

    tests: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Made:
    """What one run has made."""

    model: AppModel
    plan: Plan
    held: Sequence[Held]
    asking: Asking
    formats: Mapping[str, Written]
    report: Testability
    kept: Kept
    troubles: Sequence[Trouble]
    files: int
    lines: int
    shared: int

    @property
    def waiting(self) -> int:
        """Tests that wait for a person."""
        return sum(one.tests for one in self.held)


@click.command()
@click.option("--android-source", type=_folder, multiple=True, help="Android app: XML layouts, Compose, or both.")
@click.option("--ios-source", type=_folder, multiple=True, help="iOS app: storyboards, UIKit, SwiftUI.")
@click.option("--flutter-source", type=_folder, multiple=True, help="Flutter app.")
@click.option("--react-native-source", type=_folder, multiple=True, help="React Native app.")
@click.option("--source", type=_folder, multiple=True, help="Any of them; found out from what lies in it.")
@click.option("--recording", type=file_type, multiple=True, help="JSON list of recorded events, instead of source.")
@click.option("--output", type=_folder, required=True, help="Folder for the tests; made if it is not there.")
@click.option(
    "--format",
    "formats",
    type=click.Choice(FORMATS, case_sensitive=False),
    multiple=True,
    default=("pytest",),
    show_default=True,
    help="What to write; may be given several times.",
)
@click.option("--workers", type=click.IntRange(1), help="Processes that read; one a core unless told.")
@json_option
def fullcycle(
    output: Path, formats: tuple[str, ...], workers: int | None, as_json: bool, **given: tuple[Path, ...]
) -> None:
    """Read an app's source and write tests that run.

    Screens, elements and navigation become an app model; the model in service says what each element is; tests are
    written in the formats you choose, with a report on what cannot be tested well yet. Running it again keeps what
    you have edited. Works offline; once you have run update-model, the server is asked once a day for a better model.
    """
    _check(output, given)
    update_by_itself()
    watched = is_watched(as_json)
    sights, troubles = _sights(given, workers, watched)
    made = _make(sights, _events(given["recording"]), troubles, output, formats)
    if as_json:
        print_json(_plain(made, output))
    else:
        _say(made, output)


def _check(output: Path, given: dict[str, tuple[Path, ...]]) -> None:
    if not any(given.values()):
        raise BadInput("no source: name one with --source FOLDER, or --android-source, --ios-source and their likes")
    for name, paths in given.items():
        for path in paths:
            if name != "recording" and not path.exists():
                raise BadInput(f"--{name.replace('_', '-')} {path}: no such folder; check the path")
    if output.exists() and not output.is_dir():
        raise BadInput(f"--output {output}: is a file; name a folder")


def _require_grammars() -> None:
    if find_spec("tree_sitter") is None:
        raise MissingExtra("reading source takes grammars, which are not installed: pip install 'samouk[source]'")


def _sights(
    given: dict[str, tuple[Path, ...]], workers: int | None, watched: bool
) -> tuple[list[Sight], list[Trouble]]:
    asked = list(_asked(given))
    if not asked:
        return [], []
    from samouk.domains.screens.source import reading

    sights = []
    for framework, path, must in asked:
        with ExitStack() as bars:
            opened: list[Any] = []

            def told(
                done: int, of: int, opened: list[Any] = opened, bars: ExitStack = bars, name: str = framework
            ) -> None:
                if not watched:
                    return
                if not opened:
                    opened.append(bars.enter_context(meter(of, f"🔎 Reading {name.replace('_', ' ')}")))
                opened[0].update(done - opened[0].pos)

            sight = reading.read(framework, path, workers=workers, told=told)
        if sight.screens or must:
            sights.append(sight)
    if sights and not any(sight.screens for sight in sights):
        where = ", ".join(str(path) for name, paths in given.items() if name != "recording" for path in paths)
        raise BadInput(f"{where}: no screen found in it; {_instead(given)}")
    return sights, [trouble for sight in sights for trouble in sight.troubles]


def _instead(given: dict[str, tuple[Path, ...]]) -> str:
    """What to try where nothing was found: the option for what does lie there."""
    from samouk.domains.screens.source import reading

    paths = dict.fromkeys(path for name, paths in given.items() if name != "recording" for path in paths)
    found = [one for path in paths for one in reading.detect(path)]
    options = {option: folder for name, folder in found if not given[option := _OPTIONS[name]]}
    if not options or given["source"]:
        return "name the folder that holds the app's source"
    told = " and ".join(f"--{option.replace('_', '-')} {folder}" for option, folder in options.items())
    return f"what lies there is read with {told}"


def _asked(given: dict[str, tuple[Path, ...]]) -> Iterator[tuple[Framework, Path, bool]]:
    """Framework, folder, and whether the user named it; an Android app may be of views, of Compose, or of both."""
    if any(paths for name, paths in given.items() if name != "recording"):
        _require_grammars()
    for path in given["android_source"]:
        yield "android", path, True
        yield "compose", path, False
    for path in given["ios_source"]:
        yield "ios", path, True
    for path in given["flutter_source"]:
        yield "flutter", path, True
    for path in given["react_native_source"]:
        yield "react_native", path, True
    if not given["source"]:
        return
    from samouk.domains.screens.source import reading

    for path in given["source"]:
        found = reading.detect(path)
        if not found:
            raise BadInput(
                f"--source {path}: neither Android, iOS, Flutter nor React Native is found in it; name the app's folder"
            )
        for framework, folder in found:
            yield framework, folder, False


def _events(files: Sequence[Path]) -> list[Any]:
    events: list[Any] = []
    for file in files:
        document = read_document(file)
        if not isinstance(document, list):
            raise BadInput(f"{file}: must be a list of events, each with hierarchy and platform")
        events += document
    return events


def _make(
    sights: list[Sight], events: list[Any], troubles: list[Trouble], output: Path, formats: Sequence[str]
) -> Made:
    from samouk.domains.screens.appmodel.building import ModelBuilder
    from samouk.domains.screens.appmodel.recording import sights_of
    from samouk.domains.screens.testgen import keeping
    from samouk.domains.screens.testgen.finding import found_everywhere
    from samouk.domains.screens.testgen.manifest import Clash
    from samouk.domains.screens.testgen.plan import plan
    from samouk.domains.screens.testgen.testability import judge
    from samouk.domains.screens.testgen.waiting import asking, holding, waiting

    seen: list[Screen] = []
    whole = [*sights, *(sights_of(events) if events else ())]
    with _predictor() as predictor:
        model = ModelBuilder(predictor, seen.append).build(whole)
    planned, report = plan(model), judge(model)
    # What is of other formats in the folder stays as it is: a kind of files by itself each.
    kinds = {BESIDE: [*_beside(model, report)], **{name: [*writer(name)(model, planned)] for name in formats}}
    try:
        kept = keeping.write_kinds(output, kinds)
    except Clash as clash:
        raise BadInput(str(clash)) from None
    read = sum(sight.files for sight in whole), sum(sight.lines for sight in whole)
    reasons = waiting(model, planned, found_everywhere(model))
    held, asks = holding(model, planned, reasons), asking(model, planned, reasons)
    written = {
        name: Written(sum(one.tests for one in kinds[name]), sum(one.waiting for one in kinds[name]))
        for name in formats
    }
    return Made(model, planned, held, asks, written, report, kept, troubles, *read, _share(seen))


def _predictor() -> Predictor:
    from samouk.edge.predictor import Predictor

    return Predictor(None, OBSERVER, environ=os.environ)


def _beside(model: AppModel, report: Testability) -> Iterator[Generated]:
    """The app model with its schema, and the report."""
    from samouk.domains.screens.appmodel import document
    from samouk.domains.screens.testgen import testability_page
    from samouk.domains.screens.testgen.cases import Generated

    yield Generated(document.FILE, document.encode(model).decode())
    yield Generated(document.SCHEMA_FILE, document.schema().decode())
    yield Generated(testability_page.FILE, testability_page.page(report))


def _share(screens: Sequence[Screen]) -> int:
    """Keep anonymised samples of what was found, if the user has said yes; nobody is asked here."""
    with closing(contribution()) as share:
        kept = 0
        for screen in screens:
            if share.allows(screen.platform):
                found = OBSERVER.observe_screen(screen)
                with at(share.spool.samples):
                    kept += share.put(found.samples, found.app)
        return kept


def _say(made: Made, output: Path) -> None:
    for line in describe(updater()):
        hint(line)
    screens = made.model.screens
    elements = sum(len(screen.interactive) for screen in screens)
    read = f"{counted(made.files, 'file')}, {made.lines:,} lines" if made.files else "a recording"
    click.echo(f"🔎 {read}: {counted(len(screens), 'screen')}, {counted(elements, 'interactive element')}")
    for name, (tests, waits) in made.formats.items():
        run = f": {tests - waits:,} run now, {waits:,} wait" if waits else ""
        click.echo(f"🧪 {counted(tests, 'test')} as {name} in {output}{run}")
    if "pytest" in made.formats:
        _say_asking(made, made.formats["pytest"].tests - made.formats["pytest"].waiting)
    _say_kept(made.kept)
    _say_unreached(made)
    _say_held(made)
    _say_troubles(made.troubles)
    _say_report(made.report, output)
    if made.shared:
        click.echo(f"📦 {counted(made.shared, 'anonymised sample')} kept to share")
    click.echo(_tip())
    if "pytest" in made.formats:
        click.echo(f"▶️  To see them run without a phone: observe project rehearse {output}")


def _say_asking(made: Made, running: int) -> None:
    """Tests that may skip themselves, and what most of them look for."""
    if made.asking.most is None:
        return
    screen, element, place, tests = made.asking.most
    name = made.model.element(screen, element).name or element
    most = f", {tests:,} of them for {name!r} on {made.model.by_key[screen].name}" if made.asking.tests > 1 else ""
    many = f"{made.asking.tests:,} of the {running:,}"
    click.echo(f"❔ Skipped where the app does not show what they need: {many}{most} ({place.file}:{place.line})")


def _say_kept(kept: Kept) -> None:
    for one in kept.notes[:SHOWN]:
        click.echo(f"✋ left as it is: {one.path} {one.key}".rstrip() + f" ({one.reason})")
    if len(kept.notes) > SHOWN:
        click.echo(f"   … and {len(kept.notes) - SHOWN} more")


def _say_unreached(made: Made) -> None:
    if made.plan.unreached:
        names = ", ".join(one.screen for one in made.plan.unreached[:SHOWN])
        more = f" and {len(made.plan.unreached) - SHOWN} more" if len(made.plan.unreached) > SHOWN else ""
        click.echo(f"⏭️  No known way leads to {names}{more}: their tests are written and skipped until you add one")


def _say_held(made: Made) -> None:
    """The one thing that most of the waiting tests wait for."""
    if made.held:
        most = made.held[0]
        where = f"{made.model.by_key[most.screen].name}: " if most.screen else ""
        many = "all" if most.tests == made.waiting else f"{most.tests:,} of the {made.waiting:,}"
        click.echo(f"⏭️  What frees most, {many} that wait: {where}{most.reason}")


def _say_troubles(troubles: Sequence[Trouble]) -> None:
    alike: dict[tuple[str, str], list[int]] = {}
    for one in troubles:
        alike.setdefault((one.file, one.reason), []).append(one.line)
    for (file, reason), lines in list(alike.items())[:SHOWN]:
        times = f" ({len(lines):,} times)" if len(lines) > 1 else ""
        hint(f"⚠️  {file}:{lines[0]}: {reason}{times}" if lines[0] else f"⚠️  {file}: {reason}{times}")
    if len(alike) > SHOWN:
        hint(f"⚠️  … and {len(alike) - SHOWN} more; all of them: --json")


def _say_report(report: Testability, output: Path) -> None:
    from samouk.domains.screens.testgen import testability_page
    from samouk.domains.screens.testgen.testability import lines

    click.echo(
        f"📋 Testability {percent(report.score)}: {report.stable:,} of {report.interactive:,} interactive elements"
        " have a stable locator"
    )
    width = max((len(one.name) for one in report.screens), default=0)
    worst = sorted((one for one in report.screens if one.interactive), key=lambda one: one.score)
    for one in worst[:SHOWN]:
        click.echo(f"   {one.name:{width}}  {percent(one.score):>5}  {bar(one.score)}".rstrip())
    for line in lines(report, SHOWN):
        click.echo(line)
    click.echo(f"   Bars and every line to add: {output / testability_page.FILE}")


def _tip() -> str:
    with closing(contribution()) as share:
        decision = share.consent()
    return tip() if decision.granted else f"💡 No samples of these elements are shared: {decision.reason}"


def _plain(made: Made, output: Path) -> dict[str, Any]:
    return {
        "output": str(output),
        "app": made.model.app,
        "classifier": made.model.classifier,
        "frameworks": list(made.model.frameworks),
        "files": made.files,
        "lines": made.lines,
        "screens": len(made.model.screens),
        "interactive": made.report.interactive,
        "tests": len(made.plan.cases),
        "formats": {name: one._asdict() for name, one in made.formats.items()},
        "waiting": {"tests": made.waiting, "reasons": [one._asdict() for one in made.held]},
        "asking": {"tests": made.asking.tests, "most": _plain_most(made.asking)},
        "unreached": [{"screen": one.screen, "reason": one.reason} for one in made.plan.unreached],
        "testability": round(made.report.score, 4),
        "lacking": [
            {"file": one.place.file, "line": one.place.line, "add": one.remedy.line} for one in made.report.lacking
        ],
        "kept": [one._asdict() for one in made.kept.notes],
        "troubles": [one._asdict() for one in made.troubles],
        "shared": made.shared,
    }


def _plain_most(asking: Asking) -> dict[str, Any] | None:
    if asking.most is None:
        return None
    screen, element, place, tests = asking.most
    return {"screen": screen, "element": element, "file": place.file, "line": place.line, "tests": tests}
