"""Commands that look at what is shared: counts, the cache, and the very bytes."""

from __future__ import annotations

import dataclasses
import json
import os
from collections import Counter
from contextlib import closing

import click

from samouk.domains.screens.commands.ends import hint
from samouk.domains.screens.commands.printing import counted, json_option, print_json, shares
from samouk.domains.screens.commands.sharing import contribution, tip, waiting
from samouk.edge import config as settings
from samouk.edge import wire
from samouk.edge.batchfile import Content
from samouk.edge.spool import CORRECTION
from samouk.edge.tally import Stats

_FIELDS = {"Platforms": "platform", "Types": "element_type", "Labelled by": "label_source"}
"""Fields of a sample that ``analyze-cache`` counts, by their titles."""


@click.command()
@json_option
def stats(as_json: bool) -> None:
    """Count what was collected and uploaded."""
    with closing(contribution()) as share:
        found = share.stats()
    if as_json:
        print_json(dataclasses.asdict(found))
        return
    click.echo(f"📊 {counted(found.collected, 'sample')} collected")
    for line in shares(found.platforms):
        click.echo(line)
    click.echo(f"📤 {found.uploaded:,} / {found.collected:,} uploaded in {counted(found.uploaded_batches, 'batch')}")
    _say_the_rest(found)
    click.echo(f"{'✅ Sharing is on' if found.granted else '💤 Sharing is off'}: {found.reason}")
    if found.uploaded:
        click.echo("🙏 Thank you: these make the model better for everybody.")
    if found.granted:
        click.echo(tip())


def _say_the_rest(found: Stats) -> None:
    if found.pending:
        click.echo(f"📦 {waiting(found)}")
    for count, what in (
        (found.erased, "🗑️  {} erased on the server at your wish"),
        (found.purged, "🗑️  {} deleted before they left"),
        (found.rejected, "⚠️  {} refused by the server; see rejected/ in the cache"),
        (found.dropped, "⚠️  {} dropped: the cache was full"),
    ):
        if count:
            click.echo(what.format(counted(count, "sample")))


@click.command("analyze-cache")
@json_option
def analyze_cache(as_json: bool) -> None:
    """Show what waits in the cache."""
    with closing(contribution()) as share:
        batches = list(share.contents())
        folder = share.spool.samples
    counts = {title: _count(batches, name) for title, name in _FIELDS.items()}
    total = sum(len(batch.rows) for batch in batches)
    if as_json:
        named = dict(zip(("platforms", "types", "label_sources"), counts.values(), strict=True))
        print_json({"folder": str(folder), "batches": list(map(_plain, batches)), "samples": total, **named})
        return
    click.echo(f"📦 {counted(len(batches), 'batch')}, {counted(total, 'sample')} in {folder}")
    for batch in batches:
        click.echo(f"   {_line(batch)}")
    for title, found in counts.items():
        if found:
            click.echo("\n".join(["", title, *shares(found)]))
    if not batches:
        click.echo("💡 Collect some: observe ml collect screen.xml")


def _count(batches: list[Content], name: str) -> Counter[str]:
    return Counter(str(row.get(name, "unknown")) for batch in batches for row in batch.rows)


def _plain(batch: Content) -> dict[str, object]:
    header = batch.header
    return {"batch_id": header.batch_id, "kind": header.kind, "samples": len(batch.rows), "torn": batch.torn}


def _line(batch: Content) -> str:
    corrections = " of corrections" if batch.header.kind == CORRECTION else ""
    spoilt = f", {counted(batch.torn, 'line')} spoilt by a crash" if batch.torn else ""
    return f"{batch.header.batch_id}  {counted(len(batch.rows), 'sample')}{corrections}{spoilt}"


@click.command("show-upload")
@click.option("--pretty", is_flag=True, help="One field a line, every value written out; not the bytes that leave.")
@json_option
def show_upload(pretty: bool, as_json: bool) -> None:
    """Print the exact bytes that would leave.

    One batch, or one count of a trial, a line; the line's end is not sent, and batches are compressed on
    their way. They are JSON with or without --json.
    """
    shown = 0
    with closing(contribution()) as share:
        for body in share.bodies():
            shown += 1
            click.echo(_pretty(body) if pretty else body)
        decision = share.consent()
    if not shown:
        hint("💡 Nothing is waiting, so nothing would leave.")
    elif not decision.granted:
        hint(f"💡 None of it leaves now: {decision.reason}")
    elif settings.load(os.environ).local_cache_only:
        hint("💡 None of it leaves: ml.local_cache_only is true")


def _pretty(body: bytes) -> bytes:
    """The envelope with one column a line, each value written out; a count of a trial as it is."""
    document = json.loads(body)
    if "columns" not in document:
        return json.dumps(document, indent=2).encode()
    columns = wire.plain(wire.envelope_of(document).columns)
    head = [f"  {json.dumps(name)}: {json.dumps(value)}," for name, value in document.items() if name != "columns"]
    width = max(map(len, columns)) + 3
    rows = [f"    {json.dumps(name) + ':':{width}} {json.dumps(values)}" for name, values in columns.items()]
    return "\n".join(["{", *head, '  "columns": {', ",\n".join(rows), "  }", "}"]).encode()
