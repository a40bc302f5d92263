"""One repository for many machines: whole at every moment, the same everywhere, signed by the same keys."""

from __future__ import annotations

import dataclasses
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.publish import world
from tests.publish.world import LEARNER, model, version
from tuf.ngclient import Updater

from samouk.loop.ports import Services, StoreUnavailable
from samouk.publish.keys import KeysForeign, KeysMissing, init_keys
from samouk.publish.publisher import TufPublisher
from samouk.publish.shared import KEY, SHELF, SharedPublisher, Shelves
from samouk.store.memory import memory_services


@pytest.fixture
def services() -> Services:
    return memory_services()


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    init_keys(tmp_path / "keys")
    return tmp_path / "keys"


def shelves(services: Services, **changes: Any) -> Shelves:
    made = Shelves(services.documents, services.blobs, services.leases, services.bell)
    return dataclasses.replace(made, **changes)


def machine(home: Path, keys: Path, services: Services, **changes: Any) -> SharedPublisher:
    """A publisher of one machine, with a folder of its own."""
    return SharedPublisher(home / "published", keys, shelves(services, **changes))


def find(home: Path, cache: Path) -> bytes:
    """What a real TUF client finds in the folder of a machine."""
    published = home / "published"

    class Files:
        def fetch(self, url: str) -> Iterator[bytes]:
            from tuf.api.exceptions import DownloadHTTPError

            try:
                yield (published / url).read_bytes()
            except FileNotFoundError:
                raise DownloadHTTPError("absent", 404) from None

        def download_bytes(self, url: str, max_length: int) -> bytes:
            return b"".join(self.fetch(url))

        def download_file(self, url: str, max_length: int) -> Any:
            import io
            from contextlib import nullcontext

            return nullcontext(io.BytesIO(self.download_bytes(url, max_length)))

    cache.mkdir(exist_ok=True)
    root = (published / "metadata" / "1.root.json").read_bytes()
    updater = Updater(str(cache), "metadata/", str(cache), "targets/", Files(), bootstrap=root)  # type: ignore[arg-type]
    updater.refresh()
    current = updater.get_targetinfo(f"{LEARNER}/current.json")
    assert current is not None
    target = updater.get_targetinfo(f"{LEARNER}/{current.unrecognized_fields['custom']['version']}.onnx")
    assert target is not None
    return Path(updater.download_target(target)).read_bytes()


def test_machines_extend_one_repository(services: Services, keys: Path, tmp_path: Path) -> None:
    """What one publishes another one serves, byte for byte, and goes on from; clients may ask either."""
    one, two = (machine(tmp_path / name, keys, services) for name in ("one", "two"))
    models = [model(number) for number in range(4)]
    for number, publisher in ((1, one), (2, two), (3, one)):
        publisher.publish(version(number, models[number]), models[number])
        assert (one.published(LEARNER), two.published(LEARNER)) == (f"v1.{number}", f"v1.{number}")
        for name, other in (("one", one), ("two", two)):
            other.look(True)
            assert find(tmp_path / name, tmp_path / "client") == models[number]
    files = [
        {path.relative_to(home): path.read_bytes() for path in home.rglob("*") if path.is_file()}
        for home in (tmp_path / "one" / "published", tmp_path / "two" / "published")
    ]
    assert files[0] == files[1]


def test_offers_are_shared(services: Services, keys: Path, tmp_path: Path) -> None:
    """A trial begun on one machine is ended on another; an act that changes nothing saves nothing."""
    one, two = (machine(tmp_path / name, keys, services) for name in ("one", "two"))
    one.publish(version(1, b"1"), b"1")
    one.offer(version(2, b"2"), b"2", "r1", 0.1)
    two.withdraw(LEARNER, "r1")
    kept = services.documents.get(SHELF, KEY)
    for publisher in (one, two):
        publisher.withdraw(LEARNER, "r1")
        publisher.publish(version(1, b"1"), b"1")
        publisher.refresh()
    assert services.documents.get(SHELF, KEY) == kept


def test_blobs_of_what_is_published_are_named(services: Services, keys: Path, tmp_path: Path) -> None:
    """Sweeps leave every published file alone, and only those."""
    one = machine(tmp_path / "one", keys, services)
    for number in range(1, 9):
        one.publish(version(number, bytes([number])), bytes([number]))
    kept = services.documents.get(SHELF, KEY)
    assert kept is not None
    served = [path for path in (tmp_path / "one" / "published").rglob("*") if path.is_file() and path.name[0] != "."]
    assert len(kept.body["files"]) == len(served)
    assert set(kept.blobs) == set(kept.body["files"].values())
    assert set(kept.blobs) <= set(services.blobs.keys())


