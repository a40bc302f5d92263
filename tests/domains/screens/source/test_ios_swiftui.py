"""SwiftUI: what is on each screen, under which words and names, and where it leads."""

from __future__ import annotations

import pytest
from tests.domains.screens.source.ios_looking import acted_on, screen, shown, swiftui

from samouk.domains.screens.source.widgets import BACK, Entry, Words
from samouk.domains.screens.taxonomy import PUBLIC_CLASSES

CONTROLS = """
struct FormPage: View {
    @State private var name = ""
    @State private var code = ""
    @State private var notes = ""
    @State private var wifi = true
    @State private var size = 1
    var body: some View {
        Form {
            TextField("Name", text: $name)
                .keyboardType(.emailAddress)
                .accessibilityIdentifier("form.name")
            SecureField("Code", text: $code)
            TextEditor(text: $notes).accessibility(identifier: "notes")
            Toggle("Wi-Fi", isOn: $wifi)
            Toggle(isOn: $wifi) { Text("Again") }
            Slider(value: $level).accessibilityLabel("Volume")
            Stepper("Guests", value: $guests)
            DatePicker("Day", selection: $day)
            ColorPicker("Paint", selection: $paint)
            Picker("Size", selection: $size) {
                Text("Small").tag(1)
                Text("Large").tag(2)
            }
            .pickerStyle(.segmented)
            Picker(selection: $kind, label: Text("Kind")) { Text("A") }
            Button("Save") { save() }
            Button(action: save) { Label("Send", systemImage: "paperplane") }
            Button { save() } label: { Image(systemName: "trash") }
            Button(role: .destructive, action: save, label: { Text("Wipe") })
            EditButton()
            Link("Site", destination: url)
            ProgressView()
            Text("Only text")
        }
    }
}
"""


def test_controls_are_those_of_the_running_app() -> None:
    page = screen(swiftui(CONTROLS), "FormPage")
    assert shown(page) == [
        ("TextField", "Name", ""),
        ("SecureTextField", "Code", ""),
        ("TextView", "", ""),
        ("Switch", "Wi-Fi", ""),
        ("Switch", "Again", ""),
        ("Slider", "Volume", ""),
        ("Stepper", "Guests", ""),
        ("DatePicker", "Day", ""),
        ("Button", "Paint", ""),
        ("Button", "Small", ""),
        ("Button", "Large", ""),
        ("Button", "Kind", ""),
        ("Button", "Save", ""),
        ("Button", "Send", ""),
        ("Button", "trash", ""),
        ("Button", "Wipe", ""),
        ("Button", "Edit", ""),
        ("Link", "Site", ""),
    ]
    assert all(widget.class_name in PUBLIC_CLASSES for widget in page.widgets)
    first, secret, notes, wifi = [one for one in page.widgets if one.interactive][:4]
    assert first.identifier == "form.name"
    assert first.hint == Words("Name")
    assert first.entry == Entry("email")
    assert secret.password and secret.entry == Entry("password")
    assert notes.identifier == "notes" and notes.entry == Entry(multiline=True)
    assert wifi.checkable and wifi.checked
    trash = next(one for one in page.widgets if one.label.value == "trash")
    assert trash.place.line == 30


def test_an_entry_that_is_cut_and_sifted() -> None:
    page = screen(
        swiftui(
            """
            struct Page: View {
                @State var pin = ""
                var body: some View {
                    TextField("Pin", text: $pin)
                        .keyboardType(.numberPad)
                        .onChange(of: pin) { pin = String($0.filter { $0.isNumber }.prefix(4)) }
                }
            }
            """
        ),
        "Page",
    )
    assert page.widgets[0].entry == Entry("number", 4, True)


