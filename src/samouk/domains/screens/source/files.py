"""The files of a source folder that a reader may want: bounded, without loops, without what was built or fetched."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from samouk.domains.screens.source.widgets import Trouble

_SUFFIXES = """
.xml .kt .kts .java .gradle .dart .arb .yaml .js .jsx .ts .tsx .json .swift .m .storyboard .xib .strings .stringsdict
.xcstrings .plist .pbxproj .toml .properties
"""
SUFFIXES = frozenset(_SUFFIXES.split())
MAX_FILE = 4 << 20
"""Bytes; the largest file of the five studied apps that people wrote has 300 kB. Beyond it stand bundles and data."""

MAX_FILES = 100_000
MAX_DEPTH = 64
_SKIPPED = """
build node_modules Pods Carthage DerivedData bower_components dist out target generated intermediates __pycache__ venv
site-packages coverage
"""
SKIPPED = frozenset(_SKIPPED.split())
"""Folders that hold what was built or fetched; those whose name begins with a dot are skipped too."""

_TESTS = """
test tests androidtest sharedtest unittest integration_test test_driver __tests__ __mocks__ e2e spec uitests snapshots
jest
"""
TESTS = frozenset(_TESTS.split())

_TEST_SET = re.compile(r"(^|/)src/(test|\w+Test)([A-Z]\w*)?/")
"""Gradle's source sets of variants: ``src/testDebug``, ``src/commonTest``, ``src/androidTestDemo``."""


@dataclass(frozen=True, slots=True)
class SourceTree:
    """A source folder as it was when it was walked.

    Attributes:
        root: the folder, resolved.
        paths: files by suffix of ``SUFFIXES``, relative, with slashes, sorted.
        troubles: files that were left out for their size, folders that could not be read.
    """

    root: Path
    paths: tuple[str, ...]
    troubles: tuple[Trouble, ...] = ()

    def read(self, path: str) -> bytes:
        """The bytes of one file. Raises OSError."""
        return (self.root / path).read_bytes()


def is_test(path: str) -> bool:
    """Whether a file belongs to the app's own tests: it says nothing of the app's screens."""
    *folders, name = path.lower().split("/")
    stem = name.partition(".")[0]
    return (
        any(folder in TESTS or folder.endswith(("tests", "uitest")) for folder in folders)
        or ".test." in name
        or ".spec." in name
        or stem.endswith("_test")
        or _TEST_SET.search(path) is not None
    )


def walk(root: Path) -> SourceTree:
    """Look at a folder, or at one file.

    Links are followed to files and folders inside ``root``; each real folder is entered once, so that loops end.

    Raises:
        OSError: ``root`` is not there or may not be read.
    """
    root = root.resolve(strict=True)
    if root.is_file():
        return SourceTree(root.parent, (root.name,))
    next(root.iterdir(), None)  # trouble with the folder itself is raised here
    paths: list[str] = []
    troubles: list[Trouble] = []
    for path, size in _files(root, troubles):
        if size > MAX_FILE:
            troubles.append(Trouble(path, 0, f"{size / 1e6:.0f} MB; files above {MAX_FILE >> 20} MB are left out"))
        elif len(paths) == MAX_FILES:
            troubles.append(
                Trouble(".", 0, f"more than {MAX_FILES:,} files; the rest is left out, name a smaller folder")
            )
            break
        else:
            paths.append(path)
    return SourceTree(root, tuple(sorted(paths)), tuple(troubles))


def _files(root: Path, troubles: list[Trouble]) -> Iterator[tuple[str, int]]:
    """Relative paths and sizes, folder by folder."""
    seen = {_identity(root)}
    waiting: list[tuple[Path, int]] = [(root, 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            troubles.append(Trouble(_name(root, folder), 0, error.strerror or "cannot be read"))
            continue
        for entry in entries:
            path = Path(entry.path)
            try:
                if entry.is_symlink() and not _real(path).is_relative_to(root):
                    continue
                if not entry.is_dir():
                    if path.suffix.lower() in SUFFIXES and entry.is_file():
                        yield _name(root, path), entry.stat().st_size
                    continue
                if entry.name in SKIPPED or entry.name.startswith("."):
                    continue
                if depth >= MAX_DEPTH:
                    reason = f"more than {MAX_DEPTH} folders within folders; what lies deeper is left out"
                    troubles.append(Trouble(_name(root, path), 0, reason))
                    continue
                real = _identity(path)
            except OSError as error:
                troubles.append(Trouble(_name(root, path), 0, error.strerror or "cannot be read"))
                continue
            if real not in seen:
                seen.add(real)
                waiting.append((path, depth + 1))


def _real(path: Path) -> Path:
    """Where links lead. Raises OSError, for loops too, which pathlib tells otherwise before Python 3.13."""
    return Path(os.path.realpath(path, strict=True))


def _identity(folder: Path) -> tuple[int, int]:
    told = folder.stat()
    return told.st_dev, told.st_ino


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
