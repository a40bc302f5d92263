"""What an operator wants otherwise: policies as plain JSON."""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from examples.will_it_rain import RAIN

from samouk import domains
from samouk.cli import main
from samouk.domains import UnusableDomain
from samouk.loop.learner import Policy
from samouk.loop.policies import BadPolicy, applied, in_words
from samouk.loop.rollout_policy import RolloutPolicy, UnsoundPolicy

MUTE = replace(RAIN, outcomes=(), policy=Policy())
AFAR = replace(RAIN, served=False, policy=Policy())


def test_what_is_named_changes_and_the_rest_stays() -> None:
    """Spans come in hours and days; a policy that is not named, or a field of it, is the author's."""
    wanted = {
        "rollout": {"mode": "bandit", "dwell_hours": 6, "patience_days": 3.5, "steps": [0.05, 1]},
        "approval": "human",
        "triggers": {"volume": 50, "adaptive": False},
    }
    policy = applied(RAIN, wanted).policy
    due = RolloutPolicy("bandit", (0.05, 1.0), dt.timedelta(hours=6), patience=dt.timedelta(days=3.5))
    assert (policy.rollout, policy.approval, policy.gate) == (due, "human", RAIN.policy.gate)
    assert policy.triggers == replace(RAIN.policy.triggers, volume=50, adaptive=False)
    assert applied(RAIN, {"rollout": None}).policy.rollout is None
    assert applied(AFAR, {"rollout": {}}).policy.rollout == RolloutPolicy()
    assert applied(RAIN, {}) == RAIN


def test_a_policy_in_words_comes_back() -> None:
    """What is shown can be written into the file, and means the same."""
    changed = applied(RAIN, {"rollout": {"dwell_hours": 7.25}, "gate": {"margin": 0.01}})
    words = json.loads(json.dumps(in_words(changed.policy)))
    assert applied(RAIN, words).policy == changed.policy
    assert in_words(Policy())["rollout"] is None


@pytest.mark.parametrize(
    ("wanted", "field", "remedy"),
    [
        (3, "weather.rain", "an object with rollout"),
        ({"rolout": {}}, "weather.rain.rolout", "there are rollout"),
        ({"rollout": {"dwell": 3}}, "weather.rain.rollout.dwell", "dwell_hours"),
        ({"rollout": {"dwell_hours": -1}}, "weather.rain.rollout.dwell_hours", "from 0 to"),
        ({"rollout": {"dwell_hours": float("nan")}}, "weather.rain.rollout.dwell_hours", "a number"),
        ({"rollout": {"minimum": 2.5}}, "weather.rain.rollout.minimum", "a whole number"),
        ({"rollout": {"minimum": True}}, "weather.rain.rollout.minimum", "a whole number"),
        ({"rollout": {"mode": "ba"}}, "weather.rain.rollout.mode", "ab, shadow, bandit"),
        ({"rollout": {"steps": [0.6, 1]}}, "weather.rain.rollout.steps", "at most 0.5"),
        ({"rollout": {"steps": [0.1, 0.5]}}, "weather.rain.rollout.steps", "the last one 1"),
        ({"rollout": {"steps": [0.5, 0.1, 1]}}, "weather.rain.rollout.steps", "rising"),
        ({"rollout": {"steps": []}}, "weather.rain.rollout.steps", "for example"),
        ({"rollout": {"steps": [0.1, "1"]}}, "weather.rain.rollout.steps", "for example"),
        ({"rollout": {"alpha_harm": 0.09}}, "weather.rain.rollout.alpha_harm", "make at most 0.1"),
        ({"rollout": {"srm_alpha": 0.2}}, "weather.rain.rollout.srm_alpha", "from 1e-06 to 0.1"),
        ({"approval": "nobody"}, "weather.rain.approval", "auto, human"),
        ({"triggers": {"adaptive": 1}}, "weather.rain.triggers.adaptive", "true, false"),
        ({"triggers": []}, "weather.rain.triggers", "an object"),
        ({"gate": {"alpha": 0}}, "weather.rain.gate.alpha", "from 1e-06"),
    ],
)
def test_what_cannot_be_is_refused_by_field(wanted: Any, field: str, remedy: str) -> None:
    """Every refusal names the dotted field and says what would be right."""
    with pytest.raises(BadPolicy) as refusal:
        applied(RAIN, wanted)
    assert refusal.value.field == field
    assert remedy in refusal.value.reason


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("steps", steps) for steps in ((0.6, 1.0), (1.0,), (), (0.5, 0.1, 1.0), (0.0, 1.0), (0.1, 0.9), (0.1, 1.5))),
        *(("steps", steps) for steps in ((math.nan, 1.0), (0.1, 0.1, 1.0), (-0.1, 0.5, 1.0))),
        *((name, alpha) for name in ("alpha_harm", "alpha_gain", "alpha_guard") for alpha in (0, -0.1, 1, math.nan)),
        *(("srm_alpha", alpha) for alpha in (0, 0.5, math.nan)),
        *((name, count) for name in ("minimum", "planned") for count in (0, -1, 2.5)),
        *((name, dt.timedelta(0)) for name in ("patience", "quiet")),
        ("dwell", dt.timedelta(seconds=-1)),
        *((name, share) for name in ("tolerance", "guard_tolerance") for share in (-0.1, 1.1, math.nan)),
        *(("slow_ms", span) for span in (0, math.inf, math.nan)),
        *(("mode", "AB"), ("goal", "best"), ("alpha_harm", 0.09)),
    ],
)
def test_a_policy_made_in_code_is_held_to_the_same(field: str, value: Any) -> None:
    """What would promote after three people, spend too much alpha or never end is refused by its field."""
    with pytest.raises(UnsoundPolicy) as refusal:
        replace(RolloutPolicy(), **{field: value})
    assert (refusal.value.field, "must be" in refusal.value.reason) == (field, True)


