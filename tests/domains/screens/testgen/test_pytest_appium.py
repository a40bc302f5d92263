"""What is true of a generated suite: it is plain Python that pytest takes, and finds by what the model tells."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domains.screens.testgen.shop import SHOP, by_id, element, found_by, model, screen

from samouk.domains.screens.appmodel.model import AppModel
from samouk.domains.screens.source.widgets import Entry
from samouk.domains.screens.testgen.cases import Generated
from samouk.domains.screens.testgen.keeping import write
from samouk.domains.screens.testgen.parts import join, regions_of
from samouk.domains.screens.testgen.plan import plan
from samouk.domains.screens.testgen.pytest_appium import files
from samouk.domains.screens.testgen.pytest_code import docstring, literal

APART = ' AND type != "XCUIElementTypeApplication"'
NASTY = 'say "hi" to C:\\new \'\'\' """ now\n\t\u2028 привет 名前'


def suite(app: AppModel) -> dict[str, str]:
    return {one.path: join(regions_of(one), one.path) for one in files(app, plan(app))}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The suite of the shop, in a path with a blank and Cyrillic letters."""
    out = tmp_path_factory.mktemp("вывод тестов")
    write(out, files(SHOP, plan(SHOP)))
    return out


@pytest.fixture(scope="module")
def base(folder: Path) -> ModuleType:
    """pages/base.py, as module."""
    spec = importlib.util.spec_from_file_location("generated_base", folder / "pages/base.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "APP", "PLATFORM"))}
    return subprocess.run(
        command, cwd=folder, env=clean | environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_pytest_collects_a_test_for_each_case(folder: Path) -> None:
    """Without a server, an app or a warning."""
    done = run(folder, "--collect-only", "-q", "-W", "error")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(plan(SHOP).cases)} tests collected" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "name the app with --app"),
        (["--app=x", "--platform=symbian"], "name the platform with --platform=android"),
        (["--app=none/at/all.apk"], "is not there"),
        (["--app=org.example.shop", "--appium-url=http://127.0.0.1:9"], "no Appium server answers"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(folder: Path, arguments: Sequence[str], says: str) -> None:
    """Not in a stack trace."""
    done = run(folder, *arguments)
    assert done.returncode == 4
    assert says in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_code_is_as_a_formatter_leaves_it(folder: Path) -> None:
    """And nothing that ruff warns of is in it."""
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "."],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_long_names_are_broken_as_a_formatter_breaks_them(tmp_path: Path) -> None:
    """Of screens, files, words and screens that lead to each other."""
    long = "the_history_of_everything_that_was_bought"
    words = "What was bought in this shop since the very beginning of time, told at length"
    second = element("open", "button", found_by("label", words, nth=1), name=words, leads_to=f"{long}_too")
    app = model(
        screen(long, second, by_id("other", "button"), name=f"app/{long}/Screen", entry=True),
        screen(f"{long}_too", by_id("x", "text_input"), name=f"app/source/main/res/{long}/Second", title=words),
    )
    write(tmp_path, files(app, plan(app)))
    for command in (["check"], ["format", "--check", "--diff"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "."],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_code_is_typed(folder: Path) -> None:
    """Strictly."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull, "pages", "conftest.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_a_suite_does_not_need_samouk(folder: Path) -> None:
    """It imports pytest, Appium, what these bring, and itself."""
    known = {"pytest", "appium", "selenium", "urllib3", "pages"} | set(sys.stdlib_module_names)
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.module is not None and node.module.partition(".")[0] in known
            elif isinstance(node, ast.Import):
                assert {name.name.partition(".")[0] for name in node.names} <= known


def test_each_test_names_its_line() -> None:
    """In its documentation and in the line above it."""
    text = suite(SHOP)["tests/test_login.py"]
    assert "# observe: test_email_takes_an_address from app/login.xml:2\n@pytest.mark.inputs\n" in text
    assert '"""Email takes an address' not in text
    assert '"""Email takes an email address (app/login.xml:2)."""' in text


def test_nothing_is_found_by_an_absolute_path_or_a_page_source() -> None:
    """It is kept of a failed test, and tells that a page was the last."""
    for path, text in suite(SHOP).items():
        assert text.count("page_source") == (path in ("conftest.py", "pages/base.py")), path
        assert '"/hierarchy' not in text


