"""The journeys through real processes: an observation in, a model out, an erasure all the way."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests.canary import leaks
from tests.domains.screens.test_canary import screen_of_secrets
from tests.e2e.platform import Platform

from samouk.domains.screens.dumps import to_page_source, to_uiautomator
from samouk.domains.screens.world import ScreenWorld
from samouk.edge import FeedbackCollector, ModelUpdater, Predictor, SelfLearningCollector
from samouk.edge.memory import PersonalMemory

pytestmark = pytest.mark.slow

NOBODY = {"HOME": "/nonexistent"}
"""The environment of a person who has set nothing."""


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return Platform(tmp_path / "home", tmp_path / "server.log")


def dumps(apps: int, screens: int) -> list[tuple[str, str]]:
    """Simulated screens as the tools of their platforms dump them."""
    world = ScreenWorld(11)
    shown = [screen for number in range(apps) for screen in world.screens(world.app(number), screens)]
    return [(to_page_source(s) if s.platform == "ios" else to_uiautomator(s), s.platform) for s in shown]


def collect(url: str, key: str, cache: Path, apps: int = 12, screens: int = 6) -> int:
    """A contributor's whole work, from dumps to the last upload."""
    with SelfLearningCollector(True, url, api_key=key, cache_dir=cache, environ=NOBODY) as collector:
        kept = sum(collector.collect_from_hierarchy(source, system) for source, system in dumps(apps, screens))
        collector.flush()
        assert collector.stats().pending == 0, collector.stats()
    return kept


def test_observations_come_in_and_a_model_goes_out(platform: Platform, tmp_path: Path) -> None:
    """Collected, uploaded, counted, turned, published; the client has the version in service and predicts with it."""
    with platform.serving() as url:
        key = platform.json("keys", "create", "--label", "tests")["secret"]
        kept = collect(url, key, tmp_path / "cache")
        with urllib.request.urlopen(f"{url}/v1/ml/samples/stats") as answer:
            assert str(kept) in answer.read().decode()
        run = platform.json("turn", "screens.element", "--reason", "a test asked")
        assert run["end"] in ("released", "refused", "undecided")
        assert run["verdict"]["figures"][0]["n"] > 20
        updater = ModelUpdater(url, data_dir=tmp_path / "data", environ=NOBODY)
        updater.auto_update(force=True)
        assert updater.last_error is None
        in_service = next(v["name"] for v in platform.json("versions", "screens.element") if v["stage"] == "production")
        current = updater.current()
        assert current is not None
        assert current.version == in_service
        predictor = Predictor(updater.model_path(), memory=PersonalMemory(tmp_path / "memory.json"))
        assert len(predictor.predict(*dumps(1, 1)[0])) > 5


@pytest.mark.timeout(600)
def test_it_learns_by_itself(tmp_path: Path) -> None:
    """Enough labelled samples come, nobody asks, and a run appears, for the volume; SIGTERM then ends all."""
    platform = Platform(tmp_path / "home", tmp_path / "log", {"SAMOUK_CHECK_MINUTES": "0.02"})
    with platform.serving(schedule=True) as url:
        key = platform.json("keys", "create", "--label", "tests")["secret"]
        assert collect(url, key, tmp_path / "cache") >= 2_000  # rules label about two of three
        run = _first_end(url)
    assert run["trigger"] == "volume", run
    assert run["end"] in ("released", "refused", "undecided"), run
    assert "failed" not in platform.log.read_text()


def _first_end(url: str) -> Any:
    """The oldest run once it has ended; six minutes are given, for a busy machine."""
    for _ in range(360):
        with urllib.request.urlopen(f"{url}/v1/learners/screens.element/runs") as answer:
            found = json.load(answer)["runs"]
        if found and found[-1]["end"]:
            return found[-1]
        time.sleep(1)
    raise AssertionError("no run came by itself")


