"""Whole stores on their way: embedded → PostgreSQL and a bucket → embedded, killed in the middle, and damaged."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.contracts.making import LEARNER, batch, batch_id
from tests.contracts.waiting import until
from tests.objects import CREDENTIALS, fresh_url, objects, send
from tests.store.filled import fill, next_number

from samouk.loop.ports import CorruptBlob, StoreUnavailable
from samouk.store.blobs.places import BadPlace, places
from samouk.store.clock import SteppedClock
from samouk.store.moving.copying import Copied, copy_store
from samouk.store.moving.ends import Where, opened
from samouk.store.sql import DATABASE, open_store
from samouk.store.sql.served import open_served

BATCHES = 12


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A filled embedded store, closed."""
    made = tmp_path / "home"
    store = open_store(made, SteppedClock())
    fill(store, BATCHES)
    store.close()
    return made


def copied(source: Where, target: Where) -> Copied:
    """Copy and say nothing."""
    return copy_store(source, target, lambda _: None)


def test_there_and_back_is_equal(home: Path, tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row by row and blob by blob; the audit holds, batches can be read, and no number is given twice."""
    away, back = Where(postgres, fresh_url(monkeypatch)), Where(str(tmp_path / "back"))
    there = copied(Where(str(home)), away)
    returned = copied(away, back)
    assert {there.source_digest, there.target_digest, returned.target_digest} == {there.source_digest}
    assert {one.table for one in there.tables if one.rows} >= {"batches", "erasures", "exposures", "documents", "audit"}
    assert (there.packs, there.blobs) == (4, 5)
    served = open_served(postgres, *places(away.blobs, tmp_path), SteppedClock())
    embedded = open_store(tmp_path / "back", SteppedClock())
    for store in (served, embedded):
        entries = store.log.entries(LEARNER)
        assert [len(columns["flag"]) for _, columns in store.log.read(entries)] == [20] * (BATCHES - 2)
        assert store.audit.verify() is None
        assert len(store.audit.entries()) == 3
        (document, _) = store.documents.shelf("tests.things")
        assert len(store.blobs.get(document.blobs[0])) == 18_000
        assert next_number(store) == BATCHES + 1
        store.close()


def test_nothing_else_comes_along(home: Path, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no row names stays behind: it may be what an erasure has just replaced."""
    url = fresh_url(monkeypatch)
    (home / "blobs" / "ff").mkdir()
    (home / "blobs" / "ff" / ("ff" * 32)).write_bytes(b"orphan")
    copied(Where(str(home)), Where(postgres, url))
    assert len([name for name in objects(url.split("/")[2]) if not name.endswith(("/probe", "/owner"))]) == 4 + 5


def test_once_more_changes_nothing(home: Path, postgres: str, tmp_path: Path) -> None:
    """Who copies what is copied is told that all is equal."""
    target = Where(postgres, f"file://{tmp_path}/blobs")
    first, again = copied(Where(str(home)), target), copied(Where(str(home)), target)
    assert first.new == 9
    assert again.new == 0
    assert again.target_digest == first.source_digest


def test_another_store_is_never_overwritten(home: Path, tmp_path: Path, postgres: str) -> None:
    """A target with other rows is refused before anything is moved."""
    folder = tmp_path / "blobs"
    packs, blobs = places(f"file://{folder}", tmp_path)
    store = open_served(postgres, packs, blobs, SteppedClock())
    store.log.append([batch(77)])
    store.close()
    with pytest.raises(StoreUnavailable, match="other rows already"):
        copied(Where(str(home)), Where(postgres, f"file://{folder}"))
    assert len(list(packs.keys())) == 1
    assert list(blobs.keys()) == []


def test_a_store_in_use_is_not_copied(home: Path, tmp_path: Path, postgres: str) -> None:
    """Neither one whose rows would be missed, nor one that somebody fills meanwhile."""
    store = open_store(home, SteppedClock())
    with pytest.raises(StoreUnavailable, match="is open in another samouk"):
        copied(Where(str(home)), Where(str(tmp_path / "other")))
    store.close()
    served = open_served(postgres, *places("", tmp_path), SteppedClock())
    with pytest.raises(StoreUnavailable, match="is open in another samouk"):
        copied(Where(str(home)), Where(postgres, f"file://{tmp_path}/blobs"))
    served.close()


def test_nobody_writes_to_a_source_meanwhile(
    home: Path, tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes after the look for company is kept out, or the copy would lack what is stored meanwhile."""
    source = Where(postgres, f"file://{tmp_path}/blobs")
    copied(Where(str(home)), source)
    engine = _beside(postgres)
    words: list[str] = []

    def told(_: str) -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql("SET lock_timeout = '50ms'")
            with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
                connection.exec_driver_sql("DELETE FROM batches")
        words.append(_)

    copy_store(source, Where(str(tmp_path / "back")), told)
    assert words


def test_a_source_waits_as_long_as_it_takes(home: Path, tmp_path: Path, postgres: str) -> None:
    """The limit on idle transactions, by which others' locks are freed, does not end a long copy; nor a comparison."""
    source = Where(_with_options(postgres, "-c idle_in_transaction_session_timeout=100"), f"file://{tmp_path}/blobs")
    copied(Where(str(home)), source)
    engine = _beside(postgres)
    asked = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND state = 'idle in transaction' AND clock_timestamp() - state_change < interval '300 ms'"
    )

    def told(words: str) -> None:
        if not words.startswith(("batches", "the target")):
            return
        with engine.connect() as connection:
            until(lambda: not connection.scalar(asked))

    for _ in range(2):
        copy_store(source, Where(str(tmp_path / "back")), told)


def _with_options(url: str, options: str) -> str:
    return sa.make_url(url).update_query_dict({"options": options}).render_as_string(hide_password=False)


def _beside(url: str) -> sa.Engine:
    """Asks as somebody else; each question is a transaction."""
    driven = sa.make_url(url).set(drivername="postgresql+psycopg")
    return sa.create_engine(driven, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")


def test_plans_know_what_arrived(home: Path, tmp_path: Path, postgres: str) -> None:
    """The tables are analysed with the copy; else the first questions would read whole tables."""
    target = Where(postgres, f"file://{tmp_path}/blobs")
    copied(Where(str(home)), target)
    with opened(target) as end, end.database.read() as connection:
        assert connection.scalar(sa.text("SELECT reltuples FROM pg_class WHERE relname = 'batches'")) == BATCHES - 2


def test_a_wrong_name_makes_nothing(tmp_path: Path, postgres: str) -> None:
    """No store, no blobs named, or the same twice: one line each."""
    with pytest.raises(StoreUnavailable, match="no store"):
        copied(Where(str(tmp_path / "nothing")), Where(str(tmp_path / "else")))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(BadPlace, match="where the blobs lie"):
        copied(Where(postgres), Where(str(tmp_path / "else")))
    with pytest.raises(StoreUnavailable, match="itself"):
        copied(Where(postgres, "s3://a"), Where(postgres, "s3://a"))


def test_damage_is_named(home: Path, tmp_path: Path) -> None:
    """A pack of the source that changed, and one that is gone, stop the copy, and the target stays empty."""
    pack = next(path for path in (home / "packs").glob("??/*"))
    whole = pack.read_bytes()
    pack.write_bytes(whole[:-1] + b"!")
    with pytest.raises(CorruptBlob, match=pack.name):
        copied(Where(str(home)), Where(str(tmp_path / "other")))
    pack.unlink()
    with pytest.raises(CorruptBlob, match=pack.name):
        copied(Where(str(home)), Where(str(tmp_path / "other")))
    with opened(Where(str(tmp_path / "other"))) as end, end.database.read() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM batches")) == 0
    pack.write_bytes(whole)
    assert copied(Where(str(home)), Where(str(tmp_path / "other"))).packs == 4


def test_a_blob_that_is_damaged_on_the_way_is_mended(
    home: Path, tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an earlier try left broken in the bucket is looked at, and written anew."""
    url = fresh_url(monkeypatch)
    bucket = url.split("/")[2]
    copied(Where(str(home)), Where(postgres, url))
    victim = next(name for name in objects(bucket) if "/packs/" in name)
    send("PUT", f"http://{url.partition('endpoint=http://')[2]}", f"{bucket}/{victim}", b"broken")
    assert copied(Where(str(home)), Where(postgres, url)).new == 1
    copied(Where(postgres, url), Where(str(tmp_path / "back")))


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on(home: Path, tmp_path: Path, postgres: str) -> None:
    """However often it dies, the target is an empty store or the whole one, and in the end it is whole."""
    store = open_store(home, SteppedClock())
    store.log.append([batch(number, rows=200) for number in range(1_000, 1_200)])
    for number in range(300):
        store.blobs.put(b"%d" % number * 10_000)
    store.documents.save(
        type(store.documents.shelf("tests.things")[0])(
            "tests.things", "many", {}, blobs=tuple(sorted(store.blobs.keys()))
        )
    )
    store.close()
    target = Where(postgres, f"file://{tmp_path}/blobs")
    code = (
        "from samouk.store.moving.copying import copy_store; from samouk.store.moving.ends import Where; import sys;"
        "copy_store(Where(sys.argv[1]), Where(sys.argv[2], sys.argv[3]), lambda words: print(words, flush=True))"
    )
    rng, deaths = random.Random(5), 0
    for _ in range(5):
        command = [sys.executable, "-c", code, str(home), target.database, target.blobs]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **CREDENTIALS}, text=True) as child:
            assert child.stdout is not None
            for _ in range(rng.randint(1, 30)):
                child.stdout.readline()
            child.send_signal(signal.SIGKILL)
            deaths += child.wait() == -signal.SIGKILL
        with opened(target, make=True) as end, end.database.read() as connection:
            assert connection.scalar(sa.text("SELECT count(*) FROM batches")) in (0, 210)
    assert deaths
    done = copied(Where(str(home)), target)
    assert done.source_digest == done.target_digest
    assert (home / DATABASE).is_file()
    served = open_served(postgres, *places(target.blobs, tmp_path), SteppedClock())
    assert batch_id(1_199) in [entry.batch_id for entry, _ in served.log.read(served.log.entries(LEARNER))]
    served.close()
