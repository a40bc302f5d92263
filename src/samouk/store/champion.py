"""When a version may take the champion's place: it is newer, and the one against which it was decided stands there."""

from __future__ import annotations

from samouk.loop.ports import ANYBODY, Outdated
from samouk.loop.records import Stage, Version


def require_unchanged(version: Version, stage: Stage, champion: Version | None, instead_of: str | None) -> None:
    """Raises Outdated unless the champion is the one that was expected, or the version itself, and is no newer."""
    standing = champion.name if champion else None
    if instead_of != ANYBODY and standing not in (instead_of, version.name):
        raise Outdated(
            f"{version.learner}: {version.name} was to follow {instead_of or 'nobody'}, "
            f"but {standing or 'nobody'} is in production by now: look again, then decide again"
        )
    if stage is Stage.PRODUCTION and champion is not None and champion.number > version.number:
        raise Outdated(
            f"{version.learner}: {version.name} is older than {champion.name}, which is in production by now, and "
            "clients never go back in number: enter its bytes again, as a newer version"
        )
