"""``samouk export``: the training data with outcomes into a file, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from samouk.cli.ends import UNUSABLE, explained, fail, home_option, settings


@click.command()
@click.argument("learner")
@click.option("--format", "form", type=click.Choice(("json", "jsonl", "parquet")), help="Else by the file's name.")
@click.option("--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Where to write it.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@home_option
@explained
def export(
    learner: str, form: Literal["json", "jsonl", "parquet"] | None, output: Path, force: bool, home: Path | None
) -> None:
    """Write the training data of LEARNER with its outcomes."""
    from samouk import assembly, domains
    from samouk.export import FORMATS, ParquetMissing, encoded, form_of, write
    from samouk.loop.outcome import harvest

    known = domains.learner(learner)
    chosen = form or form_of(output)
    if chosen not in FORMATS:
        raise click.UsageError(f"--output {output.name} tells no format; say --format, one of {', '.join(FORMATS)}")
    if output.exists() and not force:
        raise click.UsageError(f"{output} is there already; --force replaces it")
    with assembly.opened(settings(home)) as services:
        harvest(known, services)  # else the newest outcomes would be missing for up to a day
        try:
            written = write(encoded(known, services.log, chosen), output)
        except ParquetMissing as error:
            fail(str(error), UNUSABLE)
        except OSError as error:
            fail(f"{output} cannot be written ({error.strerror}); choose another file with --output", UNUSABLE)
    click.echo(f"📦 {output}: {written:,} bytes")
