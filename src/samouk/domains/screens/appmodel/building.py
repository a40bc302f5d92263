"""From what readers saw, or a recording shows, to one app model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from samouk.domains.screens.appmodel.locating import locators_of
from samouk.domains.screens.appmodel.model import AppElement, AppModel, AppScreen, Locator, Transition
from samouk.domains.screens.appmodel.naming import snake, unique
from samouk.domains.screens.appmodel.recording import sights_of
from samouk.domains.screens.appmodel.types import platforms_of, screen_of, types_of
from samouk.domains.screens.element import Evidence, Screen
from samouk.domains.screens.source.widgets import BACK, Sight, SourceScreen, Widget

if TYPE_CHECKING:
    from samouk.edge.predictor import Predictor

CONTENT = frozenset({"text", "image", "list", "progress", "web_view", "map", "video"})
"""Types worth a place in the model although nobody acts on them."""

Seen = Callable[[Screen], None]


class ModelBuilder:
    """Builds app models.

    Args:
        predictor: the classifier for what the rules cannot tell; None for the rules alone.
        seen: called with every screen, private words included, before it becomes part of the model; the commands
            hand the collector's way of keeping samples here, which looks at consent.
    """

    def __init__(self, predictor: Predictor | None = None, seen: Seen | None = None) -> None:
        self._predictor = predictor
        self._seen = seen

    def build(self, sights: Sequence[Sight]) -> AppModel:
        """One model of all that was seen: an app in one framework, or a project of several."""
        screens = [(sight, screen) for sight in sights for screen in sight.screens]
        keys = list(unique(snake(screen.name) or "screen" for _, screen in screens))
        key_of = {(id(sight), screen.name): key for (sight, screen), key in zip(screens, keys, strict=True)}
        built = [
            self._screen(sight, screen, key, lambda name, sight=sight: key_of.get((id(sight), name), ""))  # type: ignore[misc]
            for (sight, screen), key in zip(screens, keys, strict=True)
        ]
        frameworks = tuple(dict.fromkeys(sight.framework for sight in sights))
        return AppModel(
            app=next((sight.app for sight in sights if sight.app), ""),
            platforms=tuple(dict.fromkeys(name for one in frameworks for name in platforms_of(one))),
            frameworks=frameworks,
            classifier=self._version(),
            screens=tuple(built),
            transitions=tuple(_transitions(built)),
            tags_visible=any(sight.tags_visible for sight in sights),
        )

    def build_from_events(self, events: Sequence[Mapping[str, Any]]) -> AppModel:
        """The same model out of a recording: what was on the screen, and what a person did about it.

        Args:
            events: in order of time; see `samouk.domains.screens.appmodel.recording` for their fields.

        Raises:
            UnreadableSource: names the event and what is wrong with it.
        """
        return self.build(sights_of(events))

    def _version(self) -> str:
        model = None if self._predictor is None else self._predictor.model
        return "rules" if model is None else model.version or model.path.stem

    def _screen(self, sight: Sight, seen: SourceScreen, key: str, key_of: Callable[[str], str]) -> AppScreen:
        hierarchy = screen_of(seen.widgets, sight.framework, sight.app)
        if self._seen is not None and seen.widgets:
            self._seen(hierarchy)
        types = types_of(hierarchy, self._predictor)
        return AppScreen(
            key=key,
            name=seen.name,
            framework=sight.framework,
            place=seen.place,
            elements=tuple(_elements(seen.widgets, types, key_of)),
            title="" if seen.title.dynamic else seen.title.value,
            route=seen.route,
            activity=seen.activity,
            entry=seen.entry,
            dialog=seen.dialog,
        )


def _elements(
    widgets: Sequence[Widget], types: Sequence[Evidence], key_of: Callable[[str], str]
) -> Iterator[AppElement]:
    ways = locators_of(widgets)
    kept = [widget for widget in widgets if _is_worth_telling(widget, types[widget.index], widgets)]
    names = unique(_key(widget, widgets, types, key_of) for widget in kept)
    for widget, key in zip(kept, names, strict=True):
        yield _element(widget, key, types[widget.index], ways[widget.index], key_of)


def _element(
    widget: Widget, key: str, found: Evidence, ways: tuple[Locator, ...], key_of: Callable[[str], str]
) -> AppElement:
    leads_to = widget.leads_to
    return AppElement(
        key=key,
        type=found.element_type,
        confidence=round(found.confidence, 3),
        type_source=found.source,
        name=_words(widget) or widget.identifier or widget.hidden_identifier,
        class_name=widget.class_name,
        place=widget.place,
        locators=ways,
        role=widget.role,
        interactive=widget.interactive,
        repeated=widget.repeated,
        conditional=widget.conditional,
        checkable=bool(widget.checkable),
        checked=widget.checked,
        enabled=widget.enabled,
        secret=bool(widget.password) or found.element_type == "password_input",
        entry=widget.entry,
        hidden_identifier=widget.hidden_identifier,
        swallowed=widget.swallowed,
        leads_to=leads_to if leads_to == BACK else key_of(leads_to),
    )


def _is_worth_telling(widget: Widget, found: Evidence, widgets: Sequence[Widget]) -> bool:
    """What a person acts on, and content that can be named; not the words on a button, which are the button's."""
    if widget.interactive:
        return True
    if widget.identifier and found.element_type != "container":
        return True
    return found.element_type in CONTENT and bool(_words(widget)) and not _is_part_of_a_control(widget, widgets)


def _is_part_of_a_control(widget: Widget, widgets: Sequence[Widget]) -> bool:
    above = widget.parent
    while above >= 0:
        if widgets[above].interactive:
            return True
        above = widgets[above].parent
    return False


def _words(widget: Widget) -> str:
    return " ".join((widget.text.value or widget.label.value or widget.hint.value).split())


def _key(widget: Widget, widgets: Sequence[Widget], types: Sequence[Evidence], key_of: Callable[[str], str]) -> str:
    """After the identifier, which lasts; else after the words and the type.

    What has neither is named after where it leads, else after what holds it: a plain ``button_2`` would become another
    button as soon as one is put before it.
    """
    named = _named(widget)
    if named:
        return named
    kind = _kind(types[widget.index])
    words = snake(_words(widget))
    if words:
        return f"{words}_{kind}" if not words.endswith(kind) else words
    if widget.leads_to:
        target = key_of(widget.leads_to)
        return f"opens_{target}" if target else f"back_{kind}" if widget.leads_to == BACK else kind
    return _within(widget, widgets, types, kind)


def _within(widget: Widget, widgets: Sequence[Widget], types: Sequence[Evidence], kind: str) -> str:
    """The kind after the nearest holder that has a name or is a list; the kind alone where there is none."""
    above = widget.parent
    while above >= 0:
        holder = widgets[above]
        name = _named(holder) or snake(_words(holder))
        if name or types[above].element_type == "list":
            return f"{name or 'list'}_{kind}"
        above = holder.parent
    return kind


def _named(widget: Widget) -> str:
    return snake(widget.identifier or widget.hidden_identifier)


def _kind(found: Evidence) -> str:
    return found.element_type if found.element_type != "unknown" else "element"


def _transitions(screens: Sequence[AppScreen]) -> Iterator[Transition]:
    for screen in screens:
        for element in screen.elements:
            if element.leads_to and element.leads_to != BACK:
                yield Transition(screen.key, element.key, element.leads_to, element.place)
