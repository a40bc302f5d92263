"""Screens of a Flutter app that no address and no handler leads to, and what patterns and enums say on them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.screens.source.test_flutter import acted, body, sight

from samouk.domains.screens.source.widgets import Sight, SourceScreen

MAIN = """
void main() => runApp(MaterialApp(home: Home()));
class Home extends StatelessWidget {
  Widget build(BuildContext context) => Scaffold(body: Text('home'), floatingActionButton: starter(context));
}
"""


def named(found: Sight, name: str) -> SourceScreen:
    """The screen of that name."""
    (screen,) = [screen for screen in found.screens if screen.name == name]
    return screen


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(
            """
class Settings extends StatelessWidget {
  Widget build(BuildContext context) => Frame(body: TextField());
}
class Frame extends StatelessWidget {
  const Frame({required this.body});
  final Widget body;
  Widget build(BuildContext context) => Scaffold(body: body);
}
""",
            id="in a frame of the app",
        ),
        pytest.param(
            """
class Settings extends Base {
  @override
  Widget body(BuildContext context) => TextField();
}
abstract class Base extends StatelessWidget {
  Widget body(BuildContext context);
  Widget build(BuildContext context) => Scaffold(body: body(context));
}
""",
            id="by its base",
        ),
        pytest.param(
            """
class Settings = SettingsBase with Loud;
mixin Loud {}
class SettingsBase extends StatelessWidget {
  Widget build(BuildContext context) => Scaffold(body: TextField());
}
""",
            id="by another name and a mixin",
        ),
        pytest.param(
            """
class Settings extends StatelessWidget {
  Widget build(BuildContext context) => Card(child: TextField());
}
""",
            id="without a scaffold",
        ),
    ],
)
def test_a_page_that_is_made_somewhere_is_a_screen(tmp_path: Path, page: str) -> None:
    found = sight(tmp_path, main=MAIN, page=page, made="void register() => locator.add(() => Settings());")
    assert [one.class_name for one in acted(named(found, "Settings"))] == ["TextField"]


def test_a_page_that_nobody_makes_is_none(tmp_path: Path) -> None:
    page = "class Old extends StatelessWidget { Widget build(BuildContext context) => Scaffold(body: TextField()); }"
    assert [screen.name for screen in sight(tmp_path, main=MAIN, page=page).screens] == ["Home"]


def test_a_generated_route_stands_for_its_page(tmp_path: Path) -> None:
    found = sight(
        tmp_path,
        main=MAIN,
        page="class DetailPage extends StatelessWidget {"
        " Widget build(BuildContext context) => Scaffold(body: TextField()); }",
        more="void show(BuildContext context) => context.router.push(const DetailRoute());",
    )
    assert [screen.name for screen in found.screens] == ["Home", "DetailPage"]


def test_what_a_page_without_a_way_holds_is_no_screen_by_itself(tmp_path: Path) -> None:
    found = sight(
        tmp_path,
        main=MAIN,
        form="""
class Form extends StatelessWidget { Widget build(BuildContext context) => Column(children: [Field(), Field()]); }
""",
        field="class Field extends StatelessWidget { Widget build(BuildContext context) => Card(child: TextField()); }",
        made="void open() => sheets.add(() => Form());",
    )
    assert [screen.name for screen in found.screens] == ["Home", "Form"]


def test_dialogs_and_messages_that_no_handler_opens_are_found(tmp_path: Path) -> None:
    found = sight(
        tmp_path,
        main=MAIN,
        more="""
class Watcher {
  void failed(BuildContext context) {
    showDialog(context: context, builder: (_) => AlertDialog(content: Text('Failed'), actions: [CloseButton()]));
  }
  void gone(BuildContext context) {
    ScaffoldMessenger.of(context).showSnackBar(
      SnackBar(key: Key('gone'), content: Text('Gone'), action: SnackBarAction(label: 'Undo', onPressed: undo)),
    );
  }
}
""",
    )
    assert [(screen.name, screen.dialog) for screen in found.screens] == [
        ("Home", False),
        ("failed", True),
        ("gone", True),
    ]
    assert [one.text.value for one in named(found, "gone").widgets if one.text.value] == ["Gone", "Undo"]


def test_a_message_is_no_place_to_which_a_tap_leads(tmp_path: Path) -> None:
    screen = body(
        tmp_path,
        "TextButton(onPressed: () => ScaffoldMessenger.of(context).showSnackBar(SnackBar(content: Text('Saved'))),"
        " child: Text('Save'))",
    )
    assert [one.leads_to for one in acted(screen)] == [""]


@pytest.mark.parametrize(
    ("widgets", "words"),
    [
        pytest.param("for (final (at, name) in ['a', 'b'].indexed) Text('$at $name')", ["0 a", "1 b"], id="in a loop"),
        pytest.param("for (final pair in [('a', 1), ('b', 2)]) Text(pair.$1)", ["a", "b"], id="record"),
        pytest.param("for (final one in [(name: 'a', age: 1)]) Text(one.name)", ["a"], id="record with names"),
        pytest.param("Text(switch (('a', 'b')) { (final x, final y) => '$x$y' })", ["ab"], id="switch"),
        pytest.param("Text(second())", ["b"], id="declaration"),
        pytest.param("Text(given())", ["a"], id="object"),
        pytest.param("Text(Part.save.label), Text(Part.share.loud)", ["Keep", "PASS ON"], id="enum"),
    ],
)
def test_patterns_records_and_enums_give_their_words(tmp_path: Path, widgets: str, words: list[str]) -> None:
    more = """
