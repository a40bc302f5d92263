"""How a rollout begins, and how any change of one is kept: by one compare-and-set of its record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from samouk.loop.learner import Learner
from samouk.loop.lease import alone
from samouk.loop.live import Event, EventKind, Move, Rollout, RolloutState
from samouk.loop.ports import Outdated, Services
from samouk.loop.records import Act, Stage, Version
from samouk.loop.release import enter_again
from samouk.loop.rollout_policy import RolloutPolicy
from samouk.loop.settle import LEASE_SECONDS, draw, place, settle

HELD = "held"
"""On the card of a version whose turn was ordered so: its rollout begins paused, and a person lets it go on."""

PLATFORM = "samouk"
"""The actor of what nobody said."""


class RolloutRefused(ValueError):
    """What was asked makes no sense as things stand.

    Attributes:
        field: what it was asked of: ``rollout``, ``version`` or ``learner``.
        remedy: what would make sense instead.
    """

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field}: {problem}; {remedy}")
        self.field = field
        self.remedy = remedy


def ramps(learner: Learner) -> bool:
    """Whether new versions of the learner prove themselves on people."""
    return learner.policy.rollout is not None and bool(learner.outcomes)


def stage(
    learner: Learner,
    services: Services,
    version: Version,
    actor: str,
    reason: str,
    *,
    beside: Sequence[Version] = (),
    held: bool = False,
) -> Rollout:
    """Begin a rollout of a version that waits in staging, in the mode of the learner's policy.

    Args:
        beside: further challengers; in mode ``ab`` there are none.
        held: it begins paused, and shows nobody anything until a person lets it go on.

    Raises:
        RolloutRefused: the learner has no rollouts, no champion or one that must go, another rollout is not
            over, or a version does not wait, is older than the champion, or lost samples to an erasure.
    """
    settle(services, learner.name)
    policy, champion = _stageable(learner, services, (version, *beside))
    versions = (version, *beside)
    share = {"ab": policy.steps[0], "shadow": 0.0, "bandit": 1 / (len(versions) + 1)}[policy.mode]
    now = services.clock.now()
    blank = Rollout(
        rollout_id=services.chance.randbytes(16).hex(),
        learner=learner.name,
        champion=champion.name,
        challengers={one.name: share for one in versions},
        mode=policy.mode,
        steps=policy.steps,
        step=0,
        state=RolloutState.PAUSED if held else RolloutState.RUNNING,
        seed=services.chance.randbytes(16).hex(),
        started=_after_the_last(services, learner.name, now),
        since=now,
        policy=policy,
    )
    try:
        return keep(services, blank, "stage", EventKind.VERSION_STAGED, actor, reason)
    except Outdated:
        raise _busy(learner) from None


def _stageable(learner: Learner, services: Services, versions: Sequence[Version]) -> tuple[RolloutPolicy, Version]:
    """The policy and the champion of a rollout that may begin."""
    policy, champion = learner.policy.rollout, services.registry.production(learner.name)
    if policy is None or not learner.outcomes:
        raise RolloutRefused("learner", f"{learner.name} has no rollouts", "give it outcomes and a rollout policy")
    if champion is None:
        raise RolloutRefused("learner", f"{learner.name} has no version in service", "release a first one")
    if champion.tainted:
        raise RolloutRefused("learner", f"samples behind {champion.name} were erased", "turn the loop first")
    if policy.mode == "ab" and len(versions) > 1:
        raise RolloutRefused("version", "a ramp compares one version with the champion", "use mode bandit")
    if services.rollouts.active(learner.name) is not None:
        raise _busy(learner)
    for version in versions:
        if version.stage is not Stage.STAGING:
            raise RolloutRefused("version", f"{version.name} is {version.stage}", "only one in staging can be staged")
        if version.tainted:
            raise RolloutRefused("version", f"samples behind {version.name} were erased", "turn the loop again")
        if version.number <= champion.number:
            problem = f"{version.name} is older than {champion.name}, which is in service"
            raise RolloutRefused("version", problem, "turn the loop again")
    return policy, champion


def _busy(learner: Learner) -> RolloutRefused:
    return RolloutRefused("rollout", f"{learner.name} has one that is not over", "promote it or roll it back first")


def _after_the_last(services: Services, learner: str, now: dt.datetime) -> dt.datetime:
    """Rollouts are told apart by when they started, also when the clock was set back between two."""
    last = services.rollouts.rollouts(learner, 1)
    return max([now, *(one.started + dt.timedelta(microseconds=1) for one in last)])


def take_up(learner: Learner, services: Services, reason: str = "waited for its turn") -> Rollout | None:
    """Stage the newest version that waits, if no rollout runs; older ones are superseded and archived.

    One that was judged against the bytes which are in service again goes on under a new number.
    """
    policy = learner.policy.rollout
    if policy is None or not ramps(learner):
        return None
    # Under the lease: a version that another process has entered and is about to release waits for nobody.
    with alone(services, place(learner.name), LEASE_SECONDS) as mine:
        ready = _ready(learner, services, policy) if mine else []
    if not ready:
        return None
    try:
        held = any(one.card.get(HELD) for one in ready)
        return stage(learner, services, ready[-1], PLATFORM, reason, beside=ready[:-1], held=held)
    except RolloutRefused:
        return services.rollouts.active(learner.name)  # somebody was quicker


def _ready(learner: Learner, services: Services, policy: RolloutPolicy) -> list[Version]:
    """The versions that go on now, oldest first; all others that wait are set aside."""
    draw(services, learner.name)
    champion = services.registry.production(learner.name)
    if champion is None or champion.tainted or services.rollouts.active(learner.name) is not None:
        return []
    waiting = [one for one in services.registry.versions(learner.name) if one.stage is Stage.STAGING]
    fit = [one for one in waiting if _may_follow(services, one, champion)]
    chosen = fit if policy.mode == "bandit" else fit[:1]
    for one in waiting:
        if one not in chosen:
            _set_aside(services, one, f"superseded by {chosen[0].name}" if one in fit else _why_not(one, champion))
    # Oldest first: each that needs a new number gets a higher one than those before it.
    return [_numbered(services, one, champion) for one in reversed(chosen)]


def _may_follow(services: Services, version: Version, champion: Version) -> bool:
    if version.tainted or version.artifact_digest == champion.artifact_digest:
        return False
    return version.number > champion.number or _judged_against(services, version, champion)


def _why_not(version: Version, champion: Version) -> str:
    if version.tainted:
        return "samples behind it were erased"
    if version.artifact_digest == champion.artifact_digest:
        return f"its bytes are those of {champion.name}, which is in service"
    return f"{champion.name}, which is newer, is in service"


def _judged_against(services: Services, version: Version, champion: Version) -> bool:
    """Whether the gate compared the version with the very bytes that are in service."""
    if version.parent is None:
        return False
    return services.registry.version(version.learner, version.parent).artifact_digest == champion.artifact_digest


def _numbered(services: Services, version: Version, champion: Version) -> Version:
    """The version under a number above the champion's."""
    if version.number > champion.number:
        return version
    change = f"{version.name} again, under a number above {champion.name}"
    again = enter_again(services, version, PLATFORM, change, change, {"rollout": None})
    _set_aside(services, version, f"goes on as {again.name}")
    return again


