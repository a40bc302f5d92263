"""Tokens of an identity provider: only what it signed, for us, now, lets anybody in."""

from __future__ import annotations

import base64
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey
from tests.server import toy
from tests.server.house import running
from tests.server.issuer import AUDIENCE, Issuer, issuing

from samouk.loop.ports import Role
from samouk.server import Options, create_app
from samouk.server.oidc import KEEP_S, LEEWAY_S, PAUSE_S, STALE_S, Persons, fetched, is_secure, pseudonym
from samouk.server.problems import Problem
from samouk.store.memory import memory_services

SECRET = b"of the store"


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """A provider that answers."""
    with issuing() as running:
        yield running


@pytest.fixture
def clock() -> Hand:
    """For the age of keys."""
    return Hand()


@pytest.fixture
def persons(issuer: Issuer, clock: Hand) -> Persons:
    """Who reads its tokens."""
    return Persons(issuer.provider, SECRET, now=clock)


@pytest.mark.parametrize(
    ("groups", "role"),
    [(["tellers"], Role.CONTRIBUTOR), (["tellers", "runners"], Role.OPERATOR), (["chiefs", "tellers"], Role.ADMIN)],
)
def test_a_good_token_gives_the_highest_role(persons: Persons, issuer: Issuer, groups: list[str], role: Role) -> None:
    """The person is known by a pseudonym, the same each time, that holds no name."""
    caller = persons.verify(issuer.token(*groups))
    assert caller is not None and caller.role is role and caller.learners == ()
    assert caller.label == pseudonym(SECRET, issuer.url, "ada") == caller.key_id
    assert "ada" not in caller.label
    assert caller.label != pseudonym(b"another", issuer.url, "ada")


def test_every_kind_of_key(persons: Persons, issuer: Issuer) -> None:
    """RSA in both paddings, elliptic and Edwards curves."""
    issuer.rsa()
    issuer.keys["edwards"] = OKPKey.generate_key("Ed25519", {"kid": "edwards", "use": "sig"})
    for kid, algorithm in (("rsa", "RS256"), ("rsa", "PS256"), ("first", "ES256"), ("edwards", "Ed25519")):
        assert persons.verify(issuer.token("runners", kid=kid, algorithm=algorithm)) is not None, algorithm


def test_several_audiences(persons: Persons, issuer: Issuer) -> None:
    """One of them is this server."""
    assert persons.verify(issuer.token("runners", aud=["others", AUDIENCE])) is not None


def test_without_a_role_nobody_gets_in(persons: Persons, issuer: Issuer) -> None:
    """A person whom the provider knows, and who has no group that means anything here, is told so."""
    for other in ({}, {"realm_access": None}, {"realm_access": "chiefs"}, {"realm_access": {"roles": 3}}):
        with pytest.raises(Problem) as refused:
            persons.verify(issuer.token("guests", **other))
        assert refused.value.status == 403


def _now() -> int:
    return int(time.time())


def _shape(claims: dict[str, Any]) -> str:
    """A name without the moment: every process that runs tests must give them the same ones."""
    return ",".join(
        f"{name}:{'moment' if isinstance(value, int) and value > 9 else value}" for name, value in claims.items()
    )


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": _now() - 3_600},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"nbf": _now() + 7_200},
        {"iat": _now() + 7_200},
        {"aud": "another"},
        {"aud": None},
        {"aud": ["another"]},
        {"aud": f"{AUDIENCE} another"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 300},
        {"sub": 7},
    ],
    ids=_shape,
)
def test_a_claim_that_does_not_hold(persons: Persons, issuer: Issuer, claims: dict[str, Any]) -> None:
    """Expired, not yet valid, of another, for another, of nobody."""
    assert persons.verify(issuer.token("chiefs", **claims)) is None


def test_clocks_may_differ_by_a_minute(issuer: Issuer) -> None:
    """Not by more."""
    made = time.time()
    token = issuer.token("runners", exp=int(made), iat=int(made), nbf=int(made))
    for off, good in ((LEEWAY_S - 5, True), (5 - LEEWAY_S, True), (LEEWAY_S + 5, False), (-LEEWAY_S - 5, False)):
        at = made + off
        assert (Persons(issuer.provider, wall=partial(float, at)).verify(token) is not None) is good, off


