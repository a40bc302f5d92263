"""All declarations of an app, found by the name that a file uses for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from samouk.domains.screens.source.compose.code import (
    TRAILING,
    Argument,
    Class,
    Function,
    KotlinFile,
    Member,
    Name,
    Node,
    Parameter,
    Property,
)
from samouk.domains.screens.source.compose.resources import Resources


class Declared(NamedTuple):
    """A class with the file it stands in and the class around it."""

    kind: Class
    file: str
    outer: Class | None = None


class DeclaredFunction(NamedTuple):
    function: Function
    file: str


class DeclaredProperty(NamedTuple):
    property: Property
    file: str
    owner: Class | None = None


Spot = tuple[str, str, int]
"""A function by its file, its name and its line."""

_Found = TypeVar("_Found", DeclaredFunction, DeclaredProperty, Declared)


class Project:
    """Declarations by name.

    Args:
        files: by path, in order.
    """

    def __init__(self, files: Mapping[str, KotlinFile], resources: Resources) -> None:
        self.files = files
        self.resources = resources
        self._functions: dict[str, list[DeclaredFunction]] = {}
        self._classes: dict[str, list[Declared]] = {}
        self._properties: dict[str, list[DeclaredProperty]] = {}
        self._defaults: dict[str, set[Node | None]] = {}
        self._aliases: dict[str, list[tuple[str, str]]] = {}
        self._last = {
            path: {whole.rpartition(".")[2]: whole for whole in file.imports.values()} for path, file in files.items()
        }
        self._known_types: dict[tuple[str, str], Declared | None] = {}
        self._known_properties: dict[tuple[str, str, bool, tuple[str, ...]], DeclaredProperty | None] = {}
        for path, file in files.items():
            for function in file.functions:
                self._functions.setdefault(function.name, []).append(DeclaredFunction(function, path))
            for prop in file.properties:
                self._properties.setdefault(prop.name, []).append(DeclaredProperty(prop, path))
            for kind in file.classes:
                self._enter(kind, path, None)
            for name, whole in file.aliases.items():
                self._aliases.setdefault(name, []).append((path, whole))

    def _enter(self, kind: Class, path: str, outer: Class | None) -> None:
        self._classes.setdefault(kind.name, []).append(Declared(kind, path, outer))
        for parameter in kind.parameters:
            self._defaults.setdefault(parameter.name, set()).add(
                parameter.default if _is_string_resource(parameter.default) else None
            )
        if kind.single:
            for prop in kind.properties:
                self._properties.setdefault(prop.name, []).append(DeclaredProperty(prop, path, kind))
        for inner in (*kind.classes, *kind.entries):
            self._enter(inner, path, kind)

    @property
    def functions(self) -> Iterator[DeclaredFunction]:
        """All functions that stand outside classes."""
        for found in self._functions.values():
            yield from found

    @property
    def classes(self) -> Iterator[Declared]:
        """All classes."""
        for found in self._classes.values():
            yield from found

    @property
    def properties(self) -> Iterator[DeclaredProperty]:
        """All properties that stand outside classes or in objects."""
        for found in self._properties.values():
            yield from found

    def default_of(self, name: str) -> Node | None:
        """The string resource with which every class that has a field of this name begins."""
        found = self._defaults.get(name, set())
        return next(iter(found)) if len(found) == 1 else None

    def own_name(self, name: str, file: str) -> str:
        """What a name is called where it is declared: ``import a.Button as MyButton``."""
        whole = self.files[file].imports.get(name)
        return name if whole is None else whole.rpartition(".")[2]

    def function(
        self,
        name: str,
        file: str,
        extends: bool = False,
        given: Sequence[Argument] | None = None,
        around: Collection[Spot] = (),
        kinds: Collection[str] = (),
    ) -> DeclaredFunction | None:
        """A function outside classes, as ``file`` sees it; with ``extends`` one that extends a type.

        Args:
            given: what it is called with: of several with one name, one that takes as much is meant.
            around: functions that are being run: what stands among them calls itself only where nothing else is meant.
            kinds: names of the types that it may extend, as far as they are known.
        """
        written, name = name, self.own_name(name, file)
        found = [
            one
            for one in self._functions.get(name, ())
            if (not one.function.private or one.file == file) and (not extends or one.function.receiver)
        ]
        if written != name:
            found = self._imported(written, file, found)
        found = [one for one in found if one.function.receiver in kinds] or found if kinds else found
        if given is None:
            return self._nearest(name, file, found)
        fitting = [one for one in found if takes(one.function.parameters, given)]
        if not fitting and written == name and name in self.files[file].imports:
            found = self._imported(name, file, found)  # a wrapper that bears the name of what it wraps
        if len(found) < 2:
            return self._nearest(name, file, found)
        fitting = fitting or found
        fresh = [one for one in fitting if (one.file, name, one.function.line) not in around]
        return self._nearest(name, file, fresh or fitting)

    def type(self, name: str, file: str, outer: Class | None = None) -> Declared | None:
        """A class, inside ``outer`` where that is told; one that another name stands for too."""
        if outer is not None:
            found = self._classes.get(self.own_name(name, file), ())
            return next((one for one in found if one.outer is outer), None)
        key = (name, file)
        if key not in self._known_types:
            self._known_types[key] = self._type(name, file)
        return self._known_types[key]

    def _type(self, written: str, file: str) -> Declared | None:
        name = self.own_name(written, file)
        found = self._classes.get(name, [])
        known = self._nearest(name, file, found if written == name else self._imported(written, file, found))
        if known is None and (other := self.alias(written, file).rpartition(".")[2]) != name:
            return self._nearest(other, file, self._classes.get(other, ()))
        return known

    def _imported(self, written: str, file: str, found: Iterable[_Found]) -> list[_Found]:
        """Of declarations with one name those that ``import .. as written`` means: none where it means a library's."""
        package = self.files[file].imports[written].rpartition(".")[0]
        return [one for one in found if package.startswith(self.files[one.file].package)]

    def alias(self, name: str, file: str) -> str:
        """What ``typealias name`` stands for, as it is written; "" where nothing is named so."""
        found = self._aliases.get(self.own_name(name, file), ())
        if not found:
            return ""
        here = [whole for path, whole in found if path == file]
        return next(iter((*here, *(whole for _, whole in found))), "")

    def property(
        self, name: str, file: str, extends: bool = False, kinds: Collection[str] = ()
    ) -> DeclaredProperty | None:
        """A property outside classes, or an imported one of an object; with ``extends`` one that extends a type.

        ``kinds`` are names of the types that it may extend, as far as they are known.
        """
        key = (name, file, extends, tuple(kinds))
        if key not in self._known_properties:
            self._known_properties[key] = self._property(name, file, extends, kinds)
        return self._known_properties[key]

    def _property(self, name: str, file: str, extends: bool, kinds: Collection[str]) -> DeclaredProperty | None:
        found = [
            one for one in self._properties.get(self.own_name(name, file), ()) if not extends or one.property.receiver
        ]
        found = [one for one in found if one.property.receiver in kinds] or found if kinds else found
        imported = self.files[file].imports.get(name)
        if imported is not None:
            *_, owner, _ = f".{imported}".split(".")
            held = [one for one in found if one.owner is not None and one.owner.name in (owner, "Companion")]
            return held[0] if held else self._nearest(name, file, [one for one in found if one.owner is None])
        here = [one for one in found if one.file == file]
        return next(iter(here), None) or self._nearest(name, file, [one for one in found if one.owner is None])

    def _nearest(self, name: str, file: str, found: Iterable[_Found]) -> _Found | None:
        """In the same file, in the package that the import names, in the same package; else any, if none is named."""
        all_of = list(found)
        here = self.files[file]
        for one in all_of:
            if one.file == file:
                return one
        imported = self._last[file].get(name)
        if imported is not None:
            package = imported.rpartition(".")[0]
            return next((one for one in all_of if package.startswith(self.files[one.file].package)), None)
        near = [one for one in all_of if self.files[one.file].package == here.package]
        return next(iter(near or all_of), None)


def takes(parameters: Sequence[Parameter], given: Sequence[Argument]) -> bool:
    """Whether a function with these parameters can be called with what is given."""
    names = [one.name for one in parameters]
    named = {one.name for one in given if one.name not in ("", TRAILING)}
    by_place = sum(not one.name for one in given)
    many = any(one.many for one in parameters)
    if not named.issubset(names) or (len(given) > len(names) and not many):
        return False
    filled = named | set(names[:by_place])
    if any(one.name == TRAILING for one in given):
        filled |= set(names[-1:])
    return all(one.default is not None or one.many or one.name in filled for one in parameters)


def _is_string_resource(node: Node | None) -> bool:
    return isinstance(node, Member) and isinstance(node.of, Member) and node.of == Member(Name("R"), "string")
