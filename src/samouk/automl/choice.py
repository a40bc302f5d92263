"""The best model of a search that can be handed on: small enough, and true to its source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from samouk.automl.graph import to_onnx
from samouk.automl.parity import Parity, parity
from samouk.automl.search import Candidate, Found
from samouk.automl.table import Matrix, Table

LARGEST = 10_000_000
"""Bytes that clients take, at most."""


class NothingFit(RuntimeError):
    """No family gave a model that may be handed on; the message says what was wrong with each."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A candidate as ONNX, and how it compares with its source; ``refusal`` is None when it may be handed on."""

    candidate: Candidate
    data: bytes
    parity: Parity
    refusal: str | None


def exported(found: Found, table: Table, probes: Matrix, largest: int = LARGEST) -> Iterator[Exported]:
    """Every candidate, the best first, compared on the rows ``probes``."""
    for candidate in found.candidates:
        data = to_onnx(candidate, table)
        likeness = parity(candidate.estimator, data, probes, table.classes)
        yield Exported(candidate, data, likeness, _refusal(data, likeness, candidate, found, largest))


def chosen(candidates: list[Exported]) -> Exported:
    """The first without a refusal. Raises NothingFit."""
    for one in candidates:
        if one.refusal is None:
            return one
    told = "; ".join(f"{one.candidate.family} {one.refusal}" for one in candidates) or "no family could be tried"
    raise NothingFit(f"no model may be handed on: {told}; search longer, or with more samples")


def _refusal(data: bytes, likeness: Parity, candidate: Candidate, found: Found, largest: int) -> str | None:
    if len(data) > largest:
        return f"has {len(data):,} bytes, more than {largest:,}"
    if not likeness.faithful:
        return f"answers otherwise as ONNX on {likeness.off:.1%} of the rows (up to {likeness.largest:.3g} apart)"
    if candidate.loss >= found.constant:
        return f"errs no less ({candidate.loss:.4f}) than one answer to every row ({found.constant:.4f})"
    return None
