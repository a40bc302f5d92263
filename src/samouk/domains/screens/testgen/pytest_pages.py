"""Page objects: one class a screen, one property an element, and the ways that lead to the screens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from samouk.domains.screens.appmodel.model import AppElement, AppModel, AppScreen
from samouk.domains.screens.source.widgets import Place
from samouk.domains.screens.testgen.cases import Block, Case, Generated, Plan, Step
from samouk.domains.screens.testgen.finding import Finds, Way, platforms_of, shows_title, title_way, way
from samouk.domains.screens.testgen.landmarks import TITLE, Landmarks
from samouk.domains.screens.testgen.plan import INPUTS, TOGGLES, name_of
from samouk.domains.screens.testgen.pytest_code import argument, call, comment, constant, docstring, imported, literal
from samouk.domains.screens.testgen.pytest_names import Names

_MAKERS = {
    "resource": "resource",
    "tag": "tag",
    "tag_start": "tag_start",
    "label": "label",
    "label_start": "label_start",
    "text": "text",
    "text_start": "text_start",
    "hint": "hint",
    "row": "row",
    "kind": "kind",
}
"""Functions of pages/base.py by the way that they make."""


@dataclass(frozen=True, slots=True)
class Suite:
    """What all files of a suite are written from.

    Attributes:
        reasons: why cases wait for a person, by keys of screen and case.
        lost: why screens are not reached, by key.
    """

    model: AppModel
    plan: Plan
    finds: Finds
    marks: Mapping[str, Landmarks]
    names: Names
    reasons: Mapping[tuple[str, str], str]
    lost: Mapping[str, str]

    def ways(self) -> dict[str, tuple[Step, ...]]:
        """The way to each screen that has tests and is reached."""
        return {case.screen: case.way for case in self.plan.cases if case.way}

    def page(self, screen: str) -> str:
        """The class of a screen's page object."""
        return self.names.classes[screen]


def control(element: AppElement) -> str:
    """The class of pages/base.py that an element's property gives."""
    if element.type in INPUTS:
        return "Input"
    return "Toggle" if element.type in TOGGLES or element.type == "radio_button" or element.checkable else "Control"


def at(place: Place) -> str:
    """A line of the source, as people and editors write it."""
    return f"{place.file}:{place.line}"


def page_object(suite: Suite, screen: AppScreen) -> Generated:
    """The module of one screen's page object."""
    properties = [*_title(suite, screen)]
    used = {"Control"} if properties else set()
    makers = {_MAKERS[one.how] for one in _title_ways(suite, screen).values()} if properties else set()
    for element in _told(suite, screen):
        ways = _ways(suite, screen, element)
        properties.append(_property(suite.names.attributes[screen.key, element.key], element, screen, ways))
        used.add(control(element))
        makers |= {_MAKERS[one.how] for way in ways.values() for one in (way, way.within) if one is not None}
    head = _head(suite, screen, sorted({"Page", *used}), sorted(makers), bool(properties))
    return Generated(f"pages/{suite.names.modules[screen.key]}.py", head, tuple(properties))


def _head(suite: Suite, screen: AppScreen, classes: list[str], makers: list[str], cached: bool) -> str:
    marks = suite.marks[screen.key].shown
    names = ["title" if one == TITLE else suite.names.attributes[screen.key, one] for one in marks]
    lines = [
        docstring(f"The screen {screen.name}.", 0),
        "",
        "from __future__ import annotations",
        "",
        *(["from functools import cached_property", ""] if cached else []),
        imported("pages.base", [*classes, *makers]),
        "",
        "",
        f"class {suite.page(screen.key)}(Page):",
        docstring(f"{screen.name}, as {at(screen.place)} declares it."),
        "",
        constant("NAME", screen.name, 4),
        constant("SOURCE", at(screen.place), 4),
        _landmarks([literal(one) for one in names]),
        *(["    ONE_OF = True"] if suite.marks[screen.key].one_of else []),
    ]
    return "\n".join(lines) + "\n"


def _landmarks(names: list[str]) -> str:
    if len(names) == 1:
        return f"    LANDMARKS = ({names[0]},)"
    return call("LANDMARKS = ", names, 4)


def _told(suite: Suite, screen: AppScreen) -> Iterator[AppElement]:
    """Elements that tests, and people who write more of them, may want."""
    marks = suite.marks[screen.key].shown
    steps = {
        step.element for case in suite.plan.cases for step in (*case.way, *case.steps) if step.screen == screen.key
    }
    for element in screen.elements:
        if suite.finds(screen, element) and (element.interactive or element.key in marks or element.key in steps):
            yield element


def _ways(suite: Suite, screen: AppScreen, element: AppElement) -> dict[str, Way]:
    told = ((name, way(screen, element, name)) for name in platforms_of(suite.model, screen))
    return {name: found for name, found in told if found is not None}


def _title_ways(suite: Suite, screen: AppScreen) -> dict[str, Way]:
    return {name: title_way(screen, name) for name in platforms_of(suite.model, screen)}


def _title(suite: Suite, screen: AppScreen) -> Iterator[Block]:
    if shows_title(screen):
        ways = _title_ways(suite, screen)
        arguments = ["self", '"title"', literal(at(screen.place)), *_way_arguments(ways)]
        yield _block("title", "Control", "The words of the top bar.", arguments, screen.place)


def _property(name: str, element: AppElement, screen: AppScreen, ways: Mapping[str, Way]) -> Block:
    told = f"{name_of(element)} ({element.type.replace('_', ' ')})."
    arguments = ["self", literal(name_of(element)), literal(at(element.place)), *_way_arguments(ways)]
    if element.repeated:
        arguments.append("many=True")
    return _block(name, control(element), told, arguments, element.place)


