"""Arrays and plain facts as bytes that restore exactly what was there; nothing in them is ever executed."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
_FACTS = "facts"


def pack(facts: Mapping[str, Any], arrays: Arrays) -> bytes:
    """An npz archive; ``facts`` are plain JSON and stand beside the arrays as text. Equal input gives equal bytes."""
    text = json.dumps(dict(facts), sort_keys=True, allow_nan=False).encode()
    written = io.BytesIO()
    np.savez(written, **{_FACTS: np.frombuffer(text, np.uint8)}, **arrays)  # type: ignore[arg-type]  # names are ours
    return written.getvalue()


def unpack(data: bytes, kind: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What ``pack`` was given. Raises ValueError for bytes that are no saved state, or whose fact ``kind`` differs."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        facts = json.loads(arrays.pop(_FACTS).tobytes())
    except (ValueError, KeyError, EOFError, OSError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f"no saved state ({error}); start from a fresh one and replay the journal") from None
    if not isinstance(facts, dict) or facts.get("kind") != kind:
        raise ValueError(f"the state is not of kind {kind!r}; load it where it was saved")
    return facts, arrays
