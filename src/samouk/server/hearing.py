"""Many outcomes, one commit; and those of one request are kept all or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samouk.loop.learner import Learner
from samouk.loop.live import Heard
from samouk.loop.outcome import Told, tell
from samouk.loop.ports import Services, StoreUnavailable
from samouk.server.commit import GroupCommit
from samouk.server.exposures import Exposures


@dataclass(frozen=True, slots=True)
class _Telling:
    """What one request tells of one learner's predictions."""

    learner: Learner
    told: Sequence[Told]


class Hearing:
    """Hands what is told to the journal, behind the exposures that were put before it."""

    def __init__(self, services: Services, exposures: Exposures, *, group: int, waiting: int) -> None:
        self._services = services
        self._exposures = exposures
        self._commit = GroupCommit(self._hear, group=group, waiting=waiting)

    async def tell(self, learner: Learner, told: Sequence[Told]) -> list[Heard]:
        """What became of each outcome, after the commit. Raises BadOutcome, Busy, or the journal's error."""
        heard = await self._commit.store(_Telling(learner, told))
        if isinstance(heard, Exception):
            raise heard
        return heard

    @property
    def waiting(self) -> int:
        """Requests whose outcomes are not committed yet."""
        return self._commit.waiting

    def close(self) -> None:
        """Let the running commit end; call when no request is left."""
        self._commit.close()

    def _hear(self, tellings: Sequence[_Telling]) -> list[list[Heard] | Exception]:
        # Outcomes often follow their prediction within the rest before its commit.
        self._exposures.settle()
        heard: list[list[Heard] | Exception] = [[] for _ in tellings]
        for name in {telling.learner.name for telling in tellings}:
            places = [place for place, telling in enumerate(tellings) if telling.learner.name == name]
            for place, reply in zip(places, self._together([tellings[place] for place in places]), strict=True):
                heard[place] = reply
        return heard

    def _together(self, tellings: Sequence[_Telling]) -> list[list[Heard] | Exception]:
        """Tell of one learner in one commit; where one of them goes wrong, each in its own.

        Raises StoreUnavailable, which is everybody's trouble.
        """
        try:
            told = [one for telling in tellings for one in telling.told]
            heard = iter(tell(tellings[0].learner, self._services, told))
        except StoreUnavailable:
            raise
        except Exception as trouble:  # noqa: BLE001 - handed to the one who told it, whose request ends in it
            if len(tellings) == 1:
                return [trouble]
            return [reply for telling in tellings for reply in self._together([telling])]
        return [[next(heard) for _ in telling.told] for telling in tellings]
