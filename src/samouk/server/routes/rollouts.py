"""/v1/learners/{name}/rollout: how a version proves itself on people, live, and a person's words about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from samouk.loop import ramp
from samouk.loop.learner import Learner
from samouk.loop.live import Rollout
from samouk.loop.ports import NotFound, Role, Services
from samouk.loop.reason import reason_of
from samouk.loop.rollout import decide
from samouk.server import insight
from samouk.server.desk import Desk
from samouk.server.views import STRICT, Moment, finite, plain

Word = Literal["advance", "pause", "resume", "promote", "rollback", "approve"]
WORDS: dict[Word, Callable[[Learner, Services, str, str], Rollout]] = {
    "advance": ramp.advance,
    "pause": ramp.pause,
    "resume": ramp.resume,
    "promote": ramp.promote,
    "rollback": ramp.roll_back,
    "approve": ramp.approve,
}


@dataclass(frozen=True, slots=True)
class MoveView:
    """One change of a rollout: who, what, why, and on which figures."""

    at: Moment
    actor: str
    action: str
    reason: str
    step: int
    weight: float | None
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NextView:
    """What would be decided on the figures of this moment; looking changes nothing.

    ``figures`` holds what may be shown: nothing of outcomes before the split is known to be sound.
    """

    action: str
    reason: str
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RolloutView:
    """A rollout.

    Attributes:
        challengers: version → its share of the traffic.
        steps, step: shares through which it goes, and its place among them.
        since: when the present step began.
        next: null once it is over.
    """

    rollout_id: str
    learner: str
    champion: str
    challengers: dict[str, float | None]
    mode: str
    state: str
    steps: list[float]
    step: int
    approval: str
    started: Moment
    since: Moment
    reason: str
    next: NextView | None
    history: list[MoveView]


@dataclass(frozen=True, slots=True)
class RolloutsView:
    """Rollouts, newest first."""

    rollouts: list[RolloutView]


@dataclass(frozen=True, slots=True)
class Said:
    """Why a person says so; it stands in the history and in the audit."""

    __pydantic_config__ = STRICT

    reason: str


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["rollouts"])

    @router.get("/v1/learners/{name}/rollout", summary="The rollout that runs, else the last one, with live figures")
    @desk.figures(insight=True)
    def get_rollout(name: str, request: Request) -> RolloutView:
        learner = desk.learner(name)
        found = newest(learner, desk.services)
        if found is None:
            raise NotFound(f"{name} has had no rollout yet")
        following = None if found.state.over else _next(learner, desk.services, found)
        return _told(learner, found if desk.operates(request, name) else insight.rollout(found), following)

    @router.get("/v1/learners/{name}/rollouts", summary="Rollouts with their history, newest first")
    @desk.figures(insight=True)
    def list_rollouts(name: str, request: Request, limit: Annotated[int, Query(ge=1, le=1_000)] = 20) -> RolloutsView:
        learner = desk.learner(name)
        found = desk.services.rollouts.rollouts(name, limit)
        shown = found if desk.operates(request, name) else [insight.rollout(one) for one in found]
        return RolloutsView([_told(learner, rollout, None) for rollout in shown])

    @router.post("/v1/learners/{name}/rollout/{word}", summary="A person's word about the rollout")
    @desk.allow(Role.OPERATOR)
    async def say(name: str, word: Word, said: Said, request: Request) -> RolloutView:
        who = desk.caller(request).label
        learner, reason = desk.learner(name), reason_of(said.reason)
        changed = await run_in_threadpool(WORDS[word], learner, desk.services, who, reason)
        await run_in_threadpool(desk.service.refresh, name)
        return await run_in_threadpool(view, learner, desk.services, changed)

    return router


def newest(learner: Learner, services: Services) -> Rollout | None:
    """The rollout that runs, else the last one; None before the first."""
    last = services.rollouts.rollouts(learner.name, 1)
    return services.rollouts.active(learner.name) or (last[0] if last else None)


def view(learner: Learner, services: Services, rollout: Rollout) -> RolloutView:
    """The rollout with what would be decided now."""
    return _told(learner, rollout, None if rollout.state.over else _next(learner, services, rollout))


def _next(learner: Learner, services: Services, rollout: Rollout) -> NextView:
    judgement = decide(ramp.facts_of(learner, services, rollout))
    return NextView(judgement.action.value, judgement.reason, plain(judgement.figures))


def _told(learner: Learner, rollout: Rollout, following: NextView | None) -> RolloutView:
    moves = [
        MoveView(move.at, move.actor, move.action, move.reason, move.step, finite(move.weight), plain(move.figures))
        for move in rollout.history
    ]
    return RolloutView(
        rollout_id=rollout.rollout_id,
        learner=rollout.learner,
        champion=rollout.champion,
        challengers={name: finite(share) for name, share in rollout.challengers.items()},
        mode=rollout.mode,
        state=rollout.state.value,
        steps=list(rollout.steps),
        step=rollout.step,
        approval=learner.policy.approval,
        started=rollout.started,
        since=rollout.since,
        reason=rollout.reason,
        next=following,
        history=moves,
    )
