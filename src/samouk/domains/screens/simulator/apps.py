"""Simulated apps: each has a framework, a device, a look, a habit of naming and widgets of its own."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from samouk.domains.screens.element import Platform

Framework = Literal["native", "compose", "flutter", "rn", "ios"]
FRAMEWORKS: tuple[Framework, ...] = ("native", "compose", "flutter", "rn", "ios")
_SHARES = (0.44, 0.16, 0.12, 0.13, 0.15)
"""How common each framework is among the apps: an assumption, not a count."""

_NESTING: Mapping[Framework, tuple[int, int]] = {
    "native": (1, 7),
    "compose": (2, 7),
    "flutter": (1, 5),
    "rn": (5, 14),
    "ios": (0, 8),
}
"""Fragment hosts, navigators and safe areas: React Native stacks the most of them."""

_VENDORS_TEXT = """
acorn birch cedar dune ember fjord grove harbor iris juniper kelp lark maple nimbus opal pebble
"""
_VENDORS = tuple(_VENDORS_TEXT.split())
_ANDROID_DEVICES = (
    (1080, 2400, 2.625),
    (1080, 2340, 2.75),
    (1080, 1920, 3.0),
    (1440, 3120, 3.5),
    (720, 1600, 2.0),
    (1200, 1920, 2.0),
    (1080, 2160, 2.5),
)
_IOS_DEVICES = ((375, 667, 1.0), (375, 812, 1.0), (390, 844, 1.0), (393, 852, 1.0), (414, 896, 1.0), (430, 932, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One simulated app.

    Attributes:
        name: package or bundle name.
        vendor: prefix of its own view classes.
        width, height: screen in the dumper's unit; ``density`` turns dp into it.
        pad, gap, row, button, corner_icon, letter: its look, in dp.
        ids, descriptions, custom: shares of elements with an identifier, a description, a class of its own.
        naming: how it spells identifiers.
        nesting: layouts between the window and a screen's own root.
        wrappers: share of elements that sit in one more layout than they need.
        words: how long its words are; below 1 for scripts that need few characters.
        habit: seed of its habits: which of several ways it builds each type of element.
        keeps_hidden: its dumps tell visibility and keep what lies off the screen.
    """

    name: str
    framework: Framework
    vendor: str
    width: int
    height: int
    density: float
    pad: float
    gap: float
    row: float
    button: float
    corner_icon: float
    letter: float
    ids: float
    descriptions: float
    custom: float
    naming: Literal["snake", "camel", "kebab", "hungarian"]
    nesting: int
    wrappers: float
    words: float
    habit: int
    keeps_hidden: bool

    @property
    def platform(self) -> Platform:
        return "ios" if self.framework == "ios" else "android"


def app_of(seed: int, number: int, framework: Framework | None = None) -> App:
    """The ``number``-th app of a world, the same for the same seed."""
    rng = random.Random(f"app {seed} {number}")  # noqa: S311 - a simulation
    framework = framework or rng.choices(FRAMEWORKS, _SHARES)[0]
    maker = rng.choice(_VENDORS)
    width, height, density = rng.choice(_IOS_DEVICES if framework == "ios" else _ANDROID_DEVICES)
    return App(
        name=f"org.{maker}.app{number}",
        framework=framework,
        vendor=f"org.{maker}.ui.{maker.title()}",
        width=width,
        height=height,
        density=density,
        pad=rng.choice((8, 12, 16, 16, 20, 24)),
        gap=rng.choice((0, 4, 8, 8, 12, 16)),
        row=rng.choice((44, 48, 56, 64, 72, 80)),
        button=rng.choice((36, 40, 44, 48, 48, 52, 56)),
        corner_icon=rng.choice((36, 40, 44, 48, 48, 56)),
        letter=rng.choice((12, 14, 14, 15, 16, 17)),
        ids=_share(rng, framework),
        descriptions=rng.choice((0.05, 0.3, 0.6, 0.95)),
        custom=rng.choice((0.0, 0.02, 0.05, 0.15)),
        naming=_naming(rng, framework),
        nesting=rng.randint(*_NESTING[framework]),
        wrappers=rng.choice((0.05, 0.15, 0.3, 0.45)) if framework != "rn" else rng.choice((0.2, 0.4, 0.6)),
        words=rng.choice((0.35, 0.8, 1.0, 1.0, 1.25)),
        habit=rng.randrange(1 << 30),
        keeps_hidden=rng.random() < 0.4,
    )


def _share(rng: random.Random, framework: Framework) -> float:
    """Identifiers are common on native Android and iOS and almost absent elsewhere (screens.md counts them)."""
    common: Sequence[float] = (0.3, 0.6, 0.8, 0.9)
    rare: Sequence[float] = (0.0, 0.05, 0.15, 0.4)
    return rng.choice(common if framework in ("native", "ios") else rare)


def _naming(rng: random.Random, framework: Framework) -> Literal["snake", "camel", "kebab", "hungarian"]:
    if framework == "native":
        return rng.choice(("snake", "snake", "camel", "hungarian"))
    return rng.choice(("snake", "camel", "kebab"))
