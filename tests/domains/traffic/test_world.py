"""What is true of the simulated server: seeded, of several kinds, with abuse that shows and seasons that do not."""

from __future__ import annotations

import numpy as np
import pytest

from samouk.domains.traffic.features import FEATURES
from samouk.domains.traffic.world import (
    DAY,
    DEEDS,
    FIRST,
    KINDS,
    Abuse,
    Attack,
    Cells,
    Deploy,
    TrafficWorld,
    attacks_of,
    done,
    messages,
    season,
    windows,
)

NOON = DAY + 720


def features_of(cells: Cells, seed: int = 0) -> np.ndarray:
    events = messages(cells, np.random.default_rng(seed))
    return windows(events, len(cells.rate), cells.channels, cells.addresses, cells.connected)


def column(name: str) -> int:
    return FEATURES.index(name)


def test_the_same_seed_gives_the_same_stream_and_another_another() -> None:
    """Every message, and every minute wherever the stream begins."""
    one, two, other = (TrafficWorld(seed, users=20).stream(5, start=NOON) for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one.at, other.at)
    late = TrafficWorld(3, users=20).stream(2, start=NOON + 3)
    assert np.array_equal(late.at, one.at[one.at >= FIRST + 60 * (NOON + 3)])


def test_a_stream_runs_with_the_clock() -> None:
    """Messages come in the order of their time, sizes are positive, all within the minutes."""
    stream = TrafficWorld(1).stream(10, start=NOON)
    assert (np.diff(stream.at) >= 0).all()
    assert (stream.size >= 1).all()
    assert stream.at[0] >= FIRST + 60 * NOON and stream.at[-1] < FIRST + 60 * (NOON + 10)
    assert (stream.deed == -1).all()


def test_windows_are_counted_as_the_features_say() -> None:
    """Against the definitions, worked out message by message."""
    world = TrafficWorld(2, users=30)
    cells = world.cells(np.arange(30), np.full(30, NOON), np.random.default_rng(1))
    events = messages(cells, np.random.default_rng(2))
    found = windows(events, 30, cells.channels, cells.addresses, cells.connected)
    for cell in range(30):
        mine = events.cell == cell
        at, size = events.second[mine], events.size[mine]
        assert found[cell, column("messages_per_minute")] == len(at)
        if len(at) >= 3:
            gaps = np.diff(at)
            assert found[cell, column("avg_message_size")] == pytest.approx(size.mean())
            assert found[cell, column("size_spread")] == pytest.approx(size.std())
            assert found[cell, column("burst")] == max(((at >= x) & (at < x + 5)).sum() for x in at)
            assert found[cell, column("regularity")] == pytest.approx(1 / (1 + gaps.std() / gaps.mean()))


def test_nights_and_weekends_are_quiet() -> None:
    """Three in the night against three in the afternoon, Wednesday against Sunday."""
    moments = np.array([2 * DAY + 180, 2 * DAY + 900, 6 * DAY + 900])
    night, day, sunday = season(moments)
    assert night < 0.1 < sunday < day <= 1.0


def test_kinds_differ_and_those_alike_do_not() -> None:
    """A bot keeps time and an uploader sends much; of users who are alike there is one kind."""
    world = TrafficWorld(5, users=200)
    cells = world.cells(np.arange(200), np.full(200, NOON), np.random.default_rng(1))
    found = features_of(cells)
    kinds = [KINDS[kind].name for kind in world.kinds]
    assert set(kinds) == {kind.name for kind in KINDS}
    middle = {kind: np.median(found[[name == kind for name in kinds]], axis=0) for kind in set(kinds)}
    assert middle["bot"][column("regularity")] > 0.85 > middle["chatter"][column("regularity")]
    assert middle["uploader"][column("avg_message_size")] > 20 * middle["bot"][column("avg_message_size")]
    assert len(set(TrafficWorld(5, users=200, alike=True).kinds)) == 1


def test_features_are_correlated() -> None:
    """Whoever sends more than usual also sends larger: one mood moves both."""
    world = TrafficWorld(6, users=1, alike=True)
    many = 2_000
    cells = world.cells(np.zeros(many, np.int64), np.full(many, NOON), np.random.default_rng(1))
    assert np.corrcoef(np.log(cells.rate), np.log(cells.size))[0, 1] > 0.8


SHOWS = {
    Abuse.FLOOD: ("messages_per_minute", 100.0),
    Abuse.DRIP: ("regularity", 0.85),
    Abuse.EXFILTRATION: ("avg_message_size", 700.0),
    Abuse.PROBING: ("error_rate", 0.3),
    Abuse.HAMMERING: ("rate_limit_violations", 1.0),
    Abuse.ADDRESSES: ("addresses", 5.0),
}


@pytest.mark.parametrize("deed", Abuse)
def test_each_abuse_shows_in_its_feature(deed: Abuse) -> None:
    """Nearly always beyond a bound that chatters nearly never reach."""
    world = TrafficWorld(7, users=1, alike=True)
    rng = np.random.default_rng(1)
    cells = world.cells(np.zeros(300, np.int64), np.full(300, NOON), rng)
    name, bound = SHOWS[deed]
    quiet = features_of(cells)[:, column(name)]
    abused = features_of(done(cells, np.full(300, DEEDS.index(deed)), rng))[:, column(name)]
    assert (abused > bound).mean() > 0.9
    assert (quiet > bound).mean() < 0.05


def test_attacks_are_labelled_and_touch_nobody_else() -> None:
    """The truth stands beside every message; all others send what they would have sent."""
    world = TrafficWorld(8, users=12)
    attacks = attacks_of(world, list(Abuse), NOON + 2, minutes=1, apart=1)
    stream, calm = world.stream(10, start=NOON, attacks=attacks), world.stream(10, start=NOON)
    assert {DEEDS[deed] for deed in set(stream.deed[stream.deed >= 0])} == set(Abuse)
    for attack in attacks:
        assert set(stream.user[stream.deed == DEEDS.index(attack.deed)]) == {attack.user}
    before = 60 * (NOON + 2) + FIRST
    assert np.array_equal(stream.size[stream.at < before], calm.size[calm.at < before])


def test_a_deploy_shifts_the_level_for_good_and_errors_for_minutes() -> None:
    """It is harmless: no message is labelled."""
    world = TrafficWorld(9, users=60)
    deploy = Deploy(NOON + 15, size=3.0, rate=1.0, error=0.3, lasting=5)
    stream = world.stream(40, start=NOON, deploy=deploy)
    minute = (stream.at - FIRST) // 60 - NOON
    small, large = np.median(stream.size[minute < 15]), np.median(stream.size[minute >= 15])
    assert 2 < large / small < 4.5
    shaken = (minute >= 15) & (minute < 20)
    assert stream.error[shaken].mean() > 0.2 > 0.1 > stream.error[~shaken].mean()
    assert (stream.deed == -1).all()


def test_an_attack_lasts_as_long_as_it_says() -> None:
    """From its first minute to before its last."""
    stream = TrafficWorld(3, users=5).stream(6, start=NOON, attacks=[Attack(Abuse.FLOOD, 2, NOON + 1, 3)])
    minutes = (stream.at[stream.deed >= 0] - FIRST) // 60 - NOON
    assert set(minutes) == {1, 2, 3}
