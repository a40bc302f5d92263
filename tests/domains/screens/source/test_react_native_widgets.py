"""What is true of the widgets that React Native shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.screens.source.react_native_project import acting, named, only, seen

from samouk.domains.screens.source.widgets import Entry, Words
from samouk.domains.screens.taxonomy import PUBLIC_CLASSES

CORE = (
    "import { Text, View, Pressable, TouchableOpacity, TextInput, Switch, Image, FlatList, Modal } "
    "from 'react-native'; import { Button } from 'react-native-elements';\n"
)


@pytest.mark.parametrize(
    "component",
    [
        "export default function Home() { return <Button title='Go' onPress={go} />; }",
        "const Home = () => <Button title='Go' onPress={go} />; export default Home;",
        "export default class Home extends React.Component { render() { return <Button title='Go' onPress={go} />; } }",
        "class Home extends Component { part = () => <Button title='Go' onPress={go} />;\n"
        "render() { return this.part(); } }\n"
        "export default connect(a, b)(Home);",
        "export default React.memo(() => <Button title='Go' onPress={go} />);",
        "export default React.forwardRef((props, ref) => <Button ref={ref} title='Go' onPress={go} />);",
        "export default withTheme(observer(() => <Button title='Go' onPress={go} />));",
        "const framed = Inner => props => <View><Inner {...props} /></View>;\n"
        "export default framed(() => <Button title='Go' onPress={go} />);",
        "export default () => React.createElement(Button, { title: 'Go', onPress: go });",
        "module.exports = function Home() { return <Button title='Go' onPress={go} />; };",
        "function Home({ a }: { a: ?string }) { let shown; if (a) { shown = <Button title='Go' onPress={go} />; }\n"
        "return <View>{shown}</View>; }\n"
        "export default Home;",
    ],
)
def test_every_way_to_write_a_component_is_entered(tmp_path: Path, component: str) -> None:
    """Functions, arrows, classes and what wraps them."""
    (button,) = acting(only(tmp_path, CORE + component))
    assert (button.text, button.class_name) == (Words("Go"), "Button")


WRAPPED = {
    "button": """
    import styled from 'styled-components/native';
    import { TouchableOpacity, Text } from 'react-native';
    const Frame = styled.TouchableOpacity.attrs({ activeOpacity: 0.5 })`padding: ${p => p.size}px;`;
    const Bold = styled(Text)`font-weight: bold;`;
    function Base({ title, children, ...rest }) { return <Frame {...rest}><Bold>{title || children}</Bold></Frame>; }
    Base.defaultProps = { title: 'Untitled' };
    export { Base as BigButton };
    """,
    "index": "export { BigButton as ActionButton } from './button'; export * from './rest';",
    "rest": """
    import { ActionButton } from './index';
    export const Danger = props => <ActionButton accessibilityRole='button' {...props} />;
    """,
}


def test_own_wrappers_are_followed_and_the_line_to_change_is_where_the_identifier_goes_in(tmp_path: Path) -> None:
    """Props pass through renamed imports, passed on exports, styles, spreads and defaults."""
    source = """
    import { View } from 'react-native';
    import { ActionButton as Act, Danger } from './index';
    export default () => (
      <View>
        <Act testID="save" title="Save" onPress={save} />
        <Danger title="Remove" onPress={remove} />
        <Act onPress={other} />
      </View>
    );
    """
    save, remove, untitled = acting(only(tmp_path, source, **WRAPPED))
    assert (save.name, save.class_name, save.identifier, save.text.value) == ("Act", "TouchableOpacity", "save", "Save")
    assert (remove.name, remove.text.value, remove.role) == ("Danger", "Remove", "button")
    assert untitled.text.value == "Untitled"
    assert [one.place for one in (save, remove, untitled)] == [("App.js", 6), ("App.js", 7), ("App.js", 8)]


def test_a_wrapper_that_takes_no_identifier_is_changed_where_it_is_written(tmp_path: Path) -> None:
    """There the tag stands to which an identifier can be given."""
    source = (
        CORE
        + "const Row = ({ press }) => (\n<Pressable onPress={press} />);\n"
        + "export default () => <View><Row press={a} /><Row press={b} /></View>;"
    )
    assert [one.place.line for one in acting(only(tmp_path, source))] == [3, 3]


def test_nothing_to_act_on_is_counted_without_a_function(tmp_path: Path) -> None:
    """A Touchable without a handler, a View with one, and one that only hides the keyboard are no elements."""
    source = (
        CORE
        + """
    export default () => (
      <TouchableWithoutFeedback onPress={Keyboard.dismiss}>
        <View onPress={a}>
          <TouchableOpacity><Text>Plain</Text></TouchableOpacity>
          <TouchableOpacity onPress={() => Keyboard.dismiss()}><Text>Hide</Text></TouchableOpacity>
          <Text onPress={b}>Terms</Text>
          <TouchableOpacity onLongPress={c}><Text>Hold</Text></TouchableOpacity>
          <Button title="Nothing" />
        </View>
      </TouchableWithoutFeedback>
    );
    """
    )
    assert [one.text.value for one in acting(only(tmp_path, source))] == ["Terms", "Hold"]


def test_a_touchable_says_what_is_in_it(tmp_path: Path) -> None:
    """One text becomes its words; several stay, and the first begins its words; a picture's label is its label."""
    source = (
        CORE
        + """
    export default () => (
      <View>
        <Pressable onPress={a}><Text>Sign <Text>in</Text></Text></Pressable>
        <Pressable onPress={b}><View><Text>Milk</Text><Text>2 l</Text></View><Text>Cold</Text></Pressable>
        <Pressable onPress={c}><Image accessibilityLabel="Menu" /></Pressable>
        <Pressable onPress={d} aria-label="Close"><Text>x</Text></Pressable>
      </View>
    );
    """
    )
    screen = only(tmp_path, source)
    one, two, three, four = acting(screen)
    assert (one.text, two.text) == (Words("Sign in"), Words("Milk", "", True))
    assert (three.text.value, three.label.value, four.label.value) == ("Menu", "Menu", "Close")
    assert [text.text.value for text in screen.widgets if text.name == "Text"] == ["Milk", "2 l", "Cold"]


