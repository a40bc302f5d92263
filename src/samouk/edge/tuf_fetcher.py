"""python-tuf's transport on our bounded HTTP: metadata whole, models growing in a file that outlives a break."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tuf.api import exceptions as tuf_errors
from tuf.ngclient import FetcherInterface

from samouk.edge import fetch

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes in all."""

ATTEMPTS = 4
PAUSE_S = 0.2
SLOWEST = 16_384
GRACE_S = 60.0
"""A model's download is given up when it takes longer than the grace and this many bytes a second."""


class Fetcher(FetcherInterface):
    """python-tuf's transport on ``fetch``; with ``part`` it downloads one target and goes on after a break.

    Args:
        ready: url → bytes that were fetched already.
    """

    def __init__(
        self,
        ready: Mapping[str, bytes],
        *,
        timeout_s: float = fetch.TIMEOUT_S,
        part: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._ready = ready
        self._timeout_s = timeout_s
        self._part = part
        self._progress = progress

    def _fetch(self, url: str) -> Iterator[bytes]:
        if url in self._ready:
            yield self._ready[url]
            return
        with _tuf_words(), fetch.reading(url, timeout_s=self._timeout_s) as answer:
            yield from answer.chunks()

    @contextmanager
    def download_file(self, url: str, max_length: int) -> Iterator[IO[bytes]]:
        """As python-tuf's, but a target grows in its part file over several attempts."""
        if self._part is None:
            with super().download_file(url, max_length) as file:
                yield file
            return
        with self._part.open("a+b") as file:
            if file.tell() > max_length:
                file.truncate(0)
            with _tuf_words():
                self._grow(url, file, max_length)
            file.flush()
            file.seek(0)
            yield file

    def _grow(self, url: str, file: IO[bytes], length: int) -> None:
        deadline = time.monotonic() + GRACE_S + length / SLOWEST
        for attempt in range(ATTEMPTS):
            if file.seek(0, 2) == length:
                break
            try:
                self._once(url, file, length, deadline - time.monotonic())
                break
            except fetch.TooSlow:
                raise
            except fetch.HttpStatus as error:
                if error.status != 416:
                    raise
                break  # the server's file ends where ours does
            except fetch.NetworkFault as fault:
                if attempt == ATTEMPTS - 1:
                    raise
                logger.info("download of %s broke at %d of %d bytes (%s); going on", url, file.tell(), length, fault)
                time.sleep(PAUSE_S * 2**attempt)
        if file.seek(0, 2) != length:
            raise fetch.WrongLength(f"{file.tell()} bytes came and {length} were signed")

    def _once(self, url: str, file: IO[bytes], length: int, seconds: float) -> None:
        """One request for what is still missing; a server that ignores the range starts the file anew."""
        have = file.seek(0, 2)
        headers = {"Range": f"bytes={have}-"} if have else {}
        with fetch.reading(url, headers, timeout_s=self._timeout_s, deadline_s=max(0.1, seconds)) as answer:
            if have and not answer.headers.get("content-range", "").startswith(f"bytes {have}-"):
                file.truncate(0)
                file.seek(0)
            for size in fetch.append(answer, file, length):
                if self._progress is not None:
                    self._progress(size, length)


@contextmanager
def _tuf_words() -> Iterator[None]:
    """Our transport's errors in python-tuf's classes, raised inside generators too."""
    try:
        yield
    except fetch.HttpStatus as error:
        raise tuf_errors.DownloadHTTPError(str(error), error.status) from error
    except fetch.TooSlow as error:
        raise tuf_errors.SlowRetrievalError(str(error)) from error
    except fetch.NetworkFault as error:
        raise tuf_errors.DownloadError(str(error)) from error
    except fetch.WrongLength as error:
        raise tuf_errors.DownloadLengthMismatchError(str(error)) from error
