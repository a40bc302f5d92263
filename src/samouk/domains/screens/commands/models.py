"""Commands about models: which one is in service, whether there is a better one, and back."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from samouk.domains.screens.commands.ends import FAILED, fail, hint
from samouk.domains.screens.commands.printing import is_watched, json_option, meter, print_json
from samouk.domains.screens.schema import SCHEMA
from samouk.edge import config as settings
from samouk.edge import consent, places
from samouk.edge.errors import ConfigError

if TYPE_CHECKING:
    from samouk.edge.trust import Installed, Update
    from samouk.edge.updater import ModelUpdater

KILOBYTE = 1_000


def updater(progress: Callable[[int, int], None] | None = None) -> ModelUpdater:
    """The updater of the screens' model over the user's settings."""
    from samouk.edge.updater import ModelUpdater as Updater

    return Updater(learner=SCHEMA.name, progress=progress, environ=os.environ)


@click.command("check-updates")
@json_option
def check_updates(as_json: bool) -> None:
    """Ask whether there is a better model."""
    client = updater()
    if not as_json:
        _say_checking()
    update = client.check_for_updates()
    if as_json:
        print_json({"current": _version(client), "update": _plain(update)})
    elif update is None:
        _say_newest(client)
    else:
        _say_update(client, update)
        click.echo("💡 To take it: observe ml update-model")


@click.command("update-model")
@json_option
def update_model(as_json: bool) -> None:
    """Take a better model.

    It is downloaded, verified and tried before the switch, and the old one is kept.
    """
    with ExitStack() as bars:
        client = updater(_drawing(bars) if is_watched(as_json) else None)
        if not as_json:
            _say_checking()
        update = client.check_for_updates()
        if update is not None:
            if not as_json:
                _say_update(client, update)
            client.download_update(update)
    if as_json:
        print_json({"current": _version(client), "update": _plain(update)})
    elif update is None:
        _say_newest(client)
    else:
        click.echo(f"✅ {update.version} is in service")
        click.echo("💡 To go back: observe ml rollback")


@click.command()
@json_option
def models(as_json: bool) -> None:
    """Show the model in service."""
    from samouk.edge.installed import ModelFolder

    client = updater()
    current = client.current()
    shelf = ModelFolder(places.models_dir(os.environ, client.learner)).good()
    previous = shelf.previous
    if as_json:
        facts = {"current": facts_of(client), "previous": None if previous is None else previous.version}
        print_json(facts)
        return
    if current is None:
        click.echo("💤 No model is installed and none ships with this package; to get one: observe ml update-model")
        return
    for line in describe(client):
        click.echo(line)
    if previous is not None:
        click.echo(f"   Before it: {previous.version}; to go back: observe ml rollback")


@click.command()
@json_option
def rollback(as_json: bool) -> None:
    """Go back to the model before.

    The one that is left does not come back by itself.
    """
    client = updater()
    left = _version(client)
    if client.rollback_to_last_good() is None:
        fail("there is no model to go back to; the one in service stays", FAILED)
    if as_json:
        print_json({"current": _version(client), "left": left})
        return
    click.echo(f"✅ {_version(client)} is in service again")
    click.echo(f"   {left} will not come back by itself; a newer version will.")


def update_by_itself() -> None:
    """Take a better model at most once a day, from a server that the user has asked before; offline, nothing happens.

    ``ml.auto_update``, ``DO_NOT_TRACK`` and ``CI`` switch it off: nobody is contacted unasked.
    """
    client = updater()
    try:
        if consent.forbidden_by(os.environ) or not client.knows_server():
            return
    except ConfigError:
        return  # whoever cannot be named cannot be asked; the prediction stands
    update = client.auto_update()
    if update is not None:
        hint(f"🔄 {update.version} was installed and predicts from now on (ml.auto_update)")


def describe(client: ModelUpdater) -> Iterator[str]:
    """Which model and version is in service, on how many elements it was trained, for which platforms."""
    facts = facts_of(client)
    if facts is None:
        return
    yield f"✅ Model {facts['learner']} {facts['version']}"
    trained = f"trained on {facts['samples']:,} elements" if facts["samples"] else ""
    platforms = f"platforms: {', '.join(facts['platforms'])}" if facts["platforms"] else ""
    about = " · ".join(part for part in (trained, platforms, *_figures({}, facts["figures"])) if part)
    if about:
        yield f"   {about}"


def facts_of(client: ModelUpdater) -> dict[str, Any] | None:
    """The model in service: version, samples, platforms, figures and file; None when there is none."""
    installed, path = client.current(), client.model_path()
    if installed is None or path is None:
        return None
    told = _card(path) if installed.number == 0 else {**_inside(path), **_release(client, installed)}
    return {
        "learner": client.learner,
        "version": told.get("version", installed.version),
        "samples": told.get("samples"),
        "platforms": list(told.get("platforms") or ()),
        "figures": dict(installed.figures),
        "file": str(path),
    }


def _inside(model: Path) -> dict[str, Any]:
    """What an installed model says of itself. It is whole and was tried: else it would not be installed."""
    from samouk.edge.runtime import session
    from samouk.edge.trial import METADATA_KEY

    metadata = json.loads(session(str(model)).get_modelmeta().custom_metadata_map[METADATA_KEY])
    return {"samples": metadata.get("rows"), "platforms": metadata.get("platforms")}


def _card(model: Path) -> dict[str, Any]:
    """The card beside the model that ships with the package."""
    try:
        document = json.loads(model.with_name("card.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _release(client: ModelUpdater, installed: Installed) -> dict[str, Any]:
    """What the last check was told of the installed model; nothing when it was told of another."""
    from samouk.edge.trust import Check

    try:
        check = Check.decoded((places.models_dir(os.environ, client.learner) / "check.json").read_bytes())
    except (OSError, ValueError, TypeError, KeyError):
        return {}
    same = check.release is not None and check.release.sha256 == installed.sha256
    told = dataclasses.asdict(check.release) if same and check.release is not None else {}
    return {name: value for name, value in told.items() if value}


def _version(client: ModelUpdater) -> str | None:
    facts = facts_of(client)
    return None if facts is None else str(facts["version"])


def _say_checking() -> None:
    click.echo(f"🔄 Asking {settings.load(os.environ).upload_endpoint} for a better model")


def _say_newest(client: ModelUpdater) -> None:
    click.echo("✅ You have the newest model")
    for line in describe(client):
        click.echo(line.replace("✅", "  "))


def _say_update(client: ModelUpdater, update: Update) -> None:
    since = f"{_version(client)} → {update.version}" if update.current else update.version
    click.echo(f"🆕 {since} ({_size(update.size)})")
    if update.samples:
        click.echo(f"   trained on {update.samples:,} elements" + _listed(" · platforms: ", update.platforms))
    # A changelog tells most figures by itself.
    untold = {
        name: value
        for name, value in update.after.items()
        if not any(line.startswith(f"{name}:") for line in update.changelog)
    }
    for line in _figures(update.before, untold):
        click.echo(f"   {line}")
    for line in update.changelog:
        click.echo(f"   {line}")


def _figures(before: Mapping[str, float], after: Mapping[str, float]) -> Iterator[str]:
    for name, value in after.items():
        yield f"{name} {before[name]:.1%} → {value:.1%}" if name in before else f"{name} {value:.1%}"


def _listed(title: str, names: tuple[str, ...]) -> str:
    return f"{title}{', '.join(names)}" if names else ""


def _size(size: int) -> str:
    return f"{size / KILOBYTE / KILOBYTE:.1f} MB" if size >= KILOBYTE * KILOBYTE else f"{size / KILOBYTE:.0f} KB"


def _drawing(bars: ExitStack) -> Callable[[int, int], None]:
    """A progress that opens its bar with the first bytes, so that no bar shows when nothing is downloaded."""
    opened: list[Any] = []

    def show(done: int, total: int) -> None:
        if not opened:
            opened.append(bars.enter_context(meter(total, "📥 Downloading")))
        opened[0].update(done - opened[0].pos)

    return show


def _plain(update: Update | None) -> dict[str, Any] | None:
    if update is None:
        return None
    release = dataclasses.asdict(update.release)
    return {**release, "current": update.current, "before": dict(update.before)}
