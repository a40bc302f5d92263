"""Traces as a collector gets them: a span a request, a span a call of the store, and nothing that tells who asked."""

from __future__ import annotations

import gzip
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.e2e.platform import Platform

SECRET = "canary-7f3a"
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Collected:
    """What was sent to a collector."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        self.raw = b""

    def take(self, body: bytes) -> None:
        self.raw += body
        self.requests.append(ExportTraceServiceRequest.FromString(body))

    @property
    def spans(self) -> list[Span]:
        groups = [scope for one in self.requests for resource in one.resource_spans for scope in resource.scope_spans]
        return [span for group in groups for span in group.spans]


@contextmanager
def collector() -> Iterator[tuple[str, Collected]]:
    """A collector on a free port, that takes OTLP over HTTP."""
    got = Collected()

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.take(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Taker) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", got
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
def test_a_request_and_what_it_asked_of_the_store_are_one_trace(tmp_path: Path) -> None:
    """The sender's trace goes on in ours; names are templates; the address, the path and the query stay here."""
    with collector() as (url, got):
        platform = Platform(tmp_path / "home", tmp_path / "log", {"SAMOUK_OTLP_URL": url})
        with platform.serving() as base:
            headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "User-Agent": SECRET}
            asked = f"{base}/v1/learners/scoring.outcome/versions?{SECRET}=1"
            with urllib.request.urlopen(urllib.request.Request(asked, headers=headers), timeout=60) as answer:
                assert answer.status == 200
    mine = [span for span in got.spans if span.trace_id.hex() == TRACE]
    (request,) = [span for span in mine if span.kind == Span.SPAN_KIND_SERVER]
    assert request.name == "GET /v1/learners/{name}/versions"
    assert {one.key for one in request.attributes} == {"http.request.method", "http.route", "http.response.status_code"}
    asked_of_the_store = {span.name for span in mine if span.parent_span_id == request.span_id}
    assert "registry.versions" in asked_of_the_store
    assert SECRET.encode() not in got.raw
    assert b"127.0.0.1" not in got.raw


@pytest.mark.slow
def test_a_collector_that_is_gone_costs_spans_and_nothing_else(tmp_path: Path) -> None:
    """The server serves, and ends when it is told to."""
    with collector() as (url, _):
        pass
    platform = Platform(tmp_path / "home", tmp_path / "log", {"SAMOUK_OTLP_URL": url})
    with platform.serving() as base, urllib.request.urlopen(f"{base}/health/live", timeout=60) as answer:
        assert answer.status == 200
