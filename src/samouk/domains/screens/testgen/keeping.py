"""Writing tests into a folder in which people work: what they changed stays, and nothing of theirs is overwritten."""

from __future__ import annotations

import dataclasses
import glob
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from samouk.domains.screens.testgen.cases import Generated
from samouk.domains.screens.testgen.imports import with_imports
from samouk.domains.screens.testgen.manifest import (
    MODE,
    NAME,
    Clash,
    Manifest,
    Part,
    Parts,
    read_manifest,
    write_manifest,
)
from samouk.domains.screens.testgen.parts import HEAD, Region, join, own_behind, print_of, regions_of, split, without
from samouk.edge.disk import replace

__all__ = ["Clash", "Kept", "Note", "write", "write_kinds"]

EDITED = "you changed it"
DELETED = "you deleted it"
EDITED_AND_GONE = "you changed it, and the app has it no more"
NO_TEXT = "it is no text in UTF-8 any more"

MOST_NAMED = 5
_DRAFT = re.compile(r"\.[0-9a-f]{8}\.tmp")
"""Behind the name of its file, as ``samouk.edge.disk`` calls what it has not moved there yet."""


class Note(NamedTuple):
    """A part that does not stand in the folder as it was generated, and why.

    ``key`` is that of the block, or "" for what stands above the blocks, or for the whole file.
    """

    path: str
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the parts of the files: their blocks, and what stands above these.

    Attributes:
        written: new, or replaced by what is now generated.
        kept: left as a person wants them: changed, or deleted; ``notes`` names each.
        removed: unchanged by anybody, and generated no more.
        unchanged: as they were.
    """

    written: int = 0
    kept: int = 0
    removed: int = 0
    unchanged: int = 0
    notes: tuple[Note, ...] = ()


@dataclass(slots=True)
class _Tally:
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[Note] = field(default_factory=list)

    def keep(self, path: str, key: str, reason: str) -> None:
        self.counts["kept"] += 1
        self.notes.append(Note(path, key, reason))

    def told(self) -> Kept:
        counts = self.counts
        return Kept(counts["written"], counts["kept"], counts["removed"], counts["unchanged"], tuple(self.notes))


class _Found(NamedTuple):
    """A file as it stands in the folder: its parts, and the line ends that its owner uses."""

    text: str
    regions: list[Region]
    line_end: str


class _Outcome(NamedTuple):
    """A file as it is to stand there, and what to remember of it. ``text`` is None for a file that goes."""

    kind: str
    text: str | None
    parts: Parts


def write(folder: Path, files: Sequence[Generated], *, kind: str = "") -> Kept:
    """Write the files of one kind, as ``write_kinds`` does."""
    return write_kinds(folder, {kind: files})


def write_kinds(folder: Path, kinds: Mapping[str, Sequence[Generated]]) -> Kept:
    """Write the files, and tell what was left as a person wants it.

    A part that is as it was last written is replaced, or removed where it is generated no more. One that was changed is
    kept, one that was deleted stays away, and what stands behind a part, after a blank line, is a person's own. All is
    looked at before anything is written, each file is replaced whole, and what a killed run left the next one mends.

    Args:
        kinds: files by the kind of tests that they are: what was of one of these kinds and is generated no more is
            removed, files of other kinds are let be.

    Raises:
        Clash: a file that was not written here has a name that is needed, ``folder`` is none, or what remembers
            earlier runs is broken.
        OSError: the disk.
    """
    if folder.exists() and not folder.is_dir():
        raise Clash(f"{folder} is a file: name a folder for the tests")
    old = read_manifest(folder)
    _refuse_strangers(folder, kinds, old)
    tally = _Tally()
    outcomes = {
        file.path: _merged(folder, file, kind, old.of(file.path, kind), tally)
        for kind, files in kinds.items()
        for file in files
    }
    for path, kind in old.kinds.items():
        if kind in kinds and path not in outcomes:
            outcomes[path] = _cleared(folder, path, kind, old.files[path], tally)
    _store(folder, old, outcomes)
    return tally.told()


def _store(folder: Path, old: Manifest, outcomes: Mapping[str, _Outcome]) -> None:
    """First what may come to stand there, then the files, then what does."""
    files = {**old.files, **{path: outcome.parts for path, outcome in outcomes.items()}}
    files = {path: parts for path, parts in files.items() if parts}
    new = Manifest(files, {path: outcomes[path].kind if path in outcomes else old.kinds[path] for path in files})
    changed = {path: one.text for path, one in outcomes.items() if one.text != _plain_text(folder / path)}
    if not changed and new == old:
        return
    write_manifest(folder, new.until_written(old))
    for path, text in changed.items():
        if text is None:
            _remove(folder, folder / path)
        else:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            replace(folder / path, text.encode(), MODE)
    write_manifest(folder, new)
    _sweep(folder / path for path in (NAME, *outcomes))


def _sweep(written: Iterable[Path]) -> None:
    """Take away what a run that was killed left half written, beside the file that it was to be."""
    for path in written:
        if path.parent.is_dir():
            for draft in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
                if _DRAFT.fullmatch(draft.name.removeprefix(f".{path.name}")):
                    draft.unlink(missing_ok=True)


def _remove(folder: Path, path: Path) -> None:
    """Take a file away, and folders that held nothing else."""
    path.unlink(missing_ok=True)
    for above in path.parents:
        if above == folder or any(above.iterdir()):
            return
        above.rmdir()


# Whose a file is.


def _refuse_strangers(folder: Path, kinds: Mapping[str, Sequence[Generated]], old: Manifest) -> None:
    for path, times in Counter(file.path for files in kinds.values() for file in files).items():
        name = PurePosixPath(path)
        if name.is_absolute() or ".." in name.parts or times > 1:
            raise ValueError(f"{path!r} is no name for one file inside a folder")
    strangers = [file.path for kind, files in kinds.items() for file in files if _is_strange(folder, file, old, kind)]
    if strangers:
        more = len(strangers) - MOST_NAMED
        told = ", ".join(strangers[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        raise Clash(
            f"{folder} has files of its own where tests are to be written: {told}. Nothing was written: "
            "name another folder, or move them away"
        )


def _is_strange(folder: Path, file: Generated, old: Manifest, kind: str) -> bool:
    """Whether somebody else's file stands in the way; one with just the content that we would write does not."""
    path = folder / file.path
    between = [above for above in path.parents if above != folder and folder in above.parents]
    if path.is_dir() or any(above.exists() and not above.is_dir() for above in between):
        return True
    if old.of(file.path, kind) or not (path.exists() or path.is_symlink()):
        return False
    found = _read(path)
    return found is None or found.regions != split(join(regions_of(file), file.path))


