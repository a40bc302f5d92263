"""Commands for what an operator keeps: keys of both kinds, and the audit."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from samouk.cli.ends import (
    FAILED,
    explained,
    fail,
    home_option,
    json_option,
    print_json,
    retired,
    settings,
    table,
)
from samouk.terminal import Commands

if TYPE_CHECKING:
    from samouk.loop.ports import ApiKey, Services
    from samouk.loop.records import Head

MAX_LABEL = 80

REASON = 300
"""Characters of a reason that a table shows."""

MAX_DIGITS = 18
"""Of an audit entry's number: more would be none that a database can hold."""


@click.group(cls=Commands)
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


def _label(_: click.Context, __: click.Parameter, label: str) -> str:
    """Refuse what would spoil a terminal or a table."""
    if not 1 <= len(label.strip()) <= MAX_LABEL:
        raise click.BadParameter(f"must have 1 to {MAX_LABEL} characters, not {len(label.strip())}")
    if not label.isprintable():
        raise click.BadParameter("must have no control characters, such as line breaks or colours")
    return label.strip()


MAX_DAYS = 3_660


def _end(_: click.Context, __: click.Parameter, told: str | None) -> dt.datetime | None:
    """The moment that days from now, or a day, stand for."""
    if told is None:
        return None
    now = dt.datetime.now(dt.UTC)
    try:
        if told.endswith("d"):
            end = now + dt.timedelta(days=int(told[:-1]))
        else:
            end = dt.datetime.combine(dt.date.fromisoformat(told), dt.time(), dt.UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter("must be days from now, such as 90d, or a day, such as 2027-01-31") from None
    if not now < end <= now + dt.timedelta(days=MAX_DAYS):
        raise click.BadParameter(f"must lie ahead, {MAX_DAYS} days at most")
    return end


@keys.command("create")
@click.option(
    "--label", required=True, callback=_label, help="Whom or what the key is for; shown by `samouk keys list`."
)
@click.option(
    "--role",
    type=click.Choice(("contributor", "operator", "admin")),
    default="contributor",
    show_default=True,
    help="contributor: send samples, predict, tell outcomes. operator: all else too, such as roll-outs and exports. "
    "admin: keys and webhooks too.",
)
@retired("--may", "--role")
@click.option("--learner", "learners", multiple=True, help="Learner, or domain.*, that it is for; again for more.")
@click.option(
    "--expires", callback=_end, help="When it ends: days from now, such as 90d, or a day, such as 2027-01-31."
)
@home_option
@json_option
@explained
def keys_create(
    label: str,
    role: str,
    learners: tuple[str, ...],
    expires: dt.datetime | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Make an API key; it is shown this once."""
    from samouk import assembly
    from samouk.loop.ports import Role

    _require_learners(learners)
    with assembly.opened(settings(home)) as services:
        key, secret = services.keys.create(label, Role(role), learners, expires)
        _note(services, "create key", key.key_id, f"for {label}, {role}{_of(learners)}")
    _show_secret(key, secret, as_json)


def _show_secret(key: ApiKey, secret: str, as_json: bool) -> None:
    if as_json:
        shown = {"key_id": key.key_id, "label": key.label, "role": key.role, "learners": list(key.learners)}
        print_json({**shown, "expires": key.expires, "secret": secret})
        return
    click.echo(f"🔑 {secret}")
    click.echo("   Shown this once; only its hash is kept. Clients take it as SAMOUK_API_KEY or `ml.api_key`.")
    if key.role != "contributor":
        click.echo("   It may change what serves: keep it out of applications, which get a contributor's.")


def _of(learners: tuple[str, ...]) -> str:
    return f", {', '.join(learners)} alone" if learners else ""


def _require_learners(learners: tuple[str, ...]) -> None:
    """Refuse a name of nothing: a key for it would open nothing, and nobody would know why."""
    from samouk.domains import discover
    from samouk.loop.ports import covers

    known = [learner.name for domain in discover().values() for learner in domain.learners]
    for wanted in learners:
        if not any(covers((wanted,), name) for name in known):
            raise click.BadParameter(
                f"no learner is called {wanted}; `samouk learners` lists them", param_hint="--learner"
            )


@keys.command("list")
@home_option
@json_option
@explained
def keys_list(home: Path | None, as_json: bool) -> None:
    """List the API keys, never their secrets."""
    from samouk import assembly

    with assembly.opened(settings(home)) as services:
        found, now = services.keys.keys(), services.clock.now()
    if as_json:
        print_json(found)
        return
    table(
        ("key", "label", "role", "for", "made", "ends", "last used", "state"),
        [
            (
                k.key_id,
                k.label,
                k.role,
                ", ".join(k.learners) or "all",
                k.created,
                f"{k.expires:%Y-%m-%d}" if k.expires else "never",
                k.last_used or "never",
                _state(k, now),
            )
            for k in found
        ],
    )


def _state(key: ApiKey, now: dt.datetime) -> str:
    if key.revoked:
        return "revoked"
    return "live" if key.expires is None or now < key.expires else "expired"


@keys.command("rotate")
@click.argument("key_id", required=False)
@click.option(
    "--overlap",
    type=click.FloatRange(0, 24 * 90),
    default=24,
    show_default=True,
    help="Hours for which an API key that is replaced goes on.",
)
@home_option
@json_option
@explained
def keys_rotate(key_id: str | None, overlap: float, home: Path | None, as_json: bool) -> None:
    """Replace the API key KEY_ID; without one, the online signing keys, for which the root keys must be back."""
    from samouk import assembly

    chosen = settings(home)
    if key_id is None:
        assembly.rotate_signing_keys(chosen)
    with assembly.opened(chosen) as services:
        if key_id is None:
            services.publisher.refresh()
            _note(services, "rotate keys", "signing keys", "asked on the command line")
            click.echo("🔑 online keys replaced; clients follow by themselves")
            return
        key, secret = services.keys.rotate(key_id, dt.timedelta(hours=overlap))
        _note(services, "rotate key", key.key_id, f"in place of {key_id}, which ends in {overlap:g} h")
    _show_secret(key, secret, as_json)


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


@click.group(cls=Commands, invoke_without_command=True)
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="Newest entries to show.")
@retired("--verify", "`samouk audit verify`", is_flag=True)
@home_option
@json_option
@click.pass_context
@explained
def audit(context: click.Context, limit: int, home: Path | None, as_json: bool) -> None:
    """Show who did what and why, newest last; or check that nobody changed it."""
    from samouk import assembly

    if context.invoked_subcommand is not None:
        return
    with assembly.opened(settings(home)) as services:
        end = services.audit.head().sequence
        newest = services.audit.entries(max(end - limit, 0), limit)
    if as_json:
        print_json(newest, exact=True)  # who checks the chain elsewhere needs every digit
        return
    rows = [
        (e.sequence, f"{e.act.at:%Y-%m-%d %H:%M}", e.act.actor, e.act.action, e.act.subject, _short(e.act.reason))
        for e in newest
    ]
    table(("number", "at", "who", "did", "to", "why"), rows)


def _short(reason: str) -> str:
    """As much of it as a line takes: rules are a document, which ``--json`` gives whole."""
    return reason if len(reason) <= REASON else f"{reason[: REASON - 1]}…"


@audit.command("head")
@home_option
@json_option
@explained
def audit_head(home: Path | None, as_json: bool) -> None:
    """Print the end of the chain, NUMBER:DIGEST, to be kept where whoever runs the store cannot change it."""
    from samouk import assembly

    with assembly.opened(settings(home)) as services:
        head = services.audit.head()
    if as_json:
        print_json(head)
    else:
        click.echo(f"{head.sequence}:{head.digest}")


@audit.command("verify")
@click.option("--since", metavar="NUMBER:DIGEST", help="A head that was kept elsewhere: look at what follows it alone.")
@home_option
@json_option
@explained
def audit_verify(since: str | None, home: Path | None, as_json: bool) -> None:
    """Check the chain; exit 1 when an entry was changed, removed or put in, or the end was cut off.

    Only a head that was kept elsewhere tells that the newest entries are missing.
    """
    from samouk import assembly

    kept = None if since is None else _head(since)
    with assembly.opened(settings(home)) as services:
        broken, head = services.audit.verify(kept), services.audit.head()
    number = head.sequence - (kept.sequence if kept else 0)
    if as_json:
        print_json({"broken_at": broken, "checked": None if broken else number, "head": head})
        sys.exit(0 if broken is None else FAILED)
    if kept is not None and broken == kept.sequence:
        fail(f"entry {broken} is not the one that was kept: it was changed, or the audit was cut off before it", FAILED)
    if broken is not None:
        fail(f"the audit is broken at entry {broken}: it, or one before it, was changed or removed", FAILED)
    after = " since the kept one" if kept else ""
    click.echo(f"✅ the audit is whole: {number:,} entries{after}, {head.sequence}:{head.digest}")


def _head(text: str) -> Head:
    from samouk.edge.wire import is_digest
    from samouk.loop.records import Head

    number, _, digest = text.partition(":")
    if not (number.isascii() and number.isdecimal() and len(number) <= MAX_DIGITS and is_digest(digest)):
        raise click.UsageError("--since must be NUMBER:DIGEST, as `samouk audit head` prints it")
    return Head(int(number), digest)
