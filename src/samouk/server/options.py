"""What may be set about the HTTP side: limits, and what is served beside the services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from samouk.loop.ports import Role
from samouk.server.auth import People
from samouk.server.siblings import Siblings
from samouk.server.turns import Learning

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """The page at ``/``: its HTML and the Content-Security-Policy that it lives under."""

    html: bytes
    policy: str


@dataclass(frozen=True, slots=True)
class Options:
    """Limits and folders.

    Attributes:
        publish_dir: the signed files (``metadata/``, ``targets/``); None serves none.
        look: brings what other machines published into ``publish_dir``, looking at once or every moment.
        siblings: the other processes on the same port; None when this one is alone.
        page: the page at ``/``; None answers 404 there.
        max_body: bytes of one upload as it travels (compressed), at most.
        max_inflated: bytes of one upload after decompression, at most.
        max_uploads: uploads in flight; one more is asked to come again.
        max_tallies: counts of one trial that the holder of one API key may send in a day.
        group: batches in one commit, at most.
        webhooks_private: whether events may be delivered within this machine and private networks.
        turns: begins those that people ask for; None refuses them.
        missing: what is out of order and can be done without for a while, in words; None when nothing can.
        max_model: bytes of a model that was made elsewhere, at most.
        figures_role: who may read figures, versions, runs, events and metrics; None lets everybody.
        people: reads the tokens of persons; None when only API keys open anything.
        issuer: whose tokens they are, for the description of the API.
        rate_key, rate_anonymous, rate_failures: requests a minute of one key, of one address without a key, and with
            wrong keys; 0 bounds nothing.
        trusted_proxies: how many stand in front, each of which adds an address to X-Forwarded-For.
        shared_limits: whether the cache is shared with other servers, and limits with it.
        cors_origins: of pages in browsers that may use the API, exactly; none by default.
        tls: whether clients reach this server by https alone, be it through a proxy.
        exposures_dir: where exposures wait for their commit; None waits for it before each answer.
    """

    publish_dir: Path | None = None
    look: Callable[[bool], None] | None = None
    siblings: Siblings | None = None
    page: Page | None = None
    max_body: int = 8 * MEGABYTE
    max_inflated: int = 32 * MEGABYTE
    max_uploads: int = 128
    max_tallies: int = 1_000
    group: int = 64
    webhooks_private: bool = False
    exposures_dir: Path | None = None
    turns: Learning | None = None
    missing: Callable[[], list[str]] | None = None
    max_model: int = 256 * MEGABYTE
    figures_role: Role | None = None
    people: People | None = None
    issuer: str = ""
    rate_key: int = 0
    rate_anonymous: int = 0
    rate_failures: int = 0
    trusted_proxies: int = 0
    shared_limits: bool = False
    cors_origins: tuple[str, ...] = ()
    tls: bool = False
