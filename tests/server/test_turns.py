"""Turns and strangers' models in processes of their own: they end with the server, in time, and tell why."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.domains.scoring.test_adopt import FITTING, KNOWN, LEARNER, LINEAR, ONES, onnx
from tests.server import toy
from tests.server.house import Answer, House, running

from samouk import assembly
from samouk.domains import discover
from samouk.domains.scoring.world import ScoringWorld
from samouk.loop.ports import Services
from samouk.loop.registry import enter
from samouk.loop.release import register, release
from samouk.server import Options, create_app
from samouk.server.problems import Problem
from samouk.server.turns import Adopted, Commands, Turns
from samouk.settings import Settings, load
from samouk.store.memory import memory_services

PATH = "/v1/learners/scoring.outcome/versions"
HURRIED = "import samouk.cli.adopting as adopting; adopting.TRY_S = {seconds}; from samouk.cli import main; main()"


def endless() -> bytes:
    """A model that goes round 2^60 times for its first row."""
    scalar = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["on"], ["on_too"]), helper.make_node("Mul", ["sum", "one"], ["more"])],
        "body",
        [
            scalar("turn", TensorProto.INT64, []),
            scalar("on", TensorProto.BOOL, []),
            scalar("sum", TensorProto.FLOAT, None),
        ],
        [scalar("on_too", TensorProto.BOOL, []), scalar("more", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(1, np.float32), "one")],
    )
    nodes = [
        *KNOWN,
        helper.make_node("ReduceMax", ["known"], ["first"], axes=[1], keepdims=1),
        helper.make_node("Loop", ["trips", "on_first", "first"], ["last"], body=body),
        helper.make_node("Sigmoid", ["last"], ["y"]),
    ]
    constants = {"zero": np.float32(0), "trips": np.int64(2**60), "on_first": np.array(True)}
    return onnx(nodes, constants=constants)


def greedy() -> bytes:
    """A model that wants 2^36 numbers for each answer."""
    nodes = [
        helper.make_node("ConstantOfShape", ["huge"], ["all"]),
        helper.make_node("ReduceSum", ["all"], ["none"], keepdims=0),
        helper.make_node("ReduceMax", ["known"], ["most"], axes=[1], keepdims=1),
        helper.make_node("Add", ["most", "none"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], ["y"]),
    ]
    return onnx([*KNOWN, *nodes], constants={"zero": np.float32(0), "huge": np.array([2**36], np.int64)})


def release_a_bad_one(services: Services) -> bytes:
    """Put a model in service that is sure of a good outcome whatever it sees."""
    nodes = [*LINEAR, helper.make_node("Add", ["odds", "sure"], ["hope"]), helper.make_node("Sigmoid", ["hope"], ["y"])]
    data = onnx(nodes, constants={**ONES, "sure": np.float32(6)})
    assert LEARNER.adopt is not None
    artifact = LEARNER.adopt(data, {})
    version = enter(LEARNER, [], artifact, services.blobs.put(data), services.clock.now())
    register(services, version, "tests", "to be beaten")
    release(services, version, "tests", "to be beaten")
    return data


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load({}, home=tmp_path_factory.mktemp("home"), max_model_mb=1)


@pytest.fixture(scope="module")
def stored(settings: Settings) -> Iterator[Services]:
    """A home with what agents lived through in forty batches."""
    assembly.make_signing_keys(settings)
    with assembly.opened(settings) as services:
        services.log.append(list(ScoringWorld(1).batches(0, 40)))
        yield services


def turns_of(settings: Settings, seconds: float) -> Turns:
    """Turns whose models must be done in so many seconds."""
    learn = [sys.executable, "-c", "import time; time.sleep(3600)"]
    adopt = [sys.executable, "-c", HURRIED.format(seconds=seconds)]

    def adopting(learner: str, metrics: str) -> list[str]:
        return [*adopt, "adopt", learner, "-", "--metrics", metrics, "--json"]

    environment = {**os.environ, "SAMOUK_HOME": str(settings.home), "SAMOUK_MAX_MODEL_MB": "1"}
    return Turns(Commands(lambda *_: learn, adopting), environment)


def send(house: House, model: bytes, path: str = PATH) -> Answer:
    return house.request("POST", path, model, {"Authorization": f"Bearer {house.key}"})


@contextmanager
def serving(settings: Settings, services: Services, seconds: float) -> Iterator[House]:
    options = Options(turns=turns_of(settings, seconds), max_model=settings.max_model_mb * 1_000_000)
    with running(create_app(services, discover(), options), services) as house:
        yield house


@pytest.mark.slow
def test_a_model_without_end(settings: Settings, stored: Services) -> None:
    """Its sender is told so when the time is over, and the server answers on."""
    with serving(settings, stored, 4) as house:
        refused = send(house, endless())
        assert (refused.status, "in vain" in refused.json["detail"]) == (422, True), refused.body
        assert house.get("/health/ready").status == 200


@pytest.mark.slow
def test_models_made_elsewhere(settings: Settings, stored: Services) -> None:
    """One that is better is entered; one that wants all memory, is no model, too large or worse is told so."""
    bad = release_a_bad_one(stored)
    with serving(settings, stored, 60) as house:
        refused = send(house, greedy())
        assert (refused.status, refused.json["field"]) == (422, "body"), refused.body
        refused = send(house, b"no model")
        assert (refused.status, "no ONNX model" in refused.json["detail"]) == (422, True)
        assert send(house, bad).status == 409
        taken = send(house, onnx(FITTING, constants=ONES), f'{PATH}?metrics={{"auc":0.75}}')
        assert taken.status == 201, taken.body
        assert stored.registry.version("scoring.outcome", taken.json["version"]).metadata["claimed"] == {"auc": 0.75}
        larger = send(house, bytes(1_000_001))
        assert (larger.status, "SAMOUK_MAX_MODEL_MB" in larger.json["detail"]) == (413, True)


def test_closing_ends_what_runs(tmp_path: Path) -> None:
    """A turn that was asked for over HTTP does not outlive its server, and after the close none is begun."""
    begun = tmp_path / "begun"
    code = f"import os, time; open({str(begun)!r}, 'w').write(str(os.getpid())); time.sleep(3600)"
    turns = Turns(Commands(lambda *_: [sys.executable, "-S", "-c", code], lambda *_: []), os.environ)
    services = memory_services()
    with running(create_app(services, {"toy": toy.DOMAIN}, Options(turns=turns)), services) as house:
        assert house.call("POST", "/v1/learners/toy.half/runs", {"reason": "now"}).status == 202
        again = house.call("POST", "/v1/learners/toy.half/runs", {"reason": "now"})
        assert (again.status, "already" in again.json["detail"]) == (409, True)
        pid = _number(begun)
        assert os.getsid(pid) == pid  # Ctrl-C in the server's terminal is not for it
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(Problem, match="the server stops"):
        turns.start("toy.half", "now")


def test_a_reason_stands_on_no_command_line(tmp_path: Path) -> None:
    """The command finds it in its environment, which nobody else can read."""
    told = tmp_path / "told"
    code = f"import os; open({str(told)!r} + '.part', 'w').write(os.environ['SAMOUK_REASON'])"
    code += f"; os.replace({str(told)!r} + '.part', {str(told)!r})"
    turns = Turns(
        Commands(lambda *given: [sys.executable, "-S", "-c", code, *map(str, given)], lambda *_: []), os.environ
    )
    turns.start("toy.half", "ada asked", hold=True)
    end = time.monotonic() + 60
    while not told.exists() and time.monotonic() < end:
        time.sleep(0.01)
    turns.close()
    assert told.read_text() == "ada asked"


def test_a_deaf_turn_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever does not hear is killed after a moment."""
    monkeypatch.setattr("samouk.server.children.STOP_S", 0.2)
    begun = tmp_path / "begun"
    deaf = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    code = f"{deaf}; open({str(begun)!r}, 'w').write(str(os.getpid())); time.sleep(3600)"
    turns = Turns(Commands(lambda *_: [sys.executable, "-S", "-c", code], lambda *_: []), os.environ)
    turns.start("toy.half", "now")
    pid = _number(begun)
    turns.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(("code", "words"), [(3, "exit code 3"), (1, "exit code 1"), (4, "another process")])
