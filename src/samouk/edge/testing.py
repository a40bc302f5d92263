"""A server in memory that implements Transport: for the tests of those who embed the client, and for ours."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import zlib
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from samouk.edge import wire
from samouk.edge.errors import Unreachable
from samouk.edge.routes import PROBLEM_TYPE, RECEIPT_HEADER
from samouk.edge.tallies import MOST
from samouk.edge.transport import Request, Response
from samouk.edge.wire import Row, Schema, Upload, WireError

MAX_BODY = 64 * 2**20
_TALLY = {"tally_id", "rollout", "version", "side", "shown", "good"}


class MemoryServer:
    """Takes, recognises and erases batches as the real server does, and fails when it is told to. ::

        server = MemoryServer(schema)
        collector = SelfLearningCollector(opt_in=True, transport=server, environ={}, cache_dir=tmp_path)
        server.offline = True

    Attributes:
        batches: what it holds, by ``batch_id``; ``erased``: what it was told to erase.
        tallies: what clients on trial told it, by ``tally_id``; ``over``: rollouts of which it wants no more.
        requests: everything that was ever sent to it, whatever became of it.
        offline: no request reaches it.
        answer: status that it answers to everything instead of doing its work; None for normal service.
        retry_after: value of the header ``Retry-After`` beside that.
        lose_answers: so many requests are still served, but their answers do not arrive.
    """

    def __init__(self, *schemas: Schema, api_key: str = "") -> None:
        self.batches: dict[str, Upload] = {}
        self.erased: set[str] = set()
        self.tallies: dict[str, dict[str, Any]] = {}
        self.over: set[str] = set()
        self.requests: list[Request] = []
        self.offline = False
        self.answer: int | None = None
        self.retry_after: str | None = None
        self.lose_answers = 0
        self._schemas = {schema.name: schema for schema in schemas}
        self._api_key = api_key
        self._proofs: dict[str, tuple[str, dict[str, Any]]] = {}

    def send(self, request: Request) -> Response:
        """Serve one request. Raises Unreachable when it is offline or its answer is to be lost."""
        if self.offline:
            raise Unreachable("the server in memory is switched off")
        self.requests.append(request)
        if self.answer is not None:
            return _problem(self.answer, "as it was told", self.retry_after)
        response = self._serve(request)
        if self.lose_answers:
            self.lose_answers -= 1
            raise Unreachable("the answer was lost")
        return response

    def rows(self) -> Iterator[Row]:
        """Every sample it holds."""
        for upload in self.batches.values():
            for values in zip(*upload.columns.values(), strict=True):
                yield dict(zip(upload.columns, values, strict=True))

    def _serve(self, request: Request) -> Response:
        match [unquote(part) for part in urlsplit(request.url).path.split("/")[1:]]:
            case ["v1", "learners", learner, "samples"] if request.method == "POST":
                return self._take(learner, request)
            case ["v1", "learners", learner, "tallies"] if request.method == "POST":
                return self._count(learner, request)
            case ["v1", "learners", _, "samples", batch_id] if request.method == "DELETE":
                return self._erase(batch_id, request.headers.get(RECEIPT_HEADER, ""))
        return _problem(404, "no such route")

    def _is_foreign(self, request: Request) -> bool:
        return bool(self._api_key) and request.headers.get("Authorization") != f"Bearer {self._api_key}"

    def _count(self, learner: str, request: Request) -> Response:
        if self._is_foreign(request):
            return _problem(401, "this key is not valid")
        try:
            tally = json.loads(request.body or b"")
            fits = tally.keys() == _TALLY and 0 <= tally["good"] <= tally["shown"] <= MOST and tally["shown"] > 0
        except (ValueError, TypeError, AttributeError):
            fits = False
        if learner not in self._schemas or not fits:
            return _problem(422, "is no tally of a learner that is taken here")
        if tally["rollout"] in self.over:
            return _problem(410, "this rollout is over")
        known = self.tallies.setdefault(tally["tally_id"], tally)
        if known != tally:
            return _problem(409, "was sent before with other counts")
        return _json(200, {"tally_id": tally["tally_id"], "status": "kept" if known is tally else "duplicate"})

    def _take(self, learner: str, request: Request) -> Response:
        if self._is_foreign(request):
            return _problem(401, "this key is not valid")
        try:
            upload = self._checked(learner, request.body or b"")
        except (WireError, zlib.error, ValueError) as problem:
            return _problem(422, str(problem))
        if upload.batch_id in self.erased:
            return _problem(410, "this batch was erased")
        known = upload.batch_id in self.batches
        self.batches.setdefault(upload.batch_id, upload)
        status = "duplicate" if known else "stored"
        return _json(200 if known else 201, {"batch_id": upload.batch_id, "samples": _rows(upload), "status": status})

    def _checked(self, learner: str, body: bytes) -> Upload:
        upload = wire.envelope_of(json.loads(zlib.decompressobj(31).decompress(body, MAX_BODY)))
        schema = self._schemas.get(learner)
        if schema is None or upload.learner != learner:
            raise WireError("learner", "is not taken here")
        if upload.schema_version != schema.version or list(upload.columns) != [spec.name for spec in schema.fields]:
            raise WireError("columns", f"must be those of version {schema.version} of the schema")
        plain = dataclasses.replace(upload, columns=wire.plain(upload.columns))
        for place, values in enumerate(zip(*plain.columns.values(), strict=True)):
            schema.check_row(dict(zip(plain.columns, values, strict=True)), f"samples[{place}]")
        return plain

    def _erase(self, batch_id: str, receipt: str) -> Response:
        upload = self.batches.get(batch_id)
        kept, proof = self._proofs.get(batch_id, ("", {})) if upload is None else (upload.receipt_hash, _proof(upload))
        if not kept:
            return _problem(404, "no such batch")
        if wire.receipt_hash(receipt) != kept:
            return _problem(403, "the receipt does not belong to the batch")
        self.batches.pop(batch_id, None)
        self.erased.add(batch_id)
        self._proofs[batch_id] = (kept, proof)
        return _json(200, proof)


def _problem(status: int, detail: str, retry_after: str | None = None) -> Response:
    headers = {} if retry_after is None else {"retry-after": retry_after}
    title = HTTPStatus(status).phrase
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return _json(status, content, {"content-type": PROBLEM_TYPE, **headers})


def _json(status: int, content: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, json.dumps(content).encode(), headers or {"content-type": "application/json"})


def _proof(upload: Upload) -> dict[str, Any]:
    """What the erasure of the batch is answered with; no model learns here, so none is tainted."""
    day = dt.datetime.now(dt.UTC).date().isoformat()
    facts = {"batch_id": upload.batch_id, "learner": upload.learner, "samples": _rows(upload), "day": day}
    return {**facts, "tainted_versions": []}


def _rows(upload: Upload) -> int:
    return len(next(iter(upload.columns.values())))
