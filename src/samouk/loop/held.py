"""Everything that is held of a person or a batch, as plain lines: what an export gives, and an erasure takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from samouk.edge.wire import receipt_hash
from samouk.loop.columns import Columns, to_lists
from samouk.loop.forgetting import who_of
from samouk.loop.learner import Domain, Learner
from samouk.loop.live import Exposure, Outcome
from samouk.loop.outcome import lessons
from samouk.loop.ports import NotFound, Services, WrongReceipt
from samouk.loop.records import BatchEntry
from samouk.loop.snapshot import usable

Line = dict[str, Any]
"""One thing that is held; ``kind`` says what: exposure, outcome, sample, batch or document."""


def of_subject(
    services: Services, learners: Sequence[Learner], domains: Iterable[Domain], subject: str
) -> Iterator[Line]:
    """All that is held of a subject, by the application's name for it; streamed.

    Raises:
        WireError: ``subject`` is no text of 1 to ``MAX_UNIT`` characters.
    """
    return _of_subject(
        services, [(learner, who_of(learner, services, subject)) for learner in learners], domains, subject
    )


def _of_subject(
    services: Services, wanted: Sequence[tuple[Learner, str]], domains: Iterable[Domain], subject: str
) -> Iterator[Line]:
    for learner, who in wanted:
        for shown, told in services.journal.shown_to(learner.name, who):
            yield _exposure(shown)
            yield from (_outcome(learner.name, outcome) for outcome in told)
        for batch_id in services.journal.batches_of(learner.name, who):
            mine = [one for one in services.journal.of_batch(batch_id) if one.exposure.unit == who]
            rows, _ = lessons(learner, mine)
            found = [(group, row) for group, pairs in rows.items() for _, row in pairs]
            yield {"kind": "batch", "learner": learner.name, "batch_id": batch_id, "samples": len(found)}
            for group, row in found:
                yield {"kind": "sample", "learner": learner.name, "batch_id": batch_id, "group": group, **_plain(row)}
    for domain in domains:
        if domain.subjects is not None:
            for held in domain.subjects.held(services, subject):
                yield {"kind": "document", "domain": domain.name, **held}


def of_batch(services: Services, learner: Learner, batch_id: str, receipt: str) -> Iterator[Line]:
    """All that is held of a batch, for whoever has its receipt; streamed.

    Raises:
        NotFound: the learner has no such batch, or it was erased.
        WrongReceipt: the receipt belongs to none of its batches of that id.
    """
    for entry, _ in services.log.of_receipts([receipt_hash(receipt)]):
        if (entry.batch_id, entry.learner) == (batch_id, learner.name):
            if not isinstance(entry, BatchEntry):
                raise NotFound(f"batch {batch_id} was erased: nothing is held of it but its id and its receipt's hash")
            return _of_batch(services, learner, entry)
    raise WrongReceipt(f"the receipt does not belong to batch {batch_id}")


def _of_batch(services: Services, learner: Learner, entry: BatchEntry) -> Iterator[Line]:
    about = {"learner": learner.name, "batch_id": entry.batch_id}
    kept = {"schema": entry.schema_version, "group": entry.group, "arrived": entry.day.isoformat()}
    yield {"kind": "batch", **about, **kept, "state": entry.state.value, "samples": entry.rows}
    for _, columns in services.log.read([entry]):
        for row in _rows(learner, entry, columns):
            yield {"kind": "sample", **about, **row}


def _rows(learner: Learner, entry: BatchEntry, columns: Columns) -> Iterator[Line]:
    if usable(learner, entry):
        lists = to_lists(learner.schema, columns)
    else:  # of an older schema, whose vocabulary nobody has any more: the codes as they are stored
        lists = {name: [_code(value) for value in column] for name, column in columns.items()}
    for values in zip(*lists.values(), strict=True):
        yield dict(zip(lists, values, strict=True))


def _code(value: Any) -> Any:
    plain = value.item()
    if isinstance(plain, bytes):
        return plain.hex()
    return None if plain != plain else plain


def _exposure(shown: Exposure) -> Line:
    held = asdict(shown)
    return {"kind": "exposure", **_plain({**held, "at": shown.at.isoformat(), "variant": shown.variant.value})}


def _outcome(learner: str, outcome: Outcome) -> Line:
    return {"kind": "outcome", "learner": learner, **_plain({**asdict(outcome), "at": outcome.at.isoformat()})}


def _plain(value: Any) -> Any:
    """JSON has no NaN."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return None if isinstance(value, float) and value != value else value