def test_words_that_android_shows_in_capitals_find_nothing(tmp_path: Path) -> None:
    """The core Button is ``SAVE`` on Android and ``Save`` on iOS: its words tell only where they are in capitals."""
    source = """
    import { Button, View } from 'react-native';
    export default () => (
      <View>
        <Button title="Save" onPress={a} />
        <Button title="OK" onPress={b} />
        <Button title="Keep" testID="keep" onPress={c} />
        <Button title="Drop" accessibilityLabel="Drop it" onPress={d} />
      </View>
    );
    """
    words = [one.text for one in acting(only(tmp_path, source))]
    assert words == [Words("", "", True), Words("OK"), Words("Keep"), Words("Drop")]


def test_inputs_tell_what_they_take(tmp_path: Path) -> None:
    """Keyboard, secrecy, bound, lines, and what stands in them when they are empty."""
    source = (
        CORE
        + """
    export default function Form() {
      const [hidden, setHidden] = useState(true);
      const [name] = useState('Ada');
      return (
        <View>
          <TextInput placeholder="Email" keyboardType="email-address" maxLength={40} />
          <TextInput secureTextEntry={hidden} />
          <TextInput inputMode="numeric" editable={false} />
          <TextInput multiline value={name} />
          <TextInput autoComplete="tel" />
          <SearchBar placeholder="Find" />
        </View>
      );
    }
    """
    )
    email, secret, number, text, phone, search = acting(only(tmp_path, source))
    assert (email.entry, email.hint.value) == (Entry("email", 40), "Email")
    assert (secret.entry, secret.password) == (Entry("password"), True)
    assert (number.entry, number.enabled) == (Entry("number"), False)
    assert (text.entry, text.text.value) == (Entry("text", multiline=True), "Ada")
    assert (phone.entry, search.entry) == (Entry("phone"), Entry("search"))


@pytest.mark.parametrize(
    ("tag", "class_name", "checked"),
    [
        ("<Switch value={true} onValueChange={f} />", "Switch", True),
        ("<CheckBox checked={false} onPress={f} title='A' />", "Checkbox", False),
        ("<RadioButton value='a' status='checked' />", "Radio", True),
        (
            "<Pressable accessibilityRole='checkbox' accessibilityState={{ checked: on }} onPress={f} />",
            "Pressable",
            False,
        ),
    ],
)
def test_toggles_tell_the_state_in_which_they_start(
    tmp_path: Path, tag: str, class_name: str, checked: bool | None
) -> None:
    """State at the start is known, be it a constant or the first value of a hook."""
    paper = "import { RadioButton } from 'react-native-paper'; import { CheckBox } from 'react-native-elements';\n"
    source = CORE + paper + f"export default () => {{ const [on] = useState(false); return {tag}; }}"
    (found,) = acting(only(tmp_path, source))
    assert (found.class_name, found.checkable, found.checked) == (class_name, True, checked)


