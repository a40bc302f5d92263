"""What the Flutter reader sees of small apps of the constructs that real ones use, counted by hand."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from samouk.domains.screens.source.files import walk
from samouk.domains.screens.source.flutter.reader import READER
from samouk.domains.screens.source.reading import Unparsable, read
from samouk.domains.screens.source.widgets import BACK, Entry, Sight, SourceScreen, Widget, Words

PUBSPEC = "name: probe\ndependencies:\n  flutter:\n    sdk: flutter\n"
EXAMPLE = Path(__file__).parents[4] / "examples" / "apps" / "flutter"


def sight(root: Path, **files: str) -> Sight:
    """Read an app of these files; ``__`` in a name stands for a folder, each is Dart under ``lib`` unless it says."""
    (root / "pubspec.yaml").write_text(PUBSPEC)
    for name, content in files.items():
        suffix = "" if name.endswith(("_arb", "_yaml")) else ".dart"
        path = root / "lib" / (name.replace("_arb", ".arb").replace("_yaml", ".yaml").replace("__", "/") + suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return read("flutter", root, workers=1)


def body(root: Path, widgets: str, more: str = "", **files: str) -> SourceScreen:
    """The only screen of an app that shows these widgets."""
    found = sight(
        root,
        main=f"""
import 'package:flutter/material.dart';
void main() => runApp(MaterialApp(home: HomePage()));
class HomePage extends StatefulWidget {{
  const HomePage({{super.key}});
  @override
  State<HomePage> createState() => _HomePageState();
}}
class _HomePageState extends State<HomePage> {{
  bool _on = false;
  bool _hidden = true;
  @override
  Widget build(BuildContext context) {{
    return Scaffold(body: Column(children: [{widgets}]));
  }}
}}
{more}
""",
        **files,
    )
    assert found.troubles == ()
    return found.screens[0]


def acted(screen: SourceScreen) -> list[Widget]:
    """What a person can act on."""
    return [widget for widget in screen.widgets if widget.interactive]


def only(screen: SourceScreen) -> Widget:
    """The one widget that a person can act on."""
    (widget,) = acted(screen)
    return widget


CONTROLS = """
TextButton(onPressed: go, child: Text('a')),
ElevatedButton.icon(onPressed: go, icon: Icon(Icons.add), label: Text('b')),
IconButton(onPressed: go, tooltip: 'c', icon: Icon(Icons.add)), FloatingActionButton(onPressed: go),
InkWell(onTap: go, child: Text('d')), GestureDetector(onLongPress: go, child: Text('e')),
GestureDetector(child: Text('no handler')), GestureDetector(onTap: () {}, child: Text('blocks taps')),
GestureDetector(onTap: () => FocusManager.instance.primaryFocus?.unfocus(), child: Text('closes the keyboard')),
ListTile(title: Text('f'), onTap: go), ListTile(title: Text('not tapped')),
Checkbox(value: _on, onChanged: set), CheckboxListTile(title: Text('g'), value: true, onChanged: set),
Switch(value: _on, onChanged: set), SwitchListTile(title: Text('h'), value: _on, onChanged: set),
Radio<int>(value: 1, groupValue: 1, onChanged: set), RadioListTile(value: 2, groupValue: 1, onChanged: set),
Slider(value: 0.5, onChanged: set), DropdownButton<int>(items: const [], onChanged: set),
PopupMenuButton<int>(itemBuilder: (context) => []), TextField(), TextFormField(),
TabBar(tabs: [Tab(text: 'one'), Tab(text: 'two')]),
NavigationBar(destinations: [NavigationDestination(icon: Icon(Icons.home), label: 'Home')]),
BottomNavigationBar(items: [BottomNavigationBarItem(icon: Icon(Icons.home), label: 'Home')]),
ExpansionTile(title: Text('More'), children: [Text('inside')]),
Dismissible(key: Key('row'), child: Text('swipe me')),
ChoiceChip(label: Text('chip'), selected: false, onSelected: set),
"""


def test_each_control_counts_once_and_what_only_holds_does_not(tmp_path: Path) -> None:
    """By hand: 25 of the widgets above can be acted on."""
    names = [widget.name for widget in acted(body(tmp_path, CONTROLS))]
    assert names == [
        "TextButton",
        "ElevatedButton",
        "IconButton",
        "FloatingActionButton",
        "InkWell",
        "GestureDetector",
        "ListTile",
        "Checkbox",
        "CheckboxListTile",
        "Switch",
        "SwitchListTile",
        "Radio",
        "RadioListTile",
        "Slider",
        "DropdownButton",
        "PopupMenuButton",
        "TextField",
        "TextFormField",
        "Tab",
        "Tab",
        "NavigationDestination",
        "BottomNavigationBarItem",
        "ExpansionTile",
        "Dismissible",
        "ChoiceChip",
    ]


def test_public_names_of_flutter_or_of_what_a_wrapper_builds(tmp_path: Path) -> None:
    """Every class name is one that the taxonomy knows."""
    from samouk.domains.screens.taxonomy import PUBLIC_CLASSES

    assert {widget.class_name for widget in body(tmp_path, CONTROLS).widgets} <= PUBLIC_CLASSES.keys()


def test_a_button_takes_the_words_in_it_and_a_picture_the_label(tmp_path: Path) -> None:
    """Texts are merged as Flutter merges them, line by line; they are no widgets of their own."""
    screen = body(
        tmp_path,
        "ListTile(title: Text('Tea'), subtitle: Text('Green'), onTap: go),"
        "IconButton(icon: Icon(Icons.add, semanticLabel: 'Add'), onPressed: go)",
    )
    tile, icon = acted(screen)
    assert tile.text == Words("Tea\nGreen")
    assert icon.label == Words("Add")
    assert len(screen.widgets) == 2


@pytest.mark.parametrize(("identifier", "told"), [("row-$id", "row-*"), ("${id}-row", ""), ("r$id", "")])
def test_an_identifier_with_data_is_told_by_its_beginning(tmp_path: Path, identifier: str, told: str) -> None:
    """Where it has one that tells anything."""
    source = f"Semantics(identifier: '{identifier}', button: true, child: InkWell(onTap: go))"
    assert only(body(tmp_path, source)).identifier == told


def test_semantics_name_the_one_widget_below_them(tmp_path: Path) -> None:
    """The identifier is what a driver sees; a Key is not."""
    widget = only(
        body(
            tmp_path,
            "Semantics(identifier: 'save', label: 'Save it', button: true, child: InkWell(onTap: go, key: Key('k')))",
        )
    )
    assert (widget.identifier, widget.hidden_identifier, widget.label, widget.role) == (
        "save",
        "k",
        Words("Save it"),
        "button",
    )


def test_excluded_semantics_leave_no_words(tmp_path: Path) -> None:
    """A person can still tap it; a screen reader is told nothing."""
    widget = only(body(tmp_path, "ExcludeSemantics(child: TextButton(onPressed: go, child: Text('Hidden')))"))
    assert widget.text == Words()


@pytest.mark.parametrize(
    ("field", "entry"),
    [
        ("TextField(keyboardType: TextInputType.emailAddress)", Entry("email")),
        ("TextField(maxLength: 20, maxLines: null)", Entry("text", 20, multiline=True)),
        ("TextField(obscureText: true)", Entry("password")),
        ("TextField(obscureText: _hidden)", Entry("password")),
        ("TextField(obscureText: _on)", Entry("text")),
        ("TextField(keyboardType: TextInputType.phone)", Entry("phone")),
        ("TextField(inputFormatters: [FilteringTextInputFormatter.digitsOnly])", Entry("number", filtered=True)),
        ("TextField(inputFormatters: [LengthLimitingTextInputFormatter(4)])", Entry("text", 4)),
        ("CupertinoSearchTextField()", Entry("search")),
    ],
)
def test_what_an_input_takes(tmp_path: Path, field: str, entry: Entry) -> None:
    """From its keyboard, formatters and flags."""
    assert only(body(tmp_path, field)).entry == entry


def test_an_empty_input_shows_its_label_or_else_its_hint(tmp_path: Path) -> None:
    """A hint appears only once the label has moved away."""
    both, hint = acted(
        body(
            tmp_path,
            "TextField(decoration: InputDecoration(labelText: 'Email', hintText: 'you@example.org')),"
            "TextField(decoration: const InputDecoration(hintText: 'Search'))",
        )
    )
    assert (both.label, both.hint) == (Words("Email"), Words("Email"))
    assert (hint.label, hint.hint) == (Words(), Words("Search"))


def test_a_state_variable_tells_how_a_switch_begins(tmp_path: Path) -> None:
    """``bool _on = false`` may change, but not before the screen opens."""
    switch, box = acted(body(tmp_path, "Switch(value: _on, onChanged: set), Checkbox(value: _hidden, onChanged: set)"))
    assert (switch.checked, box.checked) == (False, True)


def test_a_button_without_a_handler_is_disabled(tmp_path: Path) -> None:
    """``onPressed: null``."""
    assert only(body(tmp_path, "TextButton(onPressed: null, child: Text('x'))")).enabled is False


def test_conditions_and_loops_are_told(tmp_path: Path) -> None:
    """``if``, ternaries, Visibility and switch expressions may not be there; builders, maps and ``for`` repeat."""
    screen = body(
        tmp_path,
        """
