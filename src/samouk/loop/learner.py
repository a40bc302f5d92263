"""What a learner and its domain must offer: values, not base classes.

A learner is judged by ``samouk.loop.checks`` and nothing else; the checks run for learners inside
this tree and for those that other distributions offer by the entry point ``samouk.domains``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from samouk.edge.wire import Row, Schema
from samouk.loop.columns import Columns
from samouk.loop.live import Joined
from samouk.loop.records import Artifact, Batch, BoolArray, Examples, FloatArray, Labels, Order, Predictions, Run
from samouk.loop.rollout_policy import RolloutPolicy

if TYPE_CHECKING:
    from samouk.loop.ports import Services

Progress = Callable[[str, float], None]
"""Called with a sentence and the share done, 0 to 1."""


def silent(_text: str, _share: float) -> None:
    """A progress that tells nobody."""


def wanted() -> None:
    """A check that finds every fit still wanted."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a fit is given beside the data: one seed, one budget, one place to report to.

    Attributes:
        check: raises when nobody waits for the fit any more; who fits elsewhere asks now and then, and ends it there.
    """

    seed: int = 0
    time_budget_s: float = 600.0
    threads: int = 1
    progress: Progress = silent
    check: Callable[[], None] = wanted


@dataclass(frozen=True, slots=True)
class Metric:
    """One measure of a learner.

    Attributes:
        name: as it stands in figures, cards and the API.
        direction: which way is better. Per-example values are in [0, 1] either way.
        tolerance: how much worse a challenger's mean may be before it counts as harm.
        binary: True when per-example values are 0 or 1, so that the exact McNemar test applies.
        floor: below this mean on live outcomes the quality trigger fires; None for no floor.
    """

    name: str
    direction: Literal["up", "down"] = "up"
    tolerance: float = 0.0
    binary: bool = True
    floor: float | None = None
    help: str = ""


@dataclass(frozen=True, slots=True)
class TriggerPolicy:
    """When to learn.

    Attributes:
        period: so long after the last turn, if anything is new.
        volume: new samples with a label or an outcome.
        cooldown: nothing but an erasure is a reason so soon after the last turn.
        distance: JS and KS distance of a field (0 to 1) within which it has not moved.
        delta: chance of a false alarm in the bounds of ADWIN and HDDM-A on outcomes.
        drop: fall of the label-free estimate that counts.
        adaptive: ``volume`` and ``distance`` follow what the loop sees, from half to four times what stands here.
    """

    period: dt.timedelta = dt.timedelta(days=7)
    volume: int = 1_000
    cooldown: dt.timedelta = dt.timedelta(hours=1)
    distance: float = 0.1
    delta: float = 0.002
    drop: float = 0.03
    adaptive: bool = True


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """How sure the gate must be.

    Attributes:
        alpha: chance of promoting a challenger that is no better, at most.
        margin: how much better the primary metric's mean must be, in its own unit.
        minimum: held-out examples below which the gate stays undecided.
        slice_minimum: held-out examples below which a slice is not judged.
        reuse_budget: gates that one holdout may serve before it must have grown by a tenth.
    """

    alpha: float = 0.05
    margin: float = 0.0
    minimum: int = 200
    slice_minimum: int = 50
    reuse_budget: int = 50


@dataclass(frozen=True, slots=True)
class OutcomeSpec:
    """One way in which an exposure may turn out.

    Attributes:
        low, high: what may be sent, mapped linearly to 0 and 1; a ``low`` above ``high`` turns "less is
            better" round.
        window: outcomes that come later after their exposure are late.
        silence: value in [0, 1] of an exposure whose window closed without an outcome; None when silence
            means nothing, so that it counts nowhere.
        guard: also watched for harm in a rollout of another outcome.
        floor: below this live mean (in [0, 1]) the quality trigger fires; None for no floor.
    """

    name: str
    low: float = 0.0
    high: float = 1.0
    window: dt.timedelta = dt.timedelta(days=1)
    silence: float | None = None
    guard: bool = False
    floor: float | None = None
    help: str = ""

    def to_unit(self, sent: float) -> float:
        """What was sent, in [0, 1]. Raises ValueError for a number out of range or no number."""
        least, most = min(self.low, self.high), max(self.low, self.high)
        if not least <= sent <= most:  # written so that NaN fails too
            raise ValueError(f"must lie between {least:g} and {most:g}, not {sent!s:.40}")
        return (sent - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything about a learner that an operator may want to change.

    ``rollout`` None releases what passed the gate at once; so does a learner without outcomes.
    """

    triggers: TriggerPolicy = field(default_factory=TriggerPolicy)
    gate: GatePolicy = field(default_factory=GatePolicy)
    rollout: RolloutPolicy | None = None
    approval: Literal["auto", "human"] = "auto"
    holdout_groups: frozenset[int] = frozenset({3, 7, 11, 15})


