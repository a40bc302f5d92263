"""One bucket of S3-compatible storage below a prefix: bounded retries, the store's own clock, errors in words."""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import SystemRandom
from typing import TYPE_CHECKING, TypeVar

from samouk.loop.ports import NotFound, StoreUnavailable

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import BackoffConfig, S3Store

MULTIPART = 16 << 20
"""From so many bytes on an object goes up in parts, several at once."""

PART = 8 << 20
PARTS_AT_ONCE = 4
PROBE = "probe"
"""Object that each process writes once, to learn how the bucket behaves."""

_CODE = re.compile(r"<Code>([A-Za-z0-9]+)</Code>")
_STATUS = re.compile(r"non-2xx status code: (\d{3})")
_NO_BUCKET, _DENIED, _SLOW, _SKEWED, _FULL = (
    "{place} is not there: make the bucket, or mend SAMOUK_BLOBS_URL",
    "{place} refuses these credentials: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and that they may list, read, "
    "write and delete there",
    "{place} is too busy (it asks to slow down): try again, or raise its limits",
    "{place} says that this machine's clock is wrong: set it right, then try again",
    "{place} has no space left: free some, or raise its quota",
)
_REMEDIES = {
    "NoSuchBucket": _NO_BUCKET,
    **dict.fromkeys(("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"), _DENIED),
    **dict.fromkeys(("SlowDown", "SlowDownRead", "SlowDownWrite", "TooManyRequests", "ServiceUnavailable"), _SLOW),
    "RequestTimeTooSkewed": _SKEWED,
    **dict.fromkeys(("QuotaExceeded", "XMinioStorageFull", "StorageFull"), _FULL),
    **dict.fromkeys(("401", "403"), _DENIED),
    **dict.fromkeys(("429", "503"), _SLOW),
    "507": _FULL,
}
_FAILS = "{place} answers with errors ({code}): try again, and look at its log"
_SILENT = "{place} does not answer: check that it runs and can be reached; nothing that was acknowledged is lost"
_VERSIONED = (
    "{place} keeps old versions, so that nothing could ever be erased from it: switch versioning off before anything "
    "is stored there; or make a lifecycle rule that removes noncurrent versions, and say versions=expire in the URL"
)


T = TypeVar("T")
_chance = SystemRandom()


class _Silent(StoreUnavailable):
    """Nothing answered, or the answer broke off."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may take, and how long it is tried again.

    Attributes:
        silence: seconds without a byte after which a request counts as lost.
        retries: further tries after errors of the server, lost requests and "slow down", with growing random pauses.
        seconds: no further try begins after so many.
    """

    connect: float = 3.0
    silence: float = 10.0
    retries: int = 5
    seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Item:
    """An object as the store lists it; ``etag`` without its quotes, empty where there is none."""

    path: str
    size: int
    etag: str
    modified: dt.datetime


@dataclass(frozen=True, slots=True)
class Manners:
    """How a bucket behaves.

    Attributes:
        versioned: it keeps what was overwritten or deleted.
        conditional: it refuses to create what is there.
        ahead: seconds by which its clock is ahead of this machine's.
    """

    versioned: bool
    conditional: bool
    ahead: float


