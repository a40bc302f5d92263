"""The guard as a whole: it hears, alerts, restarts in the middle, and outlives a spoilt folder and a broken disk."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from samouk.domains.traffic import census
from samouk.domains.traffic.anomaly.schema import NAME
from samouk.domains.traffic.behavior.schema import SCHEMA as BEHAVIOR
from samouk.domains.traffic.detect.rules import DEFAULT_RULES, document_of
from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.keeping import FolderKeeping
from samouk.domains.traffic.link import Exposed
from samouk.domains.traffic.load.schema import HORIZONS
from samouk.domains.traffic.load.schema import NAME as LOAD
from samouk.domains.traffic.records import Alert, Rule, Severity, Standing
from samouk.edge.wire import Row, Schema
from samouk.loop.records import Artifact

START = 1_700_000_000.0 // 60 * 60


class Site:
    """A guard on a clock of its own, and the people on its server."""

    def __init__(self, folder: Path | None = None, now: float = START, **settings: object) -> None:
        self.now = now
        self.random = random.Random(int(now))
        self.guard = Guard(folder, clock=lambda: self.now, **settings)  # type: ignore[arg-type]

    def minutes(self, number: int, users: Mapping[str, int]) -> None:
        for _ in range(number):
            sent = sorted((self.random.random() * 59, user) for user, count in users.items() for _ in range(count))
            begun = self.now
            for offset, user in sent:
                self.now = begun + offset
                self.guard.track(user, self.random.gauss(300, 30))
            for step in range(3):  # ticks, fewer than there would be
                self.now = begun + 60 + step
                for _ in range(20):
                    self.guard.tick()
            self.now = begun + 60


CALM = {f"user {number}": 12 for number in range(6)}


def test_it_learns_what_is_normal_and_finds_what_is_not(tmp_path: Path) -> None:
    """Quiet minutes raise nothing; a flood is found by the tenth message that is too much."""
    site = Site(tmp_path)
    site.minutes(10, CALM)
    assert site.guard.detector.recent() == []
    assert site.guard.counts["minutes"] >= 9
    site.minutes(1, {**CALM, "user 1": 400})
    (alert,) = site.guard.detector.recent()
    assert (alert.user_id, alert.severity) == ("user 1", Severity.CRITICAL)
    status = site.guard.status()
    assert json.loads(json.dumps(status)) == status
    assert (status["alerts"], status["model"], status["problems"]) == (1, "v1.0", [])


def test_a_restart_in_the_middle_goes_on(tmp_path: Path) -> None:
    """Baselines, rules, alerts, verdicts, budget and the minutes are those of before."""
    site = Site(tmp_path)
    site.minutes(10, CALM)
    site.guard.set_rules([*DEFAULT_RULES[1:], Rule("mine", "burst", 30, Severity.LOW)])
    site.minutes(1, {**CALM, "user 1": 400})
    (alert,) = site.guard.detector.recent()
    site.guard.confirm(alert.alert_id)
    site.guard.close()
    again = Site(tmp_path, now=site.now)
    (kept,) = again.guard.detector.recent()
    assert (kept.alert_id, kept.standing) == (alert.alert_id, Standing.CONFIRMED)
    assert set(again.guard.rules) == set(site.guard.rules)
    assert again.guard.baselines.normal("user 2") == site.guard.baselines.normal("user 2")
    assert again.guard.extractor.features("user 1") == site.guard.extractor.features("user 1")
    assert again.guard.detector.budget.state() == site.guard.detector.budget.state()
    again.guard.tick()
    assert again.guard.foresight.forecaster.counts["updates"] == site.guard.foresight.forecaster.counts["updates"] > 0
    assert again.guard.counts["unreadable"] == 0
    assert again.guard.counts["fresh_starts"] == 0


def test_confirming_twice_penalizes_once() -> None:
    """A limit that has climbed again since is not taken anew by the same word."""
    site = Site()
    site.minutes(1, {"anna": 300})
    (alert,) = site.guard.detector.recent()
    site.guard.confirm(alert.alert_id)
    fallen = site.guard.limiter.limit("anna")
    site.now += 86_400
    climbed = site.guard.limiter.allow("anna").limit_per_minute
    assert climbed > fallen
    assert site.guard.confirm(alert.alert_id).standing is Standing.CONFIRMED
    assert site.guard.limiter.limit("anna") == climbed
    assert site.guard.limiter.counts["penalties"] == 1


def test_the_limiter_knows_as_many_users_as_the_ears() -> None:
    """One number bounds them all."""
    site = Site(max_users=50)
    for number in range(200):
        site.guard.limiter.allow(f"user {number}")
    assert len(site.guard.limiter) == 50


def test_an_empty_folder_is_a_fresh_start_that_is_said(tmp_path: Path) -> None:
    """Counted, and the default rules lie there to be edited."""
    site = Site(tmp_path / "new")
    assert site.guard.counts["fresh_starts"] == 1
    written = json.loads((tmp_path / "new" / "detection_rules.json").read_text())
    assert written == [document_of(rule) for rule in DEFAULT_RULES]


@pytest.mark.parametrize("name", ["detection_rules.json", "alerts.json", "state.npz"])
def test_a_spoilt_file_stops_nothing_and_is_said(tmp_path: Path, name: str) -> None:
    """It starts fresh where it must, names the file, counts it, and works."""
    site = Site(tmp_path)
    site.minutes(2, {"anna": 300})
    site.guard.close()
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-20] + b"\x00")
    again = Site(tmp_path, now=site.now)
    assert again.guard.counts["unreadable"] == 1
    assert name in again.guard.problems[0]
    assert again.guard.rules == DEFAULT_RULES
    again.minutes(2, {"boris": 300})
    assert "boris" in {alert.user_id for alert in again.guard.detector.recent()}
    again.guard.close()
    assert again.guard.counts["failed_save"] == 0


def test_parts_of_the_state_that_are_no_state_begin_anew(tmp_path: Path) -> None:
    """One foreign part takes no other with it."""
    FolderKeeping(tmp_path).keep_state(
        {"extractor": b"?", "baselines": b"?", "budget": b"[]", "foresight": b"1234567"}.items()
    )
    site = Site(tmp_path)
    assert site.guard.counts["unreadable"] == 4
    site.minutes(1, CALM)


def test_rules_that_a_person_edits_come_into_force_within_a_minute(tmp_path: Path) -> None:
    """And a table that they spoil leaves the one before in force, once said."""
    site = Site(tmp_path)
    site.guard.tick()
    rules = tmp_path / "detection_rules.json"
    rules.write_text(json.dumps([{"name": "few", "feature": "burst", "threshold": 3, "severity": "high"}]))
    site.minutes(2, {"anna": 1})
    assert [rule.name for rule in site.guard.rules] == ["few"]
    rules.write_text("[{]")
    site.minutes(3, {"anna": 1})
    assert [rule.name for rule in site.guard.rules] == ["few"]
    assert site.guard.counts["failed_rules"] >= 2
    assert len([words for words in site.guard.problems if "detection_rules.json" in words]) == 1


class FullDisk(FolderKeeping):
    """A folder that cannot be written while ``full``."""

    full = True

    def keep_alerts(self, changed: object, everything: Iterable[Alert]) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        super().keep_alerts(list(everything), everything)

    def keep_state(self, parts: Iterable[tuple[str, bytes]]) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        super().keep_state(parts)


def test_a_full_disk_is_counted_and_loses_nothing_that_memory_holds(tmp_path: Path) -> None:
    """The guard goes on, and writes what it owes when there is room again."""
    keeping = FullDisk(tmp_path)
    site = Site(keeping=keeping)
    site.minutes(3, {"anna": 300})
    assert site.guard.counts["failed_flush"] > 0
    assert site.guard.counts["failed_save"] > 0
    assert site.guard.status()["alerts"] == 1
    keeping.full = False
    site.guard.close()
    assert [alert.user_id for alert in FolderKeeping(tmp_path).alerts()] == ["anna"]


class Platform:
    """A platform that keeps what it is told."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.told: list[tuple[str, str, float]] = []
        self.foreseen: list[Row] = []
        self.gathered: list[tuple[str, int, Row]] = []
        self.model: tuple[str, Artifact] | None = None

    def expose(self, learner: str, unit: str, row: Row) -> Exposed | None:
        if learner == LOAD:
            self.foreseen.append(row)
            return Exposed(f"forecast {len(self.foreseen)}", "v1.0", 0.5)
        self.rows[unit] = row
        return Exposed(f"event of {unit}", "v1.3", 0.9)

    def gather(self, schema: Schema, name: str, group: int, rows: Sequence[Row]) -> None:
        self.gathered += [(schema.name, group, row) for row in rows]

    def tell(self, learner: str, event_id: str, outcome: str, value: float) -> None:
        self.told.append((event_id, outcome, value))

    def champion(self, learner: str) -> tuple[str, Artifact] | None:
        return self.model


