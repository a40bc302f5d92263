"""What a guard keeps and finds again: rules, alerts, the state of its parts; what is spoilt begins anew and is said."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Protocol

from samouk.domains.traffic.detect.detector import AnomalyDetector
from samouk.domains.traffic.keeping import Keeping, Unreadable

log = logging.getLogger("samouk.traffic")

Trouble = Callable[[str, str], None]
"""Told of what went wrong: the name of a count, and words."""


class Part(Protocol):
    """Something with a state."""

    def save(self) -> bytes: ...

    def load(self, data: bytes) -> None: ...


class Remembering:
    """Between the parts of a guard and where they are kept.

    Args:
        parts: name → part, beside the detector.
        trouble: told of what could not be read.
    """

    def __init__(
        self, keeping: Keeping, detector: AnomalyDetector, parts: Mapping[str, Part], trouble: Trouble
    ) -> None:
        self._keeping = keeping
        self._detector = detector
        self._parts = parts
        self._trouble = trouble

    def restore(self) -> bool:
        """Find everything again; False when no state was kept yet. What cannot be read begins anew."""
        found: dict[str, bytes] = {}

        def state() -> None:
            found.update(self._keeping.state())

        self._attempt("rules", self._begin_rules)
        self._attempt("alerts", self._begin_alerts)
        self._attempt("state", state)
        for name, part in self._parts.items():
            if name in found:
                self._load(name, partial(part.load, found[name]))
        self._load("detector", partial(self._detector.load, found))
        return bool(found)

    def save(self) -> None:
        """Keep the state of all parts. Raises what keeping raises."""
        self._keeping.keep_state(self._saved())

    def _saved(self) -> Iterator[tuple[str, bytes]]:
        """One part after the other: all at once would be more memory than the parts themselves take."""
        for name, part in self._parts.items():
            yield name, part.save()
        yield from self._detector.save().items()

    def flush(self) -> None:
        """Keep the alerts that changed; those that could not be kept are tried again. Raises what keeping raises."""
        book = self._detector.book
        with self._detector.lock:
            changed, everything = book.unsaved(), book.all()
        kept = False
        try:
            self._keeping.keep_alerts(changed, everything)
            kept = True
        finally:
            if not kept:
                with self._detector.lock:
                    book.remember(changed)

    def forget(self, user_id: str) -> int:
        """Remove kept alerts that name a user, and keep the state without the user. Raises what keeping raises.

        Returns how many alerts were kept.
        """
        with self._detector.lock:
            everything = self._detector.book.all()
        gone = self._keeping.forget_alerts(user_id, everything)
        self.save()
        return gone

    def read_rules(self) -> None:
        """Put rules in force that another process, or a person with an editor, has changed. Raises Unreadable."""
        found = self._keeping.rules()
        if found is not None:
            self._detector.rules = found

    def _begin_rules(self) -> None:
        found = self._keeping.rules()
        if found is None:
            self._keeping.keep_rules(self._detector.rules)
        else:
            self._detector.rules = found

    def _begin_alerts(self) -> None:
        self._detector.book.restore(self._keeping.alerts())

    def _attempt(self, what: str, work: Callable[[], None]) -> None:
        try:
            work()
        except (Unreadable, OSError) as error:
            self._trouble("unreadable", f"{what} begin anew: {error}")

    def _load(self, name: str, load: Callable[[], None]) -> None:
        try:
            load()
        except ValueError as error:
            self._trouble("unreadable", f"the kept state of the {name} begins anew: {error}")
