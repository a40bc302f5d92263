"""What is true of what is shown in one of several ways, or again and again, in a React Native app."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.screens.source.react_native_project import acting, named, only, seen

CORE = "import { Button, Pressable, Text, View, requireNativeComponent } from 'react-native';\n"


def test_children_that_are_handed_to_each_of_several_ways_are_shown_once(tmp_path: Path) -> None:
    """The running app shows one of the ways; what holds them has their words all the same."""
    source = (
        CORE
        + """
    const Row = ({ onPress, children }) =>
      useBusy() ? <View>{children}</View> : <Pressable testID="row" onPress={onPress}>{children}</Pressable>;
    export default () => <Row onPress={a}><Text testID="title">Sign in</Text></Row>;
    """
    )
    screen = only(tmp_path, source)
    assert [one.identifier for one in screen.widgets if one.identifier] == ["title", "row"]
    assert named(screen, "Pressable").text.value == "Sign in"


def test_boxes_in_boxes_that_are_each_shown_in_two_ways_stay_few(tmp_path: Path) -> None:
    """Fourteen of them would be sixteen thousand otherwise."""
    source = (
        CORE
        + """
    const Box = ({ children }) => useDark() ? <View>{children}</View> : <Text>{children}</Text>;
    export default () => """
        + "<Box>" * 14
        + "<Button title='Go' onPress={a} />"
        + "</Box>" * 14
        + ";"
    )
    screen = only(tmp_path, source)
    assert [one.name for one in acting(screen)] == ["Button"]
    assert len(screen.widgets) < 100


def test_components_that_hold_one_another_are_each_shown_once_below_the_first(tmp_path: Path) -> None:
    """A tree of marked-up words: every kind of node may hold every other."""
    kinds = [f"Kind{at}" for at in range(9)]
    uses = "".join(f"<{one} />" for one in kinds)
    parts = "".join(
        f"const {one} = props => <View>{uses}<Button testID='{one}' title='{one}' onPress={{a}} /></View>;\n"
        for one in kinds
    )
    screen = only(tmp_path, f"{CORE}{parts} export default () => <Kind0 />;")
    found = [one.identifier for one in acting(screen)]
    assert set(found) == set(kinds)
    assert len(found) <= 9 * 9


def test_a_component_that_another_writes_twice_is_shown_twice(tmp_path: Path) -> None:
    """Also where it may hold the other: what is written is there."""
    source = (
        CORE
        + """
    const Menu = ({ deep }) => <View><Entry id="one" /><Entry id="two" /></View>;
    const Entry = ({ id }) => <View><Button testID={id} title={id} onPress={a} />{open && <Menu deep />}</View>;
    export default () => <Menu />;
    """
    )
    assert [one.identifier for one in acting(only(tmp_path, source))] == ["one", "two"]


@pytest.mark.parametrize(
    ("made", "class_name"),
    [
        ("requireNativeComponent('FancyButton')", "Button"),
        ("createNativeWrapper(requireNativeComponent('FancyButton'), { slow: true })", "Button"),
        ("whoKnows()", "TouchableOpacity"),
    ],
    ids=["native", "wrapped", "unknown"],
)
def test_a_component_of_unknown_making_is_what_its_props_say(tmp_path: Path, made: str, class_name: str) -> None:
    """Native code of the app and what a library makes: a handler, an identifier and words are not lost."""
    source = f"{CORE} const Fancy = {made}; export default () => <Fancy testID='go' title='Go' onPress={{a}} />;"
    (fancy,) = acting(only(tmp_path, source))
    assert (fancy.class_name, fancy.identifier, fancy.text.value) == (class_name, "go", "Go")


def test_routes_may_lie_in_a_folder_that_code_names(tmp_path: Path) -> None:
    """An app that registers its own root hands the folder of its routes to it."""
    files = {
        "index.tsx": """
        import { ExpoRoot } from 'expo-router';
        import { AppRegistry } from 'react-native';
        export function App() {
          const routes = require.context('./app/routes');
          return <ExpoRoot context={routes} />;
        }
        AppRegistry.registerComponent('Share', () => Share);
        AppRegistry.registerComponent('Shelf', () => App);
        """,
        "app/routes/index.tsx": f"{CORE} export default () => <Button title='In' onPress={{a}} />;",
        "app/routes/(home)/about.tsx": f"{CORE} export default () => <Button title='Out' onPress={{a}} />;",
        "app/other.tsx": f"{CORE} export default () => <Button title='No route' onPress={{a}} />;",
    }
    sight = seen(tmp_path, files)
    assert [(one.route, one.entry) for one in sight.screens] == [("/about", False), ("/", True)]


def test_an_app_without_navigators_opens_on_what_is_registered(tmp_path: Path) -> None:
    """Its other screens are known by their names alone; a root that shows them is no screen of its own."""
    files = {
        "index.js": """
        import { AppRegistry, Button, View } from 'react-native';
        import * as Screens from './Screens';
        const open = Screen => () => show(Screen);
        const App = () => <View><Button title="Facts" onPress={open(Screens.FactsScreen)} /></View>;
        AppRegistry.registerComponent('Shelf', () => App);
        """,
        "Screens/index.js": "export { default as FactsScreen } from './FactsScreen';",
        "Screens/FactsScreen.js": f"{CORE} export default function FactsScreen() {{ return <Text>Facts</Text>; }}",
    }
    sight = seen(tmp_path, files)
    assert {one.name: one.entry for one in sight.screens} == {"FactsScreen": False, "App": True}


def test_an_identifier_that_is_one_of_several_stands_for_one_element_each(tmp_path: Path) -> None:
    """Only one of them is there at a time, so that each may be absent; what is in them is told once."""
    source = (
        CORE
        + """
    const id = 'save';
    export default function Home() {
      const off = useBusy();
      return <Pressable testID={`${id}.button${off ? '.disabled' : ''}`} onPress={() => navigation.goBack()}>
        <Text testID="inside">Save</Text>
      </Pressable>;
    }
    """
    )
    screen = only(tmp_path, source)
    buttons = acting(screen)
    assert [one.identifier for one in buttons] == ["save.button.disabled", "save.button"]
    assert all(one.conditional and one.text.value == "Save" and one.leads_to == "<back>" for one in buttons)
    assert len({one.place for one in buttons}) == 1
    assert [one.identifier for one in screen.widgets].count("inside") == 1


def test_an_identifier_with_data_is_told_by_its_beginning(tmp_path: Path) -> None:
    """Where it has one; one that state decides is that of the start."""
    source = (
        CORE
        + """
    export default function Home() {
      const [open] = useState(false);
      const row = useRow();
      return <View>
        <Button title="A" testID={`row-${row.id}`} onPress={a} />
        <Button title="B" testID={row.big ? 'big' : row.id} onPress={a} />
        <Button title="C" testID={open ? 'shut' : 'open'} onPress={a} />
        <Button title="D" testID={`${row.id}-row`} onPress={a} />
        <Button title="E" testID={'r-' + row.id} onPress={a} />
      </View>;
    }
    """
    )
    assert [one.identifier for one in acting(only(tmp_path, source))] == ["row-*", "", "open", "", ""]


def test_lists_grow_by_what_is_spread_and_pushed(tmp_path: Path) -> None:
    """What a condition adds may be absent, the rest is there."""
    source = (
        CORE
        + """
    export default function Home() {
      const { big } = useWide();
      const rows = [{ id: 'one' }, ...(big ? [{ id: 'two' }] : [])];
      rows.push({ id: 'three' });
      if (big) {
        rows.push({ id: 'four' });
      }
      return <View>{rows.map(row => <Button testID={row.id} title={row.id} onPress={a} />)}</View>;
    }
    """
    )
    found = {one.identifier: one.conditional for one in acting(only(tmp_path, source))}
    assert found == {"one": False, "two": True, "three": False, "four": True}


def test_rows_that_hold_rows_come_to_an_end(tmp_path: Path) -> None:
    """What is shown in data again and again is shown some dozens of times."""
    levels = 9
    parts = "".join(
        f"const Row{at} = props => <View>{{props.a.map(one => <Row{at + 1} a={{one.a}} />)}}"
        f"{{props.b.map(one => <Row{at + 1} a={{one.a}} />)}}</View>;\n"
        for at in range(levels)
    )
    last = f"const Row{levels} = () => <Button title='Deep' onPress={{a}} />;"
    screen = only(tmp_path, f"{CORE}{parts}{last} export default () => <Row0 />;")
    assert 0 < len(acting(screen)) <= 40
