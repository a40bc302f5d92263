"""What methods of Dart's lists and strings give, where that tells which widgets a screen has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from samouk.domains.screens.source.flutter.values import (
    NULL,
    OPAQUE,
    Closure,
    Either,
    Known,
    Made,
    Opaque,
    Pairs,
    Repeated,
    Seq,
    Txt,
    Type,
    Value,
    either,
    joined,
    shown_of,
)

if TYPE_CHECKING:
    from samouk.domains.screens.source.flutter.evaluation import Evaluator

_MAPPED = frozenset({"map", "expand", "mapIndexed", "mapTo", "expandIndexed"})
_FIRST = frozenset({"first", "last", "single", "firstOrNull", "lastOrNull"})
_LISTED = frozenset({"reversed", "values", "keys", "entries"})


def got_of_list(of: Seq, name: str) -> Value:
    """``list.name``."""
    fixed = not of.grows and not any(isinstance(item, Repeated | Either) for item in of.items)
    if name[:1] == "$" and name[1:].isdigit():
        place = int(name[1:]) - 1
        return of.items[place] if 0 <= place < len(of.items) else OPAQUE
    if name in _FIRST:
        place = 0 if name.startswith(("first", "single")) else -1
        return of.items[place] if of.items and fixed else OPAQUE
    if name in ("isEmpty", "isNotEmpty"):
        return Known((not of.items) is (name == "isEmpty")) if fixed else OPAQUE
    if name == "indexed":
        numbers = (
            OPAQUE if isinstance(item, Repeated | Either) else Known(float(at)) for at, item in enumerate(of.items)
        )
        return Seq(
            [
                Repeated(Seq([OPAQUE, item.value])) if isinstance(item, Repeated) else Seq([number, item])
                for number, item in zip(numbers, of.items, strict=True)
            ]
        )
    if name == "length":
        return Known(float(len(of.items))) if fixed else OPAQUE
    return of if name in _LISTED else OPAQUE


def item_of(of: Value, index: Value) -> Value:
    """``of[index]``, of a list or a map."""
    if isinstance(of, Seq) and isinstance(index, Opaque) and isinstance(index.initial, Known):
        return shown_of(of, index.initial)
    if isinstance(of, Seq) and isinstance(index, Known) and isinstance(index.value, float):
        place = int(index.value)
        if 0 <= place < len(of.items) and not isinstance(of.items[place], Repeated):
            return of.items[place]
    elif isinstance(of, Seq) and of.items and all(isinstance(item, Made) for item in of.items):
        return either(*of.items)
    if isinstance(of, Pairs) and isinstance(index, Txt):
        for key, value in of.pairs:
            if isinstance(key, Txt) and key.whole is not None and key.whole == index.whole:
                return value
    return OPAQUE


def recorded(of: Made, name: str) -> Value | None:
    """``record.name`` and ``record.$1``; None where it has no such field."""
    if name[:1] == "$" and name[1:].isdigit() and 0 < int(name[1:]) <= len(of.args):
        return of.args[int(name[1:]) - 1]
    return of.named.get(name)


def called_on_list(evaluator: Evaluator, of: Value, name: str, args: Sequence[Value]) -> Value | None:
    """``list.name(...)``, for what may be a list; None where it says nothing."""
    if name in _MAPPED and args:
        return Seq(_mapped(evaluator, of, name, args[0]))
    if name == "forEach" and args and isinstance(args[0], Closure):
        for item in _items(of):
            evaluator.invoke(args[0], [item])
        return NULL
    if not isinstance(of, Seq):
        return None
    if name in ("add", "addAll", "insert", "insertAll") and args:
        _added(evaluator, of, args[-1], name.endswith("All"))
        return NULL
    if name == "followedBy" and args and isinstance(args[0], Seq):
        return Seq([*of.items, *args[0].items])
    if name in ("elementAt", "firstWhere", "singleWhere", "lastWhere", "reduce", "fold", "indexOf", "contains"):
        return OPAQUE
    if name == "join":
        return joined(None)
    return None


def _mapped(evaluator: Evaluator, of: Value, name: str, how: Value) -> list[Value]:
    out: list[Value] = []
    for item in _items(of):
        inner, repeated = (item.value, True) if isinstance(item, Repeated) else (item, False)
        if isinstance(how, Type):
            found = evaluator.make(how, [inner], how.owner.file if how.owner else "")
        else:
            found = evaluator.invoke(how, [OPAQUE, inner] if name.endswith("Indexed") else [inner])
        items = found.items if name.startswith("expand") and isinstance(found, Seq) else [found]
        out += [Repeated(one) for one in items] if repeated else items
    return out


def _items(of: Value) -> list[Value]:
    """Items of a list; one that stands for any number where it is not known."""
    if isinstance(of, Seq):
        return [Repeated(OPAQUE)] if of.grows and not of.items else of.items
    return [of if isinstance(of, Repeated) else Repeated(OPAQUE)]


def _added(evaluator: Evaluator, of: Seq, value: Value, spread: bool) -> None:
    items = value.items if spread and isinstance(value, Seq) else [value]
    for item in items:
        if evaluator.looping:
            of.items.append(Repeated(item))
        elif evaluator.doubt:
            of.items.append(either(item, NULL))
        else:
            of.items.append(item)


def called_on_text(of: Txt, name: str, args: Sequence[Value]) -> Value:
    """``text.name(...)``."""
    if name in ("toUpperCase", "toLowerCase"):
        upper = name == "toUpperCase"
        cased = tuple(part if part is None else part.upper() if upper else part.lower() for part in of.parts)
        return Txt(cased, of.key)
    if name == "trim" and of.whole is not None:
        return Txt((of.whole.strip(),), of.key)
    if name in ("replaceAll", "replaceFirst") and of.whole is not None and len(args) == 2:
        one, other = args
        if isinstance(one, Txt) and isinstance(other, Txt) and one.whole and other.whole is not None:
            return Txt((of.whole.replace(one.whole, other.whole),), of.key)
    if name in ("toString", "tr"):
        return of
    if name in ("split", "contains", "startsWith", "endsWith", "compareTo", "indexOf"):
        return OPAQUE
    return Txt((None,))
