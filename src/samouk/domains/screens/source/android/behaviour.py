"""What code does to the widgets of a screen: taps and where they lead, words and states that are set later."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from samouk.domains.screens.source.android.drafts import Draft, everything, spelled
from samouk.domains.screens.source.android.facts import ALERT_BUTTON, PREFERENCE, ROOT, Act, Acts, Change, Handler
from samouk.domains.screens.source.android.family import Family
from samouk.domains.screens.source.android.layouts import arrow
from samouk.domains.screens.source.android.resources import Resources
from samouk.domains.screens.source.android.sketches import Part, Sketch
from samouk.domains.screens.source.android.words import CONSTANT
from samouk.domains.screens.source.widgets import NO_WORDS, Words

_NAMED = re.compile(r"(?:::|\.|^@\{\s*(?:\(\w*\)\s*->)?\s*)(\w+)\s*(?:\(|\}$)")
_BUTTONS = {"POSITIVE": "android:id/button1", "NEGATIVE": "android:id/button2", "NEUTRAL": "android:id/button3"}
_ICON_IDS = {"end_icon": "text_input_end_icon", "start_icon": "text_input_start_icon"}
_OPENED = ("Activity", "Dialog", "Sheet", "Fragment")

Goal = Callable[[str, Acts], str]
"""Where running some code of a class leads: name of a screen, ``BACK``, or ""."""


class Behaviour:
    """Applies listeners and changes to drafts."""

    def __init__(self, family: Family, resources: Resources, goal: Goal) -> None:
        self._family = family
        self._resources = resources
        self._goal = goal

    def apply(self, sketch: Sketch) -> None:
        """All parts of a screen; the innermost come last in ``parts`` and may speak for what they repeat."""
        for part in sketch.parts:
            found: dict[str, list[Draft]] = {}
            for draft in everything(part.roots):
                if draft.bare:
                    found.setdefault(draft.bare, []).append(draft)
            for key in part.scope:
                one = self._family.classes[key]
                for change in one.changes:
                    self._change(change, self._meant(change.target, part, found))
                for handler in one.handlers:
                    for draft in self._meant(handler.target, part, found):
                        self._handle(key, handler, draft, found)
            for draft in everything(part.roots):
                if draft.on_click and not draft.leads_to:
                    draft.leads_to = self._named(part.scope, draft.on_click)
            self._call_back(part)

    def _meant(self, target: str, part: Part, found: dict[str, list[Draft]]) -> list[Draft]:
        if target == ROOT:
            return part.roots if part.item or any(self._family.kind(key) == "view" for key in part.scope) else []
        if target.startswith(ALERT_BUTTON):
            return found.get(spelled(_BUTTONS[target.removeprefix(ALERT_BUTTON)]), [])
        return found.get(spelled(target.removeprefix(PREFERENCE)), []) if target else []

    def _handle(self, key: str, handler: Handler, draft: Draft, found: dict[str, list[Draft]]) -> None:
        if handler.kind == "touch":
            return
        goal = self._goal(key, handler.acts)
        if handler.kind in ("end_icon", "start_icon"):
            for icon in (one for one in draft.children if one.identifier == _ICON_IDS[handler.kind]):
                _tapped(icon, goal)
        elif handler.kind == "navigation":
            if not any(one.name == "navigationIcon" for one in draft.children):
                draft.children.insert(0, arrow(draft.place, NO_WORDS))
            _tapped(draft.children[0], goal)
        elif handler.kind == "item":
            for row in draft.children:
                _tapped(row, goal)
        elif handler.kind == "branch":
            draft.leads_to = draft.leads_to or (goal if draft.interactive else "")
        elif handler.kind == "long":
            draft.long_clickable = draft.interactive = True
        else:
            _tapped(draft, goal)
            self._share(key, handler.acts, draft, found)

    def _share(self, key: str, acts: Acts, holder: Draft, found: dict[str, list[Draft]]) -> None:
        """A row that switches the mark in it is one thing with it, and the mark is what shows the state."""
        inside = list(everything(holder.children))
        for done in self._family.done(key, acts):
            if done.act.kind == "toggle" and not holder.checkable:
                for mark in found.get(spelled(done.act.value), []):
                    if mark.checkable and any(mark is one for one in inside):
                        mark.interactive = True
                        holder.interactive = False

    def _change(self, change: Change, drafts: Iterable[Draft]) -> None:
        words = self._words(change.words)
        constant = change.words.value if change.words.key == CONSTANT else ""
        for draft in drafts:
            if change.what == "visible":
                draft.conditional = True
            elif change.what == "enabled":
                draft.enabled = False if constant == "false" else draft.enabled
            elif change.what == "checked":
                draft.checked = {"true": True, "false": False}.get(constant)
            elif change.what == "length" and draft.entry is not None:
                draft.entry = draft.entry._replace(max_length=int(change.words.value))
            elif change.what in ("text", "title"):
                draft.text = words if draft.text in (NO_WORDS, words) else Words(dynamic=True)
            elif change.what == "label":
                draft.label = words if draft.label in (NO_WORDS, words) else Words(dynamic=True)
            elif change.what == "hint":
                draft.hint = words if draft.hint in (NO_WORDS, words) else Words(dynamic=True)

    def _words(self, words: Words) -> Words:
        if words.key == CONSTANT:
            return NO_WORDS
        return resolved(words, self._resources)

    def _named(self, scope: list[str], pressed: str) -> str:
        """The layout names a function, or an expression that calls some."""
        names = _NAMED.findall(pressed) if pressed.startswith("@") else [pressed]
        for name in names:
            for key in scope:
                goal = self._goal(key, (Act("call", name),)) if self._family.function(key, name) else ""
                if goal:
                    return goal
        return ""

    def _call_back(self, part: Part) -> None:
        """A row without a goal of its own tells the screen, which goes on from there."""
        if part.callback is None:
            return
        goal = self._goal(*part.callback)
        for root in part.roots:
            if goal and root.interactive and not root.leads_to:
                root.leads_to = goal


def resolved(words: Words, resources: Resources) -> Words:
    """Words that name their string by key, with the string."""
    if not words.key or words.key == CONSTANT:
        return words
    system = words.key.startswith("android:")
    told = resources.string(words.key.removeprefix("android:"), system=system)
    return told._replace(dynamic=True) if words.dynamic else told


def _tapped(draft: Draft, goal: str) -> None:
    draft.clickable = draft.interactive = True
    draft.leads_to = draft.leads_to or goal


def opens_something(name: str) -> bool:
    """Whether a class that is not the app's own would cover the screen."""
    return name.endswith(_OPENED)
