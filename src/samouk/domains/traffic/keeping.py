"""What a guard remembers over restarts, and where: in a folder of its own, or in the platform's store."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from samouk.domains.traffic.detect.alerts import alert_of, document_of
from samouk.domains.traffic.detect.book import KEPT
from samouk.domains.traffic.detect.rules import document_of as rule_document
from samouk.domains.traffic.detect.rules import rules_of
from samouk.domains.traffic.records import Alert, Rule
from samouk.edge import disk
from samouk.edge.wire import WireError
from samouk.families.packing import unpack
from samouk.loop.ports import Blobs, CorruptBlob, Document, Documents, Leases, NotFound, Outdated

log = logging.getLogger("samouk.traffic.keeping")

RULES_SHELF = "traffic.detection_rules"
RULE_COLUMNS = ("name", "feature", "threshold", "severity", "enabled", "minimum", "help")
"""Members of a rule's document, columns of the table ``detection_rules``."""

ALERTS_SHELF = "traffic.alerts"
STATE_SHELF = "traffic.state"
STATE_KEY = "guard"

_KIND = "samouk.traffic.guard/1"
_ATTEMPTS = 5


class Unreadable(Exception):
    """What was kept cannot be used; the message names where it lies, what is wrong and what to do."""


class Keeping(Protocol):
    """Where a guard keeps what it must remember. Calls block; they raise Unreadable, or OSError and the like."""

    def rules(self) -> tuple[Rule, ...] | None:
        """The table of rules; None when none was kept yet."""

    def keep_rules(self, rules: Iterable[Rule]) -> None:
        """Keep this table in place of the one before."""

    def alerts(self) -> list[Alert]:
        """Alerts that were kept, oldest first, at most ``KEPT``; what cannot be read is left out."""

    def keep_alerts(self, changed: Sequence[Alert], everything: Iterable[Alert]) -> None:
        """Keep alerts that changed; ``everything`` is the whole book, for a keeping that writes it as one."""

    def forget_alerts(self, user_id: str, everything: Iterable[Alert]) -> int:
        """Remove kept alerts that name a user; how many. ``everything`` is the book without them."""

    def state(self) -> dict[str, bytes]:
        """What the parts of the guard saved, by name; empty when nothing was kept yet."""

    def keep_state(self, parts: Iterable[tuple[str, bytes]]) -> None:
        """Keep this, by name, in place of what was kept before, all or nothing; no two parts are held at once."""


class FolderKeeping:
    """Three files in a folder: ``detection_rules.json``, which people may edit, ``alerts.json`` and ``state.npz``.

    Each is replaced as a whole: a reader sees the old one or the new. A file that cannot be read is put aside under
    another name when its successor is written, never overwritten.
    """

    def __init__(self, folder: Path) -> None:
        self._rules = folder / "detection_rules.json"
        self._alerts = folder / "alerts.json"
        self._state = folder / "state.npz"
        self._bad: set[Path] = set()

    def rules(self) -> tuple[Rule, ...] | None:
        document = self._json(self._rules)
        if document is None:
            return None
        try:
            return rules_of(document)
        except WireError as error:
            self._bad.add(self._rules)
            raise Unreadable(f"{self._rules}: {error}; correct it, or remove the file for the default rules") from None

    def keep_rules(self, rules: Iterable[Rule]) -> None:
        data = json.dumps([rule_document(rule) for rule in rules], indent=1).encode()
        self._replace(self._rules, lambda file: file.write(data))

    def alerts(self) -> list[Alert]:
        found = self._json(self._alerts)
        if found is None:
            return []
        if not isinstance(found, list):
            self._bad.add(self._alerts)
            raise Unreadable(f"{self._alerts}: is no array of alerts; remove the file to begin a new book")
        return _readable(found, str(self._alerts))

    def keep_alerts(self, changed: Sequence[Alert], everything: Iterable[Alert]) -> None:
        if changed:
            data = json.dumps([document_of(alert) for alert in everything]).encode()
            self._replace(self._alerts, lambda file: file.write(data))

    def forget_alerts(self, user_id: str, everything: Iterable[Alert]) -> int:
        named = sum(alert.user_id == user_id for alert in self.alerts())
        if named:
            data = json.dumps([document_of(alert) for alert in everything]).encode()
            self._replace(self._alerts, lambda file: file.write(data))
        return named

    def state(self) -> dict[str, bytes]:
        try:
            data = self._state.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            return _unpacked(data)
        except ValueError as error:
            self._bad.add(self._state)
            raise Unreadable(f"{self._state}: {error}; remove the file, what is normal is learnt anew") from None

    def keep_state(self, parts: Iterable[tuple[str, bytes]]) -> None:
        self._replace(self._state, lambda file: _pack(parts, file))

    def _json(self, path: Path) -> Any:
        """None when there is no such file."""
        try:
            return json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError) as error:
            self._bad.add(path)
            raise Unreadable(f"{path}: is not JSON ({error}); correct it, or remove the file to begin anew") from None

    def _replace(self, path: Path, write: Callable[[IO[bytes]], object]) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path in self._bad and path.exists():
            path.replace(path.with_name(f"{path.name}.unreadable-{secrets.token_hex(4)}"))
        self._bad.discard(path)
        with disk.replacing(path) as file:
            write(file)


