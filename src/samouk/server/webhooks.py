"""Tell those who asked of every event, by HTTP: signed, in order, at least once.

The signature follows the Standard Webhooks specification (standardwebhooks.com), so that its ready-made
verifiers accept it: ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature`` (``v1,`` and the
base64 of HMAC-SHA256 over ``id.timestamp.body``).
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import hmac
import http.client
import ipaddress
import json
import logging
import secrets
import socket
import ssl
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import SplitResult, urlsplit

from samouk.edge.wire import WireError
from samouk.loop.live import Event, EventKind, Webhook
from samouk.loop.ports import Services
from samouk.server.logs import told

log = logging.getLogger("samouk.webhooks")

TIMEOUT_S = 10.0
"""How long a receiver may take from the first byte sent to the head of its answer, however it deals it out."""

ROUND_S = 20.0
"""A receiver that takes longer for its events of one round gets the rest in the next."""

ABREAST = 8
"""Receivers that are served at a time."""

ATTEMPTS = 12
"""Deliveries of one event before it is given up: with the pauses below, over a day."""

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 6 * 3600.0
EVENTS_A_ROUND = 50
"""Events for one receiver in one round, so that a slow one does not keep the others waiting for long."""

CLAIM_S = 120.0
"""A server that fell silent for so long, in the middle of a delivery, loses the receiver to another."""

MAX_URL = 2_000
SECRET_PREFIX = "whsec_"  # noqa: S105 - marks a secret, is none


_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_TRANSLATED_HERE = ipaddress.IPv6Network("64:ff9b:1::/48")
"""What gateways between IPv6 and IPv4 lead on: to anywhere (RFC 6052), and in a network of their own (RFC 8215)."""


class Undelivered(Exception):
    """The receiver did not take an event; the message says what it did instead."""


def new_hook(url: str, learner: str | None, kinds: Sequence[str], now: dt.datetime, *, private: bool) -> Webhook:
    """A hook with a fresh secret, told of what happens from now on once its ``delivered`` is set.

    Raises:
        WireError: the address cannot be delivered to, or a kind does not exist.
    """
    _split(url, private=private)
    known = {kind.value for kind in EventKind}
    for kind in kinds:
        if kind not in known:
            raise WireError("kinds", f"{kind!r:.40} is no kind of event; there are: {', '.join(sorted(known))}")
    secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    return Webhook(uuid.uuid4().hex, url, secret, learner, tuple(EventKind(kind) for kind in kinds), now)


def signature(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def body_of(event: Event) -> bytes:
    """What is sent, and what server-sent events carry."""
    data = {"learner": event.learner, **event.body}
    document = {"type": event.kind.value, "timestamp": event.at.isoformat(timespec="seconds"), "data": data}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


class Courier:
    """Delivers what is due; called every few seconds by each server, which are never at one receiver together.

    Args:
        private: addresses of this machine and of private networks may be delivered to. Off, because
            who may set a hook could else have the server knock at doors behind the firewall.
    """

    def __init__(self, services: Services, *, private: bool = False) -> None:
        self._services = services
        self._private = private
        self._holder = uuid.uuid4().hex
        self.failures = 0

    def __call__(self) -> None:
        """One round over all hooks, but those that another server is at; what goes wrong is logged and counted."""
        try:
            self.deliver()
        except Exception as error:  # noqa: BLE001 - the border of the worker step: the next round comes; counted
            self.failures += 1
            log.error("a round of deliveries failed; the next one comes: %s", told(error))  # noqa: TRY400 - one line

    def deliver(self) -> None:
        """One round. Raises StoreUnavailable."""
        hooks = self._services.webhooks
        newest = self._services.rollouts.last_event()
        behind = [hook.hook_id for hook in hooks.hooks() if hook.delivered < newest]
        if behind:
            with ThreadPoolExecutor(min(len(behind), ABREAST), "samouk-webhook") as pool:
                list(pool.map(self._visit, behind))

    def _visit(self, hook_id: str) -> None:
        hooks = self._services.webhooks
        hook = hooks.claim(hook_id, self._holder, CLAIM_S)
        if hook is None:
            return
        try:
            if hook.retry_at is None or self._services.clock.now() >= hook.retry_at:
                self._serve(hook)
        finally:
            hooks.free(hook.hook_id, self._holder)

    def _serve(self, hook: Webhook) -> None:
        """Bring one receiver up to date as far as it takes its events; they stay in order."""
        until = time.monotonic() + ROUND_S
        for event in self._services.rollouts.events(hook.delivered, EVENTS_A_ROUND):
            if _wants(hook, event):
                try:
                    self._send(hook, event)
                except (Undelivered, OSError, http.client.HTTPException) as problem:
                    self._services.webhooks.update(self._put_off(hook, event, problem), self._holder, CLAIM_S)
                    return
            hook = dataclasses.replace(hook, delivered=event.sequence, failures=0, retry_at=None)
            if not self._services.webhooks.update(hook, self._holder, CLAIM_S) or time.monotonic() >= until:
                return

    def _send(self, hook: Webhook, event: Event) -> None:
        address = _split(hook.url, private=self._private)
        body, event_id = body_of(event), f"evt_{event.sequence}"
        timestamp = int(self._services.clock.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "samouk",
            "webhook-id": event_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(hook.secret, event_id, timestamp, body),
        }
        connection = _connect(address, private=self._private)
        try:
            with _in_time(connection.sock):
                if isinstance(connection.sock, ssl.SSLSocket):
                    connection.sock.do_handshake()
                connection.request("POST", _target(address), body, headers)
                status = connection.getresponse().status
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise Undelivered(f"answered {status}")

    def _put_off(self, hook: Webhook, event: Event, problem: Exception) -> Webhook:
        """Try again later, twice as long each time; after ``ATTEMPTS`` the event is given up, and counted."""
        failures = hook.failures + 1
        log.warning("webhook %s: event %d was not delivered (%s)", hook.hook_id, event.sequence, problem)
        if failures >= ATTEMPTS:
            given_up = hook.given_up + 1
            return dataclasses.replace(hook, delivered=event.sequence, failures=0, retry_at=None, given_up=given_up)
        pause = min(FIRST_PAUSE_S * 3.0 ** (failures - 1), LONGEST_PAUSE_S)
        retry_at = self._services.clock.now() + dt.timedelta(seconds=pause)
        return dataclasses.replace(hook, failures=failures, retry_at=retry_at)


def _wants(hook: Webhook, event: Event) -> bool:
    return hook.learner in (None, event.learner) and (not hook.kinds or event.kind in hook.kinds)


def _split(url: str, *, private: bool) -> SplitResult:
    """The parts of an address that may be delivered to. Raises WireError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise WireError("url", f"{url!r:.80} is no address") from None
    if len(url) > MAX_URL or parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise WireError("url", "must be an http or https address, for example https://example.org/samouk")
    if not url.isascii() or any(sign <= " " for sign in url):
        raise WireError("url", "must be plain ASCII without blanks; write others percent-encoded")
    if parts.username is not None:
        raise WireError("url", "must not carry a password; the signature tells the receiver who sends")
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return parts
    if not private and not _is_public(literal):
        raise WireError("url", "leads into a private network; SAMOUK_WEBHOOKS_PRIVATE=1 allows that")
    return parts


