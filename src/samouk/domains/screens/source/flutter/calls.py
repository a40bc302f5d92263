"""What calls of a Flutter app give: objects that are made, own functions that are run, and what others return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from samouk.domains.screens.source.flutter import code
from samouk.domains.screens.source.flutter.code import Member
from samouk.domains.screens.source.flutter.lists import called_on_list, called_on_text
from samouk.domains.screens.source.flutter.strings import SPEAKING_TYPE, TRANSLATES
from samouk.domains.screens.source.flutter.values import (
    MAX_DEPTH,
    NULL,
    OPAQUE,
    SPEAKS,
    Closure,
    Constant,
    Effect,
    Either,
    Known,
    Made,
    Opaque,
    Owned,
    Pairs,
    Repeated,
    Scope,
    Seq,
    Txt,
    Type,
    Value,
    either,
    is_null,
)

if TYPE_CHECKING:
    from samouk.domains.screens.source.flutter.evaluation import Evaluator

MAX_COUNT = 24
"""Of a list whose length is known, so many items are made one by one."""


def call(evaluator: Evaluator, expr: code.Call, scope: Scope) -> Value:
    of = expr.of
    args = [evaluator.value(arg, scope) for arg in expr.args]
    named = {name: evaluator.value(arg, scope) for name, arg in expr.named}
    if isinstance(of, code.Get) and not (isinstance(of.of, code.Name) and of.of.id == "super"):
        return _called_on(evaluator, evaluator.value(of.of, scope), of.name, args, named, expr, scope)
    callee = evaluator.value(of, scope)
    name = of.id if isinstance(of, code.Name) else ""
    return _called(evaluator, callee, name, args, named, expr, scope)


def _called(
    evaluator: Evaluator,
    callee: Value,
    name: str,
    args: list[Value],
    named: dict[str, Value],
    expr: code.Call,
    scope: Scope,
) -> Value:
    if isinstance(callee, Either):
        return either(
            *(
                _called(evaluator, one, name, args, named, expr, scope)
                for one in callee.options
                if is_null(one) is not True
            )
        )
    if isinstance(callee, Closure):
        given = _sure(evaluator.invoke(callee, args, named), args)
        return evaluator.typed(given, callee.code.type, callee.scope.file) if type(callee.code) is Member else given
    if isinstance(callee, Type):
        owner = callee.owner
        factory = None if owner is None else owner.code.members.get(owner.code.name)
        if owner is not None and factory is not None and factory.kind == "method":
            closure = Closure(factory, Scope(owner.file, owner=owner), factory.name)
            return _placed(evaluator.invoke(closure, args, named), callee, named, scope.file, expr.line)
        return make(evaluator, callee, "", args, named, scope.file, expr.line)
    if isinstance(callee, Constant):
        return make(evaluator, Type(callee.type), callee.name, args, named, scope.file, expr.line)
    said = _translated(evaluator, name, args, named)
    if said is not None:
        return said
    _told(evaluator, "", name, args, named, expr, scope)
    _let_run(evaluator, args, named)
    return OPAQUE


def _translated(evaluator: Evaluator, name: str, args: Sequence[Value], named: dict[str, Value]) -> Txt | None:
    """``tr('key')``, ``context.tr('key')``."""
    if name not in TRANSLATES:
        return None
    key = next((arg.whole for arg in args[:2] if isinstance(arg, Txt)), None)
    return evaluator.strings.spoken(key, (), named) if key else None


def _placed(value: Value, of: Type, named: dict[str, Value], file: str, line: int) -> Value:
    """What a factory gives stands where the factory is called."""
    if isinstance(value, Made) and value.owner is of.owner:
        value.file, value.line, value.given = file, line, named
    return value


def _sure(value: Value, args: Sequence[Value]) -> Value:
    """An address that an own function makes in a way that cannot be told still ends as its argument does."""
    unknown = type(value) is Opaque or (isinstance(value, Made) and value.type == "Uri")
    if unknown and len(args) == 1 and isinstance(args[0], Txt):
        first = args[0].parts[0] if args[0].parts else None
        if first and first.startswith("/"):
            return Txt((None, *args[0].parts))
    return value


def _called_on(
    evaluator: Evaluator,
    of: Value,
    name: str,
    args: list[Value],
    named: dict[str, Value],
    expr: code.Call,
    scope: Scope,
) -> Value:
    if isinstance(of, Either):
        return either(
            *(
                _called_on(evaluator, one, name, args, named, expr, scope)
                for one in of.options
                if is_null(one) is not True
            )
        )
    if is_null(of):
        return NULL
    if isinstance(of, Closure) and name == "call":
        return evaluator.invoke(of, args, named)
    if isinstance(of, Type):
        return _called_on_type(evaluator, of, name, args, named, expr, scope)
    if isinstance(of, Made | Constant):
        found = evaluator.member(of, name) if isinstance(of, Made) else evaluator.valued(of, name, scope.file)
        if isinstance(found, Closure | Either | Type):
            return _called(evaluator, found, name, args, named, expr, scope)
    if _told(evaluator, _title(of, expr), name, args, named, expr, scope):
        return OPAQUE
    if isinstance(of, Txt):
        said = evaluator.strings.spoken(of.whole, args, named) if of.whole and name in TRANSLATES else None
        return said or called_on_text(of, name, args)
    if isinstance(of, Constant) and name in TRANSLATES:
        return evaluator.strings.spoken(of.name, args, named) or Txt((None,))
    return _translated(evaluator, name, args, named) or _called_on_other(evaluator, of, name, args, named, scope)


def _called_on_type(
    evaluator: Evaluator, of: Type, name: str, args: list[Value], named: dict[str, Value], expr: code.Call, scope: Scope
) -> Value:
    if of.owner is not None:
        found = evaluator.static(of.owner, name)
        if found is None:
            found = evaluator.static(of.owner, f"{of.name}.{name}")
        if found is not None:
            return _called(evaluator, found, name, args, named, expr, scope)
    elif _told(evaluator, of.name, name, args, named, expr, scope):
        return OPAQUE
    if SPEAKING_TYPE.search(of.name):
        return evaluator.strings.said(name, args) or SPEAKS
    if of.name == "Intl" and name == "message" and args:
        return args[0]
    if of.name == "List" and name in ("generate", "filled"):
        return _generated(evaluator, args)
    if of.name in ("List", "Set") and args:
        return args[0]
    return make(evaluator, of, name, args, named, scope.file, expr.line)


def _generated(evaluator: Evaluator, args: Sequence[Value]) -> Value:
    """``List.generate(count, (i) => ...)``."""
    count, made = args[0] if args else OPAQUE, args[1] if len(args) > 1 else OPAQUE
    if not isinstance(made, Closure):
        return Seq([Repeated(made)])
    if isinstance(count, Known) and isinstance(count.value, float) and 0 <= count.value <= MAX_COUNT:
        return Seq([evaluator.invoke(made, [Known(float(place))]) for place in range(int(count.value))])
    return Seq([Repeated(evaluator.invoke(made, [OPAQUE]))])


def _called_on_other(
    evaluator: Evaluator, of: Value, name: str, args: list[Value], named: dict[str, Value], scope: Scope
) -> Value:
    added = evaluator.project.extension(name, scope.file)
    if added is not None and added[1].kind == "method":
        owner, member = added
        given = evaluator.invoke(Closure(member, Scope(owner.file, this=of, owner=owner), name), args, named)
        if not isinstance(of, Made | Seq):
            return given
        options = given.options if isinstance(given, Either) else (given,)
        return either(*(of if type(option) is Opaque else option for option in options))
    if isinstance(of, Opaque) and of.speaks:
        return _translated(evaluator, name, args, named) or evaluator.told(of, name, args, named)
    if isinstance(of, Seq | Repeated | Opaque | Pairs):
        found = called_on_list(evaluator, of, name, args)
        if found is not None:
            return found
    _let_run(evaluator, args, named)
    if name == "copyWith" and isinstance(of, Made):
        return _copied(of, named)
    builder = named.get("builder")
    if isinstance(of, Made | Seq) and isinstance(builder, Closure):
        return Seq([of, either(evaluator.invoke(builder, []), NULL)])
    # Packages add what moves or pads a widget as calls on it: it is still that widget.
    return of if isinstance(of, Made | Seq) else OPAQUE


def _copied(of: Made, named: dict[str, Value]) -> Made:
    """The same with some of its arguments changed."""
    if of.owner is None:
        return replace(of, named={**of.named, **named})
    return replace(of, fields={**of.fields, **named})


def _told(
    evaluator: Evaluator, of: str, name: str, args: list[Value], named: dict[str, Value], expr: code.Call, scope: Scope
) -> bool:
    if evaluator.effects is None:
        return False
    told = evaluator.effect(evaluator, of, name, args, named)
    if told is None:
        return False
    within = next((one for one in reversed(evaluator.running) if one and one != "call"), "")
    evaluator.effects.append(Effect(*told, evaluator.doubt > 0, scope.file, expr.line, within))
    return True


def _let_run(evaluator: Evaluator, args: Sequence[Value], named: dict[str, Value]) -> None:
    """A function that is not ours may call what it is given: in a handler that tells where it leads."""
    if evaluator.effects is not None:
        for one in (*args, *named.values()):
            if isinstance(one, Closure):
                evaluator.invoke(one, [])


def make(
    evaluator: Evaluator, of: Type, maker: str, args: list[Value], named: dict[str, Value], file: str, line: int
) -> Value:
    """An object of a class."""
    name, _, inner = of.name.partition(".")
    maker = maker or inner
    made = Made(name, maker, file, line, of.owner, given=named)
    if of.owner is None:
        made.args, made.named = args, named
        return made
    _construct(evaluator, made, of.owner, maker, args, named)
    return made


def _construct(
    evaluator: Evaluator, made: Made, owner: Owned, maker: str, args: Sequence[Value], named: dict[str, Value]
) -> None:
    name = owner.code.name
    built = owner.code.members.get(f"{name}.{maker}" if maker and maker != "new" else name)
    scope = Scope(owner.file, this=made, owner=owner)
    if built is None or built.kind != "constructor" or evaluator.depth >= MAX_DEPTH:
        made.named = {**named, **made.named}
        return
    evaluator.bind(built.params, args, named, scope, NULL)
    above: dict[str, Value] = {}
    for param in built.params:
        if param.binds == "this":
            made.fields[param.name] = scope.names[param.name]
        elif param.binds == "super" and (param.name in named or param.default is not None):
            above[param.name] = scope.names[param.name]
    for field, value in built.sets:
        made.fields[field] = evaluator.value(value, scope)
    evaluator.depth += 1
    try:
        _pass_on(evaluator, made, owner, built, above, scope)
        evaluator.run(built.body, scope)
    finally:
        evaluator.depth -= 1


def _pass_on(
    evaluator: Evaluator, made: Made, owner: Owned, built: Member, above: dict[str, Value], scope: Scope
) -> None:
    """To another constructor of the class, or to that of its superclass."""
    passes = built.passes
    args = [evaluator.value(arg, scope) for arg in passes.args] if passes else []
    named = {**above, **({name: evaluator.value(arg, scope) for name, arg in passes.named} if passes else {})}
    head, _, maker = (passes.of.id if passes else "super").partition(".")
    if head == "this":
        _construct(evaluator, made, owner, maker, args, named)
        return
    base = evaluator.project.type(owner.code.base, owner.file) if owner.code.base else None
    if base is not None and base is not owner:
        _construct(evaluator, made, base, maker, args, named)
    else:
        made.args, made.named = args, {**made.named, **named}


def state_of(evaluator: Evaluator, widget: Made) -> Made | None:
    """The State of a StatefulWidget, new."""
    owner = (
        None
        if widget.owner is None
        else next(
            (found for one in evaluator.project.chain(widget.owner) if (found := evaluator.project.state(one))), None
        )
    )
    if owner is None:
        return None
    return Made(owner.code.name, "", owner.file, owner.code.line, owner, widget=widget)


def _title(of: Value, expr: code.Call) -> str:
    """What a call is made on, in one word: ``Navigator`` of ``Navigator.of(context)``, ``context``, ``router``."""
    if isinstance(of, Made):
        return of.type
    target = expr.of.of if isinstance(expr.of, code.Get) else None
    while isinstance(target, code.Call | code.Item):
        target = target.of
    if isinstance(target, code.Get):
        first = target.of
        if isinstance(first, code.Name) and first.id[:1].isupper():
            return first.id
        return target.name
    return target.id if isinstance(target, code.Name) else ""
