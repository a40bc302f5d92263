"""The client's side of the screens: reads, labels and anonymises a hierarchy on the user's machine."""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samouk.domains.screens import anonymise, rules
from samouk.domains.screens.element import Element, Evidence, Screen
from samouk.domains.screens.features import FEATURE_VERSION, features
from samouk.domains.screens.readers import platform_of, read
from samouk.domains.screens.schema import DP_STEP, FLAGS, SCHEMA
from samouk.domains.screens.taxonomy import TYPES
from samouk.edge.observer import Observation, UnreadableSource
from samouk.edge.wire import Row, Schema, Value, WireError
from samouk.loop.columns import to_columns

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FIELDS = tuple(spec.name for spec in SCHEMA.fields)
_values_of = itemgetter(*_FIELDS)
_MODEL = Path(__file__).parent / "universal" / "model.onnx"


@dataclass(frozen=True, slots=True)
class ScreenObserver:
    """What `samouk.edge.observer.Observer` asks for, for elements of mobile screens."""

    learner: str = "screens.element"
    schema: Schema = SCHEMA
    label_field: str = "element_type"
    feature_version: int = FEATURE_VERSION

    def observe(self, source: object, platform: str) -> Observation:
        """Read a hierarchy (see ``readers.read``), label what the rules can tell, and anonymise it.

        Elements that a person cannot see give no sample.

        Raises:
            UnreadableSource: says what is wrong with the source or the platform.
        """
        return self.observe_screen(read(source, platform))

    def observe_screen(self, screen: Screen) -> Observation:
        """What ``observe`` does, for a screen that was read already."""
        evidence = rules.evidence_of(screen)
        return _observation(screen, evidence, rules.secrets_of(screen, evidence))

    def correct(self, element: Mapping[str, Any], actual: str, platform: str) -> Observation:
        """One element, as a mapping of its attributes, with the type that a person gave it.

        Its key is "" when it has no words: nothing tells it from other elements of its class.

        Raises:
            UnreadableSource: the element or the platform cannot be read.
            WireError: ``actual`` is no type of the taxonomy; the message lists the nearest ones.
        """
        if actual not in TYPES:
            raise WireError(self.label_field, _no_type(actual))
        if not isinstance(element, Mapping):
            raise UnreadableSource(f"an element is a mapping of its attributes, not {type(element).__name__}")
        alone = {key: value for key, value in element.items() if key not in ("parent", "p", "parent_index")}
        screen = read([alone], platform_of(platform))
        told = rules.evidence_of(screen)
        secrets = rules.secrets_of(screen, told)
        told[0] = Evidence(actual, 1.0, "correction")
        shown = Screen(screen.platform, (_seen(screen.elements[0]), *screen.elements[1:]), screen.app)
        whole = _observation(shown, told, secrets)
        key = whole.keys[0] if any(_words(screen.elements[0], secrets)) else ""
        return Observation(whole.samples[:1], (key,), whole.app)

    def features(self, samples: Sequence[Row]) -> NDArray[np.float32]:
        """Numbers that the model takes, (n, width)."""
        return features(to_columns(SCHEMA, _columns(samples)))

    def bundled_model(self) -> Path | None:
        """The universal model that ships with the package."""
        return _MODEL if _MODEL.is_file() else None


OBSERVER = ScreenObserver()


def _columns(samples: Sequence[Row]) -> dict[str, Sequence[Value]]:
    """Values by field: the checks by column are those by row, and cost a tenth."""
    if not samples:
        return dict.fromkeys(_FIELDS, ())
    try:
        return dict(zip(_FIELDS, zip(*map(_values_of, samples), strict=True), strict=True))
    except KeyError:  # rows that other clients made may leave out what is optional
        return {name: [row.get(name) for row in samples] for name in _FIELDS}


def _observation(screen: Screen, evidence: Sequence[Evidence | None], secrets: frozenset[int]) -> Observation:
    placed = anonymise.samples_of(screen, evidence, dt.datetime.now(dt.UTC))
    prints = _fingerprints(screen, secrets)
    return Observation(tuple(row for _, row in placed), tuple(prints[index] for index, _ in placed), screen.app)


def _fingerprints(screen: Screen, secrets: frozenset[int]) -> list[str]:
    """For each element a hash of what makes it this very one; "" where nothing tells it from any other.

    An element with words is known by its class and them: a single element that a person corrects tells
    neither app nor place, and on one person's machine an element of the same class, identifier and words
    is the same thing. One without words is known by the app, by what it lies in up to the root, and by
    its looks; where the dump does not tell the app, by all words of the screen.
    """
    scale = rules.scale_of(screen)
    spoken = [_words(element, secrets) for element in screen.elements]
    home = screen.app or "\0".join(word for words in spoken for word in words if word)
    seen: Counter[tuple[int, str]] = Counter()
    paths: list[str] = []
    prints = []
    for element, words in zip(screen.elements, spoken, strict=True):
        family = (element.parent, element.class_name)
        around = paths[element.parent] if element.parent >= 0 else home
        paths.append(_hashed(around, element.class_name, str(seen[family]), element.resource_id))
        seen[family] += 1
        own = (element.class_name, *words) if any(words) else (paths[-1], *_looks(element, scale)) if home else None
        prints.append(_hashed(*own) if own else "")
    return prints


def _words(element: Element, secrets: frozenset[int]) -> tuple[str, str, str]:
    """Identifier, text and description; not what is typed in secret, which could be guessed from its hash."""
    return element.resource_id, "" if element.index in secrets else element.text, element.description


def _looks(element: Element, scale: float) -> list[str]:
    """Rounded size and flags."""
    bounds = element.bounds
    sides = () if bounds is None else (bounds.width * scale, bounds.height * scale)
    # What a person switches on and off is the same thing before and after.
    flags = (getattr(element, name) for name in FLAGS if name not in ("checked", "selected", "enabled"))
    return [*(str(round(side / DP_STEP)) for side in sides), *map(str, flags)]


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _seen(element: Element) -> Element:
    """A person who corrects an element sees it, whatever the dump says."""
    bounds = element.bounds if element.bounds and element.bounds.width > 0 and element.bounds.height > 0 else None
    return replace(element, visible=True, bounds=bounds)


def _no_type(actual: object) -> str:
    close = difflib.get_close_matches(str(actual).lower().replace("-", "_"), TYPES, n=3, cutoff=0.5)
    return (
        f"is no type of element; use {' or '.join(close)}"
        if close
        else f"is no type of element; use one of {', '.join(TYPES)}"
    )
