"""What is true of screens of React Native, and of what leads from one to another."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.screens.source.react_native_project import acting, screen_of, seen

from samouk.domains.screens.source.widgets import BACK, Words

SCREENS = """
import { View, Alert, Text } from 'react-native'; import { Button } from 'react-native-elements';
import { useNavigation, Link } from '@react-navigation/native';
export function Home({ navigation }) {
  const open = id => navigation.navigate('Item', { id });
  const two = () => { log(); open(2); };
  return (
    <View>
      <Button title="direct" onPress={() => navigation.navigate('Item')} />
      <Button title="handler" onPress={two} />
      <Button title="object" onPress={() => navigation.navigate({ name: 'Item' })} />
      <Button title="action" onPress={() => navigation.dispatch(StackActions.replace('Item'))} />
      <Button title="nested" onPress={() => navigation.navigate('Tabs', { screen: 'Cart' })} />
      <Button title="tabs" onPress={() => navigation.navigate('Tabs')} />
      <Button title="either" onPress={() => (a ? navigation.navigate('Item') : navigation.navigate('Tabs'))} />
      <Button title="elsewhere" onPress={() => navigation.navigate('Missing')} />
      <Button title="list" onPress={() => items.push('Item')} />
      <Row go={() => navigation.push('Item')} />
    </View>
  );
}
const Row = ({ go }) => <Button title="wrapper" onPress={go} />;
export class Item extends React.Component {
  leave = () => { this.props.navigation.goBack(); };
  ask() { Alert.alert('Sure?', 'It is gone then', [{ text: 'No' }, { text: 'Yes', onPress: this.leave }]); }
  render() {
    return (
      <View>
        <Button title="back" onPress={this.leave} />
        <Button title="bare" onPress={this.props.navigation.goBack} />
        <Button title="ask" onPress={() => this.ask()} />
      </View>
    );
  }
}
export function Cart() {
  const { navigate } = useNavigation();
  return <Button title="home" onPress={() => navigate('Home')} />;
}
export const Account = () => <Text>Account</Text>;
"""

MODERN = """
import { NavigationContainer } from '@react-navigation/native';
import { createNativeStackNavigator } from '@react-navigation/native-stack';
import { createBottomTabNavigator } from '@react-navigation/bottom-tabs';
import { Button } from 'react-native-elements';
import * as screens from './screens';
import { Home, Item, Cart, Account } from './screens';
const Stack = createNativeStackNavigator();
const Tab = createBottomTabNavigator();
const Tabs = () => (
  <Tab.Navigator>
    <Tab.Screen name="Cart" component={Cart} options={{ tabBarLabel: 'Basket', tabBarTestID: 'tab-cart' }} />
    <Tab.Screen name="Account" component={Account} />
  </Tab.Navigator>
);
export default function App() {
  return (
    <NavigationContainer>
      <Stack.Navigator initialRouteName="Home" screenOptions={{ headerBackTitle: '' }}>
        <Stack.Screen name="Tabs" component={Tabs} options={{ headerShown: false }} />
        <Stack.Group>
          <Stack.Screen
            name="Home"
            component={Home}
            options={{ title: 'Welcome', headerRight: () => <Button title="Help" onPress={help} /> }}
          />
          <Stack.Screen name="Item">{props => <Item {...props} />}</Stack.Screen>
        </Stack.Group>
      </Stack.Navigator>
    </NavigationContainer>
  );
}
"""

OLD = """
import { createAppContainer, createStackNavigator, createBottomTabNavigator } from 'react-navigation';
import { Home, Item, Cart, Account } from './screens';
const shared = { Item: { screen: Item, navigationOptions: { title: 'One item' } } };
const Tabs = createBottomTabNavigator({ Cart: { screen: Cart }, Account });
const Root = createStackNavigator(
  {
    Tabs: { screen: Tabs },
    Home: { screen: Home, navigationOptions: ({ navigation }) => ({ title: 'Welcome' }) },
    ...shared,
  },
  { initialRouteName: 'Home' }
);
export default createAppContainer(Root);
"""

STATIC = """
import { createStaticNavigation } from '@react-navigation/native';
import { createNativeStackNavigator } from '@react-navigation/native-stack';
import { createBottomTabNavigator } from '@react-navigation/bottom-tabs';
import { Home, Item, Cart, Account } from './screens';
const Tabs = createBottomTabNavigator({ screens: { Cart, Account } });
const Root = createNativeStackNavigator({
  initialRouteName: 'Home',
  screens: { Tabs, Home: { screen: Home, options: { title: 'Welcome' } }, Item },
});
const Navigation = createStaticNavigation(Root);
export default function App() { return <Navigation />; }
"""


@pytest.mark.parametrize("navigator", [MODERN, OLD, STATIC])
def test_screens_and_their_ways_are_told(tmp_path: Path, navigator: str) -> None:
    """Of tags, of objects, and of one object: the same screens, the same first, the same ways."""
    sight = seen(tmp_path, {"App.js": navigator, "screens.js": SCREENS})
    assert {one.name for one in sight.screens if not one.dialog} == {"Home", "Item", "Cart", "Account"}
    assert [one.name for one in sight.screens if one.entry] == ["Home"]
    ways = {one.text.value: one.leads_to for one in acting(screen_of(sight, "Home")) if one.text.value != "Help"}
    assert ways == {
        **dict.fromkeys(("direct", "handler", "object", "action", "wrapper"), "Item"),
        **dict.fromkeys(("nested", "tabs"), "Cart"),
        **dict.fromkeys(("either", "elsewhere", "list"), ""),
    }
    assert {one.text.value: one.leads_to for one in acting(screen_of(sight, "Cart")) if one.name != "Tab"} == {
        "home": "Home"
    }
    assert screen_of(sight, "Home").title == Words("Welcome")
    assert screen_of(sight, "Home").route == "Home"


def test_leaving_and_asking(tmp_path: Path) -> None:
    """``goBack`` leaves; an alert is a dialog of its own, with its buttons."""
    sight = seen(tmp_path, {"App.js": MODERN, "screens.js": SCREENS})
    ways = {one.text.value: one.leads_to for one in acting(screen_of(sight, "Item"))}
    assert ways == {"back": BACK, "bare": BACK, "ask": "ItemAlert"}
    alert = screen_of(sight, "ItemAlert")
    assert alert.dialog
    assert [one.text.value for one in alert.widgets if one.text.value] == ["Sure?", "It is gone then", "No", "Yes"]
    assert [one.leads_to for one in acting(alert)] == [BACK, BACK]


def test_a_tab_stands_for_each_screen_of_a_tab_navigator(tmp_path: Path) -> None:
    """On each screen that a tab opens; words of its label, else the route's."""
    sight = seen(tmp_path, {"App.js": MODERN, "screens.js": SCREENS})
    for name in ("Cart", "Account"):
        tabs = [one for one in screen_of(sight, name).widgets if one.class_name == "Tab"]
        assert [(one.text.value, one.identifier, one.leads_to) for one in tabs] == [
            ("Basket", "tab-cart", "Cart"),
            ("Account", "", "Account"),
        ]
    assert not [one for one in screen_of(sight, "Home").widgets if one.class_name == "Tab"]