def test_what_waits_is_skipped_with_its_reason() -> None:
    """A screen without a way by its file; a test whose screen nobody could see by itself."""
    made = suite(SHOP)
    alike = model(
        screen("home", by_id("go", "button", leads_to="one"), by_id("same", "button"), entry=True),
        screen("one", by_id("same", "button")),
    )
    reason = "nobody could see that one is open: nothing tells it from Home: give one of its elements an identifier"
    assert f'reason="{reason}"' in suite(alike)["tests/test_home.py"]
    assert "pytestmark = pytest.mark.skip(" in made["tests/test_about.py"]
    assert "No way is known: nothing in the source is known to lead here." in made["pages/navigation.py"]


def test_what_a_condition_shows_is_asked_for_when_the_test_runs() -> None:
    """And the test says aloud that it was left."""
    text = suite(SHOP)["tests/test_lists.py"]
    assert "    lists.undo.only_if_shown()\n    lists.undo.should_be_usable()\n" in text
    assert "pytest.mark.skip" not in text


def test_a_screen_that_one_of_several_tells_says_so() -> None:
    """Its page object looks for any of them."""
    rows, none = by_id("row", "list_item", repeated=True), by_id("empty", "text", interactive=False, conditional=True)
    made = suite(model(screen("rows", rows, none, entry=True)))
    assert '    LANDMARKS = ("row", "empty")\n    ONE_OF = True\n' in made["pages/rows.py"]


def test_what_nothing_finds_is_noted_with_the_line_to_add() -> None:
    """Where its tests would stand."""
    assert '# - Share, app/lists.xml:6: android:id="@+id/share"' in suite(SHOP)["tests/test_lists.py"]


@pytest.mark.parametrize(
    ("framework", "strategy", "android", "ios"),
    [
        ("android", "id", 'resource("x y")', None),
        ("compose", "id", 'tag("x y")', None),
        ("flutter", "id", 'tag("x y")', 'tag("x y")'),
        ("compose", "id_start", 'tag_start("x y")', None),
        ("react_native", "id_start", 'tag_start("x y")', 'tag_start("x y")'),
        ("flutter", "text", 'label("x y")', 'text("x y")'),
        ("flutter", "text_start", 'label_start("x y")', 'text_start("x y")'),
        ("react_native", "text", 'text("x y")', 'text("x y")'),
        ("react_native", "hint", 'hint("x y")', 'hint("x y")'),
        ("ios", "label", None, 'label("x y")'),
    ],
)
def test_strategies_become_what_the_platform_understands(
    framework: Any, strategy: Any, android: str | None, ios: str | None
) -> None:
    """Flutter's words are descriptions on Android; ids bear a package in Android XML alone."""
    platforms = tuple(name for name, way in (("android", android), ("ios", ios)) if way)
    one = element("x", "text_input", found_by(strategy, "x y"))
    text = suite(model(screen("only", one, framework=framework), platforms=platforms))["pages/only.py"]
    assert (f"android={android}" in text) == (android is not None)
    assert (f"ios={ios}" in text) == (ios is not None)


def test_the_last_resort_counts_by_the_class_of_the_running_app() -> None:
    """And stops where something before it may come and go."""
    plain = [element(key, "text_input", found_by("kind", "TextInput")) for key in ("one", "two")]
    app = model(screen("only", *plain, framework="react_native"), platforms=("android", "ios"))
    text = suite(app)["pages/only.py"]
    assert 'android=kind("android.widget.EditText", nth=1)' in text
    assert 'ios=kind("XCUIElementTypeTextField", nth=1)' in text
    shy = by_id("maybe", "text_input", conditional=True)
    app = model(screen("only", shy, *plain, framework="react_native"), platforms=("android",))
    assert "kind(" not in suite(app)["pages/only.py"]


def listed(framework: Any, class_name: str = "View", *, name: str = "", within: str = "FlatList", nth: int = 0) -> str:
    """The page object of a screen with rows of a list."""
    row = element("row", "list_item", found_by("row", name, within=within, nth=nth), repeated=True)
    row = replace(row, class_name=class_name)
    platforms = {"ios": ("ios",), "react_native": ("android", "ios"), "flutter": ("android", "ios")}
    app = model(
        screen("only", row, by_id("ok", "button"), framework=framework),
        platforms=platforms.get(framework, ("android",)),
    )
    return suite(app)["pages/only.py"]


