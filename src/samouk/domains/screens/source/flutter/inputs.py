"""What a Flutter input takes and says: decoration, keyboard, formatters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from samouk.domains.screens.source.flutter.nodes import Node, spoken
from samouk.domains.screens.source.flutter.values import (
    NULL,
    Constant,
    Known,
    Made,
    Seq,
    Value,
    is_null,
    truth,
    words,
)
from samouk.domains.screens.source.widgets import Entry, EntryKind, Words

_KEYBOARDS: Mapping[str, EntryKind] = {
    "number": "number",
    "numberWithOptions": "number",
    "emailAddress": "email",
    "phone": "phone",
    "url": "url",
    "datetime": "date",
    "visiblePassword": "password",
}


def entry_of(made: Made) -> Entry:
    """What a TextField lets in."""
    named = made.named
    kind: EntryKind = "text"
    keyboard = named.get("keyboardType")
    if isinstance(keyboard, Constant | Made):
        kind = _KEYBOARDS.get(keyboard.name if isinstance(keyboard, Constant) else keyboard.maker, "text")
    if truth(named.get("obscureText", NULL)) or _begins_hidden(named.get("obscureText")):
        kind = "password"
    elif made.type in ("SearchBar", "SearchAnchor", "CupertinoSearchTextField"):
        kind = "search"
    longest = _number(named.get("maxLength"))
    filtered = False
    for formatter in _formatters(named.get("inputFormatters", NULL)):
        if isinstance(formatter, Made) and formatter.type == "LengthLimitingTextInputFormatter" and formatter.args:
            found = _number(formatter.args[0])
            longest = found if longest is None or (found is not None and found < longest) else longest
        elif isinstance(formatter, Constant) and formatter.name == "digitsOnly":
            filtered = True
            kind = kind if kind in ("number", "phone") else "number"
    lines = named.get("maxLines")
    expands = truth(named.get("expands", NULL))
    multiline = bool(expands) or (lines is not None and (is_null(lines) is True or (_number(lines) or 1) > 1))
    return Entry(kind, longest, filtered, multiline)


def filled(node: Node, made: Made) -> None:
    """Put on an input what its decoration says. A label is in an empty input what a hint is: Android tells both so."""
    decoration = made.named.get("decoration")
    named = decoration.named if isinstance(decoration, Made) else {}
    label = words(named.get("labelText", made.named.get("labelText", NULL)))
    if not spoken(label):
        label = _words_in(named.get("label", NULL))
    hint = words(named.get("hintText", made.named.get("hintText", made.named.get("placeholder", NULL))))
    if not spoken(hint):
        hint = _words_in(made.named.get("hint", NULL))
    if spoken(label) and not spoken(node.label):
        node.label = label
    node.hint = label if spoken(label) else hint


def _words_in(value: Value) -> Words:
    """Words of a Text."""
    return words(value.args[0]) if isinstance(value, Made) and value.type == "Text" and value.args else words(NULL)


def _begins_hidden(value: Value) -> bool:
    """``obscureText: _hidden`` with ``bool _hidden = true``; hidden under a condition counts too."""
    initial = getattr(value, "initial", None)
    return bool(truth(initial)) if initial is not None else value is not None and is_null(value) is None


def _number(value: Value) -> int | None:
    if isinstance(value, Known) and isinstance(value.value, float) and value.value > 0:
        return int(value.value)
    return None


def _formatters(value: Value) -> Iterator[Value]:
    if isinstance(value, Seq):
        yield from value.items
