"""Android projects: where they are, what they are called, and all of the example app against a count by hand."""

from __future__ import annotations

import random
from pathlib import Path
from xml.etree import ElementTree

import pytest

from samouk.domains.screens.source.android.code import Code
from samouk.domains.screens.source.android.reader import READER
from samouk.domains.screens.source.files import walk
from samouk.domains.screens.source.reading import Unparsable, read
from samouk.domains.screens.source.widgets import BACK, Sight, SourceScreen

EXAMPLE = Path(__file__).parents[4] / "examples" / "apps" / "android_views"
NAMES = 'xmlns:android="http://schemas.android.com/apk/res/android"'

BY_HAND = {
    "LoginActivity": ["email", "password", "text_input_end_icon", "remember", "sign_in", "Forgot your password?"],
    "LoginActivity.askForReset": ["android:id/button2", "android:id/button1"],
    "ListsFragment": [
        "sort",
        "More options",
        "list_row",
        "list_delete",
        "add_list",
        "listsFragment",
        "profileFragment",
    ],
    "ListsFragment.chooseOrder": ["By name", "By date"],
    "ListsFragment.menu": ["Settings", "Sign out"],
    "DetailFragment": ["Back", "", "item_done", "add_item"],
    "ItemActivity": [
        *["name", "amount", "unit", "priority_low", "priority_normal", "priority_high"],
        *["organic", "price_limit", "notes", "save", "delete"],
    ],
    "ProfileFragment": ["avatar", "phone", "website", "vegetarian", "vegan", "dark_theme", "reminders"],
    "SettingsFragment": ["Use metric units", "Erase everything"],
    "SettingsFragment.askBeforeErasing": ["android:id/button2", "android:id/button1"],
}
"""What a person can act on, written down from the source before it was read: by id, else by words."""

LEADS = {
    ("LoginActivity", "sign_in"): "ListsFragment",
    ("LoginActivity", "Forgot your password?"): "LoginActivity.askForReset",
    ("LoginActivity.askForReset", "android:id/button2"): BACK,
    ("LoginActivity.askForReset", "android:id/button1"): BACK,
    ("ListsFragment", "sort"): "ListsFragment.chooseOrder",
    ("ListsFragment", "More options"): "ListsFragment.menu",
    ("ListsFragment", "list_row"): "DetailFragment",
    ("ListsFragment", "add_list"): "ItemActivity",
    ("ListsFragment", "listsFragment"): "ListsFragment",
    ("ListsFragment", "profileFragment"): "ProfileFragment",
    ("ListsFragment.chooseOrder", "By name"): BACK,
    ("ListsFragment.chooseOrder", "By date"): BACK,
    ("ListsFragment.menu", "Settings"): "SettingsFragment",
    ("DetailFragment", "Back"): BACK,
    ("DetailFragment", "add_item"): "ItemActivity",
    ("ItemActivity", "save"): BACK,
    ("ItemActivity", "delete"): BACK,
    ("SettingsFragment", "Erase everything"): "SettingsFragment.askBeforeErasing",
    ("SettingsFragment.askBeforeErasing", "android:id/button2"): BACK,
    ("SettingsFragment.askBeforeErasing", "android:id/button1"): BACK,
}


@pytest.fixture(scope="module")
def example() -> Sight:
    return read("android", EXAMPLE, workers=1)


def acted_on(screen: SourceScreen) -> dict[str, str]:
    """What each interactive element is known by, and where it leads."""
    return {
        one.identifier
        if one.identifier != "android:id/text1" and one.identifier
        else one.text.value or one.label.value: (one.leads_to)
        for one in screen.widgets
        if one.interactive
    }


def test_the_example_shows_what_was_counted_by_hand(example: Sight) -> None:
    assert {screen.name: list(acted_on(screen)) for screen in example.screens} == BY_HAND
    assert sum(len(one) for one in BY_HAND.values()) == 45


def test_the_example_leads_where_a_person_reads_that_it_does(example: Sight) -> None:
    found = {(one.name, known): goal for one in example.screens for known, goal in acted_on(one).items() if goal}
    assert found == LEADS


