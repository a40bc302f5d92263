"""Put a version in service and hand it to the clients; mend what a killed run left between the two."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from samouk.loop.lease import alone
from samouk.loop.ports import ANYBODY, NotFound, Outdated, Services, TooLarge
from samouk.loop.records import Act, Stage, Version
from samouk.loop.registry import next_name, next_number

RELEASE_SECONDS = 10.0
"""Far more than lies between a release and its note: after so long whoever released is taken to be dead."""

ATTEMPTS = 20
"""Tries to take the next number: each failed one means that somebody else took it just then."""


def register(services: Services, version: Version, actor: str, reason: str) -> None:
    """Keep a new version, and note who entered it. Raises ValueError when its name or number is taken."""
    services.registry.add(version)
    act = Act(actor, "register", f"{version.learner}/{version.name}", reason, services.clock.now())
    services.audit.append(act)


def register_next(services: Services, version: Version, actor: str, reason: str) -> Version:
    """Keep a new version under the next number that is free, whoever else takes numbers at the same time."""
    for attempt in range(ATTEMPTS):
        versions = services.registry.versions(version.learner)
        version = replace(version, name=next_name(versions), number=next_number(versions))
        try:
            register(services, version, actor, reason)
        except ValueError:
            if attempt == ATTEMPTS - 1:
                raise
        else:
            break
    return version


def release(
    services: Services, version: Version, actor: str, reason: str, *, instead_of: str | None = ANYBODY
) -> Version:
    """Move ``version`` to production, then publish it.

    The registry is the truth and changes first, in one commit. A run that dies before the publishing
    is done leaves clients on the old version, which still works, until ``reconcile`` catches up.

    Args:
        instead_of: the champion against which this was decided. Whoever decided and then slept, for longer than a
            lease keeps others away, must not undo what they released meanwhile.

    Raises:
        Outdated: another champion stands there by now, or a newer one, behind which clients never go back.
    """
    note_release(services, version.learner)  # of the one before: afterwards nobody would see that it is missing
    with alone(services, _noting(version.learner), RELEASE_SECONDS):
        moved = services.registry.move(version.learner, version.name, Stage.PRODUCTION, instead_of=instead_of)
        _note(services, moved, actor, reason)
    hand_out(services, moved, lambda data: services.publisher.publish(moved, data))
    return moved


def note_release(services: Services, learner: str) -> None:
    """Note in the audit that the version in service was released, when a process died before it could."""
    if _noted(services, champion := services.registry.production(learner)) or champion is None:
        return
    with alone(services, _noting(learner), RELEASE_SECONDS) as mine:
        if mine and not _noted(services, champion):
            subject = f"{learner}/{champion.name}"
            acts = services.audit.entries(prefix=subject, actions=["release"])
            if all(entry.act.subject != subject for entry in acts):
                _note(services, champion, "samouk", "put in service by a process that died before it noted why")
            services.journal.advance(_releases(learner), champion.number)


def _note(services: Services, version: Version, actor: str, reason: str) -> None:
    act = Act(actor, "release", f"{version.learner}/{version.name}", reason, services.clock.now())
    services.audit.append(act)
    services.journal.advance(_releases(version.learner), version.number)


def _noted(services: Services, champion: Version | None) -> bool:
    return champion is None or services.journal.cursor(_releases(champion.learner)) >= champion.number


def _releases(learner: str) -> str:
    """Name of the cursor that says up to which number releases are in the audit: numbers in service only grow."""
    return f"released:{learner}"


def _noting(learner: str) -> str:
    """Name of the lease of who releases just now, and will note it."""
    return f"release:{learner}"


def hand_out(services: Services, version: Version, how: Callable[[bytes], None]) -> bool:
    """Give the bytes of a version to the publisher.

    Returns:
        False when clients take no model of its size. Then it serves on the platform alone and clients keep what
        they have, which the audit says once.
    """
    withheld = f"withheld:{version.learner}:{version.number}"
    if services.journal.cursor(withheld):
        return False
    try:
        how(services.blobs.get(version.artifact_key))
    except TooLarge as refusal:
        reason = f"not handed to clients: {refusal}"
        act = Act("samouk", "withhold", f"{version.learner}/{version.name}", reason, services.clock.now())
        services.audit.append(act)
        services.journal.advance(withheld, 1)
        return False
    return True


def take_back(
    services: Services,
    old: Version,
    actor: str,
    reason: str,
    *,
    rollout: str | None = None,
    instead_of: str | None = ANYBODY,
) -> Version:
    """Put the bytes of an older version in service again, as a NEW version: clients never go back in number.

    Args:
        instead_of: as in ``release``; asked before anything is entered, too.
        rollout: the rollout that ends so. Its id is kept on the new version's card: who takes it back once
            more, because the first process was killed on the way, finishes with the version that is there.

    Raises:
        Outdated: another champion stands there by now.
    """
    champion = services.registry.production(old.learner)
    standing = champion.name if champion else None
    if instead_of not in (ANYBODY, standing):
        raise Outdated(f"{standing or 'nobody'} is in production by now, not {instead_of or 'nobody'}")
    version = _taken_back_after(services, old.learner, rollout)
    if version is None:
        version = enter_again(services, old, actor, reason, f"Back to {old.name}: {reason}", {"rollout": rollout})
    elif version.stage is not Stage.STAGING:
        return version
    return release(services, version, actor, reason, instead_of=standing)


def enter_again(
    services: Services, old: Version, actor: str, reason: str, change: str, origin: dict[str, str | None]
) -> Version:
    """The bytes of a version once more, in staging, under the next number; what it learnt online goes with it."""
    champion = services.registry.production(old.learner)
    version = replace(
        old,
        stage=Stage.STAGING,
        created=services.clock.now(),
        parent=champion.name if champion else None,
        card={**old.card, "again": {"version": old.name, **origin}},
        changelog=(change,),
    )
    version = register_next(services, version, actor, reason)
    learnt = services.journal.last_checkpoint(old.learner, old.name)
    if learnt is not None:
        services.journal.checkpoint(replace(learnt, version=version.name))
    return version


def _taken_back_after(services: Services, learner: str, rollout: str | None) -> Version | None:
    """The newest version that was entered for this rollout's end."""
    if rollout is None:
        return None
    versions = services.registry.versions(learner)
    return next((one for one in versions if one.card.get("again", {}).get("rollout") == rollout), None)


