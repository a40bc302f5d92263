"""Reads apps made with Jetpack Compose."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from samouk.domains.screens.source.compose.code import KotlinFile
from samouk.domains.screens.source.compose.kotlin import read_kotlin
from samouk.domains.screens.source.compose.project import Project
from samouk.domains.screens.source.compose.resources import Resources, is_resource, joined, read_resources
from samouk.domains.screens.source.compose.screens import Screens
from samouk.domains.screens.source.files import SourceTree, is_test
from samouk.domains.screens.source.reading import Facts, Reader
from samouk.domains.screens.source.widgets import Sight

_LIKELY = re.compile(r"/(ui|compose|screens?)/|(Activity|Screen|Theme)\.kt$")


def detect(tree: SourceTree) -> Sequence[str]:
    """The whole folder where one Kotlin file of the app itself uses Compose."""
    kotlin = [path for path in tree.paths if path.endswith(".kt") and not is_test(path)]
    # No ceiling: the app may follow thousands of files of other modules. Where it is likely is looked at first.
    for path in sorted(kotlin, key=lambda path: _LIKELY.search(path) is None):
        try:
            content = tree.read(path)
        except OSError:
            continue
        if b"androidx.compose" in content and b"@Composable" in content:
            return (".",)
    return ()


def wants(path: str) -> bool:
    """Kotlin, string resources, the manifest and the build file."""
    return path.endswith(".kt") or is_resource(path)


def extract(path: str, content: bytes) -> Facts:
    """Declarations of a Kotlin file, or what a resource file says. Raises Unparsable."""
    lines = content.count(b"\n") + 1
    if path.endswith(".kt"):
        file, troubles = read_kotlin(path, content)
        return Facts(file, lines, tuple(troubles))
    return Facts(read_resources(path, content), lines)


def link(facts: Mapping[str, Facts]) -> Sight:
    """Screens from all files together."""
    files = {path: one.content for path, one in facts.items() if isinstance(one.content, KotlinFile)}
    resources = joined([one.content for one in facts.values() if isinstance(one.content, Resources)])
    screens = Screens(Project(files, resources))
    found = screens.read()
    return Sight(
        framework="compose",
        app=resources.app,
        screens=found,
        tags_visible=screens.tags_visible,
        strings=resources.strings,
        troubles=tuple(screens.troubles),
    )


READER = Reader("compose", detect, wants, extract, link)
