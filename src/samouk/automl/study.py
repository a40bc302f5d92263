"""One search from the log's rows to a model that may be handed on: the order of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from samouk.automl.choice import LARGEST, Exported, exported
from samouk.automl.search import FAMILIES, Spread, search
from samouk.automl.table import Table, table_of
from samouk.loop import snapshot
from samouk.loop.learner import Learner
from samouk.loop.ports import Services


@dataclass(frozen=True, slots=True)
class Study:
    """What a search came to.

    Attributes:
        train: rows that were learnt from: the training side of the snapshot that a turn would take now.
        held_out: rows of the other side; None when there are none yet. Then exports are compared with their
            sources on ``train``, where forests that are grown out may look more alike than elsewhere: say so.
        candidates: the best first, refused ones too.
        trials: settings that were tried.
        constant: loss of one answer to every row.
    """

    train: Table
    held_out: Table | None
    candidates: tuple[Exported, ...]
    trials: int
    constant: float


def study(
    train: Table,
    held_out: Table | None,
    budget_s: float,
    *,
    families: Sequence[str] = FAMILIES,
    seed: int = 0,
    trials: int | None = None,
    spread: Spread | None = None,
    largest: int = LARGEST,
) -> Study:
    """Search on ``train``, and compare the exports on what is held out where there is anything; see ``tables``.

    How far and where is searched, ``search`` says.

    Raises:
        SearchMissing: FLAML is not installed.
        BadSearch: an unknown family, or a budget that is not positive.
    """
    found = search(train, budget_s, families=families, seed=seed, trials=trials, spread=spread)
    probes = (held_out or train).x
    return Study(train, held_out, tuple(exported(found, train, probes, largest)), found.trials, found.constant)


def tables(learner: Learner, services: Services) -> tuple[Table, Table | None]:
    """The two sides of the snapshot that a turn would take now. Raises NothingToSearch."""
    taught, held = snapshot.proposed(learner, services.log, services.registry)
    train = snapshot.load(learner, services.log, taught, scratch=services.scratch)
    kept = snapshot.load(learner, services.log, held, scratch=services.scratch, judged=True)
    table = table_of(learner, train)
    if not kept.rows:
        return table, None
    # What is learnt decides whether answers are classes: held-out labels alone may look otherwise.
    return table, replace(table_of(learner, kept, judged=True), classes=table.classes)
