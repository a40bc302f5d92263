"""What every Keys backend promises."""

from __future__ import annotations

import pytest

from samouk.loop.ports import ApiKey, NotFound, Scope, Services
from samouk.store.clock import MONDAY


class TestKeys:
    """API keys, hashed at rest."""

    def test_a_secret_opens_its_key(self, services: Services) -> None:
        """Each secret opens its own key."""
        made = [services.keys.create(label) for label in ("phone", "tablet")]
        assert [services.keys.verify(secret) for _, secret in made] == [key for key, _ in made]
        key, secret = made[0]
        assert key == ApiKey(key.key_id, "phone", MONDAY.date())
        assert secret.startswith(f"smk_{key.key_id}_")

    def test_a_key_may_what_it_was_made_for(self, services: Services) -> None:
        """Keys travel with applications unless it was said that they operate."""
        made = [services.keys.create("phone"), services.keys.create("desk", Scope.OPERATE)]
        listed = services.keys.keys()
        assert [key.scope for key in listed] == [Scope.UPLOAD, Scope.OPERATE]
        opened = [services.keys.verify(secret) for _, secret in made]
        assert [key and key.scope for key in opened] == [Scope.UPLOAD, Scope.OPERATE]

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

    def test_an_unknown_key_cannot_be_revoked(self, services: Services) -> None:
        """Revoking what never was raises NotFound."""
        with pytest.raises(NotFound):
            services.keys.revoke("00000000")
        assert services.keys.keys() == []
