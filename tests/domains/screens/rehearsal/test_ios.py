"""The iOS flavour answers the commands of a real client as the XCUITest driver does."""

from __future__ import annotations

import pytest
from appium.webdriver import Remote
from appium.webdriver.common.appiumby import AppiumBy
from appium.webdriver.webelement import WebElement
from selenium.common.exceptions import (
    ElementNotVisibleException,
    InvalidArgumentException,
    InvalidElementStateException,
    InvalidSelectorException,
    NoSuchElementException,
    StaleElementReferenceException,
    WebDriverException,
)
from tests.domains.screens.rehearsal.drawn import Open

pytestmark = pytest.mark.slow

ID, PREDICATE, CHAIN = AppiumBy.ACCESSIBILITY_ID, AppiumBy.IOS_PREDICATE, AppiumBy.IOS_CLASS_CHAIN
APP = "org.example.tea"


def named(driver: Remote, name: str) -> WebElement:
    return driver.find_element(ID, name)


def test_a_form_is_filled_and_sent(ios: Remote) -> None:
    """The placeholder is the value of an empty field, as XCUITest tells it."""
    email = named(ios, "email")
    assert email.text == email.get_attribute("value") == "Email"
    email.send_keys("jo@example.org")
    assert email.text == "jo@example.org"
    email.clear()
    assert email.text == "Email"
    named(ios, "sign_in").click()
    assert named(ios, "Teas").is_displayed()


@pytest.mark.parametrize(
    ("strategy", "selector"),
    [
        (ID, "sign_in"),
        (ID, "Sign in"),
        (AppiumBy.ID, "sign_in"),
        (AppiumBy.NAME, "sign_in"),
        (AppiumBy.CLASS_NAME, "XCUIElementTypeButton"),
        (AppiumBy.XPATH, '//XCUIElementTypeButton[@label="Sign in"]'),
        (PREDICATE, "name == 'sign_in'"),
        (PREDICATE, 'type == "XCUIElementTypeButton" AND label BEGINSWITH "Sign"'),
        (PREDICATE, 'label CONTAINS "gn i" && enabled == 1'),
        (PREDICATE, 'label ENDSWITH[c] "IN" AND visible == true'),
        (PREDICATE, 'label MATCHES "S.*n" AND NOT (name == "email" OR name = "password")'),
        (PREDICATE, 'label LIKE "Sign*" AND rect.x == 20'),
        (PREDICATE, 'name IN {"sign_in", "sign_out"} AND label != nil'),
        (CHAIN, "**/XCUIElementTypeButton"),
        (CHAIN, "**/XCUIElementTypeButton[1]"),
        (CHAIN, '**/XCUIElementTypeButton[`label == "Sign in"`]'),
        (CHAIN, "XCUIElementTypeButton[-2]"),
        (CHAIN, "*[4]"),
    ],
)
def test_every_strategy_finds(ios: Remote, strategy: str, selector: str) -> None:
    """One button, by each way that a generated test may take."""
    assert ios.find_element(strategy, selector).get_attribute("name") == "sign_in"


@pytest.mark.parametrize(
    ("strategy", "selector", "error"),
    [
        (ID, "nothing", NoSuchElementException),
        (PREDICATE, "name == 'Sign_in'", NoSuchElementException),
        (PREDICATE, "name == sign_in", InvalidSelectorException),
        (PREDICATE, "resource == 'sign_in'", InvalidSelectorException),
        (PREDICATE, "name == 'sign_in", InvalidSelectorException),
        (PREDICATE, "name 'sign_in'", InvalidSelectorException),
        (CHAIN, "**/Button", InvalidSelectorException),
        (CHAIN, "**/XCUIElementTypeButton[0]", InvalidSelectorException),
        (AppiumBy.XPATH, "//[", InvalidSelectorException),
        (AppiumBy.ANDROID_UIAUTOMATOR, "new UiSelector()", InvalidSelectorException),
    ],
)
def test_wrong_selectors_are_refused(ios: Remote, strategy: str, selector: str, error: type[Exception]) -> None:
    """As the real driver refuses them: not there, or no selector at all."""
    with pytest.raises(error):
        ios.find_element(strategy, selector)


