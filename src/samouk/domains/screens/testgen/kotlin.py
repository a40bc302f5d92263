"""Instrumented tests in Kotlin, run inside an Android app: Compose's test API for its screens, Espresso for views."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from samouk.domains.screens.appmodel.model import AppElement, AppModel, AppScreen, Locator
from samouk.domains.screens.source.widgets import start_of
from samouk.domains.screens.testgen.cases import Block, Case, Generated, Plan, Step
from samouk.domains.screens.testgen.kotlin_base import COMPOSE_IMPORTS, ESPRESSO_IMPORTS, base
from samouk.domains.screens.testgen.landmarks import TITLE, Landmarks, landmarks
from samouk.domains.screens.testgen.plan import INPUTS
from samouk.domains.screens.testgen.plan import plan as planned
from samouk.domains.screens.testgen.waiting import waiting

_PACKAGE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")

_WORD = re.compile(r"[A-Za-z_]\w*")

_COMPOSE: Mapping[str, str] = {
    "tap": ".performClick()",
    "type": ".performTextReplacement({value})",
    "usable": ".assertIsDisplayed().assertIsEnabled()",
    "reads": ".assertTextEquals({value})",
    "holds": ".assertTextContains({value})",
    "holds_not": ".assert(!hasText({value}))",
    "masked": ".assert(keyIsDefined(SemanticsProperties.Password))",
    "checked": ".assertIsOn()",
    "unchecked": ".assertIsOff()",
}
_COMPOSE_CHOICE = {"checked": ".assertIsSelected()", "unchecked": ".assertIsNotSelected()"}
"""Radio buttons, tabs and chips are selected, not switched on."""

_ESPRESSO: Mapping[str, str] = {
    "tap": ".perform(click())",
    "type": ".perform(replaceText({value}), closeSoftKeyboard())",
    "usable": ".check(matches(allOf(isDisplayed(), isEnabled())))",
    "reads": ".check(matches(withText({value})))",
    "holds": ".check(matches(withText({value})))",
    "holds_not": ".check(matches(not(withText({value}))))",
    "masked": ".check(matches(isMasked()))",
    "checked": ".check(matches(isChecked()))",
    "unchecked": ".check(matches(isNotChecked()))",
}
_CALLS: Mapping[str, str] = {"scroll_to": "scrollIfPossible", "shown": "appears", "some": "appears"}
"""Functions of the shared class that take a matcher, not what it found."""

_ACTS = frozenset({"tap", "type", "back"})
_CHOSEN = frozenset({"radio_button", "tab", "chip", "segmented"})


@dataclass(frozen=True, slots=True)
class _Suite:
    model: AppModel
    marks: Mapping[str, Landmarks]
    reasons: Mapping[tuple[str, str], str]


def files(model: AppModel, plan: Plan) -> Sequence[Generated]:
    """One test class a screen of views or Compose, and what they share; nothing for the screens of other frameworks.

    The plan is made anew for what is found inside the app, where Compose's tags need not be resource ids.
    """
    del plan
    own = planned(model, finds)
    suite = _Suite(model, landmarks(model, finds), waiting(model, own, finds))
    classes = [_class(suite, screen, own.cases) for screen in model.screens if _is_ours(screen)]
    made = [one for one in classes if one.blocks]
    frameworks = {screen.framework for screen in _screens(model, own)}
    return [Generated("kotlin/AppTest.kt", base(package_of(model), frameworks)), *made] if made else []


def package_of(model: AppModel) -> str:
    """The app's own package where it is one."""
    return model.app if _PACKAGE.fullmatch(model.app) else "org.example.app"


def finds(screen: AppScreen, element: AppElement) -> bool:
    """What is found inside the app: tags and identifiers, words, hints."""
    return _is_ours(screen) and _matcher(screen, element) is not None


def _screens(model: AppModel, plan: Plan) -> Iterator[AppScreen]:
    """Those on which a test of ours does something, be it only on its way."""
    for case in plan.cases:
        if _is_ours(model.by_key[case.screen]):
            for step in (*case.way, *case.steps):
                if _is_ours(model.by_key[step.screen]):
                    yield model.by_key[step.screen]


def _is_ours(screen: AppScreen) -> bool:
    return screen.framework in ("android", "compose")


def _class(suite: _Suite, screen: AppScreen, cases: Sequence[Case]) -> Generated:
    name = f"{''.join(part.capitalize() for part in screen.key.split('_'))}Test"
    own = [case for case in cases if case.screen == screen.key]
    blocks = [Block(case.key, _test(suite, case)) for case in own]
    if not blocks:
        return Generated(f"kotlin/{name}.kt", "")
    used = frozenset(_WORD.findall(" ".join(block.text for block in blocks)))
    imports = [one for one in (*COMPOSE_IMPORTS, *ESPRESSO_IMPORTS) if one.rpartition(".")[2] in used]
    head = [f"package {package_of(suite.model)}", "", *(f"import {one}" for one in imports), ""]
    head += [f"/** {screen.name}, as {screen.place.file} declares it. */", f"class {name} : AppTest() {{", ""]
    waits = sum((case.screen, case.key) in suite.reasons for case in own)
    return Generated(f"kotlin/{name}.kt", "\n".join(head), (*blocks, Block("end", "}\n")), len(own), waits)


def _test(suite: _Suite, case: Case) -> str:
    reason = suite.reasons.get((case.screen, case.key), "")
    lines = [f"    /** {_comment(case.title)}: {case.place.file}:{case.place.line} */"]
    lines += [f"    @Ignore({_string(reason)})"] if reason else []
    lines += ["    @Test", f"    fun {case.key}() {{"]
    lines += [f"        {line}" for line in _Body(suite).lines((*case.way, *case.steps))]
    return "\n".join([*lines, "    }", ""]) + "\n"


