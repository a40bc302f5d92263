"""One turn of the wheel: the only place where the order of its steps is written."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from samouk.loop import ending, gate, outcome, ramp, registry, snapshot, trigger
from samouk.loop.ending import LEASE_SECONDS, RUN
from samouk.loop.learner import Context, Learner, Progress, UnfitArtifact, mean
from samouk.loop.lease import Alive, holding, in_turn, kept
from samouk.loop.ports import LeaseLost, Outdated, Services
from samouk.loop.records import (
    Act,
    Artifact,
    BoolArray,
    Decision,
    Examples,
    FloatArray,
    Order,
    Run,
    RunEnd,
    Side,
    Snapshot,
    Stage,
    TriggerKind,
    Version,
)
from samouk.loop.release import reconcile, register, register_next, release, take_back
from samouk.loop.staging import HELD
from samouk.loop.train import HandedOver
from samouk.loop.watch import Champion, champion_of, taint_erased, unseen, untainted

BEGIN_SECONDS = 5.0
"""Far more than it takes to enter and publish a version that is at hand."""

SHIPPED = "shipped with the package"


@dataclass(slots=True)
class _Log:
    """What a run says while it runs."""

    progress: Progress
    notes: list[str] = field(default_factory=list)

    def __call__(self, note: str, share: float) -> None:
        self.notes.append(note)
        self.progress(note, share)

    def within(self, low: float, high: float) -> Progress:
        """A progress whose 0 to 1 is a stretch of the whole."""
        return lambda note, share: self(note, low + (high - low) * share)


NOTHING_TO_JUDGE_BY = (
    "nothing was told yet by which it could be judged; gather outcomes first, of predictions or in samples that "
    "carry theirs, then register it again"
)


class Unjudged(UnfitArtifact):
    """A model that was made elsewhere came before any outcome."""


def turn(
    learner: Learner, services: Services, order: Order, context: Context | None = None, *, run_id: str | None = None
) -> Run:
    """Learn once: freeze, train, judge, enter, release.

    The run is on record from its first moment. Whatever goes wrong is written into it and raised
    again; the champion stays in service, and the turn can be taken again.

    Args:
        run_id: of a run whose process may have died: a version that it entered is followed to its end, and no other
            is made. None for a run of its own.

    Raises:
        LeaseLost: another process is learning this learner.
    """
    context = context or Context()
    gate.self_test(learner.metrics, learner.policy.gate)
    with _lease(services, learner.name) as still_ours:
        ending.close(learner, services, but=run_id)
        begin(learner, services)
        run = Run(run_id or uuid.uuid4().hex, learner.name, order, services.clock.now())
        services.runs.save(run)
        log = _Log(context.progress)
        try:
            fitting = dataclasses.replace(context, progress=log.within(0.15, 0.8))
            resumed = _resume(learner, services, run, log, still_ours) if run_id else None
            run = resumed or _steps(learner, services, run, fitting, log, still_ours)
            if order.kind is TriggerKind.ERASURE and run.end is not RunEnd.RELEASED:
                run = _fall_back(learner, services, run, log, still_ours)
        except BaseException as error:
            _finish(services, run, log, end=RunEnd.FAILED, error=f"{type(error).__name__}: {error}")
            raise
        return _finish(services, run, log)


def adopt(learner: Learner, services: Services, data: bytes, metrics: Mapping[str, float], reason: str) -> Run:
    """Take one turn with a model that was made elsewhere: it is judged, entered and staged like one of ours.

    Args:
        metrics: what its maker measured; kept on its card, believed by nobody.

    Raises:
        UnfitArtifact: it cannot serve here; the message says why.
        Unjudged: nothing is there by which it could be judged. Then no run is taken, which would put off the next.
        LeaseLost: another process is learning this learner.
    """
    if learner.adopt is None:
        raise UnfitArtifact(f"{learner.name} takes no models that were made elsewhere; let it learn instead")
    made = HandedOver(learner.adopt(data, metrics))
    if not services.log.stats(learner.name).total_samples:
        raise Unjudged(NOTHING_TO_JUDGE_BY)
    return turn(learner, dataclasses.replace(services, trainer=made), Order(TriggerKind.MANUAL, reason))


def begin(learner: Learner, services: Services) -> None:
    """Give the learner its first champion, if the domain ships one, and mend what a killed process left half-done.

    Any number of processes may begin at once: one enters the version, the others find it.

    Raises:
        LeaseLost: another process was at it all the while.
    """
    ending.make_up(learner, services)
    taint_erased(learner, services)
    reconcile(services, learner.name)
    if services.registry.production(learner.name) is not None:
        return
    artifact = learner.first()
    if artifact is not None:
        with in_turn(services, f"begin:{learner.name}", BEGIN_SECONDS):
            _release_first(learner, services, artifact)


def _release_first(learner: Learner, services: Services, artifact: Artifact) -> None:
    """Put the shipped model in service, unless it is, or versions were learnt before one was shipped."""
    versions = services.registry.versions(learner.name)
    if services.registry.production(learner.name) is not None:
        return
    reason = "first version, shipped with the package"
    # A process that was killed between entering and releasing it leaves it in staging.
    first = next((one for one in versions if one.stage is Stage.STAGING and one.card.get("origin") == SHIPPED), None)
    if first is None and versions:
        return
    if first is None:
        key, now = services.blobs.put(artifact.data), services.clock.now()
        changelog = ["First model, shipped with the package"]
        first = registry.enter(learner, [], artifact, key, now, card={"origin": SHIPPED}, changelog=changelog)
        register(services, first, "samouk", reason)
    release(services, first, "samouk", reason, instead_of=None)


def _steps(learner: Learner, services: Services, run: Run, context: Context, log: _Log, still_ours: Alive) -> Run:
    log("reading what arrived", 0.0)
    erasing = run.order.kind is TriggerKind.ERASURE
    # A champion that must go is no yardstick: its successor has to be as good as what would come back in its place.
    standing = services.registry.production(learner.name)
    champion = (untainted(learner, services) if erasing else None) or champion_of(learner, services, standing)
    mark = outcome.harvested(learner, services)
    _quarantine(learner, services, champion, log)
    frozen = snapshot.freeze(learner, services.log, services.registry)
    run = dataclasses.replace(run, snapshot=frozen.digest)
    taught, held = (list(services.registry.members(frozen.digest, side)) for side in (Side.TRAIN, Side.HOLDOUT))
    train = snapshot.load(learner, services.log, taught, scratch=services.scratch)
    holdout = snapshot.load(learner, services.log, held, scratch=services.scratch, judged=True)
    log(f"{train.rows} rows to learn from, {holdout.rows} to judge by", 0.15)
    if train.rows == 0:
        log("nothing to learn from yet", 1.0)
        return dataclasses.replace(run, end=RunEnd.EMPTY)
    still_ours.check()

    context = dataclasses.replace(context, check=still_ours.check)
    challenger = services.trainer.fit(learner, train, champion.artifact if champion else None, context, taught)
    log("challenger ready", 0.8)
    still_ours.check()

    match = _match(learner, champion, challenger, train, holdout)
    uses = _holdout_uses(services, frozen)
    verdict = gate.judge(match, learner.metrics, learner.policy.gate, uses=uses, seed=context.seed, replacement=erasing)
    log(f"verdict: {verdict.decision} - {'; '.join(verdict.reasons)}", 0.9)
    run = dataclasses.replace(run, verdict=verdict)
    if verdict.decision is not Decision.PASS:
        end = RunEnd.REFUSED if verdict.decision is Decision.REFUSE else RunEnd.UNDECIDED
        return dataclasses.replace(run, end=end)
    still_ours.check()

    # Nobody is there to compare a first version with, and a champion whose data were erased must go at once.
    proves_itself = champion is not None and not erasing and ramp.ramps(learner)
    if not proves_itself:
        ramp.interrupt(learner, services, f"a version is released at once: {run.order.reason}")
    version = _enter(learner, services, champion, challenger, frozen, mark, match, train, holdout, run)
    end = _follow(learner, services, version, standing, "; ".join(verdict.reasons), proves_itself, log, still_ours)
    return dataclasses.replace(run, end=end, version=version.name)


def _resume(learner: Learner, services: Services, run: Run, log: _Log, still_ours: Alive) -> Run | None:
    """The end of a run whose process died after it had entered a version; None when it came to none."""
    version = ending.entered(services, run)
    if version is None:
        return None
    log(f"{version.name} was entered by this run before its process died", 0.9)
    run = dataclasses.replace(run, version=version.name, snapshot=version.snapshot, end=RunEnd.RELEASED)
    if version.stage is Stage.CANARY:
        return dataclasses.replace(run, end=RunEnd.STAGED)
    if version.stage is not Stage.STAGING:
        return run
    champion = services.registry.production(learner.name)
    why = f"entered before its process died: {run.order.reason}"
    erasing = run.order.kind is TriggerKind.ERASURE
    if erasing and champion is not None and not champion.tainted and champion.name != version.parent:
        waits = _waits(learner, version, champion)
        log(f"{champion.name}, in service by now, knows nothing of what was erased; {waits}", 1.0)
        return dataclasses.replace(run, end=RunEnd.STAGED)
    must_go = erasing and champion is not None and champion.tainted
    judged = services.registry.version(learner.name, version.parent) if version.parent else None
    before = champion if must_go else judged
    proves_itself = champion is not None and not erasing and ramp.ramps(learner)
    end = _follow(learner, services, version, before, why, proves_itself, log, still_ours)
    return dataclasses.replace(run, end=end)


def _follow(
    learner: Learner,
    services: Services,
    version: Version,
    before: Version | None,
    reason: str,
    proves_itself: bool,
    log: _Log,
    still_ours: Alive,
) -> RunEnd:
    """What becomes of a version that passed: it proves itself on people, waits for a person, or is released.

    Args:
        before: the champion in whose place the gate lets it; where a person put another one there meanwhile, that
            one stays.
    """
    held = bool(version.card.get(HELD))
    if proves_itself:
        rollout = ramp.take_up(learner, services, reason)
        joined = rollout is not None and version.name in rollout.challengers
        if held:
            log(f"{version.name} waits for a person's word: samouk rollout resume {learner.name}", 1.0)
        else:
            log(
                f"{version.name} {'is shown to some people' if joined else 'waits until the running rollout ends'}", 1.0
            )
        return RunEnd.STAGED
    if held or learner.policy.approval == "human":
        log(f"{version.name} waits for a person's word: samouk rollout approve {learner.name}", 1.0)
        return RunEnd.STAGED
    place = _place(learner, services, before)
    still_ours.check()  # after the reading: whoever takes the lease from now on may change what we read
    try:
        release(services, version, "samouk", reason, instead_of=place)
    except Outdated as error:
        waits = _waits(learner, version, services.registry.production(learner.name))
        log(f"{version.name} was judged for the place of {place or 'no version'}: {error}; {waits}", 1.0)
        return RunEnd.STAGED
    log(f"{version.name} released", 1.0)
    return RunEnd.RELEASED


def _waits(learner: Learner, version: Version, champion: Version | None) -> str:
    """What can still become of a version that was not released, in words."""
    if ramp.ramps(learner):
        return f"{version.name} stays in staging until the next look puts it on trial or aside"
    if champion is not None and champion.number > version.number:
        return f"{version.name} is older than {champion.name} and cannot be approved any more: turn the loop again"
    return f"{version.name} stays in staging: samouk rollout approve {learner.name}"


def _place(learner: Learner, services: Services, before: Version | None) -> str | None:
    """The name under which the champion of before stands now: ending a rollout may give its bytes another number."""
    champion = services.registry.production(learner.name)
    same = champion is not None and before is not None and champion.artifact_digest == before.artifact_digest
    found = champion if same else before
    return found.name if found else None


def _fall_back(learner: Learner, services: Services, run: Run, log: _Log, still_ours: Alive) -> Run:
    """No successor could be made of what is left: the newest version that knows nothing of what was erased returns."""
    old = untainted(learner, services)
    if old is None or run.end is RunEnd.STAGED or _knows_nothing(learner, services, log)[0]:
        return run
    why = "samples behind the version in service were erased"
    ramp.interrupt(learner, services, why)
    knows_nothing, place = _knows_nothing(learner, services, log)  # again: ending a rollout may release its winner
    if knows_nothing:
        return run
    still_ours.check()  # after the reading: whoever takes the lease from now on may change what we read
    try:
        version = take_back(services, old.version, "samouk", why, instead_of=place)
    except Outdated as error:
        log(f"{old.version.name} does not return: {error}", 1.0)
        return run
    log(f"{version.name} released: {old.version.name} again", 1.0)
    return dataclasses.replace(run, end=RunEnd.RELEASED, version=version.name)


def _knows_nothing(learner: Learner, services: Services, log: _Log) -> tuple[bool, str | None]:
    """Whether the version in service knows nothing of what was erased, and its name."""
    champion = services.registry.production(learner.name)
    if champion is None:
        return False, None
    if not champion.tainted:
        log(f"{champion.name}, in service by now, knows nothing of what was erased", 1.0)
    return not champion.tainted, champion.name


def _quarantine(learner: Learner, services: Services, champion: Champion | None, log: _Log) -> None:
    """Look at every batch that no finished run has seen; keep suspects out, and say why."""
    fresh = unseen(learner, services)
    artifact = champion.artifact if champion else None
    suspects: dict[str, str] = {}
    for entry, columns in services.log.read(fresh):
        reason = learner.suspects(columns, artifact)
        if reason is not None:
            suspects[entry.batch_id] = reason
    for batch_id, reason in suspects.items():
        services.log.quarantine([batch_id], reason)
        services.audit.append(Act("samouk", "quarantine", f"{learner.name}/{batch_id}", reason, services.clock.now()))
    if suspects:
        log(f"{len(suspects)} of {len(fresh)} new batches quarantined", 0.1)


def _match(
    learner: Learner, champion: Champion | None, challenger: Artifact, train: Examples, holdout: Examples
) -> gate.Match:
    """Both models' scores on the same held-out rows; without a champion, against an answer that looks at nothing."""
    new = learner.score(challenger, holdout)
    old = learner.score(champion.artifact, holdout) if champion else _blind(learner, new, train, holdout)
    slices: Mapping[str, BoolArray] = learner.slices(holdout)
    return gate.Match(old, new, holdout.groups, slices)


