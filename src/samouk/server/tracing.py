"""Traces: a span a request and a span a call of the store, sent by OTLP; none names a person, an address or a path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samouk.server.counts import OTHER, ROUTE

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

Port = TypeVar("Port")

# Not OpenTelemetry's global one: libraries that find it (FastAPI, redis) tell addresses, paths and queries.
_providers: list[TracerProvider] = []

FLUSH_MS = 5_000
"""How long a process that ends waits for its last spans to be taken."""


def exporting(url: str) -> AbstractContextManager[None]:
    """Sends the spans of this process to a collector, in batches, from a thread of its own, until the block ends.

    A collector that does not answer costs spans, and nothing else. The sampler and its like are OpenTelemetry's own
    settings (``OTEL_TRACES_SAMPLER``).

    Args:
        url: of the collector, such as ``http://localhost:4318``.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = {"service.name": "samouk", "service.version": version("samouk"), "service.instance.id": uuid4().hex}
    # Not ``Resource.create``: its detectors would add the machine's name and the command line.
    provider = TracerProvider(resource=Resource(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{url.rstrip('/')}/v1/traces")))

    @contextmanager
    def open_until_the_end() -> Iterator[None]:
        _providers.append(provider)
        try:
            yield
        finally:
            _providers.remove(provider)
            provider.force_flush(FLUSH_MS)
            provider.shutdown()

    return open_until_the_end()


def _tracer() -> Tracer:
    return _providers[-1].get_tracer("samouk")


class Traced:
    """A span for each request of an application, while ``exporting``; it goes on with the trace of the sender."""

    def __init__(self, app: ASGIApp) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._app = app
        self._tracer = _tracer()
        self._sender = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        from opentelemetry.trace import SpanKind

        before = self._sender.extract({k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]})
        # An error ends the span as one, without its words: they may hold what was sent.
        with self._tracer.start_as_current_span(
            scope["method"], before, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:

            async def seen(message: Message) -> None:
                if message["type"] == "http.response.start":
                    _answered(span, scope, message["status"])
                await send(message)

            await self._app(scope, receive, seen)


def _answered(span: Span, scope: Scope, status: int) -> None:
    from opentelemetry.trace import StatusCode

    template = scope.get(ROUTE, OTHER)
    span.update_name(f"{scope['method']} {template}")
    span.set_attributes(
        {"http.request.method": scope["method"], "http.route": template, "http.response.status_code": status}
    )
    if status >= 500:
        span.set_status(StatusCode.ERROR)


def traced(port: Port, name: str) -> Port:
    """The port, each of whose methods is a span ``name.method``; no argument of a call is told."""
    return cast(Port, _TracedPort(port, name, _tracer()))


class _TracedPort:
    """Stands before a port: methods are wrapped when they are first asked for, and kept."""

    def __init__(self, port: object, name: str, tracer: Tracer) -> None:
        self._port = port
        self._name = name
        self._tracer = tracer

    def __getattr__(self, member: str) -> Any:
        found = getattr(self._port, member)
        if not callable(found):
            return found
        spanned = _spanned(found, f"{self._name}.{member}", self._tracer)
        setattr(self, member, spanned)
        return spanned


def _spanned(method: Callable[..., Any], name: str, tracer: Tracer) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        with tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as span:
            try:
                return method(*args, **kwargs)
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                raise

    return call