String second() { final (_, other) = ('a', 'b'); return other; }
String given() { final Pair(:first) = Pair('a', 'b'); return first; }
class Pair { const Pair(this.first, this.second); final String first; final String second; }
enum Part {
  save('Keep'), share('Pass on');
  const Part(this.label);
  final String label;
  String get loud => label.toUpperCase();
}
"""
    assert [one.text.value for one in body(tmp_path, widgets, more).widgets] == words


def test_what_a_growing_list_shows_is_shown(tmp_path: Path) -> None:
    screen = body(
        tmp_path,
        "Box()",
        """
class Box extends StatefulWidget { State<Box> createState() => _BoxState(); }
class _BoxState extends State<Box> {
  final List<String> _found = [];
  Widget build(BuildContext context) => Column(children: [
    if (_found.isNotEmpty) Text('some'),
    if (_found.isEmpty) Text('none'),
    ..._found.map((one) => TextButton(onPressed: go, child: Text(one))),
  ]);
}
""",
    )
    assert [(one.text.value, one.conditional, one.repeated) for one in screen.widgets] == [
        ("some", True, False),
        ("none", True, False),
        ("", False, True),
    ]


def test_a_changed_copy_keeps_what_was_not_changed(tmp_path: Path) -> None:
    screen = body(
        tmp_path,
        "TextField(decoration: base.copyWith(labelText: 'Name', suffixIcon: IconButton(onPressed: go)))",
        "const base = InputDecoration(hintText: 'Ann', labelText: 'x');",
    )
    field, _ = acted(screen)
    assert field.label.value == "Name"


WAYS = """
class Home extends StatelessWidget {
  Widget build(BuildContext context) => Scaffold(body: Column(children: [
    TextButton(onPressed: () => Navigator.push(context, MaterialPageRoute(builder: (_) => Edit())), child: Text('a')),
    TextButton(
      onPressed: () => Navigator.push(context, MaterialPageRoute(builder: (_) => Edit(key: Key('edit'), name: 'Ann'))),
      child: Text('b'),
    ),
  ]));
}
class Edit extends StatelessWidget {
  const Edit({super.key = const Key('add'), this.name});
  final String? name;
  Widget build(BuildContext context) => Scaffold(body: TextButton(
    onPressed: save,
    child: Text(name == null ? 'Add' : 'Save'),
    key: name == null ? Key('new') : Key('old'),
  ), bottomSheet: name == null ? null : Text('Delete'));
}
void main() => runApp(MaterialApp(home: Home()));
"""


def test_a_screen_shows_what_each_way_to_it_makes_of_it(tmp_path: Path) -> None:
    edit = named(sight(tmp_path, main=WAYS), "Edit")
    assert {one.hidden_identifier for one in edit.widgets} - {""} == {"add", "edit", "new", "old"}
    assert [one.conditional for one in edit.widgets if one.text.value == "Delete"] == [True]


def test_dialogs_that_one_function_opens_are_several(tmp_path: Path) -> None:
    found = sight(
        tmp_path,
        main=MAIN,
        more="""
Future<void> popUp(BuildContext context, WidgetBuilder builder) => showDialog(context: context, builder: builder);
class Notice extends StatelessWidget {
  Widget build(BuildContext context) => AlertDialog(content: Text('Notice'));
}
class Question extends StatelessWidget {
  Widget build(BuildContext context) => AlertDialog(content: Text('Question'));
}
class Watcher {
  void one(BuildContext context) => popUp(context, (_) => Notice());
  void other(BuildContext context) => popUp(context, (_) => Question());
}
""",
    )
    assert {"Notice", "Question"} <= {screen.name for screen in found.screens}


def test_each_place_that_words_a_dialog_makes_another(tmp_path: Path) -> None:
    found = sight(
        tmp_path,
        main=MAIN,
        more="""
class Alert extends StatelessWidget {
  const Alert({required this.words, this.buttonKey});
  final String words;
  final Key? buttonKey;
  Widget build(BuildContext context) => AlertDialog(
    content: Text(words),
    actions: [TextButton(key: buttonKey, onPressed: () => Navigator.pop(context), child: Text('OK'))],
  );
}
class Watcher {
  void one(BuildContext context) =>
    showDialog(context: context, builder: (_) => Alert(words: 'One', buttonKey: Key('a')));
  void other(BuildContext context) =>
    showDialog(context: context, builder: (_) => Alert(words: 'Other', buttonKey: Key('b')));
}
""",
    )
    shown = [screen for screen in found.screens if screen.name.startswith("Alert")]
    assert [[one.hidden_identifier for one in acted(screen)] for screen in shown] == [["a"], ["b"]]
    assert [[one.text.value for one in screen.widgets if one.class_name == "Text"] for screen in shown] == [
        ["One"],
        ["Other"],
    ]


def test_a_factory_makes_what_it_returns(tmp_path: Path) -> None:
    screen = body(
        tmp_path,
        "Bar(trailing: CloseButton())",
        """
class Bar extends StatelessWidget {
  factory Bar({Widget? trailing}) => Bar._made(trailing: trailing, height: 1);
  Bar._made({this.trailing, this.height});
  final Widget? trailing;
  final int? height;
  Widget build(BuildContext context) => Row(children: [Text('bar'), trailing!]);
}
""",
    )
    assert [one.class_name for one in acted(screen)] == ["CloseButton"]


def test_work_that_starts_itself_again_takes_nothing_from_the_screen(tmp_path: Path) -> None:
    calls = "".join(f"step{number}(); " for number in range(6))
    steps = "".join(f"void step{number}() {{ {calls} }}\n" for number in range(6))
    screen = body(
        tmp_path,
        "TextButton(onPressed: begin, child: Text('first')), TextButton(onPressed: next, child: Text('then'))",
        f"void begin() {{ {calls} }}\n{steps}",
    )
    assert [one.text.value for one in acted(screen)] == ["first", "then"]
