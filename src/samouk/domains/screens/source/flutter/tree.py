"""From what a build method gives to the widgets that a screen shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from samouk.domains.screens.source.flutter.arguments import at_first, idle, key_of, keys_of, present, unfocuses
from samouk.domains.screens.source.flutter.calls import state_of
from samouk.domains.screens.source.flutter.evaluation import Evaluator
from samouk.domains.screens.source.flutter.inputs import entry_of, filled
from samouk.domains.screens.source.flutter.nodes import (
    Node,
    absorbed,
    by_origin,
    every,
    husks,
    interactive,
    keyed,
    outermost,
    spoken,
    take_key,
    without,
    wordy,
)
from samouk.domains.screens.source.flutter.semantics import SPECIAL, span
from samouk.domains.screens.source.flutter.values import (
    NULL,
    OPAQUE,
    Closure,
    Either,
    Known,
    Made,
    Opaque,
    Owned,
    Repeated,
    Scope,
    Seq,
    Txt,
    Value,
    is_null,
    same,
    truth,
    words,
)
from samouk.domains.screens.source.flutter.widgets import (
    CHOSEN,
    DRAGGED,
    MAYBE,
    REPEATING,
    SPECS,
    SPOKEN,
    UNSHOWN,
    Spec,
)
from samouk.domains.screens.source.widgets import NO_WORDS, Place, Words, identifier_of

_CONTROL = ("btn", "button", "field", "input", "switch", "checkbox", "tile", "chip", "tab", "link", "radio", "slider")
MAX_RENDERED = 100_000
"""Widgets of one screen, those that only lay out and those of every state included; ten times what was met."""

_MAX_NESTED = 2
"""How often a widget may be built inside itself before it is taken for endless."""


class Tree:
    """Renders values to nodes; one for a screen."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._built: dict[int, tuple[Made, Value]] = {}
        self._given: dict[tuple[int, str, int], tuple[Made, Value]] = {}
        self._stack: list[Owned] = []
        self.shown: set[str] = set()
        self.rendered = 0

    def render(self, value: Value) -> list[Node]:
        """Nodes of a widget, a list of them, or what may be one."""
        if isinstance(value, Seq):
            return [node for item in value.items for node in self.render(item)]
        if isinstance(value, Repeated):
            nodes = self.render(value.value)
            for node in every(nodes):
                node.repeated = True
            return nodes
        if isinstance(value, Either):
            return self._either(value)
        return self._made(value) if isinstance(value, Made) else []

    def _either(self, value: Either) -> list[Node]:
        """All that may be shown. What every option shows is always there."""
        shown = [self.render(option) for option in value.options]
        seen: dict[int, int] = {}
        for nodes in shown:
            for origin in {id(node.made) for node in every(nodes)}:
                seen[origin] = seen.get(origin, 0) + 1
        out: list[Node] = []
        before: dict[int, Node] = {}
        for nodes in shown:
            kept = without(nodes, before)
            before |= by_origin(kept)
            out += kept
        for node in every(out):
            node.conditional = node.conditional or seen[id(node.made)] < len(shown)
        return out

    def _made(self, made: Made) -> list[Node]:
        self.rendered += 1
        if self.is_spent:
            return []
        keys = keys_of(made.given) or keys_of(made.named)
        nodes = self._shown(made)
        return keyed(made, keys, nodes) if keys else nodes

    @property
    def is_spent(self) -> bool:
        """Whether the screen holds more than is drawn; every further widget is left out."""
        return self.rendered > MAX_RENDERED

    def _shown(self, made: Made) -> list[Node]:
        if made.owner is not None:
            return self._own(made)
        special = SPECIAL.get(made.type)
        if special is not None:
            return special(self, made)
        spec = SPECS.get(made.type)
        return self.inside(made) if spec is None else self._spec(made, spec)

    # The app's own widgets

    def build(self, made: Made) -> Value:
        """What the build method of an own widget gives; the same object each time."""
        known = self._built.get(id(made))
        if known is None:
            known = self._built[id(made)] = made, self._build(made)
        return known[1]

    def _build(self, made: Made) -> Value:
        evaluator = self._evaluator
        if made.owner is None:
            return NULL
        holder = state_of(evaluator, made) or made
        if holder is not made and holder.owner is not None:
            found = evaluator.project.find(holder.owner, "initState")
            if found is not None:
                evaluator.invoke(Closure(found[1], Scope(found[0].file, this=holder, owner=found[0])), [])
        found = None if holder.owner is None else evaluator.project.find(holder.owner, "build")
        if found is None or found[1].kind != "method":
            return NULL
        scope = Scope(found[0].file, this=holder, owner=found[0])
        return evaluator.invoke(Closure(found[1], scope, "build"), [])

    def _own(self, made: Made) -> list[Node]:
        owner = made.owner
        if owner is None or self._stack.count(owner) >= _MAX_NESTED:
            return []
        self._stack.append(owner)
        self.shown.add(owner.code.name)
        try:
            if not self._evaluator.project.is_widget(owner):
                base = self._evaluator.project.foreign_base(owner)
                if base not in SPECS and base not in SPECIAL:
                    return self.inside(made)
                plain = Made(base, "", made.file, made.line, None, made.args, made.named)
                nodes = self._made(plain)
            else:
                nodes = self.render(self.build(made))
        finally:
            self._stack.pop()
        return self._wrapped(made, nodes)

    def _wrapped(self, made: Made, nodes: list[Node]) -> list[Node]:
        """An own widget that stands for one control takes its place: that is what the app calls a button."""
        acted = outermost(nodes)
        if len(acted) == 1 and self._stands_for(made, nodes, acted[0]):
            node = acted[0]
            node.name, node.place = made.type, Place(made.file, made.line)
            key = key_of(made.given) or key_of(made.named)
            if key and key != node.hidden:
                node.kids += husks(node)
                node.hidden = key
        return nodes

    def _stands_for(self, made: Made, nodes: Sequence[Node], acted: Node) -> bool:
        project = self._evaluator.project
        if made.owner is None or acted.repeated or acted.kind == "link":
            return False
        # What stands in the code around this widget was handed to it: it only holds that.
        if any(project.holds(one, *acted.place) for one in self._stack if one is not made.owner):
            return False
        given = [value for name, value in made.given.items() if name != "key"]
        passed = any(isinstance(value, Closure | Txt) for value in (*given, *made.fields.values()))
        if not passed and not made.type.lower().endswith(_CONTROL) and project.uses(made.owner) < 2:
            return False
        inside = {id(node) for node in acted.walk()}
        beside = [node for node in every(nodes) if id(node) not in inside and wordy(node)]
        return not beside or (len(beside) == 1 and self._demands_handler(made))

    @staticmethod
    def _demands_handler(made: Made) -> bool:
        built = None if made.owner is None else made.owner.code.members.get(made.owner.code.name)
        return built is not None and any(
            param.required and param.name.startswith("on") and param.name[2:3].isupper() for param in built.params
        )

    # Flutter's widgets

    def inside(self, made: Made, skip: frozenset[str] = frozenset()) -> list[Node]:
        """Nodes of all widgets among the arguments, in the order of the source."""
        out: list[Node] = []
        child = made.named.get("child")
        for value in made.args:
            repeated = made.type.endswith("Delegate")
            out += self._argument(made, "", Repeated(value) if repeated and not isinstance(value, Closure) else value)
        seen = by_origin(out)
        for name, value in made.named.items():
            if name in UNSHOWN or name in skip:
                continue
            nodes = without(self._argument(made, name, value, child), seen)
            seen |= by_origin(nodes)
            if name in MAYBE:
                for node in every(nodes):
                    node.conditional = True
            out += nodes
        return out

    def _argument(self, made: Made, name: str, value: Value, child: Value = None) -> list[Node]:
        if isinstance(value, Either) and any(isinstance(one, Closure) for one in value.options):
            value = next(one for one in value.options if isinstance(one, Closure))
        if not isinstance(value, Closure):
            return self.render(value)
        if name.startswith("on") or (name and not name.endswith(("uilder", "builder", "child", "delegate"))):
            return []
        listed = value.code.params
        args: list[Value] = [OPAQUE for _ in listed]
        if child is not None and listed and not listed[-1].named and len(listed) > 1:
            args[-1] = child
        # Once for each widget: what is built twice must stay one thing, or a condition around it would double it.
        key = id(made), name, id(value.code)
        if key not in self._given:
            self._given[key] = made, self._evaluator.invoke(value, args)
        found = self._given[key][1]
        if name in REPEATING or (not name and made.type.endswith("Delegate")):
            return self.render(Repeated(found))
        return self.render(found)

    def _spec(self, made: Made, spec: Spec) -> list[Node]:
        node = self._node(made, spec)
        how = _KINDS[spec.kind]
        return how(self, node, made, spec)

    def _node(self, made: Made, spec: Spec) -> Node:
        place = Place(made.file, made.line)
        node = Node(made, spec.kind, made.type, spec.public, place, hidden=key_of(made.named))
        tooltip = words(made.named.get("tooltip", NULL))
        node.label = tooltip if spoken(tooltip) else words(made.named.get("semanticLabel", NULL))
        return node

    def _button(self, node: Node, made: Made, spec: Spec) -> list[Node]:
        self._act(node, made, spec, required=made.type not in ("BackButton", "CloseButton", "PopupMenuItem"))
        if any(unfocuses(made.named.get(name)) for name in spec.handlers):
            return self.inside(made)
        node.interactive, node.clickable = True, True
        self._absorb(node, self.inside(made, frozenset({"children"})))
        if made.type == "ExpansionTile":
            kept = self.render(made.named.get("children", NULL))
            for kid in every(kept):
                kid.conditional = True
            node.kids += kept
        if not spoken(node.text) and isinstance(made.named.get("label"), Txt):
            node.text = words(made.named["label"])
        if not spoken(node.text) and not spoken(node.label) and made.type in SPOKEN:
            node.label = Words(SPOKEN[made.type])
        if made.type in ("BackButton", "CloseButton") and "onPressed" not in made.named:
            node.leads_to = "<back>"
        return [node]

    def _absorb(self, node: Node, nodes: list[Node]) -> None:
        text, label, rest = absorbed(nodes)
        if spoken(text):
            node.text = text
        if not spoken(node.label):
            node.label = label
        node.kids += rest
        take_key(node)

    def _act(self, node: Node, made: Made, spec: Spec, *, required: bool = False) -> bool:
        """Take the handler; whether there is one."""
        given = [(name, made.named[name]) for name in spec.handlers if name in made.named]
        acting = [(name, value) for name, value in given if is_null(value) is not True and not idle(value)]
        if acting:
            node.action = acting[0][1], []
            node.long_clickable = True if any(name == "onLongPress" for name, _ in acting) else None
            if all(is_null(value) is False for _, value in acting[:1]):
                node.enabled = True
        elif required:
            node.enabled = False if given else None
        return bool(acting)

    def _tap(self, node: Node, made: Made, spec: Spec) -> list[Node]:
        kids = self.inside(made)
        acts = self._act(node, made, spec)
        if not acts and not interactive(kids) and any(present(made, name) for name in DRAGGED):
            node.interactive = True
            self._absorb(node, kids)
            return [node]
        only_down = not any(present(made, name) for name in ("onTap", "onDoubleTap", "onLongPress"))
        if not acts or (only_down and (interactive(kids) or truth(made.named.get("excludeFromSemantics", NULL)))):
            return kids
        node.interactive = True
        node.clickable = True if present(made, "onTap") or only_down else None
        self._absorb(node, kids)
        return [node]

    def _row(self, node: Node, made: Made, spec: Spec) -> list[Node]:
        if self._act(node, made, spec):
            node.interactive, node.clickable = True, True
        if truth(made.named.get("enabled", NULL)) is False:
            node.enabled = False
        self._absorb(node, self.inside(made))
        return [node]

    def _toggle(self, node: Node, made: Made, spec: Spec) -> list[Node]:
        self._act(node, made, spec, required=True)
        node.interactive = node.clickable = node.checkable = True
        value = at_first(made.named.get("value", made.named.get("selected", OPAQUE)))
        if "groupValue" in made.named:
            node.checked = same(value, at_first(made.named["groupValue"]))
        elif "Radio" not in made.type:
            node.checked = truth(value)
        self._absorb(node, self.inside(made))
        return [node]

    def _input(self, node: Node, made: Made, spec: Spec) -> list[Node]:
        node.interactive = node.clickable = True
        node.entry = entry_of(made)
        node.password = True if node.entry.kind == "password" else None
        if truth(made.named.get("enabled", NULL)) is False:
            node.enabled = False
        if truth(made.named.get("readOnly", NULL)):
            node.entry = None
            self._act(node, made, Spec("", "", ("onTap",)))
        filled(node, made)
        decoration = made.named.get("decoration")
        kids = self.inside(made, frozenset({"decoration"}))
        if isinstance(decoration, Made):
            kids += self.inside(decoration)
        node.kids += outermost(kids)
        return [node]

    def _slider(self, node: Node, made: Made, spec: Spec) -> list[Node]:
        self._act(node, made, spec)
        node.interactive = True
        if not spoken(node.label) and made.type.endswith("Slider"):
            node.label = NO_WORDS
        node.kids = self.inside(made)
        return [node]

    def _choice(self, node: Node, made: Made, spec: Spec) -> list[Node]:
        self._act(node, made, spec)
        node.interactive = node.clickable = True
        items = made.named.get("items", made.named.get("itemBuilder", made.named.get("dropdownMenuEntries", NULL)))
        node.menu = self._evaluator.invoke(items, [OPAQUE]) if isinstance(items, Closure) else items
        decoration = made.named.get("decoration")
        self._absorb(node, self.inside(made, frozenset({"items", "itemBuilder", "dropdownMenuEntries", "decoration"})))
        filled(node, made)
        if isinstance(decoration, Made):
            node.kids += interactive(self.inside(decoration))
        if not spoken(node.text) and not spoken(node.label) and made.type in SPOKEN:
            node.label = Words(SPOKEN[made.type])
        return [node]

    def _item(self, node: Node, made: Made, spec: Spec) -> list[Node]:
        node.interactive = node.clickable = True
        label = made.named.get("label", made.named.get("text", NULL))
        inner = self.inside(made)
        text, picture, rest = absorbed(inner)
        node.text = words(label) if isinstance(label, Txt | Opaque | Either) and not spoken(text) else text
        node.label = node.label if spoken(node.label) else picture if not spoken(node.text) else NO_WORDS
        node.kids = rest
        take_key(node)
        return [node]

    def _text(self, node: Node, made: Made, spec: Spec) -> list[Node]:
        first = made.args[0] if made.args else made.named.get("text", NULL)
        links: list[Node] = []
        if isinstance(first, Made):
            node.text = span(first, links, self)
        else:
            node.text = words(first)
        if isinstance(first, Seq):
            node.text = Words("", "", True)
        node.label = words(made.named.get("semanticsLabel", NULL))
        identifier = made.named.get("semanticsIdentifier")
        if isinstance(identifier, Txt):
            node.identifier = identifier.whole or identifier_of(words(identifier))
        node.kids = links
        return [node]

    def _picture(self, node: Node, made: Made, spec: Spec) -> list[Node]:
        if truth(made.named.get("excludeFromSemantics", NULL)):
            return []
        label = made.named.get("semanticLabel", made.named.get("semanticsLabel", NULL))
        node.label = words(label)
        kids = self.inside(made) if made.type == "CircleAvatar" else []
        if spec.public in ("Icon", "ImageIcon", "CircleAvatar") and not spoken(node.label):
            return kids
        node.kids = kids
        return [node]

    def _holder(self, node: Node, made: Made, spec: Spec) -> list[Node]:
        node.kids = self.inside(made)
        chosen = next((made.named[name] for name in CHOSEN if name in made.named), None)
        if spec.public == "TabBar" or chosen is not None:
            items = [kid for kid in node.kids if kid.kind == "item"]
            for place, kid in enumerate(items):
                kid.action = (chosen, [Known(float(place))]) if chosen is not None else None
        return [node]

    def _list(self, node: Node, made: Made, spec: Spec) -> list[Node]:
        node.scrollable = True
        node.kids = self.inside(made)
        return [node]


_KINDS: dict[str, Callable[[Tree, Node, Made, Spec], list[Node]]] = {
    "button": Tree._button,
    "tap": Tree._tap,
    "row": Tree._row,
    "toggle": Tree._toggle,
    "input": Tree._input,
    "slider": Tree._slider,
    "choice": Tree._choice,
    "item": Tree._item,
    "text": Tree._text,
    "picture": Tree._picture,
    "holder": Tree._holder,
    "list": Tree._list,
    "scroll": Tree._list,
}
