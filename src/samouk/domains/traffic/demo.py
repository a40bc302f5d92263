"""The main job, played: a day of a chat server, abusers among its users, an operator who answers, models that learn."""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from samouk.domains.traffic.anomaly.judge import LEARNER as ANOMALY
from samouk.domains.traffic.anomaly.world import AnomalyWorld
from samouk.domains.traffic.behavior.judge import LEARNER as BEHAVIOR
from samouk.domains.traffic.behavior.world import BehaviorWorld
from samouk.domains.traffic.load.learner import LEARNER as LOAD
from samouk.domains.traffic.world import DEEDS, FIRST, MINUTE, Abuse, Attack, Deed, Stream, TrafficWorld
from samouk.edge.wire import Upload, encode
from samouk.loop.columns import to_lists
from samouk.loop.learner import DemoHost, Learner
from samouk.loop.records import Batch, Order, Run, TriggerKind

SEED = 4
USERS = 16
OPENS, HOURS = 8, 8
"""The hours of the day that are played."""

QUIET_HOURS = 1
"""Before the first abuse: the guard learns what is normal."""

DEEDS_AN_HOUR = 10
"""Abuse, and what only looks like it, of one user for ``LASTING`` minutes each."""

LASTING, REST = 2, 10
"""Minutes; who did something does nothing for ``REST`` more."""

OTHERS = 24
"""Servers that send what their operators said in the weeks before, and what their users are like; simulated too."""

BATCH = 1_000
"""Events in one request."""

SHOWN = 6
"""Alerts of the day that are shown in words, each of another kind."""

PATIENCE_S = 20.0
"""Seconds to wait for what the server does on threads of its own."""

_HEADER = f"{'hour':6}{'messages':>10}{'alerts':>8}{'confirmed':>11}{'dismissed':>11}  messages a minute an hour on"
_EDGE = 0.05
"""Seconds before and after the end of a minute."""


def demo(host: DemoHost) -> None:
    """Play a day with the three learners of the room."""
    # Critical alerts are warnings of the log; here they are told in words.
    log = logging.getLogger("samouk.traffic")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        Play(host, TrafficWorld(SEED, users=USERS)).run()
    finally:
        log.setLevel(before)


class Foreseen(NamedTuple):
    """What the server expected of a minute, with its interval."""

    minute: int
    rate: float
    low: float
    high: float


