"""The database goes away under a running server and comes back: nothing is lost, nothing doubled, nobody restarts."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.contracts.conftest import served_services
from tests.contracts.waiting import until
from tests.own_postgres import OwnPostgres, own_postgres
from tests.proxy import Cut, between
from tests.server import toy
from tests.server.house import House, running

from samouk.cli import main
from samouk.server import Options, create_app

CLIENTS = 4


@pytest.fixture(scope="module")
def database() -> Iterator[OwnPostgres]:
    """A server that the tests may stop."""
    with own_postgres() as server:
        yield server


class Sender(threading.Thread):
    """A client that sends batch after batch, each until it is answered for."""

    def __init__(self, house: House) -> None:
        super().__init__(daemon=True)
        self.house = house
        self.enough = threading.Event()
        self.stored: list[str] = []
        self.refusals: list[tuple[int, str | None]] = []

    def run(self) -> None:
        while not self.enough.is_set():
            batch_id = str(uuid.uuid4())
            body = toy.packed(toy.upload(3, batch_id=batch_id))
            while True:
                answer = self.house.send(body)
                if answer.status in (200, 201):
                    self.stored.append(batch_id)
                    break
                self.refusals.append((answer.status, answer.headers.get("retry-after")))


def everybody_got_on(senders: list[Sender], what: str) -> None:
    """Wait until each has more of it than now."""
    before = [len(getattr(sender, what)) for sender in senders]
    until(lambda: all(len(getattr(one, what)) > n for one, n in zip(senders, before, strict=True)))


def test_uploads_go_on_after_the_database_was_away(database: OwnPostgres, tmp_path: Path) -> None:
    """Killed twice under load: clients are asked to come again, and every batch that was promised is there once."""
    services = served_services(tmp_path, database.url)
    with running(create_app(services, {"toy": toy.DOMAIN}, Options(tmp_path / "published")), services) as house:
        senders = [Sender(house) for _ in range(CLIENTS)]
        for sender in senders:
            sender.start()
        for _ in range(2):
            everybody_got_on(senders, "stored")
            database.stop()
            everybody_got_on(senders, "refusals")
            database.start()
        everybody_got_on(senders, "stored")
        for sender in senders:
            sender.enough.set()
        for sender in senders:
            sender.join(60)
        promised = {batch_id for sender in senders for batch_id in sender.stored}
        refusals = {refusal for sender in senders for refusal in sender.refusals}
        entries = services.log.entries("toy.half")
        read = [entry.batch_id for entry, _ in services.log.read(entries)]
    assert {status for status, _ in refusals} == {503}
    assert all(retry_after is not None for _, retry_after in refusals)
    assert sorted(read) == sorted(promised)
    assert services.log.stats("toy.half").total_batches == len(promised)
    services.close()


def test_reading_recovers_too(database: OwnPostgres, tmp_path: Path) -> None:
    """What needs the database says that it is out of order, and answers again once that is back."""
    services = served_services(tmp_path, database.url)
    with running(create_app(services, {"toy": toy.DOMAIN}, Options(tmp_path / "published")), services) as house:
        database.stop()
        away = house.get("/v1/learners/toy.half/samples/stats")
        database.start()
        back = house.get("/v1/learners/toy.half/samples/stats")
    assert (away.status, away.json["status"], "out of order" in away.json["detail"]) == (503, 503, True)
    assert int(away.headers["retry-after"]) > 0
    assert back.status == 200
    services.close()


@pytest.mark.parametrize("where", list(Cut))
def test_an_answer_of_a_commit_that_is_lost(postgres: str, tmp_path: Path, where: Cut) -> None:
    """Whether the commit was done or not, the client is told to send it again, and has it once."""
    with between(postgres) as (proxy, url):
        services = served_services(tmp_path, url)
        with running(create_app(services, {"toy": toy.DOMAIN}, Options(tmp_path / "published")), services) as house:
            body = toy.packed(toy.upload(3))
            assert house.send(toy.packed(toy.upload(3))).status == 201
            proxy.cut(b"COMMIT\0", where)
            lost = house.send(body)
            again = house.send(body)
        assert (lost.status, "send it again" in lost.json["detail"]) == (503, True)
        assert again.json["status"] == ("stored" if where is Cut.BEFORE else "duplicate")
        assert services.log.stats("toy.half").total_batches == 2
        services.close()


def test_a_server_does_not_start_without_its_database(database: OwnPostgres, tmp_path: Path) -> None:
    """It ends with words and exit code 3: whoever supervises it tries again."""
    database.stop()
    environment = {"SAMOUK_DATABASE_URL": database.url, "SAMOUK_HOME": str(tmp_path)}
    result = CliRunner().invoke(main, ["serve", "--port", "0"], env=environment)
    database.start()
    assert result.exit_code == 3
    assert "does not answer: check that it runs" in result.output