class Bucket:
    """Objects by their paths below ``prefix``. No process that used it may fork and go on using it in the child.

    Args:
        endpoint: the server's address; Amazon's, or what the environment says, if none.
        versions_expire: the operator vouches that a rule of the bucket removes old versions.
    """

    def __init__(
        self,
        name: str,
        prefix: str = "",
        *,
        endpoint: str = "",
        region: str = "",
        versions_expire: bool = False,
        patience: Patience | None = None,
    ) -> None:
        self.place = f"s3://{'/'.join(part for part in (name, prefix) if part)}" + (f" at {endpoint}" * bool(endpoint))
        self._patience = patience or Patience()
        self._store = _connect(name, prefix, endpoint, region, self._patience)
        self._versions_expire = versions_expire
        self._proving = threading.Lock()
        self._clock: tuple[dt.datetime, float] | None = None

    def create(self, path: str, data: bytes) -> bool:
        """Write the object unless it is there; False when it is, or is being made by another."""
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        self._prove()
        try:
            self._ask(lambda: self._store.put(path, data, mode="create"))
        except (AlreadyExistsError, PreconditionError):
            return False
        return True

    def write(self, path: str, data: bytes) -> None:
        """Write the object, whatever is there."""
        self._prove()
        self._ask(lambda: self._write(path, data))

    def read(self, path: str) -> bytes:
        """The object. Raises NotFound."""
        return self._ask(lambda: bytes(self._store.get(path).bytes()), path)

    def read_part(self, path: str, first: int, length: int) -> bytes:
        """So many bytes of the object from ``first`` on, or those that there are. Raises NotFound."""
        return self._ask(lambda: self._part(path, first, length), path)

    def _part(self, path: str, first: int, length: int) -> bytes:
        from obstore.exceptions import BaseError

        try:
            return bytes(self._store.get_range(path, start=first, length=length))
        except BaseError as error:
            if _code(error) == "InvalidRange":  # the object ends before it
                return b""
            raise

    def item(self, path: str) -> Item | None:
        """What the store knows of the object; None when it is not there."""
        try:
            return _item(self._ask(lambda: self._store.head(path), path))
        except NotFound:
            return None

    def items(self, folder: str) -> Iterator[Item]:
        """Every object below the folder, in the order of their paths."""
        with self._explained():
            for page in self._store.list(f"{folder}/"):
                yield from map(_item, page)

    def remove(self, paths: Sequence[str]) -> None:
        """Delete the objects; those that are not there are no error."""
        if paths:
            self._ask(lambda: self._store.delete(list(paths)))

    def now(self, *, afresh: bool = False) -> dt.datetime:
        """The store's own time, by which it dates objects; steps of this machine's clock do not move it.

        Args:
            afresh: ask, so that nothing that was written before is younger.
        """
        self._prove()
        if afresh:
            _, self._clock = self._look()
        moment, since = self._clock or (dt.datetime.now(dt.UTC), time.monotonic())
        return moment + dt.timedelta(seconds=time.monotonic() - since)

    def manners(self) -> Manners:
        """Write the probe and see how the bucket behaves. Raises StoreUnavailable when it cannot be used at all."""
        return self._look()[0]

    def _look(self) -> tuple[Manners, tuple[dt.datetime, float]]:
        """Its manners, and its time beside ours."""
        from obstore.exceptions import AlreadyExistsError

        version = self._ask(lambda: self._write(PROBE, b"samouk"))
        since, here = time.monotonic(), time.time()
        try:
            self._ask(lambda: self._store.put(PROBE, b"samouk", mode="create"))
            conditional = False
        except AlreadyExistsError:
            conditional = True
        modified = self._ask(lambda: self._store.head(PROBE))["last_modified"]
        manners = Manners(version not in (None, "", "null"), conditional, modified.timestamp() - here)
        return manners, (modified, since)

    def _prove(self) -> None:
        """Before the first write of this process: never store where nothing can be erased."""
        if self._clock is None:
            with self._proving:
                if self._clock is None:
                    manners, clock = self._look()
                    if manners.versioned and not self._versions_expire:
                        raise StoreUnavailable(_VERSIONED.format(place=self.place))
                    self._clock = clock  # last: who finds one writes without a look

    def _write(self, path: str, data: bytes) -> str | None:
        large = len(data) >= MULTIPART
        done = self._store.put(
            path, data, mode="overwrite", use_multipart=large, chunk_size=PART, max_concurrency=PARTS_AT_ONCE
        )
        return done["version"]

    def _ask(self, act: Callable[[], T], path: str = "") -> T:
        """``act``, again while nothing answers: the library repeats no request that is to create or to delete.

        Ours can be repeated, since bytes follow from their name.
        """
        began, patience = time.monotonic(), self._patience
        for tried in range(patience.retries + 1):
            try:
                with self._explained(path):
                    return act()
            except _Silent:
                if tried == patience.retries or time.monotonic() - began > patience.seconds:
                    raise
            time.sleep(_chance.uniform(0.0, 0.1 * 2**tried))
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def _explained(self, path: str = "") -> Iterator[None]:
        from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

        try:
            yield
        except FileNotFoundError as error:
            code = _code(error)
            if path and code != "NoSuchBucket":
                raise NotFound(f"no object {path} in {self.place}") from None
            if code == "NoSuchUpload":  # it was completed, and the answer lost: all of it goes up once more
                raise _Silent(_SILENT.format(place=self.place)) from None
            raise StoreUnavailable(_NO_BUCKET.format(place=self.place)) from None
        except BaseError as error:
            if isinstance(error, AlreadyExistsError | PreconditionError):
                raise
            # Without the cause: its text holds whole answers of the server.
            code = _code(error)
            kind, words = (StoreUnavailable, _REMEDIES.get(code, _FAILS)) if code else (_Silent, _SILENT)
            raise kind(words.format(place=self.place, code=code)) from None


def _connect(name: str, prefix: str, endpoint: str, region: str, patience: Patience) -> S3Store:
    try:
        from obstore.store import S3Store
    except ModuleNotFoundError:
        raise StoreUnavailable("buckets need one more library: pip install 'samouk[scale]'") from None
    given = {key: value for key, value in (("endpoint", endpoint), ("region", region)) if value}
    pause: BackoffConfig = {
        "init_backoff": dt.timedelta(milliseconds=100),
        "max_backoff": dt.timedelta(seconds=5),
        "base": 2,
    }
    return S3Store(
        name,
        prefix=prefix or None,
        client_options={
            # Credentials and samples travel in clear only where somebody wrote so.
            "allow_http": endpoint.startswith("http://"),
            "connect_timeout": dt.timedelta(seconds=patience.connect),
            "read_timeout": dt.timedelta(seconds=patience.silence),
            "timeout": dt.timedelta(seconds=patience.silence + 110),
        },
        retry_config={
            "max_retries": patience.retries,
            "retry_timeout": dt.timedelta(seconds=patience.seconds),
            "backoff": pause,
        },
        **given,  # type: ignore[arg-type]
    )


def _item(meta: ObjectMeta) -> Item:
    return Item(meta["path"], meta["size"], (meta["e_tag"] or "").strip('"'), meta["last_modified"])


def _code(error: Exception) -> str:
    """The server's own code, or its status; empty when it never answered."""
    found = _CODE.search(str(error)) or _STATUS.search(str(error))
    return found[1] if found else ""
