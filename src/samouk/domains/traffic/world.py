"""A seeded simulator of a server's traffic: users of several kinds, their messages, abuse, and what only looks like it.

What it assumes, and what a figure from it is therefore worth: users keep to one kind each and differ by factors;
messages of a person come independently of each other but for bursts, those of a machine like a clock; day and week
move how much is sent, not what. Abuse lasts whole minutes and begins at once. No open data carry these features
together, so whatever is measured here is called simulated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MINUTE = 60.0
DAY = 1_440
"""Minutes of a day; minute 0 of the world is midnight before a Monday."""

FIRST = 1_767_571_200.0
"""Seconds since 1970 of minute 0: 5 January 2026, a Monday."""

BURST_S = 5.0
MOST_MESSAGES = 5_000
"""Of one user in one minute."""


class Kind(NamedTuple):
    """Users of one kind, about their middle one.

    Attributes:
        rate: messages a minute at the busiest time of day.
        size, spread: median bytes of a message, and the standard deviation of their logarithm.
        error: share that fails.
        jitter: of the gaps between messages, as a share of them; 1 for people, whose messages come at random.
        bursts: share of the messages that come within seconds of each other.
        season: how far day and week move the rate; 0 for machines.
    """

    name: str
    rate: float
    size: float
    spread: float
    channels: float
    error: float
    jitter: float
    bursts: float
    season: float
    session_hours: float


KINDS: tuple[Kind, ...] = (
    Kind("reader", 3, 120, 0.4, 2, 0.01, 1.0, 0.3, 0.8, 0.3),
    Kind("chatter", 22, 70, 0.7, 6, 0.01, 1.0, 0.1, 0.8, 1.0),
    Kind("uploader", 6, 60_000, 1.0, 1, 0.03, 1.0, 0.5, 0.7, 0.2),
    Kind("bot", 12, 400, 0.1, 1, 0.005, 0.08, 0.0, 0.0, 60.0),
    Kind("dashboard", 40, 1_500, 0.3, 12, 0.002, 0.4, 0.0, 0.3, 9.0),
)
_SHARES = np.array([0.3, 0.25, 0.15, 0.15, 0.15])


class Abuse(StrEnum):
    """What does harm."""

    FLOOD = "flood"
    DRIP = "drip"
    EXFILTRATION = "exfiltration"
    PROBING = "probing"
    HAMMERING = "hammering"
    ADDRESSES = "addresses"


class Harmless(StrEnum):
    """What only looks like it."""

    RUSH = "rush"
    PHOTOS = "photos"
    IMPORT = "import"
    TRAVEL = "travel"
    BAD_LINE = "bad_line"


Deed = Abuse | Harmless
DEEDS: tuple[Deed, ...] = (*Abuse, *Harmless)


class Cells(NamedTuple):
    """Users' minutes before anything is sent: (n,) each, what is expected of one user in one minute."""

    rate: Floats
    size: Floats
    spread: Floats
    channels: Floats
    error: Floats
    limited: Floats
    jitter: Floats
    bursts: Floats
    addresses: Floats
    connected: Floats


class Events(NamedTuple):
    """Messages in the order of their cells, and of the clock within each: (m,) each.

    Attributes:
        cell: number of the cell.
        second: since the cell's minute began, in [0, 60).
    """

    cell: Ints
    second: Floats
    size: Floats
    error: NDArray[np.bool_]
    limited: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Attack:
    """One user's deed, abuse or not, for so many minutes."""

    deed: Deed
    user: int
    start: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Deploy:
    """From ``minute`` on all send more and larger messages, and for ten minutes more of them fail; harmless."""

    minute: int
    size: float = 1.6
    rate: float = 1.2
    error: float = 0.15
    lasting: int = 10


class Stream(NamedTuple):
    """All users' messages in the order of the clock; (m,) each.

    Attributes:
        user: number of the user; ``TrafficWorld.names`` tells the name.
        at: seconds since 1970.
        channels, addresses: how many are in use.
        deed: place in ``DEEDS`` of what the message belongs to; -1 for none.
    """

    user: Ints
    at: Floats
    size: Floats
    channels: Ints
    addresses: Ints
    error: NDArray[np.bool_]
    limited: NDArray[np.bool_]
    deed: Ints


