"""Snapshots in memory: entries with the numbers of the snapshots between which they stand on a side."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from samouk.loop.ports import NotFound, Outdated
from samouk.loop.records import BatchEntry, BatchState, Growth, Side, Snapshot

USED = (Side.TRAIN, Side.HOLDOUT)
"""Sides whose batches a version learned from or was judged on."""


@dataclass(slots=True)
class _Standing:
    entry: BatchEntry
    side: Side
    since: int
    until: int | None = None

    def within(self, number: int) -> bool:
        return self.since <= number and (self.until is None or number < self.until)


@dataclass(slots=True)
class MemorySnapshots:
    """What the registry keeps of snapshots; they are numbered as they come."""

    _kept: list[Snapshot] = field(default_factory=list)
    _standing: dict[str, list[_Standing]] = field(default_factory=dict)

    def add(self, growth: Growth) -> Snapshot:
        """See ``Registry.add_snapshot``."""
        snapshot = growth.snapshot
        last = self.latest(snapshot.learner)
        if (last.digest if last else None) != growth.previous:
            raise Outdated(f"another process kept a snapshot of {snapshot.learner} meanwhile; take the turn again")
        if last and last.digest == snapshot.digest:
            self._kept[self._number(last.digest)] = snapshot
        else:
            self._enter(growth)
        return snapshot

    def _enter(self, growth: Growth) -> None:
        number, learner = len(self._kept), growth.snapshot.learner
        self._kept.append(growth.snapshot)
        ended = {*growth.left, *growth.quarantined}
        mine = self._standing.setdefault(learner, [])
        for one in [one for one in mine if one.until is None]:
            if growth.afresh or one.entry.batch_id in ended:
                one.until = number
            if one.entry.batch_id in growth.quarantined:
                mine.append(_Standing(one.entry, Side.QUARANTINED, number))
        mine.extend(_Standing(entry, side, number) for side, entry in growth.joined)

    def one(self, digest: str) -> Snapshot:
        """Raises NotFound."""
        return self._kept[self._number(digest)]

    def _number(self, digest: str) -> int:
        """Of the newest with this digest: of several the members are the same."""
        for number in range(len(self._kept) - 1, -1, -1):
            if self._kept[number].digest == digest:
                return number
        raise NotFound(f"no snapshot {digest}")

    def latest(self, learner: str) -> Snapshot | None:
        """The one that was kept last."""
        return next((one for one in reversed(self._kept) if one.learner == learner), None)

    def members(self, digest: str, side: Side, newest: int | None, gone: Collection[str]) -> Iterator[BatchEntry]:
        """See ``Registry.members``."""
        number = self._number(digest)
        state = BatchState.QUARANTINED if side is Side.QUARANTINED else BatchState.LIVE
        found = [
            replace(one.entry, state=state)
            for one in self._standing[self._kept[number].learner]
            if one.side is side and one.within(number) and one.entry.batch_id not in gone
        ]
        found.sort(key=lambda entry: entry.sequence)
        return iter(found if newest is None else found[len(found) - min(newest, len(found)) :])

    def sides(self, learner: str, batch_ids: Sequence[str]) -> dict[str, Side]:
        """See ``Registry.sides``."""
        wanted = set(batch_ids)
        stand = (one for one in self._standing.get(learner, ()) if one.until is None)
        return {one.entry.batch_id: one.side for one in stand if one.entry.batch_id in wanted}

    def fitted_on(self, learner: str, batch_ids: Collection[str]) -> set[str]:
        """Digests of the snapshots that taught or judged by one of the batches."""
        used = [one for one in self._standing.get(learner, ()) if one.side in USED and one.entry.batch_id in batch_ids]
        numbered = [(number, kept.digest) for number, kept in enumerate(self._kept) if kept.learner == learner]
        return {digest for number, digest in numbered if any(one.within(number) for one in used)}