def _connect(address: SplitResult, *, private: bool) -> http.client.HTTPConnection:
    """A connection to an address that was looked at: resolved once, so that no second answer leads elsewhere.

    Raises:
        Undelivered: every address of the host is private.
    """
    secure = address.scheme == "https"
    host, port = str(address.hostname), address.port or (443 if secure else 80)
    found = [item[4][:2] for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    open_to_all = [place for place in found if private or _is_public(ipaddress.ip_address(place[0]))]
    if not open_to_all:
        raise Undelivered("leads into a private network")
    raw = socket.create_connection((str(open_to_all[0][0]), int(open_to_all[0][1])), TIMEOUT_S)
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        connection.sock = _secured(raw, host) if secure else raw
    except BaseException:
        raw.close()
        raise
    return connection


def _secured(raw: socket.socket, host: str) -> ssl.SSLSocket:
    """Not greeted yet: that too is to be done in time."""
    context = ssl.create_default_context()
    return context.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)


@contextmanager
def _in_time(line: socket.socket) -> Iterator[None]:
    """Cut a line after ``TIMEOUT_S``: its own timeout begins anew with each byte. Raises Undelivered."""
    late = threading.Event()

    def cut() -> None:
        late.set()
        try:
            # Of the socket beneath: TLS may be in the middle of a word.
            socket.socket.shutdown(line, socket.SHUT_RDWR)
        except OSError:
            return

    timer = threading.Timer(TIMEOUT_S, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException):
        if not late.is_set():
            raise
    finally:
        timer.cancel()
    if late.is_set():  # half an answer may look like one
        raise Undelivered(f"did not answer within {TIMEOUT_S:g} s")


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether it leads to one host that everybody can reach; an address within an address counts as that one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return _is_public(inner)
        if address in _TRANSLATED_HERE:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _target(address: SplitResult) -> str:
    return (address.path or "/") + (f"?{address.query}" if address.query else "")
