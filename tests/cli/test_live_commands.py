"""The commands about what is in service: a person's words, how versions do, how near it is to learn, and the tables."""

from __future__ import annotations

import dataclasses
import json
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.e2e.platform import Platform

from samouk import assembly, domains
from samouk.cli import main
from samouk.edge.wire import Row
from samouk.loop.live import RolloutState
from samouk.loop.outcome import Told, harvest, tell
from samouk.loop.ports import Services
from samouk.loop.ramp import stage
from samouk.loop.registry import enter
from samouk.loop.release import register_next
from samouk.loop.serving import Asked, Serving
from samouk.loop.turn import begin
from samouk.settings import Settings, load

LEARNER = "scoring.outcome"
ROW: Row = {"kind": "delivery", "hour": 18.5, "price": 12.0, "experience": 40, "returning": True}
WORDS = ("advance", "pause", "resume", "promote", "rollback", "approve")


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    """A home with keys and the first version in service."""
    chosen = load({}, home=tmp_path / "home", port=0)
    assembly.make_signing_keys(chosen)
    with assembly.opened(chosen) as services:
        begin(domains.learner(LEARNER), services)
    return chosen


@pytest.fixture
def staged(chosen: Settings) -> Settings:
    """With a rollout that runs."""
    with assembly.opened(chosen) as services:
        _stage(services)
    return chosen


def _stage(services: Services) -> None:
    known, champion = domains.learner(LEARNER), services.registry.production(LEARNER)
    artifact = known.first()
    assert artifact is not None
    data = artifact.data + b"\x12\x00"  # an empty field at the end: the same model in other bytes
    key = services.blobs.put(data)
    successor = dataclasses.replace(artifact, data=data)
    version = enter(known, [], successor, key, services.clock.now(), champion=champion)
    stage(known, services, register_next(services, version, "a test", "planted"), "a test", "planted")


def samouk(chosen: Settings, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--home", str(chosen.home)])


def say(chosen: Settings, word: str, reason: str = "a test said so") -> Result:
    return samouk(chosen, "rollout", word, LEARNER, "--reason", reason)


def shown(chosen: Settings) -> tuple[str, dict[str, float]]:
    told = json.loads(samouk(chosen, "rollout", "show", LEARNER, "--json").stdout)
    return told["state"], told["challengers"]


def refused(result: Result) -> str:
    """The one line on standard error of a word that makes no sense."""
    assert (result.exit_code, result.stdout) == (2, ""), (result.output, result.exception)
    (line,) = result.stderr.strip().splitlines()
    return line


def lived(chosen: Settings, asked: int, told: int) -> None:
    """So many questions, and how the first of them turned out."""
    known = domains.learner(LEARNER)
    with assembly.opened(chosen) as services:
        serving = Serving(known, services)
        serving.refresh()
        answers = serving.predict_all([Asked(f"agent {number}", ROW) for number in range(asked)])
        services.journal.expose([one.exposure for one in answers])
        tell(known, services, [Told(one.answer.event_id, "outcome", 1.0) for one in answers[:told]])
        harvest(known, services)


def test_words_in_their_states(staged: Settings) -> None:
    """Each word does what it says where it makes sense, and is one line where it does not."""
    assert "running, v1.1" in say(staged, "advance").stdout
    assert shown(staged) == ("running", {"v1.1": 0.5})
    assert "promote it" in refused(say(staged, "advance"))
    assert "only a rollout that is paused can resume" in refused(say(staged, "resume"))
    assert "paused, v1.1" in say(staged, "pause").stdout
    assert "it is paused" in refused(say(staged, "pause"))
    assert "running, v1.1" in say(staged, "resume").stdout
    assert "nothing waits" in refused(say(staged, "approve"))
    assert "promoted, v1.1" in say(staged, "promote").stdout
    assert shown(staged) == ("promoted", {"v1.1": 1.0})
    assert "rolled_back, v1.1" in say(staged, "rollback").stdout
    assert "nothing that was in service" in refused(say(staged, "rollback"))


def test_what_waits_is_approved(staged: Settings) -> None:
    """A winner that waits for a person is released by one."""
    with assembly.opened(staged) as services:
        runs = services.rollouts.active(LEARNER)
        assert runs is not None
        services.rollouts.save(dataclasses.replace(runs, state=RolloutState.WAITING))
    assert json.loads(samouk(staged, "rollout", "approve", LEARNER, "--reason", "r", "--json").stdout)["state"] == (
        "promoted"
    )


def test_words_without_a_rollout(chosen: Settings) -> None:
    """Nothing has begun: every word says so, and so do the views."""
    for word in WORDS:
        assert refused(say(chosen, word))
    assert "no rollout yet" in samouk(chosen, "rollout", "show", LEARNER).stdout
    assert samouk(chosen, "rollout", "show", LEARNER, "--json").stdout.strip() == "null"
    assert json.loads(samouk(chosen, "rollout", "list", LEARNER, "--json").stdout) == []


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "two\nlines", "\x1b[2J wiped"], ids=repr)
def test_reasons_are_plain(staged: Settings, reason: str) -> None:
    """A reason that is none, or would steer a terminal, is refused by name, and the rollout stays."""
    for word in ("advance", "pause", "promote", "rollback"):
        assert "reason: " in refused(say(staged, word, reason))
    assert samouk(staged, "retrain", LEARNER, "--reason", reason).exit_code == 2
    assert shown(staged) == ("running", {"v1.1": 0.1})


