"""What Xcode's own files tell of an app: its bundle, its folders for other devices, its first storyboard."""

from __future__ import annotations

import plistlib
import re
from collections.abc import Iterable
from typing import NamedTuple
from xml.parsers.expat import ExpatError

from samouk.domains.screens.source.reading import Unparsable

_SETTINGS = re.compile(r"buildSettings = \{(.*?)\n\s*\};", re.S)
_SETTING = re.compile(r'^\s*"?([\w]+)"?\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*));', re.M)
_REGION = re.compile(r'developmentRegion = "?([\w-]+)"?;')
_OTHER = frozenset({"appletvos", "watchos", "macosx", "xros"})
_SIDE = re.compile(r"\.(?:uitests|tests|widget\w*|watch\w*|\w*extension|notification\w*|intents\w*)$", re.I)


class Build(NamedTuple):
    """One Xcode project. Attributes: bundles in order of naming; others: folders of other devices' targets."""

    bundles: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    region: str = ""
    storyboard: str = ""


def read_build(path: str, content: bytes) -> Build:
    """A `project.pbxproj`: build settings only."""
    told = content.decode("utf-8", "replace")
    home = path.rpartition("/")[0].rpartition("/")[0]
    bundles: list[str] = []
    others: list[str] = []
    storyboard = ""
    for block in _SETTINGS.finditer(told):
        settings = {name: quoted or plain.strip() for name, quoted, plain in _SETTING.findall(block[1])}
        plist = settings.get("INFOPLIST_FILE", "")
        if settings.get("SDKROOT") in _OTHER and "PRODUCT_BUNDLE_IDENTIFIER" in settings:
            folder = plist.replace("$(SRCROOT)/", "").rpartition("/")[0]
            if folder:
                others.append(f"{home}/{folder}".strip("/"))
        elif "$" not in settings.get("PRODUCT_BUNDLE_IDENTIFIER", "$"):
            bundles.append(settings["PRODUCT_BUNDLE_IDENTIFIER"])
        storyboard = storyboard or settings.get("INFOPLIST_KEY_UIMainStoryboardFile", "")
    region = _REGION.search(told)
    main = [one for one in dict.fromkeys(bundles) if not _SIDE.search(one)]
    return Build(tuple(main), tuple(dict.fromkeys(others)), region[1] if region else "", storyboard)


def read_plist(content: bytes) -> Build:
    """An `Info.plist`. Raises Unparsable."""
    try:
        told = plistlib.loads(content)
    except (ExpatError, ValueError, plistlib.InvalidFileException, OverflowError):
        raise Unparsable("this is not a property list") from None
    if not isinstance(told, dict):
        raise Unparsable("this property list is not a dictionary")
    bundle = told.get("CFBundleIdentifier")
    known = (bundle,) if isinstance(bundle, str) and "$" not in bundle else ()
    return Build(known, (), "", _storyboard(told))


def _storyboard(told: dict[str, object]) -> str:
    name = told.get("UIMainStoryboardFile")
    if isinstance(name, str):
        return name
    scenes = told.get("UIApplicationSceneManifest")
    found = scenes.get("UISceneConfigurations") if isinstance(scenes, dict) else None
    for group in found.values() if isinstance(found, dict) else ():
        for one in group if isinstance(group, list) else ():
            name = one.get("UISceneStoryboardFile") if isinstance(one, dict) else None
            if isinstance(name, str):
                return name
    return ""


def joined(builds: Iterable[Build]) -> Build:
    """What several files tell together; the first one that tells a thing is believed."""
    builds = list(builds)
    return Build(
        tuple(one for build in builds for one in build.bundles),
        tuple(one for build in builds for one in build.others),
        next((build.region for build in builds if build.region), ""),
        next((build.storyboard for build in builds if build.storyboard), ""),
    )
