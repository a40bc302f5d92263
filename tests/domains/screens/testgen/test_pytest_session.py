"""How a generated suite makes the app as new before each test: what it asks of the driver, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.domains.screens.testgen.shop import SHOP
from tests.domains.screens.testgen.test_pytest_appium import run

from samouk.domains.screens.testgen.keeping import write
from samouk.domains.screens.testgen.plan import plan
from samouk.domains.screens.testgen.pytest_appium import files

CALLS = """
import pytest
from selenium.common.exceptions import UnknownMethodException


class Session:
    capabilities = {"appPackage": "org.example.shop", "autoGrantPermissions": True}

    def __init__(self):
        self.calls = []

    def terminate_app(self, name):
        self.calls.append("terminate")

    def activate_app(self, name):
        self.calls.append("activate")

    def execute_script(self, name, values):
        if name in REFUSED:
            raise UnknownMethodException("no such method")
        self.calls.append((name, *sorted(values)))


@pytest.fixture(scope="session")
def session():
    return Session()


def test_calls(driver):
    assert driver.calls == WANTED
"""
CLEARED = [
    "terminate",
    ("mobile: clearApp", "appId"),
    ("mobile: changePermissions", "action", "appPackage", "permissions"),
    "activate",
]
INSTALLED = ["terminate", ("mobile: removeApp", "bundleId"), ("mobile: installApp", "app"), "activate"]


@pytest.mark.parametrize(
    ("arguments", "refused", "wanted"),
    [
        (["--app=./a.apk", "--platform=android"], (), CLEARED),
        (["--app=./a.apk", "--platform=android"], ("mobile: changePermissions",), [*CLEARED[:2], "activate"]),
        (["--app=./a.apk", "--platform=android", "--keep-data"], (), ["terminate", "activate"]),
        (["--app=./A.app", "--platform=ios"], (), INSTALLED),
        (["--app=org.example.shop", "--platform=ios"], (), ["terminate", "activate"]),
    ],
)
def test_the_app_forgets_what_earlier_tests_did(
    tmp_path: Path, arguments: Sequence[str], refused: Sequence[str], wanted: Sequence[object]
) -> None:
    two = replace(SHOP, platforms=("android", "ios"))
    write(tmp_path, files(two, plan(two)))
    (tmp_path / "tests" / "test_calls.py").write_text(f"REFUSED = {refused!r}\nWANTED = {wanted!r}\n{CALLS}")
    done = run(tmp_path, "tests/test_calls.py", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_driver_that_cannot_clear_data_is_told_in_a_sentence(tmp_path: Path) -> None:
    write(tmp_path, files(SHOP, plan(SHOP)))
    (tmp_path / "tests" / "test_calls.py").write_text(f"REFUSED = ('mobile: clearApp',)\n{CALLS}")
    done = run(tmp_path, "tests/test_calls.py", "--app=org.example.shop")
    assert "cannot be cleared: no such method" in done.stdout
    assert "--keep-data" in done.stdout
    assert "Traceback" not in done.stdout


def test_what_a_person_fills_is_a_block_by_itself() -> None:
    """And dialogs of the app are not answered by the driver."""
    alone = replace(SHOP, screens=tuple(one for one in SHOP.screens if not one.dialog))
    for app, accepts in ((SHOP, False), (alone, True)):
        (made,) = (one for one in files(app, plan(app)) if one.path == "conftest.py")
        assert [one.key for one in made.blocks] == ["reset_app"]
        assert f"ACCEPT_ALERTS = {accepts}\n" in made.head


SKIPPED = "import pytest\n\ndef test_hidden() -> None:\n    pytest.skip('the button is not shown')\n"


@pytest.mark.parametrize(
    ("more", "arguments", "code", "told"),
    [
        ("", (), 1, "Nothing was tested: every test was skipped."),
        ("\ndef test_seen() -> None:\n    assert True\n", (), 0, "1 passed, 1 skipped"),
        ("\ndef test_seen() -> None:\n    assert True\n", ("--no-skips",), 1, "Skipped: the button is not shown"),
    ],
)
def test_skips_alone_are_no_success(tmp_path: Path, more: str, arguments: Sequence[str], code: int, told: str) -> None:
    """And whoever wants none of them makes them failures, with their reason."""
    write(tmp_path, files(SHOP, plan(SHOP)))
    (tmp_path / "tests" / "test_own.py").write_text(SKIPPED + more)
    done = run(tmp_path, "tests/test_own.py", "--app=org.example.shop", *arguments)
    assert (done.returncode, told in done.stdout) == (code, True), done.stdout + done.stderr