HELD_S = 150.0
"""A server that has not kept its state for so long is taken to be gone; a living one does every minute."""


class StoreKeeping:
    """In the platform's store: a document for each rule and each alert, and the parts of the state as blobs.

    Of several servers one keeps its state, the first to ask for it; another takes over when that one has fallen
    silent. What the others' guards learnt meanwhile is theirs alone. Rules and alerts are everybody's.

    Args:
        leases: shared by the servers; None when there is only one.
    """

    def __init__(self, documents: Documents, blobs: Blobs, leases: Leases | None = None) -> None:
        self._documents = documents
        self._blobs = blobs
        self._leases = leases
        self._holder = secrets.token_hex(16)

    def rules(self) -> tuple[Rule, ...] | None:
        kept = self._documents.shelf(RULES_SHELF)
        if not kept:
            return None
        try:
            return rules_of([dict(document.body) for document in kept], RULES_SHELF)
        except WireError as error:
            raise Unreadable(f"{error}; put the rules anew") from None

    def keep_rules(self, rules: Iterable[Rule]) -> None:
        wanted = {rule.name: rule_document(rule) for rule in rules}
        kept = {document.key: document for document in self._documents.shelf(RULES_SHELF)}
        for name, body in wanted.items():
            if name not in kept or dict(kept[name].body) != body:
                self._save(RULES_SHELF, name, body)
        for name in kept.keys() - wanted.keys():
            self._documents.remove(RULES_SHELF, name)

    def alerts(self) -> list[Alert]:
        newest = self._documents.shelf(ALERTS_SHELF, KEPT, newest=True)
        found = _readable([document.body for document in newest], ALERTS_SHELF)
        return sorted(found, key=lambda alert: alert.at)

    def keep_alerts(self, changed: Sequence[Alert], everything: Iterable[Alert]) -> None:
        for alert in changed:
            self._save(ALERTS_SHELF, alert.alert_id, document_of(alert))
        if changed:
            self._documents.trim(ALERTS_SHELF, KEPT)

    def forget_alerts(self, user_id: str, everything: Iterable[Alert]) -> int:
        del everything  # each alert is a document of its own
        named = [one.key for one in self._documents.shelf(ALERTS_SHELF) if one.body.get("user_id") == user_id]
        for key in named:
            self._documents.remove(ALERTS_SHELF, key)
        return len(named)

    def state(self) -> dict[str, bytes]:
        document = self._documents.get(STATE_SHELF, STATE_KEY)
        if document is None:
            return {}
        try:
            return {name: self._blobs.get(key) for name, key in document.body["parts"].items()}
        except (KeyError, CorruptBlob, NotFound) as error:
            raise Unreadable(f"{STATE_SHELF}: {error}; what is normal is learnt anew") from None

    def keep_state(self, parts: Iterable[tuple[str, bytes]]) -> None:
        if self._leases is not None and not self._leases.acquire(STATE_SHELF, self._holder, HELD_S):
            return
        before = self._documents.get(STATE_SHELF, STATE_KEY)
        keys: dict[str, str] = {}
        old = in_force = set(before.blobs if before else ())
        try:
            for name, part in parts:
                keys[name] = self._blobs.put(part)
                del part
            self._save(STATE_SHELF, STATE_KEY, {"parts": keys}, tuple(sorted(set(keys.values()))))
            in_force = set(keys.values())
        finally:  # also of a save that failed half-way, or a full disk would be filled further each minute
            for key in old.union(keys.values()) - in_force:
                self._blobs.delete(key)

    def leave(self) -> None:
        """Let another server keep its state from now on."""
        if self._leases is not None:
            self._leases.release(STATE_SHELF, self._holder)

    def _save(self, shelf: str, key: str, body: Mapping[str, Any], blobs: tuple[str, ...] = ()) -> None:
        """The last word stands, whoever else writes."""
        for attempt in range(_ATTEMPTS):
            kept = self._documents.get(shelf, key)
            try:
                self._documents.save(Document(shelf, key, body, kept.revision if kept else 0, blobs))
            except Outdated:
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                return


def _pack(parts: Iterable[tuple[str, bytes]], file: IO[bytes]) -> None:
    """As ``samouk.families.packing.pack``, part by part into the file, the facts last."""
    digests: dict[str, str] = {}
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in parts:
            digests[name] = hashlib.sha256(part).hexdigest()
            _write_member(archive, name, part)
            del part
        _write_member(archive, "facts", json.dumps({"kind": _KIND, "sha256": digests}).encode())


def _write_member(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array(member, np.frombuffer(data, np.uint8), allow_pickle=False)


def _unpacked(data: bytes) -> dict[str, bytes]:
    """Raises ValueError."""
    facts, arrays = unpack(data, _KIND)
    parts = {name: array.tobytes() for name, array in arrays.items()}
    if facts.get("sha256") != {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()}:
        raise ValueError("the saved state is not what was written")
    return parts


def _readable(documents: Iterable[Any], where: str) -> list[Alert]:
    found, lost = [], 0
    for document in documents:
        try:
            found.append(alert_of(document))
        except ValueError:
            lost += 1
    if lost:
        log.error("%s: %d alerts cannot be read and are left out", where, lost)
    return found[-KEPT:]
