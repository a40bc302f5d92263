"""Persons come in with a token of an identity provider (OpenID Connect); only its public keys are needed here."""

from __future__ import annotations

import hashlib
import http.client
import json
import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from samouk.loop.ports import Role
from samouk.server.access import Caller
from samouk.server.problems import Problem

if TYPE_CHECKING:
    from joserfc.jwk import Key

log = logging.getLogger("samouk.oidc")

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures by a key that only the provider has; never `none`, and never HS256, whose key everybody would have."""

KINDS = {"RSA": ("RS", "PS"), "EC": ("ES",), "OKP": ("Ed",)}
"""Kind of a key → how the algorithms that it may verify begin."""

LEEWAY_S = 60.0
FETCH_S = 5.0
KEEP_S = 600.0
"""How long keys are taken for the provider's own before it is asked again."""

STALE_S = 86_400.0
"""How long known keys go on while the provider does not answer."""

PAUSE_S = 30.0
"""Between two questions to the provider, at least: tokens with invented key ids cannot have it flooded."""

WAIT_S = 2.0
MOST_WAITING = 8
"""Requests that wait so long for keys that are being fetched; others are refused meanwhile."""

MAX_DOCUMENT = 256_000
MAX_KEYS = 100
MAX_SUBJECT = 255

_DOWN = Problem(
    503,
    "the identity provider does not answer, and its keys are not known yet; API keys go on; try again later",
    headers={"Retry-After": "30"},
)


class BadProvider(Exception):
    """The provider gave what cannot be used; the message says what."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Whose tokens open this server, and what they mean here.

    Attributes:
        issuer: its URL, as tokens name it in ``iss``.
        audience: this server, as tokens name it in ``aud``.
        claim: where a token holds the person's groups, with dots into objects: ``realm_access.roles``.
        roles: group → role; who has several has the highest.
    """

    issuer: str
    audience: str
    claim: str
    roles: Mapping[str, Role]


def is_secure(url: str) -> bool:
    """Whether nobody on the way can change what comes from there: https, or this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets of an IPv6 address that do not close
        return False
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and here))


class Persons:
    """Reads tokens: the signature by the provider's published keys, then every claim.

    Args:
        secret: of the store; keys the pseudonyms of persons.
        fetch: URL → bytes, within ``FETCH_S`` and ``MAX_DOCUMENT``.
        now: seconds since any moment, never going back; for the age of keys.
        wall: seconds since 1970; for the claims.
    """

    def __init__(
        self,
        provider: Provider,
        secret: bytes = b"",
        fetch: Callable[[str], bytes] | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._provider = provider
        self._secret = secret
        self._fetch = fetch or fetched
        self._now = now
        self._wall = wall
        self._changed = threading.Condition()
        self._fetching = False
        self._waiting = 0
        self._keys: dict[str, Key] = {}
        self._fresh = -STALE_S
        self._asked = -PAUSE_S
        self.failures = 0

    def verify(self, token: str) -> Caller | None:
        """Whose token it is; None for one that is not good.

        Raises a 403 for who has no role here, and a 503 while the provider's keys are not known.
        """
        header = _header(token)
        if header is None:
            return None
        key = self._key(str(header["kid"]))
        if key is None or not _fits(header, key):
            return None
        claims = _claims(token, key)
        if claims is None or not self._holds(claims):
            return None
        return self._person(claims)

    def _key(self, kid: str) -> Key | None:
        """The provider's key of that id; asks for its keys anew when they are old or do not hold it."""
        now = self._now()
        with self._changed:
            wanted = now - self._fresh > KEEP_S or kid not in self._keys
            mine = wanted and not self._fetching and now - self._asked >= PAUSE_S
            if mine:
                self._fetching, self._asked = True, now
            elif kid not in self._keys:
                self._await()
        if mine:
            self._refresh(now)
        with self._changed:
            if now - self._fresh > STALE_S:
                raise _DOWN
            return self._keys.get(kid)

    def _await(self) -> None:
        """Wait a moment for keys that somebody else fetches; only a few do, for each holds a thread of the server."""
        if not self._fetching or self._waiting >= MOST_WAITING:
            return
        self._waiting += 1
        try:
            self._changed.wait_for(lambda: not self._fetching, WAIT_S)
        finally:
            self._waiting -= 1

    def _refresh(self, now: float) -> None:
        """Ask the provider, while whoever brings a known key goes on."""
        found: dict[str, Key] | None = None
        try:
            found = published(self._provider.issuer, self._fetch)
        except (OSError, ValueError, BadProvider) as error:
            log.warning("the identity provider's keys could not be read: %s", error)
        finally:
            with self._changed:
                if found is None:
                    self.failures += 1
                else:
                    self._keys, self._fresh = found, now
                self._fetching = False
                self._changed.notify_all()

    def _holds(self, claims: Mapping[str, Any]) -> bool:
        """Whether the claims are of the right issuer, for this server, and in their time."""
        now, audience = self._wall(), claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        ends, begins, made = (_seconds(claims.get(name, instead)) for name, instead in _TIMES)
        if ends is None or begins is None or made is None:
            return False
        subject = claims.get("sub")
        return (
            claims.get("iss") == self._provider.issuer
            and self._provider.audience in audiences
            and now < ends + LEEWAY_S
            and now >= begins - LEEWAY_S
            and now >= made - LEEWAY_S
            and isinstance(subject, str)
            and 0 < len(subject) <= MAX_SUBJECT
        )

    def _person(self, claims: Mapping[str, Any]) -> Caller:
        groups = _groups(claims, self._provider.claim)
        held = [self._provider.roles[group] for group in groups if group in self._provider.roles]
        if not held:
            detail = "the identity provider gives you no role here; whoever runs it maps groups in SAMOUK_OIDC_ROLES"
            raise Problem(403, detail, field="Authorization")
        who = pseudonym(self._secret, self._provider.issuer, claims["sub"])
        return Caller(who, who, max(held, key=list(Role).index))


