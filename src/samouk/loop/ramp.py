"""The ramp: who begins a rollout, who looks at it, and a person's words; the thin shell around ``rollout.decide``.

Each change is one compare-and-set of the rollout's record; ``settle`` draws its consequences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from samouk.loop.forgetting import finish_forgetting
from samouk.loop.learner import Learner, OutcomeSpec
from samouk.loop.live import ArmStats, EventKind, Rollout, RolloutState
from samouk.loop.outcome import assume_silence, harvest
from samouk.loop.ports import Outdated, Services
from samouk.loop.reason import reason_of
from samouk.loop.records import Stage, Version
from samouk.loop.rollout import Action, Facts, Judgement, decide
from samouk.loop.rollout_policy import LARGEST_COMPARED
from samouk.loop.settle import crowned, settle
from samouk.loop.shadows import paired
from samouk.loop.staging import PLATFORM, RolloutRefused, keep, ramps, released_at_once, stage, take_up

__all__ = ["RolloutRefused", "advance", "approve", "facts_of", "interrupt", "look", "pause", "promote", "ramps"]
__all__ += ["resume", "roll_back", "stage", "take_up", "tend"]

_NEXT: Mapping[Action, tuple[RolloutState, EventKind]] = {
    Action.ADVANCE: (RolloutState.RUNNING, EventKind.STEP_ADVANCED),
    Action.REALLOCATE: (RolloutState.RUNNING, EventKind.STEP_ADVANCED),
    Action.PAUSE: (RolloutState.PAUSED, EventKind.PAUSED),
    Action.WAIT: (RolloutState.WAITING, EventKind.WAITING),
    Action.PROMOTE: (RolloutState.PROMOTED, EventKind.PROMOTED),
    Action.ROLL_BACK: (RolloutState.ROLLED_BACK, EventKind.ROLLED_BACK),
    Action.END: (RolloutState.ENDED, EventKind.ENDED),
}
_ONWARD = (Action.ADVANCE, Action.REALLOCATE)


def look(learner: Learner, services: Services) -> Judgement | None:
    """Decide on the learner's rollout and carry it out; None when no rollout runs.

    Any number of processes may look at once: one carries out what is decided, the others find it done.
    """
    for _ in range(2):
        try:
            return _look(learner, services)
        except Outdated:
            continue
    rollout = services.rollouts.active(learner.name)
    weights = rollout.challengers if rollout else {}
    return Judgement(Action.HOLD, "others are changing the rollout just now", {}, weights)


def _look(learner: Learner, services: Services) -> Judgement | None:
    settle(services, learner.name)
    rollout = services.rollouts.active(learner.name)
    if rollout is None:
        take_up(learner, services)
        return None
    obstacle = _obstacle(learner, services, rollout)
    if obstacle:
        judgement = Judgement(Action.END, obstacle, {}, _nothing(rollout))
    else:
        judgement = decide(facts_of(learner, services, rollout))
    if judgement.action is not Action.HOLD:
        _carry_out(services, rollout, judgement)
        take_up(learner, services)
    return judgement


def _carry_out(services: Services, rollout: Rollout, judgement: Judgement) -> None:
    state, kind = _NEXT[judgement.action]
    figures = {**judgement.figures, "version": judgement.version} if judgement.version else judgement.figures
    changed = replace(rollout, state=state, challengers=dict(judgement.weights))
    if judgement.action in _ONWARD:
        changed = replace(changed, step=rollout.step + 1, since=services.clock.now())
    keep(services, changed, judgement.action, kind, PLATFORM, judgement.reason, figures)


def _nothing(rollout: Rollout) -> dict[str, float]:
    return dict.fromkeys(rollout.challengers, 0.0)


def _obstacle(learner: Learner, services: Services, rollout: Rollout) -> str | None:
    """Why the rollout cannot go on whatever its figures say, or None."""
    if not ramps(learner):
        return f"the policy of {learner.name} has no rollouts any more"
    champion = services.registry.production(learner.name)
    if champion is None or champion.name != rollout.champion:
        return f"{rollout.champion} is in service no more, {champion.name if champion else 'no version'} is"
    if champion.tainted:
        return f"samples behind {champion.name}, the champion, were erased"
    for name in rollout.challengers:
        challenger = services.registry.version(learner.name, name)
        if challenger.tainted:
            return f"samples behind {name} were erased"
        if challenger.stage not in (Stage.STAGING, Stage.CANARY):
            return f"{name} is {challenger.stage}"
    return None


def facts_of(learner: Learner, services: Services, rollout: Rollout) -> Facts:
    """All that a judgement of the rollout rests on, read from the store; by the policy that it began under."""
    policy, now = rollout.policy, services.clock.now()
    primary, *others = learner.outcomes

    def arms(spec: OutcomeSpec) -> list[ArmStats]:
        closed = now - spec.window
        # Where silence counts, an exposure counts once its window has closed: before, only those who spoke are known.
        counts = closed if spec.silence is not None else None
        return services.journal.arms(
            rollout.rollout_id, spec.name, slow_ms=policy.slow_ms, exposed_before=counts, closed_before=closed
        )

    shadows = services.journal.shadows(rollout.rollout_id, primary.name) if rollout.mode == "shadow" else ()
    return Facts(
        rollout=rollout,
        policy=policy,
        now=now,
        arms=arms(primary),
        guards={spec.name: arms(spec) for spec in others if spec.guard},
        crossed=services.journal.crossed(rollout.rollout_id),
        shadows=paired(shadows),
        approval=learner.policy.approval,
    )


def tend(learner: Learner, services: Services) -> Judgement | None:
    """What is done for a learner every few minutes; may be done twice, and by two processes at once."""
    finish_forgetting(learner, services)
    assume_silence(learner, services)
    harvest(learner, services, patiently=True)
    return look(learner, services)


def interrupt(learner: Learner, services: Services, reason: str) -> None:
    """End the rollout that runs, if any: a version is about to be released at once."""
    settle(services, learner.name)
    for _ in range(3):
        rollout = services.rollouts.active(learner.name)
        if rollout is None:
            return
        try:
            _carry_out(services, rollout, Judgement(Action.END, reason, {}, _nothing(rollout)))
        except Outdated:
            continue


def advance(learner: Learner, services: Services, actor: str, reason: str) -> Rollout:
    """A person's word: go to the next step now. Raises RolloutRefused."""
    rollout = _running(learner, services, "advance", (RolloutState.RUNNING,))
    following = rollout.step + 1
    if rollout.mode != "ab" or following >= len(rollout.steps) or rollout.steps[following] > LARGEST_COMPARED:
        raise RolloutRefused("rollout", "no step is left before the release", "promote it, or wait for the proof")
    share = dict.fromkeys(rollout.challengers, rollout.steps[following])
    changed = replace(rollout, step=following, challengers=share, since=services.clock.now())
    return _say(services, changed, Action.ADVANCE, EventKind.STEP_ADVANCED, actor, reason)


