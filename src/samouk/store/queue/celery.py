"""Celery over Redis: it carries the names of tasks to free workers, and knows nothing else of them.

So nothing is lost with Redis: whoever schedules says again what waits too long. Nothing is done twice for being said
twice: a worker claims each task in the store.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from samouk.store.outage import Outage
from samouk.store.queue.speech import quiet_worker, speak_plainly
from samouk.store.redis import PREFIX, connect, place

if TYPE_CHECKING:
    from celery import Celery

NAME = "samouk.task"
QUEUE = "samouk"

VISIBILITY_S = 2 * 3_600
"""A message that no worker acknowledged for so long is given to another one: longer than a turn may take."""

PUBLISH_S = 1.0
"""How long it may take to reach Redis: a request waits for it."""

CROWD = 1_000
"""With so many messages waiting none is said again."""


def app_of(url: str) -> Celery:
    """The Celery application, also for Celery's own tools.

    Raises:
        StoreUnavailable: the URL is none of Redis.
    """
    from celery import Celery

    connect(url).close()  # refuses what is no address
    app = Celery("samouk", broker=url)
    app.conf.update(
        accept_content=["json"],  # never pickle: who can write to Redis could run anything
        task_serializer="json",
        result_serializer="json",
        task_ignore_result=True,  # what became of a task stands in the store; nothing is left that had to expire
        result_expires=3_600,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_default_queue=QUEUE,
        task_create_missing_queues=True,
        task_publish_retry=False,
        task_send_sent_event=True,
        worker_send_task_events=True,
        worker_enable_remote_control=False,  # else who can write to Redis could stop the workers
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_timeout=PUBLISH_S,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # a worker waits for Redis as long as it is away
        broker_transport_options={
            "visibility_timeout": VISIBILITY_S,
            "global_keyprefix": f"{PREFIX}queue:",
            "socket_connect_timeout": PUBLISH_S,
            "socket_keepalive": True,
        },
        timezone="UTC",
        enable_utc=True,
    )
    return app


class CeleryQueue:
    """Says to the workers that there is a task.

    Args:
        url: ``redis://host:port/number``.

    Raises:
        StoreUnavailable: the URL is none of Redis.
    """

    def __init__(self, url: str) -> None:
        self.place = place(url)
        self._app = app_of(url)
        # The publisher gives up at once; only workers wait for Redis to come back.
        self._app.conf.broker_transport_options |= {"max_retries": 0, "socket_timeout": PUBLISH_S}
        self._redis = connect(url, PUBLISH_S)
        self._outage = Outage(self.place)

    @property
    def failures(self) -> int:
        """How often it was out of order so far."""
        return self._outage.failures

    def send(self, task_id: str) -> bool:
        """Have a worker look at the task; False while Redis is out of order, and while thousands wait."""
        return self._ask(lambda: self._send(task_id))

    def answers(self) -> bool:
        """Whether Redis is in order now."""
        return self._ask(lambda: bool(self._redis.ping()))

    def close(self) -> None:
        self._redis.close()
        self._app.close()

    def _send(self, task_id: str) -> bool:
        waiting: Any = self._redis.llen(f"{PREFIX}queue:{QUEUE}")
        if waiting >= CROWD:
            return False
        self._app.send_task(NAME, [task_id], task_id=task_id, ignore_result=True)
        return True

    def _ask(self, question: Callable[[], bool]) -> bool:
        from kombu.exceptions import OperationalError
        from redis.exceptions import RedisError

        if not self._outage.may_try():
            return False
        try:
            answer = question()
        except (OperationalError, RedisError, OSError) as error:
            self._outage.failed(error)
            return False
        self._outage.answered()
        return answer


def work(url: str, perform: Callable[[str], str], concurrency: int, closing: Callable[[], None]) -> int:
    """Be a worker until a signal ends it; its exit code.

    Threads are enough: each waits for a process that learns.

    Args:
        perform: the id of a task → what became of it, for Celery's log.
        closing: called when the worker is told to stop, before it waits for what runs.
    """
    from celery import signals

    app = app_of(url)

    @app.task(name=NAME)  # type: ignore[untyped-decorator]
    def task(task_id: str) -> str:
        return perform(task_id)

    def stop(**_: Any) -> None:
        closing()

    signals.worker_shutting_down.connect(stop)
    speak_plainly(place(url))
    options = {"pool_cls": "threads", "loglevel": "WARNING", "task_events": True, "quiet": True}
    worker = quiet_worker(app.Worker, concurrency=concurrency, **options)
    worker.start()
    return int(worker.exitcode or 0)
