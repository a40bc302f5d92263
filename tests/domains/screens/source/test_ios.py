"""The iOS reader as a whole: the example app, projects of several folders, and sources with errors."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from tests.domains.screens.source.ios_looking import acted_on, look, screen, shown

from samouk.domains.screens.source.files import walk
from samouk.domains.screens.source.ios.reader import READER
from samouk.domains.screens.source.reading import detect, read
from samouk.domains.screens.source.widgets import BACK

EXAMPLE = Path(__file__).parents[4] / "examples" / "apps" / "ios"

BY_HAND = {
    "Pantry/Views/LoginView.swift": {17, 21, 23, 25, 29, 32, 36},
    "Pantry/Views/ItemsView.swift": {12, 13, 18, 22, 33, 40, 58, 59, 60},
    "Pantry/Views/ItemDetailView.swift": {17, 19, 24, 27, 34, 37, 40},
    "Pantry/Views/AddItemView.swift": {15, 20, 26, 32, 34, 35, 41, 45},
    "Pantry/Views/Components.swift": {29},
    "Pantry/Views/SettingsView.swift": {15, 18, 22, 35},
    "Pantry/PantryApp.swift": {36, 42},
    "Pantry/Base.lproj/Feedback.storyboard": {17, 24, 28, 31, 37},
    "Pantry/FeedbackViewController.swift": {8, 31},
}
"""Lines of the example app where something can be acted on, counted by going through its files."""


def test_the_example_app_is_found_whole() -> None:
    sight = read("ios", EXAMPLE)
    assert sight.app == "org.example.pantry"
    assert sight.troubles == ()
    assert acted_on(sight) == {(file, line) for file, lines in BY_HAND.items() for line in lines}
    assert [one.name for one in sight.screens if one.entry] == ["LoginView"]
    leads = {(one.name, widget.leads_to) for one in sight.screens for widget in one.widgets if widget.leads_to}
    assert leads == {
        ("LoginView", "ItemsView"),
        ("LoginView", "LoginView.alert"),
        ("LoginView.alert", BACK),
        ("ItemsView", "ItemDetailView"),
        ("ItemsView", "AddItemView"),
        ("ItemsView", "ItemsView.menu"),
        ("ItemsView", "SettingsView"),
        ("ItemsView.menu", BACK),
        ("AddItemView", BACK),
        ("ItemDetailView", BACK),
        ("ItemDetailView", "ItemDetailView.confirmationDialog"),
        ("ItemDetailView.confirmationDialog", BACK),
        ("SettingsView", "ItemsView"),
        ("SettingsView", "LoginView"),
        ("SettingsView", "FeedbackViewController"),
        ("FeedbackViewController", "FeedbackViewController.alert"),
        ("FeedbackViewController.alert", BACK),
    }
    assert sight.strings["login.title"] == "Welcome to Pantry"


def test_the_example_app_is_detected() -> None:
    assert detect(EXAMPLE) == [("ios", EXAMPLE.resolve())]


def test_folders_of_a_project(tmp_path: Path) -> None:
    for name in ("My App.xcodeproj/project.pbxproj", "Приложение/Вид.swift", "Packages/UI/Sources/UI/Row.swift"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("import SwiftUI\n")
    assert READER.detect(walk(tmp_path)) == ["."]
    (tmp_path / "inner/Other.xcodeproj").mkdir(parents=True)
    (tmp_path / "inner/Other.xcodeproj/project.pbxproj").write_text("")
    assert READER.detect(walk(tmp_path)) == ["."]
    assert READER.detect(walk(tmp_path / "Packages")) == ["."]
    beside = tmp_path / "inner/Packages/Kit"
    beside.mkdir(parents=True)
    (beside / "Package.swift").write_text("")
    (tmp_path / "inner/Shop").mkdir()
    (tmp_path / "inner/Other.xcodeproj").rename(tmp_path / "inner/Shop/Other.xcodeproj")
    assert READER.detect(walk(tmp_path / "inner")) == ["."]
    empty = tmp_path / "nothing"
    empty.mkdir()
    assert READER.detect(walk(empty)) == []


def test_packages_belong_to_the_app_and_other_devices_do_not() -> None:
    build = """
    buildSettings = {
        INFOPLIST_FILE = AppTV/Info.plist;
        PRODUCT_BUNDLE_IDENTIFIER = org.example.tv;
        SDKROOT = appletvos;
    };
    buildSettings = {
        PRODUCT_BUNDLE_IDENTIFIER = "$(BASE).x";
    };
    buildSettings = {
        INFOPLIST_FILE = App/Info.plist;
        PRODUCT_BUNDLE_IDENTIFIER = "org.example.app-one";
    };
    """
    sight = look(
        {
            "code/App.xcodeproj/project.pbxproj": build,
            "code/AppTV/Home.swift": 'import SwiftUI\nstruct Home: View { var body: some View { Button("TV") {} } }',
            "code/App/Home.swift": "import SwiftUI\nstruct Home: View { var body: some View { Pill() } }",
            "code/Packages/UI/Sources/UI/Pill.swift": (
                "import SwiftUI\npublic struct Pill: View { public init() {}\n"
                'public var body: some View { Button("Pill") {} } }'
            ),
        }
    )
    assert sight.app == "org.example.app-one"
    assert [(one.name, shown(one)) for one in sight.screens] == [("Home", [("Button", "Pill", "")])]


def test_the_bundle_may_stand_in_a_property_list() -> None:
    plist = '<plist version="1.0"><dict><key>CFBundleIdentifier</key><string>org.example.old</string></dict></plist>'
    assert look({"App/Info.plist": plist}).app == "org.example.old"


def test_declarations_with_errors_are_left_out_and_named() -> None:
    code = """import SwiftUI