def test_what_a_header_holds_belongs_to_its_screen(tmp_path: Path) -> None:
    """Buttons of ``headerRight``; a route's name where a header has no title; no title without a header."""
    sight = seen(tmp_path, {"App.js": MODERN, "screens.js": SCREENS})
    assert "Help" in {one.text.value for one in acting(screen_of(sight, "Home"))}
    assert screen_of(sight, "Item").title == Words("Item")


def test_a_screen_may_set_its_header_itself(tmp_path: Path) -> None:
    """``navigation.setOptions`` inside an effect."""
    screen = """
    import { Text } from 'react-native'; import { Button } from 'react-native-elements';
    export default function Edit({ navigation }) {
      useLayoutEffect(() => {
        navigation.setOptions({
          title: 'Editing',
          headerRight: () => <Button title="Done" onPress={() => navigation.goBack()} />,
        });
      }, [navigation]);
      return <Text>Body</Text>;
    }
    """
    app = """
    import Edit from './Edit';
    const Stack = createStackNavigator();
    export default () => <Stack.Navigator><Stack.Screen name="Edit" component={Edit} /></Stack.Navigator>;
    """
    (found,) = seen(tmp_path, {"App.js": app, "Edit.js": screen}).screens
    assert found.title == Words("Editing")
    assert [(one.text.value, one.leads_to) for one in acting(found)] == [("Done", BACK)]


