"""The publisher: one release at a time, whole or not at all, never backwards, and always freshly signed."""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tests.publish.world import LEARNER, World, model, version
from tuf.api.metadata import Metadata, Root

from samouk.edge import trust
from samouk.publish import release
from samouk.publish.keys import KeysForeign, KeysMissing, Lifetimes, init_keys, rotate_keys
from samouk.publish.publisher import BrokenRepository
from samouk.publish.release import RefusedRelease, model_path

KILLS = 24


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


def tree(world: World) -> set[str]:
    return {path.relative_to(world.folder).as_posix() for path in world.folder.rglob("*") if path.is_file()}


def test_layout(world: World) -> None:
    """The folder holds what a static server must serve: versioned metadata, one timestamp, content-named targets."""
    data = world.release(1)
    names = tree(world) - {".lock"}
    expected = {f"metadata/{name}" for name in ("1.root.json", "1.targets.json", "1.snapshot.json", "timestamp.json")}
    assert expected <= names
    digest = version(1, data).artifact_digest
    assert (world.folder / "targets" / LEARNER / f"{digest}.v1.1.onnx").read_bytes() == data
    kinds = sorted(name.partition(".")[2] for name in names if name.startswith(f"targets/{LEARNER}"))
    assert len(names - expected) == 3, kinds


def test_card_and_current_are_readable(world: World) -> None:
    """The card and the pointer are published as plain JSON for people."""
    world.release(1)
    (card,) = (world.folder / "targets" / LEARNER).glob("*.v1.1.card.json")
    assert json.loads(card.read_bytes()) == {"platforms": ["android", "ios"], "samples": 1000}
    (pointer,) = (world.folder / "targets" / LEARNER).glob("*.current.json")
    assert json.loads(pointer.read_bytes())["version"] == "v1.1"


def test_published_names_the_current(world: World) -> None:
    """published() is None before the first release and the newest name after."""
    publisher = world.publisher()
    assert publisher.published(LEARNER) is None
    assert publisher.expiries() == {}
    world.release(1)
    world.release(2)
    assert publisher.published(LEARNER) == "v1.2"
    assert publisher.published("another.learner") is None


def test_twice_is_one_release(world: World) -> None:
    """Publishing the same version again changes no byte."""
    world.release(1)
    before = tree(world)
    stamp = (world.metadata / "timestamp.json").read_bytes()
    world.release(1)
    assert tree(world) == before
    assert (world.metadata / "timestamp.json").read_bytes() == stamp


def test_learners_do_not_meet(world: World) -> None:
    """Releases of two learners live beside each other, each with its own numbers."""
    world.release(5)
    data = model(1, learner="tests.other")
    world.publisher().publish(version(1, data, learner="tests.other"), data)
    assert world.publisher().published(LEARNER) == "v1.5"
    assert world.publisher().published("tests.other") == "v1.1"


def test_going_back_is_refused(world: World) -> None:
    """A lower number is refused with the remedy; the old bytes under a new number are a release."""
    old = world.release(1)
    world.release(2)
    with pytest.raises(RefusedRelease, match="new, higher version"):
        world.release(1)
    world.release(3, old)
    assert world.publisher().published(LEARNER) == "v1.3"


def test_one_number_has_one_model(world: World) -> None:
    """Other bytes under a number that is out are refused."""
    world.release(1)
    with pytest.raises(RefusedRelease, match="next number"):
        world.release(1, model(9))


@pytest.mark.parametrize("name", ["../v1", "", "a/b", ".hidden", "v1..2", "x" * 65])
def test_names_that_are_paths_are_refused(world: World, name: str) -> None:
    """A version's name never leads out of the folder."""
    data = model(1)
    with pytest.raises(RefusedRelease, match="part of a path"):
        world.publisher().publish(version(1, data, name=name), data)


def test_foreign_bytes_are_refused(world: World) -> None:
    """Bytes other than the registry's are not published."""
    with pytest.raises(RefusedRelease, match="fetch the artifact again"):
        world.publisher().publish(version(1, model(1)), model(2))