@dataclass(slots=True)
class _Body:
    """The lines of one test, with the inputs that it keeps under a name of its own."""

    suite: _Suite
    kept: dict[tuple[str, str], str] = field(default_factory=dict)

    def lines(self, steps: Sequence[Step]) -> Iterator[str]:
        """What the steps say; a check that was just made is not made again."""
        last = ""
        for step in steps:
            for line in self._step(step):
                if line != last or step.verb in _ACTS:
                    yield line
                last = line

    def _step(self, step: Step) -> Iterator[str]:
        screen = self.suite.model.by_key[step.screen]
        if step.verb == "back":
            yield "pressBack()"
        elif step.verb == "at":
            for key in self.suite.marks[step.screen].shown:
                element = None if key == TITLE else self.suite.model.element(screen.key, key)
                yield _call("appears", screen, element)
        elif not step.element:
            yield _call("appears", screen, None)
        else:
            yield from self._on_element(screen, self.suite.model.element(step.screen, step.element), step)

    def _on_element(self, screen: AppScreen, element: AppElement, step: Step) -> Iterator[str]:
        key = (screen.key, element.key)
        if step.verb == "type" and key not in self.kept and _loses_words(screen, element):
            self.kept[key] = f"input{len(self.kept) + 1}" if self.kept else "input"
            yield f"val {self.kept[key]} = kept({_node(screen, element)})"
        if step.verb in _CALLS:
            # What is kept was in view when it was typed into.
            if key not in self.kept:
                yield _call(_CALLS[step.verb], screen, element)
            return
        node = self.kept.get(key) or _node(screen, element)
        if step.verb == "flips":
            yield f"flips({node})"
            return
        says = _COMPOSE if screen.framework == "compose" else _ESPRESSO
        if screen.framework == "compose" and element.type in _CHOSEN:
            says = {**says, **_COMPOSE_CHOICE}
        yield node + says[step.verb].replace("{value}", _string(step.value))


def _loses_words(screen: AppScreen, element: AppElement) -> bool:
    """Whether it can no longer be found once something is typed: Compose shows a placeholder in an empty input only."""
    found = _matcher(screen, element)
    return screen.framework == "compose" and element.type in INPUTS and found is not None and "hasText" in found[0]


def _call(name: str, screen: AppScreen, element: AppElement | None) -> str:
    """A call of the shared class's with a matcher; without an element that of the screen's title."""
    if element is None:
        words = _string(screen.title)
        return f"{name}({'hasText' if screen.framework == 'compose' else 'withText'}({words}))"
    matcher, nth, alone = _sure(screen, element)
    return f"{name}({matcher})" if alone else f"{name}({matcher}, {nth})"


def _node(screen: AppScreen, element: AppElement) -> str:
    matcher, nth, alone = _sure(screen, element)
    if screen.framework == "compose":
        return f"compose.onNode({matcher})" if alone else f"compose.onAllNodes({matcher})[{nth}]"
    return f"onView({matcher})" if alone else f"onView(nth({matcher}, {nth}))"


def _sure(screen: AppScreen, element: AppElement) -> tuple[str, int, bool]:
    """The matcher of an element that is part of the plan, which was made for what is found."""
    found = _matcher(screen, element)
    if found is None:
        raise LookupError(f"{screen.key}.{element.key}: nothing finds it, and a case asks for it")
    return found


def _matcher(screen: AppScreen, element: AppElement) -> tuple[str, int, bool] | None:
    """The matcher in Kotlin, which of its matches, and whether it is the only one."""
    compose = screen.framework == "compose"
    if compose and element.hidden_identifier:
        start = start_of(element.hidden_identifier)
        strategy, value = ("id_start", start) if start else ("id", element.hidden_identifier)
        return _matcher_of(strategy, value, compose), 0, not (element.repeated or start)
    for one in element.locators:
        says = _matcher_of(one.strategy, one.value, compose) if one.strategy != "row" else _row(one, compose)
        if says:
            return says, 0 if element.repeated else one.nth, one.unique
    return None


def _row(locator: Locator, compose: bool) -> str:
    """What can be tapped in a list with an identifier; of other lists nothing tells which is meant."""
    if not locator.value or locator.nth:
        return ""
    holder = _matcher_of("id", locator.value, compose)
    if compose:
        return f"hasAnyAncestor({holder}) and hasClickAction()"
    return f"allOf(isDescendantOfA({holder}), isClickable())"


def _matcher_of(strategy: str, value: str, compose: bool) -> str:
    words = _string(value)
    match strategy:
        case "id":
            return f"hasTestTag({words})" if compose else f"withResourceName({words})"
        case "id_start":
            return f"tagBegins({words})" if compose else ""  # Android's own ids are names: none has data in it
        case "label":
            return f"hasContentDescription({words})" if compose else f"withContentDescription({words})"
        case "text":
            return f"hasText({words})" if compose else f"withText({words})"
        case "hint":
            return f"hasText({words})" if compose else f"withHint({words})"
        case "text_start":
            return f"hasText({words}, substring = true)" if compose else f"withText(startsWith({words}))"
        case _:
            return ""


def _string(value: str) -> str:
    """A literal of Kotlin's: JSON's escapes are its own, but for ``$``."""
    return json.dumps(value, ensure_ascii=False).replace("$", "\\$")


def _comment(words: str) -> str:
    return words.replace("*/", "* /").replace("/*", "/ *")
