"""A release as entries of the signed list of targets: names, facts and order. No IO.

Three targets make a release of a learner: ``<learner>/<version>.onnx`` (the model),
``<learner>/<version>.card.json`` (its card) and ``<learner>/current.json``, which says which version
is current. All that a client must know before it downloads stands in the ``custom`` part of the first
and the last, so that a check fetches no target at all. TUF's canonical JSON has no fractions:
figures travel as decimal strings.

While a version proves itself on a share of the clients, ``<learner>/trial.json`` names it, its rollout and
the share; each client decides by a random number of its own whether it belongs to that share.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Mapping, Set
from typing import Any

from tuf.api.metadata import TargetFile, Targets

from samouk.loop.ports import TooLarge
from samouk.loop.records import Version
from samouk.publish.changelog import changelog

MAX_MODEL_BYTES = 10_000_000
"""Clients refuse larger models."""

FACTS = ("schema_version", "feature_version", "samples", "platforms")
"""Told about a release when its card or metadata has them."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class RefusedRelease(ValueError):
    """This version cannot be released; the message says why and what to do."""


class TooLargeRelease(RefusedRelease, TooLarge):
    """Clients refuse models of this size before a byte of them is fetched."""


def check_release(version: Version, size: int, digest: str) -> None:
    """Raise RefusedRelease when names or bytes are not fit to be published."""
    for what, name in (("learner", version.learner), ("version", version.name)):
        if not _NAME.fullmatch(name) or ".." in name:
            raise RefusedRelease(f"{what}: {name!r:.80} cannot be part of a path; use letters, digits, '.', '_', '-'")
    if (size, digest) != (version.artifact_size, version.artifact_digest):
        raise RefusedRelease(
            f"{version.learner} {version.name}: the bytes are not those of the registry "
            f"(sha256 {digest[:12]}… against {version.artifact_digest[:12]}…); fetch the artifact again"
        )
    if size > MAX_MODEL_BYTES:
        raise TooLargeRelease(
            f"{version.learner} {version.name}: {size:,} bytes, and clients take at most {MAX_MODEL_BYTES:,}; "
            "train a smaller model"
        )


def current_path(learner: str) -> str:
    """The target that says which version is current."""
    return f"{learner}/current.json"


def trial_path(learner: str) -> str:
    """The target that says which version is on trial, and for how large a share of the clients."""
    return f"{learner}/trial.json"


def model_path(learner: str, name: str) -> str:
    """The target that holds a model."""
    return f"{learner}/{name}.onnx"


def card_path(learner: str, name: str) -> str:
    """The target that holds a model card."""
    return f"{learner}/{name}.card.json"


def current_of(targets: Targets, learner: str) -> Mapping[str, Any] | None:
    """Version and number of the current release, with the model's own facts; None before the first."""
    pointer = targets.targets.get(current_path(learner))
    if pointer is None:
        return None
    model = targets.targets[model_path(learner, str(pointer.custom["version"]))]
    return dict(model.custom)


def current_releases(targets: Targets) -> Mapping[str, str]:
    """Learner → name of the current release."""
    pointers = {path.removesuffix("/current.json"): target for path, target in targets.targets.items()}
    return {learner: str(target.custom["version"]) for learner, target in pointers.items() if target.path != learner}


def trial_of(targets: Targets, learner: str) -> Mapping[str, Any] | None:
    """Version, number, rollout and share of the version on trial; None when there is none."""
    pointer = targets.targets.get(trial_path(learner))
    return None if pointer is None else dict(pointer.custom)


def is_released(targets: Targets, version: Version) -> bool:
    """Whether ``version`` is the current release already.

    Raises:
        RefusedRelease: a higher number is out, or this number is out with other bytes.
    """
    current = current_of(targets, version.learner)
    if current is None or version.number > int(current["number"]):
        return False
    pointed = targets.targets[model_path(version.learner, str(current["version"]))]
    if version.number < int(current["number"]):
        raise RefusedRelease(
            f"{version.learner} {version.name}: number {version.number} is behind {current['version']} (number "
            f"{current['number']}), which clients have; to go back, release the old bytes as a new, higher version"
        )
    if (version.name, version.artifact_digest) != (current["version"], pointed.hashes["sha256"]):
        raise RefusedRelease(
            f"{version.learner} {version.name}: number {version.number} is out already as {current['version']}; "
            "give this version the next number"
        )
    return True


