"""From settings to journeys of whole stores: copied to another place, backed up, restored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from samouk import domains
from samouk.assembly import Places, opened
from samouk.edge.disk import exclusive
from samouk.loop import look
from samouk.loop.erasure import House, Proof, of_batches, of_names, of_unit, packs_of, prove_again
from samouk.loop.forgetting import SHELF, finish_forgetting, forget_again, ledger_of, person_of, who_of
from samouk.loop.learner import Learner
from samouk.loop.ports import REWRITE_BYTES, Document, Services, StoreUnavailable
from samouk.loop.records import Act, BatchEntry
from samouk.server.erasure import mend
from samouk.server.exposures import Exposures
from samouk.settings import BadSetting, Settings
from samouk.store.blobs.places import BadPlace
from samouk.store.hearing import who_hash
from samouk.store.moving.backup import BackedUp, backup_store, files_below
from samouk.store.moving.copying import Copied, copy_store
from samouk.store.moving.ends import Where
from samouk.store.moving.restore import Erased, Restored, finished, persons_of, restore_store, unfinished, units_of

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Return:
    """A store that came back.

    Attributes:
        restored: None when an earlier restore was only to be finished.
        batches: erased again.
        units: forgotten again.
        persons: of whom domains kept something, which went again.
        proof: of what went again; None when nothing had come back.
    """

    restored: Restored | None
    batches: int
    units: int
    persons: int = 0
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class _Again:
    """What was erased again."""

    batches: int = 0
    units: int = 0
    persons: int = 0
    proof: Proof | None = None


def copied(settings: Settings, source: tuple[str, str], target: tuple[str, str], told: Told) -> Copied:
    """Copy a store to another place.

    Args:
        settings: of the process; either end may be elsewhere.
        source: a folder or ``postgresql://…``, and the URL of its blobs, empty for the folder's own.
        target: the same.

    Raises:
        BadSetting, StoreUnavailable, CorruptBlob: the message names the remedy.
    """
    with _named():
        here, there = Where(*source), Where(*target)
        here.require()
        if not here.served:
            _recover(replace(settings, home=here.home, database_url="", blobs_url=here.blobs))
        return copy_store(here, there, told)


def backed_up(settings: Settings, to: str, told: Told, *, keys: bool, keep: int) -> BackedUp:
    """Back up the store that the settings name, while it serves. Raises as ``copied``."""
    places = Places.of(settings)

    @contextmanager
    def files() -> Iterator[dict[str, Path]]:
        found = files_below(places.keys, "keys") if keys else {}
        # Past one machine the published files are shared: they lie among the documents and blobs.
        if settings.database_url or not places.published.is_dir():
            yield found
            return
        with exclusive(places.published / ".lock"):
            yield found | files_below(places.published, "published")

    with _named():
        return backup_store(_where(settings), to, files, told, now=dt.datetime.now(dt.UTC), keys=keys, keep=keep)


def restored(
    settings: Settings,
    source: str,
    told: Told,
    *,
    name: str = "",
    erased_in: str = "",
    learner_of: Callable[[str], Learner] = domains.learner,
) -> Return:
    """Bring a backup back to where the settings say, and erase again what was erased since. Raises as ``copied``.

    Args:
        erased_in: a folder or ``postgresql://…`` with a store that knows of later erasures.
        learner_of: a learner by its name; asked where rows of a forgotten unit stand in a batch with others'.

    Raises:
        UnknownLearner: such a one is not installed here; the same command goes on where it is.
    """
    target, places = _where(settings), Places.of(settings)
    with _named():
        known = Where(erased_in) if erased_in else None
        left, back = unfinished(target), None
        if left is None:
            back = restore_store(source, target, settings.home, places.keys, told, name=name, erased_in=known)
            left = unfinished(target)
        again = _erase_again(settings, target, left, told, learner_of) if left else _Again()
        if back is not None:
            with opened(settings) as services:
                _note(services, "restore", back.name, f"of {back.made}; {again.batches} batches erased again")
    return Return(back, again.batches, again.units, again.persons, again.proof)


def _erase_again(
    settings: Settings, target: Where, left: Erased, told: Told, learner_of: Callable[[str], Learner]
) -> _Again:
    """Erase what came back by mistake, prove it, and strike the word that asks for it.

    Again from the start after a death: the proof is then of what was left.
    """
    units = units_of(target, left)
    with opened(settings) as services:
        needles = [needle for one in units for needle in of_unit(services, *one)]
        packs = [key for one in units for key in packs_of(services, *one)]
        # Units first, as the first time: what others have in their batches is made anew, and not erased with them.
        _forget_again(services, units, learner_of)
        found = services.log.of_receipts(sorted({receipt for _, receipt in left.batches}))
        wanted = [(entry, receipt) for entry, receipt in found if (entry.batch_id, receipt) in left.batches]
        held = [entry for entry, _ in wanted if isinstance(entry, BatchEntry)]
        needles += of_batches(services, held)
        packs += [shard.pack for shard in services.log.shards(held)]
        services.log.erase_many([(entry.batch_id, receipt) for entry, receipt in wanted])
        learners = sorted({entry.learner for entry, _ in wanted} | {name for name, _ in units})
        for learner in learners:
            told(f"{learner}: erased again")
            mend(services, learner)
            look.drop(learner, services)
        names, more = _persons_again(services, left)
        needles += more
        proof = None
        if needles or packs:
            told("searching for what was erased")
            removed = {"batches": len(wanted), "units": len(units), "persons": len(names)}
            house = House(services, rewrite=REWRITE_BYTES)
            proof = prove_again(house, learners, removed, needles, packs)
    if proof is None or not proof.left:
        finished(target)
    return _Again(len(wanted), len(units), len(names), proof)


def _persons_again(services: Services, left: Erased) -> tuple[set[str], list[bytes]]:
    """Let each domain forget again whom it forgot since, by the names that it holds; these, and what to look for."""
    names: set[str] = set()
    needles: list[bytes] = []
    for domain in domains.discover().values():
        since = persons_of(left, ledger_of(domain.name))
        if domain.subjects is not None and since:
            mine = domain.subjects.again(services, _among(services, domain.name, since))
            needles += of_names(mine)
            needles += [who_of(one, services, name).encode() for one in domain.learners for name in mine]
            names.update(mine)
    return names, needles


def _among(services: Services, domain: str, since: frozenset[str]) -> Callable[[str], bool]:
    def gone(name: str) -> bool:
        try:
            return who_hash(person_of(services, domain, name)) in since
        except UnicodeEncodeError:  # half of a surrogate pair: nobody can have asked for that name
            return False

    return gone


def _forget_again(services: Services, units: Sequence[tuple[str, str]], learner_of: Callable[[str], Learner]) -> None:
    batched = [one for one in units if services.journal.batches_of(*one)]
    learners = [learner_of(name) for name in sorted({name for name, _ in batched})]
    for name, who in units:
        if (name, who) not in batched:
            forget_again(services, name, who)
        elif services.documents.get(SHELF, who) is None:
            begun = {"learner": name, "actor": "operator", "quarantined": []}
            services.documents.save(Document(SHELF, who, begun))
    for learner in learners:
        finish_forgetting(learner, services)
    if any(services.documents.get(SHELF, who) for _, who in batched):
        raise StoreUnavailable("somebody uses the restored store already: stop it, and run the same command again")


def _recover(settings: Settings) -> None:
    """Bring in what a dead server left beside the database, and let go of what is to go."""
    with opened(settings) as services:
        Exposures(services.journal, Places.of(settings).exposures).recover()


def _note(services: Services, action: str, subject: str, reason: str) -> None:
    services.audit.append(Act("operator", action, subject, reason, services.clock.now()))


def _where(settings: Settings) -> Where:
    if not settings.database_url:
        return Where(str(settings.home), settings.blobs_url)
    return Where(settings.database_url, settings.blobs_url or f"file://{quote(str(Path(settings.home).absolute()))}")


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except BadPlace as error:
        raise BadSetting(str(error)) from None
