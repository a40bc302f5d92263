"""From a source folder to what each framework's reader sees: files on all cores, then linked in one place."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from samouk.domains.screens.source.files import SourceTree, is_test, walk
from samouk.domains.screens.source.widgets import FRAMEWORKS, Framework, Sight, Trouble

CHUNK = 32
"""Files that a worker takes at once: enough to hide the cost of asking."""

WORTH_FORKING = 5_000_000
"""Bytes of source; below it one process is about as quick as two, which a second goes into starting.

On two idle cores the parsing of 200,000 lines (8 MB) took 4.3 s with one process and 2.6 with two for Android, 4.5 and
3.1 for Flutter, 3.4 and 3.1 for React Native; what follows, the linking, is done by one.
"""


class Unparsable(ValueError):
    """A file that gives nothing; ``line`` is 0 where none can be named."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True)
class Facts:
    """What one file says, before it is linked with others; must be picklable and small.

    Attributes:
        content: the reader's own record.
        lines: of the file.
        troubles: parts that were left out.
    """

    content: Any
    lines: int
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """One framework's way to read.

    Attributes:
        detect: folders, relative to the tree, "." for all of it, that hold an app of this framework; cheap.
        wants: whether a file, by its path alone, is worth opening.
        extract: facts of one file, from its path and bytes; pure, runs in worker processes. Raises Unparsable.
        link: what all files say together, by path in sorted order; resolves strings, wrappers and navigation.
    """

    framework: Framework
    detect: Callable[[SourceTree], Sequence[str]]
    wants: Callable[[str], bool]
    extract: Callable[[str, bytes], Facts]
    link: Callable[[Mapping[str, Facts]], Sight]


def reader(framework: Framework) -> Reader:
    """The reader of a framework; its module is imported when it is first asked for."""
    found: Reader = import_module(f"samouk.domains.screens.source.{framework}.reader").READER
    return found


def detect(root: Path) -> list[tuple[Framework, Path]]:
    """Which frameworks a folder holds, and where.

    An Android or iOS shell around a Flutter or React Native app belongs to that app, and is not told by itself.

    Raises:
        OSError: the folder is not there or may not be read.
    """
    tree = walk(root)
    found = [(name, tree.root / folder) for name in FRAMEWORKS for folder in reader(name).detect(tree)]
    crossed = [folder for name, folder in found if name in ("flutter", "react_native")]
    return [
        (name, folder)
        for name, folder in found
        if name in ("flutter", "react_native") or not any(folder.is_relative_to(shell) for shell in crossed)
    ]


def read(
    framework: Framework,
    root: Path,
    *,
    workers: int | None = None,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> Sight:
    """Read one app.

    Args:
        workers: processes; None takes a core each where the source is large enough.
        told: called with files done and files in all, for a bar.

    Raises:
        OSError: the folder is not there or may not be read.
    """
    tree = walk(root)
    how = reader(framework)
    wanted = [path for path in tree.paths if how.wants(path) and not is_test(path)]
    facts: dict[str, Facts] = {}
    troubles = list(tree.troubles)
    with _uncollected():
        for done, (path, seen) in enumerate(_extracted(tree, framework, wanted, workers), 1):
            if isinstance(seen, Trouble):
                troubles.append(seen)
            else:
                facts[path] = seen
                troubles += seen.troubles
            told(done, len(wanted))
        sight = how.link(facts)
    return replace(
        sight,
        troubles=(*troubles, *sight.troubles),
        files=len(facts),
        lines=sum(one.lines for one in facts.values()),
    )


def _extracted(
    tree: SourceTree, framework: Framework, paths: Sequence[str], workers: int | None
) -> Iterator[tuple[str, Facts | Trouble]]:
    cores = workers or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else workers or os.cpu_count()
    chunks = [paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK)]
    work = partial(_chunk, tree.root, framework)
    if workers is None and (len(chunks) < 2 or _size(tree, paths) < WORTH_FORKING):
        cores = 1
    # Spawned, not forked: the host process may hold threads of a model's runtime.
    pool = ProcessPoolExecutor(cores, get_context("spawn")) if (cores or 1) > 1 else None
    with pool or nullcontext():
        done: Iterable[list[tuple[str, Facts | Trouble]]] = pool.map(work, chunks) if pool else map(work, chunks)
        yield from chain.from_iterable(done)


def _chunk(root: Path, framework: Framework, paths: Sequence[str]) -> list[tuple[str, Facts | Trouble]]:
    extract = reader(framework).extract
    with _uncollected():
        return [(path, _one(root, extract, path)) for path in paths]


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles: records have none, and it looks through all of them each time many are made.

    Unpickling what workers send takes a third of the time so. What linking makes has few: without the collector it
    takes up to a fifth less time, and at most 7 MB more, in eight apps of four frameworks.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _one(root: Path, extract: Callable[[str, bytes], Facts], path: str) -> Facts | Trouble:
    try:
        return extract(path, (root / path).read_bytes())
    except Unparsable as error:
        return Trouble(path, error.line, str(error))
    except OSError as error:
        return Trouble(path, 0, error.strerror or "cannot be read")
    except RecursionError:
        return Trouble(path, 0, "is nested too deep")


def _size(tree: SourceTree, paths: Sequence[str]) -> int:
    total = 0
    for path in paths:
        total += (tree.root / path).stat().st_size
        if total >= WORTH_FORKING:
            break
    return total
