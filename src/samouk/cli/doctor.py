"""``samouk doctor``: is everything there that the settings name, and does it answer?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from samouk.cli.ends import FAILED, explained, home_option, json_option, print_json, settings
from samouk.terminal import printable

SIGNS = {"ok": "✅", "warn": "⚠️", "fail": "❌"}


@click.command()
@click.option("--only", help="Parts to look at, with commas between; all unless told.")
@home_option
@json_option
@explained
def doctor(only: str | None, home: Path | None, as_json: bool) -> None:
    """Look at every part that the settings name, and say what is wrong and what helps; changes nothing.

    Exits with 1 when something does not work.
    """
    from samouk.diagnosis import State, examine

    chosen = [part.strip() for part in only.split(",")] if only else []
    found = []
    for finding in examine(settings(home), chosen):
        found.append(finding)
        if not as_json:
            click.echo(f"{SIGNS[finding.state]} {finding.part}: {printable(finding.words)}")
    if as_json:
        print_json(found)
    if any(finding.state is State.FAIL for finding in found):
        sys.exit(FAILED)
