"""Rooms of one shape: walks its own folders and the entry points ``samouk.domains``, and names none."""

from __future__ import annotations

import json
import os
import pkgutil
from dataclasses import replace
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samouk.loop.learner import Domain, Learner

GROUP = "samouk.domains"
POLICY = "SAMOUK_POLICY"
SETTINGS = ((POLICY, "", "JSON file of other policies than the learners' own, for the server and for every command"),)
"""What is read here and is no setting of the server: variable, default and meaning."""


class UnknownLearner(LookupError):
    """No domain offers a learner of that name; the message lists those that exist."""


class UnusableDomain(ValueError):
    """What a domain was told from outside cannot be; the message says where it stands and what would be right."""


def discover() -> dict[str, Domain]:
    """Every domain by name: this package's folders first, then what other distributions offer.

    Their learners are under the policies that an operator wants: a JSON file named by ``SAMOUK_POLICY``.

    Raises:
        ValueError: two domains carry one name.
        UnusableDomain: what was told from outside, a file of declared features or of policies, cannot be.
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
    return _under_policies(found, os.environ.get(POLICY, "").strip())


def _under_policies(domains: dict[str, Domain], path: str) -> dict[str, Domain]:
    """The domains with their learners as the file wants them; as they are when none is named."""
    from samouk.loop.policies import BadPolicy, applied

    if not path:
        return domains
    try:
        wanted = json.loads(Path(path).expanduser().read_bytes())
    except OSError as error:
        raise UnusableDomain(f"{POLICY}: {path} cannot be read ({error.strerror}); correct the path") from None
    except (ValueError, RecursionError) as error:
        raise UnusableDomain(f"{POLICY}: {path} is no JSON ({error}); correct it") from None
    names = sorted(one.name for domain in domains.values() for one in domain.learners)
    strange = [name for name in wanted if name not in names] if isinstance(wanted, dict) else ["the file"]
    if strange:
        raise UnusableDomain(f"{POLICY}: {strange[0]} is no learner; {path} must be an object of {', '.join(names)}")
    try:
        changed = {
            name: tuple(applied(one, wanted[one.name]) if one.name in wanted else one for one in domain.learners)
            for name, domain in domains.items()
        }
    except BadPolicy as error:
        raise UnusableDomain(f"{POLICY}: {path}: {error}") from None
    return {name: replace(domain, learners=changed[name]) for name, domain in domains.items()}


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