if (_on) TextButton(onPressed: go, child: Text('if')) else ...[TextButton(onPressed: go, child: Text('else'))],
_on ? TextButton(onPressed: go, child: Text('yes')) : SizedBox.shrink(),
Visibility(visible: _on, child: TextButton(onPressed: go, child: Text('seen'))),
switch (kind) { 1 => TextButton(onPressed: go, child: Text('one')), _ => const Gap(1) },
TextButton(onPressed: go, child: Text('always')),
for (final tea in teas) TextButton(onPressed: go, child: Text('for')),
...teas.map((tea) => TextButton(onPressed: go, child: Text('map'))).toList(),
ListView.builder(itemBuilder: (context, index) => TextButton(onPressed: go, child: Text('built'))),
""",
    )
    assert [(one.text.value, one.conditional, one.repeated) for one in acted(screen)] == [
        ("if", True, False),
        ("else", True, False),
        ("yes", True, False),
        ("seen", True, False),
        ("one", True, False),
        ("always", False, False),
        ("for", False, True),
        ("map", False, True),
        ("built", False, True),
    ]


def test_what_every_branch_shows_is_always_there(tmp_path: Path) -> None:
    """A button that is wrapped on a condition is one button."""
    screen = body(
        tmp_path,
        "Framed()",
        """
