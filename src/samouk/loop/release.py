"""Put a version in service and hand it to the clients; mend what a killed run left between the two."""

from __future__ import annotations

from dataclasses import replace

from samouk.loop.ports import Services
from samouk.loop.records import Act, Stage, Version
from samouk.loop.registry import next_name, next_number


def register(services: Services, version: Version, actor: str, reason: str) -> None:
    """Keep a new version, and note who entered it. Raises ValueError when its name or number is taken."""
    services.registry.add(version)
    act = Act(actor, "register", f"{version.learner}/{version.name}", reason, services.clock.now())
    services.audit.append(act)


def release(services: Services, version: Version, actor: str, reason: str) -> Version:
    """Move ``version`` to production, then publish it.

    The registry is the truth and changes first, in one commit. A run that dies before the publishing
    is done leaves clients on the old version, which still works, until ``reconcile`` catches up.
    """
    moved = services.registry.move(version.learner, version.name, Stage.PRODUCTION)
    act = Act(actor, "release", f"{version.learner}/{version.name}", reason, services.clock.now())
    services.audit.append(act)
    services.publisher.publish(moved, services.blobs.get(moved.artifact_key))
    return moved


def take_back(services: Services, old: Version, actor: str, reason: str) -> Version:
    """Put the bytes of an older version in service again, as a NEW version: clients never go back in number."""
    versions = services.registry.versions(old.learner)
    champion = services.registry.production(old.learner)
    version = replace(
        old,
        name=next_name(versions),
        number=next_number(versions),
        stage=Stage.STAGING,
        created=services.clock.now(),
        parent=champion.name if champion else None,
        changelog=(f"Back to {old.name}: {reason}",),
    )
    register(services, version, actor, reason)
    return release(services, version, actor, reason)


def approve(services: Services, learner: str, name: str, actor: str) -> Version:
    """A person's word for a version that waits in staging.

    Raises:
        NotFound: no such version.
        ValueError: the version does not wait, or a later one is in service already.
    """
    version = services.registry.version(learner, name)
    champion = services.registry.production(learner)
    if version.stage is not Stage.STAGING:
        raise ValueError(f"{name} is {version.stage}; only a version in staging can be approved")
    if champion is not None and champion.number > version.number:
        raise ValueError(f"{name} is older than {champion.name}, which is in service; turn the loop again")
    return release(services, version, actor, "approved by a person")


def reconcile(services: Services, learner: str) -> bool:
    """Publish the version in production when clients do not find it yet. True when there was something to mend."""
    champion = services.registry.production(learner)
    if champion is None or services.publisher.published(learner) == champion.name:
        return False
    services.publisher.publish(champion, services.blobs.get(champion.artifact_key))
    act = Act(
        "samouk", "publish", f"{learner}/{champion.name}", "was in production but not published", services.clock.now()
    )
    services.audit.append(act)
    return True
