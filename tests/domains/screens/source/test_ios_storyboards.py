"""Storyboards and xibs: scenes, controls, segues, tabs, outlets, and XML that is refused."""

from __future__ import annotations

import pytest
from tests.domains.screens.source.ios_looking import acted_on, look, screen, shown

from samouk.domains.screens.source.ios.reader import READER
from samouk.domains.screens.source.reading import Unparsable
from samouk.domains.screens.source.widgets import BACK, Entry, Sight, Words

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def board(scenes: str, initial: str = "nav") -> str:
    return (
        f'{HEAD}<document type="com.apple.InterfaceBuilder3.CocoaTouch.Storyboard.XIB" '
        f'initialViewController="{initial}"><scenes>{scenes}</scenes></document>'
    )


def scene(inside: str) -> str:
    return f"<scene><objects>{inside}</objects></scene>\n"


LOGIN = scene(
    """<viewController id="login" customClass="LoginViewController" storyboardIdentifier="login">
  <view key="view" id="v"><subviews>
    <stackView id="st"><subviews>
      <textField placeholder="Email" id="em">
        <accessibility key="accessibilityConfiguration" identifier="login.email" label="Your email"/>
        <textInputTraits key="textInputTraits" keyboardType="emailAddress"/>
      </textField>
      <textField placeholder="Password" id="pw">
        <textInputTraits key="textInputTraits" secureTextEntry="YES" textContentType="password"/>
        <userDefinedRuntimeAttributes>
          <userDefinedRuntimeAttribute type="string" keyPath="accessibilityIdentifier" value="login.password"/>
        </userDefinedRuntimeAttributes>
      </textField>
    </subviews></stackView>
    <switch on="NO" id="sw"/>
    <slider id="sl"/>
    <stepper id="sp"/>
    <segmentedControl id="sg"><segments><segment title="Day"/><segment title="Night"/></segments></segmentedControl>
    <datePicker id="dp"/>
    <label text="Welcome" id="la"/>
    <button id="b1" userLabel="Enter"><state key="normal" title="Sign in"/>
      <connections><segue destination="home" kind="show" identifier="enter" id="s1"/></connections></button>
    <button id="b2" enabled="NO"><state key="normal" image="gear"/></button>
    <button id="b3" hidden="YES"><buttonConfiguration key="configuration" style="plain" title="Hidden"/></button>
    <view id="card"><connections><outletCollection property="gestureRecognizers" destination="tap"/></connections>
      <subviews><label text="Card" id="cl"/></subviews></view>
    <searchBar placeholder="Find" id="sb"/>
    <textView id="tv" editable="NO" text="Terms"/>
  </subviews></view>
  <navigationItem key="navigationItem" title="Hello" id="ni">
    <barButtonItem key="rightBarButtonItem" systemItem="add" id="r1">
      <connections><segue destination="over" kind="presentation" id="s2"/></connections></barButtonItem>
    <leftBarButtonItems><barButtonItem title="Help" id="l1"/>
      <barButtonItem systemItem="flexibleSpace" id="l2"/></leftBarButtonItems>
  </navigationItem>
  <connections><outlet property="enterButton" destination="b1" id="o1"/></connections>
</viewController>
<tapGestureRecognizer id="tap"><connections>
  <segue destination="home" kind="push" id="s3"/></connections></tapGestureRecognizer>"""
)
HOME = scene(
    """<tableViewController id="home" title="Home"><tableView key="view" id="t">
  <prototypes><tableViewCell reuseIdentifier="c" id="c1"><tableViewCellContentView key="contentView" id="cc">
     <subviews><label text="Row" id="rl"/><button id="rb"><state key="normal" title="Star"/></button></subviews>
   </tableViewCellContentView>
   <connections><segue destination="login" kind="show" id="s4"/></connections></tableViewCell></prototypes>
</tableView></tableViewController>"""
)
OVER = scene(
    """<viewController id="over" storyboardIdentifier="over"><view key="view" id="ov"><subviews>
  <button id="ob"><state key="normal" title="Close"/>
    <connections><segue destination="ex" kind="unwind" unwindAction="back:" id="s5"/></connections></button>
  <containerView id="cv"><connections><segue destination="part" kind="embed" id="s6"/></connections></containerView>
</subviews></view></viewController><exit id="ex" userLabel="Exit"/>"""
)
PART = scene(
    """<viewController id="part"><view key="view" id="pv"><subviews>
  <button id="pb"><state key="normal" title="Part"/></button></subviews></view></viewController>"""
)
NAV = scene(
    """<navigationController id="nav"><connections>
  <segue destination="login" kind="relationship" relationship="rootViewController" id="s0"/></connections>
</navigationController>"""
)


