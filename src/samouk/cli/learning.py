"""Commands about learning: turn the loop, and look at learners, versions, runs and contracts."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from samouk.cli.ends import (
    FAILED,
    explained,
    fail,
    home_option,
    json_option,
    print_json,
    settings,
    table,
    warn_of_other_rules,
)

if TYPE_CHECKING:
    from samouk.loop.learner import Context, Learner
    from samouk.loop.ports import Services
    from samouk.loop.records import Order, Run, Version

SIGNS = {"released": "✅", "refused": "🛑", "undecided": "🤔", "empty": "⏳", "staged": "🙋", "failed": "❌"}


@click.command()
@click.argument("learner")
@click.option("--reason", envvar="SAMOUK_REASON", help="Why to learn now; it stands in the run and in the audit.")
@click.option("--if-due", is_flag=True, help="Learn only when a trigger says that it is time.")
@click.option("--hold", is_flag=True, help="What passes waits for a person's word, whatever the policy says.")
@click.option("--task", hidden=True, help="Name of the task and of its run; what it did before is not done again.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the fit and of the bootstrap.")
@home_option
@json_option
@explained
def turn(
    learner: str,
    reason: str | None,
    if_due: bool,
    hold: bool,
    task: str | None,
    seed: int,
    home: Path | None,
    as_json: bool,
) -> None:
    """Turn the loop once for LEARNER: learn, judge, and stage or release what passes."""
    from samouk import assembly, domains
    from samouk.loop.learner import Context, silent
    from samouk.loop.reason import reason_of
    from samouk.loop.records import Order, RunEnd, TriggerKind
    from samouk.loop.turn import begin
    from samouk.loop.watch import due

    known = domains.learner(learner)
    if if_due and click.get_current_context().get_parameter_source("reason") is ParameterSource.ENVIRONMENT:
        reason = None  # the environment is as long as a process lives, and a reason is for one turn
    if not (reason or if_due or task):
        raise click.UsageError("say why with --reason, or learn only when it is time with --if-due")
    if hold and not reason:
        raise click.UsageError("--hold is a person's wish: say why with --reason")
    chosen = settings(home)
    assembly.ensure_signing_keys(chosen)
    with assembly.opened(chosen) as services:
        warn_of_other_rules(known, services)
        begun = _begun(known, services, task)
        if begun is not None and begun.end not in (None, RunEnd.FAILED):
            begin(known, services)  # what its process left untold
            click.echo("{}" if as_json else f"⏳ {learner}: done before")
            return
        order = begun.order if begun else None
        if order is None and task and not if_due:
            asked = services.tasks.task(task).body
            reason, hold = str(asked["reason"]), bool(asked.get("hold"))
        if order is None:
            order = Order(TriggerKind.MANUAL, reason_of(reason), hold) if reason else due(known, services)
        if order is None:
            click.echo("{}" if as_json else f"⏳ {learner}: not due yet")
            return
        progress = silent if as_json else lambda text, share: click.echo(f"🔄 {share:4.0%} {text}")
        context = Context(seed=seed, threads=max(1, (os.cpu_count() or 1) - 1), progress=progress)
        run = _take(known, services, order, context, task)
    if as_json:
        print_json(run)
    if run.end is RunEnd.FAILED:
        fail(f"the run failed: {run.error}; it is on record: samouk runs {learner}", FAILED)
    if not as_json:
        _show_run(run)


def _begun(learner: Learner, services: Services, task: str | None) -> Run | None:
    """The run that an earlier attempt at the task began."""
    newest = services.runs.runs(learner.name, 1_000) if task else ()
    return next((run for run in newest if run.run_id == task), None)


def _take(learner: Learner, services: Services, order: Order, context: Context, task: str | None) -> Run:
    """The run, also one that failed and is on record; what kept it from starting is raised."""
    from samouk.assembly import REFUSALS
    from samouk.loop.outcome import harvest
    from samouk.loop.ports import LeaseLost
    from samouk.loop.records import RunEnd, TriggerKind
    from samouk.loop.turn import turn as take

    if order.kind is TriggerKind.MANUAL:
        harvest(learner, services)  # who says "now" means what was told by now; else a look does it, in its time
    before = {run.run_id for run in services.runs.runs(learner.name, 1)} - {task}
    try:
        return take(learner, services, order, context, run_id=task)
    except (LeaseLost, *REFUSALS):
        raise
    except Exception:
        newest = services.runs.runs(learner.name, 1)
        if not newest or newest[0].run_id in before or newest[0].end is not RunEnd.FAILED:
            raise
        return newest[0]


def _show_run(run: Run) -> None:
    click.echo(f"{SIGNS[str(run.end)]} {run.learner}: {run.end}" + (f", now {run.version}" if run.version else ""))
    for reason in run.verdict.reasons if run.verdict else ():
        click.echo(f"   {reason}")


@click.command()
@json_option
@explained
def learners(as_json: bool) -> None:
    """List what can learn."""
    from samouk.domains import learners as find

    found: list[Learner] = list(find().values())
    if as_json:
        print_json([_learner_row(item) for item in found])
        return
    rows = [
        (item.name, item.primary.name, f"{item.policy.triggers.period.days} d / {item.policy.triggers.volume} samples")
        for item in found
    ]
    table(("learner", "judged by", "learns every"), rows)


def _learner_row(item: Learner) -> dict[str, Any]:
    from samouk.loop.policies import in_words

    outcomes = [spec.name for spec in item.outcomes]
    names = {"name": item.name, "schema": item.schema.version, "classes": item.classes, "outcomes": outcomes}
    return {**names, "policy": in_words(item.policy)}


@click.command()
@click.argument("learner")
@home_option
@json_option
@explained
def versions(learner: str, home: Path | None, as_json: bool) -> None:
    """List the versions of LEARNER, newest first."""
    from samouk import assembly, domains

    known = domains.learner(learner)
    with assembly.opened(settings(home)) as services:
        found = services.registry.versions(known.name)
    if as_json:
        print_json(found)
        return
    table(("version", "stage", "made", "after", "figures", "erased data"), [_version_row(item) for item in found])


def _version_row(item: Version) -> tuple[object, ...]:
    tainted = "yes" if item.tainted else ""
    return item.name, item.stage, f"{item.created:%Y-%m-%d}", item.parent, _figures(item.figures), tainted


def _figures(figures: Any) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in figures.items())


@click.command()
@click.argument("learner")
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True)
@home_option
@json_option
@explained
def runs(learner: str, limit: int, home: Path | None, as_json: bool) -> None:
    """List the turns of LEARNER, newest first, with their reasons and ends."""
    from samouk import assembly, domains

    known = domains.learner(learner)
    with assembly.opened(settings(home)) as services:
        found = services.runs.runs(known.name, limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            f"{item.started:%Y-%m-%d %H:%M}",
            f"{item.order.kind}: {item.order.reason}",
            item.end or "running",
            "; ".join(item.verdict.reasons) if item.verdict else item.error,
        )
        for item in found
    ]
    table(("started", "reason", "end", "why"), rows)


@click.command()
@click.argument("learner", required=False)
@json_option
@explained
def check(learner: str | None, as_json: bool) -> None:
    """Hold every learner, or LEARNER alone, to its contract."""
    from samouk import domains
    from samouk.loop.checks import run

    chosen = [domains.learner(learner)] if learner else list(domains.learners().values())
    results = [result for item in chosen for result in run(item)]
    if as_json:
        print_json(results)
    for result in () if as_json else results:
        click.echo(f"{'✅' if result.problem is None else '❌'} {result.learner}: {result.promise}")
        if result.problem is not None:
            click.secho(f"   {result.problem}", fg="red")
    if any(result.problem for result in results):
        sys.exit(FAILED)
