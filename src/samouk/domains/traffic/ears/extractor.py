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

from samouk.domains.traffic.ears.batches import LATEST, Batch, BoolArray, FloatArray, IntArray, by_place, grouped
from samouk.domains.traffic.ears.people import EVERYBODY
from samouk.domains.traffic.ears.state import Piece, State, joined
from samouk.domains.traffic.ears.timeline import JUMP, OUT_OF_ORDER
from samouk.domains.traffic.ears.windows import SLOTS
from samouk.domains.traffic.features import LARGEST, SERVER, Features
from samouk.edge.wire import WireError
from samouk.families.packing import pack, unpack

LONGEST_NAME = 256
"""Characters of a user id, at most."""

KEPT = 1_000
"""Windows that ``recent`` remembers."""

FEWEST_SLOTS = 6
"""Slots of a window, at least, however small its buffer."""

AT_ONCE = 2_000
"""Users copied at once for a save: the lock is held for about 10 ms."""

BREATH_S = 0.001

_KIND = "traffic-ears/2"
_PLAIN = frozenset({int, float})


class Observed(NamedTuple):
    """A window that was analysed."""

    user_id: str
    at: float
    features: Features


class FeatureExtractor:
    """The windows of at most ``max_users`` users and of the whole server. Safe to call from any thread.

    Nothing that a client can send raises; what cannot be used is counted in ``counts`` by its reason:
    ``refused_user`` (no text, empty or longer than ``LONGEST_NAME``: not heard), ``refused_time`` (not finite, before
    1970 or in milliseconds: not heard), ``refused_size`` (no number, not finite or negative: heard with 0 bytes),
    ``clipped_size`` (above 10^12: heard as that), ``refused_channels`` and ``refused_address`` (passed over),
    ``out_of_order`` (heard in the second that it belongs to), ``dropped_late`` (older than the window: not heard),
    ``clock_jumps``, ``evicted_users`` and ``dropped_users`` (by ``cleanup_old_sessions``).

    A window holds nothing that is too old, and at its old end lacks less than a slot, which is ``window_s`` / 60: it is
    59 to 60 s of a minute, and all 60 where times are whole seconds. The clock is the latest time that was told; it is
    put back by five messages in a row from before the window, or by one that came without a time.

    Args:
        window_s: seconds of the window.
        buffer_size: places a user's window may take, at most; with fewer than 61 its slots are longer.
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
        slots = max(min(SLOTS, buffer_size - 1), FEWEST_SLOTS)
        self._every, self._clock = every, clock
        self._state = State(max_users, window_s, slots, salt_hours * 3_600.0)
        self._recent: deque[Observed] = deque(maxlen=KEPT)
        self._counts: Counter[str] = Counter()
        self._heard = self._before = 0
        self._lock = threading.Lock()
        self._bind()

    def _bind(self) -> None:
        """Names of what every message goes through: a look-up saved is a tenth of its cost."""
        state = self._state
        self._places, self._again = state.people.places, state.people.again
        self._add, self._hear = state.windows.add, state.sessions.hear
        self._timeline, self._slot_s = state.timeline, state.slot_s

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
            channels: names of those in use or of the one that the message is for, or how many; empty for not told.
            ip_address: turned into 16 bits of a salted hash and forgotten.
            at: seconds since 1970; None for now.
        """
        with self._lock:
            return self._take(user_id, message_size, channels, ip_address, error, rate_limited, at)

    def track_batch(
        self,
        user_ids: Sequence[str],
        at: FloatArray,
        message_size: FloatArray,
        error: BoolArray | None = None,
        rate_limited: BoolArray | None = None,
        channels: IntArray | Sequence[Collection[str] | int] | None = None,
        ip_address: Sequence[str | None] | None = None,
    ) -> list[str]:
        """Many messages in the order in which they came; the users for whom it is time to analyse.

        Arrays have one value for each user id; WireError is raised when they do not. As single calls, but that
        messages which are out of order are put in order first. A batch that needs room for new users, or in which
        something comes too late, goes message by message.
        """
        batch = Batch(user_ids, at, message_size, error, rate_limited, channels, ip_address)
        with self._lock:
            timely = batch.timely()
            slots = (np.where(timely, batch.at, 0.0) / self._slot_s).astype(np.int64)
            places = self._places_of(batch, timely) if self._timeline.fits(slots[timely]) else None
            if places is None:
                return self._one_by_one(batch)
            self._counts["refused_time"] += len(timely) - int(timely.sum())
            heard = np.flatnonzero(timely & (places > EVERYBODY))
            return self._take_many(batch, heard, places, slots) if len(heard) else []

    def connected(self, user_id: str, ip_address: str | None = None, at: float | None = None) -> None:
        """The user opened a connection: a session begins, unless one is open."""
        with self._lock:
            moment = self._moment(at)
            place = self._place(user_id, moment)
            if place is None:
                return
            self._state.sessions.open_one(place, moment)
            if ip_address is not None:
                self._hide(place, ip_address, moment)

    def disconnected(self, user_id: str, at: float | None = None) -> None:
        """The user closed a connection; with the last one the session ends and the channels are given up."""
        with self._lock:
            place = self._known(user_id)
            if place is not None and self._state.sessions.close_one(place):
                self._state.channels.tell(place, 0)

    def features(self, user_id: str, at: float | None = None) -> Features | None:
        """The user's window that ends at ``at``; None when nobody is known by that name."""
        with self._lock:
            place = EVERYBODY if user_id == SERVER else self._known(user_id)
            return None if place is None else self._state.features(place, self._moment(at))

    def server_features(self, at: float | None = None) -> Features:
        """All users together; the session began with the first message, and channels are added up over the users."""
        with self._lock:
            return self._state.features(EVERYBODY, self._moment(at))

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
            gone = self._state.forget(self._moment(None) - max_age_hours * 3_600.0)
            self._counts["dropped_users"] += gone
            return gone

    def forget(self, user_id: str) -> int:
        """Remove the user's window, session and what was noted of it; how many windows that were."""
        with self._lock:
            place = self._known(user_id)
            if place is not None:
                self._state.leave(place)
            noted = [seen for seen in self._recent if seen.user_id != user_id]
            gone = len(self._recent) - len(noted) + (place is not None)
            self._recent = deque(noted, self._recent.maxlen)
            return gone

    def users(self) -> list[str]:
        """Those who are known by name: not those who were restored and have not been heard since."""
        with self._lock:
            return list(self._places)

    def __len__(self) -> int:
        """Users that are known, by name or not."""
        return len(self._state.people)

    @property
    def counts(self) -> Mapping[str, int]:
        """Since the start. ``events``: messages heard; and the reasons named above, as far as there were any."""
        with self._lock:
            return {
                "events": self._heard - self._before,
                **{reason: number for reason, number in self._counts.items() if number},
            }

    def save(self) -> bytes:
        """The whole state but ``recent`` and ``counts``. User ids and addresses are in it as hashes only.

        Users are copied some at a time, each as it is then; messages are heard in between.
        """
        state, pieces, start = self._state, list[Piece](), 0
        while not pieces or start < state.people.ever:
            if pieces:
                time.sleep(BREATH_S)  # or the lock would be taken again before those who wait for it wake
            with self._lock:
                pieces.append(state.copied(start, start + AT_ONCE))
                facts = state.facts() | {"kind": _KIND, "heard": self._heard}
            start += AT_ONCE
        return pack(facts, joined(pieces, facts))

    def load(self, data: bytes) -> None:
        """Go on where ``save`` stopped. Raises ValueError for bytes that are no such state, or of other windows."""
        facts, arrays = unpack(data, _KIND)
        with self._lock:
            state = self._state.fresh()
            state.load(facts, arrays)
            self._state = state
            self._before += int(facts["heard"]) - self._heard
            self._heard = int(facts["heard"])
            self._bind()

    def _take(
        self, user_id: str, size: float, channels: Any, address: str | None, error: bool, limited: bool, told: Any
    ) -> bool:
        at = self._clock() if told is None else told
        if type(at) is not float or not 0.0 <= at < LATEST:
            at = self._time_of(at)
            if at < 0.0:
                return False
        slot = int(at / self._slot_s)
        if slot != self._timeline.slot and not self._turn(at, slot, own_clock=told is None):
            return False
        place = self._places.get(user_id) if type(user_id) is str else None
        if place is None:
            place = self._place(user_id, at)
            if place is None:
                return False
        if type(size) not in _PLAIN or not 0.0 <= size <= LARGEST:
            size = self._size_of(size)
        self._heard += 1
        self._add(place, slot, size, error, limited)
        self._add(EVERYBODY, slot, size, error, limited)
        self._hear(EVERYBODY, at)
        messages = self._hear(place, at)
        if messages > 1:
            self._again[place] = 1
        if channels and not self._state.channels.use(place, channels, at):
            self._counts["refused_channels"] += 1
        if address is not None:
            self._hide(place, address, at)
        return messages % self._every == 0

    def _turn(self, at: float, slot: int, *, own_clock: bool) -> bool:
        """Whether a message in another slot than the newest is to be heard."""
        fits, reason = self._timeline.turn(slot, self._heard, own_clock=own_clock)
        if reason:
            self._counts[reason] += 1
        if fits and reason != OUT_OF_ORDER:
            self._timeline.ahead = 0.0 if own_clock else self._clock() - at
        if not self._heard:
            self._state.sessions.begin(EVERYBODY, at)
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
        """A size that is not plainly one; 0 for none."""
        size = _number(told)
        if 0.0 <= size <= LARGEST:
            return size
        large = LARGEST < size < math.inf
        self._counts["clipped_size" if large else "refused_size"] += 1
        return LARGEST if large else 0.0

    def _known(self, user_id: Any) -> int | None:
        named = isinstance(user_id, str) and 0 < len(user_id) <= LONGEST_NAME
        return self._state.people.place_of(user_id) if named else None

    def _place(self, user_id: Any, at: float) -> int | None:
        """Where a user is, who gets a place when new; None for what is no user id."""
        if not isinstance(user_id, str) or not 0 < len(user_id) <= LONGEST_NAME:
            self._counts["refused_user"] += 1
            return None
        place = self._state.people.place_of(user_id)
        if place is None:
            place, taken = self._state.settle(user_id, at)
            self._counts["evicted_users"] += taken
        return place

    def _hide(self, place: int, address: Any, at: float) -> None:
        if isinstance(address, str) and address:
            self._state.addresses.add(place, address, at)
        else:
            self._counts["refused_address"] += 1

    def _places_of(self, batch: Batch, timely: BoolArray) -> IntArray | None:
        """(rows,) places, -1 where there is no user id; None when some must make room for others."""
        try:
            places = np.fromiter(map(self._places.get, batch.users, repeat(-1)), np.int64, len(timely))
        except TypeError:
            return None
        unknown = np.flatnonzero((places < 0) & timely).tolist()
        if len(unknown) > self._state.people.room:
            return None
        for row in unknown:
            place = self._place(batch.users[row], float(batch.at[row]))
            places[row] = -1 if place is None else place
        return places

    def _one_by_one(self, batch: Batch) -> list[str]:
        return list(dict.fromkeys(row[0] for row in batch.rows() if self._take(*row)))

    def _take_many(self, batch: Batch, heard: IntArray, places: IntArray, slots: IntArray) -> list[str]:
        none, large = batch.clean_sizes(heard)
        self._counts["refused_size"] += none
        self._counts["clipped_size"] += large
        self._follow(batch.at[heard], slots[heard])
        order, starts = by_place(places[heard], batch.at[heard])
        order = heard[order]
        who = places[order[starts]]
        before, after = self._state.sessions.hear_sorted(who, batch.at[order], starts)
        self._state.people.hear_again(who[after > 1])
        self._fill(batch, order, places, slots)
        in_time = heard[np.argsort(batch.at[heard], kind="stable")]
        self._state.sessions.hear_sorted(np.zeros(1, np.int64), batch.at[in_time], np.zeros(1, np.int64))
        self._fill(batch, in_time, np.zeros_like(places), slots)
        self._heard += len(heard)
        self._add_details(batch, heard, places)
        due = np.flatnonzero(before // self._every != after // self._every)
        return [batch.users[row] for row in order[starts[due]].tolist()]

    def _add_details(self, batch: Batch, heard: IntArray, places: IntArray) -> None:
        """Channels and addresses, which are kept user by user."""
        if not batch.channels and not batch.addresses:
            return
        for row, place, at in zip(heard.tolist(), places[heard].tolist(), batch.at[heard].tolist(), strict=True):
            if batch.channels and batch.channels[row]:
                used = self._state.channels.use(place, batch.channels[row], at)
                self._counts["refused_channels"] += not used
            if batch.addresses and batch.addresses[row] is not None:
                self._hide(place, batch.addresses[row], at)

    def _fill(self, batch: Batch, order: IntArray, places: IntArray, slots: IntArray) -> None:
        """Add messages that are sorted by place and slot to the windows; those that have left them already are not."""
        rows = order[slots[order] > self._timeline.slot - self._state.slots]
        sums = grouped(places[rows], slots[rows], batch.size[rows], batch.error[rows], batch.limited[rows])
        self._state.windows.add_groups(sums)

    def _follow(self, at: FloatArray, slots: IntArray) -> None:
        """Take the timeline to the newest of these messages, none of which comes too late."""
        if not self._heard:
            self._state.sessions.begin(EVERYBODY, float(at[0]))
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
