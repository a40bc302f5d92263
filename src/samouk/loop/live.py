"""The frozen records of what happens in service: exposures, outcomes, rollouts and what is told of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from samouk.edge.wire import Value
from samouk.loop.records import TriggerKind
from samouk.loop.rollout_policy import RolloutPolicy


class Variant(StrEnum):
    """On which side of a comparison an exposure stands.

    ``champion`` is outside of every comparison: no rollout runs, or the unit is in the part of the
    traffic that no arm has. ``control`` is the champion's arm, of the size of a challenger's.
    """

    CHAMPION = "champion"
    CONTROL = "control"
    CHALLENGER = "challenger"


@dataclass(frozen=True, slots=True)
class Exposure:
    """A prediction shown to a unit under a version.

    Attributes:
        event_id: 32 hexadecimal digits, in the order of time; with it the outcome finds the exposure.
        unit: pseudonym, a keyed hash; what the application called the unit is never kept.
        group: 0 to ``GROUPS - 1``, by the unit's pseudonym: the split group of what is learnt from it.
        at: when it was shown, in UTC.
        score: the calling score, what the version answered, in [0, 1]; NaN when it failed or abstained.
        propensity: probability with which this version was chosen for the unit, in (0, 1].
        row: the fields that were seen, plain values that obey the learner's schema; empty when a client of the
            edge saw them, who tells counts alone.
        rollout, step: of the comparison; None and -1 outside of one.
        shadows: version → its score, of versions that predict and are never shown.
        failed: the version gave no answer: an error, not an abstention.
    """

    event_id: str
    learner: str
    version: str
    variant: Variant
    unit: str
    group: int
    at: dt.datetime
    score: float
    propensity: float
    row: Mapping[str, Value]
    latency_ms: float = 0.0
    rollout: str | None = None
    step: int = -1
    shadows: Mapping[str, float] = field(default_factory=dict)
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an exposure turned out.

    Attributes:
        metric: name of one of the learner's ``outcomes``.
        value: in [0, 1], higher is better; mapped there from what was sent.
        at: when it happened, in UTC; never later than it is told.
        assumed: nobody told it: the window closed, and the metric says what silence means.
    """

    event_id: str
    metric: str
    value: float
    at: dt.datetime
    assumed: bool = False


class Heard(StrEnum):
    """What became of an outcome that was told.

    ``late`` ones came after their window had closed: they are kept, marked and learnt from, and
    change no comparison that was made before. ``parked`` ones wait for their exposure. A ``contradiction``
    differs from the outcome that was told first, which stands.
    """

    JOINED = "joined"
    LATE = "late"
    PARKED = "parked"
    DUPLICATE = "duplicate"
    CONTRADICTION = "contradiction"


@dataclass(frozen=True, slots=True)
class Joined:
    """An exposure with one outcome of it, ``sequence`` in the order in which outcomes were joined."""

    sequence: int
    exposure: Exposure
    outcome: Outcome
    late: bool


