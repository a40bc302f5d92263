"""What is true of single widgets of Compose, and of the app's own wrappers around them."""

from __future__ import annotations

import pytest
from tests.domains.screens.source.compose_app import acting, only, seen, shown

from samouk.domains.screens.source.widgets import NO_WORDS, Entry, Words

WRAPPED = """
@Composable
fun AppText(words: String, modifier: Modifier = Modifier) { Text(words, modifier) }

@Composable
fun AppButton(
    @StringRes words: Int = R.string.save,
    modifier: Modifier = Modifier,
    tag: String = "app_button",
    icon: (@Composable () -> Unit)? = null,
    onClick: () -> Unit,
) {
    Button(onClick = onClick, modifier = modifier.testTag(tag)) {
        if (icon != null) icon()
        AppText(stringResource(words))
    }
}

@Composable
fun SaveButton(onSave: () -> Unit) = AppButton(onClick = onSave)
"""


@pytest.mark.parametrize(
    ("call", "class_name"),
    [
        ("Button(onClick = {}) { }", "android.widget.Button"),
        ("TextButton({}) { }", "android.widget.Button"),
        ("IconButton(onClick = {}) { }", "IconButton"),
        ("SmallFloatingActionButton(onClick = {}) { }", "FloatingActionButton"),
        ("Checkbox(checked = a, onCheckedChange = {})", "android.widget.CheckBox"),
        ("Switch(a, {})", "Switch"),
        ("RadioButton(a, {})", "android.widget.RadioButton"),
        ("Slider(a, {})", "android.widget.SeekBar"),
        ("Tab(selected = a, onClick = {})", "Tab"),
        ("NavigationBarItem(a, {}, icon = {})", "Tab"),
        ("FilterChip(a, {}, label = {})", "FilterChip"),
        ("AssistChip({}, label = {})", "ActionChip"),
        ("DropdownMenuItem(text = {}, onClick = {})", "PopupMenuItem"),
        ("OutlinedTextField(a, {})", "android.widget.EditText"),
        ("BasicTextField(state = a)", "android.widget.EditText"),
        ("SegmentedButton(a, {}, shape = b) { }", "SegmentedButton"),
        ("Card(onClick = {}) { }", "Card"),
        ("Surface({}) { }", "android.view.View"),
        ("Row(Modifier.clickable { }) { }", "android.view.View"),
        ("ListItem({}, Modifier.clickable { })", "ListTile"),
        ("material3.Button({}) { }", "android.widget.Button"),
        ("Rating(onClick = {})", "android.view.View"),
        ("ClickableText(a, onClick = { })", "android.widget.TextView"),
    ],
)
def test_what_a_person_acts_on_is_known_by_the_name_that_is_called(call: str, class_name: str) -> None:
    """And bears the public class that tells most."""
    widget = only(call)
    assert widget.class_name == class_name
    assert widget.place.line == 5


@pytest.mark.parametrize(
    "call",
    [
        'Text("a")',
        "Checkbox(a, onCheckedChange = null)",
        "RadioButton(selected = a, onClick = null)",
        "Card { }",
        "Card(Modifier.padding(2.dp)) { }",
        "ListItem({ })",
        "Column(Modifier.verticalScroll(rememberScrollState())) { }",
        'OutlinedTextField("a", {}, readOnly = true)',
        "LaunchedEffect(Unit) { }",
        "Spacer(Modifier)",
    ],
)
def test_what_only_shows_or_holds_is_not_acted_on(call: str) -> None:
    """Without a handler nothing happens."""
    assert not acting(shown(call))


def test_an_import_by_another_name_is_still_the_widget() -> None:
    """``import .. as``."""
    widget = only("Knopf({}) { }", "import androidx.compose.material3.Button as Knopf")
    assert widget.class_name == "android.widget.Button"


def test_an_icon_button_is_called_what_its_icon_is_called() -> None:
    """The label is the description of the icon in it."""
    widget = only("IconButton({}) { Icon(Icons.Filled.Menu, stringResource(R.string.back)) }")
    assert widget.label == Words("Back", "back")


