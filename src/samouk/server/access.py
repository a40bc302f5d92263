"""Who may use a route: each declares it, and one place reads the declarations. No declaration, no server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Message, Receive, Scope, Send

from samouk.loop.ports import Role, covers
from samouk.server.body import read, require_text
from samouk.server.problems import Problem

MAX_PARSED = 64_000
"""Bytes of a body that the framework parses, at most; by itself it would read without end."""

CALLER = "samouk.caller"
"""Where a request's scope keeps who asks."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        key_id: of the API key; of a person a pseudonym. What is counted, is counted under it.
        label: how the audit names whoever it is.
        learners: that it is for, as names or ``domain.*``; none means all.
    """

    key_id: str
    label: str
    role: Role
    learners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a route.

    Attributes:
        role: the least that is needed; None lets everybody in.
        about: the learner that the route is about, or ``domain.*``; ``{name}`` when ``{name}`` in its path tells; ""
            when it is about the whole platform, for which keys of single learners are not enough.
        header: one more header that may hold the key, bare.
        form: makes a refusal's answer, where clients expect a form of their own.
        unbounded: whether it is left out of the rate limits: what asks whether the server lives must never wait.
        insight: whether it shows an operator more than everybody: a key that comes along is read, and must be good.
        most: bytes of a body, for who reads it in the route's place.
        act: what the audit says was done whenever the route answers well; "" where what it calls says so itself, or
            nothing was done. Of whom or what a request was, the audit does not say: it is kept for ever.
    """

    role: Role | None
    about: str = ""
    header: str | None = None
    form: Callable[[Problem], Response] | None = None
    unbounded: bool = False
    insight: bool = False
    most: int = MAX_PARSED
    act: str = ""

    def require(self, caller: Caller, path: Mapping[str, Any]) -> None:
        """Raises a 403 for who may not."""
        if self.role is not None and not caller.role.covers(self.role):
            raise Problem(403, _TOO_LOW.format(has=caller.role, role=self.role), field="Authorization")
        if caller.learners:
            about = self.subject(path)
            if not covers(caller.learners, about):
                what = f"about {about:.64}" if about else "about the whole platform"
                detail = _ELSEWHERE.format(learners=", ".join(caller.learners), what=what)
                raise Problem(403, detail, field="Authorization")

    def subject(self, path: Mapping[str, Any]) -> str:
        """What a request is about, by the parameters of its path; "" for the whole platform."""
        return str(path.get("name", "")) if self.about == "{name}" else self.about


PUBLIC = Access(None)

_TOO_LOW = (
    "this needs the role {role}, and the key or person that asks is {has}; "
    "`samouk keys create --label NAME --role {role}` makes a key that may do this"
)
_ELSEWHERE = "this key is for {learners} alone, and the request is {what}; use a key that is for it"


class Undeclared(Exception):
    """A route does not say who may use it; the message names it."""


Admit = Callable[[Request, Access], Awaitable[None]]
"""Lets a request in, or raises."""

Note = Callable[[Caller, str, str, str], None]
"""Has the audit say who did what to what, over which route; may block."""


def guard(routes: Iterable[BaseRoute], declared: Mapping[Any, Access], admit: Admit, note: Note) -> None:
    """Let no request reach a route before ``admit`` has read its declaration, and ``note`` acts that are declared.

    Raises:
        Undeclared: a route has none, or is of a kind that could not be guarded.
    """
    for route in leaves(routes):
        access = declared.get(getattr(route, "endpoint", None))
        if access is None or not isinstance(route, Route):
            raise Undeclared(f"{getattr(route, 'path', route)} does not say who may use it: declare it with desk.allow")
        _guard(route, access, admit, note)


class Gate:
    """Admits requests to routes that another process answers, so that nothing of a stranger is read for it."""

    def __init__(self, routes: Iterable[BaseRoute], declared: Mapping[Any, Access], admit: Admit) -> None:
        self._routes = [route for route in leaves(routes) if isinstance(route, Route)]
        self._declared = declared
        self._admit = admit

    async def admit(self, scope: Scope) -> Access | None:
        """What the route declares, once the request may come in; None where there is no such route. Raises Problem."""
        for route in self._routes:
            matched, more = route.matches(scope)
            if matched is Match.FULL:
                access = self._declared[route.endpoint]
                await self._admit(Request({**scope, **more}), access)
                return access
        return None


def leaves(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """The routes themselves, also of routers that the framework holds as one."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route
        else:
            yield from leaves(inner.routes)


def _guard(route: Route, access: Access, admit: Admit, note: Note) -> None:
    handle = route.handle
    parsed = getattr(route, "body_field", None) is not None

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        # Another method than the route's own is refused by itself, whoever asks.
        if scope["method"] in (route.methods or ()):
            request = Request(scope, receive, send)
            try:
                await admit(request, access)
                if parsed:
                    data = await read(request, MAX_PARSED)
                    require_text(data)
                    receive = _replayed(data, receive)
            except Problem as refusal:
                if access.form is None:
                    raise
                await access.form(refusal)(scope, receive, send)
                return
            if access.act:
                send = _noting(scope, send, partial(note, scope[CALLER], access.act), access, route)
        await handle(scope, receive, send)

    route.handle = guarded  # type: ignore[method-assign]


def _noting(scope: Scope, send: Send, note: Callable[[str, str], None], access: Access, route: Route) -> Send:
    """Note the act before the first byte of a good answer goes out: nothing leaves of which the audit is silent."""

    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] < 400:
            about = access.subject(scope.get("path_params", {})) or "platform"
            await run_in_threadpool(note, about, f"{scope['method']} {route.path}")
        await send(message)

    return noting


def _replayed(data: bytes, receive: Receive) -> Receive:
    """What gives a body that was read already, then whatever comes after it."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": data, "more_body": False}

    return replay
