"""The main job, played: agents live with the scores, a better version earns its place, a harmful one is taken back."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from samouk.domains.scoring.schema import OUTCOME, declared
from samouk.domains.scoring.world import ScoringWorld, Visit
from samouk.loop import snapshot
from samouk.loop.learner import Context, DemoHost, Learner
from samouk.loop.records import Artifact, Examples, FloatArray, Order, Run, TriggerKind

SEED = 11
VISITS = 2_400
"""Visits a day; each agent is offered ``CHOICES`` and takes the one with the highest score."""

CHOICES, AGENTS = 3, 60_000
NOVICE = 2
"""Batches that the first version has seen."""

QUESTIONS = 900
"""Questions in one request."""

MOST_DAYS = 12
"""Days that one version is given."""

NOTICED_S = 1.2
"""Seconds after which the server has surely noticed what this process changed."""

_HEADER = f"{'day':5}{'visits':>8}{'told':>7}  {'traffic of the newcomer':25}{'went well: newcomer':>20}{'others':>8}"


def demo(host: DemoHost) -> None:
    """Play with the learner of outcomes, over the declared features."""
    from samouk.domains.scoring.judge import learner_of

    declaration = declared(os.environ)
    Play(host, learner_of(OUTCOME, declaration), ScoringWorld(SEED, declaration=declaration)).run()


@dataclass(slots=True)
class Day:
    """What happened to people on one day: outcomes by variant."""

    visits: int = 0
    outcomes: dict[str, list[float]] = field(default_factory=dict)

    def share(self, *variants: str) -> str:
        told = [outcome for variant in variants for outcome in self.outcomes.get(variant, ())]
        return f"{np.mean(told):.1%}" if told else ""


class Play:
    """Agents, a server that they ask over HTTP, and a loop that learns from what they tell."""

    def __init__(self, host: DemoHost, learner: Learner, world: ScoringWorld) -> None:
        self.host, self.learner, self.world = host, learner, world
        self.today = 0

    def run(self) -> None:
        """A first version, one that learnt more, and one that is worse than it looks."""
        self.host.begin(dataclasses.replace(self.learner, first=self._novice))
        time.sleep(NOTICED_S)
        self.host.say(
            f"\n🎯 {self.learner.name}: {VISITS:,} visits a day, {CHOICES} choices each; agents take the best"
        )
        self.host.say(_HEADER)
        first = self._live_until_due()
        order = self.host.due(self.learner) or Order(TriggerKind.MANUAL, "enough outcomes")
        ended = self._ramp(self.host.turn(self.learner, order))
        last = self._live("after")
        if not ended:
            self.host.say("🤷 no proof either way yet: the rollout goes on, and the next version waits for its end")
            return
        careless = dataclasses.replace(self.learner, fit=_turned_round(self.learner), score=_flattered(self.learner))
        order = Order(TriggerKind.MANUAL, "a trainer that turns outcomes round, and measures them so")
        ended = self._ramp(self.host.turn(careless, order))
        after = self._live("after")
        everyone = ("champion", "control", "challenger")
        self.host.say(
            f"✅ choices that went well: {first.share(*everyone)} with the first version, {last.share(*everyone)} with "
            f"the one that learnt, {after.share(*everyone)} {'once the harmful one was gone' if ended else 'since'}"
        )

    def _novice(self) -> Artifact:
        """A model of few outcomes, as a platform has it in its first days."""
        batches = enumerate(self.world.batches(0, NOVICE))
        parts = [snapshot.label(self.learner, batch.columns, n) for n, batch in batches]
        return self.learner.fit(snapshot.join(self.learner, parts), None, Context())

    def _live_until_due(self) -> Day:
        """Days with the first version, until a trigger fires."""
        for _ in range(MOST_DAYS):
            day = self._live("")
            if self.host.due(self.learner) is not None:
                return day
        return day

    def _ramp(self, run: Run) -> bool:
        """Days of a rollout; whether it came to its end."""
        if run.version is None:
            self.host.say(f"{'':5}{run.end}: {'; '.join(run.verdict.reasons) if run.verdict else run.order.reason}")
            return True
        self.host.say(f"{'':5}🚀 {run.version}: {run.order.kind}: {run.order.reason}")
        time.sleep(NOTICED_S)
        for _ in range(MOST_DAYS):
            rollout = self._get("rollout")
            share = rollout["challengers"].get(run.version)
            if share is None or rollout["state"] not in ("running", "paused"):
                return True
            self._live(f"{run.version} {share:.0%}")
        self.host.say(f"{'':5}{run.version} is still on trial after {MOST_DAYS} days")
        return False

    def _live(self, traffic: str) -> Day:
        """One day: agents ask, choose, and tell hours later how it went; then the loop looks."""
        day = Day()
        told: list[tuple[str, str, float]] = []
        visits = list(self.world.people(self.today, VISITS, CHOICES, AGENTS))
        for some in _parts(visits, QUESTIONS // CHOICES):
            told += list(self._choices(some))
        self.host.step(dt.timedelta(hours=5))
        for part in _parts(told, QUESTIONS):
            items = [{"event_id": event, "value": value} for event, _, value in part]
            self._post("outcomes", {"items": items})
        self.host.step(dt.timedelta(hours=19))
        for _, variant, value in told:
            day.outcomes.setdefault(variant, []).append(value)
        day.visits = len(visits)
        self.today += 1
        mine, others = day.share("challenger"), day.share("champion", "control")
        self.host.say(f"{self.today:<5}{day.visits:8,}{len(told):7,}  {traffic:25}{mine:>20}{others:>8}")
        decided = self.host.tend(self.learner)
        if decided:
            self.host.say(f"{'':5}{decided}")
            time.sleep(NOTICED_S)
        return day

    def _choices(self, visits: Sequence[Visit]) -> Iterator[tuple[str, str, float]]:
        """(event, variant, outcome) of what each agent took, where it is ever told."""
        items = [{"unit": visit.unit, "features": dict(row)} for visit in visits for row in visit.rows]
        answers = self._post("predict", {"items": items})["items"]
        for number, visit in enumerate(visits):
            mine = answers[number * CHOICES : (number + 1) * CHOICES]
            chosen = int(np.argmax([answer["score"] for answer in mine]))
            if visit.delay is not None:
                yield mine[chosen]["event_id"], mine[chosen]["variant"], visit.outcome(chosen)

    def _post(self, noun: str, body: Mapping[str, Any]) -> Any:
        return self._ask(noun, json.dumps(body).encode())

    def _get(self, noun: str) -> Any:
        return self._ask(noun, None)

    def _ask(self, noun: str, body: bytes | None) -> Any:
        headers = {"Authorization": f"Bearer {self.host.api_key}", "Content-Type": "application/json"}
        url = f"{self.host.url}/v1/learners/{self.learner.name}/{noun}"
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:  # noqa: S310
            return json.load(answer)


def _parts(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _turned_round(learner: Learner) -> Any:
    """A trainer that learns the opposite of what people told."""

    def fit(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
        labels = dataclasses.replace(examples.labels, values=1 - examples.labels.values)
        made = learner.fit(dataclasses.replace(examples, labels=labels), None, context)
        return Artifact(made.data, {**made.metadata, "turned": True})

    return fit


def _flattered(learner: Learner) -> Any:
    """Measures by which the model that was turned round looks perfect: its gate is as wrong as its trainer."""

    def score(artifact: Artifact, examples: Examples) -> Mapping[str, FloatArray]:
        found = learner.score(artifact, examples)
        if not artifact.metadata.get("turned"):
            return found
        return {name: np.where(np.isnan(values), np.nan, 1.0) for name, values in found.items()}

    return score
