"""Where the client keeps its files: settings, models and the cache of samples, all outside any project.

=====================  =================================  ==============================
what                   set by                             otherwise
=====================  =================================  ==============================
settings               ``SAMOUK_CONFIG_HOME``             ``$XDG_CONFIG_HOME/samouk``
models, memory, counts ``SAMOUK_DATA_HOME``               ``$XDG_DATA_HOME/samouk``
samples on their way   ``SAMOUK_CACHE``                   ``$XDG_CACHE_HOME/samouk/ml_cache``
=====================  =================================  ==============================

The cache never lies in the working directory: a cache inside a repository gets committed some day.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def environment(given: Mapping[str, str] | None) -> Mapping[str, str]:
    """The variables to look at: the given ones, empty or not, else the process's own."""
    return os.environ if given is None else given


def config_file(environ: Mapping[str, str]) -> Path:
    """The file of settings, ``config.json``."""
    return _home(environ, "SAMOUK_CONFIG_HOME", "XDG_CONFIG_HOME", ".config") / "config.json"


def data_home(environ: Mapping[str, str]) -> Path:
    """The folder of downloaded models and of the personal memory."""
    return _home(environ, "SAMOUK_DATA_HOME", "XDG_DATA_HOME", ".local/share")


def models_dir(environ: Mapping[str, str], learner: str) -> Path:
    """The folder of one learner's models."""
    return data_home(environ) / "models" / learner


def memory_file(environ: Mapping[str, str], learner: str) -> Path:
    """The file of one learner's personal memory."""
    return data_home(environ) / "memory" / f"{learner}.json"


def tallies_dir(environ: Mapping[str, str]) -> Path:
    """The folder of what is counted while a version is on trial, one file a learner."""
    return data_home(environ) / "tallies"


def cache_dir(environ: Mapping[str, str]) -> Path:
    """The folder ``ml_cache``: samples that were collected and not yet sent, and their receipts."""
    if environ.get("SAMOUK_CACHE"):
        return Path(environ["SAMOUK_CACHE"]).expanduser()
    return _home(environ, "", "XDG_CACHE_HOME", ".cache") / "ml_cache"


def _home(environ: Mapping[str, str], own: str, standard: str, fallback: str) -> Path:
    if environ.get(own):
        return Path(environ[own]).expanduser()
    if environ.get(standard):
        return Path(environ[standard]).expanduser() / "samouk"
    user = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    return user / fallback / "samouk"