def test_a_drawer_has_entries_that_are_hidden_at_first(tmp_path: Path) -> None:
    """One for each screen."""
    app = """
    import { Text } from 'react-native';
    const Drawer = createDrawerNavigator();
    const Inbox = () => <Text>Inbox</Text>;
    const Sent = () => <Text>Sent</Text>;
    export default () => (
      <Drawer.Navigator>
        <Drawer.Screen name="Inbox" component={Inbox} options={{ drawerLabel: 'Incoming' }} />
        <Drawer.Screen name="Sent" component={Sent} />
      </Drawer.Navigator>
    );
    """
    sight = seen(tmp_path, {"App.js": app})
    entries = acting(screen_of(sight, "Inbox"))
    assert [(one.text.value, one.leads_to, one.conditional) for one in entries] == [
        ("Incoming", "Inbox", True),
        ("Sent", "Sent", True),
    ]


EXPO = {
    "package.json": '{"name": "shop", "dependencies": {"expo": "51", "expo-router": "3"}}',
    "app/_layout.tsx": """
    import { Stack } from 'expo-router';
    export default () => (
      <Stack>
        <Stack.Screen name="(tabs)" options={{ headerShown: false }} />
        <Stack.Screen name="item/[id]" options={{ title: 'Item' }} />
      </Stack>
    );
    """,
    "app/(tabs)/_layout.tsx": """
    import { Tabs } from 'expo-router';
    export default () => (
      <Tabs>
        <Tabs.Screen name="index" options={{ title: 'Shop' }} />
        <Tabs.Screen name="cart" options={{ title: 'Cart' }} />
        <Tabs.Screen name="hidden" options={{ href: null }} />
      </Tabs>
    );
    """,
    "app/(tabs)/index.tsx": """
    import { Link, useRouter } from 'expo-router';
    import { View } from 'react-native'; import { Button } from 'react-native-elements';
    export default function Shop() {
      const router = useRouter();
      return (
        <View>
          <Link href="/cart">To the cart</Link>
          <Button title="first" onPress={() => router.push('/item/1')} />
          <Button title="any" onPress={() => router.push(`/item/${id}`)} />
          <Button title="object" onPress={() => router.push({ pathname: '/item/[id]', params: { id } })} />
        </View>
      );
    }
    """,
    "app/(tabs)/cart.tsx": "export default function Cart() { return <Text>Empty</Text>; }",
    "app/(tabs)/hidden.tsx": "export default function Hidden() { return <Text>Hidden</Text>; }",
    "app/item/[id].tsx": """
    import { router } from 'expo-router';
    import { Button } from 'react-native-elements';
    export default function Item() { return <Button title="Back" onPress={() => router.back()} />; }
    """,
}


