"""Android's XML files as flat lists of tags with their lines, read without entities and without recursion."""

from __future__ import annotations

from typing import NamedTuple

from samouk.domains.screens.source import markup
from samouk.domains.screens.source.reading import Unparsable

MAX_TAGS = 50_000
MAX_DEPTH = 200
_PREFIXES = {
    "http://schemas.android.com/apk/res/android": "android:",
    "http://schemas.android.com/apk/res-auto": "app:",
    # What only the editor's preview shows is not part of the app.
    "http://schemas.android.com/tools": None,
}
_LIBRARY = "http://schemas.android.com/apk/res/"


class Tag(NamedTuple):
    """One tag.

    Attributes:
        parent: index of the tag around it, -1 for the root.
        attributes: by name with the usual prefix, whichever the file has chosen: ``android:id``, ``app:menu``.
        text: all words in it, those of tags in it included.
    """

    name: str
    parent: int
    line: int
    attributes: dict[str, str]
    text: str = ""

    def get(self, *names: str) -> str:
        """The first of these attributes that is there, or ""."""
        return next((self.attributes[name] for name in names if name in self.attributes), "")


class _Tags:
    """Target of the parser; keeps a flat list, so that no depth of nesting costs a stack."""

    def __init__(self) -> None:
        self.tags: list[Tag] = []
        self._open: list[int] = []
        self._words: list[list[str]] = []

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        if len(self.tags) >= MAX_TAGS or len(self._open) >= MAX_DEPTH:
            raise Unparsable(f"holds more than {MAX_TAGS:,} tags, or tags more than {MAX_DEPTH} deep", line)
        named = {}
        for key, value in attributes.items():
            short = _attribute(key)
            if short:
                named[short] = value
        parent = self._open[-1] if self._open else -1
        self._open.append(len(self.tags))
        self._words.append([])
        self.tags.append(Tag(name.rpartition("}")[2], parent, line, named))

    def data(self, words: str) -> None:
        if self._words:
            self._words[-1].append(words)

    def end(self, name: str) -> None:
        index = self._open.pop()
        words = "".join(self._words.pop())
        if words.strip():
            self.tags[index] = self.tags[index]._replace(text=words)
        if self._words:
            self._words[-1].append(words)


def _attribute(key: str) -> str:
    space, _, name = key.rpartition("}")
    if not space:
        return name
    prefix = _PREFIXES.get(space, "app:" if space.startswith(_LIBRARY) else "")
    return "" if prefix is None else prefix + name


def tags_of(content: bytes) -> tuple[Tag, ...]:
    """The tags of a file in pre-order.

    Raises:
        Unparsable: the XML is broken, declares entities, or is too large; with the line where one is known.
    """
    tags = _Tags()
    markup.feed(content, tags, doctype=True)
    return tuple(tags.tags)


def children_of(tags: tuple[Tag, ...]) -> list[list[int]]:
    """For each tag, the indices of those right below it."""
    out: list[list[int]] = [[] for _ in tags]
    for index, tag in enumerate(tags):
        if tag.parent >= 0:
            out[tag.parent].append(index)
    return out
