"""Commands about models against published, signed releases on loopback: look, take, go back, refuse."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.domains.screens.observing import NOBODY, User
from tests.edge.static_server import StaticServer, cut_off, failing, replacing, serving
from tests.publish.world import World

from samouk.domains.screens.observer import OBSERVER
from samouk.domains.screens.schema import SCHEMA
from samouk.domains.screens.taxonomy import TYPES

Screens = Callable[[int], list[Path]]


def model(kind: str, rows: int = 12_345) -> bytes:
    """A model that takes everything for one type."""
    scores = np.full(len(TYPES), -10.0, np.float32)
    scores[TYPES.index(kind)] = 10.0
    width = OBSERVER.features(()).shape[1]
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["features", "w"], ["none"]),
            helper.make_node("Add", ["none", "b"], ["z"]),
            helper.make_node("Softmax", ["z"], ["probabilities"], axis=1),
        ],
        "constant",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", width])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", len(TYPES)])],
        [
            numpy_helper.from_array(np.zeros((width, len(TYPES)), np.float32), "w"),
            numpy_helper.from_array(scores, "b"),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    about = {
        "learner": SCHEMA.name,
        "schema_version": SCHEMA.version,
        "classes": TYPES,
        "rows": rows,
        "platforms": ["android", "ios"],
    }
    helper.set_model_props(made, {"samouk": json.dumps(about)})
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "operator")


@pytest.fixture
def server(world: World, user: User) -> Iterator[StaticServer]:
    """An operator's server, which the user's settings name."""
    with serving(world.folder) as running:
        user.done("config", "set", "ml.upload_endpoint", running.url)
        yield running


def release(world: World, number: int, kind: str, **changes: Any) -> None:
    world.release(number, model(kind), learner=SCHEMA.name, **changes)


def current(user: User) -> Any:
    return user.json("ml", "models")["current"]["version"]


def test_update_is_told_taken_and_gone_back_from(
    world: World, server: StaticServer, user: User, screens: Screens
) -> None:
    """A release is announced with its figures, taken with one command, predicts, and is left with another."""
    release(world, 1, "icon")
    user.done("ml", "update-model")
    release(world, 2, "chip")
    told = user.done("ml", "check-updates")
    for words in (
        "🔄",
        "v1.1 → v1.2",
        "accuracy: 90.1% → 90.2%",
        "✅ button: +2 points",
        "2,000 elements",
        "update-model",
    ):
        assert words in told
    assert told.count("90.2%") == 1 and current(user) == "v1.1"
    assert "✅ v1.2 is in service" in user.done("ml", "update-model")
    (file,) = screens(1)
    assert {element["element_type"] for element in user.json("ml", "predict", file)["elements"]} == {"chip"}
    assert "v1.1 is in service again" in user.done("ml", "rollback")
    assert {element["element_type"] for element in user.json("ml", "predict", file)["elements"]} == {"icon"}
    assert user.json("ml", "check-updates") == {"current": "v1.1", "update": None}


def test_model_in_service_is_described(world: World, server: StaticServer, user: User, screens: Screens) -> None:
    """models and predict say which model speaks, on how many elements it was trained, and for which platforms."""
    release(world, 1, "icon")
    first = user("ml", "update-model")
    assert "on first use" in first.stderr and "fingerprint" in first.stderr
    shown = user.done("ml", "models")
    for words in ("✅ Model screens.element v1.1", "trained on 1,000 elements", "platforms: android, ios"):
        assert words in shown and words in user("ml", "predict", *screens(1)).stderr


def test_model_gone_back_to_is_described(world: World, server: StaticServer, user: User) -> None:
    """A model that the last check was not about tells by itself on how many elements it was trained."""
    for number, kind in ((1, "icon"), (2, "chip")):
        release(world, number, kind)
        user.done("ml", "update-model")
    user.done("ml", "rollback")
    assert "v1.1\n   trained on 12,345 elements" in user.done("ml", "models")


def test_newest_model_is_said_to_be(world: World, server: StaticServer, user: User) -> None:
    """With nothing newer both commands say so and succeed."""
    release(world, 1, "icon")
    assert user.json("ml", "update-model")["update"]["version"] == "v1.1"
    assert user.json("ml", "update-model")["update"] is None
    assert "newest" in user.done("ml", "check-updates") and "newest" in user.done("ml", "update-model")


def test_download_shows_its_progress(world: World, server: StaticServer, user: User) -> None:
    """On a terminal the download draws a bar up to all of it."""
    release(world, 1, "icon")
    code, shown = user.on_terminal(["ml", "update-model"])
    assert code == 0 and "📥 Downloading" in shown and "100%" in shown


def test_broken_download_goes_on(world: World, server: StaticServer, user: User) -> None:
    """A download that breaks off is finished all the same."""
    release(world, 1, "icon")
    server.spoil = cut_off(".onnx", at=1_000, times=2)
    assert user.json("ml", "update-model")["current"] == "v1.1"


@pytest.mark.parametrize("command", ["check-updates", "update-model"])
def test_no_server(command: str, user: User) -> None:
    """Without a server the line names it and the setting, and the exit code says network."""
    user.done("config", "set", "ml.upload_endpoint", NOBODY)
    result = user("ml", command)
    assert result.exit_code == 4 and NOBODY in result.stderr and "ml.upload_endpoint" in result.stderr
    assert result.stderr.count("\n") == 1
    assert f"nothing answers at {NOBODY}; is the server running (samouk serve)? Another server" in result.stderr


def test_server_that_fails(world: World, server: StaticServer, user: User) -> None:
    """A server that answers 500 is the network's trouble, not a refusal."""
    release(world, 1, "icon")
    server.spoil = failing("timestamp", 500)
    assert user("ml", "check-updates").exit_code == 4


