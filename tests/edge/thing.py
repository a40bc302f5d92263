"""A small domain for the client's tests: things with a number and a size, which are big or small."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samouk.edge import wire
from samouk.edge.observer import Observation, UnreadableSource
from samouk.edge.wire import Field, Row, Schema

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TYPES = ("big", "small", "odd")
SCHEMA = Schema(
    "test.thing",
    1,
    (
        Field("sample_id", "identifier"),
        Field("n", "integer", 0, 10_000_000),
        Field("size", "integer", 0, 100),
        Field("shiny", "flag", optional=True),
        Field("platform", "category", values=("android", "ios")),
        Field("element_type", "category", values=TYPES),
        Field("label_source", "category", values=("auto", "correction")),
        Field("confidence", "number", 0, 1),
        Field("timestamp", "week"),
    ),
)


class ThingObserver:
    """Reads a list of dicts with ``n``, ``size`` and a secret ``word``; ``app`` may stand beside ``things``."""

    learner = "test.thing"
    schema = SCHEMA
    label_field = "element_type"
    model: Path | None = None

    def observe(self, source: object, platform: str) -> Observation:
        if isinstance(source, str):
            source = json.loads(source)
        if not isinstance(source, dict) or "things" not in source:
            raise UnreadableSource("a source must be an object with things")
        found = [self._sample(thing, platform) for thing in source["things"]]
        return Observation(tuple(found), tuple(map(_key, source["things"])), source.get("app", ""))

    def correct(self, element: Mapping[str, Any], actual: str, platform: str) -> Observation:
        sample = {**self._sample(element, platform), "element_type": actual, "label_source": "correction"}
        SCHEMA.check_row(sample)
        return Observation((sample,), (_key(element),))

    def features(self, samples: Sequence[Row]) -> NDArray[np.float32]:
        import numpy as np

        return np.array([[row["size"], row["shiny"] is True] for row in samples], np.float32).reshape(-1, 2)

    feature_version = 1

    def bundled_model(self) -> Path | None:
        return self.model

    def _sample(self, thing: Mapping[str, Any], platform: str) -> Row:
        return {
            "sample_id": str(uuid.uuid4()),
            "n": thing["n"],
            "size": thing["size"],
            "shiny": thing.get("shiny"),
            "platform": platform,
            "element_type": "big" if thing["size"] > 50 else "small",
            "label_source": "auto",
            "confidence": thing.get("sure", 0.9),
            "timestamp": wire.week_of(dt.datetime(2026, 11, 18, tzinfo=dt.UTC)),
        }


def _key(thing: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(thing, sort_keys=True).encode()).hexdigest()


def screen(count: int, first: int = 0, app: str = "org.secret.bank") -> dict[str, Any]:
    """So many things with numbers from ``first`` on."""
    things = [{"n": n, "size": n % 101, "word": f"secret-{n}"} for n in range(first, first + count)]
    return {"app": app, "things": things}
