"""The formats that tests are written in, by the name a user chooses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

from samouk.domains.screens.appmodel.model import AppModel
from samouk.domains.screens.testgen.cases import Generated, Plan

Writer = Callable[[AppModel, Plan], Sequence[Generated]]

_MODULES: Mapping[str, str] = {"pytest": "pytest_appium", "maestro": "maestro", "kotlin": "kotlin"}
FORMATS = tuple(_MODULES)


def writer(name: str) -> Writer:
    """The writer of a format: app model and plan to files, relative to the output folder. Raises KeyError."""
    found: Writer = import_module(f"samouk.domains.screens.testgen.{_MODULES[name]}").files
    return found