def test_ends_are_told(code: int, words: str, caplog: pytest.LogCaptureFixture) -> None:
    """A turn that could not be taken leaves a line in the log."""
    turns = Turns(Commands(lambda *_: [sys.executable, "-S", "-c", f"raise SystemExit({code})"], lambda *_: []), {})
    turns.start("toy.half", "now")
    _until(lambda: words in caplog.text)


def test_a_turn_has_its_time(caplog: pytest.LogCaptureFixture) -> None:
    """What takes longer is stopped, told, and in nobody's way."""
    commands = Commands(lambda *_: [sys.executable, "-S", "-c", "import time; time.sleep(3600)"], lambda *_: [])
    turns = Turns(commands, {}, seconds=0.2)
    turns.start("toy.half", "now")
    _until(lambda: "was stopped" in caplog.text)
    _until(lambda: _starts(turns))
    turns.close()


def adopting(code: str, seconds: float = 30) -> Turns:
    return Turns(Commands(lambda *_: [], lambda *_: [sys.executable, "-S", "-c", code]), {}, adopting=seconds)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("raise SystemExit(4)", 409),
        ("raise SystemExit(3)", 503),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", 422),
        ("import os; os.abort()", 422),
        ("import time; time.sleep(3600)", 422),
    ],
)
def test_how_trying_a_model_ends(code: str, status: int) -> None:
    """Each end has its status; none leaves the learner busy."""
    turns = adopting(code, seconds=1.5)
    for _ in range(2):
        with pytest.raises(Problem) as refused:
            turns.adopt("toy.half", bytes(300_000), "{}", "why")
        assert refused.value.status == status


def test_what_was_adopted() -> None:
    """The model goes in whole, its end comes out."""
    code = 'import sys; n = len(sys.stdin.buffer.read()); print(\'{"version": "v%d", "end": "staged", "why": ""}\' % n)'
    assert adopting(code).adopt("toy.half", bytes(300_000), "{}", "why") == Adopted("v300000", "staged", "")


def test_closing_ends_a_trial() -> None:
    """Who sent a model when the server stopped is told so."""
    turns, ends = adopting("import time; time.sleep(3600)"), []

    def adopt() -> None:
        with pytest.raises(Problem) as refused:
            turns.adopt("toy.half", b"x", "{}", "why")
        ends.append(refused.value.status)

    thread = Thread(target=adopt)
    thread.start()
    _until(lambda: not _starts(turns))
    turns.close()
    thread.join(10)
    assert ends == [503]


def _starts(turns: Turns) -> bool:
    try:
        turns.start("toy.half", "now")
    except Problem:
        return False
    except IndexError:  # no command is given here
        return True
    return True


def _until(true: object, seconds: float = 60) -> None:
    assert callable(true)
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _number(path: Path) -> int:
    _until(lambda: path.exists() and path.read_text() != "")
    return int(path.read_text())
