"""Keys of a Flutter app wherever they are made and wherever they are put, for its own tests name them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.screens.source.test_flutter import acted, body, only, sight


def keys(root: Path, widgets: str, more: str = "", **files: str) -> list[str]:
    """All keys of the widgets of one screen, in pre-order."""
    return [one.hidden_identifier for one in body(root, widgets, more, **files).widgets if one.hidden_identifier]


@pytest.mark.parametrize(
    ("widgets", "found"),
    [
        pytest.param("Padding(key: Key('a'), child: Text('x'))", ["a"], id="layout"),
        pytest.param("Icon(Icons.add, key: ValueKey('a'))", ["a"], id="icon without words"),
        pytest.param("Column(key: Key('a'), children: [Text('x', key: Key('b'))])", ["a", "b"], id="both"),
        pytest.param("TextButton(onPressed: go, child: Text('x', key: Key('a')))", ["a"], id="words on a button"),
        pytest.param(
            "ListTile(onTap: go, title: Text('x', key: Key('a')), trailing: Text('y', key: Key('b')))",
            ["a", "b"],
            id="two on a row",
        ),
        pytest.param("Text('x', key: ValueKey('a-$id'))", ["a-*"], id="filled in"),
        pytest.param("Text('x', key: ValueKey(id))", [], id="not known"),
        pytest.param("Text('x', key: ValueKey(3))", ["3"], id="number"),
        pytest.param("Text('x', key: GlobalKey())", [], id="of no words"),
        pytest.param("Text('x', key: _on ? Key('a') : Key('b'))", ["b", "a"], id="by state"),
        pytest.param("Text('x', key: Names.a), Text('y', key: N.b)", ["a", "b"], id="another name of a class"),
        pytest.param("Text('x', key: Names.of('q'))", ["row-q"], id="made by a function"),
        pytest.param("Text('x', key: Names.row(id))", ["row-*"], id="made by a closure"),
        pytest.param("Text('x', key: Part.save.key)", ["part-save"], id="of a value of an enum"),
    ],
)
def test_a_key_is_found(tmp_path: Path, widgets: str, found: list[str]) -> None:
    names = """
import 'package:flutter/foundation.dart';
typedef N = Names;
class Names {
  static const a = Key('a');
  static const b = Key('b');
  static Key of(String id) => Key('row-$id');
  static final row = (String id) => Key('row-$id');
}
enum Part {
  save, share;
  Key get key => ValueKey('part-$name');
}
"""
    assert keys(tmp_path, widgets, names=names) == found


def test_own_wrapper_has_its_key_and_that_inside(tmp_path: Path) -> None:
    wrapper = """
class Go extends StatelessWidget {
  const Go({super.key = const Key('default'), required this.onTap});
  final VoidCallback onTap;
  @override
  Widget build(BuildContext context) => InkWell(key: const Key('inside'), onTap: onTap, child: Text('go'));
}
"""
    assert keys(tmp_path, "Go(onTap: go), Go(key: Key('outer'), onTap: go)", wrapper) == [
        "default",
        "inside",
        "outer",
        "inside",
    ]


def test_what_holds_a_key_does_not_come_between(tmp_path: Path) -> None:
    screen = body(tmp_path, "Tooltip(message: 'says', child: Center(key: Key('a'), child: IconButton(onPressed: go)))")
    assert only(screen).label.value == "says"


def test_key_of_a_screen_is_found(tmp_path: Path) -> None:
    found = sight(
        tmp_path,
        main="""
void main() => runApp(MaterialApp(home: Home()));
class Home extends StatelessWidget {
  Widget build(BuildContext context) => Scaffold(
    body: TextButton(
      onPressed: () => Navigator.push(context, MaterialPageRoute(builder: (_) => Edit(key: Key('edit')))),
      child: Text('x'),
    ),
  );
}
""",
        edit="""
class Edit extends StatelessWidget {
  const Edit({super.key});
  Widget build(BuildContext context) => Scaffold(body: TextField());
}
""",
    )
    (edit,) = [screen for screen in found.screens if screen.name == "Edit"]
    assert edit.widgets[0].hidden_identifier == "edit"
    assert len(acted(edit)) == 1
