"""App models out of recorded events: moments of one screen become one, acts become transitions."""

from __future__ import annotations

from typing import Any

import pytest

from samouk.domains.screens.appmodel.building import ModelBuilder
from samouk.edge.observer import UnreadableSource

APP = "org.example.notes"


def node(kind: str, **told: Any) -> dict[str, Any]:
    bounds = {"bounds": "[0,0][400,100]"}
    return {"class": f"android.widget.{kind}", "package": APP, "enabled": True, **bounds, **told}


def login() -> dict[str, Any]:
    return node(
        "FrameLayout",
        children=[
            node("EditText", **{"resource-id": f"{APP}:id/email", "text": "me@example.org", "clickable": True}),
            node("EditText", **{"resource-id": f"{APP}:id/pin", "password": True, "text": "1234", "clickable": True}),
            node("Button", **{"resource-id": f"{APP}:id/sign_in", "text": "Sign in", "clickable": True}),
        ],
    )


def notes(rows: int) -> dict[str, Any]:
    row = {"resource-id": f"{APP}:id/row", "clickable": True}
    return node(
        "FrameLayout",
        children=[
            node("ImageButton", **{"content-desc": "Add", "resource-id": f"{APP}:id/add", "clickable": True}),
            node("LinearLayout", children=[node("LinearLayout", **row) for _ in range(rows)]),
        ],
    )


def event(hierarchy: object, activity: str, **action: Any) -> dict[str, Any]:
    return {"hierarchy": hierarchy, "platform": "android", "activity": activity, "action": action or None}


EVENTS = [
    event(login(), ".LoginActivity", kind="type", index=1),
    event(login(), ".LoginActivity", kind="tap", index=3),
    event(notes(2), ".NotesActivity", kind="back"),
    event(login(), ".LoginActivity", kind="tap", index=3),
    event(notes(3), ".NotesActivity"),
]


def test_moments_of_one_screen_become_one_and_taps_become_transitions() -> None:
    model = ModelBuilder().build_from_events(EVENTS)
    assert [screen.activity for screen in model.screens] == ["LoginActivity", "NotesActivity"]
    login_key, notes_key = (screen.key for screen in model.screens)
    assert [one[:3] for one in model.transitions] == [(login_key, "sign_in", notes_key)]
    assert [screen.entry for screen in model.screens] == [True, False]
    assert model.app == APP
    rows = [one for one in model.screens[1].elements if one.repeated]
    assert {one.locators[0].value for one in rows} == {"row"}


def test_what_a_person_typed_is_no_part_of_the_model() -> None:
    model = ModelBuilder().build_from_events(EVENTS)
    told = repr(model)
    assert "me@example.org" not in told
    assert "1234" not in told
    pin = model.element(model.screens[0].key, "pin")
    assert (pin.type, pin.secret) == ("password_input", True)


@pytest.mark.parametrize(
    ("events", "named"),
    [
        ([], "no event"),
        ([{"platform": "android"}], "event 1: .*hierarchy"),
        ([event(login(), "A"), {"hierarchy": "<a", "platform": "android"}], "event 2"),
        ([event(login(), "A", kind="fly", index=0)], "event 1: action.kind"),
        ([event(login(), "A", kind="tap")], "event 1: action.index"),
        ([event(login(), "A", kind="tap", index=-1)], "event 1: action.index"),
        ([{"hierarchy": login(), "platform": "windows"}], "event 1: platform"),
        ([{"hierarchy": login(), "platform": "android", "activity": 5}], "event 1: screen"),
    ],
)
def test_a_broken_recording_names_the_event(events: list[dict[str, Any]], named: str) -> None:
    with pytest.raises(UnreadableSource, match=named):
        ModelBuilder().build_from_events(events)
