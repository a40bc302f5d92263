"""PostgreSQL finds what few rows are asked for by an index, never by reading a table that grows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
import pytest
from tests.contracts.live import WINDOWS, event_id, exposure, outcome
from tests.contracts.making import LEARNER
from tests.servers import fresh_database

from samouk.store.blobs.local import LocalBlobs
from samouk.store.clock import SteppedClock
from samouk.store.sql import journal
from samouk.store.sql.postgres import PostgresDatabase
from samouk.store.sql.served import open_served

ROWS = 500
WHERE_IT_CAN = "?options=-c%20enable_seqscan%3Doff"
"""A table as small as a test's is read from end to end, unless that is made to look dear."""
IDS = json.dumps([event_id(number * 17) for number in range(20)])
QUESTIONS: dict[str, tuple[str, Sequence[object]]] = {
    "one exposure": (journal._ONE, (event_id(7),)),
    "exposures of events": (journal._FIND_MINE, (IDS, LEARNER)),
    "outcomes of events": (journal._HEARD, (IDS, LEARNER)),
    "joined": (journal._JOINED, (LEARNER, ROWS // 2, 20)),
    "newest": (journal._NEWEST, (LEARNER,)),
    "a unit": (journal._SHOWN_TO_UNIT, (LEARNER, f"{77:016x}")),
    "batches of a unit": (journal._BATCHES_OF_UNIT, (LEARNER, f"{77:016x}")),
}


@pytest.fixture(scope="module")
def filled(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a database with some exposures and outcomes."""
    folder: Path = tmp_path_factory.mktemp("blobs")
    with fresh_database(migrated) as url:
        store = open_served(url, LocalBlobs(folder), LocalBlobs(folder), SteppedClock())
        store.journal.expose([exposure(number) for number in range(ROWS)])
        store.journal.tell(LEARNER, [outcome(number) for number in range(ROWS)], WINDOWS)
        store.close()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        yield url


@pytest.mark.parametrize("name", QUESTIONS)
def test_few_rows_are_found_by_an_index(filled: str, name: str) -> None:
    """The plan of each question that is asked with every request, or once a unit."""
    statement, values = QUESTIONS[name]
    database = PostgresDatabase(filled + WHERE_IT_CAN)
    with database.read() as connection:
        plan = [row[0] for row in database.question(connection)(f"EXPLAIN {statement}", tuple(values))]
    database.close()
    assert not [line for line in plan if "Seq Scan on exposures" in line or "Seq Scan on outcomes" in line], plan
