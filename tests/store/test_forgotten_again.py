"""A restore of a state in which a forgotten unit still was: it goes again, and takes nobody along."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from examples.will_it_rain import RAIN
from tests.loop.people import embedded

from samouk.domains import UnknownLearner
from samouk.loop import look, watch
from samouk.loop.exposure import new_event_id, pseudonym
from samouk.loop.forgetting import forget_unit
from samouk.loop.live import Exposure, Variant
from samouk.loop.outcome import Told, harvest, tell
from samouk.loop.ports import Services
from samouk.moving import Return, backed_up, restored
from samouk.settings import load
from samouk.store.clock import SteppedClock

CLOCK = SteppedClock()


@contextmanager
def services(home: Path) -> Iterator[Services]:
    """The store in a home."""
    made = embedded(home, CLOCK)
    yield made
    made.close()


def show(services: Services, unit: str, pressure: float) -> None:
    """Three predictions for a unit, each with its outcome; all units are of one group, and so of one batch."""
    secret, now = services.journal.secret(), services.clock.now()
    who = pseudonym(secret, RAIN.name, unit)
    shown = [
        Exposure(
            new_event_id(secret, now),
            RAIN.name,
            "v1.0",
            Variant.CHAMPION,
            who,
            5,
            now,
            0.9,
            1.0,
            {"pressure": pressure, "humidity": 0.75},
        )
        for _ in range(3)
    ]
    services.journal.expose(shown)
    tell(RAIN, services, [Told(one.event_id, "content", 1.0) for one in shown])


def pressures(services: Services) -> list[float]:
    """What the log teaches."""
    entries = services.log.entries(RAIN.name)
    return sorted(float(one) for _, columns in services.log.read(entries) for one in np.asarray(columns["pressure"]))


def back_up(home: Path, to: Path) -> str:
    """Its name."""
    return backed_up(load({}, home=str(home)), str(to), lambda _: None, keys=False, keep=0).name


def bring_back(home: Path, source: Path, name: str) -> Return:
    """Restore where the example is installed."""
    learners = {RAIN.name: RAIN}
    return restored(load({}, home=str(home)), str(source), lambda _: None, name=name, learner_of=learners.__getitem__)


def test_others_keep_their_rows(tmp_path: Path) -> None:
    """However many were forgotten since, one after the other: what others have in the same batch is made anew."""
    home, backups = tmp_path / "home", tmp_path / "backups"
    with services(home) as old:
        for unit, pressure in (("Alice", 960.0), ("Bob", 970.0), ("Carol", 980.0)):
            show(old, unit, pressure)
        assert harvest(RAIN, old) == 9
    first = back_up(home, backups)
    CLOCK.step(dt.timedelta(hours=1))
    with services(home) as old:
        forget_unit(RAIN, old, "Alice", "operator")
        forget_unit(RAIN, old, "Bob", "operator")
        assert pressures(old) == [980.0] * 3
    back_up(home, backups)
    back = bring_back(tmp_path / "back", backups, first)
    assert back.units == 2
    with services(tmp_path / "back") as new, services(home) as old:
        assert pressures(new) == [980.0] * 3
        assert len(new.journal.joined(RAIN.name)) == 3
        ids = [[entry.batch_id for entry in one.log.entries(RAIN.name)] for one in (old, new)]
        assert ids[0] == ids[1]
        assert harvest(RAIN, new) == 0


def test_a_learner_that_is_not_installed_is_named(tmp_path: Path) -> None:
    """Nothing is erased with others' rows; where it is installed the same command goes on."""
    home, backups = tmp_path / "home", tmp_path / "backups"
    with services(home) as old:
        show(old, "Alice", 960.0)
        show(old, "Bob", 970.0)
        harvest(RAIN, old)
    first = back_up(home, backups)
    CLOCK.step(dt.timedelta(hours=1))
    with services(home) as old:
        forget_unit(RAIN, old, "Alice", "operator")
    back_up(home, backups)
    with pytest.raises(UnknownLearner, match=RAIN.name):
        restored(load({}, home=str(tmp_path / "back")), str(backups), lambda _: None, name=first)
    assert bring_back(tmp_path / "back", backups, first).units == 1
    with services(tmp_path / "back") as new:
        assert pressures(new) == [970.0] * 3


def test_a_look_that_saw_what_was_forgotten_since_goes_too(tmp_path: Path) -> None:
    """Its distances were of rows that are erased again; where nothing was forgotten since, the last look comes back."""
    home, backups = tmp_path / "home", tmp_path / "backups"
    with services(home) as old:
        show(old, "Alice", 960.0)
        harvest(RAIN, old)
        look.keep(RAIN, old, watch.observe(RAIN, old), [])
    first = back_up(home, backups)
    assert bring_back(tmp_path / "as it was", backups, first).units == 0
    with services(tmp_path / "as it was") as same:
        assert look.last(RAIN, same) is not None
    CLOCK.step(dt.timedelta(hours=1))
    with services(home) as old:
        forget_unit(RAIN, old, "Alice", "operator")
    back_up(home, backups)
    assert bring_back(tmp_path / "back", backups, first).units == 1
    with services(tmp_path / "back") as new:
        assert look.last(RAIN, new) is None
