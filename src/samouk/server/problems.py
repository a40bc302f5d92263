"""Errors as RFC 9457 problems: one table from error to status, and the border behind which nothing leaks.

Problem             refused here, with its status
WireError           the sender's: a field does not fit            422
NotFound            nothing of that name                          404
WrongReceipt        not the contributor's own batch               403
Outdated            somebody else was quicker: look again         409
RolloutRefused      makes no sense as things stand                409
Busy                too much at once: come again                  503
ClientDisconnect    nobody is left to read the answer             400
a full disk         ours, and the sender should keep the batch    507
anything else       ours: counted, its kind and place logged, no word of it sent    500
"""

from __future__ import annotations

import errno
import json
import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samouk.edge.wire import WireError
from samouk.loop.ports import CommitUnknown, NotFound, Outdated, StoreUnavailable, WrongReceipt
from samouk.loop.staging import RolloutRefused
from samouk.server.logs import place_of

MEDIA_TYPE = "application/problem+json"
FIELD_LENGTH = 200
"""Characters of a field's name that are sent back: senders may invent names of any length."""

log = logging.getLogger("samouk.server")


class Problem(Exception):
    """A refusal.

    Attributes:
        status: HTTP status.
        detail: what is wrong and what would be right, for a person.
        field: dotted name of the offending field, where there is one.
    """

    def __init__(
        self, status: int, detail: str, *, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.field = field
        self.headers = headers

    def response(self) -> Response:
        """The refusal as an answer; ``type`` is ``about:blank``, so that ``title`` is the status in words."""
        title = HTTPStatus(self.status).phrase
        body: dict[str, object] = {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail}
        if self.field is not None:
            body["field"] = self.field[:FIELD_LENGTH]
        return Response(json.dumps(body, separators=(",", ":")), self.status, self.headers, MEDIA_TYPE)


class Busy(Exception):
    """More is under way than the server can hold."""


INTERNAL = Problem(500, "the server failed; nothing of this request was stored; try again later")
FULL = Problem(507, "the server's disk is full; nothing of this request was stored; keep it and send it again later")
UNAVAILABLE = Problem(
    503,
    "the server's store is out of order; nothing of this request was stored; try again later",
    headers={"Retry-After": "60"},
)
UNKNOWN = Problem(
    503,
    "the server's store went away while it stored this; send it again: what is there already is not stored twice",
    headers={"Retry-After": "5"},
)
BUSY = Problem(503, "too many uploads at once; send it again in a second", headers={"Retry-After": "1"})


def of_error(error: Exception) -> Problem | None:
    """The refusal that an error stands for, None when it is a failure of the server."""
    match error:
        case Problem():
            return error
        case WireError():
            return Problem(422, error.reason, field=error.field)
        case NotFound():
            return Problem(404, str(error))
        case Outdated():
            return Problem(409, str(error))
        case RolloutRefused():
            return Problem(409, str(error), field=error.field)
        case WrongReceipt():
            return Problem(403, str(error), field="Samouk-Receipt")
        case Busy():
            return BUSY
        case ClientDisconnect():
            return Problem(400, "the connection closed before the body was complete")
        case RequestValidationError():
            return _of_validation(error)
        case HTTPException():
            return Problem(error.status_code, _words(error), headers=error.headers)
        case CommitUnknown():
            return UNKNOWN
        case StoreUnavailable():
            return FULL if _disk_full(error) else UNAVAILABLE
        case _:
            return FULL if _disk_full(error) else None


def _words(error: HTTPException) -> str:
    known = {
        404: "there is no such address; /openapi.json lists those that exist",
        405: "this address does not take that method; the Allow header names those that it takes",
    }
    return known.get(error.status_code, str(error.detail))


def _of_validation(error: RequestValidationError) -> Problem:
    first = error.errors()[0]
    place, *names = (str(part) for part in first["loc"])
    # Of what is not JSON the name would be a place in the text.
    named = [] if first["type"] == "json_invalid" else names
    return Problem(422, _requirement(first), field=".".join(named) or place)


def _requirement(error: Mapping[str, Any]) -> str:
    """What would be right, in the words of this API; pydantic's own for kinds that it does not use itself."""
    words = _REQUIREMENTS.get(error["type"])
    return words.format(**error.get("ctx", {})) if words else str(error["msg"])


_REQUIREMENTS = {
    "missing": "is missing; send it",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "string_type": "must be a text",
    "string_too_short": "must have {min_length} characters or more",
    "string_too_long": "must have {max_length} characters or fewer",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_parsing_size": "must be a whole number of fewer digits",
    "int_from_float": "must be a whole number",
    "bool_parsing": "must be true or false",
    "list_type": "must be an array",
    "uuid_parsing": "must be a UUID",
    "date_from_datetime_parsing": "must be a day, for example 2026-11-16",
    "dataclass_type": "must be a JSON object; send it with Content-Type: application/json",
    "unexpected_keyword_argument": "is not a field of this request; remove it",
    "json_invalid": "is not JSON; correct it",
}


def _disk_full(error: BaseException) -> bool:
    """Whether the cause is a full disk, by whatever library it comes: SQLite tells it in words only."""
    return any(
        getattr(cause, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
        or getattr(cause, "sqlstate", None) == "53100"
        or "disk is full" in str(cause)
        for cause in _causes(error)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


async def _answer(_: Request, error: Exception) -> Response:
    problem = of_error(error)
    if problem is None:
        raise error
    return problem.response()


_REFUSALS: tuple[type[Exception], ...] = (
    Problem,
    WireError,
    NotFound,
    Outdated,
    RolloutRefused,
    WrongReceipt,
    Busy,
    ClientDisconnect,
    RequestValidationError,
    HTTPException,
)


class Failures:
    """How often the server itself failed since it started."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, error: Exception) -> None:
        """Count it, and log its kind and place; never its words, which may hold what was sent."""
        self.count += 1
        log.error("%s", place_of(error))


class Border:
    """The one place where every error ends: a refusal, or a counted failure without a word of its inside."""

    def __init__(self, app: ASGIApp, failures: Failures) -> None:
        self.app = app
        self.failures = failures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - the border of the server; counted
            self.failures.add(error)
            if not started and scope["type"] == "http":
                await (of_error(error) or INTERNAL).response()(scope, receive, send)


def install(app: FastAPI, failures: Failures) -> None:
    """Make every error of ``app`` a problem."""
    for refusal in _REFUSALS:
        app.add_exception_handler(refusal, _answer)
    app.add_middleware(Border, failures=failures)
