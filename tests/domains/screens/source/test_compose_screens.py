"""What is true of screens of Compose: what is always there, what may be, and what a tap opens."""

from __future__ import annotations

import pytest
from tests.domains.screens.source.compose_app import ACTIVITY, acting, screen_of, seen, shown

from samouk.domains.screens.source.widgets import BACK, Sight

GRAPH = """
object Routes {
    const val ID = "id"
    const val LIST = "list?sort={sort}"
    const val ITEM = "item/{$ID}"
}
@Serializable data object About
@Serializable data class Profile(val name: String)

class Actions(private val controller: NavController) {
    fun openItem(id: String) {
        controller.navigate("item/$id".let { if (id != "") "$it?from=list" else it })
    }
    val leave: () -> Unit = { controller.popBackStack() }
}
fun NavController.openAbout() = navigate(About) { launchSingleTop = true }

fun NavGraphBuilder.about(onBack: () -> Unit) {
    composable<About> { AboutRoute(onBack = onBack) }
}

@Composable
fun Shell(actions: Actions, content: @Composable () -> Unit) {
    Column {
        content()
        NavigationBarItem(selected = a, onClick = { actions.openItem("1") }, icon = {}, label = { Text("Bar") })
    }
}

@Composable
fun Graph(
    controller: NavHostController = rememberNavController(),
    actions: Actions = remember(controller) { Actions(controller) },
) {
    val scope = rememberCoroutineScope()
    Shell(actions) {
        NavHost(navController = controller, startDestination = "main") {
            composable(Routes.ITEM) { entry ->
                ItemScreen(entry.arguments?.getString(Routes.ID)!!, actions.leave, controller::navigateUp)
            }
            navigation(startDestination = Routes.LIST, route = "main") {
                composable(Routes.LIST) {
                    Theme { ListScreen({ id -> actions.openItem(id) }, { scope.launch { controller.openAbout() } }) }
                }
            }
            about(onBack = { controller.popBackStack() })
            composable<Profile> { ProfileScreen(onList = { controller.navigate("list") }) }
            dialog("help") { Button({ controller.navigate(Profile("me")) }) { Text("Me") } }
        }
    }
}
@Composable fun Theme(content: @Composable () -> Unit) = MaterialTheme(content = content)
@Composable fun AboutRoute(onBack: () -> Unit) { TextButton(onBack) { Text("Close") } }
@Composable fun ProfileScreen(onList: () -> Unit) { Button(onList) { Text("List") } }
@Composable
fun ItemScreen(id: String, onLeave: () -> Unit, onUp: () -> Unit) {
    Button(onClick = { onLeave() }) { Text("Leave") }
    Button(onClick = onUp) { Text("Up") }
}
@Composable
fun ListScreen(onItem: (String) -> Unit, onAbout: () -> Unit) {
    LazyColumn {
        items(rows) { row -> Row(Modifier.clickable { onItem(row.id) }) { Text(row.words) } }
    }
    Button(onClick = { if (valid) onAbout() }) { Text("Perhaps") }
    Button(onClick = { if (lifecycle.isResumed()) onAbout() }) { Text("Surely") }
    Button(onClick = { model.save { onAbout() } }) { Text("Later") }
    Button(onClick = debounced { onAbout() }) { Text("Once") }
}
"""


@pytest.fixture(scope="module")
def graph() -> Sight:
    return seen(GRAPH, content="Graph()")


def test_each_destination_is_a_screen_named_after_what_it_shows(graph: Sight) -> None:
    """In the order of the source, with its route."""
    assert [(screen.name, screen.route) for screen in graph.screens] == [
        ("ItemScreen", "item/{id}"),
        ("ListScreen", "list?sort={sort}"),
        ("AboutRoute", "About"),
        ("ProfileScreen", "Profile"),
        ("help", "help"),
    ]
    assert [screen.name for screen in graph.screens if screen.dialog] == ["help"]


def test_the_app_opens_on_the_start_of_the_graph_that_is_nested_at_the_start(graph: Sight) -> None:
    """And on no other screen."""
    assert [screen.name for screen in graph.screens if screen.entry] == ["ListScreen"]