def test_the_platform_weighs_alerts_and_hears_verdicts() -> None:
    """The version that the user is assigned has its score shown, and the operator's word finds its event."""
    platform = Platform()
    site = Site(link=platform)
    site.minutes(1, {"anna": 300, "boris": 300})
    courier = site.guard.courier
    assert courier is not None
    first = {alert.user_id: alert for alert in site.guard.detector.recent()}
    site.guard.dismiss(first["boris"].alert_id)  # before the platform knows of it
    assert courier.deliver()
    alerts = {alert.user_id: alert for alert in site.guard.detector.recent()}
    assert (alerts["anna"].event_id, alerts["anna"].version, alerts["anna"].score) == ("event of anna", "v1.3", 0.9)
    assert set(platform.rows) == {"anna", "boris"}
    site.guard.confirm(alerts["anna"].alert_id)
    assert courier.deliver()
    assert platform.told == [("event of boris", "confirmed", 0.0), ("event of anna", "confirmed", 1.0)]


def test_some_quiet_windows_are_shown_too() -> None:
    """About one a minute, however many there are, so that the platform sees what is normal."""
    platform = Platform()
    site = Site(link=platform)
    site.minutes(20, CALM)
    assert site.guard.courier is not None
    assert site.guard.courier.deliver()
    assert 5 <= site.guard.courier.counts["delivered"] - len(platform.foreseen) - len(platform.told) <= 45
    assert set(platform.rows) <= set(CALM)


