"""The main job, played: contributors teach the model over four weeks, through real clients and a real server."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import secrets
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from samouk.domains.screens.dumps import to_page_source, to_uiautomator
from samouk.domains.screens.model import artifact_of
from samouk.domains.screens.observer import OBSERVER
from samouk.domains.screens.world import ScreenWorld
from samouk.edge import wire
from samouk.edge.collector import SelfLearningCollector
from samouk.edge.observer import Observation
from samouk.edge.routes import upload_request
from samouk.edge.transport import HttpTransport
from samouk.edge.updater import ModelUpdater
from samouk.loop import snapshot
from samouk.loop.columns import from_rows
from samouk.loop.learner import Context, DemoHost, Learner, mean
from samouk.loop.records import Artifact, Examples, Order, Run, TriggerKind

WEEKS = 4
SEEN_BY = (0.0, 0.5, 0.67, 0.84, 1.0)
"""Share of a contributor's screens that are sent by the end of each week; the first brings what was recorded before."""

SCREENS_AN_APP = 24
"""Screens of one application, at most."""

SEED = 7
LIARS = 12
NOVICE = 2


@dataclass(frozen=True, slots=True)
class Dump:
    """One screen as a tool dumped it."""

    source: Any
    platform: str


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays: the screens of each contributor's application, and those of applications that nobody contributes."""

    origin: str
    contributors: tuple[tuple[Dump, ...], ...]
    held_out: tuple[tuple[Dump, ...], ...]


@dataclass(frozen=True, slots=True)
class Week:
    """One line of the table."""

    name: str
    sent: int
    run: Run | None
    version: str
    accuracy: float
    downloaded: int


def demo(host: DemoHost) -> None:
    """Play with the learner of this domain."""
    from samouk.domains.screens.judge import LEARNER

    cast = recorded()
    if cast is not None:
        play(host, LEARNER, cast)
        return
    # The shipped model knows the simulator, so that there would be nothing left to learn.
    cast = simulated()
    novice = LEARNER.fit(_examples(LEARNER, cast.contributors[:NOVICE]), None, Context())
    host.say(f"No recorded screens here: simulated ones, and a first model that has seen {NOVICE} apps.")
    play(host, dataclasses.replace(LEARNER, first=lambda: novice), cast)


def play(host: DemoHost, learner: Learner, cast: Cast) -> None:
    """Four weeks of honest contributors, one careless challenger and one week of liars, as a table."""
    host.begin(learner)
    stage = _Stage(host, learner, cast)
    host.say(f"🎬 {len(cast.contributors)} contributors with {cast.origin}; judged on {len(cast.held_out)} other apps")
    installed = stage.before()
    host.say(HEADER)
    stage.show(installed)
    for week in range(1, WEEKS + 1):
        host.next_week()
        stage.show(stage.honest(week))
        if week == 2:
            stage.show(stage.careless())
        if week == 3:
            host.next_week()
            stage.show(stage.poisoned())
    stage.end()


HEADER = f"{'week':18}{'samples':>9}  {'verdict':10}{'p-value':>9}  {'version':9}{'held-out apps':>14}{'download':>13}"


