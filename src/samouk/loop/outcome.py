"""How it turned out: what is told of a prediction → outcomes beside their exposures → batches to learn from."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from samouk.edge.wire import Row, WireError, receipt_hash
from samouk.loop.columns import from_rows
from samouk.loop.exposure import foreign_event_id, is_ours, made_at
from samouk.loop.learner import Learner, OutcomeSpec
from samouk.loop.lease import holding
from samouk.loop.live import Exposure, Heard, Joined, Outcome
from samouk.loop.ports import LeaseLost, Services
from samouk.loop.records import Act, Batch, Stored
from samouk.loop.rollout_policy import RolloutPolicy

SKEW = dt.timedelta(seconds=60)
"""Clocks of two machines may differ by so much; a moment within it is taken for the nearest possible one."""

WINDOW, WIDE_WINDOW = 500, 8_000
"""Outcomes that become batches together: 500 give each split group thirty rows, so that a gate which
counts batches as witnesses has some; where thousands wait they are taken at once, to keep batches few."""

BATCH_ROWS = 1_000
PATIENCE = dt.timedelta(days=1)
"""A window that is not full is harvested when its oldest outcome is so old."""

PARKED = dt.timedelta(days=7)
"""An outcome waits so long for its exposure, which is in a server's file and brought by its next start."""

PAGE = 10_000
LEASE_SECONDS = 60.0
"""One harvest at a time per learner: two that cut the same outcomes at different places would keep some twice."""


class BadOutcome(WireError):
    """What was told of a prediction cannot be true; ``field`` and ``reason`` say which part, and the remedy."""


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody says of a prediction, in the application's own unit.

    Attributes:
        event_id: as the prediction gave it, or the name that the application gave to the event itself.
        value: between ``low`` and ``high`` of the learner's outcome.
        at: when it happened; None for now.
    """

    event_id: str
    metric: str
    value: float
    at: dt.datetime | None = None


def tell(learner: Learner, services: Services, told: Sequence[Told]) -> list[Heard]:
    """Keep what was told, all or none, and say of each what became of it.

    Raises:
        BadOutcome: an unknown metric or event, a value out of range, a moment in the future or before
            the exposure; the field begins with ``outcomes[i]``.
    """
    now = services.clock.now()
    outcomes = [_outcome(learner, services, one, f"outcomes[{place}]", now) for place, one in enumerate(told)]
    return services.journal.tell(learner.name, outcomes, _windows(learner))


def standing(learner: Learner, services: Services, told: Told) -> float | None:
    """The value that stands for an event and metric, in the application's unit; None when nothing was told.

    Beside a CONTRADICTION it is the other of the two values.
    """
    spec = _spec(learner, told.metric, "metric")
    event_id, _ = _event(learner, services, told.event_id, "event_id")
    told_of_it = services.journal.outcomes(learner.name, event_id)
    kept = [outcome.value for outcome in told_of_it if outcome.metric == spec.name]
    return spec.low + kept[0] * (spec.high - spec.low) if kept else None


def explain(learner: Learner, services: Services, told: Told, heard: Heard) -> str:
    """What became of an outcome, in a sentence for whoever told it."""
    if heard is Heard.CONTRADICTION:
        stands = standing(learner, services, told)
        return f"{told.metric} was told before as {stands:g}, now as {told.value:g}; the first one stands"
    return {
        Heard.JOINED: "kept",
        Heard.LATE: f"kept and learnt from; too late to count in comparisons ({told.metric} closes after "
        f"{learner.outcome(told.metric).window})",
        Heard.PARKED: "kept until its prediction is known here",
        Heard.DUPLICATE: "was told before",
    }[heard]


def _outcome(learner: Learner, services: Services, told: Told, where: str, now: dt.datetime) -> Outcome:
    spec = _spec(learner, told.metric, f"{where}.metric")
    event_id, exposure = _event(learner, services, told.event_id, f"{where}.event_id")
    at = _moment(told.at, exposure.at if exposure else made_at(event_id), now, f"{where}.at")
    return Outcome(event_id, spec.name, _unit(spec, told.value, f"{where}.value"), at)


def _spec(learner: Learner, metric: str, where: str) -> OutcomeSpec:
    try:
        return learner.outcome(metric)
    except KeyError:
        names = ", ".join(spec.name for spec in learner.outcomes) or "none: its predictions are not measured"
        raise BadOutcome(where, f"{metric!r:.60} is no outcome of {learner.name}; it has {names}") from None


def _unit(spec: OutcomeSpec, value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadOutcome(where, f"must be a number, not {value!r:.40}")
    try:
        return spec.to_unit(value)
    except ValueError as error:
        raise BadOutcome(where, str(error)) from None


def _event(learner: Learner, services: Services, name: str, where: str) -> tuple[str, Exposure | None]:
    """The event's id, with its exposure when that has arrived."""
    secret = services.journal.secret()
    for event_id in (name, foreign_event_id(secret, learner.name, name)):
        exposure = services.journal.exposure(event_id)
        if exposure is None and is_ours(secret, event_id):
            return event_id, None
        if exposure is not None:
            if exposure.learner != learner.name:
                raise BadOutcome(where, f"belongs to {exposure.learner}, not to {learner.name}; tell it there")
            return event_id, exposure
    raise BadOutcome(where, f"{name!r:.60} is unknown; send the event_id that came with the prediction")


