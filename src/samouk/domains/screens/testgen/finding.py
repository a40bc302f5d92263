"""How a driver outside the app finds an element: of the model's locators the best that its platform understands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from samouk.domains.screens.appmodel.model import AppElement, AppModel, AppScreen, Locator, Strategy
from samouk.domains.screens.element import Platform
from samouk.domains.screens.source.widgets import Framework

How = Literal["resource", "tag", "tag_start", "label", "text", "text_start", "label_start", "hint", "row", "kind"]
"""``resource``: an Android id that bears the app's package; ``tag``: a bare one, as Compose, Flutter and React Native
give, and every identifier on iOS; ``tag_start``: how that begins, where data follow; ``label``: what a screen reader
says; ``label_start``: how that begins; ``text`` and ``text_start``: the words and how they begin; ``hint``: the words
in an empty input; ``row``: what can be tapped in a list, counted from its top; ``kind``: the class as the running app
tells it."""


class Way(NamedTuple):
    """One way on one platform.

    Attributes:
        nth: counts from 0 among all that match, in the order of the screen.
        of: the class on iOS, where it is known and the words alone may stand on something else too; of a row that of
            its cell, and behind a stroke that of what is tapped in it.
        within: how the list of a row is found.
    """

    how: How
    value: str
    nth: int = 0
    of: str = ""
    within: Way | None = None


Finds = Callable[[AppScreen, AppElement], bool]
"""Whether a writer's driver can find an element of a screen."""

_ANDROID = {
    "text_input": "android.widget.EditText",
    "password_input": "android.widget.EditText",
    "search_input": "android.widget.EditText",
    "checkbox": "android.widget.CheckBox",
    "radio_button": "android.widget.RadioButton",
    "switch": "android.widget.Switch",
    "slider": "android.widget.SeekBar",
    "dropdown": "android.widget.Spinner",
}
_IOS = {
    "text_input": "XCUIElementTypeTextField",
    "password_input": "XCUIElementTypeSecureTextField",
    "search_input": "XCUIElementTypeSearchField",
    "switch": "XCUIElementTypeSwitch",
    "slider": "XCUIElementTypeSlider",
}
_WORDED = {
    "button": "XCUIElementTypeButton",
    "icon_button": "XCUIElementTypeButton",
    "tab": "XCUIElementTypeButton",
    "switch": "XCUIElementTypeSwitch",
}
"""Classes on iOS of what is found by its words; what else has words may be drawn as this or that."""

_KINDS: Mapping[Platform, Mapping[str, str]] = {"android": _ANDROID, "ios": _IOS}
"""Classes that say what the element is; in place of others the running app shows views that are like any other."""

_UNTOLD = frozenset({("compose", "switch"), ("compose", "dropdown"), ("flutter", "dropdown"), ("android", "switch")})
"""Framework and type whose class at run time is a plain view, or, for a ToggleButton, another than the type's."""


def platforms_of(model: AppModel, screen: AppScreen) -> tuple[Platform, ...]:
    """Where a screen is shown, of the platforms of its app."""
    if screen.framework in ("android", "compose"):
        return ("android",)
    return ("ios",) if screen.framework == "ios" else model.platforms


def way(screen: AppScreen, element: AppElement, platform: Platform) -> Way | None:
    """The best way, or None where nothing that lasts finds the element there."""
    if platform == "ios" and element.swallowed:
        return None
    for locator in element.locators:
        if locator.strategy in ("row", "kind"):
            # What its class tells by itself needs no list around it.
            found = _by_kind(screen, element, platform)
            if found is None and locator.strategy == "row":
                found = _by_row(screen, element, locator, platform)
            if found:
                return found
        elif locator.value:
            how = _how(screen.framework, platform, locator.strategy)
            nth = _nth(element, locator)
            return Way(how, locator.value, nth, "" if nth else _class_of(screen, element, how))
    return None


def found_on(model: AppModel, screen: AppScreen, element: AppElement) -> tuple[Platform, ...]:
    """The platforms on which something finds the element."""
    return tuple(one for one in platforms_of(model, screen) if way(screen, element, one))


def found_everywhere(model: AppModel) -> Finds:
    """Elements that are found on all platforms of their screen: what one test for all of them may touch."""

    def finds(screen: AppScreen, element: AppElement) -> bool:
        return found_on(model, screen, element) == platforms_of(model, screen) != ()

    return finds


def shows_title(screen: AppScreen) -> bool:
    """Whether the words of the top bar stand on the screen for sure.

    In Android XML a title may be a label of the manifest or of the navigation graph alone: an app whose theme has no
    bar shows it where it draws one itself.
    """
    if not screen.title or screen.framework != "android" or screen.dialog:
        return bool(screen.title)
    return any(one.type == "app_bar" or (one.type == "text" and one.name == screen.title) for one in screen.elements)


