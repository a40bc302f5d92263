"""Scenes of storyboards and xibs: the controllers that stand in them, and what connects them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from samouk.domains.screens.source.ios.canvas import Target
from samouk.domains.screens.source.ios.storyboards import Attributes, Layout, Object
from samouk.domains.screens.source.ios.uikit import SYSTEM_ITEMS
from samouk.domains.screens.source.widgets import BACK

if TYPE_CHECKING:
    from samouk.domains.screens.source.ios.controllers import Controllers

_CONTENT_WORDS = """
viewController tableViewController collectionViewController pageViewController hostingController
avPlayerViewController glkViewController
"""


_HOLDING = frozenset({"navigationController", "tabBarController", "splitViewController", "viewControllerPlaceholder"})


_CONTENT = frozenset(_CONTENT_WORDS.split())


@dataclass(slots=True)
class Scene:
    """One controller of a layout, or what a xib holds."""

    layout: Layout
    path: str
    index: int
    below: dict[int, list[int]]
    ids: dict[str, int]
    custom: str = ""
    is_content: bool = True

    @property
    def object(self) -> Object:
        """The controller's own element."""
        return self.layout.objects[self.index]

    @property
    def attributes(self) -> Attributes:
        """Of the controller's element."""
        return self.object.attributes

    @property
    def id(self) -> str:
        """Interface Builder's id."""
        return self.attributes.get("id", self.layout.name)

    @property
    def key(self) -> tuple[str, str]:
        """Unique in the app."""
        return self.layout.name, self.id

    @property
    def kind(self) -> str:
        """Tag of the controller."""
        return self.object.tag

    @property
    def line(self) -> int:
        """Where it begins."""
        return self.object.line

    @property
    def storyboard_id(self) -> str:
        """By which code asks for it."""
        return self.attributes.get("storyboardIdentifier", "")

    @property
    def title(self) -> str:
        """As Interface Builder shows it."""
        return self.attributes.get("title", "") or self.attributes.get("userLabel", "")

    def connections(self, index: int) -> Iterator[Object]:
        """Outlets, actions and segues of an object."""
        for holder in self.below.get(index, ()):
            if self.layout.objects[holder].tag == "connections":
                for one in self.below.get(holder, ()):
                    yield self.layout.objects[one]

    def related(self) -> list[str]:
        """Ids of the controllers that this one only holds."""
        return [
            one.attributes.get("destination", "")
            for one in self.connections(self.index)
            if one.tag == "segue" and one.attributes.get("kind") == "relationship"
        ]

    def segue(self, identifier: str, controllers: Controllers) -> Target | None:
        """What a segue opens, by the id that code performs it with."""
        for index in range(self.index, len(self.layout.objects)):
            for one in self.connections(index):
                if one.tag == "segue" and identifier and one.attributes.get("identifier") == identifier:
                    return self.target(one, controllers)
        return None

    def target(self, segue: Object, controllers: Controllers) -> Target | None:
        """Where a segue leads."""
        kind = segue.attributes.get("kind", "")
        if kind == "unwind":
            return Target(BACK)
        if kind in ("embed", "relationship"):
            return None
        destination = controllers.scenes.get((self.layout.name, segue.attributes.get("destination", "")))
        if destination is None:
            return None
        name = controllers.named.get(destination.key) or controllers.real(destination)
        return Target(name) if name else None

    def tab(self) -> tuple[str, str, int] | None:
        """Words, identifier and line of its item in a tab bar."""
        for index in self.below.get(self.index, ()):
            one = self.layout.objects[index]
            if one.tag == "tabBarItem":
                words = one.attributes.get("title") or _spoken(one.attributes.get("systemItem", ""))
                return words, accessibility(self, index).get("identifier", ""), one.line
        return None

    def outlets(self, index: int) -> dict[str, str]:
        """Names of outlets by the id of what they hold."""
        return {
            one.attributes.get("destination", ""): one.attributes.get("property", "")
            for one in self.connections(index)
            if one.tag == "outlet"
        }


def scenes_of(path: str, layout: Layout) -> Iterator[Scene]:
    """The controllers of a storyboard; of a xib, its owner if that is one, or each of its views."""
    below = layout.children()
    ids = {one.attributes["id"]: index for index, one in enumerate(layout.objects) if "id" in one.attributes}
    if path.endswith(".xib"):
        yield from _xib(path, layout, below, ids)
        return
    for index, one in enumerate(layout.objects):
        if one.tag in _CONTENT or one.tag in _HOLDING:
            custom = one.attributes.get("customClass", "")
            yield Scene(layout, path, index, below, ids, custom, one.tag in _CONTENT)


def _xib(path: str, layout: Layout, below: dict[int, list[int]], ids: dict[str, int]) -> Iterator[Scene]:
    holder = next((index for index, one in enumerate(layout.objects) if one.tag == "objects"), None)
    if holder is None:
        return
    owner = next(
        (
            index
            for index in below.get(holder, ())
            if layout.objects[index].attributes.get("placeholderIdentifier") == "IBFilesOwner"
        ),
        None,
    )
    custom = layout.objects[owner].attributes.get("customClass", "") if owner is not None else ""
    if not custom:
        views = [index for index in below.get(holder, ()) if layout.objects[index].tag != "placeholder"]
        custom = layout.objects[views[0]].attributes.get("customClass", "") if views else ""
    yield Scene(layout, path, owner if custom and owner is not None else holder, below, ids, custom)


def _spoken(item: str) -> str:
    return SYSTEM_ITEMS.get(item, item.capitalize())


def accessibility(scene: Scene, index: int) -> dict[str, str]:
    """Identifier and label of an object: its accessibility part, or a runtime attribute."""
    found: dict[str, str] = {}
    for child in scene.below.get(index, ()):
        one = scene.layout.objects[child]
        if one.tag == "accessibility":
            found.update({name: one.attributes[name] for name in ("identifier", "label") if name in one.attributes})
        elif one.tag == "userDefinedRuntimeAttributes":
            for runtime in scene.below.get(child, ()):
                told = scene.layout.objects[runtime].attributes
                name = told.get("keyPath", "").removeprefix("accessibility").lower()
                if name in ("identifier", "label") and "value" in told:
                    found[name] = told["value"]
    return found
