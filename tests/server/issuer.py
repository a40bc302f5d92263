"""A little identity provider on loopback: a discovery document, a key set, and tokens of any kind, good and bad."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from samouk.loop.ports import Role
from samouk.server.oidc import Provider

AUDIENCE = "samouk-tests"
ROLES = {"tellers": Role.CONTRIBUTOR, "runners": Role.OPERATOR, "chiefs": Role.ADMIN}
Key = ECKey | OKPKey | RSAKey


class Issuer:
    """What the provider publishes, and whom it signs for.

    Attributes:
        keys: published ones, by id.
        asked: paths that were asked for, in order.
        broken: answers 500 to everything while set.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys: dict[str, Key] = {"first": ECKey.generate_key("P-256", {"kid": "first", "use": "sig"})}
        self.extra: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.broken = False
        self.named = url

    @property
    def provider(self) -> Provider:
        return Provider(self.url, AUDIENCE, "realm_access.roles", ROLES)

    def rsa(self, kid: str = "rsa") -> RSAKey:
        """Publish an RSA key too."""
        key = RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})
        self.keys[kid] = key
        return key

    def claims(self, *groups: str, **other: Any) -> dict[str, Any]:
        """Good claims, unless the others say otherwise; None leaves one out."""
        now = int(time.time())
        made = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "ada",
            "iat": now,
            "nbf": now,
            "exp": now + 600,
            "realm_access": {"roles": [*groups, "offline_access"]},
        }
        return {name: value for name, value in {**made, **other}.items() if value is not None}

    def token(self, *groups: str, kid: str = "first", algorithm: str = "ES256", **other: Any) -> str:
        """A token signed by one of the published keys."""
        return self.signed(self.claims(*groups, **other), self.keys[kid], kid=kid, algorithm=algorithm)

    def signed(self, claims: dict[str, Any], key: Any, *, kid: str = "first", algorithm: str = "ES256") -> str:
        return jwt.encode({"alg": algorithm, "kid": kid}, claims, key, algorithms=[algorithm])

    def answer(self, path: str) -> dict[str, Any] | None:
        self.asked.append(path)
        if self.broken:
            return None
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.named, "jwks_uri": f"{self.url}/keys"}
        return {"keys": [*(key.as_dict(private=False) for key in self.keys.values()), *self.extra]}


@contextmanager
def issuing() -> Iterator[Issuer]:
    """A provider that answers until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = issuer.answer(self.path)
            body = json.dumps(told).encode()
            self.send_response(500 if told is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
