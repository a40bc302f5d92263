"""A real Appium server for the tests of the simulated phone; one a worker, from one install for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from appium.options.android import UiAutomator2Options
from appium.options.ios import XCUITestOptions
from appium.webdriver import Remote
from tests.domains.screens.rehearsal import drawn
from tests.domains.screens.rehearsal.drawn import Open
from tests.needed import lack

from samouk.domains.screens.testgen.rehearsal.installing import (
    Installation,
    NodeMissing,
    RegistryUnreachable,
    installed,
)
from samouk.domains.screens.testgen.rehearsal.server import Server, serving


@pytest.fixture(scope="session")
def installation() -> Installation:
    """In the user's cache: later runs and other workers find it."""
    try:
        return installed()
    except NodeMissing as error:
        lack("node", str(error))
    except RegistryUnreachable as error:
        lack("registry", str(error))


@pytest.fixture(scope="session")
def server(installation: Installation) -> Iterator[Server]:
    """A server while the tests run."""
    with serving(installation) as started:
        yield started


@pytest.fixture
def opened(server: Server, tmp_path: Path) -> Iterator[Open]:
    """Opens a session on an app: ``opened("android")``, or on another file with other capabilities."""
    sessions: list[Remote] = []

    def start(platform: str, text: str | None = None, **capabilities: object) -> Remote:
        file = tmp_path / f"running.{platform}.xml"
        file.write_text(text or (drawn.ANDROID if platform == "android" else drawn.IOS), "utf-8")
        options = UiAutomator2Options() if platform == "android" else XCUITestOptions()
        options.load_capabilities({"appium:app": str(file), **capabilities})
        sessions.append(Remote(server.url, options=options))
        return sessions[-1]

    yield start
    for session in sessions:
        session.quit()


@pytest.fixture
def android(opened: Open) -> Remote:
    """A session on the app drawn for Android."""
    return opened("android")


@pytest.fixture
def ios(opened: Open) -> Remote:
    """A session on the app drawn for iOS."""
    return opened("ios")
