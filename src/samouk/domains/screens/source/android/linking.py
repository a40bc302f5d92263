"""From the facts of all files of an Android app to its screens."""

from __future__ import annotations

from dataclasses import dataclass, field

from samouk.domains.screens.source.android.alerts import alert_drafts
from samouk.domains.screens.source.android.behaviour import Behaviour, opens_something, resolved
from samouk.domains.screens.source.android.casing import cased, shouts
from samouk.domains.screens.source.android.drafts import Draft, everything, flattened
from samouk.domains.screens.source.android.facts import Acts, Alert, CodeFacts
from samouk.domains.screens.source.android.family import Done, Family
from samouk.domains.screens.source.android.layouts import Layouts, arrow
from samouk.domains.screens.source.android.manifest import Activity, Gradle, Manifest, Navigation, application_of
from samouk.domains.screens.source.android.menus import Bar, Menus, more, preferences
from samouk.domains.screens.source.android.resources import Resources, Values
from samouk.domains.screens.source.android.sketches import Part, Sketch, Sketching
from samouk.domains.screens.source.android.xml import Tag
from samouk.domains.screens.source.widgets import BACK, NO_WORDS, Place, Sight, SourceScreen, Words

_BARS = ("Toolbar", "BottomAppBar")
_TABS = ("BottomNavigationView", "NavigationRailView")
_UP = "Navigate up"
"""What the platform says of the arrow that leads up."""


@dataclass(slots=True)
class Pieces:
    """Facts by what they are; trees of tags by path."""

    code: dict[str, CodeFacts] = field(default_factory=dict)
    layouts: dict[str, tuple[Tag, ...]] = field(default_factory=dict)
    menus: dict[str, tuple[Tag, ...]] = field(default_factory=dict)
    settings: dict[str, tuple[str, tuple[Tag, ...]]] = field(default_factory=dict)
    remote: set[str] = field(default_factory=set)
    values: dict[str, Values] = field(default_factory=dict)
    navigation: Navigation = field(default_factory=Navigation)
    manifests: list[Manifest] = field(default_factory=list)
    gradles: list[Gradle] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)


def sight_of(pieces: Pieces) -> Sight:
    """All screens of an app."""
    return _Linking(pieces).sight()


