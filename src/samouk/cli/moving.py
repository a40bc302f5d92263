"""``samouk copy-store``, ``backup`` and ``restore``: whole stores on their way."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from samouk.cli.ends import FAILED, explained, home_option, json_option, print_json, settings
from samouk.cli.erasing import show_proof

if TYPE_CHECKING:
    from samouk.moving import Return


@click.command("copy-store")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--from-blobs", default="", metavar="URL", help="Where FROM keeps its blobs, if not in its folder.")
@click.option("--to-blobs", default="", metavar="URL", help="Where TO is to keep its blobs, if not in its folder.")
@json_option
@explained
def copy_store(source: str, target: str, from_blobs: str, to_blobs: str, as_json: bool) -> None:
    """Copy the store in FROM to TO, which must be empty; both are a folder or postgresql://user@host/name.

    Beside a database it must be said where the blobs lie: s3://bucket/prefix, or file:///folder. Stop every samouk on
    either first. Killed at any point, the same command goes on. Signing keys stay where they are.
    """
    from samouk import moving

    done = moving.copied(settings(None), (source, from_blobs), (target, to_blobs), _told(as_json))
    if as_json:
        print_json(done)
        return
    rows = sum(table.rows for table in done.tables)
    click.echo(f"📦 {rows} rows of {len(done.tables)} tables, {done.packs} packs, {done.blobs} blobs; {done.new} new")
    click.echo(f"   here  {done.source_digest}")
    click.echo(f"   there {done.target_digest}")
    click.echo("✅ both hold the same; every pack and blob was read back")


@click.command()
@click.argument("to")
@click.option("--keys", is_flag=True, help="Back up the keys that sign releases too; who gets them signs in your name.")
@click.option("--keep", type=click.IntRange(0, 10_000), default=0, help="Backups that stay there; 0 keeps all.")
@home_option
@json_option
@explained
def backup(to: str, keys: bool, keep: int, home: Path | None, as_json: bool) -> None:
    """Back up the store to TO, a folder or s3://bucket/prefix, while it serves; only what is new is stored."""
    from samouk import moving

    done = moving.backed_up(settings(home), to, _told(as_json), keys=keys, keep=keep)
    if as_json:
        print_json(done)
        return
    held = f"{done.rows} rows, {done.packs} packs, {done.blobs} blobs, {done.files} files; {done.new} things new"
    click.echo(f"💾 {done.name} in {done.place}: {held}")
    click.echo(f"   rows {done.digest}")
    if done.dropped:
        click.echo(f"   gone: {', '.join(done.dropped)}")


@click.command()
@click.argument("source", metavar="FROM")
@click.option("--backup", "name", default="", help="Name of the backup; the newest unless told.")
@click.option(
    "--erased-in",
    default="",
    metavar="STORE",
    help="Folder or postgresql:// URL of the old store, if it is still there: what it knows to be erased stays erased.",
)
@home_option
@json_option
@explained
def restore(source: str, name: str, erased_in: str, home: Path | None, as_json: bool) -> None:
    """Restore a backup from FROM into the empty store that the settings name.

    What later backups know to be erased is erased again, and searched for in the whole store: exits with 1 when some of
    it was found. Killed at any point, the same command begins again.
    """
    from samouk import moving

    done = moving.restored(settings(home), source, _told(as_json), name=name, erased_in=erased_in)
    proof = done.proof
    if as_json:
        told = {spec.name: getattr(done, spec.name) for spec in fields(done)}
        print_json({**told, "proof": proof and proof.plain()})
    else:
        _show(done)
    sys.exit(FAILED if proof is not None and proof.left else 0)


def _show(done: Return) -> None:
    if done.restored is not None:
        back = done.restored
        held = f"{back.rows} rows, {back.packs} packs, {back.blobs} blobs, {back.files} files"
        click.echo(f"💾 {back.name} is back: {held}, every one checked")
        click.echo(f"   rows {back.digest}")
        if back.unread:
            damaged = ", ".join(back.unread)
            click.secho(f"⚠️ {damaged} cannot be read: what they know to be erased is not known here", fg="yellow")
    click.echo(
        f"🧽 erased since, and erased again: {done.batches} batches, {done.units} units, "
        f"{done.persons} persons that domains named"
    )
    if done.proof is not None:
        show_proof(done.proof, again=False)


def _told(quiet: bool) -> Callable[[str], None]:
    """Progress on one line of a terminal; nothing for a pipe."""
    if quiet or not sys.stderr.isatty():
        return lambda _: None
    return lambda words: click.echo(f"\r\033[K   {words}\r", nl=False, err=True)