def test_own_views_are_followed_with_what_they_are_given() -> None:
    sight = swiftui(
        """
        struct Page: View {
            var body: some View {
                VStack {
                    Card(title: "First") { print("a") }
                    Card(title: "Second", action: {})
                    Twice(label: "Inner")
                    row("Made by a function")
                    note
                }
            }
            func row(_ words: String) -> some View {
                Button(words) {}
            }
            private var note: some View { Button("Property") {} }
        }
        struct Card: View {
            let title: String
            var action: () -> Void
            var body: some View { Button(action: action) { Text(title) }.accessibilityIdentifier("card_\\(title)") }
        }
        struct Twice: View {
            let label: LocalizedStringKey
            var body: some View { Outer(inner: label) }
        }
        struct Outer: View {
            let inner: LocalizedStringKey
            var body: some View { HStack { Button(inner) {}; Toggle("On", isOn: .constant(true)) } }
        }
        """
    )
    page = screen(sight, "Page")
    assert [one.text.value or one.label.value for one in page.widgets if one.interactive] == [
        "First",
        "Second",
        "Inner",
        "On",
        "Made by a function",
        "Property",
    ]
    cards = [one for one in page.widgets if one.name == "Card"]
    assert [one.identifier for one in cards] == ["card_First", "card_Second"]
    assert [one.place.line for one in cards] == [6, 7]
    assert [one.name for one in sight.screens] == ["Page"]


def test_a_view_that_holds_itself_ends() -> None:
    sight = swiftui(
        """
        struct Tree: View {
            var body: some View { VStack { Button("Leaf") {}; Tree() } }
        }
        struct Left: View { var body: some View { HStack { Button("L") {}; Right() } } }
        struct Right: View { var body: some View { HStack { Button("R") {}; Left() } } }
        struct Page: View { var body: some View { VStack { Tree(); Left(); more } } ; var more: some View { more } }
        """
    )
    assert [words for _, words, _ in shown(screen(sight, "Page"))] == ["Leaf", "L", "R"]


def test_own_modifiers_and_builders_are_followed() -> None:
    page = screen(
        swiftui(
            """
            struct Page: View {
                var body: some View {
                    Panel {
                        Button("Inside") {}.named("inside")
                    }
                    .modifier(Framed())
                }
            }
            struct Panel<Content: View>: View {
                let content: Content
                init(@ViewBuilder content: () -> Content) { self.content = content() }
                var body: some View { VStack { content } }
            }
            struct Framed: ViewModifier {
                func body(content: Content) -> some View {
                    VStack { content; Button("Below") {} }
                }
            }
            extension View {
                func named(_ word: String) -> some View { padding().accessibilityIdentifier("id_" + word) }
            }
            """
        ),
        "Page",
    )
    assert [(one.text.value, one.identifier) for one in page.widgets] == [("Inside", "id_inside"), ("Below", "")]


def test_lists_repeat_and_branches_are_conditional() -> None:
    page = screen(
        swiftui(
            """
            struct Page: View {
                @State private var open = false
                @State private var items: [String] = []
                let known: Bool
                var body: some View {
                    List(items) { item in
                        Button("Row") {}.swipeActions { Button("Delete") {} }
                    }
                    ForEach(items) { item in Button(item) {} }
                    if open { Button("Later") {} } else { Button("Now") {} }
                    if known { Button("Perhaps") {} }
                    switch kind {
                    case .a: Button("A") {}
                    default: Button("Other") {}
                    }
                    Text("Tap").onTapGesture {}
                    Text("Hold").contextMenu { Button("Copy") {} }
                }
            }
            """
        ),
        "Page",
    )
    found = {one.text.value: one for one in page.widgets if one.interactive}
    assert found["Row"].repeated and not found["Row"].conditional
    assert found["Delete"].repeated and found["Delete"].conditional
    assert found[""].repeated and found[""].text.dynamic
    assert found["Later"].conditional and not found["Now"].conditional
    assert found["Perhaps"].conditional and found["A"].conditional and found["Other"].conditional
    assert found["Tap"].class_name == "XCUIElementTypeStaticText" and found["Tap"].clickable
    hold = next(one for one in page.widgets if one.text.value == "Hold")
    assert hold.long_clickable and not hold.interactive
    assert found["Copy"].conditional and found["Copy"].role == "menuitem"
    assert page.widgets[0].class_name == "XCUIElementTypeCollectionView" and page.widgets[0].scrollable