def _moment(at: dt.datetime | None, shown: dt.datetime, now: dt.datetime, where: str) -> dt.datetime:
    """When it happened, never later than now nor earlier than it was shown."""
    if at is None:
        return max(now, shown).astimezone(dt.UTC)  # the clock may have been set back since
    if at.tzinfo is None:
        raise BadOutcome(where, "has no time zone; send it with an offset, for example 2026-11-16T08:00:00Z")
    told = at.isoformat()
    try:
        at = at.astimezone(dt.UTC)
    except OverflowError:
        raise BadOutcome(where, f"{told} lies outside of the years 1 to 9999 in UTC") from None
    if at > now + SKEW:
        raise BadOutcome(where, f"{told} is in the future; here it is {now.isoformat()}: set the clock")
    if at < shown - SKEW:
        raise BadOutcome(where, f"{told} is before the prediction was made, {shown.isoformat()}")
    return max(min(at, now), shown).astimezone(dt.UTC)


def _windows(learner: Learner) -> dict[str, dt.timedelta]:
    return {spec.name: spec.window for spec in learner.outcomes}


def assume_silence(learner: Learner, services: Services) -> int:
    """Give exposures whose window closed without a word what silence means; how many became an outcome.

    Nothing is assumed while there is no traffic: when the newest exposure is older than the policy's ``quiet``, the
    clock may be days ahead, and every open window would be closed by one look. Outcomes that found no exposure for
    ``PARKED`` are dropped and counted in the audit.
    """
    now, assumed = services.clock.now(), 0
    if dropped := services.journal.expire(learner.name, now - PARKED):
        reason = f"{dropped} outcomes found no prediction within {PARKED.days} days"
        services.audit.append(Act("samouk", "drop", f"{learner.name}/outcomes", reason, now))
    newest, policy = services.journal.newest(learner.name), learner.policy.rollout or RolloutPolicy()
    if newest is None or now - newest > policy.quiet:
        return 0
    for spec in learner.outcomes:
        if spec.silence is not None:
            assumed += _assume(learner, services, spec, spec.silence)
    return assumed


def _assume(learner: Learner, services: Services, spec: OutcomeSpec, silence: float) -> int:
    journal, cursor, assumed = services.journal, f"silent:{learner.name}:{spec.name}", 0
    settled = journal.cursor(cursor)
    closed = services.clock.now() - spec.window
    while event_ids := journal.silent(learner.name, spec.name, closed, PAGE, after=settled):
        exposures = filter(None, map(journal.exposure, event_ids))
        # At the very end of the window, which is still in time.
        outcomes = [Outcome(one.event_id, spec.name, silence, one.at + spec.window, assumed=True) for one in exposures]
        heard = journal.tell(learner.name, outcomes, _windows(learner))
        new = sum(one in (Heard.JOINED, Heard.LATE) for one in heard)
        assumed += new
        if new == 0 or len(event_ids) < PAGE:
            break
    if (reached := journal.settled(learner.name, spec.name, settled)) > settled:
        journal.advance(cursor, reached)
    return assumed


def place(learner: str) -> str:
    """Name of the lease under which a learner's outcomes become batches, and such batches go."""
    return f"harvest:{learner}"


def harvest(learner: Learner, services: Services, *, patiently: bool = False) -> int:
    """Make batches of the outcomes that nobody learnt from yet; how many rows were new to the log.

    A window of outcomes is first agreed upon (a cursor remembers its end), then made into batches whose
    ids follow from its ends, then left behind (a second cursor): a process that dies in between is
    followed by one that makes the same batches again, and the log knows them.

    The journal notes first which outcomes a batch is made of, so that an erasure of either reaches the other.
    An outcome that was told after silence had been learnt is learnt as a row more: to take the assumption
    out of its batch would taint every version fitted on it, for one row in thousands.

    Args:
        patiently: leave outcomes waiting that fill no window, until the oldest is ``PATIENCE`` old, so
            that a batch is more than a row or two.
    """
    rows = 0
    with suppress(LeaseLost), holding(services, place(learner.name), LEASE_SECONDS) as renew:
        while renew is not None:
            window = _agree(learner, services, patiently)
            if window is None:
                break
            rows += _reap(learner, services, *window)
            renew()
    return rows


def resume(learner: Learner, services: Services) -> None:
    """Finish the window that a harvest agreed upon and did not come to leave behind; for who holds its lease.

    Whoever forgets somebody begins so. A harvest that is only slow may store its batches much later; it finds them
    stored, or erased, and its copies are refused.
    """
    done, planned = (services.journal.cursor(name) for name in _cursors(learner))
    if planned > done:
        _reap(learner, services, done, planned)


