"""What is shown, as a tree that is still being put together; and the widgets that come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from samouk.domains.screens.source.react_native.hosts import Host
from samouk.domains.screens.source.react_native.values import (
    UNKNOWN,
    Marked,
    Thing,
    Value,
    joined,
    known,
    named,
    plain,
    tidy,
    truth,
    words_of,
)
from samouk.domains.screens.source.widgets import NO_WORDS, Entry, EntryKind, Place, Trouble, Widget, Words

HANDLERS = ("onPress", "onLongPress", "onPressIn", "onPressOut", "onClick", "onTap")
_KEYBOARDS: dict[str, EntryKind] = {
    "email-address": "email",
    "email": "email",
    "emailAddress": "email",
    "username": "text",
    "numeric": "number",
    "number-pad": "number",
    "decimal-pad": "number",
    "decimal": "number",
    "phone-pad": "phone",
    "tel": "phone",
    "telephoneNumber": "phone",
    "url": "url",
    "URL": "url",
    "web-search": "search",
    "search": "search",
    "password": "password",
    "newPassword": "password",
    "new-password": "password",
    "current-password": "password",
}


@dataclass(slots=True)
class Node:
    """One thing that is shown.

    Attributes:
        name: as the source calls it, its outermost wrapper; ``place`` the line to change.
        props: all that it is given.
        children: nodes, and runs of words.
        goes: where a tap leads: a route, ``BACK``, or "".
        found: its words, once they were put together.

    Several nodes may hold one: those of which the running app shows only one.
    """

    name: str
    host: Host
    place: Place
    props: Thing
    children: list[Node | Words] = field(default_factory=list)
    conditional: bool = False
    repeated: bool = False
    acts: bool = False
    goes: str = ""
    found: tuple[Words | None] | None = None

    @property
    def nodes(self) -> Iterator[Node]:
        """Children that are no words."""
        return (one for one in self.children if isinstance(one, Node))

    @property
    def identifier(self) -> str:
        """The testID, where it is known, or how it begins."""
        return named(self.props.fields.get("testID"))

    @property
    def hidden_identifier(self) -> str:
        """A name that tests inside the app find it by, and no driver does."""
        names = ("nativeID", "nativeId", "id", "data-testid")
        return next((one for name in names if (one := known(self.props.fields.get(name)))), "")

    @property
    def role(self) -> str:
        """The role that the source declares."""
        return known(self.props.fields.get("accessibilityRole")) or known(self.props.fields.get("role"))

    @property
    def accessible(self) -> bool:
        """Whether iOS shows it as one thing, without what is in it."""
        said = truth(self.props.fields.get("accessible", UNKNOWN))
        if said is not None:
            return said
        if self.host.kind == "text":
            return self.acts  # what stands in a text is no view
        # A chip holds what takes it away; a card or a row is one thing only where it can be tapped.
        whole = self.acts or self.host.class_name.startswith(("Touchable", "Pressable"))
        return self.host.kind == "press" and self.host.class_name != "Chip" and whole


def words_in(node: Node) -> Words | None:
    """Words that stand on a node: of its props, and of all that is in it; it must be complete."""
    if node.found is None:
        node.found = (_words_in(node),)
    return node.found[0]


def _words_in(node: Node) -> Words | None:
    told = [tidy(one) for name in node.host.words if (one := words_of(plain_words(node.props.fields.get(name))))]
    inside = _inside(node)
    return _beginning([*told, *([inside] if inside is not None else [])])


def _beginning(parts: Sequence[Words]) -> Words | None:
    """Of several texts the first, and that more comes; None for none.

    iOS joins them to one label, while on Android each is a view of its own: what is found on both begins like the
    first.
    """
    told = [one for one in parts if one != NO_WORDS]
    return told[0]._replace(dynamic=True) if len(told) > 1 else joined(told)


def plain_words(value: Value) -> Value:
    """A prop's value where it can be words; a function or an element cannot."""
    inner = plain(value)
    return value if isinstance(inner, str | Words) or inner is UNKNOWN or isinstance(value, list) else None