class Framed extends StatelessWidget {
  @override
  Widget build(BuildContext context) {
    Widget button = TextButton(onPressed: go, child: const Text('Go'));
    if (wide) button = Padding(padding: p, child: button);
    if (narrow) return Center(child: button);
    return button;
  }
}""",
    )
    assert (only(screen).text, only(screen).conditional) == (Words("Go"), False)


WRAPPERS = """
class AppBtn extends StatelessWidget {
  const AppBtn({super.key, required this.label, required this.onPressed, this.child, this.round = false}) : icon = null;
  AppBtn.from({super.key, required this.onPressed, String? text, String? semanticLabel, this.icon})
      : child = null, round = false {
    label = semanticLabel ?? text ?? '';
    _builder = (context) => Text(text!.toUpperCase());
  }
  late final String label;
  final VoidCallback? onPressed;
  final Widget? child;
  final bool round;
  final IconData? icon;
  late final WidgetBuilder? _builder;
  @override
  Widget build(BuildContext context) {
    Widget content = _builder?.call(context) ?? child ?? const SizedBox.shrink();
    Widget button = TextButton(onPressed: onPressed, child: content);
    if (label.isEmpty) return button;
    return Semantics(label: label, button: true, onTap: () => onPressed?.call(),
      child: ExcludeSemantics(child: button));
  }
}
class CircleBtn extends StatelessWidget {
  const CircleBtn({super.key, required this.icon, required this.onPressed, required this.label});
  final IconData icon; final VoidCallback? onPressed; final String label;
  @override
  Widget build(BuildContext context) => AppBtn(onPressed: onPressed, label: label, round: true, child: Icon(icon));
}
class BackBtn extends StatelessWidget {
  const BackBtn({super.key, this.icon = Icons.back, this.label});
  BackBtn.close({Key? key}) : this(key: key, icon: Icons.close, label: 'Close');
  final IconData icon; final String? label;
  @override
  Widget build(BuildContext context) =>
      CircleBtn(icon: icon, label: label ?? 'Back', onPressed: () { Navigator.of(context).pop(); });
}
"""


def test_own_wrappers_are_followed_with_their_arguments(tmp_path: Path) -> None:
    """Three levels deep, redirected and named constructors; the line is that of the outermost call."""
    screen = body(
        tmp_path,
        "\nAppBtn(key: const Key('plain'), label: 'Plain', onPressed: go),\nAppBtn.from(text: 'Loud', onPressed: go),\n"
        "CircleBtn(icon: Icons.add, label: 'Add', onPressed: null),\nBackBtn.close(),\nBackBtn(),",
        WRAPPERS,
    )
    found = acted(screen)
    assert [(one.name, one.class_name, one.label.value) for one in found] == [
        ("AppBtn", "TextButton", "Plain"),
        ("AppBtn", "TextButton", "Loud"),
        ("CircleBtn", "TextButton", "Add"),
        ("BackBtn", "TextButton", "Close"),
        ("BackBtn", "TextButton", "Back"),
    ]
    first = found[0].place.line
    assert [one.place.line - first for one in found] == [0, 1, 2, 3, 4]
    assert (found[0].hidden_identifier, found[2].enabled, found[3].leads_to) == ("plain", False, BACK)


def test_a_widget_that_only_holds_what_it_is_given_does_not_take_its_place(tmp_path: Path) -> None:
    """The button stands where it is made, not where it is framed."""
    screen = body(
        tmp_path,
        "Frame(title: 'x',\nchild: TextButton(onPressed: go, child: Text('Go')))",
        "class Frame extends StatelessWidget { const Frame({required this.title, required this.child});"
        " final String title; final Widget child;"
        " Widget build(BuildContext context) => Card(child: child); }",
    )
    assert only(screen).name == "TextButton"


def test_what_is_passed_to_a_package_and_taken_back(tmp_path: Path) -> None:
    """An extension wraps a widget in one of two, of which one is a package's: the button is always there."""
    screen = body(
        tmp_path,
        "TextButton(onPressed: go, child: Text('Go')).moved().fade(begin: 0)",
        "class Still extends Animate { Still({super.key, super.child}); State<Still> createState() => _StillState(); }"
        "class _StillState extends State<Still> { Widget build(BuildContext context) => widget.child; }"
        "extension Moving on Widget { Animate moved() => quiet ? Still(child: this) : Animate(child: this); }",
    )
    assert (only(screen).text, only(screen).conditional) == (Words("Go"), False)


