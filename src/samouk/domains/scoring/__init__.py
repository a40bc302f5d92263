"""Scores for choices, over declared features: how strongly one calls to an agent, and how well it turns out."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from samouk.loop.learner import Domain

    DOMAIN: Domain


def __getattr__(name: str) -> Any:
    """``DOMAIN``, made when it is first asked for: what it holds depends on the declared features."""
    if name != "DOMAIN":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _domain()


def _routes(desk: Any) -> Any:
    from samouk.domains.scoring.api import routes

    return routes(desk)


def _demo(host: Any) -> None:
    from samouk.domains.scoring.demo import demo

    demo(host)


@lru_cache(maxsize=1)
def _domain() -> Domain:
    """Raises BadDeclaration when the declared features cannot be."""
    from samouk.domains.scoring.judge import learner_of
    from samouk.domains.scoring.schema import CALLING, OUTCOME, VARIABLE, declared
    from samouk.loop.learner import Domain

    declaration = declared(os.environ)
    return Domain(
        name="scoring",
        title="Scores and outcomes",
        learners=(learner_of(CALLING, declaration), learner_of(OUTCOME, declaration)),
        home=Path(__file__).parent,
        routes=_routes,
        demo=_demo,
        settings=(
            (VARIABLE, "", "TOML or JSON file that declares the features of scores; without it an example holds"),
        ),
    )
