"""How each widget of a screen can be found, the way that will last longest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from samouk.domains.screens.appmodel.model import Locator, Strategy
from samouk.domains.screens.source.widgets import SHORTEST_START, Widget, Words, start_of
from samouk.domains.screens.taxonomy import PUBLIC_CLASSES

_STABILITY: dict[Strategy, tuple[float, float]] = {
    # As a literal, and out of a string resource: the words of a resource change with one line, on purpose.
    "id": (0.95, 0.95),
    # Given for tests like any identifier; but one that is added later may begin alike.
    "id_start": (0.9, 0.9),
    "label": (0.8, 0.85),
    "text": (0.6, 0.65),
    "hint": (0.55, 0.6),
    "text_start": (0.4, 0.45),
    "row": (0.35, 0.35),
    "kind": (0.15, 0.15),
}
"""Order and steps after the studies of broken locators: identifiers outlive descriptions, those outlive words, and
positions break first."""

AMBIGUOUS = 0.5
"""Factor for one of several matches: the place among its like is part of what must last."""

_BUTTONS = frozenset(
    f"XCUIElementType{name}" for name in ("Button", "PopUpButton", "MenuButton", "SegmentedControl", "Stepper")
)
"""What is a button at run time, or holds some."""

_WITHOUT_BUTTONS = frozenset(
    f"XCUIElementType{name}"
    for name in ("Switch", "Slider", "TextField", "SecureTextField", "TextView", "SearchField", "StaticText")
)
"""What holds no button at run time. Of all else that is not known: a date picker may show its days as buttons."""

_BUTTON = "XCUIElementTypeButton"
_CELL = "XCUIElementTypeCell"


def locators_of(widgets: Sequence[Widget]) -> list[tuple[Locator, ...]]:
    """For each widget its locators, the most stable first; empty for what only holds others.

    Strategies differ in what else they match, so ``unique`` and ``nth`` are counted a strategy and value.
    """
    offered = [tuple(_offers(widget)) for widget in widgets]
    hidden = [_repeats_its_holder(widget, widgets) for widget in widgets]
    counts: Counter[tuple[str, str]] = Counter(
        (strategy, value)
        for offers, doubled in zip(offered, hidden, strict=True)
        for strategy, value, _ in offers
        if not (doubled and strategy in ("text", "label"))
    )
    met: Counter[tuple[str, str]] = Counter()
    found = []
    for widget, offers, doubled in zip(widgets, offered, hidden, strict=True):
        row = _row(widget, widgets)
        ways = (*_by_start(widget, widgets), *_ranked(widget, offers, counts, met), *([row] if row else []))
        found.append(tuple(sorted(ways, key=lambda way: -way.stability)))
        met.update(
            (strategy, value) for strategy, value, _ in offers if not (doubled and strategy in ("text", "label"))
        )
    return found


def _ranked(
    widget: Widget,
    offers: Sequence[tuple[Strategy, str, str]],
    counts: Counter[tuple[str, str]],
    met: Counter[tuple[str, str]],
) -> tuple[Locator, ...]:
    ways = []
    for strategy, value, key in offers:
        literal, resource = _STABILITY[strategy]
        single = counts[strategy, value] <= 1
        stability = (resource if key else literal) * (1 if single else AMBIGUOUS)
        alone = single and not widget.repeated
        ways.append(Locator(strategy, value, round(stability, 3), met[strategy, value], alone, key))
    return tuple(ways)


def _by_start(widget: Widget, widgets: Sequence[Widget]) -> Iterator[Locator]:
    """By how an identifier with data in it begins: for the first that begins so, which is the one that is found.

    How often another is shown is not known, so that nothing behind it has a place. What stands in the widget itself
    comes behind it on the screen too.
    """
    start = start_of(widget.identifier)
    alike = [other for other in widgets if other is not widget and _may_begin(other, start)] if start else []
    if start and all(other.index > widget.index for other in alike):
        apart = any(not _is_within(other, widget, widgets) for other in alike)
        stability = round(_STABILITY["id_start"][0] * (AMBIGUOUS if apart else 1), 3)
        yield Locator("id_start", start, stability, unique=not alike and not widget.repeated)


def _may_begin(widget: Widget, start: str) -> bool:
    """Whether a widget's identifier begins so, or may once its data are filled in."""
    own = start_of(widget.identifier)
    return widget.identifier.startswith(start) or (own != "" and start.startswith(own))


