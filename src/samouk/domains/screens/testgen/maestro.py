"""Maestro flows: one file a case, one folder a screen, with a workspace file that leaves out those that wait."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from samouk.domains.screens.appmodel.model import AppElement, AppModel, AppScreen
from samouk.domains.screens.source.widgets import Framework
from samouk.domains.screens.testgen.cases import Case, Generated, Plan, Step
from samouk.domains.screens.testgen.finding import Finds, Way, found_everywhere, platforms_of, title_way, way
from samouk.domains.screens.testgen.landmarks import TITLE, Landmarks, landmarks
from samouk.domains.screens.testgen.plan import plan as planned
from samouk.domains.screens.testgen.waiting import waiting

APP_ID = "${APP_ID}"
"""What ``maestro test -e APP_ID=...`` sets: an app for two platforms need not bear one name on both."""

WAITING = "waiting"
"""Tag of flows that a person must see to first."""

ERASED = 50
"""Characters that are deleted before something is typed; a case types its shorter values first."""

_MEANS = re.compile(r"[\\.^$|?*+()\[\]{}]")
"""Characters that mean something in Kotlin's regular expressions: Maestro matches ids and texts by them, whole."""

_BOTH: frozenset[Framework] = frozenset({"flutter", "react_native"})
"""Frameworks whose apps have one name for Android and another for iOS; the source's is that of one of them."""

_STATES = frozenset({"checked", "unchecked", "flips"})

Command = str | dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Suite:
    model: AppModel
    marks: Mapping[str, Landmarks]
    reasons: Mapping[tuple[str, str], str]


def files(model: AppModel, plan: Plan) -> Sequence[Generated]:
    """Flows with their workspace.

    The plan is made anew for what Maestro finds: identifiers and words, but not classes. What it cannot do is left
    out: text in other alphabets cannot be typed on Android, and going back by the system is Android's alone.
    """
    del plan
    finds = _finds(model)
    own = planned(model, finds)
    suite = _Suite(model, landmarks(model, finds), waiting(model, own, finds))
    flows = [_flow(suite, case) for case in own.cases if _can_be_said(model, case)]
    return [Generated("maestro/config.yaml", _workspace(model)), *flows]


def app_id(model: AppModel) -> str:
    """What every flow says of the app that it is for: its name, or the variable that stands for it."""
    several = len(model.platforms) > 1 and _BOTH.intersection(model.frameworks)
    return APP_ID if several or not model.app else model.app


def selector(found: Way, **state: object) -> dict[str, object]:
    """How Maestro is told an element; ``state`` are further fields, ``enabled`` or ``checked``.

    Maestro counts its ``index`` among what matches all other fields: of several alike, that is another one once a
    state is told too, so none is.

    Raises:
        ValueError: a class, which Maestro knows nothing of.
    """
    match found.how:
        case "resource" | "tag":
            told: dict[str, object] = {"id": literal(found.value)}
        case "tag_start":
            told = {"id": f"{literal(found.value)}.*"}
        case "label" | "text" | "hint":
            told = {"text": literal(found.value)}
        case "text_start" | "label_start":
            told = {"text": f"{literal(found.value)}.*"}
        case "row":
            # What has words, for the list itself would be the first of all that is in it.
            if found.within is None:
                raise ValueError("a row stands in a list")
            return {"text": ".+", "childOf": selector(found.within), "index": found.nth}
        case "kind":
            raise ValueError("Maestro finds nothing by its class")
    return told | ({"index": found.nth} if found.nth else state)


def literal(words: str) -> str:
    """Words as a regular expression that matches just them."""
    return _MEANS.sub(r"\\\g<0>", words)


def _finds(model: AppModel) -> Finds:
    """A flow runs on all platforms of its screen: what one of them does not show is nothing for it."""
    everywhere = found_everywhere(model)
    return lambda screen, element: _way(screen, element) is not None and everywhere(screen, element)


def _way(screen: AppScreen, element: AppElement) -> Way | None:
    """Identifiers and words are the same on both platforms to Maestro: it looks for words in text, label and hint."""
    found = way(screen, element, "ios" if screen.framework == "ios" else "android")
    if found is None or found.how == "kind":
        return None
    # A row is found in a list with an identifier, and only as the first words in it.
    return None if found.within is not None and not (found.within.how != "kind" and _is_first(element)) else found


