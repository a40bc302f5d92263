"""From the declarations of an app to its screens: roots are unfolded, once for each destination they can show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from samouk.domains.screens.source.compose import code
from samouk.domains.screens.source.compose.code import Class
from samouk.domains.screens.source.compose.drafts import Draft, everything
from samouk.domains.screens.source.compose.drawing import MOST_CALLS, MOST_WIDGETS, Over, Where
from samouk.domains.screens.source.compose.effects import Effects, Going
from samouk.domains.screens.source.compose.meaning import MOST_STEPS, Meaning
from samouk.domains.screens.source.compose.messages import messages
from samouk.domains.screens.source.compose.navigation import SCREEN, Destination, Graph
from samouk.domains.screens.source.compose.project import Project
from samouk.domains.screens.source.compose.tops import OVER, Composable, composables, mentioned, tops
from samouk.domains.screens.source.compose.unfold import DEEPEST, Unfolding
from samouk.domains.screens.source.compose.values import Bound, Closure, Instance, Scope
from samouk.domains.screens.source.widgets import BACK, NO_WORDS, Place, SourceScreen, Trouble, Widget, Words


@dataclass(frozen=True, slots=True)
class Root:
    """Where an app's own drawing begins: what an activity sets as its content, or a composable that nobody calls."""

    name: str
    activity: str
    place: Place
    content: Closure | Bound


@dataclass(slots=True)
class Shown:
    """One screen that was unfolded, before taps know the names of all others."""

    name: str
    place: Place
    unfolding: Unfolding
    route: str = ""
    activity: str = ""
    entry: bool = False
    dialog: bool = False


