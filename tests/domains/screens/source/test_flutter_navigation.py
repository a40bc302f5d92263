"""Where the Flutter reader finds screens, and what it says leads where."""

from __future__ import annotations

from pathlib import Path

import pytest

from samouk.domains.screens.source.reading import read
from samouk.domains.screens.source.widgets import BACK, Sight

PUBSPEC = "name: probe\ndependencies:\n  flutter:\n    sdk: flutter\n"


def page(name: str, *handlers: str, more: str = "") -> str:
    """A screen with a button for each handler."""
    buttons = ", ".join(f"TextButton(onPressed: {one}, child: Text('{place}'))" for place, one in enumerate(handlers))
    return (
        f"class {name} extends StatelessWidget {{ const {name}({{super.key}}); {more} "
        f"Widget build(BuildContext context) => Scaffold(body: Column(children: [{buttons}])); }}\n"
    )


def sight(root: Path, source: str) -> Sight:
    """Read an app of one file."""
    (root / "lib").mkdir()
    (root / "pubspec.yaml").write_text(PUBSPEC)
    (root / "lib" / "main.dart").write_text(source)
    return read("flutter", root, workers=1)


def leads(found: Sight, screen: str) -> list[str]:
    """Where each button of a screen leads."""
    (one,) = [one for one in found.screens if one.name == screen]
    return [widget.leads_to for widget in one.widgets if widget.interactive]


ROUTER = """
abstract class Paths {
  static const home = '/home';
  static String tea(String id) => '$home/tea/$id';
  static String note(String id) => _append('/note/$id');
  static String _append(String path) { final uri = Uri.parse(path); return uri.replace(host: here).toString(); }
}
class AppRoute extends GoRoute {
  AppRoute(String path, Widget Function(GoRouterState s) builder, {List<GoRoute> routes = const []})
      : super(path: path, routes: routes, pageBuilder: (context, state) {
          final content = Scaffold(body: builder(state));
          if (fade) return CustomTransitionPage(child: content);
          return CupertinoPage(child: content);
        });
}
AppRoute get _note => AppRoute('note/:id', (s) => NotePage());
final router = GoRouter(initialLocation: Paths.home, routes: [
  AppRoute(Paths.home, (_) => HomePage(), routes: [AppRoute('tea/:id', (s) => TeaPage(), routes: [_note])]),
  GoRoute(path: '/settings', name: 'settings', builder: (context, state) => const SettingsPage()),
]);
"""


def test_go_router_with_helpers_and_paths_that_are_made(tmp_path: Path) -> None:
    """Constants, functions of addresses, a subclass of GoRoute, names; what is filled in fits a parameter."""
    home = page(
        "HomePage",
        "() => context.go(Paths.tea(id))",
        "() => context.pushNamed('settings')",
        "_open",
        "() => GoRouter.of(context).push('/settings?tab=1')",
        "() => context.go('/nowhere')",
        more="void _open() => _really(); void _really() { if (!mounted) return; context.go(Paths.note('1')); }",
    )
    found = sight(
        tmp_path, ROUTER + home + page("TeaPage") + page("NotePage", "() => context.pop()") + page("SettingsPage")
    )
    assert [(one.name, one.route, one.entry) for one in found.screens] == [
        ("HomePage", "/home", True),
        ("TeaPage", "/home/tea/:id", False),
        ("NotePage", "/home/tea/:id/note/:id", False),
        ("SettingsPage", "/settings", False),
    ]
    assert leads(found, "HomePage") == ["TeaPage", "SettingsPage", "NotePage", "SettingsPage", ""]
    assert leads(found, "NotePage") == [BACK]


def test_navigator_with_pages_and_names(tmp_path: Path) -> None:
    """push with a builder, a route's own helper, pushNamed with a constant of the screen's class, pop."""
    home = page(
        "HomePage",
        "() => Navigator.push(context, MaterialPageRoute<void>(builder: (context) => const TeaPage()))",
        "() async { await Navigator.of(context).pushNamed(NotePage.route); }",
        "() => Navigator.push(context, Slide.to(TeaPage()))",
        "() { Navigator.pop(context); }",
    )
    found = sight(
        tmp_path,
        "final app = MaterialApp(home: HomePage(), routes: {NotePage.route: (context) => NotePage()});"
        "class Slide { static Route<T> to<T>(Widget child) => PageRouteBuilder<T>(pageBuilder: (a, b, c) => child); }"
        + home
        + page("TeaPage")
        + page("NotePage", more="static const route = '/note';"),
    )
    assert leads(found, "HomePage") == ["TeaPage", "NotePage", "TeaPage", BACK]
    assert [one.name for one in found.screens if one.entry] == ["HomePage"]


