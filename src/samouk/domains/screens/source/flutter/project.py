"""All that an app declares, found by name from any of its files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TypeVar

from samouk.domains.screens.source.flutter.code import FileCode, Member
from samouk.domains.screens.source.flutter.values import Owned

_T = TypeVar("_T")
_MAX_BASES = 16


class Project:
    """Classes, extensions and top-level members by name. Of several by one name the nearest file's is meant."""

    def __init__(self, files: Mapping[str, FileCode], calls: Mapping[str, int]) -> None:
        self._calls = calls
        self._classes: dict[str, list[Owned]] = defaultdict(list)
        self._members: dict[str, list[tuple[str, Member]]] = defaultdict(list)
        self._extensions: dict[str, list[tuple[Owned, Member]]] = defaultdict(list)
        self._states: dict[str, list[Owned]] = defaultdict(list)
        self._aliases: dict[str, str] = {}
        # The same few names are asked for millions of times: what does not change is looked up once.
        self._known_types: dict[tuple[str, str], Owned | None] = {}
        self._known_members: dict[tuple[str, str], tuple[str, Member] | None] = {}
        self._found: dict[tuple[Owned, str], tuple[Owned, Member] | None] = {}
        self._chains: dict[Owned, tuple[Owned, ...]] = {}
        for path, one in files.items():
            self._aliases.update(one.aliases)
            for member in one.members.values():
                self._members[member.name].append((path, member))
            for code in one.classes:
                owned = Owned(code, path)
                if code.kind == "extension":
                    for member in code.members.values():
                        self._extensions[member.name].append((owned, member))
                else:
                    self._classes[code.name].append(owned)
                    if code.argument and code.base.endswith("State"):
                        self._states[code.argument].append(owned)

    def type(self, name: str, file: str) -> Owned | None:
        """A class, enum or mixin."""
        key = name, file
        if key not in self._known_types:
            self._known_types[key] = self._type(name, file)
        return self._known_types[key]

    def _type(self, name: str, file: str) -> Owned | None:
        found = self._classes.get(name) or self._classes.get(self._aliases.get(name, ""))
        return None if not found else _nearest([(one.file, one) for one in found], file)

    def types(self) -> Iterator[Owned]:
        """All classes in the order of their files."""
        for found in self._classes.values():
            yield from found

    def state(self, widget: Owned) -> Owned | None:
        """The State class of a StatefulWidget."""
        found = self._states.get(widget.code.name)
        return None if not found else _nearest([(one.file, one) for one in found], widget.file)

    def member(self, name: str, file: str) -> tuple[str, Member] | None:
        """A top-level function, getter or variable, with its file."""
        key = name, file
        if key not in self._known_members:
            self._known_members[key] = self._member(name, file)
        return self._known_members[key]

    def _member(self, name: str, file: str) -> tuple[str, Member] | None:
        found = self._members.get(name)
        return None if not found else _nearest([(path, (path, one)) for path, one in found], file)

    def members(self) -> Iterator[tuple[str, Member]]:
        """All top-level members with their files."""
        for found in self._members.values():
            yield from found

    def extension(self, name: str, file: str) -> tuple[Owned, Member] | None:
        """A member that the app adds to a class of a package."""
        found = self._extensions.get(name)
        return None if not found else _nearest([(owned.file, (owned, one)) for owned, one in found], file)

    def chain(self, owned: Owned) -> tuple[Owned, ...]:
        """The class itself, its mixins, then its superclass and so on, as far as the app declares them."""
        if owned not in self._chains:
            self._chains[owned] = tuple(self._chain(owned))
        return self._chains[owned]

    def _chain(self, owned: Owned) -> Iterator[Owned]:
        current: Owned | None = owned
        for _ in range(_MAX_BASES):
            if current is None:
                return
            yield current
            for mixin in reversed(current.code.mixins):
                found = self.type(mixin, current.file)
                if found is not None and found is not current:
                    yield found
            base = current.code.base
            above = self.type(base, current.file) if base else None
            current = None if above is current else above

    def find(self, owned: Owned, name: str) -> tuple[Owned, Member] | None:
        """A member of a class or of what it extends."""
        key = owned, name
        if key not in self._found:
            self._found[key] = self._find(owned, name)
        return self._found[key]

    def _find(self, owned: Owned, name: str) -> tuple[Owned, Member] | None:
        for one in self.chain(owned):
            member = one.code.members.get(name)
            if member is not None and member.kind != "constructor":
                return one, member
        return None

    def uses(self, owned: Owned) -> int:
        """In how many places a class is made."""
        made = sum(member.kind == "constructor" for member in owned.code.members.values())
        return self._calls.get(owned.code.name, 0) - made

    def holds(self, owned: Owned, file: str, line: int) -> bool:
        """Whether a line stands in a widget class or in its State."""
        return any(
            one is not None and one.file == file and one.code.line <= line <= one.code.last
            for one in (owned, self.state(owned))
        )

    def foreign_base(self, owned: Owned) -> str:
        """The first class of a package that a class extends; "" for none."""
        last = owned
        for one in self.chain(owned):
            if one.code.kind == "class":
                last = one
        return last.code.base

    def is_widget(self, owned: Owned) -> bool:
        """Whether a class is built to widgets by itself or by its State."""
        if owned.code.kind != "class" or owned.code.base.endswith("State") or owned.code.base == "State":
            return False
        return self.find(owned, "build") is not None or self.state(owned) is not None


def _nearest(found: list[tuple[str, _T]], file: str) -> _T:
    """That of the file which shares most of its path with ``file``."""
    if len(found) == 1:
        return found[0][1]
    return max(found, key=lambda one: (one[0] == file, _shared(one[0], file)))[1]


def _shared(one: str, other: str) -> int:
    """How many folders two paths begin with alike."""
    steps = zip(one.split("/"), other.split("/"), strict=False)
    return next((place for place, (step, twin) in enumerate(steps) if step != twin), 99)
