"""``observe project rehearse``: generated tests on a real Appium server, without a phone."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from samouk.domains.screens.commands.ends import FAILED, BadInput, MissingExtra, fail, hint
from samouk.domains.screens.commands.inputs import platform_option
from samouk.domains.screens.commands.printing import counted, json_option, print_json
from samouk.domains.screens.commands.project_after import read_model

if TYPE_CHECKING:
    from samouk.domains.screens.appmodel.model import AppModel
    from samouk.domains.screens.element import Platform
    from samouk.domains.screens.testgen.rehearsal.rehearse import Rehearsal

SHOWN = 10
"""Tests that are named; the rest is counted."""

_NEEDED = ("pytest", "appium")


@click.command()
@click.argument("project", type=click.Path(path_type=Path))
@click.option(
    "--app", type=click.Path(path_type=Path), help="What the app shows, as XML; drawn from its model if not told."
)
@platform_option
@json_option
def rehearse(project: Path, app: Path | None, platform: str | None, as_json: bool) -> None:
    """Run the generated pytest suite without a phone.

    PROJECT is the folder that fullcycle wrote. The tests run on a real Appium server, with a driver that shows the app
    as its model draws it: what passes here runs, and needs a device to be right. Appium is installed once, into a
    cache of yours; that takes Node.js and, the first time, the network.
    """
    from samouk.domains.screens.testgen.rehearsal.drawn import BadDrawing
    from samouk.domains.screens.testgen.rehearsal.installing import CannotRehearse, is_installed
    from samouk.domains.screens.testgen.rehearsal.rehearse import SuiteFailed

    model = read_model(project)
    _require(project)
    where = _platform(model, platform)
    if not as_json:
        hint("🎭 Starting Appium" if is_installed() else "🎭 Installing Appium, once, which takes a minute")
    try:
        done = _run(project, model, app, where)
    except CannotRehearse as error:
        raise MissingExtra(str(error)) from None
    except (SuiteFailed, BadDrawing) as error:
        raise BadInput(f"{project}: {error}") from None
    if as_json:
        print_json(
            {"platform": where, "seconds": round(done.seconds, 1), "tests": [one._asdict() for one in done.outcomes]}
        )
    else:
        _say(done, where)
    if not _went_well(done):
        sys.exit(FAILED)


def _went_well(done: Rehearsal) -> bool:
    """Whether something passed and nothing failed: skipped tests alone tell nothing of the app."""
    return bool(done.count("passed")) and not done.count("failed")


def _require(project: Path) -> None:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise MissingExtra(f"{' and '.join(missing)} is not installed: pip install -r {project / 'requirements.txt'}")
    if not (project / "conftest.py").exists():
        raise BadInput(f"{project}: holds no pytest suite; write one with observe project fullcycle --format pytest")


def _platform(model: AppModel, asked: str | None) -> Platform:
    if asked is not None and asked not in model.platforms:
        fail(f"--platform {asked}: this app runs on {' and '.join(model.platforms)}", FAILED)
    return next(one for one in model.platforms if asked in (None, one))


def _run(project: Path, model: AppModel, app: Path | None, platform: Platform) -> Rehearsal:
    from samouk.domains.screens.testgen.rehearsal import rehearse as rehearsing
    from samouk.domains.screens.testgen.rehearsal.server import serving

    with _drawing(model, app, platform) as file, serving() as server:
        return rehearsing.rehearse(project, file, server.url)


@contextmanager
def _drawing(model: AppModel, app: Path | None, platform: Platform) -> Iterator[Path]:
    """The app's own file, or one that is drawn while the block runs."""
    from samouk.domains.screens.testgen.rehearsal.drawing import draw

    if app is not None:
        yield app
        return
    with tempfile.TemporaryDirectory(prefix="samouk-drawing-") as folder:
        file = Path(folder) / f"running.{platform}.xml"
        file.write_text(draw(model, platform), encoding="utf-8")
        yield file


def _say(done: Rehearsal, platform: str) -> None:
    failed, skipped = done.of("failed"), done.of("skipped")
    sign = "✅" if _went_well(done) else "❌"
    waiting = f", {len(skipped)} wait for something that their reasons tell" if skipped else ""
    click.echo(f"{sign} {platform}: {counted(done.count('passed'), 'test')} passed in {done.seconds:.1f} s{waiting}")
    for one in failed[:SHOWN]:
        click.echo(f"   ❌ {one.test}: {one.reason}")
    if len(failed) > SHOWN:
        click.echo(f"   … and {len(failed) - SHOWN} more")
    for reason in list(dict.fromkeys(one.reason for one in skipped))[:SHOWN]:
        click.echo(f"   ⏭️  {reason}")
