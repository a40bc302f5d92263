"""What routes work with, the server's own and those that a domain brings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from threading import Event
from typing import Any, ClassVar, TypeVar

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from samouk.edge.wire import WireError
from samouk.loop.erasure import House
from samouk.loop.learner import Domain, Learner
from samouk.loop.ports import Blobs, CorruptBlob, NotFound, Role, Services, covers
from samouk.loop.records import Act, Batch, Stage, Stored, Version
from samouk.server import body
from samouk.server.access import PUBLIC, Access, Caller
from samouk.server.auth import Door, caller_of, operates
from samouk.server.counts import HttpCounts
from samouk.server.erasure import erase
from samouk.server.exposures import Exposures
from samouk.server.hearing import Hearing
from samouk.server.ingest import Ingest
from samouk.server.openapi import Operation, RawRoute, download_operation, upload_operation
from samouk.server.options import Options
from samouk.server.problems import INTERNAL, Failures, of_error
from samouk.server.service import InService
from samouk.server.siblings import KEEPER
from samouk.server.transfer import IMMUTABLE, PRIVATE, Content, respond, unchanged
from samouk.server.views import ErasureView, StatsView, VersionView, stats_of, version_of

ARTIFACT = "application/octet-stream"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Desk:
    """Handed to every maker of routes; a domain needs nothing of this package beside it.

    Attributes:
        services: every port.
        learners: by name.
        exposures: ``await exposures.put([...])`` records predictions before their answers go out.
        hearing: ``await hearing.tell(learner, told)`` keeps outcomes, in a commit with others.
        service: ``service.of(name)`` predicts; ``service.refresh(name)`` after this process changed what serves.
        StatsShape, ErasureShape, VersionShape: types of the answers of ``stats``, ``erase`` and ``view``.
        raw: routes that go past FastAPI, with their description; ``upload_at`` and ``download_at`` fill it.
        declared: endpoint → who may use it; ``allow`` and ``figures`` fill it.
        draining: set when the server is about to stop, and whoever deals requests should find another.
        closing: set when the server stops, so that answers without an end come to one.
        forgets: domain → removes what its running parts know of a subject; how many of what.
        domains: all that there are.
        looks: name → what is done at each look beside what every learner has; for what a domain's routes keep.
        meters: what a domain measures, for ``GET /metrics``: each is called at every scrape, from a thread, and gives
            families of metrics (``prometheus_client.core.CounterMetricFamily`` and its kin). Names are the domain's
            own (``samouk_traffic_..._total``, seconds and bytes as units), labels have few values and never name a
            person or an address. One that fails, or gives a name that is taken, is left out and counted.
        one: beginnings of paths that one process of several answers; ``at_one`` fills it.
        parts: part of the server → how often it failed so far; those that work beside the requests.
        http: requests by route and status.
    """

    services: Services
    learners: Mapping[str, Learner]
    options: Options
    door: Door
    ingest: Ingest
    failures: Failures
    exposures: Exposures
    hearing: Hearing
    service: InService
    StatsShape: ClassVar[type] = StatsView
    ErasureShape: ClassVar[type] = ErasureView
    VersionShape: ClassVar[type] = VersionView
    raw: list[RawRoute] = field(default_factory=list)
    declared: dict[Any, Access] = field(default_factory=dict)
    draining: Event = field(default_factory=Event)
    closing: Event = field(default_factory=Event)
    looks: dict[str, Callable[[], object]] = field(default_factory=dict)
    forgets: dict[str, Callable[[str], Mapping[str, int]]] = field(default_factory=dict)
    domains: tuple[Domain, ...] = ()
    meters: list[Callable[[], Iterable[Any]]] = field(default_factory=list)
    parts: dict[str, Callable[[], int]] = field(default_factory=dict)
    one: list[str] = field(default_factory=list)
    http: HttpCounts = field(default_factory=HttpCounts)

    def learner(self, name: str) -> Learner:
        """Raises NotFound."""
        if name not in self.learners:
            raise NotFound(f"no learner is called {name:.64}; /v1/learners lists those that exist")
        return self.learners[name]

    def allow(self, role: Role | None, about: str = "{name}", **more: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare who may use a route; stands below ``@router.get(...)``, and is all that guards it.

        Args:
            role: the least that is needed; None lets everybody in.
            about: the learner, or ``domain.*``, that it is about; by default the one that ``{name}`` in its path
                tells; "" when it is about the whole platform, for which keys of single learners are not enough.
            more: the other attributes of ``samouk.server.access.Access``.
        """

        def declare(endpoint: Endpoint) -> Endpoint:
            self.declared[endpoint] = Access(role, about, **more)
            return endpoint

        return declare

    def figures(self, about: str = "{name}", **more: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare a route that shows figures, and names nobody: open to whoever ``SAMOUK_FIGURES_ROLE`` says."""
        return self.allow(self.options.figures_role, about, **more)

    def operates(self, request: Request, about: str) -> bool:
        """Whether an operator of that learner asks, and may see who did what, and why; needs ``insight`` declared."""
        return operates(request.scope, about)

    def caller(self, request: Request) -> Caller:
        """Who asks, on a route that needs a role."""
        return caller_of(request.scope)

    def note(self, caller: Caller, action: str, subject: str, reason: str) -> None:
        """Have the audit say what was done."""
        self.services.audit.append(Act(caller.label, action, subject, reason, self.services.clock.now()))

    async def recognised(self, request: Request) -> Caller | None:
        """Who asks, on a route that is open to everybody; None without a key. Raises a 401 for one that is none."""
        return await self.door.recognised(request)

    def refusal(self, error: Exception) -> tuple[int, str]:
        """Status and words of an error, for routes whose errors have a form of their own; failures are counted."""
        problem = of_error(error)
        if problem is None:
            self.failures.add(error)
            problem = INTERNAL
        return problem.status, problem.detail

    async def json_body(self, request: Request, limit: int = 64_000) -> dict[str, Any]:
        """A small JSON object of a request, strictly decoded."""
        body.require_json(request)
        document = body.decode(await body.read(request, limit))
        if not isinstance(document, dict):
            raise WireError("body", "must be a JSON object")
        return document

    async def store(self, batch: Batch) -> Stored:
        """Store one checked batch durably, in a commit with others."""
        return await self.ingest.store(batch)

    def stats(self, learner: str) -> StatsView:
        """Counts over what is stored for a learner."""
        return stats_of(self.services.log.stats(self.learner(learner).name))

    def erase(self, learner: str, batch_id: str, receipt: str) -> ErasureView:
        """Erase a batch by its receipt."""
        return erase(self.services, self.learner(learner).name, batch_id, receipt)

    def domains_of(self, learners: Sequence[Learner], caller: Caller | None = None) -> list[Domain]:
        """Those that one of these learners belongs to, and that are the caller's as a whole.

        What a domain keeps of a person is of all its learners together: a key of one of them is not enough for it.
        """
        found = [domain for domain in self.domains if any(learner in domain.learners for learner in learners)]
        return [one for one in found if caller is None or covers(caller.learners, f"{one.name}.*")]

    def house(self, learners: Sequence[Learner], caller: Caller | None = None) -> House:
        """What an erasure of subjects of these learners needs, on the word of that caller."""
        domains = self.domains_of(learners, caller)
        forgets = {domain.name: self.forgets[domain.name] for domain in domains if domain.name in self.forgets}
        return House(self.services, domains, self._settle, forgets)

    def _settle(self) -> None:
        # What waits in files, be it of a dead server, would come back behind our back.
        self.exposures.recover()
        self.exposures.settle()

    def view(self, version: Version, url: str | None = None) -> VersionView:
        """A version as the API shows it."""
        return version_of(version, url or f"/v1/learners/{version.learner}/versions/{version.name}/artifact")

    def not_modified(self, request: Request, etag: str) -> Response | None:
        """The 304 of a request that names the tag, else None."""
        return Response(None, 304, {"ETag": f'"{etag}"'}) if unchanged(request.headers, etag) else None

    def upload_at(self, path: str, learner: str | None = None) -> None:
        """Take batches by POST at ``path``, for the given learner or the one that ``{name}`` in the path names."""

        async def upload(request: Request) -> Response:
            return await self.ingest.upload(request, learner or request.path_params["name"])

        self.raw_at(path, "POST", upload, upload_operation(path), Access(Role.CONTRIBUTOR, learner or "{name}"))

    def raw_at(self, path: str, method: str, endpoint: Any, operation: Operation, access: Access) -> None:
        """Answer at ``path`` past FastAPI's own layers."""
        self.declared[endpoint] = access
        self.raw.append(RawRoute(path, method, endpoint, operation, access))

    @property
    def keeps(self) -> bool:
        """Whether this process answers what one of several does."""
        siblings = self.options.siblings
        return siblings is None or siblings.number == KEEPER

    def at_one(self, below: str) -> None:
        """Let one process answer all requests below a path, where several listen: it keeps in memory what they tell."""
        self.one.append(below)

    def download_at(self, path: str, summary: str, media_type: str, content: Callable[[Request], Content]) -> None:
        """Give bytes by GET and HEAD at ``path``, whole or in part; ``content`` may block."""

        async def download(request: Request) -> Response:
            return respond(request.headers, await run_in_threadpool(content, request))

        self.raw_at(path, "GET", download, download_operation(path, summary, media_type), PUBLIC)

    def artifact_at(self, path: str, learner: str | None = None) -> None:
        """Give the bytes of the version that ``{version}`` in the path names; their ETag is their sha256.

        Open to everybody are those alone that clients of the edge run. Of a model that is served here the version in
        production is for contributors, who may run it beside their application; all others are for operators.
        """
        about = learner or "{name}"

        async def download(request: Request) -> Response:
            owner = self.learner(learner or request.path_params["name"])
            name = request.path_params["version"]
            version = await run_in_threadpool(self.services.registry.version, owner.name, name)
            least = reader_of(owner, version)
            if least is not None:
                await self.door.admit(request, Access(least, about))
            content = self._artifact(version, IMMUTABLE if least is None else PRIVATE)
            # On a thread: the bytes are read when the answer is made, and only when it holds any.
            return await run_in_threadpool(respond, request.headers, content)

        operation = download_operation(path, "The bytes of a version's model", ARTIFACT)
        self.raw_at(path, "GET", download, operation, PUBLIC)

    def _artifact(self, version: Version, cache: str) -> Content:
        blobs, key, size = self.services.blobs, version.artifact_key, version.artifact_size

        def pieces(first: int, length: int) -> Iterator[bytes]:
            if length == size:
                return iter((blobs.get(key),))
            # The first one now: what cannot be read is told before the answer begins.
            head, end = _part(blobs, key, first, min(length, PART)), first + length
            steps = range(first + PART, end, PART)
            return chain((head,), (_part(blobs, key, step, min(PART, end - step)) for step in steps))

        return Content(size, version.artifact_digest, pieces, ARTIFACT, cache)


PART = 4 << 20
"""Bytes of a range that are read at a time: so much of each answer is in memory, and a bucket is asked this seldom."""


def _part(blobs: Blobs, key: str, first: int, length: int) -> bytes:
    """So many bytes. Raises CorruptBlob where the blob ends before them: an answer without them would look whole."""
    found = blobs.part(key, first, length)
    if len(found) != length:
        raise CorruptBlob(f"blob {key} ends at byte {first + len(found)}, too early; restore it from a backup")
    return found


def reader_of(learner: Learner, version: Version) -> Role | None:
    """The least who may have a version's bytes; None for everybody."""
    if not learner.served and version.stage in (Stage.CANARY, Stage.PRODUCTION):
        return None
    return Role.CONTRIBUTOR if version.stage is Stage.PRODUCTION else Role.OPERATOR


Routes = Callable[[Desk], APIRouter]
"""A file of routes: makes its router, and may add raw routes to the desk."""
