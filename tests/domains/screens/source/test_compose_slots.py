"""What is handed on through slots, scopes and values, and shown somewhere else."""

from __future__ import annotations

import pytest
from tests.domains.screens.source.compose_app import acting, only, seen, shown

from samouk.domains.screens.source.widgets import Words


def test_rows_of_a_list_that_a_function_of_its_scope_declares_are_shown() -> None:
    """A parameter with the name of what is called hides it not."""
    screen = shown(
        "LazyColumn { rows(items = all, onOpen = {}) }",
        """fun LazyListScope.rows(items: List<Row>, onOpen: () -> Unit) =
            items(items = items, key = { it.id }, itemContent = { item -> Card(onClick = onOpen) { Text("Row") } })""",
    )
    assert [(one.text.value, one.repeated) for one in acting(screen)] == [("Row", True)]


def test_what_is_composed_to_be_measured_is_shown_once() -> None:
    """Of a choice what it begins with."""
    screen = shown(
        """var large by remember { mutableStateOf(false) }
        SubcomposeLayout { bounds ->
            val parts = if (large) {
                this.subcompose("large", content = { Bar("Large") }).map { it.measure(bounds) }
            } else {
                this.subcompose("small", content = { Bar("Small") }).map { it.measure(bounds) }
            }
        }""",
        "@Composable\nfun Bar(name: String) { IconButton({}) { Icon(a, name) } }",
    )
    assert [one.label.value for one in acting(screen)] == ["Small"]


def test_of_contents_in_a_list_each_may_be_shown() -> None:
    """``tabs[chosen].content()``."""
    screen = shown(
        """val first = Part("One") { Button({}) { Text("First") } }
        val tabs = listOf(first, Part("Two") { Button({}) { Text("Second") } })
        val chosen = tabs.indexOfFirst { it.isOpen }
        tabs[chosen].content()""",
        "class Part(val name: String, val content: @Composable () -> Unit)",
    )
    assert [(one.text.value, one.conditional) for one in acting(screen)] == [("First", True), ("Second", True)]


def test_an_object_that_is_called_gives_its_words() -> None:
    """``operator fun invoke``, as wrappers of words have it."""
    assert only(
        "val words = R.string.save.asWords()\nButton({}) { Text(text = words()) }",
        """interface Words {
            operator fun invoke(): String
        }
        data class ResourceWords(val id: Int) : Words {
            override fun invoke(): String = context.getText(id)
        }
        fun Int.asWords(): Words = ResourceWords(this)""",
    ).text == Words("Save", "save")


def test_words_of_resources_that_one_of_several_is_are_told_apart() -> None:
    """Like widgets under a condition; those of the beginning come first."""
    screen = shown(
        """var open by remember { mutableStateOf(false) }
        IconButton({ open = !open }) { Icon(a, stringResource(if (open) R.string.back else R.string.save)) }
        Text(stringResource(if (model.isNew) R.string.save else R.string.again))
        Text(model.words ?: stringResource(R.string.hello))"""
    )
    assert acting(screen)[0].label.key == "save"
    told = [(one.text.key or one.label.key, one.conditional) for one in screen.widgets[1:]]
    assert told == [("save", False), ("back", True), ("save", True), ("again", True), ("", False), ("hello", True)]


def test_an_enum_that_is_not_known_is_one_of_its_entries() -> None:
    """Each with its words."""
    screen = shown(
        "Row { Mark(model.load()) }",
        """enum class Level(val words: Int) { LOW(R.string.save), HIGH(R.string.back) }
        @Composable
        fun Mark(level: Level) { Text(stringResource(level.words)) }""",
    )
    assert [one.text.key for one in screen.widgets] == ["save", "back"]


@pytest.mark.parametrize(
    ("expression", "key"),
    [
        ("listOf(R.string.save, R.string.back).last()", "back"),
        ("buildList { add(R.string.save); if (a) { add(R.string.back) } }.first()", "save"),
        ("mapOf(Kind.A to R.string.save, Kind.B to R.string.back)[Kind.B]", "back"),
        ("(R.string.save to 1).first", "save"),
        ("listOf(R.string.save).toPersistentList().filter { it.isShown }[0]", "save"),
    ],
    ids=["last", "built", "map", "pair", "kept"],
)
def test_items_of_lists_and_maps_are_known(expression: str, key: str) -> None:
    """As far as the source spells them out."""
    screen = shown(f"Text(stringResource({expression}))", "enum class Kind { A, B }")
    assert [one.text.key for one in screen.widgets] == [key]


def test_a_modifier_that_a_choice_adds_to_is_followed() -> None:
    """``.let { if (open) it.clickable { } else it }``."""
    assert (
        only(
            'Box(Modifier.let { if (model.open) it.clickable { } else it.padding(a) }.testTag("row"))'
        ).hidden_identifier
        == "row"
    )


def test_words_that_are_built_piece_by_piece_are_known() -> None:
    """``buildAnnotatedString``."""
    screen = shown(
        """Text(buildAnnotatedString {
            append("Save ")
            withStyle(bold) { append("now") }
            append(name)
        })"""
    )
    assert screen.widgets[0].text == Words("Save now", "", True)


