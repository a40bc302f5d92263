"""Kotlin tests: what they say, and that a real compiler takes them against the signatures of the real libraries."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest
from tests.domains.screens.testgen import shop
from tests.domains.screens.testgen.test_maestro import app
from tests.needed import lack

from samouk.domains.screens.source.widgets import Framework
from samouk.domains.screens.testgen import kotlin
from samouk.domains.screens.testgen.cases import Generated
from samouk.domains.screens.testgen.plan import plan

NOTES = "kotlin/NotesTest.kt"
STUBS = Path(__file__).parent / "kotlin_stubs"
COMPILER = "kotlin-jupyter-kernel==0.19.0.944"
"""The one package of the registry that brings Kotlin's compiler with its library."""


def text(file: Generated) -> str:
    return file.head + "".join(block.text for block in file.blocks)


def classes(framework: str) -> dict[str, str]:
    model = app(framework)  # type: ignore[arg-type]
    return {file.path: text(file) for file in kotlin.files(model, plan(model))}


def test_there_is_a_class_a_screen_and_one_that_they_share() -> None:
    assert sorted(classes("android")) == ["kotlin/AppTest.kt", "kotlin/DoneTest.kt", "kotlin/PayTest.kt"]


@pytest.mark.parametrize("framework", ["flutter", "react_native", "ios"])
def test_screens_of_other_frameworks_get_none(framework: str) -> None:
    assert classes(framework) == {}


def test_views_are_found_by_the_name_of_their_id_and_compose_by_its_tag() -> None:
    assert 'onView(withResourceName("email"))' in classes("android")["kotlin/PayTest.kt"]
    assert 'compose.onNode(hasTestTag("email"))' in classes("compose")["kotlin/PayTest.kt"]


def rows(framework: Framework, name: str = "notes") -> dict[str, str]:
    row = shop.element("row", "list_item", shop.found_by("row", name, within="ListView", unique=False), repeated=True)
    ok = shop.by_id("ok", "button")
    made = shop.model(shop.screen("notes", row, ok, framework=framework, entry=True), app="org.example")
    return {file.path: text(file) for file in kotlin.files(made, plan(made))}


def test_rows_are_found_by_the_name_of_their_list() -> None:
    """What can be tapped in it; without a name there is nothing that tells the list."""
    assert 'nth(allOf(isDescendantOfA(withResourceName("notes")), isClickable()), 0)' in rows("android")[NOTES]
    assert 'onAllNodes(hasAnyAncestor(hasTestTag("notes")) and hasClickAction())[0]' in rows("compose")[NOTES]
    assert "hasAnyAncestor" not in rows("compose", "")[NOTES]


@pytest.mark.parametrize("hidden", [True, False])
def test_a_tag_with_data_is_found_by_how_it_begins(hidden: bool) -> None:
    """Also one that only tests inside the app see."""
    ways = () if hidden else (shop.found_by("id_start", "row_", unique=False),)
    tag = "row_*" if hidden else ""
    row = shop.element("row", "list_item", *ways, repeated=True, hidden_identifier=tag)
    made = shop.model(shop.screen("notes", row, framework="compose", entry=True), app="org.example")
    told = {file.path: text(file) for file in kotlin.files(made, plan(made))}
    assert 'compose.onAllNodes(tagBegins("row_"))[0]' in told[NOTES]
    assert "fun tagBegins(start: String)" in told["kotlin/AppTest.kt"]


def test_words_are_literals_of_kotlin() -> None:
    assert 'withText("Pay \\$5.00 + \\${tax}")' in classes("android")["kotlin/PayTest.kt"]


def test_each_test_names_its_line_and_what_waits_says_why() -> None:
    shown = classes("android")["kotlin/PayTest.kt"]
    tests = re.findall(r"@Test\n    fun (\w+)", shown)
    assert len(tests) == len(set(tests)) >= 6
    assert len(re.findall(r": a\.kt:\d+ \*/", shown)) == len(tests)
    assert re.search(r'@Ignore\("shown only under a condition, a\.kt:8"\)\n    @Test\n    fun again', shown)


def test_other_alphabets_are_typed_for_inside_the_app_that_works() -> None:
    assert "package org.example\n" in classes("android")["kotlin/AppTest.kt"]
    assert "keyIsDefined(SemanticsProperties.Password)" in classes("compose")["kotlin/PayTest.kt"]


def body(shown: str, name: str) -> list[str]:
    (found,) = re.findall(rf"    fun {name}\(\) \{{\n(.*?)\n    \}}", shown, re.DOTALL)
    return [line.strip() for line in found.splitlines()]


