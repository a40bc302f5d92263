"""The command that brings the database's tables to what this samouk needs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from samouk.cli.ends import FAILED, explained, home_option, json_option, print_json, settings


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when the tables are behind.")
@home_option
@json_option
@explained
def migrate(check: bool, home: Path | None, as_json: bool) -> None:
    """Bring the tables of the database to what this samouk needs.

    Every command that opens the store does it too; this one does it before any server of a new release starts.
    """
    from samouk import assembly

    found, needed = assembly.migrate(settings(home), check=check)
    behind = found != needed
    if as_json:
        print_json({"from": found, "to": needed, "done": not check or not behind})
    elif not behind:
        click.echo(f"✅ the tables are at revision {needed}, which this samouk needs")
    elif check and found is None:
        click.echo(f"💡 there are no tables yet, this samouk needs {needed}: samouk migrate")
    elif check:
        click.echo(f"💡 the tables are at revision {found}, this samouk needs {needed}: samouk migrate")
    elif found is None:
        click.echo(f"✅ the tables were made, at revision {needed}")
    else:
        click.echo(f"✅ the tables went from revision {found} to {needed}")
    if check and behind:
        sys.exit(FAILED)
