"""The Android flavour answers the commands of a real client as the UiAutomator2 driver does."""

from __future__ import annotations

import pytest
from appium.webdriver import Remote
from appium.webdriver.common.appiumby import AppiumBy
from appium.webdriver.webelement import WebElement
from selenium.common.exceptions import (
    InvalidElementStateException,
    InvalidSelectorException,
    NoSuchElementException,
    SessionNotCreatedException,
    StaleElementReferenceException,
    UnknownMethodException,
    WebDriverException,
)
from selenium.webdriver.support.ui import WebDriverWait
from tests.domains.screens.rehearsal import drawn
from tests.domains.screens.rehearsal.drawn import Open

pytestmark = pytest.mark.slow

UI = AppiumBy.ANDROID_UIAUTOMATOR
TEXT = 'new UiSelector().text("{}")'


def by_id(driver: Remote, name: str) -> WebElement:
    return driver.find_element(AppiumBy.ID, name)


def by_text(driver: Remote, words: str) -> WebElement:
    return driver.find_element(UI, TEXT.format(words))


def sign_in(driver: Remote) -> None:
    by_id(driver, "sign_in").click()


def test_a_form_is_filled_and_sent(android: Remote) -> None:
    """What is typed can be read, and the button opens the next screen."""
    by_id(android, "email").send_keys("jo@example.org")
    assert by_id(android, "email").text == "jo@example.org"
    assert android.current_activity == ".LoginActivity"
    sign_in(android)
    assert android.current_activity == ".TeasActivity"
    assert android.current_package == "org.example.tea"


@pytest.mark.parametrize(
    ("strategy", "selector"),
    [
        (AppiumBy.ID, "email"),
        (AppiumBy.ID, "org.example.tea:id/email"),
        (AppiumBy.XPATH, '//android.widget.EditText[@hint="Email"]'),
        (AppiumBy.CLASS_NAME, "android.widget.EditText"),
        (UI, 'new UiSelector().text("Email")'),
        (UI, "new UiSelector().className('android.widget.EditText').instance(0);"),
        (UI, 'new UiSelector().textStartsWith("em").clickable(true)'),
        (UI, 'new UiSelector().textContains("MAI")'),
        (UI, 'new UiSelector().textMatches("^Em.*l$")'),
        (UI, r'new UiSelector().textMatches("\\QEmail\\E")'),
        (UI, 'new UiSelector().resourceId("org.example.tea:id/email")'),
        (UI, 'new UiSelector().resourceIdMatches(".*:id/email")'),
        (UI, 'new UiSelector().className("android.widget.FrameLayout").childSelector(new UiSelector().index(0))'),
        (UI, "new UiSelector().checked(false).enabled(true).instance(1)"),
    ],
)
def test_every_strategy_finds(android: Remote, strategy: str, selector: str) -> None:
    """One input, by each way that a generated test may take."""
    assert android.find_element(strategy, selector).get_attribute("hint") == "Email"


@pytest.mark.parametrize(
    ("strategy", "selector", "error"),
    [
        (AppiumBy.ID, "nothing", NoSuchElementException),
        (AppiumBy.ACCESSIBILITY_ID, "Email", NoSuchElementException),
        (UI, 'new UiSelector().text("email")', NoSuchElementException),
        (UI, 'new UiSelector().resourceId("email")', NoSuchElementException),
        (UI, 'new UiSelector().text("Never seen")', NoSuchElementException),
        (UI, 'new UiSelector().words("Email")', InvalidSelectorException),
        (UI, 'new UiSelector().text("Email"', InvalidSelectorException),
        (UI, 'new UiSelector().toString("Email")', InvalidSelectorException),
        (AppiumBy.XPATH, "//[", InvalidSelectorException),
        (AppiumBy.XPATH, "//@text", InvalidSelectorException),
        (AppiumBy.IOS_PREDICATE, 'name == "email"', InvalidSelectorException),
    ],
)
def test_wrong_selectors_are_refused(android: Remote, strategy: str, selector: str, error: type[Exception]) -> None:
    """As the real driver refuses them: not there, or no selector at all."""
    with pytest.raises(error):
        android.find_element(strategy, selector)