def test_lists_repeat_and_rows_in_the_source_do_not(tmp_path: Path) -> None:
    """Rows of unknown data are repeated; rows that the source writes are told one by one, with their words."""
    source = (
        CORE
        + """
    const MENU = [{ title: 'Home' }, { title: 'Help' }];
    export default ({ data }) => (
      <View>
        <FlatList
          data={data}
          renderItem={({ item }) => <Button title={item.name} onPress={a} />}
          ListEmptyComponent={<Text>None</Text>}
        />
        {data.map(one => <Button key={one.id} title="Row" onPress={b} />)}
        {MENU.map(({ title }) => <Button key={title} title={title} onPress={c} />)}
      </View>
    );
    """
    )
    screen = only(tmp_path, source)
    assert [(one.text.value, one.repeated) for one in acting(screen)] == [
        ("", True),
        ("Row", True),
        ("Home", False),
        ("Help", False),
    ]
    assert next(one for one in screen.widgets if one.text.value == "None").conditional
    assert named(screen, "FlatList").scrollable


def test_what_may_be_absent_is_conditional(tmp_path: Path) -> None:
    """``&&``, ternaries, early returns and dialogs; what is decided in the source is not."""
    source = (
        CORE
        + """
    const Shown = ({ kind }) => (kind === 'a' ? <Button title="A" onPress={f} /> : <Button title="B" onPress={f} />);
    export default function Home({ ready, user }) {
      const [open, setOpen] = useState(false);
      if (!ready) return <Button title="Retry" onPress={f} />;
      return (
        <View>
          <Shown kind="a" />
          {user && <Button title="Profile" onPress={f} />}
          {user ? <Button title="Out" onPress={f} /> : <Button title="In" onPress={f} />}
          <Modal visible={open}><Button title="OK" onPress={f} /></Modal>
          <Button title={open ? 'Shut' : 'Open'} onPress={f} />
        </View>
      );
    }
    """
    )
    found = {one.text.value: one.conditional for one in acting(only(tmp_path, source))}
    assert found == {"Retry": True, "A": False, "Profile": True, "Out": True, "In": True, "OK": True, "Open": False}


def test_an_identifier_that_ios_swallows_is_named(tmp_path: Path) -> None:
    """A testID inside something that is accessible as a whole cannot be found there."""
    source = CORE + (
        "export default () => <View>\n<Pressable onPress={a}>\n<Text testID='price'>1</Text>\n</Pressable>\n"
        "<Pressable accessible={false} onPress={a}><Text testID='seen'>2</Text></Pressable></View>;"
    )
    (trouble,) = seen(tmp_path, {"App.js": source}).troubles
    assert (trouble.file, trouble.line) == ("App.js", 4)
    assert "'price'" in trouble.reason


@pytest.mark.parametrize(
    ("outer", "swallowed"),
    [
        ("<Pressable onPress={a}>%s</Pressable>", True),
        ("<TouchableOpacity>%s</TouchableOpacity>", True),
        ("<View accessible><View>%s</View></View>", True),
        ("<Pressable accessible={false} onPress={a}>%s</Pressable>", False),
        ("<Pressable onPress={a}><Modal visible>%s</Modal></Pressable>", False),
        ("<Card>%s</Card>", False),
        ("<Card onPress={a}>%s</Card>", True),
        ("<View>%s</View>", False),
    ],
    ids=("pressed", "touchable", "accessible", "opened", "modal", "card", "pressed-card", "view"),
)
def test_what_stands_in_something_accessible_is_swallowed_on_ios(tmp_path: Path, outer: str, swallowed: bool) -> None:
    """The outermost thing that is accessible is one element there, and itself shown."""
    inner = "<Switch testID='inner' onValueChange={b} />"
    source = CORE + "import { Card } from 'react-native-paper';\nexport default () => " + outer % inner + ";"
    (screen,) = seen(tmp_path, {"App.js": source}).screens
    told = {one.identifier: one.swallowed for one in screen.widgets}
    assert told["inner"] is swallowed
    assert not screen.widgets[0].swallowed


def test_names_that_only_tests_inside_the_app_see_are_kept_apart(tmp_path: Path) -> None:
    """``nativeID`` is no identifier for a driver."""
    (found,) = acting(only(tmp_path, CORE + "export default () => <Pressable nativeID='pay' onPress={a} />;"))
    assert (found.identifier, found.hidden_identifier) == ("", "pay")


