"""python-tuf's client on our own transport: which metadata is trusted, and which releases it supports.

Imported only when an update is looked for: python-tuf takes 0.2 s to import.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from tuf.api import exceptions as tuf_errors
from tuf.api.metadata import Metadata, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.ngclient import Updater, UpdaterConfig

from samouk.edge import disk, fetch
from samouk.edge.errors import ConfigError
from samouk.edge.trust import (
    MAX_TIMESTAMP_BYTES,
    Release,
    Trial,
    UpdateNotStored,
    UpdateRefused,
    UpdateUnavailable,
    current_target,
    http_text,
    model_target,
    not_stored_text,
    release_of,
    trial_of,
    trial_target,
    version_in,
)
from samouk.edge.tuf_fetcher import Fetcher, Progress

logger = logging.getLogger(__name__)

LIMITS = UpdaterConfig(
    max_root_rotations=64,
    root_max_length=65_536,
    timestamp_max_length=MAX_TIMESTAMP_BYTES,
    snapshot_max_length=65_536,
    targets_max_length=1_000_000,
)
SHOWN_DIGITS = 16
"""Of a fingerprint: few enough to compare by eye. A root that is pinned is compared whole."""

T = TypeVar("T", Root, Timestamp, Snapshot, Targets)


class TrustedRepository:
    """What one server publishes, as far as its signatures support it.

    Args:
        folder: where the metadata that was verified last is kept; one folder a server.
        endpoint: base URL of the server.
        root: file of the pinned first root; None trusts on first use, over https or loopback only.
    """

    def __init__(self, folder: Path, endpoint: str, root: Path | None, *, timeout_s: float = fetch.TIMEOUT_S) -> None:
        self._folder = folder
        self._endpoint = endpoint
        self._metadata_url = f"{endpoint}/v1/tuf/metadata/"
        self._targets_url = f"{endpoint}/v1/tuf/targets/"
        self._root = root
        self._timeout_s = timeout_s
        self._updater: Updater | None = None

    def refresh(self, timestamp: bytes | None = None) -> None:
        """Fetch and verify root, timestamp, snapshot and targets.

        Args:
            timestamp: bytes of ``timestamp.json`` when they were fetched already.

        Raises:
            UpdateUnavailable, UpdateRefused, UpdateNotStored, ConfigError
        """
        ready = {} if timestamp is None else {f"{self._metadata_url}timestamp.json": timestamp}
        with self._translated():
            disk.private_dir(self._folder)
            for stray in self._folder.glob("tmp*"):  # python-tuf's unfinished files, after a kill
                stray.unlink(missing_ok=True)
            updater = self._trusting_updater(Fetcher(ready, timeout_s=self._timeout_s))
            updater.refresh()
        self._updater = updater

    def release(self, learner: str) -> Release | None:
        """The current release of a learner, None when there is none yet; ``refresh`` comes first."""
        pointer = self._target(current_target(learner))
        return None if pointer is None else self._named(learner, pointer)

    def trial(self, learner: str) -> Trial | None:
        """The version that a share of the clients tries, None when there is none; ``refresh`` comes first."""
        pointer = self._target(trial_target(learner))
        return None if pointer is None else trial_of(learner, pointer.custom, self._named(learner, pointer))

    def _named(self, learner: str, pointer: TargetFile) -> Release:
        """The release that a pointer names."""
        version, _ = version_in(learner, pointer.custom)
        model = self._target(model_target(learner, version))
        if model is None:
            raise UpdateRefused(f"{learner}: {version} is offered but is not among the signed files")
        return release_of(
            learner,
            pointer.custom,
            model.custom,
            size=model.length,
            sha256=model.hashes.get("sha256", ""),
            signers=tuple(sorted(self._local(Root).roles["targets"].keyids)),
        )

    def expires(self) -> dt.datetime:
        """When the first of the four signatures runs out; ``refresh`` comes first."""
        root, rest = self._local(Root), (self._local(Timestamp), self._local(Snapshot), self._local(Targets))
        return min(root.expires, *(signed.expires for signed in rest))

    def download(self, release: Release, part: Path, progress: Progress | None = None) -> Path:
        """Fetch the model into ``part``, going on from what is there, and verify it.

        Raises:
            UpdateUnavailable, UpdateRefused, UpdateNotStored
        """
        target = self._target(release.target)
        if target is None or target.hashes.get("sha256") != release.sha256:
            raise UpdateRefused(f"{release.version} is no longer offered; check for updates again")
        fetcher = Fetcher({}, timeout_s=self._timeout_s, part=part, progress=progress)
        directory, _, name = release.target.rpartition("/")
        url = f"{self._targets_url}{directory}/{release.sha256}.{name}"
        with self._translated():
            try:
                with fetcher.download_file(url, target.length) as file:
                    target.verify_length_and_hashes(file)
            except (tuf_errors.RepositoryError, tuf_errors.DownloadLengthMismatchError):
                part.unlink(missing_ok=True)  # going on from wrong bytes would fail for ever
                raise
        return part

    def _trusting_updater(self, fetcher: Fetcher) -> Updater:
        first = self._folder / "first.root.json"
        known = self._pinned() if self._root is not None else first.read_bytes() if first.exists() else None
        bootstrap = known if known is not None else self._first_use(fetcher)
        updater = Updater(
            metadata_dir=str(self._folder),
            metadata_base_url=self._metadata_url,
            target_base_url=self._targets_url,
            fetcher=fetcher,
            config=LIMITS,
            bootstrap=bootstrap,
        )
        if known is None:
            disk.replace(first, bootstrap)
            logger.warning(
                "trusting %s on first use, fingerprint %s; to pin it, set SAMOUK_ROOT to its root file",
                self._endpoint,
                hashlib.sha256(bootstrap).hexdigest()[:SHOWN_DIGITS],
            )
        return updater

    def _pinned(self) -> bytes:
        try:
            return Path(str(self._root)).read_bytes()
        except OSError as error:
            raise ConfigError(
                f"SAMOUK_ROOT: {self._root} cannot be read ({error.strerror}); correct the path"
            ) from error

    def _first_use(self, fetcher: Fetcher) -> bytes:
        if not is_private_way(self._endpoint):
            raise UpdateRefused(
                f"{self._endpoint}: the first contact with a server is believed over https only; "
                "use its https address, or pin its root file with SAMOUK_ROOT"
            )
        return fetcher.download_bytes(f"{self._metadata_url}1.root.json", LIMITS.root_max_length)

    def _target(self, path: str) -> TargetFile | None:
        if self._updater is None:
            raise RuntimeError("refresh() comes first")
        with self._translated():
            return self._updater.get_targetinfo(path)

    def _local(self, kind: type[T]) -> T:
        """The metadata that was verified last. python-tuf keeps what it trusts in files of these names."""
        with self._translated():
            signed = Metadata.from_file(str(self._folder / f"{kind.type}.json")).signed
        if not isinstance(signed, kind):
            raise UpdateNotStored(f"{self._folder}: {kind.type}.json holds other metadata; remove the folder")
        return signed

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """python-tuf's errors as ours, by whose fault they are."""
        try:
            yield
        except tuf_errors.DownloadLengthMismatchError as error:
            raise UpdateRefused(f"{self._endpoint}: a file is not as long as was signed ({error})") from error
        except tuf_errors.DownloadHTTPError as error:
            raise UpdateUnavailable(http_text(self._endpoint, error.status_code)) from error
        except tuf_errors.DownloadError as error:
            raise UpdateUnavailable(f"{self._endpoint}: {error}; try again later") from error
        except tuf_errors.RepositoryError as error:
            raise UpdateRefused(self._refusal(error)) from error
        except OSError as error:
            raise UpdateNotStored(not_stored_text(error, self._folder)) from error

    def _refusal(self, error: tuf_errors.RepositoryError) -> str:
        what = f"{self._endpoint}: the update is refused, "
        if isinstance(error, tuf_errors.ExpiredMetadataError):
            return f"{what}its signatures have run out ({error}); check this machine's clock, or tell the operator"
        if isinstance(error, tuf_errors.BadVersionNumberError):
            return f"{what}the server offers something older than was seen before ({error}); tell the operator"
        if isinstance(error, tuf_errors.UnsignedMetadataError):
            return (
                f"{what}it is not signed by the keys that this client trusts ({error}); tell the operator. "
                f"Only if you know that the server was set up anew, remove {self._folder}"
            )
        return f"{what}it is not what was signed ({error}); tell the operator"


def is_private_way(endpoint: str) -> bool:
    """Whether nobody between can change what comes from ``endpoint``: https, or this very machine."""
    parts = urlsplit(endpoint)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
