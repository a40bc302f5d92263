"""The whole server's minutes: all metrics together see what no single one shows, and quiet days raise no alarm."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from samouk.domains.traffic.detect.detector import SERVER_CALL
from samouk.domains.traffic.detect.server_level import LEAST, MOST, PATIENCE, WEEK, ServerLevel
from samouk.domains.traffic.ears.extractor import FeatureExtractor
from samouk.domains.traffic.features import SERVER, Features
from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.world import DAY, MINUTE, Abuse, Attack, TrafficWorld

START = 1_700_000_040.0


def minutes(number: int, seed: int = 0, *, broken: int = -1) -> Iterator[Features]:
    """Sizes rise with messages, errors fall; in minute ``broken`` they do the opposite, each within its own range."""
    rng = np.random.default_rng(seed)
    for minute in range(number):
        mood = -2.0 if minute == broken else rng.normal()
        messages = float(np.round(400 * np.exp(0.3 * mood + rng.normal(0, 0.02))))
        shown = 2.0 if minute == broken else mood
        size = float(800 * np.exp(0.4 * shown + rng.normal(0, 0.02)))
        error = float(np.clip(0.1 - 0.02 * shown + rng.normal(0, 0.002), 0, 1))
        yield Features(messages, size, error, 0.0, minute * 60.0, 90.0, 2 * size, messages / 10, 0.5, minute % 1_440)


def heard(level: ServerLevel, windows: Iterator[Features]) -> list[tuple[float, str]]:
    """Every minute's nats and words; what is due is learnt between two."""
    found = []
    for features in windows:
        found.append(level.update(features))
        level.learn()
    return found


def of_the_world(world: TrafficWorld, number: int, attacks: tuple[Attack, ...] = ()) -> Iterator[Features]:
    """The whole server's windows of simulated minutes."""
    extractor = FeatureExtractor(clock=lambda: 0.0)
    for stream in world.minutes(number, attacks=attacks):
        names = [world.names[user] for user in stream.user.tolist()]
        extractor.track_batch(names, stream.at, stream.size, stream.error, stream.limited, stream.channels)
        yield extractor.server_features((stream.at[0] // MINUTE + 1) * MINUTE)


def test_a_broken_relation_is_an_alarm_that_names_the_metrics() -> None:
    """No number leaves its range, their relation does: more nats than one minute in a week, and the words say whose."""
    found = heard(ServerLevel(), minutes(1_000, broken=900))
    loud = [minute for minute, (nats, _) in enumerate(found) if nats >= WEEK]
    assert loud == [900]
    words = found[900][1]
    assert words.startswith("all numbers of the server together are as rare as one minute in")
    assert "message size" in words
    assert "addresses" not in words
    assert not any(words for minute, (_, words) in enumerate(found) if minute != 900)


def test_before_enough_is_known_nothing_is_said() -> None:
    """Even the oddest minute is no alarm before enough are known."""
    level = ServerLevel()
    assert all(nats == 0 for nats, _ in heard(level, minutes(LEAST - 1)))
    assert level.update(Features(1e6, 1e9, 1.0))[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [10, 12])
def test_quiet_simulated_days_raise_none_and_a_burst_of_errors_one(seed: int) -> None:
    """Two quiet days of the simulated server, nights and mornings among them, then somebody probes for ten minutes."""
    world, begin = TrafficWorld(seed), 2 * DAY
    busiest = int(np.argmax(world.kinds == 1))
    found = heard(ServerLevel(), of_the_world(world, begin + 15, (Attack(Abuse.PROBING, busiest, begin, 10),)))
    loud = [minute for minute, (nats, _) in enumerate(found) if nats >= WEEK]
    assert loud, max(nats for nats, _ in found)
    assert min(loud) >= begin
    assert "errors" in found[loud[-1]][1]


def test_what_lasts_for_hours_becomes_how_things_are() -> None:
    """After a lasting shift no minute is loud for ever: it is learnt once it has lasted long enough."""
    level = ServerLevel()
    heard(level, minutes(700))
    known = level.known
    shifted = [one._replace(avg_message_size=50 * one.avg_message_size) for one in minutes(PATIENCE + 400, seed=1)]
    found = heard(level, iter(shifted))
    assert found[0][0] >= WEEK
    assert level.known > known
    assert all(nats < WEEK for nats, _ in found[-200:])


def test_a_restart_in_the_middle_changes_nothing() -> None:
    """Saved and loaded, it goes on bit for bit; other bytes are refused and change nothing."""
    whole, half = ServerLevel(), ServerLevel()
    windows = list(minutes(900, seed=3, broken=850))
    heard(half, iter(windows[:600]))
    other = ServerLevel()
    other.load(half.save())
    assert heard(whole, iter(windows))[600:] == heard(other, iter(windows[600:]))
    before = other.save()
    for bad in (b"", b"x" * 100, before[:-30]):
        with pytest.raises(ValueError, match=r"no saved state|damaged"):
            other.load(bad)
    assert other.save() == before


def test_memory_is_bounded_and_silence_says_nothing() -> None:
    """No more than two days are kept, and minutes without any message neither fail nor teach sizes of nothing."""
    level = ServerLevel()
    heard(level, minutes(LEAST + 10))
    assert all(np.isfinite(nats) for nats, _ in heard(level, iter([Features()] * 50)))
    for features in minutes(MOST + 100):
        level.update(features)
    assert level.known == MOST


@pytest.mark.slow
def test_the_guard_learns_it_in_its_ticks_and_alerts_with_its_words() -> None:
    """A whole guard: hours of minutes, then one in which sizes and errors are what they never were together."""
    now = [START]
    guard = Guard(clock=lambda: now[0], budget_per_hour=1_000)
    rng = np.random.default_rng(4)
    for minute in range(LEAST + 120):
        odd = minute >= LEAST + 115
        mood = rng.normal()
        number = int(40 * np.exp(0.2 * mood))
        for place in range(number):
            size = 300 * np.exp((-0.6 if odd else 0.3) * mood + rng.normal(0, 0.1) + (3.0 if odd else 0.0))
            guard.track(f"user {place % 8}", float(size), at=now[0] + 60 * place / number)
        now[0] += 60
        guard.tick(now[0])
    alerts = [alert for alert in guard.detector.recent() if alert.user_id == SERVER]
    assert alerts
    assert alerts[0].parts["metrics"] >= SERVER_CALL
    assert any("all numbers of the server together" in reason for reason in alerts[0].reasons)
    again = Guard(clock=lambda: now[0])
    again.detector.load(guard.detector.save())
    assert again.detector.server_level.known == guard.detector.server_level.known > LEAST
