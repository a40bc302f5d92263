"""A server that knows its own normal: alerts that operators answer, load that is foreseen, users by their behaviour."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from samouk.loop.learner import Domain
    from samouk.loop.ports import Services

    DOMAIN: Domain


def __getattr__(name: str) -> Any:
    """``DOMAIN``, made when it is first asked for: a protected application imports this package without the loop."""
    if name != "DOMAIN":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _domain()


def _routes(desk: Any) -> Any:
    from samouk.domains.traffic.api import routes

    return routes(desk)


def _commands() -> Any:
    from samouk.domains.traffic.cli import traffic

    return traffic


def _demo(host: Any) -> None:
    from samouk.domains.traffic.demo import demo

    demo(host)


def _held(services: Services, user_id: str) -> Iterator[Mapping[str, Any]]:
    from samouk.domains.traffic.subjects import held

    return held(services, user_id)


def _forget(services: Services, user_id: str) -> int:
    from samouk.domains.traffic.subjects import forget

    return forget(services, user_id)


def _again(services: Services, gone: Callable[[str], bool]) -> Sequence[str]:
    from samouk.domains.traffic.subjects import again

    return again(services, gone)


def _pending(services: Services, user_id: str) -> Sequence[str]:
    from samouk.domains.traffic.elsewhere import pending

    return pending(services, user_id)


@lru_cache(maxsize=1)
def _domain() -> Domain:
    from samouk.domains.traffic.anomaly.judge import LEARNER as ANOMALY
    from samouk.domains.traffic.behavior.judge import LEARNER as BEHAVIOR
    from samouk.domains.traffic.keeping import RULE_COLUMNS, RULES_SHELF
    from samouk.domains.traffic.load.learner import LEARNER as LOAD
    from samouk.loop.learner import Domain, Subjects, View

    return Domain(
        name="traffic",
        title="Traffic",
        learners=(ANOMALY, LOAD, BEHAVIOR),
        home=Path(__file__).parent,
        routes=_routes,
        commands=_commands,
        demo=_demo,
        # Its name is the key of each document.
        subjects=Subjects(_held, _forget, _pending, _again),
        views=(View("detection_rules", RULES_SHELF, RULE_COLUMNS[1:]),),
    )
