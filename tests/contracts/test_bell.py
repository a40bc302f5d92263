"""What every Bell backend promises."""

from __future__ import annotations

import threading

from tests.contracts.waiting import until

from samouk.loop.ports import Bell


class TestBell:
    """Wakes those who wait."""

    def test_a_ring_is_counted(self, bell: Bell) -> None:
        """Each name for itself."""
        before = bell.rings("events")
        bell.ring("events")
        assert bell.rings("events") == before + 1
        assert bell.rings("published") == 0

    def test_who_waits_is_woken(self, bell: Bell) -> None:
        """Long before its time is over, also when it rang between the look and the wait."""
        heard = bell.rings("events")
        bell.ring("events")
        assert bell.wait("events", 60, heard) > heard
        heard, woken = bell.rings("events"), []
        waiting = [
            threading.Thread(target=lambda: woken.append(bell.wait("events", 60, heard)), daemon=True) for _ in range(3)
        ]
        for thread in waiting:
            thread.start()
        bell.ring("events")
        for thread in waiting:
            thread.join(30)
        assert len(woken) == 3
        assert min(woken) > heard

    def test_another_name_wakes_nobody(self, bell: Bell) -> None:
        """Who waits for one thing sleeps on when another happens."""
        bell.ring("published")
        assert bell.wait("events", 0.05, 0) == 0

    def test_the_close_wakes_everybody(self, bell: Bell) -> None:
        """Nobody waits out its time while the process ends; closing twice is no error."""
        woken: list[int] = []
        thread = threading.Thread(target=lambda: woken.append(bell.wait("events", 60, 0)), daemon=True)
        thread.start()
        bell.close()
        thread.join(30)
        assert woken == [0]
        bell.close()

    def test_nothing_went_wrong(self, bell: Bell) -> None:
        """A bell in order counts no failure, and says how long one may sleep."""
        bell.ring("events")
        assert bell.failures == 0
        assert bell.patience > 0


class TestDistantBell:
    """What rings in one process wakes another."""

    def test_a_ring_is_heard_elsewhere(self, bells: tuple[Bell, Bell]) -> None:
        """Whoever waits there is woken, in both directions; the own ring counts once."""
        for near, far in (bells, bells[::-1]):
            near.rings("events")
            far.rings("events")
            until(lambda near=near, far=far: near.patience > 1 and far.patience > 1)  # type: ignore[misc]
            mine, theirs = near.rings("events"), far.rings("events")
            near.ring("events")
            assert far.wait("events", 60, theirs) == theirs + 1
            assert near.rings("events") == mine + 1