class Screens:
    """All screens of one project."""

    def __init__(self, project: Project) -> None:
        self.troubles: list[Trouble] = []
        self._project = project
        self._meaning = Meaning(project)
        self._effects = Effects(self._meaning)
        self._graph = Graph(project)
        self._names: dict[tuple[Place, str], str] = {}
        self._taken: set[str] = set()
        self._entered: set[tuple[str, int]] = set()
        self.tags_visible = any(file.tags_visible for file in project.files.values())

    def read(self) -> tuple[SourceScreen, ...]:
        """Them all, the one on which the app opens marked."""
        shown = [one for root in self._roots() for one in self._of_root(root)]
        shown += self._unreached()
        if shown and not any(one.entry for one in shown):
            shown[0].entry = True
        opened = {one.activity: one.name for one in reversed(shown) if one.activity}
        for one in shown:
            if one.entry:
                opened[one.activity] = one.name
        return tuple(screen for one in shown for screen in self._finished(one, opened))

    # Roots

    def _roots(self) -> list[Root]:
        roots = list(self._activities())
        launcher = self._project.resources.launcher
        roots.sort(key=lambda root: root.activity != launcher)
        if roots:
            return roots
        hosts = [
            one
            for one in self._project.functions
            if one.function.composable
            and not one.function.preview
            and _calls(one.function.body, "NavHost", "NavDisplay")
        ]
        named = hosts or [
            one
            for one in self._project.functions
            if one.function.composable and not one.function.preview and one.function.name.endswith("Screen")
        ]
        return [
            Root(one.function.name, "", Place(one.file, one.function.line), Bound(one.function, one.file))
            for one in named
        ]

    def _activities(self) -> Iterator[Root]:
        for declared in self._project.classes:
            for function in declared.kind.functions:
                for node in everything(function.body):
                    block = _content(node)
                    if block is not None:
                        yield self._root(declared.kind, declared.file, function, block)

    def _root(self, kind: Class, file: str, function: code.Function, block: code.Lambda) -> Root:
        receiver = Instance(kind, file)
        scope = Scope(file, receiver=receiver)
        for node in function.body:
            if isinstance(node, code.Let):
                self._meaning.let(node, scope)
        activity = kind.name if kind.name.endswith("Activity") else ""
        return Root(kind.name, activity, Place(file, kind.line), Closure(block.names, block.body, scope))

    # Screens

    def _of_root(self, root: Root) -> list[Shown]:
        stops, whole = self._collected(root)
        if stops:
            return [self._stop(root, one) for one in stops]
        return list(self._without_graph(root, whole))

    def _collected(self, root: Root) -> tuple[list[Destination], Unfolding]:
        """The destinations in a root that hold no others, and what it shows, which is all where there are none."""
        before = len(self._graph.destinations)
        self._graph.show(None)
        if isinstance(root.content, Bound):
            self._entered.add((root.content.file, root.content.function.line))
        whole = self._unfolded(root.content, root.place)
        stops = self._graph.destinations[before:]
        return [one for one in stops if not any(one in other.inside for other in stops)], whole

    def _unreached(self) -> Iterator[Shown]:
        """What no root leads to: a library opens it, or a container of objects."""
        shown_by_code = mentioned(self._project)
        for _ in range(2):  # what calls each other in a circle is begun somewhere
            left = [one for one in composables(self._project) if (one.file, one.function.line) not in self._entered]
            for one in tops(left, shown_by_code):
                if (one.file, one.function.line) not in self._entered:
                    yield from self._top(one)

    def _top(self, one: Composable) -> Iterator[Shown]:
        place = Place(one.file, one.function.line)
        receiver = None if one.owner is None else Instance(one.owner, one.file)
        root = Root(one.name, "", place, Bound(one.function, one.file, receiver))
        stops, whole = self._collected(root)
        if stops:
            yield from (replace(self._stop(root, stop), entry=False) for stop in stops)
        elif any(draft.interactive or draft.text != NO_WORDS or draft.tag for draft in whole.drafts):
            own = None
            if one.owner is not None:
                own = next((bound for bound, _, _ in whole.entered if bound.function.name.endswith(SCREEN)), None)
            if own is not None:
                place = Place(own.file, own.function.line)
            name = one.name if own is None else own.function.name
            yield Shown(self._free(name, one.name), place, whole, dialog=name.endswith(OVER))

    def _stop(self, root: Root, one: Destination) -> Shown:
        self._graph.show(one)
        unfolding = self._unfolded(root.content, one.home)
        name = self._free(one.name, one.route.type or one.route.path)
        self._names[one.place, f"{one.route}"] = name
        first = one.start and all(around.start for around in one.inside)
        return Shown(
            name,
            one.home,
            unfolding,
            one.route.path or one.route.type,
            root.activity,
            first and self._opens(root),
            one.dialog,
        )

    def _opens(self, root: Root) -> bool:
        launcher = self._project.resources.launcher
        return not launcher or not root.activity or root.activity == launcher

    def _without_graph(self, root: Root, whole: Unfolding) -> Iterator[Shown]:
        """One screen an activity; where it chooses among several composables named like screens, each of them."""
        screens = [
            (bound, scope, where) for bound, scope, where in whole.entered if bound.function.name.endswith("Screen")
        ]
        kinds = {bound.function.name for bound, _, _ in screens}
        if len(kinds) > 1:
            yield from self._several(root, screens)
            return
        own = next((bound for bound, _, _ in screens), None)
        if own is None:
            own = next((bound for bound, _, _ in whole.entered if "Theme" not in bound.function.name), None)
        name = root.name if own is None else own.function.name
        place = root.place if own is None else Place(own.file, own.function.line)
        yield Shown(self._free(name, root.name), place, whole, "", root.activity, self._opens(root))

    def _several(self, root: Root, screens: Sequence[tuple[Bound, Scope, Where]]) -> Iterator[Shown]:
        first = next((bound.function.name for bound, _, where in screens if not where.conditional), "")
        done: set[str] = set()
        for bound, scope, _ in screens:
            name = bound.function.name
            if name in done:
                continue
            done.add(name)
            place = Place(bound.file, bound.function.line)
            unfolding = self._unfolded(Closure((), bound.function.body, scope), place)
            yield Shown(
                self._free(name, root.name), place, unfolding, "", root.activity, name == first and self._opens(root)
            )

    def _unfolded(self, content: Closure | Bound, place: Place) -> Unfolding:
        unfolding = Unfolding(self._meaning, self._effects, self._graph.host)
        self._meaning.steps = 0
        try:
            unfolding.slot(content, Where())
        except RecursionError:
            self.troubles.append(Trouble(place.file, place.line, "is nested too deep"))
        self._entered |= {(bound.file, bound.function.line) for bound, _, _ in unfolding.entered}
        reason = _cut_by(unfolding)
        cut = Trouble(place.file, place.line, f"{reason}; the rest is left out")
        # A root with a graph is read once for each of its destinations.
        if reason and cut not in self.troubles:
            self.troubles.append(cut)
        return unfolding

    def _free(self, name: str, more: str) -> str:
        """A name that no other screen has."""
        chosen, number = name, 1
        if chosen in self._taken and more:
            chosen = f"{name} {more}"
        while chosen in self._taken:
            number += 1
            chosen = f"{name} {number}"
        self._taken.add(chosen)
        return chosen

    # Names of what taps open

    def _finished(self, shown: Shown, opened: dict[str, str]) -> Iterator[SourceScreen]:
        """A screen, and the dialogs, sheets and menus above it."""
        unfolding = shown.unfolding
        names = self._names_of_overs(shown)

        self._meaning.steps = 0
        unfolding.drafts += messages(unfolding, self._meaning)

        def leads(draft: Draft) -> str:
            return self._leads(draft.going, draft.over, names, unfolding.overs, shown.name, opened)

        yield SourceScreen(
            name=shown.name,
            place=shown.place,
            widgets=_widgets(unfolding.drafts, -1, leads, self.tags_visible),
            route=shown.route,
            activity=shown.activity,
            title=_title(unfolding.drafts),
            entry=shown.entry,
            dialog=shown.dialog,
        )
        for at, over in enumerate(unfolding.overs):
            widgets = _widgets(unfolding.drafts, at, leads, self.tags_visible and not over.window)
            if widgets:
                yield SourceScreen(
                    name=names[at], place=over.place, widgets=widgets, activity=shown.activity, dialog=True
                )

    def _names_of_overs(self, shown: Shown) -> list[str]:
        overs = shown.unfolding.overs
        nearest = [next((one for one in reversed(over.owners) if one != shown.name), "") for over in overs]
        names = []
        for at, over in enumerate(overs):
            own = nearest[at]
            if nearest.count(own) > 1:
                others = {owner for place, one in enumerate(overs) if place != at for owner in one.owners}
                own = next((one for one in reversed(over.owners) if one not in others and one != shown.name), "")
            names.append(
                self._free((over.owners[-1:] != (shown.name,) and own) or f"{shown.name}{over.name}", shown.name)
            )
        return names

    def _leads(
        self,
        going: Going | None,
        inside: int,
        names: Sequence[str],
        overs: Sequence[Over],
        own: str,
        opened: dict[str, str],
    ) -> str:
        if going is None:
            return ""
        if going.kind == "back":  # out of the screen below, too, and to where is not known from here
            return BACK if inside < 0 else ""
        if going.kind == "activity":
            return opened.get(going.to, "")
        if going.kind == "route":
            found = self._graph.find(going.to)
            name = "" if found is None else self._names.get((found.place, f"{found.route}"), "")
            return "" if name == own and inside < 0 else name
        set_ = dict(going.to)
        for at, over in enumerate(overs):
            if at != inside and set_.get(over.state):
                return names[at]
        return BACK if inside >= 0 and overs[inside].state in set_ else ""


