"""One widget while its screen is unfolded, and what modifiers and keyboard options add to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from samouk.domains.screens.source.compose import code
from samouk.domains.screens.source.compose.code import Node
from samouk.domains.screens.source.compose.effects import Effects, Going
from samouk.domains.screens.source.compose.meaning import Meaning
from samouk.domains.screens.source.compose.values import (
    MISSING,
    Bound,
    Closure,
    Made,
    Modifier,
    Scope,
    Symbol,
    Value,
    each,
    now,
    start,
    words_of,
)
from samouk.domains.screens.source.widgets import NO_WORDS, Entry, EntryKind, Place, Words, identifier_of

_KEYBOARDS: dict[str, EntryKind] = {
    "Email": "email",
    "Number": "number",
    "NumberPassword": "password",
    "Decimal": "number",
    "Phone": "phone",
    "Uri": "url",
    "Password": "password",
}
_DIGITS = frozenset(["isDigit", "isDigitsOnly", "isNumber"])
_TAPPED = {
    "clickable": "onClick",
    "combinedClickable": "onClick",
    "toggleable": "onValueChange",
    "triStateToggleable": "onClick",
    "selectable": "onClick",
}
"""Modifiers that make anything answer a tap, and the parameter that says how."""

_CLICK = re.compile("clickable", re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class Draft:
    """See ``widgets.Widget``; ``going`` is not yet the name of a screen, ``over`` the dialog that it stands in."""

    parent: int
    name: str
    class_name: str
    place: Place
    tag: str = ""
    tag_shows: bool = False
    text: Words = NO_WORDS
    label: Words = NO_WORDS
    hint: Words = NO_WORDS
    role: str = ""
    interactive: bool = False
    merges: bool = False
    clickable: bool | None = None
    long_clickable: bool | None = None
    checkable: bool | None = None
    checked: bool | None = None
    scrollable: bool | None = None
    password: bool | None = None
    enabled: bool | None = None
    repeated: bool = False
    conditional: bool = False
    entry: Entry | None = None
    going: Going | None = None
    over: int = -1


def dress(draft: Draft, links: Sequence[Modifier], meaning: Meaning, effects: Effects) -> bool:
    """Add what a chain of modifiers says; returns whether it says anything that a driver sees."""
    seen = False
    for link in links:
        seen = _dress(draft, link, meaning, effects) or seen
    return seen


def _dress(draft: Draft, link: Modifier, meaning: Meaning, effects: Effects) -> bool:
    if link.name == "testTag":
        draft.tag = _identifier(link.get("tag", 0))
        return bool(draft.tag)
    if link.name in ("semantics", "clearAndSetSemantics"):
        block = now(next((value for _, value in link.arguments if isinstance(value, Closure)), None))
        draft.merges |= start(link.get("mergeDescendants", 0)) is True
        return isinstance(block, Closure) and _describe(draft, block, meaning)
    if link.name in ("verticalScroll", "horizontalScroll", "scrollable"):
        draft.scrollable = True
        return True
    if link.name == "pointerInput":
        blocks = [value for _, value in link.arguments if isinstance(value, Closure)]
        tapped = any(name == "detectTapGestures" for block in blocks for name in called(block.body))
        draft.interactive |= tapped
        return tapped
    if link.name in _TAPPED or _CLICK.search(link.name):
        _tapped(draft, link, effects)
        return True
    return False


def _tapped(draft: Draft, link: Modifier, effects: Effects) -> None:
    trailing = link.get(code.TRAILING)
    handler = link.get(_TAPPED.get(link.name, "onClick"))
    if handler is MISSING:
        handler = trailing
    if handler is MISSING:
        handler = next((value for key, value in link.arguments if not key and isinstance(value, Closure | Bound)), None)
    draft.interactive = draft.clickable = draft.merges = True
    draft.going = effects.of(handler) or draft.going
    if link.get("onLongClick") is not MISSING and link.get("onLongClick") is not None:
        draft.long_clickable = True
    role = link.get("role")
    if role is not MISSING:
        draft.role = role_of(role) or draft.role
    if link.name in ("toggleable", "triStateToggleable", "selectable"):
        draft.checkable = True if draft.role != "Role.Tab" else None
        draft.checked = start(link.get("value" if link.name == "toggleable" else "selected", 0))
    if link.get("enabled") is not MISSING:
        draft.enabled = start(link.get("enabled"))


def _describe(draft: Draft, block: Closure, meaning: Meaning) -> bool:
    """What a ``semantics`` block sets."""
    scope = meaning.enter(block)
    seen = False
    for node in block.body:
        if isinstance(node, code.Let):
            meaning.let(node, scope)
        if not isinstance(node, code.Assign):
            continue
        name = node.to.name if isinstance(node.to, code.Name | code.Member) else ""
        value = meaning.of(node.value, scope)
        if name == "contentDescription":
            draft.label = words_of(value)
        elif name == "text":
            draft.text = words_of(value)
        elif name == "testTag":
            draft.tag = _identifier(value)
        elif name == "role":
            draft.role = role_of(value)
        elif name == "testTagsAsResourceId":
            draft.tag_shows = start(value) is True
            continue
        else:
            continue
        seen = True
    return seen


def role_of(value: Value) -> str:
    """``Role.Switch``, in the source's own words."""
    found = next((one for one in each(value) if isinstance(one, Symbol)), None)
    return "" if found is None else found.name


