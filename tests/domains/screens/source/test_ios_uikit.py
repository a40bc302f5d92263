"""UIKit code: controls made in code and through outlets, bars, alerts, rows, and what leads where."""

from __future__ import annotations

from tests.domains.screens.source.ios_looking import look, screen, shown

from samouk.domains.screens.source.widgets import BACK, Entry, Words

CODE = """
import UIKit

class SceneDelegate: UIResponder, UIWindowSceneDelegate {
    func scene(_ scene: UIScene, willConnectTo session: UISceneSession, options: UIScene.ConnectionOptions) {
        let first = LoginController()
        window?.rootViewController = UINavigationController(rootViewController: first)
    }
}

class PrimaryButton: UIButton {}

class BaseController: UIViewController {}

class LoginController: BaseController {
    private let email = UITextField()
    private lazy var password: UITextField = {
        let field = UITextField()
        field.placeholder = NSLocalizedString("password.hint", comment: "")
        field.isSecureTextEntry = true
        field.accessibilityIdentifier = Ids.password
        return field
    }()
    let enter = PrimaryButton(type: .system)
    let remember = UISwitch()
    let kind = UISegmentedControl(items: ["Home", "Work"])
    let card = UIView()
    let plain = UIView()

    override func viewDidLoad() {
        super.viewDidLoad()
        title = "Sign in"
        email.placeholder = "Email"
        email.keyboardType = .emailAddress
        self.email.accessibilityIdentifier = "login.email"
        enter.setTitle("Enter", for: .normal)
        enter.setTitle("Pressed", for: .highlighted)
        enter.addTarget(self, action: #selector(tapEnter), for: .touchUpInside)
        remember.setOn(true, animated: false)
        remember.accessibilityLabel = "Remember me"
        card.addGestureRecognizer(UITapGestureRecognizer(target: self, action: #selector(openCard(_:))))
        let help = UIButton(type: .infoLight, primaryAction: UIAction(title: "Help") { [weak self] _ in
            self?.present(HelpController(), animated: true)
        })
        view.addSubview(help)
        navigationItem.rightBarButtonItem = UIBarButtonItem(
            barButtonSystemItem: .done, target: self, action: #selector(leave))
        let more = UIBarButtonItem(image: UIImage(systemName: "ellipsis"), style: .plain, target: self,
                                   action: #selector(askMore))
        navigationItem.leftBarButtonItem = more
    }

    @objc private func tapEnter() {
        let next = ListController(style: .plain)
        navigationController?.pushViewController(next, animated: true)
    }
    @objc private func openCard(_ sender: Any) { show(HelpController(), sender: self) }
    @objc private func leave() { dismiss(animated: true) }
    @objc private func askMore() {
        let alert = UIAlertController(title: "More", message: "What else?", preferredStyle: .actionSheet)
        alert.addAction(UIAlertAction(title: "Help", style: .default) { _ in
            self.present(HelpController(), animated: true)
        })
        alert.addAction(UIAlertAction(title: "Cancel", style: .cancel))
        present(alert, animated: true)
    }
}

enum Ids { static let password = "login.password" }

final class ListController: UITableViewController {
    override func tableView(_ tableView: UITableView, cellForRowAt indexPath: IndexPath) -> UITableViewCell {
        let cell = tableView.dequeueReusableCell(withIdentifier: "c", for: indexPath)
        return cell
    }
    override func tableView(_ tableView: UITableView, didSelectRowAt indexPath: IndexPath) {
        let page = HelpController()
        navigationController?.pushViewController(page, animated: true)
    }
}

class HelpController: UIViewController {
    let close = UIButton()
    override func viewDidLoad() {
        close.setTitle("Close", for: .normal)
        close.addAction(UIAction { _ in self.navigationController?.popViewController(animated: true) },
                        for: .touchUpInside)
    }
}
"""


