"""A person who was erased after a backup stays so when it is restored, also what a domain kept by name."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.domains.traffic.test_forgetting import flooded
from tests.loop.people import embedded
from tests.server.house import running

from samouk.cli import main
from samouk.domains.traffic import DOMAIN
from samouk.domains.traffic.elsewhere import GUARDS, NOTICES, tell
from samouk.domains.traffic.keeping import ALERTS_SHELF, STATE_KEY, STATE_SHELF, StoreKeeping
from samouk.loop.exposure import new_event_id, pseudonym
from samouk.loop.forgetting import forget_unit
from samouk.loop.live import Exposure, Variant
from samouk.loop.ports import Document, Services
from samouk.server import create_app
from samouk.settings import SETTINGS
from samouk.store.clock import SteppedClock
from samouk.store.sql import DATABASE
from samouk.store.sql.owned import identity_of
from samouk.store.sql.sqlite import SqliteDatabase

LEARNER = DOMAIN.learners[0]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with a guard's state, and with an alert on mallory and one on oscar."""
    for setting in SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)
    made = tmp_path / "home"
    services = embedded(made, SteppedClock())
    guard, now = flooded(StoreKeeping(services.documents, services.blobs))
    for later in (0, 70):
        guard.tick(now[0] + later)
    name_to_a_guard(services, "oscar")
    services.close()
    return made


def name_to_a_guard(services: Services, user: str) -> None:
    """Leave what a guard that was killed never answered: the notice names the user, hidden by the store's key."""
    services.documents.save(
        Document(GUARDS, "killed", {"at": services.clock.now().timestamp(), "host": "a", "done": []})
    )
    tell(services, user)
    assert services.documents.shelf(NOTICES)


def samouk(*words: object) -> Result:
    """One command in this process."""
    return CliRunner().invoke(main, [str(word) for word in words])


def back_up(home: Path, to: Path) -> str:
    """The name of the new backup."""
    done = samouk("backup", to, "--home", home)
    assert done.exit_code == 0, done.output
    return max(path.stem for path in (to / "manifests").iterdir())


def named(home: Path) -> list[str]:
    """Users whom alerts name."""
    services = embedded(home, SteppedClock())
    found = sorted({str(one.body["user_id"]) for one in services.documents.shelf(ALERTS_SHELF)})
    services.close()
    return found


def test_a_restore_forgets_whom_a_domain_names(home: Path, tmp_path: Path) -> None:
    """The alert goes again, and the state that knows users by hashes of its own, with its blobs; others stay."""
    backups, back = tmp_path / "backups", tmp_path / "back"
    first = back_up(home, backups)
    erased = samouk("erase", "--subject", "mallory", "--home", home)
    assert (erased.exit_code, "✅ proven" in erased.output) == (0, True), erased.output
    back_up(home, backups)
    done = samouk("restore", backups, "--backup", first, "--home", back)
    assert done.exit_code == 0, done.output
    assert "1 persons that domains named" in done.output
    assert "✅ proven" in done.output
    held = samouk("export-subject", "mallory", "--home", back)
    assert (held.exit_code, held.output) == (0, "")
    assert named(back) == ["oscar"]
    services = embedded(back, SteppedClock())
    assert services.documents.get(STATE_SHELF, STATE_KEY) is None
    assert [*services.documents.shelf(NOTICES), *services.documents.shelf(GUARDS)] == []
    services.close()
    assert not [path for path in back.rglob("*") if path.is_file() and b"mallory" in path.read_bytes()]


def test_a_restore_takes_nobody_whom_its_backup_had_forgotten(home: Path, tmp_path: Path) -> None:
    """Who came again after the erasure, and before the backup, stays; so does what is normal."""
    backups, back = tmp_path / "backups", tmp_path / "back"
    assert samouk("erase", "--subject", "mallory", "--home", home).exit_code == 0
    services = embedded(home, SteppedClock())
    guard, now = flooded(StoreKeeping(services.documents, services.blobs))
    guard.tick(now[0])
    guard.tick(now[0] + 70)
    services.close()
    second = back_up(home, backups)
    back_up(home, backups)
    assert samouk("restore", backups, "--backup", second, "--home", back).exit_code == 0
    assert named(back) == named(home) == ["mallory", "oscar"]
    services = embedded(back, SteppedClock())
    assert services.documents.get(STATE_SHELF, STATE_KEY) is not None
    services.close()


def test_a_restored_store_is_a_store_of_its_own(home: Path, tmp_path: Path) -> None:
    """It does not come with the identity of the one that was backed up, and opens on its own blobs."""
    back_up(home, tmp_path / "backups")
    assert samouk("restore", tmp_path / "backups", "--home", tmp_path / "back").exit_code == 0
    found = []
    for place in (home, tmp_path / "back"):
        services = embedded(place, SteppedClock())
        services.blobs.put(b"mine")
        services.close()
        database = SqliteDatabase(place / DATABASE)
        found.append(identity_of(database))
        database.close()
    assert all(found)
    assert found[0] != found[1]


def test_a_user_forgotten_by_the_guard_alone_stays_so(home: Path, tmp_path: Path) -> None:
    """As by DELETE /ml/users: the same ledger knows of it."""
    backups, back = tmp_path / "backups", tmp_path / "back"
    first = back_up(home, backups)
    services = embedded(home, SteppedClock())
    with running(create_app(services, {"traffic": DOMAIN}), services) as house:
        assert house.call("DELETE", "/ml/users/mallory").status == 200
    services.close()
    back_up(home, backups)
    assert samouk("restore", backups, "--backup", first, "--home", back).exit_code == 0
    assert named(back) == ["oscar"]


def test_an_erasure_is_known_however_long_ago_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One on day 1, another on day 40: a state of day 0 comes back without either."""
    for setting in SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)
    home, backups, back, clock = tmp_path / "home", tmp_path / "backups", tmp_path / "back", SteppedClock()
    services = embedded(home, clock)
    secret, now = services.journal.secret(), services.clock.now()
    whose = {name: pseudonym(secret, LEARNER.name, name) for name in ("alice", "bob", "carol")}
    shown = [
        Exposure(new_event_id(secret, now), LEARNER.name, "v1.0", Variant.CHAMPION, who, 3, now, 0.5, 1.0, {})
        for who in whose.values()
    ]
    services.journal.expose(shown)
    services.close()
    first = back_up(home, backups)
    services = embedded(home, clock)
    for days, name in ((1, "alice"), (39, "bob")):
        clock.step(dt.timedelta(days=days))
        forget_unit(LEARNER, services, name, "operator")
    services.close()
    back_up(home, backups)
    done = samouk("restore", backups, "--backup", first, "--home", back)
    assert done.exit_code == 0, done.output
    assert "0 batches, 2 units" in done.output
    services = embedded(back, clock)
    left = [name for name, who in whose.items() if list(services.journal.shown_to(LEARNER.name, who))]
    services.close()
    assert left == ["carol"]