def test_what_lies_further_down_is_scrolled_to_where_something_scrolls() -> None:
    """Compose's performScrollTo and Espresso's scrollTo throw where nothing does, and in lists."""
    compose, views = classes("compose"), classes("android")
    assert 'scrollIfPossible(hasText("Last"))' in compose["kotlin/PayTest.kt"]
    assert 'scrollIfPossible(withText("Last"))' in views["kotlin/PayTest.kt"]
    for shown in (compose["kotlin/PayTest.kt"], views["kotlin/PayTest.kt"]):
        assert "performScrollTo()" not in shown
        assert "scrollTo()" not in shown
    assert "performScrollToNode(matcher)" in compose["kotlin/AppTest.kt"]


def test_an_input_that_is_found_by_its_placeholder_is_kept_for_that_goes() -> None:
    assert body(classes("compose")["kotlin/PayTest.kt"], "pin_password_input_hides_what_is_typed")[-3:] == [
        'val input = kept(compose.onNode(hasText("PIN")))',
        'input.performTextReplacement("Correct-Horse-7")',
        "input.assert(keyIsDefined(SemanticsProperties.Password))",
    ]
    assert "kept(" not in classes("android")["kotlin/PayTest.kt"]


def test_a_tag_needs_not_be_kept() -> None:
    assert 'compose.onNode(hasTestTag("email")).performTextReplacement(' in classes("compose")["kotlin/PayTest.kt"]


def test_what_is_shared_imports_only_the_libraries_that_the_app_has() -> None:
    compose, views = classes("compose")["kotlin/AppTest.kt"], classes("android")["kotlin/AppTest.kt"]
    assert "androidx.compose" not in views
    assert "androidx.test.espresso.matcher" not in compose
    assert 'androidTestImplementation("androidx.compose.ui:ui-test-junit4")' in compose
    assert 'androidTestImplementation("androidx.test.espresso:espresso-core:' in views


def test_a_screen_has_time_to_load() -> None:
    for shown in (classes("compose"), classes("android")):
        assert "appears(" in body(shown["kotlin/PayTest.kt"], "app_opens_here")[0]


def test_no_check_is_made_twice_in_a_row() -> None:
    for framework in ("compose", "android"):
        for path, shown in classes(framework).items():
            lines = [line.strip() for line in shown.splitlines()]
            twice = [
                one
                for one, next_one in pairwise(lines)
                if one == next_one and one.startswith(("appears", "comp", "onV"))
            ]
            assert not twice, path


@pytest.fixture(scope="session")
def jars() -> Path:
    """The compiler's jars, fetched once for all processes and later runs."""
    if shutil.which("java") is None:
        lack("java", "java is not installed, and Kotlin's compiler runs on it")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "samouk-tests" / "kotlin"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list(home.glob("run_kotlin_kernel/jars/*-all.jar")):
            fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(home), COMPILER]
            if subprocess.run(fetch, capture_output=True, check=False).returncode:
                lack("registry", "the package registry cannot be reached for Kotlin's compiler")
            (wheel,) = home.glob("*.whl")
            with zipfile.ZipFile(wheel) as packed:
                packed.extractall(home, [name for name in packed.namelist() if name.endswith(".jar")])
            wheel.unlink()
    return home / "run_kotlin_kernel" / "jars"


def compiled(jars: Path, sources: Path, out: Path) -> subprocess.CompletedProcess[str]:
    library = os.pathsep.join(str(jar) for jar in jars.glob("kotlin-*.jar"))
    (compiler,) = jars.glob("*-all.jar")
    command = ["java", "-cp", f"{compiler}{os.pathsep}{library}", "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"]
    command += ["-no-stdlib", "-no-reflect", "-cp", library, "-d", str(out), str(STUBS), str(sources)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_real_compiler_takes_them_and_refuses_a_wrong_name(jars: Path, tmp_path: Path) -> None:
    frameworks: tuple[Framework, ...] = ("android", "compose")
    for framework in frameworks:
        for path, content in {**rows(framework), **classes(framework)}.items():
            # Each framework in a package of its own, so that both are compiled in one call.
            place = tmp_path / "good" / framework / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content.replace("package org.example", f"package org.example.{framework}"))
    done = compiled(jars, tmp_path / "good", tmp_path / "out")
    assert done.returncode == 0, done.stderr[-4000:]
    assert list(tmp_path.glob("out/org/example/compose/PayTest.class"))
    broken = tmp_path / "bad" / "PayTest.kt"
    broken.parent.mkdir()
    broken.write_text(classes("compose")["kotlin/PayTest.kt"].replace("performClick()", "performKlick()"))
    (broken.parent / "AppTest.kt").write_text(classes("compose")["kotlin/AppTest.kt"])
    refused = compiled(jars, broken.parent, tmp_path / "out2")
    assert refused.returncode != 0
    assert "unresolved reference 'performKlick'" in refused.stderr