def test_too_large_is_refused(world: World) -> None:
    """What clients would refuse is not published; both sides draw the line at the same size."""
    assert release.MAX_MODEL_BYTES == trust.MAX_MODEL_BYTES
    data = bytes(release.MAX_MODEL_BYTES + 1)
    with pytest.raises(RefusedRelease, match="smaller model"):
        world.publisher().publish(version(1, data), data)


def test_old_releases_are_pruned(world: World) -> None:
    """Only the newest few models stay, with those that an update in progress may still want."""
    for number in range(1, 10):
        data = model(number)
        world.publisher(keep=2).publish(version(number, data), data)
    names = sorted(path.name.partition(".")[2] for path in (world.folder / "targets" / LEARNER).glob("*.onnx"))
    assert names == ["v1.6.onnx", "v1.7.onnx", "v1.8.onnx", "v1.9.onnx"]
    assert len(list(world.metadata.glob("*.targets.json"))) == 3


def test_metadata_stays_small(world: World) -> None:
    """A client that updates reads a few KB of metadata, however many releases there were."""
    for number in range(1, 12):
        world.release(number)
    newest = max(world.metadata.glob("*.targets.json"), key=lambda path: int(path.name.split(".")[0]))
    assert newest.stat().st_size < 5_000
    assert (world.metadata / "timestamp.json").stat().st_size < 700


def test_refresh_signs_what_is_due(world: World) -> None:
    """Nothing is signed anew before half of its life; then exactly the due role and those above it."""
    world.release(1)
    publisher = world.publisher()
    before = publisher.expiries()
    publisher.refresh()
    assert publisher.expiries() == before
    start = world.now()
    world.now = lambda: start + dt.timedelta(hours=13)
    world.publisher().refresh()
    after = publisher.expiries()
    assert after["timestamp"] > before["timestamp"]
    assert (after["snapshot"], after["targets"]) == (before["snapshot"], before["targets"])
    world.now = lambda: start + dt.timedelta(days=4)
    world.publisher().refresh()
    assert publisher.expiries()["snapshot"] > before["snapshot"]
    world.now = lambda: start + dt.timedelta(days=46)
    world.publisher().refresh()
    assert publisher.expiries()["targets"] > before["targets"]


def test_refresh_of_an_empty_repository(world: World) -> None:
    """Before the first release there is already something signed, so that clients hear 'nothing yet'."""
    world.publisher().refresh()
    assert set(world.publisher().expiries()) == {"root", "targets", "snapshot", "timestamp"}


def test_expiring_root_is_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A root in its last month is logged with the remedy."""
    start = world.now()
    world.now = lambda: start + dt.timedelta(days=340)
    world.publisher().refresh()
    assert "samouk keys rotate" in caplog.text


def test_rotated_keys_sign_at_the_next_refresh(world: World) -> None:
    """After a rotation the new root is published and refresh signs every role with the new keys."""
    world.release(1)
    assert rotate_keys(world.keys) == 2
    world.publisher().refresh()
    root = Metadata[Root].from_bytes((world.metadata / "2.root.json").read_bytes()).signed
    for name in ("2.targets.json", "2.snapshot.json", "timestamp.json"):
        metadata: Metadata[Any] = Metadata.from_bytes((world.metadata / name).read_bytes())
        root.verify_delegate(metadata.signed.type, metadata.signed_bytes, metadata.signatures)


def test_renewed_root_reaches_clients(world: World) -> None:
    """A root that was only renewed is published, and timestamp changes so that clients look."""
    world.release(1)
    stamp = (world.metadata / "timestamp.json").read_bytes()
    rotate_keys(world.keys, roles=())
    world.publisher().refresh()
    assert (world.metadata / "2.root.json").exists()
    assert (world.metadata / "timestamp.json").read_bytes() != stamp


def test_damaged_repository_is_told(world: World) -> None:
    """A damaged file is named, with the remedy."""
    world.release(1)
    (world.metadata / "1.snapshot.json").write_bytes(b"rot")
    with pytest.raises(BrokenRepository, match=r"1\.snapshot\.json.*backup"):
        world.release(2)


def test_lifetimes_are_a_setting(world: World) -> None:
    """Expiries follow the given lifetimes."""
    data = model(1)
    publisher = world.publisher(lifetimes=Lifetimes(timestamp=dt.timedelta(hours=2)))
    publisher.publish(version(1, data), data)
    assert publisher.expiries()["timestamp"] < world.now() + dt.timedelta(hours=3)


def test_two_publishers_take_turns(world: World) -> None:
    """Four publishers of four learners at once lose no release."""

    def publish(learner: str) -> None:
        for number in (1, 2, 3):
            data = model(number, learner=learner)
            world.publisher().publish(version(number, data, learner=learner), data)

    names = [f"tests.l{index}" for index in range(4)]
    threads = [threading.Thread(target=publish, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [world.publisher().published(name) for name in names] == ["v1.3"] * 4


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.publish.world import model, version
from samouk.publish.publisher import TufPublisher
home, number = Path(sys.argv[1]), int(sys.argv[3])
data = model(number, padding=200_000)
made = version(number, data)
publisher = TufPublisher(home / "published", home / "keys", keep=2)
print("ready", flush=True)
sys.stdin.readline()
publisher.publish(made, data)
sys.stdin.readline()
"""


