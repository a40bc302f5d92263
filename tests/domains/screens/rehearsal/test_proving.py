"""Generated suites run on a real Appium server: they pass on the app, and fail on a broken one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.domains.screens.testgen.shop import SHOP, by_id, model, screen

from samouk.domains.screens.appmodel.model import AppModel
from samouk.domains.screens.element import Platform
from samouk.domains.screens.source.widgets import Framework
from samouk.domains.screens.testgen import keeping
from samouk.domains.screens.testgen.formats import writer
from samouk.domains.screens.testgen.plan import plan
from samouk.domains.screens.testgen.rehearsal.drawing import draw
from samouk.domains.screens.testgen.rehearsal.proving import prove
from samouk.domains.screens.testgen.rehearsal.rehearse import SuiteFailed, rehearse
from samouk.domains.screens.testgen.rehearsal.server import Server

pytestmark = pytest.mark.slow


def of(framework: Framework, platform: Platform) -> AppModel:
    screens = tuple(replace(one, framework=framework) for one in SHOP.screens)
    return replace(SHOP, screens=screens, platforms=(platform,))


def written(folder: Path, told: AppModel, drawing: str) -> tuple[Path, Path]:
    """A suite in a folder with an awkward name, and the app."""
    suite, app = folder / "my tests Тесты", folder / "running.xml"
    suite.mkdir()
    keeping.write(suite, writer("pytest")(told, plan(told)))
    app.write_text(drawing, "utf-8")
    return suite, app


@pytest.mark.parametrize(
    ("framework", "platform"), [("android", "android"), ("compose", "android"), ("flutter", "android"), ("ios", "ios")]
)
def test_a_suite_passes_on_its_app_and_notices_what_is_broken(
    framework: Framework, platform: Platform, server: Server, tmp_path: Path
) -> None:
    """Every test that can run passes; nine of ten that touch a broken element fail."""
    told = of(framework, platform)
    proof = prove(told, plan(told), *written(tmp_path, told, draw(told, platform)), server.url)
    assert proof.rehearsal.of("failed") == ()
    assert proof.rehearsal.count("passed") > 5 * proof.rehearsal.count("skipped") > 0
    assert proof.unseen == ()
    assert proof.fates.tried > 50
    assert proof.fates.kill_rate >= 0.9, proof.fates.unnoticed


def test_a_test_that_fails_says_why(server: Server, tmp_path: Path) -> None:
    """Its outcome carries the message that a person would read."""
    broken = draw(SHOP, "android").replace(":id/forgot", ":id/lost")
    done = rehearse(*written(tmp_path, SHOP, broken), server.url)
    failed = done.of("failed")
    assert [one.test for one in failed] == ["tests/test_login.py::test_forgot_can_be_used"]
    assert "'Forgot' is not on the screen Login" in failed[0].reason
    assert done.seconds > 0


def test_what_a_condition_shows_is_tested_while_it_is_there_and_left_aloud_when_it_is_not(
    server: Server, tmp_path: Path
) -> None:
    """Away is no fault; renamed is away."""
    drawing, test = draw(SHOP, "android"), "tests/test_lists.py::test_undo_can_be_used"
    suite, app = written(tmp_path, SHOP, drawing)
    assert test in [one.test for one in rehearse(suite, app, server.url).of("passed")]
    app.write_text(drawing.replace(":id/undo", ":id/lost"), "utf-8")
    (left,) = [one for one in rehearse(suite, app, server.url).of("skipped") if one.test == test]
    assert left.reason.startswith("'Undo' is shown only under a condition (app/lists.xml:8)")


def test_one_of_what_comes_and_goes_tells_a_screen_and_none_of_it_fails(server: Server, tmp_path: Path) -> None:
    rows = by_id("row", "list_item", repeated=True)
    none = by_id("empty", "text", interactive=False, conditional=True)
    told = model(screen("home", by_id("go", "button", leads_to="rows"), entry=True), screen("rows", rows, none))
    drawing, test = draw(told, "android"), "tests/test_home.py::test_go_opens_rows"
    suite, app = written(tmp_path, told, drawing)
    app.write_text(drawing.replace(":id/row", ":id/lost"), "utf-8")
    assert test in [one.test for one in rehearse(suite, app, server.url).of("passed")]
    app.write_text(drawing.replace(":id/row", ":id/lost").replace(":id/empty", ":id/gone"), "utf-8")
    (failed,) = [one for one in rehearse(suite, app, server.url).of("failed") if one.test == test]
    assert "none of 'Row', 'Empty' is on the screen" in failed.reason


def test_a_suite_that_cannot_run_is_told(server: Server, tmp_path: Path) -> None:
    """With the end of what pytest wrote."""
    suite, app = written(tmp_path, SHOP, draw(SHOP, "android"))
    (suite / "tests" / "test_login.py").write_text("import nowhere_to_be_found\n", "utf-8")
    with pytest.raises(SuiteFailed, match=r"(?s)code 2.*nowhere_to_be_found"):
        rehearse(suite, app, server.url)


def test_a_server_that_is_gone_is_told(tmp_path: Path) -> None:
    """The suite's own sentence is passed on."""
    with pytest.raises(SuiteFailed, match="no Appium server answers"):
        rehearse(*written(tmp_path, SHOP, draw(SHOP, "android")), "http://127.0.0.1:9")
