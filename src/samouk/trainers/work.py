"""What a worker of a cluster does: read batches where they lie, label them, and fit as one machine would."""

from __future__ import annotations

import pickle
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from samouk.loop import snapshot
from samouk.loop.columns import Columns
from samouk.loop.learner import Context, Learner
from samouk.loop.ports import FitFailed, Scratch
from samouk.loop.records import Artifact, Examples, Shard
from samouk.trainers.engine import Hand

TOGETHER = 50_000
"""Rows that one task reads and labels, about: a fraction of a second's work, and some megabytes to hand on."""

_MATTER = ("samouk", "numpy", "lightgbm", "onnx")


@dataclass(frozen=True, slots=True)
class Bench:
    """What a worker finds where it runs.

    Attributes:
        read: the columns of shards, in order; raises ``ports.NotFound`` for a pack that is not there any more.
        scratch: where the examples are put together.
    """

    read: Callable[[Sequence[Shard]], Iterator[Columns]]
    scratch: Scratch


@dataclass(frozen=True, slots=True)
class Job:
    """A fit as it travels; no secrets and no samples are in it.

    Attributes:
        versions: of the driver; a worker with others would learn something else, or fail in the middle.
        learner: pickled, and opened only when the versions agree.
        shards: of the training side, in the order of the log.
        bench: called on the worker, by what its own environment says.
    """

    versions: Mapping[str, str]
    learner: bytes
    champion: Artifact | None
    shards: Sequence[Shard]
    bench: Callable[[], Bench]
    seed: int
    time_budget_s: float
    threads: int


def versions() -> dict[str, str]:
    """What must be alike on the driver and on every worker for one seed to give one model."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in _MATTER:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def fit(job: Job, hand: Hand) -> Artifact:
    """The job done on this worker, with the reading spread over all.

    Raises:
        FitFailed: this worker's versions are others.
        NotFound: a pack was moved since the job was made.
        Unwanted: the driver has given up.
    """
    learner = opened(job)
    rows = sum(shard.rows for shard in job.shards)
    groups = list(_together(job.shards))

    def parts() -> Iterator[Examples]:
        done = 0
        for number, part in enumerate(hand.each(partial(_labelled, job), groups), 1):
            done += part.rows
            hand.check()
            hand.report(f"{number} of {len(groups)} parts read, {done} rows", 0.3 * number / len(groups))
            yield part

    examples = snapshot.gather(learner, parts(), rows, job.bench().scratch)

    def progress(note: str, share: float) -> None:
        hand.check()
        hand.report(note, 0.3 + 0.7 * share)

    context = Context(job.seed, job.time_budget_s, job.threads, progress, hand.check)
    return learner.fit(examples, job.champion, context)


def opened(job: Job) -> Learner:
    """The learner of a job. Raises FitFailed where this worker's versions are others than the driver's."""
    here = versions()
    others = [
        f"{name} {here[name]} instead of {wanted}" for name, wanted in job.versions.items() if here[name] != wanted
    ]
    if others:
        raise FitFailed(f"worker {platform.node()} has {', '.join(others)}; install on workers what the server has")
    learner: Learner = pickle.loads(job.learner)  # noqa: S301 - made by the driver, which may run anything here anyway
    return learner


@dataclass(frozen=True, slots=True)
class Group:
    """Shards that one task reads; ``first`` is the number of the first of them among all."""

    first: int
    shards: Sequence[Shard]


def _together(shards: Sequence[Shard]) -> Iterator[Group]:
    start, rows = 0, 0
    for end, shard in enumerate(shards, 1):
        rows += shard.rows
        if rows >= TOGETHER or end == len(shards):
            yield Group(start, shards[start:end])
            start, rows = end, 0


def _labelled(job: Job, group: Group) -> Examples:
    learner = opened(job)
    parts = [
        snapshot.label(learner, columns, group.first + place)
        for place, columns in enumerate(job.bench().read(group.shards))
    ]
    return snapshot.join(learner, parts)
