"""Fixtures of the screens' tests: a user who types commands, and screens in files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.domains.screens.observing import User

from samouk.domains.screens import net
from samouk.domains.screens.dumps import to_page_source, to_uiautomator
from samouk.domains.screens.world import ScreenWorld


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    """A user who was never asked anything, on a machine that is no CI."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("DO_NOT_TRACK", raising=False)
    return User(tmp_path / "user")


@pytest.fixture
def short_descent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks descend a tenth of their way, for tests that ask for no model that is good: a fit takes a third."""
    monkeypatch.setattr(net, "STEPS", net.STEPS // 10)


@pytest.fixture
def screens(tmp_path: Path) -> Callable[[int], list[Path]]:
    """Writes so many simulated screens to files, each of another app, and gives their paths."""

    def write(count: int) -> list[Path]:
        world = ScreenWorld(3)
        paths = []
        for number in range(count):
            screen = next(world.screens(world.app(number), 1))
            paths.append(tmp_path / f"screen{number}.xml")
            ios = screen.platform == "ios"
            paths[-1].write_text(to_page_source(screen) if ios else to_uiautomator(screen), "utf-8")
        return paths

    return write
