"""UIKit made in code: rows, bars, own views and their parts, menus, and classes that are only partly in Swift."""

from __future__ import annotations

from tests.domains.screens.source.ios_looking import look, screen, shown, swiftui

from samouk.domains.screens.source.ios.reader import READER
from samouk.domains.screens.source.widgets import BACK, Sight


def ids(sight: Sight) -> set[str]:
    """All identifiers of a sight."""
    return {one.identifier for each in sight.screens for one in each.widgets if one.identifier}


def uikit(code: str) -> Sight:
    """What the reader sees of one UIKit file."""
    return look({"App/Page.swift": "import UIKit\n" + code})


def test_each_row_that_a_function_makes_is_told() -> None:
    sight = uikit("""
    class Row: UITableViewCell { let mark = UISwitch() }
    class Page: UIViewController, UITableViewDataSource {
        lazy var table: UITableView = { let table = UITableView(); return table }()
        func tableView(_ tableView: UITableView, cellForRowAt indexPath: IndexPath) -> UITableViewCell {
            var cell: UITableViewCell
            switch sections[indexPath.section] {
            case .theme:
                let themeCell = UITableViewCell(style: .value1, reuseIdentifier: "a")
                themeCell.textLabel?.text = "Theme"
                themeCell.accessibilityIdentifier = "page.theme"
                cell = themeCell
            case .about:
                cell = UITableViewCell(style: .subtitle, reuseIdentifier: "b")
                cell.accessibilityIdentifier = "page.about"
            case .voice:
                let voice = Row(style: .value1, reuseIdentifier: "c")
                if indexPath.row == 0 {
                    voice.accessibilityIdentifier = "page.open"
                    voice.textLabel?.text = "Open"
                } else {
                    voice.accessibilityIdentifier = "page.close"
                    voice.textLabel?.text = "Close"
                }
                cell = voice
            }
            return cell
        }
        func tableView(_ tableView: UITableView, didSelectRowAt indexPath: IndexPath) {}
    }
    """)
    page = screen(sight, "Page")
    rows = [one for one in page.widgets if one.class_name.endswith("Cell")]
    assert [(one.identifier, one.text.value) for one in rows] == [
        ("page.theme", "Theme"),
        ("page.about", ""),
        ("page.open", "Open"),
        ("page.close", "Close"),
    ]
    assert all(one.interactive and not one.repeated for one in rows)
    assert page.widgets[rows[0].parent].class_name == "XCUIElementTypeTable"
    assert len([one for one in page.widgets if one.class_name.endswith("Switch")]) == 2


def test_rows_that_are_handed_on_to_be_set_up() -> None:
    sight = uikit("""
    class NameRow: UITableViewCell { private let field = UITextField() }
    class Rows: NSObject, UITableViewDataSource {
        func tableView(_ tableView: UITableView, cellForRowAt indexPath: IndexPath) -> UITableViewCell {
            let cell = tableView.dequeueReusableCell(withIdentifier: "x", for: indexPath)
            configure(cell)
            return cell
        }
        func configure(_ cell: UITableViewCell) {
            guard let cell = cell as? NameRow else { return }
            cell.accessibilityIdentifier = "page.name"
        }
    }
    class Page: UITableViewController {
        let rows = Rows()
        override func viewDidLoad() { tableView.accessibilityIdentifier = "page.table" }
    }
    """)
    page = screen(sight, "Page")
    assert {"page.name", "page.table"} <= {one.identifier for one in page.widgets}
    assert [one.class_name[15:] for one in page.widgets] == ["Table", "Cell", "TextField"]
    assert page.widgets[2].parent == 1


