"""Looks at one user's window, or the whole server's minute, and raises alerts: features, baseline, rules, weighing.

Baseline and rules speak beside the learnt score, never behind it: see ``anomaly.weighing``. What is alarming teaches
the baseline (almost) nothing, so that a flood does not become its own normal.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from samouk.domains.traffic.anomaly.schema import NAME
from samouk.domains.traffic.anomaly.weighing import first_scorer, row_of
from samouk.domains.traffic.courier import Courier
from samouk.domains.traffic.detect import words
from samouk.domains.traffic.detect.book import GENERIC, Book, Sighting
from samouk.domains.traffic.detect.budget import HOUR_S, Budget
from samouk.domains.traffic.detect.habits import beyond_chance, covered, sobered, softened
from samouk.domains.traffic.detect.rules import DEFAULT_RULES, hits
from samouk.domains.traffic.detect.series import ALARM_FROM, HALF, SeriesDetector
from samouk.domains.traffic.detect.server_level import WEEK, ServerLevel
from samouk.domains.traffic.detect.severity import Judgement, severity_of, two_agree
from samouk.domains.traffic.ears.baselines import Baselines
from samouk.domains.traffic.ears.extractor import FeatureExtractor
from samouk.domains.traffic.features import SERVER, Features
from samouk.domains.traffic.link import Exposed
from samouk.domains.traffic.records import Alert, Evidence, Hit, Rule, Scored, Severity, Standing
from samouk.loop.latency import Latencies
from samouk.loop.serving import MAX_UNIT

log = logging.getLogger("samouk.traffic")

SERVER_UNIT = "(server)"
"""Under this name windows of the whole server are shown to the platform."""

SERVER_KIND = "server_level"
OUTCOME = "confirmed"
"""What operators say of an alert, as the learner calls it: 1 confirmed, 0 dismissed."""

SERIES = ("messages_per_minute", "avg_message_size", "error_rate", "rate_limit_violations")
"""Features of the whole server, each watched as a series of minutes."""

SERVER_CALL = 0.5
"""Score from which a minute of the server becomes an alert."""

SERVER_NATS = HALF * ALARM_FROM / (1 - ALARM_FROM) + math.log(len(SERIES))
"""Surprise at which a minute of the server scores ``SERVER_CALL``: what serves one series best, and as
much again as several series are more chances to be surprised by nothing."""

WARM = 120
"""Minutes that the server's normal must have learnt from: before, every hour is the first of its kind."""

FIRST_DAY, EARLY_CALL = 1_300, 0.6
"""Minutes, less those that have faded, and what calls before: an hour that was never seen is unusual by itself."""

NEEDS_MESSAGES = frozenset({"avg_message_size", "error_rate"})
"""In a minute without messages these are not known, which is not 0."""

PER_SECOND = 300
"""Analyses a second, in all, that messages may call for: a tenth of a core."""

WAITING = 10_000
"""Users who were passed over and are looked at a moment later; more wait for their turn in the minute's round."""

LASTING = frozenset({"addresses"})
"""Features that count since the salt was changed, and so stay as high as they were."""

SALT_S = 86_400.0
MINUTE_S = 60
QUIET_EVERY_S = 60.0
"""Mean seconds between two quiet windows that are shown to the platform too, so that it sees what is normal."""

BACK_S = 5
"""A clock that goes back by more begins to count seconds anew."""


