"""Processes that decide at once, or wake up after others decided: one of them acts, the others are told."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from examples.side_of_a_line import TOY, ToyWorld, artifact
from tests.loop.people import GOOD, POOR, enter_model, learner
from tests.many.serving import environment

from samouk import assembly
from samouk.loop.live import EventKind
from samouk.loop.ports import Services
from samouk.loop.ramp import take_up
from samouk.loop.records import Stage
from samouk.loop.release import register_next
from samouk.loop.turn import begin
from samouk.settings import load

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Place:
    """A store that several processes share."""

    home: Path
    url: str

    @contextmanager
    def opened(self) -> Iterator[Services]:
        settings = load({}, home=self.home, database_url=self.url)
        assembly.ensure_signing_keys(settings)
        with assembly.opened(settings) as services:
            yield services


@pytest.fixture(params=["postgres", "embedded"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    url = request.getfixturevalue("postgres") if request.param == "postgres" else ""
    return Place(tmp_path / "home", url)


@contextmanager
def acting(place: Place, action: str, *more: str) -> Iterator[subprocess.Popen[str]]:
    """A process that acts; ended when the block ends."""
    command = [sys.executable, "-m", "tests.many.acting", action, str(place.home), place.url, *more]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment(place.home, place.url), **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def begun(place: Place) -> None:
    """A poor version in service, and samples of which a better one can be made."""
    poor = replace(TOY, first=lambda: artifact([1.0, -0.2, 0.0]))
    with place.opened() as services:
        begin(poor, services)
        services.log.append([ToyWorld(7).batch(0, number) for number in range(32)])


def in_service(services: Services) -> list[str]:
    return [one.name for one in services.registry.versions(TOY.name) if one.stage is Stage.PRODUCTION]


def test_a_turn_that_was_stopped_promotes_nothing_when_it_wakes_up(place: Place) -> None:
    """Its lease went to another one, which took the turn: it is told so, and enters no version."""
    begun(place)
    with acting(place, "turn") as stopped:
        assert said(stopped) == "fitting"
        stopped.send_signal(signal.SIGSTOP)
        ends: list[str] = []
        until = time.monotonic() + 60
        while "lost" in ends or not ends:
            assert time.monotonic() < until
            with acting(place, "turn") as other:
                ends = [said(other)]
                if ends == ["fitting"]:
                    go_on(other)
                    ends = [said(other)]
        with place.opened() as services:
            before = [(one.name, one.stage) for one in services.registry.versions(TOY.name)]
            assert len(before) == 2
        stopped.send_signal(signal.SIGCONT)
        go_on(stopped)
        assert said(stopped) == "lost"
    with place.opened() as services:
        assert [(one.name, one.stage) for one in services.registry.versions(TOY.name)] == before
        assert len(in_service(services)) == 1
        assert services.publisher.published(TOY.name) == in_service(services)[0]


def test_of_two_promotions_at_the_same_moment_one_wins(place: Place) -> None:
    """Both were decided against the same champion: the other one is told that it is there no more."""
    begun(place)
    with place.opened() as services:
        (champion,) = services.registry.versions(TOY.name)
        waiting = replace(champion, stage=Stage.STAGING)
        names = [register_next(services, waiting, "tests", "tests").name for _ in range(2)]
    with ExitStack() as until_the_end:
        one, two = (until_the_end.enter_context(acting(place, "promote", name, champion.name)) for name in names)
        assert [said(one), said(two)] == ["decided", "decided"]
        go_on(one)
        go_on(two)
        ends = [said(one), said(two)]
    assert sorted(ends) == ["outdated", "released"]
    with place.opened() as services:
        winner = names[ends.index("released")]
        assert in_service(services) == [winner]
        assert services.publisher.published(TOY.name) == winner
        acts = [entry.act.subject for entry in services.audit.entries(actions=["release"])]
        assert acts.count(f"{TOY.name}/{winner}") == 1
        assert f"{TOY.name}/{names[1 - names.index(winner)]}" not in acts


def test_servers_that_look_at_a_rollout_at_once_change_it_once(place: Place) -> None:
    """What stands in its way ends it once, and the version that waited begins its own once."""
    rain = learner()
    with place.opened() as services:
        enter_model(services, POOR, released=True)
        tried = enter_model(services, GOOD, batch="erased")
        take_up(rain, services)
        running = services.rollouts.active(rain.name)
        assert running is not None
        assert list(running.challengers) == [tried.name]
        waits = enter_model(services, (1.4, 1.4, 0.0))
        assert services.registry.taint(rain.name, "erased")
        before = services.rollouts.last_event()
    with ExitStack() as until_the_end:
        lookers = [until_the_end.enter_context(acting(place, "look")) for _ in range(3)]
        assert {said(one) for one in lookers} == {"ready"}
        for one in lookers:
            go_on(one)
        assert {said(one) for one in lookers} == {"looked"}
    with place.opened() as services:
        kinds = [event.kind for event in services.rollouts.events(before)]
        assert (kinds.count(EventKind.ENDED), kinds.count(EventKind.VERSION_STAGED)) == (1, 1)
        now = services.rollouts.active(rain.name)
        assert now is not None
        (name,) = now.challengers
        assert services.registry.version(rain.name, name).artifact_digest == waits.artifact_digest
        # Beside those three the champion's bytes once more, since clients never go back, and what waited behind it.
        assert len(services.registry.versions(rain.name)) == 5
        assert len(services.rollouts.rollouts(rain.name)) == 2
