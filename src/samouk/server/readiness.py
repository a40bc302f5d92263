"""Which version is in service of each learner, and whether it answers here."""

from __future__ import annotations

from dataclasses import dataclass

from samouk.server.desk import Desk


@dataclass(frozen=True, slots=True)
class Standing:
    """A learner's version in service.

    Attributes:
        version: by its name; null before the first release.
        loaded: whether it answers; null where clients make the predictions, or nothing is released.
    """

    version: str | None
    loaded: bool | None


def standings(desk: Desk, *, anew: bool = False) -> dict[str, Standing]:
    """Learner → how it stands.

    Args:
        anew: look at once for what another process released a moment ago, before it is said to be missing.
    """
    found = {}
    for name in desk.learners:
        version = desk.services.registry.production(name)
        loaded = desk.service.loaded(name, version.name) if version else None
        if version and loaded is False and anew:
            desk.service.refresh(name)
            loaded = desk.service.loaded(name, version.name)
        found[name] = Standing(version.name if version else None, loaded)
    return found
