"""Samouk: models that teach themselves from the people who use them. Importing it imports nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samouk.online import OnlineLearningService

__all__ = ["OnlineLearningService"]


def __getattr__(name: str) -> type[OnlineLearningService]:
    if name == "OnlineLearningService":
        from samouk.online import OnlineLearningService

        return OnlineLearningService
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
