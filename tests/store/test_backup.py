"""Backups: whole, small, made while others write, refused when damaged; and what was erased does not come back."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from tests.contracts.live import after, exposure
from tests.contracts.making import LEARNER, act, batch, batch_id, receipt
from tests.contracts.waiting import until
from tests.objects import age, fresh_url, object_store, objects, send
from tests.store.filled import fill, next_number
from tests.store.rescan import found

from samouk.loop.ports import CorruptBlob, StoreUnavailable
from samouk.loop.records import Stored
from samouk.moving import Return, backed_up, restored
from samouk.settings import BadSetting, Settings, load
from samouk.store.blobs.places import bucket_of, places
from samouk.store.clock import SteppedClock
from samouk.store.moving.backup import BackedUp
from samouk.store.sql import DATABASE, Store, open_store
from samouk.store.sql.served import open_served

BATCHES = 12


def chosen(home: Path, **more: str) -> Settings:
    """Settings of a store in a home."""
    return load({}, home=str(home), **more)


def back_up(settings: Settings, to: object, **more: int) -> BackedUp:
    """Back up and say nothing."""
    return backed_up(settings, str(to), lambda _: None, **{"keys": False, "keep": 0, **more})  # type: ignore[arg-type]


def bring_back(settings: Settings, source: object, *, name: str = "", erased_in: str = "") -> Return:
    """Restore and say nothing."""
    return restored(settings, str(source), lambda _: None, name=name, erased_in=erased_in)


def check(store: Store, batches: int = BATCHES - 2) -> None:
    """Everything that ``fill`` made is there and can be read."""
    entries = store.log.entries(LEARNER)
    assert [len(columns["flag"]) for _, columns in store.log.read(entries)] == [20] * batches
    assert store.audit.verify() is None
    (document, _) = store.documents.shelf("tests.things")
    assert len(store.blobs.get(document.blobs[0])) == 18_000
    for version in store.registry.versions(LEARNER):
        assert store.blobs.get(version.artifact_key)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A filled embedded store, closed, with keys and published files."""
    made = tmp_path / "home"
    store = open_store(made, SteppedClock())
    fill(store, BATCHES)
    store.close()
    for name in ("keys/online/targets.pem", "published/metadata/1.root.json"):
        (made / name).parent.mkdir(parents=True)
        (made / name).write_text(name)
    return made


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where backups go."""
    return str(tmp_path / "backups") if request.param == "folder" else fresh_url(monkeypatch)


def test_it_comes_back_as_it_was(home: Path, tmp_path: Path, place: str) -> None:
    """Rows, packs, blobs and published files; the keys stay out unless they are asked for."""
    done = back_up(chosen(home), place)
    back = bring_back(chosen(tmp_path / "back"), place)
    assert back.restored is not None
    assert (back.restored.name, back.restored.digest) == (done.name, done.digest)
    assert (tmp_path / "back" / "published" / "metadata" / "1.root.json").read_text()
    assert not (tmp_path / "back" / "keys").exists()
    store = open_store(tmp_path / "back", SteppedClock())
    check(store)
    assert store.audit.entries()[-1].act.action == "restore"
    assert next_number(store) == BATCHES + 1
    store.close()


def test_only_what_is_new_is_stored(home: Path, tmp_path: Path, place: str) -> None:
    """A second backup of the same takes nothing; one more batch takes its pack and the rows."""
    first, second = back_up(chosen(home), place), back_up(chosen(home), place)
    assert first.new > 9
    assert second.new == 0
    store = open_store(home, SteppedClock())
    store.log.append([batch(50)])
    store.close()
    assert back_up(chosen(home), place).new == 2
    assert bring_back(chosen(tmp_path / "old"), place, name=first.name).restored is not None


def test_keys_come_when_asked_for(home: Path, tmp_path: Path) -> None:
    """They are their owner's alone, in the backup and where they come back; they never replace others."""
    back_up(chosen(home), tmp_path / "backups", keys=True)
    bring_back(chosen(tmp_path / "back"), tmp_path / "backups")
    key = tmp_path / "back" / "keys" / "online" / "targets.pem"
    assert key.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "backups").rglob("*"))
    (tmp_path / "back" / DATABASE).unlink()
    with pytest.raises(StoreUnavailable, match="holds keys already"):
        bring_back(chosen(tmp_path / "back"), tmp_path / "backups")


