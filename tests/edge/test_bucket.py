"""Trials on a share of the clients: who takes part is decided on the client, and nobody goes back."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.edge.static_server import StaticServer, serving
from tests.publish.world import LEARNER, World, model, version

from samouk.edge.bucket import bucket, side
from samouk.edge.updater import ModelUpdater
from samouk.publish.release import RefusedRelease


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


@pytest.fixture
def server(world: World) -> Iterator[StaticServer]:
    with serving(world.folder) as running:
        yield running


def client(server: StaticServer, tmp_path: Path, own: str) -> ModelUpdater:
    folder = tmp_path / own / "models" / LEARNER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bucket").write_text(own)
    return ModelUpdater(server.url, LEARNER, data_dir=tmp_path / own, environ={"HOME": str(tmp_path)})


CHANCE = random.Random(3)


@pytest.fixture(autouse=True)
def dealt_alike() -> None:
    CHANCE.seed(3)


def any_number() -> str:
    """What a client draws for itself."""
    return f"{CHANCE.getrandbits(128):032x}"


def one_of(side_wanted: str, rollout: str = "r1", share: float = 0.1) -> str:
    """A random number that stands where it is wanted."""
    while True:
        own = any_number()
        if side(own, rollout, share) == side_wanted:
            return own


def newest(updater: ModelUpdater) -> str | None:
    found = updater.check_for_updates()
    if found is not None:
        updater.download_update(found)
    current = updater.current()
    return current.version if current else None


def offer(world: World, number: int, share: float = 0.1, rollout: str = "r1") -> bytes:
    data = model(number)
    world.publisher().offer(version(number, data), data, rollout, share)
    return data


def listed(world: World) -> set[str]:
    """Names of the files that are signed now."""
    newest = max(world.metadata.glob("*.targets.json"), key=lambda path: int(path.name.partition(".")[0]))
    return {path.partition("/")[2] for path in json.loads(newest.read_bytes())["signed"]["targets"]}


def test_the_number_is_kept_and_is_the_clients_own(tmp_path: Path) -> None:
    """The same at every call, another in another folder, and made anew when the file is damaged."""
    one, two = tmp_path / "a", tmp_path / "b"
    one.mkdir()
    two.mkdir()
    assert bucket(one) == bucket(one) != bucket(two)
    (one / "bucket").write_text("nonsense")
    assert len(bucket(one)) == 32


def test_sides_are_of_one_size_and_nobody_crosses_while_the_share_grows() -> None:
    """At a tenth, a tenth stands on either side; at one half all do, and each where it stood before."""
    everyone = [any_number() for _ in range(20_000)]
    small = [side(own, "r1", 0.1) for own in everyone]
    large = [side(own, "r1", 0.5) for own in everyone]
    for name in ("challenger", "control"):
        # 6 standard deviations of a binomial share.
        assert small.count(name) / 20_000 == pytest.approx(0.1, abs=0.013)
        assert large.count(name) / 20_000 == pytest.approx(0.5, abs=0.022)
        assert {late for early, late in zip(small, large, strict=True) if early == name} == {name}


def test_each_rollout_deals_anew() -> None:
    """Who tried one version is not the one who tries the next."""
    again = sum(side(own, "r2", 0.1) == "challenger" for own in (one_of("challenger") for _ in range(300)))
    assert again < 70


def test_only_the_chosen_find_the_version_on_trial(world: World, server: StaticServer, tmp_path: Path) -> None:
    """The challenger's share updates to it; control and the rest stay with the champion."""
    world.release(1)
    offer(world, 2)
    found = {name: newest(client(server, tmp_path, one_of(name))) for name in ("challenger", "control", "neither")}
    assert found == {"challenger": "v1.2", "control": "v1.1", "neither": "v1.1"}