def pause(learner: Learner, services: Services, actor: str, reason: str) -> Rollout:
    """A person's word: show the champion to all until further notice. Raises RolloutRefused."""
    rollout = _running(learner, services, "pause", (RolloutState.RUNNING, RolloutState.WAITING))
    changed = replace(rollout, state=RolloutState.PAUSED)
    return _say(services, changed, Action.PAUSE, EventKind.PAUSED, actor, reason)


def resume(learner: Learner, services: Services, actor: str, reason: str) -> Rollout:
    """A person's word: go on at the step where it was paused, which lasts its full time anew. Raises RolloutRefused."""
    rollout = _running(learner, services, "resume", (RolloutState.PAUSED,))
    changed = replace(rollout, state=RolloutState.RUNNING, since=services.clock.now())
    return _say(services, changed, "resume", EventKind.RESUMED, actor, reason)


def promote(learner: Learner, services: Services, actor: str, reason: str, *, version: str | None = None) -> Rollout:
    """A person's word: release the challenger whatever is proven; among several, ``version``. Raises RolloutRefused."""
    states = (RolloutState.RUNNING, RolloutState.PAUSED, RolloutState.WAITING)
    return _crown(learner, services, _running(learner, services, "promote", states), actor, reason, version)


def approve(learner: Learner, services: Services, actor: str, reason: str) -> Rollout:
    """A person's word for what waits for one: a rollout's winner, or, when no rollout runs, a version in staging.

    Raises:
        RolloutRefused: nothing waits.
    """
    settle(services, learner.name)
    rollout = services.rollouts.active(learner.name)
    if rollout is None:
        return _approve_staged(learner, services, actor, reason)
    if rollout.state is not RolloutState.WAITING:
        raise RolloutRefused("rollout", f"it is {rollout.state}, nothing waits for approval", "wait, or promote it")
    return _crown(learner, services, rollout, actor, reason, rollout.history[-1].figures.get("version"))


