"""What was last written into a folder of tests, so that a later run knows what a person changed in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from samouk.domains.screens.testgen.parts import Print
from samouk.edge.disk import replace

NAME = ".observe.json"
VERSION = 1
MODE = 0o666
"""Rights of what is written, less what the process masks: those of any new file, as a team shares them."""


class Clash(ValueError):
    """Writing would put at risk what is a person's; nothing was written. The message names files and remedy.

    ::

        Clash              files that were not written here stand where tests are to stand
        └── Unreadable     what remembers earlier runs is broken, or of a later version
    """


class Unreadable(Clash):
    """The manifest is broken, or of a later version."""


class Part(NamedTuple):
    """One part of a file.

    Attributes:
        prints: of what was written; two while a run is not known to have come to its end.
        settled: it did stand in the folder, so that where it is missing a person deleted it.
    """

    prints: tuple[Print, ...]
    settled: bool = True


Parts = Mapping[str, Part]


@dataclass(frozen=True, slots=True)
class Manifest:
    """Parts by path and key; kinds of tests by path."""

    files: Mapping[str, Parts] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)

    def of(self, path: str, kind: str) -> Parts:
        """The parts of a file of this kind; none where it was not written."""
        return self.files.get(path, {}) if self.kinds.get(path) == kind else {}

    def until_written(self, old: Manifest) -> Manifest:
        """What holds while the files are being written: each part may stand there as before or as it is to be."""
        paths = dict.fromkeys((*old.files, *self.files))
        return Manifest(
            {path: _both(old.files.get(path, {}), self.files.get(path, {})) for path in paths},
            {**old.kinds, **self.kinds},
        )


def _both(old: Parts, new: Parts) -> Parts:
    out = {}
    for key in dict.fromkeys((*old, *new)):
        prints = (*(old[key].prints if key in old else ()), *(new[key].prints if key in new else ()))
        out[key] = Part(tuple(dict.fromkeys(prints)), old[key].settled if key in old else False)
    return out


def read_manifest(folder: Path) -> Manifest:
    """What is remembered of a folder; nothing of one that was never written to.

    Raises:
        Unreadable: it is broken.
        OSError: it may not be read.
    """
    path = folder / NAME
    if not path.exists():
        return Manifest()
    try:
        told = json.loads(path.read_bytes())
        if told["version"] != VERSION:
            raise Unreadable(
                f"{path} was written by another version of this program: update it, or name another folder"
            )
        return Manifest(
            {name: {key: _part(one) for key, one in file["parts"].items()} for name, file in told["files"].items()},
            {name: str(file["kind"]) for name, file in told["files"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(
            f"{path} cannot be understood, and only it tells what of the folder is yours: "
            "bring it back from version control, or name another folder"
        ) from error


def _part(told: Mapping[str, Any]) -> Part:
    pairs = (str(one).split() for one in told["prints"])
    return Part(tuple(Print(digest, int(lines)) for digest, lines in pairs), bool(told.get("settled", True)))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Keep it, whole or not at all. Raises OSError."""
    files = {
        path: {"kind": manifest.kinds.get(path, ""), "parts": {key: _told(part) for key, part in parts.items()}}
        for path, parts in sorted(manifest.files.items())
    }
    text = json.dumps({"version": VERSION, "files": files}, ensure_ascii=False, indent=1)
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / NAME, f"{text}\n".encode(), MODE)


def _told(part: Part) -> dict[str, Any]:
    told: dict[str, Any] = {"prints": [f"{one.digest} {one.lines}" for one in part.prints]}
    return told if part.settled else {**told, "settled": False}