def test_unknown_learners(chosen: Settings) -> None:
    """Every command names the learners that exist, and prints no byte that steers a terminal."""
    commands: Sequence[tuple[str, ...]] = [("rollout", "show"), ("rollout", "list"), ("performance",), ("triggers",)]
    for command in commands:
        line = refused(samouk(chosen, *command, "no\x1b[31mbody"))
        assert (r"no\x1b[31mbody" in line, LEARNER in line, "\x1b[31mbody" in line) == (True, True, False)


def test_performance(staged: Settings) -> None:
    """What was shown and told is in the figures of its version; an empty learner says so."""
    assert "has predicted nothing" in samouk(staged, "performance", LEARNER).stdout
    lived(staged, asked=60, told=40)
    days = json.loads(samouk(staged, "performance", LEARNER, "--json").stdout)
    assert sum(one["figures"]["exposures"] for one in days) == 60
    assert sum(one["figures"]["outcomes"] for one in days) == 40
    table = samouk(staged, "performance", LEARNER).stdout
    assert ("v1.0" in table, "100.0%" in table) == (True, True)
    assert samouk(staged, "performance", LEARNER, "--days", "0").exit_code == 2


def test_history(staged: Settings) -> None:
    """The history tells what was done with a version, by whom and why, in a line each."""
    say(staged, "pause", "a campaign runs until Monday and nobody is to see two versions of anything meanwhile")
    told = samouk(staged, "performance", LEARNER, "--history").stdout.splitlines()
    (line,) = [line for line in told if "campaign" in line]
    assert line.split()[2:5] == ["operator", "pause", "v1.1"]
    assert line.rstrip().endswith("meanwhile")


def test_triggers(chosen: Settings) -> None:
    """Each trigger tells how near it is, in percent too."""
    lived(chosen, asked=300, told=250)
    told = {one["kind"]: one for one in json.loads(samouk(chosen, "triggers", LEARNER, "--json").stdout)}
    assert told["volume"]["value"] == 250
    table = samouk(chosen, "triggers", LEARNER).stdout
    (line,) = [line for line in table.splitlines() if line.startswith("volume")]
    assert f" {told['volume']['share']:.0%} " in line


def test_export(chosen: Settings, tmp_path: Path) -> None:
    """Every row that was told of is in the file, which is replaced on request alone."""
    lived(chosen, asked=30, told=20)
    target = tmp_path / "rows.jsonl"
    assert samouk(chosen, "export", LEARNER, "--output", str(target)).exit_code == 0
    assert len([json.loads(line) for line in target.read_text().splitlines()]) == 20
    assert "--force" in samouk(chosen, "export", LEARNER, "--output", str(target)).stderr
    assert samouk(chosen, "export", LEARNER, "--output", str(target), "--force").exit_code == 0
    assert "tells no format" in samouk(chosen, "export", LEARNER, "--output", str(tmp_path / "rows.xml")).stderr


