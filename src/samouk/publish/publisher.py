"""The publisher: writes releases as a TUF repository of plain files, whole or not at all.

Layout below the folder, to be served as it lies::

    metadata/  N.root.json  N.targets.json  N.snapshot.json  timestamp.json
    targets/   <learner>/<sha256>.<file>

Only ``timestamp.json`` is ever replaced, and it is replaced last: whatever a crash leaves behind is
named by nothing, and the next publisher removes it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Signed, Snapshot, Targets, Timestamp

from samouk.edge import disk
from samouk.loop.records import Version
from samouk.publish.copy import PUBLIC
from samouk.publish.keys import (
    COMPACT,
    Lifetimes,
    check_lineage,
    newest_root,
    online_signer,
    root_files,
    utc_now,
)
from samouk.publish.release import (
    RefusedRelease,
    add_offer,
    add_release,
    check_release,
    current_of,
    current_releases,
    end_trial,
    figures_of,
    files_of,
    is_released,
    offer_of,
    trial_of,
    trial_path,
)

logger = logging.getLogger(__name__)

KEPT_GENERATIONS = 3
"""Generations of snapshot and targets metadata that stay, for clients that are in the middle of an update."""

T = TypeVar("T", Targets, Snapshot, Timestamp)


class BrokenRepository(Exception):
    """The published files contradict each other or cannot be read; the message names the file and the remedy."""


@dataclass(frozen=True, slots=True)
class _State:
    """What is published now; ``due`` is the first role that must be signed anew, None when all holds."""

    root: Root
    targets: Targets
    snapshot: Snapshot | None
    timestamp: Timestamp | None
    due: str | None


class TufPublisher:
    """``loop.ports.Publisher`` over a folder that any web server can serve.

    Args:
        folder: where the repository lies; made when absent.
        keys_folder: what ``init_keys`` made; root keys are not needed in it.
        lifetimes: how long each signature holds; ``refresh`` renews at half time.
        keep: releases of a learner that stay downloadable, the current one included.
        now: the real time, for expiries.
    """

    def __init__(
        self,
        folder: Path,
        keys_folder: Path,
        *,
        lifetimes: Lifetimes | None = None,
        keep: int = 5,
        now: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        if keep < 1:
            raise ValueError(f"keep: at least the current release must stay, not {keep}")
        self._metadata = folder / "metadata"
        self._targets = folder / "targets"
        self._lock = folder / ".lock"
        self._keys = keys_folder
        self._lifetimes = lifetimes or Lifetimes()
        self._keep = keep
        self._now = now

    def publish(self, version: Version, data: bytes) -> None:
        """Make ``version`` current; publishing it twice is one release.

        Raises:
            RefusedRelease: the number is behind what is out, or the bytes are not the version's.
            TooLargeRelease: clients would refuse it.
            KeysMissing, KeysForeign, KeysUnreadable, BrokenRepository
        """
        check_release(version, len(data), hashlib.sha256(data).hexdigest())
        self._make_folders()
        with disk.exclusive(self._lock):
            state = self._state()
            if is_released(state.targets, version):
                self._sign(state, state.due)
            else:
                self._release(state, version, data)
            self._prune()

    def offer(self, version: Version, data: bytes, rollout: str, share: float) -> None:
        """Let ``share`` of the clients find ``version``; offering it twice changes nothing.

        Raises:
            ValueError: the share is not between 0 and 1.
            RefusedRelease: the number is not above what is out, or the bytes are not the version's.
            TooLargeRelease: clients would refuse it.
            KeysMissing, KeysForeign, KeysUnreadable, BrokenRepository
        """
        if not 0 < share < 1:
            raise ValueError(f"share: must lie between 0 and 1, both excluded, not {share:g}")
        check_release(version, len(data), hashlib.sha256(data).hexdigest())
        self._make_folders()
        with disk.exclusive(self._lock):
            state = self._state()
            current = current_of(state.targets, version.learner)
            if current is not None and version.number <= int(current["number"]):
                raise RefusedRelease(
                    f"{version.learner} {version.name}: number {version.number} is not above {current['version']}, "
                    "which clients have; only a newer version can be on trial"
                )
            files = offer_of(version, data, figures_of(current), rollout, share)
            if trial_of(state.targets, version.learner) == files[trial_path(version.learner)][1]:
                self._sign(state, state.due)
            else:
                add_offer(state.targets, version.learner, files)
                self._put(state, files)
            self._prune()

    def withdraw(self, learner: str, rollout: str) -> None:
        """Offer what this rollout has on trial to no further client; when it has nothing on trial, nothing changes.

        Raises:
            KeysMissing, KeysForeign, KeysUnreadable, BrokenRepository
        """
        if not (self._metadata / "timestamp.json").exists():
            return
        with disk.exclusive(self._lock):
            state = self._state()
            trial = trial_of(state.targets, learner)
            if trial is None or trial["rollout"] != rollout:
                return
            end_trial(state.targets, learner)
            self._sign(state, "targets")
            self._prune()

    def published(self, learner: str) -> str | None:
        """Name of the version that clients find now."""
        if not (self._metadata / "timestamp.json").exists():
            return None
        current = current_of(self._load()[2].signed, learner)
        return None if current is None else str(current["version"])

    def current(self) -> Mapping[str, str]:
        """Learner → name of the version that clients find now, of all that have one."""
        if not (self._metadata / "timestamp.json").exists():
            return {}
        return current_releases(self._load()[2].signed)

    def refresh(self) -> None:
        """Sign anew what is past half of its life or signed by a key that was rotated away.

        Raises:
            KeysMissing, KeysForeign, KeysUnreadable, BrokenRepository
        """
        self._make_folders()
        with disk.exclusive(self._lock):
            state = self._state()
            self._sign(state, state.due)
            self._prune()
        if state.root.is_expired(self._now() + self._lifetimes.root / 12):
            logger.warning(
                "the root of the published models expires on %s and clients then stop updating; "
                "renew it with `samouk keys rotate` and the root keys",
                state.root.expires.date(),
            )

    def expiries(self) -> Mapping[str, dt.datetime]:
        """When the signature of each role runs out; empty before the first release."""
        if not (self._metadata / "timestamp.json").exists():
            return {}
        root = newest_root(self._keys).signed
        timestamp, snapshot, targets = self._load()
        signed: tuple[Signed, ...] = (root, targets.signed, snapshot.signed, timestamp.signed)
        return {part.type: part.expires for part in signed}

    def _make_folders(self) -> None:
        self._metadata.mkdir(parents=True, exist_ok=True)
        self._targets.mkdir(parents=True, exist_ok=True)

    def _release(self, state: _State, version: Version, data: bytes) -> None:
        before = figures_of(current_of(state.targets, version.learner))
        files = files_of(version, data, before)
        add_release(state.targets, version, files, self._keep)
        self._put(state, files)

    def _put(self, state: _State, files: Mapping[str, tuple[bytes, Mapping[str, Any]]]) -> None:
        """Write what was entered, then sign it."""
        for path, (content, _) in files.items():
            target = self._targets / state.targets.targets[path].get_prefixed_paths()[0]
            target.parent.mkdir(exist_ok=True)
            disk.replace(target, content, PUBLIC)
        self._sign(state, "targets")

    def _state(self) -> _State:
        check_lineage(self._keys, self._metadata)
        root = newest_root(self._keys).signed
        if not (self._metadata / "timestamp.json").exists():
            return _State(root, Targets(), None, None, "targets")
        timestamp, snapshot, targets = self._load()
        due = (
            (self._is_due(root, targets) and "targets")
            or (self._is_due(root, snapshot) and "snapshot")
            or (self._is_due(root, timestamp) and "timestamp")
            or None
        )
        if due is None and not self._root_path(root.version).exists():
            due = "timestamp"  # so that clients look for the new root
        return _State(root, targets.signed, snapshot.signed, timestamp.signed, due)

    def _is_due(self, root: Root, metadata: Metadata[T]) -> bool:
        role = metadata.signed.type
        lifetime: dt.timedelta = getattr(self._lifetimes, role)
        if metadata.signed.is_expired(self._now() + lifetime / 2):
            return True
        try:
            root.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
        except RepositoryError:
            return True
        return False

    def _load(self) -> tuple[Metadata[Timestamp], Metadata[Snapshot], Metadata[Targets]]:
        timestamp = self._open("timestamp.json", Timestamp)
        snapshot = self._open(f"{timestamp.signed.snapshot_meta.version}.snapshot.json", Snapshot)
        targets = self._open(f"{snapshot.signed.meta['targets.json'].version}.targets.json", Targets)
        return timestamp, snapshot, targets

    def _open(self, name: str, kind: type[T]) -> Metadata[T]:
        path = self._metadata / name
        try:
            metadata: Metadata[T] = Metadata.from_bytes(path.read_bytes())
        except (RepositoryError, OSError) as error:
            raise BrokenRepository(f"{path}: cannot be read ({error}); restore the folder from your backup") from error
        if not isinstance(metadata.signed, kind):
            raise BrokenRepository(
                f"{path}: holds {metadata.signed.type} metadata; restore the folder from your backup"
            )
        return metadata

    def _sign(self, state: _State, due: str | None) -> None:
        """Sign ``due`` and every role above it, timestamp last, so that readers see all of it or nothing."""
        if due is None:
            return
        snapshot = state.snapshot or Snapshot()
        timestamp = state.timestamp or Timestamp()
        first = state.timestamp is None
        if due == "targets":
            state.targets.version += 0 if first else 1
            data = self._write(state.root, state.targets)
            snapshot.meta["targets.json"] = _described(state.targets.version, data)
        if due in ("targets", "snapshot"):
            snapshot.version += 0 if first else 1
            data = self._write(state.root, snapshot)
            timestamp.snapshot_meta = _described(snapshot.version, data)
        timestamp.version += 0 if first else 1
        self._publish_roots()
        self._write(state.root, timestamp)

    def _write(self, root: Root, signed: T) -> bytes:
        role = signed.type
        lifetime: dt.timedelta = getattr(self._lifetimes, role)
        signed.expires = self._now() + lifetime
        metadata = Metadata(signed)
        metadata.sign(online_signer(self._keys, root, role))
        data = metadata.to_bytes(COMPACT)
        name = "timestamp.json" if role == "timestamp" else f"{signed.version}.{role}.json"
        disk.replace(self._metadata / name, data, PUBLIC)
        return data

    def _root_path(self, version: int) -> Path:
        return self._metadata / f"{version}.root.json"

    def _publish_roots(self) -> None:
        for version, path in sorted(root_files(self._keys).items()):
            if not self._root_path(version).exists():
                disk.replace(self._root_path(version), path.read_bytes(), PUBLIC)

    def _prune(self) -> None:
        """Remove what neither the current generation nor the last few name."""
        _, snapshot, targets = self._load()
        named: set[str] = set()
        for role, newest in (("snapshot", snapshot.signed.version), ("targets", targets.signed.version)):
            for path in self._metadata.glob(f"*.{role}.json"):
                version = int(path.name.split(".")[0])
                if not newest - KEPT_GENERATIONS < version <= newest:
                    path.unlink(missing_ok=True)
                elif role == "targets":
                    listed = self._open(path.name, Targets).signed.targets.values()
                    named |= {target.get_prefixed_paths()[0] for target in listed}
        for path in self._targets.glob("*/*"):
            if path.relative_to(self._targets).as_posix() not in named:
                path.unlink(missing_ok=True)
        disk.sweep_drafts(self._metadata)


def _described(version: int, data: bytes) -> MetaFile:
    return MetaFile.from_data(version, data, ["sha256"])
