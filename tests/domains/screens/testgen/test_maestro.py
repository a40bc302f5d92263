"""Maestro flows: valid by its published commands and fields, and the same steps as the plan's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import yaml
from tests.domains.screens.testgen import shop

from samouk.domains.screens.appmodel.building import ModelBuilder
from samouk.domains.screens.appmodel.model import AppModel
from samouk.domains.screens.source.widgets import Entry, Framework, Place, Sight, SourceScreen, Widget, Words
from samouk.domains.screens.testgen import maestro
from samouk.domains.screens.testgen.finding import Way
from samouk.domains.screens.testgen.plan import plan

# Names of commands and fields that Maestro takes (its YAML model of 2025-01).
_COMMANDS = """
    tapOn doubleTapOn longPressOn assertVisible assertNotVisible assertTrue assertNoDefectsWithAI assertWithAI
    extractTextWithAI back clearKeychain hideKeyboard pasteText scroll inputText inputRandomText inputRandomNumber
    inputRandomEmail inputRandomPersonName launchApp swipe openLink openBrowser pressKey eraseText action takeScreenshot
    extendedWaitUntil stopApp killApp clearState runFlow setLocation repeat copyTextFrom runScript waitForAnimationToEnd
    evalScript scrollUntilVisible travel startRecording stopRecording addMedia setAirplaneMode toggleAirplaneMode
    retry"""
COMMANDS = frozenset(_COMMANDS.split())
BARE = frozenset({"back", "hideKeyboard", "scroll", "eraseText", "launchApp", "waitForAnimationToEnd"})
_SELECTOR = """
    text id width height tolerance optional retryTapIfNoChange waitUntilVisible point start end below above leftOf
    rightOf containsChild containsDescendants traits index enabled selected checked focused repeat delay
    waitToSettleTimeoutMs childOf label"""
SELECTOR = frozenset(_SELECTOR.split())
SELECTING = ("tapOn", "assertVisible", "assertNotVisible")


def widget(index: int, class_name: str, **told: Any) -> Widget:
    return Widget(
        index=index, parent=0 if index else -1, name="x", class_name=class_name, place=Place("a.kt", index + 1), **told
    )


def app(framework: Framework = "android", name: str = "org.example") -> AppModel:
    entry = Entry("email", max_length=60)
    first = (
        widget(0, "android.widget.LinearLayout"),
        widget(1, "android.widget.EditText", identifier="email", interactive=True, entry=entry),
        widget(
            2, "android.widget.EditText", hint=Words("PIN"), interactive=True, password=True, entry=Entry("password")
        ),
        widget(3, "android.widget.Switch", identifier="remember", interactive=True, checkable=True),
        widget(
            4, "android.widget.CheckBox", text=Words("Terms (all)"), interactive=True, checkable=True, checked=False
        ),
        widget(5, "android.widget.Button", text=Words("Pay $5.00 + ${tax}"), interactive=True, leads_to="Done"),
        widget(6, "android.widget.Button", interactive=True),
        widget(7, "android.widget.Button", text=Words("Again"), interactive=True, conditional=True),
        widget(8, "android.widget.Button", text=Words("Later"), interactive=True),
        widget(9, "android.widget.Button", text=Words("Last"), interactive=True),
    )
    second = (
        widget(0, "android.widget.LinearLayout"),
        widget(1, "android.widget.TextView", text=Words("Спасибо"), identifier="thanks"),
        widget(2, "android.widget.Button", text=Words("Close"), interactive=True),
    )
    screens = (
        SourceScreen(name="Pay", place=Place("a.kt", 1), widgets=first, entry=True, title=Words("Pay")),
        SourceScreen(name="Done", place=Place("b.kt", 1), widgets=second),
    )
    return ModelBuilder().build([Sight(framework=framework, app=name, screens=screens)])


def flows(model: AppModel) -> dict[str, tuple[dict[str, Any], list[Any]]]:
    found = {}
    for file in maestro.files(model, plan(model)):
        if not file.path.endswith("config.yaml"):
            head, commands = yaml.safe_load_all(file.head)
            found[file.path] = (head, commands)
    return found


def selectors(commands: list[Any]) -> Iterator[dict[str, Any]]:
    for command in commands:
        if isinstance(command, str):
            assert command in BARE
            continue
        ((name, told),) = command.items()
        assert name in COMMANDS
        if name in SELECTING:
            yield told
        elif name == "hideKeyboard":
            assert told == {"optional": True}
        elif name == "scrollUntilVisible":
            assert set(told) <= {"element", "direction", "timeout", "speed", "visibilityPercentage", "centerElement"}
            yield told["element"]
        elif name == "runFlow":
            assert set(told) == {"when", "commands"}
            yield told["when"]["visible"]
            yield from selectors(told["commands"])


@pytest.mark.parametrize("framework", ["android", "compose", "flutter", "react_native", "ios"])
def test_flows_are_valid_by_maestros_own_lists(framework: Framework) -> None:
    found = flows(app(framework))
    assert len(found) >= 8
    for head, commands in found.values():
        assert set(head) == {"appId", "name", "tags"}
        for told in selectors(commands):
            assert set(told) <= SELECTOR
            for pattern in (told.get("id"), told.get("text")):
                if pattern is not None:
                    re.compile(pattern.replace("\\${", "${").replace("${", "$\\{"))


def test_each_flow_names_the_line_that_it_comes_from() -> None:
    for file in maestro.files(app(), plan(app())):
        if not file.path.endswith("config.yaml"):
            assert re.search(r"^# From [ab]\.kt:\d+$", file.head, re.MULTILINE)


def test_a_form_is_filled_and_the_next_screen_seen() -> None:
    (path,) = (path for path in flows(app()) if "opens_done" in path)
    _, commands = flows(app())[path]
    assert commands[0] == {"launchApp": {"clearState": True}}
    typed = [command["inputText"] for command in commands if isinstance(command, dict) and "inputText" in command]
    assert len(typed) == 2
    assert commands[-1] == {"assertVisible": {"id": "thanks"}}
    tapped = [
        command["tapOn"]["text"]
        for command in commands
        if isinstance(command, dict) and "text" in command.get("tapOn", {})
    ]
    assert tapped[-1] == "Pay \\$5\\.00 \\+ \\$\\{tax\\}"


def test_a_switch_is_turned_from_either_state() -> None:
    (path,) = (path for path in flows(app()) if "remember" in path)
    found = [
        command["runFlow"] for command in flows(app())[path][1] if isinstance(command, dict) and "runFlow" in command
    ]
    assert [one["when"]["visible"]["checked"] for one in found] == [True, False]
    assert [one["commands"][1]["assertVisible"]["checked"] for one in found] == [False, True]


def test_a_checkbox_whose_state_is_told_is_checked_for_it() -> None:
    (path,) = (path for path in flows(app()) if "terms" in path)
    states = [told["checked"] for told in selectors(flows(app())[path][1]) if "checked" in told]
    assert states == [False, True, False]


def test_what_waits_is_tagged_and_says_why() -> None:
    waiting = {path for path, (head, _) in flows(app()).items() if maestro.WAITING in head["tags"]}
    assert any("again" in path for path in waiting)
    (config,) = (file.head for file in maestro.files(app(), plan(app())) if file.path.endswith("config.yaml"))
    assert yaml.safe_load(config)["excludeTags"] == [maestro.WAITING]


def test_other_alphabets_are_not_typed_for_maestro_cannot_on_android() -> None:
    for _, commands in flows(app()).values():
        for command in commands:
            if isinstance(command, dict) and "inputText" in command:
                assert command["inputText"].isascii()


def test_what_only_a_class_finds_is_left_out() -> None:
    named = ("pay", "again", "close", "later", "last")
    assert not any("button_" in path and not any(word in path for word in named) for path in flows(app()))
    with pytest.raises(ValueError, match="class"):
        maestro.selector(Way("kind", "android.widget.Button"))


def test_an_identifier_with_data_is_a_pattern() -> None:
    """Maestro compares whole identifiers, and by patterns."""
    assert maestro.selector(Way("tag_start", "a.row-")) == {"id": r"a\.row-.*"}


def test_an_app_without_a_name_takes_it_from_the_environment() -> None:
    for head, _ in flows(app(name="")).values():
        assert head["appId"] == "${APP_ID}"


def test_an_app_for_two_platforms_takes_its_name_from_the_environment() -> None:
    """One name in the source is that of one platform."""
    for framework in ("flutter", "react_native"):
        both = app(framework)
        assert both.platforms == ("android", "ios")
        assert {head["appId"] for head, _ in flows(both).values()} == {"${APP_ID}"}
        (config,) = (file.head for file in maestro.files(both, plan(both)) if file.path.endswith("config.yaml"))
        assert "maestro test -e APP_ID=org.example maestro" in config
        one = replace(both, platforms=("android",))
        assert {head["appId"] for head, _ in flows(one).values()} == {"org.example"}


def test_no_check_is_made_twice_in_a_row() -> None:
    """Nor right before one that says the same and more."""
    for framework in ("android", "compose", "ios"):
        for path, (_, commands) in flows(app(framework)).items():
            shown = [one.get("assertVisible") if isinstance(one, dict) else None for one in commands]
            for one, following in pairwise(shown):
                assert one is None or following is None or not one.items() <= following.items(), path


def test_a_keyboard_that_ios_does_not_hide_fails_nothing() -> None:
    def hiding(framework: Framework) -> list[Any]:
        every = [one for _, commands in flows(app(framework)).values() for one in commands]
        return [one for one in every if "hideKeyboard" in one]

    assert hiding("ios")[0] == {"hideKeyboard": {"optional": True}}
    assert hiding("android")[0] == "hideKeyboard"


TWINS = shop.model(
    shop.screen(
        "start",
        *(
            shop.element(f"news_{nth}", "switch", shop.found_by("text", "News", nth=nth, unique=False), checkable=True)
            for nth in range(2)
        ),
        *(
            shop.element(
                f"note_{nth}", "text_input", shop.found_by("id", "note", nth=nth, unique=False), entry=Entry("text")
            )
            for nth in range(2)
        ),
        entry=True,
    )
)


def test_the_state_of_one_of_several_is_not_asked_for() -> None:
    """Maestro counts ``index`` among what matches all other fields, states too."""
    told = [one for _, commands in flows(TWINS).values() for one in selectors(commands)]
    assert {"id": "note", "index": 1} in told
    assert not any("index" in one and {"enabled", "checked", "text"} & {*one} - {"text"} for one in told)
    assert not any("id" in one and "text" in one and "index" in one for one in told)
    assert not any("turns_on" in path for path in flows(TWINS))


def rows_of(name: str, *, first_words: bool = True, kind: str = "list_item", **told: Any) -> list[dict[str, Any]]:
    """How flows are told a row of a list."""
    place = shop.found_by("row", name, within="ListView", first_words=first_words)
    row = shop.element("row", kind, place, repeated=True, **told)
    made = shop.model(shop.screen("notes", row, framework="compose", entry=True))
    return [one for _, commands in flows(made).values() for one in selectors(commands) if "childOf" in one]


def test_a_row_is_the_first_words_in_its_list() -> None:
    """Of a list with an identifier; Maestro finds no other."""
    found = {"text": ".+", "childOf": {"id": "notes"}, "index": 0}
    assert rows_of("notes") and all(one == found for one in rows_of("notes"))
    assert rows_of("") == []


def test_where_other_words_may_come_first_a_row_is_not_tested() -> None:
    """A header would be tapped in its place, and pass for a row where there is none."""
    assert rows_of("notes", first_words=False) == []


def test_the_state_of_a_row_is_not_asked_for() -> None:
    """Maestro finds the words of it, not what turns."""
    assert rows_of("alarms", kind="switch", checkable=True, checked=False) == []


@pytest.mark.parametrize(("platforms", "flown"), [(("android",), True), (("android", "ios"), False)])
def test_what_ios_swallows_is_in_no_flow_for_both_platforms(platforms: tuple[Any, ...], flown: bool) -> None:
    inner = shop.by_id("inner", "button", swallowed=True)
    home = shop.screen("home", inner, shop.by_id("ok", "button"), framework="react_native", entry=True)
    told = [one for _, commands in flows(shop.model(home, platforms=platforms)).values() for one in selectors(commands)]
    assert any(one.get("id") == "inner" for one in told) == flown
    assert any(one.get("id") == "ok" for one in told)


def test_compose_is_asked_for_what_was_typed_once_a_placeholder_has_gone() -> None:
    entry = Entry("text", max_length=20)
    form = shop.screen(
        "form", shop.element("note", "text_input", shop.found_by("hint", "Note"), entry=entry), framework="compose"
    )
    made = shop.model(replace(form, entry=True))
    (commands,) = (commands for path, (_, commands) in flows(made).items() if "20_characters" in path)
    tapped = [one["tapOn"] for one in commands if isinstance(one, dict) and "tapOn" in one]
    typed = [one["inputText"] for one in commands if isinstance(one, dict) and "inputText" in one]
    assert tapped == [{"text": "Note"}, {"text": typed[0]}]