def _block(name: str, kind: str, told: str, arguments: list[str], place: Place) -> Block:
    text = (
        f"    @cached_property\n    def {name}(self) -> {kind}:\n{docstring(told, 8)}\n"
        f"{call(f'return {kind}', arguments, 8, apart=True)}\n"
    )
    return Block(name, text, at(place))


def _way_arguments(ways: Mapping[str, Way]) -> Iterator[str]:
    for platform, one in ways.items():
        place = [f"nth={one.nth}"] if one.nth else []
        kind = [f"of={literal(one.of)}"] if one.of else []
        told = literal(one.value) if one.within is None else f"{_MAKERS[one.within.how]}({literal(one.within.value)})"
        yield argument(platform, _MAKERS[one.how], [told, *place, *kind], 12)


# The ways to screens.


def navigation(suite: Suite) -> Generated:
    """The module with a function for each screen that leads there from where the app opens."""
    screens = [screen for screen in suite.model.screens if any(case.screen == screen.key for case in suite.plan.cases)]
    imports = sorted((suite.names.modules[screen.key], suite.page(screen.key)) for screen in screens)
    lines = [
        '"""The shortest way from where the app opens to each of its screens."""',
        "",
        "from __future__ import annotations",
        "",
        "from appium.webdriver.webdriver import WebDriver",
        "",
        *(imported(f"pages.{module}", [name]) for module, name in imports),
    ]
    ways = suite.ways()
    blocks = tuple(_way_to(suite, screen, ways) for screen in screens)
    return Generated("pages/navigation.py", "\n".join(lines) + "\n", blocks)


def _way_to(suite: Suite, screen: AppScreen, ways: Mapping[str, tuple[Step, ...]]) -> Block:
    module, name = suite.names.modules[screen.key], suite.page(screen.key)
    body = [call(f"def open_{module}", ["driver: WebDriver"], tail=f" -> {name}:")]
    if screen.key in ways:
        body += _walk(suite, screen, ways)
    else:
        reason = comment(suite.lost.get(screen.key, "")).rstrip(".")
        body.append(docstring(f"No way is known: {reason}. Write it here."))
        body.append(f"    return {name}(driver).should_be_open()")
    return Block(f"open_{module}", "\n".join(body) + "\n", at(screen.place))


def _walk(suite: Suite, screen: AppScreen, ways: Mapping[str, tuple[Step, ...]]) -> list[str]:
    steps = ways[screen.key]
    start = _longest_start(screen.key, steps, ways)
    rest = steps[len(ways[start]) :] if start else steps
    name = suite.page(screen.key)
    if not start:
        return [docstring(f"The app opens on {screen.name}."), f"    return {name}(driver).should_be_open()"]
    from_name = suite.names.modules[start]
    lines = [
        docstring(f"From {suite.model.by_key[start].name} to {screen.name}."),
        f"    {variable(from_name)} = open_{from_name}(driver)",
    ]
    writer = Steps(suite, {start: variable(from_name)})
    lines += writer.lines(rest[:-1])
    return [*lines, f"    return {name}(driver).should_be_open()"]


def _longest_start(key: str, steps: tuple[Step, ...], ways: Mapping[str, tuple[Step, ...]]) -> str:
    starts = [one for one, way in ways.items() if one != key and steps[: len(way)] == way and len(way) < len(steps)]
    return max(starts, key=lambda one: len(ways[one]), default="")


# What steps are in Python.

LONGEST_VARIABLE = 28
"""Characters; a longer name would break most lines on which it stands."""

_CALLS = {
    "tap": "tap",
    "type": "enter",
    "scroll_to": "scroll_into_view",
    "given": "only_if_shown",
    "shown": "should_be_shown",
    "usable": "should_be_usable",
    "reads": "should_read",
    "holds": "should_hold",
    "holds_not": "should_not_hold",
    "masked": "should_mask",
    "checked": "should_be_on",
    "unchecked": "should_be_off",
    "flips": "should_flip",
    "some": "should_be_some",
}


def variable(module: str) -> str:
    """What a page object is called where it is used."""
    return module if len(module) <= LONGEST_VARIABLE else "page"


class Steps:
    """Writes steps; knows which page objects stand in which variable."""

    def __init__(self, suite: Suite, held: dict[str, str]) -> None:
        self._suite = suite
        self._held = held

    def lines(self, steps: tuple[Step, ...]) -> list[str]:
        """Statements, indented by four."""
        return [self._line(step, steps[at + 1 :]) for at, step in enumerate(steps)]

    def _line(self, step: Step, later: tuple[Step, ...]) -> str:
        if step.verb == "at":
            return self._open(step.screen, any(one.screen == step.screen and one.verb != "at" for one in later))
        page = self._held[step.screen]
        if step.verb == "back":
            return f"    {page}.back()"
        element = self._suite.names.attributes[step.screen, step.element] if step.element else "title"
        arguments = [literal(step.value)] if step.value else []
        return call(f"{page}.{element}.{_CALLS[step.verb]}", arguments, 4)

    def _open(self, screen: str, used: bool) -> str:
        if screen in self._held:
            return f"    {self._held[screen]}.should_be_open()"
        opened = f"{self._suite.page(screen)}(driver).should_be_open()"
        if not used:
            return f"    {opened}"
        self._held[screen] = variable(self._suite.names.modules[screen])
        return f"    {self._held[screen]} = {opened}"


def opens_alone(case: Case) -> bool:
    """Whether a case does nothing but look at where the app opens."""
    return not case.steps and case.way == (Step("at", case.screen),)