class Share(NamedTuple):
    """Mean and variance, over units, of the share of its exposures that each had go wrong; n - 1 below the variance."""

    mean: float = 0.0
    variance: float = 0.0


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was removed, and the keys of the learnt states whose bytes nobody names any more."""

    exposures: int
    outcomes: int
    states: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArmStats:
    """What is known of one arm in one step of a rollout.

    A unit counts once in the whole rollout, in the first step in which an arm had it, by the mean of its outcomes
    of that step: so no two steps share a unit, and what they say is independent. Exposures count where they were.

    Attributes:
        exposures: shown in this step, to new units and to those that came back.
        units: of them, those that no arm had in an earlier step.
        failed, slow: of ``units``, shares that failed or took longer than the budget, of all exposures that each
            had in this arm, in whatever step. One unit that fails a thousand times is one that fails.
        measured: ``units`` with at least one outcome that counts.
        mean, variance: over the ``measured`` units, variance with n - 1 below; 0 where they are not defined.
        first: the values of the first units in order of their first outcome, for sequences that need each
            value; up to ``FIRST`` of them.
        newest: when the newest exposure was.
        due: ``units`` with an answer of this step whose window has closed, so that its outcome should be known.
        heard: of these, units with an outcome of such an answer that counts.
    """

    step: int
    variant: Variant
    version: str
    exposures: int
    units: int
    failed: Share
    slow: Share
    measured: int
    mean: float
    variance: float
    first: tuple[float, ...] = ()
    newest: dt.datetime | None = None
    due: int = 0
    heard: int = 0


FIRST = 200
"""Units of an arm whose single values are kept at hand."""


@dataclass(frozen=True, slots=True)
class DayFigures:
    """How one version did among the exposures of one UTC day, for one metric.

    Attributes:
        exposures, failures: shown, and without an answer.
        outcomes, late, assumed: exposures with an outcome; of them told too late, or assumed.
        open: exposures without an outcome whose window has not closed.
        positives: outcomes of at least one half.
        mean_score: over exposures with a score; None without any. The same for the others.
        mean_outcome: over exposures with an outcome.
        score_of_known: mean score of the exposures with an outcome: less ``mean_outcome``, the calibration gap.
        brier: mean squared distance of score and outcome.
        sureness: mean of max(score, 1 - score) over exposures with a score: CBPE's estimate of accuracy
            of a calibrated probability (Garg et al. 2022; NannyML), which needs no outcome.
        latency_ms, latency_p95_ms: mean, and 95th percentile, in milliseconds.
    """

    version: str
    day: dt.date
    metric: str
    exposures: int
    failures: int
    outcomes: int
    late: int
    assumed: int
    open: int
    positives: int
    mean_score: float | None
    mean_outcome: float | None
    score_of_known: float | None
    brier: float | None
    sureness: float | None
    latency_ms: float | None
    latency_p95_ms: float | None

    @property
    def coverage(self) -> float | None:
        """Share of exposures with an outcome, of those whose window has closed or that have one."""
        due = self.exposures - self.open
        return self.outcomes / due if due else None


class RolloutState(StrEnum):
    """Where a rollout stands; the last three are ends."""

    RUNNING = "running"
    PAUSED = "paused"
    WAITING = "waiting"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    ENDED = "ended"

    @property
    def over(self) -> bool:
        return self in (RolloutState.PROMOTED, RolloutState.ROLLED_BACK, RolloutState.ENDED)


@dataclass(frozen=True, slots=True)
class Move:
    """One change of a rollout: who changed it, to what, why, and on which figures."""

    at: dt.datetime
    actor: str
    action: str
    reason: str
    step: int
    weight: float
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rollout:
    """The ramp that gives a challenger traffic, or several of them.

    Attributes:
        seed: random, of this rollout alone; with the unit it decides the arm.
        hash_version: of the assignment, so that a later way of hashing leaves this rollout as it is.
        champion: name of the version that the challengers are compared with.
        challengers: version → its share of the traffic now. In mode ``ab`` there is one, and the control's
            share equals its own; in mode ``bandit`` the control has what the challengers leave.
        mode: ``ab`` ramps one challenger, ``shadow`` shows none, ``bandit`` moves traffic to the best.
        steps: shares through which ``ab`` goes; 1.0 is the release.
        step: place in ``steps``; each reallocation of a bandit is a step too.
        since: when the present step began.
        policy: that it began under: what an operator wants otherwise meanwhile spends no alpha a second time.
        revision: counts up with each save; who saves an older one is refused.
        reason: of the present state, in words.
        history: every change, oldest first.
    """

    rollout_id: str
    learner: str
    champion: str
    challengers: Mapping[str, float]
    mode: Literal["ab", "shadow", "bandit"]
    steps: tuple[float, ...]
    step: int
    state: RolloutState
    seed: str
    started: dt.datetime
    since: dt.datetime
    policy: RolloutPolicy = field(default_factory=RolloutPolicy)
    revision: int = 0
    hash_version: int = 1
    reason: str = ""
    history: tuple[Move, ...] = ()


class EventKind(StrEnum):
    """What is told to those who listen."""

    RUN_FINISHED = "run.finished"
    VERSION_STAGED = "version.staged"
    STEP_ADVANCED = "rollout.advanced"
    PAUSED = "rollout.paused"
    RESUMED = "rollout.resumed"
    WAITING = "rollout.waiting"
    PROMOTED = "version.promoted"
    ROLLED_BACK = "version.rolled_back"
    ENDED = "rollout.ended"
    DRIFT_SEEN = "drift.seen"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a learner; ``sequence`` counts up over all learners, 0 before it is kept.

    ``body`` is plain JSON and holds nothing of any sample or unit.
    """

    kind: EventKind
    learner: str
    at: dt.datetime
    body: Mapping[str, Any]
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where events are delivered to.

    Attributes:
        secret: key of the signature; shown once, when the hook is made.
        learner: only events of this one; None for all.
        kinds: only these; empty for all.
        delivered: sequence of the last event that was delivered, or given up.
        failures: deliveries that failed since the last that did not.
        retry_at: not tried again before.
    """

    hook_id: str
    url: str
    secret: str
    learner: str | None
    kinds: tuple[EventKind, ...]
    created: dt.datetime
    delivered: int = 0
    failures: int = 0
    retry_at: dt.datetime | None = None
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a version's online part after the joined outcomes up to ``sequence``."""

    learner: str
    version: str
    sequence: int
    blob_key: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """One adaptive threshold of a trigger at one moment: what it became, from what, and why."""

    learner: str
    kind: TriggerKind
    name: str
    before: float
    after: float
    reason: str
    at: dt.datetime
