"""A seeded simulator of apps and their screens, and of contributors who send what they see of them."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace

from samouk.domains.screens.anonymise import samples_of
from samouk.domains.screens.element import Evidence, Screen
from samouk.domains.screens.rules import evidence_of
from samouk.domains.screens.schema import SCHEMA
from samouk.domains.screens.simulator.apps import App, Framework, app_of
from samouk.domains.screens.simulator.dressing import Dresser
from samouk.domains.screens.simulator.pieces import Pieces
from samouk.domains.screens.simulator.scenes import SCENES
from samouk.domains.screens.taxonomy import TYPES
from samouk.edge.wire import Row, group_of
from samouk.loop.columns import to_columns
from samouk.loop.records import Batch

FIRST_MONDAY = dt.date(2026, 1, 5)
"""Monday of week 0."""

_APPS = 400
_SCREENS_A_BATCH = 14
_NULL_SHARES = {"text": 0.3, "container": 0.3, "icon": 0.1, "list_item": 0.1, "button": 0.1, "image": 0.1}


class ScreenWorld:
    """Simulated apps, their screens, and batches of contributors who use them.

    Assumptions:
        * An app is made with one framework; 44 % native Android, the rest Compose, Flutter, React Native, iOS.
        * Each app has a device, a look (paddings, row heights, letter sizes), a habit of naming elements, and
          its own ways to build each type out of classes; three times in four it keeps to its way.
        * Screens are of 19 kinds (login, settings, feed, chat ...), laid out in dp; rare kinds of elements are
          somewhat more common than in life, so that they can be learnt at all.
        * Where a public class tells a type, that is the truth, as the taxonomy's order of decision wants it.
        * Runtimes show elements as `simulator.forms` says; words are made up, only their lengths count.
        * A contributor uses one app of 400 and sends one batch a week, labelled by the automatic labeller
          alone: the simulator's truth is in ``screens`` and never in ``batches``.
        * Chance is independent from screen to screen, apps do not change over the weeks.

    In a ``null`` world the labels are drawn independently of what the elements look like, so that there is
    nothing to learn beyond how common each type is.
    """

    def __init__(self, seed: int, null: bool = False) -> None:
        self.seed, self.null = seed, null

    def app(self, number: int, framework: Framework | None = None) -> App:
        """The ``number``-th app of this world; ``framework`` overrides what it is made with."""
        return app_of(self.seed, number, framework)

    def screens(self, app: App, count: int, week: int = 0) -> Iterator[Screen]:
        """``count`` screens of an app; every element carries its true type in ``known``."""
        scenes, weights = zip(*SCENES, strict=True)
        for number in range(count):
            rng = random.Random(f"screen {self.seed} {app.name} {week} {number}")  # noqa: S311 - a simulation
            scene = rng.choices(scenes, weights)[0]
            yield Dresser(app, rng).screen(scene(Pieces(app, rng)))

    def batches(self, week: int, contributors: int) -> Iterator[Batch]:
        """One batch a contributor, labelled as its client would label it; the same for the same seed."""
        for contributor in range(contributors):
            rng = random.Random(f"batch {self.seed} {week} {contributor}")  # noqa: S311 - a simulation
            yield self._batch(week, contributor, rng, self._rows(week, contributor, rng))

    def poisoned(self, week: int, contributors: int) -> Iterator[Batch]:
        """Batches of liars: what they say of each type is one and the same other type, with full confidence."""
        for contributor in range(contributors):
            rng = random.Random(f"poison {self.seed} {week} {contributor}")  # noqa: S311 - a simulation
            lies = dict(zip(TYPES, (*TYPES[5:], *TYPES[:5]), strict=True))
            rows = [
                {**row, "element_type": lies[str(row["element_type"])], "confidence": 1.0, "label_source": "class"}
                for row in self._rows(week, contributor, rng)
            ]
            yield self._batch(week, contributor, rng, rows)

    def _rows(self, week: int, contributor: int, rng: random.Random) -> list[Row]:
        app = self._app_of(contributor)
        rows: list[Row] = []
        for screen in self.screens(app, _SCREENS_A_BATCH, week * 100_000 + contributor):
            bare = replace(screen, elements=tuple(replace(element, known=None) for element in screen.elements))
            rows.extend(_samples(bare, evidence_of(bare), week, rng))
        rng.shuffle(rows)
        return [_null(row, rng) for row in rows] if self.null else rows

    def _app_of(self, contributor: int) -> App:
        rng = random.Random(f"contributor {self.seed} {contributor}")  # noqa: S311 - a simulation
        return self.app(rng.randrange(_APPS))

    def _batch(self, week: int, contributor: int, rng: random.Random, rows: Sequence[Row]) -> Batch:
        return Batch(
            batch_id=_identifier(rng),
            learner=SCHEMA.name,
            schema_version=SCHEMA.version,
            group=group_of(self._app_of(contributor).name),
            receipt_hash=hashlib.sha256(rng.randbytes(32)).hexdigest(),
            columns=to_columns(SCHEMA, {spec.name: [row.get(spec.name) for row in rows] for spec in SCHEMA.fields}),
        )


def test_samples(count: int, seed: int = 0) -> list[Row]:
    """Exactly ``count`` samples of many simulated apps, labelled with the truth; the same for the same seed."""
    world = ScreenWorld(seed)
    rng = random.Random(f"samples {seed}")  # noqa: S311 - a simulation
    rows: list[Row] = []
    number = 0
    while len(rows) < count:
        for screen in world.screens(world.app(number), 2):
            rows.extend(_samples(screen, evidence_of(screen), 0, rng))
        number += 1
    rng.shuffle(rows)
    return rows[:count]


def world(seed: int, null: bool = False) -> ScreenWorld:
    """The simulator of a learner of screens."""
    return ScreenWorld(seed, null)


def _samples(screen: Screen, evidence: Sequence[Evidence | None], week: int, rng: random.Random) -> list[Row]:
    """Samples with identifiers that the seed decides."""
    monday = FIRST_MONDAY + dt.timedelta(weeks=week)
    now = dt.datetime.combine(monday, dt.time(12), dt.UTC)
    return [{**row, "sample_id": _identifier(rng)} for _, row in samples_of(screen, evidence, now)]


def _identifier(rng: random.Random) -> str:
    return str(uuid.UUID(bytes=rng.randbytes(16), version=4))


def _null(row: Row, rng: random.Random) -> Row:
    kind = rng.choices(list(_NULL_SHARES), list(_NULL_SHARES.values()))[0]
    return {**row, "element_type": kind, "confidence": 0.9, "label_source": "class"}
