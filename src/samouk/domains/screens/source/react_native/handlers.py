"""What happens on a tap: which calls a handler makes, and where they lead."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal, NamedTuple

from samouk.domains.screens.source.react_native.code import (
    Dot,
    Name,
)
from samouk.domains.screens.source.react_native.evaluation import Evaluation
from samouk.domains.screens.source.react_native.hearing import Heard
from samouk.domains.screens.source.react_native.parts import shown_by
from samouk.domains.screens.source.react_native.values import (
    UNKNOWN,
    Closure,
    Library,
    Scope,
    Thing,
    Value,
    each,
    plain,
    words_of,
)
from samouk.domains.screens.source.widgets import BACK, Words

MAX_LEVELS = 3
"""Own functions that a handler is followed through."""

_GOING = frozenset(
    [
        "navigate",
        "push",
        "replace",
        "jumpTo",
        "navigateTo",
        "reset",
        "popTo",
        "setRoot",
        "showModal",
        "resetTo",
        "dismissTo",
    ]
)
_LEAVING = frozenset(["goBack", "pop", "popToTop", "dismiss", "back", "dismissAll", "canGoBackOrClose", "dismissModal"])
_NAVIGATORS = re.compile(r"nav|router|^this$|props|^history$|stackactions|commonactions|actions$", re.I)
_SHEETS = re.compile(r"sheet|modal|dialog|popup|popover|overlay", re.I)
_TARGETS = ("screen", "name", "routeName", "pathname", "key", "path")


class Outcome(NamedTuple):
    """What a handler does: ``go`` to a route, ``back``, bring up an ``alert``, or a ``sheet`` that holds ``args``.

    ``target`` ends with a NUL where its rest is only known to the running app. Of an alert ``args`` are those of the
    call; of a sheet what is to be shown, each an element, a function that makes one, or a list of entries.
    """

    kind: Literal["go", "back", "alert", "sheet"]
    target: str
    under: bool
    args: tuple[Value, ...] = ()
    line: int = 0
    file: str = ""


def outcome(to: Evaluation, handler: Value) -> list[Outcome]:
    """What a handler does, as far as its own code and the functions that it calls tell."""
    found: list[Outcome] = []
    for one in each(handler):
        if isinstance(one, Closure):
            found += _inside(to, one, 0, frozenset(), False)
        elif _leaves(one):
            found.append(Outcome("back", BACK, False))
    return list(dict.fromkeys(found)) if all(_hashable(one) for one in found) else found


def _hashable(one: Outcome) -> bool:
    return not one.args


def _leaves(value: Value) -> bool:
    """A library's own function as the handler: ``onPress={navigation.goBack}``, ``router.back``."""
    return isinstance(value, Library) and value.last in _LEAVING and bool(_NAVIGATORS.search(value.name))


def _inside(to: Evaluation, closure: Closure, level: int, around: frozenset[int], under: bool) -> list[Outcome]:
    mark = id(closure.code)
    if mark in around:
        return []
    scope = to.entered(closure, [], UNKNOWN)
    found: list[Outcome] = []
    for heard in to.calls(closure.code):
        unsure, where = under or heard.under, to.inside(heard, scope)
        said = _said(to, heard, where, unsure)
        if said is not None:
            found.append(said)
        elif level < MAX_LEVELS and isinstance(heard.of, Name | Dot) and heard.name not in ("map", "then", "bind"):
            for one in each(to.value(heard.of, where)):
                if isinstance(one, Closure):
                    found += _inside(to, _given(to, one, heard, where), level + 1, around | {mark}, unsure)
    return found


def _given(to: Evaluation, closure: Closure, heard: Heard, scope: Scope) -> Closure:
    """The function with what it is called with: the name of a screen may be an argument."""
    args = [to.value(arg, scope) for arg in heard.args]
    inner = Scope(closure.scope.path, closure.scope)
    to.bind_params(closure.code, args, inner, None if args else UNKNOWN)
    return Closure(replace(closure.code, params=()), inner, closure.this)


def _said(to: Evaluation, heard: Heard, scope: Scope, under: bool) -> Outcome | None:
    holder = heard.dotted.rpartition(".")[0]
    is_navigator = bool(_NAVIGATORS.search(holder)) if holder else heard.name in ("navigate", "goBack")
    if heard.name in ("alert", "prompt") and holder.endswith("Alert"):
        return Outcome("alert", "", under, tuple(to.value(arg, scope) for arg in heard.args), heard.line, scope.path)
    if _SHEETS.search(heard.name) and heard.args:
        shown = tuple(shown_by([to.value(arg, scope) for arg in heard.args]))
        if shown:
            return Outcome("sheet", "", under, shown, heard.line, scope.path)
    if heard.name in _LEAVING and is_navigator and holder != "Keyboard":
        return Outcome("back", BACK, under)
    if heard.name in _GOING and heard.args and (is_navigator or heard.name == "navigate"):
        for arg in heard.args:
            target = _target(to.value(arg, scope))
            if target:
                deeper = _deeper(to, heard, scope) if heard.name == "navigate" else ""
                return Outcome("go", deeper or target, under)
    if holder == "Actions" and heard.name not in _LEAVING:
        return Outcome("go", heard.name, under)
    return None


def _deeper(to: Evaluation, heard: Heard, scope: Scope) -> str:
    """The screen inside the navigator that is named first (``navigate('Home', {screen: 'Feed'})``)."""
    if len(heard.args) < 2:
        return ""
    given = plain(to.value(heard.args[1], scope))
    return _target(given.get("screen")) if isinstance(given, Thing) and "screen" in given.fields else ""


def _target(value: Value) -> str:
    inner = plain(value)
    if isinstance(inner, Thing):
        for name in _TARGETS:
            if name in inner.fields:
                found = _target(inner.fields[name])
                if found:
                    return found
        for name in ("routes", "actions", "component"):
            if name in inner.fields:
                return _target(inner.fields[name])
        return ""
    if isinstance(inner, list):
        return _target(inner[-1]) if inner else ""
    words = words_of(inner) if isinstance(inner, str | Words) else None
    return "" if words is None else words.value + ("\0" if words.dynamic else "")
