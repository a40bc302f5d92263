"""A release as entries of the signed list of targets: names, facts and order. No IO.

Three targets make a release of a learner: ``<learner>/<version>.onnx`` (the model),
``<learner>/<version>.card.json`` (its card) and ``<learner>/current.json``, which says which version
is current. All that a client must know before it downloads stands in the ``custom`` part of the first
and the last, so that a check fetches no target at all. TUF's canonical JSON has no fractions:
figures travel as decimal strings.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from tuf.api.metadata import TargetFile, Targets

from samouk.loop.records import Version
from samouk.publish.changelog import changelog

MAX_MODEL_BYTES = 10_000_000
"""Clients refuse larger models."""

FACTS = ("schema_version", "feature_version", "samples", "platforms")
"""Told about a release when its card or metadata has them."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class RefusedRelease(ValueError):
    """This version cannot be released; the message says why and what to do."""


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
        raise RefusedRelease(
            f"{version.learner} {version.name}: {size:,} bytes, and clients take at most {MAX_MODEL_BYTES:,}; "
            "train a smaller model"
        )


def current_path(learner: str) -> str:
    """The target that says which version is current."""
    return f"{learner}/current.json"


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


def add_release(
    targets: Targets, version: Version, files: Mapping[str, tuple[bytes, Mapping[str, Any]]], keep: int
) -> None:
    """Enter the files of a release, reduce older ones to name and number, and drop all but ``keep``."""
    older = sorted(
        (target for target in targets.targets.values() if _is_model(target, version.learner)),
        key=lambda target: int(target.custom["number"]),
        reverse=True,
    )
    for rank, target in enumerate(older):
        name = str(target.custom["version"])
        target.unrecognized_fields["custom"] = {"version": name, "number": int(target.custom["number"])}
        if rank >= keep - 1:
            targets.targets.pop(target.path)
            targets.targets.pop(card_path(version.learner, name), None)
    for path, (data, custom) in files.items():
        target = TargetFile.from_data(path, data, ["sha256"])
        if custom:
            target.unrecognized_fields["custom"] = dict(custom)
        targets.targets[path] = target


def figures_of(custom: Mapping[str, Any] | None) -> dict[str, float]:
    """The figures that a release carries, as numbers."""
    return {name: float(text) for name, text in ((custom or {}).get("figures") or {}).items()}


def _is_model(target: TargetFile, learner: str) -> bool:
    return target.path.startswith(f"{learner}/") and target.path.endswith(".onnx")


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
