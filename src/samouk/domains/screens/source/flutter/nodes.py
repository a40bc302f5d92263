"""A screen of widgets as it grows: nodes that may still be merged, renamed or dropped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from samouk.domains.screens.source.flutter.values import Made, Value
from samouk.domains.screens.source.widgets import NO_WORDS, Entry, Place, Words


@dataclass(slots=True, eq=False)
class Node:
    """A widget that will be, and what a later step needs of it.

    Attributes:
        made: where it comes from; the same object in two branches of a condition is one widget.
        kind: as of ``flutter_widgets.Spec``, or ``semantics``, ``own``.
        action: its handler and what that is called with.
        menu: what a tap on it opens, not yet rendered.
    """

    made: Made
    kind: str
    name: str
    public: str
    place: Place
    kids: list[Node] = field(default_factory=list)
    identifier: str = ""
    hidden: str = ""
    text: Words = NO_WORDS
    label: Words = NO_WORDS
    hint: Words = NO_WORDS
    role: str = ""
    interactive: bool = False
    clickable: bool | None = None
    long_clickable: bool | None = None
    checkable: bool | None = None
    checked: bool | None = None
    scrollable: bool | None = None
    password: bool | None = None
    enabled: bool | None = None
    repeated: bool = False
    conditional: bool = False
    entry: Entry | None = None
    leads_to: str = ""
    action: tuple[Value, list[Value]] | None = None
    menu: Value = None

    def walk(self) -> Iterator[Node]:
        """Itself and all below it, in pre-order."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting.extend(reversed(one.kids))


def every(nodes: Iterable[Node]) -> Iterator[Node]:
    """All nodes of a forest, in pre-order."""
    for node in nodes:
        yield from node.walk()


def interactive(nodes: Iterable[Node]) -> list[Node]:
    """Those that a person can act on."""
    return [node for node in every(nodes) if node.interactive]


def outermost(nodes: Iterable[Node]) -> list[Node]:
    """Interactive nodes that stand in no other."""
    found: list[Node] = []
    for node in nodes:
        found += [node] if node.interactive else outermost(node.kids)
    return found


def keyed(made: Made, keys: Sequence[str], nodes: list[Node]) -> list[Node]:
    """The same, below a holder for each key of theirs that none of them has: what only lays out is no widget else."""
    for key in reversed(keys):
        if not any(node.hidden == key for node in every(nodes)):
            holder = Node(made, "own", made.type, made.type, Place(made.file, made.line), nodes, hidden=key)
            nodes = [holder]
    return nodes


def absorbed(nodes: Sequence[Node]) -> tuple[Words, Words, list[Node]]:
    """What a widget that merges its texts takes from those below it.

    Returns:
        Words of texts, words of pictures, and the nodes that stay widgets of their own.
    """
    texts: list[Node] = []
    pictures: list[Node] = []
    rest: list[Node] = []
    _sorted_out(nodes, texts, pictures, rest)
    return _joined(texts, "text"), _joined(pictures, "label"), rest


def _sorted_out(nodes: Sequence[Node], texts: list[Node], pictures: list[Node], rest: list[Node]) -> None:
    for node in nodes:
        if node.interactive or node.kind not in ("text", "picture", "own", "semantics"):
            rest.append(node)
            continue
        rest += husks(node)
        if node.kind == "text":
            texts.append(node)
            rest += [kid for kid in node.kids if kid.interactive]
        elif node.kind == "picture":
            pictures.append(node)
        elif _spoken(node.label):
            texts.append(node)
            rest += outermost(node.kids)
        else:
            _sorted_out(node.kids, texts, pictures, rest)


def husks(node: Node) -> list[Node]:
    """What is left of a node that another takes in: its key, which a test inside the app still finds."""
    if not node.hidden:
        return []
    kept = Node(node.made, "own", node.name, node.public, node.place, hidden=node.hidden)
    kept.conditional, kept.repeated = node.conditional, node.repeated
    return [kept]


def take_key(node: Node) -> None:
    """Give a control without a key the only one of what it took in: a tap on that is a tap on it."""
    left = [kid for kid in node.kids if kid.kind == "own" and kid.hidden and not kid.kids]
    if len(left) == 1 and node.hidden in ("", left[0].hidden):
        node.hidden = left[0].hidden
        node.kids.remove(left[0])


def sole(nodes: Sequence[Node]) -> Node | None:
    """The one node of these, below what only holds a key; None for none and for several."""
    while len(nodes) == 1 and nodes[0].kind == "own" and nodes[0].kids and not _spoken(nodes[0].label):
        nodes = nodes[0].kids
    return nodes[0] if len(nodes) == 1 else None


def _joined(nodes: Sequence[Node], by: str) -> Words:
    said = [(node, node.label if by == "label" or _spoken(node.label) else node.text) for node in nodes]
    said = [(node, one) for node, one in said if _spoken(one)]
    if not said:
        return NO_WORDS
    maybe = [one for node, one in said if node.conditional]
    if len(said) == 1:
        return said[0][1]
    if maybe:
        return Words("", "", True)
    value = ""
    for place, (_, one) in enumerate(said):
        value += ("\n" if place else "") + one.value
        if one.dynamic:
            return Words(value, "", True)
    return Words(value)


def _spoken(words: Words) -> bool:
    return bool(words.value or words.dynamic)


def spoken(words: Words) -> bool:
    """Whether there is anything to hear, known or not."""
    return _spoken(words)


def wordy(node: Node) -> bool:
    return not node.interactive and (spoken(node.text) or spoken(node.label))


def without(nodes: Sequence[Node], seen: Mapping[int, Node]) -> list[Node]:
    """The forest without what was shown before; kids of what is dropped go with it, its words stay."""
    out: list[Node] = []
    for node in nodes:
        first = seen.get(id(node.made))
        if first is None:
            node.kids = without(node.kids, seen)
            out.append(node)
            continue
        first.identifier = first.identifier or node.identifier
        first.role = first.role or node.role
        if _spoken(node.label) and not _spoken(first.label):
            first.label = node.label
    return out


def by_origin(nodes: Iterable[Node]) -> dict[int, Node]:
    """Nodes by the object that each comes from."""
    return {id(node.made): node for node in every(nodes)}
