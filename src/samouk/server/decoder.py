"""JSON straight into a learner's types: what is well formed is checked while it is read, at no extra cost."""

from __future__ import annotations

from typing import Any

import msgspec

from samouk.edge.wire import ENVELOPE, Field, Schema
from samouk.server import body

_TYPES: dict[str, type] = {
    "flag": bool,
    "integer": int,
    "number": float,
    "category": str,
    "identifier": str,
    "week": str,
}


class Decoder:
    """Reads the batches of one learner.

    The typed way is for the many good batches. What it refuses is read again as plain values, so that
    there is one place, the schema, where refusals get their words.
    """

    def __init__(self, schema: Schema) -> None:
        # Places instead of names: a field may be called what no attribute may.
        self._names = {f"field_{place}": spec.name for place, spec in enumerate(schema.fields)}
        columns = msgspec.defstruct(
            "Columns",
            [_place(place, spec) for place, spec in zip(self._names, schema.fields, strict=True)],
            rename=self._names,
            kw_only=True,
            forbid_unknown_fields=True,
            gc=False,
        )
        envelope: list[tuple[str, Any]] = [(name, columns if name == "columns" else Any) for name in ENVELOPE]
        document = msgspec.defstruct("Document", envelope, forbid_unknown_fields=True, gc=False)
        self._decoder = msgspec.json.Decoder(document)

    def decode(self, data: bytes) -> tuple[Any, bool]:
        """The plain document, and whether the types of its columns are known to be right. Raises Problem."""
        try:
            document: Any = self._decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return body.decode(data), False
        columns = document.columns
        lists = {name: getattr(columns, place) for place, name in self._names.items()}
        plain = {name: getattr(document, name) for name in ENVELOPE}
        plain["columns"] = {name: values for name, values in lists.items() if values is not None}
        return plain, True


def _place(name: str, spec: Field) -> tuple[str, Any] | tuple[str, Any, Any]:
    kind: Any = _TYPES[spec.kind]
    if spec.optional:
        return name, list[kind | None] | None, None
    return name, list[kind]