def roll_back(learner: Learner, services: Services, actor: str, reason: str) -> Rollout:
    """A person's word: the challenger goes, or, when no rollout runs, the version in service.

    What was in service before comes back as a new, higher version with the old bytes.

    Raises:
        RolloutRefused: there is nothing to go back to.
    """
    settle(services, learner.name)
    rollout = services.rollouts.active(learner.name) or _way_back(learner, services)
    changed = replace(rollout, state=RolloutState.ROLLED_BACK, challengers=_nothing(rollout))
    return _say(services, changed, Action.ROLL_BACK, EventKind.ROLLED_BACK, actor, reason)


def _running(learner: Learner, services: Services, word: str, states: Sequence[RolloutState]) -> Rollout:
    """The active rollout, if ``word`` makes sense in its state."""
    settle(services, learner.name)
    rollout = services.rollouts.active(learner.name)
    if rollout is None:
        raise RolloutRefused("rollout", f"{learner.name} has none that runs", f"stage a version before you {word} it")
    if rollout.state not in states:
        fits = " or ".join(states)
        raise RolloutRefused("rollout", f"it is {rollout.state}", f"only a rollout that is {fits} can {word}")
    return rollout


def _crown(
    learner: Learner, services: Services, rollout: Rollout, actor: str, reason: str, version: str | None
) -> Rollout:
    """Give all of the traffic to one challenger."""
    winner = version or crowned(rollout)
    if winner not in rollout.challengers:
        names = ", ".join(rollout.challengers)
        raise RolloutRefused("version", f"{winner} is no challenger", f"choose one of {names}")
    obstacle = _obstacle(learner, services, rollout)
    if obstacle:
        raise RolloutRefused("rollout", obstacle, "roll it back, or let the next look end it")
    weights = {name: float(name == winner) for name in rollout.challengers}
    changed = replace(rollout, state=RolloutState.PROMOTED, challengers=weights)
    return _say(services, changed, Action.PROMOTE, EventKind.PROMOTED, actor, reason)


def _approve_staged(learner: Learner, services: Services, actor: str, reason: str) -> Rollout:
    """The newest version in staging: staged where versions prove themselves on people, else released."""
    versions = services.registry.versions(learner.name)
    version = next((one for one in versions if one.stage is Stage.STAGING), None)
    champion = services.registry.production(learner.name)
    if version is None or (champion is not None and champion.number > version.number):
        newer = f" that is newer than {champion.name}, which is in service" if version and champion else ""
        raise RolloutRefused("version", f"none of {learner.name} waits in staging{newer}", "turn the loop first")
    if champion is not None and ramps(learner):
        return stage(learner, services, version, actor, reason_of(reason))
    if version.tainted:
        raise RolloutRefused("version", f"samples behind {version.name} were erased", "turn the loop again")
    promoted = replace(released_at_once(services, version, (champion or version).name), state=RolloutState.PROMOTED)
    return _say(services, promoted, Action.PROMOTE, EventKind.PROMOTED, actor, reason)


def _way_back(learner: Learner, services: Services) -> Rollout:
    """The record of the release of what is in service, with what was in service before it as its champion."""
    champion = services.registry.production(learner.name)
    if champion is None:
        raise RolloutRefused("version", f"{learner.name} has none in service", "release a version first")
    newest = services.rollouts.rollouts(learner.name)
    before = next((one.champion for one in newest if _crowned_here(one, champion)), champion.parent)
    known = {one.name: one for one in services.registry.versions(learner.name)}
    while before is not None and before in known:
        old = known.pop(before)
        other = old.artifact_digest != champion.artifact_digest
        if other and old.stage is Stage.ARCHIVED and not old.tainted:
            return released_at_once(services, champion, old.name)
        before = old.parent
    problem = f"nothing that was in service before {champion.name} may come back"
    raise RolloutRefused("version", problem, "turn the loop: it makes a successor")


def _crowned_here(rollout: Rollout, champion: Version) -> bool:
    return rollout.state is RolloutState.PROMOTED and rollout.challengers.get(champion.name) == 1.0


def _say(services: Services, rollout: Rollout, action: str, kind: EventKind, actor: str, reason: str) -> Rollout:
    """Keep what a person decided.

    Raises:
        RolloutRefused: somebody else changed the rollout meanwhile.
        WireError: the reason is none.
    """
    try:
        return keep(services, rollout, action, kind, actor, reason_of(reason))
    except Outdated:
        problem = "somebody else changed it just now"
        raise RolloutRefused("rollout", problem, "look at it again, then say what you want") from None
