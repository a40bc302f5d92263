"""Screens of an Android app while they are put together: whose layouts, whose lists, whose fragments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from samouk.domains.screens.source.android.classes import is_list
from samouk.domains.screens.source.android.drafts import Draft, everything, spelled
from samouk.domains.screens.source.android.facts import Acts, LayoutUse
from samouk.domains.screens.source.android.family import Family
from samouk.domains.screens.source.android.layouts import Layouts
from samouk.domains.screens.source.android.manifest import Navigation
from samouk.domains.screens.source.android.menus import preferences
from samouk.domains.screens.source.android.xml import Tag
from samouk.domains.screens.source.widgets import NO_WORDS, Place, Words

_FIRST = ("onCreateView", "onCreateDialog", "", "onCreate", "onViewCreated", "init")
"""Functions whose layout is the screen's own, most likely first."""

_EARLY = ("onCreate", "onPostCreate", "onStart", "onResume")
"""Functions in which an activity puts in its first fragment."""

_SHOWN_BY = ("Dialog", "PopupWindow", "Sheet")
_CONTAINERS = ("FragmentContainerView", "FrameLayout", "fragment")
_DEEPEST = 8
_MOST_PARTS = 500
"""Own views in own views, of one screen; views that hold each other twice would grow without end."""


@dataclass(slots=True)
class Part:
    """Widgets that the same classes speak to; ``roots`` are what ``itemView`` and ``binding.root`` name."""

    scope: list[str]
    roots: list[Draft]
    item: bool = False
    callback: tuple[str, Acts] | None = None


@dataclass(slots=True, kw_only=True)
class Sketch:
    """One screen to be. ``owner`` is the key of its class, "" for a layout without one."""

    name: str
    place: Place
    owner: str = ""
    roots: list[Draft] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    dialog: bool = False
    entry: bool = False
    title: Words = NO_WORDS
    route: str = ""
    activity: str = ""