def test_chains_descend(ios: Remote) -> None:
    """Through cells that hold what a predicate names."""
    named(ios, "sign_in").click()
    cell = ios.find_element(CHAIN, '**/XCUIElementTypeCell[$label == "Black Assam"$]')
    assert cell.rect["y"] == 151
    words = ios.find_elements(CHAIN, "**/XCUIElementTypeTable/XCUIElementTypeCell/XCUIElementTypeStaticText")
    assert [one.text for one in words] == ["Green Sencha", "Black Assam"]
    assert cell.find_element(AppiumBy.CLASS_NAME, "XCUIElementTypeStaticText").text == "Black Assam"


def test_a_password_shows_no_sign(ios: Remote) -> None:
    """Bullets, as many as were typed."""
    password = named(ios, "password")
    password.send_keys("secret")
    assert password.get_attribute("value") == "•" * 6
    assert "secret" not in ios.page_source


def test_a_switch_turns(ios: Remote) -> None:
    """Its value is 0 or 1."""
    switch = named(ios, "remember")
    told = [switch.get_attribute("value")]
    for _ in range(2):
        switch.click()
        told.append(switch.get_attribute("value"))
    assert told == ["0", "1", "0"]


@pytest.mark.parametrize(("chosen", "other"), [("Iced", "Hot"), ("Large", "Small")])
def test_segments_exclude_each_other(ios: Remote, chosen: str, other: str) -> None:
    """What is chosen has the value 1, in a group that the file names or in a segmented control."""
    named(ios, "sign_in").click()
    named(ios, "Black Assam").click()
    named(ios, chosen).click()
    assert named(ios, chosen).get_attribute("value") == "1"
    assert named(ios, chosen).is_selected()
    assert named(ios, other).get_attribute("value") != "1"


def test_what_react_native_says_of_a_choice_changes_with_it(opened: Open) -> None:
    """Its kind and its state, in words: a tick turns, of a group one is chosen."""
    one = '<XCUIElementTypeOther name="{}" {} value="{}" x="0" y="{}" width="90" height="40"/>'
    tick = one.format("tick", "", "checkbox, not checked", 0)
    hot = one.format("hot", 'sim-group="heat"', "radio button, checked", 50)
    cold = one.format("cold", 'sim-group="heat"', "radio button, not checked", 100)
    app = f'<app platform="ios" package="org.example.tea"><screen name="only">{tick}{hot}{cold}</screen></app>'
    session = opened("ios", app)

    def told() -> list[str | None]:
        return [str(named(session, name).get_attribute("value")) for name in ("tick", "hot", "cold")]

    named(session, "cold").click()
    named(session, "tick").click()
    assert told() == ["checkbox, checked", "radio button, not checked", "radio button, checked"]
    named(session, "tick").click()
    assert told()[0] == "checkbox, not checked"


def test_a_slider_tells_its_share(ios: Remote) -> None:
    """Set from 0 to 1, told in percent."""
    named(ios, "sign_in").click()
    named(ios, "Black Assam").click()
    slider = named(ios, "strength")
    slider.send_keys("0.5")
    assert slider.get_attribute("value") == "50%"


def test_the_back_button_leads_back(ios: Remote) -> None:
    """The driver's back taps the first button of the navigation bar, and does nothing without one."""
    named(ios, "sign_in").click()
    ios.back()
    assert named(ios, "email").is_displayed()
    ios.back()
    assert named(ios, "email").is_displayed()


def test_what_lies_below_the_fold_is_there_and_not_visible(ios: Remote) -> None:
    """Until it is scrolled to, it cannot be tapped."""
    named(ios, "sign_in").click()
    end = named(ios, "end")
    assert not end.is_displayed()
    with pytest.raises(ElementNotVisibleException):
        end.click()
    for seen in (False, True):
        ios.execute_script("mobile: scroll", {"direction": "down"})
        assert end.is_displayed() is seen


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": "end"},
        {"predicateString": 'label == "The end of the list"'},
    ],
)
def test_scrolls_find_what_they_name(ios: Remote, arguments: dict[str, object]) -> None:
    """By name or by predicate, however far."""
    named(ios, "sign_in").click()
    ios.execute_script("mobile: scroll", arguments)
    assert named(ios, "end").is_displayed()