def test_counted_loops_and_unknown_places_in_known_lists(tmp_path: Path) -> None:
    """Each item once; of a list of pages all may be shown, the one that the state begins with surely."""
    screen = body(
        tmp_path,
        "Rows(children: [TextButton(onPressed: go, child: Text('a')), TextButton(onPressed: go, child: Text('b'))]),"
        "Pages()",
        """
class Rows extends StatelessWidget {
  const Rows({required this.children}); final List<Widget> children;
  Widget build(BuildContext context) => Column(children: [
    for (int i = 0; i < children.length - 1; i++) ...[children[i], Gap(1)], children.last]);
}
class Pages extends StatefulWidget { State<Pages> createState() => _PagesState(); }
class _PagesState extends State<Pages> {
  int _at = 1;
  final _pages = [TextButton(onPressed: go, child: Text('one')), TextButton(onPressed: go, child: Text('two'))];
  Widget build(BuildContext context) => Column(children: [_pages[_at]]);
}""",
    )
    assert [(one.text.value, one.conditional, one.repeated) for one in acted(screen)] == [
        ("a", False, False),
        ("b", False, False),
        ("two", False, False),
        ("one", True, False),
    ]


def test_parts_that_methods_and_getters_build(tmp_path: Path) -> None:
    """``_buildHeader()``, a getter, a local function, a method of a mixin."""
    found = sight(
        tmp_path,
        main="""
class HomePage extends StatelessWidget with Parts {
  Widget get footer => TextButton(onPressed: go, child: Text('getter'));
  Widget _header(String text) { return TextButton(onPressed: go, child: Text(text)); }
  @override
  Widget build(BuildContext context) {
    Widget row(List<Widget> children) => Row(children: children);
    final List<Widget> extra = [];
    for (final one in teas) { extra.add(TextButton(onPressed: go, child: Text('added'))); }
    return Scaffold(body: Column(children: [_header('method'), footer, row([part()]), ...extra]));
  }
}
mixin Parts { Widget part() => TextButton(onPressed: go, child: Text('mixin')); }
""",
    )
    (screen,) = found.screens
    assert [one.text.value for one in acted(screen)] == ["method", "getter", "mixin", "added"]
    assert [one.repeated for one in acted(screen)] == [False, False, False, True]