def published(issuer: str, fetch: Callable[[str], bytes] | None = None) -> dict[str, Key]:
    """The provider's public keys for signatures, by their id.

    Raises:
        OSError, ValueError, BadProvider: it does not answer, or not with what can be used.
    """
    fetch = fetch or fetched
    told = _object(fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
    if told.get("issuer") != issuer:
        raise BadProvider("its discovery document names another issuer than SAMOUK_OIDC_ISSUER")
    where = told.get("jwks_uri")
    if not isinstance(where, str) or not is_secure(where):
        raise BadProvider("its discovery document names no jwks_uri with https")
    found = _object(fetch(where)).get("keys")
    if not isinstance(found, list) or len(found) > MAX_KEYS:
        raise BadProvider(f"its key set is no list of at most {MAX_KEYS} keys")
    return dict(_usable(found))


def pseudonym(secret: bytes, issuer: str, subject: str) -> str:
    """How the audit names a person: who has the store's secret and the subject can find it, and nobody else."""
    body = f"{issuer}\0{subject}".encode()
    return "person:" + hashlib.blake2b(body, digest_size=8, key=secret, person=b"samouk-person").hexdigest()


def _header(token: str) -> Mapping[str, Any] | None:
    """The token's header, when everything in it can be answered for."""
    from joserfc.errors import JoseError
    from joserfc.jws import extract_compact

    try:
        header = extract_compact(token.encode()).headers()
    except (JoseError, ValueError):
        return None
    # A critical extension that is not understood must not be passed over.
    known = header.get("alg") in ALGORITHMS and "crit" not in header and "b64" not in header
    return header if known and isinstance(header.get("kid"), str) else None


def _fits(header: Mapping[str, Any], key: Key) -> bool:
    """Whether the key may verify by that algorithm: its kind does, and it was not made for another one."""
    algorithm = str(header["alg"])
    return algorithm.startswith(KINDS[key.key_type]) and key.get("alg") in (None, algorithm)


def _claims(token: str, key: Key) -> Mapping[str, Any] | None:
    from joserfc import jwt
    from joserfc.errors import JoseError

    try:
        return jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError):
        return None


def _usable(found: list[Any]) -> list[tuple[str, Key]]:
    """Public keys for signatures, by their id; others of the set are passed over."""
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry

    usable = []
    for one in found:
        if not isinstance(one, dict) or one.get("kty") not in KINDS or one.get("use", "sig") != "sig":
            continue
        try:
            key = JWKRegistry.import_key(one)
        except (JoseError, ValueError):
            continue
        if isinstance(key.kid, str):
            usable.append((key.kid, key))
    return usable


def _groups(claims: Mapping[str, Any], path: str) -> list[str]:
    """The values at the claim: a list, or words in one text."""
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, str):
        return value.split()
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


_TIMES = (("exp", None), ("nbf", 0), ("iat", 0))


def _seconds(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _object(data: bytes) -> dict[str, Any]:
    found = json.loads(data)
    if not isinstance(found, dict):
        raise BadProvider("it answered something else than a JSON object")
    return found


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows nobody elsewhere."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def fetched(url: str) -> bytes:
    """A small document. Raises OSError and BadProvider."""
    if not is_secure(url):
        raise BadProvider("it is not reached by https")
    opener = urllib.request.build_opener(_Straight)
    try:
        with opener.open(url, timeout=FETCH_S) as answer:
            data = bytes(answer.read(MAX_DOCUMENT + 1))
    except http.client.HTTPException as error:
        raise BadProvider(f"it does not speak HTTP ({type(error).__name__})") from error
    if len(data) > MAX_DOCUMENT:
        raise BadProvider(f"it answered more than {MAX_DOCUMENT:,} bytes")
    return data
