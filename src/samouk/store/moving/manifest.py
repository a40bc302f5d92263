"""What a backup is made of: files in parts, packs and blobs by their sha256, and the digest of every table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from samouk.loop.ports import CorruptBlob
from samouk.store.blobs.kept import KeptBlobs
from samouk.store.blobs.local import explained
from samouk.store.moving.rows import TableDigest

FORMAT = 1
PART = 4 << 20
"""Bytes of a file that are one thing: what did not change since the last backup is not stored again."""

DATABASE_FILE = "samouk.sqlite3"


@dataclass(frozen=True, slots=True)
class Filed:
    """A file: its sha256, and the keys of its parts in order."""

    sha256: str
    size: int
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """One backup.

    Attributes:
        made: when, in ISO form and UTC.
        place: what was backed up.
        schema: the form of the tables.
        files: by their paths below the home; the database is one, also where it was PostgreSQL.
        keys: whether the keys that sign releases are among the files.
    """

    made: str
    place: str
    schema: str
    files: Mapping[str, Filed]
    packs: tuple[str, ...]
    blobs: tuple[str, ...]
    tables: tuple[TableDigest, ...]
    keys: bool

    def things(self) -> set[str]:
        """Keys of all that it holds."""
        parts = (key for filed in self.files.values() for key in filed.parts)
        return {*self.packs, *self.blobs, *parts}

    def encode(self) -> bytes:
        """JSON that carries its own digest."""
        body = {"format": FORMAT, **asdict(self)}
        return json.dumps({**body, "digest": _digest(body)}, indent=1).encode()

    @classmethod
    def decode(cls, data: bytes, place: str) -> Manifest:
        """Raises CorruptBlob: these are not the bytes that were written, or a newer samouk wrote them."""
        try:
            body = json.loads(data)
            sound = body.pop("digest") == _digest(body) and body.pop("format") == FORMAT
            files = {
                name: Filed(one["sha256"], one["size"], tuple(one["parts"])) for name, one in body["files"].items()
            }
            tables = tuple(TableDigest(**one) for one in body["tables"])
            packs, blobs = tuple(body["packs"]), tuple(body["blobs"])
            read = cls(**{**body, "files": files, "tables": tables, "packs": packs, "blobs": blobs})
        except (ValueError, TypeError, KeyError, AttributeError):
            sound = False
        if not sound:
            raise CorruptBlob(f"the manifest of {place} is damaged, or a newer samouk made it: restore another backup")
        return read


def file_away(path: Path, things: KeptBlobs, there: frozenset[str]) -> Filed:
    """Keep the file's parts that are not ``there`` yet."""
    whole, size, parts = hashlib.sha256(), 0, []
    for piece in _pieces(path):
        whole.update(piece)
        size += len(piece)
        key = hashlib.sha256(piece).hexdigest()
        parts.append(key if key in there else things.put(piece))
    return Filed(whole.hexdigest(), size, tuple(parts))


def bring_back(filed: Filed, things: KeptBlobs, path: Path, mode: int) -> None:
    """Write the file anew, checked. Raises CorruptBlob and NotFound."""
    import os

    whole = hashlib.sha256()
    with explained(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            for key in filed.parts:
                piece = things.get(key)
                whole.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    if whole.hexdigest() != filed.sha256:
        raise CorruptBlob(f"{path.name} is not what was backed up: restore another backup")


def _pieces(path: Path) -> Iterator[bytes]:
    with explained(path), path.open("rb") as file:
        while piece := file.read(PART):
            yield piece


def _digest(body: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
