"""The command that keeps the store small and quick."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from samouk.cli.ends import explained, home_option, json_option, print_json, settings, told_to_stop
from samouk.terminal import printable

if TYPE_CHECKING:
    from samouk.loop.maintain import Maintained
    from samouk.loop.ports import Services

PAUSE_S = 600.0
"""Between two looks whether a day is over."""


@click.command()
@click.option("--once", is_flag=True, help="Do it now, and stop; else it is done once a day for as long as this runs.")
@click.option("--if-due", is_flag=True, help="Do it now if the last time is a day ago, and stop.")
@click.option(
    "--rewrite", is_flag=True, help="Write large tables anew too, where deleted rows wait; holds up who uses them."
)
@home_option
@json_option
@explained
def maintain(once: bool, if_due: bool, rewrite: bool, home: Path | None, as_json: bool) -> None:
    """Remove orphans, let go of what is too old, put small packs together, and tidy the database.

    Safe at any time beside running servers, one of which does it once a day by itself. What is too old say
    SAMOUK_RETENTION_DAYS and SAMOUK_EXPOSURE_DAYS; by default nothing is.
    """
    from samouk import assembly
    from samouk.domains import discover
    from samouk.loop.maintain import Keep, due
    from samouk.loop.maintain import maintain as run
    from samouk.loop.ports import REWRITE_BYTES

    stop = threading.Event() if once or if_due else told_to_stop()
    chosen = settings(home)
    keep = Keep(chosen.retention_days, chosen.exposure_days)
    learners = [learner for domain in discover().values() for learner in domain.learners]

    def tidy(services: Services) -> None:
        done = run(services, learners, keep, largest=None if rewrite else REWRITE_BYTES)
        if as_json:
            print_json(done)
        else:
            _tell(done)

    with assembly.opened(chosen) as services:
        if once or (if_due and due(services)):
            tidy(services)
        elif if_due:
            click.echo("💤 the last maintenance is less than a day ago", err=as_json)
        else:
            click.echo("🧹 The store is kept tidy once a day; Ctrl-C stops it.", err=as_json)
            _day_by_day(services, tidy, stop)


def _day_by_day(services: Services, tidy: Callable[[Services], None], stop: threading.Event) -> None:
    """Until told to stop; a store that is away, or another who does it, is told and looked at again."""
    from samouk.loop.maintain import due
    from samouk.loop.ports import LeaseLost, StoreUnavailable

    while not stop.is_set():
        try:
            if due(services):
                tidy(services)
        except (LeaseLost, StoreUnavailable) as error:
            click.secho(f"⚠️ {printable(str(error))}; tried again in {PAUSE_S / 60:g} min", fg="yellow", err=True)
        stop.wait(PAUSE_S)


def _tell(done: Maintained) -> None:
    packs = done.packs
    lines = (
        (done.orphans, f"{done.orphans} blobs that nobody named"),
        (done.batches, f"{done.batches} batches with {done.samples} samples that were too old"),
        (done.exposures, f"{done.exposures} predictions with {done.outcomes} outcomes that were too old"),
        (packs.before, f"{packs.before} packs became {packs.after} ({packs.size / 1e6:.1f} MB)"),
    )
    for number, line in lines:
        if number:
            click.echo(f"🧹 {line}")
    for reason in done.waiting:
        click.echo(f"⏳ {reason}")
    click.echo("✅ the store is tidy")
