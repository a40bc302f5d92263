"""What ``samouk doctor`` sees, says and leaves as it is."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.e2e.test_tracing import collector
from tests.objects import fresh_url, object_store, send, skewed, way
from tests.server.issuer import AUDIENCE, issuing

from samouk.cli import main
from samouk.settings import SETTINGS


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that is not there yet, and an environment that says nothing."""
    for setting in SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.setenv("SAMOUK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def samouk(*words: str) -> Result:
    """One command in this process."""
    return CliRunner().invoke(main, words)


def findings(*words: str) -> dict[str, list[tuple[str, str]]]:
    """(state, words) of each part."""
    told: dict[str, list[tuple[str, str]]] = {}
    for one in json.loads(samouk("doctor", "--json", *words).stdout):
        told.setdefault(one["part"], []).append((one["state"], one["words"]))
    return told


def states(told: list[tuple[str, str]]) -> set[str]:
    return {state for state, _ in told}


def nobody() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_a_fresh_machine_is_well_and_stays_fresh(home: Path) -> None:
    """Nothing is wrong with what is not there yet, and looking makes none of it."""
    result = samouk("doctor")
    assert result.exit_code == 0, result.output
    assert not home.exists()


@pytest.mark.parametrize(("rule", "worst"), [("", "fail"), ("&versions=expire", "warn")])
def test_a_bucket_that_keeps_versions_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, rule: str, worst: str
) -> None:
    """Also where the operator vouches for a rule that removes them; one that keeps none is well."""
    url = fresh_url(monkeypatch)
    monkeypatch.setenv("SAMOUK_BLOBS_URL", url)
    assert "versions" not in str(findings("--only", "blobs"))
    monkeypatch.setenv("SAMOUK_BLOBS_URL", f"{url}{rule}")
    status = b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>'
    send("PUT", object_store(), f"{url.split('/')[2]}?versioning", status)
    told = findings("--only", "blobs")["blobs"]
    assert any("old versions" in words for state, words in told if state == "warn")
    assert ("fail" in states(told)) == (worst == "fail")


def test_a_bucket_of_another_time_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signatures hold for some minutes only, and ages are judged by its clock."""
    with way() as made:
        made.always = skewed(timedelta(minutes=10))
        monkeypatch.setenv("SAMOUK_BLOBS_URL", fresh_url(monkeypatch, made.address))
        told = findings("--only", "blobs")["blobs"]
    assert any("let both follow NTP" in words for state, words in told if state == "fail")


def test_a_home_in_use_is_well(home: Path) -> None:
    """Keys, schema, blobs and room; the root keys should not lie there."""
    assert samouk("keys", "init").exit_code == 0
    assert samouk("keys", "create", "--label", "app").exit_code == 0
    before = sorted(home.rglob("*"))
    told = findings()
    assert states(told["database"]) == states(told["blobs"]) == {"ok"}
    assert any("root keys lie in" in words for _, words in told["keys"])
    assert samouk("doctor").exit_code == 0
    assert [path for path in sorted(home.rglob("*")) if path not in before and path.is_file()] == []


def test_a_database_that_does_not_answer_is_told_without_its_password(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line with the place, and exit 1; the other parts are looked at all the same."""
    monkeypatch.setenv("SAMOUK_DATABASE_URL", f"postgresql://me:s3cret@127.0.0.1:{nobody()}/samouk")
    result = samouk("doctor")
    assert result.exit_code == 1
    assert "❌ database: PostgreSQL at 127.0.0.1" in result.stdout
    assert "keys:" in result.stdout
    assert "s3cret" not in result.output


