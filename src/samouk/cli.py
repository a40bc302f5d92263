"""``samouk``: serve, turn the loop, look at learners and versions, keep keys, check a learner, play the demo.

Exit codes: 0 done; 1 a run or a check failed; 2 wrong use; 3 the store or the keys cannot be used;
4 another process is learning this learner.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec

import click

from samouk.settings import BadSetting, load

if TYPE_CHECKING:
    from samouk.loop.learner import Learner
    from samouk.loop.records import Run, Version
    from samouk.settings import Settings

P = ParamSpec("P")

FAILED, MISUSE, UNUSABLE, BUSY = 1, 2, 3, 4
DEMO_WEEKS = 6

home_option = click.option("--home", type=click.Path(path_type=Path), help="Where the store lies (SAMOUK_HOME).")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def fail(message: str, code: int) -> NoReturn:
    """One line on standard error, and out."""
    click.secho(f"❌ {message}", fg="red", err=True)
    sys.exit(code)


def explained(command: Callable[P, None]) -> Callable[P, None]:
    """Turn the errors that an operator can mend into one line that says how."""

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            from samouk.assembly import KeysError
            from samouk.domains import UnknownLearner
            from samouk.loop.ports import LeaseLost, NotFound, StoreUnavailable
            from samouk.server.serve import CannotListen
        except ModuleNotFoundError as error:
            fail(f"the platform needs {error.name}: pip install 'samouk[server]'", UNUSABLE)
        try:
            command(*args, **kwargs)
        except (UnknownLearner, NotFound, BadSetting) as error:
            fail(str(error), MISUSE)
        except (StoreUnavailable, KeysError, CannotListen) as error:
            fail(str(error), UNUSABLE)
        except LeaseLost as error:
            fail(str(error), BUSY)

    return wrapper


def settings(home: Path | None, **options: object) -> Settings:
    """The settings of the environment with what the command line says on top."""
    return load(os.environ, home=home, **options)


def print_json(value: object) -> None:
    """Any record of the loop as indented JSON."""
    click.echo(json.dumps(value, default=_plain, indent=2, ensure_ascii=False))


def _plain(value: Any) -> Any:
    from dataclasses import fields, is_dataclass

    if is_dataclass(value) and not isinstance(value, type):
        return {spec.name: getattr(value, spec.name) for spec in fields(value)}
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Aligned columns on a terminal."""
    from rich.console import Console
    from rich.table import Table

    shown = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        shown.add_row(*["" if cell is None else str(cell) for cell in row])
    Console().print(shown)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="samouk", message="samouk %(version)s")
def main() -> None:
    """Samouk: models that teach themselves from the people who use them."""


@main.command()
@click.option("--host", help="Address to listen on; 127.0.0.1 unless told (SAMOUK_HOST).")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port; 8000 unless told (SAMOUK_PORT).")
@click.option("--no-schedule", is_flag=True, help="Never learn by itself; only `samouk turn` does.")
@home_option
@explained
def serve(home: Path | None, host: str | None, port: int | None, no_schedule: bool) -> None:
    """Take samples, learn when it is time, hand out models: one process."""
    from contextlib import nullcontext

    from samouk import assembly
    from samouk.domains import discover
    from samouk.loop.turn import begin
    from samouk.server.scheduler import Scheduler
    from samouk.server.serve import serve as listen

    chosen = settings(home, host=host, port=port)
    if not assembly.has_signing_keys(chosen):
        click.echo(f"🔑 {assembly.make_signing_keys(chosen).message}")
    domains = discover()
    known = [learner for domain in domains.values() for learner in domain.learners]
    with assembly.opened(chosen) as services:
        for learner in known:
            begin(learner, services)
        issued = services.keys.keys()
        if all(key.revoked for key in issued):
            click.echo("💡 Nobody may upload yet: `samouk keys create --label NAME` makes an API key.")

        def round_() -> None:
            services.publisher.refresh()
            assembly.spawn_turns(chosen, [learner.name for learner in known])

        scheduler = nullcontext() if no_schedule else Scheduler(round_, chosen.check_minutes, at_once=True)
        with scheduler:
            app = assembly.application(chosen, services, domains)
            listen(app, chosen.host, chosen.port, chosen.home, click.echo)


@main.command()
@click.argument("learner")
@click.option("--reason", help="Why to learn now; it stands in the run and in the audit.")
@click.option("--if-due", is_flag=True, help="Learn only when a trigger says that it is time.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the fit and of the bootstrap.")
@home_option
@json_option
@explained
def turn(learner: str, reason: str | None, if_due: bool, seed: int, home: Path | None, as_json: bool) -> None:
    """Turn the loop once for LEARNER, by hand."""
    from samouk import assembly, domains
    from samouk.loop.learner import Context, silent
    from samouk.loop.records import Order, RunEnd, TriggerKind
    from samouk.loop.turn import begin
    from samouk.loop.turn import turn as take
    from samouk.loop.watch import due

    if not reason and not if_due:
        raise click.UsageError("say why with --reason, or learn only when it is time with --if-due")
    known = domains.learner(learner)
    chosen = settings(home)
    with assembly.opened(chosen) as services:
        if not assembly.has_signing_keys(chosen):
            assembly.make_signing_keys(chosen)
        begin(known, services)
        order = Order(TriggerKind.MANUAL, reason) if reason else due(known, services)
        if order is None:
            click.echo("{}" if as_json else f"⏳ {learner}: not due yet")
            return
        progress = silent if as_json else lambda text, share: click.echo(f"🔄 {share:4.0%} {text}")
        context = Context(seed=seed, threads=max(1, (os.cpu_count() or 1) - 1), progress=progress)
        run = take(known, services, order, context)
    print_json(run) if as_json else _show_run(run)
    if run.end is RunEnd.FAILED:
        sys.exit(FAILED)