def harvested(learner: Learner, services: Services) -> int:
    """Sequence of the last joined outcome that was made into a batch: whoever fits on the log may know all up to it."""
    return services.journal.cursor(_cursors(learner)[0])


def receipt_of(services: Services, batch_id: str) -> str:
    """The receipt of a harvested batch, 64 hexadecimal digits: with it whoever runs the platform can have it erased."""
    return _keyed(services, batch_id.encode(), b"samouk-receipt", 32).hex()


def _agree(learner: Learner, services: Services, patiently: bool) -> tuple[int, int] | None:
    """The next window as (sequence before its first, sequence of its last); None when there is nothing to do now."""
    done, planned = (services.journal.cursor(name) for name in _cursors(learner))
    if planned > done:
        return done, planned
    waiting = services.journal.joined(learner.name, done, WIDE_WINDOW)
    full = WIDE_WINDOW if len(waiting) == WIDE_WINDOW else WINDOW
    window = waiting[:full]
    if not window or (patiently and len(window) < full and not _old(window, services.clock.now())):
        return None
    services.journal.advance(_cursors(learner)[1], window[-1].sequence)
    return done, window[-1].sequence


def _old(window: Sequence[Joined], now: dt.datetime) -> bool:
    return now - min(joined.outcome.at for joined in window) >= PATIENCE


def _cursors(learner: Learner) -> tuple[str, str]:
    return f"harvested:{learner.name}", f"harvesting:{learner.name}"


def _reap(learner: Learner, services: Services, after: int, last: int) -> int:
    joined = services.journal.joined(learner.name, after, WIDE_WINDOW)
    rows, misfits = lessons(learner, [one for one in joined if one.sequence <= last])
    if misfits:
        reason = f"{len(misfits)} outcomes make no sample of the schema; the first: {misfits[0]}"
        subject = f"{learner.name}/outcomes {after + 1} to {last}"
        services.audit.append(Act("samouk", "skip", subject, reason, services.clock.now()))
    batches = []
    for group in sorted(rows):
        for start in range(0, len(rows[group]), BATCH_ROWS):
            part = rows[group][start : start + BATCH_ROWS]
            name = f"{after}\0{last}\0{group}\0{start}"
            batch_id = batch_id_of(learner, services, name)
            services.journal.mark(batch_id, [sequence for sequence, _ in part])
            # Of a harvest whose lease ran out some may be noted for another's batch: they are learnt there.
            noted = {one.sequence for one in services.journal.of_batch(batch_id)}
            if ours := [row for sequence, row in part if sequence in noted]:
                batches.append(batch_of(learner, services, name, group, ours))
    stored = services.log.append(batches) if batches else []
    services.journal.advance(_cursors(learner)[0], last)
    return sum(batch.rows for batch, became in zip(batches, stored, strict=True) if became is Stored.STORED)


def lessons(learner: Learner, joined: Sequence[Joined]) -> tuple[dict[int, list[tuple[int, Row]]], list[str]]:
    """Split group → sequences and rows, and why some outcomes make none (they were seen under an older schema)."""
    rows: dict[int, list[tuple[int, Row]]] = defaultdict(list)
    misfits: list[str] = []
    for one in joined:
        row = learner.lesson(one)
        refusal = _refusal(learner, row) if row is not None else None
        if refusal is not None:
            misfits.append(refusal)
        elif row is not None:
            rows[one.exposure.group].append((one.sequence, row))
    return rows, misfits


def _refusal(learner: Learner, row: Row) -> str | None:
    """The field that does not fit, without its value: it goes into the audit, from which nothing can be erased."""
    strange = sorted(set(row) - set(learner.schema.by_name))
    if strange:
        return f"{strange[0]}: is not a field of this schema"
    unfit = (spec.name for spec in learner.schema.fields if spec.refusal(row.get(spec.name)) is not None)
    return next((f"{name}: does not fit the schema" for name in unfit), None)


def batch_of(learner: Learner, services: Services, name: str, group: int, rows: Sequence[Row]) -> Batch:
    """A batch whose id follows from its name, so that making it again makes the same."""
    return batch_named(learner, services, batch_id_of(learner, services, name), group, rows)


def batch_named(learner: Learner, services: Services, batch_id: str, group: int, rows: Sequence[Row]) -> Batch:
    """A batch that is made here, by its id."""
    receipt = receipt_hash(receipt_of(services, batch_id))
    return Batch(batch_id, learner.name, learner.schema.version, group, receipt, from_rows(learner.schema, rows))


def batch_id_of(learner: Learner, services: Services, name: str) -> str:
    """The id of a batch that is made here, by a name that says what it is made of."""
    digest = _keyed(services, f"{learner.name}\0{name}".encode(), b"samouk-harvest", 16)
    return str(uuid.UUID(bytes=digest, version=4))


def _keyed(services: Services, body: bytes, purpose: bytes, size: int) -> bytes:
    return hashlib.blake2b(body, digest_size=size, key=services.journal.secret(), person=purpose).digest()