class AnomalyDetector:
    """Analyses windows; safe to call from any thread.

    Args:
        extractor, baselines: safe by themselves.
        courier: carries alerts, verdicts and some quiet windows to the platform; None stands alone.
        per_second: analyses that messages may call for.

    Attributes:
        scorer: in force; may be replaced at any moment.
        rules: in force; may be replaced at any moment.
        counts: analysed, server_minutes, skipped_too_soon, skipped_too_many, alerts_<severity>, held_back (windows),
            exposed, confirmed, dismissed.
        latencies: of analyses of users.
        server_level: of the server's minutes; whoever ticks has it learn.
    """

    def __init__(
        self,
        extractor: FeatureExtractor,
        baselines: Baselines,
        *,
        book: Book | None = None,
        budget: Budget | None = None,
        rules: tuple[Rule, ...] = DEFAULT_RULES,
        courier: Courier | None = None,
        per_second: int = PER_SECOND,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.scorer = first_scorer()
        self.rules = rules
        self.book = Book() if book is None else book
        self.budget = Budget() if budget is None else budget
        self.lock = threading.RLock()
        self.counts: Counter[str] = Counter()
        self.latencies = Latencies()
        self._extractor = extractor
        self._baselines = baselines
        self._courier = courier
        self._per_second = per_second
        self._clock = clock
        self._series = {name: SeriesDetector() for name in SERIES}
        self.server_level = ServerLevel()
        self._minute = -1
        self._second = -1
        self._looked_at: set[str] = set()
        self._waiting: dict[str, None] = {}
        self._quiet_at = -math.inf
        self._random = random.Random()  # noqa: S311 - which quiet windows are shown is nobody's secret

    def analyze_user_activity(self, user_id: str, at: float | None = None) -> list[Alert]:
        """Look at a user's last minute now: the alerts that it raises or that go on; none for one whom nobody knows."""
        at = self._clock() if at is None else at
        features = self._extractor.features(user_id, at)
        return [] if features is None else self._analyze(user_id, features, at)

    def analyze_active(self, user_id: str, at: float) -> list[Alert]:
        """The same for one who sent anything in the last minute: the silent do nothing, and teach nothing."""
        features = self._extractor.features(user_id, at)
        return self._analyze(user_id, features, at) if features is not None and features.messages_per_minute else []

    def analyze_due(self, user_id: str, at: float) -> list[Alert]:
        """The same when a message calls for it: once a second for each user, and for so many users a second at most.

        Teaches nothing, which the minute's round does, and so costs a third less. Who is passed over waits for
        ``analyze_waiting``.
        """
        features = self._extractor.features(user_id, at) if self._may_look(user_id, at) else None
        return [] if features is None else self._analyze(user_id, features, at, teach=False)

    @property
    def waiting(self) -> int:
        """Users who were passed over and not looked at since."""
        return len(self._waiting)

    def analyze_waiting(self, at: float) -> list[Alert]:
        """Look at the one who was passed over first."""
        with self.lock:
            user_id = next(iter(self._waiting), None)
            if user_id is None:
                return []
            del self._waiting[user_id]
        return self.analyze_active(user_id, at)

    def analyze_server(self, at: float | None = None) -> list[Alert]:
        """Look at the whole server's last minute, once in each minute: every feature as a series."""
        at = self._clock() if at is None else at
        with self.lock:
            minute = int(at // MINUTE_S)
            if minute == self._minute:
                return []
            self._minute = minute
            features = self._extractor.server_features(at)
            self.counts["server_minutes"] += 1
            self._extractor.note(SERVER, at, features)
            judged = self._judge_server(features, at)
            self._baselines.learn(SERVER, features, at, harm=judged.harm)
            seen, score = judged.evidence.seen, judged.scored.score
            called = seen >= WARM and score >= (SERVER_CALL if seen >= FIRST_DAY else EARLY_CALL)
            alert = self._alert(SERVER, judged, (SERVER_KIND,), at) if called else None
        return [] if alert is None else [alert]

    def judge(self, user_id: str, features: Features, at: float) -> Judgement:
        """Weigh a window against a user's normal; teaches nothing and tells nobody."""
        deviation, seen = self._baselines.deviation(user_id, features, at)
        deviation, broken = sobered(deviation, features), hits(self.rules, features)
        level = self.book.harmless.level(user_id)
        met = softened(broken, deviation, seen, level)
        evidence, scored = self._weigh(user_id, Evidence(features, deviation, seen, met))
        usual = met is not broken and not two_agree(scored.score, scored.parts)
        if met is not broken and not usual:
            evidence, scored = self._weigh(user_id, replace(evidence, hits=broken))
        severity = severity_of(scored.score, scored.parts, evidence.hits)
        harmless = severity is not Severity.CRITICAL and covered(level, features, deviation, broken)
        told = partial(self._reasons, user_id, evidence, scored)
        return Judgement(evidence, scored, severity, told, usual, harmless)

    def _weigh(self, user_id: str, evidence: Evidence) -> tuple[Evidence, Scored]:
        return evidence, self.scorer(evidence, server=user_id == SERVER)

    def report(self, user_id: str, kind: str, score: float, told: tuple[str, ...], at: float) -> Alert | None:
        """Enter what another watch has seen of a user; None when the budget holds it back. Teaches nothing."""
        features = self._extractor.features(user_id, at) or Features()
        with self.lock:
            judged = self.judge(user_id, features, at)
            parts = {"connections": score}
            scored = Scored(score, judged.scored.version, parts)
            seen = Judgement(judged.evidence, scored, severity_of(score, parts, ()), lambda: told)
            return self._alert(user_id, seen, (kind, GENERIC[0]), at)

    def confirm(self, alert_id: str) -> Alert:
        """An operator says that it was harm; said again, nothing changes. Raises NotFound or AlreadyTold."""
        return self.say(alert_id, Standing.CONFIRMED)[0]

    def dismiss(self, alert_id: str) -> Alert:
        """An operator says that it was none; said again, nothing changes. Raises NotFound or AlreadyTold.

        Unless it was critical, the user's windows up to that level teach from now on what is normal for the user.
        """
        return self.say(alert_id, Standing.DISMISSED)[0]

    def forget(self, user_id: str) -> int:
        """Remove the alerts that name a user; how many there were."""
        with self.lock:
            self.budget.forget(user_id)
            self._waiting.pop(user_id, None)
            self._looked_at.discard(user_id)
            return self.book.forget(user_id)

    def recent(self, limit: int = 100, min_severity: Severity = Severity.LOW) -> list[Alert]:
        """Newest first."""
        with self.lock:
            return self.book.recent(limit, min_severity)

    def save(self) -> dict[str, bytes]:
        """What goes on after a restart beside baselines and alerts: the budget, and each series of the server."""
        with self.lock:
            series = {f"series_{name}": detector.save() for name, detector in self._series.items()}
            return {
                "budget": json.dumps(self.budget.state()).encode(),
                "server_level": self.server_level.save(),
                **series,
            }

    def load(self, parts: Mapping[str, bytes]) -> None:
        """Go on from what was saved; a part that is not there begins anew. Raises ValueError."""
        with self.lock:
            if "budget" in parts:
                self.budget.restore(json.loads(parts["budget"]))
            if "server_level" in parts:
                self.server_level.load(parts["server_level"])
            for name, detector in self._series.items():
                if f"series_{name}" in parts:
                    detector.load(parts[f"series_{name}"])

    def _analyze(self, user_id: str, features: Features, at: float, *, teach: bool = True) -> list[Alert]:
        alert, began = None, time.perf_counter()
        with self.lock:
            judged = self.judge(user_id, features, at)
            self.counts["analysed"] += 1
            self._extractor.note(user_id, at, features)
            if teach:
                self._baselines.learn(user_id, features, at, harm=judged.harm)
            if judged.alarming:
                alert = self._alert(user_id, judged, judged.kinds, at)
            else:
                self._show_quiet(user_id, judged.evidence, at)
        self.latencies.add(time.perf_counter() - began)
        return [] if alert is None else [alert]

    def _may_look(self, user_id: str, at: float) -> bool:
        """Bounds what a flood can make this detector work."""
        with self.lock:
            second = int(at)
            if second > self._second or second < self._second - BACK_S:
                self._second = second
                self._looked_at.clear()
            soon = user_id in self._looked_at
            if soon or len(self._looked_at) >= self._per_second:
                self.counts["skipped_too_soon" if soon else "skipped_too_many"] += 1
                if len(self._waiting) < WAITING:
                    self._waiting[user_id] = None
                return False
            self._looked_at.add(user_id)
            return True

    def _judge_server(self, features: Features, at: float) -> Judgement:
        """The loudest of the series, or all metrics together, decides; the server's own normal is one more witness."""
        loudest, reason, normal = 0.0, "", self._baselines.normal(SERVER)
        for name, detector in self._series.items():
            known = features.messages_per_minute > 0 or name not in NEEDS_MESSAGES
            detector.update(at, getattr(features, name) if known else None)
            nats = HALF * detector.alarm / (1 - detector.alarm)
            if nats > loudest and beyond_chance(name, features, normal):
                loudest, reason = nats, f"{words.NOUNS[name]} of the whole server: {detector.reason}"
        deviation, seen = self._baselines.deviation(SERVER, features, at)
        evidence = Evidence(features, deviation, seen, ())
        own = self.scorer(evidence, server=True)
        together, why = self.server_level.update(features)
        parts = {
            "series": loudest / (loudest + SERVER_NATS),
            "metrics": together / (together + WEEK),
            "own_baseline": own.parts.get("own_baseline", 0.0),
        }
        score = max(parts["series"], parts["metrics"])
        scored, severity = Scored(score, own.version, parts), severity_of(score, parts, ())
        told = (why, reason) if parts["metrics"] > parts["series"] else (reason, why)
        return Judgement(evidence, scored, severity, partial(self._server_reasons, told, evidence))

    def _alert(self, user_id: str, judged: Judgement, kinds: tuple[str, ...], at: float) -> Alert | None:
        """Enter what was seen into the book; what is new is logged and shown to the platform."""
        lasting = all(hit.rule.feature in LASTING for hit in judged.evidence.hits) and bool(judged.evidence.hits)
        sighting = Sighting(user_id, at, judged, kinds, SALT_S if lasting else 0.0)
        entered = self.book.enter(sighting, self.budget)
        alert = entered.alert
        if alert is None:
            self.counts["held_back"] += 1
            return None
        if entered.news:
            self.counts[f"alerts_{alert.severity}"] += 1
            _tell_log(alert)
        if entered.fresh and self._courier is not None:
            row = row_of(judged.evidence, server=user_id == SERVER)
            then = partial(self._exposed, alert.alert_id, judged.evidence.hits)
            self._courier.expose(NAME, unit_of(user_id), row, then)
        return alert

    def _exposed(self, alert_id: str, broken: tuple[Hit, ...], exposed: Exposed) -> None:
        """The platform keeps an alert; where it had another version weigh it, that one's score is the one shown."""
        with self.lock:
            self.counts["exposed"] += 1
            alert = self.book.attach(alert_id, exposed.event_id)
            if alert is None:
                return
            if exposed.score is not None and exposed.version != alert.version:
                severity = severity_of(exposed.score, alert.parts, broken)
                alert = self.book.weigh_anew(alert_id, exposed.version, exposed.score, severity)
        if alert.standing is not Standing.OPEN:
            self._tell(alert)

    def say(self, alert_id: str, standing: Standing) -> tuple[Alert, bool]:
        """Take an operator's word: the alert, and whether it was news. Raises NotFound or AlreadyTold."""
        with self.lock:
            alert, news = self.book.say(alert_id, standing)
            self.counts[str(standing)] += news
        if news:
            self._tell(alert)
        return alert, news

    def _tell(self, alert: Alert) -> None:
        if self._courier is not None and alert.event_id is not None:
            value = float(alert.standing is Standing.CONFIRMED)
            self._courier.tell(NAME, alert.event_id, OUTCOME, value)

    def _show_quiet(self, user_id: str, evidence: Evidence, at: float) -> None:
        """Now and then a window without an alert, after a random time, so that nobody can steer which."""
        if self._courier is None or (at < self._quiet_at and self._quiet_at - at < HOUR_S):
            return
        if self._quiet_at > -math.inf:
            self._courier.expose(NAME, unit_of(user_id), row_of(evidence))
        self._quiet_at = at + self._random.expovariate(1 / QUIET_EVERY_S)

    def _reasons(self, user_id: str, evidence: Evidence, scored: Scored) -> tuple[str, ...]:
        return words.reasons(evidence, self._baselines.normal(user_id), novel=bool(scored.parts.get("novelty")))

    def _server_reasons(self, told: tuple[str, ...], evidence: Evidence) -> tuple[str, ...]:
        return (*filter(None, told), *words.of_deviations(evidence, self._baselines.normal(SERVER), "this server's"))


def unit_of(user_id: str) -> str:
    """What the platform is told of who it is: a name that it takes, of which it keeps a pseudonym."""
    if user_id == SERVER:
        return SERVER_UNIT
    if len(user_id) <= MAX_UNIT and user_id.isprintable():
        return user_id
    return hashlib.blake2b(user_id.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _tell_log(alert: Alert) -> None:
    """One structured line, without the user's name: the alert's id leads to it, and names may hold anything."""
    level = logging.WARNING if alert.severity is Severity.CRITICAL else logging.INFO
    log.log(
        level,
        "anomaly alert_id=%s kind=%s severity=%s score=%.3f",
        alert.alert_id,
        alert.kind,
        alert.severity,
        alert.score,
        extra={
            "alert_id": alert.alert_id,
            "kind": alert.kind,
            "severity": str(alert.severity),
            "score": round(alert.score, 4),
            "reasons": list(alert.reasons),
            "cause": alert.cause,
        },
    )
