"""The example apps: their source, and what the running app shows, written by hand from what the platforms do."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from samouk.domains.screens.appmodel.building import ModelBuilder
from samouk.domains.screens.appmodel.model import AppModel
from samouk.domains.screens.element import Platform
from samouk.domains.screens.source.reading import detect, read
from samouk.domains.screens.testgen import keeping
from samouk.domains.screens.testgen.cases import Plan
from samouk.domains.screens.testgen.formats import writer
from samouk.domains.screens.testgen.plan import plan

APPS = Path(__file__).parents[4] / "examples" / "apps"


class Example(NamedTuple):
    """One app on one platform."""

    name: str
    folder: Path
    running: Path
    platform: Platform

    def __str__(self) -> str:
        return f"{self.name}-{self.platform}"


def examples() -> list[Example]:
    """All that show what they look like when they run."""
    platforms: tuple[Platform, ...] = ("android", "ios")
    found = ((path, path / f"running.{name}.xml", name) for path in sorted(APPS.glob("*")) for name in platforms)
    return [Example(path.name, path, running, name) for path, running, name in found if running.is_file()]


def modelled(example: Example) -> AppModel:
    """Its source as an app model, by the rules alone."""
    sights = [read(framework, folder) for framework, folder in detect(example.folder)]
    return ModelBuilder().build(sights)


def written(example: Example, suite: Path) -> tuple[AppModel, Plan]:
    """Writes the suite of an app, and gives what it was made from."""
    model = modelled(example)
    planned = plan(model)
    keeping.write(suite, writer("pytest")(model, planned))
    return model, planned