def _inside(node: Node) -> Words | None:
    if node.host.kind == "text":
        runs = [one if isinstance(one, Words) else words_in(one) for one in node.children]
        return joined([one for one in runs if one is not None])
    found = [
        one for child in node.children if (one := child if isinstance(child, Words) else _merged(child)) is not None
    ]
    return _beginning([tidy(one) for one in found])


def _merged(node: Node) -> Words | None:
    """What a node gives to the words of the one around it: nothing where it can be acted on by itself."""
    if node.acts or node.host.kind in ("dialog", "input"):
        return None
    said = label_of(node)
    return said if said != NO_WORDS else words_in(node)


def label_of(node: Node) -> Words:
    """Words for a screen reader that the source gives."""
    for name in ("accessibilityLabel", "aria-label"):
        found = words_of(node.props.fields.get(name))
        if found is not None:
            return tidy(found)
    return NO_WORDS


class _Around(NamedTuple):
    """What holds for all that a node contains. ``whole``: iOS shows something around it as one thing."""

    conditional: bool = False
    repeated: bool = False
    whole: bool = False


def flattened(roots: Sequence[Node]) -> tuple[Widget, ...]:
    """Widgets in pre-order. Texts whose words a node around them has taken over are left out."""
    widgets: list[Widget] = []
    told: set[int] = set()
    waiting: list[tuple[Node, int, _Around]] = [(one, -1, _Around()) for one in reversed(roots)]
    while waiting:
        node, parent, around = waiting.pop()
        if id(node) in told:
            continue
        told.add(id(node))
        here = around._replace(
            conditional=around.conditional or node.conditional, repeated=around.repeated or node.repeated
        )
        index = len(widgets)
        widgets.append(_widget(node, index, parent, here))
        kept = [child for child in node.nodes if not _taken(node, child)]
        # What a dialog holds lies above all, wherever the dialog stands.
        inner = here._replace(whole=node.host.kind != "dialog" and (here.whole or node.accessible))
        waiting += [(child, index, inner) for child in reversed(kept)]
    return tuple(widgets)


def _taken(node: Node, child: Node) -> bool:
    """Whether a text is but the words of the node around it: one that has several keeps them all."""
    if child.host.kind != "text" or child.acts or child.identifier or _holds_more(child):
        return False
    if node.host.kind == "text":
        return True
    return node.host.kind == "press" and node.acts and _texts(node) == 1


def _texts(node: Node) -> int:
    return sum(1 for one in inside(node.nodes, lambda one: one.host.kind != "text") if one.host.kind == "text")


def _holds_more(node: Node) -> bool:
    """Whether something in a text is found, or acted on, by itself."""
    return any(one.acts or one.identifier or one.host.kind != "text" for one in inside(node.nodes))


def inside(roots: Iterable[Node], enters: Callable[[Node], bool] = lambda node: True) -> Iterator[Node]:
    """Nodes and all that is in those that are entered, each once."""
    waiting, told = list(roots), set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) not in told:
            told.add(id(node))
            yield node
            if enters(node):
                waiting += node.nodes


def _widget(node: Node, index: int, parent: int, around: _Around) -> Widget:
    kind = node.host.kind
    merges = kind in ("press", "text", "toggle") or node.acts
    entry = entry_of(node) if kind == "input" else None
    label = label_of(node)
    if label == NO_WORDS and kind == "press":
        label = next(
            (one for child in node.nodes if child.host.kind == "picture" and (one := label_of(child)) != NO_WORDS),
            NO_WORDS,
        )
    typed = words_of(node.props.fields.get("value", node.props.fields.get("defaultValue")))
    text = tidy(words_in(node)) if merges else NO_WORDS
    if node.host.capitals and not node.identifier and label == NO_WORDS:
        text = _in_any_letters(text)
    if kind == "input":
        text = tidy(typed) if typed is not None and typed.value else NO_WORDS
    return Widget(
        index=index,
        parent=parent,
        name=node.name,
        class_name=node.host.class_name,
        place=node.place,
        identifier=node.identifier,
        hidden_identifier=node.hidden_identifier,
        text=text,
        label=label,
        hint=_hint(node) if kind == "input" else NO_WORDS,
        role=node.role,
        interactive=node.acts,
        clickable=True if node.acts else None,
        long_clickable=True if _given(node.props, "onLongPress") else None,
        checkable=True if _checkable(node) else None,
        checked=_checked(node) if _checkable(node) else None,
        scrollable=True if kind == "list" or node.host.class_name == "ScrollView" else None,
        password=True if entry is not None and entry.kind == "password" else None,
        enabled=_enabled(node),
        repeated=around.repeated,
        conditional=around.conditional,
        swallowed=around.whole and node.host.kind != "dialog",
        entry=entry,
        leads_to=node.goes,
    )