NAVIGATION = """
@main
struct TheApp: App {
    var body: some Scene { WindowGroup { Home().accentColor(.red) } }
}
enum Route: Hashable { case detail(Int), help }
struct Thing: Identifiable { let id: Int }
struct Home: View {
    @State private var things: [Thing] = []
    @State private var path = NavigationPath()
    @State private var asking = false
    @State private var sheetUp = false
    var body: some View {
        NavigationStack(path: $path) {
            List {
                NavigationLink("Old", destination: Old())
                NavigationLink(destination: Old(), label: { Text("Label") })
                NavigationLink { Other() } label: { Text("Built") }
                NavigationLink("Help", value: Route.help)
                ForEach(things) { thing in NavigationLink(value: thing) { Text("Thing") } }
                Button("Push") { path.append(Route.detail(3)) }
                Button("Ask") { asking = true }
                Button("Sheet") { sheetUp.toggle() }
                Menu("More") { Button("One") {}; Button("Ask again") { asking = true } }
            }
            .navigationTitle("Home")
            .navigationDestination(for: Route.self) { route in
                switch route {
                case .detail(let id): Detail(id: id)
                case .help: Help()
                }
            }
            .navigationDestination(for: Thing.self) { thing in ThingPage(thing: thing) }
            .toolbar { ToolbarItem(placement: .topBarTrailing) { Button("Bar") {} } }
            .alert("Sure?", isPresented: $asking) {
                Button("Yes") {}
                Button("No", role: .cancel) {}
            }
            .sheet(isPresented: $sheetUp) { Upper(isPresented: $sheetUp) }
        }
    }
}
struct Old: View {
    @Environment(\\.presentationMode) var mode
    var body: some View { Button("Leave") { mode.wrappedValue.dismiss() } }
}
struct Other: View {
    @Environment(\\.dismiss) private var close
    var body: some View { Button("Close") { withAnimation { close() } } }
}
struct Detail: View { let id: Int; var body: some View { Text("Detail") } }
struct Help: View { var body: some View { Text("Help") } }
struct ThingPage: View { let thing: Thing; var body: some View { Text("It") } }
struct Upper: View {
    @Binding var isPresented: Bool
    var body: some View { Button("Done") { isPresented = false } }
}
"""


def test_what_leads_where() -> None:
    sight = swiftui(NAVIGATION)
    home = screen(sight, "Home")
    assert home.entry and home.title == Words("Home")
    assert shown(home) == [
        ("Button", "Bar", ""),
        ("Button", "Old", "Old"),
        ("Button", "Label", "Old"),
        ("Button", "Built", "Other"),
        ("Button", "Help", "Help"),
        ("Button", "Thing", "ThingPage"),
        ("Button", "Push", "Detail"),
        ("Button", "Ask", "Home.alert"),
        ("Button", "Sheet", "Upper"),
        ("Button", "More", "Home.menu"),
    ]
    bar = next(one for one in home.widgets if one.class_name == "XCUIElementTypeNavigationBar")
    assert home.widgets[1].parent == bar.index == 0
    assert shown(screen(sight, "Old")) == [("Button", "Leave", BACK)]
    assert shown(screen(sight, "Other")) == [("Button", "Close", BACK)]
    upper = screen(sight, "Upper")
    assert upper.dialog and shown(upper) == [("Button", "Done", BACK)]
    alert = screen(sight, "Home.alert")
    assert alert.dialog and alert.title == Words("Sure?")
    assert shown(alert) == [("Button", "Yes", BACK), ("Button", "No", BACK)]
    assert shown(screen(sight, "Home.menu")) == [("Button", "One", BACK), ("Button", "Ask again", "Home.alert")]


def test_what_depends_leads_nowhere() -> None:
    page = screen(
        swiftui(
            """
            struct Page: View {
                @State private var open = false
                @State private var word = ""
                var body: some View {
                    VStack {
                        Button("If") { if word == other { open = true } }
                        Button("Guard") { guard check() else { return }; open = true }
                        Button("Return") { if check() { return }; open = true }
                        Button("Sure") { Task { open = true } }
                        Button("Off") { open = true }.disabled(word.isEmpty)
                    }
                    .fullScreenCover(isPresented: $open) { Text("Cover") }
                }
            }
            """
        ),
        "Page",
    )
    leads = {one.text.value: one.leads_to for one in page.widgets}
    assert leads == {
        "If": "",
        "Guard": "",
        "Return": "",
        "Sure": "Page.fullScreenCover",
        "Off": "Page.fullScreenCover",
    }
    assert [one.enabled for one in page.widgets] == [None, None, None, None, False]