def test_what_stands_around_a_graph_stands_on_each_of_its_screens(graph: Sight) -> None:
    """A bar below all destinations."""
    for screen in graph.screens:
        assert [one.text.value for one in acting(screen)].count("Bar") == 1


def test_taps_are_followed_to_where_they_lead(graph: Sight) -> None:
    """Through lambdas, references, an actions class, extension functions and typed routes."""
    leads = {
        (screen.name, one.text.value): one.leads_to
        for screen in graph.screens
        for one in acting(screen)
        if one.text.value != "Bar"
    }
    assert leads == {
        ("ItemScreen", "Leave"): BACK,
        ("ItemScreen", "Up"): BACK,
        ("ListScreen", ""): "ItemScreen",
        ("ListScreen", "Perhaps"): "",
        ("ListScreen", "Surely"): "AboutRoute",
        ("ListScreen", "Later"): "",
        ("ListScreen", "Once"): "AboutRoute",
        ("AboutRoute", "Close"): BACK,
        ("ProfileScreen", "List"): "ListScreen",
        ("help", "Me"): "ProfileScreen",
    }


def test_a_bar_leads_to_all_screens_but_the_one_that_is_open(graph: Sight) -> None:
    """A tap on it there changes nothing."""
    bars = {screen.name: one.leads_to for screen in graph.screens for one in acting(screen) if one.text.value == "Bar"}
    assert bars.pop("ItemScreen") == ""
    assert set(bars.values()) == {"ItemScreen"}


def test_destinations_that_a_loop_declares_are_screens() -> None:
    """One for each item that the source names."""
    sight = seen(
        """enum class Tab(val route: String, @StringRes val words: Int) {
            FIRST("first", R.string.save),
            SECOND("second", R.string.back),
        }
        @Composable
        fun App() {
            val controller = rememberNavController()
            Scaffold(bottomBar = {
                NavigationBar {
                    Tab.entries.forEach { tab ->
                        NavigationBarItem(
                            selected = a,
                            onClick = { controller.navigate(tab.route) },
                            icon = { Icon(b, stringResource(tab.words)) },
                        )
                    }
                }
            }) {
                NavHost(controller, Tab.FIRST.route) {
                    Tab.values().forEach { tab -> composable(tab.route) { Text(stringResource(tab.words)) } }
                }
            }
        }""",
        content="App()",
    )
    assert [(screen.name, screen.entry) for screen in sight.screens] == [("first", True), ("second", False)]
    first = sight.screens[0]
    assert [one.label.value for one in acting(first)] == ["Save", "Back"]
    assert [one.leads_to for one in acting(first)] == ["", "second"]
    assert not any(one.repeated for one in first.widgets)


def test_a_back_stack_of_keys_is_a_graph() -> None:
    """``NavDisplay`` with ``entry<Key>``."""
    sight = seen(
        """@Serializable data object Home : NavKey
        @Serializable data class Item(val id: Int) : NavKey
        @Composable
        fun App() {
            val backStack = rememberNavBackStack(Home)
            NavDisplay(
                backStack = backStack,
                onBack = { backStack.removeLastOrNull() },
                entryProvider = entryProvider {
                    entry<Home> { Button({ backStack.add(Item(1)) }) { Text("Open") } }
                    entry<Item> { Button({ backStack.removeLastOrNull() }) { Text("Leave") } }
                },
            )
        }""",
        content="App()",
    )
    home, item = sight.screens
    assert (home.name, home.entry, acting(home)[0].leads_to) == ("Home", True, "Item")
    assert acting(item)[0].leads_to == BACK


