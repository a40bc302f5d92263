"""Small React Native projects for tests, written to a folder and read as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from samouk.domains.screens.source.reading import read
from samouk.domains.screens.source.widgets import Sight, SourceScreen, Widget

PACKAGE = '{"name": "shop", "dependencies": {"react-native": "0.74.0"}}'


def seen(folder: Path, files: Mapping[str, str]) -> Sight:
    """What the reader sees of files, by their paths."""
    for path, content in {"package.json": PACKAGE, **files}.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(content), encoding="utf-8")
    return read("react_native", folder, workers=1)


def only(folder: Path, source: str, **more: str) -> SourceScreen:
    """The one screen of an app that is a single file; ``more`` are files by their names without ``.js``."""
    files = {"App.js": source, **{f"{name}.js": content for name, content in more.items()}}
    (screen,) = seen(folder, files).screens
    return screen


def acting(screen: SourceScreen) -> list[Widget]:
    """What a person can act on."""
    return [one for one in screen.widgets if one.interactive]


def named(screen: SourceScreen, name: str) -> Widget:
    """The only widget of a name."""
    (found,) = [one for one in screen.widgets if one.name == name]
    return found


def screen_of(sight: Sight, name: str) -> SourceScreen:
    """The screen of a name."""
    (found,) = [one for one in sight.screens if one.name == name]
    return found