@pytest.mark.parametrize("way", ["out", "in"])
def test_postgres_backs_up_and_comes_back(home: Path, tmp_path: Path, postgres: str, way: str) -> None:
    """A backup of either kind of store is restored into either."""
    served = chosen(tmp_path / "served", database_url=postgres)
    embedded = chosen(home) if way == "in" else chosen(tmp_path / "back")
    if way == "out":
        store = open_served(postgres, *places("", tmp_path / "served"), SteppedClock())
        fill(store)
        store.close()
    source, target = (served, embedded) if way == "out" else (embedded, served)
    done = back_up(source, tmp_path / "backups")
    back = bring_back(target, tmp_path / "backups")
    assert back.restored is not None
    assert back.restored.digest == done.digest
    if way == "out":
        store = open_store(tmp_path / "back", SteppedClock())
    else:
        store = open_served(postgres, *places("", tmp_path / "served"), SteppedClock())
    check(store)
    assert next_number(store) == BATCHES + 1
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["embedded", "postgres"])
def test_it_is_one_state_while_others_write(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Batches that are stored and erased meanwhile are in it whole or not at all, and every audit verifies."""
    settings = chosen(tmp_path / "home")
    if kind == "postgres":
        settings = chosen(tmp_path / "home", database_url=request.getfixturevalue("postgres"))
    store = _open(settings)
    fill(store)
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        number = 2_000
        while not stop.is_set():
            store.log.append([batch(number), batch(number + 1)])
            store.audit.append(act(1))
            store.log.erase(batch_id(number), receipt(number))
            number += 2
            written.set()
            stop.wait(0.2)  # a backup that meets an erasure looks again, some times and not for ever

    thread = threading.Thread(target=write)
    thread.start()
    written.wait(30)
    try:
        for _ in range(3):
            back_up(settings, tmp_path / "backups")
    finally:
        stop.set()
        thread.join()
        store.close()
    bring_back(chosen(tmp_path / "back"), tmp_path / "backups")
    store = open_store(tmp_path / "back", SteppedClock())
    entries = store.log.entries(LEARNER)
    assert len(list(store.log.read(entries))) == len(entries) == store.log.stats(LEARNER).total_batches
    assert store.audit.verify() is None
    store.close()


def _open(settings: Settings) -> Store:
    if not settings.database_url:
        return open_store(settings.home, SteppedClock())
    return open_served(settings.database_url, *places("", settings.home), SteppedClock())


def test_damage_is_named_and_nothing_comes_back(home: Path, tmp_path: Path) -> None:
    """A thing or a manifest that changed stops the restore; the place stays empty, and an older backup still serves."""
    backups = tmp_path / "backups"
    first = back_up(chosen(home), backups)
    thing = max((backups / "objects").glob("??/*"), key=lambda path: path.stat().st_size)
    whole = thing.read_bytes()
    thing.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(CorruptBlob, match=thing.name):
        bring_back(chosen(tmp_path / "back"), backups)
    assert not (tmp_path / "back" / DATABASE).exists()
    thing.write_bytes(whole)
    second = back_up(chosen(home), backups)
    manifest = backups / "manifests" / f"{second.name}.json"
    manifest.write_text(manifest.read_text().replace("keys/", "../x/").replace("batches", "botches"))
    with pytest.raises(CorruptBlob, match="manifest"):
        bring_back(chosen(tmp_path / "back"), backups)
    back = bring_back(chosen(tmp_path / "back"), backups, name=first.name).restored
    assert back is not None
    assert back.unread == (second.name,)


def test_a_store_is_never_overwritten(home: Path, tmp_path: Path, postgres: str) -> None:
    """Not one in a folder, and not one in a database."""
    back_up(chosen(home), tmp_path / "backups")
    with pytest.raises(StoreUnavailable, match="holds a store already"):
        bring_back(chosen(home), tmp_path / "backups")
    served = chosen(tmp_path / "served", database_url=postgres)
    bring_back(served, tmp_path / "backups")
    with pytest.raises(StoreUnavailable, match="holds a store already"):
        bring_back(served, tmp_path / "backups")


def test_wrong_names_are_told(home: Path, tmp_path: Path) -> None:
    """No backups there, no backup of that name, no store, no place."""
    back_up(chosen(home), tmp_path / "backups")
    acts: list[tuple[Callable[[], object], type[Exception], str]] = [
        (lambda: bring_back(chosen(tmp_path / "back"), tmp_path), StoreUnavailable, "no backups"),
        (
            lambda: bring_back(chosen(tmp_path / "back"), tmp_path / "backups", name="x"),
            StoreUnavailable,
            "there are 2",
        ),
        (lambda: back_up(chosen(tmp_path / "nothing"), tmp_path / "backups"), StoreUnavailable, "no store"),
        (lambda: back_up(chosen(home), "s3://"), BadSetting, "names no bucket"),
    ]
    for work, kind, words in acts:
        with pytest.raises(kind, match=words):
            work()


def test_old_backups_go_with_what_only_they_held(home: Path, tmp_path: Path, place: str) -> None:
    """So that what was erased leaves the backups too: after ``keep`` backups nothing is left of it."""
    back_up(chosen(home), place)
    store = open_store(home, SteppedClock())
    store.log.erase(batch_id(4), receipt(4))
    store.close()
    back_up(chosen(home), place, keep=2)
    last = back_up(chosen(home), place, keep=2)
    assert len(last.dropped) == 1
    if not place.startswith("s3:"):
        assert found(Path(place), batch(4, rows=20)) == []
    bring_back(chosen(tmp_path / "back"), place)
    store = open_store(tmp_path / "back", SteppedClock())
    check(store, BATCHES - 3)
    store.close()


def test_one_backup_to_a_place_at_a_time(home: Path, tmp_path: Path, place: str) -> None:
    """A second one is refused while the first is under way, and leaves it alone."""
    refused: list[str] = []

    def told(_: str) -> None:
        with pytest.raises(StoreUnavailable, match="is under way"):
            back_up(chosen(home), place, keep=1)
        refused.append("")

    backed_up(chosen(home), place, told, keys=False, keep=1)
    assert refused
    back_up(chosen(home), place, keep=1)
    bring_back(chosen(tmp_path / "back"), place)


def test_the_lock_of_a_dead_backup_gets_stale(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a bucket nobody frees it: its age says that nobody writes it anew."""
    url = fresh_url(monkeypatch)
    name = url.split("/")[2]
    send("PUT", object_store(), f"{name}/some/place/lock", b"another's")
    with pytest.raises(StoreUnavailable, match="is under way"):
        back_up(chosen(home), url)
    age(name, "some/place/lock", 3_600)
    back_up(chosen(home), url)
    assert "some/place/lock" not in objects(name)


def test_a_backup_that_lost_its_lock_is_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another may have swept what it counted on: its manifest is not added."""
    url = fresh_url(monkeypatch)
    name = url.split("/")[2]

    def told(_: str) -> None:
        send("PUT", object_store(), f"{name}/some/place/lock", b"another's")

    with pytest.raises(StoreUnavailable, match="is under way"):
        backed_up(chosen(home), url, told, keys=False, keep=0)
    assert not [path for path in objects(name) if "/manifests/" in path]
    assert "some/place/lock" in objects(name)


def test_a_long_backup_keeps_its_lock(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written anew as long as the backup lives."""
    monkeypatch.setattr("samouk.store.moving.vault.RENEW_SECONDS", 0.02)
    url = fresh_url(monkeypatch)
    name = url.split("/")[2]
    looks = bucket_of(url)

    def told(_: str) -> None:
        age(name, "some/place/lock", 86_400)
        until(lambda: (found := looks.item("lock")) is not None and found.modified > looks.now() - timedelta(hours=1))

    backed_up(chosen(home), url, told, keys=False, keep=0)


def test_publishers_wait_only_while_their_files_are_read(home: Path, tmp_path: Path) -> None:
    """Not while rows and packs are on their way, which may be hours."""
    seen: list[str] = []

    def told(words: str) -> None:
        with (home / "published" / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        seen.append(words)

    assert backed_up(chosen(home), str(tmp_path / "backups"), told, keys=False, keep=0).files == 2
    assert seen


@pytest.mark.parametrize("knows", ["later backup", "old store"])
def test_what_was_erased_since_stays_erased(home: Path, tmp_path: Path, knows: str) -> None:
    """A batch and a unit that are forgotten after the backup are forgotten again, down to the bytes, and noted."""
    first = back_up(chosen(home), tmp_path / "backups")
    store = open_store(home, SteppedClock())
    store.log.erase(batch_id(4), receipt(4))
    unit = exposure(3).unit
    store.journal.refuse(LEARNER, unit, after(86_400))
    store.journal.forget(LEARNER, unit)
    store.close()
    more = {"erased_in": str(home)}
    if knows == "later backup":
        back_up(chosen(home), tmp_path / "backups")
        more = {}
    back = bring_back(chosen(tmp_path / "back"), tmp_path / "backups", name=first.name, **more)
    assert (back.batches, back.units) == (1, 1)
    assert found(tmp_path / "back", batch(4, rows=20)) == []
    store = open_store(tmp_path / "back", SteppedClock())
    check(store, BATCHES - 3)
    assert store.log.append([batch(4, rows=20)]) == [Stored.ERASED]
    assert list(store.journal.shown_to(LEARNER, unit)) == []
    assert any(entry.act.action == "erase" for entry in store.audit.entries())
    store.close()


@pytest.mark.parametrize("third", ["is there", "is gone"])
def test_a_restore_forgets_no_erasure(home: Path, tmp_path: Path, third: str) -> None:
    """What was erased stays so over several restores, also where the restored state had never held it."""
    backups, unit = tmp_path / "backups", exposure(30).unit
    first = back_up(chosen(home), backups)
    store = open_store(home, SteppedClock())
    store.log.append([batch(70, rows=20)])
    store.journal.expose([exposure(30)])
    store.close()
    second = back_up(chosen(home), backups)
    store = open_store(home, SteppedClock())
    store.log.erase(batch_id(70), receipt(70))
    store.journal.refuse(LEARNER, unit, after(86_400))
    store.journal.forget(LEARNER, unit)
    store.close()
    newest = back_up(chosen(home), backups)
    bring_back(chosen(tmp_path / "old"), backups, name=first.name)
    store = open_store(tmp_path / "old", SteppedClock())
    assert store.log.append([batch(70, rows=20)]) == [Stored.ERASED]
    store.journal.expose([exposure(30)])
    assert list(store.journal.shown_to(LEARNER, unit)) == []
    store.close()
    back_up(chosen(tmp_path / "old"), backups)
    if third == "is gone":
        (backups / "manifests" / f"{newest.name}.json").unlink()
    back = bring_back(chosen(tmp_path / "back"), backups, name=second.name)
    assert (back.batches, back.units) == (1, 1)
    assert found(tmp_path / "back", batch(70, rows=20)) == []
    store = open_store(tmp_path / "back", SteppedClock())
    assert store.log.append([batch(70, rows=20)]) == [Stored.ERASED]
    assert list(store.journal.shown_to(LEARNER, unit)) == []
    store.close()


def test_a_restore_that_died_before_erasing_again_is_finished(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows bring the word with them; the same command ends it, and then there is nothing left to do."""
    back_up(chosen(home), tmp_path / "backups")
    store = open_store(home, SteppedClock())
    store.log.erase(batch_id(4), receipt(4))
    store.close()

    class Died(BaseException):
        pass

    def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr("samouk.moving._erase_again", die)
        with pytest.raises(Died):
            bring_back(chosen(tmp_path / "back"), tmp_path / "backups", erased_in=str(home))
    back = bring_back(chosen(tmp_path / "back"), tmp_path / "backups", erased_in=str(home))
    assert back.restored is None
    assert back.batches == 1
    with pytest.raises(StoreUnavailable, match="holds a store already"):
        bring_back(chosen(tmp_path / "back"), tmp_path / "backups")