def test_tabs_are_screens_with_one_bar() -> None:
    sight = swiftui(
        """
        @main struct TheApp: App { var body: some Scene { WindowGroup { Root() } } }
        struct Root: View {
            @AppStorage("in") var signedIn = false
            var body: some View { Group { if signedIn { Tabs() } else { Login(signedIn: $signedIn) } } }
        }
        struct Login: View {
            @Binding var signedIn: Bool
            var body: some View { Button("Enter") { signedIn = true } }
        }
        struct Tabs: View {
            var body: some View {
                TabView {
                    NavigationView { First() }.tabItem { Image(systemName: "house"); Text("One") }
                    Second().tabItem { Label("Two", systemImage: "star") }.accessibilityIdentifier("tab_two")
                    Tab("Three", systemImage: "gear") { Third() }
                }
            }
        }
        struct First: View { var body: some View { Text("1") } }
        struct Second: View { var body: some View { Text("2") } }
        struct Third: View { var body: some View { Text("3") } }
        """
    )
    assert [(one.name, one.entry) for one in sight.screens] == [
        ("Login", True),
        ("First", False),
        ("Second", False),
        ("Third", False),
    ]
    assert shown(screen(sight, "Login")) == [("Button", "Enter", "First")]
    assert shown(screen(sight, "Second")) == [
        ("Button", "One", "First"),
        ("Button", "Two", ""),
        ("Button", "Three", "Third"),
    ]
    assert [one.identifier for one in screen(sight, "Second").widgets if one.role == "tab"] == ["", "tab_two", ""]


def test_old_action_sheets_are_followed_through_lists_of_buttons() -> None:
    sight = swiftui(
        """
        struct Page: View {
            @State var asking = false
            var body: some View {
                Button("Ask") { self.asking.toggle() }
                    .actionSheet(isPresented: $asking) { sheet() }
            }
            func sheet() -> ActionSheet {
                var buttons: [Alert.Button] = []
                if starred { buttons.append(.destructive(Text("Unstar"))) } else { buttons.append(star()) }
                let last = Alert.Button.cancel()
                buttons.append(last)
                return ActionSheet(title: Text("Choose"), buttons: buttons)
            }
            func star() -> Alert.Button { .default(Text("Star")) { } }
        }
        """
    )
    assert shown(screen(sight, "Page")) == [("Button", "Ask", "Page.actionSheet")]
    sheet = screen(sight, "Page.actionSheet")
    assert sheet.title == Words("Choose")
    assert shown(sheet) == [("Button", "Unstar", BACK), ("Button", "Star", BACK), ("Button", "Cancel", BACK)]
    assert [one.conditional for one in sheet.widgets if one.interactive] == [True, True, False]


def test_view_models_hold_state_and_do_things() -> None:
    sight = swiftui(
        """
        final class Model: ObservableObject {
            @Published var failed = false
            func load() { failed = true }
        }
        struct Page: View {
            @StateObject private var model = Model()
            var body: some View {
                VStack { Button("Load") { model.load() }; Button("Set") { model.failed = true } }
                    .alert(isPresented: $model.failed) { Alert(title: Text("Oh"), dismissButton: .default(Text("OK"))) }
            }
        }
        """
    )
    assert [lead for _, _, lead in shown(screen(sight, "Page"))] == ["Page.alert", "Page.alert"]
    assert shown(screen(sight, "Page.alert")) == [("Button", "OK", BACK)]


