"""The queue for Celery's own tools: ``celery -A samouk.cli.queue flower``."""

from __future__ import annotations

from samouk import assembly
from samouk.cli.ends import settings

app = assembly.celery_app(settings(None))