def read() -> Sight:
    return look({"App/Base.lproj/Main.storyboard": board(NAV + LOGIN + HOME + OVER + PART)})


def test_controls_of_a_scene() -> None:
    login = screen(read(), "LoginViewController")
    assert login.entry and login.title == Words("Hello")
    assert shown(login) == [
        ("Button", "Add", "over"),
        ("Button", "Help", ""),
        ("TextField", "Your email", ""),
        ("SecureTextField", "Password", ""),
        ("Switch", "", ""),
        ("Slider", "", ""),
        ("Stepper", "", ""),
        ("Button", "Day", ""),
        ("Button", "Night", ""),
        ("DatePicker", "", ""),
        ("Button", "Sign in", "Home"),
        ("Button", "gear", ""),
        ("Button", "Hidden", ""),
        ("Other", "", "Home"),
        ("SearchField", "Find", ""),
    ]
    email, password, switch = [one for one in login.widgets if one.interactive][2:5]
    assert (email.identifier, email.entry, email.hint) == ("login.email", Entry("email"), Words("Email"))
    assert (password.identifier, password.entry, password.password) == ("login.password", Entry("password"), True)
    assert switch.checked is False and switch.checkable
    by_text = {one.text.value or one.label.value: one for one in login.widgets}
    assert by_text["Sign in"].name == "Enter" and by_text["gear"].enabled is False and by_text["Hidden"].conditional


def test_lines_are_those_of_the_file() -> None:
    content = board(NAV + LOGIN + HOME + OVER + PART)
    rows = content.split("\n")
    login = screen(look({"Main.storyboard": content}), "LoginViewController")
    enter = next(one for one in login.widgets if one.name == "Enter")
    assert 'userLabel="Enter"' in rows[enter.place.line - 1]


def test_rows_segues_unwinding_and_containers() -> None:
    sight = read()
    home = screen(sight, "Home")
    assert shown(home) == [("Cell", "", "LoginViewController"), ("Button", "Star", "")]
    assert [one.repeated for one in home.widgets] == [False, True, True, True]
    assert shown(screen(sight, "over")) == [("Button", "Close", BACK), ("Button", "Part", "")]
    assert [one.name for one in sight.screens] == ["LoginViewController", "Home", "over"]
    assert len(acted_on(sight)) == 19 - 1  # two segments stand in one line


def test_tabs_of_a_storyboard() -> None:
    tabs = scene(
        """<tabBarController id="tabs"><connections>
<segue destination="n1" kind="relationship" relationship="viewControllers" id="a"/>
<segue destination="two" kind="relationship" relationship="viewControllers" id="b"/></connections></tabBarController>"""
    )
    first = scene(
        """<navigationController id="n1"><tabBarItem key="tabBarItem" title="One" id="t1"/><connections>
<segue destination="one" kind="relationship" relationship="rootViewController" id="c"/></connections>
</navigationController>"""
    ) + scene('<viewController id="one" title="First"><view key="view" id="x"/></viewController>')
    second = scene(
        """<viewController id="two" title="Second"><view key="view" id="y"/>
<tabBarItem key="tabBarItem" systemItem="favorites" id="t2">
<accessibility key="accessibilityConfiguration" identifier="tab.second"/></tabBarItem></viewController>"""
    )
    sight = look({"Main.storyboard": board(tabs + first + second, "tabs")})
    assert [(one.name, one.entry) for one in sight.screens] == [("First", True), ("Second", False)]
    assert shown(screen(sight, "First")) == [("Button", "One", ""), ("Button", "Favorites", "Second")]
    assert screen(sight, "First").widgets[-1].identifier == "tab.second"


