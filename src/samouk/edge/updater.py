"""ModelUpdater: looks for a better model, verifies it, tries it, and only then takes it into service.

``python-tuf`` decides what is believed. A check without news costs one conditional request for
``timestamp.json`` (under 1 KB); it is only made while every signature of the last full check still
holds, so a server or a man in the middle that answers "nothing new" for ever can hide a release for
one timestamp's life at most (a day by default), as TUF allows any freezing attacker.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from samouk.edge import config, disk, fetch, places
from samouk.edge.bucket import bucket, side
from samouk.edge.errors import CacheError
from samouk.edge.installed import ModelFolder, digest_of
from samouk.edge.observer import Observer, observer
from samouk.edge.trial import Fit, UnfitModel, try_model
from samouk.edge.trust import (
    MAX_TIMESTAMP_BYTES,
    Check,
    Installed,
    Release,
    Update,
    UpdateNotStored,
    UpdateRefused,
    UpdateUnavailable,
    http_text,
    not_stored_text,
    update_for,
)

if TYPE_CHECKING:
    from samouk.edge.tuf_client import TrustedRepository
    from samouk.edge.tuf_fetcher import Progress

logger = logging.getLogger(__name__)

CHECK_EVERY = dt.timedelta(days=1)
RETRY_AFTER = dt.timedelta(hours=1)
LOCK_WAIT_S = 120.0
"""How long one process waits while another updates."""


class ModelUpdater:
    """Keeps one learner's model up to date. Any number of processes may do so at once.

    Args:
        endpoint: base URL of the server; by default the setting ``ml.upload_endpoint``.
        learner: name of the learner; by default the only one that is installed.
        data_dir: where models and trusted metadata lie; by default as ``places.data_home`` says.
        root: file of the server's first root metadata; by default ``SAMOUK_ROOT``. Without it the
            server is trusted on first use, over https or loopback only.
        environ: variables to look at instead of the process's own.
        progress: called with the bytes done and the bytes in all while a model is downloaded.

    Attributes:
        last_error: what stopped the last ``auto_update``, None when nothing did.

    Raises:
        LookupError: no learner is named and none, or more than one, is installed.
    """

    def __init__(
        self,
        endpoint: str | None = None,
        learner: str | None = None,
        *,
        data_dir: Path | None = None,
        root: Path | None = None,
        progress: Progress | None = None,
        timeout_s: float = fetch.TIMEOUT_S,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        environ = places.environment(environ)
        self._observer = _observer(learner)
        self.learner: str = learner or (self._observer.learner if self._observer else "")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", self.learner):
            raise ValueError(f"learner: {self.learner!r:.80} is no name of a learner")
        self._environ = environ
        self._endpoint = endpoint
        self._data = data_dir or places.data_home(environ)
        self._models = ModelFolder(self._data / "models" / self.learner)
        self._root = root or (Path(environ["SAMOUK_ROOT"]) if environ.get("SAMOUK_ROOT") else None)
        self._progress = progress
        self._timeout_s = timeout_s
        self.last_error: Exception | None = None

    def check_for_updates(self) -> Update | None:
        """The update that can be had, or None when the installed model is the newest.

        Raises:
            UpdateUnavailable, UpdateRefused, UpdateNotStored, ConfigError
        """
        with self._alone():
            return update_for(self._latest(), self.current(), self._models.shelf().skip)

    def download_update(self, update: Update) -> Path:
        """Download, verify, try and switch to the update; the old model stays as the last good one.

        Returns:
            The path of the model, now current.

        Raises:
            UpdateUnavailable: the network failed; the next call goes on from what has come.
            UpdateRefused, UpdateNotStored, ConfigError
        """
        with self._alone():
            if update_for(update.release, self.current(), None) is None:
                return self._path(self.current())
            repository = self._repository()
            repository.refresh()
            file = self._models.held(update.sha256)  # a release that goes back to old bytes
            if file is None:
                file = repository.download(update.release, self._models.part(update.sha256), self._progress)
                self._try(file, update.release)
            installed = self._models.install(file, update.release)
            self._models.tidy()
        logger.info("%s: switched to %s", self.learner, installed.version)
        return self._path(installed)

    def auto_update(self, *, force: bool = False) -> Update | None:
        """Check, download and switch, at most once a day (after a failure: once an hour) unless forced.

        Never raises into its host: what went wrong is logged and kept in ``last_error``. Does nothing
        while the setting ``ml.auto_update`` is false, unless forced.

        Returns:
            The update that was installed, None when there was none.
        """
        self.last_error = None
        try:
            if not force and not self._is_due():
                return None
            self._check_again_in(RETRY_AFTER)
            update = self.check_for_updates()
            if update is not None:
                self._check_again_in(CHECK_EVERY)
                self.download_update(update)
            self._check_again_in(CHECK_EVERY)
        except Exception as error:  # noqa: BLE001 - the border to the host: an update must never stop it
            self.last_error = error
            logger.warning("%s was not updated: %s", self.learner, error)
            return None
        return update

    def current(self) -> Installed | None:
        """The model in service: the installed one, else the last good one, else the one that ships with the package."""
        return self._models.good().current or self._bundled()

    def model_path(self) -> Path | None:
        """The file of the model in service."""
        current = self.current()
        return None if current is None else self._path(current)

    def knows_server(self) -> bool:
        """Whether the server was asked from this machine before, so that a root of it is trusted. Asks nobody.

        Raises:
            ConfigError
        """
        return (self._trust_folder() / "root.json").exists()

    def rollback_to_last_good(self) -> Installed | None:
        """Take the installed model out of service on this machine; it does not come back by itself.

        Returns:
            The model now in service: the one before, else the one that ships; None when there is none to go back to.

        Raises:
            UpdateNotStored
        """
        with self._alone():
            if not self._models.roll_back(to_nothing=self._bundled() is not None):
                return None
            return self.current()

    def _latest(self) -> Release | None:
        """What is offered to this client: as the last full check found it, or a new one where something changed."""
        known = self._last_check()
        answer = self._ask_timestamp(known)
        if answer.status == 304 and known is not None:
            return self._mine(known)
        repository = self._repository()
        repository.refresh(answer.body)
        release, trial = repository.release(self.learner), repository.trial(self.learner)
        check = Check(self._trust_key(), answer.etag, repository.expires(), release, trial)
        disk.replace(self._models.path / "check.json", check.encoded())
        return self._mine(check)

    def _mine(self, check: Check) -> Release | None:
        """The version on trial for those whose lot it is, the current one for all others."""
        trial, current = check.trial, check.release
        if trial is None or (current is not None and trial.release.number <= current.number):
            return current
        mine = side(bucket(self._models.path), trial.rollout, trial.share)
        return trial.release if mine == "challenger" else current

    def _ask_timestamp(self, known: Check | None) -> fetch.Answer:
        server = self._server()
        headers = {"If-None-Match": known.etag} if known is not None and known.etag else {}
        url = f"{server}/v1/tuf/metadata/timestamp.json"
        try:
            return fetch.get(url, headers, limit=MAX_TIMESTAMP_BYTES, timeout_s=self._timeout_s)
        except fetch.HttpStatus as error:
            raise UpdateUnavailable(http_text(server, error.status)) from error
        except fetch.NobodyThere as error:
            raise UpdateUnavailable(f"nothing answers at {server}; is the server running (samouk serve)?") from error
        except fetch.NetworkFault as error:
            raise UpdateUnavailable(f"{server}: {error}; try again later") from error
        except fetch.WrongLength as error:
            raise UpdateRefused(f"{error}; tell the operator of the server") from error

    def _last_check(self) -> Check | None:
        """What the last full check found, while all its signatures hold and it is of the same server and root."""
        try:
            check = Check.decoded((self._models.path / "check.json").read_bytes())
        except (OSError, ValueError, TypeError, KeyError):
            return None
        holds = check.trust == self._trust_key() and dt.datetime.now(dt.UTC) < check.expires
        return check if holds else None

    def _repository(self) -> TrustedRepository:
        from samouk.edge.tuf_client import TrustedRepository

        return TrustedRepository(self._trust_folder(), self._server(), self._root, timeout_s=self._timeout_s)

    def _trust_folder(self) -> Path:
        server = self._server()
        name = re.sub(r"[^a-z0-9.]+", "-", urlsplit(server).netloc.lower())
        return self._data / "trust" / f"{name}-{hashlib.sha256(server.encode()).hexdigest()[:8]}"

    def _server(self) -> str:
        if self._endpoint is None:
            return config.load(self._environ).upload_endpoint
        return str(config.setting("ml.upload_endpoint").read(self._endpoint))

    def _trust_key(self) -> str:
        """Changes with the server and with the pinned root."""
        pinned = "" if self._root is None else digest_of(self._root) if self._root.is_file() else "absent"
        return f"{self._server()} {pinned}"

    def _try(self, part: Path, release: Release) -> None:
        try:
            try_model(part, self._fit())
        except UnfitModel as error:
            part.unlink(missing_ok=True)
            raise UpdateRefused(
                f"{release.version} is signed but does not work here: {error}; the installed model stays in service"
            ) from error

    def _fit(self) -> Fit:
        if self._observer is None:
            return Fit(self.learner)
        width = int(self._observer.features(()).shape[1])
        return Fit(self.learner, self._observer.schema.version, self._observer.feature_version, width)

    def _bundled(self) -> Installed | None:
        path = None if self._observer is None else self._observer.bundled_model()
        return None if path is None else Installed(_shipped_as(path), 0, str(path), digest_of(path))

    def _path(self, model: Installed | None) -> Path:
        return self._models.path / ("" if model is None else model.file)  # a bundled model's path is absolute

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other updaters out, and say it as ours when this machine cannot store."""
        try:
            with disk.locked(self._data / "update.lock", LOCK_WAIT_S):
                disk.private_dir(self._models.path)
                yield
        except UpdateNotStored:
            raise
        except CacheError as error:
            raise UpdateNotStored(f"{error}; another program is updating its models, try again later") from error
        except OSError as error:
            raise UpdateNotStored(not_stored_text(error, self._data)) from error

    def _is_due(self) -> bool:
        if not config.load(self._environ).auto_update:
            return False
        try:
            due = dt.datetime.fromisoformat((self._models.path / "next_check").read_text("ascii"))
            now = dt.datetime.now(dt.UTC)
            return not now < due <= now + CHECK_EVERY  # a date further off was written by a wrong clock
        except (OSError, ValueError, TypeError):
            return True

    def _check_again_in(self, pause: dt.timedelta) -> None:
        with self._alone():
            due = dt.datetime.now(dt.UTC) + pause
            disk.replace(self._models.path / "next_check", due.isoformat().encode())


def _observer(learner: str | None) -> Observer | None:
    """The learner's observer; None for a learner whose domain is not installed here."""
    try:
        return observer(learner)
    except LookupError:
        if learner is None:
            raise
        return None


def _shipped_as(model: Path) -> str:
    """The version that the card beside a shipped model gives it."""
    try:
        return str(json.loads(model.with_name("card.json").read_bytes())["version"])
    except (OSError, ValueError, TypeError, KeyError):
        return "bundled"