def test_a_stopped_publisher_saves_nothing(services: Services, keys: Path, tmp_path: Path) -> None:
    """Whoever was stopped in its act, and lost its lease, begins again on what the other one published."""
    two = machine(tmp_path / "two", keys, services)
    stolen = False

    class Stopped:
        """Documents before whose next save another machine takes the lease over and publishes."""

        def __getattr__(self, name: str) -> Any:
            return getattr(services.documents, name)

        def save(self, document: Any) -> Any:
            nonlocal stolen
            if not stolen:
                stolen = True
                two._shelves = shelves(services, leases=memory_services().leases)
                two.publish(version(1, b"1"), b"1")
            return services.documents.save(document)

    one = machine(tmp_path / "one", keys, services, documents=Stopped())
    one.publish(version(2, b"2"), b"2")
    assert one.published(LEARNER) == "v1.2"
    assert find(tmp_path / "one", tmp_path / "client") == b"2"
    two.look(True)
    assert find(tmp_path / "two", tmp_path / "client") == b"2"


def test_a_slow_reader_takes_no_folder_back(services: Services, keys: Path, tmp_path: Path) -> None:
    """Two processes of one machine: while one holds what it read, the other brings what was published since."""
    fast, far = machine(tmp_path / "one", keys, services), machine(tmp_path / "far", keys, services)
    fast.publish(version(1, b"1"), b"1")
    read, go = threading.Event(), threading.Event()

    class Slow:
        """Documents whose first answer comes late."""

        def __getattr__(self, name: str) -> Any:
            return getattr(services.documents, name)

        def get(self, shelf: str, key: str) -> Any:
            found = services.documents.get(shelf, key)
            if not read.is_set():
                read.set()
                assert go.wait(60)
            return found

    slow = machine(tmp_path / "one", keys, services, documents=Slow())
    looking = threading.Thread(target=slow.look, args=(True,))
    looking.start()
    assert read.wait(60)
    far.publish(version(2, b"2"), b"2")
    fast.look(True)
    told = (tmp_path / "one" / "published" / "metadata" / "timestamp.json").read_bytes()
    go.set()
    looking.join()
    assert (tmp_path / "one" / "published" / "metadata" / "timestamp.json").read_bytes() == told
    fast.look(True)
    assert find(tmp_path / "one", tmp_path / "client") == b"2"


@pytest.mark.parametrize("survived", range(12))
def test_a_crash_leaves_nothing_half_visible(services: Services, keys: Path, tmp_path: Path, survived: int) -> None:
    """Dying at any blob or at the save leaves the release of before everywhere; the next one mends it."""
    one = machine(tmp_path / "one", keys, services)
    one.publish(version(1, b"1"), b"1")

    left = survived

    class Dying:
        """Blobs that take so many, and documents that go with them."""

        def __init__(self, port: Any) -> None:
            self.port = port

        def __getattr__(self, name: str) -> Any:
            return getattr(self.port, name)

        def put(self, data: bytes) -> str:
            self.die()
            return services.blobs.put(data)

        def save(self, document: Any) -> Any:
            self.die()
            return services.documents.save(document)

        def die(self) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt

    dying = machine(tmp_path / "one", keys, services, blobs=Dying(services.blobs), documents=Dying(services.documents))
    try:
        dying.publish(version(2, b"2"), b"2")
        expected = b"2"
    except KeyboardInterrupt:
        expected = b"1"
    two = machine(tmp_path / "two", keys, services)
    for name, publisher in (("one", one), ("two", two)):
        publisher.look(True)
        assert find(tmp_path / name, tmp_path / f"client-{name}") == expected
    two.publish(version(2, b"2"), b"2")
    assert find(tmp_path / "two", tmp_path / "client-two") == b"2"