@pytest.mark.parametrize(
    "generate",
    [
        "switch (settings.name) { case '/tea': return MaterialPageRoute(builder: (_) => TeaPage());"
        " default: return MaterialPageRoute(builder: (_) => HomePage()); }",
        "if (settings.name == '/tea') { return MaterialPageRoute(builder: (_) => TeaPage()); } return null;",
        "return switch (settings.name) { '/tea' => MaterialPageRoute(builder: (_) => TeaPage()), _ => null };",
    ],
)
def test_routes_that_are_generated(tmp_path: Path, generate: str) -> None:
    """By a switch, by conditions, by a switch expression."""
    found = sight(
        tmp_path,
        f"Route<dynamic>? make(RouteSettings settings) {{ {generate} }}"
        "final app = MaterialApp(home: HomePage(), onGenerateRoute: make);"
        + page("HomePage", "() => Navigator.pushNamed(context, '/tea')")
        + page("TeaPage"),
    )
    assert leads(found, "HomePage") == ["TeaPage"]


def test_a_shell_stays_around_its_branches(tmp_path: Path) -> None:
    """Its bar is on each of their screens, and its tabs lead to them."""
    found = sight(
        tmp_path,
        """
final router = GoRouter(initialLocation: '/a', routes: [StatefulShellRoute.indexedStack(
  builder: (context, state, shell) => Frame(shell: shell),
  branches: [
    StatefulShellBranch(routes: [GoRoute(path: '/a', builder: (context, state) => APage())]),
    StatefulShellBranch(routes: [GoRoute(path: '/b', builder: (context, state) => BPage())]),
  ])]);
class Frame extends StatelessWidget {
  const Frame({required this.shell});
  final StatefulNavigationShell shell;
  Widget build(BuildContext context) => Scaffold(body: shell, bottomNavigationBar: NavigationBar(
    onDestinationSelected: (index) => shell.goBranch(index),
    destinations: [NavigationDestination(icon: i, label: 'A'), NavigationDestination(icon: i, label: 'B')]));
}
"""
        + page("APage", "go")
        + page("BPage"),
    )
    assert leads(found, "APage") == ["", "", "BPage"]
    assert leads(found, "BPage") == ["APage", ""]


def test_dialogs_sheets_and_menus_are_screens_above(tmp_path: Path) -> None:
    """Named by their class, by the function that opens them, or by the screen."""
    home = page(
        "HomePage",
        "() => showDialog(context: context, builder: (_) => SureDialog())",
        "_pick",
        "() => ask(context, child: SureDialog())",
        more="void _pick() { showModalBottomSheet(context: context, builder: (c) => TextButton("
        "onPressed: () => Navigator.pop(c), child: Text('x'))); }",
    )
    found = sight(
        tmp_path,
        "final app = MaterialApp(home: HomePage());"
        "Future<bool?> ask(BuildContext context, {required Widget child}) async {"
        " return await showModalBottomSheet(context: context, builder: (_) => child) ?? false; }"
        "class SureDialog extends StatelessWidget { Widget build(BuildContext context) => AlertDialog(actions: ["
        "TextButton(onPressed: () => Navigator.of(context).pop(true), child: Text('Yes'))]); }" + home,
    )
    assert leads(found, "HomePage") == ["SureDialog", "pick", "SureDialog"]
    assert {one.name: one.dialog for one in found.screens} == {"HomePage": False, "SureDialog": True, "pick": True}
    assert leads(found, "SureDialog") == leads(found, "pick") == [BACK]


def test_each_item_of_a_menu_leads_where_its_value_does(tmp_path: Path) -> None:
    """``onSelected`` is asked with the item's value; else the menu only closes."""
    menu = """PopupMenuButton<String>(
      onSelected: (value) { switch (value) { case 'tea': Navigator.pushNamed(context, '/tea'); case 'sort': sort(); } },
      itemBuilder: (context) => [PopupMenuItem(value: 'sort', child: Text('Sort')),
        const PopupMenuItem<String>(value: 'tea', child: Text('Tea'))])"""
    found = sight(
        tmp_path,
        "final app = MaterialApp(home: HomePage(), routes: {'/tea': (context) => TeaPage()});"
        f"class HomePage extends StatelessWidget {{ Widget build(BuildContext context) => Scaffold(body: {menu}); }}"
        + page("TeaPage"),
    )
    assert leads(found, "HomePage") == ["HomePageMenu"]
    assert leads(found, "HomePageMenu") == [BACK, "TeaPage"]


def test_without_any_route_the_widgets_with_a_scaffold_are_screens(tmp_path: Path) -> None:
    """The first that sounds like a beginning is where the app opens."""
    found = sight(tmp_path, page("TeaPage") + page("HomePage", "go"))
    assert {one.name: one.entry for one in found.screens if one.widgets} == {"HomePage": True}


def test_what_is_asked_before_leaving_may_lead_back(tmp_path: Path) -> None:
    """``canPop() ? pop() : go('/')`` goes back where there is a way back."""
    found = sight(
        tmp_path,
        "final app = MaterialApp(home: HomePage(), routes: {'/tea': (context) => TeaPage()});"
        + page("HomePage", "() { Navigator.pop(context); Navigator.pushNamed(context, '/tea'); }")
        + page("TeaPage", "() { if (context.canPop()) { context.pop(); } else { context.go('/home'); } }"),
    )
    assert leads(found, "HomePage") == ["TeaPage"]
    assert leads(found, "TeaPage") == [BACK]