def _read(path: Path) -> _Found | None:
    """A file's parts; None for one that is no text."""
    text = _plain_text(path)
    if text is None:
        return None
    line_end = "\r\n" if "\r\n" in text else "\n"
    return _Found(text, split(text.replace("\r\n", "\n")), line_end)


def _plain_text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


# What becomes of one file.


def _merged(folder: Path, file: Generated, kind: str, before: Parts, tally: _Tally) -> _Outcome:
    """A generated file with all that a person did to it."""
    path = folder / file.path
    fresh = regions_of(file)
    if not path.exists():
        if any(part.settled for part in before.values()):
            tally.keep(file.path, HEAD, DELETED)
            return _Outcome(kind, None, before)
        tally.counts["written"] += len(fresh)
        return _Outcome(kind, join(fresh, file.path), {key: _part(one) for key, one in _by_key(fresh).items()})
    text, parts = _blended(path, file.path, _by_key(fresh), before, tally)
    return _Outcome(kind, text, parts)


def _cleared(folder: Path, path: str, kind: str, before: Parts, tally: _Tally) -> _Outcome:
    """A file that is generated no more: it goes, but for what a person made of it."""
    if not (folder / path).exists():
        return _Outcome(kind, None, {})
    text, parts = _blended(folder / path, path, {}, before, tally)
    return _Outcome(kind, text, parts)


