"""A written file as parts: what stands above its blocks, and each block below its marker line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import NamedTuple

from samouk.domains.screens.testgen.cases import Generated

HEAD = ""
"""Key of what stands above the first block."""

_SLASHES = frozenset({".kt", ".kts", ".java", ".swift", ".dart", ".js", ".ts", ".tsx", ".gradle"})
_ANGLES = frozenset({".md", ".html", ".xml"})
_MARK = re.compile(r"[ \t]*(?:#|//|<!--) observe: (?P<key>\S+)(?: from [^\n]*?)?(?: -->)?[ \t]*")


@dataclass(frozen=True, slots=True)
class Region:
    """One part as it stands in a file, or is to stand there.

    Attributes:
        key: ``HEAD``, or that of a block; None for a person's own text.
        mark: the marker line, "" for a head and for own text; without a line end.
        text: what stands below it, without blank lines at its end, with a line end.
        own: what a person wrote behind it, with the blank lines before it.
        gap: blank lines up to the next part; None to leave the usual number.
    """

    key: str | None
    mark: str
    text: str
    own: str = ""
    gap: int | None = None


class Print(NamedTuple):
    """What is remembered of a text: the digest of its lines, and their number."""

    digest: str
    lines: int


def print_of(text: str) -> Print:
    """Blanks at the ends of lines, and blank lines at the end, do not count: editors take them away."""
    lines = _lines(text)
    return Print(_digest(lines), len(lines))


def regions_of(file: Generated) -> list[Region]:
    """A generated file, with its markers."""
    blocks = [
        Region(one.key, mark_of(file.path, one.key, one.source, one.text), _ended(one.text)) for one in file.blocks
    ]
    return [Region(HEAD, "", _ended(file.head)), *blocks]


def mark_of(path: str, key: str, source: str, text: str) -> str:
    """The line above a block, indented as the block is."""
    told = f"observe: {key}" + (f" from {' '.join(source.split())}" if source else "")
    margin = text[: len(text) - len(text.lstrip(" \t"))].rpartition("\n")[2]
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in _ANGLES:
        return f"{margin}<!-- {told} -->"
    return f"{margin}// {told}" if suffix in _SLASHES else f"{margin}# {told}"


def split(text: str) -> list[Region]:
    """The parts of a file; the first is the head, also where it is empty."""
    found: list[tuple[str, str, list[str]]] = [(HEAD, "", [])]
    for line in text.split("\n"):
        mark = _MARK.fullmatch(line)
        if mark:
            found.append((mark["key"], line, []))
        else:
            found[-1][2].append(line)
    regions = [_region(key, mark, lines) for key, mark, lines in found]
    return [*regions[:-1], replace(regions[-1], gap=None)]  # blank lines at the end of a file part nothing


def _region(key: str, mark: str, lines: list[str]) -> Region:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return Region(key, mark, _ended("\n".join(lines[:end])), gap=len(lines) - end)


def join(regions: Sequence[Region], path: str) -> str:
    """A file out of its parts."""
    out: list[str] = []
    gap: int | None = None
    for region in regions:
        if out:
            out.append("\n" * (_usual_gap(path, region) if gap is None else gap))
        out.append((f"{region.mark}\n" if region.mark else "") + region.text + region.own)
        gap = region.gap
    text = "".join(out)
    return text.rstrip("\n") + "\n" if text.strip() else ""


def _usual_gap(path: str, region: Region) -> int:
    """Two blank lines between what stands at the margin of a Python file, one elsewhere."""
    return 2 if path.endswith(".py") and not region.mark[:1].isspace() else 1


def own_behind(region: Region, prints: Sequence[Print]) -> str | None:
    """What a person wrote behind a part that is as it was written; None where the part itself was changed.

    Own code begins behind a blank line and no deeper than the part: what goes on without one, or deeper, is a change
    of the part.
    """
    lines = region.text.split("\n")
    plain = _lines(region.text)
    for one in prints:
        if len(plain) >= one.lines and _digest(plain[: one.lines]) == one.digest:
            behind = lines[one.lines :]
            told = next((line for line in behind if line.strip()), "")
            if not told:
                return ""
            if not behind[0].strip() and _depth(told) <= _own_depth(region, lines[: one.lines]):
                return "\n".join(behind)
    return None


def _own_depth(region: Region, lines: Sequence[str]) -> int:
    """A block is as deep as its first line; a head as its last, which may stand in an open class."""
    told = [line for line in lines if line.strip()]
    return _depth(told[-1 if region.key == HEAD else 0]) if told else 0


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def without(text: str, own: str) -> str:
    """A part's text without what stands behind it."""
    return text.removesuffix(own) if own else text


def _ended(text: str) -> str:
    told = text.rstrip()
    return f"{told}\n" if told else ""


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().split("\n")] if text.strip() else []


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]
