"""What a client on trial counts: predictions that a version showed here, and those that somebody corrected.

Numbers alone, in one small file for each learner, and only while the last check for updates told of a trial, this
client's own random number puts it into one of the two groups that are compared, and it has that group's version in
use. Once a day at most they leave as a `Tally`, with consent, under a fresh random id: neither two tallies nor a
tally and a batch can be told to come from one client.

Counts are kept in memory and written every few seconds and at ``close``. A crash loses those of the last
seconds, in both groups alike.
"""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from samouk.edge import config as settings
from samouk.edge import disk, places
from samouk.edge.bucket import bucket, side
from samouk.edge.consent import forbidden_by
from samouk.edge.errors import CacheError, ConfigError
from samouk.edge.installed import ModelFolder, digest_of
from samouk.edge.trust import Check

FEWEST = 20
"""Shown predictions below which a tally is not worth sending."""

MOST = 100_000
"""Shown predictions that one tally may tell of."""

DAY_S = 24 * 3600.0
WRITE_EVERY_S = 5.0
KEPT = 8
"""Counts in the file, at most; a client stands in one trial at a time."""

_LOCK_WAIT_S = 0.05
"""What a prediction may wait for the file, at most; what cannot be written stays in memory."""


class Key(NamedTuple):
    """What counts are kept apart by."""

    rollout: str
    version: str
    side: str


class Standing(NamedTuple):
    """In which group of which trial this client is, and the file of the model that it has in use there."""

    key: Key
    file: Path


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts on their way to the server; ``not_before``: unix time before which they wait for their random delay."""

    tally_id: str
    rollout: str
    version: str
    side: str
    shown: int
    good: int
    not_before: float = 0.0

    def body(self) -> bytes:
        """The very bytes that leave."""
        document = {name: value for name, value in asdict(self).items() if name != "not_before"}
        return json.dumps(document, separators=(",", ":")).encode()


@dataclass(slots=True)
class _Kept:
    """What the file holds: counts, when each rollout's last tally was made, and what waits."""

    counts: dict[Key, tuple[int, int]]
    made: dict[str, float]
    waiting: list[Tally]

    def encoded(self) -> bytes:
        counts = [[*key, *numbers] for key, numbers in list(self.counts.items())[-KEPT:]]
        made = dict(list(self.made.items())[-KEPT:])
        waiting = [asdict(tally) for tally in self.waiting]
        return json.dumps({"counts": counts, "made": made, "waiting": waiting}).encode() + b"\n"