def _blended(
    file: Path, path: str, fresh: Mapping[str, Region], before: Parts, tally: _Tally
) -> tuple[str | None, Parts]:
    """What a file becomes, and what to remember of it."""
    found = _read(file)
    if found is None:
        tally.keep(path, HEAD, NO_TEXT)
        return None, before
    if fresh:
        regions, parts = _blend(path, found.regions, fresh, before, tally)
        regions = _importing(path, regions, fresh[HEAD])
    else:
        regions, parts = _blend_rest(path, found.regions, before, tally)
    text = join(regions, path).replace("\n", found.line_end)
    if not fresh and not text:
        return None, {}
    return text, parts


def _importing(path: str, regions: list[Region], fresh: Region) -> list[Region]:
    """The head that a person changed with what the parts below it now need; another one has it all."""
    head, *below = regions
    used = "".join(one.text + one.own for one in below)
    return [dataclasses.replace(head, text=with_imports(path, head.text, fresh.text, used)), *below]


def _blend(
    path: str, found: Sequence[Region], fresh: Mapping[str, Region], before: Parts, tally: _Tally
) -> tuple[list[Region], dict[str, Part]]:
    out: list[Region] = []
    parts: dict[str, Part] = {}
    seen: set[str] = set()
    for region in found:
        key = region.key
        if key is None or key in seen or (key not in before and key not in fresh):
            out.append(region)  # a person's own, or a copy of a block
            continue
        seen.add(key)
        became, part = _became(path, region, fresh.get(key), before.get(key), tally)
        out += [] if became is None else [became]
        if part is not None:
            parts[key] = part
    for key, made in fresh.items():
        if key not in seen and key in before and before[key].settled:
            tally.keep(path, key, DELETED)
            parts[key] = before[key]
        elif key not in seen:
            tally.counts["written"] += 1
            out.insert(_place(key, list(fresh), out), made)
            parts[key] = _part(made)
    return out, parts


def _blend_rest(
    path: str, found: Sequence[Region], before: Parts, tally: _Tally
) -> tuple[list[Region], dict[str, Part]]:
    """What is left of a file that is generated no more: its head stays as long as anything below it does."""
    out, parts = _blend(path, found[1:], {}, before, tally)
    if not out:
        return _blend(path, found[:1], {}, before, tally)
    return [found[0], *out], {**({HEAD: before[HEAD]} if HEAD in before else {}), **parts}


def _became(
    path: str, region: Region, made: Region | None, known: Part | None, tally: _Tally
) -> tuple[Region | None, Part | None]:
    """One part: as a person changed it, as it is now generated, or gone."""
    prints = (*(known.prints if known else ()), *([print_of(made.text)] if made else []))
    own = own_behind(region, prints)
    if own is None:
        tally.keep(path, region.key or HEAD, EDITED if made else EDITED_AND_GONE)
        return region, known or Part(prints)
    if made is None:
        tally.counts["removed"] += 1
        return (Region(None, "", own.lstrip("\n"), gap=region.gap) if own.strip() else None), None
    same = region.mark == made.mark and without(region.text, own).rstrip() == made.text.rstrip()
    tally.counts["unchanged" if same else "written"] += 1
    return Region(region.key, made.mark, made.text, own, region.gap), _part(made)


def _place(key: str, order: Sequence[str], out: Sequence[Region]) -> int:
    """Behind the nearest part that is generated before it and stands in the file."""
    earlier = order[: order.index(key)]
    at = {region.key: place for place, region in enumerate(out)}
    return next((at[one] + 1 for one in reversed(earlier) if one in at), 0)


def _by_key(regions: Iterable[Region]) -> dict[str, Region]:
    return {region.key: region for region in regions if region.key is not None}


def _part(region: Region) -> Part:
    return Part((print_of(region.text),))