def test_a_bare_id_needs_the_completion_off(android: Remote, opened: Open) -> None:
    """Tags of Compose and React Native bear no package; UiAutomator2 puts it before them unless told not to."""
    found = []
    for driver in (
        android,
        opened("android", **{"appium:disableIdLocatorAutocompletion": True}),
        opened("android", **{"appium:settings[disableIdLocatorAutocompletion]": True}),
    ):
        sign_in_anywhere = driver.find_element(UI, TEXT.format("Sign in"))
        sign_in_anywhere.click()
        by_text(driver, "Green Sencha").click()
        found.append(len(driver.find_elements(AppiumBy.ID, "bare_tag")))
    assert found == [0, 1, 1]
    android.update_settings({"disableIdLocatorAutocompletion": True})
    assert by_id(android, "bare_tag").get_attribute("contentDescription") == "Picture of a cup"


def test_inputs_bound_and_filter(android: Remote) -> None:
    """No longer than the app lets in, and no signs that it drops; typing goes on where it stopped."""
    email, age = by_id(android, "email"), by_id(android, "age")
    email.send_keys("a" * 19)
    email.send_keys("bcd")
    age.send_keys("1x2y3z4")
    assert (email.text, age.text) == ("a" * 19 + "b", "123")
    email.clear()
    age.clear()
    assert (email.text, age.text) == ("Email", "")


def test_a_password_shows_no_sign(android: Remote) -> None:
    """Bullets, as many as were typed; cleared, none."""
    password = by_id(android, "password")
    password.send_keys("secret")
    assert password.text == "•" * 6
    assert "secret" not in android.page_source
    password.clear()
    assert password.text == ""


def test_a_switch_turns(android: Remote) -> None:
    """By a tap, on and off."""
    switch = by_id(android, "remember")
    told = [switch.get_attribute("checked")]
    for _ in range(2):
        switch.click()
        told.append(switch.get_attribute("checked"))
    assert told == ["false", "true", "false"]


@pytest.mark.parametrize(("chosen", "other"), [("Iced", "Hot"), ("Large", "Small")])
def test_radio_buttons_exclude_each_other(android: Remote, chosen: str, other: str) -> None:
    """One of a group that the file names, or of a RadioGroup; a second tap leaves it chosen."""
    sign_in(android)
    by_text(android, "Black Assam").click()
    for _ in range(2):
        by_text(android, chosen).click()
    assert by_text(android, chosen).get_attribute("checked") == "true"
    assert by_text(android, other).get_attribute("checked") == "false"


def test_a_row_turns_the_switch_in_it(android: Remote) -> None:
    """The tap on its words reaches the row, and the row the switch."""
    sign_in(android)
    by_text(android, "Black Assam").click()
    switch = android.find_element(AppiumBy.CLASS_NAME, "android.widget.Switch")
    told = []
    for tapped in (by_text(android, "With milk"), android.find_element(AppiumBy.ACCESSIBILITY_ID, "Milk row"), switch):
        tapped.click()
        told.append(switch.get_attribute("checked"))
    assert told == ["true", "false", "true"]


def test_a_tap_on_a_disabled_button_does_nothing(android: Remote) -> None:
    """The driver taps, and the app ignores it."""
    closed = by_id(android, "closed")
    assert closed.is_displayed()
    assert not closed.is_enabled()
    closed.click()
    assert android.current_activity == ".LoginActivity"


def test_only_inputs_take_text(android: Remote) -> None:
    """Typing into a button is a fault of the test, and told."""
    with pytest.raises(InvalidElementStateException):
        by_id(android, "sign_in").send_keys("words")


def test_what_lies_below_the_fold_must_be_scrolled_to(android: Remote) -> None:
    """UiAutomator2 sees only what is displayed."""
    sign_in(android)
    assert android.find_elements(UI, TEXT.format("The end of the list")) == []
    into_view = "new UiScrollable(new UiSelector().scrollable(true)).scrollIntoView({})"
    assert android.find_element(UI, into_view.format(TEXT.format("The end of the list"))).is_displayed()
    assert by_text(android, "The end of the list")