def test_what_was_foreseen_is_told_when_its_minute_has_come(tmp_path: Path) -> None:
    """Every ten minutes a forecast a horizon; the share that came is told by itself, over a restart too."""
    platform = Platform()
    site = Site(tmp_path, link=platform)
    courier = site.guard.courier
    assert courier is not None
    for _ in range(14):
        site.minutes(1, CALM)
        courier.deliver()
    assert {row["minutes"] for row in platform.foreseen} == set(HORIZONS)
    assert {outcome for _, outcome, _ in platform.told} == {"came"}
    assert all(0.4 < value < 0.6 for _, _, value in platform.told)  # as in the last hour
    waiting = site.guard.promises.open
    assert waiting + len(platform.told) == len(platform.foreseen)
    site.guard.close()
    again = Site(tmp_path, now=site.now, link=platform)
    assert again.guard.promises.open == waiting
    told = len(platform.told)
    again.minutes(12, CALM)
    assert again.guard.courier is not None
    again.guard.courier.deliver()
    assert len(platform.told) > told


def test_now_and_then_users_are_gathered_without_names() -> None:
    """Their typical windows, once enough is known of them, by split group."""
    platform = Platform()
    site = Site(link=platform)
    site.minutes(35, CALM)
    assert site.guard.courier is not None
    assert census.take(site.guard.extractor.users(), site.guard.baselines, site.guard.courier, site.now) == len(CALM)
    assert site.guard.courier.deliver()
    assert {name for name, _, _ in platform.gathered} == {BEHAVIOR.name}
    for _, _, row in platform.gathered:
        BEHAVIOR.check_row(row)
        assert row["messages_per_minute"] == pytest.approx(12, rel=0.2)


def test_a_champion_that_is_no_model_is_not_put_in_force() -> None:
    """The one before stays, and the trouble is counted."""
    platform = Platform()
    platform.model = ("v1.9", Artifact(b"no model", {}))
    site = Site(link=platform)
    assert site.guard.courier is not None
    with pytest.raises(ValueError, match=r"saved state|no model"):
        site.guard.courier.refresh(NAME)
    assert site.guard.status()["model"] == "v1.0"


def test_it_runs_by_itself_beside_a_host_of_several_threads(tmp_path: Path) -> None:
    """Four threads send, the guard ticks and saves, nothing is lost, and closing twice is closing once."""
    guard = Guard(tmp_path)

    def send(name: str) -> None:
        for number in range(2_000):
            guard.track(f"{name} {number % 50}", 100)

    with guard.start() as same:
        assert same is guard
        threads = [threading.Thread(target=send, args=(f"t{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(5):
            guard.tick()
        for thread in threads:
            thread.join()
    guard.close()
    assert guard.extractor.counts["events"] == 8_000
    assert guard.counts["saved"] >= 1
    assert not guard.problems
    assert len(Guard(tmp_path).extractor) == 200


def test_a_guard_needs_the_base_install_alone() -> None:
    """No web framework, no library of models and no client of a store is imported with it."""
    heavy = (
        "fastapi starlette msgspec sqlalchemy prometheus_client sklearn scipy lightgbm onnxruntime click datasketches"
    )
    program = f"import sys, samouk.domains.traffic.guard\nprint(sorted(set({heavy.split()}) & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_what_clients_send_never_raises() -> None:
    """Odd sizes, names, channels, addresses and times are counted by the ears, and the host goes on."""
    guard = Guard()
    odd: list[tuple[object, ...]] = [
        ("a", -5),
        ("a", float("nan")),
        ("a", 1e300),
        ("", 1),
        (None, 1),
        ("x" * 10_000, 1),
        ("a", 1, 7),
        ("a", 1, None),
        ("a", 1, (), 99),
    ]
    for one in odd * 20:
        guard.track(*one)  # type: ignore[arg-type]
    for at in (float("nan"), -1.0, 1e18, float("inf")):
        guard.track("a", 1, at=at)
    assert sum(guard.extractor.counts.values()) > 180