@pytest.mark.slow
def test_killed_publishers_leave_a_whole_release(world: World) -> None:
    """After each of 24 kill -9 clients find the old or the new release, whole; publishing again makes it one."""
    repo = str(Path(__file__).parents[2])
    moments = random.Random(11)
    world.release(1, model(1, padding=200_000))
    ends = {"old": 0, "new": 0}
    window = 0.05  # seconds; follows the machine's speed, so that kills fall before, in and after
    for number in range(2, KILLS + 2):
        command = [sys.executable, "-c", CHILD, str(world.home), repo, str(number)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdin is not None and child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            child.stdin.write(b"go\n")
            child.stdin.flush()
            time.sleep(moments.uniform(0, window))
            child.kill()
        found = world.publisher().published(LEARNER)
        assert found in (f"v1.{number - 1}", f"v1.{number}")
        done = found == f"v1.{number}"
        ends["new" if done else "old"] += 1
        window *= 0.75 if done else 1.35
        assert_whole(world, str(found))
        data = model(number, padding=200_000)
        world.publisher(keep=2).publish(version(number, data), data)
        assert_whole(world, f"v1.{number}")
    assert ends["old"] and ends["new"], ends
    assert not [name for name in tree(world) if "unfinished" in name]


def assert_whole(world: World, name: str) -> None:
    """Every signed target lies there with the signed bytes."""
    targets = world.publisher()._load()[2].signed
    assert model_path(LEARNER, name) in targets.targets
    for target in targets.targets.values():
        target.verify_length_and_hashes((world.folder / "targets" / target.get_prefixed_paths()[0]).read_bytes())


def test_other_keys_than_those_of_the_published_root_are_refused(world: World) -> None:
    """Keys of another repository sign nothing: every client would be lost."""
    world.release(1)
    before = tree(world)
    shutil.rmtree(world.keys)
    init_keys(world.keys)
    for act in (lambda: world.release(2), lambda: world.publisher().refresh()):
        with pytest.raises(KeysForeign, match="restore the keys folder"):
            act()
    assert tree(world) == before


def test_older_keys_than_the_published_root_are_refused(world: World) -> None:
    """A keys folder from before the last rotation signs nothing."""
    shutil.copytree(world.keys, world.home / "old")
    world.release(1)
    rotate_keys(world.keys)
    world.publisher().refresh()
    shutil.rmtree(world.keys)
    (world.home / "old").rename(world.keys)
    with pytest.raises(KeysMissing, match="root 2 is published: restore a newer"):
        world.release(2)


def test_lost_keys_are_told(world: World) -> None:
    """Without keys, beside a published root, the message asks for the backup and for nothing new."""
    world.release(1)
    shutil.rmtree(world.keys)
    with pytest.raises(KeysMissing, match=r"are gone.* restore the keys folder from your backup"):
        world.publisher().refresh()
