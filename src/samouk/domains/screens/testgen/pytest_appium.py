"""A suite for pytest and Appium: page objects, ways to the screens, a test file a screen, and what runs them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files as packaged

from samouk.domains.screens.appmodel.model import AppElement, AppModel, AppScreen
from samouk.domains.screens.testgen.cases import Block, Case, Generated, Plan
from samouk.domains.screens.testgen.finding import found_everywhere, platforms_of
from samouk.domains.screens.testgen.landmarks import landmarks
from samouk.domains.screens.testgen.plan import name_of, untested
from samouk.domains.screens.testgen.pytest_code import call, comment, docstring, imported, literal
from samouk.domains.screens.testgen.pytest_names import names
from samouk.domains.screens.testgen.pytest_pages import Steps, Suite, at, navigation, opens_alone, page_object, variable
from samouk.domains.screens.testgen.testability import remedy_for
from samouk.domains.screens.testgen.waiting import waiting

_HOOK = "reset_app"

_FILES = packaged("samouk.domains.screens.testgen") / "suite"


def files(model: AppModel, plan: Plan) -> tuple[Generated, ...]:
    """The whole suite, relative to the output folder. Takes plans for drivers outside the app."""
    finds = found_everywhere(model)
    suite = Suite(
        model=model,
        plan=plan,
        finds=finds,
        marks=landmarks(model, finds, asks=plan.asks),
        names=names(model),
        reasons=waiting(model, plan, finds),
        lost={one.screen: one.reason for one in plan.unreached},
    )
    left = untested(model, finds)
    screens = [screen for screen in model.screens if _has_something(suite, screen)]
    return (
        _conftest(model),
        Generated("pytest.ini", _text("pytest.ini")),
        Generated("requirements.txt", _text("requirements.txt")),
        Generated("README.md", _readme(model)),
        Generated("pages/__init__.py", '"""Page objects of the app."""\n'),
        Generated("pages/base.py", _text("base.py")),
        navigation(suite),
        *(page_object(suite, screen) for screen in screens),
        *_tests(suite, screens, left),
    )


def _has_something(suite: Suite, screen: AppScreen) -> bool:
    """Whether tests name the screen: with cases of its own, or because something leads to it."""
    steps = (step for case in suite.plan.cases for step in (*case.way, *case.steps))
    return any(step.screen == screen.key for step in steps)


def _text(name: str) -> str:
    return (_FILES / f"{name}.txt").read_text(encoding="utf-8")


def _conftest(model: AppModel) -> Generated:
    """What a person fills is a block by itself: the rest still follows later runs."""
    told = "".join(f"{literal(one)}, " for one in model.platforms).rstrip()
    platforms = f"({told if len(model.platforms) == 1 else told.rstrip(',')})"
    text = _text("conftest.py").replace('PLATFORMS = ("android", "ios")', f"PLATFORMS = {platforms}")
    text = text.replace('APP_ID = ""', f"APP_ID = {literal(model.app)}")
    if any(screen.dialog for screen in model.screens):  # iOS would answer those by itself, before a test sees them
        text = text.replace("ACCEPT_ALERTS = True", "ACCEPT_ALERTS = False")
    head, start, hook = text.partition(f"def {_HOOK}(")
    return Generated("conftest.py", head, (Block(_HOOK, start + hook),))


def _readme(model: AppModel) -> str:
    first = model.platforms[0] if model.platforms else "android"
    told = {
        "@DRIVER@": "uiautomator2" if first == "android" else "xcuitest",
        "@FILE@": "app.apk" if first == "android" else "App.app",
        "@PLATFORM@": first,
        "@PLATFORMS@": " or ".join(f"`{one}`" for one in model.platforms),
    }
    text = _text("README.md")
    for name, value in told.items():
        text = text.replace(name, value)
    return text


def _tests(
    suite: Suite, screens: Sequence[AppScreen], left: Sequence[tuple[AppScreen, AppElement]]
) -> Iterator[Generated]:
    for screen in suite.model.screens:
        cases = [case for case in suite.plan.cases if case.screen == screen.key]
        lacking = [element for one, element in left if one is screen]
        blocks = [*(_test(suite, case) for case in cases), *_not_tested(suite, screen, lacking)]
        if blocks:
            module = suite.names.modules[screen.key]
            waits = sum((case.screen, case.key) in suite.reasons for case in cases)
            path = f"tests/test_{module}.py"
            yield Generated(path, _head(suite, screen, cases), tuple(blocks), len(cases), waits)


def _head(suite: Suite, screen: AppScreen, cases: Sequence[Case]) -> str:
    pages = sorted({(suite.names.modules[key], suite.page(key)) for case in cases for key in _opened(case)})
    walks = any(not opens_alone(case) for case in cases)
    own = [*(["from pages import navigation"] if walks else [])]
    own += [imported(f"pages.{module}", [name]) for module, name in pages]
    marks = [*_marks(suite, screen)]
    lines = [docstring(f"What {screen.name} shows and does ({at(screen.place)}).", 0)]
    if cases:
        lines += ["", "from __future__ import annotations", "", "import pytest"]
        lines += ["from appium.webdriver.webdriver import WebDriver", "", *own]
    if marks and cases:
        lines += ["", _pytestmark(marks)]
    return "\n".join(lines) + "\n"


def _pytestmark(marks: Sequence[tuple[str, str]]) -> str:
    if len(marks) == 1:
        name, argument = marks[0]
        return call(f"pytestmark = pytest.mark.{name}", [argument])
    items = [call(f"pytest.mark.{name}", [argument], 4) for name, argument in marks]
    return "pytestmark = [\n" + "".join(f"{one},\n" for one in items) + "]"


def _marks(suite: Suite, screen: AppScreen) -> Iterator[tuple[str, str]]:
    """What holds for all tests of a screen: marks and their arguments."""
    platforms = platforms_of(suite.model, screen)
    if set(platforms) != set(suite.model.platforms):
        yield "only_on", ", ".join(literal(one) for one in platforms)
    if screen.key in suite.lost:
        reason = f"no way is known to this screen, see pages/navigation.py: {suite.lost[screen.key]}"
        yield "skip", f"reason={literal(reason)}"


def _opened(case: Case) -> Iterator[str]:
    """Screens whose page objects a test makes."""
    if opens_alone(case):
        yield case.screen
        return
    for step in case.steps:
        if step.verb == "at" and step.screen != case.screen:
            yield step.screen


def _test(suite: Suite, case: Case) -> Block:
    lines = [f"@pytest.mark.{_kind(case)}"]
    reason = suite.reasons.get((case.screen, case.key), "")
    if reason and case.screen not in suite.lost:
        lines.append(call("@pytest.mark.skip", [f"reason={literal(reason)}"]))
    name = f"test_{case.key}"
    lines.append(call(f"def {name}", ["driver: WebDriver"], tail=" -> None:"))
    lines.append(docstring(f"{case.title} ({at(case.place)})."))
    if opens_alone(case):
        lines.append(f"    {suite.page(case.screen)}(driver).should_be_open()")
    else:
        module = suite.names.modules[case.screen]
        page = variable(module)
        lines += [f"    {page} = navigation.open_{module}(driver)", ""]
        lines += Steps(suite, {case.screen: page}).lines(case.steps)
    return Block(name, "\n".join(lines) + "\n", at(case.place))


def _kind(case: Case) -> str:
    verbs = {step.verb for step in case.steps}
    if not case.touches:
        return "navigation" if "back" in verbs else "screen"
    if "at" in verbs:
        return "navigation"
    if "type" in verbs:
        return "inputs"
    if verbs & {"checked", "unchecked", "flips"}:
        return "toggles"
    return "lists" if "some" in verbs else "elements"


def _not_tested(suite: Suite, screen: AppScreen, lacking: Sequence[AppElement]) -> Iterator[Block]:
    """A note on what no test can touch, and what to add for it."""
    if not lacking:
        return
    lines = ["# Not tested, for nothing finds them. To have tests, add:"]
    for element in lacking:
        remedy = remedy_for(element, screen, suite.model)
        lines.append(f"# - {comment(name_of(element))}, {comment(at(element.place))}: {comment(remedy.line)}")
        lines.append(f"#   {comment(remedy.how)}")
    yield Block("not_tested", "\n".join(lines) + "\n")