def _is_first(row: AppElement) -> bool:
    return any(one.strategy == "row" and one.first_words and not one.nth for one in row.locators)


def _sure_way(screen: AppScreen, element: AppElement) -> Way:
    """Of an element that is part of the plan, which was made for what is found."""
    found = _way(screen, element)
    if found is None:
        raise LookupError(f"{screen.key}.{element.key}: nothing finds it, and a case asks for it")
    return found


def _can_be_said(model: AppModel, case: Case) -> bool:
    steps = (*case.way, *case.steps)
    ios = "ios" in platforms_of(model, model.by_key[case.screen])
    return not any(
        (step.verb == "type" and not step.value.isascii())
        or (step.verb == "back" and ios)
        or (step.verb in _STATES and not _is_alone(model, step))
        for step in steps
    )


def _is_alone(model: AppModel, step: Step) -> bool:
    """Whether what finds the element finds nothing else: the state of one of several cannot be asked for."""
    element = model.element(step.screen, step.element)
    first = next((one for one in element.locators if one.value and one.strategy not in ("row", "kind")), None)
    return first is not None and first.unique and not element.repeated


def _workspace(model: AppModel) -> str:
    app, name = app_id(model), model.app or "org.example.app"
    given = f" -e APP_ID={name}" if app == APP_ID else ""
    which = "# APP_ID is the app's name on the platform that it runs on: what is installed, not what it is called.\n"
    return (
        f"# Flows of {model.app or 'the app'}. Run them: maestro test{given} maestro\n{which if given else ''}"
        'flows:\n  - "*/*"\n'
        f"# These wait for somebody to see to them: each file says why.\nexcludeTags:\n  - {WAITING}\n"
    )


def _flow(suite: _Suite, case: Case) -> Generated:
    reason = suite.reasons.get((case.screen, case.key), "")
    app = app_id(suite.model)
    comment = "  # maestro test -e APP_ID=..., see config.yaml" if app == APP_ID else ""
    lines = [
        f"# From {case.place.file}:{case.place.line}",
        *([f"# Waits: {reason}"] if reason else []),
        f"appId: {_yaml(app)}{comment}",
        f"name: {_yaml(f'{suite.model.by_key[case.screen].name}: {case.title}')}",
        "tags:",
        f"  - {case.screen}",
        *([f"  - {WAITING}"] if reason else []),
        "---",
        "- launchApp:",
        "    clearState: true",
    ]
    for command in _once([*_said_by(suite, (*case.way, *case.steps))]):
        lines += _said(command, 0)
    path = f"maestro/{case.screen}/{case.key}.yaml"
    return Generated(path, "\n".join(lines) + "\n", tests=1, waiting=int(bool(reason)))


def _said_by(suite: _Suite, steps: Sequence[Step]) -> Iterator[Command]:
    """The commands of all steps. Compose shows a placeholder in an empty input only: then what was typed finds it."""
    typed: dict[tuple[str, str], Way] = {}
    for step in steps:
        screen, key = suite.model.by_key[step.screen], (step.screen, step.element)
        if step.verb == "type" and screen.framework == "compose":
            found = _sure_way(screen, suite.model.element(*key))
            if found.how != "tag":
                yield from _on_element(step, typed.get(key, found), ios=False)
                typed[key] = Way("text", step.value)
                continue
        yield from _commands(suite, step)


def _once(commands: Sequence[Command]) -> Iterator[Command]:
    """Commands without the checks that the next one makes too: of the same element, and of its state besides."""
    for command, following in zip(commands, [*commands[1:], ""], strict=True):
        if not _holds(command, following):
            yield command


def _holds(command: Command, following: Command) -> bool:
    """Whether the second is a check that says all that the first one says."""
    shown = (one.get("assertVisible") if isinstance(one, dict) else None for one in (command, following))
    first, second = shown
    if not isinstance(first, dict) or not isinstance(second, dict):
        return False
    return {name: told for name, told in second.items() if name in first or name not in ("enabled", "checked")} == first


