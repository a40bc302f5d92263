"""Who is known: a place in the tables for each user, given to another when it is needed, in bounded time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.ears.addresses import new_key, pseudonym

IntArray = NDArray[np.int64]
Name = str | bytes
"""A user id; or its keyed hash, for a user who was restored and has not been heard again."""

EVERYBODY = 0
"""Place of the whole server; it is never given away."""


class People:
    """Places 1 to ``most`` by user id, with the second chance of the CLOCK algorithm (Corbató 1968) when all are taken.

    A new user's place is the first to go, until a second message comes. So a flood of names that speak once drives
    out names that spoke once, and not those who are at work. Giving a place costs O(1) on the average, and at most one
    sweep over a byte for each user.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.key = new_key()
        self.places: dict[str, int] = {}
        self.asleep: dict[bytes, int] = {}
        self.again = bytearray(most + 1)
        self._names: list[Name | None] = [""]
        self._free: list[int] = []
        self._hand = 1

    def __len__(self) -> int:
        return len(self.places) + len(self.asleep)

    def __iter__(self) -> Iterator[int]:
        yield from self.places.values()
        yield from self.asleep.values()

    def place_of(self, user_id: str) -> int | None:
        """Where the user is, awake or asleep; one who was asleep is then awake."""
        place = self.places.get(user_id)
        if place is None and self.asleep:
            place = self.asleep.pop(pseudonym(self.key, user_id), None)
            if place is not None:
                self._names[place] = user_id
                self.places[user_id] = place
        return place

    @property
    def room(self) -> int:
        """Places that can be given without taking one away."""
        return self.most - len(self)

    def settle(self, user_id: str) -> tuple[int, bool]:
        """A place for a new user, and whether it was taken from another."""
        taken = False
        if self._free:
            place = self._free.pop()
        elif len(self._names) <= self.most:
            place = len(self._names)
            self._names.append(None)
        else:
            place, taken = self._longest_silent(), True
            self._forget(place)
        self._names[place] = user_id
        self.places[user_id] = place
        self.again[place] = 0
        return place, taken

    def hear_again(self, places: IntArray) -> None:
        """Many places at once that were not heard for the first time."""
        np.frombuffer(self.again, np.uint8)[places] = 1

    def leave(self, place: int) -> None:
        self._forget(place)
        self._free.append(place)

    def _forget(self, place: int) -> None:
        name = self._names[place]
        if isinstance(name, str):
            del self.places[name]
        elif name is not None:
            del self.asleep[name]
        self._names[place] = None

    def _longest_silent(self) -> int:
        """The first place from the hand on that was not heard twice since the hand last passed. All are taken."""
        for start in (self._hand, 1):
            found = self.again.find(0, start)
            end = len(self.again) if found < 0 else found
            self.again[start:end] = bytes(end - start)
            if found > 0:
                break
        else:
            found = 1
        self._hand = found + 1 if found < self.most else 1
        return found

    @property
    def ever(self) -> int:
        """Places that were ever given, that of everybody included: all are below."""
        return len(self._names)

    def facts(self) -> dict[str, Any]:
        return {"key": self.key.hex(), "hand": self._hand, "ever": self.ever}

    def kept(self, start: int, stop: int) -> tuple[IntArray, list[Name], NDArray[np.uint8]]:
        """Places in use from ``start`` to before ``stop``, who has them, for ``hashed``, and who was heard again."""
        names = self._names[start:stop]
        places = np.array([place for place, name in enumerate(names, start) if name], np.int64)
        return places, [name for name in names if name], np.frombuffer(self.again, np.uint8)[places]

    def restore(self, facts: Mapping[str, Any], places: IntArray, hashes: NDArray[np.uint8], again: IntArray) -> None:
        """Of a user who moved while others were saved the last place counts. Raises ValueError for too many users."""
        ever = int(facts["ever"])
        if ever > self.most + 1:
            raise ValueError(f"the state is of {ever - 1} users; set max_users to so many or more")
        self.key, self._hand = bytes.fromhex(facts["key"]), int(facts["hand"])
        self.places, self.again = {}, bytearray(self.most + 1)
        self.asleep = {row.tobytes(): int(place) for place, row in zip(places, hashes, strict=True)}
        self._names = [None] * ever
        self._names[EVERYBODY] = ""
        for name, place in self.asleep.items():
            self._names[place] = name
        self._free = [place for place in range(ever - 1, EVERYBODY, -1) if self._names[place] is None]
        np.frombuffer(self.again, np.uint8)[places] = again


def hashed(names: Sequence[Name], key: bytes) -> NDArray[np.uint8]:
    """(n_names, 16) pseudonyms: no user id."""
    hashes = b"".join(name if isinstance(name, bytes) else pseudonym(key, name) for name in names)
    return np.frombuffer(hashes, np.uint8).reshape(-1, 16)