def _show_run(run: Run) -> None:
    sign = {"released": "✅", "refused": "🛑", "undecided": "🤔", "empty": "⏳", "failed": "❌"}[str(run.end)]
    click.echo(f"{sign} {run.learner}: {run.end}" + (f", now {run.version}" if run.version else ""))
    for reason in run.verdict.reasons if run.verdict else ():
        click.echo(f"   {reason}")


@main.command()
@json_option
@explained
def learners(as_json: bool) -> None:
    """List what can learn."""
    from samouk.domains import learners as find

    found: list[Learner] = list(find().values())
    if as_json:
        print_json([{"name": item.name, "schema": item.schema.version, "classes": item.classes} for item in found])
        return
    rows = [
        (item.name, item.primary.name, f"{item.policy.triggers.period.days} d / {item.policy.triggers.volume} samples")
        for item in found
    ]
    table(("learner", "judged by", "learns every"), rows)


@main.command()
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


@main.command()
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


@main.group()
def keys() -> None:
    """Keys that sign releases, and API keys that may upload."""


@keys.command("init")
@click.option("--root-keys", type=click.IntRange(1, 20), default=3, show_default=True, help="Root keys to make.")
@click.option(
    "--threshold", type=click.IntRange(1, 20), default=2, show_default=True, help="Root keys that must agree."
)
@home_option
@explained
def keys_init(root_keys: int, threshold: int, home: Path | None) -> None:
    """Make the keys that sign releases; keep the root keys offline."""
    from samouk import assembly

    if threshold > root_keys:
        raise click.UsageError(f"--threshold {threshold} is more than --root-keys {root_keys}")
    click.echo(f"🔑 {assembly.make_signing_keys(settings(home), root_keys, threshold).message}")


@keys.command("rotate")
@home_option
@explained
def keys_rotate(home: Path | None) -> None:
    """Replace the online signing keys; the root keys must be back for it."""
    from samouk import assembly

    chosen = settings(home)
    assembly.rotate_signing_keys(chosen)
    with assembly.opened(chosen) as services:
        services.publisher.refresh()
    click.echo("🔑 online keys replaced; clients follow by themselves")


@keys.command("create")
@click.option("--label", required=True, help="Whom or what the key is for; shown by `samouk keys list`.")
@home_option
@json_option
@explained
def keys_create(label: str, home: Path | None, as_json: bool) -> None:
    """Make an API key; it is shown this once."""
    from samouk import assembly

    with assembly.opened(settings(home)) as services:
        key, secret = services.keys.create(label)
    if as_json:
        print_json({"key_id": key.key_id, "label": key.label, "secret": secret})
        return
    click.echo(f"🔑 {secret}")
    click.echo("   Shown this once; only its hash is kept. Clients take it as SAMOUK_API_KEY or `ml.api_key`.")


@keys.command("list")
@home_option
@json_option
@explained
def keys_list(home: Path | None, as_json: bool) -> None:
    """List the API keys, never their secrets."""
    from samouk import assembly

    with assembly.opened(settings(home)) as services:
        found = services.keys.keys()
    if as_json:
        print_json(found)
        return
    table(
        ("key", "label", "made", "state"),
        [(k.key_id, k.label, k.created, "revoked" if k.revoked else "live") for k in found],
    )


@keys.command("revoke")
@click.argument("key_id")
@home_option
@explained
def keys_revoke(key_id: str, home: Path | None) -> None:
    """Revoke the API key KEY_ID at once."""
    from samouk import assembly

    with assembly.opened(settings(home)) as services:
        services.keys.revoke(key_id)
    click.echo(f"🔑 {key_id} is revoked")


@main.command()
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


@main.command()
@click.option("--once", is_flag=True, help="Stop at the end; else the server stays up with its status page.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port; 8000 unless told, 0 takes any free one.")
@home_option
@explained
def demo(once: bool, port: int | None, home: Path | None) -> None:
    """Watch a model learn from simulated contributors for four weeks."""
    from samouk import assembly
    from samouk.domains import discover
    from samouk.server.serve import serve as listen

    chosen = settings(home, port=port)
    chosen = settings(chosen.home / "demo", port=port)
    domains = discover()
    with assembly.demo(chosen, domains, weeks=DEMO_WEEKS) as host:
        for domain in domains.values():
            if domain.demo is not None:
                domain.demo(host)
    if once:
        return
    with assembly.opened(chosen) as services:
        app = assembly.application(chosen, services, domains)
        click.echo("👀 The status page shows what happened; Ctrl-C stops the server.")
        listen(app, chosen.host, chosen.port, chosen.home, click.echo)


if __name__ == "__main__":
    main()
