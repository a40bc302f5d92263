"""One server for the tests of a module."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server import toy
from tests.server.house import House, running

from samouk.loop.ports import Services
from samouk.loop.records import Stage, Version
from samouk.server import Options, create_app
from samouk.server.options import Page
from samouk.store.memory import memory_services


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the publisher leaves it, with a secret beside it that nobody may fetch."""
    home = tmp_path_factory.mktemp("home")
    folder = home / "published"
    (folder / "metadata").mkdir(parents=True)
    (folder / "targets" / "toy.half").mkdir(parents=True)
    (folder / "metadata" / "timestamp.json").write_bytes(b'{"signed": 1}')
    (folder / "targets" / "toy.half" / "abc123.model.onnx").write_bytes(bytes(range(256)) * 4000)
    (home / "secret.json").write_text("the key of the house")
    (folder / "metadata" / "link.json").symlink_to(home / "secret.json")
    return folder


@pytest.fixture(scope="module")
def services() -> Services:
    """Memory, with one version in production."""
    services = memory_services()
    release(services, "v1.0", 1)
    return services


@pytest.fixture(scope="module")
def house(services: Services, published: Path) -> Iterator[House]:
    """A running server over the toy learner, with small limits."""
    page = Page(b"<p>page</p>", "default-src 'none'")
    options = Options(published, page=page, max_body=300_000, max_inflated=1_000_000)
    with running(create_app(services, {"toy": toy.DOMAIN}, options), services) as running_house:
        yield running_house


def release(services: Services, name: str, number: int, learner: str = "toy.half") -> Version:
    """Put a version in service."""
    data = toy.ARTIFACT.data
    version = Version(
        learner,
        name,
        number,
        Stage.STAGING,
        services.blobs.put(data),
        hashlib.sha256(data).hexdigest(),
        len(data),
        dt.datetime(2026, 11, 16, tzinfo=dt.UTC),
        figures={"accuracy": 0.9},
        changelog=("began",),
    )
    services.registry.add(version)
    moved = services.registry.move(learner, name, Stage.PRODUCTION)
    services.publisher.publish(moved, data)
    return moved