def test_files_are_screens_for_expo_router(tmp_path: Path) -> None:
    """Addresses, options and tabs of layouts, links and pushes with and without parts that are filled in."""
    sight = seen(tmp_path, EXPO)
    assert {one.name: one.route for one in sight.screens} == {
        "Shop": "/",
        "Cart": "/cart",
        "Hidden": "/hidden",
        "Item": "/item/[id]",
    }
    assert [one.name for one in sight.screens if one.entry] == ["Shop"]
    shop = [one for one in acting(screen_of(sight, "Shop")) if one.name != "Tab"]
    assert [(one.text.value, one.leads_to) for one in shop] == [
        ("To the cart", "Cart"),
        ("first", "Item"),
        ("any", "Item"),
        ("object", "Item"),
    ]
    tabs = [one for one in screen_of(sight, "Cart").widgets if one.name == "Tab"]
    assert [(one.text.value, one.leads_to) for one in tabs] == [("Shop", "Shop"), ("Cart", "Cart")]
    assert screen_of(sight, "Item").title == Words("Item")
    assert acting(screen_of(sight, "Item"))[0].leads_to == BACK


def test_screens_that_are_registered_by_name_are_told(tmp_path: Path) -> None:
    """As another library for navigation does it."""
    index = """
    import { Navigation } from 'react-native-navigation';
    import { Button } from 'react-native-elements';
    const Login = ({ componentId }) => (
      <Button title="In" onPress={() => Navigation.push(componentId, { component: { name: 'app.Home' } })} />
    );
    const Home = () => <Button title="Out" onPress={() => Navigation.pop()} />;
    export function register() {
      Navigation.registerComponent('app.Login', () => Login);
      Navigation.registerComponent('app.Home', () => Home);
    }
    """
    sight = seen(tmp_path, {"src/screens.js": index})
    assert [(one.name, one.route, acting(one)[0].leads_to) for one in sight.screens] == [
        ("Login", "app.Login", "Home"),
        ("Home", "app.Home", BACK),
    ]


def test_screens_that_one_wrapper_makes_stay_apart(tmp_path: Path) -> None:
    """A wrapper's own name says nothing: the route names the screen, and a screen may hold another of its make."""
    app = """
    import { View } from 'react-native'; import { Button } from 'react-native-elements';
    import { withTheme } from './theme';
    const Stack = createStackNavigator();
    const Badge = withTheme(() => <Button title="Badge" onPress={a} />);
    const One = withTheme(() => <View><Button title="One" onPress={a} /><Badge /></View>);
    const Two = withTheme(() => <Button title="Two" onPress={a} />);
    export default () => (
      <Stack.Navigator>
        <Stack.Screen name="First" component={One} />
        <Stack.Screen name="Second" component={Two} />
      </Stack.Navigator>
    );
    """
    theme = "export const withTheme = Inner => { const Themed = props => <Inner {...props} />; return Themed; };"
    sight = seen(tmp_path, {"App.js": app, "theme.js": theme})
    found = {screen.name: [one.text.value for one in acting(screen)] for screen in sight.screens}
    assert found == {"First": ["One", "Badge"], "Second": ["Two"]}


def test_a_header_may_be_set_in_a_hook_or_a_method(tmp_path: Path) -> None:
    """With options that only the inner function knows."""
    app = """
    import { Text } from 'react-native'; import { Button } from 'react-native-elements';
    const Stack = createStackNavigator();
    const useHeader = () => {
      const navigation = useNavigation();
      useEffect(() => {
        const options = { title: 'Inbox', headerRight: () => <Button title="New" onPress={a} /> };
        navigation.setOptions(options);
      });
    };
    const Inbox = () => { useHeader(); return <Text>Empty</Text>; };
    class Sent extends React.Component {
      setHeader = () => { this.props.navigation.setOptions({ title: 'Outbox' }); };
      render() { return <Text>Empty</Text>; }
    }
    export default () => (
      <Stack.Navigator>
        <Stack.Screen name="Inbox" component={Inbox} />
        <Stack.Screen name="Sent" component={Sent} />
      </Stack.Navigator>
    );
    """
    inbox, sent = seen(tmp_path, {"App.js": app}).screens
    assert (inbox.title.value, [one.text.value for one in acting(inbox)]) == ("Inbox", ["New"])
    assert sent.title.value == "Outbox"


