"""What stands behind the addresses under /ml: a guard, and the platform's desk where there is one."""

from __future__ import annotations

import logging
import math
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from samouk.domains.traffic import census, elsewhere, quiet
from samouk.domains.traffic.anomaly.schema import NAME as ANOMALY
from samouk.domains.traffic.anomaly.weighing import row_of
from samouk.domains.traffic.behavior.model import NEW_KIND, assign, groups
from samouk.domains.traffic.behavior.schema import NAME as BEHAVIOR
from samouk.domains.traffic.courier import Courier
from samouk.domains.traffic.detect.alerts import document_of
from samouk.domains.traffic.detect.rules import document_of as rule_document
from samouk.domains.traffic.detect.rules import rules_of
from samouk.domains.traffic.detect.severity import Judgement
from samouk.domains.traffic.detect.words import NOVEL
from samouk.domains.traffic.features import FEATURES, SERVER
from samouk.domains.traffic.forms import (
    MAX_USER,
    activity_of,
    features_of,
    number,
    only,
    text,
    training_of,
    user_of,
)
from samouk.domains.traffic.forms import RECENT as LATELY
from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.keeping import StoreKeeping
from samouk.domains.traffic.link import DeskLink, Refused, Unlinked
from samouk.domains.traffic.records import Severity
from samouk.edge.wire import WireError
from samouk.loop.forgetting import note_person
from samouk.loop.learner import Learner
from samouk.loop.ports import CorruptBlob, NotFound, StoreUnavailable
from samouk.loop.reason import reason_of
from samouk.loop.records import Artifact, Version
from samouk.loop.serving import NoVersion, PredictionFailed

log = logging.getLogger("samouk.traffic")

ROOM = "traffic."
VERSIONS = 20
"""Versions of a model that are listed, the newest."""

RECENT = 1_000
"""Windows of late in which users are counted by their group."""

STRANGER = "?" * (MAX_USER + 1)
"""Longer than any user's name, and so nobody's: what nobody sent is weighed against what is normal for all users."""

TRIED = "(tried)"
"""Who asks when a model is tried: the answer is nobody's, so it is not recorded."""


class Conflict(Exception):
    """What is asked for does not go now; the message says why, and what would."""


