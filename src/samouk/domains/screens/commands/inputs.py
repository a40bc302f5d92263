"""What a user hands to a command: files that are refused with their name, platforms, types of elements."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from samouk.domains.screens.commands.ends import BadInput, meant
from samouk.domains.screens.readers.limits import MAX_BYTES, check_size
from samouk.domains.screens.schema import PLATFORMS, SCHEMA
from samouk.domains.screens.taxonomy import TYPES
from samouk.edge.observer import UnreadableSource
from samouk.edge.wire import Row, WireError, envelope_of, plain

STANDARD_INPUT = Path("-")
_IOS_MARKS = (b"XCUIElementType", b"UIAApplication", b"AppiumAUT")


class ElementType(click.ParamType[str]):
    """One of the types of elements."""

    name = "type"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The type, or a usage error that names those close to it."""
        wanted = str(value).strip().lower().replace("-", "_").replace(" ", "_")
        if wanted not in TYPES:
            self.fail(f"{value!r} is no type of element{meant(wanted, TYPES)}", param, ctx)
        return wanted


platform_option = click.option(
    "--platform",
    type=click.Choice(PLATFORMS, case_sensitive=False),
    help="Where the screen was dumped; found out from the dump unless told.",
)
file_type = click.Path(path_type=Path, allow_dash=True)


class Dump(NamedTuple):
    """A hierarchy as it was dumped, and its platform."""

    content: bytes
    platform: str


class Samples(NamedTuple):
    """Samples that came together. ``group`` is that of a batch's application; None for a plain list."""

    rows: list[Row]
    group: int | None


def read_dump(file: Path, platform: str | None) -> Dump:
    """One hierarchy. Raises BadInput."""
    content = _bytes(file, bounded=True)
    return Dump(content, platform or ("ios" if any(mark in content for mark in _IOS_MARKS) else "android"))


def read_element(text: str) -> Any:
    """What ``--element`` was given: a JSON document, or the path of its file. Raises BadInput."""
    if text.lstrip()[:1] in ("{", "["):
        return _document(text.encode("utf-8", "surrogateescape"), "--element")
    return _document(_bytes(Path(text), bounded=True), text)


def read_document(file: Path) -> Any:
    """What a JSON file holds. Raises BadInput."""
    return _document(_bytes(file), str(file))


def read_samples(files: Sequence[Path]) -> list[Samples]:
    """Samples out of files, one entry a batch; a folder stands for the ``.json`` files in it.

    Takes lists of samples, batch files of the cache, and uploads as ``show-upload`` prints them.

    Raises:
        BadInput: a file is missing, broken, of another kind, or a sample does not fit the schema.
    """
    found = [batch for file in files for each in _files(file) for batch in _batches(each)]
    if not any(batch.rows for batch in found):
        raise BadInput(
            f"{', '.join(map(str, files))}: no sample in it; make some with observe ml generate-test-samples"
        )
    return found


def _files(file: Path) -> list[Path]:
    return sorted(file.glob("*.json")) if file.is_dir() else [file]


def _batches(file: Path) -> Iterator[Samples]:
    content = _bytes(file)
    lines = content.strip().split(b"\n")
    # Several uploads one below the other are no JSON document together, but each is one.
    together = len(lines) > 1 and all(line.startswith(b'{"format"') for line in lines)
    for place, part in enumerate(lines if together else [content]):
        source = f"{file} line {place + 1}" if together else str(file)
        document = _document(part, source)
        try:
            rows = _rows(document, source)
            for index, row in enumerate(rows):
                SCHEMA.check_row(row, f"samples[{index}]")
        except WireError as error:
            raise BadInput(f"{source}: {error}") from None
        group = document.get("group") if isinstance(document, dict) else None
        yield Samples(rows, group if isinstance(group, int) else None)


def _rows(document: Any, source: str) -> list[Row]:
    """Rows out of a list, a batch of the cache or an upload. Raises BadInput or WireError."""
    if isinstance(document, dict) and isinstance(document.get("columns"), dict):
        columns = plain(envelope_of(document).columns)
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    rows = document.get("samples") if isinstance(document, dict) else document
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadInput(
            f"{source}: must be a list of samples as observe ml generate-test-samples writes it, "
            "or a batch of the cache"
        )
    return rows


def _bytes(file: Path, bounded: bool = False) -> bytes:
    most = MAX_BYTES + 1 if bounded else -1
    try:
        if file == STANDARD_INPUT:
            content = sys.stdin.buffer.read(most)
        else:
            with file.open("rb") as opened:
                content = opened.read(most)
        if bounded:
            check_size(len(content))
        return content
    except FileNotFoundError:
        raise BadInput(f"{file}: no such file; check the path") from None
    except IsADirectoryError:
        raise BadInput(f"{file}: is a folder; name the files in it") from None
    except UnreadableSource as error:
        raise BadInput(f"{file}: {error}") from None
    except (OSError, ValueError) as error:
        raise BadInput(f"{file}: cannot be read ({getattr(error, 'strerror', None) or error})") from None


def _document(content: bytes, source: str) -> Any:
    try:
        return json.loads(content)
    except UnicodeDecodeError:
        raise BadInput(f"{source}: is not UTF-8; save it as UTF-8") from None
    except RecursionError:
        raise BadInput(f"{source}: the JSON is nested too deep") from None
    except ValueError as error:
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise BadInput(f"{source}: the JSON is broken{where}; mend it or make it again") from None