def test_rows_are_found_by_their_list_as_each_framework_shows_it() -> None:
    """By its name, else by its class where that tells a list; other things above them are counted in cells alone."""
    views = "androidx.recyclerview.widget.RecyclerView"
    assert 'row(resource("notes"))' in listed("android", name="notes", within=views)
    assert f'row(kind("{views}"))' in listed("android", within=views)
    assert 'row(tag("notes"))' in listed("compose", name="notes", within="ListView")
    assert "row(" not in listed("compose", within="ListView")
    assert "row(" not in listed("flutter", within="ListView")
    text = listed("react_native")
    assert 'android=row(kind("android.widget.ScrollView"))' in text
    assert 'ios=row(kind("XCUIElementTypeScrollView"))' in text
    assert "many=True" in text
    assert "row(" not in listed("react_native", nth=1)
    cells = "XCUIElementTypeCollectionView"
    text = " ".join(listed("ios", "XCUIElementTypeButton", within=cells, nth=1).split())
    assert f'row( kind("{cells}"), nth=1, of="XCUIElementTypeCell/XCUIElementTypeButton", )' in text
    assert 'of="XCUIElementTypeCell")' in listed("ios", "XCUIElementTypeCell", name="t", within="XCUIElementTypeTable")
    assert "row(" not in listed("ios", "XCUIElementTypeOther", within=cells)


def test_rows_are_looked_for_inside_their_list(base: ModuleType) -> None:
    """And counted there."""
    rows = base.row(base.resource("notes"), 1)
    inner = "new UiSelector().clickable(true).instance(1)"
    outer = 'new UiSelector().resourceIdMatches(".*:id/notes")'
    assert base._android(rows)[1] == f"{outer}.childSelector({inner})"
    assert base._xpath(rows).endswith('//*[@clickable="true"])[2]')
    assert rows.place == 0
    assert str(rows) == "row 2 of the list with id 'notes'"
    chain = base._ios(base.row(base.tag('a "b"'), 0))[1]
    own = 'accessible == 1 AND type != "XCUIElementTypeStaticText"'
    assert chain == f'**/XCUIElementTypeAny[`name == "a \\"b\\""`]/**/XCUIElementTypeAny[`{own}`][1]'
    cell, button = "XCUIElementTypeCell", "XCUIElementTypeButton"
    table = base.kind("XCUIElementTypeTable")
    assert base._ios(base.row(table, 2, cell))[1] == f"**/XCUIElementTypeTable/**/{cell}[3]"
    inside = f'**/XCUIElementTypeTable/**/{cell}[$type == "{button}"$][3]/**/{button}[1]'
    assert base._ios(base.row(table, 2, f"{cell}/{button}"))[1] == inside


def test_an_app_of_two_platforms_asks_which_one() -> None:
    """And screens of one of them are only tested there."""
    app = model(
        screen("first", by_id("a", "button"), framework="android", entry=True),
        screen("second", by_id("b", "button"), framework="ios", entry=True),
        platforms=("android", "ios"),
    )
    made = suite(app)
    assert 'PLATFORMS = ("android", "ios")' in made["conftest.py"]
    assert 'pytestmark = pytest.mark.only_on("android")' in made["tests/test_first.py"]
    assert 'PLATFORMS = ("android",)' in suite(SHOP)["conftest.py"]


def test_names_that_python_or_the_suite_takes_are_left_free() -> None:
    """Keywords, methods of pages, modules of the suite, and letters of other alphabets."""
    keys = ("class", "driver", "back", "title", "NAME", "почта", "名前", "match")
    app = model(
        screen("base", *(by_id(key, "button") for key in keys), title="Base"), screen("экран", by_id("x", "link"))
    )
    for path, text in suite(app).items():
        if path.endswith(".py"):
            compile(text, path, "exec")
    assert len({one.path.lower() for one in files(app, plan(app))}) == len(files(app, plan(app)))
    assert "pages/base_2.py" in suite(app)


def test_any_words_make_code_that_compiles() -> None:
    """Names, titles, values and reasons with quotes, backslashes and line ends."""
    app = model(
        screen(
            "only",
            element("nasty", "button", found_by("text", NASTY), name=NASTY),
            element("lost", "button", name=NASTY),
            title=NASTY,
            name=NASTY,
        ),
        app=NASTY,
    )
    for path, text in suite(app).items():
        if path.endswith(".py"):
            compile(text, path, "exec")


@given(st.text())
def test_a_literal_is_the_string(value: str) -> None:
    """And documentation ends where it should."""
    assert eval(literal(value)) == value
    ast.parse(docstring(value, 0))