def test_swipes_scroll(ios: Remote) -> None:
    """And a direction that there is not is refused."""
    named(ios, "sign_in").click()
    with pytest.raises(InvalidArgumentException):
        ios.execute_script("mobile: swipe", {"direction": "forth"})
    for _ in range(2):
        ios.execute_script("mobile: swipe", {"direction": "up"})
    assert named(ios, "end").is_displayed()


def test_one_element_is_brought_into_view(ios: Remote) -> None:
    """And what lies before it is as it was."""
    named(ios, "sign_in").click()
    ios.execute_script("mobile: scroll", {"elementId": named(ios, "end").id, "toVisible": True})
    assert named(ios, "end").is_displayed()
    assert not named(ios, "near").is_displayed()


def test_a_wide_switch_turns_near_its_edge_alone(ios: Remote) -> None:
    """Its middle holds the words; the part that turns may be a switch inside it."""
    named(ios, "sign_in").click()
    named(ios, "Black Assam").click()
    milk, honey = named(ios, "milk"), named(ios, "honey")
    milk.click()
    honey.click()
    assert [milk.get_attribute("value"), honey.get_attribute("value")] == ["0", "0"]
    ios.execute_script("mobile: tap", {"elementId": milk.id, "x": 325, "y": 22})
    honey.find_element(AppiumBy.CLASS_NAME, "XCUIElementTypeSwitch").click()
    assert [milk.get_attribute("value"), honey.get_attribute("value")] == ["1", "1"]


def test_a_tap_on_a_disabled_button_does_nothing(ios: Remote) -> None:
    """The driver taps, and the app ignores it."""
    closed = named(ios, "closed")
    assert not closed.is_enabled()
    closed.click()
    assert named(ios, "email").is_displayed()
    with pytest.raises(InvalidElementStateException):
        closed.send_keys("words")


def test_the_app_starts_anew_and_old_elements_are_stale(ios: Remote) -> None:
    """Terminated and activated it opens on its first screen, and keeps what it was told until it is installed anew."""
    email = named(ios, "email")
    email.send_keys("jo")
    ios.terminate_app(APP)
    assert ios.query_app_state(APP) == 1
    with pytest.raises(StaleElementReferenceException):
        email.click()
    ios.activate_app(APP)
    assert named(ios, "email").text == "jo"
    assert ios.query_app_state(APP) == 4
    ios.terminate_app(APP)
    ios.execute_script("mobile: removeApp", {"bundleId": APP})
    assert not ios.is_app_installed(APP)
    with pytest.raises(WebDriverException, match="not installed"):
        ios.activate_app(APP)
    ios.execute_script("mobile: installApp", {"app": ios.capabilities["app"]})
    ios.activate_app(APP)
    assert named(ios, "email").text == "Email"


def test_what_an_element_tells(ios: Remote) -> None:
    """The attributes of WebDriverAgent, and an error for others."""
    switch = named(ios, "remember")
    assert switch.get_attribute("type") == switch.tag_name == "XCUIElementTypeSwitch"
    assert switch.get_attribute("label") == "Remember me"
    assert switch.get_attribute("placeholderValue") is None
    assert switch.rect == {"x": 300, "y": 220, "width": 51, "height": 31}
    with pytest.raises(InvalidArgumentException):
        switch.get_attribute("resource-id")


def test_the_page_source_is_what_a_driver_sees(ios: Remote) -> None:
    """One application, its nodes with their types, no hint of the simulation."""
    source = ios.page_source
    assert '<XCUIElementTypeApplication type="XCUIElementTypeApplication"' in source
    assert 'type="XCUIElementTypeSwitch"' in source
    assert "sim-" not in source


def test_the_phone_answers(ios: Remote) -> None:
    """Its size, a point that is tapped, a link, and commands that it does not know."""
    assert ios.get_window_size() == {"width": 390, "height": 844}
    ios.execute_script("mobile: tap", {"x": 100, "y": 300})
    assert named(ios, "Teas").is_displayed()
    ios.execute_script("mobile: deepLink", {"url": "tea://list", "bundleId": APP})
    assert named(ios, "Teas").is_displayed()
    with pytest.raises(WebDriverException, match="Unsupported execute method"):
        ios.execute_script("mobile: pressKey", {"keycode": 4})
