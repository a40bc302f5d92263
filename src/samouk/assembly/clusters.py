"""Who fits: this process or a cluster, and what its workers find where they run."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from samouk.loop.ports import FitFailed, Log, Trainer
from samouk.loop.train import LocalTrainer
from samouk.settings import BadSetting, Settings, load
from samouk.store.scratch import FileScratch

if TYPE_CHECKING:
    from samouk.trainers.engine import Engine
    from samouk.trainers.work import Bench


def trainer_of(settings: Settings, log: Log) -> Trainer:
    """This process, or the cluster that the settings name. Raises BadSetting."""
    if not settings.trainer:
        return LocalTrainer()
    from samouk.trainers.cluster import ClusterTrainer
    from samouk.trainers.engine import BadAddress, address_of

    try:
        address_of(settings.trainer)
    except BadAddress as error:
        raise BadSetting(f"SAMOUK_TRAINER: {error}") from None
    return ClusterTrainer(settings.trainer, log.shards, partial(bench, settings.home, settings.blobs_url))


def bench(home: Path, blobs_url: str) -> Bench:
    """What a cluster's worker finds where it runs, by its own settings first, then in the driver's places.

    Raises:
        FitFailed: neither shows it any packs.
    """
    from samouk.store import shards
    from samouk.store.blobs.places import places
    from samouk.trainers.work import Bench

    own = load(os.environ)
    home = home if home.is_dir() else own.home
    url = own.blobs_url or blobs_url
    if not url and not (home / "packs").is_dir():
        raise FitFailed(f"a worker sees no packs in {home}: set SAMOUK_BLOBS_URL for it, or share the folder with it")
    packs = places(url, home).packs
    return Bench(partial(shards.read, packs), FileScratch(home / "scratch", own.train_memory_mb * 1_000_000))


def engine(url: str) -> Engine:
    """A connection to the cluster that a URL names. Raises BadSetting and FitFailed."""
    from samouk.trainers.engine import BadAddress, connected

    try:
        return connected(url)
    except BadAddress as error:
        raise BadSetting(str(error)) from None
