"""The end of a run: kept first, then noted and told; what a killed process left out is made up for."""

from __future__ import annotations

from dataclasses import replace

from samouk.loop import ramp
from samouk.loop.learner import Learner
from samouk.loop.lease import alone
from samouk.loop.live import Event, EventKind
from samouk.loop.ports import Services
from samouk.loop.records import Act, Run, RunEnd, Stage, TriggerKind, Verdict, Version
from samouk.loop.staging import HELD

RUN = "run"
"""On a version's card: the run that entered it."""

LEASE_SECONDS = 30.0
"""A run that fell silent for so long is taken to be dead; a living one renews three times as often."""

_NEWEST = 20
"""Runs among which those are looked for whose process died: each turn looks, so that there is one at most."""

_EVENTS = 1_000
"""Newest events among which the one is looked for that a dying process may have told."""


def place(learner: str) -> str:
    """Name of the lease under which a learner's turns are taken."""
    return f"turn:{learner}"


def conclude(services: Services, run: Run) -> None:
    """Keep the end of a run, note it and tell of it."""
    services.runs.save(replace(run, told=False))
    services.audit.append(_act(run))
    services.rollouts.say(_events(run))
    services.runs.save(run)


def make_up(learner: Learner, services: Services) -> None:
    """What ``close`` does, unless a turn is being taken: that one has done it."""
    if any(_unfinished(run) for run in services.runs.runs(learner.name, _NEWEST)):
        with alone(services, place(learner.name), LEASE_SECONDS) as mine:
            if mine:
                close(learner, services)


def close(learner: Learner, services: Services, but: str | None = None) -> None:
    """End the runs whose process died, and tell of those that ended and were not told; for who holds the lease.

    Args:
        but: id of a run that is taken up again.
    """
    for run in reversed(services.runs.runs(learner.name, _NEWEST)):
        if run.run_id == but or not _unfinished(run):
            continue
        if run.end is None:
            conclude(services, _dead(learner, services, run))
        else:
            _tell_again(services, run)


def _unfinished(run: Run) -> bool:
    return run.end is None or not run.told


def _dead(learner: Learner, services: Services, run: Run) -> Run:
    """As it would have ended: a version that it entered tells how far it came."""
    ended = replace(run, ended=services.clock.now(), end=RunEnd.FAILED)
    version = entered(services, run)
    if version is not None:
        ended = replace(ended, version=version.name, snapshot=version.snapshot)
        if _waits(learner, run, version):
            return replace(ended, end=RunEnd.STAGED)
        if version.stage is not Stage.STAGING:
            return replace(ended, end=RunEnd.RELEASED)
    return replace(ended, error="its process died before the run ended")


def entered(services: Services, run: Run) -> Version | None:
    """The version that a run entered."""
    versions = services.registry.versions(run.learner)
    return next((one for one in versions if one.card.get(RUN) == run.run_id), None)


def _waits(learner: Learner, run: Run, version: Version) -> bool:
    """Whether its run ended with the version's entry: others release it, once it has proven itself."""
    on_trial = version.parent is not None and run.order.kind is not TriggerKind.ERASURE and ramp.ramps(learner)
    return on_trial or bool(version.card.get(HELD)) or learner.policy.approval == "human"


def _tell_again(services: Services, run: Run) -> None:
    act, events = _act(run), _events(run)
    noted = services.audit.entries(prefix=act.subject, actions=[act.action])
    if all(entry.act != act for entry in noted):
        services.audit.append(act)
    after = max(services.rollouts.last_event() - _EVENTS, 0)
    told = [(one.kind, one.at, one.body) for one in services.rollouts.events(after, _EVENTS)]
    if (events[0].kind, events[0].at, events[0].body) not in told:
        services.rollouts.say(events)
    services.runs.save(replace(run, told=True))


def _act(run: Run) -> Act:
    return Act("samouk", "turn", f"{run.learner}/{run.run_id}", _summary(run), run.ended or run.started)


def _events(run: Run) -> list[Event]:
    """What those who listen are told of a run's end; a version that goes on trial tells of itself."""
    at = run.ended or run.started
    body = {"run": run.run_id, "trigger": str(run.order.kind), "reason": run.order.reason, "end": str(run.end)}
    finished = Event(EventKind.RUN_FINISHED, run.learner, at, {**body, "version": run.version, "error": run.failure})
    if run.end is not RunEnd.RELEASED:
        return [finished]
    promoted = {"version": run.version, "actor": "samouk", "reason": run.order.reason}
    return [finished, Event(EventKind.PROMOTED, run.learner, at, promoted)]


def _summary(run: Run) -> str:
    verdict: Verdict | None = run.verdict
    reasons = "; ".join(verdict.reasons) if verdict else (run.failure or "")
    return f"{run.order.kind}: {run.order.reason} → {run.end}" + (f" ({reasons})" if reasons else "")
