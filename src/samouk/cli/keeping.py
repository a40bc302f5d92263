"""Commands for what an operator keeps: keys of both kinds, and the audit."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from samouk.cli.ends import FAILED, explained, fail, home_option, json_option, print_json, settings, table

if TYPE_CHECKING:
    from samouk.loop.ports import Services
    from samouk.loop.records import AuditEntry

MAX_LABEL = 80
PAGE = 1_000
"""Audit entries read at a time."""


@click.group()
def keys() -> None:
    """Keys that sign releases, and API keys for applications and operators."""


@keys.command("init")
@click.option("--root-keys", type=click.IntRange(1, 20), default=3, show_default=True, help="Root keys to make.")
@click.option(
    "--threshold", type=click.IntRange(1, 20), default=2, show_default=True, help="Root keys that must agree."
)
@home_option
@explained
def keys_init(root_keys: int, threshold: int, home: Path | None) -> None:
    """Make the keys that sign releases; keep the root keys offline."""
    from samouk import assembly

    if threshold > root_keys:
        raise click.UsageError(f"--threshold {threshold} is more than --root-keys {root_keys}")
    click.echo(f"🔑 {assembly.make_signing_keys(settings(home), root_keys, threshold).message}")


@keys.command("rotate")
@home_option
@explained
def keys_rotate(home: Path | None) -> None:
    """Replace the online signing keys; the root keys must be back for it."""
    from samouk import assembly

    chosen = settings(home)
    assembly.rotate_signing_keys(chosen)
    with assembly.opened(chosen) as services:
        services.publisher.refresh()
        _note(services, "rotate keys", "signing keys", "asked on the command line")
    click.echo("🔑 online keys replaced; clients follow by themselves")


def _label(_: click.Context, __: click.Parameter, label: str) -> str:
    """Refuse what would spoil a terminal or a table."""
    if not 1 <= len(label.strip()) <= MAX_LABEL:
        raise click.BadParameter(f"must have 1 to {MAX_LABEL} characters, not {len(label.strip())}")
    if not label.isprintable():
        raise click.BadParameter("must have no control characters, such as line breaks or colours")
    return label.strip()


@keys.command("create")
@click.option(
    "--label", required=True, callback=_label, help="Whom or what the key is for; shown by `samouk keys list`."
)
@click.option(
    "--may",
    type=click.Choice(("upload", "operate")),
    default="upload",
    show_default=True,
    help="upload: send samples, predict, tell outcomes. operate: all else too, such as roll-outs and exports.",
)
@home_option
@json_option
@explained
def keys_create(label: str, may: str, home: Path | None, as_json: bool) -> None:
    """Make an API key; it is shown this once."""
    from samouk import assembly
    from samouk.loop.ports import Scope

    with assembly.opened(settings(home)) as services:
        key, secret = services.keys.create(label, Scope(may))
        _note(services, "create key", key.key_id, f"for {label}, may {may}")
    if as_json:
        print_json({"key_id": key.key_id, "label": key.label, "scope": key.scope, "secret": secret})
        return
    click.echo(f"🔑 {secret}")
    click.echo("   Shown this once; only its hash is kept. Clients take it as SAMOUK_API_KEY or `ml.api_key`.")
    if key.scope is Scope.OPERATE:
        click.echo("   It may change what serves: keep it out of applications, which get one that may upload.")


@keys.command("list")
@home_option
@json_option
@explained
def keys_list(home: Path | None, as_json: bool) -> None:
    """List the API keys, never their secrets."""
    from samouk import assembly

    with assembly.opened(settings(home)) as services:
        found = services.keys.keys()
    if as_json:
        print_json(found)
        return
    table(
        ("key", "label", "may", "made", "state"),
        [(k.key_id, k.label, k.scope, k.created, "revoked" if k.revoked else "live") for k in found],
    )


@keys.command("revoke")
@click.argument("key_id")
@home_option
@explained
def keys_revoke(key_id: str, home: Path | None) -> None:
    """Revoke the API key KEY_ID at once."""
    from samouk import assembly

    with assembly.opened(settings(home)) as services:
        services.keys.revoke(key_id)
        _note(services, "revoke key", key_id, "asked on the command line")
    click.echo(f"🔑 {key_id} is revoked")


def _note(services: Services, action: str, subject: str, reason: str) -> None:
    from samouk.loop.records import Act

    services.audit.append(Act("operator", action, subject, reason, services.clock.now()))


@click.command()
@click.option("--verify", is_flag=True, help="Check the whole chain; exit 1 when an entry was changed or is missing.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="Newest entries to show.")
@home_option
@json_option
@explained
def audit(verify: bool, limit: int, home: Path | None, as_json: bool) -> None:
    """Show who did what and why, newest last, or check that nobody changed it."""
    from samouk import assembly

    with assembly.opened(settings(home)) as services:
        if verify:
            _verify(services, as_json)
            return
        newest = list(deque(_entries(services), maxlen=limit))
    if as_json:
        print_json(newest)
        return
    rows = [
        (e.sequence, f"{e.act.at:%Y-%m-%d %H:%M}", e.act.actor, e.act.action, e.act.subject, e.act.reason)
        for e in newest
    ]
    table(("number", "at", "who", "did", "to", "why"), rows)


def _entries(services: Services) -> Iterator[AuditEntry]:
    page = services.audit.entries(limit=PAGE)
    while page:
        yield from page
        page = services.audit.entries(after=page[-1].sequence, limit=PAGE)


def _verify(services: Services, as_json: bool) -> None:
    broken = services.audit.verify()
    if as_json:
        print_json({"broken_at": broken})
        sys.exit(0 if broken is None else FAILED)
    if broken is not None:
        fail(f"the audit is broken at entry {broken}: it, or one before it, was changed or removed", FAILED)
    click.echo("✅ the audit is whole")
