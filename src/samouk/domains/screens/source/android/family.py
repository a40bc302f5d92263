"""The classes of an app together: what each is, what it inherits, and what running a piece of its code comes to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from samouk.domains.screens.source.android.classes import public_class_of
from samouk.domains.screens.source.android.facts import Act, Acts, ClassFacts, CodeFacts
from samouk.domains.screens.taxonomy import PUBLIC_CLASSES

Kind = Literal["activity", "fragment", "dialog", "adapter", "holder", "view", "other"]

_ENDINGS: tuple[tuple[str, Kind], ...] = (
    ("DialogFragment", "dialog"),
    ("DialogFragmentCompat", "dialog"),
    ("Dialog", "dialog"),
    ("PopupWindow", "dialog"),
    ("AlertDialog.Builder", "dialog"),
    ("Activity", "activity"),
    ("Fragment", "fragment"),
    ("FragmentCompat", "fragment"),
    ("Adapter", "adapter"),
    ("ViewHolder", "holder"),
)
_DIALOG_NAMES = ("Dialog", "Sheet", "Popup")
_PUBLIC = frozenset(name for name in PUBLIC_CLASSES if "." in name)
_DEEPEST = 6
"""Calls of functions of the same class that are followed."""


class Done(NamedTuple):
    """An act, and the file of the class that does it."""

    act: Act
    path: str


class Family:
    """All classes; one in another is known as ``Outer.Inner``."""

    def __init__(self, files: Mapping[str, CodeFacts]) -> None:
        self.classes: dict[str, ClassFacts] = {}
        self.paths: dict[str, str] = {}
        self._inner: dict[str, list[str]] = {}
        for path, facts in files.items():
            for one in facts.classes:
                key = f"{one.outer}.{one.name}" if one.outer else one.name
                if key not in self.classes:
                    self.classes[key], self.paths[key] = one, path
                    if one.outer:
                        self._inner.setdefault(one.outer, []).append(key)
        self._simple = {key.rpartition(".")[2]: key for key in reversed(self.classes)}
        self._simple.update({key: key for key in self.classes if "." not in key})
        self.supers = {
            key.rpartition(".")[2]: one.supers[0] for key, one in reversed(self.classes.items()) if one.supers
        }
        self._kinds: dict[str, Kind] = {}

    def key(self, name: str) -> str:
        """Key of a class by its name in code, "" for one that is not the app's own."""
        return self._simple.get(name.rpartition(".")[2], "")

    def kind(self, key: str) -> Kind:
        """What a class is, by what it extends."""
        if key not in self._kinds:
            self._kinds[key] = "other"
            self._kinds[key] = self._kind(key)
        return self._kinds[key]

    def _kind(self, key: str) -> Kind:
        one = self.classes[key]
        for name in one.supers:
            own = self.key(name)
            kind: Kind = self.kind(own) if own and own != key else _by_ending(name)
            if kind != "other":
                return kind
        if one.layouts and (one.name.endswith(_DIALOG_NAMES) or one.alerts):
            return "dialog"
        return "other"

    def chain(self, key: str) -> list[str]:
        """The class and those of the app's own that it extends, the nearest first."""
        found = [key]
        for at in found:
            for name in self.classes[at].supers:
                own = self.key(name)
                if own and own not in found:
                    found.append(own)
        return found

    def scope(self, key: str) -> list[str]:
        """The classes whose code speaks to the same widgets: its own line, what is nested in it, its view holders."""
        found = self.chain(key)
        for at in list(found):
            for inner in self._inner.get(at, ()):
                if self.kind(inner) in ("other", "holder") and inner not in found:
                    found += [one for one in self.chain(inner) if one not in found]
        if self.kind(key) == "adapter":
            for at in list(found):
                made = (self.key(name) for name in self.classes[at].made)
                found += [one for one in made if one and self.kind(one) == "holder" and one not in found]
        return found

    def helped_by(self, scope: Iterable[str]) -> list[str]:
        """Classes that these hand their elements to: they set listeners, and show nothing of their own."""
        made = dict.fromkeys(self.key(name) for at in scope for name in self.classes[at].made)
        return [one for one in made if one and self.kind(one) == "other" and self._only_handles(one)]

    def _only_handles(self, key: str) -> bool:
        one = self.classes[key]
        return bool(one.handlers) and not one.alerts and not one.menus and not one.other_menus

    def subclassed(self) -> set[str]:
        """Classes that others of the app extend."""
        return {own for one in self.classes.values() for name in one.supers if (own := self.key(name))}

    def done(self, key: str, acts: Acts) -> Iterator[Done]:
        """What some code comes to, with the functions of its class followed: each once, and once under a condition."""
        yield from self._done(key, acts, guarded=False, depth=0, seen=set())

    def _done(self, key: str, acts: Acts, *, guarded: bool, depth: int, seen: set[tuple[str, bool]]) -> Iterator[Done]:
        for act in acts:
            held = guarded or act.guarded
            if act.kind != "call":
                yield Done(act._replace(guarded=held), self.paths[key])
            elif (act.value, held) not in seen and depth < _DEEPEST:
                seen.add((act.value, held))
                found = self.function(key, act.value)
                if found:
                    called = self.classes[found].functions[act.value]
                    yield from self._done(found, called, guarded=held, depth=depth + 1, seen=seen)

    def function(self, key: str, name: str) -> str:
        """Key of the class that has a function: its own line, or the classes around it."""
        outer = self.classes[key].outer
        lines = [*self.chain(key), *(self.chain(self.key(outer)) if outer and self.key(outer) else ())]
        return next((one for one in lines if name in self.classes[one].functions), "")


def _by_ending(name: str) -> Kind:
    for ending, kind in _ENDINGS:
        if name.endswith(ending):
            return kind
    return "view" if public_class_of(name, {}) in _PUBLIC else "other"