class TrafficWorld:
    """So many users of one server; the same for the same seed. ``alike`` ones differ in nothing but chance."""

    def __init__(self, seed: int, *, users: int = 40, alike: bool = False) -> None:
        rng = np.random.default_rng([seed, 4])
        self.seed = seed
        self.users = users
        self.kinds: Ints = np.ones(users, np.int64) if alike else rng.choice(len(KINDS), users, p=_SHARES)
        factors = np.zeros((users, 4)) if alike else rng.normal(0, [0.4, 0.4, 0.3, 0.7], (users, 4))
        self._factors = np.exp(factors)
        self._homes: Floats = np.ones(users) if alike else rng.integers(1, 4, users).astype(np.float64)
        self.names = tuple(f"{KINDS[kind].name}-{number}" for number, kind in enumerate(self.kinds))

    def cells(self, users: Ints, minutes: Ints, rng: np.random.Generator, deploy: Deploy | None = None) -> Cells:
        """What is expected of these users in these minutes; (n,) each."""
        kinds = np.array([kind[1:] for kind in KINDS])[self.kinds[users]]
        rate, size, spread, channels, error, jitter, bursts, swing, hours = kinds.T
        factors = self._factors[users]
        # Whoever sends more in a minute fails a little more and sends larger messages: one mood moves all three.
        mood = rng.normal(0, 0.35, len(users))
        steady = np.where(jitter < 0.5, 0.2, 1.0)
        cells = Cells(
            rate=rate * factors[:, 0] * (1 - swing * (1 - season(minutes))) * np.exp(mood * steady),
            size=size * factors[:, 1] * np.exp(0.3 * mood * steady),
            spread=spread,
            channels=np.maximum(np.round(channels * factors[:, 2] * np.exp(rng.normal(0, 0.15, len(users)))), 1),
            error=np.minimum(error * factors[:, 3] * np.exp(0.5 * mood), 0.3),
            limited=np.full(len(users), 0.0003),
            jitter=jitter,
            bursts=bursts,
            addresses=self._homes[users],
            connected=rng.exponential(hours * 3_600),
        )
        return cells if deploy is None else _deployed(cells, minutes, deploy)

    def stream(
        self, minutes: int, *, start: int = 0, attacks: Sequence[Attack] = (), deploy: Deploy | None = None
    ) -> Stream:
        """All messages of so many minutes from minute ``start`` of the world on."""
        parts = list(self.minutes(minutes, start=start, attacks=attacks, deploy=deploy))
        return Stream(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def minutes(
        self, minutes: int, *, start: int = 0, attacks: Sequence[Attack] = (), deploy: Deploy | None = None
    ) -> Iterator[Stream]:
        """The same, minute by minute; a minute is the same wherever the stream begins."""
        everybody = np.arange(self.users)
        for minute in range(start, start + minutes):
            rng = np.random.default_rng([self.seed, 5, minute])
            cells = self.cells(everybody, np.full(self.users, minute), rng, deploy)
            deeds = np.full(self.users, -1)
            for attack in attacks:
                if attack.start <= minute < attack.start + attack.minutes:
                    deeds[attack.user] = DEEDS.index(attack.deed)
            cells = done(cells, deeds, rng)
            events = messages(cells, rng)
            order = np.argsort(events.second, kind="stable")
            who = events.cell[order]
            yield Stream(
                user=who,
                at=FIRST + MINUTE * minute + events.second[order],
                size=events.size[order],
                channels=cells.channels.astype(np.int64)[who],
                addresses=cells.addresses.astype(np.int64)[who],
                error=events.error[order],
                limited=events.limited[order],
                deed=deeds[who],
            )


def season(minutes: Ints) -> Floats:
    """(n,) share of the busiest time, in [0, 1]: low at night, lower at the weekend."""
    of_day = 0.5 - 0.5 * np.cos(2 * np.pi * ((minutes % DAY) / DAY - 0.125))
    return np.asarray(of_day * np.where(minutes // DAY % 7 >= 5, 0.6, 1.0))


def _deployed(cells: Cells, minutes: Ints, deploy: Deploy) -> Cells:
    after = minutes >= deploy.minute
    shaken = after & (minutes < deploy.minute + deploy.lasting)
    return cells._replace(
        size=np.where(after, cells.size * deploy.size, cells.size),
        rate=np.where(after, cells.rate * deploy.rate, cells.rate),
        error=np.where(shaken, np.maximum(cells.error, deploy.error), cells.error),
    )


def done(cells: Cells, deeds: Ints, rng: np.random.Generator) -> Cells:
    """The cells with what their users are up to; ``deeds`` are places in ``DEEDS``, -1 for nothing."""
    found = cells
    for place, deed in enumerate(DEEDS):
        mine = deeds == place
        if mine.any():
            changed = _does(found, deed, rng)
            found = Cells(*(np.where(mine, new, old) for new, old in zip(changed, found, strict=True)))
    return found


def _does(cells: Cells, deed: Deed, rng: np.random.Generator) -> Cells:
    """The cells if all of them did it."""

    def drawn(low: float, high: float) -> Floats:
        return np.asarray(np.exp(rng.uniform(np.log(low), np.log(high), len(cells.rate))))

    change = cells._replace
    match deed:
        case Abuse.FLOOD:
            return change(rate=np.maximum(4 * cells.rate, drawn(120, 1_200)), size=drawn(20, 400))
        case Abuse.DRIP:
            rate = np.maximum(drawn(8, 25), 1.3 * cells.rate)
            return change(rate=rate, jitter=drawn(0.01, 0.1), bursts=0 * rate, channels=2 * cells.channels + 4)
        case Abuse.EXFILTRATION:
            return change(size=cells.size * drawn(10, 100), rate=1.3 * cells.rate + 2)
        case Abuse.PROBING:
            return change(error=drawn(0.4, 0.95), rate=1.5 * cells.rate + drawn(5, 30))
        case Abuse.HAMMERING:
            return change(rate=np.maximum(2 * cells.rate, drawn(40, 200)), limited=drawn(0.08, 0.6))
        case Abuse.ADDRESSES:
            return change(addresses=np.round(cells.addresses + drawn(5, 40)), rate=1.3 * cells.rate + 4)
        case Harmless.RUSH:
            return change(rate=cells.rate * drawn(2, 5))
        case Harmless.PHOTOS:
            return change(size=cells.size * drawn(5, 30), spread=np.maximum(cells.spread, 1.0))
        case Harmless.IMPORT:
            return change(rate=drawn(90, 300), jitter=drawn(0.1, 0.3), bursts=0 * cells.rate)
        case Harmless.TRAVEL:
            return change(addresses=np.round(cells.addresses + drawn(2, 6)), connected=0.1 * cells.connected)
        case Harmless.BAD_LINE:
            return change(error=drawn(0.15, 0.5), connected=0.05 * cells.connected)


def messages(cells: Cells, rng: np.random.Generator) -> Events:
    """Draw what is sent."""
    counts = np.minimum(rng.poisson(cells.rate), MOST_MESSAGES)
    cell = np.repeat(np.arange(len(counts)), counts)
    many = len(cell)
    place = np.arange(many) - np.repeat(np.cumsum(counts) - counts, counts)
    gap = (MINUTE / np.maximum(counts, 1))[cell]
    jitter = cells.jitter[cell]
    clocked = (place + rng.random(len(counts))[cell] + jitter * rng.normal(0, 1, many)) * gap
    second = np.where(jitter < 1, clocked, MINUTE * rng.random(many)) % MINUTE
    together = rng.random(many) < cells.bursts[cell]
    second = np.where(together, ((MINUTE - 4) * rng.random(len(counts)))[cell] + 4 * rng.random(many), second)
    order = np.lexsort((second, cell))
    return Events(
        cell=cell,
        second=second[order],
        size=np.exp(np.log(cells.size)[cell] + cells.spread[cell] * rng.normal(0, 1, many)).round() + 1,
        error=rng.random(many) < cells.error[cell],
        limited=rng.random(many) < cells.limited[cell],
    )


def windows(events: Events, cells: int, channels: Floats, addresses: Floats, connected: Floats) -> Floats:
    """(cells, 10) the features of each cell's minute, in the order of ``FEATURES`` and by their definitions."""
    count = np.bincount(events.cell, minlength=cells).astype(np.float64)
    some = np.maximum(count, 1)

    def summed(values: NDArray[np.generic]) -> Floats:
        return np.asarray(np.bincount(events.cell, weights=values, minlength=cells))

    mean = summed(events.size) / some
    spread = np.sqrt(summed((events.size - mean[events.cell]) ** 2) / some)
    columns = (
        count,
        mean,
        summed(events.error) / some,
        summed(events.limited),
        connected,
        np.where(count > 0, channels, 0.0),
        spread,
        _burst(events, cells),
        _regularity(events, count),
        addresses,
    )
    return np.stack(columns, axis=1)


def _burst(events: Events, cells: int) -> Floats:
    """(cells,) messages in the fullest five seconds."""
    clock = 2 * MINUTE * events.cell + events.second
    within = np.searchsorted(clock, clock + BURST_S, "left") - np.arange(len(clock))
    fullest = np.zeros(cells)
    np.maximum.at(fullest, events.cell, within)
    return fullest


def _regularity(events: Events, count: Floats) -> Floats:
    """(cells,) 1 / (1 + coefficient of variation of the gaps); 0 with fewer than three messages."""
    same = events.cell[1:] == events.cell[:-1]
    cell, gaps = events.cell[1:][same], np.diff(events.second)[same]
    some = np.maximum(count - 1, 1)
    mean = np.bincount(cell, weights=gaps, minlength=len(count)) / some
    spread = np.sqrt(np.bincount(cell, weights=(gaps - mean[cell]) ** 2, minlength=len(count)) / some)
    return np.where(count >= 3, mean / np.maximum(mean + spread, 1e-9), 0.0)


def merged(events: Events, groups: Ints) -> Events:
    """The same messages by larger cells, such as the whole server's minutes: ``groups[cell]`` is the new number."""
    cell = groups[events.cell]
    order = np.lexsort((events.second, cell))
    return Events(cell[order], events.second[order], events.size[order], events.error[order], events.limited[order])


def attacks_of(world: TrafficWorld, deeds: Sequence[Deed], start: int, minutes: int, apart: int) -> list[Attack]:
    """One user after the other does one deed each: from ``start`` on, every ``apart`` minutes."""
    users = np.random.default_rng([world.seed, 6]).permutation(world.users)[: len(deeds)]
    return [
        Attack(deed, int(user), start + place * apart, minutes)
        for place, (deed, user) in enumerate(zip(deeds, users, strict=True))
    ]