def _in_any_letters(words: Words) -> Words:
    """Words that are the same in capitals, else words that only the running app knows.

    The core Button shows ``Save`` as ``SAVE`` on Android and as ``Save`` on iOS. Words have one value for both, so that
    a test would look in vain on one of them; a testID or a label is what finds such a button.
    """
    return words if words.value == words.value.upper() else Words("", words.key, True)


def _hint(node: Node) -> Words:
    for name in ("placeholder", "label", "floatingLabel"):
        found = words_of(plain_words(node.props.fields.get(name)))
        if found is not None:
            return tidy(found)
    return NO_WORDS


def _checkable(node: Node) -> bool:
    return (node.host.kind == "toggle" and node.host.class_name in ("Switch", "Checkbox", "Radio")) or (
        node.role in ("switch", "checkbox", "radio", "togglebutton")
    )


def _checked(node: Node) -> bool | None:
    state = plain(node.props.fields.get("accessibilityState"))
    for name in ("checked", "isChecked", "status", "aria-checked", "isOn", "value"):
        said = _said(node.props.fields.get(name))
        if said is not None:
            return said
    return _said(state.get("checked")) if isinstance(state, Thing) and "checked" in state.fields else None


def _said(value: Value) -> bool | None:
    inner = plain(value)
    if isinstance(inner, str):
        return {"checked": True, "unchecked": False}.get(inner)
    return inner if isinstance(inner, bool) else None


def _enabled(node: Node) -> bool | None:
    for name, off in (("disabled", True), ("editable", False), ("enabled", False), ("isDisabled", True)):
        if name in node.props.fields and _said(node.props.fields[name]) is off:
            return False
    return None


def _given(props: Thing, name: str) -> bool:
    return truth(props.fields.get(name)) is not False


def entry_of(node: Node) -> Entry:
    """What an input takes. A keyboard keeps no character out, so that nothing is filtered."""
    props = node.props.fields
    kind: EntryKind = "search" if node.host.class_name == "SearchBar" or node.role == "search" else "text"
    for name in ("keyboardType", "inputMode", "autoComplete", "textContentType", "type"):
        found = _KEYBOARDS.get(known(props.get(name)))
        if found is not None and kind == "text":
            kind = found
    secret = props.get("secureTextEntry", props.get("password", props.get("secure")))
    covered = node.name.endswith(("SecureField", "PasswordInput"))
    if covered or (secret is not None and truth(plain(secret)) is not False):
        kind = "password"
    longest = plain(props.get("maxLength"))
    return Entry(
        kind=kind,
        max_length=int(longest) if isinstance(longest, float) and longest >= 0 else None,
        multiline=truth(props.get("multiline")) is True,
    )


def swallowed(roots: Sequence[Node]) -> Iterator[Trouble]:
    """Identifiers that iOS does not show, because something around them is accessible as a whole."""
    waiting: list[tuple[Node, Node | None]] = [(one, None) for one in reversed(roots)]
    told: set[int] = set()
    while waiting:
        node, around = waiting.pop()
        if id(node) in told:
            continue
        told.add(id(node))
        if around is not None and node.identifier and node.host.kind != "dialog":
            place = mark.place if isinstance(mark := node.props.fields.get("testID"), Marked) else node.place
            reason = (
                f"iOS does not show testID '{node.identifier}': the {around.name} around it (line {around.place.line}) "
                "is accessible as a whole; accessible={false} there shows it"
            )
            yield Trouble(place.file, place.line, reason)
        inner = None if node.host.kind == "dialog" else node if node.accessible else around
        waiting += [(child, inner) for child in reversed(list(node.nodes))]
