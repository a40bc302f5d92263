"""What a Swift expression says to a person, and whether a condition holds when a screen opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from samouk.domains.screens.source.ios.expressions import (
    Branch,
    Call,
    Choice,
    Expression,
    Listing,
    Literal,
    Member,
    Name,
)
from samouk.domains.screens.source.ios.scopes import (
    DEPTH,
    Project,
    Scope,
    is_changing,
    last_expression,
    of_case,
    reduce,
)
from samouk.domains.screens.source.ios.strings import until_filled
from samouk.domains.screens.source.widgets import NO_WORDS, Words, identifier_of

MOST_STEPS = 250
"""Names behind one string or condition, so that strings that hold others twice end."""

MOST_ALTERNATIVES = 40
"""Types behind one identifier."""

_DYNAMIC = Words(dynamic=True)
_RESOURCES_WORDS = """
NSLocalizedString LocalizedStringKey LocalizedStringResource String Text tr localized AttributedString Self.tr L
NSAttributedString NSMutableAttributedString localizedStringWithFormat
"""
_RESOURCES = frozenset(_RESOURCES_WORDS.split())
_CHANGES = {"uppercased": str.upper, "lowercased": str.lower, "capitalized": str.title}


class Verdict(NamedTuple):
    """Whether a condition holds when the screen opens, None if that is not known; ``fixed`` if it never changes."""

    holds: bool | None
    fixed: bool = False


_OPEN = Verdict(None)


@dataclass(slots=True)
class Speaker:
    """Reads expressions of one project.

    Attributes:
        strings: resources of the default language.
        steps, tested: names that were followed for the string or condition at hand.
    """

    project: Project
    strings: dict[str, str] = field(default_factory=dict)
    steps: int = 0
    tested: int = 0

    def resource(self, key: str) -> Words:
        """Words of a key; a key that is in no table stands for itself, as the system does it."""
        if not key:
            return NO_WORDS
        value = self.strings.get(key)
        if value is None:
            return Words(key)
        shown, filled = until_filled(value)
        return Words(shown, key, filled)

    def words(self, value: Expression, scope: Scope | None, localized: bool = True, depth: int = 0) -> Words:
        """Words of an expression. ``localized`` says that a plain literal here is looked up in the tables."""
        self.steps = self.steps + 1 if depth else 0
        if depth > DEPTH or self.steps > MOST_STEPS:
            return _DYNAMIC
        if isinstance(value, Name):
            return self._named(value, scope, localized, depth)
        if isinstance(value, Literal):
            return self._literal(value, scope, localized, depth)
        if isinstance(value, Choice):
            return self._chosen(value, scope, localized, depth)
        if isinstance(value, Call):
            return self._called(value, scope, localized, depth)
        if isinstance(value, Member):
            return self._changed(value.name, value.base, scope, depth)
        return _DYNAMIC

    def identifier(self, value: Expression, scope: Scope | None) -> str:
        """An identifier that is the same in every run; "" for one that is made while the app runs."""
        found = self.words(value, scope, localized=False)
        return "" if found.dynamic else found.value

    def mark(self, value: Expression, scope: Scope | None) -> str:
        """An identifier that is looked for on the screen; of one that is made while the app runs how it begins."""
        return identifier_of(self.words(value, scope, localized=False))

    def alternatives(self, value: Expression, scope: Scope | None) -> list[tuple[str, Words]]:
        """Identifiers and titles of the types of which one is behind `row.identifier`, where each has its own.

        They must share what they implement, or it is not known which of them are meant.
        """
        head, _, name = value.path.rpartition(".") if isinstance(value, Name) else ("", "", "")
        found = self.project.implementers(name) if head and not self.identifier(value, scope) else []
        if not 1 < len(found) <= MOST_ALTERNATIVES or not found[0].inherits.intersection(
            *(one.inherits for one in found)
        ):
            return []
        told: list[tuple[str, Words]] = []
        for info in found:
            inside = Scope(info.name, info.path, info)
            titled = "title" in info.properties
            words = self.words(Name("title"), inside, False) if titled else NO_WORDS
            told.append((self.identifier(Name(name), inside), words))
        return told

    def _named(self, value: Name, scope: Scope | None, localized: bool, depth: int) -> Words:
        if value.path in ("nil", ""):
            return NO_WORDS if value.path else _DYNAMIC
        base, _, last = value.path.rpartition(".")
        if scope is not None and base and last in ("localized", "capitalized", "localizedCapitalized"):
            return self._changed(last, Name(base), scope, depth + 1)
        found, where = reduce(self.project, value, scope)
        if isinstance(found, Name):
            if found.path[:1].isdigit():
                return Words(found.path)
            case = self._case(found, scope)
            return case if case is not None else _DYNAMIC
        verbatim = self._is_string(value, scope)
        return self.words(found, where, localized and not verbatim, depth + 1)

    def _case(self, value: Name, scope: Scope | None) -> Words | None:
        """``Tab.home.rawValue`` and the like are followed by ``reduce``; a bare case says nothing."""
        kind, _, name = value.path.rpartition(".")
        kind, _, case = kind.rpartition(".")
        info = self.project.find(kind, scope.path if scope else "") if kind else None
        if info is None or case not in info.cases:
            return None
        found = of_case(self.project, info, case, name)
        return self.words(found[0], found[1], False) if found is not None else None

    def _is_string(self, value: Name, scope: Scope | None) -> bool:
        """Text from a String is shown as it is; from a LocalizedStringKey it is looked up."""
        head = value.path.partition(".")[0]
        own = scope.info.properties.get(head) if scope is not None and scope.info is not None else None
        return own is not None and own.type.rstrip("?!") == "String"

    def _literal(self, value: Literal, scope: Scope | None, localized: bool, depth: int) -> Words:
        if all(isinstance(part, str) for part in value.parts):
            whole = "".join(part for part in value.parts if isinstance(part, str))
            return self.resource(whole) if localized else Words(whole)
        if localized:
            for mark in ("%@", "%lld"):
                key = "".join(part if isinstance(part, str) else mark for part in value.parts)
                if key in self.strings:
                    return self.resource(key)._replace(dynamic=True)
        said = ""
        for part in value.parts:
            found = Words(part) if isinstance(part, str) else self.words(part, scope, False, depth + 1)
            said += found.value
            if found.dynamic:
                return Words(said.rstrip(), "", True)
        return Words(said)

    def _chosen(self, value: Choice, scope: Scope | None, localized: bool, depth: int) -> Words:
        said: list[Words] = []
        for branch in value.branches:
            last = last_expression(branch.body)
            found = self.words(last, scope, localized, depth + 1) if last is not None else _DYNAMIC
            verdict = self.branch(value, branch, scope)
            if verdict.holds:
                return found
            if verdict.holds is None:
                said.append(found)
        return Words(_shared([one.value for one in said]), "", True) if said else _DYNAMIC

    def _called(self, value: Call, scope: Scope | None, localized: bool, depth: int) -> Words:
        arguments = value.arguments
        if value.name in _RESOURCES and arguments:
            return self._resource_call(value, scope, depth)
        if value.name == "??":
            found = self.words(arguments[0].value, scope, localized, depth + 1)
            return found if found.value and not found.dynamic else _DYNAMIC
        if value.name in _CHANGES or value.name in ("localized", "trimmingCharacters"):
            return self._changed(value.name, value.receiver or Name("self"), scope, depth)
        if isinstance(value.receiver, Name) and not arguments:
            path = f"{value.receiver.path}.{value.name}"
            found_value, where = reduce(self.project, Name(path), scope)
            if found_value != Name(path):
                return self.words(found_value, where, localized, depth + 1)
        return _DYNAMIC

    def _resource_call(self, value: Call, scope: Scope | None, depth: int) -> Words:
        told = {one.label: one.value for one in reversed(value.arguments)}
        if (value.name == "String" and "format" in told) or value.name == "localizedStringWithFormat":
            found = self.words(told.get("format", value.arguments[0].value), scope, False, depth + 1)
            return Words(until_filled(found.value)[0], found.key, True)
        if value.name == "Text" and "verbatim" in told:
            return self.words(told["verbatim"], scope, False, depth + 1)
        if value.name == "tr":
            keys = [one.value for one in value.arguments if not one.label and isinstance(one.value, Literal)]
            return self.words(keys[-1], scope, True, depth + 1) if keys else _DYNAMIC
        first = told.get("localized", told.get("", value.arguments[0].value))
        found = self.words(first, scope, value.name != "String" or "localized" in told, depth + 1)
        default = told.get("defaultValue", told.get("value"))
        if default is not None and not found.key and found.value and not found.dynamic:
            return self.words(default, scope, False, depth + 1)._replace(key=found.value)
        return found

    def _changed(self, name: str, base: Expression, scope: Scope | None, depth: int) -> Words:
        if name == "localized":
            return self.words(base, scope, True, depth + 1)
        found = self.words(base, scope, False, depth + 1)
        change = _CHANGES.get(name.removeprefix("localized").lower(), _CHANGES.get(name))
        return found._replace(value=change(found.value), key="") if change is not None else found

    def branch(self, choice: Choice, branch: Branch, scope: Scope | None) -> Verdict:
        """Whether this branch is taken when the screen opens."""
        if choice.subject is None:
            return self._of_if(choice.branches, branch, scope)
        subject, _ = reduce(self.project, choice.subject, scope)
        subject, fixed = self._initial(subject, scope)
        if isinstance(subject, Name) and _is_case(subject):
            case = subject.path.rpartition(".")[2]
            known = any(case in one.cases for one in choice.branches)
            return Verdict(case in branch.cases or (not branch.cases and not known), fixed)
        return _OPEN

    def _of_if(self, branches: Sequence[Branch], branch: Branch, scope: Scope | None) -> Verdict:
        fixed = True
        unsure = False
        for one in branches:
            verdict = self.holds(one.test, scope) if one.test is not None else Verdict(True, True)
            fixed &= verdict.fixed
            if one is branch:
                if verdict.holds is False:
                    return Verdict(False, verdict.fixed)
                return _OPEN if unsure or verdict.holds is None else Verdict(True, fixed)
            if verdict.holds:
                return Verdict(False, fixed and not unsure) if not unsure else _OPEN
            unsure |= verdict.holds is None
        return _OPEN

    def _initial(self, value: Expression, scope: Scope | None) -> tuple[Expression, bool]:
        """The value with which state starts; second whether it stays."""
        if isinstance(value, Name) and scope is not None and scope.info is not None and "." not in value.path:
            name = value.path.lstrip("$")
            own = scope.info.properties.get(name)
            if own is not None and is_changing(scope, name) and scope.local(name) is None:
                starts = own.value
                if starts is None and own.type.endswith("?") and "State" in own.attributes:
                    starts = Name("nil")
                if "State" in own.attributes and starts is not None:
                    return starts, False
        return value, True

    def holds(self, test: Expression | None, scope: Scope | None, depth: int = 0) -> Verdict:
        """Whether a condition holds at first."""
        self.tested = self.tested + 1 if depth else 0
        if test is None or depth > DEPTH or self.tested > MOST_STEPS:
            return _OPEN
        if isinstance(test, Call):
            return self._operation(test, scope, depth)
        if isinstance(test, Name) and test.path.endswith(".isEmpty"):
            starts, fixed = self._initial(*reduce(self.project, Name(test.path.removesuffix(".isEmpty")), scope))
            if isinstance(starts, (Literal, Listing)):
                return Verdict(not (starts.parts if isinstance(starts, Literal) else starts.items), fixed)
            return _OPEN
        found, where = reduce(self.project, test, scope)
        if isinstance(found, Call):
            return self.holds(found, where, depth + 1)
        found, fixed = self._initial(found, where)
        if isinstance(found, Name) and found.path in ("true", "false"):
            return Verdict(found.path == "true", fixed)
        return _OPEN

    def _operation(self, test: Call, scope: Scope | None, depth: int) -> Verdict:
        if test.name == "!":
            inner = self.holds(test.arguments[0].value, scope, depth + 1)
            return inner if inner.holds is None else Verdict(not inner.holds, inner.fixed)
        if test.name in ("&&", "||") and len(test.arguments) == 2:
            left, right = (self.holds(one.value, scope, depth + 1) for one in test.arguments)
            settles = test.name == "||"
            for one in (left, right):
                if one.holds is settles:
                    return one
            if left.holds is None or right.holds is None:
                return _OPEN
            return Verdict(not settles, left.fixed and right.fixed)
        if test.name in ("==", "!=") and len(test.arguments) == 2:
            return self._equal(test, scope)
        return _OPEN

    def _equal(self, test: Call, scope: Scope | None) -> Verdict:
        sides: list[str] = []
        stays = True
        for one in test.arguments:
            found, where = reduce(self.project, one.value, scope)
            found, fixed = self._initial(found, where)
            stays &= fixed
            if isinstance(found, Literal) and all(isinstance(part, str) for part in found.parts):
                sides.append("'" + "".join(part for part in found.parts if isinstance(part, str)))
            elif isinstance(found, Name) and (found.path in ("nil", "true", "false") or found.path[:1].isdigit()):
                sides.append(found.path)
            elif isinstance(found, Name) and "." in found.path and found.path.rpartition(".")[2]:
                kind, _, case = found.path.rpartition(".")
                if kind and self.project.find(kind) is None:
                    return _OPEN
                sides.append("." + case)
            else:
                return _OPEN
        if "nil" not in sides and sides[0][0] != sides[1][0] and not (sides[0][0].isdigit() and sides[1][0].isdigit()):
            return _OPEN
        return Verdict((sides[0] == sides[1]) == (test.name == "=="), stays)


def _is_case(value: Name) -> bool:
    """``.password`` or ``Mode.password``; ``state.mode`` is a value that is not known."""
    kind, _, case = value.path.rpartition(".")
    return bool(case) and "." in value.path and (not kind or kind.rpartition(".")[2][:1].isupper())


def _shared(words: Sequence[str]) -> str:
    """How all of them begin."""
    first, last = min(words), max(words)
    same = next(
        (index for index, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first)
    )
    return first[:same]
