"""From a batch on disk to the bytes that leave: the same bytes every time, linkable to nothing.

The receipt is the only source of chance. Each sample gets a fresh random-looking UUID4 that is an
HMAC of its place under the receipt, and the batch travels in the order of those ids: to all but the
holder of the receipt a shuffle. So a retry after a crash sends the same bytes, and the server can
tell that it has them already.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import replace

from samouk.edge import wire
from samouk.edge.batchfile import Content
from samouk.edge.fitting import fitting_columns
from samouk.edge.wire import Row, Schema, Upload, WireError


def shareable(content: Content, platforms: Sequence[str]) -> Content:
    """The batch without samples of platforms that the user no longer shares; those are deleted with it and counted."""
    return replace(
        content, rows=tuple(row for row in content.rows if "platform" not in row or row["platform"] in platforms)
    )


def pack(schema: Schema, content: Content, receipt: str) -> bytes:
    """The body of an upload before compression.

    Raises:
        WireError: the batch was collected under another version of the schema, or a row does not fit it.
    """
    header = content.header
    if header.schema != schema.version:
        raise WireError("schema", f"was collected under version {header.schema}; this client speaks {schema.version}")
    identifiers = [spec.name for spec in schema.fields if spec.kind == "identifier"]
    fresh = ((_identifier(receipt, place), row) for place, row in enumerate(content.rows))
    rows: list[Row] = [
        {**row, **dict.fromkeys(identifiers, name)} for name, row in sorted(fresh, key=lambda pair: pair[0])
    ]
    upload = Upload(
        batch_id=header.batch_id,
        learner=header.learner,
        schema_version=schema.version,
        group=header.group,
        receipt_hash=wire.receipt_hash(receipt),
        columns=fitting_columns(schema, rows),
    )
    return wire.encode(upload)


def _identifier(receipt: str, place: int) -> str:
    digest = hmac.digest(receipt.encode(), place.to_bytes(4, "big"), hashlib.sha256)
    return str(uuid.UUID(bytes=digest[:16], version=4))