def test_activities_without_a_graph_are_screens_that_intents_open() -> None:
    """The launcher's comes first, and the app opens on it."""
    manifest = """<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="org.example.diary">
      <application>
        <activity android:name=".SecondActivity" />
        <activity android:name="org.example.diary.MainActivity"><intent-filter>
          <category android:name="android.intent.category.LAUNCHER" />
        </intent-filter></activity>
      </application>
    </manifest>"""
    second = (ACTIVITY % 'Button(onClick = { finish() }) { Text("Done") }').replace("MainActivity", "SecondActivity")
    sight = seen(
        """@Composable
        fun MainScreen() {
            val context = LocalContext.current
            Button({ context.startActivity(Intent(context, SecondActivity::class.java)) }) { Text("Go") }
        }""",
        {"app/src/main/AndroidManifest.xml": manifest, "app/src/main/java/ASecondActivity.kt": second},
    )
    assert [(screen.name, screen.activity, screen.entry) for screen in sight.screens] == [
        ("MainScreen", "MainActivity", True),
        ("SecondActivity", "SecondActivity", False),
    ]
    assert [acting(screen)[0].leads_to for screen in sight.screens] == ["SecondActivity", BACK]
    assert sight.app == "org.example.diary"


def test_screens_that_a_state_chooses_among_are_screens_of_their_own() -> None:
    """``when (current)`` in place of a graph."""
    sight = seen(
        """@Composable
        fun App() {
            var page by remember { mutableStateOf("a") }
            when (page) {
                "a" -> FirstScreen { page = "b" }
                else -> SecondScreen()
            }
        }
        @Composable fun FirstScreen(onNext: () -> Unit) { Button(onNext) { } }
        @Composable fun SecondScreen() { Switch(a, {}) }""",
        content="App()",
    )
    assert [(screen.name, screen.entry, len(acting(screen))) for screen in sight.screens] == [
        ("FirstScreen", True, 1),
        ("SecondScreen", False, 1),
    ]


def test_composables_named_like_screens_are_screens_of_a_library() -> None:
    """Where no activity sets any content."""
    facts = {
        "app/src/main/java/MainActivity.kt": "class Nothing",
        "ui/Screens.kt": "@Composable fun DetailScreen() { Button({}) { } }\n@Composable fun Part() { Button({}) { } }",
    }
    assert [screen.name for screen in seen(files=facts).screens] == ["DetailScreen"]


def test_what_stands_under_a_condition_may_be_absent() -> None:
    """Unless the screen opens with it."""
    screen = shown(
        """var open by remember { mutableStateOf(false) }
        var shown by remember { mutableStateOf(true) }
        if (user != null) Text("unknown") else Text("other")
        if (open) { Text("closed") } else { Text("at first") }
        if (shown) Text("open")
        if (DEBUG) Text("never")
        AnimatedVisibility(visible = open) { Text("hidden") }
        user?.let { Text("if there") } ?: Text("if not")
        Text("always")""",
        "const val DEBUG = false",
    )
    assert [(one.text.value, one.conditional) for one in screen.widgets] == [
        ("unknown", True),
        ("other", True),
        ("closed", True),
        ("at first", False),
        ("open", False),
        ("hidden", True),
        ("if there", True),
        ("if not", True),
        ("always", False),
    ]


def test_what_a_screen_shows_once_all_is_there_is_always_there() -> None:
    """Loading and failing pass."""
    screen = shown(
        """val state by model.state.collectAsState()
        if (state.isLoading) Text("wait") else Text("content")
        when (val found = state) {
            is State.Loading -> Text("still")
            is State.Error -> Text("failed")
            is State.Success -> Text("done")
        }"""
    )
    assert [(one.text.value, one.conditional) for one in screen.widgets] == [
        ("wait", True),
        ("content", False),
        ("still", True),
        ("failed", True),
        ("done", False),
    ]


def test_nothing_is_shown_after_an_early_return() -> None:
    """What follows may be absent."""
    screen = shown('Text("a")\nif (empty) { Text("none"); return }\nText("b")')
    assert [(one.text.value, one.conditional) for one in screen.widgets] == [("a", False), ("none", True), ("b", True)]


