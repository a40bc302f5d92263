"""Commands that listen: the platform itself, and the demo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from samouk.cli.ends import explained, home_option, settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from samouk.loop.learner import Learner
    from samouk.loop.ports import Services
    from samouk.server.serve import Tls
    from samouk.settings import Settings

DEMO_WEEKS = 9

UPKEEP_S = 1_800.0
"""Seconds between two looks whether the store was maintained today."""

COURIER_S = 2.0
"""Seconds between two looks for events that somebody wants to be told of."""


@click.command()
@click.option("--host", help="Address to listen on; 127.0.0.1 unless told (SAMOUK_HOST).")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port; 8000 unless told (SAMOUK_PORT).")
@click.option("--tls-cert", help="File of a certificate chain, to speak https (SAMOUK_TLS_CERT).")
@click.option("--tls-key", help="File of the certificate's private key (SAMOUK_TLS_KEY).")
@click.option("--no-schedule", is_flag=True, help="Never learn by itself; only `samouk turn` does.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, help="Processes that answer on the one port.")
@home_option
@explained
def serve(
    home: Path | None,
    host: str | None,
    port: int | None,
    tls_cert: str | None,
    tls_key: str | None,
    no_schedule: bool,
    workers: int,
) -> None:
    """Take samples, learn when it is time, hand out models.

    SIGTERM and Ctrl-C end it once running requests have come to theirs. With several workers SIGHUP renews them, one
    after the other, and no connection is refused.
    """
    from samouk import assembly
    from samouk.cli.crews import serve_many
    from samouk.domains import discover
    from samouk.server import logs
    from samouk.server.serve import listen
    from samouk.server.serve import serve as run

    chosen = settings(home, host=host, port=port, tls_cert=tls_cert, tls_key=tls_key)
    tls = _tls(chosen)
    logs.set_up(chosen.log)
    _warn_of_root_keys(assembly.Places.of(chosen).keys / "root")
    domains = discover()
    known = [learner for domain in domains.values() for learner in domain.learners]
    # The address first: who cannot have it has made no keys and begun no learning.
    with ExitStack() as open_until_the_end:
        listener = open_until_the_end.enter_context(listen(chosen.host, chosen.port))
        if workers > 1:
            serve_many(workers, chosen, domains, listener, tls, schedule=not no_schedule)
            return
        made = assembly.ensure_signing_keys(chosen)
        if made is not None:
            click.echo(f"🔑 {made.message}")
        services = open_until_the_end.enter_context(assembly.opened(chosen, domains=domains.values()))
        begin(services, known)
        app = assembly.application(chosen, services, domains)
        open_until_the_end.enter_context(beside(chosen, services, known, app, schedule=not no_schedule))
        run(app, listener, assembly.lies_in(chosen), click.echo, tls, drain_s=chosen.drain_seconds)


def _warn_of_root_keys(folder: Path) -> None:
    """At each start, as long as they lie there: who breaks into this machine could replace every other key."""
    if any(folder.glob("*.pem")):
        click.echo(f"⚠️  Root keys lie in {folder}: move them off this machine, it works without them.", err=True)


def _tls(chosen: Settings) -> Tls | None:
    """Raises BadSetting, and CannotListen for files that cannot be used."""
    from samouk.server.serve import Tls
    from samouk.settings import BadSetting

    if bool(chosen.tls_cert) != bool(chosen.tls_key):
        raise BadSetting("SAMOUK_TLS_CERT and SAMOUK_TLS_KEY belong together: give both, or neither")
    return Tls(Path(chosen.tls_cert), Path(chosen.tls_key)) if chosen.tls_cert else None


def begin(services: Services, known: Sequence[Learner]) -> None:
    """What each learner needs before the first request; says so when nobody could send one."""
    from samouk.loop import turn
    from samouk.loop.rules import note
    from samouk.server.erasure import mend

    for learner in known:
        turn.begin(learner, services)
        note(learner, services)
        mend(services, learner.name)
    issued = services.keys.keys()
    if all(key.revoked for key in issued):
        click.echo("💡 Nobody may upload yet: `samouk keys create --label NAME` makes an API key.")


@contextmanager
def beside(
    chosen: Settings, services: Services, known: Sequence[Learner], app: FastAPI, *, schedule: bool
) -> Iterator[None]:
    """What one process does beside answering, as long as the context is open: the scheduler, and who is told."""
    from samouk.loop.ports import EVENTS
    from samouk.server.waking import Prompt
    from samouk.server.webhooks import Courier

    with ExitStack() as open_until_the_end:
        if schedule:
            open_until_the_end.enter_context(_scheduled(chosen, services, known, app))
        courier = Courier(services, private=bool(chosen.webhooks_private))
        app.state.parts.update(webhooks=lambda: courier.failures)
        open_until_the_end.enter_context(Prompt(courier, services.bell, EVENTS, COURIER_S))
        yield


@contextmanager
def _scheduled(chosen: Settings, services: Services, known: Sequence[Learner], app: FastAPI) -> Iterator[None]:
    """Rounds and looks, as long as the context is open."""
    from samouk import assembly
    from samouk.server.scheduler import Scheduler, Sole

    rounds = assembly.rounds(chosen, services, [learner.name for learner in known])
    looks = assembly.looks(services, known, app)
    upkeep = assembly.upkeep(chosen, services)
    app.state.parts.update(rounds=lambda: rounds.failures, looks=lambda: looks.failures)
    # With a queue `samouk schedule` takes the rounds, and workers the turns.
    jobs = {} if chosen.redis_url else {"a round of the loop": (rounds, chosen.check_minutes * 60)}
    # The rounds are closed before the scheduler, which waits for the running one.
    with (
        Sole(services.leases, "scheduler", jobs),
        Sole(services.leases, "upkeep", {"the maintenance": (upkeep, UPKEEP_S)}),
        Scheduler(looks, chosen.look_minutes),
        closing(rounds),
        closing(upkeep),
    ):
        yield


@click.command()
@click.option("--once", is_flag=True, help="Stop at the end; else the server stays up with its status page.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port; 8000 unless told, 0 takes any free one.")
@home_option
@explained
def demo(once: bool, port: int | None, home: Path | None) -> None:
    """Watch models learn: agents who live with the scores, four weeks of contributors, a chat server with abusers."""
    from samouk import assembly
    from samouk.domains import discover
    from samouk.server.serve import listen
    from samouk.server.serve import serve as run

    chosen = settings(home, port=port)
    chosen = assembly.at_home(settings(chosen.home / "demo", port=port))
    domains = discover()
    with assembly.demo(chosen, domains, weeks=DEMO_WEEKS) as host:
        for domain in domains.values():
            if domain.demo is not None:
                domain.demo(host)
    if once:
        return
    with listen(chosen.host, chosen.port) as listener, assembly.opened(chosen, domains=domains.values()) as services:
        app = assembly.application(chosen, services, domains)
        click.echo("👀 The status page shows what happened; Ctrl-C stops the server.")
        run(app, listener, assembly.lies_in(chosen), click.echo)
