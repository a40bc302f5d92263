"""What is true of reading an app of React Native as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.screens.source.react_native_project import PACKAGE, acting, screen_of, seen

from samouk.domains.screens.source.files import walk
from samouk.domains.screens.source.react_native.reader import READER
from samouk.domains.screens.source.reading import read
from samouk.domains.screens.source.widgets import BACK

EXAMPLE = Path(__file__).parents[4] / "examples" / "apps" / "react_native"

COUNTED = {
    "SignInScreen": [("SignInScreen.tsx", line) for line in (19, 28, 36, 37, 38)],
    "BooksScreen": [("BooksScreen.tsx", 17), ("BooksScreen.tsx", 27), ("IconButton.tsx", 7)],
    "BookScreen": [*(("BookScreen.tsx", line) for line in (31, 32, 35, 38, 39)), ("IconButton.tsx", 7)],
    "NewBookScreen": [
        *(("NewBookScreen.tsx", line) for line in (27, 28, 36, 38, 54)),
        *(("Choice.tsx", 10),) * 2,
    ],
    "SettingsScreen": [("SettingsScreen.tsx", line) for line in (16, 17, 19, 20, 23)],
    "LanguagesScreen": [("LanguagesScreen.tsx", 24)] * 2,
}
"""What a person can act on, counted by hand in the example app, without its tabs."""


def test_the_example_app_has_the_elements_that_were_counted_by_hand() -> None:
    """Each line where something can be acted on, in each screen, and no other."""
    sight = read("react_native", EXAMPLE, workers=1)
    found = {
        screen.name: sorted(
            (one.place.file.rpartition("/")[2], one.place.line) for one in acting(screen) if one.name != "Tab"
        )
        for screen in sight.screens
    }
    assert found == {name: sorted(lines) for name, lines in COUNTED.items()}
    assert not sight.troubles
    assert sight.app == "org.example.shelf"


def test_the_example_app_leads_from_screen_to_screen() -> None:
    """Every way that its source writes is told, and no other."""
    sight = read("react_native", EXAMPLE, workers=1)
    ways = {
        (screen.name, one.identifier or one.text.value, one.leads_to)
        for screen in sight.screens
        for one in acting(screen)
        if one.leads_to
    }
    assert ways == {
        ("SignInScreen", "sign-in", "BooksScreen"),
        ("SignInScreen", "Look around first", "BooksScreen"),
        ("BooksScreen", "book-*", "BookScreen"),
        ("BooksScreen", "", "NewBookScreen"),
        ("BooksScreen", "tab-books", "BooksScreen"),
        ("BooksScreen", "tab-settings", "SettingsScreen"),
        ("SettingsScreen", "tab-books", "BooksScreen"),
        ("SettingsScreen", "tab-settings", "SettingsScreen"),
        ("SettingsScreen", "sign-out", "SignInScreen"),
        ("SettingsScreen", "Language", "LanguagesScreen"),
        ("LanguagesScreen", "language-en", BACK),
        ("LanguagesScreen", "language-ru", BACK),
        ("BookScreen", "remove-for-good", BACK),
        ("NewBookScreen", "save", BACK),
    }
    assert [screen.name for screen in sight.screens if screen.entry] == ["SignInScreen"]


@pytest.mark.parametrize("platform", ["android", "ios"])
def test_what_the_running_example_shows_is_found_in_its_source(platform: str) -> None:
    """Each identifier of the running app is one that the reader saw; those of rows begin as their source says."""
    import xml.etree.ElementTree as ElementTree

    attribute = "resource-id" if platform == "android" else "name"
    shown = {
        node.get(attribute, "")
        for node in ElementTree.parse(EXAMPLE / f"running.{platform}.xml").iter()
        if node.tag != "screen" and node.get(attribute)
    }
    known = {one.identifier for screen in read("react_native", EXAMPLE, workers=1).screens for one in screen.widgets}
    identifiers = {
        one for one in shown if one.islower() and " " not in one and not one.startswith(("android:", "book-"))
    }
    assert identifiers
    assert identifiers <= known


def test_a_folder_is_recognised_by_its_dependencies(tmp_path: Path) -> None:
    """React Native in ``dependencies`` makes an app; a web app beside it is none."""
    for path, content in {
        "mobile/package.json": PACKAGE,
        "mobile/App.js": "export default () => null;",
        "mobile/android/build.gradle": "",
        "web/package.json": '{"dependencies": {"react": "18"}}',
        "broken/package.json": "{",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    assert list(READER.detect(walk(tmp_path))) == ["mobile"]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("App.tsx", True),
        ("src/screens/Login.js", True),
        ("package.json", True),
        ("locales/en.json", True),
        ("src/locale/languages/en.js", True),
        ("android/app/build.gradle", True),
        ("locales/de.json", False),
        ("src/locale/languages/de.js", False),
        ("tsconfig.json", True),
        ("babel.config.js", True),
        ("packages/ui/package.json", True),
        ("metro.config.js", False),
        ("types/index.d.ts", False),
        ("android/app/src/main/assets/index.js", False),
        ("src/Button.stories.tsx", False),
    ],
)
def test_only_code_and_english_words_are_opened(path: str, wanted: bool) -> None:
    """Other languages, types, shells and settings that name no folder say nothing of what is shown."""
    assert READER.wants(path) is wanted


def test_a_declaration_with_a_syntax_error_is_left_out_and_the_rest_is_kept(tmp_path: Path) -> None:
    """The file's other declarations stay, and the trouble names the line."""
    sight = seen(
        tmp_path,
        {
            "App.js": """
            import { Text } from 'react-native';
            const broken = ((;
            export default function Home() { return <Text>Hello</Text>; }
            """
        },
    )
    assert [one.text.value for one in sight.screens[0].widgets] == ["Hello"]
    assert [(one.file, one.line) for one in sight.troubles] == [("App.js", 3)]


