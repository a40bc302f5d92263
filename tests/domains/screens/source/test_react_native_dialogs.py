"""What is true of the alerts and sheets that taps bring up in a React Native app."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.screens.source.react_native_project import seen

SHEETS = """
import { Button, Pressable, Text, View } from 'react-native';
const Stack = createNativeStackNavigator();
const Rename = () => <Pressable testID="rename" onPress={a}><Text>Rename</Text></Pressable>;
function Home({ navigation }) {
  const { showActionSheet } = useActionSheet();
  const entries = () => {
    const options = [{ title: 'Share', testID: 'share', onPress: () => navigation.navigate('Share') }];
    if (mine) options.push({ title: 'Delete', testID: 'delete', onPress: a });
    return options;
  };
  %s
  return <View><Button testID="more" title="More" onPress={more} /></View>;
}
const Share = () => <Text>Share</Text>;
export default () => <Stack.Navigator>
  <Stack.Screen name="Home" component={Home} /><Stack.Screen name="Share" component={Share} />
</Stack.Navigator>;
"""


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ("const more = () => showActionSheet({ options: entries() });", ["share", "delete"]),
        ("const more = () => openBottomSheet(() => <Rename />, [1, 2]);", ["rename"]),
        ("const more = () => modals.present({ id: 7 }); ", []),
        ("const more = () => showModal({ children: <Rename />, height: 4 });", ["rename"]),
        ("const again = () => openSheet({ content: <Button testID='in' title='In' onPress={again} /> });\n"
         "const more = () => again();", ["in"]),
    ],
    ids=["entries", "function", "nothing", "element", "itself"],
)  # fmt: skip
def test_a_tap_may_bring_up_a_sheet(tmp_path: Path, more: str, shown: list[str]) -> None:
    """What a call that opens it is handed stands on a screen of its own, above the other."""
    sight = seen(tmp_path, {"App.js": SHEETS % more})
    sheets = [one for one in sight.screens if one.name == "HomeSheet"]
    assert [one.identifier for sheet in sheets for one in sheet.widgets if one.identifier] == shown
    assert all(sheet.dialog for sheet in sheets)
    ways = {one.identifier: one.leads_to for screen in sight.screens for one in screen.widgets if one.identifier}
    assert ways["more"] == ("HomeSheet" if shown else "")
    assert ways.get("share", "Share") == "Share"


def test_an_alert_stands_at_the_line_that_brings_it_up(tmp_path: Path) -> None:
    """Also where that line is in another file than the screen."""
    files = {
        "App.js": """
        import { Button } from 'react-native';
        import { ask } from './asking';
        export default () => <Button title="Go" onPress={() => ask()} />;
        """,
        "asking.js": """
        import { Alert } from 'react-native';
        export const ask = () => Alert.alert('Sure?');
        """,
    }
    (alert,) = [one for one in seen(tmp_path, files).screens if one.dialog]
    assert (alert.place.file, alert.place.line) == ("asking.js", 3)