def test_a_row_that_is_tapped_bears_the_first_words_in_it() -> None:
    """But not those of what is acted on by itself inside it."""
    screen = shown('Row(Modifier.clickable { }) { TextButton({}) { Text("Other") }; Text("Mine"); Text("More") }')
    row, button = acting(screen)
    assert (row.text.value, button.text.value) == ("Mine", "Other")


def test_a_description_of_the_row_itself_goes_before_that_of_its_icon() -> None:
    """``semantics { contentDescription = .. }``."""
    widget = only(
        """Box(Modifier.clickable { }.semantics { contentDescription = "Open"; role = Role.Switch }) {
            Icon(a, "Arrow")
        }"""
    )
    assert (widget.label.value, widget.role) == ("Open", "Role.Switch")


def test_a_picture_without_description_is_no_widget() -> None:
    """Nothing of it is seen by a driver."""
    assert [one.name for one in shown("Icon(a, null)\nImage(a, contentDescription = null)\nText(b)").widgets] == [
        "Text"
    ]


@pytest.mark.parametrize(
    ("modifier", "expected"),
    [
        ("clickable(enabled = false) { }", {"clickable": True, "enabled": False}),
        ("combinedClickable(onLongClick = {}, onClick = {})", {"long_clickable": True}),
        ("toggleable(value = true, onValueChange = {})", {"checkable": True, "checked": True}),
        ("selectable(selected = false, role = Role.Tab) { }", {"checkable": None, "role": "Role.Tab"}),
        ("pointerInput(Unit) { detectTapGestures(onTap = {}) }", {"clickable": None}),
        ("noRippleClickable { }", {"clickable": True}),
    ],
)
def test_modifiers_make_anything_answer_a_tap(modifier: str, expected: dict[str, object]) -> None:
    """And say how."""
    widget = only(f"Box(Modifier.padding(8.dp).{modifier})")
    assert {name: getattr(widget, name) for name in expected} == expected


def test_a_modifier_of_the_apps_own_is_looked_into() -> None:
    """An extension of ``Modifier`` stands for its links."""
    widget = only(
        "Box(Modifier.tagged(2))",
        'private const val TAG = "cell"\nfun Modifier.tagged(n: Int) = this.testTag("${TAG}_$n").clickable { }',
    )
    assert widget.hidden_identifier == "cell_2"


def test_a_tag_hides_where_nothing_makes_it_an_id() -> None:
    """In-process tests see it all the same; one that is made while the app runs needs a beginning."""
    screen = shown('Button({}, Modifier.testTag("a")) { }\nButton({}, Modifier.testTag("a_$b")) { }')
    assert [(one.identifier, one.hidden_identifier) for one in acting(screen)] == [("", "a"), ("", "")]


@pytest.mark.parametrize("visible", [True, False])
def test_a_tag_with_data_is_told_by_its_beginning(visible: bool) -> None:
    """Of several parts the first that is filled in ends it."""
    screen = shown(f"""Column(Modifier.semantics {{ testTagsAsResourceId = {str(visible).lower()} }}) {{
        Button({{}}, Modifier.testTag("row_$id")) {{ }}
        Button({{}}, Modifier.testTag("row_" + id + "_more")) {{ }}
        Button({{}}, Modifier.testTag("${{id}}_row")) {{ }} }}""")
    told = [(one.identifier, one.hidden_identifier) for one in acting(screen)]
    assert told == [(tag, "") if visible else ("", tag) for tag in ("row_*", "row_*", "")]


def test_a_tag_is_an_id_where_the_root_says_so_but_not_in_a_window_of_its_own() -> None:
    """A dialog has a root of its own, on which it must be said again."""
    sight = seen(
        """@Composable fun MainScreen() {
            var open by remember { mutableStateOf(false) }
            Button({ open = true }, Modifier.testTag("outer")) { }
            if (open) {
                AlertDialog({}, confirmButton = { Button({}, Modifier.testTag("inner")) { } })
            }
        }""",
        content="Box(Modifier.semantics { testTagsAsResourceId = true }) { MainScreen() }",
    )
    outer, inner = (acting(screen)[0] for screen in sight.screens)
    assert sight.tags_visible
    assert (outer.identifier, inner.identifier, inner.hidden_identifier) == ("outer", "", "inner")


