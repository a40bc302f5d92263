"""What comes before a body is bounded too: addresses, headers, and the time that both may take."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from starlette.types import ASGIApp
from tests.server import toy
from tests.server.house import House

from samouk.server import create_app
from samouk.server.protocol import MAX_HEADER_BYTES, MAX_HEADERS, MAX_URL, BoundedProtocol
from samouk.server.serve import CannotListen, Server, Tls, config, listen
from samouk.store.memory import memory_services


class Hasty(BoundedProtocol):
    """Waits a moment for headers."""

    head_s = 0.2


@contextmanager
def serving(app: ASGIApp, tls: Tls | None = None, *, hasty: bool = False) -> Iterator[int]:
    """A server as the product runs it; gives its port."""
    made = config(app, tls)
    if hasty:
        made.http = Hasty
    with listen("127.0.0.1", 0) as listener:
        server = Server(made)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.005)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(60)


def raw(port: int, data: bytes) -> bytes:
    """What comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as wire:
        with suppress(OSError):  # it may have heard enough
            wire.sendall(data)
        answer = b""
        try:
            while piece := wire.recv(65_536):
                answer += piece
        except ConnectionError:
            pass
        return answer


def test_a_long_address(house: House) -> None:
    """Is refused when it is known to be too long."""
    answer = raw(house.port, b"GET /" + b"a" * MAX_URL + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 414 ") and b"application/problem+json" in answer


def test_large_and_many_headers(house: House) -> None:
    """Neither one huge header nor a thousand small ones are read to their end."""
    start = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
    for headers in (
        b"X-Huge: " + b"a" * (MAX_HEADER_BYTES + 10) + b"\r\n",
        b"".join(b"X-%d: 1\r\n" % number for number in range(MAX_HEADERS + 10)),
    ):
        assert raw(house.port, start + headers + b"\r\n").startswith(b"HTTP/1.1 431 ")
    few = b"".join(b"X-%d: 1\r\n" % number for number in range(MAX_HEADERS - 10))
    assert raw(house.port, start + few + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_slow_headers_end(house: House) -> None:
    """Who sends nothing, or headers without end and slowly, loses the connection; who is served does not."""
    app = create_app(memory_services(), {"toy": toy.DOMAIN})
    with serving(app, hasty=True) as port:
        for begun in (b"", b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: "):
            assert raw(port, begun) == b""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for _ in range(3):
            connection.request("GET", "/health/live")
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b'{"status":"alive"}')
        connection.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """One that signed itself."""
    import datetime as dt
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "samouk")])
    now = dt.datetime.now(dt.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(pem)
    return Tls(folder / "cert.pem", folder / "key.pem")


def test_https(certificate: Tls) -> None:
    """The server speaks it by itself, says that nothing else should be used, and no old version of it."""
    app = create_app(memory_services(), {"toy": toy.DOMAIN})
    with serving(app, certificate) as port:
        trusted = ssl.create_default_context(cafile=str(certificate.certificate))
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=trusted)
        connection.request("GET", "/health/live")
        answer = connection.getresponse()
        assert answer.status == 200 and answer.read()
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        connection.close()
        assert not raw(port, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_files_that_are_no_certificate(certificate: Tls, tmp_path: Path) -> None:
    """Are named before anything listens."""
    (tmp_path / "empty").touch()
    for wrong in (tmp_path / "empty", tmp_path / "missing"):
        with pytest.raises(CannotListen, match="no certificate"):
            Tls(certificate.certificate, wrong)
