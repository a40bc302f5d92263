"""Hears every message of a server once and knows each user's last minute: O(1) a message, in bounded memory."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from samouk.domains.traffic.ears.addresses import Addresses
from samouk.domains.traffic.ears.batches import LATEST, Batch, BoolArray, FloatArray, IntArray, by_place, grouped
from samouk.domains.traffic.ears.people import EVERYBODY, People
from samouk.domains.traffic.ears.sessions import Sessions
from samouk.domains.traffic.ears.timeline import JUMP, OUT_OF_ORDER, Timeline
from samouk.domains.traffic.ears.windows import SLOTS, Windows
from samouk.domains.traffic.features import LARGEST, SERVER, Features
from samouk.edge.wire import WireError
from samouk.families.packing import pack, unpack

LONGEST_NAME = 256
"""Characters of a user id, at most."""

KEPT = 1_000
"""Windows that ``recent`` remembers."""

MOST_CHANNELS = 1_000_000
"""Channels of one user that are counted."""

_KIND = "traffic-ears"
_ENDED = -1.0
_PLAIN = frozenset({int, float})


class Observed(NamedTuple):
    """A window that was analysed."""

    user_id: str
    at: float
    features: Features


class FeatureExtractor:
    """The windows of at most ``max_users`` users and of the whole server. Safe to call from any thread.

    Nothing that a client can send raises; what cannot be used is counted in ``counts`` by its reason:
    ``refused_user`` (no text, empty or longer than ``LONGEST_NAME``; the message is not heard), ``refused_time`` (not
    finite, before 1970 or in milliseconds; not heard), ``refused_size`` (no number, not finite or negative: heard with
    0 bytes), ``clipped_size`` (above 10^12: heard as that), ``refused_channels`` and ``refused_address`` (passed over),
    ``out_of_order`` (heard in the second that it belongs to), ``dropped_late`` (older than the window; not heard),
    ``clock_jumps``, ``evicted_users`` and ``dropped_users`` (by ``cleanup_old_sessions``).

    A window is exact to half a slot, which is ``window_s`` / 60, at its old end. The clock is the latest time that was
    told; it is put back by ``PATIENCE`` messages in a row from before the window, or by one that came without a time.

    Args:
        window_s: seconds of the window.
        buffer_size: places a user's window may take, at most; with fewer than 60 its slots are longer.
        max_users: users that are known at once; for more, those who spoke once go first, then the longest silent.
        every: messages of a user between two analyses.
        clock: seconds since 1970, for messages that come without a time.
        salt_hours: after them the salt of the addresses is thrown away, and their count begins anew.
    """

    def __init__(
        self,
        *,
        window_s: float = 60.0,
        buffer_size: int = 1_000,
        max_users: int = 100_000,
        every: int = 10,
        clock: Callable[[], float] = time.time,
        salt_hours: float = 24.0,
    ) -> None:
        _check(window_s=window_s, buffer_size=buffer_size, max_users=max_users, every=every, salt_hours=salt_hours)
        slots = max(min(SLOTS, buffer_size - 2), 6)
        self._window_s, self._slot_s, self._slots = window_s, window_s / slots, slots
        self._every, self._clock = every, clock
        self._people = People(max_users)
        self._sessions = Sessions(max_users + 1, window_s)
        self._windows = Windows(max_users + 1, slots)
        self._addresses = Addresses(salt_hours * 3_600.0)
        self._timeline = Timeline(slots, self._slot_s)
        self._recent: deque[Observed] = deque(maxlen=KEPT)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._heard = 0
        self._sessions.begin(EVERYBODY, 0.0)

    def track_user_activity(
        self,
        user_id: str,
        message_size: float = 0,
        channels: Collection[str] | int = (),
        ip_address: str | None = None,
        *,
        error: bool = False,
        rate_limited: bool = False,
        at: float | None = None,
    ) -> bool:
        """One message; True when it is the user's ``every``-th and it is time to analyse.

        Args:
            message_size: bytes.
            channels: those in use now, or how many; nothing when that is not told.
            at: seconds since 1970; None for now.
        """
        with self._lock:
            return self._take(user_id, message_size, channels, ip_address, error, rate_limited, at)

    def _take(
        self,
        user_id: str,
        size: float,
        channels: Collection[str] | int,
        address: str | None,
        error: bool,
        limited: bool,
        told: float | None,
    ) -> bool:
        at = self._clock() if told is None else told
        if type(at) is not float or not 0.0 <= at < LATEST:
            at = self._time_of(at)
            if at < 0.0:
                return False
        slot = int(at / self._slot_s)
        if slot != self._timeline.slot and not self._turn(at, slot, own_clock=told is None):
            return False
        place = self._people.places.get(user_id) if type(user_id) is str else None
        if place is None:
            place = self._place(user_id, at)
            if place < 0:
                return False
        if type(size) not in _PLAIN or not 0.0 <= size <= LARGEST:
            size = self._size_of(size)
        self._heard += 1
        self._windows.add(place, slot, size, error, limited)
        self._windows.add(EVERYBODY, slot, size, error, limited)
        self._sessions.hear(EVERYBODY, at)
        messages = self._sessions.hear(place, at)
        if messages > 1:
            self._people.again[place] = 1
        if channels:
            self._use(place, channels)
        if address is not None:
            self._address(place, address, at)
        return messages % self._every == 0

    def track_batch(
        self,
        user_ids: Sequence[str],
        at: FloatArray,
        message_size: FloatArray,
        error: BoolArray | None = None,
        rate_limited: BoolArray | None = None,
        channels: IntArray | None = None,
    ) -> list[str]:
        """Many messages in the order in which they came; the users for whom it is time to analyse.

        Arrays have one value for each user id. Raises WireError when they do not. As good as single calls, but that
        messages of a batch that are out of order are put in order first.
        """
        batch = Batch(user_ids, at, message_size, error, rate_limited, channels)
        with self._lock:
            timely = batch.timely()
            slots = (np.where(timely, batch.at, 0.0) / self._slot_s).astype(np.int64)
            usable = timely if self._in_time(slots, timely) else None
            places = None if usable is None else self._places(batch, usable)
            if usable is None or places is None:
                return self._one_by_one(batch)
            self._counts["refused_time"] += len(batch.at) - int(timely.sum())
            usable = usable & (places > 0)
            if not usable.any():
                return []
            return self._take_sorted(batch, usable, places, slots)

    def connected(self, user_id: str, ip_address: str | None = None, at: float | None = None) -> None:
        """The user opened a connection: a session begins, unless one is open."""
        with self._lock:
            moment = self._moment(at)
            place = self._place(user_id, moment)
            if place < 0:
                return
            sessions = self._sessions
            if not sessions.open[place]:
                sessions.since[place] = moment
            sessions.open[place] += 1
            if ip_address is not None:
                self._address(place, ip_address, moment)

    def disconnected(self, user_id: str, at: float | None = None) -> None:
        """The user closed a connection; with the last one the session ends and the channels are given up."""
        with self._lock:
            place = self._known(user_id)
            if place is None or not self._sessions.open[place]:
                return
            self._sessions.open[place] -= 1
            if not self._sessions.open[place]:
                self._sessions.since[place] = _ENDED
                self._use(place, 0)

    def features(self, user_id: str, at: float | None = None) -> Features | None:
        """The user's window that ends at ``at``; None when nobody is known by that name."""
        if user_id == SERVER:
            return self.server_features(at)
        with self._lock:
            place = self._known(user_id)
            return None if place is None else self._features(place, self._moment(at), self._addresses.number(place))

    def server_features(self, at: float | None = None) -> Features:
        """All users together; the session began with the first message, and channels are added up over the users."""
        with self._lock:
            return self._features(EVERYBODY, self._moment(at), self._addresses.everywhere())

    def recent(self, limit: int) -> list[Observed]:
        """Windows that were noted, the newest first; ``KEPT`` at most."""
        with self._lock:
            return [seen for seen, _ in zip(reversed(self._recent), range(limit), strict=False)]

    def note(self, user_id: str, at: float, features: Features) -> None:
        """Remember a window that was analysed."""
        with self._lock:
            self._recent.append(Observed(user_id, at, features))

    def cleanup_old_sessions(self, max_age_hours: float = 24) -> int:
        """Forget users who were not heard for so long, connected or not; how many."""
        with self._lock:
            old = self._sessions.older(self._moment(None) - max_age_hours * 3_600.0)
            gone = [place for place in self._people if place in old]
            for place in gone:
                self._people.leave(place)
                self._clear(place)
            self._counts["dropped_users"] += len(gone)
            return len(gone)

    def users(self) -> list[str]:
        """Those who are known by name: not those who were restored and have not been heard since."""
        with self._lock:
            return list(self._people.places)

    def __len__(self) -> int:
        """Users that are known, by name or not."""
        return len(self._people)

    @property
    def counts(self) -> Mapping[str, int]:
        """``events``: messages heard; and the reasons named above."""
        with self._lock:
            return {"events": self._heard, **{reason: number for reason, number in self._counts.items() if number}}

    def save(self) -> bytes:
        """The whole state. User ids and addresses are in it as hashes only; ``recent`` is not."""
        with self._lock:
            facts, places, hashes = self._people.saved()
            places = np.concatenate([[EVERYBODY], places])
            numbers, stamps = self._windows.kept(places)
            facts |= {"kind": _KIND, "shape": self._shape(), "heard": self._heard, "counts": dict(self._counts)}
            facts |= {"timeline": self._timeline.facts()}
            told, arrays = self._addresses.saved()
            arrays |= {"places": places, "hashes": hashes, "numbers": numbers, "stamps": stamps}
            return pack(facts | {"addresses": told}, arrays | self._sessions.kept(places))

    def load(self, data: bytes) -> None:
        """Go on where ``save`` stopped. Raises ValueError for bytes that are no such state, or of other windows."""
        facts, arrays = unpack(data, _KIND)
        if facts["shape"] != self._shape():
            raise ValueError(f"the state has window and slots {facts['shape']}; set window_s and buffer_size as there")
        with self._lock:
            places = arrays["places"]
            self._people.restore(facts, places[1:], arrays["hashes"])
            self._windows.restore(places, arrays["numbers"], arrays["stamps"])
            self._sessions.restore(places, arrays)
            self._addresses.restore(facts["addresses"], arrays)
            self._timeline.restore(facts["timeline"])
            self._heard, self._counts = int(facts["heard"]), Counter(facts["counts"])

    def _shape(self) -> list[float]:
        return [self._window_s, self._slots]

    def _turn(self, at: float, slot: int, *, own_clock: bool) -> bool:
        fits, reason = self._timeline.turn(slot, self._heard, own_clock=own_clock)
        if reason:
            self._counts[reason] += 1
        if fits and reason != OUT_OF_ORDER:
            self._timeline.ahead = 0.0 if own_clock else self._clock() - at
            if not self._heard:
                self._sessions.begin(EVERYBODY, at)
        return fits

    def _moment(self, at: float | None) -> float:
        """``at``, or the time that messages told last, carried on by the clock."""
        if at is not None and 0.0 <= at < LATEST:
            return float(at)
        return max(self._clock() - self._timeline.ahead, 0.0)

    def _time_of(self, told: Any) -> float:
        """A time that is not plainly one; -1 for none."""
        at = _number(told)
        if 0.0 <= at < LATEST:
            return at
        self._counts["refused_time"] += 1
        return -1.0

    def _size_of(self, told: Any) -> float:
        size = _number(told)
        if 0.0 <= size <= LARGEST:
            return size
        if LARGEST < size < math.inf:
            self._counts["clipped_size"] += 1
            return LARGEST
        self._counts["refused_size"] += 1
        return 0.0

    def _known(self, user_id: Any) -> int | None:
        return self._people.place_of(user_id) if isinstance(user_id, str) and len(user_id) <= LONGEST_NAME else None

    def _place(self, user_id: Any, at: float) -> int:
        """Where a user is, who gets a place when new; -1 for what is no user id."""
        if not isinstance(user_id, str) or not 0 < len(user_id) <= LONGEST_NAME:
            self._counts["refused_user"] += 1
            return -1
        place = self._people.place_of(user_id)
        if place is None:
            place, taken = self._people.settle(user_id)
            if taken:
                self._clear(place)
                self._counts["evicted_users"] += 1
            self._sessions.begin(place, at)
        return place

    def _clear(self, place: int) -> None:
        self._use(place, 0)
        self._windows.clear(place)
        self._addresses.drop(place)

    def _use(self, place: int, channels: Any) -> None:
        """The user is in so many channels; the server in all that its users are in."""
        number = channels if isinstance(channels, int) else len(channels) if isinstance(channels, Collection) else -1
        if isinstance(channels, str):
            number = 1
        if number < 0:
            self._counts["refused_channels"] += 1
            return
        told = self._sessions.channels
        number = min(number, MOST_CHANNELS)
        told[EVERYBODY] += number - told[place]
        told[place] = number

    def _address(self, place: int, address: Any, at: float) -> None:
        if isinstance(address, str) and address:
            self._addresses.add(place, address, at)
        else:
            self._counts["refused_address"] += 1

    def _features(self, place: int, at: float, addresses: float) -> Features:
        newest, oldest = int(at / self._slot_s), int(at / self._slot_s + 0.5) - self._slots
        window = self._windows.window(place, newest, max(oldest, 0))
        since = self._sessions.since[place]
        return Features(
            messages_per_minute=window.messages * 60.0 / self._window_s,
            avg_message_size=window.mean,
            error_rate=window.errors / max(window.messages, 1.0),
            rate_limit_violations=window.limited,
            connection_duration=max(at - since, 0.0) if since != _ENDED and self._heard else 0.0,
            channels_count=self._sessions.channels[place],
            size_spread=window.spread,
            burst=window.fullest,
            regularity=self._sessions.regularity(place) if window.messages >= 3.0 else 0.0,
            addresses=float(addresses),
        )

    def _in_time(self, slots: IntArray, timely: BoolArray) -> bool:
        """Whether no message of a batch comes too late; those may say that the clock was put back."""
        heard = np.where(timely, slots, 0)
        newest = np.maximum.accumulate(np.concatenate([[max(self._timeline.slot, 0)], heard]))[:-1]
        return not bool((timely & (slots < newest - self._slots)).any())

    def _places(self, batch: Batch, usable: BoolArray) -> IntArray | None:
        """(rows,) places, -1 where there is no user id; None when some must make room for others."""
        try:
            places = np.fromiter(map(self._people.places.get, batch.users, repeat(-1)), np.int64, len(batch.at))
        except TypeError:
            return None
        unknown = np.flatnonzero((places < 0) & usable).tolist()
        if len(unknown) > self._people.room:
            return None
        for row in unknown:
            places[row] = self._place(batch.users[row], float(batch.at[row]))
        return places

    def _one_by_one(self, batch: Batch) -> list[str]:
        columns = (batch.size, batch.channels, batch.error, batch.limited, batch.at)
        rows = zip(batch.users, *(column.tolist() for column in columns), strict=True)
        due = [user for user, size, used, bad, hit, at in rows if self._take(user, size, used, None, bad, hit, at)]
        return list(dict.fromkeys(due))

    def _take_sorted(self, batch: Batch, usable: BoolArray, places: IntArray, slots: IntArray) -> list[str]:
        heard = np.flatnonzero(usable)
        self._count_sizes(batch)
        self._follow(batch.at[heard], slots[heard])
        together = by_place(places[heard], batch.at[heard], slots[heard])
        order = heard[together.order]
        before, after = self._sessions.hear_sorted(together.places, together.at, together.starts)
        self._people.hear_again(together.places[together.starts], after > 1)
        live = together.slots >= self._timeline.slot - self._slots
        columns = (batch.size[order][live], batch.error[order][live], batch.limited[order][live])
        self._windows.add_groups(grouped(together.places[live], together.slots[live], *columns))
        self._everybody(batch, heard, slots)
        self._heard += len(heard)
        for row in order[batch.channels[order] != 0].tolist():
            self._use(int(places[row]), int(batch.channels[row]))
        due = np.flatnonzero(before // self._every != after // self._every)
        return [batch.users[row] for row in order[together.starts[due]].tolist()]

    def _everybody(self, batch: Batch, heard: IntArray, slots: IntArray) -> None:
        order = heard[np.argsort(batch.at[heard], kind="stable")]
        places = np.zeros(len(order), np.int64)
        self._sessions.hear_sorted(places, batch.at[order], np.zeros(1, np.int64))
        order = order[slots[order] >= self._timeline.slot - self._slots]
        columns = (batch.size[order], batch.error[order], batch.limited[order])
        self._windows.add_groups(grouped(places[: len(order)], slots[order], *columns))

    def _count_sizes(self, batch: Batch) -> None:
        none, large = batch.clean_sizes()
        self._counts["refused_size"] += none
        self._counts["clipped_size"] += large

    def _follow(self, at: FloatArray, slots: IntArray) -> None:
        """Take the timeline to the newest of these messages, none of which comes too late."""
        if not self._heard:
            self._sessions.begin(EVERYBODY, float(at[0]))
        behind, jumps = self._timeline.turn_many(slots)
        self._counts[OUT_OF_ORDER] += behind
        self._counts[JUMP] += jumps
        if slots.max() == self._timeline.slot:
            self._timeline.ahead = self._clock() - float(at[slots.argmax()])


def _number(told: Any) -> float:
    """NaN for what is no number."""
    try:
        return float(told) if not isinstance(told, str | bytes) else math.nan
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _check(**settings: float) -> None:
    for name, value in settings.items():
        if not 0 < value < math.inf:
            raise WireError(name, f"is {value}; set a number above 0")