class _Stage:
    """The demo's clients, and what they see of each week."""

    def __init__(self, host: DemoHost, learner: Learner, cast: Cast) -> None:
        self.host = host
        self.learner = learner
        self.cast = cast
        self.updater = ModelUpdater(host.url, learner.name, data_dir=host.folder / "reader", environ=_nobody(host))
        self.judged = _examples(learner, cast.held_out)
        self.shown: list[Week] = []

    def before(self) -> Week:
        """What a fresh install knows: the model that ships with the package."""
        downloaded = self._update()
        return self._week("as installed", 0, None, downloaded)

    def honest(self, week: int) -> Week:
        """Everybody uses the application, collects, uploads; the loop turns; a reader updates."""
        sent = sum(self._collect(number, dumps, week) for number, dumps in enumerate(self.cast.contributors))
        order = self.host.due(self.learner) or Order(TriggerKind.MANUAL, f"end of week {week}")
        run = self.host.turn(self.learner, order)
        return self._week(f"{week}", sent, run, self._update())

    def careless(self) -> Week:
        """A challenger whose trainer mixed its labels up: the gate must not let it pass."""
        run = self.host.turn(
            dataclasses.replace(self.learner, fit=_mixed_up(self.learner)),
            Order(TriggerKind.MANUAL, "a trainer that mixes labels up"),
        )
        return self._week("careless trainer", 0, run, self._update())

    def poisoned(self) -> Week:
        """Liars send well-formed batches with wrong labels."""
        sent = sum(self._lie(dumps, number) for number, dumps in enumerate(self.cast.contributors[:LIARS]))
        run = self.host.turn(self.learner, Order(TriggerKind.MANUAL, "a week of lies"))
        return self._week("poisoned week", sent, run, self._update())

    def show(self, week: Week) -> None:
        """Print one line, and why when it is not a plain release."""
        self.shown.append(week)
        verdict, p_value = _verdict(week.run)
        self.host.say(
            f"{week.name:18}{week.sent:9,}  {verdict:10}{p_value:>9}  {week.version:9}{week.accuracy:14.1%}"
            f"{week.downloaded:11,} B"
        )
        if week.run is not None and week.run.version is None:
            for note in week.run.notes:
                if "quarantined" in note:
                    self.host.say(f"{'':18}{note}")
            for reason in week.run.verdict.reasons[:2] if week.run.verdict else ():
                self.host.say(f"{'':18}{reason}")

    def end(self) -> None:
        """The sum of it."""
        first, last = self.shown[0], self.shown[-1]
        self.host.say(
            f"✅ {first.version} → {last.version}: right on {first.accuracy:.1%} → {last.accuracy:.1%} of the elements "
            "whose class says nothing, in apps that no contributor has"
        )

    def _collect(self, number: int, dumps: Sequence[Dump], week: int) -> int:
        """One contributor's week through the real client, to the last sample."""
        first, end = (round(share * len(dumps)) for share in SEEN_BY[week - 1 : week + 1])
        seen = dumps[first:end]
        folder = self.host.folder / f"contributor-{number}"
        with SelfLearningCollector(
            True, self.host.url, api_key=self.host.api_key, cache_dir=folder, environ=_nobody(self.host)
        ) as collector:
            kept = sum(collector.collect_from_hierarchy(dump.source, dump.platform) for dump in seen)
            collector.flush()
        return kept

    def _lie(self, dumps: Sequence[Dump], number: int) -> int:
        """One batch that no honest client would send: every second label is a lie."""
        rows = [dict(row) for dump in dumps for row in OBSERVER.observe(dump.source, dump.platform).samples][:1_000]
        rng = np.random.default_rng([SEED, number])
        for row in rows:
            if rng.random() < 0.5:
                row["element_type"] = str(rng.choice(["text", "button", "slider", "ad"]))
                row |= {"label_source": "name", "confidence": 1.0}
        if rows:
            self._post(rows, number)
        return len(rows)

    def _post(self, rows: list[dict[str, Any]], number: int) -> None:
        upload = wire.Upload(
            batch_id=str(uuid.uuid4()),
            learner=self.learner.name,
            schema_version=self.learner.schema.version,
            group=number % wire.GROUPS,
            receipt_hash=wire.receipt_hash(secrets.token_hex(32)),
            columns=wire.columns_of(self.learner.schema, rows),
        )
        request = upload_request(self.host.url, self.learner.name, wire.encode(upload), self.host.api_key)
        answer = HttpTransport().send(request)
        if not answer.ok:
            raise RuntimeError(f"the server refused a well-formed batch: {answer.body.decode(errors='replace')}")

    def _update(self) -> int:
        update = self.updater.auto_update(force=True)
        if self.updater.last_error is not None:
            raise self.updater.last_error
        return update.size if update else 0

    def _week(self, name: str, sent: int, run: Run | None, downloaded: int) -> Week:
        installed = self.updater.current()
        return Week(name, sent, run, installed.version if installed else "-", self._accuracy(), downloaded)

    def _accuracy(self) -> float:
        """Primary metric of the model that the reader has now, on the applications that nobody contributes."""
        artifact = _installed(self.updater)
        return mean(self.learner.score(artifact, self.judged)[self.learner.primary.name])


