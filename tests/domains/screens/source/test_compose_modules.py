"""Apps of many modules: functions with one name, wrappers around navigation, screens that nobody calls."""

from __future__ import annotations

from tests.domains.screens.source.compose_app import acting, screen_of, seen, shown

SCREEN = '@Composable\nfun {name}() {{ Button({{}}) {{ Text("{name}") }} }}\n'


def test_of_functions_with_one_name_the_one_that_takes_what_is_given_is_entered() -> None:
    """A screen with its model calls the one without; the order of the file tells nothing."""
    screen = shown(
        "Page(onLeave = {})",
        """@Composable
        fun Page(onLeave: () -> Unit, model: PageModel = hiltViewModel()) {
            Page(state = model.state, onLeave = onLeave)
        }
        @Composable
        fun Page(state: State, onLeave: () -> Unit) { Button(onLeave) { Text("Leave") } }""",
    )
    assert [one.text.value for one in acting(screen)] == ["Leave"]


def test_of_functions_that_take_the_same_the_one_that_is_not_running_is_entered() -> None:
    """They differ in types only."""
    screen = shown(
        'Notice("Sure?", {})',
        """@Composable
        fun Notice(words: String, onClose: () -> Unit) { Notice(words.marked(), onClose) }
        @Composable
        fun Notice(words: AnnotatedString, onClose: () -> Unit) { Button(onClose) { Text("Close") } }""",
    )
    assert [one.text.value for one in acting(screen)] == ["Close"]


def test_a_wrapper_that_is_named_as_what_it_wraps_is_looked_into() -> None:
    """By the whole name, or by an import under another."""
    screen = shown(
        'Button(label = "Save", onClick = {})',
        """@Composable
        fun Button(label: String, onClick: () -> Unit) {
            androidx.compose.material3.Button(onClick = onClick, content = { Text(label) })
        }""",
    )
    assert [(one.class_name, one.text.value) for one in acting(screen)] == [("android.widget.Button", "Save")]


def test_an_import_under_another_name_is_of_the_library_though_the_app_has_the_name_too() -> None:
    """A wrapper with the name of what it wraps."""
    files = {
        "ui/Frame.kt": """package org.example.ui
        import androidx.compose.material3.Scaffold as MaterialScaffold
        @Composable
        fun Scaffold(bar: @Composable () -> Unit = {}, content: @Composable (Padding) -> Unit) {
            MaterialScaffold(topBar = bar) { padding -> content(padding) }
        }"""
    }
    screen = shown('Scaffold { Button({}) { Text("In") } }', "import org.example.ui.Scaffold", files)
    assert [one.text.value for one in acting(screen)] == ["In"]


def test_a_wrapper_that_imports_what_it_wraps_under_its_own_name_calls_the_librarys() -> None:
    """It takes other arguments."""
    files = {
        "ui/Segment.kt": """package org.example.ui
        import androidx.compose.material3.SegmentedButton
        @Composable
        fun RowScope.SegmentedButton(text: String, onClick: () -> Unit) {
            SegmentedButton(selected = false, onClick = onClick, shape = a, label = { Text(text) })
        }"""
    }
    body = 'Row { listOf("One", "Two").forEach { SegmentedButton(text = it, onClick = {}) } }'
    screen = shown(body, "import org.example.ui.SegmentedButton", files)
    assert [(one.class_name, one.text.value) for one in acting(screen)] == [
        ("SegmentedButton", "One"),
        ("SegmentedButton", "Two"),
    ]


def test_a_graph_of_the_apps_own_builders_is_a_graph() -> None:
    """A host, a destination with its type as a parameter, and destinations in other modules."""
    files = {
        "nav/Builders.kt": """package org.example.nav
        inline fun <reified T : Any> NavGraphBuilder.sliding(noinline content: @Composable (Entry) -> Unit) {
            this.composable<T>(enter = slide, content = content)
        }
        @Composable
        fun SlidingHost(controller: NavHostController, startDestination: Any, builder: NavGraphBuilder.() -> Unit) {
            NavHost(navController = controller, startDestination = startDestination, builder = builder)
        }""",
        "first/First.kt": """package org.example.first
        import org.example.nav.sliding
        @Serializable data object FirstRoute
        fun NavGraphBuilder.firstDestination(onNext: () -> Unit) { sliding<FirstRoute> { FirstScreen(onNext) } }
        @Composable
        fun FirstScreen(onNext: () -> Unit) { Button(onNext) { Text("Next") } }""",
        "second/Second.kt": """package org.example.second
        import org.example.nav.sliding
        @Serializable data class SecondRoute(val id: Int)
        fun NavController.toSecond() { this.navigate(route = SecondRoute(1)) }
        fun NavGraphBuilder.secondDestination() { sliding<SecondRoute> { SecondScreen() } }
        """
        + SCREEN.format(name="SecondScreen"),
    }
    sight = seen(
        """import org.example.nav.SlidingHost
        import org.example.first.FirstRoute
        import org.example.first.firstDestination
        import org.example.second.secondDestination
        import org.example.second.toSecond
        @Composable
        fun App() {
            val controller = rememberNavController()
            SlidingHost(controller, FirstRoute) {
                firstDestination(onNext = controller::toSecond)
                secondDestination()
            }
        }""",
        files,
        content="App()",
    )
    assert [(one.name, one.route, one.entry) for one in sight.screens] == [
        ("FirstScreen", "FirstRoute", True),
        ("SecondScreen", "SecondRoute", False),
    ]
    assert acting(sight.screens[0])[0].leads_to == "SecondScreen"


