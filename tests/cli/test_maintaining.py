"""`samouk maintain`: once, when it is due, and never two at a time."""

from __future__ import annotations

import datetime as dt
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.contracts.making import batch

from samouk import assembly
from samouk.cli import main
from samouk.cli.ends import told_to_stop
from samouk.cli.maintaining import _day_by_day
from samouk.loop.maintain import DONE, LEASE
from samouk.loop.ports import Services, StoreUnavailable
from samouk.settings import load
from samouk.store.clock import SystemClock
from samouk.store.sql import open_store


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def samouk(home: Path, *words: str, **variables: str) -> Result:
    return CliRunner(env=variables).invoke(main, ["maintain", *words, "--home", str(home)])


def filled(home: Path) -> None:
    """Ten packs, and a blob that nobody names."""
    store = open_store(home, SystemClock())
    for number in range(10):
        store.log.append([batch(number, rows=20)])
    store.close()


def test_it_tells_what_it_did(home: Path) -> None:
    """Small packs become one, and the store is read as before."""
    filled(home)
    result = samouk(home, "--once")
    assert result.exit_code == 0, result.output
    assert "10 packs became 1" in result.output
    assert len(list((home / "packs").glob("??/*"))) == 1
    again = json.loads(samouk(home, "--once", "--json").output)
    assert again["packs"] == {"before": 0, "after": 0, "size": 0}


def test_what_is_young_stays(home: Path) -> None:
    """Retention counts in whole weeks back from now."""
    filled(home)
    done = json.loads(samouk(home, "--once", "--json", SAMOUK_RETENTION_DAYS="1").output)
    assert (done["batches"], done["samples"]) == (0, 0)


def test_it_waits_for_a_day(home: Path) -> None:
    """When it was done, nothing is to be done; a day later it is."""
    samouk(home, "--once")
    assert "less than a day ago" in samouk(home, "--if-due").output
    with assembly.opened(load({}, home=home)) as services:
        now = services.clock.now()
        assert now.timestamp() - services.journal.cursor(DONE) < dt.timedelta(hours=1).total_seconds()


def test_another_is_not_disturbed(home: Path) -> None:
    """While somebody holds the lease it ends with the code for that."""
    with assembly.opened(load({}, home=home)) as services:
        services.leases.acquire(LEASE, "another", 60.0)
        result = samouk(home, "--once")
    assert (result.exit_code, "another process" in result.stderr) == (4, True)


def test_day_by_day_it_ends_quietly(home: Path) -> None:
    """One line when it begins, none for Ctrl-C."""
    command = [sys.executable, "-m", "samouk.cli", "maintain", "--home", str(home)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    assert "kept tidy once a day" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=60)[0]
    assert (process.returncode, rest) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["interrupt", "terminate"])
def test_a_signal_amid_the_lock_of_the_wait_stops_it(number: signal.Signals) -> None:
    """The handler runs on the thread that waits, whatever that holds just then, and comes back."""
    held = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        stop = told_to_stop()
        with stop._cond:  # type: ignore[attr-defined]
            signal.raise_signal(number)
        assert stop.wait(60)
    finally:
        for one, handler in held.items():
            signal.signal(one, handler)


def test_a_store_that_is_away_is_told_and_asked_again(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bad moment of the database does not end what runs for months."""
    stop = threading.Event()

    def away(services: Services) -> None:
        stop.set()
        raise StoreUnavailable("the database is away")

    with assembly.opened(load({}, home=home)) as services:
        services.journal.advance(DONE, 1)  # long ago
        _day_by_day(services, away, stop)
    assert "the database is away; tried again in 10 min" in capsys.readouterr().err


def test_a_retention_that_cannot_be_is_refused(home: Path) -> None:
    """The message names the variable and what would be right."""
    result = samouk(home, "--once", SAMOUK_EXPOSURE_DAYS="-3")
    assert result.exit_code == 2
    assert "SAMOUK_EXPOSURE_DAYS must be a whole number from 0" in result.stderr


def test_it_works_on_postgresql(home: Path, emptied_postgres: str) -> None:
    """With the statistics and free pages of its tables."""
    result = samouk(home, "--once", SAMOUK_DATABASE_URL=emptied_postgres)
    assert result.exit_code == 0, result.output
    assert "the store is tidy" in result.output
