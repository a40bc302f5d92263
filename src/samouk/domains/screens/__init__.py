"""Screens of mobile applications: what each element is, also where its class says nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samouk.domains.screens.judge import LEARNER
from samouk.loop.learner import Domain


def _routes(services: Any) -> Any:
    from samouk.domains.screens.api import routes

    return routes(services)


def _demo(host: Any) -> None:
    from samouk.domains.screens.demo import demo

    demo(host)


DOMAIN = Domain(
    name="screens",
    title="Mobile screens",
    learners=(LEARNER,),
    home=Path(__file__).parent,
    routes=_routes,
    demo=_demo,
)