def test_previews_and_other_devices_are_left_out() -> None:
    sight = swiftui(
        """
        struct Page: View {
            var body: some View {
                VStack {
                    Button("Here") {}
                    #if os(macOS)
                    Button("Mac") {}
                    #elseif canImport(UIKit) && !targetEnvironment(macCatalyst)
                    Button("Phone") {}
                    #else
                    Desk()
                    #endif
                }
            }
        }
        struct Desk: View { var body: some View { Button("Desk") {} } }
        struct Page_Previews: PreviewProvider { static var previews: some View { Button("Preview") {} } }
        #Preview { Button("New preview") {} }
        """
    )
    assert [(one.name, [words for _, words, _ in shown(one)]) for one in sight.screens] == [("Page", ["Here", "Phone"])]


def test_identifiers_that_the_app_keeps_elsewhere() -> None:
    page = screen(
        swiftui(
            """
            enum Ids: String { case enter, leave = "leave_button" }
            enum Names { static let title = "page.title"
                enum Row { static let star = "row.star" } }
            let prefix = "p"
            struct Page: View {
                let name: String
                var body: some View {
                    VStack {
                        Button("A") {}.accessibilityIdentifier(Ids.enter.rawValue)
                        Button("B") {}.accessibilityIdentifier(Ids.leave.rawValue)
                        Button("C") {}.accessibilityIdentifier(Names.title)
                        Button("D") {}.accessibilityIdentifier(Names.Row.star)
                        Button("E") {}.accessibilityIdentifier("\\(prefix).e")
                        Button("F") {}.accessibilityIdentifier("row_\\(name)")
                    }
                    .accessibilityElement(children: .contain)
                    .accessibilityIdentifier("whole")
                }
            }
            """
        ),
        "Page",
    )
    assert [one.identifier for one in page.widgets] == [
        "whole",
        "enter",
        "leave_button",
        "page.title",
        "row.star",
        "p.e",
        "row_*",
    ]
    assert page.widgets[0].class_name == "XCUIElementTypeOther" and not page.widgets[0].interactive


def test_words_of_enums_and_of_the_first_state() -> None:
    page = screen(
        swiftui(
            """
            enum Kind: String { case small, large
                var title: String { switch self { case .small: return "Small one"; case .large: return "Large one" } }
            }
            struct Page: View {
                @State private var open = false
                let kind: Kind = .large
                var body: some View {
                    VStack {
                        Button(open ? "Less" : "More") { open.toggle() }
                        Button(known ? "Remove it" : "Remember it") {}
                        Button(Kind.small.title) {}
                        Button(kind.title) {}
                        Button("Hello \\(name)") {}
                        Button("a".uppercased()) {}
                        Button { } label: { HStack { Image("pic"); Text("Two"); Text("words") } }
                    }
                }
            }
            """
        ),
        "Page",
    )
    assert [one.text for one in page.widgets] == [
        Words("More"),
        Words("Rem", "", True),
        Words("Small one"),
        Words("Large one"),
        Words("Hello", "", True),
        Words("A"),
        Words("Two, words"),
    ]


def test_counts_by_hand_on_a_page_of_wrappers() -> None:
    """Nine by hand: two cards, a link, a search field, three rows of a menu and its button, a tapped picture."""
    sight = swiftui(
        """
        struct Page: View {
            @State private var query = ""
            var body: some View {
                List {
                    Pill(text: "One")
                    Pill(text: "Two")
                    NavigationLink("Go", destination: Text("There"))
                    Image(systemName: "map").onTapGesture { }
                    actions
                }
                .searchable(text: $query, prompt: Text("Find"))
            }
            var actions: some View {
                Menu {
                    Button("A") {}
                    Button("B") {}
                    Link("C", destination: url)
                } label: { Image(systemName: "ellipsis") }
            }
        }
        struct Pill: View { let text: String; var body: some View { Button(text) {}.padding() } }
        """
    )
    assert len(acted_on(sight)) == 9


@pytest.mark.parametrize("depth", [20, 90])
def test_deep_nesting_is_painted_or_named(depth: int) -> None:
    nested = "VStack {" * depth + 'Button("Deep") {}' + "}" * depth
    sight = swiftui(f"struct Page: View {{ var body: some View {{ {nested} }} }}")
    assert len(acted_on(sight)) == 1 or "nested too deep" in sight.troubles[0].reason