def test_foreign_model_is_refused(world: World, server: StaticServer, user: User, screens: Screens) -> None:
    """Bytes that were not signed are refused with exit code 5, and the model in service stays."""
    release(world, 1, "icon")
    user.done("ml", "update-model")
    release(world, 2, "chip")
    server.spoil = replacing(".onnx", lambda body: body[:-1] + b"x")
    result = user("ml", "update-model")
    assert result.exit_code == 5 and result.stderr.count("\n") == 1
    assert current(user) == "v1.1"


def test_better_model_comes_by_itself(world: World, server: StaticServer, user: User, screens: Screens) -> None:
    """A prediction takes a new model afterwards, unless ml.auto_update is false; offline it just predicts."""
    (file,) = screens(1)
    release(world, 1, "icon")
    user.done("ml", "update-model")
    user.done("config", "set", "ml.auto_update", "false")
    release(world, 2, "chip")
    user.done("ml", "predict", file)
    assert current(user) == "v1.1"
    user.done("config", "set", "ml.auto_update", "true")
    assert "v1.2 was installed" in user("ml", "predict", file).stderr
    assert current(user) == "v1.2"


def test_prediction_contacts_nobody_unasked(
    world: World, server: StaticServer, user: User, screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first update-model, and with DO_NOT_TRACK or CI, a prediction sends no request at all."""
    (file,) = screens(1)
    release(world, 1, "icon")
    user.done("ml", "predict", file)
    assert server.requests == []
    user.done("ml", "update-model")
    asked = len(server.requests)
    for variable in ("DO_NOT_TRACK", "CI"):
        monkeypatch.setenv(variable, "1")
        user.done("ml", "predict", file)
        monkeypatch.delenv(variable)
    assert len(server.requests) == asked > 0
    user.done("ml", "predict", file)
    assert len(server.requests) > asked


def test_offline_prediction(user: User, screens: Screens) -> None:
    """Without any server a prediction succeeds and says nothing of updates."""
    user.done("config", "set", "ml.upload_endpoint", NOBODY)
    result = user("ml", "predict", *screens(1))
    assert result.exit_code == 0 and "update" not in result.stderr.replace("observe ml update-model", "")


def test_own_model_and_pickle(user: User, screens: Screens, tmp_path: Path) -> None:
    """A model of one's own predicts; a pickle only with --trust-pickle; anything else is refused in a line."""
    from samouk.domains.screens.commands.pickled import pickled

    (file,) = screens(1)
    (tmp_path / "own.onnx").write_bytes(model("card"))
    (tmp_path / "own.pkl").write_bytes(pickled(model("map"), {}))
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    (tmp_path / "bad.pkl").write_bytes(b"no pickle")
    for name, more, kind in (("own.onnx", (), "card"), ("own.pkl", ("--trust-pickle",), "map")):
        found = user.json("ml", "predict", file, "--model", tmp_path / name, *more)
        assert {element["element_type"] for element in found["elements"]} == {kind}
    refused = user("ml", "predict", file, "--model", tmp_path / "own.pkl")
    assert refused.exit_code == 5 and "--trust-pickle" in refused.stderr
    assert user("ml", "predict", file, "--model", tmp_path / "bad.onnx").exit_code == 5
    assert user("ml", "predict", file, "--model", tmp_path / "bad.pkl", "--trust-pickle").exit_code == 3