def test_controllers_made_in_code() -> None:
    sight = look({"App/Login.swift": CODE, "App/en.lproj/Localizable.strings": '"password.hint" = "Password";'})
    login = screen(sight, "LoginController")
    assert login.entry and login.title == Words("Sign in")
    assert sorted(shown(login)) == [
        ("Button", "Done", BACK),
        ("Button", "Enter", "ListController"),
        ("Button", "Help", "HelpController"),
        ("Button", "Home", ""),
        ("Button", "Work", ""),
        ("Button", "ellipsis", "LoginController.alert"),
        ("Other", "", "HelpController"),
        ("SecureTextField", "Password", ""),
        ("Switch", "Remember me", ""),
        ("TextField", "Email", ""),
    ]
    bar = next(one for one in login.widgets if one.class_name == "XCUIElementTypeNavigationBar")
    assert {one.text.value or one.label.value for one in login.widgets if one.parent == bar.index} == {
        "Done",
        "ellipsis",
    }
    email, password = [one for one in login.widgets if one.entry is not None]
    assert (email.identifier, email.entry) == ("login.email", Entry("email"))
    assert (password.identifier, password.hint) == ("login.password", Words("Password", "password.hint"))
    assert password.password and password.entry == Entry("password")
    enter = next(one for one in login.widgets if one.text.value == "Enter")
    assert (enter.name, enter.place.line) == ("PrimaryButton", 24)


def test_alerts_rows_and_leaving() -> None:
    sight = look({"App/Login.swift": CODE})
    alert = screen(sight, "LoginController.alert")
    assert alert.dialog and shown(alert) == [("Button", "Help", "HelpController"), ("Button", "Cancel", BACK)]
    assert shown(screen(sight, "ListController")) == [("Cell", "", "HelpController")]
    assert screen(sight, "ListController").widgets[0].repeated
    assert shown(screen(sight, "HelpController")) == [("Button", "Close", BACK)]


def test_outlets_of_a_storyboard_get_what_code_says() -> None:
    board = (
        '<document initialViewController="a"><scenes><scene><objects>'
        '<viewController id="a" customClass="PageController"><view key="view" id="v"><subviews>'
        '<button id="b"><state key="normal" title="Button"/><connections>'
        '<action selector="send:" destination="a" eventType="touchUpInside" id="x"/></connections></button>'
        '<textField id="t"/></subviews></view><connections>'
        '<outlet property="sendButton" destination="b" id="o1"/><outlet property="field" destination="t" id="o2"/>'
        '<segue destination="c" kind="show" identifier="next" id="s"/></connections></viewController>'
        '</objects></scene><scene><objects><viewController id="c" storyboardIdentifier="after">'
        '<view key="view" id="w"><subviews><switch id="q"/></subviews></view></viewController></objects></scene>'
        "</scenes></document>"
    )
    code = """
        import UIKit
        class PageController: UIViewController {
            @IBOutlet weak var sendButton: UIButton!
            @IBOutlet private var field: UITextField! { didSet { field.placeholder = "Known" } }
            override func viewDidLoad() {
                super.viewDidLoad()
                sendButton.setTitle("Send", for: .normal)
                sendButton.accessibilityIdentifier = "page.send"
                field.isSecureTextEntry = true
            }
            @IBAction func send(_ sender: Any) { performSegue(withIdentifier: "next", sender: self) }
        }
    """
    page = screen(look({"Main.storyboard": board, "Page.swift": code}), "PageController")
    assert shown(page) == [("Button", "Send", "after"), ("SecureTextField", "Known", "")]
    assert page.widgets[0].identifier == "page.send"
    assert page.widgets[0].place.file == "Main.storyboard"


def test_tabs_made_in_code_and_hosted_views() -> None:
    code = """
        import UIKit
        import SwiftUI
        class AppDelegate: UIResponder, UIApplicationDelegate {
            func application(_ application: UIApplication) -> Bool {
                window?.rootViewController = MainTabs()
                return true
            }
        }
        class MainTabs: UITabBarController {
            override func viewDidLoad() {
                let home = UINavigationController(rootViewController: HomeController())
                home.tabBarItem = UITabBarItem(title: "Home", image: nil, tag: 0)
                let more = UIHostingController(rootView: MoreView())
                more.title = "More"
                viewControllers = [home, more]
            }
        }
        class HomeController: UIViewController { let go = UISwitch() }
        struct MoreView: View { var body: some View { Button("Tap") {} } }
    """
    sight = look({"App.swift": code})
    home = screen(sight, "HomeController")
    assert home.entry
    assert shown(home) == [("Switch", "", ""), ("Button", "Home", ""), ("Button", "More", "MoreView")]
    assert shown(screen(sight, "MoreView"))[0] == ("Button", "Tap", "")
