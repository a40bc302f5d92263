"""Who may ask for what: roles, and API keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """What whoever asks may do; each may do what those before it may.

    ``CONTRIBUTOR`` is for keys that travel with applications: samples, tallies, predictions and what became of them.
    ``OPERATOR`` is for whoever runs the platform: whatever changes what serves, leaves the house or names people.
    ``ADMIN`` is for whoever decides who gets in: keys, and who is told of events.
    """

    CONTRIBUTOR = "contributor"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, needed: Role) -> bool:
        """Whether it is enough where ``needed`` is asked for."""
        return self is needed or self in _ABOVE[needed]


_ABOVE = {role: tuple(Role)[step + 1 :] for step, role in enumerate(Role)}
"""Role → those that may do more."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as the server knows it: never the key itself.

    Attributes:
        learners: that it is for, as names or ``domain.*``; none means all.
        expires: from then on it opens nothing; None never.
        last_used: the last day on which it opened something; the hour is nobody's business.
    """

    key_id: str
    label: str
    created: dt.date
    revoked: bool = False
    role: Role = Role.CONTRIBUTOR
    learners: tuple[str, ...] = ()
    expires: dt.datetime | None = None
    last_used: dt.date | None = None


def covers(learners: tuple[str, ...], wanted: str) -> bool:
    """Whether names of learners, or ``domain.*``, hold the wanted one, itself a name or ``domain.*``; none hold all."""
    return not learners or any(
        one == wanted or (one.endswith(".*") and wanted.startswith(one.removesuffix("*"))) for one in learners
    )


class Keys(Protocol):
    """API keys, hashed at rest."""

    def create(
        self,
        label: str,
        role: Role = Role.CONTRIBUTOR,
        learners: Sequence[str] = (),
        expires: dt.datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """A new key and, this once, its secret."""

    def verify(self, secret: str) -> ApiKey | None:
        """The key that ``secret`` opens, unless it was revoked or its time is over; the day is noted."""

    def rotate(self, key_id: str, overlap: dt.timedelta) -> tuple[ApiKey, str]:
        """A successor with the same label, role, learners and length of life; the old key ends after ``overlap``.

        Raises:
            NotFound: there is no such key in force.
        """

    def revoke(self, key_id: str) -> None:
        """Raises NotFound."""

    def keys(self) -> list[ApiKey]:
        """All, oldest first."""
