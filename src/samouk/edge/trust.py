"""What a client may believe about a release, and which release it takes. No IO.

::

    UpdateError
    ├── UpdateUnavailable   the network's: try again later
    ├── UpdateRefused       theirs: signature, expiry, rollback, size, or a model that does not run
    └── UpdateNotStored     your disk's: full, or not writable

Whatever is raised, the model that is installed stays and keeps working.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samouk.edge.errors import CacheError, EdgeError, TransportError, TrustError
from samouk.edge.wire import is_digest

MAX_MODEL_BYTES = 10_000_000
"""Larger models are refused before a byte of them is fetched."""

MAX_TIMESTAMP_BYTES = 16_384

MAX_LINES = 50
MAX_TEXT = 400


class UpdateError(EdgeError):
    """An update did not happen; the installed model is untouched."""


class UpdateUnavailable(UpdateError, TransportError):
    """No update could be fetched just now."""


class UpdateRefused(UpdateError, TrustError):
    """What the server offers must not be installed."""


class UpdateNotStored(UpdateError, CacheError):
    """This machine could not store the update."""


@dataclass(frozen=True, slots=True)
class Release:
    """What the signed metadata says of the current version.

    Attributes:
        number: counts up by one; a client never goes back.
        target: path of the model among the signed targets.
        size, sha256: length in bytes and digest of the model.
        signers: ids of the keys that may sign releases; when all of them were replaced the order of
            numbers starts anew, so that a thief's huge number cannot lock clients out for ever.
        trial: the rollout in which the version was on trial when it was offered, "" otherwise.
    """

    version: str
    number: int
    target: str
    size: int
    sha256: str
    created: str = ""
    schema_version: int = 0
    changelog: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    samples: int | None = None
    platforms: tuple[str, ...] = ()
    signers: tuple[str, ...] = ()
    trial: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """A version that proves itself on a share of the clients.

    Attributes:
        rollout: which trial it is; each deals the clients anew.
        share: of the clients, in (0, 1).
    """

    rollout: str
    share: float
    release: Release


@dataclass(frozen=True, slots=True)
class Installed:
    """A model on this machine. ``number`` 0 is the model that ships with the package; ``trial`` as of its release."""

    version: str
    number: int
    file: str
    sha256: str
    figures: Mapping[str, float] = field(default_factory=dict)
    signers: tuple[str, ...] = ()
    trial: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """A better version that can be had.

    Attributes:
        current: name of the installed version, None when there is none.
        size: bytes to download.
        before, after: metric → value in [0, 1], of the installed version and of this one.
    """

    release: Release
    current: str | None
    before: Mapping[str, float]

    @property
    def version(self) -> str:
        return self.release.version

    @property
    def number(self) -> int:
        return self.release.number

    @property
    def size(self) -> int:
        return self.release.size

    @property
    def sha256(self) -> str:
        return self.release.sha256

    @property
    def changelog(self) -> tuple[str, ...]:
        return self.release.changelog

    @property
    def after(self) -> Mapping[str, float]:
        return self.release.figures

    @property
    def samples(self) -> int | None:
        return self.release.samples

    @property
    def platforms(self) -> tuple[str, ...]:
        return self.release.platforms


@dataclass(frozen=True, slots=True)
class Check:
    """What a full check found: valid for ``trust`` (server and pinned root) until ``expires``."""

    trust: str
    etag: str | None
    expires: dt.datetime
    release: Release | None
    trial: Trial | None = None

    def encoded(self) -> bytes:
        """As JSON."""
        release = None if self.release is None else dataclasses.asdict(self.release)
        trial = None if self.trial is None else dataclasses.asdict(self.trial)
        known: dict[str, Any] = {"trust": self.trust, "etag": self.etag, "expires": self.expires.isoformat()}
        document = {**known, "release": release, "trial": trial}
        return json.dumps(document, indent=1).encode() + b"\n"

    @classmethod
    def decoded(cls, data: bytes) -> Check:
        """Raises ValueError, TypeError or KeyError when it is damaged."""
        document: dict[str, Any] = json.loads(data)
        release, trial = document["release"], document["trial"]
        return cls(
            document["trust"],
            document["etag"],
            dt.datetime.fromisoformat(document["expires"]),
            None if release is None else _kept_release(release),
            None if trial is None else Trial(trial["rollout"], trial["share"], _kept_release(trial["release"])),
        )


def _kept_release(document: dict[str, Any]) -> Release:
    lists = {name: tuple(document[name]) for name in ("changelog", "platforms", "signers")}
    return Release(**{**document, **lists})


def update_for(release: Release | None, installed: Installed | None, skipped: str | None) -> Update | None:
    """The update that ``release`` is for this client, or None when there is nothing to do.

    Args:
        skipped: sha256 of a model that was taken back on this machine and must not return by itself.

    Raises:
        UpdateRefused: the release is older than what is installed, or too large.
    """
    if release is None or release.sha256 == skipped:
        return None
    if installed is not None:
        if release.sha256 == installed.sha256 and release.number == installed.number:
            return None
        if is_behind(release, installed):
            if installed.trial:
                return None  # on trial here, and offered no more: it stays until a higher number comes
            raise UpdateRefused(
                f"the server offers {release.version} (number {release.number}), which is older than the installed "
                f"{installed.version} (number {installed.number}); its operator must release it under a new number"
            )
        if release.sha256 == installed.sha256 and installed.number == 0:
            return None
    if release.size > MAX_MODEL_BYTES:
        raise UpdateRefused(
            f"{release.version}: the model has {release.size:,} bytes, at most {MAX_MODEL_BYTES:,} are taken; "
            "tell the operator of the server"
        )
    before = {} if installed is None else installed.figures
    return Update(release, None if installed is None else installed.version, before)


def is_behind(release: Release, installed: Installed) -> bool:
    """Whether taking ``release`` would go back. Equal numbers with other bytes count as going back."""
    if installed.number and not set(release.signers) & set(installed.signers):
        return False
    return release.number < installed.number or (release.number == installed.number and installed.number > 0)


def release_of(
    learner: str, pointer: object, facts: object, *, size: int, sha256: str, signers: tuple[str, ...]
) -> Release:
    """Read the custom parts of the two signed targets.

    Args:
        pointer: custom part of ``<learner>/current.json``.
        facts: custom part of the model that it names.

    Raises:
        UpdateRefused: they are malformed or contradict each other.
    """
    version, number = version_in(learner, pointer)
    if not isinstance(facts, dict) or (facts.get("version"), facts.get("number")) != (version, number):
        raise UpdateRefused(_malformed(learner, "the model's facts contradict the current version"))
    if not is_digest(sha256):
        raise UpdateRefused(_malformed(learner, "the model carries no sha256"))
    samples = facts.get("samples")
    return Release(
        version=version,
        number=number,
        target=model_target(learner, version),
        size=size,
        sha256=sha256,
        created=str(facts.get("created", ""))[:MAX_TEXT],
        schema_version=_whole(facts.get("schema_version")),
        changelog=_texts(facts.get("changelog")),
        figures=_figures(facts.get("figures")),
        samples=samples if isinstance(samples, int) else None,
        platforms=_texts(facts.get("platforms")),
        signers=signers,
    )


def trial_of(learner: str, pointer: object, release: Release) -> Trial:
    """Read the custom part of ``<learner>/trial.json``. Raises UpdateRefused when it is malformed."""
    found = pointer if isinstance(pointer, dict) else {}
    rollout = found.get("rollout")
    try:
        share = float(found.get("share", ""))
    except (TypeError, ValueError):
        share = 0.0
    if not isinstance(rollout, str) or not 1 <= len(rollout) <= MAX_TEXT or not 0 < share < 1:
        raise UpdateRefused(_malformed(learner, "the trial names no rollout, or no share of the clients"))
    return Trial(rollout, share, dataclasses.replace(release, trial=rollout))


def version_in(learner: str, pointer: object) -> tuple[str, int]:
    """Name and number of the current version. Raises UpdateRefused when they are malformed."""
    if not isinstance(pointer, dict):
        raise UpdateRefused(_malformed(learner, "it does not say which version is current"))
    version, number = pointer.get("version"), pointer.get("number")
    if not isinstance(version, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", version):
        raise UpdateRefused(_malformed(learner, f"the version is named {version!r:.80}"))
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise UpdateRefused(_malformed(learner, f"the version's number is {number!r:.40}"))
    return version, number


def current_target(learner: str) -> str:
    """The signed target that names the current version."""
    return f"{learner}/current.json"


def trial_target(learner: str) -> str:
    """The signed target that names the version on trial."""
    return f"{learner}/trial.json"


def model_target(learner: str, version: str) -> str:
    """The signed target that is a version's model."""
    return f"{learner}/{version}.onnx"


