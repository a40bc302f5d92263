"""What screens and elements are called in a Python suite: the same from run to run, and no two alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from samouk.domains.screens.appmodel.model import AppModel, AppScreen
from samouk.domains.screens.appmodel.naming import snake, unique
from samouk.domains.screens.testgen.pytest_code import pascal

_TAKEN_MODULES = ("base", "navigation", "driver", "page", "pages", "pytest")
_TAKEN_ATTRIBUTES = """
NAME SOURCE LANDMARKS driver platform should_be_open back hide_keyboard find_all scroll_to title
"""


@dataclass(frozen=True, slots=True)
class Names:
    """Modules and classes by key of the screen, attributes by keys of screen and element."""

    modules: Mapping[str, str]
    classes: Mapping[str, str]
    attributes: Mapping[tuple[str, str], str]


def names(model: AppModel) -> Names:
    """Names for the whole suite."""
    modules = dict(_free((screen.key for screen in model.screens), _TAKEN_MODULES, "screen"))
    # Compared without case, as some file systems and many readers do.
    classes = unique(pascal(name).lower() for name in modules.values())
    return Names(
        modules=modules,
        classes={
            key: f"{pascal(name)}{lower[len(pascal(name)) :]}Page".replace("_", "")
            for (key, name), lower in zip(modules.items(), classes, strict=True)
        },
        attributes={(screen.key, key): name for screen in model.screens for key, name in _attributes(screen)},
    )


def _attributes(screen: AppScreen) -> Iterable[tuple[str, str]]:
    return _free((element.key for element in screen.elements), _TAKEN_ATTRIBUTES.split(), "element")


def _free(keys: Iterable[str], taken: Iterable[str], otherwise: str) -> list[tuple[str, str]]:
    """Each key with a name that Python, and everything in ``taken``, leaves free."""
    keys, taken = [*keys], [*taken]
    wanted = [snake(key) or otherwise for key in keys]
    return list(zip(keys, list(unique([*taken, *wanted]))[len(taken) :], strict=True))
