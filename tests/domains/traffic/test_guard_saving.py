"""When a guard saves, what it says of failures, and what it counts: over clocks that are set and over restarts."""

from __future__ import annotations

from pathlib import Path

import pytest

from samouk import assembly
from samouk.domains.traffic.guard import SAVE_S, Guard
from samouk.domains.traffic.keeping import FolderKeeping, StoreKeeping
from samouk.settings import load

START = 1_700_000_000.0 // 60 * 60


def ticked(guard: Guard, begin: float, seconds: int) -> int:
    """Saves in so many seconds."""
    before = guard.counts["saved"]
    for second in range(seconds):
        guard.tick(begin + second)
    return guard.counts["saved"] - before


@pytest.mark.parametrize("back_s", [30.0, 300.0, 3_600.0, 86_400.0])
def test_a_clock_that_is_put_back_stops_no_save(tmp_path: Path, back_s: float) -> None:
    """However far it was put back, there is a save within two periods."""
    guard = Guard(tmp_path, clock=lambda: START)
    assert ticked(guard, START, 200) >= 2
    assert ticked(guard, START + 200 - back_s, int(2 * SAVE_S) + 2) >= 1


def test_a_store_that_is_opened_again_knows_what_is_normal(tmp_path: Path) -> None:
    """On the platform, where whoever opens the home sweeps its blobs; counters begin anew with the process."""
    settings = load({}, home=tmp_path / "home")
    for turn in range(3):
        with assembly.opened(settings) as services:
            guard = Guard(keeping=StoreKeeping(services.documents, services.blobs), clock=lambda: START)
            assert (guard.counts["fresh_starts"], guard.counts["unreadable"]) == (int(turn == 0), 0)
            assert (len(guard.extractor), guard.extractor.counts) == (int(turn > 0), {"events": 0})
            guard.track("anna", 100.0, at=START)
            assert guard.extractor.counts == {"events": 1}
            window = guard.extractor.features("anna", START)
            assert window is not None
            assert window.messages_per_minute == turn + 1
            guard.close()


class Torn(FolderKeeping):
    """A folder in which the state cannot be written, and the rules not be read."""

    def rules(self) -> None:
        raise OSError(5, "Input/output error", "rules")


def test_a_failure_is_said_once_and_names_the_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Also where two take turns, and though each draft has another name."""
    guard = Guard(keeping=Torn(tmp_path), clock=lambda: START)
    (tmp_path / "state.npz").mkdir()
    (tmp_path / "state.npz" / "in the way").touch()
    for second in range(400):
        guard.tick(START + second)
    assert guard.counts["failed_save"] >= 5
    assert guard.counts["failed_rules"] >= 5
    told = list(guard.problems)
    assert len(told) == len(set(told))
    saving = [words for words in told if words.startswith("save:")]
    assert len(saving) == 1
    assert "state.npz'" in saving[0]
    assert ".tmp" not in saving[0]
    assert len([one for one in caplog.records if "save:" in one.message]) == 1