def test_forgetting_reaches_the_snapshots_and_triggers_a_retrain(platform: Platform, tmp_path: Path) -> None:
    """The receipt alone erases; the server counts fewer samples and keeps no entry of them."""
    with platform.serving() as url:
        key = platform.json("keys", "create", "--label", "tests")["secret"]
        kept = collect(url, key, tmp_path / "cache", apps=4, screens=4)
        with SelfLearningCollector(True, url, cache_dir=tmp_path / "cache", environ=NOBODY) as collector:
            asked = collector.forget_all()
            collector.flush()
            assert asked > 0
            assert collector.stats().uploaded == 0
        with urllib.request.urlopen(f"{url}/v1/ml/samples/stats") as answer:
            assert '"total_samples":0' in answer.read().decode().replace(" ", "")
    assert kept > 100


def test_no_secret_is_found_anywhere(platform: Platform, tmp_path: Path) -> None:
    """Secrets in every privileged field: none in wire bytes, cache, logs, store, signed files or personal memory."""
    screen = screen_of_secrets("android")
    with platform.serving() as url:
        key = platform.json("keys", "create", "--label", "tests")["secret"]
        knobs = {"api_key": key, "cache_dir": tmp_path / "cache", "environ": NOBODY}
        with SelfLearningCollector(True, url, **knobs) as collector:
            collector.collect_from_hierarchy(to_uiautomator(screen))
            collector.collect_from_hierarchy("<hierarchy><node class=broken")
            wire = b"".join(collector.show_upload())
            cache = _contents(tmp_path / "cache")
            collector.flush()
        feedback = FeedbackCollector(True, url, memory=PersonalMemory(tmp_path / "memory.json"), **knobs)
        with feedback:
            element = {"class": "com.mybank.ui.PinView", "text": "Transfer 4711 doubloons", "bounds": [0, 0, 90, 90]}
            assert feedback.record_correction(element=element, predicted_type="text", actual_type="button")
            feedback.flush()
        platform.command("turn", "screens.element", "--reason", "canary")
    assert b"sample_id" in wire
    assert leaks(wire) == []
    assert leaks(cache) == []
    for folder in (tmp_path / "cache", platform.home):
        assert leaks(_contents(folder)) == []
    assert leaks(platform.log.read_text()) == []
    assert leaks((tmp_path / "memory.json").read_bytes()) == []


def _contents(folder: Path) -> bytes:
    parts = []
    for path in sorted(folder.rglob("*")):
        parts += [path.name.encode(), path.read_bytes()] if path.is_file() else []
    return b"\n".join(parts)


def test_a_run_killed_anywhere_leaves_the_champion_in_service(platform: Platform, tmp_path: Path) -> None:
    """kill -9 at random moments of a turn: the registry, the signed release and the next turn are whole."""
    with platform.serving() as url:
        key = platform.json("keys", "create", "--label", "tests")["secret"]
        collect(url, key, tmp_path / "cache", apps=6, screens=4)
        chance = random.Random(5)
        for _ in range(6):
            _kill_a_turn(platform, chance.uniform(0.3, 6.0))
            updater = ModelUpdater(url, data_dir=tmp_path / "data", environ=NOBODY)
            updater.auto_update(force=True)
            assert updater.last_error is None
        stages = [version["stage"] for version in platform.json("versions", "screens.element")]
        assert stages.count("production") == 1
        run = _turn_when_free(platform)
        assert run["end"] in ("released", "refused", "undecided")
        ends = [item["end"] for item in platform.json("runs", "screens.element")]
        assert None not in ends


def _kill_a_turn(platform: Platform, after_s: float) -> None:
    process = platform.start("turn", "screens.element", "--reason", "to be killed")
    try:
        process.communicate(timeout=after_s)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()


def _turn_when_free(platform: Platform) -> dict[str, object]:
    """The lease of a killed run lasts half a minute; then the next one goes."""
    for _ in range(60):
        done = platform.command("turn", "screens.element", "--reason", "after the kills", "--json")
        if done.returncode != 4:
            break
        subprocess.run(["sleep", "1"], check=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found
