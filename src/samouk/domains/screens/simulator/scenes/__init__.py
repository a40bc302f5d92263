"""Whole screens that apps really have, each with how often they show it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from samouk.domains.screens.simulator.layout import Box
from samouk.domains.screens.simulator.pieces import Pieces
from samouk.domains.screens.simulator.scenes import browsing, entry, special

SCENES: Sequence[tuple[Callable[[Pieces], Box], float]] = (
    (entry.login, 1.0),
    (browsing.rows, 1.6),
    (entry.settings, 1.4),
    (browsing.detail, 1.2),
    (entry.search, 0.6),
    (browsing.feed, 1.2),
    (browsing.gallery, 0.7),
    (entry.form, 1.6),
    (special.chat, 0.7),
    (special.player, 0.8),
    (special.onboarding, 0.7),
    (special.place_map, 0.4),
    (special.web, 1.0),
    (browsing.dashboard, 1.5),
    (special.canvas, 0.3),
    (entry.dialog, 1.0),
    (entry.menu, 0.6),
    (browsing.drawer, 0.6),
    (browsing.profile, 0.7),
)
"""Each kind of screen with how often an app shows it: an assumption, with rare types a little too common."""
