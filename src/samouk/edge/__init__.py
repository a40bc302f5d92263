"""The light client that an application embeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samouk.edge.collector import SelfLearningCollector
    from samouk.edge.feedback import FeedbackCollector
    from samouk.edge.predictor import Predictor
    from samouk.edge.updater import ModelUpdater

__all__ = ["FeedbackCollector", "ModelUpdater", "Predictor", "SelfLearningCollector"]

_HOMES = {
    "FeedbackCollector": "feedback",
    "ModelUpdater": "updater",
    "Predictor": "predictor",
    "SelfLearningCollector": "collector",
}


def __getattr__(name: str) -> object:
    """Import what is asked for only then (PEP 562), so that importing the package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
