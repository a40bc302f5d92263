"""Rank and Reward: decide, journal, hear, learn, in the way of Azure Personalizer, with its hole closed.

Each decision is an exposure of ``scoring.rank``, each reward its outcome. The policy learns from the
journal alone, in the order in which rewards were joined, so that a restart, or a second server on the
same store, comes to the same state. A reward after the wait time is marked late and learnt from; where
the default was learnt before, the policy moves from it towards what really came.

A decision whose activation is deferred is kept apart, as an exposure of ``scoring.rank.deferred``, and
becomes one of ``scoring.rank`` when it is activated: only then is it shown, and only from then on is a
reward expected. Rewards that come earlier wait for it in the journal.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np

from samouk.domains.scoring.policy import Policy
from samouk.domains.scoring.rank_features import MAX_ACTIONS, MAX_ID, Choice, Space, of_row, to_row
from samouk.domains.scoring.rank_settings import RankSettings, document_of, settings_of
from samouk.edge.wire import WireError
from samouk.loop.checkpoints import save, saved
from samouk.loop.exposure import foreign_event_id, group_of_unit, is_ours, new_event_id, pseudonym
from samouk.loop.live import Exposure, Heard, Joined, Outcome, Variant
from samouk.loop.ports import NotFound, Services, forgotten_cursor
from samouk.loop.records import Act, FloatArray

RANK, DEFERRED, REWARD = "scoring.rank", "scoring.rank.deferred", "reward"
VERSION = "online"
POLICY, SETTINGS = "policy", "configuration"
"""Names of the two checkpoints: the policy's state, and the settings, which have no other place."""

PAGE = 1_000
SETTLED = f"silent:{RANK}:{REWARD}"
SAVED_EACH = 1_000
"""Rewards between two checkpoints: a restart learns so many again, in a tenth of a second."""

RECENT = 2_000
"""Newest events whose answers are at hand, for those who ask twice before the journal knows; 20 MB at most."""

FIELDS = ("contextFeatures", "actions", "excludedActions", "eventId", "deferActivation")