def test_retrain_says_what_it_lacks(chosen: Settings) -> None:
    """Without rows a turn is a run that ends empty, on record with its reason."""
    assert samouk(chosen, "retrain", LEARNER, "--reason", "a new season").exit_code == 0
    (run,) = json.loads(samouk(chosen, "runs", LEARNER, "--json").stdout)
    assert (run["order"]["reason"], run["end"]) == ("a new season", "empty")


def on_a_terminal(columns: int, *words: str) -> list[str]:
    """What the command prints on a terminal of so many columns."""
    controller, terminal = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "dumb"}
    child = subprocess.Popen([sys.executable, "-m", "samouk.cli", *words], stdout=terminal, env=environment)
    os.close(terminal)
    text = b""
    try:
        while piece := os.read(controller, 65_536):
            text += piece
    except OSError:
        pass  # the way Linux says that the other end is closed
    finally:
        os.close(controller)
    assert child.wait(60) == 0
    return text.decode().splitlines()


@pytest.mark.slow
def test_tables_fit_and_cut_nothing(staged: Settings) -> None:
    """At 80 columns no figure and no name is cut, and long words wrap; in a pipe each row is one line."""
    reason = "a campaign runs until Monday, and nobody is to see two versions of anything while it does"
    say(staged, "pause", reason)
    lived(staged, asked=1_200, told=1_100)
    home = ("--home", str(staged.home))
    narrow = on_a_terminal(80, "performance", LEARNER, *home)
    assert all(len(line) <= 80 for line in narrow), narrow
    assert [line.split() for line in narrow if line.startswith("shown")] == [["shown", "1,200"]]
    assert [line.split() for line in narrow if line.startswith("outcomes")] == [["outcomes", "1,100"]]
    (piped,) = [line for line in samouk(staged, "performance", LEARNER).stdout.splitlines() if "v1.0" in line]
    assert {"1,200", "1,100", "outcome"} <= set(piped.split())
    listed = on_a_terminal(80, "rollout", "list", LEARNER, *home)
    assert all(len(line) <= 80 for line in listed), listed
    assert len(listed) > 2
    assert "…" not in "".join([*narrow, *listed])
    assert reason in samouk(staged, "rollout", "list", LEARNER).stdout


def test_names_of_others_steer_no_terminal(chosen: Settings) -> None:
    """A label that was stored by older means is printed escaped, and means nothing to the table."""
    with assembly.opened(chosen) as services:
        services.keys.create("\x1b[31mred\nand [bold]more")
    told = samouk(chosen, "keys", "list").stdout
    assert r"\x1b[31mred\nand [bold]more" in told
    assert "\x1b[31m" not in told


@pytest.mark.slow
def test_other_rules_are_told(tmp_path: Path) -> None:
    """A command that was not told of the server's policy says where it differs; one that was says nothing."""
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({LEARNER: {"rollout": {"minimum": 500}, "approval": "human"}}))
    told = Platform(tmp_path / "home", tmp_path / "log", {"SAMOUK_POLICY": str(policy)})
    for _ in range(2):
        with told.serving():
            pass  # told to stop before it answers: it stops all the same

    def said(by: str, *words: str) -> str:
        return CliRunner().invoke(main, [*words, "--home", str(told.home)], env={"SAMOUK_POLICY": by}).stderr

    for words in (("rollout", "show", LEARNER), ("triggers", LEARNER), ("rollout", "pause", LEARNER, "--reason", "r")):
        assert "the server goes by other rules" not in said(str(policy), *words)
        line = said("", *words).splitlines()[0]
        assert 'approval is "human" there and "auto" here; rollout.minimum is 500 there and 200 here' in line
    noted = [entry["act"] for entry in told.json("audit") if entry["act"]["action"] == "go by rules"]
    assert [act["subject"] for act in noted].count(f"{LEARNER}/policy") == 1
