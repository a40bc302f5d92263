"""Predicts on the user's machine: the newest good model, under it the personal memory of corrections."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from samouk.edge import observer as observers
from samouk.edge import places, runtime
from samouk.edge.errors import ModelError
from samouk.edge.installed import ModelFolder
from samouk.edge.memory import PersonalMemory
from samouk.edge.observer import Observer
from samouk.edge.tallies import Tallies
from samouk.edge.wire import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

METADATA = "samouk"
"""Under this key a model carries JSON: ``learner``, ``classes``, ``schema_version``, ``abstain``, ``version``."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one element is taken for.

    Attributes:
        element_type: the best guess, also where it is not good enough.
        confidence: in [0, 1].
        source: ``memory`` the user's own correction; ``model``; ``class`` the observer's own label, where
            there is no model or the model abstains.
        abstained: True when the guess is too weak to act on.
    """

    element_type: str
    confidence: float
    source: Literal["model", "memory", "class"]
    abstained: bool = False


class Model:
    """One ONNX model that fits this client: float32 ``features`` (n, width) in, ``probabilities`` (n, classes) out.

    It runs on one thread, so that its host keeps the others. ``version`` is its name in the registry, "" when
    neither the updater nor the file tells it.

    Raises:
        ModelError: the file does not load or does not fit this observer; the message says why.
    """

    def __init__(self, path: Path, observer: Observer, version: str = "") -> None:
        try:
            self._session = runtime.session(str(path))
        except Exception as problem:  # noqa: BLE001 - the runtime's own errors share no class
            raise ModelError(f"{path.name}: does not load ({type(problem).__name__}); get it anew") from None
        metadata = _metadata(path, self._session.get_modelmeta().custom_metadata_map)
        self.path = path
        self.version = version or str(metadata.get("version", ""))
        self.classes: tuple[str, ...] = tuple(metadata["classes"])
        self.abstain = float(metadata.get("abstain", 0.0))
        self._require_fit(metadata, observer)

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, width) → (n, classes)."""
        import numpy as np

        if not len(features):
            return np.empty((0, len(self.classes)), np.float32)
        answer: NDArray[np.float32] = self._session.run(["probabilities"], {"features": features})[0]
        return answer

    def _require_fit(self, metadata: Mapping[str, Any], observer: Observer) -> None:
        learner, schema = metadata.get("learner"), metadata.get("schema_version", observer.schema.version)
        if learner != observer.learner:
            raise ModelError(f"{self.path.name}: is a model of {learner!r:.80}, not of {observer.learner}")
        if schema != observer.schema.version:
            raise ModelError(f"{self.path.name}: reads schema {schema}, this client {observer.schema.version}; update")
        counts = metadata.get("feature_version", observer.feature_version)
        if counts != observer.feature_version:
            raise ModelError(
                f"{self.path.name}: reads features {counts}, this client {observer.feature_version}; update"
            )
        width = observer.features(()).shape[1]
        takes = {item.name: item.shape for item in self._session.get_inputs()}.get("features")
        gives = {item.name: item.shape for item in self._session.get_outputs()}.get("probabilities")
        if takes is None or gives is None:
            raise ModelError(f"{self.path.name}: must take features and give probabilities")
        if takes[-1] not in (width, None) and not isinstance(takes[-1], str):
            raise ModelError(f"{self.path.name}: takes {takes[-1]} numbers, this client makes {width}; update")
        if isinstance(gives[-1], int) and gives[-1] != len(self.classes):
            raise ModelError(f"{self.path.name}: gives {gives[-1]} probabilities for {len(self.classes)} classes")


