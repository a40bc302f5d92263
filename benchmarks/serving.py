"""One prediction over HTTP: CPU milliseconds, latency and requests a second, beside MLflow and LitServe.

The same ONNX model (scoring.outcome, fitted on its simulated world), the same row, the same client, in
interleaved rounds of one run. Each server has one worker and core 0, the client core 1; the servers that
are not being measured are stopped meanwhile. CPU time (user and system, of the whole process tree) is the
figure to trust; latencies and rates hold the neighbours of the machine.

Ours takes the row as an application has it (names, texts, an API key), assigns the unit to an arm of a
running rollout, and records the exposure before it answers, so its commits are in the figure. The peers take the
ten numbers that the model wants, and answer with its output: less work than ours.

Also: what ``Serving.predict`` adds to the model's own call, and what moving the pointer costs (registry
and rollout, two commits of the embedded store with synchronous=FULL).

Run: ``python -m benchmarks.serving --mlflow PYTHON --litserve PYTHON`` with the Python of an environment in
which each is installed (``pip install mlflow onnx onnxruntime``, ``pip install litserve onnxruntime``).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from samouk.assembly import application, opened
from samouk.domains import discover
from samouk.loop import snapshot
from samouk.loop.columns import take, to_lists
from samouk.loop.learner import Context, Domain, Learner
from samouk.loop.live import Rollout, RolloutState
from samouk.loop.ports import Services
from samouk.loop.records import Artifact, Stage
from samouk.loop.registry import enter
from samouk.loop.serving import Serving
from samouk.settings import Settings, load

LEARNER = "scoring.outcome"
RESULTS = Path(__file__).parent / "results" / "serving.json"
TICKS = os.sysconf("SC_CLK_TCK")
CONTRIBUTORS = 100
SINGLE = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
READY_S = 90.0

LITSERVE = """
import sys
import numpy as np, onnxruntime as ort, litserve as ls

class Api(ls.LitAPI):
    def setup(self, device):
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
    def decode_request(self, request):
        return np.asarray(request["input"], np.float32)
    def predict(self, x):
        return self.session.run(None, {self.session.get_inputs()[0].name: x})[0]
    def encode_response(self, output):
        return {"output": output.tolist()}

if __name__ == "__main__":
    server = ls.LitServer(Api(), accelerator="cpu", workers_per_device=1)
    shape = {"num_api_servers": 1, "generate_client_file": False, "log_level": "error"}
    server.run(host="127.0.0.1", port=int(sys.argv[2]), **shape)
