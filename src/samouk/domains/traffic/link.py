"""How a guard reaches the platform: inside its server, or over HTTP. Calls block; ``courier`` waits for them."""

from __future__ import annotations

import hashlib
import http.client
import json
import secrets
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from samouk.edge.wire import Row, Schema, Upload, WireError, columns_of, encode, receipt_hash
from samouk.loop.outcome import Told, batch_of, tell
from samouk.loop.ports import NotFound
from samouk.loop.records import Artifact
from samouk.loop.serving import NoVersion, PredictionFailed

TIMEOUT_S = 10.0
MAX_ANSWER = 16 << 20
MAX_REFUSAL = 10_000
MAX_ARTIFACT = 64 << 20
"""Bytes of a model that are read, at most."""


class Exposed(NamedTuple):
    """What the platform made of a window: under which event it keeps it, which version weighed it, and its score."""

    event_id: str
    version: str
    score: float | None


class Unlinked(Exception):
    """The platform cannot be reached just now; the same may work later."""


class Refused(Exception):
    """The platform does not take this; sending it again would change nothing."""


class Contradicted(Refused):
    """A 409: what stands there does not go with it."""


class Link(Protocol):
    """The platform, as a guard sees it. Every call may block, and raises Unlinked or Refused."""

    def expose(self, learner: str, unit: str, row: Row) -> Exposed | None:
        """Have a window weighed and kept, rollouts and shadows included; None while no version is in service."""

    def tell(self, learner: str, event_id: str, outcome: str, value: float) -> None:
        """Say how an exposed window turned out; what was told before stays as it was told first."""

    def gather(self, schema: Schema, name: str, group: int, rows: Sequence[Row]) -> None:
        """Keep rows to learn from, of the learner that the schema is named after.

        Args:
            name: of this batch, unlike every other's.
            group: split group of whom the rows are of.
        """

    def champion(self, learner: str) -> tuple[str, Artifact] | None:
        """The version in service and its model; None while there is none."""


class DeskLink:
    """Inside the platform's server.

    Args:
        desk: what its routes work with (``samouk.server.desk.Desk``).
    """

    def __init__(self, desk: Any) -> None:
        self._desk = desk
        self._known: dict[str, tuple[str, Artifact]] = {}

    def expose(self, learner: str, unit: str, row: Row) -> Exposed | None:
        services = self._desk.services
        try:
            shown = self._desk.service.of(learner).predict(unit, row)
        except NoVersion:
            return None
        except (WireError, NotFound) as error:
            raise Refused(str(error)) from None
        except PredictionFailed as error:
            services.journal.expose(error.exposures)
            raise Refused(str(error)) from None
        services.journal.expose([shown.exposure])
        return Exposed(shown.answer.event_id, shown.answer.version, shown.answer.score)

    def tell(self, learner: str, event_id: str, outcome: str, value: float) -> None:
        try:
            tell(self._desk.learner(learner), self._desk.services, [Told(event_id, outcome, value)])
        except (WireError, NotFound) as error:
            raise Refused(str(error)) from None

    def gather(self, schema: Schema, name: str, group: int, rows: Sequence[Row]) -> None:
        try:
            learner = self._desk.learner(schema.name)
            columns_of(schema, rows)
        except (WireError, NotFound) as error:
            raise Refused(str(error)) from None
        self._desk.services.log.append([batch_of(learner, self._desk.services, f"{name}\0{group}", group, rows)])

    def champion(self, learner: str) -> tuple[str, Artifact] | None:
        version = self._desk.services.registry.production(learner)
        if version is None:
            return None
        known = self._known.get(learner)
        if known is None or known[0] != version.name:
            artifact = Artifact(self._desk.services.blobs.get(version.artifact_key), version.metadata)
            known = self._known[learner] = (version.name, artifact)
        return known


