"""Collects samples of what an application sees, on disk first and to the server later; its host never notices."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Self, Unpack

from samouk.edge import wire
from samouk.edge.batchfile import Content
from samouk.edge.consent import Consent
from samouk.edge.contribution import Contribution, Knobs
from samouk.edge.observer import MAX_SOURCE, UnreadableSource
from samouk.edge.tally import Stats
from samouk.edge.uploader import Pass


class SelfLearningCollector:
    """Turns screens into anonymised samples, if and only if there is consent.

    Collecting never raises into its host and never waits for a network: what `collect_from_hierarchy`
    counted is on disk when it returns, a daemon thread sends full batches, and what cannot be sent
    stays for the next time. Only what is asked for by hand (`stats`, `pending`, `show_upload`,
    `forget`) raises OSError when the cache cannot be read. ::

        with SelfLearningCollector() as collector:
            collector.collect_from_hierarchy(driver.page_source, platform="android")

    Args:
        opt_in: True when your application obtained the user's consent, False to switch it off, None to
            go by the user's own answer (``ml.contribute``). ``DO_NOT_TRACK``, ``CI`` and a user's no
            outweigh True.
        upload_endpoint: address of the server; None for the user's setting ``ml.upload_endpoint``.
        **knobs: see `samouk.edge.contribution.Knobs`.

    Raises:
        ConfigError: ``upload_endpoint`` is malformed.
        ValueError: a bound among the knobs is impossible.
    """

    def __init__(self, opt_in: bool | None = None, upload_endpoint: str | None = None, **knobs: Unpack[Knobs]) -> None:
        self._contribution = Contribution(opt_in, upload_endpoint, knobs)

    def collect_from_hierarchy(self, hierarchy: object, platform: str = "android") -> int:
        """Collect one screen.

        Args:
            hierarchy: text, bytes, dict or list, as the installed observer reads it.
            platform: ``android`` or ``ios``.

        Returns:
            How many samples are on disk now; 0 without consent, for a platform that is not shared, and when
            the screen could not be read or kept (then ``stats().errors`` counts it).
        """
        try:
            return self._collect(hierarchy, platform)
        except Exception as problem:  # noqa: BLE001 - the border to the host
            self._contribution.mishaps.count(problem)
            return 0

    def consent(self) -> Consent:
        """Whether samples are collected, and why."""
        return self._contribution.consent()

    def stats(self) -> Stats:
        """Counts over everything this cache ever held; reads what is pending."""
        return self._contribution.stats()

    def pending(self) -> Iterator[Content]:
        """Every batch that was collected and not yet sent, oldest first."""
        return self._contribution.contents()

    def show_upload(self) -> Iterator[bytes]:
        """The exact bytes that `flush` would send, batch by batch, before gzip (`samouk.edge.wire.compress`)."""
        return self._contribution.bodies()

    def flush(self) -> Pass:
        """Send everything now, short batches and deletion requests too, and wait for the answers; never raises."""
        return self._contribution.flush()

    def forget(self, batch_id: str) -> int:
        """Have one batch erased, here and on the server; 1, or 0 when no such batch was ever sealed."""
        return self._contribution.forget(batch_id)

    def forget_all(self) -> int:
        """Delete what is queued and have all that was ever sent erased; how many requests were written.

        The requests are durable: they are delivered by `flush` and by the background, and never dropped.
        """
        return self._contribution.forget()

    def close(self) -> None:
        """Stop the background, once full batches are sent or the knob ``close_wait_s`` is over.

        What was not sent stays on disk for the next time.
        """
        self._contribution.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _collect(self, hierarchy: object, platform: str) -> int:
        if not self._contribution.allows(platform):
            return 0
        if isinstance(hierarchy, str | bytes) and len(hierarchy) > MAX_SOURCE:
            raise UnreadableSource(
                f"the hierarchy is larger than {MAX_SOURCE // 1_000_000} MB; dump one screen at a time"
            )
        observation = self._contribution.observer().observe(hierarchy, platform)
        return self._contribution.put(observation.samples[: wire.MAX_BATCH_ROWS], observation.app)