class Play:
    """A chat server that tells its traffic over HTTP, and an operator who knows who does harm."""

    def __init__(self, host: DemoHost, world: TrafficWorld) -> None:
        self.host, self.world = host, world
        self.attacks = _plan(world)
        self.begin = _opening(host.now())
        self.counts: list[int] = []
        self.answered: Counter[str] = Counter()
        self.caught: set[Attack] = set()
        self.alerts = 0
        self._told: set[str] = set()
        self._kinds: set[str] = set()
        self._foreseen: list[Foreseen] = []

    def run(self) -> None:
        """A day, then what was learnt from it."""
        for learner in (ANOMALY, LOAD, BEHAVIOR):
            self.host.begin(learner)
        self.host.say(
            f"\n🛡️ traffic: {USERS} simulated users of a chat server for {HOURS} hours; an operator answers each alert"
        )
        self.host.say(_HEADER)
        for hour in range(HOURS):
            self._hour(hour)
        self._sum_up()
        self._learn()
        self._groups()

    def _hour(self, hour: int) -> None:
        """Sixty minutes of messages; then the operator looks, and the next hour is foreseen."""
        before, alerts = Counter(self.answered), self.alerts
        for minute in range(60 * hour, 60 * hour + 60):
            self._minute(minute)
            if minute % 15 == 14:
                self._answer()
        news = self.answered - before
        self.host.say(
            f"{(OPENS + hour) % 24:02}:00 {sum(self.counts[-60:]):10,}{self.alerts - alerts:8,}"
            f"{news['confirm']:11,}{news['dismiss']:11,}  {self._came()}"
        )
        self._foresee(60 * hour + 59)

    def _minute(self, minute: int) -> None:
        """Told in batches while the minute goes on; the first message of the next minute ends it."""
        part = next(self.world.minutes(1, start=60 * OPENS + minute, attacks=self.attacks))
        events = list(self._events(part))
        self.counts.append(len(events))
        start = self.begin + dt.timedelta(minutes=minute)
        self._at(start + dt.timedelta(seconds=_EDGE))
        self._tell(events[:1])
        for first in range(1, len(events), BATCH):
            some = events[first : first + BATCH]
            last = first + BATCH >= len(events)
            self._at(start + dt.timedelta(seconds=MINUTE - _EDGE) if last else _moment(some[-1]["at"]))
            self._tell(some)

    def _events(self, part: Stream) -> Iterator[dict[str, Any]]:
        shift = self.begin.timestamp() - FIRST - 3_600 * OPENS
        for number, (user, at, size, channels, addresses, error, limited, _) in enumerate(zip(*part, strict=True)):
            yield {
                "user_id": self.world.names[user],
                "message_size": float(size),
                "channels": int(channels),
                "ip_address": f"10.{user}.0.{number % addresses}",
                "error": bool(error),
                "rate_limited": bool(limited),
                "at": float(at) + shift,
            }

    def _tell(self, events: Sequence[Mapping[str, Any]]) -> None:
        if events:
            self._ask("POST", "/ml/activity", {"events": events})

    def _answer(self) -> None:
        """The operator answers what is new, and knows the truth."""
        found = self._ask("GET", "/ml/anomalies/recent?limit=200")["items"]
        for alert in reversed(found):
            if alert["alert_id"] in self._told:
                continue
            self._told.add(alert["alert_id"])
            self.alerts += 1
            harm = self._abuse(alert)
            word = "confirm" if harm else "dismiss"
            self._show(alert, word)
            self.caught.update(attack for attack in harm if alert["user_id"])
            self._ask("POST", f"/ml/anomalies/{alert['alert_id']}/{word}")
            self.answered[word] += 1

    def _abuse(self, alert: Mapping[str, Any]) -> list[Attack]:
        """Harm that the user, or anybody where it is of the whole server, did in the minutes of the alert."""
        begin, end = (60 * OPENS + int((alert[at] - self.begin.timestamp()) // MINUTE) for at in ("at", "last_at"))
        return [
            attack
            for attack in self.attacks
            if isinstance(attack.deed, Abuse)
            and alert["user_id"] in ("", self.world.names[attack.user])
            and attack.start <= end
            and begin <= attack.start + _seen_for(attack.deed)
        ]

    def _show(self, alert: Mapping[str, Any], word: str) -> None:
        if alert["kind"] in self._kinds or len(self._kinds) >= SHOWN:
            return
        self._kinds.add(alert["kind"])
        who = alert["user_id"] or "the whole server"
        self.host.say(
            f"{'':6}{_moment(alert['at']):%H:%M} {alert['severity']} {alert['score']:.2f} {alert['kind']}, {who}: "
            f"{alert['reasons'][0]} → {word}"
        )

    def _foresee(self, now: int) -> None:
        """Ask for the minute an hour on, once the server has learnt every minute that it counted."""
        self._wait(lambda: not self._ask("GET", "/ml/status")["forecast"]["minutes_to_learn"])
        (found,) = self._ask("GET", "/ml/load/forecast?minutes=60")["items"]
        if None not in (found["rate"], found["low"], found["high"]):
            self._foreseen.append(Foreseen(now + 60, found["rate"], found["low"], found["high"]))

    def _came(self) -> str:
        """What was foreseen of the minute that has just ended, beside what came."""
        minute = len(self.counts) - 1
        for one in self._foreseen:
            if one.minute == minute:
                return f"foreseen {one.rate:,.0f} ({one.low:,.0f} to {one.high:,.0f}), came {self.counts[-1]:,}"
        return ""

    def _sum_up(self) -> None:
        known = [one for one in self._foreseen if one.minute < len(self.counts)]
        within = sum(one.low <= self.counts[one.minute] <= one.high for one in known)
        budget = self._ask("GET", "/ml/status")["budget"]
        abuse = [attack for attack in self.attacks if isinstance(attack.deed, Abuse)]
        self.host.say(
            f"{'':6}{sum(self.counts):,} messages; {len(self.caught)} of {len(abuse)} attacks were seen; {self.alerts} "
            f"alerts, {self.answered['confirm']} of them right, {budget['held_back']} held back by the budget of "
            f"{budget['per_hour']:g} an hour; {within} of {len(known)} minutes came within what was foreseen"
        )

    def _learn(self) -> None:
        """The next day, a turn on the verdicts: those of this operator, and those that other servers sent."""
        self._wait(lambda: not self._ask("GET", "/ml/status")["link"]["waiting"])
        self.host.step(dt.timedelta(days=1))
        self.host.tend(ANOMALY)
        self._gather(ANOMALY, AnomalyWorld(SEED).batches(0, OTHERS))
        stored = self._ask("GET", "/ml/status")["models"][ANOMALY.name]["samples"]
        self.host.say(f"{'':6}{stored:,} weighed windows are stored, with those of {OTHERS} other simulated servers")
        due = self.host.due(ANOMALY) or Order(TriggerKind.MANUAL, "the verdicts of a day")
        run = self.host.turn(ANOMALY, due)
        self._tell_run(ANOMALY, run)
        if run.version is not None:
            rollout = self._ask("GET", f"/v1/learners/{ANOMALY.name}/rollout")
            self.host.say(
                f"{'':6}{run.version} is tried (mode {rollout['mode']}, {rollout['state']}); "
                f"{rollout['champion']} goes on alerting until {run.version} is proven closer to the answers"
            )

    def _groups(self) -> None:
        """What users are like, learnt without anybody's word."""
        self._gather(BEHAVIOR, BehaviorWorld(SEED, null=False).batches(0, OTHERS))
        run = self.host.turn(BEHAVIOR, Order(TriggerKind.MANUAL, "what users are like"))
        self._tell_run(BEHAVIOR, run)
        if run.version is not None:
            for one in self._ask("GET", "/ml/behavior/groups")["items"]:
                self.host.say(f"{'':6}{one['share']:4.0%} {one['name']}")

    def _gather(self, learner: Learner, batches: Iterator[Batch]) -> None:
        for batch in batches:
            columns = to_lists(learner.schema, batch.columns)
            upload = Upload(
                batch.batch_id, learner.name, batch.schema_version, batch.group, batch.receipt_hash, columns
            )
            self._send("POST", f"/v1/learners/{learner.name}/samples", encode(upload))

    def _tell_run(self, learner: Learner, run: Run) -> None:
        why = "; ".join(run.verdict.reasons) if run.verdict else run.order.reason
        self.host.say(f"{'🎓' if run.version else '🤷'} {learner.name} {run.version or ''} {run.end}: {why}")

    def _at(self, moment: dt.datetime) -> None:
        ahead = moment - self.host.now()
        if ahead > dt.timedelta(0):
            self.host.step(ahead)

    def _wait(self, done: Any) -> None:
        until = time.monotonic() + PATIENCE_S
        while not done() and time.monotonic() < until:
            time.sleep(0.05)

    def _ask(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> Any:
        return self._send(method, path, None if document is None else json.dumps(document).encode())

    def _send(self, method: str, path: str, body: bytes | None) -> Any:
        headers = {"Authorization": f"Bearer {self.host.api_key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.host.url + path, body, headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)


def _plan(world: TrafficWorld) -> list[Attack]:
    """Who does what when: abuse and what only looks like it, evenly over the hours after the first."""
    rng = np.random.default_rng([world.seed, 9])
    found, free = [], dict.fromkeys(range(world.users), 0)
    for number in range((HOURS - QUIET_HOURS) * DEEDS_AN_HOUR):
        start = 60 * (OPENS + QUIET_HOURS) + number * 60 // DEEDS_AN_HOUR
        user = int(rng.choice([user for user, since in free.items() if since <= start]))
        free[user] = start + LASTING + REST
        found.append(Attack(DEEDS[int(rng.integers(len(DEEDS)))], user, start, LASTING))
    return found


def _seen_for(deed: Deed) -> int:
    """Minutes after its start in which a deed is seen: addresses are counted for a day."""
    return 60 * HOURS if deed is Abuse.ADDRESSES else LASTING


def _opening(now: dt.datetime) -> dt.datetime:
    """Of the next day."""
    return now.replace(hour=OPENS, minute=0, second=0, microsecond=0) + dt.timedelta(days=1)


def _moment(at: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, dt.UTC)