@pytest.mark.parametrize(
    "loop",
    [
        "LazyColumn { items(rows) { row -> Text(row.words) } }",
        "LazyColumn { itemsIndexed(rows) { place, row -> Text(row.words) } }",
        "LazyVerticalGrid(GridCells.Fixed(2)) { items(items = rows, key = { it.id }) { Text(it.words) } }",
        "LazyRow { items(count = rows.size) { Text(rows[it].words) } }",
        "rows.forEach { Text(it.words) }",
        "for (row in rows) { Text(row.words) }",
        "repeat(n) { Text(rows[it]) }",
        "HorizontalPager(state) { page -> Text(pages[page]) }",
        "val list by remember { mutableStateOf(listOf<Row>()) }\nlist.forEach { Text(it.words) }",
    ],
)
def test_what_stands_in_a_list_is_shown_again_and_again(loop: str) -> None:
    """Once for all of them."""
    assert [one.repeated for one in shown(loop).widgets if one.name == "Text"] == [True]


def test_a_list_that_the_source_spells_out_is_shown_item_by_item() -> None:
    """With the words of each."""
    screen = shown(
        """listOf("a" to 1).forEach { Text("pair") }
        listOf(Page("one"), Page("two")).forEachIndexed { at, page -> Text("${page.words} $at") }
        LazyColumn { item { Text("head") } }""",
        "data class Page(val words: String)",
    )
    assert [(one.text.value, one.repeated) for one in screen.widgets if one.name == "Text"] == [
        ("pair", False),
        ("one 0", False),
        ("two 1", False),
        ("head", False),
    ]


def test_a_dialog_that_a_state_opens_is_a_screen_above() -> None:
    """What sets the state leads there, what takes it back leaves it."""
    sight = seen(
        """@Composable
        fun MainScreen(model: Model) {
            var chosen by remember { mutableStateOf<Item?>(null) }
            var sheet by remember { mutableStateOf(false) }
            Button({ chosen = model.first }) { Text("Ask") }
            Button({ sheet = !sheet }) { Text("Sheet") }
            chosen?.let { item ->
                Confirm(onDismiss = { chosen = null }, onYes = { model.delete(item); chosen = null })
            }
            if (sheet) {
                ModalBottomSheet(onDismissRequest = { sheet = false }) { Switch(a, {}) }
            }
            if (model.failed) {
                AlertDialog({}, confirmButton = { TextButton({}) { Text("Pity") } })
            }
        }
        @Composable
        fun Confirm(onDismiss: () -> Unit, onYes: () -> Unit) {
            AlertDialog(
                onDismissRequest = onDismiss,
                confirmButton = { TextButton(onYes) { Text("Yes") } },
                dismissButton = { TextButton(onDismiss) { Text("No") } },
            )
        }"""
    )
    main = sight.screens[0]
    assert [(one.text.value, one.leads_to, one.conditional) for one in acting(main)] == [
        ("Ask", "Confirm", False),
        ("Sheet", "MainScreenModalBottomSheet", False),
        ("Pity", "", True),
    ]
    confirm, sheet = sight.screens[1:]
    assert [(one.text.value, one.leads_to, one.conditional) for one in acting(confirm)] == [
        ("No", BACK, False),
        ("Yes", BACK, False),
    ]
    assert (confirm.dialog, sheet.dialog, len(acting(sheet))) == (True, True, 1)


def test_a_drawer_is_out_of_sight_until_it_is_opened() -> None:
    """What is in it stands on a screen above."""
    sight = seen(
        """@Composable
        fun MainScreen() {
            val drawer = rememberDrawerState(DrawerValue.Closed)
            val scope = rememberCoroutineScope()
            ModalNavigationDrawer(
                drawerState = drawer,
                drawerContent = {
                    ModalDrawerSheet {
                        NavigationDrawerItem(label = { Text("One") }, selected = true, onClick = {
                            scope.launch { drawer.close() }
                        })
                    }
                },
            ) {
                Scaffold(topBar = {
                    TopAppBar(title = { Text("Diary") }, navigationIcon = {
                        IconButton({ scope.launch { drawer.open() } }) { Icon(a, "Menu") }
                    })
                }) { Text("Content") }
            }
        }"""
    )
    main, drawer = sight.screens
    assert main.title.value == "Diary"
    assert [(one.label.value, one.leads_to) for one in acting(main)] == [("Menu", drawer.name)]
    assert [(one.text.value, one.leads_to) for one in acting(drawer)] == [("One", BACK)]