class World(Protocol):
    """A seeded simulator. Its assumptions stand in its docstring; ``null`` worlds hold nothing to learn."""

    def batches(self, week: int, contributors: int) -> Iterator[Batch]:
        """What so many contributors send in one week; the same for the same seed."""


class UnfitArtifact(ValueError):
    """A model that was made elsewhere cannot serve here; the message names what is wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class Online:
    """What learns between two turns: predict, then learn, one outcome after the other.

    The state after a number of samples is a function of the artifact and these samples in their order
    alone, however they were cut into calls: it can be replayed from the journal.

    Attributes:
        begin: artifact → the state that has learnt nothing.
        correct: (state, columns, the artifact's predictions) → corrected predictions; changes no state.
        learn: (state, artifact, columns with what was told) → the next state; may reuse the given one.
        save, load: state ↔ bytes; a loaded state goes on exactly as the saved one would. ``load`` raises ValueError
            for bytes that it cannot go on from: then everything is learnt anew from the journal.
    """

    begin: Callable[[Artifact], Any]
    correct: Callable[[Any, Columns, Predictions], Predictions]
    learn: Callable[[Any, Artifact, Columns], Any]
    save: Callable[[Any], bytes]
    load: Callable[[Artifact, bytes], Any]


@dataclass(frozen=True, slots=True)
class Learner:
    """One thing that learns.

    Attributes:
        name: ``domain.noun``.
        schema: closed; an unknown field or a value out of range is refused with the field's name.
        classes: names of the label values, in the order of their codes; none when it predicts a number in [0, 1].
        metrics: the first is the primary one, the others are guards.
        label: columns → labels, with abstention.
        fit: examples, champion or None, context → artifact. Deterministic for one seed.
        predict: artifact, columns → predictions, in the order of the rows.
        score: artifact, examples → per-example values in [0, 1], one (n,) array a metric; NaN where a
            metric does not apply to a row.
        slices: examples → named masks; no guarded metric may fall on any of them.
        suspects: (batch columns, champion) → why the batch should be quarantined, or None.
        card: artifact, training examples, holdout figures → the model card's learner-specific part (plain JSON).
        changes: (old champion or None, challenger, holdout examples) → changelog lines for people.
        world: (seed, null) → simulator.
        first: a model that ships with the domain, published as v1.0; None when the first turn makes it.
        told: fields of the schema that are known only afterwards: a prediction is asked for without them.
        outcomes: how exposures may turn out; the first is what rollouts are decided by. None when nothing is
            ever told of predictions.
        served: predictions are made on this platform. Otherwise clients of the edge make them, and of those
            that take part in a trial comes a count of what was shown and what was good.
        sample: an exposure with an outcome → the row that is learnt from, or None for none.
        online: what learns between two turns; None when only turns teach.
        constant: (training examples, holdout) → scores of the best answer that looks at nothing, which a first
            model must beat; None for the commonest class, which only a learner with classes has.
        adopt: (bytes, training metrics) → artifact, for a model that was made elsewhere; raises UnfitArtifact.
    """

    name: str
    schema: Schema
    classes: tuple[str, ...]
    metrics: tuple[Metric, ...]
    policy: Policy
    label: Callable[[Columns], Labels]
    fit: Callable[[Examples, Artifact | None, Context], Artifact]
    predict: Callable[[Artifact, Columns], Predictions]
    score: Callable[[Artifact, Examples], Mapping[str, FloatArray]]
    world: Callable[[int, bool], World]
    slices: Callable[[Examples], Mapping[str, BoolArray]] = lambda examples: {}
    suspects: Callable[[Columns, Artifact | None], str | None] = lambda columns, champion: None
    card: Callable[[Artifact, Examples, Mapping[str, float]], Mapping[str, Any]] = lambda artifact, train, figures: {}
    changes: Callable[[Artifact | None, Artifact, Examples], Sequence[str]] = lambda old, new, holdout: ()
    first: Callable[[], Artifact | None] = lambda: None
    told: tuple[str, ...] = ()
    outcomes: tuple[OutcomeSpec, ...] = ()
    served: bool = True
    sample: Callable[[Joined], Row | None] = lambda joined: None
    online: Online | None = None
    constant: Callable[[Examples, Examples], Mapping[str, FloatArray]] | None = None
    adopt: Callable[[bytes, Mapping[str, float]], Artifact] | None = None

    @property
    def primary(self) -> Metric:
        return self.metrics[0]

    @property
    def seen(self) -> Schema:
        """The schema of what a prediction is asked with."""
        fields = tuple(spec for spec in self.schema.fields if spec.name not in self.told)
        return Schema(self.schema.name, self.schema.version, fields)

    def lesson(self, joined: Joined) -> Row | None:
        """The row that is learnt from an exposure with an outcome; None where only a client knows what was seen."""
        return self.sample(joined) if joined.exposure.row else None

    def outcome(self, name: str) -> OutcomeSpec:
        """One of the learner's outcomes by name. Raises KeyError."""
        return {spec.name: spec for spec in self.outcomes}[name]


class DemoHost(Protocol):
    """A running server with a clock that can be stepped, on which a domain plays its main job."""

    url: str
    api_key: str
    folder: Path
    """A fresh folder for what the demo's clients keep."""

    def now(self) -> dt.datetime:
        """The server's present moment."""

    def next_week(self) -> None:
        """Step the server's clock by seven days."""

    def step(self, by: dt.timedelta) -> None:
        """Step the server's clock forward."""

    def begin(self, learner: Learner) -> None:
        """Release the learner's first model."""

    def due(self, learner: Learner) -> Order | None:
        """Whether a trigger of the learner fires."""

    def turn(self, learner: Learner, order: Order) -> Run:
        """Take one turn."""

    def tend(self, learner: Learner) -> str | None:
        """Draw in the outcomes that came, and look at the rollout: what was changed and why, None when nothing was."""

    def say(self, text: str = "") -> None:
        """One line to the person who watches."""


@dataclass(frozen=True, slots=True)
class View:
    """A shelf of documents as a table of its own: each member of ``columns`` a column beside ``key``."""

    name: str
    shelf: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subjects:
    """What a domain keeps of a person beside the journal: in documents and blobs of its own.

    Attributes:
        held: all of it, by the application's name for the person, as plain JSON; for exports.
        forget: remove it, every byte; how many documents went.
        pending: what runs elsewhere and has not said yet that it forgot the person too; may wait a moment for it.
        again: in a store that came back with persons who were forgotten since: remove whomever the question names, and
            all that is kept under no name, since nobody can tell whose it is; the names of those who went.
    """

    held: Callable[[Services, str], Iterator[Mapping[str, Any]]]
    forget: Callable[[Services, str], int]
    pending: Callable[[Services, str], Sequence[str]] = lambda _services, _name: ()
    again: Callable[[Services, Callable[[str], bool]], Sequence[str]] = lambda _services, _gone: ()


@dataclass(frozen=True, slots=True)
class Domain:
    """A room: learners that share a schema, their routes and their commands.

    ``routes`` is called with the server's services and gives an object that FastAPI can include;
    ``commands`` gives the click command that ``samouk`` has under the room's name; ``demo`` plays the main
    job against a running server; ``settings`` are the environment variables that the room reads itself, each
    with its default and what it means, for the documents; ``views`` are tables of its own in the database;
    ``subjects`` tells and removes what it keeps of a person.
    """

    name: str
    title: str
    learners: tuple[Learner, ...]
    home: Path
    routes: Callable[[Any], Any] | None = None
    demo: Callable[[DemoHost], None] | None = None
    settings: tuple[tuple[str, str, str], ...] = ()
    commands: Callable[[], Any] | None = None
    views: tuple[View, ...] = ()
    subjects: Subjects | None = None


def mean(values: FloatArray) -> float:
    """Mean over the rows to which the metric applies; NaN when there is none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
