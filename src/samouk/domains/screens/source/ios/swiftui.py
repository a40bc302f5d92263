"""Paints SwiftUI views: follows an app's own views, functions and modifiers down to what the system draws."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from samouk.domains.screens.source.ios import controls
from samouk.domains.screens.source.ios.canvas import At, Canvas, Draft, merged
from samouk.domains.screens.source.ios.effects import Actor
from samouk.domains.screens.source.ios.expressions import (
    UNKNOWN,
    Call,
    Choice,
    Closure,
    Expression,
    Let,
    Listing,
    Literal,
    Loop,
    Name,
    Statement,
)
from samouk.domains.screens.source.ios.inputs import search
from samouk.domains.screens.source.ios.marks import ASKED, Marks, argument, flatten, gather
from samouk.domains.screens.source.ios.modifiers import appended, has_function, is_modifier, own_modifier
from samouk.domains.screens.source.ios.scopes import (
    DIALOGS,
    VIEWS,
    Project,
    Scope,
    TypeInfo,
    bind,
    instance,
    top,
)
from samouk.domains.screens.source.ios.words import Speaker
from samouk.domains.screens.source.widgets import NO_WORDS, Place, Words

if TYPE_CHECKING:
    from samouk.domains.screens.source.ios.atlas import Atlas

DEEPEST = 30
"""Own views in own views; a view that holds itself is not entered again."""

MOST_STEPS = 20_000
"""Expressions of one screen; a real app's largest has 1,300. Views that hold others twice would double without end."""

_FILLS = frozenset({"append", "insert"})


