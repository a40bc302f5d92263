"""The models of one learner on this machine: which one is current, which one was good before it.

``current.json`` in the models folder names both and is replaced in one step; model files carry their
digest in their name. So a kill at any moment leaves the old model or the new one, never neither.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samouk.edge import disk
from samouk.edge.trust import Installed, Release
from samouk.edge.wire import is_digest

PART = ".part"


@dataclass(frozen=True, slots=True)
class Shelf:
    """What ``current.json`` says. ``skip`` is the sha256 of a model that a person took back."""

    current: Installed | None = None
    previous: Installed | None = None
    skip: str | None = None


class ModelFolder:
    """A learner's folder of models."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def shelf(self) -> Shelf:
        """What is installed; a damaged or absent file is an empty shelf, as on a fresh install."""
        try:
            document = json.loads((self.path / "current.json").read_bytes())
        except (OSError, ValueError):
            return Shelf()
        if not isinstance(document, dict):
            return Shelf()
        skip = document.get("skip")
        return Shelf(_installed(document), _installed(document.get("previous")), skip if is_digest(skip) else None)

    def good(self) -> Shelf:
        """The shelf without models whose files are gone or damaged; the previous one moves up."""
        shelf = self.shelf()
        models = [model for model in (shelf.current, shelf.previous) if model is not None and self._is_whole(model)]
        current, previous = [*models, None, None][:2]
        return dataclasses.replace(shelf, current=current, previous=previous)

    def part(self, sha256: str) -> Path:
        """Where a download grows, so that a broken one goes on."""
        return self.path / f"{sha256}{PART}"

    def held(self, sha256: str) -> Path | None:
        """The file of an installed model with these bytes."""
        shelf = self.good()
        held = [model.file for model in (shelf.current, shelf.previous) if model is not None and model.sha256 == sha256]
        return self.path / held[0] if held else None

    def install(self, file: Path, release: Release) -> Installed:
        """Make a verified file the current model; the last good one is kept. Raises OSError."""
        shelf = self.good()
        name = f"{release.sha256}.onnx"
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
        file.replace(self.path / name)
        disk.sync_dir(self.path)
        facts = (release.version, release.number, name, release.sha256, release.figures, release.signers)
        new = Installed(*facts, release.trial)
        previous = shelf.previous if shelf.current and shelf.current.sha256 == new.sha256 else shelf.current
        self._write(Shelf(new, previous, shelf.skip))
        return new

    def roll_back(self, *, to_nothing: bool) -> bool:
        """Make the last good model current and remember to skip the one left. Raises OSError.

        Args:
            to_nothing: an empty shelf will do, since a model ships with the package.

        Returns:
            False, and nothing changes, when there is nothing to go back to.
        """
        shelf = self.good()
        if shelf.current is None or (shelf.previous is None and not to_nothing):
            return False
        self._write(Shelf(shelf.previous, None, shelf.current.sha256))
        return True

    def tidy(self) -> None:
        """Remove files that nothing names: older models, and what a kill left."""
        shelf = self.shelf()
        named = {model.file for model in (shelf.current, shelf.previous) if model is not None}
        for pattern in ("*.onnx", f"*{PART}", ".*.tmp"):
            for path in self.path.glob(pattern):
                if path.name not in named:
                    path.unlink(missing_ok=True)

    def _is_whole(self, model: Installed) -> bool:
        try:
            return digest_of(self.path / model.file) == model.sha256
        except OSError:
            return False

    def _write(self, shelf: Shelf) -> None:
        document: dict[str, Any] = {} if shelf.current is None else dataclasses.asdict(shelf.current)
        document["previous"] = None if shelf.previous is None else dataclasses.asdict(shelf.previous)
        document["skip"] = shelf.skip
        disk.replace(self.path / "current.json", json.dumps(document, indent=1).encode() + b"\n")


def digest_of(path: Path) -> str:
    """sha256 of a file's content, in hex. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _installed(value: object) -> Installed | None:
    """One model of ``current.json``; None when a field is missing or the file would lie elsewhere."""
    if not isinstance(value, dict) or not is_digest(value.get("sha256")):
        return None
    number, figures = value.get("number"), value.get("figures")
    if not isinstance(number, int) or value.get("file") != f"{value['sha256']}.onnx":
        return None
    return Installed(
        version=str(value.get("version", "")),
        number=number,
        file=value["file"],
        sha256=value["sha256"],
        figures=figures if isinstance(figures, dict) else {},
        signers=tuple(str(key) for key in value.get("signers") or ()),
        trial=str(value.get("trial") or ""),
    )
