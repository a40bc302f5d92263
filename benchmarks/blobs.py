"""What one blob costs: our blobs in a bucket and in a folder, beside boto3; milliseconds, and the client's own CPU.

Run ``python -m benchmarks.blobs``; it prints a table and writes ``benchmarks/results/blobs.json``. The bucket is moto's
server, in a process of its own: its share is in the milliseconds, not in the CPU. Each blob is written once, is random,
and is read back once. Ours checks the sha256 of all that it reads, and looks at a bucket before it writes into it (not
counted: once a process); boto3 does neither.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from samouk.store.blobs.places import places

RESULTS = Path(__file__).parent / "results" / "blobs.json"
SIZES = {"2.8 MB": (2_800_000, 40), "20 KB": (20_000, 300)}
Figure = dict[str, Any]
T = TypeVar("T")
R = TypeVar("R")
Put = Callable[[bytes], str]
Get = Callable[[str], bytes]


@contextmanager
def object_store() -> Iterator[str]:
    """Address of moto's S3 in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{address}/moto-api/", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        child.terminate()
        child.wait()


def boto(address: str, bucket: str) -> tuple[Put, Get]:
    """The same by boto3, which names objects by their sha256 too."""
    import boto3

    client = boto3.client("s3", endpoint_url=address)

    def put(data: bytes) -> str:
        key = hashlib.sha256(data).hexdigest()
        client.put_object(Bucket=bucket, Key=f"boto/{key}", Body=data)
        return key

    def get(key: str) -> bytes:
        data: bytes = client.get_object(Bucket=bucket, Key=f"boto/{key}")["Body"].read()
        return data

    return put, get


def timed(act: Callable[[T], R], given: T) -> tuple[R, tuple[float, float]]:
    """What the act gives, and its milliseconds on the wall and of this process's CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    told = act(given)
    return told, ((time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000)


def measure(put: Put, get: Get, size: int, rounds: int) -> Figure:
    """Medians of a put and of a get."""
    get(put(os.urandom(size)))
    puts, gets = [], []
    for _ in range(rounds):
        data = os.urandom(size)
        key, cost = timed(put, data)
        puts.append(cost)
        gets.append(timed(get, key)[1])
    out: Figure = {"rounds": rounds}
    for name, values in (("put", puts), ("get", gets)):
        out[f"{name}_ms"] = round(statistics.median(wall for wall, _ in values), 2)
        out[f"{name}_cpu_ms"] = round(statistics.fmean(cpu for _, cpu in values), 2)
    return out


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="of the number of rounds")
    scale = parser.parse_args(argv).scale
    os.environ.update(AWS_ACCESS_KEY_ID="bench", AWS_SECRET_ACCESS_KEY="bench", AWS_DEFAULT_REGION="us-east-1")
    figures: dict[str, dict[str, Figure]] = {}
    with tempfile.TemporaryDirectory() as folder, object_store() as address:
        urllib.request.urlopen(urllib.request.Request(f"{address}/bench", method="PUT"), timeout=30).close()
        bucket = places(f"s3://bench/ours?endpoint={address}", Path(folder)).blobs
        local = places("", Path(folder)).blobs
        ways = {"bucket": (bucket.put, bucket.get), "boto3": boto(address, "bench"), "folder": (local.put, local.get)}
        for label, (size, rounds) in SIZES.items():
            for name, (put, get) in ways.items():
                figures.setdefault(label, {})[name] = measure(put, get, size, max(3, int(rounds * scale)))
    names = ("put_ms", "put_cpu_ms", "get_ms", "get_cpu_ms")
    print(f"{'':18}" + "".join(f"{name:>12}" for name in names))
    for label, by_name in figures.items():
        for way, figure in by_name.items():
            print(f"{label:8} {way:9}" + "".join(f"{figure[name]:12.2f}" for name in names))
    told = {"machine": platform.machine(), "cores": os.cpu_count(), "load": os.getloadavg()[0], "figures": figures}
    RESULTS.write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
