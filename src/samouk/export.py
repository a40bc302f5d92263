"""Training data out of the house: every live row with its outcome, as JSON, JSON Lines or Parquet, streamed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from samouk.edge.disk import replacing
from samouk.edge.wire import Field
from samouk.loop.columns import Columns, rows_in, to_lists
from samouk.loop.learner import Learner
from samouk.loop.ports import Log
from samouk.loop.records import BatchEntry, BatchState
from samouk.loop.snapshot import usable

FORMATS = ("json", "jsonl", "parquet")
MEDIA_TYPES = {"json": "application/json", "jsonl": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}


class ParquetMissing(Exception):
    """Parquet needs a package that is not installed; the message names it."""


def encoded(learner: Learner, log: Log, form: str) -> Iterator[bytes]:
    """Every row of the learner's live batches, one piece a batch, so that memory stays bounded by the largest.

    A row holds the schema's fields, told ones included, and two of its batch: ``arrived`` (the day) and
    ``group`` (0 to 15, the side of the holdout split). Rows of an older schema are left out.

    Args:
        form: one of ``FORMATS``.

    Raises:
        ValueError: an unknown format.
        ParquetMissing: the format is ``parquet`` and pyarrow is not installed.
    """
    if form not in FORMATS:
        raise ValueError(f"format: {form!r:.40} is not one of {', '.join(FORMATS)}")
    return _ENCODERS[form](learner, log)


def write(pieces: Iterable[bytes], target: Path) -> int:
    """Write the pieces into a file, whole or not at all, also after a power cut; how many bytes they were.

    Raises OSError; then an earlier file is untouched. Of two at once the later one stands.
    """
    with replacing(target, 0o666) as file:  # the mask of the user says who may read it
        return sum(file.write(piece) for piece in pieces)


def form_of(target: Path) -> str:
    """The format that a file's suffix names, in whatever case; ``encoded`` refuses one that is none."""
    return target.suffix.removeprefix(".").lower()


def _read(learner: Learner, log: Log) -> Iterator[tuple[BatchEntry, Columns]]:
    entries = log.entries(learner.name)
    return log.read([entry for entry in entries if usable(learner, entry) and entry.state is BatchState.LIVE])


def _rows(learner: Learner, entry: BatchEntry, columns: Columns) -> Iterator[dict[str, Any]]:
    lists = to_lists(learner.schema, columns)
    own = {"arrived": entry.day.isoformat(), "group": entry.group}
    for values in zip(*lists.values(), strict=True):
        yield {**own, **dict(zip(lists, values, strict=True))}


def _json_lines(learner: Learner, log: Log) -> Iterator[bytes]:
    for entry, columns in _read(learner, log):
        yield b"".join(_text(row) + b"\n" for row in _rows(learner, entry, columns))


def _json(learner: Learner, log: Log) -> Iterator[bytes]:
    before = b"["
    for entry, columns in _read(learner, log):
        rows = b",\n".join(_text(row) for row in _rows(learner, entry, columns))
        yield before + rows
        before = b",\n"
    yield b"]\n" if before != b"[" else b"[]\n"


def _text(row: dict[str, Any]) -> bytes:
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _parquet(learner: Learner, log: Log) -> Iterator[bytes]:
    """One row group a batch; the footer comes last, so that the file is whole or unreadable."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ParquetMissing("Parquet needs pyarrow: pip install 'samouk[parquet]', or export as jsonl") from None
    fields = [pyarrow.field(spec.name, _arrow(spec, pyarrow)) for spec in learner.schema.fields]
    schema = pyarrow.schema([("arrived", pyarrow.date32()), ("group", pyarrow.int8()), *fields])
    return _row_groups(learner, log, schema, pyarrow)


def _row_groups(learner: Learner, log: Log, schema: Any, pyarrow: Any) -> Iterator[bytes]:
    sink = io.BytesIO()
    with pyarrow.parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        for entry, columns in _read(learner, log):
            n = rows_in(columns)
            own = {"arrived": [entry.day] * n, "group": [entry.group] * n}
            writer.write_table(pyarrow.table({**own, **to_lists(learner.schema, columns)}, schema=schema))
            yield _drained(sink)
    yield _drained(sink)


def _drained(sink: io.BytesIO) -> bytes:
    """What was written since the last call. The writer counts its own offsets and never looks back."""
    piece = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return piece


def _arrow(spec: Field, pyarrow: Any) -> Any:
    kinds = {
        "flag": pyarrow.bool_(),
        "integer": pyarrow.int64(),
        "number": pyarrow.float64(),
        "category": pyarrow.dictionary(pyarrow.int16(), pyarrow.string()),
    }
    return kinds.get(spec.kind, pyarrow.string())


_ENCODERS: dict[str, Callable[[Learner, Log], Iterator[bytes]]] = {
    "json": _json,
    "jsonl": _json_lines,
    "parquet": _parquet,
}
