"""Rooms of one shape: walks its own folders and the entry points ``samouk.domains``, and names none."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samouk.loop.learner import Domain, Learner

GROUP = "samouk.domains"


class UnknownLearner(LookupError):
    """No domain offers a learner of that name; the message lists those that exist."""


def discover() -> dict[str, Domain]:
    """Every domain by name: this package's folders first, then what other distributions offer.

    Raises:
        ValueError: two domains carry one name.
        TypeError: a folder or an entry point offers no ``Domain``.
    """
    from samouk.loop.learner import Domain

    offers = [(info.name, import_module(f"{__name__}.{info.name}").DOMAIN) for info in _folders()]
    offers += [(point.name, point.load()) for point in sorted(entry_points(group=GROUP), key=lambda p: p.name)]
    found: dict[str, Domain] = {}
    for name, offer in offers:
        if not isinstance(offer, Domain) or offer.name != name:
            raise TypeError(f"domain {name}: must offer a Domain of that name, not {offer!r:.80}")
        if name in found:
            raise ValueError(f"two domains carry the name {name}; rename one")
        found[name] = offer
    return found


def learners() -> dict[str, Learner]:
    """Every learner of every domain by name."""
    return {learner.name: learner for domain in discover().values() for learner in domain.learners}


def learner(name: str) -> Learner:
    """One learner. Raises UnknownLearner."""
    found = learners()
    if name not in found:
        raise UnknownLearner(f"no learner is called {name}; there are: {', '.join(sorted(found))}")
    return found[name]


def _folders() -> list[pkgutil.ModuleInfo]:
    return sorted((info for info in pkgutil.iter_modules(__path__) if info.ispkg), key=lambda info: info.name)
