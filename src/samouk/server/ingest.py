"""The way of a batch from the wire into the log: checked whole, stored whole, answered after the commit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from samouk.edge.wire import ENVELOPE, MAX_BATCH_ROWS, Upload, WireError, envelope_of
from samouk.loop.columns import to_columns
from samouk.loop.learner import Learner
from samouk.loop.ports import NotFound
from samouk.loop.records import Batch, Stored
from samouk.server import body
from samouk.server.commit import GroupCommit
from samouk.server.counts import OTHER, Intake
from samouk.server.options import Options
from samouk.server.problems import INTERNAL, Busy, Problem, of_error

IN_LOOP = 600_000
"""Unpacked bytes up to which a batch is decoded on the event loop: a few milliseconds, cheaper than a thread."""


class Ingest:
    """Takes uploads for every learner.

    Attributes:
        intakes: learner → what came in since the start; under ``OTHER`` what was sent to learners that are none.
    """

    def __init__(self, learners: Mapping[str, Learner], commit: GroupCommit[Batch, Stored], options: Options) -> None:
        self._learners = learners
        self._commit = commit
        self._options = options
        self._in_flight = 0
        self.intakes = {name: Intake() for name in (*learners, OTHER)}
        self._in_loop = asyncio.Lock()
        # One large document at a time: its plain values may take ten times its size in memory.
        self._large = CapacityLimiter(1)

    @property
    def in_flight(self) -> int:
        """Uploads that have no answer yet."""
        return self._in_flight

    async def upload(self, request: Request, learner: str) -> Response:
        """Answer one upload for a learner: 201 stored, 200 stored before, or a problem."""
        intake = self._intake(learner)
        intake.requests += 1
        try:
            return await self._take(request, learner)
        except Exception as error:
            intake.refusals[(of_error(error) or INTERNAL).status] += 1
            raise

    async def _take(self, request: Request, learner: str) -> Response:
        if self._in_flight >= self._options.max_uploads:
            raise Busy
        self._in_flight += 1
        try:
            batch = await self._receive(request, learner)
            return answer(batch, await self.store(batch))
        finally:
            self._in_flight -= 1

    async def store(self, batch: Batch) -> Stored:
        """Store one checked batch durably. Raises a 410 when it was erased."""
        stored = await self._commit.store(batch)
        intake = self._intake(batch.learner)
        intake.batches[stored] += 1
        if stored is Stored.STORED:
            intake.rows += batch.rows
        if stored is Stored.ERASED:
            raise Problem(
                410, "this batch was erased on its contributor's wish; do not send it again", field="batch_id"
            )
        return stored

    def _intake(self, learner: str) -> Intake:
        return self.intakes[learner if learner in self._learners else OTHER]

    async def _receive(self, request: Request, learner: str) -> Batch:
        if learner not in self._learners:
            raise NotFound(f"no learner is called {learner:.64}; /v1/learners lists those that exist")
        body.require_json(request)
        encoding = request.headers.get("content-encoding", "").strip().lower()
        raw = await body.read(request, self._options.max_body)
        self._intake(learner).received += len(raw)
        async with self._in_loop:
            data = body.inflate(raw, encoding, self._options.max_inflated)
            if len(data) <= IN_LOOP:
                batch = batch_of(self._learners[learner], data)
                # All others are heard before the next: predictions would wait for every batch that came together.
                await asyncio.sleep(0)
                return batch
        return await to_thread.run_sync(batch_of, self._learners[learner], data, limiter=self._large)


def batch_of(learner: Learner, data: bytes) -> Batch:
    """One document as a checked batch. Raises Problem or WireError."""
    upload = envelope_of(body.decode(data, most_of(learner)))
    _require_match(learner, upload)
    columns = to_columns(learner.schema, upload.columns)
    return Batch(upload.batch_id, learner.name, upload.schema_version, upload.group, upload.receipt_hash, columns)


def most_of(learner: Learner) -> body.Most:
    """What the largest good batch may hold, and as much again: commas and brackets may stand in texts too."""
    return body.Most(4 * MAX_BATCH_ROWS, 2 * MAX_BATCH_ROWS * (len(learner.schema.fields) + len(ENVELOPE)))


def _require_match(learner: Learner, upload: Upload) -> None:
    if upload.learner != learner.name:
        raise WireError("learner", f"this address takes batches of {learner.name}; send it to the learner's own")
    if upload.schema_version != learner.schema.version:
        raise WireError("schema", f"{learner.name} takes schema version {learner.schema.version}; update the client")


def answer(batch: Batch, stored: Stored) -> Response:
    """The receipt of a stored batch."""
    content = {"batch_id": batch.batch_id, "samples": batch.rows, "status": str(stored)}
    status = 201 if stored is Stored.STORED else 200
    return Response(msgspec.json.encode(content), status, media_type="application/json")