def test_a_content_that_turns_with_a_state_is_handed_it() -> None:
    """``AnimatedContent``, and pictures with a description of their own."""
    screen = shown(
        """AnimatedContent(targetState = Step.LAST) { step -> Text(stringResource(step.words)) }
        Canvas(Modifier.semantics { contentDescription = "Wheel" }) { draw() }""",
        "enum class Step(val words: Int) { FIRST(R.string.save), LAST(R.string.back) }",
    )
    assert [(one.text.key, one.label.value) for one in screen.widgets] == [("back", ""), ("", "Wheel")]


def test_a_lambda_that_is_called_on_an_object_has_it_for_its_own() -> None:
    """``ScopeOfMine(state).content()``."""
    screen = shown(
        'Marks { Marked("Here") { Button({}) { Text("In") } } }',
        """class MarkScope(private val state: State) {
            @Composable
            fun Marked(title: String, content: @Composable () -> Unit) {
                Text(title)
                content()
            }
        }
        @Composable
        fun Marks(content: @Composable MarkScope.() -> Unit) { MarkScope(load()).content() }""",
    )
    assert [(one.name, one.text.value) for one in screen.widgets if one.parent < 0] == [
        ("Text", "Here"),
        ("Button", "In"),
    ]


def test_of_functions_that_extend_types_the_one_of_the_value_is_meant() -> None:
    """And one that takes any number of values takes none, too."""
    screen = shown(
        'Text(R.string.save.asWords())\nText("Plain".asWords())\nText(R.string.hello.asWords("Eva"))',
        """fun String.asWords(): String = this
        fun @receiver:StringRes Int.asWords(): String = stringResource(this)
        fun @receiver:StringRes Int.asWords(vararg given: Any): String = stringResource(this, given[0])""",
    )
    assert [one.text.value for one in screen.widgets] == ["Save", "Plain", "Hello, Eva!"]


def test_a_holder_that_turns_bears_its_tag() -> None:
    """``AnimatedContent`` with a modifier."""
    screen = shown('AnimatedContent(step, modifier = Modifier.testTag("steps")) { one -> Text("a") }')
    assert [one.hidden_identifier for one in screen.widgets] == ["steps", ""]


def test_properties_that_extend_types_are_those_of_the_value() -> None:
    """And entries of an enum may have functions of their own."""
    screen = shown(
        "Text(stringResource(Size.SMALL.label))\nText(stringResource(Kind.PLAIN.label))\nText(Kind.PLAIN.words())",
        """enum class Size { SMALL }
        enum class Kind {
            PLAIN {
                @Composable
                override fun words(): String = stringResource(R.string.app_name)
            };
            abstract fun words(): String
        }
        val Size.label: Int
            get() = when (this) { Size.SMALL -> R.string.save }
        val Kind.label: Int
            get() {
                return when (this) { Kind.PLAIN -> R.string.back }
            }""",
    )
    assert [one.text.key for one in screen.widgets] == ["save", "back", "app_name"]


def test_what_a_decoration_shows_is_the_hint_of_its_input() -> None:
    """In a lambda, or in an object that a library makes of one."""
    field = """BasicTextField(state = state, decorator = TextFieldDecorator { inner ->
        Text(stringResource(R.string.save))
        IconButton({}) { Icon(a, "Clear") }
    })
    BasicTextField(value = "", onValueChange = {}) { inner -> Text("Name") }"""
    first, clear, second = acting(shown(field))
    assert (first.hint.key, clear.label.value, second.hint.value) == ("save", "Clear", "Name")


def test_words_that_depend_are_called_one_by_one() -> None:
    """Objects with ``invoke`` that a choice gives."""
    screen = shown(
        "val label = if (model.isGood) Said(R.string.save) else Said(R.string.back)\nText(label())",
        """class Said(val id: Int) {
            operator fun invoke(): String = context.getString(id)
        }""",
    )
    assert [one.text.key for one in screen.widgets] == ["save", "back"]


MODEL = """package org.example.diary
class DiaryViewModel : ViewModel() {
    fun load() { show(Notice(R.string.save)) }
}
sealed class Card {
    data object First : Card() {
        val title: Int get() = R.string.back
    }
}"""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("model.state.notice.words", [("", False), ("save", True), ("back", True)]),
        ('"Fixed"', [("", False)]),
    ],
    ids=["open", "fixed"],
)
def test_words_of_a_view_model_are_those_of_a_screen_that_shows_its_state(
    words: str, told: list[tuple[str, bool]]
) -> None:
    """Whatever in the model's file names them, and only where there is a place for them."""
    sight = seen(
        f"@Composable\nfun MainScreen(model: DiaryViewModel = viewModel()) {{ Text({words}) }}",
        {"app/src/main/java/DiaryViewModel.kt": MODEL},
    )
    assert [(one.text.key, one.conditional) for one in sight.screens[0].widgets] == told