def test_the_example_is_named_and_opens_on_its_launcher(example: Sight) -> None:
    assert example.app == "org.example.larder"
    assert [screen.name for screen in example.screens if screen.entry] == ["LoginActivity"]
    assert {screen.name: screen.activity for screen in example.screens if screen.activity} == {
        "LoginActivity": ".LoginActivity",
        "ListsFragment": ".MainActivity",
        "DetailFragment": ".MainActivity",
        "ProfileFragment": ".MainActivity",
        "ItemActivity": ".ItemActivity",
        "SettingsFragment": ".SettingsActivity",
    }
    assert example.troubles == ()
    assert example.strings["sign_in"] == "Sign in"


def test_places_of_the_example_stand_where_its_files_say(example: Sight) -> None:
    for screen in example.screens:
        for widget in screen.widgets:
            line = (EXAMPLE / widget.place.file).read_text(encoding="utf-8").splitlines()[widget.place.line - 1]
            tag = widget.name.rpartition(".")[2]
            assert widget.place.file.endswith(".kt") or "<" in line, (widget.name, line)
            assert tag not in ("Button", "EditText", "CheckBox") or tag in line


def test_ids_and_words_of_the_example_are_those_that_run(example: Sight) -> None:
    """The running app was written by hand, without this reader: most of what is found must be there."""
    running = ElementTree.parse(EXAMPLE / "running.android.xml").getroot()
    shown = {node.get("resource-id", "").removeprefix("org.example.larder:id/") for node in running.iter()}
    words = {node.get(name, "") for node in running.iter() for name in ("text", "content-desc", "hint")}
    for screen in example.screens:
        for widget in screen.widgets:
            if widget.conditional:
                continue
            assert widget.identifier in shown or not widget.interactive or not widget.identifier
            for told in (widget.text, widget.label, widget.hint):
                assert told.dynamic or told.value in words


@pytest.mark.parametrize("folder", [".", "app", "app/src", "app/src/main"])
def test_an_app_is_found_from_any_folder_around_it(folder: str) -> None:
    assert len(READER.detect(walk(EXAMPLE / folder))) == 1


def test_a_project_of_two_apps_is_told_as_two_and_tests_and_libraries_alone_as_none(tmp_path: Path) -> None:
    for app in ("one", "two"):
        for path in ("settings.gradle", "app/src/main/AndroidManifest.xml", "app/src/main/res/layout/a.xml"):
            (tmp_path / app / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / app / path).write_text("<a/>")
    (tmp_path / "three/src/androidTest/res/layout").mkdir(parents=True)
    (tmp_path / "three/src/androidTest/res/layout/a.xml").write_text("<a/>")
    (tmp_path / "three/src/main").mkdir(parents=True)
    (tmp_path / "three/src/main/AndroidManifest.xml").write_text("<manifest/>")
    assert READER.detect(walk(tmp_path)) == ["one", "two"]


GRADLES = [
    ({"build.gradle": 'android { namespace "a.space"\n defaultConfig { applicationId "a.app" } }'}, "a.app"),
    ({"build.gradle.kts": 'android { namespace = "a.space"; defaultConfig { applicationId = "a.app" } }'}, "a.app"),
    ({"build.gradle.kts": 'android { namespace = "a.space" }'}, "a.space"),
    (
        {
            "build.gradle.kts": 'applicationId = project.property("ID").toString()',
            "gradle.properties": "ID=a.prop\nother=1",
        },
        "a.prop",
    ),
    ({"AndroidManifest.xml": f'<manifest {NAMES} package="a.manifest"/>'}, "a.manifest"),
    ({"A.kt": "package a.ui\nimport a.code.R\nclass A : Activity()"}, "a.code"),
    ({"A.kt": "class A : Activity()"}, ""),
]


