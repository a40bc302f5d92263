"""Make registry, clients and audit agree with what the rollouts say, however often and from whatever state.

A rollout is changed by one compare-and-set of its record, and that is the decision: of two processes one
wins. All that follows (stages, a release, a version taken back, acts of the audit) follows from the record
alone and is done here, each step so that it may be done again. A process that is killed between any two
writes leaves a decision without all of its consequences; the next look draws them. The other order,
consequences first, would let two processes release two versions before either finds that it lost.
"""

from __future__ import annotations

from collections.abc import Sequence

from samouk.loop.lease import alone
from samouk.loop.live import Rollout, RolloutState
from samouk.loop.ports import Outdated, Services
from samouk.loop.records import Act, Stage, Version
from samouk.loop.release import hand_out, reconcile, release, take_back

RECENT = 3
"""Newest rollouts that are looked at: the active one and the last that ended, whose end may be half done."""

LEASE_SECONDS = 30.0
"""A settling process that fell silent for so long is taken to be dead."""

_ON_TRIAL = (Stage.STAGING, Stage.CANARY)


def settle(services: Services, learner: str) -> bool:
    """Draw the consequences of every recent change of the learner's rollouts; one process at a time.

    Returns:
        False when another process is at it just now: what it leaves undone, the next call does.
    """
    if _settled(services, learner):
        return True
    with alone(services, place(learner), LEASE_SECONDS) as mine:
        if mine:
            try:
                draw(services, learner)
            except Outdated:  # we slept for longer than the lease, and another process went on
                return False
        return mine


def _settled(services: Services, learner: str) -> bool:
    """Whether nothing is left to draw: reads alone, since this is asked every few minutes and mostly true."""
    champion = services.registry.production(learner)
    if champion is not None and services.publisher.published(learner) != champion.name:
        return False
    recent = services.rollouts.rollouts(learner, RECENT)
    return all(services.journal.cursor(_drawn(rollout)) >= rollout.revision for rollout in recent)


def _drawn(rollout: Rollout) -> str:
    """Name of the cursor that says up to which revision all consequences are drawn."""
    return f"settled:{rollout.rollout_id}"


def place(learner: str) -> str:
    """Name of the lease under which a learner's versions move between stages because of its rollouts."""
    return f"rollout:{learner}"


def draw(services: Services, learner: str) -> None:
    """What ``settle`` does, for who holds the lease."""
    recent = services.rollouts.rollouts(learner, RECENT)
    for rollout in reversed(recent):
        _audit(services, rollout)
        if rollout.state.over:
            _close(services, rollout)
    reconcile(services, learner)
    for rollout in recent:
        if not rollout.state.over:
            _open(services, rollout)
    for rollout in recent:
        services.journal.advance(_drawn(rollout), rollout.revision)


def _audit(services: Services, rollout: Rollout) -> None:
    """Every move is an act; one that was noted just before a kill may be noted twice, none is missing."""
    cursor = f"audited:{rollout.rollout_id}"
    done = services.journal.cursor(cursor)
    subject = f"{rollout.learner}/{'+'.join(rollout.challengers)}"
    for number, move in enumerate(rollout.history[done:], start=done + 1):
        services.audit.append(Act(move.actor, move.action, subject, move.reason, move.at))
        services.journal.advance(cursor, number)


def _open(services: Services, rollout: Rollout) -> None:
    """The challengers are on trial, and clients of the edge find theirs."""
    for version in _challengers(services, rollout):
        if version.stage is Stage.STAGING:
            services.registry.move(rollout.learner, version.name, Stage.CANARY)
    if rollout.mode == "ab":
        _show_clients(services, rollout)


def _show_clients(services: Services, rollout: Rollout) -> None:
    """What clients find follows the newest move: the share of the step, or nothing while it is paused or over.

    A version is offered only where clients have the champion, else those who tried it could not come back.
    """
    cursor = f"shown:{rollout.rollout_id}"
    if services.journal.cursor(cursor) >= len(rollout.history):
        return
    (share,) = rollout.challengers.values()
    (challenger,) = _challengers(services, rollout)
    running = rollout.state in (RolloutState.RUNNING, RolloutState.WAITING) and 0 < share < 1
    if running and services.publisher.published(rollout.learner) == rollout.champion:
        name, offer = rollout.rollout_id, services.publisher.offer
        hand_out(services, challenger, lambda data: offer(challenger, data, name, share))
    else:
        services.publisher.withdraw(rollout.learner, rollout.rollout_id)
    services.journal.advance(cursor, len(rollout.history))


def _close(services: Services, rollout: Rollout) -> None:
    """Release the winner or go on with the champion's bytes, then put every challenger where it belongs."""
    last = rollout.history[-1]
    if rollout.state is RolloutState.PROMOTED:
        _crown(services, rollout, last.actor, last.reason)
    _forward(services, rollout, last.actor, last.reason)
    ended = Stage.ROLLED_BACK if rollout.state is RolloutState.ROLLED_BACK else Stage.ARCHIVED
    leaves = (*_ON_TRIAL, Stage.ARCHIVED) if ended is Stage.ROLLED_BACK else _ON_TRIAL
    for version in _challengers(services, rollout):
        if version.stage in leaves:
            services.registry.move(rollout.learner, version.name, ended)
    if rollout.mode == "ab" and len(rollout.challengers) == 1:
        _show_clients(services, rollout)


def _crown(services: Services, rollout: Rollout, actor: str, reason: str) -> None:
    """Release the winner, unless it was released before, something newer came in between, or it must go."""
    winner = services.registry.version(rollout.learner, crowned(rollout))
    champion = services.registry.production(rollout.learner)
    if not winner.tainted and (champion is None or champion.number < winner.number):
        release(services, winner, actor, reason, instead_of=champion.name if champion else None)


def _forward(services: Services, rollout: Rollout, actor: str, reason: str) -> None:
    """What is in service has a higher number than all that was shown: else its bytes are released again under one.

    Of a version that must go because of an erasure nothing is released again: its successor comes by itself.
    """
    champion = services.registry.production(rollout.learner)
    if champion is None:
        return
    challengers = _challengers(services, rollout)
    if champion.name in rollout.challengers:
        if rollout.state is not RolloutState.ROLLED_BACK:
            return
        champion = services.registry.version(rollout.learner, rollout.champion)
    elif rollout.mode == "shadow" or champion.number > max(version.number for version in challengers):
        return
    if not champion.tainted:
        take_back(services, champion, actor, reason, rollout=rollout.rollout_id)


def crowned(rollout: Rollout) -> str:
    """The challenger that has all of the traffic, or the most."""
    return max(rollout.challengers, key=lambda name: rollout.challengers[name])


def _challengers(services: Services, rollout: Rollout) -> Sequence[Version]:
    return [services.registry.version(rollout.learner, name) for name in rollout.challengers]
