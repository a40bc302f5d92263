"""When a version may take the champion's place: the one against which it was decided still stands there."""

from __future__ import annotations

from samouk.loop.ports import ANYBODY, Outdated
from samouk.loop.records import Version


def require_unchanged(version: Version, champion: Version | None, instead_of: str | None) -> None:
    """Raises Outdated unless the champion is the one that was expected, or the version itself."""
    standing = champion.name if champion else None
    if instead_of != ANYBODY and standing not in (instead_of, version.name):
        raise Outdated(
            f"{version.learner}: {version.name} was to follow {instead_of or 'nobody'}, "
            f"but {standing or 'nobody'} is in production by now: look again, then decide again"
        )