def test_a_screen_without_a_container_cannot_scroll(android: Remote) -> None:
    """UiScrollable looks inside a scrollable container only."""
    into_view = f"new UiScrollable(new UiSelector().scrollable(true)).scrollIntoView({TEXT.format('Sign in')})"
    with pytest.raises(NoSuchElementException):
        android.find_element(UI, into_view)


@pytest.mark.parametrize("gesture", ["swipe", "scroll", "scrollGesture"])
def test_gestures_scroll(android: Remote, gesture: str) -> None:
    """A finger's way, and the commands that stand for it."""
    sign_in(android)
    words = TEXT.format("The end of the list")
    if gesture == "swipe":
        android.swipe(500, 2000, 500, 400, 200)
    elif gesture == "scroll":
        android.execute_script("mobile: scroll", {"strategy": UI, "selector": words})
    else:
        place = {"left": 0, "top": 200, "width": 1080, "height": 2000, "direction": "down", "percent": 1.0}
        android.execute_script("mobile: scrollGesture", place)
    assert android.find_element(UI, words)


def test_fingers_tap_what_lies_under_them(android: Remote) -> None:
    """A tap at a point, or by the W3C's pointer actions."""
    android.tap([(540, 1070)])
    assert android.current_activity == ".TeasActivity"
    android.execute_script("mobile: clickGesture", {"x": 500, "y": 300})
    assert android.current_activity == ".TeaActivity"


def test_back_returns_and_keeps_what_was_typed(android: Remote) -> None:
    """The screen below is as it was left; the one that was left is new when it opens again."""
    by_id(android, "age").send_keys("42")
    sign_in(android)
    android.back()
    assert by_id(android, "age").text == "42"
    by_id(android, "email").click()
    assert android.is_keyboard_shown()
    android.back()
    assert not android.is_keyboard_shown()
    assert android.current_activity == ".LoginActivity"
    assert android.query_app_state("org.example.tea") == 4
    android.press_keycode(4)
    assert android.query_app_state("org.example.tea") == 3
    assert android.find_elements(AppiumBy.ID, "email") == []


def test_a_menu_covers_the_screen(android: Remote) -> None:
    """While it is open nothing below is seen; what it opens takes its place."""
    sign_in(android)
    android.find_element(AppiumBy.ACCESSIBILITY_ID, "More options").click()
    assert "Green Sencha" not in android.page_source
    by_text(android, "Cancel").click()
    assert "Green Sencha" in android.page_source
    android.find_element(AppiumBy.ACCESSIBILITY_ID, "More options").click()
    by_text(android, "Settings").click()
    android.back()
    assert android.current_activity == ".TeasActivity"


def test_elements_of_a_screen_that_was_left_are_stale(android: Remote) -> None:
    """As soon as another screen is open."""
    email = by_id(android, "email")
    sign_in(android)
    with pytest.raises(StaleElementReferenceException):
        email.click()
    with pytest.raises(StaleElementReferenceException):
        _ = email.text


def test_the_app_starts_anew(android: Remote) -> None:
    """Terminated and activated it opens on its first screen, and keeps what it was told until its data are cleared."""
    by_id(android, "age").send_keys("7")
    sign_in(android)
    assert android.terminate_app("org.example.tea")
    assert android.query_app_state("org.example.tea") == 1
    assert android.find_elements(AppiumBy.XPATH, "//*[@text]") == []
    android.activate_app("org.example.tea")
    assert by_id(android, "age").text == "7"
    android.terminate_app("org.example.tea")
    android.execute_script("mobile: clearApp", {"appId": "org.example.tea"})
    android.activate_app("org.example.tea")
    assert by_id(android, "age").text == ""
    assert android.query_app_state("org.other") == 0
    assert not android.terminate_app("org.other")
    with pytest.raises(WebDriverException, match=r"org\.other is not installed"):
        android.activate_app("org.other")
    android.background_app(1)
    assert android.query_app_state("org.example.tea") == 4
    android.background_app(-1)
    assert android.query_app_state("org.example.tea") == 3
    android.activate_app("org.example.tea")
    assert by_id(android, "age").is_displayed()


