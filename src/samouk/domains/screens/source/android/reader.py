"""Android apps of XML layouts: which files tell of them, and what each says by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from samouk.domains.screens.source.android.linking import Pieces, sight_of
from samouk.domains.screens.source.android.listeners import code_facts
from samouk.domains.screens.source.android.manifest import gradle_of, manifest_of, properties_of
from samouk.domains.screens.source.android.resources import values_of
from samouk.domains.screens.source.android.xml import Tag, tags_of
from samouk.domains.screens.source.files import SourceTree, is_test
from samouk.domains.screens.source.reading import Facts, Reader
from samouk.domains.screens.source.widgets import Sight

_RESOURCE = re.compile(r"(?:^|/)res/(layout|menu|navigation|xml|values)(-[\w+-]+)?/[^/]+\.xml$")
_DEFAULT_VALUES = re.compile(r"-en(?:-r[A-Z]{2})?$")
_CODE = (".kt", ".java")
_BUILD = ("build.gradle", "build.gradle.kts", "gradle.properties")
_SETTINGS = ("settings.gradle", "settings.gradle.kts")
_SOURCE_SET = re.compile(r"(?:^|/)src/[^/]+$")
_DROPPED = ("android:layout_", "app:layout_", "android:padding", "android:textSize", "android:background")


class Seen(NamedTuple):
    """What a file is, and the record of it."""

    kind: str
    what: Any


def _kind(path: str) -> str:
    """Layout, menu, navigation, xml, values, manifest, code or build; "" for what says nothing."""
    name = path.rpartition("/")[2]
    if name == "AndroidManifest.xml":
        return "manifest"
    if name in _BUILD:
        return "build"
    if name.endswith(_CODE):
        return "code"
    match = _RESOURCE.search(path)
    if match is None:
        return ""
    kind, qualifier = match[1], match[2] or ""
    if kind == "values":
        return kind if not qualifier or _DEFAULT_VALUES.match(qualifier) else ""
    return kind


def _wants(path: str) -> bool:
    return bool(_kind(path))


def _extract(path: str, content: bytes) -> Facts:
    lines = content.count(b"\n") + 1
    kind = _kind(path)
    if kind == "code":
        code = code_facts(path, content)
        return Facts(Seen(kind, code), lines, code.troubles)
    if kind == "build":
        source = content.decode("utf-8", "replace")
        properties = path.endswith(".properties")
        return Facts(
            Seen("properties" if properties else kind, (properties_of if properties else gradle_of)(source)), lines
        )
    tags = tags_of(content)
    if kind == "values":
        return Facts(Seen(kind, values_of(tags)), lines)
    if kind == "manifest":
        return Facts(Seen(kind, manifest_of(tags)), lines)
    return Facts(Seen(kind, tuple(_slim(tag) for tag in tags)), lines)


def _slim(tag: Tag) -> Tag:
    """Without what only places and paints: half of all attributes, which would have to pass between processes."""
    kept = {name: value for name, value in tag.attributes.items() if not name.startswith(_DROPPED)}
    return tag._replace(attributes=kept, text="")


def _link(facts: Mapping[str, Facts]) -> Sight:
    pieces = Pieces()
    for path, one in facts.items():
        kind, what = one.content
        if kind == "code":
            pieces.code[path] = what
        elif kind == "layout":
            pieces.layouts[path] = what
        elif kind == "menu":
            pieces.menus[path] = what
        elif kind == "navigation":
            pieces.navigation.add(path, what)
        elif kind == "xml":
            _take_xml(pieces, path, what)
        elif kind == "values":
            pieces.values[path] = what
        elif kind == "manifest":
            pieces.manifests.append(what)
        elif kind == "properties":
            pieces.properties.update(what)
        else:
            pieces.gradles.append(what)
    return sight_of(pieces)


def _take_xml(pieces: Pieces, path: str, tags: tuple[Tag, ...]) -> None:
    """Of ``res/xml`` preference screens count, and what widgets of the home screen show does not."""
    if not tags:
        return
    if tags[0].name.rpartition(".")[2] == "PreferenceScreen":
        pieces.settings.setdefault(PurePosixPath(path).stem, (path, tags))
    elif tags[0].name == "appwidget-provider":
        for name in ("android:initialLayout", "android:previewLayout", "android:initialKeyguardLayout"):
            pieces.remote.add(tags[0].get(name).rpartition("/")[2])


def _detect(tree: SourceTree) -> Sequence[str]:
    """Folders with a manifest and layouts: the project around its modules where it is there, else the module."""
    paths = [path for path in tree.paths if not is_test(path)]
    layouts = [path for path in paths if _kind(path) == "layout"]
    projects = sorted({_parent(path) for path in paths if path.rpartition("/")[2] in _SETTINGS}, key=len)
    found: list[str] = []
    for path in paths:
        if _kind(path) != "manifest":
            continue
        folder = _parent(path)
        module = _parent(_parent(folder)) if _SOURCE_SET.search(folder) else folder
        root = next((one for one in projects if _holds(one, module)), module)
        if any(_holds(root, layout) for layout in layouts) and root not in found:
            found.append(root)
    found.sort(key=len)
    return [one for number, one in enumerate(found) if not any(_holds(other, one) for other in found[:number])]


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "."


def _holds(folder: str, path: str) -> bool:
    return folder == "." or path == folder or path.startswith(f"{folder}/")


READER = Reader(framework="android", detect=_detect, wants=_wants, extract=_extract, link=_link)