def _set_aside(services: Services, version: Version, reason: str) -> None:
    services.registry.move(version.learner, version.name, Stage.ARCHIVED)
    act = Act(PLATFORM, "archive", f"{version.learner}/{version.name}", reason, services.clock.now())
    services.audit.append(act)


def released_at_once(services: Services, version: Version, champion: str) -> Rollout:
    """The record of a version that was released without a ramp."""
    now = services.clock.now()
    return Rollout(
        rollout_id=services.chance.randbytes(16).hex(),
        learner=version.learner,
        champion=champion,
        challengers={version.name: 1.0},
        mode="ab",
        steps=(1.0,),
        step=0,
        state=RolloutState.PROMOTED,
        seed=services.chance.randbytes(16).hex(),
        started=_after_the_last(services, version.learner, now),
        since=now,
    )


def keep(
    services: Services,
    rollout: Rollout,
    action: str,
    kind: EventKind,
    actor: str,
    reason: str,
    figures: Mapping[str, Any] | None = None,
) -> Rollout:
    """Keep the changed rollout with its move and its event in one commit, then draw the consequences.

    Raises:
        Outdated: somebody else changed it first.
    """
    now = services.clock.now()
    weight = max(rollout.challengers.values())
    move = Move(now, actor, str(action), reason, rollout.step, weight, dict(figures or {}))
    body = {
        "rollout": rollout.rollout_id,
        "state": str(rollout.state),
        "champion": rollout.champion,
        "challengers": dict(rollout.challengers),
        "step": rollout.step,
        "actor": actor,
        "reason": reason,
    }
    changed = replace(rollout, reason=reason, history=(*rollout.history, move))
    saved = services.rollouts.save(changed, [Event(kind, rollout.learner, now, body)])
    settle(services, rollout.learner)
    return saved