class HttpServer:
    """A Samouk server at an address, over the standard library; redirects are not followed.

    Args:
        url: for example ``https://samouk.example.org``.
        key: an API key; "" sends none.
    """

    def __init__(self, url: str, key: str, *, timeout_s: float = TIMEOUT_S) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("url: must begin with http:// or https://")
        self._url = url.rstrip("/")
        self._key = key
        self._timeout_s = timeout_s
        self._opener = urllib.request.build_opener(_StayHere)

    def json(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The JSON object of an answer. Raises Unlinked, Refused, or Contradicted for a 409."""
        body = None if document is None else json.dumps(document, allow_nan=False).encode()
        try:
            answer = json.loads(self.read(method, path, body, MAX_ANSWER))
        except (ValueError, RecursionError):
            raise Refused(f"{path} answered no JSON; is it a Samouk server?") from None
        if not isinstance(answer, dict):
            raise Refused(f"{path} answered no JSON object; is it a Samouk server?")
        return answer

    def read(self, method: str, path: str, body: bytes | None, limit: int) -> bytes:
        """The bytes of an answer, ``limit`` at most. Raises as ``json`` does."""
        headers = {"User-Agent": "samouk"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked at the start
            self._url + path, data=body, headers=headers, method=method
        )
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                data: bytes = answer.read(limit + 1)
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error, path) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unlinked(f"{path}: no answer came ({type(error).__name__}); is the server running?") from None
        if len(data) > limit:
            raise Refused(f"{path} answered with more than {limit:,} bytes")
        return data


class HttpLink:
    """A platform in another process; ``key`` may upload."""

    def __init__(self, url: str, key: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._server = HttpServer(url, key, timeout_s=timeout_s)
        self._known: dict[str, tuple[str, Artifact]] = {}

    def expose(self, learner: str, unit: str, row: Row) -> Exposed | None:
        question = {"unit": unit, "features": dict(row)}
        try:
            answer = self._server.json("POST", f"{_learner(learner)}/predict", question)
        except Contradicted:
            return None  # no version is in service yet
        try:
            score = answer["score"]
            return Exposed(str(answer["event_id"]), str(answer["version"]), None if score is None else float(score))
        except (KeyError, TypeError, ValueError):
            raise Refused("the server's answer is no prediction; is it a Samouk server?") from None

    def tell(self, learner: str, event_id: str, outcome: str, value: float) -> None:
        told = {"event_id": event_id, "metric": outcome, "value": value}
        self._server.json("POST", f"{_learner(learner)}/outcomes", told)

    def gather(self, schema: Schema, name: str, group: int, rows: Sequence[Row]) -> None:
        del name  # a random id tells the server as much
        receipt = receipt_hash(secrets.token_hex(32))
        try:
            columns = columns_of(schema, rows)
        except WireError as error:
            raise Refused(str(error)) from None
        body = encode(Upload(str(uuid.uuid4()), schema.name, schema.version, group, receipt, columns))
        self._server.read("POST", f"{_learner(schema.name)}/samples", body, MAX_ANSWER)

    def champion(self, learner: str) -> tuple[str, Artifact] | None:
        name = self._server.json("GET", _learner(learner)).get("version")
        if not isinstance(name, str):
            return None
        known = self._known.get(learner)
        if known is None or known[0] != name:  # what a version's name stands for never changes
            known = self._known[learner] = (name, self._artifact(learner, name))
        return known

    def _artifact(self, learner: str, name: str) -> Artifact:
        path = f"{_learner(learner)}/versions/{quote(name, safe='')}"
        digest = self._server.json("GET", path).get("sha256")
        data = self._server.read("GET", f"{path}/artifact", None, MAX_ARTIFACT)
        if hashlib.sha256(data).hexdigest() != digest:
            raise Refused(f"the model {name} of {learner} arrived with another sha256 than the registry tells")
        return Artifact(data, {"learner": learner, "version": name})


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows nothing: rows and keys go where the operator said and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _learner(name: str) -> str:
    return f"/v1/learners/{quote(name, safe='')}"


def _refusal(error: urllib.error.HTTPError, path: str) -> Exception:
    status, said = error.code, _said(error)
    if status == 409:
        return Contradicted(said or f"{path} answered 409")
    if status in (408, 429) or status >= 500:
        return Unlinked(f"{path} answered {status}; it may work later")
    remedy = "; check the API key" if status in (401, 403) else ""
    return Refused(f"{path} answered {status}{remedy}" + (f": {said}" if said else ""))


def _said(error: urllib.error.HTTPError) -> str:
    """The server's words, as far as they are a refusal in its form."""
    try:
        document = json.loads(error.read(MAX_REFUSAL))
        where = f"{document['field']} " if "field" in document else ""
        return f"{where}{document['detail']}"[:500]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return ""