def _nobody(host: DemoHost) -> dict[str, str]:
    """The environment of a person who has set nothing, neither here nor in a file."""
    return {"HOME": str(host.folder)}


def recorded() -> Cast | None:
    """Real screens, one contributor an application, where the open file is there (``SAMOUK_SHARED``, or beside us)."""
    shared = Path(os.environ.get("SAMOUK_SHARED") or Path.cwd().parent / "shared")
    file = shared / "data" / "screens" / "open.jsonl.gz"
    if not file.is_file():
        return None
    apps: dict[int, list[Dump]] = defaultdict(list)
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if not record["system"]:
                apps[record["app"]].append(Dump(record, record["platform"]))
    return _split("real screens", [_spread(dumps) for _, dumps in sorted(apps.items())])


def simulated() -> Cast:
    """The simulator's applications, dumped as the tools of their platforms would."""
    return _split("simulated screens", [tuple(_simulated_app(number)) for number in range(40)])


def _simulated_app(number: int) -> Iterator[Dump]:
    world = ScreenWorld(SEED)
    for screen in world.screens(world.app(number), SCREENS_AN_APP):
        source = to_page_source(screen) if screen.platform == "ios" else to_uiautomator(screen)
        yield Dump(source, screen.platform)


def _spread(dumps: Sequence[Dump]) -> tuple[Dump, ...]:
    """As many screens as four weeks hold, spread over the recording: neighbours in it are nearly the same."""
    chosen = np.unique(np.linspace(0, len(dumps) - 1, min(len(dumps), SCREENS_AN_APP)).astype(int))
    return tuple(np.random.default_rng(SEED).permutation(np.array([dumps[i] for i in chosen], object)))


def _split(origin: str, apps: Sequence[tuple[Dump, ...]]) -> Cast:
    """Every fourth application is kept away from the crowd to judge by."""
    return Cast(
        origin,
        contributors=tuple(app for number, app in enumerate(apps) if number % 4),
        held_out=tuple(app for number, app in enumerate(apps) if number % 4 == 0),
    )


def _examples(learner: Learner, apps: Sequence[Sequence[Dump]]) -> Examples:
    """The labelled elements of whole applications, through the same observer as everybody's."""
    parts = []
    for number, dumps in enumerate(apps):
        seen: list[Observation] = [OBSERVER.observe(dump.source, dump.platform) for dump in dumps]
        rows = [row for observation in seen for row in observation.samples]
        if rows:
            parts.append(snapshot.label(learner, from_rows(learner.schema, rows), number))
    return snapshot.trusted(snapshot.join(learner, parts))


def _installed(updater: ModelUpdater) -> Artifact:
    """The model in service on the reader's machine, read from its file."""
    path = updater.model_path()
    if path is None:
        raise RuntimeError("the reader has no model; the package was built without its universal one")
    return artifact_of(path.read_bytes())


def _mixed_up(learner: Learner) -> Any:
    """A trainer that shifts every third label by one."""

    def fit(examples: Examples, champion: Artifact | None, context: Any) -> Artifact:
        values = examples.labels.values.copy()
        values[::3] = (values[::3] + 1) % len(learner.classes)
        labels = dataclasses.replace(examples.labels, values=values)
        return learner.fit(dataclasses.replace(examples, labels=labels), champion, context)

    return fit


def _verdict(run: Run | None) -> tuple[str, str]:
    if run is None or run.verdict is None:
        return ("" if run is None else str(run.end)), ""
    p_value = run.verdict.figures[0].p_value
    return str(run.end), "" if p_value is None else f"{p_value:.2g}"
