"""``observe ml forget``: take back what was shared, here and on the server."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from samouk.domains.screens.commands.ends import NETWORK, fail
from samouk.domains.screens.commands.printing import counted, json_option, print_json
from samouk.domains.screens.commands.sharing import contribution, erased
from samouk.edge.contribution import Contribution
from samouk.edge.receipts import Entry
from samouk.edge.spool import Spool


@click.command()
@click.option("--batch", "batches", multiple=True, metavar="ID", help="Only this batch; may be given several times.")
@click.option("--all", "everything", is_flag=True, help="Everything; the same as no option.")
@click.option("--list", "list_only", is_flag=True, help="Only list what could be erased on a server.")
@json_option
def forget(batches: tuple[str, ...], everything: bool, list_only: bool, as_json: bool) -> None:
    """Erase what was shared.

    What is on the server, and what is waiting here.

    For each batch a request with its receipt is kept until the server has answered: offline, it waits.
    """
    if batches and everything:
        raise click.UsageError("--batch and --all contradict each other; give one of them")
    gone = erased()
    # Switched off, so that a pass delivers requests and sends no sample.
    with closing(contribution(opt_in=False)) as share:
        if list_only:
            _list(share, as_json)
            return
        before = _held(share)
        asked = _forget_some(share, batches) if batches else share.forget()
        done = share.flush()
        deleted, withdrawn = before - _held(share), erased() - gone
        waiting = sum(1 for _ in share.spool.receipts.deletions())
    if as_json:
        print_json({"requests": asked, "erased": withdrawn, "queued": waiting, "deleted_here": deleted})
    else:
        _say(asked, withdrawn, deleted)
    if waiting:
        fail(f"{counted(waiting, 'request')} queued: {done.problem}; to try again: observe ml forget", NETWORK)


def _say(asked: int, withdrawn: int, deleted: int) -> None:
    if deleted:
        click.echo(f"🗑️  {counted(deleted, 'sample')} deleted on this machine before they left")
    if withdrawn:
        click.echo(f"🗑️  {counted(withdrawn, 'batch')} erased on the server")
        click.echo("   Models that learned from them are retrained without them.")
    if not (asked or withdrawn or deleted):
        click.echo("✅ Nothing to forget: no batch of this machine is anywhere.")


def _forget_some(share: Contribution, batches: tuple[str, ...]) -> int:
    """Requests written. Ids are checked before anything is done."""
    known = {entry.batch_id: entry for entry in _erasable(share)}
    waiting = {content.header.batch_id for content in share.contents()}
    for batch_id in batches:
        if batch_id not in known and batch_id not in waiting:
            raise click.UsageError(
                f"no batch {batch_id!r} of this machine; observe ml forget --list and analyze-cache show them"
            )
    return sum(share.forget(batch_id) or _withdraw(share.spool, batch_id) for batch_id in batches)


def _withdraw(spool: Spool, batch_id: str) -> int:
    """Delete a batch that never came near a server; no request is needed, so 0."""
    claimed = spool.claim(spool.samples / f"batch_{batch_id}.json")
    if claimed is None:
        raise click.UsageError(f"batch {batch_id} is being filled or sent by another process; try again")
    spool.settle(*claimed, "purged")
    return 0


def _held(share: Contribution) -> int:
    """Samples on this machine: those that wait, and those that a server refused."""
    stats = share.stats()
    return stats.pending + stats.rejected


def _erasable(share: Contribution) -> list[Entry]:
    return [entry for entry in share.spool.receipts.entries().values() if entry.event == "sent"]


def _list(share: Contribution, as_json: bool) -> None:
    found: list[dict[str, Any]] = [
        {"batch_id": entry.batch_id, "samples": entry.rows, "platforms": entry.platforms, "server": entry.endpoint}
        for entry in _erasable(share)
    ]
    if as_json:
        print_json(found)
        return
    for row in found:
        click.echo(f"{row['batch_id']}  {counted(row['samples'], 'sample')}  {row['server']}")
    if not found:
        click.echo("✅ No batch of this machine is on a server.")