class Sketching:
    """Puts layouts into screens."""

    def __init__(
        self, family: Family, layouts: Layouts, navigation: Navigation, settings: dict[str, tuple[str, tuple[Tag, ...]]]
    ) -> None:
        """``settings`` holds preference screens: path and tags by name."""
        self.family = family
        self.layouts = layouts
        self.navigation = navigation
        self.settings = settings
        self.used_settings: set[str] = set()
        self.shown_in: dict[str, str] = {}
        self.used: set[str] = set()
        self.dialogs: dict[str, Sketch] = {}

    def screen(self, key: str, name: str, *, dialog: bool) -> Sketch | None:
        """The screen of a class; None for one that shows nothing of its own."""
        one = self.family.classes[key]
        sketch = Sketch(name=name, place=Place(self.family.paths[key], one.line), owner=key, dialog=dialog)
        self._content(sketch, key, sketch.roots, ())
        told = sketch.roots or any(self.family.classes[at].alerts for at in self.family.chain(key))
        return sketch if told else None

    def _content(self, sketch: Sketch, key: str, into: list[Draft], stack: tuple[str, ...]) -> None:
        """Append what a class shows to a list of drafts."""
        if key in stack or len(stack) >= _DEEPEST:
            return
        scope = self.family.scope(key)
        uses = [use for at in scope for use in self.family.classes[at].layouts if self.layouts.named(use.layout)]
        uses = _unique(self.layouts, uses)
        main = _main(uses)
        roots: list[Draft] = []
        if main is not None:
            name = self.layouts.named(main.layout)
            self.used.add(name)
            roots = self.layouts.drafts(name)
        roots += self._preferences(scope)
        helpers = [one for one in self.family.helped_by(scope) if one not in scope]
        part = Part([*scope, *helpers], roots)
        sketch.parts.append(part)
        self.views(sketch, roots, (*stack, key))
        for use in uses:
            if use is not main:
                self._extra(sketch, key, use, roots)
        self._lists(sketch, part)
        self._made_views(sketch, part, (*stack, key))
        self._fragments(sketch, key, scope, roots, (*stack, key))
        into += roots

    def _made_views(self, sketch: Sketch, part: Part, stack: tuple[str, ...]) -> None:
        """Own views that code makes and no layout names: when they show is not known."""
        part.roots += self._entries(sketch, part.scope)
        there = {self.family.key(one.name) for one in everything(part.roots)}
        names = (name for at in part.scope for name in self.family.classes[at].made)
        for key in dict.fromkeys(self.family.key(name) for name in names):
            if key and key not in there and key not in part.scope and self.family.kind(key) == "view":
                drafts = self._view(sketch, key, stack)
                for one in drafts:
                    one.conditional = True
                part.roots += drafts

    def _view(self, sketch: Sketch, key: str, stack: tuple[str, ...]) -> list[Draft]:
        """What an own view fills itself with."""
        if key in stack or len(stack) >= _DEEPEST or len(sketch.parts) >= _MOST_PARTS:
            return []
        scope = self.family.scope(key)
        drafts: list[Draft] = []
        for use in _unique(self.layouts, [use for at in scope for use in self.family.classes[at].layouts]):
            name = self.layouts.named(use.layout)
            if name:
                self.used.add(name)
                drafts += self.layouts.drafts(name)
        self.views(sketch, drafts, (*stack, key))
        drafts += self._entries(sketch, scope)
        if drafts:
            sketch.parts.append(Part(scope, drafts))
        return drafts

    def _entries(self, sketch: Sketch, scope: Sequence[str]) -> list[Draft]:
        """An element for each entry of an enumeration."""
        found: list[Draft] = []
        for name in dict.fromkeys(one for at in scope for one in self.family.classes[at].spreads):
            key = self.family.key(name)
            if not key:
                continue
            place = Place(self.family.paths[key], self.family.classes[key].line)
            for identifier, words in self.family.classes[key].entries:
                made = Draft(name=name, class_name="android.widget.TextView", place=place, identifier=identifier)
                made.text = self.layouts.resources.string(words) if words else NO_WORDS
                made.interactive = made.clickable = True
                found.append(made)
        return found

    def _preferences(self, scope: list[str]) -> list[Draft]:
        """Preference screens that a class names; of several it shows one at a time."""
        named = [name for at in scope for name in self.family.classes[at].preferences if name in self.settings]
        roots: list[Draft] = []
        for name in dict.fromkeys(named):
            self.used_settings.add(name)
            path, tags = self.settings[name]
            found = preferences(path, tags, self.layouts.resources)
            for one in found:
                one.conditional = len(set(named)) > 1
            roots += found
        return roots

    def _extra(self, sketch: Sketch, key: str, use: LayoutUse, roots: list[Draft]) -> None:
        """A layout beside the main one: put into an element, shown in a dialog, or added in code."""
        if use.how in ("remote", "item"):
            return
        name = self.layouts.named(use.layout)
        self.used.add(name)
        acts = self._acts_of(key, use.function)
        shown = any(act.kind == "alert" or (act.kind == "class" and act.value.endswith(_SHOWN_BY)) for act in acts)
        if shown and self.family.kind(key) != "dialog":
            if name not in self.dialogs:
                drafts = self.layouts.drafts(name)
                made = Sketch(name=name, place=self.layouts.place(name), owner=key, roots=drafts, dialog=True)
                made.parts.append(Part(self.family.scope(key), drafts))
                self.dialogs[name] = made
            return
        drafts = self.layouts.drafts(name)
        around = _find(roots, use.into) if use.into else None
        for one in drafts:
            one.conditional = True
            one.repeated = around is None
        (around.children if around else roots).extend(drafts)

    def _acts_of(self, key: str, function: str) -> Acts:
        found = self.family.function(key, function)
        return self.family.classes[found].functions[function] if found else ()

    def views(self, sketch: Sketch, roots: list[Draft], stack: tuple[str, ...] = ()) -> None:
        """Own views that fill themselves from a layout."""
        for one in list(everything(roots)) if len(sketch.parts) < _MOST_PARTS else ():
            key = self.family.key(one.name) if "." in one.name or one.name[:1].isupper() else ""
            if not key or key in stack or self.family.kind(key) != "view" or len(stack) >= _DEEPEST:
                continue
            scope = self.family.scope(key)
            drafts: list[Draft] = []
            for use in _unique(self.layouts, [use for at in scope for use in self.family.classes[at].layouts]):
                name = self.layouts.named(use.layout)
                if name:
                    self.used.add(name)
                    drafts += self.layouts.drafts(name)
            self.views(sketch, drafts, (*stack, key))
            one.children += drafts + self._entries(sketch, scope)
            sketch.parts.append(Part(scope, [one]))

    def _lists(self, sketch: Sketch, part: Part) -> None:
        """Rows of lists, from their adapters."""
        lists = [one for one in everything(part.roots) if is_list(one.class_name)]
        filled: set[str] = set()
        for at in part.scope:
            one = self.family.classes[at]
            for target, name in one.filled:
                key = self._adapter(part.scope, name)
                if key and key not in filled:
                    filled.add(key)
                    around = _find(part.roots, target) if target else None
                    self._rows(sketch, part, key, around or next((one for one in lists if not one.children), None))
        for at in part.scope:
            one = self.family.classes[at]
            for name in (*one.made, *one.variables.values()):
                key = self.family.key(name)
                if key and key not in filled and self.family.kind(key) == "adapter":
                    filled.add(key)
                    self._rows(sketch, part, key, next((one for one in lists if not one.children), None))
            for use in one.layouts:
                if use.how == "item" and self.layouts.named(use.layout):
                    drafts = self.layouts.drafts(self.layouts.named(use.layout))
                    self.used.add(self.layouts.named(use.layout))
                    for draft in drafts:
                        draft.repeated = True
                    (lists[0].children if lists else part.roots).extend(drafts)

    def _adapter(self, scope: Sequence[str], name: str) -> str:
        for at in scope:
            name = self.family.classes[at].variables.get(name, name)
        key = self.family.key(name)
        return key if key and self.family.kind(key) == "adapter" else ""

    def _rows(self, sketch: Sketch, part: Part, key: str, around: Draft | None) -> None:
        scope = self.family.scope(key)
        pages = [made for at in scope for name in self.family.classes[at].made if (made := self._page(name))]
        for page in dict.fromkeys(pages):
            self._page_into(sketch, page, around.children if around else part.roots, several=len(set(pages)) > 1)
        self._row_views(sketch, scope, key, around.children if around else part.roots)
        uses = _unique(self.layouts, [use for at in scope for use in self.family.classes[at].layouts])
        names = [name for use in uses if use.how != "remote" and (name := self.layouts.named(use.layout))]
        for name in names:
            drafts = self.layouts.drafts(name)
            self.used.add(name)
            self.views(sketch, drafts, (key,))
            for draft in drafts:
                draft.repeated, draft.conditional = True, draft.conditional or len(names) > 1
                if any(self.family.classes[at].hands_on for at in scope):
                    draft.clickable = draft.interactive = True
            (around.children if around else part.roots).extend(drafts)
            callbacks = (
                (at, acts)
                for at in part.scope
                for made, acts in self.family.classes[at].made.items()
                if self.family.key(made) == key
            )
            sketch.parts.append(Part(scope, drafts, item=True, callback=next(callbacks, None)))

    def _row_views(self, sketch: Sketch, scope: Sequence[str], key: str, into: list[Draft]) -> None:
        """Rows that are own views: `Holder(RowView(context))`."""
        names = (name for at in scope for name in self.family.classes[at].made)
        for view in dict.fromkeys(self.family.key(name) for name in names):
            if view and self.family.kind(view) == "view":
                drafts = self._view(sketch, view, (key,))
                for one in drafts:
                    one.repeated = True
                into += drafts

    def _page(self, name: str) -> str:
        key = self.family.key(name)
        return key if key and self.family.kind(key) == "fragment" else ""

    def _page_into(self, sketch: Sketch, key: str, into: list[Draft], *, several: bool) -> None:
        if key in self.shown_in:
            return
        self.shown_in[key] = sketch.name
        drafts: list[Draft] = []
        self._content(sketch, key, drafts, (sketch.owner,))
        for one in drafts:
            one.conditional = one.conditional or several
        into += drafts

    def _fragments(
        self, sketch: Sketch, key: str, scope: list[str], roots: list[Draft], stack: tuple[str, ...]
    ) -> None:
        """Fragments that the screen opens with: named by the layout, started by its graph, or put in at once."""
        for one in list(everything(roots)):
            start = self.navigation.class_at(one.graph) if one.graph else one.fragment
            page = self._page(start) if start and one.key == "" else ""
            if page and page not in stack:
                self._start(sketch, key, page, one.children, stack)
        if self.family.kind(key) != "activity":
            return
        acts = [
            done.act
            for function in _EARLY
            for at in scope
            if function in self.family.classes[at].functions
            for done in self.family.done(at, self.family.classes[at].functions[function])
        ]
        page = next((made for act in acts if act.kind == "class" and (made := self._page(act.value))), "")
        around = next(
            (
                one
                for one in everything(roots)
                if one.name.endswith(_CONTAINERS) and not one.children and one.identifier
            ),
            None,
        )
        if page and (around or not roots):
            self._start(sketch, key, page, around.children if around else roots, stack)

    def _start(self, sketch: Sketch, key: str, page: str, into: list[Draft], stack: tuple[str, ...]) -> None:
        """The first fragment and the activity around it are one screen, known by the fragment.

        One that stands in another fragment is a part of that.
        """
        if page in self.shown_in:
            return
        if not sketch.dialog and self.family.kind(key) == "activity":
            sketch.name = page
        self.shown_in[page] = sketch.name
        self._content(sketch, page, into, stack)


def _main(uses: list[LayoutUse]) -> LayoutUse | None:
    able = [use for use in uses if use.how not in ("remote", "item") and not use.into]
    named = next((use for use in able if use.how == "content"), None)
    for function in _FIRST:
        named = named or next((use for use in able if use.function == function), None)
    return named or next(iter(able), None)


def _unique(layouts: Layouts, uses: list[LayoutUse]) -> list[LayoutUse]:
    """The first use of each layout; binding to what is there already says nothing new."""
    found: dict[str, LayoutUse] = {}
    for use in uses:
        found.setdefault(layouts.named(use.layout), use)
    return [use for name, use in found.items() if name]


def _find(roots: list[Draft], target: str) -> Draft | None:
    wanted = spelled(target)
    return next((one for one in everything(roots) if wanted and one.bare == wanted), None)