@dataclass(slots=True)
class Painter:
    """One screen's painter."""

    atlas: Atlas
    canvas: Canvas
    open: list[tuple[str, str]] = field(default_factory=list)
    count: int = 0
    steps: int = 0
    cut_by: str = ""

    @property
    def project(self) -> Project:
        """All declarations."""
        return self.atlas.project

    @property
    def speaker(self) -> Speaker:
        """What expressions say."""
        return self.atlas.speaker

    @property
    def actor(self) -> Actor:
        """What actions do."""
        return self.atlas.actor

    # ---- what holds views

    def paint(self, value: Expression, scope: Scope, at: At) -> None:
        """Paint one expression of a view builder."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            self.cut_by = f"takes more than {MOST_STEPS:,} steps to read"
        if len(self.open) > DEEPEST or self.steps > MOST_STEPS:
            return
        if isinstance(value, Closure):
            self.block(value.body, scope.inner(), at)
        elif isinstance(value, Choice):
            self._choice(value, scope, at)
        elif isinstance(value, Listing):
            for one in value.items:
                self.paint(one, scope, at)
        elif isinstance(value, Name):
            self._name(value, scope, at, [])
        elif isinstance(value, Call):
            self._chain(value, scope, at)

    def block(self, body: tuple[Statement, ...], scope: Scope, at: At) -> None:
        """Paint statements in order; local names are known to those that follow."""
        for one in body:
            if isinstance(one, Let):
                if isinstance(one.value, Name) and one.value.path.partition(".")[0] == one.name:
                    continue  # `if let name = name as? Kind`: the same value by the same name
                value = Closure((), appended(body, one.name), one.line) if one.value == Listing(()) else one.value
                scope.values[one.name] = (value, scope)
            elif isinstance(one, Loop):
                self.block(one.body, scope.inner(), replace(at, loops=at.loops + 1))
            elif isinstance(one, Call) and one.name in _FILLS and isinstance(one.receiver, Name):
                continue  # what fills a list is painted where the list is
            elif isinstance(one, (Name, Literal, Call, Choice, Closure, Listing)):
                self.paint(one, scope, at)

    def _choice(self, value: Choice, scope: Scope, at: At) -> None:
        for branch in value.branches:
            verdict = self.speaker.branch(value, branch, scope)
            if verdict.holds is False and verdict.fixed:
                continue
            inside = at if verdict.holds else replace(at, conditional=True)
            self.block(branch.body, scope.inner(dict.fromkeys(branch.bound, (UNKNOWN, None))), inside)

    def _name(self, value: Name, scope: Scope, at: At, chain: list[Call]) -> None:
        head, _, rest = value.path.partition(".")
        given = scope.local(head)
        if given is not None and not rest:
            if given[1] is not None or isinstance(given[0], Closure):
                self.paint(given[0], given[1] or scope, at)
            return
        info = scope.info
        own = info.properties.get(head) if info is not None else None
        if own is not None and not rest and info is not None:
            if own.body is not None and self._enter(info.name, head):
                inside = top(scope).inner(path=info.homes.get(head, info.path))
                self.block(own.body, inside, at)
                self.open.pop()
            elif own.value is not None and own.body is None:
                self.paint(own.value, top(scope), at)
        elif rest:
            held = self.actor.held(head, scope) if "." not in rest else None
            self._deep(value.path, own.type if own is not None else "", held or scope, at)

    def _deep(self, path: str, kind: str, scope: Scope, at: At) -> None:
        """``menu.contentView``: views that hang on a value; which case it has is not known."""
        base, _, name = path.rpartition(".")
        info = self.project.find(base, scope.path) or self.project.find(kind.rstrip("?!"), scope.path) or scope.info
        own = info.properties.get(name) if info is not None else None
        if info is None or own is None or own.body is None or own.type not in VIEWS | DIALOGS:
            return
        if self._enter(info.name, name):
            self.block(own.body, Scope(scope.key, info.homes.get(name, info.path), info), at)
            self.open.pop()

    def _enter(self, kind: str, name: str) -> bool:
        """Mark a view or function as being painted; False if it already is, or all is too deep."""
        if (kind, name) in self.open:
            return False
        if len(self.open) >= DEEPEST:
            self.cut_by = f"has more than {DEEPEST} views within views"
            return False
        self.open.append((kind, name))
        return True

    # ---- a view and its modifiers

    def _chain(self, value: Call, scope: Scope, at: At) -> None:
        base: Expression
        base, chain = flatten(value)
        if isinstance(base, Call) and is_modifier(base, scope):
            chain, base = [base, *chain], Name("self")
        own = next((index for index, one in enumerate(chain) if own_modifier(self.project, one, scope)), None)
        if own is not None:
            self._modified(base, chain, own, scope, at)
            return
        marks = gather(chain, scope, self.speaker)
        self._marked(base, chain, marks, scope, at)

    def _modified(self, base: Expression, chain: list[Call], own: int, scope: Scope, at: At) -> None:
        found = own_modifier(self.project, chain[own], scope)
        if found is None:
            return
        inner: Expression = chain[own - 1] if own else base
        body, inside = found
        word = "content" if chain[own].name == "modifier" else "self"
        inside.values[word] = (inner, scope)
        if not self._enter("<modifier>", f"{chain[own].name} {scope.key} {chain[own].line}"):
            return
        rest = chain[own + 1 :]
        marks = gather(rest, scope, self.speaker)
        self._marked(Closure((), body, chain[own].line), rest, marks, inside, at, scope)
        self.open.pop()

    def _marked(
        self, base: Expression, chain: list[Call], marks: Marks, scope: Scope, at: At, around: Scope | None = None
    ) -> None:
        around = around or scope
        if marks.hidden and marks.tap is None:
            return
        where = replace(at, enabled=marks.enabled) if marks.enabled is not None else at
        start = len(self.canvas.drafts)
        holder = self._holder(base, marks, scope, where)
        inside = replace(where, parent=holder) if holder >= 0 else where
        self._base(base, marks, scope, inside)
        for layer in marks.layers:
            self.paint(layer, around, replace(inside, place=None))
        roots = self.canvas.roots(start, at.parent)
        self._apply(marks, roots, holder, around)
        self._menus(marks, roots, around, replace(at, place=None))
        search(self, marks, around, at)
        self.around(marks, around, at)

    def _holder(self, base: Expression, marks: Marks, scope: Scope, at: At) -> int:
        """A container that is an element itself: it is tapped, or joins what it holds."""
        joins = marks.combined in ("combine", "ignore", "contain") and (marks.label.value or marks.identifier)
        if marks.tap is None and not joins:
            return -1
        name = base.name if isinstance(base, Call) else base.path if isinstance(base, Name) else "View"
        if marks.combined == "" and name in ("Text", "Image", "AsyncImage") and isinstance(base, Call):
            return -1
        line = base.line if isinstance(base, Call) else 1
        return self.canvas.add(
            Draft(
                name=name or "View",
                class_name="XCUIElementTypeOther",
                place=at.place or Place(scope.path, line),
                parent=at.parent,
                loops=at.loops,
                conditional=at.conditional,
                enabled=at.enabled,
            )
        )

    def _apply(self, marks: Marks, roots: list[int], holder: int, scope: Scope) -> None:
        drafts = [self.canvas.drafts[one] for one in ([holder] if holder >= 0 else roots)]
        for draft in drafts:
            # The outermost modifier wins, and a container's reaches all that it holds.
            if marks.identifier:
                draft.identifier = marks.identifier
            if (marks.label.value or marks.label.dynamic) and len(drafts) == 1:
                draft.label = marks.label
                draft.text = NO_WORDS if draft.text.value and not draft.interactive else draft.text
            if marks.long_press:
                draft.long_clickable = True
            if marks.role and not draft.role:
                draft.role = marks.role
            if marks.tap is not None:
                draft.interactive = draft.clickable = True
                draft.lead = self.actor.target(marks.tap, scope)
        if holder >= 0:
            self._joined(holder)
        if marks.instead and len(drafts) == 1:
            self._spread(drafts[0], marks.instead)

    def _spread(self, draft: Draft, instead: list[tuple[str, Words]]) -> None:
        """One row of a loop is one of several kinds: each is told, once on a screen."""
        there = {one.identifier for one in self.canvas.drafts if not one.gone}
        left = [one for one in instead if one[0] not in there]
        draft.loops, draft.conditional = 0, True
        draft.gone = not left and not any(one.parent == self.canvas.drafts.index(draft) for one in self.canvas.drafts)
        for index, (identifier, words) in enumerate(left):
            one = draft if not index else replace(draft)
            one.identifier = identifier
            one.text = words if words != NO_WORDS else one.text
            if index:
                self.canvas.add(one)

    def _joined(self, holder: int) -> None:
        """A container's words are those of the first thing in it."""
        draft = self.canvas.drafts[holder]
        if draft.label.value or draft.label.dynamic:
            return
        for one in self.canvas.drafts[holder + 1 :]:
            if not one.gone and not one.interactive and (one.text.value or one.label.value):
                draft.text, draft.label = one.text, NO_WORDS if one.text.value else one.label
                return

    def _menus(self, marks: Marks, roots: list[int], scope: Scope, at: At) -> None:
        for kind, content in marks.menus:
            parent = roots[0] if roots else at.parent
            if roots and kind == "contextMenu":
                self.canvas.drafts[roots[0]].long_clickable = True
            self.paint(content, scope, replace(at, parent=parent, conditional=True, menu=kind == "contextMenu"))

    def around(self, marks: Marks, scope: Scope, at: At) -> None:
        """What a view puts elsewhere: into the top bar, above the screen."""
        if marks.title is not None and not at.conditional and self.canvas.title == NO_WORDS:
            self.canvas.title = marks.title
        for call in marks.bars:
            self._bar(call, scope, at)
        for call in marks.presented:
            self._presented(call, scope)

    # ---- top bars, sheets and dialogs

    def bar(self) -> int:
        """The top bar of the screen, made when it is first asked for."""
        if self.canvas.bar < 0:
            place = self.canvas.place
            self.canvas.bar = self.canvas.add(
                Draft(name="NavigationBar", class_name="XCUIElementTypeNavigationBar", place=place)
            )
        return self.canvas.bar

    def _bar(self, call: Call, scope: Scope, at: At) -> None:
        inside = At(parent=self.bar(), conditional=at.conditional)
        for one in call.arguments:
            if one.label in ("{}", "content", "leading", "trailing"):
                self.paint(one.value, scope, inside)

    def _presented(self, call: Call, scope: Scope) -> None:
        state = argument(call, "isPresented", "item", "presenting")
        if call.name in ASKED:
            screen = self.atlas.dialog(self, call, scope)
        elif call.name == "navigationDestination" and argument(call, "for") is not None:
            self.atlas.route(argument(call, "for"), argument(call, "{}", "destination"), scope)
            return
        else:
            content = argument(call, "content", "destination", "{}")
            trailing = [one.value for one in call.arguments if one.label == "{}"]
            content = trailing[-1] if trailing else content
            if content is None:
                return
            over = call.name != "navigationDestination"
            screen = self.atlas.screen(content, scope, f"{self.canvas.name}.{call.name}", call.line, over)
        shown = argument(call, "isPresented", "item") or state
        if isinstance(shown, Name) and screen:
            self.atlas.shown[self.actor.state(shown.path, scope)] = screen

    # ---- what stands at the head of a chain

    def _base(self, base: Expression, marks: Marks, scope: Scope, at: At) -> None:
        if isinstance(base, Closure):
            self.block(base.body, scope.inner(), at)
        elif isinstance(base, Name):
            self._name(base, scope, at, [])
        elif isinstance(base, (Choice, Listing)):
            self.paint(base, scope, at)
        elif isinstance(base, Call):
            self._call(base, marks, scope, at)

    def _call(self, call: Call, marks: Marks, scope: Scope, at: At) -> None:
        if call.name == "()" and call.receiver is not None:
            self.paint(call.receiver, scope, at)
            return
        view = self.project.view(call.name, scope.path) if call.receiver is None else None
        if view is not None:
            self._view(view, call, scope, at)
        elif self._function(call, scope, at):
            return
        else:
            control = controls.CONTROLS.get(call.name)
            if control is not None:
                control(self, call, marks, scope, at)
            elif call.name[:1].isupper() and call.receiver is None:
                controls.container(self, call, scope, at)
            else:
                controls.dialog_button(self, call, scope, at)

    def _view(self, info: TypeInfo, call: Call, scope: Scope, at: At) -> None:
        if not self._enter(info.name, info.path):
            return
        self.count += 1
        self.atlas.painted.add(info.name)
        start = len(self.canvas.drafts)
        inside = instance(info, call.arguments, scope, f"{scope.key}/{info.name}{self.count}")
        place = at.place or Place(scope.path, call.line)
        self.body(info, inside, replace(at, place=None))
        self.open.pop()
        self._wrapper(start, call.name, place, at)

    def body(self, info: TypeInfo, inside: Scope, at: At) -> None:
        """Paint the body of an own view."""
        own = info.properties.get("body")
        if own is not None and own.body is not None:
            self.block(own.body, inside.inner(path=info.homes.get("body", info.path)), at)
        else:
            function = info.functions["body"][0]
            values: dict[str, tuple[Expression, Scope | None]] = {
                one.name: (UNKNOWN, None) for one in function.parameters
            }
            self.block(function.body, inside.inner(values, info.homes.get("body", info.path)), at)

    def _wrapper(self, start: int, name: str, place: Place, at: At) -> None:
        """A view that gives one control is that control, at the line where it is used.

        One that adds more around it, a title say, is so where it is used more than once: there stands what differs.
        """
        roots = [self.canvas.drafts[one] for one in self.canvas.roots(start, at.parent)]
        acted = [one for one in roots if one.interactive]
        if len(acted) != 1 or acted[0].loops != at.loops:
            return
        several = len(self.project.calls.get(name, ())) > 1 and acted[0].conditional == at.conditional
        alone = sum(one.interactive and not one.gone for one in self.canvas.drafts[start:]) == 1
        if len(roots) == 1 or (several and alone):
            acted[0].name, acted[0].place = name, place

    def _function(self, call: Call, scope: Scope, at: At) -> bool:
        if call.receiver is None and not has_function(scope, call):
            given = scope.local(call.name)
            if given is not None and isinstance(given[0], Closure):
                self._run(given[0], call, given[1] or scope, scope, at)
                return True
            if given is not None and given[1] is not None:
                self.paint(given[0], given[1], at)
                return True
            if given is None and scope.info is not None and call.name in scope.info.properties:
                self._name(Name(call.name), scope, at, [])
                return True
        info = self._holder_of(call, scope)
        functions = info.functions.get(call.name) if info is not None else None
        if info is None or not functions:
            return False
        function = next((one for one in functions if len(one.parameters) == len(call.arguments)), functions[0])
        if function.result not in VIEWS | DIALOGS and self.project.find(function.result) is None:
            return False
        if self._enter(info.name, call.name):
            values = bind(function.parameters, call.arguments, scope)
            own = info is scope.info
            home = info.homes.get(call.name, info.path)
            inside = top(scope).inner(values, home) if own else Scope(scope.key, home, info, values)
            start = len(self.canvas.drafts)
            self.block(function.body, inside.inner(), at)
            self.open.pop()
            if call.arguments and function.result in VIEWS:
                self._wrapper(start, call.name, Place(scope.path, call.line), at)
        return True

    def _holder_of(self, call: Call, scope: Scope) -> TypeInfo | None:
        if call.receiver is None:
            return scope.info
        if isinstance(call.receiver, Name) and call.receiver.path[:1].isupper():
            return self.project.find(call.receiver.path, scope.path)
        return None

    def _run(self, code: Closure, call: Call, where: Scope, scope: Scope, at: At) -> None:
        """A closure that was handed in, with what it is called with."""
        if not self._enter("<closure>", f"{where.key} {where.path} {code.line}"):
            return
        values: dict[str, tuple[Expression, Scope | None]] = {
            name: (one.value, scope) for name, one in zip(code.parameters, call.arguments, strict=False)
        }
        self.block(code.body, where.inner(values), at)
        self.open.pop()

    # ---- pieces for controls

    def gathered(self, value: Expression | None, scope: Scope, at: At, holder: int) -> tuple[Words, Words]:
        """Words and picture of a label; what can be acted on in it stays, below ``holder``."""
        if value is None:
            return NO_WORDS, NO_WORDS
        start = len(self.canvas.drafts)
        self.paint(value, scope, replace(at, parent=holder, place=None))
        texts: list[Words] = []
        pictures: list[Words] = []
        for index in range(start, len(self.canvas.drafts)):
            draft = self.canvas.drafts[index]
            if draft.gone or draft.interactive or self.canvas.is_below_acted_on(index, holder):
                continue
            if draft.class_name == "XCUIElementTypeImage":
                pictures.append(draft.label)
            else:
                said = draft.label if draft.label.value or draft.label.dynamic else draft.text
                texts.append(said._replace(dynamic=said.dynamic or draft.conditional != at.conditional))
            if draft.long_clickable and holder >= 0:
                self.canvas.drafts[holder].long_clickable = True
            if not draft.identifier or holder < 0:
                self.canvas.drop(index)
        return merged(texts), merged(pictures[:1])

    def presented_by(self, value: Expression | None, scope: Scope, screen: str) -> None:
        """State that opens a screen."""
        if isinstance(value, Name) and screen:
            self.atlas.shown[self.actor.state(value.path, scope)] = screen