def _offers(widget: Widget) -> Iterator[tuple[Strategy, str, str]]:
    """Strategy, value and key of the resource."""
    if widget.identifier and not start_of(widget.identifier):
        yield "id", widget.identifier, ""
    if _whole(widget.label):
        yield "label", widget.label.value, widget.label.key
    if _whole(widget.text) and widget.entry is None:
        yield "text", widget.text.value, widget.text.key
    if widget.text.dynamic and len(widget.text.value.strip()) >= SHORTEST_START:
        yield "text_start", widget.text.value, widget.text.key
    if _whole(widget.hint):
        yield "hint", widget.hint.value, widget.hint.key
    if widget.interactive:
        yield "kind", widget.class_name, ""


def _whole(words: Words) -> bool:
    return bool(words.value.strip()) and not words.dynamic


def _row(widget: Widget, widgets: Sequence[Widget]) -> Locator | None:
    """A row of a list by its place: only the first of its kind, and only where nothing before it may come and go."""
    holder = _list_around(widget, widgets) if widget.interactive and widget.repeated else None
    if holder is None:
        return None
    part = _part_of(widget, holder, widgets)
    inside = [one for one in widgets[holder.index + 1 :] if _is_within(one, holder, widgets)]
    before = [one for one in inside if one.index < widget.index and _may_fill_a_place(one, widget)]
    parts = [_part_of(one, holder, widgets) for one in before]
    if part in parts or any(one.repeated or one.conditional for one in before):
        return None
    if widget.class_name == _BUTTON and any(one.class_name not in _BUTTONS | _WITHOUT_BUTTONS for one in before):
        return None
    named = _name_of(holder, widgets)
    if not named and any(_scrolls(one) for one in widgets if one is not holder):
        return None  # its class alone does not tell it from the other
    counted = {_part_of(one, holder, widgets) for one in before if _fills_a_place(one, widget)}
    stability = round(_STABILITY["row"][0] * (1 if named else AMBIGUOUS), 3)
    place = Locator("row", named, stability, len(counted), unique=False)
    return place._replace(within=holder.class_name, first_words=_words_first(widget, (holder, *inside), widgets))


def _name_of(holder: Widget, widgets: Sequence[Widget]) -> str:
    """A list's identifier, where it is the same in every run and nothing else bears it."""
    alone = [one.identifier for one in widgets].count(holder.identifier) == 1
    return holder.identifier if alone and not start_of(holder.identifier) else ""


def _may_fill_a_place(above: Widget, row: Widget) -> bool:
    """Whether what stands above a row may be counted with it: where that is a cell of iOS all cells, the silent too."""
    return above.class_name == _CELL if row.class_name == _CELL else above.interactive


def _fills_a_place(above: Widget, row: Widget) -> bool:
    """Whether what stands above a row is counted with it: on iOS rows are counted among cells that hold a button."""
    return row.class_name != _BUTTON or above.class_name in _BUTTONS


def _words_first(row: Widget, listed: Sequence[Widget], widgets: Sequence[Widget]) -> bool:
    """Whether the first words in a list are a row's, for sure: nothing else in it has any, behind the rows neither.

    What stands behind them comes first where there is no row.
    """
    worded = [one for one in listed if _has_words(one)]
    return bool(worded) and all(one is row or _is_within(one, row, widgets) for one in worded)


def _has_words(widget: Widget) -> bool:
    """Whether it shows or tells words, or may: those of a text need not be known before the app runs."""
    told = (widget.text, widget.label, widget.hint)
    return any(one.value or one.dynamic for one in told) or PUBLIC_CLASSES.get(widget.class_name) == "text"


def _list_around(widget: Widget, widgets: Sequence[Widget]) -> Widget | None:
    """The list that a row stands in; None for what lies in another thing that can be tapped, and is a part of that."""
    above = widget.parent
    while above >= 0 and not widgets[above].interactive:
        if _scrolls(widgets[above]):
            return None if widgets[above].repeated else widgets[above]
        above = widgets[above].parent
    return None


def _scrolls(widget: Widget) -> bool:
    return PUBLIC_CLASSES.get(widget.class_name) in ("list", "scroll")


def _part_of(widget: Widget, holder: Widget, widgets: Sequence[Widget]) -> int:
    """The child of a holder that a widget is, or stands in, by its index."""
    part = widget
    while part.parent != holder.index:
        part = widgets[part.parent]
    return part.index


def _is_within(widget: Widget, holder: Widget, widgets: Sequence[Widget]) -> bool:
    above = widget.parent
    while above > holder.index:
        above = widgets[above].parent
    return above == holder.index


def _repeats_its_holder(widget: Widget, widgets: Sequence[Widget]) -> bool:
    """Whether a holder that a person acts on bears this widget's words already: both show as one."""
    words = {words.value for words in (widget.text, widget.label) if words.value}
    above = widget.parent
    while words and above >= 0:
        holder = widgets[above]
        if holder.interactive and words & {holder.text.value, holder.label.value}:
            return True
        above = holder.parent
    return False
