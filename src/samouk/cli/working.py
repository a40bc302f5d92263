"""Commands of a house with a queue: work, say when, and look after what could not be done."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from samouk.cli.ends import explained, home_option, json_option, print_json, settings, table, told_to_stop
from samouk.terminal import Commands

if TYPE_CHECKING:
    from samouk.loop.task import Task

CONCURRENCY = 1


@click.command()
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=CONCURRENCY,
    show_default=True,
    help="Turns at once, each in a process of its own.",
)
@click.option("--schedule", "and_schedule", is_flag=True, help="Say when, too; of many that do, one works.")
@home_option
@explained
def work(concurrency: int, and_schedule: bool, home: Path | None) -> None:
    """Take the turns that the queue tells of, until told to stop."""
    from samouk import assembly
    from samouk.domains import discover
    from samouk.server import logs

    chosen = settings(home)
    logs.set_up(chosen.log)
    domains = discover()
    turns = "one turn" if concurrency == 1 else f"{concurrency} turns"
    with ExitStack() as open_until_the_end:
        assembly.ensure_signing_keys(chosen)
        services = open_until_the_end.enter_context(assembly.opened(chosen, domains=domains.values()))
        if and_schedule:
            known = [learner.name for domain in domains.values() for learner in domain.learners]
            open_until_the_end.enter_context(assembly.scheduler(chosen, services, known))
        click.echo(f"🛠️ The worker begins: {turns} at once, as the queue tells of them; Ctrl-C stops it.")
        code = assembly.work(chosen, services, concurrency)
    sys.exit(code)


@click.command()
@home_option
@explained
def schedule(home: Path | None) -> None:
    """Tell the workers when it is time to learn; of many that do, one works."""
    from samouk import assembly
    from samouk.domains import discover
    from samouk.server import logs

    chosen = settings(home)
    logs.set_up(chosen.log)
    domains = discover()
    known = [learner.name for domain in domains.values() for learner in domain.learners]
    stop = told_to_stop()
    with (
        assembly.opened(chosen, domains=domains.values()) as services,
        assembly.scheduler(chosen, services, known),
    ):
        click.echo("⏰ The scheduler runs; Ctrl-C stops it.")
        stop.wait()


@click.group(cls=Commands, invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="Those that wait, run or are done, too.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True)
@home_option
@json_option
@click.pass_context
@explained
def tasks(context: click.Context, everything: bool, limit: int, home: Path | None, as_json: bool) -> None:
    """List the dead letters, newest first: tasks of which every attempt failed."""
    from samouk import assembly
    from samouk.loop.task import TaskState

    if context.invoked_subcommand is not None:
        return
    with assembly.opened(settings(home)) as services:
        found = services.tasks.tasks(None if everything else TaskState.DEAD, limit)
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo(
            "💤 nobody asked for a task yet" if everything else "✅ no dead letters; --all lists the other tasks"
        )
        return
    table(("task", "what", "learner", "asked", "state", "attempts", "error"), [_row(task) for task in found])


def _row(task: Task) -> tuple[object, ...]:
    asked = f"{task.asked:%Y-%m-%d %H:%M}"
    return task.task_id, task.kind, task.learner, asked, task.state, task.attempts, task.error


@tasks.command()
@click.argument("task")
@home_option
@explained
def retry(task: str, home: Path | None) -> None:
    """Put TASK, a dead letter, back: workers begin it anew."""
    from samouk import assembly

    chosen = settings(home)
    with assembly.opened(chosen) as services:
        again = services.tasks.retry(task)
        assembly.send_again(chosen, again)
    click.echo(f"🔄 {again.kind} of {again.learner} waits for a worker")
