"""Commands about what is shared: collect, look at it, send it, take it back."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from samouk.domains.screens.commands.ends import BAD_INPUT, NETWORK, BadInput, NoConsent, fail, hint, warn
from samouk.domains.screens.commands.inputs import file_type, platform_option, read_dump
from samouk.domains.screens.commands.printing import counted, json_option, print_json, progress, shares
from samouk.domains.screens.observer import OBSERVER
from samouk.edge import config as settings
from samouk.edge import consent, wire
from samouk.edge.batchfile import Content
from samouk.edge.contribution import Contribution
from samouk.edge.observer import UnreadableSource
from samouk.edge.spool import CORRECTION, Limits
from samouk.edge.tally import Stats
from samouk.edge.transport import HttpTransport
from samouk.edge.uploader import Destination, Pass, Uploader

SHARING_TIP = "💡 You share anonymised samples; to stop: observe config set ml.contribute false"


@click.command()
@click.argument("files", nargs=-1, required=True, type=file_type)
@platform_option
@json_option
def collect(files: tuple[Path, ...], platform: str | None, as_json: bool) -> None:
    """Keep anonymised samples of screens, to share.

    FILES are hierarchies: uiautomator or Appium XML, DroidBot or plain JSON; - is standard input.
    The first time you are asked for consent; without a terminal, with CI or DO_NOT_TRACK it is no.
    """
    ask_once()
    with closing(contribution()) as share:
        kept, broken = _collect_all(share, files, platform, as_json)
        sent = send_full_batches(share)
        stats = share.stats()
    if as_json:
        print_json({"samples": kept.total(), "platforms": kept, "unreadable": broken, "pending": stats.pending})
    elif broken < len(files):
        _say_collected(kept, stats, sent)
    if broken:
        sys.exit(BAD_INPUT)


def ask_once() -> None:
    """Ask for consent on the terminal if nobody has answered yet. Raises NoConsent when the answer is no."""
    consent.ask(sys.stdin, sys.stderr, os.environ)
    decision = consent.decide(settings.load(os.environ), os.environ, is_tty=False)
    if not decision.granted:
        raise NoConsent(f"nothing was collected: {decision.reason}")


def contribution(opt_in: bool | None = None) -> Contribution:
    """The user's cache; it sends nothing by itself, since a command ends before a background could."""
    return Contribution(opt_in, None, {"observer": OBSERVER, "environ": os.environ, "local_only": True})


def send_full_batches(share: Contribution) -> Pass:
    """Send the batches that are full; short ones wait for more."""
    values = settings.load(os.environ)
    if values.local_cache_only or not share.consent().granted:
        return Pass()
    to = Destination(values.upload_endpoint, values.api_key, platforms=values.contribute_platforms)
    return Uploader(share.spool, HttpTransport()).send(OBSERVER.schema, to, lambda: True)


def _collect_all(
    share: Contribution, files: tuple[Path, ...], platform: str | None, quiet: bool
) -> tuple[Counter[str], int]:
    """How many samples of each platform were kept, and how many files could not be read.

    Raises:
        NoConsent: there are only screens of platforms that are not shared.
    """
    kept: Counter[str] = Counter()
    unshared: Counter[str] = Counter()
    troubles = []
    with progress(files, "Reading", quiet or len(files) < 2) as watched:
        for file in watched:
            try:
                dump = read_dump(file, platform)
                if share.allows(dump.platform):
                    observation = OBSERVER.observe(dump.content, dump.platform)
                    kept[dump.platform] += share.put(observation.samples, observation.app)
                else:
                    unshared[dump.platform] += 1
            except (BadInput, UnreadableSource) as error:
                troubles.append(str(error) if isinstance(error, BadInput) else f"{file}: {error}")
    for trouble in troubles:
        warn(trouble)
    _say_unshared(unshared, everything=not kept and not troubles)
    return kept, len(troubles)


def _say_unshared(unshared: Counter[str], everything: bool) -> None:
    for platform, count in unshared.items():
        remedy = f"observe config set ml.contribute_platforms {','.join(settings.PLATFORMS)}"
        passed = f"{counted(count, 'screen')} of {platform} passed over, for it is not shared; to share it: {remedy}"
        if everything:
            raise NoConsent(passed)
        hint(f"⏭️  {passed}")


def _say_collected(kept: Counter[str], stats: Stats, sent: Pass) -> None:
    of = ", ".join(f"{name} {count:,}" for name, count in sorted(kept.items()))
    click.echo(f"✅ {counted(kept.total(), 'sample')} kept{f' ({of})' if of else ''}")
    if sent.sent:
        click.echo(f"📤 {counted(sent.sent, 'batch')} sent ({counted(sent.rows, 'sample')}) 🙏")
    if sent.problem:
        hint(f"⏳ Not sent yet, and kept: {settings.load(os.environ).upload_endpoint}: {sent.problem}")
    click.echo(f"📦 {_waiting(stats)}")
    click.echo(SHARING_TIP)