def test_entries_that_reach_their_graph_through_a_library_are_its_screens() -> None:
    """``entryProvider`` under a name; the first is where the app opens when nothing tells."""
    sight = seen(
        """@Serializable data object Home : NavKey
        @Serializable data object About : NavKey
        fun EntryProviderScope<NavKey>.aboutEntry() { entry<About> { Text("About") } }
        @Composable
        fun App() {
            val entries = entryProvider {
                entry<Home> { Text("Home") }
                aboutEntry()
            }
            NavDisplay(entries = state.toEntries(entries), onBack = {})
        }""",
        content="App()",
    )
    assert [(one.name, one.entry) for one in sight.screens] == [("Home", True), ("About", False)]


def test_a_large_graph_is_read_to_its_end() -> None:
    """Each destination has the bounds of a screen to itself."""
    rows = "\n".join(f'Text("{at}")' for at in range(120))
    stops = "\n".join(f'composable("r{at}") {{ Part() }}' for at in range(60))
    sight = seen(
        f'@Composable\nfun Part() {{ {rows} }}\n@Composable\nfun App() {{ NavHost(c, "r0") {{ {stops} }} }}',
        content="App()",
    )
    assert len(sight.screens) == 60
    assert not sight.troubles


def test_screens_that_a_library_opens_are_screens() -> None:
    """By their name, by a factory that calls them, or as the content of a class; parts and previews are not."""
    sight = seen(
        """@Composable
        fun MainScreen() { Button({}) { Text("Main") } }
        class Factory : Ui.Factory {
            override fun create(screen: Screen): Ui? = ui<State> { state, modifier -> Settings(state, modifier) }
        }
        @Composable
        fun Settings(state: State, modifier: Modifier) { Switch(state.on, {}); Row { Part() } }
        @Composable
        fun Part() { Text("Part") }
        @Composable
        fun Unused() { Text("Unused") }
        class AccountNode(private val presenter: Presenter) : Node() {
            @Composable
            override fun View(modifier: Modifier) { AccountView(presenter.present(), modifier) }
        }
        @Composable
        fun AccountView(state: State, modifier: Modifier) { Button({}, modifier) { Text("Account") } }
        @Composable
        fun AskDialog(onClose: () -> Unit) { Button(onClose) { Text("Close") } }
        @Preview
        @Composable
        fun MainScreenPreview() { MainScreen() }"""
    )
    assert {(one.name, one.dialog, one.entry) for one in sight.screens} == {
        ("MainScreen", False, True),
        ("Settings", False, False),
        ("AccountView", False, False),
        ("AskDialog", True, False),
    }
    assert [one.text.value for one in screen_of(sight, "AccountView").widgets if one.interactive] == ["Account"]


def test_items_of_a_bar_are_read_through_a_scope_of_the_apps_own() -> None:
    """What a map holds, by key and value, on a scope that hands it on to the library's."""
    screen = shown(
        """Suite(items = {
            PLACES.forEach { (key, place) ->
                item(selected = false, onClick = {}, icon = { Icon(place.icon, null) }, label = {
                    Text(stringResource(place.words))
                })
            }
        }) { Text(stringResource(PLACES[1].words)) }""",
        """data class Place(val icon: Int, val words: Int)
        val PLACES = mapOf(1 to Place(1, R.string.save), 2 to Place(2, R.string.back))
        class SuiteScope internal constructor(private val inner: NavigationSuiteScope) {
            fun item(
                selected: Boolean, onClick: () -> Unit, icon: @Composable () -> Unit,
                label: @Composable (() -> Unit)? = null,
            ) = inner.item(selected = selected, onClick = onClick, icon = icon, label = label)
        }
        @Composable
        fun Suite(items: SuiteScope.() -> Unit, content: @Composable () -> Unit) {
            NavigationSuiteScaffold(navigationSuiteItems = { SuiteScope(this).run(items) }) { content() }
        }""",
    )
    assert [(one.class_name, one.text.key) for one in acting(screen)] == [("Tab", "save"), ("Tab", "back")]
    assert screen.widgets[-1].text.key == "save"