def test_bars_that_are_kept_named_later_or_made_by_functions() -> None:
    sight = uikit("""
    class Page: UIViewController {
        private var save: UIBarButtonItem?
        override func viewDidLoad() {
            save = UIBarButtonItem(title: "Save", style: .plain, target: self, action: #selector(leave))
            save?.accessibilityIdentifier = "page.save"
            navigationItem.leftBarButtonItem = UIBarButtonItem(title: "Back", style: .plain, target: nil, action: nil)
            navigationItem.leftBarButtonItem?.accessibilityIdentifier = "page.back"
            navigationItem.rightBarButtonItems = [save] + others()
            navigationItem.backBarButtonItem = UIBarButtonItem(title: "", style: .plain, target: nil, action: nil)
            let wheel = UIActivityIndicatorView(style: .medium)
            navigationItem.rightBarButtonItem = UIBarButtonItem(customView: wheel)
        }
        func others() -> [UIBarButtonItem] { [makeSearch()] }
        func makeSearch() -> UIBarButtonItem {
            let button = UIBarButtonItem(barButtonSystemItem: .search, target: self, action: nil)
            button.accessibilityIdentifier = "page.search"
            return button
        }
        @objc func leave() { dismiss(animated: true) }
    }
    """)
    page = screen(sight, "Page")
    assert sorted(shown(page)) == [("Button", "Back", ""), ("Button", "Save", BACK), ("Button", "Search", "")]
    assert ids(sight) == {"page.save", "page.back", "page.search"}


def test_a_function_makes_a_button_for_each_call() -> None:
    sight = uikit("""
    class Page: UIViewController {
        lazy var first = makeButton(title: "First", identifier: "page.first")
        override func viewDidLoad() {
            let second = makeButton(title: "Second", identifier: "page.second")
            view.addSubview(second)
            configureTableView()
        }
        func configureTableView() {}
        func makeButton(title: String, identifier: String) -> UIButton {
            let button = UIButton(type: .system)
            button.setTitle(title, for: .normal)
            button.accessibilityIdentifier = identifier
            return button
        }
    }
    """)
    assert shown(screen(sight, "Page")) == [("Button", "First", ""), ("Button", "Second", "")]
    assert ids(sight) == {"page.first", "page.second"}


def test_what_is_said_of_an_own_view_from_outside() -> None:
    sight = uikit("""
    class Boxed: UIView { private let field = UITextField() }
    class Footer: UIView {
        let more = UIButton()
        init() { super.init(frame: .zero); accessibilityIdentifier = "footer" }
    }
    class Page: UIViewController {
        let name = Boxed()
        let footer = Footer()
        override func viewDidLoad() {
            name.placeholder = "Name"
            footer.more.setTitle("Learn more", for: .normal)
            footer.more.accessibilityIdentifier = "footer.more"
        }
    }
    """)
    assert shown(screen(sight, "Page")) == [("TextField", "Name", ""), ("Button", "Learn more", "")]
    assert ids(sight) == {"footer", "footer.more"}


def test_classes_of_libraries_and_of_another_language_go_by_their_names() -> None:
    sight = look(
        {
            "App/Editor.swift": """
            import Foundation
            extension EditorViewController {
                @objc func configureBar() {
                    menuButton = UIBarButtonItem(image: nil, style: .plain, target: self, action: nil)
                    menuButton.accessibilityIdentifier = "editor.menu"
                    let search = RoundedSearchBar()
                    search.accessibilityIdentifier = "editor.search"
                    view.addSubview(search)
                }
            }
            """
        }
    )
    page = screen(sight, "EditorViewController")
    assert [(one.class_name[15:], one.identifier) for one in page.widgets if one.interactive] == [
        ("Button", "editor.menu"),
        ("SearchField", "editor.search"),
    ]


