"""Screens on which a person looks through things."""

from __future__ import annotations

from samouk.domains.screens.simulator.layout import FILL, WRAP, Box
from samouk.domains.screens.simulator.pieces import Pieces
from samouk.domains.screens.simulator.scenes.page import BAR, bottom, list_of, page_of, tab_bar


def rows(pieces: Pieces) -> Box:
    """A list of like rows, perhaps with a floating button over it."""
    lead, trail = pieces.rng.choice(("icon", "avatar", "none")), pieces.rng.choice(("icon", "button", "text", "none"))
    count = int(pieces.height / pieces.app.row) + 2
    entries: list[Box] = []
    divided = pieces.chance(0.3)
    for _ in range(count):
        entries.append(pieces.row(lead=lead, trail=trail))
        if divided:
            entries.append(pieces.divider())
    body = list_of(pieces, entries)
    if pieces.chance(0.5):
        fab = Box(kind="icon_button", purpose="add", description=pieces.words(3, 10), width=56, height=56, anchor="end")
        body = Box(kind="container", purpose="coordinator", flow="stack", clip=True, children=[body, fab])
        body.children[0].height = pieces.height - BAR - 24
    return page_of(pieces, body, bottom=bottom(pieces, 0.4))


def detail(pieces: Pieces) -> Box:
    """A picture, headings, long text, and what one can do about it."""
    actions = Box(
        kind="container",
        purpose="actions",
        flow="row",
        gap=8,
        children=[pieces.button("buy"), pieces.button("later"), pieces.icon_button("favorite")],
    )
    facts = [
        Box(
            kind="container",
            purpose="fact",
            flow="row",
            children=[pieces.text(3, 10), pieces.text(3, 12, purpose="value")],
        )
        for _ in range(pieces.rng.randint(0, 4))
    ]
    cards = [pieces.card(pieces.labels(), pieces.button("more", width=WRAP))] if pieces.chance(0.4) else []
    return page_of(
        pieces,
        pieces.image(FILL, pieces.rng.choice((160, 200, 240, 320)), "cover"),
        pieces.text(8, 40, scale=1.6, purpose="headline"),
        pieces.text(80, 400, purpose="body"),
        *facts,
        *([pieces.chips()] if pieces.chance(0.4) else []),
        actions,
        *cards,
        *([pieces.stepper()] if pieces.chance(0.3) else []),
        *([pieces.short_list()] if pieces.chance(0.4) else []),
    )


def feed(pieces: Pieces) -> Box:
    """Cards under tabs, with advertisements between them and navigation below."""
    entries: list[Box] = []
    for place in range(pieces.rng.randint(3, 6)):
        head = Box(
            kind="container",
            purpose="author",
            flow="row",
            gap=8,
            children=[pieces.avatar(), pieces.labels(), pieces.icon_button("more")],
        )
        foot = Box(
            kind="container",
            purpose="reactions",
            flow="row",
            gap=4,
            children=[pieces.icon_button("like"), pieces.icon_button("comment"), pieces.text(1, 4, width=WRAP)],
        )
        entries.append(pieces.card(head, pieces.text(30, 160, purpose="body"), pieces.image(FILL, 180), foot))
        if place and pieces.chance(0.3):
            entries.append(pieces.ad())
    body = list_of(pieces, entries, gap=8)
    if pieces.chance(0.5):
        body.height = pieces.height - 210
        body = Box(kind="container", purpose="pages", clip=True, children=[tab_bar(pieces, top=True), body])
    return page_of(pieces, body, bottom=bottom(pieces, 0.7))


def gallery(pieces: Pieces) -> Box:
    """A grid of pictures, of products or of plain tiles."""
    columns, tiles = pieces.rng.randint(2, 3), []
    side = (pieces.width - 8 * columns) / columns
    plain = pieces.chance(0.4)
    for _ in range(5):
        cells = []
        for _ in range(columns):
            inside = [pieces.image(FILL, side * 0.8)] + (
                [] if plain else [pieces.text(4, 18), pieces.text(2, 6, purpose="price")]
            )
            kind = "list_item" if plain else "card"
            cells.append(Box(kind=kind, purpose="tile", children=inside, pad=4, tappable=True, width=side))
        tiles.append(Box(kind="container", purpose="line", flow="row", children=cells, gap=4))
    return page_of(pieces, list_of(pieces, tiles, gap=4))


def dashboard(pieces: Pieces) -> Box:
    """Shortcuts, banners and rows that move sideways, as shops and portals open with."""
    shortcuts = [
        Box(
            kind="button",
            purpose="shortcut",
            anchor="center",
            pad=4,
            width=72,
            tappable=True,
            children=[
                pieces.icon(pieces.rng.choice((28, 36, 44)), "shortcut"),
                pieces.text(3, 8, scale=0.8, width=WRAP),
            ],
        )
        for _ in range(pieces.rng.choice((4, 5, 8, 10)))
    ]
    tiles = [
        Box(
            kind="card",
            purpose="offer",
            pad=4,
            width=130,
            tappable=True,
            children=[pieces.image(110, 90), pieces.text(4, 24), pieces.text(2, 6, purpose="price")],
        )
        for _ in range(5)
    ]
    banner = Box(kind="scroll", purpose="banner", clip=True, height=150, children=[pieces.image(FILL, 150, "banner")])
    carousel = Box(kind="list", purpose="offers", flow="row", gap=8, clip=True, height=170, children=tiles)
    head = Box(
        kind="container", purpose="section", flow="row", children=[pieces.text(4, 14), pieces.text(3, 6, width=WRAP)]
    )
    grid = Box(
        kind=pieces.rng.choice(("list", "container")), purpose="shortcuts", flow="wrap", gap=4, children=shortcuts
    )
    parts = [grid, banner, head, carousel, pieces.labels(), pieces.row(lead="avatar", trail="text")]
    return page_of(pieces, *parts, bar=pieces.chance(0.5), bottom=bottom(pieces, 0.7))


def profile(pieces: Pieces) -> Box:
    """A person's picture, counts and entries, or a page that still loads."""
    counts = Box(kind="container", purpose="counts", flow="row", gap=8, children=[pieces.text(1, 4) for _ in range(3)])
    busy = [Box(kind="progress", purpose="loading", width=36, height=36)] if pieces.chance(0.5) else []
    entries = [pieces.row(lead="icon", trail="icon") for _ in range(4)]
    return page_of(
        pieces,
        pieces.image(96, 96, "avatar"),
        pieces.text(5, 20, scale=1.4),
        counts,
        *busy,
        pieces.button("edit"),
        *entries,
        bottom=tab_bar(pieces, top=False) if pieces.chance(0.5) else None,
    )


def drawer(pieces: Pieces) -> Box:
    """A side panel over the screen behind it."""
    head = Box(
        kind="container",
        purpose="account",
        pad=16,
        gap=8,
        children=[pieces.avatar(), pieces.text(5, 20), pieces.text(8, 24)],
    )
    entries = [
        pieces.row("menu_item", lead="icon", trail="none", purpose="nav") for _ in range(pieces.rng.randint(4, 8))
    ]
    inside = Box(kind="list", purpose="navigation", children=entries, clip=True, height=pieces.height - 150)
    panel = Box(kind="drawer", purpose="drawer", width=280, height=pieces.height, children=[head, inside])
    behind = rows(pieces)
    return Box(
        kind="container", purpose="root", flow="stack", height=pieces.height, clip=True, children=[behind, panel]
    )