struct Page: View {
    var body: some View { VStack { Button("Good") {}; part } }
    var part: some View { Button("Bad" {} }
    func broken( -> some View { }
}
struct Next: View { var body: some View { Button("Next") {} } }
"""
    facts = READER.extract("Page.swift", code.encode())
    assert facts.troubles and all(one.file == "Page.swift" and one.line > 0 for one in facts.troubles)
    sight = look({"Page.swift": code})
    words = {words for one in sight.screens for _, words, _ in shown(one)}
    assert "Next" in words and "Bad" not in words


def test_two_views_of_one_name_are_told_apart_by_their_folders() -> None:
    view = 'import SwiftUI\nstruct Row: View {{ var body: some View {{ Button("{}") {{}} }} }}'
    page = "import SwiftUI\nstruct Page{}: View {{ var body: some View {{ Row() }} }}"
    sight = look(
        {
            "one/Row.swift": view.format("First"),
            "two/Row.swift": view.format("Second"),
            "one/Page.swift": page.format("One"),
            "two/Page.swift": page.format("Two"),
        }
    )
    assert shown(screen(sight, "PageOne")) == [("Button", "First", "")]
    assert shown(screen(sight, "PageTwo")) == [("Button", "Second", "")]


def test_what_is_found_is_what_the_running_app_shows() -> None:
    """The running app was written down by hand from what the system does, not from this reader."""
    running = ElementTree.parse(EXAMPLE / "running.ios.xml").getroot()
    shows = [(one.tag, one.attrib) for one in running.iter()]
    by_name = {told["name"]: tag for tag, told in shows if "name" in told}
    words = {told[name] for _, told in shows for name in ("label", "placeholderValue") if name in told}
    found = [one for each in read("ios", EXAMPLE).screens for one in each.widgets if not one.conditional]
    for one in found:
        if one.identifier:
            assert by_name[one.identifier] == one.class_name
        elif one.interactive and not one.text.dynamic:
            said = one.text.value or one.label.value or one.hint.value
            assert said in words


def test_views_strings_and_functions_that_hold_others_twice_end() -> None:
    views = "".join(
        f"struct V{n}: View {{ var body: some View {{ VStack {{ V{n + 1}(); V{n + 1}() }} }} }}\n" for n in range(25)
    )
    strings = "".join(f'let s{n} = "\\(s{n + 1})\\(s{n + 1})"\n' for n in range(40))
    calls = "".join(f"func f{n}() {{ f{n + 1}(); f{n + 1}() }}\n" for n in range(40))
    code = f"""import SwiftUI
{views}
{strings}
struct V25: View {{ var body: some View {{ Text("leaf") }} }}
struct Page: View {{
    var body: some View {{ Button(s0) {{ f0() }} }}
    {calls}
}}
"""
    sight = look({"Page.swift": code})
    assert sum(len(one.widgets) for one in sight.screens) < 10_000


def test_odd_files_are_read() -> None:
    for content in (
        b"",
        b"\xff\xfe\x00",
        b"struct",
        b"import SwiftUI\nstruct {{{{ View",
        "import SwiftUI\n// й".encode(),
    ):
        facts = READER.extract("Odd.swift", content)
        assert READER.link({"Odd.swift": facts}).screens == ()
