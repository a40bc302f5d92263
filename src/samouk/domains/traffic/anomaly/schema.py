"""What is kept of a weighed window to learn from, and what an operator says of it later."""

from __future__ import annotations

from samouk.domains.traffic.features import FEATURES, LARGEST, SHARES
from samouk.domains.traffic.records import Severity
from samouk.edge.wire import Field, Row, Schema
from samouk.loop.live import Joined

NAME = "traffic.anomaly"

LARGEST_DEVIATION = 50.0
"""Robust standard deviations beyond which it makes no difference how many."""

LARGEST_TIMES = 1e6
MOST_SEEN = 1_000_000
SCOPES = ("user", "server")
SEVERITIES: tuple[Severity, ...] = tuple(Severity)

DEVIATIONS = tuple(f"dev_{name}" for name in FEATURES)
TIMES = tuple(f"times_{severity.value}" for severity in SEVERITIES)

TOLD = (
    Field("verdict", "number", 0, 1, optional=True, help="1 confirmed, 0 dismissed; missing is not known, never 0"),
    Field("late", "flag", optional=True, help="whether the verdict came after its window had closed"),
)
"""Known only afterwards; a prediction is asked for without them."""

SCHEMA = Schema(
    NAME,
    1,
    (
        *(Field(name, "number", 0, 1 if name in SHARES else LARGEST, help="of the window") for name in FEATURES),
        *(
            Field(name, "number", -LARGEST_DEVIATION, LARGEST_DEVIATION, help="robust z-score against the user's own")
            for name in DEVIATIONS
        ),
        Field("seen", "integer", 0, MOST_SEEN, help="windows that the own normal was learnt from"),
        *(
            Field(name, "number", 0, LARGEST_TIMES, help="how often the threshold goes into the value; 0: no rule hits")
            for name in TIMES
        ),
        Field("scope", "category", values=SCOPES, help="a user's window, or the whole server's"),
        *TOLD,
    ),
)
"""Of the rules that hit, only the strongest of each severity counts: rules over related features are no independent
witnesses. Nobody's name is in it, and no address."""


def sample(joined: Joined) -> Row:
    """A window that was shown as an alert and what the operator said of it, as the row that is learnt from."""
    return {**joined.exposure.row, "verdict": joined.outcome.value, "late": joined.late}