class Predictor:
    """Predicts the elements of a screen, offline.

    Args:
        model_path: a model of your own; by default the downloaded one, else the one before it, else the
            one that ships with the package. A model that was downloaded meanwhile is taken up by itself.
        observer: what reads screens; the installed one by default.
        memory: the user's corrections; by default their own.
        environ: variables to look at instead of the process's own.

    Attributes:
        model: the model in use, None when there is none that fits.
        notes: what was passed over and why, in words for the user.

    Raises:
        ModelError: ``model_path`` cannot be used.
        LookupError: no observer is installed.
    """

    def __init__(
        self,
        model_path: str | os.PathLike[str] | None = None,
        observer: Observer | None = None,
        memory: PersonalMemory | None = None,
        *,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        environ = places.environment(environ)
        self._observer = observer or observers.observer()
        learner = self._observer.learner
        self._memory = PersonalMemory(places.memory_file(environ, learner)) if memory is None else memory
        self._folder = ModelFolder(places.models_dir(environ, learner))
        self._follows = model_path is None
        self._tallies = Tallies(environ, learner, self._observer.bundled_model())
        self._stamp = self._current_stamp()
        self.notes: tuple[str, ...] = ()
        self.model: Model | None = None if model_path is None else Model(Path(model_path), self._observer)
        if self._follows:
            self._take_up()

    def predict(self, source: object, platform: str = "android") -> list[Prediction]:
        """Predict every element that the observer sees in a hierarchy. Raises UnreadableSource."""
        seen = self._observer.observe(source, platform)
        return self.predict_samples(seen.samples, seen.keys)

    def predict_samples(self, rows: Sequence[Row], keys: Sequence[str] = ()) -> list[Prediction]:
        """Predict samples; with their fingerprints, the personal memory has its say."""
        self._follow()
        remembered = self._memory.recall(keys) if keys else [None] * len(rows)
        model = self.model
        guesses = [self._by_class(row) for row in rows] if model is None else self._by_model(model, rows)
        told = [
            guess if label is None else Prediction(label, 1.0, "memory")
            for label, guess in zip(remembered, guesses, strict=True)
        ]
        if model is not None:
            self._tallies.shown(sum(one.source == "model" and not one.abstained for one in told), model.path)
        return told

    def close(self) -> None:
        """Write what was counted of a version on trial; otherwise it is written every few seconds."""
        self._tallies.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _by_model(self, model: Model, rows: Sequence[Row]) -> list[Prediction]:
        probabilities = model.probabilities(self._observer.features(rows))
        best = probabilities.argmax(axis=1)
        out = []
        for row, place, confidence in zip(rows, best.tolist(), probabilities.max(axis=1).tolist(), strict=True):
            guess = Prediction(model.classes[place], min(confidence, 1.0), "model", confidence < model.abstain)
            told = self._by_class(row) if guess.abstained else guess
            out.append(guess if told.abstained else told)
        return out

    def _by_class(self, row: Row) -> Prediction:
        """The label that the observer gave by rules, with its own confidence; abstained where it gave none."""
        confidence = row.get("confidence")
        sure = float(confidence) if isinstance(confidence, int | float) else 0.0
        return Prediction(str(row.get(self._observer.label_field)), sure, "class", abstained=sure <= 0.0)

    def _follow(self) -> None:
        """Take up what an updater has put in place since the last look."""
        if self._follows and self._stamp != self._current_stamp():
            self._stamp = self._current_stamp()
            self._take_up()

    def _take_up(self) -> None:
        """Use the first candidate that fits; when none does, what is in use stays."""
        notes = []
        for path, version in self._candidates():
            try:
                self.model = Model(path, self._observer, version)
                break
            except ModelError as problem:
                notes.append(str(problem))
        if notes:
            used = f"using {self.model.version or self.model.path.name}" if self.model else "predicting without a model"
            notes.append(used)
        self.notes = tuple(notes)

    def _candidates(self) -> list[tuple[Path, str]]:
        """Files with the names of their versions, the best first; "" where the file itself must say it."""
        shelf = self._folder.good()
        installed = [model for model in (shelf.current, shelf.previous) if model is not None]
        found = [(self._folder.path / model.file, model.version) for model in installed]
        bundled = self._observer.bundled_model()
        return found if bundled is None else [*found, (bundled, "")]

    def _current_stamp(self) -> object:
        try:
            status = (self._folder.path / "current.json").stat()
        except OSError:
            return None
        return (status.st_mtime_ns, status.st_ino)


def _metadata(path: Path, properties: Mapping[str, str]) -> dict[str, Any]:
    try:
        metadata = json.loads(properties[METADATA])
        if metadata["classes"] and all(isinstance(name, str) for name in metadata["classes"]):
            return dict(metadata)
    except (KeyError, ValueError, TypeError):
        pass
    raise ModelError(f"{path.name}: says nothing of its classes; it was not made by samouk")
