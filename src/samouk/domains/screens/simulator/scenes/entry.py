"""Screens on which a person enters or sets something."""

from __future__ import annotations

from samouk.domains.screens.simulator.layout import FILL, Box
from samouk.domains.screens.simulator.pieces import Pieces
from samouk.domains.screens.simulator.scenes.page import BAR, list_of, page_of, tab_bar


def login(pieces: Pieces) -> Box:
    """Sign in with fields, a button, a link and other ways in."""
    fields = [pieces.field(), pieces.field("password_input", "password")]
    if pieces.chance(0.4):
        fields.insert(0, pieces.field(purpose="name"))
    extras = [pieces.link()] if pieces.chance(0.7) else []
    marks = [pieces.mark("checkbox", labelled=True)] if pieces.chance(0.5) else []
    others = [pieces.button("google"), pieces.button("apple")] if pieces.chance(0.4) else []
    logo = [pieces.image(96, 96, "logo")] if pieces.chance(0.6) else []
    busy = [Box(kind="progress", purpose="loading", width=48, height=48)] if pieces.chance(0.2) else []
    return page_of(
        pieces,
        *logo,
        pieces.text(8, 24, scale=1.6, purpose="headline"),
        *fields,
        *marks,
        pieces.button("login"),
        *extras,
        *busy,
        *others,
        bar=pieces.chance(0.4),
    )


def settings(pieces: Pieces) -> Box:
    """Headed groups of rows with switches, marks and values."""
    entries: list[Box] = []
    for _ in range(pieces.rng.randint(2, 4)):
        entries.append(pieces.text(4, 14, scale=0.9, purpose="header"))
        for _ in range(pieces.rng.randint(2, 5)):
            if pieces.app.platform == "android" and pieces.chance(0.15):
                entries.append(pieces.mark(pieces.rng.choice(("switch", "checkbox")), labelled=True))
                continue
            trail = pieces.rng.choice(("switch", "switch", "icon", "text", "checkbox", "none"))
            entries.append(pieces.row(lead=pieces.rng.choice(("icon", "none")), trail=trail, purpose="setting"))
    if pieces.chance(0.4):
        entries.insert(
            pieces.rng.randrange(len(entries)),
            Box(
                kind="container",
                purpose="volume",
                flow="row",
                pad=12,
                gap=12,
                children=[pieces.icon(24), pieces.slider()],
            ),
        )
    return page_of(pieces, list_of(pieces, entries))


def search(pieces: Pieces) -> Box:
    """A search field over chips and results."""
    field = Box(
        kind="search_input",
        purpose="search",
        description=pieces.words(4, 14),
        pad=10,
        size=pieces.app.letter,
        height=pieces.rng.choice((40, 48, 56)),
        text=pieces.words(3, 14) if pieces.chance(0.3) else "",
    )
    head = Box(
        kind=pieces.rng.choice(("app_bar", "container")),
        purpose="searchbar",
        flow="row",
        pad=4,
        height=BAR,
        children=[pieces.icon_button("back"), field, *([pieces.icon_button("clear")] if pieces.chance(0.5) else [])],
    )
    lead, trail = pieces.rng.choice(("icon", "avatar")), pieces.rng.choice(("none", "icon"))
    results = list_of(pieces, [pieces.row(lead=lead, trail=trail, purpose="result") for _ in range(9)])
    results.height = pieces.height - 180
    return Box(
        kind="container",
        purpose="root",
        height=pieces.height,
        clip=True,
        children=[
            Box(kind="container", purpose="status", height=30),
            head,
            *([pieces.chips()] if pieces.chance(0.6) else []),
            *([tab_bar(pieces, top=True)] if pieces.chance(0.3) else []),
            results,
        ],
    )


def form(pieces: Pieces) -> Box:
    """Every kind of entry: dates, steppers, sliders, choices and marks."""
    choices = [pieces.mark("radio_button", labelled=True) for _ in range(pieces.rng.randint(2, 4))]
    parts = [
        pieces.field(purpose="name"),
        pieces.dropdown(),
        pieces.slider(),
        pieces.stepper(),
        pieces.date_picker(),
        pieces.segmented(),
        Box(kind="container", purpose="choices", children=choices),
        pieces.chips(),
        pieces.choices("checkbox"),
        pieces.mark("checkbox", labelled=True),
        pieces.mark("switch", labelled=pieces.chance(0.5)),
        pieces.field(purpose="comment"),
    ]
    pieces.rng.shuffle(parts)
    labelled: list[Box] = []
    for part in parts[: pieces.rng.randint(4, 9)]:
        labelled += [pieces.text(4, 16, purpose="label"), part] if pieces.chance(0.6) else [part]
    return page_of(pieces, *labelled, pieces.button("submit"))


def dialog(pieces: Pieces) -> Box:
    """An alert, a sheet or a menu over a dimmed screen."""
    window = Box(
        kind="dialog",
        purpose="dialog",
        width=min(pieces.width - 48, 320),
        pad=20,
        gap=12,
        anchor="center",
        children=[
            pieces.text(6, 30, scale=1.3),
            pieces.text(20, 120, purpose="message"),
            *([pieces.field()] if pieces.chance(0.25) else []),
            *([pieces.choices("radio_button")] if pieces.chance(0.25) else []),
            Box(
                kind="container",
                purpose="buttons",
                flow="row",
                gap=8,
                children=[pieces.button("cancel"), pieces.button("ok")],
            ),
        ],
    )
    if pieces.chance(0.4):
        window.width, window.anchor = FILL, "bottom"
        window.children = [pieces.row("menu_item", lead="icon", trail="none", purpose="option") for _ in range(4)]
    return Box(
        kind="container",
        purpose="root",
        flow="stack",
        height=pieces.height,
        clip=True,
        children=[Box(kind="container", purpose="scrim", height=pieces.height), window],
    )


def menu(pieces: Pieces) -> Box:
    """A popup menu in the corner."""
    items = [
        Box(kind="menu_item", purpose="menu_item", children=[pieces.text(4, 20)], pad=12, height=48)
        for _ in range(pieces.rng.randint(3, 7))
    ]
    return Box(
        kind="container",
        purpose="root",
        flow="stack",
        height=pieces.height,
        clip=True,
        children=[
            Box(kind="list", purpose="menu", children=items, width=196, anchor=pieces.rng.choice(("start", "center")))
        ],
    )
