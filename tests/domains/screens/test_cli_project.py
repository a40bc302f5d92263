"""``observe project`` as a user meets it: source in, tests out, again, broken input, lost locators."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.domains.screens.observing import NOBODY, User

from samouk.domains.screens.commands.project import _say_troubles
from samouk.domains.screens.source.widgets import Trouble

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "apps"

LAYOUT = """<?xml version="1.0" encoding="utf-8"?>
<LinearLayout xmlns:android="http://schemas.android.com/apk/res/android" android:orientation="vertical">
    <EditText android:id="@+id/email" android:hint="E-mail" android:inputType="textEmailAddress" />
    <Button android:id="@+id/sign_in" android:text="Sign in" />
    <Button android:text="Регистрация" />
</LinearLayout>
"""
MANIFEST = """<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="org.example.bank">
    <application><activity android:name=".LoginActivity"><intent-filter>
        <action android:name="android.intent.action.MAIN" /><category android:name="android.intent.category.LAUNCHER" />
    </intent-filter></activity></application>
</manifest>
"""
CODE = """package org.example.bank
class LoginActivity : AppCompatActivity() {
    override fun onCreate(state: Bundle?) { super.onCreate(state); setContentView(R.layout.login) }
}
"""


def android(folder: Path) -> Path:
    main = folder / "Мой проект" / "src" / "main"
    for path, text in (
        ("res/layout/login.xml", LAYOUT),
        ("AndroidManifest.xml", MANIFEST),
        ("java/org/example/bank/LoginActivity.kt", CODE),
    ):
        (main / path).parent.mkdir(parents=True, exist_ok=True)
        (main / path).write_text(text)
    return folder / "Мой проект"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return android(tmp_path)


def fullcycle(user: User, app: Path, output: Path, *more: str) -> Any:
    return user.json("project", "fullcycle", "--source", app, "--output", output, *more)


def test_source_becomes_tests_with_a_model_that_follows_its_schema(user: User, app: Path, tmp_path: Path) -> None:
    told = fullcycle(
        user, app, tmp_path / "my tests", "--format", "pytest", "--format", "maestro", "--format", "kotlin"
    )
    assert (told["app"], told["screens"], told["interactive"]) == ("org.example.bank", 1, 3)
    model = json.loads((tmp_path / "my tests" / "app_model.json").read_bytes())
    jsonschema.validate(model, json.loads((tmp_path / "my tests" / "app_model.schema.json").read_bytes()))
    assert list((tmp_path / "my tests" / "tests").glob("test_*.py"))
    assert list((tmp_path / "my tests" / "maestro").rglob("*.yaml"))
    assert list((tmp_path / "my tests" / "kotlin").glob("*Test.kt"))
    assert [one["file"].rpartition("/")[2] for one in told["lacking"]] == ["login.xml"]


def test_a_person_is_told_the_model_the_tip_and_the_line_to_add(user: User, app: Path, tmp_path: Path) -> None:
    shown = user("project", "fullcycle", "--android-source", app, "--output", tmp_path / "t")
    assert shown.exit_code == 0, shown.output
    assert "✅ Model screens.element" in shown.stderr
    assert "1 screen, 3 interactive elements" in shown.stdout
    assert 'add android:id="@+id/' in shown.stdout
    assert "No samples of these elements are shared" in shown.stdout
    assert (tmp_path / "t" / "testability.html").read_text().startswith("<!doctype html>")


def test_again_nothing_changes_and_what_was_edited_stays(user: User, app: Path, tmp_path: Path) -> None:
    output = tmp_path / "t"
    fullcycle(user, app, output)
    (suite,) = (output / "tests").glob("test_*login*.py")
    before = suite.read_text()
    assert fullcycle(user, app, output)["kept"] == []
    assert suite.read_text() == before
    edited = before.replace("should_be_usable()", "should_be_usable()  # mine", 1)
    assert edited != before
    suite.write_text(edited)
    kept = fullcycle(user, app, output)["kept"]
    assert suite.read_text() == edited
    assert [one["path"] for one in kept] == [f"tests/{suite.name}"]


def test_formats_do_not_touch_each_other(user: User, app: Path, tmp_path: Path) -> None:
    """What was edited stays while another format is written, what was deleted stays away."""
    output = tmp_path / "t"
    fullcycle(user, app, output, "--format", "pytest", "--format", "maestro")
    flow, gone, *_ = sorted((output / "maestro").rglob("*.yaml"))
    flow.write_text(f"{flow.read_text()}# mine\n")
    gone.unlink()
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    assert fullcycle(user, app, output, "--format", "pytest")["kept"] == []
    assert {path: path.read_bytes() for path in output.rglob("*") if path.is_file()} == before
    kept = fullcycle(user, app, output, "--format", "maestro")["kept"]
    assert {one["reason"] for one in kept} == {"you changed it", "you deleted it"}
    assert {path: path.read_bytes() for path in output.rglob("*") if path.is_file()} == before


def test_someone_elses_tests_are_not_overwritten(user: User, app: Path, tmp_path: Path) -> None:
    output = tmp_path / "t"
    output.mkdir()
    (output / "conftest.py").write_text("# mine\n")
    (output / "test_mine.py").write_text("def test(): pass\n")
    shown = user("project", "fullcycle", "--source", app, "--output", output)
    assert shown.exit_code == 3
    assert "conftest.py" in shown.stderr
    assert sorted(path.name for path in output.iterdir()) == ["conftest.py", "test_mine.py"]
    assert (output / "conftest.py").read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--output", "t"], 3, "name one with --source"),
        (["--source", "gone", "--output", "t"], 3, "--source gone: no such folder"),
        (["--source", ".", "--output", "t"], 3, "neither Android, iOS, Flutter nor React Native"),
        (["--flutter-source", ".", "--output", "t"], 3, "no screen found"),
        (["--source", "."], 2, "--output"),
        (["--source", ".", "--output", "t", "--format", "robot"], 2, "--format"),
        (["--recording", "gone.json", "--output", "t"], 3, "gone.json: no such file"),
        (["--source", ".", "--output", "file"], 3, "is a file"),
    ],
)
def test_wrong_input_is_told_in_one_line(
    words: list[str], code: int, says: str, user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    shown = user("project", "fullcycle", *words)
    assert shown.exit_code == code, shown.output
    assert says in shown.stderr
    assert shown.stderr.count("❌") == 1
    assert not (tmp_path / "t").exists()


def test_the_option_for_another_framework_is_named(user: User, tmp_path: Path) -> None:
    """Nobody has to guess why nothing was found."""
    shown = user("project", "fullcycle", "--android-source", EXAMPLES / "flutter", "--output", tmp_path / "t")
    assert shown.exit_code == 3
    assert (
        f"no screen found in it; what lies there is read with --flutter-source {EXAMPLES / 'flutter'}" in shown.stderr
    )


def test_tests_that_wait_are_counted_and_what_frees_most_is_named(user: User, app: Path, tmp_path: Path) -> None:
    layouts = app / "src" / "main" / "res" / "layout"
    (layouts / "other.xml").write_text(LAYOUT.replace("email", "search").replace("sign_in", "find"))
    code = CODE.replace("LoginActivity", "OtherActivity").replace("R.layout.login", "R.layout.other")
    (app / "src/main/java/org/example/bank/OtherActivity.kt").write_text(code)
    told = fullcycle(user, app, tmp_path / "t")
    (reason,) = told["waiting"]["reasons"]
    assert 0 < told["waiting"]["tests"] == reason["tests"] < told["tests"]
    assert reason["reason"] == "nothing in the source is known to lead here"
    shown = user.done("project", "fullcycle", "--source", app, "--output", tmp_path / "t")
    waits = told["waiting"]["tests"]
    assert f": {told['tests'] - waits} run now, {waits} wait\n" in shown
    assert re.search(r"What frees most, all that wait: Other.*: nothing in the source is known to lead here", shown)


def test_tests_that_look_first_are_counted(user: User, tmp_path: Path) -> None:
    """What the app shows only under a condition is no test that runs for sure, nor one that waits."""
    told = fullcycle(user, EXAMPLES / "android_views", tmp_path / "t")
    assert (told["asking"]["tests"], told["waiting"]["tests"]) == (1, 0)
    assert told["asking"]["most"]["tests"] == 1
    shown = user.done("project", "fullcycle", "--source", EXAMPLES / "android_views", "--output", tmp_path / "t")
    line = r"❔ Skipped where the app does not show what they need: 1 of the 66 \(\S+/activity_item\.xml:\d+\)\n"
    assert re.search(line, shown)


def test_each_format_counts_its_own_tests(user: User, tmp_path: Path) -> None:
    """Formats find and can say different things, so that each has as many tests as it can."""
    out = tmp_path / "t"
    formats = ("--format", "pytest", "--format", "maestro", "--format", "kotlin")
    told = user.json("project", "fullcycle", "--source", EXAMPLES / "compose", "--output", out, *formats)["formats"]
    flows = [path.read_text() for path in (out / "maestro").glob("*/*.yaml")]
    kotlin = "".join(path.read_text() for path in (out / "kotlin").glob("*Test.kt"))
    python = "".join(path.read_text() for path in (out / "tests").glob("test_*.py"))
    assert told == {
        "pytest": {"tests": python.count("def test_"), "waiting": python.count("mark.skip(")},
        "maestro": {"tests": len(flows), "waiting": sum("# Waits:" in flow for flow in flows)},
        "kotlin": {"tests": kotlin.count("    @Test"), "waiting": kotlin.count("    @Ignore(")},
    }


def test_what_is_wrong_with_a_file_many_times_is_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _say_troubles([Trouble("a.kt", line, "cannot be read") for line in (3, 5, 9)] + [Trouble("b.kt", 0, "is empty")])
    assert capsys.readouterr().err == "⚠️  a.kt:3: cannot be read (3 times)\n⚠️  b.kt: is empty\n"


def test_broken_files_are_named_and_the_rest_is_read(user: User, app: Path, tmp_path: Path) -> None:
    layouts = app / "src" / "main" / "res" / "layout"
    (layouts / "broken.xml").write_text("<LinearLayout><Button></LinearLayout>")
    (layouts / "bomb.xml").write_text('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    (layouts / "one.xml").write_text('<merge><include layout="@layout/two" /></merge>')
    (layouts / "two.xml").write_text('<merge><include layout="@layout/one" /></merge>')
    (layouts / "again").symlink_to(app)
    with (layouts / "huge.xml").open("wb") as huge:
        huge.truncate(50_000_000)
    told = fullcycle(user, app, tmp_path / "t")
    named = {Path(one["file"]).name for one in told["troubles"]}
    assert {"broken.xml", "bomb.xml", "huge.xml"} <= named
    assert told["interactive"] >= 3


@pytest.mark.slow
def test_ten_thousand_files_are_read(user: User, app: Path, tmp_path: Path) -> None:
    many = app / "src" / "main" / "java" / "many"
    many.mkdir()
    for number in range(10_000):
        (many / f"C{number}.kt").write_text(f"class C{number}\n")
    assert fullcycle(user, app, tmp_path / "t")["files"] > 10_000


def hierarchy(text: str, identifier: str) -> dict[str, Any]:
    node = {"class": "android.widget.Button", "clickable": True, "bounds": "[0,0][90,90]"}
    named = {**node, "text": text, "resource-id": f"org.example:id/{identifier}", "package": "org.example"}
    return {"class": "android.widget.FrameLayout", "bounds": "[0,0][900,900]", "children": [named]}


def test_a_recording_becomes_tests_too(user: User, tmp_path: Path) -> None:
    events = [
        {
            "platform": "android",
            "activity": "A",
            "hierarchy": hierarchy("Next", "next"),
            "action": {"kind": "tap", "index": 1},
        },
        {"platform": "android", "activity": "B", "hierarchy": hierarchy("Done", "done")},
    ]
    (tmp_path / "events.json").write_text(json.dumps(events))
    told = user.json("project", "fullcycle", "--recording", tmp_path / "events.json", "--output", tmp_path / "t")
    assert (told["screens"], told["unreached"]) == (2, [])
    (tmp_path / "bad.json").write_text('[{"platform": "android"}]')
    shown = user("project", "fullcycle", "--recording", tmp_path / "bad.json", "--output", tmp_path / "t2")
    assert shown.exit_code == 3
    assert "event 1" in shown.stderr


def test_the_report_is_told_again_from_the_model(user: User, app: Path, tmp_path: Path) -> None:
    fullcycle(user, app, tmp_path / "t")
    told = user.json("project", "report", tmp_path / "t", "--html", tmp_path / "page.html")
    assert told["score"] == pytest.approx(2 / 3, abs=1e-3)
    assert (tmp_path / "page.html").read_text() == (tmp_path / "t" / "testability.html").read_text()
    assert "67 %" in user.done("project", "report", tmp_path / "t" / "app_model.json")
    shown = user("project", "report", tmp_path)
    assert shown.exit_code == 3
    assert "observe project fullcycle" in shown.stderr


def test_a_lost_locator_is_proposed_with_reasons_and_nothing_is_changed(user: User, app: Path, tmp_path: Path) -> None:
    fullcycle(user, app, tmp_path / "t")
    before = {path: path.read_bytes() for path in (tmp_path / "t").rglob("*") if path.is_file()}
    now = hierarchy("Sign in", "log_in")
    now["children"].append(
        {"class": "android.widget.EditText", "resource-id": "org.example:id/email", "bounds": "[0,0][9,9]"}
    )
    (tmp_path / "now.json").write_text(json.dumps(now))
    told = user.json("project", "heal", tmp_path / "t", tmp_path / "now.json")
    found = {one["element"]: one for one in told["lost"]}
    assert found["sign_in"]["proposed"]
    assert found["sign_in"]["best"]["locator"]["value"] == "log_in"
    assert any("same text" in reason for reason in found["sign_in"]["best"]["reasons"])
    shown = user.done("project", "heal", tmp_path / "t", tmp_path / "now.json")
    assert "use id 'log_in'" in shown
    assert "2 of 3 elements recognised" in shown
    assert "to change: pages/login_activity.py, property sign_in" in shown
    assert {path: path.read_bytes() for path in before} == before
    refused = user("project", "heal", tmp_path / "t", tmp_path / "now.json", "--screen", "nowhere")
    assert (refused.exit_code, "there are login" in refused.stderr) == (3, True)
    (tmp_path / "else.json").write_text(json.dumps(hierarchy("Sign in", "log_in")))
    unsure = user("project", "heal", tmp_path / "t", tmp_path / "else.json")
    assert (unsure.exit_code, "login_activity (1 of 3 elements recognised)" in unsure.stderr) == (3, True)


def test_samples_of_the_source_are_kept_after_a_yes_and_hold_no_word_of_it(
    user: User, app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CI", "DO_NOT_TRACK"):
        monkeypatch.delenv(name, raising=False)
    assert fullcycle(user, app, tmp_path / "t")["shared"] == 0
    user.done("config", "set", "ml.contribute", "true")
    user.done("config", "set", "ml.upload_endpoint", NOBODY)
    assert fullcycle(user, app, tmp_path / "t2")["shared"] >= 3
    cached = b"".join(path.read_bytes() for path in (user.home / "cache").rglob("*") if path.is_file())
    for secret in (b"sign_in", b"Sign in", b"E-mail", b"LoginActivity", b"org.example", "Регистрация".encode()):
        assert secret not in cached
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    assert fullcycle(user, app, tmp_path / "t3")["shared"] == 0