def test_menus_alerts_and_their_identifiers() -> None:
    sight = uikit("""
    class Ask {
        static func build(done: @escaping () -> Void) -> UIAlertController {
            let alert = UIAlertController(title: "Sure?", message: nil, preferredStyle: .alert)
            let yes = UIAlertAction(title: "Yes", style: .destructive) { _ in done() }
            yes.accessibilityIdentifier = "ask.yes"
            alert.addAction(yes)
            alert.addCancelAction("No")
            return alert
        }
    }
    class Page: UIViewController {
        let more = UIButton()
        func menu() -> UIMenu { UIMenu(children: [UIAction(title: "Rename") { _ in self.dismiss(animated: true) }]) }
    }
    """)
    assert shown(screen(sight, "Ask.alert")) == [("Button", "Yes", BACK), ("Button", "No", BACK)]
    assert "ask.yes" in ids(sight)
    rename = next(one for one in screen(sight, "Page").widgets if one.text.value == "Rename")
    assert rename.interactive and rename.conditional and rename.role == "menuitem"


def test_tabs_that_controllers_name_themselves() -> None:
    sight = uikit("""
    class Home: UIViewController {
        let go = UIButton()
        override func viewDidLoad() { tabBarItem.title = "Home"; tabBarItem.accessibilityIdentifier = "tab.home" }
    }
    class More: UIViewController {
        let go = UISwitch()
        override func viewDidLoad() { tabBarItem.title = "More"; tabBarItem.accessibilityIdentifier = "tab.more" }
    }
    """)
    assert shown(screen(sight, "Home"))[1:] == [("Button", "Home", ""), ("Button", "More", "More")]
    assert ids(sight) == {"tab.home", "tab.more"}


def test_views_that_nothing_is_seen_to_show_are_screens_of_their_own() -> None:
    sight = uikit("""
    class Bar: UIView {
        let find = UITextField()
        override init(frame: CGRect) { find.accessibilityIdentifier = "find" }
    }
    class Plain: UIView { let label = UILabel() }
    """)
    assert [one.name for one in sight.screens] == ["Bar"]


def test_own_views_that_hold_each_other_end() -> None:
    sight = uikit("""
    class One: UIView { let other = Two(); let tap = UIButton() }
    class Two: UIView { let other = One(); let tap = UIButton() }
    class Page: UIViewController { let one = One() }
    """)
    assert len(screen(sight, "Page").widgets) < 10


def test_a_choice_by_what_is_not_known_keeps_all_its_cases() -> None:
    sight = swiftui("""
    enum Mode { case password, link }
    struct State { var mode: Mode }
    struct Page: View {
        @ObservedObject var context: Context
        var body: some View {
            switch context.state.mode {
            case .password: Button("Enter") {}.accessibilityIdentifier("enter")
            case .link: Button("Send") {}.accessibilityIdentifier("send")
            default: Text("No")
            }
        }
    }
    """)
    assert ids(sight) == {"enter", "send"}
    assert all(one.conditional for one in screen(sight, "Page").widgets)


def test_content_that_is_passed_on_by_name_and_new_system_calls() -> None:
    sight = swiftui("""
    struct Stack<Content: View>: View {
        let content: () -> Content
        init(@ViewBuilder content: @escaping () -> Content) { self.content = content }
        var body: some View {
            if #available(iOS 16, *) { HStack(spacing: 1, content: content) } else { VStack(content: content) }
        }
    }
    struct Page: View { var body: some View { Stack { Button("In") {}.accessibilityIdentifier("in") } } }
    """)
    assert shown(screen(sight, "Page")) == [("Button", "In", "")]


def test_what_stands_behind_a_view_where_it_is_shown() -> None:
    sight = swiftui("""
    struct Detail: View { var body: some View { Button("Body") {} } }
    struct Page: View {
        @State var open = false
        var body: some View {
            Button("Open") { open = true }
                .sheet(isPresented: $open) {
                    NavigationView {
                        Detail().toolbar { Button("Close") { open = false }.accessibilityIdentifier("close") }
                    }
                }
        }
    }
    """)
    detail = screen(sight, "Detail")
    assert [one.text.value for one in detail.widgets if one.interactive] == ["Close", "Body"]