def _identifier(value: Value) -> str:
    """A tag; of one that is made while the app runs how it begins."""
    return identifier_of(words_of(value))


def entry_of(given: dict[str, Value], meaning: Meaning) -> tuple[Entry, bool]:
    """What an input takes, and whether it hides it."""
    kind, single = _keyboard(given.get("keyboardOptions", MISSING)), start(given.get("singleLine", MISSING))
    lines = now(given.get("maxLines", MISSING))
    hidden = any(
        isinstance(one, Made) and "Password" in one.name for one in each(given.get("visualTransformation", MISSING))
    )
    most, digits = _bounds(given.get("onValueChange", MISSING), meaning)
    if most is None:
        most = _transformed(given.get("inputTransformation", MISSING))
    if digits and kind == "text":
        kind = "number"
    if hidden:
        kind = "password"
    multiline = single is not True and lines != 1 and kind == "text"
    return Entry(kind, most, digits, multiline), hidden


def _keyboard(options: Value) -> EntryKind:
    for one in each(options):
        if isinstance(one, Made):
            chosen = now(one.get("keyboardType"))
            if isinstance(chosen, Symbol):
                return _KEYBOARDS.get(chosen.name.rpartition(".")[2], "text")
            if any(
                isinstance(now(value), Symbol) and now(value).name == "ImeAction.Search" for _, value in one.arguments
            ):
                return "search"
    return "text"


def _transformed(value: Value) -> int | None:
    """``InputTransformation.maxLength(20)``."""
    for one in each(value):
        if isinstance(one, Made) and one.name == "maxLength" and one.arguments:
            most = one.arguments[0][1]
            return most if isinstance(most, int) else None
    return None


def _bounds(handler: Value, meaning: Meaning, deeper: int = 4) -> tuple[int | None, bool]:
    """The longest text that a change is let through with, and whether only digits are."""
    for one in each(handler):
        if isinstance(one, Closure):
            body, scope = one.body, meaning.enter(one)
        elif isinstance(one, Bound):
            body, scope = one.function.body, meaning.bind_values(one, ())
        else:
            continue
        lengths = [most for node in everything(body) for most in _length(node, meaning, scope)]
        inner = [_called_handler(node, scope) for node in everything(body)]
        digits = any(name in _DIGITS for name in called(body))
        if lengths or digits:
            return min(lengths, default=None), digits
        handed = [_bounds(value, meaning, deeper - 1) for value in inner if value is not None and deeper]
        found = next((bounds for bounds in handed if bounds != (None, False)), None)
        if found is not None:
            return found
    return None, False


def _called_handler(node: Node, scope: Scope) -> Value:
    """``{ onChange(it) }`` hands on to another handler."""
    if isinstance(node, code.Call) and isinstance(node.callee, code.Name):
        found = scope.find(node.callee.name)
        return found if isinstance(found, Closure | Bound) else None
    return None


def _length(node: Node, meaning: Meaning, scope: Scope) -> Iterator[int]:
    """Bounds that let a text through, not those that only judge it: ``if (it.length <= 20) text = it``."""
    match node:
        case code.Choice(condition, yes, no):
            leaves = any(isinstance(one, code.Return) for one in everything(yes))
            for part in everything((condition,)):
                match part:
                    case code.Binary(operator, code.Member(_, "length"), right):
                        most = now(meaning.of(right, scope))
                        if isinstance(most, int) and most > 1 and (operator in (">", ">=") if leaves else not no):
                            yield most - 1 if operator in ("<", ">=") else most
        case code.Call(code.Member(_, "take"), (code.Argument(_, first), *_)):
            most = now(meaning.of(first, scope))
            if isinstance(most, int):
                yield most


def everything(body: Sequence[Node]) -> Iterator[Node]:
    """All statements and expressions in a body, lambdas included."""
    waiting = list(reversed(body))
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(list(_parts(node))))


def _parts(node: Node) -> Iterator[Node]:
    match node:
        case code.Template(parts):
            yield from (part for part in parts if not isinstance(part, str))
        case code.Call(callee, arguments):
            yield callee
            yield from (one.value for one in arguments)
        case code.Lambda(_, body):
            yield from body
        case code.Choice(condition, yes, no):
            yield from (condition, *yes, *no)
        case code.Cases(subject, branches):
            yield from () if subject is None else (subject,)
            for branch in branches:
                yield from (*branch.conditions, *branch.body)
        case code.Loop(_, over, body):
            yield from (over, *body)
        case code.Binary(_, left, right):
            yield from (left, right)
        case code.Assign(to, value):
            yield from (to, value)
        case code.Member(of) | code.Unary(_, of) | code.Let(_, of):
            yield of
        case code.Return(value) if value is not None:
            yield value
        case code.Other(parts):
            yield from parts


def called(body: Sequence[Node]) -> Iterator[str]:
    """Names of what is called in a body."""
    for node in everything(body):
        if isinstance(node, code.Call) and isinstance(node.callee, code.Name | code.Member):
            yield node.callee.name
        elif isinstance(node, code.Reference):
            yield node.name
