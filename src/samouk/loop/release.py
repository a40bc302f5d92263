"""Put a version in service and hand it to the clients; mend what a killed run left between the two."""

from __future__ import annotations

from samouk.loop.ports import Services
from samouk.loop.records import Act, Stage, Version


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