def files_of(version: Version, data: bytes, before: Mapping[str, float]) -> dict[str, tuple[bytes, dict[str, Any]]]:
    """Target path → (bytes, custom part) of one release."""
    facts = _facts(version, before)
    pointer = {"version": version.name, "number": version.number}
    return {
        model_path(version.learner, version.name): (data, facts),
        card_path(version.learner, version.name): (_json(version.card), {}),
        current_path(version.learner): (_json(facts), pointer),
    }


def offer_of(
    version: Version, data: bytes, before: Mapping[str, float], rollout: str, share: float
) -> dict[str, tuple[bytes, dict[str, Any]]]:
    """Target path → (bytes, custom part) of one version on trial."""
    files = files_of(version, data, before)
    facts, _ = files.pop(current_path(version.learner))
    pointer = {"version": version.name, "number": version.number, "rollout": rollout, "share": f"{share:.6g}"}
    return {**files, trial_path(version.learner): (facts, pointer)}


def add_offer(targets: Targets, learner: str, files: Mapping[str, tuple[bytes, Mapping[str, Any]]]) -> None:
    """Enter the files of a version on trial, in place of another one's."""
    end_trial(targets, learner, keep={path for path in files if path.endswith(".onnx")})
    _enter(targets, files)


def end_trial(targets: Targets, learner: str, keep: Set[str] = frozenset()) -> None:
    """Name no trial any more, and drop its files unless they are those of ``keep``."""
    pointer = trial_of(targets, learner)
    if pointer is None:
        return
    targets.targets.pop(trial_path(learner))
    name = str(pointer["version"])
    if model_path(learner, name) not in keep:
        targets.targets.pop(model_path(learner, name), None)
        targets.targets.pop(card_path(learner, name), None)


def _enter(targets: Targets, files: Mapping[str, tuple[bytes, Mapping[str, Any]]]) -> None:
    for path, (data, custom) in files.items():
        target = TargetFile.from_data(path, data, ["sha256"])
        if custom:
            target.unrecognized_fields["custom"] = dict(custom)
        targets.targets[path] = target


def add_release(
    targets: Targets, version: Version, files: Mapping[str, tuple[bytes, Mapping[str, Any]]], keep: int
) -> None:
    """Enter the files of a release, reduce older ones to name and number, and drop all but ``keep``.

    A trial of an older or of this very version ends with it, in the same signature.
    """
    trial = trial_of(targets, version.learner)
    if trial is not None and int(trial["number"]) <= version.number:
        end_trial(targets, version.learner, keep=set(files))
    older = sorted(
        (target for target in targets.targets.values() if _is_model(target, version)),
        key=lambda target: int(target.custom["number"]),
        reverse=True,
    )
    for rank, target in enumerate(older):
        name = str(target.custom["version"])
        target.unrecognized_fields["custom"] = {"version": name, "number": int(target.custom["number"])}
        if rank >= keep - 1:
            targets.targets.pop(target.path)
            targets.targets.pop(card_path(version.learner, name), None)
    _enter(targets, files)


def figures_of(custom: Mapping[str, Any] | None) -> dict[str, float]:
    """The figures that a release carries, as numbers."""
    return {name: float(text) for name, text in ((custom or {}).get("figures") or {}).items()}


def _is_model(target: TargetFile, new: Version) -> bool:
    """Whether it is a model that ``new`` follows: one on trial with a higher number is not."""
    ours = target.path.startswith(f"{new.learner}/") and target.path.endswith(".onnx")
    return ours and int(target.custom["number"]) < new.number


def _facts(version: Version, before: Mapping[str, float]) -> dict[str, Any]:
    known = {**version.metadata, **version.card}
    facts: dict[str, Any] = {
        "version": version.name,
        "number": version.number,
        "created": version.created.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "figures": {name: f"{value:.6g}" for name, value in version.figures.items() if math.isfinite(value)},
        "changelog": list(changelog(version, before)),
    }
    for name in FACTS:
        value = known.get(name)
        if isinstance(value, list | tuple):
            facts[name] = [str(item) for item in value]
        elif isinstance(value, int | str) and not isinstance(value, bool):
            facts[name] = value
    return facts


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