def title_way(screen: AppScreen, platform: Platform) -> Way:
    """How the words of a screen's top bar are found."""
    return Way(_how(screen.framework, platform, "text"), screen.title)


def _how(framework: Framework, platform: Platform, strategy: Strategy) -> How:
    """Flutter draws its words itself: Android is told them as descriptions, never as text."""
    if strategy == "id":
        return "resource" if platform == "android" and framework == "android" else "tag"
    if strategy == "id_start":
        return "tag_start"  # Android's own ids are names of resources: none has data in it
    if platform == "android" and framework == "flutter" and strategy in ("text", "text_start"):
        return "label" if strategy == "text" else "label_start"
    return strategy


def _nth(element: AppElement, locator: Locator) -> int:
    """Of what is repeated the first will do: how many there are is not known."""
    return 0 if element.repeated else locator.nth


def _class_of(screen: AppScreen, element: AppElement, how: How) -> str:
    """A tab and the title of what it opens share their words; UIKit's and SwiftUI's classes tell them apart."""
    return _WORDED.get(element.type, "") if screen.framework == "ios" and how in ("text", "label") else ""


def _by_kind(screen: AppScreen, element: AppElement, platform: Platform) -> Way | None:
    """By class and place: only where that class tells it, and nothing before it may come and go."""
    name = _kind(screen, element, platform)
    if not name:
        return None
    nth = 0
    for other in screen.elements:
        if other.key == element.key:
            return Way("kind", name, nth)
        if _kind(screen, other, platform) == name:
            if other.repeated or other.conditional:
                return None
            nth += 1
    return None


_CELLS = ("XCUIElementTypeCollectionView", "XCUIElementTypeTable")
_BUTTON = "XCUIElementTypeButton"

_VIEWS = ("androidx.recyclerview.widget.RecyclerView", "android.widget.ListView", "android.widget.GridView")
_NATIVE = ("FlatList", "SectionList", "VirtualizedList", "ScrollView")
_LISTS: Mapping[tuple[Framework, Platform], Mapping[str, str]] = {
    # RecyclerView and AbsListView tell their own names (getAccessibilityClassName), a subclass included.
    ("android", "android"): {name: name for name in _VIEWS},
    # All lists of React Native are scroll views; on Android the name is that of ReactScrollView's parent.
    ("react_native", "android"): dict.fromkeys(_NATIVE, "android.widget.ScrollView"),
    ("react_native", "ios"): dict.fromkeys(_NATIVE, "XCUIElementTypeScrollView"),
    # SwiftUI's List is a collection view since iOS 16.
    ("ios", "ios"): {name: name for name in (*_CELLS, "XCUIElementTypeScrollView")},
    # A lazy column of Compose tells a collection and stays a plain view, and what Flutter scrolls is a scroll view only
    # while there is more than the screen holds: there an identifier alone tells the list.
}
"""For framework and platform the class of a list at run time, by that of the source."""


def _by_row(screen: AppScreen, element: AppElement, locator: Locator, platform: Platform) -> Way | None:
    """By its place in a list. Other things to tap above it are counted on iOS alone, where each fills a cell.

    Words of React Native that take a tap are words to iOS like any others, which are no rows.
    """
    if platform == "ios" and screen.framework == "react_native" and element.class_name == "Text":
        return None
    name = _LISTS.get((screen.framework, platform), {}).get(locator.within, "")
    if locator.value:
        holder = Way(_how(screen.framework, platform, "id"), locator.value)
    elif name:
        holder = Way("kind", name)
    else:
        return None
    if screen.framework != "ios":
        return None if locator.nth else Way("row", "", 0, "", holder)
    of = _cell(element, name)
    return Way("row", "", locator.nth, of, holder) if of and (name in _CELLS or not locator.nth) else None


def _cell(element: AppElement, holder: str) -> str:
    """What a row of a list of iOS is; SwiftUI puts the button into a cell that takes no tap itself."""
    if element.class_name == "XCUIElementTypeCell":
        return element.class_name
    if element.class_name != _BUTTON:
        return ""
    return f"XCUIElementTypeCell/{_BUTTON}" if holder in _CELLS else _BUTTON


def _kind(screen: AppScreen, element: AppElement, platform: Platform) -> str:
    if (screen.framework, element.type) in _UNTOLD:
        return ""
    if platform == "ios" and element.type == "text_input" and element.entry and element.entry.multiline:
        return "XCUIElementTypeTextView"
    return _KINDS[platform].get(element.type, "")
