"""The frozen records that the loop's steps take and give."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.loop.columns import Columns, rows_in

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]
BoolArray = NDArray[np.bool_]
Values = IntArray | FloatArray
"""Class indices, or scores of a learner without classes."""

ABSTAIN = -1
"""Label value and prediction of who cannot tell."""


def known(values: Values) -> BoolArray:
    """(n,) mask of the labels or predictions that do not abstain."""
    mask: BoolArray = ~np.isnan(values) if values.dtype.kind == "f" else values != ABSTAIN
    return mask


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples that arrived together from one contributor; immutable."""

    batch_id: str
    learner: str
    schema_version: int
    group: int
    receipt_hash: str
    columns: Columns

    @property
    def rows(self) -> int:
        return rows_in(self.columns)


class BatchState(StrEnum):
    """What may be done with a stored batch."""

    LIVE = "live"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """What the log knows of a stored batch without opening it.

    ``sequence`` counts up by one with each stored batch of the log, over all learners; ``day`` is
    the UTC day of arrival (no finer time is kept).
    """

    sequence: int
    batch_id: str
    learner: str
    schema_version: int
    group: int
    rows: int
    day: dt.date
    state: BatchState = BatchState.LIVE


@dataclass(frozen=True, slots=True)
class Shard:
    """Where the columns of a batch lie: a stretch of a blob. An erasure or a compaction may move them at any time."""

    batch_id: str
    pack: str
    offset: int
    length: int
    rows: int


class Stored(StrEnum):
    """What became of a batch that was handed to the log."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    ERASED = "erased"


class Fate(StrEnum):
    """What may happen to a batch after it was stored."""

    QUARANTINED = "quarantined"
    ERASED = "erased"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a stored batch; ``sequence`` counts up over all learners, with gaps."""

    sequence: int
    batch_id: str
    rows: int
    fate: Fate


@dataclass(frozen=True, slots=True)
class Arrived:
    """Live batches that came since a place in the log: how many, their rows, and the newest of them in order."""

    batches: int
    rows: int
    newest: Sequence[BatchEntry]


@dataclass(frozen=True, slots=True)
class Compaction:
    """How many packs became how many, and the bytes that were written anew."""

    before: int = 0
    after: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class LogStats:
    """Counts over the live and quarantined batches of one learner."""

    total_batches: int
    total_samples: int
    quarantined_batches: int
    last_upload: dt.date | None


@dataclass(frozen=True, slots=True)
class Erasure:
    """Proof that a batch was erased: kept so that a late copy of it is refused."""

    batch_id: str
    learner: str
    rows: int
    day: dt.date


@dataclass(frozen=True, slots=True)
class Labels:
    """Automatic labels of n rows.

    Attributes:
        values: (n,) int16 index into the learner's ``classes``, or ``ABSTAIN``; of a learner without
            classes, (n,) float32 in [0, 1], NaN where it abstains.
        confidence: (n,) float32 in [0, 1].
        trusted: (n,) bool; False for labels too weak to judge a model on.
    """

    values: Values
    confidence: FloatArray
    trusted: BoolArray


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows with their labels, ready to fit or to judge.

    Attributes:
        columns: the samples, n rows.
        labels: their labels; no row abstains.
        groups: (n,) int32, one number a batch, so that resampling keeps what came together together.
    """

    columns: Columns
    labels: Labels
    groups: IntArray

    @property
    def rows(self) -> int:
        return len(self.groups)

    def newest(self, most: int) -> IntArray:
        """Places of the newest rows, so many at most, in order of arrival: batches are numbered as they came."""
        if (self.groups[1:] >= self.groups[:-1]).all():
            # As a log gives them. Sorting ten million rows to take the last few would need more memory than they do.
            return np.arange(max(self.rows - most, 0), self.rows)
        return np.argsort(self.groups, kind="stable")[-most:]

    def only(self, rows: IntArray | slice) -> Examples:
        """The named rows: of a slice a view, else a copy."""
        labels = self.labels
        kept = Labels(labels.values[rows], labels.confidence[rows], labels.trusted[rows])
        return Examples({name: column[rows] for name, column in self.columns.items()}, kept, self.groups[rows])


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model says of n rows.

    Attributes:
        values: (n,) class index or ``ABSTAIN``; of a learner without classes, (n,) float32 scores in [0, 1],
            NaN where it abstains.
        confidence: (n,) in [0, 1].
    """

    values: Values
    confidence: FloatArray


@dataclass(frozen=True, slots=True)
class Artifact:
    """A trained model as bytes with what must be known to run and to judge it.

    ``metadata`` is plain JSON: at least ``learner``, ``schema_version`` and ``classes``.
    """

    data: bytes
    metadata: Mapping[str, Any]


