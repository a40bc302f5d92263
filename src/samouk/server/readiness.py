"""Which version is in service of each learner, and whether it answers here."""

from __future__ import annotations

from dataclasses import dataclass

from samouk.server.desk import Desk


@dataclass(frozen=True, slots=True)
class Standing:
    """A learner's version in service.

    Attributes:
        version: by its name; null before the first release.
        loaded: whether it answers; while it does not, the version before it may. Null where clients make the
            predictions, or nothing is released.
    """

    version: str | None
    loaded: bool | None


def standings(desk: Desk) -> dict[str, Standing]:
    """Learner → how it stands, as the thread that looks after the models last saw it."""
    found = {}
    for name in desk.learners:
        version = desk.services.registry.production(name)
        loaded = desk.service.loaded(name, version.name) if version else None
        found[name] = Standing(version.name if version else None, loaded)
    return found
