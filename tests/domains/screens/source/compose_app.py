"""Small Compose apps for tests: Kotlin and string resources in memory, read as the reader reads files."""

from __future__ import annotations

from collections.abc import Mapping

from samouk.domains.screens.source.compose.reader import READER
from samouk.domains.screens.source.widgets import Sight, SourceScreen, Widget

STRINGS = """<resources>
    <string name="app_name">Diary</string>
    <string name="save">Save</string>
    <string name="back">Back</string>
    <string name="hello">Hello, %1$s!</string>
    <string name="again">@string/save</string>
    <string name="quoted">  Don\\'t   stop  </string>
    <plurals name="days"><item quantity="one">%d day</item><item quantity="other">%d days</item></plurals>
    <string-array name="moods"><item>Good</item><item>@string/app_name</item></string-array>
</resources>"""

ACTIVITY = """package org.example.diary
class MainActivity : ComponentActivity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContent { %s }
    }
}
"""


def seen(kotlin: str = "", files: Mapping[str, str] | None = None, content: str = "MainScreen()") -> Sight:
    """What the reader sees of an app whose one activity sets ``content``; ``kotlin`` declares what that calls.

    More ``files`` come by path; one of ``app/src/main/res/values/strings.xml`` takes the place of ``STRINGS``.
    """
    source = {
        "app/src/main/java/MainActivity.kt": ACTIVITY % content,
        "app/src/main/java/Screens.kt": f"package org.example.diary\n{kotlin}",
        "app/src/main/res/values/strings.xml": STRINGS,
        **(files or {}),
    }
    return READER.link({path: READER.extract(path, text.encode()) for path, text in sorted(source.items())})


def shown(body: str, beside: str = "", files: Mapping[str, str] | None = None) -> SourceScreen:
    """The screen of a composable with that body."""
    return seen(f"{beside}\n@Composable\nfun MainScreen() {{\n{body}\n}}", files).screens[0]


def acting(screen: SourceScreen) -> list[Widget]:
    """What a person can act on."""
    return [widget for widget in screen.widgets if widget.interactive]


def only(body: str, beside: str = "", files: Mapping[str, str] | None = None) -> Widget:
    """The one thing in a body that a person can act on."""
    (widget,) = acting(shown(body, beside, files))
    return widget


def screen_of(sight: Sight, name: str) -> SourceScreen:
    """A screen by name."""
    return next(screen for screen in sight.screens if screen.name == name)
