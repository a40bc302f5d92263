"""A folder of published files that is brought, file by file and checked by digest, to what a list names."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from samouk.edge import disk

SIDES = ("targets", "metadata")
"""In the order in which they are written: what is signed is there before what names it."""

LATEST = "metadata/timestamp.json"
"""The one file that is ever replaced, always last."""

REVISION = ".revision"

PUBLIC = 0o644
"""Everybody may read what is published: another user's web server may hand it out."""

Fetch = Callable[[str], bytes]
"""Digest → the bytes that have it."""

Newest = Callable[[], tuple[Mapping[str, str], int] | None]
"""The list that holds now (path → sha256) and its revision; None for none."""


class Copy:
    """The files below ``folder``, by their path within it.

    Several processes of one machine may share it. Who reads while it changes finds all that the newest
    ``timestamp.json`` names, since that is written last, and what is named no more goes after it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def digests(self) -> dict[str, str]:
        """Path → sha256 of every file that is published here."""
        found = (path for side in SIDES for path in (self.folder / side).rglob("*") if path.is_file())
        visible = (path for path in found if not path.name.startswith("."))
        return {path.relative_to(self.folder).as_posix(): _digest(path) for path in visible}

    def follow(self, newest: Newest, fetch: Fetch, *, check: bool = False) -> None:
        """Bring the folder to the newest list, unless another process is at it or has done it.

        Args:
            newest: asked while nobody else changes the folder: a list that was read before could be older than what
                another process brought meanwhile, and would take the folder back.
            check: look at every file even where the folder stands at this revision, and mend what is missing or
                damaged.

        Raises whatever ``newest`` and ``fetch`` raise: the files of before are all there then.
        """
        disk.private_dir(self.folder.parent)
        for side in SIDES:
            (self.folder / side).mkdir(parents=True, exist_ok=True)
        with disk.alone(self.folder / ".following") as mine:
            listed = newest() if mine else None
            if listed is not None and (check or self._revision() != listed[1]):
                self._sweep()
                self._bring(listed[0], fetch)
                disk.replace(self.folder / REVISION, str(listed[1]).encode(), PUBLIC)

    def fill(self, files: Mapping[str, str], source: Copy, fetch: Fetch) -> None:
        """Make the folder from ``files``, by links to what ``source`` has of them."""
        for side in SIDES:
            (self.folder / side).mkdir(parents=True)
        for path, digest in files.items():
            place, there = self._place(path), source._place(path)
            place.parent.mkdir(exist_ok=True)
            if _digest(there) == digest:
                _link(there, place)
            # Linked, then looked at: the source may have changed in between.
            if _digest(place) != digest:
                place.unlink(missing_ok=True)
                place.write_bytes(fetch(digest))

    def _sweep(self) -> None:
        """Remove what killed followers were writing: none has come to the end, so the next one gets here."""
        disk.sweep_drafts(self.folder)
        for side in SIDES:
            for place in (self.folder / side, *(self.folder / side).rglob("*/")):
                disk.sweep_drafts(place)

    def _bring(self, files: Mapping[str, str], fetch: Fetch) -> None:
        for path in sorted(files, key=lambda path: (path == LATEST, SIDES.index(path.partition("/")[0]), path)):
            place = self._place(path)
            if _digest(place) != files[path]:
                data = fetch(files[path])
                place.parent.mkdir(exist_ok=True)
                disk.replace(place, data, PUBLIC)
        for path in self.digests().keys() - files.keys():
            self._place(path).unlink(missing_ok=True)
        for side in SIDES:
            disk.sync_dir(self.folder / side)

    def _revision(self) -> int | None:
        try:
            return int((self.folder / REVISION).read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def _place(self, path: str) -> Path:
        """Raises ValueError for a path that leads out of the folder."""
        parts = PurePosixPath(path).parts
        if len(parts) < 2 or parts[0] not in SIDES or ".." in parts:
            raise ValueError(f"{path!r:.200} is no path of a published file")
        return self.folder.joinpath(*parts)


def _digest(path: Path) -> str:
    """The sha256 of a file; of an absent one that of nothing at all, which no list names."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def _link(source: Path, place: Path) -> None:
    try:
        os.link(source, place)
    except OSError:  # another disk, or it went just now
        return
