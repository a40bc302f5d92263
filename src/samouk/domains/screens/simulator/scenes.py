"""Whole screens that apps really have: login, settings, feed, chat, player and the like, as boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from samouk.domains.screens.simulator.layout import FILL, WRAP, Box
from samouk.domains.screens.simulator.pieces import Pieces

_BAR = 56.0


def _app_bar(pieces: Pieces, *, back: bool = True, actions: int | None = None) -> Box:
    count = pieces.rng.randint(0, 3) if actions is None else actions
    front = [pieces.icon_button("back")] if back else []
    title = pieces.text(4, 18, scale=1.3, purpose="title")
    if pieces.app.framework == "ios" and pieces.chance(0.5):
        front = [Box(kind="button", purpose="back", text=pieces.words(3, 8), width=WRAP, height=44)] if back else []
    behind = [pieces.icon_button(purpose) for purpose in ("search", "share", "more")[:count]]
    return Box(kind="app_bar", purpose="toolbar", flow="row", children=[*front, title, *behind], pad=4, height=_BAR)


def _tab_bar(pieces: Pieces, *, top: bool) -> Box:
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


def _page(pieces: Pieces, *inside: Box, bar: bool = True, bottom: Box | None = None, clip: bool = True) -> Box:
    """A screen: status bar space, an app bar, content that scrolls under it, and what stands at the bottom."""
    head = [_app_bar(pieces)] if bar else []
    top = 24 if pieces.app.platform == "android" else 44
    foot = [bottom] if bottom else []
    room = pieces.height - top - _BAR * len(head) - (bottom.height if bottom else 0)
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


def _list(pieces: Pieces, rows: Sequence[Box], *, gap: float = 0.0) -> Box:
    return Box(
        kind="list",
        purpose=pieces.rng.choice(("list", "items", "results")),
        children=list(rows),
        clip=True,
        height=pieces.height,
        gap=gap,
    )


def _bottom(pieces: Pieces, share: float) -> Box | None:
    if pieces.chance(0.15):
        return pieces.mini_player()
    return _tab_bar(pieces, top=False) if pieces.chance(share) else None


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
    return _page(
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


def rows(pieces: Pieces) -> Box:
    """A list of like rows, perhaps with a floating button over it."""
    lead, trail = pieces.rng.choice(("icon", "avatar", "none")), pieces.rng.choice(("icon", "button", "text", "none"))
    count = int(pieces.height / pieces.app.row) + 2
    entries: list[Box] = []
    for _ in range(count):
        entries.append(pieces.row(lead=lead, trail=trail))
        if pieces.chance(0.15):
            entries.append(pieces.divider())
    body = _list(pieces, entries)
    if pieces.chance(0.5):
        fab = Box(kind="icon_button", purpose="add", description=pieces.words(3, 10), width=56, height=56, anchor="end")
        body = Box(kind="container", purpose="coordinator", flow="stack", clip=True, children=[body, fab])
        body.children[0].height = pieces.height - _BAR - 24
    return _page(pieces, body, bottom=_bottom(pieces, 0.4))


def settings(pieces: Pieces) -> Box:
    """Headed groups of rows with switches, marks and values."""
    entries: list[Box] = []
    for _ in range(pieces.rng.randint(2, 4)):
        entries.append(pieces.text(4, 14, scale=0.9, purpose="header"))
        for _ in range(pieces.rng.randint(2, 5)):
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
    return _page(pieces, _list(pieces, entries))


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
    return _page(
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
        height=_BAR,
        children=[pieces.icon_button("back"), field, *([pieces.icon_button("clear")] if pieces.chance(0.5) else [])],
    )
    lead, trail = pieces.rng.choice(("icon", "avatar")), pieces.rng.choice(("none", "icon"))
    results = _list(pieces, [pieces.row(lead=lead, trail=trail, purpose="result") for _ in range(9)])
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
            *([_tab_bar(pieces, top=True)] if pieces.chance(0.3) else []),
            results,
        ],
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
    body = _list(pieces, entries, gap=8)
    if pieces.chance(0.5):
        body.height = pieces.height - 210
        body = Box(kind="container", purpose="pages", clip=True, children=[_tab_bar(pieces, top=True), body])
    return _page(pieces, body, bottom=_bottom(pieces, 0.7))


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
    return _page(pieces, _list(pieces, tiles, gap=4))


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
    return _page(pieces, *labelled, pieces.button("submit"))


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
    return _page(pieces, _list(pieces, bubbles, gap=4), bottom=line)


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
    return _page(
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
    return _page(pieces, Box(kind="container", purpose="browser", clip=True, children=[*bar, view]))


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
    return _page(pieces, *parts, bar=pieces.chance(0.5), bottom=_bottom(pieces, 0.7))


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


def canvas(pieces: Pieces) -> Box:
    """Something that the app draws itself, a game or a chart: nobody can tell its type from outside."""
    drawn = Box(kind="unknown", purpose="board", height=pieces.rng.choice((240, 320, 400)))
    return _page(pieces, pieces.text(4, 16, scale=1.3), drawn, pieces.text(3, 12), pieces.button("again"))


def profile(pieces: Pieces) -> Box:
    """A person's picture, counts and entries, or a page that still loads."""
    counts = Box(kind="container", purpose="counts", flow="row", gap=8, children=[pieces.text(1, 4) for _ in range(3)])
    busy = [Box(kind="progress", purpose="loading", width=36, height=36)] if pieces.chance(0.5) else []
    entries = [pieces.row(lead="icon", trail="icon") for _ in range(4)]
    return _page(
        pieces,
        pieces.image(96, 96, "avatar"),
        pieces.text(5, 20, scale=1.4),
        counts,
        *busy,
        pieces.button("edit"),
        *entries,
        bottom=_tab_bar(pieces, top=False) if pieces.chance(0.5) else None,
    )


SCENES: Sequence[tuple[Callable[[Pieces], Box], float]] = (
    (login, 1.0),
    (rows, 1.6),
    (settings, 1.4),
    (detail, 1.2),
    (search, 0.6),
    (feed, 1.2),
    (gallery, 0.7),
    (form, 1.6),
    (chat, 0.7),
    (player, 0.8),
    (onboarding, 0.7),
    (place_map, 0.4),
    (web, 0.6),
    (dashboard, 1.5),
    (canvas, 0.3),
    (dialog, 1.0),
    (menu, 0.6),
    (drawer, 0.6),
    (profile, 0.7),
)
"""Each kind of screen with how often an app shows it: an assumption, with rare types a little too common."""