class Office:
    """Answers as plain JSON. Calls may block; they raise WireError, NotFound, Conflict or AlreadyTold.

    Args:
        make: gives the guard, when it is first needed.
        desk: of the platform's server; None for an application that mounts the routes itself.
        leave: called after the guard has kept everything and stopped.
    """

    def __init__(self, make: Callable[[], Guard], desk: Any = None, leave: Callable[[], None] = lambda: None) -> None:
        self.desk = desk
        self._make = make
        self._leave = leave
        self._making = threading.Lock()
        self._guard: Guard | None = None
        self._stored_to = -math.inf

    @property
    def guard(self) -> Guard:
        """Made when it is first asked for: what was kept is read."""
        with self._making:
            if self._guard is None:
                self._guard = self._make()
            return self._guard

    def begin(self) -> None:
        """Make the guard; when the store does not answer yet, who first asks for the guard does."""
        try:
            self.guard  # noqa: B018 - making it is what is wanted
        except StoreUnavailable as error:
            log.warning("the guard begins with the first question: %s", error)

    @property
    def made(self) -> Guard | None:
        """The guard, if anybody has needed it yet."""
        return self._guard

    def close(self) -> None:
        """Keep everything, and stop."""
        if self._guard is not None:
            self._guard.close()
            self._leave()

    def health(self) -> dict[str, Any]:
        """What anybody may know: whether nothing has failed since the start, and which versions are in force."""
        found: dict[str, Any] = {"well": not self.guard.problems, "model": self.guard.status()["model"]}
        if self.desk is not None:
            found["models"] = {
                one.name: {"version": self._standing(one)["version"]} for one in self._learners().values()
            }
        return found

    def status(self) -> dict[str, Any]:
        """How everything stands, for operators; without anybody's name."""
        found = self.guard.status()
        del found["budget"]["recently_held_back"]
        if self.desk is not None:
            found["models"] = {learner.name: self._standing(learner) for learner in self._learners().values()}
        return found

    def windows(self, limit: int) -> dict[str, Any]:
        """Windows that were analysed last, the newest first."""
        seen = self.guard.extractor.recent(limit)
        return {"items": [{"user_id": one.user_id, "at": one.at, **one.features._asdict()} for one in seen]}

    def clean_up(self, max_age_hours: float) -> dict[str, Any]:
        """Forget users who were not heard for so long."""
        return {"dropped": self.guard.extractor.cleanup_old_sessions(max_age_hours)}

    def alerts(self, limit: int, min_severity: Severity) -> dict[str, Any]:
        """Newest first, and what the budget held back."""
        found = [document_of(alert) for alert in self.guard.detector.recent(limit, min_severity)]
        return {"items": found, "budget": self.guard.status()["budget"]}

    def analyze(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Look at a user now, or weigh a window that nobody sent; the second raises no alert and teaches nothing."""
        only(document, ("user_id", "features"), "an analysis")
        if ("user_id" in document) == ("features" in document):
            raise WireError("user_id", "send either user_id or features")
        detector = self.guard.detector
        if "features" in document:
            judged = detector.judge(STRANGER, features_of(document["features"]), 0.0)
            return {"alerts": [], **_judged(judged)}
        user_id = user_of(document["user_id"])
        features = self.guard.extractor.features(user_id)
        if features is None:
            raise NotFound(f"nobody is known by the name {user_id:.64}; only those who sent something lately are")
        alerts = [document_of(alert) for alert in detector.analyze_user_activity(user_id)]
        return {"alerts": alerts, **_judged(detector.judge(user_id, features, 0.0))}

    def confirm(self, alert_id: str) -> dict[str, Any]:
        """It was harm."""
        return document_of(self.guard.confirm(alert_id))

    def dismiss(self, alert_id: str) -> dict[str, Any]:
        """It was none."""
        return document_of(self.guard.dismiss(alert_id))

    def forget(self, user_id: str) -> dict[str, int]:
        """Remove all that the guard knows of a user; how many of each."""
        user_id = user_of(user_id)
        if self.desk is not None:
            elsewhere.tell(self.desk.services, user_id)
        found = self.guard.forget(user_id)
        if self.desk is not None:
            note_person(self.desk.services, "traffic", user_id)
        return found

    def rules(self) -> dict[str, Any]:
        """The table in force."""
        return {"rules": [rule_document(rule) for rule in self.guard.rules]}

    def put_rules(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Another table in its place."""
        only(document, ("rules",), "a table of rules")
        self.guard.set_rules(rules_of(document.get("rules")))
        return self.rules()

    def forecast(self, minutes: list[int], coverage: float) -> dict[str, Any]:
        """Messages a minute that are expected; a bound that nobody knows yet is null."""
        found = self.guard.forecast(minutes, coverage)
        items = [
            {
                name: value if not isinstance(value, float) or math.isfinite(value) else None
                for name, value in one.items()
            }
            for one in (forecast._asdict() for forecast in found)
        ]
        return {"coverage": coverage, "items": items}

    def hear(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """What happened in an application in another process, which is told the limits that its users are held to."""
        now = self.desk.services.clock.now().timestamp()
        events = activity_of(document, now)
        heard, alerts = self.guard.track_many(events)
        over = {event.user_id for event in events if event.rate_limited}
        follow = self.guard.limiter.follow
        return {
            "heard": heard,
            "dropped": len(events) - heard,
            "alerts": len({alert.alert_id for alert in alerts}),
            "limits": {
                user: round(follow(user, now, limited=user in over), 3)
                for user in dict.fromkeys(event.user_id for event in events)
            },
        }

    def models(self) -> dict[str, Any]:
        """Every model's versions, the newest first."""
        registry = self.desk.services.registry
        listed = {name: registry.versions(learner.name)[:VERSIONS] for name, learner in self._learners().items()}
        return {
            "models": [
                {"model_name": name, "learner": f"{ROOM}{name}", "versions": [_version(one) for one in versions]}
                for name, versions in listed.items()
            ]
        }

    def groups(self) -> dict[str, Any]:
        """The groups of users that were learnt, by what is typical of them, and how many of today are in each."""
        version = self._champion(self._learner(BEHAVIOR.removeprefix(ROOM)))
        try:
            artifact = Artifact(self.desk.services.blobs.get(version.artifact_key), version.metadata)
            found = groups(artifact)
            newest = {one.user_id: one.features for one in reversed(self.guard.extractor.recent(RECENT))}
            newest.pop(SERVER, None)
            now = Counter(assign(artifact, np.array(list(newest.values()))).tolist() if newest else [])
        except (NotFound, CorruptBlob, ValueError, KeyError) as error:
            raise Conflict(f"{version.name} cannot be read ({error}); roll back, or train anew") from None
        items = [
            {
                "id": one.id,
                "name": one.name,
                "share": one.size,
                "typical": [{"feature": feature, "away": away} for feature, away in one.typical],
                "users_now": now[one.id],
            }
            for one in found
        ]
        return {"version": version.name, "items": items, "of_a_new_kind": now[NEW_KIND]}

    def train(self, document: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Begin to learn now, in a process of its own."""
        wish = training_of(document)
        learner = self._learner(wish.model_name)
        if wish.auto_deploy and learner.policy.approval == "human":
            raise WireError(
                "auto_deploy",
                f"a person approves each version of {learner.name}; leave it out, or set approval to auto in the file "
                "that SAMOUK_POLICY names",
            )
        if self.desk.options.turns is None:
            raise Conflict("this server does not train; `samouk retrain` does, on the machine with the store")
        if self.desk.services.leases.held(f"turn:{learner.name}"):
            raise Conflict(f"{learner.name} is learning already; its runs tell how it ends")
        stored = self._store_recent(learner) if wish.data_source == LATELY else 0
        reason = reason_of(f"asked for at /ml/models/train ({who})")
        self.desk.options.turns.start(learner.name, reason, hold=not wish.auto_deploy)
        told = {"model_name": wish.model_name, "learner": learner.name, "runs": f"/v1/learners/{learner.name}/runs"}
        return {**told, "stored": stored}

    def load(self, model_name: str) -> dict[str, Any]:
        """Read again what is in service, and put it in force here."""
        learner = self._learner(model_name)
        version = self._champion(learner)
        try:
            self.desk.services.blobs.get(version.artifact_key)
        except (NotFound, CorruptBlob) as error:
            raise Conflict(f"the bytes of {version.name} are not there ({error}); roll back, or train anew") from None
        if learner.outcomes and learner.served:
            self.desk.service.refresh(learner.name)
            if version.name not in self.desk.service.of(learner.name).versions:
                raise Conflict(f"{version.name} cannot answer; the log says why; roll back, or train anew")
        if learner.name == ANOMALY:
            self._into_force()
        return {"model_name": model_name, "learner": learner.name, "version": version.name}

    def predict(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """What a model says of a row; tried, and so neither recorded nor learnt from."""
        only(document, ("model_name", "features"), "a question")
        learner = self._learner(text(document.get("model_name"), "model_name"))
        row = document.get("features")
        if learner.name == ANOMALY and isinstance(row, Mapping) and row.keys() <= set(FEATURES):
            row = row_of(self.guard.detector.judge(STRANGER, features_of(row), 0.0).evidence)
        try:
            answer = self.desk.service.of(learner.name).predict(TRIED, row).answer
        except NoVersion as error:
            raise Conflict(f"{error}; POST /ml/models/train makes one") from None
        except PredictionFailed as error:
            raise Conflict(str(error)) from None
        told = {"version": answer.version, "score": answer.score, "value": answer.value}
        return {"model_name": document["model_name"], **told, "confidence": answer.confidence}

    def _store_recent(self, learner: Learner) -> int:
        """Keep what was seen lately, and was not kept before, as samples of a learner; how many. Blocks."""
        store, guard = DeskLink(self.desk), self.guard
        now = self.desk.services.clock.now().timestamp()
        try:
            if learner.name == BEHAVIOR:
                return census.take(guard.extractor.users(), guard.baselines, store, now)
            if learner.name == ANOMALY:
                with self._making:
                    since, self._stored_to = self._stored_to, now
                seen = [one for one in guard.extractor.recent(RECENT) if since < one.at <= now]
                return quiet.gather(quiet.drawn(guard.detector, seen), store, now)
        except Refused as error:
            raise Conflict(f"the windows of late cannot be stored: {error}") from None
        raise WireError("data_source", f"must be log: what {learner.name} learns from is stored as it comes")

    def _learners(self) -> dict[str, Learner]:
        """Short name → learner."""
        return {name.removeprefix(ROOM): one for name, one in self.desk.learners.items() if name.startswith(ROOM)}

    def _learner(self, model_name: str) -> Learner:
        learners = self._learners()
        found = learners.get(model_name.removeprefix(ROOM))
        if found is None:
            raise WireError("model_name", f"must be one of {', '.join(learners)}, not {model_name!r:.40}")
        return found

    def _champion(self, learner: Learner) -> Version:
        version: Version | None = self.desk.services.registry.production(learner.name)
        if version is None:
            raise NotFound(f"no version of {learner.name} is in service yet; POST /ml/models/train makes one")
        return version

    def _into_force(self) -> None:
        courier: Courier | None = self.guard.courier
        if courier is None:
            return
        try:
            courier.refresh(ANOMALY)
        except (Refused, Unlinked, ValueError) as error:
            raise Conflict(f"the model cannot be used: {error}; roll back, or train anew") from None

    def _standing(self, learner: Learner) -> dict[str, Any]:
        version = self.desk.services.registry.production(learner.name)
        stats = self.desk.services.log.stats(learner.name)
        return {"version": version.name if version else None, "samples": stats.total_samples}


def of_desk(desk: Any) -> Office:
    """The office of the platform's server: its guard keeps things in the store and reaches the learners directly."""

    services = desk.services
    keeping = StoreKeeping(services.documents, services.blobs, services.leases)

    def now() -> float:
        found: float = services.clock.now().timestamp()
        return found

    def make() -> Guard:
        following = elsewhere.Following(services.documents, services.journal.secret, now)
        following.announce()
        return Guard(
            link=DeskLink(desk),
            keeping=keeping,
            following=following,
            clock=now,
        ).start()

    return Office(make, desk, keeping.leave)


def coverage_of(told: float) -> float:
    """Raises WireError."""
    return number(told, "coverage", 0.5, 0.99)


def _judged(judged: Judgement) -> dict[str, Any]:
    unlike_all = bool(judged.scored.parts.get("novelty"))
    return {
        "score": judged.scored.score,
        "severity": str(judged.severity),
        "alarming": judged.alarming,
        "kind": judged.kinds[0],
        "reasons": [one for one in judged.reasons if one != NOVEL or unlike_all],
        "parts": dict(judged.scored.parts),
        "version": judged.scored.version,
        "windows_learnt_from": judged.evidence.seen,
        "features": judged.evidence.features._asdict(),
    }


def _version(version: Version) -> dict[str, Any]:
    return {
        "version": version.name,
        "stage": str(version.stage),
        "created": version.created.isoformat(),
        "sha256": version.artifact_digest,
        "size": version.artifact_size,
        "figures": {name: value if math.isfinite(value) else None for name, value in version.figures.items()},
        "tainted": version.tainted,
    }
