"""Parts that screens are made of: fields, rows, bars and cards, as boxes in an app's own look."""

from __future__ import annotations

import random
from collections.abc import Callable

from samouk.domains.screens.simulator.apps import App
from samouk.domains.screens.simulator.layout import FILL, WRAP, Box

_SYLLABLES_TEXT = """
ka lo mi ten var sol per dan tre no li ra ves tal om ek sti par ne go bel ur sa din
"""
_SYLLABLES = tuple(_SYLLABLES_TEXT.split())


class Pieces:
    """Makes the parts of one screen; all chance comes from ``rng``."""

    def __init__(self, app: App, rng: random.Random) -> None:
        self.app, self.rng = app, rng
        self.width, self.height = app.width / app.density, app.height / app.density

    def words(self, low: int, high: int) -> str:
        """Made-up words of about ``low`` to ``high`` characters, shorter or longer by the app's language."""
        wanted = max(1, round(self.rng.uniform(low, high) * self.app.words))
        parts: list[str] = []
        while sum(map(len, parts)) + len(parts) < wanted:
            parts.append("".join(self.rng.choices(_SYLLABLES, k=self.rng.randint(1, 3))))
        return " ".join(parts)[:wanted].strip().capitalize() or "A"

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def text(
        self, low: int = 4, high: int = 20, *, scale: float = 1.0, width: float = 0.0, purpose: str = "title"
    ) -> Box:
        tappable = self.app.framework == "native" and self.chance(0.16)
        return Box(
            kind="text",
            purpose=purpose,
            # Texts that react to a tap are often as high as a finger needs.
            height=self.rng.choice((32, 40, 48)) if tappable and self.chance(0.5) else 0.0,
            text=self.words(low, high),
            size=self.app.letter * scale * self.rng.choice((0.85, 1.0, 1.0, 1.15)),
            width=WRAP if width == FILL and self.chance(0.65) else width,
            pad=self.rng.choice((0, 0, 0, 2, 4, 8)),
            tappable=tappable,
        )

    def icon(self, size: float | None = None, purpose: str = "action") -> Box:
        side = (size or self.rng.choice((16, 20, 24, 24, 28, 32, 40))) * self.rng.choice((0.75, 1.0, 1.0, 1.25))
        return Box(kind="icon", purpose=purpose, description=self.words(4, 10), width=side, height=side)

    def image(self, width: float, height: float, purpose: str = "photo") -> Box:
        scale = self.rng.choice((0.6, 0.8, 1.0, 1.0, 1.3))
        picture = Box(
            kind="image",
            purpose=purpose,
            description=self.words(5, 20),
            width=width * scale,
            height=height * scale * self.rng.choice((0.5, 1.0, 1.0, 1.0)),
            tappable=self.chance(0.12),
        )
        if self.app.framework != "flutter" and self.chance(0.15):
            return Box(kind="card", purpose="frame", children=[picture], width=picture.width)
        return picture

    def icon_button(self, purpose: str = "action") -> Box:
        side = self.app.corner_icon
        return Box(kind="icon_button", purpose=purpose, description=self.words(4, 12), width=side, height=side)

    def button(self, purpose: str = "submit", *, width: float | None = None) -> Box:
        wide = width if width is not None else self.rng.choice((0.0, WRAP, WRAP))
        return Box(
            kind="button",
            purpose=purpose,
            text=self.words(3, 16),
            width=wide,
            height=self.app.button if self.chance(0.6) else self.rng.choice((24, 30, 36, 48)),
            pad=16,
            size=self.app.letter,
        )

    def link(self) -> Box:
        return Box(kind="link", purpose="forgot", text=self.words(8, 30), width=WRAP, size=self.app.letter)

    def field(self, kind: str = "text_input", purpose: str = "email") -> Box:
        filled = self.words(3, 24) if kind == "text_input" and self.chance(0.4) else ""
        return Box(
            kind=kind,
            purpose=purpose,
            text=filled,
            description=self.words(4, 12),
            pad=8,
            height=self.rng.choice((40, 48, 52, 56, 60)),
            size=self.app.letter,
        )

    def mark(self, kind: str, *, labelled: bool = False) -> Box:
        """A checkbox, radio button or switch, with its words in it or without."""
        side = 52.0 if kind == "switch" else self.rng.choice((24.0, 32.0, 40.0, 48.0))
        text = self.words(4, 28) if labelled else ""
        return Box(
            kind=kind,
            purpose=self.rng.choice(("terms", "wifi", "sound", "option")),
            text=text,
            width=0.0 if labelled else side,
            height=32 if kind == "switch" else max(side, 32),
            on=self.chance(0.5),
        )

    def slider(self) -> Box:
        return Box(kind="slider", purpose="volume", height=self.rng.choice((24, 32, 40, 48)), on=self.chance(0.5))

    def stepper(self) -> Box:
        less, more = self.icon_button("less"), self.icon_button("more")
        if self.app.framework == "ios" and self.chance(0.7):
            less, more = (Box(kind="button", purpose=name, text=name, width=47, height=32) for name in ("less", "more"))
            return Box(kind="stepper", purpose="quantity", children=[less, more], flow="row", width=94, height=32)
        value = self.text(1, 2, width=36, purpose="quantity")
        return Box(kind="stepper", purpose="quantity", children=[less, value, more], flow="row", width=WRAP)

    def dropdown(self) -> Box:
        inside = [self.text(3, 16, purpose="choice"), self.icon(24, "arrow")]
        return Box(
            kind="dropdown",
            purpose="country",
            children=inside if self.chance(0.6) else [inside[0]],
            flow="row",
            pad=8,
            height=48,
            width=self.rng.choice((0.0, 160.0)),
        )

    def date_picker(self) -> Box:
        if self.chance(0.8):
            return Box(kind="date_picker", purpose="birthday", text=self.words(8, 12), height=44, width=140)
        head = Box(
            kind="container",
            flow="row",
            purpose="month",
            children=[self.icon_button("previous"), self.text(6, 14), self.icon_button("next")],
        )
        days = [Box(kind="button", purpose="day", text=str(day), width=40, height=40) for day in range(1, 29)]
        weeks = [Box(kind="container", flow="row", children=days[start : start + 7]) for start in range(0, 28, 7)]
        return Box(kind="date_picker", purpose="calendar", children=[head, *weeks], width=300, pad=8)

    def chips(self) -> Box:
        chips = [
            Box(
                kind="chip",
                purpose="filter",
                text=self.words(3, 12),
                width=WRAP,
                pad=12,
                height=32,
                on=self.chance(0.3),
            )
            for _ in range(self.rng.randint(3, 8))
        ]
        if self.chance(0.5):
            return Box(kind="scroll", purpose="filters", flow="row", children=chips, gap=8, pad=8, clip=True, height=48)
        return Box(kind="container", purpose="filters", flow="wrap", children=chips, gap=8, pad=8)

    def segmented(self) -> Box:
        count = self.rng.randint(2, 4)
        parts = [
            Box(kind="radio_button", purpose="segment", text=self.words(3, 10), height=36, on=place == 0)
            for place in range(count)
        ]
        return Box(kind="segmented", purpose="period", flow="row", children=parts, height=36)

    def page_indicator(self) -> Box:
        dots = [Box(kind="icon", purpose="dot", width=8, height=8) for _ in range(self.rng.randint(3, 5))]
        return Box(
            kind="page_indicator",
            purpose="page",
            flow="row",
            children=dots,
            gap=8,
            width=WRAP,
            height=16,
            anchor="bottom",
        )

    def avatar(self) -> Box:
        side = self.rng.choice((32.0, 40.0, 48.0, 56.0, 64.0))
        if self.app.framework == "native" and self.chance(0.2):
            picture = Box(kind="icon", purpose="avatar", width=side * 0.6, height=side * 0.6, anchor="center")
            return Box(kind="card", purpose="avatar", flow="stack", width=side, height=side, children=[picture])
        return (
            self.image(side, side, "avatar")
            if side > 48
            else Box(
                kind="image" if side > 40 else "icon",
                purpose="avatar",
                width=side,
                height=side,
                description=self.words(4, 12),
            )
        )

    def labels(self, *more: Box) -> Box:
        """A column of a title, often a subtitle, and more."""
        lines = [self.text(4, 26)]
        if self.chance(0.65):
            lines.append(self.text(10, 60, scale=0.85, purpose="subtitle"))
        return Box(kind="container", purpose="texts", children=[*lines, *more], gap=2)

    def row(self, kind: str = "list_item", *, lead: str = "any", trail: str = "any", purpose: str = "entry") -> Box:
        """A row with something in front, words, and something behind."""
        front = {"icon": self.icon, "avatar": self.avatar, "none": None}.get(lead)
        children = [front()] if front else []
        children.append(self.labels())
        back: Callable[[], Box] | None = {
            "icon": lambda: self.icon(24, "chevron"),
            "button": self.icon_button,
            "text": lambda: self.text(2, 8, width=WRAP),
            "switch": lambda: self.mark("switch"),
            "checkbox": lambda: self.mark("checkbox"),
            "radio": lambda: self.mark("radio_button"),
        }.get(trail)
        if back:
            children.append(back())
            children[-1].inert = self.chance(0.6)
        return Box(
            kind=kind,
            purpose=purpose,
            flow="row",
            children=children,
            pad=min(self.app.pad, 16),
            gap=12,
            height=self.app.row,
            tappable=kind != "list_item" or random.Random(self.app.habit).random() < 0.7,  # noqa: S311 - a simulation
        )

    def card(self, *inside: Box, tappable: bool | None = None) -> Box:
        return Box(
            kind="card",
            purpose="card",
            children=list(inside),
            pad=self.rng.choice((0, 8, 12, 16)),
            gap=6,
            tappable=self.chance(0.5) if tappable is None else tappable,
        )

    def ad(self) -> Box:
        if self.chance(0.5):
            return Box(kind="ad", purpose="banner", height=50, width=320, anchor="center")
        inside = [self.image(64, 64, "ad"), self.labels(), self.button("install", width=90)]
        return Box(kind="ad", purpose="native", flow="row", children=inside, gap=8, pad=8)

    def divider(self) -> Box:
        kind = "image" if self.app.framework == "native" and self.chance(0.35) else "container"
        return Box(kind=kind, purpose="divider", height=self.rng.choice((1, 1, 2, 8)))

    def mini_player(self) -> Box:
        """What plays, in a bar above the bottom, with a thin line of progress."""
        line = Box(kind="progress", purpose="played", height=2)
        parts = [self.image(40, 40, "cover"), self.labels(), self.icon_button("play"), self.icon_button("next")]
        bar = Box(kind="container", purpose="now_playing", flow="row", pad=8, gap=8, children=parts)
        return Box(kind="container", purpose="player", children=[line, bar], height=58, tappable=True)

    def choices(self, kind: str) -> Box:
        """A short list of marks, whose rows the list itself reacts for."""
        marks = [self.mark(kind, labelled=True) for _ in range(self.rng.randint(2, 6))]
        for mark in marks:
            mark.inert, mark.height = self.chance(0.5), 48
        return Box(kind=self.rng.choice(("list", "container")), purpose="choices", children=marks)

    def short_list(self) -> Box:
        """A few rows in a list of its own within a page."""
        lead, trail = self.rng.choice(("icon", "avatar", "none")), self.rng.choice(("icon", "text", "none"))
        rows = [self.row(lead=lead, trail=trail) for _ in range(self.rng.randint(1, 4))]
        return Box(kind="list", purpose="section_list", children=rows)
