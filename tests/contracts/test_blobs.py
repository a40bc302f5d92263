"""What every Blobs backend promises."""

from __future__ import annotations

import hashlib

import pytest

from samouk.loop.ports import NotFound, Services

ABSENT = "0" * 64


class TestBlobs:
    """Immutable bytes under the sha256 of their content."""

    def test_what_was_put_is_got(self, services: Services) -> None:
        """Any bytes come back as they were, the empty ones too."""
        for data in (b"", b"\x00", bytes(range(256)) * 1000):
            assert services.blobs.get(services.blobs.put(data)) == data

    def test_the_key_is_the_sha256(self, services: Services) -> None:
        """The key says what the bytes are."""
        assert services.blobs.put(b"model") == hashlib.sha256(b"model").hexdigest()

    def test_twice_put_is_one_blob(self, services: Services) -> None:
        """Equal bytes are kept once."""
        services.blobs.put(b"model")
        assert list(services.blobs.keys()) == [services.blobs.put(b"model")]

    def test_every_key_is_listed(self, services: Services) -> None:
        """``keys`` gives all that is kept."""
        put = {services.blobs.put(bytes([number])) for number in range(20)}
        assert set(services.blobs.keys()) == put

    @pytest.mark.parametrize("key", [ABSENT, "no key", "../../etc/passwd", ""])
    def test_an_unknown_key_is_not_found(self, services: Services, key: str) -> None:
        """What is not there, and what cannot be a key, raises NotFound."""
        with pytest.raises(NotFound):
            services.blobs.get(key)

    def test_deleted_bytes_are_gone(self, services: Services) -> None:
        """After ``delete`` nothing is left, and others stay."""
        gone, kept = services.blobs.put(b"gone"), services.blobs.put(b"kept")
        services.blobs.delete(gone)
        assert list(services.blobs.keys()) == [kept]
        with pytest.raises(NotFound):
            services.blobs.get(gone)

    def test_deleting_what_is_absent_is_no_error(self, services: Services) -> None:
        """``delete`` may be called twice."""
        services.blobs.delete(ABSENT)
        assert services.blobs.put(b"model") in set(services.blobs.keys())