def test_one_of_many_makes_the_keys(services: Services, tmp_path: Path) -> None:
    """Four machines begin on an empty store together: one makes keys, the others are told what they lack."""
    ends: list[str] = []

    def begin(name: str) -> None:
        keys = tmp_path / name / "keys"
        publisher = machine(tmp_path / name, keys, services)
        try:
            publisher.found(lambda: init_keys(keys))
            publisher.join()
            ends.append("joined")
        except KeysMissing as error:
            assert "SAMOUK_KEYS_DIR" in str(error)
            ends.append("told")

    threads = [threading.Thread(target=begin, args=(name,)) for name in ("a", "b", "c", "d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["joined", "told", "told", "told"]
    assert len(list(tmp_path.glob("*/keys/roots/1.root.json"))) == 1


def test_foreign_keys_change_nothing(services: Services, keys: Path, tmp_path: Path) -> None:
    """A machine with another repository's keys is refused at its start, and its own files stay."""
    machine(tmp_path / "one", keys, services).publish(version(1, b"1"), b"1")
    other = world.World(tmp_path / "two")
    other.release(7)
    before = {path: path.read_bytes() for path in other.folder.rglob("*") if path.is_file()}
    foreign = machine(tmp_path / "two", other.keys, services)
    with pytest.raises(KeysForeign):
        foreign.join()
    with pytest.raises(KeysForeign):
        foreign.publish(version(2, b"2"), b"2")
    assert {path: path.read_bytes() for path in before} == before
    assert foreign.published(LEARNER) == "v1.1"


def test_what_a_machine_published_alone_goes_on(services: Services, tmp_path: Path) -> None:
    """A home that served alone before brings its releases along: its clients see the next number, not a first one."""
    alone = world.World(tmp_path / "one")
    old = alone.release(3)
    assert find(tmp_path / "one", tmp_path / "client") == old
    one = machine(tmp_path / "one", alone.keys, services)
    one.join()
    assert one.published(LEARNER) == "v1.3"
    one.publish(version(4, b"4"), b"4")
    two = machine(tmp_path / "two", alone.keys, services)
    two.join()
    assert find(tmp_path / "two", tmp_path / "client") == b"4"


def test_damage_is_mended_at_the_start(services: Services, keys: Path, tmp_path: Path) -> None:
    """What is missing or changed in the folder of a machine comes back when it joins."""
    one = machine(tmp_path / "one", keys, services)
    one.publish(version(1, b"1"), b"1")
    published = tmp_path / "one" / "published"
    shutil.rmtree(published / "targets")
    (published / "metadata" / "timestamp.json").write_bytes(b"{}")
    one.join()
    assert find(tmp_path / "one", tmp_path / "client") == b"1"


def test_a_store_that_is_away(services: Services, keys: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The files of before are served, which is said once."""
    machine(tmp_path / "one", keys, services).publish(version(1, b"1"), b"1")

    class Away:
        def get(self, shelf: str, key: str) -> None:
            raise StoreUnavailable("PostgreSQL does not answer")

    away = machine(tmp_path / "one", keys, services, documents=Away())
    away.look(True)
    away.look(True)
    assert caplog.text.count("does not answer") == 1
    assert find(tmp_path / "one", tmp_path / "client") == b"1"


def test_the_same_files_as_one_machine(services: Services, keys: Path, tmp_path: Path) -> None:
    """Nothing but the place differs from what a machine publishes alone."""
    shared, alone = machine(tmp_path / "one", keys, services), TufPublisher(tmp_path / "alone", keys)
    for number in (1, 2, 3):
        for publisher in (shared, alone):
            publisher.publish(version(number, b"%d" % number), b"%d" % number)
    names = [
        sorted(path.name for path in folder.rglob("*") if path.name[0] != ".")
        for folder in (tmp_path / "one" / "published", tmp_path / "alone")
    ]
    assert names[0] == names[1]


def test_drafts_of_killed_followers_go(services: Services, keys: Path, tmp_path: Path) -> None:
    """Whatever one was writing: the next that brings something removes it, and nobody is handed it out."""
    one = machine(tmp_path / "one", keys, services)
    one.publish(version(1, b"1"), b"1")
    published = tmp_path / "one" / "published"
    (target,) = (path for path in (published / "targets" / LEARNER).iterdir() if path.name.endswith(".onnx"))
    left = [path.with_name(f".{path.name}.1a2b3c4d.tmp") for path in (published / ".revision", target)]
    left.append(published / "metadata" / ".timestamp.json.1a2b3c4d.tmp")
    left.append(published / "metadata" / ".timestamp.json.unfinished")
    for path in left:
        path.write_bytes(b"half")
    machine(tmp_path / "two", keys, services).publish(version(2, b"2"), b"2")
    one.look(True)
    assert not any(path.exists() for path in left)
    assert find(tmp_path / "one", tmp_path / "client") == b"2"
