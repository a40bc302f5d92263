"""``samouk rollout``: how a version proves itself on people, and a person's words about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from samouk.cli.ends import (
    MISUSE,
    explained,
    fail,
    home_option,
    json_option,
    print_json,
    settings,
    table,
    warn_of_other_rules,
)
from samouk.terminal import Commands, printable

if TYPE_CHECKING:
    from samouk.server.routes.rollouts import RolloutView, Word

SIGNS = {
    "running": "🚶",
    "paused": "⏸️",
    "waiting": "🙋",
    "promoted": "✅",
    "rolled_back": "↩️",
    "ended": "🤷",
}


@click.group(cls=Commands)
def rollout() -> None:
    """Look at a rollout, and say what is to become of it."""


@rollout.command()
@click.argument("learner")
@home_option
@json_option
@explained
def show(learner: str, home: Path | None, as_json: bool) -> None:
    """Show the rollout of LEARNER that runs, else the last one, with the figures of this moment."""
    from samouk import assembly, domains
    from samouk.server.routes.rollouts import newest, view

    known = domains.learner(learner)
    with assembly.opened(settings(home)) as services:
        warn_of_other_rules(known, services)
        found = newest(known, services)
        shown = view(known, services, found) if found else None
    if as_json:
        print_json(shown)
    elif shown is None:
        click.echo(f"{learner} has had no rollout yet")
    else:
        _show(shown)


@rollout.command("list")
@click.argument("learner")
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True)
@home_option
@json_option
@explained
def list_rollouts(learner: str, limit: int, home: Path | None, as_json: bool) -> None:
    """List the rollouts of LEARNER, newest first."""
    from samouk import assembly, domains

    known = domains.learner(learner)
    with assembly.opened(settings(home)) as services:
        found = services.rollouts.rollouts(known.name, limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (f"{item.started:%Y-%m-%d %H:%M}", ", ".join(item.challengers), item.champion, item.state, item.reason)
        for item in found
    ]
    table(("started", "challenger", "champion", "state", "why"), rows)


def _word(word: Word, help_text: str) -> click.Command:
    @click.argument("learner")
    @click.option("--reason", required=True, help="Why; it stands in the history and in the audit.")
    @home_option
    @json_option
    @explained
    def say(learner: str, reason: str, home: Path | None, as_json: bool) -> None:
        from samouk import assembly, domains
        from samouk.loop.staging import RolloutRefused
        from samouk.server.routes.rollouts import WORDS, view

        known = domains.learner(learner)
        with assembly.opened(settings(home)) as services:
            warn_of_other_rules(known, services)
            try:
                changed = WORDS[word](known, services, "operator", reason)
            except RolloutRefused as error:
                fail(str(error), MISUSE)
            shown = view(known, services, changed)
        if as_json:
            print_json(shown)
        else:
            click.echo(f"{SIGNS[shown.state]} {learner}: {shown.state}, {', '.join(shown.challengers)}")

    command: Callable[..., Any] = say
    return click.command(word, help=help_text)(command)


for _name, _help in (
    ("advance", "Go to the next step of LEARNER's rollout now."),
    ("pause", "Show the champion of LEARNER to all until further notice."),
    ("resume", "Go on where LEARNER's rollout was paused."),
    ("promote", "Release LEARNER's challenger, whatever is proven."),
    ("rollback", "Take LEARNER's challenger back, or, when no rollout runs, the version in service."),
    ("approve", "Release what waits for a person's word."),
):
    rollout.add_command(_word(_name, _help))  # type: ignore[arg-type]  # the names above are words


def _show(shown: RolloutView) -> None:
    """The state, the next move and the history."""
    arms = ", ".join(f"{name} at {share:.0%}" for name, share in shown.challengers.items() if share is not None)
    click.echo(f"{SIGNS[shown.state]} {shown.learner}: {shown.state}, {arms}, against {shown.champion}")
    click.echo(f"   {printable(shown.reason)}")
    if shown.next is not None:
        click.echo(f"   now: {shown.next.action} ({printable(shown.next.reason)})")
        for name, value in shown.next.figures.items():
            click.echo(f"   {name}: {_figure(value)}")
    rows = [(f"{move.at:%Y-%m-%d %H:%M}", move.actor, move.action, move.step, move.reason) for move in shown.history]
    table(("when", "who", "what", "step", "why"), rows)


def _figure(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_figure(inner)}" for key, inner in value.items())
    return ", ".join(_figure(inner) for inner in value) if isinstance(value, list | tuple) else str(value)
