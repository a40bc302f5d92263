"""By which rules a store's server goes: noted in the audit when it starts, so that a command can say that it would not.

A policy stands in a file that each process is told of by itself. A command that was not told would look at a rollout,
or learn, by other rules than the server, and nobody would notice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from samouk.loop.learner import Learner
from samouk.loop.policies import in_words
from samouk.loop.ports import Services
from samouk.loop.records import Act

ACTION = "go by rules"


def note(learner: Learner, services: Services) -> None:
    """Write into the audit what holds from now on, unless the same was noted last."""
    here = _rules(learner)
    if here != _noted(learner, services):
        reason = json.dumps(here, sort_keys=True)
        services.audit.append(Act("samouk", ACTION, f"{learner.name}/policy", reason, services.clock.now()))


def differences(learner: Learner, services: Services) -> list[str]:
    """Where the rules of this process are not those that a server noted last, in words; none when none noted any."""
    noted = _noted(learner, services)
    if noted is None:
        return []
    there, here = dict(_flat(noted)), dict(_flat(_rules(learner)))
    named = sorted(there.keys() | here.keys())
    return [
        f"{name} is {there.get(name, 'absent')} there and {here.get(name, 'absent')} here"
        for name in named
        if there.get(name) != here.get(name)
    ]


def _rules(learner: Learner) -> dict[str, Any]:
    fields = hashlib.sha256(repr(learner.schema.fields).encode()).hexdigest()[:12]
    return {**in_words(learner.policy), "schema": {"version": learner.schema.version, "fields": fields}}


def _noted(learner: Learner, services: Services) -> dict[str, Any] | None:
    found, after = None, 0
    while entries := services.audit.entries(after, prefix=f"{learner.name}/", actions=(ACTION,)):
        found, after = entries[-1].act.reason, entries[-1].sequence
    return None if found is None else dict(json.loads(found))


def _flat(rules: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in rules.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", json.dumps(value)
