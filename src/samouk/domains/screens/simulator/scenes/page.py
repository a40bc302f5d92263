"""What most screens have in common: bars, a page under them, a list that fills it."""

from __future__ import annotations

from collections.abc import Sequence

from samouk.domains.screens.simulator.layout import WRAP, Box
from samouk.domains.screens.simulator.pieces import Pieces

BAR = 56.0
"""Height of a bar in dp."""


def app_bar(pieces: Pieces, *, back: bool = True, actions: int | None = None) -> Box:
    """A bar with a way back, a title and up to three actions."""
    count = pieces.rng.randint(0, 3) if actions is None else actions
    front = [pieces.icon_button("back")] if back else []
    title = pieces.text(4, 18, scale=1.3, purpose="title")
    if pieces.app.framework == "ios" and pieces.chance(0.5):
        front = [Box(kind="button", purpose="back", text=pieces.words(3, 8), width=WRAP, height=44)] if back else []
    behind = [pieces.icon_button(purpose) for purpose in ("search", "share", "more")[:count]]
    return Box(kind="app_bar", purpose="toolbar", flow="row", children=[*front, title, *behind], pad=4, height=BAR)


def tab_bar(pieces: Pieces, *, top: bool) -> Box:
    """Sections to switch between, with pictures below the screen or words above it."""
    count = pieces.rng.randint(2, 4) if top else pieces.rng.randint(3, 5)
    chosen = pieces.rng.randrange(count)
    tabs = []
    for place in range(count):
        label = pieces.text(3, 9, scale=0.8 if not top else 1.0, width=WRAP, purpose="label")
        inside = [label] if top else [pieces.icon(24, "tab")] + ([label] if pieces.chance(0.75) else [])
        tabs.append(
            Box(
                kind="tab",
                purpose="tab",
                children=inside,
                anchor="center",
                pad=8,
                height=48 if top else 56,
                on=place == chosen,
                text="" if inside else label.text,
            )
        )
    return Box(
        kind="tab_bar", purpose="tabs" if top else "bottom_nav", flow="row", children=tabs, height=48 if top else 56
    )


def page_of(pieces: Pieces, *inside: Box, bar: bool = True, bottom: Box | None = None, clip: bool = True) -> Box:
    """A screen: status bar space, an app bar, content that scrolls under it, and what stands at the bottom."""
    head = [app_bar(pieces)] if bar else []
    top = 24 if pieces.app.platform == "android" else 44
    foot = [bottom] if bottom else []
    room = pieces.height - top - BAR * len(head) - (bottom.height if bottom else 0)
    if bar and pieces.chance(0.12):
        head.append(Box(kind="progress", purpose="loading", height=pieces.rng.choice((2, 4))))
    content = list(inside)
    if len(content) == 1 and content[0].clip:
        content[0].height = room
    else:
        kind = "scroll" if clip else "container"
        content = [
            Box(
                kind=kind,
                purpose="content",
                clip=True,
                height=room,
                children=[
                    Box(
                        kind="container",
                        purpose="content",
                        children=content,
                        pad=pieces.app.pad,
                        gap=max(pieces.app.gap, 4),
                    )
                ],
            )
        ]
    space = Box(kind="container", purpose="status", height=top)
    return Box(
        kind="container", purpose="root", children=[space, *head, *content, *foot], height=pieces.height, clip=True
    )


def list_of(pieces: Pieces, rows: Sequence[Box], *, gap: float = 0.0) -> Box:
    """A list that fills the screen."""
    return Box(
        kind="list",
        purpose=pieces.rng.choice(("list", "items", "results")),
        children=list(rows),
        clip=True,
        height=pieces.height,
        gap=gap,
    )


def bottom(pieces: Pieces, share: float) -> Box | None:
    """Navigation or a player at the bottom, or nothing."""
    if pieces.chance(0.15):
        return pieces.mini_player()
    return tab_bar(pieces, top=False) if pieces.chance(share) else None