def test_identifiers_of_types_that_share_what_they_implement() -> None:
    sight = swiftui("""
    protocol Entry { var entryIdentifier: String { get } }
    struct Pay: Entry { let title = "Payments"; let entryIdentifier: String = "menu.pay" }
    struct Set: Entry { let title = "Settings"; let entryIdentifier: String = "menu.set" }
    struct Page: View {
        let entries: [Entry]
        var body: some View {
            List {
                ForEach(entries) { entry in row(entry) }
                ForEach(entries) { entry in row(entry) }
            }
        }
        func row(_ entry: Entry) -> some View {
            Button(entry.title) {}.accessibilityIdentifier(entry.entryIdentifier)
        }
    }
    """)
    rows = [one for one in screen(sight, "Page").widgets if one.interactive]
    assert [(one.identifier, one.text.value) for one in rows] == [("menu.pay", "Payments"), ("menu.set", "Settings")]


def test_constants_of_the_type_around_come_first() -> None:
    sight = swiftui("""
    struct Other: View {
        var body: some View { Button("x") {}.accessibilityIdentifier(Ids.go) }
        enum Ids { static let go = "other.go" }
    }
    struct Page: View { var body: some View { Button("y") {}.accessibilityIdentifier(Ids.go) } }
    extension Page { enum Ids { static let go = "page.go" } }
    """)
    assert [one.identifier for one in screen(sight, "Page").widgets] == ["page.go"]
    assert [one.identifier for one in screen(sight, "Other").widgets] == ["other.go"]


def test_a_hosting_controller_adds_its_bar_to_the_view() -> None:
    sight = look(
        {
            "App/Host.swift": """
            import SwiftUI
            import UIKit
            struct Form: View { var body: some View { Button("Send") {} } }
            final class Host: UIHostingController<Form> {
                init() { super.init(rootView: Form()) }
                override func viewDidLoad() {
                    navigationItem.rightBarButtonItem = UIBarButtonItem(title: "Done", style: .done, target: self,
                                                                        action: #selector(leave))
                }
                @objc func leave() { dismiss(animated: true) }
            }
            """
        }
    )
    assert sorted(shown(screen(sight, "Form"))) == [("Button", "Done", BACK), ("Button", "Send", "")]


def test_an_outlet_with_one_of_several_identifiers() -> None:
    xib = (
        '<document><objects><placeholder placeholderIdentifier="IBFilesOwner" id="-1"/>'
        '<view id="v" customClass="Finder"><subviews><searchBar id="s"/><button id="b"/></subviews>'
        '<connections><outlet property="bar" destination="s" id="o"/>'
        '<outlet property="go" destination="b" id="p"/></connections></view></objects></document>'
    )
    code = """
    import UIKit
    protocol Command { var barIdentifier: String { get } }
    struct Orders: Command { let barIdentifier = "find.orders" }
    struct Goods: Command { let barIdentifier = "find.goods" }
    class Finder: UIView {
        @IBOutlet private var bar: UISearchBar!
        @IBOutlet private var go: UIButton! { didSet { go.accessibilityIdentifier = "find.go" } }
        func set(_ command: Command) { bar.accessibilityIdentifier = command.barIdentifier }
    }
    """
    sight = look({"App/Finder.xib": xib, "App/Finder.swift": code})
    assert [one.identifier for one in screen(sight, "Finder").widgets] == ["find.orders", "find.goods", "find.go"]


def test_empty_tuples_and_attributes_of_previews_parse() -> None:
    code = """import SwiftUI
struct Page: View {
    let done: (Result<Void, Error>) -> Void
    let other: (()) -> Void
    var body: some View { Button("Send") { finish() } }
    func finish() { done(.success(())); send(1, ()); resume(returning: ()) }
}
@available(iOS 17.0, *)
#Preview {
    Page(done: { _ in })
}
"""
    sight = look({"App/Page.swift": code})
    facts = READER.extract("App/Page.swift", code.encode())
    assert facts.troubles == ()
    assert shown(screen(sight, "Page")) == [("Button", "Send", "")]
