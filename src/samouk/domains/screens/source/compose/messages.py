"""Words that a screen may say and its composables do not name: its view models do."""

from __future__ import annotations

from collections.abc import Iterator

from samouk.domains.screens.source.compose import code
from samouk.domains.screens.source.compose.code import Class, KotlinFile
from samouk.domains.screens.source.compose.drafts import Draft, everything
from samouk.domains.screens.source.compose.drawing import Drawing
from samouk.domains.screens.source.compose.meaning import Meaning
from samouk.domains.screens.source.compose.values import HOLE, Resource, Scope, String, each, words_of
from samouk.domains.screens.source.widgets import Place

MOST = 80
"""A screen."""

_STRINGS = frozenset(["string", "strings", "plurals"])


def messages(unfolding: Drawing, meaning: Meaning) -> list[Draft]:
    """What a screen may show where it has a place for it: a snackbar, or words that its state holds."""
    kinds = {
        (parameter.type, bound.file)
        for bound, _, _ in unfolding.entered
        for parameter in bound.function.parameters
        if parameter.type.endswith("ViewModel")
    }
    if not kinds or not (unfolding.speaks or any(_is_open(draft) for draft in unfolding.drafts)):
        return []
    known = {words.key for draft in unfolding.drafts for words in (draft.text, draft.label, draft.hint)}
    found: list[Draft] = []
    for type_name, file in sorted(kinds):
        declared = meaning.project.type(type_name, file)
        if declared is None:
            continue
        for line, words in _named(meaning.project.files[declared.file], declared.file, meaning):
            if words.key in known or len(found) == MOST:
                continue
            known.add(words.key)
            found.append(
                Draft(
                    parent=-1,
                    name="Snackbar" if unfolding.speaks else "Text",
                    class_name="android.widget.TextView",
                    place=Place(declared.file, line),
                    text=words_of(words),
                    conditional=True,
                )
            )
    return found


def _is_open(draft: Draft) -> bool:
    """Whether it bears words of which nothing is known."""
    return draft.text.dynamic and not draft.text.value and not draft.text.key


def _named(file: KotlinFile, path: str, meaning: Meaning) -> Iterator[tuple[int, String]]:
    """String resources that a file names, with the line of the declaration that does."""
    scope = Scope(path)
    for line, body in _bodies(file):
        for node in everything(body):
            if not isinstance(node, code.Member) or not isinstance(node.of, code.Name | code.Member):
                continue
            resource = meaning.of(node, scope)
            if isinstance(resource, Resource) and resource.kind in _STRINGS:
                for words in each(meaning.words(resource, (), resource.kind == "plurals")):
                    if isinstance(words, String) and words.value != HOLE:
                        yield line, words


def _bodies(file: KotlinFile) -> Iterator[tuple[int, tuple[code.Node, ...]]]:
    for function in file.functions:
        yield function.line, function.body
    for kind in file.classes:
        yield from _bodies_of(kind)


def _bodies_of(kind: Class) -> Iterator[tuple[int, tuple[code.Node, ...]]]:
    for function in kind.functions:
        yield function.line, function.body
    for prop in kind.properties:
        yield kind.line, () if prop.value is None else (prop.value,)
    for parameter in kind.parameters:
        yield kind.line, () if parameter.default is None else (parameter.default,)
    for _, given in kind.parents:
        yield kind.line, tuple(one.value for one in given)
    for inner in (*kind.classes, *kind.entries):
        yield from _bodies_of(inner)