def _waiting(stats: Stats) -> str:
    if settings.load(os.environ).local_cache_only:
        return f"{counted(stats.pending, 'sample')} in the cache; they stay on this machine (ml.local_cache_only)"
    size = Limits().batch_size
    return f"{counted(stats.pending, 'sample')} waiting; they leave in batches of {size:,} (at once: observe ml upload)"


@click.command()
@json_option
def upload(as_json: bool) -> None:
    """Send what is waiting now.

    Short batches too; requests to erase are delivered first.
    """
    knobs: Any = {"observer": OBSERVER, "environ": os.environ}
    with closing(Contribution(None, None, knobs)) as share:
        done, decision = share.flush(), share.consent()
    if as_json:
        print_json(dataclasses.asdict(done))
    else:
        click.echo(
            f"📤 {counted(done.sent, 'batch')} sent ({counted(done.rows, 'sample')}){' 🙏' if done.rows else ''}"
        )
    if done.erased and not as_json:
        click.echo(f"🗑️  {counted(done.erased, 'batch')} erased on the server")
    if done.rejected:
        why = share.spool.samples.parent / "rejected"
        warn(f"{counted(done.rejected, 'batch')} refused by the server; the reasons lie in {why}")
    if done.problem:
        where = settings.load(os.environ).upload_endpoint
        fail(f"{where}: {done.problem}; nothing is lost, what is left waits", NETWORK)
    if not decision.granted:
        hint(f"💡 No samples leave: {decision.reason}")


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
    if found.pending:
        click.echo(f"📦 {_waiting(found)}")
    for count, what in (
        (found.erased, "🗑️  {} erased on the server at your wish"),
        (found.purged, "🗑️  {} deleted before they left"),
        (found.rejected, "⚠️  {} refused by the server; see rejected/ in the cache"),
        (found.dropped, "⚠️  {} dropped: the cache was full"),
    ):
        if count:
            click.echo(what.format(counted(count, "sample")))
    click.echo(f"{'✅ Sharing is on' if found.granted else '💤 Sharing is off'}: {found.reason}")
    if found.uploaded:
        click.echo("🙏 Thank you: these make the model better for everybody.")
    if found.granted:
        click.echo(SHARING_TIP)


@click.command("analyze-cache")
@json_option
def analyze_cache(as_json: bool) -> None:
    """Show what waits in the cache."""
    with closing(contribution()) as share:
        batches = list(share.contents())
        folder = share.spool.samples
    platforms, types, sources = (_count(batches, name) for name in ("platform", "element_type", "label_source"))
    total = sum(len(batch.rows) for batch in batches)
    if as_json:
        listed = [
            {"batch_id": b.header.batch_id, "kind": b.header.kind, "samples": len(b.rows), "torn": b.torn}
            for b in batches
        ]
        counts = {"platforms": platforms, "types": types, "label_sources": sources}
        print_json({"folder": str(folder), "batches": listed, "samples": total, **counts})
        return
    click.echo(f"📦 {counted(len(batches), 'batch')}, {counted(total, 'sample')} in {folder}")
    for batch in batches:
        corrections = " of corrections" if batch.header.kind == CORRECTION else ""
        spoilt = f", {counted(batch.torn, 'line')} spoilt by a crash" if batch.torn else ""
        click.echo(f"   {batch.header.batch_id}  {counted(len(batch.rows), 'sample')}{corrections}{spoilt}")
    for title, counts in (("Platforms", platforms), ("Types", types), ("Labelled by", sources)):
        if counts:
            click.echo(f"\n{title}")
            for line in shares(counts):
                click.echo(line)
    if not batches:
        click.echo("💡 Collect some: observe ml collect screen.xml")


def _count(batches: list[Content], name: str) -> Counter[str]:
    return Counter(str(row.get(name, "unknown")) for batch in batches for row in batch.rows)


@click.command("show-upload")
@click.option("--pretty", is_flag=True, help="One field a line, every value written out; not the bytes that leave.")
@json_option
def show_upload(pretty: bool, as_json: bool) -> None:
    """Print the exact bytes that would leave.

    One batch a line; the line's end is not sent, and the bytes are compressed on their way. They are
    JSON with or without --json.
    """
    with closing(contribution()) as share:
        none = True
        for body in share.bodies():
            none = False
            click.echo(_pretty(body) if pretty else body)
        decision = share.consent()
    if none:
        hint("💡 Nothing is waiting, so nothing would leave.")
    elif not decision.granted:
        hint(f"💡 None of it leaves now: {decision.reason}")
    elif settings.load(os.environ).local_cache_only:
        hint("💡 None of it leaves: ml.local_cache_only is true")


def _pretty(body: bytes) -> bytes:
    """The envelope with one column a line, each value written out."""
    document = json.loads(body)
    columns = wire.plain(wire.envelope_of(document).columns)
    head = [f"  {json.dumps(name)}: {json.dumps(value)}," for name, value in document.items() if name != "columns"]
    width = max(map(len, columns)) + 3
    rows = [f"    {json.dumps(name) + ':':{width}} {json.dumps(values)}" for name, values in columns.items()]
    return "\n".join(["{", *head, '  "columns": {', ",\n".join(rows), "  }", "}"]).encode()
