"""What expressions of a Flutter app give: own classes are made, own functions called, the rest stays unknown.

Whatever depends on state gives ``Either`` of all that it may be. The work is bounded: by the depth of calls and by
the number of steps a screen may take.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from samouk.domains.screens.source.flutter import code
from samouk.domains.screens.source.flutter.calls import call, make
from samouk.domains.screens.source.flutter.code import Expr, Func, Member, Param, Stmt
from samouk.domains.screens.source.flutter.lists import got_of_list, item_of, recorded
from samouk.domains.screens.source.flutter.project import Project
from samouk.domains.screens.source.flutter.statements import block
from samouk.domains.screens.source.flutter.strings import SPEAKING_NAME, SPEAKING_TYPE, TRANSLATES, Strings
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
    joined,
    or_else,
    reckoned,
    same,
    shifting,
    spread,
    truth,
)

MAX_STEPS = 400_000
"""Expressions for one screen; the largest studied screen takes a tenth."""

MAX_HANDLED = 20_000
"""Expressions for what one handler does: it may go through all that the app does with its data."""


class Evaluator:
    """Evaluates expressions and runs functions of one app."""

    def __init__(
        self,
        project: Project,
        strings: Strings,
        effect: Callable[[Evaluator, str, str, Sequence[Value], dict[str, Value]], tuple[str, Value] | None],
    ) -> None:
        self.project = project
        self.strings = strings
        self.effects: list[Effect] | None = None
        self.doubt = 0
        self.looping = 0
        self.effect = effect
        self.depth = 0
        self._steps = 0
        self._most = MAX_STEPS
        self._inside: Counter[int] = Counter()
        self._globals: dict[int, Value] = {}
        self._values: dict[tuple[int, str], Made] = {}
        self.running: list[str] = []

    def fresh(self) -> None:
        """Begin a new screen: its steps are counted by themselves."""
        self._steps = 0

    @contextmanager
    def doubted(self) -> Iterator[None]:
        """What runs inside may not happen."""
        self.doubt += 1
        try:
            yield
        finally:
            self.doubt -= 1

    @contextmanager
    def bounded(self, steps: int) -> Iterator[None]:
        """What runs inside takes no more than so many steps."""
        most, self._most = self._most, min(self._most, self._steps + steps)
        try:
            yield
        finally:
            self._most = most

    def effects_of(self, handler: Value, args: Sequence[Value]) -> list[Effect]:
        """What calling a handler with these arguments does."""
        before, self.effects = self.effects, []
        doubt, self.doubt = self.doubt, 0
        steps = self._steps
        try:
            with self.bounded(MAX_HANDLED):
                for one in handler.options if isinstance(handler, Either) else (handler,):
                    if isinstance(one, Closure):
                        self.invoke(one, args)
            return self.effects
        finally:
            self.effects, self.doubt, self._steps = before, doubt, steps

    @property
    def is_spent(self) -> bool:
        """Whether the screen takes more steps than are made; every further expression is unknown."""
        return self._steps > self._most

    # Expressions

    def value(self, expr: Expr, scope: Scope) -> Value:
        """What an expression gives in a scope."""
        self._steps += 1
        if expr is None or self.is_spent:
            return OPAQUE
        how = _HOW.get(type(expr))
        return OPAQUE if how is None else how(self, expr, scope)

    def _string(self, expr: code.Str, scope: Scope) -> Value:
        parts = [part if isinstance(part, str) else self.value(part, scope) for part in expr.parts]
        return joined(*parts) if parts else Txt(())

    def _name(self, expr: code.Name, scope: Scope) -> Value:
        name = expr.id
        holder = scope.holder(name)
        if holder is not None:
            return holder.names[name]
        if name == "this":
            this = scope.this
            return OPAQUE if this is None else (this.constant or this) if isinstance(this, Made) else this
        if isinstance(scope.this, Made):
            found = self.member(scope.this, name)
            if found is not None:
                return found
        if scope.owner is not None:
            found = self.static(scope.owner, name)
            if found is not None:
                return found
        return self._global(name, scope.file)

    def _global(self, name: str, file: str) -> Value:
        found = self.project.member(name, file)
        if found is not None:
            path, member = found
            return self._held(member, Scope(path))
        owner = self.project.type(name, file)
        if owner is not None or name.lstrip("_$")[:1].isupper():
            return Type(name, owner)
        return SPEAKS if SPEAKING_NAME.match(name) else OPAQUE

    def _held(self, member: Member, scope: Scope) -> Value:
        """A top-level or static member."""
        if member.kind == "method":
            return Closure(member, scope, member.name)
        if member.kind == "getter":
            return self.typed(self.invoke(Closure(member, scope, member.name), []), member.type, scope.file)
        known = self._globals.get(id(member))
        if known is None:
            self._globals[id(member)] = OPAQUE  # what it says of itself while it is made
            known = self.value(member.value, scope) if member.value is not None else OPAQUE
            # Addresses and names are often left without ``const``; they are never changed all the same.
            if not member.final and not isinstance(known, Txt | Constant):
                known = shifting(known)
            known = self._globals[id(member)] = self.typed(known, member.type, scope.file)
        return known

    def typed(self, value: Value, type_: str, file: str) -> Value:
        """A value that is not known, by its declared type: the app's strings, or an object of an own class."""
        if type(value) is Opaque and value.initial is None and type_:
            owner = self.project.type(type_, file)
            if owner is not None and owner.code.kind == "class" and not self.project.is_widget(owner):
                return Made(type_, "", owner.file, owner.code.line, owner)
            if SPEAKING_TYPE.search(type_):
                return SPEAKS
        return value

    def static(self, owner: Owned, name: str) -> Value | None:
        for one in self.project.chain(owner):
            member = one.code.members.get(name)
            if member is not None and member.static and name != one.code.name:
                return self._held(member, Scope(one.file, owner=one))
            if name in one.code.values:
                return Constant(one.code.name, name)
        return None

    def member(self, made: Made, name: str) -> Value | None:
        """A member of an object of an own class; None where it has none by that name."""
        if name in made.fields:
            return made.fields[name]
        if name == "widget" and made.widget is not None:
            return made.widget
        if made.owner is None:
            return None
        found = self.project.find(made.owner, name)
        if found is None:
            if name in made.named:  # what was passed on to a class of a package
                return made.named[name]
            return OPAQUE if name in ("mounted", "context", "hashCode", "runtimeType") else None
        owner, member = found
        scope = Scope(owner.file, this=made, owner=owner)
        if member.static or member.kind != "field":
            if member.kind == "getter":
                return self.typed(self.invoke(Closure(member, scope, name), []), member.type, owner.file)
            return self._held(member, scope)
        made.fields[name] = OPAQUE
        value = OPAQUE if member.value is None else self.value(member.value, scope)
        if not member.final:
            value = shifting(value)
        elif isinstance(value, Seq) and not value.items:
            value = Seq(value.items, grows=True)
        made.fields[name] = self.typed(value, member.type, owner.file)
        return made.fields[name]

    def _get(self, expr: code.Get, scope: Scope) -> Value:
        if isinstance(expr.of, code.Name) and expr.of.id == "super" and isinstance(scope.this, Made):
            return self.member(scope.this, expr.name) or OPAQUE
        return self.got(self.value(expr.of, scope), expr.name, scope.file)

    def got(self, of: Value, name: str, file: str) -> Value:
        """``of.name``."""
        if isinstance(of, Either):
            return either(*(self.got(option, name, file) for option in of.options if is_null(option) is not True))
        if isinstance(of, Type):
            return self._got_of_type(of, name)
        if isinstance(of, Made):
            found = self.member(of, name)
            if found is None and of.type == code.RECORD:
                found = recorded(of, name)
            if found is not None:
                return found
        if isinstance(of, Seq):
            return got_of_list(of, name)
        if isinstance(of, Constant):
            if name == "name":
                return Txt((of.name,))
            found = self.valued(of, name, file)
            if found is not None:
                return found
        if isinstance(of, Txt):
            whole = of.whole
            if name in TRANSLATES and whole:
                return self.strings.spoken(whole, [], {}) or of
            if name in ("isEmpty", "isNotEmpty"):
                empty = None if whole is None and not any(of.parts) else not any(of.parts)
                return OPAQUE if empty is None else Known(empty is (name == "isEmpty"))
        if is_null(of):
            return NULL
        added = self.project.extension(name, file)
        if added is not None and added[1].kind == "getter":
            owner, member = added
            found = self.invoke(Closure(member, Scope(owner.file, this=of, owner=owner), name), [])
            return self.typed(found, member.type, owner.file)
        if isinstance(of, Opaque):
            if name == "unfocus":
                return Constant("FocusNode", name)
            if of.speaks:
                return self.told(of, name, [], {})
            if SPEAKING_NAME.match(name):
                return SPEAKS
        return OPAQUE

    def told(self, of: Opaque, name: str, args: Sequence[Value], named: dict[str, Value]) -> Value:
        """What the app's strings say by a name: one of them, or a group of them."""
        found = self.strings.said(of.group + name, args, named) or self.strings.said(name, args, named)
        group = "" if found else self.strings.group(of.group + name)
        return found or (Opaque(speaks=True, group=group) if group else SPEAKS)

    def valued(self, of: Constant, name: str, file: str) -> Value | None:
        """A member of a value of an own enum; None where it has none by that name."""
        owner = self.project.type(of.type, file)
        if owner is None or owner.code.kind != "enum" or of.name not in owner.code.values:
            return None
        known = self._values.get((id(owner), of.name))
        if known is None:
            expr = owner.code.calls.get(of.name, code.Call(code.Name(of.type), (), (), owner.code.line))
            made = call(self, expr, Scope(owner.file, owner=owner))
            known = made if isinstance(made, Made) else Made(of.type, "", owner.file, owner.code.line, owner)
            known.constant = of
            known.fields.setdefault("name", Txt((of.name,)))
            known.fields.setdefault("index", Known(float(owner.code.values.index(of.name))))
            self._values[id(owner), of.name] = known
        return self.member(known, name)

    def _got_of_type(self, of: Type, name: str) -> Value:
        if of.owner is not None:
            found = self.static(of.owner, name)
            if found is not None:
                return found
            if name == "values" and of.owner.code.values:
                return Seq([Constant(of.name, one) for one in of.owner.code.values])
            if f"{of.name}.{name}" in of.owner.code.members:
                return Type(f"{of.name}.{name}", of.owner)
        if SPEAKING_TYPE.search(of.name):
            return self.strings.said(name, []) or SPEAKS
        return Constant(of.name, name)

    def _item(self, expr: code.Item, scope: Scope) -> Value:
        return item_of(self.value(expr.of, scope), self.value(expr.index, scope))

    def _closure(self, expr: Func, scope: Scope) -> Value:
        return Closure(expr, scope)

    def _list(self, expr: code.Items, scope: Scope) -> Value:
        items: list[Value] = []
        for one in expr.items:
            items += self._unrolled(one, scope)
        return Seq(items)

    def _unrolled(self, expr: Expr, scope: Scope) -> list[Value]:
        """Items that an element of a collection gives."""
        if isinstance(expr, code.Spread):
            return spread(self.value(expr.of, scope))
        if isinstance(expr, code.When):
            return self._unrolled_when(expr, scope)
        if isinstance(expr, code.Each):
            return self._unrolled_each(expr, scope)
        return [self.value(expr, scope)]

    def _unrolled_when(self, expr: code.When, scope: Scope) -> list[Value]:
        held = truth(self.value(expr.test, scope))
        if held is not None:
            chosen = expr.yes if held else expr.no
            return [] if chosen is None else self._unrolled(chosen, scope)
        yes = self._unrolled(expr.yes, scope)
        no = [] if expr.no is None else self._unrolled(expr.no, scope)
        return [Either((Seq(yes), Seq(no)))]

    def _unrolled_each(self, expr: code.Each, scope: Scope) -> list[Value]:
        source = self.value(expr.source, scope)
        inner = scope.inner()
        if isinstance(source, Seq) and not any(isinstance(item, Repeated) for item in source.items):
            out: list[Value] = []
            for item in source.items:
                inner = scope.inner()
                inner.names[expr.name] = item
                out += self._unrolled(expr.body, inner)
            return out
        inner.names[expr.name] = OPAQUE
        return [Repeated(Seq(self._unrolled(expr.body, inner)))]

    def _map(self, expr: code.Pairs, scope: Scope) -> Value:
        return Pairs([(self.value(key, scope), self.value(value, scope)) for key, value in expr.pairs])

    def _conditional(self, expr: code.When, scope: Scope) -> Value:
        held = truth(self.value(expr.test, scope))
        if held is not None:
            return self.value(expr.yes if held else expr.no, scope)
        with self.doubted():
            return either(self.value(expr.yes, scope), self.value(expr.no, scope) if expr.no is not None else NULL)

    def _cases(self, expr: code.Cases, scope: Scope) -> Value:
        subject = self.value(expr.of, scope)
        options: list[Value] = []
        for pattern, result in expr.cases:
            held = None if pattern is None else same(subject, self.value(pattern, scope))
            if held is False:
                continue
            if held:
                return self.value(result, scope)
            with self.doubted():
                options.append(self.value(result, scope))
        return either(*options)

    def _operation(self, expr: code.Op, scope: Scope) -> Value:
        sign = expr.sign
        if sign in ("&&", "||"):
            return self._logic(sign == "&&", expr.operands, scope)
        values = [self.value(operand, scope) for operand in expr.operands]
        if sign == "??":
            return or_else(values)
        if sign == "!" and values:
            held = truth(values[0])
            return OPAQUE if held is None else Known(not held)
        if sign in ("==", "!=") and len(values) == 2:
            held = same(*values)
            return OPAQUE if held is None else Known(held is (sign == "=="))
        if sign == "+" and any(isinstance(value, Txt) for value in values):
            return joined(*values)
        return reckoned(sign, values)

    def _logic(self, every: bool, operands: Sequence[Expr], scope: Scope) -> Value:
        unknown = False
        for operand in operands:
            held = truth(self.value(operand, scope))
            if held is None:
                unknown = True
            elif held is not every:
                return Known(not every)
        return OPAQUE if unknown else Known(every)

    def _cascade(self, expr: code.Cascade, scope: Scope) -> Value:
        made = self.value(expr.of, scope)
        if isinstance(made, Made):
            for name, value in expr.sets:
                (made.named if made.owner is None else made.fields)[name] = self.value(value, scope)
        return made

    def invoke(self, closure: Value, args: Sequence[Value], named: dict[str, Value] | None = None) -> Value:
        """Call a function; what is not given and has no default is not known."""
        if not isinstance(closure, Closure) or self.depth >= MAX_DEPTH:
            return OPAQUE
        # A handler that comes back to itself does nothing new; what is built may hold its like once.
        again = id(closure.code)
        if self._inside[again] > (self.effects is None) and closure.name not in ("", "build"):
            return OPAQUE
        self._inside[again] += 1
        scope = closure.scope.inner()
        self.bind(closure.code.params, args, named or {}, scope, OPAQUE)
        self.depth += 1
        self.running.append(closure.name)
        try:
            return self.run(closure.code.body, scope)
        finally:
            self.running.pop()
            self.depth -= 1
            self._inside[again] -= 1

    def bind(
        self,
        listed: Sequence[Param],
        args: Sequence[Value],
        named: dict[str, Value],
        scope: Scope,
        missing: Value,
    ) -> None:
        waiting = list(args)
        for param in listed:
            given = named.get(param.name) if param.named else waiting.pop(0) if waiting else None
            if given is None:
                given = self.value(param.default, scope) if param.default is not None else missing
                if param.named and param.default is None and not param.required:
                    given = NULL
            scope.names[param.name] = given

    def make(self, of: Type, args: list[Value], file: str) -> Value:
        """An object of a class, for what takes a constructor as a function."""
        return make(self, of, "", args, {}, file, 0)

    def run(self, body: Sequence[Stmt], scope: Scope) -> Value:
        """Run a function's body; what it returns."""
        results: list[Value] = []
        block(self, body, scope, results)
        return either(*results) if results else NULL


_HOW: dict[type, Callable[[Evaluator, Expr, Scope], Value]] = {
    code.Str: Evaluator._string,
    code.Lit: lambda evaluator, expr, scope: Known(expr.value),
    code.Name: Evaluator._name,
    code.Get: Evaluator._get,
    code.Item: Evaluator._item,
    code.Call: call,
    code.Func: Evaluator._closure,
    code.Items: Evaluator._list,
    code.Pairs: Evaluator._map,
    code.When: Evaluator._conditional,
    code.Cases: Evaluator._cases,
    code.Op: Evaluator._operation,
    code.Cascade: Evaluator._cascade,
    code.Spread: lambda evaluator, expr, scope: evaluator.value(expr.of, scope),
}
