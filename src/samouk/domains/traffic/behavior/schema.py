"""What is seen of one user's behaviour: the features of a window, or of the user's typical window."""

from __future__ import annotations

from samouk.domains.traffic.features import FEATURES, LARGEST, SHARES
from samouk.edge.wire import Field, Row, Schema
from samouk.loop.live import Joined

NAME = "traffic.behavior"

SCHEMA = Schema(
    NAME,
    1,
    tuple(Field(name, "number", 0, 1 if name in SHARES else LARGEST, help="of the window") for name in FEATURES),
)
"""Nothing is told afterwards: who behaves alike shows by itself."""


def sample(joined: Joined) -> Row:
    """The window that was shown; whether a person agreed with its group is watched, and not learnt."""
    return dict(joined.exposure.row)
