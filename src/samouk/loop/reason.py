"""Why a person wants something: it stands in histories, in the audit and on terminals, and is held to plain text."""

from __future__ import annotations

from samouk.edge.wire import WireError

MAX_REASON = 500


def reason_of(told: object) -> str:
    """The reason without space around it. Raises WireError, of the field ``reason``."""
    text = told.strip() if isinstance(told, str) else ""
    if not 1 <= len(text) <= MAX_REASON:
        raise WireError("reason", f"say why, in 1 to {MAX_REASON} characters")
    if not text.isprintable():
        raise WireError("reason", "must be printable and one line; leave control characters out")
    return text