"""
MLFLOW = """
import sys
import mlflow.onnx, onnx
options = {"intra_op_num_threads": 1, "inter_op_num_threads": 1}
mlflow.onnx.save_model(onnx.load(sys.argv[1]), sys.argv[2], onnx_session_options=options)
"""


@dataclass(frozen=True, slots=True)
class Target:
    """A server that runs, and how it is asked."""

    name: str
    process: subprocess.Popen[Any]
    port: int
    request: bytes


def scoring() -> tuple[Domain, Learner]:
    """The learner and its room."""
    for domain in discover().values():
        for learner in domain.learners:
            if learner.name == LEARNER:
                return domain, learner
    raise SystemExit(f"{LEARNER} is not installed")


def fitted(learner: Learner) -> tuple[Artifact, dict[str, Any], list[float]]:
    """A model of the simulated world, a row without a gap as an application has it, and as the model wants it."""
    from samouk.domains.scoring.features import layout_of, matrix  # the numbers that the peers are asked with

    read = [batch.columns for batch in learner.world(1, False).batches(0, CONTRIBUTORS)]
    examples = snapshot.join(learner, [snapshot.label(learner, columns, n) for n, columns in enumerate(read)])
    artifact = learner.fit(examples, None, Context(seed=1))
    numbers = matrix(layout_of(learner.schema), examples.columns)
    whole = next(place for place, row in enumerate(numbers) if all(value == value for value in row))
    plain = to_lists(learner.schema, take(examples.columns, slice(whole, whole + 1)))
    row = {name: values[0] for name, values in plain.items() if name not in learner.told}
    return artifact, row, [float(value) for value in numbers[whole]]


def furnish(services: Services, learner: Learner, artifact: Artifact) -> None:
    """A champion, and a challenger of the same bytes with half of the traffic."""
    for _ in range(2):
        versions = services.registry.versions(learner.name)
        key = services.blobs.put(artifact.data)
        version = enter(learner, versions, artifact, key, services.clock.now())
        services.registry.add(version)
    services.registry.move(learner.name, "v1.0", Stage.PRODUCTION)
    services.rollouts.save(_rollout(services, learner))


def _rollout(services: Services, learner: Learner) -> Rollout:
    now = services.clock.now()
    arms = {"v1.1": 0.5}
    return Rollout("r", learner.name, "v1.0", arms, "ab", (0.1, 0.5, 1.0), 1, RolloutState.RUNNING, "seed", now, now)


def _settings(home: Path) -> Settings:
    return load({}, home=home, port=0, rate_key=0)


def serve(home: Path) -> None:
    """The product over its embedded store."""
    from samouk.server.serve import listen
    from samouk.server.serve import serve as run

    domain, _ = scoring()
    with opened(_settings(home)) as services, listen("127.0.0.1", 0) as listener:
        app = application(_settings(home), services, {domain.name: domain})
        run(app, listener, str(home), lambda text: print(text, flush=True))


@contextmanager
def ours(folder: Path, artifact: Artifact, row: dict[str, Any]) -> Iterator[Target]:
    home = folder / "home"
    _, learner = scoring()
    with opened(_settings(home)) as services:
        key = services.keys.create("benchmark")[1]
        furnish(services, learner, artifact)
    with _process(
        [sys.executable, "-m", "benchmarks.serving", "--serve", str(home)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().decode().strip().rpartition(":")[2])
        body = json.dumps({"unit": "somebody", "features": row}).encode()
        yield Target("samouk", process, port, _request(f"/v1/learners/{LEARNER}/predict", body, key))


@contextmanager
def mlflow(python: str, folder: Path, model: Path, numbers: list[float]) -> Iterator[Target]:
    """``mlflow models serve`` with its ONNX flavour."""
    saved = folder / "mlflow"
    subprocess.run(
        [python, "-c", MLFLOW, str(model), str(saved)], check=True, env=SINGLE, cwd=folder, capture_output=True
    )
    port = _free()
    command = [str(Path(python).parent / "mlflow"), "models", "serve", "-m", str(saved), "-p", str(port)]
    path = os.pathsep.join([str(Path(python).parent), SINGLE["PATH"]])
    with _process(
        [*command, "-h", "127.0.0.1", "--env-manager", "local"], env={**SINGLE, "PATH": path}, cwd=folder
    ) as process:
        yield Target("mlflow", process, port, _request("/invocations", json.dumps({"inputs": [numbers]}).encode()))


@contextmanager
def litserve(python: str, folder: Path, model: Path, numbers: list[float]) -> Iterator[Target]:
    """A LitAPI with one worker."""
    script, port = folder / "lit.py", _free()
    script.write_text(LITSERVE)
    with _process([python, str(script), str(model), str(port)], env=SINGLE, cwd=folder) as process:
        yield Target("litserve", process, port, _request("/predict", json.dumps({"input": [numbers]}).encode()))


@contextmanager
def _process(command: Sequence[str], **more: Any) -> Iterator[subprocess.Popen[Any]]:
    """A process on core 0 with all its children, which are ended with it."""
    more = {"env": SINGLE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **more}
    with subprocess.Popen(["taskset", "-c", "0", *command], start_new_session=True, **more) as process:
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGCONT)
            os.killpg(process.pid, signal.SIGKILL)


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _request(path: str, body: bytes, key: str = "") -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    lines += [f"Authorization: Bearer {key}"] if key else []
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection:
    """A keep-alive connection that is asked one thing at a time."""

    def __init__(self, port: int, request: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = request
        self.began = 0.0

    def send(self) -> None:
        self.began = time.perf_counter()
        self.socket.sendall(self.request)

    def receive(self) -> bytes:
        """The body of a 200."""
        data = self.socket.recv(65_536)
        while b"\r\n\r\n" not in data:
            data += self.socket.recv(65_536)
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"the server answered {data[:500]!r}")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += self.socket.recv(65_536)
        return body


def client(port: int, request: bytes, connections: int, requests: int) -> dict[str, Any]:
    """Ask so often, each connection one question at a time; wall seconds and milliseconds of each answer."""
    with selectors.DefaultSelector() as waiting:
        for _ in range(connections):
            connection = Connection(port, request)
            waiting.register(connection.socket, selectors.EVENT_READ, connection)
        times: list[float] = []
        asked = 0
        began = time.perf_counter()
        for key in list(waiting.get_map().values()):
            key.data.send()
            asked += 1
        while len(times) < requests:
            for key, _ in waiting.select():
                key.data.receive()
                times.append((time.perf_counter() - key.data.began) * 1000)
                if asked < requests:
                    key.data.send()
                    asked += 1
        return {"seconds": time.perf_counter() - began, "times": times}


def asked(target: Target, connections: int, requests: int) -> dict[str, Any]:
    """The client in a process of its own, on core 1."""
    command = ["taskset", "-c", "1", sys.executable, "-m", "benchmarks.serving", "--client", str(target.port)]
    shape = json.dumps([target.request.decode(), connections, requests])
    return json.loads(subprocess.run(command, input=shape, capture_output=True, text=True, check=True).stdout)  # type: ignore[no-any-return]


def measure(target: Target, connections: int, requests: int) -> dict[str, float]:
    """One round."""
    asked(target, connections, max(100, requests // 10))
    before = cpu_seconds(target.process.pid)
    found = asked(target, connections, requests)
    if target.name == "samouk":
        time.sleep(0.2)  # the last commit is ours to pay
    cpu = cpu_seconds(target.process.pid) - before
    cuts = statistics.quantiles(found["times"], n=100)
    return {
        "cpu_ms": round(cpu / requests * 1000, 3),
        "p50_ms": round(cuts[49], 3),
        "p99_ms": round(cuts[98], 2),
        "requests_a_second": round(requests / found["seconds"]),
    }


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all below it, from /proc."""
    parents: dict[int, int] = {}
    times: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        parents[int(path.parent.name)] = int(fields[1])
        times[int(path.parent.name)] = int(fields[11]) + int(fields[12])
    family = {pid}
    while grown := {child for child, parent in parents.items() if parent in family} - family:
        family |= grown
    return sum(times.get(one, 0) for one in family) / TICKS