def test_a_database_that_answers(home: Path, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its schema, its clock and its room for connections are looked at."""
    monkeypatch.setenv("SAMOUK_DATABASE_URL", postgres)
    assert samouk("migrate").exit_code == 0
    told = findings("--only", "database,blobs")
    assert states(told["database"]) == {"ok"}
    assert any("connections are open" in words for _, words in told["database"])


def test_a_redis_that_does_not_answer(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a fault where one is named, and none where none is."""
    assert findings("--only", "redis") == {"redis": [("ok", "none; this process queues and schedules by itself")]}
    monkeypatch.setenv("SAMOUK_REDIS_URL", f"redis://127.0.0.1:{nobody()}/0")
    assert states(findings("--only", "redis")["redis"]) == {"fail"}


def test_a_misspelt_variable_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the default stays in force and nobody knows why."""
    monkeypatch.setenv("SAMOUK_DATABSE_URL", "postgresql://x")
    assert any("SAMOUK_DATABSE_URL is no setting" in words for _, words in findings()["settings"])


def test_a_secret_that_everybody_can_read_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's name, never what stands in it."""
    secret = home.parent / "url"
    secret.write_text("redis://:s3cret@127.0.0.1:1/0")
    secret.chmod(0o644)
    monkeypatch.setenv("SAMOUK_REDIS_URL_FILE", str(secret))
    result = samouk("doctor", "--only", "settings,redis")
    assert "everybody on this machine can read" in result.stdout
    assert "s3cret" not in result.output


def test_a_part_that_there_is_not(home: Path) -> None:
    """Refused with the names of those that there are."""
    result = samouk("doctor", "--only", "moon")
    assert result.exit_code == 2
    assert "database" in result.stderr


def test_nothing_is_said_of_what_most_houses_do_without(home: Path) -> None:
    """Unless it is asked for."""
    assert not {"trainer", "oidc", "telemetry", "tls"} & set(findings())
    assert findings("--only", "trainer,tls") == {"trainer": [("ok", "none is set")], "tls": [("ok", "none is set")]}


def test_a_cluster_that_does_not_answer(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its address is told, and what follows; one that listens is well, and so are processes of our own."""
    monkeypatch.setenv("SAMOUK_TRAINER", f"dask://127.0.0.1:{nobody()}")
    ((state, words),) = findings("--only", "trainer")["trainer"]
    assert (state, "turns fail until somebody does" in words) == ("fail", True)
    with socket.create_server(("127.0.0.1", 0)) as there:
        monkeypatch.setenv("SAMOUK_TRAINER", f"dask://127.0.0.1:{there.getsockname()[1]}")
        assert states(findings()["trainer"]) == {"ok"}
    wrong = ("dask://far.example.org:8786", "moon://x", "dask://[::1")
    for url, worst in (("dask://local?workers=2", "ok"), *((one, "fail") for one in wrong)):
        monkeypatch.setenv("SAMOUK_TRAINER", url)
        assert states(findings("--only", "trainer")["trainer"]) == {worst}, url


def test_an_identity_provider_is_asked_for_its_keys(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not answer, has no key, or whose groups mean nothing here opens nothing."""
    with issuing() as issuer:
        monkeypatch.setenv("SAMOUK_OIDC_ISSUER", issuer.url)
        assert "SAMOUK_OIDC_AUDIENCE" in str(findings("--only", "oidc"))
        monkeypatch.setenv("SAMOUK_OIDC_AUDIENCE", AUDIENCE)
        assert "SAMOUK_OIDC_ROLES" in str(findings("--only", "oidc"))
        monkeypatch.setenv("SAMOUK_OIDC_ROLES", "chiefs=admin")
        assert states(findings()["oidc"]) == {"ok"}
        issuer.keys.clear()
        assert "publishes no key" in str(findings("--only", "oidc"))
        issuer.broken = True
        assert "no token opens this server" in str(findings("--only", "oidc"))


def test_a_collector_is_sent_an_empty_request(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets no span; one that is not there, or is none, is told."""
    with collector() as (url, got):
        monkeypatch.setenv("SAMOUK_OTLP_URL", url)
        assert states(findings()["telemetry"]) == {"ok"}
        assert got.spans == []
    assert "traces are lost" in str(findings("--only", "telemetry"))
    monkeypatch.setenv("SAMOUK_OTLP_URL", "file:///etc/passwd")
    assert "must begin with" in str(findings("--only", "telemetry"))
    with issuing() as issuer:
        monkeypatch.setenv("SAMOUK_OTLP_URL", issuer.url)
        assert "answers 501" in str(findings("--only", "telemetry"))


def test_a_neighbour_of_another_protocol_is_a_finding(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What answers as no HTTP server does, and what is no address, end no look."""
    with answering(b"hello\r\n") as url:
        monkeypatch.setenv("SAMOUK_OTLP_URL", url)
        monkeypatch.setenv("SAMOUK_OIDC_ISSUER", url)
        monkeypatch.setenv("SAMOUK_OIDC_AUDIENCE", AUDIENCE)
        monkeypatch.setenv("SAMOUK_OIDC_ROLES", "chiefs=admin")
        told = findings("--only", "oidc,telemetry,tls")
        assert "does not speak HTTP" in str(told["telemetry"])
        assert "does not speak HTTP" in str(told["oidc"])
        assert told["tls"]
    for url in ("http://[::1", "http://localhost:port"):
        monkeypatch.setenv("SAMOUK_OTLP_URL", url)
        monkeypatch.setenv("SAMOUK_OIDC_ISSUER", url)
        told = findings("--only", "oidc,telemetry")
        assert states(told["oidc"]) == states(told["telemetry"]) == {"fail"}, url


@pytest.mark.parametrize("code", ["401 Unauthorized", "403 Forbidden"])
def test_a_collector_that_wants_credentials_works(home: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """The exporter may have the headers that are not tried here."""
    with answering(f"HTTP/1.1 {code}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()) as url:
        monkeypatch.setenv("SAMOUK_OTLP_URL", url)
        ((state, words),) = findings("--only", "telemetry")["telemetry"]
    assert (state, "wants credentials" in words) == ("warn", True)


@contextmanager
def answering(words: bytes) -> Iterator[str]:
    """The address of somebody who answers these bytes to everything."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    wire, _ = server.accept()
                except OSError:  # closed
                    return
                with wire:
                    wire.recv(65_536)
                    wire.sendall(words)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def certified(folder: Path, days: float) -> tuple[Path, Path]:
    """Files of a certificate that ends in so many days, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "samouk")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days, minutes=1))
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    certificate, secret = folder / "chain.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secret.write_bytes(key.private_bytes(*plain))
    secret.chmod(0o600)
    return certificate, secret


@pytest.mark.parametrize(
    ("days", "state", "words"), [(90, "ok", "for 90 days"), (3, "warn", "renew it"), (-1, "fail", "over")]
)
def test_a_certificate_tells_how_long_it_holds(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, days: int, state: str, words: str
) -> None:
    """What is over clients refuse."""
    certificate, key = certified(tmp_path / "tls", days)
    monkeypatch.setenv("SAMOUK_TLS_CERT", str(certificate))
    monkeypatch.setenv("SAMOUK_TLS_KEY", str(key))
    (found,) = findings()["tls"]
    assert found[0] == state
    assert words in found[1]


def test_a_certificate_and_a_key_that_do_not_fit(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of two pairs; one alone; and a file that is not there."""
    certificate, own = certified(tmp_path / "one", 90)
    _, other = certified(tmp_path / "other", 90)
    monkeypatch.setenv("SAMOUK_TLS_CERT", str(certificate))
    assert "belong together" in str(findings("--only", "tls"))
    monkeypatch.setenv("SAMOUK_TLS_KEY", str(other))
    assert "no certificate and its key" in str(findings("--only", "tls"))
    monkeypatch.setenv("SAMOUK_TLS_KEY", str(own))
    own.chmod(0o644)
    assert "everybody on this machine can read" in str(findings("--only", "tls"))
    own.unlink()
    assert states(findings("--only", "tls")["tls"]) == {"fail"}
