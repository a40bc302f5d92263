"""JavaScript as the reader keeps it: only what can end on a screen or lead to another; small, and picklable."""

# Dataclasses, not NamedTuples: these records hold one another, and a type checker that compares tuples compares all
# that they hold, and never ends.

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Const:
    """A string, a number, a boolean; None for null and undefined."""

    value: str | float | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A variable; ``this`` too."""

    name: str


@dataclass(frozen=True, slots=True)
class Dot:
    """``of.name``, or ``of['name']``."""

    of: Code
    name: str


@dataclass(frozen=True, slots=True)
class At:
    """``of[key]`` with a key that is computed."""

    of: Code
    key: Code


@dataclass(frozen=True, slots=True)
class Call:
    """A call or a ``new``; of a tagged template too, whose only argument is the template."""

    of: Code
    args: tuple[Code, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Tag:
    """``<name ...props>children</name>``; ``name`` is None for a fragment. A prop without a name is a spread."""

    name: Code | None
    props: tuple[tuple[str, Code], ...]
    children: tuple[Code, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """An object; an entry with the key "" is a spread. ``lines`` are those of the entries."""

    entries: tuple[tuple[str, Code], ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """An array."""

    items: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """``...of`` in an array, or in arguments."""

    of: Code


@dataclass(frozen=True, slots=True)
class Function:
    """A function of any kind; ``body`` of an arrow with an expression is one Return."""

    params: tuple[Pattern, ...]
    body: tuple[Statement, ...]
    line: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Class:
    """A class; members by name: methods, fields; those of the class itself stand in ``statics``."""

    name: str
    base: Code | None
    members: tuple[tuple[str, Code], ...]
    statics: tuple[tuple[str, Code], ...]
    line: int


@dataclass(frozen=True, slots=True)
class Either:
    """``test ? yes : no``."""

    test: Code
    yes: Code
    no: Code


@dataclass(frozen=True, slots=True)
class And:
    """``test && value``."""

    test: Code
    value: Code


@dataclass(frozen=True, slots=True)
class Or:
    """``first || second``, ``first ?? second``."""

    first: Code
    second: Code


@dataclass(frozen=True, slots=True)
class Not:
    """``!of``."""

    of: Code


@dataclass(frozen=True, slots=True)
class Same:
    """``one === two``, or with ``differs`` ``one !== two``."""

    one: Code
    two: Code
    differs: bool


@dataclass(frozen=True, slots=True)
class Glue:
    """A template string, or strings that are added."""

    parts: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """What is not understood; ``parts`` are the calls and functions in it."""

    parts: tuple[Code, ...] = ()


Code = (
    Const | Name | Dot | At | Call | Tag | Table | Row | Spread | Function | Class | Either | And | Or | Not | Same
    | Glue | Other
)  # fmt: skip

NOTHING = Const(None)
OTHER = Other()


@dataclass(frozen=True, slots=True)
class Fields:
    """``{key: pattern = default, ...rest}``."""

    items: tuple[tuple[str, Pattern, Code | None], ...]
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """``[pattern, pattern]``; None for a hole."""

    items: tuple[Pattern | None, ...]


@dataclass(frozen=True, slots=True)
class Default:
    """``pattern = value`` of a parameter."""

    pattern: Pattern
    value: Code


Pattern = str | Fields | Items | Default
"""What a value is bound to: a name, or parts of it to names."""


@dataclass(frozen=True, slots=True)
class Let:
    """A binding."""

    pattern: Pattern
    value: Code


@dataclass(frozen=True, slots=True)
class Assign:
    """``target = value`` as a statement."""

    target: Code
    value: Code


@dataclass(frozen=True, slots=True)
class Return:
    """The value of a function."""

    value: Code


@dataclass(frozen=True, slots=True)
class Do:
    """An expression for what it does."""

    value: Code


@dataclass(frozen=True, slots=True)
class If:
    """A branch: of an ``if``, a ``switch`` (each case its own), a loop or a ``catch`` (without ``no``)."""

    test: Code
    yes: tuple[Statement, ...]
    no: tuple[Statement, ...]


Statement = Let | Assign | Return | Do | If


@dataclass(frozen=True, slots=True)
class Import:
    """What a local name stands for: ``name`` of module ``source``; ``default``, or ``*`` for all of it."""

    source: str
    name: str


@dataclass(frozen=True, slots=True)
class Module:
    """One file of code.

    Attributes:
        imports: by local name.
        exports: by exported name; ``default`` too. What is passed on from elsewhere is an Import.
        passed: modules all of whose names are passed on (``export * from``).
        body: the statements of the top level.
    """

    imports: dict[str, Import] = field(default_factory=dict)
    exports: dict[str, Code | Import] = field(default_factory=dict)
    passed: tuple[str, ...] = ()
    body: tuple[Statement, ...] = ()