def test_a_wrapper_is_entered_with_its_arguments_in_place() -> None:
    """By name, by place, by default, and the lambda behind; the line is that of the call, the name the wrapper's."""
    screen = shown(
        """AppButton { }
        AppButton(R.string.back, Modifier.padding(1.dp), "other", onClick = {})
        SaveButton(onSave = {})
        AppButton(icon = { Icon(a, "Disk") }) { }""",
        WRAPPED,
    )
    found = [(one.name, one.text.value, one.hidden_identifier, one.label.value) for one in acting(screen)]
    assert found == [
        ("AppButton", "Save", "app_button", ""),
        ("AppButton", "Back", "other", ""),
        ("SaveButton", "Save", "app_button", ""),
        ("AppButton", "Save", "app_button", "Disk"),
    ]
    first = acting(screen)[0].place.line
    assert [one.place.line for one in acting(screen)][1] == first + 1


def test_a_slot_shows_what_it_was_given() -> None:
    """Content is run where the wrapper calls it, with the names that it saw where it was written."""
    screen = shown(
        """val words = "Inside"
        Frame(title = { Text("Top") }) { close -> Button(onClick = close) { Text(words) } }""",
        """@Composable
        fun Frame(title: @Composable () -> Unit, words: String = "Frame", content: @Composable (() -> Unit) -> Unit) {
            Column { title(); Text(words); content({}) }
        }""",
    )
    assert [one.text.value for one in screen.widgets] == ["Top", "Frame", "Inside", "Inside"]


def test_a_composable_that_calls_itself_ends() -> None:
    """It is entered once more, and no further."""
    screen = shown("Tree(a)", "@Composable fun Tree(node: Node) { Button({}) { }; node.children.forEach { Tree(it) } }")
    assert 1 <= len(acting(screen)) <= 2


def test_previews_are_no_part_of_the_app() -> None:
    """However they are named."""
    sight = seen(
        """@Composable fun MainScreen() { Text("a") }
        @Preview @Composable fun OtherScreen() { Button({}) { } }
        @ThemePreviews @Composable fun ThirdScreen() { Button({}) { } }"""
    )
    assert [screen.name for screen in sight.screens] == ["MainScreen"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('"Plain"', Words("Plain")),
        ("stringResource(R.string.save)", Words("Save", "save")),
        ("stringResource(id = R.string.save).uppercase()", Words("SAVE", "save")),
        ("stringResource(R.string.hello, name)", Words("Hello, ", "hello", True)),
        ('stringResource(R.string.hello, "Eva")', Words("Hello, Eva!", "hello")),
        ("pluralStringResource(R.plurals.days, n, n)", Words("", "days", True)),
        ("stringArrayResource(R.array.moods)[0]", Words("Good", "moods")),
        ("context.getString(R.string.save)", Words("Save", "save")),
        ('"Day $n"', Words("Day ", "", True)),
        ('"a" + TITLE', Words("aDiary page")),
        ("user.name", Words(dynamic=True)),
        ('if (a) "x" else "y"', Words(dynamic=True)),
        ('name ?: "Nobody"', Words(dynamic=True)),
        ("Mood.BAD.label()", Words("Back", "back")),
        ('"""raw"""', Words("raw")),
        (r'"\uD83D\uDE00 \u0041"', Words("\U0001f600 A")),
        ('"tab\\tquote\\""', Words('tab\tquote"')),
    ],
)
def test_words_are_known_as_far_as_the_source_tells_them(expression: str, expected: object) -> None:
    """Resources by name, parts that are filled in left open."""
    beside = """private const val TITLE = "Diary page"
    enum class Mood(@StringRes val words: Int) {
        GOOD(R.string.save),
        BAD(R.string.back);

        @Composable
        fun label() = stringResource(words)
    }"""
    assert shown(f"Text({expression})", beside).widgets[0].text == expected


