"""Commands that share: collect and upload."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from samouk.domains.screens.commands.ends import BAD_INPUT, NETWORK, BadInput, NoConsent, at, fail, hint, warn
from samouk.domains.screens.commands.inputs import file_type, platform_option, read_dump
from samouk.domains.screens.commands.printing import counted, is_watched, json_option, print_json, progress
from samouk.domains.screens.observer import OBSERVER
from samouk.edge import config as settings
from samouk.edge import consent, places
from samouk.edge.contribution import Contribution
from samouk.edge.observer import UnreadableSource
from samouk.edge.receipts import Receipts
from samouk.edge.spool import Limits
from samouk.edge.tally import Stats
from samouk.edge.transport import HttpTransport
from samouk.edge.uploader import Destination, Pass, Uploader


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
        kept, broken = _collect_all(share, files, platform, is_watched(as_json))
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
    watched = sys.stdin.isatty() and sys.stderr.isatty()
    decision = consent.decide(settings.load(os.environ), os.environ, is_tty=watched)
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
    key = settings.api_key(values, os.environ)
    to = Destination(values.upload_endpoint, key, platforms=values.contribute_platforms)
    return Uploader(share.spool, HttpTransport()).send(OBSERVER.schema, to, lambda: True)


def _collect_all(
    share: Contribution, files: tuple[Path, ...], platform: str | None, watched: bool
) -> tuple[Counter[str], int]:
    """How many samples of each platform were kept, and how many files could not be read.

    Raises:
        NoConsent: there are only screens of platforms that are not shared.
    """
    kept: Counter[str] = Counter()
    unshared: Counter[str] = Counter()
    troubles = []
    with progress(files, "Reading", watched and len(files) > 1) as each:
        for file in each:
            try:
                dump = read_dump(file, platform)
                if share.allows(dump.platform):
                    observation = OBSERVER.observe(dump.content, dump.platform)
                    with at(share.spool.samples):
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
    click.echo(f"📦 {waiting(stats)}")
    click.echo(tip())


def tip() -> str:
    """What is shared, and how to switch it."""
    if settings.load(os.environ).local_cache_only:
        return "💡 Nothing leaves this machine; to share: observe config set ml.local_cache_only false"
    return "💡 You share anonymised samples; to stop: observe config set ml.contribute false"


def waiting(stats: Stats) -> str:
    """What is collected and not yet sent, and when it leaves."""
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
    before = erased()
    with closing(Contribution(None, None, knobs)) as share:
        done, decision = share.flush(), share.consent()
    done.erased = erased() - before
    if as_json:
        print_json(dataclasses.asdict(done))
    else:
        _say_uploaded(done)
    if done.rejected:
        why = share.spool.samples.parent / "rejected"
        warn(f"{counted(done.rejected, 'batch')} refused by the server; the reasons lie in {why}")
    values = settings.load(os.environ)
    if done.problem:
        fail(f"{values.upload_endpoint}: {done.problem}; nothing is lost, what is left waits", NETWORK)
    if not decision.granted:
        hint(f"💡 No samples leave: {decision.reason}")
    elif values.local_cache_only:
        hint("💡 No samples leave: ml.local_cache_only is true")
    if done.rejected:
        sys.exit(NETWORK)


def erased() -> int:
    """Batches that a server has erased, by the ledger: also those that the background asked for before we did."""
    ledger = Receipts(places.cache_dir(os.environ))
    return sum(entry.event == "erased" for entry in ledger.entries().values())


def _say_uploaded(done: Pass) -> None:
    if done.erased:
        click.echo(f"🗑️  {counted(done.erased, 'batch')} erased on the server")
    if done.withheld:
        why = "their platform is no longer shared (ml.contribute_platforms)"
        click.echo(f"🗑️  {counted(done.withheld, 'sample')} deleted unsent: {why}")
    if done.tallies:
        click.echo(f"🔢 {counted(done.tallies, 'count')} of a trial sent")
    if done.sent or not (done.problem or done.erased or done.rejected or done.tallies):
        thanks = " 🙏" if done.rows else ""
        click.echo(f"📤 {counted(done.sent, 'batch')} sent ({counted(done.rows, 'sample')}){thanks}")