def test_components_of_libraries_are_known_by_name(tmp_path: Path) -> None:
    """Paper, Elements and their like; what holds others is passed through."""
    source = """
    import { Provider, Appbar, FAB, List, Searchbar, Checkbox, Menu } from 'react-native-paper';
    import Icon from 'react-native-vector-icons/Feather';
    import Slider from '@react-native-community/slider';
    import { Picker } from '@react-native-picker/picker';
    export default () => (
      <Provider>
        <Appbar.Header><Appbar.BackAction onPress={a} /><Appbar.Content title="Shop" /></Appbar.Header>
        <Searchbar placeholder="Find" />
        <List.Item title="Orders" description="12" onPress={b} left={() => <Icon name="box" />} />
        <List.Item title="Version" />
        <Checkbox.Item label="Gift" status="unchecked" onPress={c} />
        <Icon name="trash" onPress={d} />
        <Slider value={1} />
        <Picker><Picker.Item label="A" /></Picker>
        <Menu visible={open}><Menu.Item title="Share" onPress={e} /></Menu>
        <FAB icon="plus" onPress={f} />
      </Provider>
    );
    """
    found = [(one.class_name, one.text.value, one.conditional) for one in acting(only(tmp_path, source))]
    assert found == [
        ("BackButton", "", False),
        ("SearchBar", "", False),
        ("ListTile", "Orders", False),
        ("Checkbox", "Gift", False),
        ("Icon", "", False),
        ("Slider", "", False),
        ("Picker", "", False),
        ("PopupMenuItem", "Share", True),
        ("FloatingActionButton", "", False),
    ]


def test_every_class_is_public(tmp_path: Path) -> None:
    """No component's class is one that the taxonomy does not know."""
    from samouk.domains.screens.source.react_native.hosts import HOSTS

    assert {host.class_name for host in HOSTS.values()} <= set(PUBLIC_CLASSES)


def test_words_are_those_that_are_shown(tmp_path: Path) -> None:
    """White space as the compiler takes it, what is filled in, numbers, and references to characters."""
    source = (
        CORE
        + """
    export default ({ name, count }) => (
      <View>
        <Text>
          Two lines
          of words
        </Text>
        <Text>Hello {name}!</Text>
        <Text>{`${count} left`}</Text>
        <Text>{'a' + 'b'} &amp; {3}</Text>
      </View>
    );
    """
    )
    texts = [one.text for one in only(tmp_path, source).widgets if one.name == "Text"]
    assert texts == [Words("Two lines of words"), Words("Hello", "", True), Words("", "", True), Words("ab & 3")]


def test_wrappers_may_stand_in_one_another_many_times(tmp_path: Path) -> None:
    """A box in a box in a box is no recursion: each is handed to the one around it."""
    source = (
        CORE
        + """
    const Frame = ({ children }) => <View>{children}</View>;
    const Box = ({ children }) => <Frame>{children}</Frame>;
    export default () => <Box><Box><Box><Box><Button title="Deep" onPress={a} /></Box></Box></Box></Box>;
    """
    )
    screen = only(tmp_path, source)
    assert [one.text.value for one in acting(screen)] == ["Deep"]
    assert [one.name for one in screen.widgets] == ["Box", "Box", "Box", "Box", "Button"]


def test_what_a_selector_gives_is_not_known(tmp_path: Path) -> None:
    """The function that a hook is handed is not its value, so that nothing is decided by it."""
    source = (
        CORE
        + """
    export default function Home() {
      const wide = useSelector(state => state.wide);
      if (wide) return null;
      return <Button title="Go" onPress={a} />;
    }
    """
    )
    assert [one.text.value for one in acting(only(tmp_path, source))] == ["Go"]


def test_all_of_a_folder_may_be_imported_under_one_name(tmp_path: Path) -> None:
    """``import * as List`` of a module that passes on another's names."""
    source = "import * as List from './list'; export default () => <List.Entry title='One' onPress={a} />;"
    more = {
        "list": "export { default as Entry } from './entry'; export * from './more';",
        "entry": "import { More } from './more'; export default props => <More.Row {...props} />;",
        "more": "import { Button } from 'react-native-elements'; export const More = { Row: p => <Button {...p} /> };",
    }
    (entry,) = acting(only(tmp_path, source, **more))
    assert (entry.name, entry.text.value) == ("List.Entry", "One")


def test_fields_and_switches_of_native_forms_are_what_they_are_called(tmp_path: Path) -> None:
    """A library that shows the platform's own controls names them after the platform."""
    source = """
    import { SecureField, TextField, Toggle } from '@expo/ui/swift-ui';
    export default () => <><TextField placeholder="Name" /><SecureField placeholder="Code" />
      <Toggle isOn={true} label="Links" onIsOnChange={a} /></>;
    """
    name, code, links = acting(only(tmp_path, source))
    assert (name.entry and name.entry.kind, code.entry and code.entry.kind) == ("text", "password")
    assert (links.class_name, links.text.value, links.checked) == ("Switch", "Links", True)