def http_text(endpoint: str, status: int) -> str:
    """What an error answer means for the user."""
    if status == 404:
        return f"{endpoint} publishes no models; check ml.upload_endpoint, or ask its operator to release one"
    if 300 <= status < 400:
        return f"{endpoint} sends clients elsewhere ({status}); set ml.upload_endpoint to the final address"
    return f"{endpoint} answered {status}; try again later"


def not_stored_text(error: OSError, folder: Path) -> str:
    """Why this machine could not keep an update, and what to do."""
    return f"{folder}: the update cannot be stored ({error.strerror or error}); free some space or correct the rights"


def _malformed(learner: str, what: str) -> str:
    return f"the release of {learner} cannot be understood: {what}; tell the operator of the server"


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item)[:MAX_TEXT] for item in value[:MAX_LINES]) if isinstance(value, list) else ()


def _figures(value: object) -> dict[str, float]:
    """Figures travel as decimal strings; what is no finite number is left out, for they only inform."""
    found: dict[str, float] = {}
    pairs: dict[str, Any] = value if isinstance(value, dict) else {}
    for name, text in list(pairs.items())[:MAX_LINES]:
        try:
            number = float(text)
        except (TypeError, ValueError):
            continue
        if math.isfinite(number):
            found[str(name)[:MAX_TEXT]] = number
    return found
