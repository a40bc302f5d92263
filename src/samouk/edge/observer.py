"""What a domain gives the client: how a thing is seen, anonymised and turned into numbers on the user's machine.

A domain offers its observer by the entry point group ``samouk.observers``, under the name of its
learner. The client finds it there, so that no domain is named in this package.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from samouk.edge.wire import Row, Schema

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GROUP = "samouk.observers"

MAX_SOURCE = 20_000_000
"""Characters or bytes of one source, at most: far above any real screen; reading more would hold the host up."""


class UnreadableSource(ValueError):
    """A hierarchy that cannot be read; the message names what is wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen on one screen.

    Attributes:
        samples: rows of the closed schema: all that may ever leave the machine.
        keys: for each sample a fingerprint of the very element, for the personal memory. Never leaves. "" where
            too little is known to tell it from others: such a sample is not remembered.
        app: name of the application, "" when unknown. Never leaves; only its split group does.
    """

    samples: tuple[Row, ...]
    keys: tuple[str, ...]
    app: str = ""


class Observer(Protocol):
    """The client's side of one learner."""

    @property
    def learner(self) -> str:
        """Name of the learner, ``screens.element`` for example."""

    @property
    def schema(self) -> Schema:
        """The closed schema of its samples."""

    @property
    def label_field(self) -> str:
        """Name of the schema's field that holds the label."""

    @property
    def feature_version(self) -> int:
        """Number of the way in which ``features`` counts; a model of another number is refused."""

    def observe(self, source: object, platform: str) -> Observation:
        """Read a hierarchy (text, bytes, dict or list), label and anonymise it. Raises UnreadableSource."""

    def correct(self, element: Mapping[str, Any], actual: str, platform: str) -> Observation:
        """One element with the label a person gave it, as a single sample. Raises UnreadableSource or WireError."""

    def features(self, samples: Sequence[Row]) -> NDArray[np.float32]:
        """Numbers that the model takes, (n, width)."""

    def bundled_model(self) -> Path | None:
        """The model that ships with the package."""


def observer(learner: str | None = None) -> Observer:
    """The observer of a learner, or the only one there is.

    Raises:
        LookupError: none is installed under that name, or the name is needed to choose.
    """
    found = {point.name: point for point in entry_points(group=GROUP)}
    if learner is None and len(found) == 1:
        learner = next(iter(found))
    if learner is None or learner not in found:
        names = ", ".join(sorted(found)) or "none"
        raise LookupError(f"no observer for {learner or 'this client'}; installed: {names}")
    return cast(Observer, found[learner].load())