@pytest.mark.parametrize(("files", "app"), GRADLES)
def test_an_app_is_known_by_its_id_else_by_its_namespace(tmp_path: Path, files: dict[str, str], app: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    assert read("android", tmp_path, workers=1).app == app


def test_the_launcher_may_be_an_alias_or_a_splash_that_passes_on(tmp_path: Path) -> None:
    manifest = f"""<manifest {NAMES}><application>
        <activity android:name=".SplashActivity"/><activity android:name="org.example.HomeActivity"/>
        <activity-alias android:name=".Red" android:targetActivity=".SplashActivity"><intent-filter>
            <action android:name="android.intent.action.MAIN"/>
            <category android:name="android.intent.category.LAUNCHER"/>
        </intent-filter></activity-alias></application></manifest>"""
    code = """class SplashActivity : LibrarySplash() {
    override fun initActivity() {
        if (first) start(SplashActivity()) else startActivity(Intent(this, HomeActivity::class.java))
    }
}
class HomeActivity : AppCompatActivity(R.layout.home)
"""
    (tmp_path / "res/layout").mkdir(parents=True)
    (tmp_path / "res/layout/home.xml").write_text(f"<Button {NAMES}/>")
    (tmp_path / "AndroidManifest.xml").write_text(manifest)
    (tmp_path / "A.kt").write_text(code)
    (home,) = read("android", tmp_path, workers=1).screens
    assert (home.name, home.entry, home.activity) == ("HomeActivity", True, "org.example.HomeActivity")


@pytest.mark.parametrize(
    ("theme", "code", "title"),
    [
        ("Theme.AppCompat.Light.DarkActionBar", "", "Home"),
        ("Theme.MaterialComponents.DayNight", "", "Home"),
        ("Theme.Material3.Light.NoActionBar", "", ""),
        ("Theme.Material3.Light.NoActionBar", "setSupportActionBar(binding.bar)", "Home"),
        ("Theme.OfALibrary", "", ""),
    ],
)
def test_the_label_of_an_activity_is_its_title_where_a_bar_shows_it(
    tmp_path: Path, theme: str, code: str, title: str
) -> None:
    files = {
        "AndroidManifest.xml": f"""<manifest {NAMES}><application android:theme="@style/App">
            <activity android:name=".HomeActivity" android:label="Home"/></application></manifest>""",
        "res/values/styles.xml": f"""<resources><style name="App" parent="App.Base"/>
            <style name="App.Base" parent="{theme}"/></resources>""",
        "res/layout/home.xml": f"<Button {NAMES}/>",
        "A.kt": f"class HomeActivity : AppCompatActivity(R.layout.home) {{ fun f() {{ {code} }} }}",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    (home,) = read("android", tmp_path, workers=1).screens
    assert home.title.value == title


def test_a_file_that_a_machine_wrote_is_named_and_left_out() -> None:
    with pytest.raises(Unparsable, match="written by a machine") as told:
        READER.extract("A.kt", b"class A : Activity()\nval x = " + b"f(" * 20_000)
    assert told.value.line == 2


def test_any_text_is_read_without_an_error() -> None:
    """Cut and shuffled sources: brackets that do not match must not stop a reader."""
    dice = random.Random(5)
    whole = "".join(path.read_text("utf-8") for path in sorted(EXAMPLE.rglob("*.kt")) + sorted(EXAMPLE.rglob("*.java")))
    for _ in range(150):
        start = dice.randrange(len(whole))
        piece = list(whole[start : start + dice.randrange(2_000)])
        for _ in range(dice.randrange(40)):
            piece.insert(dice.randrange(len(piece) + 1), dice.choice("(){}\"'<>.:\n/*$"))
        for name in ("A.kt", "A.java"):
            READER.link({name: READER.extract(name, "".join(piece).encode())})


def test_comments_and_words_keep_their_length_and_hide_their_brackets() -> None:
    code = Code("A.kt", 'class A { // }\n val s = "}${x}" /* { */\n val t = """ } """ }\nclass B')
    assert len(code.text) == len(code.source)
    assert [one.name for one in code.classes] == ["A", "B"]
    assert code.classes[0].end == code.text.rindex("}") + 1


def test_many_files_are_read_in_several_processes_as_in_one(tmp_path: Path) -> None:
    """Facts must pass between processes."""
    one = read("android", EXAMPLE, workers=1)
    assert read("android", EXAMPLE, workers=2) == one