@given(st.text())
def test_words_stand_in_an_xpath_as_they_are(base: ModuleType, value: str) -> None:
    """Which knows no escapes: quotes of both kinds are put together."""
    parts = re.findall(r"\"([^\"]*)\"|'([^']*)'", base._quoted(value))
    assert "".join(one or other for one, other in parts) == value


def test_selectors_escape_what_java_and_predicates_would_end_at(base: ModuleType) -> None:
    """Quotes and backslashes."""
    assert base._android(base.text('a "b" \\c'))[1] == 'new UiSelector().text("a \\"b\\" \\\\c")'
    assert base._ios(base.text('a "b" \\c'))[1] == f'label == "a \\"b\\" \\\\c"{APART}'
    hint = base._ios(base.hint('a "b"'))[1]
    assert hint.startswith(
        '(placeholderValue == "a \\"b\\"" OR label == "a \\"b\\"") AND type IN {"XCUIElementTypeTextField", '
    )
    assert base._selector(base.resource("x"), "org.app") == 'new UiSelector().resourceId("org.app:id/x")'


def test_words_in_an_input_are_looked_for_where_each_framework_tells_them(base: ModuleType) -> None:
    """As a hint, and, for Compose, which knows none, as words inside the input."""
    by, path = base._android(base.hint("Link"))
    assert by == "xpath"
    assert path == '//android.widget.EditText[@hint="Link" or .//android.widget.TextView[@text="Link"]]'


def test_a_failure_tells_how_long_was_waited(base: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says nothing of time where one look was all."""
    driver = SimpleNamespace(capabilities={"platformName": "Android"})
    base.Page.NAME = "Login"
    control = base.Control(base.Page(driver), "email", "login.kt:3", android=base.tag("email"))
    monkeypatch.setattr(base, "TIMEOUT_S", 10.0)
    assert control.missing().endswith("looked for identifier 'email' for 10 s (login.kt:3)")
    monkeypatch.setattr(base, "TIMEOUT_S", 0.0)
    assert control.missing().endswith("looked for identifier 'email' (login.kt:3)")


def test_a_class_on_ios_tells_words_apart(base: ModuleType) -> None:
    """A tab and the title above what it opens; the part of a switch that turns is no switch of its own."""
    assert base._ios(base.text("Options", of="XCUIElementTypeButton"))[1] == (
        'label == "Options" AND type == "XCUIElementTypeButton"'
    )
    assert base._ios(base.kind(base.SWITCH, nth=1)) == (
        "xpath",
        "//XCUIElementTypeSwitch[not(ancestor::XCUIElementTypeSwitch)]",
    )
    app = model(screen("only", element("tab", "tab", found_by("text", "Options")), framework="ios"), platforms=("ios",))
    assert 'ios=text("Options", of="XCUIElementTypeButton")' in suite(app)["pages/only.py"]


def test_bare_identifiers_are_not_completed_with_a_package(base: ModuleType) -> None:
    """The strategy `id` would do so."""
    assert base._android(base.tag("email")) == ("-android uiautomator", 'new UiSelector().resourceId("email")')
    assert base._android(base.resource("email")) == ("id", "email")
    assert base._ios(base.tag("email")) == ("accessibility id", "email")
    assert base._android(base.tag_start("a.b-"))[1] == r'new UiSelector().resourceIdMatches("a\\.b-.*")'
    assert base._xpath(base.tag_start("row-")) == '(//*[starts-with(@resource-id, "row-")])[1]'
    by, told = base._ios(base.tag_start("row-"))
    assert (by, told.partition(" AND ")[0]) == ("-ios predicate string", 'name BEGINSWITH "row-"')


def test_the_same_model_gives_the_same_files() -> None:
    """Byte for byte, with keys that no two blocks share."""
    assert files(SHOP, plan(SHOP)) == files(SHOP, plan(SHOP))
    for one in files(SHOP, plan(SHOP)):
        keys = [block.key for block in one.blocks]
        assert len(set(keys)) == len(keys)
        assert all(block.text.endswith("\n") for block in one.blocks)


def test_long_texts_are_written_short() -> None:
    """One sign, many times."""
    app = model(screen("only", by_id("note", "text_input", entry=Entry("text", max_length=300))))
    text = suite(app)["tests/test_only.py"]
    assert 'only.note.enter("a" * 301)' in text


def paths(made: Sequence[Generated]) -> Iterator[str]:
    return (one.path for one in made)


def test_an_app_without_screens_has_what_runs_and_no_tests() -> None:
    """Nothing fails to be written."""
    assert not [path for path in paths(files(model(), plan(model()))) if path.startswith("tests/")]
