"""What a release changed, in lines for people."""

from __future__ import annotations

import math
from collections.abc import Mapping

from samouk.loop.records import Version

MAX_LINES = 20
MAX_LINE = 200
"""The changelog rides in signed metadata that every client fetches: 20 lines of 200 characters at most."""


def changelog(version: Version, before: Mapping[str, float]) -> tuple[str, ...]:
    """The learner's own lines, then each figure beside the one of the release before.

    Args:
        version: what is released.
        before: figures of the release that clients have now; empty for the first.
    """
    lines = [" ".join(line.split())[:MAX_LINE] for line in version.changelog]
    figures = [_figure_line(name, before.get(name), value) for name, value in version.figures.items()]
    lines += [line for line in figures if line is not None and line not in lines]
    return tuple(line for line in lines if line)[:MAX_LINES]


def _figure_line(name: str, before: float | None, after: float) -> str | None:
    if not math.isfinite(after):
        return None
    if before is None or not math.isfinite(before):
        return f"{name}: {after:.1%}"[:MAX_LINE]
    return f"{name}: {before:.1%} → {after:.1%} ({100 * (after - before):+.1f} points)"[:MAX_LINE]