def reconcile(services: Services, learner: str) -> bool:
    """Publish the version in production when clients do not find it yet. True when there was something to mend.

    That it was released is noted, too, when that is missing. Where clients have a higher number, they would refuse
    it: its bytes are released again under one above theirs.
    """
    note_release(services, learner)
    # Clients first: the registry changes before them, so that what it says is no older than what they have.
    found, champion = services.publisher.published(learner), services.registry.production(learner)
    if champion is None or found == champion.name:
        return False
    if _behind(services, champion, found):
        return _overtake(services, learner)
    if not hand_out(services, champion, lambda data: services.publisher.publish(champion, data)):
        return False
    act = Act(
        "samouk", "publish", f"{learner}/{champion.name}", "was in production but not published", services.clock.now()
    )
    services.audit.append(act)
    return True


def _behind(services: Services, champion: Version, found: str | None) -> bool:
    """Whether clients have a version with a higher number than the champion's."""
    if found is None:
        return False
    try:
        return services.registry.version(champion.learner, found).number > champion.number
    except NotFound:  # the registry is of an older state than what clients have
        return False


def _overtake(services: Services, learner: str) -> bool:
    """Release the champion's bytes above what clients have; True when that was done here.

    Of a version that must go because of an erasure nothing is released again: its successor comes by itself.
    """
    with alone(services, f"overtake:{learner}", RELEASE_SECONDS) as mine:
        found, champion = services.publisher.published(learner), services.registry.production(learner)
        if not mine or champion is None or champion.tainted or not _behind(services, champion, found):
            return False
        reason = f"clients have {found} and never go back in number"
        again = next((one for one in services.registry.versions(learner) if _is_again(one, champion)), None)
        if again is None:
            change = f"{champion.name} again, under a number above {found}"
            again = enter_again(services, champion, "samouk", reason, change, {"rollout": None})
        with suppress(Outdated):  # somebody released another one just now, which clients get
            release(services, again, "samouk", reason, instead_of=champion.name)
            return True
    return False


def _is_again(version: Version, champion: Version) -> bool:
    """Whether the version was entered to overtake, by a process that was killed before it released it."""
    again = version.card.get("again", {}).get("version") == champion.name
    return again and version.stage is Stage.STAGING and version.number > champion.number
