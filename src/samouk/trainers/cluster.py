"""The trainer on a cluster: sends where the batches lie, never the batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from samouk.loop.learner import Context, Learner
from samouk.loop.ports import FitFailed, LeaseLost, NotFound
from samouk.loop.records import Artifact, BatchEntry, Examples, Shard
from samouk.trainers.engine import Engine, Patience, connected
from samouk.trainers.work import Bench, Job, fit, versions

ROUNDS = 3
"""How often a fit is begun again because packs were moved under it: an erasure or a compaction writes them anew."""

READING_SECONDS = 600.0
"""What is granted beyond three time budgets: reading and putting together what is learnt from."""


@dataclass(frozen=True, slots=True)
class ClusterTrainer:
    """The Trainer port on Dask or Ray.

    Attributes:
        url: as ``engine.connected`` takes it.
        locate: where the batches lie now.
        bench: called on each worker; must be picklable and carry no secret.
    """

    url: str
    locate: Callable[[Sequence[BatchEntry]], list[Shard]]
    bench: Callable[[], Bench]

    def fit(
        self,
        learner: Learner,
        examples: Examples,
        champion: Artifact | None,
        context: Context,
        entries: Sequence[BatchEntry],
    ) -> Artifact:
        import cloudpickle

        packed = cloudpickle.dumps(learner)
        context.progress(f"handed to {self.url}", 0.0)

        def job() -> Job:
            shards = self.locate(entries)
            return Job(
                versions(), packed, champion, shards, self.bench, context.seed, context.time_budget_s, context.threads
            )

        engine = connected(self.url)
        try:
            return self._fitted(engine, job, context)
        except (FitFailed, LeaseLost):
            raise
        except Exception as error:
            raise FitFailed(f"the fit failed on {self.url}: {type(error).__name__}: {error}") from error
        finally:
            engine.close()

    def _fitted(self, engine: Engine, job: Callable[[], Job], context: Context) -> Artifact:
        watch = Patience(context.progress, context.check, 3 * context.time_budget_s + READING_SECONDS)
        for _ in range(ROUNDS):
            try:
                return engine.run(fit, job(), watch)
            except NotFound as error:
                context.progress(f"reading anew: {error}", 0.0)
        raise FitFailed(
            f"packs were not where the log says, {ROUNDS} times: workers need SAMOUK_BLOBS_URL, or the home's folder"
        )