@dataclass(frozen=True, slots=True)
class Ask:
    """A checked request to rank; ``event`` as the application named it, if it did."""

    choice: Choice
    event: str | None
    deferred: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What is answered, and what must be kept before it is."""

    answer: Mapping[str, Any]
    exposure: Exposure


class Ranker:
    """The one policy of a store; every method may be called from any thread.

    Args:
        settle: brings exposures that are on their way into the journal.
    """

    def __init__(self, services: Services, settle: Callable[[], None]) -> None:
        self._services = services
        self._settle = settle
        self._secret = services.journal.secret()
        self._space = Space(self._secret)
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._recent: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        self._settings = self._kept_settings()
        self._forgotten = self._times_forgotten()
        self._policy, self._sequence = self._kept_policy()
        self._saved = self._policy.learnt
        self._tended = -math.inf
        self.catch_up()

    @property
    def settings(self) -> RankSettings:
        return self._settings

    @property
    def learnt(self) -> int:
        """Rewards that the policy learnt from."""
        return self._policy.learnt

    def state(self) -> bytes:
        """The whole state; equal bytes are equal states."""
        with self._lock:
            return self._policy.save()

    def ask(self, document: Mapping[str, Any]) -> Ask:
        """A request, checked. Raises WireError with the field that does not fit."""
        for name in document:
            if name not in FIELDS:
                raise WireError(str(name)[:MAX_ID], "is not a field of a rank request; remove it")
        actions = _actions(document.get("actions"))
        excluded = _texts("excludedActions", document.get("excludedActions"))
        event = document.get("eventId")
        deferred = document.get("deferActivation") or False
        if event is not None:
            event = event_name(event)
        if not isinstance(deferred, bool):
            raise WireError("deferActivation", "must be true or false")
        choice = self._space.choice(document.get("contextFeatures") or [], actions, excluded)
        if not len(choice.allowed):
            raise WireError("excludedActions", "leave no action to choose; exclude fewer")
        return Ask(choice, event, deferred)

    def decided(self, event: str) -> Mapping[str, Any] | None:
        """The answer that an event was given before: who asks again is told the same."""
        event_id = self._event_id(event)
        found = self._recent.get(event_id)
        if found is None:
            exposure = self._exposure(event_id)
            found = None if exposure is None else _answer(event, *of_row(exposure.row))
        return found

    def decide(self, ask: Ask) -> Decision:
        """Choose an action; what comes back must be kept before it is answered."""
        began, now = time.perf_counter(), self._services.clock.now()
        event_id = new_event_id(self._secret, now) if ask.event is None else self._event_id(ask.event)
        choice, settings = ask.choice, self._settings
        with self._lock:
            expected = self._policy.expected(choice)
            chances = settings.exploring.chances(expected, choice.allowed, self._policy.learnt)
        if settings.apprentice:
            chances = np.zeros(len(chances))
            chances[choice.allowed[0]] = 1.0
        chosen = self._drawn(event_id, chances)
        learner = DEFERRED if ask.deferred else RANK
        unit = pseudonym(self._secret, RANK, event_id)
        exposure = Exposure(
            event_id=self._deferred_id(event_id) if ask.deferred else event_id,
            learner=learner,
            version=VERSION,
            variant=Variant.CHAMPION,
            unit=unit,
            group=group_of_unit(unit),
            at=now,
            score=_to_unit(min(max(float(expected[chosen]), -1.0), 1.0)),
            propensity=float(chances[chosen]),
            row=to_row(choice, chances, chosen, "apprentice" if settings.apprentice else "online"),
            latency_ms=(time.perf_counter() - began) * 1_000,
        )
        answer = _answer(ask.event or event_id, choice, chances, chosen)
        recent = self._recent
        recent[event_id] = answer
        if len(recent) > RECENT:
            recent.popitem(last=False)
        return Decision(answer, exposure)

    def forget(self, decision: Decision) -> None:
        """A decision that could not be kept was not made."""
        self._recent.pop(self._event_id(decision.answer["eventId"]), None)

    def reward(self, event: str, value: float) -> Heard:
        """Keep a reward in [-1, 1] and learn what there is to learn; blocks.

        Raises:
            NotFound: no event of that name was ranked.
        """
        event_id = self._event_id(event)
        self._require(event_id)
        outcome = Outcome(event_id, REWARD, _to_unit(value), self._services.clock.now())
        (heard,) = self._services.journal.tell(RANK, [outcome], {REWARD: self._settings.wait})
        self.catch_up()
        return heard

    def activate(self, event: str) -> None:
        """Say that a decision was shown; a second time changes nothing. Blocks. Raises NotFound."""
        event_id = self._event_id(event)
        self._require(event_id)
        self._settle()
        exposure = self._services.journal.exposure(self._deferred_id(event_id))
        if exposure is None or self._services.journal.exposure(event_id) is not None:
            return
        shown = replace(exposure, event_id=event_id, learner=RANK, at=self._services.clock.now())
        self._services.journal.expose([shown])
        self.catch_up()

    def configure(self, settings: RankSettings) -> None:
        """Keep new settings, for every later decision."""
        with self._turn:
            save(self._services, RANK, SETTINGS, 0, json.dumps(document_of(settings)).encode())
            self._settings = settings

    def due(self) -> bool:
        """Whether to tend: each sixtieth of the wait time, a second to a minute."""
        pause = min(max(self._settings.wait.total_seconds() / 60, 1.0), 60.0)
        return time.monotonic() - self._tended >= pause

    def tend(self) -> int:
        """Give events without a reward the default one, and learn; how many were given it. Blocks."""
        self._tended = time.monotonic()
        assumed, settings = 0, self._settings
        journal, value = self._services.journal, _to_unit(settings.default)
        settled = journal.cursor(SETTLED)
        while ids := journal.silent(RANK, REWARD, self._services.clock.now() - settings.wait, PAGE, after=settled):
            exposures = [exposure for exposure in map(journal.exposure, ids) if exposure is not None]
            told = [Outcome(one.event_id, REWARD, value, one.at + settings.wait, assumed=True) for one in exposures]
            heard = journal.tell(RANK, told, {REWARD: settings.wait})
            assumed += sum(one is Heard.JOINED for one in heard)
            if Heard.JOINED not in heard or len(ids) < PAGE:
                break
        if (reached := journal.settled(RANK, REWARD, settled)) > settled:
            journal.advance(SETTLED, reached)
        self.catch_up()
        return assumed

    def catch_up(self) -> None:
        """Learn what was joined since the last time, in the journal's order.

        The policy begins again when decisions were forgotten since: what was learnt from them goes with them.
        """
        with self._turn:
            self._renew()
            while page := self._services.journal.joined(RANK, self._sequence, PAGE):
                for joined in page:
                    with self._lock:
                        self._learn(joined)
                if self._policy.learnt - self._saved >= SAVED_EACH:
                    self._keep()

    def _renew(self) -> None:
        if (forgotten := self._times_forgotten()) == self._forgotten:
            return
        with self._lock:
            self._policy, self._sequence = Policy(), 0
        self._recent = OrderedDict()
        self._saved, self._forgotten = 0, forgotten

    def _keep(self) -> None:
        data = self._policy.save()
        if save(self._services, RANK, POLICY, self._sequence, data, forgotten=self._forgotten):
            self._saved = self._policy.learnt

    def _times_forgotten(self) -> int:
        return self._services.journal.cursor(forgotten_cursor(RANK))

    def _learn(self, joined: Joined) -> None:
        self._sequence = joined.sequence
        if joined.outcome.metric != REWARD:
            return  # told of the decision under another learner's name before it was shown
        choice, _, chosen = of_row(joined.exposure.row)
        self._policy.learn(choice, chosen, _of_unit(joined.outcome.value))

    def _kept_policy(self) -> tuple[Policy, int]:
        kept = saved(self._services, RANK, POLICY)
        if kept is None:
            return Policy(), 0
        try:
            return Policy.load(kept.data), kept.sequence
        except ValueError:
            # The journal holds all that the checkpoint was made of: learnt anew, it only takes longer.
            return Policy(), 0

    def _kept_settings(self) -> RankSettings:
        kept = saved(self._services, RANK, SETTINGS)
        if kept is not None:
            return settings_of(json.loads(kept.data))
        if self._services.journal.last_checkpoint(RANK, SETTINGS) is not None:
            reason = "their bytes are lost or damaged, and the defaults stand; configure them again"
            self._services.audit.append(Act("samouk", "reset", f"{RANK}/settings", reason, self._services.clock.now()))
        return RankSettings()

    def _require(self, event_id: str) -> None:
        if event_id in self._recent or self._exposure(event_id) is not None:
            return
        self._settle()
        if self._exposure(event_id) is None:
            raise NotFound("no event of this id was ranked here; send the eventId of a rank answer")

    def _exposure(self, event_id: str) -> Exposure | None:
        journal = self._services.journal
        return journal.exposure(event_id) or journal.exposure(self._deferred_id(event_id))

    def _event_id(self, event: str) -> str:
        return event if is_ours(self._secret, event) else foreign_event_id(self._secret, RANK, event)

    def _deferred_id(self, event_id: str) -> str:
        return foreign_event_id(self._secret, DEFERRED, event_id)

    def _drawn(self, event_id: str, chances: FloatArray) -> int:
        """An action by its chance; the event's id is the seed, as it was in Personalizer."""
        seed = hashlib.blake2b(event_id.encode(), digest_size=7, key=self._secret, person=b"samouk-draw").digest()
        sums = list(accumulate(chances.tolist()))
        drawn = bisect_right(sums, int.from_bytes(seed, "big") / 2**56 * sums[-1])
        # Rounding may put the point at the very end, where an excluded action may stand.
        return drawn if drawn < len(sums) else int(np.flatnonzero(chances)[-1])