class Side(StrEnum):
    """Where a batch stands in a snapshot."""

    TRAIN = "train"
    HOLDOUT = "holdout"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An immutable dataset version: which batches, on which side of the split; ``Registry.members`` names them.

    ``digest`` follows from the learner, the schema and the members on each side; equal sets give equal digests,
    whatever came and went in between. The holdout only ever grows from one snapshot to the next, save for batches
    that were erased, expired or quarantined.

    Attributes:
        rows: of the batches learnt from and judged by.
        train, holdout, quarantined: how many batches stand on each side.
        through: sequence of the last entry of the log that was looked at.
        changed: sequence of the last change of the log that was looked at.
        content: the sum over the members that the next snapshot goes on from; see ``multiset``.
    """

    digest: str
    learner: str
    schema_version: int
    rows: int
    train: int
    holdout: int
    quarantined: int
    through: int
    changed: int
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Growth:
    """How a snapshot differs from the learner's one before it.

    Attributes:
        previous: digest of the one before; None for the first.
        joined: entries that are new, in order of arrival.
        quarantined: members that left their side for the quarantine.
        left: members that are gone.
        afresh: nothing of the one before stays: the schema is another one.
    """

    snapshot: Snapshot
    previous: str | None
    joined: Sequence[tuple[Side, BatchEntry]] = ()
    quarantined: Sequence[str] = ()
    left: Sequence[str] = ()
    afresh: bool = False


class TriggerKind(StrEnum):
    """Why to learn now."""

    TIME = "time"
    VOLUME = "volume"
    QUALITY = "quality"
    DRIFT = "drift"
    ERASURE = "erasure"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Order:
    """The decision to learn now, with its reason in words.

    ``hold``: what passes waits for a person's word, whatever the policy says; the run's notes tell so.
    """

    kind: TriggerKind
    reason: str
    hold: bool = False


class Decision(StrEnum):
    """What the gate says."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    REFUSE = "refuse"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Figure:
    """One comparison of the gate.

    Attributes:
        name: metric, or ``metric[slice]``.
        champion, challenger: means over the same ``n`` examples, in [0, 1].
        p_value: of the test that the challenger is better (primary) or worse (guards); None when not tested.
        verdict: ``better``, ``worse``, ``level`` or ``unknown`` (too few examples).
    """

    name: str
    champion: float
    challenger: float
    n: int
    p_value: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of a challenger, with the reasons in words and the figures."""

    decision: Decision
    reasons: tuple[str, ...]
    figures: tuple[Figure, ...]


class Stage(StrEnum):
    """Where a version stands."""

    STAGING = "staging"
    CANARY = "canary"
    PRODUCTION = "production"
    ARCHIVED = "archived"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True)
class Version:
    """An artifact in the registry with its lineage.

    Attributes:
        name: ``v1.0``, ``v1.1`` ... unique within its learner.
        number: counts up by one; what clients compare.
        artifact_key: key of the artifact's bytes among the blobs.
        artifact_digest, artifact_size: sha256 and length of the bytes.
        parent: name of the champion that it was judged against, None for the first.
        snapshot: digest of the snapshot that it was fitted on, None for a bundled first model.
        figures: metric → value on the holdout, as the gate measured them.
        card: the model card as plain JSON.
        changelog: what changed, in lines for people.
        tainted: True once its snapshot lost rows to an erasure.
    """

    learner: str
    name: str
    number: int
    stage: Stage
    artifact_key: str
    artifact_digest: str
    artifact_size: int
    created: dt.datetime
    parent: str | None = None
    snapshot: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)
    changelog: tuple[str, ...] = ()
    tainted: bool = False


class RunEnd(StrEnum):
    """How a run ended."""

    RELEASED = "released"
    STAGED = "staged"
    REFUSED = "refused"
    UNDECIDED = "undecided"
    EMPTY = "empty"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Run:
    """One turn of the loop for one learner: its reason, its log and its end.

    ``end`` is None while it runs; a run whose process died is closed by the next one, as what it came to.

    Attributes:
        error: kind and words of what stopped it, for the operator. The words may quote what was read, so they
            go when samples of this learner are erased.
        told: whether its end was noted in the audit and told to those who listen.
    """

    run_id: str
    learner: str
    order: Order
    started: dt.datetime
    ended: dt.datetime | None = None
    end: RunEnd | None = None
    version: str | None = None
    snapshot: str | None = None
    verdict: Verdict | None = None
    notes: tuple[str, ...] = ()
    error: str | None = None
    told: bool = True

    @property
    def failure(self) -> str | None:
        """The kind of its error alone: what may stand where nothing is ever erased, and be sent to others."""
        return self.error.partition(":")[0] if self.error else None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the audit's chain: how many entries there are, and the digest of the last."""

    sequence: int
    digest: str


@dataclass(frozen=True, slots=True)
class Act:
    """One row of the audit: who did what to which thing, and why."""

    actor: str
    action: str
    subject: str
    reason: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An act with its place in the hash chain: ``digest`` covers the act and ``previous``."""

    sequence: int
    act: Act
    previous: str
    digest: str