def test_a_widget_that_builds_itself_ends(tmp_path: Path) -> None:
    """Trees are drawn so; some levels are enough."""
    screen = body(
        tmp_path,
        "Branch(depth: 3)",
        "class Branch extends StatelessWidget { const Branch({required this.depth}); final int depth;"
        " Widget build(BuildContext context) => Column(children: ["
        "TextButton(onPressed: go, child: Text('leaf')), Branch(depth: depth - 1)]); }",
    )
    assert 1 <= len(acted(screen)) <= 3


ARB = '{"@@locale": "en", "save": "Save", "left": "{count} of {all} left", "@left": {"placeholders": {"all": {}}}}'


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("AppLocalizations.of(context)!.save", Words("Save", "save")),
        ("context.l10n.save", Words("Save", "save")),
        ("$strings.save.toUpperCase()", Words("SAVE", "save")),
        ("S.current.save", Words("Save", "save")),
        ("order.save", Words("", "", True)),
        ("context.l10n.left(n)", Words("", "left", True)),
        ("'${context.l10n.save}: $n'", Words("Save: ", "", True)),
        ("'a' 'b'", Words("ab")),
    ],
)
def test_strings_come_from_arb_files(tmp_path: Path, said: str, words: Words) -> None:
    """However the app names them; what is no holder of strings is not taken for one."""
    more = "extension L on BuildContext { AppLocalizations get l10n => AppLocalizations.of(this)!; }"
    more += "AppLocalizations get $strings => locator.get<Locale>().strings;"
    screen = body(
        tmp_path,
        f"TextButton(onPressed: go, child: Text({said}))",
        more,
        l10n__app_en_arb=ARB,
        l10n__app_ru_arb='{"save": "Да"}',
    )
    assert only(screen).text == words


def test_the_template_is_the_default_language(tmp_path: Path) -> None:
    """l10n.yaml says which; else English."""
    (tmp_path / "l10n.yaml").write_text("arb-dir: lib/l10n\ntemplate-arb-file: app_ru.arb\n")
    assert sight(tmp_path, l10n__app_en_arb=ARB, l10n__app_ru_arb='{"save": "Да"}').strings == {"save": "Да"}


def test_a_file_that_does_not_parse_costs_its_declaration_only(tmp_path: Path) -> None:
    """The rest is kept, and the line is told."""
    found = sight(
        tmp_path,
        main="class A extends StatelessWidget {\n  void broken() { return ((; }\n"
        "  Widget build(BuildContext context) => Scaffold(body: TextButton(onPressed: go, child: Text('ok')));\n}\n",
    )
    assert [(one.file, one.line) for one in found.troubles] == [("lib/main.dart", 2)]
    assert only(found.screens[0]).text == Words("ok")


def test_a_broken_arb_is_named(tmp_path: Path) -> None:
    """With its line."""
    with pytest.raises(Unparsable) as told:
        READER.extract("lib/l10n/app_en.arb", b'{\n"a": }')
    assert told.value.line == 2


def test_facts_cross_to_another_process(tmp_path: Path) -> None:
    """They are pickled as they are."""
    facts = READER.extract("lib/a.dart", WRAPPERS.encode())
    assert pickle.loads(pickle.dumps(facts)) == facts


def test_a_folder_is_known_by_its_pubspec(tmp_path: Path) -> None:
    """A Dart package without Flutter is none; the shells of Android and iOS belong to the app."""
    for name, content in (("app", PUBSPEC), ("tool", "name: tool\n")):
        (tmp_path / name / "lib").mkdir(parents=True)
        (tmp_path / name / "lib" / "main.dart").write_text("void main() {}")
        (tmp_path / name / "pubspec.yaml").write_text(content)
    assert READER.detect(walk(tmp_path)) == ["app"]


def test_the_example_is_seen_whole() -> None:
    """By hand: 37 elements on nine screens, four of which are menus and dialogs."""
    found = read("flutter", EXAMPLE, workers=1)
    assert found.troubles == ()
    assert found.app == "org.example.verdant"
    assert {screen.name: len(acted(screen)) for screen in found.screens} == {
        "LoginScreen": 6,
        "PlantsScreen": 4,
        "PlantFormScreen": 9,
        "PlantScreen": 4,
        "SettingsScreen": 5,
        "PlantsScreenMenu": 3,
        "showAbout": 1,
        "PlantFormScreenMenu": 3,
        "DeletePlantDialog": 2,
    }
    assert [screen.name for screen in found.screens if screen.entry] == ["LoginScreen"]


def test_the_example_is_detected() -> None:
    """As a whole."""
    assert READER.detect(walk(EXAMPLE)) == ["."]
