"""Reads iOS apps: storyboards, xibs, UIKit code and SwiftUI, with their strings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from posixpath import commonpath

from samouk.domains.screens.source.files import SourceTree
from samouk.domains.screens.source.ios.atlas import Atlas
from samouk.domains.screens.source.ios.controllers import Controllers
from samouk.domains.screens.source.ios.declarations import SwiftFile, read_swift
from samouk.domains.screens.source.ios.project import Build, joined, read_build, read_plist
from samouk.domains.screens.source.ios.scopes import Project
from samouk.domains.screens.source.ios.storyboards import Layout, read_layout
from samouk.domains.screens.source.ios.strings import Table, default_words, read_strings
from samouk.domains.screens.source.ios.words import Speaker
from samouk.domains.screens.source.reading import Facts, Reader
from samouk.domains.screens.source.widgets import Sight

_STRINGS = (".strings", ".stringsdict", ".xcstrings")
_LAYOUTS = (".storyboard", ".xib")
_PROJECT = ".xcodeproj/project.pbxproj"


def detect(tree: SourceTree) -> Sequence[str]:
    """Folders that hold an Xcode project; all of it where only Swift or storyboards are there."""
    homes = {
        path[: -len("/project.pbxproj")].rpartition("/")[0] or "." for path in tree.paths if path.endswith(_PROJECT)
    }
    if homes:
        outer = sorted(one for one in homes if not any(one != other and _below(one, other) for other in homes))
        return outer if len(outer) > 1 else [_with_packages(tree, outer[0])]
    screens = (".storyboard", ".xib", ".swift")
    return ["."] if any(path.endswith(screens) for path in tree.paths) else []


def _with_packages(tree: SourceTree, home: str) -> str:
    """The folder that holds a project and the Swift packages beside it, which are parts of the same app."""
    packages = [path.rpartition("/")[0] or "." for path in tree.paths if path.rpartition("/")[2] == "Package.swift"]
    apart = [one for one in packages if not _below(one, home)]
    return commonpath([home, *apart]) or "." if apart and home != "." else home


def _below(path: str, folder: str) -> bool:
    return folder == "." or path == folder or path.startswith(folder + "/")


def wants(path: str) -> bool:
    """Swift, storyboards, strings, and Xcode's files that tell the bundle."""
    name = path.rpartition("/")[2]
    if path.endswith((".swift", *_LAYOUTS, *_STRINGS)):
        return name not in ("Package.swift", "InfoPlist.strings", "InfoPlist.xcstrings")
    return path.endswith(_PROJECT) or (name.endswith("Info.plist") and ".xcodeproj/" not in path)


def extract(path: str, content: bytes) -> Facts:
    """Facts of one file: SwiftFile, Layout, Table or Build. Raises Unparsable."""
    lines = content.count(b"\n") + 1
    if path.endswith(".swift"):
        file, troubles = read_swift(path, content)
        return Facts(file, lines, troubles)
    if path.endswith(_STRINGS):
        return Facts(read_strings(path, content), lines)
    if path.endswith(_LAYOUTS):
        return Facts(read_layout(path, content), lines)
    if path.endswith(".pbxproj"):
        return Facts(read_build(path, content), 0)
    return Facts(read_plist(content), 0)


def link(facts: Mapping[str, Facts]) -> Sight:
    """All files together: the screens, with what leads where."""
    build = joined(one.content for one in facts.values() if isinstance(one.content, Build))
    kept = {path: one.content for path, one in facts.items() if not any(_below(path, other) for other in build.others)}
    tables = [one for one in kept.values() if isinstance(one, Table)]
    strings = default_words(tables, build.region)
    project = Project({path: one for path, one in kept.items() if isinstance(one, SwiftFile)})
    atlas = Atlas(project, Speaker(project, strings))
    layouts = {path: one for path, one in kept.items() if isinstance(one, Layout)}
    Controllers(atlas, layouts, build.storyboard).collect()
    atlas.find_entry()
    atlas.paint_all()
    return Sight(
        framework="ios",
        app=build.bundles[0] if build.bundles else "",
        screens=atlas.finish(),
        strings=strings,
        troubles=tuple(atlas.troubles),
    )


READER = Reader("ios", detect, wants, extract, link)