def test_words_follow_the_state_in_which_a_screen_opens() -> None:
    """What is shown first is what a test meets."""
    screen = shown(
        """var more by remember { mutableStateOf(false) }
        val (count, setCount) = remember { mutableStateOf(0) }
        Text(if (more) "Less" else "More")
        Text("Count: $count")
        Checkbox(checked = more, onCheckedChange = { more = it })"""
    )
    more, count, box = screen.widgets
    assert more.text == Words("More")
    assert count.text == Words("Count: ", "", True)
    assert box.checked is False


def test_a_resource_that_a_state_begins_with_is_its_words() -> None:
    """``uiState.label`` where every class that has a ``label`` begins with one resource."""
    screen = shown(
        "val state by model.state.collectAsState()\nText(stringResource(state.label))",
        "data class Shown(val label: Int = R.string.save)",
    )
    assert screen.widgets[0].text == Words("Save", "save")


@pytest.mark.parametrize(
    ("arguments", "entry"),
    [
        ("", Entry("text", multiline=True)),
        ("singleLine = true", Entry("text")),
        ("maxLines = 1", Entry("text")),
        ("keyboardOptions = KeyboardOptions(keyboardType = KeyboardType.Phone)", Entry("phone")),
        ("keyboardOptions = KeyboardOptions.Default.copy(keyboardType = KeyboardType.Uri)", Entry("url")),
        ("keyboardOptions = KeyboardOptions(imeAction = ImeAction.Search)", Entry("search")),
        ("visualTransformation = PasswordVisualTransformation()", Entry("password")),
        ("singleLine = true, inputTransformation = InputTransformation.maxLength(7)", Entry("text", 7)),
    ],
)
def test_what_an_input_takes(arguments: str, entry: Entry) -> None:
    """Its keyboard, its lines, its mask."""
    widget = only(f"TextField(value = a, onValueChange = {{ }}, {arguments})")
    assert widget.entry == entry
    assert widget.password is (True if entry.kind == "password" else None)


@pytest.mark.parametrize(
    ("handler", "longest", "filtered"),
    [
        ("{ if (it.length <= 20) a = it }", 20, False),
        ("{ if (it.length < 20) a = it }", 19, False),
        ("{ if (it.length > LONGEST) return@TextField; a = it }", 12, False),
        ("{ a = it.take(5) }", 5, False),
        ("{ new -> change(new.take(LONGEST)) }", 12, False),
        ("{ a = it.filter { c -> c.isDigit() } }", None, True),
        ("::limited", 9, False),
        ('{ a = it; error = if (it.length < 3) "short" else null }', None, False),
    ],
)
def test_bounds_are_those_that_let_a_text_through(handler: str, longest: int | None, filtered: bool) -> None:
    """Not those that only judge it."""
    beside = "const val LONGEST = 12\nfun limited(new: String) { if (new.length <= 9) save(new) }"
    widget = only(f"TextField(value = a, singleLine = true, onValueChange = {handler})", beside)
    assert widget.entry is not None
    assert (widget.entry.max_length, widget.entry.filtered) == (longest, filtered)


def test_the_label_of_an_input_goes_before_what_stands_in_it() -> None:
    """The label shows always, the other only while the input is empty and chosen."""
    labelled, other = acting(
        shown(
            """TextField(a, {}, label = { Text("Email") }, placeholder = { Text("you@example.org") })
            TextField(a, {}, placeholder = { Text("you@example.org") })"""
        )
    )
    assert (labelled.hint.value, other.hint.value) == ("Email", "you@example.org")
    assert labelled.label == NO_WORDS


def test_a_mask_that_an_eye_takes_off_is_a_mask() -> None:
    """As the screen opens."""
    widget = only(
        """var visible by remember { mutableStateOf(false) }
        TextField(a, {}, visualTransformation = if (visible) VisualTransformation.None else
            PasswordVisualTransformation())"""
    )
    assert widget.password


def test_what_cannot_be_used_yet_says_so() -> None:
    """``enabled`` follows the state in which the screen opens."""
    screen = shown(
        """var name by rememberSaveable { mutableStateOf("") }
        Button({}, enabled = name.isNotBlank()) { }
        Button({}, enabled = !name.isNotBlank()) { }
        Button({}, enabled = model.ready) { }"""
    )
    assert [one.enabled for one in acting(screen)] == [False, True, None]