def _actions(told: object) -> list[tuple[str, Any]]:
    if not isinstance(told, list) or not 1 <= len(told) <= MAX_ACTIONS:
        raise WireError("actions", f"must be a list of 1 to {MAX_ACTIONS} actions")
    found: dict[str, Any] = {}
    for place, action in enumerate(told):
        if not isinstance(action, dict) or action.keys() - {"id", "features"}:
            raise WireError(f"actions[{place}]", "must be an object of id and features")
        name = action.get("id")
        if not isinstance(name, str) or not 1 <= len(name) <= MAX_ID:
            raise WireError(f"actions[{place}].id", f"must be a text of 1 to {MAX_ID} characters")
        if name in found:
            raise WireError(f"actions[{place}].id", "is the id of an earlier action too; name each action once")
        found[name] = action.get("features") or []
    return list(found.items())


def _texts(name: str, told: object) -> list[str]:
    found = told or []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise WireError(name, "must be a list of action ids")
    return found


def event_name(event: object) -> str:
    """An event's id as an application may name it. Raises WireError."""
    if not isinstance(event, str) or not 1 <= len(event) <= MAX_ID:
        raise WireError("eventId", f"must be a text of 1 to {MAX_ID} characters")
    return event


def _answer(event: str, choice: Choice, chances: FloatArray, chosen: int) -> dict[str, Any]:
    """The chosen action first, the others by their chance; excluded ones keep their places."""
    probabilities, allowed = chances.tolist(), choice.allowed.tolist()
    rest = iter(sorted(allowed, key=lambda place: (place != chosen, -probabilities[place])))
    open_places = frozenset(allowed)
    order = [next(rest) if place in open_places else place for place in range(len(choice.ids))]
    ranking = [{"id": choice.ids[place], "probability": probabilities[place]} for place in order]
    return {"ranking": ranking, "eventId": event, "rewardActionId": choice.ids[chosen]}


def _to_unit(reward: float) -> float:
    return (reward + 1) / 2


def _of_unit(value: float) -> float:
    return 2 * value - 1
