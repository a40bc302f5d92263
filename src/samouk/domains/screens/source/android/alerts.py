"""Dialogs that Kotlin or Java build without a layout: their title, their choices and their buttons."""

from __future__ import annotations

from samouk.domains.screens.source.android.behaviour import resolved
from samouk.domains.screens.source.android.drafts import Draft
from samouk.domains.screens.source.android.facts import Alert
from samouk.domains.screens.source.android.layouts import heading, rows
from samouk.domains.screens.source.android.resources import Resources
from samouk.domains.screens.source.widgets import BACK, NO_WORDS, Place

_ROWS = {
    "": "android.widget.TextView",
    "single": "android.widget.CheckedTextView",
    "multiple": "android.widget.CheckedTextView",
}


def alert_drafts(alert: Alert, path: str, resources: Resources) -> list[Draft]:
    """What the platform shows of an alert; its buttons have the platform's own ids."""
    place = Place(path, alert.line)
    drafts: list[Draft] = []
    title = resolved(alert.title, resources)
    if title != NO_WORDS:
        drafts.append(heading(title, place, "alertTitle"))
    if alert.choices:
        words = resources.array(alert.choices)
        found = rows(words or [""], place, _ROWS[alert.mark])
        for one in found:
            one.repeated = not words
            # Without a mark the first tap is the choice, and closes the dialog.
            one.leads_to = "" if alert.mark else BACK
        drafts += found
    for button in sorted(alert.buttons, reverse=True):
        drafts.append(
            Draft(
                name="button",
                class_name="android.widget.Button",
                place=Place(path, button.line),
                identifier=f"android:id/button{button.which}",
                text=resolved(button.words, resources),
                interactive=True,
                clickable=True,
            )
        )
    return drafts
