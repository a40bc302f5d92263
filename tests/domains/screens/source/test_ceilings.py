"""Where a reader stops for the size of an app, it says where, and names the bound: nothing is cut without a word."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.screens.source.compose_app import seen
from tests.domains.screens.source.ios_looking import swiftui

from samouk.domains.screens.source.compose.reader import READER as COMPOSE
from samouk.domains.screens.source.files import walk
from samouk.domains.screens.source.flutter.reader import READER as FLUTTER
from samouk.domains.screens.source.flutter.screens import MAX_SCREENS
from samouk.domains.screens.source.widgets import Sight


def dart(code: str) -> Sight:
    """What the reader sees of one Dart file."""
    text = f"import 'package:flutter/material.dart';\n{code}"
    return FLUTTER.link({"lib/main.dart": FLUTTER.extract("lib/main.dart", text.encode())})


def page(name: str, body: str) -> str:
    """A Flutter screen on one line."""
    return f"class {name} extends StatelessWidget {{ Widget build(BuildContext context) => Scaffold(body: {body}); }}\n"


def test_more_flutter_screens_than_are_looked_at_are_told_once() -> None:
    many = MAX_SCREENS + 3
    routes = ", ".join(f"'/{number}': (context) => Page{number}()" for number in range(many))
    pages = "".join(page(f"Page{number}", "Text('Hi')") for number in range(many))
    found = dart(f"void main() => runApp(MaterialApp(initialRoute: '/0', routes: {{{routes}}}));\n{pages}")
    assert len(found.screens) == MAX_SCREENS
    (told,) = found.troubles
    assert (told.file, told.line) == ("lib/main.dart", MAX_SCREENS + 3)
    assert "more than 500 screens" in told.reason


def test_a_flutter_screen_that_takes_too_many_steps_is_told() -> None:
    doubling = "".join(
        f"Widget part{number}() => Column(children: [part{number + 1}(), part{number + 1}()]);\n"
        for number in range(20)
    )
    ends = "Widget part20() => Text('Hi');\n"
    found = dart(f"void main() => runApp(MaterialApp(home: Home()));\n{page('Home', 'part0()')}{doubling}{ends}")
    assert [(one.file, one.line) for one in found.troubles] == [("lib/main.dart", 3)]
    assert "400,000 steps" in found.troubles[0].reason


def test_work_that_a_flutter_screen_starts_takes_nothing_from_what_it_shows() -> None:
    doubling = "".join(f"void task{number}() {{ task{number + 1}(); task{number + 1}(); }}\n" for number in range(20))
    page = """
class Home extends StatelessWidget {
  Widget build(BuildContext context) {
    task0();
    return Scaffold(body: TextButton(onPressed: save, child: Text('Save')));
  }
}
"""
    found = dart(
        f"void main() => runApp(MaterialApp(home: Home()));\n{page}{doubling}void task20() {{ print('x'); }}\n"
    )
    assert not found.troubles
    assert [one.text.value for one in found.screens[0].widgets] == ["Save"]


def test_more_ios_screens_than_are_looked_at_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samouk.domains.screens.source.ios.atlas.MOST_SCREENS", 3)
    found = swiftui(
        "".join(f'struct Page{one}: View {{ var body: some View {{ Button("A") {{}} }} }}\n' for one in range(6))
    )
    assert len(found.screens) == 3
    (told,) = found.troubles
    assert told.file == "App/App.swift"
    assert told.line == 5
    assert "more than 3 screens" in told.reason


def test_an_ios_screen_with_too_many_widgets_is_told() -> None:
    rows = "\n".join(f'Text("Row {one}")' for one in range(2_100))
    found = swiftui(f"struct Page: View {{ var body: some View {{ VStack {{\n{rows}\n}} }} }}")
    assert len(found.screens[0].widgets) <= 2_000
    assert [one.line for one in found.troubles] == [2]
    assert "Page has more than 2,000 widgets" in found.troubles[0].reason


def test_ios_views_that_are_nested_too_deep_are_told() -> None:
    views = "".join(
        f"struct V{one}: View {{ var body: some View {{ VStack {{ V{one + 1}() }} }} }}\n" for one in range(40)
    )
    found = swiftui(f'{views}struct V40: View {{ var body: some View {{ Button("Deep") {{}} }} }}')
    assert "more than 30 views within views" in found.troubles[0].reason
    assert found.troubles[0].line == 2


def test_ios_views_that_double_without_end_are_told() -> None:
    views = "".join(
        f"struct V{one}: View {{ var body: some View {{ VStack {{ V{one + 1}(); V{one + 1}() }} }} }}\n"
        for one in range(20)
    )
    found = swiftui(f"{views}struct V20: View {{ var body: some View {{ EmptyView() }} }}")
    assert "more than 20,000 steps" in found.troubles[0].reason


@pytest.mark.parametrize(
    ("body", "beside", "bound"),
    [
        ("Text(a)\n" * 3_100, "", "holds more than 3,000 widgets"),
        (
            "P0()",
            "".join(f"@Composable\nfun P{one}() {{ P{one + 1}(); P{one + 1}() }}\n" for one in range(20)),
            "makes more than 20,000 calls",
        ),
        (
            "P0()",
            "".join(f"@Composable\nfun P{one}() {{ P{one + 1}() }}\n" for one in range(60)),
            "more than 40 composables within composables",
        ),
    ],
)
def test_a_compose_screen_that_is_cut_names_its_bound(body: str, beside: str, bound: str) -> None:
    found = seen(f"{beside}\n@Composable\nfun MainScreen() {{\n{body}\n}}")
    assert [bound in one.reason for one in found.troubles] == [True]
    assert found.troubles[0].file.endswith(".kt")
    assert found.troubles[0].line > 0


def test_compose_is_told_however_many_files_come_before_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for number in range(4_100):
        (tmp_path / "a" / f"Model{number}.kt").write_bytes(b"class A")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "Parts.kt").write_text("import androidx.compose.runtime.Composable\n@Composable fun A() {}\n")
    assert COMPOSE.detect(walk(tmp_path)) == (".",)
