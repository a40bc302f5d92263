"""OnlineLearningService: the whole loop inside an application's own process, a thin front over it."""

from __future__ import annotations

import datetime as dt
import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from samouk.edge.wire import Row
    from samouk.loop.learner import Learner
    from samouk.loop.lifetime import PerformanceMetrics
    from samouk.loop.live import Heard
    from samouk.loop.ports import Services
    from samouk.loop.records import Order, Run, Version
    from samouk.loop.serving import Answer, Serving

log = logging.getLogger("samouk.online")

DOMAIN = "scoring"
"""A model type without a dot is of this domain: ``calling`` is ``scoring.calling``."""

DEFAULT_TYPE = "outcome"
SINCE = dt.date(2000, 1, 1)

LOOK_S = 0.5
"""Seconds after which a prediction looks for what other processes changed: a version that they took back goes too."""

JUDGED_AMONG = 1_000
"""Runs among which the last one with a verdict is looked for."""


class NotReady(RuntimeError):
    """``initialize`` was not called yet, or the service is closed."""


class OnlineLearningService:
    """Predicts, hears how it turned out, and learns from it, without a server. ::

        with OnlineLearningService() as service:
            answer = service.predict("agent 7", {"amount": 12.5, "channel": "web"})
            service.record_outcome(answer.event_id, 1.0)
            service.tend()
            service.trigger_retraining(reason="a new season")

    Any number of processes may work on one home at once, servers included.

    Args:
        home: folder of the store; by default ``SAMOUK_HOME``, else ``~/.samouk``.
        learners: learners beside those that are installed, for applications that bring one of their own.
    """

    def __init__(self, home: Path | str | None = None, *, learners: Sequence[Learner] = ()) -> None:
        self._home = None if home is None else str(home)
        self._own = {learner.name: learner for learner in learners}
        self._open = ExitStack()
        self._largest_model = 0
        self._services: Services | None = None
        self._serving: dict[str, Serving] = {}
        self._looked: dict[str, float] = {}
        self._said: dict[str, str] = {}
        self._known: dict[str, Learner] = {}
        self._training: dict[str, threading.Thread] = {}
        self._problem: Exception | None = None

    def initialize(self) -> Self:
        """Open the store, or make it with its signing keys, and put first models in service; twice is once.

        Raises:
            StoreUnavailable, BadSetting: the message names the remedy.
        """
        if self._services is not None:
            return self
        from samouk import assembly, domains
        from samouk.loop.turn import begin
        from samouk.settings import load

        settings = load(os.environ, home=self._home)
        assembly.ensure_signing_keys(settings)
        found = domains.discover()
        with ExitStack() as opening:
            services = opening.enter_context(assembly.opened(settings, domains=found.values()))
            learners = {learner.name: learner for domain in found.values() for learner in domain.learners}
            self._known = {**learners, **self._own}
            for learner in self._known.values():
                begin(learner, services)
            self._open = opening.pop_all()
        self._services, self._largest_model = services, settings.max_model_mb
        return self

    def predict(self, unit: str, features: Row, *, model_type: str = DEFAULT_TYPE) -> Answer:
        """Score one row for a unit (an agent, a session): sticky to a variant, recorded, pseudonymous.

        What other processes changed is seen within ``LOOK_S``.

        Raises:
            WireError: the unit is no text of 1 to 200 characters, or a feature is unknown, missing or out of range.
            NoVersion: no version is in service: the domain ships no first one, and none was learnt yet from samples
                that came otherwise.
            PredictionFailed: the model in service failed on this row; that is recorded, and weighs against it.
        """
        from samouk.loop.serving import PredictionFailed

        serving, journal = self._serve(model_type), self._ready().journal
        try:
            shown = serving.predict(unit, features)
        except PredictionFailed as failure:
            journal.expose(failure.exposures)
            raise
        journal.expose([shown.exposure])
        return shown.answer

    def record_outcome(
        self,
        event_id: str,
        value: float,
        *,
        model_type: str = DEFAULT_TYPE,
        metric: str | None = None,
        at: dt.datetime | None = None,
    ) -> Heard:
        """Say how a prediction turned out. Telling it twice changes nothing; the first word stands.

        Raises:
            BadOutcome: an unknown event or metric, a value out of range, a moment in the future.
        """
        from samouk.loop.outcome import Told, tell

        learner = self._learner(model_type)
        told = Told(event_id, metric or learner.outcomes[0].name, value, at)
        return tell(learner, self._ready(), [told])[0]

    def tend(self, model_type: str = DEFAULT_TYPE) -> Run | None:
        """What a server does by itself: take in outcomes, look at the rollout, and learn when it is time.

        Returns:
            The run, when a trigger fired; None also when another process on the same home is learning just then.
        """
        from samouk.loop.ports import LeaseLost
        from samouk.loop.ramp import tend
        from samouk.loop.watch import due

        learner, services = self._learner(model_type), self._ready()
        tend(learner, services)
        order = due(learner, services)
        try:
            return self._turn(learner, order) if order else None
        except LeaseLost:
            return None
        finally:
            self._refresh(learner)

    def trigger_retraining(
        self, model_type: str = DEFAULT_TYPE, reason: str = "asked for", *, wait: bool = True
    ) -> Run | None:
        """Learn now from all outcomes so far; what passes the gate is staged, or released if it is the first.

        Args:
            reason: 1 to 500 printable characters; it stands in the run and in the audit.
            wait: False learns in a thread of its own; ``is_retraining`` tells when it is done, and
                ``last_problem`` whether it failed.

        Returns:
            The run; None when it goes on in its thread.

        Raises:
            LeaseLost: this model type is being learnt already, here or in another process.
            WireError: ``reason`` is none.
        """
        from samouk.loop.ports import LeaseLost
        from samouk.loop.reason import reason_of
        from samouk.loop.records import Order, TriggerKind

        learner, order = self._learner(model_type), Order(TriggerKind.MANUAL, reason_of(reason))
        if self._is_learning(learner.name):
            raise LeaseLost(f"{learner.name} is being learnt already; wait until is_retraining is False")
        if wait:
            return self._turn(learner, order)
        self._problem = None
        thread = threading.Thread(target=self._train, args=(learner, order), name=f"turn:{learner.name}")
        self._training[learner.name] = thread
        thread.start()
        return None

    @property
    def is_retraining(self) -> bool:
        """Whether any model is being learnt just now, by this object or by any process on the same home."""
        return any(self._is_learning(name) for name in self._known)

    @property
    def last_problem(self) -> Exception | None:
        """What stopped the last retraining that nobody waited for; None when nothing did."""
        return self._problem

    @property
    def last_retraining_date(self) -> dt.datetime | None:
        """When the newest retraining ended that came to a verdict, of whatever model type; None before the first."""
        runs = self._ready().runs
        judged = (
            next((run.ended for run in runs.runs(name, JUDGED_AMONG) if run.ended and run.verdict), None)
            for name in self._known
        )
        return max((ended for ended in judged if ended is not None), default=None)

    def get_performance_metrics(
        self, version: str | None = None, *, model_type: str = DEFAULT_TYPE, metric: str | None = None
    ) -> PerformanceMetrics:
        """How a version did in service, over all days; by default the one in service.

        Raises:
            NotFound: no such version.
        """
        from samouk.loop.lifetime import summed
        from samouk.loop.ports import NotFound

        learner, services = self._learner(model_type), self._ready()
        champion = services.registry.production(learner.name)
        name = version or (champion.name if champion else None)
        if name is None:
            raise NotFound(f"{learner.name} has no version in service yet")
        services.registry.version(learner.name, name)
        spec = learner.outcome(metric) if metric else learner.outcomes[0]
        days = services.journal.days(learner.name, spec.name, SINCE, spec.window)
        return summed(name, model_type, [day for day in days if day.version == name])

    def register_new_model_version(
        self,
        model_path: Path | str,
        *,
        version: str | None = None,
        model_type: str = DEFAULT_TYPE,
        training_metrics: Mapping[str, float] | None = None,
    ) -> Version:
        """Take in an ONNX model that was made elsewhere: checked, judged on the holdout, staged for a tenth.

        Args:
            version: its name, which must be the next one (v1.1 → v1.2); None takes that by itself.
            training_metrics: what its maker measured; it stands on the model card.

        Returns:
            The version, staged or, where there was none before, in service.

        Raises:
            UnfitArtifact: it cannot serve here, the gate let it not pass, or there are no outcomes yet to judge it
                by; the message says why, and what to do.
            ValueError: ``version`` is not the next one.
            OSError: the file cannot be read.
            LeaseLost: this learner is being learnt just now.
        """
        from samouk.loop.learner import UnfitArtifact
        from samouk.loop.outcome import harvest
        from samouk.loop.registry import next_name
        from samouk.loop.turn import NOTHING_TO_JUDGE_BY, adopt

        learner, services = self._learner(model_type), self._ready()
        following = next_name(services.registry.versions(learner.name))
        if version is not None and version != following:
            raise ValueError(f"version: the next one of {learner.name} is {following}, not {version}; leave it out")
        path = Path(model_path)
        data = _model(path, self._largest_model)
        harvest(learner, services)
        run = adopt(learner, services, data, training_metrics or {}, f"registered from {path.name}")
        if run.version is None:
            reasons = "; ".join(run.verdict.reasons) if run.verdict else NOTHING_TO_JUDGE_BY
            raise UnfitArtifact(f"model_path: {path.name} was not entered: {reasons}")
        self._refresh(learner)
        return services.registry.version(learner.name, run.version)

    def export_training_data(self, path: Path | str, *, model_type: str = DEFAULT_TYPE, form: str | None = None) -> int:
        """Write every row that was learnt from, with its outcome, as JSON, JSONL or Parquet; bytes written.

        Args:
            form: ``json``, ``jsonl`` or ``parquet``; by default the path's suffix.

        Raises:
            ValueError: an unknown format.
            ParquetMissing: the package that writes Parquet is not installed.
            OSError: the file cannot be written; an earlier one is untouched.
        """
        from samouk.export import encoded, form_of, write

        target = Path(path)
        chosen = form or form_of(target)
        return write(encoded(self._learner(model_type), self._ready().log, chosen), target)

    def close(self) -> None:
        """Let a retraining end, keep what was learnt online, and close the store; twice is once."""
        for thread in self._training.values():
            thread.join()
        for serving in self._serving.values():
            serving.close()
        self._serving.clear()
        self._services = None
        self._open.close()

    def __enter__(self) -> Self:
        return self.initialize()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ready(self) -> Services:
        if self._services is None:
            raise NotReady("call initialize() first, or use the service as a context manager")
        return self._services

    def _learner(self, model_type: str) -> Learner:
        self._ready()
        name = model_type if "." in model_type else f"{DOMAIN}.{model_type}"
        if name not in self._known:
            raise ValueError(f"model_type: there is no {name}; there are: {', '.join(sorted(self._known))}")
        return self._known[name]

    def _serve(self, model_type: str) -> Serving:
        """What answers, as it stood at most ``LOOK_S`` ago."""
        from samouk.loop.serving import Serving

        learner = self._learner(model_type)
        if learner.name not in self._serving:
            self._serving.setdefault(learner.name, Serving(learner, self._ready()))
        if time.monotonic() - self._looked.get(learner.name, -LOOK_S) >= LOOK_S:
            self._refresh(learner)
        return self._serving[learner.name]

    def _refresh(self, learner: Learner) -> None:
        """Look for what has changed. A version that cannot answer keeps no other from it, and is told to the log."""
        from samouk.loop.serving import Unservable

        serving = self._serving.get(learner.name)
        if serving is None:
            return
        self._looked[learner.name] = time.monotonic()
        try:
            serving.refresh()
            self._said.pop(learner.name, None)
        except Unservable as trouble:
            if not serving.versions:
                raise
            if self._said.get(learner.name) != str(trouble):  # said once, not at each look
                log.error("%s", trouble)  # noqa: TRY400 - one line
            self._said[learner.name] = str(trouble)

    def _is_learning(self, name: str) -> bool:
        """Whether a learner is being learnt, here or in any process on the same home."""
        held = self._ready().leases.held(f"turn:{name}")
        return held or (name in self._training and self._training[name].is_alive())

    def _turn(self, learner: Learner, order: Order) -> Run:
        from samouk.loop.outcome import harvest
        from samouk.loop.turn import turn

        harvest(learner, self._ready())
        run = turn(learner, self._ready(), order)
        self._refresh(learner)
        return run

    def _train(self, learner: Learner, order: Order) -> None:
        try:
            self._turn(learner, order)
        except Exception as problem:  # noqa: BLE001 - the border of the thread: told by last_problem
            self._problem = problem


def _model(path: Path, largest: int) -> bytes:
    """The bytes of a model file; one that is too large is refused unread. Raises UnfitArtifact and OSError."""
    from samouk.loop.learner import UnfitArtifact

    size = path.stat().st_size
    if size > largest * 1_000_000:
        raise UnfitArtifact(f"model_path: {path.name} has {size:,} bytes, at most {largest} MB (SAMOUK_MAX_MODEL_MB)")
    return path.read_bytes()
