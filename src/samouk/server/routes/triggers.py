"""/v1/learners/{name}/triggers and /runs by POST: how near it is to time to learn, and a person's word for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from samouk.loop import watch
from samouk.loop.ports import Role
from samouk.loop.reason import reason_of
from samouk.server.desk import Desk
from samouk.server.problems import Problem
from samouk.server.views import STRICT, Moment, finite


@dataclass(frozen=True, slots=True)
class TriggerView:
    """One trigger as it stands.

    Attributes:
        value: of what it looks at, now; null when that is not known yet.
        threshold: at which it fires.
        share: how far it has come, 1 and above when it fires.
        fired: when a run was last taken for this reason.
    """

    kind: str
    name: str
    value: float | None
    threshold: float | None
    share: float | None
    fired: Moment | None
    note: str


@dataclass(frozen=True, slots=True)
class ThresholdView:
    """One change of an adaptive threshold."""

    at: Moment
    kind: str
    name: str
    before: float | None
    after: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class TriggersView:
    """Every trigger, and how the thresholds came to be what they are, oldest first."""

    learner: str
    triggers: list[TriggerView]
    thresholds: list[ThresholdView]


@dataclass(frozen=True, slots=True)
class Wish:
    """Why to learn now; with ``hold`` what passes waits for a person's word, whatever the policy says."""

    __pydantic_config__ = STRICT

    reason: str
    hold: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """A turn that begins; the learner's runs tell how it ends."""

    learner: str
    runs: str


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["runs"])

    @router.get("/v1/learners/{name}/triggers", summary="How near each trigger is, and the history of its threshold")
    @desk.figures()
    def get_triggers(name: str) -> TriggersView:
        learner = desk.learner(name)
        lines = [_trigger(one) for one in watch.view(learner, desk.services)]
        changes = [
            ThresholdView(one.at, one.kind.value, one.name, finite(one.before), finite(one.after), one.reason)
            for one in desk.services.rollouts.thresholds(name)
        ]
        return TriggersView(name, lines, changes)

    @router.post("/v1/learners/{name}/runs", status_code=202, summary="Learn now, in a process of its own")
    @desk.allow(Role.OPERATOR)
    async def start_run(name: str, wish: Wish, request: Request) -> Begun:
        key = desk.caller(request)
        learner, reason = desk.learner(name), reason_of(f"{reason_of(wish.reason)} ({key.label})")
        if desk.options.turns is None:
            raise Problem(409, "this server does not train; `samouk retrain` does, on the machine with the store")
        if await run_in_threadpool(desk.services.leases.held, f"turn:{name}"):
            raise Problem(409, f"{name} is learning already; its runs tell how it ends")
        await run_in_threadpool(partial(desk.options.turns.start, learner.name, reason, hold=wish.hold))
        return Begun(name, f"/v1/learners/{name}/runs")

    return router


def _trigger(one: watch.TriggerView) -> TriggerView:
    value, threshold, share = finite(one.value), finite(one.threshold), finite(one.share)
    return TriggerView(one.kind.value, one.name, value, threshold, share, one.fired, one.note)
