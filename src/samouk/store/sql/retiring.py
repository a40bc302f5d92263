"""Exposures that leave by their age, with how they turned out; whose batches they were made into is kept."""

from __future__ import annotations

import json
from collections.abc import Sequence

from samouk.loop.live import Forgotten
from samouk.store.sql.database import Writer
from samouk.store.sql.traces import NOTE

_THESE = "(SELECT CAST(j.value AS BIGINT) FROM json_each(?) j)"
_OLD = """
SELECT e.number FROM exposures e
WHERE e.learner = ? AND e.at < ? AND (e.rollout IS NULL OR e.rollout <> ?)
    AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.exposure = e.number AND o.sequence > ?)
ORDER BY e.at LIMIT ?"""
_LINK = f"""
INSERT INTO origins (learner, unit, batch_id)
SELECT DISTINCT e.learner, e.unit, o.batch_id FROM exposures e JOIN outcomes o ON o.exposure = e.number
WHERE e.number IN {_THESE} AND o.batch_id IS NOT NULL
ON CONFLICT (learner, unit, batch_id) DO NOTHING"""  # noqa: S608 - made of constants
_OUTCOMES = f"DELETE FROM outcomes WHERE exposure IN {_THESE}"  # noqa: S608
_EXPOSURES = f"DELETE FROM exposures WHERE number IN {_THESE}"  # noqa: S608
_UNLINK = "DELETE FROM origins WHERE batch_id IN (SELECT j.value FROM json_each(?) j)"
_UNLINK_UNIT = "DELETE FROM origins WHERE learner = ? AND unit = ?"

ORIGINS = "SELECT batch_id FROM origins WHERE learner = ? AND unit = ?"
"""Batches that outcomes of a unit were made into, told by exposures that are gone."""


def retire(writer: Writer, learner: str, before: int, read: int, rollout: str | None, limit: int) -> Forgotten:
    """See ``Journal.retire``; moments are microseconds."""
    numbers = [number for (number,) in writer.fetch(_OLD, (learner, before, rollout or "", read, limit))]
    if not numbers:
        return Forgotten(0, 0)
    these = (json.dumps(numbers),)
    writer.run(_LINK, these)
    outcomes = writer.run(_OUTCOMES, these)
    writer.run(_EXPOSURES, these)
    for table in ("outcomes", "exposures"):
        writer.run(NOTE, (table,))
    return Forgotten(len(numbers), outcomes)


def unlink(writer: Writer, batch_ids: Sequence[str]) -> None:
    """See ``Journal.unlink``."""
    if writer.run(_UNLINK, (json.dumps(list(batch_ids)),)):
        writer.run(NOTE, ("origins",))


def unlink_unit(writer: Writer, learner: str, unit: str) -> None:
    """Forget which batches a unit's outcomes were made into."""
    if writer.run(_UNLINK_UNIT, (learner, unit)):
        writer.run(NOTE, ("origins",))