def _plain(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def test_a_token_without_signature(persons: Persons, issuer: Issuer) -> None:
    """`none` in every spelling opens nothing, with or without something where the signature was."""
    for algorithm in ("none", "None", "NONE", ""):
        for signature in ("", "AA"):
            token = f"{_plain({'alg': algorithm, 'kid': 'first'})}.{_plain(issuer.claims('chiefs'))}.{signature}"
            assert persons.verify(token) is None


def test_a_signature_by_what_everybody_knows(persons: Persons, issuer: Issuer) -> None:
    """HS256 with the published key as its secret, in each of its forms."""
    issuer.rsa()
    for kid in ("rsa", "first"):
        key = issuer.keys[kid]
        for secret in (key.as_pem(private=False), json.dumps(key.as_dict(private=False)).encode()):
            signed = f"{_plain({'alg': 'HS256', 'kid': kid})}.{_plain(issuer.claims('chiefs'))}"
            mark = hmac.new(secret, signed.encode(), "sha256").digest()
            assert persons.verify(f"{signed}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}") is None


def test_a_published_secret_is_no_key(persons: Persons, issuer: Issuer) -> None:
    """A shared secret in the key set, or a key for encryption, verifies nothing."""
    secret = OctKey.generate_key(256, {"kid": "shared"})
    issuer.extra.append(secret.as_dict())
    assert persons.verify(issuer.signed(issuer.claims("chiefs"), secret, kid="shared", algorithm="HS256")) is None
    sealed = ECKey.generate_key("P-256", {"kid": "sealed"})
    issuer.extra.append({**sealed.as_dict(private=False), "use": "enc"})
    assert persons.verify(issuer.signed(issuer.claims("chiefs"), sealed, kid="sealed")) is None


def test_a_key_of_somebody_else(persons: Persons, issuer: Issuer) -> None:
    """The right id with the wrong key, a key that the token brings along, and changed claims."""
    stranger = ECKey.generate_key("P-256", {"kid": "first"})
    assert persons.verify(issuer.signed(issuer.claims("chiefs"), stranger)) is None
    head, _, tail = issuer.token("tellers").split(".")
    assert persons.verify(f"{head}.{_plain(issuer.claims('chiefs'))}.{tail}") is None


def test_what_is_no_token(persons: Persons, issuer: Issuer) -> None:
    """Nothing of it fails the server, and nothing of it asks the provider."""
    for token in ("..", "a.b.c", "é.ü.ö", "e30.e30.e30", "eyJ.eyJ.eyJ", f"{_plain({'alg': 'ES256'})}.e30.AA", "." * 2):
        assert persons.verify(token) is None
    assert issuer.asked == []


def test_critical_extensions_are_not_passed_over(persons: Persons, issuer: Issuer) -> None:
    """What the sender calls critical and nobody here understands makes the token worthless."""
    head = {"alg": "ES256", "kid": "first", "crit": ["exp"], "exp": 1}
    assert persons.verify(f"{_plain(head)}.{_plain(issuer.claims('chiefs'))}.AA") is None


def test_a_new_key_is_found(persons: Persons, issuer: Issuer, clock: Hand) -> None:
    """After the provider has changed its key, the first token by it is good, and one by the old key no longer."""
    old = issuer.token("runners")
    assert persons.verify(old) is not None
    issuer.keys = {"second": ECKey.generate_key("P-256", {"kid": "second", "use": "sig"})}
    clock.at += PAUSE_S
    assert persons.verify(issuer.token("runners", kid="second")) is not None
    assert persons.verify(old) is None


def test_invented_keys_do_not_flood_the_provider(persons: Persons, issuer: Issuer, clock: Hand) -> None:
    """A hundred ids that nobody knows make one question, and good tokens go on."""
    good = issuer.token("runners")
    assert persons.verify(good) is not None
    clock.at += PAUSE_S
    stranger = ECKey.generate_key("P-256")
    before = len(issuer.asked)
    for number in range(100):
        assert persons.verify(issuer.signed(issuer.claims("chiefs"), stranger, kid=f"invented-{number}")) is None
    assert len(issuer.asked) == before + 2  # the discovery document and the key set, once
    assert persons.verify(good) is not None


def test_known_keys_go_on_without_the_provider(persons: Persons, issuer: Issuer, clock: Hand) -> None:
    """For a day; then nobody can know whether they still hold."""
    token = issuer.token("runners")
    assert persons.verify(token) is not None
    issuer.broken = True
    clock.at += KEEP_S + 1
    assert persons.verify(token) is not None
    assert persons.failures == 1
    clock.at += STALE_S
    with pytest.raises(Problem) as refused:
        persons.verify(token)
    assert refused.value.status == 503
    issuer.broken = False
    clock.at += PAUSE_S
    assert persons.verify(token) is not None


def test_a_provider_that_is_away_from_the_start(persons: Persons, issuer: Issuer) -> None:
    """Nobody can be known by a token, and the answer says whose fault that is."""
    issuer.broken = True
    with pytest.raises(Problem) as refused:
        persons.verify(issuer.token("chiefs"))
    assert (refused.value.status, (refused.value.headers or {})["Retry-After"]) == (503, "30")


def test_a_provider_that_speaks_no_http(issuer: Issuer, clock: Hand) -> None:
    """Its server may be another's just now: that is told as any other failure, and known keys go on."""
    with socket.create_server(("127.0.0.1", 0)) as other:

        def hello() -> None:
            with other.accept()[0] as wire:
                wire.recv(65_536)
                wire.sendall(b"hello\r\n")

        def fetch(url: str) -> bytes:
            return fetched(f"http://127.0.0.1:{other.getsockname()[1]}/" if late else url)

        late = False
        persons = Persons(issuer.provider, SECRET, fetch, now=clock)
        assert persons.verify(issuer.token("tellers")) is not None
        late = True
        clock.at += KEEP_S + 1
        with ThreadPoolExecutor(1) as others:
            greeted = others.submit(hello)
            assert persons.verify(issuer.token("tellers")) is not None
            greeted.result(60)
    assert persons.failures == 1


def test_a_document_of_another_issuer(persons: Persons, issuer: Issuer) -> None:
    """It names another than the one that was set: its keys are not taken."""
    issuer.named = "https://evil.example"
    with pytest.raises(Problem):
        persons.verify(issuer.token("chiefs"))


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://id.example.org", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost", True),
        ("http://id.example.org", False),
        ("http://127.0.0.1.evil.example", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_where_keys_may_come_from(url: str, secure: bool) -> None:
    """From nowhere that somebody on the way could stand in for."""
    assert is_secure(url) is secure


def test_a_slow_provider_holds_up_nobody_who_is_known(issuer: Issuer, clock: Hand) -> None:
    """While its keys are fetched, once, known ones go on; few wait for one that may be among the new."""
    asked, go_on = threading.Event(), threading.Event()
    calls: list[str] = []

    def slow(url: str) -> bytes:
        calls.append(url)
        if len(calls) > 2:  # the first time it answers at once
            asked.set()
            assert go_on.wait(60)
        return fetched(url)

    persons = Persons(issuer.provider, SECRET, slow, now=clock)
    token = issuer.token("tellers")
    assert persons.verify(token) is not None
    clock.at += KEEP_S + 1
    with ThreadPoolExecutor(1) as others:
        fetching = others.submit(persons.verify, token)
        assert asked.wait(60)
        assert persons.verify(token) is not None
        assert not fetching.done()
        go_on.set()
        assert fetching.result(60) is not None
    assert len(calls) == 4


def test_refused_persons_are_counted(issuer: Issuer) -> None:
    """Tokens that are good and open nothing, and those nobody could check, are as bounded as wrong keys."""
    services = memory_services()
    options = Options(people=Persons(issuer.provider, SECRET), issuer=issuer.url, rate_failures=2)
    with running(create_app(services, {"toy": toy.DOMAIN}, options), services) as house:
        headers = {"Authorization": f"Bearer {issuer.token('nobody')}"}
        assert [house.get("/v1/keys", **headers).status for _ in range(3)] == [403, 403, 429]
