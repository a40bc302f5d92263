"""All screens of a SwiftUI app: which views are screens, what opens them, and what leads where."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from samouk.domains.screens.source.ios.canvas import MOST, At, Canvas, Draft, Target
from samouk.domains.screens.source.ios.choices import only_holds, split
from samouk.domains.screens.source.ios.controls import is_tab
from samouk.domains.screens.source.ios.dialogs import close, paint_dialog
from samouk.domains.screens.source.ios.effects import Actor
from samouk.domains.screens.source.ios.expressions import (
    Argument,
    Call,
    Choice,
    Closure,
    Expression,
    Let,
    Name,
)
from samouk.domains.screens.source.ios.marks import argument, flatten, gather
from samouk.domains.screens.source.ios.routes import Route, destination
from samouk.domains.screens.source.ios.scopes import (
    VIEWS,
    Project,
    Scope,
    TypeInfo,
    bind,
    instance,
    last_expression,
)
from samouk.domains.screens.source.ios.swiftui import Painter
from samouk.domains.screens.source.ios.tabs import Tab, add_tabs, label_marks, move, without_tab
from samouk.domains.screens.source.ios.words import Speaker
from samouk.domains.screens.source.widgets import BACK, NO_WORDS, Place, SourceScreen, Trouble

MOST_SCREENS = 5_000
"""Screens of an app; the largest studied one has some hundred."""

_PATHS = re.compile(r"path|rout|nav|coordinator", re.I)
_PUSHES = frozenset({"append", "push", "navigate", "show", "go", "open"})
_ENTRIES = frozenset({"WindowGroup", "Window", "DocumentGroup"})


@dataclass(slots=True)
class Atlas:
    """Screens that were found, those that still wait to be painted, and how they hang together.

    Attributes:
        shown: screens by the state that shows them.
        painted: views that are part of some screen; ``worn`` modifiers that were put on one.
        aliases: screens by the names of views that only hold them.
        opens_natively: what a UIKit call opens; ``native`` the screen of a controller that a view wraps.
    """

    project: Project
    speaker: Speaker
    canvases: dict[str, Canvas] = field(default_factory=dict)
    waiting: list[tuple[Canvas, Callable[[Painter], None]]] = field(default_factory=list)
    shown: dict[tuple[str, str], str] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)
    groups: list[tuple[str, list[Tab]]] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    homes: dict[str, TypeInfo] = field(default_factory=dict)
    painted: set[str] = field(default_factory=set)
    troubles: list[Trouble] = field(default_factory=list)
    crowded: bool = False
    worn: set[tuple[str, str, int]] = field(default_factory=set)
    opens_natively: Callable[[Call, Scope], Target | None] = lambda call, scope: None
    native: Callable[[Call, Scope], str] = lambda call, scope: ""
    actor: Actor = field(init=False)

    def __post_init__(self) -> None:
        self.actor = Actor(self.project, self.speaker, self.opens)

    # ---- which screen an expression is

    def screen(self, value: Expression, scope: Scope, hint: str, line: int, over: bool = False) -> str:
        """Name of the screen that a view expression is; it will be painted if it is new."""
        worn: list[tuple[list[Call], Scope]] = []
        value, scope = self.unwrapped(value, scope, worn)
        if isinstance(value, Call) and value.receiver is None:
            info = self.project.view(value.name, scope.path)
            if info is not None:
                shown = self.of_view(info, over, (value, scope))
                self.wear(shown, worn)
                return shown
        base, _ = flatten(value)
        native = self.native(base, scope) if isinstance(base, Call) else ""
        if native:
            return native
        name = self._own_name(value, scope) or hint
        return self._inline(name, value, scope, line, over)

    def of_view(self, info: TypeInfo, over: bool = False, made: tuple[Call, Scope] | None = None) -> str:
        """The screen that an own view is; ``made`` is the call that first asks for it."""
        name = info.name
        if self.homes.get(name, info) is not info:
            name = f"{info.name} in {info.path.rpartition('/')[0] or '.'}"
        known = self.canvases.get(name)
        if known is not None:
            known.dialog &= over
            return name
        if name in self.aliases or self._is_over(Place(info.path, info.line)):
            return name
        self.homes[name] = info
        arguments = tuple(Argument(*one) for one in self.project.fixed_arguments(info.name).items())
        scope = instance(info, arguments, None, name)
        if made is not None:
            self._hand_over(info, scope, *made)
        if split(self, name, info, scope):
            return name
        canvas = Canvas(name, Place(info.path, info.line), dialog=over)
        self.canvases[name] = canvas

        def paint(painter: Painter) -> None:
            painter.open.append((info.name, info.path))
            painter.body(info, scope, At())

        self.waiting.append((canvas, paint))
        return name

    def _is_over(self, place: Place) -> bool:
        """Whether there are as many screens as are looked at; the first that is left out is told."""
        over = len(self.canvases) >= MOST_SCREENS
        if over and not self.crowded:
            self.crowded = True
            reason = f"more than {MOST_SCREENS:,} screens; this one and others after it are left out"
            self.troubles.append(Trouble(*place, reason))
        return over

    def _hand_over(self, info: TypeInfo, scope: Scope, call: Call, caller: Scope) -> None:
        """Give a screen the state and the code that its caller hands in; all of it where nothing else calls it."""
        alone = len(self.project.calls.get(info.name, ())) == 1
        kept = tuple(one for one in call.arguments if alone or isinstance(one.value, Closure) or _is_binding(one.value))
        given = instance(info, kept, caller, scope.key)
        scope.values.update(
            {name: value for name, value in given.values.items() if value[1] is not None or name not in scope.values}
        )

    def _inline(self, hint: str, value: Expression, scope: Scope, line: int, over: bool) -> str:
        place = Place(scope.path, line)
        name = self._free(hint, place)
        known = self.canvases.get(name)
        if known is not None:
            return name
        canvas = Canvas(name, place, dialog=over)
        self.canvases[name] = canvas
        self.waiting.append((canvas, lambda painter: painter.paint(value, scope, At())))
        return name

    def _free(self, hint: str, place: Place) -> str:
        """The hint, or with a number where another place has it."""
        name, number = hint, 2
        while name in self.canvases and self.canvases[name].place != place:
            name, number = f"{hint}{number}", number + 1
        return name

    def _own_name(self, value: Expression, scope: Scope) -> str:
        base, _ = flatten(value)
        name = base.path if isinstance(base, Name) else base.name if isinstance(base, Call) else ""
        info = scope.info
        if info is not None and "." not in name and (name in info.properties or name in info.functions):
            return f"{info.name}.{name}"
        return ""

    def wear(self, name: str, worn: list[tuple[list[Call], Scope]]) -> None:
        """What stands behind a view where it becomes a screen: its top bar, its title, its sheets."""
        canvas = self.canvases.get(self.real(name))
        for chain, scope in worn:
            key = (name, scope.path, chain[0].line)
            if canvas is not None and key not in self.worn:
                self.worn.add(key)
                self.waiting.append((canvas, partial(_put_on, chain, scope)))

    def unwrapped(
        self,
        value: Expression,
        scope: Scope,
        worn: list[tuple[list[Call], Scope]] | None = None,
        depth: int = 0,
    ) -> tuple[Expression, Scope]:
        """Without what only holds: closures of one view, stacks of navigation, providers, own properties.

        Args:
            worn: gets the modifiers that are left off, with their scopes.
        """
        if depth > 20:
            return value, scope
        base, chain = flatten(value)
        inner = self.inside(base, scope)
        if inner is None:
            named = isinstance(base, Call) and base.receiver is None and self.project.view(base.name, scope.path)
            if named and chain and worn is not None:
                worn.append((chain, scope))
            return (base if named or not chain else value), scope
        held: list[tuple[list[Call], Scope]] = [(chain, scope)] if chain else []
        found, where = self.unwrapped(inner[0], inner[1], held, depth + 1)
        # What stands in more than one view stays as it was, modifiers and all.
        single = isinstance(found, Call) and found.receiver is None and self.project.view(found.name, where.path)
        if not single and (chain or isinstance(base, Name)):
            return value, scope
        if worn is not None:
            worn += held
        return found, where

    def inside(self, base: Expression, scope: Scope) -> tuple[Expression, Scope] | None:
        """What a view that only holds has in it; None for any other."""
        if isinstance(base, Closure):
            only = last_expression(base.body)
            return (only, scope.inner()) if only is not None and not _has_lets(base) else None
        if isinstance(base, Name) and "." in base.path:
            head, _, last = base.path.partition(".")
            held = self.actor.held(head, scope)
            own = held.info.properties.get(last) if held is not None and held.info is not None else None
            only = last_expression(own.body) if own is not None and own.body is not None and own.type in VIEWS else None
            return (only, held) if only is not None and held is not None else None
        if isinstance(base, Name):
            given = scope.local(base.path)
            if given is not None:
                return (given[0], given[1]) if given[1] is not None else None
            own = scope.info.properties.get(base.path) if scope.info is not None else None
            only = last_expression(own.body) if own is not None and own.body is not None and own.type in VIEWS else None
            return (only, scope) if only is not None else None
        if not isinstance(base, Call) or self.project.view(base.name, scope.path) is not None:
            return None
        info = scope.info
        if base.receiver is None and info is not None and base.name in info.functions:
            function = info.functions[base.name][0]
            only = last_expression(function.body) if function.result in VIEWS else None
            return (only, scope.inner(bind(function.parameters, base.arguments, scope))) if only is not None else None
        content = argument(base, "{}", "content", "root", "rootView") or (
            argument(base, "") if base.name in ("AnyView", "LazyView") else None
        )
        return (content, scope) if base.name[:1].isupper() and content is not None and only_holds(base) else None

    # ---- dialogs, menus, tabs, routes

    def dialog(self, painter: Painter, call: Call, scope: Scope) -> str:
        """The screen of an alert or an action sheet."""
        place = Place(scope.path, call.line)
        name = self._free(f"{painter.canvas.name}.{call.name}", place)
        if name in self.canvases:
            return name
        canvas = Canvas(name, place, dialog=True)
        self.canvases[name] = canvas
        self.waiting.append((canvas, lambda inner: paint_dialog(inner, call, scope)))
        return name

    def menu(self, painter: Painter, content: Expression, scope: Scope, line: int) -> str:
        """The screen of a menu."""
        place = Place(scope.path, line)
        name = self._free(f"{painter.canvas.name}.menu", place)
        if name not in self.canvases:
            canvas = Canvas(name, place, dialog=True)
            self.canvases[name] = canvas

            def paint(inner: Painter) -> None:
                inner.paint(content, scope, At(menu=True))
                close(canvas)

            self.waiting.append((canvas, paint))
        return name

    def tabs(self, painter: Painter, call: Call, content: Expression, scope: Scope) -> bool:
        """Make a screen of each tab. False where none of them is known."""
        found = [tab for one in _members(content) for tab in self._tab(painter, one, scope, False)]
        if found:
            self.groups.append((painter.canvas.name, found))
        return bool(found)

    def _tab(self, painter: Painter, value: Expression, scope: Scope, conditional: bool) -> Iterator[Tab]:
        if isinstance(value, Choice):
            for branch in value.branches:
                for one in branch.body:
                    if isinstance(one, (Name, Call)):
                        yield from self._tab(painter, one, scope, True)
            return
        if not is_tab(value):
            return
        base, chain = flatten(value)
        marks = gather(chain, scope, self.speaker)
        line = base.line if isinstance(base, Call) else 1
        if marks.tab is not None:
            line = marks.tab.line
            text, picture = painter.gathered(argument(marks.tab, "{}", ""), scope, At(), -1)
            inner = label_marks(marks.tab, scope, self.speaker)
            screen = self.screen(without_tab(value), scope, f"{painter.canvas.name}.tab", line)
            yield Tab(text, picture, inner or marks.identifier, Place(scope.path, line), screen, conditional)
        elif isinstance(base, Call):
            title = next((one.value for one in base.arguments if one.label == ""), None)
            text = self.speaker.words(title, scope) if title is not None else NO_WORDS
            inside = argument(base, "{}", "content")
            if title is None:
                text, _ = painter.gathered(argument(base, "label"), scope, At(), -1)
            if inside is not None:
                screen = self.screen(inside, scope, f"{painter.canvas.name}.tab", line)
                yield Tab(text, NO_WORDS, marks.identifier, Place(scope.path, line), screen, conditional)

    def route(self, kind: Expression | None, content: Expression | None, scope: Scope) -> None:
        """What `navigationDestination(for:)` shows."""
        if isinstance(kind, Name) and isinstance(content, Closure):
            self.routes.append(Route(kind.path.removesuffix(".self"), content, scope))

    def opens(self, call: Call, scope: Scope) -> Target | None:
        """A value that is pushed on a navigation path, or a UIKit call."""
        receiver = call.receiver.path if isinstance(call.receiver, Name) else ""
        if call.name in _PUSHES and call.arguments and _PATHS.search(receiver):
            held = self.actor.held(receiver, scope)
            if held is None or held.info is None or call.name not in held.info.functions:
                return Target(value=(call.arguments[0].value, scope))
        return self.opens_natively(call, scope)

    # ---- from found to finished

    def find_entry(self) -> None:
        """The screen on which the app opens, from its App."""
        for infos in list(self.project.types.values()):
            for info in infos:
                own = info.properties.get("body")
                if "App" in info.inherits and "main" in info.attributes and own is not None and own.body is not None:
                    self._entry_of(own.body, Scope(info.name, info.path, info))

    def _entry_of(self, body: tuple[object, ...], scope: Scope) -> None:
        for one in body:
            base, _ = flatten(one) if isinstance(one, Call) else (None, [])
            if isinstance(base, Call) and base.name in _ENTRIES:
                content = argument(base, "{}", "content")
                if content is not None:
                    self.mark_entry(self.screen(content, scope, scope.key, base.line))
                    return

    def mark_entry(self, name: str) -> None:
        """The app opens on this screen."""
        canvas = self.canvases.get(self.real(name))
        if canvas is not None:
            canvas.entry = True

    def real(self, name: str) -> str:
        """The screen that is shown where a view only chooses or holds tabs."""
        for _ in range(10):
            if name not in self.aliases:
                break
            name = self.aliases[name]
        return name

    def paint_all(self) -> None:
        """Paint what waits, and what that brings up; then views that nothing seems to show."""
        self._drain()
        for strict in (True, False):
            for info in self._left(strict):
                if info.name not in self.canvases and info.name not in self.aliases and info.name not in self.homes:
                    self.of_view(info)
                    self._drain()

    def _left(self, strict: bool) -> list[TypeInfo]:
        infos = {id(info): info for infos in self.project.types.values() for info in infos}
        views = [info for info in infos.values() if self.project.view(info.name, info.path) is info]
        views = [info for info in views if info.kind != "extension" and info.name not in self.project.hidden]
        called = self.project.calls
        views = [info for info in views if info.name not in called or (not strict and not self._is_hidden(info.name))]
        return sorted((one for one in views if one.name not in self.painted), key=lambda one: (one.path, one.line))

    def _is_hidden(self, name: str) -> bool:
        """Whether all that makes a view belongs to another device."""
        callers = self.project.callers[name]
        return bool(callers) and callers <= self.project.hidden - set(self.project.calls)

    def _drain(self) -> None:
        while self.waiting or self._follow_values():
            if self.waiting:
                canvas, paint = self.waiting.pop(0)
                painter = Painter(self, canvas)
                try:
                    paint(painter)
                except RecursionError:
                    reason = f"{canvas.name} is nested too deep; what lies deeper is left out"
                    self.troubles.append(Trouble(*canvas.place, reason))
                if painter.cut_by:
                    self.troubles.append(
                        Trouble(*canvas.place, f"{canvas.name} {painter.cut_by}; the rest is left out")
                    )

    def _follow_values(self) -> bool:
        """Make screens of what pushed values show; whether any is new."""
        before = len(self.canvases)
        for canvas in list(self.canvases.values()):
            for draft in canvas.drafts:
                if draft.lead is not None and draft.lead.value is not None:
                    draft.lead = Target(destination(self, *draft.lead.value)) if self.routes else draft.lead
        return len(self.canvases) > before

    def finish(self) -> tuple[SourceScreen, ...]:
        """All screens, in the order in which they were found."""
        self._spread_tabs()
        finished: list[SourceScreen] = []
        for canvas in self.canvases.values():
            if canvas.full:
                reason = f"{canvas.name} has more than {MOST:,} widgets; the rest is left out"
                self.troubles.append(Trouble(*canvas.place, reason))
            if canvas.name in self.aliases:
                continue
            if not canvas.entry and not any(not draft.gone for draft in canvas.drafts):
                continue
            leads = {
                index: self._lead(draft, canvas) for index, draft in enumerate(canvas.drafts) if draft.lead is not None
            }
            finished.append(canvas.screen(leads))
        kept = {one.name for one in finished} | {BACK, ""}
        return tuple(
            replace(
                one,
                widgets=tuple(each if each.leads_to in kept else replace(each, leads_to="") for each in one.widgets),
            )
            for one in finished
        )

    def _lead(self, draft: Draft, canvas: Canvas) -> str:
        lead = draft.lead
        if lead is None:
            return ""
        if lead.state is not None:
            key, name = lead.state
            if name.startswith("!") and self.real(self.shown.get((key, name[1:]), "")) == canvas.name:
                return BACK
            return self.real(self.shown.get(lead.state, ""))
        return lead.screen if lead.screen == BACK else self.real(lead.screen)

    def _spread_tabs(self) -> None:
        for owner, tabs in self.groups:
            holder = self.canvases[owner]
            known = [tab for tab in tabs if self.real(tab.screen) in self.canvases]
            if not known:
                continue
            first = self.canvases[self.real(known[0].screen)]
            first.entry |= holder.entry
            self.aliases[owner] = first.name
            move(holder, first)
            for name in dict.fromkeys(self.real(tab.screen) for tab in known):
                add_tabs(self.canvases[name], holder.place, [(tab, self.real(tab.screen)) for tab in tabs])


def _put_on(chain: list[Call], scope: Scope, painter: Painter) -> None:
    painter.around(gather(chain, scope, painter.speaker), scope, At())


def _members(content: Expression) -> tuple[Expression, ...]:
    if isinstance(content, Closure):
        return tuple(one for one in content.body if isinstance(one, (Name, Call, Choice)))
    return (content,)


def _is_binding(value: Expression) -> bool:
    return isinstance(value, Name) and value.path.startswith("$")


def _has_lets(code: Closure) -> bool:
    return any(isinstance(one, Let) for one in code.body)