@pytest.mark.parametrize(
    "routes",
    [
        "{user ? <Stack.Screen name='Home' component={Home} /> : <Stack.Screen name='SignIn' component={SignIn} />}",
        "{user && <Stack.Screen name='Home' component={Home} />}<Stack.Screen name='SignIn' component={SignIn} />",
    ],
)
def test_an_app_opens_on_what_comes_before_a_sign_in(tmp_path: Path, routes: str) -> None:
    """Where a condition decides, nobody has signed in yet."""
    app = f"""
    import {{ Text }} from 'react-native';
    const Stack = createStackNavigator();
    const Home = () => <Text>Home</Text>;
    const SignIn = () => <Text>Sign in</Text>;
    export default ({{ user }}) => <Stack.Navigator>{routes}</Stack.Navigator>;
    """
    sight = seen(tmp_path, {"App.js": app})
    assert [one.name for one in sight.screens if one.entry] == ["SignIn"]


def test_options_are_put_together_step_by_step(tmp_path: Path) -> None:
    """An object that gets its fields one after another, and a hook that is handed the rest."""
    files = {
        "App.js": """
        import { Pressable } from 'react-native';
        import { useHeader } from './header';
        const Stack = createNativeStackNavigator();
        function Home({ navigation }) {
          useLayoutEffect(() => {
            const options = { title: 'Shelf' };
            if (wide) options.headerLeft = () => <Pressable testID="menu" onPress={a} />;
            options.headerRight = () => <Pressable testID="more" onPress={a} />;
            navigation.setOptions(options);
          });
          useHeader({ shown: true, close: 'leave' });
          return null;
        }
        export default () => <Stack.Navigator><Stack.Screen name="Home" component={Home} /></Stack.Navigator>;
        """,
        "header.js": """
        import { Pressable } from 'react-native';
        export const useHeader = ({ shown, close }) => {
          const navigation = useNavigation();
          navigation.setOptions({ headerTitle: () => shown && <Pressable testID={close} onPress={a} /> });
        };
        """,
    }
    (screen,) = seen(tmp_path, files).screens
    assert {one.identifier for one in screen.widgets} == {"menu", "more", "leave"}


def test_an_own_kind_of_navigator_is_one(tmp_path: Path) -> None:
    """What makes it is called as the library's are, and made with its parts."""
    files = {
        "App.js": """
        import { Text } from 'react-native';
        import { createSheetNavigator } from './sheets';
        const Sheets = createSheetNavigator();
        const Home = () => <Text>Home</Text>;
        const More = () => <Text>More</Text>;
        export default () => <Sheets.Navigator>
          <Sheets.Screen name="Home" component={Home} />
          <Sheets.Screen name="More" component={More} />
        </Sheets.Navigator>;
        """,
        "sheets.js": """
        import { createNavigatorFactory, useNavigationBuilder } from '@react-navigation/native';
        function SheetNavigator(props) { return <SheetView {...useNavigationBuilder(Router, props)} />; }
        export const createSheetNavigator = () => createNavigatorFactory(SheetNavigator)();
        """,
    }
    assert [one.name for one in seen(tmp_path, files).screens] == ["Home", "More"]


def test_a_screen_that_is_required_when_it_is_shown_first_is_read(tmp_path: Path) -> None:
    """The name that its getter keeps it under is empty outside, and stands for what was required."""
    app = """
    import { NavigationContainer } from '@react-navigation/native';
    import { createNativeStackNavigator } from '@react-navigation/native-stack';
    const Stack = createNativeStackNavigator();
    let Late = null;
    export default () => (
      <NavigationContainer><Stack.Navigator>
        <Stack.Screen name="Late" getComponent={() => { Late = Late || require('./late').default; return Late; }} />
      </Stack.Navigator></NavigationContainer>
    );
    """
    late = """
    import { TextInput } from 'react-native';
    export default () => <TextInput testID="late" />;
    """
    found = seen(tmp_path, {"App.js": app, "late.js": late})
    assert [one.identifier for one in screen_of(found, "Late").widgets] == ["late"]
