"""What collector and feedback share: consent, the queue, and the thread that empties it in the background."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

from samouk.edge import config as settings
from samouk.edge import places, tallies, wire
from samouk.edge.background import Background
from samouk.edge.batchfile import Content
from samouk.edge.config import Config
from samouk.edge.consent import Consent, decide
from samouk.edge.errors import ConfigError
from samouk.edge.fitting import fitting_columns
from samouk.edge.observer import Observer, observer
from samouk.edge.packing import pack, shareable
from samouk.edge.spool import AUTO, Limits, Shelf, Spool
from samouk.edge.tallies import Tallies
from samouk.edge.tally import Mishaps, Stats, tally
from samouk.edge.transport import HttpTransport, Transport
from samouk.edge.uploader import Destination, Pass, Uploader
from samouk.edge.wire import Row

CLOSE_WAIT_S = 2.0
"""What ``close_wait_s`` is by default: enough for some batches, and little for a host that ends."""


class Knobs(TypedDict, total=False):
    """What may be set beside consent and address; whatever is left out, or None, is asked of the user's settings.

    Keys:
        api_key: key for uploading; by default ``SAMOUK_API_KEY``, else the setting ``ml.api_key``.
        cache_dir: the folder ``ml_cache``; by default one among the user's caches, outside any project.
        platforms: platforms to share; never more than the user's settings allow.
        local_only: collect, never send.
        batch_size: samples after which a batch is sent.
        limits: the other bounds of the queue.
        max_delay_s: a full batch waits a random time up to this before it is sent, so that its moment of
            arrival says little about its moment of birth; 86,400 is a good value, 0 the default.
        close_wait_s: seconds that `close` waits at most for full batches that are on their way, so that a short
            run sends them too; 2 by default, 0 for not at all. Offline it does not wait, and nothing is lost.
        transport: what carries requests; `samouk.edge.testing.MemoryServer` in tests.
        observer: what reads screens; the installed one by default.
        environ: variables to look at instead of the process's own.
        clock: gives unix time.
    """

    api_key: str | None
    cache_dir: str | os.PathLike[str] | None
    platforms: Sequence[str] | None
    local_only: bool | None
    batch_size: int
    limits: Limits | None
    max_delay_s: float
    close_wait_s: float
    transport: Transport | None
    observer: Observer | None
    environ: Mapping[str, str] | None
    clock: Callable[[], float]


def environment(knobs: Knobs) -> Mapping[str, str]:
    """The variables to look at; an empty mapping is an answer too."""
    return places.environment(knobs.get("environ"))


class Contribution:
    """One process's share in a cache. Every method may be called from any thread; only `put` raises.

    Raises:
        ConfigError: ``upload_endpoint`` is malformed.
        ValueError: a bound is impossible.
    """

    def __init__(self, opt_in: bool | None, upload_endpoint: str | None, knobs: Knobs) -> None:
        self._opt_in = opt_in
        self._endpoint = (
            None if upload_endpoint is None else settings.setting("ml.upload_endpoint").read(upload_endpoint)
        )
        self._knobs = knobs
        self._environ = environment(knobs)
        self._clock = knobs.get("clock", time.time)
        self._observer = knobs.get("observer")
        self.mishaps = Mishaps()
        limits = knobs.get("limits") or Limits()
        limits = replace(limits, batch_size=knobs.get("batch_size", limits.batch_size))
        self.spool = Spool(Path(knobs.get("cache_dir") or places.cache_dir(self._environ)), limits)
        self._uploader = Uploader(self.spool, knobs.get("transport") or HttpTransport(), self._clock)
        self._settings: tuple[object, Config | ConfigError] = (None, Config())
        self._background = Background(self._due)
        self._tallies: Tallies | None = None
        self._pid = os.getpid()
        if self.spool.receipts.has_deletions():
            self._wake()  # consent or not: what was withdrawn is to be erased

    def observer(self) -> Observer:
        """Who reads screens. Raises LookupError when none is installed."""
        if self._observer is None:
            self._observer = observer()
        return self._observer

    def tallies(self) -> Tallies:
        """What is counted of a version on trial. Raises LookupError when no observer is installed."""
        if self._tallies is None:
            seeing = self.observer()
            self._tallies = Tallies(self._environ, seeing.learner, seeing.bundled_model(), self._clock)
        return self._tallies

    def consent(self) -> Consent:
        """The decision as it stands now: the settings are read again when their file has changed."""
        config = self._config()
        if isinstance(config, ConfigError):
            return Consent(False, str(config), ())
        consent = decide(config, self._environ, _has_terminal(), self._opt_in)
        if consent.refused_by_user:
            if self.spool.paths() or self.spool.rejected():
                self.spool.purge()
            tallies.purge(self._environ)
        return consent

    def allows(self, platform: str) -> bool:
        """Whether samples of the platform may be collected."""
        consent, wanted = self.consent(), self._knobs.get("platforms")
        return consent.granted and platform in consent.platforms and (wanted is None or platform in wanted)

    def put(self, samples: Sequence[Row], app: str, kind: str = AUTO) -> int:
        """Put samples on disk and let the background know; how many are there now.

        Raises:
            WireError: a sample does not fit the closed schema; none is kept.
            OSError: the disk takes no more.
        """
        schema = self.observer().schema
        fitting_columns(schema, samples)
        group = wire.group_of(app) if app else self.spool.own_group()
        appended = self.spool.append(Shelf(schema.name, schema.version, group, kind), samples)
        # The first call looks for what earlier processes left, whether or not a batch is full.
        if appended.filled or not self._background.started:
            self._wake()
        return appended.rows

    def flush(self) -> Pass:
        """Send everything now, short batches too, and wait for it. Never raises: see ``problem`` of what it returns."""
        self._begin_anew_after_fork()
        with self._background.passing:
            return self._pass(everything=True)

    def contents(self) -> Iterator[Content]:
        """Every batch that was not sent yet."""
        return self.spool.contents()

    def bodies(self) -> Iterator[bytes]:
        """For every batch and tally of this learner that was not sent yet, what `flush` would send (before gzip)."""
        schema, platforms = self.observer().schema, self.consent().platforms
        for whole in self.spool.contents():
            content = shareable(whole, platforms)
            if content.header.learner == schema.name and content.rows:
                yield pack(schema, content, self.spool.receipts.receipt_for(content.header))
        if self.consent().granted:
            yield from (tally.body() for tally in self.tallies().due())

    def forget(self, batch_id: str | None = None) -> int:
        """Have one batch, or all that ever had a receipt, erased; how many requests were written.

        The requests are durable; `flush` or the background delivers them, and none is ever dropped.
        """
        wanted = [
            entry
            for entry in self.spool.receipts.entries().values()
            if entry.receipt
            and entry.endpoint
            and entry.event not in ("erased", "rejected")
            and batch_id in (None, entry.batch_id)
        ]
        for entry in wanted:
            self.spool.receipts.request_deletion(entry)
        if batch_id is None:
            self.spool.purge()
        self._wake()
        return len(wanted)

    def stats(self) -> Stats:
        """Counts; reads every pending batch."""
        return tally(self.spool, self.consent(), self.mishaps)

    def close(self) -> None:
        """Stop the background and let go of the open batches; what was not sent stays for the next time.

        Full batches and deletions that the background was called for have ``close_wait_s`` to get away.
        """
        self._begin_anew_after_fork()
        if self._tallies is not None:
            self._tallies.flush()
        self._background.stop(self._knobs.get("close_wait_s", CLOSE_WAIT_S))
        self.spool.close()

    def _config(self) -> Config | ConfigError:
        path = places.config_file(self._environ)
        try:
            stamp: object = (path.stat().st_mtime_ns, path.stat().st_ino)
        except OSError:
            stamp = ()
        if self._settings[0] != stamp:
            try:
                self._settings = (stamp, settings.load(self._environ, path))
            except ConfigError as problem:
                self._settings = (stamp, problem)
        return self._settings[1]

    def _destination(self) -> Destination | None:
        """Where samples go; None when they stay here."""
        config = self._config()
        if isinstance(config, ConfigError):
            return None
        local_only = self._knobs.get("local_only")
        if config.local_cache_only if local_only is None else local_only:
            return None
        endpoint = self._endpoint or config.upload_endpoint
        key = settings.api_key(config, self._environ, self._knobs.get("api_key"))
        return Destination(endpoint, key, self._knobs.get("max_delay_s", 0.0), config.contribute_platforms)

    def _may_send(self) -> bool:
        return self.consent().granted and self._destination() is not None

    def _due(self) -> Pass:
        return self._pass(everything=False)

    def _pass(self, everything: bool) -> Pass:
        """Deletions first, then samples. This is a border: whatever fails is counted and told, not raised."""
        try:
            done = self._uploader.erase()
            to = self._destination()
            if to is not None and self.consent().granted:
                sent = self._uploader.send(self.observer().schema, to, self._may_send, everything)
                if not sent.problem:
                    self._uploader.tell(self.observer().learner, self.tallies(), to, self._may_send, everything, sent)
                sent.erased, sent.problem = done.erased, sent.problem or done.problem
                done = sent
        except Exception as problem:  # noqa: BLE001 - the worker's border
            self.mishaps.count(problem)
            done = Pass(problem=self.mishaps.last_error)
        self.mishaps.upload_problem = done.problem
        return done

    def _wake(self) -> None:
        self._begin_anew_after_fork()
        self._background.wake()

    def _begin_anew_after_fork(self) -> None:
        """Threads and locks of a parent process do not live on in its forked child."""
        if self._pid != os.getpid():
            self._pid, self._background = os.getpid(), Background(self._due)


def _has_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