def test_messages_of_a_view_model_are_words_of_the_screen_with_a_place_for_them() -> None:
    """A snackbar may say them after something has happened."""
    sight = seen(
        """@Composable
        fun MainScreen(model: DiaryViewModel = viewModel()) {
            Scaffold(snackbarHost = { SnackbarHost(state) }) { Text(stringResource(R.string.back)) }
        }
        class DiaryViewModel : ViewModel() {
            fun save() { tell(R.string.save); tell(R.string.back) }
        }"""
    )
    words = [(one.name, one.text.key, one.conditional) for one in screen_of(sight, "MainScreen").widgets]
    assert words == [("Text", "back", False), ("Snackbar", "save", True)]


def test_soft_keywords_are_names() -> None:
    """``open`` and its like mean nothing where no declaration follows."""
    screen = shown(
        """var open by remember { mutableStateOf(false) }
        val inner = "kept open."
        Button(onClick = { open = true }) { Text(inner) }
        if (open) Text("b")"""
    )
    assert [one.text.value for one in screen.widgets] == ["kept open.", "kept open.", "b"]


def test_an_annotation_with_an_argument_belongs_to_the_function_behind_it() -> None:
    """The grammar parts them."""
    sight = seen(
        """@OptIn(ExperimentalMaterial3Api::class)
        @Composable
        fun MainScreen() { Button({}) { } }

        @Preview(name = "dark")
        @Composable
        fun DarkScreen() { Button({}) { } }""",
        content="",
        files={"app/src/main/java/MainActivity.kt": "class Nothing"},
    )
    assert [screen.name for screen in sight.screens] == ["MainScreen"]


def test_calls_that_lead_in_circles_end() -> None:
    """Constants, functions and routes that name each other."""
    screen = shown(
        'Text(A)\nText(f(1))\nButton({ g() }) { Text("b") }',
        """val A = B
        val B = A
        fun f(n: Int): String = f(n + 1)
        fun g() { h() }
        fun h() { g() }""",
    )
    assert len(acting(screen)) == 1


def test_functions_that_double_with_every_level_end_and_are_told() -> None:
    """The rest of the screen is left out, by name."""
    levels = "\n".join(f"@Composable fun L{n}() {{ L{n + 1}(); L{n + 1}() }}" for n in range(30))
    sight = seen(f"{levels}\n@Composable fun MainScreen() {{ Button({{}}) {{ }}; L0() }}")
    assert len(acting(sight.screens[0])) == 1
    assert "left out" in sight.troubles[0].reason


def test_a_graph_that_a_destination_gets_as_a_lambda_is_read() -> None:
    found = seen(
        """
@Composable
fun App() {
    val inside: @Composable () -> Unit = { NavHost(inner, "list") { composable("list") { ListScreen() } } }
    NavHost(outer, "home") {
        composable("home") { Frame(inside) }
        composable("about") { AboutScreen() }
    }
}
@Composable
fun Frame(content: @Composable () -> Unit) { Column { content() } }
@Composable
fun ListScreen() { Button(onClick = {}) { Text("List") } }
@Composable
fun AboutScreen() { Button(onClick = {}) { Text("About") } }
""",
        content="App()",
    )
    assert [one.name for one in found.screens] == ["ListScreen", "AboutScreen"]


def test_a_destination_after_one_that_takes_all_steps_is_named_like_its_composable() -> None:
    doubling = "".join(f"fun part{one}(): String = part{one + 1}() + part{one + 1}()\n" for one in range(18))
    found = seen(
        f"""
{doubling}
@Composable
fun App() {{
    NavHost(outer, "long") {{
        composable("long") {{ LongScreen() }}
        composable("short") {{ ShortScreen() }}
    }}
}}
@Composable
fun LongScreen() {{ Text(part0()) }}
@Composable
fun ShortScreen() {{ Button(onClick = {{}}) {{ Text("Short") }} }}
""",
        content="App()",
    )
    assert [one.name for one in found.screens] == ["LongScreen", "ShortScreen"]
