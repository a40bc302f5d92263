"""What a scoring row holds: the declared features, and what is told afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from samouk.domains.scoring.declaration import Declaration, read
from samouk.edge.wire import Field, Row, Schema
from samouk.loop.live import Joined

VARIABLE = "SAMOUK_SCORING_SCHEMA"
"""Environment variable that names the file of the declared features."""

CALLING, OUTCOME = "scoring.calling", "scoring.outcome"

TOLD = (
    Field("outcome", "number", 0, 1, optional=True, help="how it turned out, 1 is best; missing is not known, never 0"),
    Field("late", "flag", optional=True, help="whether the outcome came after its window had closed"),
    Field("propensity", "number", 0, 1, optional=True, help="chance with which what was shown was chosen"),
)
"""Known only afterwards; a prediction is asked for without them."""

EXAMPLE = Declaration(
    1,
    (
        Field("kind", "category", values=("delivery", "visit", "repair", "errand", "survey"), help="what is offered"),
        Field("channel", "category", values=("app", "web", "phone", "partner"), optional=True, help="where from"),
        Field("hour", "number", 0, 24, help="local hour of the day"),
        Field("distance_km", "number", 0, 50, optional=True, help="way to go"),
        Field("price", "number", 0, 200, help="what it pays"),
        Field("wait_minutes", "number", 0, 240, optional=True, help="how long it has been waiting"),
        Field("rating", "number", 1, 5, optional=True, help="mean rating of who offers it"),
        Field("experience", "integer", 0, 5_000, help="choices that the agent made before"),
        Field("returning", "flag", help="whether the agent knows who offers it"),
        Field("urgent", "flag", optional=True, help="whether it is marked as urgent"),
    ),
)
"""The features that hold where none are declared: a choice that is offered to an agent, as in the simulated world."""


def declared(environment: Mapping[str, str]) -> Declaration:
    """The declared features, or the example. Raises BadDeclaration."""
    path = environment.get(VARIABLE, "").strip()
    return read(Path(path).expanduser(), VARIABLE) if path else EXAMPLE


def schema_of(learner: str, declaration: Declaration) -> Schema:
    """A learner's closed schema: the declared features in their order, then what is told."""
    return Schema(learner, declaration.version, (*declaration.fields, *TOLD))


def sample(joined: Joined) -> Row:
    """An exposure and how it turned out, as the row that is learnt from; who saw it stays behind."""
    told = {"outcome": joined.outcome.value, "late": joined.late, "propensity": joined.exposure.propensity}
    return {**joined.exposure.row, **told}