def wait_for(target: Target) -> bytes:
    """The first answer of a server; also the check that it is the right one."""
    until = time.monotonic() + READY_S
    while True:
        try:
            connection = Connection(target.port, target.request)
            connection.send()
            return connection.receive()
        except (OSError, SystemExit):
            if time.monotonic() > until or target.process.poll() is not None:
                raise
            time.sleep(0.2)


@contextmanager
def alone(target: Target, all_targets: Sequence[Target]) -> Iterator[None]:
    """Stop the others meanwhile."""
    others = [one for one in all_targets if one is not target]
    for one in others:
        os.killpg(one.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in others:
            os.killpg(one.process.pid, signal.SIGCONT)


def compare(targets: Sequence[Target], rounds: int, requests: int) -> dict[str, Any]:
    """Medians over interleaved rounds, with the range of the CPU time."""
    found: dict[str, dict[int, list[dict[str, float]]]] = {one.name: {1: [], 8: []} for one in targets}
    for _ in range(rounds):
        for target in targets:
            with alone(target, targets):
                for connections in (1, 8):
                    found[target.name][connections].append(measure(target, connections, requests))
    return {
        name: {
            f"{connections} connections": {
                **{figure: statistics.median(run[figure] for run in runs) for figure in runs[0]},
                "cpu_ms_range": [min(run["cpu_ms"] for run in runs), max(run["cpu_ms"] for run in runs)],
            }
            for connections, runs in by_connections.items()
        }
        for name, by_connections in found.items()
    }


def in_process(artifact: Artifact, row: dict[str, Any]) -> dict[str, float]:
    """Microseconds of one prediction without HTTP, of the learner's own call, and of the pointer's move."""
    _, learner = scoring()
    with tempfile.TemporaryDirectory(prefix="serving-") as home, opened(_settings(Path(home))) as services:
        furnish(services, learner, artifact)
        serving = Serving(learner, services)
        serving.refresh()
        columns = serving._reader.columns([serving._reader.codes(row, "features")])
        whole = _microseconds(lambda: serving.predict("somebody", row))
        model = _microseconds(lambda: learner.predict(artifact, columns))
        return {
            "predict_us": whole,
            "model_us": model,
            "overhead_us": round(whole - model, 1),
            **_pointer(services, learner, serving),
        }


def _microseconds(work: Callable[[], object]) -> float:
    """CPU time of one call, the median of seven rounds of 500."""
    rounds = []
    for _ in range(7):
        began = time.process_time()
        for _ in range(500):
            work()
        rounds.append((time.process_time() - began) / 500 * 1e6)
    return round(statistics.median(rounds), 1)


def _pointer(services: Services, learner: Learner, serving: Serving) -> dict[str, float]:
    """Promote, roll back, promote ... : both commits, then the swap in this process; wall and CPU milliseconds.

    Each is a version of its own: to go back is to release the old bytes under a new number.
    """
    newest = services.registry.versions(learner.name)[0]
    names = []
    for number in range(newest.number + 1, newest.number + 41):
        services.registry.add(replace(newest, name=f"v1.{number - 1}", number=number))
        names.append(f"v1.{number - 1}")
    rollout = services.rollouts.active(learner.name)
    assert rollout is not None
    commits, swaps, cpu = [], [], []
    for number, name in enumerate(names):
        busy, began = time.process_time(), time.perf_counter()
        services.registry.move(learner.name, name, Stage.PRODUCTION)
        rollout = services.rollouts.save(replace(rollout, reason=f"move {number}"))
        moved = time.perf_counter()
        serving.refresh()
        swaps.append((time.perf_counter() - moved) * 1000)
        commits.append((moved - began) * 1000)
        cpu.append((time.process_time() - busy) * 1000)
    return {
        "pointer_ms": round(statistics.median(commits), 2),
        "pointer_cpu_ms": round(statistics.median(cpu), 2),
        "swap_ms": round(statistics.median(swaps), 2),
    }


def main() -> None:
    """Print a table and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mlflow", help="Python of an environment with mlflow, onnx and onnxruntime")
    parser.add_argument("--litserve", help="Python of an environment with litserve and onnxruntime")
    parser.add_argument("--requests", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--client", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
    elif given.client:
        request, connections, requests = json.load(sys.stdin)
        print(json.dumps(client(given.client, request.encode(), connections, requests)))
    else:
        run(given)


def run(given: argparse.Namespace) -> None:
    """Everything, in one run."""
    _, learner = scoring()
    artifact, row, numbers = fitted(learner)
    with tempfile.TemporaryDirectory(prefix="serving-") as name, ExitStack() as open_until_the_end:
        folder = Path(name)
        model = folder / "model.onnx"
        model.write_bytes(artifact.data)
        targets = [open_until_the_end.enter_context(ours(folder, artifact, row))]
        if given.mlflow:
            targets.append(open_until_the_end.enter_context(mlflow(given.mlflow, folder, model, numbers)))
        if given.litserve:
            targets.append(open_until_the_end.enter_context(litserve(given.litserve, folder, model, numbers)))
        for target in targets:
            print(f"{target.name} answers {wait_for(target).decode().strip()[:200]}", flush=True)
        compared = compare(targets, given.rounds, given.requests)
    for missing in [peer for peer in ("mlflow", "litserve") if not getattr(given, peer)]:
        print(f"no figures of {missing}: give --{missing} the Python of an environment that has it")
    alone_figures = in_process(artifact, row)
    show(compared, alone_figures)
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "load": os.getloadavg()[0]}
    shape = {"model_bytes": len(artifact.data), "requests": given.requests, "rounds": given.rounds}
    if len(compared) == 3:
        RESULTS.write_text(json.dumps({**machine, **shape, **compared, "in process": alone_figures}, indent=2) + "\n")


def show(compared: dict[str, Any], alone_figures: dict[str, float]) -> None:
    """The tables."""
    print(f"{'':12}{'':>16}{'CPU ms':>8}{'range':>16}{'p50 ms':>8}{'p99 ms':>8}{'requests/s':>12}")
    for name, by_connections in compared.items():
        for connections, run in by_connections.items():
            spread = "{} to {}".format(*run["cpu_ms_range"])
            print(
                f"{name:12}{connections:>16}{run['cpu_ms']:>8}{spread:>16}{run['p50_ms']:>8}{run['p99_ms']:>8}"
                f"{run['requests_a_second']:>12,}"
            )
    for name, value in alone_figures.items():
        print(f"{name:28}{value:>10}")


if __name__ == "__main__":
    main()