class Tallies:
    """One process's share in a learner's counts. Any method may be called from any thread.

    Args:
        bundled: the model that ships with the package, in use while none is installed.
        clock: gives unix time.
    """

    def __init__(
        self, environ: Mapping[str, str], learner: str, bundled: Path | None, clock: Callable[[], float] = time.time
    ) -> None:
        self._environ = environ
        self._models = ModelFolder(places.models_dir(environ, learner))
        self._file = places.tallies_dir(environ) / f"{learner}.json"
        self._bundled = bundled
        self._clock = clock
        self._seen: tuple[object, Standing | None] = (None, None)
        self._begin()

    def shown(self, count: int, model: Path) -> None:
        """So many predictions of the model in this file were shown; never raises, and waits for nobody."""
        standing = self._standing()
        if count and standing is not None and model == standing.file:
            self._add(standing, count, 0)

    def corrected(self) -> None:
        """One prediction of the version in use was wrong; never raises, and waits for nobody."""
        standing = self._standing()
        if standing is not None:
            self._add(standing, 0, 1)

    def flush(self) -> None:
        """Write what is in memory; what cannot be written stays there."""
        self._leave_the_parents_counts()
        if self._counts:
            self._write(disk.LOCK_WAIT_S)

    def due(self, delay_s: float = 0.0) -> list[Tally]:
        """Tallies that are to be sent, made now where a day is over and enough was shown; kept until ``settle``.

        Counts of trials that this client takes part in no more are dropped.

        Raises:
            OSError, CacheError: the file cannot be read or written.
        """
        self._leave_the_parents_counts()
        standing = self._standing()
        if not (self._counts or self._file.exists()):
            return []
        with self._editing(disk.LOCK_WAIT_S) as kept:
            mine = None if standing is None else standing.key
            kept.counts = {key: numbers for key, numbers in kept.counts.items() if key == mine}
            for key, (shown, corrected) in list(kept.counts.items()):
                if shown >= FEWEST and self._day_over(kept.made.get(key.rollout)):
                    shown = min(shown, MOST)
                    good = max(shown - corrected, 0)
                    now = self._clock()
                    kept.waiting.append(Tally(str(uuid.uuid4()), *key, shown, good, now + delay_s))
                    kept.made[key.rollout] = now
                    del kept.counts[key]
            return list(kept.waiting)

    def settle(self, tally_id: str) -> None:
        """Forget a tally that was answered. Raises OSError or CacheError."""
        with self._editing(disk.LOCK_WAIT_S) as kept:
            kept.waiting = [tally for tally in kept.waiting if tally.tally_id != tally_id]

    def _day_over(self, made: float | None) -> bool:
        """Whether another tally may be made; a moment that lies ahead was kept under a wrong clock."""
        return made is None or not 0 <= self._clock() - made < DAY_S

    def _add(self, standing: Standing, shown: int, corrected: int) -> None:
        self._leave_the_parents_counts()
        with self._mutex:
            before = self._counts.get(standing.key, (0, 0))
            self._counts[standing.key] = (before[0] + shown, before[1] + corrected)
            due = time.monotonic() - self._written >= WRITE_EVERY_S
        if due:
            self._write(_LOCK_WAIT_S)

    def _leave_the_parents_counts(self) -> None:
        """In a forked child: what the parent has not written is the parent's to write."""
        if self._pid != os.getpid():
            self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._mutex = threading.Lock()
        self._counts: dict[Key, tuple[int, int]] = {}
        self._written = -WRITE_EVERY_S

    def _write(self, wait_s: float) -> None:
        with suppress(OSError, CacheError), self._editing(wait_s):
            pass

    @contextmanager
    def _editing(self, wait_s: float) -> Iterator[_Kept]:
        """The file under its lock, with what is in memory added to it; written when the block ends well."""
        with disk.locked(self._file.with_suffix(".lock"), wait_s):
            with self._mutex:
                taken, self._counts = self._counts, {}
                self._written = time.monotonic()
            try:
                before = _read(self._file)
                kept = _Kept(_sum(before.counts, taken), before.made, before.waiting)
                yield kept
                disk.replace(self._file, kept.encoded())
            except BaseException:
                with self._mutex:
                    self._counts = _sum(taken, self._counts)
                raise

    def _standing(self) -> Standing | None:
        """Where this client stands by what is on disk now; looked up again only when a file has changed."""
        check = _stamp(self._models.path / "check.json")
        installed, config = _stamp(self._models.path / "current.json"), _stamp(places.config_file(self._environ))
        stamp = (check, installed, config)
        if stamp != self._seen[0]:
            if self._refused():
                self._begin()
                self._seen = (stamp, None)
            else:
                self._seen = (stamp, self._look() if check else None)
        return self._seen[1]

    def _refused(self) -> bool:
        """Whether counting makes no sense, since nothing may leave."""
        try:
            config = settings.load(self._environ)
        except ConfigError:
            return True
        return bool(forbidden_by(self._environ)) or config.contribute is False

    def _look(self) -> Standing | None:
        try:
            check = Check.decoded((self._models.path / "check.json").read_bytes())
            installed = self._models.shelf().current
            file = self._models.path / installed.file if installed else self._bundled
            if check.trial is None or check.release is None or file is None:
                return None
            mine = side(bucket(self._models.path), check.trial.rollout, check.trial.share)
            release = check.trial.release if mine == "challenger" else check.release
            in_use = installed.sha256 if installed else digest_of(file)
        except (OSError, ValueError, TypeError, KeyError):
            return None
        if mine == "neither" or in_use != release.sha256:
            return None
        return Standing(Key(check.trial.rollout, release.version, mine), file)


def purge(environ: Mapping[str, str]) -> None:
    """Delete every count and every tally that was not sent. Raises OSError."""
    for path in places.tallies_dir(environ).glob("*.json"):
        path.unlink(missing_ok=True)


def _read(file: Path) -> _Kept:
    """What is kept; a damaged file is an empty one: counts of a day are lost and nothing else."""
    try:
        document = json.loads(file.read_bytes())
        counts = {Key(*map(str, one[:3])): (int(one[3]), int(one[4])) for one in document["counts"]}
        made = {str(rollout): float(moment) for rollout, moment in document["made"].items()}
        return _Kept(counts, made, [Tally(**tally) for tally in document["waiting"]])
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return _Kept({}, {}, [])


def _sum(one: Mapping[Key, tuple[int, int]], two: Mapping[Key, tuple[int, int]]) -> dict[Key, tuple[int, int]]:
    total = dict(one)
    for key, (shown, corrected) in two.items():
        before = total.pop(key, (0, 0))  # put at the end: the file keeps the newest
        total[key] = (before[0] + shown, before[1] + corrected)
    return total


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino
