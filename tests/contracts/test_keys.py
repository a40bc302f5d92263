"""What every Keys backend promises."""

from __future__ import annotations

import datetime as dt

import pytest

from samouk.loop.ports import ApiKey, NotFound, Role, Services, covers
from samouk.store.clock import MONDAY, SteppedClock


def step(services: Services, by: dt.timedelta) -> None:
    """Let time pass."""
    assert isinstance(services.clock, SteppedClock)
    services.clock.step(by)


class TestKeys:
    """API keys, hashed at rest."""

    def test_a_secret_opens_its_key(self, services: Services) -> None:
        """Each secret opens its own key."""
        made = [services.keys.create(label) for label in ("phone", "tablet")]
        opened = [services.keys.verify(secret) for _, secret in made]
        assert [key and key.key_id for key in opened] == [key.key_id for key, _ in made]
        key, secret = made[0]
        assert key == ApiKey(key.key_id, "phone", MONDAY.date())
        assert secret.startswith(f"smk_{key.key_id}_")

    def test_a_key_may_what_it_was_made_for(self, services: Services) -> None:
        """Keys travel with applications unless another role, learners and an end were given; all come back."""
        end = MONDAY + dt.timedelta(days=90, microseconds=5)
        made = [
            services.keys.create("phone"),
            services.keys.create("desk", Role.OPERATOR, ["toy.half", "traffic.*"], end),
            services.keys.create("chief", Role.ADMIN),
        ]
        listed = services.keys.keys()
        assert [key.role for key in listed] == [Role.CONTRIBUTOR, Role.OPERATOR, Role.ADMIN]
        assert [key.learners for key in listed] == [(), ("toy.half", "traffic.*"), ()]
        assert [key.expires for key in listed] == [None, end, None]
        opened = [services.keys.verify(secret) for _, secret in made]
        assert [key and key.role for key in opened] == [Role.CONTRIBUTOR, Role.OPERATOR, Role.ADMIN]

    def test_no_other_secret_opens_a_key(self, services: Services) -> None:
        """Not one character may differ."""
        _, secret = services.keys.create("phone")
        key_id = secret.split("_")[1]
        wrong = [secret[:-1], secret + "x", secret.swapcase(), "", "smk", f"smk_{key_id}", f"smk_{key_id}_", "smk_é_ü"]
        assert [services.keys.verify(other) for other in wrong] == [None] * len(wrong)

    def test_a_revoked_key_opens_nothing(self, services: Services) -> None:
        """Revoking one key leaves the others; it may be done twice."""
        (old, old_secret), (_, new_secret) = services.keys.create("old"), services.keys.create("new")
        for _ in range(2):
            services.keys.revoke(old.key_id)
        assert services.keys.verify(old_secret) is None
        assert services.keys.verify(new_secret) is not None
        listed = services.keys.keys()
        assert [(key.label, key.revoked) for key in listed] == [("old", True), ("new", False)]

    def test_a_key_opens_nothing_after_its_end(self, services: Services) -> None:
        """It opens to the last moment, and never after."""
        _, secret = services.keys.create("guest", expires=MONDAY + dt.timedelta(hours=1))
        step(services, dt.timedelta(minutes=59))
        assert services.keys.verify(secret) is not None
        step(services, dt.timedelta(minutes=1))
        assert services.keys.verify(secret) is None

    def test_the_last_use_is_a_day(self, services: Services) -> None:
        """Neither the hour of a use nor a wrong try is kept."""
        _, secret = services.keys.create("phone")
        assert services.keys.verify(secret + "x") is None
        assert services.keys.keys()[0].last_used is None
        step(services, dt.timedelta(days=2, hours=3))
        for _ in range(2):
            used = services.keys.verify(secret)
        assert used is not None and used.last_used == (MONDAY + dt.timedelta(days=2)).date()
        assert services.keys.keys()[0].last_used == used.last_used

    def test_a_successor_takes_over(self, services: Services) -> None:
        """It has the same role, learners and length of life; both open until the overlap is over."""
        old, old_secret = services.keys.create("desk", Role.OPERATOR, ["toy.half"], MONDAY + dt.timedelta(days=90))
        step(services, dt.timedelta(days=60))
        new, new_secret = services.keys.rotate(old.key_id, dt.timedelta(hours=24))
        assert (new.label, new.role, new.learners) == (old.label, old.role, old.learners)
        assert new.key_id != old.key_id and new.expires is not None
        assert dt.timedelta(days=90) <= new.expires - services.clock.now() < dt.timedelta(days=91)
        assert services.keys.verify(old_secret) is not None
        step(services, dt.timedelta(hours=24))
        assert services.keys.verify(old_secret) is None
        assert services.keys.verify(new_secret) is not None

    def test_only_a_key_in_force_is_replaced(self, services: Services) -> None:
        """Neither one that was revoked, nor one that has ended, nor one that never was comes back as another."""
        revoked, _ = services.keys.create("revoked")
        services.keys.revoke(revoked.key_id)
        ended, _ = services.keys.create("ended", expires=MONDAY)
        for key_id in (revoked.key_id, ended.key_id, "00000000"):
            with pytest.raises(NotFound):
                services.keys.rotate(key_id, dt.timedelta(0))
        assert len(services.keys.keys()) == 2

    def test_an_unknown_key_cannot_be_revoked(self, services: Services) -> None:
        """Revoking what never was raises NotFound."""
        with pytest.raises(NotFound):
            services.keys.revoke("00000000")
        assert services.keys.keys() == []


@pytest.mark.parametrize(
    ("learners", "wanted", "held"),
    [
        ((), "toy.half", True),
        ((), "", True),
        (("toy.half",), "toy.half", True),
        (("toy.half",), "toy.halfway", False),
        (("toy.half",), "", False),
        (("toy.*",), "toy.half", True),
        (("toy.*",), "toys.half", False),
        (("toy.*",), "toy.*", True),
        (("toy.half",), "toy.*", False),
        (("", "other.*"), "toy.half", False),
    ],
)
def test_what_names_of_learners_hold(learners: tuple[str, ...], wanted: str, held: bool) -> None:
    """None hold all; else a name holds itself, and a domain what begins with it and a dot."""
    assert covers(learners, wanted) is held