def _blind(
    learner: Learner, scores: Mapping[str, FloatArray], train: Examples, holdout: Examples
) -> Mapping[str, FloatArray]:
    """The learner's own constant answer, or the commonest class."""
    if learner.constant is not None:
        return learner.constant(train, holdout)
    commonest = np.bincount(train.labels.values).argmax()
    hits = (holdout.labels.values == commonest).astype(np.float64)
    worst = {metric.name: 0.0 if metric.direction == "up" else 1.0 for metric in learner.metrics}
    return {
        name: np.where(np.isnan(values), np.nan, hits if name == learner.primary.name else worst[name])
        for name, values in scores.items()
    }


def _holdout_uses(services: Services, frozen: Snapshot) -> int:
    """Verdicts that this holdout has served, counted back to when it was a tenth smaller."""
    uses = 0
    for run in services.runs.runs(frozen.learner, limit=1_000):
        if run.verdict is None or run.snapshot is None:
            continue
        if services.registry.snapshot(run.snapshot).holdout * 1.1 <= frozen.holdout:
            break
        uses += 1
    return uses


def _enter(
    learner: Learner,
    services: Services,
    champion: Champion | None,
    challenger: Artifact,
    frozen: Snapshot,
    mark: int,
    match: gate.Match,
    train: Examples,
    holdout: Examples,
    run: Run,
) -> Version:
    figures = {metric.name: mean(match.challenger[metric.name]) for metric in learner.metrics}
    reference = trigger.histogram(learner.schema, train.columns)
    artifact = dataclasses.replace(challenger, metadata={**challenger.metadata, "reference": reference})
    version = registry.enter(
        learner,
        services.registry.versions(learner.name),
        artifact,
        services.blobs.put(challenger.data),
        services.clock.now(),
        champion=champion.version if champion else None,
        snapshot=frozen,
        learns_from=mark,
        figures={name: value for name, value in figures.items() if not np.isnan(value)},
        card={**learner.card(challenger, train, figures), RUN: run.run_id, **({HELD: True} if run.order.hold else {})},
        changelog=learner.changes(champion.artifact if champion else None, challenger, holdout),
    )
    return register_next(services, version, "samouk", f"fitted on snapshot {frozen.digest[:12]}")


def _finish(services: Services, run: Run, log: _Log, end: RunEnd | None = None, error: str | None = None) -> Run:
    ended = dataclasses.replace(
        run, end=end or run.end, ended=services.clock.now(), notes=tuple(log.notes), error=error
    )
    ending.conclude(services, ended)
    return ended


@contextmanager
def _lease(services: Services, learner: str) -> Iterator[Alive]:
    """Hold the learner's lease, renewed by a thread while a fit keeps this one busy."""
    name = ending.place(learner)
    with holding(services, name, LEASE_SECONDS) as renew:
        if renew is None:
            raise LeaseLost(f"another process is learning {learner}; try again in {LEASE_SECONDS:.0f} s")
        with kept(renew, LEASE_SECONDS, name) as alive:
            yield alive