def _widget(draft: Draft, index: int, parent: int, tag_shows: bool, leads_to: str) -> Widget:
    return Widget(
        index=index,
        parent=parent,
        name=draft.name,
        class_name=draft.class_name,
        place=draft.place,
        identifier=draft.tag if tag_shows else "",
        hidden_identifier="" if tag_shows else draft.tag,
        text=draft.text,
        label=draft.label,
        hint=draft.hint,
        role=draft.role,
        interactive=draft.interactive,
        clickable=draft.clickable,
        long_clickable=draft.long_clickable,
        checkable=draft.checkable,
        checked=draft.checked,
        scrollable=draft.scrollable,
        password=draft.password,
        enabled=draft.enabled,
        repeated=draft.repeated,
        conditional=draft.conditional,
        entry=draft.entry,
        leads_to=leads_to,
    )


def _widgets(drafts: Sequence[Draft], over: int, leads: Callable[[Draft], str], visible: bool) -> tuple[Widget, ...]:
    """Those of the screen itself, or of what lies over it; ``visible`` says that tags are ids from its root on."""
    index_of: dict[int, int] = {}
    shows: dict[int, bool] = {}
    found: list[Widget] = []
    for at, draft in enumerate(drafts):
        if draft.over != over:
            continue
        index_of[at] = len(found)
        shows[at] = draft.tag_shows or shows.get(draft.parent, visible)
        found.append(_widget(draft, len(found), index_of.get(draft.parent, -1), shows[at], leads(draft)))
    return tuple(found)


def _title(drafts: Sequence[Draft]) -> Words:
    """The first words in the first top bar that are not on a button."""
    for at, bar in enumerate(drafts):
        if bar.class_name != "AppBar" or bar.over >= 0:
            continue
        inside = {at}
        for place in range(at + 1, len(drafts)):
            one = drafts[place]
            if one.parent in inside and not one.interactive:
                inside.add(place)
                if one.text != NO_WORDS:
                    return one.text
        break
    return NO_WORDS


def _calls(body: Sequence[code.Node], *names: str) -> bool:
    return any(
        isinstance(node, code.Call) and isinstance(node.callee, code.Name) and node.callee.name in names
        for node in everything(body)
    )


def _cut_by(unfolding: Unfolding) -> str:
    """The bound that ended the reading of a screen early; "" for none."""
    if len(unfolding.drafts) >= MOST_WIDGETS:
        return f"holds more than {MOST_WIDGETS:,} widgets"
    if unfolding.calls > MOST_CALLS:
        return f"makes more than {MOST_CALLS:,} calls"
    if unfolding.meaning.steps > MOST_STEPS:
        return f"takes more than {MOST_STEPS:,} steps to read"
    return f"has more than {DEEPEST} composables within composables" if unfolding.is_deep else ""


def _content(node: code.Node) -> code.Lambda | None:
    """The lambda of ``setContent { }``."""
    if not isinstance(node, code.Call) or not isinstance(node.callee, code.Name | code.Member):
        return None
    block = node.arguments[-1].value if node.arguments else None
    return block if node.callee.name == "setContent" and isinstance(block, code.Lambda) else None
