"""All that the ears hold of the users and of the whole server, and how it is kept over a restart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.ears.addresses import Addresses
from samouk.domains.traffic.ears.channels import Channels
from samouk.domains.traffic.ears.people import EVERYBODY, Name, People, hashed
from samouk.domains.traffic.ears.sessions import Sessions
from samouk.domains.traffic.ears.timeline import Timeline
from samouk.domains.traffic.ears.windows import Windows
from samouk.domains.traffic.features import Features

Arrays = dict[str, NDArray[Any]]


class Piece(NamedTuple):
    """A copy of some places. ``names``: of who has them; ``salt``: of the hashes of addresses in it."""

    names: list[Name]
    arrays: Arrays
    salt: bytes


class State:
    """The tables, by place; ``slots`` of ``window_s`` / ``slots`` seconds each."""

    def __init__(self, max_users: int, window_s: float, slots: int, salt_s: float) -> None:
        self.window_s, self.slots, self.slot_s = window_s, slots, window_s / slots
        self.people = People(max_users)
        self.sessions = Sessions(max_users + 1, window_s)
        self.windows = Windows(max_users + 1, slots)
        self.channels = Channels(max_users + 1, window_s)
        self.addresses = Addresses(salt_s)
        self.timeline = Timeline(slots, self.slot_s)

    def fresh(self) -> State:
        """Empty tables of the same kind."""
        return State(self.people.most, self.window_s, self.slots, self.addresses.salt_s)

    def settle(self, user_id: str, at: float) -> tuple[int, bool]:
        """A place for a new user; whether another had to leave for that."""
        place, taken = self.people.settle(user_id)
        if taken:
            self._clear(place)
        self.sessions.begin(place, at)
        return place, taken

    def forget(self, before: float) -> int:
        """Users who were last heard before a time; how many there were."""
        old = self.sessions.older(before)
        gone = [place for place in self.people if place in old]
        for place in gone:
            self.leave(place)
        return len(gone)

    def leave(self, place: int) -> None:
        """Give up a user's place and what is in it."""
        self.people.leave(place)
        self._clear(place)

    def features(self, place: int, at: float) -> Features:
        """The window that ends at ``at``."""
        newest = int(at / self.slot_s)
        window = self.windows.window(place, newest, max(newest - self.slots + 1, 0))
        everybody = place == EVERYBODY
        return Features(
            messages_per_minute=window.messages * 60.0 / self.window_s,
            avg_message_size=window.mean,
            error_rate=window.errors / max(window.messages, 1.0),
            rate_limit_violations=window.limited,
            connection_duration=self.sessions.duration(place, at),
            channels_count=self.channels.all_told if everybody else self.channels.number(place, at),
            size_spread=window.spread,
            burst=window.fullest,
            regularity=self.sessions.regularity(place) if window.messages >= 3.0 else 0.0,
            addresses=float(self.addresses.everywhere() if everybody else self.addresses.number(place)),
        )

    def copied(self, start: int, stop: int) -> Piece:
        """A copy of the places from ``start`` to before ``stop``, for ``joined``; about 4 µs each."""
        places, names, again = self.people.kept(start, stop)
        slots, numbers, stamps = self.windows.kept(start, stop, self.timeline.slot)
        arrays: Arrays = {"slots": slots, "numbers": numbers, "stamps": stamps, "again": again}
        arrays |= self.addresses.kept(start, stop)
        if start == EVERYBODY:
            places = np.concatenate([[EVERYBODY], places])
        arrays |= {"places": places} | self.sessions.kept(places) | self.channels.kept(places)
        return Piece(names, arrays, self.addresses.salt)

    def facts(self) -> dict[str, Any]:
        """What is of no one place, at the end of copying all."""
        told = {"timeline": self.timeline.facts(), "addresses": self.addresses.facts()}
        return self.people.facts() | told | {"shape": self._shape()}

    def load(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Into fresh tables. Raises ValueError when the state is of other windows or of more users."""
        if facts["shape"] != self._shape():
            raise ValueError(f"the state has window and slots {facts['shape']}; set window_s and buffer_size as there")
        places = arrays["places"]
        self.people.restore(facts, places[1:], arrays["hashes"], arrays["again"])
        self.windows.restore(arrays["slots"], arrays["numbers"], arrays["stamps"])
        self.sessions.restore(places, arrays)
        self.channels.restore(places, arrays)
        self.addresses.restore(facts["addresses"], arrays)
        self.timeline.restore(facts["timeline"])

    def _shape(self) -> list[float]:
        return [self.window_s, self.slots]

    def _clear(self, place: int) -> None:
        self.windows.clear(place)
        self.channels.clear(place)
        self.addresses.drop(place)


def joined(pieces: Sequence[Piece], facts: Mapping[str, Any]) -> Arrays:
    """One table of all pieces, which are used up, for ``State.load``. Users and addresses are in it as hashes only."""
    key, salt = bytes.fromhex(facts["key"]), facts["addresses"]["salt"]
    arrays = {"hashes": np.concatenate([hashed(piece.names, key) for piece in pieces])}
    for piece in pieces:
        if piece.salt.hex() != salt:  # hashes under an older salt tell nothing any more
            piece.arrays.update({name: piece.arrays[name][:0] for name in ("owners", "lengths", "shorts")})
    for name in list(pieces[0].arrays):  # one after the other, or all would be held twice
        arrays[name] = np.concatenate([piece.arrays.pop(name) for piece in pieces])
    return arrays