def test_a_growing_share_brings_more_and_loses_none(world: World, server: StaticServer, tmp_path: Path) -> None:
    """Who was outside at a tenth is in at one half, and the first stay."""
    world.release(1)
    offer(world, 2, 0.1)
    first = client(server, tmp_path, one_of("challenger"))
    while side(late := one_of("neither"), "r1", 0.5) != "challenger":
        pass
    second = client(server, tmp_path, late)
    assert (newest(first), newest(second)) == ("v1.2", "v1.1")
    offer(world, 2, 0.5)
    assert (newest(first), newest(second)) == ("v1.2", "v1.2")


def test_promotion_and_rollback_end_the_trial_for_all(world: World, server: StaticServer, tmp_path: Path) -> None:
    """Promoted, all get it; taken back, the tried go forward to a higher number with the old bytes."""
    old = world.release(1)
    tried = client(server, tmp_path, one_of("challenger"))
    other = client(server, tmp_path, one_of("neither"))
    data = offer(world, 2)
    assert newest(tried) == "v1.2"
    world.release(2, data)
    assert (newest(tried), newest(other)) == ("v1.2", "v1.2")
    offer(world, 3, rollout="r2")
    unlucky = client(server, tmp_path, one_of("challenger", "r2"))
    assert newest(unlucky) == "v1.3"
    world.release(4, old)
    assert newest(unlucky) == "v1.4"
    path = unlucky.model_path()
    assert path is not None and path.read_bytes() == old


def test_a_withdrawn_version_stays_where_it_is(world: World, server: StaticServer, tmp_path: Path) -> None:
    """Who has it is told nothing new and no error, also after a damaged number; others find the champion."""
    old = world.release(1)
    tried, late = (client(server, tmp_path, one_of("challenger")) for _ in range(2))
    offer(world, 2)
    assert newest(tried) == "v1.2"
    world.publisher().withdraw(LEARNER, "r0")
    assert newest(client(server, tmp_path, one_of("challenger"))) == "v1.2"
    world.publisher().withdraw(LEARNER, "r1")
    before = sorted(world.metadata.iterdir())
    world.publisher().withdraw(LEARNER, "r1")
    assert sorted(world.metadata.iterdir()) == before
    assert (newest(tried), newest(late)) == ("v1.2", "v1.1")
    assert "v1.2.onnx" not in listed(world)
    offer(world, 2)
    assert (newest(tried), newest(late)) == ("v1.2", "v1.2")
    world.release(3, old)
    assert (newest(tried), newest(late)) == ("v1.3", "v1.3")


def test_another_lot_takes_no_version_away(world: World, server: StaticServer, tmp_path: Path) -> None:
    """A client whose number was lost draws anew; the version on trial that it has stays, whatever it draws."""
    world.release(1)
    offer(world, 2)
    tried = client(server, tmp_path, one_of("challenger"))
    assert newest(tried) == "v1.2"
    (tried.model_path() or tmp_path).with_name("bucket").write_text(one_of("neither"))
    assert newest(tried) == "v1.2"


def test_the_files_of_an_abandoned_trial_leave(world: World) -> None:
    """A version that was never current is not kept among the older releases."""
    old = world.release(1)
    offer(world, 2)
    world.release(3, old)
    assert listed(world) == {"v1.1.onnx", "v1.1.card.json", "v1.3.onnx", "v1.3.card.json", "current.json"}


def test_offers_that_make_no_sense_are_refused(world: World) -> None:
    """A share outside (0, 1) and a version that is behind are refused with the remedy; twice is once."""
    data = world.release(2)
    with pytest.raises(ValueError, match="share: must lie between 0 and 1"):
        offer(world, 3, 1.0)
    with pytest.raises(RefusedRelease, match=r"v1\.1: number 1 is not above v1\.2"):
        world.publisher().offer(version(1, data), data, "r1", 0.1)
    offer(world, 3)
    before = sorted(world.metadata.iterdir())
    offer(world, 3)
    assert sorted(world.metadata.iterdir()) == before
