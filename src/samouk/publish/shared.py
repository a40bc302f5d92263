"""One repository of signed files for many machines: a document names every file, and the blobs hold them.

Who publishes takes a lease, makes a draft of what is shared, lets ``TufPublisher`` act on it, puts what is
new among the blobs and saves the document. The document's revision is the one truth: it changes in one
commit, so that a crash at any point leaves nothing half-visible, and a publisher that lost its lease while it
was stopped saves nothing and begins again. Servers bring a folder of theirs to the document and serve that.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from samouk.edge import disk
from samouk.loop.lease import in_turn
from samouk.loop.ports import (
    Bell,
    Blobs,
    CorruptBlob,
    Document,
    Documents,
    Leases,
    NotFound,
    Outdated,
    StoreUnavailable,
)
from samouk.loop.records import Version
from samouk.publish.copy import PUBLIC, Copy
from samouk.publish.keys import KeysMissing, check_lineage, root_files
from samouk.publish.publisher import TufPublisher

log = logging.getLogger("samouk.publish")

SHELF, KEY = "samouk.published", "repository"
LEASE = "publish"
LEASE_SECONDS = 30.0
"""Far more than an act takes: a few files of some megabytes."""

ATTEMPTS = 5
"""Acts that are begun again because another process published meanwhile; with the lease that is rare."""

LOOK_S = 0.2
"""Seconds between two looks at the document: how long a release takes to another server, at most."""

DRAFT = ".publishing-"
STALE_S = 3_600
"""Age of a draft that only a dead process can have left."""


@dataclass(frozen=True, slots=True)
class Shelves:
    """The ports that hold what is shared."""

    documents: Documents
    blobs: Blobs
    leases: Leases
    bell: Bell


class SharedPublisher:
    """``loop.ports.Publisher`` for many machines over one store.

    Args:
        folder: the copy that this machine serves; made when absent.
        keys_folder: what ``init_keys`` made; every machine that publishes needs the same.
    """

    def __init__(self, folder: Path, keys_folder: Path, shelves: Shelves) -> None:
        self._copy = Copy(folder)
        self._keys = keys_folder
        self._shelves = shelves
        self._looking = threading.Lock()
        self._looked = 0.0
        self._trouble = ""

    def publish(self, version: Version, data: bytes) -> None:
        """``TufPublisher.publish``, for all machines."""
        self._act(lambda draft: draft.publish(version, data))

    def offer(self, version: Version, data: bytes, rollout: str, share: float) -> None:
        """``TufPublisher.offer``, for all machines."""
        self._act(lambda draft: draft.offer(version, data, rollout, share))

    def withdraw(self, learner: str, rollout: str) -> None:
        """``TufPublisher.withdraw``, for all machines."""
        self._act(lambda draft: draft.withdraw(learner, rollout))

    def refresh(self) -> None:
        """``TufPublisher.refresh``, for all machines."""
        self._act(lambda draft: draft.refresh())

    def published(self, learner: str) -> str | None:
        """Name of the version that clients find now, on whatever machine they ask."""
        kept = self._kept()
        return None if kept is None else kept.body["current"].get(learner)

    def found(self, make_keys: Callable[[], object]) -> bool:
        """Begin the repository, once over all machines: the first makes the keys, or brings those that it has.

        Returns:
            False when it had begun already.
        """
        with in_turn(self._shelves, LEASE, LEASE_SECONDS):
            if self._kept() is not None:
                return False
            if not root_files(self._keys):
                make_keys()
            with self._draft(None) as draft:
                for version, path in sorted(root_files(self._keys).items()):
                    disk.replace(draft / "metadata" / f"{version}.root.json", path.read_bytes(), PUBLIC)
                check_lineage(self._keys, draft / "metadata")
                self._save(None, draft)
        return True

    def join(self) -> None:
        """Bring the folder of this machine to what is shared, every file checked.

        Raises:
            KeysMissing, KeysForeign: this machine has no keys, or not those that signed what is published.
        """
        kept = self._kept()
        if kept is None:
            self.found(self._no_keys)
            kept = self._kept()
        if kept is None:
            return
        if not root_files(self._keys):
            self._no_keys()
        # Before the folder changes: it may be that of another repository, which these keys belong to.
        with self._draft(kept) as draft:
            check_lineage(self._keys, draft / "metadata")
        self._follow(check=True)

    def look(self, at_once: bool = False) -> None:
        """Bring the folder to what is shared, unless somebody looked just now; what serves goes on if it fails.

        Args:
            at_once: look even so, after whoever is looking: a client asks for what is not here yet.
        """
        if not self._looking.acquire(blocking=at_once):
            return
        try:
            if at_once or time.monotonic() - self._looked >= LOOK_S:
                self._looked = time.monotonic()
                self._follow()
                self._trouble = ""
        except (StoreUnavailable, NotFound, CorruptBlob, OSError) as error:
            if self._trouble != str(error):  # said once, not at each look
                words = "what is published cannot be brought here, the files of before are served: %s"
                log.error(words, error)  # noqa: TRY400 - one line
            self._trouble = str(error)
        finally:
            self._looking.release()

    def _act(self, work: Callable[[TufPublisher], None]) -> None:
        for _ in range(ATTEMPTS):
            try:
                with in_turn(self._shelves, LEASE, LEASE_SECONDS):
                    kept = self._kept()
                    with self._draft(kept) as draft:
                        work(TufPublisher(draft, self._keys))
                        self._save(kept, draft)
            except Outdated:
                continue
            self._follow()
            return
        raise Outdated("other processes publish all the time: try again")

    @contextmanager
    def _draft(self, kept: Document | None) -> Iterator[Path]:
        """A folder of its own with what is shared, or with what this machine published alone before."""
        home = self._copy.folder.parent
        disk.private_dir(home)
        _sweep(home)
        with tempfile.TemporaryDirectory(prefix=DRAFT, dir=home) as name:
            draft = Copy(Path(name))
            draft.fill(self._copy.digests() if kept is None else _files(kept), self._copy, self._shelves.blobs.get)
            yield draft.folder

    def _save(self, kept: Document | None, draft: Path) -> None:
        """Share the draft. Raises Outdated when somebody else did meanwhile."""
        before = {} if kept is None else _files(kept)
        files = Copy(draft).digests()
        if kept is not None and files == before:
            return
        known = set(before.values())
        for path, digest in files.items():
            if digest not in known:
                self._shelves.blobs.put((draft / path).read_bytes())
        body = {"files": files, "current": dict(TufPublisher(draft, self._keys).current())}
        document = Document(SHELF, KEY, body, kept.revision if kept else 0, tuple(sorted(set(files.values()))))
        self._shelves.documents.save(document)
        self._shelves.bell.ring("published")

    def _kept(self) -> Document | None:
        return self._shelves.documents.get(SHELF, KEY)

    def _follow(self, *, check: bool = False) -> None:
        self._copy.follow(self._listed, self._shelves.blobs.get, check=check)

    def _listed(self) -> tuple[Mapping[str, str], int] | None:
        kept = self._kept()
        return None if kept is None else (_files(kept), kept.revision)

    def _no_keys(self) -> None:
        raise KeysMissing(
            f"{self._keys}: holds no keys, and models signed by others' are published: copy the folders online and "
            "roots of the keys of a server that has them here, or name their place in SAMOUK_KEYS_DIR"
        )


def _files(kept: Document) -> Mapping[str, str]:
    """Path → sha256, which is the key of its blob."""
    files: Mapping[str, str] = kept.body["files"]
    return files


def _sweep(home: Path) -> None:
    """Remove the drafts of processes that died."""
    for path in home.glob(f"{DRAFT}*"):
        try:
            if time.time() - path.stat().st_mtime > STALE_S:
                shutil.rmtree(path, ignore_errors=True)
        except FileNotFoundError:
            continue