def test_one_storyboard_refers_to_another() -> None:
    main = scene(
        """<viewController id="a" title="A"><view key="view" id="v"><subviews>
<button id="b"><state key="normal" title="Go"/><connections><segue destination="ref" kind="show" id="s"/></connections>
</button></subviews></view></viewController>"""
    ) + scene(
        '<viewControllerPlaceholder storyboardName="Other" referencedIdentifier="deep" id="ref" '
        'sceneMemberID="viewController"/>'
    )
    other = scene(
        """<viewController id="z" storyboardIdentifier="deep"><view key="view" id="w"><subviews>
<switch id="q"/></subviews></view></viewController>"""
    )
    sight = look({"Main.storyboard": board(main, "a"), "Other.storyboard": board(other, "")})
    assert shown(screen(sight, "A")) == [("Button", "Go", "deep")]


def test_words_of_a_storyboard_from_its_strings() -> None:
    sight = look(
        {
            "Base.lproj/Main.storyboard": board(LOGIN, "login"),
            "en.lproj/Main.strings": '"b1.normalTitle" = "Log in";\n"em.placeholder" = "E-mail";\n',
        }
    )
    login = screen(sight, "LoginViewController")
    assert Words("Log in", "b1.normalTitle") in [one.text for one in login.widgets]
    assert Words("E-mail", "em.placeholder") in [one.hint for one in login.widgets]


def test_a_xib_of_a_row_and_one_of_a_controller() -> None:
    row = (
        f'{HEAD}<document type="com.apple.InterfaceBuilder3.CocoaTouch.XIB"><objects>'
        '<placeholder placeholderIdentifier="IBFilesOwner" id="-1" userLabel="File\'s Owner"/>'
        '<tableViewCell id="c" customClass="StarCell"><tableViewCellContentView key="contentView" id="k"><subviews>'
        '<button id="b"><state key="normal" title="Star"/></button></subviews></tableViewCellContentView>'
        "</tableViewCell></objects></document>"
    )
    page = (
        f'{HEAD}<document type="com.apple.InterfaceBuilder3.CocoaTouch.XIB"><objects>'
        '<placeholder placeholderIdentifier="IBFilesOwner" id="-1" customClass="PageController"><connections>'
        '<outlet property="send" destination="b" id="o"/></connections></placeholder>'
        '<view id="v"><subviews><button id="b"><state key="normal" title="Old"/></button></subviews></view>'
        "</objects></document>"
    )
    code = """
        import UIKit
        class PageController: UIViewController {
            @IBOutlet var send: UIButton!
            override func viewDidLoad() { send.accessibilityIdentifier = "page.send" }
        }
    """
    sight = look({"Star.xib": row, "Page.xib": page, "Page.swift": code})
    assert shown(screen(sight, "StarCell")) == [("Button", "Star", "")]
    assert [one.identifier for one in screen(sight, "PageController").widgets] == ["page.send"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('<!DOCTYPE d [<!ENTITY a "b">]><document>&a;</document>', "entities"),
        ("<document><scenes></document>", "broken"),
        ("", "broken"),
        ("<document>" + "<view>" * 500, "too deep"),
        ('<?xml version="1.0" encoding="nonsense"?><document/>', ""),
    ],
)
def test_bad_xml_is_refused(content: str, reason: str) -> None:
    with pytest.raises(Unparsable) as refused:
        READER.extract("Main.storyboard", content.encode())
    assert reason in str(refused.value)


def test_a_launch_screen_is_no_screen() -> None:
    content = board(OVER, "over").replace("<document ", '<document launchScreen="YES" ')
    assert look({"LaunchScreen.storyboard": content}).screens == ()
