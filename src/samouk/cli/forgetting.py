"""``samouk forget``: a unit asks that nothing of it be kept."""

from __future__ import annotations

from pathlib import Path

import click

from samouk.cli.ends import explained, home_option, json_option, print_json, settings


@click.command()
@click.argument("learner")
@click.argument("unit")
@home_option
@json_option
@explained
def forget(learner: str, unit: str, home: Path | None, as_json: bool) -> None:
    """Forget UNIT, as it was named in predictions of LEARNER: all it was shown, told and taught."""
    from samouk import assembly, domains
    from samouk.loop.forgetting import forget_unit
    from samouk.server.exposures import Exposures

    known, chosen = domains.learner(learner), settings(home)
    with assembly.opened(chosen) as services:
        # What a dead server left in its files would come back with the next start.
        Exposures(services.journal, assembly.Places.of(chosen).exposures).recover()
        gone = forget_unit(known, services, unit, "operator")
    if as_json:
        print_json(gone)
        return
    click.echo(f"🧽 {gone.exposures} exposures, {gone.outcomes} outcomes, rows in {gone.batches} batches are gone")
    if gone.tainted:
        click.echo(f"   Fitted on them, replaced by the next turn: {', '.join(gone.tainted)}")