def test_what_an_element_tells(android: Remote) -> None:
    """All attributes of the page source, its place, and an error for names that UiAutomator2 does not know."""
    switch = by_id(android, "remember")
    assert switch.get_attribute("className") == switch.tag_name == "android.widget.Switch"
    assert switch.get_attribute("content-desc") is None
    assert switch.get_attribute("package") == "org.example.tea"
    assert switch.rect == {"x": 48, "y": 880, "width": 984, "height": 80}
    with pytest.raises(UnknownMethodException, match="'value' attribute is unknown"):
        switch.get_attribute("value")


def test_the_page_source_is_what_a_driver_sees(android: Remote) -> None:
    """No hint of the simulation, and nothing that is not displayed."""
    source = android.page_source
    assert source.startswith('<?xml version="1.0"')
    assert "<hierarchy" in source
    assert "sim-" not in source
    assert "Never seen" not in source


def test_elements_are_found_inside_others(android: Remote) -> None:
    """Each strategy from an element looks below it."""
    sign_in(android)
    rows = android.find_elements(AppiumBy.CLASS_NAME, "android.view.ViewGroup")
    assert len(rows) == 2
    for strategy, selector in (
        (AppiumBy.ID, "name"),
        (AppiumBy.XPATH, ".//android.widget.TextView"),
        (UI, 'new UiSelector().className("android.widget.TextView")'),
    ):
        assert [row.find_element(strategy, selector).text for row in rows] == ["Green Sencha", "Black Assam"]
    rows[1].find_element(AppiumBy.ID, "name").click()
    assert android.current_activity == ".TeaActivity"


def test_waits_wait(android: Remote) -> None:
    """Both kinds end with what is there, and with an error for what is not."""
    android.implicitly_wait(0.6)
    with pytest.raises(NoSuchElementException):
        by_id(android, "nothing")
    assert WebDriverWait(android, 2).until(lambda one: by_id(one, "email")).is_displayed()


def test_the_phone_answers(android: Remote) -> None:
    """Its size, how it is held, a picture, links, sliders, what has the focus."""
    assert android.get_window_size() == {"width": 1080, "height": 2400}
    assert android.orientation == "PORTRAIT"
    assert android.get_screenshot_as_png().startswith(b"\x89PNG")
    assert android.contexts == ["NATIVE_APP"]
    by_id(android, "age").click()
    assert android.switch_to.active_element.get_attribute("resource-id") == "org.example.tea:id/age"
    android.hide_keyboard()
    assert not android.is_keyboard_shown()
    android.execute_script("mobile: deepLink", {"url": "tea://list", "package": "org.example.tea"})
    by_text(android, "Green Sencha").click()
    slider = android.find_element(AppiumBy.ACCESSIBILITY_ID, "Strength")
    slider.send_keys("5.0")
    assert slider.text == "5.0"
    assert android.is_app_installed("org.example.tea")


def test_unknown_commands_are_refused(android: Remote) -> None:
    """With the names of those that there are."""
    with pytest.raises(WebDriverException, match="Unsupported execute method 'mobile: fold'"):
        android.execute_script("mobile: fold", {})
    with pytest.raises(WebDriverException, match="keycode"):
        android.execute_script("mobile: pressKey", {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<app", "not well-formed"),
        ("<html/>", "begins with <html>"),
        ('<app platform="android"/>', "draws no <screen>"),
        (drawn.ANDROID.replace('sim-goto="menu"', 'sim-goto="moon"'), "names no screen"),
        (drawn.ANDROID.replace('start="login"', 'start="moon"'), "names no screen"),
        (drawn.ANDROID.replace('sim-accepts="digits"', 'sim-accepts="runes"'), "runes"),
        (drawn.IOS, "for ios"),
    ],
)
def test_a_faulty_app_is_told_in_words(opened: Open, text: str, message: str) -> None:
    """What is wrong with the file, before any test runs."""
    with pytest.raises(SessionNotCreatedException, match=message):
        opened("android", text)


def test_a_missing_file_is_told_in_words(opened: Open) -> None:
    """The capability that names it, and the path."""
    with pytest.raises(SessionNotCreatedException, match="appium:app"):
        opened("android", **{"appium:app": "/nowhere/running.android.xml"})
