"""Screens around one thing: a talk, a film, a map, a page of the web."""

from __future__ import annotations

from samouk.domains.screens.simulator.layout import FILL, WRAP, Box
from samouk.domains.screens.simulator.pieces import Pieces
from samouk.domains.screens.simulator.scenes.page import bottom, list_of, page_of


def chat(pieces: Pieces) -> Box:
    """Messages left and right over a line to write in."""
    bubbles = []
    for _ in range(pieces.rng.randint(5, 9)):
        words = pieces.text(6, 90, width=WRAP if pieces.chance(0.4) else 220, purpose="message")
        bubble = Box(
            kind="container",
            purpose="bubble",
            children=[words, pieces.text(4, 5, scale=0.7, width=WRAP, purpose="time")],
            pad=8,
            width=240,
        )
        side = pieces.rng.choice(("start", "end"))
        bubbles.append(Box(kind="list_item", purpose="message", children=[bubble], anchor=side, pad=4))  # type: ignore[arg-type]
    line = Box(
        kind="container",
        purpose="composer",
        flow="row",
        height=56,
        pad=4,
        gap=4,
        children=[pieces.icon_button("attach"), pieces.field(purpose="message"), pieces.icon_button("send")],
    )
    return page_of(pieces, list_of(pieces, bubbles, gap=4), bottom=line)


def player(pieces: Pieces) -> Box:
    """Video or music with its controls."""
    film = pieces.chance(0.6)
    stage = Box(kind="video", purpose="player", height=220) if film else pieces.image(FILL, 280, "artwork")
    controls = Box(
        kind="container",
        purpose="controls",
        flow="row",
        gap=16,
        width=WRAP,
        children=[pieces.icon_button(name) for name in ("previous", "play", "next")],
    )
    times = Box(
        kind="container", purpose="times", flow="row", children=[pieces.text(4, 5), pieces.text(4, 5, width=WRAP)]
    )
    buffer = [Box(kind="progress", purpose="buffer", height=4)] if pieces.chance(0.4) else []
    return page_of(
        pieces,
        stage,
        pieces.text(8, 40, scale=1.3),
        pieces.text(5, 20),
        *buffer,
        pieces.slider(),
        times,
        controls,
        clip=pieces.chance(0.3),
    )


def onboarding(pieces: Pieces) -> Box:
    """A page of a pager with its dots and a way on."""
    page = Box(
        kind="container",
        purpose="page",
        anchor="center",
        pad=24,
        gap=16,
        children=[
            pieces.image(220, 220, "illustration"),
            pieces.text(8, 30, scale=1.8, purpose="headline"),
            pieces.text(40, 120),
        ],
    )
    high = pieces.height * 0.68
    if pieces.app.framework == "native" and pieces.chance(0.5):
        # ViewPager2 is a pager around a list that shows one page at a time.
        page = Box(kind="list", purpose="pages", children=[page], clip=True, height=high)
    pager = Box(kind="scroll", purpose="pager", children=[page], clip=True, height=high)
    foot = [pieces.button("next"), pieces.link() if pieces.chance(0.5) else pieces.button("skip", width=WRAP)]
    return Box(
        kind="container",
        purpose="root",
        height=pieces.height,
        clip=True,
        pad=0,
        children=[
            Box(kind="container", purpose="status", height=30),
            pager,
            Box(kind="container", purpose="dots", anchor="center", pad=8, children=[pieces.page_indicator()]),
            Box(kind="container", purpose="actions", pad=pieces.app.pad, gap=8, children=foot),
        ],
    )


def place_map(pieces: Pieces) -> Box:
    """A map under a search field, with buttons over it and a card below."""
    chart = Box(kind="map", purpose="map", height=pieces.height)
    find = pieces.icon_button("locate")
    find.anchor = "end"
    card = pieces.card(
        pieces.labels(),
        Box(
            kind="container",
            purpose="actions",
            flow="row",
            gap=8,
            children=[pieces.button("route"), pieces.button("call")],
        ),
    )
    card.anchor = "bottom"
    return Box(
        kind="container", purpose="root", flow="stack", height=pieces.height, clip=True, children=[chart, find, card]
    )


def web(pieces: Pieces) -> Box:
    """A page of the web in the app, loading or loaded; the document is a second web view inside the first."""
    parts = [
        pieces.text(10, 40, scale=1.5),
        pieces.text(80, 300),
        pieces.link(),
        pieces.image(200, 120),
        pieces.button(),
    ]
    page = Box(kind="container", pad=12, gap=8, children=parts)
    inside = [page] if pieces.chance(0.6) else []
    if pieces.chance(0.4):
        links = [Box(kind="list_item", purpose="", children=[pieces.link()]) for _ in range(pieces.rng.randint(2, 6))]
        parts.insert(1, Box(kind="list", children=links))
    title = pieces.words(6, 40)
    if pieces.chance(0.6):
        inside = [Box(kind="web_view", text=title, clip=True, height=pieces.height, children=inside)]
    view = Box(
        kind="web_view", purpose="web", text=title if pieces.chance(0.6) else "", clip=True, height=pieces.height
    )
    view.children = inside
    view.tappable = pieces.chance(0.3)
    bar = [Box(kind="progress", purpose="loading", height=4)] if pieces.chance(0.5) else []
    browser = Box(kind="container", purpose="browser", clip=True, children=[*bar, view])
    return page_of(pieces, browser, bottom=bottom(pieces, 0.5))


def canvas(pieces: Pieces) -> Box:
    """Something that the app draws itself, a game or a chart: nobody can tell its type from outside."""
    drawn = Box(kind="unknown", purpose="board", height=pieces.rng.choice((240, 320, 400)))
    return page_of(pieces, pieces.text(4, 16, scale=1.3), drawn, pieces.text(3, 12), pieces.button("again"))