def _commands(suite: _Suite, step: Step) -> Iterator[Command]:
    screen = suite.model.by_key[step.screen]
    if step.verb == "back":
        yield "back"
    elif step.verb == "at":
        for key in suite.marks[step.screen].shown:
            yield {"assertVisible": _mark(suite, screen, key)}
    elif step.verb == "reads" and not step.element:
        yield {"assertVisible": selector(title_way(screen, "ios" if screen.framework == "ios" else "android"))}
    else:
        ios = "ios" in platforms_of(suite.model, screen)
        yield from _on_element(step, _sure_way(screen, suite.model.element(step.screen, step.element)), ios=ios)


def _mark(suite: _Suite, screen: AppScreen, key: str) -> dict[str, object]:
    if key == TITLE:
        return {"text": literal(screen.title)}
    return selector(_sure_way(screen, suite.model.element(screen.key, key)))


def _on_element(step: Step, found: Way, *, ios: bool) -> Iterator[Command]:
    where = selector(found)
    match step.verb:
        case "tap":
            yield {"tapOn": where}
        case "type":
            yield {"tapOn": where}
            yield {"eraseText": max(ERASED, len(step.value) + 1)}
            yield {"inputText": step.value}
            # iOS has no key for it: Maestro swipes and taps, and what follows may well work with the keyboard there.
            yield {"hideKeyboard": {"optional": True}} if ios else "hideKeyboard"
        case "scroll_to":
            yield {"scrollUntilVisible": {"element": where, "direction": "DOWN"}}
        case "shown" | "some":
            yield {"assertVisible": where}
        case "usable":
            yield {"assertVisible": selector(found, enabled=True)}
        case "reads" | "holds":
            yield {"assertVisible": _with_words(found, step.value)}
        case "holds_not" | "masked":
            yield {"assertVisible": where} if "id" in where else {"assertNotVisible": _words(step.value)}
            if "id" in where:
                yield {"assertNotVisible": _with_words(found, step.value)}
        case "checked":
            yield {"assertVisible": selector(found, checked=True)}
        case "unchecked":
            yield {"assertVisible": selector(found, checked=False)}
        case "flips":
            yield from (_flip(found, start) for start in (True, False))


def _flip(found: Way, start: bool) -> Command:
    """From one of the two states to the other and back; only one of two such flows runs."""
    tap = {"tapOn": selector(found)}
    turned, again = ({"assertVisible": selector(found, checked=state)} for state in (not start, start))
    return {"runFlow": {"when": {"visible": selector(found, checked=start)}, "commands": [tap, turned, tap, again]}}


def _with_words(found: Way, value: str) -> dict[str, object]:
    """The element by its identifier with these words; else by the words alone, for a hint goes when typed over."""
    # Without a place: it would count among those with these words alone.
    named = found.how in ("resource", "tag", "tag_start")
    return selector(found._replace(nth=0)) | {"text": literal(value)} if named else _words(value)


def _words(value: str) -> dict[str, object]:
    return {"text": literal(value)}


def _said(value: Command, depth: int) -> Iterator[str]:
    """An entry of a list and what belongs to it, as lines of YAML."""
    if isinstance(value, str):
        yield f"{'  ' * depth}- {value}"
        return
    for place, (name, told) in enumerate(value.items()):
        yield from _field(name, told, depth, "- " if place == 0 else "  ")


def _field(name: str, told: object, depth: int, lead: str) -> Iterator[str]:
    pad = "  " * depth + lead
    if isinstance(told, dict):
        yield f"{pad}{name}:"
        for inner, value in told.items():
            yield from _field(inner, value, depth + 2, "")
    elif isinstance(told, list):
        yield f"{pad}{name}:"
        for one in told:
            yield from _said(one, depth + 2)
    else:
        yield f"{pad}{name}: {_yaml(told)}"


def _yaml(value: object) -> str:
    """A scalar: JSON's are YAML's too. ``${`` would be evaluated."""
    if isinstance(value, str) and value != APP_ID:
        value = value.replace("${", "\\${")
    return json.dumps(value, ensure_ascii=False)
