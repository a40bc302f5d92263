"""Who else is spoken to: the cluster that fits, the identity provider, the collector of traces."""

from __future__ import annotations

import http.client
import importlib.util
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

from samouk.diagnosis.finding import State, answered
from samouk.settings import Settings

PATIENCE_S = 5.0
"""What does not answer within it is told as silent."""

_WANTS_CREDENTIALS = (401, 403)
"""Answers of a collector that works, to somebody who brings no headers."""


def trainer(settings: Settings) -> Iterator[tuple[State, str]]:
    """The cluster's library, and whether anybody listens at its address."""
    from samouk.trainers.engine import address_of

    try:
        scheme, place, workers = address_of(settings.trainer)
    except ValueError as error:  # BadAddress, or brackets of an IPv6 address that do not close
        yield State.FAIL, f"SAMOUK_TRAINER: {error}"
        return
    library, extra = ("ray", "ray") if scheme == "ray" else ("distributed", "scale")
    if importlib.util.find_spec(library) is None:
        yield State.FAIL, f"{scheme}:// needs {library}: pip install 'samouk[{extra}]'"
    elif workers:
        yield State.OK, f"{workers} processes of {scheme}, begun when something is to be fitted"
    else:
        yield _listens(f"{scheme}://{place}", *_of(place))


def _of(place: str) -> tuple[str, int]:
    host, _, port = place.rpartition(":")
    return host.strip("[]"), int(port)


def _listens(name: str, host: str, port: int) -> tuple[State, str]:
    begun = time.monotonic()
    try:
        socket.create_connection((host, port), PATIENCE_S).close()
    except OSError as error:
        words = f"nobody answers at {name} ({error.strerror or 'no answer in time'}): turns fail until somebody does"
        return State.FAIL, f"{words}; begin the cluster, or correct SAMOUK_TRAINER"
    return answered(name, time.monotonic() - begun)


def oidc(settings: Settings) -> Iterator[tuple[State, str]]:
    """What its tokens are to mean here, the identity provider's discovery document and its keys."""
    from samouk.assembly import provider_of
    from samouk.server.oidc import BadProvider, published

    provider = provider_of(settings)
    begun = time.monotonic()
    try:
        keys = published(provider.issuer)
    except (OSError, ValueError, BadProvider) as error:
        yield State.FAIL, f"the keys of {provider.issuer} cannot be read ({error}): no token opens this server"
        return
    yield answered(provider.issuer, time.monotonic() - begun)
    if not keys:
        yield State.FAIL, f"{provider.issuer} publishes no key that signs: no token opens this server"


def telemetry(settings: Settings) -> Iterator[tuple[State, str]]:
    """The collector of traces, sent none."""
    if importlib.util.find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        yield State.FAIL, "traces need OpenTelemetry: pip install 'samouk[telemetry]'"
        return
    url = f"{settings.otlp_url.rstrip('/')}/v1/traces"
    if not url.startswith(("http://", "https://")):
        yield State.FAIL, f"SAMOUK_OTLP_URL must begin with http:// or https://, not {settings.otlp_url!r:.60}"
        return
    begun = time.monotonic()
    try:
        # No bytes are a request with no spans in it.
        request = urllib.request.Request(  # noqa: S310 - one of the two schemes
            url, b"", {"Content-Type": "application/x-protobuf"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_S):  # noqa: S310 - as above
            yield answered(url, time.monotonic() - begun)
    except urllib.error.HTTPError as error:
        yield _refused(url, error.code)
        error.close()
    except (http.client.HTTPException, ValueError) as error:  # another protocol, or no address at all
        words = f"{type(error).__name__}: {' '.join(str(error).split())}"
        yield State.FAIL, f"{url} does not speak HTTP ({words:.200}): traces are lost; correct SAMOUK_OTLP_URL"
    except OSError as error:
        reason = getattr(error, "reason", error)
        yield State.FAIL, f"{url} does not answer ({reason}): traces are lost until it does"


def _refused(url: str, code: int) -> tuple[State, str]:
    if code in _WANTS_CREDENTIALS:
        words = "answers, but wants credentials: OTEL_EXPORTER_OTLP_HEADERS must hold them, which is not tried here"
        return State.WARN, f"{url} {words}"
    return State.FAIL, f"{url} answers {code}: name an OpenTelemetry collector that takes OTLP over HTTP"
