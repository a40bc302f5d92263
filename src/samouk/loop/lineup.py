"""Which versions answer: loaded, tried before they serve, swapped as one, and taught what is told.

The record that serves is immutable and is replaced whole, so that a request sees one state of the registry
and of the rollout. The champion before stays loaded, so that rolling back to it costs no loading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

from samouk.loop.assignment import Assignment, dealt
from samouk.loop.checkpoints import Saved, saved
from samouk.loop.learner import Learner
from samouk.loop.live import Rollout, Variant
from samouk.loop.ports import CorruptBlob, NotFound, Services
from samouk.loop.practice import Practice
from samouk.loop.records import Artifact, Version

PAGE = 2_000
"""Outcomes that are read from the journal at a time."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A version that can answer, with what it learns between two turns."""

    version: Version
    artifact: Artifact
    practice: Practice | None


@dataclass(frozen=True, slots=True)
class LineUp:
    """Everything that one request needs.

    Attributes:
        state: of the registry and the rollout, to tell when they have changed.
        everybody: what a unit is assigned without a rollout: the champion, who also stands in for others.
        versions: champion and challengers, and the champion before them.
    """

    state: tuple[object, ...]
    everybody: Assignment
    rollout: Rollout | None
    versions: Mapping[str, Loaded]


class Bench:
    """The versions of one learner that are at hand.

    Args:
        attempt: lets a version answer once; raises whatever it raises.

    Attributes:
        playing: what serves now; None before the first release, or when no version could be loaded.
        wanted: the champion that the last look tried to have in service; None when there was none.
    """

    def __init__(self, learner: Learner, services: Services, attempt: Callable[[Loaded], object]) -> None:
        self.playing: LineUp | None = None
        self.wanted: str | None = None
        self._learner = learner
        self._services = services
        self._attempt = attempt
        self._broken: set[str] = set()
        self._looking, self._learning = Lock(), Lock()

    def keep(self) -> None:
        """Make checkpoints of what was learnt between two turns."""
        with self._learning:
            for practice in self._practices():
                practice.keep()

    def look(self) -> list[str]:
        """Load what the registry and the rollout want in service, and swap; why some of it cannot be.

        Raises whatever the store raises that cannot be asked now; then nothing has changed.
        """
        with self._looking:
            before = self.playing
            production = self._services.registry.production(self._learner.name)
            rollout = self._services.rollouts.active(self._learner.name)
            state = (production and production.name, rollout and (rollout.rollout_id, rollout.revision))
            if before is not None and before.state == state:
                return []
            champion = rollout.champion if rollout else (production.name if production else None)
            if champion is None:
                self.playing = self.wanted = None
                return []
            trouble: list[str] = []
            loaded = {name: self._load(name, trouble) for name in (champion, *(rollout.challengers if rollout else ()))}
            versions = {name: one for name, one in loaded.items() if one is not None}
            # A model that failed will fail again; bytes that are not there may come back, so they are looked for again.
            lost = loaded.keys() - versions.keys() - self._broken
            if champion in versions:
                self._swap(() if lost else state, champion, rollout, versions)
            self.wanted = champion
            if rollout is not None and not dealt(rollout):
                told = f"a newer release deals the units of rollout {rollout.rollout_id}: upgrade"
                trouble.append(f"{self._learner.name}: {told}; until then {champion} answers all, uncompared")
            return trouble

    def _swap(
        self, state: tuple[object, ...], champion: str, rollout: Rollout | None, versions: dict[str, Loaded]
    ) -> None:
        before = self.playing
        if before is not None:
            stays = before.everybody.version
            versions.setdefault(stays, before.versions[stays])
        everybody = Assignment(champion, Variant.CHAMPION, 1.0, -1)
        self.playing = LineUp(state, everybody, rollout, versions)
        for name, gone in before.versions.items() if before else ():
            if name not in versions and gone.practice is not None:
                gone.practice.keep()

    def _load(self, name: str, trouble: list[str]) -> Loaded | None:
        """A version that has answered once; None for one that cannot."""
        held: Mapping[str, Loaded] = self.playing.versions if self.playing else {}
        if name in held:
            return held[name]
        if name in self._broken:
            return None
        version = self._services.registry.version(self._learner.name, name)
        # A version that came back carries the bytes of an old one: the same object, so that sessions are found again.
        same = (one.artifact.data for one in held.values() if one.version.artifact_digest == version.artifact_digest)
        try:
            data = next(same, None) or self._services.blobs.get(version.artifact_key)
        except (NotFound, CorruptBlob) as error:
            trouble.append(f"{self._learner.name} {name} cannot be loaded: {type(error).__name__}: {error}")
            return None
        kept = saved(self._services, version.learner, version.name) if self._learner.online else None
        try:
            loaded = self._prepare(version, Artifact(data, version.metadata), kept)
            self._attempt(loaded)
        except Exception as error:  # noqa: BLE001 - the border of models, which may be anybody's; told by refresh
            self._broken.add(name)
            trouble.append(f"{self._learner.name} {name} cannot answer: {type(error).__name__}: {error}")
            return None
        return loaded

    def _prepare(self, version: Version, artifact: Artifact, kept: Saved | None) -> Loaded:
        online = self._learner.online
        if online is None:
            return Loaded(version, artifact, None)
        return Loaded(version, artifact, Practice(self._learner, online, self._services, version, artifact, kept))

    def _practices(self) -> list[Practice]:
        service = self.playing
        return [one.practice for one in service.versions.values() if one.practice is not None] if service else []

    def learn(self) -> None:
        """Teach every version in service what was told since; one thread at a time, who comes second leaves."""
        practices = self._practices()
        if not practices or not self._learning.acquire(blocking=False):
            return
        try:
            for practice in practices:
                practice.renew()
            while page := self._services.journal.joined(self._learner.name, min(p.sequence for p in practices), PAGE):
                for practice in practices:
                    practice.learn([one for one in page if one.sequence > practice.sequence])
        finally:
            self._learning.release()