def test_a_rollout_needs_somebody_to_tell_how_it_goes() -> None:
    """A learner without outcomes ramps nothing, and clients take part in mode ab alone."""
    with pytest.raises(BadPolicy, match="no outcomes"):
        applied(MUTE, {"rollout": {}})
    with pytest.raises(BadPolicy, match="ab alone"):
        applied(AFAR, {"rollout": {"mode": "shadow"}})


def test_the_file_holds_for_all_who_ask_for_learners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Screens ramp when the operator says so, which `samouk learners` shows; without the file they do not."""
    assert domains.learner("screens.element").policy.rollout is None
    file = tmp_path / "policy.json"
    file.write_text(json.dumps({"screens.element": {"rollout": {"dwell_hours": 12}, "approval": "human"}}))
    monkeypatch.setenv("SAMOUK_POLICY", str(file))
    policy = domains.learner("screens.element").policy
    assert policy.rollout == RolloutPolicy(dwell=dt.timedelta(hours=12))
    shown = {one["name"]: one for one in json.loads(CliRunner().invoke(main, ["learners", "--json"]).stdout)}
    assert shown["screens.element"]["outcomes"] == ["kept"]
    assert shown["screens.element"]["policy"] == json.loads(json.dumps(in_words(policy)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("{", "is no JSON"),
        ("[]", "must be an object of"),
        ('{"screens.elements": {}}', "screens.elements is no learner"),
        ('{"screens.element": {"gate": {"alpha": 2}}}', "screens.element.gate.alpha: must be a number"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, said: str) -> None:
    """A file that cannot be read or meant stops every command with the variable, the field and the remedy."""
    file = tmp_path / "policy.json"
    if text is not None:
        file.write_text(text)
    monkeypatch.setenv("SAMOUK_POLICY", str(file))
    with pytest.raises(UnusableDomain, match="SAMOUK_POLICY"):
        domains.discover()
    result = CliRunner().invoke(main, ["learners"])
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
