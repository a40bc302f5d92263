"""What PostgreSQL keeps of deleted rows: cleared when nobody can see them any more, and told until then."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from examples.will_it_rain import RAIN
from tests.contracts.conftest import served_services
from tests.loop.test_erasure import files_of, house
from tests.loop.test_forgetting import CANARY, SECRET, show

from samouk.loop.erasure import erase_subject, verify
from samouk.loop.forgetting import forget_unit
from samouk.loop.ports import REWRITE_BYTES, Services
from samouk.store.sql import postgres_files


@pytest.fixture
def services(postgres: str, tmp_path: Path) -> Iterator[Services]:
    made = served_services(tmp_path / "home", postgres)
    yield made
    made.close()


def test_rows_that_an_open_transaction_can_see_wait_for_its_end(
    services: Services, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof is not complete and says what is in the way; once that ended, asking again proves it."""
    monkeypatch.setattr(postgres_files, "PATIENCE_S", 0.2)
    shown = show(services, SECRET, CANARY)
    with psycopg.connect(postgres, application_name="a long report") as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM exposures").fetchall()
        proof = erase_subject(house(services), [RAIN], SECRET, "operator")
        assert (proof.complete, proof.removed["exposures"]) == (False, 3)
        assert any("may still see it" in reason for reason in proof.pending)
        assert proof.left > 0
    monkeypatch.setattr(postgres_files, "PATIENCE_S", 60.0)
    again = erase_subject(house(services), [RAIN], SECRET, "operator")
    assert (again.complete, again.removed["exposures"]) == (True, 0)
    assert not verify(services, proof).left
    assert not any(shown[0].encode() in data for data in files_of(postgres))


def test_what_a_route_deleted_is_cleared_by_the_next_who_clears(
    services: Services, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The note of it lies in the database: another process, or a later day, finds it; nothing is done twice."""
    monkeypatch.setattr(postgres_files, "PATIENCE_S", 60.0)
    shown = show(services, SECRET, CANARY)
    forget_unit(RAIN, services, SECRET, "operator")
    assert any(shown[0].encode() in data for data in files_of(postgres))
    assert services.remains.clear(None) == []
    assert not any(shown[0].encode() in data for data in files_of(postgres))
    with psycopg.connect(postgres) as connection:
        assert connection.execute("SELECT count(*) FROM stains").fetchall() == [(0,)]


def test_tables_that_are_too_large_are_not_written_anew_beside_their_users(
    services: Services, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof says what waits for which command; a request waits for nobody, and holds up nobody."""
    monkeypatch.setattr(postgres_files, "PATIENCE_S", 60.0)
    show(services, SECRET, CANARY)
    kept = "SELECT pg_relation_filenode('exposures')"
    with psycopg.connect(postgres, autocommit=True) as connection:
        before = connection.execute(kept).fetchone()
        answered = erase_subject(dataclasses.replace(house(services), rewrite=0), [RAIN], SECRET, "operator")
        assert (answered.complete, answered.removed["exposures"]) == (False, 3)
        assert any("exposures" in reason and "`samouk maintain`" in reason for reason in answered.pending)
        bounded = services.remains.clear(1)
        assert any("exposures" in reason and "--rewrite" in reason for reason in bounded)
        assert connection.execute(kept).fetchone() == before
        assert services.remains.clear(REWRITE_BYTES) == []
        assert connection.execute(kept).fetchone() != before
        assert services.remains.clear() == []


def test_statistics_hold_no_values_of_persons(services: Services, postgres: str) -> None:
    """ANALYZE would else copy units and rows where no erasure reaches."""
    show(services, SECRET, CANARY, n=30)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("ANALYZE")
        told = connection.execute(
            "SELECT attname FROM pg_stats WHERE tablename IN ('exposures', 'parked', 'documents')"
        ).fetchall()
    assert {name for (name,) in told}.isdisjoint({"unit", "event_id", "seen", "shadows", "body", "key"})
