"""Widgets of Flutter that change what a screen reader and a driver are told, and texts with links in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from samouk.domains.screens.source.flutter.arguments import flat, key_of, present
from samouk.domains.screens.source.flutter.nodes import Node, absorbed, every, interactive, outermost, sole, spoken
from samouk.domains.screens.source.flutter.values import NULL, Known, Made, Opaque, Txt, is_null, truth, words
from samouk.domains.screens.source.widgets import NO_WORDS, Place, Words, identifier_of

if TYPE_CHECKING:
    from samouk.domains.screens.source.flutter.tree import Tree


def _semantics(tree: Tree, made: Made) -> list[Node]:
    """``Semantics``: what it says goes to the one widget below it, else it is a widget itself."""
    named = made.named
    kids = tree.inside(made)
    said = words(named.get("label", NULL))
    identifier = named.get("identifier")
    role = next(
        (name for name in ("button", "link", "image", "header", "slider", "textField") if truth(named.get(name, NULL))),
        "",
    )
    if truth(named.get("excludeSemantics", NULL)):
        kids = _silenced(kids)
    acts = present(made, "onTap") or present(made, "onLongPress")
    known = identifier.whole or identifier_of(words(identifier)) if isinstance(identifier, Txt) else ""
    if not (spoken(said) or known or role or acts):
        return kids
    acted = outermost(kids)
    target = acted[0] if len(acted) == 1 else sole(kids) if not acted and not acts else None
    if target is None:
        place = Place(made.file, made.line)
        target = Node(made, "semantics", "Semantics", "Semantics", place, hidden=key_of(named))
        if not acted:
            text, label, target.kids = absorbed(kids)
            target.text = text
            said = said if spoken(said) else label
        else:
            target.kids = kids
        if acts and not acted:
            target.interactive = target.clickable = True
            target.action = named.get("onTap", NULL), []
        kids = [target]
    target.identifier = target.identifier or known
    if spoken(said):
        target.label = said
    hint = words(named.get("hint", NULL))
    target.hint = target.hint if spoken(target.hint) or target.kind != "input" else hint
    target.role = role or target.role
    for flag in ("checked", "toggled"):
        if flag in named and is_null(named[flag]) is not True:
            target.checkable = True
            target.checked = truth(named[flag])
    return kids


def _exclude(tree: Tree, made: Made) -> list[Node]:
    nodes = tree.inside(made)
    return nodes if truth(made.named.get("excluding", NULL)) is False else _silenced(nodes)


def _silenced(nodes: Sequence[Node]) -> list[Node]:
    """Without words: what a person can act on stays, a screen reader is not told of it."""
    kept = interactive(nodes)
    for node in kept:
        node.text = node.label = NO_WORDS
        node.kids = []
    return kept


def _merge(tree: Tree, made: Made) -> list[Node]:
    nodes = tree.inside(made)
    acted = outermost(nodes)
    if len(acted) == 1:
        text, label, rest = absorbed([node for node in nodes if node is not acted[0]])
        node = acted[0]
        beside = [one for one in rest if one is not node and node not in one.walk()]
        node.text = node.text if spoken(node.text) else text
        node.label = node.label if spoken(node.label) else label
        return [node, *beside]
    return nodes


def _ignored(tree: Tree, made: Made) -> list[Node]:
    nodes = tree.inside(made)
    held = made.named.get("ignoring", made.named.get("absorbing", Known(True)))
    if truth(held):
        for node in every(nodes):
            node.interactive, node.action = False, None
        return [node for node in nodes if node.kind != "tap"]
    return nodes


def _visible(tree: Tree, made: Made) -> list[Node]:
    name = "offstage" if made.type == "Offstage" else "visible"
    held = made.named.get(name, made.args[0] if made.args else Known(made.type == "Offstage"))
    shown = truth(held)
    if shown is not None and made.type == "Offstage":
        shown = not shown
    if shown is False:
        return tree.render(made.named.get("replacement", NULL))
    nodes = tree.inside(made)
    for node in every(nodes):
        node.conditional = node.conditional or shown is None
    return nodes


def _tooltip(tree: Tree, made: Made) -> list[Node]:
    nodes = tree.inside(made)
    said = words(made.named.get("message", NULL))
    target = sole(nodes)
    if target is not None and spoken(said) and not spoken(target.label):
        target.label = said
    return nodes


def _dismissible(tree: Tree, made: Made) -> list[Node]:
    """A row that is swiped away; the row itself is what a person acts on."""
    nodes = tree.inside(made)
    shown = [node for node in nodes if not node.conditional]
    if not interactive(shown):
        node = Node(made, "row", made.type, "ListTile", Place(made.file, made.line), hidden=key_of(made.named))
        node.interactive = True
        text, label, rest = absorbed(shown)
        node.text, node.label, node.kids = text, label, rest
        return [node]
    return nodes


def span(made: Made, links: list[Node], tree: Tree) -> Words:
    """Words of a TextSpan and its children; spans with a recognizer are links."""
    parts = [words(made.named["text"])] if "text" in made.named else []
    recognizer = made.named.get("recognizer")
    if isinstance(recognizer, Made) and present(recognizer, "onTap"):
        node = Node(made, "link", "TextSpan", "Text", Place(made.file, made.line), role="link")
        node.interactive = node.clickable = True
        node.text = parts[0] if parts else NO_WORDS
        node.action = recognizer.named["onTap"], []
        links.append(node)
    for child in flat(made.named.get("children", NULL)):
        if isinstance(child, Made):
            parts.append(span(child, links, tree))
        elif isinstance(child, Opaque):
            parts.append(Words("", "", True))
    value = ""
    for part in parts:
        value += part.value
        if part.dynamic:
            return Words(value, "", True)
    return Words(value, parts[0].key if len(parts) == 1 else "")


SPECIAL: dict[str, Callable[[Tree, Made], list[Node]]] = {
    "Semantics": _semantics,
    "ExcludeSemantics": _exclude,
    "MergeSemantics": _merge,
    "IgnorePointer": _ignored,
    "AbsorbPointer": _ignored,
    "Visibility": _visible,
    "Offstage": _visible,
    "Tooltip": _tooltip,
    "Dismissible": _dismissible,
}
