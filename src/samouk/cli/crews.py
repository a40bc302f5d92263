"""`samouk serve --workers N`: what each of several processes on one port does."""

from __future__ import annotations

from contextlib import ExitStack
from socket import socket
from typing import TYPE_CHECKING

import click

from samouk.cli.ends import explained
from samouk.edge.disk import temporary_folder

if TYPE_CHECKING:
    from samouk.loop.learner import Domain
    from samouk.server.crew import Post
    from samouk.server.serve import Tls
    from samouk.settings import Settings


def serve_many(
    size: int, chosen: Settings, domains: dict[str, Domain], listener: socket, tls: Tls | None, *, schedule: bool
) -> None:
    """Serve with so many processes until a signal; this one opens nothing, so that they may be forked from it.

    Process 0 schedules and tells webhooks, and keeps what only one may; when it dies, the one in its place does.
    """
    import samouk.server.app  # noqa: F401 - imported once, before the processes part
    from samouk import assembly
    from samouk.cli.serving import begin, beside
    from samouk.server.crew import Crew, apart
    from samouk.server.serve import Server, config, run, url_of
    from samouk.server.siblings import KEEPER, Siblings

    known = [learner for domain in domains.values() for learner in domain.learners]

    def prepare() -> None:
        made = assembly.ensure_signing_keys(chosen)
        if made is not None:
            click.echo(f"🔑 {made.message}")
        with assembly.opened(chosen, domains=domains.values()) as services:
            begin(services, known)
            assembly.application(chosen, services, domains)

    def work(post: Post) -> None:
        siblings = Siblings(folder, post.number, size, tls=tls is not None)
        with ExitStack() as open_until_the_end:
            services = open_until_the_end.enter_context(assembly.opened(chosen))
            app = assembly.application(chosen, services, domains, siblings)
            if post.number == KEEPER:
                open_until_the_end.enter_context(beside(chosen, services, known, app, schedule=schedule))
            ear = siblings.listen()
            open_until_the_end.enter_context(ear.socket)

            def ready() -> None:
                ear.take_place()
                post.ready()

            server = Server(config(app, tls), chosen.drain_seconds, ready)
            post.guard(server)
            run(server, [listener, ear.socket])

    code = apart(explained(prepare))
    if code:
        raise SystemExit(code)
    click.echo(f"Samouk listens on {url_of(listener, 'https' if tls else 'http')} with {size} workers")
    click.echo(f"Data lies in {assembly.lies_in(chosen)}")
    with temporary_folder("samouk-crew-") as folder:
        Crew(size, explained(work), chosen.drain_seconds).run()
