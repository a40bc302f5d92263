"""The words of a React Native app: its string resources in their default language, and how code asks for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from samouk.domains.screens.source.react_native.values import Thing, Translator, Value, known, plain
from samouk.domains.screens.source.widgets import Words

_FOLDER = re.compile(
    r"(?:^|/)(?:[\w-]*(?:locale|translation|i18n|language|l10n|lang|string|message)s?|intl)(?:/|(?=[^/]*$))", re.I
)
_ENGLISH = re.compile(r"(?:^|/)en(?:glish)?(?:[-_](?:us|gb))?(?:\.\w+)*(?:/|$)", re.I)
_TONGUE = re.compile(r"^[a-z]{2}(?:[-_][A-Za-z]{2,4}|[A-Z][A-Za-z]{1,3})?$")
_FILLED = re.compile(r"\{\{.*?\}\}|%?\{[^}]*\}|%[sd@]|<\d+>|\$t\(")
_PLURALS = ("", "_other", "_one", ".other", ".one", "_plural")

ASKING = frozenset(
    [
        "t",
        "translate",
        "tx",
        "i18n",
        "__",
        "_t",
        "i18nt",
        "strings",
        "localize",
        "formatMessage",
        "getString",
        "gettext",
        "trans",
        "_",
    ]
)
"""Last names of functions that look up words by the key that they are given."""

_NAMESPACED = frozenset({"translation", "translations", "common", "default"})


def is_strings(path: str) -> bool:
    """Whether a file, by its path, holds the words of one language, English."""
    return bool(_FOLDER.search(path) and _ENGLISH.search(path.rpartition(".")[0]))


def may_be_strings(path: str) -> bool:
    """Whether a file, by its path, holds words of some language: those that are not English are not opened."""
    return bool(_FOLDER.search(path))


def is_foreign(path: str) -> bool:
    """Whether a file holds the words of another language than English: it is large, and says nothing to us."""
    stem = path.rpartition("/")[2].partition(".")[0]
    folder = path.rpartition("/")[0].rpartition("/")[2]
    return (
        may_be_strings(path)
        and not _ENGLISH.search(path.rpartition(".")[0])
        and bool(_TONGUE.match(stem) or (_TONGUE.match(folder) and path.endswith(".json")))
    )


def flat(value: Value, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Keys with dots, and their words."""
    inner = plain(value)
    if isinstance(inner, Thing):
        for key, one in inner.fields.items():
            yield from flat(one, f"{prefix}.{key}" if prefix else key)
    elif (words := known(inner)) and prefix:
        yield prefix, words


def namespace(path: str) -> str:
    """The namespace that a file of words stands for (``locales/en/login.json``), or ""."""
    folder, _, name = path.rpartition("/")
    return name.partition(".")[0] if _ENGLISH.search(folder) else ""


def of_tongues(value: Value) -> Value:
    """English of an object that has a field for each language; None where it is no such object."""
    if not isinstance(value, Thing):
        return None
    tongues = {key.lower().replace("_", "-"): one for key, one in value.fields.items()}
    if not tongues or not all(_TONGUE.match(key) for key in value.fields):
        return None
    found = next((tongues[key] for key in ("en", "en-us", "en-gb") if key in tongues), None)
    return found if isinstance(found, Thing) else None


class Strings:
    """The string resources of the default language."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        self._aliases: dict[str, str] = {}

    def add(self, value: Value, space: str = "") -> None:
        """Take in an object of words; what stands under a namespace is found with and without it."""
        for key, words in flat(value):
            head, _, tail = key.partition(".")
            own = tail if tail and head in _NAMESPACED else key
            if space and space not in _NAMESPACED:
                self.words.setdefault(f"{space}:{key}", words)
                self._aliases.setdefault(key, words)
                continue
            self.words.setdefault(own, words)
            if space:
                self._aliases.setdefault(f"{space}:{key}", words)
            elif tail:
                self._aliases.setdefault(f"{head}:{tail}", words)

    def find(self, key: str, by: Translator, default: str = "") -> Words:
        """The words of a key; a key that nobody defined is a phrase of its own where it looks like one."""
        for name in self._names(key, by):
            for ending in _PLURALS:
                found = self.words.get(name + ending, self._aliases.get(name + ending))
                if found is not None:
                    return filled(found, name + ending)
        if default:
            return filled(default, key)
        return filled(key, key) if " " in key or not re.search(r"[.:_]|^[a-z]", key) else Words("", key)

    def _names(self, key: str, by: Translator) -> Iterator[str]:
        if by.prefix:
            key = f"{by.prefix}.{key}"
        if by.namespace:
            yield f"{by.namespace}:{key}"
        yield key
        yield key.replace(":", ".")


def filled(words: str, key: str = "") -> Words:
    """Words up to the first thing that is filled in."""
    found = _FILLED.search(words)
    return Words(words[: found.start()] if found else words, key, bool(found))


def keyed(value: Thing, prefix: str = "") -> Thing:
    """An object of words that know their keys (``strings.login.title``)."""
    fields: dict[str, Value] = {}
    for key, one in value.fields.items():
        name = f"{prefix}.{key}" if prefix else key
        inner = plain(one)
        fields[key] = (
            filled(inner, name) if isinstance(inner, str) else keyed(inner, name) if isinstance(inner, Thing) else one
        )
    return Thing(fields, value.open)


def thing(data: object) -> Value:
    """JSON as a value."""
    if isinstance(data, Mapping):
        return Thing({str(key): thing(one) for key, one in data.items()})
    if isinstance(data, list):
        return [thing(one) for one in data]
    return float(data) if isinstance(data, int) and not isinstance(data, bool) else data
