"""What the arguments of a widget say: keys, handlers, what variables hold at first."""

from __future__ import annotations

from collections.abc import Iterator

from samouk.domains.screens.source.flutter.values import (
    Closure,
    Constant,
    Either,
    Known,
    Made,
    Opaque,
    Repeated,
    Seq,
    Txt,
    Value,
    is_null,
)


def keys_of(named: dict[str, Value]) -> list[str]:
    """The words of a Key or a ValueKey: one for each that it may be. ``*`` stands for what is filled in."""
    if "key" not in named:
        return []
    found = [_words_of(one) for one in flat(named["key"])]
    return list(dict.fromkeys(one for one in found if one.strip("*")))


def key_of(named: dict[str, Value]) -> str:
    """The first of ``keys_of``."""
    return next(iter(keys_of(named)), "")


def _words_of(key: Value) -> str:
    if isinstance(key, Made) and key.type.endswith("Key") and key.args:
        said = key.args[0]
        if isinstance(said, Opaque) and isinstance(said.initial, Txt):
            said = said.initial
        if isinstance(said, Txt):
            return "".join("*" if part is None else part for part in said.parts)
        if isinstance(said, Constant):
            return f"{said.type}.{said.name}"
        if isinstance(said, Known) and isinstance(said.value, float):
            return f"{said.value:g}"
    return ""


def present(made: Made, name: str) -> bool:
    value = made.named.get(name)
    return value is not None and is_null(value) is not True and not idle(value)


def idle(value: Value) -> bool:
    """A handler that does nothing a person can see: empty, or it only takes the focus away from an input."""
    if isinstance(value, Closure) and not value.name and not value.code.body:
        return True
    return unfocuses(value)


def at_first(value: Value) -> Value:
    """What a variable holds when the screen opens, where that is known."""
    return value.initial if isinstance(value, Opaque) and value.initial is not None else value


def unfocuses(value: Value) -> bool:
    if isinstance(value, Constant):
        return value.name == "unfocus"
    return isinstance(value, Closure) and len(value.code.body) == 1 and "'unfocus'" in repr(value.code.body)


def flat(value: Value) -> Iterator[Value]:
    if isinstance(value, Seq):
        for item in value.items:
            yield from flat(item)
    elif isinstance(value, Either):
        for option in value.options:
            yield from flat(option)
    elif isinstance(value, Repeated):
        yield from flat(value.value)
    else:
        yield value