def test_old_casts_of_typescript_are_read(tmp_path: Path) -> None:
    """``<T>x`` is a cast in a .ts file, not a tag."""
    sight = seen(
        tmp_path,
        {
            "App.tsx": "import { NAME } from './names';\nexport default () => <Text>{NAME}</Text>;",
            "names.ts": "export const NAME = <string>'Ada';",
        },
    )
    assert sight.screens[0].widgets[0].text.value == "Ada"
    assert not sight.troubles


@pytest.mark.parametrize(
    ("manifest", "name"),
    [
        ('{"expo": {"name": "Shop", "android": {"package": "org.example.shop"}}}', "org.example.shop"),
        ('{"expo": {"name": "Shop", "ios": {"bundleIdentifier": "org.example.Shop"}}}', "org.example.Shop"),
        ('{"name": "Shop", "displayName": "The shop"}', "Shop"),
    ],
)
def test_the_app_is_named_by_its_manifest(tmp_path: Path, manifest: str, name: str) -> None:
    """The bundle name where there is one, else the name."""
    assert seen(tmp_path, {"app.json": manifest}).app == name


def test_components_that_hold_themselves_end(tmp_path: Path) -> None:
    """A tree that draws itself is drawn once more at most, and two that draw each other end too."""
    sight = seen(
        tmp_path,
        {
            "App.js": """
            import { View } from 'react-native'; import { Button } from 'react-native-elements';
            const Branch = ({ nodes }) => (
              <View><Button title="Open" onPress={open} />{nodes.map(n => <Branch nodes={n} />)}</View>
            );
            const Odd = () => <View><Even /></View>;
            const Even = () => <View><Odd /></View>;
            const loop = () => loop();
            export default () => <View><Branch nodes={[]} /><Odd />{loop()}</View>;
            """
        },
    )
    assert 1 <= len(acting(sight.screens[0])) <= 2


def test_an_app_without_code_has_no_screens(tmp_path: Path) -> None:
    """Nothing is invented."""
    assert seen(tmp_path, {}).screens == ()


def test_a_bundle_is_left_out(tmp_path: Path) -> None:
    """What a bundler wrote is named as left out."""
    sight = seen(tmp_path, {"App.js": "export default () => null;", "src/main.js": "var a = 1;" * 3000})
    assert [one.file for one in sight.troubles] == ["src/main.js"]


def test_a_screen_that_no_navigator_names_is_told_too(tmp_path: Path) -> None:
    """A source folder alone, without the file that holds the navigator, still has its screens."""
    sight = seen(
        tmp_path,
        {
            "screens/cart.screen.js": """
            import { Button } from 'react-native-elements';
            import { connect } from 'react-redux';
            class Cart extends Component { render() { return <Button title="Pay" onPress={this.props.pay} />; } }
            export const CartScreen = connect(state => state)(Cart);
            export default CartScreen;
            """
        },
    )
    assert [one.text.value for one in acting(screen_of(sight, "Cart"))] == ["Pay"]