class _Linking:
    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._resources = Resources(pieces.values.items())
        self._family = Family(pieces.code)
        self._layouts = Layouts(pieces.layouts, self._resources, self._family.supers)
        self._menus = Menus(pieces.menus, self._resources)
        self._navigation = pieces.navigation
        self._sketching = Sketching(self._family, self._layouts, self._navigation, pieces.settings)
        self._sketches: dict[str, Sketch] = {}
        self._alerts: dict[tuple[str, int], str] = {}
        self._popups: dict[str, str] = {}
        self._activities = {
            one.name.rpartition(".")[2]: one for manifest in pieces.manifests for one in manifest.activities
        }

    def sight(self) -> Sight:
        self._by_class()
        self._by_layout()
        for sketch in list(self._sketches.values()):
            self._alerts_of(sketch)
            self._menus_of(sketch)
        self._enter()
        behaviour = Behaviour(self._family, self._resources, self._goal)
        for sketch in self._sketches.values():
            self._follow(sketch)
            behaviour.apply(sketch)
            if not sketch.owner and sketch.dialog:
                for row in sketch.roots:
                    row.leads_to = "" if row.leads_to == BACK else row.leads_to
        for sketch in self._sketches.values():
            self._case(sketch)
        return Sight(
            framework="android",
            app=self._app(),
            screens=tuple(self._screen(sketch) for sketch in self._sketches.values()),
            strings=dict(sorted(self._resources.strings.items())),
            troubles=tuple(self._layouts.troubles),
        )

    def _case(self, sketch: Sketch) -> None:
        """By the theme of its activity, else of the application."""
        activity = self._activities.get(sketch.activity.rpartition(".")[2])
        themes = [activity.theme if activity else "", *(one.theme for one in self._pieces.manifests)]
        theme = next((one for one in themes if one), "")
        cased(sketch.roots, shouting=shouts(theme, self._resources))

    def _app(self) -> str:
        named = [one.resources_of for one in self._pieces.code.values() if one.resources_of]
        code = max(named, key=lambda one: (named.count(one), one)) if named else ""
        return application_of(self._pieces.gradles, self._pieces.properties, self._pieces.manifests, code)

    def _by_class(self) -> None:
        """Activities first: they may hold fragments, which are no screens of their own then."""
        order = ("activity", "fragment", "dialog")
        keys = sorted(
            (key for key in self._family.classes if self._family.kind(key) in order),
            key=lambda key: order.index(self._family.kind(key)),
        )
        bases = self._family.subclassed()
        for key in keys:
            name = key.rpartition(".")[2]
            if key in self._sketching.shown_in or (key in bases and name not in self._activities):
                continue
            sketch = self._sketching.screen(key, name, dialog=self._family.kind(key) == "dialog")
            if sketch is None:
                continue
            activity = self._activities.get(name)
            sketch.activity = activity.name if activity else ""
            sketch.title = self._title(key, activity, sketch)
            self._sketches.setdefault(sketch.name, sketch)
            if name != sketch.name:
                self._sketching.shown_in[key] = sketch.name
        for name, dialog in self._sketching.dialogs.items():
            self._sketches.setdefault(name, dialog)
        hosts = [one for one in self._sketches.values() if any(draft.graph for draft in everything(one.roots))]
        for sketch in self._sketches.values():
            if sketch.route and not sketch.activity and hosts:
                sketch.activity = hosts[0].activity

    def _title(self, key: str, activity: Activity | None, sketch: Sketch) -> Words:
        told = (self._family.classes[at].title for at in self._family.chain(key))
        words = next((resolved(one, self._resources) for one in told if one is not None), NO_WORDS)
        if words == NO_WORDS:
            words = next((one.text for one in everything(sketch.roots) if one.name == "title"), NO_WORDS)
        route = next((at for at, name in self._navigation.classes.items() if name == sketch.name), "")
        sketch.route = route
        if words == NO_WORDS and route and self._calls("setupActionBarWithNavController", list(self._family.classes)):
            words = self._resources.words(self._navigation.labels[route])
        if words == NO_WORDS and activity is not None:
            drawn = self._resources.has_bar(activity.theme) or self._calls(
                "setSupportActionBar", self._family.chain(key)
            )
            words = self._resources.words(activity.label) if drawn else words
        return words

    def _calls(self, name: str, keys: list[str]) -> bool:
        """Whether classes give the platform a bar to write titles in."""
        functions = (acts for key in keys for acts in self._family.classes[key].functions.values())
        return any(act.kind == "call" and act.value == name for acts in functions for act in acts)

    def _by_layout(self) -> None:
        """Layouts that no class of this source shows: screens of their own, unless others include them."""
        elsewhere = self._pieces.remote | {
            self._layouts.named(use.layout)
            for one in self._family.classes.values()
            for use in one.layouts
            if use.how == "remote"
        }
        views = (one for key, one in self._family.classes.items() if self._family.kind(key) == "view")
        elsewhere |= {self._layouts.named(use.layout) for one in views for use in one.layouts}
        for name in self._layouts.paths:
            if name in self._sketching.used or name in elsewhere or name in self._sketches:
                continue
            roots = self._layouts.drafts(name)
            sketch = Sketch(name=name, place=self._layouts.place(name), roots=roots)
            sketch.parts.append(Part([], roots))
            self._sketching.views(sketch, roots)
            if name in self._layouts.included or not any(_is_met(one) for one in everything(roots)):
                continue
            self._sketches[name] = sketch
        self._by_view()
        for name in sorted(self._pieces.settings.keys() - self._sketching.used_settings):
            path, tags = self._pieces.settings[name]
            roots = preferences(path, tags, self._resources)
            self._sketches[self._free(name)] = Sketch(name=self._free(name), place=roots[0].place, roots=roots)

    def _by_view(self) -> None:
        """Own views that nothing is seen to show: screens of their own."""
        for key in self._family.classes:
            if self._family.kind(key) != "view" or key.rpartition(".")[2] in self._sketches:
                continue
            uses = {self._layouts.named(use.layout) for use in self._family.classes[key].layouts} - {""}
            if uses and not uses & (self._sketching.used | self._pieces.remote):
                sketch = self._sketching.screen(key, key.rpartition(".")[2], dialog=False)
                if sketch is None:
                    continue
                heard = any(self._family.classes[at].handlers for at in self._family.scope(key))
                if heard or any(_is_met(one) for one in everything(sketch.roots)):
                    self._sketches[sketch.name] = sketch

    def _alerts_of(self, sketch: Sketch) -> None:
        """Dialogs that the code of a screen builds: the screen itself where it is one, else screens of their own."""
        for key in dict.fromkeys(at for part in sketch.parts for at in part.scope):
            one, path = self._family.classes[key], self._family.paths[key]
            for alert in one.alerts:
                layout = self._layouts.named(alert.layout)
                drafts = alert_drafts(alert, path, self._resources)
                words = resolved(alert.title, self._resources)
                own = sketch if sketch.dialog and sketch.owner else self._sketches.get(layout)
                if own is None:
                    own = Sketch(
                        name=self._free(f"{one.name}.{alert.function}"), place=Place(path, alert.line), owner=key
                    )
                    own.dialog = True
                    own.parts.append(Part([key], own.roots))
                    self._sketches[own.name] = own
                if (path, alert.number) not in self._alerts and drafts:
                    own.roots += [
                        draft for draft in drafts if draft.identifier not in {one.identifier for one in own.roots}
                    ]
                    own.parts.append(Part([key], drafts))
                    self._press(key, alert, drafts)
                own.title = own.title if own.title != NO_WORDS else words
                self._alerts[path, alert.number] = own.name

    def _press(self, key: str, alert: Alert, drafts: list[Draft]) -> None:
        """Any button closes its alert; one that closes the screen below too leads no one knows where."""
        for button in alert.buttons:
            for draft in drafts:
                if draft.identifier == f"android:id/button{button.which}":
                    goal = self._goal(key, button.acts) or BACK
                    draft.leads_to = "" if goal == BACK and self._ends(key, button.acts) else goal

    def _ends(self, key: str, acts: Acts) -> bool:
        """Whether code leaves the screen below a dialog or a menu, and not only these."""
        backs = (done.act.value for done in self._family.done(key, acts) if done.act.kind == "back")
        return any(not name.startswith("dismiss") for name in backs)

    def _free(self, name: str) -> str:
        number, tried = 1, name
        while tried in self._sketches:
            number += 1
            tried = f"{name}.{number}"
        return tried

    def _menus_of(self, sketch: Sketch) -> None:
        scope = list(dict.fromkeys(at for part in sketch.parts for at in part.scope))
        for one in list(everything(sketch.roots)):
            if not one.menu:
                continue
            if one.class_name.endswith(_TABS):
                one.children += self._menus.tabs(one.menu)
            elif one.class_name.endswith("NavigationView"):
                one.children += self._menus.drawer(one.menu)
            else:
                self._bar(sketch, one.children, one.menu, scope)
        bar = next((one for one in everything(sketch.roots) if one.class_name.endswith(_BARS)), None)
        shown = {one.menu for one in everything(sketch.roots)}
        if sketch.name in self._sketching.dialogs:
            return  # the menus are those of the screen below
        for key in scope:
            facts = self._family.classes[key]
            for name in facts.menus:
                if name not in shown and name in self._menus:
                    shown.add(name)
                    self._bar(sketch, bar.children if bar else sketch.roots, name, scope)
            for name in facts.other_menus:
                if name in self._menus and name not in shown:
                    shown.add(name)
                    self._other(sketch, name, scope, pops=facts.pops)
            if facts.up and not any(one.name == "navigationIcon" for one in everything(sketch.roots)):
                up = arrow(Place(self._family.paths[key], facts.line), Words(_UP))
                up.leads_to = BACK
                (bar.children if bar else sketch.roots).insert(0, up)
        if sketch.parts and not bar:
            sketch.parts[0].roots = sketch.roots

    def _bar(self, sketch: Sketch, into: list[Draft], name: str, scope: list[str]) -> None:
        bar: Bar = self._menus.bar(name)
        into += bar.buttons
        if bar.rows:
            hidden = self._popup(self._free(f"{sketch.name}.menu"), bar.rows, name, scope)
            into.append(more(self._menus.place(name), hidden.name))

    def _popup(self, name: str, rows: list[Draft], menu: str, scope: list[str]) -> Sketch:
        sketch = Sketch(name=name, place=self._menus.place(menu), roots=rows, dialog=True)
        sketch.parts.append(Part(scope, rows))
        self._sketches[name] = sketch
        return sketch

    def _other(self, sketch: Sketch, name: str, scope: list[str], *, pops: bool) -> None:
        """A pop-up is a screen; the bar of a selection is part of the screen that it covers."""
        if pops:
            if name not in self._popups:
                self._popups[name] = self._popup(self._free(name), self._menus.rows(name), name, scope).name
            return
        bar = self._menus.bar(name)
        drafts = bar.buttons + bar.rows
        for draft in drafts:
            draft.conditional = True
        sketch.roots += drafts
        sketch.parts.append(Part(scope, drafts))

    def _follow(self, sketch: Sketch) -> None:
        """What needs no code: tabs and drawers whose ids are those of destinations, fragments of preferences."""
        for draft in everything(sketch.roots):
            if draft.role == "menuitem" and draft.key:
                draft.leads_to = self._of_class(self._navigation.class_at(draft.key))
            elif draft.fragment and draft.interactive:
                draft.leads_to = self._of_class(draft.fragment)

    def _of_class(self, name: str) -> str:
        key = self._family.key(name) if name else ""
        told = self._sketching.shown_in.get(key, key.rpartition(".")[2])
        while told in self._sketching.shown_in and self._sketching.shown_in[told] != told:
            told = self._sketching.shown_in[told]
        return told if told in self._sketches else ""

    def _goal(self, key: str, acts: Acts) -> str:
        """Where code leads for sure: the first screen that it opens, else back."""
        back = ""
        for done in self._family.done(key, acts):
            if done.act.guarded:
                continue
            if done.act.kind == "back":
                back = BACK
                continue
            told = self._opened(done)
            if told:
                return told
            if done.act.kind == "class" and not self._family.key(done.act.value) and opens_something(done.act.value):
                return ""
        return back

    def _opened(self, done: Done) -> str:
        act = done.act
        if act.kind == "class":
            return self._of_class(act.value)
        if act.kind == "navigate":
            target = self._navigation.direction(act.value[1:]) if act.value.startswith("#") else act.value
            return BACK if target in self._navigation.back else self._of_class(self._navigation.class_at(target))
        if act.kind == "alert":
            return self._alerts.get((done.path, int(act.value)), "")
        if act.kind == "menu":
            return self._popups.get(act.value, "")
        name = self._layouts.named(act.value) if act.kind == "layout" else ""
        return name if name in self._sketching.dialogs else ""

    def _enter(self) -> None:
        """The launcher opens the app; one that shows nothing, such as a splash, passes on."""
        for activity in self._activities.values():
            if activity.launcher:
                name = self._first(activity.name.rpartition(".")[2], set())
                if name:
                    self._sketches[name].entry = True
                    return

    def _first(self, name: str, seen: set[str]) -> str:
        key = self._family.key(name)
        told = self._of_class(name)
        if told or not key or key in seen:
            return told
        seen.add(key)
        for at in self._family.chain(key):
            for acts in self._family.classes[at].functions.values():
                for act in acts:
                    if act.kind == "class" and act.value != name:
                        found = self._first(act.value, seen)
                        if found:
                            return found
        return ""

    def _screen(self, sketch: Sketch) -> SourceScreen:
        return SourceScreen(
            name=sketch.name,
            place=sketch.place,
            widgets=flattened(sketch.roots),
            route=sketch.route,
            activity=sketch.activity,
            title=sketch.title,
            entry=sketch.entry,
            dialog=sketch.dialog,
        )


def _is_met(one: Draft) -> bool:
    """Whether there is anything to act on, or an own view that is known by an id and its words."""
    return bool(one.interactive or one.menu or (one.identifier and any(at.name[:4] == "app:" for at in one.children)))
