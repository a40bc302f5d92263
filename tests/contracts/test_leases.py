"""What every Leases backend promises."""

from __future__ import annotations

import datetime as dt

from samouk.loop.ports import Services
from samouk.store.clock import SteppedClock


def step(services: Services, seconds: float) -> None:
    """Let time pass."""
    assert isinstance(services.clock, SteppedClock)
    services.clock.step(dt.timedelta(seconds=seconds))


class TestLeases:
    """At most one holder a name."""

    def test_one_holder_a_name(self, services: Services) -> None:
        """While one holds a name no other gets it; other names are free."""
        assert services.leases.acquire("screens", "a", 60)
        assert not services.leases.acquire("screens", "b", 60)
        assert services.leases.acquire("traffic", "b", 60)

    def test_a_lease_that_ran_out_is_free(self, services: Services) -> None:
        """Who falls silent loses the name, to the second."""
        services.leases.acquire("screens", "a", 60)
        step(services, 59)
        assert not services.leases.acquire("screens", "b", 60)
        step(services, 1)
        assert services.leases.acquire("screens", "b", 60)
        assert not services.leases.acquire("screens", "a", 60)

    def test_a_lease_taken_while_the_clock_was_ahead_has_run_out(self, services: Services) -> None:
        """Who took it a year ahead and died holds nothing once the clock is right; a minute's correction keeps it."""
        step(services, 3.2e7)
        services.leases.acquire("screens", "a", 60)
        step(services, -59)
        assert not services.leases.acquire("screens", "b", 60)
        assert services.leases.held("screens")
        step(services, 59 - 3.2e7)
        assert not services.leases.held("screens")
        assert services.leases.acquire("screens", "b", 60)
        assert services.leases.held("screens")

    def test_its_holder_renews_it(self, services: Services) -> None:
        """A renewal counts from now on."""
        services.leases.acquire("screens", "a", 60)
        step(services, 50)
        assert services.leases.acquire("screens", "a", 60)
        step(services, 50)
        assert not services.leases.acquire("screens", "b", 60)

    def test_a_renewal_takes_nothing_that_another_had_meanwhile(self, services: Services) -> None:
        """Not even when he gave it back; what ran out and nobody took goes on, and what one never had does not."""
        services.leases.acquire("screens", "a", 60)
        step(services, 70)
        assert services.leases.renew("screens", "a", 60)
        step(services, 50)
        assert not services.leases.acquire("screens", "b", 60)
        step(services, 20)
        assert services.leases.acquire("screens", "b", 60)
        assert not services.leases.renew("screens", "a", 60)
        services.leases.release("screens", "b")
        assert not services.leases.renew("screens", "a", 60)
        assert not services.leases.renew("traffic", "a", 60)
        assert not services.leases.held("screens")

    def test_a_lease_given_back_is_free(self, services: Services) -> None:
        """After ``release`` another may take it at once."""
        services.leases.acquire("screens", "a", 60)
        services.leases.release("screens", "a")
        assert services.leases.acquire("screens", "b", 60)

    def test_nobody_gives_back_what_another_holds(self, services: Services) -> None:
        """Releasing another's lease, or one that never was, does nothing."""
        services.leases.acquire("screens", "a", 60)
        services.leases.release("screens", "b")
        services.leases.release("traffic", "b")
        assert not services.leases.acquire("screens", "b", 60)

    def test_whether_a_name_is_held_can_be_asked(self, services: Services) -> None:
        """From its taking until it is given back or runs out, to the second."""
        assert not services.leases.held("screens")
        services.leases.acquire("screens", "a", 60)
        assert services.leases.held("screens")
        assert not services.leases.held("traffic")
        services.leases.release("screens", "a")
        assert not services.leases.held("screens")
        services.leases.acquire("screens", "b", 60)
        step(services, 59)
        assert services.leases.held("screens")
        step(services, 1)
        assert not services.leases.held("screens")
