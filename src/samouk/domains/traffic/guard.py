"""The whole guard of one server: it hears, knows what is normal, raises alerts, limits, and forecasts the load."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from samouk.domains.traffic import census, quiet
from samouk.domains.traffic.anomaly.schema import NAME as ANOMALY
from samouk.domains.traffic.anomaly.weighing import scorer_of
from samouk.domains.traffic.courier import Courier
from samouk.domains.traffic.detect.budget import Budget, checked
from samouk.domains.traffic.detect.connections import ConnectionWatch
from samouk.domains.traffic.detect.detector import AnomalyDetector
from samouk.domains.traffic.detect.rules import DEFAULT_RULES
from samouk.domains.traffic.ears.baselines import Baselines
from samouk.domains.traffic.ears.extractor import KEPT, FeatureExtractor
from samouk.domains.traffic.elsewhere import Following
from samouk.domains.traffic.features import FEATURES, SERVER, Features
from samouk.domains.traffic.foresight import Foresight
from samouk.domains.traffic.forms import Activity
from samouk.domains.traffic.hearing import Told, hear
from samouk.domains.traffic.keeping import FolderKeeping, Keeping
from samouk.domains.traffic.limiter import Limits, RateLimiter
from samouk.domains.traffic.link import Link
from samouk.domains.traffic.load.forecaster import Forecast
from samouk.domains.traffic.promises import Promises
from samouk.domains.traffic.records import Alert, Evidence, Rule, Standing
from samouk.domains.traffic.remembering import Part, Remembering
from samouk.loop.records import Artifact

log = logging.getLogger("samouk.traffic")

TICK_S = 1.0
MINUTE_S = 60.0
SAVE_S = 60.0
"""Seconds between two saves of the state; longer where a save takes more than a twentieth of it."""

FLUSH_S = 5.0
"""Seconds between two looks for alerts that changed and are not kept yet."""

CLEANUP_S = 3_600.0
MAX_AGE_HOURS = 24.0
CENSUS_S = 6 * 3_600.0

SLICE_S = 0.1
"""Seconds of a tick for looking at users without being asked by their messages, at most."""

SLICES = 50
"""Ticks over which the users of a minute are spread."""

LONGEST_GAP_S = 150.0
"""A minute that ends so late after the last one was not watched throughout: its count is not known."""

CATCH_UP_S = 0.05
"""Seconds of a tick for teaching the forecaster, at most: after a restart it has two weeks to learn again."""

PROBLEMS = 20


class Guard:
    """One for each protected process; safe for an event loop, its worker threads and its own two threads.

    Nothing that clients send makes ``track`` raise. A context manager; without ``start`` nothing runs beside the
    host, and ``tick`` is the host's to call.

    Args:
        folder: where baselines, rules and alerts survive restarts; None keeps nothing.
        link: the platform, which learns from verdicts and sends better models; None stands alone.
        limits: of the dynamic rate limiter.
        budget_per_hour: alarms an hour that an operator wants to see; critical ones always come.
        rules: to begin with, when none were kept.
        keeping: in place of a folder.
        following: tells whom other servers forgot.
        max_users: known at once; about 3 kB each.
        clock: seconds since 1970.

    Attributes:
        extractor, baselines, detector, connections, limiter, foresight, courier: the parts; no courier without a link.
        counts: rate_limited (messages), ticks, minutes, saved, fresh_starts, unreadable, failed_<step>.
        problems: the last ones, in words.
    """

    def __init__(
        self,
        folder: Path | None = None,
        link: Link | None = None,
        *,
        limits: Limits | None = None,
        budget_per_hour: float = 10.0,
        rules: tuple[Rule, ...] = DEFAULT_RULES,
        keeping: Keeping | None = None,
        following: Following | None = None,
        max_users: int = 100_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.problems: deque[str] = deque(maxlen=PROBLEMS)
        self.extractor = FeatureExtractor(max_users=max_users, clock=clock)
        self.baselines = Baselines(max_users=max_users)
        self.courier = None if link is None else Courier(link)
        self.detector = AnomalyDetector(
            self.extractor,
            self.baselines,
            budget=Budget(budget_per_hour),
            rules=rules,
            courier=self.courier,
            clock=clock,
        )
        self.connections = ConnectionWatch(self.detector, clock)
        self.limiter = RateLimiter(limits or Limits(), self.baselines, clock, max_users=max_users)
        self.promises = Promises(self.courier)
        self.foresight = Foresight(self.promises)
        self._clock = clock
        self._following = following
        self._keeping = keeping or (None if folder is None else FolderKeeping(folder))
        self._round: deque[str] = deque()
        self._round_size = 0
        self._minute = -1
        self._minute_at = 0.0
        self._next: dict[str, tuple[float, float]] = {}
        self._ticking = threading.Lock()
        self._telling = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._memory = None if self._keeping is None else self._remembering(self._keeping)
        if self.courier is not None:
            self.courier.watch(ANOMALY, self._take_scorer)

    def track(
        self,
        user_id: str,
        message_size: float = 0,
        channels: Collection[str] | int = (),
        ip_address: str | None = None,
        *,
        error: bool = False,
        rate_limited: bool = False,
        at: float | None = None,
    ) -> list[Alert]:
        """Hear one message, and look at the user when it is time to: the alerts that stand from that look."""
        if rate_limited:
            self._count_limited(1)
        due = self.extractor.track_user_activity(
            user_id, message_size, channels, ip_address, error=error, rate_limited=rate_limited, at=at
        )
        return self.detector.analyze_due(user_id, self._clock() if at is None else at) if due else []

    def track_many(self, events: Sequence[Activity]) -> Told:
        """Hear messages that another process tells of, then look once at each user for whom it is time."""
        now = self._clock()
        if now // MINUTE_S != self._minute:  # a minute ends with the first batch of the next, if no tick was sooner
            with self._ticking:
                self._step("minute", partial(self._end_minute, now))
        with self._telling:
            before = self.extractor.counts["events"]
            due = hear(self.extractor, events, now)
            heard = self.extractor.counts["events"] - before
        limited = sum(event.rate_limited for event in events)
        if limited:
            self._count_limited(limited)
        return Told(heard, [alert for user_id in due for alert in self.detector.analyze_due(user_id, now)])

    def connected(self, user_id: str, ip_address: str | None = None, at: float | None = None) -> None:
        """A connection was opened."""
        self.extractor.connected(user_id, ip_address, at)

    def disconnected(self, user_id: str, at: float | None = None) -> None:
        """A connection was closed."""
        self.extractor.disconnected(user_id, at)

    def confirm(self, alert_id: str) -> Alert:
        """An operator says that it was harm: the user's limit falls, once. Raises NotFound or AlreadyTold."""
        alert, news = self.detector.say(alert_id, Standing.CONFIRMED)
        if news and alert.user_id != SERVER:
            self.limiter.penalize(alert.user_id)
        self._step("flush", self._flush)
        return alert

    def dismiss(self, alert_id: str) -> Alert:
        """An operator says that it was none. Raises NotFound or AlreadyTold."""
        alert = self.detector.dismiss(alert_id)
        self._step("flush", self._flush)
        return alert

    def forget(self, user_id: str) -> dict[str, int]:
        """Remove all that is known of one user, here and where it is kept: how many of each there were.

        What the platform journalled of the user is its own to forget. Raises what keeping raises.
        """
        with self._ticking:
            return self._forget(user_id)

    def _forget(self, user_id: str) -> dict[str, int]:
        found = {
            "windows": self.extractor.forget(user_id),
            "baselines": self.baselines.forget(user_id),
            "limits": self.limiter.forget(user_id),
            "alerts": self.detector.forget(user_id),
        }
        self.connections.forget(user_id)
        found["documents"] = 0 if self._memory is None else self._memory.forget(user_id)
        return found

    @property
    def rules(self) -> tuple[Rule, ...]:
        """In force."""
        return self.detector.rules

    def set_rules(self, rules: Iterable[Rule]) -> None:
        """Put a table in force, and keep it. Raises what keeping raises: then the one before stays in force."""
        wanted = tuple(rules)
        if self._keeping is not None:
            self._keeping.keep_rules(wanted)
        self.detector.rules = wanted

    def set_budget(self, per_hour: float) -> None:
        """Alarms an hour from now on. Raises ValueError."""
        self.detector.budget.per_hour = checked(per_hour)

    def alarm_threshold(self) -> float:
        """Score from which an alarm passes the budget now; above 1 none does, unless it is critical."""
        return self.detector.budget.threshold(self._clock())

    def forecast(self, minutes: Sequence[int], coverage: float = 0.9) -> list[Forecast]:
        """Messages a minute that are expected so far ahead, with an interval. Raises ValueError."""
        return self.foresight.forecast(minutes, coverage)

    def status(self) -> dict[str, Any]:
        """How everything stands, as plain JSON."""
        detector, courier = self.detector, self.courier
        return {
            "users": len(self.extractor),
            "heard": dict(self.extractor.counts),
            "analysis": dict(detector.counts),
            "alerts": len(detector.book),
            "model": self._model(),
            "rules": {"all": len(self.rules), "enabled": sum(rule.enabled for rule in self.rules)},
            "budget": self._budget(),
            "forecast": {"minutes_known": self.foresight.known, "minutes_to_learn": self.foresight.unlearnt},
            "guard": dict(self.counts),
            "link": None
            if courier is None
            else {"waiting": courier.waiting, "counts": dict(courier.counts), "last_problem": courier.last_problem},
            "problems": list(self.problems),
        }

    def tick(self, at: float | None = None) -> None:
        """Do what is due: the minute that ended, a slice of the users, alerts and state that are to be kept.

        What goes wrong in one step is counted and told in ``problems``, and keeps no other from its turn.
        """
        at = self._clock() if at is None else at
        with self._ticking:
            self.counts["ticks"] += 1
            self._step("follow", self._follow)
            self._step("minute", partial(self._end_minute, at))
            self._step("server_level", self.detector.server_level.learn)
            self._step("connections", partial(self.connections.tick, at))
            self._step("slice", partial(self._look_around, at))
            self._step("forecast", partial(self.foresight.learn, CATCH_UP_S))
            for name, every_s, work in (
                ("flush", FLUSH_S, self._flush),
                ("rules", MINUTE_S, self._read_rules),
                ("save", SAVE_S, self.save),
                ("cleanup", CLEANUP_S, self._clean_up),
                ("census", CENSUS_S, partial(self._take_census, at)),
                ("quiet", quiet.EVERY_S, partial(self._gather_quiet, at)),
            ):
                if self._due(name, at, every_s):
                    began = time.monotonic()
                    self._step(name, work)
                    gap = max(every_s, 20 * (time.monotonic() - began))
                    self._next[name] = at + gap, gap

    def save(self) -> None:
        """Keep everything that must survive a restart, now. Raises what keeping raises."""
        if self._memory is not None:
            self._memory.save()
            self.counts["saved"] += 1

    def start(self) -> Guard:
        """Begin to tick once a second, and to talk with the platform; doing it again changes nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="samouk-traffic", daemon=True)
            self._thread.start()
            if self.courier is not None:
                self.courier.start()
        return self

    def close(self) -> None:
        """Stop, and keep everything; doing it again changes nothing."""
        if self._closing.is_set():
            return
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        if self.courier is not None:
            self.courier.close()
        self._step("flush", self._flush)
        self._step("save", self.save)
        if self._following is not None:
            self._step("leave", self._following.leave)

    def __enter__(self) -> Guard:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _count_limited(self, number: int) -> None:
        with self.detector.lock:
            self.counts["rate_limited"] += number

    def _run(self) -> None:
        while not self._closing.wait(TICK_S):
            self.tick()

    def _step(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the border of the guard's own work: the host goes on; counted
            self._trouble(f"failed_{name}", f"{name}: {type(error).__name__}: {error}")

    def _trouble(self, kind: str, words: str) -> None:
        self.counts[kind] += 1
        if words not in self.problems:  # said once, not at every tick, also where two take turns
            self.problems.append(words)
            log.error("traffic guard: %s", words, extra={"step": kind})

    def _due(self, name: str, at: float, every_s: float) -> bool:
        """Whether its time has come; a clock that was put back by more than its period has it come at once."""
        due, gap = self._next.setdefault(name, (at + every_s, every_s))
        return at >= due or due - at > 2 * gap

    def _end_minute(self, at: float) -> None:
        minute = int(at // MINUTE_S)
        if minute == self._minute:
            return
        watched = self._minute >= 0 and 0 < at - self._minute_at < LONGEST_GAP_S
        self._minute, self._minute_at = minute, at
        if not self._round:
            self._round.extend(self.extractor.users())
            self._round_size = len(self._round)
        if watched:  # the first minute was not heard from its beginning
            self.counts["minutes"] += 1
            self.foresight.take((minute - 1) * MINUTE_S, self.extractor.server_features(at).messages_per_minute)
            self.detector.analyze_server(at)

    def _look_around(self, at: float) -> None:
        """Look at those who were passed over, then at some of the minute's; let the host's threads in after each."""
        began = time.perf_counter()
        while self.detector.waiting and time.perf_counter() - began < SLICE_S / 2:
            self.detector.analyze_waiting(at)
            time.sleep(0)
        for _ in range(-(-self._round_size // SLICES)):
            if not self._round or time.perf_counter() - began > SLICE_S:
                return
            self.detector.analyze_active(self._round.popleft(), at)
            time.sleep(0)

    def _follow(self) -> None:
        if self._following is not None:
            self._following.follow(self._forget)

    def _flush(self) -> None:
        if self._memory is not None:
            self._memory.flush()

    def _read_rules(self) -> None:
        if self._memory is not None:
            self._memory.read_rules()

    def _take_census(self, at: float) -> None:
        if self.courier is not None:
            self.counts["gathered"] += census.take(self.extractor.users(), self.baselines, self.courier, at)

    def _gather_quiet(self, at: float) -> None:
        if self.courier is not None:
            seen = self.extractor.recent(KEPT)
            self.counts["gathered_quiet"] += quiet.take(self.detector, seen, self.courier, at)

    def _clean_up(self) -> None:
        self.extractor.cleanup_old_sessions(MAX_AGE_HOURS)

    def _remembering(self, keeping: Keeping) -> Remembering:
        """Find everything again that was kept."""
        parts: dict[str, Part] = {
            "extractor": self.extractor,
            "baselines": self.baselines,
            "limits": self.limiter,
            "foresight": self.foresight,
            "promises": self.promises,
        }
        memory = Remembering(keeping, self.detector, parts, self._trouble)
        if not memory.restore():
            self.counts["fresh_starts"] += 1
            log.info("traffic guard: no state was kept yet, what is normal is learnt from now on")
        return memory

    def _take_scorer(self, version: str, artifact: Artifact) -> None:
        """Put the platform's champion in force. Raises ValueError when it is no model, or gives no score."""
        scorer = scorer_of(artifact, version)
        score = scorer(_PROBE).score
        if not 0 <= score <= 1:
            raise ValueError(f"{version} scores {score}, which is no number from 0 to 1")
        self.detector.scorer = scorer

    def _model(self) -> str:
        return self.detector.scorer(_PROBE).version

    def _budget(self) -> dict[str, Any]:
        budget, threshold = self.detector.budget, self.alarm_threshold()
        with self.detector.lock:
            held = [{**one._asdict(), "severity": str(one.severity)} for one in reversed(budget.recent)]
        return {
            "per_hour": budget.per_hour,
            "threshold": threshold if math.isfinite(threshold) else None,
            "passed": budget.passed,
            "held_back": budget.held_back,
            "clock_jumps": budget.clock_jumps,
            "recently_held_back": held,
        }


_PROBE = Evidence(Features(), np.zeros(len(FEATURES)), 0, ())
"""A window in which nothing happens: a model that cannot weigh it is not put in force."""
