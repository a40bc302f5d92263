"""The book of alerts: what was raised, what goes on, and what operators said of it."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from samouk.domains.traffic.detect.budget import Budget, Held
from samouk.domains.traffic.detect.habits import Harmless
from samouk.domains.traffic.detect.severity import Judgement
from samouk.domains.traffic.records import Alert, Severity, Standing
from samouk.loop.ports import NotFound

KEPT = 2_000
"""Alerts in the book; the oldest goes when one more comes."""

EPISODES = 10_000
COOLDOWN_S = 300.0
"""Of one user and kind, what comes within so long of the last sighting is the same alert."""

TOGETHER_S = 300.0
"""Alerts of one kind within so long of each other share a cause."""

CAUSES = 1_000
"""Kinds whose last cause is remembered; an operator may rename rules for ever."""

GENERIC = ("unusual", "novel")
"""Kinds without a rule: a window that breaks none any more, of a user who has just broken one, is the same attack."""


class AlreadyTold(Exception):
    """An operator said the opposite before; the first word stands, as everywhere on the platform."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A judged window that deserves an alert.

    Attributes:
        kinds: what it may be called, the worst first; never empty.
        lasting_s: how long what is seen stays true by itself: after a pause shorter than that it is no news.
    """

    user_id: str
    at: float
    judged: Judgement
    kinds: tuple[str, ...]
    lasting_s: float = 0.0

    @property
    def score(self) -> float:
        return self.judged.scored.score

    @property
    def severity(self) -> Severity:
        return self.judged.severity


class Entered(NamedTuple):
    """What the book made of a sighting: its alert, None when it was held back.

    ``fresh`` when the alert is new, ``news`` also when one that goes on has become more severe.
    """

    alert: Alert | None
    fresh: bool = False
    news: bool = False


@dataclass(slots=True)
class _Episode:
    """Something that goes on; ``alert_id`` None while the budget holds it back.

    ``known``: kinds under which it was seen until an operator answered.
    """

    kind: str
    last_at: float
    alert_id: str | None = None
    known: set[str] = field(default_factory=set)


class Book:
    """Alerts in the order in which they came; bounded. Not safe for threads by itself.

    Attributes:
        harmless: what operators dismissed.
    """

    def __init__(self, *, kept: int = KEPT, cooldown_s: float = COOLDOWN_S) -> None:
        self.harmless = Harmless()
        self._kept = kept
        self._cooldown_s = cooldown_s
        self._alerts: OrderedDict[str, Alert] = OrderedDict()
        self._episodes: OrderedDict[tuple[str, str], _Episode] = OrderedDict()
        self._causes: dict[str, tuple[str, float]] = {}
        self._unsaved: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._alerts)

    def enter(self, sighting: Sighting, budget: Budget) -> Entered:
        """Raise an alert, bring the one that goes on up to date, or hold it back.

        An answer is for what was seen until then: what becomes worse, or breaks another rule, is another alert.
        """
        episode = self._ongoing(sighting)
        before = self._alerts.get(episode.alert_id or "") if episode else None
        if before is not None and episode is not None and _outgrown(before, episode, sighting):
            episode = before = None
        if before is not None and episode is not None:
            alert = self._brought_up(before, sighting)
            self._see(sighting, episode, answered=before.standing is not Standing.OPEN)
            return Entered(alert, news=alert.severity.rank > before.severity.rank)
        known_cause = self._cause_of(sighting.kinds[0], sighting.at) != ""
        if not budget.passes(sighting.score, sighting.severity, sighting.at, same_cause=known_cause):
            if episode is None:
                budget.hold(Held(sighting.at, sighting.user_id, sighting.kinds[0], sighting.score, sighting.severity))
            self._see(sighting, episode)
            return Entered(None)
        alert = self._raised(sighting)
        self._see(sighting, episode).alert_id = alert.alert_id
        return Entered(alert, fresh=True, news=True)

    def get(self, alert_id: str) -> Alert:
        """Raises NotFound."""
        if alert_id not in self._alerts:
            raise NotFound(
                f"no alert is called {alert_id:.64}; the book keeps the last {self._kept:,}, and tells their names"
            )
        return self._alerts[alert_id]

    def recent(self, limit: int = 100, min_severity: Severity = Severity.LOW) -> list[Alert]:
        """Newest first."""
        found: list[Alert] = []
        for alert in reversed(self._alerts.values()):
            if len(found) >= limit:
                break
            if alert.severity.rank >= min_severity.rank:
                found.append(alert)
        return found

    def say(self, alert_id: str, standing: Standing) -> tuple[Alert, bool]:
        """Keep an operator's word; the alert, and whether it was news. Raises NotFound or AlreadyTold."""
        alert = self.get(alert_id)
        if alert.standing is standing:
            return alert, False
        if alert.standing is not Standing.OPEN:
            raise AlreadyTold(f"alert {alert_id} was {alert.standing} before; the first word stands")
        answered = self._put(replace(alert, standing=standing))
        self.harmless.hear(answered)
        return answered, True

    def attach(self, alert_id: str, event_id: str) -> Alert | None:
        """Note under which event the platform keeps an alert; None when the alert is gone."""
        alert = self._alerts.get(alert_id)
        return None if alert is None else self._put(replace(alert, event_id=event_id))

    def weigh_anew(self, alert_id: str, version: str, score: float, severity: Severity) -> Alert:
        """Keep what another version says of an alert. Raises NotFound."""
        return self._put(replace(self.get(alert_id), version=version, score=score, severity=severity))

    def forget(self, user_id: str) -> int:
        """Remove every alert that names the user; how many there were."""
        gone = [alert.alert_id for alert in self._alerts.values() if alert.user_id == user_id]
        for alert_id in gone:
            del self._alerts[alert_id]
            self._unsaved.pop(alert_id, None)
        for key in [key for key in self._episodes if key[0] == user_id]:
            del self._episodes[key]
        self.harmless.forget(user_id)
        return len(gone)

    def restore(self, alerts: Iterable[Alert]) -> None:
        """Take what was kept, oldest first; episodes begin anew, but those still warm go on."""
        for alert in alerts:
            self._store(alert)
            self.harmless.hear(alert)
            self._see_kind(alert.user_id, _Episode(alert.kind, alert.last_at, alert.alert_id, {alert.kind}))
        self._unsaved.clear()

    def unsaved(self) -> list[Alert]:
        """Alerts that changed since this was asked last."""
        changed = [self._alerts[alert_id] for alert_id in self._unsaved if alert_id in self._alerts]
        self._unsaved.clear()
        return changed

    def remember(self, alerts: Iterable[Alert]) -> None:
        """They could not be saved: they are to be asked for again."""
        self._unsaved.update(dict.fromkeys(alert.alert_id for alert in alerts))

    def all(self) -> list[Alert]:
        """Every alert, oldest first."""
        return list(self._alerts.values())

    def _ongoing(self, sighting: Sighting) -> _Episode | None:
        """The episode of any of its kinds; of a rule's kind, also one that has been without a rule so far."""
        rules = [kind for kind in sighting.kinds if kind not in GENERIC]
        for kind in (*rules, *GENERIC):
            episode = self._episodes.get((sighting.user_id, kind))
            warm_s = max(self._cooldown_s, sighting.lasting_s) if kind in rules else self._cooldown_s
            if episode is None or abs(sighting.at - episode.last_at) > warm_s:
                continue
            if kind in sighting.kinds or not rules or episode.kind in GENERIC:
                return episode
        return None

    def _see(self, sighting: Sighting, episode: _Episode | None, *, answered: bool = False) -> _Episode:
        """Keep the episode warm under all its kinds; what breaks no rule any more finds it under the generic ones."""
        kind = sighting.kinds[0]
        if episode is None:
            episode = _Episode(kind, sighting.at)
        elif episode.kind in GENERIC:
            episode.kind = kind
        episode.last_at = max(episode.last_at, sighting.at)
        if not answered:
            episode.known.update(sighting.kinds)
        for name in (*sighting.kinds, *GENERIC):
            self._see_kind(sighting.user_id, episode, name)
        return episode

    def _see_kind(self, user_id: str, episode: _Episode, kind: str | None = None) -> None:
        key = (user_id, kind or episode.kind)
        self._episodes[key] = episode
        self._episodes.move_to_end(key)
        while len(self._episodes) > EPISODES:
            self._episodes.popitem(last=False)

    def _raised(self, sighting: Sighting) -> Alert:
        return self._put(
            Alert(
                alert_id=secrets.token_hex(16),
                user_id=sighting.user_id,
                at=sighting.at,
                score=sighting.score,
                severity=sighting.severity,
                kind=sighting.kinds[0],
                reasons=sighting.judged.reasons,
                features=sighting.judged.evidence.features,
                version=sighting.judged.scored.version,
                cause=self._cause(sighting.kinds[0], sighting.at),
                parts=sighting.judged.scored.parts,
                last_at=sighting.at,
            )
        )

    def _brought_up(self, alert: Alert, sighting: Sighting) -> Alert:
        """The worst window is what is shown, of an answered alert that of the answer; the others are counted."""
        alert = replace(alert, last_at=max(alert.last_at, sighting.at), windows=alert.windows + 1)
        worse = (sighting.severity.rank, sighting.score) > (alert.severity.rank, alert.score)
        if not worse or alert.standing is not Standing.OPEN:
            return self._put(alert)
        return self._put(
            replace(
                alert,
                score=sighting.score,
                severity=sighting.severity,
                kind=alert.kind if sighting.kinds[0] in GENERIC else sighting.kinds[0],
                reasons=sighting.judged.reasons,
                features=sighting.judged.evidence.features,
                version=sighting.judged.scored.version,
                parts=sighting.judged.scored.parts,
            )
        )

    def _cause_of(self, kind: str, at: float) -> str:
        """The cause of the last alert of that kind, if it came just before; else nothing."""
        cause, last_at = self._causes.get(kind, ("", 0.0))
        return cause if abs(at - last_at) <= TOGETHER_S else ""

    def _cause(self, kind: str, at: float) -> str:
        cause = self._cause_of(kind, at)
        _, last_at = self._causes.pop(kind, ("", at))
        if not cause:
            cause, last_at = f"{kind}-{secrets.token_hex(4)}", at
        self._causes[kind] = (cause, max(at, last_at))
        if len(self._causes) > CAUSES:
            del self._causes[next(iter(self._causes))]
        return cause

    def _put(self, alert: Alert) -> Alert:
        self._store(alert)
        self._unsaved[alert.alert_id] = None
        return alert

    def _store(self, alert: Alert) -> None:
        self._alerts[alert.alert_id] = alert
        while len(self._alerts) > self._kept:
            gone, _ = self._alerts.popitem(last=False)
            self._unsaved.pop(gone, None)


def _outgrown(answered: Alert, episode: _Episode, sighting: Sighting) -> bool:
    """Whether an answered alert is not what is seen now: it is worse, or another rule leads."""
    if answered.standing is Standing.OPEN:
        return False
    kind = sighting.kinds[0]
    worse = sighting.severity.rank > answered.severity.rank
    return worse or (kind not in GENERIC and kind not in episode.known)
