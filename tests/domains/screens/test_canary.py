"""Nothing private of a screen reaches a sample."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.canary import CANARIES, disguises, leaks

from samouk.domains.screens.dumps import to_dict, to_droidbot, to_page_source, to_uiautomator
from samouk.domains.screens.element import Bounds, Element, Platform, Screen
from samouk.domains.screens.observer import OBSERVER
from samouk.edge import Predictor, disk, places
from samouk.edge.bucket import side
from samouk.edge.installed import digest_of
from samouk.edge.tallies import Tallies
from samouk.edge.trust import Check, Release, Trial


def screen_of_secrets(platform: Platform) -> Screen:
    """A screen with a secret in every field that can hold one."""
    secrets = CANARIES
    frame = "android.widget.FrameLayout" if platform == "android" else "XCUIElementTypeWindow"
    looks: list[dict[str, Any]] = [
        {"class_name": frame, "parent": -1},
        {"class_name": secrets["vendor class"], "resource_id": secrets["resource id"], "text": secrets["password"],
         "password": True, "clickable": True},
        {"class_name": "android.widget.TextView", "text": secrets["text"], "description": secrets["description"]},
        {"class_name": "android.widget.EditText", "hint": secrets["hint"], "text": secrets["email"]},
        {"class_name": secrets["activity"], "role": secrets["role"], "text": secrets["phone"]},
        {"class_name": "XCUIElementTypeCell", "resource_id": secrets["bare id"], "description": secrets["path"]},
        {"class_name": secrets["vendor prefix"], "text": secrets["account"], "checkable": True},
    ]  # fmt: skip
    elements = []
    for index, look in enumerate(looks):
        words = {f"{name}_length": len(look.get(name, "")) for name in ("text", "description", "hint")}
        bounds = Bounds(0, 40.0 * index, 360, 40.0 * index + 40)
        elements.append(Element(**{"index": index, "parent": 0, "bounds": bounds, "visible": True, **words, **look}))
    return Screen(platform, tuple(elements), secrets["package"])


WRITERS = {
    "uiautomator": to_uiautomator,
    "page source": to_page_source,
    "droidbot": lambda screen: json.dumps(to_droidbot(screen)),
    "dict": to_dict,
}


@pytest.mark.parametrize("platform", ["android", "ios"])
@pytest.mark.parametrize("writer", WRITERS)
def test_no_secret_reaches_a_sample(writer: str, platform: Platform) -> None:
    """Whatever the format, samples hold no secret: not plainly, not encoded, not hashed."""
    dump = WRITERS[writer](screen_of_secrets(platform))
    assert leaks(json.dumps(dump)), "the dump itself must hold the secrets, else this test proves nothing"
    observation = OBSERVER.observe(dump, platform)
    assert len(observation.samples) == 7
    assert leaks(json.dumps([dict(row) for row in observation.samples])) == []
    assert leaks(json.dumps(observation.keys)) == []


def test_a_correction_holds_no_secret() -> None:
    """A corrected element is as anonymous as an observed one."""
    element = {"class": CANARIES["vendor class"], "text": CANARIES["text"], "resource-id": CANARIES["resource id"]}
    observation = OBSERVER.correct(element, "button", "android")
    assert leaks(json.dumps([dict(row) for row in observation.samples])) == []


def test_a_count_holds_no_secret(tmp_path: Path) -> None:
    """What is counted while a version is on trial, on disk and on its way, is numbers and names of the release."""
    bundled, environ = OBSERVER.bundled_model(), {"HOME": str(tmp_path)}
    assert bundled is not None
    own = next(own for own in (f"{n:032x}" for n in range(1_000)) if side(own, "r1", 0.5) == "control")
    folder = disk.private_dir(places.models_dir(environ, OBSERVER.learner))
    (folder / "bucket").write_text(own)
    champion = Release("v1.0", 1, "", bundled.stat().st_size, digest_of(bundled))
    trial = Trial("r1", 0.5, replace(champion, version="v1.1", number=2, sha256="0" * 64))
    check = Check("", None, dt.datetime.now(dt.UTC) + dt.timedelta(days=1), champion, trial)
    (folder / "check.json").write_bytes(check.encoded())
    screen = to_uiautomator(screen_of_secrets("android"))
    with Predictor(observer=OBSERVER, environ=environ) as predictor:
        for _ in range(20):
            predictor.predict(screen)
    (tally,) = Tallies(environ, OBSERVER.learner, bundled).due()
    assert (tally.rollout, tally.version, tally.side) == ("r1", "v1.0", "control")
    assert 20 <= tally.shown <= 140
    kept = b"".join(path.read_bytes() for path in places.tallies_dir(environ).iterdir())
    assert leaks(kept + tally.body()) == []


def test_a_password_tells_not_even_its_length() -> None:
    """Samples of masked fields are the same whatever was typed into them."""
    samples = []
    for typed in ("", "a", "a very long password indeed, longer than thirty"):
        node = {"class": "android.widget.EditText", "password": True, "text": typed, "bounds": [0, 0, 300, 90]}
        row = dict(OBSERVER.observe([node], "android").samples[0])
        samples.append({name: value for name, value in row.items() if name != "sample_id"})
    assert samples[0] == samples[1] == samples[2]


@pytest.mark.parametrize("secret", CANARIES.values())
def test_the_canary_sees_every_disguise(secret: str) -> None:
    """A secret is found plainly, encoded and hashed, so that a silent canary means something."""
    for disguise in disguises(secret):
        assert leaks(f"x{disguise}y"), disguise
