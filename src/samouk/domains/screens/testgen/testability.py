"""How well an app can be tested: which interactive elements no stable locator finds, and the exact line to add."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from samouk.domains.screens.appmodel.model import AppElement, AppModel, AppScreen
from samouk.domains.screens.source.widgets import Place
from samouk.domains.screens.testgen.finding import platforms_of


class Remedy(NamedTuple):
    """What to add, and where.

    Attributes:
        line: code, as it stands in the source.
        how: a few words for people: where exactly it goes.
    """

    line: str
    how: str


@dataclass(frozen=True, slots=True)
class Lacking:
    """An interactive element that no stable locator finds; one line of source, on however many screens it shows.

    Attributes:
        screens: keys of the screens that show it, in the order of the model.
        best: the best way there is on all platforms, in words; "" for none.
        stability: of that way, in [0, 1].
    """

    screens: tuple[str, ...]
    element: str
    name: str
    type: str
    place: Place
    best: str
    stability: float
    remedy: Remedy


@dataclass(frozen=True, slots=True)
class ScreenScore:
    """One screen: of so many interactive elements so many have a stable locator."""

    screen: str
    name: str
    interactive: int
    stable: int

    @property
    def score(self) -> float:
        """Share in [0, 1]; 1 where nothing is interactive."""
        return self.stable / self.interactive if self.interactive else 1.0


@dataclass(frozen=True, slots=True)
class Testability:
    """The whole report, screens in the order of the model.

    Attributes:
        places: lines of source that declare an interactive element; one that many screens show counts once here.
    """

    app: str
    screens: tuple[ScreenScore, ...]
    lacking: tuple[Lacking, ...]
    places: int = 0

    @property
    def interactive(self) -> int:
        """Interactive elements of all screens."""
        return sum(one.interactive for one in self.screens)

    @property
    def stable(self) -> int:
        """Those with a stable locator."""
        return sum(one.stable for one in self.screens)

    @property
    def score(self) -> float:
        """Share in [0, 1]."""
        return self.stable / self.interactive if self.interactive else 1.0


def judge(model: AppModel) -> Testability:
    """The report on an app."""
    scores = tuple(
        ScreenScore(
            one.key, one.name, len(one.interactive), sum(_is_stable(model, one, each) for each in one.interactive)
        )
        for one in model.screens
    )
    found: dict[Place, Lacking] = {}
    for screen in model.screens:
        for element in screen.interactive:
            if not _is_stable(model, screen, element):
                known = found.get(element.place) or _lacking(model, screen, element)
                shown = dict.fromkeys((*known.screens, screen.key))
                found[element.place] = replace(known, screens=tuple(shown))
    places = {element.place for screen in model.screens for element in screen.interactive}
    return Testability(model.app, scores, tuple(found.values()), len(places))


def lines(report: Testability, most: int = 10) -> Iterator[str]:
    """For a terminal: what the count of elements hides, then what lacks a locator, two lines each, ``most`` first."""
    if report.places < report.interactive:
        yield f"   {source_lines(report)}: what several screens show is counted on each of them"
    for one in report.lacking[:most]:
        name = f" {one.name!r}" if one.name else ""
        screens = f", on {len(one.screens)} screens" if len(one.screens) > 1 else ""
        yield f"   {one.place.file}:{one.place.line}  {one.type}{name}{screens}"
        yield f"      add {one.remedy.line}  ({one.remedy.how})"
    if len(report.lacking) > most:
        yield f"   … and {len(report.lacking) - most} more"


def source_lines(report: Testability) -> str:
    """How much source the interactive elements are: ``97 lines of source``, of which so many lack a locator."""
    lacking = len(report.lacking)
    return f"{_lines(report.places)} of source, {_lines(lacking) if lacking else 'none'} without a stable locator"


def _lines(count: int) -> str:
    return f"{count:,} line" if count == 1 else f"{count:,} lines"


def _is_stable(model: AppModel, screen: AppScreen, element: AppElement) -> bool:
    return element.stable and not _is_swallowed(model, screen, element)


def _is_swallowed(model: AppModel, screen: AppScreen, element: AppElement) -> bool:
    """Whether one of the screen's platforms shows it as a part of something else."""
    return element.swallowed and "ios" in platforms_of(model, screen)


def _lacking(model: AppModel, screen: AppScreen, element: AppElement) -> Lacking:
    best = element.locators[0] if element.locators and not _is_swallowed(model, screen, element) else None
    return Lacking(
        screens=(screen.key,),
        element=element.key,
        name=element.name,
        type=element.type,
        place=element.place,
        best="" if best is None else f"{best.strategy} {(best.value or best.within)!r}",
        stability=0.0 if best is None else best.stability,
        remedy=remedy_for(element, screen, model),
    )


def remedy_for(element: AppElement, screen: AppScreen, model: AppModel) -> Remedy:
    """The line that gives an element a stable locator in its framework."""
    found = _remedy(element, screen, model.tags_visible)
    if _is_swallowed(model, screen, element):
        return _apart(element, found)
    if any(one.strategy in ("id", "id_start") for one in element.locators):
        return found._replace(how=f"{found.how}; the one that it has is on the screen more than once")
    return found


def _apart(element: AppElement, found: Remedy) -> Remedy:
    """No name helps what iOS does not show by itself."""
    line, where = "accessible={false}", "the tag that it stands in: iOS shows that as one thing"
    if element.stable:
        return Remedy(line, f"into {where}")
    return found._replace(how=f"{found.how}; and {line} into {where}")


def _remedy(element: AppElement, screen: AppScreen, tags_visible: bool) -> Remedy:
    match screen.framework:
        case "android":
            return Remedy(f'android:id="@+id/{element.key}"', "into the tag")
        case "compose":
            return _compose(element, tags_visible)
        case "flutter":
            return _flutter(element)
        case "react_native":
            name = f"{{`{element.key}-${{index}}`}}" if element.repeated else f'"{element.key}"'
            return Remedy(f"testID={name}", "into the tag")
        case "ios":
            return _ios(element)


def _compose(element: AppElement, tags_visible: bool) -> Remedy:
    if element.hidden_identifier and not tags_visible:
        # The tag is there, and only in-process tests see it.
        return Remedy("Modifier.semantics { testTagsAsResourceId = true }", "once, on the root of the app")
    once = "" if tags_visible else "; and once on the root: Modifier.semantics { testTagsAsResourceId = true }"
    tag = f"{element.key}_$index" if element.repeated else element.key
    return Remedy(f'modifier = Modifier.testTag("{tag}")', f"into the call{once}")


def _flutter(element: AppElement) -> Remedy:
    name = f"{element.key}_$index" if element.repeated else element.key
    # A button is a node of its own: without merging, the identifier lands on another node than its words.
    how = "around the widget, and MergeSemantics around both; Flutter 3.19 or newer"
    if element.hidden_identifier:
        how += "; its Key is seen by integration_test alone"
    return Remedy(f"Semantics(identifier: '{name}', child: …)", how)


def _ios(element: AppElement) -> Remedy:
    if not element.place.file.endswith(".swift"):
        return Remedy(
            f'<accessibility key="accessibilityConfiguration" identifier="{element.key}"/>', "inside the element"
        )
    name = f"{element.key}_\\(index)" if element.repeated else element.key
    return Remedy(f'.accessibilityIdentifier("{name}")', "after the view; UIKit: view.accessibilityIdentifier = …")
